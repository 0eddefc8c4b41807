"""The gateway on real servers: NATS, S3, the orchestrator's own handler, and a research agent of a few
lines."""

import asyncio
import contextlib
import gc
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
import uvicorn
from websockets.asyncio.client import connect as connect_socket
from websockets.exceptions import InvalidStatus

from reprise_contracts import asyncapi, subjects
from reprise_contracts import frames as f
from reprise_contracts.states import WorkerView
from reprise_domain.reduce import fold
from reprise_domain.state import Session
from reprise_gateway.app import create_app, opened
from reprise_orchestrator.handler import Orchestrator
from reprise_orchestrator.states import States
from reprise_runtime.admission import Admission, installed_engines
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.connection import connect
from reprise_runtime.nats.pull_consumer import PullConsumer
from reprise_runtime.nats.session_log import NatsSessionLog
from reprise_runtime.nats.topology import open_bus
from reprise_runtime.operate.servers import NatsServer, SeaweedServer, free_ports
from reprise_runtime.s3.artifact_store import S3Store
from reprise_runtime.settings import Settings
from unit.gateway.gateway_site import Research, Watcher, settings_with


class Workers(Research):
    """Runs what is queued and reports it through INBOX."""

    def __init__(self, bus: Bus, store: S3Store) -> None:
        super().__init__(NatsSessionLog(bus), bus, store)  # type: ignore[arg-type]  # the real ones in place of the doubles

    async def decide(self, session_id: str, given: Any) -> None:
        subject = subjects.report(session_id, given.node)
        await self.bus.publish(
            subject, given.encode(), stream=subjects.INBOX, msg_id=f"{session_id}/{given.input_id()}"
        )

    async def load(self, session_id: str) -> Session:
        state: Session | None = None
        for entry in await self.log.read(session_id):
            state = fold(state, entry.commit, entry.seq)
        assert state is not None
        self.states[session_id] = state
        return state


class World:
    """Everything around one gateway."""

    def __init__(
        self, http: httpx.AsyncClient, workers: Workers, bus: Bus, address: str, eventually: Any
    ) -> None:
        self.http, self.workers, self.bus, self.address, self.eventually = (
            http,
            workers,
            bus,
            address,
            eventually,
        )

    async def ready(self) -> bool:
        return (await self.http.get("/readyz")).status_code == 200

    async def started(self) -> tuple[str, str]:
        answer = await self.http.post("/batches", json={"topic": "Real", "sources": [{"text": "A text."}]})
        assert answer.status_code == 201, answer.text
        return answer.json()["batch_id"], answer.json()["session_id"]

    async def work(self, session_id: str, node: str) -> None:
        async def queued() -> bool:
            return (await self.workers.load(session_id)).node(node).status == "queued"

        await self.eventually(queued)
        await self.workers.complete(session_id, node)

    @contextlib.asynccontextmanager
    async def watching(self, batch_id: str, query: str = "") -> AsyncIterator[Watcher]:
        async with connect_socket(
            f"ws://{self.address}/ws/{batch_id}{query}", proxy=None, max_queue=None
        ) as socket:
            yield Watcher(socket)


@contextlib.asynccontextmanager
async def world_on(settings: Settings, store: S3Store, eventually: Any) -> AsyncIterator[World]:
    client = await connect(settings.nats, "test")
    bus = await open_bus(client, settings)
    log = NatsSessionLog(bus)
    orchestrator = Orchestrator(
        log,
        bus,
        States(log),
        Admission(settings.features, installed_engines(), settings.llm),
        lambda: datetime.now(UTC),
    )
    puller = PullConsumer(bus, subjects.INBOX, subjects.ORCHESTRATOR, settings.timings, window=64)

    async def orchestrate() -> None:
        async for deliveries in puller.batches(64):
            await orchestrator.take(deliveries)

    deciding = asyncio.create_task(orchestrate())
    async with opened(settings) as gateway:
        config = uvicorn.Config(
            create_app(gateway), host="127.0.0.1", port=0, log_config=None, timeout_graceful_shutdown=1
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:
            assert not serving.done(), serving.exception()
            await asyncio.sleep(0.01)
        address = "{}:{}".format(*server.servers[0].sockets[0].getsockname())
        async with httpx.AsyncClient(base_url=f"http://{address}", timeout=20, trust_env=False) as http:
            world = World(http, Workers(bus, store), bus, address, eventually)
            await eventually(world.ready)
            yield world
        server.should_exit = True
        await serving
    puller.stop()
    await deciding
    await orchestrator.idle()
    await client.close()


@pytest.fixture
async def world(
    settings: Settings, bus: Bus, seaweed: SeaweedServer, store: S3Store, eventually: Any
) -> AsyncIterator[World]:
    async with world_on(settings.model_copy(update={"s3": seaweed.settings()}), store, eventually) as world:
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
    left = (await world.http.get(f"/batches/{batch_id}")).json()
    assert (left["deleted"], left["topic"], left["sources"], left["sessions"]) == (True, "", [], []), (
        "R24: nothing of it is told"
    )


async def test_other_systems_ask_over_nats(world: World) -> None:
    async def ask(kind: str, **body: Any) -> dict[str, Any]:
        answer: dict[str, Any] = json.loads(
            await world.bus.request(subjects.api(kind), json.dumps(body).encode(), timeout=10)
        )
        replies = next(
            channel.reply for channel in asyncapi.channels() if channel.address == subjects.api(kind)
        )
        assert "title" in answer or any(answer.keys() == model.model_fields.keys() for model in replies), (
            "as the messages' page says"
        )
        return answer

    created = await ask("start", topic="By message", sources=[{"text": "A text."}], command_id="mine")
    by_rest = await world.http.post(
        "/batches", json={"topic": "By message", "sources": [{"text": "A text."}], "command_id": "mine"}
    )
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
    for body in (b"{", b"[" * 5_000, b'{"session_id": ' + b"9" * 5_000 + b"}", b"\xff", b""):
        no_json = json.loads(await world.bus.request(subjects.api("state"), body, timeout=10))
        assert (no_json["type"], no_json["field"]) == ("/problems/invalid", "body"), body[:20]
    assert (await ask("end", batch_id=created["batch_id"]))["ended"] is True
    assert (await ask("refresh", session_id=session_id))["type"] == "/problems/batch_ended"
    contract = (await world.http.get("/asyncapi")).json()
    assert contract["channels"]["api_rerun"]["address"] == subjects.api("rerun")


async def test_an_answer_is_never_taken_for_a_command(world: World) -> None:
    """Who may only ask names a subject of commands as its inbox: the gateway's answer, which would pass for
    an `end`, is not sent there."""
    batch_id, session_id = await world.started()
    question = json.dumps(
        {"session_id": session_id, "command_id": "another", "target": {"phase": "phase0"}}
    ).encode()
    heard: list[str] = []

    async def hear(message: Any) -> None:
        heard.append(message.subject)

    await world.bus.client.subscribe(subjects.command(batch_id, "end"), cb=hear)
    await world.bus.client.publish(subjects.api("rerun"), question, reply=subjects.command(batch_id, "end"))
    state = json.loads(
        await world.bus.request(
            subjects.api("state"), json.dumps({"session_id": session_id}).encode(), timeout=10
        )
    )
    assert not state["ended"]
    assert (await world.http.get(f"/sessions/{session_id}/commands/another")).status_code == 404
    assert heard == []
    assert (await world.http.get(f"/batches/{batch_id}")).json()["ended"] is False


async def test_tokens_count_at_every_door(
    settings: Settings, bus: Bus, seaweed: SeaweedServer, store: S3Store, eventually: Any
) -> None:
    """By REST, by a ticket of NATS's own memory, and in a header of a question over NATS, which the timeline
    then names."""
    tokens = settings_with(tokens={"alice": "a", "vera": {"token": "v", "role": "viewer"}}).auth
    own = settings.model_copy(
        update={"s3": seaweed.settings(), "auth": tokens.model_copy(update={"nats": "token"})}
    )
    async with world_on(own, store, eventually) as world:
        world.http.headers["authorization"] = "Bearer a"
        batch_id, session_id = await world.started()
        ticket = (await world.http.post("/ws-ticket")).json()["ticket"]
        async with world.watching(batch_id, f"?ticket={ticket}") as client:
            await client.until("snapshot")
        with pytest.raises(InvalidStatus):
            async with world.watching(batch_id, f"?ticket={ticket}"):
                pass

        async def ask(token: str | None, kind: str, **body: Any) -> dict[str, Any]:
            headers = {"Authorization": f"Bearer {token}"} if token else None
            message = await world.bus.ask(
                subjects.api(kind), json.dumps(body).encode(), headers=headers, timeout=10
            )
            answer: dict[str, Any] = json.loads(message.data)
            return answer

        for token, kind in ((None, "unauthenticated"), ("wrong", "unauthenticated"), ("v", "forbidden")):
            assert (await ask(token, "cancel", session_id=session_id))["type"] == f"/problems/{kind}"
        assert (await ask("v", "state", session_id=session_id))["session_id"] == session_id
        assert (await ask("a", "cancel", session_id=session_id))["command_id"]
        story = (await world.http.get(f"/sessions/{session_id}/events")).json()["events"]
        assert any(entry["text"].startswith("Alice via NATS") for entry in story), story


async def test_progress_and_presence_come_through(world: World) -> None:
    batch_id, session_id = await world.started()
    async with world.watching(batch_id) as client:
        await client.until("snapshot")
        frame = f.WorkflowProgress(progress=40, message="Reading", phase="phase0", generation=1, attempt=1)
        world.bus.publish_nowait(subjects.progress(session_id, "phase0"), frame.encode())
        while (told := await client.until("workflow:progress")).get("node") != "phase0":
            pass
        assert told["message"] == "Reading"
    now = datetime.now(UTC)
    world.bus.publish_nowait(
        subjects.presence("phase1", "w-7"),
        WorkerView(worker="w-7", phase="phase1", since=now, seen=now).encode(),
    )

    async def shown() -> bool:
        pools = (await world.http.get("/workers")).json()
        return [worker["worker"] for worker in pools[1]["workers"]] == ["w-7"]

    await world.eventually(shown)


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # nats-py leaves the transport of a killed server open
async def test_r22_sockets_and_calls_survive_a_restart_of_nats(
    settings: Settings, own_nats: NatsServer, seaweed: SeaweedServer, store: S3Store, eventually: Any
) -> None:
    settings = settings.model_copy(update={"nats": own_nats.settings(), "s3": seaweed.settings()})
    async with world_on(settings, store, eventually) as world:
        batch_id, session_id = await world.started()
        async with world.watching(batch_id) as client:
            await client.until("snapshot")
            own_nats.kill()
            own_nats.start()
            await eventually(world.ready, within=20)
            answer = await world.http.post(
                "/workflow/cancel", json={"session_id": session_id, "command_id": "c"}
            )
            assert answer.status_code == 202, answer.text
            async with asyncio.timeout(20):
                await client.until("workflow:cancelled")
            asked = await world.bus.request(
                subjects.api("command"), json.dumps({"session_id": session_id, "command_id": "c"}).encode()
            )
            assert json.loads(asked)["status"] == "completed"
            found = [(frame["seq"], frame["n"]) for frame in client.frames if "n" in frame]
            assert found == sorted(set(found))
    gc.collect()  # what nats-py left is let go here, not in another test


async def test_the_program_serves_and_leaves_in_order(
    nats_server: NatsServer, seaweed: SeaweedServer, eventually: Any
) -> None:
    port = free_ports(1)[0]
    s3 = seaweed.settings()
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "REPRISE_PORT": str(port),
        "REPRISE_NATS__URL": nats_server.url,
        "REPRISE_S3__ENDPOINT": s3.endpoint,
        "REPRISE_S3__ACCESS_KEY": s3.access_key,
        "REPRISE_S3__SECRET_KEY": s3.secret_key.get_secret_value(),
        "REPRISE_LIMITS__SESSION_BYTES": str(64 << 20),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "reprise_gateway", env=environment, stderr=asyncio.subprocess.PIPE
    )
    try:
        async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", trust_env=False) as http:

            async def ready() -> bool:
                with contextlib.suppress(httpx.TransportError):
                    return (await http.get("/readyz")).status_code == 200
                return False

            await eventually(ready, within=30)
        process.send_signal(signal.SIGTERM)
        _, errors = await asyncio.wait_for(process.communicate(), 10)
        assert process.returncode == 0, errors.decode()[-2000:]
        assert b"Traceback" not in errors, errors.decode()[-2000:]
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
