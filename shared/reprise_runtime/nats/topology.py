"""One table of every stream and durable consumer, and the one call that makes the server agree with it."""

import asyncio
import json
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from nats.aio.client import Client

from reprise_contracts import subjects
from reprise_contracts.nodes import PHASES
from reprise_runtime.errors import NoRoom, Unavailable
from reprise_runtime.logs import logger
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.jetstream import CONSUMER_NOT_FOUND, STREAM_NOT_FOUND, ApiError
from reprise_runtime.settings import Settings

_log = logger(__name__)
Config = dict[str, Any]
_NANOSECONDS = 1_000_000_000
_NAME_IN_USE = 10058
_NOT_CREATED = 10049
_SETTLED = 5.0
"""Seconds within which a server has removed the files of a stream that it said it had deleted."""


@dataclass(frozen=True, slots=True)
class Drift:
    """One thing that was not as declared. `repaired` is false where the server refuses the change (`problem`
    says why)."""

    name: str
    """A stream, or `stream/consumer`."""
    setting: str
    """Empty when it was missing altogether."""
    found: object
    declared: object
    repaired: bool = True
    problem: str = ""


def streams(settings: Settings) -> dict[str, Config]:
    """Every stream, as JetStream's API takes it (times in nanoseconds, sizes in bytes)."""
    limits = settings.limits
    queue: Config = {"retention": "workqueue", "discard": "new"}
    newest: Config = {
        "retention": "limits",
        "discard": "old",
        "max_msgs_per_subject": 1,
        "storage": "file",
        "allow_direct": True,
    }
    table: dict[str, Config] = {
        subjects.INBOX: {
            **queue,
            "subjects": list(subjects.INBOX_SUBJECTS),
            "storage": "file",
            "max_bytes": limits.inbox_bytes,
            "max_msgs": limits.inbox_messages,
            "duplicate_window": 120 * _NANOSECONDS,
        },
        subjects.SESSIONS: {
            "subjects": [subjects.LOGS],
            "retention": "limits",
            "storage": "file",
            "discard": "new",
            "allow_direct": True,
            "deny_delete": False,
            "deny_purge": False,
            "max_bytes": limits.session_bytes,
            "duplicate_window": 120 * _NANOSECONDS,
        },
        subjects.JOBS: {
            **queue,
            "subjects": [subjects.ALL_JOBS],
            "storage": settings.jobs_storage,
            "max_msgs": limits.jobs,
            "max_bytes": limits.jobs_bytes,
            "max_msgs_per_subject": 1,
            "discard_new_per_subject": True,
            "duplicate_window": 120 * _NANOSECONDS,
        },
        subjects.CONTROL: {**newest, "subjects": [subjects.CONTROLS], "max_age": 30 * 86_400 * _NANOSECONDS},
        subjects.SNAPSHOTS: {**newest, "subjects": [subjects.ALL_SNAPSHOTS], "compression": "s2"},
        subjects.PROGRESS: {
            "subjects": [subjects.ALL_PROGRESS],
            "retention": "limits",
            "storage": "memory",
            "discard": "old",
            "max_age": int(limits.progress_age * _NANOSECONDS),
            "max_bytes": limits.progress_bytes,
            "duplicate_window": _NANOSECONDS,
        },
        subjects.TICKETS: {
            "subjects": [subjects.ALL_TICKETS],
            "retention": "limits",
            "storage": "memory",
            "discard": "old",
            "max_msgs_per_subject": 1,
            "max_age": 60 * _NANOSECONDS,
            "max_bytes": 16 * 1024 * 1024,
            "duplicate_window": _NANOSECONDS,
        },
        subjects.MARKS: {
            **newest,
            "subjects": [subjects.MARK, subjects.BACKUP_MARK, subjects.OPEN_MARK, subjects.ANNOUNCED_MARK],
        },
        subjects.LIMITS_STREAM: {
            **newest,
            "subjects": [subjects.ALL_LIMITS],
            "storage": "memory",
            "max_age": 900 * _NANOSECONDS,
            "allow_rollup_hdrs": True,
            "deny_delete": True,
        },
        subjects.POOLS: {**newest, "subjects": [subjects.ALL_POOLS]},
        subjects.WATCHES: {
            **newest,
            "subjects": list(subjects.WATCHES_SUBJECTS),
            "allow_msg_schedules": True,
            "allow_rollup_hdrs": True,
        },
        subjects.WEBHOOKS: {**newest, "subjects": list(subjects.WEBHOOKS_SUBJECTS), "allow_msg_ttl": True},
        subjects.DELIVERIES: {
            **queue,
            "subjects": [subjects.ALL_DELIVERIES],
            "storage": "file",
            "max_bytes": limits.delivery_bytes,
            "max_msgs_per_subject": 1,
            "discard_new_per_subject": True,
            "duplicate_window": 600 * _NANOSECONDS,
        },
        subjects.DLQ: {
            "subjects": [subjects.DEAD],
            "retention": "limits",
            "storage": "file",
            "discard": "new",
            "allow_direct": True,
            "max_bytes": limits.dlq_bytes,
            "duplicate_window": 120 * _NANOSECONDS,
        },
    }
    return {
        name: {"name": name, "num_replicas": settings.replicas, **config} for name, config in table.items()
    }


def consumers(settings: Settings) -> dict[tuple[str, str], Config]:
    """Every durable consumer, by stream and name. There is no delivery limit: a message leaves only when
    somebody acknowledges it."""
    common: Config = {
        "ack_policy": "explicit",
        "deliver_policy": "all",
        "replay_policy": "instant",
        "ack_wait": int(settings.timings.lease * _NANOSECONDS),
        "max_deliver": -1,
        "max_ack_pending": 65_536,
    }
    table: dict[tuple[str, str], Config] = {(subjects.INBOX, subjects.ORCHESTRATOR): common}
    table[subjects.WATCHES, subjects.CHECKS] = {**common, "filter_subject": subjects.ALL_CHECKS_DUE}
    for phase in PHASES:
        table[subjects.JOBS, subjects.pool(phase)] = {**common, "filter_subject": subjects.jobs_of(phase)}
    return {
        (stream, name): {"durable_name": name, "name": name, **config}
        for (stream, name), config in table.items()
    }


def delivery_consumer(settings: Settings, webhook_id: str) -> Config:
    """The durable consumer of one webhook: so many deliveries are in work or wait for their next try."""
    name = subjects.deliverer(webhook_id)
    return {
        "durable_name": name,
        "name": name,
        "filter_subject": subjects.deliveries_of(webhook_id),
        "ack_policy": "explicit",
        "deliver_policy": "all",
        "replay_policy": "instant",
        "ack_wait": int(settings.timings.lease * _NANOSECONDS),
        "max_deliver": -1,
        "max_ack_pending": settings.webhooks.pending,
    }


def in_memory(settings: Settings) -> frozenset[str]:
    """Streams that a server's restart may take away: a service has to make them again, at once."""
    return frozenset(name for name, config in streams(settings).items() if config["storage"] == "memory")


async def open_bus(client: Client, settings: Settings, *, declare: bool = True, keeper: bool = False) -> Bus:
    """A bus that makes what is missing again when it finds it missing. With `declare` it calls `ensure`
    first.

    Where services do not declare (`REPRISE_NATS__DECLARE=false`: `reprise bootstrap` does), only the `keeper`
    makes anything again, and only what is kept in memory; the others wait for it. Where JetStream has no room
    for a stream this says so, and waits until there is.
    """
    bus = await Bus.open(client, timeout=settings.timings.publish_timeout)
    only = None if settings.nats.declare else in_memory(settings)
    if only is None or keeper:
        bus.restore_with(lambda: ensure(bus, settings, only=only))
        if declare:
            await _ensure_once_there_is_room(bus, settings, only)
    return bus


async def _ensure_once_there_is_room(bus: Bus, settings: Settings, only: Collection[str] | None) -> None:
    """`ensure`, as often as it takes: JetStream may be at its limit, and a service that ends would change
    nothing about that."""
    pause = 0.5
    while True:
        try:
            await ensure(bus, settings, only=only)
        except NoRoom as error:
            _log.error("no room for the streams", error=str(error), again_in=pause)
            await asyncio.sleep(pause)
            pause = min(2 * pause, 10.0)
        else:
            return


async def ensure(
    bus: Bus, settings: Settings, *, only: Collection[str] | None = None, repair: bool = True
) -> list[Drift]:
    """Make every stream and consumer that is missing, set right every setting that drifted, and say what was
    done.

    `only` names the streams that are looked after (with their consumers). Without `repair` nothing is
    changed. Idempotent, and safe to run from many processes at once. Raises `Unavailable`, `NoRoom`, and
    `ApiError` where the server refuses a new stream.
    """
    found: list[Drift] = []
    missing: set[str] = set()
    for name, config in streams(settings).items():
        if only is None or name in only:
            drifts = await _ensure_stream(bus, name, config, repair=repair)
            missing |= {drift.name for drift in drifts if not drift.setting and not drift.repaired}
            found += drifts
    for (stream, name), config in consumers(settings).items():
        if stream in missing:
            found.append(Drift(f"{stream}/{name}", "", None, "created", repaired=False, problem="missing"))
        elif only is None or stream in only:
            found += await ensure_consumer(bus, stream, name, config, repair=repair)
    return found


async def _ensure_stream(bus: Bus, name: str, config: Config, *, repair: bool) -> list[Drift]:
    try:
        actual = (await bus.api(f"STREAM.INFO.{name}"))["config"]
    except ApiError as error:
        if error.err_code != STREAM_NOT_FOUND:
            raise
        if not repair:
            return [Drift(name, "", None, "created", repaired=False, problem="missing")]
        try:
            await _create(bus, name, config)
        except ApiError as taken:
            if taken.err_code != _NAME_IN_USE:
                raise
            return await _ensure_stream(bus, name, config, repair=repair)
        return [Drift(name, "", None, "created")]
    return await _repair(
        bus, name, config, actual, (f"STREAM.UPDATE.{name}", {**actual, **config}) if repair else None
    )


async def _create(bus: Bus, name: str, config: Config) -> None:
    """A new stream. The files of one that was deleted go after the answer: while they do, the server cannot
    make a store for another of its name."""
    until = time.monotonic() + _SETTLED
    while True:
        try:
            await bus.api(f"STREAM.CREATE.{name}", config)
        except ApiError as error:
            if error.err_code != _NOT_CREATED or time.monotonic() > until:
                raise
        else:
            return
        await asyncio.sleep(0.1)


async def ensure_consumer(
    bus: Bus, stream: str, name: str, config: Config, *, repair: bool = True
) -> list[Drift]:
    """The same for one consumer."""
    path = f"CONSUMER.CREATE.{stream}.{name}"
    if (subject := config.get("filter_subject")) is not None:
        path += f".{subject}"
    try:
        actual = (await bus.api(f"CONSUMER.INFO.{stream}.{name}"))["config"]
    except ApiError as error:
        if error.err_code == STREAM_NOT_FOUND:
            raise Unavailable(f"there is no stream {stream}") from error
        if error.err_code != CONSUMER_NOT_FOUND:
            raise
        if not repair:
            return [Drift(f"{stream}/{name}", "", None, "created", repaired=False, problem="missing")]
        await bus.api(path, {"stream_name": stream, "config": config, "action": ""})
        return [Drift(f"{stream}/{name}", "", None, "created")]
    update = {"stream_name": stream, "config": {**actual, **config}, "action": "update"}
    return await _repair(bus, f"{stream}/{name}", config, actual, (path, update) if repair else None)


async def _repair(
    bus: Bus, name: str, config: Config, actual: Config, request: tuple[str, Config] | None
) -> list[Drift]:
    """Set right what differs, by one request; without one, only say it."""
    differing = [key for key, value in config.items() if _differs(actual.get(key), value)]
    if not differing:
        return []
    if request is None:
        return [
            Drift(name, key, actual.get(key), config[key], repaired=False, problem="drifted")
            for key in differing
        ]
    try:
        await bus.api(*request)
    except (ApiError, NoRoom) as error:
        return [
            Drift(name, key, actual.get(key), config[key], repaired=False, problem=str(error))
            for key in differing
        ]
    return [Drift(name, key, actual.get(key), config[key]) for key in differing]


def _differs(actual: object, declared: object) -> bool:
    """Return whether a setting drifted; the server leaves out what is false, zero or unlimited."""
    if not actual and declared in (False, None, 0, "", -1):
        return False
    return json.dumps(actual, sort_keys=True) != json.dumps(declared, sort_keys=True)


def consumer_config(settings: Settings, stream: str, name: str) -> Config:
    """The declared configuration of one consumer."""
    return consumers(settings)[stream, name]
