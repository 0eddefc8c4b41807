"""The process that parses everything but plain text, alone with its document: limits are set before the first byte is read.

A bomb or a bug in a parser takes this process with it and nothing else. Frames on stdin and stdout are a length of four bytes (big
endian), a JSON header of that length, and as many bytes of body as the header says; the first one says that it is ready. Run as
`python -m reprise_research.sources.parser_child <bytes of address space>`.
"""

import io
import json
import resource
import struct
import sys
from typing import Any, BinaryIO

from reprise_research.sources.formats.reading import read_document
from reprise_research.sources.unreadable import Unreadable


def main() -> None:
    """Serve requests until the other side closes."""
    limit = int(sys.argv[1])
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), write_through=True)
    import pypdfium2  # noqa: F401, PLC0415  # before the limit, so that all of it is for the document
    import trafilatura  # noqa: F401, PLC0415

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (limit, limit))
    _send(stdout, {"ready": "yes"}, b"")
    while (request := _receive(stdin)) is not None:
        header, body = request
        try:
            answer, text = _parse(header, body)
        except MemoryError:
            answer, text = {"failed": "resources", "detail": "Reading it takes more memory than one source may use."}, ""
        except RecursionError:
            answer, text = {"failed": "malformed", "detail": "It is nested too deeply to be read."}, ""
        except Unreadable as error:
            answer, text = {"failed": error.reason, "detail": str(error)}, ""
        except ModuleNotFoundError as error:
            answer, text = {"failed": "unsupported", "detail": f"Reading it needs the package {error.name}, which is not installed."}, ""
        except Exception as error:  # whatever a parser throws at a hostile document is the document's failure
            answer, text = {"failed": "malformed", "detail": f"It cannot be read: {type(error).__name__}."}, ""
        del body
        _send(stdout, answer, text.encode("utf-8", "replace"))


def _parse(header: dict[str, Any], body: bytes) -> tuple[dict[str, str | None], str]:
    made = read_document(header["kind"], body, str(header.get("url") or ""), header.get("charset"))
    told = {"method": made.method, "title": made.title, "author": made.author, "published": made.published, "note": made.note}
    return told, made.text


def _receive(stream: BinaryIO) -> tuple[dict[str, Any], bytes] | None:
    start = stream.read(4)
    if len(start) < 4:
        return None
    header = json.loads(stream.read(struct.unpack(">I", start)[0]))
    return header, stream.read(header["bytes"])


def _send(stream: BinaryIO, header: dict[str, str | None], body: bytes) -> None:
    data = json.dumps({**header, "bytes": len(body)}).encode()
    stream.write(struct.pack(">I", len(data)) + data + body)
    stream.flush()


if __name__ == "__main__":
    main()
