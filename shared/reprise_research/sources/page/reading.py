"""The visible text of a page in blocks, in the order in which it stands there: an independent reading, to
which every extractor is held.

A block is a run of text that nothing parts: a paragraph, a heading, the text of a list's item before the list
within it, a table's row. Whatever is left out here is no text to a reader: marks of notes (`<sup>12</sup>`),
readings above characters, what `visibility` took out.
"""

import re
from dataclasses import dataclass, field

import lxml.html
from lxml import etree
from lxml.html import HtmlElement

from reprise_research.sources.charset import printable
from reprise_research.sources.marks import is_note, is_power, lowered, raised
from reprise_research.sources.page.formulae import formula, tex
from reprise_research.sources.page.visibility import strip_unseen
from reprise_research.sources.plain import from_text

_BLOCK_NAMES = (
    "address article aside blockquote body caption center col colgroup dd details dialog dir div dl dt "
    "fieldset figcaption figure footer "
    "form frame h1 h2 h3 h4 h5 h6 header hgroup hr html legend li listing main menu nav ol optgroup option p "
    "plaintext pre search section "
    "summary table tbody td tfoot th thead tr ul xmp"
)
BLOCKS = frozenset(_BLOCK_NAMES.split())
HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_NOTE_IN_BRACKETS = re.compile(
    r"\[(?:\d{1,3}|[a-z]{1,2}|[*†‡]|note \d+)\]|[↑↩^*†‡](?:\s*[a-z])?", re.IGNORECASE
)
_ORDINAL = re.compile(
    r"st|nd|rd|th|er|re|ère|e|ème|me|o|a|os|as|mo|lle|™|®|℠|tm|sm|r|\(r\)|\(tm\)", re.IGNORECASE
)
_GONE = "\ue000"
"""Where a note's mark stood: the brackets around it go with it."""
_BRACKETS = re.compile(r"(?<=(.))[\[(]?\ue000[\])]?(?=([^\s.,;:!?)\]]?))|[\[(]?\ue000[\])]?", re.DOTALL)
_TYPED = frozenset({"pre", "listing", "xmp", "plaintext"})
_SPACES = re.compile(r"[ \t\r\n\f\xa0\u2009\u202f]+")
_LOWER_START = re.compile(r"[a-zà-öø-ÿα-ωа-я]")
_SHORT_POWER = 3
_ENDED = re.compile(r"[.!?:;。！？：；…][\"'”’»)\]」』）]*$")


@dataclass
class Piece:
    """A stretch of a block's text, and whether it is a link's."""

    text: str
    linked: bool


@dataclass
class Block:
    """A run of text that nothing parts. `holder` is the block element around it."""

    index: int
    holder: HtmlElement
    pieces: list[Piece] = field(default_factory=list)
    cells: list[str] | None = None
    """Of a row of a table: its cells, with those that reach over several columns or rows repeated."""
    head: bool = False
    """Whether a row is one of headings."""
    table: HtmlElement | None = None

    @property
    def text(self) -> str:
        """The block's text; a line for each that the page parts by `<br>`."""
        if self.cells is not None:
            return " ".join(cell for cell in self.cells if cell)
        return _lines("".join(piece.text for piece in self.pieces), as_typed=self.holder.tag in _TYPED)

    @property
    def linked(self) -> float:
        """The share of its characters that links hold."""
        whole = sum(len(piece.text.strip()) for piece in self.pieces)
        return sum(len(piece.text.strip()) for piece in self.pieces if piece.linked) / whole if whole else 0.0


@dataclass
class Reading:
    """A page without what nobody sees, and its blocks in order."""

    root: HtmlElement
    blocks: list[Block]


_OF_HEAD = frozenset({"title", "meta", "link", "style", "script", "base", "noscript", "template", "object"})


def parsed(page: str) -> HtmlElement | None:
    """The tree of a page; None for what holds no element at all."""
    page = re.sub(r"^\s*<\?xml[^>]*\?>", "", page.replace("\x00", ""))
    try:
        root = lxml.html.document_fromstring(
            page, parser=lxml.html.HTMLParser(huge_tree=False, remove_comments=True)
        )
    except (ValueError, etree.LxmlError):
        return None
    _end_head(root)
    return root


def _end_head(root: HtmlElement) -> None:
    """Move what stands in the head and does not belong there into the body, as a browser does. This parser is
    older than HTML 5: without a `<body>` it takes an `<article>` behind a title for a part of the head."""
    head = root.find("head")
    strays = [child for child in head if child.tag not in _OF_HEAD] if head is not None else []
    if not strays:
        return
    body = root.find("body")
    if body is None:
        body = etree.SubElement(root, "body")
    for place, stray in enumerate(strays):
        body.insert(place, stray)


def read(root: HtmlElement) -> Reading:
    """The visible text of a page. The tree is changed: what is not visible is taken out of it."""
    strip_unseen(root)
    reader = _Reader()
    reader.walk(root)
    return Reading(root, reader.blocks)


class _Reader:
    """Walks a tree once, with a stack of its own: pages may be nested deeper than Python's calls."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self._open: list[Piece] = []
        self._holders: list[HtmlElement] = []
        self._links = 0

    def walk(self, root: HtmlElement) -> None:
        """Read an element and all within it."""
        self._holders = [root]
        waiting: list[tuple[HtmlElement, bool]] = [(root, False)]
        while waiting:
            element, left = waiting.pop()
            if left:
                self._leave(element)
            elif self._enter(element):
                waiting.append((element, True))
                waiting += [(child, False) for child in reversed(element)]
                continue
            if element is not root:
                self._say(element.tail)
        self._close()

    def _enter(self, element: HtmlElement) -> bool:
        """Whether an element is to be read by its parts; if not, it has been read."""
        tag = element.tag
        if not isinstance(tag, str) or tag == "wbr":
            return False
        if tag == "br":
            if (
                "".join(piece.text for piece in self._open[-2:]).rstrip(" ").endswith("\n")
                and not self._is_typed
            ):
                self._close()
            else:
                self._put("\n")
            return False
        whole = self._whole(element)
        if whole is not None:
            self._put(whole)
            return False
        if tag == "table" and (rows := data_rows(element)) is not None:
            self._close()
            for row in rows:
                row.index = len(self.blocks)
                self.blocks.append(row)
            return False
        if tag in BLOCKS:
            self._close()
            self._holders.append(element)
        elif tag == "a":
            self._links += 1
        elif tag == "q":
            self._put("“")
        self._say(element.text)
        return True

    def _leave(self, element: HtmlElement) -> None:
        if element.tag in BLOCKS:
            self._close()
            self._holders.pop()
        elif element.tag == "a":
            self._links -= 1
        elif element.tag == "q":
            self._put("”")

    @property
    def _is_typed(self) -> bool:
        return self._holders[-1].tag in _TYPED or any(holder.tag in _TYPED for holder in self._holders[-4:])

    def _whole(self, element: HtmlElement) -> str | None:
        """What an element says as a whole, if it is not read by its parts: formulae, raised and lowered
        marks, marks of notes."""
        tag = element.tag
        told: str | None = None
        if tag == "math" or (tag == "script" and (element.get("type") or "").startswith("math/tex")):
            told = formula(element)
        elif tag == "img":
            told = _pictured(element)
        elif tag == "sup":
            told = self._raised(element)
        elif tag == "sub":
            text = element.text_content().strip()
            if text and element.find(".//math") is None:
                told = lowered(text) if self._before()[-1:].isdigit() else text
        elif tag == "a" and _is_note_link(element):
            told = _GONE
        elif _is_set(element) and (found := element.find(".//math")) is not None:
            told = formula(found)
        return told

    def _raised(self, element: HtmlElement) -> str:
        text = " ".join(element.text_content().split())
        before, after = self._before(), (element.tail or "")[:1]
        if not text or _is_linked_note(element, text) or (text[0] in "[(" and is_note(text)):
            return _GONE
        if _ORDINAL.fullmatch(text) and before[-1:].isalnum():
            return text
        glued = before[-1:].isalnum() or before[-1:] in {")", "]"}
        if glued:
            last = re.search(r"[^\W\d_]+$|[\d.,]+$", before)
            is_exponent = is_power(last[0] if last else before[-1:], text)
        else:
            is_exponent = not before[-1:].strip() and text.isdigit() and after.isalpha()
        if is_exponent:
            return raised(text)
        if is_note(text):
            return _GONE
        return raised(text) if glued and len(text) <= _SHORT_POWER else text

    def _before(self) -> str:
        """What stands before in the open block, as far as it is glued to what comes."""
        return "".join(piece.text for piece in self._open[-3:])[-40:]

    def _say(self, text: str | None) -> None:
        """Text as the page has it: white space counts only where it is typed."""
        if text:
            self._put(text if self._is_typed else _SPACES.sub(" ", text))

    def _put(self, text: str) -> None:
        text = printable(text).replace("\f", "\n")
        if text:
            self._open.append(Piece(text, self._links > 0))

    def _close(self) -> None:
        if any(piece.text.strip() for piece in self._open):
            self.blocks.append(Block(len(self.blocks), self._holders[-1], self._open))
        self._open = []


def _is_linked_note(element: HtmlElement, text: str) -> bool:
    """Whether a raised text is a link to a note."""
    link = element.find(".//a")
    above = element.getparent()
    if link is None and above is not None and above.tag == "a" and above.text_content().strip() == text:
        link = above
    return link is not None and (is_note(text) or "#" in (link.get("href") or ""))


def _pictured(element: HtmlElement) -> str:
    """The formula that a picture shows, if it shows one that is told nowhere else."""
    told, names, above = element.get("alt") or "", (element.get("class") or "").lower(), element.getparent()
    is_formula = re.search(r"\b(?:tex|latex|math\w*|mwe-math\S*)\b", names) is not None
    return tex(told) if is_formula and (above is None or above.find(".//math") is None) else ""


def _is_note_link(element: HtmlElement) -> bool:
    """Whether a link is a note's mark, or leads back from the note."""
    role = f"{element.get('role') or ''} {element.get('epub:type') or ''} {element.get('rev') or ''}"
    if re.search(r"noteref|doc-backlink|\bfootnote\b", role):
        return not any(above.tag in HEADINGS for above in element.iterancestors())  # whole headings lead back
    return (
        "#" in (element.get("href") or "")
        and _NOTE_IN_BRACKETS.fullmatch(element.text_content().strip()) is not None
    )


def _is_set(element: HtmlElement) -> bool:
    """Whether an element is a formula as a program has set it, with its MathML within."""
    return (
        bool(set((element.get("class") or "").split()) & {"katex", "MathJax", "mjx-container"})
        or element.tag == "mjx-container"
    )


def _lines(text: str, *, as_typed: bool) -> str:
    if _GONE in text:
        text = _BRACKETS.sub(lambda found: " " if found[2] and (found[1] or " ").strip() else "", text)
    if as_typed:
        return from_text("\n".join(line.rstrip() for line in text.replace("\r\n", "\n").split("\n")))
    lines: list[str] = []
    for line in (" ".join(line.split()) for line in text.split("\n")):
        if line and lines and not _ENDED.search(lines[-1]) and _LOWER_START.match(line):
            lines[-1] = f"{lines[-1]} {line}"
        elif line:
            lines.append(line)
    return "\n".join(lines)


def data_rows(table: HtmlElement) -> list[Block] | None:
    """The rows of a table that holds data; None for one that only lays out a page, or is laid out by
    others."""
    if table.find(".//table") is not None:
        return None
    trs = list(table.iter("tr"))
    cells = [cell for tr in trs for cell in tr if cell.tag in {"td", "th"}]
    told = (
        any(cell.tag == "th" for cell in cells)
        or table.find("caption") is not None
        or table.find("thead") is not None
    )
    if not cells or (table.get("role") in {"presentation", "none"} and not told):
        return None
    widest = max(len(tr) for tr in trs)
    if not told and (len(trs) < 2 or widest < 2):
        return None
    blocks_within = sum(
        cell.find(".//h1") is not None or cell.find(".//h2") is not None or len(cell.findall(".//p")) > 3
        for cell in cells
    )
    if blocks_within > 0.2 * len(cells) or (
        not told and max(len(cell.text_content()) for cell in cells) > 600
    ):
        return None
    rows: list[Block] = []
    caption = table.find("caption")
    if caption is not None:
        inner = _Reader()
        inner.walk(caption)
        rows += [Block(0, caption, block.pieces, table=table) for block in inner.blocks]
    reaching: dict[int, tuple[int, str]] = {}
    for tr in trs:
        row: list[str] = []
        pieces: list[Piece] = []
        own = [cell for cell in tr if cell.tag in {"td", "th"}]
        for cell in own:
            _reached(row, reaching)
            text, said = _cell(cell)
            pieces += said
            for _ in range(_span(cell, "colspan")):
                if (down := _span(cell, "rowspan")) > 1:
                    reaching[len(row)] = (down - 1, text)
                row.append(text)
        _reached(row, reaching)
        head = bool(own) and (all(cell.tag == "th" for cell in own) or (tr.getparent().tag == "thead"))
        if any(row):
            rows.append(Block(0, tr, pieces, cells=row, head=head, table=table))
    return rows


def _reached(row: list[str], reaching: dict[int, tuple[int, str]]) -> None:
    """Put in the cells of rows above that reach down to here."""
    while len(row) in reaching:
        at = len(row)
        left, text = reaching[at]
        row.append(text)
        if left > 1:
            reaching[at] = (left - 1, text)
        else:
            del reaching[at]


def _span(cell: HtmlElement, name: str) -> int:
    told = (cell.get(name) or "1").strip()
    return max(1, min(int(told), 50)) if told.isascii() and told.isdigit() else 1


def _cell(cell: HtmlElement) -> tuple[str, list[Piece]]:
    inner = _Reader()
    inner.walk(cell)
    texts = [block.text.replace("\n", ", ") for block in inner.blocks]
    told = ""
    for text in texts:
        told += (
            text if not told else (f" {text}" if _ENDED.search(told) or told.endswith(",") else f", {text}")
        )
    return told, [piece for block in inner.blocks for piece in block.pieces]
