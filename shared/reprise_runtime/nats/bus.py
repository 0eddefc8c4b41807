"""The one way to publish: confirmed, repeated under a stable id, read back when in doubt. And to ask, and to
look back."""

import asyncio
import base64
import contextlib
import json
import random
import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Protocol

import nats.errors
from nats.aio.client import Client
from nats.aio.msg import Msg

from reprise_runtime.errors import Conflict, NotPermitted, PublishTimeout, RepriseError, Unavailable
from reprise_runtime.logs import logger
from reprise_runtime.nats.connection import Connection
from reprise_runtime.nats.jetstream import (
    API,
    EXPECTED_SEQ,
    EXPECTED_STREAM,
    MESSAGE_NOT_FOUND,
    MSG_ID,
    NO_RESOURCES,
    STATUS,
    STORE_FAILED,
    STREAM_NOT_FOUND,
    WRONG_LAST_SEQUENCE,
    ApiError,
    StoredMessage,
    no_room,
    parse_headers,
    rejected,
    server_time,
    too_large,
)

IN_FLIGHT = 512
"""Publications of one process that wait for their confirmation; more wait for these, or a slow disk would be
answered with repeats."""

_EACH = 500
"""Subjects of one question for their last messages; the server answers for 1,024 at most."""
_log = logger(__name__)


class Publisher(Protocol):
    """What a service needs to send and to look back. `Bus` is it on NATS, `testing.MemoryBus` in memory."""

    async def publish(
        self,
        subject: str,
        data: bytes,
        *,
        stream: str,
        msg_id: str | None = None,
        headers: Mapping[str, str] | None = None,
        expect_last_subject_seq: int | None = None,
    ) -> int:
        """Store a message and return its sequence; see `Bus.publish`."""
        ...

    def publish_nowait(self, subject: str, data: bytes) -> None:
        """Send without asking whether it arrived: progress, for watching only."""
        ...

    async def last(self, stream: str, subject: str) -> StoredMessage | None:
        """The last message that a stream keeps on a subject."""
        ...

    async def purge(self, stream: str, subject: str, keep: int = 0) -> int:
        """Remove all but the last `keep` messages on a subject; how many went."""
        ...


Restore = Callable[[], Awaitable[object]]


class Bus:
    """Publishing, asking and looking back over one connection. Made by `await Bus.open(client)`.

    Streams in memory are gone after a server restart: `topology.open_bus` makes a bus that makes them again.
    """

    def __init__(self, client: Client, *, timeout: float = 5.0) -> None:
        self.client = client
        self._timeout = timeout
        self._restore: Restore | None = None
        self._inbox = ""
        self._count = 0
        self._room = asyncio.Semaphore(IN_FLIGHT)
        self._waiting: dict[str, Callable[[Msg], None]] = {}
        self._asked: dict[asyncio.Future[Msg], str] = {}
        self._reconnected: list[Restore] = []
        self._restoring: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @classmethod
    async def open(cls, client: Client, *, timeout: float = 5.0) -> "Bus":  # noqa: ASYNC109 - of each question later
        """Make a bus on a connection: one subscription takes the answers to everything it asks."""
        bus = cls(client, timeout=timeout)
        bus._inbox = f"{client.new_inbox()}."
        await client.subscribe(f"{bus._inbox}*", cb=bus._answered)
        client._reconnected_cb = bus._on_reconnect
        if isinstance(client, Connection):
            client.on_violation = bus._not_permitted
        return bus

    def restore_with(self, restore: Restore) -> None:
        """What makes missing streams and consumers again."""
        self._restore = restore

    def on_reconnect(self, callback: Restore) -> None:
        """Call after every reconnection, when the streams are there again: what was in memory may be gone."""
        self._reconnected.append(callback)

    def off_reconnect(self, callback: Restore) -> None:
        """Call it no more."""
        with contextlib.suppress(ValueError):
            self._reconnected.remove(callback)

    async def _on_reconnect(self) -> None:
        task = asyncio.create_task(self._after_reconnect(), name="after reconnect")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _after_reconnect(self) -> None:
        await self.restore()
        for callback in tuple(self._reconnected):
            try:
                await callback()
            except Exception:  # each of them is to hear of it, whatever befalls another
                _log.exception("after reconnecting")

    async def restore(self) -> None:
        """Make missing streams and consumers again. Concurrent calls share one attempt; a failure is logged,
        the next use tries again."""
        if self._restore is None:
            return
        if self._restoring is None or self._restoring.done():
            self._restoring = asyncio.create_task(self._restore_once(self._restore), name="restore streams")
        await asyncio.shield(self._restoring)

    async def _restore_once(self, restore: Restore) -> None:
        try:
            await restore()
        except (RepriseError, ApiError) as error:
            _log.warning("streams not restored", error=str(error))

    # Asking

    def _not_permitted(self, subject: str) -> None:
        """No answer will come to what was asked there: whoever waits for one hears of it at once."""
        for answer, asked in self._asked.items():
            if asked.lower() == subject.lower() and not answer.done():
                answer.set_exception(NotPermitted(f"this NATS user may not publish to {asked}"))

    async def _answered(self, message: Msg) -> None:
        handler = self._waiting.get(message.subject[len(self._inbox) :])
        if handler is not None:
            handler(message)

    def expect(self, handler: Callable[[Msg], None]) -> tuple[str, Callable[[], None]]:
        """A reply subject whose messages go to a handler, and the call that ends this."""
        self._count += 1
        token = str(self._count)
        self._waiting[token] = handler
        return self._inbox + token, lambda: void(self._waiting.pop(token, None))

    async def send(self, subject: str, data: bytes, *, reply: str = "") -> None:
        """Send and wait for nothing; raises `Unavailable` when it cannot even be sent."""
        try:
            await self.client.publish(subject, data, reply=reply)
        except nats.errors.Error as error:
            raise Unavailable(f"{subject}: {error}") from error

    async def ask(
        self,
        subject: str,
        data: bytes = b"",
        *,
        headers: dict[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 - a deadline of the protocol
    ) -> Msg:
        """Send and wait for one answer. Raises `PublishTimeout` (it may have arrived), `Unavailable` and
        `NotPermitted`."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Msg] = loop.create_future()
        self._count += 1
        token = str(self._count)
        self._waiting[token] = lambda message: None if answer.done() else answer.set_result(message)
        self._asked[answer] = subject
        clock = loop.call_later(timeout or self._timeout, _expire, answer)
        try:
            await self.client.publish(subject, data, reply=self._inbox + token, headers=headers)
            message = await answer
        except TimeoutError:
            raise PublishTimeout(f"no answer on {subject} within {timeout or self._timeout:g} s") from None
        except nats.errors.MaxPayloadError:
            raise too_large(subject, len(data)) from None
        except nats.errors.Error as error:
            raise Unavailable(f"{subject}: {error}") from error
        finally:
            clock.cancel()
            del self._waiting[token], self._asked[answer]
        if message.headers is not None and message.headers.get(STATUS) == "503":
            raise Unavailable(f"nobody answers on {subject}")
        return message

    async def request(self, subject: str, data: bytes = b"", *, timeout: float | None = None) -> bytes:  # noqa: ASYNC109 - a deadline of the protocol
        """Ask a service over core NATS; the reply's bytes. Errors as `ask`."""
        return (await self.ask(subject, data, timeout=timeout)).data

    async def api(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """Ask JetStream's API (`STREAM.INFO.JOBS`); raises `ApiError`, `NoRoom`, and `Unavailable` when it
        cannot answer now."""
        message = await self.ask(f"{API}.{path}", json.dumps(body).encode() if body is not None else b"")
        answer: dict[str, Any] = json.loads(message.data)
        if "error" in answer:
            error = ApiError(answer["error"])
            if error.err_code in NO_RESOURCES:
                raise no_room(path, error) from error
            if error.code == 503:
                raise Unavailable(str(error))
            raise error
        return answer

    # Publishing

    def publish_nowait(self, subject: str, data: bytes) -> None:
        """Send without asking whether it arrived: progress, for watching only. Dropped while there is no
        connection."""
        if not self.client.is_connected:
            return
        task = asyncio.ensure_future(self.client.publish(subject, data))
        self._tasks.add(task)
        task.add_done_callback(self._told)

    def _told(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.debug("not told", error=str(error))

    async def publish(
        self,
        subject: str,
        data: bytes,
        *,
        stream: str,
        msg_id: str | None = None,
        headers: Mapping[str, str] | None = None,
        expect_last_subject_seq: int | None = None,
    ) -> int:
        """Store a message in a stream; its sequence, also when an earlier try had stored it.

        Tried four times, 5 s each, under one id. Raises `Conflict` (another message came after the expected
        one), `StreamFull`, `AlreadyHeld`, `PublishTimeout` (it may be stored: publish again with the same
        `msg_id`), `Unavailable`, `NotPermitted` (at the first try), `Refused` (too large).
        """
        fields = dict(headers) if headers else {}
        fields[EXPECTED_STREAM] = stream
        fields[MSG_ID] = identity = msg_id or secrets.token_hex(12)
        if expect_last_subject_seq is not None:
            fields[EXPECTED_SEQ] = str(expect_last_subject_seq)
        for pause in (0.1, 0.4, 1.6, None):
            try:
                return await self._publish_once(subject, data, stream, fields)
            except ApiError as error:
                if error.err_code not in WRONG_LAST_SEQUENCE or expect_last_subject_seq is None:
                    raise rejected(error, stream, subject, len(data)) from error
                return await self._read_back(stream, subject, expect_last_subject_seq, identity)
            except (PublishTimeout, Unavailable) as error:
                if pause is None or isinstance(error, NotPermitted):
                    raise
                _log.info("publishing again", subject=subject, error=str(error))
                await asyncio.sleep(pause * random.uniform(0.5, 1.5))  # noqa: S311 - spreads retries, hides nothing
                if isinstance(error, Unavailable) and self.client.is_connected:
                    await self.restore()
        raise AssertionError("the last try returns or raises")

    async def _publish_once(self, subject: str, data: bytes, stream: str, fields: dict[str, str]) -> int:
        async with self._room:
            message = await self.ask(subject, data, headers=fields)
        answer = json.loads(message.data)
        if "error" in answer:
            error = ApiError(answer["error"])
            if error.code == 503 and error.err_code not in (STORE_FAILED, *NO_RESOURCES):
                raise Unavailable(f"{stream}: {error}")
            raise error
        return int(answer["seq"])

    async def _read_back(self, stream: str, subject: str, expected: int, identity: str) -> int:
        """Whose message follows the expected one? An earlier try of ours may have been stored without our
        hearing of it."""
        follower = await self.next(stream, subject, after=expected)
        if follower is not None and follower.headers.get(MSG_ID) == identity:
            return follower.seq
        raise Conflict(f"{subject}: something was appended after {expected}")

    # Looking back

    async def last(self, stream: str, subject: str) -> StoredMessage | None:
        """The last message of a stream on a subject, as the stream's leader knows it."""
        return await self._get(stream, {"last_by_subj": subject})

    async def next(self, stream: str, subject: str, *, after: int) -> StoredMessage | None:
        """The first message of a stream on a subject with a sequence above `after`."""
        return await self._get(stream, {"seq": after + 1, "next_by_subj": subject})

    async def _get(self, stream: str, which: Mapping[str, object]) -> StoredMessage | None:
        try:
            answer = await self.api(f"STREAM.MSG.GET.{stream}", which)
        except ApiError as error:
            if error.err_code == MESSAGE_NOT_FOUND:
                return None
            if error.err_code == STREAM_NOT_FOUND:
                raise Unavailable(f"there is no stream {stream}") from error
            raise
        message = answer["message"]
        headers = parse_headers(base64.b64decode(message.get("hdrs", "")))
        at = server_time(message["time"])
        return StoredMessage(
            message["seq"], message["subject"], headers, base64.b64decode(message.get("data", "")), at
        )

    async def direct(
        self, stream: str, question: Mapping[str, object]
    ) -> tuple[list[Msg], Mapping[str, str]]:
        """Ask for several messages at once (a batched direct get).

        Return them, and the headers of what ended them. Raises `Unavailable` if the end does not come."""
        messages: list[Msg] = []
        ended: asyncio.Future[Msg] = asyncio.get_running_loop().create_future()

        def take(message: Msg) -> None:
            if message.headers is not None and STATUS in message.headers:
                if not ended.done():
                    ended.set_result(message)
            else:
                messages.append(message)

        reply, forget = self.expect(take)
        try:
            await self.send(f"{API}.DIRECT.GET.{stream}", json.dumps(question).encode(), reply=reply)
            try:
                async with asyncio.timeout(self._timeout):
                    end = await ended
            except TimeoutError:
                raise Unavailable(f"{stream}: no answer within {self._timeout:g} s") from None
        finally:
            forget()
        return messages, end.headers or {}

    async def last_of_each(self, stream: str, subjects: Sequence[str]) -> dict[str, StoredMessage]:
        """The last message on each of these subjects that has one, by subject. Raises `Unavailable`."""
        found: dict[str, StoredMessage] = {}
        for start in range(0, len(subjects), _EACH):
            messages, end = await self.direct(stream, {"multi_last": list(subjects[start : start + _EACH])})
            if end.get(STATUS) not in {"204", "404"}:
                raise Unavailable(f"{stream}: {end.get(STATUS)} {end.get('Description', '')}")
            for message in messages:
                headers = dict(message.headers or {})
                subject, seq = headers["Nats-Subject"], int(headers["Nats-Sequence"])
                at = server_time(headers["Nats-Time-Stamp"])
                found[subject] = StoredMessage(seq, subject, headers, message.data, at)
        return found

    async def purge(self, stream: str, subject: str, keep: int = 0) -> int:
        """Remove all but the last `keep` messages on a subject; how many went."""
        answer = await self.api(
            f"STREAM.PURGE.{stream}", {"filter": subject, **({"keep": keep} if keep else {})}
        )
        return int(answer["purged"])

    async def stream_info(self, stream: str) -> dict[str, Any]:
        """A stream's configuration and state; raises `Unavailable` if there is none."""
        try:
            return await self.api(f"STREAM.INFO.{stream}")
        except ApiError as error:
            if error.err_code == STREAM_NOT_FOUND:
                raise Unavailable(f"there is no stream {stream}") from error
            raise


def void(_: object) -> None:
    """Nothing, whatever came."""


def _expire(answer: "asyncio.Future[Msg]") -> None:
    if not answer.done():
        answer.set_exception(TimeoutError())
