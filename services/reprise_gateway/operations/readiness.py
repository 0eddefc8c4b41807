"""Whether what stands behind a gateway answers now: asked, each time, and given up soon."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime

from reprise_contracts import subjects
from reprise_contracts.states import PoolView, PoolWork, WorkStatus
from reprise_gateway.operations.pools import Pools
from reprise_runtime.errors import RepriseError
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.jetstream import ApiError, server_time
from reprise_runtime.s3.artifact_store import ArtifactStore

PATIENCE = 3.0
"""Seconds after which a server that says nothing counts as away."""
UNDECIDED_SECONDS = 10.0
"""An input that has waited so long says that nobody decides."""

OldestInput = Callable[[], Awaitable[float]]
"""Seconds for which the first undecided input has waited, 0 where none waits; raises `Unavailable`."""


async def nothing_old() -> float:
    """No input waits, where nobody can look."""
    return 0.0


def oldest_input(bus: Bus, clock: Callable[[], datetime]) -> OldestInput:
    """Asks NATS for INBOX, which is also the question whether it answers at all."""

    async def oldest() -> float:
        answer = await bus.api(f"STREAM.INFO.{subjects.INBOX}")
        state = answer["state"]
        now = server_time(answer["ts"]) if "ts" in answer else clock()
        return max((now - server_time(state["first_ts"])).total_seconds(), 0.0) if state["messages"] else 0.0

    return oldest


Attended = Callable[[], Awaitable[bool]]
"""Whether somebody asks for inputs, or has some in work; raises `Unavailable`."""
GLANCE = 0.25
"""Seconds after which it is asked again: between two requests there is a moment of none."""


async def always_attended() -> bool:
    """Somebody asks, where nobody can look."""
    return True


def attended(bus: Bus) -> Attended:
    """Look at the consumer that orchestrators ask: the requests of one that stands still run out in half a
    minute."""

    async def asked() -> bool:
        info = await bus.api(f"CONSUMER.INFO.{subjects.INBOX}.{subjects.ORCHESTRATOR}")
        return bool(info["num_waiting"] or info["num_ack_pending"])

    async def found() -> bool:
        if await asked():
            return True
        await asyncio.sleep(GLANCE)
        return await asked()

    return found


Reachable = Callable[[], Awaitable[dict[str, bool]]]


def reachable_by(connected: Callable[[], bool], oldest: OldestInput, store: ArtifactStore) -> Reachable:
    """Which servers answer, by name; and `orchestrator`, where nothing is decided."""

    async def nats() -> tuple[bool, bool]:
        try:
            async with asyncio.timeout(PATIENCE):
                waited = await oldest()
        except (RepriseError, ApiError, TimeoutError):
            return False, True  # nothing is known of who decides
        return connected(), waited < UNDECIDED_SECONDS

    async def bucket() -> bool:
        try:
            async with asyncio.timeout(PATIENCE):
                await store.ensure_bucket()
        except (RepriseError, TimeoutError):
            return False
        return True

    async def reachable() -> dict[str, bool]:
        (there, decides), stores = await asyncio.gather(nats(), bucket())
        return {"nats": there, "store": stores} | ({} if decides else {"orchestrator": False})

    return reachable


STUCK_SECONDS = 60.0
"""A job that nobody has taken for so long, while workers are there and idle, says that none is taken."""


def work_by(oldest: OldestInput, asked: Attended, pools: Pools) -> Callable[[], Awaitable[WorkStatus]]:
    """Whether commands are decided and jobs taken, from what waits, who asks and who was heard of."""

    async def work() -> WorkStatus:
        try:
            async with asyncio.timeout(PATIENCE):
                waited, there, shown = await asyncio.gather(oldest(), asked(), pools.show())
        except (RepriseError, ApiError, TimeoutError):
            return WorkStatus(status="not working", deciding=False)
        taking = {pool.phase: _pool(pool) for pool in shown}
        deciding = there and waited < UNDECIDED_SECONDS
        fine = deciding and all(pool.taking for pool in taking.values())
        return WorkStatus(
            status="working" if fine else "not working",
            deciding=deciding,
            oldest_input_seconds=round(waited, 1),
            pools=taking,
        )

    return work


def _pool(pool: PoolView) -> PoolWork:
    stuck = pool.waiting > 0 and not pool.working and (pool.oldest_seconds or 0.0) > STUCK_SECONDS
    taking = bool(pool.workers) and pool.state == "running" and not stuck
    return PoolWork(
        taking=taking, workers=len(pool.workers), waiting=pool.waiting, oldest_seconds=pool.oldest_seconds
    )
