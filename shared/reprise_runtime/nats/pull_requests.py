"""What `PullConsumer` and `OrderedConsumer` share: the open pull requests of one consumer, and what the
server says about them.

A request is answered with messages, each counted once, and ends in silence when it is fulfilled or with a
status: 408 (time is up) and 409 with a rest say how many messages will not come; anything else means that the
consumer, its stream or its server is not there.
"""

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import cast

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.jetstream import API, STATUS

_NANOSECONDS = 1_000_000_000
_EXPIRES = 30.0
_IDLE = 5.0
_REST = "Nats-Pending-Messages"


class PullRequests:
    """The requests that are open, as one number: `asked`, how many messages may still come."""

    def __init__(
        self,
        bus: Bus,
        *,
        on_message: Callable[[Msg], None],
        on_alive: Callable[[], None],
        on_lost: Callable[[str], None],
    ) -> None:
        self.asked = 0
        self._bus = bus
        self._on_message = on_message
        self._on_alive = on_alive
        self._on_lost = on_lost
        self._subscription: Subscription | None = None
        self._inbox = ""
        self._count = 0
        self._heard = 0.0

    async def ask(self, stream: str, consumer: str, count: int) -> None:
        """Ask for `count` messages more, for half a minute."""
        if self._subscription is None:
            self._inbox = self._bus.client.new_inbox()
            self._subscription = await self._bus.client.subscribe(f"{self._inbox}.*", cb=self._receive)
        self._count += 1
        self.asked += count
        self._heard = asyncio.get_running_loop().time()
        body = {
            "batch": count,
            "expires": int(_EXPIRES * _NANOSECONDS),
            "idle_heartbeat": int(_IDLE * _NANOSECONDS),
        }
        subject = f"{API}.CONSUMER.MSG.NEXT.{stream}.{consumer}"
        await self._bus.client.publish(
            subject, json.dumps(body).encode(), reply=f"{self._inbox}.{self._count}"
        )

    async def wait(self, wanted: asyncio.Event) -> None:
        """Wait until something is wanted; a request that has been silent for two heartbeats is forgotten."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_IDLE):
                await wanted.wait()
        if self.asked and asyncio.get_running_loop().time() - self._heard > 2 * _IDLE + 1:
            self._on_lost("no heartbeat")

    async def _receive(self, message: Msg) -> None:
        self._heard = asyncio.get_running_loop().time()
        if message.reply.startswith("$JS.ACK."):
            self.asked = max(0, self.asked - 1)
            self._on_message(message)
            return
        headers = message.headers or {}
        status = headers.get(STATUS)
        if status == "100":
            self._on_alive()
        elif status in ("404", "408") or (status == "409" and _REST in headers):
            self.asked = max(0, self.asked - int(headers.get(_REST, self.asked)))
            self._on_alive()
        else:
            self._on_lost(f"{status} {headers.get('Description', '')}".strip())

    async def withdraw(self) -> None:
        """End all requests: without interest in their inbox the server drops them. What is under way still
        arrives first."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            with contextlib.suppress(
                Exception
            ):  # the connection may be gone; the server then drops the requests by itself
                async with asyncio.timeout(2.0):
                    await cast("asyncio.Future[None]", subscription.drain())  # type: ignore[no-untyped-call]
        self.asked = 0

    async def abandon(self) -> None:
        """Forget all requests at once: what may still arrive of them is not wanted."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            with contextlib.suppress(Exception):  # as above
                await subscription.unsubscribe()
        self.asked = 0
