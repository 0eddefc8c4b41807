"""Who calls, and what they may: bearer tokens known by their hashes, roles, and the origin of a page that
opens a connection."""

import hmac
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Literal, get_args
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from reprise_contracts.configuration import Role
from reprise_contracts.problems.model import Problem
from reprise_gateway.access.tickets import TICKET, Tickets
from reprise_runtime.errors import Refused
from reprise_runtime.settings import Auth
from reprise_runtime.tokens import digest
from reprise_runtime.tracing import continued

Door = Literal["REST", "the web app", "NATS", "MCP"]
ANYONE = "user"
READING = frozenset({"GET", "HEAD"})
WHO = "reprise.caller"
"""Where in a connection's scope the outermost layer leaves who calls."""
DOOR = "reprise.door"
"""Where a door that makes its calls through another one leaves its name."""
_RANK = {role: rank for rank, role in enumerate(get_args(Role))}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and through which door. A command id is unique for its caller whatever the door (R16)."""

    name: str = ANYONE
    door: Door = "REST"
    trace: str = ""
    """W3C `traceparent` of the call."""
    role: Role = "operator"
    """Where nobody has to say who they are, everyone may do everything."""
    expires: datetime | None = None

    @property
    def by(self) -> str:
        """The same in words, for the timeline."""
        return f"{self.name} via {self.door}"

    def needs(self, role: Role) -> None:
        """Raises `Refused` (forbidden) for a caller of a lesser role."""
        if _RANK[self.role] < _RANK[role]:
            raise Refused(_forbidden(self.role, role))


def _now() -> datetime:
    return datetime.now(UTC)


class Access:
    """Checks tokens and tickets. Without tokens configured everyone may call, as `user`."""

    def __init__(
        self, auth: Auth, tickets: Tickets, origins: Sequence[str] = (), clock: Callable[[], datetime] = _now
    ) -> None:
        self._auth = auth
        self._tickets = tickets
        self._origins = origins
        self._clock = clock

    @property
    def closed(self) -> bool:
        """Whether a caller has to say who it is."""
        return bool(self._auth.tokens)

    def caller(self, headers: Mapping[str, str], door: Door = "REST") -> Caller:
        """The holder of the bearer token; raises `Refused` (unauthenticated). Header names in lower case."""
        trace = continued(headers.get("traceparent", ""))
        given = headers.get("authorization", "")
        if not self.closed or (door == "NATS" and self._auth.nats == "trusted" and not given):
            return Caller(door=door, trace=trace)
        scheme, _, token = given.partition(" ")
        name = self._holder(token.strip()) if scheme.lower() == "bearer" else None
        if name is None:
            raise Refused(UNKNOWN if scheme.lower() == "bearer" and token.strip() else UNAUTHENTICATED)
        return replace(self._known(name, door), trace=trace)

    def _holder(self, token: str) -> str | None:
        """Every token is compared, each in constant time, so that the answer's time tells nothing."""
        given, found = digest(token).encode(), None
        for name, known in self._auth.tokens.items():
            if hmac.compare_digest(given, known.hash.encode()):
                found = name
        return found

    def _known(self, name: str, door: Door) -> Caller:
        token = self._auth.tokens[name]
        if token.expires is not None and token.expires <= self._clock():
            raise Refused(EXPIRED)
        return Caller(name, door, role=token.role, expires=token.expires)

    async def ticket(self, caller: Caller) -> str:
        """A ticket that opens one WebSocket within 30 s, at any gateway."""
        return await self._tickets.issue(caller.name)

    def identified(self, connection: HTTPConnection) -> "Caller | Refused":
        """Who calls, or why nobody is let in: whether that matters is the route's.

        A browser names the page (`Origin`) with every call that changes something, a program does not."""
        try:
            usual: Door = "the web app" if "origin" in connection.headers else "REST"
            return self.caller(connection.headers, connection.scope.get(DOOR, usual))
        except Refused as refusal:
            return refusal

    def bucket(self, connection: HTTPConnection, who: "Caller | Refused") -> str:
        """Whose requests are counted together: a token's, or an address's."""
        if isinstance(who, Caller) and self.closed:
            return f"token {who.name}"
        return f"address {connection.client.host if connection.client else ''}"

    def refuse_foreign(self, connection: HTTPConnection) -> None:
        """Raises `Refused` (forbidden) for a page of another host."""
        if foreign(connection, self._origins):
            raise Refused(FOREIGN)

    async def socket_caller(self, connection: HTTPConnection) -> Caller:
        """Who opens a WebSocket: by ticket, or by bearer token where the client can send one. Raises
        `Refused`, also for foreign pages."""
        self.refuse_foreign(connection)
        ticket = connection.query_params.get("ticket")
        if not self.closed or ticket is None:
            return self.caller(connection.headers, "the web app")
        name = await self._tickets.redeem(ticket)
        if name not in self._auth.tokens:  # it was taken away since
            raise Refused(TICKET)
        return replace(
            self._known(name, "the web app"), trace=continued(connection.headers.get("traceparent", ""))
        )


def foreign(connection: HTTPConnection, allowed: Sequence[str] = ()) -> bool:
    """Whether a page of another host opens the connection; programs send no Origin and are none."""
    origin = connection.headers.get("origin")
    if origin is None or origin in allowed:
        return False
    return urlsplit(origin).netloc.lower() != connection.headers.get("host", "").lower()


UNAUTHENTICATED = Problem(
    type="unauthenticated",
    code="token_wanted",
    field="Authorization",
    detail="This server wants to know who calls.",
    action="Send a bearer token.",
)
UNKNOWN = Problem(
    type="unauthenticated",
    field="Authorization",
    detail="This server does not know the token that was sent.",
    action="Check it, or ask an operator for a new one.",
)
EXPIRED = Problem(
    type="unauthenticated",
    code="token_expired",
    field="Authorization",
    detail="The token has expired.",
    action="Ask an operator for a new one.",
)
FOREIGN = Problem(
    type="forbidden",
    field="Origin",
    detail="A page of another site may not open this connection.",
    action="Open it from the site's own page.",
)


def _forbidden(own: Role, needed: Role) -> Problem:
    detail = f"{_with_article(own).capitalize()} may not do this: it takes {_with_article(needed)}."
    action = f"Use {_with_article(needed)}'s token, or ask an operator for one."
    return Problem(
        type="forbidden",
        code="role_lacking",
        facts={"own": own, "needed": needed},
        field="Authorization",
        detail=detail,
        action=action,
    )


def _with_article(noun: str) -> str:
    return f"{'an' if noun[:1] in 'aeiou' else 'a'} {noun}"
