"""Where a session's commits and artifacts are kept: in memory, or in a folder that outlives the process."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

from reprise_contracts.events import Commit
from reprise_contracts.wire import Message
from reprise_research.stores import write_atomically


class Entry(Message):
    """One commit, and whether it is the session's or its batch's."""

    target: str
    commit: Commit


class Journal(Protocol):
    """The log of one research, and its artifacts by key.

    1. What `append` and `put` took is there after a crash, as far as the journal survives one at all.
    2. `entries` returns the commits in the order in which they were appended.
    3. `get` returns exactly what was put; raises KeyError for what is not there.
    """

    def append(self, entry: Entry) -> None:
        """Keep a commit."""
        ...

    def entries(self) -> Iterator[Entry]:
        """Return every commit, oldest first."""
        ...

    def put(self, key: str, data: bytes) -> None:
        """Keep an artifact."""
        ...

    def get(self, key: str) -> bytes:
        """Return an artifact."""
        ...


class MemoryJournal:
    """A journal for one process's life."""

    def __init__(self) -> None:
        self._entries: list[Entry] = []
        self._objects: dict[str, bytes] = {}

    def append(self, entry: Entry) -> None:
        """See `Journal`."""
        self._entries.append(entry)

    def entries(self) -> Iterator[Entry]:
        """See `Journal`."""
        return iter(tuple(self._entries))

    def put(self, key: str, data: bytes) -> None:
        """See `Journal`."""
        self._objects[key] = data

    def get(self, key: str) -> bytes:
        """See `Journal`."""
        return self._objects[key]


class FolderJournal:
    """A journal in a folder: `log.jsonl`, one commit a line, and `artifacts/<key>`. One process at a time
    writes it."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._log = folder / "log.jsonl"
        self._artifacts = folder / "artifacts"
        self._drop_torn_line()

    def append(self, entry: Entry) -> None:
        """See `Journal`."""
        with self._log.open("ab") as file:
            file.write(entry.encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def entries(self) -> Iterator[Entry]:
        """See `Journal`. Raises `Malformed` for a line that is no commit."""
        if not self._log.exists():
            return
        with self._log.open("rb") as file:
            for line in file:
                yield Entry.decode(line)

    def put(self, key: str, data: bytes) -> None:
        """See `Journal`."""
        path = self._artifacts / key
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, data)

    def get(self, key: str) -> bytes:
        """See `Journal`."""
        try:
            return (self._artifacts / key).read_bytes()
        except FileNotFoundError:
            raise KeyError(key) from None

    def _drop_torn_line(self) -> None:
        """A crash amid an append leaves a line without its end: that commit never was."""
        if not self._log.exists():
            return
        data = self._log.read_bytes()
        whole = data.rfind(b"\n") + 1
        if whole < len(data):
            with self._log.open("r+b") as file:
                file.truncate(whole)
