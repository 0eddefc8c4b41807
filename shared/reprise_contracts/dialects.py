"""Frames in another client's shapes, where one name has two: sent in place of ours to whoever asks for the dialect.

`deep-insights` is the front end that Reprise was first asked to serve. Most of what it reads stands beside our own fields in
`frames`; here is what cannot, and what only it is told.
"""

from typing import Literal

from reprise_contracts.frames import Frame
from reprise_contracts.nodes import Phase
from reprise_contracts.wire import Instant, Message

Dialect = Literal["reprise", "deep-insights"]


class Claim(Message):
    """One claim and what it rests on."""

    claim: str
    supporting_evidence: str = ""


class Evidence(Message):
    """One passage of a source."""

    evidence_type: str
    description: str


class PointsOfInterest(Message):
    """What a step found."""

    key_claims: tuple[Claim, ...] = ()
    notable_evidence: tuple[Evidence, ...] = ()


class Why(Message):
    """One level of asking why; Reprise asks none."""

    level: int
    question: str
    answer: str


class AnalysisDetails(Message):
    """How sure a step is."""

    five_whys: tuple[Why, ...] = ()
    assumptions: tuple[str, ...] = ()
    uncertainties: tuple[str, ...] = ()


class CardFindings(Message):
    """A step's findings as that client shows them."""

    summary: str = ""
    article: str = ""
    points_of_interest: PointsOfInterest = PointsOfInterest()
    analysis_details: AnalysisDetails = AnalysisDetails()


class CardData(Message):
    """A step as that client's card."""

    step_id: int
    title: str = ""
    findings: CardFindings = CardFindings()
    insights: str = ""
    confidence: float = 0.0
    """0 to 1."""
    sources: tuple[str, ...] = ()
    timestamp: Instant | None = None


class StepCard(Frame):
    """A step completed (again)."""

    type: Literal["phase3:step_complete"] = "phase3:step_complete"
    stepData: CardData  # noqa: N815  # the client's name


class SynthesizedTopic(Message):
    """The synthesized goal in three parts."""

    comprehensive_topic: str
    component_questions: tuple[str, ...] = ()
    unifying_theme: str = ""


class SynthesizedTopicFrame(Frame):
    """The synthesized goal is there."""

    type: Literal["research:synthesized_goal"] = "research:synthesized_goal"
    synthesized_goal: SynthesizedTopic


class ReportFreshness(Frame):
    """Whether the report is out of date, told where no run's own frame says it: after an edit, a change of sources, a cancel,
    and to a client that connects. That client learns it from this type only, and takes it for the end of a rerun."""

    type: Literal["research:phase_rerun_complete"] = "research:phase_rerun_complete"
    phase: Phase | None = None
    phases: tuple[Phase, ...] = ()
    report_stale: bool
