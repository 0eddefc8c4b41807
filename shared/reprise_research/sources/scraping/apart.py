"""A scraper's work in a process of its own, which has no network but its parent.

Whatever the child wants from the web it asks of its parent, and that fetches it as every source is fetched:
public addresses only, each checked and pinned, politely and within limits.

Frames from the child are `{"ask": number, "url", "headers", "part", "post"}`, with the body to be posted, or
its last word: `{"done": …}` with a body, `{"pass": …}` for a page like any other, `{"failed": reason,
"detail"}`. Frames to it are the wish, then answers: `{"answer": number, …}`.
"""

import asyncio
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from reprise_research.sources.children import bare_environment, kill_group
from reprise_research.sources.documents import Get, PageRequest
from reprise_research.sources.failures import SourceFailed
from reprise_research.sources.frames import Frame, framed, received

_MOST_REQUESTS = 200
_MOST_BYTES = 60_000_000
"""Of all that one page asks for."""
_STREAM_LIMIT = 1 << 20


@dataclass
class _Allowance:
    """What the requests of one child may still take."""

    requests: int = _MOST_REQUESTS
    bytes: int = _MOST_BYTES

    def spend(self, size: int) -> None:
        self.bytes -= size
        if self.bytes < 0:
            raise SourceFailed("too_large", f"The page loads more than {_MOST_BYTES / 1e6:g} MB.")

    def begin(self) -> None:
        self.requests -= 1
        if self.requests < 0:
            raise SourceFailed("too_large", f"The page asks for more than {_MOST_REQUESTS} things.")


@dataclass
class _Errands:
    """The requests of a child, side by side."""

    get: Get
    stdin: asyncio.StreamWriter
    allowance: _Allowance = field(default_factory=_Allowance)
    tasks: set[asyncio.Task[None]] = field(default_factory=set)

    def run(self, header: Mapping[str, Any], body: bytes) -> None:
        task = asyncio.create_task(self._answer(header, body))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def _answer(self, header: Mapping[str, Any], body: bytes) -> None:
        part = PageRequest(header["headers"], body if header["post"] else None) if header["part"] else None
        told: dict[str, Any] = {"answer": header["ask"]}
        data = b""
        try:
            self.allowance.begin()
            found = await self.get(header["url"], part=part)
            self.allowance.spend(len(found.body))
            data = found.body
            told |= {
                "url": found.final_url,
                "type": found.content_type,
                "charset": found.charset,
                "cookies": found.cookies,
            }
        except SourceFailed as failed:
            told |= {"failed": failed.reason, "detail": failed.detail}
        self.stdin.write(framed(told, data))
        await self.stdin.drain()

    async def end(self) -> None:
        """Take back what is under way."""
        under_way = tuple(self.tasks)
        for task in under_way:
            task.cancel()
        await asyncio.gather(*under_way, return_exceptions=True)


async def run_apart(
    module: str,
    wish: Mapping[str, Any],
    get: Get,
    *,
    seconds: float,
    body: bytes = b"",
    environment: Mapping[str, str] | None = None,
) -> Frame | None:
    """The last word of a child, header and body; None for a page like any other.

    Raises `SourceFailed`: what the child says, `timeout` when it takes too long, `resources` where it
    breaks."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        env=bare_environment() | dict(environment or {}),
        limit=_STREAM_LIMIT,
        start_new_session=True,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    if process.stdin is None or process.stdout is None:
        raise ConnectionError
    errands = _Errands(get, process.stdin)
    try:
        async with asyncio.timeout(seconds):
            process.stdin.write(framed(wish, body))
            while True:
                header, told = await received(process.stdout)
                if "ask" not in header:
                    break
                errands.run(header, told)
    except TimeoutError:
        raise SourceFailed("timeout", f"Reading it took longer than {seconds:g} seconds.") from None
    except (asyncio.IncompleteReadError, ConnectionError):
        raise SourceFailed("resources", "Reading it broke the process that was given to it.") from None
    finally:
        await errands.end()
        await kill_group(process)
    if "failed" in header:
        raise SourceFailed(header["failed"], header["detail"])
    return None if "pass" in header else (header, told)
