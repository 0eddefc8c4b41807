"""The shape of a language's file.

Words are written parted by white space, phrases as lists. Words stand in their usual forms; who looks for
them compares stems (`reprise_research.text.words`), and in languages without spaces looks for them within the
text. A pattern is a list of regular expressions of which one must match; case is ignored.
"""

import re
import tomllib
from typing import Any, Literal

from pydantic import ValidationError

from reprise_research.languages.counting import Dates, Numbers, Units
from reprise_research.languages.fields import NOTHING, Pattern, Phrases, Table, Words
from reprise_research.languages.report import Report


class Vocabulary(Table):
    """Words by what they do in a sentence."""

    function: Words = frozenset()
    """The closed classes: articles, pronouns, prepositions, conjunctions, auxiliaries, words that ask."""
    empty: Words = frozenset()
    """Those of them that only hold a sentence together: articles, auxiliaries, `of`. What the others say
    (`all`, `almost`, `despite`) must stand in two statements that agree."""
    present: Words = frozenset()
    """Auxiliaries that say that it is so now, where `past` ones say that it was."""
    past: Words = frozenset()
    fillers: Words = frozenset()
    """Verbs, adverbs, adjectives and measures that stand in texts on anything."""
    asking: Words = frozenset()
    """What a topic is asked with, and names nothing that a source could be about."""
    general: Words = frozenset()
    """Nouns too general to be the name of a theme."""
    carriers: Words = frozenset()
    """Verbs that, beside a figure, only join it to what it is of: `amounted to`, `reached`."""
    prepositions: Words = frozenset()
    """What ties a time, a place or a means to what happens: `in`, `from`."""
    relators: Words = frozenset()
    """Small words that say how two things stand to each other, and have a contrary: `before`, `outside`."""
    genitives: Words = frozenset()
    """They join a thing to what it is of: `of`."""
    agents: Words = frozenset()
    """They name who does what a passive says: `by`."""
    subjects: Words = frozenset()
    """Pronouns of one thing that the clause before names first: `it`."""
    selves: Words = frozenset()
    """With them who speaks means itself: `we`, `our company`."""
    detached: Words = frozenset()
    """Parts of verbs that stand at the end of the clause: `nahm … zu`."""
    turning: Words = frozenset()
    """What right behind a verb makes another action of it: `paid out`."""
    cases: Phrases = ()
    """What stands beside a noun and says whether it does or suffers something, those together that say the
    same: `は が`; `~` alone where the noun's own ending does."""
    endings: Words = frozenset()
    """Endings of words that are made of another one and name no thing of their own; a word that goes on with
    anything else is the name of something else: `Motorrad`."""
    numbered: Words = frozenset()
    """Behind a number they make it the name of one of several: building no. 3."""
    indefinite: Words = frozenset()
    """Articles of what has not been named before: one of several."""


class Nouns(Table):
    """What shows that a word is a noun, where there is no tagger."""

    before: Words = frozenset()
    """Articles, prepositions and the like, that stand in front of nouns."""
    after: Words = frozenset()
    """Postpositions."""
    links: Words = frozenset()
    """What joins two nouns to one name: `limite de vitesse`."""
    capitals: bool = False
    """Whether nouns are written with a capital."""
    never: Phrases = ()
    """Endings that nouns hardly ever have."""
    none: Words = frozenset()
    """Words that name no theme, though they may be nouns."""
    none_with: Pattern = NOTHING
    """A run of characters with it names no theme, in a language without spaces."""
    before_verbs: Words = frozenset()
    """What a verb follows."""
    objects: Words = frozenset()
    """What follows a verb at once, and hardly ever a noun: `leaves the`, `writes a`."""
    before_participles: Words = frozenset()
    after_participles: Words = frozenset()
    heads: Words = frozenset()
    """Words that name nothing by themselves and complete a name: `response times`."""
    particles: str = ""
    """Characters that mean nothing alone, between which names stand."""
    edges: str = ""
    """Characters that no name begins or ends with."""
    edges_in_front: str = ""
    """Those of them that begin nouns all the same: `起步价`."""
    place_ends: str = ""
    """Characters that end the name of a place."""


class SentenceMarks(Table):
    """How sentences end and are told apart."""

    ends: str = ".!?…"
    abbreviations: Words = frozenset()
    """Words that a full stop follows within a sentence, without that stop, in lower case."""
    closers: Words = frozenset()
    """Those of them that may also end a sentence: `etc`."""
    clauses: Words = frozenset()
    """Words that begin a clause, where speech can be cut."""
    additions: Words = frozenset()
    """They begin a clause behind a comma that adds something, and does not say which thing is meant: `, which
    cost the town its mill`."""
    joins: Words = frozenset()
    """Words that may begin one, and as often join two nouns: speech is cut there only where no other place
    fits."""
    coordinates: Words = frozenset()
    """Words that join a clause to another, and neither give a reason nor set a condition: `and`, `but`."""
    concessions: Phrases = ()
    """They begin what is so all the same, and takes nothing back: `although`, `despite`."""
    quotes: tuple[str, str] = ("“", "”")


class Negation(Table):
    """How a language says no."""

    words: Words = frozenset()
    phrases: Phrases = ()
    prefixes: Phrases = ()
    """What makes a word its opposite in front of it: `un-`."""
    suffixes: Phrases = ()
    exempt: Phrases = ()
    """Phrases that hold a negating word and deny nothing: `not only`."""
    exceptions: Phrases = ()
    """What takes something out of what is said, and turns a denial over: `all but`, `only`, `except`."""
    pairs: Pattern = NOTHING
    """What takes something out in two words, and denies nothing: `ne … que`."""
    focus: Phrases = ()
    """Those of them that in front of a figure only say that it is small: `only four`."""


class Movement(Table):
    """Words that say which way something goes."""

    up: Words = frozenset()
    down: Words = frozenset()
    same: Words = frozenset()
    """Words that say that it did not move."""
    unmoved: Words = frozenset()
    """Those of them that leave room for no movement at all: `unchanged`, but not `stable`."""
    changes: Words = frozenset()
    """Words that say so where they are denied: `has not changed`."""
    to_behind: Words = frozenset()
    """What stands behind where something went, in a language that puts it there."""
    to: Words = frozenset()
    """They stand in front of the figure that it ends at: `fell to 10 percent`."""


class Kinds(Table):
    """Words that say what kind of statement it is."""

    plan: Words = frozenset()
    forecast: Words = frozenset()
    target: Words = frozenset()
    estimate: Words = frozenset()
    actual: Words = frozenset()
    """Words that say that it has happened or was measured."""
    hedges: Words = frozenset()
    """Words that say that it may be so: `may`, `perhaps`."""
    ability: Words = frozenset()
    """Words that say that something can be so: what a ship carries is not what it can carry."""
    intent: Words = frozenset()
    """Words that say that somebody wants, considers or proposes it."""
    future: Pattern = NOTHING
    """It says that something will be so."""
    duty: Words = frozenset()
    """Words that say that it should or must be so."""
    obliges: Pattern = NOTHING
    """The same in more than one word: `has to`."""
    conditions: Words = frozenset()
    """Words that open a condition: `if`."""


class Opinion(Table):
    """How someone values, demands or believes."""

    words: Words = frozenset()
    phrases: Phrases = ()
    pattern: Pattern = NOTHING
    """What takes more than words to tell."""
    titles: Pattern = NOTHING
    """What holds opinions alone is called so: `Letters`, `Opinion: …`."""


class Reporting(Table):
    """How a text hands on what another says."""

    verbs: Words = frozenset()
    phrases: Phrases = ()
    """In front of who says it: `according to`."""
    after: Phrases = ()
    """Behind who says it: `zufolge`."""
    prepositions: Words = frozenset()
    """They say where it is from only in front of records: `by our count`, `nach den Büchern`."""
    records: Words = frozenset()
    """What somebody knows a thing from."""
    opens: Phrases = ()
    """They begin what is said behind a verb of saying: `that`, `dass`."""

    @property
    def marks(self) -> Phrases:
        """Both."""
        return (*self.phrases, *self.after)


class Extent(Table):
    """How a text says that a figure is a bound, is not exact, or counts a part."""

    about: Phrases = ()
    nearly: Phrases = ()
    over: Phrases = ()
    """More than the figure."""
    under: Phrases = ()
    at_least: Phrases = ()
    at_most: Phrases = ()
    about_after: Phrases = ()
    """The same behind the figure: `or so`."""
    over_after: Phrases = ()
    under_after: Phrases = ()
    at_least_after: Phrases = ()
    at_most_after: Phrases = ()
    part: Words = frozenset()
    whole: Words = frozenset()


class Reading(Table):
    """Patterns that say what a sentence is good for outside of its text."""

    parts: Pattern = NOTHING
    """What stands between the parts of a question that asks several things."""
    unknown: Pattern = NOTHING
    """It says that something is not known, was not measured or has not been decided."""
    supposes: Pattern = NOTHING
    """Before that, in the same clause, it only supposes so: `if it could not be determined`."""
    opens: Pattern = NOTHING
    """It begins so and needs the sentence before it."""
    bare: Pattern = NOTHING
    """It begins with a thing of which it does not say what it belongs to: `the cost was …`."""
    points: Pattern = NOTHING
    """It points at something outside of itself."""
    refers: Pattern = NOTHING
    """It begins so and only says where something is to be read."""
    boilerplate: Pattern = NOTHING
    """It is furniture of a page: cookies, subscriptions, rights."""
    instructs: Pattern = NOTHING
    """It is addressed to a model that reads it."""
    request: Pattern = NOTHING
    """The words at the beginning of guidance that are around its subject: `focus on`."""
    orders: Pattern = NOTHING
    """Guidance that says what to do, and names no subject, begins so: `write`, `keep it short`."""
    only: Pattern = NOTHING
    """Guidance that wants nothing but its subject begins so: `only`."""


class Asks(Table):
    """What a question wants to be answered with, and what shows that a sentence gives it."""

    amount: Pattern = NOTHING
    """`how many`, `how long`."""
    money: Pattern = NOTHING
    """The words that ask for an amount of money: `how much`, `cost`."""
    date: Pattern = NOTHING
    number: Pattern = NOTHING
    """`which port`, `which version`."""
    place: Pattern = NOTHING
    """`where`, `which file`."""
    person: Pattern = NOTHING
    reason: Pattern = NOTHING
    definition: Pattern = NOTHING
    change: Pattern = NOTHING
    """It asks what became different: `what changed`."""
    reasons: Phrases = ()
    """They begin what gives a reason: `because`."""
    causes: Phrases = ()
    """They say, wherever they stand, that something has a cause: `due to`, `blamed`."""
    indirect: Pattern = NOTHING
    """It tells that somebody asks: `asked whether`."""
    reported: Pattern = NOTHING
    """So begins a sentence that only tells that somebody asked or discussed something, and nothing of the
    matter."""
    copula: Words = frozenset()
    """They stand between a thing and what it is: `is`, `means`."""


class Language(Table):
    """A language."""

    code: str
    name: str
    """In English."""
    own_name: str
    script: Literal["latin", "cyrillic", "han", "kana", "hangul", "arabic", "devanagari"]
    spaces: bool = True
    """Whether spaces part its words."""
    right_to_left: bool = False
    adjectives_follow: bool = False
    """Whether a word that says which thing is meant stands behind the thing: `la zone nord`."""
    stemmer: str = ""
    """The algorithm of `snowballstemmer`; empty: words are compared as they are, or by pairs of
    characters."""
    prefixes: Phrases = ()
    """Particles that are written together with the word that follows them, as in Arabic."""
    participle: str = ""
    """What a participle begins with that the verb's other forms lack: `ge-` of `gekostet`."""
    particles: Phrases = ()
    """Endings that are no part of the word that they follow, as in Korean."""
    words: Vocabulary = Vocabulary()
    nouns: Nouns = Nouns()
    sentences: SentenceMarks = SentenceMarks()
    negation: Negation = Negation()
    movement: Movement = Movement()
    kinds: Kinds = Kinds()
    opinion: Opinion = Opinion()
    reporting: Reporting = Reporting()
    extent: Extent = Extent()
    reading: Reading = Reading()
    asks: Asks = Asks()
    numbers: Numbers = Numbers()
    units: Units = Units()
    dates: Dates = Dates()

    report: Report
    """How a report in it is framed."""

    @property
    def stop_words(self) -> frozenset[str]:
        """Words that ranking leaves out."""
        return self.words.function | self.words.fillers


def _filled(patterns: list[str], lists: dict[str, str]) -> list[str]:
    """Patterns in which `{find}` is any of the words of the list `find`. A word stands in one list, not in
    each of the patterns that need it."""
    for name, words in lists.items():
        choice = f"(?:{'|'.join(words.split())})"
        patterns = [pattern.replace(f"{{{name}}}", choice) for pattern in patterns]
    return patterns


def parse(code: str, text: str) -> Language:
    """Return the language that a file describes. Raises `ValueError` naming the file's faults."""
    try:
        table: dict[str, Any] = tomllib.loads(text)
        if "unknown" in table.get("reading", {}):
            table["reading"]["unknown"] = _filled(table["reading"]["unknown"], table.pop("knowing", {}))
        table.setdefault("report", {})["language"] = code
        found = Language.model_validate(table)
    except (tomllib.TOMLDecodeError, ValidationError, re.error) as error:
        raise ValueError(f"{code}.toml: {error}") from error
    if found.code != code:
        raise ValueError(f"{code}.toml: its code is {found.code}")
    return found
