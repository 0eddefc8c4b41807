"""An operator's orders to a pool: obeyed at once, kept across restarts, and nothing is lost or run twice by
them."""

import asyncio
from collections import Counter
from uuid import uuid4

from operated_stack import Caller, Operated, until
from reprise_contracts.events import NodeCompleted


async def ordered(operated: Operated, order: str) -> str:
    async with operated.client() as http:
        answer = await http.post(f"/workers/phase3/{order}")
        assert answer.status_code == 200, answer.text
        return str(answer.json()["state"])


async def completions(caller: Caller, session: str) -> Counter[str]:
    entries = await caller.log.read(session)
    return Counter(
        event.node for entry in entries for event in entry.commit.events if isinstance(event, NodeCompleted)
    )


async def test_a_paused_pool_takes_nothing_whatever_is_started_again(
    operated: Operated, caller: Caller
) -> None:
    """Its jobs wait; a worker that starts meanwhile obeys before its first job; resumed, every job is done
    once."""
    assert await ordered(operated, "pause") == "paused"
    try:
        _, session = await caller.begin(f"p-{uuid4().hex}", "steps=6")

        async def planned() -> bool:
            found = await caller.session(session)
            return found is not None and found.node("phase2").materialization is not None

        await until(planned, 20)
        operated.stop("worker-phase3")
        operated.start("worker-phase3")
        await operated.ready()
        async with operated.client() as http:

            async def waits() -> bool:
                pool = (await http.get("/workers")).json()[3]
                return (
                    pool["waiting"] == 6
                    and pool["state"] == "paused"
                    and bool(pool["workers"])
                    and pool["workers"][0]["paused"]
                )

            await until(waits, 20, "six jobs that wait for a paused pool")
        assert not any(node.startswith("phase3/") for node in await completions(caller, session))
    finally:
        assert await ordered(operated, "resume") == "running"
    await caller.at_rest(session)
    done = await completions(caller, session)
    assert len(done) == 10 and set(done.values()) == {1}


async def test_a_drained_pool_finishes_what_it_has(operated: Operated, caller: Caller) -> None:
    """`draining` while something is in work, `drained` after it; what was in work is completed, the rest
    waits."""
    _, session = await caller.begin(f"p-{uuid4().hex}", "steps=12 wait_ms=1500")
    async with operated.client() as http:

        async def in_work() -> bool:
            pool = (await http.get("/workers")).json()[3]
            return bool(pool["workers"]) and len(pool["workers"][0]["running"]) == 4

        await until(in_work, 30)
        try:
            assert await ordered(operated, "drain") == "draining"

            async def drained() -> bool:
                return bool((await http.get("/workers")).json()[3]["state"] == "drained")

            await until(drained, 20)

            async def finished() -> bool:
                return sum(node.startswith("phase3/") for node in await completions(caller, session)) >= 4

            await until(finished, 10)
            before = await completions(caller, session)
            await asyncio.sleep(
                2.0
            )  # longer than a step: a pool that still took jobs would have finished some
            assert await completions(caller, session) == before
        finally:
            await ordered(operated, "resume")
    await caller.at_rest(session)
    done = await completions(caller, session)
    assert len(done) == 16 and set(done.values()) == {1}
