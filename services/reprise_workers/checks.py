"""Checks of watched sources (R36), beside the jobs of the pool for phase 0 and in nobody's way: a few at a
time, one client for a minute of them, so that a site is asked politely and for its robots.txt once."""

import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from reprise_contracts import subjects
from reprise_contracts.jobs import StoredFact
from reprise_contracts.sources import Check, StoredSource
from reprise_contracts.watches import CheckDue, Checked
from reprise_research.errors import ResearchError
from reprise_research.sources.acquire import Desk
from reprise_research.sources.check import Alike, check
from reprise_research.sources.fetch import Fetcher
from reprise_research.sources.parser_pool import ParserPool
from reprise_research.sources.settings import FetcherSettings
from reprise_research.stores import Store
from reprise_runtime import metrics
from reprise_runtime.logs import canonical
from reprise_runtime.nats.acknowledgement import Claim
from reprise_runtime.nats.bus import Publisher
from reprise_runtime.nats.pull_consumer import PullConsumer
from reprise_runtime.s3.artifact_store import ArtifactStore
from reprise_workers.library import BatchStore, Kept, Losses, Seen

AT_ONCE = 8
"""Checks of one process at a time."""
CLIENT_SECONDS = 60.0
"""For so long one client asks: what it has learnt of a site (robots.txt, pauses) holds for no longer."""
LAST_DELIVERY = 4
"""A check that comes this often has ended its workers every time: it is not made."""
_LOST = "The worker was lost every time this was tried."


class _Twice:
    """A batch's store, which can be given once more what was put into it.

    A text that a page shows again may be about to be swept (R25). The sweep brings it back if news of a check
    waits by its end; what it took before the news was there is put again."""

    def __init__(self, store: BatchStore) -> None:
        self._store = store
        self._raw: list[bytes] = []
        self._texts: list[str] = []
        self.get_raw, self.get_text = store.get_raw, store.get_text
        self.get_note, self.put_note = store.get_note, store.put_note

    async def put_raw(self, data: bytes) -> str:
        """See `Store`."""
        self._raw.append(data)
        return await self._store.put_raw(data)

    async def put_text(self, text: str) -> str:
        """See `Store`."""
        self._texts.append(text)
        return await self._store.put_text(text)

    async def again(self) -> None:
        """Put everything once more."""
        for data in self._raw:
            await self._store.put_raw(data)
        for text in self._texts:
            await self._store.put_text(text)


@dataclass
class _Client:
    fetcher: Fetcher
    since: float
    users: int = 0


class Clients:
    """Fetchers, each for a minute. One that is in use when its time is over is closed by its last user."""

    def __init__(self, settings: FetcherSettings) -> None:
        self._settings = settings
        self._now: _Client | None = None

    @asynccontextmanager
    async def fetcher(self) -> AsyncIterator[Fetcher]:
        """The client of this minute."""
        before = self._now
        if before is None or time.monotonic() - before.since > CLIENT_SECONDS:
            self._now = _Client(Fetcher(self._settings), time.monotonic())
            if before is not None and before.users == 0:
                await before.fetcher.__aexit__(None, None, None)
        client = self._now
        if client is None:
            raise AssertionError("a client was made")
        client.users += 1
        try:
            yield client.fetcher
        finally:
            client.users -= 1
            if client.users == 0 and client is not self._now:
                await client.fetcher.__aexit__(None, None, None)

    async def close(self) -> None:
        """No more checks."""
        client, self._now = self._now, None
        if client is not None and client.users == 0:
            await client.fetcher.__aexit__(None, None, None)


class Checks:
    """Makes the checks that are due."""

    def __init__(
        self,
        worker: str,
        publisher: Publisher,
        store: ArtifactStore,
        settings: FetcherSettings,
        parsers: ParserPool,
        clock: Callable[[], datetime],
    ) -> None:
        self._worker = worker
        self._publisher = publisher
        self._store = store
        self._clients = Clients(settings)
        self._parsers = parsers
        self._clock = clock
        self._alike = Alike()

    async def run(self, puller: PullConsumer) -> None:
        """Make checks until the puller is stopped, or this is cancelled: then what is looked at goes back."""
        try:
            await puller.run(self.handle)
        finally:
            await self._clients.close()

    async def handle(self, claim: Claim) -> None:
        """Make one check. Its news is stored in the inbox before the check is acknowledged: whoever dies in
        between makes it again, and what is known by then is no news."""
        due, began = CheckDue.decode(claim.data), time.monotonic()
        store = _Twice(BatchStore(self._store, due.batch_id, "phase0", Kept(), Losses(), Seen()))
        source_id = due.source.source_id
        with canonical("check", batch=due.batch_id, source=source_id, deliveries=claim.deliveries) as line:
            found, news = (
                await self._look(due, store)
                if claim.deliveries < LAST_DELIVERY
                else (Check(outcome="failed", at=self._clock(), detail=_LOST), ())
            )
            line.add(found=found.outcome, news=bool(news))
            if news:
                execution_id = f"check-{secrets.token_hex(8)}"
                fact = StoredFact(session_id=due.batch_id, execution_id=execution_id, stored=news)
                subject = subjects.report_of("phase0", due.batch_id, source_id)
                await self._publisher.publish(subject, fact.encode(), stream=subjects.INBOX)
                await store.again()
            seconds = time.monotonic() - began
            told = Checked(check=found, seconds=round(seconds, 4), worker=self._worker)
            subject = subjects.checked(due.batch_id, source_id)
            await self._publisher.publish(subject, told.encode(), stream=subjects.WATCHES)
            metrics.CHECKS.labels(found.outcome).inc()
            metrics.CHECK_SECONDS.observe(seconds)

    async def _look(self, due: CheckDue, store: Store) -> tuple[Check, tuple[StoredSource, ...]]:
        try:
            async with self._clients.fetcher() as fetcher:
                desk = Desk(fetcher, self._parsers, store)
                return await check(due.source, desk, self._clock(), add=due.add, alike=self._alike)
        except ResearchError as error:  # this machine's fault, not the source's: nothing is known of it
            return Check(outcome="failed", at=self._clock(), detail=str(error)), ()
