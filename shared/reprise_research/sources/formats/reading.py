"""Which reader reads a file: by its kind, and what a file holds by the kind of that."""

import html
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import PurePosixPath

from reprise_research.sources.charset import clean, declared_in_html, decoded
from reprise_research.sources.failures import SourceFailed
from reprise_research.sources.formats.captions import read_captions
from reprise_research.sources.formats.data import read_feed, read_json, read_table, read_xml
from reprise_research.sources.formats.document import Document
from reprise_research.sources.formats.markup import (
    read_adoc,
    read_notebook,
    read_org,
    read_rst,
    read_rtf,
    read_tex,
)
from reprise_research.sources.formats.packed import (
    read_archive,
    read_epub,
    read_mail,
    read_mhtml,
    read_open_document,
    unpacked_gzip,
)
from reprise_research.sources.kinds import Kind, kind_of, office_suffix
from reprise_research.sources.names import author_of, title_of
from reprise_research.sources.page.document import read_page
from reprise_research.sources.pdf.document import read_pdf
from reprise_research.sources.pdf.recognition import Recognition
from reprise_research.sources.plain import from_markdown, from_text
from reprise_research.sources.unreadable import Unreadable

_PROPERTIES = {"title": "dc:title", "author": "dc:creator", "published": "dcterms:modified"}
_NEEDS_OFFICE = (
    "It is a {suffix} file; reading one needs the extra `office`: pip install 'reprise-research[office]'."
)

_PLAIN: dict[Kind, Callable[[bytes, str, str | None], Document]] = {
    "captions": read_captions,
    "notebook": read_notebook,
    "rst": read_rst,
    "tex": read_tex,
    "org": read_org,
    "adoc": read_adoc,
    "rtf": read_rtf,
    "table": read_table,
    "json": read_json,
    "feed": read_feed,
    "xml": read_xml,
}
_PACKED: dict[Kind, Callable[[bytes], Document]] = {
    "epub": read_epub,
    "opendocument": read_open_document,
    "mhtml": read_mhtml,
    "mail": read_mail,
}


def read_document(
    kind: Kind, body: bytes, name: str, charset: str | None, recognition: Recognition | None = None
) -> Document:
    """The text of a file of some kind; of pages that are pictures, where it is said how they are recognised.
    Raises `Unreadable`."""
    if kind in _PLAIN:
        return _PLAIN[kind](body, name, charset)
    if kind in _PACKED:
        return _PACKED[kind](body)
    if kind == "archive":
        return read_archive(body).titled(PurePosixPath(name).name or None)
    if kind == "gzip":
        return _held(unpacked_gzip(body), re.sub(r"\.gz$", "", name))
    if kind == "office":
        return read_office(body, name)
    told, text = read_pdf(body, recognition) if kind == "pdf" else read_page(body, charset)
    return Document(
        text,
        told.get("method") or kind,
        told.get("title"),
        told.get("author"),
        told.get("published"),
        told.get("note"),
    )


def _held(data: bytes, name: str) -> Document:
    """The file that a compressed one is. Raises `Unreadable`."""
    try:
        kind = kind_of(data, "", name)
    except SourceFailed as failed:
        raise Unreadable(failed.reason, failed.detail) from None
    if kind == "gzip":
        raise Unreadable("unsupported", "It is compressed twice.")
    if kind in {"text", "markdown"}:
        text = clean(decoded(data))
        told, title = from_markdown(text) if kind == "markdown" else (from_text(text), None)
        return Document(told, kind, title=title)
    named = office_suffix(data) if kind == "office" else name
    return read_document(kind, data, named, declared_in_html(data) if kind == "html" else None)


def read_office(body: bytes, suffix: str) -> Document:
    """A Word, PowerPoint or Excel document, by way of Markdown; title and author as its properties name them.
    Raises `Unreadable`."""
    try:
        from markitdown import (  # noqa: PLC0415
            FileConversionException,
            MarkItDown,
            MissingDependencyException,
            StreamInfo,
        )

        made = MarkItDown(enable_plugins=False).convert_stream(
            io.BytesIO(body), stream_info=StreamInfo(extension=suffix)
        )
    except ModuleNotFoundError as missing:
        raise Unreadable("unsupported", _NEEDS_OFFICE.format(suffix=suffix)) from missing
    except FileConversionException:
        raise Unreadable(
            "malformed", f"It is called a {suffix} file, but is damaged and cannot be opened."
        ) from None
    except MissingDependencyException:
        raise Unreadable("unsupported", _NEEDS_OFFICE.format(suffix=suffix)) from None
    with zipfile.ZipFile(io.BytesIO(body)) as packed:
        core = (
            packed.read("docProps/core.xml")[:100_000].decode("utf-8", "replace")
            if "docProps/core.xml" in packed.namelist()
            else ""
        )
    told = {name: re.search(rf"<{tag}[^>]*>([^<]+)</{tag}>", core) for name, tag in _PROPERTIES.items()}
    named = {name: html.unescape(match[1]) if match else None for name, match in told.items()}
    text, heading = from_markdown(clean(made.markdown))
    author = author_of(named["author"], text)
    published = (
        named["published"] if author is not None or not named["author"] else None
    )  # a template's date is not the document's
    title = title_of(named["title"], text) or heading
    return Document(text, "markitdown", title, author, published[:10] if published else None)
