"""A batch's sources: what was asked for, and what was stored when it was fetched.

A source may hold others: a search its results, a feed its entries, a mailbox its messages, an archive its
files. What it holds are sources of the batch like any other, which say what they are part of; they come and
go with what `Stored.holds` names.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from reprise_contracts.wire import Id, Instant, Message, Sha256, digest

MAX_TEXT = 5_000_000
"""Characters of one pasted text."""

Outcome = Literal["fetched", "reused", "unchanged", "changed", "failed"]
"""What preparing did with a source: fetched it first, took the stored copy, asked again and found it as it
was or changed, or failed."""

CheckOutcome = Literal[
    "unchanged", "changed", "found_more", "moved", "gone", "forbidden", "challenge", "failed"
]
"""What a check found (R36): the text of before or another one; of what holds sources others, which are not
added; the page elsewhere; no page; one that is not given out, or to browsers only; nothing for now."""

FailureReason = Literal[
    "blocked_address",
    "not_found",
    "forbidden",
    "challenge",
    "paywall",
    "robots",
    "timeout",
    "unreachable",
    "too_large",
    "too_many_redirects",
    "unsupported",
    "not_text",
    "empty",
    "malformed",
    "server_error",
    "resources",
]
"""Why a source has no text, in terms a reader understands."""

Url = Annotated[str, StringConstraints(pattern=r"^https?://[^\s]+$", max_length=4096)]


Domain = Annotated[str, StringConstraints(pattern=r"^[^\s/:@]+\.[^\s/:@.]+$", max_length=253, to_lower=True)]
"""A registered domain or a host below one; it stands for all that is below it."""


class Search(Message):
    """A question to a provider of addresses (R33)."""

    search: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
    provider: Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{0,32}$")] = ""
    """Who is asked; empty: whom the workers are set to ask."""
    limit: Annotated[int, Field(ge=1, le=50)] = 10
    """Results, at most."""
    since: date | None = None
    """Nothing that was published before this day, where the provider can tell."""
    allow: Annotated[tuple[Domain, ...], Field(max_length=100)] = ()
    """Only results of these domains; of all, if it is empty."""
    block: Annotated[tuple[Domain, ...], Field(max_length=100)] = ()
    """No result of these domains."""


class SourceInput(Message):
    """A source as a caller names it: a URL, a text with a title, or a search."""

    url: Url | None = None
    text: Annotated[str, StringConstraints(max_length=MAX_TEXT)] | None = None
    title: Annotated[str, StringConstraints(max_length=500)] | None = None
    search: Search | None = None

    @model_validator(mode="before")
    @classmethod
    def _search_as_said(cls, given: object) -> object:
        """`{search: "words", provider, limit, since}` is short for the same below `search`."""
        if not isinstance(given, Mapping) or not isinstance(given.get("search"), str):
            return given
        return {name: value for name, value in given.items() if name not in Search.model_fields} | {
            "search": {name: given[name] for name in Search.model_fields if name in given}
        }

    @model_validator(mode="after")
    def _one_of(self) -> "SourceInput":
        if sum(given is not None for given in (self.url, self.text, self.search)) != 1:
            raise ValueError("name either `url`, `text` or `search`, and one of them only")
        if self.text is not None and not self.text.strip():
            raise ValueError("`text` is empty")
        return self


class Work(Message):
    """A publication as catalogues name it."""

    doi: str | None = None
    authors: tuple[str, ...] = ()
    venue: str | None = None
    """The journal, the book or the conference."""
    year: int | None = None


class Upload(Message):
    """Bytes that the caller gave, stored under their sha256 (`subjects.raw_key`)."""

    sha256: Sha256
    bytes: Annotated[int, Field(ge=0)]
    content_type: str = "application/octet-stream"
    filename: str | None = None


class Stored(Message):
    """What is stored of one source since it was last fetched. A failed fetch is stored too, as a failure."""

    revision: int = 1
    """The revision of the source that was fetched."""
    raw_sha256: Sha256 | None = None
    text_sha256: Sha256 | None = None
    title: str | None = None
    author: str | None = None
    published: str | None = None
    language: str | None = None
    final_url: str | None = None
    content_type: str | None = None
    method: str | None = None
    """How the text was extracted, for example `trafilatura` or `pypdfium2`."""
    etag: str | None = None
    last_modified: str | None = None
    fetched_at: Instant | None = None
    bytes: int = 0
    words: int = 0
    duplicate_of: Id | None = None
    reason: FailureReason | None = None
    detail: str | None = None
    moved_to: str | None = None
    """Where its site says that it is now, for good (301, 308)."""
    work: Work | None = None
    holds: tuple[Id, ...] | None = None
    """The sources that this one holds and is read by, in order; None for one that is read itself."""

    @property
    def version(self) -> str:
        """What freshness compares: the text's hash, or the failure."""
        return self.text_sha256 or f"failed:{self.reason}"


class Check(Message):
    """What a check of a watched source found (R36)."""

    outcome: CheckOutcome
    at: Instant
    detail: str | None = None
    moved_to: str | None = None
    text_sha256: Sha256 | None = None
    """Of `found_more`: the list of what it holds now, which is not the batch's."""

    @property
    def standing(self) -> tuple[str, str | None, str | None]:
        """How the source stands; what a check that finds the same says is no news."""
        settled = self.outcome in {"unchanged", "changed"}
        moved_to = self.moved_to if self.outcome == "moved" else None
        return ("" if settled else self.outcome, moved_to, self.text_sha256)


class Source(Message):
    """One source of a batch, at its present revision: each thing that it ever was has a number of its own."""

    source_id: Id
    revision: int = 1
    url: Url | None = None
    title: str | None = None
    upload: Upload | None = None
    search: Search | None = None
    part_of: Id | None = None
    """The source that holds it."""
    work: Work | None = None
    """What who found it says of it."""
    stored: Stored | None = None
    check: Check | None = None
    """The last check that told something new, of a source that is watched; None: as it was stored."""

    @property
    def hashes(self) -> frozenset[str]:
        """The objects that it is made of: an upload, a download, a text."""
        stored, upload = self.stored, self.upload
        named = (
            upload.sha256 if upload else None,
            stored.raw_sha256 if stored else None,
            stored.text_sha256 if stored else None,
        )
        return frozenset(name for name in named if name)

    def without_held(self, name: str) -> "Source":
        """The source, holding another one no more."""
        if self.stored is None or name not in (self.stored.holds or ()):
            return self
        holds = tuple(one for one in self.stored.holds or () if one != name)
        return self.model_copy(update={"stored": self.stored.model_copy(update={"holds": holds})})

    @property
    def identity(self) -> str:
        """R40: the hash of what was given: a text or file, its title, an address, a search."""
        upload, search = self.upload, self.search
        return _identity(
            self.url,
            self.title,
            *((upload.sha256, upload.content_type, upload.filename) if upload else ()),
            *((search.model_dump_json(),) if search else ()),
        )

    @property
    def version(self) -> str:
        """R40: what freshness compares: what was given, and of an address what was found there."""
        if self.upload is not None:
            return self.identity
        fetched = self.stored is not None and self.stored.revision == self.revision
        return f"{self.identity}:{self.stored.version if self.stored is not None and fetched else ''}"


@lru_cache(maxsize=65_536)
def _identity(*given: str | None) -> str:
    return digest(given)


class StoredSource(Message):
    """A fetch result on its way from a session or a check to its batch."""

    source_id: Id
    stored: Stored | None = None
    """None: of a check that found no other text, and of what another source holds and nobody fetched yet."""
    source: Source | None = None
    """The source itself, where another one holds it and it is new to the batch."""
    check: Check | None = None
    """What a check found; None of what a session's phase 0 stored."""
    revision: int = 1
    """Of a check: the revision of the source that it looked at."""

    def comes_late(self, source: Source | None) -> bool:
        """Return whether its check began before the one whose news a source has (R36): a message may come
        after a later one, and what it says is over."""
        known = source.check if source is not None else None
        return self.check is not None and known is not None and self.check.at < known.at

    def after(self, source: Source) -> Source:
        """The source as it is after this. R36: a check that found what is known already changes nothing."""
        revision = self.stored.revision if self.stored is not None else self.revision
        if revision != source.revision:
            return source
        if self.check is None:
            return source.model_copy(update={"stored": self.stored}) if self.stored is not None else source
        text = source.stored.text_sha256 if source.stored is not None else None
        new = self.stored is not None and self.stored.text_sha256 != text
        known = source.check.standing if source.check is not None else ("", None, None)
        if not new and self.check.standing == known:
            return source
        stored = self.stored if new else source.stored
        return source.model_copy(update={"stored": stored, "check": self.check})


def with_held(sources: Mapping[str, Source], stored: tuple[StoredSource, ...]) -> dict[str, Source]:
    """The sources after some were stored: new ones that others hold among them, and without those that
    nothing holds any more."""
    known = dict(sources)
    for item in stored:
        source = known.get(item.source_id) or item.source
        if source is not None and (item.stored is None or item.stored.revision == source.revision):
            known[item.source_id] = item.after(source)
    return without_orphans(known)


def without_orphans(sources: Mapping[str, Source]) -> dict[str, Source]:
    """The sources without those that are part of one that is gone, or that holds them no more."""
    left = dict(sources)
    while gone := [name for name, source in left.items() if not _is_held(source, left)]:
        for name in gone:
            del left[name]
    return left


def _is_held(source: Source, sources: Mapping[str, Source]) -> bool:
    whole = sources.get(source.part_of) if source.part_of is not None else None
    if source.part_of is None:
        return True
    return whole is not None and whole.stored is not None and source.source_id in (whole.stored.holds or ())
