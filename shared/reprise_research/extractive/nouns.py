"""Names of themes in languages without a list of what is no noun: a word is one if it mostly stands where
nouns stand.

What shows a noun is data (`[nouns]` of a language's file): an article or a preposition before it, a
postposition behind it, a capital, a particle that is written together with it. Two nouns with a link between
them (`limite de vitesse`) are one name.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from reprise_research.languages import Language, language
from reprise_research.quantities import measure_words
from reprise_research.text.script import is_han, is_kana, is_unspaced
from reprise_research.text.words import LETTER, stem, stop_words, tokens

_SHORTEST = 3
_FAR = 3
"""Words within which an article stands before its noun."""
_MARK = re.compile(r"[^\w\s]|\d+")
_JAPANESE = re.compile(r"[\u3400-\u9fff々]{2,8}|[\u30a0-\u30ff]{3,}|[A-Za-z][A-Za-z0-9]+")
_WORD = re.compile(LETTER)
_BEFORE_HYPHEN = re.compile(rf"(?:{LETTER})+-(?={LETTER})")
"""What a compound is not about: a `Luft-Wasser-Gerät` is no water."""
_SHARED = re.compile(rf"(?:{LETTER})+- (?:{LETTER})+ (?:{LETTER})+")
"""Two compounds of which the first leaves out what they share: of `Gewinn- und Verlustrechnung` the second
word is no name by itself."""


@dataclass(frozen=True)
class Noun:
    """A word or a name in its place."""

    stems: tuple[str, ...]
    form: str
    shown: bool
    """Whether what stands around it shows that it is a noun."""
    inner: bool = True
    """Whether it is no name of a person or a place, as far as capitals tell."""


def nouns(text: str, code: str) -> Iterator[Noun]:
    """Yield what may be nouns in a text of a language that has a file."""
    if code == "ja":
        yield from _japanese(text)
        return
    known, words = language(code), list(tokens(_BEFORE_HYPHEN.sub("", _SHARED.sub(" ", text)), code))
    for place, word in enumerate(words):
        if not _may_be(word, known):
            continue
        before = words[place - 1].lower() if place else ""
        after = words[place + 1].lower() if place + 1 < len(words) else ""
        shown = _is_shown(word, before, after, known)
        inner = known.nouns.capitals or word.islower() or not word[0].isupper()
        form = _nominative(words, place, known)
        yield Noun((_base(word, known),), form, shown, inner or place == 0)
        if after in known.nouns.links:
            yield from _linked(words, place, known)


def _linked(words: list[str], place: int, known: Language) -> Iterator[Noun]:
    """The name that a noun makes with another one behind a link, and an article between."""
    for gap in (2, 3):
        if place + gap >= len(words):
            return
        second, between = words[place + gap], words[place + 2 : place + gap]
        if (
            all(word.lower() in known.nouns.before for word in between)
            and _may_be(second, known)
            and second.islower()
        ):
            stems = (_base(words[place], known), _base(second, known))
            glued = _glued(words[place : place + gap + 1], known.code)
            yield Noun(stems, glued, shown=True)
            return


def _glued(words: list[str], code: str) -> str:
    """Words as they are written: an elided article has its apostrophe and no space."""
    text = " ".join(words).lower()
    return re.sub(r"\b(d|l|dell|all|nell|sull|dall) ", r"\1'", text) if code in ("fr", "it") else text


def _may_be(word: str, known: Language) -> bool:
    lower = word.lower()
    if (
        len(_WORD.findall(word)) < (2 if known.script in ("hangul", "han") else _SHORTEST)
        or not lower[0].isalpha()
        or is_unspaced(word[0])
    ):
        return False
    if (
        lower in _none(known.code)
        or stem(lower, known.code) in _none(known.code)
        or (known.nouns.capitals and not word[0].isupper())
    ):
        return False
    return not any(lower.endswith(ending) for ending in known.nouns.never) or _base(word, known) != lower


@cache
def _none(code: str) -> frozenset[str]:
    """Words that name nothing alone: function words, fillers, what asks, what is too general, and words of
    motion and number."""
    known = language(code)
    words = (
        known.stop_words
        | known.words.asking
        | known.words.general
        | known.movement.up
        | known.movement.down
        | known.movement.same
    )
    words |= known.negation.words | known.reporting.verbs | known.extent.part | known.extent.whole
    words |= measure_words(code)
    return (
        words
        | stop_words(code)
        | frozenset(stem(word, code) for word in known.words.general | known.words.asking)
    )


def _is_shown(word: str, before: str, after: str, known: Language) -> bool:
    if known.nouns.capitals:
        return word[0].isupper()
    if known.particles:
        return _base(word, known) != word
    if known.prefixes and word.startswith(("ال", "وال", "بال", "لل", "كال")):
        return True
    return before in known.nouns.before or after in known.nouns.after


def _base(word: str, known: Language) -> str:
    return stem(word.lower(), known.code)


def _form(word: str, known: Language) -> str:
    """The word as a name is written: nouns of German with their capital, Korean ones without particle, others
    in lower case."""
    if known.particles:
        return _base(word, known)
    return word if known.nouns.capitals else word.lower()


def _nominative(words: list[str], place: int, known: Language) -> str:
    """The word as a name is written, without the ending of a genitive that an article or an adjective before
    it shows: of `des neuen Hallenbads` the name is `Hallenbad`. What is left has the same stem."""
    word = words[place]
    if not (known.nouns.capitals and word.endswith("s")):
        return _form(word, known)
    before = [one.lower() for one in words[max(0, place - _FAR) : place] if one[0].islower()]
    if any(one in known.units.determiners and one.endswith("es") for one in before):
        for ending in ("es", "s"):
            bare = word.removesuffix(ending)
            if bare != word and _base(bare, known) == _base(word, known):
                return _form(bare, known)
    return _form(word, known)


def _japanese(text: str) -> Iterator[Noun]:
    """Runs of one script are words, and what is written in Chinese characters or katakana is mostly a
    noun."""
    none = _none("ja")
    for match in _JAPANESE.finditer(text):
        word = match.group()
        if word not in none and (is_han(word[0]) or is_kana(word[0])):
            after = text[match.end() : match.end() + 1]
            yield Noun((word,), word, shown=after in tuple("はがをのにでとやも、。"))
