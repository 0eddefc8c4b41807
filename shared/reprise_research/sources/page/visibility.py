"""What a reader of a page sees: everything else is taken out of its tree before anything is read.

Hidden is what an attribute hides, what styles hide (not shown, see-through, of no size, off the screen, in
the colour of its ground), what browsers never show, and what the author withdrew (`<del>`, `<s>`). What a
page shows only by its scripts, as a text that fades in, would be hidden whole by its styles: a way of hiding
that leaves next to nothing of a page's running text is not believed.
"""

import re
from collections.abc import Callable, Iterable, Mapping

from lxml import etree
from lxml.html import HtmlElement

from reprise_research.sources.page.styles import Declarations, styled

_WITHOUT_TEXT = (
    "script style template iframe object embed applet canvas svg audio video head select datalist textarea "
    "button input progress meter rp "
    "rt map frameset noframes param"
)
_NEVER_SHOWN = tuple(_WITHOUT_TEXT.split())
_WITHDRAWN = ("del", "s", "strike")
_FOR_OTHERS = re.compile(
    r"(?:^|\s)(?:sr-only|visually-?hidden|screen-?reader(?:-text|-only)?|assistive-text|hidden-visually|element-invisible)(?=\s|$)"
)
"""Classes that by custom hide text from those who see."""
_UNREAD = frozenset({"script", "style", "template", "noscript", "textarea"})
_IDEOGRAPHS = re.compile("[\u3040-\u30ff\u4e00-\u9fff]")
_MARKS = re.compile(r"[\s¶#§🔗⚓↑↩︎^←→·•|«»‹›\ue000-\uf8ff]*")
_MOST_HIDDEN = {"fading": 0.5}
_USUALLY = 0.75
"""The share of a page's running text from which a way of hiding it is not believed."""
_RUN = 10
"""Words of one piece from which it is running text, and not an entry of a menu, a button or a label."""
_WHOLE_TEXT = 100
"""Words from which `<noscript>` holds the page's text, and not a word about scripts."""
_FAR = 300
"""Pixels beyond the screen's edge that hide."""
_PIXELS = {
    "px": 1,
    "em": 16,
    "rem": 16,
    "ex": 8,
    "ch": 8,
    "pt": 1.33,
    "pc": 16,
    "vw": 12,
    "vh": 8,
    "cm": 38,
    "mm": 3.8,
    "in": 96,
    "": 1,
}
_LENGTH = re.compile(r"(-?\+?\d*\.?\d+)(px|em|rem|ex|ch|pt|pc|vw|vh|cm|mm|in|%)?(?:e\d+)?")
_CLEAR = re.compile(r"(?:rgb|hsl)a?\((?:.*/|.*,.*,.*,)\s*0?\.?0+%?\s*\)|#(?:[0-9a-f]{3}0|[0-9a-f]{6}00)")
"""A colour that lets everything through."""
_ICONS = (
    "//*[@aria-hidden='true']|//a[starts-with(@href,'#') or contains(@class,'anchor') or "
    "contains(@class,'headerlink')]"
)
_INLINE = frozenset({"span", "b", "strong", "em", "i", "label", "small"})
_BLOCK_DISPLAYS = frozenset({"block", "flex", "grid", "list-item", "table", "flow-root", "table-row"})


def strip_unseen(root: HtmlElement) -> None:
    """Take out of the tree what a reader does not see. Text that follows an element stays.

    An inline element that styles make a block becomes a `<div>`: its text stands apart."""
    for comment in [*root.iter(etree.Comment), *root.iter(etree.ProcessingInstruction)]:
        _drop(comment)
    words = _running(root)
    for way, elements in _hidden(root).items():
        if _together(elements, _running) <= _MOST_HIDDEN.get(way, _USUALLY) * words:
            for element in elements:
                _drop_but_formulae(element)
    _strip_noscript(root)
    for element in list(root.iter(*_NEVER_SHOWN, *_WITHDRAWN)):
        if element.tag != "script" or not (element.get("type") or "").startswith("math/tex"):
            _drop(element)
    for element in root.xpath("//dialog[not(@open)]"):
        _drop(element)
    for element in root.xpath("//*[@class]"):
        if _FOR_OTHERS.search(element.get("class").lower()):
            _drop_but_formulae(element)
    for element in root.xpath(_ICONS):
        if _MARKS.fullmatch(element.text_content()):
            _drop(element)


def _hidden(root: HtmlElement) -> dict[str, list[HtmlElement]]:
    """The elements that attributes and styles hide, by the way in which they do it."""
    ways: dict[str, list[HtmlElement]] = {}
    styles = styled(root)
    sized = {
        element for element, told in styles.items() if "font-size" in told and not _is_tiny(told["font-size"])
    }
    for element, told in styles.items():
        if element.tag in {"html", "body"}:
            continue
        way = hiding(told) or ("colour" if _is_on_its_own_colour(element, styles) else "")
        if way == "size" and any(inner in sized for inner in element.iterdescendants()):
            continue
        if way:
            ways.setdefault(way, []).append(element)
        elif told.get("display") in _BLOCK_DISPLAYS and element.tag in _INLINE:
            element.tag = "div"
    for element in root.xpath("//*[@hidden]"):
        if (element.get("hidden") or "").strip().lower() != "until-found":
            ways.setdefault("attribute", []).append(element)
    return ways


def _strip_noscript(root: HtmlElement) -> None:
    """Take out what is told to browsers without scripts, unless it is the page's text."""
    for element in list(root.iter("noscript")):
        told = _words(element)
        if told < _WHOLE_TEXT or told < _together(root.xpath("//p[not(ancestor::noscript)]"), _words):
            _drop(element)


def hiding(told: Declarations) -> str:
    """By which way declarations hide an element's text; empty if they do not."""
    if told.get("display") == "none":
        return "display"
    if (
        told.get("visibility") in {"hidden", "collapse"}
        or told.get("content-visibility") == "hidden"
        or _is_clear(told.get("opacity", ""))
        or any(_is_clear(value) for value in re.findall(r"opacity\(\s*([^)\s]+)", told.get("filter", "")))
    ):
        return (
            "fading" if any(name.startswith(("animation", "transition")) for name in told) else "visibility"
        )
    ways = {
        "size": _is_sizeless,
        "place": _is_outside,
        "clip": _is_cut,
        "colour": _is_colourless,
        "withdrawn": _is_struck,
    }
    return next((way for way, is_so in ways.items() if is_so(told)), "")


def _is_sizeless(told: Declarations) -> bool:
    return (
        _is_tiny(told.get("font-size", ""))
        or re.match(r"0(?:px|em|rem|pt|%)?(?:/|\s)", told.get("font", "")) is not None
    )


def _is_colourless(told: Declarations) -> bool:
    ink = told.get("-webkit-text-fill-color") or told.get("color") or ""
    return ink == "transparent" or _CLEAR.fullmatch(ink) is not None


def _is_on_its_own_colour(element: HtmlElement, styles: Mapping[HtmlElement, Declarations]) -> bool:
    """Whether a text has the colour of the nearest ground that is declared around it; a page that declares
    none may have any."""
    ink = styles[element].get("-webkit-text-fill-color") or styles[element].get("color")
    if not ink or any("color" in styles.get(inner, {}) for inner in element.iterdescendants()):
        return False
    for around in (element, *element.iterancestors()):
        told = styles.get(around, {})
        if ground := told.get("background-color") or told.get("background"):
            return _colour(ink) == _colour(ground)
    return False


def _is_struck(told: Declarations) -> bool:
    return any("line-through" in told.get(name, "") for name in ("text-decoration", "text-decoration-line"))


def _is_clear(value: str) -> bool:
    found = re.fullmatch(r"(\d*\.?\d+)(%)?", value)
    return found is not None and float(found[1]) <= (5 if found[2] else 0.05)


def _is_tiny(value: str) -> bool:
    found = _LENGTH.fullmatch(value)
    return (
        found is not None and abs(float(found[1])) * _PIXELS.get(found[2] or "", 1.0) < 2 and found[2] != "%"
    ) or value == "0%"


def _pixels(value: str | None) -> float:
    found = _LENGTH.fullmatch(value or "")
    return float(found[1]) * _PIXELS.get(found[2] or "", 0.0) if found else 0.0


def _is_outside(told: Declarations) -> bool:
    if (
        _pixels(told.get("text-indent")) <= -_FAR
        or _pixels(told.get("margin-left")) <= -_FAR
        or _pixels(told.get("margin-top")) <= -_FAR
    ):
        return True
    if told.get("position") in {"absolute", "fixed", "relative"}:
        sides = [_pixels(told.get(side)) for side in ("left", "right", "top", "bottom")]
        sides += [_pixels(length) for length in told.get("inset", "").split()]
        if min(sides) <= -_FAR or max(sides) >= 5000:
            return True
    if re.fullmatch(r"0%?(?:\s+0%?)*", told.get("scale", "")):
        return True
    if any(abs(_pixels(length)) >= 1000 for length in told.get("translate", "").split()):
        return True
    moved = told.get("transform", "")
    if re.search(r"scale[xy]?\(\s*0(?:\s*,\s*0)?\s*\)", moved):
        return True
    return any(abs(_pixels(length)) >= 1000 for length in re.findall(r"translate[xy3d]*\(([^,)]+)", moved))


def _is_cut(told: Declarations) -> bool:
    lengths = [_pixels(length) for length in re.findall(r"-?\d*\.?\d+(?:px|em)?", told.get("clip", ""))]
    if told.get("clip", "").startswith("rect") and lengths and max(lengths) <= 1:
        return True
    path = told.get("clip-path", "")
    if re.match(
        r"inset\(\s*(?:5\d|[6-9]\d|100)%|circle\(\s*0|polygon\(\s*0(?:px)?(?: 0(?:px)?)(?:\s*,\s*0(?:px)? "
        r"0(?:px)?)+\s*\)",
        path,
    ):
        return True
    held = any(
        "hidden" in told.get(name, "") or "clip" in told.get(name, "")
        for name in ("overflow", "overflow-x", "overflow-y")
    )
    return held and any(
        _is_nothing(told.get(name, "")) for name in ("height", "max-height", "width", "max-width")
    )


def _is_nothing(length: str) -> bool:
    """Whether a length is that of a point; a share of what stands around is not."""
    found = _LENGTH.fullmatch(length)
    return (
        found is not None
        and abs(float(found[1])) * (1.0 if found[2] == "%" else _PIXELS[found[2] or ""]) <= 1
        and length != "1%"
    )


_NAMED = {"white": "#ffffff", "black": "#000000"}


def _colour(value: str) -> str:
    """A colour in one form, as far as it is written as people write white, black and numbers."""
    if found := re.fullmatch(
        r"rgba?\(\s*(\d+)[\s,]+(\d+)[\s,]+(\d+)\s*(?:[,/]\s*(?:1(?:\.0)?|100%)\s*)?\)", value
    ):
        return "#" + "".join(f"{int(part):02x}" for part in found.groups())
    if found := re.fullmatch(r"hsla?\(.*?[\s,]\s*(0|100)%\s*\)", value):
        return "#ffffff" if found[1] == "100" else "#000000"
    if found := re.fullmatch(r"#([0-9a-f]{3})f?", value):
        return "#" + "".join(2 * digit for digit in found[1])
    if found := re.fullmatch(r"(#[0-9a-f]{6})(?:ff)?", value):
        return found[1]
    return _NAMED.get(value, value.replace(" ", ""))


def _words(element: HtmlElement) -> int:
    return sum(len(text.split()) for text in element.itertext() if isinstance(text, str))


def _running(element: HtmlElement) -> int:
    """The words of an element's running text; a character of Chinese and Japanese counts as half a word."""
    told = [element.text] if element.tag not in _UNREAD else []
    for inner in element.iterdescendants():
        told += [inner.text if inner.tag not in _UNREAD else None, inner.tail]
    counts = (len(text.split()) + len(_IDEOGRAPHS.findall(text)) // 2 for text in told if text)
    return sum(count for count in counts if count >= _RUN)


def _together(elements: Iterable[HtmlElement], count: Callable[[HtmlElement], int]) -> int:
    """What is counted within elements, each once."""
    chosen = set(elements)
    return sum(
        count(element) for element in chosen if not any(above in chosen for above in element.iterancestors())
    )


def _drop_but_formulae(element: HtmlElement) -> None:
    """Take an element out, unless it is how a formula is told to those who do not see its picture."""
    if element.tag == "math" or (element.find(".//math") is not None and not _words_beside_formulae(element)):
        return
    _drop(element)


def _words_beside_formulae(element: HtmlElement) -> bool:
    return bool(element.xpath(".//text()[normalize-space() and not(ancestor::math)]"))


def _drop(element: HtmlElement) -> None:
    """Take an element out of its tree; the text behind it stays."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        before = element.getprevious()
        if before is not None:
            before.tail = (before.tail or "") + element.tail
        else:
            parent.text = (parent.text or "") + element.tail
    element.tail = None
    parent.remove(element)
