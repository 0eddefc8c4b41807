"""The worker pools: what waits for them, who of them was heard of lately, and what an operator wants of
them."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import NamedTuple

from reprise_contracts import subjects
from reprise_contracts.jobs import PoolBacklog, PoolOrder
from reprise_contracts.nodes import PHASES, Phase
from reprise_contracts.states import PoolView, WorkerView
from reprise_contracts.wire import Malformed
from reprise_gateway.operations.diagnosis import Before, pool_findings
from reprise_runtime.errors import Unavailable
from reprise_runtime.logs import logger
from reprise_runtime.nats.bus import Bus, Publisher
from reprise_runtime.nats.jetstream import CONSUMER_NOT_FOUND, STREAM_NOT_FOUND, ApiError

SILENT = 3
"""Heartbeats after which a worker that says nothing is taken for gone."""
REMEMBERED = timedelta(seconds=60)
"""How far back a pool's lag is compared with."""


class Lag(NamedTuple):
    """Of one pool: jobs that wait, jobs in work, and the age of the oldest of them in seconds."""

    waiting: int
    working: int
    oldest: float | None = None


Lags = Callable[[str], Awaitable[Lag]]
"""Of a phase's pool. Raises `Unavailable`."""
_log = logger(__name__)


class Heard(NamedTuple):
    """What a worker said, and when it was heard."""

    at: datetime
    view: WorkerView


class Pools:
    """What `/workers` shows."""

    def __init__(
        self, lags: Lags, publisher: Publisher, heartbeat: float, clock: Callable[[], datetime]
    ) -> None:
        self._lags = lags
        self._publisher = publisher
        self._kept = timedelta(seconds=heartbeat * SILENT)
        self._clock = clock
        self._since = clock()
        self._workers: dict[tuple[str, str], Heard] = {}
        self._ready: tuple[datetime, PoolBacklog] | None = None
        self._past: dict[str, deque[Before]] = {phase: deque() for phase in PHASES}

    def present(self, data: bytes) -> None:
        """A worker said that it is there."""
        try:
            worker = WorkerView.decode(data)
        except Malformed as error:
            _log.debug("presence cannot be read", error=str(error))
            return
        self._workers[worker.phase, worker.worker] = Heard(self._clock(), worker)

    def backlog(self, data: bytes) -> None:
        """Take what the scheduler says is ready."""
        try:
            self._ready = (self._clock(), PoolBacklog.decode(data))
        except Malformed as error:
            _log.debug("backlog cannot be read", error=str(error))

    def _ready_of(self, phase: Phase) -> int:
        """Return what the scheduler has ready, as it said lately; 0 while none says anything, which is told
        as such."""
        if self._ready is None or self._clock() - self._ready[0] > self._kept:
            return 0
        return self._ready[1].ready.get(phase, 0)

    async def order(self, phase: Phase, state: str, by: str) -> PoolView:
        """Pause, resume or drain a pool. It holds until the next order, whatever is started again
        meanwhile."""
        order = PoolOrder.model_validate({"phase": phase, "state": state, "by": by, "at": self._clock()})
        await self._publisher.publish(subjects.pool_order(phase), order.encode(), stream=subjects.POOLS)
        return (await self.show())[PHASES.index(phase)]

    async def show(self) -> list[PoolView]:
        """Every pool with its workers."""
        since = self._clock() - self._kept
        self._workers = {key: heard for key, heard in self._workers.items() if heard.at >= since}
        return list(await asyncio.gather(*(self._view(phase) for phase in PHASES)))

    async def _view(self, phase: Phase) -> PoolView:
        lag, order = await asyncio.gather(self._lags(phase), self._order(phase))
        heard = [self._workers[key] for key in sorted(self._workers) if key[0] == phase]
        view = PoolView(
            phase=phase,
            ready=self._ready_of(phase),
            waiting=lag.waiting,
            working=lag.working,
            oldest_seconds=lag.oldest,
            workers=tuple(worker for _, worker in heard),
            by=order.by if order else "",
            at=order.at if order else None,
        )
        if order is not None and order.state != "running":
            idle = not any(worker.running or not worker.paused for worker in view.workers)
            view = view.model_copy(
                update={"state": "drained" if order.state == "draining" and idle else order.state}
            )
        skews = {worker.worker: worker.clock_offset for _, worker in heard if worker.clock_offset is not None}
        listened = self._clock() - self._since >= self._kept
        return view.model_copy(
            update={"findings": pool_findings(view, self._before(view), skews, listened=listened)}
        )

    async def _order(self, phase: Phase) -> PoolOrder | None:
        try:
            kept = await self._publisher.last(subjects.POOLS, subjects.pool_order(phase))
        except (
            Unavailable
        ):  # the stream is missing, which is told as drift; of a NATS that is away the lag tells
            return None
        return PoolOrder.decode(kept.data) if kept is not None else None

    def _before(self, pool: PoolView) -> Before | None:
        """The pool a minute ago, once there was one."""
        past, now = self._past[pool.phase], self._clock()
        past.append(Before(now, pool.ready + pool.waiting))
        while len(past) > 1 and past[1].at <= now - REMEMBERED:
            past.popleft()
        return past[0] if past[0].at <= now - REMEMBERED else None


def consumer_lag(bus: Bus, clock: Callable[[], datetime]) -> Lags:
    """The lag of a pool's durable consumer; none of one that is missing, which is told as drift."""

    async def lag(phase: str) -> Lag:
        try:
            info = await bus.api(f"CONSUMER.INFO.{subjects.JOBS}.{subjects.pool(phase)}")
        except ApiError as error:
            if error.err_code in (CONSUMER_NOT_FOUND, STREAM_NOT_FOUND):
                return Lag(0, 0)
            raise Unavailable(f"the pool of {phase}: {error}") from error
        waiting, working = info["num_pending"], info["num_ack_pending"]
        first = (
            await bus.next(subjects.JOBS, subjects.jobs_of(phase), after=0) if waiting or working else None
        )
        age = (clock() - first.at).total_seconds() if first is not None and first.at is not None else None
        return Lag(waiting, working, max(age, 0.0) if age is not None else None)

    return lag
