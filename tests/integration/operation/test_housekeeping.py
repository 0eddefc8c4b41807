"""Time and housekeeping apart: what is due on time is on time, however much there is to tidy up."""

import asyncio
import time
from datetime import UTC, datetime, timedelta

from domain_world import World
from reprise_contracts import subjects
from reprise_contracts.commands import Cancel, Policy
from reprise_contracts.events import Commit
from reprise_contracts.jobs import Job, LeaseEnded, Started
from reprise_runtime import metrics
from reprise_runtime.nats import topology
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.session_log import NatsSessionLog
from reprise_runtime.s3.artifact_store import S3Store
from reprise_runtime.settings import Settings, Timings
from reprise_scheduler.app import held_jobs
from reprise_scheduler.dispatcher import Dispatcher
from reprise_scheduler.scheduler import Scheduler
from reprise_scheduler.sweeper import Sweeper
from servers_for_tests import Eventually

SWEEPS = 10_000
LATE = 0.5
"""Seconds that something may come after its time on a busy machine."""


def named(commit: Commit, name: str) -> Commit:
    """A commit of the only session of a world as that of a session with another name."""
    data = commit.model_copy(update={"active": True}).encode().replace(b'"s-1"', b'"%s"' % name.encode())
    return Commit.decode(data.replace(b"/s-1/", b"/%s/" % name.encode()))


async def append(log: NatsSessionLog, world: World, name: str) -> None:
    """A world's log, commit by commit."""
    seq = 0
    for _, commit in world.log:
        seq = await log.append(name, named(commit, name), expected=seq)


def a_failed_session() -> World:
    """Its first node failed for good: what that attempt may have stored is swept."""
    world = World(now=datetime.now(UTC))
    world.fail("phase0")
    assert world.s.run is None and world.s.sweepable
    return world


async def test_retries_and_leases_are_on_time_with_ten_thousand_sweeps_due(
    bus: Bus, store: S3Store, settings: Settings, eventually: Eventually
) -> None:
    """A retry that is due in a second is published in a second, a lease that ends in a second is told
    then."""
    wide = settings.model_copy(
        update={"limits": settings.limits.model_copy(update={"session_bytes": 512 << 20})}
    )
    await topology.ensure(bus, wide)
    log = NatsSessionLog(bus)
    failed = a_failed_session()
    whole = Commit(at=failed.now, inputs=("test",), events=tuple(failed.events()), batch="b-1", sweep=True)

    async def put(names: range) -> None:
        for number in names:
            commit = named(whole, f"s-{number}").model_copy(update={"active": False})
            await log.append(f"s-{number}", commit, expected=0)

    await asyncio.gather(*(put(range(start, SWEEPS, 64)) for start in range(64)))

    timings = Timings(sweep_after=0.0)
    dispatcher = Dispatcher(bus, store, lambda: held_jobs(bus))
    scheduler = Scheduler(log, bus, dispatcher, Sweeper(store, log, bus), timings, lambda: datetime.now(UTC))
    working = asyncio.create_task(scheduler.run())
    try:
        await eventually(lambda: noted() > 0.9 * SWEEPS, within=120)

        retried = World(now=datetime.now(UTC), policy=Policy(backoff_seconds=1.0))
        retried.fail("phase0", retryable=True)
        due = retried.s.node("phase0").not_before
        assert due is not None
        await append(log, retried, "s-retry")

        cancelled = World(now=datetime.now(UTC), policy=Policy(lease_seconds=1.0))
        cancelled.give(Started(node="phase0", generation=1, attempt=1, execution_id="e-1"))
        cancelled.give(Cancel(command_id="stop"))
        assert cancelled.s.node("phase0").status == "cancelling"
        await append(log, cancelled, "s-lease")

        job = await bus_message(bus, subjects.JOBS, subjects.job("s-retry", "phase0", 1, 2))
        assert Job.decode(job).attempt == 2
        assert timedelta(0) <= datetime.now(UTC) - due < timedelta(seconds=LATE)
        told = await bus_message(bus, subjects.INBOX, subjects.timer("s-lease"))
        assert LeaseEnded.decode(told).node == "phase0"
        assert datetime.now(UTC) - cancelled.now < timedelta(seconds=1 + LATE)
        assert noted() > 100, "the sweeps must still be due for this to mean something"
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


def noted() -> float:
    """How much the scheduler has noted to tidy up."""
    return metrics.REGISTRY.get_sample_value("reprise_housekeeping_noted") or 0.0


async def bus_message(bus: Bus, stream: str, subject: str, within: float = 60.0) -> bytes:
    """The first message on a subject, as soon as it is there."""
    end = time.monotonic() + within
    while True:
        found = await bus.last(stream, subject)
        if found is not None:
            return found.data
        assert time.monotonic() < end, f"nothing on {subject} within {within:g} s"
        await asyncio.sleep(0.01)
