"""A report draft into Markdown with numbered references. The only place where report markup is written."""

import re
from collections.abc import Mapping

from reprise_contracts.artifacts import (
    Bar,
    BarGroup,
    Chart,
    Citation,
    Phase4,
    PreparedSource,
    Reference,
    Section,
)
from reprise_research.drafts import (
    BarDraft,
    Block,
    Bullets,
    ChartDraft,
    Paragraph,
    ReportDraft,
    SectionDraft,
    Span,
    Table,
)
from reprise_research.text.markup import escaped, link

_NUMBER = re.compile(r"(?<!\\)\[(\d+)\]")


class Renderer:
    """Numbers sources in the order in which the report first cites them."""

    def __init__(
        self,
        sources: tuple[PreparedSource, ...],
        unsupported_mark: str,
        known: tuple[Reference, ...] = (),
    ) -> None:
        self._mark = f"*({escaped(unsupported_mark)})*"
        self._sources = {source.source_id: source for source in sources}
        self._cited: dict[str, dict[tuple[int, int], Citation]] = {
            one.source_id: {(c.start, c.end): c for c in one.citations} for one in known
        }
        self._numbered = {one.source_id: one.number for one in known}
        """Sources whose number is fixed; any other gets the next one."""
        self.unsupported: list[str] = []

    def section(self, draft: SectionDraft) -> Section:
        """One section; its Markdown does not repeat the title."""
        markdown = "\n\n".join(text for text in (self._block(block) for block in draft.blocks) if text)
        return Section(
            section_id=draft.section_id,
            title=draft.title,
            markdown=markdown,
            steps=draft.steps,
            finding_ids=draft.finding_ids,
            charts=tuple(self._chart(chart) for chart in draft.charts),
        )

    def references(self) -> tuple[Reference, ...]:
        """The sources that were cited, with the passages."""
        return tuple(
            Reference(
                number=self._numbered[source_id],
                source_id=source_id,
                title=self._sources[source_id].title or source_id,
                url=self._sources[source_id].final_url or self._sources[source_id].url,
                author=self._sources[source_id].author,
                published=self._sources[source_id].published,
                work=self._sources[source_id].work,
                citations=tuple(cited.values()),
            )
            for source_id, cited in self._cited.items()
        )

    def reference_list(self) -> str:
        """The references as Markdown, one line each."""
        return "\n".join(f"{reference.number}. {self.named(reference)}" for reference in self.references())

    def named(self, reference: Reference) -> str:
        """A source as the list names it."""
        source = self._sources[reference.source_id]
        told = (source.author, source.published, _file_of(source))
        details = [escaped(text) for text in told if text and text != reference.title]
        name = link(reference.title, reference.url) if reference.url else escaped(reference.title)
        return ", ".join([name, *details]) + "."

    def _chart(self, chart: ChartDraft) -> Chart:
        comparisons = tuple(
            BarGroup(subject=subject, bars=tuple(self._bar(bar) for bar in bars))
            for subject, bars in chart.comparisons
        )
        return Chart(title=chart.title, comparisons=comparisons)

    def _bar(self, bar: BarDraft) -> Bar:
        return Bar(value=bar.value, text=bar.text, references=self._numbers(bar.citations))

    def _block(self, block: Block) -> str:
        if isinstance(block, Paragraph):
            return self._row(block.spans)
        if isinstance(block, Bullets):
            return "\n".join(f"- {self._row(item)}" for item in block.items)
        return self._table(block)

    def _table(self, table: Table) -> str:
        lines = [table.header, tuple("---" for _ in table.header)]
        head = [
            f"| {' | '.join(escaped(cell) if cell != '---' else cell for cell in line)} |" for line in lines
        ]
        return "\n".join(
            [*head, *(f"| {' | '.join(self._row(cell) for cell in row)} |" for row in table.rows)]
        )

    def _row(self, spans: tuple[Span, ...]) -> str:
        return " ".join(self._span(span) for span in spans if span.text.strip())

    def _span(self, span: Span) -> str:
        text = link(span.text, span.url) if span.url else escaped(span.text)
        if span.strong:
            text = f"**{text}**"
        elif span.emphasis:
            text = f"*{text}*"
        numbers = self._numbers(span.citations)
        if span.claim and not numbers:
            self.unsupported.append(span.text)
            return f"{text} {self._mark}"
        mark = f"*({escaped(span.mark)})*" if span.mark else ""
        return " ".join(part for part in (text, mark, "".join(f"[{number}]" for number in numbers)) if part)

    def _numbers(self, citations: tuple[Citation, ...]) -> tuple[int, ...]:
        """In the order of the citations: the source that is quoted comes first."""
        return tuple(
            dict.fromkeys(
                self._number(citation) for citation in citations if citation.source_id in self._sources
            )
        )

    def _number(self, citation: Citation) -> int:
        self._cited.setdefault(citation.source_id, {}).setdefault((citation.start, citation.end), citation)
        return self._numbered.setdefault(citation.source_id, max(self._numbered.values(), default=0) + 1)


def _file_of(source: PreparedSource) -> str:
    """The name of the file that a source without an address was read from: its ending tells the kind."""
    held, _, name = source.site.partition(":")
    return name if held == "file" and not (source.final_url or source.url) else ""


def render(
    draft: ReportDraft, sources: tuple[PreparedSource, ...]
) -> tuple[str, tuple[Section, ...], tuple[Reference, ...], tuple[str, ...]]:
    """Markdown of the whole report, its sections, its references, and the claims that cite no source that was
    read."""
    renderer = Renderer(sources, draft.unsupported_mark)
    sections = tuple(renderer.section(section) for section in draft.sections)
    parts = [f"# {escaped(draft.title)}"]
    if draft.note:
        parts.append(f"> {escaped(draft.note)}")
    for section in sections:
        parts.append(f"## {escaped(section.title)}")
        parts.append(section.markdown)
    if renderer.references():
        parts.append(f"## {escaped(draft.references_title)}")
        parts.append(renderer.reference_list())
    return (
        "\n\n".join(part for part in parts if part) + "\n",
        sections,
        renderer.references(),
        tuple(dict.fromkeys(renderer.unsupported)),
    )


def rewritten(
    before: Phase4, draft: SectionDraft, sources: tuple[PreparedSource, ...], unsupported_mark: str
) -> Phase4:
    """The report with one section in place of the one of the same id. The others stay as they are written,
    with the numbers of their sources; what nothing cites any more leaves the list."""
    renderer = Renderer(sources, unsupported_mark, before.references)
    new = renderer.section(draft)
    sections = tuple(new if one.section_id == new.section_id else one for one in before.sections)
    used = {int(number) for one in sections for number in _NUMBER.findall(one.markdown)} | {
        number
        for one in sections
        for chart in one.charts
        for comparison in chart.comparisons
        for bar in comparison.bars
        for number in bar.references
    }
    references = tuple(one for one in renderer.references() if one.number in used)
    listed = "\n".join(f"{one.number}. {renderer.named(one)}" for one in references)
    head, told = before.markdown.split("\n## ", 1)[0], before.markdown.rsplit("\n## ", 1)[-1]
    parts = [head.rstrip("\n")]
    for section in sections:
        parts += [f"## {escaped(section.title)}", section.markdown]
    if references:
        parts += [f"## {told.split(chr(10), 1)[0]}" if before.references else "## References", listed]
    text = "\n".join(one.markdown for one in sections)
    kept = [claim for claim in before.unsupported_claims if escaped(claim) in text]
    return before.model_copy(
        update={
            "markdown": "\n\n".join(part for part in parts if part) + "\n",
            "sections": sections,
            "references": references,
            "unsupported_claims": tuple(dict.fromkeys((*kept, *renderer.unsupported))),
            "changes": None,
        }
    )


def without_numbers(markdown: str, references: Mapping[int, str]) -> str:
    """A section's Markdown with each reference's number replaced by its source, so that renumbering alone is
    no change."""
    return _NUMBER.sub(lambda found: f"[{references.get(int(found.group(1)), found.group(1))}]", markdown)
