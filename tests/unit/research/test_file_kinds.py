"""Files of every kind: what each reader makes of one, how kinds are told apart, and that hostile ones cost
nothing but themselves."""

import gzip
import io
import json
import tarfile
import zipfile
from email.message import EmailMessage
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise_cli.client.sources import SUFFIXES as TAKEN
from reprise_cli.client.sources import in_folder
from reprise_research.sources.extract import Extracted, extract
from reprise_research.sources.failures import SourceFailed
from reprise_research.sources.formats.captions import read_captions
from reprise_research.sources.formats.packed import MOST_FILES
from reprise_research.sources.formats.reading import read_document
from reprise_research.sources.kinds import SUFFIXES, kind_of
from reprise_research.sources.parser_pool import ParserPool
from reprise_research.sources.unreadable import Unreadable
from reprise_research.text.prose import prose

CLOSED = "The Mill Bridge was closed to lorries in April 2021 after an inspection of its steel."
COST = "Repairs of the bridge cost 640,000 euros and lasted nine months."


async def text_of(data: bytes, name: str) -> Extracted:
    async with ParserPool(size=1) as parsers:
        return await extract(data, parsers, name=name)


def zipped(files: dict[str, bytes | str], *, first: str = "") -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as packed:
        if first:
            packed.writestr("mimetype", first)
        for name, data in files.items():
            packed.writestr(name, data)
    return target.getvalue()


def tarred(files: dict[str, bytes], link: str = "") -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as packed:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            packed.addfile(info, io.BytesIO(data))
        if link:
            info = tarfile.TarInfo("link.txt")
            info.type, info.linkname = tarfile.SYMTYPE, link
            packed.addfile(info)
    return target.getvalue()


def letter(
    attachment: bytes | None = None,
    name: str = "notes.md",
    text: str = CLOSED,
    subject: str = "The Mill Bridge",
) -> bytes:
    message = EmailMessage()
    message["From"] = "Ann Lee <ann@example.org>"
    message["Subject"] = subject
    message["Date"] = "Mon, 5 Apr 2021 10:00:00 +0000"
    message.set_content(
        f"Dear all,\n\n{text}\n\nOn Monday, Bob wrote:\n> Is the bridge open?\n\n-- \nAnn Lee, engineer"
    )
    if attachment is not None:
        message.add_attachment(attachment, maintype="application", subtype="octet-stream", filename=name)
    return message.as_bytes()


EPUB = zipped(
    {
        "META-INF/container.xml": '<container xmlns="urn:c"><rootfiles><rootfile '
        'full-path="OEBPS/book.opf"/></rootfiles></container>',
        "OEBPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><metadata>'
        "<dc:title>On bridges</dc:title><dc:creator>Ann "
        "Lee</dc:creator><dc:date>2021-05-01</dc:date></metadata><manifest>"
        '<item id="b" href="two.xhtml"/><item id="a" href="text/one.xhtml"/></manifest>'
        '<spine><itemref idref="a"/><itemref idref="b"/></spine>'
        "</package>",
        "OEBPS/two.xhtml": f"<html><body><h1>Two</h1><p>{COST}</p></body></html>",
        "OEBPS/text/one.xhtml": f"<html><body><h1>One</h1><p>{CLOSED}</p></body></html>",
    },
    first="application/epub+zip",
)
ODT = zipped(
    {
        "content.xml": '<office:body xmlns:office="o" xmlns:text="t" '
        'xmlns:table="b"><text:h>Bridge</text:h><text:p>'
        f"{CLOSED}<text:note><text:p>A note.</text:p></text:note></text:p>"
        "<table:table><table:table-row><table:table-cell><text:p>Year</text:p>"
        "</table:table-cell><table:table-cell><text:p>Cost</text:p></table:table-cell></table:table-row><table:table-row><table:table-cell>"
        "<text:p>2021</text:p></table:table-cell><table:table-cell><text:p>640,000</text:p></table:table-cell></table:table-row><table:table-row>"
        "<table:table-cell><text:p>2022</text:p></table:table-cell><table:table-cell><text:p>15,000</text:p></table:table-cell></table:table-row>"
        "</table:table></office:body>",
        "meta.xml": '<m xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>On '
        "bridges</dc:title><dc:creator>Ann Lee</dc:creator></m>",
    },
    first="application/vnd.oasis.opendocument.text",
)
VIDEO = json.dumps(
    {
        "video_id": "x1",
        "url": "https://example.org/x1",
        "metadata": {"title": "Bridges explained", "author": "Ann Lee", "upload_date": "20210501"},
        "transcript": "so the mill bridge was closed to lorries in april because they found cracks in it and "
        * 6,
        "comments": [
            {
                "author": "Bob",
                "text": "I think it was closed far too late.",
                "replies": [{"author": "Eve", "text": "So do I, really."}],
            }
        ],
    }
)
FILES: dict[str, tuple[bytes, list[str]]] = {
    "talk.srt": (
        b"1\n00:00:01,000 --> 00:00:04,000\nThe Mill Bridge was\n\n2\n00:00:04,000 --> "
        b"00:00:08,000\n<i>closed to lorries.</i>\n",
        ["[0:01] The Mill Bridge was closed to lorries."],
    ),
    "talk.vtt": (
        b"WEBVTT\n\nNOTE x\n\n1:00:01.000 --> 1:00:04.000\n<v Ann>The bridge is closed.\n\n1:00:04.000 --> "
        b"1:00:08.000\n<v Bob>Is it?\n",
        ["[1:00:01] Ann: The bridge is closed.", "[1:00:04] Bob: Is it?"],
    ),
    "talk.json3": (
        json.dumps(
            {
                "events": [
                    {
                        "tStartMs": 1000,
                        "dDurationMs": 3000,
                        "segs": [
                            {"utf8": "the bridge"},
                            {"utf8": " is", "tOffsetMs": 500},
                            {"utf8": " closed", "tOffsetMs": 900},
                        ],
                    },
                    {"tStartMs": 4000, "segs": [{"utf8": "\n"}]},
                ]
            }
        ).encode(),
        ["[0:01] the bridge is closed"],
    ),
    "nb.ipynb": (
        json.dumps(
            {
                "nbformat": 4,
                "cells": [
                    {"cell_type": "markdown", "source": ["# Bridge\n", CLOSED]},
                    {"cell_type": "code", "source": ["secret = 1"]},
                ],
            }
        ).encode(),
        ["Bridge", "", CLOSED],
    ),
    "doc.rst": (
        (
            f"Bridge\n======\n\n{CLOSED} See `the map`_.\n\n.. _the map: https://e.org\n.. include:: "
            "/etc/passwd\n\n* *one* item\n* other\n"
        ).encode(),
        ["Bridge", "", f"{CLOSED} See the map.", "", "one item", "other"],
    ),
    "doc.tex": (
        rb"\documentclass{article}\title{On \emph{bridges}}\author{Ann "
        rb"Lee}\begin{document}\section{Bridge}The bridge is % now" + b"\n"
        rb"\textbf{closed}~\cite{x} to $10^6$ cars.\end{document}",
        ["Bridge", "", "The bridge is closed to $10^6$ cars."],
    ),
    "doc.org": (
        b"#+TITLE: Bridges\n* TODO Bridge :tag:\n:PROPERTIES:\n:ID: 1\n:END:\nIt is *closed* since "
        b"[[https://e.org][April]].\n",
        ["Bridge", "", "It is closed since April."],
    ),
    "doc.adoc": (
        b"= Bridges\n:author: Ann Lee\n\n== Bridge\n\nNOTE: It is *closed* since "
        b"https://e.org[April].\n\n----\ncode\n----\n",
        ["Bridges", "", "Bridge", "", "It is closed since April."],
    ),
    "doc.rtf": (
        rb"{\rtf1\ansi{\info{\title Bridges}{\author Ann Lee}}The bridge is \b closed\b0  to l\'f6rries.\par "
        rb"It is old.\par}",
        ["The bridge is closed to lörries.", "", "It is old."],
    ),
    "data.csv": (
        b"year;cost\n2021;640000\n2022;15000\n",
        ["year: 2021; cost: 640000.", "year: 2022; cost: 15000."],
    ),
    "data.tsv": (b"year\tcost\n2021\t640000\n", ["year: 2021; cost: 640000."]),
    "rows.json": (
        b'[{"year": 2021, "cost": 640000}, {"year": 2022, "cost": null}]',
        ["year: 2021; cost: 640000.", "year: 2022."],
    ),
    "d.json": (
        json.dumps({"title": "Bridge", "text": f"<p>{CLOSED}</p><p>{COST}</p>"}).encode(),
        [CLOSED, "", COST],
    ),
    "doc.xml": (
        (
            "<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>"
            f"<article><title>Bridge</title><para>{CLOSED} <b>It</b> is &x;old.</para></article>"
        ).encode(),
        ["Bridge", "", f"{CLOSED} It is old."],
    ),
    "mail.eml": (letter(), ["Dear all,", "", CLOSED]),
    "page.mhtml": (
        (
            "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n"
            f"Content-Type: text/html\r\n\r\n<p>{CLOSED}</p>\r\n--x--"
        ).encode(),
        [CLOSED],
    ),
    "book.epub": (EPUB, ["One", "", CLOSED, "", "Two", "", COST]),
    "doc.odt": (ODT, ["Bridge", "", CLOSED, "", "Year: 2021; Cost: 640,000.", "Year: 2022; Cost: 15,000."]),
    "note.txt.gz": (gzip.compress(CLOSED.encode()), [CLOSED]),
}


@pytest.mark.parametrize("name", FILES)
async def test_a_file_is_read_as_what_it_is(name: str) -> None:
    """Its words, in order, without its markup, its code and what it would fetch."""
    data, expected = FILES[name]
    found = await text_of(data, name)
    assert found.text.split("\n") == expected
    assert "root:" not in found.text and "secret" not in found.text


MBOX = b"".join(
    b"From ann Mon Apr  5 10:00:00 2021\n" + one + b"\n"
    for one in (letter(), letter(text=COST, subject="Re: The Mill Bridge"))
)
HOLDING: dict[str, tuple[bytes, dict[str, str], str | None]] = {
    "d.jsonl": (
        f'{{"title": "One", "url": "https://example.org/1", "content": "{CLOSED}"}}\n'
        f'{{"title": "Two", "id": 7, "content": "{COST}"}}\n'.encode(),
        {"https://example.org/1": CLOSED, "7": COST},
        None,
    ),
    "feed.xml": (
        "<?xml version='1.0'?><rss><channel><title>News</title><item><title>Closed</title>"
        "<link>https://example.org/closed</link><pubDate>Mon, 05 Apr 2021 10:00:00 GMT</pubDate>"
        f"<description>&lt;p&gt;{CLOSED}&lt;/p&gt;</description></item><item><title>{COST}</title></item>"
        "</channel></rss>".encode(),
        {"https://example.org/closed": CLOSED, COST: COST},
        "It is a feed of 2 entries.",
    ),
    "feed.atom": (
        "<feed xmlns='http://www.w3.org/2005/Atom'><title>News</title><entry><title>Closed</title>"
        "<link rel='self' href='https://example.org/self'/><link href='https://example.org/closed'/>"
        "<author><name>Ann Lee</name></author><updated>2021-04-05T10:00:00Z</updated>"
        f"<content type='text'>{CLOSED}</content></entry></feed>".encode(),
        {"https://example.org/closed": CLOSED},
        "It is a feed of 1 entry.",
    ),
    "mail.eml": (
        letter(f"# Notes\n\n{COST}".encode()),
        {"The Mill Bridge.eml": f"Dear all,\n\n{CLOSED}", "notes.md": f"Notes\n\n{COST}"},
        None,
    ),
    "box.mbox": (
        MBOX,
        {
            "The Mill Bridge.eml": f"Dear all,\n\n{CLOSED}",
            "Re: The Mill Bridge.eml": f"Dear all,\n\n{COST}",
        },
        "It holds 2 messages.",
    ),
    "docs.zip": (
        zipped({"b.md": f"# Two\n\n{COST}", "a.txt": CLOSED, "c.png": b"\x89PNG", "../../up.txt": COST}),
        {"up.txt": COST, "a.txt": CLOSED, "b.md": f"Two\n\n{COST}"},
        "Not read of it: c.png.",
    ),
    "docs.tar": (
        tarred({"b.txt": COST.encode(), "a.txt": CLOSED.encode()}, link="/etc/passwd"),
        {"a.txt": CLOSED, "b.txt": COST},
        None,
    ),
    "docs.tgz": (gzip.compress(tarred({"a.txt": CLOSED.encode()})), {"a.txt": CLOSED}, None),
}


@pytest.mark.parametrize("name", HOLDING)
async def test_what_a_file_holds_are_documents_of_their_own(name: str) -> None:
    """Entries, messages, attachments, records and files: each with its own name, and read as what it is."""
    data, expected, note = HOLDING[name]
    async with ParserPool(size=1) as parsers:
        found = await extract(data, parsers, name=name)
        read = [
            await extract(one.data, parsers, content_type=one.content_type, name=one.name.split("/")[-1])
            for one in found.parts
        ]
    assert {part.name: inner.text for part, inner in zip(found.parts, read, strict=True)} == expected
    assert found.note == note


async def test_an_entry_of_a_feed_says_where_it_is_from() -> None:
    """Title, author, day and address: it is a source like a page."""
    async with ParserPool(size=1) as parsers:
        feed = await extract(HOLDING["feed.atom"][0], parsers, name="feed.atom")
        entry = await extract(feed.parts[0].data, parsers, content_type="application/json")
    assert (entry.title, entry.author, entry.published, entry.url) == (
        "Closed",
        "Ann Lee",
        "2021-04-05",
        "https://example.org/closed",
    )


async def test_a_file_says_who_wrote_it_and_when() -> None:
    """Title, author and date, from where each kind keeps them."""
    assert [
        (found.title, found.author, found.published)
        for found in [await text_of(FILES[name][0], name) for name in ("book.epub", "mail.eml")]
    ] == [("On bridges", "Ann Lee", "2021-05-01"), ("The Mill Bridge", "Ann Lee", "2021-04-05")]
    assert [
        (found.title, found.author)
        for found in [
            await text_of(FILES[name][0], name) for name in ("doc.tex", "doc.rtf", "doc.odt", "doc.adoc")
        ]
    ] == [
        ("On bridges", "Ann Lee"),
        ("Bridges", "Ann Lee"),
        ("On bridges", "Ann Lee"),
        ("Bridges", "Ann Lee"),
    ]


async def test_what_scrapers_write_is_a_transcript_with_opinions() -> None:
    """A video's words are speech, its comments are other people's, each below who said it."""
    found = await text_of(VIDEO.encode(), "x1.json")
    assert (found.title, found.author, found.published, found.method) == (
        "Bridges explained",
        "Ann Lee",
        "2021-05-01",
        "transcript",
    )
    assert found.note is not None and "transcript" in found.note
    assert (
        "Comments\n\nComment by Bob\n\nI think it was closed far too late.\n\nComment by Eve\n\nSo do I, "
        "really." in found.text
    )


def test_speech_without_full_stops_is_cut_at_its_pauses_and_can_be_quoted() -> None:
    """Lines that roll up are told once; sounds are none; each line is of a length that can be quoted, and
    begins with its time."""
    words = (
        "so the mill bridge was closed to lorries in april because they found cracks in the steel of its "
        "girders and nobody knew " * 8
    ).split()
    cues, at = [], 0.0
    for number in range(0, len(words), 6):
        if number == 36:
            at += 1.5
        shown = " ".join(words[max(0, number - 6) : number]) + "\n" + " ".join(words[number : number + 6])
        cues.append(f"00:00:{at:06.3f} --> 00:00:{at + 2:06.3f}\n{shown}\n")
        at += 2
    text = read_captions(
        ("WEBVTT\n\n" + "\n".join(cues) + "\n00:01:00.000 --> 00:01:02.000\n[Music]\n").encode(), "", None
    ).text
    lines = text.split("\n")
    assert " ".join(line.partition("] ")[2] for line in lines).split() == words
    assert all(100 <= len(line) <= 260 for line in lines[:-1])
    assert any(line.startswith("[0:13] ") for line in lines)
    found = prose(text)
    assert found and all(
        text[one.start : one.end] == one.text and not one.text.startswith("[") for one in found
    )


def test_every_kind_that_is_read_is_taken_from_a_folder() -> None:
    """A single file and a file of a folder are the same."""
    assert frozenset(SUFFIXES) == TAKEN


def test_links_out_of_a_folder_are_not_followed(tmp_path: Path) -> None:
    """Nor is a folder that a link leads to."""
    (tmp_path / "docs" / "in").mkdir(parents=True)
    (tmp_path / "secret.txt").write_text("secret")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "b.txt").write_text("b")
    (tmp_path / "docs" / "in" / "a.txt").write_text("a")
    (tmp_path / "docs" / "link.txt").symlink_to(tmp_path / "secret.txt")
    (tmp_path / "docs" / "far").symlink_to(tmp_path / "other")
    (tmp_path / "docs" / "near.txt").symlink_to(tmp_path / "docs" / "in" / "a.txt")
    assert [path.name for path in in_folder(tmp_path / "docs")] == ["a.txt", "near.txt"]


@pytest.mark.parametrize(
    ("data", "content_type", "name", "kind"),
    [
        (b"WEBVTT\n\n00:01.000 --> 00:04.000\nx", "text/plain", "", "captions"),
        (b"1\n00:00:01,000 --> 00:00:04,000\nx", "", "", "captions"),
        (b"<?xml version='1.0'?><!-- x --><rss version='2.0'>", "text/html", "", "feed"),
        (b"<?xml version='1.0'?><!DOCTYPE html><html>", "", "", "html"),
        (b"<?xml version='1.0'?><book>", "", "", "xml"),
        (b"From: a@e.org\nSubject: x\nDate: y\n\nhello", "", "", "mail"),
        (b"year,cost\n1,2", "text/plain", "data.csv", "table"),
        (b'{"a": 1}', "application/json", "", "json"),
        (b'{"a": 1}', "application/json", "x.ipynb", "notebook"),
        (b"{\\rtf1 x}", "application/msword", "x.doc", "rtf"),
        (b"\x1f\x8b\x08", "", "x.tgz", "gzip"),
    ],
)
def test_kinds_are_told_apart(data: bytes, content_type: str, name: str, kind: str) -> None:
    """By what a file begins with, then by its name or what a server calls it."""
    assert kind_of(data, content_type, name) == kind


def test_archives_have_limits() -> None:
    """Too many files, too many bytes, what is compressed again and again: refused by name, before anything
    is unpacked."""
    with pytest.raises(Unreadable, match="more than"):
        read_document("archive", zipped({f"{n}.txt": "x" for n in range(MOST_FILES + 1)}), "x.zip", None)
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as packed:
        for n in range(5):
            packed.writestr(f"{n}.txt", b" " * 25_000_000)
    with pytest.raises(Unreadable, match="unpacks to more"):
        read_document("archive", bomb.getvalue(), "x.zip", None)
    twice = gzip.compress(gzip.compress(b"x"))
    with pytest.raises(Unreadable, match="twice"):
        read_document("gzip", twice, "x.gz", None)
    with pytest.raises(Unreadable, match="unpacks to more"):
        read_document("gzip", gzip.compress(b" " * 31_000_000), "x.txt.gz", None)


async def test_what_cannot_be_read_is_refused_by_its_name() -> None:
    """A kind that is named and is not there says which."""
    for data, name, reason in (
        (b"no zip", "x.epub", "malformed"),
        (b"{", "x.json", "malformed"),
        (b"no cues", "x.srt", "malformed"),
        (b"{}", "x.ipynb", "malformed"),
    ):
        with pytest.raises(SourceFailed) as caught:
            await text_of(data, name)
        assert caught.value.reason == reason
        assert caught.value.detail.endswith(".")


KINDS = st.sampled_from(
    sorted({kind for kind, _ in SUFFIXES.values()} - {"text", "markdown", "html", "pdf", "office"})
)
SEEDS = st.sampled_from([data for data, _ in FILES.values()] + [data for data, *_ in HOLDING.values()])


@settings(max_examples=150, deadline=None)
@given(
    KINDS,
    st.binary(max_size=300)
    | st.builds(
        lambda data, at, by: data[:at] + by + data[at + len(by) :],
        SEEDS,
        st.integers(0, 400),
        st.binary(max_size=6),
    ),
)
def test_any_bytes_are_read_or_refused(kind: str, data: bytes) -> None:
    """No file of any kind breaks more than itself: what a reader throws is an error, never an endless
    loop."""
    try:
        made = read_document(kind, data, f"x.{kind}", None)  # type: ignore[arg-type]
    except (
        Unreadable,
        RecursionError,
        ValueError,
        LookupError,
        OSError,
        AttributeError,
        TypeError,
        NotImplementedError,
        zipfile.BadZipFile,
        EOFError,
    ):
        return
    assert isinstance(made.text, str)
