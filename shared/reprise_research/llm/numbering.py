"""The sentences of a text under numbers: a model names sentence 12 of source 3 as `S3.12`, and code takes the
words.

A number is the place of a sentence in its whole text, so it means the same in every question of a session,
however much of the text a question shows.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from reprise_research.text.sentences import split

LONGEST = 600
"""Characters of one numbered stretch; a longer one, which has no full stop, is cut between words."""
_ID = re.compile(
    r"\b(?P<label>[A-Z]\d+)\s*[.:,# ]\s*(?P<first>\d+)(?:\s*[-–—]\s*(?:[A-Z]\d+[.:])?(?P<last>\d+))?"
)
_MOST_IN_RANGE = 12


@dataclass(frozen=True)
class Unit:
    """One numbered stretch of a text: `text[start:end]`. Numbers count from 1."""

    number: int
    start: int
    end: int


@lru_cache(maxsize=256)
def units(text: str) -> tuple[Unit, ...]:
    """The numbered stretches of a text, in order."""
    found: list[Unit] = []
    for sentence in split(text):
        start = sentence.start
        while sentence.end - start > LONGEST:
            cut = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
            end = cut if cut > start else start + LONGEST
            found.append(Unit(len(found) + 1, start, end))
            start = end + (text[end] == " ")
        if start < sentence.end:
            found.append(Unit(len(found) + 1, start, sentence.end))
    return tuple(found)


def rendered(text: str, chosen: Sequence[Unit]) -> str:
    """The stretches as a question shows them, one a line behind its number, with `[…]` where some between are
    left out."""
    lines: list[str] = []
    last = 0
    for unit in chosen:
        if last and unit.number != last + 1:
            lines.append("[…]")
        lines.append(f"{unit.number} {' '.join(text[unit.start : unit.end].split())}")
        last = unit.number
    return "\n".join(lines)


def named(said: str) -> list[tuple[str, int]]:
    """The ids in what a model says, as label and number: `S3.12`, `[S3.12]`, `S3.12-14`, `S3.12, S5.2`."""
    found: list[tuple[str, int]] = []
    for one in _ID.finditer(said):
        first, last = int(one["first"]), int(one["last"] or one["first"])
        found += [(one["label"], number) for number in range(first, min(last, first + _MOST_IN_RANGE) + 1)]
    return found


def runs_of(chosen: Iterable[Unit]) -> list[list[Unit]]:
    """The stretches in rows of those that follow each other."""
    rows: list[list[Unit]] = []
    for unit in sorted(chosen, key=lambda one: one.number):
        if rows and rows[-1][-1].number + 1 == unit.number:
            rows[-1].append(unit)
        else:
            rows.append([unit])
    return rows
