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

from reprise_research.sources.pages import paragraphs

_MOST_PAGES = 3000


def main() -> None:
    """Serve requests until the other side closes."""
    limit = int(sys.argv[1])
    stdin, stdout = sys.stdin.buffer, sys.stdout.buffer
    sys.stdout = io.TextIOWrapper(io.FileIO(2, "w", closefd=False), write_through=True)
    import lxml.html  # noqa: F401, PLC0415  # before the limit, so that all of it is for the document
    import pypdfium2  # noqa: F401, PLC0415
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


class Unreadable(Exception):
    """A document that the parser refuses."""

    def __init__(self, reason: str, detail: str) -> None:
        super().__init__(detail)
        self.reason = reason


def _parse(header: dict[str, Any], body: bytes) -> tuple[dict[str, str | None], str]:
    if header["kind"] == "pdf":
        return _pdf(body)
    if header["kind"] == "office":
        return _office(body, str(header["url"]))
    return _html(body, header.get("url") or None, header.get("charset"))


def _pdf(body: bytes) -> tuple[dict[str, str | None], str]:
    """Text of every page, lines put back into paragraphs."""
    import pypdfium2  # noqa: PLC0415

    try:
        document = pypdfium2.PdfDocument(body)
    except pypdfium2.PdfiumError as error:
        if "password" in str(error).lower():
            raise Unreadable("forbidden", "The PDF is protected by a password.") from None
        raise Unreadable("malformed", "The PDF is damaged and cannot be opened.") from None
    if len(document) > _MOST_PAGES:
        raise Unreadable("too_large", f"The PDF has {len(document)} pages; at most {_MOST_PAGES} are read.")
    pages = []
    for number in range(len(document)):
        page = document[number]
        reader = page.get_textpage()
        pages.append(reader.get_text_bounded().replace("\r\n", "\n"))
        reader.close()
        page.close()
    told = {name: _own(value) for name, value in document.get_metadata_dict().items()}
    published = re.match(r"D:(\d{4})(\d\d)(\d\d)", told.get("CreationDate") or "")
    answer = {
        "method": "pypdfium2",
        "title": told.get("Title") or None,
        "author": told.get("Author") or None,
        "published": "-".join(published.groups()) if published else None,
    }
    document.close()
    return answer, paragraphs(pages)


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
    found = {name: _own(html.unescape(match[1])) if match else None for name, match in told.items()}
    made_by_hand = found["author"] is not None or not told["author"]
    published = found["published"] if made_by_hand else None  # a template's date is not the document's
    return {"method": "markitdown", **found, "published": published[:10] if published else None}, made.markdown


_TEMPLATES = re.compile(
    r"(?:python-docx|openpyxl|xlsxwriter|pandoc|docx4j|apache poi|microsoft office user|windows user|steve canny|author|user|owner|"
    r"admin|administrator|root|\(?(?:anonymous|unspecified)\)?|unknown|unbekannt|default|test|pc|hp|dell|lenovo|untitled\d*|unnamed|"
    r"document\d*|word document|powerpoint presentation|presentation\d*|title|none|null|-)",
    re.IGNORECASE,
)
"""What programs and templates write where a document names its author and its title."""


def _own(value: str) -> str | None:
    """A property as its author gave it, in one line; None for what a program or a template put there."""
    told = re.sub(r"^Microsoft (?:Word|PowerPoint|Excel) - ", "", " ".join(value.split()))[:300]
    return None if not told or _TEMPLATES.fullmatch(told) else told


_NEEDS_OFFICE = "It is a {suffix} file; reading one needs the extra `office`: pip install 'reprise-research[office]'."
_PROPERTIES = {"title": "dc:title", "author": "dc:creator", "published": "dcterms:modified"}


def _html(body: bytes, url: str | None, charset: str | None) -> tuple[dict[str, str | None], str]:
    """The main text by trafilatura, which tries readability and jusText itself; if they find little, every block that is not mostly
    links."""
    import trafilatura  # noqa: PLC0415

    page: bytes | str = body
    if charset:
        try:
            page = body.decode(charset)
        except (LookupError, UnicodeDecodeError):
            page = body
    found = trafilatura.bare_extraction(page, url=url, include_comments=False, include_tables=True, deduplicate=False, with_metadata=True)
    author, published = _told(page)
    answer: dict[str, str | None] = {"method": "trafilatura", "title": None, "author": author, "published": published}
    text = ""
    if isinstance(found, trafilatura.settings.Document):
        answer |= {"title": found.title or None, "author": author or found.author or None}
        text = "\n".join(_lines(found.body)) if found.body is not None else found.text or ""
    if _is_little(text):
        title, blocks = _blocks(page)
        if len(blocks) > 0.25 * len(text):
            text = blocks
            answer |= {"method": "lxml", "title": answer["title"] or title}
    return answer, text


def _is_little(text: str) -> bool:
    """Whether a page hardly has only so much text: fewer than 40 words, and no long run of Chinese."""
    return len(text.split()) < 40 and not re.search(r"[\u4e00-\u9fff]{80}", text.replace("\n", ""))


_WITHIN = frozenset({"hi", "ref", "code", "del", "graphic", "a", "span", "em", "strong", "b", "i", "lb", "sub", "sup"})
"""Elements that stand within a paragraph."""


def _lines(body: Any) -> list[str]:
    """The text of each block of an extracted page in a line of its own, however its markup was wrapped; a row of a table is one."""
    lines: list[str] = []
    open_line: list[str] = []

    def close() -> None:
        line = " ".join("".join(open_line).split())
        if line:
            lines.append(line)
        open_line.clear()

    def walk(element: Any) -> None:
        if element.tag == "row":
            close()
            cells = [" ".join("".join(cell.itertext()).split()) for cell in element.iter("cell")]
            if any(cells):
                lines.append(f"| {' | '.join(cells)} |")
            return
        inline = element.tag in _WITHIN and "\n" not in (element.text or "").strip()
        if not inline:
            close()
        open_line.append(element.text or "")
        if element.tag == "lb":
            close()
        for child in element:
            walk(child)
            open_line.append(child.tail or "")
        if not inline:
            close()

    walk(body)
    close()
    return lines


def _told(page: bytes | str) -> tuple[str | None, str | None]:
    """Author and date as the page's head names them, word for word: nothing is guessed from the text."""
    import lxml.html  # noqa: PLC0415

    try:
        root = lxml.html.fromstring(page)
    except (ValueError, lxml.etree.LxmlError):
        return None, None
    named = root.xpath("//meta[@name='author']/@content")
    author = " ".join(str(named[0]).split())[:200] if named else ""
    dates = [
        *root.xpath(
            "//meta[@property='article:published_time' or @itemprop='datePublished' or @name='date' or @name='dc.date' "
            "or @name='DC.date' or @name='dcterms.created' or @name='citation_publication_date']/@content"
        ),
        *re.findall(r'"datePublished"\s*:\s*"([^"]{10,40})"', " ".join(root.xpath("//script[@type='application/ld+json']/text()"))),
        *root.xpath("//time[@pubdate]/@datetime"),
        *root.xpath("//article//time/@datetime")[:1],
    ]
    published = next((found[0] for date in dates if (found := re.match(r"(?:19|20)\d\d-\d\d-\d\d", str(date).replace("/", "-")))), None)
    return author or None, published


def _blocks(page: bytes | str) -> tuple[str | None, str]:
    """Every block of text that is not mostly links, and the page's title (link density: Kohlschütter et al. 2010)."""
    import lxml.html  # noqa: PLC0415

    try:
        root = lxml.html.fromstring(page)
    except (ValueError, lxml.etree.LxmlError):
        return None, ""
    for unwanted in root.xpath("//script|//style|//noscript|//template|//nav|//header|//footer|//aside|//form|//svg|//button|//*[@hidden]"):
        if unwanted.getparent() is not None:
            unwanted.drop_tree()
    title = root.findtext(".//title")
    blocks = []
    for block in root.iter("p", "li", "h1", "h2", "h3", "h4", "blockquote", "pre", "td", "div", "article", "section", "body"):
        if block.tag in {"div", "article", "section", "body", "blockquote", "td"}:
            text = " ".join(" ".join(piece.split()) for piece in block.xpath("./text()"))
        else:
            text = " ".join(block.text_content().split())
        linked = sum(len(link.text_content()) for link in block.iter("a"))
        if text.strip() and linked < 0.5 * len(text):
            blocks.append(text.strip())
    return (title.strip() or None) if title else None, "\n\n".join(dict.fromkeys(blocks))


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
