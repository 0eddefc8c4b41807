"""What stands around a number and makes it a bound, a range, a share or not exact: `at most 40`, `40 or
more`, `3 to 5`, `one in nine`."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from reprise_research.languages.model import Extent
from reprise_research.quantities.folding import fold, lower
from reprise_research.quantities.lexicon import lexicon

_SIGNS = {
    "~": "about",
    "≈": "about",
    "∼": "about",
    "≃": "about",
    ">": "over",
    "<": "under",
    "≥": "at_least",
    "≤": "at_most",
    "±": "about",
}
_DOTTED = frozenset({"ca", "c", "approx", "aprox", "env", "ung", "ок"})
_DASHES = frozenset("-–—~〜～")
_BEFORE = ("about", "nearly", "over", "under", "at_least", "at_most")
_AFTER = ("about_after", "over_after", "under_after", "at_least_after", "at_most_after")
_SPACES = " \u00a0\u202f\u2009\n\t"
_UNTIL = frozenset(
    {"до", "bis", "tot", "hasta", "até", "fino a", "fino al", "jusqu'à", "حتى", "يصل إلى", "まで", "최대"}
)
_REACH = 44
_ARTICLES = {
    "en": ("the", "a", "an"),
    "de": ("die", "den", "der", "das"),
    "fr": ("les", "la", "le", "l'"),
    "es": ("los", "las", "el", "la"),
    "pt": ("os", "as", "o", "a"),
    "it": ("gli", "i", "le", "la", "il", "l'"),
    "nl": ("de", "het"),
}


@dataclass(frozen=True)
class Surroundings:
    """The phrases of one language, longest first."""

    spaced: bool
    articles: tuple[str, ...]
    before: tuple[tuple[str, str], ...]
    before_ends: tuple[str, ...]
    after: tuple[tuple[str, str], ...]
    after_starts: tuple[str, ...]
    ranges: frozenset[str]
    between: tuple[str, ...]
    ands: frozenset[str]
    origins: tuple[str, ...]
    minus: tuple[str, ...]

    def bound_before(self, low: str, start: int) -> tuple[str, int, bool] | None:
        """Return what the words before a place say of the number there, where they begin, and whether a
        movement may end so."""
        window = low[max(0, start - _REACH) : start]
        trimmed = window.rstrip(_SPACES)
        if trimmed and trimmed[-1] in _SIGNS:
            return _SIGNS[trimmed[-1]], start - len(window) + len(trimmed) - 1, False
        article = next((word for word in self.articles if trimmed.endswith(word)), "")
        if article and self._whole(trimmed, article) and not trimmed.endswith(self.before_ends):
            trimmed = trimmed[: -len(article)].rstrip(_SPACES)
        dotted = trimmed.endswith(".")
        if dotted:
            trimmed = trimmed[:-1]
        if not trimmed.endswith(self.before_ends):
            return None
        for phrase, says in self.before:
            if (
                trimmed.endswith(phrase)
                and (not dotted or phrase in _DOTTED)
                and self._whole(trimmed, phrase)
            ):
                return says, start - len(window) + len(trimmed) - len(phrase), phrase in _UNTIL
        return None

    def bound_after(self, low: str, end: int) -> tuple[str, int] | None:
        """Return what the words after a place say of the number there, and where they end."""
        window = low[end : end + _REACH]
        trimmed = window.lstrip(_SPACES)
        if not self.after_starts or not trimmed.startswith(self.after_starts):
            return None
        skipped = len(window) - len(trimmed)
        for phrase, says in self.after:
            if trimmed.startswith(phrase) and not (
                self.spaced and trimmed[len(phrase) : len(phrase) + 1].isalpha()
            ):
                return says.removesuffix("_after"), end + skipped + len(phrase)
        return None

    def joins(self, between: str) -> str | None:
        """Return `range` or `and` for the words between two numbers, or None."""
        words = between.strip(_SPACES)
        if words in _DASHES or words in self.ranges:
            return "range"
        return "and" if words in self.ands else None

    def follows(self, low: str, start: int, phrases: tuple[str, ...]) -> bool:
        """Return whether one of the phrases ends where a number starts."""
        trimmed = low[max(0, start - _REACH) : start].rstrip(_SPACES)
        return trimmed.endswith(phrases) and any(
            trimmed.endswith(phrase) and self._whole(trimmed, phrase) for phrase in phrases
        )

    def _whole(self, text: str, phrase: str) -> bool:
        before = text[: len(text) - len(phrase)][-1:]
        return not self.spaced or not before.isalpha()


def _phrases(values: Iterable[str]) -> tuple[str, ...]:
    """Phrases as a folded text has them, the longest first."""
    return tuple(sorted({lower(fold(value)) for value in values}, key=lambda phrase: (-len(phrase), phrase)))


def _bounds(extent: Extent, names: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    found = [(phrase, name) for name in names for phrase in _phrases(getattr(extent, name))]
    return tuple(sorted(found, key=lambda pair: (-len(pair[0]), pair)))


@cache
def surroundings(code: str) -> Surroundings:
    """Return the phrases of a language."""
    made, numbers = lexicon(code), lexicon(code).numbers
    before, after = _bounds(made.extent, _BEFORE), _bounds(made.extent, _AFTER)
    return Surroundings(
        spaced=made.spaces and code != "ko",
        articles=_ARTICLES.get(code, ()),
        before=before,
        before_ends=tuple(phrase for phrase, _ in before),
        after=after,
        after_starts=tuple(phrase for phrase, _ in after),
        ranges=frozenset(_phrases(numbers.ranges)),
        between=_phrases(numbers.between),
        ands=frozenset(_phrases(numbers.between_and)),
        origins=_phrases(numbers.origins),
        minus=_phrases(numbers.minus),
    )
