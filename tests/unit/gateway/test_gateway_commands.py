"""Commands through REST: taken, repeated, refused, waited for."""

import asyncio
from typing import Any

import pytest

from reprise_runtime.settings import Settings


async def test_a_batch_starts_at_once_and_is_there(site: Any, http: Any) -> None:
    batch_id, session_id = await site.start(http)
    state = (await http.get(f"/sessions/{session_id}")).json()
    assert state["batch_id"] == batch_id
    assert state["nodes"]["phase0"]["status"] == "queued"
    assert state["run"]["targets"] == ["phase0"]
    shown = (await http.get(f"/batches/{batch_id}")).json()
    assert [source["source_id"] for source in shown["sources"]] == ["src-1", "src-2"]
    assert shown["bytes"] == len("A text.")


async def test_r16_a_start_repeated_is_the_same_batch(site: Any, http: Any) -> None:
    first = await site.start(http, command_id="mine")
    body = {
        "topic": "Is it worth it?",
        "sources": [{"url": "http://example.org/1"}, {"text": "A text.", "title": "Mine"}],
    }
    again = await http.post("/batches", json=body, headers={"Idempotency-Key": "mine"})
    assert (again.json()["batch_id"], again.json()["session_id"]) == first
    other = await http.post("/batches", json=body | {"topic": "Another"}, headers={"Idempotency-Key": "mine"})
    assert (other.status_code, other.json()["type"]) == (422, "/problems/command_reused")


@pytest.mark.parametrize(
    ("settings", "asked", "code", "field", "named"),
    [
        ({}, {"engine": "openai"}, "engine_without_endpoint", "engine", "REPRISE_LLM__BASE_URL"),
        ({"engine": "openai"}, {}, "engine_without_endpoint", "engine", "REPRISE_LLM__BASE_URL"),
        (
            {"llm": {"base_url": "nowhere"}},
            {"engine": "openai", "model": "m"},
            "engine_without_endpoint",
            "engine",
            "REPRISE_LLM__BASE_URL",
        ),
        (
            {"llm": {"base_url": "http://127.0.0.1:9/v1"}},
            {"engine": "openai"},
            "engine_without_model",
            "model",
            "REPRISE_LLM__MODEL",
        ),
        ({}, {"engine": "none"}, "engine_unknown", "engine", "extractive"),
    ],
)
async def test_an_engine_that_cannot_begin_is_refused_at_the_door(
    make_site: Any,
    settings: dict[str, Any],
    asked: dict[str, str],
    code: str,
    field: str,
    named: str,
) -> None:
    """At a start, a further session and a rerun, as a preview too; the setting is named, and nothing is
    stored."""
    site = await make_site(Settings.model_validate(settings))
    async with site.client() as http:
        sources = [{"text": "A text.", "title": "Mine"}]
        refused = [await http.post("/batches", json={"topic": "Tides", "sources": sources} | asked)]
        batch_id, session_id = await site.finished(http, engine="extractive")
        refused.append(await http.post(f"/batches/{batch_id}/sessions", json={"topic": "Tides"} | asked))
        for options in ({}, {"dry_run": True}) if asked else ():
            body = {"session_id": session_id, "phase": "phase4", "options": asked | options}
            refused.append(await http.post("/workflow/restart/phase", json=body))
        for place, answer in enumerate(refused):
            problem = answer.json()
            where = field if place < 2 else f"options.{field}"
            assert (answer.status_code, problem["code"], problem["field"]) == (422, code, where)
            assert named in problem["detail"] + problem["action"]
            assert problem["facts"]["engine"] == asked.get("engine", "openai")
        assert len((await http.get("/batches")).json()["batches"]) == 1


async def test_a_start_says_what_its_engine_takes_no_account_of(site: Any, http: Any) -> None:
    """R31: the answer to a start has no preview, and warns as one does; so does its repeat."""
    body = {
        "topic": "Tides",
        "sources": [{"text": "A text.", "title": "Mine"}],
        "options": {"report": {"length": 200, "outline": ["One"]}},
        "command_id": "short",
    }
    first, again = [(await http.post("/batches", json=body)).json() for _ in range(2)]
    assert first == again
    (warning,) = first["warnings"]
    assert warning.endswith("as they are: length and outline change nothing in its report.")
    assert first["notices"][0]["options"] == ["length", "outline"]
    further = {"topic": "Tides", "options": {"report": {"tone": "plain"}}}
    more = (await http.post(f"/batches/{first['batch_id']}/sessions", json=further)).json()
    assert [notice["code"] for notice in more["notices"]] == ["report_unheeded"]


async def test_a_start_says_that_its_engine_has_no_words_in_the_language(http: Any) -> None:
    """Whoever starts by REST is told what the command line and the page say before."""
    body = {"topic": "Jak zmieniły się ceny mieszkań w Warszawie?", "sources": [{"text": "A text."}]}
    (notice,) = (await http.post("/batches", json=body)).json()["notices"]
    assert (notice["code"], notice["language"]) == ("language_unknown", "pl")
    assert "The topic is in Polish." in notice["text"]
    body |= {"topic": "Wie haben sich die Mieten in der Stadt verändert?"}
    assert (await http.post("/batches", json=body)).json()["notices"] == []


async def test_a_rerun_is_answered_with_its_run_and_its_plan(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    answer = await http.post("/workflow/restart/phase", json={"session_id": session_id, "phase": "phase2"})
    assert answer.status_code == 202
    receipt = answer.json()
    assert receipt["status"] == "running" and receipt["position"] == 0
    assert receipt["plan"]["run"] == ["phase2"]
    assert receipt["plan"]["may_run"] == ["phase4", "phase3/*"]
    assert receipt["plan"]["may_drop"] == ["phase3/1", "phase3/2", "phase3/3"]
    outcome = (await http.get(f"/sessions/{session_id}/commands/{receipt['command_id']}")).json()
    assert outcome["run_id"] == receipt["run_id"]


async def test_r16_a_repeat_answers_the_first_answer_and_todays_outcome(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    body = {"session_id": session_id, "phase": "phase4", "command_id": "again"}
    first = (await http.post("/workflow/restart/phase", json=body)).json()
    await site.research.work(session_id)
    await site.seen(session_id)
    commits = len(await site.log.read(session_id))
    second = (await http.post("/workflow/restart/phase", json=body)).json()
    assert second == first | {"status": "completed"}
    assert len(await site.log.read(session_id)) == commits
    reused = await http.post("/workflow/restart/phase", json=body | {"phase": "phase2"})
    assert (reused.status_code, reused.json()["type"]) == (422, "/problems/command_reused")


async def test_r16_a_stored_command_that_is_not_decided_yet_is_no_failure(make_site: Any) -> None:
    site = await make_site(patience=0.5)
    async with site.client() as http:
        _, session_id = await site.finished(http)
        site.research.deciding.clear()
        await site.bus.publish(
            "reprise.v1.timer.x", b'{"type":"swept","seq":1}', stream="INBOX"
        )  # the loop comes to its gate
        answer = await http.post("/workflow/refresh", json={"session_id": session_id, "command_id": "late"})
        assert (answer.status_code, answer.json()["run_id"]) == (202, None)
        site.research.deciding.set()
        await site.research.work(session_id)
        for _ in range(200):
            outcome = await http.get(f"/sessions/{session_id}/commands/late")
            if outcome.status_code == 200:
                break
        assert outcome.json()["run_id"]


async def test_a_refusal_has_its_own_status_and_stays_in_the_log(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    answer = await http.post(
        "/workflow/restart/step", json={"session_id": session_id, "step_ids": [9], "command_id": "nine"}
    )
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == "/problems/step_unknown"
    assert answer.json()["valid_steps"] == [1, 2, 3]
    assert (await http.get(f"/sessions/{session_id}/commands/nine")).json()["status"] == "refused"
    again = await http.post(
        "/workflow/restart/step", json={"session_id": session_id, "step_ids": [9], "command_id": "nine"}
    )
    assert (again.status_code, again.json()) == (404, answer.json())


async def test_r13_a_preview_runs_nothing_and_its_token_holds(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    body = {"session_id": session_id, "step_ids": [1], "options": {"dry_run": True}}
    preview = await http.post("/workflow/restart/step", json=body)
    assert preview.status_code == 200
    assert preview.json()["plan"]["run"] == ["phase3/1"]
    assert preview.json()["plan"]["may_run"] == ["phase3/3", "phase4"]
    assert (await http.get(f"/sessions/{session_id}")).json()["run"] is None
    token = preview.json()["plan_token"]
    taken = await http.post("/workflow/restart/step", json=body | {"options": {"plan_token": token}})
    assert taken.status_code == 202
    await site.research.work(session_id)
    wrong = await http.post("/workflow/restart/step", json=body | {"options": {"plan_token": "0" * 32}})
    assert (wrong.status_code, wrong.json()["type"]) == (409, "/problems/plan_changed")
    assert wrong.json()["plan"]["run"] == ["phase3/1"]


async def test_a_dry_run_in_the_address_is_refused_and_runs_nothing(site: Any, http: Any) -> None:
    """The body is where a command's options stand; its id may stand in the address too."""
    _, session_id = await site.finished(http)
    body = {"session_id": session_id, "phase": "phase2"}
    answer = await http.post("/workflow/restart/phase?dry_run=true", json=body)
    assert (answer.status_code, answer.json()["field"]) == (422, "dry_run")
    assert (await http.get(f"/sessions/{session_id}")).json()["run"] is None
    assert (await http.post("/workflow/restart/phase?command_id=mine", json=body)).json()[
        "command_id"
    ] == "mine"


async def test_r13_a_preview_of_what_cannot_be_done_is_refused(site: Any, http: Any) -> None:
    _, session_id = await site.start(http)
    await site.research.work(session_id)
    body = {"session_id": session_id, "step_ids": [77], "options": {"dry_run": True}}
    answer = await http.post("/workflow/restart/step", json=body)
    assert (answer.status_code, answer.json()["type"]) == (404, "/problems/step_unknown")


async def test_r14_queue_and_reject(site: Any, http: Any) -> None:
    _, session_id = await site.start(http)
    queued = await http.post("/workflow/refresh", json={"session_id": session_id})
    assert (queued.json()["status"], queued.json()["position"]) == ("queued", 1)
    rejected = await http.post(
        "/workflow/refresh", json={"session_id": session_id, "options": {"if_running": "reject"}}
    )
    assert (rejected.status_code, rejected.json()["type"]) == (409, "/problems/session_busy")


async def test_r15_a_merged_command_learns_its_run(site: Any, http: Any) -> None:
    _, session_id = await site.start(http)
    first = (await http.post("/workflow/refresh", json={"session_id": session_id})).json()
    second = (await http.post("/workflow/refresh", json={"session_id": session_id})).json()
    assert (second["status"], second["run_id"]) == ("merged", first["run_id"])


async def test_r20_cancelling_all(site: Any, http: Any) -> None:
    _, session_id = await site.start(http)
    answer = await http.post("/workflow/cancel", json={"session_id": session_id})
    assert answer.status_code == 202
    state = (await http.get(f"/sessions/{session_id}")).json()
    assert state["run"] is None and state["nodes"]["phase0"]["status"] == "cancelled"


async def test_r20_a_run_that_never_was_is_not_found(site: Any, http: Any) -> None:
    _, session_id = await site.start(http)
    answer = await http.post("/workflow/cancel", json={"session_id": session_id, "run_id": "r-none"})
    assert (answer.status_code, answer.json()["field"]) == (404, "run_id")


async def test_r28_accept(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    site.research.salt["phase3/1"] = " anew"
    body = {"session_id": session_id, "step_ids": [1], "options": {"propagation": "mark_stale"}}
    await http.post("/workflow/restart/step", json=body)
    await site.research.work(session_id)
    await site.seen(session_id)
    assert (await http.get(f"/sessions/{session_id}")).json()["nodes"]["phase4"]["freshness"] == "stale"
    for node in ("phase3/3", "phase4"):
        answer = await http.post(
            "/workflow/accept", json={"session_id": session_id, "node": node, "reason": "It is fine."}
        )
        assert answer.status_code == 202, answer.text
    assert (await http.get(f"/sessions/{session_id}")).json()["nodes"]["phase4"]["freshness"] == "fresh"
    group = await http.post(
        "/workflow/accept", json={"session_id": session_id, "node": "phase3", "reason": "x"}
    )
    assert (group.status_code, group.json()["field"]) == (422, "node")


async def test_r24_an_ended_batch_refuses_and_stays_readable(site: Any, http: Any) -> None:
    batch_id, session_id = await site.finished(http)
    for _ in range(2):
        ended = await http.post(f"/batches/{batch_id}/end")
        assert (ended.status_code, ended.json()["ended"]) == (200, True)
    assert (await http.get(f"/sessions/{session_id}/report")).status_code == 200
    for call, body in (
        ("/workflow/refresh", {"session_id": session_id}),
        (f"/batches/{batch_id}/sources", {"sources": [{"url": "http://example.org/3"}]}),
        (f"/batches/{batch_id}/sessions", {"topic": "More"}),
    ):
        answer = await http.post(call, json=body)
        assert (answer.status_code, answer.json()["type"]) == (410, "/problems/batch_ended"), call


async def test_r24_deleting_can_be_repeated_and_the_id_stays_known(
    site: Any, http: Any, eventually: Any
) -> None:
    batch_id, session_id = await site.finished(http)
    for _ in range(2):
        gone = await http.delete(f"/batches/{batch_id}")
        assert (gone.status_code, gone.json()["deleted"]) == (200, True)
    await site.seen(session_id)
    for path in (f"/sessions/{session_id}", f"/sessions/{session_id}/report", f"/batches/{batch_id}/sources"):
        assert (await http.get(path)).status_code == 410
    assert (await http.post("/workflow/refresh", json={"session_id": session_id})).status_code == 410
    assert (await http.get("/batches")).json()["batches"] == []
    fresh = site.another()  # one that never knew the batch but as its tombstone
    task = asyncio.create_task(fresh.projection.run())
    await eventually(lambda: fresh.projection.ready)
    assert (await fresh.projection.session(session_id)).deleted
    task.cancel()


@pytest.mark.parametrize(
    ("feature", "call", "body"),
    [
        ("phase_rerun", "/workflow/restart/phase", {"phase": "phase2"}),
        ("phase_rerun", "/workflow/refresh", {}),
        ("step_rerun", "/workflow/restart/step", {"step_ids": [1]}),
    ],
)
async def test_a_feature_that_is_off(
    make_site: Any, settings_of: Any, feature: str, call: str, body: dict[str, Any]
) -> None:
    site = await make_site(settings_of(features={feature: False}))
    async with site.client() as http:
        _, session_id = await site.finished(http)
        for options in ({}, {"dry_run": True}):
            answer = await http.post(call, json=body | {"session_id": session_id, "options": options})
            assert (answer.status_code, answer.json()["type"]) == (403, "/problems/feature_off")
            assert feature in answer.json()["detail"]
        assert (await http.get("/config")).json()["features"][feature] is False


async def test_a_crowded_inbox_refuses_new_work_but_never_a_cancel_or_an_end(site: Any, http: Any) -> None:
    batch_id, session_id = await site.start(http)
    site.full = 0.81
    site.gateway.service._inbox._capacity._until = 0
    refused = await http.post("/workflow/refresh", json={"session_id": session_id})
    assert (refused.status_code, refused.json()["type"]) == (503, "/problems/unavailable")
    assert int(refused.headers["retry-after"]) > 0
    assert (
        await http.post("/batches", json={"topic": "x", "sources": [{"url": "http://example.org"}]})
    ).status_code == 503
    assert (await http.post("/workflow/cancel", json={"session_id": session_id})).status_code == 202
    assert (await http.post(f"/batches/{batch_id}/end")).status_code == 200


async def test_what_there_is_not(http: Any) -> None:
    for answer in (
        await http.get("/sessions/s-none"),
        await http.get("/batches/b-none"),
        await http.post("/workflow/refresh", json={"session_id": "s-none"}),
        await http.get("/nowhere"),
    ):
        assert (answer.status_code, answer.json()["type"]) == (404, "/problems/not_found")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["action"]


async def test_a_session_of_another_batch_is_not_found(site: Any, http: Any) -> None:
    _, session_id = await site.start(http)
    answer = await http.post("/workflow/refresh", json={"session_id": session_id, "batch_id": "b-other"})
    assert (answer.status_code, answer.json()["field"]) == (404, "batch_id")


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/batches", {"sources": [{"url": "http://x"}]}, "topic"),
        ("/batches", {"topic": "x", "sources": []}, "sources"),
        ("/batches", {"topic": "x", "sources": [{"url": "ftp://x"}]}, "sources.0.url"),
        ("/batches", {"topic": "x" * 2001, "sources": [{"url": "http://x"}]}, "topic"),
        ("/batches", {"topic": "x", "engine": "none-such", "sources": [{"url": "http://x"}]}, "engine"),
        (
            "/batches",
            {"topic": "x", "engine": "extractive", "language": "pl", "sources": [{"url": "http://x"}]},
            "language",
        ),
        ("/batches", {"topic": "x", "language": "in German", "sources": [{"url": "http://x"}]}, "language"),
        ("/workflow/restart/phase", {"session_id": "s", "phase": "phase9"}, "phase"),
        ("/workflow/restart/step", {"session_id": "s", "step_ids": []}, "step_ids"),
        ("/workflow/refresh", {"session_id": "not an id"}, "session_id"),
        (
            "/workflow/restart/phase",
            {"session_id": "s", "phase": "phase2", "options": {"dryrun": True}},
            "options.dryrun",
        ),
        ("/workflow/cancel", {"session_id": "s", "step": 3}, "step"),
        ("/workflow/restart/step", {"session_id": "s", "step_ids": [True]}, "step_ids.0"),
        ("/workflow/cancel", {"session_id": "s", "step_id": "3"}, "step_id"),
        (
            "/batches",
            {"topic": "x", "sources": [{"url": "http://x"}], "options": {"dry_run": True}},
            "options.dry_run",
        ),
        ("/batches", {"topic": "x", "sources": [{"url": "http://x"}], "start": 0}, "start"),
        (
            "/batches",
            {"topic": "x", "sources": [{"url": "http://x"}], "options": {"allow_partial": "no"}},
            "options.allow_partial",
        ),
        (
            "/workflow/restart/phase",
            {"session_id": "s", "phase": "phase2", "options": {"force": "yes"}},
            "options.force",
        ),
        (
            "/workflow/restart/step",
            {"session_id": "s", "step_ids": [1], "options": {"force": 1}},
            "options.force",
        ),
        ("/workflow/refresh", {"session_id": "s", "options": {"dry_run": "false"}}, "options.dry_run"),
        ("/workflow/refresh", {"session_id": "s", "options": {"plan_token": "old"}}, "options.plan_token"),
    ],
)
async def test_an_invalid_body_names_its_field(
    http: Any, path: str, body: dict[str, Any], field: str
) -> None:
    answer = await http.post(path, json=body)
    assert (answer.status_code, answer.json()["type"], answer.json()["field"]) == (
        422,
        "/problems/invalid",
        field,
    )
    assert answer.json()["action"]


async def test_a_body_that_is_no_json(http: Any) -> None:
    for path in ("/batches", "/workflow/refresh"):
        answer = await http.post(path, content=b"{", headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["field"]) == (422, "body")
        assert answer.json()["detail"].startswith("The body is not JSON that can be read: ")


@pytest.mark.parametrize(
    "body", [b'{"a": ' + b"[" * 5_000 + b"]" * 5_000 + b"}", b'{"session_id": ' + b"9" * 5_000 + b"}"]
)
async def test_a_body_that_nests_or_counts_too_far(http: Any, body: bytes) -> None:
    for path in ("/batches", "/workflow/refresh", "/workflow/restart/phase"):
        answer = await http.post(path, content=body, headers={"content-type": "application/json"})
        assert (answer.status_code, answer.json()["type"], answer.json()["field"]) == (
            422,
            "/problems/invalid",
            "body",
        )


async def test_a_spoiled_object_is_an_answer_too(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    key = site.research.session(session_id).node("phase4").materialization.event.artifact.key
    site.store.objects[key] = (b"spoiled", "")
    answer = await http.get(f"/sessions/{session_id}/report")
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal")


async def test_r6_status_and_freshness_are_told_apart(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    site.research.salt["phase3/1"] = " anew"
    await http.post("/workflow/restart/step", json={"session_id": session_id, "step_ids": [1]})
    await site.research.complete(session_id, "phase3/1")
    await site.research.fail(session_id, "phase3/3")
    await site.seen(session_id)
    nodes = (await http.get(f"/sessions/{session_id}")).json()["nodes"]
    assert (nodes["phase3/3"]["status"], nodes["phase3/3"]["freshness"]) == ("failed", "stale")
    assert nodes["phase3/3"]["artifact"]["generation"] == 1 and nodes["phase3/3"]["generation"] == 2
    assert nodes["phase3/3"]["problem"]["type"] == "/problems/engine_failed"
    assert (nodes["phase4"]["status"], nodes["phase4"]["freshness"]) == ("completed", "stale")
    assert [cause["node"] for cause in nodes["phase4"]["causes"]][:2] == ["phase3/1", "phase3/3"]


async def test_r26_refresh_brings_everything_up_to_date(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    site.research.salt["phase3/1"] = " anew"
    body = {"session_id": session_id, "step_ids": [1], "options": {"propagation": "mark_stale"}}
    await http.post("/workflow/restart/step", json=body)
    await site.research.work(session_id)
    preview = (
        await http.post("/workflow/refresh", json={"session_id": session_id, "options": {"dry_run": True}})
    ).json()["plan"]
    assert (preview["run"], preview["may_run"]) == (["phase3/3"], ["phase4"]) or preview["run"] == [
        "phase3/3",
        "phase4",
    ]
    await http.post("/workflow/refresh", json={"session_id": session_id})
    await site.research.work(session_id)
    await site.seen(session_id)
    nodes = (await http.get(f"/sessions/{session_id}")).json()["nodes"]
    assert {view["freshness"] for view in nodes.values()} == {"fresh"}


async def test_a_name_that_is_not_the_gateways_is_refused(http: Any) -> None:
    """A page of another site that points a name of its own at 127.0.0.1 gets nothing, neither to read nor to
    do."""
    for name in ("evil.example", "evil.example:8700", "[::2]", "", "a:b:c"):
        answer = await http.get("/batches", headers={"Host": name})
        assert (answer.status_code, answer.json()["type"], answer.json()["field"]) == (
            403,
            "/problems/forbidden",
            "Host",
        )
    for name in ("localhost:8700", "127.0.0.1", "[::1]:9", "LOCALHOST"):
        assert (await http.get("/batches", headers={"Host": name})).status_code == 200


async def test_where_tokens_are_configured_any_name_will_do(make_site: Any, settings_of: Any) -> None:
    site = await make_site(settings_of(tokens={"alice": "secret"}))
    async with site.client() as http:
        answer = await http.get(
            "/batches", headers={"Host": "research.example", "Authorization": "Bearer secret"}
        )
        assert answer.status_code == 200


async def test_where_names_are_configured_they_count_beside_those_of_its_own_machine(
    make_site: Any, settings_of: Any
) -> None:
    """Whoever checks the gateway's health from beside it, as a container's check does, is let in; other names
    are not."""
    site = await make_site(
        settings_of(tokens={"alice": "secret"}).model_copy(update={"hosts": ("research.example",)})
    )
    async with site.client() as http:
        answers = {
            name: (await http.get("/healthz", headers={"Host": name})).status_code
            for name in ("research.example", "127.0.0.1:8700", "localhost", "evil.example")
        }
    assert answers == {"research.example": 200, "127.0.0.1:8700": 200, "localhost": 200, "evil.example": 403}


async def test_r16_two_names_for_one_command_are_refused(http: Any) -> None:
    """Whoever repeats by the header would not be protected by the body."""
    body = {"session_id": "s", "phase": "phase2", "command_id": "one"}
    answer = await http.post("/workflow/restart/phase", json=body, headers={"Idempotency-Key": "other"})
    assert (answer.status_code, answer.json()["field"]) == (422, "Idempotency-Key")


async def test_a_topic_is_one_line_without_orders_to_a_terminal(site: Any, http: Any) -> None:
    _, session_id = await site.start(http, topic="a\u0000b\u001b[31m\u202ec\nd")
    assert (await http.get(f"/sessions/{session_id}")).json()["topic"] == "a b [31m c d"


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"options": "[" * 5_000 + "]" * 5_000}, "options"),
        ({"options": "9" * 5_000}, "options"),
        ({"max_tokens": "9" * 5_000}, "options.max_tokens"),
        ({"sources": '{"url": ' + "[" * 5_000 + "]" * 5_000 + "}"}, "sources"),
        ({"sources": '{"text": "x", "title": ' + "9" * 5_000 + "}"}, "sources"),
    ],
)
async def test_a_form_that_nests_or_counts_too_far(http: Any, fields: dict[str, str], field: str) -> None:
    answer = await http.post("/batches", data={"topic": "x"} | fields, files={"files": ("a.txt", b"A text.")})
    assert (answer.status_code, answer.json()["type"], answer.json()["field"]) == (
        422,
        "/problems/invalid",
        field,
    )


async def test_what_cannot_be_asked_is_named_in_a_callers_words(site: Any, http: Any) -> None:
    """Each field as the caller knows it, and what there is instead."""
    batch, session = await site.finished(http)
    for method, path, body, field, said in (
        ("POST", f"/sessions/{session}/ask", {"question": "?"}, "question", "no word"),
        (
            "POST",
            f"/sessions/{session}/ask",
            {"question": "What of it?", "source_ids": ["src-9"]},
            "source_ids",
            "src-9",
        ),
        ("POST", f"/sessions/{session}/lock", {"node": "phase9"}, "node", "a step such as phase3/2"),
        ("POST", f"/sessions/{session}/lock", {"node": "phase3/*"}, "node", "a step such as phase3/2"),
        ("POST", f"/sessions/{session}/tags", {"add": ["a"], "remove": ["a"]}, "add", "the tag a"),
        ("PUT", f"/batches/{batch}/sources/src-1", {}, "url", "`text`"),
    ):
        answer = await http.request(method, path, json=body)
        assert (answer.status_code, answer.json()["field"]) == (422, field), answer.text
        assert said in answer.json()["detail"], answer.text


async def test_a_session_that_was_ended_by_itself_is_called_one(site: Any, http: Any) -> None:
    """Its batch goes on: nothing says that it was ended."""
    batch, session = await site.finished(http)
    fork = (await http.post(f"/sessions/{session}/fork", json={"node": "phase4"})).json()["session_id"]
    assert (await http.post(f"/sessions/{fork}/end")).status_code == 200
    await site.seen(fork)
    refused = await http.post("/workflow/refresh", json={"session_id": fork})
    assert (refused.status_code, refused.json()["field"]) == (410, "session_id")
    assert refused.json()["detail"].startswith("The session was ended")
    dry = await http.post("/workflow/refresh", json={"session_id": fork, "options": {"dry_run": True}})
    assert dry.json()["detail"].startswith("The session was ended")
    assert (await http.delete(f"/sessions/{fork}")).status_code == 200
    await site.seen(fork)
    gone = await http.get(f"/sessions/{fork}")
    assert (gone.status_code, gone.json()["field"]) == (410, "session_id")
    assert (await http.get(f"/batches/{batch}")).json()["ended"] is False


async def test_r29_a_session_says_what_it_may_spend(site: Any, http: Any) -> None:
    _, session = await site.start(http, options={"max_session_tokens": 5000, "max_tokens": 400})
    await site.seen(session)
    state = (await http.get(f"/sessions/{session}")).json()
    assert (state["spent"], state["max_tokens"], state["run_max_tokens"]) == (0, 5000, 400)
