"""A written report as blocks: its sections, what speaks against them, what is not known, who the sources are,
and what of it stands."""

from collections.abc import Mapping, Sequence

from reprise_contracts.artifacts import PreparedSource, Stand, StepFindings
from reprise_research.brief import Brief
from reprise_research.drafts import Block, Bullets, Paragraph, SectionDraft, Span, Table
from reprise_research.extractive.wording import wording_for
from reprise_research.llm.outline import Found, Outline, Planned
from reprise_research.llm.sentences import Told
from reprise_research.llm.words import Words, frame

_A_PARAGRAPH = 4
"""Sentences of one paragraph."""


def drawn(
    section: Planned,
    told: Sequence[Told],
    number: int,
    cited: set[tuple[str, int]],
    every: Sequence[Planned],
    words: Words,
) -> SectionDraft:
    """The section as the report shows it. Its id is the step that most of it comes from. What speaks against
    it and is `cited` nowhere is quoted below."""
    steps = [line.step for line in section.lines]
    main = max(dict.fromkeys(steps), key=steps.count)
    earlier = sum(
        max(dict.fromkeys(s := [line.step for line in one.lines]), key=s.count) == main
        for one in every[:number]
    )
    return SectionDraft(
        f"step-{main}" + (f"-{earlier + 1}" if earlier else ""),
        section.title,
        (*paragraphs(told, words), *_otherwise(section, cited, words)),
        tuple(dict.fromkeys(steps)),
        tuple(dict.fromkeys(line.finding.finding_id for line in section.lines if line.finding is not None)),
    )


def _otherwise(section: Planned, cited: set[tuple[str, int]], words: Words) -> tuple[Block, ...]:
    """What sources say against the section's findings, in their words, where no sentence of the report rests
    on it."""
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


def paragraphs(told: Sequence[Told], words: Words) -> tuple[Block, ...]:
    """The sentences in paragraphs, each with the passages that it rests on."""
    spans = [_span(one, words) for one in told]
    return tuple(
        Paragraph(tuple(spans[start : start + _A_PARAGRAPH])) for start in range(0, len(spans), _A_PARAGRAPH)
    )


def _span(one: Told, words: Words) -> Span:
    worked_out = (
        f" ({'; '.join(sum_.told(words.code) for sum_ in one.sums)})"
        if one.sums and one.kind == "calculation"
        else ""
    )
    mark = words.judgement if one.kind == "judgement" else ""
    return Span(f"{one.text}{worked_out}", one.citations, claim=one.kind != "judgement", mark=mark)


def open_section(planned: Outline, words: Words) -> SectionDraft | None:
    """What is not known, and what was asked for in vain; None if that is nothing."""
    if not planned.open and not planned.empty:
        return None
    nothing = [words.nothing_for.format(title=title) for title in planned.empty]
    open_ = [line.text.removeprefix("(open) ") for line in planned.open]
    items = tuple((Span(text),) for text in (*nothing, *open_))
    return SectionDraft(
        "open", words.open_title, (Bullets(items),), tuple(dict.fromkeys(line.step for line in planned.open))
    )


def trust_section(sources: Sequence[PreparedSource], found: Found, words: Words) -> SectionDraft | None:
    """Who the sources are, as the model judges them."""
    rows = []
    for source in sources:
        own = source.profile
        if own is None:
            continue
        depends = (
            ", ".join(found.titles[other] for other in own.depends_on if other in found.titles) or own.relies
        )
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
        "trust",
        words.trust_title,
        (Paragraph((Span(words.trust_note, emphasis=True),)), Table(words.trust_header, tuple(rows))),
    )


def extracted(
    findings: Mapping[int, StepFindings], titles: Mapping[int, str], brief: Brief, words: Words
) -> str:
    """Which steps were done without the model."""
    extracted = [
        titles[number]
        for number, one in findings.items()
        if any(entry.kind == "fallback" for entry in one.scratchpad)
    ]
    listed = wording_for(brief.topic, frame(brief.language)).listed
    return words.extracted.format(sections=listed(extracted)) if extracted else ""


def losses(findings: Mapping[int, StepFindings], brief: Brief, words: Words) -> str:
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
    counts = (
        (words.kept, one.kept),
        (words.mended, one.mended),
        (instead, one.replaced),
        (words.gone, one.gone),
    )
    return [template.format(count=count) for template, count in counts if count or template == words.kept]
