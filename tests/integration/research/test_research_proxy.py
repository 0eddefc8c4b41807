"""A proxy for pages: a real one on this machine, which notes where it is asked to lead."""

import asyncio
import base64
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace

import pytest

from integration.research.research_server import PageServer, Reply
from reprise_research.sources.failures import SourceFailed
from reprise_research.sources.fetch import Fetcher
from reprise_research.sources.proxy import Proxies
from reprise_research.sources.settings import FetcherSettings


class Proxy:
    """Leads to one port of this machine whatever it is asked for, or answers with a status."""

    def __init__(self, port: int = 0, status: int = 200) -> None:
        self.leads_to, self.status = port, status
        self.asked: list[str] = []
        self.heads: list[str] = []
        self.sent = b""
        """What was sent through it."""
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._writers: list[asyncio.StreamWriter] = []

    async def __aenter__(self) -> "Proxy":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for writer in self._writers:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()

    def url(self, user: str = "") -> str:
        return f"http://{user}127.0.0.1:{self.port}"

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._tasks.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        with suppress(ConnectionError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            self.heads.append(head)
            self.asked.append(head.split("\r\n")[0])
            writer.write(f"HTTP/1.1 {self.status} X\r\n\r\n".encode())
            if self.status == 200:
                there, back = await asyncio.open_connection("127.0.0.1", self.leads_to)
                self._writers.append(back)
                await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
        writer.close()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(65_536):
                self.sent += data
                writer.write(data)
                await writer.drain()
        writer.close()


@pytest.fixture
async def proxy(server: PageServer) -> AsyncIterator[Proxy]:
    """A proxy behind which the web is the test's server."""
    async with Proxy(server.port) as started:
        yield started


async def resolver(host: str, port: int) -> list[str]:
    """`lake.example` is on the web, every other name is inside."""
    return ["93.184.216.34"] if host == "lake.example" else ["10.0.0.1"]


async def failure(url: str, settings: FetcherSettings) -> SourceFailed:
    async with Fetcher(settings) as fetcher:
        with pytest.raises(SourceFailed) as failed:
            await fetcher.fetch(url)
    return failed.value


async def test_a_page_comes_through_a_tunnel_to_the_address_that_was_checked(
    server: PageServer, settings: FetcherSettings, proxy: Proxy
) -> None:
    """The proxy is told the address and resolves nothing; the page's server sees the name. Who may use it is
    said to the proxy alone."""
    server.pages["/"] = Reply(b"<p>hi")
    through = replace(settings, resolver=resolver, proxies=Proxies(http=proxy.url("ann:s%20t@")))
    async with Fetcher(through) as fetcher:
        page = await fetcher.fetch("http://lake.example/")
        assert page.body == b"<p>hi" and page.final_url == "http://lake.example/"
        assert (
            await fetcher.fetch(server.url("/"))
        ).body == b"<p>hi"  # this machine, which is asked directly
    assert set(proxy.asked) == {"CONNECT 93.184.216.34:80 HTTP/1.1"}
    assert f"Proxy-Authorization: Basic {base64.b64encode(b'ann:s t').decode()}\r\n" in proxy.heads[0]
    assert {request.headers["host"] for request in server.asked} == {
        "lake.example",
        f"127.0.0.1:{server.port}",
    }
    assert not any("proxy-authorization" in request.headers for request in server.asked)


async def test_the_rules_for_addresses_hold_before_a_proxy(
    server: PageServer, settings: FetcherSettings, proxy: Proxy
) -> None:
    """A private address, a name that leads to one, and a redirect to one: the proxy hears of none."""
    server.pages["/"] = Reply(status=302, headers={"location": "http://inside.example/"})
    through = replace(settings, resolver=resolver, proxies=Proxies(http=proxy.url(), https=proxy.url()))
    urls = ("http://10.0.0.1/", "https://inside.example/", "http://lake.example/")
    for url in urls:
        assert (await failure(url, through)).reason == "blocked_address"
    assert set(proxy.asked) == {"CONNECT 93.184.216.34:80 HTTP/1.1"}


async def test_the_name_goes_into_the_handshake_behind_a_proxy(
    settings: FetcherSettings,
) -> None:
    """The certificate is asked for by name, although the tunnel leads to an address."""

    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(65_536)
        writer.write(b"This server speaks no TLS.")
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with Proxy(port) as proxy:
        through = replace(
            settings, resolver=resolver, proxies=Proxies(https=proxy.url()), respect_robots=False, seconds=60
        )
        failed = await failure("https://lake.example/", through)
    server.close()
    assert failed.reason == "unreachable" and "through the proxy" in failed.detail
    assert proxy.asked == ["CONNECT 93.184.216.34:443 HTTP/1.1"]
    assert proxy.sent.startswith(b"\x16\x03") and b"lake.example" in proxy.sent


async def test_a_proxy_that_leads_nowhere_is_named(settings: FetcherSettings) -> None:
    """One that refuses, one that is not there, and one of another kind; without the password."""
    url, asking = "http://lake.example/", replace(settings, resolver=resolver)
    async with Proxy(status=403) as refusing:
        failed = await failure(url, replace(asking, proxies=Proxies(http=refusing.url("ann:secret@"))))
        assert failed.reason == "unreachable"
        assert failed.detail == (
            f"The proxy 127.0.0.1:{refusing.port} does not lead to lake.example: it answered 403."
        )
    gone = await failure(url, replace(asking, proxies=Proxies(http="http://127.0.0.1:1")))
    assert gone.detail == "lake.example could not be reached through the proxy 127.0.0.1:1."
    other = await failure(url, replace(asking, proxies=Proxies(http="socks5://127.0.0.1:1")))
    assert "of the kind socks5" in other.detail


@pytest.mark.parametrize(
    ("said", "host", "is_direct"),
    [
        ("*", "lake.example", True),
        ("lake.example", "lake.example", True),
        (".example, 10.0.0.0/8", "lake.example", True),
        ("*.example", "deep.lake.example", True),
        ("ake.example", "lake.example", False),
        ("lake.example:8443", "lake.example", False),
        ("lake.example:443", "lake.example", True),
        ("93.184.0.0/16", "93.184.216.34", True),
        ("93.184.0.0/16", "93.185.216.34", False),
        ("2001:db8::/32", "2001:db8::1", True),
        ("", "lake.example", False),
    ],
)
def test_whom_the_environment_asks_without_a_proxy(said: str, host: str, is_direct: bool) -> None:
    """Names and all below them, addresses, networks, ports; small letters before capitals."""
    proxies = Proxies.named_in(
        {"NO_PROXY": said, "HTTPS_PROXY": "http://capital:1", "https_proxy": "http://small:1"}
    )
    assert (proxies.between("https", host, 443) == "") is is_direct
    assert Proxies.named_in({}) == Proxies()
