"""What a report's Markdown says, as blocks of text that any format can be written from.

A citation is told from a number in brackets that a source wrote: the report's own markup escapes those.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from reprise_contracts.artifacts import Chart, Phase4, Reference
from reprise_research.extractive.wording import frame_of
from reprise_research.languages import LANGUAGES, language

_CITATION = re.compile(r"\[(\d{1,5})\]")


@dataclass(frozen=True)
class Text:
    """A stretch of text. `href` is http or https, or None."""

    text: str
    strong: bool = False
    emphasis: bool = False
    code: bool = False
    href: str | None = None


@dataclass(frozen=True)
class Cite:
    """A citation of a reference; `place` counts the citations of one reference from 1, in reading order."""

    number: int
    place: int


Inline = Text | Cite
Line = tuple[Inline, ...]


@dataclass(frozen=True)
class Heading:
    """A heading; level 2 is a section."""

    level: int
    line: Line


@dataclass(frozen=True)
class Prose:
    """A paragraph."""

    line: Line


@dataclass(frozen=True)
class Listing:
    """A list; an item is a row of blocks."""

    items: tuple[tuple["Block", ...], ...]
    ordered: bool = False


@dataclass(frozen=True)
class Grid:
    """A table; every cell is a line."""

    header: tuple[Line, ...]
    rows: tuple[tuple[Line, ...], ...]


@dataclass(frozen=True)
class Quote:
    """What stands apart from the text."""

    blocks: tuple["Block", ...]


@dataclass(frozen=True)
class Code:
    """Lines kept as they are."""

    text: str


@dataclass(frozen=True)
class Drawing:
    """A chart."""

    chart: Chart


Block = Heading | Prose | Listing | Grid | Quote | Code | Drawing


@dataclass(frozen=True)
class Page:
    """A report, read. `cited` says how often the text cites each reference."""

    title: str
    language: str
    note: tuple[Block, ...]
    blocks: tuple[Block, ...]
    references_title: str
    references: tuple[Reference, ...]
    cited: dict[int, int] = field(default_factory=dict)


def read(report: Phase4) -> Page:
    """The report's text with its charts in place; the list of references is left to `Page.references`."""
    reader = _Reader({reference.number for reference in report.references})
    blocks = reader.blocks(_MARKDOWN.parse(report.markdown))
    title = report.title
    if blocks and isinstance(blocks[0], Heading) and blocks[0].level == 1:
        title = plain(blocks[0].line) or title
        del blocks[0]
    note: tuple[Block, ...] = ()
    if blocks and isinstance(blocks[0], Quote):
        note = blocks[0].blocks
        del blocks[0]
    heads = [index for index, block in enumerate(blocks) if isinstance(block, Heading) and block.level == 2]
    references_title = "References"
    if report.references and len(heads) == len(report.sections) + 1:
        last = blocks[heads[-1]]
        references_title = plain(last.line) if isinstance(last, Heading) else references_title
        del blocks[heads.pop() :]
    for index, section in reversed(list(zip(heads, report.sections, strict=False))):
        after = next((head for head in heads if head > index), len(blocks))
        blocks[after:after] = [Drawing(_known(chart, reader.numbers)) for chart in section.charts]
    code = _language_of(references_title if report.references else "", title)
    return Page(title, code, note, tuple(blocks), references_title, report.references, reader.cited)


def _language_of(references_title: str, title: str) -> str:
    """The language of a report's frame, which its list of references is headed in; without one the
    title's."""
    told = next((code for code in LANGUAGES if language(code).report.references == references_title), None)
    return told or frame_of(title)


def _known(chart: Chart, numbers: set[int]) -> Chart:
    """The chart without references that the report does not have: a link needs a place to lead to."""
    comparisons = []
    for comparison in chart.comparisons:
        bars = [
            bar.model_copy(update={"references": tuple(n for n in bar.references if n in numbers)})
            for bar in comparison.bars
        ]
        comparisons.append(comparison.model_copy(update={"bars": tuple(bars)}))
    return chart.model_copy(update={"comparisons": tuple(comparisons)})


def plain(line: Line) -> str:
    """A line's words, without marks and citations."""
    return "".join(part.text for part in line if isinstance(part, Text)).strip()


def _citation(state: StateInline, silent: bool) -> bool:
    """An inline rule: `[3]` where there is a reference 3."""
    found = _CITATION.match(state.src, state.pos)
    if found is None or int(found[1]) not in state.env.get("numbers", ()):
        return False
    if not silent:
        token = state.push("citation", "", 0)
        token.content = found[1]
    state.pos = found.end()
    return True


_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_MARKDOWN.inline.ruler.before("link", "citation", _citation)


@dataclass
class _Reader:
    """Turns markdown-it's flat tokens into blocks."""

    numbers: set[int]
    cited: dict[int, int] = field(default_factory=dict)

    def blocks(self, tokens: Sequence[Token]) -> list[Block]:
        """The blocks of some tokens."""
        found: list[Block] = []
        index = 0
        while index < len(tokens):
            token = tokens[index]
            end = _closing(tokens, index)
            inner = tokens[index + 1 : end]
            if token.type == "heading_open":
                found.append(Heading(int(token.tag[1:]), self._line(inner[0])))
            elif token.type == "paragraph_open":
                found.append(Prose(self._line(inner[0])))
            elif token.type in {"bullet_list_open", "ordered_list_open"}:
                items = tuple(tuple(self.blocks(item)) for item in _children(inner))
                found.append(Listing(items, token.type.startswith("ordered")))
            elif token.type == "blockquote_open":
                found.append(Quote(tuple(self.blocks(inner))))
            elif token.type == "table_open":
                rows = [
                    [self._line(cell[0]) for cell in _children(row)]
                    for part in _children(inner)
                    for row in _children(part)
                ]
                found.append(Grid(tuple(rows[0]), tuple(tuple(row) for row in rows[1:])))
            elif token.type in {"fence", "code_block"}:
                found.append(Code(token.content.rstrip("\n")))
            index = max(end, index) + 1
        return found

    def _line(self, token: Token) -> Line:
        # Parsed here, in reading order, because only now the numbers that count as citations are known.
        parts: list[Inline] = []
        strong = emphasis = 0
        href: str | None = None
        for child in _MARKDOWN.parseInline(token.content, {"numbers": self.numbers})[0].children or []:
            if child.type in {"strong_open", "strong_close"}:
                strong += child.nesting
            elif child.type in {"em_open", "em_close"}:
                emphasis += child.nesting
            elif child.type == "link_open":
                target = str(child.attrGet("href") or "")
                href = target if target.startswith(("http://", "https://")) else None
            elif child.type == "link_close":
                href = None
            elif child.type == "citation":
                number = int(child.content)
                self.cited[number] = self.cited.get(number, 0) + 1
                if (
                    parts and isinstance(parts[-1], Text) and parts[-1].text.endswith(" ")
                ):  # a number stays with what it is for
                    parts[-1] = replace(parts[-1], text=parts[-1].text.rstrip() + "\u00a0")
                parts.append(Cite(number, self.cited[number]))
            elif child.type in {"softbreak", "hardbreak"}:
                parts.append(Text(" "))
            elif child.content:
                parts.append(Text(child.content, strong > 0, emphasis > 0, child.type == "code_inline", href))
        return tuple(parts)


def _closing(tokens: Sequence[Token], index: int) -> int:
    """Where what a token opens is closed; the token itself if it opens nothing."""
    if tokens[index].nesting != 1:
        return index
    depth = 0
    for place in range(index, len(tokens)):
        depth += tokens[place].nesting
        if depth == 0:
            return place
    return len(tokens)


def _children(tokens: Sequence[Token]) -> list[Sequence[Token]]:
    """What stands within each element that some tokens open."""
    found: list[Sequence[Token]] = []
    index = 0
    while index < len(tokens):
        end = _closing(tokens, index)
        found.append(tokens[index + 1 : end])
        index = end + 1
    return found
