"""Workers come and go under load: four do four times as much as one, and nobody's coming or going loses or
repeats anything."""

import asyncio
from collections import Counter
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from operated_stack import Caller, Operated, until, value
from reprise_contracts.events import NodeCompleted, NodeQueued, ResultSuperseded
from stack import Stack


async def completed(caller: Caller, session: str) -> list[tuple[str, float]]:
    """Each completion of a step, with its time."""
    entries = await caller.log.read(session)
    return [
        (event.node, entry.commit.at.timestamp())
        for entry in entries
        for event in entry.commit.events
        if isinstance(event, NodeCompleted) and event.node.startswith("phase3/")
    ]


async def rate(caller: Caller, steps: int) -> float:
    """Steps a second of a session whose steps wait 200 ms each, from the first completion to the last."""
    _, session = await caller.begin(f"s-{uuid4().hex}", f"steps={steps} wait_ms=200")
    await caller.at_rest(session, 120)
    times = [at for _, at in await completed(caller, session)]
    assert len(times) == steps
    return (steps - 1) / (max(times) - min(times))


@pytest.mark.long
async def test_four_workers_do_almost_four_times_as_much_as_one(tmp_path: Path) -> None:
    """Steps of 200 ms of waiting, one at a time in each worker: at least 3.6 times the throughput. On a
    machine that is otherwise idle."""
    stack = Stack(tmp_path, concurrency=1)
    async with stack:
        caller = await stack.caller()
        await rate(caller, 2)
        one = await rate(caller, 24)
        for number in range(2, 5):
            stack.start(f"worker-phase3.{number}")
        await asyncio.gather(*(rate(caller, 4) for _ in range(8)))  # until all four take part
        four = await rate(caller, 96)
        print(f"one worker {one:.2f} steps/s, four {four:.2f} steps/s: {four / one:.2f} times")
        assert four >= 3.6 * one


@pytest.mark.long
async def test_a_pool_is_as_wide_as_its_workers(tmp_path: Path) -> None:
    """64 slots and 128 steps of ten seconds: two rounds, and what is sent beside them takes less than five
    seconds."""
    stack = Stack(tmp_path, concurrency=64)
    async with stack:
        caller = await stack.caller()
        await rate(caller, 2)
        _, session = await caller.begin(f"s-{uuid4().hex}", "steps=128 wait_ms=10000")
        await caller.at_rest(session, 120)
        entries = await caller.log.read(session)
        queued = [
            entry.commit.at.timestamp()
            for entry in entries
            for event in entry.commit.events
            if isinstance(event, NodeQueued) and event.node.startswith("phase3/")
        ]
        times = [at for _, at in await completed(caller, session)]
        print(f"128 steps of 10 s on 64 slots: {max(times) - min(queued):.1f} s")
        assert len(times) == 128
        assert max(times) - min(queued) < 25


async def test_workers_that_come_and_go_lose_and_repeat_nothing(operated: Operated, caller: Caller) -> None:
    """Added, ended in order and killed while 140 steps are under way: every step has one result, and no
    result came twice."""
    _, session = await caller.begin(f"s-{uuid4().hex}", "steps=140 wait_ms=800")
    try:
        for number in (2, 3):
            operated.start(f"worker-phase3.{number}")
        for goes in ("worker-phase3.2", "worker-phase3.3"):
            await asyncio.sleep(1.0)
            operated.stop(goes)
        operated.start("worker-phase3.2")

        async def busy() -> bool:
            try:
                return await value(operated, "worker-phase3.2", 'reprise_jobs_running{phase="phase3"}') == 4
            except httpx.TransportError:  # it is not up yet
                return False

        await until(busy, 60, "a second worker in work")
        operated.kill("worker-phase3.2")
        await caller.at_rest(session, 180)
    finally:
        for number in (2, 3):
            operated.kill(f"worker-phase3.{number}")
    done = Counter(node for node, _ in await completed(caller, session))
    assert len(done) == 140 and set(done.values()) == {1}
    entries = await caller.log.read(session)
    superseded = [
        event for entry in entries for event in entry.commit.events if isinstance(event, ResultSuperseded)
    ]
    assert len(superseded) <= 4, (
        "at most what the killed worker held may have been run twice, and only one result counted"
    )
    assert await value(operated, "worker-phase3", 'reprise_redeliveries_total{phase="phase3"}') >= 1, (
        "what the killed worker held came again"
    )
    found = await caller.session(session)
    assert found is not None and found.run is None
