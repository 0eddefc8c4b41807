"""A batch: its sources and their stored versions, its sessions, its end. The same two functions as for a session."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from reprise_contracts import commands, events, jobs
from reprise_contracts.problems import refusals
from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Source
from reprise_domain.state import CommandRecord, with_answer
from reprise_persistent.mapping import Map

BatchInput = commands.BatchCommand | jobs.StoredFact | jobs.DownloadsSwept


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch as of its last commit."""

    batch_id: str
    created_at: datetime
    updated_at: datetime
    commits: int = 0
    seq: int = 0
    sources: Mapping[str, Source] = field(default_factory=dict)
    members: tuple[jobs.SessionCreation, ...] = ()
    """Its sessions, each with the command that asked for it."""
    commands: Map[CommandRecord] = field(default_factory=Map)
    ended: bool = False
    deleted: bool = False
    past: Mapping[tuple[str, str], Source] = field(default_factory=dict)
    """R40: whatever its sources were or are, by id and identity: what is given again is what it was."""
    superseded: frozenset[str] = frozenset()
    """Objects that a source was made of and no longer is, and that are not known to be deleted (R25)."""

    @property
    def hashes(self) -> frozenset[str]:
        """The objects that its sources are made of."""
        return frozenset().union(*(source.hashes for source in self.sources.values()))


def decide_batch(batch: Batch | None, batch_id: str, given: BatchInput, now: datetime) -> tuple[events.BatchEvent, ...]:
    """The events that one input makes happen in a batch."""
    if batch is None:
        return _create(batch_id, given) if isinstance(given, commands.CreateBatch) else ()
    if not isinstance(given, commands.Command):
        return _stored(batch, given) if isinstance(given, jobs.StoredFact) else _swept(batch, given)
    known = batch.commands.get(given.command_id)
    done = batch.deleted or (batch.ended and isinstance(given, commands.EndBatch) and not given.delete)
    if known.fingerprint == given.fingerprint() if known else done:  # R16; R24: ending can be repeated
        return ()
    ended = batch.ended and not isinstance(given, commands.EndBatch)
    answer = refusals.REUSED if known else refusals.ENDED if ended else _handle(batch, given)
    if not isinstance(answer, Problem):
        return answer
    return (events.BatchCommandRefused(**given.answer_fields(), kind=type(given).__name__.lower(), problem=answer),)


def _create(batch_id: str, command: commands.CreateBatch) -> tuple[events.BatchEvent, ...]:
    own = command.answer_fields()
    return (events.BatchCreated(**own, batch_id=batch_id, sources=command.sources), events.SessionAdded(**own, session=command.session))


def _handle(batch: Batch, command: commands.Command) -> tuple[events.BatchEvent, ...] | Problem:
    own = command.answer_fields()
    match command:
        case commands.AddSession():
            return (events.SessionAdded(**own, session=command.session),)
        case commands.PutSources():
            return (events.SourcesPut(**own, sources=_given(batch, command.sources)),)
        case commands.RemoveSource():
            if command.source_id not in batch.sources:
                return refusals.NO_SOURCE
            return refusals.LAST_SOURCE if len(batch.sources) == 1 else (events.SourceRemoved(**own, source_id=command.source_id),)
        case commands.EndBatch():
            return (events.BatchEnded(**own, batch_id=batch.batch_id, deleted=command.delete),)
        case _:  # a batch is created once
            return refusals.REUSED


def _given(batch: Batch, sources: Iterable[Source]) -> tuple[Source, ...]:
    """R40: what a source of the batch was before, it is again: a removed one under its former id. Anything else is a new revision."""
    found: dict[str, Source] = {}
    for source in sources:
        taken = batch.sources.keys() | found.keys()
        former = (past for (name, identity), past in batch.past.items() if identity == source.identity and name not in taken)
        again = batch.past.get((source.source_id, source.identity)) or (next(former, None) if source.source_id not in taken else None)
        latest = max((past.revision for (name, _), past in batch.past.items() if name == source.source_id), default=0)
        now = again or source.model_copy(update={"revision": latest + 1, "stored": None})
        found[now.source_id] = now
    return tuple(found.values())


def _stored(batch: Batch, fact: jobs.StoredFact) -> tuple[events.BatchEvent, ...]:
    """R11: what a session fetched is the batch's from here on, unless the source was replaced meanwhile."""
    known = batch.sources
    news = tuple(
        item
        for item in fact.stored
        if (source := known.get(item.source_id)) and source.revision == item.stored.revision and source.stored != item.stored
    )
    return (events.SourcesStored(session_id=fact.session_id, stored=news),) if news and not batch.ended else ()


def _swept(batch: Batch, swept: jobs.DownloadsSwept) -> tuple[events.BatchEvent, ...]:
    """R25: what was deleted is no longer to be deleted."""
    gone = batch.superseded & set(swept.hashes)
    return (events.SourcesSwept(hashes=tuple(sorted(gone))),) if gone else ()


def reduce_batch(batch: Batch | None, event: events.BatchEvent, at: datetime) -> Batch:
    """The batch after one event."""
    before = batch.hashes if batch else frozenset()
    if batch is None and isinstance(event, events.BatchCreated | events.BatchEnded):  # of a deleted one only its end is left
        batch = Batch(batch_id=event.batch_id, created_at=at, updated_at=at)
    if batch is None:
        raise AssertionError(f"a batch's log begins with {event.type}")
    if isinstance(event, events.CommandAnswer):
        batch = replace(batch, commands=with_answer(batch.commands, event))
    match event:
        case events.SessionAdded():
            member = jobs.SessionCreation(command_id=event.command_id, fingerprint=event.fingerprint, by=event.by, spec=event.session)
            batch = replace(batch, members=(*batch.members, member))
        case events.BatchCreated() | events.SourcesPut():
            batch = replace(batch, sources={**batch.sources, **{source.source_id: source for source in event.sources}})
        case events.SourceRemoved():
            batch = replace(batch, sources={name: source for name, source in batch.sources.items() if name != event.source_id})
        case events.SourcesStored():
            stored = {item.source_id: batch.sources[item.source_id].model_copy(update={"stored": item.stored}) for item in event.stored}
            batch = replace(batch, sources={**batch.sources, **stored})
        case events.BatchEnded():
            batch = replace(batch, ended=True, deleted=batch.deleted or event.deleted)
        case events.SourcesSwept():
            gone = set(event.hashes)
            past = {key: _without(source, gone) for key, source in batch.past.items()}
            batch = replace(batch, superseded=batch.superseded - gone, past=past)
    past = {**batch.past, **{(source.source_id, source.identity): source for source in batch.sources.values()}}
    return replace(batch, past=past, superseded=(batch.superseded | before) - batch.hashes)


def _without(source: Source, gone: set[str]) -> Source:
    """A past source of which nothing is stored any more, if something of it is gone."""
    stored = source.stored is not None and not gone.isdisjoint({source.stored.raw_sha256, source.stored.text_sha256})
    return source.model_copy(update={"stored": None}) if stored else source


def fold_batch(batch: Batch | None, commit: events.Commit, seq: int) -> Batch:
    """The batch after one commit, standing at its sequence."""
    for event in commit.events:
        batch = reduce_batch(batch, event, commit.at)  # type: ignore[arg-type]  # a batch's log holds its own events
    if batch is None:
        raise AssertionError("a commit without events begins a log")
    return replace(batch, commits=batch.commits + 1, seq=seq, updated_at=commit.at)


def facts(batch: Batch, by: str = "") -> dict[str, jobs.BatchFact]:
    """What each session of the batch is told after a commit: the whole state, so that the last one suffices."""
    state = {name: getattr(batch, name) for name in ("batch_id", "ended", "deleted")}
    shared = jobs.BatchFact(**state, batch_seq=batch.commits, sources=tuple(batch.sources.values()), by=by)
    return {member.spec.session_id: shared.model_copy(update={"create": member}) for member in batch.members}
