"""A report in every format: what it says, what leads where, what is outdated, and what no source can do to
it."""

import io
import json
import re
import zipfile

import docx
import pypdfium2
import pytest

from reprise_contracts.artifacts import Bar, BarGroup, Chart, Citation, Phase4, Reference, Section
from reprise_contracts.sources import Work
from reprise_research.documents import FORMATS, FormatUnavailable, Outdated, document
from reprise_research.documents.fonts import missing
from reprise_research.documents.model import Cite, Drawing, Prose, read

QUOTE = "Traffic noise fell by 1.2 decibels on average at the agency's stations."


def made(markdown: str = "", **changes: object) -> Phase4:
    """A report of one section with a chart, a table, Chinese text and two references."""
    body = (
        f"{QUOTE} [1][2] A source wrote \\[1\\] itself.\n\n| Subject | Figure |\n| --- | --- |\n| 噪声 | "
        "平均下降 [2] |"
    )
    chart = Chart(
        title="Where they differ",
        comparisons=(
            BarGroup(
                subject="Noise",
                bars=(
                    Bar(value=2.1, text="2.1 decibels", references=(2,)),
                    Bar(value=1.2, text="1.2 decibels", references=(1,)),
                ),
            ),
        ),
    )
    citation = Citation(source_id="s1", text_sha256="0" * 64, quote=QUOTE, start=0, end=len(QUOTE))
    report = Phase4(
        title="What changed?",
        markdown=markdown
        or f"# What changed?\n\n> Extractive report.\n\n## Noise\n\n{body}\n\n## References\n\n1. "
        "Agency.\n2. City.\n",
        sections=(Section(section_id="step-1", title="Noise", markdown=body, charts=(chart,)),),
        references=(
            Reference(
                number=1,
                source_id="s1",
                title="Agency",
                url="https://example.org/a?b=1",
                author="A. Author",
                citations=(citation,),
            ),
            Reference(number=2, source_id="s2", title="城市报告"),
        ),
    )
    return report.model_copy(update=changes)


def text_of(pdf: bytes) -> str:
    opened = pypdfium2.PdfDocument(pdf)
    told = "\n".join(page.get_textpage().get_text_bounded() for page in opened)
    opened.close()
    return told


def test_a_page_is_read_with_its_citations_its_chart_and_without_its_list_of_references() -> None:
    """`[1]` of the report is a citation, `\\[1\\]` of a source is text; the chart stands at its section's
    end."""
    page = read(made())
    first = page.blocks[1]
    assert isinstance(first, Prose)
    assert [part for part in first.line if isinstance(part, Cite)] == [Cite(1, 1), Cite(2, 1)]
    assert any("[1]" in part.text for part in first.line if not isinstance(part, Cite))
    assert isinstance(page.blocks[-1], Drawing)
    assert (page.references_title, page.cited) == ("References", {1: 1, 2: 2})


@pytest.mark.parametrize("name", FORMATS)
def test_equal_reports_give_equal_bytes(name: str) -> None:
    """A document can be compared by its hash."""
    assert document(made(), name) == document(made(), name)


REFERENCES = {"bib", "ris", "csl"}


def test_references_can_be_taken_into_other_programs() -> None:
    """Title, authors one by one, venue, day, DOI and address, as far as they are known; nothing else."""
    work = Work(doi="10.1234/a_b", authors=("Ann Lee", "Bo Ek"), venue="Noise & Health", year=2024)
    first, second = made().references
    report = made().model_copy(
        update={
            "references": (
                first.model_copy(update={"work": work, "published": "2024-05-01", "title": "100% {noise}"}),
                second.model_copy(update={"author": "Lee, Ann", "published": None, "url": None}),
            )
        }
    )
    bib = document(report, "bib").content.decode()
    assert "@article{ref1," in bib and "@misc{ref2," in bib
    assert r"title = {100\% \{noise\}}," in bib and r"journal = {Noise \& Health}," in bib
    assert "author = {Ann Lee and Bo Ek}," in bib and "author = {{Lee, Ann}}," in bib
    assert "doi = {10.1234/a_b}," in bib and "year = {2024}," in bib
    ris = document(report, "ris").content.decode().split("\r\n")
    assert ris[:3] == ["TY  - JOUR", "ID  - ref1", "TI  - 100% {noise}"] and ris.count("ER  - ") == 2
    assert {"AU  - Ann Lee", "AU  - Bo Ek", "DA  - 2024/05/01", "DO  - 10.1234/a_b"} <= set(ris)
    items = json.loads(document(report, "csl").content)
    assert items[0]["issued"] == {"date-parts": [[2024, 5, 1]]} and items[0]["container-title"] == work.venue
    assert items[1] == {
        "id": "ref2",
        "type": "document",
        "title": second.title,
        "author": [{"literal": "Lee, Ann"}],
    }


@pytest.mark.parametrize("name", [name for name in FORMATS if name not in REFERENCES])
def test_an_outdated_report_says_so_at_its_top(name: str) -> None:
    """In every format, with the reason; a current one does not."""
    for outdated in (Outdated(("Step 2 has changed.",)), None):
        content = document(made(), name, outdated).content
        if name == "pdf":
            text = text_of(content)
        elif name == "docx":
            text = "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs)
        else:
            text = content.decode()
        told = text[: text.index("What changed?")] if name != "json" else text
        if name == "html":
            told = text[text.index("<body>") : text.index("<h1>")]
        assert ("Step 2 has changed." in told) is ("outdated" in told.lower()) is (outdated is not None)


def test_html_links_citations_and_references_both_ways() -> None:
    """Every link within the page has its place, and a passage leads to its place in the live page."""
    page = document(made(), "html").content.decode()
    targets = set(re.findall(r'id="([^"]+)"', page))
    assert {"ref-1", "ref-2", "cite-1-1", "cite-2-1", "cite-2-2"} <= targets
    assert set(re.findall(r'href="#([^"]+)"', page)) <= targets
    assert "https://example.org/a?b=1#:~:text=Traffic%20noise" in page
    assert page.count("<rect ") == 2 and "A source wrote [1] itself." in page


def test_docx_links_citations_and_references_both_ways() -> None:
    """Every bookmark that a link names is there; the title is a title, the section a heading, the table a
    table."""
    content = document(made(), "docx").content
    xml = zipfile.ZipFile(io.BytesIO(content)).read("word/document.xml").decode()
    bookmarks = set(re.findall(r'w:bookmarkStart [^>]*w:name="([^"]+)"', xml))
    assert {"ref-1", "ref-2", "cite-1-1", "cite-2-2"} <= bookmarks
    assert set(re.findall(r'w:anchor="([^"]+)"', xml)) <= bookmarks
    opened = docx.Document(io.BytesIO(content))
    styles = {
        paragraph.text: paragraph.style.name for paragraph in opened.paragraphs if paragraph.style is not None
    }
    assert (styles["What changed?"], styles["Noise"]) == ("Title", "Heading 1")
    assert opened.tables[0].cell(1, 0).text == "噪声" and len(opened.inline_shapes) == 1


def test_pdf_shows_chinese_and_its_links_stay_within_the_document() -> None:
    """The characters are there to read, not boxes, and citations are links."""
    content = document(made(), "pdf").content
    text = text_of(content)
    assert "平均下降" in text.replace(" ", "") and "2.1 decibels" in text and "cannot be shown" not in text
    opened = pypdfium2.PdfDocument(content)
    assert opened.get_metadata_dict()["Title"] == "What changed?"
    opened.close()
    assert content.count(b"/Link") >= 6


def test_pdf_says_which_characters_no_font_has() -> None:
    """A character of a private area has no glyph anywhere: the document names it instead of passing over
    it."""
    assert missing("Noise Ελλάδα Москва 噪声 \U000f1234") == "\U000f1234"
    report = made(markdown="# What changed?\n\n## Noise\n\nA \U000f1234 sign.\n")
    assert "U+F1234" in text_of(document(report, "pdf").content)


HOSTILE = (
    '#eval("1") $x$ \\" `raw` <script>alert(1)</script> *b* @ref https://evil.example #import "x.typ" '
    "\u202e &lt; \\(a\\)"
)


@pytest.mark.parametrize("name", ["html", "pdf", "docx"])
def test_a_title_or_a_name_can_do_nothing(name: str) -> None:
    """What looks like markup of any of the formats is shown or left out, never obeyed."""
    plain = "# T\n\n## Noise\n\nText. [1]\n"
    first = Reference(
        number=1, source_id="s1", title=HOSTILE, url='https://example.org/"onmouseover="x', author=HOSTILE
    )
    content = document(made(markdown=plain, title=HOSTILE, references=(first,)), name).content
    if name == "html":
        text = content.decode()
        assert "<script" not in text and 'onmouseover="' not in text and "&lt;script&gt;" in text
    elif name == "pdf":
        assert '#eval("1")' in text_of(content)
    else:
        assert any(
            '#eval("1")' in paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs
        )


def test_an_address_that_is_none_of_the_web_is_no_link() -> None:
    """Markdown of another engine may hold any address; only http and https become links."""
    report = made(
        markdown="# T\n\n## Noise\n\n[a](javascript:alert(1)) [b](file:///etc/passwd) "
        "[c](https://example.org)\n",
        references=(),
    )
    page = document(report, "html").content.decode()
    assert (
        'href="javascript:' not in page and 'href="file:' not in page and 'href="https://example.org"' in page
    )


def test_an_unknown_format_names_the_known_ones() -> None:
    """The problem says what to ask for."""
    with pytest.raises(FormatUnavailable) as refused:
        document(made(), "exe")
    assert "pdf" in str(refused.value.problem.action)
