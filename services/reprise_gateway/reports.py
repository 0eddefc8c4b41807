"""The report as a document. A stale one says so at its top, with the causes, in every format."""

import html
import json
from collections.abc import Callable, Mapping
from typing import NamedTuple

import nh3
from markdown_it import MarkdownIt

from reprise_contracts.artifacts import Phase4
from reprise_contracts.problems import Problem
from reprise_contracts.states import NodeView
from reprise_runtime.errors import Refused

CSP = "default-src 'none'; style-src 'unsafe-inline'; img-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
"""A report shows text and links, and loads nothing."""


class Document(NamedTuple):
    """A report, ready to be sent."""

    content: bytes
    media_type: str
    suffix: str


def render(report: Phase4, view: NodeView, format_name: str) -> Document:
    """The report in one of `FORMATS`; raises `Refused` for another one."""
    renderer = FORMATS.get(format_name)
    if renderer is None:
        offered = ", ".join(FORMATS)
        detail = f"A report is not offered as {format_name[:20]!r}."
        raise Refused(Problem(type="invalid", field="format", detail=detail, action=f"Ask for one of: {offered}."))
    return renderer(report, view)


def _causes(view: NodeView) -> list[str]:
    return list(dict.fromkeys(cause.text for cause in view.causes if cause.text))


def _markdown(report: Phase4, view: NodeView) -> Document:
    text = report.markdown
    if view.freshness == "stale":
        lines = ["> **Outdated.** This report no longer matches what it was made from:", ">", *(f"> - {text}" for text in _causes(view))]
        text = "\n".join(lines) + "\n\n" + text
    return Document(text.encode(), "text/markdown; charset=utf-8", "md")


def _html(report: Phase4, view: NodeView) -> Document:
    body = nh3.clean(_MARKDOWN.render(report.markdown), link_rel="noopener noreferrer nofollow")
    banner = ""
    if view.freshness == "stale":
        items = "".join(f"<li>{html.escape(text)}</li>" for text in _causes(view))
        banner = (
            f'<aside role="note"><strong>Outdated.</strong> This report no longer matches what it was made from:<ul>{items}</ul></aside>'
        )
    page = _PAGE.format(title=html.escape(report.title or "Report"), style=_STYLE, banner=banner, body=body)
    return Document(page.encode(), "text/html; charset=utf-8", "html")


def _json(report: Phase4, view: NodeView) -> Document:
    stale = view.freshness == "stale"
    causes = [cause.model_dump(mode="json") for cause in view.causes] if stale else []
    document = {"stale": stale, "causes": causes} | report.model_dump(mode="json")
    return Document(json.dumps(document, ensure_ascii=False).encode(), "application/json", "json")


FORMATS: Mapping[str, Callable[[Phase4, NodeView], Document]] = {"md": _markdown, "html": _html, "json": _json}

_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_STYLE = (
    "body{font:1.05rem/1.6 system-ui,sans-serif;max-width:46rem;margin:2rem auto;padding:0 1rem;color:#1b1f24;background:#fff}"
    "aside{border-left:.3rem solid #b35900;background:#fff4e5;padding:.6rem 1rem;margin-bottom:2rem}"
    "blockquote{border-left:.2rem solid #ccc;margin-left:0;padding-left:1rem;color:#444}"
    "table{border-collapse:collapse}td,th{border:1px solid #ccc;padding:.3rem .6rem}code{background:#f3f3f3}"
)
_PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>{title}</title><style>{style}</style></head><body>{banner}<main>{body}</main></body></html>"
)
