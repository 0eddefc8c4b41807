"""A few parser processes that are started once and used again; one that dies, hangs or eats too much is
replaced.

A process says when it is ready: what happens before that is never the fault of a document.

The event loop that uses a pool must be the one that closes it.
"""

import asyncio
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, cast

from reprise_contracts.sources import FailureReason
from reprise_research.errors import ParserUnavailable
from reprise_research.sources.children import bare_environment, kill_group
from reprise_research.sources.failures import SourceFailed
from reprise_research.sources.formats.document import Part
from reprise_research.sources.frames import framed, received
from reprise_research.sources.kinds import Kind

_CHILD = "reprise_research.sources.parser_child"
_STREAM_LIMIT = 1 << 20
_MOST_USES = 200
"""Documents after which a process is replaced, so that what a parser leaks is given back."""


@dataclass(frozen=True)
class Parsed:
    """What a parser process found."""

    text: str
    method: str
    title: str | None = None
    author: str | None = None
    published: str | None = None
    note: str | None = None
    """What of the document was not read, in a sentence."""
    url: str | None = None
    parts: tuple[Part, ...] = ()
    """The documents that it holds."""


@dataclass
class _Child:
    process: asyncio.subprocess.Process
    uses: int = 0
    silencing: asyncio.Task[None] | None = None


@dataclass
class ParserPool:
    """Parses HTML, PDF and office documents in processes with limits on time and memory."""

    size: int = 2
    seconds: float = 20.0
    memory: int = 1_000_000_000
    ocr: str = ""
    """Languages in which `tesseract` reads pages that are pictures, as `eng+deu`; empty: nobody does."""
    start_seconds: float = 60.0
    """For a process to import its libraries; a busy machine takes its time."""
    _idle: list[_Child] = field(default_factory=list)
    _gate: asyncio.Semaphore = field(init=False)
    _closed: bool = False

    def __post_init__(self) -> None:
        self._gate = asyncio.Semaphore(self.size)

    async def __aenter__(self) -> "ParserPool":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """End every idle process; one at work ends when its work does."""
        self._closed = True
        idle, self._idle = self._idle, []
        await asyncio.gather(*(_end(child) for child in idle))

    @property
    def processes(self) -> tuple[int, ...]:
        """The ids of the idle processes."""
        return tuple(child.process.pid for child in self._idle)

    async def parse(self, kind: Kind, data: bytes, *, url: str = "", charset: str | None = None) -> Parsed:
        """Parse one document. Raises `SourceFailed`: `timeout`, `resources`, or what the parser says of the
        document; and `ParserUnavailable` if no process can be started. `url` is the page's address; of an
        office document its suffix."""
        async with self._gate:
            child = await self._taken()
            fine = False
            try:
                async with asyncio.timeout(self.seconds) as limit:
                    recognition = (shutil.which("tesseract") or "tesseract", self.ocr)
                    wish = {"kind": kind, "url": url, "charset": charset, "recognition": recognition}
                    header, body = await _ask(child.process, wish, data)
                    while "working" in header:
                        limit.reschedule(asyncio.get_running_loop().time() + self.seconds)
                        header, body = await _answer(child.process)
                fine = True
            except TimeoutError:
                raise SourceFailed(
                    "timeout", f"Reading it took longer than {self.seconds:g} seconds."
                ) from None
            except (asyncio.IncompleteReadError, ConnectionError):
                raise SourceFailed(
                    "resources", "Reading it broke the parser, or took more memory than one source may use."
                ) from None
            finally:
                child.uses += 1
                spent = not fine or self._closed or child.uses >= _MOST_USES
                if spent:
                    await _end(child)
                else:
                    self._idle.append(child)
        if "failed" in header:
            raise SourceFailed(cast(FailureReason, header["failed"]), header["detail"])
        return Parsed(
            body[: header["text"]].decode(),
            header["method"],
            header.get("title"),
            header.get("author"),
            header.get("published"),
            header.get("note"),
            header.get("url"),
            tuple(_parts(header["parts"], body, header["text"])),
        )

    async def _taken(self) -> _Child:
        while self._idle:
            child = self._idle.pop()
            if child.process.returncode is None:
                return child
            await _end(child)
        threads = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            _CHILD,
            str(self.memory),
            env=bare_environment() | threads,
            limit=_STREAM_LIMIT,
            start_new_session=True,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        child = _Child(process)
        try:
            async with asyncio.timeout(self.start_seconds):
                await _answer(process)
        except (asyncio.IncompleteReadError, ConnectionError, TimeoutError) as failed:
            late = isinstance(failed, TimeoutError)
            await _end(child)
            last = "" if late else await _last_words(process)
            raise ParserUnavailable(
                f"it was not ready within {self.start_seconds:g} seconds" if late else last
            ) from None
        except BaseException:
            await _end(child)
            raise
        child.silencing = asyncio.create_task(_drained(process))
        return child


def _parts(told: list[dict[str, Any]], body: bytes, at: int) -> Iterator[Part]:
    for one in told:
        yield Part(one["name"], body[at : at + one["bytes"]], one["type"], one["title"])
        at += one["bytes"]


async def _ask(
    process: asyncio.subprocess.Process, header: dict[str, Any], body: bytes
) -> tuple[dict[str, Any], bytes]:
    if process.stdin is None or process.stdout is None:
        raise ConnectionError
    process.stdin.write(framed(header, body))
    await process.stdin.drain()
    return await _answer(process)


async def _answer(process: asyncio.subprocess.Process) -> tuple[dict[str, Any], bytes]:
    if process.stdout is None:
        raise ConnectionError
    return await received(process.stdout)


async def _last_words(process: asyncio.subprocess.Process) -> str:
    """The last line that a process that did not start wrote: most often the library that it lacks."""
    told = await process.stderr.read(20_000) if process.stderr is not None else b""
    lines = told.decode("utf-8", "replace").strip().splitlines()
    return lines[-1][:300] if lines else f"it ended with {process.returncode}"


async def _drained(process: asyncio.subprocess.Process) -> None:
    """Take what parsers complain of, so that they never wait for a reader."""
    while process.stderr is not None and await process.stderr.read(65_536):
        pass


async def _end(child: _Child) -> None:
    """Kill a process and wait until it is gone."""
    await kill_group(child.process)
    if child.silencing is not None:
        await asyncio.shield(child.silencing)
