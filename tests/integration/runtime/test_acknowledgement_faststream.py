"""The same acknowledgement under FastStream: nothing is terminated, whatever a subscriber does."""

import asyncio

from faststream import AckPolicy
from faststream.nats import JStream, PullSub

from reprise_contracts import subjects
from reprise_contracts.commands import Cancel
from reprise_contracts.wire import Malformed
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.connection import connect
from reprise_runtime.nats.middleware import Broker, acknowledgement
from reprise_runtime.settings import Settings
from servers_for_tests import Eventually


async def test_each_end_of_a_handler(bus: Bus, settings: Settings, eventually: Eventually) -> None:
    """Good work is acknowledged, a bug brings the message again, and what cannot be parsed goes to DLQ with
    its reason."""
    broker = Broker(await connect(settings.nats, "faststream"), (acknowledgement(bus, settings.timings),))
    seen: list[str] = []

    @broker.subscriber(
        subjects.COMMANDS,
        stream=JStream(subjects.INBOX, declare=False),
        durable=subjects.ORCHESTRATOR,
        pull_sub=PullSub(batch_size=8, timeout=0.2),
        ack_policy=AckPolicy.MANUAL,
    )
    async def decide(body: bytes) -> None:
        command = Cancel.decode(body)
        seen.append(command.command_id)
        if command.command_id == "twice" and seen.count("twice") == 1:
            raise ZeroDivisionError("a bug")
        if command.command_id == "refused":
            raise Malformed("refused by hand")

    async def empty() -> bool:
        return bool((await bus.stream_info(subjects.INBOX))["state"]["messages"] == 0)

    headers = {"content-type": "application/octet-stream"}
    for data in (
        Cancel(command_id="once").encode(),
        b"{not json",
        Cancel(command_id="twice").encode(),
        Cancel(command_id="refused").encode(),
    ):
        await bus.publish(subjects.command("s1", "cancel"), data, stream=subjects.INBOX, headers=headers)
    await broker.start()
    try:
        await eventually(empty)
    finally:
        await broker.stop()
    assert sorted(seen) == ["once", "refused", "twice", "twice"]
    letters = [await bus.next(subjects.DLQ, subjects.dead(subjects.INBOX), after=after) for after in (0, 1)]
    reasons = {letter.headers["Reprise-Reason"] for letter in letters if letter is not None}
    assert any(reason.startswith("Cancel: ") for reason in reasons)
    assert "refused by hand" in reasons
    await asyncio.sleep(0)
