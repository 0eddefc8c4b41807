"""What workers report of attempts, and what counts of it: fencing (R17), retry (R19), the end of a cancel
(R20)."""

from datetime import timedelta
from typing import Any, TypeVar

from reprise_contracts import events
from reprise_contracts.jobs import Attempt, Completed, Failed, LeaseEnded, Started
from reprise_contracts.nodes import Status
from reprise_domain import losses
from reprise_domain.plans import plan_problem
from reprise_domain.turns import Draft, queue

E = TypeVar("E", bound=Attempt)
_LONGEST_WAIT = 3600.0
"""Seconds that a refusal may put the next attempt off: whoever asks for more is tried again after these."""


def _event(event: type[E], given: Attempt, **more: Any) -> E:
    """The event that says what a worker said, of the same attempt."""
    said = {name: value for name, value in given if name in event.model_fields and name != "type"}
    return event.model_validate(said | more)


def _is_current(draft: Draft, given: Attempt, *statuses: Status) -> bool:
    """R17: return whether the node is in one of these statuses, at exactly this generation and attempt."""
    node = draft.session.node(given.node)
    return (node.generation, node.attempt) == (given.generation, given.attempt) and node.status in statuses


def started(draft: Draft, report: Started) -> None:
    """A worker holds it."""
    if _is_current(draft, report, "queued"):
        draft.emit(_event(events.NodeStarted, report))


def completed(draft: Draft, report: Completed) -> None:
    """R17: the first result that is decided wins; any other is superseded."""
    losses.record(draft, report.lost)
    made = draft.session.node(report.node).materialization
    if not _is_current(draft, report, "queued", "running"):
        if made is None or made.event.execution_id != report.execution_id:
            draft.emit(_event(events.ResultSuperseded, report, key=report.artifact.key))
        stopped(draft, report)
    elif report.plan is not None and (problem := plan_problem(draft.session, report.plan, edited=False)):
        _fail(draft, _event(Failed, report, problem=problem))
    else:
        draft.emit(
            _event(
                events.NodeCompleted, report, unchanged=made is not None and made.event.parts == report.parts
            )
        )


def failed(draft: Draft, report: Failed) -> None:
    """R19, R34."""
    losses.record(draft, report.lost)
    if _is_current(draft, report, "queued", "running"):
        _fail(draft, report)
    else:
        stopped(draft, report)


def stopped(draft: Draft, report: Attempt) -> None:
    """R20: whatever is said of a cancelling attempt, it no longer runs."""
    if _is_current(draft, report, "cancelling"):
        draft.emit(_event(events.NodeCancelled, report))


def lease_ended(draft: Draft, timer: LeaseEnded) -> None:
    """R20: a cancelling node whose worker is silent comes to rest when its lease ends."""
    since, lease = draft.session.node(timer.node).since, timedelta(seconds=draft.session.policy.lease_seconds)
    if since is not None and draft.now >= since + lease:
        stopped(draft, timer)


def _fail(draft: Draft, report: Failed) -> None:
    """R19: a retryable failure is tried again after a while, until the attempts are used up."""
    policy = draft.session.policy
    again = report.problem.retryable and report.attempt < policy.max_attempts
    draft.emit(_event(events.NodeFailed, report, final=not again))
    if again:
        wait = max(
            policy.backoff_seconds * 2 ** (report.attempt - 1), min(report.retry_after or 0.0, _LONGEST_WAIT)
        )
        queue(draft, report.node, report.generation, report.attempt + 1, draft.now + timedelta(seconds=wait))
