"""Limits and manners of fetching and parsing."""

import asyncio
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from reprise_research.sources.documents import Scraper
from reprise_research.sources.proxy import Proxies
from reprise_research.sources.searching.model import SearchSettings

Resolver = Callable[[str, int], Awaitable[list[str]]]
"""Host name and port → the addresses in the order to try; raises OSError when there are none."""


async def system_resolver(host: str, port: int) -> list[str]:
    """The operating system's answer, without repetitions."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(address[4][0]) for address in found))


@dataclass(frozen=True)
class FetcherSettings:
    """What preparing allows itself and others."""

    max_bytes: int = 20_000_000
    """Bytes of one source, decompressed; the download is cut off there."""
    seconds: float = 30.0
    """For one source, redirects included, from the first byte sent to the last received."""
    max_redirects: int = 5
    allow_loopback: bool = False
    """Whether a source may be on this very machine. No other private address is ever reached."""
    ports: frozenset[int] = frozenset()
    """Ports beside 80 and 443 that pages may be asked at; on this machine any, where it may be asked at
    all."""
    proxies: Proxies = field(default_factory=Proxies)
    """Through whom pages are asked; nobody, unless it is said."""
    respect_robots: bool = True
    user_agent: str = "ReprisePrepare/1 (research on sources that a person named)"
    at_once: int = 8
    """Sources on their way at a time."""
    per_host: int = 2
    """Requests to one host at a time."""
    pause: float = 0.1
    """Seconds between the starts of two requests to one host; loopback is not spared any."""
    longest_pause: float = 10.0
    """Seconds of a `Crawl-delay` in robots.txt that are honoured; of a longer one these."""
    resolver: Resolver = system_resolver
    scrapers: tuple[Scraper, ...] | None = None
    """For sites of their own kind, the first that accepts an address being asked; None for those that are
    installed."""
    captions: tuple[str, ...] = ()
    """Languages of a video's captions in the order in which they are wanted, as codes; none: the one that is
    spoken."""
    browser: bool = False
    """Whether pages that hold next to no text are shown by a browser, which runs their scripts."""
    search: SearchSettings = field(default_factory=SearchSettings)
    parsers: int = 2
    """Parser processes."""
    parse_seconds: float = 20.0
    ocr: str = ""
    """Languages in which `tesseract` reads pages that are pictures, as `eng+deu`; empty: nobody does."""
    parse_memory: int = 1_000_000_000
    """Bytes of address space for one parser process."""
