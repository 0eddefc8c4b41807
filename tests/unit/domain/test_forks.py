"""R37: a fork has what its origin has above a node, by reference, and is its own from there on."""

import pytest

from domain_asking import freshness, rerun
from domain_world import World
from reprise_contracts.commands import AddSession, EndBatch, ForkPoint, Lock, PutSources, SessionSpec
from reprise_contracts.events import Shared
from reprise_contracts.sources import Source
from reprise_domain.forks import shared_by
from reprise_domain.sweep import made_keys
from reprise_gateway.projections.states import command_of, state_of


def keys(world: World) -> dict[str, str]:
    """What a session has, by node."""
    made = {node: world.s.node(node).materialization for node in world.s.nodes}
    return {node: found.event.artifact.key for node, found in made.items() if found is not None}


@pytest.mark.parametrize(
    ("node", "own"),
    [
        ("phase0", {"phase0", "phase1", "phase2", "phase4"}),
        ("phase2", {"phase2", "phase4"}),
        ("phase3", {"phase3/1", "phase3/2", "phase3/3", "phase4"}),
        ("phase3/1", {"phase3/1", "phase3/3", "phase4"}),
        ("phase3/2", {"phase3/2", "phase4"}),
        ("phase4", {"phase4"}),
    ],
)
def test_r37_what_a_cascade_from_the_node_would_leave_is_shared_and_the_rest_is_to_be_made(
    world: World, node: str, own: set[str]
) -> None:
    """In the sample step 3 depends on step 1. A refresh makes the rest and nothing else, under keys of its
    own."""
    before = keys(world)
    fork = world.fork(node)
    shared = keys(fork)
    assert all(before[name] == key for name, key in shared.items())
    left = set(before) - set(shared)
    assert left == (own if node not in {"phase0", "phase2"} else own | {"phase3/1", "phase3/2", "phase3/3"})
    assert not fork.s.busy and {freshness(fork)[name] for name in shared} <= {"fresh"}
    rerun(fork, "c-1")
    fork.drain()
    assert set(fork.ran()) == left and set(freshness(fork).values()) == {"fresh"}
    assert {name for name, key in keys(fork).items() if f"/{fork.session_id}/" in key} == left
    assert keys(world) == before


def test_r37_parameters_and_what_was_accepted_come_along(world: World) -> None:
    rerun(world, "c-1", steps=(1,), guidance="prices", propagation="mark_stale")
    world.salt["phase3/1"] = "other"
    world.drain()
    fork = world.fork("phase4")
    assert fork.s.parameters("phase3/1").guidance == "prices"
    assert freshness(fork)["phase3/1"] == "fresh"
    state = state_of(fork.s)
    assert state.fork == ForkPoint(session_id="s-1", node="phase4")
    assert state.nodes["phase3/1"].artifact == state_of(world.s).nodes["phase3/1"].artifact


def test_r37_r38_what_is_shared_stays_locked_and_what_is_to_be_made_is_not(world: World) -> None:
    """A fork takes nothing over from which its own results could not be made."""
    for name, node in (("l-1", "phase3/1"), ("l-2", "phase4")):
        world.give(Lock(command_id=name, node=node))
    fork = world.fork("phase3/2")
    assert fork.s.node("phase3/1").locked_at == world.s.node("phase3/1").locked_at is not None
    assert fork.s.node("phase4").locked_at is None
    rerun(fork, "c-1")
    fork.drain()
    assert set(fork.ran()) == {"phase3/2", "phase4"}
    rerun(fork, "c-2", steps=(1,))
    refused = command_of(fork.s, "c-2")
    assert refused is not None and refused.problem is not None and refused.problem.kind == "node_locked"
    fork.give(Lock(command_id="l-3", node="phase3/1", locked=False))
    assert world.s.node("phase3/1").locked_at is not None


def test_r37_an_object_goes_with_the_last_session_that_names_it(world: World) -> None:
    """Either of them is rerun, ended or deleted; what the other one has stays."""
    fork = world.fork("phase3/2")
    shared = keys(world)["phase3/1"]
    world.salt["phase3/1"] = "one"
    rerun(world, "c-1", steps=(1,))
    world.drain()
    world.sweep()
    assert shared in world.objects and keys(fork)["phase3/1"] == shared
    world.tell_batch(EndBatch(command_id="e-1", session_id="s-1", delete=True))
    assert world.s.deleted and not fork.s.ended
    assert made_keys(fork.s) & world.objects == {key for key in made_keys(fork.s) if "calls" not in key}
    rerun(fork, "c-2", steps=(1,))
    fork.drain()
    fork.sweep()
    assert shared not in world.objects
    fork.tell_batch(EndBatch(command_id="e-2", delete=True))
    assert world.objects == set()


def test_r37_a_fork_of_a_fork_shares_with_both(world: World) -> None:
    first = world.fork("phase4")
    second = first.fork("phase3/3")
    shared = keys(world)["phase3/2"]
    assert keys(second)["phase3/2"] == shared
    for other in (world, first):
        other.salt["phase3/2"] = other.session_id
        rerun(other, "c-1", steps=(2,))
        other.drain()
        other.sweep()
        assert shared in world.objects
    rerun(second, "c-1", steps=(2,), force=True)
    second.drain()
    second.sweep()
    assert shared not in world.objects


def test_r37_each_hears_of_the_batch_and_one_ends_without_the_other(world: World) -> None:
    fork = world.fork("phase4")
    world.tell_batch(EndBatch(command_id="e-1", session_id=fork.session_id))
    assert fork.s.ended and not world.s.ended
    replaced = Source(source_id="src-1", url="http://x/other")
    world.tell_batch(PutSources(command_id="p", sources=(replaced,)))
    assert freshness(world)["phase0"] == "stale"
    rerun(fork, "c-1")
    refused = command_of(fork.s, "c-1")
    assert refused is not None and refused.problem is not None and refused.problem.kind == "batch_ended"
    world.tell_batch(EndBatch(command_id="e-2", session_id="s-9"))
    assert world.batch is not None
    problem = world.batch.commands["e-2"].problem
    assert problem is not None and problem.code == "no_session"


def test_r37_a_fork_whose_origin_is_gone_begins_with_nothing(world: World) -> None:
    """It is made when the batch's word arrives; by then its origin may have been deleted."""
    fork = World(batch=world.batch, family=world.family, session_id="s-2")
    point = ForkPoint(session_id="s-1", node="phase4")
    spec = SessionSpec(session_id="s-2", topic="T", start=False, fork=point)
    world.tell_batch(AddSession(command_id="a", session=spec))
    assert len(fork.s.nodes) == 0 and fork.s.fork == point
    assert shared_by(fork.s) == Shared()
