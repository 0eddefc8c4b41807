"""What the log holds: commits, each the inputs it decided and the events that came of them. Events are past
tense."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from reprise_contracts.artifacts import ObjectRef, PlannedStep, Tokens, Told
from reprise_contracts.commands import (
    ForkPoint,
    Language,
    Name,
    Options,
    Policy,
    ReportOptions,
    SessionSpec,
    Target,
)
from reprise_contracts.jobs import Attempt
from reprise_contracts.nodes import NodeId, NodeOrGroup
from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Source, StoredSource
from reprise_contracts.states import CommandStatus
from reprise_contracts.watches import Watch
from reprise_contracts.wire import Id, Instant, Message, Sha256

RunKind = Literal["start", "phase", "steps", "refresh", "edit"]
RunOutcome = Literal["completed", "failed", "cancelled", "refused"]


class CommandAnswer(Message):
    """The part of an event that answers a command (R16)."""

    command_id: str
    fingerprint: str
    by: str = ""

    answer: ClassVar[CommandStatus] = "completed"
    """The command's status once this event is in the log."""


# A session's events


class SessionCreated(CommandAnswer):
    """A session came to be, on the sources that its batch had then."""

    type: Literal["session_created"] = "session_created"
    batch_id: Id
    session_id: Id
    topic: str
    engine: Name = ""
    model: Name = ""
    language: Language = ""
    guidance: str = ""
    report: ReportOptions = ReportOptions()
    policy: Policy = Policy()
    max_session_tokens: int | None = None
    sources: tuple[Source, ...] = ()
    batch_seq: int = 0
    fork: ForkPoint | None = None
    shared: "Shared | None" = None
    """What a fork has from its origin."""


class SourcesChanged(Message):
    """The session learned of new, changed or removed sources of its batch."""

    type: Literal["sources_changed"] = "sources_changed"
    batch_seq: int
    sources: tuple[Source, ...] = ()
    removed: tuple[Id, ...] = ()
    by: str = ""


class CommandRefused(CommandAnswer):
    """A command was refused, with the reason."""

    type: Literal["command_refused"] = "command_refused"
    kind: str = ""
    problem: Problem

    answer: ClassVar[CommandStatus] = "refused"


class CommandHonoured(CommandAnswer):
    """A command that makes no run did its work: a cancel, an accept, an end."""

    type: Literal["command_honoured"] = "command_honoured"
    kind: str
    target: str = ""
    """What it was about, a run or a node; empty for all of the session."""


class RunQueued(CommandAnswer):
    """A command was accepted and waits for its turn."""

    type: Literal["run_queued"] = "run_queued"
    run_id: Id
    kind: RunKind
    target: Target
    options: Options = Options()
    front: bool = False
    """At the head of the queue: it interrupts what is active."""

    answer: ClassVar[CommandStatus] = "queued"


class RunMerged(CommandAnswer):
    """A command became part of a run that waits with equal options (R15)."""

    type: Literal["run_merged"] = "run_merged"
    run_id: Id
    target: Target
    """The target of the run with this command united to it."""

    answer: ClassVar[CommandStatus] = "merged"


class RunStarted(Message):
    """A run took its turn; its sources and parameters are pinned (R18)."""

    type: Literal["run_started"] = "run_started"
    run_id: Id


class RunFinished(Message):
    """A run came to its end, or was refused at its turn (R15)."""

    type: Literal["run_finished"] = "run_finished"
    run_id: Id
    outcome: RunOutcome
    problem: Problem | None = None
    given_back: tuple[NodeOrGroup, ...] = ()
    """Nodes and phases whose parameters are again those before the run, which neither made nor failed them
    (R3)."""


class NodeQueued(Attempt):
    """An attempt is ready to be run, its inputs pinned. The scheduler publishes its job at `not_before`."""

    type: Literal["node_queued"] = "node_queued"
    not_before: Instant | None = None
    inputs: str
    """The digest of the inputs pinned; which they are follows from the log."""
    gaps: tuple[NodeId, ...] = ()


class NodeStarted(Attempt):
    """A worker runs it."""

    type: Literal["node_started"] = "node_started"
    execution_id: Id
    worker: str = ""


class NodeCompleted(Attempt):
    """The artifact is real from here on."""

    type: Literal["node_completed"] = "node_completed"
    execution_id: Id
    worker: str = ""
    artifact: ObjectRef
    parts: dict[str, str]
    plan: tuple[PlannedStep, ...] | None = None
    stored: tuple[StoredSource, ...] = ()
    versions: dict[str, str] = Field(default_factory=dict)
    offered: dict[str, str] = Field(default_factory=dict)
    """Versions of all that the worker could have used (R6)."""
    seconds: float = 0.0
    tokens: Tokens = Tokens()
    told: Told = Told()
    headline: str = ""
    counts: dict[str, int] = Field(default_factory=dict)
    unchanged: bool = False
    """It says what it said before: none of its readers needs to run (R8)."""
    repeated: bool = False
    """An execution that nobody reports may have stored something too."""

    @property
    def by(self) -> str:
        """Whose work it is."""
        return self.worker


class NodeFailed(Attempt):
    """An attempt failed. `final` when it is not tried again."""

    type: Literal["node_failed"] = "node_failed"
    execution_id: Id
    worker: str = ""
    problem: Problem
    final: bool = True
    seconds: float = 0.0
    tokens: Tokens = Tokens()
    repeated: bool = False
    """An execution that nobody reports may have stored something."""


class NodesKept(Message):
    """At their turn nothing that these nodes read had changed (R7, R8), or they are the user's own (R12)."""

    type: Literal["nodes_kept"] = "nodes_kept"
    nodes: tuple[NodeId, ...]


class NodesBlocked(Message):
    """At their turn something that these nodes depend on had failed or was cancelled (R19, R20)."""

    type: Literal["nodes_blocked"] = "nodes_blocked"
    nodes: tuple[NodeId, ...]


class NodeCancelling(Attempt):
    """A running attempt was told to stop."""

    type: Literal["node_cancelling"] = "node_cancelling"


class NodeCancelled(Attempt):
    """An attempt came to rest without a result."""

    type: Literal["node_cancelled"] = "node_cancelled"
    tokens: Tokens = Tokens()


class ResultSuperseded(Attempt):
    """A result came that no longer counts (R17); its object will be swept."""

    type: Literal["result_superseded"] = "result_superseded"
    execution_id: Id
    key: str = ""


class ArtifactEdited(CommandAnswer):
    """The user put goals or a plan of their own in place (R12)."""

    type: Literal["artifact_edited"] = "artifact_edited"
    node: NodeId
    generation: int
    artifact: ObjectRef
    parts: dict[str, str]
    plan: tuple[PlannedStep, ...] | None = None
    unchanged: bool = False

    execution_id: ClassVar[str] = ""
    seconds: ClassVar[float] = 0.0
    tokens: ClassVar[Tokens] = Tokens()
    told: ClassVar[Told] = Told()
    headline: ClassVar[str] = "edited"
    counts: ClassVar[Mapping[str, int]] = {}
    versions: ClassVar[Mapping[str, str]] = {}


class SharedResult(Message):
    """A node's artifact that a fork names as well as its origin, and what it was made from (R37)."""

    made: Annotated[NodeCompleted | ArtifactEdited, Field(discriminator="type")]
    at: Instant
    changed_at: Instant
    reads: dict[str, str]
    accepted: dict[str, str] = Field(default_factory=dict)
    locked_at: Instant | None = None
    """Since when its origin had it locked (R38): so has the fork, until it is unlocked there."""
    problem: Problem | None = None
    """Why its origin could not make it again: it is stale (R3, R19)."""


class SharedParameters(Message):
    """Parameters that commands to the origin set for a node or a phase, by name (R12)."""

    values: dict[str, str]
    at: Instant


class Shared(Message):
    """All that a fork or an import has from its origin; its log needs no other (R37, R41)."""

    results: tuple[SharedResult, ...] = ()
    plan: tuple[PlannedStep, ...] | None = None
    parameters: dict[NodeOrGroup, SharedParameters] = Field(default_factory=dict)
    versions: dict[str, str] = Field(default_factory=dict)
    next_step: int = 1
    """The next number of a step (R9): the origin's former ones are not used again."""


class ResultsImported(CommandAnswer):
    """A session has what a bundle of another installation's brought (R41)."""

    type: Literal["results_imported"] = "results_imported"
    origin: Id
    shared: Shared


class ArtifactLost(Message):
    """The store has lost or damaged what a node made: it has no artifact, and can be made again (R34)."""

    type: Literal["artifact_lost"] = "artifact_lost"
    node: NodeId
    key: str
    problem: Problem


class NodeAccepted(CommandAnswer):
    """The user declared a stale node good enough for today's inputs, cause by cause (R28)."""

    type: Literal["node_accepted"] = "node_accepted"
    node: NodeId
    causes: dict[str, str]
    """Each cause that was accepted, and what it was then."""
    reason: str


class NodeLocked(CommandAnswer):
    """No cascade, refresh or update runs the node from here on, or they do again (R38)."""

    type: Literal["node_locked"] = "node_locked"
    node: NodeId
    locked: bool = True


class SessionTagged(CommandAnswer):
    """The session has these tags from here on."""

    type: Literal["session_tagged"] = "session_tagged"
    tags: tuple[str, ...] = ()


class SessionEnded(Message):
    """The batch was ended; nothing more is decided but what is under way (R24)."""

    type: Literal["session_ended"] = "session_ended"
    deleting: bool = False
    """Everything of it goes as soon as nothing is under way."""
    by: str = ""


class SessionDeleted(Message):
    """The tombstone, always the last event of its log: the id stays known as ended, the rest goes."""

    type: Literal["session_deleted"] = "session_deleted"
    batch_id: Id
    session_id: Id
    topic: str = ""


class SweepDone(Message):
    """What the log had decided against up to a commit is deleted from the store."""

    type: Literal["sweep_done"] = "sweep_done"
    seq: int


SessionEvent = Annotated[
    SessionCreated
    | SourcesChanged
    | CommandRefused
    | CommandHonoured
    | RunQueued
    | RunMerged
    | RunStarted
    | RunFinished
    | NodeQueued
    | NodeStarted
    | NodeCompleted
    | NodeFailed
    | NodesKept
    | NodesBlocked
    | NodeCancelling
    | NodeCancelled
    | ResultSuperseded
    | ArtifactEdited
    | ArtifactLost
    | NodeAccepted
    | NodeLocked
    | SessionTagged
    | ResultsImported
    | SessionEnded
    | SessionDeleted
    | SweepDone,
    Field(discriminator="type"),
]


# A batch's events


class BatchCreated(CommandAnswer):
    """A batch came to be, with its sources and its first session."""

    type: Literal["batch_created"] = "batch_created"
    batch_id: Id
    sources: tuple[Source, ...]


class SessionAdded(CommandAnswer):
    """A session belongs to the batch from here on."""

    type: Literal["session_added"] = "session_added"
    session: SessionSpec


class SourcesPut(CommandAnswer):
    """Sources were added, or replaced at a higher revision."""

    type: Literal["sources_put"] = "sources_put"
    sources: tuple[Source, ...]


class SourceRemoved(CommandAnswer):
    """A source was removed."""

    type: Literal["source_removed"] = "source_removed"
    source_id: Id


class SourcesStored(Message):
    """A session's phase 0, or a check, stored these versions; every session of the batch reads them from here
    on."""

    type: Literal["sources_stored"] = "sources_stored"
    session_id: Id
    """Whose phase 0 it was; the batch's own id of what a check found (R36)."""
    stored: tuple[StoredSource, ...]


class WatchSet(CommandAnswer):
    """A source, or all of them, is looked at at its times from here on, or no longer (R36)."""

    type: Literal["watch_set"] = "watch_set"
    source_id: Id | None = None
    watch: Watch | None = None


class SourcesSwept(Message):
    """Downloads and texts that no source has any more, and no artifact cites, are deleted from the store."""

    type: Literal["sources_swept"] = "sources_swept"
    hashes: tuple[Sha256, ...]


class MemberEnded(CommandAnswer):
    """One session of the batch was ended by itself; with `deleted` everything of it goes."""

    type: Literal["member_ended"] = "member_ended"
    session_id: Id
    deleted: bool = False


class BatchEnded(CommandAnswer):
    """The batch was ended; with `deleted` everything of it goes (R24)."""

    type: Literal["batch_ended"] = "batch_ended"
    batch_id: Id
    deleted: bool = False


class BatchCommandRefused(CommandAnswer):
    """A command to a batch was refused."""

    type: Literal["batch_command_refused"] = "batch_command_refused"
    kind: str = ""
    problem: Problem

    answer: ClassVar[CommandStatus] = "refused"


BatchEvent = Annotated[
    BatchCreated
    | SessionAdded
    | SourcesPut
    | SourceRemoved
    | SourcesStored
    | WatchSet
    | SourcesSwept
    | MemberEnded
    | BatchEnded
    | BatchCommandRefused,
    Field(discriminator="type"),
]
Event = Annotated[SessionEvent | BatchEvent, Field(discriminator="type")]


class Commit(Message):
    """One message of a log: atomic, appended only to the sequence that was read (compare and set)."""

    at: Instant
    inputs: tuple[str, ...]
    """The ids of the inputs decided: `cmd/<command_id>/<fingerprint>`, `done/<execution_id>/<type>`, and the
    like."""
    events: tuple[Event, ...]
    active: bool = False
    """Something of the session is queued, running or cancelling after this commit."""
    sweep: bool = False
    """There are objects that the log has decided against."""
    watched: bool = False
    """In a batch's log: sources of it are watched, or were until this commit."""
    batch: Id | None = None
    """In a session's log: its batch."""
    deleted: bool = False
    """A tombstone: the rest of this log and its objects go."""
    trace: str = ""
