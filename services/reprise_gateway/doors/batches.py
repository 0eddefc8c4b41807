"""`/batches`: started, listed, changed and ended."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from reprise_contracts.commands import BatchRequest, SessionRequest, SourcesRequest
from reprise_contracts.importing import ImportCall
from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Source
from reprise_contracts.states import BatchPage, BatchView, Created
from reprise_contracts.subjects import text_key
from reprise_contracts.wire import Id, Message, Sha256
from reprise_gateway.commands.batch_service import text_of
from reprise_gateway.doors.dependencies import PROBLEM, GatewayDep, Key, Who, json_answer, one_name, stored
from reprise_gateway.doors.requests import batch_request, bundle_in, exactly, source_request, sources_request
from reprise_runtime.errors import ObjectMissing, Refused

router = APIRouter(tags=["batches"], responses=PROBLEM)

FORM: dict[str, object] = {
    "type": "object",
    "required": ["topic"],
    "properties": {
        **{
            name: {"type": "string"}
            for name in ("topic", "guidance", "engine", "model", "language", "command_id", "stop_after")
        },
        "files": {"type": "array", "items": {"type": "string", "format": "binary"}},
        "urls": {"type": "array", "items": {"type": "string"}},
    },
}


def _bodies(model: type[Message], form: dict[str, object] = FORM) -> dict[str, object]:
    """What the pages say of a body that is JSON or a form."""
    schema = {"$ref": f"#/components/schemas/{model.__name__}"}
    content = {"application/json": {"schema": schema}, "multipart/form-data": {"schema": form}}
    return {"requestBody": {"required": True, "content": content}}


BUNDLE_BODY: dict[str, object] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/zip": {"schema": {"type": "string", "format": "binary"}},
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {"files": {"type": "string", "format": "binary"}},
                }
            },
        },
    }
}


class SourceList(Message):
    """`GET /batches/{b}/sources`."""

    sources: tuple[Source, ...]


@router.post("/batches", status_code=201, response_model=Created, openapi_extra=_bodies(BatchRequest))
async def start(request: Request, gateway: GatewayDep, who: Who, key: Key) -> Response:
    """Start a batch with its first session; from JSON, or from a form with files. 202 where the decision
    takes its time."""
    async with batch_request(request) as (asked, intake):
        started = await gateway.batches.start(
            asked.model_copy(update={"command_id": one_name(asked.command_id, key)}), intake, who
        )
    return json_answer(started.created, 201 if started.there else 202)


@router.post("/batches/import", status_code=201, response_model=Created, openapi_extra=BUNDLE_BODY)
async def import_bundle(request: Request, gateway: GatewayDep, who: Who, key: Key) -> Response:
    """Make a batch with a session of the file that `GET /sessions/{s}/bundle` gave, here or elsewhere: as a
    ZIP, or as the one file of a form."""
    data = await bundle_in(request)
    call = ImportCall(command_id=key)
    return json_answer(await gateway.service.import_bundle(call, data, who), 201)


@router.get("/batches", response_model=BatchPage)
async def page(
    gateway: GatewayDep,
    who: Who,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    q: Annotated[
        str, Query(max_length=200, description="Words to look for in topics, sources and ids.")
    ] = "",
) -> Response:
    """Batches, newest first."""
    return json_answer(await gateway.batches.page(after=after, limit=limit, search=q))


@router.get("/batches/{batch_id}", response_model=BatchView)
async def show(batch_id: Id, gateway: GatewayDep, who: Who) -> Response:
    """A batch with its sources, its sessions and the bytes stored."""
    return json_answer(await gateway.batches.show(batch_id))


@router.post(
    "/batches/{batch_id}/sessions",
    status_code=201,
    response_model=Created,
    dependencies=[exactly(SessionRequest)],
)
async def add_session(
    batch_id: Id, asked: SessionRequest, gateway: GatewayDep, who: Who, key: Key
) -> Response:
    """A further session on the same sources."""
    started = await gateway.batches.add_session(
        batch_id, asked.model_copy(update={"command_id": one_name(asked.command_id, key)}), who
    )
    return json_answer(started.created, 201 if started.there else 202)


@router.get("/batches/{batch_id}/sources", response_model=SourceList)
async def sources(batch_id: Id, gateway: GatewayDep, who: Who) -> Response:
    """Every source with what its last fetch gave."""
    return json_answer(SourceList(sources=tuple((await gateway.batches.sources(batch_id)).values())))


@router.post(
    "/batches/{batch_id}/sources",
    status_code=201,
    response_model=BatchView,
    openapi_extra=_bodies(SourcesRequest),
)
async def add_sources(batch_id: Id, request: Request, gateway: GatewayDep, who: Who, key: Key) -> Response:
    """Add sources: marks stale, runs nothing."""
    async with sources_request(request) as (command_id, intake):
        return json_answer(
            await gateway.batches.add_sources(batch_id, intake, one_name(command_id, key), who), 201
        )


@router.put(
    "/batches/{batch_id}/sources/{source_id}", response_model=BatchView, openapi_extra=_bodies(SourcesRequest)
)
async def replace_source(
    batch_id: Id, source_id: Id, request: Request, gateway: GatewayDep, who: Who, key: Key
) -> Response:
    """Replace a source by `{url}`, `{text, title}` or a file: marks stale, runs nothing."""
    async with source_request(request) as (command_id, intake):
        return json_answer(
            await gateway.batches.replace_source(batch_id, source_id, intake, one_name(command_id, key), who)
        )


@router.delete("/batches/{batch_id}/sources/{source_id}", response_model=BatchView)
async def remove_source(batch_id: Id, source_id: Id, gateway: GatewayDep, who: Who, key: Key) -> Response:
    """Remove a source: marks stale, runs nothing."""
    return json_answer(await gateway.batches.remove_source(batch_id, source_id, key, who))


@router.get("/batches/{batch_id}/sources/{source_id}/text", response_class=Response)
async def text(
    batch_id: Id, source_id: Id, request: Request, gateway: GatewayDep, who: Who, sha256: Sha256 | None = None
) -> Response:
    """A source's stored text, in which the offsets of citations count. `sha256` names one as a citation does:
    it is there for as long as a result cites it, also when its source has another one by now, or is gone."""
    sources = await gateway.batches.sources(batch_id)
    wanted = sha256 or text_of(sources, source_id)
    try:
        body = await gateway.store.get_verified(text_key(batch_id, wanted), wanted)
    except ObjectMissing:
        detail = "There is no stored text with this hash."
        problem = Problem(
            type="not_found", field="sha256", detail=detail, action="Leave it out to get the text of today."
        )
        raise Refused(problem) from None
    return stored(body, wanted, "text/plain; charset=utf-8", request)
