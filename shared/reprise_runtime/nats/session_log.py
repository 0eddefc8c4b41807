"""The log: one stream, one subject per session and per batch, one message per commit. It is the only
truth."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import NamedTuple, Protocol, Self

from reprise_contracts import subjects
from reprise_contracts.events import Commit
from reprise_contracts.wire import Malformed
from reprise_runtime.errors import Unavailable
from reprise_runtime.handover import Handover
from reprise_runtime.logs import logger
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.jetstream import STATUS
from reprise_runtime.nats.log_mark import epoch_of
from reprise_runtime.nats.ordered_consumer import OrderedConsumer, OrderedMessage, Start

_log = logger(__name__)
_PAGE = 1000
_PENDING = "Nats-Num-Pending"
_SEQUENCE = "Nats-Sequence"
_BEFORE = "Nats-Last-Sequence"
"""The message before in the same answer."""
Unread = Callable[[], None]


@dataclass(frozen=True, slots=True)
class Entry:
    """One commit with its place: `seq` counts all logs together, so the commits of one log have gaps between
    them."""

    seq: int
    id: str
    commit: Commit


class Position(NamedTuple):
    """Where the log stands. Sequences mean something only within one epoch."""

    epoch: str
    first_seq: int
    last_seq: int


class Following(Protocol):
    """An asynchronous iterator over commits as they are appended.

    A commit that this version cannot read raises `Malformed`; the iterator stands behind it and can be asked
    for the next one.
    """

    caught_up: asyncio.Event
    """Everything that was there at the start is handed out, and the reader asked for more."""
    opened: asyncio.Event
    """From here on nothing is missed."""

    @property
    def epoch(self) -> str:
        """Which log this is; empty until `opened`."""
        ...

    @property
    def position(self) -> int:
        """The last sequence handed out."""
        ...

    def __aiter__(self) -> Self: ...

    async def __anext__(self) -> Entry: ...

    async def __aenter__(self) -> Self: ...

    async def __aexit__(self, *_: object) -> None: ...

    async def close(self) -> None:
        """Follow no longer; a reader that waits comes to its end."""
        ...


class SessionLog(Protocol):
    """The log, on NATS (`NatsSessionLog`) or in memory (`testing.MemoryLog`).

    Duties of an implementation: (1) of two appends that expect the same sequence one wins and the other
    raises `Conflict`; (2) the same append repeated answers the first answer; (3) what was appended survives;
    (4) `follow` leaves nothing out.
    """

    async def append(self, target: str, commit: Commit, *, expected: int) -> int:
        """Append to a log that stands at `expected` (0: there is none) and return the commit's sequence.
        Raises `Conflict`."""
        ...

    async def read(self, target: str, after: int = 0) -> list[Entry]:
        """The commits of one log after a sequence, in order. Raises `Malformed` for one that this version
        cannot read."""
        ...

    async def last(self, target: str) -> Entry | None:
        """The last commit of a log."""
        ...

    def heads(self, unread: Unread = lambda: None) -> AsyncIterator[Entry]:
        """The last commit of every log. One that this version cannot read is left out; `unread` is called."""
        ...

    def since(self, after: int, unread: Unread = lambda: None) -> AsyncIterator[Entry]:
        """The commits of all logs after a sequence that are there now, in order; those that cannot be read as
        in `heads`."""
        ...

    def follow(self, after: int | None = None) -> Following:
        """Every commit of every log after a sequence; None: only what is appended from now on."""
        ...

    async def purge(self, target: str, keep: int = 1) -> int:
        """Remove all but the last commits of a log; how many went. The one that stays is its tombstone: a
        creation is refused."""
        ...

    async def position(self) -> Position:
        """Where the log stands now."""
        ...

    async def save_snapshot(self, target: str, data: bytes) -> None:
        """Keep a snapshot of a folded log, in place of the one before. A cache: it may be gone at any
        time."""
        ...

    async def load_snapshot(self, target: str) -> bytes | None:
        """The last snapshot."""
        ...

    async def drop_snapshot(self, target: str) -> None:
        """Forget the snapshot."""
        ...


class NatsSessionLog:
    """The log in the streams SESSIONS and SNAPSHOTS. What one with a `handover` appends, another one with the
    same need not decode."""

    def __init__(self, bus: Bus, handover: Handover | None = None) -> None:
        self._bus = bus
        self._handover = handover

    async def append(self, target: str, commit: Commit, *, expected: int) -> int:
        """See `SessionLog.append`. Its message id is its content: a repeat finds itself by it."""
        subject = subjects.log(target)
        data = commit.encode()
        identity = hashlib.sha256(b"%s %d " % (subject.encode(), expected) + data).hexdigest()[:32]
        if self._handover is not None:  # before: who follows may have it sooner than we its confirmation
            self._handover.appending(data, commit)
        return await self._bus.publish(
            subject, data, stream=subjects.SESSIONS, msg_id=identity, expect_last_subject_seq=expected
        )

    async def read(self, target: str, after: int = 0) -> list[Entry]:
        """See `SessionLog.read`. One question per thousand commits (a batched direct get), no consumer."""
        entries: list[Entry] = []
        while True:
            page, rest = await self._page(target, after)
            entries += page
            if rest == 0:
                return entries
            if page:
                after = page[-1].seq

    async def _page(self, target: str, after: int) -> tuple[list[Entry], int]:
        """Some commits after a sequence, and how many more there are."""
        question = {"seq": after + 1, "batch": _PAGE, "next_by_subj": subjects.log(target)}
        messages, headers = await self._bus.direct(subjects.SESSIONS, question)
        if headers[STATUS] not in ("204", "404"):
            raise Unavailable(f"the log of {target}: {headers[STATUS]} {headers.get('Description', '')}")
        seqs = [int((message.headers or {})[_SEQUENCE]) for message in messages]
        before = [int((message.headers or {})[_BEFORE]) for message in messages]
        if headers[STATUS] == "204" and [*before, int(headers[_BEFORE])] != [0, *seqs]:
            raise Unavailable(f"the log of {target}: a part of the answer was lost")
        page = [
            Entry(seq, target, Commit.decode(message.data))
            for seq, message in zip(seqs, messages, strict=True)
        ]
        return page, int(headers.get(_PENDING, 0))

    async def last(self, target: str) -> Entry | None:
        """See `SessionLog.last`."""
        stored = await self._bus.last(subjects.SESSIONS, subjects.log(target))
        return Entry(stored.seq, target, Commit.decode(stored.data)) if stored is not None else None

    async def heads(self, unread: Unread = lambda: None) -> AsyncIterator[Entry]:
        """See `SessionLog.heads`."""
        async for entry in self._there("last_per_subject", unread):
            yield entry

    async def since(self, after: int, unread: Unread = lambda: None) -> AsyncIterator[Entry]:
        """See `SessionLog.since`."""
        async for entry in self._there(after, unread):
            yield entry

    async def _there(self, start: Start | int, unread: Unread) -> AsyncIterator[Entry]:
        """What is there now, from a place on."""
        async with NatsFollowing(self._bus, start) as following:
            while True:
                try:
                    entry = await following.next_or_end()
                except Malformed as error:  # one log that this version cannot read hides no other
                    _log.error("cannot read a commit", error=str(error))
                    unread()
                    continue
                if entry is None:
                    return
                yield entry

    def follow(self, after: int | None = None) -> "NatsFollowing":
        """See `SessionLog.follow`."""
        return NatsFollowing(self._bus, "new" if after is None else after, self._handover)

    async def purge(self, target: str, keep: int = 1) -> int:
        """See `SessionLog.purge`."""
        return await self._bus.purge(subjects.SESSIONS, subjects.log(target), keep)

    async def position(self) -> Position:
        """See `SessionLog.position`."""
        info = await self._bus.stream_info(subjects.SESSIONS)
        return Position(epoch_of(info), info["state"]["first_seq"], info["state"]["last_seq"])

    async def save_snapshot(self, target: str, data: bytes) -> None:
        """See `SessionLog.save_snapshot`. Raises `Refused` if it is larger than the server's limit for a
        message."""
        await self._bus.publish(subjects.snapshot(target), data, stream=subjects.SNAPSHOTS)

    async def load_snapshot(self, target: str) -> bytes | None:
        """See `SessionLog.load_snapshot`."""
        stored = await self._bus.last(subjects.SNAPSHOTS, subjects.snapshot(target))
        return stored.data if stored is not None else None

    async def drop_snapshot(self, target: str) -> None:
        """See `SessionLog.drop_snapshot`."""
        await self._bus.purge(subjects.SNAPSHOTS, subjects.snapshot(target))


class NatsFollowing:
    """Commits as they are appended; see `Following`. Raises `Reset` when the log was created anew."""

    def __init__(self, bus: Bus, start: Start | int, handover: Handover | None = None) -> None:
        self._handover = handover
        self._follower = OrderedConsumer(bus, subjects.SESSIONS, subjects.LOGS, start=start)
        self.caught_up = self._follower.caught_up
        self.opened = self._follower.opened

    @property
    def epoch(self) -> str:
        """Which log this is; empty until `opened`."""
        return self._follower.epoch

    @property
    def position(self) -> int:
        """The last sequence handed out."""
        return self._follower.position

    async def __aenter__(self) -> Self:
        await self._follower.__aenter__()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Entry:
        return self._entry(await self._follower.__anext__())

    async def next_or_end(self) -> Entry | None:
        """The next commit of those that were there at the start; None after the last of them."""
        followed = await self._follower.next_or_end()
        return self._entry(followed) if followed is not None else None

    async def close(self) -> None:
        """Follow no longer."""
        await self._follower.close()

    def _entry(self, followed: OrderedMessage) -> Entry:
        known = self._handover.commit(followed.data) if self._handover is not None else None
        commit = known if known is not None else Commit.decode(followed.data)
        return Entry(followed.seq, subjects.logged(followed.subject), commit)
