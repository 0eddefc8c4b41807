"""Phase 3 of the extractive engine: what the sources say to one step, who else says it, and who says
otherwise."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from reprise_contracts.artifacts import (
    Citation,
    Contradiction,
    Finding,
    PreparedSource,
    ScratchpadEntry,
    Step,
    StepFindings,
)
from reprise_research.extractive.goals import only
from reprise_research.extractive.kinds import figures_in, kind_of
from reprise_research.extractive.plans import subject
from reprise_research.extractive.voices import handed_on
from reprise_research.extractive.wording import Wording, wording_for
from reprise_research.judging import Ground, Judge, Relation, Verdict, judging
from reprise_research.languages import knows, language
from reprise_research.text.language import language_of
from reprise_research.text.passages import Passage, passages
from reprise_research.text.prose import is_opinion, reports_question
from reprise_research.text.ranking import Vector, bm25_by, mmr, rounded, rows_of, similarities
from reprise_research.text.sentences import is_question
from reprise_research.text.words import shorten, terms

MOST_FINDINGS = 9
_POOL = 60
_FEW = 5
"""Sentences below which the rows of tables are read like sentences."""
_MANY_FIGURES = 0.25
"""The share of passages with figures from which a lack of them is worth telling: nobody looks for figures in
a manual."""
_GOOD = 0.5
"""The share of the best score from which a passage is quoted even if its source has given half of what is
told: a long document must not crowd out the others with what it says by the way."""
_TELLING = 5
"""Terms from which two sources do not use the same words by chance."""
_FLOOR = 0.25
"""The share of the best score below which a passage does not answer the step."""


@dataclass
class Group:
    """Passages that say one thing, the best first, and those that exclude it, each with why."""

    lead: Passage
    also: list[Passage] = field(default_factory=list)
    tied: list[Passage] = field(default_factory=list)
    """Passages that say it too, and hand on one of these, or are handed on by it."""
    against: list[tuple[Passage, Verdict]] = field(default_factory=list)

    @property
    def sites(self) -> set[str]:
        """Whose voices say it: sources of one site are one voice."""
        return {self.lead.site, *(passage.site for passage in self.also)}

    @property
    def sources(self) -> set[str]:
        """Where it stands."""
        return {self.lead.source_id, *(passage.source_id for passage in self.also)}

    def hear(self, passage: Passage, judge: Judge) -> None:
        """Take in what another site says in its own words. In front stands what all others say all of; a copy
        is no second voice, but where it says more besides it stands for the shorter one."""
        found = judge.relation(self.lead, passage)
        if found.relation is Relation.COPY and not found.whole[0] and not self.also:
            self.lead = passage
        if found.relation is not Relation.AGREEMENT:
            return
        if not all(passage.is_independent(own) for own in (self.lead, *self.also, *self.tied)):
            self.also = [own for own in self.also if passage.is_independent(own)]
            self.tied.append(passage)
            return
        if found.whole[1]:
            self.also.append(passage)
        elif all(judge.relation(other, passage).whole[0] for other in self.also):
            self.also.insert(0, self.lead)
            self.lead = passage

    def has(self, passage: Passage) -> bool:
        """Whether a passage is a part of the group already."""
        return any(passage.overlaps(own) for own in (self.lead, *self.also))


def running(found: list[Passage]) -> list[Passage]:
    """The passages without rows of tables, unless there is hardly anything else: rows answer, but they tell
    no theme."""
    prose = [passage for passage in found if not passage.is_row]
    return prose if len(prose) >= _FEW else found


def narrowed(found: list[Passage], guidance: str) -> list[Passage]:
    """The passages that speak of what the guidance wants alone (`only costs and prices`), in their words or
    their headings; all of them where it wants nothing alone, or nobody speaks of it in the language of the
    guidance."""
    subject_only = only(guidance)
    if not subject_only:
        return found
    wanted = {code: frozenset(terms(subject_only, code)) for code in {passage.language for passage in found}}
    kept = [passage for passage in found if wanted[passage.language] & {*passage.terms, *passage.context}]
    return kept or found


def language_in(source: PreparedSource, text: str) -> str:
    """The code of the language that a source is in; empty where it cannot be told."""
    return source.language or language_of(text) or ""


def gather(sources: tuple[PreparedSource, ...], texts: Mapping[str, str], topic: str = "") -> list[Passage]:
    """The passages of the sources, in their order; a question reports nothing. What a source takes over from
    one before it, word for word and more than one sentence, is no further voice; one sentence alone may be
    said alike, or quoted because it is so."""
    named = handed_on(sources, texts, topic)
    found = [
        replace(p, hands_on=named[s.source_id]) if named[s.source_id] else p
        for s in sources
        for p in passages(
            texts[s.source_id],
            s.source_id,
            s.site or s.source_id,
            language_in(s, texts[s.source_id]),
            s.title,
        )
    ]
    first: dict[str, str] = {}
    said_by = [
        first.setdefault(p.text.casefold(), p.source_id) if len(p.content) >= _TELLING else p.source_id
        for p in found
    ]
    taken = Counter((p.source_id, by) for p, by in zip(found, said_by, strict=True))
    return [
        p
        for p, by in zip(found, said_by, strict=True)
        if (by == p.source_id or taken[p.source_id, by] < 2) and not is_question(p.text)
    ]


def investigate(
    step: Step,
    sources: tuple[PreparedSource, ...],
    texts: Mapping[str, str],
    earlier: Mapping[int, StepFindings],
    topic: str,
    guidance: str,
    asked: str = "",
) -> StepFindings:
    """Retrieve (BM25), choose without repetition (MMR), bring together what says the same, set apart what
    does not."""
    wording = wording_for(topic, asked)
    found = narrowed(gather(sources, texts, topic), guidance)
    score = _relevance(found, step, topic, guidance)
    used = {
        (c.source_id, c.start)
        for findings in earlier.values()
        for f in findings.findings
        for c in f.citations
    }
    pool = [
        int(i)
        for i in np.argsort(-score, kind="stable")
        if score[i] >= _FLOOR
        and (found[i].source_id, found[i].start) not in used
        and not reports_question(found[i].text, found[i].language)
    ]
    chosen = [found[i] for i in pool[:_POOL]]
    groups = group(chosen, score[pool[:_POOL]], judging(topic))
    hashes = {source.source_id: source.text_sha256 or "" for source in sources}
    findings = tuple(
        finding(f"f{step.step_id}-{n}", one, hashes, wording) for n, one in enumerate(groups, start=1)
    )
    return StepFindings(
        step_id=step.step_id,
        title=step.title,
        findings=findings,
        insights=_insights(groups, wording),
        gaps=_gaps(step, groups, sources, found, wording),
        scratchpad=(
            ScratchpadEntry(kind="query", text=step.query or step.title),
            ScratchpadEntry(
                kind="retrieval", text=f"{len(found)} passages, {len(pool)} relevant, {len(groups)} findings"
            ),
            *(
                ScratchpadEntry(kind="candidate", text=f"{score[i]:.3f} {shorten(found[i].text, 120)}")
                for i in pool[:12]
            ),
        ),
    )


def group(pool: list[Passage], score: Vector, judge: Judge, most: int = MOST_FINDINGS) -> list[Group]:
    """The findings among ranked passages: a few that differ, each with those that say the same and those that
    say otherwise."""
    if not pool:
        return []
    similarity = similarities(rows_of([terms(passage.text, passage.language) for passage in pool]))
    groups: list[Group] = []
    share = most if len({passage.source_id for passage in pool}) == 1 else most // 2
    for index in mmr(rounded(score), similarity, len(pool), balance=0.75):
        passage = pool[index]
        home = next((g for g in groups if judge.same(g.lead, passage)), None)
        if home is None:
            crowded = (
                sum(own.lead.source_id == passage.source_id for own in groups) >= share
                and score[index] < _GOOD
            )
            if len(groups) < most and not crowded:
                groups.append(Group(passage))
        elif passage.site not in home.sites:
            home.hear(passage, judge)
    groups = _with_everyone(groups, pool, score, judge, most)
    for own in groups:
        own.against = _opposed(own, pool, judge)
    return groups


def _with_everyone(
    groups: list[Group], pool: list[Passage], score: Vector, judge: Judge, most: int
) -> list[Group]:
    """The groups with the best passage of every source that speaks to the point and was crowded out by those
    that have much to say."""
    heard = {source for own in groups for source in own.sources}
    kept = list(groups)
    for passage, worth in zip(pool, score, strict=True):
        if passage.source_id in heard or worth < _GOOD or not passage.whole:
            continue
        heard.add(passage.source_id)
        if any(judge.same(own.lead, passage) for own in kept):
            continue  # another page of a site that says so already
        if len(kept) >= most:
            said = Counter(own.lead.source_id for own in kept)
            spare = next(
                (own for own in reversed(kept) if said[own.lead.source_id] > 2 and len(own.sources) == 1),
                None,
            )
            if spare is None:
                break
            kept.remove(spare)
        kept.append(Group(passage))
    return kept


def finding(finding_id: str, found: Group, hashes: Mapping[str, str], wording: Wording) -> Finding:
    """A group as a finding: the claim is the leading passage, word for word."""
    support = len(found.sites)
    level, reason = confidence(
        support, wording, opinion=kind_of(found.lead) == "opinion", disputed=bool(found.against)
    )
    return Finding(
        finding_id=finding_id,
        claim=found.lead.text,
        citations=tuple(cited(passage, hashes) for passage in (found.lead, *found.also)),
        confidence=level,
        confidence_reason=reason,
        support=support,
        contradicts=tuple(contradiction(p, verdict, hashes, wording) for p, verdict in found.against),
    )


def cited(passage: Passage, hashes: Mapping[str, str]) -> Citation:
    """Where a passage stands."""
    return Citation(
        source_id=passage.source_id,
        text_sha256=hashes[passage.source_id],
        quote=passage.text,
        start=passage.start,
        end=passage.end,
    )


def closeness(found: list[Passage], question: str) -> Vector:
    """How close each passage comes to a question, the closest being 1, each asked in its own language
    (BM25)."""
    codes = sorted({passage.language for passage in found})
    return bm25_by(
        [passage.terms for passage in found],
        [passage.language for passage in found],
        {c: terms(question, c) for c in codes},
    )


def _relevance(found: list[Passage], step: Step, topic: str, guidance: str) -> Vector:
    """How well each passage answers the step, the best being 1: the title's words count twice, the guidance's
    half as much as the query; passages that give figures or speak of the topic a little more, those that lean
    on others less."""
    if not found:
        return np.zeros(0)
    score = closeness(found, f"{step.title} {step.title} {step.query}")
    if not score.any():
        score = closeness(found, subject(step.description))
    if guidance:
        score = np.where(score > 0, score + 0.5 * closeness(found, guidance), 0.0)
    score = score * (0.85 + 0.15 * closeness(found, topic))
    hearts = {code: set(terms(step.title, code)) for code in {passage.language for passage in found}}
    near = np.array([1.0 if hearts[passage.language] & set(passage.terms) else 0.45 for passage in found])
    score = score * near * np.array([p.weight * (1.1 if figures_in(p) else 1.0) for p in found])
    top = score.max() if score.size else 0.0
    return rounded(score / top) if top > 0 else score


def _opposed(own: Group, pool: list[Passage], judge: Judge) -> list[tuple[Passage, Verdict]]:
    against: list[tuple[Passage, Verdict]] = []
    for passage in pool:
        if passage.source_id in own.sources or any(
            passage.source_id == p.source_id or judge.same(p, passage) for p, _ in against
        ):
            continue
        found = next(
            (v for member in (own.lead, *own.also) if (v := judge.dispute(member, passage)) is not None), None
        )
        if found is not None:
            against.append((passage, found))
    return against[:3]


def contradiction(
    passage: Passage, found: Verdict, hashes: Mapping[str, str], wording: Wording
) -> Contradiction:
    """What a passage says against a finding, and why it cannot be so too."""
    return Contradiction(
        claim=passage.text,
        citation=cited(passage, hashes),
        reason=why(found, wording),
        values=found.evidence or (),
    )


def why(found: Verdict, wording: Wording) -> str:
    """The reason of a dispute, in the report's language."""
    match found.ground:
        case Ground.DIRECTIONS:
            return wording.directions_differ
        case Ground.REST:
            return wording.moved_or_not
        case Ground.DENIAL:
            return wording.one_denies
        case _:
            one, other = found.evidence or ("", "")
            return wording.figures_differ.format(one=one, other=other)


def with_voices(
    found: Finding, also: tuple[Citation, ...], against: tuple[Contradiction, ...], wording: Wording
) -> Finding:
    """The finding with further independent sources that say so, and such that say otherwise; its confidence
    follows."""
    if not also and not against:
        return found
    support, contradicts = found.support + len(also), (*found.contradicts, *against)
    level, reason = confidence(
        support,
        wording,
        opinion=is_opinion(found.claim, language_of(found.claim) or ""),
        disputed=bool(contradicts),
    )
    voices = {"citations": (*found.citations, *also), "support": support, "contradicts": contradicts}
    return found.model_copy(update={**voices, "confidence": level, "confidence_reason": reason})


def confidence(
    support: int, wording: Wording, *, opinion: bool, disputed: bool
) -> tuple[Literal["high", "medium", "low"], str]:
    """How far to trust a finding, and why: who else says so, whether it is an opinion, whether someone says
    otherwise."""
    reasons = [wording.sources_agree.format(count=support) if support > 1 else wording.one_source]
    level: Literal["high", "medium", "low"] = "high" if support >= 3 else "medium" if support == 2 else "low"
    if opinion:
        reasons.append(wording.opinion)
        level = "low" if support < 3 else "medium"
    if disputed:
        reasons.append(wording.disputed)
        level = "medium" if level == "high" else "low"
    return level, wording.joint.join(reasons)


def _insights(groups: list[Group], wording: Wording) -> tuple[str, ...]:
    if not groups:
        return ()
    insights = [wording.shared(sum(len(g.sites) > 1 for g in groups), len(groups))]
    for own in groups:
        values = [v.evidence for _, v in own.against if v.ground is Ground.FIGURES and v.evidence]
        if values:
            stated = sorted({values[0][0], *(other for _, other in values)})
            insights.append(wording.range_of.format(values=wording.listed(stated)))
    return tuple(dict.fromkeys(insights))


def _asks_figures(step: Step, wording: Wording) -> bool:
    """Whether a step asks for figures: as this engine does of a theme that has some, or in words that ask how
    much."""
    before, _, after = wording.ask_figures.partition("{label}")
    ours = step.description.startswith(before) and step.description.endswith(after)
    asks = language(wording.language).asks.amount if knows(wording.language) else None
    return ours or (asks is not None and asks.search(step.description) is not None)


def _gaps(
    step: Step,
    groups: list[Group],
    sources: tuple[PreparedSource, ...],
    found: list[Passage],
    wording: Wording,
) -> tuple[str, ...]:
    if not groups:
        return (wording.filled(wording.no_answer, sources=len(sources)),)
    gaps = []
    if (
        _asks_figures(step, wording)
        and not any(figures_in(g.lead) for g in groups)
        and sum(bool(figures_in(p)) for p in found) >= _MANY_FIGURES * len(found)
    ):
        gaps.append(wording.no_figures)
    if len({source for g in groups for source in g.sources}) == 1 and len(sources) > 1:
        gaps.append(wording.single_source)
    if all(g.lead.language != wording.language for g in groups) and any(
        p.language == wording.language for p in found
    ):
        gaps.append(wording.not_compared)
    return tuple(gaps)
