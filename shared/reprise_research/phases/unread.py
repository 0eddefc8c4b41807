"""The report's section on the sources that it does without: those that could not be read, why and what to do,
copies of others, and those that were read and are cited nowhere. Every engine's report has it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace

from reprise_contracts.artifacts import Citation, PreparedSource, StepFindings
from reprise_research.drafts import Block, Bullets, Paragraph, ReportDraft, SectionDraft, Span
from reprise_research.languages.report import Report, Unused
from reprise_research.sources.failures import ACTIONS
from reprise_research.text.words import shorten


def with_unread(
    draft: ReportDraft,
    sources: tuple[PreparedSource, ...],
    findings: Mapping[int, StepFindings],
    *,
    wording: Report,
) -> ReportDraft:
    """The draft with a last section on those of `sources` that it does not cite, and a note if some could not
    be read; as it is if there are none."""
    failed = [source for source in sources if source.status == "failed"]
    copies = [source for source in sources if source.status == "duplicate"]
    cited = {citation.source_id for citation in _cited(draft)}
    uncited = [source for source in sources if source.status == "ready" and source.source_id not in cited]
    if not failed and not copies and not uncited:
        return draft
    phrases = wording.unused
    blocks: list[Block] = []
    if failed:
        blocks.append(Paragraph((Span(phrases.opening),)))
        blocks.append(_grouped(((s, _why(s, phrases)) for s in failed), wording))
    if copies:
        titles = {source.source_id: _title(source) for source in sources}
        blocks.append(Paragraph((Span(phrases.copies),)))
        blocks.append(_grouped(((s, _same(s, titles, wording)) for s in copies), wording))
    if uncited:
        blocks.append(Paragraph((Span(phrases.uncited),)))
        found = {
            citation.source_id for one in findings.values() for f in one.findings for citation in f.citations
        }
        blocks.append(
            _grouped(
                ((s, phrases.told_by_others if s.source_id in found else phrases.beside) for s in uncited),
                wording,
            )
        )
    total = sum(source.status != "opened" for source in sources)
    told = phrases.note.format(failed=len(failed), total=total) if failed else ""
    note = wording.joint.join(part for part in (draft.note, told) if part)
    return replace(
        draft,
        note=note.strip(),
        sections=(*draft.sections, SectionDraft("unread", phrases.title, tuple(blocks))),
    )


def _cited(draft: ReportDraft) -> Iterator[Citation]:
    """Everything that the draft cites."""
    for section in draft.sections:
        for block in section.blocks:
            rows = (
                (block.spans,)
                if isinstance(block, Paragraph)
                else block.items
                if isinstance(block, Bullets)
                else sum(block.rows, ())
            )
            for row in rows:
                for span in row:
                    yield from span.citations


def _grouped(told: Iterable[tuple[PreparedSource, str]], wording: Report) -> Bullets:
    """A line for each reason, with every source that it is true of."""
    groups: dict[str, list[PreparedSource]] = {}
    for source, why in told:
        groups.setdefault(why, []).append(source)
    lines = []
    for why, sources in groups.items():
        names = [
            _name(source, wording.comma.strip() if n < len(sources) else wording.colon.strip())
            for n, source in enumerate(sources, start=1)
        ]
        lines.append((*names, Span(why)))
    return Bullets(tuple(lines))


def _title(source: PreparedSource) -> str:
    return shorten(source.title or source.url or source.source_id, 120)


def _name(source: PreparedSource, mark: str) -> Span:
    """A source's title, which leads to its address if it has one, and the mark behind it."""
    return Span(_title(source) + mark, strong=True, url=source.url or "")


def _why(source: PreparedSource, phrases: Unused) -> str:
    reason = source.reason or "malformed"
    return phrases.failures.get(reason) or f"{source.detail or reason} {ACTIONS[reason]}"


def _same(source: PreparedSource, titles: dict[str, str], wording: Report) -> str:
    return wording.unused.same_as.format(
        share=round(100 * (source.similarity or 1.0)),
        original=wording.quoted(titles.get(source.duplicate_of or "", "")),
    )
