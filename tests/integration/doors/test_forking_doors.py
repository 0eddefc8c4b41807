"""R37 through the doors: REST, request and reply, and the command line fork; the store keeps what is shared
until nobody names it."""

import asyncio
import json

import httpx
import nats

from integration.doors.house import House, Site, Work, freshness
from integration.doors.test_locking_doors import reprise
from reprise_contracts.states import Created
from stack import until


async def keys(house: House, work: Work) -> set[str]:
    """Every artifact of a batch that the store has."""
    store = (await house.caller()).store
    prefixes = [f"{phase}/{work.batch}/" for phase in ("phase1", "phase2", "phase3", "phase4")]
    return {
        key for prefix in prefixes async for key, _ in store.list(prefix) if not key.endswith("calls.json")
    }


async def test_r37_every_door_forks_and_either_session_outlives_the_other(house: House, site: Site) -> None:
    """A fork runs only what it does not share; its origin's rerun and end take nothing from it."""
    work, state = await site.researched()
    answer = await site.http.post(
        f"/sessions/{work.session}/fork", json={"node": "phase3/2", "command_id": "f-1"}
    )
    assert answer.status_code == httpx.codes.CREATED, answer.text
    fork = Work(work.batch, Created.model_validate_json(answer.content).session_id)
    again = await site.http.post(
        f"/sessions/{work.session}/fork", json={"node": "phase3/2", "command_id": "f-1"}
    )
    assert again.json() == answer.json()
    other = await site.http.post(
        f"/sessions/{work.session}/fork", json={"node": "phase4", "command_id": "f-1"}
    )
    assert other.status_code == httpx.codes.UNPROCESSABLE_ENTITY
    forked = await site.state(fork)
    assert forked.fork is not None and forked.fork.session_id == work.session
    shared = {node for node, view in forked.nodes.items() if view.artifact}
    assert shared == {"phase0", "phase1", "phase2", "phase3/1", "phase3/3"}
    assert all(forked.nodes[node].artifact == state.nodes[node].artifact for node in shared)
    one = await site.artifact(fork, "phase3/steps/1")
    assert one.content == (await site.artifact(work, "phase3/steps/1")).content
    timeline = (await site.http.get(f"/sessions/{fork.session}/events")).json()["events"]
    assert "forked" in timeline[0]["text"]

    body = {"batch_id": fork.batch, "session_id": fork.session, "command_id": "c-1"}
    await site.http.post("/workflow/refresh", json=body)
    assert (await site.outcome(fork, "c-1")).status == "completed"
    assert freshness(await site.state(fork)) == {"fresh"}
    compared = await site.http.get(f"/sessions/{work.session}/compare/{fork.session}")
    assert compared.status_code == httpx.codes.OK, compared.text
    assert {section["change"] for section in compared.json()["sections"]} == {"same"}
    assert ((await site.state(fork)).nodes["phase3/1"].artifact) == forked.nodes["phase3/1"].artifact

    before = await keys(house, work)
    options = {"guidance": "prices", "propagation": "mark_stale"}
    body = {"batch_id": work.batch, "session_id": work.session, "command_id": "c-1"}
    await site.http.post("/workflow/restart/step", json=body | {"step_ids": [1, 2], "options": options})
    assert (await site.outcome(work, "c-1")).status == "completed"

    async def swept() -> bool:
        gone = before - await keys(house, work)
        return len(gone) == 1 and all(f"/{work.session}/phase3-2/" in key for key in gone)

    await until(swept, 30, "the sweep of the step that only the origin had")
    assert (await site.artifact(fork, "phase3/steps/1")).content == one.content

    deleted = await site.http.delete(f"/sessions/{work.session}")
    assert deleted.status_code == httpx.codes.OK, deleted.text
    assert [found["session_id"] for found in deleted.json()["sessions"]] == [fork.session]

    async def alone() -> bool:
        held = await keys(house, work)
        own = {key for key in held if f"/{work.session}/" in key}
        return own == {
            key
            for key in before
            if f"/{work.session}/" in key
            and key.split("/")[3] in {"phase1", "phase2", "phase3-1", "phase3-3"}
        }

    await until(alone, 30, "what the fork shares alone is left of its origin")
    gone = await site.http.get(f"/sessions/{work.session}")
    assert gone.status_code == httpx.codes.GONE
    assert (await site.artifact(fork, "phase3/steps/1")).content == one.content
    report = await site.http.get(f"/sessions/{fork.session}/report", params={"format": "md"})
    assert report.status_code == httpx.codes.OK


async def test_r37_the_command_line_and_nats_fork_and_with_the_last_session_everything_goes(
    house: House, site: Site
) -> None:
    work, _ = await site.researched()
    told = await asyncio.to_thread(reprise, house, "--json", "fork", work.session, "phase4")
    assert told.returncode == 0, told.stderr
    lacking = await asyncio.to_thread(
        reprise, house, "compare", work.session, json.loads(told.stdout)["session_id"]
    )
    assert lacking.returncode == 3 and "no such report" in lacking.stderr
    itself = await asyncio.to_thread(reprise, house, "compare", work.session, work.session)
    assert itself.returncode == 0 and "the same in both" in itself.stdout, itself.stderr
    second = Work(work.batch, json.loads(told.stdout)["session_id"])
    assert (await site.state(second)).nodes["phase3/2"].freshness == "fresh"
    client = await nats.connect(house.nats.url)
    try:
        asked = {"session_id": second.session, "node": "phase3/9"}
        reply = await client.request("reprise.v1.api.fork", json.dumps(asked).encode(), timeout=30)
        assert json.loads(reply.data)["type"].endswith("/step_unknown")
        reply = await client.request(
            "reprise.v1.api.fork", json.dumps(asked | {"node": "phase4"}).encode(), timeout=30
        )
        assert json.loads(reply.data)["batch_id"] == work.batch
    finally:
        await client.close()
    told = await asyncio.to_thread(reprise, house, "end", work.batch, "--session", second.session, "--yes")
    assert told.returncode == 0, told.stderr
    assert (await site.state(second)).ended and not (await site.state(work)).ended

    await site.http.delete(f"/batches/{work.batch}")

    async def empty() -> bool:
        return await keys(house, work) == set()

    await until(empty, 30, "with the last session everything goes")
