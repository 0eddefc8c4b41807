"""New plans and the numbers of their steps (R9)."""

from domain_asking import rerun
from domain_world import World, numbered, planned
from reprise_gateway.projections.states import state_of


def test_r9_a_new_plan_keeps_what_did_not_change(world: World) -> None:
    kept = world.s.node("phase3/2").materialization
    world.planner = lambda job: numbered([("b", ()), ("d", ())], world.s.plan.steps, job.next_step)  # type: ignore[union-attr]
    since = len(world.events())
    rerun(world, phase="phase2")
    world.drain()
    assert [step.step_id for step in world.s.plan.steps] == [2, 4]  # type: ignore[union-attr]
    assert world.ran(since) == ["phase2", "phase3/4", "phase4"]
    assert world.s.node("phase3/2").materialization is kept
    assert world.s.node("phase3/1").materialization is None


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
