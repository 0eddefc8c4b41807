"""The report's figures side by side: a table of those that several sources give or that are disputed, and bars of the disputed ones."""

from collections.abc import Mapping

from reprise_contracts.artifacts import Step, StepFindings
from reprise_research.drafts import BarDraft, ChartDraft, Paragraph, SectionDraft, Span, Table
from reprise_research.extractive.disputes import PlaceKey, Statement, disputes, place, telling_figure
from reprise_research.extractive.wording import Wording
from reprise_research.text.figures import clause

_FEWEST_FIGURES = 3
_MOST_FIGURES = 16
_MOST_DRAWN = 8


def figures_of(asked: list[Step], findings: Mapping[int, StepFindings], topic: str, wording: Wording) -> SectionDraft | None:
    """Figures with their clause, those that differ below each other; None if there are few. Only figures that several sources give or
    that are disputed: the others stand in their sections."""
    rows: list[tuple[tuple[Span, ...], ...]] = []
    told: set[PlaceKey] = set()
    for step in asked:
        own = [f for f in findings[step.step_id].findings if f.citations]
        lines = [(value, d.who_gives(value, clause_of(value))) for d in disputes(own, topic) if len(d.values) > 1 for value in d.values]
        shared = [f for f in own if f.support > 1 and not f.contradicts]
        lines += [(Statement(f.claim, f.citations, telling_figure(f.claim, (), topic)), f.citations) for f in shared]
        for statement, citations in lines:
            if statement.figure is None or place(statement.citations[0]) in told or len(rows) >= _MOST_FIGURES:
                continue
            told |= {place(citation) for citation in citations}
            rows.append(((Span(step.title),), (Span(snippet(statement), citations, claim=True),)))
    if len(rows) < _FEWEST_FIGURES:
        return None
    blocks = (Paragraph((Span(wording.figures_opening),)), Table(wording.figures_header, tuple(rows)))
    return SectionDraft("figures", wording.figures_title, blocks, charts=_charts(asked, findings, topic, wording))


def _charts(asked: list[Step], findings: Mapping[int, StepFindings], topic: str, wording: Wording) -> tuple[ChartDraft, ...]:
    """Disputed figures as bars: those of one unit, each dispute once."""
    comparisons: list[tuple[str, tuple[BarDraft, ...]]] = []
    told: set[PlaceKey] = set()
    for step in asked:
        for dispute in disputes([f for f in findings[step.step_id].findings if f.citations], topic):
            given = [(value.figure, dispute.who_gives(value)) for value in dispute.values if value.figure is not None]
            units = {figure.unit for figure, _ in given}
            places = {place(citation) for _, citations in given for citation in citations}
            if len(given) < 2 or len(units) > 1 or places & told or len(comparisons) >= _MOST_DRAWN:
                continue
            told |= places
            bars = tuple(BarDraft(figure.value, figure.text, citations) for figure, citations in given)
            comparisons.append((step.title, tuple(sorted(bars, key=lambda bar: -bar.value))))
    return (ChartDraft(wording.chart_title, tuple(comparisons)),) if comparisons else ()


def snippet(statement: Statement) -> str:
    """The clause around the figure that matters, with an ellipsis where words of the source were left out."""
    words = clause_of(statement)
    start, closed = statement.claim.find(words), statement.claim.rstrip(".。!！").endswith(words.rstrip(".。!！"))
    return ("… " if start else "") + words + ("" if closed else " …")


def clause_of(statement: Statement) -> str:
    """The words of a statement around the figure that matters; all of them if there is none."""
    if statement.figure is None:
        return statement.claim
    start, end = clause(statement.claim, statement.figure, limit=120)
    return statement.claim[start:end]
