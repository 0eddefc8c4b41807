"""What workers report of attempts, and what counts of it: fencing (R17), retry (R19), the end of a cancel (R20)."""

from datetime import timedelta
from typing import Any

from reprise_contracts import events as e
from reprise_contracts.artifacts import Tokens
from reprise_contracts.jobs import Attempt, Completed, Failed, LeaseEnded, Started, Stopped
from reprise_domain.draft import Draft
from reprise_domain.plans import unsound
from reprise_domain.state import Node, Session
from reprise_domain.turns import queue

_RESULT = ("execution_id", "worker", "artifact", "parts", "plan", "stored", "versions", "offered", "seconds", "tokens", "headline")

_LONGEST_WAIT = 3600.0
"""Seconds that a refusal may put the next attempt off: whoever asks for more is tried again after these."""


def _attempt(given: Attempt) -> dict[str, Any]:
    return {"node": given.node, "generation": given.generation, "attempt": given.attempt}


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
        draft.say(e.NodeStarted(**_attempt(report), execution_id=report.execution_id, worker=report.worker))


def completed(draft: Draft, report: Completed) -> None:
    """R17: the first result that is decided wins; any other is superseded."""
    session, node = draft.session, draft.session.node(report.node)
    if not _counts(session, report):
        if node.made is None or node.made.execution_id != report.execution_id:
            draft.say(e.ResultSuperseded(**_attempt(report), execution_id=report.execution_id, key=report.artifact.key))
        _rest(draft, report, report.tokens)
        return
    problem = unsound(session, report.plan, edited=False) if report.plan is not None else None
    if problem is not None:
        own = _attempt(report) | {"execution_id": report.execution_id, "worker": report.worker, "tokens": report.tokens}
        _fail(draft, Failed(**own, problem=problem))
        return
    unchanged = node.made is not None and node.made.parts == report.parts
    draft.say(e.NodeCompleted(**_attempt(report), **{name: getattr(report, name) for name in _RESULT}, unchanged=unchanged))


def failed(draft: Draft, report: Failed) -> None:
    """R19."""
    if _counts(draft.session, report):
        _fail(draft, report)
    else:
        _rest(draft, report, report.tokens)


def stopped(draft: Draft, report: Stopped) -> None:
    """R20."""
    _rest(draft, report, report.tokens)


def _rest(draft: Draft, report: Attempt, tokens: Tokens) -> None:
    """Whatever a worker says of a cancelling attempt: it no longer runs."""
    node = draft.session.node(report.node)
    if _is(node, report) and node.status == "cancelling":
        draft.say(e.NodeCancelled(**_attempt(report), tokens=tokens))


def lease_ended(draft: Draft, timer: LeaseEnded) -> None:
    """R20: a cancelling node whose worker is silent comes to rest when its lease ends."""
    node = draft.session.node(timer.node)
    lease = timedelta(seconds=draft.session.policy.lease_seconds)
    if _is(node, timer) and node.status == "cancelling" and node.since is not None and draft.now >= node.since + lease:
        draft.say(e.NodeCancelled(**_attempt(timer)))


def _fail(draft: Draft, report: Failed) -> None:
    """R19: a retryable failure is tried again after a while, until the attempts are used up."""
    policy = draft.session.policy
    again = report.problem.retryable and report.attempt < policy.max_attempts
    draft.say(
        e.NodeFailed(
            **_attempt(report), execution_id=report.execution_id, worker=report.worker, problem=report.problem,
            final=not again, seconds=report.seconds, tokens=report.tokens,
        )
    )  # fmt: skip
    if again:
        usual = policy.backoff_seconds * 2 ** (report.attempt - 1)
        wait = timedelta(seconds=max(usual, min(report.retry_after or 0.0, _LONGEST_WAIT)))
        queue(draft, report.node, report.generation, report.attempt + 1, draft.now + wait)
