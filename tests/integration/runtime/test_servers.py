"""The embedded servers: they keep what they hold, listen on the loopback interface only, and flush what they
confirm."""

import asyncio
import hashlib
import re
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
from reprise_runtime.operate.seaweed import Filer
from reprise_runtime.operate.servers import (
    NatsServer,
    SeaweedServer,
    Server,
    find_binary,
    free_ports,
    inspect_binary,
)
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
def test_only_the_loopback_interface(
    nats_server: NatsServer, seaweed: SeaweedServer, minio_gateway: MinioGateway
) -> None:
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
    """Stopped in order, then another object on the same folder with other ports: the objects are there, it
    flushes, it takes new ones."""
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
    assert await asyncio.to_thread(Filer(tmp_path).flushes)
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


def test_a_program_of_ones_own_is_named_by_a_variable(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says what it is, and its hash; one that cannot be run is told of, and no other taken for it."""
    wheels = inspect_binary("weed")
    own = tmp_path / "weed"
    own.write_text("#!/bin/sh\necho version 9.8.7\n")
    monkeypatch.setenv("REPRISE_WEED_BINARY", str(own))
    with pytest.raises(Unavailable, match="REPRISE_WEED_BINARY"):
        find_binary("weed")
    own.chmod(0o700)
    found = inspect_binary("weed")
    assert (found.path, found.version) == (str(own), "9.8.7")
    assert found.sha256 == hashlib.sha256(own.read_bytes()).hexdigest() != wheels.sha256
    assert re.fullmatch(r"4\.\d+", wheels.version)
    assert re.fullmatch(r"2\.\d+\.\d+", inspect_binary("nats-server").version)


def test_a_server_that_ignores_being_asked_is_killed(tmp_path: Path) -> None:
    """After its grace a server that lingers is gone."""

    class Lingers(Server):
        name = "lingers"
        grace = 0.2

        def command(self) -> list[str]:
            return [
                sys.executable,
                "-c",
                "import signal,time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); "
                "time.sleep(60)",
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


def test_free_ports_are_given_to_one_process_at_a_time() -> None:
    """Stacks that start beside each other bind theirs seconds after they were drawn."""
    draw = "from reprise_runtime.operate.servers import free_ports; print(*free_ports(1500))"
    drawing = [
        subprocess.Popen([sys.executable, "-c", draw], stdout=subprocess.PIPE, text=True) for _ in range(2)
    ]
    one, other = ({*process.communicate()[0].split()} for process in drawing)
    assert len(one) == len(other) == 1500 and not one & other


async def test_nobody_gets_into_nats_without_a_name_where_that_is_asked_for(tmp_path: Path) -> None:
    """With `nameless=False`: an outside system has a name and a password like everyone else."""
    with NatsServer(
        tmp_path, passwords=dict.fromkeys(ROLES, "right"), nameless=False, sync_always=False
    ) as server:
        with pytest.raises(Refused):
            await connect(server.settings().model_copy(update={"connect_timeout": 2.0}), "test")
        client = await connect(server.settings(OUTSIDE), "test")
        await client.close()
