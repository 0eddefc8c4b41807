"""The one owner of acknowledgement: heartbeat while the work goes on, then ack, nak or dead letter. Nothing
is ever terminated."""

import asyncio
import random
from collections.abc import Mapping
from types import TracebackType
from typing import Protocol, Self

from nats.aio.msg import Msg

from reprise_contracts import subjects
from reprise_contracts.wire import Malformed
from reprise_runtime import metrics
from reprise_runtime.errors import RepriseError, Retryable, Terminal
from reprise_runtime.logs import logger
from reprise_runtime.nats.bus import Bus
from reprise_runtime.settings import Timings

_log = logger(__name__)
_LONGEST_PAUSE = 30.0
REASON = "Reprise-Reason"
SUBJECT = "Reprise-Subject"
STREAM_SEQ = "Reprise-Stream-Seq"


class Claim(Protocol):
    """One delivery of one message, as a handler sees it. `Delivery` is it on NATS, `testing.MemoryDelivery`
    in memory."""

    @property
    def subject(self) -> str:
        """Where it was published."""
        ...

    @property
    def data(self) -> bytes:
        """Its bytes."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """Its headers."""
        ...

    @property
    def seq(self) -> int:
        """Its sequence in the stream."""
        ...

    @property
    def deliveries(self) -> int:
        """How many times it was delivered, this one included."""
        ...

    async def ack_sync(self) -> bool:
        """Acknowledge and hear that it is stored."""
        ...

    async def nak(self, delay: float | None = None) -> None:
        """Have it delivered again after `delay` seconds."""
        ...

    async def dead_letter(self, reason: str) -> None:
        """Put it aside with its reason."""
        ...


class Delivery:
    """A message that is being worked on.

    From `start` on it is kept from being redelivered. As a context it ends by what its block raises: nothing
    → `ack_sync`; `Malformed` or `Terminal` → `dead_letter`; `Retryable` → `nak`; anything else → `nak`, and
    the error goes on, for it is a bug that must be seen.
    """

    __slots__ = (
        "_attempts",
        "_beat",
        "_bus",
        "_interval",
        "_message",
        "_over",
        "_pause",
        "deliveries",
        "pending",
        "seq",
        "stream",
        "timestamp",
    )

    def __init__(self, message: Msg, bus: Bus, timings: Timings) -> None:
        parts = message.reply.split(".")
        if len(parts) == 9:  # $JS.ACK.<stream>.<consumer>.<deliveries>.<seq>.<consumer seq>.<time>.<pending>
            parts[2:2] = ["", ""]
        self.stream: str = parts[4]
        self.deliveries: int = int(parts[6])
        self.seq: int = int(parts[7])
        self.timestamp: int = int(parts[9])
        """When it was stored: nanoseconds since 1970."""
        self.pending: int = int(parts[10])
        """How many messages the consumer has still to deliver."""
        self._message = message
        self._bus = bus
        self._interval = timings.heartbeat
        self._pause = timings.backoff
        self._beat: asyncio.TimerHandle | None = None
        self._over = False

    @property
    def subject(self) -> str:
        """Where it was published."""
        return self._message.subject

    @property
    def data(self) -> bytes:
        """Its bytes."""
        return self._message.data

    @property
    def headers(self) -> Mapping[str, str]:
        """Its headers."""
        return self._message.headers or {}

    @property
    def settled(self) -> bool:
        """It was acknowledged, given back or put aside."""
        return self._over

    def start(self) -> None:
        """Begin the heartbeat: every `heartbeat` seconds the server is told that somebody works on it."""
        if self._beat is None and not self._over:
            self._beat = asyncio.get_running_loop().call_later(self._interval, self._pulse)

    def _pulse(self) -> None:
        self._bus.publish_nowait(self._message.reply, Msg.Ack.Progress)
        self._beat = asyncio.get_running_loop().call_later(self._interval, self._pulse)

    def _end(self) -> bool:
        """Return whether this is the first end."""
        if self._beat is not None:
            self._beat.cancel()
            self._beat = None
        if self._over:
            return False
        self._over = True
        return True

    def ack(self) -> None:
        """Acknowledge without waiting to hear of it: for effects that bear a repeat, as every decision
        does."""
        if self._end():
            self._bus.publish_nowait(self._message.reply, Msg.Ack.Ack)

    async def ack_sync(self) -> bool:
        """Acknowledge and hear that it is stored. False when nothing was heard: it may come again, so its
        effects must bear that."""
        if not self._end():
            return True
        for _ in range(3):
            try:
                await self._bus.ask(self._message.reply, Msg.Ack.Ack)
            except Retryable as error:
                _log.info("acknowledging again", subject=self.subject, error=str(error))
            else:
                return True
        return False

    async def nak(self, delay: float | None = None) -> None:
        """Have it delivered again after `delay` seconds, by default more from time to time. If this gets
        lost, the lease brings it back."""
        if not self._end():
            return
        if delay is None:
            delay = min(self._pause * 2 ** (self.deliveries - 1), _LONGEST_PAUSE) * random.uniform(0.5, 1.0)  # noqa: S311 - spreads retries
        body = Msg.Ack.Nak if delay <= 0 else Msg.Ack.Nak + b' {"delay": %d}' % int(delay * 1e9)
        self._bus.publish_nowait(self._message.reply, body)

    async def dead_letter(self, reason: str) -> None:
        """Store it in DLQ with its reason, then acknowledge it. Raises what `Bus.publish` raises; it is then
        delivered again."""
        if self._over:
            return
        kept = {name: value for name, value in self.headers.items() if not name.startswith("Nats-")}
        headers = {**kept, REASON: _one_line(reason), SUBJECT: self.subject, STREAM_SEQ: str(self.seq)}
        identity = f"{self.stream}.{self.seq}.{self.timestamp}"
        await self._bus.publish(
            subjects.dead(self.stream), self.data, stream=subjects.DLQ, msg_id=identity, headers=headers
        )
        metrics.PUT_ASIDE.labels(self.stream).inc()
        _log.error("put aside", subject=self.subject, seq=self.seq, reason=reason)
        await self.ack_sync()

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> bool:
        match error:
            case None:
                await self.ack_sync()
            case Malformed() | Terminal():
                await self._aside(str(error))
            case Retryable():
                _log.warning(
                    "to be tried again",
                    subject=self.subject,
                    deliveries=self.deliveries,
                    error=f"{type(error).__name__}: {error}",
                )
                await self.nak()
            case asyncio.CancelledError():
                await self.nak(0.0)
                return False
            case _:
                await self.nak()
                return False
        return True

    async def _aside(self, reason: str) -> None:
        try:
            await self.dead_letter(reason)
        except RepriseError as error:
            _log.warning("not put aside yet", subject=self.subject, error=str(error))
            await self.nak()


def _one_line(reason: str) -> str:
    """A reason as a header can carry it."""
    return " ".join(reason.split())[:1000]
