"""Whether the store has what the log names (R34), and whether the log names what the store has."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

from reprise_contracts import subjects
from reprise_contracts.jobs import LostObject, ObjectsLost
from reprise_contracts.wire import Malformed
from reprise_domain.losses import NamedObject, named_objects
from reprise_domain.reduce import InvalidTransition, fold
from reprise_domain.state import Session
from reprise_domain.sweep import is_deletable, made_keys
from reprise_runtime import snapshots
from reprise_runtime.errors import ObjectCorrupt, ObjectMissing
from reprise_runtime.logs import logger
from reprise_runtime.nats.bus import Publisher
from reprise_runtime.nats.session_log import SessionLog
from reprise_runtime.s3.artifact_store import ArtifactStore

SIDE_BY_SIDE = 8
"""Objects that are looked at at once."""
_log = logger(__name__)


@dataclass(frozen=True, slots=True)
class Loss:
    """An object that is missing or damaged, and whose it is."""

    batch_id: str
    session_id: str
    node: str
    key: str
    damaged: bool


@dataclass(slots=True)
class Findings:
    """What a check found."""

    sessions: int = 0
    objects: int = 0
    losses: list[Loss] = field(default_factory=list)
    unnamed: list[str] = field(default_factory=list)
    """Keys of known sessions that their logs have decided against or never named."""
    strange: dict[str, int] = field(default_factory=dict)
    """Batches that the log does not know, and how many objects the store has of each."""
    unreadable: list[str] = field(default_factory=list)
    """Sessions whose log this version cannot fold."""


async def load_session(log: SessionLog, session_id: str, until: int | None = None) -> Session | None:
    """Return a session as its log says, at a sequence or now; None without a log. Raises `Malformed`,
    `InvalidTransition`."""
    data = await log.load_snapshot(session_id)
    session = snapshots.load(data) if data else None
    if session is not None and until is not None and session.seq > until:
        session = None
    for entry in await log.read(session_id, after=session.seq if session else 0):
        if until is None or entry.seq <= until:
            session = fold(session, entry.commit, entry.seq)
    return session


async def lost_objects(
    store: ArtifactStore, session: Session, *, read: bool = True
) -> list[tuple[NamedObject, LostObject]]:
    """Return what the store has lost of a session. With `read` every byte is compared, else only whether it
    is there in its size."""
    gate = asyncio.Semaphore(SIDE_BY_SIDE)

    async def look(named: NamedObject) -> tuple[NamedObject, LostObject] | None:
        async with gate:
            try:
                if read:
                    await store.get_verified(named.key, named.sha256)
                else:
                    found = await store.stat(named.key)
                    if named.bytes is not None and found.size != named.bytes:
                        return named, LostObject(key=named.key, damaged=True)
            except ObjectMissing:
                return named, LostObject(key=named.key)
            except ObjectCorrupt:
                return named, LostObject(key=named.key, damaged=True)
            return None

    found = await asyncio.gather(*(look(named) for named in named_objects(session)))
    return [one for one in found if one is not None]


async def report_lost(publisher: Publisher, session: Session, lost: list[LostObject]) -> None:
    """Have a session record what it has lost. What was replaced meanwhile is nobody's loss: the rules see to
    that."""
    given = ObjectsLost(objects=tuple(lost))
    message_id = f"{session.session_id}/{given.input_id()}/{session.seq}"
    await publisher.publish(
        subjects.timer(session.session_id), given.encode(), stream=subjects.INBOX, msg_id=message_id
    )


async def sessions_of(log: SessionLog) -> AsyncIterator[str]:
    """Yield the id of every session that is not deleted."""
    async for entry in log.heads():
        if entry.commit.batch is not None and not entry.commit.deleted:
            yield entry.id


async def check_all(
    log: SessionLog,
    store: ArtifactStore,
    publisher: Publisher,
    *,
    repair: bool,
    read: bool = True,
    say: Callable[[str], None] = lambda _: None,
) -> Findings:
    """Look at every object of every session, and at every key of the store.

    With `repair` each session records what it has lost, so that it can be made again, and what no log names
    is deleted. What belongs to batches that the log does not know is named and never deleted: the log itself
    may be what was lost.
    """
    found, keys, named = Findings(), await _keys(store), set[str]()
    batches: set[str] = set()
    sessions: list[str] = []
    async for entry in log.heads():
        if entry.commit.batch is None:
            batches.add(entry.id)
        else:
            sessions.append(entry.id)
    for number, session_id in enumerate(sessions, 1):
        try:
            session = await load_session(log, session_id)
        except (Malformed, InvalidTransition) as error:
            _log.error("cannot check a session", session=session_id, error=str(error))
            found.unreadable.append(session_id)
            continue
        if session is None:
            continue
        found.sessions += 1
        found.objects += sum(1 for _ in named_objects(session))
        lost = await lost_objects(store, session, read=read)
        found.losses += [
            Loss(session.batch_id, session_id, named.node, gone.key, gone.damaged) for named, gone in lost
        ]
        if lost and repair:
            await report_lost(publisher, session, [gone for _, gone in lost])
        if not session.deleted:
            named |= made_keys(session)
        found.unnamed += [
            key
            for key in keys.pop(session_id, ())
            if key not in session.sweepable and is_deletable(session, key)
        ]
        if number % 1000 == 0:
            say(f"{number} of {len(sessions)} sessions looked at …")
    found.unnamed = [key for key in found.unnamed if key not in named]  # R37: a fork may name its origin's
    if repair and found.unnamed:
        await store.delete(found.unnamed)
    for key in (key for left in keys.values() for key in left):
        batch_id = key.split("/", 2)[1] if key.count("/") > 1 else ""
        if batch_id and batch_id not in batches:
            found.strange[batch_id] = found.strange.get(batch_id, 0) + 1
    return found


async def _keys(store: ArtifactStore) -> dict[str, list[str]]:
    """Every key of the store, by session; those of batches under an empty name."""
    keys: dict[str, list[str]] = defaultdict(list)
    async for key, _ in store.list(""):
        parts = key.split("/")
        keys["" if parts[0] == subjects.SOURCES or len(parts) < 4 else parts[2]].append(key)
    return keys
