"""Tickets that open one WebSocket within 30 s, at any gateway, once.

A ticket is 256 random bits; the stream TICKETS keeps its sha256 with its holder's name. Using it appends
"used" on its subject by compare and set: of two gateways that are shown the same ticket one wins. A server
that lost its memory has lost its tickets: the client asks for another.
"""

import hashlib
import re
import secrets
from collections.abc import Callable
from datetime import datetime, timedelta

from reprise_contracts import subjects
from reprise_contracts.problems.model import Problem
from reprise_contracts.wire import Instant, Message
from reprise_runtime.errors import Conflict, Refused
from reprise_runtime.nats.bus import Publisher

TICKET_SECONDS = 30
_FORM = re.compile(r"[A-Za-z0-9_-]{43}")


class _Claim(Message):
    """What the stream keeps of a ticket."""

    name: str
    until: Instant
    used: bool = False


class Tickets:
    """Makes and redeems them."""

    def __init__(self, publisher: Publisher, clock: Callable[[], datetime]) -> None:
        self._publisher = publisher
        self._clock = clock

    async def issue(self, name: str) -> str:
        """A ticket for the holder of a token. Raises `Retryable`."""
        ticket = secrets.token_urlsafe(32)
        claim = _Claim(name=name, until=self._clock() + timedelta(seconds=TICKET_SECONDS))
        await self._publisher.publish(
            _subject(ticket), claim.encode(), stream=subjects.TICKETS, expect_last_subject_seq=0
        )
        return ticket

    async def redeem(self, ticket: str) -> str:
        """Its holder's name; raises `Refused` (unauthenticated) for one that is forged, too old or used, and
        `Retryable`."""
        if not _FORM.fullmatch(ticket):
            raise Refused(TICKET)
        kept = await self._publisher.last(subjects.TICKETS, _subject(ticket))
        claim = _Claim.decode(kept.data) if kept is not None else None
        if kept is None or claim is None or claim.used or claim.until <= self._clock():
            raise Refused(TICKET)
        used = claim.model_copy(update={"used": True})
        try:
            await self._publisher.publish(
                _subject(ticket), used.encode(), stream=subjects.TICKETS, expect_last_subject_seq=kept.seq
            )
        except Conflict:
            raise Refused(TICKET) from None
        return claim.name


def _subject(ticket: str) -> str:
    return subjects.ticket(hashlib.sha256(ticket.encode()).hexdigest())


TICKET = Problem(
    type="unauthenticated",
    field="ticket",
    detail="The ticket is not valid, was used, or is too old.",
    action="Ask for a new one with POST /ws-ticket and use it at once.",
)
