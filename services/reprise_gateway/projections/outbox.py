"""What waits to be sent to one socket: bounded, in order, durable frames never dropped, live ones thinned for
a slow reader."""

import asyncio
from collections import OrderedDict
from datetime import UTC, datetime
from typing import TypeAlias

from reprise_contracts import frames as f
from reprise_contracts.configuration import Dialect
from reprise_gateway.projections.dialects import in_dialect
from reprise_gateway.projections.frames import Durable
from reprise_runtime import metrics

Key: TypeAlias = tuple[object, ...]

DURABLE = 2_000
"""Durable frames that wait at most; a reader who is further behind than that connects again and resumes."""
LIVE = 256
"""Live frames that wait at most; the oldest goes first."""
BYTES = 1_000_000
"""Bytes of all frames that wait at most, but for one frame that is larger by itself: what a client costs that
does not read."""
TEXT = 64_000
"""Characters of a model's text that wait in one frame at most."""


class Overflow(Exception):
    """More durable frames wait than the socket may owe: close it, so that the client resumes."""


class Packed:
    """A frame on its way to many sockets, with its time, written out once for all of them that speak one
    dialect."""

    __slots__ = ("_texts", "frame", "text")

    def __init__(self, frame: Durable) -> None:
        now = {"at": frame.at or datetime.now(UTC)}
        if "timestamp" in type(frame).model_fields and getattr(frame, "timestamp", None) is None:
            now["timestamp"] = now["at"]
        self.frame = frame.model_copy(update=now)
        self.text = self.frame.encode().decode()
        self._texts: dict[Dialect, tuple[str, ...]] = {}

    def texts(self, dialect: Dialect) -> tuple[str, ...]:
        """The frame as a dialect has it: none, one or two messages."""
        if dialect not in self._texts:
            said = in_dialect(self.frame, dialect)
            self._texts[dialect] = tuple(
                self.text if one is self.frame else one.encode().decode() for one in said
            )
        return self._texts[dialect]

    def __len__(self) -> int:
        return len(self.text)


class Outbox:
    """One writer takes what many put. A live frame that waits is replaced by a newer one of the same thing,
    at its place."""

    def __init__(self, durable: int = DURABLE, live: int = LIVE, most: int = BYTES) -> None:
        self._waiting: OrderedDict[Key, Packed] = OrderedDict()
        self._bytes = 0
        self._most_bytes = most
        self._some = asyncio.Event()
        self._most = durable
        self._most_live = live
        self._durable = 0
        self._bytes = 0
        self._count = 0
        self.overflowed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def durable(self, frame: Packed) -> None:
        """A frame that has to arrive, or the socket ends: `take` then raises `Overflow`."""
        if self.overflowed or self._durable >= self._most:
            self.overflow()
            return
        self._durable += 1
        self._count += 1
        self._put(("durable", self._count), frame)
        while self._bytes > self._most_bytes and len(self._waiting) > self._durable:
            self._thin()
        if self._bytes > self._most_bytes and self._durable > 1:
            self.overflow()

    def _put(self, key: Key, frame: Packed) -> None:
        before = self._waiting.get(key)
        self._bytes += len(frame) - (len(before) if before is not None else 0)
        self._waiting[key] = frame
        self._some.set()

    def _thin(self) -> None:
        """Let go of the live frame that has waited longest."""
        oldest = next(key for key in self._waiting if key[0] != "durable")
        self._bytes -= len(self._waiting.pop(oldest))
        metrics.DROPPED.labels("thinned").inc()

    def overflow(self) -> None:
        """Give up: the socket is to be closed, and what waits comes again when the client resumes."""
        metrics.DROPPED.labels("to be resumed").inc(self._durable)
        self.overflowed = True
        self._durable = 0
        self._waiting.clear()
        self._some.set()

    def live(self, packed: Packed) -> None:
        """A frame that may be replaced or dropped."""
        frame = packed.frame
        if self.overflowed or not isinstance(frame, f.Live):
            return
        key = _key(frame)
        if key is None:
            self._count += 1
            key = ("live", self._count)
        waiting = self._waiting.get(key)
        if (
            waiting is not None
            and isinstance(waiting.frame, f.StreamToken)
            and isinstance(frame, f.StreamToken)
        ):
            packed = Packed(frame.model_copy(update={"token": (waiting.frame.token + frame.token)[-TEXT:]}))
        self._put(key, packed)
        live = len(self._waiting) - self._durable
        if live > self._most_live or (self._bytes > self._most_bytes and live > 1):
            self._thin()

    async def take(self) -> Packed:
        """The next frame, when there is one; raises `Overflow`."""
        while not self._waiting and not self.overflowed:
            self._some.clear()
            await self._some.wait()
        if self.overflowed:
            raise Overflow
        key, frame = self._waiting.popitem(last=False)
        self._bytes -= len(frame)
        if key[0] == "durable":
            self._durable -= 1
        return frame


def _key(frame: f.Live) -> Key | None:
    """What a live frame is the latest word on; None if each says something of its own."""
    about = (frame.type, frame.session_id, frame.node, frame.generation, frame.attempt)
    match frame:
        case f.WorkflowProgress(step_id=step_id):
            return (*about, step_id)
        case f.ScrapingStatus():
            return about
        case f.ScrapingItemProgress(link_id=link_id):
            return (*about, link_id)
        case f.StreamToken(stream_id=stream_id):
            return (*about, stream_id)
        case _:
            return None
