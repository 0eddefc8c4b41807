"""Everything is also answered below `/api`, where front ends of other servers look for it."""

from starlette.types import ASGIApp, Receive, Scope, Send

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
