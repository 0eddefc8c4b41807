"""How many WebSockets one gateway carries: 1,000 clients, 200 frames a second, and some clients that do not
read.

A gateway on real NATS and SeaweedFS, 50 batches with 20 clients each. Frames are published as workers publish
them, 200 a second in all, so that 4,000 a second are delivered; each carries the time at which it was sent.
The clients run in another process, on the same machine.
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import tempfile
import time
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

from websockets.asyncio.client import connect

from reprise_contracts import subjects
from reprise_contracts.frames import StreamToken, WorkflowProgress
from stack import Caller, Stack, until

BATCHES = 50
ENV = {"REPRISE_LOG__LEVEL": "warning", "REPRISE_LIMITS__REQUESTS_BURST": "100000"}


async def client(url: str, delays: list[float], ready: asyncio.Semaphore) -> None:
    """One reader: the delay of each frame that carries its time, in seconds."""
    async with connect(
        url, proxy=None, max_queue=None, ping_interval=None, open_timeout=60, compression=None
    ) as socket:
        ready.release()
        async for text in socket:
            message = json.loads(text).get("message", "")
            if message.startswith("sent "):
                delays.append(time.time() - float(message[5:]))


async def readers(urls: list[str], pipe: Pipe) -> None:
    """All readers; says when they are connected, then how long frames took, as it is asked."""
    delays: list[float] = []
    ready = asyncio.Semaphore(0)
    tasks = []
    for url in urls:
        tasks.append(asyncio.create_task(client(url, delays, ready)))
        if len(tasks) % 50 == 0:
            for _ in range(50):
                await ready.acquire()
    pipe.send(len(tasks))
    while (asked := await asyncio.to_thread(pipe.recv)) != "end":
        pipe.send(list(delays))
        if asked == "clear":
            delays.clear()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def run_readers(urls: list[str], pipe: Pipe) -> None:
    asyncio.run(readers(urls, pipe))


def memory(pid: int) -> float:
    """Megabytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def processor(pid: int) -> float:
    """Seconds of a core."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def send(caller: Caller, sessions: list[str], rate: float, seconds: float) -> int:
    """Frames of progress, evenly spaced, one session after the other; how many."""
    began = time.monotonic()
    for number in range(int(rate * seconds)):
        session = sessions[number % len(sessions)]
        frame = WorkflowProgress(
            progress=number % 100, message=f"sent {time.time()}", phase="phase3", generation=1, attempt=1
        )
        caller.bus.publish_nowait(subjects.progress(session, "phase3/1"), frame.encode())
        await asyncio.sleep(max(0.0, began + (number + 1) / rate - time.monotonic()))
    return int(rate * seconds)


def percentile(delays: list[float], share: float) -> str:
    return (
        f"{sorted(delays)[min(int(len(delays) * share), len(delays) - 1)] * 1000:.0f} ms"
        if delays
        else "nothing came"
    )


class Bench:
    """A gateway with its readers."""

    def __init__(self, stack: Stack, caller: Caller, sessions: list[str], pipe: Pipe, clients: int) -> None:
        self.stack, self.caller, self.sessions, self.pipe, self.clients = (
            stack,
            caller,
            sessions,
            pipe,
            clients,
        )
        self.gateway = stack.processes["gateway"].pid

    async def asked(self, what: str) -> list[float]:
        self.pipe.send(what)
        return await asyncio.to_thread(self.pipe.recv)

    async def measure(self, name: str, rate: float, seconds: float) -> None:
        await self.asked("clear")
        used, began = processor(self.gateway), time.monotonic()
        sent = await send(self.caller, self.sessions, rate, seconds)
        share = (processor(self.gateway) - used) / (time.monotonic() - began)
        await asyncio.sleep(1)
        delays = await self.asked("delays")
        shown = ", ".join(f"p{place} {percentile(delays, place / 100)}" for place in (50, 95, 99))
        due = sent * self.clients // BATCHES
        used = f"{share:.0%} of a core, load of the machine {os.getloadavg()[0]:.1f}"
        print(
            f"{name}: {sent / seconds:.0f} frames/s, {len(delays)} of {due} delivered, {shown}; {used}",
            flush=True,
        )

    async def flood(self, count: int, size: int) -> None:
        """Tokens of many streams for the first batch: none of them stands for another."""
        token = StreamToken(stream_id="w", phase="phase3", token="x" * size, generation=1, attempt=1)
        for number in range(count):
            told = token.model_copy(update={"stream_id": f"w-{number}"})
            self.caller.bus.publish_nowait(subjects.progress(self.sessions[0], "phase3/1"), told.encode())
            if number % 10 == 0:
                await asyncio.sleep(0.02)
        await asyncio.sleep(1)


async def main(clients: int, rate: float, seconds: float, stalled: int) -> None:
    with tempfile.TemporaryDirectory(prefix="reprise-sockets-") as folder:
        stack = Stack(Path(folder), env=ENV, gateway=True)
        stack.services = ("orchestrator", "gateway")
        async with stack:
            caller = await stack.caller()
            begun = [await caller.begin(f"ws-{number}", "steps=1") for number in range(BATCHES)]
            for _, session in begun:
                await until(lambda session=session: caller.session(session), 60, "a session")  # type: ignore[misc]
            urls = [
                f"ws://127.0.0.1:{stack.port}/ws/{begun[number % BATCHES][0]}" for number in range(clients)
            ]
            context = multiprocessing.get_context("spawn")
            here, there = context.Pipe()
            process = context.Process(target=run_readers, args=(urls, there))
            bench = Bench(stack, caller, [session for _, session in begun], here, clients)
            before = memory(bench.gateway)
            process.start()
            connected = await asyncio.to_thread(here.recv)
            print(
                f"{connected} clients are connected; {(memory(bench.gateway) - before) / clients * 1000:.0f} "
                "kB each",
                flush=True,
            )
            await bench.measure("all read", rate, seconds)
            size = memory(bench.gateway)
            quiet = [
                await connect(urls[0], proxy=None, max_queue=1, ping_interval=None, compression=None)
                for _ in range(stalled)
            ]
            for socket in quiet:
                socket.transport.pause_reading()
            await bench.flood(1000, 8000)
            grown = memory(bench.gateway) - size
            print(
                f"{stalled} clients that do not read, after 8 MB for each: the gateway has grown by "
                f"{grown:.0f} MB",
                flush=True,
            )
            await bench.measure(f"with {stalled} that do not read", rate, seconds)
            for socket in quiet:
                socket.transport.abort()
            here.send("end")
            await asyncio.to_thread(process.join)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="WebSockets of one gateway.")
    parser.add_argument("--clients", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=200.0, help="frames a second, of all batches together")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--stalled", type=int, default=10)
    given = parser.parse_args()
    asyncio.run(main(given.clients, given.rate, given.seconds, given.stalled))
