"""The lines of a PDF's pages, put back into paragraphs.

A PDF knows where its letters stand, not what belongs together. What repeats at the head or foot of pages and lines of a table of contents
are left out; a line that fills the text's width, or that the next one continues in lower case, goes on in the next.
"""

import re
from collections import Counter
from collections.abc import Sequence

_NUMBER = re.compile(r"(?:page )?[\divxlc]{1,6}(?: (?:of|/) \d{1,4})?", re.IGNORECASE)
_LEADERS = re.compile(r"(?:\s?[.·…_]){4,}\s*[\divxlc]{0,5}$")
_ITEM = re.compile(r"[•‣▪◦–*-]\s|\(?[\da-z]{1,2}[.)]\s")
_ENDED = re.compile(r"[.!?:;。！？：；][\"'”’)\]]*$")
_EDGE = 2
"""Lines at the head and at the foot of a page that may repeat."""
_REPEATED = 3
_FULL, _PARTLY = 0.75, 0.4
"""The share of the text's width from which a line goes on in the next, and from which it may where the next begins in lower case."""


def paragraphs(pages: Sequence[str]) -> str:
    """The text of pages, one paragraph per line, with an empty line between pages unless a sentence goes on."""
    rows = _without_edges([[line.strip() for line in page.replace("\ufffe", "-").split("\n") if line.strip()] for page in pages])
    width = _width([line for page in rows for line in page])
    told: list[str] = []
    for page in rows:
        fresh = _joined(page, width)
        if told and fresh and fresh[0][0].islower() and not _ENDED.search(told[-1]):
            told[-1] = _glued(told[-1], fresh.pop(0))
        elif told and fresh:
            told.append("")
        told += fresh
    return "\n".join(told)


def _without_edges(pages: list[list[str]]) -> list[list[str]]:
    """The pages without what several of them begin or end with, their numbers, and the lines of a table of contents."""
    seen = Counter(alike for page in pages for alike in {_alike(line) for line in (*page[:_EDGE], *page[-_EDGE:])})
    kept = []
    for page in pages:
        last = len(page) - _EDGE
        inner = [line for n, line in enumerate(page) if (_EDGE <= n < last) or seen[_alike(line)] < _REPEATED or len(pages) < _REPEATED]
        kept.append([line for line in inner if not _NUMBER.fullmatch(line) and not _LEADERS.search(line)])
    return kept


def _alike(line: str) -> str:
    """A line without its numbers: the next page's is the same."""
    return re.sub(r"\d+", "#", line).lower()


def _width(lines: list[str]) -> int:
    """How long a full line usually is: most of a text's lines are, and a few are far longer."""
    lengths = sorted(len(line) for line in lines if len(line) > 20)
    return lengths[int(0.8 * (len(lengths) - 1))] if lengths else max((len(line) for line in lines), default=0)


def _joined(lines: list[str], width: int) -> list[str]:
    joined: list[str] = []
    before = ""
    for line in lines:
        if before and _goes_on(before, line, width):
            joined[-1] = _glued(joined[-1], line)
        else:
            joined.append(line)
        before = line
    return joined


def _goes_on(line: str, following: str, width: int) -> bool:
    if _ITEM.match(following):
        return False
    if _ENDED.search(line):
        return len(line) >= 0.85 * width
    return len(line) >= (_PARTLY if following[0].islower() else _FULL) * width


def _glued(one: str, other: str) -> str:
    """Two lines as one: a word that was parted is whole again, and Chinese needs no space."""
    if re.search(r"[a-z]-$", one) and other[0].islower():
        return one[:-1] + other
    return one + other if ord(one[-1]) > 0x2E80 and ord(other[0]) > 0x2E80 else f"{one} {other}"
