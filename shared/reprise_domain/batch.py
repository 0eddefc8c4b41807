"""A batch: its sources and their stored versions, its sessions, its end. The same two functions as for a
session."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from reprise_contracts import commands, events, jobs
from reprise_contracts.problems import refusals
from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Source, with_held, without_orphans
from reprise_contracts.watches import Watch, watched
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
    watches: Mapping[str, Watch | None] = field(default_factory=dict)
    """R36: when its sources are looked at: all of them (under the empty name), and those that have times of
    their own."""
    closed: Mapping[str, bool] = field(default_factory=dict)
    """Sessions that were ended by themselves; true of a deleted one (R37)."""

    @property
    def hashes(self) -> frozenset[str]:
        """The objects that its sources are made of."""
        return frozenset().union(*(source.hashes for source in self.sources.values()))


def decide_batch(
    batch: Batch | None, batch_id: str, given: BatchInput, now: datetime
) -> tuple[events.BatchEvent, ...]:
    """The events that one input makes happen in a batch."""
    if batch is None:
        return _create(batch_id, given) if isinstance(given, commands.CreateBatch) else ()
    if not isinstance(given, commands.Command):
        return _stored(batch, given) if isinstance(given, jobs.StoredFact) else _swept(batch, given)
    known = batch.commands.get(given.command_id)
    done = batch.deleted or (batch.ended and isinstance(given, commands.EndBatch) and not given.delete)
    if known.fingerprint == given.fingerprint() if known else done:  # R16; R24: ending can be repeated
        return ()
    members = {member.spec.session_id for member in batch.members}
    refused = (
        refusals.REUSED
        if known
        else refusals.ENDED
        if batch.ended and not isinstance(given, commands.EndBatch)
        else refusals.NO_SOURCE
        if getattr(given, "source_id", None) not in {None, *batch.sources}
        else refusals.NO_SESSION
        if getattr(given, "session_id", None) not in {None, *members}
        else None
    )
    answer = refused or _handle(batch, given)
    if not isinstance(answer, Problem):
        return answer
    return (
        events.BatchCommandRefused(
            **given.answer_fields(), kind=type(given).__name__.lower(), problem=answer
        ),
    )


def _create(batch_id: str, command: commands.CreateBatch) -> tuple[events.BatchEvent, ...]:
    own = command.answer_fields()
    return (
        events.BatchCreated(**own, batch_id=batch_id, sources=command.sources),
        events.SessionAdded(**own, session=command.session),
    )


def _handle(batch: Batch, command: commands.Command) -> tuple[events.BatchEvent, ...] | Problem:
    own = command.answer_fields()
    match command:
        case commands.AddSession():
            return (events.SessionAdded(**own, session=command.session),)
        case commands.PutSources():
            return (events.SourcesPut(**own, sources=_given(batch, command.sources)),)
        case commands.RemoveSource():
            return (
                (events.SourceRemoved(**own, source_id=command.source_id),)
                if _removed(batch.sources, command.source_id)
                else refusals.LAST_SOURCE
            )
        case commands.SetWatch():
            return (events.WatchSet(**own, source_id=command.source_id, watch=command.watch),)
        case commands.EndBatch(session_id=name):
            return (
                events.MemberEnded(**own, session_id=name, deleted=command.delete)
                if name
                else events.BatchEnded(**own, batch_id=batch.batch_id, deleted=command.delete),
            )
        case _:  # a batch is created once
            return refusals.REUSED


def _given(batch: Batch, sources: Iterable[Source]) -> tuple[Source, ...]:
    """R40: what a source of the batch was before, it is again: a removed one under its former id. Anything
    else is a new revision."""
    found: dict[str, Source] = {}
    for source in sources:
        former = (
            past
            for (name, identity), past in batch.past.items()
            if identity == source.identity
            and past.part_of is None
            and (
                name == source.source_id
                or not {name, source.source_id} & (batch.sources.keys() | found.keys())
            )
        )
        again = min(former, key=lambda past: past.source_id != source.source_id, default=None)
        revisions = [past.revision for (name, _), past in batch.past.items() if name == source.source_id]
        now = again or source.model_copy(update={"revision": max(revisions, default=0) + 1, "stored": None})
        found[now.source_id] = now
    return tuple(found.values())


def _stored(batch: Batch, fact: jobs.StoredFact) -> tuple[events.BatchEvent, ...]:
    """R11: what a session fetched is the batch's from here on, unless the source was replaced meanwhile."""
    timely = tuple(one for one in fact.stored if not one.comes_late(batch.sources.get(one.source_id)))
    now = with_held(batch.sources, timely)
    news = tuple(
        one for one in timely if now.get(one.source_id) not in (None, batch.sources.get(one.source_id))
    )
    return (
        (events.SourcesStored(session_id=fact.session_id, stored=news),) if news and not batch.ended else ()
    )


def _removed(sources: Mapping[str, Source], name: str) -> dict[str, Source]:
    """The sources without one, and without what it holds; what holds it holds it no more."""
    kept = {key: source.without_held(name) for key, source in sources.items() if key != name}
    left = without_orphans(kept)
    return left if any(source.stored is None or source.stored.holds != () for source in left.values()) else {}


def _swept(batch: Batch, swept: jobs.DownloadsSwept) -> tuple[events.BatchEvent, ...]:
    """R25: what was deleted is no longer to be deleted."""
    gone = batch.superseded & set(swept.hashes)
    return (events.SourcesSwept(hashes=tuple(sorted(gone))),) if gone else ()


def reduce_batch(batch: Batch | None, event: events.BatchEvent, at: datetime) -> Batch:
    """The batch after one event."""
    before = batch.hashes if batch else frozenset()
    if batch is None and isinstance(
        event, events.BatchCreated | events.BatchEnded
    ):  # of a deleted one only its end is left
        batch = Batch(batch_id=event.batch_id, created_at=at, updated_at=at)
    if batch is None:
        raise AssertionError(f"a batch's log begins with {event.type}")
    if isinstance(event, events.CommandAnswer):
        batch = replace(batch, commands=with_answer(batch.commands, event))
    match event:
        case events.SessionAdded():
            member = jobs.SessionCreation(
                command_id=event.command_id, fingerprint=event.fingerprint, by=event.by, spec=event.session
            )
            batch = replace(batch, members=(*batch.members, member))
        case events.BatchCreated() | events.SourcesPut():
            put = {source.source_id: source for source in event.sources}
            batch = replace(batch, sources=without_orphans({**batch.sources, **put}))
        case events.SourceRemoved():
            batch = replace(batch, sources=_removed(batch.sources, event.source_id))
        case events.SourcesStored():
            batch = replace(batch, sources=with_held(batch.sources, event.stored))
        case events.BatchEnded():
            batch = replace(batch, ended=True, deleted=batch.deleted or event.deleted)
        case events.MemberEnded(session_id=name):
            deleted = event.deleted or batch.closed.get(name, False)
            batch = replace(batch, closed={**batch.closed, name: deleted})
        case events.SourcesSwept():
            gone = set(event.hashes)
            past = {
                key: source.model_copy(update={"stored": None}) if source.hashes & gone else source
                for key, source in batch.past.items()
            }
            batch = replace(batch, superseded=batch.superseded - gone, past=past)
        case events.WatchSet():
            batch = replace(batch, watches={**batch.watches, event.source_id or "": event.watch})
    past = {
        **batch.past,
        **{(source.source_id, source.identity): source for source in batch.sources.values()},
    }
    return replace(batch, past=past, superseded=(batch.superseded | before) - batch.hashes)


def fold_batch(batch: Batch | None, commit: events.Commit, seq: int) -> Batch:
    """The batch after one commit, standing at its sequence."""
    for event in commit.events:
        batch = reduce_batch(batch, event, commit.at)  # type: ignore[arg-type]  # a batch's log holds its own events
    if batch is None:
        raise AssertionError("a commit without events begins a log")
    return replace(batch, commits=batch.commits + 1, seq=seq, updated_at=commit.at)


def facts(batch: Batch, by: str = "") -> dict[str, jobs.BatchFact]:
    """What each session of the batch is told after a commit: the whole state, so that the last one suffices.
    R36: what is spent by itself is shared among them."""
    state = {name: getattr(batch, name) for name in ("batch_id", "ended", "deleted")}
    refresh = {
        name: max(watch.max_tokens // max(len(batch.members), 1), 1)
        for name, watch in watched(batch.sources, batch.watches).items()
        if watch.auto == "refresh"
    }
    shared = jobs.BatchFact(
        **state,
        batch_seq=batch.commits,
        sources=tuple(batch.sources.values()),
        refresh=refresh,
        by=by,
    )
    ends = {
        name: {"ended": True, "deleted": batch.deleted or deleted} for name, deleted in batch.closed.items()
    }
    return {
        name: shared.model_copy(update={"create": member, **ends.get(name, {})})
        for member in batch.members
        for name in (member.spec.session_id,)
    }
