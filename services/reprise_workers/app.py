"""The composition root: settings and a phase in, a running worker out."""

import asyncio
import contextlib
import os
import secrets
import socket
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from reprise_contracts import subjects
from reprise_contracts.commands import ReportOptions
from reprise_contracts.frames import Live
from reprise_contracts.jobs import Job
from reprise_contracts.nodes import Phase
from reprise_contracts.states import WorkerView
from reprise_research.brief import OWN_LIMITS, Usage
from reprise_research.context import Context
from reprise_research.engines import load_engine
from reprise_research.limits import Limits
from reprise_research.notes import Notes
from reprise_research.sources.parser_pool import ParserPool
from reprise_research.sources.proxy import Proxies
from reprise_research.sources.searching.model import SearchSettings
from reprise_research.sources.settings import FetcherSettings
from reprise_runtime import metrics, tracing
from reprise_runtime.cancelling import end
from reprise_runtime.errors import RepriseError
from reprise_runtime.logs import logger, setup
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.connection import connect_forever
from reprise_runtime.nats.jetstream import ApiError
from reprise_runtime.nats.pull_consumer import PullConsumer
from reprise_runtime.nats.server_clock import clock_offset
from reprise_runtime.nats.topology import open_bus
from reprise_runtime.operate.together import Main
from reprise_runtime.s3.artifact_store import S3Store
from reprise_runtime.s3.patient_store import PatientStore
from reprise_runtime.service import OnEnd, on_signals
from reprise_runtime.settings import Settings
from reprise_workers.checks import AT_ONCE, Checks
from reprise_workers.control import Control
from reprise_workers.library import BatchStore, Memory
from reprise_workers.limits import cell_of, shown
from reprise_workers.orders import follow_orders
from reprise_workers.worker import MakeContext, Worker

CLOCK_EVERY = 60.0
"""Seconds between two looks at the server's clock."""
CONCURRENCY = 4
"""Jobs of one process at a time."""
NOTEWORTHY = 0.02
"""Seconds of work that are noted for a next attempt; a note takes some milliseconds of the store's."""


def fetching(settings: Settings) -> FetcherSettings:
    """How sources are fetched, and searched for."""
    return FetcherSettings(
        max_bytes=settings.fetch.max_bytes,
        seconds=settings.fetch.timeout,
        allow_loopback=settings.fetch.allow_loopback,
        ports=settings.fetch.ports,
        proxies=Proxies.named_in(os.environ),
        captions=settings.fetch.captions,
        browser=settings.fetch.browser,
        search=SearchSettings(
            provider=settings.search.provider,
            addresses=settings.search.addresses,
            keys={name: key.get_secret_value() for name, key in settings.search.keys.items()},
            mail=settings.search.mail,
            seconds=settings.search.timeout,
        ),
    )


def contexts(settings: Settings, parsers: ParserPool | None, limits: Limits | None = None) -> MakeContext:
    """Makes the context of a job; the job's engine is the session's, this process's setting only a
    default."""
    own, fetcher = settings.llm.given(), fetching(settings)
    imported: set[str] = set()

    async def make(
        job: Job, begun: bool, store: BatchStore, progress: Callable[[Live], None], usage: Usage
    ) -> Context:
        wished = job.parameters
        name = wished.engine or settings.engine
        model = wished.model or settings.llm.model
        if name not in imported:  # its libraries take seconds to import: the heartbeat must go on meanwhile
            await asyncio.to_thread(load_engine, name, model, own)
            imported.add(name)
        engine = load_engine(name, model, own)
        notes = Notes(store, job.session_id, f"{job.node} g{job.generation}", begun=begun, worth=NOTEWORTHY)
        return Context(
            topic=job.topic,
            engine=engine,
            store=store,
            guidance=wished.guidance,
            progress=progress,
            fetcher=fetcher,
            parsers=parsers,
            notes=notes,
            usage=usage,
            language=wished.language,
            limits=limits or OWN_LIMITS,
            options=ReportOptions.of_value(wished.report),
            session=job.session_id,
        )

    return make


@dataclass
class Ahead:
    """How far this machine's clock is ahead of the NATS server's, in seconds; None until it was asked."""

    seconds: float | None = None

    async def follow(self, bus: Bus, phase: Phase) -> None:
        """Ask now and then, for ever."""
        while True:
            with contextlib.suppress(RepriseError, ApiError):
                self.seconds = await clock_offset(
                    bus, f"CONSUMER.INFO.{subjects.JOBS}.{subjects.pool(phase)}", lambda: datetime.now(UTC)
                )
            await asyncio.sleep(CLOCK_EVERY)


def pools(phases: Sequence[Phase], concurrency: int) -> Mapping[str, Main]:
    """Workers of several pools by their roles, for one process: they share what they keep in memory."""
    memory = Memory()
    return {phase: partial(run, phase=phase, concurrency=concurrency, memory=memory) for phase in phases}


async def run(
    settings: Settings,
    on_end: OnEnd = on_signals,
    *,
    phase: Phase,
    concurrency: int = CONCURRENCY,
    memory: Memory | None = None,
) -> None:
    """Work until the process is asked to end; what is in work then has `drain` seconds to finish, and goes
    back after that."""
    name = f"{phase}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
    setup(settings.log, name)
    metrics.serve(settings.metrics, name)
    tracing.setup(f"worker-{phase}")
    client = await connect_forever(settings.nats, name)
    bus = await open_bus(client, settings)
    store = PatientStore(S3Store(settings.s3))
    await store.ensure_bucket()
    control, known = Control(), asyncio.Event()
    clock = lambda: datetime.now(UTC)  # noqa: E731  # the one place that reads the time
    parsers = (
        ParserPool(ocr=settings.fetch.ocr) if phase == "phase0" else None
    )  # its processes start with the first document and stay warm
    make = contexts(settings, parsers, Limits(cell_of(bus), name, shown=shown))
    worker = Worker(
        name,
        bus,
        store,
        control,
        make,
        settings.timings,
        clock,
        memory,
    )
    puller = PullConsumer(bus, subjects.JOBS, subjects.pool(phase), settings.timings, window=concurrency)
    checking = PullConsumer(bus, subjects.WATCHES, subjects.CHECKS, settings.timings, window=AT_ONCE)
    following = asyncio.create_task(control.follow(bus, phase, known))
    ordered, news = asyncio.Event(), asyncio.Event()
    obeying = asyncio.create_task(follow_orders(bus, phase, (puller, checking), ordered, news.set))
    await known.wait()
    await ordered.wait()
    working = asyncio.create_task(puller.run(worker.handle))
    looking = asyncio.create_task(
        Checks(name, bus, store, fetching(settings), parsers, clock).run(checking)
        if parsers is not None
        else asyncio.sleep(0)
    )
    since = datetime.now(UTC)
    ahead = Ahead()

    async def present() -> None:
        while True:
            now = datetime.now(UTC)
            view = WorkerView(
                worker=name,
                phase=phase,
                since=since,
                seen=now,
                running=tuple(worker.running.values()),
                slots=0 if puller.stopped else concurrency,
                draining=puller.stopped,
                paused=puller.paused,
                version=metrics.code_version(),
                clock_offset=ahead.seconds,
            )
            bus.publish_nowait(subjects.presence(phase, name), view.model_dump_json().encode())
            news.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1.0 if puller.paused else settings.timings.heartbeat):
                    await news.wait()

    presence, comparing = asyncio.create_task(present()), asyncio.create_task(ahead.follow(bus, phase))
    loop = asyncio.get_running_loop()

    def drain() -> None:
        puller.stop()
        checking.stop()
        loop.call_later(settings.timings.drain, working.cancel)

    on_end(drain)
    logger(__name__).info("ready", worker=name, concurrency=concurrency)
    with contextlib.suppress(asyncio.CancelledError):
        await working
    # What is looked at just now goes back: somebody else looks again.
    await end(following, obeying, presence, comparing, looking)
    if parsers is not None:
        await parsers.close()
    await client.drain()
    await asyncio.to_thread(tracing.shutdown)
