"""What code sees in a claim that its passages do not say: figures that changed places, an opposite, a
certainty that is not theirs.

It compares within one language, what is put alike. Whatever it doubts a reader judges where one is asked;
without a reader a doubt counts as wrong.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from reprise_research.judging.judge import judging, tongue
from reprise_research.judging.statement import Stance, read
from reprise_research.judging.verdict import Ground, Relation
from reprise_research.quantities import Kind, Quantity, quantities
from reprise_research.text.sentences import split
from reprise_research.text.words import content

_UNSURE = Stance.HEDGE | Stance.FORECAST | Stance.PLAN | Stance.TARGET | Stance.INTENT
_SAYS = {
    Ground.FIGURES: "a cited line gives another figure for it",
    Ground.DATES: "a cited line gives another time for it",
    Ground.OPPOSITES: "a cited line says the opposite",
    Ground.DIRECTIONS: "a cited line says that it went the other way",
    Ground.REST: "a cited line says that it moved, or that it did not",
    Ground.DENIAL: "a cited line denies it, or it denies the line",
    Ground.NAMES: "a cited line names another for it",
}
_NAMES = (Kind.ORDINAL, Kind.IDENTIFIER)
_ABOUT, _ALIKE = 0.5, 0.6
"""The shares of a claim's words that a part of a sentence must have to be about it, and that one of those
about it must have for its certainty to be the claim's."""
_PARTS = re.compile(r"[,;:，；：、]|\b(?:and|und|while|whereas|während)\b|和|而")
"""Where a sentence goes on to another figure."""


def disputed(claim: str, passages: Sequence[str]) -> str:
    """What the judge of statements finds between a claim and a sentence of its passages; empty if nothing."""
    judge = judging()
    for sentence in _sentences(passages):
        if tongue(sentence) == tongue(claim):
            verdict = judge.between(claim, sentence)
            if verdict.relation is Relation.DISPUTE:
                return _SAYS.get(verdict.ground, "a cited line says otherwise")
    return ""


def too_sure(claim: str, passages: Sequence[str]) -> str:
    """Whether a claim asserts what every sentence about it only supposes or expects; empty if not."""
    code = tongue(claim)
    if read(claim, code).stance & _UNSURE:
        return ""
    words = content(claim, code or "en")
    parts = [
        part
        for sentence in _sentences(passages)
        if tongue(sentence) == code
        for part in {sentence, *filter(None, map(str.strip, _PARTS.split(sentence)))}
    ]
    shares = {part: len(words & content(part, code or "en")) / len(words) for part in parts} if words else {}
    about = [part for part, share in shares.items() if share >= _ABOUT]
    if not any(shares[part] >= _ALIKE for part in about):
        return ""
    if all(read(sentence, code).stance & _UNSURE for sentence in about):
        return "the lines are not that sure of it"
    return ""


@dataclass(frozen=True)
class _Figure:
    quantity: Quantity
    words: frozenset[str]
    """Of the part of the sentence that it stands in."""


def swapped(claim: str, passages: Sequence[str]) -> str:
    """Whether a figure of a claim stands with the words of another figure of the same sentence, and nowhere
    with its own; empty if not. Words of a figure that the claim names beside it tell nothing."""
    code = tongue(claim)
    every = [_figures(sentence, code) for sentence in _sentences(passages) if tongue(sentence) == code]
    said = _figures(claim, code)
    for one in said:
        known = [other for given in every for other in given if _same(one.quantity, other.quantity)]
        beside = [other.quantity for other in said if other.words == one.words and other is not one]
        if not known or any(
            one.words & _own(other, given) for given in every for other in given if other in known
        ):
            continue
        for given in every:
            mine = _union(other for other in given if other in known)
            named = _union(o for o in given if any(_same(o.quantity, other) for other in beside))
            others = [other for other in given if other not in known]
            if mine and any(
                len(one.words & (other.words - mine - named)) >= _least(other, said) for other in others
            ):
                return f"“{one.quantity.text}” stands for something else in the lines"
    return ""


def _own(one: "_Figure", given: Sequence["_Figure"]) -> frozenset[str]:
    """The words of a figure that are those of no other in its sentence."""
    return one.words - _union(other for other in given if other.words != one.words)


def _least(other: "_Figure", said: Sequence["_Figure"]) -> int:
    """How many words of another figure show that its place was taken: one is enough where the claim names
    that figure too."""
    return 1 if any(_same(other.quantity, one.quantity) for one in said) else 2


def _union(figures: Iterable["_Figure"]) -> frozenset[str]:
    return frozenset().union(*(one.words for one in figures))


def _figures(text: str, code: str) -> list[_Figure]:
    """Each figure with the words of the part that it stands in; a part without a figure belongs to the one
    before, or, at the beginning, to the one after."""
    found = [one for one in quantities(text, code or None) if one.kind not in _NAMES]
    cuts = [m.start() for m in _PARTS.finditer(text) if not any(q.start <= m.start() < q.end for q in found)]
    parts: list[tuple[int, int, list[Quantity]]] = []
    begins = 0
    for start, end in pairwise([0, *cuts, len(text)]):
        own = [q for q in found if start <= q.start < end]
        if own:
            parts.append((start if parts else begins, end, own))
        elif parts:
            parts[-1] = (parts[-1][0], end, parts[-1][2])
    return [
        _Figure(quantity, _words_around(text[start:end], own, start, code))
        for start, end, own in parts
        for quantity in own
    ]


def _words_around(part: str, own: Sequence[Quantity], start: int, code: str) -> frozenset[str]:
    bare = list(part)
    for quantity in own:
        for place in range(max(0, quantity.start - start), min(len(bare), quantity.end - start)):
            bare[place] = " "
    return frozenset(word for word in content("".join(bare), code or "en") if not word.isdigit())


def _same(one: Quantity, other: Quantity) -> bool:
    return one.text.casefold() == other.text.casefold() or one.value == other.value


def _sentences(passages: Sequence[str]) -> list[str]:
    return [sentence.text for passage in passages for sentence in split(passage)]
