"""Documents on their way: what fetching an address gives, what a scraper makes of one, and what a scraper
is."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True)
class Fetched:
    """An answer with a body; or, with `not_modified`, the server's word that the stored copy is current."""

    final_url: str
    content_type: str = ""
    charset: str | None = None
    body: bytes = b""
    etag: str | None = None
    last_modified: str | None = None
    not_modified: bool = False
    cookies: tuple[str, ...] = ()
    """What it asks to be told again, a `Set-Cookie` each."""
    moved_to: str | None = None
    """Where it is now, as its site said by redirects that are for good."""


@dataclass(frozen=True)
class PageRequest:
    """A request that a page makes when somebody looks at it: for captions, scripts, and what these ask for.

    It goes out as that page sends it. robots.txt is asked for the page alone, which a person named."""

    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


class Get(Protocol):
    """Fetches an address as every source is fetched: politely, within limits, public addresses only."""

    async def __call__(self, url: str, *, part: PageRequest | None = None) -> Fetched:
        """The answer. Raises `SourceFailed`."""


@dataclass(frozen=True)
class Scraped:
    """A document made of an address. `content_type` says how it is read on: `text/plain` and `text/markdown`
    as they are, `text/html` and `application/pdf` by the parsers. What is None is taken from the document
    itself."""

    body: bytes
    content_type: str = "text/plain"
    charset: str | None = "utf-8"
    final_url: str | None = None
    title: str | None = None
    author: str | None = None
    published: str | None = None
    note: str | None = None
    """What a reader should know of it, in a sentence."""
    by: str = ""
    """The scraper's name; filled in for it."""


class Scraper(Protocol):
    """What an entry point of `reprise.scrapers` names: a class without arguments, or one with a class method
    `configured` that makes it of the fetcher's settings.

    1. `accepts` looks at the address alone, and answers at once; it accepts only addresses that it knows how
       to read.
    2. `scrape` asks the network through `get` and through nothing else.
    3. It raises `SourceFailed` with a reason that a user understands; anything else it raises counts as
       `malformed`.
    4. Equal answers of the site give equal documents: early cut-off lives on that.
    """

    name: str
    """Letters, digits and hyphens; recorded as the source's method."""

    def accepts(self, url: str) -> bool:
        """Whether this scraper reads the address."""

    async def scrape(self, url: str, get: Get) -> Scraped | None:
        """The document; None if it is a page like any other after all. Raises `SourceFailed`."""
