"""The doors of SeaweedFS beside S3: its gRPC and HTTP ports, and its sockets, against every other account of
the machine.

Three strangers knock: one who speaks plainly, one who speaks TLS and shows nothing, one who shows a
certificate of an authority of his own. The owner, who shows the folder's, is let in: a door that opened for
nobody would prove nothing.
"""

import asyncio
import contextlib
import http.client
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from reprise_runtime.operate.certificates import make_certificates
from reprise_runtime.operate.seaweed import PORTS, Filer
from reprise_runtime.operate.servers import HOST, SeaweedServer, find_binary
from reprise_runtime.s3.artifact_store import S3Store

GRPC = sorted(name for name in PORTS if name.endswith(".grpc"))
WEB = ("master.port", "filer.port")
INNER = sorted(name for name in PORTS if name != "s3.port")
KEY = "phase1/kept"
PATHS = (
    f"/buckets/reprise/{KEY}",
    "/buckets/reprise/?limit=10",
    "/dir/assign",
    "/dir/lookup?volumeId=1",
    "/vol/grow?count=1",
    "/col/delete?collection=reprise",
    "/submit",
    "/ui/index.html",
    "/1,01637037d6",
    "/?proxyChunkId=1,01637037d6",
)
TELLS_FIGURES = ("/status", "/healthz", "/readyz")
"""What a volume server answers to anyone: how full it is, and the names of no objects."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedServer]:
    """SeaweedFS as `reprise up` runs it."""
    with SeaweedServer(tmp_path_factory.mktemp("seaweed")) as server:
        assert isinstance(server, SeaweedServer)
        yield server


@pytest.fixture
async def store(server: SeaweedServer) -> AsyncIterator[S3Store]:
    """A bucket with one object; the object is still there afterwards."""
    store = S3Store(server.settings())
    await store.ensure_bucket()
    await store.put(KEY, b"kept")
    yield store
    assert await store.get(KEY) == b"kept"
    await store.close()


def asked(port: int, method: str, path: str, tls: ssl.SSLContext | None = None) -> int:
    """The status that an HTTP door answers; 0 where it hangs up."""
    connection = (
        http.client.HTTPConnection(HOST, port, timeout=5)
        if tls is None
        else http.client.HTTPSConnection(HOST, port, timeout=5, context=tls)
    )
    try:
        with contextlib.closing(connection):
            connection.request(method, path)
            return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return 0


def greeted(tls: ssl.SSLContext, at: int | Path) -> bool:
    """Whether a gRPC server sends its settings, as it does to whom it takes."""
    family = socket.AF_INET if isinstance(at, int) else socket.AF_UNIX
    with socket.socket(family) as plain:
        plain.settimeout(5)
        plain.connect((HOST, at) if isinstance(at, int) else str(at))
        try:
            with tls.wrap_socket(plain, server_hostname=HOST) as spoken:
                spoken.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\x00\x00\x00\x04\x00\x00\x00\x00\x00")
                return spoken.recv(9)[3:4] == b"\x04"
        except OSError:
            return False


def stranger(folder: Path | None = None) -> ssl.SSLContext:
    """One who believes any server and shows nothing, or a certificate out of a folder."""
    context = ssl._create_unverified_context()  # noqa: S323  # what an attacker would do
    context.set_alpn_protocols(["h2"])
    if folder is not None:
        context.load_cert_chain(folder / "peer.pem", folder / "peer.key")
    return context


@pytest.fixture
def forged(tmp_path: Path) -> ssl.SSLContext:
    """A certificate with the same names, of another authority."""
    made = make_certificates("Reprise SeaweedFS", HOST)
    (tmp_path / "peer.pem").write_bytes(made.certificate)
    (tmp_path / "peer.key").write_bytes(made.key)
    return stranger(tmp_path)


@pytest.mark.parametrize("name", INNER)
@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE", "PUT", "POST"])
async def test_no_stranger_reads_deletes_or_assigns_over_http(
    server: SeaweedServer, store: S3Store, name: str, method: str
) -> None:
    """Whatever port he tries, with or without TLS: no answer that is not a refusal."""
    for path in PATHS:
        for tls in (None, stranger()):
            status = await asyncio.to_thread(asked, server.ports[name], method, path, tls)
            assert status == 0 or 400 <= status < 500, (name, method, path, status)


async def test_a_volume_says_only_how_full_it_is(server: SeaweedServer, store: S3Store) -> None:
    """The three pages that it shows to anyone name no object, no bucket and no key."""
    for path in TELLS_FIGURES:
        connection = http.client.HTTPConnection(HOST, server.ports["volume.port"], timeout=5)
        with contextlib.closing(connection):
            connection.request("GET", path)
            said = connection.getresponse().read()
        assert b"kept" not in said and b"phase1" not in said


@pytest.mark.parametrize("name", [*GRPC, *WEB])
def test_only_the_owners_certificate_opens_a_door(
    server: SeaweedServer, forged: ssl.SSLContext, name: str
) -> None:
    """Nothing shown and a forged certificate are turned away in the handshake; the folder's own is let in."""
    port = server.ports[name]
    if name in WEB:
        assert asked(port, "GET", "/", stranger()) == 0
        assert asked(port, "GET", "/", forged) == 0
        assert asked(port, "GET", "/", _of_http(server)) != 0
    else:
        assert not greeted(stranger(), port)
        assert not greeted(forged, port)
        assert greeted(stranger(server.folder), port)


def test_the_sockets_are_no_way_around(server: SeaweedServer, forged: ssl.SSLContext) -> None:
    """Those in /tmp ask for the same certificate; the others lie in a folder that only its owner enters."""
    for name in GRPC:
        part = name.partition(".")[0]
        at = Path(f"/tmp/seaweedfs-{part}-grpc-{server.ports[name]}.sock")  # noqa: S108  # where it puts them
        assert at.is_socket()
        assert not greeted(stranger(), at)
        assert not greeted(forged, at)
        assert greeted(stranger(server.folder), at)
    sockets = [path for path in server.folder.iterdir() if path.is_socket()]
    assert len(sockets) == 2
    assert server.folder.stat().st_mode & 0o777 == 0o700
    for name in ("security.toml", "s3.json", "peer.key"):
        assert (server.folder / name).stat().st_mode & 0o777 == 0o600


async def test_its_own_shell_does_nothing_for_a_stranger(
    server: SeaweedServer, store: S3Store, tmp_path: Path
) -> None:
    """SeaweedFS's client is the plainest attacker: started elsewhere it lists and removes nothing, in the
    folder it does."""
    assert (
        await asyncio.to_thread(commanded, server, server.folder, "fs.ls /buckets/reprise/phase1") == "kept"
    )
    for command in ("fs.ls /buckets/reprise/phase1", "fs.rm -rf /buckets/reprise", "volume.list"):
        said = await asyncio.to_thread(commanded, server, tmp_path, command)
        assert "kept" not in said and "volume id" not in said


def commanded(server: SeaweedServer, folder: Path, command: str) -> str:
    """What the shell prints of one command, started in a folder."""
    at = {
        part: f"{HOST}:{server.ports[f'{part}.port']}.{server.ports[f'{part}.port.grpc']}"
        for part in ("master", "filer")
    }
    shell = [find_binary("weed"), "shell", f"-master={at['master']}", f"-filer={at['filer']}"]
    try:
        done = subprocess.run(
            shell,
            input=f"lock\n{command}\n".encode(),
            capture_output=True,
            timeout=5,
            check=False,
            cwd=folder,
            env={"HOME": str(folder)},
        )
    except subprocess.TimeoutExpired as error:
        return (error.stdout or b"").decode()
    return done.stdout.decode().replace("> ", "").strip()


async def test_the_rule_to_flush_is_the_owners_to_set(server: SeaweedServer) -> None:
    """The rule that embedded and container have in common is read and set over the filer's door, once."""
    filer = Filer(server.folder)
    assert await asyncio.to_thread(filer.flushes)
    await asyncio.to_thread(filer.flush)
    assert await asyncio.to_thread(filer.flushes)


def _of_http(server: SeaweedServer) -> ssl.SSLContext:
    context = stranger(server.folder)
    context.set_alpn_protocols(["http/1.1"])
    return context
