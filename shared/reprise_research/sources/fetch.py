"""Fetching what a person named: politely, within limits, and never from a private address.

Redirects are followed by our own loop, because each hop must be checked. The address that was checked is the
one connected to; the host's name goes into the Host header and the TLS handshake. A proxy is asked for a
tunnel to that very address, and resolves no name anew.
"""

import asyncio
import ssl
import time
import zlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from types import TracebackType
from typing import NamedTuple, Protocol
from urllib.parse import urljoin, urlsplit, urlunsplit

import httpcore
import httpx

from reprise_contracts.sources import FailureReason
from reprise_research.sources.addresses import Target, resolve
from reprise_research.sources.documents import Fetched, PageRequest
from reprise_research.sources.failures import SourceFailed
from reprise_research.sources.proxy import Tunnels, shown
from reprise_research.sources.robots import LARGEST, NOTHING_ALLOWED, Robots, parse_robots
from reprise_research.sources.settings import FetcherSettings

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_FOR_GOOD = frozenset({301, 308})
_OURS = frozenset(
    {
        "host",
        "connection",
        "accept-encoding",
        "content-length",
        "transfer-encoding",
        "proxy-authorization",
        "range",
    }
)
"""Headers that no page may write: they belong to the connection."""
_LONGEST_WAIT = 10
"""Seconds that a host may ask us to wait; one that asks for more has no answer for us now."""
_CHALLENGE = (
    b"cf-chl",
    b"cf_chl",
    b"Just a moment...",
    b"captcha",
    b"Checking your browser",
    b"verify you are human",
    b"Access denied | ",
)


@cache
def _authorities() -> ssl.SSLContext:
    """Whom to trust. Reading them takes longer than a small phase 0 does, so a process does it once."""
    return httpx.create_ssl_context(trust_env=False)


@dataclass
class _Host:
    """Manners towards one host."""

    gate: asyncio.Semaphore
    next_start: float = 0.0
    pause: float = 0.0
    """Seconds between two starts that its robots.txt asks for."""


class _Redirect(NamedTuple):
    """Where an answer leads to."""

    url: str
    for_good: bool


class _Decoder(Protocol):
    def decompress(self, data: bytes, max_length: int, /) -> bytes:
        """At most `max_length` bytes of what the data unpacks to."""


@dataclass
class Fetcher:
    """One client for one run of preparing; `async with` closes its connections."""

    settings: FetcherSettings
    _hosts: dict[str, _Host] = field(default_factory=dict)
    _robots: dict[str, "asyncio.Task[Robots]"] = field(default_factory=dict)
    _clients: dict[str, httpx.AsyncClient] = field(default_factory=dict)
    """By the proxy that they go through; empty for none."""

    async def __aenter__(self) -> "Fetcher":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for task in self._robots.values():
            task.cancel()
        await asyncio.gather(*self._robots.values(), return_exceptions=True)
        for client in self._clients.values():
            await client.aclose()

    def _client(self, proxy: str) -> httpx.AsyncClient:
        if proxy not in self._clients:
            transport = httpx.AsyncHTTPTransport(verify=_authorities(), trust_env=False)
            if proxy:  # its own proxies take the address that is connected to for the name in the handshake
                transport._pool = httpcore.AsyncConnectionPool(
                    ssl_context=_authorities(), network_backend=Tunnels(proxy), max_connections=100
                )
            self._clients[proxy] = httpx.AsyncClient(
                transport=transport,
                trust_env=False,
                follow_redirects=False,
                headers={"User-Agent": self.settings.user_agent, "Accept-Encoding": "gzip, deflate"},
                timeout=self.settings.seconds,
            )
        return self._clients[proxy]

    def _proxy(self, target: Target) -> str:
        """Through whom a target is asked; empty for nobody. To a proxy the loopback is its own machine."""
        if target.is_loopback:
            return ""
        return self.settings.proxies.between(target.scheme, target.host, target.port)

    async def fetch(
        self,
        url: str,
        *,
        etag: str | None = None,
        last_modified: str | None = None,
        part: PageRequest | None = None,
    ) -> Fetched:
        """Get a page, conditionally where a validator is given; or what a page asks for as its part. Raises
        `SourceFailed` with its reason."""
        conditions = {"If-None-Match": etag, "If-Modified-Since": last_modified}
        headers = {name: value for name, value in conditions.items() if value}
        headers["Accept"] = (
            "text/html,application/xhtml+xml,application/pdf,text/markdown,text/plain;q=0.9,*/*;q=0.5"
        )
        body = None
        if part is not None:
            headers |= {name: value for name, value in part.headers.items() if name.lower() not in _OURS}
            body = part.body
        robots = self.settings.respect_robots and part is None
        try:
            async with asyncio.timeout(self.settings.seconds) as limit:
                return await self._followed(
                    url, headers, self.settings.max_bytes, limit, robots=robots, body=body
                )
        except TimeoutError:
            raise SourceFailed(
                "timeout", f"No complete answer within {self.settings.seconds:g} seconds."
            ) from None

    async def _followed(
        self,
        url: str,
        headers: Mapping[str, str],
        most: int,
        limit: asyncio.Timeout,
        *,
        robots: bool,
        body: bytes | None = None,
    ) -> Fetched:
        seen: list[str] = []
        moved, for_good = None, True
        while True:
            target = await resolve(url, self.settings)
            if robots:
                rules = await self._rules(target)
                if not rules.allows(url):
                    raise SourceFailed("robots", f"{target.host} asks programs not to read this page.")
                self._host(target).pause = min(rules.delay, self.settings.longest_pause)
            answer = await self._once(url, target, headers, most, limit, body=body)
            if isinstance(answer, Fetched):
                return replace(answer, moved_to=moved)
            for_good = for_good and answer.for_good
            moved = answer.url if for_good else moved
            seen.append(url)
            if len(seen) > self.settings.max_redirects or answer.url in seen:
                raise SourceFailed(
                    "too_many_redirects", f"The address leads on and on: {len(seen)} redirects."
                )
            url = answer.url

    async def _once(
        self,
        url: str,
        target: Target,
        headers: Mapping[str, str],
        most: int,
        limit: asyncio.Timeout,
        *,
        patient: bool = True,
        body: bytes | None = None,
    ) -> Fetched | _Redirect:
        """One request: the answer, or the address that it leads to. A host that asks to wait a little is
        asked once more after that."""
        wait = 0.0
        try:
            async with self._manners(target, limit), self._sent(url, target, headers, body) as response:
                if response.status_code in _REDIRECTS and "location" in response.headers:
                    led = urljoin(url, response.headers["location"])
                    return _Redirect(led, response.status_code in _FOR_GOOD)
                if response.status_code == 304:
                    return Fetched(url, not_modified=True)
                wait = _asked_to_wait(response) if patient else 0.0
                if response.status_code >= 400 and not wait:
                    raise await self._refused(response, target)
                if not wait:
                    return await self._read(url, response, most)
        except httpx.TimeoutException:
            raise SourceFailed("timeout", f"{target.host} did not answer in time.") from None
        except (httpx.RemoteProtocolError, httpx.DecodingError, zlib.error):
            raise SourceFailed("malformed", f"{target.host} sent an answer that is not valid HTTP.") from None
        except httpx.ProxyError as error:
            name = shown(self._proxy(target))
            raise SourceFailed(
                "unreachable", f"The proxy {name} does not lead to {target.host}: {error}."
            ) from None
        except httpx.TransportError as error:
            secure = " (its certificate was not accepted)" if "CERTIFICATE" in str(error) else ""
            by = f" through the proxy {shown(proxy)}" if (proxy := self._proxy(target)) else ""
            raise SourceFailed("unreachable", f"{target.host} could not be reached{by}{secure}.") from None
        except (httpx.InvalidURL, UnicodeError):
            raise SourceFailed("blocked_address", f"{url[:200]} is not a valid address.") from None
        self._hosts[target.host].next_start = time.monotonic() + wait
        await asyncio.sleep(wait)
        return await self._once(url, target, headers, most, limit, patient=False, body=body)

    @asynccontextmanager
    async def _sent(
        self, url: str, target: Target, headers: Mapping[str, str], body: bytes | None
    ) -> AsyncIterator[httpx.Response]:
        """The request, sent to the address that was checked."""
        parts = urlsplit(url)
        address = f"[{target.address}]" if ":" in target.address else target.address
        usual = 443 if target.scheme == "https" else 80
        host = f"[{target.host}]" if ":" in target.host else target.host.encode("idna").decode()
        pinned = urlunsplit((target.scheme, f"{address}:{target.port}", parts.path or "/", parts.query, ""))
        sent = {**headers, "Host": host if target.port == usual else f"{host}:{target.port}"}
        async with self._client(self._proxy(target)).stream(
            "GET" if body is None else "POST",
            pinned,
            content=body,
            headers=sent,
            extensions={"sni_hostname": host.strip("[]")},
        ) as response:
            yield response

    async def _read(self, url: str, response: httpx.Response, limit: int) -> Fetched:
        """The body, unpacked as it comes, cut off at the limit."""
        declared = response.headers.get("content-length", "")
        if declared.isdigit() and int(declared) > limit:
            raise SourceFailed(
                "too_large", f"It has {int(declared) / 1e6:,.0f} MB; at most {limit / 1e6:g} MB are read."
            )
        decoder = _decoder(response.headers.get("content-encoding", "").strip().lower())
        body = bytearray()
        async for chunk in response.aiter_raw():
            body += chunk if decoder is None else decoder.decompress(chunk, limit + 1 - len(body))
            if len(body) > limit:
                raise SourceFailed(
                    "too_large", f"It is larger than {limit / 1e6:g} MB, which is as much as is read."
                )
        kind, _, _ = response.headers.get("content-type", "").partition(";")
        return Fetched(
            final_url=url,
            content_type=kind.strip().lower(),
            charset=response.charset_encoding,
            body=bytes(body),
            etag=response.headers.get("etag"),
            last_modified=response.headers.get("last-modified"),
            cookies=tuple(response.headers.get_list("set-cookie")),
        )

    async def _refused(self, response: httpx.Response, target: Target) -> SourceFailed:
        """Why a page was not given, by its status and the first of what came instead."""
        status, start = response.status_code, b""
        async for chunk in response.aiter_raw():
            start += chunk
            if len(start) > 20_000:
                break
        if response.headers.get("cf-mitigated") == "challenge" or (
            status in {403, 429, 503} and any(sign in start for sign in _CHALLENGE)
        ):
            return SourceFailed("challenge", f"{target.host} wants to see a person's browser first.")
        return SourceFailed(*_refusal(status, target.host))

    async def _rules(self, target: Target) -> Robots:
        """The origin's robots.txt, asked for once."""
        if target.origin not in self._robots:
            self._robots[target.origin] = asyncio.create_task(self._ask_rules(target))
        return await asyncio.shield(self._robots[target.origin])

    async def _ask_rules(self, target: Target) -> Robots:
        host = f"[{target.host}]" if ":" in target.host else target.host
        address = f"{target.scheme}://{host}:{target.port}/robots.txt"
        try:
            async with asyncio.timeout(self.settings.seconds) as limit:
                answer = await self._followed(address, {}, LARGEST, limit, robots=False)
        except SourceFailed as failed:
            return NOTHING_ALLOWED if failed.reason == "server_error" else Robots()
        except TimeoutError:
            return Robots()
        return parse_robots(
            answer.body.decode("utf-8", "replace"), self.settings.user_agent.partition("/")[0]
        )

    def _host(self, target: Target) -> _Host:
        return self._hosts.setdefault(target.host, _Host(asyncio.Semaphore(self.settings.per_host)))

    @asynccontextmanager
    async def _manners(self, target: Target, limit: asyncio.Timeout) -> AsyncIterator[None]:
        """Wait until it is polite to ask this host; the wait is ours, and is added to the time that the
        source may take."""
        host, began = self._host(target), time.monotonic()
        async with host.gate:
            pause = host.pause if target.is_loopback else max(host.pause, self.settings.pause)
            if pause:
                start = max(time.monotonic(), host.next_start)
                host.next_start = start + pause
                limit.reschedule(_later(limit, start - began))
                await asyncio.sleep(max(0.0, start - time.monotonic()))
            yield


def _later(limit: asyncio.Timeout, seconds: float) -> float | None:
    """The end of a time limit after so much waiting; None if it has none."""
    end = limit.when()
    return end + seconds if end is not None else None


def _asked_to_wait(response: httpx.Response) -> float:
    """The seconds that a busy host asks us to wait, if they are few; else 0."""
    told = response.headers.get("retry-after", "")
    return (
        float(told)
        if response.status_code in {429, 503} and told.isdigit() and 0 < int(told) <= _LONGEST_WAIT
        else 0.0
    )


def _refusal(status: int, host: str) -> tuple[FailureReason, str]:
    """What a status of 400 or more means to a reader."""
    named: dict[int, tuple[FailureReason, str]] = {
        402: ("paywall", f"{host} wants to be paid for this page."),
        404: ("not_found", f"{host} has no such page (404)."),
        408: ("timeout", f"{host} gave up waiting (408)."),
        410: ("not_found", f"{host} no longer has this page (410)."),
        429: ("server_error", f"{host} says that it has been asked too often (429)."),
    }
    if status < 500:
        return named.get(status, ("forbidden", f"{host} does not give out this page ({status})."))
    return "server_error", f"{host} has a problem of its own ({status})."


def _decoder(encoding: str) -> _Decoder | None:
    if encoding in {"", "identity"}:
        return None
    if encoding in {"gzip", "x-gzip", "deflate"}:
        return zlib.decompressobj(zlib.MAX_WBITS | 32)
    raise SourceFailed("malformed", f"The page is packed as {encoding[:40]}, which was not asked for.")
