"""What the kernel says of a process: enough to end what an earlier stack left behind, and nothing else."""

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from reprise_cli.stack.stack_file import ChildRecord

GONE_WITHIN = 5.0


def start_time(pid: int) -> str:
    """When a process started, in ticks since boot; empty if there is none, or where there is no /proc.

    A number is used again for later processes, the pair of number and start time never.
    """
    try:
        fields = (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except OSError:
        return ""
    return "" if fields[0] in {"Z", "X"} else fields[19]


def record(name: str, pid: int) -> ChildRecord:
    """What is written down of a process while it runs."""
    return ChildRecord(name=name, pid=pid, started=start_time(pid))


def alive(entry: ChildRecord) -> bool:
    """Return whether it is still that process."""
    return bool(entry.started) and start_time(entry.pid) == entry.started


def end_leftovers(entries: Iterable[ChildRecord]) -> list[ChildRecord]:
    """End what an earlier stack left, each with its group, and wait until it is gone; gives what was
    ended."""
    left = [entry for entry in entries if alive(entry)]
    for entry in left:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(entry.pid, signal.SIGKILL)
    deadline = time.monotonic() + GONE_WITHIN
    while any(alive(entry) for entry in left) and time.monotonic() < deadline:
        time.sleep(0.01)
    return left
