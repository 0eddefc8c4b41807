"""Answers stay true while nobody decides, and while a server says nothing."""

import asyncio
import time
from typing import Any

import pytest

from reprise_contracts.commands import Rerun, Target
from reprise_contracts.subjects import INBOX, command
from reprise_gateway.operations.readiness import attended


@pytest.fixture
async def still(make_site: Any) -> Any:
    """A site with a research that is done, whose orchestrator then stands still."""
    site = await make_site(patience=0.1)
    async with site.client() as http:
        site.ids = await site.finished(http)
    site.research.deciding.clear()
    yield site
    site.research.deciding.set()


async def test_r16_a_stored_command_is_accepted_by_every_door(still: Any) -> None:
    batch_id, session_id = still.ids
    body = {"batch_id": batch_id, "session_id": session_id}
    async with still.client() as http:
        for number, (path, more) in enumerate(
            (("restart/phase", {"phase": "phase4"}), ("restart/step", {"step_ids": [1]}), ("cancel", {}))
        ):
            name = f"c-{number}"
            taken = await http.post(f"/workflow/{path}", json=body | more | {"command_id": name})
            assert (taken.status_code, taken.json()["run_id"], taken.json()["status"]) == (
                202,
                None,
                "accepted",
            )
            asked = await http.get(f"/sessions/{session_id}/commands/{name}")
            assert (asked.status_code, asked.json()["status"]) == (200, "accepted")
        again = await http.post(
            "/workflow/restart/phase", json=body | {"phase": "phase4", "command_id": "c-0"}
        )
        assert again.status_code == 202
        other = await http.post(
            "/workflow/restart/phase", json=body | {"phase": "phase3", "command_id": "c-0"}
        )
        assert (other.status_code, other.json()["type"]) == (422, "/problems/command_reused")
        goals = await http.get(f"/sessions/{session_id}/artifacts/phase1")
        edited = await http.put(
            f"/sessions/{session_id}/artifacts/phase1?command_id=e-1",
            json={"goals": [{"question": "Frozen?"}]},
            headers={"If-Match": goals.headers["etag"]},
        )
        assert edited.status_code == 202
        assert (await http.get(f"/sessions/{session_id}/commands/e-1")).json()["status"] == "accepted"


async def test_r16_what_another_system_published_is_accepted_too(still: Any) -> None:
    _, session_id = still.ids
    message = Rerun(command_id="outside", target=Target(phase="phase1"))
    await still.bus.publish(command(session_id, "rerun"), message.encode(), stream=INBOX)
    async with still.client() as http:
        assert (await http.get(f"/sessions/{session_id}/commands/outside")).json()["status"] == "accepted"
        assert (await http.get(f"/sessions/{session_id}/commands/none")).status_code == 404


async def test_sources_and_the_end_say_that_they_are_not_decided_yet(still: Any) -> None:
    batch_id, session_id = still.ids
    async with still.client() as http:
        added = await http.post(
            f"/batches/{batch_id}/sources",
            json={"sources": [{"text": "More.", "title": "M"}], "command_id": "s-1"},
        )
        assert (added.status_code, added.json()["undecided"], len(added.json()["sources"])) == (202, "s-1", 2)
        other = await http.post(
            f"/batches/{batch_id}/sources",
            json={"sources": [{"text": "Else.", "title": "M"}], "command_id": "s-1"},
        )
        assert (other.status_code, other.json()["type"]) == (422, "/problems/command_reused")
        replaced = await http.put(f"/batches/{batch_id}/sources/src-2", json={"text": "New.", "title": "M"})
        removed = await http.delete(f"/batches/{batch_id}/sources/src-1")
        ended = await http.post(f"/batches/{batch_id}/end", json={})
        for answer in (replaced, removed, ended):
            assert answer.status_code == 202 and answer.json()["undecided"] and not answer.json()["ended"]
    still.research.deciding.set()
    await still.research.work(session_id)
    for _ in range(100):
        if still.research.session(session_id).ended:
            break
        await asyncio.sleep(0.02)
    assert still.research.session(session_id).ended


async def test_r3_sources_that_a_session_has_not_heard_of_are_not_done(make_site: Any) -> None:
    """The batch has decided, its session is told later: 202 until it shows what is stale."""
    site = await make_site(patience=0.1)
    async with site.client() as http:
        batch_id, session_id = await site.finished(http)
        site.research.telling.clear()
        place = f"/batches/{batch_id}/sources/src-2"
        body = {"text": "New.", "title": "M", "command_id": "s-1"}
        answer = await http.put(place, json=body)
        assert (answer.status_code, answer.json()["undecided"]) == (202, "s-1")
        site.research.telling.set()
        answer = await http.put(place, json=body)
        assert (answer.status_code, answer.json()["undecided"]) == (200, None)
        state = (await http.get(f"/sessions/{session_id}")).json()
        assert state["nodes"]["phase0"]["freshness"] == "stale"


async def test_ids_just_given_out_are_known(still: Any) -> None:
    async with still.client() as http:
        body = {"topic": "New", "sources": [{"text": "A", "title": "T"}], "command_id": "n-1"}
        made = await http.post("/batches", json=body)
        assert made.status_code == 202
        batch_id, session_id = made.json()["batch_id"], made.json()["session_id"]
        batch = await http.get(f"/batches/{batch_id}")
        assert (batch.status_code, batch.json()["undecided"], batch.json()["topic"]) == (202, "n-1", "New")
        session = await http.get(f"/sessions/{session_id}")
        assert (
            session.status_code,
            session.json()["batch_id"],
            session.json()["nodes"]["phase0"]["status"],
        ) == (200, batch_id, "pending")
        for answer in (
            await http.post("/workflow/restart/phase", json={"session_id": session_id, "phase": "phase0"}),
            await http.get(f"/sessions/{session_id}/report"),
            await http.get(f"/batches/{batch_id}/sources"),
        ):
            assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable"), (
                "it is there, and not yet"
            )
        assert (await http.get("/sessions/s-none")).status_code == 404
        other = await http.post("/batches", json=body | {"topic": "Other"})
        assert other.status_code == 422


async def test_readiness_sees_that_nothing_decides(still: Any) -> None:
    _, session_id = still.ids
    async with still.client() as http:
        assert (await http.get("/readyz")).status_code == 200, "nothing waits"
        await http.post("/workflow/refresh", json={"session_id": session_id})
        still.oldest = 30.0
        ready = await http.get("/readyz")
        assert (ready.status_code, ready.json()["checks"]["orchestrator"]) == (503, False)
        work = await http.get("/workz")
        assert (work.status_code, work.json()["deciding"], work.json()["oldest_input_seconds"]) == (
            503,
            False,
            30.0,
        )


async def test_a_frozen_nats_is_seen_within_five_seconds(site: Any, http: Any) -> None:
    site.seen_now = None
    for path in ("/readyz", "/workz"):
        began = time.monotonic()
        assert (await http.get(path)).status_code == 503
        assert time.monotonic() - began < 5


async def test_reads_answer_within_five_seconds_while_the_store_is_frozen(site: Any, http: Any) -> None:
    batch_id, session_id = await site.finished(http)

    async def frozen(*_: Any) -> bytes:
        await asyncio.sleep(60)
        return b""

    site.store.get_verified = site.store.ensure_bucket = frozen

    async def timed(path: str) -> tuple[int, float]:
        began = time.monotonic()
        answer = await http.get(path)
        return answer.status_code, time.monotonic() - began

    paths = (
        f"/sessions/{session_id}/artifacts/phase1",
        f"/sessions/{session_id}/report",
        "/readyz",
        f"/batches/{batch_id}/sources/src-1/text",
    )
    for (status, seconds), path in zip(await asyncio.gather(*map(timed, paths)), paths, strict=True):
        assert status == 503 and seconds < 5, path
    assert (await http.get(f"/sessions/{session_id}")).status_code == 200


async def test_what_the_store_refuses_is_the_servers_fault(site: Any, http: Any) -> None:
    from reprise_contracts.problems.model import Problem
    from reprise_runtime.errors import Refused

    _, session_id = await site.finished(http)

    async def refused(*_: Any) -> bytes:
        raise Refused(Problem(type="forbidden", detail="the object store refuses this: AccessDenied"))

    site.store.get_verified = refused
    answer = await http.get(f"/sessions/{session_id}/artifacts/phase1")
    assert (answer.status_code, answer.json()["type"]) == (503, "/problems/unavailable")


async def test_an_orchestrator_that_stands_still_with_nothing_to_do_is_seen(site: Any, http: Any) -> None:
    """No input waits, and yet a command would not be decided: nobody asks for any."""
    site.attended = False
    work = await http.get("/workz")
    assert (work.status_code, work.json()["deciding"]) == (503, False)
    assert work.json()["oldest_input_seconds"] == 0.0


@pytest.mark.parametrize(
    ("seen", "there"),
    [([(3, 0)], True), ([(0, 2)], True), ([(0, 0), (1, 0)], True), ([(0, 0), (0, 0)], False)],
)
async def test_a_moment_between_two_requests_is_no_standstill(
    seen: list[tuple[int, int]], there: bool
) -> None:
    left = iter(seen)

    class Asked:
        async def api(self, question: str) -> dict[str, int]:
            assert question == "CONSUMER.INFO.INBOX.orchestrator"
            waiting, held = next(left)
            return {"num_waiting": waiting, "num_ack_pending": held}

    assert await attended(Asked())() is there  # type: ignore[arg-type]  # of a bus it asks one question
    assert next(left, None) is None
