"""R36: checks over real HTTP. What counts is the text; what is no news stores nothing."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from integration.research.research_server import PageServer, Reply, Request
from reprise_contracts.sources import Check, Source, StoredSource
from reprise_research.phases.prepare import prepare
from reprise_research.sources.acquire import Desk
from reprise_research.sources.check import Alike, check
from reprise_research.sources.fetch import Fetcher
from reprise_research.sources.parser_pool import ParserPool
from reprise_research.sources.settings import FetcherSettings
from reprise_research.stores import MemoryStore
from unit.research.research_builders import World

AT = datetime(2026, 11, 1, tzinfo=UTC)
PAGE = (
    "<html><head><title>Lake</title></head><body><header>%s</header><article>"
    "<p>The level of the lake fell by %d centimetres last summer, says the authority of the lake.</p>"
    "<p>Fishing fell by 12 percent in the same season, and farms had to save water for themselves.</p>"
    "<p>Nobody knows what the next year will bring to the shore, nor to the boats in the harbour.</p>"
    "</article><footer>%s</footer></body></html>"
)


def page(level: int = 40, header: str = "Home", footer: str = "2026") -> bytes:
    return (PAGE % (header, level, footer)).encode()


class Watched:
    """A source that phase 0 has read, and checks of it."""

    def __init__(self, source: Source, world: World, settings: FetcherSettings) -> None:
        self.source = source
        self.world = world
        self.settings = settings
        self.alike = Alike()
        self.read = 0
        """Downloads that were read."""

    def _reading(self) -> None:
        self.read += 1

    @property
    def objects(self) -> int:
        store = self.world.store
        return len(store._raw) + len(store._texts)

    async def check(self, *, add: bool = False) -> tuple[Check, tuple[StoredSource, ...]]:
        """One check; what it tells is what the source is from then on."""
        pool = ParserPool()
        try:
            async with Fetcher(self.settings) as fetcher:
                desk = Desk(fetcher, pool, self.world.store, reading=self._reading)
                found, news = await check(self.source, desk, AT, add=add, alike=self.alike)
        finally:
            await pool.close()
        for told in news:
            if told.source_id == self.source.source_id:
                self.source = told.after(self.source)
        return found, news


@pytest.fixture
async def watched(server: PageServer, world: World, settings: FetcherSettings) -> Watched:
    server.pages["/a"] = Reply(page(), headers={"etag": '"1"'})
    source = Source(source_id="a", url=server.url("/a"))
    prepared = await prepare((source,), world.context(fetcher=settings))
    return Watched(
        source.model_copy(update={"stored": prepared.stored[0].stored}), world, replace(settings, pause=0.0)
    )


async def test_r36_a_page_that_says_that_nothing_changed_costs_one_question(
    server: PageServer, watched: Watched
) -> None:
    def answer(request: Request) -> Reply:
        assert request.headers["if-none-match"] == '"1"'
        return Reply(status=304)

    server.pages["/a"] = answer
    before = watched.objects
    found, news = await watched.check()
    assert (found.outcome, news, watched.objects) == ("unchanged", (), before)


@pytest.mark.parametrize(
    "shown",
    [
        Reply(page(), headers={"etag": '"2"'}),
        Reply(page(footer="2027, 12 people are reading this"), headers={"etag": '"3"'}),
        Reply(page(header="Buy boats now"), headers={"last-modified": "Mon, 30 Nov 2026 10:00:00 GMT"}),
    ],
    ids=["another etag", "another footer", "an advertisement"],
)
async def test_r36_another_page_with_the_same_text_has_not_changed_and_is_not_stored(
    server: PageServer, watched: Watched, shown: Reply
) -> None:
    server.pages["/a"] = shown
    before = watched.objects
    found, news = await watched.check()
    assert (found.outcome, news, watched.objects) == ("unchanged", (), before)


async def test_r36_what_stands_beside_a_text_and_stays_is_read_once(
    server: PageServer, watched: Watched
) -> None:
    """Another footer is looked through at the first check that meets it; another text is always seen."""
    server.pages["/a"] = Reply(page(footer="2027"))
    assert [(await watched.check())[0].outcome for _ in range(3)] == 3 * ["unchanged"]
    assert watched.read == 1
    server.pages["/a"] = Reply(page(55, footer="2027"))
    assert (await watched.check())[0].outcome == "changed"
    server.pages["/a"] = Reply(page(footer="2027"))
    assert (await watched.check())[0].outcome == "changed"


async def test_r36_another_text_is_stored_once_and_told_once(server: PageServer, watched: Watched) -> None:
    first = watched.source.stored
    server.pages["/a"] = Reply(page(55), headers={"etag": '"2"'})
    found, (told,) = await watched.check()
    assert found.outcome == "changed" and told.stored is not None and first is not None
    assert told.stored.text_sha256 not in {None, first.text_sha256}
    assert "55 centimetres" in await watched.world.store.get_text(told.stored.text_sha256 or "")
    assert watched.source.stored == told.stored
    server.pages["/a"] = Reply(page(55))
    assert (await watched.check())[1] == ()


@pytest.mark.parametrize(
    ("shown", "outcome"),
    [
        (Reply(b"no", 404), "gone"),
        (Reply(b"no", 410), "gone"),
        (Reply(b"no", 403), "forbidden"),
        (Reply(b"no", 402), "forbidden"),
        (Reply(b"<title>Just a moment...</title>", 403, {"cf-mitigated": "challenge"}), "challenge"),
        (Reply(b"<title>Just a moment...</title>", 503), "challenge"),
        (Reply(b"oh", 500), "failed"),
    ],
)
async def test_r36_what_a_page_is_no_longer_is_told_once_and_takes_nothing_away(
    server: PageServer, watched: Watched, shown: Reply, outcome: str
) -> None:
    stored, before = watched.source.stored, watched.objects
    was, server.pages["/a"] = server.pages["/a"], shown
    found, (told,) = await watched.check()
    assert found.outcome == outcome and found.detail and told.stored is None
    assert (watched.source.stored, watched.objects) == (stored, before)
    assert (await watched.check())[1] == ()
    server.pages["/a"] = was
    found, news = await watched.check()
    assert found.outcome == "unchanged" and len(news) == 1
    assert (await watched.check())[1] == ()


async def test_r36_robots_that_changed_forbid_a_page(server: PageServer, watched: Watched) -> None:
    server.pages["/robots.txt"] = Reply(b"User-agent: *\nDisallow: /", headers={"content-type": "text/plain"})
    asked = server.count("/a")
    found, news = await watched.check()
    assert found.outcome == "forbidden" and len(news) == 1
    assert server.count("/a") == asked


@pytest.mark.parametrize(("status", "outcome"), [(301, "moved"), (308, "moved"), (302, "unchanged")])
async def test_r36_a_page_has_moved_where_its_site_says_so_for_good(
    server: PageServer, watched: Watched, status: int, outcome: str
) -> None:
    """What is only elsewhere for now has not."""
    server.pages["/b"] = Reply(page())
    server.pages["/a"] = Reply(status=status, headers={"location": "/b"})
    found, news = await watched.check()
    assert found.outcome == outcome and len(news) == (outcome == "moved")
    if outcome == "moved":
        assert found.moved_to == server.url("/b")
        assert (await watched.check())[1] == ()


async def test_r36_a_source_that_could_never_be_read_is_news_once_it_can(
    server: PageServer, world: World, settings: FetcherSettings
) -> None:
    server.pages["/b"] = Reply(page())
    sources = (Source(source_id="a", url=server.url("/a")), Source(source_id="b", url=server.url("/b")))
    prepared = await prepare(sources, world.context(fetcher=settings))
    failed = next(one.stored for one in prepared.stored if one.source_id == "a")
    watched = Watched(sources[0].model_copy(update={"stored": failed}), world, replace(settings, pause=0.0))
    assert (await watched.check())[1] == ()
    server.pages["/a"] = Reply(page(70))
    found, news = await watched.check()
    assert found.outcome == "changed" and news[0].stored is not None


FEED = """<?xml version="1.0"?><rss version="2.0"><channel><title>Lake news</title>%s</channel></rss>"""
ITEM = (
    "<item><title>%s</title><link>http://x.example/%s</link>"
    "<description>The lake fell by %d cm.</description></item>"
)


def feed(*items: str) -> Reply:
    body = FEED % "".join(ITEM % (name, name, number) for number, name in enumerate(items, 10))
    return Reply(body.encode(), headers={"content-type": "application/rss+xml"})


async def test_r36_what_a_feed_holds_anew_is_announced_and_added_only_where_that_is_asked(
    server: PageServer, world: World, settings: FetcherSettings
) -> None:
    server.pages["/feed"] = feed("one", "two")
    source = Source(source_id="f", url=server.url("/feed"))
    prepared = await prepare((source,), world.context(fetcher=settings))
    stored = next(one.stored for one in prepared.stored if one.source_id == "f")
    assert stored is not None and len(stored.holds or ()) == 2
    watched = Watched(source.model_copy(update={"stored": stored}), world, replace(settings, pause=0.0))
    server.pages["/feed"] = feed("one", "two", "three")
    found, (told,) = await watched.check()
    assert found.outcome == "found_more" and "three" in (found.detail or "") and told.stored is None
    assert (await watched.check())[1] == ()
    found, news = await watched.check(add=True)
    assert found.outcome == "changed"
    new = [one for one in news if one.source_id != "f"]
    assert [one.source.title for one in new if one.source] == ["three"]
    assert watched.source.stored is not None and len(watched.source.stored.holds or ()) == 3


async def test_r36_a_better_reader_of_the_same_page_is_no_change(
    server: PageServer, watched: Watched
) -> None:
    """The text that is stored was made by older code: the older download, read as today, says the same."""
    store: MemoryStore = watched.world.store
    older = await store.put_text("The lake, as an older reader had it.")
    assert watched.source.stored is not None
    watched.source = watched.source.model_copy(
        update={"stored": watched.source.stored.model_copy(update={"text_sha256": older})}
    )
    server.pages["/a"] = Reply(page(footer="2028"))
    found, news = await watched.check()
    assert (found.outcome, news) == ("unchanged", ())
