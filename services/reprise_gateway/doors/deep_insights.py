"""Calls of the front end that Reprise was first asked to serve, in its own names: each becomes one of ours.

Two of them are calls of the table with fields more: these routes come before the table's, which the contract
describes.
"""

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request
from pydantic import Field, StringConstraints
from starlette.datastructures import UploadFile
from starlette.responses import JSONResponse, Response

from reprise_contracts import frames as f
from reprise_contracts.artifacts import Phase4
from reprise_contracts.commands import (
    CancelCall,
    EndCall,
    Options,
    RefreshCall,
    ReportOptions,
    RestartPhase,
    RestartStep,
    SessionCall,
    SessionRequest,
    StartOptions,
    StepId,
)
from reprise_contracts.dialects import (
    CardData,
    ExportedReport,
    History,
    Ingested,
    IngestedItem,
    Pagination,
    PastMetadata,
    PastResearch,
    PastScraping,
    PastSession,
    PastSteps,
    ReportFreshness,
    Resumed,
    StepCard,
    SynthesizedTopicFrame,
)
from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Source, SourceInput
from reprise_contracts.states import (
    BatchReceipts,
    BatchView,
    Created,
    Receipt,
    SessionSummary,
    WorkflowStarted,
    WorkflowStatus,
)
from reprise_contracts.wire import CommandId, Id, Message
from reprise_domain.state import Session
from reprise_gateway.access.access import Caller
from reprise_gateway.commands.intake import Intake
from reprise_gateway.doors.dependencies import PROBLEM, GatewayDep, Key, Who, json_answer, one_name, outcome
from reprise_gateway.doors.requests import exactly, form_of, json_field, parsed
from reprise_gateway.gateway import Gateway
from reprise_gateway.projections.dialects import in_dialect
from reprise_gateway.projections.replay import replay
from reprise_runtime.errors import Refused

router = APIRouter(tags=["deep-insights"], responses=PROBLEM)
TOPIC = 2_000
"""Characters of a topic; what is longer is guidance as well."""
PREFIX = "workflow_"
"""Before a batch's id it makes that client's id of a workflow."""
Reason = Annotated[str, StringConstraints(max_length=2_000)]


class PhaseBody(RestartPhase):
    """`POST /workflow/restart/phase`, with that client's fields for two of the options."""

    rerun_downstream: bool | None = None
    """`false` stands for `options.propagation: mark_stale`."""
    user_topic: Annotated[str, StringConstraints(max_length=20_000)] | None = None
    """Stands for `options.guidance`."""

    def call(self) -> RestartPhase:
        """The call in our names; raises `Refused` (invalid) where it says one thing twice."""
        given = self.options.model_fields_set
        said: dict[str, object] = {}
        if self.rerun_downstream is not None:
            said["propagation"] = _once(
                "rerun_downstream", "propagation", given, "cascade" if self.rerun_downstream else "mark_stale"
            )
        if self.user_topic:
            said["guidance"] = _once("user_topic", "guidance", given, self.user_topic)
        options = (
            Options.model_validate({**self.options.model_dump(exclude_unset=True), **said})
            if said
            else self.options
        )
        return RestartPhase(
            batch_id=self.batch_id,
            session_id=self.session_id,
            command_id=self.command_id,
            phase=self.phase,
            options=options,
        )


def _once(theirs: str, ours: str, given: set[str], value: object) -> object:
    if ours in given:
        detail = f"`{theirs}` and `options.{ours}` say one thing in two ways."
        raise Refused(Problem(type="invalid", field=theirs, detail=detail, action="Send one of them."))
    return value


class StepBody(SessionCall):
    """`POST /workflow/restart/phase3-step`."""

    step_id: StepId
    regenerate_report: bool = True
    """Whether what is below the step runs, too."""


class CancelBody(CancelCall):
    """`POST /workflow/cancel`; without a session every session of the batch is meant."""

    session_id: Id | None = None  # type: ignore[assignment]  # that client knows batches only
    reason: Reason | None = None


class StartBody(Message):
    """`POST /workflow/start`."""

    batch_id: Id
    command_id: CommandId | None = None


@router.post("/workflow/restart/phase", include_in_schema=False, dependencies=[exactly(PhaseBody)])
async def restart_phase(body: PhaseBody, gateway: GatewayDep, who: Who, key: Key) -> Response:
    """Run a phase again, as the table has it or in that client's fields."""
    call = body.call()
    return outcome(
        await gateway.service.rerun_phase(
            call.model_copy(update={"command_id": one_name(call.command_id, key)}), who
        )
    )


@router.post("/workflow/cancel", include_in_schema=False, dependencies=[exactly(CancelBody)])
async def cancel(body: CancelBody, gateway: GatewayDep, who: Who, key: Key) -> Response:
    """Cancel what a body names: in one session, or in every session of a batch."""
    named = body.model_dump(exclude={"session_id", "reason", "command_id"}) | {
        "command_id": one_name(body.command_id, key)
    }
    if body.session_id is not None:
        return outcome(await gateway.service.cancel(CancelCall(**named, session_id=body.session_id), who))
    if body.batch_id is None:
        detail = "Neither a session nor a batch is named."
        raise Refused(
            Problem(
                type="invalid",
                field="session_id",
                detail=detail,
                action="Name the session, or the batch for all of its.",
            )
        )
    batch = await gateway.batches.batch(body.batch_id)
    receipts = [
        await gateway.service.cancel(CancelCall(**named, session_id=session_id), who)
        for session_id, _ in gateway.batches.members(batch)
    ]
    return json_answer(BatchReceipts(batch_id=body.batch_id, commands=tuple(receipts)), 202)


@router.post(
    "/workflow/restart/phase3-step", status_code=202, response_model=Receipt, dependencies=[exactly(StepBody)]
)
async def rerun_one_step(body: StepBody, gateway: GatewayDep, who: Who, key: Key) -> Response:
    """Run one step again, and with `regenerate_report` what is below it."""
    options = Options(propagation="cascade" if body.regenerate_report else "mark_stale")
    named = body.model_dump(include={"batch_id", "session_id"}) | {
        "command_id": one_name(body.command_id, key)
    }
    return outcome(
        await gateway.service.rerun_step(RestartStep(**named, step_ids=(body.step_id,), options=options), who)
    )


@router.post(
    "/workflow/start", status_code=202, response_model=WorkflowStarted, dependencies=[exactly(StartBody)]
)
async def start_sessions(body: StartBody, gateway: GatewayDep, who: Who) -> Response:
    """Start every session of a batch that was never started; those that were go on as they are."""
    batch = await gateway.batches.batch(body.batch_id)
    for session_id, _ in gateway.batches.members(batch):
        session = await gateway.service.session(session_id)
        if not session.busy and not session.node("phase0").generation:
            call = RestartPhase(session_id=session_id, command_id=_start_id(session_id), phase="phase0")
            await gateway.service.rerun_phase(call, who)
    answer = WorkflowStarted(
        workflow_id=PREFIX + body.batch_id,
        batch_id=body.batch_id,
        status=await _status(gateway, body.batch_id),
    )
    return json_answer(answer, 202)


def _start_id(session_id: str) -> str:
    """One name for it, whoever asks and however often."""
    return f"start-{session_id}"


@router.get("/workflow/status/{workflow_id}", response_model=WorkflowStatus)
async def workflow_status(workflow_id: Id, gateway: GatewayDep, who: Who) -> Response:
    """How a batch is, by its id or that client's id of its workflow."""
    batch_id = workflow_id.removeprefix(PREFIX)
    view = await gateway.batches.show((await gateway.batches.batch(batch_id)).batch_id)
    running = await _status(gateway, batch_id)
    return json_answer(
        WorkflowStatus(workflow_id=workflow_id, batch_id=batch_id, status=running, sessions=view.sessions)
    )


Running = Literal["pending", "running", "completed", "failed", "cancelled"]


async def _status(gateway: Gateway, batch_id: str) -> Running:
    """One word for all of a batch: whatever runs, else how the latest session is."""
    view = await gateway.batches.show(batch_id)
    found: list[Running] = ["completed" if one.status == "stale" else one.status for one in view.sessions]
    return "running" if "running" in found or not found else found[-1]


@router.get("/workflow/batch/{batch_id}/total")
async def batch_total(batch_id: Id, gateway: GatewayDep, who: Who) -> dict[str, int]:
    """How many sources a batch has."""
    count = len((await gateway.batches.batch(batch_id)).sources)
    return {"expected_total": count, "total_processes": count}


@router.get("/reports/{batch_id}")
async def latest_report(batch_id: Id, gateway: GatewayDep, who: Who) -> Response:
    """The latest report of a batch, as that client reads it."""
    batch = await gateway.batches.batch(batch_id)
    for session_id, topic in reversed(gateway.batches.members(batch)):
        session = await gateway.service.session(session_id)
        made = session.node("phase4").materialization
        if made is None:
            continue
        found = await gateway.contents.artifact(made.event.artifact, "phase4")
        text = found.markdown if isinstance(found, Phase4) else ""
        return JSONResponse(
            {
                "content": text,
                "metadata": {
                    "batchId": batch_id,
                    "sessionId": session_id,
                    "generatedAt": made.at.isoformat(),
                    "topic": topic,
                    "status": "ready",
                },
                "editHistory": [],
                "currentVersion": session.node("phase4").generation,
                "status": "ready",
            }
        )
    raise Refused(
        Problem(type="not_found", detail="There is no report yet.", action="Wait until the research is done.")
    )


class NewSession(Message):
    """`POST /sessions/create`."""

    user_guidance: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=20_000)]
    writing_style: Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)] = ""
    """The tone of the report (R31)."""


class Links(Message):
    """`POST /links/format`."""

    urls: Annotated[tuple[str, ...], Field(min_length=1, max_length=1_000)]
    session_id: Id | None = None


class TextEntry(Message):
    """One of `text_entries` of `POST /ingestion/sources`."""

    label: str = ""
    content: str


@router.post("/sessions/create", response_model=Created, dependencies=[exactly(NewSession)])
async def create_session(body: NewSession, gateway: GatewayDep, who: Who, key: Key) -> Response:
    """What is to be found out. Its sources come next: until then it is a batch without any, and nothing
    runs."""
    topic = " ".join(body.user_guidance.split())
    request = SessionRequest(
        topic=topic[:TOPIC],
        guidance=body.user_guidance if len(topic) > TOPIC else "",
        options=StartOptions(report=ReportOptions(tone=body.writing_style)),
        start=False,
        command_id=key,
    )
    started = await gateway.batches.start(request, Intake(), who, without_sources=True)
    return json_answer(started.created, 200 if started.there else 202)


@router.post("/links/format", response_model=Ingested, dependencies=[exactly(Links)])
async def format_links(body: Links, gateway: GatewayDep, who: Who, key: Key) -> Response:
    """Addresses for a session that was created."""
    named = tuple(parsed(SourceInput, {"url": url}) for url in body.urls)
    return await _ingested(gateway, who, body.session_id, Intake(named), key)


@router.post("/ingestion/sources", response_model=Ingested)
async def ingest(request: Request, gateway: GatewayDep, who: Who, key: Key) -> Response:
    """Addresses, texts and files for a session that was created, as a form: `links` and `text_entries` are
    JSON."""
    async with form_of(request) as form:
        links, entries = (json_field(form, name) for name in ("links", "text_entries"))
        named = [parsed(SourceInput, {"url": url}) for url in links]
        for entry in entries:
            text = parsed(TextEntry, entry)
            named.append(parsed(SourceInput, {"text": text.content, "title": text.label or None}))
        files = tuple(value for value in form.getlist("files") if isinstance(value, UploadFile))
        session_id = form.get("session_id")
        wanted = session_id if isinstance(session_id, str) and session_id else None
        return await _ingested(gateway, who, wanted, Intake(tuple(named), files), key)


async def _ingested(
    gateway: Gateway, who: Caller, session_id: str | None, intake: Intake, key: str | None
) -> Response:
    """Add sources to the batch of a session; what is new among them is listed."""
    if session_id is None:
        detail = "No session is named, and without one it is not known what is to be found out."
        action = "Create one with POST /sessions/create, and name it here."
        raise Refused(Problem(type="invalid", field="session_id", detail=detail, action=action))
    batch_id = (await gateway.service.state(session_id)).batch_id
    before = (await gateway.batches.batch(batch_id)).sources.keys()
    view = await gateway.batches.add_sources(batch_id, intake, key, who)
    items = tuple(
        IngestedItem(url=source.url or _called(source), source=_kind(source), link_id=source.source_id)
        for source in view.sources
        if source.source_id not in before
    )
    answer = Ingested(batch_id=batch_id, items=items, total=len(items), session_id=session_id)
    return json_answer(answer, 200 if view.undecided is None else 202)


def _called(source: Source) -> str:
    return source.title or (source.upload.filename if source.upload else None) or source.source_id


def _kind(source: Source) -> str:
    if source.url is not None:
        return "article"
    return "document" if source.upload is not None and source.upload.filename else "text"


# What was researched before

_HISTORY: dict[str, str] = {"stale": "completed", "running": "in-progress", "pending": "in-progress"}
"""Statuses of a session in that client's words, where they differ."""
PAGE = 100
"""Batches looked through at once."""


@router.get("/history", response_model=History)
async def history(
    gateway: GatewayDep,
    who: Who,
    status: Literal["all", "completed", "in-progress", "failed", "cancelled"] = "all",
    date_from: datetime | None = None,
    date_to: datetime | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 50,
    offset: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Sessions, those that changed last first."""
    found: list[PastSession] = []
    after: str | None = None
    while len(found) <= offset + limit:
        page = await gateway.batches.page(after=after, limit=PAGE, search="")
        for batch in page.batches:
            for one in batch.sessions:
                past = _past(batch, one)
                wanted = status in {"all", past.status}
                at = past.created_at
                early = date_from is not None and at is not None and at < _aware(date_from)
                late = date_to is not None and at is not None and at > _aware(date_to)
                if wanted and not early and not late:
                    found.append(past)
        after = page.next
        if after is None:
            break
    shown = tuple(found[offset : offset + limit])
    more = len(found) > offset + limit
    return json_answer(
        History(
            sessions=shown, pagination=Pagination(total=len(found), limit=limit, offset=offset, has_more=more)
        )
    )


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _past(batch: BatchView, one: SessionSummary) -> PastSession:
    return PastSession(
        batch_id=batch.batch_id,
        session_id=one.session_id,
        created_at=batch.created_at,
        updated_at=one.updated_at,
        status=_HISTORY.get(one.status, one.status),
        topic=one.topic,
        url_count=len(batch.sources),
        current_phase="complete" if one.status in {"completed", "stale"} else "research",
    )


@router.get("/history/{batch_id}", response_model=PastResearch)
async def past_research(
    batch_id: Id, gateway: GatewayDep, who: Who, session_id: Id | None = None
) -> Response:
    """One session with all that it found, by its own id or as the latest of its batch."""
    view = await gateway.batches.show((await gateway.batches.batch(batch_id)).batch_id)
    named = [one for one in view.sessions if session_id in {None, one.session_id}]
    if not named:
        raise Refused(
            Problem(
                type="not_found",
                field="session_id",
                detail="There is no such session in this batch.",
                action="Leave it out for the latest.",
            )
        )
    summary = named[-1]
    session = await gateway.service.session(summary.session_id)
    told: dict[type, Any] = {}
    steps: list[CardData] = []
    async for frame in replay([session], gateway.contents):
        for said in in_dialect(frame, "deep-insights"):
            told[type(said)] = said
            if isinstance(said, StepCard):
                steps.append(said.stepData)
    goals, plan, goal = told.get(f.Goals), told.get(f.PlanFrame), told.get(SynthesizedTopicFrame)
    report, fresh = told.get(f.ReportReady), told.get(ReportFreshness)
    made = session.node("phase4").materialization
    planned = plan.plan if plan else ()
    left = [step.step_id for step in planned if step.step_id not in {card.step_id for card in steps}]
    past = _past(view, summary)
    prepared = told.get(f.ScrapingConfirmed)
    answer = PastResearch(
        **past.model_dump(exclude={"current_phase"}),
        current_phase=_where(session, past.current_phase),
        scraping_status=_scraped(len(view.sources), prepared),
        metadata=PastMetadata(
            phase1_confirmed_goals=goals.goals if goals else (),
            research_plan=planned,
            synthesized_goal=goal.synthesized_goal if goal else None,
            final_report=report.report if report else None,
            final_report_generated_at=made.at if made is not None else None,
            report_stale=bool(fresh and fresh.report_stale),
        ),
        phase3=PastSteps(
            plan=planned,
            steps=tuple(steps),
            completed_step_ids=tuple(card.step_id for card in steps),
            total_steps=len(planned),
            next_step_id=left[0] if left else None,
            synthesized_goal=goal.synthesized_goal if goal else None,
        ),
        data_loaded=prepared is not None,
        resume_required=past.status in {"in-progress", "failed", "cancelled"} and not session.busy,
    )
    return json_answer(answer)


def _where(session: Session, phase: str) -> str:
    """How far a session is, in that client's words."""
    if phase == "complete":
        return phase
    if session.plan is not None:
        return "phase3"
    return "research" if session.node("phase0").materialization is not None else "scraping"


def _scraped(total: int, prepared: f.ScrapingConfirmed | None) -> PastScraping:
    if prepared is None:
        return PastScraping(total=total, expected_total=total)
    return PastScraping(
        total=total,
        expected_total=total,
        completed=prepared.completed_count,
        failed=prepared.failed_count,
        completionRate=1.0,
        is100Percent=True,
        canProceedToResearch=prepared.completed_count > 0,
    )


@router.post("/history/{batch_id}/resume", status_code=202, response_model=Resumed)
async def resume(batch_id: Id, gateway: GatewayDep, who: Who) -> Response:
    """Go on with the latest session of a batch: start it, or run what is left of it."""
    batch = await gateway.batches.batch(batch_id)
    session_id, _ = gateway.batches.members(batch)[-1]
    session = await gateway.service.session(session_id)
    if not session.busy and not session.node("phase0").generation:
        call = RestartPhase(session_id=session_id, command_id=_start_id(session_id), phase="phase0")
        await gateway.service.rerun_phase(call, who)
    elif not session.busy:
        await gateway.service.refresh(RefreshCall(session_id=session_id), who)
    return json_answer(Resumed(batch_id=batch_id, session_id=session_id, status="started"), 202)


@router.delete("/history/session/{session_id}", response_model=Resumed)
async def delete_session(session_id: Id, gateway: GatewayDep, who: Who) -> Response:
    """Delete a session, which is its batch; refused where the batch has others."""
    batch_id = (await gateway.service.session(session_id)).batch_id
    if len(gateway.batches.members(await gateway.batches.batch(batch_id))) > 1:
        detail = "Its batch has other sessions, which would go with it."
        action = f"Delete the batch with DELETE /batches/{batch_id}, if all of it may go."
        raise Refused(Problem(type="invalid", field="session_id", detail=detail, action=action))
    await gateway.batches.end(EndCall(batch_id=batch_id, delete=True), who)
    return json_answer(Resumed(batch_id=batch_id, session_id=session_id, status="deleted"))


@router.post("/exports/session-html/{session_id}", response_model=ExportedReport)
async def export_html(session_id: Id, gateway: GatewayDep, who: Who, force: bool = False) -> Response:
    """Where the report is, as HTML; it is made when it is read."""
    await gateway.service.session(session_id)
    path = f"/api/sessions/{session_id}/report?format=html"
    return json_answer(
        ExportedReport(file_path=path, file_url=path, cached=False, filename=f"{session_id}.html")
    )


@router.get("/health")
async def health() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}
