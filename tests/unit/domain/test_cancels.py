"""Stopping a run, a step, everything; and going on after it (R20, R21)."""

from domain_asking import freshness, rerun, stale
from domain_world import World
from reprise_contracts.commands import Cancel
from reprise_contracts.jobs import LeaseEnded, Started
from reprise_domain.dispatch import nodes_to_dispatch
from reprise_gateway.projections.states import command_of


def test_r20_a_step_that_never_was_cannot_be_cancelled(world: World) -> None:
    world.give(Cancel(command_id="stop", step_id=99))
    assert command_of(world.s, "stop").problem.kind == "step_unknown"  # type: ignore[union-attr]


def test_r20_cancelling_a_step_fails_what_depends_on_it_and_nothing_else(world: World) -> None:
    rerun(world, phase="phase3", force=True)
    world.give(Cancel(command_id="stop", step_id=1))
    world.drain()
    assert world.s.node("phase3/1").status == "cancelled"
    assert world.s.node("phase3/2").materialization.event.generation == 2  # type: ignore[union-attr]
    assert world.s.node("phase3/3").materialization.event.generation == 1  # type: ignore[union-attr]


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


def test_r20_a_retry_that_waits_for_its_time_is_cancelled_at_once(world: World) -> None:
    """Nothing of it is to be sent any more, and what its first attempt says later counts for nothing."""
    rerun(world, steps=(2,))
    job = world.held()[0]
    world.fail("phase3/2", retryable=True)
    assert world.s.node("phase3/2").not_before is not None
    world.give(Cancel(command_id="stop"))
    assert world.s.node("phase3/2").status == "cancelled"
    assert nodes_to_dispatch(world.s) == {}
    made = world.s.node("phase3/2").materialization
    world.give(world.completion(job, says="late"))
    assert world.s.node("phase3/2").materialization is made
    assert world.s.run is None


def test_r20_what_waited_for_a_failed_step_is_run_by_the_next_refresh(world: World) -> None:
    """R26: what a run had to leave out is not taken for done."""
    world.salt["phase3/1"] = "new"
    rerun(world, phase="phase3", force=True)
    world.fail("phase3/1")
    world.drain()
    since = len(world.events())
    rerun(world, "c-2")
    world.drain()
    assert world.ran(since) == ["phase3/1", "phase3/3", "phase4"]
    assert stale(world) == set()
