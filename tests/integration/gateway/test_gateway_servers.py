"""The gateway on real servers: NATS, S3, the orchestrator's own handler, and a research agent of a few lines."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import uvicorn
from websockets.asyncio.client import connect as connect_socket

from conftest import settings_for
from reprise_contracts import frames as f
from reprise_contracts import subjects
from reprise_contracts.states import WorkerView
from reprise_domain.reduce import fold
from reprise_domain.state import Session
from reprise_gateway.app import create_app, opened
from reprise_orchestrator.handler import Orchestrator
from reprise_orchestrator.states import States
from reprise_runtime.artifact_store import S3Store
from reprise_runtime.nats import Bus, connect
from reprise_runtime.puller import Puller
from reprise_runtime.servers import NatsServer, SeaweedServer
from reprise_runtime.session_log import NatsSessionLog
from reprise_runtime.settings import Settings
from reprise_runtime.topology import open_bus
from unit.gateway.gateway_site import Research, Watcher


class Workers(Research):
    """Runs what is queued and reports it through INBOX."""

    def __init__(self, bus: Bus, store: S3Store) -> None:
        super().__init__(NatsSessionLog(bus), bus, store)  # type: ignore[arg-type]  # the real ones in place of the doubles

    async def decide(self, session_id: str, given: Any) -> None:
        subject = subjects.report(session_id, given.node)
        await self.bus.publish(subject, given.encode(), stream=subjects.INBOX, msg_id=f"{session_id}/{given.input_id()}")

    async def load(self, session_id: str) -> Session:
        state: Session | None = None
        for entry in await self.log.read(session_id):
            state = fold(state, entry.commit, entry.seq)
        assert state is not None
        self.states[session_id] = state
        return state


class World:
    """Everything around one gateway."""

    def __init__(self, http: httpx.AsyncClient, workers: Workers, bus: Bus, address: str) -> None:
        self.http, self.workers, self.bus, self.address = http, workers, bus, address

    async def started(self) -> tuple[str, str]:
        answer = await self.http.post("/batches", json={"topic": "Real", "sources": [{"text": "A text."}]})
        assert answer.status_code == 201, answer.text
        return answer.json()["batch_id"], answer.json()["session_id"]

    async def work(self, session_id: str, node: str) -> None:
        async with asyncio.timeout(10):
            while (await self.workers.load(session_id)).node(node).status != "queued":
                await asyncio.sleep(0.02)
        await self.workers.complete(session_id, node)

    @contextlib.asynccontextmanager
    async def watching(self, batch_id: str, query: str = "") -> AsyncIterator[Watcher]:
        async with connect_socket(f"ws://{self.address}/ws/{batch_id}{query}", proxy=None, max_queue=None) as socket:
            yield Watcher(socket)


@contextlib.asynccontextmanager
async def world_on(settings: Settings, store: S3Store) -> AsyncIterator[World]:
    client = await connect(settings.nats, "test")
    bus = await open_bus(client, settings)
    log = NatsSessionLog(bus)
    orchestrator = Orchestrator(log, bus, States(log), settings.features, lambda: datetime.now(UTC))
    puller = Puller(bus, subjects.INBOX, subjects.ORCHESTRATOR, settings.timings, window=64)

    async def orchestrate() -> None:
        async for deliveries in puller.batches(64):
            await orchestrator.take(deliveries)

    deciding = asyncio.create_task(orchestrate())
    async with opened(settings) as (gateway, broker):
        config = uvicorn.Config(create_app(gateway, broker), host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:
            assert not serving.done(), serving.exception()
            await asyncio.sleep(0.01)
        address = "{}:{}".format(*server.servers[0].sockets[0].getsockname())
        async with httpx.AsyncClient(base_url=f"http://{address}", timeout=20, trust_env=False) as http:
            for _ in range(500):
                if (await http.get("/readyz")).status_code == 200:
                    break
                await asyncio.sleep(0.02)
            yield World(http, Workers(bus, store), bus, address)
        server.should_exit = True
        await serving
    puller.stop()
    await deciding
    await orchestrator.idle()
    await client.close()


@pytest.fixture
async def world(settings: Settings, bus: Bus, seaweed: SeaweedServer, store: S3Store) -> AsyncIterator[World]:
    async with world_on(settings.model_copy(update={"s3": seaweed.settings()}), store) as world:
        yield world


async def test_a_batch_from_rest_to_report(world: World) -> None:
    batch_id, session_id = await world.started()
    async with world.watching(batch_id) as client:
        await client.until("snapshot")
        for node in ("phase0", "phase1", "phase2", "phase3/1", "phase3/2", "phase3/3", "phase4"):
            await world.work(session_id, node)
        await client.until("workflow:complete")
        found = [(frame["seq"], frame["n"]) for frame in client.frames if "n" in frame]
        assert found == sorted(set(found))
    report = await world.http.get(f"/sessions/{session_id}/report?format=html")
    assert report.status_code == 200 and "Report" in report.text
    shown = (await world.http.get(f"/batches/{batch_id}")).json()
    assert shown["bytes"] > 0 and shown["sessions"][0]["status"] == "completed"
    assert (await world.http.delete(f"/batches/{batch_id}")).json()["deleted"] is True


async def test_other_systems_ask_over_nats(world: World) -> None:
    async def ask(kind: str, **body: Any) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(await world.bus.request(subjects.api(kind), json.dumps(body).encode(), timeout=10))
        return answer

    created = await ask("start", topic="By message", sources=[{"text": "A text."}], command_id="mine")
    by_rest = await world.http.post("/batches", json={"topic": "By message", "sources": [{"text": "A text."}], "command_id": "mine"})
    assert by_rest.json()["batch_id"] == created["batch_id"], "R16: through any door"
    session_id = created["session_id"]
    assert (await ask("state", session_id=session_id))["nodes"]["phase0"]["status"] == "queued"
    taken = await ask("rerun", session_id=session_id, target={"phase": "phase1"}, command_id="c")
    assert taken["position"] == 1 and taken["run_id"]
    assert (await ask("command", session_id=session_id, command_id="c"))["status"] == "queued"
    assert (await ask("cancel", session_id=session_id))["command_id"]
    assert (await ask("state", session_id="s-none"))["type"] == "/problems/not_found"
    wrong = await ask("rerun", session_id=session_id, target={})
    assert (wrong["type"], wrong["status"], wrong["field"]) == ("/problems/invalid", 422, "target")
    no_json = json.loads(await world.bus.request(subjects.api("state"), b"{", timeout=10))
    assert no_json["type"] == "/problems/invalid"
    assert (await ask("end", batch_id=created["batch_id"]))["ended"] is True
    assert (await ask("refresh", session_id=session_id))["type"] == "/problems/batch_ended"
    contract = (await world.http.get("/asyncapi")).json()
    assert any(subjects.api("rerun") in str(channel) for channel in contract["channels"].values())


async def test_progress_and_presence_come_through(world: World) -> None:
    batch_id, session_id = await world.started()
    async with world.watching(batch_id) as client:
        await client.until("snapshot")
        frame = f.WorkflowProgress(progress=40, message="Reading", phase="phase0", generation=1, attempt=1)
        world.bus.tell(subjects.progress(session_id, "phase0"), frame.encode())
        while (told := await client.until("workflow:progress")).get("node") != "phase0":
            pass
        assert told["message"] == "Reading"
    now = datetime.now(UTC)
    world.bus.tell(subjects.presence("phase1", "w-7"), WorkerView(worker="w-7", phase="phase1", since=now, seen=now).encode())
    async with asyncio.timeout(5):
        while not (pools := (await world.http.get("/workers")).json())[1]["workers"]:
            await asyncio.sleep(0.02)
    assert pools[1]["workers"][0]["worker"] == "w-7"


async def test_r22_sockets_and_calls_survive_a_restart_of_nats(own_nats: NatsServer, seaweed: SeaweedServer, store: S3Store) -> None:
    settings = settings_for(own_nats).model_copy(update={"s3": seaweed.settings()})
    async with world_on(settings, store) as world:
        batch_id, session_id = await world.started()
        async with world.watching(batch_id) as client:
            await client.until("snapshot")
            own_nats.kill()
            own_nats.start()
            async with asyncio.timeout(20):
                while (await world.http.get("/readyz")).status_code != 200:
                    await asyncio.sleep(0.05)
            answer = await world.http.post("/workflow/cancel", json={"session_id": session_id, "command_id": "c"})
            assert answer.status_code == 202, answer.text
            async with asyncio.timeout(20):
                await client.until("workflow:cancelled")
            found = [(frame["seq"], frame["n"]) for frame in client.frames if "n" in frame]
            assert found == sorted(set(found))
