"""What a document is: by its first bytes, then by what the server or the file name says."""

import re
from pathlib import PurePosixPath
from typing import Literal

from reprise_research.sources.failures import SourceFailed

Kind = Literal[
    "html",
    "pdf",
    "office",
    "markdown",
    "text",
    "captions",
    "notebook",
    "rst",
    "tex",
    "org",
    "adoc",
    "rtf",
    "table",
    "json",
    "feed",
    "xml",
    "epub",
    "opendocument",
    "mail",
    "mhtml",
    "archive",
    "gzip",
]

_WORD = "application/vnd.openxmlformats-officedocument"
_OPEN = "application/vnd.oasis.opendocument"
SUFFIXES: dict[str, tuple[Kind, str]] = {
    ".html": ("html", "text/html"),
    ".htm": ("html", "text/html"),
    ".xhtml": ("html", "application/xhtml+xml"),
    ".pdf": ("pdf", "application/pdf"),
    ".docx": ("office", f"{_WORD}.wordprocessingml.document"),
    ".pptx": ("office", f"{_WORD}.presentationml.presentation"),
    ".xlsx": ("office", f"{_WORD}.spreadsheetml.sheet"),
    ".md": ("markdown", "text/markdown"),
    ".markdown": ("markdown", "text/markdown"),
    ".txt": ("text", "text/plain"),
    ".text": ("text", "text/plain"),
    ".srt": ("captions", "application/x-subrip"),
    ".vtt": ("captions", "text/vtt"),
    ".json3": ("captions", "application/json"),
    ".ipynb": ("notebook", "application/x-ipynb+json"),
    ".rst": ("rst", "text/x-rst"),
    ".tex": ("tex", "application/x-tex"),
    ".org": ("org", "text/org"),
    ".adoc": ("adoc", "text/asciidoc"),
    ".asciidoc": ("adoc", "text/asciidoc"),
    ".rtf": ("rtf", "application/rtf"),
    ".csv": ("table", "text/csv"),
    ".tsv": ("table", "text/tab-separated-values"),
    ".json": ("json", "application/json"),
    ".jsonl": ("json", "application/jsonl"),
    ".ndjson": ("json", "application/x-ndjson"),
    ".rss": ("feed", "application/rss+xml"),
    ".atom": ("feed", "application/atom+xml"),
    ".xml": ("xml", "application/xml"),
    ".epub": ("epub", "application/epub+zip"),
    ".odt": ("opendocument", f"{_OPEN}.text"),
    ".ods": ("opendocument", f"{_OPEN}.spreadsheet"),
    ".odp": ("opendocument", f"{_OPEN}.presentation"),
    ".eml": ("mail", "message/rfc822"),
    ".mbox": ("mail", "application/mbox"),
    ".mhtml": ("mhtml", "multipart/related"),
    ".mht": ("mhtml", "multipart/related"),
    ".zip": ("archive", "application/zip"),
    ".tar": ("archive", "application/x-tar"),
    ".tgz": ("gzip", "application/gzip"),
    ".gz": ("gzip", "application/gzip"),
}
_TYPES: dict[str, Kind] = {content_type: kind for kind, content_type in SUFFIXES.values()} | {
    "text/x-markdown": "markdown",
    "text/json": "json",
    "application/ld+json": "json",
    "application/feed+json": "json",
    "text/xml": "xml",
    "text/rtf": "rtf",
    "text/x-tex": "tex",
    "application/x-gzip": "gzip",
    "application/x-zip-compressed": "archive",
}
_OFFICE = {b"word/document.xml": ".docx", b"ppt/presentation.xml": ".pptx", b"xl/workbook.xml": ".xlsx"}
"""The file within an office document that says which kind it is."""
_OTHER_FORMATS = (
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\xd0\xcf\x11\xe0",
    b"OggS",
    b"ID3",
    b"\x7fELF",
    b"RIFF",
    b"BZh",
    b"\xfd7zXZ",
)
_HTML_STARTS = (b"<!doctype html", b"<html", b"<head", b"<body")
_ROOT = re.compile(rb"<(?![?!])([\w:.-]+)")
_FEEDS = frozenset({b"rss", b"feed", b"rdf", b"channel"})
_CAPTIONS = re.compile(rb"WEBVTT|(?:\d+\s+)?\d{1,2}:\d\d(?::\d\d)?[.,]\d{1,3}\s*-->")
_MAIL = re.compile(rb"(?:From \S+ .*\r?\n)?(?:[\w-]+: .*\r?\n(?:[ \t].*\r?\n)*){2,}\r?\n")
_HEADERS = re.compile(rb"(?m)^(?:from|subject|date|message-id|received): ", re.IGNORECASE)
_BINARY: frozenset[Kind] = frozenset({"pdf", "office", "epub", "opendocument", "archive", "gzip"})
_NAMES: dict[Kind, str] = {
    "pdf": "a PDF",
    "office": "an office document",
    "epub": "an EPUB",
    "opendocument": "an OpenDocument file",
    "archive": "an archive",
    "gzip": "a compressed file",
}


def kind_of(data: bytes, content_type: str = "", name: str = "") -> Kind:
    """The kind of a document. Raises `SourceFailed` (`unsupported`, `not_text`, `empty`) for what cannot be
    read."""
    if not data.strip():
        raise SourceFailed("empty", "It has no content at all.")
    start = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    marked = _by_mark(data, start)
    if marked == "archive" and (named := _TYPES.get(content_type) or _by_suffix(name)) in {
        "office",
        "epub",
        "opendocument",
    }:
        if named == "office":
            raise SourceFailed("malformed", "It is called an office document, but does not hold one.")
        return named
    if marked is not None:
        return marked
    if start.startswith(_OTHER_FORMATS) or content_type.startswith(("image/", "audio/", "video/", "font/")):
        raise SourceFailed(
            "unsupported", f"It is {_named(content_type)}, which holds no text that can be read here."
        )
    suffix = _by_suffix(name)
    told = _TYPES.get(content_type) or suffix
    if told in {"text", "json", "xml"} and suffix is not None:
        told = suffix  # servers call many files plain text, and every format of one kind by that kind's name
    if told is not None and told in _BINARY:
        raise SourceFailed("malformed", f"It is called {_NAMES[told]}, but does not begin like one.")
    if start.lower().startswith(_HTML_STARTS):
        return "mhtml" if told == "mhtml" else "html"
    if _is_binary(data):
        raise SourceFailed("not_text", f"It is {_named(content_type)} and not text.")
    if start.startswith(b"<?xml") or told in {"xml", "feed"}:
        return _xml_kind(start)
    if told not in {None, "text"}:
        return told if told is not None else "text"
    if (
        told is None
        and content_type
        and not content_type.startswith("text/")
        and content_type != "application/octet-stream"
    ):
        raise SourceFailed("unsupported", f"It is {_named(content_type)}, which is not read here.")
    return _by_look(start) if told is None or not name else told


def office_suffix(data: bytes) -> str:
    """`.docx`, `.pptx` or `.xlsx` for an office document, by what it packs; empty for anything else."""
    if not data.startswith(b"PK\x03\x04"):
        return ""
    return next((suffix for part, suffix in _OFFICE.items() if part in data), "")


def _by_mark(data: bytes, start: bytes) -> Kind | None:
    """The kind that a file's first bytes name."""
    kind: Kind | None = None
    if b"%PDF-" in data[:1024]:
        kind = "pdf"
    elif data.startswith(b"PK\x03\x04"):
        if office_suffix(data):
            kind = "office"
        elif b"mimetypeapplication/epub+zip" in data[:200]:
            kind = "epub"
        elif b"mimetypeapplication/vnd.oasis.opendocument" in data[:200]:
            kind = "opendocument"
        else:
            kind = "epub" if b"META-INF/container.xml" in data else "archive"
    elif data.startswith(b"\x1f\x8b"):
        kind = "gzip"
    elif data[257:262] == b"ustar":
        kind = "archive"
    elif start.startswith(b"{\\rtf"):
        kind = "rtf"
    return kind


def _xml_kind(start: bytes) -> Kind:
    root = _ROOT.search(start)
    name = root[1].rpartition(b":")[2].lower() if root else b""
    if name == b"html":
        return "html"
    return "feed" if name in _FEEDS else "xml"


def _by_look(start: bytes) -> Kind:
    """The kind of a text that nothing names."""
    if _CAPTIONS.match(start):
        return "captions"
    if _MAIL.match(start) and len(_HEADERS.findall(start)) >= 2:
        return "mail"
    return "text"


def _by_suffix(name: str) -> Kind | None:
    found = SUFFIXES.get(PurePosixPath(name).suffix.lower())
    return found[0] if found else None


def _is_binary(data: bytes) -> bool:
    """Whether bytes are no text: zeros that are not UTF-16's, or many control characters."""
    sample = data[:4096]
    if sample.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    control = sum(byte < 32 and byte not in (9, 10, 12, 13, 27) for byte in sample)
    return b"\x00" in sample or control > 0.02 * len(sample)


def _named(content_type: str) -> str:
    return f"of the type {content_type}" if content_type else "a file of an unknown kind"
