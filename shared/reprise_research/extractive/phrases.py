"""Phrases that could name a theme: one or two words that behave like nouns, or a run of Chinese characters
that recurs as a whole.

No tagger and no model: what a word is follows from the words around it, over all its occurrences, from what
it may be at all (`reprise_research.text.parts`), and from words that name nothing by themselves (`[nouns]` of
a language's file).
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import NamedTuple

from reprise_research.extractive.nouns import nouns
from reprise_research.languages import knows, language
from reprise_research.quantities import measure_words
from reprise_research.text.language import is_han
from reprise_research.text.parts import is_mostly_noun, may_be_noun, parts_of
from reprise_research.text.passages import Passage
from reprise_research.text.words import stem

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|[^\w\s]|\d+")
_CODE = re.compile(r"[!-~]*[/\\_<>=@#$~|{}\d][!-~]*|[A-Za-z]+(?:[-.][A-Za-z]+)+|\w+\(\w*\)")
"""Paths, names of files, commands, placeholders and compounds: what looks like words in them are none."""
_ADJECTIVE = re.compile(
    r"(?:[^u]al|ous|able|ible|ful|less|ical|ary|native|active|specific|public|automatic)$"
)
_ONE_SIDED = 0.6
"""The share of one and the same neighbour from which a run of characters is a piece of a longer word."""
_ENGLISH, _CHINESE = language("en").nouns, language("zh").nouns
_PARTED = 1.3
"""How many times as often as a name of two words one of them may stand for the name to be that of both."""
_CASES = ("n", "s")
_LONGEST_HAN = 6
_SURELY = 3
"""Occurrences that all have the same neighbour, from which it belongs to them, be it a particle elsewhere."""


class Occurrence(NamedTuple):
    """A phrase in its place: what identifies it, how it is written, and what stands around it."""

    stems: tuple[str, ...]
    form: str
    closed: bool
    lower: bool
    verb: bool
    before: str = ""
    after: str = ""
    head: str = ""
    shown: bool = True


@dataclass
class Phrase:
    """A candidate, with the evidence of all its occurrences."""

    stems: tuple[str, ...]
    forms: Counter[str] = field(default_factory=Counter)
    passages: set[int] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    closed: int = 0
    """Occurrences that no further noun follows: `noise fell`, not `noise stations`."""
    lower: int = 0
    """Occurrences in lower case: names of persons and places are no themes."""
    verb: int = 0
    """Occurrences after a word that a verb follows: `to ask`, `they cost`."""
    shown: int = 0
    """Occurrences behind a word that a noun follows: `the claim`, `strong winds`."""
    seen: int = 0
    before: Counter[str] = field(default_factory=Counter)
    """Chinese characters that stand before it."""
    heads: Counter[str] = field(default_factory=Counter)
    """Words that name nothing by themselves and often follow it: `response times`."""
    after: Counter[str] = field(default_factory=Counter)
    weight: float = 1.0
    """How good a name it is; set by whoever compares them."""
    language: str = "en"

    @property
    def doubtful(self) -> float:
        """The share of occurrences that may look like a verb: without a list of verbs more of them only are
        not shown to be nouns."""
        return 0.25 if self.language in ("en", "zh") else 0.6

    @property
    def label(self) -> str:
        """Its commonest form, with the word that nearly always completes it; in German without the ending of
        a genitive or a dative, where it stands without it too."""
        form = max(self.forms.items(), key=lambda form: (form[1], form[0]))[0]
        if knows(self.language) and language(self.language).nouns.capitals:
            form = next(
                (form[:-1] for case in _CASES if form[:-1] + case == form and form[:-1] in self.forms), form
            )
        head, number = max(self.heads.items(), key=lambda head: (head[1], head[0]), default=("", 0))
        return f"{form} {head}" if number > _ONE_SIDED * self.seen else form

    def names_something(self) -> bool:
        """Whether it recurs, and behaves like a common noun."""
        if (
            self.seen < 2
            or self.lower < 0.5 * self.seen
            or self.closed < 0.35 * self.seen
            or self.verb > self.doubtful * self.seen
        ):
            return False
        if self.language not in ("en", "zh"):
            return True
        if is_han(self.stems[0][0]):
            whole = self.stems[0]
            is_name = whole not in language("zh").stop_words and not _CHINESE.none_with.search(whole)
            return is_name and not self._is_piece()
        if len(self.stems) > 1:
            return True
        mostly = all(is_mostly_noun(word, "en") for word in self.forms)
        return _ADJECTIVE.search(self.label) is None and (mostly or 2 * self.shown >= self.seen)

    @property
    def is_general(self) -> bool:
        """Whether it names a subject only together with another word: `file` says nothing, `configuration
        file` does."""
        return len(self.stems) == 1 and self.stems[0] in _general(self.language)

    def is_tail(self) -> bool:
        """Whether a run of characters begins with the end of a place's name:
        `市共享单车` of `云溪市共享单车`."""
        return self.stems[0][0] in _CHINESE.place_ends and self.before.total() == self.seen

    def _is_piece(self) -> bool:
        """Whether a run of characters nearly always has the same neighbour, no particle, and so is a part of
        a word (branching: Harris 1955)."""
        for side in (self.before, self.after):
            names = max((n for other, n in side.items() if other not in _CHINESE.edges), default=0)
            every = max((n for other, n in side.items() if other not in _CHINESE.particles), default=0)
            if names > _ONE_SIDED * self.seen or (self.seen >= _SURELY and every == self.seen):
                return True
        return False


def phrases_of(found: list[Passage]) -> list[Phrase]:
    """The phrases of all passages that could name a theme, in alphabetical order."""
    known: dict[tuple[str, ...], Phrase] = {}
    for index, passage in enumerate(found):
        for seen in _seen(passage):
            phrase = known.setdefault(seen.stems, Phrase(seen.stems, language=passage.language))
            phrase.forms[seen.form] += 1
            phrase.passages.add(index)
            phrase.sources.add(passage.source_id)
            phrase.closed += seen.closed
            phrase.lower += seen.lower
            phrase.verb += seen.verb
            phrase.shown += seen.shown
            phrase.seen += 1
            if seen.head:
                phrase.heads[seen.head] += 1
            if seen.before:
                phrase.before[seen.before] += 1
            if seen.after:
                phrase.after[seen.after] += 1
    usable = {phrase.stems: phrase for phrase in known.values() if phrase.names_something()}
    for first, second in [stems for stems in usable if len(stems) > 1]:
        both = known[(first, second)]
        for part in ((first,), (second,)):  # `car` of `cable car` is no name by itself
            if part in known and known[part].seen <= _PARTED * both.seen:
                usable.pop(part, None)
    for stems in [stems for stems in usable if is_han(stems[0][0]) and usable[stems].language == "zh"]:
        whole = stems[0]
        if (
            (whole[0] in _CHINESE.edges and whole[0] not in _CHINESE.edges_in_front)
            or whole[-1] in _CHINESE.edges
            or usable[stems].is_tail()
        ):
            usable.pop(stems, None)
            continue
        for piece in _pieces(whole):
            if (piece,) in known and known[(piece,)].seen <= 1.3 * known[stems].seen:
                usable.pop((piece,), None)
    return sorted(usable.values(), key=lambda phrase: phrase.stems)


def _seen(passage: Passage) -> Iterator[Occurrence]:
    """What could be names in a passage: by the rules of English and Chinese, of other languages by what
    stands around a word. Of a language that nobody has described nothing is taken for a name."""
    if passage.language in ("en", "zh"):
        yield from _occurrences(passage.text)
    elif knows(passage.language):
        for noun in nouns(passage.text, passage.language):
            yield Occurrence(noun.stems, noun.form, closed=True, lower=noun.inner, verb=not noun.shown)


def _occurrences(text: str) -> Iterator[Occurrence]:
    tokens = _WORD.findall(_CODE.sub(" # ", text))
    for place, token in enumerate(tokens):
        if is_han(token[0]):
            for size in range(2, _LONGEST_HAN + 1):
                for start in range(len(token) - size + 1):
                    piece = token[start : start + size]
                    after = start + size
                    yield Occurrence(
                        (piece,),
                        piece,
                        closed=True,
                        lower=True,
                        verb=False,
                        before=token[start - 1] if start else "",
                        after=token[after] if after < len(token) else "",
                    )
            continue
        for size in (1, 2):
            words = tokens[place : place + size]
            if len(words) < size or not all(is_nominal(word) for word in words):
                break
            if not may_be_noun(words[-1].lower(), "en"):
                continue
            following = tokens[place + size] if place + size < len(tokens) else "."
            yield Occurrence(
                stems=tuple(stem(word.lower()) for word in words),
                form=" ".join(words).lower(),
                closed=not is_nominal(following),
                lower=all(word.islower() for word in words)
                or (place == 0 and words[0][1:].islower() and all(word.islower() for word in words[1:])),
                verb=_is_verb(tokens, place, size),
                shown=size > 1 or _is_shown(tokens, place),
                head=following.lower() if size == 1 and following.lower() in _ENGLISH.heads else "",
            )


def _is_verb(tokens: list[str], place: int, size: int) -> bool:
    """Whether what stands around a word makes it a verb: `to ask`, `they cost`, `is asking`, `leaves the`."""
    before = tokens[place - 1].lower() if place else ""
    after = tokens[place + size].lower() if place + size < len(tokens) else "."
    if before in _ENGLISH.before_verbs or after in _ENGLISH.objects:
        return True
    return tokens[place + size - 1].endswith("ing") and (
        before in _ENGLISH.before_participles or after in _ENGLISH.after_participles or is_nominal(after)
    )


def _is_shown(tokens: list[str], place: int) -> bool:
    """Whether the word in front of one shows that it is a noun: an article, a preposition, a number, an
    adjective."""
    before = tokens[place - 1].lower() if place else ""
    return before in _ENGLISH.before or before.isdigit() or "a" in parts_of(before, "en")[:1]


@cache
def _general(code: str) -> frozenset[str]:
    return (
        frozenset(stem(word, code) for word in language(code).words.general) if knows(code) else frozenset()
    )


def is_nominal(word: str) -> bool:
    """Whether a word can be a part of a theme's name: no function word, no measure, and none that is usually
    a verb or an adverb."""
    lower = word.lower().replace("’", "'")
    if len(lower) < 3 or not lower.isalpha() or lower.endswith(("ly", "ed")):
        return False
    return (
        lower not in language("en").stop_words
        and lower not in _ENGLISH.none
        and lower not in measure_words("en")
    )


def _pieces(phrase: str) -> list[str]:
    return [phrase[i : i + size] for size in range(2, len(phrase)) for i in range(len(phrase) - size + 1)]
