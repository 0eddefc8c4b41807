"""What every HTTP call goes through: who it is, how much it may ask and send, one line, one measurement, an
answer whatever happens."""

import asyncio
import time
from dataclasses import replace

from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reprise_contracts.problems.model import Problem
from reprise_gateway.access.access import READING, WHO, Access, Caller
from reprise_gateway.access.rates import Rates
from reprise_gateway.doors.problems import answer_to
from reprise_runtime import metrics, tracing
from reprise_runtime.errors import Refused
from reprise_runtime.logs import logger

FORM = b"multipart/form-data"
WENT_AWAY = 499
"""What the log says of a caller that went before its request was read; HTTP has no status for it."""
_log = logger(__name__)


class Calls:
    """The outermost layer. A request's body may have `body_bytes`, a form's `form_bytes`, and take
    `read_timeout` seconds between two pieces; of an unknown caller none is read."""

    def __init__(
        self,
        app: ASGIApp,
        access: Access,
        rates: Rates,
        *,
        body_bytes: int,
        form_bytes: int,
        read_timeout: float,
    ) -> None:
        self._app = app
        self._access = access
        self._rates = rates
        self._most = body_bytes
        self._most_form = form_bytes
        self._patience = read_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One call."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        status = 0

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        connection = HTTPConnection(scope)
        who = scope[WHO] = self._access.identified(connection)
        try:
            _plain(connection)
            if scope["path"] != "/healthz":
                self._rates.take(self._access.bucket(connection, who))
            trace = who.trace if isinstance(who, Caller) else ""
            with tracing.span(
                f"{scope['method']} {scope['path']}", trace, {"http.request.method": scope["method"]}
            ) as own:
                if isinstance(who, Caller):
                    scope[WHO] = replace(who, trace=own)
                await self._app(scope, self._bounded(scope, receive, who), sent)
        except ClientDisconnect:  # nobody is there to be answered
            status = WENT_AWAY
        except Exception as error:
            if status:
                raise
            await answer_to(error)(scope, receive, sent)
        finally:
            self._measure(scope, status, time.perf_counter() - began)

    def _measure(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", "other")
        metrics.REQUESTS.labels(scope["method"], route, status).inc()
        metrics.REQUEST_SECONDS.labels(scope["method"], route).observe(seconds)
        if route not in {"/healthz", "/readyz", "/metrics"}:
            params = scope.get("path_params") or {}
            names = {
                name.removesuffix("_id"): params[name]
                for name in ("batch_id", "session_id")
                if name in params
            }
            who = scope[WHO]
            _log.info(
                "answered",
                method=scope["method"],
                route=route,
                path=scope["path"],
                **names,
                status=status,
                seconds=round(seconds, 4),
                caller=who.name if isinstance(who, Caller) else "",
                trace=who.trace if isinstance(who, Caller) else "",
            )

    def _bounded(self, scope: Scope, receive: Receive, who: Caller | Refused) -> Receive:
        headers = dict(scope["headers"])
        most = self._most_form if headers.get(b"content-type", b"").startswith(FORM) else self._most
        said = headers.get(b"content-length", b"")
        count, more = 0, True

        async def bounded() -> Message:
            nonlocal count, more
            if not more:  # what comes now is that the caller went, whenever that is
                return await receive()
            if isinstance(who, Refused) and scope["method"] not in READING:
                raise who
            if said.isdigit() and int(said) > most:
                raise Refused(_too_large(most))
            try:
                async with asyncio.timeout(self._patience):
                    message = await receive()
            except TimeoutError:
                raise HTTPException(408, _SLOW, {"Connection": "close"}) from None
            count += len(message.get("body", b""))
            more = message.get("more_body", False)
            if count > most:
                raise Refused(_too_large(most))
            return message

        return bounded


_SLOW = "The body did not come: too long nothing was sent of it"


def _plain(connection: HTTPConnection) -> None:
    """Raises a 415 for a body that comes packed."""
    packed = connection.headers.get("content-encoding", "identity").lower()
    if packed != "identity":
        raise HTTPException(415, f"A body packed with {packed[:20]!r} is not read here. Send it as it is.")


def _too_large(most: int) -> Problem:
    return Problem(
        type="too_large", detail=f"The body is larger than {most} bytes.", action="Send less at once."
    )
