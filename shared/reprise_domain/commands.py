"""What is asked of a session: rerun, refresh, edit, accept (R7 to R16, R26 to R28) and cancel (R20)."""

from collections.abc import Mapping

from reprise_contracts import events
from reprise_contracts.commands import Accept, Cancel, Edit, Lock, Rerun, Tag, Target
from reprise_contracts.importing import Import
from reprise_contracts.nodes import Status, phase_of, step_node, step_of
from reprise_contracts.problems import refusals
from reprise_contracts.problems.model import Problem
from reprise_contracts.wire import derived_id
from reprise_domain.freshness import Verdicts
from reprise_domain.graph import parents
from reprise_domain.plans import plan_problem, unknown_steps
from reprise_domain.preview import changed_since, precondition_failure
from reprise_domain.state import Materialization, RunRequest, Session
from reprise_domain.turns import Draft

_STOPPING: Mapping[Status, type[events.NodeCancelling | events.NodeCancelled]] = {
    "running": events.NodeCancelling,
    "queued": events.NodeCancelled,
}
"""R20: what a worker holds is told to stop; what none holds yet is cancelled at once."""


def rerun(draft: Draft, command: Rerun) -> Problem | None:
    """R7 to R16, R26, R27: queue a run, or merge it into one that waits."""
    session, request, own = draft.session, request_of(draft.session, command), command.answer_fields()
    if problem := _refusal(session, command, request):
        return problem
    for waiting in session.queue:
        if united := _united(waiting, request):
            draft.emit(events.RunMerged(**own, run_id=waiting.run_id, target=united))
            return None
    interrupts = command.options.if_running == "interrupt" and session.busy
    draft.emit(_run_queued(command, request).model_copy(update={"front": interrupts}))
    if interrupts and session.run is not None:
        halt(
            draft, Cancel(command_id=f"interrupt-{request.run_id}", by=command.by), session.run.request.run_id
        )
    return None


def _refusal(session: Session, command: Rerun, request: RunRequest) -> Problem | None:
    problem = precondition_failure(session, request, busy=session.busy)
    if (
        problem or not session.busy
    ):  # R13, R15: while it is, what a preview said is looked at at the command's turn
        return problem or changed_since(session, request)
    return refusals.BUSY if command.options.if_running == "reject" else None


def request_of(session: Session, command: Rerun | Edit) -> RunRequest:
    """The run that a command asks for."""
    target = Target(phase=command.node) if isinstance(command, Edit) else command.target
    kind: events.RunKind = (
        "edit"
        if isinstance(command, Edit)
        else "refresh"
        if target.stale
        else "phase"
        if target.phase
        else "steps"
    )
    return RunRequest(
        derived_id("r", session.session_id, command.command_id),
        (command.command_id,),
        command.by,
        kind,
        target,
        command.options,
    )


def _run_queued(command: Rerun | Edit, request: RunRequest) -> events.RunQueued:
    return events.RunQueued(
        **command.answer_fields(),
        run_id=request.run_id,
        kind=request.kind,
        target=request.target,
        options=request.options,
    )


def _united(waiting: RunRequest, request: RunRequest) -> Target | None:
    """R15: the common target of two commands that may be one; None if they may not."""
    if (
        waiting.options != request.options
        or waiting.options.plan_token
        or "edit" in {waiting.kind, request.kind}
    ):
        return None
    if waiting.target.steps and request.target.steps:
        return Target(steps=tuple(sorted({*waiting.target.steps, *request.target.steps})))
    return request.target if waiting.target == request.target else None


def edit(draft: Draft, command: Edit) -> Problem | None:
    """R12: the user's own goals or plan become the node's artifact."""
    node = draft.session.node(command.node)
    if problem := _uneditable(draft.session, command, node.materialization):
        return problem
    said = {name: value for name, value in command if name in {"node", "artifact", "parts", "plan"}}
    unchanged = node.materialization is not None and node.materialization.event.parts == command.parts
    draft.emit(
        events.ArtifactEdited(
            **command.answer_fields(), **said, generation=node.generation + 1, unchanged=unchanged
        )
    )
    if command.options.propagation == "cascade":
        draft.emit(_run_queued(command, request_of(draft.session, command)))
    return None


def _uneditable(session: Session, command: Edit, made: Materialization | None) -> Problem | None:
    if session.busy or session.node(command.node).locked_at:
        return refusals.NOT_NOW if session.busy else refusals.locked((command.node,))
    if command.if_match is not None and (made is None or made.event.artifact.sha256 != command.if_match):
        return refusals.CONFLICT
    if any(session.node(parent).materialization is None for parent in parents(command.node, None)):
        return refusals.NOT_MADE
    return plan_problem(session, command.plan, edited=True) if command.plan is not None else None


def accept(draft: Draft, command: Accept) -> Problem | None:
    """R28: what makes a node stale today is accepted, cause by cause; but a failure is not an input that
    moved (R19)."""
    name, step, causes = (
        command.node,
        step_of(command.node),
        Verdicts(draft.session).direct_causes(command.node),
    )
    if step is not None and (problem := unknown_steps(draft.session, (step,), "node")):
        return problem
    if draft.session.node(name).status == "failed":
        return refusals.failed(name)
    if not causes:
        return refusals.NOT_STALE
    draft.emit(
        events.NodeAccepted(**command.answer_fields(), node=name, causes=dict(causes), reason=command.reason)
    )
    return None


def lock(draft: Draft, command: Lock) -> Problem | None:
    """R38: a node that nothing runs, or that is run again."""
    if problem := unknown_steps(draft.session, filter(None, (step_of(command.node),)), "node"):
        return problem
    draft.emit(events.NodeLocked(**command.answer_fields(), node=command.node, locked=command.locked))
    return None


def tag(draft: Draft, command: Tag) -> None:
    """What it is filed under; no result is of it."""
    tags = draft.session.tags.union(command.add).difference(command.remove)
    draft.emit(events.SessionTagged(**command.answer_fields(), tags=tuple(sorted(tags))))


def bring(draft: Draft, command: Import) -> Problem | None:
    """R41: a new session has what another installation's made."""
    if len(draft.session.nodes) or draft.session.busy:
        return refusals.NOT_EMPTY
    draft.emit(
        events.ResultsImported(**command.answer_fields(), origin=command.origin, shared=command.shared)
    )
    return None


def cancel(draft: Draft, command: Cancel) -> Problem | None:
    """R20: a run, a phase, a step, or with no target everything."""
    session, step, run_id = draft.session, command.step_id, command.run_id
    if step is not None and (problem := unknown_steps(session, (step,), "step_id")):
        return problem
    if run_id is not None and all(record.run_id != run_id for record in session.commands.values()):
        return refusals.NO_RUN
    halt(draft, command, run_id or command.phase or (step_node(step) if step else ""))
    return None


def halt(draft: Draft, command: Cancel, name: str) -> None:
    """R20: what has that name stops: a run, a phase, a step; everything in the session and its queue has the
    empty one."""
    queue, run = draft.session.queue, draft.session.run
    draft.emit(events.CommandHonoured(**command.answer_fields(), kind="cancel", target=name))
    for request in queue:
        if name in {"", request.run_id}:
            draft.emit(events.RunFinished(run_id=request.run_id, outcome="cancelled"))
    for held in sorted(run.in_flight) if run is not None else ():
        node = draft.session.node(held)
        if (
            run is not None
            and name in {"", run.request.run_id, phase_of(held), held}
            and node.status in _STOPPING
        ):
            draft.emit(_STOPPING[node.status](node=held, generation=node.generation, attempt=node.attempt))
