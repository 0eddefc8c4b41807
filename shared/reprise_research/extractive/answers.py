"""The statements that come closest to the topic's own question, over all sources: what a reader looks for
first.

A topic that asks two things (`What changed, and what did it cost?`) is asked part by part, and each part is
answered in its turn, so that one part's words do not drown the other's.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import zip_longest

import numpy as np

from reprise_contracts.artifacts import (
    Contradiction,
    Finding,
    PreparedSource,
    ScratchpadEntry,
    Step,
    StepFindings,
)
from reprise_research.extractive.beside import other_figures
from reprise_research.extractive.evidence import Group, cited, finding, gather, group, narrowed
from reprise_research.extractive.expected import asks_change, asks_figures, asks_reason, moves
from reprise_research.extractive.explanations import Explanations
from reprise_research.extractive.kinds import figures_in, kind_of
from reprise_research.extractive.openings import Opening, openings
from reprise_research.extractive.plans import is_of_topic
from reprise_research.extractive.relevance import answering, covered, parts_of
from reprise_research.extractive.relevance import asked as terms_asked
from reprise_research.extractive.wording import wording_for
from reprise_research.judging import judging
from reprise_research.meaning import encoder
from reprise_research.text.language import language_of
from reprise_research.text.passages import Passage
from reprise_research.text.prose import asks, is_bare, reports_question
from reprise_research.text.ranking import Vector, rounded
from reprise_research.text.words import shorten

MOST_ANSWERS = 5
_PART = 0.4
"""What a passage keeps that says nothing of the question but for the part of it that it answers."""
_ROW = 0.3
"""What a row of a table keeps as an answer to a question that asks for no figure: that it names a town does
not tell what happened there."""
_EACH = 2
"""Statements for each part of a question that asks more than two things."""
_CANDIDATES = 20
_POOL = 80
_FLOOR = 0.2
"""The share of the best score below which a passage is no answer."""
_LONGEST = 420
"""Characters of two sentences that are told together."""
_PLAINLY = 0.8
"""How much a heading must be what is asked for what stands below it to come first."""
_Place = tuple[str, int, int]

_SAYS = 0.3
"""The share of a part of the question that a passage with its headings must say to be called an answer."""
_FAINT = 0.25
"""The share of the best answer's standing below which nothing is told as one."""


def answer(
    step: Step,
    sources: tuple[PreparedSource, ...],
    texts: Mapping[str, str],
    topic: str,
    asked: str = "",
    guidance: str = "",
) -> StepFindings:
    """A few statements that differ, each with those that say the same and those that say otherwise. They
    answer the step's question, which is the topic's unless somebody asked another."""
    wording = wording_for(topic, asked)
    none = wording.answer_none if is_of_topic(step, topic) else wording.asked_none
    topic = question_of(step, topic)
    found = narrowed(gather(sources, texts, topic), guidance)
    code = language_of(topic) or ""
    parts = parts_of(topic, code)
    scores = [_closeness(found, topic, part, code) for part in parts]
    groups = _in_turn(
        [
            _reasons_for(part, found, score, topic, texts)
            if asks_reason(part, code)
            else _answers_to(found, covered(found, part).share, score, topic)
            for part, score in zip(parts, scores, strict=True)
        ]
    )
    groups = _opened(groups, openings(narrowed_sources(sources, found), texts, parts, encoder()))
    for one in groups:
        if not one.also and not one.against:
            one.lead = _told_with(_going_on(one.lead, found), found, texts)
    groups = _each_told_once(groups)
    hashes = {source.source_id: source.text_sha256 or "" for source in sources}
    return StepFindings(
        step_id=step.step_id,
        title=step.title,
        findings=tuple(
            _with_other_figures(
                finding(f"f{step.step_id}-{n}", one, hashes, wording), one, found, topic, hashes
            )
            for n, one in enumerate(groups, start=1)
        ),
        gaps=() if groups else (none,),
        scratchpad=(
            *(ScratchpadEntry(kind="query", text=" ".join(terms_asked(part, code))) for part in parts),
            *(
                ScratchpadEntry(kind="candidate", text=f"{score[i]:.3f} {shorten(found[i].text, 120)}")
                for score in scores
                for i in np.argsort(-score, kind="stable")[:12]
            ),
        ),
    )


def _each_told_once(groups: list[Group]) -> list[Group]:
    """Of those that tell one sentence, each with what goes with it, the one that tells more, in the place of
    the first; what others say too, or say otherwise, is told in any case."""
    kept: list[Group] = []
    for one in groups:
        alone = not one.also and not one.against
        place = next((n for n, other in enumerate(kept) if alone and one.lead.overlaps(other.lead)), None)
        if place is None:
            kept.append(one)
        elif len(one.lead.text) > len(kept[place].lead.text) and not (
            kept[place].also or kept[place].against
        ):
            kept[place] = one
    return kept


def _with_other_figures(
    told: Finding, one: Group, found: list[Passage], topic: str, hashes: Mapping[str, str]
) -> Finding:
    """An answer with the other figures that sources give of the same, as far as it is known: who reads one
    figure alone takes it for the only one."""
    said = {(c.citation.source_id, c.citation.start) for c in told.contradicts}
    others = [
        other
        for other in other_figures(one.lead, found, topic, encoder())
        if (other.passage.source_id, other.passage.start) not in said and not one.has(other.passage)
    ]
    beside = tuple(
        Contradiction(claim=o.passage.text, citation=cited(o.passage, hashes), values=o.values)
        for o in others
    )
    return told.model_copy(update={"beside": beside})


def question_of(step: Step, topic: str) -> str:
    """The question that a step answers: its own, where it is not the topic's."""
    return topic if is_of_topic(step, topic) else step.query


def _reasons_for(
    part: str, found: list[Passage], score: Vector, topic: str, texts: Mapping[str, str]
) -> list[Group]:
    """The answers to a part that asks why, those first that name a cause."""
    explained = Explanations(found, covered(found, part), texts)
    return explained.in_order(_answers_to(found, explained.said(), explained.scores(score), topic))


def _answers_to(found: list[Passage], said: Vector, score: Vector, topic: str) -> list[Group]:
    """The answers to one part of the question, the best first; `said` is the share of it that each says."""
    fit = [int(i) for i in np.argsort(-score, kind="stable") if score[i] >= _FLOOR and said[i] >= _SAYS]
    pool = fit[:_POOL]
    nearness = {_place(found[i]): float(score[i]) for i in pool}
    groups = group([found[i] for i in pool], score[pool], judging(topic), _CANDIDATES)
    return _chosen(sorted(groups, key=lambda one: -_standing(one, nearness)), nearness)


def narrowed_sources(sources: tuple[PreparedSource, ...], found: list[Passage]) -> tuple[PreparedSource, ...]:
    """The sources of which passages are left."""
    kept = {passage.source_id for passage in found}
    return tuple(source for source in sources if source.source_id in kept)


def _opened(groups: list[Group], first: list[Opening]) -> list[Group]:
    """The answers with what opens the sections that ask the question, before the others where their headings
    say so plainly; what such an opening has is not told twice."""
    if not first:
        return groups
    most = max(MOST_ANSWERS, len(groups))
    ahead = [Group(one.passage) for one in first if one.worth >= _PLAINLY]
    behind = [Group(one.passage) for one in first if one.worth < _PLAINLY]
    opened = [*ahead, *behind]
    rest = [
        one for one in groups if one.also or one.against or not any(other.has(one.lead) for other in opened)
    ]
    opened = [one for one in opened if not any(kept.has(one.lead) for kept in rest)]
    ahead = [one for one in opened if one in ahead]
    behind = [one for one in opened if one not in ahead]
    return [*ahead, *rest[:1], *behind, *rest[1:]][:most]


def _going_on(passage: Passage, found: list[Passage]) -> Passage:
    """A passage with the sentences behind it that lean on it: `One tool is X. It mails …`."""
    longer = (p for p in found if p.source_id == passage.source_id and p.start == passage.start and p.whole)
    return max([passage, *longer], key=lambda p: p.end)


def _told_with(passage: Passage, found: list[Passage], texts: Mapping[str, str]) -> Passage:
    """A passage with the one before it where it begins with a thing of which only that one says what it is
    of: who asks what a cure costs must not be told what a hall costs."""
    if not is_bare(passage.text, passage.language):
        return passage
    near = (p for p in found if p.source_id == passage.source_id and p.end < passage.start)
    before = max(near, key=lambda p: p.end, default=None)
    text = texts[passage.source_id]
    if before is None or "\n\n" in text[before.end : passage.start] or not before.whole:
        return passage
    if text[before.end : passage.start].strip() or passage.end - before.start > _LONGEST:
        return passage
    return replace(passage, text=text[before.start : passage.end], start=before.start)


def _in_turn(answers: list[list[Group]]) -> list[Group]:
    """The answers to all parts, those of each in its turn, and none twice."""
    most = max(MOST_ANSWERS, _EACH * len(answers))
    kept: list[Group] = []
    for one in (one for turn in zip_longest(*answers) for one in turn if one is not None):
        told = any(
            other.has(passage)
            for other in kept
            for passage in (one.lead, *one.also, *(p for p, _ in one.against))
        )
        if not told and len(kept) < most:
            kept.append(one)
    return kept


def _closeness(found: list[Passage], topic: str, part: str, code: str) -> Vector:
    """How well each passage answers a part of the question, the best being 1: how much of it the passage and
    its headings say, above all; what a reader understands by itself and what reports counts more than what
    values. What the whole question names counts for a part that only points at it (`and what does it cost`).
    A source that has few of the question's words altogether speaks of something else."""
    if not found:
        return np.zeros(0)
    change = asks_change(part, code)
    worth = np.array([(1.1 if figures_in(p) else 1.0) * _plainness(p, change) for p in found])
    if not asks_figures(part, code):
        worth *= np.array([_ROW if p.is_row else 1.0 for p in found])
    said = covered(found, topic).share
    reach: dict[str, float] = {}
    for passage, share in zip(found, said, strict=True):
        reach[passage.source_id] = max(reach.get(passage.source_id, 0.0), float(share))
    score = answering(found, (part,), encoder()) * worth
    score *= np.array([0.3 + 0.7 * reach[p.source_id] for p in found])
    if part != topic:
        score *= _PART + (1 - _PART) * said
    top = score.max() if score.size else 0.0
    return rounded(score / top) if top > 0 else score


def _standing(one: Group, nearness: Mapping[_Place, float]) -> float:
    """How much a group counts as an answer: how near it comes, and more if other sources say so too, or say
    otherwise: what sources agree or argue on is what they came to speak of."""
    return round(_near(one, nearness) * (1 + 0.7 * (min(len(one.sites), 3) - 1) + 0.7 * bool(one.against)), 6)


def _chosen(groups: list[Group], nearness: Mapping[_Place, float]) -> list[Group]:
    """The first few of which none says what one before it says, or is its other side: a dispute is one
    answer, told from the side that more sources take."""
    kept: list[Group] = []
    for one in groups:
        place = next((n for n, other in enumerate(kept) if any(one.has(p) for p, _ in other.against)), None)
        if place is not None:
            kept[place] = one if len(one.sites) > len(kept[place].sites) else kept[place]
        elif len(kept) < MOST_ANSWERS and _counts(one, kept, nearness):
            kept.append(one)
    return kept


def _counts(one: Group, kept: list[Group], nearness: Mapping[_Place, float]) -> bool:
    """Whether a group is worth telling beside the first."""
    return (
        not kept
        or _standing(one, nearness) >= _FAINT * _standing(kept[0], nearness)
        or _near(one, nearness) >= _FAINT * _near(kept[0], nearness)
    )


def _near(one: Group, nearness: Mapping[_Place, float]) -> float:
    return max(nearness.get(_place(passage), 0.0) for passage in (one.lead, *one.also))


def _place(passage: Passage) -> _Place:
    return passage.source_id, passage.start, passage.end


def _plainness(passage: Passage, asks_change: bool) -> float:
    if asks(passage.text, passage.language) or reports_question(passage.text, passage.language):
        return 0.0
    worth = (0.6 if kind_of(passage) == "opinion" else 1.0) * (0.7 if len(passage.text) < 40 else 1.0)
    return worth * (1.4 if asks_change and moves(passage) else 1.0)
