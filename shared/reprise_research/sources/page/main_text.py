"""Which blocks of a page are its main text.

Extractors decide which, the reading of the page decides what they say: an extractor is given the page with
each block in one piece behind a mark of one character, and is only asked whose marks it kept. No word of a
kept block can be lost, added or moved by it.
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
_COPIED = (
    "class",
    "id",
    "role",
    "itemprop",
    "itemtype",
    "data-component",
    "data-testid",
    "aria-label",
    "rel",
)
_TEXTUAL = HEADINGS | {
    "p",
    "li",
    "dd",
    "dt",
    "blockquote",
    "pre",
    "td",
    "th",
    "figcaption",
    "caption",
    "summary",
}

_LONG, _SHORT = 80, 30
_FREE = frozenset({"p", "div", "blockquote", "section"})
"""Elements of which a block stands by itself, and not in a list, a table or as a heading."""
_LED, _POINTING, _MOST_POINTING = 0.3, 0.75, 0.3
"""Shares: of links in a text; of links in what only points elsewhere; of such in all that is kept."""
_FURTHEST = 40
"""Blocks between a page's title and its text, at most."""
_CLOSED = re.compile(r"[.!?:。！？：…][\"'”’»)\]」』）]*$")

Chooser = Callable[[HtmlElement], str]
"""Main text of a page, in which marks of blocks can be found."""


def marked(reading: Reading, title: str = "") -> HtmlElement:
    """The page for an extractor: its block elements, each run of text in one element behind its mark, links
    as links."""
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
            known = shadows[element] = etree.SubElement(
                above, "div" if element.tag in {"form", "center", "fieldset"} else element.tag
            )
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
    """Trafilatura, which compares with a readability of its own and with jusText before it answers (Barbaresi
    2021)."""
    import trafilatura  # noqa: PLC0415

    found = trafilatura.bare_extraction(
        page, include_comments=False, include_tables=True, deduplicate=False, with_metadata=False
    )
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
_NAMES_WHAT_FOLLOWS = HEADINGS | {"dt"}
_APART = frozenset({"nav", "aside", "footer", "form", "menu", "dialog", "address"})


def completed(reading: Reading, kept: frozenset[int]) -> frozenset[int]:
    """The kept blocks with those of the same kind that stand among them and that an extractor passed over.

    A table is kept whole or not at all; so is an item of a list. A block between two kept ones is taken along
    unless it is mostly links or stands in something that its author names as an aside. What is kept keeps the
    headings and the term right above it: they say what it is about."""
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
        if block.holder.tag in _NAMES_WHAT_FOLLOWS:
            taken = block.index + 1 in found and not _is_aside(block, rooms)
        else:
            taken = (block.table is not None and block.table in tables) or (
                block.linked < 0.5 and _belongs(block, rooms, holders, spans)
            )
        if taken:
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


def _belongs(
    block: Block,
    rooms: set[HtmlElement],
    holders: set[HtmlElement],
    spans: dict[HtmlElement, tuple[int, int]],
) -> bool:
    element = block.holder
    if element.tag not in _TEXTUAL | {"tr", "div"} or _is_aside(block, rooms | holders):
        return False
    while element is not None and element not in rooms and element not in holders:
        element = element.getparent()
    first, last = spans.get(element, (0, 0))
    if not first < block.index < last:
        return False
    return block.holder.tag != "div" or _is_told(block)


def _is_aside(block: Block, rooms: set[HtmlElement]) -> bool:
    """Whether a block stands in something below the rooms of the main text that its author names as an
    aside."""
    element: HtmlElement | None = block.holder
    while element is not None and element not in rooms:
        if element.tag in _APART or _BESIDE.search(_names(element)):
            return True
        element = element.getparent()
    return False


def _names(element: HtmlElement) -> str:
    return f"{element.get('class') or ''} {element.get('id') or ''}".lower()


def choose(reading: Reading, title: str) -> frozenset[int]:
    """The blocks of the main text."""
    kept = completed(reading, kept_by(by_trafilatura, reading, marked(reading, title)))
    return without_pointers(reading, kept | lead(reading, kept, title), title)


def lead(reading: Reading, kept: frozenset[int], title: str) -> frozenset[int]:
    """What stands between a page's title and its text and is itself a text: a standfirst, an abstract.

    Extractors take it for a teaser of another page, for sites name it so, or set it as a heading."""
    first = next((index for index in sorted(kept) if _is_prose(reading.blocks[index])), 0)
    at = next((b for b in reversed(reading.blocks[:first]) if _is_title(b, title)), None)
    if at is None or first - at.index > _FURTHEST:
        return frozenset()
    rooms = {*at.holder.iterancestors()} & {*reading.blocks[first].holder.iterancestors()}
    return frozenset(
        block.index
        for block in reading.blocks[at.index + 1 : first]
        if block.linked < _LED and block.cells is None and _is_told(block) and _is_among(block, rooms)
    )


def without_pointers(reading: Reading, kept: frozenset[int], title: str) -> frozenset[int]:
    """The kept blocks without those that only point elsewhere: a paragraph that is a link, and a heading over
    links that are not kept.

    Where little else is kept, links are what the page says."""
    pointers = {
        index
        for index in kept
        if (block := reading.blocks[index]).linked >= _POINTING and block.holder.tag in _FREE
    }
    if sum(len(reading.blocks[i].text) for i in pointers) > _MOST_POINTING * sum(
        len(reading.blocks[i].text) for i in kept
    ):
        pointers = set()
    left = kept - pointers
    return left - {
        index for index in left if _is_label(reading.blocks[index], title) and _is_bare(index, reading, left)
    }


def _is_title(block: Block, title: str) -> bool:
    return block.holder.tag == "h1" or (bool(title) and block.text.casefold() == title.casefold())


def _is_prose(block: Block) -> bool:
    """Whether a block is a paragraph of running text."""
    return block.cells is None and block.linked < _LED and len(block.text) >= _LONG


def _is_among(block: Block, rooms: set[HtmlElement]) -> bool:
    """Whether nothing between a block and what it shares with title and text is named as beside it."""
    element = block.holder
    while element is not None and element not in rooms:
        if element.tag in _APART | {"figure", "figcaption"} or _BESIDE.search(
            re.sub(r"teaser", "", _names(element))
        ):
            return False
        element = element.getparent()
    return True


def _is_label(block: Block, title: str) -> bool:
    """Whether a block only names what comes after it."""
    if _is_title(block, title) or block.cells is not None or len(block.text) >= _LONG:
        return False
    return block.holder.tag in HEADINGS or (block.holder.tag in _FREE and not _CLOSED.search(block.text))


def _is_bare(index: int, reading: Reading, kept: frozenset[int]) -> bool:
    """Whether what a label names is not kept: nothing comes after it, or its element holds no text beside
    it."""
    block = reading.blocks[index]
    is_heading = block.holder.tag in HEADINGS
    if index + 1 in kept or index + 1 >= len(reading.blocks):
        return index + 1 >= len(reading.blocks) and is_heading
    following = [one for one in kept if one > index]
    if not following:
        return is_heading or reading.blocks[index + 1].linked >= _POINTING
    room = block.holder.getparent() if is_heading or block.holder.tag == "p" else block.holder
    within = [one.index for one in reading.blocks[index + 1 : index + 12] if _is_in(one.holder, room)]
    return bool(within) and not kept.intersection(within)


def _is_in(element: HtmlElement, room: HtmlElement | None) -> bool:
    return room is not None and (element is room or room in element.iterancestors())


def by_blocks(reading: Reading) -> frozenset[int]:
    """Every block that is not mostly links and stands in nothing that is beside the text (link density:
    Kohlschütter et al. 2010)."""
    return frozenset(block.index for block in reading.blocks if block.linked < 0.5 and not _is_beside(block))


def _is_beside(block: Block) -> bool:
    return any(
        element.tag in _APART or element.tag == "header"
        for element in (block.holder, *block.holder.iterancestors())
    )
