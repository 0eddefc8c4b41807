"""A receiver of webhooks on loopback that checks signatures, and behaves as badly as a test wants."""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from typing import Literal

from reprise_contracts.webhooks import Announcement, verified

Mood = Literal["take", "fail", "hang", "silent", "gone"]
"""Take it; answer 500; take the connection and say nothing; take it and end without an answer; answer 410."""
HUNG = 60.0


class Receiver:
    """Counts what it is told by its id. It can be stopped and started again at the same port."""

    def __init__(self) -> None:
        self.mood: Callable[[], Mood] = lambda: "take"
        self.secret = ""
        self.bodies: dict[str, set[bytes]] = {}
        """By id: the bodies that came under it."""
        self.tries: Counter[str] = Counter()
        self.counted: list[Announcement] = []
        """Each id once, in the order in which they came."""
        self.names: set[str] = set()
        self.forged = 0
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?key=not-to-be-shown"

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Die: whoever is being answered hears nothing more."""
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._answer(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(asyncio.IncompleteReadError, ConnectionError):
                head = (await reader.readuntil(b"\r\n\r\n")).decode()
                lines = (line.partition(":") for line in head.split("\r\n")[1:] if line)
                headers = {name.lower(): value.strip() for name, _, value in lines}
                body = await reader.readexactly(int(headers["content-length"]))
                if status := await self._judge(headers, body):
                    writer.write(
                        f"HTTP/1.1 {status} So\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()
                    )
                    await writer.drain()
        finally:
            writer.close()

    async def _judge(self, headers: dict[str, str], body: bytes) -> int:
        if not verified(self.secret, headers, body, datetime.now(UTC)):
            self.forged += 1
            return 401
        name, mood = headers["webhook-id"], self.mood()
        self.tries[name] += 1
        self.bodies.setdefault(name, set()).add(body)
        if mood == "hang":
            await asyncio.sleep(HUNG)
        if mood in {"fail", "gone", "hang"}:
            return 410 if mood == "gone" else 500
        announcement = Announcement.decode(body)
        assert announcement.id == name
        if name not in self.names:
            self.names.add(name)
            self.counted.append(announcement)
        return 0 if mood == "silent" else 204
