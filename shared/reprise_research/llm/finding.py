"""Phase 3 with a model: claims that name the sentences they rest on, who says so, who says otherwise, and
what nobody says."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import AliasChoices, Field, field_validator

from reprise_contracts.artifacts import Citation, Contradiction, Finding, ScratchpadEntry, Step, StepFindings
from reprise_research.brief import Brief, Library
from reprise_research.extractive.evidence import confidence
from reprise_research.extractive.wording import wording_for
from reprise_research.llm.calculation import Sum, sums
from reprise_research.llm.evidence import Evidence
from reprise_research.llm.grounding import alike, contradiction, is_echo, objection
from reprise_research.llm.numbers import missing
from reprise_research.llm.prompts import Material
from reprise_research.llm.structured import Form, Model, Task, wanted_language
from reprise_research.llm.verification import Outcome, Statement, verified
from reprise_research.llm.words import frame
from reprise_research.text.prose import is_opinion, leans
from reprise_research.text.sentences import is_heading
from reprise_research.text.words import shorten

MOST_FINDINGS = 12
_LONGEST_CLAIM = 600
_SHORTEST_CLAIM = 12
_MOST_QUERIES = 3
_FOUNDED = 0.3
"""The share of the room that a step which builds on others gives to the sources beside their findings."""


def as_ids(given: object) -> object:
    """Ids as they are meant: one text of several, and pairs of a source and a quote, as models give them that
    copy words."""
    if isinstance(given, str):
        return [given]
    if not isinstance(given, list):
        return given
    return [
        f"{one.get('source', '')}: {one.get('quote', '')}".lstrip(": ")
        if isinstance(one, dict) and "quote" in one
        else one
        for one in given
    ]


class _Against(Form):
    id: str = ""
    why: str = ""


class _Finding(Form):
    claim: str = ""
    evidence: list[str] = Field(
        default_factory=list, max_length=12, validation_alias=AliasChoices("evidence", "quotes")
    )
    against: list[_Against] = Field(default_factory=list, max_length=6)
    calculation: str = ""

    _ids = field_validator("evidence", mode="before")(as_ids)

    @field_validator("against", mode="before")
    @classmethod
    def _bare(cls, given: object) -> object:
        """An id alone has no reason; a quote stands for its id."""
        if not isinstance(given, list):
            return given
        found = []
        for one in given:
            if isinstance(one, dict) and "quote" in one:
                found.append(
                    {"id": f"{one.get('source', '')}: {one['quote']}".lstrip(": "), "why": one.get("why", "")}
                )
            else:
                found.append({"id": one} if isinstance(one, str) else one)
        return found


class _Insight(Form):
    text: str = ""
    evidence: list[str] = Field(default_factory=list, max_length=12)
    calculation: str = ""

    _ids = field_validator("evidence", mode="before")(as_ids)


class _Answer(Form):
    findings: list[_Finding] = Field(max_length=MOST_FINDINGS)
    insights: list[_Insight] = Field(default_factory=list, max_length=3)
    gaps: list[str] = Field(default_factory=list, max_length=5)
    look_for: list[str] = Field(default_factory=list, max_length=_MOST_QUERIES)

    @field_validator("insights", mode="before")
    @classmethod
    def _bare(cls, given: object) -> object:
        """An insight in words alone rests on everything that was found."""
        return (
            [{"text": one} if isinstance(one, str) else one for one in given]
            if isinstance(given, list)
            else given
        )

    def prose(self) -> list[str]:
        return [*(one.claim for one in self.findings), *(one.text for one in self.insights), *self.gaps]


@dataclass
class _Claim:
    """One claim with the passages that carry it and those that it is set against."""

    text: str
    own: list[Citation]
    against: list[tuple[Citation, str]]
    sums: tuple[Sum, ...]
    concludes: bool = False
    """Whether it is a conclusion, in words of its own."""
    told: tuple[str, ...] = ()
    """What a reader is shown of its evidence, where that is not every passage."""
    around: str = ""
    """Who speaks, and what was asked: words that a claim may take up beside those of its passages."""

    @property
    def evidence(self) -> list[str]:
        return [c.quote for c in self.own] + [c.quote for c, _ in self.against]

    def objection(self, text: str) -> str:
        """What code sees wrong with the claim in these words. Its figures may be those of the other side as
        well."""
        if not _SHORTEST_CLAIM <= len(text) <= _LONGEST_CLAIM or is_echo(text):
            return "it is no claim in one sentence"
        return objection(text, self.evidence, self.sums, own_words=self.concludes, around=self.around)


@dataclass
class _Read:
    """Everything that an answer said, as far as its ids name passages."""

    claims: list[_Claim] = field(default_factory=list)
    insights: list[_Claim] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    dropped: int = 0
    without: int = 0
    """Claims that name no passage at all."""

    def add(self, answer: _Answer, evidence: Evidence, question: str) -> None:
        for said in answer.findings:
            own, lost = evidence.cited(said.evidence)
            against, strange = _against(said.against, evidence, own)
            self.dropped += lost + strange
            if not own:
                self.without += 1
                continue
            given = "\n".join(c.quote for c in (*own, *(c for c, _ in against)))
            around = " ".join(
                [question, *(evidence.title(c.source_id) for c in (*own, *(c for c, _ in against)))]
            )
            self.claims.append(
                _Claim(
                    " ".join(said.claim.split()), own, against, sums(said.calculation, given), around=around
                )
            )
        every = [c for claim in self.claims for c in claim.own]
        for insight in answer.insights:
            named = evidence.cited(insight.evidence)[0]
            own = named or every
            text = " ".join(insight.text.split())
            told = () if named else tuple(claim.text for claim in self.claims)
            self.insights.append(
                _Claim(
                    text,
                    own,
                    [],
                    sums(insight.calculation, "\n".join(c.quote for c in own)),
                    concludes=True,
                    told=told,
                )
            )
        self.gaps += [" ".join(gap.split()) for gap in answer.gaps]


async def investigate(
    step: Step, library: Library, earlier: Mapping[int, StepFindings], brief: Brief, model: Model
) -> StepFindings:
    """What one step finds. Every claim is held against its passages, by code and by a reader; one that does
    not hold goes back to the writer once, and what still does not gives way to a sentence of its evidence.
    Raises `InvalidAnswer` if nothing holds."""
    evidence = Evidence(library, await library.texts(), earlier)
    values = {"title": step.title, "description": step.description, "most": str(MOST_FINDINGS)}
    room = model.room("investigate", values, _Answer, brief)
    material = await asyncio.to_thread(_material, step, evidence, room, brief, model)
    where = f"step {step.step_id}, {shorten(step.title, 60)}"
    read = _Read()

    def check(answer: _Answer) -> _Answer:
        nonlocal read
        read = _Read()
        read.add(answer, evidence, f"{step.title} {step.description}")
        if answer.findings and not read.claims:
            raise ValueError("no claim names a line of the material; name lines by their ids, such as S1.2")
        if not read.claims and not any(len(gap) >= 8 for gap in read.gaps):
            raise ValueError("there are neither findings nor gaps")
        return answer

    answer = await model.ask(Task("investigate", values, material, _Answer, "phase3", where, check), brief)
    queries = [query for query in answer.look_for if query.strip()]
    if queries and not evidence.shows_all(material):
        await _look_again(queries, step, values, evidence, material, room, read, where, brief, model)
    made = await _held(read, step, evidence, where, brief, model)
    shown = sum(model.endpoint.estimate(one.text) for one in material)
    notes = (
        ScratchpadEntry(kind="query", text=step.query or step.title),
        ScratchpadEntry(
            kind="reading",
            text=f"{len(evidence.labels)} sources, {len(material)} pieces of material, about {shown} tokens",
        ),
        *(ScratchpadEntry(kind="query", text=query) for query in queries),
    )
    return made.model_copy(update={"scratchpad": (*notes, *made.scratchpad)})


async def _look_again(
    queries: Sequence[str],
    step: Step,
    values: Mapping[str, str],
    evidence: Evidence,
    shown: Sequence[Material],
    room: int,
    read: _Read,
    where: str,
    brief: Brief,
    model: Model,
) -> None:
    """Ask once more, of what code finds in the rest of the sources; what is known by then is no gap any
    more."""
    more = await asyncio.to_thread(
        evidence.more, " ".join(queries), shown, room // 2, model.endpoint.estimate
    )
    if not more:
        return
    made = "; ".join(shorten(claim.text, 120) for claim in read.claims)[:1500]
    known = {"title": step.title, "description": step.description, "most": str(MOST_FINDINGS), "claims": made}
    task = Task("more", known, more, _Answer, "phase3", f"{where}, looking again", lambda answer: answer)
    answer = await model.ask(task, brief)
    read.gaps = []
    read.add(answer, evidence, f"{step.title} {step.description}")


def _material(step: Step, evidence: Evidence, room: int, brief: Brief, model: Model) -> tuple[Material, ...]:
    """The findings that a step builds on, then what the sources say to its question, in `room` tokens. A
    step that builds on others is given of the sources what is nearest to its question only, and one that
    compares nothing: they were read for it."""
    found = evidence.findings()
    cost = sum(model.endpoint.estimate(one.text) for one in found)
    left = room - min(cost, 2 * room // 3)
    query = f"{step.title} {step.title} {step.description} {step.query} {brief.guidance}"
    if found and step.kind in {"compare", "missing"}:
        return found
    budget = min(left, max(600, int(_FOUNDED * cost))) if found else left
    return (*found, *evidence.sources(query, max(200, budget), model.endpoint.estimate))


async def _held(
    read: _Read, step: Step, evidence: Evidence, where: str, brief: Brief, model: Model
) -> StepFindings:
    """The findings, insights and gaps as they hold, with every loss counted."""
    gaps = [gap for gap in dict.fromkeys(read.gaps) if len(gap) >= 8 and not is_echo(gap)]
    statements = [
        *(_statement(claim, evidence, contradiction(claim.text, claim.evidence)) for claim in read.claims),
        *(_statement(one, evidence) for one in read.insights),
        *(_gap_statement(gap, evidence, brief) for gap in gaps),
    ]
    every = [*read.claims, *read.insights]

    def objects(index: int, text: str) -> str:
        return every[index].objection(text) if index < len(every) else _gap_objection(text, evidence, brief)

    outcomes = await verified(statements, evidence.titles(), "phase3", where, brief, model, objects)
    first, second = len(read.claims), len(every)
    findings, notes = _findings(step, read.claims, outcomes[:first], evidence, brief)
    brief.provenance.count("claims", said=read.without)
    insights = [
        (one, outcome)
        for one, outcome in zip(read.insights, outcomes[first:second], strict=True)
        if outcome.text
    ]
    _count("insights", outcomes[first:second], brief)
    _count("gaps", outcomes[second:], brief)
    return StepFindings(
        step_id=step.step_id,
        title=step.title,
        findings=tuple(findings),
        insights=tuple(
            shorten(_worked_out(one, outcome, wanted_language(brief)), 500) for one, outcome in insights
        ),
        insights_from=tuple(_behind(one, findings) for one, _ in insights),
        gaps=tuple(shorten(one.text, 400) for one in outcomes[second:] if one.text),
        scratchpad=tuple(ScratchpadEntry(kind="correction", text=note) for note in notes),
        dropped_citations=read.dropped,
    )


def _findings(
    step: Step, claims: Sequence[_Claim], outcomes: Sequence[Outcome], evidence: Evidence, brief: Brief
) -> tuple[list[Finding], list[str]]:
    """The findings; a claim that does not hold gives way to a sentence of its evidence, with the passages
    that say the same alone."""
    found: list[Finding] = []
    notes: list[str] = []
    for claim, outcome in zip(claims, outcomes, strict=True):
        text, own, against = outcome.text, claim.own, claim.against
        if outcome.wrong:
            notes.append(f"“{shorten(claim.text, 160)}” does not hold: {outcome.wrong}.")
        if not text:
            own = _replacing(claim)
            text = own[0].quote if own else ""
            told = {(c.source_id, c.start) for other in found for c in other.citations}
            against = [(c, why) for c, why in against if not alike(c.quote, text)]
            if not text or any((c.source_id, c.start) in told for c in own):
                brief.provenance.count("claims", said=1)
                continue
        states = not all(map(is_heading, (text, *(c.quote for c in own))))
        if not states:
            notes.append(f"“{shorten(text, 160)}” states nothing: it is a name or a heading.")
        if not states or any(alike(text, other.claim) for other in found):
            brief.provenance.count("claims", said=1)
            continue
        brief.provenance.count(
            "claims", said=1, kept=not outcome.wrong, mended=outcome.mended, replaced=not outcome.text
        )
        found.append(
            _finding(
                f"f{step.step_id}-{len(found) + 1}",
                text,
                own,
                against,
                claim if outcome.text else None,
                evidence,
                brief,
            )
        )
    return found, notes


def _finding(
    finding_id: str,
    text: str,
    own: Sequence[Citation],
    against: Sequence[tuple[Citation, str]],
    claim: _Claim | None,
    evidence: Evidence,
    brief: Brief,
) -> Finding:
    wording = wording_for(brief.topic, frame(brief.language))
    contradicts = tuple(
        Contradiction(claim=c.quote, citation=c, reason="" if is_echo(why) else shorten(why, 200))
        for c, why in against
    )
    support = voices(text, own, evidence, brief.topic)
    level, reason = confidence(support, wording, opinion=is_opinion(text), disputed=bool(contradicts))
    return Finding(
        finding_id=finding_id,
        claim=text,
        citations=tuple(own),
        confidence=level,
        confidence_reason=reason,
        support=support,
        contradicts=contradicts,
        calculation="; ".join(one.told(wanted_language(brief)) for one in claim.sums)
        if claim is not None
        else "",
    )


def voices(text: str, own: Iterable[Citation], evidence: Evidence, topic: str) -> int:
    """How many say all of a claim, each for itself: sites whose own passages give each of its figures, those
    that hand on what another of them says with it. One at least: of a claim that is put together from
    several sites, each carries its part, and together they are one voice."""
    sites: dict[str, list[Citation]] = {}
    for citation in own:
        source = evidence.labels.get(evidence.label_of(citation.source_id))
        sites.setdefault((source.site if source is not None else "") or citation.source_id, []).append(
            citation
        )
    whole = [
        {one.source_id for one in cited}
        for cited in sites.values()
        if not missing(text, "\n".join(one.quote for one in cited))
    ]
    named = evidence.handed_on(topic)
    apart: list[set[str]] = []
    for site in whole:
        tied = [
            voice
            for voice in apart
            if any(named.get(one, frozenset()) & voice for one in site)
            or any(named.get(one, frozenset()) & site for one in voice)
        ]
        apart = [voice for voice in apart if voice not in tied] + [site.union(*tied)]
    return max(1, len(apart))


def _replacing(claim: _Claim) -> list[Citation]:
    """Of a claim's passages one that can stand by itself, and those that say the same in nearly the same
    words."""
    able = [c for c in claim.own if not is_heading(c.quote)]
    first = next((c for c in able if not leans(c.quote)), able[0] if able else None)
    return (
        [] if first is None else [first, *(c for c in able if c is not first and alike(c.quote, first.quote))]
    )


def _against(
    said: Iterable[_Against], evidence: Evidence, own: Sequence[Citation]
) -> tuple[list[tuple[Citation, str]], int]:
    """The passages on the other side with their reasons. A source may say both; one place cannot."""
    taken = {(c.source_id, c.start) for c in own}
    found: dict[tuple[str, int], tuple[Citation, str]] = {}
    lost = 0
    for one in said:
        citations, strange = evidence.cited([one.id])
        lost += strange
        for citation in citations:
            if (citation.source_id, citation.start) not in taken:
                found.setdefault((citation.source_id, citation.start), (citation, one.why))
    return list(found.values()), lost


def _statement(claim: _Claim, evidence: Evidence, doubt: str = "") -> Statement:
    """A claim with its passages, as a reader is shown them."""
    own = claim.told or tuple(f"{evidence.label_of(c.source_id)}: {c.quote}" for c in claim.own)
    return Statement(
        claim.text,
        (*own, *(f"Worked out: {one}" for one in claim.sums)),
        tuple(f"{evidence.label_of(c.source_id)}: {c.quote}" for c, _ in claim.against),
        claim.objection(claim.text),
        doubt,
    )


def _gap_statement(gap: str, evidence: Evidence, brief: Brief) -> Statement:
    """A gap with the sentences of all sources that come nearest to saying it after all."""
    return Statement(gap, tuple(evidence.nearest(gap)), wrong=_gap_objection(gap, evidence, brief))


def _gap_objection(gap: str, evidence: Evidence, brief: Brief) -> str:
    """What is not known cannot bring figures of its own, and no source may say it in so many words."""
    given = "\n".join([*evidence.texts.values(), brief.topic, brief.guidance])
    strange = missing(gap, given)
    if strange:
        return f"no source gives the figure {strange[0].text}; say only what is not known"
    if any(gap.strip(" .") in text for text in evidence.texts.values()):
        return "a source says it"
    return ""


def _behind(insight: _Claim, findings: Sequence[Finding]) -> tuple[str, ...]:
    """The findings that share a passage with an insight; none where it named no passage of its own."""
    places = {(c.source_id, c.start) for c in insight.own} if not insight.told else set()
    return tuple(f.finding_id for f in findings if any((c.source_id, c.start) in places for c in f.citations))


def _worked_out(one: _Claim, outcome: Outcome, code: str) -> str:
    """An insight with the sums that it rests on."""
    return f"{outcome.text} ({'; '.join(sum_.told(code) for sum_ in one.sums)})" if one.sums else outcome.text


def _count(kind: str, outcomes: Sequence[Outcome], brief: Brief) -> None:
    brief.provenance.count(
        kind,
        said=len(outcomes),
        kept=sum(bool(one.text) and not one.wrong for one in outcomes),
        mended=sum(one.mended for one in outcomes),
    )
