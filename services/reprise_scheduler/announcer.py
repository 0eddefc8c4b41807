"""The log as an outbox (ADR 26): what its commits mean to webhooks becomes deliveries, each under an id that
follows from the commit alone.

Nobody puts down that something is to be told: it follows from the log, up to a position that is noted. What
was announced behind that position before the scheduler died is announced again, under the same ids:
DELIVERIES drops what it holds or held lately, and a receiver counts an id once. Without webhooks nothing is
followed.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime

from reprise_announcements.announcing import Told, announce, backup_is_old, may_announce
from reprise_contracts import subjects
from reprise_contracts.marks import AnnouncedMark, BackupMark
from reprise_contracts.webhooks import Announcement, Webhook
from reprise_contracts.wire import Malformed
from reprise_runtime import metrics
from reprise_runtime.errors import AlreadyHeld, RepriseError, Retryable
from reprise_runtime.logs import logger
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.jetstream import CONSUMER_NOT_FOUND, ApiError
from reprise_runtime.nats.session_log import Entry, Following, SessionLog
from reprise_runtime.nats.topology import delivery_consumer, ensure_consumer
from reprise_runtime.settings import Settings

PAUSE = 1.0
"""Seconds between two looks at who is to be told, where nothing happens."""
GATHERED = 0.05
"""Seconds in which commits are gathered, so that a busy log costs few questions."""
NOTED_EVERY = 1.0
"""Seconds between two notes of a position behind which nothing was announced."""
LOOKED_UP_EVERY = 60.0
"""Seconds after which the webhooks are read, and their consumers looked after, though none has changed."""
CHUNK = 256
KEPT = 256
"""Logs that are kept folded."""
BACKUP_EVERY = 60.0
_log = logger(__name__)
Made = tuple[Announcement, Webhook]


class Tellings:
    """What the logs have told so far: folded when a commit of theirs may mean something, from where they were
    folded to before."""

    def __init__(self, log: SessionLog) -> None:
        self._log = log
        self._told: OrderedDict[str, Told] = OrderedDict()

    async def of(self, entry: Entry) -> tuple[Announcement, ...]:
        """What a commit announces. Raises `Retryable`."""
        if not may_announce(entry.commit):
            return ()
        told, found = self._told.pop(entry.id, None), tuple[Announcement, ...]()
        if told is not None and told.seq >= entry.seq:
            told = None
        if told is not None and entry.commit.batch is None:  # of a batch no commit was passed over since
            others = [entry]
        else:
            others = await self._log.read(entry.id, after=told.seq if told is not None else 0)
        for other in others:
            if other.seq > entry.seq:
                break
            told, made = announce(told, other.commit, other.seq)
            found = made if other.seq == entry.seq else ()
        if told is not None:
            self._told[entry.id] = told
            while len(self._told) > KEPT:
                self._told.popitem(last=False)
        return found


class Announcer:
    """Makes deliveries of commits; of the scheduler that leads."""

    def __init__(self, log: SessionLog, bus: Bus, settings: Settings, clock: Callable[[], datetime]) -> None:
        self._log = log
        self._bus = bus
        self._settings = settings
        self._clock = clock
        self._webhooks: dict[str, Webhook] = {}
        self._seen = -1
        """The last sequence of WEBHOOKS when they were read."""
        self._forgotten: set[str] = set()
        self._mark: AnnouncedMark | None = None
        self._whole = True
        """Nothing came that this version cannot read: the position may be noted."""
        self._backup_looked: datetime | None = None
        self._looked_up = self._noted = -LOOKED_UP_EVERY

    async def run(self) -> None:
        """Announce for ever. What cannot be stored now is announced later: the log waits."""
        while True:
            try:
                await self._announce()
            except (RepriseError, ApiError) as error:
                _log.warning("not announced yet", error=str(error))
                self._webhooks, self._seen = {}, -1
            except Exception:  # whatever it is, jobs are sent all the same
                _log.exception("not announced")
                self._webhooks, self._seen = {}, -1
            await asyncio.sleep(PAUSE)

    async def _announce(self) -> None:
        """Follow the log for as long as anybody is to be told."""
        await self._look_up()
        if not self._webhooks:
            return
        self._mark = await self._place()
        self._whole = True
        tellings = Tellings(self._log)
        async with self._log.follow(after=self._mark.position) as following:
            await following.opened.wait()
            if following.epoch != self._mark.epoch:
                return  # it was created anew between the two questions
            position = self._mark.position
            while self._webhooks:
                entries = await self._gathered(following)
                await self._look_up()  # after: a webhook that was there before these commits is told of them
                some = await self._tell(entries, tellings)
                position = max(position, following.position)
                if self._whole and (some or time.monotonic() - self._noted > NOTED_EVERY):
                    await self._note(position=position)
                await self._replay(position)
                await self._look_at_backup()

    async def _gathered(self, following: Following) -> list[Entry]:
        """The next commits, or none after a while."""
        entries: list[Entry] = []
        clock = asyncio.get_running_loop().time
        until = clock() + PAUSE
        while len(entries) < CHUNK:
            try:
                async with asyncio.timeout_at(until):
                    entries.append(await anext(following))
            except TimeoutError:
                break
            except Malformed as error:  # written by a newer version: its scheduler announces it
                _log.error("cannot read a commit", error=str(error))
                self._whole = False
            if len(entries) <= 1:
                until = clock() + GATHERED
        return entries

    # Where it stands

    async def _place(self) -> AnnouncedMark:
        """From where on the log is announced. A webhook of another log than this one, as after a restore, is
        told of what comes from now on."""
        log = await self._log.position()
        mark = await self._last_mark()
        if mark is None or mark.epoch != log.epoch:
            replays = mark.replays if mark is not None else {}
            backup = mark.backup if mark is not None else None
            mark = AnnouncedMark(epoch=log.epoch, position=0, replays=replays, backup=backup)
            strangers = log.last_seq
        else:
            strangers = mark.position
        starts = [hook.after if hook.epoch == log.epoch else strangers for hook in self._webhooks.values()]
        mark = mark.model_copy(update={"position": max(mark.position, min(starts))})
        await self._store(mark)
        return mark

    async def _last_mark(self) -> AnnouncedMark | None:
        found = await self._bus.last(subjects.MARKS, subjects.ANNOUNCED_MARK)
        try:
            return AnnouncedMark.decode(found.data) if found is not None else None
        except Malformed as error:
            _log.warning("what is announced cannot be read", error=str(error))
            return None

    async def _note(self, **changes: object) -> None:
        """Put down how far it has come, unless that is known."""
        if self._mark is None:
            raise AssertionError("where it stands is known before anything is announced")
        self._noted = time.monotonic()
        now = self._mark.model_copy(update=changes)
        if now != self._mark:
            await self._store(now)
            self._mark = now

    async def _store(self, mark: AnnouncedMark) -> None:
        await self._bus.publish(subjects.ANNOUNCED_MARK, mark.encode(), stream=subjects.MARKS)

    # Who is told

    async def _look_up(self) -> None:
        """Read the webhooks if they have changed, and bring DELIVERIES into accord with them: a consumer for
        each, nothing for one that was removed."""
        info = await self._bus.api(
            f"STREAM.INFO.{subjects.WEBHOOKS}", {"subjects_filter": subjects.ALL_WEBHOOKS}
        )
        late = time.monotonic() - self._looked_up > LOOKED_UP_EVERY
        if info["state"]["last_seq"] == self._seen and not late:
            return
        there = sorted(info["state"].get("subjects") or {})
        found: dict[str, Webhook] = {}
        for subject, message in (await self._bus.last_of_each(subjects.WEBHOOKS, there)).items():
            try:
                webhook = Webhook.decode(message.data)
            except Malformed as error:
                _log.error("a webhook cannot be read", subject=subject, error=str(error))
                continue
            if webhook.removed:
                await self._forget(webhook.webhook_id)
                continue
            if late or webhook.webhook_id not in self._webhooks:
                config = delivery_consumer(self._settings, webhook.webhook_id)
                name = subjects.deliverer(webhook.webhook_id)
                await ensure_consumer(self._bus, subjects.DELIVERIES, name, config)
            found[webhook.webhook_id] = webhook
        self._webhooks = found
        self._seen = info["state"]["last_seq"]
        if late:
            self._looked_up = time.monotonic()
        metrics.WEBHOOKS.set(len(found))

    async def _forget(self, webhook_id: str) -> None:
        """Drop what a removed webhook was still to be told: nothing is announced to it after this."""
        if webhook_id in self._forgotten:
            return
        name = subjects.deliverer(webhook_id)
        try:
            await self._bus.api(f"CONSUMER.DELETE.{subjects.DELIVERIES}.{name}")
        except ApiError as error:
            if error.err_code != CONSUMER_NOT_FOUND:
                raise
        await self._bus.purge(subjects.DELIVERIES, subjects.deliveries_of(webhook_id))
        await self._bus.purge(subjects.WEBHOOKS, subjects.delivered(webhook_id))
        self._forgotten.add(webhook_id)

    # Telling

    async def _tell(self, entries: Iterable[Entry], tellings: Tellings) -> bool:
        """Announce what some commits mean; whether they meant anything to anybody."""
        epoch = self._mark.epoch if self._mark is not None else ""
        made: list[Made] = []
        for entry in entries:
            made += [
                (announcement, webhook)
                for announcement in await self._of(entry, tellings)
                for webhook in self._webhooks.values()
                if webhook.wants(announcement) and not (webhook.epoch == epoch and entry.seq <= webhook.after)
            ]
        await self._publish(made)
        return bool(made)

    async def _of(self, entry: Entry, tellings: Tellings) -> tuple[Announcement, ...]:
        try:
            return await tellings.of(entry)
        except Retryable:
            raise
        except Exception as error:  # one log that cannot be folded silences no other
            _log.error("a log cannot be announced", id=entry.id, seq=entry.seq, error=repr(error))
            return ()

    async def _publish(self, made: Iterable[Made], again: str = "") -> None:
        await asyncio.gather(*(self._deliver(*one, again) for one in made))

    async def _deliver(self, announcement: Announcement, webhook: Webhook, again: str) -> None:
        """Store one delivery. `again` tells apart what is announced once more on purpose."""
        subject = subjects.delivery(webhook.webhook_id, announcement.id)
        try:
            await self._bus.publish(
                subject,
                announcement.encode(),
                stream=subjects.DELIVERIES,
                msg_id=f"{webhook.webhook_id}.{announcement.id}{again}",
            )
        except AlreadyHeld:
            return
        metrics.ANNOUNCED.labels(announcement.type).inc()

    async def _replay(self, until: int) -> None:
        """Announce again what webhooks asked for, from the log up to where it is announced."""
        if self._mark is None:
            return
        for webhook in tuple(self._webhooks.values()):
            asked, done = webhook.replay, self._mark.replays
            if asked is None or done.get(webhook.webhook_id) == asked.replay_id:
                continue
            _log.info("announcing again", webhook=webhook.webhook_id, since=asked.since.isoformat())
            tellings = Tellings(self._log)
            begun = False
            async for entry in self._log.since(0):
                begun = begun or entry.commit.at >= asked.since  # from there on no commit is passed over
                if entry.seq > until or not begun:
                    continue
                found = [one for one in await self._of(entry, tellings) if webhook.wants(one)]
                await self._publish([(one, webhook) for one in found], f".{asked.replay_id}")
            replays = {name: given for name, given in done.items() if name in self._webhooks}
            await self._note(replays=replays | {webhook.webhook_id: asked.replay_id})

    # Backups

    async def _look_at_backup(self) -> None:
        """Say once of each backup that it is old, where there has ever been one."""
        now, hours = self._clock(), self._settings.webhooks.backup_hours
        if not hours or (
            self._backup_looked is not None and (now - self._backup_looked).total_seconds() < BACKUP_EVERY
        ):
            return
        found = await self._bus.last(subjects.MARKS, subjects.BACKUP_MARK)
        self._backup_looked = now
        try:
            taken_at = BackupMark.decode(found.data).taken_at if found is not None else None
        except Malformed as error:
            _log.warning("the mark of the last backup cannot be read", error=str(error))
            return
        if taken_at is None or self._mark is None or self._mark.backup == taken_at:
            return
        if (now - taken_at).total_seconds() < hours * 3600:
            return
        said = backup_is_old(taken_at, now)
        await self._publish([(said, hook) for hook in self._webhooks.values() if hook.wants(said)])
        await self._note(backup=taken_at)
