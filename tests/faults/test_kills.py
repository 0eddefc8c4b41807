"""R22: any process may be killed at any instant, the servers included, and nothing is lost or done twice."""

import asyncio
import os
import random
import time
from collections import Counter
from pathlib import Path

import pytest

from reprise_contracts import subjects
from reprise_contracts.commands import Options, Rerun, Target
from reprise_contracts.events import NodeCompleted
from reprise_contracts.nodes import PHASES
from reprise_domain.graph import all_nodes
from reprise_gateway.states import command_of
from stack import Caller, Stack, until

# nats-py leaves the transport of a connection whose server was killed to the garbage collector, which warns.
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
KINDS = ("orchestrator", "scheduler", "worker-phase0", "worker-phase1", "worker-phase2", "worker-phase3", "worker-phase4", "nats", "weed")
ENV = {"REPRISE_TIMINGS__LEASE": "4", "REPRISE_TIMINGS__HEARTBEAT": "1", "REPRISE_TIMINGS__SWEEP_AFTER": "1"}


async def killer(stack: Stack, seconds: float, chance: random.Random) -> list[str]:
    """Kill one kind after the other, in rounds of a random order, and bring each back after a moment."""
    killed: list[str] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for name in chance.sample(KINDS, len(KINDS)):
            if time.monotonic() > end:
                break
            await asyncio.sleep(chance.uniform(0.05, 1.0))
            await asyncio.to_thread(stack.kill, name)
            killed.append(name)
            await asyncio.sleep(chance.uniform(0.0, 0.5))
            await asyncio.to_thread(stack.restart, name)
    return killed


async def work(caller: Caller, place: int, chance: random.Random, end: float) -> tuple[str, str, list[str]]:
    """One batch that is researched, then rerun in parts for as long as there is time."""
    batch, session = await caller.begin(f"kill-{place}-{chance.randrange(10**9)}", "steps=12 wait_ms=30")
    commands = []
    await until(lambda: caller.log.last(session), 120, "the session")
    while time.monotonic() < end:
        await caller.at_rest(session, 180)
        name = f"c-{len(commands)}"
        target = chance.choice([Target(phase="phase3"), Target(phase="phase0"), Target(steps=(1, 5, 7)), Target(phase="phase4")])
        options = Options(guidance=name, propagation=chance.choice(["cascade", "mark_stale"]))  # type: ignore[arg-type]
        await caller.send(session, Rerun(command_id=name, target=target, options=options))
        commands.append(name)

        async def decided(name: str = name) -> bool | None:
            state = await caller.session(session)
            return bool(state and command_of(state, name)) or None

        await until(decided, 120, f"a decision on {name}")
    return batch, session, commands


async def check(caller: Caller, batch: str, session_id: str, commands: list[str]) -> None:
    """What must hold at the end of one session."""
    await caller.at_rest(session_id, 180)
    last = "c-last"
    await caller.send(session_id, Rerun(command_id=last, target=Target(stale=True)))

    async def refreshed() -> bool | None:
        state = await caller.session(session_id)
        outcome = command_of(state, last) if state else None
        return (outcome is not None and outcome.status in {"completed", "failed", "cancelled", "refused"}) or None

    await until(refreshed, 180, "the last refresh")
    session = await caller.at_rest(session_id)
    for name in commands:
        outcome = command_of(session, name)
        assert outcome is not None
        assert outcome.status in {"completed", "merged", "failed"}, (name, outcome)
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
        made = session.node(node).made
        assert made is not None, node
        await caller.store.get_verified(made.ref.key, made.ref.sha256)
        named.add(made.ref.key)

    async def swept() -> bool | None:
        found = {key async for key in keys(caller, batch, session_id)}
        return found == named or None

    await until(swept, 60, f"a clean store of {session_id}")


async def keys(caller: Caller, batch: str, session: str):  # type: ignore[no-untyped-def]
    for phase in PHASES:
        async for key, _ in caller.store.list(subjects.artifact_prefix(batch, session, phase)):
            yield key


async def story(folder: Path, seconds: float, seed: int, batches: int) -> None:
    chance = random.Random(seed)
    async with Stack(folder, env=ENV) as stack:
        caller = await stack.caller()
        end = time.monotonic() + seconds
        works = [asyncio.create_task(work(caller, place, random.Random(seed + place), end)) for place in range(batches)]
        killed = await killer(stack, seconds, chance)
        done = await asyncio.gather(*works)
        print(f"\nseed {seed}: {len(killed)} kills, {sum(len(commands) for *_, commands in done)} reruns over {batches} batches")
        for batch, session, commands in done:
            await check(caller, batch, session, commands)


async def test_r22_nothing_is_lost_when_anything_is_killed(tmp_path: Path) -> None:
    """A short run: every kind of process at least once."""
    await story(
        tmp_path,
        seconds=float(os.environ.get("REPRISE_TEST_KILL_SECONDS", "18")),
        seed=int(os.environ.get("REPRISE_TEST_SEED", "7")),
        batches=3,
    )


@pytest.mark.long
async def test_r22_nothing_is_lost_in_ten_minutes_of_kills(tmp_path: Path) -> None:
    """The long run of `make faults`."""
    await story(tmp_path, seconds=600, seed=int(os.environ.get("REPRISE_TEST_SEED", str(random.randrange(10**6)))), batches=4)
