"""A report as PDF, set by typst: no system libraries, no network, and the same bytes for the same report on
one machine.

The text goes to the layout (`report.typ`) as data, so nothing in it is ever run as typst code.
"""

import json
from functools import cache
from importlib.resources import files
from typing import Literal

import typst

from reprise_contracts.artifacts import Chart, Phase4
from reprise_research.documents import Outdated
from reprise_research.documents.charts import lengths
from reprise_research.documents.fonts import folders, missing
from reprise_research.documents.model import (
    Block,
    Cite,
    Code,
    Drawing,
    Grid,
    Heading,
    Line,
    Listing,
    Page,
    Prose,
    Quote,
    read,
)
from reprise_research.languages import language
from reprise_research.text.words import shorten

Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]


def write(report: Phase4, outdated: Outdated | None) -> bytes:
    """The PDF's bytes."""
    page = _page(read(report), outdated)
    unseen = missing(json.dumps(page, ensure_ascii=False))
    if unseen:
        page["missing"] = (
            f"{len(unseen)} characters of this report cannot be shown here, for no installed font has them "
            "(the first: "
            f"{', '.join(f'U+{ord(character):04X}' for character in unseen[:5])}). Install a font that does, "
            "for example the package "
            "fonts-noto-cjk, and make this document again; the other formats hold them."
        )
    return _compiled({"page": json.dumps(page, ensure_ascii=False)}, "pdf")


def picture(chart: Chart, language: str) -> bytes:
    """A chart as PNG, for formats that cannot draw."""
    page: dict[str, Value] = {
        "language": language,
        "title": chart.title,
        "chart": _chart(chart),
        "outdated": None,
    }
    return _compiled({"page": json.dumps(page, ensure_ascii=False), "only": "chart"}, "png")


def _compiled(inputs: dict[str, str], kind: Literal["pdf", "png"]) -> bytes:
    fonts = typst.Fonts(font_paths=folders())
    return typst.compile(_layout(), format=kind, sys_inputs=inputs, font_paths=fonts, ppi=200.0)


@cache
def _layout() -> bytes:
    return files("reprise_research.documents").joinpath("report.typ").read_bytes()


def _page(page: Page, outdated: Outdated | None) -> dict[str, Value]:
    return {
        "title": page.title,
        "short": shorten(page.title, 90),
        "language": page.language,
        "words": {
            "outdated": language(page.language).report.outdated,
            "no-longer": language(page.language).report.no_longer,
        },
        "outdated": list(outdated.causes) if outdated is not None else None,
        "note": [_block(block) for block in page.note],
        "blocks": [_block(block) for block in page.blocks],
        "references-title": page.references_title,
        "references": [
            {
                "number": r.number,
                "title": r.title,
                "url": r.url,
                "told": [t for t in (r.author, r.published) if t],
                "cited": page.cited.get(r.number, 0),
            }
            for r in page.references
        ],
        "missing": None,
    }


def _block(block: Block) -> Value:
    value: Value
    match block:
        case Heading():
            value = {"kind": "heading", "level": max(block.level, 2), "line": _line(block.line)}
        case Prose():
            value = {"kind": "prose", "line": _line(block.line)}
        case Listing():
            value = {
                "kind": "list",
                "ordered": block.ordered,
                "items": [[_block(inner) for inner in item] for item in block.items],
            }
        case Grid():
            rows: list[Value] = [[{"line": _line(cell)} for cell in row] for row in block.rows]
            value = {"kind": "grid", "header": [_line(cell) for cell in block.header], "rows": rows}
        case Quote():
            value = {"kind": "quote", "blocks": [_block(inner) for inner in block.blocks]}
        case Code():
            value = {"kind": "code", "text": block.text}
        case Drawing():
            value = {"kind": "drawing", "chart": _chart(block.chart)}
    return value


def _chart(chart: Chart) -> Value:
    comparisons: list[Value] = [
        {
            "subject": comparison.subject,
            "bars": [
                {"text": bar.text, "length": length, "references": list(bar.references)}
                for bar, length in zip(comparison.bars, lengths(comparison), strict=True)
            ],
        }
        for comparison in chart.comparisons
    ]
    return {"title": chart.title, "comparisons": comparisons}


def _line(line: Line) -> list[Value]:
    return [
        {"kind": "cite", "number": part.number, "place": part.place}
        if isinstance(part, Cite)
        else {
            "kind": "text",
            "text": part.text,
            "strong": part.strong,
            "emphasis": part.emphasis,
            "code": part.code,
            "href": part.href,
        }
        for part in line
    ]
