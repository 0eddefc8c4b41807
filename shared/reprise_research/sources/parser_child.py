"""The process that parses everything but plain text, alone with its document: limits are set before the first
byte is read.

Before each page whose text it recognises it says that it is at work: the time of a document begins anew.

A bomb or a bug in a parser takes this process with it and nothing else. Of the frames on stdout the first one
says that it is ready. In an answer's body the documents that the file holds follow its
text. Run as `python -m reprise_research.sources.parser_child <bytes of address space>`.
"""

import io
import resource
import sys
from collections.abc import Callable
from functools import partial
from typing import Any

from reprise_research.sources.formats.reading import read_document
from reprise_research.sources.frames import receive, send
from reprise_research.sources.pdf.recognition import Recognition
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
    send(stdout, {"ready": "yes"}, b"")
    while (request := receive(stdin)) is not None:
        header, body = request
        try:
            answer, told = _parse(header, body, partial(send, stdout, {"working": "on a page"}))
        except MemoryError:
            answer, told = _failed("resources", "Reading it takes more memory than one source may use.")
        except RecursionError:
            answer, told = _failed("malformed", "It is nested too deeply to be read.")
        except Unreadable as error:
            answer, told = _failed(error.reason, str(error))
        except ModuleNotFoundError as error:
            lacking = f"Reading it needs the package {error.name}, which is not installed."
            answer, told = _failed("unsupported", lacking)
        except Exception as error:  # whatever a parser throws at a hostile document is the document's failure
            answer, told = _failed("malformed", f"It cannot be read: {type(error).__name__}.")
        del body
        send(stdout, answer, told)


def _failed(reason: str, detail: str) -> tuple[dict[str, Any], bytes]:
    return {"failed": reason, "detail": detail}, b""


def _parse(header: dict[str, Any], body: bytes, begin: Callable[[], None]) -> tuple[dict[str, Any], bytes]:
    program, languages = header["recognition"]
    recognition = Recognition(program, languages, begin) if languages else None
    url = str(header.get("url") or "")
    made = read_document(header["kind"], body, url, header.get("charset"), recognition)
    text = made.text.encode("utf-8", "replace")
    parts = [
        {"name": one.name, "type": one.content_type, "title": one.title, "bytes": len(one.data)}
        for one in made.parts
    ]
    said = {name: getattr(made, name) for name in ("method", "title", "author", "published", "note", "url")}
    return said | {"text": len(text), "parts": parts}, b"".join([text, *(one.data for one in made.parts)])


if __name__ == "__main__":
    main()
