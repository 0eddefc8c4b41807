"""Formulae as a line of text: MathML by its structure, TeX as it was typed, raised and lowered marks by their
own characters."""

import re

from lxml.html import HtmlElement

from reprise_research.sources.marks import bracketed, lowered, raised

_INVISIBLE = re.compile("[\u2061-\u2064]")
_DEEPEST = 60


def formula(element: HtmlElement) -> str:
    """A `<math>` element, or a script of TeX, as one line."""
    if element.tag == "script":
        return " ".join((element.text or "").split())
    told = " ".join(_told(element, 0).split())
    return told or tex(element.get("alttext") or "")


def tex(text: str) -> str:
    """TeX without the wrapping that sites put around it."""
    found = re.fullmatch(r"\{\\(?:display|text)style\s+(.*)\}", text.strip(), re.DOTALL)
    return " ".join((found[1] if found else text).split())


def _told(element: HtmlElement, depth: int) -> str:  # noqa: PLR0911  # one line for each kind of element
    if not isinstance(element.tag, str) or depth > _DEEPEST:
        return ""
    name = element.tag.rpartition("}")[2].rpartition(":")[2]
    if name in {"annotation", "annotation-xml", "mphantom"}:
        return ""
    own = _INVISIBLE.sub("", element.text or "")
    children = [_told(child, depth + 1) for child in element]
    if name in {"mi", "mn", "mtext", "ms"}:
        return own.strip() + "".join(children)
    if name == "mo":
        mark = own.strip()
        return (
            f" {mark} "
            if mark in {"=", "+", "−", "-", "<", ">", "≤", "≥", "≈", "±", "×", "⋅", "→", "∈", "≠", "∼", "∝"}
            else mark
        )
    if name == "msup" and len(children) == 2:
        return children[0] + raised(children[1])
    if name == "msub" and len(children) == 2:
        return children[0] + lowered(children[1])
    if name in {"msubsup", "munderover"} and len(children) == 3:
        return children[0] + lowered(children[1]) + raised(children[2])
    if name == "munder" and len(children) == 2:
        return children[0] + lowered(children[1])
    if name == "mfrac" and len(children) == 2:
        return f"{bracketed(children[0])}/{bracketed(children[1])}"
    if name == "msqrt":
        return "√" + bracketed("".join(children))
    if name == "mtr":
        return ", ".join(filter(None, (child.strip() for child in children))) + "; "
    return own + "".join(children)
