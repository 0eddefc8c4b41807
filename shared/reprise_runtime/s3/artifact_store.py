"""Objects: any S3 through the `minio` SDK, never blocking the event loop. Sizes in bytes; hashes are sha256
in lower-case hex."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from threading import Lock
from typing import TYPE_CHECKING, NamedTuple, Protocol, TypeVar

from reprise_runtime.errors import ObjectCorrupt, ObjectMissing, StoreUnavailable
from reprise_runtime.logs import logger
from reprise_runtime.metrics import s3_call
from reprise_runtime.s3.fast_path import FastPath
from reprise_runtime.settings import S3

if TYPE_CHECKING:
    from reprise_runtime.s3.sdk import Sdk

_log = logger(__name__)
T = TypeVar("T")
_PAGE = 1000
_LEAN_UP_TO = 4 * 1024 * 1024


class Stat(NamedTuple):
    """What the store knows of an object without reading it."""

    size: int
    content_type: str
    etag: str


class ArtifactStore(Protocol):
    """Objects by key, in S3 (`S3Store`) or in memory (`testing.MemoryStore`).

    Duties of an implementation: (1) an object is stored whole or not at all, and durably, before `put`
    returns; (2) what was put is readable at once; (3) deleting what is not there is no error. Errors:
    `StoreUnavailable`, `ObjectMissing`, `ObjectCorrupt`, `Refused`.
    """

    async def ensure_bucket(self) -> None:
        """Create the bucket unless it exists."""
        ...

    async def put(self, key: str, data: bytes, content_type: str = "application/octet-stream") -> None:
        """Store an object, in place of one with the same key."""
        ...

    async def get(self, key: str) -> bytes:
        """An object's bytes."""
        ...

    async def get_verified(self, key: str, sha256: str) -> bytes:
        """An object's bytes, if they have this hash; raises `ObjectCorrupt` otherwise."""
        ...

    async def stat(self, key: str) -> Stat:
        """Size and type of an object."""
        ...

    async def exists(self, key: str) -> bool:
        """Return whether there is such an object."""
        ...

    def list(self, prefix: str) -> AsyncIterator[tuple[str, int]]:
        """Key and size of every object whose key begins with `prefix`, in the keys' order."""
        ...

    async def delete(self, keys: Iterable[str]) -> None:
        """Remove objects, those that are not there too."""
        ...

    async def used(self, prefix: str) -> int:
        """The bytes of all objects under a prefix."""
        ...


async def await_bucket(store: ArtifactStore) -> None:
    """Wait until the store answers and has its bucket: a service that starts while the store is away waits
    for it. Raises `Refused`."""
    pause = 0.25
    while True:
        try:
            await store.ensure_bucket()
        except StoreUnavailable as error:
            _log.warning("waiting for the store", error=str(error))
            await asyncio.sleep(pause)
            pause = min(2 * pause, 5.0)
        else:
            return


def verified(key: str, data: bytes, sha256: str) -> bytes:
    """The bytes, if they have this hash."""
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise ObjectCorrupt(f"{key}: its sha256 is {found[:12]}…, not {sha256[:12]}…")
    return data


class S3Store:
    """One bucket of an S3 service. `FastPath` gets objects and puts those up to 4 MiB; the rest goes through
    the SDK in a few threads."""

    def __init__(self, settings: S3) -> None:
        self._settings = settings
        self._threads = ThreadPoolExecutor(settings.connections, thread_name_prefix="s3")
        self._lean = FastPath(settings) if settings.lean else None
        self._loaded: Sdk | None = None
        self._loading = Lock()

    async def close(self) -> None:
        """Close every connection."""
        if self._lean is not None:
            await self._lean.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        if self._loaded is not None:
            self._loaded.close()

    async def ensure_bucket(self) -> None:
        """See `ArtifactStore.ensure_bucket`."""
        if not await self.has_bucket():
            await self._call("bucket", lambda sdk: sdk.make_bucket(), self._settings.bucket)

    async def has_bucket(self) -> bool:
        """Return whether the bucket is there."""
        if self._lean is not None:
            with s3_call("bucket"):
                return await self._lean.has_bucket()
        return await self._call("bucket", lambda sdk: sdk.has_bucket(), self._settings.bucket)

    async def put(self, key: str, data: bytes, content_type: str = "application/octet-stream") -> None:
        """See `ArtifactStore.put`."""
        if self._lean is not None and len(data) <= _LEAN_UP_TO:
            with s3_call("put"):
                await self._lean.put(key, data, content_type)
            return
        await self._call("put", lambda sdk: sdk.put(key, data, content_type), key)

    async def get(self, key: str) -> bytes:
        """See `ArtifactStore.get`."""
        if self._lean is not None:
            with s3_call("get"):
                return await self._lean.get(key)
        return await self._call("get", lambda sdk: sdk.get(key), key)

    async def get_verified(self, key: str, sha256: str) -> bytes:
        """See `ArtifactStore.get_verified`."""
        return verified(key, await self.get(key), sha256)

    async def stat(self, key: str) -> Stat:
        """See `ArtifactStore.stat`."""
        return Stat(*await self._call("stat", lambda sdk: sdk.stat(key), key))

    async def exists(self, key: str) -> bool:
        """See `ArtifactStore.exists`."""
        if self._lean is not None:
            with s3_call("stat"):
                return await self._lean.exists(key)
        try:
            await self.stat(key)
        except ObjectMissing:
            return False
        return True

    async def list(self, prefix: str) -> AsyncIterator[tuple[str, int]]:
        """See `ArtifactStore.list`. A page is read ahead, not the whole."""
        found = await self._call("list", lambda sdk: sdk.list(prefix), prefix)
        while page := await self._call("list", lambda _: tuple(islice(found, _PAGE)), prefix):
            for entry in page:
                yield entry

    async def delete(self, keys: Iterable[str]) -> None:
        """See `ArtifactStore.delete`. A thousand keys per request."""
        waiting = iter(keys)
        while page := tuple(islice(waiting, _PAGE)):
            await self._call("delete", lambda sdk, page=page: sdk.delete(page), page[0])  # type: ignore[misc]  # mypy has no type for the default

    async def used(self, prefix: str) -> int:
        """See `ArtifactStore.used`."""
        return sum([size async for _, size in self.list(prefix)])

    async def _call(self, operation: str, work: "Callable[[Sdk], T]", what: str) -> T:
        """Make a call of the SDK in a thread."""

        def run() -> T:
            sdk = self._sdk()
            return sdk.call(lambda: work(sdk), what)

        with s3_call(operation):
            return await asyncio.get_running_loop().run_in_executor(self._threads, run)

    def _sdk(self) -> "Sdk":
        with self._loading:
            if self._loaded is None:
                from reprise_runtime.s3.sdk import Sdk  # noqa: PLC0415 - loaded by the first call that needs it

                self._loaded = Sdk(self._settings)
            return self._loaded
