"""A question to the report: a step of the plan that answers it."""

import asyncio
import json
import os
import sys
from pathlib import Path
from typing import Any

from reprise_client import AsyncClient, NotFound

QUESTION = "What does it cost in winter?"


async def asked(http: Any, session: str, **more: Any) -> Any:
    return await http.post(f"/sessions/{session}/ask", json={"question": QUESTION} | more)


async def test_r12_a_question_is_a_step_that_answers_it(site: Any, http: Any) -> None:
    """Only that step runs; the report is out of date, and says why."""
    _, session = await site.finished(http)
    preview = (await asked(http, session, dry_run=True)).json()
    assert preview["plan"]["run"] == ["phase3/4"] and preview["plan"]["stale"] == ["phase4"]
    assert len((await http.get(f"/sessions/{session}/artifacts/phase2")).json()["steps"]) == 3
    answer = await asked(http, session, plan_token=preview["plan_token"])
    assert answer.status_code == 202 and answer.json()["plan"]["run"] == ["phase3/4"]
    await site.research.work(session)
    await site.seen(session)
    step = (await http.get(f"/sessions/{session}/artifacts/phase2")).json()["steps"][3]
    assert (step["kind"], step["query"], step["title"]) == ("answer", QUESTION, QUESTION)
    nodes = (await http.get(f"/sessions/{session}")).json()["nodes"]
    assert {name: node["generation"] for name, node in nodes.items() if name.startswith("phase3/")} == {
        "phase3/1": 1,
        "phase3/2": 1,
        "phase3/3": 1,
        "phase3/4": 1,
    }
    assert nodes["phase3/4"]["status"] == "completed" and nodes["phase4"]["freshness"] == "stale"
    found = (await http.get(f"/sessions/{session}/artifacts/phase3/steps/4")).json()
    assert found["findings"][0]["citations"]


async def test_r16_a_question_sent_twice_is_one_step(site: Any, http: Any) -> None:
    _, session = await site.finished(http)
    first = (await asked(http, session, command_id="q-1")).json()
    await site.research.work(session)
    await site.seen(session)
    again = await asked(http, session, command_id="q-1")
    assert again.status_code == 202
    assert (again.json()["run_id"], again.json()["status"]) == (first["run_id"], "completed")
    other = await asked(http, session, command_id="q-1", question="What else?")
    assert other.json()["type"].endswith("/command_reused")
    known = await asked(http, session, question=f"  {QUESTION.upper()} ")
    assert (known.status_code, known.json()["field"]) == (422, "question")
    assert (known.json()["code"], known.json()["facts"]) == ("asked_already", {"nodes": ["phase3/4"]})
    assert "step 4" in known.json()["action"]
    assert len((await http.get(f"/sessions/{session}/artifacts/phase2")).json()["steps"]) == 4


async def test_r13_a_plan_that_is_not_as_shown_is_not_edited(site: Any, http: Any) -> None:
    _, session = await site.finished(http)
    token = (await asked(http, session, dry_run=True)).json()["plan_token"]
    site.research.salt["phase0"] = " otherwise"
    body = {"session_id": session, "phase": "phase0", "options": {"propagation": "mark_stale"}}
    await http.post("/workflow/restart/phase", json=body)
    await site.research.work(session)
    await site.seen(session)
    commits = len(await site.log.read(session))
    refused = await asked(http, session, plan_token=token)
    assert (refused.status_code, refused.json()["type"]) == (409, "/problems/plan_changed")
    assert refused.json()["plan"]["run"] and len(await site.log.read(session)) == commits


async def test_what_cannot_be_asked_is_said(site: Any, http: Any) -> None:
    _, session = await site.start(http)
    early = await asked(http, session)
    assert (early.status_code, early.json()["type"]) == (409, "/problems/inputs_missing")
    await site.research.work(session)
    await site.seen(session)
    for body, field in (({"question": " "}, "question"), ({"source_ids": ["src-9"]}, "source_ids")):
        wrong = await asked(http, session, **body)
        assert (wrong.status_code, wrong.json()["field"]) == (422, field), wrong.text
    await http.post("/workflow/restart/phase", json={"session_id": session, "phase": "phase4"})
    busy = await asked(http, session)
    assert busy.json()["type"].endswith("/session_busy")


async def test_the_client_and_the_command_line_ask(working: Any, tmp_path: Path) -> None:
    async with AsyncClient(f"http://{working.address}") as client:
        created = await client.start("Is it worth it?", ["http://example.org/1"])
        await client.wait(created.session_id, created.command_id, 30)
        session = created.session_id
        receipt = await client.ask(
            session, "How long?", preview=await client.preview_question(session, "How long?")
        )
        assert (await client.wait(session, receipt.command_id, 30)).status == "completed"
        assert (await client.answer(session, "How long?")).step_id == 4
        try:
            await client.answer(session, "How far?")
        except NotFound as refused:
            assert refused.problem.field == "question"
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "reprise_cli", "--json", "ask", session, QUESTION, "--yes"),
        env=os.environ
        | {
            "PYTHONPATH": ":".join(path for path in sys.path if path),
            "REPRISE_SERVER": f"http://{working.address}",
            "REPRISE_STATE_DIR": str(tmp_path),
        },
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode == 0, err.decode()
    found = json.loads(out)
    assert found["step_id"] == 5 and found["findings"][0]["citations"][0]["quote"] == "says"
