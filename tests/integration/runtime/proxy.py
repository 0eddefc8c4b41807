"""A TCP proxy that can cut connections and swallow what the server says."""

import asyncio
import contextlib
from typing import Self


class Proxy:
    """Stands between a client and a server on the loopback interface. Use it as a context."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.port = 0
        self.deaf = False
        """What the server says is dropped."""
        self.passed = asyncio.Event()
        """Set when something went to the server; clear it before waiting."""
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        self.cut()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()

    def cut(self) -> None:
        """Break every connection that is open."""
        for writer in self._writers:
            writer.transport.abort()

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._target)
        self._writers |= {writer, server_writer}
        for source, sink, from_server in ((reader, server_writer, False), (server_reader, writer, True)):
            task = asyncio.create_task(self._pump(source, sink, from_server))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _pump(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, from_server: bool
    ) -> None:
        with contextlib.suppress(OSError):
            while data := await source.read(1 << 16):
                if from_server and self.deaf:
                    continue
                sink.write(data)
                await sink.drain()
                if not from_server:
                    self.passed.set()
        sink.close()
        with contextlib.suppress(OSError):
            await sink.wait_closed()
        self._writers.discard(sink)
