"""`reduce(state, event, at)`: the state after an event. Mechanical: it records and counts, and judges nothing.

A node's status moves along `MOVES`; the active run walks through the phases of its scope, in phase 3 along the
dependencies of the steps, and `Run.ready` holds the nodes whose turn has come.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from reprise_contracts import events as e
from reprise_contracts.artifacts import Tokens
from reprise_contracts.commands import Policy
from reprise_contracts.nodes import PHASES, Status, step_node, step_of
from reprise_contracts.sources import Source, StoredSource
from reprise_domain.freshness import reads_now
from reprise_domain.graph import Plan
from reprise_domain.mapping import Map
from reprise_domain.state import Known, Made, Node, Record, Run, Session, Spec, Wished, scope_of

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
    commands = Map([(event.command_id, Record(event.fingerprint, "completed"))])
    return Session(
        session_id=event.session_id, batch_id=event.batch_id, topic=event.topic, engine=event.engine, model=event.model,
        guidance=event.guidance, policy=event.policy, created_at=at, updated_at=at,
        sources=tuple(Known(source, at) for source in event.sources), batch_seq=event.batch_seq, commands=commands,
        max_tokens=event.max_session_tokens,
    )  # fmt: skip


def tombstone(event: e.SessionDeleted, at: datetime) -> Session:
    """The state of a log of which only the tombstone is left."""
    return Session(
        session_id=event.session_id, batch_id=event.batch_id, topic=event.topic, engine="", model="", guidance="", policy=Policy(),
        created_at=at, updated_at=at, ended=True, deleting=True, deleted=True,
    )  # fmt: skip


def reduce(session: Session | None, event: e.SessionEvent | e.BatchEvent, at: datetime) -> Session:
    """The state after one event."""
    if session is None:
        if not isinstance(event, e.SessionCreated):
            raise Impossible(f"a session's log begins with {event.type}")
        return create(event, at)
    handler = _REDUCERS.get(type(event))
    if handler is None:
        raise Impossible(f"a session's log holds {event.type}")
    return handler(session, event, at)


def fold(session: Session | None, commit: e.Commit, seq: int) -> Session:
    """The state after one commit, standing at its sequence."""
    last = commit.events[-1] if commit.events else None
    if session is None and isinstance(last, e.SessionDeleted):
        return stamp(tombstone(last, commit.at), commit, seq)
    for event in commit.events:
        session = reduce(session, event, commit.at)
    if session is None:
        raise Impossible("a commit without events begins a log")
    return stamp(session, commit, seq)


def stamp(session: Session, commit: e.Commit, seq: int) -> Session:
    """The state after a commit's events, standing at its sequence."""
    litters = any(type(event) in _LITTERING for event in commit.events)
    return replace(session, seq=seq, updated_at=commit.at, litter_seq=seq if litters else session.litter_seq)


def moved_to(node: Node, event: str, at: datetime, **changes: Any) -> Node:
    """A node after an event of that type, along `MOVES`."""
    allowed, status = MOVES[event]
    if node.status not in allowed:
        raise Impossible(f"{event} found a node {node.status}")
    return replace(node, status=status, since=at, **changes)


# The run's walk


def _enter(session: Session, run: Run) -> Session:
    """Go on to the next phase that has nodes in the scope, until one has."""
    while run.stage < THROUGH:
        run = replace(run, stage=run.stage + 1)
        if run.stage == THROUGH:
            break
        nodes = run.scope.of_phase(PHASES[run.stage], session.plan)
        if not nodes:
            continue
        waits = {node: _waits_for(session, run, node) for node in nodes}
        run = replace(
            run,
            open=len(nodes),
            waiting=Map(waits.items()),
            ready=Map((node, True) for node, count in waits.items() if count == 0),
            total=run.done + len(nodes) + _later(session, run),
        )
        break
    return replace(session, run=run)


def _waits_for(session: Session, run: Run, node: str) -> int:
    step = step_of(node)
    if step is None or session.plan is None:
        return 0
    return sum(step_node(other) in run.scope for other in session.plan.by_id[step].depends_on)


def _later(session: Session, run: Run) -> int:
    return sum(len(run.scope.of_phase(phase, session.plan)) for phase in PHASES[run.stage + 1 :])


def _settle(session: Session, node: str, *, bad: bool = False) -> Session:
    """A node of the run came to its end: those that waited for it alone have their turn; after the last one the next phase."""
    run = session.run
    if run is None or node not in run.scope:
        return session
    if run.cancelled:
        return replace(session, run=replace(run, done=run.done + 1, in_flight=run.in_flight.drop(node)))
    waiting, ready = run.waiting, run.ready.drop(node)
    step = step_of(node)
    for other in session.plan.dependents.get(step, ()) if session.plan and step else ():
        name = step_node(other)
        if name in waiting:
            left = waiting[name] - 1
            waiting = waiting.put(name, left)
            if left == 0:
                ready = ready.put(name, True)
    run = replace(
        run, waiting=waiting, ready=ready, open=run.open - 1, done=run.done + 1, in_flight=run.in_flight.drop(node),
        bad=run.bad.put(node, True) if bad else run.bad,
    )  # fmt: skip
    return _enter(session, run) if run.open == 0 else replace(session, run=run)


def _settle_all(session: Session, nodes: Iterable[str], *, bad: bool) -> Session:
    for node in nodes:
        session = _settle(session, node, bad=bad)
    return session


# Commands and runs


def _recorded(session: Session, event: e.Honoured, record: Record) -> Session:
    if event.command_id in session.commands:
        return session
    return replace(session, commands=session.commands.put(event.command_id, record))


def _refused(session: Session, event: e.CommandRefused, at: datetime) -> Session:
    return _recorded(session, event, Record(event.fingerprint, "refused", problem=event.problem))


def _honoured(session: Session, event: e.CommandHonoured, at: datetime) -> Session:
    session = _recorded(session, event, Record(event.fingerprint, "completed"))
    run = session.run
    if event.kind != "cancel" or run is None:
        return session
    if event.target in {"", run.spec.run_id}:
        return replace(session, run=replace(run, cancelled=True, ready=Map()))
    return replace(session, run=replace(run, halted=run.halted | {event.target}))


def _run_queued(session: Session, event: e.RunQueued, at: datetime) -> Session:
    spec = Spec(event.run_id, (event.command_id,), event.by, event.kind, event.target, event.options)
    commands = session.commands.put(event.command_id, Record(event.fingerprint, "queued", event.run_id))
    session = replace(session, commands=commands)
    return replace(session, queue=(spec, *session.queue) if event.front else (*session.queue, spec))


def _run_merged(session: Session, event: e.RunMerged, at: datetime) -> Session:
    def united(spec: Spec) -> Spec:
        if spec.run_id != event.run_id:
            return spec
        return replace(spec, command_ids=(*spec.command_ids, event.command_id), target=event.target)

    session = _recorded(session, event, Record(event.fingerprint, "merged", event.run_id))
    return replace(session, queue=tuple(united(spec) for spec in session.queue))


def _run_started(session: Session, event: e.RunStarted, at: datetime) -> Session:
    spec = next(spec for spec in session.queue if spec.run_id == event.run_id)
    session = _with_wishes(_with_records(session, spec, "running"), spec, at)
    run = Run(spec, scope_of(spec, session.plan), at, tuple(known.source for known in session.sources))
    if spec.options.max_session_tokens is not None:
        session = replace(session, max_tokens=spec.options.max_session_tokens)
    return _enter(replace(session, queue=tuple(other for other in session.queue if other is not spec)), run)


def _run_finished(session: Session, event: e.RunFinished, at: datetime) -> Session:
    if session.run is not None and session.run.spec.run_id == event.run_id:
        spec, session = session.run.spec, replace(session, run=None, litter=True)
    else:
        spec = next(spec for spec in session.queue if spec.run_id == event.run_id)
        session = replace(session, queue=tuple(other for other in session.queue if other is not spec))
    return _with_records(session, spec, event.outcome, event.problem)


def _with_records(session: Session, spec: Spec, status: Any, problem: Any = None) -> Session:
    commands = session.commands
    for command_id in spec.command_ids:
        commands = commands.put(command_id, replace(commands[command_id], status=status, problem=problem))
    return replace(session, commands=commands)


def _with_wishes(session: Session, spec: Spec, at: datetime) -> Session:
    """R12: parameters belong to the command's targets, until replaced; absent ones keep what they have."""
    asked = {
        name: value for name in ("engine", "model", "guidance")
        if (value := getattr(spec.options, name)) is not None
    }  # fmt: skip
    if not asked or not spec.targets:
        return session
    wished = session.wished
    if spec.target.phase == "phase3":  # all steps are targets: what was wished for one of them is replaced
        for scope in [scope for scope in wished if step_of(scope) is not None]:
            wished = wished.put(scope, replace(wished[scope], at=at, **dict.fromkeys(asked)))
    for target in spec.targets:
        wished = wished.put(target, replace(wished.get(target) or Wished(), at=at, **asked))
    return replace(session, wished=wished)


# Nodes


def _node_queued(session: Session, event: e.NodeQueued, at: datetime) -> Session:
    node = moved_to(
        session.node(event.node), event.type, at, generation=event.generation, attempt=event.attempt,
        not_before=event.not_before, reads=reads_now(session, event.node), problem=None,
    )  # fmt: skip
    session = session.with_node(event.node, node)
    if session.run is None:
        raise Impossible("a node was queued outside a run")
    run = session.run
    return replace(session, run=replace(run, ready=run.ready.drop(event.node), in_flight=run.in_flight.put(event.node, True)))


def _node_started(session: Session, event: e.NodeStarted, at: datetime) -> Session:
    return session.with_node(event.node, moved_to(session.node(event.node), event.type, at, not_before=None))


def _changed_at(node: Node, at: datetime, *, unchanged: bool) -> datetime:
    return node.made.changed_at if unchanged and node.made else at


def _spend(session: Session, tokens: Tokens) -> Session:
    run = session.run and replace(session.run, spent=session.run.spent + tokens.total)
    return replace(session, run=run, spent=session.spent + tokens.total) if tokens.total else session


def _node_completed(session: Session, event: e.NodeCompleted, at: datetime) -> Session:
    node = session.node(event.node)
    reads = node.reads
    if event.stored:
        session, reads = _with_stored(session, event.stored, reads, at)
    made = Made(
        ref=event.artifact, generation=event.generation, execution_id=event.execution_id, at=at, parts=event.parts, reads=reads,
        changed_at=_changed_at(node, at, unchanged=event.unchanged), by=event.worker, seconds=event.seconds, tokens=event.tokens,
        headline=event.headline, versions=event.versions, unchanged=event.unchanged,
    )  # fmt: skip
    session = _spend(session, event.tokens).with_node(
        event.node, moved_to(node, event.type, at, made=made, problem=None, accepted={}, reads={}, not_before=None)
    )
    if event.versions or event.offered:
        session = replace(session, versions={**session.versions, **event.offered, **event.versions})
    if event.plan is not None:
        session = _with_plan(session, Plan(event.plan))
    return _settle(session, event.node)


def _with_stored(
    session: Session, stored: Iterable[StoredSource], reads: Mapping[str, str], at: datetime
) -> tuple[Session, Mapping[str, str]]:
    """Phase 0 stored versions of its sources: they are what it read, and what the session knows from here on."""
    fetched = {item.source_id: item.stored for item in stored}
    pinned = {source.source_id: source for source in (session.run.sources if session.run else ())}
    updated = dict(reads)
    for source_id, version in fetched.items():
        if source_id in pinned and pinned[source_id].revision == version.revision:
            updated[f"source/{source_id}"] = version.version

    def known(entry: Known) -> Known:
        version = fetched.get(entry.source.source_id)
        if version is None or version.revision != entry.source.revision:
            return entry
        moved = entry.source.version != version.version
        return Known(entry.source.model_copy(update={"stored": version}), at if moved else entry.at)

    sources = tuple(known(entry) for entry in session.sources)
    run = session.run and replace(session.run, sources=tuple(_stored_in(source, fetched) for source in session.run.sources))
    return replace(session, sources=sources, run=run), updated


def _stored_in(source: Source, fetched: Mapping[str, Any]) -> Source:
    version = fetched.get(source.source_id)
    return source.model_copy(update={"stored": version}) if version and version.revision == source.revision else source


def _with_plan(session: Session, plan: Plan) -> Session:
    """R9: the steps that are gone go with their artifacts; kept ones stay as they are; numbers are never used again."""
    nodes = session.nodes
    wished = session.wished
    for step in session.plan.steps if session.plan else ():
        if step.step_id not in plan.by_id:
            nodes, wished = nodes.drop(step_node(step.step_id)), wished.drop(step_node(step.step_id))
    highest = max((step.step_id for step in plan.steps), default=0)
    return replace(session, plan=plan, nodes=nodes, wished=wished, next_step=max(session.next_step, highest + 1))


def _node_failed(session: Session, event: e.NodeFailed, at: datetime) -> Session:
    node = moved_to(session.node(event.node), event.type, at, problem=event.problem, not_before=None)
    session = _spend(session, event.tokens).with_node(event.node, node)
    if not event.final:
        return session
    if session.run is not None and session.run.problem is None:
        session = replace(session, run=replace(session.run, problem=event.problem))
    return _settle(session, event.node, bad=True)


def _nodes_kept(session: Session, event: e.NodesKept, at: datetime) -> Session:
    return _settle_all(session, event.nodes, bad=False)


def _nodes_blocked(session: Session, event: e.NodesBlocked, at: datetime) -> Session:
    return _settle_all(session, event.nodes, bad=True)


def _node_cancelling(session: Session, event: e.NodeCancelling, at: datetime) -> Session:
    return session.with_node(event.node, moved_to(session.node(event.node), event.type, at))


def _node_cancelled(session: Session, event: e.NodeCancelled, at: datetime) -> Session:
    node = moved_to(session.node(event.node), event.type, at, not_before=None, reads={})
    return _settle(_spend(session, event.tokens).with_node(event.node, node), event.node, bad=True)


def _superseded(session: Session, event: e.ResultSuperseded, at: datetime) -> Session:
    return replace(session, litter=True)


def _edited(session: Session, event: e.ArtifactEdited, at: datetime) -> Session:
    node = session.node(event.node)
    made = Made(
        ref=event.artifact, generation=event.generation, execution_id="", at=at, parts=event.parts, reads=reads_now(session, event.node),
        changed_at=_changed_at(node, at, unchanged=event.unchanged), by=event.by, edited=True, headline="edited", unchanged=event.unchanged,
    )  # fmt: skip
    edited = moved_to(node, event.type, at, made=made, problem=None, accepted={}, generation=event.generation, attempt=0)
    session = replace(_recorded(session, event, Record(event.fingerprint, "completed")).with_node(event.node, edited), litter=True)
    return _with_plan(session, Plan(event.plan)) if event.plan is not None else session


def _accepted(session: Session, event: e.NodeAccepted, at: datetime) -> Session:
    node = session.node(event.node)
    session = _recorded(session, event, Record(event.fingerprint, "completed"))
    return session.with_node(event.node, replace(node, accepted={**node.accepted, **event.causes}))


def _sources_changed(session: Session, event: e.SourcesChanged, at: datetime) -> Session:
    changed = {source.source_id: Known(source, at) for source in event.sources}
    kept = [changed.pop(k.source.source_id, k) for k in session.sources if k.source.source_id not in event.removed]
    removed_at = at if event.removed else session.removed_at
    return replace(session, sources=(*kept, *changed.values()), removed_at=removed_at, batch_seq=event.batch_seq)


def _ended(session: Session, event: e.SessionEnded, at: datetime) -> Session:
    return replace(session, ended=True, deleting=session.deleting or event.deleting, litter=True)


def _deleted(session: Session, event: e.SessionDeleted, at: datetime) -> Session:
    return replace(session, ended=True, deleting=True, deleted=True, litter=False)


def _swept(session: Session, event: e.SweepDone, at: datetime) -> Session:
    return replace(session, litter=False)


_REDUCERS: Mapping[type, Callable[[Session, Any, datetime], Session]] = {
    e.SourcesChanged: _sources_changed,
    e.CommandRefused: _refused,
    e.CommandHonoured: _honoured,
    e.RunQueued: _run_queued,
    e.RunMerged: _run_merged,
    e.RunStarted: _run_started,
    e.RunFinished: _run_finished,
    e.NodeQueued: _node_queued,
    e.NodeStarted: _node_started,
    e.NodeCompleted: _node_completed,
    e.NodeFailed: _node_failed,
    e.NodesKept: _nodes_kept,
    e.NodesBlocked: _nodes_blocked,
    e.NodeCancelling: _node_cancelling,
    e.NodeCancelled: _node_cancelled,
    e.ResultSuperseded: _superseded,
    e.ArtifactEdited: _edited,
    e.NodeAccepted: _accepted,
    e.SessionEnded: _ended,
    e.SessionDeleted: _deleted,
    e.SweepDone: _swept,
}
_LITTERING = frozenset({e.RunFinished, e.ResultSuperseded, e.ArtifactEdited, e.SessionEnded})
