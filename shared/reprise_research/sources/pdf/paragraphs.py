"""Lines put back into paragraphs.

Whether a line goes on in the next is seen as a typesetter sees it: it does if the next one's first word would
not have fitted behind it. What repeats at the head or foot of pages, and lines of a table of contents, are
left out.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median

from reprise_research.sources.pdf.columns import Box, boxes, is_figure, rows_of
from reprise_research.sources.pdf.glyphs import Line
from reprise_research.sources.tables import told_rows

_NUMBER = re.compile(r"(?:page )?[\divxlc]{1,6}(?: (?:of|/) \d{1,4})?|[-–—]\s*\d{1,4}\s*[-–—]", re.IGNORECASE)
_LEADERS = re.compile(r"(?:\s?[.·…_]){4,}\s*[\divxlc]{0,5}$")
_ITEM = re.compile(
    r"[•‣▪◦●○■□–*-]\s|[•‣▪◦●]|\(?(?:\d{1,2}|[a-z])[.)]\s|\[\d{1,3}\]\s|(?:\d{1,2}\.){1,4}\d{0,2}\s"
)
_ENDED = re.compile(r"[.!?:;。！？：；…][\"'”’»)\]」』）]*$")
_EDGE = 2
"""Lines at the head and at the foot of a page that may repeat."""
_REPEATED = 3
_WIDE = 0x2E80
_PREFIXES = (
    "non self well ex quasi half cross all anti pre post co multi semi mid high low long short two "
    "three four five ten one many"
)
_KEPT_PREFIXES = frozenset(_PREFIXES.split())
_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")


@dataclass
class Paragraph:
    """A paragraph, a heading, an item, or the rows of a table."""

    text: str
    size: float = 0.0
    is_item: bool = False
    is_table: bool = False


def text_of(pages: list[list[Line]]) -> tuple[str, list[Paragraph]]:
    """The text of a document's pages, a paragraph per line and a blank line between two; and the paragraphs
    of its first page."""
    pages = _without_edges(pages)
    words = Counter(word.lower() for page in pages for line in page for word in _WORD.findall(line.text))
    usual = _usual_size(pages)
    told: list[Paragraph] = []
    open_at: int | None = None
    first: list[Paragraph] = []
    for page in pages:
        body, notes = _apart(page, usual)
        fresh = [paragraph for box in boxes(body) for paragraph in _paragraphs(box, words)]
        fresh = _over_columns(fresh, words)
        if open_at is not None and fresh and _goes_over(told[open_at], fresh[0]):
            told[open_at].text = glued(told[open_at].text, fresh.pop(0).text, words)
        told += fresh
        open_at = len(told) - 1 if fresh else open_at
        told += [paragraph for box in boxes(notes) for paragraph in _paragraphs(box, words)]
        first = first or list(told)
    lines: list[str] = []
    before: Paragraph | None = None
    for paragraph in told:
        if before is not None and not (paragraph.is_item and before.is_item):
            lines.append("")
        lines.append(paragraph.text)
        before = paragraph
    return "\n".join(lines), first


def _without_edges(pages: list[list[Line]]) -> list[list[Line]]:
    """The pages without what several of them begin or end with, their numbers, and the lines of a table of
    contents."""
    rows = [rows_of(page) for page in pages]
    seen = Counter(
        alike for page in rows for alike in {_alike(line.text) for row in _edges(page) for line in row}
    )
    kept = []
    for page in rows:
        edges = {id(row) for row in _edges(page)}
        lines: list[Line] = []
        for row in page:
            text = " ".join(line.text for line in row)
            repeats = len(pages) >= _REPEATED and any(
                seen[_alike(line.text)] >= _REPEATED for line in row if len(line.text) > 1
            )
            if id(row) in edges and (_NUMBER.fullmatch(text) or repeats):
                continue
            if not _LEADERS.search(text):
                lines += row
        kept.append(lines)
    return kept


def _edges(page: list[list[Line]]) -> list[list[Line]]:
    """The first and the last rows of a page."""
    return page if len(page) <= 2 * _EDGE else page[:_EDGE] + page[-_EDGE:]


def _alike(text: str) -> str:
    """A line without its numbers: the next page's is the same."""
    return re.sub(r"\d+|\b[ivxlc]+\b", "#", text.lower())


def _usual_size(pages: Iterable[list[Line]]) -> float:
    sizes: Counter[float] = Counter()
    for page in pages:
        for line in page:
            sizes[round(line.size * 2) / 2] += len(line.text)
    return sizes.most_common(1)[0][0] if sizes else 0.0


def _apart(page: list[Line], usual: float) -> tuple[list[Line], list[Line]]:
    """The body of a page, and the notes at its foot: smaller lines below all others."""
    body = [line for line in page if line.size >= 0.92 * usual]
    if not body:
        return page, []
    foot = min(line.bottom for line in body)
    notes = [line for line in page if line.size < 0.92 * usual and line.top < foot + 0.3 * usual]
    below = set(map(id, notes))
    return [line for line in page if id(line) not in below], notes


def _paragraphs(box: Box, words: Counter[str]) -> list[Paragraph]:
    if box.rows is not None:
        return [Paragraph(text, is_table=True, is_item=True) for text in _told_table(box.rows)]
    lines = box.lines
    if not lines:
        return []
    right = _right_edge(lines)
    leading = _leading(lines)
    made: list[Paragraph] = []
    start = lines[0]
    before: Line | None = None
    for line in lines:
        if before is not None and _goes_on(before, line, start, right, leading):
            made[-1].text = glued(made[-1].text, line.text, words)
        else:
            made.append(Paragraph(line.text, line.size, is_item=_ITEM.match(line.text) is not None))
            start = line
        before = line
    return made


def _told_table(rows: list[list[str]]) -> list[str]:
    """The rows of a table with their headings, if its first row is one of headings."""
    head = rows[0]
    if len(rows) > 1 and sum(is_figure(cell) for cell in head if cell) <= 0.34 * len(head) and any(head[1:]):
        return told_rows(rows, 1)
    return [f"{'; '.join(cell for cell in row if cell).rstrip('. ')}." for row in rows if any(row)]


def _right_edge(lines: list[Line]) -> float:
    """Where the lines of a box end if they are full."""
    edges = sorted(line.right for line in lines)
    return edges[-1] if len(edges) < 8 else edges[int(0.95 * (len(edges) - 1))]


def _leading(lines: list[Line]) -> float:
    """The usual distance between two lines."""
    steps = sorted(
        above.bottom - below.bottom
        for above, below in pairwise(lines)
        if abs(above.size - below.size) < 0.1 * above.size
    )
    return steps[int(0.3 * (len(steps) - 1))] if steps else 0.0


def _goes_on(line: Line, following: Line, start: Line, right: float, leading: float) -> bool:
    """Whether a paragraph that began with `start` goes on from one line in the next."""
    size = line.size
    if abs(size - following.size) > 0.12 * size or _ITEM.match(following.text):
        return False
    step = line.bottom - following.bottom
    if step <= 0 or step > max(1.35 * leading, 1.05 * size):
        return False
    if line.text.endswith("-") and following.text[:1].islower():
        return True
    return not _is_indented(line, following, start) and _is_full(line, following, right)


def _is_indented(line: Line, following: Line, start: Line) -> bool:
    """Whether a line is set in as a paragraph's first is; an item's second line may be."""
    hangs = line is start and _ITEM.match(start.text) is not None
    return (
        following.left > line.left + 0.8 * line.size
        and not hangs
        and line.left > start.left - 0.5 * line.size
    )


def _is_full(line: Line, following: Line, right: float) -> bool:
    """Whether what follows had to go into the next line."""
    if _is_wide(line.text[-1]):
        return line.right >= right - 2.2 * line.size
    if following.text[:1].islower() and not _ENDED.search(line.text):
        return True
    return line.right + 0.2 * line.size + following.first_word > right - 0.3 * line.size


def _goes_over(paragraph: Paragraph, following: Paragraph) -> bool:
    """Whether a paragraph goes on over the end of a column or a page."""
    if paragraph.is_table or following.is_table or following.is_item or _ENDED.search(paragraph.text):
        return False
    if abs(paragraph.size - following.size) > 0.12 * paragraph.size:
        return False
    first = following.text[0]
    return first.islower() or (_is_wide(first) and _is_wide(paragraph.text[-1]) and len(paragraph.text) > 20)


def _over_columns(paragraphs: list[Paragraph], words: Counter[str]) -> list[Paragraph]:
    joined: list[Paragraph] = []
    for paragraph in paragraphs:
        if joined and paragraph.text[0].islower() and _goes_over(joined[-1], paragraph):
            joined[-1].text = glued(joined[-1].text, paragraph.text, words)
        else:
            joined.append(paragraph)
    return joined


def glued(one: str, other: str, words: Counter[str]) -> str:
    """Two lines as one: a word that was parted at a line's end is whole again, a compound keeps its hyphen,
    and Chinese needs no space.

    Which of the two it is, the rest of the document says first (`words`: its words and how often they stand
    there)."""
    found = re.search(r"([^\W\d_]+(?:-[^\W\d_]+)*)-$", one)
    if found and other[0].islower():
        rest = re.match(r"[^\W\d_]+", other)
        start, end = found[1].lower(), rest[0].lower() if rest else ""
        whole, compound = words[start + end], words[f"{start}-{end}"]
        is_compound = compound > whole or (
            whole == 0 and compound == 0 and ("-" in start or start in _KEPT_PREFIXES)
        )
        return one + other if is_compound else one[:-1] + other
    if one.endswith("-") and (other[0].isalnum()) and not one.endswith(" -"):
        return one + other
    return one + other if _is_wide(one[-1]) and _is_wide(other[0]) else f"{one} {other}"


def _is_wide(character: str) -> bool:
    return ord(character) >= _WIDE


def leading_words(paragraphs: list[Paragraph]) -> str:
    """The largest writing at a document's beginning: what its title is if its properties name none."""
    told = [paragraph for paragraph in paragraphs[:12] if not paragraph.is_table and len(paragraph.text) >= 3]
    if not told:
        return ""
    usual = (
        median(paragraph.size for paragraph in paragraphs if paragraph.size)
        if any(p.size for p in paragraphs)
        else 0.0
    )
    largest = max(told, key=lambda paragraph: paragraph.size)
    return largest.text if largest.size > 1.15 * usual and len(largest.text) <= 200 else ""
