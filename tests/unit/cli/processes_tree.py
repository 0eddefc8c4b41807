"""Real processes for the tests of the supervisor: small programs, and a supervisor that can be killed."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from reprise_cli.stack.supervisor import ProcessSpec, Supervisor

STUBBORN = (
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('stubborn', "
    "flush=True); time.sleep(600)"
)
CALM = "import time; print('calm', flush=True); time.sleep(600)"
MORTAL = "import sys; print('last words', flush=True); sys.exit(3)"
FAMILY = """
import subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(child.pid, flush=True)
time.sleep(600)
"""
NOTED = """
import os, signal, sys, time
def end(*_):
    with open(sys.argv[2], "a") as book:
        print(sys.argv[1], file=book)
    os._exit(0)
signal.signal(signal.SIGTERM, end)
print("noted", flush=True)
time.sleep(600)
"""


def spec(name: str, program: str, *arguments: str, grace: float = 5.0) -> ProcessSpec:
    """A child that runs a piece of Python."""
    return ProcessSpec(
        name, lambda: [sys.executable, "-c", program, *arguments], dict(os.environ), grace=grace
    )


def until(condition: Callable[[], object], deadline: float = 10.0) -> None:
    """Wait for something that can be seen."""
    end = time.monotonic() + deadline
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.01)


async def until_async(condition: Callable[[], object], deadline: float = 10.0) -> None:
    """The same while an event loop runs."""
    async with asyncio.timeout(deadline):
        while not condition():  # noqa: ASYNC110 - other processes set no event
            await asyncio.sleep(0.01)


def there(pid: int) -> bool:
    """Whether a process is there and no zombie."""
    with contextlib.suppress(OSError):
        return (Path("/proc") / str(pid) / "stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    return False


async def supervise(folder: Path) -> None:
    """A supervisor with two children that tells their numbers and waits to be killed."""
    supervisor = Supervisor(folder, print)
    children = [await supervisor.start(spec(name, CALM)) for name in ("one", "two")]
    await until_async(lambda: all("calm" in "".join(child.tail()) for child in children))
    print(*(child.pid for child in children), flush=True)
    await asyncio.Event().wait()


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(supervise(Path(sys.argv[1])))
