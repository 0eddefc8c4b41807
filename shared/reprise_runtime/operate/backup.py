"""Copying everything that matters while the system works: the inbox, the log, the dead letters, the pools'
orders, the webhooks, and all objects.

The order makes the copy whole. An object exists before the commit that names it, and goes a minute after the
commit that lets go of it:

1. objects, the long part: nearly all of them;
2. the inbox, then the log: what moves from one to the other meanwhile is in both, which bears a repeat, and
   never in neither;
3. the objects that came since;
4. every object that the copied log names has to be in the copy. One that was let go and swept between 2 and 4
   is missing: then the log is copied again, which no longer names it.

Left out is what can be made again: jobs, cancellations, timers and deliveries to webhooks (from the log),
snapshots (a cache), progress, tickets.
"""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime

from reprise_contracts import events as e
from reprise_contracts import subjects
from reprise_contracts.events import Commit
from reprise_contracts.marks import BackupMark
from reprise_contracts.nodes import step_of
from reprise_contracts.wire import Malformed
from reprise_domain.batch import Batch, fold_batch
from reprise_domain.graph import Plan
from reprise_domain.reduce import InvalidTransition
from reprise_runtime.errors import ObjectMissing, Unavailable
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.jetstream import MSG_ID
from reprise_runtime.nats.ordered_consumer import OrderedConsumer
from reprise_runtime.operate.archive import Archive, ArchivedMessage, Manifest, Saved
from reprise_runtime.s3.artifact_store import ArtifactStore

STREAMS = (subjects.INBOX, subjects.SESSIONS, subjects.DLQ, subjects.POOLS, subjects.WEBHOOKS)
"""In the order in which they are copied."""
SIDE_BY_SIDE = 8
TRIES = 20
"""Copies of a log that moves away meanwhile; each fetches only the objects that the ones before it have
not."""
Say = Callable[[str], None]


async def back_up(bus: Bus, store: ArtifactStore, archive: Archive, version: str, say: Say) -> Manifest:
    """Copy into a place, or bring an earlier backup in it up to date: objects never change, so that only new
    ones are fetched.

    What the store has lost already is named in the manifest and left out. Until it is whole, the earlier
    backup stays valid but for objects that it alone names. Raises `Retryable`, `Unavailable` when the system
    changes faster than it can be copied.
    """
    await asyncio.to_thread(archive.prepare)
    copy = _Copy(bus, store, archive, say)
    await copy.objects()
    missing: set[str] = set()
    for _ in range(TRIES):
        taken_at = datetime.now(UTC)
        stamp = f"{taken_at:%Y%m%dT%H%M%S%f}"
        names = NamedKeys()
        since = (await bus.stream_info(subjects.SESSIONS))["state"]
        files = {
            stream: await archive.write_from(f"streams/{stream}-{stamp}.jsonl.gz", copy.stream(stream, names))
            for stream in STREAMS
        }
        until = (await bus.stream_info(subjects.SESSIONS))["state"]
        if until["messages"] != since["messages"] + until["last_seq"] - since["last_seq"]:
            say("a batch was deleted while the log was copied; copying it again")
            continue
        await copy.objects()
        before, missing = missing, names.keys() - copy.saved.keys()
        lost = (
            missing & before
        )  # named by two copies of the log, one after the other, and in the store at neither
        if missing == lost:
            break
        say(f"{len(missing)} objects went while the log was copied; copying it again")
    else:
        raise Unavailable(
            "objects and batches go faster than they are copied: back up when fewer reruns are under way"
        )
    if lost:
        say(f"{len(lost)} objects are lost, and not in the backup: reprise fsck names them")
    saved = sorted(copy.saved.values(), key=lambda one: one.key)
    listed = await asyncio.to_thread(
        archive.write,
        f"objects-{stamp}.jsonl.gz",
        (one.model_dump_json().encode() + b"\n" for one in saved),
    )
    size = sum(one.bytes for one in saved)
    manifest = Manifest(
        version=version,
        taken_at=taken_at,
        streams=files,
        objects=listed,
        bytes=size,
        lost=tuple(sorted(lost)),
        sealed_for=archive.sealed_for,
    )
    await asyncio.to_thread(archive.finish, manifest, copy.saved)
    mark = BackupMark(taken_at=taken_at, objects=len(saved), bytes=size, lost=len(lost))
    await bus.publish(subjects.BACKUP_MARK, mark.encode(), stream=subjects.MARKS)
    return manifest


async def side_by_side(work: Callable[[], Awaitable[None]]) -> None:
    """A few of the same, which share what there is to do; the first error ends them all."""
    tasks = [asyncio.ensure_future(work()) for _ in range(SIDE_BY_SIDE)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


class NamedKeys:
    """The keys of the objects that a log names, gathered commit by commit: artifacts, downloads and texts.

    A log that this version cannot read names none.
    """

    def __init__(self) -> None:
        self._made: dict[str, dict[str, str]] = {}
        """By session: node → key."""
        self._batches: dict[str, Batch | None] = {}
        self._unread: set[str] = set()

    def take(self, message: ArchivedMessage) -> None:
        """Take the next commit of any log."""
        target = subjects.logged(message.subject)
        try:
            commit = Commit.decode(message.data)
            if commit.deleted:
                self._made.pop(target, None)
                self._batches.pop(target, None)
            elif commit.batch is not None:
                made = self._made.setdefault(target, {})
                for event in commit.events:
                    _record(made, event)
            else:
                self._batches[target] = fold_batch(self._batches.get(target), commit, message.seq)
        except (Malformed, InvalidTransition):
            self._unread.add(target)

    def keys(self) -> set[str]:
        """Return what is named now."""
        found = {
            key for target, made in self._made.items() if target not in self._unread for key in made.values()
        }
        for target, batch in self._batches.items():
            if batch is not None and target not in self._unread:
                found |= _sources(batch)
        return found


def _record(made: dict[str, str], event: e.SessionEvent | e.BatchEvent) -> None:
    """What an event changes of the artifacts that count."""
    if isinstance(event, e.ArtifactLost):
        made.pop(event.node, None)
    if not isinstance(event, e.NodeCompleted | e.ArtifactEdited):
        return
    made[event.node] = sys.intern(event.artifact.key)
    if event.plan is not None:
        kept = Plan(event.plan).nodes
        for gone in [node for node in made if step_of(node) is not None and node not in kept]:
            del made[gone]


def _sources(batch: Batch) -> set[str]:
    """The downloads, uploads and texts of a batch."""
    keys: set[str] = set()
    for source in batch.sources.values():
        kept = source.stored
        raws = (source.upload.sha256 if source.upload else None, kept.raw_sha256 if kept else None)
        keys |= {subjects.raw_key(batch.batch_id, raw) for raw in raws if raw is not None}
        if kept is not None and kept.text_sha256 is not None:
            keys.add(subjects.text_key(batch.batch_id, kept.text_sha256))
    return keys


class _Copy:
    """What is copied so far."""

    def __init__(self, bus: Bus, store: ArtifactStore, archive: Archive, say: Say) -> None:
        self.saved: dict[str, Saved] = {}
        self._known = archive.known()
        self._bus, self._store, self._archive, self._say = bus, store, archive, say

    async def objects(self) -> None:
        """Fetch the objects that are not here yet, and forget those that went."""
        listed = [
            entry
            async for entry in self._store.list("")
            if not entry[0].startswith(f"{subjects.MARK_PREFIX}/")
        ]
        self.saved = {key: self.saved[key] for key, _ in listed if key in self.saved}
        waiting = iter([entry for entry in listed if entry[0] not in self.saved])
        total, done = len(listed) - len(self.saved), 0

        async def fetch() -> None:
            nonlocal done
            for key, size in waiting:
                saved = self._kept(key, size) or await self._fetched(key)
                done += 1
                if saved is not None:
                    self.saved[key] = saved
                if done % 1000 == 0:
                    self._say(f"{done} of {total} objects")

        await side_by_side(fetch)

    def _kept(self, key: str, size: int) -> Saved | None:
        """An object that an earlier backup in the place has: one key, one content, for ever."""
        known = self._known.get(key)
        return known if known is not None and known.bytes == size and self._archive.holds(known) else None

    async def _fetched(self, key: str) -> Saved | None:
        try:
            data = await self._store.get(key)
            content_type = (await self._store.stat(key)).content_type
        except ObjectMissing:  # swept meanwhile
            return None
        return await asyncio.to_thread(self._archive.place, key, data, content_type)

    async def stream(self, stream: str, names: NamedKeys) -> AsyncIterator[ArchivedMessage]:
        """A stream's messages as of now. Timers are made again from the log, where positions have other
        numbers."""
        if stream != subjects.SESSIONS:
            after = 0
            while (stored := await self._bus.next(stream, ">", after=after)) is not None:
                after = stored.seq
                if not stored.subject.startswith(subjects.TIMERS.removesuffix("*")):
                    yield ArchivedMessage(stored.seq, stored.subject, stored.data, _own(stored.headers))
            return
        async with OrderedConsumer(self._bus, subjects.SESSIONS, subjects.LOGS) as commits:
            while (commit := await commits.next_or_end()) is not None:
                message = ArchivedMessage(commit.seq, commit.subject, commit.data, {})
                names.take(message)
                yield message


def _own(headers: Mapping[str, str]) -> dict[str, str]:
    """A message's headers but for what the server was asked with it; its id stays."""
    return {name: value for name, value in headers.items() if not name.startswith("Nats-") or name == MSG_ID}
