"""The composition root: settings in, a running orchestrator out."""

import asyncio
from datetime import UTC, datetime

from reprise_contracts import subjects
from reprise_orchestrator.handler import Orchestrator
from reprise_orchestrator.states import States
from reprise_runtime import metrics, tracing
from reprise_runtime.admission import Admission, installed_engines
from reprise_runtime.handover import Handover
from reprise_runtime.logs import logger, setup
from reprise_runtime.nats.connection import connect_forever
from reprise_runtime.nats.log_mark import LogGuard
from reprise_runtime.nats.pull_consumer import PullConsumer
from reprise_runtime.nats.session_log import NatsSessionLog
from reprise_runtime.nats.topology import open_bus
from reprise_runtime.service import OnEnd, on_signals
from reprise_runtime.settings import Settings

WINDOW = 2048
"""Inputs held at once; enough to decide a wide session's results together."""


async def run(settings: Settings, on_end: OnEnd = on_signals, handover: Handover | None = None) -> None:
    """Decide until the process is asked to end; what is being decided then is committed first. `handover`
    tells a scheduler in the same process what is decided."""
    setup(settings.log, "orchestrator")
    metrics.serve(settings.metrics, "orchestrator")
    tracing.setup("orchestrator")
    client = await connect_forever(settings.nats, "orchestrator")
    bus = await open_bus(client, settings)
    log = NatsSessionLog(bus, handover)
    orchestrator = Orchestrator(
        log,
        bus,
        States(log, handover),
        Admission(settings.features, installed_engines(), settings.llm),
        lambda: datetime.now(UTC),
    )
    puller = PullConsumer(bus, subjects.INBOX, subjects.ORCHESTRATOR, settings.timings, window=WINDOW)
    on_end(puller.stop)
    logger(__name__).info("ready")
    guard = LogGuard(bus, lambda: datetime.now(UTC))
    watching = asyncio.create_task(guard.watch())
    async for deliveries in puller.batches(WINDOW):
        await guard.until_sound()
        await orchestrator.take(deliveries)
    watching.cancel()
    await orchestrator.idle()
    await client.drain()
    await asyncio.to_thread(tracing.shutdown)
