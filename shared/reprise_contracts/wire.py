"""What every message has in common: frozen, versioned, strict about what it knows and deaf to what it does
not."""

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import UTC, datetime
from inspect import get_annotations
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from reprise_contracts.validation import fault

VERSION = "v1"

Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,64}$")]
"""A batch, session, run, source or execution id: safe as a subject token and as a key segment."""

CommandId = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{1,128}$")]
"""The caller's own name for a command: unique in its session (a start's: for its caller)."""

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""A lower-case hex digest."""


def _utc(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("a time needs its zone, for example 2026-11-23T20:00:00Z")
    return value.astimezone(UTC)


Instant = Annotated[datetime, AfterValidator(_utc)]
"""A moment, always with a zone, kept in UTC."""


class Malformed(ValueError):
    """The bytes are not a message of the expected type; the text says where and why, `field` where alone."""

    def __init__(self, text: str, field: str = "") -> None:
        super().__init__(text)
        self.field = field


def _with_type(self: BaseModel, context: object) -> None:
    self.__pydantic_fields_set__.add("type")


class Message(BaseModel):
    """A frozen message. Unknown fields are dropped, so that an old reader survives a newer writer."""

    model_config = ConfigDict(frozen=True, extra="ignore", allow_inf_nan=False)

    def __init_subclass__(cls, **given: Any) -> None:
        """A message's `type` is always written, also where its writer left it at its default. Only messages
        that have one are looked at after they are made."""
        super().__init_subclass__(**given)
        if "type" in get_annotations(cls):
            cls.model_post_init = _with_type  # type: ignore[method-assign]

    def encode(self) -> bytes:
        """UTF-8 JSON without the fields that nobody set and those that are null."""
        return self.model_dump_json(exclude_unset=True, exclude_none=True).encode()

    @classmethod
    def decode(cls, data: bytes | str, *, exactly: bool = False) -> Self:
        """Parse one message; raises `Malformed` with the first faulty field. `exactly` refuses a field that
        is not known:

        what is asked for is done as asked or not at all, while a fact may say more than its reader
        understands.
        """
        try:
            return cls.model_validate_json(data, extra="forbid" if exactly else None)
        except ValidationError as error:
            raise Malformed(
                explain(error, cls.__name__), fault(error.errors(include_url=False)[0]).field
            ) from error


def explain(error: ValidationError, what: str) -> str:
    """One sentence that names the first faulty field of a failed validation."""
    first = fault(error.errors(include_url=False)[0])
    return f"{what}: {first.field or 'the document'} {first.says}"


def canonical(value: object) -> bytes:
    """Canonical JSON: sorted keys, no spaces, NFC text, UTF-8. Equal meaning gives equal bytes."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return unicodedata.normalize("NFC", text).encode()


def digest(value: object) -> str:
    """The sha256 of the canonical JSON of a value."""
    return hashlib.sha256(canonical(value)).hexdigest()


def derived_id(prefix: str, *parts: str) -> str:
    """A stable id made from other ids: the same parts give the same id, on any machine."""
    return f"{prefix}-{hashlib.sha256(chr(0).join(parts).encode()).hexdigest()[:20]}"


def digest_of(reads: Mapping[str, str]) -> str:
    """One digest of a list of inputs (name to output hash)."""
    return digest(dict(reads))


def normalised(text: str) -> str:
    """Text as a step's identity sees it: NFKC, case-folded, white space as single spaces."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text)).strip().casefold()
