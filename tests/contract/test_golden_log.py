"""A whole log as v1 wrote it still means what it meant: today's code folds it to the same states, whatever it
has learnt since.

The log is a backup of a small installation: research, reruns with and without guidance, a merged and an
interrupted queue, cancels, an edited plan, sources added and removed, a second session, a failed source, a
deleted batch. REPRISE_WRITE_GOLDEN=1 writes the states of a new log.
"""

import json
import os
from collections import defaultdict
from pathlib import Path

import pytest

from reprise_contracts import subjects
from reprise_contracts.events import Commit
from reprise_domain.batch import Batch, fold_batch
from reprise_domain.reduce import fold
from reprise_domain.state import Session
from reprise_gateway.projections.states import state_of
from reprise_runtime.operate.archive import ArchivedMessage

FOLDER = Path(__file__).parent / "golden_log"
LOGS = sorted(FOLDER.glob("*.jsonl"), key=lambda path: path.name)


def states(log: Path) -> dict[str, object]:
    """What every session and batch of a log looks like at its end, as JSON; of a deleted one nothing is left
    to see."""
    logs: dict[str, list[tuple[int, Commit]]] = defaultdict(list)
    for line in log.read_bytes().splitlines():
        message = ArchivedMessage.read(line)
        logs[subjects.logged(message.subject)].append((message.seq, Commit.decode(message.data)))
    return {target: _state(commits) for target, commits in logs.items() if not commits[-1][1].deleted}


def _state(commits: list[tuple[int, Commit]]) -> object:
    session: Session | None = None
    batch: Batch | None = None
    for seq, commit in commits:
        if commit.batch is None:
            batch = fold_batch(batch, commit, seq)
        else:
            session = fold(session, commit, seq)
    if session is not None:
        return state_of(session).model_dump(mode="json")
    assert batch is not None
    return {
        "sources": [source.model_dump(mode="json") for source in batch.sources.values()],
        "ended": batch.ended,
        "members": [member.spec.model_dump(mode="json") for member in batch.members],
    }


def remembered(then: object, now: object) -> object:
    """Of what is known now, the part that was known then: fields may be added, never changed."""
    if isinstance(then, dict) and isinstance(now, dict):
        return {key: remembered(value, now.get(key)) for key, value in then.items()}
    if isinstance(then, list) and isinstance(now, list) and len(then) == len(now):
        return [remembered(one, other) for one, other in zip(then, now, strict=True)]
    return now


@pytest.mark.parametrize("log", LOGS, ids=lambda log: log.stem)
def test_a_log_of_then_means_today_what_it_meant(log: Path) -> None:
    """Every session and batch, node by node: status, freshness, causes, artifacts."""
    file = log.with_suffix(".states.json")
    found = states(log)
    if os.environ.get("REPRISE_WRITE_GOLDEN") and not file.exists():
        file.write_text(json.dumps(found, indent=1, ensure_ascii=False, sort_keys=True) + "\n")
    then = json.loads(file.read_text())
    assert remembered(then, found) == then


def test_the_log_of_v1_is_rich_enough_to_mean_something() -> None:
    """It has finished, failed, cancelled and stale nodes."""
    sessions = [
        state
        for state in states(FOLDER / "v1.jsonl").values()
        if isinstance(state, dict) and "nodes" in state
    ]
    nodes = [node for state in sessions for node in state["nodes"].values()]
    assert {node["status"] for node in nodes} >= {"completed", "failed", "pending"}
    assert {node["freshness"] for node in nodes} >= {"fresh", "stale"}
