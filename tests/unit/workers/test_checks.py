"""A worker's checks of watched sources (R36): news goes to the inbox before the check is done, everything is
the last word on its source, and counted."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from integration.research.research_server import PageServer, Reply
from reprise_contracts import subjects
from reprise_contracts.jobs import StoredFact, parse_report
from reprise_contracts.sources import Source, Stored
from reprise_contracts.watches import CheckDue, Checked
from reprise_research.sources.parser_pool import ParserPool
from reprise_research.sources.settings import FetcherSettings
from reprise_runtime import metrics
from reprise_runtime.testing.memory_bus import MemoryBus
from reprise_runtime.testing.memory_store import MemoryStore
from reprise_workers.checks import LAST_DELIVERY, Checks

NOW = datetime(2026, 11, 30, tzinfo=UTC)
PAGE = (
    b"<html><body><article><p>The level of the lake fell by 40 centimetres last summer.</p></article></body>"
)
KEPT = Stored(text_sha256="a" * 64, raw_sha256="b" * 64, etag='"1"')


@pytest.fixture
async def pages() -> AsyncIterator[PageServer]:
    async with PageServer() as started:
        yield started


@pytest.fixture
async def parsers() -> AsyncIterator[ParserPool]:
    pool = ParserPool()
    yield pool
    await pool.close()


class Watched:
    """One source, its checks, and what becomes of them."""

    def __init__(self, pages: PageServer, parsers: ParserPool) -> None:
        self.bus, self.store = MemoryBus(), MemoryStore()
        self.checks = Checks(
            "w-1",
            self.bus,
            self.store,
            FetcherSettings(allow_loopback=True),
            parsers,
            lambda: NOW,
        )
        self.source = Source(source_id="src-1", url=pages.url("/a"), stored=KEPT)

    async def look(self, deliveries: int = 1) -> None:
        due = CheckDue(batch_id="b-1", source=self.source)
        await self.bus.publish(subjects.check_due("b-1", "src-1"), due.encode(), stream=subjects.WATCHES)
        claim = self.bus.take(subjects.WATCHES, subjects.ALL_CHECKS_DUE)[0]
        claim.deliveries = deliveries
        await self.checks.handle(claim)
        await claim.ack_sync()

    def told(self) -> Checked:
        """The last word on the source."""
        (last,) = self.bus.messages(subjects.WATCHES, subjects.ALL_CHECKED)
        return Checked.decode(last.data)

    def news(self) -> list[StoredFact]:
        found = self.bus.messages(subjects.INBOX, subjects.report_of("phase0", "b-1", "src-1"))
        reports = [parse_report(message.data) for message in found]
        return [report for report in reports if isinstance(report, StoredFact)]


def counted(outcome: str) -> float:
    return metrics.REGISTRY.get_sample_value("reprise_checks_total", {"outcome": outcome}) or 0.0


async def test_r36_no_news_is_told_to_nobody_but_whoever_asks(pages: PageServer, parsers: ParserPool) -> None:
    pages.pages["/a"] = Reply(status=304)
    watched, before = Watched(pages, parsers), counted("unchanged")
    await watched.look()
    await watched.look()
    assert watched.told().check.outcome == "unchanged" and watched.told().worker == "w-1"
    assert watched.news() == []
    assert counted("unchanged") == before + 2
    assert pages.count("/robots.txt") == 1


async def test_r36_news_goes_to_the_batch(pages: PageServer, parsers: ParserPool) -> None:
    watched = Watched(pages, parsers)
    await watched.look()
    (fact,) = watched.news()
    assert (fact.session_id, fact.stored[0].stored) == ("b-1", None)
    assert fact.stored[0].check == watched.told().check
    assert watched.told().check.outcome == "gone"


async def test_r36_a_check_that_ends_its_workers_is_not_made_for_ever(
    pages: PageServer, parsers: ParserPool
) -> None:
    """It says nothing of the source."""
    watched = Watched(pages, parsers)
    await watched.look(deliveries=LAST_DELIVERY)
    assert watched.told().check.outcome == "failed"
    assert watched.news() == [] and pages.asked == []


async def test_r36_a_text_that_a_sweep_takes_before_the_news_is_there_is_put_again(
    pages: PageServer, parsers: ParserPool
) -> None:
    """R25: a page shows again what its source was made of before, and the sweep does not know of it yet."""
    pages.pages["/a"] = Reply(PAGE)
    watched = Watched(pages, parsers)
    store, publish = watched.store, watched.bus.publish

    async def swept_first(subject: str, data: bytes, **told: Any) -> int:
        if told["stream"] == subjects.INBOX:
            await store.delete([key async for key, _ in store.list(subjects.sources_prefix("b-1"))])
        return await publish(subject, data, **told)

    watched.bus.publish = swept_first  # type: ignore[method-assign]
    await watched.look()
    stored = watched.news()[0].stored[0].stored
    assert stored is not None and stored.text_sha256 is not None and stored.raw_sha256 is not None
    assert await store.exists(subjects.text_key("b-1", stored.text_sha256))
    assert await store.exists(subjects.raw_key("b-1", stored.raw_sha256))
