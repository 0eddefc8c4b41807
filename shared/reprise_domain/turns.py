"""How a run walks through its nodes, and why the walk ends: the coupling rules, applied until nothing more
follows.

What a run is
-------------
A command that is accepted becomes a `RunRequest` in the session's queue. At its turn the request becomes the
session's one `Run`: a request, the `Scope` of nodes that it considers (`state.scope_of`), and the sources and
parameters as they were at that moment. A run never looks at the queue, and the queue never looks into a run:
between them there is only "the run is over, the next one begins".

    queue ──RunStarted──▶ run ──RunFinished──▶ history (`Session.commands` says what became of each command)
      └────RunFinished(refused)──▶             a request that is impossible at its turn, or not what its
                                               preview promised

How a run walks
---------------
`Run.stage` is an index into `PHASES`. A run is in one phase at a time and enters the next one when every node
of this one is settled; it skips phases that have no node in its scope. Phases 0, 1, 2 and 4 are one node
each. Phase 3 is many, and there the run walks along the plan's dependencies: `Run.waiting` counts for each
step how many steps of the scope it still waits for, and a step whose count comes to zero joins `Run.ready`.
Of every node the run knows one of four things:

    waiting   an input of its own phase is not settled      ── that one settles ──▶ ready
    ready     its turn has come, nobody has answered yet    ── `readiness` ──▶ in flight, or settled at once
    in flight an attempt is queued, running or cancelling   ── a worker's report ──▶ settled
    settled   it needs no more from this run                (`Run.done` counts these; `Run.bad` are
                                                              those without a good result)

`readiness` answers a turn with one of three verdicts, and each is an event:

    run    NodeQueued     its inputs moved, it is a target, or it has no good result: a worker gets it, its
                          inputs pinned
    keep   NodesKept      it is up to date, or a user's own work that a cascade passes by: settled as it is
    block  NodesBlocked   an input has no good result, a cancel holds it, or the budget is spent: settled
                          without running

Whatever happens in flight (Started, Completed, Failed, Stopped, LeaseEnded) arrives from outside, is decided
in `attempts`, and moves the node's status along `reduce.TRANSITIONS`. A final answer settles the node; a
retry keeps it in flight under the next attempt. A result that belongs to another generation or attempt
settles nothing. A cancel empties `ready`, and the run then only waits for what is in flight.

What is coupled
---------------
One input rarely ends with its own event. A completed plan gives every step a turn; a failed step blocks those
below it, which may end the phase, which may end the run, which starts the next request, whose first nodes
have their turn. `settle` applies these rules after every input, in this order, until none of them applies:

    no run, a queue       → begin the first request, or refuse it
    no run, no queue      → a session that is to be deleted is deleted; else at rest
    a run, nodes ready    → each has its turn
    a run through, or cancelled, and nothing in flight → it is finished
    else                  → the next word is a worker's: at rest

Why the fixed point ends
------------------------
Every rule that applies emits an event, and every event makes this tuple smaller, compared from the left:

    (requests in the queue and the run,
     phases that the run has yet to enter,
     nodes of this phase neither settled nor in flight)

`RunStarted` moves a request into the run; a run counts less than the request that it was. `RunFinished` takes
one of them away. The last node that settles enters a later phase, and nothing goes back to an earlier one.
`NodeQueued`, `NodesKept` and `NodesBlocked` take nodes from the third count; nodes join `ready` out of
`waiting`, which is part of that count already. Nothing here adds to the queue, to the scope or to the plan:
only commands and results do, and these come from outside, one at a time. So `settle` ends after at most two
rounds for each request and one for each node of its scope, and the same inputs give the same events in the
same order.
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
    """Collects the events of one decision and shows the state after them. Only the decider that creates a
    session finds none."""

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
        """Append an event and apply it to the state."""
        self.events.append(event)
        self.maybe = reduce(self.maybe, event, self.now)


def settle(draft: Draft) -> None:
    """Apply the coupling rules until none of them applies; the module's text says why that ends."""
    while True:
        session, run = draft.session, draft.session.run
        if run is None and session.queue:
            _begin(draft, session.queue[0])
        elif run is None:
            if session.deleting and not session.deleted:
                draft.emit(
                    events.SessionDeleted(
                        batch_id=session.batch_id, session_id=session.session_id, topic=session.topic
                    )
                )
            return
        elif run.ready:
            _take_turns(draft, run)
        elif not run.in_flight and (run.cancelled or run.stage == THROUGH):
            _finish(draft, run)
        else:
            return


def _begin(draft: Draft, request: RunRequest) -> None:
    """R14, R15: the next run of the queue starts, or is refused at its turn."""
    problem = precondition_failure(draft.session, request, busy=False) or changed_since(
        draft.session, request
    )
    refused = events.RunFinished(run_id=request.run_id, outcome="refused", problem=problem)
    draft.emit(refused if problem else events.RunStarted(run_id=request.run_id))


def _finish(draft: Draft, run: Run) -> None:
    """R19, R20: a run of which something failed or was blocked has failed; where only a cancel kept it from
    its end, it was cancelled."""
    why = run.problem or draft.session.exhausted
    stopped = run.cancelled or (run.halted and not why)
    outcome: events.RunOutcome = (
        "completed" if not (run.bad or run.cancelled) else "cancelled" if stopped else "failed"
    )
    draft.emit(
        events.RunFinished(
            run_id=run.request.run_id,
            outcome=outcome,
            problem=(why or refusals.WAITS) if outcome == "failed" else None,
            given_back=_restored_parameters(draft.session, run),
        )
    )


def _restored_parameters(session: Session, run: Run) -> tuple[str, ...]:
    """R3: what the run set for a target that it neither made nor failed holds no longer: nothing has come of
    it."""
    back: list[str] = []
    for target in run.request.targets:
        own = [
            node
            for node in run.scope.of_phase(phase_of(target), session.plan)
            if target in {node, phase_of(node)}
        ]
        if not any(_came_to_an_end(session, run, node) for node in own):
            back += (
                name
                for name in dict.fromkeys((target, *own))
                if session.overrides.get(name) != run.overrides_before.get(name)
            )
    return tuple(back)


def _came_to_an_end(session: Session, run: Run, name: str) -> bool:
    node = session.node(name)
    return node.status in {"completed", "failed"} and node.since is not None and node.since >= run.started_at


def _take_turns(draft: Draft, run: Run) -> None:
    """R7, R8, R12, R19: each node whose turn has come is run, kept or blocked. They do not depend on each
    other."""
    session = draft.session
    by_node: dict[str, Readiness] = {}
    for node in sorted(run.ready, key=lambda node: step_of(node) or 0):
        by_node[node] = (
            "block"
            if not run.halted.isdisjoint({node, phase_of(node)})
            else readiness(session, run.request, node, bad=run.bad)
        )
    for node in nodes_with(by_node, "run"):
        queue(draft, node, session.node(node).generation + 1, 1, None)
    if kept := nodes_with(by_node, "keep"):
        draft.emit(events.NodesKept(nodes=kept))
    if blocked := nodes_with(by_node, "block"):
        draft.emit(events.NodesBlocked(nodes=blocked))


def queue(draft: Draft, node: str, generation: int, attempt: int, not_before: datetime | None) -> None:
    """An attempt is ready, its inputs pinned (R18)."""
    session = draft.session
    draft.emit(
        events.NodeQueued(
            node=node,
            generation=generation,
            attempt=attempt,
            not_before=not_before,
            inputs=digest_of(pinned_inputs(session, node, session.run.bad if session.run else ())),
        )
    )
