"""What every session log promises, in memory and on NATS."""

import asyncio
from collections.abc import Callable

import pytest

from reprise_contracts.events import Commit
from reprise_runtime.errors import Conflict
from reprise_runtime.nats.session_log import NatsSessionLog, SessionLog
from reprise_runtime.testing import MemoryLog

MakeCommit = Callable[[str], Commit]


@pytest.fixture(params=["memory", "nats"])
def log(request: pytest.FixtureRequest) -> SessionLog:
    return MemoryLog() if request.param == "memory" else NatsSessionLog(request.getfixturevalue("bus"))


async def grown(log: SessionLog, target: str, commit: MakeCommit, *names: str) -> list[int]:
    """Append commits with these names; their sequences."""
    seqs = [0]
    for name in names:
        seqs.append(await log.append(target, commit(name), expected=seqs[-1]))
    return seqs[1:]


async def names(log: SessionLog, target: str, after: int = 0) -> list[str]:
    return [entry.commit.inputs[0] for entry in await log.read(target, after)]


async def test_commits_are_read_in_order_each_log_by_itself(log: SessionLog, commit: MakeCommit) -> None:
    """A log gives back its own commits in order, after any of them too."""
    first = await grown(log, "one", commit, "a", "b")
    await grown(log, "two", commit, "x")
    await log.append("one", commit("c"), expected=first[-1])
    assert await names(log, "one") == ["a", "b", "c"]
    assert await names(log, "one", after=first[0]) == ["b", "c"]
    assert await names(log, "one", after=first[1] + 1000) == []
    assert await names(log, "none") == []
    assert [entry.seq for entry in await log.read("one")][:2] == first


async def test_a_log_of_many_commits_is_read_whole(log: SessionLog, commit: MakeCommit) -> None:
    """More commits than one answer holds are still read, none twice."""
    expected = [str(n) for n in range(1203)]
    await grown(log, "long", commit, *expected)
    assert await names(log, "long") == expected


async def test_a_creation_needs_an_empty_log(log: SessionLog, commit: MakeCommit) -> None:
    """Expecting 0 where something is loses."""
    await grown(log, "one", commit, "a")
    with pytest.raises(Conflict):
        await log.append("one", commit("other"), expected=0)


@pytest.mark.parametrize("off", [-1, 1])
async def test_an_append_to_another_position_loses(log: SessionLog, commit: MakeCommit, off: int) -> None:
    """Only the position that the log stands at is taken."""
    *_, last = await grown(log, "one", commit, "a", "b")
    with pytest.raises(Conflict):
        await log.append("one", commit("c"), expected=last + off)
    assert await names(log, "one") == ["a", "b"]


async def test_of_two_writers_one_wins(log: SessionLog, commit: MakeCommit) -> None:
    """Writers that race for the same position: one appends, all others hear `Conflict`, and nothing is lost
    by trying again."""

    async def write(name: str) -> int:
        lost = 0
        while True:
            last = await log.last("raced")
            try:
                await log.append("raced", commit(name), expected=last.seq if last else 0)
            except Conflict:
                lost += 1
                continue
            return lost

    lost = await asyncio.gather(*(write(f"{writer}/{n}") for writer in "ab" for n in range(10)))
    found = await names(log, "raced")
    assert sorted(found) == sorted(f"{writer}/{n}" for writer in "ab" for n in range(10))
    assert len(found) == len(set(found)) == 20
    assert sum(lost) > 0 or isinstance(log, MemoryLog)


async def test_the_same_append_again_answers_the_first_answer(log: SessionLog, commit: MakeCommit) -> None:
    """A repeat is no conflict and appends nothing, also after others have appended on top of it."""
    first = await log.append("one", commit("a"), expected=0)
    assert await log.append("one", commit("a"), expected=0) == first
    second = await log.append("one", commit("b"), expected=first)
    assert await log.append("one", commit("a"), expected=0) == first
    assert [entry.seq for entry in await log.read("one")] == [first, second]


async def test_the_last_commit(log: SessionLog, commit: MakeCommit) -> None:
    """`last` is the newest commit, or nothing."""
    assert await log.last("one") is None
    seqs = await grown(log, "one", commit, "a", "b")
    last = await log.last("one")
    assert last is not None
    assert (last.seq, last.id, last.commit) == (seqs[-1], "one", commit("b"))


async def test_heads_are_the_last_commits_of_all_logs(log: SessionLog, commit: MakeCommit) -> None:
    """Each log appears once, with its newest commit; no logs, no heads."""
    assert [entry async for entry in log.heads()] == []
    for target in ("one", "two", "three"):
        await grown(log, target, commit, f"{target}/1", f"{target}/2")
    assert {entry.id: entry.commit.inputs[0] async for entry in log.heads()} == {
        t: f"{t}/2" for t in ("one", "two", "three")
    }


async def test_what_was_appended_since_a_position_is_read_to_the_end_of_today(
    log: SessionLog, commit: MakeCommit
) -> None:
    """In order, and it ends; at the end there is nothing."""
    first = await log.append("s-since-1", commit("one"), expected=0)
    second = await log.append("s-since-2", commit("two"), expected=0)
    third = await log.append("s-since-1", commit("three"), expected=first)
    assert [entry.seq async for entry in log.since(first)] == [second, third]
    assert [entry async for entry in log.since(third)] == []


async def test_heads_leave_no_log_out_while_all_of_them_grow(log: SessionLog, commit: MakeCommit) -> None:
    """A log whose last commit comes while the question is asked was there before: without it a session would
    seem not to exist."""
    targets = [f"busy-{place}" for place in range(8)]
    seqs = {target: (await grown(log, target, commit, "first"))[-1] for target in targets}
    asking = True

    async def grow(target: str) -> None:
        while asking:
            seqs[target] = await log.append(target, commit(f"{target}/{seqs[target]}"), expected=seqs[target])

    growing = [asyncio.create_task(grow(target)) for target in targets]
    try:
        for _ in range(40):
            assert {entry.id async for entry in log.heads()} == set(targets)
    finally:
        asking = False
        await asyncio.gather(*growing)


async def test_following_from_the_start_catches_up_and_goes_on(log: SessionLog, commit: MakeCommit) -> None:
    """All commits of all logs come in order; `caught_up` once the old ones are handled; then the new ones as
    they are appended."""
    seqs = await grown(log, "one", commit, "a", "b")
    async with asyncio.timeout(10), log.follow(0) as following:
        old = [await anext(following), await anext(following)]
        assert [(entry.seq, entry.id) for entry in old] == [(seqs[0], "one"), (seqs[1], "one")]
        assert not following.caught_up.is_set()
        coming = asyncio.ensure_future(anext(following))
        await following.caught_up.wait()
        seq = await log.append("two", commit("x"), expected=0)
        entry = await coming
        assert (entry.seq, entry.id, following.position) == (seq, "two", seq)
        assert following.epoch == (await log.position()).epoch


async def test_following_from_now_shows_only_what_is_new(log: SessionLog, commit: MakeCommit) -> None:
    """Without a position nothing old is shown, and the follower is caught up at once."""
    seqs = await grown(log, "one", commit, "old")
    async with asyncio.timeout(10), log.follow() as following:
        await following.opened.wait()
        assert following.caught_up.is_set()
        await log.append("one", commit("new"), expected=seqs[-1])
        assert (await anext(following)).commit == commit("new")


async def test_a_closed_follower_ends(log: SessionLog) -> None:
    """A reader that waits comes to its end."""
    following = log.follow(0)
    async with asyncio.timeout(10), following:
        waiting = asyncio.ensure_future(anext(following, None))
        await following.caught_up.wait()
        await following.close()
        assert await waiting is None


async def test_a_purged_log_keeps_its_tombstone(log: SessionLog, commit: MakeCommit) -> None:
    """After `purge` with `keep=1` the last commit is there and a late creation is refused: the batch does not
    come back to life."""
    *_, last = await grown(log, "one", commit, "a", "b", "c")
    assert await log.purge("one", keep=1) == 2
    assert await names(log, "one") == ["c"]
    with pytest.raises(Conflict):
        await log.append("one", commit("late"), expected=0)
    assert await log.append("one", commit("d"), expected=last) > last


async def test_a_snapshot_is_the_last_one_saved(log: SessionLog) -> None:
    """Snapshots replace each other, belong to one log, and can be forgotten."""
    assert await log.load_snapshot("one") is None
    await log.save_snapshot("one", b"old")
    await log.save_snapshot("one", b"\x00new")
    await log.save_snapshot("two", b"other")
    assert await log.load_snapshot("one") == b"\x00new"
    await log.drop_snapshot("one")
    await log.drop_snapshot("none")
    assert await log.load_snapshot("one") is None
    assert await log.load_snapshot("two") == b"other"


async def test_the_position_grows_with_the_log(log: SessionLog, commit: MakeCommit) -> None:
    """The position names the epoch and the last sequence of all logs together."""
    before = await log.position()
    (seq,) = await grown(log, "one", commit, "a")
    after = await log.position()
    assert (after.epoch, after.last_seq) == (before.epoch, seq)
    assert before.last_seq < seq
    assert after.first_seq <= seq
