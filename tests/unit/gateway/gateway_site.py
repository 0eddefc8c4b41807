"""A gateway on servers in memory, with the real rules deciding and a research agent that is a few lines
long."""

import asyncio
import contextlib
import hashlib
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import uvicorn
from websockets.asyncio.client import ClientConnection, connect

from reprise_contracts import subjects
from reprise_contracts.artifacts import (
    Citation,
    Finding,
    Goal,
    Meta,
    ObjectRef,
    Phase0,
    Phase1,
    Phase2,
    Phase4,
    PreparedSource,
    Reference,
    Step,
    StepFindings,
    number_steps,
    planned,
)
from reprise_contracts.commands import BATCH_COMMANDS
from reprise_contracts.events import Commit
from reprise_contracts.importing import EVERY_SESSION_COMMAND
from reprise_contracts.jobs import (
    BatchFact,
    Completed,
    Failed,
    Job,
    Stopped,
    parse_fact,
    parse_report,
    parse_timer,
)
from reprise_contracts.nodes import step_of
from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Stored, StoredSource
from reprise_contracts.webhooks import DeliveryOutcome, Webhook
from reprise_domain.batch import Batch, decide_batch, facts, fold_batch
from reprise_domain.decide import decide_all
from reprise_domain.dispatch import job_for, nodes_to_dispatch
from reprise_domain.reduce import fold
from reprise_domain.state import Session
from reprise_gateway.app import Effects, compose, create_app
from reprise_gateway.doors.listening import listening, patient
from reprise_gateway.gateway import Gateway
from reprise_gateway.operations.pools import Lag
from reprise_gateway.operations.server_status import ServerStatus
from reprise_runtime.errors import PublishTimeout
from reprise_runtime.nats.jetstream import StoredMessage
from reprise_runtime.settings import Auth, Features, Limits, Settings, Token
from reprise_runtime.testing import MemoryBus, MemoryLog, MemoryStore
from reprise_runtime.tokens import digest

START = datetime(2026, 1, 1, tzinfo=UTC)
WANTED = (("Costs", ()), ("Benefits", ()), ("Balance", (0,)))
"""Titles of the plan's steps, and the places of the steps that they depend on."""


class Research:
    """The other services, in memory: it decides what is in INBOX, and runs what is queued when it is told
    to."""

    def __init__(self, log: MemoryLog, bus: MemoryBus, store: MemoryStore) -> None:
        self.log, self.bus, self.store = log, bus, store
        self.now = START
        self.states: dict[str, Session | Batch] = {}
        self.salt: dict[str, str] = {}
        """What a node says besides what follows from its inputs."""
        self.wanted: tuple[tuple[str, tuple[int, ...]], ...] = WANTED
        self.deciding = asyncio.Event()
        self.deciding.set()
        """Cleared: commands wait in INBOX."""
        self.telling = asyncio.Event()
        self.telling.set()
        """Cleared: what a batch has decided does not reach its sessions yet."""
        self.heard = True
        """False: what sessions have stored does not reach their batches."""
        self.executions = 0

    def clock(self) -> datetime:
        return self.now

    # Deciding

    async def run(self) -> None:
        while True:
            await self.deciding.wait()
            self.bus.changed.clear()
            for delivery in self.bus.take(subjects.INBOX):
                inbound = subjects.parse_inbound(delivery.subject)
                assert inbound is not None
                await self._input(inbound, delivery.data)
                await delivery.ack_sync()
            await self.bus.changed.wait()

    async def _input(self, inbound: subjects.Inbound, data: bytes) -> None:
        given: Any
        if inbound.door == "cmd" and inbound.kind in BATCH_COMMANDS:
            await self.decide_batch(inbound.target, BATCH_COMMANDS[inbound.kind].decode(data))
            return
        if inbound.door == "cmd":
            given = EVERY_SESSION_COMMAND[inbound.kind].decode(data)
        else:
            given = {"done": parse_report, "fact": parse_fact, "timer": parse_timer}[inbound.door](data)
        if isinstance(self.states.get(inbound.target), Batch):
            await self.decide_batch(inbound.target, given)
        else:
            await self.decide(inbound.target, given)

    async def decide(self, session_id: str, given: Any) -> None:
        session: Any = self.states.get(session_id)
        self.now += timedelta(seconds=1)
        fork = given.create.spec.fork if isinstance(given, BatchFact) and given.create else None
        origin = self.session(fork.session_id) if session is None and fork is not None else None
        decision = decide_all(session, (given,), self.now, origin)
        if not decision.events or decision.session is None:
            return
        commit = Commit(
            at=self.now,
            inputs=(given.input_id(),),
            events=decision.events,
            active=decision.session.run is not None,
            batch=decision.session.batch_id,
            deleted=decision.session.deleted,
        )
        seq = await self.log.append(session_id, commit, expected=session.seq if session else 0)
        self.states[session_id] = fold(session, commit, seq)
        if decision.session.deleted:
            await self.log.purge(session_id)
        for event in decision.events:
            if event.type == "node_completed" and event.stored and self.heard:
                told = parse_fact(
                    json.dumps(
                        {
                            "type": "stored",
                            "session_id": session_id,
                            "execution_id": event.execution_id,
                            "stored": [item.model_dump(mode="json") for item in event.stored],
                        }
                    ).encode()
                )
                await self.decide_batch(decision.session.batch_id, told)

    async def decide_batch(self, batch_id: str, given: Any) -> None:
        batch: Any = self.states.get(batch_id)
        self.now += timedelta(seconds=1)
        events = decide_batch(batch, batch_id, given, self.now)
        if events:
            deleted = any(event.type == "batch_ended" and event.deleted for event in events)
            commit = Commit(at=self.now, inputs=(given.input_id(),), events=events, deleted=deleted)
            seq = await self.log.append(batch_id, commit, expected=batch.seq if batch else 0)
            batch = self.states[batch_id] = fold_batch(batch, commit, seq)
            if deleted:
                await self.log.purge(batch_id)
            await self.telling.wait()
            for session_id, fact in facts(batch).items():
                await self.decide(session_id, fact)

    def session(self, session_id: str) -> Session:
        state = self.states[session_id]
        assert isinstance(state, Session)
        return state

    # Working

    async def work(self, session_id: str) -> None:
        """Run everything that is queued, until nothing is."""
        while held := sorted(nodes_to_dispatch(self.session(session_id))):
            await self.complete(session_id, held[0])

    async def keep_working(self) -> None:
        """Run whatever is queued, in every session, for ever."""
        async with self.log.follow(0) as following:
            async for entry in following:
                if isinstance(self.states.get(entry.id), Session):
                    await self.work(entry.id)

    async def complete(self, session_id: str, node: str) -> None:
        """Run one node that is queued."""
        session = self.session(session_id)
        job = job_for(session, node)
        artifact = self._made(job, session)
        self.executions += 1
        execution = f"e-{self.executions}"
        meta = Meta(
            session_id=session_id,
            node=node,
            generation=job.generation,
            execution_id=execution,
            created_at=self.now,
        )
        data = artifact.model_copy(update={"meta": meta}).document()
        key = subjects.artifact_key(job.batch_id, session_id, node, job.generation, execution)
        await self.store.put(key, data)
        stored: tuple[StoredSource, ...] = ()
        if node == "phase0":
            stored = tuple([await self._fetched(job, source) for source in job.sources])
        report = Completed(
            node=node,
            generation=job.generation,
            attempt=job.attempt,
            execution_id=execution,
            worker="w-1",
            artifact=ObjectRef(key=key, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data)),
            parts=artifact.parts(),
            plan=planned(artifact) if isinstance(artifact, Phase2) else None,
            stored=stored,
            seconds=2.0,
            headline="it is there",
        )
        await self.decide(session_id, report)

    async def _fetched(self, job: Job, source: Any) -> StoredSource:
        text = self.text_of(source.source_id)
        sha256 = hashlib.sha256(text.encode()).hexdigest()
        await self.store.put(subjects.text_key(job.batch_id, sha256), text.encode())
        return StoredSource(
            source_id=source.source_id,
            stored=Stored(revision=source.revision, text_sha256=sha256, title="A source"),
        )

    def text_of(self, source_id: str) -> str:
        return f"What {source_id} says{self.salt.get(source_id, '')}."

    def _made(self, job: Job, session: Session) -> Any:
        said = self.salt.get(job.node, "")
        step = step_of(job.node)
        if step is not None:
            citation = Citation(source_id="src-1", text_sha256="0" * 64, quote="says", start=11, end=15)
            finding = Finding(
                finding_id=f"f-{step}", claim=f"Claim {step}{said}", citations=(citation,), confidence="high"
            )
            return StepFindings(step_id=step, title="T", findings=(finding,), insights=(f"Insight {said}",))
        if job.node == "phase0":
            sources = tuple(
                PreparedSource(
                    source_id=s.source_id,
                    text_sha256=hashlib.sha256(self.text_of(s.source_id).encode()).hexdigest(),
                )
                for s in job.sources
            )
            return Phase0(sources=sources, abstract=f"Abstract of {[s.text_sha256 for s in sources]}{said}")
        if job.node == "phase1":
            return Phase1(goals=(Goal(goal_id="goal-1", question=f"Why?{said}"),))
        if job.node == "phase2":
            return Phase2(synthesized_goal=f"One goal{said}", steps=self._plan(job, session))
        text = (
            f"# Report{said}\n\nText with <script>alert(1)</script> and [a "
            "link](http://example.org/).\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
        )
        inputs = {node: ref.sha256 for node, ref in job.inputs.items()}
        return Phase4(
            title="Report", markdown=text, references=(Reference(number=1, source_id="src-1"),), inputs=inputs
        )

    def _plan(self, job: Job, session: Session) -> tuple[Step, ...]:
        proposed = tuple(
            Step(step_id=place + 1, title=title, depends_on=tuple(other + 1 for other in above))
            for place, (title, above) in enumerate(self.wanted)
        )
        before = ()
        if job.previous is not None:
            before = Phase2.read(self.store.objects[job.previous.key][0]).steps
        return number_steps(proposed, before, job.next_step)

    async def fail(self, session_id: str, node: str) -> None:
        """A node that is queued fails for good."""
        job = job_for(self.session(session_id), node)
        self.executions += 1
        problem = Problem(type="engine_failed", detail="The engine broke.", action="Try again.")
        report = Failed(
            node=node,
            generation=job.generation,
            attempt=job.attempt,
            execution_id=f"e-{self.executions}",
            problem=problem,
        )
        await self.decide(session_id, report)

    async def stop(self, session_id: str, node: str) -> None:
        """A worker that was told to stop has stopped."""
        entry = self.session(session_id).node(node)
        self.executions += 1
        report = Stopped(
            node=node, generation=entry.generation, attempt=entry.attempt, execution_id=f"e-{self.executions}"
        )
        await self.decide(session_id, report)


class MemoryWebhooks:
    """The webhooks in a bus in memory; nobody tells them anything."""

    def __init__(self, bus: MemoryBus) -> None:
        self._bus = bus

    async def all(self) -> dict[str, Webhook]:
        kept = self._bus.messages(subjects.WEBHOOKS, subjects.ALL_WEBHOOKS)
        found = (Webhook.decode(message.data) for message in kept)
        return {webhook.webhook_id: webhook for webhook in found}

    async def outcomes(self, webhook_ids: list[str]) -> dict[str, DeliveryOutcome]:
        return {}

    async def waiting(self, webhook_id: str) -> int:
        return 0


class Site:
    """A gateway with everything around it."""

    def __init__(self, settings: Settings, patience: float) -> None:
        self.log, self.bus, self.store = MemoryLog(), MemoryBus(settings), MemoryStore()
        self.research = Research(self.log, self.bus, self.store)
        self.full = 0.0
        self.oldest = 0.0
        """Seconds for which the first undecided input waits, where one does."""
        self.attended = True
        """Whether an orchestrator asks for inputs."""
        self.lags = {"phase3": Lag(3, 1)}
        self.seen_now: ServerStatus | None = ServerStatus(nats_version="2.15.0")
        """None: NATS is connected and does not answer."""
        self.settings = settings
        self.gateway = self.another(patience)
        self.app = create_app(self.gateway)
        self.address = ""

    def another(self, patience: float = 5.0) -> Gateway:
        """A further gateway on the same servers."""

        async def usage() -> float:
            return self.full

        async def lag(phase: str) -> Lag:
            return self.lags.get(phase, Lag(0, 0))

        async def probe() -> ServerStatus:
            if self.seen_now is None:
                raise PublishTimeout("no answer within 5 s")
            return self.seen_now

        async def waiting(target: str) -> list[StoredMessage]:
            return self.bus.messages(subjects.INBOX, subjects.commands_to(target))

        async def oldest_input() -> float:
            if self.seen_now is None:
                await asyncio.sleep(60)  # a frozen server says nothing
            return self.oldest if self.bus.messages(subjects.INBOX) else 0.0

        async def attended() -> bool:
            return self.attended

        effects = Effects(
            log=self.log,
            publisher=self.bus,
            store=self.store,
            usage=usage,
            lag=lag,
            probe=probe,
            connected=lambda: True,
            waiting=waiting,
            oldest_input=oldest_input,
            attended=attended,
            webhooks=MemoryWebhooks(self.bus),
        )
        return compose(self.settings, effects, clock=self.research.clock, patience=patience)

    def client(self, **headers: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        return httpx.AsyncClient(transport=transport, base_url="http://localhost", headers=headers)

    async def start(self, http: httpx.AsyncClient, **more: Any) -> tuple[str, str]:
        """A batch with two sources: its id and its session's."""
        body = {
            "topic": "Is it worth it?",
            "sources": [{"url": "http://example.org/1"}, {"text": "A text.", "title": "Mine"}],
        } | more
        answer = await http.post("/batches", json=body)
        assert answer.status_code == 201, answer.text
        return answer.json()["batch_id"], answer.json()["session_id"]

    async def finished(self, http: httpx.AsyncClient, **more: Any) -> tuple[str, str]:
        """The same, with all of its research done."""
        batch_id, session_id = await self.start(http, **more)
        await self.research.work(session_id)
        await self.seen(session_id)
        return batch_id, session_id

    async def seen(self, session_id: str) -> None:
        """Until the gateway has followed what the log has."""
        for _ in range(1000):
            if self.gateway.projection.position >= (await self.log.position()).last_seq:
                return
            await asyncio.sleep(0.005)
        raise AssertionError("the gateway does not follow")

    @contextlib.asynccontextmanager
    async def watching(
        self, batch_id: str, query: str = "", queue: int | None = None, **headers: str
    ) -> AsyncIterator["Watcher"]:
        url = f"ws://{self.address}/ws/{batch_id}{query}"
        async with connect(url, additional_headers=headers, proxy=None, max_queue=queue) as socket:
            yield Watcher(socket)


class Watcher:
    """A WebSocket client that keeps what it got."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.frames: list[dict[str, Any]] = []

    async def next(self) -> dict[str, Any]:
        async with asyncio.timeout(5):
            frame: dict[str, Any] = json.loads(await self.socket.recv())
        self.frames.append(frame)
        return frame

    async def until(self, kind: str) -> dict[str, Any]:
        """Read on to the next frame of a type."""
        while (frame := await self.next())["type"] != kind:
            pass
        return frame

    async def ask(self, **body: Any) -> None:
        await self.socket.send(json.dumps(body))


@contextlib.asynccontextmanager
async def serving(site: Site) -> AsyncIterator[None]:
    """The site on a port of this machine."""
    server = uvicorn.Server(
        uvicorn.Config(
            site.app,
            http=patient(site.settings.gateway.read_timeout),
            log_config=None,
            timeout_graceful_shutdown=1,
        )
    )
    task = asyncio.create_task(server.serve(listening("127.0.0.1", 0)))
    while not server.started:
        assert not task.done(), task.exception()
        await asyncio.sleep(0.005)
    site.address = "{}:{}".format(*server.servers[0].sockets[0].getsockname())
    yield
    server.should_exit = True
    await task


def token_of(given: str | dict[str, Any]) -> Token:
    """A token as it is configured, from its text and, in a table, its role and its end."""
    fields: dict[str, Any] = {"token": given} if isinstance(given, str) else dict(given)
    return Token(hash=digest(fields.pop("token")), **fields)


def settings_with(**changes: Any) -> Settings:
    """Settings with tokens, features or limits of the test's own."""
    known = {
        "tokens": lambda v: {"auth": Auth(tokens={name: token_of(token) for name, token in v.items()})},
        "features": lambda v: {"features": Features(**v)},
        "limits": lambda v: {"limits": Limits(**v)},
    }
    fields: dict[str, Any] = {}
    for name, value in changes.items():
        fields |= known[name](value)
    return Settings(**fields)
