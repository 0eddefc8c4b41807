"""What a scheduler that takes over looks at: all that may be open, and no more than that and what is new."""

from datetime import UTC, datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from contract.examples import example
from reprise_contracts import events as e
from reprise_contracts import subjects
from reprise_contracts.events import Commit
from reprise_runtime.testing import MemoryBus, MemoryLog
from reprise_scheduler.open_work import OpenTargets, gives_work

AT = datetime(2026, 1, 1, tzinfo=UTC)
TARGETS = [f"s-{n}" for n in range(6)]


def commit(*, active: bool = False, sweep: bool = False, deleted: bool = False) -> Commit:
    event = example(e.SessionCreated)
    return Commit(
        at=AT, inputs=("x",), events=(event,), batch="b-1", active=active, sweep=sweep, deleted=deleted
    )


async def recovered(targets: OpenTargets) -> set[str]:
    return {entry.id async for entry in targets.recover()}


class Reading(MemoryLog):
    """A log that says what was read of it."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []
        self.whole = 0

    async def last(self, target: str):  # type: ignore[no-untyped-def]
        self.asked.append(target)
        return await super().last(target)

    def heads(self, *given):  # type: ignore[no-untyped-def]
        self.whole += 1
        return super().heads(*given)


STEPS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(TARGETS), st.booleans(), st.booleans()),
        st.sampled_from(["note", "take over"]),
    ),
    max_size=40,
)


@given(STEPS)
@settings(max_examples=150, deadline=None)
async def test_whatever_is_open_is_found_by_whoever_takes_over(steps: list[object]) -> None:
    """However commits, notes and changes of the leader follow each other; what was tidied up is not."""
    log, bus = Reading(), MemoryBus()
    leader = OpenTargets(log, bus)
    await recovered(leader)
    following = log.follow(after=0)
    for step in steps:
        if step == "note":
            await leader.note()
        elif step == "take over":
            before = log.asked.copy()
            leader = OpenTargets(log, bus)
            found = await recovered(leader)
            heads = [entry async for entry in MemoryLog.heads(log)]
            assert {entry.id for entry in heads if gives_work(entry.commit)} <= found
            assert len(log.asked) - len(before) <= len(TARGETS)
        elif isinstance(step, tuple):
            target, active, sweep = step
            last = await MemoryLog.last(log, target)
            seq = await log.append(
                target, commit(active=active, sweep=sweep), expected=last.seq if last else 0
            )
            leader.take(log.entry(seq))
    await following.close()


async def test_sessions_at_rest_are_not_read_again() -> None:
    """Of a thousand sessions one runs: the next leader reads that one, and what was appended since the
    note."""
    log, bus = Reading(), MemoryBus()
    for number in range(1000):
        await log.append(f"s-{number}", commit(active=number == 7), expected=0)
    first = OpenTargets(log, bus)
    assert len(await recovered(first)) == 1000
    await first.note()
    await log.append("s-new", commit(active=True), expected=0)
    next_leader = OpenTargets(log, bus)
    assert await recovered(next_leader) == {"s-7", "s-new"}
    assert (log.whole, sorted(log.asked)) == (1, ["s-7", "s-new"])


async def test_what_was_tidied_up_is_closed_though_its_log_says_the_same() -> None:
    log, bus = Reading(), MemoryBus()
    await log.append("s-1", commit(deleted=True), expected=0)
    first = OpenTargets(log, bus)
    assert await recovered(first) == {"s-1"}
    first.close("s-1")
    await first.note()
    assert await recovered(OpenTargets(log, bus)) == set()


async def test_a_note_of_another_log_is_no_note() -> None:
    log, bus = Reading(), MemoryBus()
    await log.append("s-1", commit(active=True), expected=0)
    first = OpenTargets(log, bus)
    await recovered(first)
    await first.note()
    other = Reading()
    await other.append("s-2", commit(active=True), expected=0)
    later = OpenTargets(other, bus)
    noted = await bus.last(subjects.MARKS, subjects.OPEN_MARK)
    assert noted is not None
    await bus.publish(
        subjects.OPEN_MARK, noted.data.replace(b"2026-01-01", b"2025-01-01"), stream=subjects.MARKS
    )
    assert await recovered(later) == {"s-2"}
    assert other.whole == 1


async def test_what_this_version_cannot_read_is_left_to_one_that_can() -> None:
    """No note is put down any more: the one before leads to it."""
    log, bus = Reading(), MemoryBus()
    leader = OpenTargets(log, bus)
    await recovered(leader)
    await leader.note()
    before = await bus.last(subjects.MARKS, subjects.OPEN_MARK)
    leader.unread()
    seq = await log.append("s-1", commit(active=True), expected=0)
    leader.take(log.entry(seq))
    await leader.note()
    assert await bus.last(subjects.MARKS, subjects.OPEN_MARK) == before
