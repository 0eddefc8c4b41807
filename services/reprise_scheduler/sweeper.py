"""Deletes what the log has decided against, and everything of a deleted session or batch. Idempotent, and safe to repeat."""

from collections.abc import Awaitable, Callable

from reprise_contracts import subjects
from reprise_contracts.jobs import Swept
from reprise_contracts.nodes import PHASES
from reprise_domain.batch import Batch
from reprise_domain.state import Session
from reprise_domain.sweep import decided_against
from reprise_runtime.artifact_store import ArtifactStore
from reprise_runtime.logs import logger
from reprise_runtime.nats import Publisher
from reprise_runtime.session_log import SessionLog

_log = logger(__name__)


def prefixes(session: Session) -> list[str]:
    """Where a session's objects are."""
    own = [subjects.artifact_prefix(session.batch_id, session.session_id, phase) for phase in PHASES]
    return [*own, subjects.inputs_prefix(session.batch_id, session.session_id)]


class Sweeper:
    """Works on what the scheduler hands it."""

    def __init__(self, store: ArtifactStore, log: SessionLog, publisher: Publisher) -> None:
        self._store = store
        self._log = log
        self._publisher = publisher

    async def sweep(self, session: Session, latest: Callable[[], Awaitable[Session | None]]) -> None:
        """Delete what the log has decided against. The list is made first, then judged by a state that is newer than it:
        an object that is named meanwhile is seen to be."""
        found = [key for prefix in prefixes(session) async for key, _ in self._store.list(prefix)]
        now = await latest()
        if now is None or now.deleted:
            return
        rubbish = [key for key in found if decided_against(now, key)]
        await self._store.delete(rubbish)
        swept = Swept(seq=now.seq)
        target = session.session_id
        await self._publisher.publish(subjects.timer(target), swept.encode(), stream=subjects.INBOX, msg_id=f"{target}/{swept.input_id()}")
        _log.info("swept", session=target, objects=len(rubbish))

    async def remove_session(self, session: Session) -> None:
        """R24: the objects, the snapshot and all of the log but its tombstone."""
        for prefix in prefixes(session):
            await self._store.delete([key async for key, _ in self._store.list(prefix)])
        await self._log.drop_snapshot(session.session_id)
        await self._log.purge(session.session_id, keep=1)
        _log.info("deleted", session=session.session_id)

    async def remove_batch(self, batch: Batch) -> None:
        """R24: the downloads and all of the log but its tombstone."""
        prefix = subjects.sources_prefix(batch.batch_id)
        await self._store.delete([key async for key, _ in self._store.list(prefix)])
        await self._log.purge(batch.batch_id, keep=1)
        _log.info("deleted", batch=batch.batch_id)
