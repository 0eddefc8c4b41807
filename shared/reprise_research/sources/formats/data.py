"""Tables and records: CSV, TSV, JSON, JSON Lines, XML, feeds; and what scrapers of videos and articles
write."""

import csv
import io
import json
import re
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from itertools import islice
from typing import Any

from lxml import etree

from reprise_research.sources.charset import decoded
from reprise_research.sources.formats.captions import NOTE, read_captions
from reprise_research.sources.formats.document import Document, Part, holding, sections
from reprise_research.sources.names import author_of
from reprise_research.sources.page.document import every_word
from reprise_research.sources.plain import from_markdown, from_text
from reprise_research.sources.tables import told_rows
from reprise_research.sources.unreadable import Unreadable

_MOST_ROWS = 20_000
_MOST_ENTRIES = 500
_TITLES = ("title", "headline", "name", "subject", "question")
_TEXTS = (
    "transcript",
    "content",
    "text",
    "body",
    "article",
    "full_text",
    "selftext",
    "abstract",
    "summary",
    "description",
    "answer",
    "caption",
)
_AUTHORS = (
    "author",
    "authors",
    "channel",
    "channel_name",
    "uploader",
    "creator",
    "by",
    "byline",
    "user",
    "username",
)
_DATES = (
    "published",
    "published_at",
    "publish_date",
    "upload_date",
    "date",
    "created_at",
    "created",
    "pubDate",
    "timestamp",
)
_ADDRESSES = ("url", "webpage_url", "link", "permalink", "canonical_url", "href")
_IDS = ("video_id", "article_id", "post_id", "bvid", "id", "guid")
_OPINIONS = ("comments", "replies", "reviews", "danmaku")
_MARKUP = re.compile(r"</?(?:p|div|br|li|h\d|a|span|em|strong)\b[^>]*>", re.IGNORECASE)
_WORDS = 4


def read_table(body: bytes, name: str, charset: str | None) -> Document:
    """A CSV or TSV file: each row with its headings."""
    text = decoded(body, charset).replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    start = text[:20_000]
    try:
        dialect: Any = csv.Sniffer().sniff(start, delimiters=",;\t|")
    except csv.Error:
        dialect = csv.excel_tab if "\t" in start else csv.excel
    try:
        rows = [
            [cell.strip() for cell in row]
            for row in islice(csv.reader(io.StringIO(text), dialect), _MOST_ROWS)
        ]
    except csv.Error:
        raise Unreadable("malformed", "It is called a table, but its rows cannot be told apart.") from None
    rows = [row for row in rows if any(row)]
    if not rows:
        return Document("", "csv")
    width = max(map(len, rows))
    lines = told_rows([row + [""] * (width - len(row)) for row in rows], 1, fewest=1)
    cut = f"It has more than {_MOST_ROWS:,} rows: only those were read." if len(rows) >= _MOST_ROWS else None
    return Document("\n".join(lines), "csv", note=cut)


def read_json(body: bytes, name: str, charset: str | None) -> Document:
    """JSON, JSON Lines, captions in json3, and what scrapers write."""
    text = decoded(body, charset)
    try:
        made: Any = json.loads(text)
    except RecursionError:
        raise Unreadable("malformed", "It is nested too deeply to be read.") from None
    except ValueError:
        made = list(_lines(text))
        if not made:
            raise Unreadable("malformed", "It is called JSON, but is none.") from None
    if isinstance(made, dict) and isinstance(made.get("events"), list) and "segs" in text[:200_000]:
        return read_captions(body, name, charset)
    if isinstance(made, dict) and isinstance(made.get("cells"), list) and "nbformat" in made:
        from reprise_research.sources.formats.markup import read_notebook  # noqa: PLC0415

        return read_notebook(body, name, charset)
    found = _record(made) if isinstance(made, dict) else None
    if found is not None:
        return found
    records = (
        [record for record in map(_record, made) if record is not None] if isinstance(made, list) else []
    )
    if len(records) == 1 and len(made) == 1:
        return records[0]
    if records and len(records) >= 0.5 * len(made):
        return holding([_part(one, record) for one in made if (record := _record(one))], "json", None)
    return Document("\n".join(_told(made, 0)), "json")


def _part(made: dict[str, Any], record: Document) -> Part:
    """A record among others, as a source of its own."""
    name = record.url or _one(made, _IDS) or record.title or "record"
    data = json.dumps(made, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
    return Part(name, data, "application/json", record.title)


def _lines(text: str) -> Iterator[Any]:
    """The records of JSON Lines; none if a line is none."""
    found = []
    for line in text.split("\n"):
        if line.strip():
            try:
                found.append(json.loads(line))
            except (ValueError, RecursionError):
                return
    yield from found


def _record(made: Any) -> Document | None:
    """A document as a scraper writes it: `title`, `author`, `url`, a text, and what others said of it; None
    for anything else."""
    if not isinstance(made, dict):
        return None
    whole = (
        made | {key: value for key, value in (made.get("metadata") or {}).items() if key not in made}
        if isinstance(made.get("metadata"), dict)
        else made
    )
    at = next((key for key in _TEXTS if _written(whole.get(key))), None)
    opinions = [line for key in _OPINIONS for line in _opinions(whole.get(key), 0)]
    title = _one(whole, _TITLES)
    if at is None and not opinions:
        return None
    text = _written(whole[at]) if at is not None else ""
    author = _one(whole, _AUTHORS)
    if not title and not author and at not in {"transcript", "content", "text"}:
        return None
    method = "transcript" if at == "transcript" else "json"
    parts = [text, *(["Comments", "\n\n".join(opinions)] if opinions else [])]
    return Document(
        sections(parts),
        method,
        title=title,
        author=author_of(author, text),
        published=_day(_one(whole, _DATES)),
        note=NOTE if at == "transcript" else None,
        url=_address(whole),
    )


def _address(made: dict[str, Any]) -> str | None:
    """Where a record is from."""
    named = (str(made[name]).strip() for name in _ADDRESSES if isinstance(made.get(name), str))
    return next((told for told in named if re.fullmatch(r"https?://\S{1,4000}", told)), None)


def _written(value: Any) -> str:
    """A text of a record: plain, marked up, or in pieces with their times."""
    if (
        isinstance(value, list)
        and value
        and all(isinstance(one, dict) and isinstance(one.get("text"), str) for one in value)
    ):
        return _timed(value)
    if isinstance(value, list) and value and all(isinstance(one, str) for one in value):
        return "\n\n".join(value)
    if isinstance(value, dict) and isinstance(value.get("text"), str):
        value = value["text"]
    if not isinstance(value, str) or not value.strip():
        return ""
    if _MARKUP.search(value):
        return every_word(value)
    return (
        from_markdown(value)[0]
        if re.search(r"^#{1,4} |\*\*|\]\(http", value, re.MULTILINE)
        else from_text(value)
    )


def _timed(pieces: list[dict[str, Any]]) -> str:
    from reprise_research.sources.formats.captions import Cue, transcript  # noqa: PLC0415

    cues = []
    for piece in pieces:
        start = piece.get("start", piece.get("offset", piece.get("from")))
        if not isinstance(start, int | float):
            return "\n".join(str(piece["text"]) for piece in pieces)
        length = piece.get("duration", piece.get("dur", 0))
        cues.append(
            Cue(
                float(start),
                float(start) + (float(length) if isinstance(length, int | float) else 0.0),
                str(piece["text"]),
            )
        )
    return transcript(cues)


def _opinions(value: Any, depth: int) -> Iterator[str]:
    """What others said, each below who said it."""
    if not isinstance(value, list) or depth > 5:
        return
    for one in value[:2000]:
        if isinstance(one, str):
            said, by, below = one, None, None
        elif isinstance(one, dict):
            said = next(
                (str(one[key]) for key in (*_TEXTS, "message", "comment") if isinstance(one.get(key), str)),
                "",
            )
            by, below = _one(one, _AUTHORS), one.get("replies")
        else:
            continue
        told = every_word(said) if _MARKUP.search(said) else " ".join(said.split())
        if told:
            yield f"Comment by {by}\n\n{told}" if by else told
        yield from _opinions(below, depth + 1)


def _one(made: dict[str, Any], names: tuple[str, ...]) -> str | None:
    for name in names:
        value = made.get(name)
        if isinstance(value, list) and value:
            told = ", ".join(
                str(one.get("name", "")) if isinstance(one, dict) else str(one) for one in value[:10]
            )
        elif isinstance(value, dict):
            told = str(value.get("name") or value.get("title") or "")
        else:
            told = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if told.strip():
            return " ".join(told.split())[:300]
    return None


def _told(made: Any, depth: int) -> Iterator[str]:
    """Any other JSON: lists of equal records as tables, texts as paragraphs, the rest as names with
    values."""
    if depth > 30:
        return
    if isinstance(made, list):
        flat = [
            one
            for one in made[:_MOST_ROWS]
            if isinstance(one, dict) and all(not isinstance(value, list | dict) for value in one.values())
        ]
        if flat and len(flat) == len(made[:_MOST_ROWS]) and len(flat[0]) > 1:
            names = list(dict.fromkeys(name for one in flat for name in one))[:40]
            yield from told_rows(
                [names, *([_value(one.get(name)) for name in names] for one in flat)], 1, fewest=1
            )
            return
        for one in made[:_MOST_ROWS]:
            yield from _told(one, depth + 1)
    elif isinstance(made, dict):
        for name, value in made.items():
            if isinstance(value, list | dict):
                yield from _told(value, depth + 1)
            elif isinstance(value, str) and len(value.split()) >= _WORDS:
                yield from _written(value).split("\n")
            elif _value(value):
                yield f"{name}: {_value(value)}"
    elif isinstance(made, str) and len(made.split()) >= _WORDS:
        yield made


def _value(value: Any) -> str:
    return (
        ""
        if value is None
        else str(value).lower()
        if isinstance(value, bool)
        else " ".join(str(value).split())
    )


def _day(value: str | None) -> str | None:
    if not value:
        return None
    if found := re.match(r"((?:19|20)\d\d)-?([01]\d)-?([0-3]\d)", value):
        return "-".join(found.groups())
    try:
        return parsedate_to_datetime(value).date().isoformat()
    except (ValueError, TypeError):
        return None


def xml_root(body: bytes) -> Any:
    """The root of an XML document; entities are not resolved and nothing is fetched. Raises `Unreadable`."""
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        recover=True,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(body, parser)
    except (etree.XMLSyntaxError, ValueError):
        root = None
    if root is None:
        raise Unreadable("malformed", "It is called XML, but is none.")
    etree.strip_elements(root, etree.Entity, with_tail=False)
    return root


def local(element: Any) -> str:
    """The name of an element without its namespace."""
    return element.tag.rpartition("}")[2] if isinstance(element.tag, str) else ""


def read_feed(body: bytes, name: str, charset: str | None) -> Document:
    """A feed (RSS, Atom): each entry a source of its own, with its address, author and day."""
    root = xml_root(body)
    entries = [element for element in root.iter() if local(element) in {"item", "entry"}]
    parts = [_entry(entry) for entry in entries[:_MOST_ENTRIES]]
    above = next((element for element in root.iter() if local(element) in {"channel", "feed"}), root)
    named = next(("".join(child.itertext()).strip() for child in above if local(child) == "title"), None)
    told = f"It is a feed of {len(entries)} {'entry' if len(entries) == 1 else 'entries'}"
    cut = f": the first {_MOST_ENTRIES} were read." if len(entries) > _MOST_ENTRIES else "."
    if not parts:
        return Document("", "feed", title=named)
    return holding(parts, "feed", told + cut, named)


def _entry(entry: Any) -> Part:
    told = {local(child): child for child in reversed(list(entry))}

    def said(*names: str) -> str:
        return next((text for name in names if name in told and (text := _words(told[name]))), "")

    text = next(
        (
            inner
            for key in ("encoded", "content", "description", "summary")
            if key in told and (inner := _inner(told[key]))
        ),
        "",
    )
    links = [child for child in entry if local(child) == "link"]
    link = next((child.get("href") for child in links if child.get("rel", "alternate") == "alternate"), None)
    record = {
        "title": said("title"),
        "url": link or said("link", "guid", "id"),
        "author": _words(told["author"].find("{*}name")) if "author" in told else "",
        "published": said("pubDate", "published", "updated", "date"),
        "content": text or said("title"),
    }
    record["author"] = record["author"] or said("creator", "author")
    name = record["url"] or record["title"] or "entry"
    data = json.dumps(record, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")
    return Part(name, data, "application/json", record["title"] or None)


def _words(element: Any) -> str:
    return " ".join("".join(element.itertext()).split()) if element is not None else ""


def _inner(element: Any) -> str:
    told = (
        "".join(element.itertext())
        if not len(element)
        else etree.tostring(element, encoding="unicode", method="html")
    )
    return every_word(told) if _MARKUP.search(told) else from_text(told.strip())


_BLOCK_NAMES = (
    "para p title simpara subtitle head item li entry td th caption abstract note quote verse "
    "line row cell listitem term"
)
_XML_BLOCKS = frozenset(_BLOCK_NAMES.split())


def read_xml(body: bytes, name: str, charset: str | None) -> Document:
    """Any XML (DocBook, JATS, TEI and the rest): each element that holds text of its own is a paragraph."""
    root = xml_root(body)
    if local(root) == "html":
        told = every_word(decoded(body, charset))
        return Document(told, "lxml")
    lines: list[str] = []

    def walk(element: Any, depth: int) -> None:
        inline = (
            "".join(element.itertext())
            if local(element).lower() in _XML_BLOCKS or _is_mixed(element) or not len(element)
            else None
        )
        if inline is not None or depth > 100:
            told = " ".join((inline or "").split())
            if told:
                lines.append(told)
            return
        for child in element:
            if isinstance(child.tag, str):
                walk(child, depth + 1)

    walk(root, 0)
    titles = [element for element in root.iter() if local(element).lower() in {"title", "article-title"}]
    title = " ".join("".join(titles[0].itertext()).split()) if titles else None
    return Document("\n\n".join(lines), "lxml", title=title or None)


def _is_mixed(element: Any) -> bool:
    """Whether an element has words of its own beside its children's."""
    own = (element.text or "") + "".join(child.tail or "" for child in element)
    return bool(own.strip())
