"""Jobs, what workers report of them, and the other inputs of a session that are no command."""

from typing import Annotated, Literal

from pydantic import Field, TypeAdapter, ValidationError

from reprise_contracts.artifacts import InputRef, ObjectRef, PlannedStep, Tokens, Told
from reprise_contracts.commands import SessionSpec
from reprise_contracts.nodes import NodeId, Phase
from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Source, StoredSource
from reprise_contracts.wire import Id, Instant, Malformed, Message, Sha256, digest, explain


class Parameters(Message):
    """What a node is run with, besides its inputs (R6)."""

    engine: str = ""
    model: str = ""
    guidance: str = ""
    language: str = ""
    """To write in; empty: the topic's."""
    report: str = ""
    """Phase 4: how the report is written, as `ReportOptions.value` (R31)."""


class Gap(Message):
    """A step that a partial report does without, or with its last good artifact."""

    node: NodeId
    used: Literal["nothing", "last_good"]
    reason: str


class Job(Message):
    """One attempt of one node, with everything that it may read, pinned."""

    batch_id: Id
    session_id: Id
    node: NodeId
    generation: int
    attempt: int
    run_id: Id
    topic: str
    parameters: Parameters = Parameters()
    inputs: dict[str, InputRef] = Field(default_factory=dict)
    """By node: the artifacts to read. phase 0: none; phase 1: phase0; phase 2: phase0, phase1; a step:
    phase0, phase2 and the steps that it depends on; phase 4: phase0, phase2 and every step."""
    inputs_object: ObjectRef | None = None
    """Where the inputs are when they are too many for a message; `inputs` is then empty."""
    sources: tuple[Source, ...] = ()
    """Phase 0: the sources as the run pinned them."""
    refetch: bool = False
    previous: ObjectRef | None = None
    """The node's present artifact: the old plan for phase 2 (R9), the report before for phase 4 (R25), and
    for every node what it was told when it was made (R32)."""
    ask_again: bool = True
    """Whether a model is asked what it has been asked before; else an equal question is answered from the
    record (R32)."""
    next_step: int = 1
    """Phase 2: the next free step number."""
    held: tuple[int, ...] = ()
    """Phase 2: the steps of the old plan that the new one repeats, whatever is planned: locked ones, and
    those that they depend on (R38)."""
    gaps: tuple[Gap, ...] = ()
    """Phase 4 under `allow_partial`."""
    reasons: tuple[str, ...] = ()
    """Why it runs, in words."""
    section: str = ""
    """Phase 4: the one section to write again; `previous` has the others (R31). Empty: the whole report."""
    section_guidance: str = ""
    """What is asked of that section, for this once."""
    token_allowance: int | None = None
    """Tokens that are left of the run's and the session's ceilings; None where there is none."""
    trace: str = ""
    again: bool = False
    """It was published before: an execution of it that nobody reports may have stored something."""


class LostObject(Message):
    """An object that the log names, and that the store has no longer as it was (R34)."""

    key: str
    damaged: bool = False
    """It is there, and its bytes are not the ones that were named."""


class InputList(Message):
    """The object that `Job.inputs_object` names."""

    inputs: dict[str, InputRef]


class Attempt(Message):
    """Which try of which node."""

    node: NodeId
    generation: int
    attempt: int


class Report(Attempt):
    """What every report of a worker names."""

    execution_id: Id
    worker: str = ""
    trace: str = ""
    repeated: bool = False
    """The job was given out before: an execution of it that nobody reports may have stored something."""
    lost: tuple[LostObject, ...] = ()
    """What it was to read, or to compare with, and the store has lost."""

    def input_id(self) -> str:
        """Its name in a commit's `inputs` and as a message's id."""
        return f"done/{self.execution_id}/{type(self).__name__.lower()}"


class Started(Report):
    """The job is being run. Sent when it takes more than a moment."""

    type: Literal["started"] = "started"


class Completed(Report):
    """The artifact is stored."""

    type: Literal["completed"] = "completed"
    artifact: ObjectRef
    parts: dict[str, str]
    plan: tuple[PlannedStep, ...] | None = None
    stored: tuple[StoredSource, ...] = ()
    versions: dict[str, str] = Field(default_factory=dict)
    """Of the code and the prompts that made it (R6)."""
    offered: dict[str, str] = Field(default_factory=dict)
    """Of all that the worker could have used: what was made with an older one is upgradable."""
    seconds: float = 0.0
    tokens: Tokens = Tokens()
    told: Told = Told()
    headline: str = ""
    """What came out, in a few words: `8 sources, 1 failed`."""
    counts: dict[str, int] = Field(default_factory=dict)
    """The same as numbers, by what is counted."""


class Failed(Report):
    """The attempt failed. Only the orchestrator tries again."""

    type: Literal["failed"] = "failed"
    problem: Problem
    retry_after: Annotated[float, Field(ge=0)] | None = None
    """Seconds that whoever refused asks to wait: the next attempt does not begin before."""
    seconds: float = 0.0
    tokens: Tokens = Tokens()


class Stopped(Report):
    """The attempt was cancelled and nothing of it goes on."""

    type: Literal["stopped"] = "stopped"
    tokens: Tokens = Tokens()


class StoredFact(Message):
    """What a session's phase 0, or a check of a watched source, tells the batch: the versions that it
    stored."""

    type: Literal["stored"] = "stored"
    session_id: Id
    """Whose phase 0 it was; the batch's own id of what a check found (R36)."""
    execution_id: Id
    stored: tuple[StoredSource, ...]
    trace: str = ""

    def input_id(self) -> str:
        """Its name in a commit's `inputs`."""
        return f"stored/{self.execution_id}"


AnyReport = Annotated[Started | Completed | Failed | Stopped | StoredFact, Field(discriminator="type")]
_REPORT: TypeAdapter[AnyReport] = TypeAdapter(AnyReport)


def parse_report(data: bytes) -> AnyReport:
    """Read a worker's report; raises `Malformed`."""
    try:
        return _REPORT.validate_json(data)
    except ValidationError as error:
        raise Malformed(explain(error, "report")) from error


class LeaseEnded(Attempt):
    """A cancelling node whose worker has not been heard of for a lease."""

    type: Literal["lease_ended"] = "lease_ended"

    def input_id(self) -> str:
        """Its name in a commit's `inputs`."""
        return f"lease/{self.node}/{self.generation}/{self.attempt}"


class Swept(Message):
    """Every object that the log had decided against when it stood at `seq` is deleted."""

    type: Literal["swept"] = "swept"
    seq: int

    def input_id(self) -> str:
        """Its name in a commit's `inputs`."""
        return f"swept/{self.seq}"


class ObjectsLost(Message):
    """A check of the store found these objects of a session missing or damaged (R34)."""

    type: Literal["objects_lost"] = "objects_lost"
    objects: tuple[LostObject, ...]

    def input_id(self) -> str:
        """Its name in a commit's `inputs`."""
        return f"lost/{digest(sorted(lost.key for lost in self.objects))[:16]}"


class DownloadsSwept(Message):
    """These downloads and texts of a batch, by their sha256, are deleted: no source has them any more, and no
    artifact cites them."""

    type: Literal["downloads_swept"] = "downloads_swept"
    hashes: tuple[Sha256, ...]

    def input_id(self) -> str:
        """Its name in a commit's `inputs`."""
        return f"downloads/{digest(sorted(self.hashes))[:16]}"


AnyTimer = Annotated[LeaseEnded | Swept | ObjectsLost | DownloadsSwept, Field(discriminator="type")]
_TIMER: TypeAdapter[AnyTimer] = TypeAdapter(AnyTimer)


def parse_timer(data: bytes) -> AnyTimer:
    """Read a timer's input; raises `Malformed`."""
    try:
        return _TIMER.validate_json(data)
    except ValidationError as error:
        raise Malformed(explain(error, "timer")) from error


class PoolOrder(Message):
    """What an operator wants of a worker pool, until the next order. `paused` and `draining` take no more
    jobs; what is in work goes on."""

    phase: Phase
    state: Literal["running", "paused", "draining"]
    by: str = ""
    at: Instant


class PoolBacklog(Message):
    """How many jobs of each pool are ready and not sent yet, as the scheduler says every few seconds."""

    ready: dict[Phase, int]


class SessionCreation(Message):
    """How a session begins."""

    command_id: str
    fingerprint: str
    by: str = ""
    spec: SessionSpec


class BatchFact(Message):
    """What a batch tells each of its sessions after a commit: its whole state, so that the last one
    suffices."""

    type: Literal["batch"] = "batch"
    batch_id: Id
    batch_seq: int
    """The batch commits so far; a session ignores a fact that is older than one it has recorded."""
    sources: tuple[Source, ...] = ()
    refresh: dict[Id, int] = Field(default_factory=dict)
    """The sources whose change a session follows by itself, each with the tokens that it may spend for that
    in a day (R36)."""
    ended: bool = False
    deleted: bool = False
    by: str = ""
    create: SessionCreation | None = None
    """For the session's first fact."""

    def input_id(self) -> str:
        """Its name in a commit's `inputs`."""
        return f"fact/{self.batch_seq}"


AnyFact = Annotated[BatchFact | StoredFact, Field(discriminator="type")]


class Controlled(Message):
    """A CONTROL entry: attempts of the node up to and including this one are to stop."""

    node: NodeId
    generation: int
    attempt: int
    at: Instant


_FACT: TypeAdapter[AnyFact] = TypeAdapter(AnyFact)


def parse_fact(data: bytes) -> AnyFact:
    """Read a fact; raises `Malformed`."""
    try:
        return _FACT.validate_json(data)
    except ValidationError as error:
        raise Malformed(explain(error, "fact")) from error
