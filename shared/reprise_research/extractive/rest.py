"""The step for the rest: what the sources say besides what the steps before have quoted.

Themes bring together what several sources speak of. What one source alone says on a subject of its own is in
none of them, and of a few pages a reader wants to know it too.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from reprise_contracts.artifacts import Citation, PreparedSource, ScratchpadEntry, Step, StepFindings
from reprise_research.extractive.evidence import Group, closeness, finding, gather, group, narrowed, running
from reprise_research.extractive.nouns import nouns
from reprise_research.extractive.relevance import covered
from reprise_research.extractive.wording import wording_for
from reprise_research.judging import Judge, Relation, judging
from reprise_research.languages import knows, language
from reprise_research.text.passages import Passage
from reprise_research.text.prose import is_unknown, reports_question
from reprise_research.text.sentences import is_question
from reprise_research.text.words import asking, terms

MOST_TOLD = 24
_FEW = 150
"""Passages up to which the rest is told whether it is near to the topic or not."""
_NEAR = 0.5
"""How close to the topic a passage among more than these must be, the closest being 1."""
_SPEAKS = 0.5
"""The share of the topic that one passage of a source must say for the source to speak of it, if nothing else
of it is quoted."""
_MOST_NEAR = 8
"""Statements that are told of so many."""
_LEAST = 0.1
"""The worth of a passage that has nothing of the topic's words."""


def rest(
    step: Step,
    sources: tuple[PreparedSource, ...],
    texts: Mapping[str, str],
    earlier: Mapping[int, StepFindings],
    topic: str,
    guidance: str,
    asked: str = "",
) -> StepFindings:
    """The statements that no step before has quoted, in the order of the sources: of a few pages all that
    fit, of many those that are near to the topic. A source of which no step quotes anything, and which names
    nothing that the topic names, speaks of something else."""
    wording, judge = wording_for(topic, asked), judging(topic)
    found = running(narrowed(gather(sources, texts, topic), guidance))
    close = closeness(found, f"{topic} {guidance}")
    few = len(found) <= _FEW
    quoted = _quoted(earlier)
    heard = {citation.source_id for citation in quoted}
    said = covered(found, topic).share
    heard |= {
        passage.source_id
        for passage, share in zip(found, said, strict=True)
        if share >= _SPEAKS or _names(passage, topic)
    }
    aside = _aside(found, quoted, topic)
    left = [
        int(i)
        for i in np.argsort(-close, kind="stable")
        if (few or close[i] >= _NEAR)
        and found[i].source_id in heard
        and _section(found[i]) not in aside
        and _tells(found[i])
        and not _stands_in(found[i], quoted)
    ]
    told = [p for p in found if _is_told(p, quoted)]
    new = [
        i
        for i in left
        if not _is_within(found[i], (found[j] for j in left)) and _is_new(found[i], told, judge)
    ]
    worth = _LEAST + (1 - _LEAST) * close[new]
    groups = group([found[i] for i in new], worth, judge, MOST_TOLD if few else _MOST_NEAR)
    groups = sorted(groups, key=lambda one: _place(one, sources))
    hashes = {source.source_id: source.text_sha256 or "" for source in sources}
    return StepFindings(
        step_id=step.step_id,
        title=step.title,
        findings=tuple(
            finding(f"f{step.step_id}-{n}", one, hashes, wording) for n, one in enumerate(groups, start=1)
        ),
        scratchpad=(
            ScratchpadEntry(
                kind="retrieval", text=f"{len(found)} passages, {len(new)} not quoted, {len(groups)} findings"
            ),
        ),
    )


def _quoted(earlier: Mapping[int, StepFindings]) -> list[Citation]:
    """Every passage that the steps before have quoted, on whatever side."""
    return [
        citation
        for found in earlier.values()
        for one in found.findings
        for citation in (*one.citations, *(other.citation for other in (*one.contradicts, *one.beside)))
    ]


def _section(passage: Passage) -> tuple[str, str, str]:
    return passage.source_id, passage.above, passage.heading


def _aside(found: list[Passage], quoted: list[Citation], topic: str) -> set[tuple[str, str, str]]:
    """The sections that speak of something else: minutes have an item on the question, and others. No step
    has quoted anything of them, and neither their headings nor their sentences name a thing that the topic
    names. A source of which most sections speak of the topic has none."""
    sections: dict[str, set[tuple[str, str, str]]] = {}
    for passage in found:
        if passage.heading:
            sections.setdefault(passage.source_id, set()).add(_section(passage))
    known = {_section(p) for p in found if _stands_in(p, quoted) or _names(p, topic) or _is_below(p, topic)}
    return {
        one
        for own in sections.values()
        if len(own) > 1 and 2 * len(own & known) <= len(own)
        for one in own - known
    }


def _is_below(passage: Passage, topic: str) -> bool:
    """Whether the headings above a passage name something that the topic names."""
    wanted = set(terms(topic, passage.language)) - asking(passage.language)
    return not wanted.isdisjoint(passage.context)


def _names(passage: Passage, topic: str) -> bool:
    """Whether a passage names a thing that the topic names, as far as what stands around a word shows that it
    is a noun: `the hall`, and not `low heat`. In a language without spaces its source's title may name it."""
    if not knows(passage.language):
        return False
    wanted = set(terms(topic, passage.language))
    if not language(passage.language).spaces and wanted.intersection(terms(passage.title, passage.language)):
        return True
    return any(
        noun.shown and not wanted.isdisjoint(noun.stems) for noun in nouns(passage.text, passage.language)
    )


def _tells(passage: Passage) -> bool:
    """Whether a passage says something by itself; what is not known is told among what is missing."""
    text, code = passage.text, passage.language
    return passage.whole and not (is_question(text) or is_unknown(text, code) or reports_question(text, code))


def _stands_in(passage: Passage, quoted: Iterable[Citation]) -> bool:
    return any(
        c.source_id == passage.source_id and c.start <= passage.start and passage.end <= c.end for c in quoted
    )


def _is_told(passage: Passage, quoted: Iterable[Citation]) -> bool:
    return any(
        (c.source_id, c.start, c.end) == (passage.source_id, passage.start, passage.end) for c in quoted
    )


def _is_within(passage: Passage, others: Iterable[Passage]) -> bool:
    """Whether a longer passage has it."""
    return any(
        other is not passage
        and other.source_id == passage.source_id
        and other.start <= passage.start
        and passage.end <= other.end
        for other in others
    )


def _is_new(passage: Passage, told: Iterable[Passage], judge: Judge) -> bool:
    """Whether no quoted passage says all that a passage says."""
    for other in told:
        found = judge.relation(other, passage)
        if found.relation in (Relation.AGREEMENT, Relation.COPY) and found.whole[0]:
            return False
    return True


def _place(one: Group, sources: tuple[PreparedSource, ...]) -> tuple[int, int]:
    order = [source.source_id for source in sources]
    return order.index(one.lead.source_id), one.lead.start
