"""A batch: its sources and their stored versions, its sessions, its end. The same two functions as for a session."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from reprise_contracts import events as e
from reprise_contracts.commands import AddSession, Command, CreateBatch, EndBatch, PutSources, RemoveSource, SessionSpec
from reprise_contracts.jobs import BatchFact, DownloadsSwept, SessionCreation, StoredFact
from reprise_contracts.problems import Problem
from reprise_contracts.refusals import ENDED, LAST_SOURCE, NO_SOURCE, REUSED
from reprise_contracts.sources import Source
from reprise_domain.state import Record

BatchInput = CreateBatch | AddSession | PutSources | RemoveSource | EndBatch | StoredFact | DownloadsSwept


@dataclass(frozen=True, slots=True)
class Member:
    """A session of the batch, and the command that asked for it."""

    spec: SessionSpec
    command_id: str
    fingerprint: str
    by: str


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as of its last commit."""

    batch_id: str
    created_at: datetime
    updated_at: datetime
    commits: int = 0
    seq: int = 0
    sources: tuple[Source, ...] = ()
    members: tuple[Member, ...] = ()
    commands: Mapping[str, Record] | None = None
    ended: bool = False
    deleted: bool = False
    by: str = ""
    superseded: frozenset[str] = frozenset()
    """Objects that a source was made of and no longer is, and that are not known to be deleted (R25)."""

    @property
    def hashes(self) -> frozenset[str]:
        """The objects that its sources are made of."""
        return frozenset().union(*(source.hashes for source in self.sources))

    def record(self, command_id: str) -> Record | None:
        """What became of a command."""
        return (self.commands or {}).get(command_id)


def decide_batch(batch: Batch | None, batch_id: str, given: BatchInput, now: datetime) -> tuple[e.BatchEvent, ...]:
    """The events that one input makes happen in a batch."""
    if batch is None:
        return _create(batch_id, given) if isinstance(given, CreateBatch) else ()
    if isinstance(given, StoredFact | DownloadsSwept):
        return _stored(batch, given) if isinstance(given, StoredFact) else _swept(batch, given)
    known = batch.record(given.command_id)
    if known is not None:
        return () if known.fingerprint == given.fingerprint() else _refuse(given, REUSED)
    if batch.deleted:
        return ()
    if batch.ended and not (isinstance(given, EndBatch) and given.delete and not batch.deleted):
        return () if isinstance(given, EndBatch) else _refuse(given, ENDED)  # R24: ending can be repeated
    decider = _DECIDERS[type(given)]
    return decider(batch, given)


def _refuse(command: Command, problem: Problem) -> tuple[e.BatchEvent, ...]:
    return (e.BatchCommandRefused(**command.honoured(), kind=type(command).__name__.lower(), problem=problem),)


def _create(batch_id: str, command: CreateBatch) -> tuple[e.BatchEvent, ...]:
    own = command.honoured()
    return (e.BatchCreated(**own, batch_id=batch_id, sources=command.sources), e.SessionAdded(**own, session=command.session))


def _recreate(batch: Batch, command: CreateBatch) -> tuple[e.BatchEvent, ...]:
    return _refuse(command, REUSED)


def _add_session(batch: Batch, command: AddSession) -> tuple[e.BatchEvent, ...]:
    return (e.SessionAdded(**command.honoured(), session=command.session),)


def _put(batch: Batch, command: PutSources) -> tuple[e.BatchEvent, ...]:
    known = {source.source_id: source for source in batch.sources}
    put = tuple(
        source.model_copy(update={"revision": known[source.source_id].revision + 1, "stored": None})
        if source.source_id in known
        else source
        for source in command.sources
    )
    return (e.SourcesPut(**command.honoured(), sources=put),)


def _remove(batch: Batch, command: RemoveSource) -> tuple[e.BatchEvent, ...]:
    if all(source.source_id != command.source_id for source in batch.sources):
        return _refuse(command, NO_SOURCE)
    if len(batch.sources) == 1:
        return _refuse(command, LAST_SOURCE)
    return (e.SourceRemoved(**command.honoured(), source_id=command.source_id),)


def _end(batch: Batch, command: EndBatch) -> tuple[e.BatchEvent, ...]:
    return (e.BatchEnded(**command.honoured(), batch_id=batch.batch_id, deleted=command.delete),)


def _stored(batch: Batch, fact: StoredFact) -> tuple[e.BatchEvent, ...]:
    """R11: what a session fetched is the batch's from here on, unless the source was replaced meanwhile."""
    known = {source.source_id: source for source in batch.sources}
    news = tuple(
        item for item in fact.stored
        if (source := known.get(item.source_id)) and source.revision == item.stored.revision and source.stored != item.stored
    )  # fmt: skip
    return (e.SourcesStored(session_id=fact.session_id, stored=news),) if news and not batch.ended else ()


def _swept(batch: Batch, swept: DownloadsSwept) -> tuple[e.BatchEvent, ...]:
    """R25: what was deleted is no longer to be deleted."""
    gone = batch.superseded & set(swept.hashes)
    return (e.SourcesSwept(hashes=tuple(sorted(gone))),) if gone else ()


_DECIDERS: Mapping[type, Callable[[Batch, Any], tuple[e.BatchEvent, ...]]] = {
    CreateBatch: _recreate,
    AddSession: _add_session,
    PutSources: _put,
    RemoveSource: _remove,
    EndBatch: _end,
}


def reduce_batch(batch: Batch | None, event: e.BatchEvent, at: datetime) -> Batch:
    """The batch after one event."""
    before = batch.hashes if batch else frozenset()
    if isinstance(event, e.BatchCreated):
        batch = Batch(batch_id=event.batch_id, created_at=at, updated_at=at, sources=event.sources, by=event.by)
    if batch is None and isinstance(event, e.BatchEnded):  # only the tombstone is left
        batch = Batch(batch_id=event.batch_id, created_at=at, updated_at=at)
    if batch is None:
        raise AssertionError(f"a batch's log begins with {event.type}")
    if isinstance(event, e.Honoured):
        problem = event.problem if isinstance(event, e.BatchCommandRefused) else None
        record = Record(event.fingerprint, "refused" if problem else "completed", problem=problem)
        batch = replace(batch, commands={event.command_id: record} | dict(batch.commands or {}))
    match event:
        case e.SessionAdded():
            batch = replace(batch, members=(*batch.members, Member(event.session, event.command_id, event.fingerprint, event.by)))
        case e.SourcesPut():
            put = {source.source_id: source for source in event.sources}
            kept = tuple(put.pop(source.source_id, source) for source in batch.sources)
            batch = replace(batch, sources=(*kept, *put.values()))
        case e.SourceRemoved():
            batch = replace(batch, sources=tuple(source for source in batch.sources if source.source_id != event.source_id))
        case e.SourcesStored():
            stored = {item.source_id: item.stored for item in event.stored}
            batch = replace(batch, sources=tuple(
                source.model_copy(update={"stored": stored[source.source_id]}) if source.source_id in stored else source
                for source in batch.sources
            ))  # fmt: skip
        case e.BatchEnded():
            batch = replace(batch, ended=True, deleted=batch.deleted or event.deleted)
        case e.SourcesSwept():
            batch = replace(batch, superseded=batch.superseded - set(event.hashes))
        case _:
            pass
    return replace(batch, superseded=(batch.superseded | before) - batch.hashes)


def fold_batch(batch: Batch | None, commit: e.Commit, seq: int) -> Batch:
    """The batch after one commit, standing at its sequence."""
    for event in commit.events:
        batch = reduce_batch(batch, event, commit.at)  # type: ignore[arg-type]  # a batch's log holds its own events
    if batch is None:
        raise AssertionError("a commit without events begins a log")
    return replace(batch, commits=batch.commits + 1, seq=seq, updated_at=commit.at)


def facts(batch: Batch, by: str = "") -> dict[str, BatchFact]:
    """What each session of the batch is told after a commit: the whole state, so that the last one suffices."""
    told: dict[str, BatchFact] = {}
    for member in batch.members:
        create = SessionCreation(command_id=member.command_id, fingerprint=member.fingerprint, by=member.by, spec=member.spec)
        told[member.spec.session_id] = BatchFact(
            batch_id=batch.batch_id, batch_seq=batch.commits, sources=batch.sources, ended=batch.ended, deleted=batch.deleted,
            by=by, create=create,
        )  # fmt: skip
    return told
