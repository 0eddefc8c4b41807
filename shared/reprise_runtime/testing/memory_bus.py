"""JetStream in memory, as far as this project uses it: streams with their limits, compare-and-set, message
ids, work queues."""

import asyncio
from collections.abc import Mapping
from typing import Any

from reprise_contracts import subjects
from reprise_runtime.errors import AlreadyHeld, Conflict, StreamFull, Unavailable
from reprise_runtime.nats.acknowledgement import REASON, STREAM_SEQ, SUBJECT
from reprise_runtime.nats.jetstream import MSG_ID, StoredMessage
from reprise_runtime.nats.topology import streams
from reprise_runtime.settings import Settings


class _Stream:
    """One stream's messages by sequence, and the ids that it has seen."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        self.config = config
        self.sequence = 0
        self.messages: dict[int, StoredMessage] = {}
        self.last: dict[str, int] = {}
        """The last sequence of each subject, purged ones too."""
        self.ids: dict[str, int] = {}
        self.deliveries: dict[int, int] = {}
        self.in_work: set[int] = set()

    def on(self, subject: str) -> list[int]:
        """The sequences that are kept of one subject, in order."""
        return [seq for seq, message in self.messages.items() if message.subject == subject]


class MemoryBus:
    """A `Publisher` whose streams can be looked at, and from which work is taken with `take`."""

    def __init__(self, settings: Settings | None = None) -> None:
        self._streams = {name: _Stream(config) for name, config in streams(settings or Settings()).items()}
        self.unconfirmed: list[tuple[str, bytes]] = []
        """What was sent with `publish_nowait`, in order."""
        self.changed = asyncio.Event()
        """Set at every publication; clear it before waiting."""

    async def publish(
        self,
        subject: str,
        data: bytes,
        *,
        stream: str,
        msg_id: str | None = None,
        headers: Mapping[str, str] | None = None,
        expect_last_subject_seq: int | None = None,
    ) -> int:
        """As `Bus.publish`, but never in doubt."""
        kept = self._stream(stream)
        if not any(matches(pattern, subject) for pattern in kept.config["subjects"]):
            raise Unavailable(f"{stream} does not take {subject}")
        if msg_id is not None and msg_id in kept.ids:
            return kept.ids[msg_id]
        if expect_last_subject_seq is not None and expect_last_subject_seq != max(
            kept.on(subject), default=0
        ):
            raise Conflict(f"{subject}: something was appended after {expect_last_subject_seq}")
        self._make_room(kept, stream, subject, len(data))
        kept.sequence += 1
        fields = dict(headers or {})
        if msg_id is not None:
            fields[MSG_ID] = msg_id
            kept.ids[msg_id] = kept.sequence
        kept.messages[kept.sequence] = StoredMessage(kept.sequence, subject, fields, data)
        kept.last[subject] = kept.sequence
        self.changed.set()
        return kept.sequence

    def _make_room(self, kept: _Stream, stream: str, subject: str, size: int) -> None:
        config = kept.config
        held = kept.on(subject)
        if config.get("max_msgs_per_subject") == 1 and held:
            if config.get("discard_new_per_subject"):
                raise AlreadyHeld(f"{stream} still holds a message on {subject}")
            del kept.messages[held[0]]
        total = sum(len(message.data) for message in kept.messages.values()) + size
        if len(kept.messages) >= config.get("max_msgs", 1 << 62) or total > config.get("max_bytes", 1 << 62):
            if config["discard"] == "new":
                raise StreamFull(f"{stream}: maximum messages exceeded")
            del kept.messages[min(kept.messages)]

    def publish_nowait(self, subject: str, data: bytes) -> None:
        """Remembered in `told`."""
        self.unconfirmed.append((subject, data))
        self.changed.set()

    async def last(self, stream: str, subject: str) -> StoredMessage | None:
        """The last message of a stream on a subject (wildcards too)."""
        kept = reversed(self._stream(stream).messages.values())
        return next((message for message in kept if matches(subject, message.subject)), None)

    async def purge(self, stream: str, subject: str, keep: int = 0) -> int:
        """Remove all but the last `keep` messages on a subject (wildcards too); how many went."""
        kept = self._stream(stream)
        found = [seq for seq, message in kept.messages.items() if matches(subject, message.subject)]
        gone = found[: len(found) - keep] if keep else found
        for seq in gone:
            del kept.messages[seq]
        return len(gone)

    def messages(self, stream: str, pattern: str = ">") -> list[StoredMessage]:
        """What a stream holds on the subjects of a pattern, in order."""
        return [
            message for message in self._stream(stream).messages.values() if matches(pattern, message.subject)
        ]

    def take(self, stream: str, pattern: str = ">", limit: int = 1 << 31) -> "list[MemoryDelivery]":
        """Messages of a work queue that nobody works on, each as a delivery."""
        kept = self._stream(stream)
        free = [message for message in self.messages(stream, pattern) if message.seq not in kept.in_work][
            :limit
        ]
        for message in free:
            kept.in_work.add(message.seq)
            kept.deliveries[message.seq] = kept.deliveries.get(message.seq, 0) + 1
        return [MemoryDelivery(self, stream, message, kept.deliveries[message.seq]) for message in free]

    def lose_leases(self, stream: str) -> None:
        """As if every worker had died: what is in work can be taken again."""
        self._stream(stream).in_work.clear()

    def _stream(self, name: str) -> _Stream:
        if name not in self._streams:
            raise Unavailable(f"there is no stream {name}")
        return self._streams[name]

    def _acknowledge(self, stream: str, seq: int) -> None:
        self._streams[stream].messages.pop(seq, None)
        self._streams[stream].in_work.discard(seq)

    def _give_back(self, stream: str, seq: int) -> None:
        self._streams[stream].in_work.discard(seq)
        self.changed.set()


class MemoryDelivery:
    """A `Claim` on a message of a `MemoryBus`."""

    def __init__(self, bus: MemoryBus, stream: str, message: StoredMessage, deliveries: int) -> None:
        self.subject = message.subject
        self.data = message.data
        self.headers: Mapping[str, str] = message.headers
        self.seq = message.seq
        self.deliveries = deliveries
        self.settled = False
        self._bus = bus
        self._stream = stream

    async def ack_sync(self) -> bool:
        """Gone from the queue."""
        self.settled = True
        self._bus._acknowledge(self._stream, self.seq)
        return True

    async def nak(self, delay: float | None = None) -> None:
        """At once in the queue again: there is no clock here."""
        self.settled = True
        self._bus._give_back(self._stream, self.seq)

    async def dead_letter(self, reason: str) -> None:
        """In DLQ, with its reason."""
        headers = {**self.headers, REASON: reason, SUBJECT: self.subject, STREAM_SEQ: str(self.seq)}
        headers.pop(MSG_ID, None)
        await self._bus.publish(
            subjects.dead(self._stream),
            self.data,
            stream=subjects.DLQ,
            msg_id=f"{self._stream}.{self.seq}",
            headers=headers,
        )
        await self.ack_sync()


def matches(pattern: str, subject: str) -> bool:
    """Return whether a subject is one of a pattern's (`*`: one token, `>`: all that follow)."""
    wanted, found = pattern.split("."), subject.split(".")
    for place, word in enumerate(wanted):
        if word == ">":
            return len(found) > place
        if place >= len(found) or word not in ("*", found[place]):
            return False
    return len(wanted) == len(found)
