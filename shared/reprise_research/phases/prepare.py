"""Phase 0: fetch what is new, extract texts, find copies, summarise each source and all of them together.

What is stored is used again (R11): a source is fetched if nothing is stored of its present revision, or if `refetch` asks for it.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from pydantic import Field

from reprise_contracts.artifacts import Phase0, PreparedSource, Profile, Stand, Summary
from reprise_contracts.frames import WorkflowProgress
from reprise_contracts.sources import FailureReason, Outcome, Source, Stored, StoredSource
from reprise_contracts.wire import Message
from reprise_research.context import Context, Library, Provenance
from reprise_research.engines import Recording
from reprise_research.errors import NoSources, NothingToRead, ResearchError, TextMissing
from reprise_research.phases.checking import check_summary
from reprise_research.phases.watch import Watch, name_of
from reprise_research.sources.acquire import acquire, read_again
from reprise_research.sources.failures import SourceFailed, action_for
from reprise_research.sources.fetch import Fetcher
from reprise_research.sources.parser_pool import ParserPool
from reprise_research.sources.site import site_of
from reprise_research.text.duplicates import adds_figures, near_duplicates, sketch
from reprise_research.text.words import shorten

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


async def prepare(sources: tuple[Source, ...], context: Context, *, refetch: bool = False) -> Prepared:
    """Prepare every source. One that fails is recorded with its reason; raises `NoSources` if all do."""
    if not sources:
        raise NothingToRead("There are no sources.", "Add at least one source.")
    watch = Watch(context, sources)
    watch.counted()
    got = await _gathered(sources, context, watch, refetch=refetch)
    loaded = await _texts(got, context)
    prepared = await asyncio.to_thread(_with_copies, got, loaded)
    stored = _news(got, prepared)
    if not any(source.status == "ready" for source in prepared):
        raise NoSources(_no_sources(prepared), stored)
    return Prepared(await read_sources(prepared, context), stored)


async def read_sources(prepared: tuple[PreparedSource, ...], context: Context) -> Phase0:
    """The artifact on sources whose texts are stored: what each says, who it is, and what they say together."""
    context.progress(WorkflowProgress(phase="phase0", progress=60.0, message="Reading the sources"))
    library = Library(prepared, context.store)
    summaries = await _read(library, context)
    combined = await context.engine.combine(tuple(summaries), library, context.brief)
    artifact = Phase0(
        sources=_profiled(prepared, summaries, combined.depends), summaries=_in_order(summaries, prepared), abstract=combined.text,
        themes=combined.themes,
    )  # fmt: skip
    context.progress(WorkflowProgress(phase="phase0", progress=100.0, message=f"{len(summaries)} of {len(prepared)} sources read"))
    return context.signed(artifact)


async def _gathered(sources: tuple[Source, ...], context: Context, watch: Watch, *, refetch: bool) -> list[_Got]:
    """Every source, several at a time, in the order given."""
    settings = context.fetcher
    gate = asyncio.Semaphore(settings.at_once)
    pool = context.parsers or ParserPool(size=settings.parsers, seconds=settings.parse_seconds, memory=settings.parse_memory)
    try:
        async with Fetcher(settings) as fetcher, asyncio.TaskGroup() as group:

            async def one(source: Source) -> _Got:
                async with gate:
                    got = await _get(source, context, fetcher, pool, watch, refetch=refetch)
                    watch.ended(source, got.stored, got.trouble)
                    return got

            tasks = [group.create_task(one(source)) for source in sources]
        return [task.result() for task in tasks]
    except BaseExceptionGroup as failed:  # the store's or the worker's failure, not a document's
        known, others = failed.split(ResearchError)
        if known is None or others is not None:
            raise
        raise _first(known) from None
    finally:
        if context.parsers is None:
            await pool.close()


def _first(failed: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first failure within a group of them."""
    found = failed.exceptions[0]
    return _first(found) if isinstance(found, BaseExceptionGroup) else found


async def _get(source: Source, context: Context, fetcher: Fetcher, pool: ParserPool, watch: Watch, *, refetch: bool) -> _Got:
    stored = source.stored if source.stored is not None and source.stored.revision == source.revision else None
    if stored is not None and not await _is_there(stored, context):
        return await _got_again(source, stored, context, fetcher, pool, watch)
    if stored is not None and (not refetch or (source.url is None and stored.text_sha256 is not None)):
        return _Got(source, stored, "reused")
    watch.stage(source, "fetching", 5.0, f"Fetching {source.url or name_of(source)}")
    try:
        fresh = await _acquired(source, stored, context, fetcher, pool, watch)
    except SourceFailed as failed:
        if stored is not None and stored.text_sha256 is not None:
            return _Got(source, stored, "failed", f"Asking again failed: {failed.detail} The stored copy is used.")
        record = Stored(revision=source.revision, fetched_at=datetime.now(UTC), reason=failed.reason, detail=failed.detail)
        return _Got(source, record, "failed")
    if stored is None or stored.text_sha256 is None:
        return _Got(source, fresh, "fetched")
    return _Got(source, fresh, "unchanged" if fresh.text_sha256 == stored.text_sha256 else "changed")


async def _is_there(stored: Stored, context: Context) -> bool:
    """Whether the store still has the text (R34)."""
    try:
        if stored.text_sha256 is not None:
            await context.store.get_text(stored.text_sha256)
    except TextMissing:
        return False
    return True


async def _got_again(source: Source, stored: Stored, context: Context, fetcher: Fetcher, pool: ParserPool, watch: Watch) -> _Got:
    """R34: a text that the store has lost is made again."""
    watch.stage(source, "extracting", 60.0, f"Reading {name_of(source)} again: the store has lost its text")
    try:
        fresh = await read_again(source, stored, fetcher, pool, context.store, lambda: None)
    except SourceFailed as failed:
        record = Stored(revision=source.revision, fetched_at=datetime.now(UTC), reason=failed.reason, detail=failed.detail)
        return _Got(source, record, "failed")
    return _Got(source, fresh, "reused" if fresh.text_sha256 == stored.text_sha256 else "changed")


async def _acquired(source: Source, stored: Stored | None, context: Context, fetcher: Fetcher, pool: ParserPool, watch: Watch) -> Stored:
    """The source as it is now; what an earlier attempt of this run has fetched is taken as it is."""
    kept = stored if stored is not None and stored.text_sha256 is not None else None

    def reading() -> None:
        watch.stage(source, "extracting", 60.0, f"Reading {name_of(source)}")

    async def do() -> Stored:
        return await acquire(source, kept, fetcher, pool, context.store, reading)

    if context.notes is None:
        return await do()
    work = source.model_dump(mode="json", exclude={"stored", "title"})
    return await context.notes.once("fetched", source.source_id, work, Stored, do, dear=source.url is not None)


async def _read(library: Library, context: Context) -> list[Summary]:
    """The summaries of all sources, some made side by side; one after another where an allowance of tokens could not be shared."""
    gate = asyncio.Semaphore(AT_ONCE if context.usage.allowance is None else 1)
    count = 0

    async def read(source: PreparedSource) -> Summary:
        nonlocal count
        async with gate:
            summary = await _summarised(source, library, context)
        count += 1
        share = 60.0 + 30.0 * count / len(library.sources)
        context.progress(WorkflowProgress(phase="phase0", progress=share, message=f"Read {shorten(source.title, 80)}"))
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
    """The summary of one source, checked; one that an earlier attempt of this run has made is taken as it is."""

    async def do() -> _Summarised:
        made = await context.engine.summarise(source, library, own.brief)
        summary = await check_summary(made.model_copy(update={"source_id": source.source_id}), library)
        made_by = own.provenance
        return _Summarised(summary=summary, versions=made_by.versions, fallbacks=tuple(made_by.fallbacks), stands=made_by.stands)

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
        if sha256 is not None and sha256 not in loaded:
            loaded[sha256] = await context.store.get_text(sha256)
    return [loaded[one.stored.text_sha256] if one.stored.text_sha256 is not None else "" for one in got]


def _with_copies(got: list[_Got], texts: list[str]) -> tuple[PreparedSource, ...]:
    """The sources as the artifact lists them; copies point to the first of their kind. What is nearly a copy and gives other figures is
    read, for they matter, and has no voice of its own."""
    prepared = [_prepared(one) for one in got]
    readable = [index for index, one in enumerate(got) if one.stored.text_sha256 is not None]
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
            prepared[copy] = _retold(prepared[copy], prepared[original], near)
            continue
        prepared[copy] = _copy_of(prepared[copy], prepared[original], near)
        for index in readable:
            if prepared[index].duplicate_of == prepared[copy].source_id:
                prepared[index] = _copy_of(prepared[index], prepared[original], near)
    return tuple(prepared)


def _copy_of(copy: PreparedSource, original: PreparedSource, similarity: float) -> PreparedSource:
    return copy.model_copy(update={"status": "duplicate", "duplicate_of": original.source_id, "similarity": similarity})


def _retold(source: PreparedSource, original: PreparedSource, similarity: float) -> PreparedSource:
    told = f"{round(100 * similarity)} percent the same as “{shorten(original.title, 80)}”, with other figures: the two count as one voice."
    return source.model_copy(update={"site": original.site, "detail": source.detail or told})


def _prepared(got: _Got) -> PreparedSource:
    source, stored = got.source, got.stored
    reason: FailureReason | None = stored.reason if stored.text_sha256 is None else None
    return PreparedSource(
        source_id=source.source_id,
        url=source.url,
        title=source.title or stored.title or name_of(source),
        status="ready" if stored.text_sha256 is not None else "failed",
        outcome=got.outcome,
        reason=reason,
        detail=got.trouble or stored.detail,
        action=action_for(reason) if reason else None,
        text_sha256=stored.text_sha256,
        final_url=stored.final_url,
        site=site_of(source, stored.final_url),
        content_type=stored.content_type,
        method=stored.method,
        language=stored.language,
        author=stored.author,
        published=stored.published,
        words=stored.words,
        accessed_at=stored.fetched_at,
    )


def _news(got: list[_Got], prepared: tuple[PreparedSource, ...]) -> tuple[StoredSource, ...]:
    """The records that say something new."""
    found = []
    for one, source in zip(got, prepared, strict=True):
        record = one.stored.model_copy(update={"duplicate_of": source.duplicate_of})
        before = one.source.stored
        if before is None or record.model_dump(exclude=_NOT_NEWS) != before.model_dump(exclude=_NOT_NEWS):
            found.append(StoredSource(source_id=source.source_id, stored=record))
    return tuple(found)


def _in_order(summaries: list[Summary], prepared: tuple[PreparedSource, ...]) -> tuple[Summary, ...]:
    made = {summary.source_id: summary.model_copy(update={"profile": None}) for summary in summaries}
    return tuple(made[source.source_id] for source in prepared if source.source_id in made)


def _profiled(
    prepared: tuple[PreparedSource, ...], summaries: list[Summary], depends: Mapping[str, tuple[str, ...]]
) -> tuple[PreparedSource, ...]:
    """The sources with who they are, as far as the engine has judged it."""
    known = {summary.source_id: summary.profile for summary in summaries}
    judged = {source_id: (known[source_id] or Profile()) for source_id in known if known[source_id] is not None or depends.get(source_id)}
    return tuple(
        source.model_copy(update={"profile": judged[source.source_id].model_copy(update={"depends_on": depends.get(source.source_id, ())})})
        if source.source_id in judged
        else source
        for source in prepared
    )


def _no_sources(prepared: tuple[PreparedSource, ...]) -> str:
    told = "; ".join(f"{shorten(source.title, 60)}: {source.detail or source.reason}" for source in prepared[:5])
    more = f"; and {len(prepared) - 5} more" if len(prepared) > 5 else ""
    said = "The only source could not be read." if len(prepared) == 1 else f"Not one of {len(prepared)} sources could be read."
    return f"{said} {told}{more}"
