"""ROUGE-1, -2 and -L (Lin 2004), F-measures: how much two texts share, by words, pairs of words, and the
longest common sequence.

Words are lower-case runs of letters and digits without stemming; a Chinese character is a word.
"""

import re
from collections import Counter
from dataclasses import dataclass

_WORD = re.compile(r"[\u3400-\u9fff]|[^\W_\u3400-\u9fff]+")
_LONGEST = 2000
"""Words of a text that count for ROUGE-L, whose time grows with the product of two lengths."""


@dataclass(frozen=True)
class Rouge:
    """Each 0 to 1."""

    one: float
    two: float
    longest: float


def words(text: str) -> list[str]:
    return _WORD.findall(text.lower())


def rouge(text: str, reference: str) -> Rouge:
    """How much a text shares with its reference."""
    mine, theirs = words(text), words(reference)
    return Rouge(
        shared(mine, theirs, 1),
        shared(mine, theirs, 2),
        _f(_common(mine[:_LONGEST], theirs[:_LONGEST]), len(mine), len(theirs)),
    )


def shared(mine: list[str], theirs: list[str], size: int) -> float:
    """The F-measure over runs of `size` words."""
    first, second = _runs(mine, size), _runs(theirs, size)
    return _f(sum((first & second).values()), sum(first.values()), sum(second.values()))


def mean(scores: list[Rouge]) -> Rouge:
    number = max(len(scores), 1)
    return Rouge(
        *(sum(getattr(score, name) for score in scores) / number for name in ("one", "two", "longest"))
    )


def _runs(found: list[str], size: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(found[i : i + size]) for i in range(len(found) - size + 1))


def _common(mine: list[str], theirs: list[str]) -> int:
    row = [0] * (len(theirs) + 1)
    for word in mine:
        before = 0
        for place, other in enumerate(theirs, start=1):
            before, row[place] = row[place], before + 1 if word == other else max(row[place], row[place - 1])
    return row[-1]


def _f(hits: int, mine: int, theirs: int) -> float:
    return 2 * hits / (mine + theirs) if hits else 0.0
