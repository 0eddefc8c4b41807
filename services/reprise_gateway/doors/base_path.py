"""Calls in other forms of the same: below `/api`, where front ends of other servers look; and HEAD, wherever
there is GET."""

from starlette.types import ASGIApp, Message, Receive, Scope, Send

BASE = "/api"


class BasePath:
    """Takes `/api` from the beginning of a path."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call."""
        if scope["type"] in {"http", "websocket"} and scope["path"].startswith(f"{BASE}/"):
            scope = {**scope, "path": scope["path"][len(BASE) :]}
            if raw := scope.get("raw_path"):
                scope["raw_path"] = raw[len(BASE) :]
        await self._app(scope, receive, send)


class Head:
    """Answers HEAD as GET would be answered, without the content."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self._app(scope, receive, send)
            return

        async def headed(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        await self._app({**scope, "method": "GET"}, receive, headed)
