"""Where callers are heard: the sockets, and a protocol that does not wait for ever for a request to begin."""

import asyncio
import socket
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

BACKLOG = 2048


def listening(host: str, port: int) -> list[socket.socket]:
    """Sockets at every address of a name, listening. Raises `SystemExit`, naming the port, if another program
    has it."""
    found: list[socket.socket] = []
    for family, kind, protocol, _, address in socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    ):
        one = socket.socket(family, kind, protocol)
        try:
            one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            one.bind(address)
            one.listen(BACKLOG)
        except OSError as error:
            for each in (one, *found):
                each.close()
            raise SystemExit(
                f"The gateway cannot listen on port {port} of {host}: {error.strerror}."
            ) from None
        found.append(one)
        if not port:
            break  # any free one, of one address
    return found


def patient(seconds: float) -> type[asyncio.Protocol]:
    """Return the server's protocol with an end to its patience: a connection on which a request has not begun
    after so many seconds, its headers included, is closed."""

    class Patient(AutoHTTPProtocol):  # type: ignore[valid-type, misc]  # the server chooses its class at run time
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self._late: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            self._wait()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._wait()

        def connection_lost(self, exc: Exception | None) -> None:
            if self._late is not None:
                self._late.cancel()
            super().connection_lost(exc)

        def _wait(self) -> None:
            """Begin to wait where nothing is under way, and end it where something is."""
            begun = self.cycle is not None and not self.cycle.response_complete
            if begun and self._late is not None:
                self._late.cancel()
                self._late = None
            elif not begun and self._late is None:
                self._late = asyncio.get_running_loop().call_later(seconds, self._close)

        def _close(self) -> None:
            if self.transport.get_protocol() is self:  # it may be a WebSocket's by now
                self.transport.close()

    return Patient
