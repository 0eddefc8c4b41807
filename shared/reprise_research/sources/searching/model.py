"""What a provider is asked, what it answers, and what a provider is."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from importlib.metadata import entry_points
from typing import Any, Protocol

from reprise_contracts.sources import Work

GROUP = "reprise.searchers"
"""Of the entry points that offer providers."""


@cache
def offered() -> tuple[str, ...]:
    """Return the names of the providers that entry points offer, without importing them."""
    return tuple(sorted(entry_points(group=GROUP).names))


@dataclass(frozen=True)
class Query:
    """A question to a provider."""

    words: str
    limit: int = 10
    since: date | None = None
    """Nothing that was published before this day, where the provider can tell."""
    allow: tuple[str, ...] = ()
    """Domains to which the question may be narrowed; whoever cannot narrow it may pass over them."""


@dataclass(frozen=True)
class Hit:
    """One result: an address, and what the provider says of what is there."""

    url: str
    title: str = ""
    snippet: str = ""
    published: str | None = None
    """A day, `2026-11-30`."""
    work: Work | None = None
    """Of a publication: how catalogues name it."""
    abstract: str = ""
    """Its abstract in full, which is read where the publication itself cannot be had."""


@dataclass(frozen=True)
class Request:
    """One call of a provider's interface; with `body` it is a POST of JSON."""

    url: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None


Ask = Callable[[Request], Awaitable[bytes]]
"""Calls a provider's interface, within limits on time and size. Raises `SourceFailed`."""


@dataclass(frozen=True)
class SearchSettings:
    """Whom to ask, where, and with which keys."""

    provider: str = ""
    """Who is asked where a search names nobody; empty: the first that is set up, else OpenAlex."""
    addresses: Mapping[str, str] = field(default_factory=dict)
    """By provider: where its interface is, if not at its own place. A SearXNG has none of its own."""
    keys: Mapping[str, str] = field(default_factory=dict)
    """By provider: what it wants to see before it answers."""
    mail: str = ""
    """An address that OpenAlex and Crossref are given, who serve those first that can be written to."""
    seconds: float = 20.0
    searchers: "tuple[Searcher, ...] | None" = None
    """Those that can be asked; None for those that are installed."""


class Searcher(Protocol):
    """What an entry point of `reprise.searchers` names: a class without arguments.

    1. `search` asks the network through `ask` and through nothing else.
    2. It gives at most `query.limit` results, the nearest first, each with an http or https address.
    3. It raises `SourceFailed` with a reason that a user understands; anything else it raises counts as
       `malformed`.
    """

    name: str
    """Lower-case letters, digits and hyphens: how a search names it."""
    address: str
    """Where its interface is; empty where whoever runs the workers has to say so."""
    needs_key: bool

    async def search(self, query: Query, ask: Ask, address: str, key: str, mail: str) -> list[Hit]:
        """The results. Raises `SourceFailed`."""
