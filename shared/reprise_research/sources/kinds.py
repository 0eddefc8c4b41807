"""What a document is: by its first bytes, then by what the server or the file name says."""

from pathlib import PurePosixPath
from typing import Literal

from reprise_research.sources.failures import SourceFailed

Kind = Literal["html", "pdf", "office", "markdown", "text"]

SUFFIXES: dict[str, tuple[Kind, str]] = {
    ".html": ("html", "text/html"),
    ".htm": ("html", "text/html"),
    ".xhtml": ("html", "application/xhtml+xml"),
    ".pdf": ("pdf", "application/pdf"),
    ".docx": ("office", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ".pptx": ("office", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ".xlsx": ("office", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ".md": ("markdown", "text/markdown"),
    ".markdown": ("markdown", "text/markdown"),
    ".txt": ("text", "text/plain"),
    ".text": ("text", "text/plain"),
}
_TYPES: dict[str, Kind] = {
    "text/html": "html",
    "application/xhtml+xml": "html",
    "application/pdf": "pdf",
    **{kind[1]: "office" for suffix, kind in SUFFIXES.items() if kind[0] == "office"},
    "text/markdown": "markdown",
    "text/x-markdown": "markdown",
    "text/plain": "text",
}
_OFFICE = {b"word/document.xml": ".docx", b"ppt/presentation.xml": ".pptx", b"xl/workbook.xml": ".xlsx"}
"""The file within an office document that says which kind it is."""
_OTHER_FORMATS = (
    b"PK\x03\x04",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x1f\x8b",
    b"Rar!",
    b"7z\xbc\xaf",
    b"\xd0\xcf\x11\xe0",
    b"OggS",
    b"ID3",
    b"\x7fELF",
    b"RIFF",
)
_HTML_STARTS = (b"<!doctype html", b"<html", b"<head", b"<body", b"<?xml")


def kind_of(data: bytes, content_type: str = "", name: str = "") -> Kind:
    """The kind of a document. Raises `SourceFailed` (`unsupported`, `not_text`, `empty`) for what cannot be read."""
    if not data.strip():
        raise SourceFailed("empty", "It has no content at all.")
    start = data[:1024].lstrip(b"\xef\xbb\xbf \t\r\n")
    if b"%PDF-" in data[:1024]:
        return "pdf"
    if office_suffix(data):
        return "office"
    if start.startswith(_OTHER_FORMATS) or content_type.startswith(("image/", "audio/", "video/", "font/")):
        raise SourceFailed("unsupported", f"It is {_named(content_type)}, which holds no text that can be read here.")
    if start.lower().startswith(_HTML_STARTS):
        return "html"
    told = _TYPES.get(content_type) or _by_suffix(name)
    if told in {"pdf", "office"}:
        name = "a PDF" if told == "pdf" else "an office document"
        raise SourceFailed("malformed", f"It is called {name}, but does not begin like one.")
    if _is_binary(data):
        raise SourceFailed("not_text", f"It is {_named(content_type)} and not text.")
    suffix = _by_suffix(name)
    if told == "text" and suffix == "markdown":
        return "markdown"
    if told is not None:
        return told
    if content_type and not content_type.startswith("text/") and content_type != "application/octet-stream":
        raise SourceFailed("unsupported", f"It is {_named(content_type)}, which is not read here.")
    return "text"


def office_suffix(data: bytes) -> str:
    """`.docx`, `.pptx` or `.xlsx` for an office document, by what it packs; empty for anything else."""
    if not data.startswith(b"PK\x03\x04"):
        return ""
    return next((suffix for part, suffix in _OFFICE.items() if part in data), "")


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
