"""Counters of what a quiet stack does not show."""

import pytest

from contract.examples import example
from reprise_contracts import events as e
from reprise_contracts import frames as f
from reprise_gateway.projections.outbox import Outbox, Packed
from reprise_orchestrator.counting import count
from reprise_runtime.errors import ObjectMissing, StoreUnavailable
from reprise_runtime.metrics import REGISTRY, s3_call


def sample(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def test_a_call_to_the_store_that_fails_is_counted_by_what_went_wrong() -> None:
    """What is not there is an answer, and no failure of the store's."""
    before = sample("reprise_s3_errors_total", operation="get", error="StoreUnavailable")
    for error in (StoreUnavailable("away"), ObjectMissing("gone")):
        with pytest.raises(type(error)), s3_call("get"):
            raise error
    assert sample("reprise_s3_errors_total", operation="get", error="StoreUnavailable") == before + 1
    assert sample("reprise_s3_errors_total", operation="get", error="ObjectMissing") == 0


def test_attempts_after_the_first_and_last_outcomes_are_counted() -> None:
    """A failure that is tried again is a retry; one that is final is a node that failed."""
    retries = sample("reprise_retries_total", phase="phase3")
    failed = sample("reprise_nodes_total", phase="phase3", outcome="failed")
    queued, failure = example(e.NodeQueued), example(e.NodeFailed)
    assert isinstance(queued, e.NodeQueued) and isinstance(failure, e.NodeFailed)
    commit = example(e.Commit)
    assert isinstance(commit, e.Commit)
    told = (
        queued.model_copy(update={"attempt": 1}),
        queued.model_copy(update={"attempt": 2}),
        failure.model_copy(update={"final": False}),
        failure.model_copy(update={"final": True}),
    )
    count(commit.model_copy(update={"events": told}))
    assert sample("reprise_retries_total", phase="phase3") == retries + 1
    assert sample("reprise_nodes_total", phase="phase3", outcome="failed") == failed + 1


def test_what_a_slow_reader_does_not_get_is_counted() -> None:
    thinned, resumed = (
        sample("reprise_gateway_frames_dropped_total", why=why) for why in ("thinned", "to be resumed")
    )
    outbox = Outbox(durable=2, live=1)
    for stream in ("a", "b", "c"):
        outbox.live(Packed(f.StreamToken(stream_id=stream, phase="phase1", token="t", node="phase1")))
    for run in ("a", "b", "c"):
        outbox.durable(Packed(f.WorkflowComplete(run_id=run)))
    assert sample("reprise_gateway_frames_dropped_total", why="thinned") == thinned + 2
    assert sample("reprise_gateway_frames_dropped_total", why="to be resumed") == resumed + 2
