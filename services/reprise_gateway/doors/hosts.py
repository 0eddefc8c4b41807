"""Which names a gateway answers to.

Without tokens everybody who reaches the gateway may call it, so that only this machine may reach it. A page
of another site can still make a browser call 127.0.0.1 under a name of its own (DNS rebinding), as the same
origin: the name gives it away.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocket

from reprise_contracts.problems.model import Problem
from reprise_gateway.doors.problems import response

LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


class Hosts:
    """Refuses a call under a name that is not the gateway's; `None` lets every name in."""

    def __init__(self, app: ASGIApp, names: Collection[str] | None) -> None:
        self._app = app
        self._names = names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call."""
        if self._names is None or scope["type"] not in {"http", "websocket"} or _name(scope) in self._names:
            await self._app(scope, receive, send)
            return
        refusal = response(_stranger(_name(scope)))
        if scope["type"] == "http":
            await refusal(scope, receive, send)
        else:
            await WebSocket(scope, receive, send).send_denial_response(refusal)


def _name(scope: Scope) -> str:
    try:
        return urlsplit(f"//{Headers(scope=scope).get('host', '')}").hostname or ""
    except ValueError:
        return ""


def _stranger(name: str) -> Problem:
    detail = f"This server does not answer to the name {name[:80]!r}."
    action = "Call it as localhost on its own machine, or name it in REPRISE_HOSTS."
    return Problem(type="forbidden", field="Host", detail=detail, action=action)
