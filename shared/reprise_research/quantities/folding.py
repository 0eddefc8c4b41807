"""Texts as they are read: the same length as they are written, with one form for each digit and letter that
has several."""

import re
import unicodedata
from functools import lru_cache

_LAST_DIGIT = 0x1FFFF
"""No script keeps digits in the planes above."""
_DIGITS: dict[int, str] = {
    code: str(unicodedata.decimal(chr(code)))
    for code in range(128, _LAST_DIGIT + 1)
    if unicodedata.category(chr(code)) == "Nd"
}
_LETTERS: dict[int, int] = str.maketrans("ёЁأإآٱ’‘ʼ％＄￡．：－＋（）／−‑‐﹣ﬁ٪", "еЕاااا'''%$£.:-+()/----ﬁ%")
_FOLD: dict[int, str | int | None] = {**_DIGITS, **_LETTERS}


_GROUPING = re.compile(r"(?<=\d)，(?=\d{3}(?!\d))")
"""A wide comma within a number; any other one ends a clause, as a comma and a space do."""


@lru_cache(maxsize=4096)
def fold(text: str) -> str:
    """Return the text with ASCII digits, plain apostrophes, hyphens and letters without variants;
    `len(fold(text)) == len(text)`."""
    return text if text.isascii() else _GROUPING.sub(",", text.translate(_FOLD))


def lower(text: str) -> str:
    """Return the text in lower case, of the same length."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(small if len(small := character.lower()) == 1 else character for character in text)
