"""The server agrees with the table: what is missing is made, what drifted is set right, what cannot be
changed is reported."""

from reprise_contracts import subjects
from reprise_runtime.nats import topology
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.connection import connect
from reprise_runtime.operate.servers import NatsServer
from reprise_runtime.settings import Settings
from servers_for_tests import settings_for


async def test_everything_is_made_once(bus: Bus, settings: Settings) -> None:
    """After a first `ensure` (the fixture's) nothing is left to do, and every stream and consumer is
    there."""
    assert await topology.ensure(bus, settings) == []
    for name in topology.streams(settings):
        assert (await bus.stream_info(name))["config"]["name"] == name
    for stream, name in topology.consumers(settings):
        info = await bus.api(f"CONSUMER.INFO.{stream}.{name}")
        assert info["config"]["ack_policy"] == "explicit"
        assert info["config"]["max_deliver"] == -1


async def test_the_log_and_the_queues_refuse_what_is_new_when_full(bus: Bus, settings: Settings) -> None:
    """INBOX, JOBS and SESSIONS discard new; a job's subject holds one job; the log is kept on disk and for
    ever."""
    configs = {name: (await bus.stream_info(name))["config"] for name in topology.streams(settings)}
    assert {name for name, config in configs.items() if config["discard"] == "new"} == {
        "INBOX",
        "JOBS",
        "SESSIONS",
        "DELIVERIES",
        "DLQ",
    }
    assert {name for name, config in configs.items() if config["storage"] == "memory"} == {
        "JOBS",
        "KV_LIMITS",
        "PROGRESS",
        "TICKETS",
    }
    assert configs["JOBS"]["discard_new_per_subject"] is True
    assert configs["SESSIONS"]["max_age"] == 0
    assert configs["SNAPSHOTS"]["compression"] == "s2"


async def test_drift_is_repaired_and_reported(bus: Bus, settings: Settings) -> None:
    """A setting that somebody changed is set back, and the report names it; other settings and the messages
    stay."""
    await bus.publish(subjects.log("one"), b"kept", stream=subjects.SESSIONS)
    config = (await bus.stream_info(subjects.SESSIONS))["config"]
    await bus.api(
        "STREAM.UPDATE.SESSIONS", {**config, "max_bytes": 12345678, "discard": "old", "description": "mine"}
    )
    consumer = (await bus.api("CONSUMER.INFO.INBOX.orchestrator"))["config"]
    await bus.api(
        "CONSUMER.CREATE.INBOX.orchestrator",
        {"stream_name": "INBOX", "config": {**consumer, "max_ack_pending": 7}, "action": "update"},
    )
    found = await topology.ensure(bus, settings)
    assert {(drift.name, drift.setting, drift.found) for drift in found} == {
        ("SESSIONS", "max_bytes", 12345678),
        ("SESSIONS", "discard", "old"),
        ("INBOX/orchestrator", "max_ack_pending", 7),
    }
    assert all(drift.repaired for drift in found)
    assert await topology.ensure(bus, settings) == []
    assert (await bus.stream_info(subjects.SESSIONS))["config"]["description"] == "mine"
    assert await bus.last(subjects.SESSIONS, subjects.log("one")) is not None


async def test_what_cannot_be_changed_is_reported(bus: Bus, settings: Settings) -> None:
    """A stream's storage is for ever: the difference is reported with the server's reason, and the rest is
    still ensured."""
    await bus.api("STREAM.DELETE.JOBS")
    await bus.api("STREAM.CREATE.JOBS", {**topology.streams(settings)["JOBS"], "storage": "file"})
    found = await topology.ensure(bus, settings)
    (storage,) = [drift for drift in found if drift.name == "JOBS"]
    assert (storage.setting, storage.found, storage.declared, storage.repaired) == (
        "storage",
        "file",
        "memory",
        False,
    )
    assert storage.problem
    assert {drift.name for drift in found if drift.repaired} == {
        f"JOBS/{subjects.pool(f'phase{n}')}" for n in range(5)
    }


async def test_a_stream_that_is_missing_is_made_by_the_first_to_miss_it(bus: Bus, settings: Settings) -> None:
    """A publication to a stream that is gone makes it again and succeeds."""
    bus.restore_with(lambda: topology.ensure(bus, settings))
    await bus.api("STREAM.DELETE.JOBS")
    assert await bus.publish(subjects.job("s1", "phase1", 1, 1), b"", stream=subjects.JOBS) == 1


async def test_a_stream_is_made_where_another_left_something(own_nats: NatsServer) -> None:
    """What lies where its folder has to be makes the server refuse a stream, and clear its place: it is asked
    again."""
    settings = settings_for(own_nats)
    in_the_way = own_nats.folder / "jetstream" / "jetstream" / "$G" / "streams" / subjects.INBOX
    in_the_way.parent.mkdir(parents=True, exist_ok=True)
    in_the_way.write_bytes(b"")

    client = await connect(settings.nats, "test")
    try:
        bus = await topology.open_bus(client, settings, declare=False)
        assert subjects.INBOX in {drift.name for drift in await topology.ensure(bus, settings)}
        assert await topology.ensure(bus, settings) == []
    finally:
        await client.close()
