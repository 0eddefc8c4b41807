"""Scrapers: how to read a site of its own kind, as video transcripts or forums, by a package of anyone's.

A scraper turns an address into a document. Which one is asked is decided by name: those that entry points of the group
`reprise.scrapers` offer, in alphabetical order, the first that accepts the address; no scraper, and the page is read as any other.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cache
from importlib.metadata import entry_points
from typing import Protocol

from reprise_research.sources.failures import SourceFailed
from reprise_research.sources.fetch import Fetched

GROUP = "reprise.scrapers"
Get = Callable[[str], Awaitable[Fetched]]
"""Fetches an address as every source is fetched: politely, within limits, public addresses only. Raises `SourceFailed`."""


@dataclass(frozen=True)
class Scraped:
    """A document made of an address. `content_type` says how it is read on: `text/plain` and `text/markdown` as they are,
    `text/html` and `application/pdf` by the parsers. What is None is taken from the document itself."""

    body: bytes
    content_type: str = "text/plain"
    charset: str | None = "utf-8"
    final_url: str | None = None
    title: str | None = None
    author: str | None = None
    published: str | None = None
    by: str = ""
    """The scraper's name; filled in for it."""


class Scraper(Protocol):
    """What an entry point of `reprise.scrapers` names: a class without arguments.

    1. `accepts` looks at the address alone, and answers at once; it accepts only addresses that it knows how to read.
    2. `scrape` asks the network through `get` and through nothing else.
    3. It raises `SourceFailed` with a reason that a user understands; anything else it raises counts as `malformed`.
    4. Equal answers of the site give equal documents: early cut-off lives on that.
    """

    name: str
    """Letters, digits and hyphens; recorded as the source's method."""

    def accepts(self, url: str) -> bool:
        """Whether this scraper reads the address."""

    async def scrape(self, url: str, get: Get) -> Scraped:
        """The document. Raises `SourceFailed`."""


@cache
def installed() -> tuple[Scraper, ...]:
    """The scrapers that entry points offer, by name. One that cannot be imported is left out: it must not stop the others' pages."""
    found: list[Scraper] = []
    for entry in sorted(entry_points(group=GROUP), key=lambda entry: entry.name):
        try:
            found.append(entry.load()())
        except ImportError:
            continue
    return tuple(found)


async def scraped(scraper: Scraper, url: str, get: Get) -> Scraped:
    """What the scraper makes of the address. Raises `SourceFailed` whatever went wrong."""
    try:
        return replace(await scraper.scrape(url, get), by=scraper.name)
    except SourceFailed:
        raise
    except Exception as error:  # a scraper is a stranger's code: its failure is this source's, and no other's
        raise SourceFailed("malformed", f"The scraper {scraper.name} could not read it: {type(error).__name__}.") from error
