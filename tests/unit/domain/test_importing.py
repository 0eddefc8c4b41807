"""R41: a session that another installation made is here what it was there, and goes on by the same rules."""

from domain_asking import freshness, rerun
from domain_world import World, planned
from reprise_contracts.commands import Lock
from reprise_contracts.importing import Import
from reprise_contracts.jobs import Failed
from reprise_contracts.problems.model import Problem
from reprise_domain.forks import shared_by
from reprise_gateway.projections.states import command_of, state_of


def elsewhere(world: World) -> World:
    """The same session in another installation, brought by its bundle."""
    other = World(start=False, sources=tuple(known.source for known in world.s.sources.values()))
    other.objects |= world.objects
    other.give(Import(command_id="i-1", origin=world.session_id, shared=shared_by(world.s)))
    return other


def test_r41_what_was_stale_is_stale_and_what_was_fresh_is_fresh(world: World) -> None:
    """With its parameters, its locks, and a failure; and a refresh runs what it would have run there."""
    rerun(world, "c-1", steps=(1,), guidance="prices", propagation="mark_stale")
    world.salt["phase3/1"] = "other"
    world.drain()
    world.give(Lock(command_id="l-1", node="phase1"))
    rerun(world, "c-2", steps=(2,), propagation="mark_stale")
    (job,) = world.held()
    broken = Problem(type="engine_failed", detail="It broke.", action="Try again.")
    attempt = {"node": job.node, "generation": job.generation, "attempt": job.attempt}
    world.give(Failed(**attempt, execution_id="x", problem=broken))
    other = elsewhere(world)
    assert freshness(other) == freshness(world)
    assert {"phase3/2", "phase3/3", "phase4"} == {n for n, f in freshness(other).items() if f == "stale"} - {
        "phase3"
    }
    assert other.s.parameters("phase3/1").guidance == "prices"
    assert other.s.node("phase1").locked_at == world.s.node("phase1").locked_at is not None
    view = state_of(other.s).nodes["phase3/2"]
    assert view.status == "failed" and view.problem is not None and view.problem.detail == "It broke."
    rerun(other, "c-3")
    rerun(world, "c-3")
    assert {job.node for job in other.held()} == {job.node for job in world.held()}


def test_r9_r41_a_number_that_was_used_there_is_not_used_here(world: World) -> None:
    world.planner = lambda job: planned((job.next_step, "d"))
    rerun(world, "c-1", phase="phase2")
    world.drain()
    world.planner = lambda job: planned((1, "a")) if job.next_step == 1 else planned((job.next_step, "e"))
    rerun(world, "c-2", phase="phase2")
    world.drain()
    other = elsewhere(world)
    assert other.s.next_step == world.s.next_step == 6


def test_r41_nothing_is_imported_over_results(world: World) -> None:
    """Nor into a session that runs; a repeat is the same command."""
    shared = shared_by(world.s)
    world.give(Import(command_id="i-1", origin="s-9", shared=shared))
    refused = command_of(world.s, "i-1")
    assert refused is not None and refused.problem is not None and refused.problem.code == "session_not_empty"
    other = elsewhere(world)
    before = other.s
    assert other.give(Import(command_id="i-1", origin=world.session_id, shared=shared)) == ()
    assert other.s == before
