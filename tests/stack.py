"""The whole system as processes on the real servers, for tests and benchmarks: start, kill, start again."""

import asyncio
import gc
import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Literal, Self, TypeVar

from reprise_contracts import subjects
from reprise_contracts.commands import Cancel, Command, CreateBatch, EndBatch, Policy, Rerun, SessionSpec
from reprise_contracts.nodes import PHASES
from reprise_contracts.sources import Source, Upload
from reprise_contracts.wire import derived_id
from reprise_domain.batch import Batch, fold_batch
from reprise_domain.reduce import fold
from reprise_domain.state import Session
from reprise_runtime.errors import Retryable
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.connection import Connection, connect
from reprise_runtime.nats.session_log import NatsSessionLog
from reprise_runtime.nats.topology import open_bus
from reprise_runtime.operate.servers import NatsServer, SeaweedServer, free_ports
from reprise_runtime.s3.artifact_store import S3Store, await_bucket
from reprise_runtime.settings import S3, Settings

ROOT = Path(__file__).parent.parent
Shape = Literal["compact", "spread"]
SHAPES: tuple[Shape, ...] = ("compact", "spread")
T = TypeVar("T")
KINDS = {
    "Rerun": "rerun",
    "Cancel": "cancel",
    "Accept": "accept",
    "Edit": "edit",
    "CreateBatch": "create",
    "AddSession": "session",
    "PutSources": "sources",
    "RemoveSource": "remove",
    "SetWatch": "watch",
    "EndBatch": "end",
}


async def until(found: Callable[[], Awaitable[T | None]], seconds: float = 30.0, what: str = "it") -> T:
    """The first true answer; fails after a while, saying what was waited for."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            answer = await found()
        except Retryable:  # a server is away; whoever asks has to ask again
            answer = None
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"{what} did not happen within {seconds:g} s")
        await asyncio.sleep(0.02)


class Stack:
    """NATS, SeaweedFS, an orchestrator, a scheduler and one worker of each phase; a gateway if it is asked
    for.

    Every part is a process that can be killed. In the compact shape the workers are one process, orchestrator
    and scheduler another: who kills one of them kills all of its process.
    """

    def __init__(
        self,
        folder: Path,
        *,
        engine: str = "benchmarks.idle:Idle",
        env: dict[str, str] | None = None,
        concurrency: int = 4,
        gateway: bool = False,
        shape: Shape = "spread",
    ) -> None:
        self.folder = folder
        self.shape = shape
        self.nats = NatsServer(folder / "nats")
        self.weed = SeaweedServer(folder / "s3")
        self.engine = engine
        self._extra = env or {}
        self._concurrency = concurrency
        self.services = (
            "orchestrator",
            "scheduler",
            *(("gateway",) if gateway else ()),
            *(f"worker-{phase}" for phase in PHASES),
        )
        self.port = free_ports(1)[0]
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self._clients: list[tuple[Connection, S3Store]] = []

    @property
    def settings(self) -> Settings:
        """What every process gets."""
        return Settings(nats=self.nats.settings(), s3=self.weed.settings(), engine=self.engine)

    def env(self) -> dict[str, str]:
        s3: S3 = self.weed.settings()
        return (
            os.environ
            | {
                "REPRISE_NATS__URL": self.nats.settings().url,
                "REPRISE_S3__ENDPOINT": s3.endpoint,
                "REPRISE_S3__ACCESS_KEY": s3.access_key,
                "REPRISE_S3__SECRET_KEY": s3.secret_key.get_secret_value(),
                "REPRISE_S3__BUCKET": s3.bucket,
                "REPRISE_ENGINE": self.engine,
                "REPRISE_LOG__FORMAT": "json",
                "REPRISE_PORT": str(self.port),
                "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "services"), str(ROOT / "shared")]),
            }
            | self._extra
        )

    def env_of(self, name: str) -> dict[str, str]:
        """What one process gets."""
        return self.env()

    COMMANDS: ClassVar[dict[str, list[str]]] = {
        "orchestrator": ["reprise_orchestrator"],
        "scheduler": ["reprise_scheduler"],
        "gateway": ["reprise_gateway"],
        **{f"worker-{phase}": ["reprise_workers", phase] for phase in PHASES},
        "core": ["reprise_core"],
        "workers": ["reprise_workers", *PHASES],
    }
    TOGETHER: ClassVar[dict[str, str]] = {
        "orchestrator": "core",
        "scheduler": "core",
        **{f"worker-{phase}": "workers" for phase in PHASES},
    }
    """In the compact shape, by service: its process."""

    def process_of(self, service: str) -> str:
        """The name of the process in which a service runs."""
        return self.TOGETHER.get(service, service) if self.shape == "compact" else service

    def runs(self, service: str) -> bool:
        """Whether the process of a service is there."""
        return self.processes[self.process_of(service)].poll() is None

    def start_servers(self) -> None:
        self.nats.start()
        self.weed.start()

    def start(self, service: str, *, extra: tuple[str, ...] = ()) -> None:
        """Start one service, unless its process is there already; `worker-phase3.2` is a second worker of
        phase 3."""
        name = self.process_of(service)
        before = self.processes.get(name)
        if name != service and before is not None and before.poll() is None:
            return
        command = list(self.COMMANDS[name.split(".", maxsplit=1)[0]])
        if name.startswith("worker"):
            command += ["--concurrency", str(self._concurrency)]
        log = (self.folder / f"{name}.log").open("ab")
        with log:
            self.processes[name] = subprocess.Popen(
                [sys.executable, "-m", *command, *extra],
                cwd=ROOT,
                env=self.env_of(name),
                stdout=log,
                stderr=log,
            )

    def kill(self, name: str) -> None:
        """kill -9."""
        if name == "nats":
            self.nats.kill()
        elif name == "weed":
            self.weed.kill()
        else:
            process = self.processes[self.process_of(name)]
            process.kill()
            process.wait()

    def restart(self, name: str) -> None:
        """Start what was killed."""
        if name == "nats":
            self.nats.start()
        elif name == "weed":
            self.weed.start()
        else:
            self.start(name)

    def stop(self, name: str, seconds: float = 25.0) -> int:
        """SIGTERM, and wait."""
        process = self.processes[self.process_of(name)]
        process.terminate()
        return process.wait(seconds)

    def log_of(self, name: str) -> str:
        return (self.folder / f"{self.process_of(name)}.log").read_text()

    def start_all(self) -> None:
        """Everything, the servers first."""
        self.start_servers()
        for name in self.services:
            self.start(name)

    def stop_all(self) -> None:
        """Everything, the servers last."""
        for process in self.processes.values():
            process.kill()
        for process in self.processes.values():
            process.wait()
        self.weed.stop()
        self.nats.stop()

    async def __aenter__(self) -> Self:
        self.start_all()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.close_callers()
        self.stop_all()

    async def close_callers(self) -> None:
        """End the clients. What nats-py leaves of a connection whose server was killed is collected here, not
        in a later test."""
        while self._clients:
            client, store = self._clients.pop()
            await store.close()
            await client.close()
        gc.collect()

    async def caller(self) -> "Caller":
        """A client of the system."""
        client = await connect(self.settings.nats, "caller")
        bus = await open_bus(client, self.settings)
        store = S3Store(self.settings.s3)
        await await_bucket(store)
        self._clients.append((client, store))
        return Caller(bus, store)


class Caller:
    """Sends commands and reads states, as any other system could."""

    def __init__(self, bus: Bus, store: S3Store) -> None:
        self.bus = bus
        self.store = store
        self.log = NatsSessionLog(bus)
        self.mark: int | None = None
        """A place in the log from which a caller looks."""

    async def send(self, target: str, command: Command) -> None:
        subject = subjects.command(target, KINDS[type(command).__name__])

        async def sent() -> int:
            return await self.bus.publish(
                subject, command.encode(), stream=subjects.INBOX, msg_id=f"{target}/{command.input_id()}"
            )

        await until(sent, 60, "storing a command")

    async def begin(
        self, name: str, topic: str, texts: tuple[str, ...] = ("A text about nothing.",), **spec: object
    ) -> tuple[str, str]:
        """A new batch of pasted texts; its id and its session's."""
        return await self.create(name, topic, await self.uploaded(name, texts), **spec)

    async def uploaded(
        self, name: str, texts: tuple[str, ...] = ("A text about nothing.",)
    ) -> tuple[Source, ...]:
        """Texts in the store, for a batch of this name."""
        batch_id, sources = derived_id("b", name), []
        for place, text in enumerate(texts, 1):
            data = text.encode()
            digest = hashlib.sha256(data).hexdigest()
            key = subjects.raw_key(batch_id, digest)

            async def stored(key: str = key, data: bytes = data) -> bool:
                await self.store.put(key, data, "text/plain")
                return True

            await until(stored, 60, "storing a text")
            upload = Upload(
                sha256=digest, bytes=len(data), content_type="text/plain", filename=f"text-{place}.txt"
            )
            sources.append(Source(source_id=f"src-{place}", title=f"Text {place}", upload=upload))
        return tuple(sources)

    async def create(
        self, name: str, topic: str, sources: tuple[Source, ...], **spec: object
    ) -> tuple[str, str]:
        """A new batch of these sources; its id and its session's."""
        batch_id, session_id = derived_id("b", name), derived_id("s", name)
        session = SessionSpec.model_validate(
            {"session_id": session_id, "topic": topic, "policy": Policy(backoff_seconds=0.1)} | spec
        )
        await self.send(
            batch_id, CreateBatch(command_id=f"create-{name}"[:128], sources=sources, session=session)
        )
        return batch_id, session_id

    async def session(self, session_id: str) -> Session | None:
        state: Session | None = None
        for entry in await self.log.read(session_id):
            state = fold(state, entry.commit, entry.seq)
        return state

    async def batch(self, batch_id: str) -> Batch | None:
        state: Batch | None = None
        for entry in await self.log.read(batch_id):
            state = fold_batch(state, entry.commit, entry.seq)
        return state

    async def at_rest(self, session_id: str, seconds: float = 60.0) -> Session:
        """The session once no run is active or waiting."""

        async def rested() -> Session | None:
            last = await self.log.last(session_id)
            if last is None or last.commit.active:
                return None
            return await self.session(session_id)

        try:
            return await until(rested, seconds, f"the end of {session_id}")
        except AssertionError as late:
            if state := await self.session(session_id):
                late.add_note(f"at commit {state.seq}: {state.run}, {dict(state.nodes)}")
            raise


__all__ = ["Caller", "Cancel", "EndBatch", "Rerun", "Stack", "until"]
