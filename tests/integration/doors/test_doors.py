"""The same stories through every door: what a command does never depends on how it came in."""

import asyncio
import json
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import httpx
import pytest

from integration.doors.adapters import NAMES, STALE, Answer, Door, Rest, need, opened, phase, steps
from integration.doors.house import House, Site, Work, freshness, one_at_a_time, ran, together
from reprise_contracts.states import Created, ReportCheck, State
from reprise_research.bundle import Bundle
from stack import until


async def done(site: Site, work: Work, answer: Answer) -> State:
    """The state after a command that was taken and came to a good end."""
    assert not answer.refused, answer.problem
    outcome = await site.outcome(work, answer.command_id)
    assert outcome.status == "completed", outcome
    return await site.state(work)


# Reruns


async def test_r7_r9_a_rerun_of_phase_2_makes_new_steps_and_a_new_report(site: Site, door: Door) -> None:
    """The plan's first story: other guidance gives another plan; its steps have new numbers, and the report
    is made of them."""
    work, before = await site.researched()
    after = await done(site, work, await door.rerun(work, phase(2), guidance="prices"))
    assert ran(before, after) == {"phase2", "phase3/4", "phase3/5", "phase3/6", "phase4"}
    assert {node for node in after.nodes if node.startswith("phase3/")} == {
        "phase3/4",
        "phase3/5",
        "phase3/6",
    }
    assert (await site.artifact(work, "phase4")).json()["inputs"]["phase3/5"] == after.nodes[
        "phase3/5"
    ].artifact.sha256  # type: ignore[union-attr]
    assert freshness(after) == {"fresh"}
    await site.sees(lambda: door.state(work), after)


async def test_r10_a_rerun_of_one_step_refreshes_it_and_the_report(site: Site, door: Door) -> None:
    """The plan's second story: exactly that step and the report; run again without a change, the step alone
    (R8)."""
    work, before = await site.researched()
    after = await done(site, work, await door.rerun(work, steps(2), guidance="prices"))
    assert ran(before, after) == {"phase3/2", "phase4"}
    assert freshness(after) == {"fresh"}
    again = await done(site, work, await door.rerun(work, steps(2)))
    assert ran(after, again) == {"phase3/2"}
    assert again.nodes["phase3/2"].unchanged


async def test_r4_r7_r26_mark_stale_leaves_a_stale_report_and_refresh_brings_it_up_to_date(
    site: Site, door: Door
) -> None:
    """The report says which step moved and when; refresh runs what is stale and nothing else."""
    work, before = await site.researched()
    marked = await done(
        site, work, await door.rerun(work, steps(2), guidance="prices", propagation="mark_stale")
    )
    assert ran(before, marked) == {"phase3/2"}
    report = marked.nodes["phase4"]
    assert (report.freshness, report.status) == ("stale", "completed")
    assert [(cause.node, cause.reason) for cause in report.causes] == [("phase3/2", "changed")]
    assert report.causes[0].at is not None
    text = (await site.http.get(f"/sessions/{work.session}/report")).text
    assert "outdated" in text.partition("\n\n")[0].casefold()
    await site.sees(lambda: door.state(work), marked)
    after = await done(site, work, await door.rerun(work, STALE))
    assert ran(marked, after) == {"phase4"}
    assert freshness(after) == {"fresh"}


async def test_r12_guidance_belongs_to_a_step_until_it_is_replaced(site: Site, door: Door) -> None:
    """Given, kept when absent, and cleared by an empty text; no other step hears of it."""
    work, _ = await site.researched()
    for options, said in (
        ({"guidance": "prices"}, "Step 2: prices"),
        ({}, "Step 2: prices"),
        ({"guidance": ""}, "Step 2: "),
    ):
        after = await done(site, work, await door.rerun(work, steps(2), **options))
        assert await site.insight(work, 2) == said
        assert after.nodes["phase3/2"].guidance == said.removeprefix("Step 2: ")
    assert await site.insight(work, 1) == "Step 1: "


async def test_r27_stop_after_ends_a_run_so_that_the_plan_can_be_read(site: Site, door: Door) -> None:
    """On a start, where the door has one, and on a rerun: what is after it is pending, or stale."""
    if "start" in door.lacks:
        work = await site.begin(options={"stop_after": "phase2"})
    else:
        work = await door.start("steps=3", stop_after="phase2")
    planned = await site.at_rest(work)
    assert {node: view.status for node, view in planned.nodes.items() if node > "phase2"} == dict.fromkeys(
        ("phase3", "phase3/1", "phase3/2", "phase3/3", "phase4"), "pending"
    )
    whole = await done(site, work, await door.rerun(work, STALE))
    assert freshness(whole) == {"fresh"}
    after = await done(site, work, await door.rerun(work, phase(2), guidance="prices", stop_after="phase2"))
    assert ran(whole, after) == {"phase2"}
    assert after.nodes["phase3/4"].status == "pending"
    assert after.nodes["phase4"].freshness == "stale"


async def test_r12_an_edited_plan_is_run_and_a_cascade_passes_it_by(site: Site, door: Door) -> None:
    """The edit comes by REST and marks stale; the door runs what it asks for, and only naming the plan
    replaces it."""
    work, before = await site.researched()
    read = await site.artifact(work, "phase2")
    plan = read.json()
    plan["steps"][1]["title"] = "Step two, by hand"
    plan["steps"].append({"title": "One more"})
    place = f"/sessions/{work.session}/artifacts/phase2"
    answer = await site.http.put(place, json=plan, headers={"If-Match": read.headers["etag"]})
    assert answer.status_code == httpx.codes.ACCEPTED, answer.text
    late = await site.http.put(place, json=plan, headers={"If-Match": read.headers["etag"]})
    assert (late.status_code, late.json()["type"]) == (412, "/problems/conflict")
    edited = await site.at_rest(work)
    assert {node: view.freshness for node, view in edited.nodes.items() if node > "phase3/"} == {
        "phase3/1": "fresh",
        "phase3/2": "stale",
        "phase3/3": "fresh",
        "phase3/4": None,
        "phase4": "stale",
    }
    after = await done(site, work, await door.rerun(work, STALE))
    assert ran(before, after) == {"phase2", "phase3/2", "phase3/4", "phase4"}, (
        "the plan by its edit, the others by the refresh"
    )
    assert after.nodes["phase2"].generation == edited.nodes["phase2"].generation
    assert await site.insight(work, 2) == "Step two, by hand: "
    passed = await done(site, work, await door.rerun(work, phase(1), guidance="other goals"))
    assert ran(after, passed) == {"phase1"}
    assert passed.nodes["phase2"].freshness == "stale"
    replaced = await done(site, work, await door.rerun(work, phase(2)))
    assert [node for node in replaced.nodes if node.startswith("phase3/")] == [
        "phase3/1",
        "phase3/5",
        "phase3/3",
    ]
    assert freshness(replaced) == {"fresh"}


async def test_r28_what_is_accepted_is_fresh_until_the_next_change(site: Site, door: Door) -> None:
    """The log says who accepted it and why."""
    need(door, "accept")
    work, _ = await site.researched()
    await done(site, work, await door.rerun(work, steps(2), guidance="prices", propagation="mark_stale"))
    taken = await done(site, work, await door.accept(work, "phase4", "A small matter."))
    assert taken.nodes["phase4"].freshness == "fresh"
    events = (await site.http.get(f"/sessions/{work.session}/events")).json()["events"]
    told = next(event for event in events if event["type"] == "node_accepted")
    assert told["by"] and "A small matter." in told["text"]
    assert (await door.accept(work, "phase4", "Again.")).refused == "invalid", "there is nothing to accept"
    moved = await done(
        site, work, await door.rerun(work, steps(2), guidance="wages", propagation="mark_stale")
    )
    assert moved.nodes["phase4"].freshness == "stale"


# Commands


async def test_r16_a_repeat_answers_the_first_answer_and_does_nothing(
    site: Site, door: Door, rest: Rest
) -> None:
    """Through this door and through another; another body under the same id is refused, and changes nothing
    either."""
    need(door, "command_id")
    work, before = await site.researched()
    first = await door.rerun(work, steps(2), command_id="mine", guidance="prices")
    after = await done(site, work, first)
    assert ran(before, after) == {"phase3/2", "phase4"}
    assert await door.rerun(work, steps(2), command_id="mine", guidance="prices") == first
    assert (await rest.rerun(work, steps(2), command_id="mine", guidance="prices")).run_id == first.run_id
    other = await door.rerun(work, steps(3), command_id="mine")
    assert other.refused == "command_reused"
    assert other.problem is not None and other.problem["field"] == "command_id"
    assert (await door.cancel(work, command_id="mine")).refused == "command_reused"
    assert (await rest.rerun(work, steps(3), command_id="mine")).refused == "command_reused"
    assert ran(after, await site.at_rest(work)) == set()
    assert (await site.outcome(work, "mine")).status == "completed"
    assert await door.rerun(work, steps(2), command_id="mine", guidance="prices") == first, (
        "refused ones change no answer"
    )


async def test_r13_what_runs_is_what_the_preview_said_or_the_command_is_refused(
    site: Site, door: Door, rest: Rest
) -> None:
    """A token holds until the session changes in a way that counts; the refusal brings the new preview, whose
    token is taken."""
    work, before = await site.researched()
    asked: Door = rest if "preview" in door.lacks else door
    shown = (await asked.rerun(work, steps(1), guidance="prices", dry_run=True)).preview
    assert shown is not None
    assert (shown["plan"]["run"], shown["plan"]["may_run"]) == (["phase3/1"], ["phase4"])
    assert ran(before, await site.at_rest(work)) == set(), "a preview does nothing"
    await done(site, work, await rest.rerun(work, steps(2), guidance="wages", propagation="mark_stale"))
    marked = await site.state(work)
    refused = await door.rerun(work, steps(1), guidance="prices", plan_token=shown["plan_token"])
    assert refused.refused == "plan_changed"
    assert refused.problem is not None
    assert set(refused.problem["plan"]["run"]) == {"phase3/1", "phase4"}
    after = await done(
        site,
        work,
        await door.rerun(work, steps(1), guidance="prices", plan_token=refused.problem["plan_token"]),
    )
    assert ran(marked, after) == {"phase3/1", "phase4"}
    assert freshness(after) == {"fresh"}


async def test_r13_a_socket_says_where_previews_are(site: Site, house: House) -> None:
    """Asked for a preview it runs nothing, and its answer names the command."""
    work, before = await site.researched("steps=1")
    async with opened("websocket", house) as door:
        said = await door.rerun(work, phase(4), dry_run=True)
    assert (said.refused, ran(before, await site.at_rest(work))) == ("invalid", set())


async def test_r13_a_published_dry_run_runs_nothing(site: Site, house: House) -> None:
    """Nobody could be told the preview: the log says that it was refused."""
    work, before = await site.researched("steps=1")
    async with opened("nats-command", house) as door:
        said = await door.rerun(work, phase(4), dry_run=True)
    assert (said.refused, ran(before, await site.at_rest(work))) == ("invalid", set())


@pytest.mark.parametrize("name", ["rest", "websocket", "nats-request", "nats-command"])
async def test_a_flag_is_true_or_false_at_every_door(site: Site, house: House, name: str) -> None:
    """What somebody may have meant as a yes is refused, names its field, and runs nothing. The command line
    has no such words."""
    work, before = await site.researched("steps=1")
    async with opened(name, house) as door:
        for flag, given in (("force", "yes"), ("refetch", 1), ("allow_partial", "false")):
            said = await door.rerun(work, phase(1), **{flag: given})
            assert said.problem is not None and (said.refused, said.problem["field"].split(".")[-1]) == (
                "invalid",
                flag,
            ), said
    assert ran(before, await site.at_rest(work)) == set()


# Several at once


async def test_r14_two_reruns_at_once_never_run_together(site: Site, door: Door) -> None:
    """Both are taken, one waits for the other, and the log shows one run at a time."""
    work, _ = await site.researched("steps=3 wait_ms=50")
    answers = await together(
        door.rerun(work, steps(1), guidance="one"), door.rerun(work, steps(2), guidance="two")
    )
    for answer in answers:
        await done(site, work, answer)
    assert answers[0].run_id != answers[1].run_id
    assert (await site.insight(work, 1), await site.insight(work, 2)) == ("Step 1: one", "Step 2: two")
    assert one_at_a_time(await site.commits(work))
    assert freshness(await site.at_rest(work)) == {"fresh"}


async def test_r15_what_waits_with_equal_options_becomes_one_run(site: Site, door: Door, rest: Rest) -> None:
    """Reruns of steps unite behind the active run; one with other options waits by itself, and each can be
    cancelled (R20)."""
    work, busy = await site.busy()
    assert busy.run is not None
    two, three = await together(
        door.rerun(work, steps(2), guidance="same"), door.rerun(work, steps(3), guidance="same")
    )
    assert two.run_id == three.run_id
    other = await door.rerun(work, phase(1), stop_after="phase1", guidance="goals")
    assert other.run_id not in {two.run_id, busy.run.run_id}
    waiting = await door.state(work)
    assert waiting.run is not None and waiting.run.run_id == busy.run.run_id
    assert [(spec.run_id, spec.target.steps, spec.position) for spec in waiting.queue] == [
        (two.run_id, (2, 3), 1),
        (other.run_id, None, 2),
    ]
    assert not (await door.cancel(work, run_id=two.run_id)).refused
    assert not (await rest.cancel(work, run_id=busy.run.run_id)).refused
    for answer in (two, three):
        assert (await site.outcome(work, answer.command_id)).status == "cancelled"
    after = await done(site, work, other)
    assert ran(busy, after) == {"phase1"}
    assert one_at_a_time(await site.commits(work))


async def test_r14_reject_leaves_the_active_run_and_interrupt_takes_its_place(site: Site, door: Door) -> None:
    """The refused command does nothing; the interrupting one runs first, before what waited already."""
    work, busy = await site.busy()
    assert busy.run is not None
    rejected = await door.rerun(work, phase(1), if_running="reject")
    assert rejected.refused == "session_busy"
    assert (await site.state(work)).run == busy.run
    queued = await door.rerun(work, phase(1), guidance="later", stop_after="phase1")
    urgent = await door.rerun(work, phase(1), guidance="now", stop_after="phase1", if_running="interrupt")
    await done(site, work, queued)
    await done(site, work, urgent)
    assert (await site.outcome(work, busy.run.command_id)).status == "cancelled"
    events = [event for commit in await site.commits(work) for event in commit.events]
    began = [event.run_id for event in events if event.type == "run_started"]
    assert began == [busy.run.run_id, urgent.run_id, queued.run_id]
    assert one_at_a_time(await site.commits(work))


async def test_r15_a_step_that_a_new_plan_dropped_is_obsolete(site: Site, door: Door, rest: Rest) -> None:
    """At once, and for a command that waited while the plan changed; both name the numbers that are valid."""
    work, busy = await site.busy()
    assert busy.run is not None
    replan = await rest.rerun(work, phase(2), guidance="prices", stop_after="phase2")
    waits = await door.rerun(work, steps(2))
    await rest.cancel(work, run_id=busy.run.run_id)
    await done(site, work, replan)
    outcome = await site.outcome(work, waits.command_id)
    assert outcome.status == "refused" and outcome.problem is not None
    assert (outcome.problem.kind, outcome.problem.valid_steps) == ("step_obsolete", (4, 5, 6))
    late = await door.rerun(work, steps(2, 5))
    assert late.refused == "step_obsolete" and late.problem is not None
    assert late.problem["valid_steps"] == [4, 5, 6]
    unknown = await door.rerun(work, steps(9))
    assert unknown.refused == "step_unknown" and unknown.problem is not None
    assert unknown.problem["valid_steps"] == [4, 5, 6]


# Cancelling


@pytest.mark.parametrize("what", ["run", "step"])
async def test_r20_a_cancel_that_races_completion_has_one_winner(
    site: Site, door: Door, rest: Rest, what: str
) -> None:
    """Whoever wins, the log decides each attempt once, nothing that completed is lost, and every door sees
    the same."""
    work, before = await site.researched("steps=2 wait_ms=10")
    rerun = await rest.rerun(work, steps(1), guidance="prices")
    assert rerun.run_id is not None
    named: dict[str, Any] = {"run_id": rerun.run_id} if what == "run" else {"step_id": 1}
    cancel = await door.cancel(work, **named)
    assert not cancel.refused, cancel.problem
    outcome = await site.outcome(work, rerun.command_id)
    after = await site.at_rest(work)
    step = after.nodes["phase3/1"]
    ends = [
        event.type
        for commit in await site.commits(work)
        for event in commit.events
        if event.type in {"node_completed", "node_cancelled"}
        and event.node == "phase3/1"
        and event.generation == step.generation
    ]
    assert len(ends) == 1
    if ends == ["node_completed"]:
        assert (step.status, await site.insight(work, 1)) == ("completed", "Step 1: prices")
    else:
        assert (step.status, outcome.status) == ("cancelled", "cancelled")
        assert step.artifact == before.nodes["phase3/1"].artifact, "the kept artifact counts"
    await site.sees(lambda: door.state(work), after)
    for name in ("rest", "websocket", "nats-request"):
        async with opened(name, site.house) as other:
            await site.sees(lambda other=other: other.state(work), after)  # type: ignore[misc]  # bound at once
    finished = await done(site, work, await rest.rerun(work, STALE))
    assert freshness(finished) == {"fresh"}, "R21: the session stays usable"


async def test_r20_a_cancel_without_a_target_stops_everything(site: Site, door: Door) -> None:
    """What runs and what waits; what completed is kept, and refresh goes on from there (R21, R26)."""
    work, busy = await site.busy()
    assert busy.run is not None
    waits = await door.rerun(work, phase(1), guidance="later")
    assert not (await door.cancel(work)).refused
    assert (await site.outcome(work, waits.command_id)).status == "cancelled"
    after = await site.at_rest(work)
    assert (await site.outcome(work, busy.run.command_id)).status == "cancelled"
    assert {after.nodes[f"phase3/{n}"].status for n in (1, 2, 3)} == {"cancelled"}
    assert after.nodes["phase2"].artifact == busy.nodes["phase2"].artifact
    await site.sees(lambda: door.state(work), after)


# Life and features


async def test_r24_an_ended_batch_refuses_every_later_command(site: Site, door: Door, rest: Rest) -> None:
    """What ran is cancelled, its results stay readable, and each command says `batch_ended`."""
    work, before = await site.researched()
    assert await (rest if "end" in door.lacks else door).end(work)
    assert (await site.state(work)).ended
    for answer in (
        await door.rerun(work, steps(1)),
        await door.cancel(work),
        *([] if "accept" in door.lacks else [await door.accept(work, "phase4", "Late.")]),
    ):
        assert answer.refused == "batch_ended"
    assert (await door.state(work)).nodes == before.nodes
    assert (await site.http.get(f"/sessions/{work.session}/report")).is_success


@pytest.fixture(scope="module")
def closed_house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A small house where steps cannot be run again: it decides, but nobody works in it."""
    off = {"REPRISE_FEATURES__STEP_RERUN": "false", "REPRISE_FEATURES__PLAN_EDIT": "false"}
    running = House(tmp_path_factory.mktemp("closed"), off)
    try:
        running.open("orchestrator", "gateway")
        yield running
    finally:
        running.stop_all()


@pytest.mark.parametrize("name", NAMES)
async def test_a_feature_that_is_off_is_off_at_every_door(closed_house: House, name: str) -> None:
    """A step's rerun is refused with `feature_off`, a phase's is taken."""
    async with (
        httpx.AsyncClient(base_url=closed_house.url, timeout=30, trust_env=False) as http,
        opened(name, closed_house) as door,
    ):
        work = await Site(closed_house, http).begin()
        assert (await door.rerun(work, steps(1))).refused == "feature_off"
        assert not (await door.rerun(work, phase(1))).refused
        edit = {"goals": [{"question": "What else?"}]}
        refused = await http.put(
            f"/sessions/{work.session}/artifacts/phase1", json=edit, headers={"If-Match": "*"}
        )
        assert refused.json()["type"] == "/problems/feature_off"
        assert (await http.get("/config")).json()["features"] == {
            "phase_rerun": True,
            "step_rerun": False,
            "plan_edit": False,
        }


async def test_r3_a_change_of_sources_is_seen_by_whoever_looks_after_its_answer(site: Site) -> None:
    """Added, replaced, removed: each answer comes when the session has recorded it, so the next look finds it
    stale."""
    work, _ = await site.researched("steps=1")
    place = f"/batches/{work.batch}/sources"

    async def causes() -> set[tuple[str, str]]:
        return {(cause.node, cause.reason) for cause in (await site.state(work)).nodes["phase0"].causes}

    for number in range(10):
        added = (await site.http.post(place, json={"sources": [{"text": "More."}]})).json()["sources"][-1][
            "source_id"
        ]
        assert (f"source/{added}", "source_added") in await causes()
        assert (await site.http.delete(f"{place}/{added}")).is_success
        assert not await causes()
        assert (await site.http.put(f"{place}/src-1", json={"text": f"Other {number}."})).is_success
        assert await causes() == {("source/src-1", "source_changed")}
        await site.http.post("/workflow/refresh", json={"session_id": work.session})
        await site.at_rest(work)


async def test_r16_a_batch_is_started_once_whichever_door_asks_again(site: Site, house: House) -> None:
    """The same start by REST and by request and reply is one batch; another body under its id is refused."""
    body = {"topic": "steps=1", "sources": [{"text": "A text about nothing."}], "command_id": uuid4().hex}
    first = (await site.http.post("/batches", json=body)).json()
    caller = await house.caller()
    again = json.loads(
        await caller.bus.request("reprise.v1.api.start", json.dumps(body).encode(), timeout=20)
    )
    assert again == first
    reused = json.loads(
        await caller.bus.request(
            "reprise.v1.api.start", json.dumps(body | {"topic": "Another"}).encode(), timeout=20
        )
    )
    assert reused["type"] == "/problems/command_reused"


# The last of the folder: it ends every process


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"
)  # what a client leaves of a killed server
async def test_r22_r23_artifacts_reload_after_every_process_was_killed(
    site: Site, house: House, rest: Rest
) -> None:
    """The plan's third story: one session at rest and one in the middle of a run, then kill -9 for all, the
    gateway and the servers too."""
    work, before = await site.researched()
    report = await site.artifact(work, "phase4")
    under_way, busy = await site.busy()
    assert busy.run is not None
    names = [*house.services, "weed", "nats"]
    for name in names:
        await asyncio.to_thread(house.kill, name)
    for name in reversed(names):
        await asyncio.to_thread(house.restart, name)
    await asyncio.to_thread(house.wait_ready)
    assert await site.state(work) == before
    again = await site.artifact(work, "phase4")
    assert (again.content, again.headers["etag"]) == (report.content, report.headers["etag"])
    after = await done(site, work, await rest.rerun(work, steps(1), guidance="after the restart"))
    assert ran(before, after) == {"phase3/1", "phase4"}
    assert freshness(after) == {"fresh"}

    async def goes_on() -> State | None:
        state = await site.state(under_way)
        return state if state.run is not None and state.nodes["phase3/1"].status == "running" else None

    await until(goes_on, 30, "the run that was under way")
    await rest.cancel(under_way)
    stopped = await site.at_rest(under_way)
    assert (await site.outcome(under_way, busy.run.command_id)).status == "cancelled"
    assert stopped.nodes["phase2"].artifact == busy.nodes["phase2"].artifact


async def test_a_report_is_checked_over_rest(site: Site) -> None:
    """Its citations are held against the stored texts; there is nothing to check before there is a report."""
    work, _ = await site.researched()
    answer = await site.http.get(f"/sessions/{work.session}/report/check")
    assert answer.status_code == httpx.codes.OK, answer.text
    assert ReportCheck.model_validate_json(answer.content) == ReportCheck(session_id=work.session)


async def test_r41_a_session_is_exported_imported_and_run_again(site: Site, rest: Rest) -> None:
    """On real servers: the report is the same, its bundle has every byte, and a step of it runs."""
    work, before = await site.researched()
    bundle = (await site.http.get(f"/sessions/{work.session}/bundle")).content
    answer = await site.http.post(
        "/batches/import", content=bundle, headers={"Content-Type": "application/zip"}
    )
    assert answer.status_code == httpx.codes.CREATED, answer.text
    created = Created.model_validate_json(answer.content)
    new = Work(created.batch_id, created.session_id)
    state = await site.state(new)
    assert {node: view.artifact.sha256 for node, view in state.nodes.items() if view.artifact} == {
        node: view.artifact.sha256 for node, view in before.nodes.items() if view.artifact
    }
    reports = [await site.http.get(f"/sessions/{one.session}/report") for one in (work, new)]
    assert reports[0].content == reports[1].content
    again = Bundle.unpacked((await site.http.get(f"/sessions/{new.session}/bundle")).content)
    assert again.damaged == [] and again.files == Bundle.unpacked(bundle).files
    after = await done(site, new, await rest.rerun(new, steps(1), guidance="elsewhere"))
    assert {"phase3/1"} <= ran(state, after)
    assert freshness(after) == {"fresh"}
    assert await site.state(work) == before
