"""The log, the end of a batch, and what is deleted (R22, R24, R25)."""

from domain_asking import rerun
from domain_world import World
from reprise_contracts.commands import AddSession, EndBatch, SessionSpec
from reprise_contracts.jobs import DownloadsSwept, Started, Stopped
from reprise_gateway.projections.states import command_of
from reprise_runtime.snapshots import dump, load


def test_r22_the_log_and_a_snapshot_rebuild_the_state(world: World) -> None:
    rerun(world, steps=(1,))
    assert load(dump(world.s)) == world.s


def test_r24_an_ended_batch_refuses_and_a_deleted_one_stays_known(world: World) -> None:
    rerun(world, "c-1", phase="phase1")
    world.tell_batch(EndBatch(command_id="end"))
    assert command_of(world.s, "c-1").status == "cancelled"  # type: ignore[union-attr]
    rerun(world, "c-2", phase="phase4")
    assert command_of(world.s, "c-2").problem.kind == "batch_ended"  # type: ignore[union-attr]
    assert world.s.node("phase4").materialization is not None
    world.tell_batch(EndBatch(command_id="delete", delete=True))
    assert world.s.deleted
    assert world.events()[-1].type == "session_deleted"
    rerun(world, "c-3", phase="phase4")
    world.tell_batch(AddSession(command_id="more", session=SessionSpec(session_id="s-2", topic="T")))
    assert world.events()[-1].type == "session_deleted"


def test_r25_what_a_source_was_made_of_is_the_batchs_to_delete_until_it_is_or_comes_back() -> None:
    """A text that a refetch replaced is superseded; one that the site has again is not; what was deleted is
    forgotten."""
    world = World()
    world.drain()
    assert world.batch is not None and world.batch.superseded == frozenset()
    first = world.batch.hashes

    def refetched(name: str, salt: str) -> frozenset[str]:
        world.salt["src-1"] = salt
        rerun(world, name, phase="phase0", refetch=True)
        world.drain()
        assert world.batch is not None
        return world.batch.superseded

    gone = refetched("c-1", "other")
    assert gone and gone <= first
    between = world.batch.hashes - first
    assert refetched("c-2", "") == between
    world.tell_batch(DownloadsSwept(hashes=tuple(between)))
    assert world.batch.superseded == frozenset()
    assert world.batch.hashes == first


def test_r24_a_deleted_batch_waits_for_what_a_worker_still_holds(world: World) -> None:
    """It is cancelling until the worker has stopped or its lease has ended; what waited is cancelled, and
    only then all of it goes."""
    rerun(world, "c-1", phase="phase4")
    rerun(world, "c-2", phase="phase1")
    own = {"node": "phase4", "generation": world.held()[0].generation, "attempt": 1, "execution_id": "e-x"}
    world.give(Started.model_validate(own))
    world.tell_batch(EndBatch(command_id="delete", delete=True))
    assert world.s.node("phase4").status == "cancelling"
    assert not world.s.deleted
    assert world.s.queue == ()
    rerun(world, "c-3", phase="phase4")
    assert command_of(world.s, "c-3").problem.kind == "batch_ended"  # type: ignore[union-attr]
    world.give(Stopped.model_validate(own))
    assert world.s.deleted
    assert world.events()[-1].type == "session_deleted"
