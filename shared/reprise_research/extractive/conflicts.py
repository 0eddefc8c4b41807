"""Whether two passages exclude each other.

It is judged by words and figures, without understanding. The tests are strict, for a contradiction that is none costs the reader's
trust: the passages must share a subject beyond the topic's own words, and the figures must be of one kind, in clauses about one thing.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from reprise_research.extractive.stance import DOWN, SENTENCE_END, UP, apart, contrast, denied, denies, direction, doubts, rejected
from reprise_research.extractive.subjects import ANYWHERE, Topic, about, clause_content, told_alike
from reprise_research.extractive.wording import Wording
from reprise_research.text.figures import UNIT_WORDS, Figure, conflicting, is_close, is_money, same
from reprise_research.text.language import is_han
from reprise_research.text.passages import Passage
from reprise_research.text.words import content, overlap, stem, terms

_USUAL = frozenset(
    stem(word)
    for word in ("been", "have", "become", "make", "made", "take", "taken", "give", "given", "get", "come", "go", "need", "know", "clear")
)
"""Verbs that say little about what was not done."""
_HEDGED = re.compile(
    r"\b(?:may|might|can|could|should|must|shall|would|if|unless|whether|when|usually|sometimes|often|some|any|in order to|for example)\b|"
    r"可能|可以|应当|必须|如果|除非|有时|通常|例如",
    re.IGNORECASE,
)
"""Rules, possibilities and conditions: what allows and what forbids may both be right."""
_NOT_DONE = re.compile(
    r"\b(?:do|does|did|is|are|was|were|has|have|had|will)(?: not|n['’]t)\b(?: (?:yet|ever|been|actually|really|fully))* ([a-z]+)|"
    r"\bnever ([a-z]+)|(?:没有|并未|未曾|从未|不曾|未)([\u4e00-\u9fff]{2})",
    re.IGNORECASE,
)
_CLAUSE_START = re.compile(r"[.;:!?，。；：！？]")
_RELATIVE = re.compile(r"\b(?:that|which|who|if|when|unless|whether|because)(?: \w+)?\s*$", re.IGNORECASE)
_SOON = 3
"""Terms between a subject and its verb, at most."""


@dataclass(frozen=True)
class Conflict:
    """Why two passages cannot both be true of one thing; `figures` are the two that differ."""

    reason: str
    figures: tuple[str, str] | None = None


def conflict(one: Passage, other: Passage, topic: Topic, wording: Wording) -> Conflict | None:
    """Why the passages exclude each other, or None if no test says that they do."""
    shared = topic.subject_of(one) & topic.subject_of(other)
    alike = [(a, b) for a in topic.figures_of(one) for b in topic.figures_of(other) if same(a, b)]
    common = any(about(one, a, topic) & about(other, b, topic) for a, b in alike)
    near = bool(alike) and (common or len(shared) >= 2)
    refused = any((a.text in rejected(one.text)) != (b.text in rejected(other.text)) for a, b in alike)
    if near and (refused or doubts(one.text) != doubts(other.text)):
        return Conflict(wording.one_doubts)
    if apart(one.text, other.text) or one.content & topic.rivals != other.content & topic.rivals:
        return None
    if shared and (common or len(alike) >= 2) and direction(one.text) * direction(other.text) < 0:
        return Conflict(wording.directions_differ)
    if near and contrast(one.text, other.text):
        return Conflict(wording.moved_or_not)
    mine, theirs = topic.stated_by(one), topic.stated_by(other)
    agreed = any(same(a, b) for a in mine for b in theirs)
    return None if agreed else _differing(one, mine, other, theirs, topic, wording) or _contrary(one, other, topic, shared, wording)


def _differing(
    one: Passage, mine: tuple[Figure, ...], other: Passage, theirs: tuple[Figure, ...], topic: Topic, wording: Wording
) -> Conflict | None:
    """The first two figures that measure one thing and cannot both be right."""
    shared = topic.subject_of(one) & topic.subject_of(other)
    pairs = ((a, b) for a in mine for b in theirs if conflicting(a, b) and _of_one_thing(one, a, other, b, topic, shared))
    found = next(pairs, None)
    return (
        Conflict(wording.figures_differ.format(one=found[0].text, other=found[1].text), (found[0].text, found[1].text)) if found else None
    )


def _of_one_thing(one: Passage, a: Figure, other: Passage, b: Figure, topic: Topic, shared: frozenset[str]) -> bool:
    """Whether two figures measure the same: their clauses share a subject beyond the topic, and a second word, be it the topic's own;
    or their clauses one and their passages two. For money two of the topic's own words suffice, `the cost of the limit`, and for a large
    number of the same things one, `passengers of the ferry`. Of figures that are close the clauses must share most of their words."""
    if told_alike(one, a, other, b):
        return True
    first, second = clause_content(one.text, a), clause_content(other.text, b)
    mine, theirs = first & topic.terms, second & topic.terms
    if mine - theirs and theirs - mine:
        return False  # each names something of the question that the other does not: the two ways that it asks to compare
    clauses = (first & second) - UNIT_WORDS - ANYWHERE - UP - DOWN
    beyond = clauses - topic.terms
    smaller, larger = sorted((abs(a.value), abs(b.value)))
    if a.counts and smaller >= 100 and larger <= 2 * smaller and len(clauses) >= (1 if a.unit == b.unit else 2):
        return True
    if is_close(a, b):
        return bool(beyond) and len(clauses) >= 2 and overlap(first, second) >= 0.6
    return (bool(beyond) and (len(clauses) >= 2 or len(shared) >= 2)) or (is_money(a) and len(clauses) >= 2)


def _contrary(one: Passage, other: Passage, topic: Topic, shared: frozenset[str], wording: Wording) -> Conflict | None:
    """Passages about one thing that point in opposite directions, or of which one denies."""
    if not (one.whole and other.whole) or _HEDGED.search(one.text) or _HEDGED.search(other.text):
        return None
    close = overlap(topic.subject_of(one), topic.subject_of(other))
    if len(shared) >= 2 and close >= 0.5 and direction(one.text) * direction(other.text) < 0:
        return Conflict(wording.directions_differ)
    if _undoes(one.text, other.text) or _undoes(other.text, one.text):
        return Conflict(wording.one_denies)
    if _NOT_DONE.search(one.text) or _NOT_DONE.search(other.text):
        return None  # it is plain what was not done, and the other passage does not say that it was
    larger = max(len(topic.subject_of(one)), len(topic.subject_of(other)))
    if len(shared) >= 3 and close >= 0.6 and len(shared) >= 0.5 * larger and denies(one.text) != denies(other.text):
        denying, other_side = (one, other) if denies(one.text) else (other, one)
        if len(denied(denying.text) & topic.subject_of(other_side)) >= 3:
            return Conflict(wording.one_denies)
    return None


def _undoes(denying: str, asserting: str) -> bool:
    """Whether one passage says of something that it did not do what the other one says that it did: `the roof did not collapse`."""
    undone = _undone(denying)
    if not undone or denies(asserting):
        return False
    return any(
        _does(who[-1], what, sentence) and overlap(frozenset(who), frozenset(sentence) - what) >= 0.5
        for who, what in undone
        for sentence in _sentences(asserting)
    )


@lru_cache(maxsize=16384)
def _undone(text: str) -> tuple[tuple[tuple[str, ...], frozenset[str]], ...]:
    """Who did not do what, as terms: each plain denial of a passage, but for those that only tell which thing is meant."""
    found = []
    for match in _NOT_DONE.finditer(text):
        before = _CLAUSE_START.split(text[: match.start()])[-1]
        who, what = tuple(term for term in terms(before) if not term[0].isdigit()), content(match[match.lastindex or 0]) - _USUAL
        if who and what and not _RELATIVE.search(before):
            found.append((who, what))
    return tuple(found)


@lru_cache(maxsize=16384)
def _sentences(text: str) -> tuple[tuple[str, ...], ...]:
    return tuple(tuple(terms(sentence)) for sentence in SENTENCE_END.split(text))


def _does(who: str, what: frozenset[str], sentence: tuple[str, ...]) -> bool:
    """Whether a sentence says it of its subject: the verb comes soon after it, and is no participle before it (`the installed version`)."""
    if who not in sentence or not what <= set(sentence):
        return False
    place, verb = sentence.index(who), min(sentence.index(term) for term in what)
    return place < verb and (verb - place <= _SOON or is_han(who[0]))
