"""Searches and files that hold others, over real HTTP: providers answer as they do, what is found becomes
sources, and asking again says what is new and what is gone (R33)."""

import gzip
import io
import json
import tarfile
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from urllib.parse import parse_qs, urlsplit

import pytest

from integration.research.research_server import PageServer, Reply, Request
from reprise_contracts.sources import Search, Source, SourceInput, StoredSource, with_held
from reprise_research.errors import NoSources
from reprise_research.phases.prepare import prepare
from reprise_research.sources.failures import SourceFailed
from reprise_research.sources.searching.finding import find
from reprise_research.sources.searching.model import SearchSettings
from reprise_research.sources.searching.providers import (
    Arxiv,
    Brave,
    Crossref,
    OpenAlex,
    SearXNG,
    Tavily,
)
from reprise_research.sources.settings import FetcherSettings
from unit.research.research_builders import World

EVERYBODY = (SearXNG(), OpenAlex(), Crossref(), Arxiv(), Brave(), Tavily())
PAGE = (
    "<html><head><title>%s</title></head><body><article><p>The level of the lake fell by %d centimetres last "
    "summer, says the authority.</p><p>Fishing fell by 12 percent in the same season, and farms had to save "
    "water.</p></article></body></html>"
)
ABSTRACT = (
    "We measured the level of the lake on every day of the summer and found that it fell by 40 centimetres, "
    "which is more than in any summer since the first measurements, and that the fish went to the shore."
)


def asking(server: PageServer, **more: object) -> SearchSettings:
    """Every provider at this server, each below its name."""
    addresses = {one.name: server.url(f"/{one.name}") for one in EVERYBODY}
    given: dict[str, object] = {
        "keys": {"brave": "key-b", "tavily": "key-t"},
        "mail": "ann@example.org",
    } | more
    return SearchSettings(addresses=addresses, searchers=EVERYBODY, **given)  # type: ignore[arg-type]  # a test names real fields


def answering(server: PageServer, path: str, body: object) -> None:
    """Let the server answer a path whatever its question is, and note the questions."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()

    class Pages(dict[str, object]):
        def get(self, asked: str, default: object = None) -> object:  # type: ignore[override]
            name = urlsplit(asked).path
            return super().get(asked, super().get(name, default))

    if not isinstance(server.pages, Pages):
        server.pages = Pages(server.pages)  # type: ignore[assignment]
    server.pages[path] = Reply(data, headers={"content-type": "application/json"})


def question(server: PageServer, path: str) -> Mapping[str, list[str]]:
    """The parameters of the last call of a path."""
    asked: Request = next(one for one in reversed(server.asked) if urlsplit(one.path).path == path)
    return parse_qs(urlsplit(asked.path).query)


WORKS: dict[str, tuple[str, object]] = {
    "openalex": (
        "/openalex/works",
        {
            "results": [
                {
                    "doi": "https://doi.org/10.1234/Lake.1",
                    "display_name": "The <i>lake</i> in summer",
                    "publication_date": "2024-05-01",
                    "publication_year": 2024,
                    "authorships": [
                        {"author": {"display_name": "Ann Lee"}},
                        {"author": {"display_name": "Bo Ek"}},
                    ],
                    "primary_location": {"landing_page_url": "http://x", "source": {"display_name": "Lakes"}},
                    "best_oa_location": {"pdf_url": "https://example.org/lake.pdf"},
                    "abstract_inverted_index": {"fell": [2], "The": [0], "level": [1]},
                }
            ]
        },
    ),
    "crossref": (
        "/crossref/works",
        {
            "message": {
                "items": [
                    {
                        "DOI": "10.1234/lake.1",
                        "title": ["The lake in summer"],
                        "author": [{"given": "Ann", "family": "Lee"}, {"name": "Bo Ek"}],
                        "container-title": ["Lakes"],
                        "issued": {"date-parts": [[2024, 5, 1]]},
                        "URL": "https://example.org/lake.pdf",
                        "abstract": "<jats:p>The level fell</jats:p>",
                    }
                ]
            }
        },
    ),
    "arxiv": (
        "/arxiv/query",
        b"<feed xmlns='http://www.w3.org/2005/Atom' xmlns:arxiv='http://arxiv.org/schemas/atom'><entry>"
        b"<id>http://arxiv.org/abs/2405.1</id><title>The lake\n in summer</title><summary>The level fell"
        b"</summary><published>2024-05-01T10:00:00Z</published><author><name>Ann Lee</name></author>"
        b"<author><name>Bo Ek</name></author><link title='pdf' href='https://example.org/lake.pdf'/>"
        b"<arxiv:doi>10.1234/lake.1</arxiv:doi><arxiv:journal_ref>Lakes</arxiv:journal_ref></entry></feed>",
    ),
}


@pytest.mark.parametrize("name", WORKS)
async def test_catalogues_name_publications(server: PageServer, name: str) -> None:
    """The address of the text, title, authors, venue, year, DOI and abstract, whoever is asked."""
    path, answer = WORKS[name]
    answering(server, path, answer)
    search = Search(search="lake summer", provider=name, limit=5, since=date(2024, 1, 2))
    found = (await find(search, asking(server), "test")).results[0]
    assert found.work is not None
    assert (found.url, found.title, found.published) == (
        "https://example.org/lake.pdf",
        "The lake in summer",
        "2024-05-01",
    )
    assert (found.work.doi, found.work.authors, found.work.venue, found.work.year) == (
        "10.1234/lake.1",
        ("Ann Lee", "Bo Ek"),
        "Lakes",
        2024,
    )
    assert found.abstract == "The level fell"
    asked = question(server, path)
    assert any("2024" in value and "02" in value for values in asked.values() for value in values)
    assert asked.get("mailto", ["ann@example.org"]) == ["ann@example.org"]


async def test_indexes_of_the_web_are_narrowed_and_filtered(server: PageServer) -> None:
    """Domains that are allowed go into the question, what is blocked, too old or no address is left out."""
    results = [
        {"url": "https://a.example.org/1", "title": "One", "content": "first", "publishedDate": "2024-03-01"},
        {"url": "https://a.example.org/2", "title": "Old", "publishedDate": "2019-03-01"},
        {"url": "https://bad.example.org/3", "title": "Blocked"},
        {"url": "https://elsewhere.net/4", "title": "Elsewhere"},
        {"url": "javascript:alert(1)", "title": "None"},
    ]
    answering(server, "/searxng/search", {"results": results})
    search = Search(
        search="lake",
        provider="searxng",
        since=date(2023, 1, 1),
        allow=("example.org",),
        block=("bad.example.org",),
    )
    found = await find(search, asking(server), "test")
    assert [one.url for one in found.results] == ["https://a.example.org/1"]
    assert question(server, "/searxng/search")["q"] == ["lake (site:example.org)"]
    answering(server, "/brave/web/search", {"web": {"results": [{"url": "https://e.org/", "title": "E"}]}})
    answering(
        server, "/tavily/search", {"results": [{"url": "https://t.org/", "title": "T", "content": "c"}]}
    )
    for provider, header, key in (
        ("brave", "x-subscription-token", "key-b"),
        ("tavily", "authorization", "Bearer key-t"),
    ):
        assert len((await find(Search(search="x", provider=provider), asking(server), "test")).results) == 1
        assert server.asked[-1].headers[header] == key


async def test_a_search_that_cannot_be_made_says_why(server: PageServer) -> None:
    """A provider that is unknown, not set up, without a key, away, or answers something else."""
    server.pages["/searxng/search?q=x&format=json&pageno=1"] = Reply(b"no", 403)
    answering(server, "/openalex/works", b"<html>busy</html>")
    for provider, settings, reason, word in (
        ("nobody", asking(server), "unsupported", "openalex"),
        ("searxng", replace(asking(server), addresses={}), "unsupported", "REPRISE_SEARCH__ADDRESSES"),
        ("brave", asking(server, keys={}), "forbidden", "REPRISE_SEARCH__KEYS"),
        ("searxng", asking(server), "forbidden", "403"),
        ("openalex", asking(server), "malformed", "JSON"),
        (
            "crossref",
            replace(asking(server), addresses={"crossref": "http://127.0.0.1:1"}),
            "unreachable",
            "127",
        ),
    ):
        with pytest.raises(SourceFailed) as caught:
            await find(Search(search="x", provider=provider), settings, "test")
        assert (caught.value.reason, word in caught.value.detail) == (reason, True), caught.value.detail


def after(sources: tuple[Source, ...], news: tuple[StoredSource, ...]) -> tuple[Source, ...]:
    """The batch's sources after a phase 0."""
    return tuple(with_held({source.source_id: source for source in sources}, news).values())


async def test_what_a_search_finds_become_sources(server: PageServer, world: World) -> None:
    """R33: what was found is kept; a rerun asks nobody; `refetch` asks again and names what is new and what
    is gone."""
    for number in (1, 2, 3):
        server.pages[f"/{number}"] = Reply((PAGE % (f"Lake {number}", 40 + number)).encode())
    results = [{"url": server.url(f"/{number}"), "title": f"Lake {number}"} for number in (1, 2, 3)]
    answering(server, "/searxng/search", {"results": results[:2]})
    fetcher = FetcherSettings(allow_loopback=True, seconds=10, search=asking(server))
    context = world.context(fetcher=fetcher)
    asked = SourceInput.model_validate({"search": "lake", "provider": "searxng", "limit": 5})
    first = await prepare((Source(source_id="s", search=asked.search),), context)
    found = first.artifact.sources
    assert [(one.status, one.title) for one in found] == [
        ("opened", "Search: lake"),
        ("ready", "Lake 1"),
        ("ready", "Lake 2"),
    ]
    assert found[0].detail == "2 results of searxng." and found[1].part_of == "s"
    assert {summary.source_id for summary in first.artifact.summaries} == {one.source_id for one in found[1:]}
    sources = after((Source(source_id="s", search=asked.search),), first.stored)
    assert [source.part_of for source in sources] == [None, "s", "s"]
    calls = len(server.asked)
    again = await prepare(sources, context)
    assert (again.artifact.parts(), again.stored, len(server.asked)) == (first.artifact.parts(), (), calls)

    answering(server, "/searxng/search", {"results": results[1:]})
    anew = await prepare(sources, context, refetch=True)
    assert anew.artifact.sources[0].detail == "2 results of searxng: 1 new (Lake 3), 1 gone (Lake 1)."
    assert [one.outcome for one in anew.artifact.sources] == ["changed", "unchanged", "fetched"]
    now = after(sources, anew.stored)
    assert [source.url for source in now] == [None, server.url("/2"), server.url("/3")]

    server.pages.clear()
    away = await prepare(now, context, refetch=True)
    assert [one.status for one in away.artifact.sources] == ["opened", "ready", "ready"]
    assert "The stored copy is used" in (away.artifact.sources[0].detail or "")


async def test_a_publication_that_cannot_be_had_is_read_by_its_abstract(
    server: PageServer, world: World
) -> None:
    """As the catalogue gives it, and the source says so; a search without a result gives nothing to read."""
    words = {
        word: [place] for place, word in enumerate(f"{word}~{n}" for n, word in enumerate(ABSTRACT.split()))
    }
    answering(
        server,
        "/openalex/works",
        {
            "results": [
                {
                    "display_name": "Lakes",
                    "primary_location": {"landing_page_url": server.url("/gone")},
                    "abstract_inverted_index": words,
                    "publication_year": 2024,
                }
            ]
        },
    )
    fetcher = FetcherSettings(allow_loopback=True, seconds=10, search=asking(server))
    source = Source(source_id="s", search=Search(search="lake", provider="openalex"))
    made = (await prepare((source,), world.context(fetcher=fetcher))).artifact
    assert [(one.status, one.method) for one in made.sources] == [
        ("opened", "openalex"),
        ("ready", "abstract"),
    ]
    assert (made.sources[1].detail or "").startswith("Only its abstract was read, as openalex gives it.")
    assert made.sources[1].work is not None and made.sources[1].work.year == 2024
    answering(server, "/openalex/works", {"results": []})
    with pytest.raises(NoSources, match="0 results"):
        await prepare((source,), world.context(fetcher=fetcher))


def tarred(files: Mapping[str, bytes]) -> bytes:
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w") as packed:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            packed.addfile(info, io.BytesIO(data))
    return target.getvalue()


async def test_a_file_is_read_by_what_it_holds(world: World, settings: FetcherSettings) -> None:
    """An archive in an archive: each document a source of its own, up to a depth; opened again from what is
    kept."""
    text = b"The level of the lake fell by 40 centimetres last summer, says the authority of the lake."
    inner = tarred({"deep/note.txt": text, "other.txt": text.replace(b"40", b"44") + b" Nobody knows why."})
    source = await world.upload(
        "a", gzip.compress(tarred({"in.tar": inner, "pic.png": b"\x89PNG"})), "", "all.tgz"
    )
    context = world.context(fetcher=settings)
    first = await prepare((source,), context)
    found = first.artifact.sources
    assert [(one.title, one.status) for one in found] == [
        ("all.tgz", "opened"),
        ("in.tar", "opened"),
        ("deep/note.txt", "ready"),
        ("other.txt", "ready"),
    ]
    assert found[0].detail == "Not read of it: pic.png."
    sources = after((source,), first.stored)
    alone = tuple(one for one in sources if one.part_of is None)
    again = await prepare(alone, context)
    assert again.artifact.parts() == first.artifact.parts()
    for _ in range(4):
        inner = tarred({"x.tar": inner})
    deep = await world.upload("d", inner, "application/x-tar", "d.tar")
    with pytest.raises(NoSources, match="too deep"):
        await prepare((deep,), context)
