"""What each tool takes: the models from which its schema is made and by which its arguments are checked."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue, model_validator

from reprise_client.requests import Rerunnable
from reprise_contracts.commands import (
    BatchRequest,
    Ceiling,
    Flag,
    Guidance,
    Language,
    Name,
    Options,
    Propagation,
    RefreshCall,
    ReportOptions,
    RestartPhase,
    RestartStep,
    StartOptions,
    StepId,
    Topic,
)
from reprise_contracts.nodes import NodeId, Phase
from reprise_contracts.sources import SourceInput
from reprise_contracts.wire import CommandId, Id, Message, Sha256

MOST_CHARACTERS = 20_000
"""Of a source's text in one answer."""
LONGEST_WAIT = 50
"""Seconds that one call may wait."""

SessionId = Annotated[Id, Field(description="The session, as `status` or `research` names it.")]
BatchId = Annotated[Id, Field(description="The batch of sources, as `status` or `research` names it.")]
SourceId = Annotated[Id, Field(description="The source, as `sources` names it.")]
Token = Annotated[
    str,
    Field(
        max_length=200,
        description="The token that `preview` gave for this tool with exactly the same other arguments.",
    ),
]
MaxTokens = Annotated[
    Ceiling | None,
    Field(description="What the run may spend with a model: at this ceiling nothing more of it begins."),
]
StopAfter = Annotated[
    Phase | None, Field(description="End after this phase, for example phase2 to read the plan first.")
]
AllowPartial = Annotated[Flag, Field(description="Let the report do without steps that failed.")]


class Nothing(Message):
    """No arguments."""


class Research(Message):
    """Start research on a topic in sources."""

    topic: Annotated[Topic, Field(description="What to find out: a question or a subject, one line.")]
    sources: Annotated[
        tuple[SourceInput, ...],
        Field(
            min_length=1,
            max_length=1_000,
            description="Each is {url}, or {text, title}, or {search} for words to search for.",
        ),
    ]
    guidance: Annotated[Guidance, Field(description="What to pay attention to.")] = ""
    engine: Annotated[Name | None, Field(description="`extractive` (no model) or `openai`.")] = None
    model: Name | None = None
    language: Annotated[Language, Field(description="Of the report, such as en; empty: the topic's.")] = ""
    stop_after: StopAfter = None
    allow_partial: AllowPartial = False
    max_tokens: MaxTokens = None
    report: ReportOptions = ReportOptions()

    @property
    def options(self) -> StartOptions:
        """The options of the start."""
        return StartOptions(
            stop_after=self.stop_after,
            allow_partial=self.allow_partial,
            max_tokens=self.max_tokens,
            report=self.report,
        )

    @property
    def request(self) -> BatchRequest:
        """The same as the contract says it."""
        said = self.model_dump(include={"topic", "sources", "guidance", "engine", "model", "language"})
        return BatchRequest(**said, options=self.options)


class _Run(Message):
    session_id: SessionId
    allow_partial: AllowPartial = False
    stop_after: StopAfter = None
    max_tokens: MaxTokens = None


_OPTIONS = frozenset(Options.model_fields)


class Rerun(_Run):
    """Run a phase again, or steps of the plan."""

    phase: Annotated[
        Phase | None, Field(description="phase0 reads the sources … phase4 writes the report; or `step_ids`.")
    ] = None
    step_ids: Annotated[
        tuple[StepId, ...], Field(max_length=10_000, description="Steps of the plan; or `phase`.")
    ] = ()
    guidance: Annotated[
        Guidance | None,
        Field(description="What the named parts are to pay attention to from here on; empty forgets it."),
    ] = None
    propagation: Annotated[
        Propagation,
        Field(description="`cascade` runs what is below too, `mark_stale` only what is named."),
    ] = "cascade"
    force: Annotated[Flag, Field(description="Run everything below, changed or not.")] = False
    refetch: Annotated[Flag, Field(description="With phase0: ask the sources again.")] = False
    ask_again: Annotated[
        Flag | None, Field(description="Whether a model is asked what it has answered before.")
    ] = None
    engine: Name | None = None
    model: Name | None = None
    language: Language | None = None
    report: ReportOptions | None = None
    section: Annotated[
        Id | None, Field(description="With phase4: write only this section again, as `report` names it.")
    ] = None

    @model_validator(mode="after")
    def _one_target(self) -> "Rerun":
        if (self.phase is None) == (not self.step_ids):
            raise ValueError("name either `phase` or `step_ids`")
        return self

    @property
    def request(self) -> Rerunnable:
        """The same as the contract says it."""
        said = {
            name: getattr(self, name)
            for name in self.model_fields_set & _OPTIONS
            if getattr(self, name) is not None
        }
        options = Options.model_validate(said)
        if self.phase is not None:
            return RestartPhase(session_id=self.session_id, phase=self.phase, options=options)
        return RestartStep(session_id=self.session_id, step_ids=self.step_ids, options=options)


class Refresh(_Run):
    """Run everything that is stale or not completed, and nothing else."""

    @property
    def request(self) -> Rerunnable:
        """The same as the contract says it."""
        options = Options(
            allow_partial=self.allow_partial, stop_after=self.stop_after, max_tokens=self.max_tokens
        )
        return RefreshCall(session_id=self.session_id, options=options)


class Ask(Message):
    """Ask the report a question."""

    session_id: SessionId
    question: Annotated[Topic, Field(description="What you want to know, one line.")]
    source_ids: Annotated[
        tuple[Id, ...], Field(max_length=1_000, description="The sources that are to answer; none: all.")
    ] = ()


class Preview(Message):
    """Ask what a tool would run."""

    tool: Annotated[Literal["research", "rerun", "refresh", "ask"], Field(description="The tool to preview.")]
    arguments: Annotated[
        dict[str, JsonValue],
        Field(description="Exactly the arguments that you will call it with, but for `token`."),
    ]


class Status(Message):
    """Read how a session stands, or what there is."""

    session_id: Annotated[Id | None, Field(description="The session; left out: the latest batches.")] = None
    command_id: Annotated[
        CommandId | None,
        Field(description="The command that a tool gave: what became of it is answered too."),
    ] = None
    wait_seconds: Annotated[
        float,
        Field(
            ge=0,
            le=LONGEST_WAIT,
            description="Wait so long for the command, or for whatever runs, to come to its end.",
        ),
    ] = 0
    search: Annotated[
        str, Field(max_length=200, description="Without a session: words of topics, sources and ids.")
    ] = ""


class Sources(Message):
    """List the sources of a batch."""

    batch_id: BatchId


class SourceText(Message):
    """Read a source."""

    batch_id: BatchId
    source_id: SourceId
    text_sha256: Annotated[
        Sha256 | None, Field(description="The version that a citation names; left out: today's.")
    ] = None
    start: Annotated[int, Field(ge=0, description="From this character on.")] = 0
    characters: Annotated[int, Field(ge=1, le=MOST_CHARACTERS)] = 5_000


class Impact(Message):
    """Ask what a source's change touches."""

    batch_id: BatchId
    source_id: SourceId


class Report(Message):
    """Read the report."""

    session_id: SessionId
    section_id: Annotated[Id | None, Field(description="Only this section.")] = None


class Findings(Message):
    """Read what the steps found."""

    session_id: SessionId
    step_id: Annotated[StepId | None, Field(description="Only this step; left out: all.")] = None


class Cite(Message):
    """Ask what a finding or a sentence of the report rests on."""

    session_id: SessionId
    finding_id: Annotated[
        Id | None, Field(description="A finding, as `findings` names it; or `sentence`.")
    ] = None
    sentence: Annotated[
        str | None,
        Field(
            min_length=10,
            max_length=5_000,
            description="A sentence of the report, or a good part of one; or `finding_id`.",
        ),
    ] = None

    @model_validator(mode="after")
    def _one_of(self) -> "Cite":
        if (self.finding_id is None) == (self.sentence is None):
            raise ValueError("name either `finding_id` or `sentence`")
        return self


class Node(Message):
    """Name a part of a session."""

    session_id: SessionId
    node: Annotated[NodeId, Field(description="phase0, phase1, phase2, phase4, or a step as phase3/4.")]


class Cancel(Message):
    """Stop what runs."""

    session_id: SessionId
    run_id: Annotated[
        Id | None, Field(description="This run only; left out: everything that runs or waits in the session.")
    ] = None
