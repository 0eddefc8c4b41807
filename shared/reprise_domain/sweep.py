"""Which objects the log has decided against: nothing that a commit names or a running attempt may still name
(R17, R25)."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from reprise_contracts import events, subjects
from reprise_contracts.nodes import phase_of, step_of, token
from reprise_domain.graph import Plan, parents
from reprise_domain.state import IN_FLIGHT, Session

WIDE = 100
"""Inputs from which a job's list of them may have been stored as an object of its own."""


def is_deletable(session: Session, key: str) -> bool:
    """Return whether an object that no event names may be deleted. What is no key of ours never may.

    A generation that is yet to come, or that is in flight, is never decided against: an edit writes its
    object before its command is decided, a worker before its completion is.
    """
    attempt = subjects.attempt_of(key)
    if attempt is None or session.deleted:
        return attempt is not None
    name, generation = attempt
    node, step = session.node(name), step_of(name)
    if key in _made(session, name):
        return False
    if step is not None and session.plan is not None and step not in session.plan.by_id:
        return step < session.next_step
    return generation < node.generation or (generation == node.generation and node.status not in IN_FLIGHT)


def made_keys(session: Session) -> frozenset[str]:
    """R37: the keys of all that a session has, be it made by its origin: an object goes with the last session
    that names it."""
    return frozenset(key for node in session.nodes for key in _made(session, node))


def sweepable_after(session: Session, event: Any) -> tuple[str, ...]:
    """Return the keys that an event decides against, and the folders (with `/` at the end) in which there may
    be some that nobody named.

    `session` is the state before the event.
    """
    names = _NAMED_BY.get(type(event))
    return tuple(names(session, event)) if names is not None else ()


def _folder(session: Session, node: str) -> str:
    return f"{subjects.artifact_prefix(session.batch_id, session.session_id, phase_of(node))}{token(node)}/"


def _inputs(session: Session, node: str) -> Iterator[str]:
    """Where the lists of inputs of a node are, if they may have been too long for a message."""
    if len(parents(node, session.plan)) >= WIDE:
        yield f"{subjects.inputs_prefix(session.batch_id, session.session_id)}{token(node)}/"


def _made(session: Session, node: str) -> Iterator[str]:
    if (made := session.node(node).materialization) is not None:
        yield made.event.artifact.key
        yield subjects.record_key(
            made.event.artifact.key
        )  # R32: the calls that it was made with, if there were any


def _settled(session: Session, event: events.NodeCompleted | events.NodeFailed) -> Iterator[str]:
    """A worker may have been lost between storing and reporting. Its folder is named only now: a sweep while
    the next attempt is in flight would pass over what is in it, and forget it."""
    yield from _inputs(session, event.node)
    if event.repeated or session.node(event.node).attempt > 1:
        yield _folder(session, event.node)


def _completed(session: Session, event: events.NodeCompleted) -> Iterator[str]:
    yield from _edited(session, event)
    yield from _settled(session, event)


def _failed(session: Session, event: events.NodeFailed) -> Iterator[str]:
    """A plan that the rules refuse was stored before it was reported."""
    yield subjects.artifact_key(
        session.batch_id, session.session_id, event.node, event.generation, event.execution_id
    )
    if event.final:
        yield from _settled(session, event)


def _cancelled(session: Session, event: events.NodeCancelled) -> Iterator[str]:
    """A worker may have been lost between storing and reporting, or never have said that it began."""
    yield _folder(session, event.node)
    yield from _inputs(session, event.node)


def _edited(session: Session, event: events.NodeCompleted | events.ArtifactEdited) -> Iterator[str]:
    """R9: the artifact before it, and those of the steps that a new plan has no longer."""
    yield from _made(session, event.node)
    if event.plan is not None and session.plan is not None:
        for gone in set(session.plan.nodes).difference(Plan(event.plan).nodes):
            yield from _made(session, gone)


_NAMED_BY: Mapping[type, Callable[[Session, Any], Iterable[str]]] = {
    events.NodeCompleted: _completed,
    events.NodeFailed: _failed,
    events.NodeCancelled: _cancelled,
    events.ArtifactEdited: _edited,
    events.ResultSuperseded: lambda _, event: (event.key,) if event.key else (),
    events.ArtifactLost: lambda session, event: _made(session, event.node),
}
"""What each event decides against. What is damaged is of no use to anyone."""
