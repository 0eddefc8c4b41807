"""Several services in one process."""

import asyncio
import os
import signal
import sys
import threading
import time
from pathlib import Path

import pytest
from pydantic import SecretStr

from reprise_contracts.events import Commit
from reprise_runtime.errors import Unavailable
from reprise_runtime.handover import Handover
from reprise_runtime.operate.together import Together, as_role
from reprise_runtime.service import OnEnd
from reprise_runtime.settings import Metrics, Settings
from unit.cli.processes_tree import until_async

PROGRAM = """
import asyncio, sys, time
from pathlib import Path
from reprise_runtime.operate.together import run_together

folder = Path(sys.argv[1])

async def service(settings, on_end, name):
    ended = asyncio.Event()
    on_end(ended.set)
    (folder / name).write_text(settings.nats.user or "")
    while not ended.is_set():
        if (folder / "hang").exists() and name == "one":
            time.sleep(3600)
        await asyncio.sleep(0.02)
    (folder / name).write_text("ended in order")

run_together("pair", {
    "phase1": lambda settings, on_end: service(settings, on_end, "one"),
    "phase2": lambda settings, on_end: service(settings, on_end, "two"),
})
"""


async def started(folder: Path) -> asyncio.subprocess.Process:
    secrets = {"REPRISE_SECRETS__PHASE1": "first", "REPRISE_SECRETS__PHASE2": "second"}
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        PROGRAM,
        str(folder),
        env=os.environ | secrets | {"REPRISE_BEAT": str(folder / "beat")},
    )
    await until_async(lambda: (folder / "one").exists() and (folder / "two").exists(), 60)
    return process


async def test_all_of_them_end_in_order_when_the_process_is_asked_to(tmp_path: Path) -> None:
    """Each has connected with a user of its own."""
    process = await started(tmp_path)
    assert [(tmp_path / name).read_text() for name in ("one", "two")] == ["phase1", "phase2"]
    process.send_signal(signal.SIGTERM)
    assert await process.wait() == 0
    assert [(tmp_path / name).read_text() for name in ("one", "two")] == ["ended in order"] * 2


async def test_a_process_in_which_one_hangs_gives_no_sign_of_life(tmp_path: Path) -> None:
    """Though the loops of all others turn."""
    process = await started(tmp_path)
    beat = tmp_path / "beat"
    await until_async(beat.exists, 60)
    first = beat.stat().st_mtime_ns
    await until_async(lambda: beat.stat().st_mtime_ns > first, 60)
    (tmp_path / "hang").touch()
    await until_async(lambda: time.time() - beat.stat().st_mtime > 5, 60)  # five signs of life did not come
    process.kill()
    await process.wait()


async def idle(settings: Settings, on_end: OnEnd) -> None:
    ended = asyncio.Event()
    on_end(ended.set)
    await ended.wait()


async def test_what_ends_one_ends_all_and_is_raised() -> None:
    async def broken(settings: Settings, on_end: OnEnd) -> None:
        raise Unavailable("no server")

    with pytest.raises(Unavailable, match="no server"):
        await Together("pair", {"phase1": idle, "phase2": broken}).run(Settings())


async def test_one_that_still_waits_for_its_servers_ends_as_well() -> None:
    """It has not said yet what to call: it is cancelled."""

    async def waiting(settings: Settings, on_end: OnEnd) -> None:
        await asyncio.Event().wait()

    async def short(settings: Settings, on_end: OnEnd) -> None:
        await asyncio.sleep(0)

    async with asyncio.timeout(60):
        await Together("pair", {"phase1": waiting, "phase2": short}).run(Settings())


async def test_one_that_computes_holds_up_no_other() -> None:
    """While the first has its loop, the second turns."""
    turned, done = threading.Event(), threading.Event()

    async def computing(settings: Settings, on_end: OnEnd) -> None:
        assert turned.wait(60)
        done.set()

    async def quick(settings: Settings, on_end: OnEnd) -> None:
        on_end(lambda: None)
        await asyncio.sleep(0)
        turned.set()
        await asyncio.to_thread(done.wait, 60)

    await Together("pair", {"phase1": computing, "phase2": quick}).run(Settings())
    assert done.is_set()


def test_a_service_among_several_has_its_own_user_and_no_secret_of_another() -> None:
    secrets = {"phase1": SecretStr("first"), "orchestrator": SecretStr("second")}
    settings = Settings(secrets=secrets, metrics=Metrics(port=9000))
    worker, orchestrator = as_role(settings, "phase1"), as_role(settings, "orchestrator")
    assert (worker.nats.user, worker.nats.password) == ("phase1", SecretStr("first"))
    assert (worker.s3.access_key, worker.s3.secret_key) == ("reprise-phase1", SecretStr("first"))
    assert orchestrator.nats.user == "orchestrator"
    assert orchestrator.s3 == settings.s3  # it has no business in the store
    assert worker.secrets == orchestrator.secrets == {}
    assert worker.metrics.port is None
    assert as_role(Settings(), "phase1").nats == Settings().nats


def test_a_commit_is_handed_over_once_by_its_bytes(commit: Commit) -> None:
    handover = Handover()
    handover.appending(commit.encode(), commit)
    assert handover.commit(b"others") is None
    assert handover.commit(commit.encode()) is commit
    assert handover.commit(commit.encode()) is None


@pytest.fixture
def commit() -> Commit:
    from contract.examples import example

    found = example(Commit)
    assert isinstance(found, Commit)
    return found
