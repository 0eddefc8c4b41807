"""What processes that work on strangers' documents start from, and how they end."""

import asyncio
import os
import signal
import sys
from contextlib import suppress


def bare_environment() -> dict[str, str]:
    """The environment of a child: where modules are, and nothing of ours."""
    return {
        "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
        "PYTHONHASHSEED": "0",
        "PYTHONIOENCODING": "utf-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        "MALLOC_ARENA_MAX": "2",
        "LANG": "C.UTF-8",
    }


async def kill_group(process: asyncio.subprocess.Process) -> None:
    """Kill a process that leads a session, with all that it started, and wait until it is gone, whatever
    happens to the caller meanwhile."""
    if process.returncode is None:
        with suppress(ProcessLookupError):  # not `Process.kill`, which would reap it before its watcher does
            os.killpg(process.pid, signal.SIGKILL)
    if process.stdin is not None:
        process.stdin.close()
    waiting = asyncio.ensure_future(process.wait())
    await asyncio.shield(waiting)
