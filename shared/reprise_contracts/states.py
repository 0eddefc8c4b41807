"""What the outside sees of a session, a batch, a plan and a command."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue

from reprise_contracts.commands import ForkPoint, Options, Propagation, ReportOptions, Target
from reprise_contracts.nodes import Freshness, NodeId, NodeOrGroup, Status
from reprise_contracts.notices import Notice
from reprise_contracts.phrases import Reason
from reprise_contracts.problems.model import ProblemDocument
from reprise_contracts.sources import Source
from reprise_contracts.wire import Id, Instant, Message


class Cause(Message):
    """One link of the chain that leads to the node, source or parameter that changed (R4)."""

    node: str
    """A node; `sources` or `source/<id>` for a source."""
    reason: Reason
    at: Instant | None = None
    edited: bool = False
    """It moved after a user's edit of what is below, which a cascade passes by (R12)."""
    text: str = ""
    """The same in words, without ids."""


class ArtifactView(Message):
    """The artifact that counts now."""

    generation: int
    sha256: str
    output: str
    bytes: int
    at: Instant
    by: str


class NodeView(Message):
    """One node, or the group `phase3` as a table over its steps."""

    status: Status = "pending"
    freshness: Freshness | None = None
    causes: tuple[Cause, ...] = ()
    upgradable: bool = False
    generation: int = 0
    attempt: int = 0
    artifact: ArtifactView | None = None
    seconds: float = 0.0
    tokens: int = 0
    problem: ProblemDocument | None = None
    title: str = ""
    """A step's title."""
    headline: str = ""
    """What came out, in a few words."""
    counts: dict[str, int] = Field(default_factory=dict)
    """The same as numbers, by what is counted."""
    guidance: str = ""
    report: ReportOptions | None = None
    """Of phase 4: how it is to be written (R31)."""
    since: Instant | None = None
    """When the status last changed."""
    unchanged: bool = False
    """Its last run said what the one before had said (R8)."""
    edited: bool = False
    """What counts is a user's own (R12): a cascade and a refresh leave it."""
    locked_at: Instant | None = None
    """Since when it is locked (R38): nothing runs it. Null: it is not."""


class RunView(Message):
    """The active run."""

    run_id: str
    command_id: str
    targets: tuple[NodeOrGroup, ...]
    propagation: Propagation
    done: int
    total: int
    started_at: Instant | None = None
    by: str = ""


class QueuedView(Message):
    """A run that waits."""

    run_id: str
    command_ids: tuple[str, ...]
    target: Target
    position: int
    by: str = ""


class State(Message):
    """`GET /sessions/{s}`: a session as of commit `seq`."""

    batch_id: str
    session_id: str
    topic: str
    engine: str = ""
    model: str = ""
    language: str = ""
    guidance: str = ""
    seq: int = 0
    run: RunView | None = None
    queue: tuple[QueuedView, ...] = ()
    nodes: dict[NodeOrGroup, NodeView] = Field(default_factory=dict)
    fork: ForkPoint | None = None
    """Where it was forked from another session; null: it was not (R37)."""
    tags: tuple[str, ...] = ()
    spent: int = 0
    """Tokens, of all its attempts so far."""
    max_tokens: int | None = None
    """What it may spend over all its runs (R29); null: there is no ceiling."""
    run_max_tokens: int | None = None
    """What the active run may spend; null: no ceiling, or no run."""
    ended: bool = False
    created_at: Instant | None = None
    updated_at: Instant | None = None


class Estimate(Message):
    """What the run would take if it went as last time. What a record answers costs nothing (R32)."""

    seconds: float = 0.0
    tokens: int = 0
    """Of the nodes in `run` that have run before, as they went last time."""
    calls: int = 0
    """Questions to a model, of the same."""
    recorded: tuple[NodeOrGroup, ...] = ()
    """Nodes in `run` whose questions are those that their records answer, as far as can be foreseen."""
    never_run: tuple[NodeOrGroup, ...] = ()
    """Nodes in `run` of which nothing is known, since they have never run: they are in no figure."""
    most_seconds: float = 0.0
    most_tokens: int = 0
    most_calls: int = 0
    """The same with every node in `may_run`: an upper bound, if all goes as last time."""
    stops_at: NodeOrGroup | None = None
    """R29: the first node that would not begin, or not be finished, under the ceilings of tokens."""


class Plan(Message):
    """What a command would do (R13). What runs is `run` and a part of `may_run`, nothing else.

    Every node that has a result is in one of the first five lists; those of `may_drop` are in one of them as
    well.
    """

    run: tuple[NodeOrGroup, ...] = ()
    """These run, unless something fails or is cancelled."""
    may_run: tuple[NodeOrGroup, ...] = ()
    """These run if something above them says something new; `phase3/*` are the steps that a new plan may
    add."""
    keep: tuple[NodeOrGroup, ...] = ()
    """These are not run, and are fresh afterwards whatever the run brings."""
    stale: tuple[NodeOrGroup, ...] = ()
    """These are not run, and are stale afterwards: they were and remain so, or become so if something above
    them says something new."""
    drop: tuple[NodeOrGroup, ...] = ()
    """These go, with their results: an edited plan is without them."""
    may_drop: tuple[NodeOrGroup, ...] = ()
    """These steps go, with their results, if a new plan is without them; what else is said of them holds if
    it repeats them (R9)."""
    warnings: tuple[str, ...] = ()
    notices: tuple[Notice, ...] = ()
    """The warnings as facts, each at its place."""
    estimate: Estimate = Estimate()


class Preview(Message):
    """The answer to `dry_run`."""

    plan: Plan
    plan_token: str | None = None
    provisional: bool = False


CommandStatus = Literal[
    "accepted", "queued", "merged", "running", "completed", "failed", "cancelled", "refused"
]


class CommandView(Message):
    """`GET /sessions/{s}/commands/{command_id}`: today's outcome."""

    command_id: str
    status: CommandStatus
    run_id: str | None = None
    problem: ProblemDocument | None = None


class Receipt(Message):
    """The answer to a command that was stored: 202."""

    command_id: str
    run_id: str | None = None
    position: int | None = None
    plan: Plan | None = None
    status: CommandStatus = "accepted"


class BatchReceipts(Message):
    """The answer to a command that every session of a batch was given: 202."""

    batch_id: str
    commands: tuple[Receipt, ...] = ()


class Created(Message):
    """`POST /batches` → 201."""

    batch_id: str
    session_id: str
    command_id: str = ""
    warnings: tuple[str, ...] = ()
    """What of the request changes nothing, in words."""
    notices: tuple[Notice, ...] = ()
    """The same as facts."""


class SessionSummary(Message):
    """A session in a list."""

    session_id: str
    topic: str
    status: Literal["pending", "running", "completed", "failed", "stale", "cancelled"] = "pending"
    stale: tuple[NodeOrGroup, ...] = ()
    failed: tuple[NodeOrGroup, ...] = ()
    updated_at: Instant | None = None
    batch_id: str = ""
    tags: tuple[str, ...] = ()
    fork: ForkPoint | None = None
    ended: bool = False


class WorkflowStarted(Message):
    """`POST /workflow/start` → 202."""

    workflow_id: str
    batch_id: str
    status: str


class WorkflowStatus(WorkflowStarted):
    """`GET /workflow/status/{id}`."""

    sessions: tuple[SessionSummary, ...] = ()


class BatchView(Message):
    """`GET /batches/{b}`."""

    batch_id: str
    topic: str = ""
    created_at: Instant | None = None
    updated_at: Instant | None = None
    ended: bool = False
    deleted: bool = False
    sources: tuple[Source, ...] = ()
    sessions: tuple[SessionSummary, ...] = ()
    bytes: int | None = None
    undecided: str | None = None
    """The id of the command that was stored and is not decided yet, or not known to every session: what is
    shown, or what they show, is from before it."""


class BatchPage(Message):
    """`GET /batches`."""

    batches: tuple[BatchView, ...] = ()
    next: str | None = None
    """Pass as `after` to get the next page."""
    behind: int = 0
    """Commits that are not in the list yet: it is made anew, or catches up."""


class EventFacts(Message):
    """What an event tells beside its node, for whoever says it in another language: of these fields those
    that its type has."""

    topic: str = ""
    sources: int = 0
    added: int = 0
    changed: int = 0
    removed: int = 0
    kind: str = ""
    """Of a run (`start phase steps refresh edit`), or of the command that was refused."""
    target: Target | None = None
    options: Options | None = None
    front: bool = False
    run_id: str = ""
    outcome: str = ""
    """How a run ended: `completed failed cancelled refused`."""
    problem: ProblemDocument | None = None
    attempt: int = 0
    gaps: tuple[NodeId, ...] = ()
    seconds: float = 0.0
    headline: str = ""
    counts: dict[str, int] = Field(default_factory=dict)
    unchanged: bool = False
    by_hand: bool = False
    """What was kept is a user's own."""
    final: bool = True
    reason: str = ""
    deleting: bool = False


class TimelineEntry(Message):
    """One line of the session's story, in words (no ids in the text) and as facts."""

    seq: int
    n: int
    at: Instant
    by: str = ""
    type: str
    text: str
    node: NodeId | None = None
    nodes: tuple[NodeId, ...] = ()
    facts: EventFacts = EventFacts()


class ReportFault(Message):
    """Something in a report that does not hold: where it stands, its words, and what is wrong with them."""

    kind: str
    where: str
    words: str
    why: str


class ReportCheck(Message):
    """What of a report does not hold against its findings and the stored texts of its sources; nothing where
    `faults` is empty, as far as code can see."""

    session_id: Id
    outdated: tuple[str, ...] = ()
    """Why the report is out of date, in sentences; it is then held against the texts that it cites. Empty:
    it is not."""
    faults: tuple[ReportFault, ...] = ()


class Timeline(Message):
    """`GET /sessions/{s}/events`."""

    events: tuple[TimelineEntry, ...] = ()
    next: int | None = None


class Diagnosis(Message):
    """One thing that was looked at, in words. A note needs nothing done; what is wrong does, and `action`
    says what."""

    name: str
    result: Literal["ok", "note", "wrong"]
    detail: str
    action: str = ""


class Health(Message):
    """`GET /doctor`."""

    findings: tuple[Diagnosis, ...] = ()
    settings: dict[str, JsonValue] = Field(default_factory=dict)
    """The gateway's effective settings, secrets as asterisks."""


class PoolView(Message):
    """One worker pool."""

    phase: str
    state: Literal["running", "paused", "draining", "drained"] = "running"
    """`draining`: it takes no more, and something is still in work."""
    by: str = ""
    at: Instant | None = None
    """Who wanted that state, and when."""
    oldest_seconds: float | None = None
    """Age of the oldest job that waits or is in work."""
    findings: tuple[Diagnosis, ...] = ()
    ready: int = 0
    """Jobs whose turn has come and that are not sent yet: more are out than the pool has slots for."""
    waiting: int = 0
    """Jobs sent and not delivered yet."""
    working: int = 0
    """Jobs delivered and not acknowledged."""
    workers: tuple["WorkerView", ...] = ()


class WorkerView(Message):
    """One worker process, as it last said."""

    worker: str
    phase: str
    since: Instant
    seen: Instant
    running: tuple[str, ...] = ()
    """What it runs now: `<session>/<node>`."""
    slots: Annotated[int, Field(ge=0)] = 0
    """Jobs that it runs side by side; 0: its version does not say."""
    draining: bool = False
    """It was told to end, and finishes what it has."""
    paused: bool = False
    version: str = ""
    clock_offset: float | None = None
    """Seconds by which its clock is ahead of the NATS server's, at the least; null until it has asked."""


PoolView.model_rebuild()


class PoolWork(Message):
    """Whether a pool takes jobs."""

    taking: bool
    workers: int
    waiting: int
    oldest_seconds: float | None = None


class WorkStatus(Message):
    """`GET /workz`: whether a command would be decided now, and a job taken."""

    status: Literal["working", "not working"]
    deciding: bool
    oldest_input_seconds: float | None = None
    """For how long the first undecided input waits; null where NATS does not answer."""
    pools: dict[str, PoolWork] = Field(default_factory=dict)
