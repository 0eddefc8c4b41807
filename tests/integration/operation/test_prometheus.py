"""Prometheus itself takes what `deploy/prometheus` says, and answers every expression of the dashboard and of
the alerts."""

import asyncio
import json
import shutil
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
import yaml

from operated_stack import Caller, Operated, until
from reprise_contracts import subjects
from reprise_runtime.operate.servers import free_ports

DEPLOY = Path(__file__).parents[3] / "deploy"
WHEN_IT_HAPPENS = ("retries", "redeliveries", "s3_errors", "put_aside", "frames_dropped")
"""Parts of the names of counters that have no series before something went wrong: their expressions are
parsed, and answer nothing."""


def program(name: str) -> str:
    """One of Prometheus' programs, or the reason why these tests are skipped."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: apt install prometheus)")
    return found


def panels() -> list[tuple[str, str]]:
    """Title and expression of everything that the dashboard draws."""
    board = json.loads((DEPLOY / "grafana/dashboards/reprise.json").read_text())
    return [(panel["title"], target["expr"]) for panel in board["panels"] for target in panel["targets"]]


def test_its_own_checker_takes_configuration_and_rules() -> None:
    """`promtool check` reads the file, its rules, and finds no fault in either."""
    for subject in (
        ("config", DEPLOY / "prometheus/prometheus.yml"),
        ("rules", DEPLOY / "prometheus/alerts.yml"),
    ):
        done = subprocess.run(
            [program("promtool"), "check", *map(str, subject)], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture
async def prometheus(operated: Operated, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A Prometheus with the rules of `deploy`, which scrapes every process of the stack twice a second; its
    HTTP interface."""
    config = yaml.safe_load((DEPLOY / "prometheus/prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "500ms", "evaluation_interval": "500ms"}
    config["rule_files"] = [str(DEPLOY / "prometheus/alerts.yml")]
    (scraped,) = config["scrape_configs"]
    del scraped["dns_sd_configs"]
    scraped["static_configs"] = [{"targets": [f"127.0.0.1:{port}" for port in operated.figures.values()]}]
    (tmp_path / "prometheus.yml").write_text(yaml.safe_dump(config))
    (port,) = free_ports(1)
    command = [
        program("prometheus"),
        f"--config.file={tmp_path / 'prometheus.yml'}",
        f"--storage.tsdb.path={tmp_path / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False) as http:

        async def ready() -> bool:
            try:
                return (await http.get("/-/ready")).status_code == 200
            except httpx.TransportError:
                return False

        try:
            await until(ready, 20, "a Prometheus that is ready")
            yield http
        finally:
            process.terminate()
            await process.wait()


async def asked(http: httpx.AsyncClient, expression: str) -> list[Any]:
    """The series that an expression has now."""
    answer = await http.get("/api/v1/query", params={"query": expression})
    assert answer.status_code == 200, f"{expression}: {answer.text}"
    found: list[Any] = answer.json()["data"]["result"]
    return found


async def test_every_panel_of_the_dashboard_has_something_to_draw(
    operated: Operated, caller: Caller, prometheus: httpx.AsyncClient
) -> None:
    """After a batch, each expression is answered with series; every process is scraped; every alert's rule is
    evaluated without fault."""
    await caller.bus.purge(subjects.DLQ, ">")  # what other tests of this stack have put there
    _, session = await caller.begin(f"p-{uuid4().hex}", "steps=2")
    await caller.at_rest(session)
    async with operated.client() as http:
        await http.get("/batches")
    wanted = [
        (title, expression)
        for title, expression in panels()
        if not any(name in expression for name in WHEN_IT_HAPPENS)
    ]
    assert len(wanted) > 35

    async def empty() -> list[tuple[str, str]]:
        return [
            (title, expression) for title, expression in wanted if not await asked(prometheus, expression)
        ]

    async def drawn() -> bool:
        return not await empty()

    try:
        await until(drawn, 20)
    except AssertionError:
        pytest.fail(f"nothing to draw: {await empty()}")
    for _, expression in panels():
        await asked(prometheus, expression)
    assert {series["value"][1] for series in await asked(prometheus, "up")} == {"1"}
    assert len(await asked(prometheus, "up")) == len(operated.figures)

    async def evaluated() -> list[Any] | None:
        (group,) = (await prometheus.get("/api/v1/rules")).json()["data"]["groups"]
        return group["rules"] if all(rule["health"] != "unknown" for rule in group["rules"]) else None

    rules = await until(evaluated, 20, "an evaluation of every rule")
    assert {rule["health"] for rule in rules} == {"ok"}

    async def calm() -> bool:
        (group,) = (await prometheus.get("/api/v1/rules")).json()["data"]["groups"]
        return not [rule["name"] for rule in group["rules"] if rule["state"] == "firing"]

    await until(calm, 20, "a healthy stack that wakes nobody")
