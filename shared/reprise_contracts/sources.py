"""A batch's sources: what was asked for, and what was stored when it was fetched."""

from functools import lru_cache
from typing import Annotated, Literal

from pydantic import Field, StringConstraints, model_validator

from reprise_contracts.wire import Id, Instant, Message, Sha256, digest

MAX_TEXT = 5_000_000
"""Characters of one pasted text."""

Outcome = Literal["fetched", "reused", "unchanged", "changed", "failed"]
"""What preparing did with a source: fetched it first, took the stored copy, asked again and found it as it was or changed, or failed."""

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


class SourceInput(Message):
    """A source as a caller names it: a URL, or a text with a title."""

    url: Url | None = None
    text: Annotated[str, StringConstraints(max_length=MAX_TEXT)] | None = None
    title: Annotated[str, StringConstraints(max_length=500)] | None = None

    @model_validator(mode="after")
    def _one_of(self) -> "SourceInput":
        if (self.url is None) == (self.text is None):
            raise ValueError("name either `url` or `text`, and one of them only")
        if self.text is not None and not self.text.strip():
            raise ValueError("`text` is empty")
        return self


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

    @property
    def version(self) -> str:
        """What freshness compares: the text's hash, or the failure."""
        return self.text_sha256 or f"failed:{self.reason}"


class Source(Message):
    """One source of a batch, at its present revision: each thing that it ever was has a number of its own."""

    source_id: Id
    revision: int = 1
    url: Url | None = None
    title: str | None = None
    upload: Upload | None = None
    stored: Stored | None = None

    @property
    def hashes(self) -> frozenset[str]:
        """The objects that it is made of: an upload, a download, a text."""
        stored, upload = self.stored, self.upload
        named = (upload.sha256 if upload else None, stored.raw_sha256 if stored else None, stored.text_sha256 if stored else None)
        return frozenset(name for name in named if name)

    @property
    def identity(self) -> str:
        """R40: the hash of what was given: a text or file, its title, an address."""
        upload = self.upload
        return _identity(self.url, self.title, *((upload.sha256, upload.content_type, upload.filename) if upload else ()))

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
    """A fetch result on its way from a session to its batch."""

    source_id: Id
    stored: Stored
