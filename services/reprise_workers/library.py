"""Texts, downloads and artifacts as the phases need them: from the store, the small and often read ones kept
in memory."""

import hashlib
import sys
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import TypeVar, cast

from reprise_contracts import subjects
from reprise_contracts.artifacts import Artifact, InputRef, ObjectRef
from reprise_contracts.jobs import LostObject
from reprise_contracts.nodes import Phase
from reprise_research.errors import TextMissing
from reprise_runtime.errors import ObjectCorrupt, ObjectMissing, Terminal
from reprise_runtime.s3.artifact_store import ArtifactStore

A = TypeVar("A", bound=Artifact)
KEPT_BYTES = 64 * 1024 * 1024
"""Of memory, for texts, and as much for artifacts, in one process."""
WEIGHT = 8
"""Bytes of memory that one byte of an artifact's JSON takes once it is read: an estimate on the safe side."""
SEEN_SECONDS = 1.0
"""For so long what was seen in the store is taken to be there still."""
SEEN = 20_000
"""Objects of which it is remembered when they were seen; older ones are looked for again."""
ASKED_FROM = 64 * 1024
"""Bytes from which it is asked whether an object is there before it is put."""


class Kept:
    """What was used last, by the sha256 of its bytes, up to so much memory. `size` is what a value takes
    there. May be used by several threads."""

    def __init__(self, most: int = KEPT_BYTES) -> None:
        self._most = most
        self._size = 0
        self._items: OrderedDict[str, tuple[int, object]] = OrderedDict()
        self._lock = Lock()

    @property
    def size(self) -> int:
        """The memory that all of it takes, in bytes."""
        return self._size

    def get(self, key: str) -> object | None:
        """What is kept under a key."""
        with self._lock:
            found = self._items.get(key)
            if found is None:
                return None
            self._items.move_to_end(key)
            return found[1]

    def put(self, key: str, value: object, size: int) -> None:
        """Keep it, in place of what is kept under the key, and let go of what was not used for longest."""
        with self._lock:
            before, _ = self._items.pop(key, (0, None))
            self._size -= before
            if size > self._most:
                return
            self._items[key] = (size, value)
            self._size += size
            while self._size > self._most:
                _, (gone, _) = self._items.popitem(last=False)
                self._size -= gone


class InputsLost(Terminal):
    """The store has no longer what a job pinned (R34)."""


class Losses:
    """What one job found to be lost, each object once."""

    def __init__(self) -> None:
        self._found: dict[str, LostObject] = {}

    def add(self, key: str, error: ObjectMissing | ObjectCorrupt) -> None:
        """Note an object that is missing or damaged."""
        self._found[key] = LostObject(key=key, damaged=isinstance(error, ObjectCorrupt))

    def mended(self, key: str) -> None:
        """Forget an object that was stored again."""
        self._found.pop(key, None)

    def __contains__(self, key: str) -> bool:
        return key in self._found

    def found(self) -> tuple[LostObject, ...]:
        """Return all of them."""
        return tuple(self._found.values())


class Seen:
    """When objects that are kept in memory were last seen in the store. May be used by several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._at: dict[str, float] = {}
        self._lock = Lock()

    def now(self, key: str) -> None:
        """It was there just now."""
        with self._lock:
            if len(self._at) > SEEN:
                since = self._clock() - SEEN_SECONDS
                self._at = {name: at for name, at in self._at.items() if at > since}
            self._at[key] = self._clock()

    def long_ago(self, key: str) -> bool:
        """Whether it has to be looked for again."""
        return self._clock() - self._at.get(key, float("-inf")) > SEEN_SECONDS


class Memory:
    """What the workers of one process keep of the store, all of them together."""

    def __init__(self, most: int = KEPT_BYTES) -> None:
        self.artifacts, self.texts, self.seen = Kept(most), Kept(most), Seen()


class Artifacts:
    """Reads artifacts by what a job pinned, and checks that they are what it pinned. What is kept in memory
    hides no loss for long."""

    def __init__(self, store: ArtifactStore, memory: Memory | None = None) -> None:
        memory = memory or Memory()
        self._store = store
        self._kept, self._seen = memory.artifacts, memory.seen

    async def read(self, ref: InputRef | ObjectRef, model: type[A]) -> A:
        """One artifact; raises `ObjectMissing`, `ObjectCorrupt`, `Malformed`."""
        kept = self._kept.get(ref.sha256)
        if kept is None:
            kept = await self._store.get_verified(ref.key, ref.sha256)
            self._seen.now(ref.key)
        elif self._seen.long_ago(ref.key):
            if not await self._store.exists(ref.key):
                raise ObjectMissing(f"{ref.key}: only this worker's memory has it")
            self._seen.now(ref.key)
        if isinstance(kept, bytes):
            size = WEIGHT * len(kept)
            kept = model.read(kept)
            self._kept.put(ref.sha256, kept, size)
        return cast(A, kept)

    async def write(self, key: str, data: bytes) -> ObjectRef:
        """Store an artifact, and keep its bytes for who reads it next."""
        await self._store.put(key, data, "application/json")
        ref = ObjectRef(key=key, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
        self._kept.put(ref.sha256, data, sys.getsizeof(data))
        self._seen.now(key)
        return ref


class JobInputs:
    """The artifacts that one job reads. What is lost is noted, all of it."""

    def __init__(self, artifacts: Artifacts, losses: Losses) -> None:
        self._artifacts = artifacts
        self._losses = losses

    async def read(self, ref: InputRef | ObjectRef, model: type[A]) -> A:
        """One artifact; raises `InputsLost`, `Malformed`."""
        try:
            return await self._artifacts.read(ref, model)
        except (ObjectMissing, ObjectCorrupt) as error:
            self._losses.add(ref.key, error)
            raise InputsLost(str(error)) from error

    async def previous(self, ref: ObjectRef | None, model: type[A]) -> A | None:
        """What is only compared with: done without where it is lost."""
        try:
            return await self.read(ref, model) if ref is not None else None
        except InputsLost:
            return None


class BatchStore:
    """The downloads and texts of one batch, as `reprise_research` sees a store, and the notes of one
    phase."""

    def __init__(
        self, store: ArtifactStore, batch_id: str, phase: Phase, kept: Kept, losses: Losses, seen: Seen
    ) -> None:
        self._store = store
        self._batch = batch_id
        self._phase = phase
        self._kept = kept
        self._losses = losses
        self._seen = seen

    async def get_raw(self, sha256: str) -> bytes:
        """A download or an upload."""
        return await self._get(subjects.raw_key(self._batch, sha256), sha256)

    async def _get(self, key: str, sha256: str) -> bytes:
        try:
            return await self._store.get_verified(key, sha256)
        except (ObjectMissing, ObjectCorrupt) as error:
            self._losses.add(key, error)
            raise TextMissing(sha256) from None

    async def put_raw(self, data: bytes) -> str:
        """Keep a download."""
        sha256 = hashlib.sha256(data).hexdigest()
        await self._put(subjects.raw_key(self._batch, sha256), data, "application/octet-stream")
        return sha256

    async def get_text(self, sha256: str) -> str:
        """An extracted text."""
        key, kept = subjects.text_key(self._batch, sha256), self._kept.get(sha256)
        if kept is None or (self._seen.long_ago(key) and not await self._store.exists(key)):
            data = await self._get(key, sha256)
            kept = data.decode()
            self._kept.put(sha256, kept, sys.getsizeof(kept))
        self._seen.now(key)
        return cast(str, kept)

    async def put_text(self, text: str) -> str:
        """Keep an extracted text."""
        data = text.encode()
        sha256 = hashlib.sha256(data).hexdigest()
        await self._put(subjects.text_key(self._batch, sha256), data, "text/plain; charset=utf-8")
        self._kept.put(sha256, text, sys.getsizeof(text))
        return sha256

    async def _put(self, key: str, data: bytes, content_type: str) -> None:
        """Put what is known by its content; what is there already is not written again, where asking costs
        less than writing."""
        if len(data) <= ASKED_FROM or key in self._losses or not await self._store.exists(key):
            await self._store.put(key, data, content_type)
        self._losses.mended(key)

    async def get_note(self, place: str) -> bytes | None:
        """What an attempt noted."""
        try:
            return await self._store.get(subjects.note_key(self._batch, self._phase, place))
        except ObjectMissing:
            return None

    async def put_note(self, place: str, data: bytes) -> None:
        """Note what an attempt has done."""
        await self._store.put(subjects.note_key(self._batch, self._phase, place), data, "application/json")
