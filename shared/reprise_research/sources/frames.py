"""Frames between a process and the children that work for it, on their stdin and stdout.

A frame is a length of four bytes (big endian), a JSON header of that length, and as many bytes of body as the
header says."""

import asyncio
import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

Frame = tuple[dict[str, Any], bytes]


def framed(header: Mapping[str, Any], body: bytes) -> bytes:
    """A header and its body as they are sent."""
    data = json.dumps({**header, "bytes": len(body)}).encode()
    return struct.pack(">I", len(data)) + data + body


def send(stream: BinaryIO, header: Mapping[str, Any], body: bytes = b"") -> None:
    """Write one frame."""
    stream.write(framed(header, body))
    stream.flush()


def receive(stream: BinaryIO) -> Frame | None:
    """The next frame; None where the other side has closed."""
    start = stream.read(4)
    if len(start) < 4:
        return None
    header = json.loads(stream.read(struct.unpack(">I", start)[0]))
    return header, stream.read(header["bytes"])


async def received(stream: asyncio.StreamReader) -> Frame:
    """The next frame. Raises `IncompleteReadError` where the other side has closed."""
    (length,) = struct.unpack(">I", await stream.readexactly(4))
    header = json.loads(await stream.readexactly(length))
    return header, await stream.readexactly(header["bytes"])
