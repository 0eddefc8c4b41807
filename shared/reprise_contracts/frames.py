"""WebSocket frames. Durable ones are made from commits and carry `seq` and `n`; live ones from progress, and
may be thinned."""

from typing import Annotated, ClassVar, Literal

from pydantic import Field, TypeAdapter, model_validator

from reprise_contracts.artifacts import Finding, Goal, Step
from reprise_contracts.nodes import NodeId, NodeOrGroup, Phase, Status
from reprise_contracts.problems.model import ProblemDocument
from reprise_contracts.sources import Check, FailureReason
from reprise_contracts.states import Cause, NodeView, QueuedView, RunView, State
from reprise_contracts.wire import Instant, Message


class Frame(Message):
    """What every frame carries."""

    DURABLE: ClassVar[bool] = True

    type: str
    batch_id: str = ""
    session_id: str = ""
    at: Instant | None = None
    seq: int | None = None
    n: int | None = None

    def encode(self) -> bytes:
        """JSON with every field that has a value."""
        return self.model_dump_json(exclude_none=True).encode()


NOTHING = "None"
"""How the existing client is told that a field of a token holds nothing: anything else, also an absent field,
counts as text."""


class Live(Frame):
    """A frame that says which attempt it is of, and may be thinned."""

    DURABLE = False

    node: NodeId | None = None
    generation: int = 0
    attempt: int = 0


class Telling(Frame):
    """What every frame carries that tells what an artifact says."""

    gone: Literal[True] | None = None
    """The artifact is gone, and with it what there was to tell: a later one took its place and is told by a
    later frame, or it is lost."""


class Connected(Frame):
    """First frame."""

    DURABLE = False
    type: Literal["connected"] = "connected"
    epoch: str
    sessions: tuple[str, ...] = ()


class Snapshot(Frame):
    """The state of every session of the batch as of `seq`."""

    DURABLE = False
    type: Literal["snapshot"] = "snapshot"
    sessions: tuple[State, ...] = ()

    def encode(self) -> bytes:
        """JSON in which a state says what it has not, as over REST."""
        around = self.model_dump_json(exclude_none=True, exclude={"sessions"})
        states = ",".join(state.model_dump_json() for state in self.sessions)
        return f'{around[:-1]},"sessions":[{states}]}}'.encode()


class Reset(Frame):
    """The position asked for is of another epoch or gone; a snapshot follows."""

    DURABLE = False
    type: Literal["reset"] = "reset"
    reason: str = ""


class WorkflowProgress(Live):
    """How far a run is, in per cent."""

    type: Literal["workflow:progress"] = "workflow:progress"
    progress: float
    message: str = ""
    phase: Phase
    step_id: int | None = None
    done: int | None = None
    total: int | None = None
    """Of a run: how many of its nodes have come to their end, those among them that it kept as they were, and
    how many there are."""


class RunResult(Message):
    """Whose run completed, where the existing client looks for it."""

    session_id: str


class WorkflowComplete(Frame):
    """A run completed. What it says of the report's freshness, if anything, comes after it in the same
    commit."""

    type: Literal["workflow:complete"] = "workflow:complete"
    run_id: str
    result: RunResult | None = None
    report_stale: bool | None = None
    """Whether the report is out of date now; null where there is none."""


class WorkflowFailed(Frame):
    """A run failed."""

    type: Literal["workflow:failed"] = "workflow:failed"
    run_id: str
    problem: ProblemDocument | None = None


class WorkflowCancelled(Frame):
    """A run was cancelled."""

    type: Literal["workflow:cancelled"] = "workflow:cancelled"
    run_id: str
    reason: str = ""


class WorkflowQueued(Frame):
    """A run waits."""

    type: Literal["workflow:queued"] = "workflow:queued"
    run_id: str
    position: int


class WorkflowRefused(Frame):
    """A command was refused."""

    type: Literal["workflow:refused"] = "workflow:refused"
    command_id: str
    problem: ProblemDocument


class StaleNode(Message):
    """A node that is stale now, and why."""

    node: NodeOrGroup
    causes: tuple[Cause, ...] = ()


class WorkflowStale(Frame):
    """Every node that is stale after this commit, sent when that changed."""

    type: Literal["workflow:stale"] = "workflow:stale"
    nodes: tuple[StaleNode, ...] = ()
    report_stale: bool | None = None
    """Whether the report is out of date; null where there is none, and while a run is active, whose end says
    it."""


class NodeUpdate(NodeView):
    """A node as it is after this commit."""

    DURABLE: ClassVar[bool] = True
    type: Literal["node:update"] = "node:update"
    node: NodeOrGroup
    batch_id: str = ""
    session_id: str = ""
    at: Instant | None = None
    seq: int | None = None
    n: int | None = None

    def encode(self) -> bytes:
        """JSON with every field, so that a field that became empty is seen."""
        return self.model_dump_json().encode()


class SessionUpdate(Frame):
    """The session around its nodes, where a commit changed it. How far a run is comes as
    `workflow:progress`."""

    type: Literal["session:update"] = "session:update"
    run: RunView | None = None
    queue: tuple[QueuedView, ...] = ()
    engine: str = ""
    model: str = ""
    guidance: str = ""
    ended: bool = False
    plan_steps: tuple[int, ...] = ()
    """The numbers of the plan's steps, in its order: a node of a step that is not among them is gone."""

    def encode(self) -> bytes:
        """JSON with every field, so that a field that became empty is seen."""
        return self.model_dump_json().encode()


class BatchInitialized(Frame):
    """How many sources will be prepared."""

    type: Literal["batch:initialized"] = "batch:initialized"
    expected_total: int
    total_processes: int


class ScrapingMetadata(Message):
    """What is known of one source on its way."""

    source: str | None = None
    """Who speaks, or what kind of source it is."""
    bytes_downloaded: int | None = None
    total_bytes: int | None = None
    word_count: int | None = None


class ScrapingItem(Message):
    """One source in a `scraping:status`."""

    link_id: str
    url: str | None = None
    title: str | None = None
    status: str = "pending"
    error: str | None = None
    reason: FailureReason | None = None
    """Why it has no text, without words."""


class ScrapingStatus(Live):
    """How far preparing is with its sources."""

    type: Literal["scraping:status"] = "scraping:status"
    total: int
    completed: int
    failed: int
    inProgress: int  # noqa: N815  # the existing client's name
    items: tuple[ScrapingItem, ...] = ()
    expected_total: int = 0
    total_processes: int = 0
    completion_rate: float = 0.0
    """0 to 1."""
    is_100_percent: bool = False
    can_proceed_to_research: bool = False

    @model_validator(mode="before")
    @classmethod
    def _counted(cls, given: object) -> object:
        """What follows from the counts is filled in: a publisher need not say it."""
        if (
            not isinstance(given, dict)
            or "expected_total" in given
            or not isinstance(given.get("total"), int)
        ):
            return given
        total, ended = given["total"], _whole(given.get("completed")) + _whole(given.get("failed"))
        done = ended >= total
        return {
            **given,
            "expected_total": total,
            "total_processes": total,
            "completion_rate": round(ended / total, 4) if total else 1.0,
            "is_100_percent": done,
            "can_proceed_to_research": done and _whole(given.get("completed")) > 0,
        }


def _whole(value: object) -> int:
    return value if isinstance(value, int) else 0


class ScrapingConfirmed(Frame):
    """Every source came to its end: the research goes on."""

    type: Literal["scraping:all_complete_confirmed"] = "scraping:all_complete_confirmed"
    confirmed: bool = True
    expected_total: int
    total_final: int
    completed_count: int
    failed_count: int
    pending_count: int = 0
    in_progress_count: int = 0
    registered_count: int
    completion_rate: float = 1.0
    is_100_percent: bool = True


class ScrapingCancelled(Frame):
    """A run was cancelled, by the only name that the existing client has for it."""

    type: Literal["scraping:cancelled"] = "scraping:cancelled"
    timestamp: Instant | None = None
    reason: str = ""
    state: dict[str, Status] = Field(default_factory=dict)
    """The phases' statuses at that moment."""


class ScrapingItemProgress(Live):
    """One source on its way."""

    type: Literal["scraping:item_progress"] = "scraping:item_progress"
    link_id: str
    url: str | None = None
    title: str | None = None
    stage: str
    stage_progress: float = 0.0
    overall_progress: float = 0.0
    message: str = ""
    metadata: ScrapingMetadata | None = None
    timestamp: Instant | None = None


class ScrapingItemUpdate(Live):
    """One source came to its end."""

    type: Literal["scraping:item_update"] = "scraping:item_update"
    link_id: str
    url: str | None = None
    title: str | None = None
    status: str
    error: str | None = None
    reason: FailureReason | None = None
    """Why it has no text, without words."""
    metadata: ScrapingMetadata | None = None
    timestamp: Instant | None = None


class SummarizationProgress(Live):
    """How far reading is, which follows preparing."""

    type: Literal["summarization:progress"] = "summarization:progress"
    current_item: int
    """The place of this source among those that are read, from 1."""
    total_items: int
    link_id: str
    stage: Literal["summarizing", "completed"]
    progress: float
    """Of all of them, 0 to 100."""
    message: str = ""
    completed_items: int
    processing_items: int
    queued_items: int


class SourceChecked(Frame):
    """A check of a watched source told something new (R36). What follows for the nodes is told beside it."""

    type: Literal["source:checked"] = "source:checked"
    source_id: str
    title: str | None = None
    url: str | None = None
    check: Check


class SourceSummary(Telling):
    """What one source says, in short."""

    type: Literal["phase0:summary"] = "phase0:summary"
    link_id: str
    summary_type: Literal["transcript", "comments"] = "transcript"
    summary: str = ""
    timestamp: Instant | None = None


class ResearchStart(Frame):
    """The sources are prepared: the research on them begins."""

    type: Literal["research:start"] = "research:start"
    message: str = ""


class ResearchComplete(Frame):
    """The research is done, and its report is of today's inputs."""

    type: Literal["research:complete"] = "research:complete"
    message: str = ""


class PhaseChange(Frame):
    """A phase began."""

    type: Literal["research:phase_change"] = "research:phase_change"
    phase: Phase
    message: str = ""


class GoalView(Goal):
    """A goal, with the existing client's names beside ours."""

    id: int = 0
    """Its place, from 1."""
    goal_text: str = ""
    uses: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    """What the sources are called."""


class Goals(Telling):
    """The goals are there."""

    type: Literal["research:goals"] = "research:goals"
    goals: tuple[GoalView, ...] = ()


class SynthesizedGoal(Telling):
    """The synthesized goal is there."""

    type: Literal["research:synthesized_goal"] = "research:synthesized_goal"
    synthesized_goal: str = ""
    component_questions: tuple[str, ...] = ()
    unifying_theme: str = ""


class StepView(Step):
    """A step of the plan, with the existing client's names beside ours."""

    goal: str = ""
    required_data: str = ""
    chunk_strategy: str = ""
    notes: str = ""


class PlanFrame(Telling):
    """The plan is there."""

    type: Literal["research:plan"] = "research:plan"
    plan: tuple[StepView, ...] = ()


class StreamStart(Live):
    """A model begins to write."""

    type: Literal["research:stream_start"] = "research:stream_start"
    stream_id: str
    phase: Phase
    metadata: dict[str, str] = Field(default_factory=dict)
    timestamp: Instant | None = None
    active: bool = True


class StreamToken(Live):
    """A model writes."""

    type: Literal["research:stream_token"] = "research:stream_token"
    stream_id: str
    phase: Phase
    token: str
    content: str = NOTHING
    reasoning_content: str = NOTHING


class StreamEnd(Live):
    """A model has written."""

    type: Literal["research:stream_end"] = "research:stream_end"
    stream_id: str
    phase: Phase
    metadata: dict[str, str] = Field(default_factory=dict)
    timestamp: Instant | None = None


class StreamError(Live):
    """What a model was writing broke off. It comes behind the stream's end."""

    type: Literal["research:stream_error"] = "research:stream_error"
    stream_id: str
    phase: Phase
    error: str
    metadata: dict[str, str] = Field(default_factory=dict)
    timestamp: Instant | None = None


class PhaseRerunStarted(Frame):
    """A phase rerun took its turn."""

    type: Literal["research:phase_rerun_started"] = "research:phase_rerun_started"
    phase: Phase
    phases: tuple[Phase, ...]


class PhaseRerunComplete(Frame):
    """A phase rerun is done."""

    type: Literal["research:phase_rerun_complete"] = "research:phase_rerun_complete"
    phase: Phase
    phases: tuple[Phase, ...]
    report_stale: bool


class PhaseRerunError(Frame):
    """A phase rerun failed."""

    type: Literal["research:phase_rerun_error"] = "research:phase_rerun_error"
    phase: Phase
    message: str
    report_stale: bool | None = None
    """Null where there is no report."""


class StepRerunStarted(Frame):
    """A step rerun took its turn."""

    type: Literal["research:step_rerun_started"] = "research:step_rerun_started"
    step_id: int
    regenerate_report: bool


class StepRerunComplete(Frame):
    """A step rerun is done."""

    type: Literal["research:step_rerun_complete"] = "research:step_rerun_complete"
    step_id: int
    regenerate_report: bool
    report_stale: bool
    report_path: str | None = None
    """Where the report is, if the rerun made it anew."""


class StepRerunError(Frame):
    """A step rerun failed."""

    type: Literal["research:step_rerun_error"] = "research:step_rerun_error"
    step_id: int
    regenerate_report: bool
    message: str
    report_stale: bool | None = None
    """Null where there is no report."""


class StepData(Message):
    """What a step found."""

    step_id: int
    title: str = ""
    findings: tuple[Finding, ...] = ()
    insights: tuple[str, ...] = ()
    gaps: tuple[str, ...] = ()
    confidence: str = ""
    sources: tuple[str, ...] = ()
    timestamp: Instant | None = None


class StepComplete(Telling):
    """A step completed (again)."""

    type: Literal["phase3:step_complete"] = "phase3:step_complete"
    stepData: StepData  # noqa: N815  # the existing client's name


class ReportReady(Telling):
    """The report is there."""

    type: Literal["phase4:report_ready"] = "phase4:report_ready"
    report: str = ""
    stale: bool


class ErrorFrame(Frame):
    """A phase failed, or what the client sent was no command."""

    type: Literal["error"] = "error"
    phase: Phase | None = None
    message: str
    problem: ProblemDocument | None = None


class Answer(Frame):
    """The answer to a command that the client sent."""

    DURABLE = False
    type: Literal["answer"] = "answer"
    command_id: str = ""
    run_id: str | None = None
    position: int | None = None
    problem: ProblemDocument | None = None


AnyLive = Annotated[
    WorkflowProgress
    | ScrapingStatus
    | ScrapingItemProgress
    | ScrapingItemUpdate
    | SummarizationProgress
    | StreamStart
    | StreamToken
    | StreamEnd
    | StreamError,
    Field(discriminator="type"),
]
LIVE: TypeAdapter[AnyLive] = TypeAdapter(AnyLive)
"""What workers publish on PROGRESS."""

AnyFrame = Annotated[
    Connected
    | Snapshot
    | Reset
    | BatchInitialized
    | ScrapingConfirmed
    | ScrapingCancelled
    | SourceSummary
    | SourceChecked
    | ResearchStart
    | ResearchComplete
    | WorkflowProgress
    | WorkflowComplete
    | WorkflowFailed
    | WorkflowCancelled
    | WorkflowQueued
    | WorkflowRefused
    | WorkflowStale
    | NodeUpdate
    | SessionUpdate
    | ScrapingStatus
    | ScrapingItemProgress
    | ScrapingItemUpdate
    | SummarizationProgress
    | PhaseChange
    | Goals
    | SynthesizedGoal
    | PlanFrame
    | StreamStart
    | StreamToken
    | StreamEnd
    | StreamError
    | PhaseRerunStarted
    | PhaseRerunComplete
    | PhaseRerunError
    | StepRerunStarted
    | StepRerunComplete
    | StepRerunError
    | StepComplete
    | ReportReady
    | ErrorFrame
    | Answer,
    Field(discriminator="type"),
]
FRAMES: TypeAdapter[AnyFrame] = TypeAdapter(AnyFrame)
