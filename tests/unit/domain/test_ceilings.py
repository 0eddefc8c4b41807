"""Ceilings of tokens (R29)."""

from domain_asking import rerun, stale
from domain_world import World
from reprise_domain.dispatch import job_for
from reprise_gateway.projections.states import command_of


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
    assert world.s.node("phase3/1").materialization is not None
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
