"""`make bench`: the whole system with an engine that does no work, beside what the raw parts reach in the
same run.

Real NATS and SeaweedFS, both flushing to the disk before they confirm; one process per service. Everything
printed was measured in this run. Ratios between lines of one run mean something; figures of different
machines or days hardly do.
"""

import argparse
import asyncio
import hashlib
import itertools
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from reprise_contracts import subjects
from reprise_contracts.commands import Options, Rerun, Target
from reprise_contracts.nodes import PHASES
from reprise_contracts.wire import derived_id
from stack import Caller, Stack

ENV = {"REPRISE_LOG__LEVEL": "warning"}


class Table:
    """Rows printed as they are measured, and once more at the end as Markdown."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, str]] = []

    def add(self, name: str, value: str) -> None:
        self.rows.append((name, value))
        print(f"  {name:<66} {value}", flush=True)

    def markdown(self) -> str:
        return "\n".join(
            ["| measured | |", "|---|---|", *(f"| {name} | {value} |" for name, value in self.rows)]
        )


async def ends(caller: Caller, sessions: list[str], seconds: float = 300) -> None:
    """Until no run of these sessions is active."""
    waiting = set(sessions)
    position = await caller.log.position()

    async def look() -> None:
        async with caller.log.follow(after=start) as following:
            async for entry in following:
                if entry.id in waiting and not entry.commit.active:
                    waiting.discard(entry.id)
                    if not waiting:
                        return

    start = caller.mark if caller.mark is not None else position.last_seq
    await asyncio.wait_for(look(), seconds)


async def timed(work: Callable[[], Awaitable[object]]) -> float:
    started = time.perf_counter()
    await work()
    return time.perf_counter() - started


async def research(caller: Caller, names: list[str], topic: str) -> float:
    """Seconds from the commands that begin these sessions, whose texts are uploaded, to the commit that ends
    the last of them."""
    uploaded = dict(zip(names, await asyncio.gather(*map(caller.uploaded, names)), strict=True))
    caller.mark = (await caller.log.position()).last_seq
    started = time.perf_counter()
    await asyncio.gather(*(caller.create(name, topic, sources) for name, sources in uploaded.items()))
    await ends(caller, [derived_id("s", name) for name in names])
    return time.perf_counter() - started


async def throughput(stack: Stack, caller: Caller, table: Table) -> None:
    await research(caller, [f"warm-{n}" for n in range(3)], "steps=10")
    for place in range(3):
        names = [f"wide-{place}-{n}" for n in range(20)]
        before = processor_time(stack)
        seconds = await research(caller, names, "steps=50")
        used = {name: spent - before[name] for name, spent in processor_time(stack).items()}
        table.add(f"20 sessions x 50 steps (1,080 nodes), round {place + 1}", f"{1080 / seconds:.0f} nodes/s")
        table.add(
            "  processor time of each process (s)",
            ", ".join(f"{name} {spent:.2f}" for name, spent in used.items()),
        )
        table.add("  of a core per node", f"{sum(used.values()) / 1080 * 1000:.2f} ms")


def processes(stack: Stack) -> dict[str, int]:
    """Every process of the stack, by name."""
    found = {name: process.pid for name, process in stack.processes.items()}
    return found | {"nats-server": stack.nats.pid or 0, "weed": stack.weed.pid or 0}


def processor_time(stack: Stack) -> dict[str, float]:
    """Seconds of a core that each process has used."""

    def seconds(pid: int) -> float:
        fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    return {name: seconds(pid) for name, pid in processes(stack).items()}


async def latency(caller: Caller, table: Table, name: str, rounds: int = 15) -> None:
    times = [await research(caller, [f"{name}-{place}"], "steps=1") for place in range(rounds)]
    table.add(
        f"5-node session, {name.replace(chr(45), chr(32))}, median of {rounds}",
        f"{statistics.median(times) * 1000:.0f} ms",
    )


WIDTHS = {20: 12, 200: 3, 2000: 1}
"""Steps of a session, and how many sessions are measured one after another."""


async def widths(stack: Stack, caller: Caller, table: Table) -> None:
    """What a node costs in a session on its own: of the clock, which waits for the phases in turn, and of the
    processor."""
    spent: dict[int, tuple[float, float]] = {}
    for steps, rounds in WIDTHS.items():
        before, names = (
            sum(processor_time(stack).values()),
            [f"width-{steps}" + f"-{place}" * bool(place) for place in range(rounds)],
        )
        seconds = sum([await research(caller, [name], f"steps={steps}") for name in names])
        used = sum(processor_time(stack).values()) - before
        nodes = rounds * (steps + 4)
        spent[steps] = (seconds / rounds * 1000, used / rounds * 1000)
        table.add(
            f"one session of {steps} steps, cost per node",
            f"{seconds / nodes * 1000:.2f} ms, {used / nodes * 1000:.2f} ms of a core",
        )
    for fewer, more in itertools.pairwise(spent):
        clock, core = (
            (after - before) / (more - fewer) for before, after in zip(spent[fewer], spent[more], strict=True)
        )
        table.add(f"  each further step, from {fewer} to {more}", f"{clock:.2f} ms, {core:.2f} ms of a core")


async def equal_load(stack: Stack, caller: Caller, table: Table, steps_in_all: int = 2000) -> None:
    """What a node costs where sessions of this width fill the machine: the same number of steps each time, in
    many sessions or in one."""
    for steps in WIDTHS:
        count = steps_in_all // steps
        before = sum(processor_time(stack).values())
        names = [f"load-{steps}-{place}" for place in range(count)]
        seconds = await research(caller, names, f"steps={steps}")
        used, nodes = sum(processor_time(stack).values()) - before, count * (steps + 4)
        table.add(
            f"{count} sessions of {steps} steps at once, cost per node",
            f"{seconds / nodes * 1000:.2f} ms, {used / nodes * 1000:.2f} ms of a core",
        )


async def reruns(caller: Caller, table: Table) -> None:
    """From publishing a rerun command to its job being stored for a worker, beside a raw request and
    reply."""
    session = derived_id("s", "width-20")
    subscription = await caller.bus.client.subscribe(subjects.jobs_of("phase3"))
    times = []
    for place in range(30):
        command = Rerun(
            command_id=f"r-{place}", target=Target(steps=(1,)), options=Options(propagation="mark_stale")
        )
        started = time.perf_counter()
        await caller.send(session, command)
        await subscription.next_msg(timeout=10)
        times.append(time.perf_counter() - started)
        await caller.at_rest(session)
    await subscription.unsubscribe()
    table.add("rerun command to its first job, median of 30", f"{statistics.median(times) * 1000:.1f} ms")

    async def answer(message: object) -> None:
        await message.respond(b"")  # type: ignore[attr-defined]

    echo = await caller.bus.client.subscribe("bench.echo", cb=answer)
    times = [await timed(lambda: caller.bus.client.request("bench.echo", b"", timeout=5)) for _ in range(200)]
    await echo.unsubscribe()
    table.add("  beside it: a raw NATS request and reply", f"{statistics.median(times) * 1000:.1f} ms")

    for steps in (20, 2000):
        session = derived_id("s", f"width-{steps}")
        times = []
        for place in range(10):
            command = Rerun(
                command_id=f"m-{place}", target=Target(steps=(2,)), options=Options(propagation="mark_stale")
            )
            caller.mark = (await caller.log.position()).last_seq
            started = time.perf_counter()
            await caller.send(session, command)
            await ends(caller, [session])
            times.append(time.perf_counter() - started)
        table.add(
            f"mark_stale rerun of one step, session of {steps}", f"{statistics.median(times) * 1000:.0f} ms"
        )


async def growth(caller: Caller, table: Table) -> None:
    """Bytes of one session after no and after many reruns."""
    session, batch = derived_id("s", "wide-0-0"), derived_id("b", "wide-0-0")

    async def sizes() -> str:
        entries = await caller.log.read(session)
        log = sum(len(entry.commit.encode()) for entry in entries)
        snapshot = len(await caller.log.load_snapshot(session) or b"")
        stored = 0
        for phase in PHASES:
            stored += await caller.store.used(subjects.artifact_prefix(batch, session, phase))
        return f"log {log / 1024:.0f} kB, snapshot {snapshot / 1024:.0f} kB, bucket {stored / 1024:.0f} kB"

    table.add("bytes of a session of 50 steps, after 0 reruns", await sizes())
    for place in range(100):
        command = Rerun(
            command_id=f"g-{place}",
            target=Target(steps=(1 + place % 50,)),
            options=Options(guidance=f"round {place}"),
        )
        caller.mark = (await caller.log.position()).last_seq
        await caller.send(session, command)
        await ends(caller, [session])

    await swept(caller)
    table.add("  after 100 step reruns with new guidance and cascade", await sizes())


async def swept(caller: Caller, seconds: float = 300) -> None:
    """Until no session is left to be swept."""
    async with asyncio.timeout(seconds), caller.log.follow() as following:
        left = {entry.id async for entry in caller.log.heads() if entry.commit.sweep}
        while left:
            entry = await anext(following)
            if not entry.commit.sweep:
                left.discard(entry.id)


async def many_stored(stack: Stack, caller: Caller, table: Table, count: int) -> None:
    for first in range(0, count, 200):
        await research(caller, [f"stored-{n}" for n in range(first, first + 200)], "steps=1")
    before, began = sum(processor_time(stack).values()), time.perf_counter()
    await swept(caller)
    used = sum(processor_time(stack).values()) - before
    table.add(
        f"  the sweeps of {count} sessions, later",
        f"{used / count * 1000:.1f} ms of a core each, all within {time.perf_counter() - began:.0f} s",
    )
    await latency(caller, table, f"with-{count}-more-stored-sessions")
    before = sum(processor_time(stack).values())
    seconds = await research(caller, [f"wide-late-{n}" for n in range(20)], "steps=50")
    used = sum(processor_time(stack).values()) - before
    table.add(
        "  20 sessions x 50 steps beside them",
        f"{1080 / seconds:.0f} nodes/s, {used / 1080 * 1000:.2f} ms of a core per node",
    )


def memory(stack: Stack, table: Table, when: str) -> None:
    def megabytes(pid: int) -> float:
        return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6

    found = {name: megabytes(pid) for name, pid in processes(stack).items()}
    table.add(
        f"memory per process, {when} (MB, RSS)",
        ", ".join(f"{name} {size:.0f}" for name, size in found.items()),
    )
    table.add("  all of them", f"{sum(found.values()):.0f} MB")


async def raw(caller: Caller, table: Table) -> None:
    """What publish, fetch, publish, acknowledge costs with nothing around it; and PUTs alone."""
    js = caller.bus.client.jetstream()
    await js.add_stream(name="BENCH", subjects=["bench.in", "bench.out"])
    subscription = await js.pull_subscribe("bench.in", durable="bench", stream="BENCH")
    body = b"x" * 500

    async def cycle(count: int) -> None:
        await asyncio.gather(*(js.publish("bench.in", body, stream="BENCH") for _ in range(count)))
        left = count
        while left:
            messages = await subscription.fetch(min(64, left), timeout=5)
            await asyncio.gather(*(js.publish("bench.out", body, stream="BENCH") for _ in messages))
            await asyncio.gather(*(message.ack_sync() for message in messages))
            left -= len(messages)

    await cycle(64)
    seconds = await timed(lambda: cycle(640))
    table.add("raw nats-py: publish, fetch, publish, acknowledge", f"{640 / seconds:.0f} messages/s")
    await js.delete_stream("BENCH")

    async def put(place: int) -> None:
        data = body + str(place).encode()
        await caller.store.put(f"bench/{hashlib.sha256(data).hexdigest()}", data, "application/json")

    async def puts(count: int, at_once: int = 16) -> None:
        gate = asyncio.Semaphore(at_once)

        async def one(place: int) -> None:
            async with gate:
                await put(place)

        await asyncio.gather(*(one(place) for place in range(count)))

    await puts(50)
    seconds = await timed(lambda: puts(1000))
    table.add("raw S3 PUT of 0.5 kB, 16 at once", f"{1000 / seconds:.0f} objects/s")


async def main(quick: bool, only_throughput: bool) -> None:
    table = Table()
    print(
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}"
    )
    with tempfile.TemporaryDirectory(prefix="reprise-bench-") as folder:
        async with Stack(Path(folder), env=ENV, concurrency=16) as stack:
            caller = await stack.caller()
            await research(caller, ["first"], "steps=1")
            memory(stack, table, "idle")
            await raw(caller, table)
            await throughput(stack, caller, table)
            if only_throughput:
                return
            await latency(caller, table, "idle-stack")
            await equal_load(stack, caller, table)
            await widths(stack, caller, table)
            await reruns(caller, table)
            if not quick:
                await growth(caller, table)
                await many_stored(stack, caller, table, 2000)
            memory(stack, table, "at the end")
    print("\n" + table.markdown())


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Benchmarks of the whole system.")
    parser.add_argument("--only-throughput", action="store_true", help="the first measurement alone")
    parser.add_argument("--quick", action="store_true", help="leave out the two long measurements")
    given = parser.parse_args()
    asyncio.run(main(given.quick, given.only_throughput))
