"""`/sessions`: state, artifacts, edits, the report, the timeline, and what became of commands."""

import asyncio
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from reprise_contracts.artifacts import ObjectRef, Phase4
from reprise_contracts.commands import Options, Propagation, SessionCall
from reprise_contracts.nodes import step_node
from reprise_contracts.phrases import of, spoken
from reprise_contracts.problems.model import Problem
from reprise_contracts.problems.refusals import lost
from reprise_contracts.states import Receipt, ReportCheck, ReportFault, Timeline, TimelineEntry
from reprise_contracts.wire import Id, Malformed, digest
from reprise_domain.freshness import Verdicts
from reprise_domain.state import Session
from reprise_gateway.doors.dependencies import (
    PROBLEM,
    GatewayDep,
    Key,
    Who,
    if_match,
    json_answer,
    known,
    outcome,
    stored,
)
from reprise_gateway.gateway import Gateway
from reprise_gateway.projections.bundles import bundle_of
from reprise_gateway.projections.reports import CSP, render
from reprise_gateway.projections.states import node_view
from reprise_gateway.projections.timeline import Narrator
from reprise_research.bundle import Bundle
from reprise_research.checking import check_bundle, outdated
from reprise_runtime.errors import ObjectCorrupt, ObjectMissing, Refused

router = APIRouter(prefix="/sessions/{session_id}", tags=["sessions"], responses=PROBLEM)
TOGETHER = 16
"""Artifacts of steps that are read at once."""


@router.get("/artifacts/phase3", response_class=Response)
async def steps(session_id: Id, request: Request, gateway: GatewayDep, who: Who) -> Response:
    """What the steps of the plan found, `{steps: […]}`; those without a result are left out."""
    session = await gateway.service.session(session_id)
    refs = [
        made.event.artifact
        for node in (session.plan.nodes if session.plan else ())
        if (made := session.node(node).materialization)
    ]
    etag = digest([ref.sha256 for ref in refs])
    if known(request, etag):
        return stored(b"", etag, "application/json", request)
    some = asyncio.Semaphore(TOGETHER)

    async def read(ref: ObjectRef) -> bytes:
        async with some:
            return await gateway.contents.read(ref)

    bodies = await asyncio.gather(*map(read, refs))
    return stored(b'{"steps":[' + b",".join(bodies) + b"]}", etag, "application/json", request)


@router.get("/artifacts/phase3/steps/{step_id}", response_class=Response)
async def step(session_id: Id, step_id: int, request: Request, gateway: GatewayDep, who: Who) -> Response:
    """What one step found."""
    session = await gateway.service.session(session_id)
    numbers = tuple(session.plan.by_id) if session.plan else ()
    if step_id not in numbers:
        detail = f"There is no step {step_id} in this session."
        action = "Choose among the valid steps."
        raise Refused(
            Problem(type="step_unknown", field="step_id", detail=detail, action=action, valid_steps=numbers)
        )
    return await _artifact(gateway, session, step_node(step_id), request)


@router.get("/artifacts/{phase}", response_class=Response)
async def artifact(
    session_id: Id,
    phase: Literal["phase0", "phase1", "phase2", "phase4"],
    request: Request,
    gateway: GatewayDep,
    who: Who,
) -> Response:
    """The latest artifact of a phase, as it is stored; its ETag is its sha256."""
    return await _artifact(gateway, await gateway.service.session(session_id), phase, request)


async def _artifact(gateway: Gateway, session: Session, node: str, request: Request) -> Response:
    ref = _made(session, node)
    try:
        body = await gateway.contents.read(ref) if not known(request, ref.sha256) else b""
    except (ObjectMissing, ObjectCorrupt) as error:  # replaced between the state and the store, or lost (R34)
        now = _made(await gateway.service.session(session.session_id), node)
        if now.key == ref.key:
            raise Refused(lost(node, damaged=isinstance(error, ObjectCorrupt))) from None
        ref = now
        body = await gateway.contents.read(ref)
    return stored(body, ref.sha256, "application/json", request)


def _made(session: Session, node: str) -> ObjectRef:
    entry = session.node(node)
    made = entry.materialization
    if made is None and entry.problem is not None and entry.problem.type == "artifact_lost":
        raise Refused(entry.problem)
    if made is None:
        detail = f"{of(node, 'has', 'have')} no result yet."
        raise Refused(
            Problem(
                type="not_found", detail=detail, action=f"Run {spoken(node)}, or wait until there is one."
            )
        )
    return made.event.artifact


@router.put(
    "/artifacts/{phase}",
    status_code=202,
    response_model=Receipt,
    openapi_extra={
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"type": "object"}}}}
    },
)
async def edit(
    session_id: Id,
    phase: Literal["phase1", "phase2"],
    request: Request,
    gateway: GatewayDep,
    who: Who,
    key: Key,
    propagation: Propagation = "mark_stale",
    dry_run: Literal["true", "false"] = "false",
) -> Response:
    """Put goals or a plan of your own in place. New steps need no number; an edited step keeps the one that
    it carries."""
    call = SessionCall(session_id=session_id, command_id=key)
    options = Options(propagation=propagation, dry_run=dry_run == "true")
    made = (await gateway.service.session(session_id)).node(phase).materialization
    wanted = if_match(request, made.event.artifact.sha256 if made is not None else None)
    return outcome(
        await gateway.service.edit(
            call, phase, await request.body(), options=options, if_match=wanted, caller=who
        )
    )


@router.get("/report", response_class=Response)
async def report(
    session_id: Id,
    gateway: GatewayDep,
    who: Who,
    format_name: Annotated[str, Query(alias="format", max_length=20)] = "md",
) -> Response:
    """The report as a document; a stale one says "outdated" at its top."""
    session = await gateway.service.session(session_id)
    made = await gateway.contents.artifact(_made(session, "phase4"), "phase4")
    assert isinstance(made, Phase4)  # noqa: S101  # `Contents` reads the phase's own model
    view = node_view(session, Verdicts(session), "phase4")
    document = await asyncio.to_thread(render, made, view, format_name, session)
    headers = {
        "Reprise-Freshness": view.freshness or "fresh",
        "Content-Disposition": f'inline; filename="report.{document.suffix}"',
        "Content-Security-Policy": CSP,
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
    }
    return Response(document.content, media_type=document.media_type, headers=headers)


@router.get("/report/check", response_model=ReportCheck)
async def check(session_id: Id, gateway: GatewayDep, who: Who) -> Response:
    """What of the report does not hold: each quote, figure, negation and reference is held against the stored
    texts, those of an outdated report against the texts that it cites."""
    session = await gateway.service.session(session_id)
    _made(session, "phase4")
    bundle = Bundle.unpacked(await bundle_of(session, gateway.store, whole=False))
    try:
        faults = await asyncio.to_thread(check_bundle, bundle)
        since = await asyncio.to_thread(outdated, bundle)
    except Malformed:  # deleted since, or damaged in the store (R34)
        raise Refused(lost("phase4", damaged=bool(bundle.damaged))) from None
    told = tuple(ReportFault(kind=f.kind, where=f.where, words=f.words, why=f.why) for f in faults)
    return json_answer(ReportCheck(session_id=session_id, outdated=since, faults=told))


@router.get("/bundle", response_class=Response)
async def bundle(session_id: Id, gateway: GatewayDep, who: Who) -> Response:
    """The session in one file: its artifacts, what each was told when it was made, the texts that they cite,
    its sources, and what its log says of all this. `reprise replay` makes every artifact again from it;
    `POST /batches/import` goes on from it elsewhere."""
    session = await gateway.service.session(session_id)
    content = await bundle_of(session, gateway.store)
    headers = {
        "Content-Disposition": f'attachment; filename="{session_id}.zip"',
        "Cache-Control": "private, no-store",
    }
    return Response(content, media_type="application/zip", headers=headers)


@router.get("/events", response_model=Timeline)
async def events(
    session_id: Id,
    gateway: GatewayDep,
    who: Who,
    after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 200,
) -> Response:
    """The story so far, in words. A page ends with a whole commit; `next` is where to go on."""
    await gateway.service.session(session_id)
    narrator, told = Narrator(), list[TimelineEntry]()
    last: int | None = None
    for entry in await gateway.projection.commits(session_id):
        sentences = narrator.tell(entry.commit, entry.seq)
        if entry.seq <= after:
            continue
        if len(told) >= limit:
            return json_answer(Timeline(events=tuple(told), next=last))
        told += sentences
        last = entry.seq
    return json_answer(Timeline(events=tuple(told)))
