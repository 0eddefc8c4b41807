"""A stale node declared good enough (R28)."""

from domain_asking import rerun, stale
from domain_world import World
from reprise_contracts.commands import Accept, PutSources
from reprise_contracts.sources import Source
from reprise_gateway.projections.states import command_of


def test_r28_a_step_whose_last_try_failed_cannot_be_accepted(world: World) -> None:
    """R19: what it made before does not stand for it, and a report that was made with that stays stale."""
    rerun(world, steps=(2,), allow_partial=True)
    world.fail("phase3/2")
    world.drain()
    world.give(Accept(command_id="a-1", node="phase3/2", reason="good enough"))
    problem = command_of(world.s, "a-1").problem  # type: ignore[union-attr]
    assert problem is not None
    assert (problem.kind, problem.field) == ("invalid", "node")
    assert problem.action == "Rerun step 2, or rerun the report with `allow_partial` and accept that."
    assert {"phase3/2", "phase4"} <= stale(world)
    world.give(Accept(command_id="a-2", node="phase4", reason="good enough without it"))
    assert stale(world) == {"phase3", "phase3/2"}


def test_r28_a_step_that_never_was_cannot_be_accepted(world: World) -> None:
    world.give(Accept(command_id="a-1", node="phase3/99", reason="good enough"))
    assert command_of(world.s, "a-1").problem.kind == "step_unknown"  # type: ignore[union-attr]


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


def test_r28_accepting_a_part_leaves_fresh_what_was_accepted_below_it(world: World) -> None:
    """In whatever order: accepting changes nothing that anyone read. The next change makes all of it
    stale."""
    world.tell_batch(PutSources(command_id="add", sources=(Source(source_id="src-3", url="http://x/3"),)))
    everything = stale(world)
    assert {"phase0", "phase1", "phase2", "phase3/1", "phase3/2", "phase3/3", "phase4"} <= everything
    for node in ("phase4", "phase1", "phase3/3", "phase3/1", "phase0", "phase2", "phase3/2"):
        if node in stale(world):
            world.give(Accept(command_id=f"a-{node[-1]}{len(node)}", node=node, reason="a comma"))
        assert not {"phase4", node} & stale(world), f"after {node} was accepted"
    assert stale(world) == set()
    world.tell_batch(PutSources(command_id="again", sources=(Source(source_id="src-4", url="http://x/4"),)))
    assert stale(world) == everything
