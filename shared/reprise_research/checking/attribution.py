"""Whether a claim gives to one what its passages say of another: `The mayor blames late permits`, where the
contractor does.

A passage is cut into clauses that have a subject of their own. A claim's subject stands in one of them; what
follows it in the claim stands in another alone, whose subject the claim does not name.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import pairwise, takewhile

from reprise_research.languages import language
from reprise_research.text.words import stop_words, terms

_ENDS = re.compile(r"[.!?;:](?=\s|$)")
_WORD = re.compile(r"[^\W_]+(?:['’.,][^\W_]+)*")


@dataclass(frozen=True, slots=True)
class _Clause:
    """Who does something, by the last word of a name or the first of a noun, empty where it cannot be told;
    and everything that is said, as stems in their order, figures as they are written."""

    subject: str
    words: tuple[str, ...]


def given_to_another(claim: str, passages: Sequence[str], code: str) -> str:
    """Return the first word of a claim that its passages, in the claim's language, say of another alone whom
    the claim does not name; empty where there is none, or the language does not tell where a subject
    begins."""
    if not _determiners(code):
        return ""
    known = [clause for passage in passages for clause in _clauses(passage, code)]
    return next((word for clause in _clauses(claim, code) if (word := _taken(clause, known))), "")


def _taken(clause: _Clause, known: Sequence[_Clause]) -> str:
    own = [one for one in known if clause.subject in one.words]
    if not any(clause.subject == one.subject for one in own):
        return ""
    others = [one for one in known if one not in own]
    mine, theirs = ({word for one in part for word in one.words} for part in (own, others))
    figures_first = sorted(clause.words, key=lambda word: not word[0].isdigit())
    for word in figures_first:
        if word in mine:
            if word not in theirs and word != clause.subject:
                return ""
        elif word in theirs:
            holders = [one for one in others if word in one.words]
            named = all(one.subject and one.subject not in clause.words for one in holders)
            return word if named else ""
    return ""


@lru_cache(maxsize=4096)
def _clauses(text: str, code: str) -> tuple[_Clause, ...]:
    return tuple(
        _Clause(_subject(part, code), tuple(terms(part, code))) for part in _parts(text, code) if part.strip()
    )


def _parts(text: str, code: str) -> Iterator[str]:
    """A text cut at the ends of sentences, and in front of a subject behind a word that may begin a
    clause."""
    marks = language(code).sentences
    begins = marks.clauses | marks.joins | marks.additions
    for sentence in _ENDS.split(text):
        at = 0
        words = list(_WORD.finditer(sentence))
        for word, after in pairwise(words):
            if word.start() > at and word.group().casefold() in begins and _may_open(after.group(), code):
                yield sentence[at : word.start()]
                at = word.end()
        yield sentence[at:]


def _may_open(word: str, code: str) -> bool:
    """Whether a word shows in the middle of a sentence that somebody is named."""
    return word.casefold() in _determiners(code) or (
        word[0].isupper() and not language(code).nouns.capitals and word.casefold() not in stop_words(code)
    )


def _subject(part: str, code: str) -> str:
    """The subject that a clause begins with, or that it names behind `according to`."""
    known = language(code)
    opening = part.strip().casefold()
    frame = next((one for one in known.reporting.phrases if opening.startswith(f"{one} ")), "")
    words = [word.group() for word in _WORD.finditer(part.strip()[len(frame) :])]
    while words and words[0].casefold() in _determiners(code):
        words = words[1:]
    names = list(takewhile(lambda word: word[0].isupper(), words)) or words[:1]
    if {word.casefold() for word in words[len(names) : len(names) + 1]} & known.words.genitives:
        return ""  # the head of the registry is neither a head nor the registry
    found = terms(" ".join(names), code)
    return found[-1] if found and not found[-1][0].isdigit() else ""


@cache
def _determiners(code: str) -> frozenset[str]:
    known = language(code)
    return known.units.determiners | known.numbers.articles if known.units.determiners else frozenset()
