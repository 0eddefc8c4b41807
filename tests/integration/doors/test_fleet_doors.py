"""R39 through the doors: many sessions are tagged, listed, previewed, run and stopped as one."""

import asyncio
import json

import httpx
import nats

from integration.doors.house import House, Site, Work, freshness
from integration.doors.test_locking_doors import reprise
from stack import until

TAG = "fleet-doors"


async def outdated(site: Site) -> Work:
    """A session whose report is stale, with a tag of this story."""
    work, _ = await site.researched()
    body = {"batch_id": work.batch, "session_id": work.session, "step_ids": [2], "command_id": "c-1"}
    options = {"guidance": "prices", "propagation": "mark_stale"}
    await site.http.post("/workflow/restart/step", json=body | {"options": options})
    assert (await site.outcome(work, "c-1")).status == "completed"
    tagged = await site.http.post(f"/sessions/{work.session}/tags", json={"add": [TAG]})
    assert tagged.status_code == httpx.codes.ACCEPTED, tagged.text
    return work


async def test_r39_the_command_line_and_nats_refresh_what_the_preview_showed(
    house: House, site: Site
) -> None:
    works = [await outdated(site) for _ in range(3)]
    names = {work.session for work in works}

    async def listed() -> bool:
        page = await site.http.get("/sessions", params={"tag": TAG, "stale": True})
        return {line["session_id"] for line in page.json()["sessions"]} == names

    await until(listed, 20, "the list")
    narrowed = ("refresh", "--all", "--stale", "--tag", TAG)
    dry = await asyncio.to_thread(reprise, house, "--json", *narrowed, "--max-tokens", "900", "--dry-run")
    assert dry.returncode == 0, dry.stderr
    shown = json.loads(dry.stdout)
    assert {share["session_id"] for share in shown["sessions"]} == names
    assert sum(share["max_tokens"] for share in shown["sessions"]) <= 900
    unasked = await asyncio.to_thread(reprise, house, *narrowed)
    assert unasked.returncode == 2, "nobody can be asked"
    both = await asyncio.to_thread(reprise, house, "refresh", works[0].session, "--all")
    assert both.returncode == 2

    client = await nats.connect(house.nats.url)
    try:
        part = {name: shown[name] for name in ("sessions", "max_tokens", "plan_token")}
        asked = json.dumps(part | {"command_id": "fleet-1"}).encode()
        for _ in range(2):
            reply = json.loads((await client.request("reprise.v1.api.refresh_all", asked, timeout=30)).data)
            assert {line["session_id"] for line in reply["sessions"]} == names
            assert all(line["receipt"]["run_id"] for line in reply["sessions"])
    finally:
        await client.close()
    for work in works:
        assert freshness(await site.at_rest(work)) == {"fresh"}
        runs = [event.type for commit in await site.commits(work) for event in commit.events]
        assert runs.count("run_finished") == 3, "its first run, the step's, and this one"

    done = await asyncio.to_thread(reprise, house, *narrowed, "--yes")
    assert done.returncode == 0 and "nothing has to run" in done.stdout, done.stdout + done.stderr
    stop = await asyncio.to_thread(reprise, house, "refresh", "--stop", "fleet-1")
    assert stop.returncode == 0 and "Nothing of it runs" in stop.stdout
    tags = await asyncio.to_thread(reprise, house, "tag", works[0].session, "more", "--remove", TAG)
    assert tags.returncode == 0 and tags.stdout.strip() == "more", tags.stderr
