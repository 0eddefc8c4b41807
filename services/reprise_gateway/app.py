"""The composition root: what the gateway is made of, the HTTP application around it, and the program that
serves it."""

import asyncio
import signal
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import uvicorn
from fastapi import Depends, FastAPI
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from starlette.middleware.cors import CORSMiddleware
from starlette.routing import Route

from reprise_contracts import subjects
from reprise_gateway.access.access import Access
from reprise_gateway.access.rates import Rates
from reprise_gateway.access.tickets import Tickets
from reprise_gateway.commands.batch_service import BatchService, Defaults
from reprise_gateway.commands.capacity import Capacity, Usage, disk_spare, inbox_usage
from reprise_gateway.commands.inbox import PATIENCE, Inbox
from reprise_gateway.commands.intake import Sources
from reprise_gateway.commands.undecided import Undecided, Waiting, bus_waiting, none_waiting
from reprise_gateway.commands.watching import LastChecks, Watching, last_checks, nothing_checked
from reprise_gateway.commands.webhooks import BusWebhooks, KeptWebhooks, NoWebhooks, Webhooks
from reprise_gateway.commands.workflow import WorkflowService
from reprise_gateway.doors import (
    batches,
    calls,
    deep_insights,
    fleet,
    mcp,
    nats_api,
    openapi,
    operations,
    problems,
    sessions,
    web,
    websocket,
)
from reprise_gateway.doors.base_path import BasePath, Head
from reprise_gateway.doors.dependencies import known_query
from reprise_gateway.doors.hosts import LOCAL, Hosts
from reprise_gateway.doors.listening import listening, patient
from reprise_gateway.doors.middleware import Calls
from reprise_gateway.gateway import Gateway
from reprise_gateway.operations.deliverer import Deliverer
from reprise_gateway.operations.monitor import Monitor
from reprise_gateway.operations.pools import Lags, Pools, consumer_lag
from reprise_gateway.operations.readiness import (
    Attended,
    OldestInput,
    always_attended,
    attended,
    nothing_old,
    oldest_input,
    reachable_by,
    work_by,
)
from reprise_gateway.operations.server_status import Probe, bus_probe
from reprise_gateway.projections.contents import Contents
from reprise_gateway.projections.hub import Hub
from reprise_gateway.projections.impact import Impacts
from reprise_gateway.projections.index import Index, kept_index
from reprise_gateway.projections.patient_store import PatientStore
from reprise_gateway.projections.projection import Projection
from reprise_runtime import logs, metrics, tracing
from reprise_runtime.admission import Admission, installed_engines
from reprise_runtime.cancelling import end
from reprise_runtime.nats.bus import Publisher
from reprise_runtime.nats.connection import connect_forever, exit_process, flush_subscriptions
from reprise_runtime.nats.middleware import Broker
from reprise_runtime.nats.session_log import NatsSessionLog, SessionLog
from reprise_runtime.nats.topology import open_bus
from reprise_runtime.s3.artifact_store import ArtifactStore, S3Store
from reprise_runtime.settings import Settings
from reprise_runtime.tokens import exposure_problem

FORMS = 10
"""A form may be so many times as large as one upload."""
GRACE = 5
"""Seconds that open calls are given at a shutdown."""
KEPT_OPEN = 75
"""Seconds that an idle connection is kept: longer than proxies wait with their next request, for one that is
closed at that moment ends in an error that the server knows nothing of."""

Clock = Callable[[], datetime]


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class Effects:
    """The servers that a gateway works with; in tests, their doubles."""

    log: SessionLog
    publisher: Publisher
    store: ArtifactStore
    usage: Usage
    lag: Lags
    probe: Probe
    connected: Callable[[], bool]
    waiting: Waiting = none_waiting
    last_checks: LastChecks = nothing_checked
    oldest_input: OldestInput = nothing_old
    attended: Attended = always_attended
    webhooks: KeptWebhooks = field(default_factory=NoWebhooks)


def compose(
    settings: Settings,
    effects: Effects,
    *,
    index: Index | None = None,
    clock: Clock = now,
    patience: float = PATIENCE,
) -> Gateway:
    """Put the parts together. Nothing runs yet. Without an `index` it is in memory."""
    index = index or Index(effects.log)
    admission = Admission(settings.features, installed_engines(), settings.llm)
    projection = Projection(effects.log)
    store = PatientStore(effects.store)
    contents = Contents(store)
    hub = Hub(
        contents, lambda session_id: state.batch_id if (state := projection.cached(session_id)) else None
    )
    projection.on_transition, projection.on_reset = hub.publish, hub.reset
    inbox = Inbox(
        projection,
        effects.publisher,
        Capacity(effects.usage, disk_spare(settings.state_dir, settings.limits.disk_reserve)),
        patience,
    )
    sources = Sources(effects.store, settings.limits.upload_bytes)
    pools = Pools(effects.lag, effects.publisher, settings.timings.heartbeat, clock)
    reachable = reachable_by(effects.connected, effects.oldest_input, effects.store)
    batches = BatchService(
        inbox,
        index,
        store,
        sources,
        defaults=Defaults.of(settings),
        admission=admission,
        clock=clock,
        undecided=Undecided(effects.waiting),
    )
    watching = Watching(batches, effects.last_checks, settings.limits.check_seconds)
    webhooks = Webhooks(effects.webhooks, effects.publisher, effects.log, settings.webhooks, clock)
    workflow = WorkflowService(
        inbox, batches, watching, Impacts(store, contents), webhooks, admission=admission, clock=clock
    )
    return Gateway(
        settings=settings,
        projection=projection,
        index=index,
        service=workflow,
        batches=batches,
        store=store,
        contents=contents,
        hub=hub,
        access=Access(settings.auth, Tickets(effects.publisher, clock), clock=clock),
        rates=Rates(settings.limits.requests_per_second, settings.limits.requests_burst),
        pools=pools,
        monitor=Monitor(effects.probe, pools, reachable, settings.timings.heartbeat),
        engines=frozenset(admission.engines),
        reachable=reachable,
        work=work_by(effects.oldest_input, effects.attended, pools),
    )


def create_app(gateway: Gateway, site: Path | None = None) -> FastAPI:
    """The HTTP application, with the web app of a folder or the one that is there; while it lives the log is
    followed."""
    agents = mcp.McpDoor(gateway)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        following = asyncio.create_task(gateway.projection.run(), name="follow the log")
        following.add_done_callback(_ended)
        watching = asyncio.create_task(gateway.monitor.run(), name="watch the whole")
        watching.add_done_callback(_ended)
        indexing = asyncio.create_task(gateway.index.run(), name="keep the index")
        indexing.add_done_callback(_ended)
        try:
            yield
        finally:
            await end(following, watching, indexing)
            await gateway.index.close()
            await agents.close()

    app = FastAPI(
        title="Reprise",
        version=operations.VERSION,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        generate_unique_id_function=lambda route: route.name,
        description="Deep research that can be played again.",
        dependencies=[Depends(known_query)],
        strict_content_type=False,  # a body that does not say what it is is JSON
    )
    app.state.gateway = gateway
    app.openapi = lambda: openapi.complete(app)  # type: ignore[method-assign]  # FastAPI's own way to have another document
    problems.install(app)
    for door in (deep_insights, calls, batches, fleet, sessions, operations, websocket):
        app.include_router(door.router)
    app.router.routes.append(Route(mcp.PATH, agents, methods=["POST"], include_in_schema=False))
    web.serve(app, site or web.built())
    upload = gateway.settings.limits.upload_bytes
    app.add_middleware(Hosts, names=_names(gateway))
    app.add_middleware(
        Calls,
        access=gateway.access,
        rates=gateway.rates,
        body_bytes=upload,
        form_bytes=FORMS * upload,
        read_timeout=gateway.settings.gateway.read_timeout,
    )
    if gateway.settings.gateway.origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=gateway.settings.gateway.origins,
            allow_methods=["*"],
            allow_headers=["*"],
            expose_headers=["ETag", "Retry-After"],
        )
    app.add_middleware(Head)
    app.add_middleware(BasePath)
    return app


def _names(gateway: Gateway) -> frozenset[str] | None:
    """The names it answers to: its own, this machine's and the configured ones. Where callers show a token
    and none is configured, any."""
    configured = frozenset(gateway.settings.hosts)
    return None if gateway.access.closed and not configured else LOCAL | configured | {gateway.settings.host}


def _ended(task: asyncio.Task[None]) -> None:
    """A gateway that no longer follows the log knows nothing: a new one is better."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logs.logger(__name__).error("broken", task=task.get_name(), error=repr(error), exc_info=error)
        exit_process()


@asynccontextmanager
async def opened(settings: Settings) -> AsyncIterator[Gateway]:
    """A gateway on the servers that the settings name, with its ears open. Raises `Unavailable`."""
    async with AsyncExitStack() as stack:
        client = await connect_forever(settings.nats, "gateway")
        stack.push_async_callback(client.close)
        bus = await open_bus(client, settings)
        store = S3Store(settings.s3)
        stack.push_async_callback(store.close)
        broker = await _answering(settings, stack)
        log = NatsSessionLog(bus)
        index = await stack.enter_async_context(kept_index(log, settings.state_dir / "index"))
        effects = Effects(
            log=log,
            publisher=bus,
            store=store,
            usage=inbox_usage(bus, settings.limits),
            lag=consumer_lag(bus, now),
            probe=bus_probe(bus, settings, now),
            waiting=bus_waiting(bus),
            last_checks=last_checks(bus),
            oldest_input=oldest_input(bus, now),
            attended=attended(bus),
            webhooks=BusWebhooks(bus),
            connected=lambda: bool(client.is_connected and broker.own.is_connected),
        )
        gateway = compose(settings, effects, index=index)
        nats_api.subscribe(broker, gateway.service, gateway.access)

        async def told(message: Msg) -> None:
            gateway.hub.told(message.subject, message.data)

        async def present(message: Msg) -> None:
            gateway.pools.present(message.data)

        await client.subscribe(subjects.ALL_PROGRESS, cb=told)

        async def backlog(message: Msg) -> None:
            gateway.pools.backlog(message.data)

        await client.subscribe(subjects.PRESENCES, cb=present)
        await client.subscribe(subjects.BACKLOG, cb=backlog)
        await broker.start()
        for listening in (client, broker.own):
            await flush_subscriptions(listening)  # whoever is served over HTTP finds the api answering, too
        telling = asyncio.create_task(Deliverer(bus, settings, now).run(), name="tell webhooks")
        telling.add_done_callback(_ended)
        try:
            yield gateway
        finally:
            await end(telling)


async def _answering(settings: Settings, stack: AsyncExitStack) -> Broker:
    """Where the api is answered: FastStream's, on a connection of its own."""
    broker = Broker(await connect_forever(settings.nats, "gateway-api"))

    async def stop() -> None:
        try:
            await broker.stop()
        except NatsError:  # it has lost its server, and cannot drain
            await broker.own.close()

    stack.push_async_callback(stop)
    return broker


async def serve(settings: Settings) -> None:
    """Serve until told to stop; open calls are given a moment."""
    if refusal := exposure_problem(settings.auth, settings.host):
        raise SystemExit(refusal)
    logs.setup(settings.log, "gateway")
    metrics.serve(settings.metrics, "gateway")
    tracing.setup("gateway")
    sockets = listening(settings.host, settings.port)
    async with opened(settings) as gateway:
        config = uvicorn.Config(
            create_app(gateway),
            http=patient(settings.gateway.read_timeout),
            log_config=None,
            access_log=False,
            timeout_graceful_shutdown=GRACE,
            timeout_keep_alive=KEPT_OPEN,
            ws_max_size=websocket.MESSAGE * 4,
            server_header=False,
        )
        server = uvicorn.Server(config)

        def stop() -> None:
            server.should_exit = True

        for number in (signal.SIGTERM, signal.SIGINT):  # so that what is open here is closed as well
            asyncio.get_running_loop().add_signal_handler(number, stop)
        await server.serve(sockets)
        await asyncio.to_thread(tracing.shutdown)
