"""The scheduler's work: fold what is active, send what is ready, wake what is due, look after what got
lost."""

import asyncio
import functools
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from reprise_contracts import events as e
from reprise_contracts import subjects
from reprise_contracts.jobs import Controlled, LeaseEnded, PoolBacklog
from reprise_contracts.nodes import PHASES, phase_of
from reprise_contracts.states import WorkerView
from reprise_contracts.wire import Malformed
from reprise_domain.batch import Batch, fold_batch
from reprise_domain.dispatch import nodes_to_cancel, nodes_to_dispatch
from reprise_domain.reduce import InvalidTransition, fold
from reprise_domain.state import Session
from reprise_domain.sweep import made_keys
from reprise_runtime import metrics
from reprise_runtime.cancelling import together
from reprise_runtime.errors import RepriseError
from reprise_runtime.handover import Handover
from reprise_runtime.logs import logger
from reprise_runtime.nats.bus import Publisher
from reprise_runtime.nats.jetstream import ApiError
from reprise_runtime.nats.session_log import Entry, SessionLog
from reprise_runtime.operate.fsck import load_session
from reprise_runtime.settings import Timings
from reprise_scheduler.dispatcher import Dispatcher
from reprise_scheduler.fair import Turns
from reprise_scheduler.housekeeping import Housekeeping
from reprise_scheduler.open_work import OpenTargets
from reprise_scheduler.slots import Slots
from reprise_scheduler.sweeper import Sweeper
from reprise_scheduler.timers import Timers
from reprise_scheduler.watches import Watches

_log = logger(__name__)
RESTING = 256
"""Sessions without a run that are kept folded, so that a rerun starts at once."""
_IN_VAIN = (e.NodeFailed, e.NodeCancelled, e.ResultSuperseded)
"""What may have brought objects that nothing will ever name."""
_SETTLING = (e.NodeCompleted, e.NodeFailed, e.NodeCancelled, e.NodeCancelling)


Attempted = tuple[str, str, int, int]
"""Session, node, generation, attempt."""


def _attempt(session: Session, node: str) -> Attempted:
    entry = session.node(node)
    return session.session_id, node, entry.generation, entry.attempt


class Scheduler:
    """Follows the log from its end; what was under way before is found at the start."""

    def __init__(
        self,
        log: SessionLog,
        publisher: Publisher,
        dispatcher: Dispatcher,
        sweeper: Sweeper,
        timings: Timings,
        clock: Callable[[], datetime],
        handover: Handover | None = None,
        watches: Watches | None = None,
    ) -> None:
        self._watches = watches
        self._log = log
        self._handover = handover or Handover()
        self._publisher = publisher
        self._dispatcher = dispatcher
        self._sweeper = sweeper
        self._timings = timings
        self._clock = clock
        self._active: dict[str, Session] = {}
        self._resting: OrderedDict[str, Session] = OrderedDict()
        self._traces: dict[str, str] = {}
        """The trace that an active session's last commit belongs to."""
        self._turns = {phase: Turns() for phase in PHASES}
        self._slots = Slots(timings.heartbeat, time.monotonic)
        self._timers = Timers(clock)
        self._housekeeping = Housekeeping(clock)
        self._ready = asyncio.Event()
        self._missing: set[Attempted] = set()
        self._again: set[Attempted] = set()
        """Attempts whose jobs may have been published before, by another scheduler or to a stream that was
        lost."""
        self._open = OpenTargets(log, publisher)
        self._unswept: set[str] = set()
        """Batches with downloads that no source has any more."""
        self._leftovers: dict[str, set[str]] = {}
        """By batch: what lay among its sources at the last look and nobody named."""

    async def run(self, *, check_every: float = 5.0) -> None:
        """Until cancelled."""
        _, _, last = await self._log.position()
        await self._recover()
        await together(
            self._follow(last),
            self._publish(),
            self._timers.run(),
            self._housekeeping.run(),
            self._look_after(check_every),
        )

    def present(self, worker: WorkerView) -> None:
        """A worker says that it is there: its pool's window is as wide as there are slots."""
        self._slots.present(worker)
        self._widen()

    def _widen(self) -> None:
        for phase, turns in self._turns.items():
            turns.slots = self._slots.of(phase)
        self._ready.set()

    # What was under way

    async def _recover(self) -> None:
        """The last commit of a log says whether there is something to do; only those are folded."""
        count = 0
        async for entry in self._open.recover():
            commit = entry.commit
            if commit.batch is None:
                self._on_batch(entry)
                continue
            if commit.active:
                count += 1
                await self._guarded(entry.id, self._resume(entry))
            if commit.sweep or commit.deleted:
                self._sweep_later(commit.batch, entry.id)
        if count:
            _log.info("resumed", sessions=count)

    async def _guarded(self, session_id: str, work: Awaitable[None]) -> None:
        """One session whose log this version cannot fold must not stop the others."""
        try:
            await work
        except (Malformed, InvalidTransition) as error:
            _log.error("cannot follow a session", session=session_id, error=str(error))

    async def _resume(self, entry: Entry) -> None:
        session = await load_session(self._log, entry.id, entry.seq)
        if session is None or session.run is None:
            return
        self._active[session.session_id] = session
        self._traces[session.session_id] = entry.commit.trace
        for node, not_before in nodes_to_dispatch(session).items():
            self._again.add(_attempt(session, node))
            self._offer(session, node, not_before)
        for node, since in nodes_to_cancel(session).items():
            present = session.node(node)
            note = Controlled(node=node, generation=present.generation, attempt=present.attempt, at=since)
            self._lease(session, note)
            await self._cancel(session.session_id, note)

    # Following

    async def _follow(self, last: int) -> None:
        async with self._log.follow(after=last) as following:
            while True:
                try:
                    entry = await anext(following)
                except Malformed as error:  # written by a newer version: its scheduler acts on it
                    _log.error("cannot read a commit", error=str(error))
                    self._open.unread()
                    continue
                if entry.commit.batch is not None:
                    await self._guarded(entry.id, self._on_session(entry))
                else:
                    self._on_batch(entry)
                self._open.take(entry)

    def _on_batch(self, entry: Entry) -> None:
        if any(isinstance(event, e.BatchEnded) and not event.deleted for event in entry.commit.events):
            self._sweep_leftovers_later(entry.id)
        if entry.commit.watched and self._watches is not None:
            self._watches.take(entry.id, entry.commit, entry.seq)
            self._watch(entry.id)
        if entry.commit.deleted:
            self._remove_batch_after(0.0, entry.id)
        elif entry.commit.sweep:
            self._unswept.add(entry.id)
            self._sweep_downloads_later(entry.id)
        else:
            self._unswept.discard(entry.id)

    async def _on_session(self, entry: Entry) -> None:
        before = self._active.pop(entry.id, None) or self._resting.pop(entry.id, None)
        if before is not None and entry.seq <= before.seq:
            self._keep(before)
            return
        if before is None and not (entry.commit.active or entry.commit.sweep or entry.commit.deleted):
            return
        session = await self._after(before, entry)
        if session is None:
            return
        if entry.commit.trace:
            self._traces[session.session_id] = entry.commit.trace
        self._keep(session)
        await self._act(session, entry.commit)

    async def _after(self, before: Session | None, entry: Entry) -> Session | None:
        """The session after a commit: as the orchestrator of this process has it, else folded here."""
        known = self._handover.session(entry.id, entry.seq)
        if known is not None:
            return known
        if before is None and not isinstance(entry.commit.events[0], e.SessionCreated):
            return await load_session(self._log, entry.id, entry.seq)
        return fold(before, entry.commit, entry.seq)

    def _keep(self, session: Session) -> None:
        if session.run is not None:
            self._active[session.session_id] = session
            return
        self._traces.pop(session.session_id, None)
        self._resting[session.session_id] = session
        while len(self._resting) > RESTING:
            self._resting.popitem(last=False)

    async def _act(self, session: Session, commit: e.Commit) -> None:
        queued_now: dict[str, datetime | None] = {}
        for event in commit.events:
            if isinstance(event, _SETTLING):
                queued_now.pop(event.node, None)
                self._turns[phase_of(event.node)].settle(session.session_id, event.node)
                self._again.discard((session.session_id, event.node, event.generation, event.attempt))
            if isinstance(
                event, e.NodeCancelling | e.NodeCancelled
            ):  # of this attempt: the same commit may have queued the next one
                note = Controlled(
                    node=event.node, generation=event.generation, attempt=event.attempt, at=commit.at
                )
                await self._cancel(session.session_id, note)
                if isinstance(event, e.NodeCancelling):
                    self._lease(session, note)
            if isinstance(event, e.NodeQueued):
                queued_now[event.node] = event.not_before
        for node, not_before in queued_now.items():
            self._offer(session, node, not_before)
        self._ready.set()
        if commit.sweep or commit.deleted:
            self._sweep_later(session.batch_id, session.session_id)
        if any(isinstance(event, _IN_VAIN) and event.node == "phase0" for event in commit.events):
            self._sweep_leftovers_later(session.batch_id)

    async def _cancel(self, session_id: str, note: Controlled) -> None:
        """Tell the workers; later, if it cannot be told now: until then the lease's end is what stops it."""
        try:
            await self._dispatcher.cancel(session_id, note)
        except RepriseError as error:
            _log.warning("cancellation not told yet", session=session_id, node=note.node, error=str(error))
            self._timers.at(self._clock() + timedelta(seconds=1), lambda: self._cancel(session_id, note))

    # Jobs

    def _offer(self, session: Session, node: str, not_before: datetime | None) -> None:
        """A node's job may go out, now or at its time."""
        if not_before is not None and not_before > self._clock():
            self._timers.at(not_before, lambda: self._offer_again(session.session_id, node))
            return
        self._turns[phase_of(node)].add(session.session_id, node)
        self._ready.set()

    async def _offer_again(self, session_id: str, node: str) -> None:
        session = self._active.get(session_id)
        if session is not None and node in nodes_to_dispatch(session):
            self._turns[phase_of(node)].add(session_id, node)
            self._ready.set()

    async def _publish(self) -> None:
        while True:
            self._ready.clear()
            for turns in self._turns.values():
                taken = turns.take()
                jobs = []
                for session_id, node in taken:
                    session = self._active.get(session_id)
                    if session is not None and self._due(session, node):
                        jobs.append((session, node))
                    else:  # it is over, or its next attempt is not yet due and is offered then
                        turns.settle(session_id, node)
                if jobs:
                    await self._send(jobs)
            await self._ready.wait()

    def _due(self, session: Session, node: str) -> bool:
        entry = session.node(node)
        return entry.status in {"queued", "running"} and (
            entry.not_before is None or entry.not_before <= self._clock()
        )

    async def _send(self, jobs: list[tuple[Session, str]]) -> None:
        try:
            again = {
                (session.session_id, node) for session, node in jobs if _attempt(session, node) in self._again
            }
            await self._dispatcher.send_all(jobs, self._traces, again)
        except RepriseError as error:  # what did not go out is found missing and published again
            _log.warning("not published", jobs=len(jobs), error=str(error))

    # Time

    def _lease(self, session: Session, note: Controlled) -> None:
        timer = LeaseEnded(node=note.node, generation=note.generation, attempt=note.attempt)
        self._timers.at(
            note.at + timedelta(seconds=session.policy.lease_seconds),
            lambda: self._tell(session.session_id, timer),
        )

    async def _tell(self, session_id: str, timer: LeaseEnded) -> None:
        session = self._active.get(session_id)
        if session is None or session.node(timer.node).status != "cancelling":
            return
        try:
            message_id = f"{session_id}/{timer.input_id()}"
            await self._publisher.publish(
                subjects.timer(session_id), timer.encode(), stream=subjects.INBOX, msg_id=message_id
            )
        except RepriseError as error:
            _log.warning("not told", session=session_id, error=str(error))
            self._timers.at(self._clock() + timedelta(seconds=1), lambda: self._tell(session_id, timer))

    async def _look_after(self, every: float) -> None:
        """R22: jobs that the log wants done and that nobody holds are published again, and rates are
        learnt."""
        while True:
            await asyncio.sleep(every)
            metrics.ACTIVE.set(len(self._active))
            for turns in self._turns.values():
                turns.measure(every)
            self._widen()
            backlog = PoolBacklog(ready={phase: turns.ready for phase, turns in self._turns.items()})
            self._publisher.publish_nowait(subjects.BACKLOG, backlog.encode())
            await self._open.note()
            try:
                held = await self._dispatcher.held()
            except RepriseError as error:
                _log.warning("cannot see what is held", error=str(error))
                continue
            await self._publish_missing(held)
            self._ready.set()

    async def _publish_missing(self, held: set[str]) -> None:
        """A job is missing when it was out, and is not held, twice in a row: between the two its result would
        have been decided."""
        missing: set[Attempted] = set()
        lost: list[tuple[Session, str]] = []
        for session in self._active.values():
            for node, not_before in nodes_to_dispatch(session).items():
                attempt = _attempt(session, node)
                out = self._turns[phase_of(node)].is_out(session.session_id, node)
                if not out or (not_before and not_before > self._clock()) or subjects.job(*attempt) in held:
                    continue
                missing.add(attempt)
        for attempt in missing & self._missing:
            if not await self._is_reported(attempt[0], attempt[1]):
                now = self._active.get(attempt[0])
                if now is not None and _attempt(now, attempt[1]) == attempt and self._due(now, attempt[1]):
                    self._again.add(attempt)
                    lost.append((now, attempt[1]))
        self._missing = missing
        if lost:
            metrics.JOBS_LOST.inc(len(lost))
            _log.warning("publishing lost jobs again", jobs=len(lost))
            await self._send(lost)

    async def _is_reported(self, session_id: str, node: str) -> bool:
        """Whether its result is there and waits for an orchestrator: then the job is done, and nobody has to
        do it again."""
        try:
            return await self._dispatcher.is_reported(session_id, node)
        except RepriseError:
            return True

    # Housekeeping

    def _later(self, seconds: float, name: str, piece: Callable[[], Awaitable[None]]) -> None:
        self._housekeeping.at(self._clock() + timedelta(seconds=seconds), name, piece)

    def _sweep_later(self, batch_id: str, session_id: str) -> None:
        self._later(
            self._timings.sweep_after,
            f"sweep {session_id}",
            functools.partial(self._sweep, batch_id, session_id),
        )

    def _sweep_downloads_later(self, batch_id: str) -> None:
        self._later(
            self._timings.sweep_after,
            f"downloads {batch_id}",
            functools.partial(self._sweep_downloads, batch_id),
        )

    def _sweep_leftovers_later(self, batch_id: str) -> None:
        self._later(
            self._timings.sweep_after,
            f"leftovers {batch_id}",
            functools.partial(self._sweep_leftovers, batch_id),
        )

    def _watch(self, batch_id: str, after: float = 0.0) -> None:
        if self._watches is not None:
            align = functools.partial(self._align, self._watches, batch_id)
            self._later(after, f"watch {batch_id}", align)

    async def _align(self, watches: Watches, batch_id: str) -> None:
        """R36: a batch's sources are looked at when its log says so."""
        try:
            await watches.align(batch_id)
        except (RepriseError, ApiError) as error:
            _log.warning("not watched yet", batch=batch_id, error=str(error))
            self._watch(batch_id, 1.0)
        except Malformed as error:
            _log.error("cannot watch a batch", batch=batch_id, error=str(error))

    def _remove_batch_after(self, seconds: float, batch_id: str) -> None:
        self._later(seconds, f"remove {batch_id}", functools.partial(self._remove_batch, batch_id))

    async def _latest(self, session_id: str) -> Session | None:
        """A session as its log says now; one that is kept folded and has not moved need not be read."""
        last = await self._log.last(session_id)
        kept = self._active.get(session_id) or self._resting.get(session_id)
        if last is None or (kept is not None and kept.seq == last.seq):
            return kept if last else None
        return await load_session(self._log, session_id, last.seq)

    async def _named_elsewhere(self, batch_id: str, session_id: str) -> frozenset[str] | None:
        """R37: the keys that other sessions of the batch name; None while a fork is asked for and not there,
        which may name any of its origin's. Without forks each has its own."""
        batch, names = await self._batch_log(batch_id), frozenset[str]()
        if batch is None or all(member.spec.fork is None for member in batch.members):
            return names
        for member in batch.members:
            other = await self._latest(member.spec.session_id)
            if other is None and member.spec.fork is not None:
                return None
            if other is not None and not other.deleted and other.session_id != session_id:
                names |= made_keys(other)
        return names

    async def _sweep(self, batch_id: str, session_id: str) -> None:
        named = functools.partial(self._named_elsewhere, batch_id, session_id)
        try:
            session = await self._latest(session_id)
            if session is None:
                self._open.close(session_id)
                return
            if session.deleted:
                if not await self._sweeper.remove_session(session, named):
                    self._sweep_later(batch_id, session_id)
                    return
                self._resting.pop(session_id, None)
                self._open.close(session_id)
                return
            if session.sweepable and not await self._sweeper.sweep(
                session, lambda: self._latest(session_id), named
            ):
                self._sweep_later(batch_id, session_id)
            if session.batch_id in self._unswept:  # what its artifacts cited may be free now
                self._sweep_downloads_later(session.batch_id)
        except RepriseError as error:
            _log.warning("not swept", session=session_id, error=str(error))
            self._sweep_later(batch_id, session_id)
        except (Malformed, InvalidTransition) as error:
            _log.error("cannot sweep a session", session=session_id, error=str(error))

    async def _batch_log(self, batch_id: str) -> Batch | None:
        batch: Batch | None = None
        for entry in await self._log.read(batch_id):
            batch = fold_batch(batch, entry.commit, entry.seq)
        return batch

    async def _batch(self, batch_id: str) -> tuple[Batch | None, list[Session | None]]:
        """A batch and its sessions, as their logs say now."""
        batch = await self._batch_log(batch_id)
        return batch, [
            await self._latest(member.spec.session_id) for member in batch.members
        ] if batch else []

    async def _standing(self, batch_id: str) -> list[int]:
        """Where the logs of a batch and of its sessions stand now; nowhere while the news of a check waits to
        move them: it may name again what was to be deleted."""
        if await self._dispatcher.is_told(batch_id):
            return []
        now, members = await self._batch(batch_id)
        return [one.seq for one in (now, *members) if one is not None]

    async def _sweep_leftovers(self, batch_id: str) -> None:
        """Once nothing runs in any session of the batch, and no command to it waits; what is found is looked
        at twice."""
        before = self._leftovers.pop(batch_id, set())
        try:
            batch, members = await self._batch(batch_id)
            if batch is None or batch.deleted:
                return
            sessions = [session for session in members if session is not None]
            waits = any(session.busy for session in sessions) or await self._dispatcher.is_asked(batch_id)
            left = before
            if not waits:
                look = functools.partial(self._standing, batch_id)
                left = await self._sweeper.sweep_leftovers(batch, sessions, before, look)
            if waits or left:
                self._leftovers[batch_id] = left
                self._sweep_leftovers_later(batch_id)
            elif not (batch.superseded or batch.watches):
                self._open.close(batch_id)
        except RepriseError as error:
            _log.warning("leftovers not swept", batch=batch_id, error=str(error))
            self._sweep_leftovers_later(batch_id)
        except (Malformed, InvalidTransition) as error:
            _log.error("cannot sweep a batch", batch=batch_id, error=str(error))

    async def _sweep_downloads(self, batch_id: str) -> None:
        """Once nothing runs in any session of the batch; a session that comes to rest brings this about
        again."""
        look = functools.partial(self._standing, batch_id)
        try:
            batch, members = await self._batch(batch_id)
            sessions = [session for session in members if session is not None]
            if (
                batch is None
                or batch.deleted
                or not batch.superseded
                or any(session.busy for session in sessions)
            ):
                return
            if not await self._sweeper.sweep_downloads(batch, sessions, look):
                self._sweep_downloads_later(batch_id)
        except RepriseError as error:
            _log.warning("downloads not swept", batch=batch_id, error=str(error))
            self._sweep_downloads_later(batch_id)
        except (Malformed, InvalidTransition) as error:
            _log.error("cannot sweep a batch", batch=batch_id, error=str(error))

    async def _remove_batch(self, batch_id: str) -> None:
        """A batch's own log goes last: until then it says which sessions there are."""
        try:
            batch, gone = await self._batch(batch_id)
            if batch is None:
                return
            if all(session is not None and session.deleted for session in gone):
                for session in gone:
                    if session is not None:
                        named = functools.partial(self._named_elsewhere, batch_id, session.session_id)
                        await self._sweeper.remove_session(session, named)
                await self._sweeper.remove_batch(batch)
                self._open.close(batch_id)
                return
        except (Malformed, InvalidTransition) as error:
            _log.error("cannot delete a batch", batch=batch_id, error=str(error))
            return
        except RepriseError as error:
            _log.warning("not deleted", batch=batch_id, error=str(error))
        self._remove_batch_after(1.0, batch_id)
