"""Can FastStream's subscribers stand where the pull loop stands? Throughput, processor time, and how late a
lone message is handled.

    PYTHONPATH=tests:services:shared python benchmarks/subscribers.py

One NATS server, the stream JOBS, one durable consumer. Every run is a process of its own; the kinds take
turns, so that what else the machine does falls on all of them. The acknowledgement is the same in all: a
`Delivery` around the handler, which confirms each message. Processor time is that of the consuming process
alone. The second part offers single messages, 20 ms apart, to three consumers on one durable.
"""

import argparse
import asyncio
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

from faststream import AckPolicy
from faststream.nats import JStream, NatsMessage, PullSub

from reprise_contracts import subjects
from reprise_runtime.nats.acknowledgement import Delivery
from reprise_runtime.nats.connection import connect
from reprise_runtime.nats.middleware import Broker, acknowledgement
from reprise_runtime.nats.pull_consumer import PullConsumer
from reprise_runtime.nats.topology import open_bus
from reprise_runtime.operate.servers import NatsServer
from reprise_runtime.settings import Settings
from servers_for_tests import settings_for

PHASE = "phase1"
WINDOW = 64
Handler = Callable[[bytes], Awaitable[None]]


async def pull_loop(settings: Settings, handle: Handler, ended: asyncio.Event) -> None:
    """The loop of the services."""
    client = await connect(settings.nats, "loop")
    puller = PullConsumer(
        await open_bus(client, settings, declare=False),
        subjects.JOBS,
        subjects.pool(PHASE),
        settings.timings,
        window=WINDOW,
    )

    async def one(delivery: Delivery) -> None:
        async with delivery:
            await handle(delivery.data)

    working = asyncio.create_task(puller.run(one))
    await ended.wait()
    puller.stop()
    await working
    await client.drain()


def faststream(
    max_workers: int, timeout: float
) -> Callable[[Settings, Handler, asyncio.Event], Awaitable[None]]:
    """A subscriber of FastStream's, with the acknowledgement as its middleware."""

    async def run(settings: Settings, handle: Handler, ended: asyncio.Event) -> None:
        client = await connect(settings.nats, "faststream")
        bus = await open_bus(client, settings, declare=False)
        broker = Broker(client, (acknowledgement(bus, settings.timings),))

        async def body(message: NatsMessage) -> bytes:
            return message.body

        @broker.subscriber(
            subjects.jobs_of(PHASE),
            stream=JStream(subjects.JOBS, declare=False),
            durable=subjects.pool(PHASE),
            pull_sub=PullSub(batch_size=WINDOW, timeout=timeout),
            ack_policy=AckPolicy.MANUAL,
            max_workers=max_workers,
            decoder=body,
        )
        async def work(data: bytes) -> None:
            await handle(data)

        await broker.start()
        await ended.wait()
        await broker.stop()

    return run


KINDS = {
    "pull loop": pull_loop,
    "FastStream": faststream(1, 0.2),
    f"FastStream, max_workers={WINDOW}": faststream(WINDOW, 0.2),
    f"FastStream, max_workers={WINDOW}, timeout=5": faststream(WINDOW, 5.0),
}


async def consume(kind: str, settings: Settings, pipe: Pipe, wanted: int | None) -> None:
    """Handle what comes; tells the seconds, the processor seconds and each message's delay."""
    delays: list[float] = []
    ended = asyncio.Event()

    async def handle(data: bytes) -> None:
        await asyncio.sleep(0)
        delays.append(time.time() - float(data))
        if len(delays) == wanted:
            ended.set()

    pipe.send("ready")
    await asyncio.to_thread(pipe.recv)
    began, spent = time.perf_counter(), time.process_time()
    running = asyncio.ensure_future(KINDS[kind](settings, handle, ended))
    if wanted is None:
        await asyncio.to_thread(pipe.recv)
        ended.set()
    else:
        await ended.wait()
    took, spent = time.perf_counter() - began, time.process_time() - spent
    await running
    pipe.send((took, spent, delays))


def run_consumer(kind: str, url: str, pipe: Pipe, wanted: int | None) -> None:
    asyncio.run(consume(kind, Settings.model_validate({"nats": {"url": url}}), pipe, wanted))


def begin(kind: str, url: str, wanted: int | None) -> tuple[multiprocessing.process.BaseProcess, Pipe]:
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=run_consumer, args=(kind, url, theirs, wanted))
    process.start()
    ours.recv()
    return process, ours


async def offer(settings: Settings, count: int, pause: float = 0.0) -> None:
    client = await connect(settings.nats, "offer")
    bus = await open_bus(client, settings)
    for n in range(count):
        await bus.publish(
            subjects.job(f"s{n}-{time.time_ns()}", PHASE, 1, 1),
            repr(time.time()).encode(),
            stream=subjects.JOBS,
        )
        if pause:
            await asyncio.sleep(pause)
    await client.drain()


async def left(settings: Settings) -> int:
    client = await connect(settings.nats, "look")
    bus = await open_bus(client, settings, declare=False)
    found = int((await bus.stream_info(subjects.JOBS))["state"]["messages"])
    await client.drain()
    return found


async def main(messages: int, rounds: int, lone: int) -> None:
    with NatsServer(Path(tempfile.mkdtemp())) as server:
        settings = settings_for(server)
        figures: dict[str, list[tuple[float, float]]] = {kind: [] for kind in KINDS}
        for _ in range(rounds):
            for kind in KINDS:
                await offer(settings, messages)
                process, pipe = await asyncio.to_thread(begin, kind, server.url, messages)
                pipe.send("go")
                took, spent, _ = await asyncio.to_thread(pipe.recv)
                process.join()
                if await left(settings):
                    raise RuntimeError(f"{kind} did not acknowledge each message")
                figures[kind].append((messages / took, 1000 * spent / messages))
        for kind, found in figures.items():
            rates, costs = zip(*found, strict=True)
            print(
                f"{kind:<45} {statistics.median(rates):7.0f} messages/s ({min(rates):.0f}–{max(rates):.0f}),"
                f" {statistics.median(costs):.2f} ms of a core each ({min(costs):.2f}–{max(costs):.2f})",
                flush=True,
            )
        for kind in KINDS:
            consumers = [await asyncio.to_thread(begin, kind, server.url, None) for _ in range(3)]
            for _, pipe in consumers:
                pipe.send("go")
            await offer(settings, lone, pause=0.02)
            deadline = time.monotonic() + 30
            while await left(settings) and time.monotonic() < deadline:  # noqa: ASYNC110 - another process takes them
                await asyncio.sleep(0.2)
            delays: list[float] = []
            for process, pipe in consumers:
                pipe.send("end")
                delays += (await asyncio.to_thread(pipe.recv))[2]
                process.join()
            delays.sort()
            late = sum(delay > 1.0 for delay in delays)
            print(
                f"{kind:<45} three on one durable: median {1000 * statistics.median(delays):.0f} ms,"
                f" 99 % {1000 * delays[int(len(delays) * 0.99)]:.0f} ms, last {1000 * delays[-1]:.0f} ms, "
                f"{late} of {len(delays)} over 1 s",
                flush=True,
            )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="FastStream's subscribers beside the pull loop")
    parser.add_argument("--messages", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--lone", type=int, default=500)
    given = parser.parse_args()
    asyncio.run(main(given.messages, given.rounds, given.lone))
