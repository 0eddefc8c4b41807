"""R22: any process may be killed at any instant, the servers included, and nothing is lost or done twice."""

import asyncio
import json
import os
import random
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect as connect_socket
from websockets.exceptions import WebSocketException

from reprise_contracts import subjects
from reprise_contracts.commands import Options, Rerun, Target
from reprise_contracts.events import NodeCompleted
from reprise_contracts.nodes import PHASES
from reprise_domain.graph import all_nodes
from reprise_gateway.projections.states import command_of
from reprise_runtime.nats.session_log import Entry
from stack import SHAPES, Caller, Shape, Stack, until

# nats-py leaves the transport of a connection whose server was killed to the garbage collector, which warns.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
KINDS = (
    "orchestrator",
    "scheduler",
    "gateway",
    "worker-phase0",
    "worker-phase1",
    "worker-phase2",
    "worker-phase3",
    "worker-phase4",
    "nats",
    "weed",
)
SAY_READY = frozenset(KINDS) - {"gateway", "nats", "weed"}
BREATH = 0.5
"""The share of rounds after which everything may come up."""
TAKEN_OR_DECIDED = 500
"""Below this status an answer is the gateway's word; above it, or without one, the command is sent again
under its id."""
ENV = {"REPRISE_TIMINGS__LEASE": "4", "REPRISE_TIMINGS__HEARTBEAT": "1", "REPRISE_TIMINGS__SWEEP_AFTER": "1"}


async def killer(stack: Stack, seconds: float, chance: random.Random) -> list[str]:
    """Kill one kind after the other, in rounds of a random order, and bring each back after a moment.

    On a busy machine a service may need longer to start than it is left alone: after some rounds everything
    comes up before the next.
    """
    killed: list[str] = []
    started: dict[str, int] = {}
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name in chance.sample(KINDS, len(KINDS)):
            if time.monotonic() > end:
                break
            await asyncio.sleep(chance.uniform(0.05, 1.0))
            await asyncio.to_thread(stack.kill, name)
            killed.append(name)
            await asyncio.sleep(chance.uniform(0.0, 0.5))
            if name in SAY_READY:
                started[name] = reports(stack, name)
            await asyncio.to_thread(stack.restart, name)
        if chance.random() < BREATH:
            await at_work(stack, started)
    return killed


def reports(stack: Stack, name: str) -> int:
    """How often a service said that it is ready."""
    service = name.removeprefix("worker-")
    return stack.log_of(name).count(f'"event": "ready", "service": "{service}')


async def at_work(stack: Stack, started: dict[str, int]) -> None:
    """Wait until every service is ready that was started; one that gave up is started again, as its
    supervisor would."""

    async def ready() -> bool:
        for name in started:
            if not stack.runs(name):
                await asyncio.to_thread(stack.restart, name)
        return all(reports(stack, name) > before for name, before in started.items())

    await until(ready, 120, "every service ready")


async def by_rest(http: httpx.AsyncClient, session: str, command: Rerun) -> None:
    """Send a command through the gateway until it says what became of it; it is honoured once however often
    it comes (R16)."""
    body = {
        "session_id": session,
        **command.model_dump(mode="json", exclude={"by", "trace", "target"}, exclude_defaults=True),
    }
    place, target = (
        ("step", {"step_ids": command.target.steps})
        if command.target.steps
        else ("phase", {"phase": command.target.phase})
    )

    async def taken() -> bool:
        try:
            answer = await http.post(f"/workflow/restart/{place}", json=body | target)
        except httpx.TransportError:
            return False
        return answer.status_code < TAKEN_OR_DECIDED

    await until(taken, 300, f"an answer to {command.command_id}")


@dataclass
class Watcher:
    """Follows a batch's WebSocket through every kill of its gateway, resuming where it stood."""

    url: str
    batch: str
    session: str
    begins: int | None = None
    """The commit up to which the snapshot went that the frames continue."""
    places: list[tuple[int, int]] = field(default_factory=list)
    connections: int = 0
    resets: int = 0

    async def run(self) -> None:
        while True:
            with suppress(OSError, WebSocketException, TimeoutError):
                await self._listen()
            await asyncio.sleep(0.1)

    async def _listen(self) -> None:
        after = "?after={}.{}".format(*self.places[-1]) if self.places else ""
        async with connect_socket(f"{self.url}/ws/{self.batch}{after}", proxy=None, max_size=None) as socket:
            self.connections += 1
            async for message in socket:
                frame = json.loads(message)
                self.resets += frame["type"] == "reset"
                if frame["type"] == "snapshot" and not after:
                    self.begins = frame["seq"]
                if frame.get("n") is not None and frame["session_id"] == self.session:
                    self.places.append((frame["seq"], frame["n"]))

    @property
    def seen(self) -> int:
        """The last commit that is known here, by a frame or by the snapshot; 0 before that."""
        return self.places[-1][0] if self.places else self.begins or 0

    def check(self, entries: list[Entry]) -> None:
        """Every commit that moved a node since the snapshot was seen, each frame once, in order."""
        assert self.resets == 0
        assert self.places == sorted(set(self.places)), "a frame came twice, or out of order"
        seen = {seq for seq, _ in self.places}
        moved = {
            entry.seq
            for entry in entries
            if any(isinstance(event, NodeCompleted) for event in entry.commit.events)
        }
        assert self.begins is not None
        assert {seq for seq in moved if seq > self.begins} <= seen, "a frame was lost"


async def work(
    stack: Stack, caller: Caller, place: int, chance: random.Random, end: float
) -> tuple[str, str, list[str], Watcher, asyncio.Task[None]]:
    """One batch that is researched, then rerun in parts for as long as there is time, through the gateway and
    by NATS in turn."""
    batch, session = await caller.begin(f"kill-{place}-{chance.randrange(10**9)}", "steps=12 wait_ms=30")
    commands = []
    await until(lambda: caller.log.last(session), 120, "the session")
    watcher = Watcher(f"ws://127.0.0.1:{stack.port}", batch, session)
    watching = asyncio.create_task(watcher.run())
    http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{stack.port}", timeout=10, trust_env=False)
    while time.monotonic() < end:
        urgent = bool(commands) and chance.random() < 0.4  # the first one waits for a plan
        if not urgent:
            await caller.at_rest(session, 300)
        name = f"c-{len(commands)}"
        target = chance.choice(
            [Target(phase="phase3"), Target(phase="phase0"), Target(steps=(1, 5, 7)), Target(phase="phase4")]
        )
        options = Options(
            guidance=name,
            propagation=chance.choice(["cascade", "mark_stale"]),
            if_running="interrupt" if urgent else "queue",  # type: ignore[arg-type]
        )
        command = Rerun(command_id=name, target=target, options=options)
        await (by_rest(http, session, command) if len(commands) % 2 else caller.send(session, command))
        commands.append(name)

        async def decided(name: str = name) -> bool | None:
            state = await caller.session(session)
            return bool(state and command_of(state, name)) or None

        await until(decided, 300, f"a decision on {name}")
    await http.aclose()
    return batch, session, commands, watcher, watching


async def check(caller: Caller, batch: str, session_id: str, commands: list[str]) -> None:
    """What must hold at the end of one session."""
    await caller.at_rest(session_id, 180)
    last = "c-last"
    await caller.send(session_id, Rerun(command_id=last, target=Target(stale=True)))

    async def refreshed() -> bool | None:
        state = await caller.session(session_id)
        outcome = command_of(state, last) if state else None
        return (
            outcome is not None and outcome.status in {"completed", "failed", "cancelled", "refused"}
        ) or None

    await until(refreshed, 180, "the last refresh")
    session = await caller.at_rest(session_id)
    for name in commands:
        outcome = command_of(session, name)
        assert outcome is not None
        # R19: what is above it failed, its worker killed again and again, and there is no result of it yet,
        # or no plan to name a step of.
        waits = outcome.problem is not None and outcome.problem.kind in {"inputs_missing", "step_unknown"}
        assert outcome.status in {"completed", "merged", "failed", "cancelled"} or waits, (name, outcome)
    entries = await caller.log.read(session_id)
    results = Counter(
        (event.node, event.generation, event.attempt)
        for entry in entries
        for event in entry.commit.events
        if isinstance(event, NodeCompleted)
    )
    assert max(results.values()) == 1, "an attempt's result was committed twice"
    named = set()
    for node in all_nodes(session.plan):
        made = session.node(node).materialization
        assert made is not None, node
        await caller.store.get_verified(made.event.artifact.key, made.event.artifact.sha256)
        named.add(made.event.artifact.key)

    async def swept() -> bool | None:
        found = {key async for key in keys(caller, batch, session_id)}
        return found == named or None

    await until(swept, 60, f"a clean store of {session_id}")


async def keys(caller: Caller, batch: str, session: str):  # type: ignore[no-untyped-def]
    for phase in PHASES:
        async for key, _ in caller.store.list(subjects.artifact_prefix(batch, session, phase)):
            yield key


async def story(folder: Path, shape: Shape, seconds: float, seed: int, batches: int) -> None:
    chance = random.Random(seed)
    async with Stack(folder, env=ENV, gateway=True, shape=shape) as stack:
        caller = await stack.caller()
        end = time.monotonic() + seconds
        works = [
            asyncio.create_task(work(stack, caller, place, random.Random(seed + place), end))
            for place in range(batches)
        ]
        killed = await killer(stack, seconds, chance)
        done = await asyncio.gather(*works)
        print(
            f"\nseed {seed}: {len(killed)} kills, {sum(len(commands) for _, _, commands, *_ in done)} reruns "
            f"over {batches} batches"
        )
        for batch, session, commands, watcher, watching in done:
            await check(caller, batch, session, commands)
            entries = await caller.log.read(session)
            last = max(
                entry.seq
                for entry in entries
                if any(isinstance(event, NodeCompleted) for event in entry.commit.events)
            )

            async def caught_up(watcher: Watcher = watcher, last: int = last) -> bool:
                return watcher.seen >= last

            await until(caught_up, 180, f"the frames of {session} up to {last}")
            watching.cancel()
            await asyncio.gather(watching, return_exceptions=True)
            watcher.check(entries)
        print(
            f"WebSockets: {sum(watcher.connections for *_, watcher, _ in done)} connections, no frame lost "
            "or twice"
        )


@pytest.mark.parametrize("shape", SHAPES)
async def test_r22_nothing_is_lost_when_anything_is_killed(tmp_path: Path, shape: Shape) -> None:
    """A short run: every kind of process at least once."""
    await story(
        tmp_path,
        shape,
        seconds=float(os.environ.get("REPRISE_TEST_KILL_SECONDS", "18")),
        seed=int(os.environ.get("REPRISE_TEST_SEED", "7")),
        batches=3,
    )


@pytest.mark.long
@pytest.mark.parametrize("shape", SHAPES)
async def test_r22_nothing_is_lost_in_ten_minutes_of_kills(tmp_path: Path, shape: Shape) -> None:
    """The long run of `make faults`."""
    await story(
        tmp_path,
        shape,
        seconds=600,
        seed=int(os.environ.get("REPRISE_TEST_SEED", str(random.randrange(10**6)))),
        batches=4,
    )
