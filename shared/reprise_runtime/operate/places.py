"""Where the files of a backup are kept: a folder, or a part of a bucket.

What both have in common is small: a file is written beside the place first and kept whole or not at all, and
read from its beginning to its end.
"""

import os
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from functools import partial
from pathlib import Path
from typing import BinaryIO, Protocol

from reprise_contracts.problems.model import Problem
from reprise_runtime.errors import ObjectMissing, Refused, StoreUnavailable
from reprise_runtime.settings import S3

SCHEME = "s3://"


class Place(Protocol):
    """Files by name, with `/` between a folder and what is in it."""

    @property
    def name(self) -> str:
        """As people write it."""
        ...

    def prepare(self) -> None:
        """Make it, where it is not there."""
        ...

    def draft(self) -> AbstractContextManager[Path]:
        """A file of this machine to write to; it goes when it was not kept."""
        ...

    def keep(self, name: str, draft: Path) -> None:
        """Put a draft in place of whatever has the name, on the disk before this returns."""
        ...

    def open(self, name: str) -> AbstractContextManager[BinaryIO]:
        """A file to read. Raises `FileNotFoundError`."""
        ...

    def sizes(self) -> dict[str, int]:
        """The names of all files, with their bytes."""
        ...

    def remove(self, names: list[str]) -> None:
        """Remove files; those that are not there are no failure."""
        ...


class FolderPlace:
    """A folder, its owner's only: a backup holds everything that the system knows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.name = str(folder)

    def prepare(self) -> None:
        """Make it, where it is not there."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """A file of the same disk, which is kept by being renamed."""
        handle, path = tempfile.mkstemp(suffix=".part", dir=self.folder)
        os.close(handle)
        try:
            yield Path(path)
        finally:
            Path(path).unlink(missing_ok=True)

    def keep(self, name: str, draft: Path) -> None:
        """Put a draft in place of whatever has the name."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with draft.open("rb") as file:
            os.fsync(file.fileno())
        draft.replace(path)

    def open(self, name: str) -> BinaryIO:
        """A file to read. Raises `FileNotFoundError`."""
        return (self.folder / name).open("rb")

    def sizes(self) -> dict[str, int]:
        """The names of all files, with their bytes."""
        return {
            path.relative_to(self.folder).as_posix(): path.stat().st_size
            for path in self.folder.rglob("*")
            if path.is_file()
        }

    def remove(self, names: list[str]) -> None:
        """Remove files."""
        for name in names:
            (self.folder / name).unlink(missing_ok=True)


class BucketPlace:
    """What begins with a prefix in a bucket of any S3. It should be another store than the one that is backed
    up: what takes that one away takes its own copy with it."""

    def __init__(self, settings: S3, prefix: str = "") -> None:
        from reprise_runtime.s3.sdk import Sdk  # noqa: PLC0415 - 8 MB that a folder does without

        self.name = f"{SCHEME}{settings.bucket}/{prefix}".rstrip("/")
        self._prefix = f"{prefix}/" if prefix else ""
        self._sdk = Sdk(settings)

    def prepare(self) -> None:
        """Make the bucket, where it is not there."""
        if not self._sdk.call(self._sdk.has_bucket, self.name):
            self._sdk.call(self._sdk.make_bucket, self.name)

    @contextmanager
    def draft(self) -> Iterator[Path]:
        """A file of this machine's folder for such."""
        with tempfile.TemporaryDirectory(prefix="reprise-backup-") as folder:
            yield Path(folder) / "draft"

    def keep(self, name: str, draft: Path) -> None:
        """Send a draft, in parts where it is large."""
        self._sdk.call(lambda: self._sdk.put_file(self._prefix + name, draft), f"{self.name}/{name}")

    @contextmanager
    def open(self, name: str) -> Iterator[BinaryIO]:
        """A file to read. Raises `FileNotFoundError`."""
        try:
            answer = self._sdk.call(lambda: self._sdk.open(self._prefix + name), f"{self.name}/{name}")
        except ObjectMissing as error:
            raise FileNotFoundError(f"{self.name}/{name}") from error
        except StoreUnavailable as error:
            if self._sdk.call(self._sdk.has_bucket, self.name):
                raise
            raise FileNotFoundError(f"{self.name}: no such bucket") from error
        with closing(answer):
            yield answer

    def sizes(self) -> dict[str, int]:
        """The names of all files, with their bytes."""
        found = self._sdk.call(lambda: list(self._sdk.list(self._prefix)), self.name)
        return {key.removeprefix(self._prefix): size for key, size in found}

    def remove(self, names: list[str]) -> None:
        """Remove files, a thousand at once."""
        for at in range(0, len(names), 1000):
            keys = tuple(self._prefix + name for name in names[at : at + 1000])
            self._sdk.call(partial(self._sdk.delete, keys), self.name)


def place_of(name: str, store: S3) -> Place:
    """The place that a name means: `s3://BUCKET/PREFIX` in that store, else a folder.

    Raises `Refused` (invalid) for an address without a bucket.
    """
    if not name.startswith(SCHEME):
        return FolderPlace(Path(name))
    bucket, _, prefix = name.removeprefix(SCHEME).strip("/").partition("/")
    if not bucket:
        detail = f"{name} names no bucket."
        raise Refused(Problem(type="invalid", detail=detail, action="Name one: s3://BUCKET/PREFIX."))
    return BucketPlace(store.model_copy(update={"bucket": bucket}), prefix)
