"""Fixtures shared by all tests: the real servers, once per session, with fresh streams for every test."""

import asyncio
import gc
import inspect
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import structlog
from xdist.remote import Producer

from minio_gateway import MinioGateway
from reprise_contracts.events import Commit, RunStarted
from reprise_runtime.nats import topology
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.connection import Connection, connect
from reprise_runtime.nats.jetstream import ApiError
from reprise_runtime.operate.servers import NatsServer, SeaweedServer
from reprise_runtime.s3.artifact_store import S3Store
from reprise_runtime.settings import Settings
from scheduling import FolderScheduling
from servers_for_tests import Eventually, settings_for


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> FolderScheduling | None:
    """With `--dist loadfile`: see `scheduling`."""
    return FolderScheduling(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.fixture(autouse=True)
def own_garbage(request: pytest.FixtureRequest) -> Iterator[None]:
    """What a test leaves to the garbage collector, and says so, is collected with it: its warnings would
    be the failure of another test later."""
    yield
    if any("Unraisable" in str(mark.args) for mark in request.node.iter_markers("filterwarnings")):
        gc.collect()


@pytest.fixture(scope="session", autouse=True)
def plain_logs() -> None:
    """An error that a test provokes is logged without the values of the variables, as in every process: whole
    logs are among them, and take a quarter of a minute to write."""
    *before, _ = structlog.get_config()["processors"]
    plain = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    structlog.configure(processors=[*before, plain])


@pytest.fixture(scope="session")
def eventually() -> Eventually:
    """The one way to wait in a test."""

    async def wait(condition: Callable[[], bool | Awaitable[bool]], within: float = 10.0) -> None:
        end = time.monotonic() + within
        while True:
            holds = condition()
            if inspect.isawaitable(holds):
                holds = await holds
            if holds:
                return
            assert time.monotonic() < end, f"not within {within} s: {inspect.getsource(condition).strip()}"
            await asyncio.sleep(0.01)

    return wait


@pytest.fixture(scope="session")
def nats_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """One NATS server for all tests that leave it running."""
    server = NatsServer(tmp_path_factory.mktemp("nats"), sync_always=False)
    with server:
        yield server


@pytest.fixture
def own_nats(tmp_path: Path) -> Iterator[NatsServer]:
    """A NATS server that the test may stop, kill and start."""
    server = NatsServer(tmp_path / "nats")
    with server:
        yield server


@pytest.fixture(scope="session")
def seaweed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SeaweedServer]:
    """One SeaweedFS for all tests that leave it running."""
    server = SeaweedServer(tmp_path_factory.mktemp("seaweed"))
    with server:
        yield server


@pytest.fixture(scope="session")
def minio_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MinioGateway]:
    """MinIO's S3 front."""
    server = MinioGateway(tmp_path_factory.mktemp("minio"))
    with server:
        yield server


@pytest.fixture
def settings(nats_server: NatsServer) -> Settings:
    """Settings for the shared server."""
    return settings_for(nats_server)


@pytest.fixture
async def connection(settings: Settings) -> AsyncIterator[Connection]:
    """A connection to the shared server."""
    client = await connect(settings.nats, "test")
    yield client
    await client.close()


@pytest.fixture
async def bus(connection: Connection, settings: Settings) -> Bus:
    """A bus on the shared server, all streams new and empty."""
    bus = await topology.open_bus(connection, settings, declare=False)
    await delete_streams(bus)
    await topology.ensure(bus, settings)
    return bus


async def delete_streams(bus: Bus) -> None:
    """Remove every stream of the project."""
    for name in topology.streams(Settings()):
        try:
            await bus.api(f"STREAM.DELETE.{name}")
        except ApiError as error:
            assert error.code == 404, error


@pytest.fixture
async def store(seaweed: SeaweedServer) -> AsyncIterator[S3Store]:
    """The object store on SeaweedFS; keys of other tests are there too."""
    store = S3Store(seaweed.settings())
    await store.ensure_bucket()
    yield store
    await store.close()


def a_commit(name: str) -> Commit:
    """A commit that can be told from others by its name."""
    return Commit(at=datetime(2026, 11, 23, tzinfo=UTC), inputs=(name,), events=(RunStarted(run_id="run-1"),))


@pytest.fixture(scope="session")
def commit() -> Callable[[str], Commit]:
    """Makes commits that can be told apart."""
    return a_commit
