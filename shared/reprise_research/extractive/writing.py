"""Phase 4 of the extractive engine: a report of verbatim statements, in the order of the plan, framed by
labels.

What independent sources share comes first, then what is disputed with every side, then what one source alone
says, views with their speaker, and what stays open. A statement is told once: where it comes up again, the
first section keeps it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest

from reprise_contracts.artifacts import (
    Citation,
    Contradiction,
    Finding,
    Phase2,
    PreparedSource,
    Step,
    StepFindings,
)
from reprise_contracts.jobs import Gap
from reprise_contracts.languages import named
from reprise_contracts.nodes import step_of
from reprise_research.drafts import Block, Bullets, Paragraph, ReportDraft, SectionDraft, Span
from reprise_research.extractive.disputes import Dispute, PlaceKey, disputes, holds, place
from reprise_research.extractive.kinds import is_view
from reprise_research.extractive.plans import is_of_topic
from reprise_research.extractive.side_by_side import clause_of, figures_of, first_figure, snippet
from reprise_research.extractive.wording import Wording, upper_first, wording_for
from reprise_research.judging import tongue
from reprise_research.languages import knows
from reprise_research.text.language import language_of
from reprise_research.text.prose import is_opinionated, is_row, speaks_of_itself
from reprise_research.text.ranking import bm25
from reprise_research.text.sentences import ends
from reprise_research.text.words import shorten, terms

_KEY_STATEMENTS = 7
_FEWEST_FINDINGS = 3
_ONE_SIDED = 0.6
"""The share of the findings above which a source is named as the one that most of them come from."""


@dataclass
class _Told:
    """The passages that the report has already quoted: where each begins, and how far it was quoted."""

    ends: dict[PlaceKey, int] = field(default_factory=dict)

    def is_new(self, found: Finding) -> bool:
        """Whether the statement has not been told; tells it, and what is told along with it."""
        if self.has(found.citations[0]):
            return False
        self.tell(found.citations)
        return True

    def has(self, citation: Citation) -> bool:
        """Whether a passage was told. One that goes on further than what was told says more."""
        return self.ends.get(place(citation), -1) >= citation.end

    def tell(self, citations: Iterable[Citation]) -> None:
        """Take passages as told."""
        for citation in citations:
            self.ends[place(citation)] = max(citation.end, self.ends.get(place(citation), -1))


def write(
    plan: Phase2,
    findings: Mapping[int, StepFindings],
    sources: tuple[PreparedSource, ...],
    gaps: tuple[Gap, ...],
    topic: str,
    language: str = "",
) -> ReportDraft:
    """The draft of the report; the report phase numbers its references and writes the Markdown."""
    wording = wording_for(topic, language)
    titles = titles_of(sources)
    asked = [step for step in plan.steps if step.step_id in findings and step.kind == "retrieve"]
    wider, turned = _wider(plan, findings), _turned(findings)
    retold = {step.step_id for step in plan.steps if step.kind != "compare"}
    alone = {step.step_id for step in plan.steps if step.kind in ("answer", "missing")}
    findings = {
        number: found.model_copy(
            update={
                "findings": tuple(
                    _told_by_both(_heard(f, wider, keeps=number in alone), turned)
                    if number in retold
                    else _heard(f, wider)
                    for f in found.findings
                )
            }
        )
        for number, found in findings.items()
    }
    findings = _at_full_length(_without_gaps(plan, findings))
    answers = [step for step in plan.steps if step.step_id in findings and step.kind == "answer"]
    known = disputes(f for number in sorted(findings) for f in findings[number].findings)
    sections = [_answer(step, findings[step.step_id], known, titles, topic, wording) for step in answers]
    given = {
        place(c)
        for step in answers
        for f in findings[step.step_id].findings
        for c in (*f.citations, *(other.citation for other in f.beside))
    }
    sections.append(_summary(asked, findings, known, sources, topic, wording, given))
    besides = [step for step in plan.steps if step.step_id in findings and step.kind == "rest"]
    table = figures_of([*asked, *besides], findings, wording)
    if table is not None:
        sections.append(table)
    told = _Told()
    subjects = {
        place(c): step.title
        for step in reversed(asked)
        for f in findings[step.step_id].findings
        for c in f.citations
    }
    lists_gaps = any(step.kind == "missing" for step in plan.steps if step.step_id in findings)
    for step in _in_order(plan.steps):
        found, work = findings.get(step.step_id), step.kind
        if (
            found is None
            or work == "answer"
            or (not found.findings and _may_lack(work, lists_gaps=lists_gaps))
        ):
            continue  # answers stand above
        if work == "compare":
            blocks = _compared(found, subjects, topic, wording)
        elif work == "missing":
            blocks = _missed(found, titles, wording)
        else:
            blocks = _answered(step, found, titles, told, topic, wording, alone=len(sources) == 1)
        sections.append(
            SectionDraft(
                f"step-{step.step_id}",
                step.title,
                tuple(blocks),
                (step.step_id,),
                tuple(f.finding_id for f in found.findings),
            )
        )
    if gaps:
        sections.append(_partial(gaps, plan, wording))
    return ReportDraft(
        upper_first(topic.strip()),
        tuple(sections),
        _note(topic, language, sources, wording),
        wording.references,
    )


def _without_gaps(plan: Phase2, findings: Mapping[int, StepFindings]) -> dict[int, StepFindings]:
    """The findings without what stands among what is missing: that a source does not know something is told
    there, once. It may answer the question all the same, unless another source speaks of it."""
    kinds = {step.step_id: step.kind for step in plan.steps if step.step_id in findings}
    gaps = [f for number, kind in kinds.items() if kind == "missing" for f in findings[number].findings]
    spoken = [f for f in gaps if f.beside]
    told = {"retrieve": gaps, "rest": gaps, "answer": spoken}
    return {
        number: found.model_copy(
            update={
                "findings": tuple(
                    f
                    for f in found.findings
                    if not any(_is_that_gap(f, gap) for gap in told.get(kinds.get(number, ""), ()))
                )
            }
        )
        for number, found in findings.items()
    }


def _at_full_length(findings: Mapping[int, StepFindings]) -> dict[int, StepFindings]:
    """The findings, each as the longest passage that any step quotes of it: a sentence that one step tells
    alone and another with what follows is told once, as a whole."""
    longest: dict[str, list[Finding]] = {}
    for found in findings.values():
        for f in found.findings:
            if f.citations:
                longest.setdefault(f.citations[0].source_id, []).append(f)

    def whole(f: Finding) -> Finding:
        if not f.citations or f.support > 1 or f.contradicts:
            return f
        own = f.citations[0]
        wider = [o for o in longest[own.source_id] if holds(o.citations[0], own) and o.support <= 1]
        best = max(wider, key=lambda o: o.citations[0].end - o.citations[0].start, default=f)
        return f.model_copy(update={"claim": best.claim, "citations": best.citations})

    return {
        number: found.model_copy(update={"findings": tuple(whole(f) for f in found.findings)})
        for number, found in findings.items()
    }


def _is_that_gap(found: Finding, gap: Finding) -> bool:
    one, other = found.citations[:1], gap.citations[:1]
    return not found.contradicts and any(
        (a.source_id, a.end) == (b.source_id, b.end) for a in one for b in other
    )


def _in_order(steps: tuple[Step, ...]) -> list[Step]:
    """The steps as the report tells them: what the sources say besides stands before what compares them and
    what is missing."""
    place = next((n for n, step in enumerate(steps) if step.kind in ("compare", "missing")), len(steps))
    rest = [step for step in steps[place:] if step.kind == "rest"]
    return [*steps[:place], *rest, *(step for step in steps[place:] if step not in rest)]


def _may_lack(kind: str, *, lists_gaps: bool) -> bool:
    """Whether a step that found nothing has no heading: a question stands among what is missing then, and
    where nothing is left nothing has to be said."""
    return kind == "rest" or (kind == "retrieve" and lists_gaps)


def _note(topic: str, asked: str, sources: tuple[PreparedSource, ...], wording: Wording) -> str:
    """How the report was made, and before that what it cannot do: sources that the engine does not read, a
    language that it does not write."""
    own = asked or language_of(topic) or ""
    unread = [source for source in sources if source.language and not knows(source.language)]
    parts = [wording.no_words.format(language=named(own))] if own and not knows(own) else []
    if unread:
        titles = [
            f"{wording.quoted(shorten(s.title or s.source_id, 60))} ({named(s.language or '')})"
            for s in unread
        ]
        parts.append(wording.unread.format(titles=wording.listed(titles)))
    return wording.joint.join([*parts, wording.note])


def _answer(
    step: Step,
    found: StepFindings,
    known: list[Dispute],
    titles: Mapping[str, str],
    topic: str,
    wording: Wording,
) -> SectionDraft:
    """The statements closest to the topic's question, or to one that was asked of the report; of a dispute
    among the `known` ones what the values are."""
    own = [f for f in found.findings if f.citations]
    name, title, none = "answer", wording.answer_title, wording.answer_none
    if not is_of_topic(step, topic):
        name, title, none = f"step-{step.step_id}", step.title, wording.asked_none
    if not own:
        return SectionDraft(name, title, (Paragraph((Span(none),)),), (step.step_id,))
    items, among = list[tuple[Span, ...]](), disputes(own)
    told = {place(c) for one in own for c in one.citations}
    paired: set[frozenset[PlaceKey]] = set()
    for one in own:
        dispute = next((d for d in (*among, *known) if d.touches(one)), None)
        flag = (Span(_disputed_label(dispute, wording), emphasis=True),) if dispute is not None else ()
        argued = (
            [v.figure.told for v in dispute.values if v.figure is not None] if dispute is not None else []
        )
        fresh = [c for c in one.beside if _pair(one, c) not in paired and not set(c.values[1:]) & set(argued)]
        paired |= {_pair(one, c) for c in one.beside}
        values = _values(fresh, wording)
        items.append((*_named(one, titles, wording), *_evidence(one, wording), *flag, *values))
        others = [_besides(c) for c in fresh if place(c.citation) not in told]
        told |= {place(c) for other in others for c in other.citations}
        items += [(*_named(other, titles, wording), *_evidence(other, wording)) for other in others]
    blocks = (Paragraph((Span(wording.answer_opening),)), Bullets(tuple(items)))
    return SectionDraft(name, title, blocks, (step.step_id,), tuple(f.finding_id for f in own))


def _besides(other: Contradiction) -> Finding:
    """What stands beside a finding, to be told like one."""
    return Finding(finding_id="beside", claim=other.claim, citations=(other.citation,), support=1)


def _pair(one: Finding, other: Contradiction) -> frozenset[PlaceKey]:
    return frozenset({place(one.citations[0]), place(other.citation)})


def _values(beside: list[Contradiction], wording: Wording) -> tuple[Span, ...]:
    """The figures that other sources give beside that of an answer."""
    values = list(dict.fromkeys(value for other in beside for value in other.values[1:]))
    if not values:
        return ()
    return (Span(wording.answer_beside.format(values=wording.listed(values)), emphasis=True),)


def _summary(
    asked: list[Step],
    findings: Mapping[int, StepFindings],
    known: list[Dispute],
    sources: tuple[PreparedSource, ...],
    topic: str,
    wording: Wording,
    given: set[PlaceKey],
) -> SectionDraft:
    """What matters most of each question, of a dispute its best supported side, and how far the sources
    carry. What is `given` already, as an answer, makes place for the next best."""
    every = [f for step in asked for f in findings[step.step_id].findings if f.citations]
    titles = titles_of(sources)
    if not every:
        return SectionDraft("summary", wording.summary_title, (Paragraph((Span(wording.summary_none),)),))
    opening = wording.filled(
        wording.summary_opening,
        sources=len(sources),
        questions=len(asked),
        supported=_shared(findings, wording) if len(sources) > 1 else "",
    ).strip()
    one_site = (
        wording.one_site
        if len(sources) > 1 and len({source.site or source.source_id for source in sources}) == 1
        else ""
    )
    opening = wording.joint.join(
        part for part in (opening, one_site, _one_sided(findings, sources, wording)) if part
    )
    told, items = _Told(), list[tuple[Span, ...]]()
    for step in asked:
        own = [f for f in findings[step.step_id].findings if f.citations]
        close = bm25([terms(f.claim) for f in own], terms(f"{topic} {step.title} {step.query}"))
        ranked = [
            own[i]
            for i in sorted(
                range(len(own)),
                key=lambda i: _rank(own[i], float(close[i]), view=_is_view(own[i], titles)) + 0.1 * i,
            )
        ]
        of_step = disputes(own)
        for first in ranked if len(items) < _KEY_STATEMENTS else ():
            dispute = next((d for d in of_step if first in d.findings), None)
            best = first if dispute is None else _best_side(dispute, own)
            if place(best.citations[0]) in given or told.has(first.citations[0]):
                continue
            sides = dispute.statements if dispute is not None else ()
            told.tell((*best.citations, *(c for s in sides for c in s.citations)))
            dispute = dispute or next((d for d in known if d.touches(best)), None)
            flag = (Span(_disputed_label(dispute, wording), emphasis=True),) if dispute is not None else ()
            name = Span(step.title + wording.colon, strong=True)
            items.append((name, *_named(best, titles, wording), *_evidence(best, wording), *flag))
            break
    return SectionDraft(
        "summary",
        wording.summary_title,
        (Paragraph((Span(opening),)), *([Bullets(tuple(items))] if items else [])),
        tuple(step.step_id for step in asked),
    )


def _shared(findings: Mapping[int, StepFindings], wording: Wording) -> str:
    """How many of the statements that any section tells independent sources share, each counted once."""
    support = _support(findings)
    return wording.shared(sum(number > 1 for number in support.values()), len(support))


def _support(findings: Mapping[int, StepFindings]) -> dict[PlaceKey, int]:
    """How many say each statement that any section tells, by where it stands."""
    support: dict[PlaceKey, int] = {}
    for found in findings.values():
        if found.kind in ("retrieve", "rest", "answer"):
            for f in found.findings:
                for lead in f.citations[:1]:
                    support[place(lead)] = max(f.support, support.get(place(lead), 0))
    return support


def _one_sided(
    findings: Mapping[int, StepFindings], sources: tuple[PreparedSource, ...], wording: Wording
) -> str:
    """That most of these statements come from one of several sources, if they do: a reader should know whose
    view it mostly is."""
    voices = Counter(source_id for source_id, *_ in _support(findings))
    (source_id, number), total = voices.most_common(1)[0], voices.total()
    if len(sources) < 2 or number <= _ONE_SIDED * total or total < _FEWEST_FINDINGS:
        return ""
    title = next(
        (shorten(source.title, 90) for source in sources if source.source_id == source_id), source_id
    )
    return wording.one_sided.format(share=round(100 * number / total), title=wording.quoted(title))


def _best_side(dispute: Dispute, own: list[Finding]) -> Finding:
    """Of a dispute the finding whose figure most sources give."""
    return max(dispute.findings, key=lambda f: (dispute.givers(f), f.support, -own.index(f)))


def _rank(found: Finding, close: float, *, view: bool) -> float:
    """The less, the more a finding belongs into the summary: it speaks of the topic, has figures, support, a
    dispute, is short and fact."""
    worth = (
        0.2 * min(found.support, 3)
        + 0.5 * (first_figure(found.claim) is not None)
        + 0.5 * bool(found.contradicts)
    )
    worth += 0.45 * close
    return round(-(worth - 1.5 * view - len(found.claim) / 400), 3)


def _lead(found: Finding) -> tuple[PlaceKey, str] | None:
    return (place(found.citations[0]), found.claim) if found.citations else None


def _wider(plan: Phase2, findings: Mapping[int, StepFindings]) -> dict[tuple[PlaceKey, str] | None, Finding]:
    """What the comparing step found of statements: it counts their support over all sources, a step only over
    its own."""
    compared = [
        findings[step.step_id] for step in plan.steps if step.step_id in findings and step.kind == "compare"
    ]
    return {_lead(f): f for found in compared for f in found.findings if f.citations}


def _turned(findings: Mapping[int, StepFindings]) -> dict[tuple[PlaceKey, str], list[Contradiction]]:
    """What contradicts each statement that some finding names as its other side: a dispute has two."""
    turned: dict[tuple[PlaceKey, str], list[Contradiction]] = {}
    for found in findings.values():
        for one in found.findings:
            for against in one.contradicts if one.citations else ():
                other = Contradiction(
                    claim=one.claim,
                    citation=one.citations[0],
                    reason=against.reason,
                    values=against.values[::-1],
                )
                own = turned.setdefault((place(against.citation), against.claim), [])
                if all(place(known.citation) != place(other.citation) for known in own):
                    own.append(other)
    return turned


def _told_by_both(found: Finding, turned: Mapping[tuple[PlaceKey, str], list[Contradiction]]) -> Finding:
    """A finding with what contradicts it where only the other side said so."""
    lead = _lead(found)
    known = {place(c.citation) for c in found.contradicts}
    more = [c for c in turned.get(lead, ()) if place(c.citation) not in known] if lead is not None else []
    return found.model_copy(update={"contradicts": (*found.contradicts, *more)}) if more else found


def _heard(
    found: Finding, wider: Mapping[tuple[PlaceKey, str] | None, Finding], *, keeps: bool = False
) -> Finding:
    """A finding with all voices that the comparing step heard on it. Of a pair that excludes itself that step
    tells one side only, so that what contradicts the other side is kept. A step that looked itself for what
    stands beside its findings `keeps` that."""
    known = wider.get(_lead(found))
    if known is None:
        return found
    told = {place(c.citation) for c in known.contradicts}
    kept = tuple(c for c in found.contradicts if place(c.citation) not in told)
    return known.model_copy(
        update={
            "finding_id": found.finding_id,
            "contradicts": (*known.contradicts, *kept),
            "beside": found.beside if keeps else known.beside,
        }
    )


def _answered(
    step: Step,
    found: StepFindings,
    titles: Mapping[str, str],
    told: _Told,
    topic: str,
    wording: Wording,
    *,
    alone: bool,
) -> list[Block]:
    """One question's section. `alone` says that there is one source only, which then needs no naming."""
    asked = step.kind != "rest"  # what is left over answers no question
    blocks: list[Block] = [Paragraph((Span(step.description or step.title, emphasis=True),))] if asked else []
    disputed = [
        d for d in disputes(found.findings) if not all(told.has(s.citations[0]) for s in d.statements)
    ]
    told.tell(c for d in disputed for s in d.statements for c in s.citations)
    fresh = [f for f in found.findings if f.citations and not f.contradicts and told.is_new(f)]
    agreed = [f for f in fresh if f.support > 1]
    views = [f for f in fresh if f.support <= 1 and _is_view(f, titles)]
    single = [f for f in fresh if f.support <= 1 and f not in views]
    if agreed:
        blocks += _list(wording.label_agreed, agreed, wording)
    for dispute in disputed:
        blocks.append(Paragraph((Span(_disputed_label(dispute, wording), strong=True),)))
        blocks.append(Bullets(tuple((Span(s.claim, s.citations, claim=True),) for s in dispute.statements)))
    if single:
        named = [() if alone else _named(f, titles, wording) for f in single]
        label = "" if alone else wording.label_one
        blocks += _list(label, single, wording, named)
    if views:
        blocks.append(Paragraph((Span(wording.label_views, strong=True),)))
        speakers = [() if alone else (_speaker(f, titles, wording),) for f in views]
        blocks.append(
            Bullets(
                tuple((*speaker, *_evidence(f, wording)) for speaker, f in zip(speakers, views, strict=True))
            )
        )
    if found.gaps:
        blocks.append(Paragraph((Span(wording.label_open, strong=True), *(Span(gap) for gap in found.gaps))))
    elif len(blocks) == asked:
        blocks.append(Paragraph((Span(wording.told_above if found.findings else wording.nothing_found),)))
    return blocks


def _compared(
    found: StepFindings, subjects: Mapping[PlaceKey, str], topic: str, wording: Wording
) -> list[Block]:
    """Each dispute in a line, for its statements stand in their sections; then what is shared."""
    blocks: list[Block] = []
    disputed = disputes(found.findings)
    if disputed:
        blocks.append(Paragraph((Span(wording.disputed_opening),)))
        blocks.append(Bullets(tuple(_line(dispute, subjects, wording) for dispute in disputed)))
    shared = [f for f in found.findings if f.citations and not f.contradicts and f.support > 1]
    if shared:
        blocks.append(Paragraph((Span(wording.agreed_opening),)))
        blocks.append(Bullets(tuple(_evidence(f, wording) for f in shared)))
    if found.gaps:
        blocks.append(Paragraph(tuple(Span(gap) for gap in found.gaps)))
    return blocks or [Paragraph((Span(wording.nothing_found),))]


def _line(dispute: Dispute, subjects: Mapping[PlaceKey, str], wording: Wording) -> tuple[Span, ...]:
    named = [subjects[place(c)] for s in dispute.statements for c in s.citations if place(c) in subjects]
    subject = (Span(named[0] + wording.colon, strong=True),) if named else ()
    if len(dispute.values) < 2:
        sides = [Span(s.claim, s.citations, claim=True) for s in dispute.statements]
    else:
        sides = [
            Span(snippet(value), dispute.who_gives(value, clause_of(value)), claim=True)
            for value in dispute.values
        ]
    against = Span(wording.versus, emphasis=True)
    return (*subject, sides[0], *(span for side in sides[1:] for span in (against, side)))


def _missed(found: StepFindings, titles: Mapping[str, str], wording: Wording) -> list[Block]:
    """What is not known, by whom; and apart from it what one source does not know and another speaks of."""
    blocks: list[Block] = []
    open_ones = [f for f in found.findings if not f.beside]
    if open_ones:
        blocks.append(Paragraph((Span(wording.said_unknown),)))
        blocks.append(
            Bullets(
                tuple(
                    (*((_speaker(f, titles, wording),) if f.support <= 1 else ()), *_evidence(f, wording))
                    for f in open_ones
                )
            )
        )
    spoken = [f for f in found.findings if f.beside]
    if spoken:
        blocks.append(Paragraph((Span(wording.spoken_to),)))
        blocks.append(
            Bullets(
                tuple(
                    tuple(
                        span
                        for one in (f, *map(_besides, f.beside))
                        for span in (_speaker(one, titles, wording), *_evidence(one, wording))
                    )
                    for f in spoken
                )
            )
        )
    if found.gaps:
        blocks.append(Paragraph((Span(wording.not_found),)))
        blocks.append(Bullets(tuple((Span(gap),) for gap in found.gaps)))
    return blocks or [Paragraph((Span(wording.nothing_missing),))]


def _partial(gaps: tuple[Gap, ...], plan: Phase2, wording: Wording) -> SectionDraft:
    titles = {step.step_id: step.title for step in plan.steps}
    items = []
    for gap in gaps:
        number = step_of(gap.node)
        name = wording.quoted(titles.get(number, gap.node)) if number is not None else gap.node
        template = wording.partial_nothing if gap.used == "nothing" else wording.partial_old
        items.append((Span(template.format(node=name, reason=gap.reason)),))
    return SectionDraft("partial", wording.partial_title, (Bullets(tuple(items)),))


def titles_of(sources: tuple[PreparedSource, ...]) -> dict[str, str]:
    """What each source is called."""
    return {source.source_id: source.title or source.url or source.source_id for source in sources}


def _is_view(found: Finding, titles: Mapping[str, str]) -> bool:
    title = titles.get(found.citations[0].source_id, "") if found.citations else ""
    return is_view(found.claim, tongue(found.claim), title)


def _named(found: Finding, titles: Mapping[str, str], wording: Wording) -> tuple[Span, ...]:
    """Who speaks, in front of what nobody but they can say, or what they say of themselves: `we expect`."""
    code = tongue(found.claim)
    title = titles.get(found.citations[0].source_id, "")
    own = speaks_of_itself(found.claim, code) or is_opinionated(title, code)
    return (_speaker(found, titles, wording), Span(" ")) if own and found.support <= 1 else ()


def _list(
    label: str, found: list[Finding], wording: Wording, named: Iterable[tuple[Span, ...]] = ()
) -> list[Block]:
    heads: list[Block] = [Paragraph((Span(label, strong=True),))] if label else []
    items = zip_longest(named, found, fillvalue=None)
    return [
        *heads,
        Bullets(tuple((*(who or ()), *_evidence(f, wording)) for who, f in items if f is not None)),
    ]


def _evidence(found: Finding, wording: Wording) -> tuple[Span, ...]:
    said = Span(found.claim, found.citations, claim=True)
    return (
        (said,)
        if ends(found.claim) or is_row(found.claim) or found.claim.endswith((":", "："))
        else (said, Span(wording.transcript, emphasis=True))
    )


def _speaker(found: Finding, titles: Mapping[str, str], wording: Wording) -> Span:
    return Span(shorten(titles.get(found.citations[0].source_id, ""), 70) + wording.colon, emphasis=True)


def _disputed_label(dispute: Dispute, wording: Wording) -> str:
    """`Disputed: 12 percent or 4 percent.`"""
    values = [value.figure.told for value in dispute.values if value.figure is not None]
    return (
        wording.label_disputed_values.format(values=wording.either(values))
        if len(values) > 1
        else wording.label_disputed
    )
