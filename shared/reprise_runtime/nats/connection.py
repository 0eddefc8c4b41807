"""The connection to NATS: what it is made with, how it is sought again, and what the server complains of."""

import asyncio
import os
import re
from collections.abc import Callable
from importlib import metadata
from typing import Any

import nats.errors
from nats.aio.client import Client

from reprise_contracts.problems.model import Problem
from reprise_runtime import tls
from reprise_runtime.errors import Refused, Unavailable
from reprise_runtime.logs import logger
from reprise_runtime.settings import Nats

EX_SOFTWARE = 70
_VIOLATION = re.compile(r'permissions violation for (publish|subscription) to "([^"]+)"', re.IGNORECASE)
_TURNED_AWAY = re.compile("authorization violation|authentication (expired|revoked|timeout)", re.IGNORECASE)

WORKS_WITH = "nats-py>=2.16,<2.17"
"""The releases whose private methods are the ones that are overridden here, as `pyproject.toml` has them."""
_OVERRIDDEN = ("_process_info",)

_log = logger(__name__)


def exit_process() -> None:
    """End the process at once: its supervisor starts a new one. A pull loop on a closed connection would spin
    for ever."""
    os._exit(EX_SOFTWARE)


def require_methods(client: type) -> None:
    """Raise `ImportError` where a client lacks what `Connection` overrides: it would go on without, and send
    the password to a server that does not encrypt."""
    lacking = [name for name in _OVERRIDDEN if not callable(getattr(client, name, None))]
    if lacking:
        raise ImportError(
            f"nats-py {metadata.version('nats-py')} has no {', '.join(lacking)}: pip install '{WORKS_WITH}'"
        )


require_methods(Client)


class Connection(Client):
    """A client that knows whether it is being closed on purpose."""

    leaving = False
    secure = False
    """Only a server that encrypts will do: the library alone would go on in plain text, and send the
    password, where none is offered."""
    on_violation: Callable[[str], None] | None = None
    """Called with the subject (in lower case: the library's parser) of a publication that the server
    refused."""

    async def _process_info(self, info: dict[str, Any], initial_connection: bool = False) -> None:
        if initial_connection and self.secure and not info.get("tls_required"):
            raise nats.errors.Error(
                "the server does not encrypt (`tls` in its configuration): nothing is said to it"
            )
        await super()._process_info(info, initial_connection=initial_connection)

    async def close(self) -> None:
        """Close for good, on purpose."""
        self.leaving = True
        try:
            await super().close()
        except asyncio.CancelledError:
            # Closing amid a reconnection, the library cancels the wait that it shares with it; it is closed
            # all the same.
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise

    async def drain(self) -> None:
        """Finish what is under way, then close for good, on purpose."""
        self.leaving = True
        await super().drain()


def connect_options(settings: Nats, name: str) -> dict[str, Any]:
    """What any client of ours connects with."""

    async def on_error(error: Exception) -> None:
        _log_violation(error, settings)

    options: dict[str, Any] = {
        "servers": [url.strip() for url in settings.url.split(",")],
        "name": name,
        "inbox_prefix": settings.inbox,
        "error_cb": on_error,
        "max_reconnect_attempts": -1,
        "reconnect_time_wait": 0.25,
        "connect_timeout": 2,
        "ping_interval": 10,
        "max_outstanding_pings": 2,
        "pending_size": 16 * 1024 * 1024,
    }
    if settings.secure:
        options |= {"tls": tls.context(settings.ca), "tls_handshake_first": settings.tls_first}
    if settings.user is not None:
        options["user"] = settings.user
        options["password"] = settings.password.get_secret_value() if settings.password else ""
    if settings.creds is not None:
        options["user_credentials"] = str(settings.creds)
    return options


def _log_violation(error: Exception, settings: Nats) -> re.Match[str] | None:
    """Log what the server complains of; the match if it is a right that is missing: the server then drops
    what was sent, in silence."""
    violation = _VIOLATION.search(str(error))
    if violation is None:
        _log.warning("nats", error=str(error) or type(error).__name__)
    else:
        advice = "give the server the users that `reprise bootstrap --nats-users` prints"
        _log.error(
            "not permitted", user=settings.user, action=violation[1], subject=violation[2], advice=advice
        )
    return violation


async def connect(settings: Nats, name: str, *, on_lost: Callable[[], None] = exit_process) -> Connection:
    """Connect; raises `Unavailable` after `connect_timeout`, and `Refused` at once where the server does not
    know us.

    A connection that is lost later is sought for ever. Should the library close it all the same (a protocol
    error), `on_lost` is called.
    """
    client = Connection()
    client.secure = settings.secure
    failed: list[Exception] = []
    turned_away = asyncio.Event()

    async def on_closed() -> None:
        if not client.leaving:
            _log.error("nats connection closed for good", name=name)
            on_lost()

    async def on_error(error: Exception) -> None:
        if not client.is_connected and not client.is_reconnecting:
            failed[:] = [error]
            if _TURNED_AWAY.search(str(error)):
                turned_away.set()
            return
        violation = _log_violation(error, settings)
        if violation is not None and violation[1].lower() == "publish" and client.on_violation is not None:
            client.on_violation(violation[2])

    options = connect_options(settings, name) | {"error_cb": on_error, "closed_cb": on_closed}
    connecting = asyncio.create_task(client.connect(**options))
    waiting = asyncio.create_task(turned_away.wait())
    try:
        await asyncio.wait(
            {connecting, waiting}, timeout=settings.connect_timeout, return_when=asyncio.FIRST_COMPLETED
        )
        if connecting.done():
            await connecting
            return client
    except (TimeoutError, OSError, nats.errors.Error) as error:
        failed[:] = [error]
    finally:
        for task in (connecting, waiting):
            task.cancel()
        await asyncio.wait({connecting, waiting})
    await client.close()
    if turned_away.is_set():
        raise Refused(_stranger(settings))
    raise Unavailable(
        f"no NATS server at {settings.url}: {failed[0] if failed and str(failed[0]) else 'no answer'}"
    )


async def connect_forever(settings: Nats, name: str) -> Connection:
    """`connect`, for a service: it waits for its server, and says so at longer and longer intervals. Raises
    `Refused`."""
    patience = 1.0
    while True:
        try:
            return await connect(settings.model_copy(update={"connect_timeout": patience}), name)
        except Unavailable as error:
            _log.warning("waiting for NATS", error=str(error))
            patience = min(2 * patience, 60.0)


def _stranger(settings: Nats) -> Problem:
    return Problem(
        type="forbidden",
        detail=f"the NATS server at {settings.url} does not let {settings.user or 'a client without a name'} "
        "in",
        action="check REPRISE_NATS__USER and REPRISE_NATS__PASSWORD (or REPRISE_NATS__CREDS) against the "
        "server's users",
    )


async def flush_subscriptions(client: Client) -> None:
    """Wait until the server has taken in what was said so far, subscriptions above all. Raises `Unavailable`.

    One flush does not do: the library writes its PING at once, before the commands that wait to be written.
    """
    try:
        for _ in range(2):
            await client.flush()
    except (TimeoutError, nats.errors.Error) as error:
        raise Unavailable(f"the NATS server does not answer: {error or 'no answer'}") from error
