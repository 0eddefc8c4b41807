"""The store as callers of the gateway meet it: a read that takes too long is an answer of its own."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Iterable
from typing import TypeVar

from reprise_runtime.errors import Refused, StoreUnavailable
from reprise_runtime.s3.artifact_store import ArtifactStore, Stat

PATIENCE = 4.0
"""Seconds that a read may take."""
T = TypeVar("T")


class PatientStore:
    """Reads give up after `PATIENCE`; what the store refuses to the gateway is the server's fault, and no
    caller's."""

    def __init__(self, store: ArtifactStore, patience: float = PATIENCE) -> None:
        self._store = store
        self._patience = patience

    async def _within(self, reading: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._patience):
                return await reading
        except TimeoutError:
            raise StoreUnavailable(f"no answer within {self._patience:g} s") from None
        except Refused as refused:
            raise _ours(refused) from refused

    async def ensure_bucket(self) -> None:
        """Make the bucket if it is missing."""
        await self._within(self._store.ensure_bucket())

    async def put(self, key: str, data: bytes, content_type: str = "application/octet-stream") -> None:
        """Store an object."""
        try:
            await self._store.put(key, data, content_type)
        except Refused as refused:
            raise _ours(refused) from refused

    async def get(self, key: str) -> bytes:
        """Read an object."""
        return await self._within(self._store.get(key))

    async def get_verified(self, key: str, sha256: str) -> bytes:
        """Read an object and check it."""
        return await self._within(self._store.get_verified(key, sha256))

    async def stat(self, key: str) -> Stat:
        """What there is to an object."""
        return await self._within(self._store.stat(key))

    async def exists(self, key: str) -> bool:
        """Whether there is an object."""
        return await self._within(self._store.exists(key))

    def list(self, prefix: str) -> AsyncIterator[tuple[str, int]]:
        """Keys and sizes below a prefix."""
        return self._store.list(prefix)

    async def delete(self, keys: Iterable[str]) -> None:
        """Delete objects."""
        await self._store.delete(keys)

    async def used(self, prefix: str) -> int:
        """Bytes below a prefix."""
        return await self._within(self._store.used(prefix))


def _ours(refused: Refused) -> Exception:
    return StoreUnavailable(refused.problem.detail) if refused.problem.type == "forbidden" else refused
