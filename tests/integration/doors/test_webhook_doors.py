"""A whole research told to the receiver of the examples, which knows nothing of ours."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator

import httpx
import pytest

from integration.doors.house import House, Site
from reprise_contracts.webhooks import new_secret
from reprise_runtime.operate.servers import HOST, free_ports
from stack import ROOT, until

EXAMPLE = ROOT / "docs" / "examples" / "webhook_receiver.py"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A house that may tell this machine."""
    running = House(tmp_path_factory.mktemp("house"), {"REPRISE_WEBHOOKS__NETWORKS": '["127.0.0.0/8"]'})
    try:
        running.open()
        yield running
    finally:
        running.stop_all()


class Example:
    """The receiver as a program; `said` has the lines that it prints."""

    def __init__(self, secret: str) -> None:
        self.port = free_ports(1)[0]
        self.said: list[str] = []
        self._process = subprocess.Popen(
            [sys.executable, "-I", str(EXAMPLE), str(self.port)],
            env=os.environ | {"RECEIVER_SECRET": secret, "PYTHONUTF8": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            encoding="utf-8",
        )
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as lines:
            for line in lines:
                self.said.append(line.rstrip())

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()


@pytest.fixture
def example() -> Iterator[tuple[Example, str]]:
    secret = new_secret()
    running = Example(secret)
    yield running, secret
    running.end()


async def test_a_research_is_told_to_the_end_and_when_its_report_goes_stale(
    site: Site, example: tuple[Example, str]
) -> None:
    receiver, secret = example
    url = f"http://{HOST}:{receiver.port}/"
    added = await site.http.post("/webhooks", json={"url": url, "secret": secret})
    assert added.status_code == httpx.codes.CREATED, added.text
    forger = await site.http.post("/webhooks", json={"url": url})  # signs with another secret
    work, _ = await site.researched("steps=2")

    async def lines(count: int) -> bool:
        return len(receiver.said) >= count

    await until(lambda: lines(1), 60, "the end of the run")
    more = {"sources": [{"text": "Another text about nothing.", "title": "News of the lake"}]}
    put = await site.http.post(f"/batches/{work.batch}/sources", json=more)
    assert put.is_success, put.text
    await until(lambda: lines(2), 30, "the report's going stale")
    assert receiver.said == [
        "reprise.run.completed The research “steps=2” is done.",
        "reprise.report.stale The report on “steps=2” is out of date. "
        "The source “News of the lake” was added.",
    ]
    refused = (await site.http.get("/webhooks")).json()["webhooks"]
    outcomes = {one["webhook_id"]: one["last"] for one in refused}
    assert outcomes[added.json()["webhook_id"]]["delivered"] is True
    assert outcomes[forger.json()["webhook_id"]]["detail"] == f"{HOST} answered 401"
    for one in refused:
        await site.http.delete(f"/webhooks/{one['webhook_id']}")
