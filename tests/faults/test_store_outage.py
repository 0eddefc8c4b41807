"""R35: an object store that is away is no failure of a node."""

import asyncio
import os
import time
from pathlib import Path

from reprise_contracts.commands import Cancel, Rerun, Target
from reprise_contracts.events import NodeCompleted, NodeFailed
from stack import Stack, until

AWAY = float(os.environ.get("REPRISE_TEST_AWAY_SECONDS", "25"))
"""Seconds without a store. What gives up after some tries has done so long before."""
ENV = {
    "REPRISE_TIMINGS__LEASE": "4",
    "REPRISE_TIMINGS__HEARTBEAT": "1",
    "REPRISE_TIMINGS__SWEEP_AFTER": "1",
    "REPRISE_TIMINGS__DRAIN": "2",
}


async def test_r35_a_store_that_is_away_is_waited_for(tmp_path: Path) -> None:
    """No attempt is used up and none fails; what waits can be cancelled within two seconds; a worker that
    drains ends in its time; what begins meanwhile is done afterwards."""
    async with Stack(tmp_path, env=ENV, concurrency=8) as stack:
        caller = await stack.caller()
        _, ready = await caller.begin("ready", "steps=1")
        await caller.at_rest(ready)
        _, session = await caller.begin("waits", "steps=6 wait_ms=5000")
        _, cancelled = await caller.begin("cancelled", "steps=1 wait_ms=5000")

        async def running() -> bool:
            states = [await caller.session(name) for name in (session, cancelled)]
            return all(state is not None and state.node("phase3/1").status == "running" for state in states)

        await until(running, 30, "steps in work")
        stack.kill("weed")
        gone = time.monotonic()
        await caller.send(ready, Rerun(command_id="meanwhile", target=Target(phase="phase1")))
        await asyncio.sleep(
            6.0
        )  # their 5 s of work are over: they have something to store, and nowhere to put it
        asked = time.monotonic()
        await caller.send(cancelled, Cancel(command_id="stop"))
        state = await caller.at_rest(cancelled, 5)
        assert state.node("phase3/1").status == "cancelled" and time.monotonic() - asked < 2.5

        stack.start("worker-phase3.2")
        drained = time.monotonic()
        assert await asyncio.to_thread(stack.stop, "worker-phase3") == 0
        assert time.monotonic() - drained < 2 + 3, (
            "a worker that waits for the store ends when its time is over"
        )

        await asyncio.sleep(max(0.0, AWAY - (time.monotonic() - gone)))
        stack.restart("weed")
        for name in (session, ready):
            await caller.at_rest(name, 60)
            events = [event for entry in await caller.log.read(name) for event in entry.commit.events]
            assert not [event for event in events if isinstance(event, NodeFailed)]
            assert {event.attempt for event in events if isinstance(event, NodeCompleted)} == {1}
            found = await caller.session(name)
            assert found is not None and found.node("phase4").status == "completed"
            made = found.node("phase4").materialization
            assert made is not None
            await caller.store.get_verified(made.event.artifact.key, made.event.artifact.sha256)
