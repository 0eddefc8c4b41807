"""Who calls: bearer tokens, single-use tickets for WebSockets, and the origin of a page that opens one."""

import base64
import hashlib
import hmac
import json
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

from pydantic import SecretStr
from starlette.requests import HTTPConnection

from reprise_contracts.problems import Problem
from reprise_runtime.errors import Refused

Door = Literal["REST", "the web app", "NATS"]
TICKET_SECONDS = 30.0
ANYONE = "user"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and through which door. A command id is unique for its caller whatever the door (R16)."""

    name: str = ANYONE
    door: Door = "REST"
    trace: str = ""
    """W3C `traceparent` of the call."""

    @property
    def by(self) -> str:
        """The same in words, for the timeline."""
        return f"{self.name} via {self.door}"


class Access:
    """Checks tokens and tickets. Without tokens configured everyone may call, as `user`."""

    def __init__(self, tokens: Mapping[str, SecretStr], origins: Sequence[str] = (), clock: Callable[[], float] = time.time) -> None:
        self._origins = origins
        self._tokens = {name: _digest(token.get_secret_value()) for name, token in tokens.items()}
        self._key = hashlib.sha256(b"ws-ticket" + b"".join(sorted(self._tokens.values()))).digest()
        self._used: dict[str, float] = {}
        self._clock = clock

    @property
    def closed(self) -> bool:
        """Whether a caller has to say who it is."""
        return bool(self._tokens)

    def caller(self, connection: HTTPConnection, door: Door = "REST") -> Caller:
        """The holder of the bearer token; raises `Refused` (unauthenticated)."""
        trace = connection.headers.get("traceparent", "")[:128]
        if not self.closed:
            return Caller(door=door, trace=trace)
        scheme, _, token = connection.headers.get("authorization", "").partition(" ")
        name = self._holder(token.strip()) if scheme.lower() == "bearer" else None
        if name is None:
            raise Refused(UNAUTHENTICATED)
        return Caller(name, door, trace)

    def _holder(self, token: str) -> str | None:
        """Every token is compared, each in constant time, so that the answer's time tells nothing."""
        given, found = _digest(token), None
        for name, known in self._tokens.items():
            if hmac.compare_digest(given, known):
                found = name
        return found

    def ticket(self, caller: Caller) -> str:
        """A ticket that opens one WebSocket within 30 s, signed, so that any gateway with the same tokens takes it."""
        claim = json.dumps([caller.name, self._clock() + TICKET_SECONDS, secrets.token_hex(8)]).encode()
        return f"{_text(claim)}.{_text(self._sign(claim))}"

    def redeem(self, ticket: str) -> Caller:
        """The caller whom a ticket was made for; raises `Refused` for one that is forged, too old or used."""
        now = self._clock()
        self._used = {used: until for used, until in self._used.items() if until > now}
        try:
            claim, signature = (base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)) for part in ticket.split("."))
        except ValueError:
            raise Refused(TICKET) from None
        if not hmac.compare_digest(signature, self._sign(claim)):
            raise Refused(TICKET)
        name, until, nonce = json.loads(claim)
        if until <= now or nonce in self._used:
            raise Refused(TICKET)
        self._used[nonce] = until
        return Caller(name, "the web app")

    def _sign(self, claim: bytes) -> bytes:
        return hmac.digest(self._key, claim, "sha256")

    def refuse_foreign(self, connection: HTTPConnection) -> None:
        """Raises `Refused` (forbidden) for a page of another host."""
        if foreign(connection, self._origins):
            raise Refused(FOREIGN)

    def socket_caller(self, connection: HTTPConnection) -> Caller:
        """Who opens a WebSocket: by ticket, or by bearer token where the client can send one. Raises `Refused`, also for foreign pages."""
        self.refuse_foreign(connection)
        if not self.closed:
            return Caller(door="the web app")
        ticket = connection.query_params.get("ticket")
        return self.redeem(ticket) if ticket is not None else self.caller(connection, "the web app")


def foreign(connection: HTTPConnection, allowed: Sequence[str] = ()) -> bool:
    """Whether a page of another host opens the connection; programs send no Origin and are none."""
    origin = connection.headers.get("origin")
    if origin is None or origin in allowed:
        return False
    return urlsplit(origin).netloc.lower() != connection.headers.get("host", "").lower()


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def _text(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


UNAUTHENTICATED = Problem(
    type="unauthenticated", field="Authorization", detail="This server wants to know who calls.", action="Send a bearer token."
)
TICKET = Problem(
    type="unauthenticated", field="ticket", detail="The ticket is not valid, was used, or is too old.",
    action="Ask for a new one with POST /ws-ticket and use it at once.",
)  # fmt: skip
FOREIGN = Problem(
    type="forbidden",
    field="Origin",
    detail="A page of another site may not open this connection.",
    action="Open it from the site's own page.",
)
