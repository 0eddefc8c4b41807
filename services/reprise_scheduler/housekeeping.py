"""What has to be tidied up and is in nobody's way: a few pieces at a time, however many are due."""

import asyncio
import contextlib
import heapq
import itertools
from collections.abc import Awaitable, Callable
from datetime import datetime

from reprise_runtime import metrics
from reprise_runtime.cancelling import together

Piece = Callable[[], Awaitable[None]]
AT_ONCE = 2
"""Pieces that are worked on side by side: each is mostly waiting for the store."""


class Housekeeping:
    """Pieces of work, each under a name. Of a name that is due already nothing more is noted: whoever does it
    looks at all there is."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._heap: list[tuple[datetime, int, str, Piece]] = []
        self._named: set[str] = set()
        self._count = itertools.count()
        self._changed = asyncio.Event()

    def at(self, when: datetime, name: str, piece: Piece) -> None:
        """Do a piece of work some time after `when`, unless one of its name is noted."""
        if name in self._named:
            return
        self._named.add(name)
        heapq.heappush(self._heap, (when, next(self._count), name, piece))
        metrics.HOUSEKEEPING.set(len(self._heap))
        self._changed.set()

    async def run(self) -> None:
        """Work for ever. Raises what a piece raises."""
        await together(*(self._work() for _ in range(AT_ONCE)))

    async def _work(self) -> None:
        while True:
            self._changed.clear()
            now = self._clock()
            if self._heap and self._heap[0][0] <= now:
                _, _, name, piece = heapq.heappop(self._heap)
                self._named.discard(
                    name
                )  # what comes up from here on may be too late for this piece, and is noted again
                metrics.HOUSEKEEPING.set(len(self._heap))
                await piece()
                await asyncio.sleep(0)
                continue
            wait = (self._heap[0][0] - now).total_seconds() if self._heap else None
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(wait):
                    await self._changed.wait()
