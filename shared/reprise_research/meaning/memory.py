"""An encoder that remembers what it has encoded."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from reprise_research.meaning.encoder import Encoder, Vectors

MOST = 20_000
"""Texts whose vectors are kept: 40 MB."""


class RememberingEncoder:
    """Encodes each text once, and loads the encoder behind it at the first text.

    One row for one text is a rule, not only thrift: the last bits of a row depend on the texts beside it, and
    equal texts must tie.
    """

    def __init__(self, load: Callable[[], Encoder], most: int = MOST) -> None:
        self._load = load
        self._encoder: Encoder | None = None
        self._most = most
        self._rows: OrderedDict[str, Vectors] = OrderedDict()
        self._lock = Lock()

    @property
    def languages(self) -> frozenset[str]:
        """The languages of the encoder behind it."""
        return self._loaded().languages

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Return one row for each text; only those not seen lately are computed."""
        with self._lock:
            new = [text for text in dict.fromkeys(texts) if text not in self._rows]
            fresh = dict(zip(new, self._loaded().encode(new), strict=True)) if new else {}
            rows = []
            for text in texts:
                if text in fresh:
                    rows.append(fresh[text])
                else:
                    self._rows.move_to_end(text)
                    rows.append(self._rows[text])
            self._rows.update(fresh)
            while len(self._rows) > self._most:
                self._rows.popitem(last=False)
            return np.stack(rows) if rows else np.zeros((0, 1), dtype=np.float32)

    def _loaded(self) -> Encoder:
        if self._encoder is None:
            self._encoder = self._load()
        return self._encoder
