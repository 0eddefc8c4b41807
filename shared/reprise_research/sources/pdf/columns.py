"""The order in which a page is read: its columns one after another, its tables row by row.

A gutter is a strip that no line crosses, with lines on its left and on its right (a recursive cut as of Nagy
and Seth 1984, but within bands, so that a title over two columns hides no gutter). Lines that stand in rows
beside short ones are cells of a table.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from reprise_research.sources.pdf.glyphs import Line

_FEWEST = 3
"""Lines on either side of a gutter."""
_SHORT_CELL = 16
"""Characters; lines that are mostly shorter are cells."""
_FIGURE = re.compile(r"[\W\d]*\d[\W\d]*(?:[a-zA-Z%€$£°]{1,3})?")
_DEEPEST = 12


@dataclass
class Box:
    """Lines that are read from top to bottom; or the rows of a table, each a text for every column."""

    lines: list[Line]
    rows: list[list[str]] | None = None


@dataclass
class _Band:
    """Where a gutter holds: the lines left of it, right of it, above it and below."""

    left: list[Line]
    right: list[Line]
    above: list[Line]
    below: list[Line]

    @property
    def weight(self) -> int:
        return min(len(self.left), len(self.right)) * 2 + len(self.left) + len(self.right)


def boxes(lines: list[Line], depth: int = 0) -> list[Box]:
    """The boxes of a page in the order in which they are read."""
    if not lines:
        return []
    band = _widest(lines) if depth < _DEEPEST else None
    if band is None:
        return [Box(in_rows(lines))]
    sides = (
        [[_table(band.left + band.right)]]
        if _is_table(band)
        else [boxes(side, depth + 1) for side in (band.left, band.right)]
    )
    return [
        *boxes(band.above, depth + 1),
        *(box for side in sides for box in side),
        *boxes(band.below, depth + 1),
    ]


def in_rows(lines: Iterable[Line]) -> list[Line]:
    """Lines from top to bottom, those on one height as one."""
    joined: list[Line] = []
    for row in rows_of(lines):
        if len(row) == 1:
            joined.append(row[0])
        else:
            whole = Line([glyph for line in row for glyph in line.glyphs])
            whole.first_word = row[0].first_word
            joined.append(whole)
    return joined


def rows_of(lines: Iterable[Line]) -> list[list[Line]]:
    """Lines by the height on which they stand, from top to bottom, each row from left to right."""
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda line: -line.bottom):
        if rows and rows[-1][0].bottom - line.bottom < 0.45 * min(rows[-1][0].size, line.size):
            rows[-1].append(line)
        else:
            rows.append([line])
    for row in rows:
        row.sort(key=lambda line: line.left)
    return rows


def _widest(lines: list[Line]) -> _Band | None:
    """The gutter with most lines on both of its sides; None if there is none."""
    if len(lines) < 2 * _FEWEST:
        return None
    size = median(line.size for line in lines)
    starts = Counter(round(line.left / 3) * 3 for line in lines)
    ordered = sorted(lines, key=lambda line: -line.bottom)
    best: _Band | None = None
    for start in sorted(place for place, times in starts.items() if times >= _FEWEST):
        for first, last in _runs(ordered, start, size):
            inside = ordered[first:last]
            left = [line for line in inside if line.left < start - 2]
            right = [line for line in inside if line.left >= start - 2]
            if len(left) < _FEWEST or len(right) < _FEWEST or not _stand_beside(left, right):
                continue
            top = min(max(line.bottom for line in left), max(line.bottom for line in right)) + size
            bottom = max(min(line.bottom for line in left), min(line.bottom for line in right)) - size
            chosen = {id(line) for line in (*_reach(left, top, bottom), *_reach(right, top, bottom))}
            band = _Band(
                [line for line in left if id(line) in chosen],
                [line for line in right if id(line) in chosen],
                [
                    *ordered[:first],
                    *(line for line in inside if line.bottom > top and id(line) not in chosen),
                ],
                [
                    *(line for line in inside if line.bottom < bottom and id(line) not in chosen),
                    *ordered[last:],
                ],
            )
            if min(len(band.left), len(band.right)) >= _FEWEST and (
                best is None or band.weight > best.weight
            ):
                best = band
    return best


def _runs(ordered: list[Line], start: float, size: float) -> Iterable[tuple[int, int]]:
    """The stretches of lines of which none crosses the strip to the left of `start`."""
    strip = 0.75 * size
    first = 0
    for number, line in enumerate(ordered):
        if line.left < start - 2 and line.right > start - strip:
            if number - first >= 2 * _FEWEST:
                yield first, number
            first = number + 1
    if len(ordered) - first >= 2 * _FEWEST:
        yield first, len(ordered)


def _reach(column: list[Line], top: float, bottom: float) -> list[Line]:
    """The lines of a column where the other one stands beside it, and those above and below that go on
    without a gap."""
    chosen = [line for line in column if bottom <= line.bottom <= top]
    if not chosen:
        return []
    for line in (line for line in column if line.bottom < bottom):
        if (
            chosen[-1].bottom - line.bottom > 1.7 * line.size
            or abs(chosen[-1].size - line.size) > 0.1 * line.size
        ):
            break
        chosen.append(line)
    for line in reversed([line for line in column if line.bottom > top]):
        if (
            line.bottom - chosen[0].bottom > 1.7 * line.size
            or abs(chosen[0].size - line.size) > 0.1 * line.size
        ):
            break
        chosen.insert(0, line)
    return chosen


def _stand_beside(left: list[Line], right: list[Line]) -> bool:
    """Whether two groups of lines stand beside and not below one another."""
    tops = max(line.bottom for line in left), max(line.bottom for line in right)
    bottoms = min(line.bottom for line in left), min(line.bottom for line in right)
    shared = min(tops) - max(bottoms)
    return shared > 0.5 * min(tops[0] - bottoms[0], tops[1] - bottoms[1])


def _is_table(band: _Band) -> bool:
    """Whether a band's lines are cells: those of one side are short, and each has one of the other side
    beside it."""
    for some, others in ((band.left, band.right), (band.right, band.left)):
        lengths = sorted(len(line.text) for line in some)
        figures = sum(_FIGURE.fullmatch(line.text) is not None for line in some)
        if lengths[len(lengths) // 2] > _SHORT_CELL and figures < 0.5 * len(some):
            continue
        heights = [line.bottom for line in others]
        beside = sum(any(abs(height - line.bottom) < 0.5 * line.size for height in heights) for line in some)
        if beside >= 0.75 * len(some):
            return True
    return False


def _table(lines: list[Line]) -> Box:
    rows = rows_of(lines)
    columns = _columns(rows)
    told: list[list[str]] = []
    step = _usual_step(rows)
    last = 0.0
    for row in rows:
        cells = [""] * len(columns)
        for line in row:
            at = max(
                range(len(columns)),
                key=lambda n: min(line.right, columns[n][1]) - max(line.left, columns[n][0]),
            )
            cells[at] = f"{cells[at]} {line.text}".strip()
        goes_on = told and not cells[0] and 0 < last - row[0].bottom < 0.95 * step
        if goes_on:
            told[-1] = [f"{above} {cell}".strip() for above, cell in zip(told[-1], cells, strict=True)]
        else:
            told.append(cells)
        last = row[0].bottom
    return Box(lines, told)


def _columns(rows: list[list[Line]]) -> list[tuple[float, float]]:
    """The strips in which the cells of most rows stand."""
    usual = max(
        Counter(len(row) for row in rows).items(), key=lambda told: (told[1] * (told[0] > 1), told[0])
    )[0]
    strips: list[tuple[float, float]] = []
    for line in sorted(
        (line for row in rows if len(row) >= usual for line in row), key=lambda line: line.left
    ):
        if strips and line.left < strips[-1][1]:
            strips[-1] = (strips[-1][0], max(strips[-1][1], line.right))
        else:
            strips.append((line.left, line.right))
    return strips


def _usual_step(rows: list[list[Line]]) -> float:
    steps = [above[0].bottom - below[0].bottom for above, below in pairwise(rows)]
    return median(steps) if steps else 0.0


def is_figure(text: str) -> bool:
    """Whether a cell holds a figure."""
    return _FIGURE.fullmatch(text) is not None
