"""The states of sessions and batches, folded from the log and kept while they are in use."""

from collections import OrderedDict

from reprise_contracts.events import Commit
from reprise_domain.batch import Batch, fold_batch
from reprise_domain.reduce import fold
from reprise_domain.state import Session
from reprise_runtime import snapshots
from reprise_runtime.errors import RepriseError
from reprise_runtime.handover import Handover
from reprise_runtime.logs import logger
from reprise_runtime.nats.session_log import SessionLog

_log = logger(__name__)
KEPT = 512
"""States kept in memory; the others are a cached snapshot and a short replay away."""
SNAPSHOT_EVERY = 256
"""Commits between two snapshots of a session."""

AnyState = Session | Batch


class States:
    """Loads and advances states; a lost race forgets one, so that it is read again."""

    def __init__(self, log: SessionLog, handover: Handover | None = None) -> None:
        self._log = log
        self._handover = handover
        self._kept: OrderedDict[str, AnyState] = OrderedDict()
        self._since_snapshot: dict[str, int] = {}

    async def load(self, target: str) -> AnyState | None:
        """The state of a session or a batch; None if it has no log."""
        state = self._kept.get(target)
        if state is None:
            state = await self._read(target)
        if state is not None:
            self._keep(target, state)
        return state

    async def latest(self, target: str) -> AnyState | None:
        """The state as the log says now, whoever appended to it last."""
        last, kept = await self._log.last(target), self._kept.get(target)
        if last is not None and kept is not None and kept.seq != last.seq:
            self.forget(target)
        return await self.load(target)

    async def adopt(self, target: str, state: AnyState) -> None:
        """Keep the state after a commit that was just appended; a snapshot of it every so often."""
        self._keep(target, state)
        if isinstance(state, Session):
            if self._handover is not None:
                self._handover.stands(state)
            count = self._since_snapshot[target] = self._since_snapshot.get(target, 0) + 1
            if count >= SNAPSHOT_EVERY and not state.deleted:
                await self._save(target, state)

    async def _save(self, target: str, state: Session) -> None:
        """A snapshot saves reading and nothing else: what cannot be saved now is saved after the next
        commit."""
        try:
            await self._log.save_snapshot(target, snapshots.dump(state))
        except RepriseError as error:
            _log.warning("no snapshot", session=target, error=str(error))
        else:
            self._since_snapshot[target] = 0

    def forget(self, target: str) -> None:
        """Read it again the next time."""
        self._kept.pop(target, None)

    async def _read(self, target: str) -> AnyState | None:
        data = await self._log.load_snapshot(target)
        state: AnyState | None = snapshots.load(data) if data else None
        for entry in await self._log.read(target, after=state.seq if state else 0):
            state = _folded(state, entry.commit, entry.seq)
        return state

    def _keep(self, target: str, state: AnyState) -> None:
        self._kept[target] = state
        self._kept.move_to_end(target)
        while len(self._kept) > KEPT:
            gone, _ = self._kept.popitem(last=False)
            self._since_snapshot.pop(gone, None)


def _folded(state: AnyState | None, commit: Commit, seq: int) -> AnyState:
    """One commit on; the first one says by its `batch` whether the log is a session's."""
    if isinstance(state, Session) or (state is None and commit.batch is not None):
        return fold(state, commit, seq)
    return fold_batch(state, commit, seq)
