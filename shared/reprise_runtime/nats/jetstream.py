"""What JetStream answers: its refusals and what they mean, messages as a stream keeps them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reprise_contracts.problems.model import Problem
from reprise_contracts.subjects import JETSTREAM
from reprise_runtime.errors import AlreadyHeld, Conflict, NoRoom, Refused, StreamFull, Unavailable

API = JETSTREAM
MSG_ID = "Nats-Msg-Id"
EXPECTED_STREAM = "Nats-Expected-Stream"
EXPECTED_SEQ = "Nats-Expected-Last-Subject-Sequence"
STATUS = "Status"

STREAM_NOT_FOUND = 10059
CONSUMER_NOT_FOUND = 10014
MESSAGE_NOT_FOUND = 10037
WRONG_LAST_SEQUENCE = (10071, 10164)
STORE_FAILED = 10077
NO_RESOURCES = (10002, 10023, 10028, 10047)
TOO_LARGE = (10053, 10054)
NO_SCHEDULE = (10189, 10190, 10223)


class ApiError(Exception):
    """JetStream said no."""

    def __init__(self, error: Mapping[str, Any]) -> None:
        self.code: int = error.get("code", 500)
        self.err_code: int = error.get("err_code", 0)
        self.description: str = error.get("description", "")
        super().__init__(f"{self.description} ({self.err_code})")


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """A message as a stream keeps it."""

    seq: int
    subject: str
    headers: Mapping[str, str]
    data: bytes
    at: datetime | None = None
    """When it was stored."""


def server_time(text: str) -> datetime:
    """A moment as the server writes it, to the nanosecond; kept to the microsecond."""
    whole, _, fraction = text.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6]:0<6}+00:00")


def parse_headers(raw: bytes) -> dict[str, str]:
    """The headers of a stored message."""
    return header_lines(raw.decode("utf-8", "replace").partition("\r\n")[2])


def header_lines(text: str) -> dict[str, str]:
    """The headers of a message, from their lines."""
    return {
        name: value.strip()
        for name, mark, value in (line.partition(":") for line in text.split("\r\n"))
        if mark
    }


def too_large(subject: str, size: int) -> Refused:
    """A message that the server will never take."""
    return Refused(
        Problem(
            type="too_large",
            detail=f"{size} bytes are too many for one message on {subject}",
            action="send less at once",
        )
    )


def no_room(what: str, error: ApiError) -> NoRoom:
    """JetStream's refusal for want of room, with what to do."""
    return NoRoom(f"{what}: JetStream has no room: {error}; {NoRoom.advice}")


def rejected(error: ApiError, stream: str, subject: str, size: int) -> Exception:
    """What a refused publish means."""
    if error.err_code == STORE_FAILED and "per subject" in error.description:
        return AlreadyHeld(f"{stream} still holds a message on {subject}")
    if error.err_code in NO_RESOURCES:
        return no_room(stream, error)
    if error.err_code == STORE_FAILED:
        return StreamFull(f"{stream}: {error.description}")
    if error.err_code in TOO_LARGE:
        return too_large(subject, size)
    if error.err_code in WRONG_LAST_SEQUENCE:
        return Conflict(f"{subject}: {error.description}")
    return no_schedule(error) if error.err_code in NO_SCHEDULE else Unavailable(f"{stream}: {error}")


def no_schedule(error: ApiError) -> Refused:
    """The server does not keep this schedule: times or a zone that it does not know."""
    detail = f"The NATS server does not keep this schedule: {error.description}."
    return Refused(Problem(type="invalid", detail=detail, action="Choose other times or another zone."))
