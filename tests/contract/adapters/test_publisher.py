"""What every publisher promises, in memory and on NATS: ids are honoured once, limits are kept, queues give
their work once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from reprise_contracts import subjects
from reprise_runtime.errors import AlreadyHeld, Conflict, StreamFull
from reprise_runtime.nats.acknowledgement import REASON, STREAM_SEQ, SUBJECT, Claim
from reprise_runtime.nats.bus import Publisher
from reprise_runtime.nats.pull_consumer import PullConsumer
from reprise_runtime.settings import Settings
from reprise_runtime.testing import MemoryBus

JOB = subjects.job("s1", "phase1", 1, 1)
COMMAND = subjects.command("s1", "rerun")
Take = Callable[[], Awaitable[Claim]]


@pytest.fixture(params=["memory", "nats"])
def publisher(request: pytest.FixtureRequest) -> Publisher:
    return MemoryBus() if request.param == "memory" else request.getfixturevalue("bus")


@pytest.fixture
async def take(publisher: Publisher, settings: Settings) -> AsyncIterator[Take]:
    """Takes the next message of INBOX."""
    async with contextlib.AsyncExitStack() as stack:
        if isinstance(publisher, MemoryBus):

            async def from_memory() -> Claim:
                return publisher.take(subjects.INBOX, limit=1)[0]

            yield from_memory
        else:
            puller = PullConsumer(publisher, subjects.INBOX, subjects.ORCHESTRATOR, settings.timings)
            messages = aiter(puller)
            stack.push_async_callback(messages.aclose)

            async def from_nats() -> Claim:
                async with asyncio.timeout(10):
                    return await anext(messages)

            yield from_nats


async def test_a_message_is_stored_once_under_its_id(publisher: Publisher) -> None:
    """The same id again answers the first sequence and stores nothing."""
    first = await publisher.publish(COMMAND, b"1", stream=subjects.INBOX, msg_id="m")
    assert await publisher.publish(COMMAND, b"1", stream=subjects.INBOX, msg_id="m") == first
    assert await publisher.publish(COMMAND, b"1", stream=subjects.INBOX) == first + 1


async def test_headers_travel(publisher: Publisher, take: Take) -> None:
    """What was given as headers, subject and bytes arrives."""
    seq = await publisher.publish(COMMAND, b"body", stream=subjects.INBOX, headers={"Traceparent": "00-x"})
    claim = await take()
    assert (claim.subject, claim.data, claim.headers["Traceparent"], claim.seq, claim.deliveries) == (
        COMMAND,
        b"body",
        "00-x",
        seq,
        1,
    )


async def test_a_job_that_is_held_is_not_stored_twice(publisher: Publisher) -> None:
    """One subject holds one job; the second is told apart from a full stream."""
    await publisher.publish(JOB, b"1", stream=subjects.JOBS)
    with pytest.raises(AlreadyHeld):
        await publisher.publish(JOB, b"2", stream=subjects.JOBS)
    await publisher.publish(subjects.job("s1", "phase1", 1, 2), b"3", stream=subjects.JOBS)


async def test_a_full_queue_refuses_what_is_new(publisher: Publisher) -> None:
    """INBOX takes nothing more when it is full, and loses nothing."""
    big = b"x" * (7 << 20)
    with pytest.raises(StreamFull):
        for _ in range(100):
            await publisher.publish(COMMAND, big, stream=subjects.INBOX)
    assert await publisher.last(subjects.INBOX, COMMAND) is not None


async def test_compare_and_set(publisher: Publisher) -> None:
    """A publication that expects another last sequence of its subject is refused."""
    subject = subjects.log("one")
    first = await publisher.publish(subject, b"1", stream=subjects.SESSIONS, expect_last_subject_seq=0)
    with pytest.raises(Conflict):
        await publisher.publish(subject, b"2", stream=subjects.SESSIONS, expect_last_subject_seq=0)
    await publisher.publish(subject, b"2", stream=subjects.SESSIONS, expect_last_subject_seq=first)


async def test_control_keeps_the_last_value(publisher: Publisher) -> None:
    """A newer entry of CONTROL takes the place of the older one."""
    subject = subjects.control("s1", "phase3/1")
    await publisher.publish(subject, b"1", stream=subjects.CONTROL)
    await publisher.publish(subject, b"2", stream=subjects.CONTROL)
    last = await publisher.last(subjects.CONTROL, subject)
    assert last is not None
    assert (last.subject, last.data) == (subject, b"2")
    among = await publisher.last(subjects.CONTROL, subjects.controls_of("phase3"))
    assert among is not None and among.data == b"2"
    assert await publisher.last(subjects.CONTROL, subjects.controls_of("phase4")) is None
    assert await publisher.purge(subjects.CONTROL, subject) == 1
    assert await publisher.last(subjects.CONTROL, subject) is None


async def test_work_that_is_done_is_gone(publisher: Publisher, take: Take) -> None:
    """An acknowledged message leaves the queue."""
    await publisher.publish(COMMAND, b"1", stream=subjects.INBOX)
    claim = await take()
    assert await claim.ack_sync()
    assert await publisher.last(subjects.INBOX, COMMAND) is None


async def test_work_that_is_given_back_comes_again(publisher: Publisher, take: Take) -> None:
    """`nak` delivers the same message once more, and counts."""
    await publisher.publish(COMMAND, b"1", stream=subjects.INBOX)
    first = await take()
    await first.nak(0.0)
    second = await take()
    assert (second.seq, second.data, second.deliveries) == (first.seq, b"1", 2)
    await second.ack_sync()


async def test_a_dead_message_is_kept_with_its_reason(publisher: Publisher, take: Take) -> None:
    """`dead_letter` moves a message to DLQ, where its reason, subject and place can be read, and the next
    ones carry on."""
    await publisher.publish(COMMAND, b"{broken", stream=subjects.INBOX)
    await publisher.publish(COMMAND, b"good", stream=subjects.INBOX)
    claim = await take()
    await claim.dead_letter("Rerun: target: Field required")
    kept = await publisher.last(subjects.DLQ, subjects.dead(subjects.INBOX))
    assert kept is not None
    assert kept.data == b"{broken"
    assert kept.headers[REASON] == "Rerun: target: Field required"
    assert (kept.headers[SUBJECT], kept.headers[STREAM_SEQ]) == (COMMAND, str(claim.seq))
    assert (await take()).data == b"good"
