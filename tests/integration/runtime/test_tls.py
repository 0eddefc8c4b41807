"""Encrypted connections to both servers, checked against an authority of one's own; a server of another
authority is not talked to."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import ValidationError

from reprise_runtime.errors import StoreUnavailable, Unavailable
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.connection import connect, flush_subscriptions
from reprise_runtime.nats.middleware import Broker
from reprise_runtime.operate.servers import NatsServer, SeaweedServer, free_ports
from reprise_runtime.s3.artifact_store import S3Store
from reprise_runtime.settings import S3, Nats


class Authority:
    """A certificate authority with one server certificate for 127.0.0.1."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir()
        self.ca, self.certificate, self.key = folder / "ca.pem", folder / "server.pem", folder / "server.key"
        new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
        root = (
            "-keyout",
            folder / "ca.key",
            "-out",
            self.ca,
            "-subj",
            "/CN=authority",
            "-addext",
            "keyUsage=critical,keyCertSign",
        )
        name = (
            "-subj",
            "/CN=server",
            "-addext",
            "subjectAltName=IP:127.0.0.1",
            "-addext",
            "basicConstraints=critical,CA:FALSE",
        )
        self._openssl(*new, *root)
        self._openssl(
            *new,
            "-CA",
            self.ca,
            "-CAkey",
            folder / "ca.key",
            "-keyout",
            self.key,
            "-out",
            self.certificate,
            *name,
        )

    @staticmethod
    def _openssl(*arguments: str | Path) -> None:
        program = shutil.which("openssl")
        if program is None:
            pytest.skip("openssl is not installed: no certificates can be made")
        subprocess.run([program, *map(str, arguments)], check=True, capture_output=True)


class NatsWithTls(NatsServer):
    """The same server with a certificate."""

    def __init__(self, folder: Path, authority: Authority, first: bool = False) -> None:
        super().__init__(folder)
        self._authority, self._first = authority, first

    def command(self) -> list[str]:
        command = super().command()
        files = f'cert_file: "{self._authority.certificate}", key_file: "{self._authority.key}"'
        with Path(command[-1]).open("a") as file:
            file.write(f"tls {{ {files}, handshake_first: {str(self._first).lower()} }}\n")
        return command

    def settings(self, role: str | None = None) -> Nats:
        return Nats(
            url=f"tls://127.0.0.1:{self.port}",
            ca=self._authority.ca,
            tls_first=self._first,
            connect_timeout=2.0,
        )


class SeaweedWithTls(SeaweedServer):
    """The same server, with a second port that speaks HTTPS."""

    def __init__(self, folder: Path, authority: Authority) -> None:
        super().__init__(folder)
        self._authority = authority
        (self.https,) = free_ports(1)

    def command(self) -> list[str]:
        own = {
            "port.https": self.https,
            "cert.file": self._authority.certificate,
            "key.file": self._authority.key,
        }
        return [*super().command(), *(f"-s3.{name}={value}" for name, value in own.items())]

    def settings(self, role: str | None = None) -> S3:
        own = {
            "endpoint": f"127.0.0.1:{self.https}",
            "secure": True,
            "ca": self._authority.ca,
            "timeout": 3.0,
        }
        return super().settings(role).model_copy(update=own)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "own")


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("tls") / "another")


@pytest.fixture(scope="module", params=[False, True], ids=["offered", "handshake first"])
def nats_with_tls(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, authority: Authority
) -> Iterator[NatsWithTls]:
    server = NatsWithTls(tmp_path_factory.mktemp("nats-tls"), authority, first=request.param)
    with server:
        yield server


@pytest.fixture(scope="module")
def store_with_tls(
    tmp_path_factory: pytest.TempPathFactory, authority: Authority
) -> Iterator[SeaweedWithTls]:
    server = SeaweedWithTls(tmp_path_factory.mktemp("s3-tls"), authority)
    with server:
        yield server


async def test_nats_is_spoken_to_encrypted(nats_with_tls: NatsWithTls) -> None:
    """By our own client, and by FastStream's, which answers questions."""
    settings = nats_with_tls.settings()
    client = await connect(settings, "test")
    bus = await Bus.open(client)
    assert (await bus.api("INFO"))["streams"] == 0
    broker = Broker(await connect(settings, "test"))

    @broker.subscriber("question")
    async def answer(body: str) -> str:
        return f"{body}!"

    try:
        await broker.start()
        await flush_subscriptions(
            broker.own
        )  # a question on another connection could overtake the subscription
        assert await bus.request("question", b"encrypted") == b"encrypted!"
    finally:
        await broker.stop()
        await client.close()


async def test_a_nats_server_of_another_authority_is_not_talked_to(
    nats_with_tls: NatsWithTls, stranger: Authority
) -> None:
    """Neither one whose authority is not the named one, nor one whose authority the machine does not know."""
    for ca in (stranger.ca, None):
        with pytest.raises(Unavailable):
            await connect(nats_with_tls.settings().model_copy(update={"ca": ca}), "test")


async def test_a_server_that_does_not_encrypt_is_not_talked_to(
    nats_server: NatsServer, authority: Authority
) -> None:
    """Whoever asks for `tls://` gets it or nothing: no password goes out in plain text."""
    settings = Nats(url=nats_server.url.replace("nats://", "tls://"), ca=authority.ca, connect_timeout=1.0)
    for tls_first in (False, True):
        with pytest.raises(Unavailable):
            await connect(settings.model_copy(update={"tls_first": tls_first}), "test")


@pytest.mark.parametrize("lean", [True, False])
async def test_the_object_store_is_spoken_to_encrypted(
    store_with_tls: SeaweedWithTls, stranger: Authority, lean: bool
) -> None:
    """By either client; a store of another authority gets nothing."""
    settings = store_with_tls.settings().model_copy(update={"lean": lean})
    store = S3Store(settings)
    await store.ensure_bucket()
    await store.put("tls/one", b"encrypted")
    assert await store.get("tls/one") == b"encrypted"
    await store.close()
    wary = S3Store(settings.model_copy(update={"ca": stranger.ca}))
    with pytest.raises(StoreUnavailable):
        await wary.get("tls/one")
    await wary.close()


def test_a_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    """At once, when the settings are read."""
    for section in (Nats, S3):
        with pytest.raises(ValidationError, match="does not point to a file"):
            section(ca=tmp_path / "missing.pem")
