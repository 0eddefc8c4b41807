"""The messages in DLQ, over a connection of their own."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

from reprise_cli.errors import CommandFailed, NoServer
from reprise_contracts import subjects
from reprise_runtime.errors import RepriseError, Unavailable
from reprise_runtime.nats.acknowledgement import REASON, STREAM_SEQ, SUBJECT
from reprise_runtime.nats.bus import Bus
from reprise_runtime.nats.connection import connect
from reprise_runtime.nats.jetstream import MESSAGE_NOT_FOUND, ApiError, StoredMessage
from reprise_runtime.settings import Nats

T = TypeVar("T")


@dataclass(frozen=True)
class DeadLetter:
    """A message that was put aside."""

    number: int
    stream: str
    subject: str
    reason: str
    seq: int
    data: bytes
    headers: dict[str, str]

    @classmethod
    def of(cls, stored: StoredMessage) -> "DeadLetter":
        """A stored message of DLQ; its headers say where it came from and why it is here."""
        headers = dict(stored.headers)
        kept = {name: value for name, value in headers.items() if not name.startswith(("Nats-", "Reprise-"))}
        return cls(
            stored.seq,
            stored.subject.rsplit(".", 1)[-1],
            headers.get(SUBJECT, ""),
            headers.get(REASON, ""),
            int(headers.get(STREAM_SEQ, "0")),
            stored.data,
            kept,
        )

    def document(self) -> dict[str, object]:
        """As JSON; a body that is JSON as it is, another one as text."""
        try:
            body: object = json.loads(self.data)
        except (ValueError, RecursionError):
            body = self.data.decode(errors="replace")
        return {
            "number": self.number,
            "stream": self.stream,
            "subject": self.subject,
            "reason": self.reason,
            "stream_seq": self.seq,
            "bytes": len(self.data),
            "headers": self.headers,
            "body": body,
        }


class DeadLetters:
    """What is in DLQ."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def all(self, limit: int | None = None) -> list[DeadLetter]:
        """Oldest first."""
        found: list[DeadLetter] = []
        after = 0
        while limit is None or len(found) < limit:
            stored = await self._bus.next(subjects.DLQ, subjects.DEAD, after=after)
            if stored is None:
                break
            found.append(DeadLetter.of(stored))
            after = stored.seq
        return found

    async def get(self, number: int) -> DeadLetter:
        """One of them; raises `CommandFailed` if there is none with that number."""
        stored = await self._bus.next(subjects.DLQ, subjects.DEAD, after=number - 1)
        if stored is None or stored.seq != number:
            raise CommandFailed(f"There is no letter {number}.", "`reprise dlq list` shows the numbers.")
        return DeadLetter.of(stored)

    async def drop(self, letter: DeadLetter) -> None:
        """Delete it for good."""
        try:
            await self._bus.api(f"STREAM.MSG.DELETE.{subjects.DLQ}", {"seq": letter.number})
        except ApiError as error:
            if error.err_code != MESSAGE_NOT_FOUND:
                raise

    async def replay(self, letter: DeadLetter) -> None:
        """Send it again to where it was, then drop it here. Sent twice it still counts once: every input has
        an id of its own."""
        await self._bus.publish(
            letter.subject,
            letter.data,
            stream=letter.stream,
            msg_id=f"replay.{letter.stream}.{letter.number}",
            headers=letter.headers,
        )
        await self.drop(letter)


def with_dead_letters(settings: Nats, work: Callable[[DeadLetters], Awaitable[T]]) -> T:
    """Do some work on DLQ over a connection of its own."""

    async def run() -> T:
        try:
            client = await connect(settings, "reprise dlq")
        except Unavailable as error:
            raise NoServer(settings.url, "no NATS server") from error
        except RepriseError as error:
            raise CommandFailed(f"{error}.") from error
        try:
            return await work(DeadLetters(await Bus.open(client)))
        except (RepriseError, ApiError) as error:
            raise CommandFailed(f"NATS said: {error}") from error
        finally:
            await client.close()

    return asyncio.run(run())


async def for_each(
    letters: DeadLetters, numbers: list[int], act: Callable[[DeadLetter], Awaitable[None]]
) -> list[int]:
    """Do the same with some letters, or with all where no number is given; all are looked up before the first
    is touched."""
    found = [await letters.get(number) for number in numbers] if numbers else await letters.all()
    for letter in found:
        await act(letter)
    return [letter.number for letter in found]
