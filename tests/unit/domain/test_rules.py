"""Each rule by its number, on the real `decide` and `reduce`."""

from datetime import timedelta
from typing import Any

import pytest

from domain_world import World, numbered, planned
from reprise_contracts.artifacts import ObjectRef
from reprise_contracts.commands import Accept, AddSession, Cancel, Edit, EndBatch, Options, PutSources, Rerun, SessionSpec, Target
from reprise_contracts.jobs import DownloadsSwept, Failed, LeaseEnded, Started, Stopped
from reprise_contracts.problems import Problem
from reprise_contracts.sources import Source
from reprise_contracts.states import Plan, Preview
from reprise_contracts.subjects import artifact_key
from reprise_contracts.wire import digest
from reprise_domain.commands import spec_of
from reprise_domain.decide import decide, preview_edit
from reprise_domain.dispatch import job_for
from reprise_domain.freshness import Verdicts
from reprise_domain.preview import preview
from reprise_domain.reduce import fold
from reprise_domain.sweep import decided_against
from reprise_gateway.states import command_of, state_of
from reprise_runtime.snapshots import dump, load


@pytest.fixture
def world() -> World:
    """A session that has been researched: steps 1, 2 and 3, of which 3 depends on 1."""
    world = World()
    world.drain()
    return world


def rerun(world: World, name: str = "c-1", *, phase: str | None = None, steps: tuple[int, ...] | None = None, **options: object) -> None:
    target = Target(phase=phase, steps=steps, stale=True if phase is None and steps is None else None)  # type: ignore[arg-type]
    world.give(Rerun(command_id=name, target=target, options=Options.model_validate(options)))


def freshness(world: World) -> dict[str, str | None]:
    return {node: view.freshness for node, view in state_of(world.s).nodes.items()}


def stale(world: World) -> set[str]:
    return {node for node, verdict in freshness(world).items() if verdict == "stale"}


def test_r1_phases_follow_each_other_and_steps_their_dependencies() -> None:
    world = World()
    world.drain()
    ran = world.ran()
    assert ran[:3] == ["phase0", "phase1", "phase2"]
    assert ran.index("phase3/3") > ran.index("phase3/1")
    assert ran[-1] == "phase4"
    assert set(freshness(world).values()) == {"fresh"}


def test_r1_the_group_is_a_table_over_its_steps(world: World) -> None:
    rerun(world, steps=(2,))
    assert state_of(world.s).nodes["phase3"].status == "queued"
    world.fail("phase3/2")
    assert state_of(world.s).nodes["phase3"].status == "failed"
    assert state_of(world.s).nodes["phase3"].freshness == "stale"


def test_r1_a_job_carries_what_its_node_reads(world: World) -> None:
    rerun(world, phase="phase3")
    assert set(job_for(world.s, "phase3/1").inputs) == {"phase0", "phase2"}
    world.complete("phase3/1")
    assert set(job_for(world.s, "phase3/3").inputs) == {"phase0", "phase2", "phase3/1"}


def test_r2_independent_steps_are_ready_together() -> None:
    world = World()
    for node in ("phase0", "phase1", "phase2"):
        world.complete(node)
    assert {job.node for job in world.held()} == {"phase3/1", "phase3/2"}


def test_r3_a_to_b_to_a_is_fresh_again(world: World) -> None:
    world.salt["phase3/2"] = "b"
    rerun(world, "c-1", steps=(2,), propagation="mark_stale")
    world.drain()
    assert stale(world) == {"phase4"}
    world.salt["phase3/2"] = ""
    rerun(world, "c-2", steps=(2,), propagation="mark_stale")
    world.drain()
    assert stale(world) == set()


def test_r3_without_an_artifact_freshness_is_null() -> None:
    assert set(freshness(World()).values()) == {None}


def test_r3_a_cancelled_rerun_changes_nothing(world: World) -> None:
    rerun(world, steps=(2,))
    world.give(Cancel(command_id="stop"))
    assert world.s.node("phase3/2").status == "cancelled"
    assert stale(world) == set()


@pytest.mark.parametrize(
    ("node", "target"), [("phase3/2", {"steps": (2,)}), ("phase3/2", {"phase": "phase3"}), ("phase1", {"phase": "phase1"})]
)
def test_r3_a_cancelled_rerun_gives_its_parameters_back(world: World, node: str, target: dict[str, Any]) -> None:
    """What it set for a target that it did not make would else make a report stale that nothing has changed."""
    world.later(60)
    rerun(world, guidance="costs", engine="openai", **target)
    world.give(Cancel(command_id="stop"))
    assert stale(world) == set()
    assert world.s.parameters(node).guidance == ""
    rerun(world, "c-2", guidance="costs", **target)
    world.drain()
    assert world.s.parameters(node).guidance == "costs"


def test_r3_an_older_log_is_told_as_it_was(world: World) -> None:
    """What a run gave back is said by its end and worked out by nobody later: a log without it folds to what was decided on then."""
    world.later(60)
    rerun(world, steps=(2,), guidance="costs")
    world.give(Cancel(command_id="stop"))
    session = None
    for seq, commit in world.log:
        told = [event.model_copy(update={"given_back": ()}) if event.type == "run_finished" else event for event in commit.events]
        session = fold(session, commit.model_copy(update={"events": tuple(told)}), seq)
    assert session is not None
    assert session.parameters("phase3/2").guidance == "costs"
    assert Verdicts(session).freshness("phase3/2") == "stale"


def test_r3_a_run_that_a_ceiling_stops_before_its_target_changes_nothing(world: World) -> None:
    """R29: nothing began, so nothing is stale."""
    world.later(60)
    world.tokens = 10
    rerun(world, "c-0", steps=(1,), force=True, propagation="mark_stale")
    world.drain()
    before = stale(world)
    world.later(60)
    rerun(world, steps=(2,), guidance="costs", max_session_tokens=1)
    assert command_of(world.s, "c-1").status == "failed"  # type: ignore[union-attr]
    assert stale(world) == before


def test_r4_a_stale_node_names_the_chain_back_to_what_changed(world: World) -> None:
    world.later(60)
    world.salt["phase1"] = "other"
    rerun(world, phase="phase1", propagation="mark_stale")
    world.drain()
    chain = Verdicts(world.s).chain("phase4")
    assert (chain[0].node, chain[0].reason) == ("phase2", "upstream")
    root = next(cause for cause in chain if cause.node == "phase1")
    assert root.reason == "changed"
    assert root.at == world.s.node("phase1").made.at  # type: ignore[union-attr]


def test_r5_what_is_below_a_stale_node_is_stale(world: World) -> None:
    world.salt["phase1"] = "other"
    rerun(world, phase="phase1", propagation="mark_stale")
    world.drain()
    assert stale(world) == {"phase2", "phase3", "phase3/1", "phase3/2", "phase3/3", "phase4"}


def test_r5_a_plan_that_is_one_long_chain_can_be_judged() -> None:
    world = World(planner=lambda job: planned(*((n, f"step {n}", (n - 1,) if n > 1 else ()) for n in range(1, 1501))))
    for node in ("phase0", "phase1", "phase2"):
        world.complete(node)
    assert Verdicts(world.s).freshness("phase4") is None
    assert Verdicts(world.s).freshness("phase3/1500") is None


def test_r6_status_and_freshness_are_separate(world: World) -> None:
    rerun(world, phase="phase4")
    view = state_of(world.s).nodes["phase4"]
    assert (view.status, view.freshness) == ("queued", "fresh")


def test_r6_a_newer_version_shows_as_upgradable_never_as_stale(world: World) -> None:
    rerun(world, phase="phase4")
    report = world.completion(world.held()[0])
    world.give(report.model_copy(update={"versions": {"engine": "1"}}))
    rerun(world, "c-2", steps=(1,), propagation="mark_stale")
    report = world.completion(world.held()[0])
    world.give(report.model_copy(update={"versions": {"engine": "2"}}))
    view = state_of(world.s).nodes["phase4"]
    assert view.upgradable
    assert view.freshness == "fresh"


def test_r6_what_a_worker_offers_makes_older_work_upgradable(world: World) -> None:
    """A report written with an older prompt is upgradable as soon as any node's worker has a newer one, used or not."""
    rerun(world, phase="phase4")
    report = world.completion(world.held()[0])
    world.give(report.model_copy(update={"versions": {"prompt/section": "1"}, "offered": {"prompt/section": "1"}}))
    assert not state_of(world.s).nodes["phase4"].upgradable
    rerun(world, "c-2", steps=(1,), propagation="mark_stale")
    report = world.completion(world.held()[0])
    world.give(
        report.model_copy(update={"versions": {"prompt/investigate": "1"}, "offered": {"prompt/section": "2", "prompt/investigate": "1"}})
    )
    nodes = state_of(world.s).nodes
    assert nodes["phase4"].upgradable and not nodes["phase3/1"].upgradable
    assert nodes["phase4"].freshness == "fresh"


def test_r7_cascade_runs_what_is_below_and_mark_stale_leaves_it(world: World) -> None:
    world.salt["phase3/1"] = "new"
    rerun(world, "c-1", steps=(1,), propagation="mark_stale")
    world.drain()
    assert world.ran()[-1] == "phase3/1"
    assert stale(world) == {"phase3", "phase3/3", "phase4"}
    since = len(world.events())
    rerun(world, "c-2", steps=(1,))
    world.drain()
    assert world.ran(since) == ["phase3/1", "phase3/3", "phase4"]
    assert stale(world) == set()


def test_r7_stale_nodes_above_a_target_are_not_run_and_the_preview_warns(world: World) -> None:
    world.salt["phase3/1"] = "new"
    rerun(world, "c-1", steps=(1,), propagation="mark_stale")
    world.drain()
    command = Rerun(command_id="c-2", target=Target(phase="phase4"))
    assert preview(world.s, spec_of(world.s, command)).plan.warnings == ("Step 3 is stale and not run by this command.",)
    since = len(world.events())
    world.give(command)
    world.drain()
    assert world.ran(since) == ["phase4"]
    assert stale(world) == {"phase3", "phase3/3", "phase4"}


def test_r19_a_report_of_a_failed_step_is_partial_or_waits(world: World) -> None:
    rerun(world, steps=(2,), propagation="mark_stale")
    world.fail("phase3/2")
    rerun(world, "c-2", phase="phase4")
    refused = command_of(world.s, "c-2").problem  # type: ignore[union-attr]
    assert refused.type == "inputs_missing" and "step 2 has failed" in refused.detail and "allow_partial" in refused.action
    partial = Rerun(command_id="c-3", target=Target(phase="phase4"), options=Options(allow_partial=True))
    found = preview(world.s, spec_of(world.s, partial))
    assert found.plan.warnings == ("Step 2 has failed and is not run by this command: the last good result is used.",)
    world.give(partial)
    world.drain()
    assert "phase4" in stale(world)


def test_r19_a_partial_report_stays_stale_until_it_is_made_again_from_good_steps() -> None:
    """Also where the step that it lacks never had a result, and where the step then says what it said before."""
    world = World()
    for node in ("phase0", "phase1", "phase2"):
        world.complete(node)
    world.fail("phase3/2")
    world.drain()
    rerun(world, phase="phase4", allow_partial=True)
    assert [(gap.node, gap.used) for gap in job_for(world.s, "phase4").gaps] == [("phase3/2", "nothing")]
    world.drain()
    assert [(cause.node, cause.reason) for cause in Verdicts(world.s).chain("phase4")] == [("phase3/2", "lacking")]
    rerun(world, "c-2", steps=(2,))
    world.drain()
    assert stale(world) == set()
    rerun(world, "c-3", steps=(2,), allow_partial=True, force=True)
    world.fail("phase3/2")
    world.drain()
    rerun(world, "c-4", steps=(2,), propagation="mark_stale")
    world.drain()
    assert world.s.node("phase3/2").made.event.unchanged  # type: ignore[union-attr]
    assert stale(world) == {"phase4"}


def test_r28_a_step_whose_last_try_failed_cannot_be_accepted(world: World) -> None:
    """R19: what it made before does not stand for it, and a report that was made with that stays stale."""
    rerun(world, steps=(2,), allow_partial=True)
    world.fail("phase3/2")
    world.drain()
    world.give(Accept(command_id="a-1", node="phase3/2", reason="good enough"))
    problem = command_of(world.s, "a-1").problem  # type: ignore[union-attr]
    assert problem is not None
    assert (problem.type, problem.field) == ("invalid", "node")
    assert problem.action == "Rerun step 2, or rerun the report with `allow_partial` and accept that."
    assert {"phase3/2", "phase4"} <= stale(world)
    world.give(Accept(command_id="a-2", node="phase4", reason="good enough without it"))
    assert stale(world) == {"phase3", "phase3/2"}


def test_r8_an_unchanged_result_runs_none_of_its_readers(world: World) -> None:
    since = len(world.events())
    rerun(world, phase="phase1")
    world.drain()
    assert world.ran(since) == ["phase1"]
    assert state_of(world.s).nodes["phase1"].unchanged
    since = len(world.events())
    rerun(world, "c-2", phase="phase1", force=True)
    world.drain()
    assert world.ran(since) == ["phase1", "phase2", "phase3/1", "phase3/2", "phase3/3", "phase4"]


def test_r9_a_new_plan_keeps_what_did_not_change(world: World) -> None:
    kept = world.s.node("phase3/2").made
    world.planner = lambda job: numbered([("b", ()), ("d", ())], world.s.plan.steps, job.next_step)  # type: ignore[union-attr]
    since = len(world.events())
    rerun(world, phase="phase2")
    world.drain()
    assert [step.step_id for step in world.s.plan.steps] == [2, 4]  # type: ignore[union-attr]
    assert world.ran(since) == ["phase2", "phase3/4", "phase4"]
    assert world.s.node("phase3/2").made is kept
    assert world.s.node("phase3/1").made is None


def test_r9_numbers_are_never_reused(world: World) -> None:
    for name, wanted in (("c-1", [("x", ())]), ("c-2", [("a", ())])):
        world.planner = lambda job, wanted=wanted: numbered(wanted, world.s.plan.steps, job.next_step)  # type: ignore[misc, union-attr]
        rerun(world, name, phase="phase2")
        world.drain()
    assert [step.step_id for step in world.s.plan.steps] == [5]  # type: ignore[union-attr]


def test_r9_under_mark_stale_new_steps_are_pending(world: World) -> None:
    world.planner = lambda job: numbered([("d", ())], world.s.plan.steps, job.next_step)  # type: ignore[union-attr]
    rerun(world, phase="phase2", propagation="mark_stale")
    world.drain()
    assert state_of(world.s).nodes["phase3/4"].status == "pending"


def test_r9_a_plan_that_reuses_a_number_fails_the_synthesis(world: World) -> None:
    world.planner = lambda job: planned((1, "something else"))
    rerun(world, phase="phase2")
    world.drain()
    assert world.s.node("phase2").problem.type == "invalid_plan"  # type: ignore[union-attr]
    assert [step.title for step in world.s.plan.steps] == ["a", "b", "c"]  # type: ignore[union-attr]


def test_r10_many_steps_in_one_command_are_one_commit(world: World) -> None:
    before = len(world.log)
    rerun(world, steps=(1, 2))
    assert len(world.log) == before + 1
    assert {job.node for job in world.held()} == {"phase3/1", "phase3/2"}


def test_r11_preparing_again_fetches_only_what_is_new(world: World) -> None:
    world.tell_batch(PutSources(command_id="add", sources=(Source(source_id="src-3", url="http://x/3"),)))
    assert {cause.reason for cause in Verdicts(world.s).chain("phase0")} == {"source_added"}
    rerun(world, phase="phase0")
    job = world.held()[0]
    assert not job.refetch
    assert [source.source_id for source in job.sources if source.stored is None] == ["src-3"]


def test_r12_guidance_belongs_to_the_targets_until_it_is_replaced(world: World) -> None:
    rerun(world, "c-1", steps=(2,), guidance="prices", propagation="mark_stale")
    world.drain()
    rerun(world, "c-2", steps=(2,), propagation="mark_stale")
    assert job_for(world.s, "phase3/2").parameters.guidance == "prices"
    world.drain()
    assert world.s.parameters("phase3/1").guidance == ""
    rerun(world, "c-3", phase="phase3", guidance="", propagation="mark_stale")
    assert job_for(world.s, "phase3/2").parameters.guidance == ""


def edit(world: World, name: str, **options: object) -> tuple[object, ...]:
    return world.give(edited(world, name, **options))


def edited(world: World, name: str, **options: object) -> Edit:
    plan = numbered([("a", ()), ("b", ()), ("new", ())], world.s.plan.steps, world.s.next_step)  # type: ignore[union-attr]
    key = artifact_key("b-1", "s-1", "phase2", world.s.node("phase2").generation + 1, name)
    return Edit(
        command_id=name, node="phase2", artifact=ObjectRef(key=key, sha256=digest(key)), parts={"output": digest(name)}, plan=plan,
        options=Options.model_validate({"propagation": "mark_stale"} | options),
    )  # fmt: skip


def test_r12_an_edit_is_a_new_artifact_and_a_cascade_passes_it_by(world: World) -> None:
    edit(world, "e-1")
    made = world.s.node("phase2").made
    assert made is not None
    assert made.edited
    assert state_of(world.s).nodes["phase3/4"].status == "pending"
    world.salt["phase1"] = "other"
    rerun(world, phase="phase1")
    world.drain()
    assert world.s.node("phase2").made is made
    assert freshness(world)["phase2"] == "stale"
    world.planner = lambda job: numbered([("a", ())], world.s.plan.steps, job.next_step)  # type: ignore[union-attr]
    rerun(world, "c-2", phase="phase2")
    world.drain()
    assert world.s.node("phase2").made is not made


def test_r12_an_edit_is_refused_while_a_run_is_active(world: World) -> None:
    rerun(world, phase="phase4")
    edit(world, "e-1")
    assert command_of(world.s, "e-1").problem.type == "session_busy"  # type: ignore[union-attr]


def test_r12_r13_the_preview_of_an_edit_is_read_from_the_edited_plan(world: World) -> None:
    """The three steps become a, b and a new one; the third, which depended on the first, goes."""
    marking = preview_edit(world.s, edited(world, "e-1"), world.now)
    assert isinstance(marking, Preview)
    assert marking.plan.run == ()
    assert set(marking.plan.keep) == {"phase0", "phase1", "phase2", "phase3/1", "phase3/2"}
    assert marking.plan.stale == ("phase4",)
    assert marking.plan.drop == ("phase3/3",)
    cascading = preview_edit(world.s, edited(world, "e-1", propagation="cascade"), world.now)
    assert isinstance(cascading, Preview)
    assert cascading.plan.run == ("phase3/4", "phase4")
    since = len(world.events())
    edit(world, "e-1", propagation="cascade")
    world.drain()
    assert world.ran(since) == ["phase3/4", "phase4"]
    assert stale(world) == set()


def test_r12_r13_the_preview_of_an_edit_that_would_be_refused_says_so(world: World) -> None:
    problem = preview_edit(world.s, edited(world, "e-1").model_copy(update={"if_match": "0" * 64}), world.now)
    assert isinstance(problem, Problem)
    assert problem.type == "conflict"


def test_r29_at_the_ceiling_of_a_run_nothing_more_begins_and_a_refresh_goes_on(world: World) -> None:
    world.tokens = 100
    rerun(world, "c-1", phase="phase1", force=True, max_tokens=150)
    assert job_for(world.s, "phase1").token_allowance == 150
    world.drain()
    assert world.ran()[-2:] == ["phase1", "phase2"]
    refused = command_of(world.s, "c-1")
    assert refused is not None
    assert refused.status == "failed"
    assert refused.problem.type == "budget_reached"  # type: ignore[union-attr]
    assert world.s.node("phase3/1").made is not None
    assert world.s.node("phase3/1").status == "completed"
    rerun(world, "c-2")
    world.drain()
    assert command_of(world.s, "c-2").status == "completed"  # type: ignore[union-attr]
    assert stale(world) == set()


def test_r29_a_sessions_ceiling_counts_all_its_runs_and_failures_until_it_is_raised(world: World) -> None:
    world.tokens = 100
    rerun(world, "c-1", phase="phase4", max_session_tokens=250)
    world.drain()
    rerun(world, "c-2", phase="phase4")
    world.fail("phase4", tokens=100)
    rerun(world, "c-3", phase="phase4")
    assert job_for(world.s, "phase4").token_allowance == 50
    world.drain()
    assert world.s.spent == 300
    rerun(world, "c-4", phase="phase4")
    assert command_of(world.s, "c-4").problem.type == "budget_reached"  # type: ignore[union-attr]
    rerun(world, "c-5", phase="phase4", max_session_tokens=0)
    world.drain()
    assert command_of(world.s, "c-5").status == "completed"  # type: ignore[union-attr]


def test_r13_a_plan_token_holds_until_the_lists_change(world: World) -> None:
    command = Rerun(command_id="c-1", target=Target(steps=(1,)))
    token = preview(world.s, spec_of(world.s, command)).plan_token
    world.salt["phase3/2"] = "other"
    rerun(world, "c-2", steps=(2,), propagation="mark_stale")
    world.drain()
    rerun(world, "c-3", steps=(1,), plan_token=token)
    refused = command_of(world.s, "c-3")
    assert refused.problem.type == "plan_changed"  # type: ignore[union-attr]
    assert refused.problem.plan_token  # type: ignore[union-attr]
    rerun(world, "c-4", steps=(1,), plan_token=refused.problem.plan_token)  # type: ignore[union-attr]
    assert command_of(world.s, "c-4").status == "running"  # type: ignore[union-attr]


def previewed(world: World, *, phase: str | None = None, steps: tuple[int, ...] | None = None, **options: object) -> Plan:
    target = Target(phase=phase, steps=steps, stale=True if phase is None and steps is None else None)  # type: ignore[arg-type]
    return preview(world.s, spec_of(world.s, Rerun(command_id="p", target=target, options=Options.model_validate(options)))).plan


STEPS = ("phase3/1", "phase3/2", "phase3/3")


def test_r9_r13_a_preview_of_a_replan_keeps_the_steps_that_the_new_plan_repeats(world: World) -> None:
    """None of them runs or becomes stale through a new plan: each is kept, or goes."""
    plan = previewed(world, phase="phase2", stop_after="phase2")
    assert (plan.run, plan.may_run, plan.stale) == (("phase2",), (), ("phase4",))
    assert (plan.keep, plan.may_drop) == (("phase0", "phase1", *STEPS), STEPS)
    plan = previewed(world, phase="phase2")
    assert (plan.run, plan.may_run, plan.stale) == (("phase2",), ("phase4", "phase3/*"), ())
    assert (plan.keep, plan.may_drop) == (("phase0", "phase1", *STEPS), STEPS)
    plan = previewed(world, phase="phase0", stop_after="phase2")  # other texts, and perhaps another plan
    assert (plan.keep, plan.stale, plan.may_drop) == ((), (*STEPS, "phase4"), STEPS)


def test_r13_what_a_run_makes_fresh_again_is_kept(world: World) -> None:
    """The steps are stale for the plan above them alone; the plan is made again."""
    world.salt["phase1"] = "other"
    rerun(world, phase="phase1", propagation="mark_stale")
    world.drain()
    assert {"phase2", *STEPS, "phase4"} <= stale(world)
    assert previewed(world, phase="phase2", propagation="mark_stale").keep == ("phase0", "phase1", *STEPS)
    rerun(world, "c-2", phase="phase2", propagation="mark_stale")
    world.drain()
    assert stale(world) == {"phase4"}


def test_r13_r19_what_waits_for_a_failed_step_is_not_said_to_run(world: World) -> None:
    rerun(world, steps=(1,))
    world.fail("phase3/1")
    plan = previewed(world, steps=(2,))
    assert (plan.run, plan.may_run) == (("phase3/2",), ())
    assert plan.stale == ("phase3/1", "phase3/3", "phase4")
    assert plan.warnings == ("The report waits: no good result of step 1.",)
    assert previewed(world, steps=(2,), allow_partial=True).may_run == ("phase4",)


def test_r13_r29_at_a_sessions_ceiling_nothing_is_said_to_run(world: World) -> None:
    world.tokens = 100
    rerun(world, phase="phase4", max_session_tokens=100)
    world.drain()
    plan = previewed(world, phase="phase1")
    assert plan.run == plan.may_run == ()
    assert "ceiling" in plan.warnings[0]
    assert previewed(world, phase="phase1", max_session_tokens=0).run == ("phase1",)


def test_r12_a_plan_asks_nothing_twice(world: World) -> None:
    """The next plan could not tell which of the two it repeats."""
    twice = edited(world, "e-1")
    assert twice.plan is not None
    again = twice.plan[0].model_copy(update={"step_id": world.s.next_step + 1})
    world.give(twice.model_copy(update={"plan": (*twice.plan, again)}))
    assert command_of(world.s, "e-1").problem.type == "invalid"  # type: ignore[union-attr]


def test_r13_a_preview_that_is_published_runs_nothing(world: World) -> None:
    since = len(world.events())
    rerun(world, "c-1", phase="phase2", dry_run=True)
    edit(world, "e-1", dry_run=True)
    assert world.ran(since) == []
    assert {command_of(world.s, name).problem.field for name in ("c-1", "e-1")} == {"options.dry_run"}  # type: ignore[union-attr]


def test_r26_a_forced_refresh_still_runs_only_what_is_stale(world: World) -> None:
    since = len(world.events())
    rerun(world, "c-1", force=True)
    assert world.ran(since) == []


def test_r20_a_step_that_never_was_cannot_be_cancelled(world: World) -> None:
    world.give(Cancel(command_id="stop", step_id=99))
    assert command_of(world.s, "stop").problem.type == "step_unknown"  # type: ignore[union-attr]


def test_r13_in_a_busy_session_a_preview_is_provisional(world: World) -> None:
    rerun(world, phase="phase4")
    found = preview(world.s, spec_of(world.s, Rerun(command_id="c-2", target=Target(phase="phase1"))))
    assert found.provisional
    assert found.plan_token is None


def test_r14_commands_queue_interrupt_or_are_rejected(world: World) -> None:
    rerun(world, "c-1", phase="phase1")
    rerun(world, "c-2", phase="phase4")
    rerun(world, "c-3", phase="phase2", if_running="reject")
    rerun(world, "c-4", phase="phase2", if_running="interrupt")
    assert command_of(world.s, "c-3").problem.type == "session_busy"  # type: ignore[union-attr]
    assert command_of(world.s, "c-1").status == "cancelled"  # type: ignore[union-attr]
    assert command_of(world.s, "c-4").status == "running"  # type: ignore[union-attr]
    assert command_of(world.s, "c-2").status == "queued"  # type: ignore[union-attr]


def test_r14_an_interrupting_run_starts_when_nothing_is_cancelling(world: World) -> None:
    rerun(world, "c-1", phase="phase1")
    job = world.held()[0]
    own = {"node": "phase1", "generation": job.generation, "attempt": 1, "execution_id": "e-x"}
    world.give(Started.model_validate(own))
    rerun(world, "c-2", phase="phase4", if_running="interrupt")
    assert world.s.node("phase1").status == "cancelling"
    assert command_of(world.s, "c-2").status == "queued"  # type: ignore[union-attr]
    world.give(Stopped.model_validate(own))
    assert command_of(world.s, "c-2").status == "running"  # type: ignore[union-attr]


def test_r15_waiting_commands_merge_and_each_learns_its_run(world: World) -> None:
    rerun(world, "c-1", phase="phase4")
    rerun(world, "c-2", steps=(1,))
    rerun(world, "c-3", steps=(2,))
    rerun(world, "c-4", steps=(2,), force=True)
    assert command_of(world.s, "c-3").status == "merged"  # type: ignore[union-attr]
    assert command_of(world.s, "c-3").run_id == command_of(world.s, "c-2").run_id  # type: ignore[union-attr]
    assert [spec.target.steps for spec in world.s.queue] == [(1, 2), (2,)]


def test_r15_an_obsolete_step_refuses_the_command_at_its_turn(world: World) -> None:
    world.planner = lambda job: numbered([("b", ())], world.s.plan.steps, job.next_step)  # type: ignore[union-attr]
    rerun(world, "c-1", phase="phase2")
    rerun(world, "c-2", steps=(1, 2))
    world.drain()
    problem = command_of(world.s, "c-2").problem  # type: ignore[union-attr]
    assert problem is not None
    assert problem.type == "step_obsolete"
    assert problem.valid_steps == (2,)


def test_r15_a_step_that_never_was_is_unknown(world: World) -> None:
    rerun(world, steps=(1, 9))
    assert command_of(world.s, "c-1").problem.type == "step_unknown"  # type: ignore[union-attr]


def test_r16_a_command_is_honoured_once_and_its_id_belongs_to_it(world: World) -> None:
    rerun(world, phase="phase4")
    world.drain()
    commits = len(world.log)
    for _ in range(1000):
        rerun(world, phase="phase4")
    assert len(world.log) == commits
    rerun(world, phase="phase1")
    assert world.events()[-1].problem.type == "command_reused"
    assert command_of(world.s, "c-1").status == "completed"  # type: ignore[union-attr]


def test_r17_only_a_result_of_the_present_attempt_counts(world: World) -> None:
    rerun(world, "c-1", phase="phase4")
    job = world.held()[0]
    late = world.completion(job, says="late")
    world.give(world.completion(job))
    made = world.s.node("phase4").made
    world.give(late)
    assert world.s.node("phase4").made is made
    assert world.events()[-1].type == "result_superseded"
    assert decided_against(world.s, late.artifact.key)


def test_r17_in_cancelling_no_completion_counts(world: World) -> None:
    rerun(world, phase="phase4")
    job = world.held()[0]
    made = world.s.node("phase4").made
    world.give(Started(node="phase4", generation=job.generation, attempt=1, execution_id="e-x"))
    world.give(Cancel(command_id="stop"))
    world.give(world.completion(job, says="too late"))
    assert world.s.node("phase4").status == "cancelled"
    assert world.s.node("phase4").made is made


def test_r18_sources_are_pinned_when_a_run_starts() -> None:
    world = World()
    world.tell_batch(PutSources(command_id="add", sources=(Source(source_id="src-3", url="http://x/3"),)))
    world.drain()
    assert len(world.jobs["phase0", 1, 1].sources) == 2
    assert freshness(world)["phase0"] == "stale"


def test_r19_a_retryable_failure_is_tried_again_later_and_a_terminal_one_is_not(world: World) -> None:
    rerun(world, steps=(2,))
    world.fail("phase3/2", retryable=True)
    entry = world.s.node("phase3/2")
    assert (entry.status, entry.attempt, entry.not_before) == ("queued", 2, world.now + timedelta(seconds=1))
    world.fail("phase3/2", retryable=True)
    world.fail("phase3/2", retryable=True)
    assert world.s.node("phase3/2").status == "failed"
    assert command_of(world.s, "c-1").status == "failed"  # type: ignore[union-attr]


def test_r19_who_is_asked_to_wait_waits(world: World) -> None:
    """The next attempt begins when the endpoint allows it, if that is later than the usual back-off, and within an hour."""
    for asked, begins in ((90.0, 90), (0.1, 1), (1e9, 3600)):
        rerun(world, f"c-{begins}", steps=(2,))
        job = next(job for job in world.held() if job.node == "phase3/2")
        own = {"node": job.node, "generation": job.generation, "attempt": job.attempt}
        limited = Problem(type="rate_limited", detail="Too many.", retryable=True)
        world.give(Failed(**own, execution_id=f"x-{begins}", problem=limited, retry_after=asked))
        assert world.s.node("phase3/2").not_before == world.now + timedelta(seconds=begins)
        world.now += timedelta(seconds=begins)
        world.drain()


def test_r19_a_failed_node_keeps_its_artifact_and_others_go_on(world: World) -> None:
    rerun(world, phase="phase3", force=True)
    world.fail("phase3/1")
    world.drain()
    assert world.s.node("phase3/1").made is not None
    assert world.s.node("phase3/2").made.event.generation == 2  # type: ignore[union-attr]
    assert world.s.node("phase3/3").made.event.generation == 1  # type: ignore[union-attr]
    assert world.s.node("phase4").made.event.generation == 1  # type: ignore[union-attr]
    assert {"phase3/1", "phase3/3", "phase4"} <= stale(world)


def test_r19_a_partial_report_names_its_gaps_and_stays_stale(world: World) -> None:
    world.salt["phase3/1"] = "new"
    rerun(world, steps=(1, 2), allow_partial=True)
    world.fail("phase3/2")
    world.complete("phase3/1")
    world.complete("phase3/3")
    gaps = job_for(world.s, "phase4").gaps
    assert [(gap.node, gap.used) for gap in gaps] == [("phase3/2", "last_good")]
    world.drain()
    assert "phase4" in stale(world)
    rerun(world, "c-2")
    world.drain()
    assert stale(world) == set()


def test_r20_cancelling_a_step_fails_what_depends_on_it_and_nothing_else(world: World) -> None:
    rerun(world, phase="phase3", force=True)
    world.give(Cancel(command_id="stop", step_id=1))
    world.drain()
    assert world.s.node("phase3/1").status == "cancelled"
    assert world.s.node("phase3/2").made.event.generation == 2  # type: ignore[union-attr]
    assert world.s.node("phase3/3").made.event.generation == 1  # type: ignore[union-attr]


def test_r20_a_dead_workers_node_comes_to_rest_when_its_lease_ends(world: World) -> None:
    rerun(world, phase="phase4")
    attempt = {"node": "phase4", "generation": world.held()[0].generation, "attempt": 1}
    world.give(Started.model_validate(attempt | {"execution_id": "e-x"}))
    world.give(Cancel(command_id="stop"))
    world.later(1)
    world.give(LeaseEnded.model_validate(attempt))
    assert world.s.node("phase4").status == "cancelling"
    world.later(15)
    world.give(LeaseEnded.model_validate(attempt))
    assert world.s.node("phase4").status == "cancelled"
    assert world.s.run is None


def test_r20_cancel_takes_the_queue_as_well(world: World) -> None:
    rerun(world, "c-1", phase="phase4")
    rerun(world, "c-2", phase="phase1")
    world.give(Cancel(command_id="stop"))
    assert command_of(world.s, "c-1").status == "cancelled"  # type: ignore[union-attr]
    assert command_of(world.s, "c-2").status == "cancelled"  # type: ignore[union-attr]


def test_r21_a_failed_session_can_be_rerun() -> None:
    world = World()
    world.fail("phase0")
    assert world.s.run is None
    rerun(world)
    world.drain()
    assert set(freshness(world).values()) == {"fresh"}


def test_r22_the_log_and_a_snapshot_rebuild_the_state(world: World) -> None:
    rerun(world, steps=(1,))
    assert load(dump(world.s)) == world.s


def test_r24_an_ended_batch_refuses_and_a_deleted_one_stays_known(world: World) -> None:
    rerun(world, "c-1", phase="phase1")
    world.tell_batch(EndBatch(command_id="end"))
    assert command_of(world.s, "c-1").status == "cancelled"  # type: ignore[union-attr]
    rerun(world, "c-2", phase="phase4")
    assert command_of(world.s, "c-2").problem.type == "batch_ended"  # type: ignore[union-attr]
    assert world.s.node("phase4").made is not None
    world.tell_batch(EndBatch(command_id="delete", delete=True))
    assert world.s.deleted
    assert world.events()[-1].type == "session_deleted"
    rerun(world, "c-3", phase="phase4")
    world.tell_batch(AddSession(command_id="more", session=SessionSpec(session_id="s-2", topic="T")))
    assert world.events()[-1].type == "session_deleted"


def test_r26_refresh_runs_what_is_stale_and_nothing_else(world: World) -> None:
    world.salt["phase3/1"] = "new"
    rerun(world, "c-1", steps=(1,), propagation="mark_stale")
    world.drain()
    since = len(world.events())
    rerun(world, "c-2")
    world.drain()
    assert world.ran(since) == ["phase3/3", "phase4"]
    assert stale(world) == set()
    since = len(world.events())
    rerun(world, "c-3")
    assert world.ran(since) == []
    assert command_of(world.s, "c-3").status == "completed"  # type: ignore[union-attr]


def test_r27_stop_after_ends_the_run_there(world: World) -> None:
    world.salt["phase0"] = "new"
    rerun(world, phase="phase0", stop_after="phase2")
    world.drain()
    assert world.ran()[-1] == "phase2"
    assert "phase4" in stale(world)
    rerun(world, "c-2", phase="phase4", stop_after="phase2")
    assert command_of(world.s, "c-2").problem.field == "options.stop_after"  # type: ignore[union-attr]


def test_r27_a_run_of_steps_cannot_stop_before_them(world: World) -> None:
    rerun(world, steps=(1,), stop_after="phase0")
    assert command_of(world.s, "c-1").problem.type == "invalid"  # type: ignore[union-attr]


def test_r28_a_step_that_never_was_cannot_be_accepted(world: World) -> None:
    world.give(Accept(command_id="a-1", node="phase3/99", reason="good enough"))
    assert command_of(world.s, "a-1").problem.type == "step_unknown"  # type: ignore[union-attr]


def test_r28_accepting_lasts_until_the_next_change(world: World) -> None:
    world.salt["phase3/2"] = "b"
    rerun(world, "c-1", steps=(2,), propagation="mark_stale")
    world.drain()
    world.give(Accept(command_id="a-1", node="phase4", reason="a comma"))
    assert stale(world) == set()
    world.salt["phase3/2"] = "c"
    rerun(world, "c-2", steps=(2,), propagation="mark_stale")
    world.drain()
    assert stale(world) == {"phase4"}


def test_a_report_of_an_attempt_that_never_was_changes_nothing(world: World) -> None:
    problem = Problem(type="internal", detail="x")
    report = Failed(node="phase4", generation=99, attempt=1, execution_id="e-x", problem=problem)
    assert decide(world.s, report, world.now).events == ()


def test_r25_what_a_source_was_made_of_is_the_batchs_to_delete_until_it_is_or_comes_back() -> None:
    """A text that a refetch replaced is superseded; one that the site has again is not; what was deleted is forgotten."""
    world = World()
    world.drain()
    assert world.batch is not None and world.batch.superseded == frozenset()
    first = world.batch.hashes

    def refetched(name: str, salt: str) -> frozenset[str]:
        world.salt["src-1"] = salt
        rerun(world, name, phase="phase0", refetch=True)
        world.drain()
        assert world.batch is not None
        return world.batch.superseded

    gone = refetched("c-1", "other")
    assert gone and gone <= first
    between = world.batch.hashes - first
    assert refetched("c-2", "") == between
    world.tell_batch(DownloadsSwept(hashes=tuple(between)))
    assert world.batch.superseded == frozenset()
    assert world.batch.hashes == first
