"""Who is next, and how many jobs of a pool are out."""

from datetime import UTC, datetime

from reprise_contracts.states import WorkerView
from reprise_scheduler.fair import FLOOR, LONGEST_TURN, Turns
from reprise_scheduler.slots import SILENT, Slots

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def a_worker(name: str, slots: int, phase: str = "phase3") -> WorkerView:
    return WorkerView(worker=name, phase=phase, since=NOW, seen=NOW, slots=slots)


def test_a_pool_is_as_wide_as_its_workers() -> None:
    """Every slot has a job, and as many as without workers lie ready beside them; the rest is counted as
    ready."""
    turns = Turns()
    for number in range(200):
        turns.add("s-1", f"phase3/{number}")
    assert len(turns.take()) == FLOOR
    turns.slots = 64
    assert turns.out + len(turns.take()) == 64 + FLOOR
    assert turns.ready == 200 - 64 - FLOOR


def test_a_wide_session_lets_a_small_one_in_however_many_slots_there_are() -> None:
    turns = Turns()
    turns.slots = 64
    for number in range(500):
        turns.add("wide", f"phase3/{number}")
    turns.add("small", "phase3/1")
    assert ("small", "phase3/1") in turns.take()[:2]


def test_a_quick_pool_has_turns_of_several_jobs_and_a_slow_one_of_one() -> None:
    """What ends together is decided together; each session still has its turn within a tenth of a second's
    work."""
    for settled, turn in ((5, 1), (80, 8), (5000, LONGEST_TURN)):
        turns = Turns()
        turns.slots = 64
        for number in range(settled):
            turns.add("before", f"phase3/{number}")
        while turns.ready or turns.out:
            for session, node in turns.take():
                turns.settle(session, node)
        turns.measure(1.0)
        assert turns.turn == turn
        for number in range(60):
            turns.add("a", f"phase3/{number}")
            turns.add("b", f"phase3/{number}")
        taken = [session for session, _ in turns.take()]
        assert taken[: 2 * turn] == ["a"] * turn + ["b"] * turn


def test_slots_are_those_of_workers_heard_of_lately() -> None:
    """A worker that says nothing for three heartbeats counts no longer, one that is told to end says that it
    has none."""
    now = [0.0]
    slots = Slots(5.0, lambda: now[0])
    slots.present(a_worker("a", 4))
    slots.present(a_worker("b", 4))
    slots.present(a_worker("c", 8, "phase4"))
    assert (slots.of("phase3"), slots.of("phase4"), slots.of("phase0")) == (8, 8, 0)
    now[0] = 10.0
    slots.present(a_worker("b", 0))
    assert slots.of("phase3") == 4
    now[0] = 5.0 * SILENT + 0.1
    assert slots.of("phase3") == 0
