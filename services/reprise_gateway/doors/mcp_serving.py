"""What `/mcp` needs of the protocol's SDK, which this module loads."""

import hashlib

import httpx
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from reprise_client import AsyncClient
from reprise_gateway.access.access import DOOR
from reprise_gateway.doors.operations import VERSION
from reprise_mcp.server import Context, server
from reprise_runtime.settings import Settings

PASSED_ON = ("authorization", "traceparent")
"""What says who calls."""


def manager(settings: Settings) -> StreamableHTTPSessionManager:
    """What answers the protocol. It remembers nothing of a caller, so any gateway can answer any call."""
    return StreamableHTTPSessionManager(
        app=server(_client_of, _key_of(settings), VERSION),
        json_response=True,
        stateless=True,
        max_request_body_size=settings.limits.upload_bytes,
    )


def _client_of(context: Context) -> AsyncClient:
    """A client of this gateway's own REST, as whoever called."""
    request = context.request
    assert isinstance(request, Request)  # noqa: S101 - what the SDK's HTTP transport hands on
    app = request.scope["app"]

    async def within(scope: Scope, receive: Receive, send: Send) -> None:
        await app({**scope, DOOR: "MCP"}, receive, send)

    caller = request.client or ("127.0.0.1", 0)
    return AsyncClient(
        "http://localhost",
        headers={name: request.headers[name] for name in PASSED_ON if name in request.headers},
        transport=httpx.ASGITransport(within, client=(caller[0], caller[1]), raise_app_exceptions=False),
    )


def _key_of(settings: Settings) -> bytes:
    """What seals the tokens of previews: the same at every gateway of an installation, and nobody's else."""
    secret = settings.s3.secret_key.get_secret_value()
    return hashlib.sha256(f"reprise mcp previews {secret}".encode()).digest()
