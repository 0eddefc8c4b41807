"""The web app: built files, served as they are, under a policy that lets nothing in from elsewhere."""

import re
from pathlib import Path

from fastapi import FastAPI
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from reprise_gateway.doors.pages import HOME

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; connect-src "
    "'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; "
    "trusted-types 'none'"
)
"""No inline script or style, nothing of another host, and no text that becomes markup."""
HEADERS = {
    "Content-Security-Policy": CSP,
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
}
FOREVER = "public, max-age=31536000, immutable"
_HASHED = re.compile(r"^assets/.+-[\w-]{8}\.\w+$")


def built() -> Path | None:
    """The web app that `make web` built into this package; None where it is not built."""
    place = Path(__file__).parent.parent / "static"
    return place if (place / "index.html").is_file() else None


def serve(app: FastAPI, place: Path | None) -> None:
    """Serve the app at `/` and, since it has pages of its own, everything below `/app`; without one a page
    that says so."""
    if place is None:

        @app.get("/", include_in_schema=False)
        async def home() -> HTMLResponse:
            return HTMLResponse(HOME)

        return
    index = place / "index.html"

    async def page(_: Request) -> Response:
        return FileResponse(index, headers=HEADERS | {"Cache-Control": "no-cache"})

    for path in (
        "/",
        "/app",
        "/app/{page:path}",
    ):  # for everybody: it holds nothing, and asks for a token itself
        app.add_route(path, page, include_in_schema=False)
    app.mount("/assets", Assets(directory=place / "assets", check_dir=False), name="web")


class Assets(StaticFiles):
    """Files whose names change with their contents, compressed ahead of time where the caller takes that."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """The file, or its `.gz`."""
        headers = Headers(scope=scope)
        packed = (
            "gzip" in headers.get("accept-encoding", "") and self.lookup_path(f"{path}.gz")[1] is not None
        )
        response = await super().get_response(f"{path}.gz" if packed else path, scope)
        response.headers.update(HEADERS | {"Vary": "Accept-Encoding"})
        if _HASHED.match(f"assets/{path}"):
            response.headers["Cache-Control"] = FOREVER
        if packed and response.status_code in {200, 206}:
            response.headers["Content-Encoding"] = "gzip"
            response.headers["Content-Type"] = media_type(path)
        return response


def media_type(path: str) -> str:
    """Of the files that are packed."""
    return {"js": "text/javascript; charset=utf-8", "css": "text/css; charset=utf-8", "svg": "image/svg+xml"}[
        path.rsplit(".", 1)[-1]
    ]
