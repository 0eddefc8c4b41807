"""What there is and how it is: configuration for the front end, pools, probes, metrics, tickets and the
message contract."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from reprise_contracts import asyncapi
from reprise_contracts.configuration import Config, Endpoint, Features, Limits, ReportLanguages, TopicLanguage
from reprise_contracts.languages import LANGUAGES, WITHOUT_MODEL
from reprise_contracts.nodes import Phase
from reprise_contracts.states import Health, PoolView, WorkStatus
from reprise_gateway.access.tickets import TICKET_SECONDS
from reprise_gateway.commands.intake import MOST_SOURCES
from reprise_gateway.doors.dependencies import PROBLEM, GatewayDep, Known, Operator, Who, json_answer
from reprise_gateway.doors.pages import api_pages
from reprise_gateway.projections.reports import FORMATS
from reprise_research.sources.kinds import SUFFIXES
from reprise_research.sources.searching.model import offered
from reprise_research.text.language import language_of
from reprise_runtime import metrics

VERSION = metrics.code_version()
NATS_PORT = 4222
"""Where an address names none."""
ORDERS = {"pause": "paused", "resume": "running", "drain": "draining"}
router = APIRouter(tags=["operation"], responses=PROBLEM)


@router.get("/config")
async def config(gateway: GatewayDep, who: Who) -> Config:
    """What the front end may offer. `kinds` are the endings of files that can be read, `languages` those
    of a report without and with a model; `endpoint` says where the engine `openai` sends
    what it reads, and whether that is another machine."""
    settings = gateway.settings
    return Config(
        version=VERSION,
        engine=settings.engine,
        engines=tuple(sorted(gateway.engines)),
        model=settings.llm.model,
        endpoint=Endpoint(host=settings.llm.host, leaves_machine=settings.llm.elsewhere),
        features=Features(**settings.features.model_dump()),
        formats=tuple(FORMATS),
        kinds=tuple(sorted(SUFFIXES)),
        searchers=offered(),
        languages=ReportLanguages(extractive=WITHOUT_MODEL, others=tuple(LANGUAGES)),
        limits=Limits(
            upload_bytes=settings.limits.upload_bytes, sources=MOST_SOURCES, topic=2_000, guidance=20_000
        ),
        auth=gateway.access.closed,
        caller=who.name,
        role=who.role,
    )


@router.get("/language")
async def language(of: Annotated[str, Query(min_length=1, max_length=2_000)], who: Who) -> TopicLanguage:
    """In which language a topic is, so that a front end can say before the start what an engine has no words
    in."""
    return TopicLanguage(language=await asyncio.to_thread(language_of, of))


@router.get("/workers")
async def workers(gateway: GatewayDep, who: Who) -> list[PoolView]:
    """Each pool: what waits, what is in work, the workers that were heard of lately, and what is wrong with
    it."""
    return await gateway.pools.show()


@router.post("/workers/{phase}/{order}")
async def order_pool(
    phase: Phase, order: Literal["pause", "resume", "drain"], gateway: GatewayDep, who: Operator
) -> PoolView:
    """Let a pool take no more jobs (`pause`, `drain`), or take them again. What is in work goes on; it holds
    across restarts."""
    return await gateway.pools.order(phase, ORDERS[order], who.by)


@router.post("/ws-ticket")
async def ticket(gateway: GatewayDep, who: Known) -> dict[str, object]:
    """A ticket that opens one WebSocket within 30 s."""
    return {"ticket": await gateway.access.ticket(who), "expires_in": TICKET_SECONDS}


@router.get("/healthz")
async def alive() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@router.get("/readyz")
async def ready(gateway: GatewayDep) -> Response:
    """The gateway can take work: the log is followed, NATS and the store answer."""
    checks: Mapping[str, bool] = {"log": gateway.projection.ready, **await gateway.reachable()}
    fine = all(checks.values())
    metrics.READY.set(fine)
    return JSONResponse({"status": "ready" if fine else "not ready", "checks": checks}, 200 if fine else 503)


@router.get(
    "/workz",
    response_model=WorkStatus,
    responses={503: {"model": WorkStatus, "description": "Nothing is decided, or a pool takes no job."}},
)
async def working(gateway: GatewayDep) -> Response:
    """Whether a command would be decided now, and a job of each phase taken."""
    found = await gateway.work()
    return json_answer(found, 200 if found.status == "working" else 503)


@router.get("/metrics", response_class=Response)
async def figures(gateway: GatewayDep, who: Who) -> Response:
    """This gateway's figures, for Prometheus."""
    metrics.POSITION.set(gateway.projection.position)
    return Response(generate_latest(metrics.REGISTRY), media_type=CONTENT_TYPE_LATEST)


@router.get("/doctor")
async def doctor(gateway: GatewayDep, who: Operator) -> Health:
    """What is wrong with the installation, in words, and what to do; and the settings as they take effect,
    without secrets."""
    settings = gateway.settings.public()
    return Health.model_validate({"findings": await gateway.monitor.findings(), "settings": settings})


@router.get("/asyncapi")
async def message_contract(request: Request, gateway: GatewayDep, who: Who) -> dict[str, object]:
    """The message contract (AsyncAPI 3), from the same table as `docs/messages.md`."""
    nats = urlsplit(gateway.settings.nats.url.split(",")[0].strip())
    servers = {
        "nats": asyncapi.Server(f"{nats.hostname or nats.path}:{nats.port or NATS_PORT}", "nats"),
        "gateway": asyncapi.Server(request.url.netloc, "wss" if request.url.scheme == "https" else "ws"),
    }
    return asyncapi.document(VERSION, servers)


@router.get("/openapi.json", include_in_schema=False)
async def openapi(request: Request, who: Who) -> dict[str, object]:
    """The REST contract."""
    document: dict[str, object] = request.app.openapi()
    return document


@router.get("/docs", include_in_schema=False)
async def docs(request: Request, who: Who) -> HTMLResponse:
    """The REST contract as a page that needs nothing from elsewhere."""
    return HTMLResponse(api_pages(request.app.openapi()))
