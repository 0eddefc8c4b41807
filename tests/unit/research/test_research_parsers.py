"""The parser processes: what they extract, and that nothing a document does reaches further than its own
process."""

import os
import signal
import zlib

import pytest

from reprise_research.sources.extract import extract
from reprise_research.sources.failures import SourceFailed
from reprise_research.sources.parser_pool import ParserPool
from unit.research.research_builders import SAMPLES

ARTICLE = (
    b"<html><head><title>A page</title></head><body><nav><a href='/'>Home</a></nav><article><h1>A "
    b"page</h1>%s</article></body></html>"
)
PARAGRAPH = b"".join(
    b"<p>In year %d the number of people who ride bicycles rose again, as the counts at twelve corners "
    b"show.</p>" % n
    for n in range(6)
)


def pdf(content: bytes) -> bytes:
    """A PDF of one page with that compressed content stream."""
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << >> >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(content), content),
    ]
    body, offsets = b"%PDF-1.4\n", []
    for number, one in enumerate(objects, start=1):
        offsets.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, one)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return (
        body
        + b"xref\n0 5\n0000000000 65535 f \n%strailer\n<< /Size 5 /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n"
        % (table, len(body))
    )


def bomb(megabytes: int) -> bytes:
    """That many megabytes of nothing, compressed."""
    packer = zlib.compressobj(1)
    return b"".join(packer.compress(b" " * (1 << 20)) for _ in range(megabytes)) + packer.flush()


async def test_html_and_pdf_are_read_with_what_they_say_of_themselves() -> None:
    """A page gives its main text, title, author and date; a PDF its paragraphs without the line breaks; menus
    are left out."""
    async with ParserPool(size=1) as pool:
        page = await extract(
            (SAMPLES / "web/city/one-year-of-30.html").read_bytes(), pool, content_type="text/html"
        )
        assert page.method == "trafilatura"
        assert page.title == "One year of 30: the city's evaluation"
        assert page.author == "Department of Mobility, City of Havenbrook"
        assert page.published == "2025-09-18"
        assert page.language == "en"
        assert "Services" not in page.text
        assert "The council had set aside 1.6 million euros." in page.text
        paper = await extract((SAMPLES / "files/university-assessment.pdf").read_bytes(), pool)
        assert paper.method == "pypdfium2"
        assert paper.author == "Institute of Transport Studies, University of Havenbrook"
        assert (
            "reduced the number of people injured on the streets of Havenbrook by 11 percent." in paper.text
        )
        with pytest.raises(SourceFailed) as caught:
            await extract((SAMPLES / "files/police-data.pdf").read_bytes(), pool)
        assert caught.value.reason == "malformed"


async def test_a_page_that_is_no_article_is_read_block_by_block() -> None:
    """Where no main text is found, blocks that are not mostly links are taken."""
    hours = b"<div>Opening hours of the town hall are nine to five on weekdays.</div>"
    page = b"<html><head><title>T</title></head><body>" + hours + b"<ul>%s</ul></body></html>"
    async with ParserPool(size=1) as pool:
        found = await extract(page % (b"<li><a href='/x'>Menu</a></li>" * 20), pool, content_type="text/html")
    assert "nine to five" in found.text
    assert "Menu" not in found.text


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"<html><body></body></html>", "empty"),
        (
            ARTICLE
            % b"<p>Just a moment... Checking your browser before you go on to the page that you asked "
            b"for.</p>",
            "challenge",
        ),
        (
            ARTICLE
            % b"<p>Subscribe to continue reading this article about the harbour, please, it is only for "
            b"members.</p>",
            "paywall",
        ),
    ],
)
async def test_pages_that_are_no_documents(body: bytes, reason: str) -> None:
    """An empty page, a robot check and a paywall are named as such, and are not taken for evidence."""
    async with ParserPool(size=1) as pool:
        with pytest.raises(SourceFailed) as caught:
            await extract(body, pool, content_type="text/html")
    assert caught.value.reason == reason


async def test_a_bomb_takes_only_its_own_process_with_it() -> None:
    """A PDF that unpacks to a gigabyte fails as `resources`; the next document is read as if nothing had
    been."""
    async with ParserPool(size=1, memory=500_000_000) as pool:
        with pytest.raises(SourceFailed) as caught:
            await pool.parse("pdf", pdf(bomb(700)))
        assert caught.value.reason == "resources"
        assert (await pool.parse("html", ARTICLE % PARAGRAPH)).method == "trafilatura"


async def test_a_parser_that_hangs_is_ended() -> None:
    """What takes too long fails as `timeout`, its process is gone, and another takes its place."""
    async with ParserPool(size=1, seconds=10) as pool:
        await pool.parse("html", ARTICLE % PARAGRAPH)
        (before,) = pool.processes
        os.kill(before, signal.SIGSTOP)
        pool.seconds = 0.2
        with pytest.raises(SourceFailed) as caught:
            await pool.parse("html", ARTICLE % PARAGRAPH)
        assert caught.value.reason == "timeout"
        with pytest.raises(ProcessLookupError):
            os.kill(before, 0)
        pool.seconds = 20
        assert (await pool.parse("html", ARTICLE % PARAGRAPH)).method == "trafilatura"


async def test_a_parser_that_is_killed_is_replaced() -> None:
    """A process that dies between two documents costs nobody anything."""
    async with ParserPool(size=1) as pool:
        await pool.parse("html", ARTICLE % PARAGRAPH)
        (before,) = pool.processes
        os.kill(before, signal.SIGKILL)
        outcomes = []
        for _ in range(2):
            try:
                outcomes.append((await pool.parse("html", ARTICLE % PARAGRAPH)).method)
            except SourceFailed as failed:
                outcomes.append(failed.reason)
        assert outcomes[-1] == "trafilatura"
        assert set(outcomes) <= {"trafilatura", "resources"}


async def test_a_warm_pool_is_used_again() -> None:
    """A hundred pages are read by the same few processes."""
    async with ParserPool(size=1) as pool:
        await pool.parse("html", ARTICLE % PARAGRAPH)
        first = pool.processes
        for _ in range(99):
            await pool.parse("html", ARTICLE % PARAGRAPH)
        assert pool.processes == first


async def test_hostile_html_is_only_text() -> None:
    """Deep nesting, broken tables and scripts neither crash the parser nor end up in the text."""
    async with ParserPool(size=1) as pool:
        deep = await pool.parse("html", b"<div>" * 100_000 + b"deep")
        assert isinstance(deep.text, str)
        page = ARTICLE % (
            PARAGRAPH
            + b"<script>steal()</script><p onclick='steal()'>An innocent line of text stands here.</p><!-- "
            b"hidden -->"
        )
        found = await pool.parse("html", page)
        assert "steal" not in found.text
        assert "hidden" not in found.text
