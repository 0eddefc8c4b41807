"""Words for numbers, units, currencies and dates in one language.

What the Unicode CLDR knows (units, currencies, months) comes from Babel; the language's own file has the
number words and what CLDR leaves out.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from typing import Any, Literal, TypeVar

from babel import Locale
from babel.units import UnknownUnitError, format_unit

from reprise_research.languages import language
from reprise_research.languages.counting import Dates, Numbers, Units
from reprise_research.languages.fields import Table
from reprise_research.languages.model import Extent
from reprise_research.quantities.folding import fold, lower
from reprise_research.quantities.units import MONEY, UNITS

_SAMPLES = (1, 2, 3, 5, 11, 1.5)
"""Numbers that between them need every plural form."""
_LENGTHS: tuple[Literal["short", "long"], ...] = ("short", "long")
_NUMBER = re.compile(r"\d+(?:[.,٫]\d+)?")
_ENDINGS = {
    "ru": {
        "": "а у ом е ы ов ам ами ах и ей ям ями ях",
        "а": "ы у е ой ам ами ах",
        "я": "и ю е ей ь ям ями ях",
        "ь": "я ю ем и ей ям ями ях",
    },
    "de": {"": "n en s es"},
}


class Phrases:
    """Phrases of one or more words, each with a value. A phrase is looked up among the words of a text, the
    longest first."""

    def __init__(self) -> None:
        self._by_first: dict[str, list[tuple[tuple[str, ...], Any]]] = {}

    def add(self, phrase: str, value: object, replace: bool = True) -> None:
        """Add a phrase, whose words are parted by spaces, hyphens or full stops."""
        words = tuple(word for word in re.split(r"[\s.\-_·'/]+", lower(fold(phrase))) if word)
        if not words:
            return
        known = self._by_first.setdefault(words[0], [])
        at = next((index for index, (other, _) in enumerate(known) if other == words), None)
        if at is None:
            known.append((words, value))
            known.sort(key=lambda pair: -len(pair[0]))
        elif replace:
            known[at] = (words, value)

    def __contains__(self, first: str) -> bool:
        return first in self._by_first

    def starting(self, first: str) -> list[tuple[tuple[str, ...], Any]]:
        """Return the phrases that begin with a word, longest first."""
        return self._by_first.get(first, [])

    def __iter__(self) -> Iterator[tuple[tuple[str, ...], Any]]:
        for phrases in self._by_first.values():
            yield from phrases


@dataclass
class Lexicon:
    """What is needed to read the quantities of one language; its words are folded and in lower case."""

    code: str
    spaces: bool
    decimal: str
    """The mark that parts off decimals."""
    numbers: Numbers
    units: Units
    dates: Dates
    extent: Extent
    function: frozenset[str]
    movement: frozenset[str]
    """How words begin that say that something rose or fell; whole words in a language without spaces."""
    cardinals: Phrases = field(default_factory=Phrases)
    unit_words: Phrases = field(default_factory=Phrases)
    glued: dict[str, str] = field(default_factory=dict)
    """Units in a language that writes them together with what follows."""
    duals: Phrases = field(default_factory=Phrases)
    """Words that say two of a unit."""
    per: Phrases = field(default_factory=Phrases)
    fractions: Phrases = field(default_factory=Phrases)
    ordinals: Phrases = field(default_factory=Phrases)
    months: dict[str, int] = field(default_factory=dict)
    openers: frozenset[str] = frozenset()
    """Words that a number, a fraction or an ordinal can begin with."""
    morphemes: dict[str, Fraction] = field(default_factory=dict)
    longest: int = 1
    """The longest unit in characters, in a language without spaces."""


_Part = TypeVar("_Part", bound=Table)


def _folded(table: _Part) -> _Part:
    """A part of a language's file with its words as a folded text in lower case has them."""
    changed: dict[str, object] = {}
    for name, value in table:
        if isinstance(value, frozenset):
            changed[name] = _fold_words(value)
        elif isinstance(value, dict) and value and isinstance(next(iter(value.values())), frozenset):
            changed[name] = {key: _fold_words(words) for key, words in value.items()}
        elif isinstance(value, tuple):
            changed[name] = tuple(lower(fold(phrase)) for phrase in value)
    return table.model_copy(update=changed)


def _fold_words(words: Iterable[str]) -> frozenset[str]:
    return frozenset(lower(fold(word)) for word in words)


@cache
def lexicon(code: str) -> Lexicon:
    """Return the lexicon of a language that has a file. Raises `KeyError` for another one."""
    about = language(code)
    locale = Locale(about.code)
    decimal = "." if about.code == "ar" else str(locale.number_symbols.get("latn", {}).get("decimal", "."))
    made = Lexicon(
        code=about.code,
        spaces=about.spaces,
        decimal=decimal,
        numbers=_folded(about.numbers),
        units=_folded(about.units),
        dates=_folded(about.dates),
        extent=about.extent,
        function=_fold_words(about.words.function),
        movement=frozenset(
            word[: 5 if about.spaces else 9] for word in _fold_words(about.movement.up | about.movement.down)
        ),
    )
    _add_numbers(made)
    _add_units(made)
    _add_months(made, locale)
    firsts = {words[0] for phrases in (made.cardinals, made.fractions, made.ordinals) for words, _ in phrases}
    made.openers = frozenset(firsts) | made.numbers.every | made.numbers.half_adjectives
    return made


def _add_numbers(made: Lexicon) -> None:
    numbers = made.numbers
    for kind, table in (("n", numbers.cardinals), ("s", numbers.scales), ("t", numbers.short_scales)):
        for value, words in table.items():
            for word in words:
                if kind != "t" or len(word) > 1:
                    made.cardinals.add(word, (kind, Fraction(value)))
                if kind == "n" or (kind == "s" and value == "1000"):
                    made.morphemes[word] = Fraction(value)
    for value, words in numbers.fractions.items():
        for word in words:
            made.fractions.add(word, Fraction(value))
    for value, words in numbers.ordinals.items():
        for word in words:
            made.ordinals.add(word, int(value))


def _forms(code: str) -> Iterator[tuple[str, str, str, bool]]:
    """The words of all units, as CLDR writes them beside numbers: unit, length, words, whether they say the
    number themselves."""
    for name in UNITS:
        for length in _LENGTHS:
            for sample in _SAMPLES:
                try:
                    written = format_unit(sample, name, length, locale=code)
                except UnknownUnitError:
                    continue
                words = _NUMBER.sub("", fold(written)).strip().rstrip(".")
                yield name, length, words, _NUMBER.search(fold(written)) is None


def _add_units(made: Lexicon) -> None:
    latin = made.code in ("en", "de", "fr", "es", "pt", "it", "nl")
    for name, length, words, numberless in _forms(made.code):
        if not words or (length == "short" and latin and len(words) < 3) or name == "duration-quarter":
            continue
        if numberless:
            if words.endswith(("ان", "ين")) or " " in words:
                made.duals.add(words, name)
            continue
        _add_unit(made, words, name, replace=False)
        for ending in _inflected(made.code, words):
            _add_unit(made, ending, name, replace=False)
    for name, listed in made.units.words.items():
        for word in listed:
            _add_unit(made, word, name)
            for ending in _inflected(made.code, word):
                _add_unit(made, ending, name, replace=False)
    for name, listed in made.units.currencies.items():
        for word in listed:
            _add_unit(made, word, MONEY + name)
    for name, phrases in made.units.per.items():
        for phrase in phrases:
            made.per.add(phrase, name)
    made.longest = max((len(word) for word in made.glued), default=1)


def _add_unit(made: Lexicon, words: str, name: str, replace: bool = True) -> None:
    if made.spaces and made.code != "ko":
        made.unit_words.add(words, name, replace)
    elif not words.isascii() and (replace or words not in made.glued):  # symbols are told apart by their case
        made.glued[lower(fold(words))] = name


def _inflected(code: str, word: str) -> Iterable[str]:
    """Further cases of a unit's word, for languages that decline it."""
    rules = _ENDINGS.get(code)
    if rules is None or " " in word or "-" in word or not word.isalpha() or len(word) < 3:
        return ()
    stem, ends = (word[:-1], rules[word[-1]]) if word[-1] in rules else (word, rules[""])
    return (stem + end for end in ends.split())


def _add_months(made: Lexicon, locale: Locale) -> None:
    for context in ("format", "stand-alone"):
        for width in ("wide", "abbreviated"):
            for number, name in locale.months.get(context, {}).get(width, {}).items():
                word = lower(fold(str(name))).rstrip(".")
                if not any(character.isdigit() for character in word) and len(word) > 1:
                    made.months.setdefault(word, int(number))
    for value, listed in made.dates.months.items():
        made.months |= {word.replace("-", " "): int(value) for word in listed}
