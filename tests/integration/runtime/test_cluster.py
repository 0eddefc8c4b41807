"""Three NATS servers, each stream kept by all of them: one may be lost at any time, which is seen, and
nothing else happens."""

import contextlib
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from contract.examples import example
from reprise_contracts.events import Commit
from reprise_gateway.operations.diagnosis import diagnose
from reprise_gateway.operations.server_status import ServerStatus, bus_probe
from reprise_runtime.errors import Unavailable
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.connection import connect
from reprise_runtime.nats.session_log import NatsSessionLog
from reprise_runtime.nats.topology import open_bus
from reprise_runtime.operate.servers import NatsServer, free_ports
from reprise_runtime.settings import Limits, Nats, Settings


class Member(NatsServer):
    """One of three, as `deploy/nats/cluster.conf` makes it of a single one."""

    def __init__(self, folder: Path, own: str, port: int, ports: list[int]) -> None:
        super().__init__(folder)
        self.own, self._route, self._routes = own, port, ports

    def command(self) -> list[str]:
        command = super().command()
        path = Path(command[-1])
        routes = ", ".join(f'"nats://127.0.0.1:{port}"' for port in self._routes)
        cluster = f'cluster {{ name: reprise, listen: "127.0.0.1:{self._route}", routes: [{routes}] }}\n'
        path.write_text(
            path.read_text().replace('server_name: "reprise"', f"server_name: {self.own}") + cluster
        )
        return command


@pytest.fixture
async def clustered(members: list[Member]) -> AsyncIterator[tuple[Bus, Settings]]:
    """A client of all three, and the settings of a gateway beside them."""
    settings = Settings(
        nats=Nats(
            url=",".join(server.url for server in members),
            monitor=",".join(f"http://127.0.0.1:{m.monitor_port}" for m in members),
        ),
        replicas=3,
        limits=Limits(
            session_bytes=64 << 20,
            inbox_bytes=16 << 20,
            dlq_bytes=16 << 20,
            jobs_bytes=16 << 20,
            progress_bytes=16 << 20,
        ),
    )
    client = await connect(settings.nats, "test")
    yield await open_bus(client, settings), settings
    await client.close()


@pytest.fixture
def members(tmp_path: Path) -> Iterator[list[Member]]:
    """The servers, together."""
    ports = free_ports(3)
    servers = [
        Member(tmp_path / name, name, port, ports)
        for name, port in zip(("nats", "nats-2", "nats-3"), ports, strict=True)
    ]
    with contextlib.ExitStack() as stack:
        for server in servers:
            server.launch()
            stack.callback(server.stop)
        for server in servers:
            server.wait_ready()
        yield servers


async def test_one_of_three_servers_may_be_lost_and_is_missed(
    members: list[Member], clustered: tuple[Bus, Settings], eventually: Any
) -> None:
    """Killed while it leads: the log takes the next commit, the doctor names the one that is away, and
    nothing once it is back."""
    bus, settings = clustered
    log, probe = NatsSessionLog(bus), bus_probe(bus, settings, lambda: datetime.now(UTC))
    commit = example(Commit)
    assert isinstance(commit, Commit)
    last = await log.append("one", commit, expected=0)
    whole = await probe()
    assert (whole.servers, whole.away, whole.flushes, whole.drift) == (3, (), True, ())

    info = await bus.api("STREAM.INFO.SESSIONS")
    leader = next(server for server in members if server.own == info["cluster"]["leader"])
    leader.kill()

    async def appended() -> bool:
        nonlocal last
        with contextlib.suppress(Unavailable):
            last = await log.append("one", commit, expected=last)
            return True
        return False

    await eventually(appended, within=30)
    seen: ServerStatus | None = None

    async def missed() -> bool:
        nonlocal seen
        with contextlib.suppress(Unavailable):
            seen = await probe()
        return seen is not None and seen.away == (leader.own,)  # the other one may lag for a moment, too

    await eventually(missed, within=30)
    assert seen is not None and seen.servers == 3
    told = [found for found in diagnose(seen, {"nats": True, "store": True}, [], "1") if found.name == "NATS"]
    (finding,) = [found for found in told if found.result == "wrong"]
    assert finding.detail == f"Of the 3 servers that keep the streams 1 cannot be reached: {leader.own}."

    leader.start()

    async def whole_again() -> bool:
        with contextlib.suppress(Unavailable):
            return (await probe()).away == ()
        return False

    await eventually(whole_again, within=30)
    assert [entry.seq for entry in await log.read("one")][-1] == last
