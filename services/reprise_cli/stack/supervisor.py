"""Keeps child processes running: one group and one log file for each, restarts with back-off, an end in
order.

Knows nothing of what it runs; `up.py` says what that is.
"""

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from reprise_cli.stack import parent_death_signal
from reprise_cli.stack.processes import record
from reprise_cli.stack.stack_file import ChildRecord

FIRST_DELAY, LONGEST_DELAY = 0.2, 15.0
HANGS = 60.0
"""Seconds without a sign of life after which a child is taken to hang."""
LOOK_EVERY = 5.0
STEADY = 20.0
"""Seconds after which a child counts as running well again."""
LOG_LIMIT, LOG_KEPT = 20_000_000, 5_000_000
TRIM_EVERY = 30.0
EXPECTED_TO_SUFFICE = 1.0
"""A shorter grace is given to a child that is known to linger: that it is killed is no news."""


@dataclass(frozen=True)
class ProcessSpec:
    """A child to keep running."""

    name: str
    command: Callable[[], Sequence[str]]
    """Asked before each start."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """All of it."""
    beat: Path | None = None
    """A file that it touches while it is alive; None: it is alive as long as it runs."""
    grace: float = 25.0
    """Seconds between SIGTERM and SIGKILL."""


Report = Callable[[str], None]


class Child:
    """One process and its successors."""

    def __init__(
        self, spec: ProcessSpec, log_dir: Path, folder: Path, report: Report, changed: Callable[[], None]
    ) -> None:
        self.spec = spec
        self.log_file = log_dir / f"{spec.name}.log"
        self.starts = 0
        self._folder, self._report, self._changed = folder, report, changed
        self._process: asyncio.subprocess.Process | None = None
        self._stopping = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._said_before = 0
        self._spawned = 0.0

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def start(self) -> None:
        """Start the first process, and keep one running from here on."""
        await self._spawn()
        self._task = asyncio.create_task(self._keep(), name=self.spec.name)

    async def stop(self) -> None:
        """SIGTERM, after `grace` SIGKILL; its group goes with it."""
        self._stopping.set()
        if self._process is not None and self._process.returncode is None:
            self._signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(self.spec.grace):
                    await self._process.wait()
            except TimeoutError:
                if self.spec.grace >= EXPECTED_TO_SUFFICE:
                    self._report(f"{self.spec.name} did not end within {self.spec.grace:g} s and is killed")
        self.kill()
        if self._task is not None:
            await self._task

    def silent(self) -> float:
        """Return for how long the present process has given no sign of life, in seconds; 0 for one that gives
        none at all, or none yet."""
        if self.spec.beat is None or self.pid is None:
            return 0.0
        try:
            since = self.spec.beat.stat().st_mtime
        except OSError:
            return 0.0
        return max(time.time() - since, 0.0) if since >= self._spawned else 0.0

    def hangs(self, seconds: float) -> None:
        """End a process that hangs; a new one is started in its place."""
        self._report(f"{self.spec.name} has given no sign of life for {seconds:.0f} s and is killed")
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def again(self) -> None:
        """End the present process; a new one is started in its place."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL for the group: the process, and what it may have started."""
        self._stopping.set()
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def tail(self, lines: int = 15) -> list[str]:
        """The end of what its present process said, each line with its name."""
        with contextlib.suppress(OSError):
            return [
                f"{self.spec.name} | {line}" for line in last_lines(self.log_file, lines, self._said_before)
            ]
        return []

    def _signal(self, number: int) -> None:
        if self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)

    async def _spawn(self) -> None:
        program = parent_death_signal.tied(*self.spec.command())
        with open_log(self.log_file) as log:
            self._said_before = log.tell()
            self._process = await asyncio.create_subprocess_exec(
                *program,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=asyncio.subprocess.STDOUT,
                cwd=self._folder,
                env=dict(self.spec.environment),
                start_new_session=True,
            )
        self.starts += 1
        self._spawned = time.time()
        self._changed()

    async def _keep(self) -> None:
        delay = FIRST_DELAY
        while self._process is not None:
            started = time.monotonic()
            code = await self._process.wait()
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            if self._stopping.is_set():
                break
            delay = FIRST_DELAY if time.monotonic() - started > STEADY else delay
            self._report(
                "\n".join([f"{self.spec.name} {ended(code)}; starting it again in {delay:g} s", *self.tail()])
            )
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay):
                    await self._stopping.wait()
            if self._stopping.is_set():
                break
            delay = min(delay * 2, LONGEST_DELAY)
            await self._spawn()
        self._changed()


class Supervisor:
    """Children by name, started one after another and stopped in the order that is asked for."""

    def __init__(
        self,
        folder: Path,
        report: Report,
        changed: Callable[[], None] = lambda: None,
        *,
        hangs: float = HANGS,
        look: float = LOOK_EVERY,
    ) -> None:
        self.folder = folder
        self.log_dir = folder / "logs"
        self.log_dir.mkdir(parents=True, exist_ok=True)
        self.children: dict[str, Child] = {}
        self._report, self._changed = report, changed
        self._hangs, self._look = hangs, look
        self._trimmer: asyncio.Task[None] | None = None
        self._watcher: asyncio.Task[None] | None = None

    async def start(self, spec: ProcessSpec) -> Child:
        """Start a child and keep it running."""
        child = Child(spec, self.log_dir, self.folder, self._report, self._changed)
        self.children[spec.name] = child
        self._trimmer = self._trimmer or asyncio.create_task(self._trim(), name="trim logs")
        self._watcher = self._watcher or asyncio.create_task(self._watch(), name="watch children")
        await child.start()
        return child

    def records(self) -> tuple[ChildRecord, ...]:
        """What runs now."""
        return tuple(
            record(name, child.pid) for name, child in self.children.items() if child.pid is not None
        )

    async def stop(self, order: Iterable[Iterable[str]]) -> None:
        """Stop group after group, the children of a group together; what no group names goes last."""
        named: set[str] = set()
        for group in order:
            names = [name for name in group if name in self.children]
            named.update(names)
            await asyncio.gather(*(self.children[name].stop() for name in names))
        await asyncio.gather(*(child.stop() for name, child in self.children.items() if name not in named))
        for task in (self._trimmer, self._watcher):
            if task is not None:
                task.cancel()

    def kill(self) -> None:
        """End everything at once."""
        for child in self.children.values():
            child.kill()

    async def _watch(self) -> None:
        """A child that is silent at two looks in a row hangs; after a machine has slept all of them are, at
        one."""
        before: set[tuple[str, int]] = set()
        while True:
            await asyncio.sleep(self._look)
            silent = {
                (name, child.starts): seconds
                for name, child in self.children.items()
                if (seconds := child.silent()) > self._hangs
            }
            for (name, starts), seconds in silent.items():
                if (name, starts) in before:
                    self.children[name].hangs(seconds)
            before = set(silent)

    async def _trim(self) -> None:
        while True:
            await asyncio.sleep(TRIM_EVERY)
            for child in self.children.values():
                trim(child.log_file)


def open_log(path: Path) -> BinaryIO:
    """A log that is only ever appended to, so that cutting it short harms no writer."""
    return path.open("ab")


def trim(path: Path, limit: int = LOG_LIMIT, kept: int = LOG_KEPT) -> None:
    """Cut a log that grew too long; its end goes to `<name>.1`."""
    with contextlib.suppress(OSError):
        size = path.stat().st_size
        if size <= limit:
            return
        with path.open("rb") as log:
            log.seek(size - kept)
            path.with_name(path.name + ".1").write_bytes(log.read(kept))
        os.truncate(path, 0)


def last_lines(path: Path, count: int, start: int = 0) -> list[str]:
    """The last lines of a file from a position on, without reading all of it. A file that was cut short is
    read from its beginning."""
    with path.open("rb") as log:
        size = path.stat().st_size
        log.seek(max(size - 16_384, start if start <= size else 0, 0))
        return log.read().decode(errors="replace").splitlines()[-count:]


def ended(code: int) -> str:
    """How a process ended, in words."""
    if code >= 0:
        return f"ended with exit code {code}"
    return f"was killed by {signal.Signals(-code).name}"
