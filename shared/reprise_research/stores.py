"""Where downloads and extracted texts are kept: by the sha256 of their bytes, so that the same content is
stored once."""

import asyncio
import hashlib
import os
import re
import tempfile
from pathlib import Path
from typing import Protocol

from reprise_research.errors import TextMissing

_SHA256 = re.compile(r"[0-9a-f]{64}")


def sha256_of(data: bytes) -> str:
    """The lower-case hex digest of some bytes."""
    return hashlib.sha256(data).hexdigest()


class Store(Protocol):
    """Content-addressed storage.

    1. `put_raw` and `put_text` return the sha256 of the bytes (of a text: of its UTF-8), and may be repeated
       without effect.
    2. `get_raw` and `get_text` return exactly what was put, or raises `TextMissing`.
    3. Once they have returned, the content survives a crash as far as the store survives one at all.
    """

    async def get_raw(self, sha256: str) -> bytes:
        """A download or an upload."""

    async def put_raw(self, data: bytes) -> str:
        """Keep a download."""

    async def get_text(self, sha256: str) -> str:
        """An extracted text."""

    async def put_text(self, text: str) -> str:
        """Keep an extracted text."""

    async def get_note(self, place: str) -> bytes | None:
        """What was last put at a place, which is a sha256; None if nothing was."""

    async def put_note(self, place: str, data: bytes) -> None:
        """Keep a note, instead of what was at that place. It may be lost: a note only saves work."""


class MemoryStore:
    """A store for one process's life."""

    def __init__(self) -> None:
        self._raw: dict[str, bytes] = {}
        self._texts: dict[str, str] = {}
        self._notes: dict[str, bytes] = {}

    async def get_raw(self, sha256: str) -> bytes:
        """See `Store`."""
        try:
            return self._raw[sha256]
        except KeyError:
            raise TextMissing(sha256) from None

    async def put_raw(self, data: bytes) -> str:
        """See `Store`."""
        key = sha256_of(data)
        self._raw[key] = data
        return key

    async def get_text(self, sha256: str) -> str:
        """See `Store`."""
        try:
            return self._texts[sha256]
        except KeyError:
            raise TextMissing(sha256) from None

    async def put_text(self, text: str) -> str:
        """See `Store`."""
        key = sha256_of(text.encode())
        self._texts[key] = text
        return key

    async def get_note(self, place: str) -> bytes | None:
        """See `Store`."""
        return self._notes.get(place)

    async def put_note(self, place: str, data: bytes) -> None:
        """See `Store`."""
        self._notes[place] = data


class FolderStore:
    """A store in a folder: `raw/<sha256>` and `texts/<sha256>.txt`, each file written beside its place and
    moved there."""

    def __init__(self, folder: Path) -> None:
        self._raw = folder / "raw"
        self._texts = folder / "texts"
        self._notes = folder / "notes"
        for place in (self._raw, self._texts, self._notes):
            place.mkdir(parents=True, exist_ok=True)

    async def get_raw(self, sha256: str) -> bytes:
        """See `Store`."""
        return await asyncio.to_thread(_read, self._raw / _checked(sha256), sha256)

    async def put_raw(self, data: bytes) -> str:
        """See `Store`."""
        key = sha256_of(data)
        await asyncio.to_thread(write_atomically, self._raw / key, data)
        return key

    async def get_text(self, sha256: str) -> str:
        """See `Store`."""
        return (await asyncio.to_thread(_read, self._texts / f"{_checked(sha256)}.txt", sha256)).decode()

    async def put_text(self, text: str) -> str:
        """See `Store`."""
        data = text.encode()
        key = sha256_of(data)
        await asyncio.to_thread(write_atomically, self._texts / f"{key}.txt", data)
        return key

    async def get_note(self, place: str) -> bytes | None:
        """See `Store`."""
        try:
            return await asyncio.to_thread((self._notes / _checked(place)).read_bytes)
        except FileNotFoundError:
            return None

    async def put_note(self, place: str, data: bytes) -> None:
        """See `Store`."""
        await asyncio.to_thread(write_atomically, self._notes / _checked(place), data)


def write_atomically(path: Path, data: bytes) -> None:
    """Write a file so that a reader, and a machine that loses power, see the old content or the new, never a
    part."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:16]}.")
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _read(path: Path, sha256: str) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise TextMissing(sha256) from None


def _checked(sha256: str) -> str:
    if not _SHA256.fullmatch(sha256):
        raise ValueError(f"not a sha256: {sha256!r}")
    return sha256
