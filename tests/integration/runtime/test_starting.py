"""A service that starts before its NATS server does, or that the server does not know."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from pydantic import SecretStr

from reprise_runtime.errors import Refused, Unavailable
from reprise_runtime.nats.connection import connect, connect_forever
from reprise_runtime.operate.servers import NatsServer, free_ports
from reprise_runtime.roles import ROLES
from reprise_runtime.settings import Nats

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """A server that lets in whom it knows."""
    with NatsServer(
        tmp_path_factory.mktemp("nats"), sync_always=False, passwords=dict.fromkeys(ROLES, "right")
    ) as server:
        assert isinstance(server, NatsServer)
        yield server


@asynccontextmanager
async def scheduler(**env: str) -> AsyncIterator[Process]:
    """The service as a process, its log in JSON."""
    own = {
        "REPRISE_LOG__FORMAT": "json",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "services"), str(ROOT / "shared")]),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "reprise_scheduler",
        env=os.environ | own | env,
        stdout=PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def said(process: Process, text: str) -> bytes:
    """The first line with these words."""
    assert process.stdout is not None
    async with asyncio.timeout(30):
        async for line in process.stdout:
            if text.encode() in line:
                return line
    raise AssertionError(f"the process ended without saying {text!r}")


async def test_a_client_waits_for_its_server(tmp_path: Path) -> None:
    """A service does, for as long as it takes; a command does not, and says why it could not."""
    (port,) = free_ports(1)
    settings = Nats(url=f"nats://127.0.0.1:{port}", connect_timeout=0.5)
    with pytest.raises(Unavailable, match=f"no NATS server at {settings.url}: .*Connect call failed"):
        await connect(settings, "test")
    waiting = asyncio.create_task(connect_forever(settings, "test"))
    server = NatsServer(tmp_path, port, sync_always=False)
    await asyncio.to_thread(server.start)
    client = await asyncio.wait_for(waiting, 30)
    assert client.is_connected
    await client.close()
    await asyncio.to_thread(server.stop)


async def test_a_client_that_the_server_does_not_know_is_refused_at_once(closed: NatsServer) -> None:
    """With what to check; waiting would help nobody."""
    async with asyncio.timeout(5):
        with pytest.raises(Refused, match="does not let scheduler in") as refused:
            await connect_forever(Nats(url=closed.url, user="scheduler", password=SecretStr("wrong")), "test")
    assert "REPRISE_NATS__PASSWORD" in refused.value.problem.action


async def test_a_service_without_nats_says_what_it_waits_for_and_ends_when_told() -> None:
    """One line that names the address, and no traceback."""
    (port,) = free_ports(1)
    async with scheduler(REPRISE_NATS__URL=f"nats://127.0.0.1:{port}") as process:
        assert f"127.0.0.1:{port}".encode() in await said(process, "waiting for NATS")
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 5) in (0, -signal.SIGTERM)


async def test_what_keeps_a_service_out_is_one_line_and_an_exit_code(closed: NatsServer) -> None:
    """Wrong credentials, a wrong setting: 78, as sysexits.h has it."""
    keys = {"REPRISE_NATS__USER": "scheduler", "REPRISE_NATS__PASSWORD": "wrong"}
    wrongs = (
        ({"REPRISE_NATS__URL": closed.url} | keys, "does not let scheduler in"),
        ({"REPRISE_REPLICAS": "many"}, "REPLICAS"),
    )
    for env, words in wrongs:
        async with scheduler(**env) as process:
            output, _ = await asyncio.wait_for(process.communicate(), 30)
            assert words.lower().encode() in output.lower()
            assert b"Traceback" not in output
            assert process.returncode == os.EX_CONFIG
