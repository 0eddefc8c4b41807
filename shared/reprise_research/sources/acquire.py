"""From a source to its stored text: fetched or scraped or taken from its upload, read, and kept under its hash."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

from reprise_contracts.sources import Source, Stored
from reprise_research.errors import TextMissing
from reprise_research.sources.documents import Fetched, Scraped
from reprise_research.sources.extract import Extracted, extract
from reprise_research.sources.failures import SourceFailed
from reprise_research.sources.fetch import Fetcher
from reprise_research.sources.parser_pool import ParserPool
from reprise_research.sources.scrapers import installed, scraped
from reprise_research.stores import Store
from reprise_research.text.words import shorten


async def acquire(
    source: Source, kept: Stored | None, fetcher: Fetcher, parsers: ParserPool, store: Store, reading: Callable[[], None]
) -> Stored:
    """The source as it is now, stored; `kept` itself where the server says that nothing changed. `reading` is told before it is read.

    Raises `SourceFailed` for what is the source's fault, `ResearchError` for what is not."""
    record = Stored(revision=source.revision, fetched_at=datetime.now(UTC))
    if source.url is not None:
        answer = await _asked(source.url, kept, fetcher)
        if isinstance(answer, Fetched) and answer.not_modified:
            if kept is None:
                raise SourceFailed("malformed", "The server says that nothing has changed, although nothing was fetched before.")
            return kept
        reading()
        found = await extract(
            answer.body, parsers, content_type=answer.content_type, charset=answer.charset, name=answer.final_url or source.url
        )
        record = record.model_copy(update={"final_url": answer.final_url or source.url})
        if isinstance(answer, Fetched):
            record = record.model_copy(update={"etag": answer.etag, "last_modified": answer.last_modified})
        else:
            found = _as_told(found, answer)
        raw = await store.put_raw(answer.body)
        return _recorded(record, found, raw, await store.put_text(found.text), answer.content_type, len(answer.body))
    if source.upload is None:
        raise SourceFailed("empty", "The source has neither an address nor content.")
    data = await store.get_raw(source.upload.sha256)
    kind, charset = _plain_type(source.upload.content_type), _charset_in(source.upload.content_type)
    reading()
    found = await extract(data, parsers, content_type=kind, charset=charset, name=source.upload.filename or "")
    return _recorded(record, found, source.upload.sha256, await store.put_text(found.text), kind, len(data))


async def read_again(
    source: Source, stored: Stored, fetcher: Fetcher, parsers: ParserPool, store: Store, reading: Callable[[], None]
) -> Stored:
    """The source of which the store has lost the text: read again from its download; fetched again where that is lost, too.

    Raises as `acquire`."""
    if stored.raw_sha256 is None or source.url is None:
        return await acquire(source, None, fetcher, parsers, store, reading)
    try:
        data = await store.get_raw(stored.raw_sha256)
    except TextMissing:
        return await acquire(source, None, fetcher, parsers, store, reading)
    reading()
    kind = stored.content_type or ""
    found = await extract(data, parsers, content_type=_plain_type(kind), charset=_charset_in(kind), name=stored.final_url or source.url)
    found = replace(found, title=stored.title or found.title, author=stored.author or found.author)
    return _recorded(stored, found, stored.raw_sha256, await store.put_text(found.text), kind, len(data))


async def _asked(url: str, kept: Stored | None, fetcher: Fetcher) -> Fetched | Scraped:
    """The page, or what a scraper for its site makes of it. Asks conditionally where a copy is kept that can be told apart."""
    known = fetcher.settings.scrapers
    for scraper in installed() if known is None else known:
        if scraper.accepts(url):
            return await scraped(scraper, url, fetcher.fetch)
    return await fetcher.fetch(url, etag=kept.etag if kept else None, last_modified=kept.last_modified if kept else None)


def _as_told(found: Extracted, told: Scraped) -> Extracted:
    """What the scraper says of a document, before what the document says of itself."""
    return replace(
        found,
        title=told.title or found.title,
        author=told.author or found.author,
        published=told.published or found.published,
        method=told.by or found.method,
    )


def _recorded(record: Stored, found: Extracted, raw: str, text: str, content_type: str, size: int) -> Stored:
    return record.model_copy(
        update={
            "raw_sha256": raw, "text_sha256": text, "title": shorten(found.title, 300) if found.title else None, "author": found.author,
            "published": found.published, "language": found.language, "content_type": content_type or None, "method": found.method,
            "bytes": size, "words": found.words, "detail": found.note,
        }
    )  # fmt: skip


def _plain_type(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _charset_in(content_type: str) -> str | None:
    _, _, charset = content_type.partition("charset=")
    return charset.strip("\"' ;") or None
