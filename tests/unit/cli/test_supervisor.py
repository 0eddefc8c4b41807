"""The supervisor, with real processes."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reprise_cli.commands.up import locked
from reprise_cli.errors import CommandFailed
from reprise_cli.stack.processes import alive, end_leftovers, record
from reprise_cli.stack.stack_file import ChildRecord
from reprise_cli.stack.supervisor import ProcessSpec, Supervisor, trim
from unit.cli.processes_tree import CALM, FAMILY, MORTAL, NOTED, STUBBORN, spec, there, until, until_async


async def test_a_child_that_is_killed_is_started_again(tmp_path: Path) -> None:
    """A killed child comes back under another number, and the reason is told."""
    told: list[str] = []
    supervisor = Supervisor(tmp_path, told.append)
    child = await supervisor.start(spec("calm", CALM))
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    await until_async(lambda: child.pid not in {None, first})
    assert "calm was killed by SIGKILL" in told[0]
    await supervisor.stop([])
    assert child.starts == 2


async def test_a_child_that_keeps_dying_is_started_ever_more_slowly(tmp_path: Path) -> None:
    """Each restart waits twice as long as the one before, and the end of the log is shown under the child's
    name."""
    told: list[str] = []
    supervisor = Supervisor(tmp_path, told.append)
    await supervisor.start(spec("mortal", MORTAL))
    await until_async(lambda: len(told) >= 3)
    assert [text.splitlines()[0].rsplit(" in ", 1)[1] for text in told[:3]] == ["0.2 s", "0.4 s", "0.8 s"]
    assert "mortal ended with exit code 3" in told[0]
    assert "mortal | last words" in told[0]
    await supervisor.stop([])


async def test_children_end_in_the_order_asked_for(tmp_path: Path) -> None:
    """A group ends before the next one is told to; what no group names ends last."""
    book = tmp_path / "book"
    supervisor = Supervisor(tmp_path, print)
    children = [
        await supervisor.start(spec(name, NOTED, name, str(book)))
        for name in ("nats", "other", "gateway", "worker")
    ]
    await until_async(lambda: all("noted" in "".join(child.tail()) for child in children))
    await supervisor.stop([["gateway"], ["worker"], ["nats"]])
    assert book.read_text().split() == ["gateway", "worker", "nats", "other"]


async def test_a_child_that_ignores_sigterm_is_killed_after_its_grace(tmp_path: Path) -> None:
    """Nothing outlives a stop."""
    told: list[str] = []
    supervisor = Supervisor(tmp_path, told.append)
    child = await supervisor.start(spec("stubborn", STUBBORN, grace=1.0))
    await until_async(lambda: "stubborn" in "".join(child.tail()))
    pid = child.pid
    await supervisor.stop([["stubborn"]])
    assert told == ["stubborn did not end within 1 s and is killed"]
    assert pid is not None
    assert not there(pid)


async def test_what_a_child_started_ends_with_it(tmp_path: Path) -> None:
    """The whole group of a child goes, when it is stopped and when it dies by itself."""
    supervisor = Supervisor(tmp_path, print)
    child = await supervisor.start(spec("family", FAMILY))
    await until_async(child.tail)
    grandchild = int(child.tail()[0].rpartition(" ")[2])
    assert there(grandchild)
    await supervisor.stop([])
    await until_async(lambda: not there(grandchild))


def test_no_child_outlives_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    """kill -9 of the supervisor ends its children at once."""
    tree = Path(__file__).parent / "processes_tree.py"
    program = subprocess.Popen([sys.executable, tree, tmp_path], stdout=subprocess.PIPE, text=True)
    assert program.stdout is not None
    pids = [int(pid) for pid in program.stdout.readline().split()]
    assert len(pids) == 2
    assert all(there(pid) for pid in pids)
    program.kill()
    program.wait()
    program.stdout.close()
    until(lambda: not any(there(pid) for pid in pids))


def test_leftovers_are_ended_only_if_they_are_the_same_process() -> None:
    """A number that the kernel gave to another process since is left alone."""
    program = subprocess.Popen(
        [sys.executable, "-c", CALM], stdout=subprocess.DEVNULL, start_new_session=True
    )
    mine = record("mine", program.pid)
    another = ChildRecord(name="another", pid=program.pid, started="1")
    assert end_leftovers([another]) == []
    assert alive(mine)
    assert end_leftovers([mine, ChildRecord(name="gone", pid=2**22 - 1, started="1")]) == [mine]
    assert program.wait(5) == -signal.SIGKILL
    assert end_leftovers([mine]) == []


def test_a_folder_that_cannot_be_made_is_said_in_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    with pytest.raises(CommandFailed, match="Not a directory"), locked(file / "state"):
        pass


def test_two_stacks_never_share_a_folder(tmp_path: Path) -> None:
    """The second one is refused, and told where to look; the lock goes with its holder."""
    with locked(tmp_path), pytest.raises(CommandFailed, match="already runs"), locked(tmp_path):
        pass
    with locked(tmp_path):
        pass


def test_a_log_that_grew_too_long_is_cut(tmp_path: Path) -> None:
    """The end is kept beside it, and a writer that has the file open goes on at its new beginning."""
    log = tmp_path / "child.log"
    with log.open("ab", buffering=0) as writer:
        writer.write(b"a" * 900 + b"b" * 100)
        trim(log, limit=1000, kept=100)
        assert log.stat().st_size == 1000
        writer.write(b"c")
        trim(log, limit=1000, kept=2)
        writer.write(b"d")
    assert (tmp_path / "child.log.1").read_bytes() == b"bc"
    assert log.read_bytes() == b"d"


async def test_stopping_while_a_restart_is_awaited_starts_nothing(tmp_path: Path) -> None:
    """A child that is between two lives stays dead."""
    told: list[str] = []
    supervisor = Supervisor(tmp_path, told.append)
    child = await supervisor.start(spec("mortal", MORTAL))
    await until_async(lambda: told)
    async with asyncio.timeout(1):
        await supervisor.stop([])
    assert child.starts == 1
    assert child.pid is None


async def test_a_child_that_hangs_is_killed_and_started_again(tmp_path: Path) -> None:
    """It gives signs of life, then it is frozen: the supervisor sees it and says so; one that gives none at
    all is left alone."""
    told: list[str] = []
    beat = tmp_path / "beat"
    supervisor = Supervisor(tmp_path, told.append, hangs=1.0, look=0.3)
    beating = f"import pathlib, time\nwhile True: pathlib.Path({str(beat)!r}).touch(); time.sleep(0.1)"
    child = await supervisor.start(
        ProcessSpec("beating", lambda: [sys.executable, "-c", beating], dict(os.environ), beat)
    )
    other = await supervisor.start(spec("calm", CALM))
    await until_async(beat.exists)
    first = child.pid
    assert first is not None
    os.kill(first, signal.SIGSTOP)
    await until_async(lambda: child.pid not in {None, first})
    assert "beating has given no sign of life for" in told[0] and "is killed" in told[0]
    await until_async(lambda: child.silent() < 0.5)
    assert (child.starts, other.starts) == (2, 1)
    await supervisor.stop([])


async def test_a_service_gives_signs_of_life(tmp_path: Path) -> None:
    """For as long as its event loop turns; the file goes with it."""
    beat = tmp_path / "beat"
    code = (
        "import asyncio\nfrom reprise_runtime.service import run_service\nrun_service(lambda settings: "
        "asyncio.sleep(2.5))"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, env=os.environ | {"REPRISE_BEAT": str(beat)}
    )
    await until_async(beat.exists)
    first = beat.stat().st_mtime_ns
    await until_async(lambda: not beat.exists() or beat.stat().st_mtime_ns > first)
    assert beat.exists(), "it moved while the service ran"
    assert await process.wait() == 0
    assert not beat.exists()
