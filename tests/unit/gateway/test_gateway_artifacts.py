"""Artifacts, edits, the report, sources and the timeline through REST."""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest

from reprise_contracts.artifacts import Phase2
from reprise_contracts.subjects import raw_key
from reprise_runtime.settings import Limits, Settings
from stack import until

ANY = {"If-Match": "*"}


async def test_an_artifact_is_its_stored_bytes_under_its_hash(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    ref = site.research.session(session_id).node("phase1").materialization.event.artifact
    answer = await http.get(f"/sessions/{session_id}/artifacts/phase1")
    assert answer.content == site.store.objects[ref.key][0]
    assert answer.headers["etag"] == f'"{ref.sha256}"'
    again = await http.get(
        f"/sessions/{session_id}/artifacts/phase1", headers={"If-None-Match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


async def test_phase3_is_all_of_its_steps(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    answer = await http.get(f"/sessions/{session_id}/artifacts/phase3")
    assert [step["step_id"] for step in answer.json()["steps"]] == [1, 2, 3]
    etag = {"If-None-Match": answer.headers["etag"]}
    assert (await http.get(f"/sessions/{session_id}/artifacts/phase3", headers=etag)).status_code == 304
    one = await http.get(f"/sessions/{session_id}/artifacts/phase3/steps/2")
    assert one.json() == answer.json()["steps"][1]
    none = await http.get(f"/sessions/{session_id}/artifacts/phase3/steps/4")
    assert (none.status_code, none.json()["valid_steps"]) == (404, [1, 2, 3])


async def test_what_has_no_result_yet_says_so(site: Any, http: Any) -> None:
    _, session_id = await site.start(http)
    for path in ("artifacts/phase2", "report"):
        answer = await http.get(f"/sessions/{session_id}/{path}")
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not_found")
    assert (await http.get(f"/sessions/{session_id}/artifacts/phase3")).json() == {"steps": []}


# Edits (R12)


async def plan_of(http: Any, session_id: str) -> tuple[dict[str, Any], str]:
    answer = await http.get(f"/sessions/{session_id}/artifacts/phase2")
    return answer.json(), answer.headers["etag"]


async def test_r12_an_edited_step_keeps_its_number_and_a_new_one_gets_the_next(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    plan, etag = await plan_of(http, session_id)
    plan["steps"][0]["query"] = "other words"
    plan["steps"] += [
        {"title": "New"},
        {"step_id": 70, "title": "Newer", "depends_on": [1]},
        {"step_id": 71, "title": "Newest", "depends_on": [70]},
    ]
    answer = await http.put(f"/sessions/{session_id}/artifacts/phase2", json=plan, headers={"If-Match": etag})
    assert answer.status_code == 202, answer.text
    assert answer.json()["status"] == "completed"
    assert set(answer.json()["plan"]["stale"]) >= {"phase3/1", "phase4"}
    edited, _ = await plan_of(http, session_id)
    assert [(step["step_id"], step["depends_on"]) for step in edited["steps"]] == [
        (1, []),
        (2, []),
        (3, [1]),
        (4, []),
        (5, [1]),
        (6, [5]),
    ]
    assert edited["meta"]["by"] == "user:user"
    state = (await http.get(f"/sessions/{session_id}")).json()
    assert (
        state["nodes"]["phase3/1"]["freshness"] == "stale"
        and state["nodes"]["phase3/4"]["status"] == "pending"
    )
    assert (
        state["nodes"]["phase2"]["generation"] == 2
        and state["nodes"]["phase2"]["artifact"]["generation"] == 2
    )


async def test_a_preview_of_an_edit_tells_the_new_steps_that_it_would_not_run(site: Any, http: Any) -> None:
    """Where the edit only marks stale; where it cascades they run."""
    _, session_id = await site.finished(http)
    plan, _ = await plan_of(http, session_id)
    plan["steps"] += [{"title": "New"}, {"title": "Newer"}]
    place = f"/sessions/{session_id}/artifacts/phase2?dry_run=true"
    marked = (await http.put(place, json=plan, headers=ANY)).json()["plan"]
    assert "Steps 4 and 5 are new and not run by this command." in marked["warnings"] and marked["run"] == []
    cascaded = (await http.put(f"{place}&propagation=cascade", json=plan, headers=ANY)).json()["plan"]
    assert {"phase3/4", "phase3/5"} <= set(cascaded["run"]) and not any(
        "new" in warning for warning in cascaded["warnings"]
    )
    saved = await http.put(place.partition("?")[0], json=plan, headers=ANY)
    assert (saved.status_code, saved.json()["plan"]["warnings"]) == (202, marked["warnings"])


async def test_r16_an_edit_repeated_is_one_edit(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    plan, _ = await plan_of(http, session_id)
    plan["steps"].append({"title": "New"})
    first = await http.put(
        f"/sessions/{session_id}/artifacts/phase2?command_id=edit-1", json=plan, headers=ANY
    )
    again = await http.put(
        f"/sessions/{session_id}/artifacts/phase2", json=plan, headers=ANY | {"Idempotency-Key": "edit-1"}
    )
    assert (again.status_code, again.json()) == (202, first.json())
    assert [step["step_id"] for step in (await plan_of(http, session_id))[0]["steps"]] == [1, 2, 3, 4]
    plan["steps"].append({"title": "Another"})
    other = await http.put(
        f"/sessions/{session_id}/artifacts/phase2?command_id=edit-1", json=plan, headers=ANY
    )
    assert (other.status_code, other.json()["type"]) == (422, "/problems/command_reused")


async def test_r12_a_cascade_runs_what_is_below_the_edit(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    answer = await http.put(
        f"/sessions/{session_id}/artifacts/phase1?propagation=cascade",
        json={"goals": [{"question": "Else?"}]},
        headers=ANY,
    )
    assert answer.json()["run_id"] and answer.json()["status"] == "running"
    await site.research.work(session_id)
    await site.seen(session_id)
    state = (await http.get(f"/sessions/{session_id}")).json()
    assert {node["freshness"] for node in state["nodes"].values()} == {"fresh"}
    goals = (await http.get(f"/sessions/{session_id}/artifacts/phase1")).json()["goals"]
    assert goals == [{"goal_id": "goal-1", "question": "Else?", "rationale": "", "source_ids": []}]


async def test_r12_an_edit_is_refused_while_a_run_is_active_and_leaves_nothing_behind(
    site: Any, http: Any
) -> None:
    _, session_id = await site.finished(http)
    plan, _ = await plan_of(http, session_id)
    await http.post("/workflow/restart/phase", json={"session_id": session_id, "phase": "phase4"})
    before = set(site.store.objects)
    for query in ("", "?dry_run=true"):
        answer = await http.put(f"/sessions/{session_id}/artifacts/phase2{query}", json=plan, headers=ANY)
        assert (answer.status_code, answer.json()["type"]) == (409, "/problems/session_busy")
    assert set(site.store.objects) == before


async def test_an_edit_of_what_was_replaced_meanwhile_is_a_conflict(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    plan, _ = await plan_of(http, session_id)
    for tags in (f'"{"0" * 64}"', '"of-another-server"', f'W/"1", "{"0" * 64}"'):
        place = f"/sessions/{session_id}/artifacts/phase2"
        answer = await http.put(place, json=plan, headers={"If-Match": tags})
        assert (answer.status_code, answer.json()["type"]) == (412, "/problems/conflict"), tags


@pytest.mark.parametrize("headers", [{}, {"If-Match": " "}, {"If-Match": "no tag"}, {"If-Match": '"half'}])
async def test_an_edit_has_to_say_what_it_replaces(site: Any, http: Any, headers: dict[str, str]) -> None:
    """Without If-Match somebody else's edit could be overwritten unseen."""
    _, session_id = await site.finished(http)
    plan, _ = await plan_of(http, session_id)
    answer = await http.put(f"/sessions/{session_id}/artifacts/phase2", json=plan, headers=headers)
    assert (answer.status_code, answer.json()["field"]) == (422, "If-Match")


async def test_r13_the_preview_of_an_edit_is_of_the_edited_plan(site: Any, http: Any) -> None:
    """Step 3 is left out and a new one added: the preview says what is dropped, kept, stale and run."""
    _, session_id = await site.finished(http)
    before = set(site.store.objects)
    plan, _ = await plan_of(http, session_id)
    plan["steps"] = [*plan["steps"][:2], {"title": "New"}]
    place = f"/sessions/{session_id}/artifacts/phase2?dry_run=true"
    answer = await http.put(place, json=plan, headers=ANY)
    assert answer.status_code == 200
    asked = answer.json()["plan"]
    assert (asked["run"], asked["drop"], asked["stale"]) == ([], ["phase3/3"], ["phase4"])
    assert set(asked["keep"]) == {"phase0", "phase1", "phase2", "phase3/1", "phase3/2"}
    cascading = (await http.put(f"{place}&propagation=cascade", json=plan, headers=ANY)).json()["plan"]
    assert cascading["run"] == ["phase3/4", "phase4"]
    assert set(site.store.objects) == before


@pytest.mark.parametrize(
    ("phase", "body", "field"),
    [
        ("phase2", {"steps": []}, "steps"),
        ("phase2", {"synthesized_goal": "g", "steps": [{"title": ""}]}, "steps.0.title"),
        (
            "phase2",
            {"synthesized_goal": "g", "steps": [{"title": "x", "depends_on": [9]}]},
            "steps.0.depends_on",
        ),
        (
            "phase2",
            {"synthesized_goal": "g", "steps": [{"title": "x", "depends_on": ["1"]}]},
            "steps.0.depends_on",
        ),
        (
            "phase2",
            {"synthesized_goal": "g", "steps": [{"title": "x", "depends_on": 1}]},
            "steps.0.depends_on",
        ),
        (
            "phase2",
            {"synthesized_goal": "g", "steps": [{"title": "x", "goal_ids": ["goal-9"]}]},
            "steps.0.goal_ids",
        ),
        (
            "phase2",
            {"synthesized_goal": "g", "steps": [{"title": "x", "source_ids": [{}]}]},
            "steps.0.source_ids.0",
        ),
        ("phase2", {"steps": [{"title": "x"}]}, "synthesized_goal"),
        ("phase2", {"synthesized_goal": "g", "steps": [{"title": "x", "titel": "y"}]}, "steps.0.titel"),
        (
            "phase2",
            {"steps": [{"step_id": 1, "title": "x"}, {"step_id": 1, "title": "y"}]},
            "steps.1.step_id",
        ),
        ("phase2", {"steps": [{"step_id": 0, "title": "x"}]}, "steps.0.step_id"),
        ("phase2", {"steps": [{"title": "x", "source_ids": ["src-9"]}]}, "steps.0.source_ids"),
        (
            "phase1",
            {"goals": [{"goal_id": "a", "question": "x"}, {"goal_id": "a", "question": "y"}]},
            "goals",
        ),
        ("phase1", {"goals": [{}]}, "goals.0.question"),
        ("phase1", {"goals": [{"goal_id": ["a"], "question": "x"}]}, "goals"),
        ("phase1", {"goals": [{"question": "x", "source_ids": ["src-9"]}]}, "goals.0.source_ids"),
        ("phase1", [], None),
    ],
)
async def test_an_unsound_edit_names_its_field(
    site: Any, http: Any, phase: str, body: Any, field: str | None
) -> None:
    _, session_id = await site.finished(http)
    answer = await http.put(f"/sessions/{session_id}/artifacts/{phase}", json=body, headers=ANY)
    assert (answer.status_code, answer.json()["type"], answer.json().get("field")) == (
        422,
        "/problems/invalid",
        field,
    ), answer.text


async def test_a_dry_run_of_an_edit_is_asked_for_by_true(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    plan, _ = await plan_of(http, session_id)
    for word in ("yes", "1", "on"):
        answer = await http.put(
            f"/sessions/{session_id}/artifacts/phase2?dry_run={word}", json=plan, headers=ANY
        )
        assert (answer.status_code, answer.json()["field"]) == (422, "dry_run")


async def test_an_edited_step_names_goals_that_there_are(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    plan, _ = await plan_of(http, session_id)
    goals = [
        goal["goal_id"]
        for goal in (await http.get(f"/sessions/{session_id}/artifacts/phase1")).json()["goals"]
    ]
    plan["steps"][0]["goal_ids"] = [*goals, "goal-99"]
    place = f"/sessions/{session_id}/artifacts/phase2"
    answer = (await http.put(place, json=plan, headers=ANY)).json()
    assert (answer["type"], answer["field"]) == ("/problems/invalid", "steps.0.goal_ids")
    assert all(goal in answer["action"] for goal in goals)
    plan["steps"][0]["goal_ids"] = goals
    saved = await http.put(f"{place}?command_id=mine", json=plan, headers=ANY)
    assert saved.status_code == 202, saved.text
    await http.put(
        f"/sessions/{session_id}/artifacts/phase1",
        json={"goals": [{"goal_id": "other", "question": "Else?"}]},
        headers=ANY,
    )
    repeated = await http.put(
        f"{place}?command_id=mine", json=plan, headers=ANY
    )  # R16: the goals of today do not matter to it
    assert repeated.status_code == 202, repeated.text


async def test_plan_edit_can_be_off(make_site: Any, settings_of: Any) -> None:
    site = await make_site(settings_of(features={"plan_edit": False}))
    async with site.client() as http:
        _, session_id = await site.finished(http)
        plan, _ = await plan_of(http, session_id)
        answer = await http.put(f"/sessions/{session_id}/artifacts/phase2", json=plan, headers=ANY)
        assert (answer.status_code, answer.json()["type"]) == (403, "/problems/feature_off")
        Phase2.model_validate(plan)


# The report


async def test_a_report_in_each_format(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    markdown = await http.get(f"/sessions/{session_id}/report")
    assert markdown.text.startswith("# Report") and markdown.headers["reprise-freshness"] == "fresh"
    page = await http.get(f"/sessions/{session_id}/report?format=html")
    assert "<script" not in page.text and "<table>" in page.text and 'href="http://example.org/"' in page.text
    assert "default-src 'none'" in page.headers["content-security-policy"]
    document = (await http.get(f"/sessions/{session_id}/report?format=json")).json()
    assert (document["stale"], document["causes"], document["title"]) == (False, [], "Report")
    for name, start in (("pdf", b"%PDF-"), ("docx", b"PK")):
        answer = await http.get(f"/sessions/{session_id}/report?format={name}")
        assert answer.status_code == 200 and answer.content.startswith(start)
        assert answer.headers["content-disposition"] == f'inline; filename="report.{name}"'


async def test_a_stale_report_says_so_in_every_format(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    site.research.salt["phase3/2"] = " <b>anew</b>"
    body = {"session_id": session_id, "step_ids": [2], "options": {"propagation": "mark_stale"}}
    await http.post("/workflow/restart/step", json=body)
    await site.research.work(session_id)
    await site.seen(session_id)
    markdown = await http.get(f"/sessions/{session_id}/report?format=md")
    assert markdown.text.startswith("> **Outdated.**") and "> - Step 2 has changed (" in markdown.text
    assert markdown.headers["reprise-freshness"] == "stale"
    page = (await http.get(f"/sessions/{session_id}/report?format=html")).text
    assert page.index("Outdated") < page.index("Step 2 has changed (") < page.index("<h1>")
    document = (await http.get(f"/sessions/{session_id}/report?format=json")).json()
    assert next(iter(document.items())) == (
        "notice",
        "Outdated. This report no longer matches what it was made from.",
    )
    assert document["stale"] is True and document["causes"][0]["node"] == "phase3/2"


async def test_a_stale_report_names_what_changed_and_when(site: Any, http: Any) -> None:
    """R4: first what changed, by its name and with its time; a name is text and no Markdown."""
    batch_id, session_id = await site.finished(http)
    made = (await http.get(f"/sessions/{session_id}/report")).headers["reprise-freshness"]
    source = (await http.get(f"/batches/{batch_id}/sources")).json()["sources"][0]["source_id"]
    await http.put(
        f"/batches/{batch_id}/sources/{source}", json={"text": "Other words.", "title": "A [tide](x)"}
    )
    await site.seen(session_id)
    at = (await http.get(f"/sessions/{session_id}")).json()["nodes"]["phase0"]["causes"][0]["at"]
    when = f"{at[:10]} {at[11:16]} UTC"
    markdown = (await http.get(f"/sessions/{session_id}/report?format=md")).text.splitlines()
    assert (made, markdown[2]) == ("fresh", f"> - The source “A \\[tide\\](x)” was replaced ({when}).")
    assert markdown[3].endswith(" out of date.")
    page = (await http.get(f"/sessions/{session_id}/report?format=html")).text
    assert f"<li>The source “A [tide](x)” was replaced ({when}).</li>" in page


@pytest.mark.parametrize("name", ["epub", "exe"])
async def test_a_format_that_is_not_offered_names_those_that_are(site: Any, http: Any, name: str) -> None:
    _, session_id = await site.finished(http)
    answer = await http.get(f"/sessions/{session_id}/report?format={name}")
    assert (answer.status_code, answer.json()["type"], answer.json()["field"]) == (
        422,
        "/problems/invalid",
        "format",
    )
    for offered in (await http.get("/config")).json()["formats"]:
        assert offered in answer.json()["action"]


# Sources


async def test_files_of_a_form_are_stored_and_named(site: Any, http: Any) -> None:
    form = {"topic": "Files", "guidance": "Be brief.", "stop_after": "phase2"}
    files = [
        ("files", ("../a.txt", b"first", "text/plain")),
        ("files", ("b.bin", b"second", "application/pdf")),
    ]
    answer = await http.post("/batches", data=form, files=files)
    assert answer.status_code == 201, answer.text
    batch_id, session_id = answer.json()["batch_id"], answer.json()["session_id"]
    sources = (await http.get(f"/batches/{batch_id}/sources")).json()["sources"]
    assert [(s["source_id"], s["upload"]["filename"], s["upload"]["content_type"]) for s in sources] == [
        ("src-1", "a.txt", "text/plain"),
        ("src-2", "b.bin", "application/pdf"),
    ]
    assert site.store.objects[raw_key(batch_id, sources[1]["upload"]["sha256"])][0] == b"second"
    session = site.research.session(session_id)
    assert session.guidance == "Be brief." and session.run.request.options.stop_after == "phase2"


async def test_a_form_says_true_and_false_and_numbers_in_so_many_words(site: Any, http: Any) -> None:
    """Its fields are texts: what is neither `true` nor `false` is no flag, as in JSON."""
    files = [("files", ("a.txt", b"A text.", "text/plain"))]
    form = {"topic": "Files", "start": "true", "allow_partial": "true", "max_tokens": "5"}
    answer = await http.post("/batches", data=form, files=files)
    assert answer.status_code == 201, answer.text
    options = site.research.session(answer.json()["session_id"]).run.request.options
    assert (options.allow_partial, options.max_tokens) == (True, 5)
    for given, field in (
        ({"start": "0"}, "start"),
        ({"allow_partial": "yes"}, "options.allow_partial"),
        ({"start": "off"}, "start"),
    ):
        answer = await http.post("/batches", data={"topic": "Files"} | given, files=files)
        assert (answer.status_code, answer.json()["field"]) == (422, field)


async def chunks() -> AsyncIterator[bytes]:
    """A body of unknown length."""
    for _ in range(50):
        yield b"x" * 100


async def test_uploads_and_bodies_have_limits(make_site: Any, settings_of: Any) -> None:
    site = await make_site(settings_of(limits={"upload_bytes": 2000}))
    async with site.client() as http:
        answers = [
            await http.post("/batches", data={"topic": "x"}, files=[("files", ("a", b"x" * 2001))]),
            await http.post("/batches", data={"topic": "x"}, files=[("files", ("a", b"x" * 25_000))]),
            await http.post("/batches", json={"topic": "x", "sources": [{"text": "y" * 3000}]}),
            await http.post("/workflow/refresh", json={"session_id": "s", "x": "y" * 3000}),
            await http.post(
                "/workflow/refresh", content=chunks(), headers={"content-type": "application/json"}
            ),
        ]
        for answer in answers:
            assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too_large"), answer.text
        empty = await http.post("/batches", data={"topic": "x"}, files=[("files", ("a", b""))])
        assert (empty.status_code, empty.json()["field"]) == (422, "files")
        assert "a is empty" in empty.json()["detail"]


async def test_an_empty_file_among_others_stops_none_of_them(http: Any) -> None:
    """It becomes a source under its own name, and the batch starts."""
    files = [("files", ("notes.md", b"The lake is low.")), ("files", ("void.txt", b""))]
    made = await http.post("/batches", data={"topic": "Why is the lake low?"}, files=files)
    assert made.status_code == 201, made.text
    listed = (await http.get(f"/batches/{made.json()['batch_id']}")).json()["sources"]
    assert [source["upload"]["filename"] for source in listed] == ["notes.md", "void.txt"]
    assert listed[1]["upload"]["bytes"] == 0


async def test_sources_are_added_replaced_and_removed_and_run_nothing(site: Any, http: Any) -> None:
    batch_id, session_id = await site.finished(http)
    added = await http.post(
        f"/batches/{batch_id}/sources",
        json={"sources": [{"url": "http://example.org/3"}], "command_id": "add"},
    )
    assert added.status_code == 201
    again = await http.post(
        f"/batches/{batch_id}/sources",
        json={"sources": [{"url": "http://example.org/3"}], "command_id": "add"},
    )
    third = again.json()["sources"][2]["source_id"]
    assert [s["source_id"] for s in again.json()["sources"]] == ["src-1", "src-2", third]
    await site.seen(session_id)
    state = (await http.get(f"/sessions/{session_id}")).json()
    assert state["run"] is None
    assert state["nodes"]["phase0"]["causes"][0]["reason"] == "source_added"
    replaced = await http.put(f"/batches/{batch_id}/sources/src-2", json={"text": "Other words."})
    assert replaced.json()["sources"][1]["revision"] == 2
    by_file = await http.put(f"/batches/{batch_id}/sources/src-2", files={"files": ("n.txt", b"A file.")})
    assert by_file.json()["sources"][1]["revision"] == 3
    removed = await http.delete(f"/batches/{batch_id}/sources/{third}")
    assert [s["source_id"] for s in removed.json()["sources"]] == ["src-1", "src-2"]
    missing = await http.delete(f"/batches/{batch_id}/sources/{third}")
    assert (missing.status_code, missing.json()["field"]) == (404, "source_id")
    assert (await http.put(f"/batches/{batch_id}/sources/none", json={"text": "x"})).status_code == 404


@pytest.mark.parametrize("call", ["post", "put", "delete"])
async def test_r3_what_is_looked_at_after_a_change_of_sources_is_stale(
    site: Any, http: Any, call: str
) -> None:
    """The answer to the change comes when the sessions have recorded it, not when the batch alone has."""
    batch_id, session_id = await site.finished(http)
    path = f"/batches/{batch_id}/sources" + ("" if call == "post" else "/src-2")
    body = {
        "post": {"json": {"sources": [{"text": "More."}]}},
        "put": {"json": {"text": "Other."}},
        "delete": {},
    }[call]
    before = (await http.get(f"/batches/{batch_id}/sources")).json()
    site.research.telling.clear()
    answer = asyncio.create_task(getattr(http, call)(path, **body))

    async def recorded() -> bool:
        return (await http.get(f"/batches/{batch_id}/sources")).json() != before

    await until(recorded, 10, "the batch's own record")
    assert not answer.done()
    site.research.telling.set()
    assert (await answer).is_success
    assert (await http.get(f"/sessions/{session_id}")).json()["nodes"]["phase4"]["freshness"] == "stale"


async def test_whoever_sees_a_preparation_finds_what_it_prepared(site: Any, http: Any) -> None:
    """A session commits before its batch: a page that is told of the one asks for the other at once."""
    batch_id, session_id = await site.finished(http)
    await http.put(f"/batches/{batch_id}/sources/src-2", json={"text": "Other words."})
    site.research.heard = False
    site.research.salt["src-2"] = " now"
    await http.post("/workflow/restart/phase", json={"session_id": session_id, "phase": "phase0"})
    await site.research.work(session_id)
    await site.seen(session_id)
    assert site.research.states[batch_id].sources["src-2"].stored is None
    for listed in (
        (await http.get(f"/batches/{batch_id}/sources")).json(),
        (await http.get(f"/batches/{batch_id}")).json(),
    ):
        source = next(source for source in listed["sources"] if source["source_id"] == "src-2")
        assert source["stored"]["revision"] == source["revision"] == 2
    assert (await http.get(f"/batches/{batch_id}/sources/src-2/text")).text == "What src-2 says now."
    await http.delete(f"/batches/{batch_id}/sources/src-2")
    left = (await http.get(f"/batches/{batch_id}/sources")).json()["sources"]
    assert [source["source_id"] for source in left] == ["src-1"]


async def test_a_sources_text_by_its_hash(site: Any, http: Any) -> None:
    batch_id, session_id = await site.finished(http)
    path = f"/batches/{batch_id}/sources/src-1/text"
    today = await http.get(path)
    assert today.text == "What src-1 says."
    site.research.salt["src-1"] = " now"
    await http.post(
        "/workflow/restart/phase",
        json={"session_id": session_id, "phase": "phase0", "options": {"refetch": True}},
    )
    await site.research.work(session_id)
    await site.seen(session_id)
    assert (await http.get(path)).text == "What src-1 says now."
    older = await http.get(path, params={"sha256": today.headers["etag"].strip('"')})
    assert older.text == today.text
    assert (await http.delete(f"/batches/{batch_id}/sources/src-1")).status_code == 200
    assert (await http.get(path)).json()["field"] == "source_id", "there is no text of today"
    assert (await http.get(path, params={"sha256": today.headers["etag"].strip('"')})).text == today.text, (
        "what a citation names is there"
    )
    assert (await http.get(path, params={"sha256": "0" * 64})).json()["field"] == "sha256"


async def test_a_further_session_on_the_same_sources(site: Any, http: Any) -> None:
    batch_id, session_id = await site.finished(http)
    added = await http.post(
        f"/batches/{batch_id}/sessions", json={"topic": "Another question", "start": False}
    )
    assert added.status_code == 201
    other = added.json()["session_id"]
    state = (await http.get(f"/sessions/{other}")).json()
    assert state["run"] is None and state["nodes"]["phase0"]["status"] == "pending"
    begun = await http.post("/workflow/restart/phase", json={"session_id": other, "phase": "phase0"})
    assert begun.json()["status"] == "running"
    shown = (await http.get(f"/batches/{batch_id}")).json()
    assert [(s["session_id"], s["status"]) for s in shown["sessions"]] == [
        (session_id, "completed"),
        (other, "running"),
    ]


# Lists and stories


async def test_batches_are_listed_newest_first_paged_and_searched(site: Any, http: Any) -> None:
    ids = [(await site.start(http, topic=f"Topic {place}"))[0] for place in range(5)]
    first = (await http.get("/batches?limit=2")).json()
    second = (await http.get(f"/batches?limit=2&after={first['next']}")).json()
    third = (await http.get(f"/batches?limit=2&after={second['next']}")).json()
    assert [batch["batch_id"] for page in (first, second, third) for batch in page["batches"]] == ids[::-1]
    assert third["next"] is None
    found = (await http.get("/batches", params={"q": "topic 3"})).json()["batches"]
    assert [batch["topic"] for batch in found] == ["Topic 3"]
    for nowhere in ("x", "9" * 5_000):
        assert (await http.get(f"/batches?after={nowhere}")).json()["field"] == "after"


async def test_the_timeline_tells_in_words(site: Any, http: Any) -> None:
    batch_id, session_id = await site.finished(http)
    site.research.salt["phase3/1"] = " anew"
    await http.post(
        "/workflow/restart/step",
        json={
            "session_id": session_id,
            "step_ids": [1],
            "command_id": "c-1",
            "options": {"propagation": "mark_stale", "guidance": "Look again."},
        },
    )
    await site.research.work(session_id)
    await http.post(
        "/workflow/accept", json={"session_id": session_id, "node": "phase4", "reason": "Good enough."}
    )
    await http.post("/workflow/restart/step", json={"session_id": session_id, "step_ids": [9]})
    await site.seen(session_id)
    story = (await http.get(f"/sessions/{session_id}/events")).json()
    texts = [entry["text"] for entry in story["events"]]
    assert texts[0] == "User via REST created the session “Is it worth it?” on 2 sources."
    assert texts[1] == "User via REST started the research."
    assert (
        "User via REST asked to run step 1 “Costs” again, leaving what is below it as it is and with new "
        "guidance." in texts
    )
    assert "Step 1 “Costs” completed in 2.0 s: it is there." in texts
    assert "The rerun of step 1 “Costs” is done." in texts
    assert "User via REST accepted the report as it is: Good enough." in texts
    assert "User via REST asked to rerun and was refused: There is no step 9 in this session." in texts
    for known in (session_id, batch_id, "c-1", "r-", "e-1", "w-1", "src-"):
        assert not any(known in text for text in texts), known
    pages, after = [], 0
    while after is not None:
        page = (await http.get(f"/sessions/{session_id}/events", params={"after": after, "limit": 4})).json()
        pages += page["events"]
        after = page["next"]
    assert pages == story["events"]


async def test_the_timeline_tells_the_same_as_facts(site: Any, http: Any) -> None:
    """For whoever says it in another language: what was asked, of which run, with which options, and what
    came of it."""
    batch_id, session_id = await site.finished(http)
    options = {"propagation": "mark_stale", "guidance": "Look again."}
    await http.post(
        "/workflow/restart/step", json={"session_id": session_id, "step_ids": [1], "options": options}
    )
    await site.research.work(session_id)
    await http.post("/workflow/restart/step", json={"session_id": session_id, "step_ids": [9]})
    await http.post(f"/batches/{batch_id}/sources", json={"sources": [{"text": "One more."}]})
    await site.seen(session_id)
    story = (await http.get(f"/sessions/{session_id}/events", params={"limit": 1000})).json()["events"]

    def last(kind: str) -> dict[str, Any]:
        found: dict[str, Any] = next(entry["facts"] for entry in reversed(story) if entry["type"] == kind)
        return found

    assert story[0]["facts"]["sources"] == 2
    queued = last("run_queued")
    assert (queued["kind"], queued["target"]["steps"], queued["options"]["guidance"]) == (
        "steps",
        [1],
        "Look again.",
    )
    assert (last("run_finished")["target"], last("run_finished")["outcome"]) == (
        queued["target"],
        "completed",
    )
    assert last("node_completed")["seconds"] == 2.0
    assert last("command_refused")["problem"]["type"] == "/problems/step_unknown"
    assert (last("sources_changed")["added"], last("sources_changed")["removed"]) == (1, 0)


async def test_the_timeline_says_why_something_was_kept(site: Any, http: Any) -> None:
    """One part or several, because nothing moved or because it is the user's own."""
    _, session_id = await site.finished(http)
    for path, options in (("phase0", {}), ("phase1", {"guidance": "Other goals."})):
        if path == "phase1":
            plan = {"synthesized_goal": "By hand.", "steps": [{"title": "One"}, {"title": "Two"}]}
            await http.put(f"/sessions/{session_id}/artifacts/phase2", json=plan, headers={"If-Match": "*"})
        body = {"session_id": session_id, "phase": path, "options": options}
        assert (await http.post("/workflow/restart/phase", json=body)).status_code == 202
        await site.research.work(session_id)
    await site.seen(session_id)
    story = (await http.get(f"/sessions/{session_id}/events", params={"limit": 1000})).json()["events"]
    kept = [entry["text"] for entry in story if entry["type"] == "nodes_kept"]
    assert "Kept as they are, since nothing that they read has changed: the goals." in kept
    assert "Kept as it is, since nothing that it reads has changed: the plan." in kept
    assert any(
        text.startswith("Kept as they are, since nothing that they read has changed: step 1") for text in kept
    )
    assert "Kept as it is, since a user edited it: the plan." in kept


async def test_every_event_has_a_sentence() -> None:
    from typing import get_args

    from reprise_contracts import events
    from reprise_gateway.projections.timeline import _SENTENCES

    kinds = get_args(get_args(events.SessionEvent)[0])
    assert set(kinds) == set(_SENTENCES)


async def test_probes_and_configuration(site: Any, http: Any) -> None:
    assert (await http.get("/healthz")).status_code == 200
    for _ in range(100):
        ready = await http.get("/readyz")
        if ready.status_code == 200:
            break
    assert ready.json()["checks"] == {"log": True, "nats": True, "store": True}
    config = (await http.get("/config")).json()
    assert config["endpoint"] == {"host": "", "leaves_machine": False}
    assert (
        config["formats"] == ["md", "html", "pdf", "docx", "json", "bib", "ris", "csl"]
        and "extractive" in config["engines"]
    )
    assert {".pdf", ".docx", ".md"} < set(config["kinds"])
    assert {"arxiv", "searxng"} < set(config["searchers"])
    finnish = {"of": "Miten silta vaikuttaa satamaan ja mitä se maksaa kaupungille?"}
    assert (await http.get("/language", params=finnish)).json() == {"language": "fi"}
    assert (await http.get("/language", params={"of": "1234"})).json() == {"language": None}
    assert {"en", "zh", "de"} <= set(config["languages"]["extractive"]) and "pl" in config["languages"][
        "others"
    ]
    await site.start(http)
    text = (await http.get("/metrics")).text
    assert 'reprise_gateway_requests_total{method="POST",route="/batches",status="201"}' in text
    contract = (await http.get("/openapi.json")).json()
    assert "/workflow/restart/step" in contract["paths"]
    assert "/workflow/restart/step" in (await http.get("/docs")).text
    assert "/docs" in (await http.get("/")).text
    json.dumps(contract)


async def test_workers_are_shown_while_they_are_heard_of(site: Any, http: Any) -> None:
    from datetime import timedelta

    from reprise_contracts.states import WorkerView

    view = WorkerView(
        worker="w-1", phase="phase3", since=site.research.now, seen=site.research.now, running=("s/phase3/1",)
    )
    site.gateway.pools.present(view.encode())
    site.gateway.pools.present(b"?")
    pools = (await http.get("/workers")).json()
    assert [(pool["phase"], pool["waiting"], pool["working"]) for pool in pools][3] == ("phase3", 3, 1)
    assert pools[3]["workers"][0]["running"] == ["s/phase3/1"]
    site.research.now += timedelta(seconds=16)
    assert (await http.get("/workers")).json()[3]["workers"] == []


@pytest.mark.parametrize(
    "change", ["itself", "a b a", "title and back", "removed and added", "by an address and back"]
)
async def test_r40_a_source_that_is_given_again_as_it_was_is_fresh(site: Any, http: Any, change: str) -> None:
    batch_id, session_id = await site.finished(http)
    mine, address = {"text": "A text.", "title": "Mine"}, f"/batches/{batch_id}/sources/src-2"

    async def freshness() -> set[str]:
        await site.seen(session_id)
        nodes = (await http.get(f"/sessions/{session_id}")).json()["nodes"]
        return {node["freshness"] for node in nodes.values()}

    between = {
        "itself": mine,
        "a b a": {"text": "Another text.", "title": "Mine"},
        "title and back": mine | {"title": "Ours"},
        "by an address and back": {"url": "http://example.org/2"},
    }
    if change == "removed and added":
        assert (await http.delete(address)).status_code == 200
        assert "stale" in await freshness()
        added = await http.post(f"/batches/{batch_id}/sources", json={"sources": [mine]})
        assert [source["source_id"] for source in added.json()["sources"]] == ["src-1", "src-2"], (
            "it is the one that it was"
        )
    else:
        assert (await http.put(address, json=between[change])).status_code == 200
        assert ("stale" in await freshness()) == (change != "itself")
        assert (await http.put(address, json=mine)).status_code == 200
    assert await freshness() == {"fresh"}
    refreshed = await http.post(
        "/workflow/refresh", json={"session_id": session_id, "options": {"dry_run": True}}
    )
    assert refreshed.json()["plan"]["run"] == []


async def test_r40_an_address_that_is_given_again_has_what_was_found_there(site: Any, http: Any) -> None:
    batch_id, session_id = await site.finished(http)
    first, other = {"url": "http://example.org/1"}, {"url": "http://example.org/other"}
    for given in (other, first):
        await http.put(f"/batches/{batch_id}/sources/src-1", json=given)
    await site.seen(session_id)
    state = (await http.get(f"/sessions/{session_id}")).json()
    assert {node["freshness"] for node in state["nodes"].values()} == {"fresh"}


@pytest.mark.parametrize(
    "call", ["start", "engine", "add", "replace", "no source", "too many bytes", "ended", "deleted"]
)
async def test_r25_what_a_refused_call_brought_is_gone_again(make_site: Any, call: str) -> None:
    site = await make_site(Settings(limits=Limits(upload_bytes=1000)))
    async with site.client() as http:
        first = {
            "topic": "T",
            "sources": [{"text": "One.", "title": "t"}],
            "command_id": "c-1",
            "start": False,
        }
        batch_id = (await http.post("/batches", json=first)).json()["batch_id"]
        sources = {"sources": [{"text": "Two.", "title": "t"}], "command_id": "c-2"}
        assert (await http.post(f"/batches/{batch_id}/sources", json=sources)).status_code == 201
        before = set(site.store.objects)
        other = {"text": "Another body, and some bytes.", "title": "t"}
        if call == "start":
            answer = await http.post("/batches", json=first | {"sources": [other]})
        elif call == "add":
            answer = await http.post(f"/batches/{batch_id}/sources", json=sources | {"sources": [other]})
        elif call == "engine":
            answer = await http.post("/batches", json={**first, "command_id": "c-3", "engine": "openai"})
        elif call == "no source":
            answer = await http.put(f"/batches/{batch_id}/sources/nope", json=other)
        elif call in {"ended", "deleted"}:
            await http.post(f"/batches/{batch_id}/end", json={})
            if call == "deleted":
                await http.delete(f"/batches/{batch_id}")
            before = set(site.store.objects)
            answer = await http.post(f"/batches/{batch_id}/sources", json={"sources": [other]})
        elif call == "replace":
            answer = await http.put(f"/batches/{batch_id}/sources/src-1", json=other | {"command_id": "c-2"})
        else:
            files = [("files", ("a.txt", b"fine")), ("files", ("b.txt", b"x" * 1001))]
            answer = await http.post(f"/batches/{batch_id}/sources", files=files)
        assert answer.status_code in {404, 410, 413, 422} and set(site.store.objects) == before
