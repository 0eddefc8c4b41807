"""How well passages answer a question: by how much of it they and their headings say, by how rare those words are, and by meaning.

Coverage comes before rarity: a passage that has most of the question's words, some of them in its headings, answers it better than one
that has the rarest of them often. Where an encoder is installed its order and that of the words are joined by rank (reciprocal rank
fusion: Cormack, Clarke and Büttcher 2009), so that neither's scale matters.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from reprise_research.languages import knows, language
from reprise_research.meaning import Encoder
from reprise_research.text.passages import Passage
from reprise_research.text.ranking import Vector, bm25_by, rounded
from reprise_research.text.words import asking, terms

_RARITY = 0.5
"""The power of a term's rarity in what is covered: 0 would count all terms alike."""
_CONTEXT = 0.7
"""What a term in the headings counts, one in the passage being 1."""
_TITLE = 0.3
"""What a term counts that only the source's title has."""
_SHARP = 2.0
"""The power of the covered share."""
_COVERED, _COUNTED = 0.5, 0.5
"""How much coverage counts alone, and how much of it is multiplied by the score of the words."""
_MEANING = 0.8
"""What the passage nearest in meaning gets, the best by its words getting 1. Measured on questions on manuals: joining the two by rank put
the answer first less often than words alone."""
_DIGITS = 3
_CANDIDATES = 160
"""Passages whose meaning is compared, the best by their words; encoding more of a long document takes too long."""
_SECTIONS = 12
"""Sections of a long document whose passages are compared because their headings mean what is asked."""
_OF_SECTIONS = 160


@dataclass(frozen=True)
class Covered:
    """The share of a question that each passage says, with its headings, and without them; both 0 to 1."""

    share: Vector
    said: Vector


def answering(found: list[Passage], parts: Sequence[str], encoder: Encoder | None = None) -> Vector:
    """Return how well each passage answers any part of a question, the best being 1. `parts` are the question's, each a question."""
    if not found:
        return np.zeros(0)
    score = np.zeros(len(found))
    for part in parts:
        score = np.maximum(score, by_words(found, part))
    if len(parts) > 1:
        score *= 0.4 + 0.6 * covered(found, " ".join(parts)).share
    score *= np.array([passage.weight for passage in found])
    if encoder is not None:
        score = _with_meaning(found, parts, rounded(score), encoder)
    top = score.max()
    return rounded(score / top) if top > 0 else score


def by_words(found: list[Passage], question: str) -> Vector:
    """Return the score of each passage by words alone: the covered share, and within that BM25."""
    codes = sorted({passage.language for passage in found})
    queries = {code: asked(question, code) for code in codes}
    counted = bm25_by([p.own_terms for p in found], [p.language for p in found], queries)
    share = covered(found, question).share
    return np.asarray(share**_SHARP * (_COVERED + _COUNTED * counted), dtype=np.float64)


def covered(found: list[Passage], question: str) -> Covered:
    """Return how much of a question each passage says; a term counts by the square root of its rarity, and one that nobody uses not."""
    codes = sorted({passage.language for passage in found})
    share, said = np.zeros(len(found)), np.zeros(len(found))
    for code in codes:
        own = [place for place, passage in enumerate(found) if passage.language == code]
        wanted = sorted(set(asked(question, code)))
        texts = [set(found[place].own_terms) for place in own]
        contexts = [set(found[place].context) for place in own]
        titles = {title: set(terms(title, code)) for title in {found[place].title for place in own}}
        used = {term: sum(term in text or term in context for text, context in zip(texts, contexts, strict=True)) for term in wanted}
        worth = {term: math.log(1 + len(own) / (1 + number)) ** _RARITY for term, number in used.items() if number}
        total = sum(worth.values()) or 1.0
        for place, text, context in zip(own, texts, contexts, strict=True):
            title = titles[found[place].title]
            spoken = sum(weight for term, weight in worth.items() if term in text)
            around = sum(weight * (_CONTEXT if term in context else _TITLE) for term, weight in worth.items()
                         if term not in text and (term in context or term in title))  # fmt: skip
            share[place], said[place] = (spoken + around) / total, spoken / total
    return Covered(rounded(share), rounded(said))


def asked(question: str, code: str) -> list[str]:
    """Return the terms of a question in a language, without those that only ask; all of them if it has no other."""
    every = terms(question, code)
    only = asking(code) if knows(code) else frozenset()
    return [term for term in every if term not in only] or every


def parts_of(question: str, code: str) -> tuple[str, ...]:
    """Return the parts of a question that asks several things: `What changed, and what did it cost?`"""
    mark = language(code).reading.parts if knows(code) else None
    pieces = [piece.strip() for piece in mark.split(question)] if mark is not None else [question]
    kept = tuple(piece for piece in pieces if piece and asked(piece, code))
    return kept or (question,)


def _with_meaning(found: list[Passage], parts: Sequence[str], score: Vector, encoder: Encoder) -> Vector:
    """The score of the words with that of the meaning. A cosine says little by itself; how far it stands out from those of the passages
    that the words bring up does. Passages that are not compared keep their words' score."""
    candidates = _candidates(found, parts, score, encoder)
    texts = encoder.encode([found[place].text for place in candidates])
    questions = encoder.encode(list(parts))
    near = np.asarray(texts @ questions.T, dtype=np.float64).max(axis=1)
    usual, best = float(np.median(near)), float(near.max())
    if best <= usual:
        return score
    standing = np.clip(np.round((near - usual) / (best - usual), _DIGITS), 0.0, 1.0)
    top = float(score.max()) or 1.0
    joined = score / top
    for place, stands in zip(candidates, standing, strict=True):
        joined[place] += _MEANING * stands * found[place].weight
    return np.asarray(joined, dtype=np.float64)


def _candidates(found: list[Passage], parts: Sequence[str], score: Vector, encoder: Encoder) -> list[int]:
    """The places of passages that are worth comparing by meaning, in their order."""
    if len(found) <= _CANDIDATES + _OF_SECTIONS:
        return list(range(len(found)))
    chosen = {int(place) for place in np.argsort(-score, kind="stable")[:_CANDIDATES]}
    sections: dict[str, list[int]] = {}
    for place, passage in enumerate(found):
        sections.setdefault(" · ".join(part for part in (passage.above, passage.heading) if part), []).append(place)
    sections.pop("", None)
    if sections:
        names = list(sections)
        near = np.round((encoder.encode(names) @ encoder.encode(list(parts)).T).max(axis=1), 4)
        taken: list[int] = []
        for index in np.argsort(-near, kind="stable")[:_SECTIONS]:
            taken.extend(sections[names[int(index)]])
        chosen.update(taken[:_OF_SECTIONS])
    return sorted(chosen)
