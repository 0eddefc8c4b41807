"""Publishing when answers get lost, servers die and connections break. Real servers, real kills."""

import asyncio
from collections.abc import Callable

import pytest

from integration.runtime.proxy import Proxy
from reprise_contracts import subjects
from reprise_contracts.events import Commit
from reprise_runtime.errors import Conflict, PublishTimeout, Refused, Unavailable
from reprise_runtime.nats import topology
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.connection import connect
from reprise_runtime.nats.pull_consumer import PullConsumer
from reprise_runtime.nats.session_log import NatsSessionLog
from reprise_runtime.operate.servers import NatsServer, free_ports
from reprise_runtime.settings import Nats, Settings
from servers_for_tests import Eventually, settings_for

COMMAND = subjects.command("s1", "rerun")


async def test_a_lost_confirmation_is_read_back(
    own_nats: NatsServer, commit: Callable[[str], Commit]
) -> None:
    """The server stores an append and its answer is lost: the append is repeated, finds itself, and there is
    one commit."""
    settings = settings_for(own_nats)
    async with Proxy(own_nats.port) as proxy:
        client = await connect(Nats(url=f"nats://127.0.0.1:{proxy.port}"), "behind proxy")
        bus = await topology.open_bus(client, settings)
        log = NatsSessionLog(bus)
        first = await log.append("one", commit("a"), expected=0)
        proxy.deaf = True
        proxy.passed.clear()
        appending = asyncio.ensure_future(log.append("one", commit("b"), expected=first))
        await proxy.passed.wait()
        proxy.deaf = False
        proxy.cut()
        second = await appending
        assert [(entry.seq, entry.commit.inputs[0]) for entry in await log.read("one")] == [
            (first, "a"),
            (second, "b"),
        ]
        await client.close()


async def test_a_confirmation_that_never_comes_is_a_time_out_and_the_next_try_finds_it(
    own_nats: NatsServer, commit: Callable[[str], Commit]
) -> None:
    """`PublishTimeout` leaves it open whether the message is stored; the same append later answers its
    sequence."""
    settings = settings_for(own_nats).model_copy(
        update={"timings": settings_for(own_nats).timings.model_copy(update={"publish_timeout": 0.2})}
    )
    async with Proxy(own_nats.port) as proxy:
        client = await connect(Nats(url=f"nats://127.0.0.1:{proxy.port}"), "behind proxy")
        bus = await topology.open_bus(client, settings)
        log = NatsSessionLog(bus)
        proxy.deaf = True
        with pytest.raises((PublishTimeout, Unavailable)):
            await log.append("one", commit("a"), expected=0)
        proxy.deaf = False
        proxy.cut()
        with pytest.raises(Conflict):
            await log.append("one", commit("stranger"), expected=0)
        seq = await log.append("one", commit("a"), expected=0)
        assert [(entry.seq, entry.commit.inputs[0]) for entry in await log.read("one")] == [(seq, "a")]
        await client.close()


async def test_nothing_confirmed_is_lost_when_the_server_is_killed(own_nats: NatsServer) -> None:
    """Kill -9 three times while 32 publishers are at work: every confirmed message is there, each id once,
    and all publishers go on."""
    settings = settings_for(own_nats)
    client = await connect(settings.nats, "publisher")
    bus = await topology.open_bus(client, settings)
    confirmed: dict[str, int] = {}
    stop = asyncio.Event()

    async def publish(publisher: int) -> None:
        n = 0
        while not stop.is_set():
            identity = f"{publisher}/{n}"
            try:
                confirmed[identity] = await bus.publish(
                    subjects.log(f"k{publisher}"),
                    identity.encode(),
                    stream=subjects.SESSIONS,
                    msg_id=identity,
                )
            except (PublishTimeout, Unavailable):
                continue  # the same id again
            n += 1

    publishers = [asyncio.create_task(publish(n)) for n in range(32)]
    for _ in range(3):
        seen = len(confirmed)
        async with asyncio.timeout(20):
            while len(confirmed) < seen + 200:  # noqa: ASYNC110 - the kill falls among confirmations, at no event of theirs
                await asyncio.sleep(0.001)
        await asyncio.to_thread(own_nats.kill)
        await asyncio.to_thread(own_nats.start)
    seen = len(confirmed)
    async with asyncio.timeout(20):
        while len(confirmed) < seen + 50:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0.001)
    stop.set()
    await asyncio.gather(*publishers)
    stored: dict[str, list[int]] = {}
    for publisher in range(32):
        after = 0
        while (
            message := await bus.next(subjects.SESSIONS, subjects.log(f"k{publisher}"), after=after)
        ) is not None:
            stored.setdefault(message.data.decode(), []).append(message.seq)
            after = message.seq
    assert set(stored) == set(confirmed)
    assert {identity: [seq] for identity, seq in confirmed.items()} == stored
    await client.close()


async def test_what_was_acknowledged_does_not_come_again(own_nats: NatsServer) -> None:
    """Kill -9 right after the acknowledgements were confirmed: after the restart only the messages that were
    not acknowledged come."""
    settings = settings_for(own_nats)
    client = await connect(settings.nats, "consumer")
    bus = await topology.open_bus(client, settings)
    for n in range(40):
        await bus.publish(COMMAND, str(n).encode(), stream=subjects.INBOX)
    dies = await connect(settings.nats, "dies with the server")
    messages = aiter(
        PullConsumer(await Bus.open(dies), subjects.INBOX, subjects.ORCHESTRATOR, settings.timings)
    )
    async with asyncio.timeout(20):
        taken = [await anext(messages) for _ in range(40)]
        assert all(await asyncio.gather(*(delivery.ack_sync() for delivery in taken[::2])))
        await asyncio.to_thread(own_nats.kill)
        await dies.close()
        await asyncio.to_thread(own_nats.start)
        others = aiter(PullConsumer(bus, subjects.INBOX, subjects.ORCHESTRATOR, settings.timings))
        rest = [await anext(others) for _ in range(20)]
        assert sorted(int(delivery.data) for delivery in rest) == list(range(1, 40, 2))
        assert all(await asyncio.gather(*(delivery.ack_sync() for delivery in rest)))
        assert await bus.last(subjects.INBOX, COMMAND) is None
        await others.aclose()
        await messages.aclose()
    for delivery in taken[1::2]:
        await delivery.nak()
    await client.close()


async def test_publishing_waits_for_a_server_that_restarts(
    own_nats: NatsServer, eventually: Eventually
) -> None:
    """A publication that begins while the server is away ends well when it comes back; streams in memory are
    made again."""
    settings = settings_for(own_nats)
    client = await connect(settings.nats, "publisher")
    bus = await topology.open_bus(client, settings)
    reconnected = asyncio.Event()

    async def note() -> None:
        reconnected.set()

    bus.on_reconnect(note)
    job = subjects.job("s1", "phase1", 1, 1)
    await bus.publish(job, b"1", stream=subjects.JOBS)
    await asyncio.to_thread(own_nats.stop)
    await eventually(lambda: not client.is_connected)
    publishing = asyncio.ensure_future(bus.publish(COMMAND, b"2", stream=subjects.INBOX))
    await asyncio.to_thread(own_nats.start)
    assert await publishing > 0
    await asyncio.wait_for(reconnected.wait(), 10)
    # What waited in memory is gone, and its place is free again.
    assert await bus.publish(job, b"1", stream=subjects.JOBS) == 1
    await client.close()


async def test_a_flood_is_not_answered_with_repeats(bus: Bus) -> None:
    """Thousands of publications at once wait for each other, so that none is sent again because the server
    was busy with the others."""
    sent = bus.client.stats["out_msgs"]
    await asyncio.gather(
        *(bus.publish(subjects.job(f"s{n}", "phase1", 1, 1), b"x", stream=subjects.JOBS) for n in range(4000))
    )
    assert bus.client.stats["out_msgs"] - sent == 4000
    assert (await bus.stream_info(subjects.JOBS))["state"]["messages"] == 4000


async def test_too_large_a_message_is_refused_at_once(bus: Bus) -> None:
    """More than the server takes is a terminal error that says so."""
    with pytest.raises(Refused) as refused:
        await bus.publish(COMMAND, b"x" * (9 << 20), stream=subjects.INBOX)
    assert refused.value.problem.type == "too_large"


async def test_no_server_is_said_in_time() -> None:
    """Connecting gives up after `connect_timeout`, and does not take the process with it."""
    (port,) = free_ports(1)
    with pytest.raises(Unavailable):
        await connect(
            Nats(url=f"nats://127.0.0.1:{port}", connect_timeout=0.5),
            "nobody there",
            on_lost=lambda: pytest.fail("not lost"),
        )


async def test_a_connection_closed_for_good_leaves_the_process(
    settings: Settings, eventually: Eventually
) -> None:
    """When the library gives up (here: the server says so), `on_lost` is called; closing on purpose does not
    call it."""
    lost: list[bool] = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b'INFO {"server_id":"x","version":"2.12.0","max_payload":1048576,"headers":true}\r\n')
        while b"PING" not in await reader.readline():
            pass
        writer.write(b"PONG\r\n-ERR 'Authorization Violation'\r\n")
        await writer.drain()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(speak, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = await connect(
            Nats(url=f"nats://127.0.0.1:{port}"), "refused", on_lost=lambda: lost.append(True)
        )
        await eventually(lambda: lost == [True])
        await client.close()
    other = await connect(settings.nats, "on purpose", on_lost=lambda: lost.append(False))
    await other.close()
    assert lost == [True]


async def test_closing_while_the_server_is_away(own_nats: NatsServer) -> None:
    """A service can shut down at any moment of an outage: `close` ends, without an error and without leaving
    the process."""
    clients = [
        await connect(own_nats.settings(), f"client {n}", on_lost=lambda: pytest.fail("closed on purpose"))
        for n in range(20)
    ]
    await asyncio.to_thread(own_nats.kill)
    async with asyncio.timeout(10):
        for n, client in enumerate(clients):
            await asyncio.sleep(0.005 * (n % 4))  # at different moments of the reconnection
            await client.close()
    assert all(client.is_closed for client in clients)


async def test_a_question_that_nobody_answers(bus: Bus) -> None:
    """Core request and reply: no listener is `Unavailable` at once, a listener's answer comes back."""
    with pytest.raises(Unavailable):
        await bus.request(subjects.api("state"), b"{}")

    async def answer(message) -> None:  # type: ignore[no-untyped-def]
        await message.respond(b"got " + message.data)

    await bus.client.subscribe(subjects.api("state"), cb=answer)
    assert await bus.request(subjects.api("state"), b"{}") == b"got {}"
