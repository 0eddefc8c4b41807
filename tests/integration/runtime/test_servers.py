"""The embedded servers: they keep what they hold, listen on the loopback interface only, and flush what they confirm."""

import asyncio
import http.client
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from minio_gateway import MinioGateway
from reprise_contracts.events import Commit
from reprise_runtime.errors import Refused, Unavailable
from reprise_runtime.nats import topology
from reprise_runtime.nats.connection import connect
from reprise_runtime.nats.session_log import NatsSessionLog
from reprise_runtime.operate.servers import NatsServer, SeaweedServer, Server, find_binary, free_ports
from reprise_runtime.roles import OUTSIDE, ROLES
from reprise_runtime.s3.artifact_store import S3Store
from servers_for_tests import settings_for


def listens_on(pid: int) -> set[str]:
    """The addresses on which a process accepts connections, as the kernel writes them."""
    sockets = {link.readlink().name for link in Path(f"/proc/{pid}/fd").iterdir() if link.is_symlink()}
    found = set()
    for table in ("tcp", "tcp6"):
        for line in Path(f"/proc/{pid}/net/{table}").read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                found.add(fields[1].partition(":")[0])
    return found


@pytest.mark.skipif(not Path("/proc/self/net/tcp").exists(), reason="looks at Linux's tables")
def test_only_the_loopback_interface(nats_server: NatsServer, seaweed: SeaweedServer, minio_gateway: MinioGateway) -> None:
    """No embedded server can be reached from another machine."""
    for server in (nats_server, seaweed, minio_gateway):
        assert server.pid is not None
        assert listens_on(server.pid) == {"0100007F"}, server.name


async def test_nats_stopped_and_started(tmp_path: Path, commit: Callable[[str], Commit]) -> None:
    """Another object on the same folder and port finds the log; starting takes under 3 s."""
    first = NatsServer(tmp_path)
    first.start()
    client = await connect(first.settings(), "test")
    bus = await topology.open_bus(client, settings_for(first))
    await NatsSessionLog(bus).append("one", commit("a"), expected=0)
    await client.close()
    first.stop()
    second = NatsServer(tmp_path, first.port)
    started = time.monotonic()
    second.start()
    assert time.monotonic() - started < 3
    client = await connect(second.settings(), "test")
    bus = await topology.open_bus(client, settings_for(second))
    assert [entry.commit for entry in await NatsSessionLog(bus).read("one")] == [commit("a")]
    await client.close()
    second.stop()


async def test_seaweed_stopped_and_started_elsewhere(tmp_path: Path) -> None:
    """Stopped in order, then another object on the same folder with other ports: the objects are there, it flushes, it takes new ones."""
    keys = [f"phase1/{n}" for n in range(20)]
    first = SeaweedServer(tmp_path)
    await asyncio.to_thread(first.start)
    store = S3Store(first.settings())
    await store.ensure_bucket()
    await asyncio.gather(*(store.put(key, key.encode()) for key in keys))
    await store.close()
    await asyncio.to_thread(first.stop)
    second = SeaweedServer(tmp_path)
    assert second.port != first.port
    await asyncio.to_thread(second.start)
    store = S3Store(second.settings())
    assert [await store.get(key) for key in keys] == [key.encode() for key in keys]
    await store.put("new", b"1")
    assert await store.used("") == sum(len(key) for key in keys) + 1
    rules = await asyncio.to_thread(
        subprocess.run, second.shell(), input=b"fs.configure\n", capture_output=True, timeout=30, check=True, cwd=tmp_path
    )
    assert b'"fsync":  true' in rules.stdout
    await store.close()
    await asyncio.to_thread(second.stop)


def test_a_server_that_does_not_start_says_why(tmp_path: Path) -> None:
    """A port that is taken: the end of the server's log is in the error, and nothing is left running."""
    with NatsServer(tmp_path / "one") as one:
        assert isinstance(one, NatsServer)
        other = NatsServer(tmp_path / "two", one.port)
        with pytest.raises(Unavailable, match="address already in use"):
            other.start()
        assert not other.running


def test_a_missing_binary_says_what_to_install() -> None:
    """The error names the extra."""
    with pytest.raises(Unavailable, match=r"reprise-research\[embedded\]"):
        find_binary("no-such-server")


def test_a_server_that_ignores_being_asked_is_killed(tmp_path: Path) -> None:
    """After its grace a server that lingers is gone."""

    class Lingers(Server):
        name = "lingers"
        grace = 0.2

        def command(self) -> list[str]:
            return [
                sys.executable,
                "-c",
                "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)",
            ]

        def ready(self) -> bool:
            return "up" in self.log_file.read_text()

    server = Lingers(tmp_path)
    server.start()
    started = time.monotonic()
    server.stop()
    assert 0.2 <= time.monotonic() - started < 5
    assert not server.running
    assert server.pid is None


def test_free_ports_are_different() -> None:
    """Ports drawn together do not collide."""
    assert len(set(free_ports(50))) == 50


def asked(port: int, method: str, path: str) -> int:
    """What an HTTP server answers to whoever asks without credentials."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request(method, path)
    status = connection.getresponse().status
    connection.close()
    return status


async def test_seaweeds_inner_doors_give_and_delete_nothing_without_a_token(tmp_path: Path) -> None:
    """The filer and the volumes listen on the loopback interface, where every account of the machine is: S3 is the only way in."""
    server = SeaweedServer(tmp_path)
    await asyncio.to_thread(server.start)
    store = S3Store(server.settings())
    await store.ensure_bucket()
    for size in (10, 100_000, 6_000_000):
        await store.put(f"phase1/{size}", b"x" * size)
        assert len(await store.get(f"phase1/{size}")) == size
    (filer,), (volume,) = ([port for name, port in server.ports.items() if name == f"{part}.port"] for part in ("filer", "volume"))
    for method in ("GET", "HEAD", "DELETE", "PUT", "POST"):
        assert await asyncio.to_thread(asked, filer, method, "/buckets/reprise/phase1/10") == 401, method
    assert await asyncio.to_thread(asked, filer, "GET", "/buckets/reprise/?limit=10") == 401
    assert await asyncio.to_thread(asked, volume, "GET", "/1,01637037d6") == 401
    assert await asyncio.to_thread(asked, volume, "DELETE", "/1,01637037d6") == 401
    assert (tmp_path / "security.toml").stat().st_mode & 0o777 == 0o600
    await store.delete(["phase1/10"])
    assert [key async for key, _ in store.list("")] == ["phase1/100000", "phase1/6000000"]
    await store.close()
    await asyncio.to_thread(server.stop)


async def test_nobody_gets_into_nats_without_a_name_where_that_is_asked_for(tmp_path: Path) -> None:
    """With `nameless=False`: an outside system has a name and a password like everyone else."""
    with NatsServer(tmp_path, passwords=dict.fromkeys(ROLES, "right"), nameless=False, sync_always=False) as server:
        with pytest.raises(Refused):
            await connect(server.settings().model_copy(update={"connect_timeout": 2.0}), "test")
        client = await connect(server.settings(OUTSIDE), "test")
        await client.close()
