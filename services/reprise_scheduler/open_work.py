"""What there is to do, and up to where in the log that is known: noted now and then, so that whoever takes
over reads what is open and what is new, and not the last commit of every session that there ever was.

A note may be old, for then more is read, but it leaves nothing out: a target is open from the commit on that
gives the scheduler something to do, until there is one that does not, or until it has been tidied up.
"""

import asyncio
from collections.abc import AsyncIterator
from itertools import islice

from reprise_contracts import subjects
from reprise_contracts.events import BatchEnded, Commit
from reprise_contracts.marks import OpenWork
from reprise_contracts.wire import Malformed
from reprise_runtime.errors import RepriseError
from reprise_runtime.logs import logger
from reprise_runtime.nats.bus import Publisher
from reprise_runtime.nats.session_log import Entry, SessionLog

SIDE_BY_SIDE = 64
"""Logs whose last commits are read side by side."""
MOST = 100_000
"""Targets that a note may have; the one before stays where there are more."""
_log = logger(__name__)


class OpenTargets:
    """The targets that are open, as commits and pieces of housekeeping come and go."""

    def __init__(self, log: SessionLog, publisher: Publisher) -> None:
        self._log = log
        self._publisher = publisher
        self._open: dict[str, None] = {}
        self._epoch = ""
        self._position = 0
        self._noted: OpenWork | None = None
        self._whole = True
        """Nothing came that this version cannot read."""

    async def recover(self) -> AsyncIterator[Entry]:
        """The last commit of every log that may be open."""
        now = await self._log.position()
        note = await self._last_note()
        if note is None or note.epoch != now.epoch or note.position > now.last_seq:
            _log.info("looking at every log")
            found = self._log.heads(self.unread)
        else:
            found = self._heads_of(note)
        async for entry in found:
            self._judge(entry)
            yield entry
        self._epoch, self._position = now.epoch, now.last_seq

    async def _heads_of(self, note: OpenWork) -> AsyncIterator[Entry]:
        targets = dict.fromkeys(note.targets)
        async for entry in self._log.since(note.position, self.unread):
            targets[entry.id] = None
        _log.info("looking at what was open", logs=len(targets))
        waiting = iter(targets)
        while some := list(islice(waiting, SIDE_BY_SIDE)):
            for found in await asyncio.gather(*(self._last(target) for target in some)):
                if found is not None:
                    yield found

    async def _last(self, target: str) -> Entry | None:
        try:
            return await self._log.last(target)
        except Malformed as error:  # one log that this version cannot read hides no other
            _log.error("cannot read a commit", id=target, error=str(error))
            self.unread()
            return None

    def _judge(self, entry: Entry) -> None:
        if gives_work(entry.commit):
            self._open[entry.id] = None
        else:
            self._open.pop(entry.id, None)

    def take(self, entry: Entry) -> None:
        """A commit came, and was acted on."""
        self._judge(entry)
        self._position = max(self._position, entry.seq)

    def unread(self) -> None:
        """There is a commit that this version cannot read: whoever can is to find it after the note of
        today."""
        self._whole = False

    def close(self, target: str) -> None:
        """What was to be tidied up is."""
        self._open.pop(target, None)

    async def note(self) -> None:
        """Put down how it stands, unless it stands as before."""
        if not self._whole or len(self._open) > MOST or not self._epoch:
            return
        now = OpenWork(epoch=self._epoch, position=self._position, targets=tuple(self._open))
        if now == self._noted:
            return
        try:
            await self._publisher.publish(subjects.OPEN_MARK, now.encode(), stream=subjects.MARKS)
        except RepriseError as error:
            _log.warning("what is open was not noted", error=str(error))
        else:
            self._noted = now

    async def _last_note(self) -> OpenWork | None:
        found = await self._publisher.last(subjects.MARKS, subjects.OPEN_MARK)
        try:
            return OpenWork.decode(found.data) if found is not None else None
        except Malformed as error:
            _log.warning("what was open cannot be read", error=str(error))
            return None


def gives_work(commit: Commit) -> bool:
    """Whether a scheduler that sees this as the last commit of a log has anything to do."""
    ended = commit.batch is None and any(isinstance(event, BatchEnded) for event in commit.events)
    return commit.active or commit.sweep or commit.deleted or commit.watched or ended
