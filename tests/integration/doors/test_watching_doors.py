"""R36 through the doors: a watch is set, shown and ended by REST, by request and reply, and by the command
line; a socket is told what a check found."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator
from uuid import uuid4

import httpx
import nats
import pytest
from websockets.asyncio.client import connect as connect_socket

from integration.doors.house import House, Site, Work
from integration.research.research_server import PageServer, Reply
from stack import until

PAGE = (
    "<html><head><title>Lake</title></head><body><article>"
    "<p>The level of the lake fell by %d centimetres last summer, says the authority of the lake.</p>"
    "<p>Fishing fell by 12 percent in the same season, and farms had to save water for themselves.</p>"
    "</article></body></html>"
)


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """A house that may look at pages of this machine, every second."""
    env = {"REPRISE_FETCH__ALLOW_LOOPBACK": "true", "REPRISE_LIMITS__CHECK_SECONDS": "1"}
    running = House(tmp_path_factory.mktemp("house"), env, engine="extractive")
    try:
        running.open()
        yield running
    finally:
        running.stop_all()


@pytest.fixture
async def pages() -> AsyncIterator[PageServer]:
    async with PageServer() as started:
        started.pages["/a"] = Reply((PAGE % 40).encode())
        yield started


async def researched(site: Site, pages: PageServer) -> tuple[Work, str]:
    """A batch of one page, researched; and its source."""
    topic = "How low is the lake, and what does it mean for fishing?"
    work = await site.begin(topic, sources=[{"url": pages.url("/a")}])

    async def rested() -> bool:
        state = await site.state(work)
        return state.run is None and state.nodes["phase4"].status == "completed"

    await until(rested, 180, "the report")  # an engine is loaded first
    batch = (await site.http.get(f"/batches/{work.batch}")).json()
    return work, batch["sources"][0]["source_id"]


async def test_r36_a_socket_is_told_and_rest_shows_what_a_check_found(
    house: House, site: Site, pages: PageServer
) -> None:
    work, source = await researched(site, pages)
    put = await site.http.put(f"/batches/{work.batch}/watch", json={"every": "1s"})
    assert put.status_code == httpx.codes.OK, put.text
    assert put.json()["watch"]["every"] == "1s" and put.json()["sources"][0]["source_id"] == source

    async def looked() -> bool:
        shown = (await site.http.get(f"/batches/{work.batch}/watch")).json()
        return (shown["sources"][0]["checked"] or {}).get("outcome") == "unchanged"

    await until(looked, 60, "the first check")
    async with connect_socket(house.url.replace("http", "ws", 1) + f"/ws/{work.batch}", proxy=None) as socket:
        pages.pages["/a"] = Reply((PAGE % 70).encode())
        async for message in socket:
            frame = json.loads(message)
            if frame["type"] == "source:checked":
                break
    assert (frame["source_id"], frame["check"]["outcome"]) == (source, "changed")
    state = await site.state(work)
    assert state.nodes["phase0"].freshness == "stale"
    assert [cause.reason for cause in state.nodes["phase0"].causes] == ["source_changed"]
    timeline = (await site.http.get(f"/sessions/{work.session}/events")).json()["events"]
    assert any(event["text"] == "A check found that “Lake” has changed." for event in timeline)
    news = (await site.http.get(f"/batches/{work.batch}/watch")).json()["sources"][0]["news"]
    assert news["outcome"] == "changed"
    await _touches_what_rests_on_it(site, work, source)
    gone = await site.http.delete(f"/batches/{work.batch}/watch")
    assert gone.json()["watch"] is None and gone.json()["sources"] == []


async def _touches_what_rests_on_it(site: Site, work: Work, source: str) -> None:
    """The findings and sentences with the figure that changed, and the price of an update; by offsets in the
    text that was read."""
    answer = await site.http.get(f"/batches/{work.batch}/sources/{source}/impact")
    assert answer.status_code == httpx.codes.OK, answer.text
    found = answer.json()
    (session,) = found["sessions"]
    passages = [passage for one in session["findings"] for passage in one["passages"]]
    assert passages and all("40 centimetres" in passage["quote"] for passage in passages)
    assert all("70 centimetres" in passage["now"] for passage in passages)
    sentences = [sentence for one in session["sections"] for sentence in one["sentences"]]
    assert sentences and all("40 centimetres" in sentence for sentence in sentences)
    assert session["standing"] > 0
    assert session["update"]["plan"]["run"][0] == "phase0" and session["update"]["plan_token"]
    sha256 = passages[0]["text_sha256"]
    text = (await site.http.get(f"/batches/{work.batch}/sources/{source}/text?sha256={sha256}")).text
    assert all(text[one["start"] : one["end"]] == one["quote"] for one in passages)


async def test_r36_times_that_are_none_are_refused_with_the_field(site: Site, pages: PageServer) -> None:
    work, source = await researched(site, pages)
    for body, field in (
        ({"every": "soon"}, "every"),
        ({"cron": "0 25 * * *"}, "cron"),
        ({"every": "6h", "often": True}, "often"),
    ):
        answer = await site.http.put(f"/batches/{work.batch}/sources/{source}/watch", json=body)
        assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY, answer.text
        assert answer.json()["field"] == field
    nobody = await site.http.put(f"/batches/{work.batch}/sources/nobody/watch", json={"every": "6h"})
    assert nobody.status_code == httpx.codes.NOT_FOUND
    again = {"every": "6h", "command_id": uuid4().hex}
    path = f"/batches/{work.batch}/sources/{source}/watch"
    assert (await site.http.put(path, json=again)).status_code == httpx.codes.OK
    assert (await site.http.put(path, json=again)).status_code == httpx.codes.OK
    other = await site.http.put(path, json=again | {"every": "7h"})
    assert other.json()["type"].endswith("command_reused")


async def test_r36_other_systems_and_the_command_line_watch_too(
    house: House, site: Site, pages: PageServer
) -> None:
    work, source = await researched(site, pages)
    client = await nats.connect(house.nats.url)
    try:
        body = {
            "batch_id": work.batch,
            "source_id": source,
            "cron": "0 6 * * 1-5",
            "time_zone": "Europe/Berlin",
        }
        reply = await client.request("reprise.v1.api.watch", json.dumps(body).encode(), timeout=30)
        assert json.loads(reply.data)["sources"][0]["watch"]["cron"] == "0 6 * * 1-5"
    finally:
        await client.close()

    def reprise(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "reprise_cli", *arguments, "--server", house.url],
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
            env=house.env(),
        )

    told = reprise("impact", work.batch, source)
    assert told.returncode == 0, told.stderr
    assert "0 findings and 0 sentences rest on what moved" in told.stdout
    assert reprise("impact", work.batch, "nobody").returncode == 3
    shown = reprise("watch-source", work.batch)
    assert shown.returncode == 0, shown.stderr
    assert f"{source}  0 6 * * 1-5 (Europe/Berlin), mark" in shown.stdout
    asked = ("--every", "2d", "--auto", "refresh", "--max-tokens", "5000", "--json")
    whole = reprise("watch-source", work.batch, *asked)
    assert json.loads(whole.stdout)["watch"] | {"add": False} == {
        "every": "2d",
        "cron": "",
        "time_zone": "",
        "auto": "refresh",
        "max_tokens": 5000,
        "add": False,
    }
    assert reprise("watch-source", work.batch, "--every", "never").returncode == 2
    assert reprise("watch-source", work.batch, source, "--off").returncode == 0
    assert "every 2d, refresh, at most 5,000 tokens a day" in reprise("watch-source", work.batch).stdout
