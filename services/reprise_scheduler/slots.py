"""How many jobs the workers of each pool run side by side, as they say themselves. Pure but for the clock
that it is given."""

from collections.abc import Callable

from reprise_contracts.states import WorkerView

SILENT = 3
"""Heartbeats after which a worker that says nothing is taken for gone."""


class Slots:
    """The slots that are there now."""

    def __init__(self, heartbeat: float, clock: Callable[[], float]) -> None:
        self._kept = heartbeat * SILENT
        self._clock = clock
        self._heard: dict[tuple[str, str], tuple[float, int]] = {}

    def present(self, worker: WorkerView) -> None:
        """A worker says that it is there."""
        self._heard[worker.phase, worker.worker] = (self._clock(), worker.slots)

    def of(self, phase: str) -> int:
        """Return the slots of a pool's workers that were heard of lately."""
        since = self._clock() - self._kept
        self._heard = {key: heard for key, heard in self._heard.items() if heard[0] >= since}
        return sum(slots for (pool, _), (_, slots) in self._heard.items() if pool == phase)
