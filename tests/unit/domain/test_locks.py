"""A locked node is run by nothing, is stale where its inputs move, and keeps its readers running (R38)."""

import pytest

from domain_asking import edited, freshness, previewed, rerun, stale
from domain_world import World, planned
from reprise_contracts.commands import EndBatch, Lock, PutSources
from reprise_contracts.sources import Source
from reprise_domain.freshness import Verdicts
from reprise_gateway.projections.states import command_of, state_of


def lock(world: World, node: str, name: str = "l-1", *, locked: bool = True) -> None:
    world.give(Lock(command_id=name, node=node, locked=locked))


def problem_of(world: World, name: str) -> str:
    found = command_of(world.s, name)
    assert found is not None and found.status == "refused" and found.problem is not None
    return found.problem.kind


@pytest.mark.parametrize("force", [False, True])
def test_r38_no_cascade_runs_a_locked_step_and_what_is_below_it_runs(world: World, force: bool) -> None:
    """The preview says so: it is left stale."""
    lock(world, "phase3/1")
    replaced = Source(source_id="src-1", url="http://x/other")
    world.tell_batch(PutSources(command_id="p", sources=(replaced,)))
    plan = previewed(world, phase="phase0", force=force)
    assert "phase3/1" not in {*plan.run, *plan.may_run}
    assert [one.nodes for one in plan.notices if one.code == "left_stale"] == [("phase3/1",)]
    before = world.s.node("phase3/1").materialization
    since = len(world.events())
    rerun(world, phase="phase0", force=force)
    world.drain()
    ran = world.ran(since)
    assert "phase3/1" not in ran and {"phase0", "phase3/2", "phase4"} <= set(ran)
    assert world.s.node("phase3/1").materialization == before
    assert freshness(world)["phase3/1"] == "stale"
    causes = Verdicts(world.s).cause_chain("phase3/1")
    assert (causes[0].node, causes[0].reason) == ("phase3/1", "locked")
    assert causes[0].at == world.s.node("phase3/1").locked_at


def test_r38_a_refresh_passes_a_locked_node_by_until_it_is_unlocked(world: World) -> None:
    lock(world, "phase4")
    rerun(world, "c-1", steps=(2,), guidance="prices")
    world.salt["phase3/2"] = "other"
    world.drain()
    assert stale(world) == {"phase4"}
    since = len(world.events())
    rerun(world, "c-2")
    world.drain()
    assert world.ran(since) == [] and stale(world) == {"phase4"}
    lock(world, "phase4", "l-2", locked=False)
    rerun(world, "c-3")
    world.drain()
    assert world.ran(since) == ["phase4"] and stale(world) == set()


def test_r38_naming_or_editing_a_locked_node_is_refused(world: World) -> None:
    lock(world, "phase2")
    lock(world, "phase3/1", "l-2")
    rerun(world, "c-1", phase="phase2")
    rerun(world, "c-2", steps=(1, 2))
    rerun(world, "c-3", phase="phase3")
    world.give(edited(world, "e-1"))
    assert [problem_of(world, name) for name in ("c-1", "c-2", "c-3", "e-1")] == ["node_locked"] * 4
    lock(world, "phase3/1", "l-3", locked=False)
    rerun(world, "c-4", steps=(1,))
    world.drain()
    assert command_of(world.s, "c-4").status == "completed"  # type: ignore[union-attr]


def test_r38_a_run_that_named_it_before_it_was_locked_runs_it(world: World) -> None:
    since = len(world.events())
    rerun(world, "c-1", phase="phase1", force=True)
    rerun(world, "c-2", steps=(2,))
    lock(world, "phase3/2")
    world.drain()
    assert world.ran(since).count("phase3/2") == 0
    assert problem_of(world, "c-2") == "node_locked"
    lock(world, "phase3/2", "l-2", locked=False)
    rerun(world, "c-3", steps=(2,))
    lock(world, "phase3/2", "l-3")
    world.drain()
    assert world.ran(since).count("phase3/2") == 1


def test_r38_a_locked_node_is_shown_and_a_fresh_one_stays_fresh(world: World) -> None:
    lock(world, "phase3/1")
    view = state_of(world.s).nodes["phase3/1"]
    assert view.locked_at is not None and view.freshness == "fresh" and view.causes == ()
    lock(world, "phase3/9", "l-2")
    assert problem_of(world, "l-2") == "step_unknown"
    world.tell_batch(EndBatch(command_id="end"))
    lock(world, "phase3/2", "l-3")
    assert problem_of(world, "l-3") == "batch_ended"


def test_r38_a_new_plan_keeps_what_is_locked_and_what_that_reads(world: World) -> None:
    """Step 3 depends on step 1: both stay, with their results, and the preview says that only step 2 may
    go."""
    lock(world, "phase3/3")
    world.planner = lambda job: planned((job.next_step, "d"))
    plan = previewed(world, phase="phase2")
    assert plan.may_drop == ("phase3/2",)
    before = {node: world.s.node(node).materialization for node in ("phase3/1", "phase3/3")}
    rerun(world, phase="phase2")
    world.drain()
    assert world.s.plan is not None and set(world.s.plan.by_id) == {1, 3, 4}
    assert {node: world.s.node(node).materialization for node in before} == before
    assert world.s.node("phase3/3").locked_at is not None


def test_r38_a_plan_that_had_not_heard_of_the_lock_is_made_again(world: World) -> None:
    """Its attempt is refused, and the next one knows of it; nothing of the locked step is lost."""
    world.planner = lambda job: planned((job.next_step, "d"))
    rerun(world, phase="phase2")
    (job,) = world.held()
    made = world.completion(job)
    lock(world, "phase3/2")
    assert made.plan is not None and {step.step_id for step in made.plan} == {4}
    world.give(made)
    node = world.s.node("phase2")
    assert (node.status, node.attempt) == ("queued", 2)
    assert node.problem is None or node.problem.code == "steps_held"
    world.drain()
    assert world.s.plan is not None and set(world.s.plan.by_id) == {2, 4}


def test_r38_an_edit_may_not_leave_a_locked_step_out(world: World) -> None:
    lock(world, "phase3/3")
    without = {"plan": planned((1, "a"), (2, "b"))}
    world.give(edited(world, "e-1").model_copy(update=without))
    assert problem_of(world, "e-1") == "node_locked"
    lock(world, "phase3/3", "l-2", locked=False)
    world.give(edited(world, "e-2").model_copy(update=without))
    assert command_of(world.s, "e-2").status == "completed"  # type: ignore[union-attr]
