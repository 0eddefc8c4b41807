"""From a source to its stored text: fetched or scraped or taken from its upload, read, and kept under its
hash."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from reprise_contracts.sources import Source, Stored, Upload
from reprise_contracts.wire import Message, derived_id
from reprise_research.errors import TextMissing
from reprise_research.sources.charset import clean
from reprise_research.sources.documents import Fetched, Scraped
from reprise_research.sources.extract import Extracted, extract
from reprise_research.sources.failures import SourceFailed
from reprise_research.sources.fetch import Fetcher
from reprise_research.sources.formats.document import Part
from reprise_research.sources.parser_pool import ParserPool
from reprise_research.sources.plain import from_text
from reprise_research.sources.scrapers import scraped, scraper_for
from reprise_research.sources.scraping.browser import NOTE as SHOWN_NOTE
from reprise_research.sources.scraping.browser import has_scripts, rendered
from reprise_research.sources.searching.finding import Findings, changes, find, recorded
from reprise_research.stores import Store, sha256_of
from reprise_research.text.language import language_of
from reprise_research.text.words import count_words, shorten

_FEWEST_WORDS = 30
"""Of an abstract that is worth reading."""


_LITTLE = 150
"""Words below which a page with scripts may show more than it holds."""
BROWSER = "browser"
_SHOWN = "text/html; charset=utf-8"
"""What a browser has shown is kept as: the page itself may name another charset."""
MOST_HELD = 2_000
MOST_HELD_BYTES = 500_000_000


class Acquired(Message):
    """A source as it is now, and the sources that it holds as far as they are new."""

    stored: Stored
    held: tuple[Source, ...] = ()


@dataclass
class Room:
    """How much the sources of one run may hold, all together: archives may hold archives."""

    sources: int = MOST_HELD
    bytes: int = MOST_HELD_BYTES

    def take(self, parts: Sequence[Part]) -> None:
        """Give room to some documents. Raises `SourceFailed` where there is none left."""
        self.sources -= len(parts)
        self.bytes -= sum(len(part.data) for part in parts)
        if self.sources < 0 or self.bytes < 0:
            raise SourceFailed(
                "too_large",
                f"With it sources would hold more than {MOST_HELD:,} files or {MOST_HELD_BYTES / 1e6:g} MB.",
            )


@dataclass(frozen=True)
class Desk:
    """What acquiring a source works with."""

    fetcher: Fetcher
    parsers: ParserPool
    store: Store
    room: Room = field(default_factory=Room)
    showing: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """One page at a time is shown by a browser: each takes some hundred MB."""
    reading: Callable[[], None] = lambda: None
    """Told before a document is read."""
    says_the_same: Callable[[Stored, str], bool] = lambda kept, raw_sha256: False
    """Whether a download is known to hold the text that is kept, by its hash: then it is not read again."""


async def acquire(source: Source, kept: Stored | None, desk: Desk) -> Acquired:
    """The source as it is now, stored; `kept` itself where the server says that nothing changed.

    Raises `SourceFailed` for what is the source's fault, `ResearchError` for what is not."""
    if source.search is not None:
        settings = desk.fetcher.settings
        made = await find(source.search, settings.search, settings.user_agent)
        before = await _record_of(kept, desk.store)
        return await _searched(source, made, changes(before, made), desk.store)
    record = Stored(revision=source.revision, fetched_at=datetime.now(UTC))
    if source.url is not None:
        answer = await _asked(source.url, kept, desk.fetcher)
        if isinstance(answer, Fetched) and answer.not_modified:
            if kept is None:
                raise SourceFailed(
                    "malformed",
                    "The server says that nothing has changed, although nothing was fetched before.",
                )
            return Acquired(stored=kept.model_copy(update={"moved_to": answer.moved_to}))
        same = kept is not None and desk.says_the_same(kept, sha256_of(answer.body))
        if same and kept is not None and isinstance(answer, Fetched):
            return Acquired(stored=kept.model_copy(update={"moved_to": answer.moved_to}))
        desk.reading()
        answer, found = await _read(answer, source.url, desk)
        record = record.model_copy(update={"final_url": answer.final_url or source.url})
        if isinstance(answer, Fetched):
            told = {"etag": answer.etag, "last_modified": answer.last_modified, "moved_to": answer.moved_to}
            record = record.model_copy(update=told)
        else:
            found = _as_told(found, answer)
        raw = await desk.store.put_raw(answer.body)
        kind = _SHOWN if found.method == BROWSER else answer.content_type
        return await _recorded(source, record, found, raw, kind, len(answer.body), desk)
    if source.upload is None:
        raise SourceFailed("empty", "The source has neither an address nor content.")
    data = await desk.store.get_raw(source.upload.sha256)
    kind, charset = _plain_type(source.upload.content_type), _charset_in(source.upload.content_type)
    desk.reading()
    found = await extract(
        data, desk.parsers, content_type=kind, charset=charset, name=source.upload.filename or ""
    )
    record = record.model_copy(update={"final_url": found.url})
    return await _recorded(source, record, found, source.upload.sha256, kind, len(data), desk)


async def read_again(source: Source, stored: Stored, desk: Desk) -> Acquired:
    """The source from what is kept of it: its text, if the store has lost that, and what it holds. Fetched
    again where the download is lost, too.

    Raises as `acquire`."""
    if stored.raw_sha256 is None or (source.url is None and source.search is None):
        return await acquire(source, None, desk)
    try:
        data = await desk.store.get_raw(stored.raw_sha256)
    except TextMissing:
        return await acquire(source, None, desk)
    if source.search is not None:
        return await _searched(source, recorded(data), stored.detail or "", desk.store, stored.fetched_at)
    desk.reading()
    kind = stored.content_type or ""
    found = await extract(
        data,
        desk.parsers,
        content_type=_plain_type(kind),
        charset=_charset_in(kind),
        name=stored.final_url or source.url or "",
    )
    found = replace(
        found,
        title=stored.title or found.title,
        author=stored.author or found.author,
        published=stored.published or found.published,
        note=stored.detail or found.note,
    )
    return await _recorded(source, stored, found, stored.raw_sha256, kind, len(data), desk)


async def from_abstract(source: Source, whole: Stored, failed: SourceFailed, store: Store) -> Stored | None:
    """A publication that cannot be had, by the abstract that the search which found it gives; None where that
    gives none."""
    made = await _record_of(whole, store)
    hit = next((one for one in made.results if one.url == source.url), None) if made is not None else None
    if made is None or hit is None or len(hit.abstract.split()) < _FEWEST_WORDS:
        return None
    text = clean(from_text(hit.abstract))
    return Stored(
        revision=source.revision,
        fetched_at=datetime.now(UTC),
        text_sha256=await store.put_text(text),
        title=hit.title[:300] or None,
        published=hit.published,
        language=language_of(text),
        final_url=source.url,
        method="abstract",
        bytes=len(text.encode()),
        words=count_words(text),
        detail=f"Only its abstract was read, as {made.provider} gives it. {failed.detail}",
        work=hit.work,
    )


async def _record_of(stored: Stored | None, store: Store) -> Findings | None:
    """What a search found when it was last carried out, if that is still known."""
    if stored is None or stored.raw_sha256 is None:
        return None
    try:
        return recorded(await store.get_raw(stored.raw_sha256))
    except (TextMissing, SourceFailed):
        return None


async def _searched(
    source: Source, made: Findings, detail: str, store: Store, at: datetime | None = None
) -> Acquired:
    data, listing = made.record(), made.listing()
    held = made.sources(source.source_id)
    stored = Stored(
        revision=source.revision,
        raw_sha256=await store.put_raw(data),
        text_sha256=await store.put_text(listing),
        title=f"Search: {made.search.search}"[:300],
        content_type="application/json",
        method=made.provider,
        fetched_at=at or datetime.now(UTC),
        bytes=len(data),
        words=count_words(listing),
        detail=detail or None,
        holds=tuple(one.source_id for one in held),
    )
    return Acquired(stored=stored, held=held)


async def _asked(url: str, kept: Stored | None, fetcher: Fetcher) -> Fetched | Scraped:
    """The page, or what a scraper for its site makes of it. Asks conditionally where a copy is kept that can
    be told apart."""
    scraper = await asyncio.to_thread(scraper_for, url, fetcher.settings)
    if scraper is not None and (made := await scraped(scraper, url, fetcher.fetch)) is not None:
        return made
    return await fetcher.fetch(
        url, etag=kept.etag if kept else None, last_modified=kept.last_modified if kept else None
    )


async def _read(answer: Fetched | Scraped, url: str, desk: Desk) -> tuple[Fetched | Scraped, Extracted]:
    """What an answer says, and the answer; a page with next to no text is shown by a browser first, where
    that is allowed."""

    async def read(body: Fetched | Scraped) -> Extracted:
        name = body.final_url or url
        return await extract(
            body.body, desk.parsers, content_type=body.content_type, charset=body.charset, name=name
        )

    found: Extracted | None = None
    lacking: SourceFailed | None = None
    try:
        found = await read(answer)
    except SourceFailed as failed:
        lacking = failed
        if failed.reason != "empty":
            raise
    settings = desk.fetcher.settings
    little = found is None or found.words < _LITTLE
    if settings.browser and little and isinstance(answer, Fetched) and has_scripts(answer):
        try:
            async with desk.showing:
                shown = await rendered(answer, desk.fetcher.fetch, settings.max_bytes)
            more = await read(shown)
            if found is None or more.words > found.words:
                told = " ".join(note for note in (SHOWN_NOTE, more.note) if note)
                return shown, replace(more, method=BROWSER, note=told)
        except SourceFailed as failed:
            if lacking is not None:
                raise SourceFailed(lacking.reason, f"{lacking.detail} {failed.detail}") from None
    if found is None:
        raise lacking or SourceFailed("empty", "It holds no text.")
    return answer, found


def _as_told(found: Extracted, told: Scraped) -> Extracted:
    """What the scraper says of a document, before what the document says of itself."""
    return replace(
        found,
        title=told.title or found.title,
        author=told.author or found.author,
        published=told.published or found.published,
        method=told.by or found.method,
        note=" ".join(note for note in (told.note, found.note) if note) or None,
    )


async def _recorded(
    source: Source, record: Stored, found: Extracted, raw: str, content_type: str, size: int, desk: Desk
) -> Acquired:
    desk.room.take(found.parts)
    held = [await _held(source, part, desk.store) for part in found.parts]
    stored = record.model_copy(
        update={
            "raw_sha256": raw,
            "text_sha256": await desk.store.put_text(found.text),
            "title": shorten(found.title, 300) if found.title else None,
            "author": found.author,
            "published": found.published,
            "language": found.language,
            "content_type": content_type or None,
            "method": found.method,
            "bytes": size,
            "words": found.words,
            "detail": found.note,
            "holds": tuple(one.source_id for one in held) if held else None,
        }
    )
    return Acquired(stored=stored, held=tuple(held))


async def _held(whole: Source, part: Part, store: Store) -> Source:
    """A document that a source holds, as a source of its own: equal content at one place has one id."""
    sha256 = await store.put_raw(part.data)
    kind = part.content_type or "application/octet-stream"
    name = f"{part.name[:250]}.json" if kind == "application/json" and part.title else part.name[:255]
    return Source(
        source_id=derived_id("src", whole.source_id, part.name, sha256),
        title=part.title[:500] if part.title else None,
        upload=Upload(sha256=sha256, bytes=len(part.data), content_type=kind, filename=name),
        part_of=whole.source_id,
    )


def _plain_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _charset_in(content_type: str) -> str | None:
    _, _, charset = content_type.partition("charset=")
    return charset.strip("\"' ;") or None
