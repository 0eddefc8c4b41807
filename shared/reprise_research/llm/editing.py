"""One edit over the whole draft of a report: what stands at its head, what is said twice, and what needs
other words."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from pydantic import Field, field_validator

from reprise_research.brief import Brief
from reprise_research.errors import ContentTooLong
from reprise_research.llm.finding import as_ids
from reprise_research.llm.numbering import named
from reprise_research.llm.numbers import missing
from reprise_research.llm.outline import Found, Outline, tone_of
from reprise_research.llm.prompts import Material
from reprise_research.llm.sentences import Kind, Told, checked
from reprise_research.llm.structured import Form, InvalidAnswer, Model, Task, guidance_of

_SUMMARY = 110
_SUMMARIES = (40, 250)
"""Words of the head of a report whose length was given: the fewest and the most."""


class _Head(Form):
    text: str = ""
    kind: Kind = "fact"
    lines: list[str] = Field(default_factory=list, max_length=12)

    _ids = field_validator("lines", mode="before")(as_ids)
    _known = field_validator("kind", mode="before")(
        lambda given: "judgement" if given == "judgement" else "fact"
    )


class _Changed(Form):
    id: str = ""
    text: str = ""


class _Edit(Form):
    summary: list[_Head] = Field(max_length=8)
    drop: list[str] = Field(default_factory=list, max_length=40)
    change: list[_Changed] = Field(default_factory=list, max_length=40)

    def prose(self) -> list[str]:
        return [*(one.text for one in self.summary), *(one.text for one in self.change)]


async def edited(
    planned: Outline, sections: list[list[Told]], total: int, found: Found, brief: Brief, model: Model
) -> tuple[list[Told], list[list[Told]]]:
    """The head of the report, and its sections after one edit; without an answer that can be used, the first
    sentences of each section stand at the head."""
    numbered = dict(enumerate((one for section in sections for one in section), start=1))
    places = iter(numbered)
    draft = tuple(
        Material(
            "D" if len(sections) == 1 else f"D{index}",
            section.title,
            "\n".join(f"{next(places)} {one.text}" for one in told),
        )
        for index, (section, told) in enumerate(zip(planned.sections, sections, strict=True), start=1)
    )
    words = max(_SUMMARIES[0], min(_SUMMARIES[1], total // 5)) if brief.options.length else _SUMMARY
    values = {"thesis": planned.thesis or brief.topic, "words": str(words)}
    if brief.options.tone or brief.options.audience:
        values["guidance"] = guidance_of(brief, f"Write it {tone_of(brief)}.")
    where = "the report's summary"

    def check(answer: _Edit) -> _Edit:
        if not any(_numbers(one.lines, numbered) for one in answer.summary):
            raise ValueError(
                "each sentence of the summary must name the sentences of the draft that it rests on, such as "
                "D4"
            )
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
            kind: Kind = (
                "judgement"
                if one.kind == "judgement" or all(other.kind == "judgement" for other in rest)
                else "fact"
            )
            said.append(
                Told(
                    text,
                    kind if rest else one.kind,
                    lines,
                    tuple(dict.fromkeys(sum_ for other in rest for sum_ in other.sums)),
                    tuple(other.text for other in rest),
                )
            )
    (head,) = await checked([said], where, found, brief, model)
    changed = {
        number: " ".join(one.text.split())
        for one in answer.change
        for number in _numbers([one.id], numbered)[:1]
    }
    dropped = set(_numbers(answer.drop, numbered))
    head = head or [section[0] for section in sections if section]
    return head, _applied(sections, numbered, changed, dropped)


def _applied(
    sections: list[list[Told]], numbered: Mapping[int, Told], changed: Mapping[int, str], dropped: set[int]
) -> list[list[Told]]:
    """The draft after its edit. New words count where they hold and keep every figure; a section keeps its
    last sentence."""
    number = 0
    found: list[list[Told]] = []
    for section in sections:
        own: list[Told] = []
        for one in section:
            number += 1
            new = changed.get(number, "")
            fits = (
                new and not one.objection(new) and not missing(one.text, new) and not missing(new, one.text)
            )
            if number not in dropped:
                own.append(replace(one, text=new) if fits else one)
        found.append(own or section[:1])
    return found


def _numbers(said: Sequence[str], known: Mapping[int, Told]) -> list[int]:
    """The numbers of the sentences that are meant: `D4`, `D2.4`, `4`."""
    found = []
    for one in said:
        pairs = [number for _, number in named(one)] or [int("".join(filter(str.isdigit, one)) or 0)]
        found += [number for number in pairs if number in known]
    return list(dict.fromkeys(found))
