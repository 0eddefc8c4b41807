"""The user's own goals and plan, and parameters (R12)."""

from domain_asking import edit, edited, freshness, rerun
from domain_world import World, numbered
from reprise_domain.dispatch import job_for
from reprise_domain.freshness import Verdicts
from reprise_gateway.projections.states import command_of, state_of


def test_r12_guidance_belongs_to_the_targets_until_it_is_replaced(world: World) -> None:
    rerun(world, "c-1", steps=(2,), guidance="prices", propagation="mark_stale")
    world.drain()
    rerun(world, "c-2", steps=(2,), propagation="mark_stale")
    assert job_for(world.s, "phase3/2").parameters.guidance == "prices"
    world.drain()
    assert world.s.parameters("phase3/1").guidance == ""
    rerun(world, "c-3", phase="phase3", guidance="", propagation="mark_stale")
    assert job_for(world.s, "phase3/2").parameters.guidance == ""


def test_r12_an_edit_is_a_new_artifact_and_a_cascade_passes_it_by(world: World) -> None:
    edit(world, "e-1")
    made = world.s.node("phase2").materialization
    assert made is not None
    assert made.edited
    assert state_of(world.s).nodes["phase3/4"].status == "pending"
    world.salt["phase1"] = "other"
    rerun(world, phase="phase1")
    world.drain()
    assert world.s.node("phase2").materialization is made
    assert freshness(world)["phase2"] == "stale"
    chain = Verdicts(world.s).cause_chain("phase2")
    assert [cause.text for cause in chain] == ["The goals have changed since a user edited what is below."]
    world.planner = lambda job: numbered([("a", ())], world.s.plan.steps, job.next_step)  # type: ignore[union-attr]
    rerun(world, "c-2", phase="phase2")
    world.drain()
    assert world.s.node("phase2").materialization is not made


def test_r12_an_edit_is_refused_while_a_run_is_active(world: World) -> None:
    rerun(world, phase="phase4")
    edit(world, "e-1")
    assert command_of(world.s, "e-1").problem.kind == "session_busy"  # type: ignore[union-attr]


def test_r12_a_plan_asks_nothing_twice(world: World) -> None:
    """The next plan could not tell which of the two it repeats."""
    twice = edited(world, "e-1")
    assert twice.plan is not None
    again = twice.plan[0].model_copy(update={"step_id": world.s.next_step + 1})
    world.give(twice.model_copy(update={"plan": (*twice.plan, again)}))
    assert command_of(world.s, "e-1").problem.kind == "invalid"  # type: ignore[union-attr]
