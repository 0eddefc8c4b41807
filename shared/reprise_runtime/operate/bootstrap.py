"""Everything that has to be there before a service starts: streams, consumers, bucket, users. One call makes
it, or tells what drifted."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from pydantic import SecretStr

from reprise_runtime.errors import Refused, Retryable, Unavailable
from reprise_runtime.nats import topology
from reprise_runtime.nats.connection import connect
from reprise_runtime.nats.rights import WHO_AM_I, rights
from reprise_runtime.nats.topology import Drift
from reprise_runtime.operate.seaweed import Filer
from reprise_runtime.roles import ADMIN, ROLES
from reprise_runtime.s3.artifact_store import S3Store
from reprise_runtime.s3.rights import WRITES, user_of
from reprise_runtime.s3.users import ensure_users, is_minio, lets_in
from reprise_runtime.settings import Settings

T = TypeVar("T")


async def bootstrap(settings: Settings, *, repair: bool = True) -> list[Drift]:
    """Make what is missing and set right what drifted, on both servers; what was done, or with `repair` off
    what would be.

    Needs the operator's rights on both. `settings.secrets` names the users; where it names none, none are
    looked at. The server's own configuration makes NATS users, so that theirs are only checked. Raises
    `Retryable`.
    """
    secrets = {role: secret.get_secret_value() for role, secret in settings.secrets.items()}
    return [
        *await streams(settings, repair=repair),
        *await _nats_users(settings, secrets),
        *await _flushing(settings, repair=repair),
        *await bucket(settings, repair=repair),
        *await _s3_users(settings, secrets, repair=repair),
    ]


async def streams(settings: Settings, *, repair: bool = True) -> list[Drift]:
    """The streams and consumers."""
    client = await connect(settings.nats, "bootstrap")
    try:
        bus = await topology.open_bus(client, settings, declare=False)
        return await topology.ensure(bus, settings, repair=repair)
    finally:
        await client.close()


async def bucket(settings: Settings, *, repair: bool = True) -> list[Drift]:
    """The bucket."""
    name = f"bucket {settings.s3.bucket}"
    store = S3Store(settings.s3)
    try:
        if await store.has_bucket():
            return []
        if not repair:
            return [Drift(name, "", None, "created", repaired=False, problem="missing")]
        await store.ensure_bucket()
    finally:
        await store.close()
    return [Drift(name, "", None, "created")]


async def patiently(work: Callable[[], Awaitable[T]], seconds: float, say: Callable[[str], None]) -> T:
    """Do it as soon as the servers answer: they may be starting. Raises what the last try raised."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        try:
            return await work()
        except Retryable as error:
            if asyncio.get_running_loop().time() > deadline:
                raise
            say(str(error))
            await asyncio.sleep(1.0)


async def _nats_users(settings: Settings, secrets: Mapping[str, str]) -> list[Drift]:
    """What the server says each user may do, against what it should."""
    found: list[Drift] = []
    for role in ROLES:
        if role in secrets and role != ADMIN:
            found += await _nats_user(settings, role, secrets[role])
    return found


async def _nats_user(settings: Settings, role: str, secret: str) -> list[Drift]:
    name = f"nats user {role}"
    own = settings.nats.model_copy(
        update={
            "user": role,
            "password": SecretStr(secret),
            "creds": None,
            "inbox_prefix": None,
            "connect_timeout": 3.0,
        }
    )
    try:
        client = await connect(own, "bootstrap")
    except (Refused, Unavailable) as error:
        return [
            Drift(
                name, "", None, "created", repaired=False, problem=f"the server does not let it in: {error}"
            )
        ]
    try:
        answer = json.loads((await client.request(WHO_AM_I, timeout=3.0)).data)
    finally:
        await client.close()
    allowed, declared = answer["data"].get("permissions") or {}, rights(role)
    found: list[Drift] = []
    for setting, wanted in (("publish", declared.publish), ("subscribe", declared.subscribe)):
        actual = (allowed.get(setting) or {}).get("allow") or []
        if set(actual) != set(wanted):
            more, less = sorted(set(actual) - set(wanted)), sorted(set(wanted) - set(actual))
            problem = "give the server what `reprise bootstrap --nats-users` prints, and have it reload"
            found.append(
                Drift(
                    name,
                    setting,
                    {"too much": more, "missing": less},
                    "the rights of this version",
                    repaired=False,
                    problem=problem,
                )
            )
    return found


async def _flushing(settings: Settings, *, repair: bool) -> list[Drift]:
    """SeaweedFS's default never flushes what it confirms."""
    if settings.s3.seaweed is None:
        return []
    filer = Filer(settings.s3.seaweed)
    if await asyncio.to_thread(filer.flushes):
        return []
    if repair:
        await asyncio.to_thread(filer.flush)
    problem = "" if repair else "what it confirms is not on the disk"
    return [Drift("store", "fsync", False, True, repaired=repair, problem=problem)]


async def _s3_users(settings: Settings, secrets: Mapping[str, str], *, repair: bool) -> list[Drift]:
    """MinIO makes them at a call; SeaweedFS has them from its files, so that theirs are only checked."""
    if not secrets:
        return []
    if settings.s3.seaweed is not None:
        strangers = [
            role
            for role in WRITES
            if role in secrets and not await lets_in(settings.s3, user_of(role), secrets[role])
        ]
        problem = "the store does not let it in: start it again, after `reprise bootstrap --store-files`"
        return [
            Drift(f"s3 user {user_of(role)}", "", None, "created", repaired=False, problem=problem)
            for role in strangers
        ]
    if not await is_minio(settings.s3):
        return []
    return await ensure_users(settings.s3, secrets, repair=repair)
