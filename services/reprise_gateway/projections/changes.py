"""Which nodes look different after a commit.

A small session is compared whole. In a large one a commit costs what it touches: the nodes that it names and,
where a result or a failure moved, the steps below them. The two rows that stand over all steps, the group and
the report, are then told each time another part of the run is done, and everything is compared when a run
begins or ends and when anything but a step moves. What is told depends on the commit and the states around it
alone, so that every replica numbers its frames alike.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from reprise_contracts import events as e
from reprise_contracts.frames import StaleNode
from reprise_contracts.nodes import step_node, step_of
from reprise_contracts.states import NodeView
from reprise_domain.freshness import Verdicts
from reprise_domain.graph import all_nodes, parents
from reprise_domain.state import Session
from reprise_gateway.projections.states import group_view, node_view, state_of

SMALL = 100
"""Steps up to which every commit compares the whole session."""
TELLINGS = 25
"""How often the rows over all steps of a large session are told during a run."""
GROUP = "phase3"
REPORT = "phase4"

_QUIET = (
    e.CommandRefused,
    e.CommandHonoured,
    e.RunQueued,
    e.RunMerged,
    e.ResultSuperseded,
    e.SweepDone,
    e.NodesKept,
    e.NodesBlocked,
)
"""Events after which every node looks as before."""


@dataclass(frozen=True, slots=True)
class Changes:
    """The nodes whose view changed, in the order of the graph, and every stale node if that set was compared
    and differs."""

    views: tuple[tuple[str, NodeView], ...]
    stale: tuple[StaleNode, ...] | None = None


def changes(before: Session | None, commit: e.Commit, after: Session) -> Changes:
    """What looks different after a commit."""
    touched = _touched(commit)
    if before is None or touched is None or _steps(after) <= SMALL or before.versions != after.versions:
        return _whole(before, after, always=_large_run_ended(commit, after))
    return _part(before, after, touched)


def _steps(session: Session) -> int:
    return len(session.plan.steps) if session.plan else 0


def _touched(commit: e.Commit) -> tuple[str, ...] | None:
    """The steps that a commit names; None if it may have moved anything else."""
    nodes: list[str] = []
    for event in commit.events:
        if isinstance(
            event,
            e.NodeQueued
            | e.NodeStarted
            | e.NodeCompleted
            | e.NodeFailed
            | e.NodeCancelling
            | e.NodeCancelled,
        ):
            if step_of(event.node) is None:
                return None
            nodes.append(event.node)
        elif not isinstance(event, _QUIET):
            return None
    return tuple(dict.fromkeys(nodes))


def _large_run_ended(commit: e.Commit, after: Session) -> bool:
    return _steps(after) > SMALL and any(isinstance(event, e.RunFinished) for event in commit.events)


def _whole(before: Session | None, after: Session, *, always: bool) -> Changes:
    then, now = dict(state_of(before).nodes) if before else {}, state_of(after).nodes
    rows = {GROUP, REPORT} if always else set()
    views = tuple((node, view) for node, view in now.items() if node in rows or then.get(node) != view)
    was, stale = _stale(then.items()), _stale(now.items())
    return Changes(views, stale if always or was != stale else None)


def _stale(views: Iterable[tuple[str, NodeView]]) -> tuple[StaleNode, ...]:
    return tuple(
        StaleNode(node=node, causes=view.causes)
        for node, view in views
        if view.freshness == "stale" and node != GROUP
    )


def _part(before: Session, after: Session, touched: tuple[str, ...]) -> Changes:
    nodes = _with_those_below(before, after, touched)
    then, now = _verdicts(before, nodes), _verdicts(after, nodes)
    views = [
        (node, view)
        for node in nodes
        if (view := node_view(after, now, node)) != node_view(before, then, node)
    ]
    if _another_part(before, after):
        views += _rows(after)
    return Changes(tuple(views))


def _with_those_below(before: Session, after: Session, touched: tuple[str, ...]) -> list[str]:
    """The nodes and, where a result or a failure moved, every step below them; in the order of the plan."""
    moved = [node for node in touched if _moved(before, after, node)]
    numbers = {number for node in touched if (number := step_of(node)) is not None}
    if after.plan is not None:
        numbers |= after.plan.below(number for node in moved if (number := step_of(node)) is not None)
    return _in_order(after, numbers)


def _moved(before: Session, after: Session, node: str) -> bool:
    then, now = before.node(node), after.node(node)
    return then.materialization is not now.materialization or (then.status == "failed") != (
        now.status == "failed"
    )


def _in_order(session: Session, numbers: set[int]) -> list[str]:
    if session.plan is None:
        return []
    if len(numbers) <= 1:
        return [step_node(number) for number in numbers if number in session.plan.by_id]
    return [node for node in session.plan.nodes if step_of(node) in numbers]


def _verdicts(session: Session, nodes: Iterable[str]) -> Verdicts:
    """Verdicts that know everything above the nodes already, worked out from the top down: a long chain is no
    deep recursion."""
    verdicts = Verdicts(session)
    above: dict[str, None] = {}
    todo = list(nodes)
    while todo:
        for parent in parents(todo.pop(), session.plan):
            if parent not in above:
                above[parent] = None
                todo.append(parent)
    place = session.plan.by_id.keys() if session.plan else ()
    order = {number: index for index, number in enumerate(place)} if len(above) > len(_TOP) else {}
    for node in sorted(
        above,
        key=lambda node: order.get(step_of(node) or 0, -1) if step_of(node) else _TOP.index(node) - len(_TOP),
    ):
        verdicts.direct_causes(node)
    return verdicts


_TOP = ("phase0", "phase1", "phase2")


def _another_part(before: Session, after: Session) -> bool:
    if before.run is None or after.run is None:
        return False
    stride = max(1, after.run.total // TELLINGS)
    return before.run.done // stride != after.run.done // stride


def _rows(session: Session) -> list[tuple[str, NodeView]]:
    verdicts = Verdicts(session)
    views = {node: node_view(session, verdicts, node) for node in all_nodes(session.plan)}
    group = group_view([view for node, view in views.items() if step_of(node) is not None])
    return [(GROUP, group), (REPORT, views[REPORT])]
