"""What a page's own styles say of its elements: the declarations of its `<style>` sheets and `style`
attributes, in cascade order.

Only properties that can hide text are read, and only rules that hold on a screen of usual width. Sheets
elsewhere are not asked for.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import tinycss2
from cssselect import SelectorError
from cssselect.parser import parse as parse_selectors
from cssselect.xpath import HTMLTranslator
from lxml import etree
from lxml.html import HtmlElement

Declarations = dict[str, str]
"""Property → value, both in lower case; a value's runs of white space are one space."""

_LARGEST = 600_000
"""Characters of style sheets that are read of one page."""
_MOST_SELECTORS = 3_000
_MOST_RULES = 20_000
_HIDING = (
    "display visibility content-visibility opacity font-size font text-indent position left right top bottom "
    "margin-left margin-top "
    "inset translate scale filter transform clip clip-path "
    "height max-height width max-width overflow overflow-x overflow-y color "
    "background background-color "
    "text-decoration text-decoration-line animation animation-name transition transition-property "
    "-webkit-text-fill-color"
)
PROPERTIES = frozenset(_HIDING.split())
_WIDTH = 1280
"""Pixels of the screen on which a page is read."""
_CONDITION = re.compile(r"\(\s*(min|max)-width\s*:\s*([\d.]+)(px|em|rem)\s*\)")
_NAMES = re.compile(r"([.#])(-?[_a-zA-Z](?:[\w-]|\\.)*)")
_NEGATED = re.compile(r":not\([^)]*\)")
_PASSING = re.compile(
    r"::|:(?:hover|focus|focus-within|focus-visible|active|target|checked|visited|before|after|first-letter|first-line)\b"
)
"""Selectors of what is so only for a moment, or of no element."""


@dataclass(frozen=True)
class _Rule:
    selector: str
    declared: tuple[tuple[str, str, bool], ...]
    order: int


def styled(root: HtmlElement) -> dict[HtmlElement, Declarations]:
    """What styles say of each element that they speak of: sheets by weight and order, then the element's own
    attribute."""
    ranked: dict[HtmlElement, dict[str, tuple[tuple[bool, int, tuple[int, int, int], int], str]]] = {}
    for rule, weight, element in _matches(root):
        of_element = ranked.setdefault(element, {})
        for name, value, important in rule.declared:
            rank = (important, 0, weight, rule.order)
            if name not in of_element or rank >= of_element[name][0]:
                of_element[name] = rank, value
    for element in root.xpath("//*[@style]"):
        of_element = ranked.setdefault(element, {})
        contents = tinycss2.parse_blocks_contents(
            str(element.get("style"))[:10_000], skip_comments=True, skip_whitespace=True
        )
        for number, (name, value, important) in enumerate(_declarations(contents)):
            rank = (important, 1, (0, 0, 0), number)
            if name not in of_element or rank >= of_element[name][0]:
                of_element[name] = rank, value
    return {element: {name: value for name, (_, value) in told.items()} for element, told in ranked.items()}


def _matches(root: HtmlElement) -> Iterator[tuple[_Rule, tuple[int, int, int], HtmlElement]]:
    sheets = "\n".join(style.text or "" for style in root.iter("style") if _holds(style.get("media") or ""))
    if not sheets.strip():
        return
    names = _names_on(root)
    translator = HTMLTranslator()
    tried = 0
    for rule in _rules(
        tinycss2.parse_stylesheet(sheets[:_LARGEST], skip_comments=True, skip_whitespace=True)
    ):
        if "," not in rule.selector and not _named(rule.selector) <= names:
            continue
        try:
            selectors = parse_selectors(rule.selector)
        except SelectorError:
            continue
        for selector in selectors:
            if selector.pseudo_element is not None or (
                "\\" not in rule.selector and not _named(selector.canonical()) <= names
            ):
                continue
            tried += 1
            if tried > _MOST_SELECTORS:
                return
            try:
                found = root.xpath(translator.selector_to_xpath(selector))
            except (SelectorError, etree.XPathError):
                continue
            for element in found:
                yield rule, selector.specificity(), element


def _holds(media: str) -> bool:
    """Whether a media query is true on a screen of usual width; one that asks for anything else is not."""
    return any(_is_so(query.strip().lower()) for query in media.split(","))


def _is_so(query: str) -> bool:
    for bound, number, unit in _CONDITION.findall(query):
        pixels = float(number) * (1 if unit == "px" else 16)
        if (pixels > _WIDTH) if bound == "min" else (pixels < _WIDTH):
            return False
    left = re.sub(r"\band\b|\bonly\b|\ball\b|\bscreen\b", " ", _CONDITION.sub(" ", query))
    return not left.strip()


def _named(selector: str) -> set[str]:
    """The classes and identifiers without which a selector fits nothing."""
    return {mark + name.replace("\\", "") for mark, name in _NAMES.findall(_NEGATED.sub("", selector))}


def _names_on(root: HtmlElement) -> frozenset[str]:
    """The classes (`.name`) and identifiers (`#name`) that the page uses."""
    classes = {f".{name}" for told in root.xpath("//@class") for name in str(told).split()}
    return frozenset(classes | {f"#{told}" for told in root.xpath("//@id")})


def _rules(nodes: Iterable[Any]) -> Iterator[_Rule]:
    waiting = [iter(nodes)]
    order = 0
    while waiting:
        node = next(waiting[-1], None)
        if node is None:
            waiting.pop()
            continue
        if node.type == "at-rule" and node.content is not None and len(waiting) < 10:
            told = tinycss2.serialize(node.prelude)
            if node.lower_at_keyword in {"supports", "layer"} or (
                node.lower_at_keyword == "media" and _holds(told)
            ):
                waiting.append(
                    iter(tinycss2.parse_rule_list(node.content, skip_comments=True, skip_whitespace=True))
                )
        elif node.type == "qualified-rule":
            order += 1
            if order > _MOST_RULES:
                return
            selector = tinycss2.serialize(node.prelude).strip()
            if _PASSING.search(selector) and "," not in selector:
                continue
            told = tuple(
                _declarations(
                    tinycss2.parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True)
                )
            )
            if told:
                yield _Rule(selector, told, order)


def _declarations(nodes: Iterable[Any]) -> Iterator[tuple[str, str, bool]]:
    for node in nodes:
        if node.type == "declaration" and node.lower_name in PROPERTIES:
            value = " ".join(tinycss2.serialize(node.value).lower().split())
            yield node.lower_name, value, bool(node.important)
