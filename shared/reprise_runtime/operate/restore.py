"""Bringing a backup back: objects first, then the log that names them, then the inbox, into servers on which
nothing works.

Streams are made anew, so that whoever followed the old log hears that positions mean nothing any more. Every
byte is checked against its hash before the first is written.
"""

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

from reprise_contracts import subjects
from reprise_contracts.marks import BackupMark
from reprise_contracts.problems.model import Problem
from reprise_runtime.errors import Refused, Unavailable
from reprise_runtime.nats import topology
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.jetstream import MSG_ID, ApiError
from reprise_runtime.operate.archive import Archive, ArchivedMessage, Manifest
from reprise_runtime.operate.backup import Say, side_by_side
from reprise_runtime.operate.mark_keeper import accept
from reprise_runtime.s3.artifact_store import ArtifactStore
from reprise_runtime.settings import Settings

ORDER = (subjects.SESSIONS, subjects.DLQ, subjects.POOLS, subjects.WEBHOOKS, subjects.INBOX)
"""The inbox last: what waits in it finds the log that it is decided on."""
AT_ONCE = 256


async def restore(
    bus: Bus, store: ArtifactStore, settings: Settings, archive: Archive, *, replace: bool, say: Say
) -> Manifest:
    """Write a backup into empty servers, or with `replace` in place of what they hold.

    Raises `Refused` (the backup is damaged or encrypted for others, services are at work, the servers are not
    empty) with nothing changed; and `Retryable` when a server fails on the way: run it again with `replace`.
    """
    manifest = archive.manifest()
    count = await asyncio.to_thread(lambda: sum(1 for _ in archive.check(manifest)))
    await asyncio.to_thread(archive.unlock, manifest)
    say(
        f"The backup of {manifest.taken_at:%Y-%m-%d %H:%M:%S} UTC is whole: {count} objects, "
        f"{manifest.streams[subjects.SESSIONS].entries} commits"
    )
    await _nobody_works(bus, settings)
    await store.ensure_bucket()
    if not replace:
        await _all_empty(bus, store, settings)
    await _clear(bus, settings)
    await topology.ensure(bus, settings)
    await _objects(store, archive, manifest, say)
    for stream in ORDER:
        sent = await _messages(bus, stream, archive.messages(manifest, stream))
        say(f"{sent} messages of {stream}")
    await accept(bus, store, datetime.now(UTC), new_epoch=False)
    mark = BackupMark(
        taken_at=manifest.taken_at,
        objects=manifest.objects.entries,
        bytes=manifest.bytes,
        lost=len(manifest.lost),
    )
    await bus.publish(subjects.BACKUP_MARK, mark.encode(), stream=subjects.MARKS)
    return manifest


async def _nobody_works(bus: Bus, settings: Settings) -> None:
    """Who works has a pull request open at its consumer."""
    for stream, name in topology.consumers(settings):
        try:
            info = await bus.api(f"CONSUMER.INFO.{stream}.{name}")
        except ApiError:
            continue
        if info.get("num_waiting", 0):
            detail = f"Services are at work: {stream}/{name} is being pulled from."
            action = (
                "Stop every service but NATS and the object store; what they did after the backup must "
                "not be mixed into it."
            )
            raise Refused(Problem(type="conflict", detail=detail, action=action))


async def _all_empty(bus: Bus, store: ArtifactStore, settings: Settings) -> None:
    holding = [
        name for name in topology.streams(settings) if name != subjects.MARKS and await _held(bus, name)
    ]
    async for key, _ in store.list(""):
        if key != subjects.MARK_KEY:
            holding.append("the bucket")
            break
    if holding:
        action = "Use --replace to put the backup in place of everything that is there."
        raise Refused(Problem(type="conflict", detail=f"Not empty: {', '.join(holding)}.", action=action))


async def _held(bus: Bus, stream: str) -> int:
    try:
        return int((await bus.stream_info(stream))["state"]["messages"])
    except Unavailable:
        return 0


async def _clear(bus: Bus, settings: Settings) -> None:
    """Streams with their consumers; what is not in the backup is made again from what is."""
    for name in topology.streams(settings):
        try:
            await bus.api(f"STREAM.DELETE.{name}")
        except ApiError as error:
            if error.code != 404:
                raise


async def _objects(store: ArtifactStore, archive: Archive, manifest: Manifest, say: Say) -> None:
    """Put what is missing, and remove what the backup does not have: nothing would ever name it."""
    wanted = {saved.key: saved for saved in archive.objects(manifest)}
    there = {key: size async for key, size in store.list("")}
    await store.delete([key for key in there if key not in wanted])
    waiting = iter([saved for key, saved in wanted.items() if there.get(key) != saved.bytes])

    async def put() -> None:
        for saved in waiting:
            await store.put(saved.key, await asyncio.to_thread(archive.read, saved), saved.content_type)

    await side_by_side(put)
    say(f"{len(wanted)} objects")


async def _messages(bus: Bus, stream: str, messages: Iterator[ArchivedMessage]) -> int:
    """Publish in order: over one connection the server stores in the order in which it is sent, and says so
    by its numbers."""
    last = count = 0
    while page := tuple(islice(messages, AT_ONCE)):
        seqs = await asyncio.gather(*(_publish(bus, stream, message) for message in page))
        if seqs != sorted(seqs) or seqs[0] <= last:
            raise Unavailable(f"{stream} was not stored in order: run it again with --replace")
        last, count = seqs[-1], count + len(page)
    return count


async def _publish(bus: Bus, stream: str, message: ArchivedMessage) -> int:
    headers = dict(message.headers)
    identity = headers.pop(MSG_ID, f"restore.{stream}.{message.seq}")
    return await bus.publish(message.subject, message.data, stream=stream, msg_id=identity, headers=headers)
