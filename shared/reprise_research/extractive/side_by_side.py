"""The report's figures side by side: a table of those that several sources give or that are disputed, and
bars of the disputed ones."""

from collections.abc import Mapping

from reprise_contracts.artifacts import Step, StepFindings
from reprise_research.drafts import BarDraft, ChartDraft, Paragraph, SectionDraft, Span, Table
from reprise_research.extractive.disputes import PlaceKey, Statement, disputed_figure, disputes, place
from reprise_research.extractive.wording import Wording
from reprise_research.judging import tongue
from reprise_research.quantities import Quantity, amounts
from reprise_research.text.clauses import clause
from reprise_research.text.words import terms

_FEWEST_FIGURES = 2
_MOST_FIGURES = 16
_MOST_DRAWN = 8
_NO_SUBJECT = "–"


def figures_of(
    asked: list[Step], findings: Mapping[int, StepFindings], wording: Wording
) -> SectionDraft | None:
    """Figures with their clause, those that differ below each other; None if there are few. Only figures that
    several sources give, that are disputed, or that another source gives otherwise, be it of another thing:
    the others stand in their sections."""
    rows: list[tuple[tuple[Span, ...], ...]] = []
    told: set[PlaceKey] = set()
    for step in asked:
        own = [f for f in findings[step.step_id].findings if f.citations]
        lines = [
            (value, d.who_gives(value, clause_of(value)))
            for d in disputes(own)
            if len(d.values) > 1
            for value in d.values
        ]
        shared = [f for f in own if f.support > 1 and not f.contradicts]
        lines += [(Statement(f.claim, f.citations, first_figure(f.claim)), f.citations) for f in shared]
        for one in own:
            if one.beside:
                lines.append(
                    (
                        Statement(one.claim, one.citations, disputed_figure(one.claim, one.beside)),
                        one.citations,
                    )
                )
                lines += [
                    (Statement(c.claim, (c.citation,), disputed_figure(c.claim, (c,))), (c.citation,))
                    for c in one.beside
                ]
        for statement, citations in lines:
            if (
                statement.figure is None
                or place(statement.citations[0]) in told
                or len(rows) >= _MOST_FIGURES
            ):
                continue
            told |= {place(citation) for citation in citations}
            title = subject_of(statement.claim, step, asked)
            rows.append(((Span(title),), (Span(snippet(statement), citations, claim=True),)))
    if len(rows) < _FEWEST_FIGURES:
        return None
    blocks = (Paragraph((Span(wording.figures_opening),)), Table(wording.figures_header, tuple(rows)))
    return SectionDraft("figures", wording.figures_title, blocks, charts=_charts(asked, findings, wording))


def subject_of(claim: str, own: Step, asked: list[Step]) -> str:
    """The title of the question that a statement speaks of: its own if it names what that asks about, else
    another one of which it names more; none where what is left over speaks of none of them."""
    code = tongue(claim)
    said = frozenset(terms(claim, code))

    def named(step: Step) -> float:
        wanted = frozenset(terms(step.title, code))
        return len(wanted & said) / len(wanted) if wanted else 0.0

    best = max(asked, key=named, default=own)
    if own.kind == "rest" and not named(best):
        return _NO_SUBJECT
    return own.title if named(own) >= named(best) else best.title


def _charts(
    asked: list[Step], findings: Mapping[int, StepFindings], wording: Wording
) -> tuple[ChartDraft, ...]:
    """Disputed figures as bars: those of one unit, each dispute once."""
    comparisons: list[tuple[str, tuple[BarDraft, ...]]] = []
    told: set[PlaceKey] = set()
    for step in asked:
        for dispute in disputes([f for f in findings[step.step_id].findings if f.citations]):
            given = [
                (value.figure, dispute.who_gives(value))
                for value in dispute.values
                if value.figure is not None
            ]
            units = {figure.unit for figure, _ in given}
            places = {place(citation) for _, citations in given for citation in citations}
            if len(given) < 2 or len(units) > 1 or places & told or len(comparisons) >= _MOST_DRAWN:
                continue
            told |= places
            bars = tuple(
                BarDraft(float(figure.value), figure.told, citations)
                for figure, citations in given
                if figure.value is not None
            )
            comparisons.append((step.title, tuple(sorted(bars, key=lambda bar: -bar.value))))
    return (ChartDraft(wording.chart_title, tuple(comparisons)),) if comparisons else ()


def first_figure(claim: str) -> Quantity | None:
    """The first amount of a claim."""
    return next(iter(amounts(claim, tongue(claim))), None)


def snippet(statement: Statement) -> str:
    """The clause around the figure that matters, with an ellipsis where words of the source were left out."""
    words = clause_of(statement)
    start, closed = (
        statement.claim.find(words),
        statement.claim.rstrip(".。!！").endswith(words.rstrip(".。!！")),
    )
    return ("… " if start else "") + words + ("" if closed else " …")


def clause_of(statement: Statement) -> str:
    """The words of a statement around the figure that matters; all of them if there is none."""
    if statement.figure is None:
        return statement.claim
    start, end = clause(statement.claim, statement.figure.start, statement.figure.end, limit=120)
    return statement.claim[start:end]
