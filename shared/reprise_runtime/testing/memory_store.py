"""The object store in memory."""

import hashlib
from collections.abc import AsyncIterator, Iterable

from reprise_runtime.errors import ObjectMissing
from reprise_runtime.s3.artifact_store import Stat, verified


class MemoryStore:
    """An `ArtifactStore`. `objects` can be looked at, and spoiled, by a test."""

    def __init__(self) -> None:
        self.objects: dict[str, tuple[bytes, str]] = {}

    async def ensure_bucket(self) -> None:
        """It is there."""

    async def put(self, key: str, data: bytes, content_type: str = "application/octet-stream") -> None:
        """See `ArtifactStore.put`."""
        self.objects[key] = (bytes(data), content_type)

    async def get(self, key: str) -> bytes:
        """See `ArtifactStore.get`."""
        return self._find(key)[0]

    async def get_verified(self, key: str, sha256: str) -> bytes:
        """See `ArtifactStore.get_verified`."""
        return verified(key, await self.get(key), sha256)

    async def stat(self, key: str) -> Stat:
        """See `ArtifactStore.stat`."""
        data, content_type = self._find(key)
        return Stat(len(data), content_type, hashlib.sha256(data).hexdigest()[:32])

    async def exists(self, key: str) -> bool:
        """See `ArtifactStore.exists`."""
        return key in self.objects

    async def list(self, prefix: str) -> AsyncIterator[tuple[str, int]]:
        """See `ArtifactStore.list`."""
        for key in sorted(key for key in self.objects if key.startswith(prefix)):
            yield key, len(self.objects[key][0])

    async def delete(self, keys: Iterable[str]) -> None:
        """See `ArtifactStore.delete`."""
        for key in tuple(keys):
            self.objects.pop(key, None)

    async def used(self, prefix: str) -> int:
        """See `ArtifactStore.used`."""
        return sum(len(data) for key, (data, _) in self.objects.items() if key.startswith(prefix))

    def _find(self, key: str) -> tuple[bytes, str]:
        if key not in self.objects:
            raise ObjectMissing(f"{key}: NoSuchKey")
        return self.objects[key]
