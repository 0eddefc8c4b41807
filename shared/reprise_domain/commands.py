"""What is asked of a session: rerun, refresh, edit, accept (R7 to R16, R26 to R28) and cancel (R20)."""

from collections.abc import Mapping

from reprise_contracts import events
from reprise_contracts.commands import Accept, Cancel, Edit, Rerun, Target
from reprise_contracts.nodes import Status, phase_of, step_node, step_of
from reprise_contracts.problems import refusals
from reprise_contracts.problems.model import Problem
from reprise_contracts.wire import derived_id
from reprise_domain.freshness import Verdicts
from reprise_domain.graph import parents
from reprise_domain.plans import unknown_steps, unsound
from reprise_domain.preview import changed_since, obstacle
from reprise_domain.state import Made, Session, Spec
from reprise_domain.turns import Draft

_STOPPING: Mapping[Status, type[events.NodeCancelling | events.NodeCancelled]] = {
    "running": events.NodeCancelling,
    "queued": events.NodeCancelled,
}
"""R20: what a worker holds is told to stop; what none holds yet is cancelled at once."""


def rerun(draft: Draft, command: Rerun) -> Problem | None:
    """R7 to R16, R26, R27: queue a run, or merge it into one that waits."""
    session, spec, own = draft.session, spec_of(draft.session, command), command.answer_fields()
    if problem := _refusal(session, command, spec):
        return problem
    for waiting in session.queue:
        if united := _united(waiting, spec):
            draft.say(events.RunMerged(**own, run_id=waiting.run_id, target=united))
            return None
    interrupts = command.options.if_running == "interrupt" and session.busy
    draft.say(events.RunQueued(**own, run_id=spec.run_id, kind=spec.kind, target=spec.target, options=spec.options, front=interrupts))
    if interrupts and session.run is not None:
        halt(draft, Cancel(command_id=f"interrupt-{spec.run_id}", by=command.by), session.run.spec.run_id)
    return None


def _refusal(session: Session, command: Rerun, spec: Spec) -> Problem | None:
    problem = obstacle(session, spec, busy=session.busy)
    if problem or not session.busy:  # R13, R15: while it is, what a preview said is looked at at the command's turn
        return problem or changed_since(session, spec)
    return refusals.BUSY if command.options.if_running == "reject" else None


def spec_of(session: Session, command: Rerun | Edit) -> Spec:
    """The run that a command asks for."""
    target = Target(phase=command.node) if isinstance(command, Edit) else command.target
    kind: events.RunKind = "edit" if isinstance(command, Edit) else "refresh" if target.stale else "phase" if target.phase else "steps"
    run_id = derived_id("r", session.session_id, command.command_id)
    return Spec(run_id, (command.command_id,), command.by, kind, target, command.options)


def _united(waiting: Spec, spec: Spec) -> Target | None:
    """R15: the common target of two commands that may be one; None if they may not."""
    if waiting.options != spec.options or waiting.options.plan_token or "edit" in {waiting.kind, spec.kind}:
        return None
    if waiting.target.steps and spec.target.steps:
        return Target(steps=tuple(sorted({*waiting.target.steps, *spec.target.steps})))
    return spec.target if waiting.target == spec.target else None


def edit(draft: Draft, command: Edit) -> Problem | None:
    """R12: the user's own goals or plan become the node's artifact."""
    node = draft.session.node(command.node)
    if problem := _uneditable(draft.session, command, node.made):
        return problem
    said = {name: value for name, value in command if name in {"node", "artifact", "parts", "plan"}}
    unchanged = node.made is not None and node.made.event.parts == command.parts
    draft.say(events.ArtifactEdited(**command.answer_fields(), **said, generation=node.generation + 1, unchanged=unchanged))
    if command.options.propagation == "cascade":
        spec = spec_of(draft.session, command)
        draft.say(events.RunQueued(**command.answer_fields(), run_id=spec.run_id, kind="edit", target=spec.target, options=spec.options))
    return None


def _uneditable(session: Session, command: Edit, made: Made | None) -> Problem | None:
    if session.busy:
        return refusals.NOT_NOW
    if command.if_match is not None and (made is None or made.event.artifact.sha256 != command.if_match):
        return refusals.CONFLICT
    if any(session.node(parent).made is None for parent in parents(command.node, None)):
        return refusals.NOT_MADE
    return unsound(session, command.plan, edited=True) if command.plan is not None else None


def accept(draft: Draft, command: Accept) -> Problem | None:
    """R28: what makes a node stale today is accepted, cause by cause; but a failure is not an input that moved (R19)."""
    name, step, causes = command.node, step_of(command.node), Verdicts(draft.session).links(command.node)
    if step is not None and (problem := unknown_steps(draft.session, (step,))):
        return problem
    if draft.session.node(name).status == "failed":
        return refusals.failed(name)
    if not causes:
        return refusals.NOT_STALE
    draft.say(events.NodeAccepted(**command.answer_fields(), node=name, causes=dict(causes), reason=command.reason))
    return None


def cancel(draft: Draft, command: Cancel) -> Problem | None:
    """R20: a run, a phase, a step, or with no target everything."""
    session, step, run_id = draft.session, command.step_id, command.run_id
    if step is not None and (problem := unknown_steps(session, (step,))):
        return problem
    if run_id is not None and all(record.run_id != run_id for record in session.commands.values()):
        return refusals.NO_RUN
    halt(draft, command, run_id or command.phase or (step_node(step) if step else ""))
    return None


def halt(draft: Draft, command: Cancel, name: str) -> None:
    """R20: what has that name stops: a run, a phase, a step; everything in the session and its queue has the empty one."""
    queue, run = draft.session.queue, draft.session.run
    draft.say(events.CommandHonoured(**command.answer_fields(), kind="cancel", target=name))
    for spec in queue:
        if name in {"", spec.run_id}:
            draft.say(events.RunFinished(run_id=spec.run_id, outcome="cancelled"))
    for held in sorted(run.in_flight) if run is not None else ():
        node = draft.session.node(held)
        if run is not None and name in {"", run.spec.run_id, phase_of(held), held} and node.status in _STOPPING:
            draft.say(_STOPPING[node.status](node=held, generation=node.generation, attempt=node.attempt))
