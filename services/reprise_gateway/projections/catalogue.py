"""What there is to list and to search, in one SQLite file: a cache of the log, to be thrown away at any time.

Every change is one transaction together with the position in the log up to which it goes, so that a process
that is killed goes on where the file stands. Nothing waits for the disk: a file that a crash of the machine
has damaged is made again. One thread at a time uses it.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple, Self

from reprise_contracts.fleet import SessionFilter, seconds_of
from reprise_contracts.states import SessionSummary
from reprise_domain.reduce import REDUCER

SCHEMA = 2
_VERSION = SCHEMA * 1000 + REDUCER
_TABLES = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
CREATE TABLE IF NOT EXISTS place (epoch TEXT NOT NULL, position INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS batches (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, text TEXT NOT NULL, view BLOB NOT NULL
);
CREATE TABLE IF NOT EXISTS sessions (
    id TEXT PRIMARY KEY, batch TEXT NOT NULL, seq INTEGER NOT NULL, at TEXT NOT NULL,
    active INTEGER NOT NULL, summary BLOB, line BLOB, status TEXT, topic TEXT, tags TEXT,
    stale INTEGER, failed INTEGER
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS sessions_by_seq ON sessions (seq);
CREATE INDEX IF NOT EXISTS sessions_of ON sessions (batch);
CREATE VIRTUAL TABLE IF NOT EXISTS words USING fts5 (
    text, content = 'batches', content_rowid = 'seq', tokenize = 'trigram case_sensitive 1'
);
"""
_PUT_SESSION = (
    "INSERT INTO sessions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET "
    "seq = excluded.seq, at = excluded.at, active = excluded.active, summary = excluded.summary, "
    "line = coalesce(excluded.line, line), status = coalesce(excluded.status, status), "
    "topic = coalesce(excluded.topic, topic), tags = coalesce(excluded.tags, tags), "
    "stale = coalesce(excluded.stale, stale), failed = coalesce(excluded.failed, failed)"
)
"""What is known of a session stays where its last commit cannot be told."""
_COLUMNS = "SELECT batches.seq, batches.id, batches.text, batches.view FROM batches"
_GRAM = 3
"""Letters from which a word is looked up; shorter ones are looked for in every text."""


class BatchRow(NamedTuple):
    """A batch by its last commit: newer ones come first in a list."""

    seq: int
    id: str
    text: str
    """What is searched, case-folded."""
    view: bytes
    """A `BatchView` as JSON, its sessions as their batch knows them."""


class SessionRow(NamedTuple):
    """A session by its last commit."""

    id: str
    batch: str
    seq: int
    at: str
    """ISO 8601."""
    active: bool
    summary: bytes | None
    """A `SessionSummary` as JSON, where the session rests."""
    line: bytes | None = None
    """The same as of the last commit of which it is known; None: as before."""
    status: str | None = None
    topic: str | None = None
    """Case-folded."""
    tags: str | None = None
    """Each between two spaces."""
    stale: int | None = None
    failed: int | None = None
    """How many of its nodes."""


class Changes(NamedTuple):
    """What a piece of the log has changed."""

    position: int
    batches: Sequence[BatchRow] = ()
    sessions: Sequence[SessionRow] = ()
    gone: Sequence[str] = ()
    """Batches and sessions that were deleted."""


class Listed(NamedTuple):
    """One line of a page."""

    batch: BatchRow
    sessions: dict[str, SessionRow]


class Catalogue:
    """The file, or without a path one in memory. What cannot be read is made anew, empty."""

    def __init__(self, path: Path | None = None) -> None:
        self._path = path
        try:
            self._open()
        except sqlite3.DatabaseError:
            self.remove()
            self._open()

    def _open(self) -> None:
        self._db = sqlite3.connect(
            self._path or ":memory:", isolation_level=None, check_same_thread=False, timeout=30
        )
        version = self._db.execute("PRAGMA user_version").fetchone()[0]
        if version not in {0, _VERSION}:
            raise sqlite3.DatabaseError(f"of another version: {version}")
        self._db.executescript(f"{_TABLES} PRAGMA user_version = {_VERSION};")
        self.place()

    def remove(self) -> None:
        """Close it, and delete its files."""
        self.close()
        if self._path is not None:
            for suffix in ("", "-wal", "-shm"):
                self._path.with_name(self._path.name + suffix).unlink(missing_ok=True)

    def close(self) -> None:
        """Close the file."""
        with suppress(sqlite3.Error, AttributeError):
            self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def place(self) -> tuple[str, int]:
        """Which log it is of, and up to which position; an empty name where nothing is in it."""
        found = self._db.execute("SELECT epoch, position FROM place").fetchone()
        return (str(found[0]), int(found[1])) if found is not None else ("", 0)

    def begin(self, epoch: str) -> None:
        """Forget everything, and begin with this log."""
        with self._db:
            self._db.execute("BEGIN")
            self._db.execute("INSERT INTO words (words) VALUES ('delete-all')")
            for table in ("place", "batches", "sessions"):
                self._db.execute(f"DELETE FROM {table}")  # noqa: S608 - a name of ours
            self._db.execute("INSERT INTO place VALUES (?, 0)", (epoch,))

    def apply(self, changes: Changes) -> None:
        """Take in a piece of the log."""
        with self._db:
            self._db.execute("BEGIN")
            for name in (*changes.gone, *(row.id for row in changes.batches)):
                self._drop_batch(name)
            self._db.executemany("INSERT INTO batches VALUES (?, ?, ?, ?)", changes.batches)
            self._db.executemany(
                "INSERT INTO words (rowid, text) VALUES (?, ?)",
                [(row.seq, row.text) for row in changes.batches],
            )
            self._db.executemany("DELETE FROM sessions WHERE id = ?1 OR batch = ?1", _each(changes.gone))
            self._db.executemany(_PUT_SESSION, changes.sessions)
            self._db.execute("UPDATE place SET position = ?", (changes.position,))

    def _drop_batch(self, name: str) -> None:
        found = self._db.execute("DELETE FROM batches WHERE id = ? RETURNING seq, text", (name,)).fetchone()
        if found is not None:
            self._db.execute("INSERT INTO words (words, rowid, text) VALUES ('delete', ?, ?)", found)

    def page(self, before: int, limit: int, words: Sequence[str] = ()) -> list[Listed]:
        """Batches whose last commit is below `before`, newest first: those in whose texts every word is
        found, or whose id a word is."""
        rows = [BatchRow(*row) for row in self._db.execute(*_query(before, limit, words))]
        for word in words:
            for row in self._db.execute(f"{_COLUMNS} WHERE id = ? AND seq < ?", (word, before)):
                named = BatchRow(*row)
                if named not in rows and all(one == named.id or one in named.text for one in words):
                    rows.append(named)
        rows = sorted(rows, key=lambda row: -row.seq)[:limit]
        return [Listed(row, self._sessions_of(row.id)) for row in rows]

    def _sessions_of(self, batch: str) -> dict[str, SessionRow]:
        found = self._db.execute(
            "SELECT id, batch, seq, at, active, summary FROM sessions WHERE batch = ?", (batch,)
        )
        return {row[0]: SessionRow(row[0], row[1], row[2], row[3], bool(row[4]), row[5]) for row in found}

    def sessions(self, before: int, limit: int, wanted: SessionFilter, now: datetime) -> list[SessionRow]:
        """Sessions whose last commit is below `before`, newest first, that a filter finds."""
        clauses, values = ["seq < ?"], list[object]([before])

        def narrow(clause: str, *found: object) -> None:
            clauses.append(clause)
            values.extend(found)

        if wanted.state is not None:
            running = wanted.state == "running"
            narrow("active = ?", int(running))
            if not running:
                narrow("status = ?", wanted.state)
        if wanted.stale or wanted.failed:
            narrow(" OR ".join(name for name in ("stale", "failed") if getattr(wanted, name)))
        if wanted.tag is not None:
            narrow("instr(tags, ?) > 0", f" {wanted.tag} ")
        for word in dict.fromkeys(wanted.q.casefold().split()):
            narrow("(instr(topic, ?) > 0 OR id = ?)", word, word)
        if wanted.older_than:
            narrow("at < ?", (now - timedelta(seconds=seconds_of(wanted.older_than))).isoformat())
        where = " AND ".join(f"({clause})" for clause in clauses)
        query = f"SELECT * FROM sessions WHERE {where} ORDER BY seq DESC LIMIT ?"  # noqa: S608 - clauses of ours
        return [SessionRow(*row) for row in self._db.execute(query, (*values, limit))]


def line_of(row: SessionRow) -> SessionSummary:
    """A session as one line of a list: how it stood when that was last known, and whether it runs."""
    known = (
        SessionSummary.model_validate_json(row.line)
        if row.line is not None
        else SessionSummary(session_id=row.id, topic="", batch_id=row.batch)
    )
    moved = {"updated_at": datetime.fromisoformat(row.at)}
    return known.model_copy(update=moved | ({"status": "running"} if row.active else {}))


def _query(before: int, limit: int, words: Sequence[str]) -> tuple[str, tuple[object, ...]]:
    """The newest batches in whose texts every word is found. In the order of the words' own table, which is
    that of the list: what a page needs is read, and no more."""
    long = [word for word in words if len(word) >= _GRAM]
    short = [word for word in words if len(word) < _GRAM]
    held = " AND instr(batches.text, ?) > 0" * len(short)
    if not long:
        return f"{_COLUMNS} WHERE seq < ?{held} ORDER BY seq DESC LIMIT ?", (before, *short, limit)
    phrases = " AND ".join('"' + word.replace('"', '""') + '"' for word in long)
    found = "JOIN words ON words.rowid = batches.seq WHERE words MATCH ? AND words.rowid < ?"
    return (
        f"{_COLUMNS} {found}{held} ORDER BY words.rowid DESC LIMIT ?",
        (phrases, before, *short, limit),
    )


def _each(names: Iterable[str]) -> list[tuple[str]]:
    return [(name,) for name in names]
