"""What may be asked of a session or a batch. Commands are imperative; what came of one is an event."""

import unicodedata
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from reprise_contracts.artifacts import ObjectRef, PlannedStep
from reprise_contracts.nodes import NodeId, NodeOrGroup, Phase
from reprise_contracts.sources import Source, SourceInput
from reprise_contracts.watches import Watch
from reprise_contracts.wire import CommandId, Id, Message, Sha256, canonical, digest

Guidance = Annotated[str, StringConstraints(max_length=20_000)]


_DIRECTIONS = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def _one_line(text: object) -> object:
    """A topic is one line: line ends, control characters and overrides of the direction (a terminal would
    obey them) become spaces."""
    if not isinstance(text, str):
        return text
    return " ".join(
        "".join(
            " " if unicodedata.category(char) == "Cc" or char in _DIRECTIONS else char for char in text
        ).split()
    )


Topic = Annotated[str, BeforeValidator(_one_line), StringConstraints(min_length=1, max_length=2_000)]
Name = Annotated[str, StringConstraints(max_length=200)]
Language = Annotated[str, StringConstraints(max_length=35, pattern=r"^([A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*)?$")]
"""A code such as `en` or `zh-Hans`; empty: the topic's language."""
Propagation = Literal["cascade", "mark_stale"]
IfRunning = Literal["queue", "interrupt", "reject"]
StepId = Annotated[int, Field(ge=1, strict=True)]
"""A step's number; `true` and `"1"` are none."""
Feature = Literal["phase_rerun", "step_rerun", "plan_edit"]
Ceiling = Annotated[int, Field(ge=0, le=10**12, strict=True)]
"""Tokens; 0 is none."""
Flag = Annotated[bool, Field(strict=True)]
"""`true` or `false`: `1`, `"yes"` and the like are neither."""


_Phrase = Annotated[str, StringConstraints(strip_whitespace=True, max_length=200)]
_Heading = Annotated[str, BeforeValidator(_one_line), StringConstraints(min_length=1, max_length=120)]


class ReportOptions(Message):
    """How the report is to be written (R31); what is left out is the engine's choice."""

    length: Annotated[int, Field(ge=0, le=5_000, strict=True)] = 0
    """Words of the report, about; 0: as many as the findings need."""
    tone: _Phrase = ""
    """Such as `plain and exact`."""
    audience: _Phrase = ""
    """Whom it is written for."""
    outline: Annotated[tuple[_Heading, ...], Field(max_length=12)] = ()
    """The titles of its sections, in order; none: the engine's own."""

    @property
    def value(self) -> str:
        """The options as a parameter's value: equal for equal options, empty for none."""
        given = self.model_dump(mode="json", exclude_defaults=True)
        return canonical(given).decode() if given else ""

    @property
    def given(self) -> tuple[str, ...]:
        """The names of those that say something, in order."""
        return tuple(name for name in type(self).model_fields if getattr(self, name))

    @classmethod
    def of_value(cls, value: str) -> "ReportOptions":
        """The options that `value` stands for; raises `Malformed`."""
        return cls.decode(value) if value else cls()


def _not_one(value: object) -> object:
    """Python takes 1 for true."""
    return value if isinstance(value, bool) else None


Yes = Annotated[Literal[True], BeforeValidator(_not_one)]
"""`true`, or left out."""


class Options(Message):
    """How a rerun is to be done."""

    propagation: Propagation = "cascade"
    force: Flag = False
    refetch: Flag = False
    ask_again: Flag | None = None
    """Whether a model is asked what it has been asked before (R32): null asks anew in the nodes that are
    named and nowhere else, and with `refetch` nowhere."""
    guidance: Guidance | None = None
    engine: Name | None = None
    model: Name | None = None
    language: Language | None = None
    report: ReportOptions | None = None
    """How the report is written from here on (R31), whatever is run: null leaves it, `{}` is as it comes."""
    section: Id | None = None
    """With phase4: only this section of the report is written again (R31); the others keep their text. What
    `guidance` says then holds for this once."""
    if_running: IfRunning = "queue"
    allow_partial: Flag = False
    stop_after: Phase | None = None
    dry_run: Flag = False
    plan_token: Name | None = None
    max_tokens: Ceiling | None = None
    """What the run may spend: at this ceiling nothing more of it begins."""
    max_session_tokens: Ceiling | None = None
    """From here on: what the session may spend over all its runs, those before included."""


class _Token(Message):
    plan_token: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] | None = None


class _OneSection(Message):
    section: Id | None = None
    report: ReportOptions | None = None
    engine: Name | None = None
    model: Name | None = None
    language: Language | None = None

    @model_validator(mode="after")
    def _as_the_others(self) -> "_OneSection":
        others = (self.report, self.engine, self.model, self.language)
        if self.section is not None and any(other is not None for other in others):
            raise ValueError(
                "one section is written as the others were: leave `report`, `engine`, `model` and "
                "`language` out, or leave `section` out"
            )
        return self


def _of_a_preview(options: Options) -> Options:
    """What is asked carries the token of a preview, or none (R13), and changes the whole report or a section
    of it (R31). Nothing is asked of what a log holds already."""
    _Token(plan_token=options.plan_token)
    _OneSection.model_validate(options.model_dump(include=set(_OneSection.model_fields)))
    return options


AskedOptions = Annotated[Options, AfterValidator(_of_a_preview)]


class Target(Message):
    """What to rerun: one phase, some steps, or whatever is stale."""

    phase: Phase | None = None
    steps: Annotated[tuple[StepId, ...], Field(max_length=10_000)] | None = None
    stale: Yes | None = None

    @model_validator(mode="after")
    def _one_of(self) -> "Target":
        if (self.phase is not None) + (self.steps is not None) + (self.stale is not None) != 1:
            raise ValueError("name one of `phase`, `steps` and `stale`")
        if self.steps is not None and not self.steps:
            raise ValueError("`steps` is empty: name at least one step")
        return self


class Command(Message):
    """What every command has."""

    command_id: CommandId
    by: str = ""
    """Who asks, for the timeline. The gateway sets it from the caller's token; of a command published
    straight to NATS it is the publisher's word."""
    trace: str = ""
    """W3C `traceparent` of the call."""

    def fingerprint(self) -> str:
        """The hash of what is asked, by whomever and through whichever door (R16)."""
        return digest(
            [
                type(self).__name__,
                self.model_dump(mode="json", exclude={"by", "trace"}, exclude_defaults=True),
            ]
        )

    def input_id(self) -> str:
        """Its name in a commit's `inputs` and, with its target, as a message's id."""
        return f"cmd/{self.command_id}/{self.fingerprint()[:16]}"

    def answer_fields(self) -> dict[str, str]:
        """The fields of every event that answers this command."""
        return {"command_id": self.command_id, "fingerprint": self.fingerprint(), "by": self.by}

    @property
    def feature(self) -> Feature | None:
        """The feature that has to be on for it; None if it needs none."""
        return None


class Rerun(Command):
    """`rerun`: run the targets again, and what is below them as the options say. `{stale: true}` is a refresh
    (R26)."""

    target: Target
    options: AskedOptions = Options()

    @property
    def feature(self) -> Feature | None:
        """A refresh and a phase's rerun are one feature, a step's rerun another."""
        return "step_rerun" if self.target.steps else "phase_rerun"


class Cancel(Command):
    """`cancel`: stop a run, a phase or a step; with none of them everything in the session (R20)."""

    run_id: Id | None = None
    phase: Phase | None = None
    step_id: StepId | None = None

    @model_validator(mode="after")
    def _one_at_most(self) -> "Cancel":
        if (self.run_id is not None) + (self.phase is not None) + (self.step_id is not None) > 1:
            raise ValueError("name at most one of `run_id`, `phase` and `step_id`")
        return self


class Accept(Command):
    """`accept`: a stale node is good enough for today's inputs (R28)."""

    node: NodeId
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]


class Lock(Command):
    """`lock`: no cascade, refresh or update runs a node (R38), until it is unlocked."""

    node: NodeId
    locked: Flag = True


def _sorted(tags: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(set(tags)))


SessionTag = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")]
"""Such as `energy` or `team:north`."""
Tags = Annotated[tuple[SessionTag, ...], Field(max_length=50), AfterValidator(_sorted)]


class Tag(Command):
    """`tag`: add tags to a session, and take some away."""

    add: Tags = ()
    remove: Tags = ()


class Edit(Command):
    """`edit`: the user's own goals or plan, already stored as an object (R12)."""

    node: Literal["phase1", "phase2"]
    artifact: ObjectRef
    parts: dict[str, str]
    plan: tuple[PlannedStep, ...] | None = None
    if_match: Sha256 | None = None
    options: Options = Options(propagation="mark_stale")

    @model_validator(mode="after")
    def _plan_of_phase2(self) -> "Edit":
        if (self.plan is not None) != (self.node == "phase2"):
            raise ValueError("`plan` is there with phase2 and with nothing else")
        return self

    def fingerprint(self) -> str:
        """The object's key differs at every try; what it says does not."""
        asked = self.model_dump(
            mode="json", include={"command_id", "node", "parts", "if_match", "options"}, exclude_defaults=True
        )
        return digest([type(self).__name__, asked])

    @property
    def feature(self) -> Feature | None:
        """Goals and plan are one feature."""
        return "plan_edit"


SessionCommand = Rerun | Cancel | Accept | Edit | Lock | Tag
SESSION_COMMANDS: dict[str, type[Command]] = {
    "rerun": Rerun,
    "cancel": Cancel,
    "accept": Accept,
    "edit": Edit,
    "lock": Lock,
    "tag": Tag,
}


class Policy(Message):
    """How a session retries and waits; fixed when it is created, so that a replay does not depend on
    settings."""

    max_attempts: Annotated[int, Field(ge=1, le=100)] = 3
    backoff_seconds: Annotated[float, Field(ge=0)] = 1.0
    """Before attempt n+1: backoff × 2ⁿ⁻¹."""
    lease_seconds: Annotated[float, Field(gt=0)] = 15.0


class ForkPoint(Message):
    """Where a session was forked: it shares what its origin had then, but for the node and what is below it
    (R37)."""

    session_id: Id
    node: NodeOrGroup


class SessionSpec(Message):
    """A session to create."""

    session_id: Id
    topic: Topic
    engine: Name = ""
    model: Name = ""
    language: Language = ""
    guidance: Guidance = ""
    report: ReportOptions = ReportOptions()
    start: Flag = True
    stop_after: Phase | None = None
    allow_partial: Flag = False
    max_tokens: Ceiling | None = None
    max_session_tokens: Ceiling | None = None
    policy: Policy = Policy()
    fork: ForkPoint | None = None


class CreateBatch(Command):
    """`create`: a batch and its first session. The batch's id is derived from the caller and the command
    id."""

    sources: tuple[Source, ...]
    session: SessionSpec


class AddSession(Command):
    """`session`: a further session on the same sources."""

    session: SessionSpec


class PutSources(Command):
    """`sources`: add new sources, or replace those whose id exists."""

    sources: tuple[Source, ...]


class RemoveSource(Command):
    """`remove`: drop one source."""

    source_id: Id


class SetWatch(Command):
    """`watch`: look at a source, or at every source of the batch, at its times (R36); without a `watch` no
    longer."""

    source_id: Id | None = None
    watch: Watch | None = None


class EndBatch(Command):
    """`end`: cancel what runs and refuse every later command; with `delete` remove everything (R24). With a
    `session_id` of this session alone."""

    delete: Flag = False
    session_id: Id | None = None


BatchCommand = CreateBatch | AddSession | PutSources | RemoveSource | SetWatch | EndBatch
BATCH_COMMANDS: dict[str, type[Command]] = {
    "create": CreateBatch,
    "session": AddSession,
    "sources": PutSources,
    "remove": RemoveSource,
    "watch": SetWatch,
    "end": EndBatch,
}


# Bodies of REST and of request and reply


class StartOptions(Message):
    """Options of `POST /batches` and `POST /batches/{b}/sessions`."""

    stop_after: Phase | None = None
    allow_partial: Flag = False
    max_tokens: Ceiling | None = None
    max_session_tokens: Ceiling | None = None
    report: ReportOptions = ReportOptions()
    """How the report is to be written (R31)."""


class SessionRequest(Message):
    """`POST /batches/{b}/sessions`."""

    topic: Topic
    guidance: Guidance = ""
    engine: Name | None = None
    model: Name | None = None
    language: Language = ""
    options: StartOptions = StartOptions()
    start: Flag = True
    command_id: CommandId | None = None


class BatchRequest(SessionRequest):
    """`POST /batches` and `reprise.v1.api.start`."""

    sources: Annotated[tuple[SourceInput, ...], Field(min_length=1, max_length=1_000)]


class SourcesRequest(Message):
    """`POST /batches/{b}/sources`."""

    sources: Annotated[tuple[SourceInput, ...], Field(min_length=1, max_length=1_000)]
    command_id: CommandId | None = None


class SessionCall(Message):
    """What every workflow call names."""

    batch_id: Id | None = None
    session_id: Id
    command_id: CommandId | None = None


class RestartPhase(SessionCall):
    """`POST /workflow/restart/phase`."""

    phase: Phase
    options: AskedOptions = Options()


class RestartStep(SessionCall):
    """`POST /workflow/restart/step`."""

    step_ids: Annotated[tuple[StepId, ...], Field(min_length=1, max_length=10_000)]
    options: AskedOptions = Options()


class RefreshCall(SessionCall):
    """`POST /workflow/refresh`."""

    options: AskedOptions = Options()


class AcceptCall(SessionCall):
    """`POST /workflow/accept`."""

    node: NodeOrGroup
    reason: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2_000)]


class LockRequest(Message):
    """`POST /sessions/{s}/lock`."""

    node: NodeId
    locked: Flag = True
    command_id: CommandId | None = None


class LockCall(SessionCall):
    """`reprise.v1.api.lock`."""

    node: NodeId
    locked: Flag = True


class TagRequest(Message):
    """`POST /sessions/{s}/tags`."""

    add: Tags = ()
    remove: Tags = ()
    command_id: CommandId | None = None

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        _check_tags(self.add, self.remove)
        return self


class TagCall(SessionCall):
    """`reprise.v1.api.tag`."""

    add: Tags = ()
    remove: Tags = ()

    @model_validator(mode="after")
    def _each_once(self) -> Self:
        _check_tags(self.add, self.remove)
        return self


def _check_tags(add: Tags, remove: Tags) -> None:
    if both := sorted({*add} & {*remove}):
        raise ValueError(f"the tag {both[0]} is in `add` and in `remove`: name it in one of them")


class ForkRequest(Message):
    """`POST /sessions/{s}/fork`."""

    node: NodeOrGroup
    command_id: CommandId | None = None


class ForkCall(SessionCall):
    """`reprise.v1.api.fork`."""

    node: NodeOrGroup


def _in_words(text: str) -> str:
    if not any(letter.isalnum() for letter in text):
        raise ValueError("there is no word in it")
    return text


Question = Annotated[Topic, AfterValidator(_in_words)]


class AskRequest(Message):
    """`POST /sessions/{s}/ask`."""

    question: Question
    source_ids: Annotated[tuple[Id, ...], Field(max_length=1_000)] = ()
    """The sources that are to answer; none: all of them."""
    dry_run: Flag = False
    plan_token: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] | None = None
    max_tokens: Ceiling | None = None
    command_id: CommandId | None = None


class AskCall(SessionCall):
    """`reprise.v1.api.ask`."""

    question: Question
    source_ids: Annotated[tuple[Id, ...], Field(max_length=1_000)] = ()
    dry_run: Flag = False
    plan_token: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] | None = None
    max_tokens: Ceiling | None = None

    @property
    def options(self) -> Options:
        """How the plan with the question is run: to its findings, and no further."""
        return Options(
            propagation="cascade",
            stop_after="phase3",
            dry_run=self.dry_run,
            plan_token=self.plan_token,
            max_tokens=self.max_tokens,
        )


class CancelCall(SessionCall):
    """`POST /workflow/cancel`."""

    run_id: Id | None = None
    phase: Phase | None = None
    step_id: StepId | None = None

    @model_validator(mode="after")
    def _one_at_most(self) -> "CancelCall":
        if (self.run_id is not None) + (self.phase is not None) + (self.step_id is not None) > 1:
            raise ValueError("name at most one of `run_id`, `phase` and `step_id`")
        return self


class RerunCall(SessionCall):
    """`reprise.v1.api.rerun`."""

    target: Target
    options: AskedOptions = Options()


class StateCall(Message):
    """`reprise.v1.api.state`."""

    session_id: Id


class CommandCall(Message):
    """`reprise.v1.api.command`."""

    session_id: Id
    command_id: CommandId


class EndSessionCall(Message):
    """`reprise.v1.api.end_session`."""

    session_id: Id
    delete: Flag = False
    command_id: CommandId | None = None


class EndCall(Message):
    """`reprise.v1.api.end`."""

    batch_id: Id
    delete: Flag = False
    command_id: CommandId | None = None
