"""Phase 4 with a model: an outline, sections written side by side, one edit over the whole draft, and the
checks behind each."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import replace

from pydantic import Field, field_validator

from reprise_contracts.artifacts import Phase2, Phase4, PreparedSource, Section, StepFindings
from reprise_research.brief import Brief
from reprise_research.drafts import ReportDraft, SectionDraft
from reprise_research.errors import ContentTooLong, EngineFailed
from reprise_research.extractive.wording import wording_for
from reprise_research.llm.calculation import sums
from reprise_research.llm.editing import edited
from reprise_research.llm.finding import as_ids
from reprise_research.llm.layout import drawn, extracted, losses, open_section, paragraphs, trust_section
from reprise_research.llm.outline import Found, Outline, Planned, found_by, outline, profiles, tone_of
from reprise_research.llm.sentences import Kind, Told, checked, without_repeats
from reprise_research.llm.structured import Form, InvalidAnswer, Model, Task
from reprise_research.llm.words import frame, words_for
from reprise_research.text.words import count_words, shorten

MOST_SENTENCES = 14
_WORDS = (250, 800)
"""Words of a report: the fewest and the most that are asked for without an option."""
_WORDS_A_FINDING = 9
_MARKS = re.compile(r"\[\d+\]|\*\([^)]*\)\*|[*\\]")
"""What stands in the Markdown of a summary besides its words."""


class _Sentence(Form):
    text: str = ""
    findings: list[str] = Field(default_factory=list, max_length=12)
    kind: Kind = "fact"
    calculation: str = ""

    _ids = field_validator("findings", mode="before")(as_ids)

    @field_validator("kind", mode="before")
    @classmethod
    def _known(cls, given: object) -> object:
        """Any other word means a fact, which is held to most."""
        return given if given in {"calculation", "judgement"} else "fact"


class _Prose(Form):
    sentences: list[_Sentence] = Field(max_length=MOST_SENTENCES)

    def prose(self) -> list[str]:
        return [one.text for one in self.sentences]


async def write(
    plan: Phase2,
    findings: Mapping[int, StepFindings],
    sources: tuple[PreparedSource, ...],
    usual: ReportDraft,
    brief: Brief,
    model: Model,
) -> ReportDraft:
    """The report. Of `usual`, the one that needs no model, it keeps what compares figures and what names
    missing steps; all of it where nothing was found."""
    words = words_for(brief.topic, brief.language)
    found = found_by(plan, findings, sources)
    claims = [line for line in found.lines.values() if line.finding is not None and line.finding.citations]
    if not claims:
        return replace(
            usual,
            note=words.nothing_held.format(model=model.settings.model),
            unsupported_mark=words.unsupported,
        )
    total = brief.options.length or max(_WORDS[0], min(_WORDS[1], _WORDS_A_FINDING * len(claims)))
    planned = await outline(found, plan, sources, total, brief, model)
    titles = {step.step_id: step.title for step in plan.steps}
    sections = await _drafts(planned, total, found, titles, sources, brief, model)
    if sections is None:
        return replace(
            usual,
            note=words.nothing_held.format(model=model.settings.model)
            + extracted(findings, titles, brief, words),
        )
    head, sections = await edited(planned, sections, total, found, brief, model)
    cited = {(c.source_id, c.start) for told in (head, *sections) for one in told for c in one.citations}
    own = [
        drawn(section, told, number, cited, planned.sections, words)
        for number, (section, told) in enumerate(zip(planned.sections, sections, strict=True))
        if told
    ]
    kept = [section for section in usual.sections if section.section_id in {"figures", "partial"}]
    usual_summary = next((section for section in usual.sections if section.section_id == "summary"), None)
    summary = SectionDraft(
        "summary",
        usual_summary.title
        if usual_summary is not None
        else wording_for(brief.topic, frame(brief.language)).summary_title,
        paragraphs(head, words),
        tuple(step.step_id for step in plan.steps if step.step_id in findings),
    )
    last = (open_section(planned, words), trust_section(sources, found, words))
    closing = [one for one in last if one is not None]
    note = (
        words.note.format(model=model.settings.model)
        + losses(findings, brief, words)
        + extracted(findings, titles, brief, words)
    )
    return replace(
        usual,
        sections=(summary, *own, *kept[:1], *closing, *kept[1:]),
        note=note,
        unsupported_mark=words.unsupported,
    )


async def _drafts(
    planned: Outline,
    total: int,
    found: Found,
    titles: Mapping[int, str],
    sources: tuple[PreparedSource, ...],
    brief: Brief,
    model: Model,
) -> list[list[Told]] | None:
    """The sections, written side by side and then read at once; where the model gives none that can be used,
    a section's findings stand side by side. None if it gives none at all."""
    said = await asyncio.gather(
        *(_section(one, planned, total, found, titles, sources, brief, model) for one in planned.sections)
    )
    if all(draft is None for draft in said):
        return None
    read = iter(
        await checked(
            [draft for draft in said if draft is not None], "the report's sections", found, brief, model
        )
    )
    return without_repeats(
        [
            next(read)
            if draft is not None
            else [Told(line.finding.claim, "fact", (line,)) for line in one.lines if line.finding is not None]
            for draft, one in zip(said, planned.sections, strict=True)
        ]
    )


async def _section(
    planned: Planned,
    whole: Outline,
    total: int,
    found: Found,
    titles: Mapping[int, str],
    sources: tuple[PreparedSource, ...],
    brief: Brief,
    model: Model,
) -> list[Told] | None:
    """The sentences of a section as they are said; None, recorded, where the model gives none that
    can be used."""
    every = sum(len(section.lines) for section in whole.sections)
    share = max(60, total * len(planned.lines) // max(1, every))
    values = {
        "title": planned.title,
        "aim": planned.aim or planned.title,
        "words": str(share),
        "tone": tone_of(brief),
        "thesis": whole.thesis or brief.topic,
    }
    where = f"the section {shorten(planned.title, 60)}"

    def check(answer: _Prose) -> _Prose:
        if not any(found.meant(one.findings, planned.shown, one.text) for one in answer.sentences):
            raise ValueError("each sentence must name the lines that it rests on by their ids, such as F1.2")
        return answer

    who = profiles(sources, found.labels, planned.shown)
    material = (*who, *found.material(planned.lines, titles, planned.uses))
    try:
        answer = await model.ask(Task("section", values, material, _Prose, "phase4", where, check), brief)
    except (InvalidAnswer, ContentTooLong) as error:
        brief.provenance.fall_back(where, f"its findings stand side by side: {error}")
        return None
    return [_read(one, found, planned) for one in answer.sentences if one.text.strip()]


async def rewrite(
    section: Section,
    before: Phase4,
    plan: Phase2,
    findings: Mapping[int, StepFindings],
    sources: tuple[PreparedSource, ...],
    brief: Brief,
    model: Model,
) -> SectionDraft:
    """One section of the report anew (R31): from the findings that it tells and what follows from them, at
    the length that it has. Raises `EngineFailed` where the model gives nothing that holds: the old text is
    better than findings in a row."""
    found = found_by(plan, findings, sources)
    own = [line for line in found.lines.values() if line.finding is not None]
    own = [
        line for line in own if line.finding is not None and line.finding.finding_id in section.finding_ids
    ]
    told = {line.finding.finding_id for line in own if line.finding is not None}
    concluded = [
        line
        for line in found.lines.values()
        if line.behind and {one.finding_id for one in line.behind} <= told
    ]
    planned = Planned(section.title, "", (*own, *concluded))
    head = next((one for one in before.sections if one.section_id == "summary"), None)
    answer = shorten(_MARKS.sub("", head.markdown), 500) if head is not None else ""
    titles = {step.step_id: step.title for step in plan.steps}
    words = max(60, count_words(section.markdown))
    draft: list[Told] = []
    if own:
        whole = Outline(answer, (planned,))
        said = await _section(planned, whole, words, found, titles, sources, brief, model)
        where = f"the section {shorten(section.title, 60)}"
        (draft,) = await checked([said or []], where, found, brief, model)
    if not draft:
        raise EngineFailed(
            f"The model wrote no text for “{shorten(section.title, 60)}” that holds.",
            "The section stays as it was; try again with guidance or another model, or run the whole report.",
            retryable=False,
        )
    cited = {(c.source_id, c.start) for one in before.references for c in one.citations}
    return drawn(planned, draft, 0, cited, (planned,), words_for(brief.topic, brief.language))


def _read(sentence: _Sentence, found: Found, planned: Planned) -> Told:
    text = " ".join(sentence.text.split())
    told = Told(
        text,
        sentence.kind,
        tuple(
            found.meant(sentence.findings, planned.shown, text)
            or found.meant(sentence.findings, list(found.lines.values()), text)
        ),
    )
    worked_out = sums(sentence.calculation, "\n".join(told.evidence))
    return replace(
        told, sums=worked_out, kind="fact" if told.kind == "calculation" and not worked_out else told.kind
    )
