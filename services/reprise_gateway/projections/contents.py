"""What artifacts say, read from the store and kept while there is room. An object never changes: its hash is
its name here."""

from collections import OrderedDict

from reprise_contracts.artifacts import MODELS, Artifact, ObjectRef
from reprise_contracts.nodes import Phase
from reprise_runtime.s3.artifact_store import ArtifactStore

ROOM = 64 * 1024 * 1024
"""Bytes kept in memory."""


class Contents:
    """Reads objects once."""

    def __init__(self, store: ArtifactStore, room: int = ROOM) -> None:
        self._store = store
        self._room = room
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._bytes = 0

    async def read(self, ref: ObjectRef) -> bytes:
        """The bytes of an object; raises `ObjectMissing`, `ObjectCorrupt`, `StoreUnavailable`."""
        kept = self._kept.get(ref.sha256)
        if kept is not None:
            self._kept.move_to_end(ref.sha256)
            return kept
        data = await self._store.get_verified(ref.key, ref.sha256)
        if ref.sha256 not in self._kept and len(data) <= self._room // 4:
            self._kept[ref.sha256] = data
            self._bytes += len(data)
            while self._bytes > self._room:
                self._bytes -= len(self._kept.popitem(last=False)[1])
        return data

    async def artifact(self, ref: ObjectRef, phase: Phase) -> Artifact:
        """The same as a model; raises `Malformed` as well."""
        return MODELS[phase].read(await self.read(ref))
