"""Deletes what the log has decided against, and everything of a deleted session or batch. Idempotent, and safe to repeat."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from reprise_contracts import subjects
from reprise_contracts.jobs import DownloadsSwept, Swept
from reprise_contracts.nodes import PHASES
from reprise_domain.batch import Batch
from reprise_domain.state import Session
from reprise_domain.sweep import is_deletable
from reprise_runtime.errors import ObjectMissing
from reprise_runtime.logs import logger
from reprise_runtime.nats.bus import Publisher
from reprise_runtime.nats.session_log import SessionLog
from reprise_runtime.s3.artifact_store import ArtifactStore

_log = logger(__name__)
MANY = 8
"""Folders beside each other from which they are listed as one."""
Look = Callable[[], Awaitable[list[int]]]
"""Where the logs of a batch and of its sessions stand now."""


def prefixes(batch_id: str, session_id: str) -> list[str]:
    """Where a session's objects are."""
    return [*(subjects.artifact_prefix(batch_id, session_id, phase) for phase in PHASES), subjects.inputs_prefix(batch_id, session_id)]


def _together(folders: Sequence[str]) -> set[str]:
    """Folders to list: the one above, where many are in it."""
    above = Counter(folder.rsplit("/", 2)[0] for folder in folders)
    return {parent + "/" if above[parent := folder.rsplit("/", 2)[0]] > MANY else folder for folder in folders}


Removal = Callable[[int], AbstractAsyncContextManager[None]]
"""Announces that so many commits are removed on purpose."""


@asynccontextmanager
async def unannounced(commits: int) -> AsyncIterator[None]:
    """A removal that nobody has to hear of."""
    yield


class Sweeper:
    """Works on what the scheduler hands it."""

    def __init__(self, store: ArtifactStore, log: SessionLog, publisher: Publisher, removal: Removal = unannounced) -> None:
        self._store = store
        self._log = log
        self._publisher = publisher
        self._removal = removal

    async def sweep(self, session: Session, latest: Callable[[], Awaitable[Session | None]]) -> None:
        """Delete what the log has decided against, as `session` knows it, and say so.

        A folder is listed first and judged by a state that is newer than the list: an object that is named meanwhile is seen to be.
        """
        rubbish = {name for name in session.sweepable if not name.endswith("/")}
        folders = [name for name in session.sweepable if name.endswith("/")]
        found = [key for folder in _together(folders) async for key, _ in self._store.list(folder)]
        now = await latest() if found else session
        if now is None or now.deleted:
            return
        rubbish.update(key for key in found if is_deletable(now, key))
        await self._store.delete(sorted(rubbish))
        swept = Swept(seq=session.seq)
        message_id = f"{session.session_id}/{swept.input_id()}"
        await self._publisher.publish(subjects.timer(session.session_id), swept.encode(), stream=subjects.INBOX, msg_id=message_id)
        _log.info("swept", session=session.session_id, objects=len(rubbish))

    async def sweep_downloads(self, batch: Batch, sessions: Sequence[Session], look: Look) -> bool:
        """R25: delete what sources were made of and no longer are, unless an artifact of today cites it; whether it came through.

        A key is a hash, so that a preparation that begins meanwhile may name it again, finding it there. Nothing runs in any session
        before, by the caller's word; what has moved by the end puts everything back.
        """
        known = [known.source.hashes for session in sessions for known in session.sources.values()]
        rubbish = batch.superseded - batch.hashes - frozenset().union(*known)
        rubbish -= await self._cited(sessions, rubbish)
        if not rubbish:
            return True
        keys = [key(batch.batch_id, name) for name in sorted(rubbish) for key in (subjects.raw_key, subjects.text_key)]
        held = {key: data for key in keys if (data := await self._read(key)) is not None}
        await self._store.delete(list(held))
        if await look() != [batch.seq, *(session.seq for session in sessions)]:
            for key, data in held.items():
                await self._store.put(key, data)
            return False
        swept = DownloadsSwept(hashes=tuple(sorted(rubbish)))
        message_id = f"{batch.batch_id}/{swept.input_id()}/{batch.seq}"
        await self._publisher.publish(subjects.timer(batch.batch_id), swept.encode(), stream=subjects.INBOX, msg_id=message_id)
        _log.info("downloads swept", batch=batch.batch_id, objects=len(held))
        return True

    async def _cited(self, sessions: Sequence[Session], names: frozenset[str]) -> frozenset[str]:
        """Those that an artifact that counts names: what it cites can still be looked up."""
        cited: set[str] = set()
        made = [entry.materialization for session in sessions for entry in session.nodes.values()] if names else []
        refs = [found.event.artifact for found in made if found is not None]
        for ref in refs:
            data = await self._read(ref.key) or b""
            cited.update(name for name in names - cited if name.encode() in data)
        return frozenset(cited)

    async def _read(self, key: str) -> bytes | None:
        try:
            return await self._store.get(key)
        except ObjectMissing:
            return None

    async def remove_session(self, session: Session) -> None:
        """R24: the objects, the snapshot and all of the log but its tombstone."""
        for prefix in prefixes(session.batch_id, session.session_id):
            await self._store.delete([key async for key, _ in self._store.list(prefix)])
        await self._log.drop_snapshot(session.session_id)
        await self._purge(session.session_id)
        _log.info("deleted", session=session.session_id)

    async def remove_batch(self, batch: Batch) -> None:
        """R24: the downloads and all of the log but its tombstone."""
        prefix = subjects.sources_prefix(batch.batch_id)
        await self._store.delete([key async for key, _ in self._store.list(prefix)])
        await self._purge(batch.batch_id)
        _log.info("deleted", batch=batch.batch_id)

    async def _purge(self, target: str) -> None:
        """All of a log but its tombstone."""
        async with self._removal(max(len(await self._log.read(target)) - 1, 0)):
            await self._log.purge(target, keep=1)
