"""A hostile source cannot write anything into a report but its words."""

import html

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from reprise_contracts.artifacts import Citation, PreparedSource
from reprise_research.drafts import Bullets, Paragraph, ReportDraft, SectionDraft, Span, Table
from reprise_research.phases.rendering import render, without_numbers
from reprise_research.text.markup import escaped, link

HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[click](javascript:alert(1))",
    "![x](https://evil.example/track.png)",
    "# A heading | a cell",
    "1. not a list",
    "- not a list",
    "> not a quote",
    "```code```",
    "**bold** _italic_ ~~gone~~",
    "&lt;script&gt; &#60;b&#62;",
    "[1]: https://evil.example",
    "[7] as if cited",
    "https://evil.example/ and www.evil.example",
    "<https://evil.example>",
    "line one\n\n## line two",
    "\u202eright to left\u200b",
    "trailing backslash \\",
]


def rendered(markdown: str) -> str:
    return MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(markdown)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text: str) -> None:
    """Nothing of a source becomes a tag, a link, an image, a heading, a list or an entity."""
    page = rendered(escaped(text))
    assert page.startswith("<p>")
    assert page.count("<") == 2
    shown = html.unescape(page.strip().removeprefix("<p>").removesuffix("</p>"))
    assert shown.split() == text.replace("\u202e", "").replace("\u200b", "").split()


@given(st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1, max_size=200))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    """Whatever the text: one paragraph without any markup, which reads as the text."""
    markdown = escaped(text)
    if not markdown.strip():
        return
    page = rendered("x " + markdown)
    assert page.count("<") == 2


def test_links_lead_only_to_the_web() -> None:
    """An address of another kind is no link, and none can break out of its brackets."""
    assert "](" not in link("title", "javascript:alert(1)")
    page = rendered(link("a]b<i>", "https://example.org/a_(b)?x=1|2"))
    assert page.count("<a ") == 1
    assert "<i>" not in page


def test_an_address_that_is_shown_as_a_link_is_shown_as_it_is() -> None:
    """Whoever reads the Markdown itself reads an address without marks in it, alone, in a title or as a
    link's text."""
    assert (
        escaped("X Desktop Group (http://www.freedesktop.org)")
        == "X Desktop Group (http://www.freedesktop.org)"
    )
    markdown, _, _, _ = render(
        draft(Span("http://127.0.0.1:8/a_b:", url="http://127.0.0.1:8/a_b", strong=True)), SOURCES
    )
    assert "**[http://127.0.0.1:8/a\\_b:](<http://127.0.0.1:8/a_b>)**" in markdown and "\\:" not in markdown
    assert rendered(markdown).count("<a ") == 4


def cited(source_id: str, quote: str, start: int = 0) -> Citation:
    return Citation(
        source_id=source_id, text_sha256="0" * 64, quote=quote, start=start, end=start + len(quote)
    )


SOURCES = (
    PreparedSource(source_id="a", title="A <b>", url="https://a.example/", author="An|na"),
    PreparedSource(source_id="b", title="B"),
)


def draft(*spans: Span) -> ReportDraft:
    blocks = (Paragraph(spans), Bullets((spans,)), Table(("x|y", "z"), ((spans, spans),)))
    return ReportDraft("T # <b>", (SectionDraft("s1", "First <i>", blocks),))


def test_references_are_numbered_in_order_of_appearance() -> None:
    """The first source cited is number 1; only sources that are cited are listed; each keeps its passages."""
    markdown, _, references, unsupported = render(
        draft(
            Span("Two.", (cited("b", "Two."),), claim=True), Span("One.", (cited("a", "One."),), claim=True)
        ),
        SOURCES,
    )
    assert "Two. [1] One. [2]" in markdown
    assert [(r.number, r.source_id) for r in references] == [(1, "b"), (2, "a")]
    assert [c.quote for c in references[0].citations] == ["Two."]
    assert unsupported == ()
    page = rendered(markdown)
    assert "<i>" not in page
    assert "<b>" not in page
    assert page.count("<table>") == 1
    assert page.count("<th>") == 2


def test_claims_without_a_known_source_are_named() -> None:
    """A claim that cites nothing, or a source that was not read, is listed as unsupported and gets no
    number."""
    markdown, _, references, unsupported = render(
        draft(
            Span("Invented.", claim=True),
            Span("From nowhere.", (cited("nowhere", "From nowhere."),), claim=True),
            Span("A frame."),
        ),
        SOURCES,
    )
    assert unsupported == ("Invented.", "From nowhere.")
    assert references == ()
    assert "[1]" not in markdown


def test_a_source_cannot_forge_a_reference() -> None:
    """A number in brackets that stands in a source is shown escaped, and is not taken for a reference of
    ours."""
    markdown, sections, _, _ = render(
        draft(Span("It says [2] here.", (cited("a", "x"),), claim=True)), SOURCES
    )
    assert r"It says \[2\] here. [1]" in markdown
    assert without_numbers(sections[0].markdown, {1: "a", 2: "b"}).count("[a]") == 4
    assert "[b]" not in without_numbers(sections[0].markdown, {1: "a", 2: "b"})
