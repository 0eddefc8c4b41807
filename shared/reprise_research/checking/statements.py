"""The statements of a report's Markdown: what stands before each group of reference numbers."""

import html
import re
from collections.abc import Iterator
from dataclasses import dataclass

_CELL = re.compile(r"(?<!\\)\|")
_GROUP = re.compile(r"(?:(?<!\\)\[\d+\])+")
_NUMBER = re.compile(r"\[(\d+)\]")
_STRONG = re.compile(r"(?<!\\)\*\*(?P<text>(?:[^*\\]|\\.)+)\*\*")
_EMPHASIS = re.compile(r"(?<![\\*])\*(?P<text>(?:[^*\\]|\\.)+)\*(?!\*)")
_LINK = re.compile(r"\[(?P<text>(?:[^\]\\]|\\.)*)\]\(<[^>]*>\)")
_ESCAPE = re.compile(r"\\(.)")
_BULLET = re.compile(r"^(?:[-*]|\d+\.)\s+")


@dataclass(frozen=True, slots=True)
class Statement:
    """Words of the report with the numbers of the sources behind them; none of these is a remark of the
    report's own.

    `title` is the emphasised name that the line begins with, of a source whose view it is; `label` is strong
    there.
    """

    text: str
    references: tuple[int, ...]
    title: str = ""
    label: str = ""
    marks: tuple[str, ...] = ()
    """Other emphasised words: `Disputed: 4 or 12 percent.`"""


def plain(markdown: str) -> str:
    """Return the text that Markdown of one line shows."""
    text = _LINK.sub(lambda found: found["text"], markdown)
    text = _ESCAPE.sub(lambda found: found[1], text)
    return " ".join(html.unescape(text).split())


def statements(markdown: str) -> Iterator[Statement]:
    """The statements of a section, in their order."""
    for line in markdown.splitlines():
        if not line.strip() or set(line.strip()) <= set("|- :"):
            continue
        cells = (
            _CELL.split(line.strip()) if line.lstrip().startswith("|") else [_BULLET.sub("", line.strip())]
        )
        for cell in cells:
            if cell.strip():
                yield from _of_cell(cell.strip())


def _of_cell(cell: str) -> Iterator[Statement]:
    at, first = 0, True
    for group in _GROUP.finditer(cell):
        yield _made(cell[at : group.start()], tuple(map(int, _NUMBER.findall(group[0]))), first)
        at, first = group.end(), False
    rest = cell[at:].strip()
    if rest:
        yield _made(rest, (), first)


def _made(markdown: str, references: tuple[int, ...], first: bool) -> Statement:
    label = title = ""
    strong = _STRONG.match(markdown.strip())
    rest = markdown.strip()
    if first and strong is not None:
        label, rest = plain(strong["text"]).rstrip(":："), rest[strong.end() :].strip()
    emphasis = _EMPHASIS.match(rest)
    if first and emphasis is not None and emphasis["text"].endswith((":", "：")):
        title, rest = plain(emphasis["text"]).rstrip(":："), rest[emphasis.end() :].strip()
    marks = tuple(
        plain(found["text"]) for pattern in (_STRONG, _EMPHASIS) for found in pattern.finditer(rest)
    )
    rest = _EMPHASIS.sub(" ", _STRONG.sub(" ", rest))
    return Statement(plain(rest), references, title, label, marks)
