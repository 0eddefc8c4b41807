"""Stopping a run, a step, everything; and going on after it (R20, R21)."""

from domain_asking import freshness, rerun
from domain_world import World
from reprise_contracts.commands import Cancel
from reprise_contracts.jobs import LeaseEnded, Started
from reprise_gateway.states import command_of


def test_r20_a_step_that_never_was_cannot_be_cancelled(world: World) -> None:
    world.give(Cancel(command_id="stop", step_id=99))
    assert command_of(world.s, "stop").problem.type == "step_unknown"  # type: ignore[union-attr]


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
