"""A disk that is full: said in plain words, nothing that was there is lost, and all of it goes on once there
is room."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from operated_stack import Operated, until

MB = 1 << 20
ENV = {
    "REPRISE_TIMINGS__HEARTBEAT": "0.5",
    "REPRISE_TIMINGS__LEASE": "3",
    "REPRISE_LIMITS__SESSION_BYTES": str(64 * MB),
    "REPRISE_LIMITS__INBOX_BYTES": str(16 * MB),
    "REPRISE_LIMITS__DLQ_BYTES": str(16 * MB),
    "REPRISE_LIMITS__DELIVERY_BYTES": str(4 * MB),
    "REPRISE_LIMITS__DISK_RESERVE": str(64 * MB),
}


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 400 MB in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    made = subprocess.run(
        [shutil.which("mount") or "/bin/mount", "-t", "tmpfs", "-o", "size=400m", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if made.returncode:
        pytest.skip(f"a small file system cannot be mounted here: {made.stderr.decode().strip()}")
    yield folder
    subprocess.run([shutil.which("umount") or "/bin/umount", "-l", str(folder)], check=True)


def fill(folder: Path, leave: int) -> Path:
    """Take all of the disk but some bytes."""
    ballast = folder / "ballast"
    with ballast.open("ab", buffering=0) as file:
        try:
            while (free := os.statvfs(folder).f_bavail * os.statvfs(folder).f_frsize) > leave:
                file.write(bytes(min(MB, free - leave)))
        except OSError:
            pass
    return ballast


async def test_a_full_disk_costs_nothing_but_time(small_disk: Path) -> None:
    """Nearly full: new work is refused with the reason, what is there is read, what runs goes on. Full to the
    last byte: NATS stops writing, which the doctor says, and every command that was taken comes to its end
    after NATS is started again; one that was not confirmed is sent again, as its answer says."""
    stack = Operated(small_disk / "stack", env=ENV)
    stack.folder.mkdir()
    body = {"topic": "steps=2", "sources": [{"text": "A text."}]}
    async with stack:
        await stack.ready()
        caller = await stack.caller()
        _, before = await caller.begin("before", "steps=2")
        await caller.at_rest(before)
        async with stack.client() as http:

            async def listed() -> bool:
                return (await http.get(f"/sessions/{before}")).status_code == 200

            await until(listed)
            ballast = fill(small_disk, 32 * MB)

            async def refused() -> bool:
                answer = await http.post("/batches", json=body)
                problem = answer.json()
                return (
                    answer.status_code == 503
                    and problem["type"] == "/problems/unavailable"
                    and "disk is nearly full" in problem["detail"]
                )

            await until(refused, 10)
            rerun = {
                "session_id": before,
                "phase": "phase4",
                "command_id": "while-nearly-full",
                "options": {"force": True},
            }
            assert (await http.post("/workflow/restart/phase", json=rerun)).status_code == 503
            assert (await http.get(f"/sessions/{before}/report")).status_code == 200
            assert (await http.post("/workflow/cancel", json={"session_id": before})).status_code == 202, (
                "what takes work away is taken"
            )

            fill(small_disk, 0)
            unknown = []
            for place in range(3):  # past the gateway's reserve, to an inbox and a log that may take no more
                cancel = {"session_id": before, "command_id": f"while-full-{place}"}
                answer = await http.post("/workflow/cancel", json=cancel)
                assert answer.status_code in {202, 503}
                if answer.status_code == 503:  # it was not confirmed, and the answer says what to do
                    assert cancel["command_id"] in answer.json()["action"] or answer.json()["retryable"]
                    unknown.append(cancel)
            assert (await http.get(f"/sessions/{before}/report")).status_code == 200

            ballast.unlink()

            async def unwell() -> str | None:
                findings = (await http.get("/doctor")).json()["findings"]
                return next(
                    (
                        found["action"]
                        for found in findings
                        if found["name"] == "NATS" and found["result"] == "wrong"
                    ),
                    None,
                )

            assert "restart it" in await until(unwell, 20, "a doctor who sees it")
            stack.nats.stop()
            stack.nats.start()

            async def taken() -> str | None:
                answer = await http.post("/batches", json=body | {"command_id": "after"})
                return str(answer.json()["session_id"]) if answer.status_code in {201, 202} else None

            session = await until(taken, 60, "new work")

            async def begun() -> bool:
                return await caller.log.last(session) is not None

            await until(begun, 60)
            assert (await caller.at_rest(session, 60)).node("phase4").status == "completed"
            assert (await http.post("/workflow/restart/phase", json=rerun)).status_code == 202, (
                "what was refused may be sent again"
            )
            after = await caller.at_rest(before, 60)
            assert {after.node(node).status for node in ("phase0", "phase1", "phase2", "phase4")} == {
                "completed"
            }
            for cancel in unknown:
                assert (await http.post("/workflow/cancel", json=cancel)).status_code == 202
            for place in range(3):

                async def ended(place: int = place) -> bool:
                    outcome = await http.get(f"/sessions/{before}/commands/while-full-{place}")
                    return outcome.status_code == 200 and outcome.json()["status"] in {"completed", "refused"}

                await until(ended, 60, "the end of a command that was taken while the disk was full")
