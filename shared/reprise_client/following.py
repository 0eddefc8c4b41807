"""Following a batch over the WebSocket: every durable frame once, through lost connections."""

import asyncio
import time
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from typing import Protocol
from urllib.parse import urlencode

from pydantic import ValidationError
from websockets.asyncio.client import connect as connect_async
from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException
from websockets.sync.client import connect as connect_sync

from reprise_client.errors import NoServer, Refused
from reprise_client.requests import named, problem_in
from reprise_contracts import frames

AnyFrame = frames.Frame | frames.NodeUpdate

QUIET = 2.0
"""Seconds without a frame after which a moment without one is told."""
PATIENCE = 60.0
"""Seconds without a server after which a follower gives up."""
FIRST_DELAY, LONGEST_DELAY = 0.2, 3.0
WHOLE_COMMIT = 2**31
"""The place within a commit that says that all of it was seen."""
LOST = (OSError, TimeoutError, WebSocketException, InvalidHandshake, NoServer)
"""What a lost connection shows itself as."""


class Position:
    """Where a follower is in the log. It survives a lost connection, so nothing is missed or seen twice."""

    def __init__(self, batch_id: str, patience: float = PATIENCE) -> None:
        self._batch_id, self._patience = named(batch_id), patience
        self.at: tuple[int, int] | None = None
        """The last durable frame that was seen: its commit, and its place within."""
        self.epoch = ""
        self.lost = 0
        """How many connections were lost."""
        self._delay, self._gone_since = FIRST_DELAY, 0.0

    def url(self, server: str, ticket: str | None) -> str:
        """The address that goes on from here."""
        scheme, rest = server.split("://", 1)
        params: dict[str, str] = {}
        if self.at is not None:
            seq, n = self.at
            params["after"] = str(seq) if n == WHOLE_COMMIT else f"{seq}.{n}"
        if ticket is not None:
            params["ticket"] = ticket
        query = f"?{urlencode(params)}" if params else ""
        return f"{'wss' if scheme == 'https' else 'ws'}://{rest}/ws/{self._batch_id}{query}"

    def another(self, frame: AnyFrame | None) -> bool:
        """Return whether the log was created anew since: positions in the old one mean nothing, so connect
        again without one."""
        if not isinstance(frame, frames.Connected):
            return False
        another = bool(self.epoch) and frame.epoch != self.epoch and self.at is not None
        self.epoch = frame.epoch
        if another:
            self.at = None
        return another

    def advance(self, frame: AnyFrame) -> bool:
        """Move on; False for a durable frame that was seen already."""
        self._delay, self._gone_since = FIRST_DELAY, 0.0
        if isinstance(frame, frames.Reset):
            self.at = None
        elif isinstance(frame, frames.Snapshot):
            self.at = (frame.seq or 0, WHOLE_COMMIT)
        elif frame.DURABLE and frame.seq is not None:
            at = (frame.seq, frame.n or 0)
            if self.at is not None and at <= self.at:
                return False
            self.at = at
        return True

    def lose(self, server: str, error: Exception | None) -> float:
        """A connection was lost: the seconds to wait before the next. Raises `Refused` where the server said
        why it lets nobody in, and waiting will not change its mind; `NoServer` when nobody answers for too
        long."""
        if isinstance(error, InvalidStatus):
            problem = problem_in(bytes(error.response.body or b""))
            if problem is not None and problem.type != "unavailable":
                raise Refused.by(problem) from error
        now = time.monotonic()
        self._gone_since = self._gone_since or now
        if now - self._gone_since > self._patience:
            raise NoServer(server, str(error) or type(error).__name__)
        self.lost += 1
        delay, self._delay = self._delay, min(self._delay * 2, LONGEST_DELAY)
        return delay


def parse(message: str | bytes) -> AnyFrame | None:
    """One frame; None for a type that is newer than this client, and for what is no frame."""
    try:
        return frames.FRAMES.validate_json(message)
    except ValidationError:
        return None


class Socket(Protocol):
    """What following needs of a WebSocket."""

    def recv(self, timeout: float | None = None) -> str | bytes:
        """The next message; raises TimeoutError when none came in time."""
        ...


class Ticketing(Protocol):
    """What following needs of a client."""

    server: str

    def ticket(self) -> str | None:
        """A ticket for the WebSocket; None where no tokens are configured."""
        ...


Connect = Callable[[str], AbstractContextManager[Socket]]


def _connect(url: str) -> AbstractContextManager[Socket]:
    return connect_sync(url, open_timeout=5, close_timeout=1, max_size=None, proxy=None)


class Follower:
    """Frames of one batch from one server."""

    def __init__(
        self, client: Ticketing, batch_id: str, *, connect: Connect = _connect, patience: float = PATIENCE
    ) -> None:
        self._client, self._connect = client, connect
        self.position = Position(batch_id, patience)

    def frames(self) -> Generator[AnyFrame | None, None, None]:
        """Frames for ever; None when nothing came for a moment. Raises `NoServer` when nobody answers for too
        long, and `Refused`."""
        while True:
            error: Exception | None = None
            try:
                with self._connect(self.position.url(self._client.server, self._client.ticket())) as socket:
                    yield from self._read(socket)
            except LOST as lost:
                error = lost
            time.sleep(self.position.lose(self._client.server, error))

    def _read(self, socket: Socket) -> Generator[AnyFrame | None, None, None]:
        while True:
            try:
                message = socket.recv(timeout=QUIET)
            except TimeoutError:
                yield None
                continue
            frame = parse(message)
            if self.position.another(frame):
                return
            if frame is not None and self.position.advance(frame):
                yield frame


class AsyncTicketing(Protocol):
    """What following needs of an asynchronous client."""

    server: str

    async def ticket(self) -> str | None:
        """A ticket for the WebSocket; None where no tokens are configured."""
        ...


class AsyncSocket(Protocol):
    """What following needs of an asynchronous WebSocket."""

    async def recv(self) -> str | bytes:
        """The next message."""
        ...


AsyncConnect = Callable[[str], AbstractAsyncContextManager[AsyncSocket]]


def _connect_async(url: str) -> AbstractAsyncContextManager[AsyncSocket]:
    return connect_async(url, open_timeout=5, close_timeout=1, max_size=None, proxy=None)


class AsyncFollower:
    """The same, in a loop of `asyncio`."""

    def __init__(
        self,
        client: AsyncTicketing,
        batch_id: str,
        *,
        connect: AsyncConnect = _connect_async,
        patience: float = PATIENCE,
    ) -> None:
        self._client, self._connect = client, connect
        self.position = Position(batch_id, patience)

    async def frames(self) -> AsyncGenerator[AnyFrame | None, None]:
        """As `Follower.frames`."""
        while True:
            error: Exception | None = None
            try:
                url = self.position.url(self._client.server, await self._client.ticket())
                async with self._connect(url) as socket:
                    async for frame in self._read(socket):
                        yield frame
            except LOST as lost:
                error = lost
            await asyncio.sleep(self.position.lose(self._client.server, error))

    async def _read(self, socket: AsyncSocket) -> AsyncGenerator[AnyFrame | None, None]:
        while True:
            try:
                async with asyncio.timeout(QUIET):
                    message = await socket.recv()
            except TimeoutError:
                yield None
                continue
            frame = parse(message)
            if self.position.another(frame):
                return
            if frame is not None and self.position.advance(frame):
                yield frame
