"""Commands beside an active run (R14, R15)."""

from domain_asking import rerun
from domain_world import World, numbered
from reprise_contracts.jobs import Started, Stopped
from reprise_gateway.projections.states import command_of


def test_r14_commands_queue_interrupt_or_are_rejected(world: World) -> None:
    rerun(world, "c-1", phase="phase1")
    rerun(world, "c-2", phase="phase4")
    rerun(world, "c-3", phase="phase2", if_running="reject")
    rerun(world, "c-4", phase="phase2", if_running="interrupt")
    assert command_of(world.s, "c-3").problem.kind == "session_busy"  # type: ignore[union-attr]
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
    assert problem.kind == "step_obsolete"
    assert problem.valid_steps == (2,)


def test_r15_a_step_that_never_was_is_unknown(world: World) -> None:
    rerun(world, steps=(1, 9))
    assert command_of(world.s, "c-1").problem.kind == "step_unknown"  # type: ignore[union-attr]
