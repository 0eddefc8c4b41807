"""What a report is to hold: its answer in a sentence, its sections, and in which of them each finding
stands."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import Field, field_validator

from reprise_contracts.artifacts import Citation, Finding, Phase2, PreparedSource, StepFindings
from reprise_contracts.wire import normalised
from reprise_research.brief import Brief
from reprise_research.errors import ContentTooLong
from reprise_research.llm.evidence import LabelOf, lines_of
from reprise_research.llm.finding import as_ids
from reprise_research.llm.grounding import alike, is_echo, wrong_language
from reprise_research.llm.numbering import named
from reprise_research.llm.numbers import missing
from reprise_research.llm.prompts import Material
from reprise_research.llm.structured import Form, InvalidAnswer, Model, Task, wanted_language
from reprise_research.text.words import shorten

_MOST_SECTIONS = 6
_MOST_ASKED = 12
"""Sections of a report whose length or outline was given."""
_AUDIENCE = "a reader who has to decide"
_WORDS_A_SECTION = 130
_ELSEWHERE = "(told in another section) "
_STOPS = (".", "!", "。", "！")


class _Section(Form):
    title: str = ""
    aim: str = ""
    lines: list[str] = Field(default_factory=list, max_length=40)
    uses: list[str] = Field(default_factory=list, max_length=12)

    _ids = field_validator("lines", "uses", mode="before")(as_ids)


class _Outline(Form):
    thesis: str = ""
    sections: list[_Section] = Field(max_length=_MOST_ASKED + 2)
    open: list[str] = Field(default_factory=list, max_length=10)

    _ids = field_validator("open", mode="before")(as_ids)

    def prose(self) -> list[str]:
        return [self.thesis, *(one for section in self.sections for one in (section.title, section.aim))]


@dataclass(frozen=True)
class Line:
    """One line of what was found: a claim with its evidence, an insight, or what is not known."""

    label: str
    number: int
    text: str
    step: int
    finding: Finding | None = None
    behind: tuple[Finding, ...] = ()
    """The findings that an insight follows from."""
    open: bool = False

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The passages that it rests on."""
        return tuple(
            c for one in ((self.finding,) if self.finding is not None else self.behind) for c in one.citations
        )

    @property
    def source_ids(self) -> frozenset[str]:
        """Who says it, and who says otherwise."""
        other = self.finding.contradicts if self.finding is not None else ()
        return frozenset(c.source_id for c in (*self.citations, *(one.citation for one in other)))

    @property
    def id(self) -> str:
        """As the model names it."""
        return f"{self.label}.{self.number}"


@dataclass(frozen=True)
class Planned:
    """A section to write."""

    title: str
    aim: str
    lines: tuple[Line, ...]
    uses: tuple[Line, ...] = ()
    """Lines of other sections, for sums and weighing."""

    @property
    def shown(self) -> tuple[Line, ...]:
        """Every line that its writer is shown."""
        return (*self.lines, *self.uses)


@dataclass(frozen=True)
class Outline:
    """The plan of a report. `unused` counts the findings that stand in no section; `empty` are sections that
    the reader asked for and that nothing was found for."""

    thesis: str
    sections: tuple[Planned, ...]
    open: tuple[Line, ...] = ()
    unused: int = 0
    empty: tuple[str, ...] = ()


@dataclass(frozen=True)
class Found:
    """Everything that the steps found, line by line, and who the sources are."""

    lines: dict[str, Line]
    labels: dict[str, str]
    """Of the sources, by id."""
    titles: dict[str, str] = field(default_factory=dict)

    def label_of(self, source_id: str) -> str:
        """The label of a source; empty for one that was not read."""
        return self.labels.get(source_id, "")

    def passage(self, citation: Citation) -> str:
        """A passage with the label of who says it."""
        return f"{self.labels.get(citation.source_id, '')}: {citation.quote}"

    def speakers(self) -> dict[str, str]:
        """Who speaks, by label."""
        return {label: self.titles.get(source_id, "")[:80] for source_id, label in self.labels.items()}

    def material(
        self, lines: Sequence[Line], plan: Mapping[int, str], uses: Sequence[Line] = ()
    ) -> tuple[Material, ...]:
        """Some of the lines as a question shows them, a block for each step. Those that another section tells
        are marked."""
        blocks: dict[str, list[Line]] = {}
        for line in sorted((*lines, *uses), key=lambda one: (one.step, one.number)):
            blocks.setdefault(line.label, []).append(line)
        return tuple(
            Material(
                label,
                plan.get(own[0].step, ""),
                "\n".join(f"{line.number} {_ELSEWHERE if line in uses else ''}{line.text}" for line in own),
            )
            for label, own in blocks.items()
        )

    def meant(self, said: Sequence[str], among: Sequence[Line], words: str = "") -> list[Line]:
        """The lines that are named, each once. A block alone means those of its lines that the sentence
        `words` speaks of."""
        known = {line.id: line for line in among}
        found = [
            known[id_]
            for one in said
            for label, number in named(one)
            if (id_ := f"{label}.{number}") in known
        ]
        if not found:
            own = [line for one in said for line in among if line.label == one.strip(" []().")]
            found = [
                line for line in own if line.finding is not None and alike(line.finding.claim, words)
            ] or own
        if not found:
            found = [
                line for one in said for line in among if len(one) >= 20 and one.strip(" .") in line.text
            ]
        return list(dict.fromkeys(found))


def found_by(plan: Phase2, findings: Mapping[int, StepFindings], sources: Sequence[PreparedSource]) -> Found:
    """The lines of all steps, in the plan's order."""
    labels = {source.source_id: f"S{number}" for number, source in enumerate(sources, start=1)}
    own: dict[str, Line] = {}
    label_of: LabelOf = lambda source_id: labels.get(source_id, "")  # noqa: E731  # a name for the type
    for step in plan.steps:
        done = findings.get(step.step_id)
        if done is None:
            continue
        claims, insights = len(done.findings), len(done.insights)
        for number, text in enumerate(lines_of(done, label_of), start=1):
            finding = done.findings[number - 1] if number <= claims else None
            behind: tuple[Finding, ...] = ()
            if claims < number <= claims + len(done.insights_from):
                named = done.insights_from[number - claims - 1]
                behind = tuple(one for one in done.findings if one.finding_id in named)
            line = Line(
                f"F{step.step_id}",
                number,
                text,
                step.step_id,
                finding,
                behind,
                open=number > claims + insights,
            )
            own[line.id] = line
    return Found(own, labels, {source.source_id: source.title for source in sources})


def profiles(
    sources: Sequence[PreparedSource], labels: Mapping[str, str], lines: Iterable[Line] | None = None
) -> tuple[Material, ...]:
    """Who the sources are, a line each, as far as phase 0 has judged it: all, or those that `lines` rest
    on."""
    spoken = None if lines is None else {id_ for line in lines for id_ in line.source_ids}
    rows = []
    for source in sources:
        own = source.profile
        if own is None or (spoken is not None and source.source_id not in spoken):
            continue
        depends = ", ".join(labels[other] for other in own.depends_on if other in labels)
        told = {
            "speaks": own.speaker,
            "interest": own.interest,
            "knows by": own.method,
            "of": own.sample,
            "relies on": own.relies,
            "first-hand": own.firsthand,
            "repeats": depends,
        }
        rows.append(
            f"{labels[source.source_id]} "
            + "; ".join(f"{name}: {value}" for name, value in told.items() if value)
        )
    return (Material("P", "", "\n".join(rows)),) if rows else ()


def tone_of(brief: Brief) -> str:
    """How the report is to be written, as the reader asks (R31)."""
    tone, audience = brief.options.tone or "plain and exact", brief.options.audience
    return f"{tone}, for {audience}" if audience else tone


async def outline(
    found: Found,
    plan: Phase2,
    sources: Sequence[PreparedSource],
    words: int,
    brief: Brief,
    model: Model,
) -> Outline:
    """The plan of a report of about so many words; where the model gives none that holds, a section for each
    step, which is recorded. The reader's own outline (R31) stands as it is given."""
    titles = {step.step_id: step.title for step in plan.steps}
    every = list(found.lines.values())
    claims = [line for line in every if line.finding is not None]
    evidence = "\n".join([brief.topic, *(line.text for line in every), *titles.values()])
    asked = brief.options.outline
    ceiling = _MOST_ASKED if brief.options.length else _MOST_SECTIONS
    most = len(asked) or max(1, min(ceiling, words // _WORDS_A_SECTION, len(claims)))
    values = {
        "sections": str(most) if most == 1 or asked else f"2 to {most}",
        "words": str(words),
        "audience": brief.options.audience or _AUDIENCE,
        "outline": f"The reader asks for exactly these sections, in this order: {'; '.join(asked)}."
        if asked
        else "",
    }

    def planned(answer: _Outline) -> list[Planned]:
        return _planned(
            _as_asked(answer, asked), found, every, evidence, wanted_language(brief), titles, asked
        )

    def check(answer: _Outline) -> _Outline:
        if not any(one.lines for one in planned(answer)):
            raise ValueError("no section names lines of the findings; name them by their ids, such as F1.2")
        return answer

    material = (*found.material(every, titles), *profiles(sources, found.labels))
    try:
        answer = await model.ask(
            Task("outline", values, material, _Outline, "phase4", "the report's outline", check), brief
        )
    except (InvalidAnswer, ContentTooLong) as error:
        brief.provenance.fall_back("the report's outline", f"a section for each step: {error}")
        return _by_steps(plan, every)
    every_section = planned(answer)
    sections = tuple(one for one in every_section if one.lines)
    empty = tuple(one.title for one in every_section if not one.lines) if asked else ()
    thesis = " ".join(answer.thesis.split())
    used = {line for section in sections for line in section.lines}
    open_ = _distinct(found.meant(answer.open, every), in_order=False)
    unused = sum(line not in used for line in claims)
    brief.provenance.count("findings in the report", said=len(claims), kept=len(claims) - unused)
    return Outline(
        "" if missing(thesis, evidence) else shorten(thesis, 500),
        sections,
        tuple(open_ or _distinct(every)),
        unused,
        empty,
    )


def _as_asked(answer: _Outline, asked: Sequence[str]) -> _Outline:
    """The outline with the sections that the reader asked for, in their order: one that the answer does not
    name has no lines."""
    if not asked:
        return answer
    given = {normalised(one.title): one for one in answer.sections}
    sections = [
        given.get(normalised(title), _Section()).model_copy(update={"title": title}) for title in asked
    ]
    if not any(one.lines for one in sections) and len(answer.sections) == len(asked):
        sections = [
            one.model_copy(update={"title": title}) for one, title in zip(answer.sections, asked, strict=True)
        ]
    return answer.model_copy(update={"sections": sections})


def _planned(
    answer: _Outline,
    found: Found,
    every: Sequence[Line],
    evidence: str,
    wanted: str,
    titles: Mapping[int, str],
    asked: Sequence[str],
) -> list[Planned]:
    """The sections, each line in the first that names it. A title that cannot stand gives way to that of the
    step that it begins with."""
    taken: set[Line] = set()
    planned: list[Planned] = []
    for section in answer.sections:
        title = " ".join(section.title.split())
        own = [line for line in found.meant(section.lines, every) if line not in taken and not line.open]
        uses = [line for line in found.meant(section.uses, every) if line not in own and not line.open]
        taken |= set(own)
        first = next((line for line in own if line.finding is not None), None)
        if title not in asked and not _titled(title, evidence, wanted):
            title = ""
        planned.append(
            Planned(
                title or (titles.get(first.step, "") if first else ""),
                shorten(section.aim, 300),
                tuple(own) if first else (),
                tuple(uses),
            )
        )
    return planned


def _titled(title: str, evidence: str, wanted: str) -> bool:
    """Whether a title can stand over a section: a name, for a sentence would assert what nobody has checked,
    and without figures of its own."""
    return (
        2 <= len(title) <= 120
        and not title.endswith(_STOPS)
        and not is_echo(title)
        and not missing(title, evidence)
        and not wrong_language([title], wanted)
    )


def _by_steps(plan: Phase2, every: Sequence[Line]) -> Outline:
    sections = []
    for step in plan.steps:
        own = tuple(line for line in every if line.step == step.step_id and not line.open)
        if any(line.finding is not None for line in own):
            sections.append(Planned(step.title, step.description, own))
    return Outline("", tuple(sections), tuple(_distinct(every)))


def _distinct(lines: Sequence[Line], *, in_order: bool = True) -> list[Line]:
    """What is not known, each once: as it is given, or, `in_order`, some of each step, in the steps'
    order."""
    kept: list[Line] = []
    open_ = [line for line in lines if line.open]
    for line in sorted(open_, key=lambda one: one.number) if in_order else open_:
        if len(kept) < 8 and not any(alike(line.text, other.text) for other in kept):
            kept.append(line)
    return sorted(kept, key=lambda one: (one.step, one.number)) if in_order else kept
