"""What somebody took away by hand is told as drift; everything else is seen as it is."""

from datetime import UTC, datetime

import pytest

from reprise_contracts import subjects
from reprise_contracts.nodes import PHASES
from reprise_gateway.operations.diagnosis import diagnose
from reprise_gateway.operations.pools import Pools, consumer_lag
from reprise_gateway.operations.server_status import bus_probe
from reprise_runtime.nats import topology
from reprise_runtime.nats.bus import Bus
from reprise_runtime.settings import Settings


def now() -> datetime:
    return datetime.now(UTC)


@pytest.mark.parametrize(
    ("deletion", "missing"),
    [
        (f"CONSUMER.DELETE.{subjects.JOBS}.{subjects.pool('phase2')}", "JOBS/pool-phase2"),
        *(
            (f"STREAM.DELETE.{stream}", stream)
            for stream in (subjects.JOBS, subjects.POOLS, subjects.TICKETS)
        ),
    ],
)
async def test_what_is_missing_is_drift_and_no_silence_of_nats(
    settings: Settings, bus: Bus, deletion: str, missing: str
) -> None:
    """The pools are shown all the same, and the doctor says what is missing, and that NATS answers."""
    await bus.api(deletion)
    try:
        shown = await Pools(consumer_lag(bus, now), bus, settings.timings.heartbeat, now).show()
        found = diagnose(await bus_probe(bus, settings, now)(), {"nats": True}, shown, "1")
    finally:
        await topology.ensure(bus, settings)
    assert [pool.phase for pool in shown] == list(PHASES)
    assert [finding.result for finding in found if finding.name == "NATS"] == ["ok"]
    assert f"Not as declared: {missing} is missing." in [
        finding.detail for finding in found if finding.result == "wrong"
    ]
