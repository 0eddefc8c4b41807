"""A search carried out: who is asked, what of the answer counts, and what it becomes: a record and sources
(R33)."""

from collections.abc import Iterable
from functools import cache
from importlib.metadata import entry_points
from urllib.parse import urlsplit

import httpx
from pydantic import Field

from reprise_contracts.sources import Search, Source, Work
from reprise_contracts.wire import Malformed, Message, canonical, derived_id
from reprise_research.sources.failures import SourceFailed
from reprise_research.sources.searching.endpoint import asking
from reprise_research.sources.searching.model import GROUP, Hit, Query, Searcher, SearchSettings

OPEN = "openalex"
"""Who is asked where nobody else is set up: it wants neither an address nor a key."""


class Result(Message):
    """One result, as it is recorded."""

    url: str
    title: str = ""
    snippet: str = ""
    published: str | None = None
    work: Work | None = None
    abstract: str = ""


class Findings(Message):
    """What a search found: its record is kept under the hash of its bytes."""

    search: Search
    provider: str
    results: tuple[Result, ...] = Field(default=(), max_length=50)

    def record(self) -> bytes:
        """The bytes that are kept; equal findings have equal ones."""
        return canonical(self.model_dump(mode="json"))

    def listing(self) -> str:
        """What was found, to be read by a person."""
        lines = []
        for number, one in enumerate(self.results, start=1):
            told = ", ".join(filter(None, (one.work.venue if one.work else None, one.published)))
            lines.append(
                f"{number}. {one.title or one.url}{f' ({told})' if told else ''}\n{one.url}\n{one.snippet}"
            )
        return "\n\n".join(line.strip() for line in lines) or "Nothing was found."

    def sources(self, source_id: str) -> tuple[Source, ...]:
        """The results as sources that the search `source_id` holds: equal addresses have equal ids."""
        return tuple(
            Source(
                source_id=derived_id("src", source_id, one.url),
                url=one.url,
                title=one.title[:500] if one.work is not None and one.title else None,
                part_of=source_id,
                work=one.work,
            )
            for one in self.results
        )


def recorded(data: bytes) -> Findings:
    """What a record says. Raises `SourceFailed` for one that another version has written."""
    try:
        return Findings.decode(data)
    except Malformed:
        raise SourceFailed("malformed", "The record of this search cannot be read any more.") from None


@cache
def installed() -> tuple[Searcher, ...]:
    """The searchers that entry points offer, by name; one that cannot be imported is left out."""
    found: list[Searcher] = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            found.append(entry.load()())
        except ImportError:
            continue
    return tuple(found)


async def find(search: Search, settings: SearchSettings, user_agent: str) -> Findings:
    """Ask the provider that the search names. Raises `SourceFailed` whatever went wrong."""
    searcher = _named(search.provider or settings.provider, settings)
    address = settings.addresses.get(searcher.name, searcher.address).rstrip("/")
    key = settings.keys.get(searcher.name, "")
    if not address:
        raise SourceFailed(
            "unsupported",
            f"Where {searcher.name} is has to be set at the workers ({_setting(searcher, 'ADDRESSES')}).",
        )
    if searcher.needs_key and not key:
        raise SourceFailed(
            "forbidden",
            f"Searching with {searcher.name} needs a key at the workers ({_setting(searcher, 'KEYS')}).",
        )
    query = Query(search.search, search.limit, search.since, search.allow)
    try:
        async with httpx.AsyncClient(headers={"User-Agent": user_agent}, timeout=settings.seconds) as client:
            hits = await searcher.search(query, asking(client, settings.seconds), address, key, settings.mail)
    except SourceFailed:
        raise
    except Exception as error:  # a searcher is a stranger's code, and its answer a stranger's words
        told = f"The searcher {searcher.name} could not read the answer: {type(error).__name__}."
        raise SourceFailed("malformed", told) from error
    kept = {hit.url: hit for hit in hits if _counts(hit, search)}
    return Findings(
        search=search,
        provider=searcher.name,
        results=tuple(Result(**vars(hit)) for hit in list(kept.values())[: search.limit]),
    )


def _setting(searcher: Searcher, name: str) -> str:
    return f'REPRISE_SEARCH__{name}={{"{searcher.name}": "…"}}'


def _named(name: str, settings: SearchSettings) -> Searcher:
    known = {one.name: one for one in (installed() if settings.searchers is None else settings.searchers)}
    for likely in (name,) if name else (*settings.addresses, *settings.keys, OPEN):
        if likely in known:
            return known[likely]
    told = f"Nobody here is called {name}" if name else "Nobody is set up to be asked"
    raise SourceFailed("unsupported", f"{told}; searches can ask: {', '.join(known) or 'nobody'}.")


def _counts(hit: Hit, search: Search) -> bool:
    """Whether a result is of an allowed domain and not from before the day."""
    host = (urlsplit(hit.url).hostname or "").lower()
    if search.allow and not _is_below(host, search.allow):
        return False
    if search.since is not None and hit.published is not None and hit.published < search.since.isoformat():
        return False
    return not _is_below(host, search.block)


def _is_below(host: str, domains: Iterable[str]) -> bool:
    return any(host == domain or host.endswith(f".{domain}") for domain in domains)


def changes(before: Findings | None, now: Findings) -> str:
    """What a search finds now that it did not before, and what no longer, in a sentence."""
    found = f"{len(now.results)} {'result' if len(now.results) == 1 else 'results'} of {now.provider}"
    if before is None:
        return f"{found}."
    old, new = ({one.url: one.title or one.url for one in made.results} for made in (before, now))
    added = [title for url, title in new.items() if url not in old]
    gone = [title for url, title in old.items() if url not in new]
    told = [
        f"{len(names)} {word} ({_listed(names)})" for word, names in (("new", added), ("gone", gone)) if names
    ]
    return f"{found}: {', '.join(told) if told else 'the same as before'}."


def _listed(names: list[str]) -> str:
    more = f"; and {len(names) - 5} more" if len(names) > 5 else ""
    return "; ".join(name[:80] for name in names[:5]) + more
