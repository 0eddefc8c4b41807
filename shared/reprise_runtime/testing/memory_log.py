"""The log in memory."""

import asyncio
from collections.abc import AsyncIterator
from typing import Self

from reprise_contracts.events import Commit
from reprise_runtime.errors import Conflict
from reprise_runtime.nats.session_log import Entry, Position, Unread

_EPOCH = "2026-01-01T00:00:00Z"


class MemoryLog:
    """A `SessionLog` whose commits are kept as bytes, so that what cannot be encoded cannot be appended
    either."""

    def __init__(self) -> None:
        self._entries: dict[int, tuple[str, bytes]] = {}
        self._sequence = 0
        self._snapshots: dict[str, bytes] = {}
        self._grown = asyncio.Event()

    def _of(self, target: str) -> list[int]:
        return [seq for seq, (owner, _) in self._entries.items() if owner == target]

    def entry(self, seq: int) -> Entry:
        """The commit at a sequence."""
        target, data = self._entries[seq]
        return Entry(seq, target, Commit.decode(data))

    def after(self, seq: int) -> list[int]:
        """The sequences above one, in order."""
        return [found for found in self._entries if found > seq]

    async def append(self, target: str, commit: Commit, *, expected: int) -> int:
        """See `SessionLog.append`."""
        data = commit.encode()
        own = self._of(target)
        if max(own, default=0) != expected:
            following = next((seq for seq in own if seq > expected), None)
            if following is not None and self._entries[following][1] == data:
                return following
            raise Conflict(f"{target}: something was appended after {expected}")
        self._sequence += 1
        self._entries[self._sequence] = (target, data)
        self._grown.set()
        self._grown = asyncio.Event()
        return self._sequence

    async def read(self, target: str, after: int = 0) -> list[Entry]:
        """See `SessionLog.read`."""
        return [self.entry(seq) for seq in self._of(target) if seq > after]

    async def last(self, target: str) -> Entry | None:
        """See `SessionLog.last`."""
        own = self._of(target)
        return self.entry(own[-1]) if own else None

    async def heads(self, unread: Unread = lambda: None) -> AsyncIterator[Entry]:
        """See `SessionLog.heads`."""
        last = {target: seq for seq, (target, _) in self._entries.items()}
        for seq in sorted(last.values()):
            yield self.entry(seq)

    async def since(self, after: int, unread: Unread = lambda: None) -> AsyncIterator[Entry]:
        """See `SessionLog.since`."""
        for seq in self.after(after):
            yield self.entry(seq)

    def follow(self, after: int | None = None) -> "MemoryFollowing":
        """See `SessionLog.follow`."""
        return MemoryFollowing(self, self._sequence if after is None else after)

    async def purge(self, target: str, keep: int = 1) -> int:
        """See `SessionLog.purge`."""
        own = self._of(target)
        gone = own[: len(own) - keep] if keep else own
        for seq in gone:
            del self._entries[seq]
        return len(gone)

    async def position(self) -> Position:
        """See `SessionLog.position`."""
        return Position(_EPOCH, min(self._entries, default=self._sequence + 1), self._sequence)

    async def save_snapshot(self, target: str, data: bytes) -> None:
        """See `SessionLog.save_snapshot`."""
        self._snapshots[target] = data

    async def load_snapshot(self, target: str) -> bytes | None:
        """See `SessionLog.load_snapshot`."""
        return self._snapshots.get(target)

    async def drop_snapshot(self, target: str) -> None:
        """See `SessionLog.drop_snapshot`."""
        self._snapshots.pop(target, None)

    def growth(self) -> asyncio.Event:
        """Set when something is appended after this call."""
        return self._grown


class MemoryFollowing:
    """See `Following`."""

    epoch = _EPOCH

    def __init__(self, log: MemoryLog, after: int) -> None:
        self.caught_up = asyncio.Event()
        self.opened = asyncio.Event()
        self.opened.set()
        self.position = after
        self._log = log
        self._closed = asyncio.Event()

    async def __aenter__(self) -> Self:
        if not self._log.after(self.position):
            self.caught_up.set()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Entry:
        while not self._closed.is_set():
            if waiting := self._log.after(self.position):
                self.position = waiting[0]
                return self._log.entry(waiting[0])
            self.caught_up.set()
            tasks = [
                asyncio.ensure_future(self._log.growth().wait()),
                asyncio.ensure_future(self._closed.wait()),
            ]
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for task in tasks:
                    task.cancel()
        raise StopAsyncIteration

    async def close(self) -> None:
        """See `Following.close`."""
        self._closed.set()
