"""Following a stream in order, without a gap and without a repeat, across reconnections and server restarts.

An ordered consumer: a nameless one in the server's memory, made anew from the last sequence seen whenever
anything is amiss (a message out of order, silence, a reconnection, a server that forgot it). It is read by
pull requests, so that a slow reader holds the server back instead of filling its own memory.
"""

import asyncio
import contextlib
import secrets
from collections import deque
from typing import Literal, NamedTuple, Self

from nats.aio.msg import Msg
from nats.errors import Error

from reprise_runtime.cancelling import end
from reprise_runtime.errors import RepriseError, Reset
from reprise_runtime.logs import logger
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.jetstream import ApiError
from reprise_runtime.nats.log_mark import epoch_of
from reprise_runtime.nats.pull_requests import PullRequests

_log = logger(__name__)
_WINDOW = 1000
_NANOSECONDS = 1_000_000_000
_FORGOTTEN_AFTER = 120
"""Seconds until the server drops a consumer that nobody reads."""

Start = Literal["all", "new", "last_per_subject"]


class OrderedMessage(NamedTuple):
    """One message of the stream."""

    seq: int
    subject: str
    data: bytes
    timestamp: int
    """When it was stored: nanoseconds since 1970."""


class OrderedConsumer:
    """An asynchronous iterator over a stream's messages; use it as a context, or `close` it.

    `start` says where: a sequence (what comes after it), `all`, `new`, or `last_per_subject` (the last
    message of each subject, then what is new). `caught_up` is set once everything that was there is handed
    out and the reader asks for more. Raises `Reset` when the stream was created anew meanwhile.
    """

    def __init__(self, bus: Bus, stream: str, subject: str, *, start: Start | int = "all") -> None:
        self.caught_up = asyncio.Event()
        self.opened = asyncio.Event()
        """The consumer exists: what is published from here on is seen."""
        self.epoch = ""
        """When the stream was created, as the server writes it; positions in it mean something only together
        with this."""
        self.position = start if isinstance(start, int) else 0
        """The last sequence handed out."""
        self._bus = bus
        self._stream = stream
        self._subject = subject
        self._start: Start | int = start
        self._seen = start if isinstance(start, int) else 0
        self._requests = PullRequests(bus, on_message=self._receive, on_alive=self._more, on_lost=self._lost)
        self._name = ""
        self._consumer_seq = 0
        self._here: deque[tuple[OrderedMessage, int]] = deque()
        self._arrived = asyncio.Event()
        self._wanted = asyncio.Event()
        self._broken = True
        self._failures = 0
        self._error: Exception | None = None
        self._task: asyncio.Task[None] | None = None
        self._closed = False
        self._target = 0
        self._final = False

    async def __aenter__(self) -> Self:
        self._begin()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> OrderedMessage:
        self._begin()
        if self._final:
            self.caught_up.set()
        while not self._here:
            if self._error is not None:
                raise self._error
            if self._closed:
                raise StopAsyncIteration
            self._arrived.clear()
            await self._arrived.wait()
        message, pending = self._here.popleft()
        self.position = message.seq
        self._final = pending == 0 or message.seq >= self._target
        if len(self._here) + self._requests.asked <= _WINDOW // 2:
            self._wanted.set()
        return message

    async def next_or_end(self) -> OrderedMessage | None:
        """The next message of those that were there at the start; None after the last of them."""
        self._begin()
        await self.opened.wait()
        if self._final or self.caught_up.is_set():
            return None
        return await self.__anext__()

    async def close(self) -> None:
        """Follow no longer; a reader that waits comes to its end."""
        self._closed = True
        self._arrived.set()
        self._bus.off_reconnect(self._reconnected)
        if self._task is not None:
            await end(self._task)
        await self._requests.abandon()
        if self._name and self._bus.client.is_connected:
            with contextlib.suppress(RepriseError, ApiError):
                await self._bus.api(f"CONSUMER.DELETE.{self._stream}.{self._name}")

    def _begin(self) -> None:
        if self._task is None and not self._closed:
            self._bus.on_reconnect(self._reconnected)
            self._task = asyncio.create_task(self._keep_reading(), name=f"follow {self._stream}")

    async def _keep_reading(self) -> None:
        while not self._closed:
            self._wanted.clear()
            try:
                if self._broken:
                    await self._recreate()
                room = _WINDOW - len(self._here) - self._requests.asked
                if room >= _WINDOW // 2:
                    await self._requests.ask(self._stream, self._name, room)
            except Reset as error:
                self._error = error
                self._arrived.set()
                return
            except (RepriseError, ApiError, Error, OSError) as error:
                await self._later(error)
                continue
            await self._requests.wait(self._wanted)

    async def _later(self, error: Exception) -> None:
        if self._failures == 0:
            _log.warning("cannot follow", stream=self._stream, error=str(error))
        self._failures += 1
        self._broken = True
        await asyncio.sleep(min(0.05 * 2**self._failures, 2.0))
        if self._bus.client.is_connected:
            await self._bus.restore()

    async def _recreate(self) -> None:
        """A new consumer from the last message seen."""
        await self._requests.abandon()
        info = await self._bus.stream_info(self._stream)
        epoch = epoch_of(info)
        if self.epoch and epoch != self.epoch:
            raise Reset(f"{self._stream} was created anew")
        self.epoch = epoch
        if self._start == "new":
            self._start = self._seen = info["state"]["last_seq"]
        name = f"follow-{secrets.token_hex(8)}"
        config: dict[str, object] = {
            "name": name,
            "filter_subject": self._subject,
            "ack_policy": "none",
            "mem_storage": True,
            "num_replicas": 1,
            "inactive_threshold": _FORGOTTEN_AFTER * _NANOSECONDS,
            "replay_policy": "instant",
        }
        if self._seen or isinstance(self._start, int):
            config |= {"deliver_policy": "by_start_sequence", "opt_start_seq": self._seen + 1}
        else:
            config |= {"deliver_policy": self._start}
        answer = await self._bus.api(
            f"CONSUMER.CREATE.{self._stream}.{name}.{self._subject}",
            {"stream_name": self._stream, "config": config},
        )
        # Asked after the consumer was made: a subject that moved between the first question and that has its
        # last message behind the end that was told then, and would be left out of those that were there.
        self._target = (await self._bus.stream_info(self._stream))["state"]["last_seq"]
        self._name = name
        self._consumer_seq = 0
        self._broken = False
        self._failures = 0
        if answer.get("num_pending", 0) == 0 and not self._here:
            self.caught_up.set()
        self.opened.set()

    def _receive(self, message: Msg) -> None:
        parts = message.reply.split(".")
        if len(parts) > 9:
            parts = parts[2:]
        seq, consumer_seq, timestamp, pending = int(parts[5]), int(parts[6]), int(parts[7]), int(parts[8])
        if self._broken or parts[3] != self._name:
            return
        if consumer_seq != self._consumer_seq + 1:
            self._lost("out of order")
            return
        self._consumer_seq = consumer_seq
        self._seen = seq
        self._here.append((OrderedMessage(seq, message.subject, message.data, timestamp), pending))
        self._arrived.set()

    def _more(self) -> None:
        if self._requests.asked <= _WINDOW // 2:
            self._wanted.set()

    def _lost(self, reason: str) -> None:
        _log.info("following anew", stream=self._stream, after=self._seen, reason=reason)
        self._broken = True
        self._wanted.set()

    async def _reconnected(self) -> None:
        self._lost("reconnected")
