"""What an engine hands back where an artifact is not yet one: a plan without numbers, a report without
references.

A report is drafted in spans, not in Markdown: only the report phase writes markup and numbers references, so
nothing that a source or a model says can become a link, a heading or a tag, and a statement without a source
is seen as one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reprise_contracts.artifacts import Citation, Step, Theme


@dataclass(frozen=True)
class Abstract:
    """The combined abstract of all sources, and the themes that they share."""

    text: str = ""
    themes: tuple[Theme, ...] = ()
    depends: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """By source, those whose figures or statements it repeats, as a model judges it."""


@dataclass(frozen=True)
class PlanDraft:
    """A plan whose steps carry any unique numbers; `depends_on` uses those."""

    synthesized_goal: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Span:
    """A stretch of plain text. With `citations` it is evidence; `claim` says that it needs some."""

    text: str
    citations: tuple[Citation, ...] = ()
    claim: bool = False
    strong: bool = False
    emphasis: bool = False
    mark: str = ""
    """What is said of it behind it: that it is a judgement."""
    url: str = ""
    """Where the text leads, if it is a source's own address."""


@dataclass(frozen=True)
class Paragraph:
    """Spans that follow each other, with a space between."""

    spans: tuple[Span, ...]


@dataclass(frozen=True)
class Bullets:
    """A list; every item is a row of spans."""

    items: tuple[tuple[Span, ...], ...]


@dataclass(frozen=True)
class Table:
    """A table; every cell is a row of spans."""

    header: tuple[str, ...]
    rows: tuple[tuple[tuple[Span, ...], ...], ...]


Block = Paragraph | Bullets | Table


@dataclass(frozen=True)
class BarDraft:
    """A figure to draw: its size, its words, and who gives it. `value` counts in one unit within a
    comparison."""

    value: float
    text: str
    citations: tuple[Citation, ...]


@dataclass(frozen=True)
class ChartDraft:
    """Figures to draw beside each other: for each subject the bars that are compared."""

    title: str
    comparisons: tuple[tuple[str, tuple[BarDraft, ...]], ...]


@dataclass(frozen=True)
class SectionDraft:
    """A section. Its id is stable from one report to the next, so that changes can be told."""

    section_id: str
    title: str
    blocks: tuple[Block, ...]
    steps: tuple[int, ...] = ()
    finding_ids: tuple[str, ...] = ()
    charts: tuple[ChartDraft, ...] = ()
    """Drawn below the text, in the formats that can draw; the text must say the same without them."""


@dataclass(frozen=True)
class ReportDraft:
    """A report before its references are numbered."""

    title: str
    sections: tuple[SectionDraft, ...]
    note: str = ""
    """A line below the title that says how the report was made."""
    references_title: str = "References"
    unsupported_mark: str = "no source says this"
    """What stands behind a claim without a citation."""
