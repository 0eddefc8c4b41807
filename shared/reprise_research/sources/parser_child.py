"""The process that parses HTML, PDF and office documents, alone with its document: limits are set before the first byte is read.

A bomb or a bug in a parser takes this process with it and nothing else. Frames on stdin and stdout are a length of four bytes (big
endian), a JSON header of that length, and as many bytes of body as the header says; the first one says that it is ready. Run as
`python -m reprise_research.sources.parser_child <bytes of address space>`.
"""

import html
import io
import json
import re
import resource
import struct
import sys
import zipfile
from typing import Any, BinaryIO

from reprise_research.sources.names import author_of, title_of
from reprise_research.sources.page.document import read_page
from reprise_research.sources.pdf.document import read_pdf
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
        except Exception as error:  # whatever a parser throws at a hostile document is the document's failure
            answer, text = {"failed": "malformed", "detail": f"It cannot be read: {type(error).__name__}."}, ""
        del body
        _send(stdout, answer, text.encode("utf-8", "replace"))


def _parse(header: dict[str, Any], body: bytes) -> tuple[dict[str, str | None], str]:
    if header["kind"] == "pdf":
        return read_pdf(body)
    if header["kind"] == "office":
        return _office(body, str(header["url"]))
    return read_page(body, header.get("charset"))


def _office(body: bytes, suffix: str) -> tuple[dict[str, str | None], str]:
    """Markdown of an office document, and its title and author as its properties name them."""
    try:
        from markitdown import FileConversionException, MarkItDown, MissingDependencyException, StreamInfo  # noqa: PLC0415

        made = MarkItDown(enable_plugins=False).convert_stream(io.BytesIO(body), stream_info=StreamInfo(extension=suffix))
    except ModuleNotFoundError as missing:
        raise Unreadable("unsupported", _NEEDS_OFFICE.format(suffix=suffix)) from missing
    except FileConversionException:
        raise Unreadable("malformed", f"It is called a {suffix} file, but is damaged and cannot be opened.") from None
    except MissingDependencyException:
        raise Unreadable("unsupported", _NEEDS_OFFICE.format(suffix=suffix)) from None
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        core = packed.read("docProps/core.xml")[:100_000].decode("utf-8", "replace") if "docProps/core.xml" in packed.namelist() else ""
    told = {name: re.search(rf"<{tag}[^>]*>([^<]+)</{tag}>", core) for name, tag in _PROPERTIES.items()}
    named = {name: html.unescape(match[1]) if match else None for name, match in told.items()}
    author = author_of(named["author"], made.markdown)
    published = named["published"] if author is not None or not named["author"] else None  # a template's date is not the document's
    return {
        "method": "markitdown", "title": title_of(named["title"], made.markdown), "author": author,
        "published": published[:10] if published else None,
    }, made.markdown  # fmt: skip


_NEEDS_OFFICE = "It is a {suffix} file; reading one needs the extra `office`: pip install 'reprise-research[office]'."
_PROPERTIES = {"title": "dc:title", "author": "dc:creator", "published": "dcterms:modified"}


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
