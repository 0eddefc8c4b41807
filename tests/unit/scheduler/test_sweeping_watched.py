"""R25, R36: a sweep takes nothing that the news of a check is about to name again."""

import asyncio
import hashlib
from collections.abc import Collection
from datetime import UTC, datetime

from reprise_contracts import subjects
from reprise_contracts.commands import CreateBatch, SessionSpec
from reprise_contracts.jobs import StoredFact
from reprise_contracts.sources import Check, Source, Stored, StoredSource
from reprise_domain.batch import Batch
from reprise_orchestrator.commits import propose
from reprise_orchestrator.inputs import Parsed
from reprise_runtime.settings import Timings
from reprise_runtime.testing.memory_bus import MemoryBus
from reprise_runtime.testing.memory_log import MemoryLog
from reprise_runtime.testing.memory_store import MemoryStore
from reprise_scheduler.dispatcher import Dispatcher
from reprise_scheduler.scheduler import Scheduler
from reprise_scheduler.sweeper import Sweeper
from servers_for_tests import Eventually

TEXT = b"The level of the lake fell by 40 centimetres."
KEY = subjects.text_key("b-1", hashlib.sha256(TEXT).hexdigest())


class Counting(MemoryStore):
    """A store that counts its deletions."""

    deletions = 0

    async def delete(self, keys: Collection[str]) -> None:
        await super().delete(keys)
        self.deletions += KEY in keys


def news(text: bytes) -> StoredFact:
    """A check found another text."""
    stored = Stored(text_sha256=hashlib.sha256(text).hexdigest())
    found = Check(outcome="changed", at=datetime.now(UTC))
    told = StoredSource(source_id="src-1", stored=stored, check=found)
    return StoredFact(session_id="b-1", execution_id=f"check-{found.at:%H%M%S%f}", stored=(told,))


async def test_r25_r36_a_text_that_a_page_shows_again_is_not_swept_before_that_is_decided(
    eventually: Eventually,
) -> None:
    """The page went from one text to another and back; the first is about to be deleted when the news of it
    waits for an orchestrator that is away."""
    log, bus, store = MemoryLog(), MemoryBus(), Counting()
    batch: Batch | None = None

    async def decide(given: CreateBatch | StoredFact) -> None:
        nonlocal batch
        made = propose("b-1", batch, [Parsed("b-1", given.input_id(), given)], datetime.now(UTC))
        assert made is not None
        seq = await log.append("b-1", made.commit, expected=batch.seq if batch else 0)
        after = made.standing_at(seq)
        assert isinstance(after, Batch)
        batch = after

    source = Source(source_id="src-1", url="http://lake.example/a")
    session = SessionSpec(session_id="s-1", topic="How low is the lake?")
    await decide(CreateBatch(command_id="c-1", sources=(source,), session=session))
    await decide(news(TEXT))
    await store.put(KEY, TEXT, "text/plain")
    await decide(news(b"It fell by 50 centimetres."))
    back = news(TEXT)
    told = subjects.report_of("phase0", "b-1", "src-1")
    await bus.publish(told, back.encode(), stream=subjects.INBOX)

    dispatcher = Dispatcher(bus, store, lambda: asyncio.sleep(0, set()))
    timings = Timings(sweep_after=0.0)
    scheduler = Scheduler(log, bus, dispatcher, Sweeper(store, log, bus), timings, lambda: datetime.now(UTC))
    working = asyncio.create_task(scheduler.run())
    try:
        await eventually(lambda: store.deletions > 0)
        await decide(back)
        (claim,) = bus.take(subjects.INBOX, told)
        await claim.ack_sync()
        await eventually(lambda: store.exists(KEY))
        again = store.deletions
        await asyncio.gather(*(asyncio.sleep(0) for _ in range(100)))
        assert store.deletions == again and await store.exists(KEY)
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
