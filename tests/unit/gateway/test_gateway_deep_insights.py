"""The first user's own front end, unchanged, on this gateway: its frames, its calls, and its way of coming
back."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from reprise_contracts import frames as f
from reprise_contracts.commands import ReportOptions
from reprise_contracts.configuration import Dialect
from reprise_contracts.subjects import progress
from reprise_runtime.settings import Gateway, Settings
from unit.gateway.existing_client import ExistingClient

OWN: Dialect = "deep-insights"


@pytest.fixture
async def theirs(make_site: Any) -> Any:
    """A gateway that is set to that client."""
    return await make_site(Settings(gateway=Gateway(dialect=OWN)), serve=True)


@contextlib.asynccontextmanager
async def opened(site: Any, batch_id: str) -> AsyncIterator[tuple[Any, ExistingClient]]:
    """That client on a socket, as it opens it: no query, no header."""
    client = ExistingClient()
    async with site.watching(batch_id) as socket:
        yield socket, client


async def told(
    socket: Any, client: ExistingClient, site: Any, session_id: str, *, kind: str = "node:update"
) -> None:
    """Until it was told what the log has."""
    last = site.research.session(session_id).seq
    while True:
        frame = await socket.next()
        client.take(frame)
        if (frame.get("seq") or 0) >= last and frame["type"] in {kind, "snapshot"}:
            break
    with contextlib.suppress(TimeoutError):
        while True:
            async with asyncio.timeout(0.2):
                client.take(await socket.next())


async def researched(site: Any, http: Any) -> tuple[str, str]:
    found: tuple[str, str] = await site.finished(http)
    return found


async def test_a_research_is_shown(theirs: Any) -> None:
    async with theirs.client() as http:
        batch_id, session_id = await theirs.start(http, start=False)
        async with opened(theirs, batch_id) as (socket, client):
            await told(socket, client, theirs, session_id)
            started = await http.post("/api/workflow/start", json={"batch_id": batch_id})
            assert (started.status_code, started.json()["status"]) == (202, "running")
            await theirs.research.work(session_id)
            await told(socket, client, theirs, session_id)
            assert (client.session_id, client.report_stale, client.expected, client.may_go_on) == (
                session_id,
                False,
                2,
                True,
            )
            assert client.report and client.report.startswith("# Report")
            assert [goal["goal_text"] for goal in client.goals] == ["Why?"] and client.goals[0]["id"] == 1
            assert [step["goal"] for step in client.plan] == ["Costs", "Benefits", "Balance"]
            assert client.goal == {
                "comprehensive_topic": "One goal",
                "component_questions": ["Why?"],
                "unifying_theme": "",
            }
            assert (
                client.steps[1]["claims"] == [("Claim 1", "“says”")]
                and client.steps[1]["summary"] == "Claim 1"
            )
            assert not client.errors and not client.cancelled
        status = await http.get(f"/api/workflow/status/workflow_{batch_id}")
        assert (status.status_code, status.json()["status"]) == (200, "completed")
        again = await http.post("/api/workflow/start", json={"batch_id": batch_id})
        assert again.json()["status"] == "completed" and not theirs.research.session(session_id).busy, (
            "a page that opens runs nothing"
        )
        assert (await http.get(f"/api/reports/{batch_id}")).json()["content"] == client.report
        assert (await http.get(f"/api/workflow/batch/{batch_id}/total")).json()["expected_total"] == 2


async def test_a_step_rerun_that_leaves_the_report_says_so_and_a_refresh_takes_it_back(theirs: Any) -> None:
    async with theirs.client() as http:
        batch_id, session_id = await researched(theirs, http)
        async with opened(theirs, batch_id) as (socket, client):
            await told(socket, client, theirs, session_id)
            theirs.research.salt["phase3/1"] = " anew"
            body = {"batch_id": batch_id, "session_id": session_id, "step_id": 1, "regenerate_report": False}
            assert (await http.post("/api/workflow/restart/phase3-step", json=body)).status_code == 202
            await theirs.research.work(session_id)
            await told(socket, client, theirs, session_id)
            assert (client.report_stale, client.session_id) == (True, session_id)
            assert (
                client.step_rerun == {"busy": False, "error": None, "step": 1}
                and client.steps[1]["summary"] == "Claim 1 anew"
            )
            await http.post("/workflow/refresh", json={"session_id": session_id})
            await theirs.research.work(session_id)
            await told(socket, client, theirs, session_id)
            assert (client.report_stale, client.rerun["busy"]) == (False, False)


@pytest.mark.parametrize(("downstream", "stale"), [(True, False), (False, True)])
async def test_a_phase_rerun_takes_its_fields(theirs: Any, downstream: bool, stale: bool) -> None:
    async with theirs.client() as http:
        batch_id, session_id = await researched(theirs, http)
        async with opened(theirs, batch_id) as (socket, client):
            await told(socket, client, theirs, session_id)
            theirs.research.salt["phase1"] = " really"
            body = {
                "batch_id": batch_id,
                "session_id": session_id,
                "phase": "phase1",
                "rerun_downstream": downstream,
                "user_topic": "Costs",
            }
            assert (await http.post("/api/workflow/restart/phase", json=body)).status_code == 202
            assert theirs.research.session(session_id).parameters("phase1").guidance == "Costs"
            await theirs.research.work(session_id)
            await told(socket, client, theirs, session_id)
            assert (client.report_stale, client.rerun["busy"], client.rerun["error"]) == (stale, False, None)
            assert client.goals[0]["goal_text"] == "Why? really"


async def test_what_says_one_thing_in_two_ways_is_refused(theirs: Any) -> None:
    async with theirs.client() as http:
        _, session_id = await researched(theirs, http)
        body = {
            "session_id": session_id,
            "phase": "phase1",
            "rerun_downstream": True,
            "options": {"propagation": "mark_stale"},
        }
        answer = await http.post("/api/workflow/restart/phase", json=body)
        assert (answer.status_code, answer.json()["field"]) == (422, "rerun_downstream")


async def test_a_cancel_of_the_batch_reaches_it_and_nothing_looks_fresh_that_is_not(theirs: Any) -> None:
    async with theirs.client() as http:
        batch_id, session_id = await researched(theirs, http)
        async with opened(theirs, batch_id) as (socket, client):
            await told(socket, client, theirs, session_id)
            theirs.research.salt["phase1"] = " really"
            await http.post("/workflow/restart/phase", json={"session_id": session_id, "phase": "phase1"})
            await theirs.research.complete(session_id, "phase1")
            answer = await http.post(
                "/api/workflow/cancel", json={"batch_id": batch_id, "reason": "User cancelled"}
            )
            assert answer.status_code == 202 and len(answer.json()["commands"]) == 1
            await told(socket, client, theirs, session_id)
            assert (
                client.cancelled
                and client.report_stale
                and not client.rerun["busy"]
                and client.rerun["error"]
            )


async def test_a_failure_is_an_error_and_the_report_is_stale(theirs: Any) -> None:
    async with theirs.client() as http:
        batch_id, session_id = await researched(theirs, http)
        async with opened(theirs, batch_id) as (socket, client):
            await told(socket, client, theirs, session_id)
            await http.post("/workflow/restart/step", json={"session_id": session_id, "step_ids": [1]})
            await theirs.research.fail(session_id, "phase3/1")
            await told(socket, client, theirs, session_id)
            assert client.report_stale and client.step_rerun["error"] and client.errors


async def test_an_edit_and_a_change_of_sources_without_a_run_make_the_report_stale(theirs: Any) -> None:
    async with theirs.client() as http:
        batch_id, session_id = await researched(theirs, http)
        async with opened(theirs, batch_id) as (socket, client):
            await told(socket, client, theirs, session_id)
            body = {"sources": [{"text": "Another.", "title": "More"}]}
            assert (await http.post(f"/batches/{batch_id}/sources", json=body)).status_code == 201
            await told(socket, client, theirs, session_id)
            assert client.report_stale and not client.rerun["busy"]


@pytest.mark.parametrize("stale", [False, True])
async def test_who_comes_back_is_told_again(theirs: Any, stale: bool) -> None:
    async with theirs.client() as http:
        batch_id, session_id = await researched(theirs, http)
        if stale:
            theirs.research.salt["phase1"] = " really"
            body = {"session_id": session_id, "phase": "phase1", "options": {"propagation": "mark_stale"}}
            await http.post("/workflow/restart/phase", json=body)
            await theirs.research.work(session_id)
            await theirs.seen(session_id)
        async with opened(theirs, batch_id) as (socket, client):
            await told(socket, client, theirs, session_id, kind="research:phase_rerun_complete")
        assert (client.report_stale, client.session_id, client.may_go_on) == (stale, session_id, True)
        assert (
            client.report
            and client.goals
            and client.goal
            and len(client.plan) == 3
            and set(client.steps) == {1, 2, 3}
        )
        assert not any("n" in frame for frame in socket.frames if frame["type"] == "phase4:report_ready"), (
            "it has no place in the log"
        )


async def test_who_was_away_when_a_step_ended_is_told_that_it_did(theirs: Any) -> None:
    """It saw the step begin, then its connection went; a run of a phase came after it."""
    async with theirs.client() as http:
        batch_id, session_id = await researched(theirs, http)
        client = ExistingClient()
        client.step_rerun = {"busy": True, "error": None, "step": 2}
        await http.post("/workflow/restart/step", json={"session_id": session_id, "step_ids": [2]})
        await theirs.research.work(session_id)
        await http.post("/workflow/restart/phase", json={"session_id": session_id, "phase": "phase4"})
        await theirs.research.work(session_id)
        await theirs.seen(session_id)
        async with opened(theirs, batch_id) as (socket, fresh):
            await told(socket, fresh, theirs, session_id, kind="research:step_rerun_complete")
            for frame in socket.frames:
                client.take(frame)
        assert client.step_rerun == {"busy": False, "error": None, "step": 2}
        assert not client.report_stale


async def test_every_token_can_be_read_whoever_asks(served: Any) -> None:
    async with served.client() as http:
        batch_id, session_id = await served.start(http)
        for query in ("", f"?dialect={OWN}"):
            client = ExistingClient()
            async with served.watching(batch_id, query) as socket:
                await socket.until("snapshot")
                said = [
                    f.StreamStart(stream_id="w", phase="phase1"),
                    *(f.StreamToken(stream_id="w", phase="phase1", token=t) for t in "abc"),
                ]
                for frame in said:
                    served.gateway.hub.told(progress(session_id, "phase1"), frame.encode())
                while client.streams.get("w") != "abc":
                    client.take(await socket.next())


@pytest.mark.parametrize(
    ("completed", "failed", "goes_on"), [(1, 0, False), (1, 1, True), (0, 2, False), (2, 0, True)]
)
async def test_it_goes_on_once_every_source_is_done_and_one_can_be_read(
    served: Any, completed: int, failed: int, goes_on: bool
) -> None:
    async with served.client() as http:
        batch_id, session_id = await served.start(http)
        client = ExistingClient()
        async with served.watching(batch_id, f"?dialect={OWN}") as socket:
            await socket.until("snapshot")
            items = (
                f.ScrapingItem(link_id="a", status="fetching"),
                f.ScrapingItem(link_id="b", status="completed"),
            )
            frame = f.ScrapingStatus(total=2, completed=completed, failed=failed, inProgress=0, items=items)
            served.gateway.hub.told(progress(session_id, "phase0"), frame.encode())
            client.take(await socket.until("scraping:status"))
        assert client.may_go_on is goes_on and client.expected == 2


async def test_a_dialect_that_is_not_spoken_is_refused(served: Any) -> None:
    from websockets.exceptions import InvalidStatus

    async with served.client() as http:
        batch_id, _ = await served.start(http)
        with pytest.raises(InvalidStatus) as refused:
            async with served.watching(batch_id, "?dialect=klingon"):
                pass
        assert refused.value.response.status_code == 422


async def test_ours_stay_the_default_with_its_fields_beside(served: Any) -> None:
    async with served.client() as http:
        batch_id, session_id = await served.start(http)
        async with served.watching(batch_id) as socket:
            await socket.until("snapshot")
            await served.research.work(session_id)
            done = await socket.until("workflow:complete")
            by_type = {frame["type"]: frame for frame in socket.frames}
            assert done["result"] == {"session_id": session_id} and done["run_id"]
            assert by_type["research:synthesized_goal"]["synthesized_goal"] == "One goal"
            assert (
                by_type["research:goals"]["goals"][0] | {"id": 1, "goal_text": "Why?"}
                == by_type["research:goals"]["goals"][0]
            )
            assert isinstance(by_type["phase3:step_complete"]["stepData"]["findings"], list)
            assert (
                by_type["research:plan"]["plan"][0]["title"]
                == by_type["research:plan"]["plan"][0]["goal"]
                == "Costs"
            )


async def test_it_makes_its_batch_by_its_own_calls_and_finds_it_again(theirs: Any) -> None:
    """Guidance, then links with a text and a file, then the start; later the list, the session with all that
    was found, and its end."""
    async with theirs.client() as http:
        made = await http.post(
            "/api/sessions/create",
            json={"user_guidance": "Is it\nworth it?", "writing_style": "professional"},
        )
        session_id = made.json()["session_id"]
        created = theirs.research.session(session_id)
        assert made.status_code == 200 and created.topic == "Is it worth it?"
        assert created.parameters("phase4").report == ReportOptions(tone="professional").value
        form = {
            "links": json.dumps(["http://example.org/1"]),
            "text_entries": json.dumps([{"label": "Mine", "content": "A text."}]),
            "session_id": session_id,
        }
        taken = await http.post(
            "/api/ingestion/sources", data=form, files={"files": ("notes.txt", b"Notes.", "text/plain")}
        )
        document = taken.json()
        batch_id = document["batch_id"]
        assert (taken.status_code, document["total"], document["session_id"]) == (200, 3, session_id)
        assert [(item["url"], item["source"]) for item in document["items"]] == [
            ("http://example.org/1", "article"),
            ("Mine", "text"),
            ("notes.txt", "document"),
        ]
        more = await http.post(
            "/api/links/format", json={"urls": ["http://example.org/2"], "session_id": session_id}
        )
        assert (more.json()["batch_id"], more.json()["total"]) == (batch_id, 1)
        async with opened(theirs, batch_id) as (socket, client):
            await told(socket, client, theirs, session_id)
            assert (await http.post("/api/workflow/start", json={"batch_id": batch_id})).status_code == 202
            await theirs.research.work(session_id)
            await told(socket, client, theirs, session_id)
        listed = (await http.get("/api/history", params={"status": "completed", "limit": 10})).json()
        assert [
            (one["batch_id"], one["status"], one["url_count"], one["current_phase"])
            for one in listed["sessions"]
        ] == [(batch_id, "completed", 4, "complete")]
        assert (await http.get("/api/history", params={"status": "failed"})).json()["sessions"] == []
        found = (await http.get(f"/api/history/{batch_id}", params={"session_id": session_id})).json()
        assert found["metadata"]["final_report"] == client.report and not found["metadata"]["report_stale"]
        assert [goal["goal_text"] for goal in found["metadata"]["phase1_confirmed_goals"]] == ["Why?"]
        assert found["phase3"]["completed_step_ids"] == [1, 2, 3] and found["phase3"]["next_step_id"] is None
        assert found["phase3"]["steps"][0]["findings"]["summary"] == client.steps[1]["summary"]
        assert found["phase3"]["synthesized_goal"] == client.goal
        assert found["scraping_status"]["canProceedToResearch"] and not found["resume_required"]
        shown = (await http.post(f"/api/exports/session-html/{session_id}")).json()["file_url"]
        assert "<h1>" in (await http.get(shown)).text
        resumed = await http.post(f"/api/history/{batch_id}/resume")
        assert (resumed.status_code, resumed.json()["session_id"]) == (202, session_id)
        gone = await http.delete(f"/api/history/session/{session_id}")
        assert (gone.json()["status"], theirs.research.session(session_id).ended) == ("deleted", True)


async def test_sources_without_a_session_are_refused_in_words_that_it_shows(theirs: Any) -> None:
    async with theirs.client() as http:
        answer = await http.post("/api/ingestion/sources", data={"links": '["http://example.org/1"]'})
        assert (answer.status_code, answer.json()["field"]) == (422, "session_id")
        odd = await http.post("/api/ingestion/sources", data={"links": '{"a": 1}', "session_id": "s-1"})
        assert (odd.status_code, odd.json()["field"]) == (422, "links")


async def test_a_frame_whose_artifact_is_gone_is_sent_without_its_content(served: Any) -> None:
    """It keeps its place, says so, and nothing that is shown is wiped by it; the other dialect, which would
    wipe, is not sent it."""
    async with served.client() as http:
        batch_id, session_id = await served.finished(http)
        goals = served.research.session(session_id).node("phase1").materialization
        del served.store.objects[goals.event.artifact.key]
        served.gateway.contents._kept.clear()
        async with served.watching(batch_id, "?after=1") as socket:
            frame = await socket.until("research:goals")
            assert (frame["gone"], frame["goals"]) == (True, []) and frame["n"]
            report = await socket.until("phase4:report_ready")
            assert report["report"] and "gone" not in report
        async with served.watching(batch_id, f"?after=1&dialect={OWN}") as socket:
            while (frame := await socket.next())["type"] != "phase4:report_ready":
                assert frame["type"] != "research:goals"
