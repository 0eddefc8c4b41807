"""The object store when connections break, servers die and keys are wrong."""

import asyncio
import contextlib
from pathlib import Path

import pytest
from pydantic import SecretStr

from integration.runtime.proxy import Proxy
from minio_gateway import MinioGateway
from reprise_runtime.errors import Refused, StoreUnavailable
from reprise_runtime.operate.servers import SeaweedServer
from reprise_runtime.s3.artifact_store import S3Store
from reprise_runtime.settings import S3
from servers_for_tests import Eventually


@pytest.fixture(params=["seaweed", "minio_gateway"])
def server(request: pytest.FixtureRequest) -> SeaweedServer | MinioGateway:
    found: SeaweedServer | MinioGateway = request.getfixturevalue(request.param)
    return found


@pytest.fixture(params=[True, False], ids=["lean", "sdk"])
def lean(request: pytest.FixtureRequest) -> bool:
    return bool(request.param)


def reached_by(server: SeaweedServer | MinioGateway, **changes: object) -> S3:
    return server.settings().model_copy(update={"bucket": "adapters", "timeout": 5.0, **changes})


async def test_broken_connections_are_replaced(server: SeaweedServer | MinioGateway, lean: bool) -> None:
    """Kept connections that were cut do not make a PUT fail."""
    async with Proxy(server.port) as proxy:
        store = S3Store(reached_by(server, endpoint=f"127.0.0.1:{proxy.port}", lean=lean))
        await store.ensure_bucket()
        for n in range(3):
            await asyncio.gather(*(store.put(f"cut/{n}/{k}", str(k).encode()) for k in range(8)))
            proxy.cut()
        assert await store.get("cut/2/7") == b"7"
        await store.close()


async def test_wrong_keys_are_refused_for_good(server: SeaweedServer | MinioGateway, lean: bool) -> None:
    """A signature made with another secret is a terminal error that names the settings to look at."""
    right = S3Store(reached_by(server))
    await right.ensure_bucket()
    await right.close()
    store = S3Store(reached_by(server, secret_key=SecretStr("not it"), lean=lean))
    with pytest.raises(Refused) as refused:
        await store.put("k", b"1", "application/json")
    assert refused.value.problem.type == "forbidden"
    assert "REPRISE_S3__" in refused.value.problem.action
    await store.close()


async def test_a_store_without_its_bucket_is_away(server: MinioGateway | SeaweedServer, lean: bool) -> None:
    """No object is lost because of it: it is not set up yet."""
    store = S3Store(reached_by(server, bucket="never-made", lean=lean))
    with pytest.raises(StoreUnavailable):
        await store.get("k")
    await store.close()


async def test_a_store_that_is_away_is_retryable(lean: bool) -> None:
    """Nobody listens: `StoreUnavailable`, soon."""
    async with Proxy(1) as proxy:
        endpoint = f"127.0.0.1:{proxy.port}"
    store = S3Store(S3(endpoint=endpoint, lean=lean, timeout=2.0))
    async with asyncio.timeout(10):
        with pytest.raises(StoreUnavailable):
            await store.put("k", b"1")
        with pytest.raises(StoreUnavailable):
            await store.get("k")
    await store.close()


async def test_a_store_that_does_not_answer_is_given_up(lean: bool) -> None:
    """A server that takes the request and is silent: `StoreUnavailable` after the time-outs, never a hang;
    every connection is closed."""
    handlers: list[asyncio.Future[None]] = []

    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        handlers.append(done := asyncio.get_running_loop().create_future())
        with contextlib.suppress(OSError):
            await reader.read()
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        done.set_result(None)

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        store = S3Store(S3(endpoint=f"127.0.0.1:{port}", lean=lean, timeout=0.3))
        async with asyncio.timeout(10):
            with pytest.raises(StoreUnavailable):
                await store.put("k", b"1")
        await store.close()
        await asyncio.wait_for(asyncio.gather(*handlers), 5)


async def test_the_event_loop_stays_free(server: SeaweedServer | MinioGateway) -> None:
    """While large objects go up and come down, the loop turns at least every 250 ms."""
    store = S3Store(reached_by(server))
    await store.ensure_bucket()
    data = bytes(6 << 20)
    working = asyncio.gather(*(store.put(f"large/{n}", data) for n in range(3)))
    loop = asyncio.get_running_loop()
    longest = 0.0
    while not working.done():
        before = loop.time()
        await asyncio.sleep(0.005)
        longest = max(longest, loop.time() - before)
    await working
    assert longest < 0.25
    assert len(await store.get("large/1")) == len(data)
    await store.close()


async def test_confirmed_objects_survive_a_kill(tmp_path: Path, eventually: Eventually) -> None:
    """SeaweedFS is killed (-9) among PUTs: each confirmed object is there whole after a restart, and PUTs go
    on."""
    server = SeaweedServer(tmp_path / "seaweed")
    await asyncio.to_thread(server.start)
    store = S3Store(server.settings())
    await store.ensure_bucket()
    confirmed: list[int] = []
    stop = asyncio.Event()

    async def put(writer: int) -> None:
        n = writer
        while not stop.is_set():
            try:
                await store.put(f"phase3/{n}.json", str(n).encode() * 500)
            except StoreUnavailable:
                continue  # the same key again
            confirmed.append(n)
            n += 4

    writers = [asyncio.create_task(put(writer)) for writer in range(4)]
    await eventually(lambda: len(confirmed) > 100, within=20)
    await asyncio.to_thread(server.kill)
    before = len(confirmed)
    await asyncio.to_thread(server.start)
    await eventually(lambda: len(confirmed) > before + 20, within=20)
    stop.set()
    await asyncio.gather(*writers)
    for n in confirmed:
        assert await store.get(f"phase3/{n}.json") == str(n).encode() * 500
    await store.close()
    await asyncio.to_thread(server.stop)
