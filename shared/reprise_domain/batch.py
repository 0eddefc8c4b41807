"""A batch: its sources and their stored versions, its sessions, its end. The same two functions as for a session."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from reprise_contracts import commands as c
from reprise_contracts import events as e
from reprise_contracts.jobs import BatchFact, DownloadsSwept, SessionCreation, StoredFact
from reprise_contracts.problems import Problem
from reprise_contracts.refusals import ENDED, LAST_SOURCE, NO_SOURCE, REUSED
from reprise_contracts.sources import Source
from reprise_domain.state import Record, recorded
from reprise_persistent.mapping import Map

BatchInput = c.CreateBatch | c.AddSession | c.PutSources | c.RemoveSource | c.EndBatch | StoredFact | DownloadsSwept


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as of its last commit."""

    batch_id: str
    created_at: datetime
    updated_at: datetime
    commits: int = 0
    seq: int = 0
    sources: Mapping[str, Source] = field(default_factory=dict)
    members: tuple[SessionCreation, ...] = ()
    """Its sessions, each with the command that asked for it."""
    commands: Map[Record] = field(default_factory=Map)
    ended: bool = False
    deleted: bool = False
    superseded: frozenset[str] = frozenset()
    """Objects that a source was made of and no longer is, and that are not known to be deleted (R25)."""

    @property
    def hashes(self) -> frozenset[str]:
        """The objects that its sources are made of."""
        return frozenset().union(*(source.hashes for source in self.sources.values()))


def decide_batch(batch: Batch | None, batch_id: str, given: BatchInput, now: datetime) -> tuple[e.BatchEvent, ...]:
    """The events that one input makes happen in a batch."""
    if batch is None:
        return _create(batch_id, given) if isinstance(given, c.CreateBatch) else ()
    if not isinstance(given, c.Command):
        return _stored(batch, given) if isinstance(given, StoredFact) else _swept(batch, given)
    known = batch.commands.get(given.command_id)
    done = batch.deleted or (batch.ended and isinstance(given, c.EndBatch) and not given.delete)
    if known.fingerprint == given.fingerprint() if known else done:  # R16; R24: ending can be repeated
        return ()
    ended = batch.ended and not isinstance(given, c.EndBatch)
    answer = REUSED if known else ENDED if ended else _asked(batch, given)
    if not isinstance(answer, Problem):
        return answer
    return (e.BatchCommandRefused(**given.honoured(), kind=type(given).__name__.lower(), problem=answer),)


def _create(batch_id: str, command: c.CreateBatch) -> tuple[e.BatchEvent, ...]:
    own = command.honoured()
    return (e.BatchCreated(**own, batch_id=batch_id, sources=command.sources), e.SessionAdded(**own, session=command.session))


def _asked(batch: Batch, command: c.Command) -> tuple[e.BatchEvent, ...] | Problem:
    own = command.honoured()
    match command:
        case c.AddSession():
            return (e.SessionAdded(**own, session=command.session),)
        case c.PutSources():
            return (e.SourcesPut(**own, sources=tuple(_revised(batch, source) for source in command.sources)),)
        case c.RemoveSource():
            if command.source_id not in batch.sources:
                return NO_SOURCE
            return LAST_SOURCE if len(batch.sources) == 1 else (e.SourceRemoved(**own, source_id=command.source_id),)
        case c.EndBatch():
            return (e.BatchEnded(**own, batch_id=batch.batch_id, deleted=command.delete),)
        case _:  # a batch is created once
            return REUSED


def _revised(batch: Batch, source: Source) -> Source:
    """A source that replaces one is its next revision, and nothing of it is stored yet."""
    known = batch.sources.get(source.source_id)
    return source.model_copy(update={"revision": known.revision + 1, "stored": None}) if known else source


def _stored(batch: Batch, fact: StoredFact) -> tuple[e.BatchEvent, ...]:
    """R11: what a session fetched is the batch's from here on, unless the source was replaced meanwhile."""
    known = batch.sources
    news = tuple(
        item for item in fact.stored
        if (source := known.get(item.source_id)) and source.revision == item.stored.revision and source.stored != item.stored
    )  # fmt: skip
    return (e.SourcesStored(session_id=fact.session_id, stored=news),) if news and not batch.ended else ()


def _swept(batch: Batch, swept: DownloadsSwept) -> tuple[e.BatchEvent, ...]:
    """R25: what was deleted is no longer to be deleted."""
    gone = batch.superseded & set(swept.hashes)
    return (e.SourcesSwept(hashes=tuple(sorted(gone))),) if gone else ()


def reduce_batch(batch: Batch | None, event: e.BatchEvent, at: datetime) -> Batch:
    """The batch after one event."""
    before = batch.hashes if batch else frozenset()
    if batch is None and isinstance(event, e.BatchCreated | e.BatchEnded):  # of a deleted one only its end is left
        batch = Batch(batch_id=event.batch_id, created_at=at, updated_at=at)
    if batch is None:
        raise AssertionError(f"a batch's log begins with {event.type}")
    if isinstance(event, e.Honoured):
        batch = replace(batch, commands=recorded(batch.commands, event))
    match event:
        case e.SessionAdded():
            member = SessionCreation(command_id=event.command_id, fingerprint=event.fingerprint, by=event.by, spec=event.session)
            batch = replace(batch, members=(*batch.members, member))
        case e.BatchCreated() | e.SourcesPut():
            batch = replace(batch, sources={**batch.sources, **{source.source_id: source for source in event.sources}})
        case e.SourceRemoved():
            batch = replace(batch, sources={name: source for name, source in batch.sources.items() if name != event.source_id})
        case e.SourcesStored():
            stored = {
                item.source_id: batch.sources[item.source_id].model_copy(update={"stored": item.stored})
                for item in event.stored if item.source_id in batch.sources
            }  # fmt: skip
            batch = replace(batch, sources={**batch.sources, **stored})
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
    state = {name: getattr(batch, name) for name in ("batch_id", "ended", "deleted")}
    shared = BatchFact(**state, batch_seq=batch.commits, sources=tuple(batch.sources.values()), by=by)
    return {member.spec.session_id: shared.model_copy(update={"create": member}) for member in batch.members}
