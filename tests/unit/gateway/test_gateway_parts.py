"""The gateway's parts one by one."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from starlette.requests import HTTPConnection

from reprise_contracts import frames as f
from reprise_contracts.artifacts import ObjectRef
from reprise_contracts.events import RunStarted
from reprise_gateway.access.access import foreign
from reprise_gateway.commands.capacity import Capacity
from reprise_gateway.commands.intake import opening
from reprise_gateway.projections.contents import Contents
from reprise_gateway.projections.hub import Subscriber
from reprise_gateway.projections.outbox import Outbox, Overflow, Packed
from reprise_gateway.projections.projection import Projection
from reprise_runtime.errors import Refused
from reprise_runtime.testing import MemoryStore


def token(text: str, stream: str = "s") -> f.StreamToken:
    return f.StreamToken(stream_id=stream, phase="phase1", token=text, node="phase1")


def done(percent: float) -> f.WorkflowProgress:
    return f.WorkflowProgress(progress=percent, phase="phase1", node="phase1")


async def test_what_waits_is_thinned_but_durable_frames_stay_in_order() -> None:
    outbox = Outbox(live=3)
    outbox.live(Packed(done(1)))
    outbox.durable(Packed(f.WorkflowComplete(run_id="a")))
    outbox.live(Packed(done(2)))
    outbox.live(Packed(token("one ")))
    outbox.durable(Packed(f.WorkflowComplete(run_id="b")))
    outbox.live(Packed(token("two")))
    for stream in ("x", "y", "z"):
        outbox.live(Packed(token("t", stream)))
    taken = [(await outbox.take()).frame for _ in range(len(outbox))]
    assert [frame.run_id for frame in taken if isinstance(frame, f.WorkflowComplete)] == ["a", "b"]
    assert [frame.stream_id for frame in taken if isinstance(frame, f.StreamToken)] == ["x", "y", "z"]


async def test_tokens_that_wait_are_joined() -> None:
    outbox = Outbox()
    outbox.live(Packed(token("one ")))
    outbox.live(Packed(token("two")))
    frame = (await outbox.take()).frame
    assert isinstance(frame, f.StreamToken) and frame.token == "one two"


async def test_too_many_durable_frames_end_the_socket() -> None:
    outbox = Outbox(durable=2)
    for run in ("a", "b", "c"):
        outbox.durable(Packed(f.WorkflowComplete(run_id=run)))
    with pytest.raises(Overflow):
        await outbox.take()


async def test_what_waits_for_a_client_that_does_not_read_is_at_most_a_megabyte() -> None:
    """Live frames go first; then the socket ends and lets go of everything. One frame that is larger by
    itself still goes out."""
    report = Packed(f.ReportReady(report="x" * 3_000_000, stale=False))
    outbox = Outbox()
    outbox.durable(report)
    assert await outbox.take() is report
    for number in range(300):
        outbox.live(Packed(token("y" * 60_000, f"s-{number}")))
        assert sum(len(frame) for frame in outbox._waiting.values()) <= 1_000_000
    taken = 0
    while not outbox.overflowed:
        outbox.durable(Packed(f.ReportReady(report="z" * 10_000, stale=False)))
        assert sum(len(frame) for frame in outbox._waiting.values()) <= 1_000_000
        taken += 1
    assert 90 < taken < 100 and len(outbox) == 0
    with pytest.raises(Overflow):
        await outbox.take()


async def test_a_client_that_is_slow_at_its_snapshot_holds_no_more_either() -> None:
    subscriber = Subscriber(Outbox())
    for number in range(200):
        subscriber.durable((number, 1), Packed(f.ReportReady(report="z" * 10_000, stale=False)))
    assert subscriber.outbox.overflowed and len(subscriber._held) < 110


def connection(**headers: str) -> HTTPConnection:
    raw = [(name.encode(), value.encode()) for name, value in headers.items()]
    return HTTPConnection({"type": "http", "headers": raw, "query_string": b""})


def test_a_page_of_another_host_is_foreign() -> None:
    assert not foreign(connection(host="h:1"))
    assert not foreign(connection(host="h:1", origin="http://h:1"))
    assert foreign(connection(host="h:1", origin="http://h:2"))
    assert foreign(connection(host="h:1", origin="null"))
    assert not foreign(connection(host="h:1", origin="http://dev:5173"), ("http://dev:5173",))


async def test_capacity_looks_at_the_inbox_now_and_then() -> None:
    looks, clock = [0.5, 0.9, 0.1], [0.0]

    async def usage() -> float:
        return looks.pop(0)

    capacity = Capacity(usage, clock=lambda: clock[0])
    await capacity.check()
    await capacity.check()
    assert len(looks) == 2
    clock[0] += 2
    with pytest.raises(Refused):
        await capacity.check()
    clock[0] += 2
    await capacity.check()


async def test_contents_are_read_once_while_there_is_room() -> None:
    import hashlib

    store = MemoryStore()
    refs = []
    for number in range(6):
        data = bytes([number]) * 20
        await store.put(f"k{number}", data)
        refs.append(ObjectRef(key=f"k{number}", sha256=hashlib.sha256(data).hexdigest(), bytes=20))
    contents = Contents(store, room=100)
    for ref in refs:
        await contents.read(ref)
    store.objects.clear()
    assert await contents.read(refs[-1]) == bytes([5]) * 20
    with pytest.raises(Exception, match="NoSuchKey"):
        await contents.read(refs[0])


# The view


@pytest.fixture
async def follow() -> Any:
    tasks: list[asyncio.Task[None]] = []

    def begin(view: Projection) -> None:
        tasks.append(asyncio.create_task(view.run()))

    yield begin
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


class Counting:
    """A log that counts how often it is read."""

    def __init__(self, log: Any) -> None:
        self._log = log
        self.reads: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    async def read(self, target: str, after: int = 0) -> Any:
        self.reads.append(target)
        found = await self._log.read(target, after)
        await self.gate.wait()
        return found


async def test_starting_over_many_sessions_folds_none_of_them(
    site: Any, http: Any, follow: Any, eventually: Any
) -> None:
    ids = [await site.start(http, topic=f"T{n}") for n in range(8)]
    log = Counting(site.log)
    view = Projection(log)
    follow(view)
    await eventually(lambda: view.ready)
    assert log.reads == []
    assert (await view.session(ids[3][1])).topic == "T3"
    assert log.reads == [ids[3][1]]
    await view.session(ids[3][1])
    assert log.reads == [ids[3][1]]


async def test_a_state_that_is_read_while_commits_come_is_whole(
    site: Any, http: Any, follow: Any, eventually: Any
) -> None:
    _, session_id = await site.start(http)
    log = Counting(site.log)
    view = Projection(log)
    follow(view)
    await eventually(lambda: view.ready)
    log.gate.clear()
    asked = asyncio.create_task(view.session(session_id))
    await eventually(lambda: bool(log.reads))
    await site.research.work(session_id)
    last = (await site.log.position()).last_seq
    await eventually(lambda: view.position == last)
    log.gate.set()
    assert await asked == site.research.session(session_id)
    site.research.now += timedelta(seconds=1)
    await http.post("/workflow/refresh", json={"session_id": session_id})
    await eventually(lambda: view.position == (site.log._sequence))
    assert await view.session(session_id) == site.research.session(session_id)


async def test_a_commit_that_comes_while_its_session_is_read_is_told_to_those_who_watch(
    site: Any, http: Any, follow: Any, eventually: Any
) -> None:
    """A socket that resumes as its gateway has just started counts on hearing of everything after the
    position it began at."""
    batch_id, session_id = await site.start(http)
    log = Counting(site.log)
    view = Projection(log)
    told: list[int] = []
    view.on_transition = lambda moved: told.append(moved.seq)
    follow(view)
    await eventually(lambda: view.ready)
    with view.watch(batch_id):
        until = view.position
        log.gate.clear()
        asked = asyncio.create_task(view.session(session_id))
        await eventually(lambda: bool(log.reads))
        await site.research.work(session_id)
        for _ in range(100):  # whoever follows the log has its turn before the reading ends
            await asyncio.sleep(0)
        log.gate.set()
        await asked
        last = (await site.log.position()).last_seq
        await eventually(lambda: view.position == last)
    assert told == [entry.seq for entry in await site.log.read(session_id) if entry.seq > until]


async def test_only_so_many_states_are_kept_but_watched_ones_stay(
    site: Any, http: Any, follow: Any, eventually: Any
) -> None:
    ids = [await site.start(http, topic=f"T{n}") for n in range(6)]
    view = Projection(site.log, kept=2)
    follow(view)
    await eventually(lambda: view.ready)
    with view.watch(ids[0][0]):
        for _, session_id in ids:
            await view.session(session_id)
        held = [session_id for _, session_id in ids if view.cached(session_id)]
        assert ids[0][1] in held and len(held) <= 3


async def test_a_log_that_cannot_be_folded_takes_no_other_down(site: Any, http: Any, eventually: Any) -> None:
    _, bad = await site.start(http)
    _, good = await site.start(http, topic="Good")
    head = await site.log.last(bad)
    await site.log.append(
        bad, head.commit.model_copy(update={"events": (RunStarted(run_id="r-none"),)}), expected=head.seq
    )
    await site.research.work(good)
    await site.seen(good)
    answer = await http.get(f"/sessions/{bad}")
    assert (answer.status_code, answer.json()["type"]) == (500, "/problems/internal")
    assert (await http.get(f"/sessions/{good}")).json()["nodes"]["phase4"]["status"] == "completed"


async def test_a_log_that_was_created_anew_begins_everything_anew(
    site: Any, http: Any, follow: Any, eventually: Any
) -> None:
    from reprise_runtime.errors import Reset
    from reprise_runtime.testing import MemoryLog

    _, session_id = await site.start(http)

    class Another(Counting):
        anew = False

        def follow(self, after: int | None = None) -> Any:
            following = self._log.follow(after)
            outer, plain = self, following.__anext__

            class Once:
                opened, caught_up, epoch, position = (
                    following.opened,
                    following.caught_up,
                    following.epoch,
                    following.position,
                )

                async def __aenter__(self) -> Any:
                    return self

                async def __aexit__(self, *_: object) -> None:
                    await following.close()

                async def __anext__(self) -> Any:
                    if not outer.anew:
                        outer.anew = True
                        outer._log = MemoryLog()
                        raise Reset("created anew")
                    return await plain()

            return Once()

    log = Another(site.log)
    view = Projection(log)
    told = asyncio.Event()
    view.on_reset = told.set
    follow(view)
    await asyncio.wait_for(told.wait(), 5)
    await eventually(lambda: view.epoch != "" and view.position == 0)
    assert await view.session(session_id) is None


def test_a_text_without_a_title_is_called_by_its_first_words() -> None:
    """A reader knows it again, in lists and among the references."""
    assert opening("Minutes of the lake council\nThe level fell.") == "Minutes of the lake council"
    assert opening("\n\n  The level fell.  It rose.") == "The level fell. It rose."
    long = opening(
        "The level of the lake fell by forty centimetres last summer, and nobody knows why it did."
    )
    assert long.endswith("…") and len(long) <= 60 and long.startswith("The level of the lake")
