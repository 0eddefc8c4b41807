"""What workers report of attempts, and what counts of it: fencing (R17), retry (R19), the end of a cancel (R20)."""

from datetime import timedelta
from typing import Any, TypeVar

from reprise_contracts import events as e
from reprise_contracts.jobs import Attempt, Completed, Failed, LeaseEnded, Started
from reprise_domain.draft import Draft
from reprise_domain.plans import unsound
from reprise_domain.state import Node, Session
from reprise_domain.turns import queue

E = TypeVar("E", bound=Attempt)
_LONGEST_WAIT = 3600.0
"""Seconds that a refusal may put the next attempt off: whoever asks for more is tried again after these."""


def _of(event: type[E], given: Attempt, **more: Any) -> E:
    """The event that says what a worker said, of the same attempt."""
    said = {name: value for name, value in given if name in event.model_fields and name != "type"}
    return event.model_validate(said | more)


def _is(node: Node, given: Attempt) -> bool:
    return node.generation == given.generation and node.attempt == given.attempt


def _counts(session: Session, given: Attempt) -> bool:
    """R17: a result counts only while its node is queued or running at exactly its generation and attempt."""
    node = session.node(given.node)
    return _is(node, given) and node.status in {"queued", "running"}


def started(draft: Draft, report: Started) -> None:
    """A worker holds it."""
    node = draft.session.node(report.node)
    if _is(node, report) and node.status == "queued":
        draft.say(_of(e.NodeStarted, report))


def completed(draft: Draft, report: Completed) -> None:
    """R17: the first result that is decided wins; any other is superseded."""
    session, node = draft.session, draft.session.node(report.node)
    if not _counts(session, report):
        if node.made is None or node.made.event.execution_id != report.execution_id:
            draft.say(_of(e.ResultSuperseded, report, key=report.artifact.key))
        stopped(draft, report)
        return
    problem = unsound(session, report.plan, edited=False) if report.plan is not None else None
    if problem is not None:
        _fail(draft, _of(Failed, report, problem=problem))
        return
    unchanged = node.made is not None and node.made.event.parts == report.parts
    draft.say(_of(e.NodeCompleted, report, unchanged=unchanged))


def failed(draft: Draft, report: Failed) -> None:
    """R19."""
    if _counts(draft.session, report):
        _fail(draft, report)
    else:
        stopped(draft, report)


def stopped(draft: Draft, report: Attempt) -> None:
    """R20: whatever is said of a cancelling attempt, it no longer runs."""
    node = draft.session.node(report.node)
    if _is(node, report) and node.status == "cancelling":
        draft.say(_of(e.NodeCancelled, report))


def lease_ended(draft: Draft, timer: LeaseEnded) -> None:
    """R20: a cancelling node whose worker is silent comes to rest when its lease ends."""
    node = draft.session.node(timer.node)
    lease = timedelta(seconds=draft.session.policy.lease_seconds)
    if node.since is not None and draft.now >= node.since + lease:
        stopped(draft, timer)


def _fail(draft: Draft, report: Failed) -> None:
    """R19: a retryable failure is tried again after a while, until the attempts are used up."""
    policy = draft.session.policy
    again = report.problem.retryable and report.attempt < policy.max_attempts
    draft.say(_of(e.NodeFailed, report, final=not again))
    if again:
        usual = policy.backoff_seconds * 2 ** (report.attempt - 1)
        wait = timedelta(seconds=max(usual, min(report.retry_after or 0.0, _LONGEST_WAIT)))
        queue(draft, report.node, report.generation, report.attempt + 1, draft.now + wait)
