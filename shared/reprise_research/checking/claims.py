"""Whether a claim says no more than the passages that it cites: its figures, negations, directions, whom it
gives something to, and its words.

What is compared word for word is compared within one language; figures, dates and identifiers are compared
across all.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cache, lru_cache

from reprise_research.checking.attribution import given_to_another
from reprise_research.checking.faults import FaultKind
from reprise_research.languages import knows, language
from reprise_research.quantities import Kind, Quantity, marks, same
from reprise_research.text.language import language_of
from reprise_research.text.lexicon import Lexicon, lexicon
from reprise_research.text.words import content

_SPACE = re.compile(r"\s+")
_ELLIPSIS = re.compile(r"\s*…\s*|\s*\.\.\.\s*")
_CLAUSE = re.compile(r"[;:!?。！？；：，、]|[,.](?=\s|$)|\s[–—-]\s")
_EDGES = " \t.,;:!?。！？，；：\"'“”„«»()（）…"
_ALIKE = 0.7
"""The share of the words of two clauses that is in both, from which they are about the same."""
_ABOUT_AS_ALIKE = 0.1
_LEAST_WORDS = 3
_COVERED = 0.3
"""The least share of a claim's words that its passages have, within one language."""
_COUNTED_BY_A_WRITER = 12
"""Up to here a number in words may be a writer's own count: `three sources`."""
_SHORTENED = frozenset({Kind.MONEY, Kind.PERCENT, Kind.POINTS, Kind.TEMPERATURE})
"""Kinds whose unit a writer leaves out where it stands beside it: `from 87 to 84 percent`, `0.5 of the 2.3
million euros`."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """Something in a claim that its passages do not carry."""

    kind: FaultKind
    why: str


def code_of(text: str) -> str:
    """Return the language that a text is compared in; English where it cannot be told."""
    found = language_of(text)
    return found if found is not None and knows(found) else "en"


@lru_cache(maxsize=16384)
def normal(text: str) -> str:
    """Return a text without what a quotation may change: white space and case."""
    return _SPACE.sub(" ", text).strip().casefold()


def is_verbatim(claim: str, passages: Iterable[str]) -> bool:
    """Return whether a claim stands in one passage word for word; an ellipsis stands for words that were left
    out."""
    parts = [part.strip(_EDGES) for part in _ELLIPSIS.split(normal(claim))]
    parts = [part for part in parts if part]
    return bool(parts) and any(_stand_in(parts, normal(passage)) for passage in passages)


def _stand_in(parts: Sequence[str], passage: str) -> bool:
    at = 0
    for part in parts:
        at = _find_word(part, passage, at)
        if at < 0:
            return False
        at += len(part)
    return True


def _find_word(part: str, passage: str, start: int) -> int:
    """Where a part stands in a passage without beginning or ending within a word or a number; -1 if
    nowhere."""
    at = passage.find(part, start)
    while at >= 0:
        end = at + len(part)
        if not (_joins(passage, at) or _joins(passage, end)):
            return at
        at = passage.find(part, at + 1)
    return -1


def _joins(text: str, place: int) -> bool:
    """Whether a place is within a word or a number."""
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    if before in "-−" and after.isdigit() and (place < 2 or not text[place - 2].isalnum()):
        return True
    if not (before.isascii() and after.isascii()):
        return before.isdigit() and after.isdigit()
    return before.isalnum() and after.isalnum()


@lru_cache(maxsize=16384)
def terms_of(text: str, code: str) -> frozenset[str]:
    """Return the words of a text that name something, as stems."""
    return content(text, code)


@lru_cache(maxsize=4096)
def doubts(claim: str, passages: tuple[str, ...], sums: str = "") -> tuple[Doubt, ...]:
    """Return what a claim says that its passages do not carry. `sums` is text whose figures a writer worked
    out and may use."""
    code = code_of(claim)
    alike = [passage for passage in passages if code_of(passage) == code]
    found = [
        Doubt("figure", f"no cited passage gives “{one.text}”")
        for one in strange_figures(claim, [*passages, sums])
    ]
    if not alike:
        return tuple(found)
    found += _polarity(claim, alike, code)
    if word := given_to_another(claim, alike, code):
        found.append(Doubt("attribution", f"a cited passage says “{word}” of another"))
    words = terms_of(claim, code)
    if len(alike) == len(passages) and len(words) >= _LEAST_WORDS and not _share_figures(claim, passages):
        known = frozenset().union(*(terms_of(passage, code) for passage in alike))
        if len(words & known) < _COVERED * len(words):
            found.append(Doubt("words", "the cited passages speak of something else"))
    return tuple(found)


def _share_figures(claim: str, passages: Iterable[str]) -> bool:
    figures = [one for one in marks(claim, code_of(claim)) if not _is_own_count(one)]
    return any(
        gives(known, one)
        for passage in passages
        for known in marks(passage, code_of(passage))
        for one in figures
    )


def strange_figures(claim: str, passages: Iterable[str]) -> list[Quantity]:
    """Return the figures, dates and identifiers of a claim that no passage gives."""
    figures = marks(claim, code_of(claim))
    if not figures:
        return []
    known = [mark for passage in passages if passage for mark in marks(passage, code_of(passage))]
    return [
        one for one in figures if not _is_own_count(one) and not any(gives(other, one) for other in known)
    ]


def _is_own_count(one: Quantity) -> bool:
    """Whether a number in words may be counted by the writer, or only orders the text."""
    if any(character.isdigit() for character in one.text):
        return False
    if one.kind is Kind.ORDINAL or (one.kind is Kind.DURATION and one.unit == "month" and one.value == 12):
        return True
    return one.kind in (Kind.COUNT, Kind.SHARE, Kind.MULTIPLE) and one.size <= (
        100 if one.kind is Kind.SHARE else _COUNTED_BY_A_WRITER
    )


def gives(known: Quantity, one: Quantity) -> bool:
    """Return whether a passage's quantity is the claim's: the same, or one end of it, or a day of the month
    or year it names."""
    if Kind.IDENTIFIER in (known.kind, one.kind):
        return _letters(known.text) == _letters(one.text)
    if one.kind is Kind.DATE and known.kind is Kind.DATE:
        return _within(known, one) or _within(one, known)
    if one.per and known.per and one.per != known.per:
        return False
    if one.kind is Kind.COUNT and not one.unit and known.kind in _SHORTENED:
        one = one.changed(kind=known.kind, unit=known.unit)
    known, one = known.changed(of=(), per=""), one.changed(of=(), per="")
    if (one.kind, one.unit) == (known.kind, known.unit) and _ends(one) & _ends(known):
        return True
    return same(known, one) and (one.about or one.kind is not known.kind or _is_rounded(known, one))


def _is_rounded(known: Quantity, one: Quantity) -> bool:
    """Whether a claim's quantity is the known one rounded: it may show less of it, and never more."""
    ends = ((one.low, known.low), (one.high, known.high))
    return all(
        abs(mine - theirs) * 2 <= one.step for mine, theirs in ends if mine is not None and theirs is not None
    )


def _ends(one: Quantity) -> set[Fraction]:
    return {end for end in (one.low, one.high) if end is not None}


def _within(inner: Quantity, outer: Quantity) -> bool:
    if inner.unit.startswith("yearless") != outer.unit.startswith("yearless"):
        return False
    if inner.low is None or inner.high is None or outer.low is None or outer.high is None:
        return False
    return outer.low <= inner.low and inner.high <= outer.high


def _letters(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


@dataclass(frozen=True, slots=True)
class _Clause:
    """A part of a sentence: its content words, whether it is negated, and which way something goes in it."""

    words: frozenset[str]
    negated: bool
    direction: int


def _polarity(claim: str, passages: Sequence[str], code: str) -> list[Doubt]:
    """What is denied in the one and not in the other, or goes the other way: clauses about the same are
    compared."""
    known = [clause for passage in passages for clause in _clauses(passage, code)]
    found: list[Doubt] = []
    for clause in _clauses(claim, code):
        if len(clause.words) < _LEAST_WORDS:
            continue
        shares = [
            len(clause.words & other.words) / max(len(clause.words | other.words), 1) for other in known
        ]
        best = max(shares, default=0.0)
        if best < _ALIKE:
            continue
        about_it = [
            other for other, share in zip(known, shares, strict=True) if share >= best - _ABOUT_AS_ALIKE
        ]
        if all(other.negated != clause.negated for other in about_it):
            found.append(
                Doubt(
                    "negation",
                    "a cited passage denies it" if about_it[0].negated else "no cited passage denies it",
                )
            )
        elif clause.direction and all(other.direction == -clause.direction for other in about_it):
            found.append(Doubt("direction", "the cited passage says that it went the other way"))
    return found


def direction_of(text: str) -> int:
    """Return which way something goes in a text: 1 up, -1 down, 0 both or neither."""
    return _clause(text, code_of(text)).direction


@lru_cache(maxsize=4096)
def _clauses(text: str, code: str) -> tuple[_Clause, ...]:
    parts = [_clause(part, code) for part in _CLAUSE.split(text) if part and part.strip()]
    whole = _clause(text, code)
    if len(parts) > 1:  # each of its parts may deny something; together they deny no less
        whole = replace(whole, negated=any(part.negated for part in parts))
    return (*parts, whole)


def _clause(text: str, code: str) -> _Clause:
    negations, ups, downs = _polar(code)
    spoken, moving = text, _moving(code)
    if not language(code).spaces:
        spoken = _without_figures(text, code)  # a litre is written as rising is
    up, down = ups.search(spoken) is not None, downs.search(spoken) is not None
    if not language(code).spaces:  # what runs over the end of such a word would differ in its stead
        text, moving = downs.sub(" ", ups.sub(" ", spoken)), frozenset()
    return _Clause(terms_of(text, code) - moving, len(negations.findall(text)) % 2 == 1, up - down)


def _without_figures(text: str, code: str) -> str:
    for one in reversed(marks(text, code)):
        text = f"{text[: one.start]} {text[one.end :]}"
    return text


@cache
def _moving(code: str) -> frozenset[str]:
    """The stems of words that say which way something goes: they are compared as directions, so that `fell`
    and `fall` are one."""
    known = language(code).movement
    return terms_of(" ".join([*known.up, *known.down]), code)


@cache
def _polar(code: str) -> tuple[Lexicon, Lexicon, Lexicon]:
    known = language(code)
    return (
        lexicon(known.negation.words, known.negation.phrases, code),
        lexicon(known.movement.up, (), code),
        lexicon(known.movement.down, (), code),
    )
