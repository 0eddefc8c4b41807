"""Texts, downloads and artifacts as the phases need them: from the store, the small and often read ones kept in memory."""

import hashlib
from collections import OrderedDict
from typing import TypeVar, cast

from reprise_contracts import subjects
from reprise_contracts.artifacts import Artifact, InputRef, ObjectRef
from reprise_research.errors import TextMissing
from reprise_runtime.errors import ObjectMissing
from reprise_runtime.s3.artifact_store import ArtifactStore

A = TypeVar("A", bound=Artifact)
KEPT_BYTES = 64 * 1024 * 1024
"""Of texts, and of artifacts, kept in memory by one process."""
ASKED_FROM = 64 * 1024
"""Bytes from which it is asked whether an object is there before it is put."""


class Kept:
    """What was used last, by the sha256 of its bytes, up to `KEPT_BYTES`."""

    def __init__(self, most: int = KEPT_BYTES) -> None:
        self._most = most
        self._size = 0
        self._items: OrderedDict[str, tuple[int, object]] = OrderedDict()

    def get(self, key: str) -> object | None:
        """What is kept under a key."""
        found = self._items.get(key)
        if found is None:
            return None
        self._items.move_to_end(key)
        return found[1]

    def put(self, key: str, value: object, size: int) -> None:
        """Keep it, and let go of what was not used for longest."""
        if key in self._items or size > self._most:
            return
        self._items[key] = (size, value)
        self._size += size
        while self._size > self._most:
            _, (gone, _) = self._items.popitem(last=False)
            self._size -= gone


class Artifacts:
    """Reads artifacts by what a job pinned, and checks that they are what it pinned."""

    def __init__(self, store: ArtifactStore) -> None:
        self._store = store
        self._kept = Kept()

    async def read(self, ref: InputRef | ObjectRef, model: type[A]) -> A:
        """One artifact; raises `ObjectMissing`, `ObjectCorrupt`, `Malformed`."""
        kept = self._kept.get(ref.sha256)
        if kept is None:
            data = await self._store.get_verified(ref.key, ref.sha256)
            kept = model.read(data)
            self._kept.put(ref.sha256, kept, len(data))
        return cast(A, kept)


class BatchStore:
    """The downloads and texts of one batch, as `reprise_research` sees a store."""

    def __init__(self, store: ArtifactStore, batch_id: str, kept: Kept) -> None:
        self._store = store
        self._batch = batch_id
        self._kept = kept

    async def get_raw(self, sha256: str) -> bytes:
        """A download or an upload."""
        try:
            return await self._store.get_verified(subjects.raw_key(self._batch, sha256), sha256)
        except ObjectMissing:
            raise TextMissing(sha256) from None

    async def put_raw(self, data: bytes) -> str:
        """Keep a download."""
        sha256 = hashlib.sha256(data).hexdigest()
        await self._put(subjects.raw_key(self._batch, sha256), data, "application/octet-stream")
        return sha256

    async def get_text(self, sha256: str) -> str:
        """An extracted text."""
        kept = self._kept.get(sha256)
        if kept is None:
            try:
                data = await self._store.get_verified(subjects.text_key(self._batch, sha256), sha256)
            except ObjectMissing:
                raise TextMissing(sha256) from None
            kept = data.decode()
            self._kept.put(sha256, kept, len(data))
        return cast(str, kept)

    async def put_text(self, text: str) -> str:
        """Keep an extracted text."""
        data = text.encode()
        sha256 = hashlib.sha256(data).hexdigest()
        await self._put(subjects.text_key(self._batch, sha256), data, "text/plain; charset=utf-8")
        self._kept.put(sha256, text, len(data))
        return sha256

    async def _put(self, key: str, data: bytes, content_type: str) -> None:
        """Put what is known by its content; what is there already is not written again, where asking costs less than writing."""
        if len(data) <= ASKED_FROM or not await self._store.exists(key):
            await self._store.put(key, data, content_type)

    async def get_note(self, place: str) -> bytes | None:
        """What an attempt noted."""
        try:
            return await self._store.get(subjects.note_key(self._batch, place))
        except ObjectMissing:
            return None

    async def put_note(self, place: str, data: bytes) -> None:
        """Note what an attempt has done."""
        await self._store.put(subjects.note_key(self._batch, place), data, "application/json")
