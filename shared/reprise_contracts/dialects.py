"""Frames in another client's shapes, where one name has two: sent in place of ours to whoever asks for the
dialect.

`deep-insights` is the front end that Reprise was first asked to serve. Most of what it reads stands beside
our own fields in `frames`; here is what cannot, and what only it is told.
"""

from typing import Literal

from reprise_contracts.frames import Frame, GoalView, StepView
from reprise_contracts.nodes import Phase
from reprise_contracts.wire import Instant, Message


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
    """Whether the report is out of date, told where no run's own frame says it: after an edit, a change of
    sources, a cancel, and to a client that connects. That client learns it from this type only, and takes it
    for the end of a rerun."""

    type: Literal["research:phase_rerun_complete"] = "research:phase_rerun_complete"
    phase: Phase | None = None
    phases: tuple[Phase, ...] = ()
    report_stale: bool


class StepRerunOver(Frame):
    """That the step which was run again last is at rest, told to a client that connects: it may have been
    away when it ended, and nothing else takes it for over."""

    type: Literal["research:step_rerun_complete", "research:step_rerun_error"]
    step_id: int
    regenerate_report: bool = False
    report_stale: bool
    message: str | None = None
    """Why it failed."""


# Answers to that client's own calls


class IngestedItem(Message):
    """One source of a call that brought sources."""

    url: str
    """The address; of an upload its name."""
    source: str
    link_id: str


class Ingested(Message):
    """`POST /links/format`, `POST /ingestion/sources`."""

    batch_id: str
    items: tuple[IngestedItem, ...] = ()
    total: int = 0
    session_id: str | None = None


class PastSession(Message):
    """One line of `GET /history`."""

    batch_id: str
    session_id: str
    created_at: Instant | None = None
    updated_at: Instant | None = None
    status: str
    topic: str = ""
    url_count: int = 0
    current_phase: str = ""


class Pagination(Message):
    """Where a page of the history is; `total` counts what was looked at for it."""

    total: int
    limit: int
    offset: int
    has_more: bool = False


class History(Message):
    """`GET /history`."""

    sessions: tuple[PastSession, ...] = ()
    pagination: Pagination


class PastScraping(Message):
    """How preparing the sources ended, in that client's own names."""

    total: int = 0
    expected_total: int = 0
    completed: int = 0
    failed: int = 0
    inProgress: int = 0  # noqa: N815  # the client's name
    items: tuple[str, ...] = ()
    completionRate: float = 0.0  # noqa: N815  # as above
    is100Percent: bool = False  # noqa: N815  # as above
    canProceedToResearch: bool = False  # noqa: N815  # as above


class PastMetadata(Message):
    """What a session found, where that client looks for it."""

    phase1_confirmed_goals: tuple[GoalView, ...] = ()
    research_plan: tuple[StepView, ...] = ()
    synthesized_goal: SynthesizedTopic | None = None
    final_report: str | None = None
    final_report_generated_at: Instant | None = None
    report_stale: bool = False


class PastSteps(Message):
    """The steps of a session, where that client looks for them."""

    plan: tuple[StepView, ...] = ()
    steps: tuple[CardData, ...] = ()
    completed_step_ids: tuple[int, ...] = ()
    total_steps: int = 0
    next_step_id: int | None = None
    synthesized_goal: SynthesizedTopic | None = None


class PastResearch(PastSession):
    """`GET /history/{batch_id}`."""

    scraping_status: PastScraping = PastScraping()
    metadata: PastMetadata = PastMetadata()
    phase3: PastSteps = PastSteps()
    data_loaded: bool = False
    resume_required: bool = False


class Resumed(Message):
    """`POST /history/{batch_id}/resume`, `DELETE /history/session/{session_id}`."""

    batch_id: str
    session_id: str
    status: str


class ExportedReport(Message):
    """`POST /exports/session-html/{session_id}`."""

    file_path: str
    file_url: str
    cached: bool = False
    filename: str
