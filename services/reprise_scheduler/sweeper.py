"""Deletes what the log has decided against, and everything of a deleted session or batch. Idempotent, and
safe to repeat."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from reprise_contracts import subjects
from reprise_contracts.jobs import DownloadsSwept, Swept
from reprise_contracts.nodes import PHASES
from reprise_domain.batch import Batch
from reprise_domain.state import Session
from reprise_domain.sweep import is_deletable, made_keys
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
Named = Callable[[], Awaitable[frozenset[str] | None]]
"""The keys that other sessions name, forks among them (R37); None while one is still to come, which may name
any."""


def prefixes(batch_id: str, session_id: str) -> list[str]:
    """Where a session's objects are."""
    return [
        *(subjects.artifact_prefix(batch_id, session_id, phase) for phase in PHASES),
        subjects.inputs_prefix(batch_id, session_id),
    ]


def _together(folders: Sequence[str]) -> set[str]:
    """Folders to list: the one above, where many are in it."""
    above = Counter(folder.rsplit("/", 2)[0] for folder in folders)
    return {
        parent + "/" if above[parent := folder.rsplit("/", 2)[0]] > MANY else folder for folder in folders
    }


Removal = Callable[[int], AbstractAsyncContextManager[None]]
"""Announces that so many commits are removed on purpose."""


@asynccontextmanager
async def unannounced(commits: int) -> AsyncIterator[None]:
    """A removal that nobody has to hear of."""
    yield


class Sweeper:
    """Works on what the scheduler hands it."""

    def __init__(
        self, store: ArtifactStore, log: SessionLog, publisher: Publisher, removal: Removal = unannounced
    ) -> None:
        self._store = store
        self._log = log
        self._publisher = publisher
        self._removal = removal

    async def sweep(
        self, session: Session, latest: Callable[[], Awaitable[Session | None]], named: Named
    ) -> bool:
        """Delete what the log has decided against, as `session` knows it, and say so; return whether that
        could be done.

        A folder is listed first and judged by a state that is newer than the list: an object that is named
        meanwhile is seen to be. What another session names is that one's to sweep: no session comes to name
        what its origin does not name any more.
        """
        rubbish = {name for name in session.sweepable if not name.endswith("/")}
        folders = [name for name in session.sweepable if name.endswith("/")]
        found = [key for folder in _together(folders) async for key, _ in self._store.list(folder)]
        now = await latest() if found else session
        if now is None or now.deleted:
            return True
        rubbish.update(key for key in found if is_deletable(now, key))
        elsewhere = await named()
        if elsewhere is None:
            return False
        rubbish -= elsewhere
        await self._store.delete(sorted(rubbish))
        swept = Swept(seq=session.seq)
        message_id = f"{session.session_id}/{swept.input_id()}"
        await self._publisher.publish(
            subjects.timer(session.session_id), swept.encode(), stream=subjects.INBOX, msg_id=message_id
        )
        _log.info("swept", session=session.session_id, objects=len(rubbish))
        return True

    async def sweep_downloads(self, batch: Batch, sessions: Sequence[Session], look: Look) -> bool:
        """R25: delete what sources were made of and no longer are, unless an artifact of today cites it;
        whether it came through.

        A key is a hash, so that a preparation that begins meanwhile may name it again, finding it there.
        Nothing runs in any session before, by the caller's word; what has moved by the end puts everything
        back.
        """
        known = [known.source.hashes for session in sessions for known in session.sources.values()]
        rubbish = batch.superseded - batch.hashes - frozenset().union(*known)
        rubbish -= await self._cited(sessions, rubbish)
        if not rubbish:
            return True
        keys = [
            key(batch.batch_id, name)
            for name in sorted(rubbish)
            for key in (subjects.raw_key, subjects.text_key)
        ]
        if not await self._delete_unless_moved(keys, batch, sessions, look):
            return False
        swept = DownloadsSwept(hashes=tuple(sorted(rubbish)))
        message_id = f"{batch.batch_id}/{swept.input_id()}/{batch.seq}"
        await self._publisher.publish(
            subjects.timer(batch.batch_id), swept.encode(), stream=subjects.INBOX, msg_id=message_id
        )
        _log.info("downloads swept", batch=batch.batch_id, objects=len(keys))
        return True

    async def sweep_leftovers(
        self, batch: Batch, sessions: Sequence[Session], before: Collection[str], look: Look
    ) -> set[str]:
        """R17: delete what lies among the sources and nobody names: the notes of attempts that are over, and
        what a preparation brought that did not count. Return what is to be looked at again.

        As with `sweep_downloads` nothing runs in any session. An upload is there before its command is
        decided: what was not there at the look before (`before`), too, is left until the next one.
        """
        found = [key async for key, _ in self._store.list(subjects.sources_prefix(batch.batch_id))]
        hashes = {key: name for key in found if (name := subjects.stored_hash(key)) is not None}
        await self._store.delete([key for key in found if key not in hashes] + await self._notes(batch))
        known = [known.source.hashes for session in sessions for known in session.sources.values()]
        named = batch.hashes | batch.superseded | frozenset().union(*known)
        rubbish = frozenset(hashes.values()) - named
        rubbish -= await self._cited(sessions, rubbish)
        left = {key for key, name in hashes.items() if name in rubbish}
        ripe = sorted(left.intersection(before))
        if ripe and await self._delete_unless_moved(ripe, batch, sessions, look):
            left.difference_update(ripe)
            _log.info("leftovers swept", batch=batch.batch_id, objects=len(ripe))
        return left

    async def _notes(self, batch: Batch) -> list[str]:
        prefixes = [subjects.notes_prefix(batch.batch_id, phase) for phase in PHASES]
        return [key for prefix in prefixes async for key, _ in self._store.list(prefix)]

    async def _delete_unless_moved(
        self, keys: Sequence[str], batch: Batch, sessions: Sequence[Session], look: Look
    ) -> bool:
        """Delete objects; if a log has moved meanwhile, all of them come back, and it is False."""
        held = {key: data for key in keys if (data := await self._read(key)) is not None}
        await self._store.delete(list(held))
        if await look() == [batch.seq, *(session.seq for session in sessions)]:
            return True
        for key, data in held.items():
            await self._store.put(key, data)
        return False

    async def _cited(self, sessions: Sequence[Session], names: frozenset[str]) -> frozenset[str]:
        """Those that an artifact that counts names: what it cites can still be looked up."""
        cited: set[str] = set()
        made = (
            [entry.materialization for session in sessions for entry in session.nodes.values()]
            if names
            else []
        )
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

    async def remove_session(self, session: Session, named: Named) -> bool:
        """R24, R37: the objects that no other session names, the snapshot and all of the log but its
        tombstone; whether it came through."""
        elsewhere = await named()
        if elsewhere is None:
            return False
        own = set(made_keys(session))
        for prefix in prefixes(session.batch_id, session.session_id):
            own.update([key async for key, _ in self._store.list(prefix)])
        await self._store.delete(sorted(own - elsewhere))
        await self._log.drop_snapshot(session.session_id)
        await self._purge(session.session_id)
        _log.info("deleted", session=session.session_id)
        return True

    async def remove_batch(self, batch: Batch) -> None:
        """R24: the downloads and all of the log but its tombstone."""
        prefix = subjects.sources_prefix(batch.batch_id)
        await self._store.delete(
            [key async for key, _ in self._store.list(prefix)] + await self._notes(batch)
        )
        await self._purge(batch.batch_id)
        _log.info("deleted", batch=batch.batch_id)

    async def _purge(self, target: str) -> None:
        """All of a log but its tombstone."""
        async with self._removal(max(len(await self._log.read(target)) - 1, 0)):
            await self._log.purge(target, keep=1)
