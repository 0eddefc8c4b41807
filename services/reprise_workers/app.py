"""The composition root: settings and a phase in, a running worker out."""

import asyncio
import contextlib
import os
import secrets
import signal
import socket
from collections.abc import Callable
from datetime import UTC, datetime

from reprise_contracts import subjects
from reprise_contracts.frames import Live
from reprise_contracts.jobs import Job
from reprise_contracts.nodes import Phase
from reprise_contracts.states import WorkerView
from reprise_research.context import Context, Usage
from reprise_research.engines import load_engine
from reprise_research.notes import Notes
from reprise_research.sources.parser_pool import ParserPool
from reprise_research.sources.settings import FetcherSettings
from reprise_runtime import metrics, tracing
from reprise_runtime.logs import logger, setup
from reprise_runtime.nats.connection import connect_forever
from reprise_runtime.nats.pull_consumer import PullConsumer
from reprise_runtime.nats.topology import open_bus
from reprise_runtime.s3.artifact_store import S3Store
from reprise_runtime.s3.patient_store import PatientStore
from reprise_runtime.settings import Settings
from reprise_workers.control import Control
from reprise_workers.library import BatchStore
from reprise_workers.orders import follow_orders
from reprise_workers.worker import MakeContext, Worker

CONCURRENCY = 4
"""Jobs of one process at a time."""
NOTEWORTHY = 0.02
"""Seconds of work that are noted for a next attempt; a note takes some milliseconds of the store's."""


def contexts(settings: Settings, parsers: ParserPool | None) -> MakeContext:
    """Makes the context of a job; the job's engine is the session's, this process's setting only a default."""
    own = settings.llm.given()
    fetcher = FetcherSettings(
        max_bytes=settings.fetch.max_bytes,
        seconds=settings.fetch.timeout,
        allow_loopback=settings.fetch.allow_loopback,
        ports=settings.fetch.ports,
    )
    imported: set[str] = set()

    async def make(job: Job, begun: bool, store: BatchStore, progress: Callable[[Live], None], usage: Usage) -> Context:
        wished = job.parameters
        name = wished.engine or settings.engine
        model = wished.model or settings.llm.model
        if name not in imported:  # its libraries take seconds to import: the heartbeat must go on meanwhile
            await asyncio.to_thread(load_engine, name, model, own)
            imported.add(name)
        engine = load_engine(name, model, own)
        notes = Notes(store, job.session_id, f"{job.node} g{job.generation}", begun=begun, worth=NOTEWORTHY)
        return Context(
            topic=job.topic, engine=engine, store=store, guidance=wished.guidance, progress=progress, fetcher=fetcher, parsers=parsers,
            notes=notes, usage=usage, language=wished.language, session=job.session_id,
        )  # fmt: skip

    return make


async def run(settings: Settings, phase: Phase, concurrency: int = CONCURRENCY) -> None:
    """Work until SIGTERM; what is in work then has `drain` seconds to finish, and goes back after that."""
    name = f"{phase}-{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(2)}"
    setup(settings.log, name)
    metrics.serve(settings.metrics, name)
    tracing.setup(f"worker-{phase}")
    client = await connect_forever(settings.nats, name)
    bus = await open_bus(client, settings)
    store = PatientStore(S3Store(settings.s3))
    await store.ensure_bucket()
    control, known = Control(), asyncio.Event()
    parsers = ParserPool() if phase == "phase0" else None  # its processes start with the first document and stay warm
    worker = Worker(name, bus, store, control, contexts(settings, parsers), settings.timings, lambda: datetime.now(UTC))
    puller = PullConsumer(bus, subjects.JOBS, subjects.pool(phase), settings.timings, window=concurrency)
    following = asyncio.create_task(control.follow(bus, phase, known))
    ordered, news = asyncio.Event(), asyncio.Event()
    obeying = asyncio.create_task(follow_orders(bus, phase, puller, ordered, news.set))
    await known.wait()
    await ordered.wait()
    working = asyncio.create_task(puller.run(worker.handle))
    since = datetime.now(UTC)

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
            )
            bus.publish_nowait(subjects.presence(phase, name), view.model_dump_json().encode())
            news.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(news.wait(), 1.0 if puller.paused else settings.timings.heartbeat)

    presence = asyncio.create_task(present())
    loop = asyncio.get_running_loop()

    def drain() -> None:
        puller.stop()
        loop.call_later(settings.timings.drain, working.cancel)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, drain)
    logger(__name__).info("ready", worker=name, concurrency=concurrency)
    with contextlib.suppress(asyncio.CancelledError):
        await working
    for task in (following, obeying, presence):
        task.cancel()
    if parsers is not None:
        await parsers.close()
    await client.drain()
    await asyncio.to_thread(tracing.shutdown)
