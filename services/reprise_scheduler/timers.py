"""What has to happen at a time: one heap. A call that waits for a server holds up no other."""

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import Awaitable, Callable
from datetime import datetime

Due = Callable[[], Awaitable[None]]


class Timers:
    """Calls that are due at a time. A call looks for itself whether it is still wanted: nothing is ever taken
    out."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._heap: list[tuple[datetime, int, Due]] = []
        self._count = itertools.count()
        self._changed = asyncio.Event()

    def at(self, when: datetime, due: Due) -> None:
        """Call `due` at a time, at once if it has passed."""
        heapq.heappush(self._heap, (when, next(self._count), due))
        self._changed.set()

    async def run(self) -> None:
        """Begin each call at its time, for ever. Raises what a call raises."""
        async with asyncio.TaskGroup() as group:
            while True:
                self._changed.clear()
                now = self._clock()
                while self._heap and self._heap[0][0] <= now:
                    group.create_task(_call(heapq.heappop(self._heap)[2]))
                wait = (self._heap[0][0] - now).total_seconds() if self._heap else None
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait):
                        await self._changed.wait()


async def _call(due: Due) -> None:
    await due()
