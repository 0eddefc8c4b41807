"""Whether two passages say the same, or exclude each other.

Both are judged by words and figures, without understanding. The tests are strict, for a contradiction that is none costs the reader's
trust: the passages must share a subject beyond the topic's own words, and the figures must be of one kind, in clauses about one thing.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from reprise_research.extractive.wording import Wording
from reprise_research.text.duplicates import same_words
from reprise_research.text.figures import UNIT_WORDS, Figure, clause, conflicting, figures, is_money, same, striking
from reprise_research.text.passages import Passage
from reprise_research.text.words import content, overlap, stem, word_list

_UP = frozenset(stem(word) for word in word_list("upwards"))
_DOWN = frozenset(stem(word) for word in word_list("downwards"))
_LOCAL = frozenset(stem(word) for word in word_list("anywhere"))
"""Words that two clauses may share without being about one thing."""
_HAN_UP = re.compile(r"上升|增加|增长|提高|升高|延长|恶化")
_HAN_DOWN = re.compile(r"下降|减少|降低|缩短|改善")
_NEGATION = re.compile(
    r"\b(?:not|no|never|none|neither|nor|without|cannot|nothing|hardly)\b|n['’]t\b|没有|并未|未能|不会|并不|无法", re.IGNORECASE
)
_DOUBT = re.compile(
    r"\bfar (?:more|less|longer|shorter|higher|lower|fewer|greater|smaller) than\b|could not be confirmed|cannot be confirmed|"
    r"not (?:true|correct|confirmed)|do(?:es)? not believe|\badmits?\b|allegedly|so-called|\bden(?:y|ies|ied)\b|contrary to|"
    r"overstate|exaggerate|misleading|无法证实|不实|夸大",
    re.IGNORECASE,
)
_HEDGED = re.compile(
    r"\b(?:may|might|can|could|should|must|shall|would|if|unless|whether|when|usually|sometimes|often|some|any|in order to|for example)\b|"
    r"可能|可以|应当|必须|如果|除非|有时|通常|例如",
    re.IGNORECASE,
)
"""Rules, possibilities and conditions: what allows and what forbids may both be right."""
_LATIN = re.compile(r"[^\W\d_]+")
_YEAR = re.compile(r"\b(?:19|20)\d\d\b")
_SCOPES = tuple(
    frozenset(stem(word) for word in scope.split())
    for scope in (
        "night evening daytime morning afternoon peak rush weekend weekday",
        "bus tram car cyclist bicycle pedestrian taxi lorry van ambulance train",
        "child children pupil adult elderly women men",
        "serious slight fatal minor severe death killed",
        "forecast planned budgeted expected aside",
        "varied vary variation fluctuate",
        "share subsidy subsidised grant net gross",
        "running operating maintenance",
        "comparison elsewhere abroad",
        "head board",
    )
)
"""Words that say which part of a thing is meant: passages that name different parts may both be right."""


@dataclass(frozen=True)
class Conflict:
    """Why two passages cannot both be true of one thing; `figures` are the two that differ."""

    reason: str
    figures: tuple[str, str] | None = None


_SENTENCE_END = re.compile(r"(?<=[.!?;。！？；])\s*")


class Topic:
    """What the topic itself says, which every source repeats and which therefore proves nothing."""

    def __init__(self, text: str) -> None:
        self.terms = content(text)
        self.figures = figures(text)

    def figures_of(self, passage: Passage) -> tuple[Figure, ...]:
        """The figures of a passage that are not the topic's own."""
        return tuple(figure for figure in passage.figures if not any(same(figure, own) for own in self.figures))

    def subject_of(self, passage: Passage) -> frozenset[str]:
        """What a passage is about, beyond the topic, directions and measures."""
        return passage.content - self.terms - _UP - _DOWN - UNIT_WORDS


def agree(one: Passage, other: Passage, topic: Topic) -> bool:
    """Whether the other passage says what this one says."""
    if doubts(one.text) != doubts(other.text) or direction(one.text) * direction(other.text) < 0 or _apart(one.text, other.text):
        return False
    if same_words(one.text, other.text):
        return _denies(one.text) == _denies(other.text)
    shared = topic.subject_of(one) & topic.subject_of(other)
    mine, theirs = topic.figures_of(one), topic.figures_of(other)
    common = [(a, b) for a in mine for b in theirs if same(a, b)]
    if common:
        if any(_told_alike(one, a, other, b) for a, b in common):
            return True
        near = any(_about(one, a, topic) & _about(other, b, topic) for a, b in common)
        telling = any(striking(a) for a, _ in common)
        return telling or (near and len(shared) >= 2) or len(shared) >= 4
    if mine and theirs:
        return False
    close = overlap(topic.subject_of(one), topic.subject_of(other)) >= 0.7 and len(shared) >= 4
    return close and _denies(one.text) == _denies(other.text)


def conflict(one: Passage, other: Passage, topic: Topic, wording: Wording) -> Conflict | None:
    """Why the passages exclude each other, or None if no test says that they do."""
    mine, theirs = topic.figures_of(one), topic.figures_of(other)
    if any(same(a, b) for a in mine for b in theirs):
        common = any(same(a, b) and _about(one, a, topic) & _about(other, b, topic) for a in mine for b in theirs)
        return Conflict(wording.one_doubts) if common and doubts(one.text) != doubts(other.text) else None
    if _apart(one.text, other.text):
        return None
    shared = topic.subject_of(one) & topic.subject_of(other)
    for a in mine:
        for b in theirs:
            if conflicting(a, b) and _of_one_thing(one, a, other, b, topic, shared):
                return Conflict(wording.figures_differ.format(one=a.text, other=b.text), (a.text, b.text))
    return _contrary(one, other, topic, shared, wording)


def _of_one_thing(one: Passage, a: Figure, other: Passage, b: Figure, topic: Topic, shared: frozenset[str]) -> bool:
    """Whether two figures measure the same: their clauses share a subject beyond the topic, and a second word, be it the topic's own;
    or their clauses one and their passages two. For money two of the topic's own words suffice: `the cost of the limit`."""
    if _told_alike(one, a, other, b):
        return True
    mine, theirs = (_clause_content(text, figure) & topic.terms for text, figure in ((one.text, a), (other.text, b)))
    if mine - theirs and theirs - mine:
        return False  # each names something of the question that the other does not: the two ways that it asks to compare
    clauses = (_clause_content(one.text, a) & _clause_content(other.text, b)) - UNIT_WORDS - _LOCAL - _UP - _DOWN
    beyond = clauses - topic.terms
    return (bool(beyond) and (len(clauses) >= 2 or len(shared) >= 2)) or (is_money(a) and len(clauses) >= 2)


def _contrary(one: Passage, other: Passage, topic: Topic, shared: frozenset[str], wording: Wording) -> Conflict | None:
    """Passages about one thing that point in opposite directions, or of which one denies."""
    if not (one.whole and other.whole) or _HEDGED.search(one.text) or _HEDGED.search(other.text):
        return None
    close = overlap(topic.subject_of(one), topic.subject_of(other))
    if len(shared) >= 2 and close >= 0.5 and direction(one.text) * direction(other.text) < 0:
        return Conflict(wording.directions_differ)
    larger = max(len(topic.subject_of(one)), len(topic.subject_of(other)))
    if len(shared) >= 3 and close >= 0.6 and len(shared) >= 0.5 * larger and _denies(one.text) != _denies(other.text):
        denied, other_side = (one, other) if _denies(one.text) else (other, one)
        if len(_denied(denied.text) & topic.subject_of(other_side)) >= 3:
            return Conflict(wording.one_denies)
    return None


def _about(passage: Passage, figure: Figure, topic: Topic) -> frozenset[str]:
    """What the clause around a figure is about, without directions and words that fit any clause."""
    return _clause_content(passage.text, figure) - _UP - _DOWN - _LOCAL - UNIT_WORDS - topic.terms


def _told_alike(one: Passage, a: Figure, other: Passage, b: Figure) -> bool:
    """Whether the words before two figures are the same, and say something: `Drilling takes` six weeks, `drilling takes` four."""
    first, second = (text[clause(text, f, limit=200)[0] : f.start].strip().lower() for text, f in ((one.text, a), (other.text, b)))
    return first == second and bool(content(first))


@lru_cache(maxsize=16384)
def _clause_content(text: str, figure: Figure) -> frozenset[str]:
    start, end = clause(text, figure, limit=200)
    return content(f"{text[start : figure.start]} {text[figure.end : end]}") - {figure.unit}


def _apart(one: str, other: str) -> bool:
    """Whether the passages speak of different times, means or people, so that both may be right."""
    first, second = _stems(one), _stems(other)
    for scope in _SCOPES:
        mine, theirs = first & scope, second & scope
        if (mine or theirs) and not mine & theirs:
            return True
    years, others = set(_YEAR.findall(one)), set(_YEAR.findall(other))
    return bool(years and others and not years & others)


@lru_cache(maxsize=16384)
def _stems(text: str) -> frozenset[str]:
    return frozenset(stem(word) for word in _LATIN.findall(text.lower()) if word != "even")  # which has the stem of `evening`


@lru_cache(maxsize=16384)
def direction(text: str) -> int:
    """1 if the passage says that something went up, -1 if down, 0 if neither or both."""
    up = bool(_stems(text) & _UP or _HAN_UP.search(text))
    down = bool(_stems(text) & _DOWN or _HAN_DOWN.search(text))
    return int(up) - int(down)


def _denies(text: str) -> bool:
    return _NEGATION.search(text) is not None


def _denied(text: str) -> frozenset[str]:
    """What the sentences that deny are about: a passage's other sentences are not denied with them."""
    return content(" ".join(sentence for sentence in _SENTENCE_END.split(text) if _denies(sentence)))


def doubts(text: str) -> bool:
    """Whether a passage quotes something in order to question it."""
    return _DOUBT.search(text) is not None
