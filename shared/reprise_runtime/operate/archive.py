"""A backup: messages of streams as compressed JSON lines, objects as files under their keys, and
`backup.json`, in a folder or in a bucket.

`backup.json` is written last and says what belongs to the backup and with which hash. A place without a valid
one holds no backup. Of an encrypted backup everything is sealed but `backup.json` and the list of objects:
names, sizes and the hashes of what is sealed, so that it can be verified and gone on with by whoever cannot
read it.
"""

import asyncio
import base64
import gzip
import hashlib
import json
from collections.abc import AsyncIterable, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from reprise_contracts.problems.model import Problem
from reprise_runtime.errors import Refused
from reprise_runtime.operate.places import Place
from reprise_runtime.operate.sealing import Seal

FORMAT = 1
MANIFEST = "backup.json"
OBJECTS = "objects/"
_BLOCK = 1 << 20


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
    """A file of the backup: how many entries it has, and the sha256 of its bytes as they are kept."""

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
    sealed_for: tuple[str, ...] = ()
    """The recipients that it is encrypted for; empty: it is not."""


class Saved(_Part):
    """One object: a line of the list of objects."""

    key: str
    bytes: int
    sha256: str
    """Of its bytes as they are kept."""
    content_type: str
    kept: int | None = None
    """Bytes as they are kept, where they are sealed."""


class Kept(NamedTuple):
    """What became of a file: its bytes and their hash, as they are kept."""

    bytes: int
    sha256: str


class Archive:
    """Reads and writes a backup in a place. Errors: `Refused` (invalid), with what is wrong with it, and
    those of the place."""

    def __init__(self, place: Place, seal: Seal | None = None) -> None:
        self._place = place
        self._seal = seal or Seal()
        self._sizes: dict[str, int] = {}

    @property
    def sealed_for(self) -> tuple[str, ...]:
        """The recipients that what is written is encrypted for; empty: it is not."""
        return self._seal.recipients

    @property
    def name(self) -> str:
        """The place, as people write it."""
        return self._place.name

    # Writing

    def prepare(self) -> None:
        """Make the place, and see what it holds. Raises `Refused` where that is encrypted for others."""
        self._place.prepare()
        self._sizes = self._place.sizes()
        if MANIFEST in self._sizes and self.manifest().sealed_for != self._seal.recipients:
            raise Refused(
                Problem(
                    type="conflict",
                    detail=f"{self.name} holds a backup that is encrypted otherwise, or not at all.",
                    action="Name another place, or the same recipients.",
                )
            )

    def write(self, name: str, lines: Iterable[bytes]) -> File:
        """One compressed file of lines, readable by all, on the disk before it counts."""
        with self._place.draft() as draft:
            count = 0
            with _packed(draft) as packed:
                for line in lines:
                    packed.write(line)
                    count += 1
            return File(name=name, entries=count, sha256=self._keep(name, draft).sha256)

    async def write_from(self, name: str, messages: AsyncIterable[ArchivedMessage]) -> File:
        """Write one compressed file of messages as they come, none kept in memory."""
        with self._place.draft() as draft:
            count = 0
            with _packed(draft) as packed:
                async for message in messages:
                    packed.write(message.line())
                    count += 1
            kept = await asyncio.to_thread(self._keep_sealed, name, draft)
        return File(name=name, entries=count, sha256=kept.sha256)

    def place(self, key: str, data: bytes, content_type: str) -> Saved:
        """Keep one object, whole or not at all."""
        name = name_of(key)
        with self._place.draft() as draft:
            draft.write_bytes(data)
            kept = self._keep_sealed(name, draft)
        sealed = kept.bytes if self._seal.recipients else None
        return Saved(key=key, bytes=len(data), sha256=kept.sha256, content_type=content_type, kept=sealed)

    def holds(self, saved: Saved) -> bool:
        """Whether an object of an earlier backup is still there, by its size."""
        return self._sizes.get(name_of(saved.key)) == (saved.bytes if saved.kept is None else saved.kept)

    def finish(self, manifest: Manifest, keys: Iterable[str]) -> None:
        """The place holds this backup from here on; what belonged only to the one before it goes."""
        with self._place.draft() as draft:
            draft.write_text(manifest.model_dump_json(indent=2) + "\n")
            self._place.keep(MANIFEST, draft)
        wanted = {
            MANIFEST,
            manifest.objects.name,
            *(file.name for file in manifest.streams.values()),
            *map(name_of, keys),
        }
        own = ("streams/", OBJECTS, "objects-")
        self._place.remove(
            [
                name
                for name in self._place.sizes()
                if name not in wanted and (name.startswith(own) or name.endswith(".part"))
            ]
        )

    def _keep_sealed(self, name: str, draft: Path) -> Kept:
        if not self._seal.recipients:
            return self._keep(name, draft)
        with self._place.draft() as sealed:
            self._seal.close(draft, sealed)
            return self._keep(name, sealed)

    def _keep(self, name: str, draft: Path) -> Kept:
        with draft.open("rb") as file:
            kept = Kept(draft.stat().st_size, _sha256(file))
        self._place.keep(name, draft)
        return kept

    # Reading

    def manifest(self) -> Manifest:
        """What the place holds."""
        try:
            with self._place.open(MANIFEST) as file:
                found = Manifest.model_validate_json(file.read())
        except OSError as error:
            why = error.strerror or "there is none"
            raise _invalid(f"{self.name} holds no backup: {MANIFEST}: {why}.") from error
        except ValidationError as error:
            raise _invalid(f"{self.name} holds no backup: {str(error).splitlines()[0]}") from error
        if found.format != FORMAT:
            raise _invalid(f"{self.name} has format {found.format}, this version reads {FORMAT}")
        return found

    def known(self) -> dict[str, Saved]:
        """The objects of an earlier backup here, by key; empty where there is none."""
        try:
            return {saved.key: saved for saved in self.objects(self.manifest())}
        except Refused:
            return {}

    def check(self, manifest: Manifest) -> Iterator[str]:
        """Read every byte once against its hash, as it is kept; yields each object's key when it is found
        right. Raises `Refused` for one that is not."""
        for file in (*manifest.streams.values(), manifest.objects):
            self._check(file.name, file.sha256)
        for saved in self.objects(manifest):
            self._check(name_of(saved.key), saved.sha256)
            yield saved.key

    def _check(self, name: str, sha256: str) -> None:
        try:
            with self._place.open(name) as file:
                right = _sha256(file) == sha256
        except FileNotFoundError:
            right = False
        if not right:
            raise _invalid(f"{self.name}/{name} is not what was written")

    def unlock(self, manifest: Manifest) -> None:
        """See that it can be read. Raises `Refused` where it is encrypted for others."""
        for stream in manifest.streams:
            next(self.messages(manifest, stream), None)

    def messages(self, manifest: Manifest, stream: str) -> Iterator[ArchivedMessage]:
        """The messages of a stream, in order; none of one that the backup's version did not copy yet."""
        if stream in manifest.streams:
            for line in self._lines(manifest.streams[stream].name, sealed=bool(manifest.sealed_for)):
                yield ArchivedMessage.read(line)

    def objects(self, manifest: Manifest) -> Iterator[Saved]:
        """The list of objects."""
        for line in self._lines(manifest.objects.name, sealed=False):
            yield Saved.model_validate_json(line)

    def read(self, saved: Saved) -> bytes:
        """An object's bytes."""
        with self._opened(name_of(saved.key), sealed=saved.kept is not None) as file:
            return file.read()

    def _lines(self, name: str, *, sealed: bool) -> Iterator[bytes]:
        try:
            with self._opened(name, sealed=sealed) as file, gzip.GzipFile(fileobj=file) as lines:
                yield from lines
        except (OSError, EOFError) as error:
            raise _invalid(f"{name}: {error}") from error

    @contextmanager
    def _opened(self, name: str, *, sealed: bool) -> Iterator[BinaryIO]:
        with ExitStack() as open_now:
            file = open_now.enter_context(self._place.open(name))
            yield open_now.enter_context(self._seal.open(file, f"{self.name}/{name}")) if sealed else file


def name_of(key: str) -> str:
    """The name of an object's file. Raises `Refused` for a key that leads out of the folder."""
    parts = key.split("/")
    if not key or any(part in {"", ".", ".."} or "\0" in part for part in parts):
        raise _invalid(f"the key {key!r} cannot be kept as a file")
    return OBJECTS + key


@contextmanager
def _packed(path: Path) -> Iterator[gzip.GzipFile]:
    with (
        path.open("wb") as raw,
        gzip.GzipFile(fileobj=raw, mode="wb", compresslevel=6, mtime=0) as packed,
    ):
        yield packed


def _sha256(file: BinaryIO) -> str:
    found = hashlib.sha256()
    while block := file.read(_BLOCK):
        found.update(block)
    return found.hexdigest()


def _invalid(detail: str) -> Refused:
    return Refused(Problem(type="invalid", detail=detail, action="Name the place of a whole backup."))
