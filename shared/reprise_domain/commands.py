"""What is asked of a session: rerun, refresh, edit, accept (R7 to R16, R26 to R28) and cancel (R20)."""

from collections.abc import Iterable
from datetime import datetime

from reprise_contracts import events as e
from reprise_contracts.commands import Accept, Cancel, Edit, Rerun, Target
from reprise_contracts.nodes import phase_of, step_node, step_of
from reprise_contracts.problems import Problem
from reprise_contracts.refusals import BUSY, CONFLICT, NO_RUN, NOT_MADE, NOT_NOW, NOT_STALE, ONLY_ASKED
from reprise_contracts.states import Preview
from reprise_contracts.wire import derived_id
from reprise_domain.draft import Draft
from reprise_domain.freshness import Verdicts
from reprise_domain.plans import unknown_steps, unsound
from reprise_domain.preview import changed_since, obstacle, preview
from reprise_domain.state import Session, Spec


def rerun(draft: Draft, command: Rerun) -> None:
    """R7 to R16, R26, R27: queue a run, merge it into one that waits, or refuse it."""
    if not draft.takes(command):
        return
    session, spec = draft.session, spec_of(draft.session, command)
    problem = _refusal(session, command, spec)
    if problem is not None:
        draft.refuse(command, problem)
        return
    own = command.honoured()
    for waiting in session.queue:
        united = _united(waiting, spec)
        if united is not None:
            draft.say(e.RunMerged(**own, run_id=waiting.run_id, target=united))
            return
    interrupts = command.options.if_running == "interrupt" and session.busy
    draft.say(e.RunQueued(**own, run_id=spec.run_id, kind=spec.kind, target=spec.target, options=spec.options, front=interrupts))
    if interrupts and session.run is not None:
        halt(draft, Cancel(command_id=f"interrupt-{spec.run_id}", by=command.by), session.run.spec.run_id)


def _refusal(session: Session, command: Rerun, spec: Spec) -> Problem | None:
    if command.options.dry_run:
        return ONLY_ASKED
    if problem := obstacle(session, spec, busy=session.busy):
        return problem
    if session.busy:  # R13, R15: what a preview said is looked at again at the command's turn
        return BUSY if command.options.if_running == "reject" else None
    return changed_since(session, spec)


def spec_of(session: Session, command: Rerun | Edit) -> Spec:
    """The run that a command asks for."""
    run_id = derived_id("r", session.session_id, command.command_id)
    if isinstance(command, Edit):
        return Spec(run_id, (command.command_id,), command.by, "edit", Target(phase=command.node), command.options)
    target = command.target
    kind: e.RunKind = "refresh" if target.stale else "phase" if target.phase else "steps"
    return Spec(run_id, (command.command_id,), command.by, kind, target, command.options)


def _united(waiting: Spec, spec: Spec) -> Target | None:
    """R15: the common target of two commands that may be one; None if they may not."""
    if waiting.options != spec.options or waiting.options.plan_token or "edit" in {waiting.kind, spec.kind}:
        return None
    if waiting.target == spec.target:
        return waiting.target
    if waiting.target.steps and spec.target.steps:
        return Target(steps=tuple(sorted({*waiting.target.steps, *spec.target.steps})))
    return None


def edit(draft: Draft, command: Edit) -> None:
    """R12: the user's own goals or plan become the node's artifact."""
    if not draft.takes(command):
        return
    session, node, made = draft.session, draft.session.node(command.node), draft.session.node(command.node).made
    problem = None
    if command.options.dry_run:
        problem = ONLY_ASKED
    elif session.busy:
        problem = NOT_NOW
    elif command.if_match is not None and (made is None or made.event.artifact.sha256 != command.if_match):
        problem = CONFLICT
    elif session.node("phase0").made is None or (command.node == "phase2" and session.node("phase1").made is None):
        problem = NOT_MADE
    elif command.plan is not None:
        problem = unsound(session, command.plan, edited=True)
    if problem is not None:
        draft.refuse(command, problem)
        return
    unchanged = made is not None and made.event.parts == command.parts
    draft.say(
        e.ArtifactEdited(
            **command.honoured(), node=command.node, generation=node.generation + 1, artifact=command.artifact, parts=command.parts,
            plan=command.plan, unchanged=unchanged,
        )
    )  # fmt: skip
    if command.options.propagation == "cascade":
        spec = spec_of(session, command)
        draft.say(e.RunQueued(**command.honoured(), run_id=spec.run_id, kind="edit", target=spec.target, options=spec.options))


def preview_edit(session: Session, command: Edit, now: datetime) -> Preview | Problem:
    """R12, R13: what an edit would do, read from the session as it would be then; or why it is refused."""
    draft = Draft(session, now)
    edit(draft, command)
    refused = next((event for event in draft.events if isinstance(event, e.CommandRefused)), None)
    return refused.problem if refused else preview(draft.session, spec_of(session, command), before=session)


def accept(draft: Draft, command: Accept) -> None:
    """R28: what makes a node stale today is accepted, cause by cause."""
    if not draft.takes(command):
        return
    step = step_of(command.node)
    problem = unknown_steps(draft.session, (step,)) if step is not None else None
    causes = Verdicts(draft.session).links(command.node)
    if problem is not None or not causes:
        draft.refuse(command, problem or NOT_STALE)
    else:
        draft.say(e.NodeAccepted(**command.honoured(), node=command.node, causes=dict(causes), reason=command.reason))


def cancel(draft: Draft, command: Cancel) -> None:
    """R20: a run, a phase, a step, or with no target everything."""
    if not draft.takes(command):
        return
    session, problem = draft.session, None
    if command.step_id is not None:
        problem = unknown_steps(session, (command.step_id,))
    elif command.run_id is not None and all(record.run_id != command.run_id for record in session.commands.values()):
        problem = NO_RUN
    if problem is not None:
        draft.refuse(command, problem)
    else:
        halt(draft, command, command.run_id or command.phase or (step_node(command.step_id) if command.step_id else ""))


def halt(draft: Draft, command: Cancel, name: str) -> None:
    """R20: what has that name stops: a run, a phase, a step; everything in the session and its queue has the empty one."""
    queue, run = draft.session.queue, draft.session.run
    draft.say(e.CommandHonoured(**command.honoured(), kind="cancel", target=name))
    for spec in queue:
        if name in {"", spec.run_id}:
            draft.say(e.RunFinished(run_id=spec.run_id, outcome="cancelled"))
    if run is not None:
        _stop(draft, [node for node in run.in_flight if name in {"", run.spec.run_id, phase_of(node), node}])


def _stop(draft: Draft, nodes: Iterable[str]) -> None:
    """What a worker holds becomes `cancelling`; what none holds yet is cancelled at once."""
    for name in sorted(nodes):
        node = draft.session.node(name)
        held = {"node": name, "generation": node.generation, "attempt": node.attempt}
        if node.status == "running":
            draft.say(e.NodeCancelling.model_validate(held))
        elif node.status == "queued":
            draft.say(e.NodeCancelled.model_validate(held))
