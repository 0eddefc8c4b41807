"""Following the log on a real server: no gap and no repeat through kills, restarts and a lost consumer."""

import asyncio
from collections.abc import Callable

import pytest

from reprise_contracts import subjects
from reprise_contracts.events import Commit
from reprise_contracts.wire import Malformed
from reprise_runtime.errors import Reset
from reprise_runtime.nats import topology
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.connection import connect
from reprise_runtime.nats.ordered_consumer import OrderedConsumer
from reprise_runtime.nats.session_log import NatsSessionLog
from reprise_runtime.operate.servers import NatsServer
from reprise_runtime.settings import Settings
from servers_for_tests import settings_for

MakeCommit = Callable[[str], Commit]


async def test_no_gap_and_no_repeat_across_kills(own_nats: NatsServer, commit: MakeCommit) -> None:
    """While one writes and the server is killed twice, a follower sees every commit once, in order."""
    settings = settings_for(own_nats)
    writer, reader = await connect(settings.nats, "writer"), await connect(settings.nats, "reader")
    log = NatsSessionLog(await topology.open_bus(writer, settings))
    follower = NatsSessionLog(await topology.open_bus(reader, settings, declare=False))
    total = 300

    async def write() -> list[int]:
        seqs = [0]
        for n in range(total):
            seqs.append(await log.append("one", commit(str(n)), expected=seqs[-1]))
            if n in (total // 3, 2 * total // 3):
                await asyncio.to_thread(own_nats.kill)
                await asyncio.to_thread(own_nats.start)
        return seqs[1:]

    async with asyncio.timeout(30), follower.follow(0) as following:
        writing = asyncio.create_task(write())
        seen = [await anext(following) for _ in range(total)]
        assert [entry.seq for entry in seen] == await writing
        assert [entry.commit.inputs[0] for entry in seen] == [str(n) for n in range(total)]
    await writer.close()
    await reader.close()


async def test_a_follower_from_now_misses_nothing_across_a_kill(
    own_nats: NatsServer, commit: MakeCommit
) -> None:
    """Also on an empty log, and when the first commit falls into the time without a connection."""
    settings = settings_for(own_nats)
    writer, reader = await connect(settings.nats, "writer"), await connect(settings.nats, "reader")
    log = NatsSessionLog(await topology.open_bus(writer, settings))
    async with (
        asyncio.timeout(20),
        NatsSessionLog(await topology.open_bus(reader, settings)).follow() as following,
    ):
        await following.opened.wait()
        await asyncio.to_thread(own_nats.kill)
        await asyncio.to_thread(own_nats.start)
        await log.append("one", commit("a"), expected=0)
        assert (await anext(following)).commit == commit("a")
    await writer.close()
    await reader.close()


async def test_a_consumer_that_the_server_forgot_is_made_again(bus: Bus, commit: MakeCommit) -> None:
    """Somebody deletes the follower's consumer: it goes on where it was."""
    log = NatsSessionLog(bus)
    first = await log.append("one", commit("a"), expected=0)
    async with asyncio.timeout(10), log.follow(0) as following:
        assert (await anext(following)).seq == first
        for name in (await bus.api("CONSUMER.NAMES.SESSIONS", {}))["consumers"]:
            await bus.api(f"CONSUMER.DELETE.SESSIONS.{name}")
        second = await log.append("one", commit("b"), expected=first)
        assert (await anext(following)).seq == second


async def test_another_log_under_the_same_name_is_a_reset(
    bus: Bus, settings: Settings, commit: MakeCommit
) -> None:
    """A stream that was created anew is not followed as if nothing had happened."""
    log = NatsSessionLog(bus)
    await log.append("one", commit("a"), expected=0)
    async with asyncio.timeout(10), log.follow(0) as following:
        await anext(following)
        await bus.api("STREAM.DELETE.SESSIONS")
        await topology.ensure(bus, settings)
        with pytest.raises(Reset):
            await anext(following)


async def test_a_commit_that_cannot_be_read_is_said_and_passed(bus: Bus, commit: MakeCommit) -> None:
    """The reader hears `Malformed` for it and gets the next one after it."""
    log = NatsSessionLog(bus)
    await bus.publish(subjects.log("odd"), b'{"v": "tomorrow"}', stream=subjects.SESSIONS)
    await log.append("one", commit("a"), expected=0)
    async with asyncio.timeout(10), log.follow(0) as following:
        with pytest.raises(Malformed):
            await anext(following)
        assert (await anext(following)).commit == commit("a")


async def test_a_slow_reader_holds_the_server_back(bus: Bus) -> None:
    """No more than a window of messages is in the reader's memory, however many there are; all of them
    come."""
    async with asyncio.timeout(30):
        await asyncio.gather(
            *(
                bus.publish(subjects.log(f"s{n % 50}"), str(n).encode(), stream=subjects.SESSIONS)
                for n in range(3500)
            )
        )
        async with OrderedConsumer(bus, subjects.SESSIONS, subjects.LOGS) as follower:
            first = await anext(follower)
            received = bus.client.stats["in_msgs"]
            await asyncio.sleep(0.3)
            assert bus.client.stats["in_msgs"] - received < 1100
            seqs = [first.seq] + [(await anext(follower)).seq for _ in range(3499)]
    assert seqs == list(range(seqs[0], seqs[0] + 3500))


async def test_the_last_value_of_each_subject_then_what_is_new(bus: Bus) -> None:
    """As a worker follows CONTROL: caught up on what holds now, then every change."""
    one, two = subjects.control("s1", "phase1"), subjects.control("s1", "phase3/1")
    for subject, data in ((one, b"old"), (two, b"2"), (one, b"1")):
        await bus.publish(subject, data, stream=subjects.CONTROL)
    async with (
        asyncio.timeout(10),
        OrderedConsumer(bus, subjects.CONTROL, subjects.CONTROLS, start="last_per_subject") as follower,
    ):
        values = {message.subject: message.data for message in [await anext(follower), await anext(follower)]}
        assert values == {one: b"1", two: b"2"}
        coming = asyncio.ensure_future(anext(follower))
        await follower.caught_up.wait()
        await bus.publish(two, b"3", stream=subjects.CONTROL)
        assert (await coming).data == b"3"


async def test_progress_in_memory_starts_anew_after_a_restart(own_nats: NatsServer) -> None:
    """PROGRESS does not survive the server: its follower is told to start again, and what comes then is
    seen."""
    settings = settings_for(own_nats)
    client = await connect(settings.nats, "gateway")
    bus = await topology.open_bus(client, settings)
    subject = subjects.progress("s1", "phase1")
    async with asyncio.timeout(20):
        async with OrderedConsumer(bus, subjects.PROGRESS, subjects.ALL_PROGRESS, start="new") as follower:
            await follower.opened.wait()
            bus.publish_nowait(subject, b"10 %")
            assert (await anext(follower)).data == b"10 %"
            await asyncio.to_thread(own_nats.kill)
            await asyncio.to_thread(own_nats.start)
            with pytest.raises(Reset):
                await anext(follower)
        async with OrderedConsumer(bus, subjects.PROGRESS, subjects.ALL_PROGRESS, start="new") as follower:
            await follower.opened.wait()
            bus.publish_nowait(subject, b"20 %")
            assert (await anext(follower)).data == b"20 %"
    await client.close()
