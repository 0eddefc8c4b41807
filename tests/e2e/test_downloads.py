"""The report saved from the page as a file, in every format: it opens, says the same, and says when it is
outdated."""

import html
import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import docx
import pypdfium2
import pytest
from playwright.sync_api import Page, expect

from e2e.conftest import TEXTS, TOPIC
from e2e.site import Site

Open = Callable[..., Page]
FORMATS = {"Markdown": "md", "Web page": "html", "PDF": "pdf", "Word": "docx", "JSON": "json"}
REFERENCES = {"BibTeX": "bib", "RIS": "ris", "CSL-JSON": "json"}
"""What programs for references read: no report, and so no word of how it stands."""
CLAIM = "The bridge over the bay cost nine million euros"


@pytest.fixture(scope="module")
def current(site: Site) -> str:
    return site.finished(TOPIC, TEXTS)[1]


@pytest.fixture(scope="module")
def outdated(site: Site) -> str:
    """A session whose step 2 was rerun alone."""
    session = site.finished(TOPIC, TEXTS)[1]
    site.rerun_alone(session, {2: "Only what the county says."})
    return session


def saved(page: Page, folder: Path) -> Iterator[tuple[str, bytes]]:
    """Every format that the dialog offers, as the browser saves it."""
    page.get_by_role("button", name="Download").click()
    dialog = page.get_by_role("dialog", name="Download the report")
    expect(dialog.get_by_role("listitem")).to_have_count(len(FORMATS) + len(REFERENCES))
    for name, suffix in FORMATS.items():
        with page.expect_download() as started:
            dialog.get_by_role("button", name=re.compile(f"^{name}")).click()
        file = folder / started.value.suggested_filename
        assert file.suffix == f".{suffix}"
        started.value.save_as(file)
        yield suffix, file.read_bytes()


def test_references_are_saved_for_programs_that_keep_them(
    open_page: Open, current: str, tmp_path: Path
) -> None:
    page = open_page(f"/app/sessions/{current}/report")
    page.get_by_role("button", name="Download").click()
    dialog = page.get_by_role("dialog", name="Download the report")
    for name in REFERENCES:
        with page.expect_download() as started:
            dialog.get_by_role("button", name=re.compile(f"^{name}")).click()
        file = tmp_path / started.value.suggested_filename
        started.value.save_as(file)
        told = file.read_text()
        assert all(title in told for title in TEXTS), name


def text_of(suffix: str, content: bytes) -> str:
    """What a reader of the file sees, from its top."""
    match suffix:
        case "pdf":
            opened = pypdfium2.PdfDocument(content)
            told = " ".join(page.get_textpage().get_text_bounded() for page in opened)
            opened.close()
        case "docx":
            told = "\n".join(paragraph.text for paragraph in docx.Document(io.BytesIO(content)).paragraphs)
        case "html":
            body = content.decode().partition("<body>")[2]
            told = html.unescape(re.sub(r"<[^>]+>", " ", body))
        case "json":
            document = json.loads(content)
            told = " ".join([document["notice"] or "", document["title"], document["markdown"]])
        case _:
            told = content.decode()
    return re.sub(r"\s+", " ", told).strip()


def test_every_format_is_saved_and_says_what_the_page_says(
    open_page: Open, current: str, tmp_path: Path
) -> None:
    page = open_page(f"/app/sessions/{current}/report")
    expect(page.get_by_role("article")).to_contain_text(CLAIM)
    titles = page.locator("article section > h3").all_inner_texts()
    for suffix, content in saved(page, tmp_path):
        told = text_of(suffix, content)
        assert CLAIM in told, suffix
        assert all(title in told for title in titles), suffix
        assert all(name in told for name in TEXTS), suffix
        assert "outdated" not in told.lower(), suffix
        assert "script" not in told.lower(), suffix


def test_every_format_of_an_outdated_report_says_so_before_anything_else(
    open_page: Open, outdated: str, tmp_path: Path
) -> None:
    page = open_page(f"/app/sessions/{outdated}/report")
    expect(page.get_by_role("region", name="Outdated report")).to_be_visible()
    for suffix, content in saved(page, tmp_path):
        told = text_of(suffix, content)
        assert re.match(r"(> \*\*)?Outdated[.:]", told), f"{suffix}: {told[:100]}"
        assert told.index("Outdated") < told.index(TOPIC), suffix
        if suffix != "json":
            assert "Step 2 has changed (20" in told[: told.index(TOPIC)], suffix
        else:
            assert json.loads(content)["causes"][0]["node"] == "phase3/2"
