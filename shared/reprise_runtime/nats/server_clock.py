"""How far a clock is off the server's: judged by the server's own time stamps, never by when a message
came."""

from collections.abc import Callable
from datetime import datetime

from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.jetstream import server_time


async def clock_offset(bus: Bus, question: str, clock: Callable[[], datetime]) -> float | None:
    """Ask JetStream a question, and return by how many seconds the clock is ahead of the server's, at the
    least; None where the answer tells no time. Raises `Unavailable`, `ApiError`."""
    asked = clock()
    answer = await bus.api(question)
    return offset(asked, server_time(answer["ts"]), clock()) if "ts" in answer else None


def offset(asked: datetime, told: datetime, answered: datetime) -> float:
    """Return by how many seconds a clock is ahead of the one that told a time between two of its own, at the
    least: a time within the call says nothing against it, however long the call took."""
    if asked <= told <= answered:
        return 0.0
    return ((asked if told < asked else answered) - told).total_seconds()
