"""Words that stand for a kind of word: what is near to one of them, in any language, is of that kind."""

from enum import Enum
from functools import cache, lru_cache

from babel import Locale

from reprise_research.languages import knows
from reprise_research.meaning import Encoder

NEAR = 0.75
"""The cosine from which a word is of an anchor's kind."""


class Anchor(Enum):
    """Kinds of words that decide how two statements may be compared. Their members are the plainest words of
    each kind, no list that shall grow: other words and other languages are reached by meaning."""

    ONCE = (
        "founded",
        "built",
        "opened",
        "born",
        "died",
        "signed",
        "published",
        "discovered",
        "invented",
        "completed",
        "launched",
        "married",
        "expires",
        "dates from",
    )
    """What happens to a thing once."""
    SCOPE = (
        "north",
        "south",
        "east",
        "west",
        "early",
        "late",
        "male",
        "female",
        "men",
        "women",
        "old",
        "young",
        "first",
        "last",
        "upper",
        "lower",
        "left",
        "right",
        "inner",
        "outer",
        "urban",
        "rural",
        "summer",
        "winter",
        "domestic",
        "foreign",
        "public",
        "private",
        "gross",
        "net",
        "maximum",
        "minimum",
        "import",
        "export",
        "adult",
        "child",
    )
    """Which part, place, time or group is meant."""
    TIME = (
        "monday",
        "tuesday",
        "wednesday",
        "thursday",
        "friday",
        "saturday",
        "sunday",
        "morning",
        "evening",
        "night",
        "yesterday",
        "today",
        "tomorrow",
        "spring",
        "autumn",
        "week",
        "month",
        "season",
        "year",
        "last year",
        "this year",
    )
    """When."""
    AUTHOR = (
        "written",
        "wrote",
        "composed",
        "painted",
        "designed",
        "invented",
        "discovered",
        "founded",
        "built",
        "directed",
        "won",
        "murdered",
    )
    """What has one doer, be it a group."""
    ROLE = ("won", "winner", "elected", "champion", "capital", "founder", "inventor", "president", "chairman")
    """What only one can be or do."""


@lru_cache(maxsize=65536)
def near_anchor(word: str, anchor: Anchor, meaning: Encoder | None) -> bool:
    """Return whether a word is of a kind; without an encoder, whether it is one of the anchors."""
    if word.casefold() in anchor.value or meaning is None:
        return word.casefold() in anchor.value
    rows = meaning.encode(list(anchor.value))
    return bool((rows @ meaning.encode([word.casefold()])[0]).max() >= NEAR)


def is_time(word: str, code: str, meaning: Encoder | None) -> bool:
    """Return whether a word says when: a day of the week in its language, or whatever is near to such
    words."""
    folded = word.casefold()
    days = weekdays(code)
    return folded in days or folded.removesuffix("s") in days or near_anchor(word, Anchor.TIME, meaning)


@cache
def weekdays(code: str) -> frozenset[str]:
    """Return the days of the week in a language, as CLDR writes them."""
    if not knows(code):
        return frozenset()
    return frozenset(name.casefold() for name in Locale(code).days["format"]["wide"].values())
