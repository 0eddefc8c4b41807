"""Pairs that look like an agreement or a dispute and are neither, written to make the judge say false things:
roles, particles, cases, tenses, plans, converse verbs, compounds, single letters."""

import json
from pathlib import Path

import pytest

from unit.research.judging.judged import UNLIKE, relation

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parents[4] / "benchmarks/statements/traps_seen.jsonl")
    .read_text("utf-8")
    .splitlines()
]
TRAPS = [row for row in ROWS if row["verdict"] == "unlike" and not row.get("missed")]
"""Those that are known to be said wrongly are marked as `missed`."""


@pytest.mark.parametrize("code", sorted({row["language"] for row in TRAPS}))
def test_nothing_is_said_of_a_trap(code: str) -> None:
    said = [
        (row["one"], row["other"])
        for row in TRAPS
        if row["language"] == code
        and relation(row["one"], row["other"], code, row.get("other_language", "")) is not UNLIKE
    ]
    assert not said


def test_what_is_wrong_is_little() -> None:
    assert len(TRAPS) > 400 and sum("missed" in row for row in ROWS) < 8
