"""R38 through the doors: REST, request and reply, and the command line lock the same node."""

import asyncio
import json
import subprocess
import sys

import httpx
import nats

from integration.doors.house import House, Site, freshness
from stack import until


def reprise(house: House, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The command line."""
    return subprocess.run(
        [sys.executable, "-m", "reprise_cli", *arguments, "--server", house.url],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=house.env(),
    )


async def test_r38_every_door_locks_and_nothing_runs_what_is_locked(house: House, site: Site) -> None:
    """A cascade leaves it as it is and says so; naming it is refused; unlocked, a refresh runs it."""
    work, _ = await site.researched()
    locked = await site.http.post(f"/sessions/{work.session}/lock", json={"node": "phase4"})
    assert locked.status_code == httpx.codes.ACCEPTED, locked.text
    state = await site.state(work)
    assert state.nodes["phase4"].locked_at is not None and freshness(state) == {"fresh"}

    body = {"batch_id": work.batch, "session_id": work.session, "step_ids": [2]}
    options = {"guidance": "prices"}
    preview = await site.http.post(
        "/workflow/restart/step", json=body | {"options": options | {"dry_run": True}}
    )
    assert preview.json()["plan"]["run"] == ["phase3/2"]
    await site.http.post("/workflow/restart/step", json=body | {"command_id": "c-1", "options": options})
    assert (await site.outcome(work, "c-1")).status == "completed"
    report = (await site.state(work)).nodes["phase4"]
    assert report.freshness == "stale"
    assert [cause.reason for cause in report.causes] == ["locked", "changed"]

    named = {"batch_id": work.batch, "session_id": work.session, "phase": "phase4"}
    refused = await site.http.post("/workflow/restart/phase", json=named)
    assert refused.status_code == httpx.codes.CONFLICT
    assert refused.json()["type"].endswith("/node_locked")
    group = await site.http.post(f"/sessions/{work.session}/lock", json={"node": "phase3"})
    assert group.status_code == httpx.codes.UNPROCESSABLE_ENTITY

    told = await asyncio.to_thread(reprise, house, "unlock", work.session, "phase4")
    assert told.returncode == 0, told.stderr
    client = await nats.connect(house.nats.url)
    try:
        asked = {"session_id": work.session, "node": "phase3/1", "locked": True}
        reply = await client.request("reprise.v1.api.lock", json.dumps(asked).encode(), timeout=30)
        assert json.loads(reply.data)["status"] == "completed"
    finally:
        await client.close()
    await site.http.post(
        "/workflow/refresh",
        json={"batch_id": work.batch, "session_id": work.session, "command_id": "c-3"},
    )

    async def fresh() -> bool:
        return freshness(await site.state(work)) == {"fresh"}

    await until(fresh, 60, "the refresh")
    timeline = (await site.http.get(f"/sessions/{work.session}/events")).json()["events"]
    texts = [event["text"] for event in timeline if event["type"] == "node_locked"]
    said = [" ".join(word for word in text.split() if word in {"locked", "unlocked"}) for text in texts]
    assert said == ["locked", "unlocked", "locked"]
