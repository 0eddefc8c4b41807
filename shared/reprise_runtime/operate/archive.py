"""A backup as a folder: messages of streams as compressed JSON lines, objects as files under their keys, and
`backup.json`.

`backup.json` is written last and says what belongs to the backup and with which hash. A folder without a
valid one is no backup.
"""

import asyncio
import base64
import gzip
import hashlib
import json
import os
from collections.abc import AsyncIterable, Iterable, Iterator
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from reprise_contracts.problems.model import Problem
from reprise_runtime.errors import Refused

FORMAT = 1


class ArchivedMessage(NamedTuple):
    """One message of a stream."""

    seq: int
    subject: str
    data: bytes
    headers: dict[str, str]

    def line(self) -> bytes:
        """As a line of a file: text where it is text, so that people can read it."""
        try:
            body: dict[str, object] = {"data": self.data.decode()}
        except UnicodeDecodeError:
            body = {"base64": base64.b64encode(self.data).decode()}
        head: dict[str, object] = {"seq": self.seq, "subject": self.subject}
        return (
            json.dumps(
                head | ({"headers": self.headers} if self.headers else {}) | body, ensure_ascii=False
            ).encode()
            + b"\n"
        )

    @classmethod
    def read(cls, line: bytes) -> "ArchivedMessage":
        """The other way round."""
        found = json.loads(line)
        data = base64.b64decode(found["base64"]) if "base64" in found else found["data"].encode()
        return cls(found["seq"], found["subject"], data, found.get("headers", {}))


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class File(_Part):
    """A file of the backup: how many entries it has, and the sha256 of its bytes."""

    name: str
    entries: int
    sha256: str


class Manifest(_Part):
    """`backup.json`."""

    format: int = FORMAT
    version: str
    taken_at: datetime
    """When the log was copied: what was accepted later is not in it."""
    streams: dict[str, File]
    objects: File
    bytes: int
    """Of all objects."""
    lost: tuple[str, ...] = ()
    """Objects that the log names and the store had lost already: the rest of the backup is whole without
    them."""


class Saved(_Part):
    """One object: a line of the list of objects."""

    key: str
    bytes: int
    sha256: str
    content_type: str


class Archive:
    """Reads and writes the folder. Errors: `Refused` (invalid), with what is wrong with it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    # Writing

    def prepare(self) -> None:
        """Make the folder, its owner's only: it holds everything that the system knows."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)

    def write(self, name: str, lines: Iterable[bytes]) -> File:
        """One compressed file of lines, on the disk before it counts."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        count = 0
        with (
            path.open("wb") as raw,
            gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, mtime=0) as packed,
        ):
            for line in lines:
                packed.write(line)
                count += 1
        return self._written(name, path, count)

    async def write_from(self, name: str, messages: AsyncIterable[ArchivedMessage]) -> File:
        """Write one compressed file of messages as they come, none kept in memory."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        count = 0
        with (
            path.open("wb") as raw,
            gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, mtime=0) as packed,
        ):
            async for message in messages:
                packed.write(message.line())
                count += 1
        return await asyncio.to_thread(self._written, name, path, count)

    def _written(self, name: str, path: Path, count: int) -> File:
        _flush(path)
        return File(name=name, entries=count, sha256=_sha256(path))

    def place(self, key: str, data: bytes) -> None:
        """One object's file, whole or not at all."""
        path = self.path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(path.name + ".part")
        draft.write_bytes(data)
        _flush(draft)
        draft.replace(path)

    def finish(self, manifest: Manifest, keys: Iterable[str]) -> None:
        """The folder is a backup from here on; what belonged only to the one before it goes."""
        draft = self.folder / "backup.part"
        draft.write_text(manifest.model_dump_json(indent=2) + "\n")
        _flush(draft)
        draft.replace(self.folder / "backup.json")
        wanted = {self.folder / file.name for file in (*manifest.streams.values(), manifest.objects)} | {
            self.path(key) for key in keys
        }
        for path in (
            *(self.folder / "streams").rglob("*"),
            *(self.folder / "objects").rglob("*"),
            *self.folder.glob("objects-*"),
        ):
            if path.is_file() and path not in wanted:
                path.unlink()

    # Reading

    def manifest(self) -> Manifest:
        """What the folder holds."""
        try:
            found = Manifest.model_validate_json((self.folder / "backup.json").read_bytes())
        except OSError as error:
            raise _invalid(f"{self.folder} holds no backup: backup.json: {error.strerror}.") from error
        except ValidationError as error:
            raise _invalid(f"{self.folder} holds no backup: {str(error).splitlines()[0]}") from error
        if found.format != FORMAT:
            raise _invalid(f"{self.folder} has format {found.format}, this version reads {FORMAT}")
        return found

    def known(self) -> dict[str, Saved]:
        """The objects of an earlier backup in this folder, by key; empty where there is none."""
        try:
            return {saved.key: saved for saved in self.objects(self.manifest())}
        except Refused:
            return {}

    def check(self, manifest: Manifest) -> Iterator[str]:
        """Read every byte once against its hash; yields each object's key when it is found right. Raises
        `Refused` for one that is not."""
        for file in (*manifest.streams.values(), manifest.objects):
            path = self.folder / file.name
            if not path.is_file() or _sha256(path) != file.sha256:
                raise _invalid(f"{path} is not what was written")
        for saved in self.objects(manifest):
            path = self.path(saved.key)
            if not path.is_file() or _sha256(path) != saved.sha256:
                raise _invalid(f"{path} is not what was written")
            yield saved.key

    def messages(self, manifest: Manifest, stream: str) -> Iterator[ArchivedMessage]:
        """The messages of a stream, in order; none of one that the backup's version did not copy yet."""
        if stream not in manifest.streams:
            return
        for line in self._lines(manifest.streams[stream]):
            yield ArchivedMessage.read(line)

    def objects(self, manifest: Manifest) -> Iterator[Saved]:
        """The list of objects."""
        for line in self._lines(manifest.objects):
            yield Saved.model_validate_json(line)

    def path(self, key: str) -> Path:
        """Where an object's bytes are. Raises `Refused` for a key that leads out of the folder."""
        parts = key.split("/")
        if not key or any(part in {"", ".", ".."} or "\0" in part for part in parts):
            raise _invalid(f"the key {key!r} cannot be kept as a file")
        return self.folder.joinpath("objects", *parts)

    def _lines(self, file: File) -> Iterator[bytes]:
        try:
            with gzip.open(self.folder / file.name) as lines:
                yield from lines
        except (OSError, EOFError) as error:
            raise _invalid(f"{file.name}: {error}") from error


def _flush(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _invalid(detail: str) -> Refused:
    return Refused(Problem(type="invalid", detail=detail, action="Name the folder of a whole backup."))
