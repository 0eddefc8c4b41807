"""One scheduler works, the others stand by: a key that only one can create and that goes unless it is
renewed."""

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js.api import KeyValueConfig, StorageType
from nats.js.kv import KeyValue

from reprise_contracts.subjects import LEADER, LEADERS
from reprise_runtime.cancelling import end
from reprise_runtime.logs import logger

_log = logger(__name__)
TTL = 6.0
"""Seconds after which a silent leader is replaced. Renewed three times as often."""
_FAILURES = (nats.errors.Error, nats.js.errors.Error, TimeoutError, OSError)


async def open_bucket(client: Client, replicas: int) -> KeyValue:
    """The bucket, made if it is missing. In memory: with its server everything that leads is new as well."""
    js = client.jetstream(timeout=3.0)
    config = KeyValueConfig(bucket=LEADERS, ttl=TTL, storage=StorageType.MEMORY, replicas=replicas, history=1)
    try:
        return await js.key_value(LEADERS)
    except nats.js.errors.NotFoundError:
        return await js.create_key_value(config)


async def lead(client: Client, replicas: int, name: str, work: Callable[[], Awaitable[None]]) -> None:
    """Stand by until the key is ours, then work for as long as it can be renewed; again and again, until
    cancelled."""
    said = ""
    while True:
        try:
            bucket = await open_bucket(client, replicas)
            revision = await bucket.create(LEADER, name.encode())
        except nats.js.errors.KeyWrongLastSequenceError:  # another one leads
            said = ""
            await asyncio.sleep(TTL / 6)
            continue
        except _FAILURES as error:
            if (why := str(error) or type(error).__name__) != said:  # once, however long it lasts
                _log.warning("cannot find out who leads", error=why)
            said = why
            await asyncio.sleep(TTL / 6)
            continue
        said = ""
        _log.info("leading", name=name)
        await _while_renewed(bucket, revision, name, work)


async def _while_renewed(
    bucket: KeyValue, revision: int, name: str, work: Callable[[], Awaitable[None]]
) -> None:
    task = asyncio.ensure_future(work())
    renewed = time.monotonic()
    try:
        while not task.done():
            await asyncio.wait([task], timeout=TTL / 3)
            try:
                revision = await bucket.update(LEADER, name.encode(), last=revision)
                renewed = time.monotonic()
            except _FAILURES as error:
                if time.monotonic() - renewed > TTL * 0.8 or isinstance(
                    error, nats.js.errors.KeyWrongLastSequenceError
                ):
                    _log.warning("no longer leading", name=name, error=str(error) or type(error).__name__)
                    return
        task.result()
    finally:
        await end(task)
        with contextlib.suppress(*_FAILURES):
            await bucket.delete(LEADER, last=revision)
