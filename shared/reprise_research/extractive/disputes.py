"""Findings that contradict each other, brought together: one dispute is told once, with every side once."""

from collections.abc import Iterable
from dataclasses import dataclass

from reprise_contracts.artifacts import Citation, Contradiction, Finding
from reprise_research.judging import judging, tongue
from reprise_research.quantities import Quantity, quantities, same

PlaceKey = tuple[str, int]


@dataclass(frozen=True)
class Statement:
    """What one side says, and where; `figure` is the one that is in dispute."""

    claim: str
    citations: tuple[Citation, ...]
    figure: Quantity | None


@dataclass(frozen=True)
class Dispute:
    """Statements of which each contradicts another. `findings` are those that it is made of."""

    statements: tuple[Statement, ...]
    findings: tuple[Finding, ...]
    reasons: tuple[str, ...]

    @property
    def values(self) -> tuple[Statement, ...]:
        """One statement for each figure that is given; fewer than two if the dispute is not about figures."""
        told: list[Statement] = []
        for statement in self.statements:
            if statement.figure is not None and not any(
                same(statement.figure, s.figure) for s in told if s.figure is not None
            ):
                told.append(statement)
        return tuple(told)

    def touches(self, found: Finding) -> bool:
        """Whether a finding is one of them, or quotes one of the statements among other sentences."""
        return found in self.findings or any(
            holds(lead, citation)
            for lead in found.citations[:1]
            for statement in self.statements
            for citation in statement.citations
        )

    def givers(self, found: Finding) -> int:
        """How many sources give the figure of a finding; of one without a figure, how many support it."""
        value = next((s for s in self.statements if s.claim == found.claim), None)
        return max(
            found.support,
            len({citation.source_id for citation in self.who_gives(value)}) if value is not None else 0,
        )

    def who_gives(self, value: Statement, words: str = "") -> tuple[Citation, ...]:
        """Everyone who gives the figure of a statement; with `words`, those of them whose own passage says so
        much."""
        given = value.figure
        if given is None:
            return ()
        alike = [s for s in self.statements if s is value or (s.figure is not None and same(s.figure, given))]
        givers = [citation for statement in alike for citation in statement.citations]
        return tuple(
            c for c in givers if not words or c in value.citations[:1] or judging().backs(c.quote, words)
        )


def place(citation: Citation) -> PlaceKey:
    """What tells one passage from another."""
    return citation.source_id, citation.start


def holds(one: Citation, other: Citation) -> bool:
    """Return whether a passage has all of another one."""
    same_text = (one.source_id, one.text_sha256) == (other.source_id, other.text_sha256)
    return same_text and one.start <= other.start and other.end <= one.end


def disputed_figure(claim: str, against: Iterable[Contradiction]) -> Quantity | None:
    """The figure of a claim that something gives otherwise, if it is one."""
    given = {value for contradiction in against for value in contradiction.values}
    return next((figure for figure in quantities(claim, tongue(claim)) if figure.told in given), None)


def disputes(found: Iterable[Finding]) -> list[Dispute]:
    """The disputes among findings, in their order: findings belong together if they contradict one another or
    a common passage."""
    clusters: list[list[Finding]] = []
    for finding in found:
        if not finding.contradicts or not finding.citations:
            continue
        joined = [cluster for cluster in clusters if any(_linked(finding, other) for other in cluster)]
        merged = [*(one for cluster in joined for one in cluster), finding]
        clusters = [cluster for cluster in clusters if cluster not in joined]
        clusters.append(merged)
    return [_dispute(cluster) for cluster in clusters]


def _linked(one: Finding, other: Finding) -> bool:
    mine = {place(c) for c in one.citations} | {place(c.citation) for c in one.contradicts}
    theirs = {place(c) for c in other.citations} | {place(c.citation) for c in other.contradicts}
    return bool(mine & theirs)


def _dispute(cluster: list[Finding]) -> Dispute:
    reasons = tuple(dict.fromkeys(c.reason for finding in cluster for c in finding.contradicts))
    told: set[PlaceKey] = set()
    statements: list[Statement] = []
    for finding in cluster:
        fresh = place(finding.citations[0]) not in told
        told |= {place(citation) for citation in finding.citations}
        if fresh:
            statements.append(
                Statement(
                    finding.claim, finding.citations, disputed_figure(finding.claim, finding.contradicts)
                )
            )
    for finding in cluster:
        for against in finding.contradicts:
            if place(against.citation) not in told:
                told.add(place(against.citation))
                statements.append(
                    Statement(against.claim, (against.citation,), disputed_figure(against.claim, (against,)))
                )
    return Dispute(tuple(statements), tuple(cluster), reasons)
