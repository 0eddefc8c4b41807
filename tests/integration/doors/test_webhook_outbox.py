"""The log as an outbox, on real servers and with real kills: at the end a receiver has counted every
announcement once."""

import asyncio
import json
import os
import random
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime, timedelta

import httpx
import pytest

from integration.doors.house import House, Site
from reprise_announcements.announcing import Told, announce
from reprise_contracts import subjects
from reprise_contracts.events import BatchCreated, Commit, SessionAdded, SourcesStored
from reprise_contracts.sources import Check, Source, Stored, StoredSource
from reprise_contracts.webhooks import Announcement
from reprise_contracts.wire import derived_id, digest
from reprise_runtime.nats.session_log import NatsSessionLog
from stack import until
from webhook_receiver import Mood, Receiver

COUNT = int(os.environ.get("REPRISE_TEST_ANNOUNCEMENTS", "500"))
"""Announcements that come through kills; 10,000 take some minutes."""
BATCHES = 10
ENV = {
    "REPRISE_WEBHOOKS__NETWORKS": '["127.0.0.0/8"]',
    "REPRISE_WEBHOOKS__TIMEOUT": "0.5",
    "REPRISE_WEBHOOKS__BACKOFF": "0.2",
    "REPRISE_WEBHOOKS__LONGEST": "1.0",
    "REPRISE_WEBHOOKS__ATTEMPTS": "100",
    "REPRISE_WEBHOOKS__AT_ONCE": "32",
    "REPRISE_TIMINGS__LEASE": "2",
    "REPRISE_TIMINGS__HEARTBEAT": "0.5",
}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The servers, a scheduler and a gateway: the log is written by the test."""
    running = House(tmp_path_factory.mktemp("house"), ENV)
    try:
        running.open("scheduler", "gateway")
        yield running
    finally:
        running.stop_all()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    await receiver.start()
    yield receiver
    await receiver.stop()


@pytest.fixture
async def log(house: House) -> NatsSessionLog:
    return (await house.caller()).log


class Batch:
    """A batch whose page is found changed again and again: each commit is one announcement."""

    def __init__(self, log: NatsSessionLog, name: str) -> None:
        self.log, self.id = log, derived_id("b", name)
        self.seq, self.count = 0, 0
        self.told: Told | None = None
        self.expected: list[Announcement] = []

    async def begin(self) -> None:
        own = {"command_id": "create", "fingerprint": digest(self.id)}
        stored = Stored(revision=1, text_sha256=digest("0"), title="Lake")
        source = Source(source_id="src-1", url="http://x/1", stored=stored)
        spec = {"session_id": derived_id("s", self.id), "topic": "How low is the lake?"}
        await self.append(
            BatchCreated(**own, batch_id=self.id, sources=(source,)), SessionAdded(**own, session=spec)
        )

    async def change(self) -> None:
        self.count += 1
        stored = Stored(revision=1, text_sha256=digest(str(self.count)), title="Lake")
        check = Check(outcome="changed", at=datetime.now(UTC))
        found = StoredSource(source_id="src-1", stored=stored, check=check)
        await self.append(SourcesStored(session_id=self.id, stored=(found,)))

    async def append(self, *events: object) -> None:
        commit = Commit(at=datetime.now(UTC), inputs=(f"x/{self.count}",), events=events)
        self.seq = await self.log.append(self.id, commit, expected=self.seq)
        self.told, made = announce(self.told, Commit.decode(commit.encode()), self.seq)
        self.expected += made


async def add(site: Site, receiver: Receiver, **options: object) -> str:
    answer = await site.http.post("/webhooks", json={"url": receiver.url} | options)
    assert answer.status_code == httpx.codes.CREATED, answer.text
    receiver.secret = answer.json()["secret"]
    return str(answer.json()["webhook_id"])


async def test_every_announcement_is_counted_once_whatever_is_killed(
    house: House, site: Site, receiver: Receiver, log: NatsSessionLog
) -> None:
    """The receiver fails, hangs, takes without an answer, and restarts; gateway, scheduler and NATS are
    killed."""
    chance = random.Random(26)
    moods: tuple[Mood, ...] = ("take", "take", "take", "take", "fail", "silent")

    def mood() -> Mood:
        return "hang" if chance.random() < 0.01 else chance.choice(moods)

    receiver.mood = mood
    hook = await add(site, receiver, types=["reprise.source.changed"])
    batches = [Batch(log, f"killed-{number}") for number in range(BATCHES)]
    writing = asyncio.Lock()  # its own commits are not what is interrupted

    async def write() -> None:
        for batch in batches:
            await batch.begin()
        for _ in range(COUNT // BATCHES):
            async with writing:
                await asyncio.gather(*(batch.change() for batch in batches))
            await asyncio.sleep(10 * BATCHES / COUNT)  # spreads them over the kills

    async def kill() -> None:
        for name in ("gateway", "scheduler", "gateway", "scheduler"):
            await asyncio.sleep(chance.uniform(0.5, 2.5))
            house.kill(name)
            await asyncio.sleep(chance.uniform(0.0, 0.5))
            house.restart(name)
        for _ in range(2):
            async with writing:
                house.kill("nats")
                await asyncio.sleep(chance.uniform(0.0, 0.5))
                house.restart("nats")
            await asyncio.sleep(chance.uniform(0.5, 1.0))
        await receiver.stop()
        await asyncio.sleep(1.0)
        await receiver.start()
        house.kill("gateway")
        house.kill("scheduler")
        house.restart("scheduler")
        house.restart("gateway")

    await asyncio.gather(write(), kill())
    expected = {one.id: one for batch in batches for one in batch.expected}
    assert len(expected) == COUNT // BATCHES * BATCHES

    async def all_told() -> bool:
        return len(receiver.counted) >= len(expected)

    await until(all_told, 60 + COUNT / 20, "the last announcement")
    house.wait_ready()

    async def nothing_waits() -> bool:
        shown = (await site.http.get("/webhooks")).json()["webhooks"]
        return next(one for one in shown if one["webhook_id"] == hook)["waiting"] == 0

    await until(nothing_waits, 60, "the last acknowledgement")
    assert sorted(one.id for one in receiver.counted) == sorted(expected)
    assert {one.id: one for one in receiver.counted} == expected
    assert all(len(bodies) == 1 for bodies in receiver.bodies.values()), "one id, one body"
    assert receiver.forged == 0
    assert sum(receiver.tries.values()) > len(expected), "nothing was tried twice: the test tests nothing"
    await site.http.delete(f"/webhooks/{hook}")


async def test_a_receiver_that_hangs_holds_up_no_other(
    house: House, site: Site, receiver: Receiver, log: NatsSessionLog
) -> None:
    hanging = Receiver()
    hanging.mood = lambda: "hang"
    await hanging.start()
    hooks = [await add(site, hanging), await add(site, receiver)]
    batch = Batch(log, "hanging")
    await batch.begin()
    for _ in range(100):
        await batch.change()

    async def told() -> bool:
        return len(receiver.counted) == len(batch.expected)

    await until(told, 20, "the other one's announcements")
    assert not hanging.counted
    await hanging.stop()
    for hook in hooks:
        await site.http.delete(f"/webhooks/{hook}")


async def test_what_was_put_aside_is_sent_again_and_what_was_lost_is_told_again(
    house: House, site: Site, receiver: Receiver, log: NatsSessionLog
) -> None:
    """A receiver that says that it is gone gets nothing more of it; its dead letter, and everything since a
    time, come under the same id."""
    receiver.mood = lambda: "gone"
    hook = await add(site, receiver)
    batch = Batch(log, "put aside")
    await batch.begin()
    began = datetime.now(UTC)
    await batch.change()
    (expected,) = batch.expected
    bus = (await house.caller()).bus

    async def aside() -> bool:
        letter = await bus.last(subjects.DLQ, subjects.dead(subjects.DELIVERIES))
        return letter is not None and expected.id in letter.headers["Reprise-Subject"]

    await until(aside, 20, "the dead letter")
    assert receiver.tries == {expected.id: 1}
    letter = await bus.last(subjects.DLQ, subjects.dead(subjects.DELIVERIES))
    assert letter is not None
    assert "answered 410" in letter.headers["Reprise-Reason"]
    shown = (await site.http.get("/webhooks")).json()["webhooks"][-1]
    assert shown["last"]["delivered"] is False
    receiver.mood = lambda: "take"
    sent = reprise(house, "dlq", "replay", "--all", "--json")
    assert sent.returncode == 0, sent.stderr

    async def counted() -> bool:
        return [one.id for one in receiver.counted] == [expected.id]

    await until(counted, 20, "the dead letter's second life")
    receiver.counted.clear()
    receiver.names.clear()  # it has lost its disk
    since = (began - timedelta(seconds=1)).isoformat()
    asked = await site.http.post(f"/webhooks/{hook}/replay", json={"since": since})
    assert asked.status_code == httpx.codes.ACCEPTED, asked.text
    await until(counted, 30, "the replay")
    assert receiver.bodies[expected.id] == {expected.encode()}
    await site.http.delete(f"/webhooks/{hook}")


async def test_what_comes_after_the_last_try_is_a_dead_letter(
    site: Site, receiver: Receiver, log: NatsSessionLog, house: House
) -> None:
    """Not before, and not after."""
    receiver.mood = lambda: "fail"
    house.stop("gateway")
    house.processes["gateway"] = _with(house, {"REPRISE_WEBHOOKS__ATTEMPTS": "3"})
    house.wait_ready()
    hook = await add(site, receiver)
    batch = Batch(log, "three tries")
    await batch.begin()
    await batch.change()
    (expected,) = batch.expected
    bus = (await house.caller()).bus

    async def aside() -> bool:
        letter = await bus.last(subjects.DLQ, subjects.dead(subjects.DELIVERIES))
        return letter is not None and expected.id in letter.headers["Reprise-Subject"]

    await until(aside, 30, "the dead letter")
    assert receiver.tries[expected.id] == 3
    await site.http.delete(f"/webhooks/{hook}")


def _with(house: House, env: dict[str, str]) -> "subprocess.Popen[bytes]":
    with (house.folder / "gateway.log").open("ab") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "reprise_gateway"], env=house.env() | env, stdout=log, stderr=log
        )


async def test_a_removed_webhook_is_told_nothing_more_and_leaves_nothing(
    house: House, site: Site, receiver: Receiver, log: NatsSessionLog
) -> None:
    receiver.mood = lambda: "fail"
    hook = await add(site, receiver)
    batch = Batch(log, "removed")
    await batch.begin()
    for _ in range(10):
        await batch.change()

    async def tried() -> bool:
        return len(receiver.tries) > 0

    await until(tried, 20, "a first try")
    assert (await site.http.delete(f"/webhooks/{hook}")).status_code == httpx.codes.OK
    bus = (await house.caller()).bus

    async def nothing_left() -> bool:
        info = await bus.stream_info(subjects.DELIVERIES)
        return info["state"]["messages"] == 0 and info["state"]["consumer_count"] == 0

    await until(nothing_left, 20, "nothing that waits")
    kept = await bus.last(subjects.WEBHOOKS, subjects.webhook(hook))
    assert kept is not None
    assert b"not-to-be-shown" not in kept.data
    assert receiver.secret.encode() not in kept.data
    assert (await site.http.delete(f"/webhooks/{hook}")).status_code == httpx.codes.NOT_FOUND
    assert not receiver.counted


async def test_secrets_are_shown_once_and_are_in_no_log(
    house: House, site: Site, receiver: Receiver, log: NatsSessionLog
) -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = {"url": receiver.url, "secret": secret, "command_id": "once"}
    first = await site.http.post("/webhooks", json=body)
    assert first.json()["secret"] == secret
    again = await site.http.post("/webhooks", json=body)
    assert again.status_code == httpx.codes.CREATED
    assert again.json()["secret"] is None
    assert again.json()["webhook_id"] == first.json()["webhook_id"]
    other = await site.http.post("/webhooks", json=body | {"url": "http://127.0.0.1:1/"})
    assert other.json()["type"].endswith("command_reused")
    receiver.secret = secret
    receiver.mood = lambda: "fail"
    batch = Batch(log, "secret")
    await batch.begin()
    await batch.change()

    async def tried() -> bool:
        return len(receiver.tries) > 0

    await until(tried, 20, "a first try")
    shown = await site.http.get("/webhooks")
    assert shown.json()["webhooks"][-1]["url"] == receiver.url.partition("?")[0] + "?…"
    said = shown.text + house.log_of("gateway") + house.log_of("scheduler")
    assert secret.removeprefix("whsec_") not in said
    assert "not-to-be-shown" not in said
    await site.http.delete(f"/webhooks/{first.json()['webhook_id']}")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"url": "http://10.0.0.1/hook"}, "url"),
        ({"url": "http://169.254.169.254/"}, "url"),
        ({"url": "not an address"}, "url"),
        ({"url": "http://127.0.0.1:9/", "types": ["reprise.everything"]}, "types"),
        ({"url": "http://127.0.0.1:9/", "secret": "short"}, "secret"),
        ({"url": "http://127.0.0.1:9/", "often": True}, "often"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_field(
    site: Site, body: dict[str, object], field: str
) -> None:
    answer = await site.http.post("/webhooks", json=body)
    assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY, answer.text
    assert answer.json()["field"].startswith(field)


async def test_a_scheme_of_apprise_is_off_unless_it_is_named(site: Site) -> None:
    answer = await site.http.post("/webhooks", json={"url": "json://127.0.0.1/x"})
    assert answer.status_code == httpx.codes.FORBIDDEN
    assert "REPRISE_WEBHOOKS__APPRISE" in answer.json()["action"]


def reprise(house: House, *arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "reprise_cli", *arguments, "--server", house.url],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
        env=house.env(),
    )


async def test_the_command_line_and_other_systems_have_the_same_calls(house: House, site: Site) -> None:
    added = reprise(house, "webhook", "add", "http://127.0.0.1:9/hook", "--type", "report.stale", "--json")
    assert added.returncode == 0, added.stderr
    hook = json.loads(added.stdout)["webhook_id"]
    listed = reprise(house, "webhook", "list")
    assert "report.stale" in listed.stdout
    assert hook in listed.stdout
    assert "whsec_" not in listed.stdout
    bus = (await house.caller()).bus
    told = json.loads(await bus.request(subjects.api("webhooks"), b"{}"))
    assert [one["webhook_id"] for one in told["webhooks"]] == [hook]
    replayed = reprise(house, "webhook", "replay", hook, "--since", "2h")
    assert replayed.returncode == 0, replayed.stderr
    assert reprise(house, "webhook", "replay", hook, "--since", "soon").returncode == 2
    assert reprise(house, "webhook", "add", "nowhere").returncode == 2
    gone = json.loads(
        await bus.request(subjects.api("remove_webhook"), json.dumps({"webhook_id": hook}).encode())
    )
    assert gone["webhook_id"] == hook
    assert reprise(house, "webhook", "remove", hook, "--yes").returncode == 3
    assert reprise(house, "webhook", "list").stdout.strip() == "There is no webhook."
