"""The sentences of a report: what each is, the lines that it rests on, and what of it holds.

Every sentence says what it is: a fact that its findings carry, a figure that code has worked out again, or a
judgement of the report's own. One that does not hold goes back to the writer once; then it gives way to the
finding that it rests on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from reprise_contracts.artifacts import Citation
from reprise_research.brief import Brief
from reprise_research.llm.calculation import Sum
from reprise_research.llm.grounding import alike, contradiction, is_echo, objection
from reprise_research.llm.numbers import readings
from reprise_research.llm.outline import Found, Line
from reprise_research.llm.structured import Model
from reprise_research.llm.verification import Outcome, Statement, verified
from reprise_research.text.sentences import is_heading

Kind = Literal["fact", "calculation", "judgement"]
_MOST_CITED = 4
_JUDGEMENT = "(judgement) "
"""Before a statement that a reader is told to take for one."""


@dataclass(frozen=True)
class Told:
    """One sentence of the draft: its words, what it is, and the lines that it rests on."""

    text: str
    kind: Kind
    lines: tuple[Line, ...]
    sums: tuple[Sum, ...] = ()
    shown: tuple[str, ...] = ()
    """What a reader is shown of its evidence, where that is not what its lines say."""

    @property
    def evidence(self) -> list[str]:
        """Everything that its lines say: claims, passages on both sides, insights."""
        said = []
        for line in self.lines:
            said.append(line.text)
            if line.finding is not None:
                said += [
                    line.finding.claim,
                    *(c.quote for c in line.finding.citations),
                    *(c.claim for c in line.finding.contradicts),
                ]
        return said

    def objection(self, text: str) -> str:
        """What code sees wrong with the sentence in these words."""
        if len(text) < 12 or is_heading(text) or is_echo(text):
            return "it is no sentence"
        if not self.lines:
            return "it names no line that it rests on"
        return objection(text, self.evidence, self.sums, own_words=self.kind != "fact")

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The passages behind the sentence: those of its findings, and of the other side where it tells that
        as well. Of many those that give its figures."""
        own = [c for line in self.lines for c in line.citations]
        other = [
            c.citation for line in self.lines if line.finding is not None for c in line.finding.contradicts
        ]
        plain = [
            line.text.partition("; ")[0] if line.finding is None else line.finding.claim
            for line in self.lines
        ] + [c.quote for c in own]
        if objection(self.text, plain, self.sums, own_words=True):
            own += other
        distinct = list({(c.source_id, c.start): c for c in own}.values())
        if len({c.source_id for c in distinct}) <= _MOST_CITED:
            return tuple(distinct)
        figures = readings(self.text)
        telling = [c for c in distinct if any(f.meets(g) for f in figures for g in readings(c.quote))]
        return tuple(telling or distinct[:_MOST_CITED])


async def checked(
    drafts: Sequence[Sequence[Told]], where: str, found: Found, brief: Brief, model: Model
) -> list[list[Told]]:
    """The sentences of each draft as they hold; all of them are read at once. One that does not hold gives
    way to a claim that it rests on, if no other sentence of its draft says it."""
    every = [one for draft in drafts for one in draft]
    outcomes = iter(
        await verified(
            [_statement(one) for one in every],
            found.speakers(),
            "phase4",
            where,
            brief,
            model,
            lambda index, text: every[index].objection(text),
        )
    )
    return [_kept(draft, [next(outcomes) for _ in draft], brief) for draft in drafts]


def _kept(draft: Sequence[Told], outcomes: Sequence[Outcome], brief: Brief) -> list[Told]:
    kept: list[Told] = []
    for one, outcome in zip(draft, outcomes, strict=True):
        told = _as_it_holds(one, outcome) if outcome.text else _replacing(one, kept, draft)
        if told is None or any(alike(told.text, other.text) for other in kept):
            brief.provenance.count("sentences", said=1)
            continue
        kept.append(told)
        brief.provenance.count(
            "sentences", said=1, kept=not outcome.wrong, mended=outcome.mended, replaced=not outcome.text
        )
    return kept


def _as_it_holds(one: Told, outcome: Outcome) -> Told:
    return one if not outcome.wrong else replace(one, text=outcome.text.removeprefix(_JUDGEMENT))


def _statement(one: Told) -> Statement:
    """A sentence with the lines that it was written from: what they rest on was held against its passages
    when it was found."""
    judgement = one.kind == "judgement"
    return Statement(
        f"{_JUDGEMENT if judgement else ''}{one.text}",
        (
            *(one.shown or dict.fromkeys(line.text for line in one.lines)),
            *(f"Worked out: {one}" for one in one.sums),
        ),
        wrong=one.objection(one.text),
        doubt="" if judgement else contradiction(one.text, one.evidence),
    )


def _replacing(one: Told, kept: Sequence[Told], said: Sequence[Told]) -> Told | None:
    told = {line for other in (*kept, *(other for other in said if other is not one)) for line in other.lines}
    line = next((line for line in one.lines if line.finding is not None and line not in told), None)
    return (
        Told(line.finding.claim, "fact", (line,)) if line is not None and line.finding is not None else None
    )


def without_repeats(drafts: Sequence[list[Told]]) -> list[list[Told]]:
    """What an earlier section says in nearly the same words is not said again, unless it is where the other
    side is told."""
    before: list[Told] = []
    found = []
    for draft in drafts:
        told = {place for other in before for place in _disputed(other)}
        own = [
            one
            for one in draft
            if not any(alike(one.text, other.text) for other in before) or not _disputed(one) <= told
        ]
        found.append(own)
        before += own
    return found


def _disputed(one: Told) -> set[tuple[str, int]]:
    """Where what speaks against a sentence stands."""
    found = [c.citation for line in one.lines if line.finding is not None for c in line.finding.contradicts]
    return {(c.source_id, c.start) for c in found}
