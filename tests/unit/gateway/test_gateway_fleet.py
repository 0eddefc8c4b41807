"""Many sessions at once: found by what is said of them, and brought up to date as one (R39)."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprise_contracts.states import Estimate
from reprise_gateway.commands.fleet import shared_out

RUN = "/workflow/refresh-all"


async def outdated(site: Any, http: Any, topic: str, **more: Any) -> str:
    """A finished session whose first step has been asked something else, so that its report is stale."""
    _, session_id = await site.finished(http, topic=topic, **more)
    body = {"session_id": session_id, "step_ids": [1]}
    options = {"guidance": "prices", "propagation": "mark_stale"}
    site.research.salt["phase3/1"] = f" {topic}"
    await http.post("/workflow/restart/step", json=body | {"options": options})
    await site.research.work(session_id)
    await site.seen(session_id)
    return str(session_id)


async def listed(http: Any, **params: Any) -> list[str]:
    answer = await http.get("/sessions", params=params)
    assert answer.status_code == 200, answer.text
    return [line["topic"] for line in answer.json()["sessions"]]


async def test_sessions_are_found_by_state_tag_text_and_age(site: Any, http: Any) -> None:
    """Each thing that is said narrows. A tag is set and taken away by a command like any other."""
    stale = await outdated(site, http, "Wind on land")
    _, fresh = await site.finished(http, topic="Wind at sea")
    await site.start(http, topic="Sun")
    tagged = await http.post(f"/sessions/{stale}/tags", json={"add": ["energy", "energy", "team:north"]})
    assert tagged.status_code == 202 and tagged.json()["status"] == "completed"
    await http.post(f"/sessions/{fresh}/tags", json={"add": ["energy"]})
    state = (await http.get(f"/sessions/{stale}")).json()
    assert state["tags"] == ["energy", "team:north"]
    await site.seen(stale)

    assert await listed(http) == ["Wind at sea", "Wind on land", "Sun"]
    assert await listed(http, stale=True) == ["Wind on land"]
    assert await listed(http, failed=True) == []
    assert await listed(http, failed=True, stale=True) == ["Wind on land"]
    assert await listed(http, state="running") == ["Sun"]
    assert await listed(http, state="completed") == ["Wind at sea"]
    assert await listed(http, tag="energy", q="WIND") == ["Wind at sea", "Wind on land"]
    assert await listed(http, tag="team:north") == ["Wind on land"] and await listed(http, tag="team") == []
    assert await listed(http, q=fresh) == ["Wind at sea"]
    assert await listed(http, older_than="7d") == [] and await listed(http, older_than="1s") == ["Sun"]
    first = (await http.get("/sessions", params={"limit": 2})).json()
    rest = (await http.get("/sessions", params={"limit": 2, "after": first["next"]})).json()
    assert [len(first["sessions"]), len(rest["sessions"]), rest["next"]] == [2, 1, None]

    await http.post(f"/sessions/{stale}/tags", json={"remove": ["energy", "water"]})
    await site.seen(stale)
    assert await listed(http, tag="energy") == ["Wind at sea"]
    events = (await http.get(f"/sessions/{stale}/events")).json()["events"]
    assert [event["text"] for event in events if event["type"] == "session_tagged"][1].endswith("team:north.")


@pytest.mark.parametrize(
    ("params", "field"),
    [({"older_than": "soon"}, "older_than"), ({"state": "odd"}, "state"), ({"tag": " "}, "tag")],
)
async def test_a_filter_that_is_none_is_refused_by_name(
    http: Any, params: dict[str, str], field: str
) -> None:
    answer = await http.get("/sessions", params=params)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


async def test_r39_what_was_shown_runs_in_each_session_and_nothing_else(site: Any, http: Any) -> None:
    """The preview names what is left out and why; a repeat does nothing twice."""
    one, two = [await outdated(site, http, topic) for topic in ("One", "Two")]
    busy, other = await outdated(site, http, "Busy"), await outdated(site, http, "Other")
    for session_id in (one, two, busy):
        await http.post(f"/sessions/{session_id}/tags", json={"add": ["mine"]})
    await http.post("/workflow/restart/phase", json={"session_id": busy, "phase": "phase1"})
    await site.seen(busy)

    preview = await http.post(RUN, json={"tag": "mine", "dry_run": True, "max_tokens": 1000})
    assert preview.status_code == 200, preview.text
    shown = preview.json()
    assert {share["session_id"]: share["plan"]["run"] for share in shown["sessions"]} == {
        one: ["phase3/3", "phase4"],
        two: ["phase3/3", "phase4"],
    }
    assert sum(share["max_tokens"] for share in shown["sessions"]) <= 1000
    body = {name: shown[name] for name in ("sessions", "plan_token", "max_tokens")} | {"command_id": "all"}
    for refused, field in (
        ({"tag": "mine"}, "plan_token"),
        (body | {"max_tokens": 2000}, "sessions"),
        (body | {"sessions": body["sessions"][:1]}, "sessions"),
    ):
        answer = await http.post(RUN, json=refused)
        assert (answer.status_code, answer.json()["field"]) == (422, field)

    begun = await http.post(RUN, json=body)
    assert begun.status_code == 202, begun.text
    runs = {line["session_id"]: line["receipt"]["run_id"] for line in begun.json()["sessions"]}
    assert runs.keys() == {one, two} and all(runs.values())
    again = await http.post(RUN, json=body)
    assert {line["session_id"]: line["receipt"]["run_id"] for line in again.json()["sessions"]} == runs
    for session_id in (one, two):
        await site.research.work(session_id)
        await site.seen(session_id)
    states = {name: (await http.get(f"/sessions/{name}")).json() for name in (one, two, other)}
    assert [states[name]["nodes"]["phase4"]["freshness"] for name in (one, two, other)] == [
        "fresh",
        "fresh",
        "stale",
    ]
    assert (await http.post(RUN, json={"tag": "mine", "dry_run": True})).json()["sessions"] == []


async def test_r39_a_session_that_has_moved_refuses_its_part_alone(site: Any, http: Any) -> None:
    one, two = [await outdated(site, http, topic) for topic in ("One", "Two")]
    shown = (await http.post(RUN, json={"stale": True, "dry_run": True})).json()
    await http.post("/workflow/accept", json={"session_id": one, "node": "phase4", "reason": "fine"})
    await site.seen(one)
    body = {name: shown[name] for name in ("sessions", "plan_token", "max_tokens")}
    found = {line["session_id"]: line for line in (await http.post(RUN, json=body)).json()["sessions"]}
    assert found[one]["problem"]["type"] == "/problems/plan_changed" and found[one]["receipt"] is None
    assert found[two]["receipt"]["status"] == "running"


async def test_r39_all_of_it_is_stopped_as_one(site: Any, http: Any) -> None:
    """And what somebody else began in between goes on."""
    one, two = [await outdated(site, http, topic) for topic in ("One", "Two")]
    shown = (await http.post(RUN, json={"stale": True, "dry_run": True})).json()
    body = {name: shown[name] for name in ("sessions", "plan_token", "max_tokens")}
    await http.post(RUN, json=body | {"command_id": "all"})
    _, mine = await site.start(http, topic="Mine")
    await site.seen(mine)
    stopped = await http.post(f"{RUN}/all/cancel")
    assert stopped.status_code == 202
    assert {line["session_id"] for line in stopped.json()["sessions"]} == {one, two}
    await site.seen(two)
    runs = [(await http.get(f"/sessions/{name}")).json()["run"] for name in (one, two, mine)]
    assert runs[:2] == [None, None] and runs[2] is not None
    assert (await http.post(f"{RUN}/all/cancel")).json()["sessions"] == []


@given(
    st.lists(
        st.builds(
            Estimate,
            tokens=st.integers(0, 1000),
            most_tokens=st.integers(0, 2000),
            never_run=st.sampled_from([(), ("phase4",)]),
        ),
        max_size=30,
    ),
    st.integers(1, 5000),
)
def test_r39_the_parts_are_no_more_than_the_ceiling_and_each_has_what_it_cost(
    estimates: list[Estimate], ceiling: int
) -> None:
    """Whoever has its turn has at least what it would cost as last time; who has not has nothing."""
    parts = shared_out(estimates, ceiling)
    assert sum(part or 0 for part in parts) <= ceiling
    for part, estimate in zip(parts, estimates, strict=True):
        assert part == 0 or (part is not None and part >= max(estimate.most_tokens, estimate.tokens, 1))
    assert shared_out(estimates, None) == [None] * len(estimates)


async def test_r39_what_cannot_run_is_named_and_what_never_ran_is_counted(site: Any, http: Any) -> None:
    """A locked report that is stale is no reason to be silent; what is not known is in no figure, and said to
    be."""
    held = await outdated(site, http, "Held")
    for node in ("phase3/3", "phase4"):
        await http.post(f"/sessions/{held}/lock", json={"node": node})
    await site.seen(held)
    new = await site.start(http, topic="New", start=False)
    preview = (await http.post(RUN, json={"dry_run": True})).json()
    assert preview["sessions"] == []
    (left,) = preview["left_out"]
    assert (left["session_id"], left["reason"]) == (held, "locked")
    assert "step 3" in left["problem"]["detail"] and "unlock" in left["problem"]["action"]

    await http.post(f"/sessions/{held}/lock", json={"node": "phase4", "locked": False})
    forked = (await http.post(f"/sessions/{held}/fork", json={"node": "phase4"})).json()["session_id"]
    await site.seen(forked)
    known = (await http.post(RUN, json={"dry_run": True, "state": "pending"})).json()
    assert {share["session_id"] for share in known["sessions"]} >= {forked}
    assert known["unknown"] == len(known["sessions"]) and new


async def test_r39_a_command_that_was_given_already_leaves_its_sessions_out(site: Any, http: Any) -> None:
    """A repeat shows what it has begun, and does nothing twice (R16). One that never was cannot be
    stopped."""
    one = await outdated(site, http, "One")
    shown = (await http.post(RUN, json={"dry_run": True, "command_id": "all"})).json()
    body = {name: shown[name] for name in ("sessions", "plan_token")} | {"command_id": "all"}
    assert (await http.post(RUN, json=body)).status_code == 202
    await site.research.work(one)
    await site.seen(one)
    site.research.salt["phase3/1"] = " again"
    options = {"guidance": "again", "propagation": "mark_stale"}
    await http.post("/workflow/restart/step", json={"session_id": one, "step_ids": [1], "options": options})
    await site.research.work(one)
    await site.seen(one)
    again = (await http.post(RUN, json={"dry_run": True, "command_id": "all"})).json()
    assert again["sessions"] == [] and [left["reason"] for left in again["left_out"]] == ["begun"]
    stopped = await http.post(f"{RUN}/all/cancel", json={})
    assert stopped.status_code == 202 and stopped.json()["sessions"] == []
    unknown = await http.post(f"{RUN}/other/cancel", json={})
    assert (unknown.status_code, unknown.json()["field"]) == (404, "command_id")
