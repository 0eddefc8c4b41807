"""Phase 4 with a model: connected prose of sentences that each name the findings they rest on.

The frame is the one of every report (`reprise_research.extractive.writing`): its order of sections, its table of figures, its list of
what is missing. The model's prose takes the place of a section's own text where it holds, and the note says where it did not."""

from collections.abc import Mapping
from dataclasses import replace

from pydantic import BaseModel, Field

from reprise_contracts.artifacts import Citation, Finding, Phase2, StepFindings
from reprise_research.context import Brief
from reprise_research.drafts import Block, Bullets, Paragraph, ReportDraft, SectionDraft, Span
from reprise_research.extractive.wording import wording_for
from reprise_research.llm.grounding import alike, is_echo, stands_on
from reprise_research.llm.labels import Labels
from reprise_research.llm.prompts import Material
from reprise_research.llm.structured import InvalidAnswer, Model, Task
from reprise_research.llm.windowing import LABEL, batches
from reprise_research.llm.words import frame, words_for
from reprise_research.text.sentences import is_heading
from reprise_research.text.words import shorten

MOST_SENTENCES = 12
_A_PARAGRAPH = 4
"""Sentences of one paragraph."""


class _Sentence(BaseModel):
    text: str = ""
    findings: list[str] = Field(default_factory=list, max_length=6)


class _Prose(BaseModel):
    sentences: list[_Sentence] = Field(max_length=MOST_SENTENCES)


async def write(plan: Phase2, findings: Mapping[int, StepFindings], usual: ReportDraft, brief: Brief, model: Model) -> ReportDraft:
    """The report `usual` with prose for its summary and its questions."""
    words, quoted = words_for(brief.topic, brief.language), list[str]()
    wording = wording_for(brief.topic, frame(brief.language))
    steps = {f"step-{step.step_id}": step for step in plan.steps}
    sections: list[SectionDraft] = []
    for section in usual.sections:
        step = steps.get(section.section_id)
        own = [f for f in findings[step.step_id].findings if f.citations] if step is not None else []
        if step is None or not own or step.kind != "retrieve":
            sections.append(section)
            continue
        values = {"title": step.title, "description": step.description}
        task = ("section", values, f"the section {shorten(step.title, 60)}")
        prose = await _prose(*task, own, brief, model)
        if prose is None:
            quoted.append(step.title)
            sections.append(section)
            continue
        gaps = findings[step.step_id].gaps
        label = wording.label_open
        open_ends: tuple[Block, ...] = (Paragraph((Span(label, strong=True), *(Span(gap) for gap in gaps))),) if gaps else ()
        disputed = tuple((Span(c.claim, (c.citation,), claim=True),) for f in own for c in f.contradicts)
        against: tuple[Block, ...] = (Paragraph((Span(words.against, strong=True),)), Bullets(disputed)) if disputed else ()
        sections.append(replace(section, blocks=(*prose, *against, *open_ends)))
    summary = await _summary(plan, findings, brief, model)
    if summary is None:
        quoted.insert(0, next((s.title for s in usual.sections if s.section_id == "summary"), ""))
    else:
        sections = [replace(s, blocks=summary) if s.section_id == "summary" else s for s in sections]
    written = summary is not None or any(new.blocks != old.blocks for new, old in zip(sections, usual.sections, strict=True))
    note = (words.note if written else words.nothing_held).format(model=model.settings.model)
    if quoted and written:
        note += words.quoted.format(sections=wording.listed(quoted))
    extracted = [steps[f"step-{number}"].title for number, found in findings.items() if any(e.kind == "fallback" for e in found.scratchpad)]
    if extracted:
        note += words.extracted.format(sections=wording.listed(extracted))
    return replace(usual, sections=tuple(sections), note=note, unsupported_mark=words.unsupported)


async def _summary(plan: Phase2, findings: Mapping[int, StepFindings], brief: Brief, model: Model) -> tuple[Block, ...] | None:
    """The head of the report, from the best supported findings of every question."""
    every = [f for step in plan.steps if step.step_id in findings for f in findings[step.step_id].findings if f.citations]
    ranked = sorted(every, key=lambda f: -(f.support + bool(f.contradicts)))
    kept: list[Finding] = []
    for finding in ranked:
        if len(kept) < 30 and not any(alike(finding.claim, other.claim) for other in kept):
            kept.append(finding)
    return await _prose("summary", {}, "the report's summary", kept, brief, model) if kept else None


async def _prose(name: str, values: dict[str, str], where: str, own: list[Finding], brief: Brief, model: Model) -> tuple[Block, ...] | None:
    """Paragraphs on some findings; None, recorded, if what the model says does not hold."""
    labels = {f"F{number}": finding for number, finding in enumerate(own, start=1)}
    material = [Material(label, "", _told(finding)) for label, finding in labels.items()]
    known = Labels(material)
    fitting = batches(material, lambda one: model.endpoint.estimate(one.text) + LABEL, model.room(name, values, _Prose, brief))[0]

    def check(answer: _Prose) -> _Prose:
        kept: list[_Sentence] = []
        for sentence in answer.sentences:
            text = " ".join(sentence.text.split())
            if len(text) >= 12 and not is_heading(text) and not is_echo(text) and not any(alike(text, other.text) for other in kept):
                kept.append(_Sentence(text=text, findings=known.all_meant(sentence.findings)))
        supported = [s for s in kept if _stands(s, labels)]
        if not supported or len(supported) < len(kept) / 2:
            raise ValueError("each sentence must name the findings (F1, F2, …) that say what it says, with no figure that they do not give")
        return _Prose(sentences=kept)

    try:
        answer = await model.ask(Task(name, values, tuple(fitting), _Prose, "phase4", where, check), brief)
    except InvalidAnswer as error:
        brief.provenance.fall_back(where, str(error))
        return None
    spans = [Span(sentence.text, _citations(sentence, labels), claim=True) for sentence in answer.sentences]
    groups = [spans[start : start + _A_PARAGRAPH] for start in range(0, len(spans), _A_PARAGRAPH)]
    return tuple(Paragraph(tuple(group)) for group in groups)


def _told(finding: Finding) -> str:
    quotes = [citation.quote for citation in finding.citations if citation.quote != finding.claim]
    against = [f"Disputed: {contradiction.claim}" for contradiction in finding.contradicts]
    return "\n".join([finding.claim, *quotes, *against])


def _stands(sentence: _Sentence, labels: Mapping[str, Finding]) -> bool:
    return bool(sentence.findings) and stands_on(sentence.text, [_told(labels[label]) for label in sentence.findings])


def _citations(sentence: _Sentence, labels: Mapping[str, Finding]) -> tuple[Citation, ...]:
    """The evidence of a sentence; none if it says what its findings do not: then the report lists it as unsupported."""
    if not _stands(sentence, labels):
        return ()
    found = [labels[label] for label in sentence.findings]
    own = [citation for finding in found for citation in finding.citations]
    against = [c.citation for finding in found for c in finding.contradicts]
    needed = not stands_on(sentence.text, [_plain(finding) for finding in found])
    return (*own, *(against if needed else ()))


def _plain(finding: Finding) -> str:
    return "\n".join([finding.claim, *(citation.quote for citation in finding.citations)])
