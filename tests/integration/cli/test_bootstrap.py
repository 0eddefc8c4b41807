"""`reprise bootstrap` on the real servers: what it makes, what it tells, and that twice is once."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from minio_gateway import MinioGateway
from reprise_contracts import subjects
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.connection import connect
from reprise_runtime.operate.servers import NatsServer, SeaweedServer, free_ports
from reprise_runtime.roles import ADMIN, ROLES

SECRETS = {role: f"secret-of-{role}" for role in ROLES}


@dataclass
class Servers:
    """NATS and MinIO with nothing in them."""

    nats: NatsServer
    minio: MinioGateway

    def reprise(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a command as the operator."""
        s3 = self.minio.settings()
        own = {
            "REPRISE_NATS__URL": self.nats.url,
            "REPRISE_NATS__USER": ADMIN,
            "REPRISE_NATS__PASSWORD": SECRETS[ADMIN],
            "REPRISE_S3__ENDPOINT": s3.endpoint,
            "REPRISE_S3__ACCESS_KEY": s3.access_key,
            "REPRISE_S3__SECRET_KEY": s3.secret_key.get_secret_value(),
            "REPRISE_NATS__CONNECT_TIMEOUT": "2",
            **{f"REPRISE_SECRETS__{role.upper()}": secret for role, secret in SECRETS.items()},
        }
        command = [sys.executable, "-m", "reprise_cli", *arguments]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            env=os.environ | own | environment,
        )

    def drift(self, *arguments: str, code: int, **environment: str) -> set[str]:
        """The names of what `bootstrap` tells of."""
        done = self.reprise("--json", "bootstrap", *arguments, **environment)
        assert done.returncode == code, done.stderr + done.stdout
        return {f"{drift['name']} {drift['setting']}".strip() for drift in json.loads(done.stdout)["drift"]}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """New servers, whose users are the ones that the command prints."""
    nats = NatsServer(tmp_path_factory.mktemp("nats"), sync_always=False, passwords=SECRETS)
    minio = MinioGateway(tmp_path_factory.mktemp("minio"))
    with nats, minio:
        yield Servers(nats, minio)


def test_a_check_of_new_servers_tells_what_is_missing_and_makes_nothing(servers: Servers) -> None:
    """Streams, consumers, bucket and users; the exit code is 1 both times."""
    found = servers.drift("--check", code=1)
    assert {
        subjects.SESSIONS,
        f"{subjects.JOBS}/pool-phase3",
        "bucket reprise",
        "s3 user reprise-phase3",
    } <= found
    assert servers.drift("--check", code=1) == found


def test_bootstrap_makes_everything_and_a_second_time_nothing(servers: Servers) -> None:
    """Idempotent; after it a check is content."""
    assert "bucket reprise" in servers.drift(code=0)
    assert servers.drift(code=0) == set()
    assert servers.reprise("bootstrap", "--check").stdout.strip() == "Everything is as declared."


async def test_what_drifted_is_told_then_mended(servers: Servers) -> None:
    """A consumer that is gone, a stream that somebody changed, and settings that were changed meanwhile."""
    client = await connect(servers.nats.settings(ADMIN), "test")
    bus = await Bus.open(client)
    await bus.api(f"CONSUMER.DELETE.{subjects.JOBS}.{subjects.pool('phase2')}")
    config = (await bus.stream_info(subjects.DLQ))["config"]
    await bus.api(f"STREAM.UPDATE.{subjects.DLQ}", config | {"max_bytes": 12_345_678})
    await client.close()
    gone = {f"{subjects.JOBS}/pool-phase2", f"{subjects.DLQ} max_bytes"}
    assert servers.drift("--check", code=1) == gone
    larger = {"REPRISE_LIMITS__INBOX_MESSAGES": "2000000"}
    assert servers.drift("--check", code=1, **larger) == gone | {f"{subjects.INBOX} max_msgs"}
    assert servers.drift(code=0) == gone
    assert servers.drift("--check", code=0) == set()


def test_a_server_with_other_rights_is_told(tmp_path: Path, servers: Servers) -> None:
    """NATS users live in the server's configuration: a check connects as each and asks what it may do."""
    port = free_ports(1)[0]
    with NatsServer(tmp_path / "nats", port, passwords=SECRETS, sync_always=False) as server:
        conf = server.folder / "nats.conf"
        assert isinstance(server, NatsServer)
        narrow = conf.read_text().replace('"reprise.v1.done.phase3.>"', '"reprise.v1.done.>"')
        environment = {"REPRISE_NATS__URL": server.url}
        servers.drift(code=0, **environment)
        forgotten = {"REPRISE_SECRETS__PHASE4": "forgotten"}
        assert servers.drift("--check", code=1, **environment | forgotten) == {
            "nats user phase4",
            "s3 user reprise-phase4 secret",
        }
        server.stop()
        conf.write_text(narrow)
        with _Configured(server):
            servers.reprise("bootstrap", **environment)  # what was in memory is gone with the first server
            assert servers.drift("--check", code=1, **environment) == {"nats user phase3 publish"}


class _Configured(NatsServer):
    """The same server with whatever stands in its configuration."""

    def __init__(self, other: NatsServer) -> None:
        super().__init__(other.folder, other.port, sync_always=False)
        self.monitor_port = other.monitor_port

    def command(self) -> list[str]:
        conf = (self.folder / "nats.conf").read_text()
        command = super().command()
        (self.folder / "nats.conf").write_text(conf)
        return command


def test_without_servers_it_says_so(servers: Servers) -> None:
    """Exit 4, as every command of ours."""
    done = servers.reprise(
        "bootstrap",
        REPRISE_NATS__URL=f"nats://127.0.0.1:{free_ports(1)[0]}",
        REPRISE_NATS__CONNECT_TIMEOUT="0.5",
    )
    assert done.returncode == 4, done.stdout + done.stderr


def test_policies_are_printed_for_other_stores(servers: Servers) -> None:
    """One document for each user, for a store whose users are made elsewhere."""
    documents = json.loads(servers.reprise("bootstrap", "--s3-policies", REPRISE_S3__BUCKET="mine").stdout)
    assert documents["reprise-phase3"]["Statement"][2]["Resource"] == ["arn:aws:s3:::mine/phase3/*"]


def test_seaweed_is_made_to_flush_and_its_users_are_checked(servers: Servers, tmp_path: Path) -> None:
    """Its default never flushes, which is drift; a user whose secret changed since it started is another."""
    with SeaweedServer(tmp_path, sync_always=False, secrets=SECRETS) as store:
        assert isinstance(store, SeaweedServer)
        s3 = store.settings()
        environment = {
            "REPRISE_S3__ENDPOINT": s3.endpoint,
            "REPRISE_S3__ACCESS_KEY": s3.access_key,
            "REPRISE_S3__SECRET_KEY": s3.secret_key.get_secret_value(),
            "REPRISE_S3__SEAWEED": str(tmp_path),
        }
        servers.drift(code=0)
        assert servers.drift("--check", code=1, **environment) == {"store fsync", "bucket reprise"}
        assert servers.drift(code=0, **environment) == {"store fsync", "bucket reprise"}
        assert servers.drift("--check", code=0, **environment) == set()
        changed = environment | {"REPRISE_SECRETS__PHASE4": "changed"}
        assert "s3 user reprise-phase4" in servers.drift("--check", code=1, **changed)


def test_the_files_of_a_store_in_a_container_are_kept_but_for_its_users(
    servers: Servers, tmp_path: Path
) -> None:
    """Twice: the same keys and certificates, or a running store would know itself no longer; the users'
    secrets follow the environment."""
    folder = tmp_path / "store"
    environment = {"REPRISE_S3__ENDPOINT": "store:9000", "REPRISE_S3__SECURE": "true"}
    assert servers.reprise("bootstrap", "--store-files", str(folder), **environment).returncode == 0
    kept = {path.name: path.read_bytes() for path in folder.iterdir()}
    changed = environment | {"REPRISE_SECRETS__PHASE4": "changed"}
    assert servers.reprise("bootstrap", "--store-files", str(folder), **changed).returncode == 0
    again = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert set(kept) == {"ca.pem", "peer.key", "peer.pem", "s3.json", "security.toml", "server.options"}
    assert {name for name in kept if kept[name] != again[name]} == {"s3.json"}
    assert b'"secretKey": "changed"' in again["s3.json"]
    options = kept["server.options"].decode().splitlines()
    assert {"ip=store", "s3.port=9000", "s3.cert.file=/etc/reprise/store/server.pem"} <= set(options)
