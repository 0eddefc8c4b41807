"""Looks at the whole every few seconds: sets the figures that operators watch, and says on demand what is
wrong."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from reprise_contracts import subjects
from reprise_contracts.states import Diagnosis, PoolView
from reprise_gateway.operations.diagnosis import diagnose
from reprise_gateway.operations.pools import Pools
from reprise_gateway.operations.server_status import Probe, ServerStatus
from reprise_runtime import metrics
from reprise_runtime.errors import RepriseError
from reprise_runtime.logs import logger

_log = logger(__name__)
Reachable = Callable[[], Awaitable[Mapping[str, bool]]]


class Monitor:
    """One look at a time; `run` repeats it."""

    def __init__(self, probe: Probe, pools: Pools, reachable: Reachable, every: float) -> None:
        self._probe = probe
        self._pools = pools
        self._reachable = reachable
        self._every = every

    async def run(self) -> None:
        """For as long as the gateway lives."""
        while True:
            await self.once()
            await asyncio.sleep(self._every)

    async def once(self) -> tuple[ServerStatus | None, Mapping[str, bool], list[PoolView]]:
        """Look, and set the figures. What does not answer leaves its figures as they were, and its
        `reprise_up` at 0."""
        reachable = await self._reachable()
        for server, answers in reachable.items():
            metrics.UP.labels(server).set(answers)
        try:
            status, pools = await asyncio.gather(self._probe(), self._pools.show())
        except RepriseError as error:
            _log.warning("cannot see what is there", error=str(error))
            metrics.UP.labels("nats").set(0)  # connected, perhaps, and yet it says nothing
            return None, {**reachable, "nats": False}, []
        _tell(status, pools)
        return status, reachable, pools

    async def findings(self) -> tuple[Diagnosis, ...]:
        """What there is to say now."""
        return diagnose(*await self.once(), metrics.code_version())


def _tell(status: ServerStatus, pools: list[PoolView]) -> None:
    if status.backup is not None:
        metrics.BACKUP_AT.set(status.backup.taken_at.timestamp())
    metrics.LOG_REWOUND.set(bool(status.rewound))
    metrics.UP.labels("nats-storage").set(not status.unwell)
    for name, stream in status.streams.items():
        metrics.STREAM_MESSAGES.labels(name).set(stream.messages)
        metrics.STREAM_BYTES.labels(name).set(stream.bytes)
        metrics.STREAM_LIMIT.labels(name).set(stream.limit)
    if (dlq := status.streams.get(subjects.DLQ)) is not None:
        metrics.DLQ.set(dlq.messages)
    if (inbox := status.streams.get(subjects.INBOX)) is not None:
        metrics.INBOX_OLDEST.set(inbox.oldest)
    metrics.NATS_AWAY.set(len(status.away))
    metrics.CLOCK.set(status.clock_offset)
    if status.disk is not None:
        metrics.DISK_FREE.labels(status.disk.path).set(status.disk.free)
    for pool in pools:
        metrics.POOL_WAITING.labels(pool.phase).set(pool.waiting)
        metrics.POOL_READY.labels(pool.phase).set(pool.ready)
        metrics.POOL_SLOTS.labels(pool.phase).set(sum(worker.slots for worker in pool.workers))
        metrics.POOL_WORKING.labels(pool.phase).set(pool.working)
        metrics.POOL_OLDEST.labels(pool.phase).set(pool.oldest_seconds or 0.0)
        metrics.POOL_WORKERS.labels(pool.phase).set(len(pool.workers))
        metrics.POOL_PAUSED.labels(pool.phase).set(pool.state != "running")
