"""`reprise up`: the real servers and every service on one machine, in one folder, under one supervisor."""

import asyncio
import contextlib
import fcntl
import json
import math
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from reprise_cli.errors import CommandFailed, UsageError
from reprise_cli.stack import parent_death_signal
from reprise_cli.stack.keys import load_keys
from reprise_cli.stack.processes import end_leftovers, record
from reprise_cli.stack.shapes import Part, Shape, chosen, cores, deciding, memory, working
from reprise_cli.stack.stack_file import StackFile, read_stack, stack_file, write_stack
from reprise_cli.stack.supervisor import ProcessSpec, Report, Supervisor
from reprise_cli.terminal import Terminal
from reprise_contracts.nodes import PHASES
from reprise_runtime.errors import RepriseError
from reprise_runtime.operate.servers import (
    NatsServer,
    SeaweedServer,
    Server,
    answers,
    find_binary,
    free_ports,
)
from reprise_runtime.roles import ADMIN, GATEWAY
from reprise_runtime.settings import S3, Nats, from_environment
from reprise_runtime.tokens import exposure_problem

HTTP_PORT, NATS_PORT, S3_PORT = 8700, 4222, 8333
HOST = "127.0.0.1"
STARTS = 5
"""How often a process may start before a stack that is not ready gives up."""
PATIENCE = 15.0
"""Seconds after which it is said what is waited for, and twice as many each time after that."""
MOST_WORKERS = 64
LOOK_EVERY, UNWELL = 2.0, 3
"""Seconds between two looks at NATS, and how many of them it may fail."""
ROOM = 32_000_000
"""Bytes free on the disk with which NATS is worth starting again."""
Ready = Callable[[], None]

HostOption = Annotated[
    str, typer.Option("--host", help="Where the gateway listens. The servers stay on the loopback interface.")
]
PortOption = Annotated[
    int | None,
    typer.Option(
        "--port",
        "-p",
        help=f"The gateway's port; if none is named, {HTTP_PORT} or a free one.",
        show_default=False,
    ),
]
NatsPortOption = Annotated[
    int | None,
    typer.Option(
        "--nats-port", help=f"NATS's port; if none is named, {NATS_PORT} or a free one.", show_default=False
    ),
]
S3PortOption = Annotated[
    int | None,
    typer.Option(
        "--s3-port",
        help=f"The object store's port; if none is named, {S3_PORT} or a free one.",
        show_default=False,
    ),
]
WorkersOption = Annotated[
    list[str] | None,
    typer.Option(
        "--workers",
        "-w",
        metavar="PHASE=N",
        help="Processes of a pool, for example phase3=4; may be repeated.",
        show_default=False,
    ),
]
ShapeOption = Annotated[
    Shape,
    typer.Option(
        "--shape",
        help="compact: all pools in one process, orchestrator and scheduler in another; spread: a process "
        "for each; auto: compact on a small machine, unless --workers says something.",
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
    shape: ShapeOption = "auto",
) -> None:
    """Run everything on this machine until Ctrl-C: NATS, S3, orchestrator, scheduler, workers and gateway."""
    pools = read_pools(workers or [])
    form = chosen(shape, pools, cores(), memory())
    if refusal := exposure_problem(from_environment().auth, host):
        raise UsageError(refusal)
    folder = terminal.state_dir.absolute()
    asked = Asked(host, port, nats_port, s3_port)

    def report(text: str) -> None:
        terminal.err.print(text)

    with locked(folder):
        try:
            stack = Stack(folder, asked, deciding(form), working(form, pools), report)
            asyncio.run(
                stack.run(
                    lambda: terminal.answer(
                        stack.document(), f"Reprise is ready at {stack.url} (Ctrl-C ends it)"
                    )
                )
            )
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

    hopeless: Callable[[], bool] = staticmethod(lambda: False)
    """Whether nobody should wait for it any more."""

    @property
    def running(self) -> bool:
        """As far as the server's own code is concerned: whether it is worth waiting for."""
        return not self.hopeless()

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

    def __init__(
        self,
        folder: Path,
        asked: Asked,
        deciding: Sequence[Part],
        working: Sequence[Part],
        report: Report,
    ) -> None:
        self._folder, self._report = folder, report
        self._deciding, self._working = deciding, working
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
        nameless = (
            not from_environment().auth.tokens
        )  # where people have tokens, no system gets in without a name
        self._nats = SupervisedNats(
            folder / "nats", nats_port, sync_always=always, passwords=secret, nameless=nameless
        )
        self._s3 = SupervisedSeaweed(
            folder / "s3", s3_port, keys=self._keys[:2], sync_always=always, secrets=secret
        )
        self._supervisor = Supervisor(folder, report, self._write)
        self._stop = asyncio.Event()
        self._ready = False
        self._figures: dict[str, int] = {}
        """Where each service serves its figures to Prometheus."""

    @property
    def url(self) -> str:
        """Where a browser goes."""
        return f"http://{self._reached}:{self._port}"

    @property
    def _reached(self) -> str:
        """The host at which this machine reaches the gateway."""
        return HOST if self._host in {"0.0.0.0", "::"} else self._host  # noqa: S104 - compared, not bound

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
            self._stop.set()  # nothing is waited for any more
            for task in (starting, stopped, reviving):
                task.cancel()
            await asyncio.gather(starting, stopped, reviving, return_exceptions=True)
            await self._end()

    async def _revive(self) -> None:
        """NATS that could not write (a full disk) stops writing until it is started again: that is done once
        there is room."""
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
        await self._patiently(asyncio.gather(self._serve(self._nats), self._serve(self._s3)), "the servers")
        await self._prepare()
        for part in (Part(GATEWAY, ("reprise_gateway",), (GATEWAY,)), *self._deciding):
            await self._run(part)
        await self._patiently(self._until_ready(), "the gateway")
        for part in self._working:
            await self._run(part)
        self._ready = True
        ready()

    async def _prepare(self) -> None:
        """Make streams and bucket: in a process of its own, for what it loads would stay here for as long as
        the stack runs."""
        nats, s3 = self._nats.settings(ADMIN), self._s3.settings()
        users = {
            "REPRISE_NATS__USER": ADMIN,
            "REPRISE_NATS__PASSWORD": self._keys.secrets[ADMIN],
            "REPRISE_S3__ACCESS_KEY": s3.access_key,
            "REPRISE_S3__SECRET_KEY": s3.secret_key.get_secret_value(),
        }
        process = await asyncio.create_subprocess_exec(
            *parent_death_signal.tied(sys.executable, "-m", "reprise_cli", "bootstrap", "--wait", "10"),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._servers(nats, s3) | users,
        )
        try:
            said, _ = await process.communicate()
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        if process.returncode:
            raise CommandFailed(f"The servers cannot be prepared: {said.decode(errors='replace').strip()}")

    async def _run(self, part: Part) -> None:
        """Start a process of services."""
        self._figures[part.name] = free_ports(1)[0]
        beat = self._folder / "beats" / part.name
        beat.parent.mkdir(exist_ok=True)
        environment = self._environment(part.roles) | {
            "REPRISE_METRICS__HOST": HOST,
            "REPRISE_METRICS__PORT": str(self._figures[part.name]),
            "REPRISE_BEAT": str(beat),
        }
        await self._supervisor.start(
            ProcessSpec(part.name, lambda: [sys.executable, "-m", *part.command], environment, beat)
        )

    async def _serve(self, server: Supervised) -> None:
        server.folder.mkdir(parents=True, exist_ok=True)
        server.hopeless = lambda: self._stop.is_set() or self._keeps_dying(server.name)
        await self._supervisor.start(
            ProcessSpec(
                server.name, server.command, {**os.environ, **server.environment()}, grace=server.grace
            )
        )
        await asyncio.to_thread(server.wait_ready, math.inf)

    async def _until_ready(self) -> None:
        while not await asyncio.to_thread(answers, self._port, "/readyz", self._reached, 5.0):
            for part in (GATEWAY, *(part.name for part in self._deciding)):
                if self._keeps_dying(part):
                    raise CommandFailed(
                        f"{part} does not stay up.", f"Its log is in {self._supervisor.log_dir}."
                    )
            await asyncio.sleep(0.05)

    def _keeps_dying(self, name: str) -> bool:
        """One that ends, or hangs, is started again; one that does so again and again will not come up."""
        child = self._supervisor.children.get(name)
        return child is not None and child.starts > STARTS

    async def _patiently(self, work: Awaitable[object], what: str) -> None:
        """Wait for as long as it takes: a log of years is read for minutes. What takes long is told."""
        waiting, began, told = asyncio.ensure_future(work), time.monotonic(), PATIENCE
        try:
            while not (await asyncio.wait({waiting}, timeout=told))[0]:
                self._report(
                    f"Still waiting for {what} after {time.monotonic() - began:.0f} s; what they do "
                    f"is in {self._supervisor.log_dir}"
                )
                told *= 2
            waiting.result()
        finally:
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)

    async def _end(self) -> None:
        pools = [part.name for part in self._working]
        *senders, decider = [part.name for part in reversed(self._deciding)]  # it decides what workers report
        order = [[GATEWAY], senders, pools, [decider], [self._s3.name], [self._nats.name]]
        if self._ready:
            self._report(f"Ending in order: {', '.join([GATEWAY, *senders, 'workers', decider])}, S3, NATS")
        await self._supervisor.stop(order)
        stack_file(self._folder).unlink(missing_ok=True)

    def _environment(self, roles: Sequence[str]) -> dict[str, str]:
        """What a process gets: the one role that it has, or the secrets of its roles, and no other."""
        role = roles[0]
        nats, s3 = self._nats.settings(role), self._s3.settings(role)
        if len(roles) == 1:
            users = {
                "REPRISE_NATS__USER": role,
                "REPRISE_NATS__PASSWORD": self._keys.secrets[role],
                "REPRISE_S3__ACCESS_KEY": s3.access_key,
                "REPRISE_S3__SECRET_KEY": s3.secret_key.get_secret_value(),
            }
        else:
            users = {f"REPRISE_SECRETS__{role.upper()}": self._keys.secrets[role] for role in roles}
            users |= {"REPRISE_S3__ACCESS_KEY": "", "REPRISE_S3__SECRET_KEY": ""}
        own = {
            "REPRISE_HOST": self._host,
            "REPRISE_PORT": str(self._port),
            "REPRISE_STATE_DIR": str(self._folder),
            "PYTHONUNBUFFERED": "1",
            "MALLOC_ARENA_MAX": "2",
        }
        return self._servers(nats, s3) | users | own

    def _servers(self, nats: Nats, s3: S3) -> dict[str, str]:
        """Where the servers are, and whatever of the environment does not say who somebody is there."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("REPRISE_SECRETS__")}
        return kept | {
            "REPRISE_NATS__URL": nats.url,
            "REPRISE_NATS__MONITOR": f"http://{HOST}:{self._nats.monitor_port}",
            "REPRISE_NATS__DECLARE": "false",
            "REPRISE_S3__ENDPOINT": s3.endpoint,
            "REPRISE_S3__BUCKET": s3.bucket,
            "REPRISE_S3__SECURE": "false",
        }

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
        targets = [
            {"targets": [f"{HOST}:{port}"], "labels": {"service": name}}
            for name, port in self._figures.items()
        ]
        (self._folder / "prometheus.json").write_text(json.dumps(targets, indent=2) + "\n")

    def _clean_up(self, before: StackFile | None) -> None:
        left = end_leftovers(before.children if before else ())
        if left:
            self._report(
                f"Ended what an earlier stack had left behind: {', '.join(entry.name for entry in left)}"
            )


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder's lock; raises `CommandFailed` while another stack holds it. The kernel gives it back
    when we die."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        held = (folder / "lock").open("w")
    except OSError as error:
        raise UsageError(
            f"The state cannot be kept in {folder}: {error.strerror or error}.",
            "Name a folder that can be written with --state-dir.",
        ) from error
    with held as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            running = read_stack(folder)
            where = f" at {running.url}" if running else ""
            raise CommandFailed(
                f"A stack already runs in {folder}{where}.",
                "Use it, or name another folder with --state-dir.",
            ) from error
        yield


def choose(option: str, host: str, asked: int | None, preferred: int) -> int:
    """The port that was asked for, which has to be free (0: any free one); else the usual one, else any free
    one."""
    if asked == 0:
        return free_ports(1)[0]
    if asked is not None:
        if not is_free(host, asked):
            raise CommandFailed(
                f"Port {asked} is in use.", f"Name another with --{option}, or none to get a free one."
            )
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
    """Processes of the pools that are named, from `phase3=4`."""
    pools: dict[str, int] = {}
    for text in named:
        phase, _, count = text.partition("=")
        if phase not in PHASES or not count.isdecimal() or int(count) > MOST_WORKERS:
            raise UsageError(
                f"--workers {text} is not understood.",
                f"Write a phase and a number up to {MOST_WORKERS}, for example phase3=4.",
            )
        pools[phase] = int(count)
    return pools
