"""Objects: any S3 through the `minio` SDK, never blocking the event loop. Sizes in bytes; hashes are sha256 in lower-case hex."""

import asyncio
import hashlib
import io
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from typing import NamedTuple, Protocol, TypeVar

import urllib3
from minio import Minio
from minio.deleteobjects import DeleteObject
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError

from reprise_runtime import tls
from reprise_runtime.errors import ObjectCorrupt, ObjectMissing, Refused, RepriseError, StoreUnavailable
from reprise_runtime.logs import logger
from reprise_runtime.metrics import s3_call
from reprise_runtime.s3.fast_path import FastPath, refusal
from reprise_runtime.settings import S3

_log = logger(__name__)
T = TypeVar("T")
_PAGE = 1000
_LEAN_UP_TO = 4 * 1024 * 1024
_MISSING = ("NoSuchKey", "NoSuchObject")
NO_BUCKET = "NoSuchBucket"
"""No object is lost because of it: the store is not set up yet, or has lost everything."""
_THERE = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists")


class Stat(NamedTuple):
    """What the store knows of an object without reading it."""

    size: int
    content_type: str
    etag: str


class ArtifactStore(Protocol):
    """Objects by key, in S3 (`S3Store`) or in memory (`testing.MemoryStore`).

    Duties of an implementation: (1) an object is stored whole or not at all, and durably, before `put` returns; (2) what was put is
    readable at once; (3) deleting what is not there is no error. Errors: `StoreUnavailable`, `ObjectMissing`, `ObjectCorrupt`, `Refused`.
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
    """Wait until the store answers and has its bucket: a service that starts while the store is away waits for it. Raises `Refused`."""
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
    """One bucket of an S3 service. `FastPath` gets objects and puts those up to 4 MiB; the rest goes through the SDK in a few threads."""

    def __init__(self, settings: S3) -> None:
        self._bucket = settings.bucket
        self._region = settings.region
        timeout = urllib3.Timeout(connect=min(5.0, settings.timeout), read=settings.timeout)
        pool = tls.pool(
            settings.ca,
            timeout,
            connections=settings.connections,
            retries=urllib3.Retry(total=2, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504), raise_on_status=False),
        )
        self._client = Minio(
            settings.endpoint,
            access_key=settings.access_key,
            secret_key=settings.secret_key.get_secret_value(),
            secure=settings.secure,
            region=settings.region,
            http_client=pool,
        )
        self._pool = pool
        self._threads = ThreadPoolExecutor(settings.connections, thread_name_prefix="s3")
        self._lean = FastPath(settings) if settings.lean else None

    async def close(self) -> None:
        """Close every connection."""
        if self._lean is not None:
            await self._lean.close()
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._pool.clear()

    async def ensure_bucket(self) -> None:
        """See `ArtifactStore.ensure_bucket`."""

        def ensure() -> None:
            if self._client.bucket_exists(self._bucket):
                return
            try:
                self._client.make_bucket(self._bucket, self._region)
            except S3Error as error:
                if error.code not in _THERE:
                    raise

        await self._call("bucket", ensure, self._bucket)

    async def has_bucket(self) -> bool:
        """Return whether the bucket is there."""
        return await self._call("bucket", lambda: self._client.bucket_exists(self._bucket), self._bucket)

    async def put(self, key: str, data: bytes, content_type: str = "application/octet-stream") -> None:
        """See `ArtifactStore.put`."""
        if self._lean is not None and len(data) <= _LEAN_UP_TO:
            with s3_call("put"):
                await self._lean.put(key, data, content_type)
            return
        await self._call("put", lambda: self._client.put_object(self._bucket, key, io.BytesIO(data), len(data), content_type), key)

    async def get(self, key: str) -> bytes:
        """See `ArtifactStore.get`."""
        if self._lean is not None:
            with s3_call("get"):
                return await self._lean.get(key)

        def read() -> bytes:
            answer = self._client.get_object(self._bucket, key)
            try:
                return answer.read()
            finally:
                answer.close()
                answer.release_conn()

        return await self._call("get", read, key)

    async def get_verified(self, key: str, sha256: str) -> bytes:
        """See `ArtifactStore.get_verified`."""
        return verified(key, await self.get(key), sha256)

    async def stat(self, key: str) -> Stat:
        """See `ArtifactStore.stat`."""
        found = await self._call("stat", lambda: self._client.stat_object(self._bucket, key), key)
        return Stat(found.size or 0, found.content_type or "", found.etag or "")

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
        """See `ArtifactStore.list`. A page is read ahead, not the whole. Folders, which some stores list, are no objects."""
        listed = self._client.list_objects(self._bucket, prefix, recursive=True)
        found: Iterator[tuple[str, int]] = (
            (entry.object_name, entry.size or 0) for entry in listed if entry.object_name and not entry.object_name.endswith("/")
        )
        while page := await self._call("list", lambda: tuple(islice(found, _PAGE)), prefix):
            for entry in page:
                yield entry

    async def delete(self, keys: Iterable[str]) -> None:
        """See `ArtifactStore.delete`. A thousand keys per request."""
        waiting = iter(keys)
        while page := tuple(islice(waiting, _PAGE)):
            await self._call("delete", lambda page=page: self._delete(page), page[0])  # type: ignore[misc]  # mypy has no type for the default

    def _delete(self, keys: tuple[str, ...]) -> None:
        failed = list(self._client.remove_objects(self._bucket, (DeleteObject(key) for key in keys)))
        still = [error for error in failed if error.code not in (*_MISSING, NO_BUCKET)]
        if still:
            raise StoreUnavailable(f"{len(still)} of {len(keys)} objects were not deleted: {still[0].code} {still[0].message}")

    async def used(self, prefix: str) -> int:
        """See `ArtifactStore.used`."""
        return sum([size async for _, size in self.list(prefix)])

    async def _call(self, operation: str, work: Callable[[], T], what: str) -> T:
        """Run a call of the SDK in a thread and speak of its errors as ours."""
        with s3_call(operation):
            try:
                return await asyncio.get_running_loop().run_in_executor(self._threads, work)
            except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
                raise _mapped(error, what) from error


def _mapped(error: Exception, what: str) -> RepriseError:
    """Whose fault an error of the SDK is."""
    match error:
        case S3Error():
            if error.code in _MISSING:
                return ObjectMissing(f"{what}: {error.code}")
            if error.code == NO_BUCKET:
                return StoreUnavailable(f"{what}: {error.code}")
            status = error.response.status if error.response is not None else 500
            if status < 500 and status != 429:
                return Refused(refusal(what, f"{error.code}: {error.message}"))
            return StoreUnavailable(f"{what}: {error.code}")
        case InvalidResponseError() | ServerError():
            return StoreUnavailable(f"{what}: {type(error).__name__}")
        case _:
            return StoreUnavailable(f"{what}: {error}")
