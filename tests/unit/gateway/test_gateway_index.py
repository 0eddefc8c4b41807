"""The index of lists and searches says what the log says, wherever it goes on from."""

import asyncio
import contextlib
import random
import sqlite3
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise_contracts import events as e
from reprise_contracts.commands import CreateBatch, EndBatch, PutSources, SessionSpec
from reprise_contracts.events import Commit
from reprise_contracts.sources import Source
from reprise_contracts.states import BatchView
from reprise_domain.batch import Batch, decide_batch, fold_batch
from reprise_gateway.projections.catalogue import BatchRow, Catalogue, Changes, SessionRow
from reprise_gateway.projections.index import Index, kept_index
from reprise_runtime.testing import MemoryLog

AT = datetime(2026, 1, 1, tzinfo=UTC)
WORDS = ("Lake", "levels", "of", "the", "ÄRGER", "straße", "湖の水", "x", "b-1")


async def decide(log: MemoryLog, name: str, command: CreateBatch | PutSources | EndBatch) -> None:
    """What the orchestrator appends for a command to a batch."""
    batch: Batch | None = None
    for entry in await log.read(name):
        batch = fold_batch(batch, entry.commit, entry.seq)
    decided = decide_batch(batch, name, command, AT)
    if decided:
        deleted = any(isinstance(event, e.BatchEnded) and event.deleted for event in decided)
        commit = Commit(at=AT, inputs=(command.command_id,), events=decided, deleted=deleted)
        await log.append(name, commit, expected=batch.seq if batch else 0)
        if deleted:
            await log.purge(name)


def source(name: str, text: str) -> Source:
    return Source(source_id=name, title=text, url=f"https://example.org/{name}")


async def create(log: MemoryLog, name: str, topic: str) -> None:
    session = SessionSpec(session_id=f"s-{name}", topic=topic)
    command = CreateBatch(command_id=f"c-{name}", sources=(source("src-1", "One"),), session=session)
    await decide(log, name, command)


@contextlib.asynccontextmanager
async def following(log: MemoryLog, path: Path | None = None) -> AsyncIterator[Index]:
    """An index that has taken in all that is there."""
    index = Index(log, path)
    task = asyncio.create_task(index.run())
    try:
        assert await index.until((await log.position()).last_seq, 60)
        yield index
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await index.close()


async def oracle(log: MemoryLog, search: str) -> list[str]:
    """The batches that a search finds, newest first, by folding every log."""
    batches: dict[str, Batch] = {}
    for seq in log.after(0):
        entry = log.entry(seq)
        if entry.commit.deleted:
            batches.pop(entry.id, None)
        elif entry.commit.batch is None:
            batches[entry.id] = fold_batch(batches.get(entry.id), entry.commit, entry.seq)
    found = []
    for batch in sorted(batches.values(), key=lambda one: -one.seq):
        texts = [member.spec.topic for member in batch.members]
        texts += [text for one in batch.sources.values() for text in (one.url, one.title) if text]
        said = "\n".join(texts).casefold()
        if all(word in said or word == batch.batch_id for word in search.casefold().split()):
            found.append(batch.batch_id)
    return found


STEPS = st.lists(
    st.tuples(
        st.integers(0, 5), st.sampled_from(["create", "put", "end", "delete", "restart"]), st.integers()
    ),
    max_size=25,
)
SEARCHES = st.lists(st.lists(st.sampled_from(WORDS), max_size=3).map(" ".join), min_size=1, max_size=4)


@given(STEPS, SEARCHES)
@settings(max_examples=60, deadline=None)
async def test_what_is_listed_and_found_is_what_the_logs_say(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[int, str, int]], searches: list[str]
) -> None:
    """However batches come, change and go, and wherever the index was stopped in between."""
    log, path = MemoryLog(), tmp_path_factory.mktemp("index") / "index.sqlite"
    for number, what, salt in steps:
        name, text = f"b-{number}", " ".join(random.Random(salt).choices(WORDS, k=4))
        if what == "create":
            await create(log, name, text)
        elif what == "put":
            command = PutSources(command_id=f"p-{salt}", sources=(source(f"src-{salt % 3 + 1}", text),))
            await decide(log, name, command)
        elif what == "restart":
            async with following(log, path):
                pass
        else:
            await decide(log, name, EndBatch(command_id=f"e-{what}-{salt}", delete=what == "delete"))
    async with following(log, path) as index, following(log) as anew:
        for search in ("", *searches):
            wanted = await oracle(log, search)
            for one in (index, anew):
                words = tuple(search.casefold().split())
                assert [line.batch.id for line in await one.page(None, 100, words)] == wanted
                pages: list[str] = []
                before = None
                while lines := await one.page(before, 2, words):
                    pages += [line.batch.id for line in lines]
                    before = lines[-1].batch.seq
                assert pages == wanted


def row(number: int, text: str) -> BatchRow:
    view = BatchView(batch_id=f"b-{number}", topic=text)
    return BatchRow(number, f"b-{number}", text, view.model_dump_json().encode())


def test_a_position_and_what_goes_up_to_it_are_stored_together(tmp_path: Path) -> None:
    """A piece that cannot be stored whole leaves the file as it was."""
    path = tmp_path / "index.sqlite"
    with Catalogue(path) as catalogue:
        catalogue.begin("e")
        catalogue.apply(Changes(5, (row(5, "five"),)))
        with pytest.raises(sqlite3.Error):
            catalogue.apply(Changes(7, (row(6, "six"), row(6, "again")._replace(id="b-other"))))
    with Catalogue(path) as catalogue:
        assert catalogue.place() == ("e", 5)
        assert [line.batch.id for line in catalogue.page(100, 10)] == ["b-5"]
        assert [line.batch.id for line in catalogue.page(100, 10, ("six",))] == []


@pytest.mark.parametrize("damage", [b"this is no database", b""])
def test_a_file_that_is_damaged_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    path = tmp_path / "index.sqlite"
    with Catalogue(path) as catalogue:
        catalogue.begin("e")
        catalogue.apply(Changes(5, (row(5, "five"),)))
    path.write_bytes(damage * 500)
    with Catalogue(path) as catalogue:
        assert catalogue.place() == ("", 0)
        catalogue.begin("e")
        catalogue.apply(Changes(6, (row(6, "six"),)))
        assert [line.batch.id for line in catalogue.page(100, 10, ("six",))] == ["b-6"]


async def test_another_log_begins_everything_anew(tmp_path: Path) -> None:
    """A log that was created anew, or that has gone back behind what the file knows."""
    path = tmp_path / "index.sqlite"
    log = MemoryLog()
    for number in range(3):
        await create(log, f"b-{number}", "Lake")
    async with following(log, path):
        pass
    other = MemoryLog()
    await create(other, "b-other", "Sea")
    async with following(other, path) as index:
        assert [line.batch.id for line in await index.page(None, 10)] == ["b-other"]


def test_a_batch_that_goes_takes_its_sessions_with_it() -> None:
    with Catalogue() as catalogue:
        catalogue.begin("e")
        session = SessionRow("s-1", "b-1", 2, AT.isoformat(), active=False, summary=None)
        catalogue.apply(Changes(2, (row(1, "one"),), (session,)))
        assert catalogue.page(100, 10)[0].sessions == {"s-1": session}
        catalogue.apply(Changes(3, gone=("b-1",)))
        catalogue.apply(Changes(4, (row(4, "one")._replace(id="b-1"),)))
        assert catalogue.page(100, 10)[0].sessions == {}


async def test_a_second_gateway_of_the_same_folder_has_a_file_of_its_own(tmp_path: Path) -> None:
    log = MemoryLog()
    await create(log, "b-1", "Lake")
    folder = tmp_path / "index"
    async with kept_index(log, folder) as first, kept_index(log, folder) as second:
        for index in (first, second):
            task = asyncio.create_task(index.run())
            assert await index.until(1, 60)
            assert [line.batch.id for line in await index.page(None, 10)] == ["b-1"]
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
    assert (folder / "index.sqlite").exists()


async def test_a_folder_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    """As on a read-only file system."""
    log = MemoryLog()
    await create(log, "b-1", "Lake")
    (tmp_path / "file").touch()
    async with kept_index(log, tmp_path / "file" / "index") as index:
        task = asyncio.create_task(index.run())
        assert await index.until(1, 60)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_what_is_far_is_not_waited_for() -> None:
    index = Index(MemoryLog())
    async with asyncio.timeout(30):
        assert not await index.until(10_000, within=3600)
    await index.close()
