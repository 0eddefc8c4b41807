"""A real HTTP server on loopback whose answers a test writes, byte for byte if it wants to."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

Body = bytes | AsyncIterator[bytes]


@dataclass
class Request:
    """What was asked."""

    path: str
    headers: dict[str, str]


@dataclass
class Reply:
    """What is answered. A body that is an iterator is sent piece by piece until the client leaves."""

    body: Body = b""
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)


Handler = Callable[[Request], Awaitable[Reply] | Reply]


class PageServer:
    """Serves `pages`; every request is noted in `asked`. A page is a reply or a function that makes one."""

    def __init__(self) -> None:
        self.pages: dict[str, Reply | Handler] = {}
        self.asked: list[Request] = []
        self.sent = 0
        self.open = 0
        """Connections that are being answered."""
        self.connected = 0
        """Connections in all, also those that ask for nothing."""
        self.port = 0
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "PageServer":
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        """The address of a page."""
        return f"http://{host}:{self.port}{path}"

    def count(self, path: str) -> int:
        """How often a page was asked for."""
        return sum(request.path == path for request in self.asked)

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        self.connected += 1
        try:
            lines = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
            headers = {
                name.lower(): value.strip()
                for name, _, value in (line.partition(":") for line in lines[1:] if line)
            }
            request = Request(lines[0].split(" ")[1], headers)
            self.asked.append(request)
            page = self.pages.get(request.path, Reply(b"no such page", 404))
            if not isinstance(page, Reply):
                made = page(request)
                page = made if isinstance(made, Reply) else await made
            await self._answer(writer, page)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self.open -= 1
            writer.close()

    async def _answer(self, writer: asyncio.StreamWriter, page: Reply) -> None:
        headers = {"content-type": "text/html; charset=utf-8", "connection": "close", **page.headers}
        if isinstance(page.body, bytes):
            headers.setdefault("content-length", str(len(page.body)))
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        writer.write(f"HTTP/1.1 {page.status} X\r\n{head}\r\n".encode("latin-1"))
        if isinstance(page.body, bytes):
            writer.write(page.body)
            self.sent += len(page.body)
        else:
            async for piece in page.body:
                writer.write(piece)
                self.sent += len(piece)
                await writer.drain()
        await writer.drain()
