"""The mark that says how far the log came: what is removed on purpose is no loss, whenever it is removed."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from reprise_contracts.events import Commit
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.log_mark import read_mark
from reprise_runtime.nats.session_log import NatsSessionLog
from reprise_runtime.operate.mark_keeper import MarkKeeper
from reprise_runtime.s3.artifact_store import S3Store
from servers_for_tests import Eventually

COMMITS = 5


class LateNews(Bus):
    """A bus on which what a server says of a stream arrives when it is let through."""

    def __init__(self, bus: Bus) -> None:
        self.__dict__.update(bus.__dict__)
        self.arrived = asyncio.Event()
        self.let_through = asyncio.Event()
        self.let_through.set()

    async def stream_info(self, stream: str) -> dict[str, Any]:
        said = await super().stream_info(stream)
        self.arrived.set()
        await self.let_through.wait()
        return said


async def test_a_removal_amid_a_look_at_the_log_is_no_loss(
    bus: Bus, store: S3Store, commit: Callable[[str], Commit], eventually: Eventually
) -> None:
    """The keeper asks how the log stands, and its answer takes longer than a session's whole removal."""
    log = NatsSessionLog(bus)
    seq = 0
    for n in range(COMMITS):
        seq = await log.append("one", commit(str(n)), expected=seq)
    late = LateNews(bus)
    keeper = MarkKeeper(late, store, lambda: datetime.now(UTC))
    await keeper.until_sound()
    running = asyncio.create_task(keeper.run())

    async def remove() -> None:
        async with keeper.removal(COMMITS - 1):
            await log.purge("one")

    late.let_through.clear()
    late.arrived.clear()
    await asyncio.wait_for(late.arrived.wait(), 10)
    removing = asyncio.create_task(remove())
    await asyncio.sleep(0.2)  # time to be done, for one that does not wait for the look
    late.let_through.set()
    await removing

    async def seen() -> bool:
        mark = await read_mark(bus)
        return running.done() or (mark is not None and mark.removed == COMMITS - 1)

    await eventually(seen)
    assert not running.done(), "the log is not trusted"
    running.cancel()
