"""Calls of the front end that Reprise was first asked to serve, in its own names: each becomes one of ours.

Two of them are calls of the table with fields more: these routes come before the table's, which the contract describes.
"""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import StringConstraints
from starlette.responses import JSONResponse, Response

from reprise_contracts.artifacts import Phase4
from reprise_contracts.commands import CancelCall, Options, RestartPhase, RestartStep, SessionCall, StepId
from reprise_contracts.problems.model import Problem
from reprise_contracts.states import BatchReceipts, Receipt, WorkflowStarted, WorkflowStatus
from reprise_contracts.wire import CommandId, Id, Message
from reprise_gateway.doors.dependencies import PROBLEM, GatewayDep, Key, Who, json_answer, one_name, outcome
from reprise_gateway.doors.requests import exactly
from reprise_gateway.gateway import Gateway
from reprise_runtime.errors import Refused

router = APIRouter(tags=["deep-insights"], responses=PROBLEM)
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
            said["propagation"] = _once("rerun_downstream", "propagation", given, "cascade" if self.rerun_downstream else "mark_stale")
        if self.user_topic:
            said["guidance"] = _once("user_topic", "guidance", given, self.user_topic)
        options = Options.model_validate({**self.options.model_dump(exclude_unset=True), **said}) if said else self.options
        return RestartPhase(
            batch_id=self.batch_id, session_id=self.session_id, command_id=self.command_id, phase=self.phase, options=options
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
    return outcome(await gateway.service.rerun_phase(call.model_copy(update={"command_id": one_name(call.command_id, key)}), who))


@router.post("/workflow/cancel", include_in_schema=False, dependencies=[exactly(CancelBody)])
async def cancel(body: CancelBody, gateway: GatewayDep, who: Who, key: Key) -> Response:
    """Cancel what a body names: in one session, or in every session of a batch."""
    named = body.model_dump(exclude={"session_id", "reason", "command_id"}) | {"command_id": one_name(body.command_id, key)}
    if body.session_id is not None:
        return outcome(await gateway.service.cancel(CancelCall(**named, session_id=body.session_id), who))
    if body.batch_id is None:
        detail = "Neither a session nor a batch is named."
        raise Refused(Problem(type="invalid", field="session_id", detail=detail, action="Name the session, or the batch for all of its."))
    batch = await gateway.batches.batch(body.batch_id)
    receipts = [
        await gateway.service.cancel(CancelCall(**named, session_id=session_id), who) for session_id, _ in gateway.batches.members(batch)
    ]
    return json_answer(BatchReceipts(batch_id=body.batch_id, commands=tuple(receipts)), 202)


@router.post("/workflow/restart/phase3-step", status_code=202, response_model=Receipt, dependencies=[exactly(StepBody)])
async def rerun_one_step(body: StepBody, gateway: GatewayDep, who: Who, key: Key) -> Response:
    """Run one step again, and with `regenerate_report` what is below it."""
    options = Options(propagation="cascade" if body.regenerate_report else "mark_stale")
    named = body.model_dump(include={"batch_id", "session_id"}) | {"command_id": one_name(body.command_id, key)}
    return outcome(await gateway.service.rerun_step(RestartStep(**named, step_ids=(body.step_id,), options=options), who))


@router.post("/workflow/start", status_code=202, response_model=WorkflowStarted, dependencies=[exactly(StartBody)])
async def start_sessions(body: StartBody, gateway: GatewayDep, who: Who) -> Response:
    """Start every session of a batch that was never started; those that were go on as they are."""
    batch = await gateway.batches.batch(body.batch_id)
    for session_id, _ in gateway.batches.members(batch):
        session = await gateway.service.session(session_id)
        if not session.busy and not session.node("phase0").generation:
            call = RestartPhase(session_id=session_id, command_id=_start_id(session_id), phase="phase0")
            await gateway.service.rerun_phase(call, who)
    answer = WorkflowStarted(workflow_id=PREFIX + body.batch_id, batch_id=body.batch_id, status=await _status(gateway, body.batch_id))
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
    return json_answer(WorkflowStatus(workflow_id=workflow_id, batch_id=batch_id, status=running, sessions=view.sessions))


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
    raise Refused(Problem(type="not_found", detail="There is no report yet.", action="Wait until the research is done."))


@router.get("/health")
async def health() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}
