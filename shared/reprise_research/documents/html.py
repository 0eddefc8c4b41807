"""A report as a page that stands alone: no script, nothing loaded, citations and references linked both
ways."""

from html import escape
from urllib.parse import quote

import nh3

from reprise_contracts.artifacts import Citation, Phase4, Reference
from reprise_research.documents import Outdated
from reprise_research.documents.charts import svg
from reprise_research.documents.model import (
    Block,
    Cite,
    Code,
    Drawing,
    Grid,
    Heading,
    Inline,
    Line,
    Listing,
    Page,
    Prose,
    Quote,
    read,
)
from reprise_research.languages import language
from reprise_research.text.words import shorten

_TAGS = {
    "a",
    "aside",
    "blockquote",
    "code",
    "details",
    "em",
    "figure",
    "figcaption",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "section",
    "span",
    "strong",
    "sup",
    "summary",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "ul",
}
_ATTRIBUTES = {"*": {"id", "class", "lang"}, "a": {"href", "title"}, "aside": {"role"}}
_MOST_PASSAGES = 20
_TEXT_FRAGMENT = 60
"""Characters at either end of a passage by which a browser finds it in the live page."""


def write(report: Phase4, outdated: Outdated | None) -> bytes:
    """The page's bytes, UTF-8."""
    page = read(report)
    drawings: list[str] = []
    body = nh3.clean(
        "".join([*map(_Writer(drawings).block, page.blocks), _references(page)]),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https"},
        link_rel="noopener noreferrer nofollow",
    )
    for number, drawing in enumerate(drawings):
        body = body.replace(f'<span class="drawing-{number}"></span>', drawing, 1)
    note = nh3.clean(
        "".join(map(_Writer([]).block, page.note)),
        tags=_TAGS,
        attributes=_ATTRIBUTES,
        url_schemes={"http", "https"},
    )
    return _PAGE.format(
        language=page.language,
        direction="rtl" if language(page.language).right_to_left else "ltr",
        title=escape(page.title or "Report"),
        style=_STYLE,
        banner=_banner(outdated, page.language),
        note=f'<div class="note">{note}</div>' if note else "",
        body=body,
    ).encode()


class _Writer:
    """Writes blocks; a chart leaves its place, for only our own drawing may hold what the sanitiser takes
    out."""

    def __init__(self, drawings: list[str]) -> None:
        self._drawings = drawings

    def block(self, block: Block) -> str:
        """One block."""
        match block:
            case Heading():
                text = f"<h{block.level}>{_line(block.line)}</h{block.level}>"
            case Prose():
                text = f"<p>{_line(block.line)}</p>"
            case Listing():
                tag = "ol" if block.ordered else "ul"
                text = f"<{tag}>{''.join(f'<li>{self._item(item)}</li>' for item in block.items)}</{tag}>"
            case Quote():
                text = f"<blockquote>{''.join(map(self.block, block.blocks))}</blockquote>"
            case Code():
                text = f"<pre><code>{escape(block.text)}</code></pre>"
            case Grid():
                head = "".join(f"<th>{_line(cell)}</th>" for cell in block.header)
                rows = "".join(
                    f"<tr>{''.join(f'<td>{_line(cell)}</td>' for cell in row)}</tr>" for row in block.rows
                )
                text = f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
            case Drawing():
                text = self._drawing(block)
        return text

    def _drawing(self, drawing: Drawing) -> str:
        self._drawings.append(svg(drawing.chart))
        place = f'<span class="drawing-{len(self._drawings) - 1}"></span>'
        return f"<figure><figcaption>{escape(drawing.chart.title)}</figcaption>{place}</figure>"

    def _item(self, blocks: tuple[Block, ...]) -> str:
        if len(blocks) == 1 and isinstance(blocks[0], Prose):
            return _line(blocks[0].line)
        return "".join(map(self.block, blocks))


def _line(line: Line) -> str:
    return "".join(map(_inline, line))


def _inline(part: Inline) -> str:
    if isinstance(part, Cite):
        return (
            f'<a class="cite" id="cite-{part.number}-{part.place}" '
            f'href="#ref-{part.number}">[{part.number}]</a>'
        )
    text = escape(part.text)
    for on, tag in ((part.code, "code"), (part.emphasis, "em"), (part.strong, "strong")):
        text = f"<{tag}>{text}</{tag}>" if on else text
    return f'<a href="{escape(part.href)}">{text}</a>' if part.href else text


def _references(page: Page) -> str:
    if not page.references:
        return ""
    items = "".join(_reference(reference, page) for reference in page.references)
    return f'<section class="references"><h2>{escape(page.references_title)}</h2><ol>{items}</ol></section>'


def _reference(reference: Reference, page: Page) -> str:
    title = escape(reference.title)
    name = f'<a href="{escape(reference.url)}">{title}</a>' if reference.url else title
    told = ", ".join([name, *(escape(text) for text in (reference.author, reference.published) if text)])
    back = " ".join(
        f'<a class="back" href="#cite-{reference.number}-{place}" '
        f'title="[{reference.number}]">{_letter(place)}</a>'
        for place in range(1, page.cited.get(reference.number, 0) + 1)
    )
    passages = "".join(
        f"<li>{_passage(citation, reference.url)}</li>" for citation in reference.citations[:_MOST_PASSAGES]
    )
    shown = language(page.language).report.passages.format(number=len(reference.citations))
    details = f"<details><summary>{shown}</summary><ul>{passages}</ul></details>" if passages else ""
    return f'<li id="ref-{reference.number}">{told}. <span class="backs">{back}</span>{details}</li>'


def _passage(citation: Citation, url: str | None) -> str:
    """The passage, linked to its place in the live page where there is one (URL text fragments)."""
    quoted = f"<q>{escape(shorten(citation.quote, 400))}</q>"
    if not url:
        return quoted
    words = " ".join(citation.quote.split())
    start, end = _edge(words), _edge(words, last=True)
    fragment = (
        quote(words, safe="")
        if len(words) <= 2 * _TEXT_FRAGMENT
        else f"{quote(start, safe='')},{quote(end, safe='')}"
    )
    return f'{quoted} <a href="{escape(url.partition("#")[0])}#:~:text={fragment.replace("-", "%2D")}">↗</a>'


def _edge(words: str, *, last: bool = False) -> str:
    if last:
        return words[-_TEXT_FRAGMENT:].partition(" ")[2] or words[-_TEXT_FRAGMENT:]
    return words[:_TEXT_FRAGMENT].rpartition(" ")[0] or words[:_TEXT_FRAGMENT]


def _letter(place: int) -> str:
    """`a` … `z`, then `27`, `28`, …"""
    return chr(96 + place) if place <= 26 else str(place)


def _banner(outdated: Outdated | None, code: str) -> str:
    if outdated is None:
        return ""
    items = "".join(f"<li>{escape(cause)}</li>" for cause in outdated.causes)
    frame = language(code).report
    return f'<aside role="note"><strong>{frame.outdated}.</strong> {frame.no_longer}<ul>{items}</ul></aside>'


_STYLE = (
    "body{font:1.06rem/1.62 Georgia,'Noto Serif','Noto Serif CJK SC',serif;max-width:44rem;margin:2.5rem "
    "auto;padding:0 1.2rem;"
    "color:#1b1f24;background:#fff}"
    "h1{font-size:1.9rem;line-height:1.25}h2{font-size:1.3rem;margin-top:2.2rem;border-bottom:1px solid "
    "#d8dee4;padding-bottom:.25rem}"
    "h1,h2,h3,th,figcaption,summary,.note,svg{font-family:system-ui,'Noto Sans','Noto Sans CJK "
    "SC',sans-serif}"
    "a{color:#0b6e75}a.cite{text-decoration:none;font-size:.82em;margin-left:.1em}a.cite:hover{text-decoration:underline}"
    "a.cite:target,li:target{background:#fff3bf}"
    "aside{border-left:.3rem solid #b35900;background:#fff4e5;padding:.6rem 1rem;margin-bottom:2rem}"
    ".note{color:#57606a;font-size:.86rem;border-left:.2rem solid #d0d7de;padding-left:.9rem}"
    "blockquote{border-left:.2rem solid #d0d7de;margin-left:0;padding-left:1rem;color:#444}"
    "table{border-collapse:collapse;width:100%;font-size:.95em}td,th{border-bottom:1px solid "
    "#d8dee4;padding:.4rem .6rem;text-align:left;"
    "vertical-align:top}th{border-bottom:2px solid #8c959f}"
    "figure{margin:1.6rem 0}figcaption{color:#57606a;font-size:.86rem;margin-bottom:.6rem}"
    "details{font-size:.88em;color:#444}summary{cursor:pointer;color:#57606a}.back{text-decoration:none;font-size:.8em}"
    "@media print{details{display:none}body{margin:0;max-width:none}}"
)
_PAGE = (
    '<!doctype html><html lang="{language}" dir="{direction}">'
    '<head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
    "<title>{title}</title><style>{style}</style></head><body>{banner}<main><h1>{title}</h1>{note}{body}</main></body></html>\n"
)
