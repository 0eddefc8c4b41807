"""A page as a stored text: the blocks of its main text, each in the page's own words."""

import html
import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from reprise_research.sources.charset import decoded
from reprise_research.sources.names import author_of
from reprise_research.sources.page.main_text import by_blocks, choose
from reprise_research.sources.page.metadata import head_of
from reprise_research.sources.page.reading import Block, Reading, parsed, read
from reprise_research.sources.plain import from_text
from reprise_research.sources.tables import told_rows

_ITEMS = frozenset({"li", "dd", "dt"})
_TERM = 120
"""Characters of a term, at most."""
_LEAST_STATED, _MOST_SHOWN = 300, 0.5
"""Characters of a stated text that is worth reading, and the share of it from which the page shows it."""
_STATED = "The page shows its text by scripts; it was read as the page states it for machines (articleBody)."
_TAGGED = re.compile(r"</?(?:p|div|br|li|h\d|a|span|em|strong|figure|img)\b[^>]*>", re.IGNORECASE)
_WORDS = re.compile(r"\w+")
_NEAR = 3
"""Elements around a block within which the item of a list is looked for."""


def read_page(body: bytes, charset: str | None) -> tuple[dict[str, str | None], str]:
    """What a page says of itself, and its main text: one paragraph per line, a blank line between blocks,
    none between a list's items, and a term with what is said of it in one."""
    root = parsed(decoded(body, charset))
    if root is None:
        return {"method": "lxml"}, ""
    head = head_of(root)
    reading = read(root)
    kept, method = choose(reading, head.title or ""), "trafilatura"
    text = written(reading, kept)
    if _is_little(text):
        every = by_blocks(reading)
        whole = written(reading, every)
        if len(whole) > 0.25 * len(text):
            text, method = whole, "lxml"
    stated = _stated(head.body)
    note = None
    if _is_missing(stated, text):
        text, method, note = stated, "json-ld", _STATED
    return {
        "method": method,
        "title": head.title,
        "author": author_of(head.author, text),
        "published": head.published,
        "note": note,
    }, text


def every_word(page: str) -> str:
    """All that a reader sees of a page or of a piece of one."""
    root = parsed(page if "<html" in page[:2000].lower() else f"<html><body>{page}</body></html>")
    if root is None:
        return ""
    reading = read(root)
    return written(reading, frozenset(block.index for block in reading.blocks))


def written(reading: Reading, kept: frozenset[int]) -> str:
    """The text of the kept blocks, in the page's order."""
    lines: list[str] = []
    before: Block | None = None
    rows: list[Block] = []
    for block in [*(block for block in reading.blocks if block.index in kept), None]:
        if rows and (block is None or block.table is not rows[0].table):
            lines += _table(rows)
            rows = []
        if block is None:
            break
        if before is not None and not _is_close(before, block):
            lines.append("")
        if block.cells is not None:
            rows.append(block)
        elif before is not None and _is_told_of(before, block):
            joint = ", " if block.holder.tag == "dt" else ": "
            lines[-1] += joint + block.text if lines[-1][-1:] not in ":：" else f" {block.text}"
        else:
            lines.append(block.text)
        before = block
    return "\n".join(lines)


def _table(rows: list[Block]) -> list[str]:
    heads = 0
    while heads < len(rows) - 1 and rows[heads].head:
        heads += 1
    return told_rows([list(row.cells or ()) for row in rows], heads)


def _is_close(before: Block, block: Block) -> bool:
    """Whether two blocks belong to one list or one table."""
    if block.table is not None:
        return block.table is before.table
    within = _list_of(block)
    return within is not None and within is _list_of(before)


def _is_told_of(before: Block, block: Block) -> bool:
    """Whether a block says what the term before it is, or is a further term of the same: neither is
    understood alone."""
    return (
        before.holder.tag == "dt"
        and before.cells is None
        and len(before.text) <= _TERM
        and _is_close(before, block)
        and "\n" not in before.text + block.text
    )


def _list_of(block: Block) -> HtmlElement | None:
    """The list whose item a block is, or is the whole of."""
    element = block.holder
    for _ in range(_NEAR):
        above = element.getparent()
        if element.tag in _ITEMS or above is None:
            return above
        element = above
    return None


def _stated(body: str) -> str:
    """An article's text as a page states it for machines, without the tags that some have in it."""
    if len(body) < _LEAST_STATED:
        return ""
    told = html.unescape(body)
    return every_word(told) if _TAGGED.search(told) else from_text(told)


def _is_missing(stated: str, text: str) -> bool:
    """Whether a page shows next to nothing of a text that it states: scripts put it there."""
    if not stated or len(text) > len(stated):
        return False
    words, shown = _WORDS.findall(stated), set(_threes(_WORDS.findall(text)))
    threes = list(_threes(words))
    return bool(threes) and sum(three in shown for three in threes) < _MOST_SHOWN * len(threes)


def _threes(words: list[str]) -> Iterator[tuple[str, str, str]]:
    return zip(words, words[1:], words[2:], strict=False)


def _is_little(text: str) -> bool:
    """Whether a page hardly has only so much text: fewer than 40 words, and no long run of Chinese."""
    return len(text.split()) < 40 and not re.search(
        r"[\u3040-\u30ff\u4e00-\u9fff]{80}", text.replace("\n", "")
    )
