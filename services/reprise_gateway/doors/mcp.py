"""`/mcp`: the tools of `reprise_mcp` over streamable HTTP. Each makes its calls through the gateway's REST,
as whoever holds the token that the agent's client sent: roles, limits and problems are the same."""

import asyncio
from collections.abc import Callable
from importlib.util import find_spec
from typing import TYPE_CHECKING

from starlette.requests import HTTPConnection
from starlette.types import Receive, Scope, Send

from reprise_contracts.problems.model import Problem
from reprise_gateway.access.access import WHO, Caller
from reprise_gateway.gateway import Gateway
from reprise_runtime.cancelling import end
from reprise_runtime.errors import Refused
from reprise_runtime.settings import Settings

if TYPE_CHECKING:
    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager

PATH = "/mcp"
_NEEDED = ("mcp", "httpx")


class McpDoor:
    """The endpoint. The protocol's SDK is loaded by the first call: it takes seconds, and most gateways are
    never asked."""

    path = PATH
    """By which logs and figures name it, as they do routes."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway
        self._opening: asyncio.Task[StreamableHTTPSessionManager] | None = None
        self._kept: asyncio.Task[None] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call."""
        scope["route"] = self
        self._admit(HTTPConnection(scope))
        if self._opening is None:
            self._opening = asyncio.create_task(self._opened(), name="open /mcp")
        manager = await asyncio.shield(self._opening)
        await manager.handle_request(scope, receive, send)

    def _admit(self, connection: HTTPConnection) -> None:
        """Raises `Refused` for a caller whom nobody knows, a page of another site, and where the SDK is
        missing."""
        self._gateway.access.refuse_foreign(connection)
        found: Caller | Refused = connection.scope[WHO]
        if isinstance(found, Refused):
            raise found
        found.needs("viewer")
        if any(find_spec(name) is None for name in _NEEDED):
            raise Refused(MISSING)

    async def _opened(self) -> "StreamableHTTPSessionManager":
        make = await asyncio.to_thread(_load)
        manager = make(self._gateway.settings)
        ready = asyncio.Event()
        self._kept = asyncio.create_task(_keep(manager, ready), name="keep /mcp")
        await ready.wait()
        return manager

    async def close(self) -> None:
        """Let nobody in any more."""
        await end(*(task for task in (self._opening, self._kept) if task is not None))


def _load() -> "Callable[[Settings], StreamableHTTPSessionManager]":
    from reprise_gateway.doors.mcp_serving import manager  # noqa: PLC0415 - takes seconds, and is seldom asked for

    return manager


async def _keep(manager: "StreamableHTTPSessionManager", ready: asyncio.Event) -> None:
    """What the manager starts ends in the task in which it began."""
    async with manager.run():
        ready.set()
        await asyncio.Event().wait()


MISSING = Problem(
    type="feature_off",
    detail="The tools for agents are not part of this installation.",
    action="Install `reprise-research[mcp]` where the gateway runs, and start it again.",
)
