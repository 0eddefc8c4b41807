"""How the tables of a language's file are read: words parted by white space, phrases as lists, patterns as
regular expressions."""

import re
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict


def _words(value: object) -> object:
    """Words of a text that parts them by white space."""
    return frozenset(value.split()) if isinstance(value, str) else value


def _pattern(value: object) -> object:
    """One expression of many alternatives; it matches nothing where there are none."""
    if not isinstance(value, list):
        return value
    return re.compile("|".join(f"(?:{one})" for one in value) if value else r"(?!)", re.IGNORECASE)


Words = Annotated[frozenset[str], BeforeValidator(_words)]
Phrases = tuple[str, ...]
Pattern = Annotated[re.Pattern[str], BeforeValidator(_pattern)]

NOTHING = re.compile(r"(?!)")
"""The pattern that matches nothing."""


class Table(BaseModel):
    """A part of a language's file; a key that is not declared is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")
