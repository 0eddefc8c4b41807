"""The statements that come closest to the topic's own question, over all sources: what a reader looks for first.

A topic that asks two things (`What changed, and what did it cost?`) is asked part by part, so that one part's words do not drown the
other's.
"""

import re
from collections.abc import Mapping

import numpy as np

from reprise_contracts.artifacts import PreparedSource, ScratchpadEntry, Step, StepFindings
from reprise_research.extractive.evidence import Group, finding, gather, group, narrowed
from reprise_research.extractive.relevance import answering, covered, parts_of
from reprise_research.extractive.relevance import asked as terms_asked
from reprise_research.extractive.stance import direction, doubts
from reprise_research.extractive.wording import wording_for
from reprise_research.judging import judging
from reprise_research.meaning import encoder
from reprise_research.text.language import language_of
from reprise_research.text.passages import Passage
from reprise_research.text.ranking import Vector, rounded
from reprise_research.text.words import shorten

MOST_ANSWERS = 5
_CANDIDATES = 20
_POOL = 80
_FLOOR = 0.2
"""The share of the best score below which a passage is no answer."""
_CHANGE = re.compile(
    r"\b(?:chang|br(?:ing|ought)|achiev|effect|affect|impact|influenc|consequence|result)|变化|改变|带来|影响|效果|后果", re.IGNORECASE
)
"""A question about change is answered by what went up or down."""
_SAYS = 0.3
"""The share of a part of the question that a passage with its headings must say to be called an answer."""
_FAINT = 0.45
"""The share of the best answer's standing below which nothing is told as one."""
_FEW = 3
"""Answers up to which nearness alone decides."""


def answer(
    step: Step, sources: tuple[PreparedSource, ...], texts: Mapping[str, str], topic: str, asked: str = "", guidance: str = ""
) -> StepFindings:
    """A few statements that differ, each with those that say the same and those that say otherwise."""
    wording = wording_for(topic, asked)
    found = narrowed(gather(sources, texts), guidance)
    code = language_of(topic) or ""
    parts = parts_of(topic, code)
    score = _closeness(found, topic, parts)
    said = np.max([covered(found, part).share for part in parts], axis=0) if found else score
    fit = [i for i in np.argsort(-score, kind="stable") if score[i] >= _FLOOR and said[i] >= _SAYS]
    pool = [int(i) for i in fit][:_POOL]
    nearness = {(found[i].source_id, found[i].start): float(score[i]) for i in pool}
    groups = group([found[i] for i in pool], score[pool], judging(topic), _CANDIDATES)
    groups = _chosen(sorted(groups, key=lambda one: -_standing(one, nearness)), nearness)
    hashes = {source.source_id: source.text_sha256 or "" for source in sources}
    return StepFindings(
        step_id=step.step_id,
        title=step.title,
        findings=tuple(finding(f"f{step.step_id}-{n}", one, hashes, wording) for n, one in enumerate(groups, start=1)),
        gaps=() if groups else (wording.answer_none,),
        scratchpad=(
            *(ScratchpadEntry(kind="query", text=" ".join(terms_asked(part, code))) for part in parts),
            *(ScratchpadEntry(kind="candidate", text=f"{score[i]:.3f} {shorten(found[i].text, 120)}") for i in pool[:12]),
        ),
    )


def _closeness(found: list[Passage], topic: str, parts: tuple[str, ...]) -> Vector:
    """How well each passage answers any part of the question, the best being 1: how much of it the passage and its headings say, above
    all; what a reader understands by itself and what reports counts more than what values or doubts. A source that has few of the
    question's words altogether speaks of something else."""
    if not found:
        return np.zeros(0)
    change = _CHANGE.search(topic) is not None
    worth = np.array([(1.1 if p.figures else 1.0) * _plainness(p, change) for p in found])
    said = covered(found, topic).share
    reach: dict[str, float] = {}
    for passage, share in zip(found, said, strict=True):
        reach[passage.source_id] = max(reach.get(passage.source_id, 0.0), float(share))
    score = answering(found, parts, encoder()) * worth * np.array([0.3 + 0.7 * reach[p.source_id] for p in found])
    top = score.max() if score.size else 0.0
    return rounded(score / top) if top > 0 else score


def _standing(one: Group, nearness: Mapping[tuple[str, int], float]) -> float:
    """How much a group counts as an answer: how near it comes, and more if other sources say so too, or say otherwise: what sources
    agree or argue on is what they came to speak of."""
    return round(_near(one, nearness) * (1 + 0.7 * (min(len(one.sites), 3) - 1) + 0.7 * bool(one.against)), 6)


def _chosen(groups: list[Group], nearness: Mapping[tuple[str, int], float]) -> list[Group]:
    """The first few of which none says what one before it says, or is its other side: a dispute is one answer, told from the side that
    more sources take."""
    kept: list[Group] = []
    for one in groups:
        place = next((n for n, other in enumerate(kept) if any(one.has(p) for p, _ in other.against)), None)
        if place is not None:
            kept[place] = one if len(one.sites) > len(kept[place].sites) else kept[place]
        elif len(kept) < MOST_ANSWERS and _counts(one, kept, nearness):
            kept.append(one)
    return kept


def _counts(one: Group, kept: list[Group], nearness: Mapping[tuple[str, int], float]) -> bool:
    """Whether a group is worth telling beside the first; of a few answers nearness alone decides, whoever else supports the first."""
    if not kept or _standing(one, nearness) >= _FAINT * _standing(kept[0], nearness):
        return True
    return len(kept) < _FEW and _near(one, nearness) >= _FAINT * _near(kept[0], nearness)


def _near(one: Group, nearness: Mapping[tuple[str, int], float]) -> float:
    return max(nearness.get((p.source_id, p.start), 0.0) for p in (one.lead, *one.also))


def _plainness(passage: Passage, asks_change: bool) -> float:
    worth = (0.6 if passage.kind == "opinion" else 1.0) * (0.7 if doubts(passage.text) else 1.0) * (0.7 if len(passage.text) < 40 else 1.0)
    return worth * (1.4 if asks_change and direction(passage.text) else 1.0)
