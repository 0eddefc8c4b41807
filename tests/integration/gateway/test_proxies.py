"""The proxies that `docs/operators.md` shows, run as they stand there in front of a gateway: calls, uploads,
WebSockets.

Only what a test has to differ in is replaced: ports, the place of the certificate, and with Caddy where that
comes from.
"""

import asyncio
import contextlib
import re
import shutil
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from reprise_runtime.operate.servers import free_ports
from unit.gateway.gateway_site import Watcher, settings_with

PAGE = Path(__file__).parents[3] / "docs" / "operators.md"
NAME = "research.example.org"
GIVEN = {"Authorization": "Bearer secret"}
BURST = 6
PROGRAMS = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin"


def shown(language: str) -> str:
    """The block of the page in a language."""
    found = re.search(rf"^ *```{language}\n(.*?)^ *```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None, f"docs/operators.md shows no {language}"
    return found[1]


@dataclass(frozen=True)
class Certificate:
    """Files with a certificate for `NAME` that signed itself, and a client's trust in it."""

    trust: ssl.SSLContext
    chain: Path
    key: Path


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    program = shutil.which("openssl")
    if program is None:
        pytest.skip("openssl is not installed: no certificate can be made")
    folder = tmp_path_factory.mktemp("tls")
    chain, key = folder / "chain.pem", folder / "key.pem"
    kind = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    name = ("-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}")
    subprocess.run(
        [program, "req", "-x509", *kind, "-keyout", str(key), "-out", str(chain), *name],
        check=True,
        capture_output=True,
    )
    return Certificate(ssl.create_default_context(cafile=str(chain)), chain, key)


def nginx(folder: Path, upstream: str, port: int, certificate: Certificate) -> list[str]:
    """nginx with the page's block as its site; the rest is what any installation brings."""
    site = (
        shown("nginx")
        .replace("127.0.0.1:8700", upstream)
        .replace("listen 443 ssl", f"listen 127.0.0.1:{port} ssl")
    )
    site = site.replace("/etc/ssl/research.pem", str(certificate.chain)).replace(
        "/etc/ssl/research.key", str(certificate.key)
    )
    temporary = " ".join(
        f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (folder / "nginx.conf").write_text(
        f"daemon off; user root; pid {folder}/pid; error_log stderr; events {{}}\nhttp {{ access_log off; "
        f"{temporary}\n{site} }}\n"
    )
    return ["nginx", "-e", "stderr", "-c", str(folder / "nginx.conf")]


def caddy(folder: Path, upstream: str, port: int, certificate: Certificate) -> list[str]:
    """Caddy with the page's block; without a name of its own in the net it takes the test's certificate."""
    site = shown("caddyfile").replace("127.0.0.1:8700", upstream).replace(NAME, f"{NAME}:{port}")
    site = site.replace("{\n", f"{{\n    bind 127.0.0.1\n    tls {certificate.chain} {certificate.key}\n", 1)
    (folder / "Caddyfile").write_text("{\n    admin off\n    auto_https disable_redirects\n}\n" + site)
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(folder / "Caddyfile")]


class Proxied:
    """A gateway behind a proxy, as a caller in the net sees it."""

    def __init__(self, port: int, certificate: Certificate) -> None:
        self._port, self._certificate = port, certificate
        self.origin = f"https://{NAME}:{port}"

    def client(self, address: str = "127.0.0.1", **headers: str) -> httpx.AsyncClient:
        """A caller at an address, which finds the name on this machine."""
        transport = httpx.AsyncHTTPTransport(verify=self._certificate.trust, local_address=address)
        base = f"https://127.0.0.1:{self._port}"
        return httpx.AsyncClient(
            transport=_Named(transport),
            base_url=base,
            headers={"Host": f"{NAME}:{self._port}", **headers},
            timeout=20,
        )

    @contextlib.asynccontextmanager
    async def watching(self, batch_id: str, query: str, **headers: str) -> AsyncIterator[Watcher]:
        """A page's WebSocket."""
        url, trust = f"wss://{NAME}:{self._port}/ws/{batch_id}{query}", self._certificate.trust
        async with connect(
            url, host="127.0.0.1", ssl=trust, additional_headers=headers, proxy=None
        ) as opened:
            yield Watcher(opened)


class _Named(httpx.AsyncBaseTransport):
    """Names the server in the handshake, as a caller does that resolved the name."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.extensions["sni_hostname"] = NAME
        return await self._inner.handle_async_request(request)

    async def aclose(self) -> None:
        await self._inner.aclose()


@pytest.fixture(params=[nginx, caddy])
async def proxied(
    request: pytest.FixtureRequest, certificate: Certificate, make_site: Any, eventually: Any, tmp_path: Path
) -> AsyncIterator[Proxied]:
    """A gateway with a token that answers to the name, behind each proxy that is installed."""
    configured: Callable[[Path, str, int, Certificate], list[str]] = request.param
    if shutil.which(configured.__name__, path=PROGRAMS) is None:
        pytest.skip(f"{configured.__name__} is not installed (Debian: apt install {configured.__name__})")
    settings = settings_with(
        tokens={"alice": "secret"}, limits={"requests_per_second": 0.01, "requests_burst": BURST}
    )
    site = await make_site(settings.model_copy(update={"hosts": (NAME,)}), serve=True)
    (port,) = free_ports(1)
    command = configured(tmp_path, site.address, port, certificate)
    with (tmp_path / "log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, stdout=log, stderr=log, env={"HOME": str(tmp_path), "PATH": PROGRAMS}
        )

    def listens() -> bool:
        assert process.returncode is None, (tmp_path / "log").read_text()
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        await eventually(listens)
        yield Proxied(port, certificate)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await asyncio.wait_for(process.wait(), 10)


async def test_calls_uploads_and_sockets_pass(proxied: Proxied) -> None:
    """A probe, a file that is larger than what proxies let through by themselves, and a page's WebSocket with
    its ticket."""
    async with proxied.client(**GIVEN) as http:
        assert (await http.get("/healthz")).status_code == 200
        file = ("long.txt", b"The tide rises four metres. " * 150_000, "text/plain")
        begun = await http.post("/batches", data={"topic": "The tide"}, files={"files": file})
        assert begun.status_code == 201, begun.text
        ticket = (await http.post("/ws-ticket", headers={"Origin": proxied.origin})).json()["ticket"]
        async with proxied.watching(
            begun.json()["batch_id"], f"?ticket={ticket}", Origin=proxied.origin
        ) as page:
            assert (await page.next())["type"] == "connected"
            await page.until("snapshot")


async def test_a_page_of_another_site_gets_no_socket(proxied: Proxied) -> None:
    """The proxy passes on whose page it is, and under which name it was called."""
    async with proxied.client(**GIVEN) as http:
        begun = await http.post("/batches", json={"topic": "The tide", "sources": [{"text": "It rises."}]})
    with pytest.raises(InvalidStatus) as refused:
        async with proxied.watching(begun.json()["batch_id"], "", Origin="https://evil.example", **GIVEN):
            pass
    assert refused.value.response.status_code == 403


async def test_callers_without_a_token_are_told_apart_by_their_own_addresses(proxied: Proxied) -> None:
    """One that asks too much is slowed down, whatever it says of itself; another behind the same proxy is
    not."""
    async with proxied.client("127.0.0.2") as greedy, proxied.client("127.0.0.3") as another:
        assert [(await greedy.get("/config")).status_code for _ in range(BURST + 1)] == [401] * BURST + [429]
        assert (await greedy.get("/config", headers={"X-Forwarded-For": "192.0.2.1"})).status_code == 429
        assert (await another.get("/config")).status_code == 401
