"""What answers `why`: the sentence that names a cause, with what it is the cause of.

A cause stands beside what it explains as often as in the same sentence (`The bath is closed. The reason is a
crack.`). A sentence that names one therefore counts by what the sentences around it say, and is told with the
nearest of them that says what is asked. A sentence that only says again what the question supposes is told
with the one behind it, in which writers explain.
"""

from collections.abc import Mapping
from dataclasses import replace
from operator import attrgetter

import numpy as np

from reprise_research.extractive.evidence import Group
from reprise_research.extractive.expected import gives_reason
from reprise_research.extractive.relevance import Covered
from reprise_research.text.passages import Passage
from reprise_research.text.ranking import Vector, rounded

_SUPPOSED = 0.45
"""The share of a question from which a sentence says what the question supposes."""
_RESTATES = 0.75
"""The share from which it says no more than that."""
_RESTATED = 0.6
"""What a passage keeps that names no cause."""
_LONGEST = 420
"""Characters of sentences that are told together."""
_AROUND = 6
"""Passages on either side of one that are looked at: two sentences and what of them is told together."""
_BEFORE, _BEHIND = 2, 1
"""How many sentences a cause may stand behind what it explains, and before it."""


class Explanations:
    """The passages as answers to a question that asks why, by how much of it each says. What a sentence is
    told with goes by its own words: a title tells what all of its source is about."""

    def __init__(self, found: list[Passage], covered: Covered, texts: Mapping[str, str]) -> None:
        self._found, self._texts = found, texts
        self._share, self._said = covered.share, covered.said
        self._explained = {
            place: self._beside(place) for place, passage in enumerate(found) if gives_reason(passage)
        }

    def scores(self, score: Vector) -> Vector:
        """Return the scores of the passages, the best being 1, of which a cause has at least that of what it
        explains."""
        lifted = [
            max([score[place], *(score[other] for other in self._explained[place])])
            if place in self._explained
            else _RESTATED * score[place]
            for place in range(len(self._found))
        ]
        top = max(lifted, default=0.0)
        return rounded(np.array(lifted) / top) if top > 0 else score

    def said(self) -> Vector:
        """Return the share of the question that each says, with what it explains."""
        return np.array(
            [
                max([share, *(self._share[other] for other in self._explained.get(place, ()))])
                for place, share in enumerate(self._share)
            ]
        )

    def in_order(self, groups: list[Group]) -> list[Group]:
        """Return the groups with those that name a cause in front, each with what is told beside it; beside
        a cause nothing that does not even say what the question supposes. What several sources say, or argue
        on, is told as it is."""
        firm = [one for one in groups if one.also or one.against]
        placed = [(one, self._found.index(one.lead)) for one in groups]
        if any(place in self._explained for _, place in placed):
            placed = [
                (one, place)
                for one, place in placed
                if one in firm or place in self._explained or self._said[place] >= _RESTATES
            ]
        for one, place in placed:
            if one not in firm:
                one.lead = self._told(place, firm)
        return sorted((one for one, _ in placed), key=lambda one: not gives_reason(one.lead))

    def _told(self, place: int, firm: list[Group]) -> Passage:
        lead = self._found[place]
        if place in self._explained:
            others = self._explained[place] if self._said[place] < _SUPPOSED else []
        else:
            others = [
                other
                for other in self._around(place)
                if self._said[place] >= _RESTATES and self._distance(place, other) == 1
            ]
        beside = [self._found[other] for other in others]
        free = [one for one in beside if not any(group.has(one) for group in firm)]
        if not free:
            return lead
        ends = sorted((lead, free[0]), key=attrgetter("start"))
        start, end = ends[0].start, max(one.end for one in ends)
        return replace(lead, text=self._texts[lead.source_id][start:end], start=start, end=end)

    def _beside(self, place: int) -> list[int]:
        """The passages around one that say what the question supposes, the nearest first."""
        near = [
            other
            for other in self._around(place)
            if -_BEFORE <= self._distance(place, other) <= _BEHIND
            and self._said[other] >= _SUPPOSED
            and self._found[other].whole
        ]
        return sorted(near, key=lambda other: abs(self._distance(place, other)))

    def _around(self, place: int) -> list[int]:
        """The passages of the same source that stand near one."""
        source, last = self._found[place].source_id, min(place + _AROUND, len(self._found) - 1)
        near = range(max(place - _AROUND, 0), last + 1)
        return [other for other in near if other != place and self._found[other].source_id == source]

    def _distance(self, place: int, other: int) -> int:
        """By how many sentences the other stands behind; very far where both are not told together."""
        one, two = self._found[place], self._found[other]
        first, last = sorted((one, two), key=attrgetter("start"))
        far = one.heading != two.heading or max(one.end, two.end) - first.start > _LONGEST
        if far or "\n\n" in self._texts[one.source_id][first.end : last.start]:
            return _LONGEST
        return two.position - one.position
