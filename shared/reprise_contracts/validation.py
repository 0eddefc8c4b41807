"""What is wrong with a document that does not validate, in words a caller understands: the first faulty
field, and what it must be."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic_core import ErrorDetails

_WORDS: Mapping[str, str] = {
    "missing": "is required",
    "extra_forbidden": "is not known here",
    "json_invalid": "is not JSON that can be read: {error}",
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "int_parsing": "must be a whole number",
    "int_parsing_size": "is too large a number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "tuple_type": "must be a list",
    "list_type": "must be a list",
    "dict_type": "must be an object",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "greater_than": "must be more than {gt}",
    "greater_than_equal": "must be at least {ge}",
    "less_than": "must be less than {lt}",
    "less_than_equal": "must be at most {le}",
    "finite_number": "must be a number",
    "datetime_parsing": "must be a time, for example 2026-11-23T20:00:00Z",
    "datetime_from_date_parsing": "must be a time, for example 2026-11-23T20:00:00Z",
    "union_tag_invalid": "must be {expected_tags}",
    "union_tag_not_found": "needs the field {discriminator}",
}
PATTERNS: Mapping[str, str] = {
    r"^[A-Za-z0-9_-]{1,64}$": "must be 1 to 64 letters, digits, - or _",
    r"^[A-Za-z0-9_-]{1,128}$": "must be 1 to 128 letters, digits, - or _",
    r"^[0-9a-f]{32}$": "must be the token that a preview came with: 32 hexadecimal digits, lower case",
    r"^[0-9a-f]{64}$": "must be a sha256 in lower-case hexadecimal digits",
    r"^phase([0124]|3/[1-9][0-9]{0,8})$": "must be phase0, phase1, phase2, phase4, or a step such as "
    "phase3/2",
    r"^phase([0-4]|3/([1-9][0-9]{0,8}|\*))$": "must be a phase, a step such as phase3/2, or phase3/* for "
    "every step",
    r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$": "must be the code of a language, such as en, de or zh-Hans",
    r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$": "must be 1 to 64 letters from A to Z, digits, or . _ : -, and "
    "begin with a letter or a digit",
    r"^[a-z0-9-]{0,32}$": "must be at most 32 lower-case letters, digits or -",
    r"^[^\s/:@]+\.[^\s/:@.]+$": "must be a domain such as example.org, without scheme, port or path",
    r"^[A-Za-z][A-Za-z0-9+.-]*://[^\s]+$": "must be an address such as https://example.org/hook, without "
    "spaces",
    r"^https?://[^\s]+$": "must begin with http:// or https:// and have no spaces",
}
"""What a pattern of the contracts asks for."""
_NAMED = re.compile(r"`([a-z][a-z0-9_]*)`")
"""A field in a sentence."""
_LONGEST = {"string_too_long", "too_long"}
_SHORTEST = {"string_too_short", "too_short"}


class Fault(NamedTuple):
    """Where a document is wrong, dotted; empty for the document itself. And what is wrong there, as the end
    of a sentence."""

    field: str
    says: str


def fault(error: ErrorDetails, *, skip: frozenset[str] = frozenset()) -> Fault:
    """One error of a validation in words; parts of its place that are in `skip` are left out."""
    field = ".".join(str(part) for part in error["loc"] if part not in skip)
    says = _says(str(error["type"]), error, error.get("ctx") or {})
    if not field and (named := _NAMED.search(says)):  # what is wrong with the whole is said of its fields
        field = named[1]
    return Fault(field, says)


def _says(kind: str, error: ErrorDetails, context: Mapping[str, Any]) -> str:
    if kind in _LONGEST:
        return f"may have at most {context['max_length']:,} {_units(error, context['max_length'])}"
    if kind in _SHORTEST:
        least = context["min_length"]
        return "may not be empty" if least == 1 else f"needs at least {least:,} {_units(error, least)}"
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(context["pattern"], f"must match {context['pattern']}")
    if kind == "literal_error" and context["expected"] == "True":
        return "must be true"
    if kind in _WORDS:
        return _WORDS[kind].format_map(context)
    message = error["msg"].removeprefix("Value error, ")
    return f"is refused: {message}"


def _units(error: ErrorDetails, count: int) -> str:
    one, many = ("character", "characters") if isinstance(error["input"], str) else ("entry", "entries")
    return one if count == 1 else many
