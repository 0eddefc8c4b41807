"""What becomes of a node at its turn: judged here for a run that is under way and for the preview of one."""

from collections.abc import Container, Mapping
from typing import Literal

from reprise_contracts.nodes import step_of
from reprise_domain.freshness import changed_inputs, inputs, pinned_inputs, producer, unaccepted
from reprise_domain.graph import DEFINITION, parents
from reprise_domain.state import RunRequest, Session

Readiness = Literal["run", "may", "keep", "block"]
"""`may` is a preview's alone: it runs if something above it says something new."""


def readiness(
    session: Session, request: RunRequest, node: str, *, bad: Container[str], coming: Container[str] = ()
) -> Readiness:
    """R7, R8, R12, R19, R29, R38: return whether a node of a run's scope is run, kept or blocked.

    `bad` are the nodes that failed or could not run in it. In a preview `coming` are those above whose turn
    is still to come: what moved there may move back, and what did not may move.
    """
    if session.node(node).locked_at is not None and not request.names(node):
        return "keep"
    if missing_inputs(session, request, node, bad=bad, coming=coming):
        return "block"
    forced = (
        request.options.force and not request.target.stale
    )  # a refresh runs what is stale and nothing else (R26)
    if not (forced or request.names(node)):
        entry = session.node(node)
        if (
            entry.materialization is not None and entry.materialization.edited
        ):  # a cascade passes the user's own work by
            return "keep"
        moved = unaccepted(session, node, changed_inputs(session, node, pinned_inputs(session, node, bad)))
        if entry.status == "completed" and all(producer(name) in coming for name in moved):
            if not may_move(session, node, coming):
                return "keep"
            return "block" if session.exhausted else "may"
    return "block" if session.exhausted else "run"


def nodes_with(by_node: Mapping[str, Readiness], wanted: Readiness) -> tuple[str, ...]:
    """The nodes of one fate, in order."""
    return tuple(node for node, found in by_node.items() if found == wanted)


def missing_inputs(
    session: Session, request: RunRequest, node: str, *, bad: Container[str], coming: Container[str]
) -> list[str]:
    """R19: what a node depends on and has no good result. A target takes the last good one, but a report of
    failed steps is partial."""
    found = []
    for parent in parents(node, session.plan):
        above, of_step = session.node(parent), node == "phase4" and step_of(parent) is not None
        failed = above.status == "failed" and (of_step or not request.names(node))
        lost = parent not in coming and (above.materialization is None or failed)
        if (lost or parent in bad) and not (of_step and request.options.allow_partial):
            found.append(parent)
    return found


def may_move(session: Session, node: str, coming: Container[str]) -> bool:
    """R9: return whether one of these nodes may give a node something new to read. No new plan defines a
    number otherwise."""
    return any(producer(name) in coming for name in inputs(session, node) if name != DEFINITION)
