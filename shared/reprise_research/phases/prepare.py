"""Phase 0: fetch what is new, extract texts, find copies, summarise each source and all of them together.

What is stored is used again (R11): a source is fetched if nothing is stored of its present revision, or if
`refetch` asks for it.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal

from pydantic import Field

from reprise_contracts.artifacts import Phase0, PreparedSource, Profile, Stand, Summary
from reprise_contracts.frames import SummarizationProgress, WorkflowProgress
from reprise_contracts.sources import FailureReason, Outcome, Source, Stored, StoredSource
from reprise_contracts.wire import Message
from reprise_research.brief import Library, Provenance
from reprise_research.context import Context
from reprise_research.engines import Recording
from reprise_research.errors import NoSources, NothingToRead, ResearchError, TextMissing
from reprise_research.phases.checking import check_summary
from reprise_research.phases.watch import Watch, name_of
from reprise_research.sources.acquire import Acquired, Desk, acquire, from_abstract, read_again
from reprise_research.sources.duplicates import adds_figures, near_duplicates, says_otherwise, sketch
from reprise_research.sources.failures import SourceFailed, action_for
from reprise_research.sources.fetch import Fetcher
from reprise_research.sources.parser_pool import ParserPool
from reprise_research.sources.site import site_of
from reprise_research.text.words import shorten

_DEEPEST = 3
"""Files within files that are still read: a document in an archive attached to a mail in an archive."""
_MOST_AUTHORS = 10
_SET_UP = "Set up what the detail names, or search again later with refetch."
AT_ONCE = 4
"""Sources that an engine reads side by side."""
_NOT_NEWS = {"fetched_at"}
"""What may differ in a record without its being a new one."""


@dataclass(frozen=True)
class Prepared:
    """The artifact, and the records of sources that are new or differ from what was given."""

    artifact: Phase0
    stored: tuple[StoredSource, ...]


@dataclass(frozen=True)
class _Got:
    """What became of one source before copies are looked for."""

    source: Source
    stored: Stored
    outcome: Outcome
    trouble: str | None = None
    """A failed refetch, in words; the stored copy is used."""
    held: tuple[Source, ...] = ()
    """The sources that it holds, which are prepared after it."""


async def prepare(sources: tuple[Source, ...], context: Context, *, refetch: bool = False) -> Prepared:
    """Prepare every source. One that fails is recorded with its reason; raises `NoSources` if all do."""
    if not sources:
        raise NothingToRead("There are no sources.", "Add at least one source.")
    watch = Watch(context, sources)
    watch.counted()
    got = await _gathered(sources, context, watch, refetch=refetch)
    loaded = await _texts(got, context)
    prepared = await asyncio.to_thread(_with_copies, got, loaded)
    stored = _news(got, prepared, frozenset(source.source_id for source in sources))
    if not any(source.status == "ready" for source in prepared):
        reasons = {source.source_id: source.reason or "" for source in prepared}
        raise NoSources(_no_sources(prepared), stored, reasons)
    return Prepared(await read_sources(prepared, context), stored)


async def read_sources(prepared: tuple[PreparedSource, ...], context: Context) -> Phase0:
    """The artifact on sources whose texts are stored: what each says, who it is, and what they say
    together."""
    context.progress(WorkflowProgress(phase="phase0", progress=60.0, message="Reading the sources"))
    library = Library(prepared, context.store)
    summaries = await _read(library, context)
    combined = await context.engine.combine(tuple(summaries), library, context.brief)
    artifact = Phase0(
        sources=_profiled(prepared, summaries, combined.depends),
        summaries=_in_order(summaries, prepared),
        abstract=combined.text,
        themes=combined.themes,
    )
    context.progress(
        WorkflowProgress(
            phase="phase0", progress=100.0, message=f"{len(summaries)} of {len(prepared)} sources read"
        )
    )
    return context.signed(artifact)


async def _gathered(
    sources: tuple[Source, ...], context: Context, watch: Watch, *, refetch: bool
) -> list[_Got]:
    """Every source, several at a time, and whatever it holds behind it."""
    settings = context.fetcher
    pool = context.parsers or ParserPool(
        size=settings.parsers,
        seconds=settings.parse_seconds,
        memory=settings.parse_memory,
        ocr=settings.ocr,
    )
    known = {source.source_id: source for source in sources}
    got: dict[str, _Got] = {}
    try:
        async with Fetcher(settings) as fetcher:
            work = _Work(context, Desk(fetcher, pool, context.store), watch, known, got, refetch)
            level = tuple(source for source in sources if source.part_of not in known)
            for depth in range(_DEEPEST + 1):
                found = await work.level(level, may_hold=depth < _DEEPEST)
                got |= {one.source.source_id: one for one in found}
                level = tuple(held for one in found for held in one.held)
                watch.found(level)
    except BaseExceptionGroup as failed:  # the store's or the worker's failure, not a document's
        known_failures, others = failed.split(ResearchError)
        if known_failures is None or others is not None:
            raise
        raise _first(known_failures) from None
    finally:
        if context.parsers is None:
            await pool.close()
    return list(_in_tree(got, tuple(source for source in sources if source.part_of not in known)))


def _in_tree(got: Mapping[str, _Got], sources: tuple[Source, ...]) -> Iterator[_Got]:
    """Each source with what it holds behind it."""
    for source in sources:
        one = got[source.source_id]
        yield one
        yield from _in_tree(got, one.held)


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first failure within a group of them."""
    found = failed.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found


@dataclass(frozen=True)
class _Work:
    """Preparing the sources of one run."""

    context: Context
    desk: Desk
    watch: Watch
    known: Mapping[str, Source]
    """The sources that were given."""
    got: Mapping[str, _Got]
    """What became of those above."""
    refetch: bool

    async def level(self, sources: tuple[Source, ...], *, may_hold: bool) -> list[_Got]:
        """Sources, several at a time, in the order given. `may_hold`: whether what they hold is read, too."""
        gate = asyncio.Semaphore(self.context.fetcher.at_once)

        async def one(source: Source) -> _Got:
            async with gate:
                got = await self._get(source)
                if got.held and not may_hold:
                    detail = "It lies too deep within other files."
                    got = replace(got, stored=_failure(source, SourceFailed("unsupported", detail)), held=())
                self.watch.ended(source, got.stored, got.trouble)
                return got

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(source)) for source in sources]
        return [task.result() for task in tasks]

    async def _get(self, source: Source) -> _Got:
        stored = source.stored
        if stored is not None and stored.revision != source.revision:
            stored = None
        if stored is not None and not await self._is_there(stored):
            return await self._got_again(source, stored)
        given = source.url is None and source.search is None
        if stored is not None and (not self.refetch or (given and stored.text_sha256 is not None)):
            return await self._with_held(_Got(source, stored, "reused"))
        self.watch.stage(source, "fetching", 5.0, _doing(source))
        try:
            fresh = await self._acquired(source, stored)
        except SourceFailed as failed:
            return await self._without(source, stored, failed)
        if stored is None or stored.text_sha256 is None:
            outcome: Outcome = "fetched"
        else:
            outcome = "unchanged" if fresh.stored.text_sha256 == stored.text_sha256 else "changed"
        return await self._with_held(_Got(source, fresh.stored, outcome, held=fresh.held))

    async def _without(self, source: Source, stored: Stored | None, failed: SourceFailed) -> _Got:
        """What is left of a source that could not be had: its stored copy, the abstract that a search gave,
        or the failure."""
        if stored is not None and stored.text_sha256 is not None:
            told = f"Asking again failed: {failed.detail} The stored copy is used."
            return await self._with_held(_Got(source, stored, "failed", told))
        whole = self.got.get(source.part_of or "")
        if whole is not None and whole.source.search is not None:
            told_of = await from_abstract(source, whole.stored, failed, self.context.store)
            if told_of is not None:
                return _Got(source, told_of, "fetched")
        return _Got(source, _failure(source, failed), "failed")

    async def _is_there(self, stored: Stored) -> bool:
        """Whether the store still has the text (R34)."""
        try:
            if stored.text_sha256 is not None:
                await self.context.store.get_text(stored.text_sha256)
        except TextMissing:
            return False
        return True

    async def _got_again(self, source: Source, stored: Stored) -> _Got:
        """R34: a text that the store has lost is made again."""
        told = f"Reading {name_of(source)} again: the store has lost its text"
        self.watch.stage(source, "extracting", 60.0, told)
        try:
            fresh = await read_again(source, stored, self.desk)
        except SourceFailed as failed:
            return _Got(source, _failure(source, failed), "failed")
        outcome: Outcome = "reused" if fresh.stored.text_sha256 == stored.text_sha256 else "changed"
        return await self._with_held(_Got(source, fresh.stored, outcome, held=fresh.held))

    async def _with_held(self, got: _Got) -> _Got:
        """A source with those that it holds, as they were given where they were; the others are taken out
        of it again."""
        names = got.stored.holds or ()
        held = {one.source_id: one for one in got.held}
        if any(name not in self.known and name not in held for name in names):
            try:
                held |= {one.source_id: one for one in (await self._opened(got)).held}
            except SourceFailed as failed:
                return replace(got, trouble=failed.detail, held=())
        found = (self.known.get(name) or held.get(name) for name in names)
        return replace(got, held=tuple(one for one in found if one is not None))

    async def _opened(self, got: _Got) -> Acquired:
        return await read_again(got.source, got.stored, self.desk)

    async def _acquired(self, source: Source, stored: Stored | None) -> Acquired:
        """The source as it is now; what an earlier attempt of this run has fetched is taken as it is."""
        kept = stored if stored is not None and stored.text_sha256 is not None else None

        def reading() -> None:
            self.watch.stage(source, "extracting", 60.0, f"Reading {name_of(source)}")

        async def do() -> Acquired:
            return await acquire(source, kept, replace(self.desk, reading=reading))

        if self.context.notes is None:
            return await do()
        work = source.model_dump(mode="json", exclude={"stored", "title"})
        asked = source.url is not None or source.search is not None
        return await self.context.notes.once("fetched", source.source_id, work, Acquired, do, dear=asked)


def _doing(source: Source) -> str:
    if source.search is not None:
        return f"Searching for {shorten(source.search.search, 80)}"
    return f"Fetching {source.url or name_of(source)}"


def _failure(source: Source, failed: SourceFailed) -> Stored:
    """The record of a source that has no text."""
    return Stored(
        revision=source.revision, fetched_at=datetime.now(UTC), reason=failed.reason, detail=failed.detail
    )


async def _read(library: Library, context: Context) -> list[Summary]:
    """The summaries of all sources, some made side by side."""
    gate = asyncio.Semaphore(AT_ONCE)
    count, begun, total = 0, 0, len(library.sources)

    def tell(source: PreparedSource, stage: Literal["summarizing", "completed"]) -> None:
        frame = SummarizationProgress(
            current_item=library.numbers[source.source_id],
            total_items=total,
            link_id=source.source_id,
            stage=stage,
            progress=round(100 * count / total, 1),
            message=shorten(source.title, 80),
            completed_items=count,
            processing_items=begun - count,
            queued_items=total - begun,
        )
        context.progress(frame)

    async def read(source: PreparedSource) -> Summary:
        nonlocal count, begun
        async with gate:
            begun += 1
            tell(source, "summarizing")
            summary = await _summarised(source, library, context)
        count += 1
        tell(source, "completed")
        share = 60.0 + 30.0 * count / total
        context.progress(
            WorkflowProgress(phase="phase0", progress=share, message=f"Read {shorten(source.title, 80)}")
        )
        return summary

    tasks = [asyncio.create_task(read(source)) for source in library.sources]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Summarised(Message):
    """A summary, and how it came about."""

    summary: Summary
    versions: dict[str, str] = Field(default_factory=dict)
    fallbacks: tuple[str, ...] = ()
    stands: dict[str, Stand] = Field(default_factory=dict)


async def _summarised(source: PreparedSource, library: Library, context: Context) -> Summary:
    """The summary of one source, checked; one that an earlier attempt of this run has made is taken as it
    is."""

    async def do() -> _Summarised:
        made = await context.engine.summarise(source, library, own.brief)
        summary = await check_summary(made.model_copy(update={"source_id": source.source_id}), library)
        made_by = own.provenance
        return _Summarised(
            summary=summary,
            versions=made_by.versions,
            fallbacks=tuple(made_by.fallbacks),
            stands=made_by.stands,
        )

    own = replace(context, provenance=Provenance())
    if context.notes is None or isinstance(context.engine, Recording):  # whose calls are noted one by one
        done = await do()
    else:
        engine = context.engine
        made_by = [engine.name, engine.model, engine.versions, engine.prompts]
        work = [*made_by, context.language, context.topic, context.guidance, source.text_sha256, source.title]
        done = await context.notes.once("summary", source.source_id, work, _Summarised, do)
    context.provenance.versions |= done.versions
    context.provenance.fallbacks += done.fallbacks
    for kind, stand in done.stands.items():
        context.provenance.count(kind, **stand.model_dump())
    return done.summary


async def _texts(got: list[_Got], context: Context) -> list[str]:
    """The text of each source that has one, else an empty one; a text of many sources is loaded once."""
    loaded: dict[str, str] = {}
    for one in got:
        sha256 = one.stored.text_sha256
        if sha256 is not None and sha256 not in loaded and one.stored.holds is None:
            loaded[sha256] = await context.store.get_text(sha256)
    return [loaded.get(one.stored.text_sha256 or "", "") for one in got]


def _with_copies(got: list[_Got], texts: list[str]) -> tuple[PreparedSource, ...]:
    """The sources as the artifact lists them; copies point to the first of their kind. What is nearly a copy
    and gives other figures or says the contrary of a sentence is read, for that matters, and has no voice of
    its own."""
    prepared = [_prepared(one) for one in got]
    readable = [index for index, source in enumerate(prepared) if source.status == "ready"]
    first: dict[str, int] = {}
    for index in readable:
        sha256 = got[index].stored.text_sha256 or ""
        if sha256 in first:
            prepared[index] = _copy_of(prepared[index], prepared[first[sha256]], 1.0)
        first.setdefault(sha256, index)
    originals = list(first.values())
    for later, (earlier, near) in near_duplicates([sketch(texts[index]) for index in originals]).items():
        copy, original = originals[later], originals[earlier]
        if adds_figures(texts[copy], texts[original]):
            prepared[copy] = _retold(prepared[copy], prepared[original], near, "with other figures")
            continue
        if says_otherwise(texts[copy], texts[original]):
            prepared[copy] = _retold(
                prepared[copy], prepared[original], near, "and says the contrary in places"
            )
            continue
        prepared[copy] = _copy_of(prepared[copy], prepared[original], near)
        for index in readable:
            if prepared[index].duplicate_of == prepared[copy].source_id:
                prepared[index] = _copy_of(prepared[index], prepared[original], near)
    return tuple(prepared)


def _copy_of(copy: PreparedSource, original: PreparedSource, similarity: float) -> PreparedSource:
    return copy.model_copy(
        update={"status": "duplicate", "duplicate_of": original.source_id, "similarity": similarity}
    )


def _retold(source: PreparedSource, original: PreparedSource, similarity: float, what: str) -> PreparedSource:
    told = (
        f"{round(100 * similarity)} percent the same as “{shorten(original.title, 80)}”, {what}: "
        "the two count as one voice."
    )
    return source.model_copy(update={"site": original.site, "detail": source.detail or told})


def _prepared(got: _Got) -> PreparedSource:
    source, stored = got.source, got.stored
    reason: FailureReason | None = stored.reason if stored.text_sha256 is None else None
    work = source.work or stored.work
    status: Literal["ready", "failed", "opened"] = "ready" if stored.holds is None else "opened"
    return PreparedSource(
        source_id=source.source_id,
        url=source.url,
        title=source.title or stored.title or name_of(source),
        status=status if stored.text_sha256 is not None else "failed",
        outcome=got.outcome,
        reason=reason,
        detail=got.trouble or stored.detail,
        action=(_SET_UP if source.search is not None else action_for(reason)) if reason else None,
        text_sha256=stored.text_sha256,
        final_url=stored.final_url,
        site=site_of(source, stored.final_url),
        content_type=stored.content_type,
        method=stored.method,
        language=stored.language,
        author=stored.author or (", ".join(work.authors[:_MOST_AUTHORS]) if work else None) or None,
        published=stored.published or (str(work.year) if work and work.year else None),
        part_of=source.part_of,
        work=work,
        words=stored.words,
        accessed_at=stored.fetched_at,
    )


def _news(
    got: list[_Got], prepared: tuple[PreparedSource, ...], given: frozenset[str]
) -> tuple[StoredSource, ...]:
    """The records that say something new; of a source that was not given the source itself, too."""
    found = []
    for one, source in zip(got, prepared, strict=True):
        record = one.stored.model_copy(update={"duplicate_of": source.duplicate_of})
        before = one.source.stored
        if before is None or record.model_dump(exclude=_NOT_NEWS) != before.model_dump(exclude=_NOT_NEWS):
            new = None if source.source_id in given else one.source.model_copy(update={"stored": None})
            found.append(StoredSource(source_id=source.source_id, stored=record, source=new))
    return tuple(found)


def _in_order(summaries: list[Summary], prepared: tuple[PreparedSource, ...]) -> tuple[Summary, ...]:
    made = {summary.source_id: summary.model_copy(update={"profile": None}) for summary in summaries}
    return tuple(made[source.source_id] for source in prepared if source.source_id in made)


def _profiled(
    prepared: tuple[PreparedSource, ...], summaries: list[Summary], depends: Mapping[str, tuple[str, ...]]
) -> tuple[PreparedSource, ...]:
    """The sources with who they are, as far as the engine has judged it."""
    known = {summary.source_id: summary.profile for summary in summaries}
    judged = {
        source_id: (known[source_id] or Profile())
        for source_id in known
        if known[source_id] is not None or depends.get(source_id)
    }
    return tuple(
        source.model_copy(
            update={
                "profile": judged[source.source_id].model_copy(
                    update={"depends_on": depends.get(source.source_id, ())}
                )
            }
        )
        if source.source_id in judged
        else source
        for source in prepared
    )


def _no_sources(prepared: tuple[PreparedSource, ...]) -> str:
    told = "; ".join(
        f"{shorten(source.title, 60)}: {source.detail or source.reason}" for source in prepared[:5]
    )
    more = f"; and {len(prepared) - 5} more" if len(prepared) > 5 else ""
    said = (
        "The only source could not be read."
        if len(prepared) == 1
        else f"Not one of {len(prepared)} sources could be read."
    )
    return f"{said} {told}{more}"
