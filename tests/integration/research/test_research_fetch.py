"""Fetching over real HTTP: limits, redirects, addresses, manners, and a named reason for everything that goes
wrong."""

import asyncio
import gzip
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from itertools import pairwise

import pytest

from integration.research.research_server import PageServer, Reply, Request
from reprise_research.sources.failures import SourceFailed
from reprise_research.sources.fetch import Fetcher
from reprise_research.sources.settings import FetcherSettings


async def reason_of(url: str, settings: FetcherSettings) -> str:
    """Why fetching fails."""
    async with Fetcher(settings) as fetcher:
        with pytest.raises(SourceFailed) as caught:
            await fetcher.fetch(url)
    assert caught.value.detail.endswith(".")
    return caught.value.reason


async def endless(size: int = 1 << 16, total: int = 2_000_000_000) -> AsyncIterator[bytes]:
    """Two gigabytes, piece by piece."""
    for _ in range(total // size):
        yield b"x" * size


async def test_a_page_comes_with_what_tells_it_apart(server: PageServer, settings: FetcherSettings) -> None:
    """Body, type, charset and validators; the final address after redirects; our name in the request."""
    server.pages["/"] = Reply(status=302, headers={"location": "/there?x=1#frag"})
    server.pages["/there?x=1"] = Reply(
        b"<p>hi",
        headers={
            "etag": '"1"',
            "last-modified": "Mon, 01 Sep 2025 00:00:00 GMT",
            "content-type": "text/html; charset=latin-1",
        },
    )
    async with Fetcher(settings) as fetcher:
        page = await fetcher.fetch(server.url("/"))
    assert (page.body, page.content_type, page.charset, page.etag) == (
        b"<p>hi",
        "text/html",
        "latin-1",
        '"1"',
    )
    assert page.final_url.startswith(server.url("/there?x=1"))
    assert server.asked[-1].headers["user-agent"].startswith("ReprisePrepare/")


@pytest.mark.parametrize(
    ("status", "body", "reason"),
    [
        (404, b"", "not_found"),
        (410, b"", "not_found"),
        (401, b"", "forbidden"),
        (403, b"", "forbidden"),
        (402, b"", "paywall"),
        (451, b"", "forbidden"),
        (429, b"", "server_error"),
        (500, b"", "server_error"),
        (503, b"<title>Just a moment...</title>", "challenge"),
        (403, b"please solve the captcha", "challenge"),
    ],
)
async def test_each_status_has_its_reason(
    server: PageServer, settings: FetcherSettings, status: int, body: bytes, reason: str
) -> None:
    """What the server refuses is named in a reader's terms."""
    server.pages["/"] = Reply(body, status)
    assert await reason_of(server.url("/"), settings) == reason


async def test_two_gigabytes_are_cut_off_at_the_cap(server: PageServer, settings: FetcherSettings) -> None:
    """A body without a declared length is read up to the cap and no further."""
    server.pages["/"] = lambda _: Reply(endless())
    start = time.monotonic()
    assert await reason_of(server.url("/"), replace(settings, max_bytes=1_000_000)) == "too_large"
    assert time.monotonic() - start < 8
    assert server.sent < 50_000_000


async def test_a_declared_length_beyond_the_cap_is_not_read_at_all(
    server: PageServer, settings: FetcherSettings
) -> None:
    """The header is enough."""
    server.pages["/"] = lambda _: Reply(endless(), headers={"content-length": "2000000000"})
    assert await reason_of(server.url("/"), settings) == "too_large"


async def test_a_packed_bomb_is_unpacked_up_to_the_cap(server: PageServer, settings: FetcherSettings) -> None:
    """Fifty megabytes in fifty kilobytes of gzip count as fifty megabytes; an honest gzip page is read."""
    server.pages["/bomb"] = Reply(gzip.compress(b" " * 50_000_000, 9), headers={"content-encoding": "gzip"})
    server.pages["/page"] = Reply(gzip.compress(b"<p>hello"), headers={"content-encoding": "gzip"})
    server.pages["/odd"] = Reply(b"???", headers={"content-encoding": "br"})
    assert await reason_of(server.url("/bomb"), settings) == "too_large"
    assert await reason_of(server.url("/odd"), settings) == "malformed"
    async with Fetcher(settings) as fetcher:
        assert (await fetcher.fetch(server.url("/page"))).body == b"<p>hello"


async def test_redirects_end(server: PageServer, settings: FetcherSettings) -> None:
    """A circle and an endless chain are too many redirects; five hops are not."""
    server.pages["/circle"] = Reply(status=301, headers={"location": "/circle"})
    for hop in range(8):
        server.pages[f"/{hop}"] = Reply(status=307, headers={"location": f"/{hop + 1}"})
    server.pages["/8"] = Reply(b"<p>end")
    assert await reason_of(server.url("/circle"), settings) == "too_many_redirects"
    assert await reason_of(server.url("/0"), settings) == "too_many_redirects"
    async with Fetcher(settings) as fetcher:
        assert (await fetcher.fetch(server.url("/3"))).body == b"<p>end"


@pytest.mark.parametrize(
    "target",
    [
        "http://10.0.0.1/",
        "http://169.254.169.254/latest/",
        "http://[::ffff:10.0.0.1]/",
        "http://inside.example/",
        "file:///etc/passwd",
        "gopher://x/",
    ],
)
async def test_a_redirect_to_a_private_address_is_refused(
    server: PageServer, settings: FetcherSettings, target: str
) -> None:
    """Every hop is checked, names as well as addresses, before anything is sent there."""

    async def resolver(host: str, port: int) -> list[str]:
        return ["192.168.0.7"]

    server.pages["/"] = Reply(status=302, headers={"location": target})
    assert await reason_of(server.url("/"), replace(settings, resolver=resolver)) == "blocked_address"


async def test_loopback_needs_permission(server: PageServer, settings: FetcherSettings) -> None:
    """Without the demo's switch this very server is out of reach, by address and by name, and is never
    asked."""

    async def resolver(host: str, port: int) -> list[str]:
        return ["127.0.0.1"]

    closed = replace(settings, allow_loopback=False, resolver=resolver)
    assert await reason_of(server.url("/"), closed) == "blocked_address"
    assert await reason_of(server.url("/", host="public.example"), closed) == "blocked_address"
    assert server.asked == []


async def test_the_checked_address_is_the_one_connected_to(
    server: PageServer, settings: FetcherSettings
) -> None:
    """A name is resolved once for a request, and goes into the Host header: an answer that changes later
    (rebinding) changes nothing."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    asked = []

    async def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return next(answers)

    server.pages["/"] = Reply(b"<p>hi")
    async with Fetcher(replace(settings, resolver=resolver, respect_robots=False)) as fetcher:
        page = await fetcher.fetch(server.url("/", host="docs.example"))
    assert asked == ["docs.example"]
    assert page.final_url == server.url("/", host="docs.example")
    assert server.asked[-1].headers["host"] == f"docs.example:{server.port}"


async def test_proxies_of_the_environment_are_ignored(
    server: PageServer, settings: FetcherSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the settings name a proxy, and it is asked for addresses: one of the libraries' own would resolve
    names by itself, past our checks."""
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "http://127.0.0.1:9")
    server.pages["/"] = Reply(b"<p>hi")
    async with Fetcher(settings) as fetcher:
        assert (await fetcher.fetch(server.url("/"))).body == b"<p>hi"


async def test_a_server_that_never_ends_runs_out_of_time(
    server: PageServer, settings: FetcherSettings
) -> None:
    """Drops of a body that keep coming do not prolong the time that a source has."""

    async def drip() -> AsyncIterator[bytes]:
        while True:
            yield b"."
            await asyncio.sleep(0.05)

    server.pages["/"] = lambda _: Reply(drip())
    start = time.monotonic()
    assert await reason_of(server.url("/"), replace(settings, seconds=0.6)) == "timeout"
    assert time.monotonic() - start < 3


async def test_what_is_not_there_is_unreachable(settings: FetcherSettings) -> None:
    """A closed port and a name that does not exist."""

    async def nowhere(host: str, port: int) -> list[str]:
        raise OSError

    assert await reason_of("http://127.0.0.1:9/", settings) == "unreachable"
    assert await reason_of("http://nowhere.example/", replace(settings, resolver=nowhere)) == "unreachable"


async def test_robots_are_respected_and_asked_once(server: PageServer, settings: FetcherSettings) -> None:
    """A page that robots.txt forbids is not asked for; the file is fetched once for all pages; a broken
    server forbids all."""
    server.pages["/robots.txt"] = Reply(
        b"User-agent: *\nDisallow: /closed", headers={"content-type": "text/plain"}
    )
    server.pages["/open"] = Reply(b"<p>hi")
    async with Fetcher(settings) as fetcher:
        await asyncio.gather(*(fetcher.fetch(server.url("/open")) for _ in range(3)))
        with pytest.raises(SourceFailed) as caught:
            await fetcher.fetch(server.url("/closed"))
    assert caught.value.reason == "robots"
    assert server.count("/robots.txt") == 1
    assert server.count("/closed") == 0
    server.pages["/robots.txt"] = Reply(b"", 503)
    assert await reason_of(server.url("/open"), settings) == "robots"


async def test_a_crawl_delay_is_kept_up_to_a_limit_and_costs_no_source_its_time(
    server: PageServer, settings: FetcherSettings
) -> None:
    """The starts of requests are as far apart as robots.txt asks, at most as far as the settings say, and
    waiting is no time-out."""
    starts: list[float] = []

    async def page(_: Request) -> Reply:
        starts.append(time.monotonic())
        return Reply(b"<p>hi")

    for number in range(4):
        server.pages[f"/{number}"] = page
    for asked, most, expected in (("0.2", 10.0, 0.2), ("3600", 0.15, 0.15)):
        starts.clear()
        server.pages["/robots.txt"] = Reply(f"User-agent: *\nCrawl-delay: {asked}".encode())
        async with Fetcher(replace(settings, longest_pause=most, seconds=0.5)) as fetcher:
            await asyncio.gather(*(fetcher.fetch(server.url(f"/{number}")) for number in range(4)))
        gaps = [later - earlier for earlier, later in pairwise(starts)]
        assert len(gaps) == 3 and max(gaps) < expected + 0.4
        assert sum(gaps) > 0.7 * 3 * expected, (
            "each may arrive a little late on a busy machine, but together they take their time"
        )


async def test_one_host_is_not_asked_by_all_at_once(server: PageServer, settings: FetcherSettings) -> None:
    """At most two requests to a host are under way."""
    under_way = most = 0

    async def slow(_: Request) -> Reply:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        await asyncio.sleep(0.05)
        under_way -= 1
        return Reply(b"<p>hi")

    for number in range(8):
        server.pages[f"/{number}"] = slow
    async with Fetcher(settings) as fetcher:
        await asyncio.gather(*(fetcher.fetch(server.url(f"/{number}")) for number in range(8)))
    assert most == 2


async def test_a_host_that_asks_to_wait_is_asked_once_more_after_that(
    server: PageServer, settings: FetcherSettings
) -> None:
    """A few seconds are waited for; one that goes on refusing, or wants more time, has its reason at once."""
    answers = [Reply(b"busy", 429, {"retry-after": "1"}), Reply(b"<p>now</p>")]
    server.pages["/busy"] = lambda _request: answers.pop(0)
    server.pages["/never"] = Reply(b"busy", 503, {"retry-after": "1"})
    server.pages["/later"] = Reply(b"busy", 429, {"retry-after": "3600"})
    start = time.monotonic()
    async with Fetcher(settings) as fetcher:
        assert (await fetcher.fetch(server.url("/busy"))).body == b"<p>now</p>"
    assert time.monotonic() - start >= 1.0
    for path, asked in (("/never", 2), ("/later", 1)):
        assert await reason_of(server.url(path), settings) == "server_error"
        assert server.count(path) == asked
