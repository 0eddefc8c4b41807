"""What is cancelled, as the log says it: followed by every worker, looked at when a job is claimed and while
it runs."""

import asyncio
from collections.abc import Callable

from reprise_contracts import subjects
from reprise_contracts.jobs import Controlled, Job
from reprise_contracts.nodes import token
from reprise_contracts.wire import Malformed
from reprise_runtime.logs import logger
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.ordered_consumer import OrderedConsumer

_log = logger(__name__)


class Control:
    """The last cancellation of each node of a pool."""

    def __init__(self) -> None:
        self._last: dict[str, tuple[int, int]] = {}
        self._running: dict[str, dict[tuple[int, int], Callable[[], object]]] = {}

    def cancelled(self, job: Job) -> bool:
        """Whether this attempt is to stop."""
        return (job.generation, job.attempt) <= self._last.get(_name(job.session_id, job.node), (0, 0))

    def watch(self, job: Job, stop: Callable[[], object]) -> Callable[[], None]:
        """Call `stop` once this attempt is cancelled; ends by calling what is returned."""
        running = self._running.setdefault(_name(job.session_id, job.node), {})
        key = (job.generation, job.attempt)
        running[key] = stop

        def forget() -> None:
            running.pop(key, None)
            if not running:
                self._running.pop(_name(job.session_id, job.node), None)

        return forget

    def take(self, session_id: str, note: Controlled) -> None:
        """A cancellation came."""
        name, until = _name(session_id, note.node), (note.generation, note.attempt)
        self._last[name] = max(until, self._last.get(name, until))
        for key, stop in list(self._running.get(name, {}).items()):
            if key <= until:
                stop()

    async def follow(self, bus: Bus, phase: str, ready: asyncio.Event) -> None:
        """Follow the stream for ever; `ready` is set once all that was there is known."""
        async with OrderedConsumer(
            bus, subjects.CONTROL, subjects.controls_of(phase), start="last_per_subject"
        ) as entries:
            waiting = asyncio.ensure_future(entries.caught_up.wait())
            waiting.add_done_callback(lambda _: ready.set())
            async for entry in entries:
                try:
                    note = Controlled.decode(entry.data)
                except Malformed as error:
                    _log.error("not a cancellation", subject=entry.subject, error=str(error))
                    continue
                self.take(entry.subject.split(".")[4], note)


def _name(session_id: str, node: str) -> str:
    return f"{session_id}/{token(node)}"
