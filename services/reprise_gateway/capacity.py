"""Whether there is room for new work: the inbox refuses what does not fit, and the gateway refuses a little earlier."""

import asyncio
import time
from collections.abc import Awaitable, Callable

from reprise_contracts import subjects
from reprise_contracts.problems import Problem
from reprise_runtime.errors import Refused
from reprise_runtime.nats import Bus
from reprise_runtime.settings import Limits

FULL = 0.8
"""The share of the inbox that new work may fill; ends and cancels may fill the rest."""
FOR_SECONDS = 1.0
"""How long one look at the inbox counts."""
RETRY_AFTER = 5

Usage = Callable[[], Awaitable[float]]
"""How full the inbox is, 0 to 1; raises `Unavailable`."""


class Capacity:
    """Lets new work in while there is room."""

    def __init__(self, usage: Usage, clock: Callable[[], float] = time.monotonic) -> None:
        self._usage = usage
        self._clock = clock
        self._lock = asyncio.Lock()
        self._share = 0.0
        self._until = float("-inf")

    async def check(self) -> None:
        """Raises `Refused` (unavailable) while more than four fifths of the inbox are taken."""
        async with self._lock:
            if self._clock() >= self._until:
                self._share = await self._usage()
                self._until = self._clock() + FOR_SECONDS
        if self._share > FULL:
            raise Refused(CROWDED)


CROWDED = Problem(
    type="unavailable", detail="Too much work waits to be decided.", action="Try again in a few seconds.", retryable=True
)  # fmt: skip


def inbox_usage(bus: Bus, limits: Limits) -> Usage:
    """How full INBOX is, by messages or by bytes, whichever is more."""

    async def usage() -> float:
        state = (await bus.stream_info(subjects.INBOX))["state"]
        return float(max(state["messages"] / limits.inbox_messages, state["bytes"] / limits.inbox_bytes))

    return usage
