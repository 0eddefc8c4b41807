"""A continuous pull: a request for messages is always open, a window of them is in work, nothing spins and
nothing stalls.

`fetch` of nats-py waits for a full batch or its time-out once a first probe came back empty, and spins when
its consumer is gone. Here every message is handed on as it arrives. A consumer that is gone is made again,
with back-off; a reconnection asks anew.
"""

import asyncio
import random
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable

from nats.aio.msg import Msg
from nats.errors import Error

from reprise_runtime.cancelling import end
from reprise_runtime.logs import logger
from reprise_runtime.nats.acknowledgement import Delivery
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.pull_requests import PullRequests
from reprise_runtime.settings import Timings

_log = logger(__name__)
Handler = Callable[[Delivery], Awaitable[None]]


class PullConsumer:
    """Takes the messages of a durable consumer, up to `window` at any moment (asked for, waiting here, or in
    work).

    Three ways to use it, one at a time: `run(handler)` handles up to `window` side by side; `async for
    delivery in puller` hands out one after another; `async for deliveries in puller.batches(limit)` hands out
    whatever is here, at once. `stop` ends any of them.
    """

    def __init__(self, bus: Bus, stream: str, consumer: str, timings: Timings, *, window: int = 64) -> None:
        self._bus = bus
        self._stream = stream
        self._consumer = consumer
        self._timings = timings
        self._window = window
        self._requests = PullRequests(bus, on_message=self._receive, on_alive=self._alive, on_lost=self._lost)
        self._held = 0
        self._here: deque[Delivery] = deque()
        self._arrived = asyncio.Event()
        self._wanted = asyncio.Event()
        self._failures = 0
        self._broken = False
        self._asker: asyncio.Task[None] | None = None
        self._stopped = False
        self._paused = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def held(self) -> int:
        """Messages that wait here or are in work."""
        return self._held

    @property
    def paused(self) -> bool:
        """`pause` was called."""
        return self._paused

    @property
    def stopped(self) -> bool:
        """`stop` was called."""
        return self._stopped

    # The three ways

    async def run(self, handler: Handler) -> None:
        """Handle messages side by side until `stop`, then wait for those in work. Cancelled, it cancels them:
        they go back at once.

        A delivery ends by what its handler raises (see `Delivery`).
        """
        self._open()
        try:
            while await self._available():
                task = asyncio.create_task(self._handle(handler, self._here.popleft()))
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            await self._close()
            while self._tasks:
                await asyncio.wait(self._tasks)
        except asyncio.CancelledError:
            await self._close()  # first, or what the handlers give back comes to us again
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            raise
        finally:
            await self._close()

    async def _handle(self, handler: Handler, delivery: Delivery) -> None:
        try:
            async with delivery:
                await handler(delivery)
        except Exception:
            _log.exception("handler failed", subject=delivery.subject, deliveries=delivery.deliveries)
        finally:
            self._release(1)

    async def __aiter__(self) -> AsyncIterator[Delivery]:
        """One delivery after another; ending it is the caller's. Its room in the window is free when the next
        one is asked for."""
        async for batch in self.batches(1):
            yield batch[0]

    async def batches(self, limit: int) -> AsyncIterator[list[Delivery]]:
        """All that is here now, up to `limit`, without waiting for more. The room is free when the next batch
        is asked for."""
        self._open()
        try:
            while await self._available():
                batch = [self._here.popleft() for _ in range(min(limit, len(self._here)))]
                yield batch
                self._release(len(batch))
        finally:
            await self._close()

    # Control

    def pause(self) -> None:
        """Take no more for now: what waits here goes back at once, what is in work goes on."""
        self._paused = True
        self._wanted.set()

    def resume(self) -> None:
        """Take messages again."""
        self._paused = False
        self._wanted.set()

    def stop(self) -> None:
        """Ask for nothing more; what waits here goes back at once, what is in work finishes, and the loop
        that uses this ends."""
        self._stopped = True
        self._wanted.set()
        self._arrived.set()

    # Inside

    async def _available(self) -> bool:
        """Wait for a message; False after `stop`."""
        while not self._stopped:
            if self._here:
                return True
            self._arrived.clear()
            await self._arrived.wait()
        return False

    def _release(self, count: int) -> None:
        self._held -= count
        if self._worth_asking():
            self._wanted.set()

    def _room(self) -> int:
        return self._window - self._held - self._requests.asked

    def _worth_asking(self) -> bool:
        """A quarter of the window is free, or nothing is asked for."""
        room = self._room()
        return room > 0 and (self._requests.asked == 0 or room * 4 >= self._window)

    def _open(self) -> None:
        self._bus.on_reconnect(self._reconnected)
        self._asker = asyncio.create_task(self._keep_asking(), name=f"pull {self._stream}/{self._consumer}")

    async def _close(self) -> None:
        self._stopped = True
        self._bus.off_reconnect(self._reconnected)
        if self._asker is not None:
            await end(self._asker)
            self._asker = None
        await self._give_back()

    async def _keep_asking(self) -> None:
        """The one place that asks."""
        while not self._stopped:
            self._wanted.clear()
            if self._paused:
                await self._give_back()
                await self._wanted.wait()
                continue
            if self._broken:
                await self._recover()
            if self._worth_asking() and self._bus.client.is_connected:
                try:
                    await self._requests.ask(self._stream, self._consumer, self._room())
                except (Error, OSError) as error:
                    self._lost(str(error))
            await self._requests.wait(self._wanted)

    def _receive(self, message: Msg) -> None:
        self._failures = 0
        self._held += 1
        delivery = Delivery(message, self._bus, self._timings)
        delivery.start()
        self._here.append(delivery)
        self._arrived.set()

    def _alive(self) -> None:
        """The consumer is there; a request of ours may have ended."""
        self._failures = 0
        if self._worth_asking():
            self._wanted.set()

    def _lost(self, reason: str) -> None:
        """The consumer, its stream or its server is not there."""
        if self._failures == 0:
            _log.warning("cannot pull", stream=self._stream, consumer=self._consumer, reason=reason)
        self._requests.asked = 0
        self._broken = True
        self._wanted.set()

    async def _recover(self) -> None:
        """Make the consumer again, later and later."""
        self._failures += 1
        self._broken = False
        await asyncio.sleep(min(0.05 * 2 ** min(self._failures, 7), 5.0) * random.uniform(0.5, 1.0))  # noqa: S311 - spreads retries
        if self._bus.client.is_connected:
            await self._bus.restore()

    async def _reconnected(self) -> None:
        """The server no longer knows what was asked."""
        self._requests.asked = 0
        self._wanted.set()

    async def _give_back(self) -> None:
        """End the open requests and return what came and was not handed out."""
        await self._requests.withdraw()
        back = list(self._here)
        self._here.clear()
        self._held -= len(back)
        for delivery in back:
            await delivery.nak(0.0)
