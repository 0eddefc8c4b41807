"""Files that hold others: mail, archives, EPUB, OpenDocument, saved pages. Nothing is written to disk; limits
hold before unpacking."""

import email
import email.policy
import gzip
import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from email.message import EmailMessage
from pathlib import PurePosixPath
from typing import Any

from reprise_research.sources.charset import declared_in_html, decoded
from reprise_research.sources.failures import SourceFailed
from reprise_research.sources.formats.data import local, xml_root
from reprise_research.sources.formats.document import Document, Part, holding, sections
from reprise_research.sources.kinds import kind_of
from reprise_research.sources.names import author_of
from reprise_research.sources.page.document import every_word, read_page
from reprise_research.sources.plain import from_text
from reprise_research.sources.tables import told_rows
from reprise_research.sources.unreadable import Unreadable

MOST_FILES = 500
MOST_BYTES = 100_000_000
_LARGEST = 30_000_000
_MOST_LETTERS = 500
_MESSAGE = "message/rfc822"


def read_archive(body: bytes) -> Document:
    """The files of a ZIP or TAR archive that can be read, each a source of its own; the others are named."""
    parts: list[Part] = []
    left_out: list[str] = []
    for name, data in _unpacked(body):
        within = _inside(name)
        if any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(within).parts):
            continue
        if _is_readable(data, within):
            parts.append(Part(within, data))
        else:
            left_out.append(within)
    if not parts:
        raise Unreadable("unsupported", "The archive holds no file that can be read.")
    return holding(parts, "archive", _left_out(left_out))


def _inside(name: str) -> str:
    """The name of a file in an archive, without what would lead out of it."""
    steps = [step for step in PurePosixPath(name.replace("\\", "/")).parts if step not in {"/", "..", "."}]
    return "/".join(steps)[:255] or "unnamed"


def _is_readable(data: bytes, name: str, content_type: str = "") -> bool:
    try:
        kind_of(data, content_type, name)
    except SourceFailed:
        return False
    return True


def _left_out(names: list[str]) -> str | None:
    if not names:
        return None
    more = f" and {len(names) - 8} more" if len(names) > 8 else ""
    return f"Not read of it: {', '.join(name[:80] for name in names[:8])}{more}."


def _unpacked(body: bytes) -> Iterator[tuple[str, bytes]]:
    """The files of an archive by name, within limits. Links are not followed."""
    whole = 0
    if body.startswith(b"PK"):
        try:
            packed = zipfile.ZipFile(io.BytesIO(body))
        except (zipfile.BadZipFile, OSError):
            raise Unreadable("malformed", "The archive is damaged and cannot be opened.") from None
        files = sorted((one for one in packed.infolist() if not one.is_dir()), key=lambda one: one.filename)
        _check_count(len(files))
        for one in files:
            whole += one.file_size
            _check_size(whole)
            if one.file_size > _LARGEST or one.flag_bits & 1:
                yield one.filename, b""
                continue
            with packed.open(one) as stream:
                yield one.filename, stream.read(_LARGEST)
        return
    try:
        with tarfile.open(fileobj=io.BytesIO(body), mode="r:*") as tar:
            found: list[tuple[str, bytes]] = []
            for count, member in enumerate(tar):
                _check_count(count)
                if not member.isfile():
                    continue
                whole += member.size
                _check_size(whole)
                unpacked = tar.extractfile(member) if member.size <= _LARGEST else None
                found.append((member.name, unpacked.read(_LARGEST) if unpacked is not None else b""))
    except (tarfile.TarError, EOFError, OSError):
        raise Unreadable("malformed", "The archive is damaged and cannot be opened.") from None
    yield from sorted(found)


def _check_count(files: int) -> None:
    if files > MOST_FILES:
        raise Unreadable("too_large", f"The archive holds more than {MOST_FILES} files.")


def _check_size(size: int) -> None:
    if size > MOST_BYTES:
        raise Unreadable("too_large", f"The archive unpacks to more than {MOST_BYTES / 1e6:g} MB.")


def unpacked_gzip(body: bytes) -> bytes:
    """One file that is compressed by itself. Raises `Unreadable`."""
    try:
        with gzip.open(io.BytesIO(body)) as stream:
            data = stream.read(_LARGEST + 1)
    except (OSError, EOFError, zlib.error):
        raise Unreadable("malformed", "The file is damaged and cannot be unpacked.") from None
    if len(data) > _LARGEST:
        raise Unreadable("too_large", f"The file unpacks to more than {_LARGEST / 1e6:g} MB.")
    return data


def read_mail(body: bytes) -> Document:
    """A message: who wrote when, and the text without what it quotes. A mailbox, and a message with
    attachments, are read by what they hold."""
    letters = (
        [letter for letter in re.split(rb"(?m)^From \S+.*\d\d:\d\d.*\r?\n", body) if letter.strip()]
        if body.startswith(b"From ")
        else [body]
    )
    if len(letters) == 1:
        return _letter(letters[0])
    told = [(letter, _message(letter)) for letter in letters[:_MOST_LETTERS]]
    cut = (
        f"It holds {len(letters)} messages: the first {_MOST_LETTERS} were read."
        if len(letters) > _MOST_LETTERS
        else f"It holds {len(letters)} messages."
    )
    return holding(
        [
            Part(f"{_subject(message) or f'Message {place}'}.eml", letter, _MESSAGE, _subject(message))
            for place, (letter, message) in enumerate(told, start=1)
        ],
        "mail",
        cut,
    )


def _message(body: bytes) -> EmailMessage:
    message = email.message_from_bytes(body, policy=email.policy.default)
    if not isinstance(message, EmailMessage):
        raise Unreadable("malformed", "It is called mail, but is none.")
    return message


def _subject(message: EmailMessage) -> str | None:
    return " ".join(str(message.get("subject", "")).split())[:200] or None


def _letter(body: bytes) -> Document:
    message = _message(body)
    main = message.get_body(preferencelist=("plain", "html"))
    text = _mail_text(main) if main is not None else ""
    parts: list[Part] = []
    left_out: list[str] = []
    for attached in message.iter_attachments():
        name = _inside(attached.get_filename() or attached.get_content_type())
        try:
            data = (
                attached.get_content().as_bytes()
                if attached.get_content_type() == _MESSAGE
                else attached.get_payload(decode=True)
            )
        except (LookupError, ValueError, AttributeError):
            data = None
        kind = attached.get_content_type()
        if isinstance(data, bytes) and _is_readable(data, name, kind):
            parts.append(Part(name, data, kind))
        else:
            left_out.append(name)
    subject = _subject(message)
    if parts:
        own = [Part(f"{subject or 'Message'}.eml", _alone(message, text), _MESSAGE, subject)] if text else []
        return holding(own + parts, "mail", _left_out(left_out), subject)
    sender = re.sub(r"\s*<[^>]*>", "", str(message.get("from", ""))).strip(' "')
    when = getattr(message.get("date"), "datetime", None)
    return Document(
        text,
        "mail",
        title=subject,
        author=author_of(sender, text) if "@" not in sender else None,
        published=when.date().isoformat() if when is not None else None,
        note=_left_out(left_out),
    )


def _alone(message: EmailMessage, text: str) -> bytes:
    """A message without its attachments."""
    own = EmailMessage(policy=email.policy.default)
    for name in ("Subject", "From", "Date", "Message-ID"):
        if message.get(name):
            own[name] = str(message[name])
    own.set_content(text)
    return own.as_bytes()


def _mail_text(part: Any) -> str:
    try:
        told = str(part.get_content())
    except (LookupError, ValueError, KeyError):
        told = decoded(part.get_payload(decode=True) or b"")
    if part.get_content_type() == "text/html":
        return read_page(told.encode(), "utf-8")[1]
    told = re.split(r"(?m)^-- ?$", told.replace("\r\n", "\n"))[0]
    kept = [line for line in told.split("\n") if not line.startswith(">")]
    return from_text(
        re.sub(
            r"(?m)^(?:On|Am|Le|El|Il) .{5,120}(?:wrote|schrieb|écrit|escribió|ha scritto)\s?:\s*$",
            "",
            "\n".join(kept),
        )
    )


def read_mhtml(body: bytes) -> Document:
    """A saved page: its first part that is HTML."""
    message = email.message_from_bytes(body, policy=email.policy.default)
    for part in message.walk():
        if part.get_content_type() in {"text/html", "application/xhtml+xml"}:
            data = part.get_payload(decode=True)
            page = data if isinstance(data, bytes) else b""
            answer, text = read_page(page, part.get_content_charset() or declared_in_html(page))
            return Document(
                text,
                "mhtml",
                title=answer.get("title"),
                author=answer.get("author"),
                published=answer.get("published"),
            )
    raise Unreadable("malformed", "It is called a saved page, but holds none.")


def _member(packed: zipfile.ZipFile, name: str) -> bytes:
    try:
        info = packed.getinfo(name)
    except KeyError:
        return b""
    if info.file_size > _LARGEST:
        raise Unreadable("too_large", f"A part of it unpacks to more than {_LARGEST / 1e6:g} MB.")
    return packed.read(info)


def read_epub(body: bytes) -> Document:
    """An EPUB: its chapters in the order of its spine."""
    with _opened(body) as packed:
        container = xml_root(_member(packed, "META-INF/container.xml") or b"<x/>")
        at = next(
            (element.get("full-path") for element in container.iter() if local(element) == "rootfile"), None
        )
        if not at:  # a book that lost its list of chapters still has them
            chapters = sorted(
                name for name in packed.namelist() if name.lower().endswith((".xhtml", ".html", ".htm"))
            )
            if not chapters:
                raise Unreadable("malformed", "It is called an EPUB, but names no book.")
            return Document(
                sections([every_word(decoded(_member(packed, name))) for name in chapters[:MOST_FILES]]),
                "epub",
            )
        book = xml_root(_member(packed, at))
        items = {
            element.get("id"): element.get("href") for element in book.iter() if local(element) == "item"
        }
        spine = [items.get(element.get("idref")) for element in book.iter() if local(element) == "itemref"]
        named = {
            key: next((" ".join("".join(e.itertext()).split()) for e in book.iter() if local(e) == key), None)
            for key in ("title", "creator", "date")
        }
        folder = PurePosixPath(at).parent
        parts, whole = [], 0
        for href in spine[:2000]:
            if href:
                data = _member(packed, _within(folder, href.partition("#")[0]))
                whole += len(data)
                _check_size(whole)
                parts.append(every_word(decoded(data, declared_in_html(data))))
    text = sections(parts)
    day = re.match(r"\d{4}-\d\d-\d\d", named["date"] or "")
    return Document(
        text,
        "epub",
        title=named["title"],
        author=author_of(named["creator"], text),
        published=day[0] if day else None,
    )


def _within(folder: PurePosixPath, name: str) -> str:
    from urllib.parse import unquote  # noqa: PLC0415

    steps: list[str] = []
    for step in (folder / unquote(name)).parts:
        if step == "..":
            steps = steps[:-1]
        elif step != ".":
            steps.append(step)
    return "/".join(steps)


def _opened(body: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(body))
    except (zipfile.BadZipFile, OSError):
        raise Unreadable("malformed", "The file is damaged and cannot be opened.") from None


def read_open_document(body: bytes) -> Document:
    """An OpenDocument text, sheet or slide show."""
    with _opened(body) as packed:
        content, meta = _member(packed, "content.xml"), _member(packed, "meta.xml")
    root = xml_root(content or b"<x/>")
    lines: list[str] = []
    _open_blocks(root, lines)
    text = "\n".join(lines) or (" ".join("".join(root.itertext()).split()))
    told = (
        {local(element): " ".join("".join(element.itertext()).split()) for element in xml_root(meta).iter()}
        if meta
        else {}
    )
    day = re.match(r"\d{4}-\d\d-\d\d", told.get("date") or told.get("creation-date") or "")
    author = author_of(told.get("initial-creator") or told.get("creator"), text)
    return Document(
        text,
        "opendocument",
        title=told.get("title") or None,
        author=author,
        published=day[0] if day else None,
    )


def _open_blocks(element: Any, lines: list[str]) -> None:
    for child in element:
        name = local(child)
        if name in {"p", "h"}:
            told = _open_text(child)
            if told:
                lines.extend((told, ""))
        elif name == "list-item":
            lines.extend(
                told
                for told in (_open_text(inner) for inner in child.iter() if local(inner) in {"p", "h"})
                if told
            )
        elif name == "table":
            lines.extend((*told_rows(_open_rows(child), 1), ""))
        elif name not in {"tracked-changes", "annotation", "forms"}:
            _open_blocks(child, lines)
            if name == "list":
                lines.append("")


def _open_text(element: Any) -> str:
    parts = [element.text or ""]
    for child in element:
        name = local(child)
        if name == "s" or name in {"tab", "line-break"}:
            parts.append(" ")
        elif name not in {"note", "annotation", "bookmark"}:
            parts.append(_open_text(child))
        parts.append(child.tail or "")
    return " ".join("".join(parts).split())


def _open_rows(table: Any) -> list[list[str]]:
    rows = []
    for row in (element for element in table.iter() if local(element) == "table-row"):
        cells: list[str] = []
        for cell in row:
            if local(cell) in {"table-cell", "covered-table-cell"}:
                told = ", ".join(
                    filter(None, (_open_text(inner) for inner in cell.iter() if local(inner) in {"p", "h"}))
                )
                times = next(
                    (value for key, value in cell.attrib.items() if key.endswith("number-columns-repeated")),
                    "1",
                )
                cells += [told] * (min(int(times), 50) if times.isdigit() and told else 1)
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            rows.append(cells)
    width = max(map(len, rows), default=0)
    return [row + [""] * (width - len(row)) for row in rows]
