"""Who moves the log's high-water mark, in the stream and in the bucket, and how an operator goes on with a
log that has gone back."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import datetime

from reprise_contracts import subjects
from reprise_contracts.marks import LogMark
from reprise_contracts.wire import Malformed
from reprise_runtime import metrics
from reprise_runtime.errors import ObjectMissing, RepriseError
from reprise_runtime.logs import logger
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.log_mark import ACTION, AGAIN, EPOCH, read_mark, rewound, standing, write_mark
from reprise_runtime.s3.artifact_store import ArtifactStore

EVERY = 1.0
"""Seconds between two marks in the stream."""
IN_BUCKET_EVERY = 10.0
"""Seconds between two marks in the bucket."""
_log = logger(__name__)


async def mark_in_bucket(store: ArtifactStore) -> LogMark | None:
    """Return the mark in the bucket. Raises `StoreUnavailable`."""
    try:
        return LogMark.decode(await store.get(subjects.MARK_KEY))
    except (ObjectMissing, Malformed):
        return None


async def accept(bus: Bus, store: ArtifactStore, at: datetime, *, new_epoch: bool) -> LogMark:
    """Trust the log as it stands now. With `new_epoch` its sequences count anew: whoever knew it before
    starts from the beginning."""
    info = await bus.stream_info(subjects.SESSIONS)
    if new_epoch:
        metadata = dict(info["config"].get("metadata") or {})
        metadata[EPOCH] = str(int(metadata.get(EPOCH, "0")) + 1)
        info = await bus.api(f"STREAM.UPDATE.{subjects.SESSIONS}", {**info["config"], "metadata": metadata})
    mark = standing(info, at)
    await store.put(subjects.MARK_KEY, mark.encode(), "application/json")
    await write_mark(bus, mark)
    return mark


class MarkKeeper:
    """Moves the mark; of the scheduler that leads."""

    def __init__(self, bus: Bus, store: ArtifactStore, clock: Callable[[], datetime]) -> None:
        self._bus = bus
        self._store = store
        self._clock = clock
        self._mark: LogMark | None = None
        self._removing = 0
        # How the log stands and what is being removed belong together: nothing is announced between them.
        self._turn = asyncio.Lock()
        self._in_bucket: datetime | None = None

    async def until_sound(self) -> None:
        """Return once the log stands where its marks say or beyond. What is wrong is told to everyone who
        appends."""
        said = ""
        while True:
            try:
                now = standing(await self._bus.stream_info(subjects.SESSIONS), self._clock())
                marks = [
                    mark
                    for mark in (await read_mark(self._bus), await self._from_bucket())
                    if mark is not None
                ]
                wrong = next(filter(None, (rewound(mark, now) for mark in marks)), "")
                metrics.LOG_REWOUND.set(bool(wrong))
                if not wrong:
                    self._mark = now
                    return await write_mark(self._bus, now)
                if wrong != said:
                    _log.error("the log is not trusted", problem=wrong, action=ACTION)
                    await write_mark(self._bus, marks[-1].model_copy(update={"rewound": wrong}))
                said = wrong
            except RepriseError as error:
                _log.warning("cannot compare the log with its mark", error=str(error))
            await asyncio.sleep(AGAIN)

    async def _from_bucket(self) -> LogMark | None:
        try:
            return await mark_in_bucket(self._store)
        except RepriseError as error:  # the mark in the stream has to do
            _log.warning("the mark in the bucket cannot be read", error=str(error))
            return None

    async def run(self) -> None:
        """Move the mark for as long as the log can be trusted; return when it cannot."""
        while True:
            await asyncio.sleep(EVERY)
            try:
                async with self._turn:
                    sound = await self._move()
                if not sound:
                    return
            except RepriseError as error:
                _log.warning("the mark of the log was not moved", error=str(error))

    async def _move(self) -> bool:
        removing = self._removing
        now = standing(await self._bus.stream_info(subjects.SESSIONS), self._clock())
        before = self._mark
        if before is not None and rewound(before, now):
            return False
        if before is None or (before.last_seq, before.removed, before.may_remove) != (
            now.last_seq,
            now.removed,
            removing,
        ):
            self._mark = now.model_copy(update={"may_remove": removing})
            await write_mark(self._bus, self._mark)
        if self._mark is not None and (
            self._in_bucket is None or (now.at - self._in_bucket).total_seconds() > IN_BUCKET_EVERY
        ):
            await self._store.put(subjects.MARK_KEY, self._mark.encode(), "application/json")
            self._in_bucket = now.at
        return True

    @contextlib.asynccontextmanager
    async def removal(self, commits: int) -> AsyncIterator[None]:
        """Say before so many commits are removed on purpose, and until it is done. Raises `Retryable`."""
        async with self._turn:
            await self._announce(commits)
            self._removing += commits
        try:
            yield
        finally:
            self._removing -= commits

    async def _announce(self, commits: int) -> None:
        if self._mark is None:
            return
        self._mark = self._mark.model_copy(update={"may_remove": self._mark.may_remove + commits})
        await write_mark(self._bus, self._mark)
        await self._store.put(subjects.MARK_KEY, self._mark.encode(), "application/json")
