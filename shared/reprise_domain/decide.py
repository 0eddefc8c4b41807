"""`decide(state, input, now)`: the events that an input makes happen. Every judgement of the product is here, once.

Each input has one small function. After each of them the coupling rules are applied until nothing more follows
(`_drive`): a run takes its turn, nodes take theirs, a run that is through ends and the next one begins.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from reprise_contracts import events as e
from reprise_contracts.artifacts import PlannedStep
from reprise_contracts.commands import Accept, Cancel, Command, Edit, Options, Rerun, Target
from reprise_contracts.jobs import (
    Attempt,
    BatchFact,
    Completed,
    Failed,
    LeaseEnded,
    SessionCreation,
    Started,
    Stopped,
    Swept,
)
from reprise_contracts.nodes import PHASES, phase_of, step_of
from reprise_contracts.problems import Problem
from reprise_contracts.wire import derived_id, digest_of
from reprise_domain.freshness import Verdicts, needs_run, reads_now
from reprise_domain.graph import parents
from reprise_domain.preview import obstacle, preview, unknown_steps
from reprise_domain.reduce import THROUGH, reduce
from reprise_domain.state import Node, Run, Session, Spec

LAST_DELIVERY = 4
"""At this delivery of one job a worker no longer runs it but reports `worker_lost`."""


@dataclass(frozen=True, slots=True)
class Denied:
    """A command that its door may not let in, for a reason that is not the session's (a feature that is off)."""

    command: Command
    problem: Problem


Input = Rerun | Cancel | Accept | Edit | Denied | BatchFact | Started | Completed | Failed | Stopped | LeaseEnded | Swept


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from some inputs: the events, and the state after them."""

    session: Session | None
    events: tuple[e.SessionEvent, ...]


def decide(session: Session | None, given: Input, now: datetime) -> Decision:
    """R1 to R28: the events that one input makes happen in a session; none if it is known already or about nothing."""
    draft = _Draft(session, now)
    if session is None:
        if isinstance(given, BatchFact) and given.create is not None and not given.ended:
            _create(draft, given, given.create)
    elif not session.deleted:
        _DECIDERS[type(given)](draft, given)
    if draft.started:
        _drive(draft)
    return Decision(draft.maybe, tuple(draft.events))


def decide_all(session: Session | None, inputs: Iterable[Input], now: datetime) -> Decision:
    """Several inputs that wait together, in order, as one commit."""
    events: list[e.SessionEvent] = []
    for given in inputs:
        decision = decide(session, given, now)
        session = decision.session
        events += decision.events
    return Decision(session, tuple(events))


class _Draft:
    """The events so far, and the state after them."""

    def __init__(self, session: Session | None, now: datetime) -> None:
        self.maybe = session
        self.now = now
        self.events: list[e.SessionEvent] = []

    @property
    def started(self) -> bool:
        return self.maybe is not None

    @property
    def session(self) -> Session:
        assert self.maybe is not None  # noqa: S101  # every decider but the first runs on a session
        return self.maybe

    def say(self, event: e.SessionEvent) -> None:
        self.events.append(event)
        self.maybe = reduce(self.maybe, event, self.now)


# A session's life


def _create(draft: _Draft, fact: BatchFact, creation: SessionCreation) -> None:
    spec = creation.spec
    own = {"command_id": creation.command_id, "fingerprint": creation.fingerprint, "by": creation.by}
    draft.say(
        e.SessionCreated(
            **own, batch_id=fact.batch_id, session_id=spec.session_id, topic=spec.topic, engine=spec.engine, model=spec.model,
            guidance=spec.guidance, policy=spec.policy, sources=fact.sources, batch_seq=fact.batch_seq,
        )
    )  # fmt: skip
    if spec.start:
        options = Options(stop_after=spec.stop_after, allow_partial=spec.allow_partial)
        run_id = derived_id("r", spec.session_id, creation.command_id)
        draft.say(e.RunQueued(**own, run_id=run_id, kind="start", target=Target(phase="phase0"), options=options))


def _fact(draft: _Draft, fact: BatchFact) -> None:
    """R11, R18, R24: the batch's sources as they are now, and its end. A fact older than one recorded says nothing."""
    session = draft.session
    if fact.batch_seq > session.batch_seq and not fact.ended:
        known = {known.source.source_id: known.source for known in session.sources}
        changed = tuple(source for source in fact.sources if known.get(source.source_id) != source)
        removed = tuple(source_id for source_id in known if source_id not in {source.source_id for source in fact.sources})
        if changed or removed:
            draft.say(e.SourcesChanged(batch_seq=fact.batch_seq, sources=changed, removed=removed, by=fact.by))
    if fact.ended and (not session.ended or (fact.deleted and not session.deleting)):
        if not session.ended:
            _cancel_all(draft)
        draft.say(e.SessionEnded(deleting=fact.deleted, by=fact.by))


def _swept(draft: _Draft, swept: Swept) -> None:
    if draft.session.litter and draft.session.litter_seq <= swept.seq:
        draft.say(e.SweepDone(seq=swept.seq))


# Commands


def _honour(command: Command) -> dict[str, Any]:
    return {"command_id": command.command_id, "fingerprint": command.fingerprint(), "by": command.by}


def _refuse(draft: _Draft, command: Command, problem: Problem) -> None:
    draft.say(e.CommandRefused(**_honour(command), kind=type(command).__name__.lower(), problem=problem))


def _new(draft: _Draft, command: Command) -> bool:
    """R16, R24: whether a command is to be decided. A repeat is answered from the log; another body under its id is refused."""
    known = draft.session.commands.get(command.command_id)
    if known is None and not draft.session.ended:
        return True
    if known is None:
        _refuse(draft, command, ENDED)
    elif known.fingerprint != command.fingerprint():
        _refuse(draft, command, REUSED)
    return False


REUSED = Problem(
    type="command_reused", field="command_id", detail="This command id was used for another command.", action="Use a new command id."
)
ENDED = Problem(type="batch_ended", detail="The batch was ended; its results stay readable.", action="Start a new batch.")
ONLY_ASKED = Problem(
    type="invalid", field="options.dry_run", detail="A preview is asked for, not published: this would have run.",
    action="Ask by REST or by request and reply, or leave dry_run out.",
)  # fmt: skip
WAITS = Problem(
    type="inputs_missing", detail="Something could not run, because what it depends on was cancelled or has failed.",
    action="Rerun what failed or was cancelled, or allow a partial report.",
)  # fmt: skip
BUSY = Problem(
    type="session_busy", detail="A run is active in this session.", retryable=True,
    action="Wait until it is done, cancel it, or send the command with if_running queue or interrupt.",
)  # fmt: skip


def _denied(draft: _Draft, given: Denied) -> None:
    if _new(draft, given.command):
        _refuse(draft, given.command, given.problem)


def _rerun(draft: _Draft, command: Rerun) -> None:
    """R7 to R16, R26, R27: queue a run, merge it into one that waits, or refuse it."""
    if not _new(draft, command):
        return
    session, options = draft.session, command.options
    if options.dry_run:
        _refuse(draft, command, ONLY_ASKED)
        return
    busy = session.run is not None or bool(session.queue)
    spec = spec_of(session, command)
    problem = obstacle(session, spec, busy=busy)
    if problem is None and busy and options.if_running == "reject":
        problem = BUSY
    if problem is None and not busy:
        problem = _changed_since(session, spec)
    if problem is not None:
        _refuse(draft, command, problem)
        return
    for waiting in session.queue:
        united = _united(waiting, spec)
        if united is not None:
            draft.say(e.RunMerged(**_honour(command), run_id=waiting.run_id, target=united))
            return
    interrupts = options.if_running == "interrupt"
    draft.say(
        e.RunQueued(**_honour(command), run_id=spec.run_id, kind=spec.kind, target=spec.target, options=options, front=interrupts and busy)
    )
    if interrupts and session.run is not None:
        _cancel_run(draft, f"interrupt-{spec.run_id}", command.by)


def spec_of(session: Session, command: Rerun) -> Spec:
    """The run that a command asks for."""
    target = command.target
    kind: e.RunKind = "refresh" if target.stale else "phase" if target.phase else "steps"
    run_id = derived_id("r", session.session_id, command.command_id)
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


def _changed_since(session: Session, spec: Spec) -> Problem | None:
    """R13: the refusal of a command whose preview is no longer what would happen."""
    if spec.options.plan_token is None:
        return None
    today = preview(session, spec, at_its_turn=True)
    if today.plan_token == spec.options.plan_token:
        return None
    return Problem(
        type="plan_changed", field="plan_token", detail="The session has changed since this preview was made.", retryable=True,
        action="Look at the new preview and confirm it.", plan=today.plan.model_dump(mode="json"), plan_token=today.plan_token,
    )  # fmt: skip


def _edit(draft: _Draft, command: Edit) -> None:
    """R12: the user's own goals or plan become the node's artifact."""
    if not _new(draft, command):
        return
    session = draft.session
    node, made = session.node(command.node), session.node(command.node).made
    problem = None
    if command.options.dry_run:
        problem = ONLY_ASKED
    elif session.run is not None or session.queue:
        problem = BUSY
    elif command.if_match is not None and (made is None or made.ref.sha256 != command.if_match):
        problem = Problem(
            type="conflict", field="If-Match", detail="The artifact has changed since it was read.", action="Read it again, then edit."
        )
    elif session.node("phase0").made is None or (command.node == "phase2" and session.node("phase1").made is None):
        problem = Problem(
            type="inputs_missing", detail="What this is made from does not exist yet.", action="Run the phases before it first."
        )
    elif command.plan is not None:
        problem = _unsound(session, command.plan, edited=True)
    if problem is not None:
        _refuse(draft, command, problem)
        return
    unchanged = made is not None and made.parts == command.parts
    draft.say(
        e.ArtifactEdited(
            **_honour(command), node=command.node, generation=node.generation + 1, artifact=command.artifact, parts=command.parts,
            plan=command.plan, unchanged=unchanged,
        )
    )  # fmt: skip
    if command.options.propagation == "cascade":
        run_id = derived_id("r", session.session_id, command.command_id)
        target = Target(phase=command.node)
        draft.say(e.RunQueued(**_honour(command), run_id=run_id, kind="edit", target=target, options=command.options))


def _accept(draft: _Draft, command: Accept) -> None:
    """R28: what makes a node stale today is accepted, cause by cause."""
    if not _new(draft, command):
        return
    links = Verdicts(draft.session).links(command.node)
    if not links:
        detail = "This node is not stale: there is nothing to accept."
        _refuse(draft, command, Problem(type="invalid", field="node", detail=detail, action="Name a stale node."))
        return
    causes = {link.name: link.value for link in links}
    draft.say(e.NodeAccepted(**_honour(command), node=command.node, causes=causes, reason=command.reason))


# Cancelling (R20)


def _cancel(draft: _Draft, command: Cancel) -> None:
    if not _new(draft, command):
        return
    session, run = draft.session, draft.session.run
    own = _honour(command)
    if command.run_id is not None:
        if run is not None and run.spec.run_id == command.run_id:
            _cancel_run(draft, command.command_id, command.by, own["fingerprint"])
            return
        if not any(spec.run_id == command.run_id for spec in session.queue):
            known = any(record.run_id == command.run_id for record in session.commands.values())
            if not known:
                detail = "There is no such run in this session."
                _refuse(draft, command, Problem(type="not_found", field="run_id", detail=detail, action="Read the session's state."))
                return
        draft.say(e.CommandHonoured(**own, kind="cancel", target=command.run_id))
        if any(spec.run_id == command.run_id for spec in session.queue):
            draft.say(e.RunFinished(run_id=command.run_id, outcome="cancelled"))
    elif command.phase is not None or command.step_id is not None:
        name = command.phase or f"phase3/{command.step_id}"
        unknown = unknown_steps(session, (command.step_id,)) if command.step_id is not None else None
        if unknown is not None:
            _refuse(draft, command, unknown)
            return
        draft.say(e.CommandHonoured(**own, kind="cancel", target=name))
        _stop(draft, [node for node in run.in_flight if name in {node, phase_of(node)}] if run else [])
    else:
        _cancel_all(draft, own)


def _cancel_all(draft: _Draft, own: dict[str, Any] | None = None) -> None:
    own = own or {"command_id": f"end-{draft.session.seq}", "fingerprint": "", "by": ""}
    draft.say(e.CommandHonoured(**own, kind="cancel"))
    for spec in draft.session.queue:
        draft.say(e.RunFinished(run_id=spec.run_id, outcome="cancelled"))
    if draft.session.run is not None:
        _stop(draft, draft.session.run.in_flight)


def _cancel_run(draft: _Draft, command_id: str, by: str, fingerprint: str = "") -> None:
    run = draft.session.run
    assert run is not None  # noqa: S101  # asked by the callers
    draft.say(e.CommandHonoured(command_id=command_id, fingerprint=fingerprint, by=by, kind="cancel", target=run.spec.run_id))
    _stop(draft, run.in_flight)


def _stop(draft: _Draft, nodes: Iterable[str]) -> None:
    """What a worker holds becomes `cancelling`; what none holds yet is cancelled at once."""
    for name in sorted(nodes):
        node = draft.session.node(name)
        held = {"node": name, "generation": node.generation, "attempt": node.attempt}
        if node.status == "running":
            draft.say(e.NodeCancelling(**held))
        elif node.status == "queued":
            draft.say(e.NodeCancelled(**held))


def _lease_ended(draft: _Draft, timer: LeaseEnded) -> None:
    """A cancelling node whose worker is silent comes to rest when its lease ends."""
    node = draft.session.node(timer.node)
    lease = timedelta(seconds=draft.session.policy.lease_seconds)
    if _is(node, timer) and node.status == "cancelling" and node.since is not None and draft.now >= node.since + lease:
        draft.say(e.NodeCancelled(**_attempt(timer)))


# Reports (R17)


def _attempt(given: Attempt) -> dict[str, Any]:
    return {"node": given.node, "generation": given.generation, "attempt": given.attempt}


def _is(node: Node, given: Attempt) -> bool:
    return node.generation == given.generation and node.attempt == given.attempt


def _counts(session: Session, given: Attempt) -> bool:
    """R17: a result counts only while its node is queued or running at exactly its generation and attempt."""
    node = session.node(given.node)
    return _is(node, given) and node.status in {"queued", "running"}


def _started(draft: _Draft, report: Started) -> None:
    node = draft.session.node(report.node)
    if _is(node, report) and node.status == "queued":
        draft.say(e.NodeStarted(**_attempt(report), execution_id=report.execution_id, worker=report.worker))


def _completed(draft: _Draft, report: Completed) -> None:
    session, node = draft.session, draft.session.node(report.node)
    if not _counts(session, report):
        if node.made is None or node.made.execution_id != report.execution_id:
            draft.say(e.ResultSuperseded(**_attempt(report), execution_id=report.execution_id, key=report.artifact.key))
        _rest(draft, report)
        return
    problem = _unsound(session, report.plan, edited=False) if report.plan is not None else None
    if problem is not None:
        _fail(draft, Failed(**_attempt(report), execution_id=report.execution_id, worker=report.worker, problem=problem))
        return
    unchanged = node.made is not None and node.made.parts == report.parts
    draft.say(e.NodeCompleted(**_attempt(report), **_result(report), unchanged=unchanged))


def _result(report: Completed) -> dict[str, Any]:
    names = ("execution_id", "worker", "artifact", "parts", "plan", "stored", "versions", "seconds", "tokens", "headline")
    return {name: getattr(report, name) for name in names}


def _failed(draft: _Draft, report: Failed) -> None:
    if _counts(draft.session, report):
        _fail(draft, report)
    else:
        _rest(draft, report)


def _stopped(draft: _Draft, report: Stopped) -> None:
    _rest(draft, report)


def _rest(draft: _Draft, report: Attempt) -> None:
    """Whatever a worker says of a cancelling attempt: it no longer runs."""
    node = draft.session.node(report.node)
    if _is(node, report) and node.status == "cancelling":
        draft.say(e.NodeCancelled(**_attempt(report)))


def _fail(draft: _Draft, report: Failed) -> None:
    """R19: a retryable failure is tried again after a while, until the attempts are used up."""
    policy = draft.session.policy
    again = report.problem.retryable and report.attempt < policy.max_attempts
    draft.say(
        e.NodeFailed(
            **_attempt(report), execution_id=report.execution_id, worker=report.worker, problem=report.problem,
            final=not again, seconds=report.seconds,
        )
    )  # fmt: skip
    if again:
        wait = timedelta(seconds=policy.backoff_seconds * 2 ** (report.attempt - 1))
        _queue(draft, report.node, report.generation, report.attempt + 1, draft.now + wait)


def _unsound(session: Session, plan: tuple[PlannedStep, ...], *, edited: bool) -> Problem | None:
    """R9, R12: a plan keeps the numbers of the steps that it repeats, an edited step the one it carries; others are fresh."""
    before = session.plan.by_id if session.plan else {}
    seen: set[int] = set()
    for step in plan:
        kept = before.get(step.step_id)
        if step.step_id in seen or any(other not in seen for other in step.depends_on):
            return _invalid(f"step {step.step_id} is there twice or depends on a later one")
        if kept is None and step.step_id < session.next_step:
            return _invalid(f"the number {step.step_id} was used before")
        if kept is not None and kept.identity != step.identity and not edited:
            return _invalid(f"step {step.step_id} became another one under the same number")
        seen.add(step.step_id)
    return None if plan else _invalid("it has no steps")


def _invalid(why: str) -> Problem:
    return Problem(type="invalid_plan", detail=f"The plan is not sound: {why}.", action="Rerun the synthesis, or edit the plan.")


# What follows: runs and nodes take their turns


def _drive(draft: _Draft) -> None:
    """The coupling rules, to a fixed point."""
    while True:
        session, run = draft.session, draft.session.run
        if run is None:
            if not session.queue:
                if session.deleting and not session.deleted:
                    draft.say(e.SessionDeleted(batch_id=session.batch_id, session_id=session.session_id, topic=session.topic))
                return
            _begin(draft, session.queue[0])
        elif run.ready:
            _take_turns(draft, run)
        elif not run.in_flight and (run.cancelled or run.stage == THROUGH):
            _finish(draft, run)
        else:
            return


def _begin(draft: _Draft, spec: Spec) -> None:
    """R14, R15: the next run of the queue starts, or is refused at its turn."""
    problem = obstacle(draft.session, spec, busy=False) or _changed_since(draft.session, spec)
    if problem is not None:
        draft.say(e.RunFinished(run_id=spec.run_id, outcome="refused", problem=problem))
    else:
        draft.say(e.RunStarted(run_id=spec.run_id))


def _finish(draft: _Draft, run: Run) -> None:
    if run.cancelled:
        draft.say(e.RunFinished(run_id=run.spec.run_id, outcome="cancelled"))
    elif run.bad:
        draft.say(e.RunFinished(run_id=run.spec.run_id, outcome="failed", problem=run.problem or WAITS))
    else:
        draft.say(e.RunFinished(run_id=run.spec.run_id, outcome="completed"))


def _take_turns(draft: _Draft, run: Run) -> None:
    """R7, R8, R12, R19: each node whose turn has come is run, kept or blocked. They do not depend on each other."""
    session = draft.session
    verdicts = {node: _verdict(session, run, node) for node in sorted(run.ready, key=_place)}
    blocked = tuple(node for node, verdict in verdicts.items() if verdict == "block")
    kept = tuple(node for node, verdict in verdicts.items() if verdict == "keep")
    for node, verdict in verdicts.items():
        if verdict == "run":
            _queue(draft, node, session.node(node).generation + 1, 1, None)
    if kept:
        draft.say(e.NodesKept(nodes=kept))
    if blocked:
        draft.say(e.NodesBlocked(nodes=blocked))


def _place(node: str) -> tuple[int, int]:
    return PHASES.index(phase_of(node)), step_of(node) or 0


def _queue(draft: _Draft, node: str, generation: int, attempt: int, not_before: datetime | None) -> None:
    inputs = digest_of(reads_now(draft.session, node))
    draft.say(e.NodeQueued(node=node, generation=generation, attempt=attempt, not_before=not_before, inputs=inputs))


def _verdict(session: Session, run: Run, node: str) -> Literal["run", "keep", "block"]:
    named = run.spec.names(node)
    if _blocked(session, run, node, named=named):
        return "block"
    if named or run.spec.forces:
        return "run"
    made = session.node(node).made
    if made is not None and made.edited:  # R12: a cascade passes the user's own work by
        return "keep"
    return "run" if needs_run(session, node) else "keep"


def _blocked(session: Session, run: Run, node: str, *, named: bool) -> bool:
    """R19: something that the node depends on failed or has no result. A partial report does without steps."""
    if node in run.halted or phase_of(node) in run.halted:
        return True
    partial = node == "phase4" and run.spec.options.allow_partial
    for parent in parents(node, session.plan):
        if partial and step_of(parent) is not None:
            continue
        above = session.node(parent)
        if parent in run.bad or above.made is None or (above.status == "failed" and not named):
            return True
    return False


_DECIDERS: Mapping[type, Callable[[_Draft, Any], None]] = {
    Rerun: _rerun,
    Cancel: _cancel,
    Accept: _accept,
    Edit: _edit,
    Denied: _denied,
    BatchFact: _fact,
    Started: _started,
    Completed: _completed,
    Failed: _failed,
    Stopped: _stopped,
    LeaseEnded: _lease_ended,
    Swept: _swept,
}
