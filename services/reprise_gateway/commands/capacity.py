"""Whether there is room for new work: the inbox refuses what does not fit, and the gateway refuses a little
earlier."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from reprise_contracts import subjects
from reprise_contracts.problems.model import Problem
from reprise_gateway.operations.server_status import disk_of
from reprise_runtime.errors import Refused
from reprise_runtime.nats.bus import Bus
from reprise_runtime.settings import Limits

FULL = 0.8
"""The share of the inbox that new work may fill; ends and cancels may fill the rest."""
FOR_SECONDS = 1.0
"""How long one look at the inbox counts."""
RETRY_AFTER = 5

Spare = Callable[[], int | None]
"""The bytes left on the disk, if they are too few for new work."""
Usage = Callable[[], Awaitable[float]]
"""How full the inbox is, 0 to 1; raises `Unavailable`."""


class Capacity:
    """Lets new work in while there is room."""

    def __init__(
        self, usage: Usage, spare: Spare = lambda: None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._usage = usage
        self._spare = spare
        self._clock = clock
        self._lock = asyncio.Lock()
        self._share = 0.0
        self._until = float("-inf")

    async def check(self) -> None:
        """Raises `Refused` (unavailable) while more than four fifths of the inbox are taken, or the disk is
        nearly full."""
        async with self._lock:
            if self._clock() >= self._until:
                if (left := self._spare()) is not None:
                    raise Refused(_disk_full(left))
                self._share = await self._usage()
                self._until = self._clock() + FOR_SECONDS
        if self._share > FULL:
            raise Refused(CROWDED)


def disk_spare(folder: Path, reserve: int) -> Spare:
    """Looks at the disk of a folder: what runs has the reserve to finish with, and NATS never sees a disk
    that is full."""

    def spare() -> int | None:
        left = disk_of(folder).free
        return left if left < reserve else None

    return spare


def _disk_full(left: int) -> Problem:
    detail = f"The server's disk is nearly full: {left // 1_000_000} MB are left."
    action = (
        "Tell an operator, or delete batches that are done with; what is there can be read, and what "
        "runs goes on."
    )
    return Problem(
        type="unavailable",
        code="disk_full",
        facts={"bytes": left},
        detail=detail,
        action=action,
        retryable=True,
    )


CROWDED = Problem(
    type="unavailable",
    code="server_busy",
    detail="Too much work waits to be decided.",
    action="Try again in a few seconds.",
    retryable=True,
)


def inbox_usage(bus: Bus, limits: Limits) -> Usage:
    """How full INBOX is, by messages or by bytes, whichever is more."""

    async def usage() -> float:
        state = (await bus.stream_info(subjects.INBOX))["state"]
        return float(max(state["messages"] / limits.inbox_messages, state["bytes"] / limits.inbox_bytes))

    return usage
