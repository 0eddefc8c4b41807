"""Every call of the OpenAPI document with whatever fits it, and much that does not: no 500, and every refusal
is a typed problem."""

import asyncio
import contextlib
import os
from typing import Any

import httpx
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.errors import Unsatisfiable
from schemathesis.generation import GenerationMode

from reprise_contracts.problems.model import STATUS
from unit.gateway.gateway_site import settings_with

EXAMPLES = int(os.environ.get("REPRISE_FUZZ", "6"))
"""Of each call and kind; REPRISE_FUZZ=200 for a long look."""
UNTYPED = {405}
"""HTTP's own answer to a method that a path does not have; its problem is `invalid`."""


async def test_no_call_breaks_and_every_refusal_is_a_typed_problem(make_site: Any) -> None:
    """On ids that exist and on others, with valid and invalid bodies, parameters and headers."""
    site = await make_site(
        settings_with(limits={"requests_per_second": 1e6, "requests_burst": 10**9}), patience=1.0, serve=True
    )
    async with site.client() as http:
        batch_id, session_id = await site.finished(http)
    there = {
        "batch_id": batch_id,
        "session_id": session_id,
        "source_id": "src-1",
        "step_id": 1,
        "phase": "phase2",
        "command_id": "c",
    }
    seen = await asyncio.to_thread(fuzz, f"http://{site.address}", there)
    assert len(seen) > 25
    assert {status // 100 for statuses in seen.values() for status in statuses} >= {2, 4}


def fuzz(url: str, there: dict[str, Any]) -> dict[str, set[int]]:
    """The statuses of each call."""
    schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
    seen: dict[str, set[int]] = {}
    with httpx.Client(base_url=url, timeout=20, trust_env=False) as client:
        for found in schema.get_all_operations():
            operation = found.ok()
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                seen.setdefault(operation.label, set()).update(tried(client, operation, mode, there))
    return seen


def tried(client: httpx.Client, operation: Any, mode: GenerationMode, there: dict[str, Any]) -> set[int]:
    statuses: set[int] = set()

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode), known=st.booleans())
    def once(case: Any, known: bool) -> None:
        if known:
            case.path_parameters.update(
                {name: value for name, value in there.items() if name in (case.path_parameters or {})}
            )
        answer = case.call(base_url=str(client.base_url))
        statuses.add(answer.status_code)
        about = (
            f"{case.method} {answer.request.url}\n{answer.request.body!r}\n{answer.status_code} "
            f"{answer.text[:500]}"
        )
        assert answer.status_code != 500, about
        if (
            answer.status_code >= 400 and operation.path != "/workz"
        ):  # a probe says what it found, as `/readyz` does
            assert answer.headers["content-type"] == ["application/problem+json"], about
            problem = answer.json()
            kind = problem["type"].removeprefix("/problems/")
            assert answer.status_code in UNTYPED or STATUS[kind] == answer.status_code == problem["status"], (
                about
            )
            assert problem["detail"] and (problem.get("action") or kind in {"internal"}), about

    with contextlib.suppress(Unsatisfiable):  # a call that takes nothing cannot be called wrongly
        once()
    return statuses
