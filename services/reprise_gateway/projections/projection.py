"""What the log says, in memory: one follower for the whole process, states folded when first asked for and
then kept up.

Every state stands at the position of the follower: a log that is read while commits come in is folded up to
that position, and what came meanwhile is folded on top. So states of several sessions, taken together, are of
one moment.
"""

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from reprise_contracts.events import Commit
from reprise_contracts.sources import Source, Stored, StoredSource, with_held
from reprise_contracts.wire import Malformed
from reprise_domain.batch import Batch, fold_batch
from reprise_domain.reduce import fold
from reprise_domain.state import Session
from reprise_runtime import snapshots
from reprise_runtime.errors import Reset, Retryable, Unavailable
from reprise_runtime.logs import logger
from reprise_runtime.nats.jetstream import ApiError
from reprise_runtime.nats.session_log import Entry, Following, SessionLog

KEPT = 256
"""States kept in memory, besides those that a socket watches."""
AT_ONCE = 64
"""Commits folded before others have their turn."""
PAUSE = 0.5
PAUSE_BEHIND = 0.05
ANY = ""
"""Any input: see `Projection.expect`."""

AnyState = Session | Batch
_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Transition:
    """One commit of a session, and the session around it."""

    before: Session | None
    commit: Commit
    after: Session
    seq: int


@dataclass(slots=True)
class _Loading:
    done: asyncio.Future[AnyState | None]
    meanwhile: list[Entry]
    task: asyncio.Task[None] | None = None


class Projection:
    """Sessions and batches as of `position`. `run` follows the log; `on_moved` hears every commit of a
    watched batch's sessions."""

    def __init__(self, log: SessionLog, *, kept: int = KEPT) -> None:
        self._log = log
        self._kept = kept
        self._states: OrderedDict[str, AnyState] = OrderedDict()
        self._loading: dict[str, _Loading] = {}
        self._expected: dict[tuple[str, str], list[asyncio.Future[Transition | None]]] = {}
        self._watched: dict[str, int] = {}
        self.position = 0
        self.epoch = ""
        self._following: Following | None = None
        self.on_transition: Callable[[Transition], None] = lambda transition: None
        self.on_reset: Callable[[], None] = lambda: None

    # Following

    @property
    def ready(self) -> bool:
        """Whether the log is followed and what was there at the start is taken in."""
        return self._following is not None and self._following.caught_up.is_set()

    async def reaches(self, seq: int, within: float) -> bool:
        """Whether the log has this position. A gateway that is behind the log is given some seconds to come
        to it."""
        if seq > self.position and seq > (await self._log.position()).last_seq:
            return False
        for _ in range(int(within / PAUSE_BEHIND)):
            if seq <= self.position:
                return True
            await asyncio.sleep(PAUSE_BEHIND)
        return False

    async def run(self) -> None:
        """Follow the log for ever. A stream that was created anew begins everything anew."""
        while True:
            try:
                await self._follow()
            except Reset as error:
                _log.warning("the log was created anew", error=str(error))
                self._forget()
            except (Retryable, ApiError) as error:
                _log.warning("not following", error=str(error))
                await asyncio.sleep(PAUSE)

    async def _follow(self) -> None:
        if not self.epoch:
            await self._begin()
        async with self._log.follow(after=self.position) as following:
            await following.opened.wait()
            if following.epoch != self.epoch:
                raise Reset("the log is another one")
            self._following = following
            try:
                await self._take_all(following)
            finally:
                self._following = None

    async def _begin(self) -> None:
        """Where the log stands: everything else is read when it is asked for."""
        position = await self._log.position()
        self.position = position.last_seq
        self.epoch = position.epoch

    async def _take_all(self, following: Following) -> None:
        while True:
            try:
                entry = await anext(following)
            except StopAsyncIteration:
                return
            except (
                Malformed
            ) as error:  # written by a newer version: what is in memory may lack it, so it is read again
                _log.error("a commit cannot be read", seq=following.position, error=str(error))
                self._states.clear()
                self.position = max(self.position, following.position)
            else:
                await self._take(entry)

    def _forget(self) -> None:
        self.epoch = ""
        self.position = 0
        self._states.clear()
        self.on_reset()

    async def _take(self, entry: Entry) -> None:
        if entry.seq <= self.position:
            return
        target, commit = entry.id, entry.commit
        new = begins(commit) and target not in self._loading
        if commit.batch in self._watched and target not in self._states and not new:
            # A watched session is never far: it was put out of memory, or was there before the watch. One
            # that is being read just now is waited for, since a socket that resumes meanwhile counts on
            # hearing of this commit.
            await self._load(target)
        self.position = entry.seq
        loading = self._loading.get(target)
        if loading is not None:
            loading.meanwhile.append(entry)
        transition = self._advance(entry)
        for input_id in (*commit.inputs, ANY):
            for waiting in self._expected.pop((target, input_id), ()):
                if not waiting.done():
                    waiting.set_result(transition)

    def _advance(self, entry: Entry) -> Transition | None:
        """Fold one commit into a state that is in memory, or that it begins."""
        before = self._states.get(entry.id)
        first = before is None and entry.id not in self._loading and begins(entry.commit)
        if before is None and not first:
            return None
        try:
            after = folded(before, entry)
        except (
            Exception
        ) as error:  # one log that cannot be folded takes no other one down: whoever asks for it is told
            _log.error(
                "a log cannot be folded", id=entry.id, seq=entry.seq, error=repr(error), exc_info=error
            )
            self._states.pop(entry.id, None)
            return None
        self._keep(entry.id, after)
        if isinstance(after, Batch) or isinstance(before, Batch):
            return None
        transition = Transition(before, entry.commit, after, entry.seq)
        if after.batch_id in self._watched:
            self.on_transition(transition)
        return transition

    # Asking

    async def session(self, session_id: str) -> Session | None:
        """A session; None if there is none."""
        state = await self._get(session_id)
        return state if isinstance(state, Session) else None

    async def batch(self, batch_id: str) -> Batch | None:
        """A batch; None if there is none."""
        state = await self._get(batch_id)
        return state if isinstance(state, Batch) else None

    def sources(self, batch: Batch) -> dict[str, Source]:
        """The batch's sources with what its sessions have stored of them and the log tells it next: whoever
        hears of a preparation and then asks for the sources is to find what was prepared."""
        news = tuple(
            StoredSource(source_id=name, stored=found.stored, source=found if found.part_of else None)
            for session in self.cached_sessions(batch.batch_id)
            for name, found in ((name, known.source) for name, known in session.sources.items())
            if found.stored is not None and _lacks(batch.sources.get(name), found.stored)
        )
        return with_held(batch.sources, news) if news else dict(batch.sources)

    def cached(self, target: str) -> AnyState | None:
        """A state that is in memory."""
        return self._states.get(target)

    def cached_sessions(self, batch_id: str) -> list[Session]:
        """The sessions of a batch that are in memory, in the order in which they were added."""
        batch = self._states.get(batch_id)
        members = batch.members if isinstance(batch, Batch) else ()
        found = [self._states.get(member.spec.session_id) for member in members]
        return [state for state in found if isinstance(state, Session)]

    async def _get(self, target: str) -> AnyState | None:
        state = self._states.get(target)
        if state is not None:
            self._states.move_to_end(target)
            return state
        if not self.epoch:
            raise Unavailable("the log is not followed yet")
        return await self._load(target)

    async def _load(self, target: str) -> AnyState | None:
        loading = self._loading.get(target)
        if loading is None:
            loading = self._loading[target] = _Loading(asyncio.get_running_loop().create_future(), [])
            loading.task = asyncio.create_task(self._read(target, loading), name=f"load {target}")
        return await asyncio.shield(loading.done)

    async def _read(self, target: str, loading: _Loading) -> None:
        try:
            state = await self._folded(target, self.position)
            for entry in loading.meanwhile:
                if state is None or entry.seq > state.seq:
                    state = folded(state, entry)
        except BaseException as error:
            del self._loading[target]
            loading.done.set_exception(error)
            loading.done.exception()  # it is everybody's who waits, and nobody's if nobody does
            if not isinstance(error, Exception):
                raise
            return
        del self._loading[target]
        if state is not None:
            self._keep(target, state)
        loading.done.set_result(state)

    async def _folded(self, target: str, until: int) -> AnyState | None:
        data = await self._log.load_snapshot(target)
        state: AnyState | None = snapshots.load(data) if data else None
        if state is not None and state.seq > until:
            state = None
        for count, entry in enumerate(await self._log.read(target, after=state.seq if state else 0), 1):
            if entry.seq > until:
                break
            state = folded(state, entry)
            if count % AT_ONCE == 0:
                await asyncio.sleep(0)
        return state

    def _keep(self, target: str, state: AnyState) -> None:
        self._states[target] = state
        self._states.move_to_end(target)
        if len(self._states) <= self._kept:
            return
        for other, cached in list(self._states.items())[: len(self._states) - self._kept]:
            if cached.batch_id not in self._watched:
                del self._states[other]

    # Waiting and watching

    @contextmanager
    def expect(self, target: str, input_id: str) -> Iterator[asyncio.Future[Transition | None]]:
        """A future that is done when a commit of the target decides the input (`ANY`: at its next commit).
        Begin before sending.

        Its result is the commit with the session around it, where the session is in memory.
        """
        waiting: asyncio.Future[Transition | None] = asyncio.get_running_loop().create_future()
        key = (target, input_id)
        self._expected.setdefault(key, []).append(waiting)
        try:
            yield waiting
        finally:
            others = self._expected.get(key, [])
            if waiting in others:
                others.remove(waiting)
            if not others:
                self._expected.pop(key, None)

    @contextmanager
    def watch(self, batch_id: str) -> Iterator[None]:
        """Keep the batch's sessions in memory and tell `on_moved` of their commits."""
        self._watched[batch_id] = self._watched.get(batch_id, 0) + 1
        try:
            yield
        finally:
            self._watched[batch_id] -= 1
            if not self._watched[batch_id]:
                del self._watched[batch_id]

    async def replay(self, session_id: str, after: int, until: int) -> AsyncIterator[Transition]:
        """The commits of a session after one position and up to another, each with the session around it."""
        state: Session | None = None
        for count, entry in enumerate(await self._log.read(session_id, after=0), 1):
            if entry.seq > until:
                return
            before, state = state, _session_after(state, entry)
            if entry.seq > after:
                yield Transition(before, entry.commit, state, entry.seq)
            if count % AT_ONCE == 0:
                await asyncio.sleep(0)

    async def decided(self, session_id: str, input_id: str) -> Transition | None:
        """The commit that decided an input, with the session around it; None if none did."""
        async for transition in self.replay(session_id, 0, self.position):
            if input_id in transition.commit.inputs:
                return transition
        return None

    async def commits(self, session_id: str) -> list[Entry]:
        """Every commit of a session so far."""
        return [entry for entry in await self._log.read(session_id, after=0) if entry.seq <= self.position]


def folded(state: AnyState | None, entry: Entry) -> AnyState:
    """One commit on; a commit says by its `batch` whether the log is a session's."""
    if entry.commit.batch is not None:
        assert not isinstance(state, Batch)  # noqa: S101  # a log is a session's or a batch's from its first commit on
        return _session_after(state, entry)
    assert not isinstance(state, Session)  # noqa: S101  # the same
    return fold_batch(state, entry.commit, entry.seq)


def _session_after(state: Session | None, entry: Entry) -> Session:
    commit = entry.commit
    if (
        state is None and commit.deleted
    ):  # of a deleted session's log only the tombstone is left, and its last event says all
        commit = commit.model_copy(update={"events": commit.events[-1:]})
    return fold(state, commit, entry.seq)


def _lacks(source: Source | None, stored: Stored) -> bool:
    """Whether a batch knows an older version of a source than this one, or none."""
    before = source.stored if source is not None else None
    if before is None or before.revision != stored.revision:
        return before is None or before.revision < stored.revision
    return (
        stored.fetched_at is not None
        and before.fetched_at is not None
        and (before.fetched_at < stored.fetched_at)
    )


def begins(commit: Commit) -> bool:
    """Whether a commit is the first of its log."""
    return bool(commit.events) and commit.events[0].type in {"session_created", "batch_created"}
