"""Whether one passage says what another one says: by and large (`agree`), or all of it (`backs`)."""

import re

from reprise_research.extractive.stance import apart, contrast, denies, direction, doubts
from reprise_research.extractive.subjects import Topic, about, told_alike
from reprise_research.text.duplicates import same_words
from reprise_research.text.figures import UNIT_WORDS, figures, same, striking
from reprise_research.text.passages import Passage
from reprise_research.text.words import content, overlap

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_MOST_OF_IT = 0.6
"""The share of a statement's words that a passage must have to back it."""


def agree(one: Passage, other: Passage, topic: Topic) -> bool:
    """Whether the other passage says what this one says."""
    if _differ(one.text, other.text):
        return False
    if same_words(one.text, other.text):
        return denies(one.text) == denies(other.text)
    shared = topic.subject_of(one) & topic.subject_of(other)
    mine, theirs = topic.stated_by(one), topic.stated_by(other)
    common = [(a, b) for a in mine for b in theirs if same(a, b)]
    if common:
        if any(told_alike(one, a, other, b) for a, b in common):
            return True
        near = any(about(one, a, topic) & about(other, b, topic) for a, b in common)
        telling = any(striking(a) for a, _ in common)
        return telling or (near and len(shared) >= 2) or len(shared) >= 4
    if (mine and theirs) or _counts_apart(one, other, topic):
        return False
    close = overlap(topic.subject_of(one), topic.subject_of(other)) >= 0.7 and len(shared) >= 4
    return close and denies(one.text) == denies(other.text)


def _differ(one: str, other: str) -> bool:
    """Whether two passages take another stance, or speak of different parts of a thing."""
    return doubts(one) != doubts(other) or direction(one) * direction(other) < 0 or contrast(one, other) or apart(one, other)


def backs(quote: str, claim: str) -> bool:
    """Whether a passage by itself supports a whole claim: it has every figure and number of it and most of its words, and the same stance.
    One that says less may agree and still is no source of the claim."""
    if denies(quote) != denies(claim) or _differ(quote, claim):
        return False
    if same_words(quote, claim):
        return True
    own, wanted = figures(quote), figures(claim)
    if not all(any(same(one, figure) for one in own) for figure in wanted):
        return False
    loose = "".join(" " if any(f.start <= i < f.end for f in wanted) else c for i, c in enumerate(claim))
    words = content(claim) - UNIT_WORDS
    return set(_NUMBER.findall(loose)) <= set(_NUMBER.findall(quote)) and len(words & content(quote)) >= _MOST_OF_IT * len(words)


def _counts_apart(one: Passage, other: Passage, topic: Topic) -> bool:
    """Whether each passage has a number that the other has not: figures that nobody could read as such are figures all the same."""
    known = set(_NUMBER.findall(topic.text))
    mine, theirs = (set(_NUMBER.findall(passage.text)) - known for passage in (one, other))
    return bool(mine - theirs and theirs - mine)
