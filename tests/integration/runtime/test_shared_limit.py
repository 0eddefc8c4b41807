"""The limit at a provider of models, shared through a real server by processes that know nothing else of each
other."""

import asyncio

from reprise_contracts import subjects
from reprise_research.limits import Gate, Ledger, Limit, Said
from reprise_runtime.nats import topology
from reprise_runtime.nats.connection import connect
from reprise_runtime.operate.servers import NatsServer
from reprise_workers.limits import BucketCell
from servers_for_tests import settings_for


async def test_eight_workers_never_have_more_calls_under_way_than_are_allowed(own_nats: NatsServer) -> None:
    """Each on a connection of its own, on one entry of the bucket; a lowered limit that one of them hears of
    holds for all from the next turn on; at the end nothing is held."""
    settings = settings_for(own_nats)
    clients = [await connect(settings.nats, f"worker-{n}") for n in range(8)]
    buses = [await topology.open_bus(client, settings, declare=n == 0) for n, client in enumerate(clients)]
    gates = [
        Gate(BucketCell(bus, "models_example-1"), Limit(at_once=4), f"w-{n}") for n, bus in enumerate(buses)
    ]
    under_way, most, after, lowered = 0, 0, 0, asyncio.Event()

    async def call(number: int) -> None:
        nonlocal under_way, most, after
        async with gates[number % 8].turn(f"s-{number % 5}", 10) as turn:
            under_way += 1
            was_lowered = lowered.is_set()
            most = max(most, under_way)
            after = max(after, under_way) if was_lowered else after
            await asyncio.sleep(0.01)
            if number == 40:
                turn.said = Said(Limit(at_once=1))
            under_way -= 1
        if number == 40:
            await asyncio.sleep(1.0)
            lowered.set()

    async with asyncio.timeout(90):
        await asyncio.gather(*(call(number) for number in range(80)))
    assert 1 < most <= 4
    assert after <= 1
    await asyncio.sleep(1.0)
    kept = await buses[0].last(subjects.LIMITS_STREAM, subjects.limit_entry("models_example-1"))
    assert kept is not None
    ledger = Ledger.decode(kept.data)
    assert ledger.at_once == 0 and ledger.calls == 80
    for client in clients:
        await client.close()
