"""What a commit adds to the figures."""

from reprise_contracts import events as e
from reprise_contracts.nodes import phase_of
from reprise_runtime import metrics


def count(commit: e.Commit) -> None:
    """One commit and its events."""
    metrics.COMMITS.labels("session" if commit.batch is not None else "batch").inc()
    for event in commit.events:
        metrics.EVENTS.labels(event.type).inc()
        match event:
            case e.NodeQueued() if event.attempt > 1:
                metrics.RETRIES.labels(phase_of(event.node)).inc()
            case e.NodeCompleted():
                metrics.PHASE_SECONDS.labels(phase_of(event.node)).observe(event.seconds)
                metrics.NODES.labels(
                    phase_of(event.node), "unchanged" if event.unchanged else "completed"
                ).inc()
            case e.NodeFailed() if event.final:
                metrics.NODES.labels(phase_of(event.node), "failed").inc()
            case e.NodeCancelled():
                metrics.NODES.labels(phase_of(event.node), "cancelled").inc()
            case _:
                pass
