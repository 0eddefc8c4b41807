"""The index of lists and searches: it follows the log by itself, into a `Catalogue`.

Nothing else of the gateway waits for it. After a restart it goes on where its file stands; without the file
it reads the log from the beginning, and what is listed meanwhile is what it has come to.
"""

import asyncio
import sqlite3
import tempfile
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, asynccontextmanager, contextmanager
from datetime import datetime
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import TypeVar

from reprise_contracts.fleet import SessionFilter
from reprise_contracts.states import BatchView, SessionSummary
from reprise_contracts.wire import Malformed
from reprise_domain.batch import Batch
from reprise_domain.state import Session
from reprise_gateway.projections.catalogue import BatchRow, Catalogue, Changes, Listed, SessionRow
from reprise_gateway.projections.projection import AnyState, begins, folded
from reprise_gateway.projections.states import present, summary_of
from reprise_runtime.errors import Reset, Retryable
from reprise_runtime.logs import logger
from reprise_runtime.nats.jetstream import ApiError
from reprise_runtime.nats.session_log import Entry, Following, SessionLog

T = TypeVar("T")
CHUNK = 256
"""Commits that are taken in together at most."""
AT_ONCE = 16
"""Commits folded before others have their turn."""
KEPT = 256
"""States of sessions that run, and of batches, that are kept folded."""
NEAR = 1000
"""Commits that are caught up with in a moment."""
PAUSE = 0.5
NEWEST = 2**62
"""Above every position."""
_log = logger(__name__)
Piece = tuple[int, Entry | None]
"""A position of the log with its commit, if there is one that can be read."""
Waiting = asyncio.Queue[Piece | None]
"""Pieces in their order; None: no more come."""


@asynccontextmanager
async def kept_index(log: SessionLog, folder: Path) -> "AsyncIterator[Index]":
    """An index whose file is kept in a folder; where that cannot be, or another gateway has it, in a
    temporary one."""
    with ExitStack() as stack:
        path = stack.enter_context(_locked(folder))
        if path is None:
            own = stack.enter_context(tempfile.TemporaryDirectory(prefix="reprise-index-"))
            path = Path(own) / "index.sqlite"
        index = Index(log, path)
        try:
            yield index
        finally:
            await index.close()


@contextmanager
def _locked(folder: Path) -> Iterator[Path | None]:
    """The file of a folder, for this process alone; None where that cannot be."""
    with ExitStack() as stack:
        path: Path | None = folder / "index.sqlite"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            flock(stack.enter_context((folder / "lock").open("w")), LOCK_EX | LOCK_NB)
        except OSError as error:
            _log.info("the index is kept for this process alone", folder=str(folder), error=str(error))
            path = None
        yield path


class Index:
    """Lists and searches batches. `run` follows the log."""

    def __init__(self, log: SessionLog, path: Path | None = None) -> None:
        self._log = log
        self._path = path
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="index")
        self._catalogue: Catalogue | None = None
        self._states: OrderedDict[str, AnyState] = OrderedDict()
        self._moved = asyncio.Event()
        self.position = 0
        """Up to which the log is taken in."""

    async def close(self) -> None:
        """Close the file; can be repeated."""
        catalogue, self._catalogue = self._catalogue, None
        if catalogue is not None:
            await self._do(catalogue.close)
        self._thread.shutdown(wait=False)

    async def until(self, position: int, within: float) -> bool:
        """Whether a position is taken in, at the latest after so many seconds; one that is far is not waited
        for."""
        if position - self.position > NEAR:
            return False
        try:
            async with asyncio.timeout(within):
                while self.position < position:
                    await self._moved.wait()
        except TimeoutError:
            return False
        return True

    async def page(self, before: int | None, limit: int, words: Sequence[str] = ()) -> list[Listed]:
        """Batches, newest first; see `Catalogue.page`."""
        catalogue = await self._opened()
        return await self._do(lambda: catalogue.page(before if before is not None else NEWEST, limit, words))

    async def sessions(
        self, before: int | None, limit: int, wanted: SessionFilter, now: datetime
    ) -> list[SessionRow]:
        """Sessions, newest first; see `Catalogue.sessions`."""
        catalogue = await self._opened()
        place = before if before is not None else NEWEST
        return await self._do(lambda: catalogue.sessions(place, limit, wanted, now))

    async def _do(self, work: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _opened(self) -> Catalogue:
        if self._catalogue is None:
            self._catalogue = await self._do(lambda: Catalogue(self._path))
        return self._catalogue

    # Following

    async def run(self) -> None:
        """Follow the log for ever. Another log, or a file that is damaged, begins everything anew."""
        while True:
            try:
                await self._follow(await self._opened())
            except Reset as error:
                _log.warning("the log was created anew", error=str(error))
                await self._begin("")
            except sqlite3.OperationalError as error:  # the disk is full, or another process has the file
                _log.warning("the index cannot be written", error=str(error))
                await asyncio.sleep(PAUSE)
            except sqlite3.DatabaseError as error:
                _log.error("the index is made anew", error=str(error))
                await self._do((await self._opened()).remove)
                self._catalogue = None
            except (Retryable, ApiError) as error:
                _log.warning("not following", error=str(error))
                await asyncio.sleep(PAUSE)

    async def _begin(self, epoch: str) -> None:
        catalogue = await self._opened()
        await self._do(lambda: catalogue.begin(epoch))
        self._states.clear()
        self.position = 0

    async def _follow(self, catalogue: Catalogue) -> None:
        epoch, self.position = await self._do(catalogue.place)
        log = await self._log.position()
        if epoch != log.epoch or self.position > log.last_seq:
            await self._begin(log.epoch)
        self._states.clear()
        async with self._log.follow(after=self.position) as following:
            await following.opened.wait()
            if following.epoch != log.epoch:
                raise Reset("the log is another one")
            waiting = Waiting(CHUNK)
            reading = asyncio.create_task(_read(following, waiting), name="read the log")
            ending = asyncio.create_task(_end(following, waiting, log.last_seq), name="end of the log")
            try:
                await self._take_all(catalogue, waiting)
                reading.result()
            finally:
                for task in (reading, ending):
                    task.cancel()
                await asyncio.gather(reading, ending, return_exceptions=True)

    async def _take_all(self, catalogue: Catalogue, waiting: Waiting) -> None:
        """Take in what comes, whatever is there at a time."""
        ended = False
        while not ended:
            chunk = [await waiting.get()]
            while len(chunk) < CHUNK and not waiting.empty():
                chunk.append(waiting.get_nowait())
            ended = chunk[-1] is None
            if read := [piece for piece in chunk if piece is not None]:
                changes = await self._taken(read)
                await self._do(lambda changes=changes: catalogue.apply(changes))  # type: ignore[misc]  # mypy has no type for the default
                self.position = changes.position
                self._moved.set()
                self._moved = asyncio.Event()

    async def _taken(self, chunk: Sequence[Piece]) -> Changes:
        """What some commits change, by the last of each log."""
        batches: dict[str, BatchRow] = {}
        sessions: dict[str, SessionRow] = {}
        gone: dict[str, None] = {}
        for count, (_, entry) in enumerate(chunk, 1):
            if entry is None:
                continue
            if entry.commit.deleted:
                gone[entry.id] = None
                batches.pop(entry.id, None)
                sessions.pop(entry.id, None)
                self._states.pop(entry.id, None)
                continue
            try:
                state = await self._after(entry)
            except Retryable:
                raise
            except Exception as error:  # one log that cannot be folded hides no other
                _log.error("a log cannot be folded", id=entry.id, seq=entry.seq, error=repr(error))
                self._states.pop(entry.id, None)
                state = None
            if entry.commit.batch is not None:
                row = _session_row(entry, state if isinstance(state, Session) else None)
                if row.line is None and entry.id in sessions:
                    row = SessionRow(*row[:6], *sessions[entry.id][6:])
                sessions[entry.id] = row
            elif isinstance(state, Batch):
                batches[entry.id] = _batch_row(state)
            if count % AT_ONCE == 0:
                await asyncio.sleep(0)
        position = max(self.position, *(seq for seq, _ in chunk))
        return Changes(position, tuple(batches.values()), tuple(sessions.values()), tuple(gone))

    async def _after(self, entry: Entry) -> AnyState | None:
        """A log's state after a commit: of a batch always, of a session once it rests."""
        before, commit = self._states.pop(entry.id, None), entry.commit
        if before is None and not begins(commit):
            if commit.batch is not None and commit.active:
                return None
            state: AnyState | None = None
            for other in await self._log.read(entry.id):
                if other.seq <= entry.seq:
                    state = folded(state, other)
        else:
            state = folded(before, entry)
        if state is not None and (commit.active or commit.batch is None):
            self._states[entry.id] = state
            while len(self._states) > KEPT:
                self._states.popitem(last=False)
        return state


async def _read(following: Following, waiting: Waiting) -> None:
    """Hand on what is followed. A commit that cannot be read here is a newer version's. Raises `Reset`."""
    try:
        while True:
            try:
                entry = await anext(following)
            except Malformed as error:
                _log.error("a commit cannot be read", seq=following.position, error=str(error))
                await waiting.put((following.position, None))
            else:
                await waiting.put((entry.seq, entry))
    except StopAsyncIteration:
        await waiting.put(None)
    except Exception:
        await waiting.put(None)
        raise


async def _end(following: Following, waiting: Waiting, last: int) -> None:
    """Say where the log ended at the start, once all before is handed on: its last commits may be gone."""
    await following.caught_up.wait()
    await waiting.put((last, None))


def _session_row(entry: Entry, session: Session | None) -> SessionRow:
    commit = entry.commit
    row = SessionRow(entry.id, commit.batch or "", entry.seq, commit.at.isoformat(), commit.active, None)
    if session is None:
        return row
    found = summary_of(session)
    line = found.model_dump_json().encode()
    return row._replace(
        summary=None if commit.active else line,
        line=line,
        status=found.status,
        topic=found.topic.casefold(),
        tags=f" {' '.join(found.tags)} ",
        stale=len(found.stale),
        failed=len(found.failed),
    )


def _batch_row(batch: Batch) -> BatchRow:
    specs = present(batch)
    view = BatchView(
        batch_id=batch.batch_id,
        topic=specs[0].topic if specs else "",
        created_at=batch.created_at,
        updated_at=batch.updated_at,
        ended=batch.ended,
        sources=tuple(batch.sources.values()),
        sessions=tuple(SessionSummary(session_id=spec.session_id, topic=spec.topic) for spec in specs),
    )
    texts = [spec.topic for spec in specs]
    texts += [text for source in batch.sources.values() for text in (source.url, source.title) if text]
    text = "\n".join(texts).casefold()
    return BatchRow(batch.seq, batch.batch_id, text, view.model_dump_json().encode())
