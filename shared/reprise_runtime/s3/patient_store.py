"""A store that is away is waited for (R35): who works through it keeps what it made, and stores it when it
can."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from typing import TypeVar

from reprise_runtime import metrics
from reprise_runtime.errors import StoreUnavailable
from reprise_runtime.logs import logger
from reprise_runtime.s3.artifact_store import ArtifactStore, Stat

T = TypeVar("T")
_log = logger(__name__)
_FIRST, _LONGEST = 0.25, 5.0
"""Seconds between two tries: twice as many each time."""


class PatientStore:
    """An `ArtifactStore` that repeats what failed for no fault of the call, for as long as it takes. Whoever
    waits can be cancelled."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store
        self._away = False

    async def ensure_bucket(self) -> None:
        """See `ArtifactStore.ensure_bucket`."""
        await self._wait(self._store.ensure_bucket)

    async def put(self, key: str, data: bytes, content_type: str = "application/octet-stream") -> None:
        """See `ArtifactStore.put`."""
        await self._wait(lambda: self._store.put(key, data, content_type))

    async def get(self, key: str) -> bytes:
        """See `ArtifactStore.get`."""
        return await self._wait(lambda: self._store.get(key))

    async def get_verified(self, key: str, sha256: str) -> bytes:
        """See `ArtifactStore.get_verified`."""
        return await self._wait(lambda: self._store.get_verified(key, sha256))

    async def stat(self, key: str) -> Stat:
        """See `ArtifactStore.stat`."""
        return await self._wait(lambda: self._store.stat(key))

    async def exists(self, key: str) -> bool:
        """See `ArtifactStore.exists`."""
        return await self._wait(lambda: self._store.exists(key))

    async def list(self, prefix: str) -> AsyncIterator[tuple[str, int]]:
        """See `ArtifactStore.list`. Raises `StoreUnavailable`: a list that broke off has to be asked for
        again from its beginning."""
        async for entry in self._store.list(prefix):
            yield entry

    async def delete(self, keys: Iterable[str]) -> None:
        """See `ArtifactStore.delete`."""
        named = tuple(keys)
        await self._wait(lambda: self._store.delete(named))

    async def used(self, prefix: str) -> int:
        """See `ArtifactStore.used`."""
        return await self._wait(lambda: self._store.used(prefix))

    async def _wait(self, call: Callable[[], Awaitable[T]]) -> T:
        pause = _FIRST
        try:
            return self._back(await call())
        except StoreUnavailable as error:
            self._gone(error)
        with metrics.STORE_AWAITED.track_inprogress():
            while True:
                await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - spreads those that come back together
                pause = min(2 * pause, _LONGEST)
                try:
                    return self._back(await call())
                except StoreUnavailable as error:
                    self._gone(error)

    def _gone(self, error: StoreUnavailable) -> None:
        if not self._away:
            self._away = True
            _log.warning("waiting for the store", error=str(error))

    def _back(self, answer: T) -> T:
        if self._away:
            self._away = False
            _log.info("the store answers again")
        return answer
