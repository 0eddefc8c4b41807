"""What of S3 goes through the `minio` SDK: large objects, lists, deletions, buckets. A call blocks its
thread.

The SDK weighs 8 MB once it is loaded: this module is imported by the first call that needs it.
"""

import io
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, TypeVar, cast

import urllib3
from minio import Minio
from minio.deleteobjects import DeleteObject
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError

from reprise_runtime import tls
from reprise_runtime.errors import ObjectMissing, Refused, RepriseError, StoreUnavailable
from reprise_runtime.s3.fast_path import refusal
from reprise_runtime.settings import S3

T = TypeVar("T")
_MISSING = ("NoSuchKey", "NoSuchObject")
_NO_BUCKET = "NoSuchBucket"
"""No object is lost because of it: the store is not set up yet, or has lost everything."""
_THERE = ("BucketAlreadyOwnedByYou", "BucketAlreadyExists")


class Sdk:
    """One bucket of an S3 service."""

    def __init__(self, settings: S3) -> None:
        self._bucket = settings.bucket
        self._region = settings.region
        timeout = urllib3.Timeout(connect=min(5.0, settings.timeout), read=settings.timeout)
        self._pool = tls.pool(
            settings.ca,
            timeout,
            connections=settings.connections,
            retries=urllib3.Retry(
                total=2, backoff_factor=0.2, status_forcelist=(500, 502, 503, 504), raise_on_status=False
            ),
        )
        self._client = Minio(
            settings.endpoint,
            access_key=settings.access_key,
            secret_key=settings.secret_key.get_secret_value(),
            secure=settings.secure,
            region=settings.region,
            http_client=self._pool,
        )

    def close(self) -> None:
        """Close every connection."""
        self._pool.clear()

    def call(self, work: Callable[[], T], what: str) -> T:
        """Make a call, and speak of its errors as ours."""
        try:
            return work()
        except (MinioException, urllib3.exceptions.HTTPError, OSError) as error:
            raise _mapped(error, what) from error

    def has_bucket(self) -> bool:
        """Return whether the bucket is there."""
        return self._client.bucket_exists(self._bucket)

    def make_bucket(self) -> None:
        """Create the bucket; one that another has just created is as good."""
        try:
            self._client.make_bucket(self._bucket, self._region)
        except S3Error as error:
            if error.code not in _THERE:
                raise

    def put(self, key: str, data: bytes, content_type: str) -> None:
        """Store an object."""
        self._client.put_object(self._bucket, key, io.BytesIO(data), len(data), content_type)

    def put_file(self, key: str, path: Path) -> None:
        """Store a file as an object."""
        self._client.fput_object(self._bucket, key, str(path))

    def open(self, key: str) -> BinaryIO:
        """An object to read from its beginning to its end; whoever opens it closes it."""
        return cast(BinaryIO, self._client.get_object(self._bucket, key))

    def get(self, key: str) -> bytes:
        """An object's bytes."""
        answer = self._client.get_object(self._bucket, key)
        try:
            return answer.read()
        finally:
            answer.close()
            answer.release_conn()

    def stat(self, key: str) -> tuple[int, str, str]:
        """Size, type and tag of an object."""
        found = self._client.stat_object(self._bucket, key)
        return found.size or 0, found.content_type or "", found.etag or ""

    def list(self, prefix: str) -> Iterator[tuple[str, int]]:
        """Key and size of every object. Folders, which some stores list, are no objects."""
        for entry in self._client.list_objects(self._bucket, prefix, recursive=True):
            if entry.object_name and not entry.object_name.endswith("/"):
                yield entry.object_name, entry.size or 0

    def delete(self, keys: tuple[str, ...]) -> None:
        """Remove up to a thousand objects; those that are not there are no failure."""
        failed = list(self._client.remove_objects(self._bucket, (DeleteObject(key) for key in keys)))
        still = [error for error in failed if error.code not in (*_MISSING, _NO_BUCKET)]
        if still:
            raise StoreUnavailable(
                f"{len(still)} of {len(keys)} objects were not deleted: {still[0].code} {still[0].message}"
            )


def _mapped(error: Exception, what: str) -> RepriseError:
    """Whose fault an error of the SDK is."""
    match error:
        case S3Error():
            if error.code in _MISSING:
                return ObjectMissing(f"{what}: {error.code}")
            if error.code == _NO_BUCKET:
                return StoreUnavailable(f"{what}: {error.code}")
            status = error.response.status if error.response is not None else 500
            if status < 500 and status != 429:
                return Refused(refusal(what, f"{error.code}: {error.message}"))
            return StoreUnavailable(f"{what}: {error.code}")
        case InvalidResponseError() | ServerError():
            return StoreUnavailable(f"{what}: {type(error).__name__}")
        case _:
            return StoreUnavailable(f"{what}: {error}")
