"""What the gateway sees of the servers behind it, at one moment."""

import asyncio
import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from reprise_contracts import subjects
from reprise_contracts.marks import BackupMark
from reprise_contracts.wire import Malformed
from reprise_runtime.errors import Unavailable
from reprise_runtime.nats import topology
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.jetstream import ApiError, server_time
from reprise_runtime.nats.log_mark import read_mark, rewound, standing
from reprise_runtime.nats.server_clock import clock_offset
from reprise_runtime.settings import Settings

SILENT_SECONDS = 10.0
"""Servers of a cluster speak to each other every second."""
_DELETED = {"DEL", "PURGE"}


class Stream(NamedTuple):
    """One stream's fill. `limit` 0: none; `oldest` is the age of its first message in seconds."""

    messages: int
    bytes: int
    limit: int
    oldest: float


class Disk(NamedTuple):
    """A disk's bytes."""

    path: str
    free: int
    total: int


@dataclass(frozen=True, slots=True)
class ServerStatus:
    """Everything that was looked at."""

    streams: Mapping[str, Stream] = field(default_factory=dict)
    drift: tuple[str, ...] = ()
    """What is not as declared, in words."""
    leader: bool = True
    """A scheduler is active."""
    clock_offset: float = 0.0
    """Seconds by which this machine's clock is ahead of the server's, at the least."""
    nats_version: str = ""
    away: tuple[str, ...] = ()
    """Servers of a cluster that the streams are kept by and that are not there."""
    servers: int = 1
    """How many servers keep the streams, those that are away included."""
    backup: BackupMark | None = None
    """The last one that was made."""
    backup_age: float = 0.0
    """Its age in seconds."""
    rewound: str = ""
    """Why the log is not trusted; nothing while it is."""
    unwell: str = ""
    """What NATS says is wrong with it: after a write that failed it stops writing until it is started
    again."""
    flushes: bool | None = None
    """Whether NATS flushes before it confirms; None where it cannot be seen."""
    disk: Disk | None = None
    checks_waiting: int = 0
    """Checks of watched sources that are due and that no worker has taken."""
    checks_oldest: float = 0.0
    """For how many seconds the first of them has waited."""
    file_share: float | None = None
    """How full NATS's own limit for files is, 0 to 1; None where it cannot be seen."""


Probe = Callable[[], Awaitable[ServerStatus]]
"""Raises `Unavailable`."""


def bus_probe(bus: Bus, settings: Settings, clock: Callable[[], datetime]) -> Probe:
    """Looks at NATS, at its monitoring addresses where such are configured, and at this process's disk."""
    monitors = tuple(filter(None, (address.strip() for address in settings.nats.monitor.split(","))))

    async def probe() -> ServerStatus:
        names = list(topology.streams(settings))
        try:
            infos = await asyncio.gather(
                *(bus.api(f"STREAM.INFO.{name}") for name in names), return_exceptions=True
            )
            drift = await topology.ensure(bus, settings, repair=False)
            leader = await _leader(bus)
        except ApiError as error:
            raise Unavailable(str(error)) from error
        there = {name: info for name, info in zip(names, infos, strict=True) if isinstance(info, dict)}
        if not there:
            raise Unavailable("no stream can be seen")
        now, version = clock(), bus.client.connected_server_version
        told = await asyncio.gather(*(asyncio.to_thread(_monitored, address) for address in monitors))
        complaints = await asyncio.gather(*(asyncio.to_thread(_unwell, address) for address in monitors))
        files = [jetstream for one in told if (jetstream := one.get("jetstream"))]
        backup = await _backup(bus)
        kept_by, away = _cluster(there.values())
        waiting, oldest = await _checks(bus, now)
        return ServerStatus(
            checks_waiting=waiting,
            checks_oldest=oldest,
            streams={name: _stream(info, now) for name, info in there.items()},
            backup=backup,
            backup_age=(now - backup.taken_at).total_seconds() if backup is not None else 0.0,
            rewound=await _rewound(bus, there.get(subjects.SESSIONS), now),
            unwell="; ".join(filter(None, complaints)),
            drift=tuple(_words(one) for one in drift),
            leader=leader,
            clock_offset=await clock_offset(bus, f"STREAM.INFO.{subjects.INBOX}", clock) or 0.0,
            nats_version=f"{version.major}.{version.minor}.{version.patch}",
            away=away,
            servers=kept_by,
            flushes=all(one["config"].get("sync_always") for one in files) if files else None,
            disk=disk_of(settings.state_dir),
            file_share=max(filter(None, map(_file_share, files)), default=None),
        )

    return probe


def _stream(info: Mapping[str, Any], now: datetime) -> Stream:
    state = info["state"]
    oldest = (now - server_time(state["first_ts"])).total_seconds() if state["messages"] else 0.0
    return Stream(
        state["messages"], state["bytes"], max(info["config"].get("max_bytes", 0), 0), max(oldest, 0.0)
    )


def _cluster(infos: Iterable[Mapping[str, Any]]) -> tuple[int, tuple[str, ...]]:
    """How many servers keep the streams, and the names of those that the others miss."""
    clusters = [info.get("cluster") or {} for info in infos]
    replicas = [replica for cluster in clusters for replica in cluster.get("replicas") or ()]
    named = {cluster["leader"] for cluster in clusters if cluster.get("leader")} | {
        replica["name"] for replica in replicas
    }
    return max(len(named), 1), tuple(sorted({replica["name"] for replica in replicas if _silent(replica)}))


def _silent(replica: Mapping[str, Any]) -> bool:
    """Whether a stream's leader has not heard of another server for some time (or never); one that catches up
    is heard of."""
    active = replica.get("active", 0) / 1e9
    return bool(replica.get("offline")) or (not replica["current"] and not 0 < active < SILENT_SECONDS)


def _file_share(jetstream: Mapping[str, Any]) -> float | None:
    most = jetstream.get("config", {}).get("max_storage", 0)
    return jetstream.get("stats", {}).get("storage", 0) / most if most > 0 else None


async def _leader(bus: Bus) -> bool:
    """A scheduler holds the key that only one can create, and that goes unless it is renewed."""
    try:
        entry = await bus.last(subjects.LEADERS_STREAM, subjects.leader_entry())
    except Unavailable:
        return False
    return entry is not None and entry.headers.get("KV-Operation") not in _DELETED


async def _checks(bus: Bus, now: datetime) -> tuple[int, float]:
    """How many checks wait for a worker, and for how long the first one has; none where that cannot be
    seen."""
    try:
        info = await bus.api(f"CONSUMER.INFO.{subjects.WATCHES}.{subjects.CHECKS}")
        taken = info["delivered"]["stream_seq"]
        first = await bus.next(subjects.WATCHES, subjects.ALL_CHECKS_DUE, after=taken)
    except (ApiError, Unavailable):
        return 0, 0.0
    if first is None or first.at is None:
        return 0, 0.0
    return info["num_pending"], max((now - first.at).total_seconds(), 0.0)


async def _backup(bus: Bus) -> BackupMark | None:
    try:
        found = await bus.last(subjects.MARKS, subjects.BACKUP_MARK)
        return BackupMark.decode(found.data) if found is not None else None
    except (Unavailable, Malformed):
        return None


async def _rewound(bus: Bus, info: Mapping[str, Any] | None, now: datetime) -> str:
    try:
        mark = await read_mark(bus)
    except Unavailable:
        return ""
    return "" if mark is None or info is None else mark.rewound or rewound(mark, standing(info, now))


def _words(drift: topology.Drift) -> str:
    if not drift.setting:
        return f"{drift.name} is missing"
    return f"{drift.name}: {drift.setting} is {drift.found}, not {drift.declared}"


def _monitored(address: str) -> dict[str, Any]:
    """What NATS says of itself; nothing where no address is configured, or nobody answers there."""
    if not address.startswith(("http://", "https://")):
        return {}
    try:
        with urllib.request.urlopen(f"{address.rstrip('/')}/varz", timeout=2) as answer:  # noqa: S310 - the operator's own address
            found = json.load(answer)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _unwell(address: str) -> str:
    """What the server's own check complains of; nothing where it is well, or where no address is
    configured."""
    if not address.startswith(("http://", "https://")):
        return ""
    try:
        with urllib.request.urlopen(f"{address.rstrip('/')}/healthz", timeout=2):  # noqa: S310 - the operator's own address
            return ""
    except urllib.error.HTTPError as error:
        with error:
            return " ".join(error.read(2000).decode(errors="replace").split())[:300]
    except OSError:
        return ""


def disk_of(folder: Path) -> Disk:
    """The disk that a folder is on, or will be on."""
    existing = next(place for place in (folder.absolute(), *folder.absolute().parents) if place.exists())
    usage = shutil.disk_usage(existing)
    return Disk(str(existing), usage.free, usage.total)
