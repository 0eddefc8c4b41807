"""An installation that has grown: N stored sessions, then everything is started as after a reboot.

`PYTHONPATH=tests:services:shared:. python benchmarks/growth.py 2000 20000` prints one column for each N. One
session of five nodes is researched; its log and its batch's are appended N times under other ids and topics,
without waiting for the disk. Objects are not repeated: lists, searches and recovery read none.
"""

import argparse
import asyncio
import itertools
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx

from reprise_contracts import subjects
from reprise_contracts.wire import derived_id
from reprise_runtime.operate.servers import NatsServer
from stack import Caller, Stack, until

TOPIC = "What the tide does to the harbour"
WORDS = [
    f"{first}{last}"
    for first in ("har", "bri", "tun", "fer", "mar", "del", "sol", "vin")
    for last in ("bour", "dge", "nel", "ry", "ket", "ta", "ar", "tage")
]
ASKED = 30
"""Lists and searches that a median is made of."""
SENT = 2000
"""Commits on their way to NATS at a time."""
LONGEST = 1800.0


def topic(chance: random.Random) -> str:
    """Six words, of which each stands in a tenth of all topics."""
    return " ".join(chance.choices(WORDS, k=6))


async def fill(caller: Caller, sessions: int, batch: str, session: str) -> None:
    """Append the logs of one batch and its session again, under other ids."""
    logs = {target: await caller.log.read(target) for target in (batch, session)}
    lines = [(target, entry.commit.encode()) for target, entries in logs.items() for entry in entries]
    chance = random.Random(1)

    def copies() -> Iterator[tuple[str, bytes]]:
        for number in range(sessions):
            own = {batch: derived_id("b", f"copy-{number}"), session: derived_id("s", f"copy-{number}")}
            said = topic(chance).encode()
            for target, data in lines:
                copy = data.replace(batch.encode(), own[batch].encode())
                copy = copy.replace(session.encode(), own[session].encode())
                yield subjects.log(own[target]), copy.replace(TOPIC.encode(), said)

    js = caller.bus.client.jetstream(publish_async_max_pending=SENT, timeout=60)
    began, done = time.monotonic(), 0
    everything = copies()
    while some := list(itertools.islice(everything, SENT)):
        await asyncio.gather(*[await js.publish_async(subject, data) for subject, data in some])
        done += len(some)
        if done % (SENT * 50) == 0:
            print(f"  {done} commits after {time.monotonic() - began:.0f} s", file=sys.stderr)


@asynccontextmanager
async def client(stack: Stack) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(
        base_url=f"http://127.0.0.1:{stack.port}", timeout=120, trust_env=False
    ) as http:
        yield http


async def ready(stack: Stack) -> float:
    """Seconds until the gateway takes work."""
    began = time.monotonic()
    async with client(stack) as http:

        async def there() -> bool:
            try:
                return (await http.get("/readyz")).status_code == httpx.codes.OK
            except httpx.TransportError:
                return False

        await until(there, LONGEST, "a gateway that is ready")
    return time.monotonic() - began


async def indexed(stack: Stack) -> float:
    """Seconds until the list is complete."""
    began = time.monotonic()
    async with client(stack) as http:

        async def complete() -> bool:
            return (await http.get("/batches?limit=1")).json().get("behind", 0) == 0

        await until(complete, LONGEST, "a whole index")
    return time.monotonic() - began


async def asked(stack: Stack, address: Callable[[], str]) -> str:
    """The median and the slowest answer, in milliseconds."""
    took = []
    async with client(stack) as http:
        for _ in range(ASKED):
            began = time.perf_counter()
            answer = await http.get(address())
            answer.raise_for_status()
            took.append((time.perf_counter() - began) * 1000)
    return f"{statistics.median(took):.0f} ({max(took):.0f})"


async def first_session(caller: Caller, name: str) -> float:
    """Seconds until a new session is done: orchestrator, scheduler and workers are all there then."""
    began = time.monotonic()
    _, session_id = await caller.begin(name, "steps=1")
    await until(lambda: caller.log.last(session_id), LONGEST, "a new session")
    await caller.at_rest(session_id, LONGEST)
    return time.monotonic() - began


def memory(stack: Stack) -> dict[str, float]:
    """Resident MB of each process."""
    pids = {name: process.pid for name, process in stack.processes.items() if process.poll() is None}
    pids |= {"nats": stack.nats.pid or 0, "seaweedfs": stack.weed.pid or 0}
    pages = {name: int(Path(f"/proc/{pid}/statm").read_text().split()[1]) for name, pid in pids.items()}
    return {name: count * os.sysconf("SC_PAGE_SIZE") / 1e6 for name, count in pages.items()}


async def grown(stack: Stack, sessions: int) -> None:
    """Research one session, and append it so many times. Everything is stopped afterwards."""
    quick = stack.nats
    stack.nats = NatsServer(quick.folder, quick.port, sync_always=False)
    stack.start_all()
    caller = await stack.caller()
    batch, session = await caller.begin("original", TOPIC)
    await caller.at_rest(session, LONGEST)

    async def swept() -> bool:
        last = await caller.log.last(session)
        return last is not None and not last.commit.sweep

    await until(swept, LONGEST, "a session that is swept")
    for name in ("gateway", "core", "workers"):
        stack.kill(name)
    await fill(caller, sessions, batch, session)
    await caller.bus.client.flush(60)
    await stack.close_callers()
    stack.nats.stop()
    stack.nats = quick


async def started(stack: Stack, at: str) -> dict[str, str]:
    """Start NATS and the services, and say how long it takes until they work."""
    began = time.monotonic()
    stack.nats.start(LONGEST)
    servers = time.monotonic() - began
    for name in stack.services:
        stack.start(name)
    found = {f"ready {at}: NATS, then the gateway (s)": f"{servers:.1f}, {await ready(stack):.1f}"}
    caller = await stack.caller()
    found[f"a new session done {at} (s)"] = f"{await first_session(caller, at.replace(' ', '-')):.1f}"
    found[f"the list is complete {at} (s)"] = f"{await indexed(stack):.1f}"
    return found


async def measure(sessions: int, folder: Path) -> dict[str, str]:
    """One column of the table."""
    env = {
        "REPRISE_STATE_DIR": str(folder / "state"),
        "REPRISE_TIMINGS__SWEEP_AFTER": "1",
        "REPRISE_TIMINGS__CHECK": "0",  # the objects of the copies are not there
    }
    stack = Stack(folder, gateway=True, shape="compact", env=env)
    chance = random.Random(2)
    try:
        await grown(stack, sessions)
        found = await started(stack, "without an index")
        stack.kill("core")
        stack.restart("core")
        caller = await stack.caller()
        found["scheduler killed: a new session done (s)"] = f"{await first_session(caller, 'failover'):.1f}"
        await stack.close_callers()
        for name in ("gateway", "core", "workers", "nats"):
            stack.kill(name)
        found |= await started(stack, "with its index")
        found["list of 50 (ms, median and slowest)"] = await asked(stack, lambda: "/batches?limit=50")
        found["search, a common word"] = await asked(stack, lambda: f"/batches?q={chance.choice(WORDS)}")
        found["search, three words"] = await asked(
            stack, lambda: "/batches?q=" + "+".join(chance.sample(WORDS, 3))
        )
        found["search, a word that is nowhere"] = await asked(stack, lambda: "/batches?q=zeppelin")
        found["search, two letters that are nowhere"] = await asked(stack, lambda: "/batches?q=zq")
        found |= {f"{name} (MB)": f"{size:.0f}" for name, size in memory(stack).items()}
        files = sum(path.stat().st_size for path in (folder / "state" / "index").glob("index.sqlite*"))
        found["the index's file (MB)"] = f"{files / 1e6:.0f}"
        log = sum(path.stat().st_size for path in (folder / "nats").rglob("*.blk"))
        found["NATS's files (MB)"] = f"{log / 1e6:.0f}"
        await stack.close_callers()
    finally:
        stack.stop_all()
    return found


async def main(sizes: list[int], parent: Path | None) -> None:
    columns = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="reprise-growth-", dir=parent) as folder:
            print(f"{size} sessions …", file=sys.stderr)
            columns.append(await measure(size, Path(folder)))
            for line, value in columns[-1].items():
                print(f"  {line}: {value}", file=sys.stderr)
    print("| stored sessions | " + " | ".join(f"{size:,}" for size in sizes) + " |")
    print("|---|" + "---|" * len(sizes))
    for line in columns[0]:
        print(f"| {line} | " + " | ".join(column.get(line, "–") for column in columns) + " |")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(
        description="Ready time, lists, searches and memory with N stored sessions."
    )
    parser.add_argument("sizes", type=int, nargs="+", metavar="N")
    parser.add_argument("--folder", type=Path, help="where the stacks are kept meanwhile")
    given = parser.parse_args()
    asyncio.run(main(given.sizes, given.folder))
