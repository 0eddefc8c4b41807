"""Copying everything that matters while the system works: the inbox, the log, the dead letters, the pools' orders, and all objects.

The order makes the copy whole. An object exists before the commit that names it, and goes a minute after the commit that lets go of it:

1. objects, the long part: nearly all of them;
2. the inbox, then the log: what moves from one to the other meanwhile is in both, which bears a repeat, and never in neither;
3. the objects that came since;
4. every object that the copied log names has to be in the copy. One that was let go and swept between 2 and 4 is missing: then the log is
   copied again, which no longer names it.

Left out is what can be made again: jobs, cancellations and timers (from the log), snapshots (a cache), progress, tickets.
"""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from reprise_contracts import subjects
from reprise_contracts.events import Commit
from reprise_contracts.wire import Malformed
from reprise_domain.batch import Batch, fold_batch
from reprise_domain.reduce import InvalidTransition, fold
from reprise_domain.state import Session
from reprise_runtime.errors import ObjectMissing, Unavailable
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.jetstream import MSG_ID
from reprise_runtime.nats.ordered_consumer import OrderedConsumer
from reprise_runtime.operate.archive import Archive, ArchivedMessage, Manifest, Saved
from reprise_runtime.s3.artifact_store import ArtifactStore

STREAMS = (subjects.INBOX, subjects.SESSIONS, subjects.DLQ, subjects.POOLS)
"""In the order in which they are copied."""
SIDE_BY_SIDE = 8
TRIES = 20
"""Copies of a log that moves away meanwhile; each fetches only the objects that the ones before it have not."""
Say = Callable[[str], None]


async def back_up(bus: Bus, store: ArtifactStore, folder: Path, version: str, say: Say) -> Manifest:
    """Copy into a folder, or bring an earlier backup in it up to date: objects never change, so that only new ones are fetched.

    Until it is whole, the earlier one stays valid but for objects that it alone names. Raises `Retryable`, `Unavailable` when the system
    changes faster than it can be copied.
    """
    archive = Archive(folder)
    archive.prepare()
    copy = _Copy(bus, store, archive, say)
    await copy.objects()
    for _ in range(TRIES):
        taken_at = datetime.now(UTC)
        streams = {stream: [message async for message in copy.stream(stream)] for stream in STREAMS}
        await copy.objects()
        missing = named(streams[subjects.SESSIONS]) - copy.saved.keys()
        if not missing:
            break
        say(f"{len(missing)} objects went while the log was copied; copying it again")
    else:
        raise Unavailable("objects go faster than they are copied: back up when fewer reruns are under way")
    stamp = f"{taken_at:%Y%m%dT%H%M%S%f}"
    files = {
        stream: archive.write(f"streams/{stream}-{stamp}.jsonl.gz", (message.line() for message in messages))
        for stream, messages in streams.items()
    }
    saved = sorted(copy.saved.values(), key=lambda one: one.key)
    listed = archive.write(f"objects-{stamp}.jsonl.gz", (one.model_dump_json().encode() + b"\n" for one in saved))
    size = sum(one.bytes for one in saved)
    manifest = Manifest(version=version, taken_at=taken_at, streams=files, objects=listed, bytes=size)
    archive.finish(manifest, copy.saved)
    return manifest


async def side_by_side(work: Callable[[], Awaitable[None]]) -> None:
    """A few of the same, which share what there is to do; the first error ends them all."""
    tasks = [asyncio.ensure_future(work()) for _ in range(SIDE_BY_SIDE)]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()


def named(commits: Iterable[ArchivedMessage]) -> set[str]:
    """The keys of the objects that a log names now: artifacts, downloads and texts. A log that this version cannot read names none."""
    logs: dict[str, list[ArchivedMessage]] = {}
    for message in commits:
        logs.setdefault(subjects.logged(message.subject), []).append(message)
    keys: set[str] = set()
    for messages in logs.values():
        try:
            keys |= _named(messages)
        except (Malformed, InvalidTransition):
            continue
    return keys


def _named(messages: list[ArchivedMessage]) -> set[str]:
    session: Session | None = None
    batch: Batch | None = None
    last = Commit.decode(messages[-1].data)
    if last.deleted:
        return set()
    for message in messages:
        commit = Commit.decode(message.data)
        if commit.batch is not None:
            session = fold(session, commit, message.seq)
        else:
            batch = fold_batch(batch, commit, message.seq)
    if session is not None:
        return {made.event.artifact.key for name in session.nodes if (made := session.node(name).materialization) is not None}
    return _sources(batch) if batch is not None else set()


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
        listed = [entry async for entry in self._store.list("") if not entry[0].startswith(f"{subjects.MARK_PREFIX}/")]
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
        """An object that an earlier backup in the folder has: one key, one content, for ever."""
        known = self._known.get(key)
        if known is None or known.bytes != size:
            return None
        path = self._archive.path(key)
        return known if path.is_file() and path.stat().st_size == size else None

    async def _fetched(self, key: str) -> Saved | None:
        try:
            data = await self._store.get(key)
            content_type = (await self._store.stat(key)).content_type
        except ObjectMissing:  # swept meanwhile
            return None
        await asyncio.to_thread(self._archive.place, key, data)
        return Saved(key=key, bytes=len(data), sha256=hashlib.sha256(data).hexdigest(), content_type=content_type)

    async def stream(self, stream: str) -> AsyncIterator[ArchivedMessage]:
        """A stream's messages as of now. Timers are made again from the log, where positions have other numbers."""
        if stream != subjects.SESSIONS:
            after = 0
            while (stored := await self._bus.next(stream, ">", after=after)) is not None:
                after = stored.seq
                if not stored.subject.startswith(subjects.TIMERS.removesuffix("*")):
                    yield ArchivedMessage(stored.seq, stored.subject, stored.data, _own(stored.headers))
            return
        for message in await self._log():
            yield message

    async def _log(self) -> list[ArchivedMessage]:
        """The log, from its first commit to the last of now; again if commits of a deleted batch went meanwhile."""
        for _ in range(TRIES):
            before = (await self._bus.stream_info(subjects.SESSIONS))["state"]
            messages: list[ArchivedMessage] = []
            async with OrderedConsumer(self._bus, subjects.SESSIONS, subjects.LOGS) as commits:
                while (commit := await commits.next_or_end()) is not None:
                    messages.append(ArchivedMessage(commit.seq, commit.subject, commit.data, {}))
            after = (await self._bus.stream_info(subjects.SESSIONS))["state"]
            appended = after["last_seq"] - before["last_seq"]
            if after["messages"] == before["messages"] + appended:
                return messages
            self._say("a batch was deleted while the log was copied; copying it again")
        raise Unavailable("batches are deleted faster than the log is copied: try again later")


def _own(headers: Mapping[str, str]) -> dict[str, str]:
    """A message's headers but for what the server was asked with it; its id stays."""
    return {name: value for name, value in headers.items() if not name.startswith("Nats-") or name == MSG_ID}
