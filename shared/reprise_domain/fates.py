"""What becomes of a node at its turn: judged here for a run that is under way and for the preview of one."""

from collections.abc import Container, Mapping
from typing import Literal

from reprise_contracts.nodes import step_of
from reprise_domain.freshness import differing, inputs, not_accepted, pinned, producer
from reprise_domain.graph import DEFINITION, parents
from reprise_domain.state import Session, Spec

Fate = Literal["run", "may", "keep", "block"]
"""`may` is a preview's alone: it runs if something above it says something new."""


def fate(session: Session, spec: Spec, node: str, *, bad: Container[str], coming: Container[str] = ()) -> Fate:
    """R7, R8, R12, R19, R29: whether a node of a run's scope is run, kept or blocked.

    `bad` are the nodes that failed or could not run in it. In a preview `coming` are those above whose turn is still to come:
    what moved there may move back, and what did not may move.
    """
    if wanting(session, spec, node, bad=bad, coming=coming):
        return "block"
    forced = spec.options.force and not spec.target.stale  # a refresh runs what is stale and nothing else (R26)
    if not (forced or spec.names(node)):
        entry = session.node(node)
        if entry.made is not None and entry.made.edited:  # a cascade passes the user's own work by
            return "keep"
        moved = not_accepted(session, node, differing(session, node, pinned(session, node, bad)))
        if entry.status == "completed" and all(producer(name) in coming for name in moved):
            if not may_move(session, node, coming):
                return "keep"
            return "block" if session.exhausted else "may"
    return "block" if session.exhausted else "run"


def those(fates: Mapping[str, Fate], wanted: Fate) -> tuple[str, ...]:
    """The nodes of one fate, in order."""
    return tuple(node for node, found in fates.items() if found == wanted)


def wanting(session: Session, spec: Spec, node: str, *, bad: Container[str], coming: Container[str]) -> list[str]:
    """R19: what a node depends on and has no good result. A target takes the last good one, but a report of failed steps is partial."""
    found = []
    for parent in parents(node, session.plan):
        above, of_step = session.node(parent), node == "phase4" and step_of(parent) is not None
        failed = above.status == "failed" and (of_step or not spec.names(node))
        lost = parent not in coming and (above.made is None or failed)
        if (lost or parent in bad) and not (of_step and spec.options.allow_partial):
            found.append(parent)
    return found


def may_move(session: Session, node: str, coming: Container[str]) -> bool:
    """R9: whether one of these nodes may give a node something new to read. No new plan defines a number otherwise."""
    return any(producer(name) in coming for name in inputs(session, node) if name != DEFINITION)
