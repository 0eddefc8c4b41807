"""Quantities in texts of thirteen languages: read once, for claims, quotes, disputes, tables and titles
alike.

`quantities(text, language)` gives what a text counts and measures as exact values in canonical units, and
its dates; `amounts` leaves out what only says when, or which in a row; `same`, `excludes` and `comparable`
say what two of them are to each other. Without a language the text's own is found out; a number whose
separators then stay open is not read.
"""

from functools import cache, lru_cache

from reprise_research.quantities.languages import language_for
from reprise_research.quantities.lexicon import lexicon
from reprise_research.quantities.model import Kind, Quantity
from reprise_research.quantities.passage import Passage
from reprise_research.quantities.reading import read
from reprise_research.quantities.relations import comparable, excludes, of_one_thing, same

__all__ = [
    "Kind",
    "Quantity",
    "amounts",
    "comparable",
    "excludes",
    "marks",
    "measure_words",
    "of_one_thing",
    "quantities",
    "same",
]

_NO_AMOUNTS = frozenset({Kind.DATE, Kind.TIME, Kind.ORDINAL})


@lru_cache(maxsize=16384)
def marks(text: str, language: str | None = None, decimal: str | None = None) -> tuple[Quantity, ...]:
    """Return the quantities of a text and its identifiers (`Kind.IDENTIFIER`: section 4.2, RFC 2119, 5G), in
    the order of the text.

    `language` is a code such as `de` or `zh-Hans`; without it, or for a language that has no file, it is
    guessed. `decimal` is the mark that parts off decimals in the document that the text comes from (`.` or
    `,`), where that is known.
    """
    if not text:
        return ()
    code, sure = language_for(text, language)
    return read(Passage(text, code, decimal, sure))


def quantities(text: str, language: str | None = None, decimal: str | None = None) -> tuple[Quantity, ...]:
    """Return what a text counts and measures, in the order of the text; for the arguments see `marks`."""
    return tuple(one for one in marks(text, language, decimal) if one.kind is not Kind.IDENTIFIER)


def amounts(text: str, language: str | None = None) -> tuple[Quantity, ...]:
    """Return the quantities of a text that are no date, no time of day and no place in a row; for the
    arguments see `marks`."""
    return tuple(one for one in quantities(text, language) if one.kind not in _NO_AMOUNTS)


@cache
def measure_words(language: str) -> frozenset[str]:
    """Return the single words, in lower case, that only count or measure in a language with a file: numbers,
    units, currencies."""
    known = lexicon(language)
    phrases = (words for table in (known.cardinals, known.unit_words) for words, _ in table)
    return frozenset(words[0] for words in phrases if len(words) == 1) | frozenset(known.glued)
