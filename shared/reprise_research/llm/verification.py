"""A reader checks what no comparison sees: negation, direction, attribution, certainty. All statements of a
step or a section go in one question; those that do not hold are told to the writer, with what is wrong,
once."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from pydantic import Field, field_validator

from reprise_contracts.nodes import Phase
from reprise_research.brief import Brief
from reprise_research.errors import ContentTooLong
from reprise_research.llm.prompts import Material
from reprise_research.llm.structured import Form, InvalidAnswer, Model, Task
from reprise_research.llm.windowing import batches
from reprise_research.text.words import shorten

_LONGEST = 600
_NAME = 40
_WHO, _SOME = 200, 200
"""Tokens of who speaks, and of statements, at least."""
_LINE = 12
"""Tokens of the labels of a statement and its lines."""


@dataclass(frozen=True)
class Statement:
    """What is to be checked: its words, and the lines that it rests on, each with who says it; without any
    there is nothing that a reader could hold it against. `wrong` is what code sees already."""

    text: str
    lines: tuple[str, ...]
    against: tuple[str, ...] = ()
    """Lines of the other side."""
    wrong: str = ""
    doubt: str = ""
    """What code sees denied or turned round in it: for want of a reader, who knows better, that is wrong
    too."""


@dataclass(frozen=True)
class Outcome:
    """What became of a statement: its words as they hold, empty if none do; whether they are those that were
    said; what was wrong."""

    text: str
    mended: bool = False
    wrong: str = ""


class _Wrong(Form):
    of: str = ""
    wrong: str = ""


class _Checks(Form):
    no: list[_Wrong] = Field(default_factory=list, max_length=_NAME)
    partly: list[_Wrong] = Field(default_factory=list, max_length=_NAME)
    yes: list[str] = Field(default_factory=list, max_length=4 * _NAME)

    @field_validator("no", "partly", mode="before")
    @classmethod
    def _bare(cls, given: object) -> object:
        """A label alone is a verdict without a reason."""
        return (
            [{"of": one} if isinstance(one, str) else one for one in given]
            if isinstance(given, list)
            else given
        )


class _Mended(Form):
    of: str = ""
    text: str = ""


class _Statements(Form):
    statements: list[_Mended] = Field(default_factory=list, max_length=_NAME)

    def prose(self) -> list[str]:
        return [one.text for one in self.statements]


async def verified(
    statements: Sequence[Statement],
    speakers: Mapping[str, str],
    phase: Phase,
    where: str,
    brief: Brief,
    model: Model,
    objects: Callable[[int, str], str],
) -> list[Outcome]:
    """What holds of each statement, in order. `objects(index, text)` says what code sees wrong with new words
    of a statement.

    What code or the reader finds wrong goes back to the writer once; new words are looked at in the same way,
    and those that still do not hold are empty. `speakers` are the titles of the sources, by the labels that
    lines begin with. Without a reader (`LlmSettings.check` off) code alone judges. An answer that cannot be
    used leaves code's verdict."""
    wrong = [one.wrong or ("" if model.settings.check else one.doubt) for one in statements]
    if model.settings.check:
        read = await _read(
            statements,
            speakers,
            [index for index, why in enumerate(wrong) if not why and statements[index].lines],
            phase,
            where,
            brief,
            model.reader,
        )
        wrong = [why or read.get(index, "") for index, why in enumerate(wrong)]
    bad = [index for index, why in enumerate(wrong) if why]
    if not bad:
        return [Outcome(one.text) for one in statements]
    texts = await _mend(
        statements, speakers, {index: wrong[index] for index in bad}, phase, where, brief, model
    )
    texts = {
        i: text for i, text in texts.items() if text and text != statements[i].text and not objects(i, text)
    }
    if model.settings.check and texts:
        told = [replace(one, text=texts[i]) if i in texts else one for i, one in enumerate(statements)]
        again = await _read(told, speakers, sorted(texts), phase, where, brief, model.reader)
        texts = {i: text for i, text in texts.items() if i not in again}
    return [
        Outcome(texts.get(index, ""), mended=index in texts, wrong=wrong[index])
        if index in bad
        else Outcome(one.text)
        for index, one in enumerate(statements)
    ]


async def _read(
    statements: Sequence[Statement],
    speakers: Mapping[str, str],
    which: Sequence[int],
    phase: Phase,
    where: str,
    brief: Brief,
    model: Model,
) -> dict[int, str]:
    """By number, what a reader finds wrong with these statements; one that is carried in part counts as
    wrong."""
    found: dict[int, str] = {}
    for group in _groups(statements, which, brief, model):
        known = {f"V{index + 1}": index for index in group}
        task = Task(
            "check",
            {},
            _material(statements, group, speakers),
            _Checks,
            phase,
            f"a check of {where}",
            lambda answer: answer,
            "reader",
        )
        try:
            answer = await model.ask(task, brief)
        except (InvalidAnswer, ContentTooLong) as error:
            brief.provenance.fall_back(f"the check of {where}", str(error))
            continue
        for one in (*answer.partly, *answer.no):
            index = known.get(one.of.strip(" []."))
            if index is not None:
                found[index] = shorten(one.wrong, 200) or "the lines do not say so"
    return found


async def _mend(
    statements: Sequence[Statement],
    speakers: Mapping[str, str],
    wrong: dict[int, str],
    phase: Phase,
    where: str,
    brief: Brief,
    model: Model,
) -> dict[int, str]:
    """By number, other words of the writer's for statements that do not hold."""
    found: dict[int, str] = {}
    for group in _groups(statements, list(wrong), brief, model):
        known = {f"V{index + 1}": index for index in group}
        task = Task(
            "mend",
            {},
            _material(statements, group, speakers, wrong),
            _Statements,
            phase,
            f"corrections of {where}",
            lambda answer: answer,
            "reader",
        )
        try:
            answer = await model.ask(task, brief)
        except (InvalidAnswer, ContentTooLong) as error:
            brief.provenance.fall_back(f"corrections of {where}", str(error))
            continue
        for one in answer.statements:
            index = known.get(one.of.strip(" []."))
            if index is not None:
                found[index] = shorten(one.text, _LONGEST)
    return found


def _groups(
    statements: Sequence[Statement], which: Sequence[int], brief: Brief, model: Model
) -> list[list[int]]:
    """The statements, by number, in groups that are asked of at once."""

    def cost(index: int) -> int:
        one = statements[index]
        return model.endpoint.estimate("\n".join([one.text, one.wrong, *one.lines, *one.against])) + _LINE

    return batches(which, cost, _room(model, brief))


def _material(
    statements: Sequence[Statement],
    group: Sequence[int],
    speakers: Mapping[str, str],
    wrong: Mapping[int, str] | None = None,
) -> tuple[Material, ...]:
    """Who speaks, every line once, however many statements rest on it, then the statements with the lines
    that they name, and what is wrong with them."""
    numbers: dict[str, int] = {}

    def named(lines: Sequence[str]) -> str:
        return " ".join(f"L{numbers.setdefault(' '.join(line.split()), len(numbers) + 1)}" for line in lines)

    told = []
    for index in group:
        one = statements[index]
        own = named(one.lines)
        against = f"; against it {named(one.against)}" if one.against else ""
        why = f" Wrong: {wrong[index]}" if wrong is not None else ""
        told.append(f"V{index + 1} {' '.join(one.text.split())} [{own}{against}]{why}")
    lines = [f"L{number} {line}" for line, number in numbers.items()]
    shown = "\n".join(lines)
    who = [
        f"{label} {title}"
        for label, title in speakers.items()
        if re.search(rf"\b{re.escape(label)}\b", shown)
    ]
    every = (("W", "who speaks", who), ("L", "lines", lines), ("V", "statements", told))
    return tuple(Material(label, title, "\n".join(rows)) for label, title, rows in every if rows)


def _room(model: Model, brief: Brief) -> int:
    """Tokens of statements that are checked at once."""
    return max(_SOME, model.room("check", {}, _Checks, brief) - _WHO)
