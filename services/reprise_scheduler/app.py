"""The composition root: settings in, a running scheduler out."""

import asyncio
import contextlib
import os
import secrets
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import nats.errors
from nats.aio.msg import Msg

from reprise_contracts import subjects
from reprise_contracts.states import WorkerView
from reprise_contracts.wire import Malformed
from reprise_runtime import metrics, tracing
from reprise_runtime.cancelling import end
from reprise_runtime.errors import Unavailable
from reprise_runtime.handover import Handover
from reprise_runtime.logs import logger, setup
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.connection import connect_forever
from reprise_runtime.nats.jetstream import ApiError
from reprise_runtime.nats.session_log import NatsSessionLog
from reprise_runtime.nats.topology import open_bus
from reprise_runtime.operate.mark_keeper import MarkKeeper
from reprise_runtime.s3.artifact_store import S3Store
from reprise_runtime.service import OnEnd, on_signals
from reprise_runtime.settings import Settings
from reprise_scheduler.announcer import Announcer
from reprise_scheduler.census import census
from reprise_scheduler.checker import Checker
from reprise_scheduler.dispatcher import Dispatcher
from reprise_scheduler.leader import lead
from reprise_scheduler.scheduler import Scheduler
from reprise_scheduler.sweeper import Sweeper
from reprise_scheduler.watches import Watches

CHECK_EVERY = 2.0
"""Seconds between two looks for lost jobs."""


async def run(settings: Settings, on_end: OnEnd = on_signals, handover: Handover | None = None) -> None:
    """Stand by or schedule until the process is asked to end. With an orchestrator in the same process,
    `handover` says what it has decided."""
    setup(settings.log, "scheduler")
    metrics.serve(settings.metrics, "scheduler")
    tracing.setup("scheduler")
    client = await connect_forever(settings.nats, "scheduler")
    bus = await open_bus(client, settings, keeper=True)
    store = S3Store(settings.s3)  # it need not be there: what runs is sent, retried and cancelled without it
    log = NatsSessionLog(bus, handover)
    name = f"scheduler-{os.getpid()}-{secrets.token_hex(3)}"

    async def work() -> None:
        clock = lambda: datetime.now(UTC)  # noqa: E731  # the one place that reads the time
        keeper = MarkKeeper(bus, store, clock)
        await keeper.until_sound()
        dispatcher = Dispatcher(bus, store, lambda: held_jobs(bus))
        sweeper = Sweeper(store, log, bus, keeper.removal)
        scheduler = Scheduler(
            log, bus, dispatcher, sweeper, settings.timings, clock, handover, Watches(log, bus)
        )
        listening = await client.subscribe(subjects.PRESENCES, cb=hearing(scheduler))
        counting = asyncio.ensure_future(census(store, log, settings.timings.census))
        checking = asyncio.ensure_future(Checker(log, store, bus, settings.timings.check).run())
        announcing = asyncio.ensure_future(Announcer(log, bus, settings, clock).run())
        metrics.LEADING.set(1)
        try:
            scheduling = asyncio.ensure_future(scheduler.run(check_every=CHECK_EVERY))
            marking = asyncio.ensure_future(keeper.run())
            await asyncio.wait((scheduling, marking), return_when=asyncio.FIRST_COMPLETED)
            if scheduling.done():
                scheduling.result()
        finally:
            await end(scheduling, marking, announcing)
            metrics.LEADING.set(0)
            counting.cancel()
            checking.cancel()
            with contextlib.suppress(nats.errors.Error):
                await listening.unsubscribe()

    leading = asyncio.ensure_future(lead(client, settings.replicas, name, work))
    on_end(leading.cancel)
    logger(__name__).info("ready", name=name)
    with contextlib.suppress(asyncio.CancelledError):
        await leading
    await client.drain()
    await asyncio.to_thread(tracing.shutdown)


def hearing(scheduler: Scheduler) -> Callable[[Msg], Awaitable[None]]:
    """Return what takes the messages of workers that say that they are there."""

    async def hear(message: Msg) -> None:
        try:
            scheduler.present(WorkerView.decode(message.data))
        except Malformed as error:  # of another version: its slots are not counted
            logger(__name__).debug("presence cannot be read", error=str(error))

    return hear


async def held_jobs(bus: Bus) -> set[str]:
    """The subjects of all jobs that the stream holds; raises `Unavailable`."""
    held: set[str] = set()
    while True:
        try:
            info = await bus.api(
                f"STREAM.INFO.{subjects.JOBS}", {"subjects_filter": ">", "offset": len(held)}
            )
        except (
            ApiError
        ) as error:  # a server that was just started has not been given this stream again: it lives in memory
            raise Unavailable(f"the jobs cannot be seen: {error}") from error
        page = info["state"].get("subjects") or {}
        held |= page.keys()
        if not page or len(held) >= info.get("total", 0):
            return held
