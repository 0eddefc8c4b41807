"""No source and no parser can stop a batch; an attempt that starts again loses nothing; sites of their own
kind have scrapers."""

import asyncio
import io
import os
import random
import runpy
import signal
import time
from pathlib import Path
from typing import Any

import docx
import pytest

from integration.research.research_server import PageServer, Reply
from reprise_contracts.artifacts import PreparedSource, Summary
from reprise_contracts.sources import Source
from reprise_research.brief import Brief, Library
from reprise_research.engines.extractive import Extractive
from reprise_research.errors import EngineFailed, ParserUnavailable
from reprise_research.notes import Notes
from reprise_research.phases.prepare import prepare
from reprise_research.sources.documents import Get, Scraped
from reprise_research.sources.extract import extract
from reprise_research.sources.failures import SourceFailed
from reprise_research.sources.parser_pool import ParserPool
from reprise_research.sources.settings import FetcherSettings
from reprise_research.stores import MemoryStore
from unit.research.research_builders import SAMPLES, World

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
SENTENCE = (
    "In the year %d the level of the lake fell by %d centimetres, as the authority has measured at "
    "twelve places."
)


def page(number: int) -> bytes:
    body = "".join(f"<p>{SENTENCE % (1900 + number + line, 20 + line)}</p>" for line in range(8))
    return (
        f"<html><head><title>Page {number}</title></head><body><article><h1>Page "
        f"{number}</h1>{body}</article></body></html>"
    ).encode()


def office(title: str) -> bytes:
    made = docx.Document()
    made.core_properties.title, made.core_properties.author = title, "A. Author"
    made.add_heading(title, 0)
    for number in range(6):
        made.add_paragraph(SENTENCE % (2000 + number, 20 + number))
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


async def test_an_office_document_is_read_with_what_it_says_of_itself(world: World) -> None:
    """Its paragraphs, title and author; whatever its name or type says, its content decides."""
    source = await world.upload("a", office("The lake"), "application/octet-stream", "letter.bin")
    prepared = (await prepare((source,), world.context())).artifact.sources[0]
    assert (prepared.status, prepared.method, prepared.title, prepared.author) == (
        "ready",
        "markitdown",
        "The lake",
        "A. Author",
    )
    assert SENTENCE % (2003, 23) in await world.store.get_text(prepared.text_sha256 or "")


async def test_a_damaged_office_document_says_that_it_is(world: World) -> None:
    """And the first frame of the phase names every source, so that whatever is said of one later has its
    name."""
    whole = office("The lake")
    made = [
        await world.upload("a", whole[: len(whole) // 2] + whole[-40:], filename="letter.docx"),
        await world.upload("b", page(1), "text/html", "b.html"),
    ]
    damaged, sound = (await prepare(tuple(made), world.context())).artifact.sources
    assert damaged.reason == "malformed" and "damaged" in (damaged.detail or "") and sound.status == "ready"
    first = next(frame for frame in world.frames if frame.type == "scraping:status")
    assert [(item.link_id, item.title, item.status) for item in first.items] == [
        ("a", "letter.docx", "pending"),
        ("b", "b.html", "pending"),
    ]


async def test_without_the_extra_an_office_document_fails_and_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name of the extra is in the failure, and other documents are read as ever."""
    (tmp_path / "markitdown.py").write_text("raise ModuleNotFoundError('markitdown')\n")
    monkeypatch.syspath_prepend(tmp_path)  # the parser's process sees the same path
    async with ParserPool(size=1) as parsers:
        with pytest.raises(SourceFailed) as caught:
            await extract(office("The lake"), parsers, name="lake.docx")
        assert caught.value.reason == "unsupported" and "reprise-research[office]" in caught.value.detail
        assert (await extract(page(1), parsers, name="p.html")).method == "trafilatura"


async def test_a_parser_that_cannot_start_is_no_fault_of_the_document(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, world: World
) -> None:
    """The attempt fails and can be tried again; no source is marked as failed. It says what the process said
    last."""
    (tmp_path / "trafilatura.py").write_text("raise ImportError('no such library here')\n")
    monkeypatch.syspath_prepend(tmp_path)
    source = await world.upload("a", page(1), "text/html", "a.html")
    with pytest.raises(ParserUnavailable, match="no such library here") as caught:
        await prepare((source,), world.context())
    assert caught.value.retryable


async def test_a_parser_that_is_killed_costs_one_document_at_most(world: World) -> None:
    """Whatever happens to the processes while many documents are read: the others carry on, and every source
    has an outcome."""
    sources = tuple([await world.upload(f"s{n}", page(n * 10), "text/html", f"{n}.html") for n in range(24)])
    async with ParserPool(size=2) as parsers:

        async def killing() -> int:
            killed = 0
            while killed < 3:
                for process in parsers.processes:
                    os.kill(process, signal.SIGKILL)
                    killed += 1
                await asyncio.sleep(0)
            return killed

        killer = asyncio.create_task(killing())
        prepared = (await prepare(sources, world.context(parsers=parsers))).artifact.sources
        killer.cancel()
    ready = [source for source in prepared if source.text_sha256]
    assert len(prepared) == 24 and len(ready) >= 20
    assert {source.reason for source in prepared if not source.text_sha256} <= {"resources"}


def spoiled(data: bytes, chance: random.Random) -> bytes:
    """The document with bytes changed, cut out, doubled or moved."""
    broken = bytearray(data)
    for _ in range(chance.randint(1, 30)):
        place, length = chance.randrange(len(broken) + 1), chance.randint(0, 200)
        piece = bytes(broken[place : place + length])
        match chance.randint(0, 3):
            case 0:
                broken[place : place + length] = bytes(chance.randrange(256) for _ in piece)
            case 1:
                del broken[place : place + length]
            case 2:
                broken[place:place] = piece * chance.randint(1, 20)
            case _:
                broken[place:place] = chance.choice(
                    (b"<div>" * 2000, b"\x00" * 50, b"</article>", b"<![CDATA[", b"&#x110000;", b"%PDF-1.7 ")
                )
    return bytes(broken)


@pytest.mark.parametrize("seed", range(4))
async def test_broken_documents_stop_nothing(world: World, seed: int) -> None:
    """HTML, PDF, Markdown, text and office documents with random damage: each is read or fails by itself, the
    sound one is read."""
    chance = random.Random(seed)
    whole = {
        "page.html": (SAMPLES / "web/city/one-year-of-30.html").read_bytes(),
        "paper.pdf": (SAMPLES / "files/university-assessment.pdf").read_bytes(),
        "note.md": (SAMPLES / "files/taxi-federation.md").read_bytes(),
        "list.txt": (SAMPLES / "files/hospital-registry.txt").read_bytes(),
        "letter.docx": office("The lake"),
    }
    made = [await world.upload("sound", page(1), "text/html", "sound.html")]
    for number in range(15):
        name = chance.choice(sorted(whole))
        made.append(
            await world.upload(
                f"s{number}", spoiled(whole[name], chance), "application/octet-stream", f"{number}-{name}"
            )
        )
    prepared = (await prepare(tuple(made), world.context())).artifact.sources
    assert len(prepared) == 16 and prepared[0].status == "ready"
    assert all(
        source.text_sha256 or (source.reason and source.detail and source.action) for source in prepared
    )


class Noting(MemoryStore):
    """Says when it holds the notes of four pages and three summaries."""

    def __init__(self) -> None:
        super().__init__()
        self.noted, self.enough = 0, asyncio.Event()

    async def put_note(self, place: str, data: bytes) -> None:
        await super().put_note(place, data)
        self.noted += 1
        if self.noted == 7:
            self.enough.set()


class Faltering(Extractive):
    """Fails once at the last source, when everything else is done and noted; says which sources it was asked
    for."""

    def __init__(self, store: Noting) -> None:
        super().__init__()
        self.asked: list[str] = []
        self._store, self._fails = store, True

    async def summarise(self, source: PreparedSource, library: Library, brief: Brief) -> Summary:
        if source.source_id == "s3" and self._fails:
            async with asyncio.timeout(30):
                await self._store.enough.wait()
            self._fails = False
            raise EngineFailed("The engine is away.")
        self.asked.append(source.source_id)
        return await super().summarise(source, library, brief)


async def test_an_attempt_that_starts_again_uses_what_is_there(
    server: PageServer, settings: FetcherSettings
) -> None:
    """Within one run, pages are fetched once and summaries made once; a later run does its work anew."""
    for number in range(4):
        server.pages[f"/{number}"] = Reply(page(number * 10))
    sources = tuple(Source(source_id=f"s{n}", url=server.url(f"/{n}")) for n in range(4))
    store = Noting()
    world, engine = World(store, []), Faltering(store)
    first = world.context(fetcher=settings, engine=engine, notes=Notes(store, "session", "phase0 g1"))
    with pytest.raises(EngineFailed):
        await prepare(sources, first)
    done = await prepare(
        sources, world.context(fetcher=settings, engine=engine, notes=Notes(store, "session", "phase0 g1"))
    )
    assert [server.count(f"/{n}") for n in range(4)] == [1, 1, 1, 1]
    assert sorted(engine.asked) == ["s0", "s1", "s2", "s3"] and len(done.artifact.summaries) == 4
    await prepare(
        sources, world.context(fetcher=settings, engine=engine, notes=Notes(store, "session", "phase0 g2"))
    )
    assert [server.count(f"/{n}") for n in range(4)] == [2, 2, 2, 2] and len(engine.asked) == 8


def transcripts() -> Any:
    """The scraper of the documentation."""
    return runpy.run_path(str(EXAMPLES / "transcript_scraper.py"))["Transcripts"]()


async def test_a_scraper_reads_a_site_of_its_own_kind(server: PageServer, world: World) -> None:
    """The documentation's example: what is said in a video, by its captions; other pages are read as ever."""
    lines = [
        f"{n}\n00:00:{10 + n}.000 --> 00:00:{11 + n}.000\n{SENTENCE % (2000 + n, 30 + n)}\n" for n in range(6)
    ]
    server.pages["/captions/abc.vtt"] = Reply(
        "\n".join(["WEBVTT", "NOTE Title: The lake, told", "", *lines]).encode()
    )
    server.pages["/plain"] = Reply(page(1))
    settings = FetcherSettings(allow_loopback=True, seconds=10, scrapers=(transcripts(),))
    named = {"video": "/watch/abc", "silent": "/watch/none", "plain": "/plain"}
    sources = tuple(Source(source_id=name, url=server.url(path)) for name, path in named.items())
    video, silent, plain = (await prepare(sources, world.context(fetcher=settings))).artifact.sources
    assert (video.status, video.title, video.method) == ("ready", "The lake, told", "transcripts")
    assert (await world.store.get_text(video.text_sha256 or "")).startswith(SENTENCE % (2000, 30))
    assert (silent.status, silent.reason) == ("failed", "not_found")
    assert (plain.status, plain.method) == ("ready", "trafilatura")


class Broken:
    """A scraper with a defect."""

    name = "broken"

    def accepts(self, url: str) -> bool:
        return "/broken" in url

    async def scrape(self, url: str, get: Get) -> Scraped:
        raise KeyError("transcript")


async def test_a_scraper_with_a_defect_costs_its_own_sources(server: PageServer, world: World) -> None:
    """It is named in the failure, and the others carry on."""
    server.pages["/plain"] = Reply(page(1))
    settings = FetcherSettings(allow_loopback=True, seconds=10, scrapers=(Broken(),))
    sources = tuple(Source(source_id=name, url=server.url(f"/{name}")) for name in ("broken", "plain"))
    broken, plain = (await prepare(sources, world.context(fetcher=settings))).artifact.sources
    assert broken.reason == "malformed" and "broken" in (broken.detail or "") and plain.status == "ready"


async def test_thirty_pages_are_prepared_in_seconds(
    server: PageServer, world: World, settings: FetcherSettings
) -> None:
    """The small form of the measurement in `benchmarks/research.py`, which prepares a hundred within thirty
    seconds."""
    for number in range(30):
        server.pages[f"/{number}"] = Reply(page(number * 10))
    sources = tuple(Source(source_id=f"s{n}", url=server.url(f"/{n}")) for n in range(30))
    async with ParserPool(size=2) as parsers:
        start = time.monotonic()
        prepared = await prepare(sources, world.context(fetcher=settings, parsers=parsers))
        seconds = time.monotonic() - start
    assert sum(source.text_sha256 is not None for source in prepared.artifact.sources) == 30
    assert seconds < 30  # a third of the pages may take all of the time: the machine may be busy
