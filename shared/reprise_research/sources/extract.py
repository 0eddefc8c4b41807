"""From bytes to the text that is stored, in which citations' offsets count.

A stored text has one paragraph per line, is in NFC, and depends on nothing but the bytes and what the server
said of them.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ParamSpec

from reprise_contracts.sources import MAX_TEXT
from reprise_research.sources.charset import clean, declared_in_html, decoded
from reprise_research.sources.failures import SourceFailed
from reprise_research.sources.formats.document import Part
from reprise_research.sources.kinds import Kind, kind_of, office_suffix
from reprise_research.sources.parser_pool import Parsed, ParserPool
from reprise_research.sources.plain import from_markdown, from_text
from reprise_research.sources.tables import without_tables
from reprise_research.text.language import language_of
from reprise_research.text.sentences import is_heading, is_spoken
from reprise_research.text.words import count_words

_READ_HERE: frozenset[Kind] = frozenset({"markdown", "text"})
"""Kinds that are read without a parser: the work is linear in their length."""
_FEWEST_WORDS = 8
_SHORT = 150
_SMALL = 50_000
"""Bytes or characters that are handled in well under a tick of the event loop."""
_SPOKEN = "It is a transcript of speech without full stops, cut at its pauses and quoted as it was said."
P = ParamSpec("P")
_CHALLENGE = re.compile(
    r"just a moment|checking (?:if the site|your browser)|verify (?:that )?you are (?:a )?human|enable "
    r"javascript and cookies|"
    r"unusual traffic|are you a robot",
    re.IGNORECASE,
)
_PAYWALL = re.compile(
    r"subscribe to (?:continue|read)|to continue reading|already a subscriber|for subscribers only|"
    r"this (?:article|content) is (?:only )?(?:for|available to) (?:our )?subscribers",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Extracted:
    """The text of a document and what it says of itself."""

    text: str
    method: str
    kind: Kind
    title: str | None = None
    author: str | None = None
    published: str | None = None
    language: str | None = None
    words: int = 0
    note: str | None = None
    """What of the document was not read, in a sentence."""
    url: str | None = None
    """Where it says it is from."""
    parts: tuple[Part, ...] = ()
    """The documents that it holds: it is read by them, and its text lists them."""


async def extract(
    data: bytes, parsers: ParserPool, *, content_type: str = "", charset: str | None = None, name: str = ""
) -> Extracted:
    """Read a document. All but plain text and Markdown is parsed in a process of its own. Raises
    `SourceFailed` with its reason."""
    kind = kind_of(data, content_type, name)
    if kind not in _READ_HERE:
        named = office_suffix(data) if kind == "office" else name
        declared = declared_in_html(data) if kind == "html" else None
        parsed = await parsers.parse(kind, data, url=named, charset=charset or declared)
        return await _aside(len(parsed.text), _from_parser, parsed, kind)
    return await _aside(len(data), _from_bytes, data, charset, kind)


def _from_parser(parsed: Parsed, kind: Kind) -> Extracted:
    text = clean(parsed.text)
    found = _finished(text, parsed.method, kind, parsed.title, parsed.author, parsed.published)
    note = parsed.note or (None if parsed.parts else found.note)
    return replace(found, note=note, url=parsed.url, parts=parsed.parts)


def _from_bytes(data: bytes, charset: str | None, kind: Kind) -> Extracted:
    plain, title = clean(decoded(data, charset)), None
    if kind == "markdown":
        plain, title = from_markdown(plain)
    else:
        plain = from_text(plain)
    return _finished(clean(plain), kind, kind, title, None, None)


def _finished(
    text: str, method: str, kind: Kind, title: str | None, author: str | None, published: str | None
) -> Extracted:
    text = without_tables(text)
    words = count_words(text)
    _judge(text, words, kind)
    language = language_of(text)
    note = _SPOKEN if is_spoken(text, language or "en") else None
    return Extracted(
        text, method, kind, _named(title) or _first_heading(text), author, published, language, words, note
    )


async def _aside(size: int, function: Callable[P, Extracted], *args: P.args, **kwargs: P.kwargs) -> Extracted:
    """At once for a small document, in a thread for one that would keep the event loop waiting."""
    if size <= _SMALL:
        return function(*args, **kwargs)
    return await asyncio.to_thread(function, *args, **kwargs)


def _judge(text: str, words: int, kind: Kind) -> None:
    """Refuse what is no document: nothing, a gate before one, or more than can be handled."""
    if words < _SHORT and kind == "html":
        if _CHALLENGE.search(text):
            raise SourceFailed("challenge", "The site answered with a check for robots instead of the page.")
        if _PAYWALL.search(text):
            raise SourceFailed("paywall", "The site shows only the beginning to those who do not subscribe.")
    if not words:
        raise SourceFailed(
            "not_text" if kind == "pdf" else "empty", _EMPTY.get(kind, "The document holds no text.")
        )
    if words < _FEWEST_WORDS and kind in {"html", "pdf"}:
        raise SourceFailed("empty", f"It holds only {words} words of text.")
    if len(text) > MAX_TEXT:
        raise SourceFailed(
            "too_large", f"Its text has {len(text):,} characters; at most {MAX_TEXT:,} are read."
        )


_OPENING = 2000
_HEAD = 3
"""Lines of a head at most; more are a list."""
_LONGEST_HEAD = 110
_EMPTY: dict[Kind, str] = {
    "html": "The page shows no text of its own.",
    "pdf": "The PDF holds pictures of pages, but no text.",
    "feed": "The feed has no entry.",
}


def _named(title: str | None) -> str | None:
    """A title without the marks that manuals put behind their headings, and without spaces before full stops
    and commas; before the other marks French has one."""
    told = " ".join(title.replace("¶", " ").replace("🔗", " ").split()) if title else ""
    return re.sub(r"\s+(?=[,.、，；：。？！)](?:\s|$))", "", told) or None


def _opening_lines(text: str) -> str:
    """The first line, and with one that is no name by itself (`County of Ellery`) those right below it that
    stand for themselves too: what is it that the county says?"""
    lines = [_named(line) or "" for line in text[:_OPENING].split("\n\n", 1)[0].split("\n")]
    if not all(is_heading(line) for line in lines[:_HEAD]):
        return lines[0]
    return " – ".join(lines) if len(lines) <= _HEAD and sum(map(len, lines)) <= _LONGEST_HEAD else lines[0]


def _first_heading(text: str) -> str | None:
    line = _opening_lines(text)
    return (
        line
        if 3 <= len(line) <= 120 and not line.startswith((">", "[")) and not line.endswith((*".。,;:：",))
        else None
    )
