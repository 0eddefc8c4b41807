"""`reduce(state, event, at)`: the state after an event. Mechanical: it records and counts, and judges
nothing.

A node's status moves along `TRANSITIONS`; the active run walks through the phases of its scope, in phase 3
along the dependencies of the steps, and `Run.ready` holds the nodes whose turn has come.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any

from reprise_contracts import events
from reprise_contracts.nodes import PHASES, Status, step_node, step_of
from reprise_contracts.sources import Source, StoredSource, with_held
from reprise_domain.freshness import PARAMETERS, current_inputs, pinned_inputs
from reprise_domain.graph import Plan, parents
from reprise_domain.state import (
    IN_FLIGHT,
    WATCH,
    Materialization,
    Node,
    ParameterOverride,
    Run,
    RunRequest,
    Session,
    SourceEntry,
    scope_of,
    with_answer,
    with_report_options,
)
from reprise_domain.sweep import sweepable_after
from reprise_persistent.mapping import Map

REDUCER = 14
"""The version of all this: what another one folded is not read, the log is folded again."""

TRANSITIONS: Mapping[str, tuple[tuple[Status, ...], Status]] = {
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

_CREATION_FIELDS = frozenset(
    {
        "session_id",
        "batch_id",
        "topic",
        "engine",
        "model",
        "language",
        "guidance",
        "policy",
        "batch_seq",
        "fork",
    }
)
"""What a session is from its first event on."""


class InvalidTransition(AssertionError):
    """The log says something that `decide` never decides: it was written by something else."""


def create(event: events.SessionCreated | events.SessionDeleted, at: datetime) -> Session:
    """The state that a log's first event makes; of a deleted session only the tombstone is left."""
    session = Session(
        **{name: value for name, value in event if name in _CREATION_FIELDS}, created_at=at, updated_at=at
    )
    if isinstance(event, events.SessionDeleted):
        return session
    session = replace(
        session,
        sources={source.source_id: SourceEntry(source, at) for source in event.sources},
        max_tokens=event.max_session_tokens,
    )
    if event.shared is not None:
        session = _with_shared(session, event.shared)
    return with_report_options(session, event.report if event.report.value else None, at)


def _with_shared(session: Session, shared: events.Shared) -> Session:
    """R37, R41: what a fork or an import has from its origin counts as if it had made it."""
    nodes = {
        one.made.node: Node(
            status="failed" if one.problem else "completed",
            problem=one.problem,
            generation=one.made.generation,
            since=one.at,
            materialization=Materialization(one.made, one.at, one.changed_at, one.reads),
            accepted=one.accepted,
            locked_at=one.locked_at,
        )
        for one in shared.results
    }
    session = replace(
        session,
        nodes=Map(nodes.items()),
        overrides=Map(
            (name, ParameterOverride(said.values, said.at)) for name, said in shared.parameters.items()
        ),
        versions=shared.versions,
        next_step=shared.next_step,
    )
    return _with_plan(session, Plan(shared.plan)) if shared.plan is not None else session


def reduce(session: Session | None, event: events.SessionEvent | events.BatchEvent, at: datetime) -> Session:
    """The state after one event."""
    if session is None and isinstance(event, events.SessionCreated | events.SessionDeleted):
        session = create(event, at)
    reducer = _REDUCERS.get(type(event))
    if session is None or reducer is None:
        raise InvalidTransition(
            f"a session's log begins with {event.type}" if reducer else f"a session's log holds {event.type}"
        )
    if isinstance(event, events.CommandAnswer):
        session = replace(session, commands=with_answer(session.commands, event))
    return _with_sweepable(session, event, reducer(session, event, at))


def fold(session: Session | None, commit: events.Commit, seq: int) -> Session:
    """The state after one commit, standing at its sequence."""
    said = commit.events
    if session is None and said and isinstance(said[-1], events.SessionDeleted):
        said = said[-1:]
    for event in said:
        session = reduce(session, event, commit.at)
    if session is None:
        raise InvalidTransition("a commit without events begins a log")
    return stamp(session, commit, seq)


def stamp(session: Session, commit: events.Commit, seq: int) -> Session:
    """The state after a commit's events, standing at its sequence."""
    return replace(session, seq=seq, updated_at=commit.at)


# The run's walk


def _enter_next_phase(session: Session, run: Run) -> Session:
    """Go on to the next phase that has nodes in the scope, until one has."""
    while run.stage < THROUGH:
        run = replace(run, stage=run.stage + 1)
        nodes = run.scope.of_phase(PHASES[run.stage], session.plan) if run.stage < THROUGH else ()
        if nodes:
            own = frozenset(nodes)
            waits = {node: sum(parent in own for parent in parents(node, session.plan)) for node in nodes}
            ready = Map((node, True) for node, count in waits.items() if count == 0)
            later = sum(len(run.scope.of_phase(phase, session.plan)) for phase in PHASES[run.stage + 1 :])
            run = replace(
                run,
                open=len(nodes),
                waiting=Map(waits.items()),
                ready=ready,
                total=run.done + len(nodes) + later,
            )
            break
    return replace(session, run=run)


def _finish_node(session: Session, node: str, *, bad: bool = False) -> Session:
    """A node of the run came to its end: those that waited for it alone have their turn; after the last one
    the next phase."""
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
    run = replace(
        run, waiting=waiting, ready=ready, open=run.open - 1, bad=run.bad.put(node, True) if bad else run.bad
    )
    return replace(session, run=run) if run.open else _enter_next_phase(session, run)


def _finish_nodes(
    session: Session, event: events.NodesKept | events.NodesBlocked, at: datetime, *, bad: bool
) -> Session:
    for node in event.nodes:
        session = _finish_node(session, node, bad=bad)
    return session


# Commands and runs


def _command_honoured(session: Session, event: events.CommandHonoured, at: datetime) -> Session:
    run = session.run
    if event.kind != "cancel" or run is None:
        return session
    if event.target in {"", run.request.run_id}:
        return replace(session, run=replace(run, cancelled=True, ready=Map()))
    return replace(session, run=replace(run, halted=run.halted | {event.target}))


def _run_queued(session: Session, event: events.RunQueued, at: datetime) -> Session:
    request = RunRequest(event.run_id, (event.command_id,), event.by, event.kind, event.target, event.options)
    return replace(session, queue=(request, *session.queue) if event.front else (*session.queue, request))


def _run_merged(session: Session, event: events.RunMerged, at: datetime) -> Session:
    request, _ = _waiting(session, event.run_id)
    united = replace(request, command_ids=(*request.command_ids, event.command_id), target=event.target)
    return replace(session, queue=tuple(united if other is request else other for other in session.queue))


def _run_started(session: Session, event: events.RunStarted, at: datetime) -> Session:
    request, others = _waiting(session, event.run_id)
    before = session.overrides
    session = _with_overrides(_with_records(session, request, "running"), request, at)
    run = Run(
        request,
        scope_of(request, session.plan),
        at,
        tuple(known.source for known in session.sources.values()),
        before,
    )
    return _enter_next_phase(
        replace(session, queue=others, max_tokens=session.ceiling_under(request.options)), run
    )


def _run_finished(session: Session, event: events.RunFinished, at: datetime) -> Session:
    if session.run is not None and session.run.request.run_id == event.run_id:
        request, before, overrides = session.run.request, session.run.overrides_before, session.overrides
        for name in event.given_back:
            overrides = overrides.put(name, before[name]) if name in before else overrides.drop(name)
        return _with_records(
            replace(session, run=None, overrides=overrides), request, event.outcome, event.problem
        )
    request, others = _waiting(session, event.run_id)
    return _with_records(replace(session, queue=others), request, event.outcome, event.problem)


def _waiting(session: Session, run_id: str) -> tuple[RunRequest, tuple[RunRequest, ...]]:
    """A run that waits, and the others in their order."""
    found = next(request for request in session.queue if request.run_id == run_id)
    return found, tuple(request for request in session.queue if request is not found)


def _with_records(session: Session, request: RunRequest, status: Any, problem: Any = None) -> Session:
    commands = session.commands
    for command_id in request.command_ids:
        commands = commands.put(command_id, replace(commands[command_id], status=status, problem=problem))
    return replace(session, commands=commands)


def _with_overrides(session: Session, request: RunRequest, at: datetime) -> Session:
    """R12: parameters belong to the command's targets, until replaced; absent ones keep what they have. R31:
    what is said of one section holds for no other, and how the report is written is the report's alone."""
    if request.options.section is not None:
        return session
    own = [name for name in PARAMETERS if name != "report"]
    asked = {name: value for name in own if (value := getattr(request.options, name)) is not None}
    session = with_report_options(session, request.options.report, at)
    overrides = session.overrides
    if (
        asked and request.target.phase == "phase3"
    ):  # all steps are targets: what was wished for one of them is replaced
        for step in [scope for scope in overrides if step_of(scope) is not None]:
            rest = {name: value for name, value in overrides[step].values.items() if name not in asked}
            overrides = overrides.put(step, ParameterOverride(rest, at))
    for target in request.targets if asked else ():
        before = overrides.get(target)
        overrides = overrides.put(
            target, ParameterOverride({**before.values, **asked} if before else asked, at)
        )
    return replace(session, overrides=overrides)


# Nodes


def _transition(session: Session, event: Any, at: datetime, **changes: Any) -> Session:
    """A node moves along `TRANSITIONS`; what the attempt spent is the run's and the session's (R29)."""
    node = session.node(event.node)
    allowed, status = TRANSITIONS[event.type]
    if node.status not in allowed:
        raise InvalidTransition(f"{event.type} found a node {node.status}")
    if (tokens := getattr(event, "tokens", None)) and tokens.total:
        run = session.run and replace(session.run, spent=session.run.spent + tokens.total)
        own = tokens.total if session.run and session.run.request.by == WATCH else 0
        day = at.date().isoformat()
        session = replace(
            session,
            run=run,
            spent=session.spent + tokens.total,
            spent_by_itself={day: session.spent_by_itself.get(day, 0) + own},
        )
    return session.with_node(
        event.node, replace(node, **{"status": status, "since": at, "not_before": None} | changes)
    )


def _node_queued(session: Session, event: events.NodeQueued, at: datetime) -> Session:
    run = session.run
    if run is None:
        raise InvalidTransition("a node was queued outside a run")
    node = session.node(event.node)
    session = _transition(
        session,
        event,
        at,
        generation=event.generation,
        attempt=event.attempt,
        not_before=event.not_before,
        reads=pinned_inputs(session, event.node, run.bad),
        problem=None,
        before=node.before if event.attempt > 1 else (node.status, node.since, node.problem),
    )
    return replace(
        session,
        run=replace(run, ready=run.ready.drop(event.node), in_flight=run.in_flight.put(event.node, True)),
    )


def _node_completed(session: Session, event: events.NodeCompleted, at: datetime) -> Session:
    reads = session.node(event.node).reads
    if event.stored:
        session = _with_stored(session, event.stored, at)
        reads = pinned_inputs(session, event.node, ())
    session = _with_artifact(session, event, event.model_copy(update={"plan": None, "stored": ()}), reads, at)
    if event.versions or event.offered:
        session = replace(session, versions={**session.versions, **event.offered, **event.versions})
    return _finish_node(session, event.node)


def _edited(session: Session, event: events.ArtifactEdited, at: datetime) -> Session:
    reads = current_inputs(session, event.node)
    return _with_artifact(
        session,
        event,
        event.model_copy(update={"plan": None}),
        reads,
        at,
        generation=event.generation,
        attempt=0,
    )


def _with_artifact(
    session: Session, event: Any, kept: Any, reads: Mapping[str, str], at: datetime, **changes: Any
) -> Session:
    """What counts from here on, and the plan that came with it."""
    before = session.node(event.node).materialization
    made = Materialization(kept, at, before.changed_at if before and event.unchanged else at, reads)
    session = _transition(
        session, event, at, materialization=made, problem=None, accepted={}, reads={}, **changes
    )
    return session if event.plan is None else _with_plan(session, Plan(event.plan))


def _with_stored(session: Session, stored: Iterable[StoredSource], at: datetime) -> Session:
    """R11: phase 0 stored versions of its sources: they are what its run has pinned, and what the session
    knows, from here on."""
    given, before = tuple(stored), {name: known.source for name, known in session.sources.items()}
    pinned = {source.source_id: source for source in (session.run.sources if session.run else ())}
    run = session.run and replace(session.run, sources=tuple(with_held(pinned, given).values()))
    return replace(session, sources=_known(session, with_held(before, given), at), run=run)


def _known(session: Session, sources: Mapping[str, Source], at: datetime) -> dict[str, SourceEntry]:
    """Sources as the session knows them from here on: each since when it is what it is (R4)."""
    before = {(name, known.source.version): known.at for name, known in session.sources.items()}
    return {
        name: SourceEntry(source, before.get((name, source.version), at)) for name, source in sources.items()
    }


def _with_plan(session: Session, plan: Plan) -> Session:
    """R9: the steps that are gone go with their artifacts; kept ones stay as they are; numbers are never used
    again."""
    nodes, overrides = session.nodes, session.overrides
    for gone in set(session.plan.nodes if session.plan else ()).difference(plan.nodes):
        nodes, overrides = nodes.drop(gone), overrides.drop(gone)
    following = max((session.next_step, *(step.step_id + 1 for step in plan.steps)))
    return replace(session, plan=plan, nodes=nodes, overrides=overrides, next_step=following)


def _node_failed(session: Session, event: events.NodeFailed, at: datetime) -> Session:
    session = _transition(session, event, at, problem=event.problem)
    if not event.final:
        return session
    if event.problem.type == "budget_reached":
        session = _given_back(session, event.node)
    run = session.run and replace(session.run, problem=session.run.problem or event.problem)
    return _finish_node(replace(session, run=run), event.node, bad=True)


def _given_back(session: Session, name: str) -> Session:
    """R29: a ceiling fails no node: what it stopped is as it was before it was queued, and what was spent is
    counted."""
    node = session.node(name)
    if node.before is None or (
        node.before[0] == "completed" and node.materialization is None
    ):  # its artifact was lost meanwhile
        return session
    status, since, problem = node.before
    return session.with_node(
        name, replace(node, status=status, since=since, problem=problem, reads={}, before=None)
    )


def _node_cancelled(session: Session, event: events.NodeCancelled, at: datetime) -> Session:
    return _finish_node(_transition(session, event, at, reads={}), event.node, bad=True)


def _lost(session: Session, event: events.ArtifactLost, at: datetime) -> Session:
    """R34: without an artifact a node has failed, unless it is being made again just now."""
    node = replace(session.node(event.node), materialization=None, accepted={})
    if node.status not in IN_FLIGHT:
        node = replace(node, status="failed", since=at, problem=event.problem)
    return session.with_node(event.node, node)


def _accepted(session: Session, event: events.NodeAccepted, at: datetime) -> Session:
    accepted = {**session.node(event.node).accepted, **event.causes}
    return session.with_node(event.node, replace(session.node(event.node), accepted=accepted))


def _locked(session: Session, event: events.NodeLocked, at: datetime) -> Session:
    return session.with_node(
        event.node, replace(session.node(event.node), locked_at=at if event.locked else None)
    )


# The session


def _sources_changed(session: Session, event: events.SourcesChanged, at: datetime) -> Session:
    changed = _known(session, {source.source_id: source for source in event.sources}, at)
    kept = {name: known for name, known in session.sources.items() if name not in event.removed}
    return replace(
        session,
        sources={**kept, **changed},
        removed_at=at if event.removed else session.removed_at,
        batch_seq=event.batch_seq,
    )


def _ended(session: Session, event: events.SessionEnded, at: datetime) -> Session:
    return replace(session, ended=True, deleting=session.deleting or event.deleting)


def _with_sweepable(before: Session, event: Any, session: Session) -> Session:
    """What an event decides against is swept after the run, for as long as one is active."""
    names, known = sweepable_after(before, event), session.sweepable
    for name in names:
        known = known.put(name, before.seq + 1)
    if known and session.run is None and (names or isinstance(event, events.RunFinished)):
        return replace(session, sweepable=known, sweep_pending_since=before.seq + 1)
    return replace(session, sweepable=known) if names else session


def _swept(session: Session, event: events.SweepDone, at: datetime) -> Session:
    left = Map((name, since) for name, since in session.sweepable.items() if since > event.seq)
    pending = session.sweep_pending_since
    return replace(
        session, sweepable=left, sweep_pending_since=pending if left and pending > event.seq else 0
    )


def _with(session: Session, event: Any, at: datetime, **changes: Any) -> Session:
    """What is the same after every event of its type; nothing, where an event only tells."""
    return replace(session, **changes) if changes else session


_REDUCERS: Mapping[type, Callable[[Session, Any, datetime], Session]] = {
    events.SessionCreated: _with,
    events.SourcesChanged: _sources_changed,
    events.CommandRefused: _with,
    events.CommandHonoured: _command_honoured,
    events.RunQueued: _run_queued,
    events.RunMerged: _run_merged,
    events.RunStarted: _run_started,
    events.RunFinished: _run_finished,
    events.NodeQueued: _node_queued,
    events.NodeStarted: _transition,
    events.NodeCompleted: _node_completed,
    events.NodeFailed: _node_failed,
    events.NodesKept: partial(_finish_nodes, bad=False),
    events.NodesBlocked: partial(_finish_nodes, bad=True),
    events.NodeCancelling: _transition,
    events.NodeCancelled: _node_cancelled,
    events.ResultSuperseded: _with,
    events.ArtifactEdited: _edited,
    events.ArtifactLost: _lost,
    events.NodeAccepted: _accepted,
    events.NodeLocked: _locked,
    events.SessionTagged: lambda session, event, at: replace(session, tags=frozenset(event.tags)),
    events.ResultsImported: lambda session, event, at: _with_shared(session, event.shared),
    events.SessionEnded: _ended,
    events.SessionDeleted: partial(
        _with, ended=True, deleting=True, deleted=True, sweepable=Map(), sweep_pending_since=0
    ),
    events.SweepDone: _swept,
}
