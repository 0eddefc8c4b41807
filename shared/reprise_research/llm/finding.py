"""Phase 3 with a model: claims whose quotes stand in the sources, who says so, who says otherwise, and what nobody says."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field

from pydantic import BaseModel, Field

from reprise_contracts.artifacts import Citation, Contradiction, Finding, PreparedSource, ScratchpadEntry, Step, StepFindings
from reprise_research.context import Brief, Library
from reprise_research.extractive.evidence import confidence
from reprise_research.extractive.wording import wording_for
from reprise_research.llm.grounding import alike, find, is_echo, stands_on
from reprise_research.llm.labels import Labels
from reprise_research.llm.prompts import Material
from reprise_research.llm.structured import Model, Task
from reprise_research.llm.windowing import LABEL, retrieved
from reprise_research.llm.words import frame
from reprise_research.text.citations import Place
from reprise_research.text.prose import is_opinion
from reprise_research.text.sentences import is_heading
from reprise_research.text.words import runs, shorten

MOST_FINDINGS = 9
_LONGEST_CLAIM = 600
_ENDS = (".", "!", "?", "。", "！", "？")
_TELLING = 20
"""Characters of a quote that can hardly stand in two sources by chance."""


class _Quote(BaseModel):
    source: str = ""
    quote: str = ""


class _Against(BaseModel):
    source: str = ""
    quote: str = ""
    why: str = ""


class _Finding(BaseModel):
    claim: str = ""
    quotes: list[_Quote] = Field(default_factory=list, max_length=8)
    against: list[_Against] = Field(default_factory=list, max_length=4)


class _Answer(BaseModel):
    findings: list[_Finding] = Field(max_length=MOST_FINDINGS)
    insights: list[str] = Field(default_factory=list, max_length=3)
    gaps: list[str] = Field(default_factory=list, max_length=5)


@dataclass
class _Checked:
    """What of an answer holds, and what was done about the rest."""

    findings: list[Finding] = field(default_factory=list)
    dropped: int = 0
    notes: list[str] = field(default_factory=list)


async def investigate(step: Step, library: Library, earlier: Mapping[int, StepFindings], brief: Brief, model: Model) -> StepFindings:
    """What one step finds. Every quote is looked up in the stored text; a claim that says more than its quotes gives way to the quote.
    Raises `InvalidAnswer` if nothing holds."""
    labels = {f"S{number}": source for number, source in enumerate(library.sources, start=1)}
    texts = await library.texts()
    values = {"title": step.title, "description": step.description, "most": str(MOST_FINDINGS)}
    room = model.room("investigate", values, _Answer, brief)
    material = await asyncio.to_thread(_material, step, labels, texts, earlier, room, brief, model)
    checked = _Checked()

    def check(answer: _Answer) -> _Answer:
        nonlocal checked
        checked = _check(answer, step, labels, texts, brief)
        gaps = [shorten(gap, 400) for gap in answer.gaps if len(gap.strip()) >= 8 and not is_echo(gap) and not _said(gap, texts)]
        if answer.findings and not checked.findings:
            raise ValueError("no quote is a sentence that stands in the material; copy whole sentences character by character")
        if not checked.findings and not gaps:
            raise ValueError("there are neither findings nor gaps")
        quoted = [c.quote for f in checked.findings for c in f.citations] + [c.claim for f in checked.findings for c in f.contradicts]
        insights = [shorten(one, 400) for one in answer.insights if len(one) >= 20 and not is_echo(one) and stands_on(one, quoted)]
        return answer.model_copy(update={"insights": insights, "gaps": gaps})

    where = f"step {step.step_id}, {shorten(step.title, 60)}"
    task = Task("investigate", values, material, _Answer, "phase3", where, check)
    answer = await model.ask(task, brief)
    read = sum(model.endpoint.estimate(one.text) for one in material)
    return StepFindings(
        step_id=step.step_id,
        title=step.title,
        findings=tuple(checked.findings),
        insights=tuple(answer.insights),
        gaps=tuple(answer.gaps),
        scratchpad=(
            ScratchpadEntry(kind="query", text=step.query or step.title),
            ScratchpadEntry(kind="reading", text=f"{len(labels)} sources, {len(material)} pieces of material, about {read} tokens"),
            *(ScratchpadEntry(kind="correction", text=note) for note in checked.notes),
        ),
        dropped_citations=checked.dropped,
    )


def _material(
    step: Step,
    labels: Mapping[str, PreparedSource],
    texts: Mapping[str, str],
    earlier: Mapping[int, StepFindings],
    room: int,
    brief: Brief,
    model: Model,
) -> tuple[Material, ...]:
    """The findings that the step builds on, and what the sources say to its question, in `room` tokens."""
    by_id = {source.source_id: label for label, source in labels.items()}
    budget = room
    found: list[Material] = []
    for number in sorted(earlier):
        for finding in earlier[number].findings:
            told = _told(finding, by_id)
            budget -= model.endpoint.estimate(told) + LABEL
            if budget < room // 3:
                break
            found.append(Material(f"F{len(found) + 1}", "", told))
        found += [Material(f"G{number}", earlier[number].title, " ".join(earlier[number].gaps))] if earlier[number].gaps else []
    query = f"{step.title} {step.title} {step.description} {step.query} {brief.guidance}"
    each = [(label, texts[source.source_id]) for label, source in labels.items()]
    chosen = retrieved(each, query, max(200, budget), model.endpoint.estimate)
    return (*found, *(Material(label, labels[label].title, text) for label, text in chosen.items()))


def _told(finding: Finding, by_id: Mapping[str, str]) -> str:
    quotes = [f"{by_id[c.source_id]} says: {c.quote}" for c in finding.citations if c.source_id in by_id]
    against = [
        f"{by_id[c.citation.source_id]} says otherwise: {c.citation.quote}" for c in finding.contradicts if c.citation.source_id in by_id
    ]
    claim = [] if finding.citations and finding.claim == finding.citations[0].quote else [finding.claim]
    return "\n".join([*claim, *quotes, *against])


def _check(answer: _Answer, step: Step, labels: Mapping[str, PreparedSource], texts: Mapping[str, str], brief: Brief) -> _Checked:
    """The findings as they hold."""
    done = _Checked()
    wording = wording_for(brief.topic, frame(brief.language))
    for said in answer.findings:
        citations, lost = _found(said.quotes, labels, texts)
        against, lost_against = _found(said.against, labels, texts)
        done.dropped += lost + lost_against
        own = [citation for citation, _ in citations]
        if not own:
            continue
        sites = {_site(c.source_id, labels) for c in own}
        contradicts = tuple(
            Contradiction(claim=c.quote, citation=c, reason="" if is_echo(reason) else shorten(reason, 200))
            for c, reason in against
            if c.source_id not in {one.source_id for one in own}
        )
        claim = " ".join(said.claim.split())
        if len(claim) > _LONGEST_CLAIM or len(claim) < 12 or is_echo(claim) or not stands_on(claim, [c.quote for c in own]):
            done.notes.append(f"The claim “{shorten(claim, 160)}” says more than its quotes; the quote stands in its place.")
            claim = own[0].quote
        if all(map(is_heading, (claim, *(c.quote for c in own)))):
            done.notes.append(f"“{shorten(claim, 160)}” states nothing: it is a name or a heading.")
            continue
        if any(alike(claim, other.claim) for other in done.findings):
            continue
        level, reason = confidence(len(sites), wording, opinion=is_opinion(claim), disputed=bool(contradicts))
        done.findings.append(
            Finding(
                finding_id=f"f{step.step_id}-{len(done.findings) + 1}", claim=claim, citations=tuple(own), confidence=level,
                confidence_reason=reason, support=len(sites), contradicts=contradicts,
            )
        )  # fmt: skip
    return done


def _site(source_id: str, labels: Mapping[str, PreparedSource]) -> str:
    """Who speaks in a source."""
    return next((source.site or source_id for source in labels.values() if source.source_id == source_id), source_id)


def _found(
    quotes: list[_Quote] | list[_Against], labels: Mapping[str, PreparedSource], texts: Mapping[str, str]
) -> tuple[list[tuple[Citation, str]], int]:
    """The quotes where they stand, each with its reason, and how many stand nowhere or say no more than their source's title."""
    titles = {source.source_id: source.title for source in labels.values()}
    found: dict[tuple[str, int], tuple[Citation, str]] = {}
    lost = 0
    for quote in quotes:
        if not quote.quote.strip():
            continue
        citation = _cited(quote, labels, texts)
        if citation is None or _is_title(citation, texts[citation.source_id], titles[citation.source_id]):
            lost += 1
        else:
            found.setdefault((citation.source_id, citation.start), (citation, quote.why if isinstance(quote, _Against) else ""))
    return list(found.values()), lost


def _is_title(citation: Citation, text: str, title: str) -> bool:
    """Whether a quote is the title of its source, in a line of its own that is no sentence."""
    line = text[text.rfind("\n", 0, citation.start) + 1 :].split("\n", 1)[0].rstrip()
    return not line.endswith(_ENDS) and " ".join(runs(citation.quote)) in " ".join(runs(title))


def _cited(quote: _Quote | _Against, labels: Mapping[str, PreparedSource], texts: Mapping[str, str]) -> Citation | None:
    """The quote in the source that it names, exactly or nearly; under a wrong label it counts where it stands word for word."""
    titles = Labels(Material(label, source.title, "") for label, source in labels.items())
    named = labels.get(titles.meant(quote.source) or "")
    if named is not None and (place := find(texts[named.source_id], quote.quote)) is not None:
        return _citation(named, texts, place)
    bare = quote.quote.strip()
    for source in labels.values() if len(bare) >= _TELLING else ():
        start = texts[source.source_id].find(bare)
        if start >= 0:
            return _citation(source, texts, Place(start, start + len(bare), 1.0))
    return None


def _said(gap: str, texts: Mapping[str, str]) -> bool:
    """Whether a source says in so many words what is given as missing: then it is not."""
    return any(gap.strip(" .") in text for text in texts.values())


def _citation(source: PreparedSource, texts: Mapping[str, str], place: Place) -> Citation:
    quote = texts[source.source_id][place.start : place.end]
    return Citation(
        source_id=source.source_id, text_sha256=source.text_sha256 or "", quote=quote, start=place.start, end=place.end, score=place.score
    )
