"""What is watched is really there: every series that the dashboard and the alerts name is exported by a
running stack."""

import json
import re
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from operated_stack import SERIES, Caller, Operated, until, value
from reprise_contracts import subjects

DEPLOY = Path(__file__).parents[3] / "deploy"
WHEN_IT_HAPPENS = {
    "reprise_retries_total",
    "reprise_redeliveries_total",
    "reprise_s3_errors_total",
    "reprise_put_aside_total",
    "reprise_checks_total",
    "reprise_gateway_frames_dropped_total",
}
"""Counters with labels of what a quiet stack does not have: they are in the table, and counted in tests of
their own."""


def named_in_the_dashboard() -> set[str]:
    board = json.loads((DEPLOY / "grafana/dashboards/reprise.json").read_text())
    return {
        name for panel in board["panels"] for target in panel["targets"] for name in names(target["expr"])
    }


def named_in_the_alerts() -> set[str]:
    groups = yaml.safe_load((DEPLOY / "prometheus/alerts.yml").read_text())["groups"]
    return {name for group in groups for rule in group["rules"] for name in names(rule["expr"])}


def names(expression: str) -> set[str]:
    return set(SERIES.findall(re.sub(r"\{[^}]*\}", "", expression)))


async def test_every_series_that_is_watched_is_exported(operated: Operated, caller: Caller) -> None:
    """By the process that it belongs to, after one batch has been researched."""
    from reprise_runtime import metrics

    _, session = await caller.begin(f"f-{uuid4().hex}", "steps=2")
    await caller.at_rest(session)
    async with operated.client() as http:
        await http.get("/batches")
    wanted = named_in_the_dashboard() | named_in_the_alerts()
    assert len(wanted) > 40

    async def all_there() -> bool:
        return wanted - WHEN_IT_HAPPENS <= set(await operated.series())

    try:
        await until(all_there, 20)
    except AssertionError:
        missing = wanted - WHEN_IT_HAPPENS - set(await operated.series())
        pytest.fail(f"nobody exports {sorted(missing)}")
    table = {f"{family.name}_total" for family in metrics.REGISTRY.collect() if family.type == "counter"}
    assert table >= WHEN_IT_HAPPENS
    found = await operated.series()
    for name, process in {
        "reprise_commits_total": "orchestrator",
        "reprise_scheduler_leading": "scheduler",
        "reprise_job_seconds_count": "worker-phase3",
        "reprise_pool_waiting": "gateway",
        "reprise_stored_bytes": "scheduler",
    }.items():
        assert process in found[name], (name, found[name])


async def test_the_figures_count_what_happened(operated: Operated, caller: Caller) -> None:
    """A batch of two steps is six nodes, as many commits at least, and some bytes under its own name."""
    steps = 'reprise_nodes_total{outcome="completed",phase="phase3"}'
    before = await value(operated, "orchestrator", steps)
    batch, session = await caller.begin(f"f-{uuid4().hex}", "steps=2")
    await caller.at_rest(session)

    async def counted() -> bool:
        return await value(operated, "orchestrator", steps) >= before + 2

    await until(counted, 10, "two more nodes")

    async def stored() -> bool:
        return await value(operated, "scheduler", f'reprise_batch_bytes{{batch="{batch}"}}') > 500

    await until(stored, 10, "the bytes of the batch")


async def test_one_line_per_message_says_what_became_of_it(operated: Operated, caller: Caller) -> None:
    """Each with session, node, generation, duration and outcome, in one trace from the call to the
    artifact."""
    trace = f"00-{uuid4().hex}-00f067aa0ba902b7-01"
    async with operated.client() as http:
        answer = await http.post(
            "/batches",
            json={"topic": "steps=1", "sources": [{"text": "A text."}]},
            headers={"traceparent": trace},
        )
        assert answer.status_code == 201, answer.text
        session_id = answer.json()["session_id"]
    session = await caller.at_rest(session_id)
    of = trace.split("-")[1]

    def lines(process: str, event: str) -> list[dict[str, Any]]:
        said = [json.loads(line) for line in operated.log_of(process).splitlines() if line.startswith("{")]
        return [line for line in said if line["event"] == event and line.get("session") == session_id]

    jobs = lines("worker-phase3", "job")
    assert len(jobs) == 1, "one line for one message"
    assert (
        jobs[0].items()
        >= {"node": "phase3/1", "generation": 1, "attempt": 1, "outcome": "ok", "deliveries": 1}.items()
    )
    assert jobs[0]["seconds"] > 0
    (sent,) = lines("scheduler", "job sent")[3:4]
    assert sent.items() >= {"node": "phase3/1", "generation": 1, "outcome": "sent"}.items()
    decided = lines("orchestrator", "decided")
    assert any(
        line.items() >= {"node": "phase3/1", "generation": 1, "outcome": "committed"}.items()
        for line in decided
    )
    for line in (*jobs, sent, *decided):
        assert of in line["trace"], line
    for node in ("phase0", "phase3/1", "phase4"):
        made = session.node(node).materialization
        assert made is not None
        document = json.loads(await caller.store.get(made.event.artifact.key))
        assert of in document["meta"]["trace"], f"the artifact of {node} is not in the trace of its call"


async def test_a_trace_is_one_tree_from_the_call_to_the_last_node(
    operated: Operated, caller: Caller, collector: Any
) -> None:
    """Every service exports its part; each span but the call's own hangs on one of another process."""
    trace = f"00-{uuid4().hex}-00f067aa0ba902b7-01"
    async with operated.client() as http:
        answer = await http.post(
            "/batches",
            json={"topic": "steps=1", "sources": [{"text": "A text."}]},
            headers={"traceparent": trace},
        )
        await caller.at_rest(answer.json()["session_id"])
    of = bytes.fromhex(trace.split("-")[1])

    wanted = {
        f"reprise-{name}"
        for name in ("gateway", "orchestrator", "scheduler", *(f"worker-phase{n}" for n in range(5)))
    }

    async def whole() -> list[str] | None:
        # Each service exports on its own beat: a child may be here before its parent, so a tree with a gap is
        # looked at again.
        found = [(service, span) for service, span in collector.spans if span.trace_id == of]
        known = {span.span_id for _, span in found}
        roots = [span.name for _, span in found if span.parent_span_id not in known]
        return roots if wanted <= {service for service, _ in found} and len(roots) == 1 else None

    assert await until(whole, 20, "one tree with spans of every service") == ["POST /batches"]


async def test_a_question_over_nats_has_its_line_and_its_span(
    operated: Operated, caller: Caller, collector: Any
) -> None:
    """As a call has: who asked what about which session, what came of it, in the caller's trace; also what
    cannot be understood."""
    trace = f"00-{uuid4().hex}-00f067aa0ba902b7-01"
    asked = {"topic": "steps=1", "sources": [{"text": "A text."}]}
    headers = {"traceparent": trace}
    started = json.loads(
        (
            await caller.bus.ask(
                subjects.api("start"), json.dumps(asked).encode(), timeout=20, headers=headers
            )
        ).data
    )
    await caller.at_rest(started["session_id"])
    unknown = json.loads(
        (await caller.bus.ask(subjects.api("state"), b'{"session_id": "nobody"}', headers=headers)).data
    )
    broken = json.loads((await caller.bus.ask(subjects.api("rerun"), b"no JSON", headers=headers)).data)
    assert (unknown["type"].rsplit("/")[-1], broken["type"].rsplit("/")[-1]) == ("not_found", "invalid")
    of = trace.split("-")[1]
    said = [json.loads(line) for line in operated.log_of("gateway").splitlines() if line.startswith("{")]
    lines = [
        line
        for line in said
        if line["event"] == "answered" and line["method"] == "NATS" and of in line.get("trace", "")
    ]
    assert [(line["route"], line["outcome"], line["status"], line.get("session")) for line in lines] == [
        ("api.start", "ok", 200, started["session_id"]),
        ("api.state", "not_found", 404, "nobody"),
        ("api.rerun", "invalid", 422, None),
    ]
    assert all(line["seconds"] > 0 and line["caller"] for line in lines)

    async def exported() -> list[Any] | None:
        found = [
            span
            for service, span in collector.spans
            if service == "reprise-gateway" and span.trace_id.hex() == of
        ]
        return found if len(found) == len(lines) else None

    spans = await until(exported, 20, "a span of each question")
    assert {span.name for span in spans} == {"api.start", "api.state", "api.rerun"}
    assert {span.parent_span_id.hex() for span in spans} == {"00f067aa0ba902b7"}
    assert all(any(span.span_id.hex() in line["trace"] for span in spans) for line in lines)
