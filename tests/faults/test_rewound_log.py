"""A log that went back is noticed: nothing is appended to it, everyone says so, and an operator decides."""

import asyncio
import shutil
import sys
from pathlib import Path

from reprise_contracts import subjects
from reprise_contracts.commands import EndBatch, Rerun, Target
from reprise_runtime.nats.log_mark import read_mark
from reprise_runtime.nats.session_log import NatsSessionLog
from stack import ROOT, Caller, Stack, until


async def reprise(stack: Stack, *arguments: str) -> tuple[int, str]:
    """A command's exit code, and what it said."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "reprise_cli",
        *arguments,
        cwd=ROOT,
        env=stack.env(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def marked(caller: Caller) -> None:
    """The mark has come up with the log."""

    async def there() -> bool:
        mark = await read_mark(caller.bus)
        return mark is not None and mark.last_seq == (await NatsSessionLog(caller.bus).position()).last_seq

    await until(there, 20, "the mark")


async def test_a_server_that_brings_back_less_is_not_appended_to(tmp_path: Path) -> None:
    """NATS is stopped, and its folder is put back as it was some commits ago, as a restored disk does; the
    bucket is as it was."""
    async with Stack(tmp_path, gateway=True) as stack:
        caller = await stack.caller()
        _, session = await caller.begin("rewound", "steps=2")
        await caller.at_rest(session, 120)
        await marked(caller)
        folder = stack.nats.folder
        stack.nats.stop()
        shutil.copytree(folder, tmp_path / "older")
        stack.nats.start()
        await caller.send(session, Rerun(command_id="later", target=Target(phase="phase0")))

        async def done() -> bool:
            state = await caller.session(session)
            return state is not None and state.run is None and "later" in state.commands

        await until(done, 60, "the rerun")
        await marked(caller)
        high = (await caller.log.position()).last_seq

        async def in_bucket() -> bool:
            return f'"last_seq":{high}'.encode() in await caller.store.get(subjects.MARK_KEY)

        await until(in_bucket, 30, "the mark in the bucket")
        stack.nats.stop()
        shutil.rmtree(folder)
        shutil.copytree(tmp_path / "older", folder)
        stack.nats.start()

        async def refused() -> bool:
            return all(
                "the log is not trusted" in stack.log_of(name) for name in ("orchestrator", "scheduler")
            )

        await until(refused, 60, "the refusal")
        low = (await caller.log.position()).last_seq
        assert low < high
        await caller.send(session, Rerun(command_id="now", target=Target(phase="phase0")))

        async def told() -> bool:
            found = await reprise(stack, "--server", f"http://127.0.0.1:{stack.port}", "doctor")
            return "has gone back" in " ".join(found[1].split())

        await until(told, 30, "doctor's word")
        assert (await caller.log.position()).last_seq == low, "nobody appends"

        epoch = (await caller.log.position()).epoch
        code, said = await reprise(stack, "bootstrap", "--accept-log")
        assert code == 0, said

        async def goes_on() -> bool:
            state = await caller.session(session)
            return state is not None and state.run is None and "now" in state.commands

        await until(goes_on, 60, "work on the log that was accepted")
        assert (await caller.log.position()).epoch != epoch, "positions of before mean nothing any more"


async def test_a_damaged_block_is_noticed(tmp_path: Path) -> None:
    """Bytes of the log are overwritten and its index is gone: NATS brings back a part of the commits, and
    nobody works on it."""
    async with Stack(tmp_path) as stack:
        caller = await stack.caller()
        sessions = [(await caller.begin(f"damaged-{number}", "steps=3"))[1] for number in range(2)]
        for session in sessions:
            await caller.at_rest(session, 120)
        await marked(caller)
        before = (await caller.bus.stream_info(subjects.SESSIONS))["state"]
        stack.nats.kill()
        (store,) = stack.nats.folder.rglob(f"{subjects.SESSIONS}/msgs")
        block = max(store.glob("*.blk"), key=lambda file: file.stat().st_size)
        data = bytearray(block.read_bytes())
        middle = len(data) // 3
        data[middle : middle + 64] = b"\0" * 64
        block.write_bytes(data)
        for index in store.glob("index.db"):
            index.unlink()
        stack.nats.start()
        after = await until(lambda: _state(caller), 20, "the log")
        assert after["messages"] < before["messages"], (
            "the server must have lost something for this to mean something"
        )

        async def refused() -> bool:
            return all(
                "the log is not trusted" in stack.log_of(name) for name in ("orchestrator", "scheduler")
            )

        await until(refused, 60, "the refusal")


async def _state(caller: Caller) -> dict[str, int]:
    state: dict[str, int] = (await caller.bus.stream_info(subjects.SESSIONS))["state"]
    return state


async def test_commits_that_are_removed_on_purpose_are_no_alarm(tmp_path: Path) -> None:
    """A batch is deleted, everything is started again: the log is trusted."""
    async with Stack(tmp_path, env={"REPRISE_TIMINGS__SWEEP_AFTER": "0.2"}) as stack:
        caller = await stack.caller()
        batch, session = await caller.begin("removed", "steps=2")
        _, other = await caller.begin("kept", "steps=1")
        for name in (session, other):
            await caller.at_rest(name, 120)
        await caller.send(batch, EndBatch(command_id="end", delete=True))

        async def removed() -> bool:
            return len(await caller.log.read(batch)) == 1

        await until(removed, 30, "the removal")
        stack.kill("scheduler")
        stack.nats.kill()
        stack.nats.start()
        stack.restart("scheduler")
        await caller.send(other, Rerun(command_id="again", target=Target(phase="phase0")))

        async def done() -> bool:
            state = await caller.session(other)
            return state is not None and state.run is None and "again" in state.commands

        await until(done, 60, "work as before")
        assert "not trusted" not in stack.log_of("scheduler") + stack.log_of("orchestrator")
