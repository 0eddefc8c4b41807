"""`reprise up`: the real servers and every service on one machine, in one folder, under one supervisor."""

import asyncio
import contextlib
import fcntl
import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from reprise_cli.client.client import Client
from reprise_cli.errors import CommandFailed, UsageError
from reprise_cli.stack.keys import load_keys
from reprise_cli.stack.processes import end_leftovers, record
from reprise_cli.stack.stack_file import StackFile, read_stack, stack_file, write_stack
from reprise_cli.stack.supervisor import ProcessSpec, Report, Supervisor
from reprise_cli.terminal import Terminal
from reprise_contracts.nodes import PHASES
from reprise_runtime.errors import RepriseError
from reprise_runtime.operate import bootstrap
from reprise_runtime.operate.servers import NatsServer, SeaweedServer, Server, find_binary, free_ports
from reprise_runtime.roles import ADMIN, GATEWAY, ORCHESTRATOR, SCHEDULER
from reprise_runtime.settings import Settings, from_environment
from reprise_runtime.tokens import exposure_problem

HTTP_PORT, NATS_PORT, S3_PORT = 8700, 4222, 8333
HOST = "127.0.0.1"
READY_WITHIN = 90.0
MOST_WORKERS = 64
LOOK_EVERY, UNWELL = 2.0, 3
"""Seconds between two looks at NATS, and how many of them it may fail."""
ROOM = 32_000_000
"""Bytes free on the disk with which NATS is worth starting again."""
Ready = Callable[[], None]

HostOption = Annotated[str, typer.Option("--host", help="Where the gateway listens. The servers stay on the loopback interface.")]
PortOption = Annotated[
    int | None, typer.Option("--port", "-p", help=f"The gateway's port; if none is named, {HTTP_PORT} or a free one.", show_default=False)
]
NatsPortOption = Annotated[
    int | None, typer.Option("--nats-port", help=f"NATS's port; if none is named, {NATS_PORT} or a free one.", show_default=False)
]
S3PortOption = Annotated[
    int | None, typer.Option("--s3-port", help=f"The object store's port; if none is named, {S3_PORT} or a free one.", show_default=False)
]
WorkersOption = Annotated[
    list[str] | None,
    typer.Option(
        "--workers", "-w", metavar="PHASE=N", help="Processes of a pool, for example phase3=4; may be repeated.", show_default=False
    ),
]


def up(
    terminal: Terminal,
    *,
    host: HostOption = HOST,
    port: PortOption = None,
    nats_port: NatsPortOption = None,
    s3_port: S3PortOption = None,
    workers: WorkersOption = None,
) -> None:
    """Run everything on this machine until Ctrl-C: NATS, S3, orchestrator, scheduler, workers and gateway."""
    pools = read_pools(workers or [])
    if refusal := exposure_problem(from_environment().auth, host):
        raise UsageError(refusal)
    folder = terminal.state_dir.absolute()
    asked = Asked(host, port, nats_port, s3_port)

    def report(text: str) -> None:
        terminal.err.print(text)

    with locked(folder):
        try:
            stack = Stack(folder, asked, pools, report)
            asyncio.run(stack.run(lambda: terminal.answer(stack.document(), f"Reprise is ready at {stack.url} (Ctrl-C ends it)")))
        except RepriseError as error:
            raise CommandFailed(str(error)) from error


class Asked(NamedTuple):
    """What the command line says about addresses."""

    host: str = HOST
    port: int | None = None
    nats_port: int | None = None
    s3_port: int | None = None


class Supervised(Server):
    """A server whose process belongs to the supervisor, which sees to it and writes what it says."""

    @property
    def running(self) -> bool:
        """As far as the server's own code is concerned."""
        return True

    @property
    def log_file(self) -> Path:
        """Beside those of the services."""
        return self.folder.parent / "logs" / f"{self.name}.log"


class SupervisedNats(Supervised, NatsServer):
    """NATS."""


class SupervisedSeaweed(Supervised, SeaweedServer):
    """SeaweedFS."""


class Stack:
    """The processes of one folder: what they are, in which order they start, and in which they end."""

    def __init__(self, folder: Path, asked: Asked, pools: Mapping[str, int], report: Report) -> None:
        self._folder, self._report, self._pools = folder, report, pools
        before = read_stack(folder)
        self._clean_up(before)
        used = before.ports if before else {}
        self._host = asked.host
        self._port = choose("port", asked.host, asked.port, used.get("http", HTTP_PORT))
        nats_port = choose("nats-port", HOST, asked.nats_port, used.get("nats", NATS_PORT))
        s3_port = choose("s3-port", HOST, asked.s3_port, used.get("s3", S3_PORT))
        self._keys = load_keys(folder)
        always = from_environment().sync == "always"
        secret = self._keys.secrets
        nameless = not from_environment().auth.tokens  # where people have tokens, no system gets in without a name
        self._nats = SupervisedNats(folder / "nats", nats_port, sync_always=always, passwords=secret, nameless=nameless)
        self._s3 = SupervisedSeaweed(folder / "s3", s3_port, keys=self._keys[:2], sync_always=always, secrets=secret)
        self._supervisor = Supervisor(folder, report, self._write)
        self._stop = asyncio.Event()
        self._ready = False
        self._figures: dict[str, int] = {}
        """Where each service serves its figures to Prometheus."""

    @property
    def url(self) -> str:
        """Where a browser goes."""
        return f"http://{HOST if self._host in {'0.0.0.0', '::'} else self._host}:{self._port}"  # noqa: S104 - compared, not bound

    def document(self) -> dict[str, object]:
        """What `stack.json` says, and `--json` prints."""
        return self._stack().model_dump(mode="json")

    async def run(self, ready: Ready) -> None:
        """Start everything, say so when it takes work, and end everything in order when asked to."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            loop.add_signal_handler(number, self._stopped)
        starting = asyncio.create_task(self._start(ready), name="start")
        stopped = asyncio.create_task(self._stop.wait(), name="stop")
        reviving = asyncio.create_task(self._revive(), name="revive NATS")
        try:
            await asyncio.wait({starting, stopped}, return_when=asyncio.FIRST_COMPLETED)
            if starting.done():
                starting.result()
                await stopped
        finally:
            for task in (starting, stopped, reviving):
                task.cancel()
            await asyncio.gather(starting, stopped, reviving, return_exceptions=True)
            await self._end()

    async def _revive(self) -> None:
        """NATS that could not write (a full disk) stops writing until it is started again: that is done once there is room."""
        unwell = 0
        while True:
            await asyncio.sleep(LOOK_EVERY)
            unwell = unwell + 1 if self._ready and not await asyncio.to_thread(self._nats.ready) else 0
            if unwell >= UNWELL and shutil.disk_usage(self._folder).free > ROOM:
                self._report("NATS has stopped writing, and there is room on its disk: starting it again")
                self._supervisor.children[self._nats.name].again()
                unwell = 0

    def _stopped(self) -> None:
        if self._stop.is_set():
            self._supervisor.kill()
            return
        self._stop.set()

    async def _start(self, ready: Ready) -> None:
        for name in ("nats-server", "weed"):
            find_binary(name)
        s3 = asyncio.create_task(self._serve(self._s3), name="S3")
        try:
            await self._serve(self._nats)
            settings = Settings(nats=self._nats.settings(ADMIN), s3=self._s3.settings())
            await bootstrap.streams(settings)
            await self._run(ORCHESTRATOR, "reprise_orchestrator")
        finally:
            await s3
        await bootstrap.bucket(settings)
        await self._run(GATEWAY, "reprise_gateway")
        await self._run(SCHEDULER, "reprise_scheduler")
        await self._until_ready()
        for phase, count in self._pools.items():
            for number in range(1, count + 1):
                await self._run(f"worker-{phase}-{number}" if count > 1 else f"worker-{phase}", "reprise_workers", phase)
        self._ready = True
        ready()

    async def _run(self, name: str, module: str, *arguments: str) -> None:
        """Start a service in its role: a worker's is its phase."""
        role = arguments[0] if arguments else name
        self._figures[name] = free_ports(1)[0]
        beat = self._folder / "beats" / name
        beat.parent.mkdir(exist_ok=True)
        environment = self._environment(role) | {
            "REPRISE_METRICS__HOST": HOST,
            "REPRISE_METRICS__PORT": str(self._figures[name]),
            "REPRISE_BEAT": str(beat),
        }
        await self._supervisor.start(ProcessSpec(name, lambda: [sys.executable, "-m", module, *arguments], environment, beat))

    async def _serve(self, server: Server) -> None:
        server.folder.mkdir(parents=True, exist_ok=True)
        await self._supervisor.start(ProcessSpec(server.name, server.command, {**os.environ, **server.environment()}, grace=server.grace))
        await asyncio.to_thread(server.wait_ready)

    async def _until_ready(self) -> None:
        deadline = time.monotonic() + READY_WITHIN
        with Client(self.url) as client:
            while not await asyncio.to_thread(client.ready):
                if time.monotonic() > deadline:
                    raise CommandFailed(f"The stack is not ready after {READY_WITHIN:g} s.", f"Its logs are in {self._supervisor.log_dir}.")
                await asyncio.sleep(0.05)

    async def _end(self) -> None:
        started = list(self._supervisor.children)
        pools = [name for name in started if name.startswith("worker-")]
        order = [["gateway"], ["scheduler"], pools, ["orchestrator"], [self._s3.name], [self._nats.name]]
        if self._ready:
            self._report("Ending in order: gateway, scheduler, workers, orchestrator, S3, NATS")
        await self._supervisor.stop(order)
        stack_file(self._folder).unlink(missing_ok=True)

    def _environment(self, role: str) -> dict[str, str]:
        nats, s3 = self._nats.settings(role), self._s3.settings(role)
        own = {
            "REPRISE_NATS__URL": nats.url,
            "REPRISE_NATS__MONITOR": f"http://{HOST}:{self._nats.monitor_port}",
            "REPRISE_NATS__USER": role,
            "REPRISE_NATS__PASSWORD": self._keys.secrets[role],
            "REPRISE_NATS__DECLARE": "false",
            "REPRISE_S3__ENDPOINT": s3.endpoint,
            "REPRISE_S3__ACCESS_KEY": s3.access_key,
            "REPRISE_S3__SECRET_KEY": s3.secret_key.get_secret_value(),
            "REPRISE_S3__BUCKET": s3.bucket,
            "REPRISE_S3__SECURE": "false",
            "REPRISE_HOST": self._host,
            "REPRISE_PORT": str(self._port),
            "REPRISE_STATE_DIR": str(self._folder),
            "PYTHONUNBUFFERED": "1",
            "MALLOC_ARENA_MAX": "2",
        }
        return {**os.environ, **own}

    def _stack(self) -> StackFile:
        return StackFile(
            url=self.url,
            nats_url=self._nats.url,
            s3_endpoint=f"{HOST}:{self._s3.port}",
            supervisor=record("supervisor", os.getpid()),
            children=self._supervisor.records(),
            ports={"http": self._port, "nats": self._nats.port, "s3": self._s3.port},
        )

    def _write(self) -> None:
        write_stack(self._folder, self._stack())
        targets = [{"targets": [f"{HOST}:{port}"], "labels": {"service": name}} for name, port in self._figures.items()]
        (self._folder / "prometheus.json").write_text(json.dumps(targets, indent=2) + "\n")

    def _clean_up(self, before: StackFile | None) -> None:
        left = end_leftovers(before.children if before else ())
        if left:
            self._report(f"Ended what an earlier stack had left behind: {', '.join(entry.name for entry in left)}")


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; raises `CommandFailed` while another stack holds it. The kernel gives it back when we die."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            running = read_stack(folder)
            where = f" at {running.url}" if running else ""
            raise CommandFailed(f"A stack already runs in {folder}{where}.", "Use it, or name another folder with --state-dir.") from error
        yield


def choose(option: str, host: str, asked: int | None, preferred: int) -> int:
    """The port that was asked for, which has to be free (0: any free one); else the usual one, else any free one."""
    if asked == 0:
        return free_ports(1)[0]
    if asked is not None:
        if not is_free(host, asked):
            raise CommandFailed(f"Port {asked} is in use.", f"Name another with --{option}, or none to get a free one.")
        return asked
    return preferred if is_free(host, preferred) else free_ports(1)[0]


def is_free(host: str, port: int) -> bool:
    """Return whether a server could listen there now."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def read_pools(named: list[str]) -> dict[str, int]:
    """Processes of each pool, from `phase3=4`; one where nothing is said."""
    pools: dict[str, int] = dict.fromkeys(PHASES, 1)
    for text in named:
        phase, _, count = text.partition("=")
        if phase not in pools or not count.isdecimal() or int(count) > MOST_WORKERS:
            raise UsageError(
                f"--workers {text} is not understood.", f"Write a phase and a number up to {MOST_WORKERS}, for example phase3=4."
            )
        pools[phase] = int(count)
    return pools
