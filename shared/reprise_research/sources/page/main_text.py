"""Which blocks of a page are its main text.

Extractors decide which, the reading of the page decides what they say: an extractor is given the page with each block in one piece behind a
mark of one character, and is only asked whose marks it kept. No word of a kept block can be lost, added or moved by it.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable

import lxml.html
from lxml import etree
from lxml.html import HtmlElement

from reprise_research.sources.page.reading import BLOCKS, HEADINGS, Block, Reading

_FIRST, _MARKS = 0x20000, 42_720
"""CJK Extension B: letters to every library, and hardly ever on a page."""
_MARK = re.compile("[\U00020000-\U0002a6df]")
_COPIED = ("class", "id", "role", "itemprop", "itemtype", "data-component", "data-testid", "aria-label", "rel")
_TEXTUAL = HEADINGS | {"p", "li", "dd", "dt", "blockquote", "pre", "td", "th", "figcaption", "caption", "summary"}

_LONG, _SHORT = 80, 30
_CLOSED = re.compile(r"[.!?:。！？：…][\"'”’»)\]」』）]*$")

Chooser = Callable[[HtmlElement], str]
"""Main text of a page, in which marks of blocks can be found."""


def marked(reading: Reading, title: str = "") -> HtmlElement:
    """The page for an extractor: its block elements, each run of text in one element behind its mark, links as links."""
    html = lxml.html.Element("html")
    head = etree.SubElement(html, "head")
    etree.SubElement(head, "title").text = title
    body = etree.SubElement(html, "body")
    within = _runs_within(reading.blocks)
    shadows: dict[HtmlElement, HtmlElement] = {}

    def shadow(element: HtmlElement | None) -> HtmlElement:
        if element is None or element.tag in {"html", "body"}:
            return body
        known = shadows.get(element)
        if known is None:
            above = shadow(_block_above(element))
            known = shadows[element] = etree.SubElement(above, "div" if element.tag in {"form", "center", "fieldset"} else element.tag)
            for name in _COPIED:
                if value := element.get(name):
                    known.set(name, value)
        return known

    for block in reading.blocks:
        mark = chr(_FIRST + block.index % _MARKS)
        if block.cells is not None:
            _row(shadow(block.table), block, mark)
            continue
        holder = shadow(block.holder)
        if within[block.holder] == 1 and (block.holder.tag in _TEXTUAL or not _is_told(block)):
            target = holder
        else:
            target = etree.SubElement(holder, "p")
        _fill(target, block, mark)
    return html


def kept_by(chooser: Chooser, reading: Reading, page: HtmlElement) -> frozenset[int]:
    """The blocks that an extractor takes for the main text."""
    found = {ord(mark) - _FIRST for mark in _MARK.findall(chooser(page))}
    return frozenset(block.index for block in reading.blocks if block.index % _MARKS in found)


def by_trafilatura(page: HtmlElement) -> str:
    """Trafilatura, which compares with a readability of its own and with jusText before it answers (Barbaresi 2021)."""
    import trafilatura  # noqa: PLC0415

    found = trafilatura.bare_extraction(page, include_comments=False, include_tables=True, deduplicate=False, with_metadata=False)
    if not isinstance(found, trafilatura.settings.Document):
        return ""
    return "".join(found.body.itertext()) if found.body is not None else found.text or ""


def _is_told(block: Block) -> bool:
    """Whether a run is text and not a label: it is long, or closed as a sentence is, or an item of a list."""
    text, above = block.text, block.holder.getparent()
    if above is not None and above.tag in {"li", "dd", "td"}:
        return True
    return len(text) >= _LONG or (len(text) >= _SHORT and _CLOSED.search(text) is not None)


def _runs_within(blocks: Iterable[Block]) -> Counter[HtmlElement]:
    within: Counter[HtmlElement] = Counter()
    for block in blocks:
        element = block.holder
        while element is not None:
            within[element] += 1
            element = element.getparent()
    return within


def _block_above(element: HtmlElement) -> HtmlElement | None:
    above = element.getparent()
    while above is not None and above.tag not in BLOCKS:
        above = above.getparent()
    return above


def _fill(target: HtmlElement, block: Block, mark: str) -> None:
    last: HtmlElement | None = None
    first = True
    for piece in block.pieces:
        text = _MARK.sub("〓", piece.text)
        if first and text.strip():
            text, first = mark + text.lstrip(), False
        if piece.linked:
            last = etree.SubElement(target, "a", href="https://example.org/")
            last.text = text
        elif last is None:
            target.text = (target.text or "") + text
        else:
            last.tail = (last.tail or "") + text


def _row(table: HtmlElement, block: Block, mark: str) -> None:
    row = etree.SubElement(table, "tr")
    first = True
    for text in block.cells or ():
        cell = etree.SubElement(row, "th" if block.head else "td")
        cell.text = (mark if first and text else "") + _MARK.sub("〓", text)
        first = first and not text


_BESIDE = re.compile(
    r"(?:^|[\s_-])(?:ads?|advert\w*|banner|breadcrumbs?|byline|comments?|cookies?|disqus|editsection|footer|hatnote|login|menu|mw-jump|nav\w*|newsletter|"
    r"outbrain|pager|pagination|popup|promo\w*|recirc\w*|recommend\w*|related\w*|share\w*|sharing|sidebar|signup|skip|social\w*|sponsor\w*|"
    r"subscri\w*|taboola|tags?|teaser\w*|toc|toolbar|widget\w*|also-?read|read-?more|more-?stories)(?=$|[\s_-])"
)
"""Words by which authors of pages name what stands beside the main text."""
_APART = frozenset({"nav", "aside", "footer", "form", "menu", "dialog", "address"})


def completed(reading: Reading, kept: frozenset[int]) -> frozenset[int]:
    """The kept blocks with those of the same kind that stand among them and that an extractor passed over.

    A table is kept whole or not at all; so is an item of a list. A block between two kept ones is taken along unless it is mostly links or
    stands in something that its author names as an aside."""
    if not kept:
        return kept
    holders = {reading.blocks[index].holder for index in kept}
    tables = {reading.blocks[index].table for index in kept} - {None}
    rooms = {above for holder in holders for above in holder.iterancestors()}
    spans = _spans(reading, kept)
    found = set(kept)
    for block in reversed(reading.blocks):
        if block.index in found:
            continue
        if (block.table is not None and block.table in tables) or (
            block.linked < 0.5 and _belongs(block, rooms, holders, spans) and (block.holder.tag not in HEADINGS or block.index + 1 in found)
        ):
            found.add(block.index)
    return frozenset(found)


def _spans(reading: Reading, kept: frozenset[int]) -> dict[HtmlElement, tuple[int, int]]:
    """The first and the last kept block within each element that holds any."""
    spans: dict[HtmlElement, tuple[int, int]] = {}
    for index in sorted(kept):
        element: HtmlElement | None = reading.blocks[index].holder
        while element is not None:
            spans[element] = (spans.get(element, (index, index))[0], index)
            element = element.getparent()
    return spans


def _belongs(block: Block, rooms: set[HtmlElement], holders: set[HtmlElement], spans: dict[HtmlElement, tuple[int, int]]) -> bool:
    element = block.holder
    if element.tag not in _TEXTUAL | {"tr", "div"}:
        return False
    while element is not None and element not in rooms and element not in holders:
        if element.tag in _APART or _BESIDE.search(_names(element)):
            return False
        element = element.getparent()
    first, last = spans.get(element, (0, 0))
    if not first < block.index < last:
        return False
    return block.holder.tag != "div" or _is_told(block)


def _names(element: HtmlElement) -> str:
    return f"{element.get('class') or ''} {element.get('id') or ''}".lower()


def choose(reading: Reading, title: str) -> frozenset[int]:
    """The blocks of the main text."""
    return completed(reading, kept_by(by_trafilatura, reading, marked(reading, title)))


def by_blocks(reading: Reading) -> frozenset[int]:
    """Every block that is not mostly links and stands in nothing that is beside the text (link density: Kohlschütter et al. 2010)."""
    return frozenset(block.index for block in reading.blocks if block.linked < 0.5 and not _is_beside(block))


def _is_beside(block: Block) -> bool:
    return any(element.tag in _APART or element.tag == "header" for element in (block.holder, *block.holder.iterancestors()))
