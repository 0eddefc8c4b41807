"""Phase 4 with a model: an outline, sections written side by side, one edit over the whole draft, and the checks behind each.

Every sentence says what it is: a fact that its findings carry, a figure that code has worked out again, or a judgement of the report's
own. One that does not hold goes back to the writer once; then it gives way to the finding that it rests on."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from pydantic import Field, field_validator

from reprise_contracts.artifacts import Citation, Phase2, PreparedSource, Stand, StepFindings
from reprise_research.context import Brief
from reprise_research.drafts import Block, Bullets, Paragraph, ReportDraft, SectionDraft, Span, Table
from reprise_research.errors import ContentTooLong
from reprise_research.extractive.wording import wording_for
from reprise_research.llm.calculation import Sum, sums
from reprise_research.llm.finding import as_ids
from reprise_research.llm.grounding import alike, contradiction, is_echo, objection
from reprise_research.llm.numbering import named
from reprise_research.llm.numbers import missing, readings
from reprise_research.llm.outline import Found, Line, Outline, Planned, found_by, outline, profiles
from reprise_research.llm.prompts import Material
from reprise_research.llm.structured import Form, InvalidAnswer, Model, Task
from reprise_research.llm.verification import Outcome, Statement, verified
from reprise_research.llm.words import Words, frame, words_for
from reprise_research.text.sentences import is_heading
from reprise_research.text.words import shorten

MOST_SENTENCES = 14
_A_PARAGRAPH = 4
"""Sentences of one paragraph."""
_WORDS = (250, 800)
"""Words of a report: the fewest and the most that are asked for without an option."""
_WORDS_A_FINDING = 9
_SUMMARY = 110
_MOST_CITED = 4
_JUDGEMENT = "(judgement) "
"""Before a statement that a reader is told to take for one."""
Kind = Literal["fact", "calculation", "judgement"]


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


class _Head(Form):
    text: str = ""
    kind: Kind = "fact"
    lines: list[str] = Field(default_factory=list, max_length=12)

    _ids = field_validator("lines", mode="before")(as_ids)
    _known = field_validator("kind", mode="before")(lambda given: "judgement" if given == "judgement" else "fact")


class _Changed(Form):
    id: str = ""
    text: str = ""


class _Edit(Form):
    summary: list[_Head] = Field(max_length=8)
    drop: list[str] = Field(default_factory=list, max_length=40)
    change: list[_Changed] = Field(default_factory=list, max_length=40)

    def prose(self) -> list[str]:
        return [*(one.text for one in self.summary), *(one.text for one in self.change)]


@dataclass(frozen=True)
class _Told:
    """One sentence of the draft: its words, what it is, and the lines that it rests on."""

    text: str
    kind: Kind
    lines: tuple[Line, ...]
    sums: tuple[Sum, ...] = ()

    @property
    def evidence(self) -> list[str]:
        """Everything that its lines say: claims, passages on both sides, insights."""
        said = []
        for line in self.lines:
            said.append(line.text)
            if line.finding is not None:
                said += [line.finding.claim, *(c.quote for c in line.finding.citations), *(c.claim for c in line.finding.contradicts)]
        return said

    def objection(self, text: str) -> str:
        """What code sees wrong with the sentence in these words."""
        if len(text) < 12 or is_heading(text) or is_echo(text):
            return "it is no sentence"
        if not self.lines:
            return "it names no line that it rests on"
        return objection(text, self.evidence, self.sums, own_words=self.kind != "fact")


async def write(
    plan: Phase2,
    findings: Mapping[int, StepFindings],
    sources: tuple[PreparedSource, ...],
    usual: ReportDraft,
    brief: Brief,
    model: Model,
) -> ReportDraft:
    """The report. Of `usual`, the one that needs no model, it keeps what compares figures and what names missing steps; all of it where
    nothing was found."""
    words = words_for(brief.topic, brief.language)
    found = found_by(plan, findings, sources)
    claims = [line for line in found.lines.values() if line.finding is not None and line.finding.citations]
    if not claims:
        return replace(usual, note=words.nothing_held.format(model=model.settings.model), unsupported_mark=words.unsupported)
    total = max(_WORDS[0], min(_WORDS[1], _WORDS_A_FINDING * len(claims)))
    options = {"words": str(total), "audience": "a reader who has to decide", "outline": ""}
    planned = await outline(found, plan, sources, options, brief, model)
    titles = {step.step_id: step.title for step in plan.steps}
    who = profiles(sources, found.labels)
    drafts = await asyncio.gather(*(_section(one, planned, total, found, titles, who, brief, model) for one in planned.sections))
    if all(draft is None for draft in drafts):
        return replace(usual, note=words.nothing_held.format(model=model.settings.model) + _extracted(findings, titles, brief, words))
    bare = [[_Told(line.finding.claim, "fact", (line,)) for line in one.lines if line.finding is not None] for one in planned.sections]
    sections = _without_repeats([own if draft is None else draft for draft, own in zip(drafts, bare, strict=True)])
    head, sections = await _edited(planned, sections, found, brief, model)
    cited = {(c.source_id, c.start) for told in (head, *sections) for one in told for c in _citations(one)}
    own = [
        _drawn(section, told, number, cited, planned.sections, words)
        for number, (section, told) in enumerate(zip(planned.sections, sections, strict=True))
        if told
    ]
    kept = [section for section in usual.sections if section.section_id in {"figures", "partial"}]
    usual_summary = next((section for section in usual.sections if section.section_id == "summary"), None)
    summary = SectionDraft(
        "summary",
        usual_summary.title if usual_summary is not None else wording_for(brief.topic, frame(brief.language)).summary_title,
        _paragraphs(head, words),
        tuple(step.step_id for step in plan.steps if step.step_id in findings),
    )
    closing = [one for one in (_open(planned, words), _trust(sources, found, words)) if one is not None]
    note = words.note.format(model=model.settings.model) + _losses(findings, brief, words) + _extracted(findings, titles, brief, words)
    return replace(
        usual, sections=(summary, *own, *kept[:1], *closing, *kept[1:]), note=note, unsupported_mark=words.unsupported
    )  # fmt: skip


async def _section(
    planned: Planned,
    whole: Outline,
    total: int,
    found: Found,
    titles: Mapping[int, str],
    who: tuple[Material, ...],
    brief: Brief,
    model: Model,
) -> list[_Told] | None:
    """The sentences of a section, checked; None, recorded, where the model gives none that can be used."""
    every = sum(len(section.lines) for section in whole.sections)
    share = max(60, total * len(planned.lines) // max(1, every))
    values = {
        "title": planned.title, "aim": planned.aim or planned.title, "words": str(share), "tone": "plain and exact",
        "thesis": whole.thesis or brief.topic,
    }  # fmt: skip
    where = f"the section {shorten(planned.title, 60)}"

    def check(answer: _Prose) -> _Prose:
        if not any(found.meant(one.findings, planned.shown, one.text) for one in answer.sentences):
            raise ValueError("each sentence must name the lines that it rests on by their ids, such as F1.2")
        return answer

    material = (*who, *found.material(planned.lines, titles, planned.uses))
    try:
        answer = await model.ask(Task("section", values, material, _Prose, "phase4", where, check), brief)
    except (InvalidAnswer, ContentTooLong) as error:
        brief.provenance.fall_back(where, f"its findings stand side by side: {error}")
        return None
    said = [_read(one, found, planned) for one in answer.sentences if one.text.strip()]
    return await _checked(said, where, found, brief, model)


def _read(sentence: _Sentence, found: Found, planned: Planned) -> _Told:
    text = " ".join(sentence.text.split())
    told = _Told(
        text,
        sentence.kind,
        tuple(found.meant(sentence.findings, planned.shown, text) or found.meant(sentence.findings, list(found.lines.values()), text)),
    )
    worked_out = sums(sentence.calculation, "\n".join(told.evidence))
    return replace(told, sums=worked_out, kind="fact" if told.kind == "calculation" and not worked_out else told.kind)


async def _checked(said: Sequence[_Told], where: str, found: Found, brief: Brief, model: Model) -> list[_Told]:
    """The sentences as they hold. One that does not gives way to a claim that it rests on, if no other sentence says it."""
    statements = [_statement(one, found) for one in said]
    outcomes = await verified(statements, found.speakers(), "phase4", where, brief, model, lambda index, text: said[index].objection(text))
    kept: list[_Told] = []
    for one, outcome in zip(said, outcomes, strict=True):
        told = _as_it_holds(one, outcome) if outcome.text else _replacing(one, kept, said)
        if told is None or any(alike(told.text, other.text) for other in kept):
            brief.provenance.count("sentences", said=1)
            continue
        kept.append(told)
        brief.provenance.count("sentences", said=1, kept=not outcome.wrong, mended=outcome.mended, replaced=not outcome.text)
    return kept


def _as_it_holds(one: _Told, outcome: Outcome) -> _Told:
    return one if not outcome.wrong else replace(one, text=outcome.text.removeprefix(_JUDGEMENT))


def _statement(one: _Told, found: Found) -> Statement:
    lines: dict[str, None] = {}
    for line in one.lines:
        if line.finding is None:
            lines[line.text] = None
        lines |= dict.fromkeys(found.passage(c) for c in line.citations)
        lines |= dict.fromkeys(found.passage(c.citation) for c in (line.finding.contradicts if line.finding is not None else ()))
    mark = _JUDGEMENT if one.kind == "judgement" else ""
    doubt = "" if one.kind == "judgement" else contradiction(one.text, one.evidence)
    return Statement(f"{mark}{one.text}", (*lines, *(f"Worked out: {one}" for one in one.sums)), one.objection(one.text), doubt)


def _replacing(one: _Told, kept: Sequence[_Told], said: Sequence[_Told]) -> _Told | None:
    told = {line for other in (*kept, *(other for other in said if other is not one)) for line in other.lines}
    line = next((line for line in one.lines if line.finding is not None and line not in told), None)
    return _Told(line.finding.claim, "fact", (line,)) if line is not None and line.finding is not None else None


def _without_repeats(drafts: Sequence[list[_Told]]) -> list[list[_Told]]:
    """What an earlier section says in nearly the same words is not said again, unless it is where the other side is told."""
    before: list[_Told] = []
    found = []
    for draft in drafts:
        told = {place for other in before for place in _disputed(other)}
        own = [one for one in draft if not any(alike(one.text, other.text) for other in before) or not _disputed(one) <= told]
        found.append(own)
        before += own
    return found


def _disputed(one: _Told) -> set[tuple[str, int]]:
    """Where what speaks against a sentence stands."""
    found = [c.citation for line in one.lines if line.finding is not None for c in line.finding.contradicts]
    return {(c.source_id, c.start) for c in found}


async def _edited(
    planned: Outline, sections: list[list[_Told]], found: Found, brief: Brief, model: Model
) -> tuple[list[_Told], list[list[_Told]]]:
    """The head of the report, and its sections after one edit; without an answer that can be used, the first sentences of each section
    stand at the head."""
    numbered = dict(enumerate((one for section in sections for one in section), start=1))
    places = iter(numbered)
    draft = tuple(
        Material("D" if len(sections) == 1 else f"D{index}", section.title, "\n".join(f"{next(places)} {one.text}" for one in told))
        for index, (section, told) in enumerate(zip(planned.sections, sections, strict=True), start=1)
    )
    values = {"thesis": planned.thesis or brief.topic, "words": str(_SUMMARY)}
    where = "the report's summary"

    def check(answer: _Edit) -> _Edit:
        if not any(_numbers(one.lines, numbered) for one in answer.summary):
            raise ValueError("each sentence of the summary must name the sentences of the draft that it rests on, such as D4")
        return answer

    try:
        answer = await model.ask(Task("edit", values, draft, _Edit, "phase4", where, check), brief)
    except (InvalidAnswer, ContentTooLong) as error:
        brief.provenance.fall_back(where, f"the first sentence of each section stands at the head: {error}")
        return [section[0] for section in sections if section], sections
    said = []
    for one in answer.summary:
        rest = [numbered[number] for number in _numbers(one.lines, numbered)]
        text = " ".join(one.text.split())
        if text:
            lines = tuple(dict.fromkeys(line for other in rest for line in other.lines))
            kind: Kind = "judgement" if one.kind == "judgement" or all(other.kind == "judgement" for other in rest) else "fact"
            said.append(_Told(text, kind if rest else one.kind, lines, tuple(dict.fromkeys(sum_ for other in rest for sum_ in other.sums))))
    head = await _checked(said, where, found, brief, model)
    changed = {number: " ".join(one.text.split()) for one in answer.change for number in _numbers([one.id], numbered)[:1]}
    dropped = set(_numbers(answer.drop, numbered))
    head = head or [section[0] for section in sections if section]
    return head, _applied(sections, numbered, changed, dropped)


def _applied(
    sections: list[list[_Told]], numbered: Mapping[int, _Told], changed: Mapping[int, str], dropped: set[int]
) -> list[list[_Told]]:
    """The draft after its edit. New words count where they hold and keep every figure; a section keeps its last sentence."""
    number = 0
    found: list[list[_Told]] = []
    for section in sections:
        own: list[_Told] = []
        for one in section:
            number += 1
            new = changed.get(number, "")
            fits = new and not one.objection(new) and not missing(one.text, new) and not missing(new, one.text)
            if number not in dropped:
                own.append(replace(one, text=new) if fits else one)
        found.append(own or section[:1])
    return found


def _numbers(said: Sequence[str], known: Mapping[int, _Told]) -> list[int]:
    """The numbers of the sentences that are meant: `D4`, `D2.4`, `4`."""
    found = []
    for one in said:
        pairs = [number for _, number in named(one)] or [int("".join(filter(str.isdigit, one)) or 0)]
        found += [number for number in pairs if number in known]
    return list(dict.fromkeys(found))


def _drawn(
    section: Planned, told: Sequence[_Told], number: int, cited: set[tuple[str, int]], every: Sequence[Planned], words: Words
) -> SectionDraft:
    """The section as the report shows it. Its id is the step that most of it comes from. What speaks against it and is `cited` nowhere is
    quoted below."""
    steps = [line.step for line in section.lines]
    main = max(dict.fromkeys(steps), key=steps.count)
    earlier = sum(max(dict.fromkeys(s := [line.step for line in one.lines]), key=s.count) == main for one in every[:number])
    return SectionDraft(
        f"step-{main}" + (f"-{earlier + 1}" if earlier else ""),
        section.title,
        (*_paragraphs(told, words), *_otherwise(section, cited, words)),
        tuple(dict.fromkeys(steps)),
        tuple(dict.fromkeys(line.finding.finding_id for line in section.lines if line.finding is not None)),
    )


def _otherwise(section: Planned, cited: set[tuple[str, int]], words: Words) -> tuple[Block, ...]:
    """What sources say against the section's findings, in their words, where no sentence of the report rests on it."""
    against = {
        (c.citation.source_id, c.citation.start): c
        for line in section.lines
        if line.finding is not None
        for c in line.finding.contradicts
        if (c.citation.source_id, c.citation.start) not in cited
    }
    if not against:
        return ()
    cited |= set(against)
    items = tuple((Span(c.claim, (c.citation,), claim=True),) for c in against.values())
    return Paragraph((Span(words.against, strong=True),)), Bullets(items)


def _paragraphs(told: Sequence[_Told], words: Words) -> tuple[Block, ...]:
    spans = [_span(one, words) for one in told]
    return tuple(Paragraph(tuple(spans[start : start + _A_PARAGRAPH])) for start in range(0, len(spans), _A_PARAGRAPH))


def _span(one: _Told, words: Words) -> Span:
    worked_out = f" ({'; '.join(sum_.told(words.code) for sum_ in one.sums)})" if one.sums and one.kind == "calculation" else ""
    mark = words.judgement if one.kind == "judgement" else ""
    return Span(f"{one.text}{worked_out}", _citations(one), claim=one.kind != "judgement", mark=mark)


def _citations(one: _Told) -> tuple[Citation, ...]:
    """The passages behind a sentence: those of its findings, and of the other side where it tells that as well. Of many those that give
    its figures."""
    own = [c for line in one.lines for c in line.citations]
    other = [c.citation for line in one.lines if line.finding is not None for c in line.finding.contradicts]
    plain = [line.text.partition("; ")[0] if line.finding is None else line.finding.claim for line in one.lines] + [c.quote for c in own]
    if objection(one.text, plain, one.sums, own_words=True):
        own += other
    distinct = list({(c.source_id, c.start): c for c in own}.values())
    if len({c.source_id for c in distinct}) <= _MOST_CITED:
        return tuple(distinct)
    figures = readings(one.text)
    telling = [c for c in distinct if any(f.meets(g) for f in figures for g in readings(c.quote))]
    return tuple(telling or distinct[:_MOST_CITED])


def _open(planned: Outline, words: Words) -> SectionDraft | None:
    if not planned.open:
        return None
    items = tuple((Span(line.text.removeprefix("(open) ")),) for line in planned.open)
    return SectionDraft("open", words.open_title, (Bullets(items),), tuple(dict.fromkeys(line.step for line in planned.open)))


def _trust(sources: Sequence[PreparedSource], found: Found, words: Words) -> SectionDraft | None:
    """Who the sources are, as the model judges them."""
    rows = []
    for source in sources:
        own = source.profile
        if own is None:
            continue
        depends = ", ".join(found.titles[other] for other in own.depends_on if other in found.titles) or own.relies
        cells = (
            source.title,
            "; ".join(filter(None, (own.speaker, own.interest))),
            "; ".join(filter(None, (own.method, own.sample))),
            depends,
        )
        rows.append(tuple((Span(cell or "–"),) for cell in cells))
    if not rows:
        return None
    return SectionDraft(
        "trust", words.trust_title, (Paragraph((Span(words.trust_note, emphasis=True),)), Table(words.trust_header, tuple(rows)))
    )


def _extracted(findings: Mapping[int, StepFindings], titles: Mapping[int, str], brief: Brief, words: Words) -> str:
    """Which steps were done without the model."""
    extracted = [titles[number] for number, one in findings.items() if any(entry.kind == "fallback" for entry in one.scratchpad)]
    listed = wording_for(brief.topic, frame(brief.language)).listed
    return words.extracted.format(sections=listed(extracted)) if extracted else ""


def _losses(findings: Mapping[int, StepFindings], brief: Brief, words: Words) -> str:
    """How much of what the model said stands, in a line."""
    claims = Stand()
    for done in findings.values():
        claims = claims.with_more(done.meta.stands.get("claims", Stand()))
    told = [
        words.stand.format(kind=kind, said=one.said, parts=words.between.join(_parts(one, instead, words)))
        for kind, instead, one in (
            (words.claims, words.by_source, claims),
            (words.sentences, words.by_finding, brief.provenance.stands.get("sentences", Stand())),
        )
        if one.said
    ]
    return "".join(told)


def _parts(one: Stand, instead: str, words: Words) -> list[str]:
    counts = ((words.kept, one.kept), (words.mended, one.mended), (instead, one.replaced), (words.gone, one.gone))
    return [template.format(count=count) for template, count in counts if count or template == words.kept]
