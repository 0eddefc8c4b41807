"""The pull loop on a real server: at once, never more than its window, through restarts and deletions, and
nothing kept at the end."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

import pytest

from reprise_contracts import subjects
from reprise_contracts.problems.model import Problem
from reprise_contracts.wire import Malformed
from reprise_runtime.errors import Refused, Unavailable
from reprise_runtime.nats import topology
from reprise_runtime.nats.acknowledgement import Delivery
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.connection import connect
from reprise_runtime.nats.pull_consumer import PullConsumer
from reprise_runtime.operate.servers import NatsServer
from reprise_runtime.settings import Settings
from servers_for_tests import Eventually, settings_for

PHASE = "phase1"


def job(n: int) -> str:
    return subjects.job(f"s{n}", PHASE, 1, 1)


async def offer(bus: Bus, *numbers: int) -> None:
    for n in numbers:
        await bus.publish(job(n), str(n).encode(), stream=subjects.JOBS)


def puller(bus: Bus, settings: Settings, window: int = 8) -> PullConsumer:
    return PullConsumer(bus, subjects.JOBS, subjects.pool(PHASE), settings.timings, window=window)


@contextlib.asynccontextmanager
async def running(pull: PullConsumer, handler) -> AsyncIterator[asyncio.Task[None]]:  # type: ignore[no-untyped-def]
    """The loop while the block runs; then it is stopped and waited for."""
    task = asyncio.create_task(pull.run(handler))
    yield task
    pull.stop()
    await asyncio.wait_for(task, 10)


async def held(bus: Bus) -> int:
    """The messages that JOBS holds."""
    return int((await bus.stream_info(subjects.JOBS))["state"]["messages"])


async def waiting(bus: Bus) -> tuple[int, int]:
    """What the pool's consumer has not delivered, and what it has delivered and not heard of."""
    info = await bus.api(f"CONSUMER.INFO.JOBS.{subjects.pool(PHASE)}")
    return info["num_pending"], info["num_ack_pending"]


async def test_a_message_is_handled_at_once(bus: Bus, settings: Settings, eventually: Eventually) -> None:
    """A message that is published while the loop waits reaches its handler without waiting for a batch or a
    time-out."""
    latencies: list[float] = []

    async def handle(delivery: Delivery) -> None:
        latencies.append(time.perf_counter() - float(delivery.data))

    async with running(puller(bus, settings), handle):
        for n in range(30):
            await bus.publish(job(n), repr(time.perf_counter()).encode(), stream=subjects.JOBS)
            await eventually(lambda n=n: len(latencies) == n + 1)  # type: ignore[misc]
    assert sorted(latencies)[len(latencies) // 2] < 0.05
    assert await held(bus) == 0


async def test_never_more_than_the_window(bus: Bus, settings: Settings, eventually: Eventually) -> None:
    """Only as many messages as the window are delivered to one loop; the others are free for another."""
    await offer(bus, *range(10))
    gate = asyncio.Event()
    inside = 0

    async def handle(_: Delivery) -> None:
        nonlocal inside
        inside += 1
        await gate.wait()

    async with running(puller(bus, settings, window=4), handle):
        await eventually(lambda: inside == 4)
        assert await waiting(bus) == (6, 4)
        gate.set()
        await eventually(lambda: inside == 10)


async def test_two_loops_share_the_work(bus: Bus, settings: Settings, eventually: Eventually) -> None:
    """Each message goes to one of them."""
    done: list[int] = []

    async def handle(delivery: Delivery) -> None:
        done.append(int(delivery.data))

    async with running(puller(bus, settings, 4), handle), running(puller(bus, settings, 4), handle):
        await offer(bus, *range(100))
        await eventually(lambda: len(done) == 100)
    assert sorted(done) == list(range(100))


async def test_the_heartbeat_keeps_a_message(bus: Bus, settings: Settings, eventually: Eventually) -> None:
    """Work that takes longer than two leases is not given to anyone else."""
    done: list[int] = []

    async def handle(delivery: Delivery) -> None:
        await asyncio.sleep(2.3 * settings.timings.lease)
        done.append(delivery.deliveries)

    async with running(puller(bus, settings), handle), running(puller(bus, settings), handle):
        await offer(bus, 1)
        await eventually(lambda: done == [1])
    assert await held(bus) == 0


async def test_a_dead_worker_is_replaced_after_its_lease(bus: Bus, settings: Settings) -> None:
    """A delivery whose process is gone comes again, once its lease ended, counted as the second."""
    await offer(bus, 1)
    client = await connect(settings.nats, "dies")
    other = await Bus.open(client)
    messages = aiter(puller(other, settings))
    first = await anext(messages)
    await client.close()
    second = await asyncio.wait_for(anext(aiter(puller(bus, settings))), 10)
    assert (first.deliveries, second.deliveries, second.data) == (1, 2, b"1")
    await second.ack_sync()
    with contextlib.suppress(Unavailable):
        await messages.aclose()
    await first.nak()


async def test_a_poisoned_message_does_not_stop_the_next_ones(
    bus: Bus, settings: Settings, eventually: Eventually
) -> None:
    """What cannot be understood, and what is refused for good, goes to DLQ; a retryable error brings it
    again; a bug does not lose it."""
    attempts: dict[bytes, int] = {}

    async def handle(delivery: Delivery) -> None:
        attempts[delivery.data] = attempts.get(delivery.data, 0) + 1
        match delivery.data:
            case b"1":
                raise Malformed("Job: node: Field required")
            case b"2" if delivery.deliveries < 3:
                raise Unavailable("not yet")
            case b"3" if delivery.deliveries < 2:
                raise ZeroDivisionError("a bug")
            case _:
                return

    await offer(bus, 1, 2, 3, 4)

    async def empty() -> bool:
        return await held(bus) == 0

    async with running(puller(bus, settings), handle):
        await eventually(empty)
    assert attempts == {b"1": 1, b"2": 3, b"3": 2, b"4": 1}
    dead = await bus.last(subjects.DLQ, subjects.dead(subjects.JOBS))
    assert dead is not None
    assert dead.data == b"1"
    assert dead.headers["Reprise-Reason"] == "Job: node: Field required"
    assert (await bus.stream_info(subjects.DLQ))["state"]["messages"] == 1


async def test_a_dead_letter_waits_for_room(bus: Bus, settings: Settings, eventually: Eventually) -> None:
    """While DLQ takes nothing the message stays where it is; nothing is dropped."""
    config = (await bus.stream_info(subjects.DLQ))["config"]
    await bus.api("STREAM.UPDATE.DLQ", {**config, "max_msgs": 1})
    await bus.publish(subjects.dead("X"), b"", stream=subjects.DLQ)
    seen: list[int] = []

    async def handle(delivery: Delivery) -> None:
        seen.append(delivery.deliveries)
        raise Malformed("never good")

    async def aside() -> bool:
        return await bus.last(subjects.DLQ, subjects.dead(subjects.JOBS)) is not None

    await offer(bus, 1)
    async with running(puller(bus, settings), handle):
        await eventually(lambda: len(seen) >= 2)
        assert await held(bus) == 1
        await bus.api("STREAM.UPDATE.DLQ", config)
        await eventually(aside)
    assert await held(bus) == 0


async def test_stopping_returns_what_nobody_took(
    bus: Bus, settings: Settings, eventually: Eventually
) -> None:
    """After `stop` the message in work is finished; those that only waited here are free for others at once,
    not after their lease."""
    await offer(bus, *range(6))
    pull = puller(bus, settings, window=6)

    async def all_here() -> bool:
        return pull.held == 6

    async for delivery in pull:
        await eventually(all_here)
        pull.stop()
        await delivery.ack_sync()
    async with asyncio.timeout(settings.timings.lease * 0.9):
        messages = aiter(puller(bus, settings))
        rest = [await anext(messages) for _ in range(5)]
    assert [(delivery.data, delivery.deliveries) for delivery in rest] == [
        (str(n).encode(), 2) for n in range(1, 6)
    ]
    await asyncio.gather(*(delivery.ack_sync() for delivery in rest))
    await messages.aclose()


async def test_stopping_waits_for_what_is_in_work(
    bus: Bus, settings: Settings, eventually: Eventually
) -> None:
    """`run` ends when its handlers have ended and acknowledged; meanwhile it takes nothing new."""
    gate = asyncio.Event()
    begun: list[int] = []

    async def handle(delivery: Delivery) -> None:
        begun.append(int(delivery.data))
        await gate.wait()

    pull = puller(bus, settings)
    await offer(bus, 1, 2)
    task = asyncio.create_task(pull.run(handle))
    await eventually(lambda: len(begun) == 2)
    pull.stop()

    async def nothing_asked() -> bool:
        return bool((await bus.api(f"CONSUMER.INFO.JOBS.{subjects.pool(PHASE)}"))["num_waiting"] == 0)

    await eventually(nothing_asked)
    await offer(bus, 3)
    assert not task.done()
    gate.set()
    await asyncio.wait_for(task, 10)
    assert begun == [1, 2]
    assert await held(bus) == 1


async def test_cancelling_gives_everything_back(bus: Bus, settings: Settings, eventually: Eventually) -> None:
    """A loop that is cancelled cancels its handlers, and their messages are free at once."""
    await offer(bus, 1, 2)
    begun = 0

    async def handle(_: Delivery) -> None:
        nonlocal begun
        begun += 1
        await asyncio.Event().wait()

    task = asyncio.create_task(puller(bus, settings).run(handle))
    await eventually(lambda: begun == 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(settings.timings.lease * 0.9):
        messages = aiter(puller(bus, settings))
        again = [await anext(messages), await anext(messages)]
    assert [delivery.deliveries for delivery in again] == [2, 2]
    await asyncio.gather(*(delivery.ack_sync() for delivery in again))
    await messages.aclose()


async def test_pausing_takes_nothing_until_resumed(
    bus: Bus, settings: Settings, eventually: Eventually
) -> None:
    """While paused new messages stay with the server; afterwards they come."""
    done: list[int] = []

    async def handle(delivery: Delivery) -> None:
        done.append(int(delivery.data))

    async def nothing_asked() -> bool:
        return bool((await bus.api(f"CONSUMER.INFO.JOBS.{subjects.pool(PHASE)}"))["num_waiting"] == 0)

    pull = puller(bus, settings)
    async with running(pull, handle):
        await offer(bus, 1)
        await eventually(lambda: done == [1])
        pull.pause()
        await eventually(nothing_asked)
        await offer(bus, 2)
        assert await waiting(bus) == (1, 0)
        assert done == [1]
        pull.resume()
        await eventually(lambda: done == [1, 2])


async def test_batches_hand_out_what_is_there_at_once(bus: Bus, settings: Settings) -> None:
    """A batch never waits to be full, and holds at most its limit."""
    await offer(bus, *range(10))
    sizes: list[int] = []
    pull = puller(bus, settings, window=32)
    async with asyncio.timeout(5):
        async for batch in pull.batches(4):
            sizes.append(len(batch))
            await asyncio.gather(*(delivery.ack_sync() for delivery in batch))
            if sum(sizes) == 10:
                pull.stop()
    assert max(sizes) <= 4
    assert await held(bus) == 0


async def test_a_deleted_consumer_is_made_again_without_spinning(
    bus: Bus, settings: Settings, eventually: Eventually
) -> None:
    """The loop notices, makes the consumer again, goes on, and asks only a few times meanwhile."""
    done: list[int] = []

    async def handle(delivery: Delivery) -> None:
        done.append(int(delivery.data))

    bus.restore_with(lambda: topology.ensure(bus, settings))
    async with running(puller(bus, settings), handle):
        await offer(bus, 1)
        await eventually(lambda: done == [1])
        asked = bus.client.stats["out_msgs"]
        await bus.api(f"CONSUMER.DELETE.JOBS.{subjects.pool(PHASE)}")
        await offer(bus, 2)
        await eventually(lambda: done == [1, 2])
        assert bus.client.stats["out_msgs"] - asked < 200


async def test_a_consumer_that_cannot_be_made_is_not_hammered(bus: Bus, settings: Settings) -> None:
    """While nothing restores it, the loop asks later and later and leaves the event loop to others."""

    async def in_vain() -> None:
        restored.append(asyncio.get_running_loop().time())

    restored: list[float] = []
    bus.restore_with(in_vain)
    await bus.api(f"CONSUMER.DELETE.JOBS.{subjects.pool(PHASE)}")
    before = bus.client.stats["out_msgs"]
    task = asyncio.create_task(puller(bus, settings).run(lambda _: asyncio.sleep(0)))
    await asyncio.sleep(1.0)
    assert bus.client.stats["out_msgs"] - before < 15
    assert 2 <= len(restored) <= 8
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_restart_of_the_server_is_survived(own_nats: NatsServer, eventually: Eventually) -> None:
    """Kill -9 while the loop waits: it asks anew by itself, INBOX has lost nothing, and JOBS, in memory, is
    there again."""
    settings = settings_for(own_nats)
    client = await connect(settings.nats, "worker")
    bus = await topology.open_bus(client, settings)
    commands: list[bytes] = []
    jobs: list[bytes] = []

    async def decide(delivery: Delivery) -> None:
        commands.append(delivery.data)

    async def work(delivery: Delivery) -> None:
        jobs.append(delivery.data)

    inbox = PullConsumer(bus, subjects.INBOX, subjects.ORCHESTRATOR, settings.timings)
    async with running(inbox, decide), running(puller(bus, settings), work):
        await bus.publish(subjects.command("s1", "rerun"), b"a", stream=subjects.INBOX)
        await offer(bus, 1)
        await eventually(lambda: commands == [b"a"] and jobs == [b"1"])
        inbox.pause()
        await bus.publish(subjects.command("s1", "rerun"), b"b", stream=subjects.INBOX)
        await asyncio.to_thread(own_nats.kill)
        await eventually(lambda: not client.is_connected)
        inbox.resume()
        await asyncio.to_thread(own_nats.start)
        await bus.publish(subjects.command("s1", "rerun"), b"c", stream=subjects.INBOX)
        await offer(bus, 2)
        await eventually(lambda: commands[1:] == [b"b", b"c"] and jobs == [b"1", b"2"])
    await client.close()


async def test_a_handler_may_refuse_for_good(bus: Bus, settings: Settings, eventually: Eventually) -> None:
    """A terminal error goes to DLQ with its detail as the reason."""

    async def handle(_: Delivery) -> None:
        raise Refused(Problem(type="invalid", detail="no such\r\nphase"))

    async def aside() -> bool:
        return await bus.last(subjects.DLQ, subjects.dead(subjects.JOBS)) is not None

    await offer(bus, 1)
    async with running(puller(bus, settings), handle):
        await eventually(aside)
    dead = await bus.last(subjects.DLQ, subjects.dead(subjects.JOBS))
    assert dead is not None
    assert dead.headers["Reprise-Reason"] == "no such phase"
