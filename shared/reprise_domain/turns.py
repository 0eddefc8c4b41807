"""A decision in the making, and the coupling rules that are applied to it until nothing more follows:

a run takes its turn, nodes take theirs, the next run begins.
"""

from datetime import datetime

from reprise_contracts import events
from reprise_contracts.nodes import phase_of, step_of
from reprise_contracts.problems import refusals
from reprise_contracts.wire import digest_of
from reprise_domain.freshness import pinned_inputs
from reprise_domain.preview import changed_since, precondition_failure
from reprise_domain.readiness import Readiness, nodes_with, readiness
from reprise_domain.reduce import THROUGH, reduce
from reprise_domain.state import Run, RunRequest, Session


class Draft:
    """What the deciders write on. A session is there in all of them but the one that creates it."""

    def __init__(self, session: Session | None, now: datetime) -> None:
        self.maybe = session
        self.now = now
        self.events: list[events.SessionEvent] = []

    @property
    def session(self) -> Session:
        """The state after the events so far."""
        assert self.maybe is not None  # noqa: S101  # every decider but the first runs on a session
        return self.maybe

    def emit(self, event: events.SessionEvent) -> None:
        """One more event."""
        self.events.append(event)
        self.maybe = reduce(self.maybe, event, self.now)


def settle(draft: Draft) -> None:
    """To a fixed point."""
    while True:
        session, run = draft.session, draft.session.run
        if run is None and session.queue:
            _begin(draft, session.queue[0])
        elif run is None:
            if session.deleting and not session.deleted:
                draft.emit(events.SessionDeleted(batch_id=session.batch_id, session_id=session.session_id, topic=session.topic))
            return
        elif run.ready:
            _take_turns(draft, run)
        elif not run.in_flight and (run.cancelled or run.stage == THROUGH):
            _finish(draft, run)
        else:
            return


def _begin(draft: Draft, request: RunRequest) -> None:
    """R14, R15: the next run of the queue starts, or is refused at its turn."""
    problem = precondition_failure(draft.session, request, busy=False) or changed_since(draft.session, request)
    refused = events.RunFinished(run_id=request.run_id, outcome="refused", problem=problem)
    draft.emit(refused if problem else events.RunStarted(run_id=request.run_id))


def _finish(draft: Draft, run: Run) -> None:
    """R19, R20: a run of which something failed or was blocked has failed; where only a cancel kept it from its end, it was cancelled."""
    why = run.problem or draft.session.exhausted
    stopped = run.cancelled or (run.halted and not why)
    outcome: events.RunOutcome = "completed" if not (run.bad or run.cancelled) else "cancelled" if stopped else "failed"
    problem = (why or refusals.WAITS) if outcome == "failed" else None
    restored = _restored_parameters(draft.session, run)
    draft.emit(events.RunFinished(run_id=run.request.run_id, outcome=outcome, problem=problem, given_back=restored))


def _restored_parameters(session: Session, run: Run) -> tuple[str, ...]:
    """R3: what the run set for a target that it neither made nor failed holds no longer: nothing has come of it."""
    back: list[str] = []
    for target in run.request.targets:
        own = [node for node in run.scope.of_phase(phase_of(target), session.plan) if target in {node, phase_of(node)}]
        if not any(_came_to_an_end(session, run, node) for node in own):
            back += (name for name in dict.fromkeys((target, *own)) if session.overrides.get(name) != run.overrides_before.get(name))
    return tuple(back)


def _came_to_an_end(session: Session, run: Run, name: str) -> bool:
    node = session.node(name)
    return node.status in {"completed", "failed"} and node.since is not None and node.since >= run.started_at


def _take_turns(draft: Draft, run: Run) -> None:
    """R7, R8, R12, R19: each node whose turn has come is run, kept or blocked. They do not depend on each other."""
    session = draft.session
    by_node: dict[str, Readiness] = {}
    for node in sorted(run.ready, key=lambda node: step_of(node) or 0):
        halted = node in run.halted or phase_of(node) in run.halted
        by_node[node] = "block" if halted else readiness(session, run.request, node, bad=run.bad)
    for node in nodes_with(by_node, "run"):
        queue(draft, node, session.node(node).generation + 1, 1, None)
    if kept := nodes_with(by_node, "keep"):
        draft.emit(events.NodesKept(nodes=kept))
    if blocked := nodes_with(by_node, "block"):
        draft.emit(events.NodesBlocked(nodes=blocked))


def queue(draft: Draft, node: str, generation: int, attempt: int, not_before: datetime | None) -> None:
    """An attempt is ready, its inputs pinned (R18)."""
    session = draft.session
    inputs = digest_of(pinned_inputs(session, node, session.run.bad if session.run else ()))
    draft.emit(events.NodeQueued(node=node, generation=generation, attempt=attempt, not_before=not_before, inputs=inputs))
