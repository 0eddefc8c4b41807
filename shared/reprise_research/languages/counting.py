"""The parts of a language's file that say how it counts, measures and dates: tables `[numbers]`, `[units]`
and `[dates]`.

What the Unicode CLDR knows (names of units, currencies and months, decimal marks) is not repeated there; the
file adds what it leaves out. A word of several parts is written with hyphens.
"""

from pydantic import Field

from reprise_research.languages.fields import Phrases, Table, Words

NO_WORDS: frozenset[str] = frozenset()


class Numbers(Table):
    """Number words, and what stands around numbers. Keys of the tables are values: `25`, `1.5`, `1/3`."""

    cardinals: dict[str, Words] = Field(default_factory=dict)
    scales: dict[str, Words] = Field(default_factory=dict)
    """Words that multiply what stands before them."""
    short_scales: dict[str, Words] = Field(default_factory=dict)
    """Abbreviated scales, which follow digits only."""
    fractions: dict[str, Words] = Field(default_factory=dict)
    ordinals: dict[str, Words] = Field(default_factory=dict)
    native: dict[str, Words] = Field(default_factory=dict)
    """A second row of number words, before counters only."""
    digits: str = ""
    """Characters for digits, from nought on."""
    powers: dict[str, int] = Field(default_factory=dict)
    """Characters for ten, a hundred and so on."""
    joins: Words = NO_WORDS
    """Words between the parts of one number: `and`."""
    prefixed_join: str = ""
    """The same, where it is written together with the word behind it."""
    prefixes: Words = NO_WORDS
    """What a number word may be written together with."""
    articles: Words = NO_WORDS
    """They say one before a scale or a fraction: `a million`."""
    weak: Words = NO_WORDS
    """Words for one that may as well be an article; they count before a unit."""
    alone: Words = NO_WORDS
    """Scales that need no number before them: `mille`."""
    compound: bool = False
    """Numbers are written as one word."""
    reversed: bool = False
    """The unit comes before the ten: `fünfundzwanzig`."""
    vigesimal: Words = NO_WORDS
    """Tens that a number below twenty can follow: `soixante-dix`."""
    idiom: Words = NO_WORDS
    """Words that hold the character of a number and count nothing."""
    minus: Phrases = ()
    below_zero: Phrases = ()
    half_after: Phrases = ()
    """`and a half`."""
    half_adjectives: Words = NO_WORDS
    """Words for half that are one only before a unit or a scale."""
    bare_fractions: bool = False
    """A fraction needs no number or article before it."""
    ordinal_words: bool = False
    """Ordinals are told from fractions and nouns."""
    ordinal_dot: bool = False
    """A full stop makes an ordinal: `3.`."""
    ordinal_prefix: str = ""
    ordinal_after: Words = NO_WORDS
    infix_over: str = ""
    """A character between number and unit that says more than."""
    every: Words = NO_WORDS
    """With an ordinal behind it, it is a share: `jeder neunte`."""
    one_in: Phrases = ()
    """Between a part and a whole: `in`, `out of`."""
    in_one: Phrases = ()
    """Between a whole and a part."""
    ranges: Phrases = ()
    """Between the ends of a range: `to`."""
    between: Phrases = ()
    between_and: Phrases = ()
    origins: Phrases = ()
    """Before what something rose or fell from: `from`."""


class Units(Table):
    """Words for units beyond those of CLDR, by CLDR's names, and what stands behind a number."""

    words: dict[str, Words] = Field(default_factory=dict)
    currencies: dict[str, Words] = Field(default_factory=dict)
    per: dict[str, Words] = Field(default_factory=dict)
    """Phrases for what an amount is given for each of."""
    dotted: Words = NO_WORDS
    """Abbreviations whose full stop belongs to them."""
    links: Words = NO_WORDS
    """Between a number and what it is of: `of`."""
    determiners: Words = NO_WORDS
    """Articles that may stand before what it is of."""
    gap: str = ""
    """A particle between a counter and its noun."""
    counters: Words = NO_WORDS
    """Words that count things of a kind, behind the number."""
    persons: Words = NO_WORDS
    """Counters for people."""
    nouns_stop: str = ""
    """Characters at which a noun ends."""
    particles: Words = NO_WORDS
    """What may be written together with a unit, behind it."""
    identifiers: Words = NO_WORDS
    """Before a number that names: `section`."""
    identifier_after: Words = NO_WORDS


class Dates(Table):
    """Words around dates and periods."""

    months: dict[str, Words] = Field(default_factory=dict)
    """Names of months that CLDR leaves out, by their numbers."""
    month_before: Words = NO_WORDS
    """Words after which the name of a month is one."""
    year_before: Words = NO_WORDS
    year_after: Words = NO_WORDS
    quarters: Phrases = ()
    halves: Phrases = ()
    fiscal: Phrases = ()
    decade_suffix: str = ""
    decades: Phrases = ()
    """Words before the year with which a decade begins."""
    century: Phrases = ()
