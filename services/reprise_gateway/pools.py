"""The worker pools: what waits for them, and who of them was heard of lately."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from reprise_contracts import subjects
from reprise_contracts.nodes import PHASES
from reprise_contracts.states import PoolView, WorkerView
from reprise_contracts.wire import Malformed
from reprise_runtime.errors import Unavailable
from reprise_runtime.logs import logger
from reprise_runtime.nats import ApiError, Bus

SILENT = 3
"""Heartbeats after which a worker that says nothing is taken for gone."""

Lag = Callable[[str], Awaitable[tuple[int, int]]]
"""Of a phase's pool: jobs that wait, and jobs in work. Raises `Unavailable`."""
_log = logger(__name__)


class Pools:
    """What `/workers` shows."""

    def __init__(self, lag: Lag, heartbeat: float, clock: Callable[[], datetime]) -> None:
        self._lag = lag
        self._kept = timedelta(seconds=heartbeat * SILENT)
        self._clock = clock
        self._workers: dict[tuple[str, str], tuple[datetime, WorkerView]] = {}

    def present(self, data: bytes) -> None:
        """A worker said that it is there."""
        try:
            worker = WorkerView.decode(data)
        except Malformed as error:
            _log.debug("presence cannot be read", error=str(error))
            return
        self._workers[worker.phase, worker.worker] = (self._clock(), worker)

    async def show(self) -> list[PoolView]:
        """Every pool with its workers."""
        since = self._clock() - self._kept
        self._workers = {key: (heard, worker) for key, (heard, worker) in self._workers.items() if heard >= since}
        lags = await asyncio.gather(*(self._lag(phase) for phase in PHASES))
        return [
            PoolView(
                phase=phase, waiting=waiting, working=working,
                workers=tuple(worker for (at, _), (_, worker) in sorted(self._workers.items()) if at == phase),
            )
            for phase, (waiting, working) in zip(PHASES, lags, strict=True)
        ]  # fmt: skip


def consumer_lag(bus: Bus) -> Lag:
    """The lag of a pool's durable consumer."""

    async def lag(phase: str) -> tuple[int, int]:
        try:
            info = await bus.api(f"CONSUMER.INFO.{subjects.JOBS}.{subjects.pool(phase)}")
        except ApiError as error:
            raise Unavailable(f"the pool of {phase}: {error}") from error
        return info["num_pending"], info["num_ack_pending"]

    return lag
