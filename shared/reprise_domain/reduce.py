"""`reduce(state, event, at)`: the state after an event. Mechanical: it records and counts, and judges nothing.

A node's status moves along `MOVES`; the active run walks through the phases of its scope, in phase 3 along the
dependencies of the steps, and `Run.ready` holds the nodes whose turn has come.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from reprise_contracts import events as e
from reprise_contracts.artifacts import Tokens
from reprise_contracts.nodes import PHASES, Status, step_node, step_of
from reprise_contracts.sources import StoredSource
from reprise_domain.freshness import PARAMETERS, SOURCE, pinned, reads_now
from reprise_domain.graph import Plan
from reprise_domain.state import Known, Made, Run, Session, Spec, Wished, recorded, scope_of
from reprise_persistent.mapping import Map

REDUCER = 5
"""The version of all this: what another one folded is not read, the log is folded again."""

MOVES: Mapping[str, tuple[tuple[Status, ...], Status]] = {
    "node_queued": (("pending", "queued", "running", "completed", "failed", "cancelled"), "queued"),
    "node_started": (("queued", "running"), "running"),
    "node_completed": (("queued", "running"), "completed"),
    "node_failed": (("queued", "running"), "failed"),
    "node_cancelling": (("running",), "cancelling"),
    "node_cancelled": (("queued", "running", "cancelling"), "cancelled"),
    "artifact_edited": (("pending", "completed", "failed", "cancelled"), "completed"),
}
"""Event → the statuses that it may find a node in, and the one that it leaves it in."""

THROUGH = len(PHASES)


class Impossible(AssertionError):
    """The log says something that `decide` never decides: it was written by something else."""


def create(event: e.SessionCreated, at: datetime) -> Session:
    """The state that a log's first event makes."""
    return Session(
        session_id=event.session_id, batch_id=event.batch_id, topic=event.topic, engine=event.engine, model=event.model,
        guidance=event.guidance, policy=event.policy, created_at=at, updated_at=at, batch_seq=event.batch_seq,
        sources={source.source_id: Known(source, at) for source in event.sources}, max_tokens=event.max_session_tokens,
    )  # fmt: skip


def reduce(session: Session | None, event: e.SessionEvent | e.BatchEvent, at: datetime) -> Session:
    """The state after one event."""
    if isinstance(event, e.SessionDeleted) and session is None:  # only the tombstone is left
        own = {"command_id": "", "fingerprint": "", "batch_id": event.batch_id, "session_id": event.session_id, "topic": event.topic}
        session = create(e.SessionCreated.model_validate(own), at)
    if session is None and isinstance(event, e.SessionCreated):
        session = create(event, at)
    reducer = _REDUCERS.get(type(event))
    if session is None or reducer is None:
        raise Impossible(f"a session's log begins with {event.type}" if reducer else f"a session's log holds {event.type}")
    if isinstance(event, e.Honoured):
        session = replace(session, commands=recorded(session.commands, event))
    if type(event) in _LITTERING:
        session = replace(session, littered=session.seq + 1)
    return reducer(session, event, at)


def fold(session: Session | None, commit: e.Commit, seq: int) -> Session:
    """The state after one commit, standing at its sequence."""
    events = commit.events
    if session is None and events and isinstance(events[-1], e.SessionDeleted):
        events = events[-1:]
    for event in events:
        session = reduce(session, event, commit.at)
    if session is None:
        raise Impossible("a commit without events begins a log")
    return stamp(session, commit, seq)


def stamp(session: Session, commit: e.Commit, seq: int) -> Session:
    """The state after a commit's events, standing at its sequence."""
    return replace(session, seq=seq, updated_at=commit.at)


# The run's walk


def _enter(session: Session, run: Run) -> Session:
    """Go on to the next phase that has nodes in the scope, until one has."""
    while run.stage < THROUGH:
        run = replace(run, stage=run.stage + 1)
        nodes = run.scope.of_phase(PHASES[run.stage], session.plan) if run.stage < THROUGH else ()
        if nodes:
            waits = {node: _waits_for(session, run, node) for node in nodes}
            ready = Map((node, True) for node, count in waits.items() if count == 0)
            later = sum(len(run.scope.of_phase(phase, session.plan)) for phase in PHASES[run.stage + 1 :])
            run = replace(run, open=len(nodes), waiting=Map(waits.items()), ready=ready, total=run.done + len(nodes) + later)
            break
    return replace(session, run=run)


def _waits_for(session: Session, run: Run, node: str) -> int:
    step = session.plan.by_id.get(step_of(node) or 0) if session.plan else None
    return sum(step_node(other) in run.scope for other in step.depends_on) if step else 0


def _settle(session: Session, node: str, *, bad: bool = False) -> Session:
    """A node of the run came to its end: those that waited for it alone have their turn; after the last one the next phase."""
    run = session.run
    if run is None or node not in run.scope:
        return session
    run = replace(run, done=run.done + 1, in_flight=run.in_flight.drop(node))
    if run.cancelled:
        return replace(session, run=run)
    waiting, ready = run.waiting, run.ready.drop(node)
    step = step_of(node)
    for other in session.plan.dependents.get(step, ()) if session.plan and step else ():
        name = step_node(other)
        if name in waiting:
            waiting = waiting.put(name, waiting[name] - 1)
            ready = ready if waiting[name] else ready.put(name, True)
    run = replace(run, waiting=waiting, ready=ready, open=run.open - 1, bad=run.bad.put(node, True) if bad else run.bad)
    return replace(session, run=run) if run.open else _enter(session, run)


def _settled(session: Session, event: e.NodesKept | e.NodesBlocked, at: datetime, *, bad: bool) -> Session:
    for node in event.nodes:
        session = _settle(session, node, bad=bad)
    return session


# Commands and runs


def _honoured(session: Session, event: e.CommandHonoured, at: datetime) -> Session:
    run = session.run
    if event.kind != "cancel" or run is None:
        return session
    if event.target in {"", run.spec.run_id}:
        return replace(session, run=replace(run, cancelled=True, ready=Map()))
    return replace(session, run=replace(run, halted=run.halted | {event.target}))


def _run_queued(session: Session, event: e.RunQueued, at: datetime) -> Session:
    spec = Spec(event.run_id, (event.command_id,), event.by, event.kind, event.target, event.options)
    return replace(session, queue=(spec, *session.queue) if event.front else (*session.queue, spec))


def _run_merged(session: Session, event: e.RunMerged, at: datetime) -> Session:
    spec, _ = _waiting(session, event.run_id)
    united = replace(spec, command_ids=(*spec.command_ids, event.command_id), target=event.target)
    return replace(session, queue=tuple(united if other is spec else other for other in session.queue))


def _run_started(session: Session, event: e.RunStarted, at: datetime) -> Session:
    spec, others = _waiting(session, event.run_id)
    before = session.wished
    session = _with_wishes(_with_records(session, spec, "running"), spec, at)
    run = Run(spec, scope_of(spec, session.plan), at, tuple(known.source for known in session.sources.values()), before)
    ceiling = spec.options.max_session_tokens
    return _enter(replace(session, queue=others, max_tokens=session.max_tokens if ceiling is None else ceiling), run)


def _run_finished(session: Session, event: e.RunFinished, at: datetime) -> Session:
    if session.run is not None and session.run.spec.run_id == event.run_id:
        spec, before, wished = session.run.spec, session.run.wished, session.wished
        for name in event.given_back:
            wished = wished.put(name, before[name]) if name in before else wished.drop(name)
        return _with_records(replace(session, run=None, wished=wished), spec, event.outcome, event.problem)
    spec, others = _waiting(session, event.run_id)
    return _with_records(replace(session, queue=others), spec, event.outcome, event.problem)


def _waiting(session: Session, run_id: str) -> tuple[Spec, tuple[Spec, ...]]:
    """A run that waits, and the others in their order."""
    found = next(spec for spec in session.queue if spec.run_id == run_id)
    return found, tuple(spec for spec in session.queue if spec is not found)


def _with_records(session: Session, spec: Spec, status: Any, problem: Any = None) -> Session:
    commands = session.commands
    for command_id in spec.command_ids:
        commands = commands.put(command_id, replace(commands[command_id], status=status, problem=problem))
    return replace(session, commands=commands)


def _with_wishes(session: Session, spec: Spec, at: datetime) -> Session:
    """R12: parameters belong to the command's targets, until replaced; absent ones keep what they have."""
    asked = {name: value for name in PARAMETERS if (value := getattr(spec.options, name)) is not None}
    wished = session.wished
    if asked and spec.target.phase == "phase3":  # all steps are targets: what was wished for one of them is replaced
        for step in [scope for scope in wished if step_of(scope) is not None]:
            rest = {name: value for name, value in wished[step].values.items() if name not in asked}
            wished = wished.put(step, Wished(rest, at))
    for target in spec.targets if asked else ():
        before = wished.get(target)
        wished = wished.put(target, Wished({**before.values, **asked} if before else asked, at))
    return replace(session, wished=wished)


# Nodes


def _moved(session: Session, event: Any, at: datetime, **changes: Any) -> Session:
    """A node moves along `MOVES`."""
    node = session.node(event.node)
    allowed, status = MOVES[event.type]
    if node.status not in allowed:
        raise Impossible(f"{event.type} found a node {node.status}")
    return session.with_node(event.node, replace(node, **{"status": status, "since": at, "not_before": None} | changes))


def _node_queued(session: Session, event: e.NodeQueued, at: datetime) -> Session:
    run = session.run
    if run is None:
        raise Impossible("a node was queued outside a run")
    session = _moved(
        session, event, at, generation=event.generation, attempt=event.attempt, not_before=event.not_before,
        reads=pinned(session, event.node), problem=None,
    )  # fmt: skip
    return replace(session, run=replace(run, ready=run.ready.drop(event.node), in_flight=run.in_flight.put(event.node, True)))


def _spend(session: Session, tokens: Tokens) -> Session:
    run = session.run and replace(session.run, spent=session.run.spent + tokens.total)
    return replace(session, run=run, spent=session.spent + tokens.total) if tokens.total else session


def _node_completed(session: Session, event: e.NodeCompleted, at: datetime) -> Session:
    session, reads = _with_stored(_spend(session, event.tokens), event.stored, session.node(event.node).reads, at)
    session = _with_artifact(session, event, event.model_copy(update={"plan": None, "stored": ()}), reads, at)
    if event.versions or event.offered:
        session = replace(session, versions={**session.versions, **event.offered, **event.versions})
    return _settle(session, event.node)


def _edited(session: Session, event: e.ArtifactEdited, at: datetime) -> Session:
    reads = reads_now(session, event.node)
    return _with_artifact(session, event, event.model_copy(update={"plan": None}), reads, at, generation=event.generation, attempt=0)


def _with_artifact(session: Session, event: Any, kept: Any, reads: Mapping[str, str], at: datetime, **changes: Any) -> Session:
    """What counts from here on, and the plan that came with it."""
    before = session.node(event.node).made
    made = Made(kept, at, before.changed_at if before and event.unchanged else at, reads)
    session = _moved(session, event, at, made=made, problem=None, accepted={}, reads={}, **changes)
    return session if event.plan is None else _with_plan(session, Plan(event.plan))


def _with_stored(
    session: Session, stored: Iterable[StoredSource], reads: Mapping[str, str], at: datetime
) -> tuple[Session, Mapping[str, str]]:
    """Phase 0 stored versions of its sources: they are what it read, and what the session knows from here on."""
    run, known, read = session.run, dict(session.sources), dict(reads)
    pinned = {source.source_id: source for source in (run.sources if run else ())}
    for item in stored:
        name, version = item.source_id, item.stored
        if (source := pinned.get(name)) and source.revision == version.revision:
            pinned[name] = source.model_copy(update={"stored": version})
            read[SOURCE + name] = version.version
        if (entry := known.get(name)) and entry.source.revision == version.revision:
            moved = entry.source.version != version.version
            known[name] = Known(entry.source.model_copy(update={"stored": version}), at if moved else entry.at)
    return replace(session, sources=known, run=run and replace(run, sources=tuple(pinned.values()))), read


def _with_plan(session: Session, plan: Plan) -> Session:
    """R9: the steps that are gone go with their artifacts; kept ones stay as they are; numbers are never used again."""
    nodes, wished = session.nodes, session.wished
    for gone in set(session.plan.nodes if session.plan else ()).difference(plan.nodes):
        nodes, wished = nodes.drop(gone), wished.drop(gone)
    following = max((step.step_id for step in plan.steps), default=0) + 1
    return replace(session, plan=plan, nodes=nodes, wished=wished, next_step=max(session.next_step, following))


def _node_failed(session: Session, event: e.NodeFailed, at: datetime) -> Session:
    session = _moved(_spend(session, event.tokens), event, at, problem=event.problem)
    if not event.final:
        return session
    run = session.run and replace(session.run, problem=session.run.problem or event.problem)
    return _settle(replace(session, run=run), event.node, bad=True)


def _node_cancelled(session: Session, event: e.NodeCancelled, at: datetime) -> Session:
    return _settle(_moved(_spend(session, event.tokens), event, at, reads={}), event.node, bad=True)


def _accepted(session: Session, event: e.NodeAccepted, at: datetime) -> Session:
    node = session.node(event.node)
    return session.with_node(event.node, replace(node, accepted={**node.accepted, **event.causes}))


# The session


def _sources_changed(session: Session, event: e.SourcesChanged, at: datetime) -> Session:
    sources = {**session.sources, **{source.source_id: Known(source, at) for source in event.sources}}
    kept = {name: known for name, known in sources.items() if name not in event.removed}
    return replace(session, sources=kept, removed_at=at if event.removed else session.removed_at, batch_seq=event.batch_seq)


def _ended(session: Session, event: e.SessionEnded, at: datetime) -> Session:
    return replace(session, ended=True, deleting=session.deleting or event.deleting)


def _with(session: Session, event: Any, at: datetime, **changes: Any) -> Session:
    """What is the same after every event of its type; nothing, where an event only tells."""
    return replace(session, **changes) if changes else session


_REDUCERS: Mapping[type, Callable[[Session, Any, datetime], Session]] = {
    e.SessionCreated: _with,
    e.SourcesChanged: _sources_changed,
    e.CommandRefused: _with,
    e.CommandHonoured: _honoured,
    e.RunQueued: _run_queued,
    e.RunMerged: _run_merged,
    e.RunStarted: _run_started,
    e.RunFinished: _run_finished,
    e.NodeQueued: _node_queued,
    e.NodeStarted: _moved,
    e.NodeCompleted: _node_completed,
    e.NodeFailed: _node_failed,
    e.NodesKept: partial(_settled, bad=False),
    e.NodesBlocked: partial(_settled, bad=True),
    e.NodeCancelling: _moved,
    e.NodeCancelled: _node_cancelled,
    e.ResultSuperseded: _with,
    e.ArtifactEdited: _edited,
    e.NodeAccepted: _accepted,
    e.SessionEnded: _ended,
    e.SessionDeleted: partial(_with, ended=True, deleting=True, deleted=True, littered=0),
    e.SweepDone: partial(_with, littered=0),
}
_LITTERING = frozenset({e.RunFinished, e.ResultSuperseded, e.ArtifactEdited, e.SessionEnded})
"""After these there may be objects that the log has decided against."""
