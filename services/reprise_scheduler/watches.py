"""Watched sources (R36): the log says which, JetStream's schedules say when. Here the schedules are made to
agree with the log: one message for each source, with what its check needs."""

from reprise_contracts import subjects
from reprise_contracts.events import Commit
from reprise_contracts.watches import CheckDue, Watch, watched
from reprise_domain.batch import Batch, fold_batch
from reprise_runtime import metrics
from reprise_runtime.errors import Refused
from reprise_runtime.logs import logger
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.session_log import SessionLog

_log = logger(__name__)
SCHEDULE = "Nats-Schedule"
TARGET = "Nats-Schedule-Target"
TIME_ZONE = "Nats-Schedule-Time-Zone"
Schedule = tuple[str, str, bytes]
"""When, in which time zone, and what its check is told."""


def schedules(batch: Batch) -> dict[str, Schedule]:
    """The schedules that a batch's log wants, by source; none of one that has ended."""
    found = {} if batch.ended else watched(batch.sources, batch.watches)
    return {name: _schedule(batch, name, watch) for name, watch in found.items()}


def _schedule(batch: Batch, name: str, watch: Watch) -> Schedule:
    due = CheckDue(batch_id=batch.batch_id, source=batch.sources[name], add=watch.add)
    return watch.schedule, watch.time_zone, due.encode()


class Watches:
    """The schedules of every batch that is watched."""

    def __init__(self, log: SessionLog, bus: Bus) -> None:
        self._log = log
        self._bus = bus
        self._batches: dict[str, Batch] = {}
        self._kept: dict[str, dict[str, Schedule]] = {}
        """By batch: the schedules as the server has them."""

    def take(self, batch_id: str, commit: Commit, seq: int) -> None:
        """A commit of a batch that is watched."""
        batch = self._batches.get(batch_id)
        if batch is not None and seq > batch.seq:
            self._batches[batch_id] = fold_batch(batch, commit, seq)

    async def align(self, batch_id: str) -> None:
        """Make the server's schedules those that the log wants. Raises `RepriseError` where it cannot now.

        What is as it should be is left alone: a schedule that is published again begins to count anew."""
        batch = self._batches.get(batch_id)
        for entry in await self._log.read(batch_id, after=batch.seq if batch else 0):
            batch = fold_batch(batch, entry.commit, entry.seq)
        if batch is None:
            return
        self._batches[batch_id] = batch
        kept, wanted = await self._of(batch_id), schedules(batch)
        for name, schedule in wanted.items():
            if kept.get(name) != schedule:
                await self._publish(batch_id, name, schedule)
                kept[name] = schedule
        for name in kept.keys() - wanted.keys():
            await self._bus.purge(subjects.WATCHES, subjects.watch(batch_id, name))
            await self._bus.purge(subjects.WATCHES, subjects.check_due(batch_id, name))
            del kept[name]
        if batch.deleted:
            await self._bus.purge(subjects.WATCHES, subjects.checked_of(batch_id))
        if batch.ended:
            del self._batches[batch_id], self._kept[batch_id]
        metrics.WATCHED.set(sum(map(len, self._kept.values())))

    async def _of(self, batch_id: str) -> dict[str, Schedule]:
        if batch_id not in self._kept:
            info = await self._bus.api(
                f"STREAM.INFO.{subjects.WATCHES}", {"subjects_filter": subjects.watches_of(batch_id)}
            )
            there = sorted(info["state"].get("subjects") or {})
            found = await self._bus.last_of_each(subjects.WATCHES, there)
            self._kept[batch_id] = {
                subjects.watched_source(subject): (
                    message.headers.get(SCHEDULE, ""),
                    message.headers.get(TIME_ZONE, ""),
                    message.data,
                )
                for subject, message in found.items()
            }
        return self._kept[batch_id]

    async def _publish(self, batch_id: str, name: str, schedule: Schedule) -> None:
        when, zone, body = schedule
        headers = {SCHEDULE: when, TARGET: subjects.check_due(batch_id, name)}
        if zone:
            headers[TIME_ZONE] = zone
        try:
            await self._bus.publish(
                subjects.watch(batch_id, name), body, stream=subjects.WATCHES, headers=headers
            )
        except Refused as error:  # the server knows fewer time zones than we do: the others are watched
            _log.error("cannot watch", batch=batch_id, source=name, schedule=when, error=str(error))
