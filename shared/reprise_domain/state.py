"""The state of a session: everything that its log says, and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from reprise_contracts import events
from reprise_contracts.commands import ForkPoint, Options, Policy, ReportOptions, Target
from reprise_contracts.jobs import Parameters
from reprise_contracts.nodes import PHASES, Status, phase_of, step_node, step_of
from reprise_contracts.problems import refusals
from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Source
from reprise_contracts.states import CommandStatus
from reprise_domain.graph import Plan, Scope
from reprise_persistent.mapping import Map

WATCH = "the watch"
"""Who asks for what a watched source brings about by itself (R36)."""
IN_FLIGHT: frozenset[Status] = frozenset({"queued", "running", "cancelling"})


@dataclass(frozen=True, slots=True)
class Materialization:
    """The artifact that counts: the event that made it real, and what was read to make it (R3)."""

    event: events.NodeCompleted | events.ArtifactEdited
    """Without the plan and the sources that it brought: the session has those."""
    at: datetime
    changed_at: datetime
    """When what it says last changed; later artifacts that say the same leave it."""
    reads: Mapping[str, str]
    """Each input by name, and what it was."""

    @property
    def edited(self) -> bool:
        """The user's own (R12)."""
        return isinstance(self.event, events.ArtifactEdited)


@dataclass(frozen=True, slots=True)
class Node:
    """One phase or step."""

    status: Status = "pending"
    generation: int = 0
    """Runs started and edits so far."""
    attempt: int = 0
    since: datetime | None = None
    not_before: datetime | None = None
    reads: Mapping[str, str] = field(default_factory=dict)
    """What the attempt in flight reads."""
    materialization: Materialization | None = None
    problem: Problem | None = None
    before: tuple[Status, datetime | None, Problem | None] | None = None
    """Its status, since when, and its problem when the generation in flight was queued: what a ceiling leaves
    it as (R29)."""
    locked_at: datetime | None = None
    """Since when nothing runs it (R38)."""
    accepted: Mapping[str, str] = field(default_factory=dict)
    """Causes that the user accepted, each as it was then (R28)."""


PENDING = Node()


@dataclass(frozen=True, slots=True)
class SourceEntry:
    """A source as the session knows it, and since when."""

    source: Source
    at: datetime


@dataclass(frozen=True, slots=True)
class ParameterOverride:
    """Parameters that commands set for a node or a phase, by name (R12); absent ones are those of what is
    above it."""

    values: Mapping[str, str]
    at: datetime


@dataclass(frozen=True, slots=True)
class RunRequest:
    """A run as it was asked for."""

    run_id: str
    command_ids: tuple[str, ...]
    by: str
    kind: events.RunKind
    target: Target
    options: Options

    @property
    def targets(self) -> tuple[str, ...]:
        """The nodes and phases named: these run whatever their freshness."""
        named = (self.target.phase,) if self.target.phase else tuple(map(step_node, self.target.steps or ()))
        return named if self.kind != "edit" else ()

    def names(self, node: str) -> bool:
        """Return whether the node is one of the targets."""
        return self.kind != "edit" and (
            phase_of(node) == self.target.phase or step_of(node) in (self.target.steps or ())
        )

    def asks_again(self, node: str) -> bool:
        """R32: the nodes that a command names ask anew, those below them as far as their questions are new,
        unless it says otherwise; whoever asks the sites again asks no model of what has not changed."""
        return (
            self.names(node) and not self.options.refetch
            if self.options.ask_again is None
            else self.options.ask_again
        )


@dataclass(frozen=True, slots=True)
class Run:
    """The active run, and where it stands. It walks through the phases of its scope; in phase 3, along the
    dependencies."""

    request: RunRequest
    scope: Scope
    started_at: datetime
    sources: tuple[Source, ...]
    """Pinned (R18)."""
    overrides_before: Map[ParameterOverride] = field(default_factory=Map)
    """The parameters as they were before it."""
    stage: int = -1
    """Index of the phase that it is at; 5 when it is through."""
    waiting: Map[int] = field(default_factory=Map)
    """In phase 3: how many steps of the scope each step still waits for."""
    ready: Map[bool] = field(default_factory=Map)
    """Nodes whose turn has come and that no event has answered yet."""
    open: int = 0
    """Nodes of this stage that have not settled."""
    in_flight: Map[bool] = field(default_factory=Map)
    bad: Map[bool] = field(default_factory=Map)
    """Nodes that failed, were cancelled or were blocked in this run."""
    halted: frozenset[str] = frozenset()
    """Phases and nodes that a cancel keeps from starting."""
    cancelled: bool = False
    done: int = 0
    total: int = 0
    problem: Problem | None = None
    """The first final failure."""
    spent: int = 0
    """Tokens."""


@dataclass(frozen=True, slots=True)
class CommandRecord:
    """What became of a command (R16)."""

    fingerprint: str
    status: CommandStatus
    run_id: str | None = None
    problem: Problem | None = None


def with_answer(commands: Map[CommandRecord], event: events.CommandAnswer) -> Map[CommandRecord]:
    """R16: the records with that of the command which the event answers. The first answer counts; a run is
    further on than it."""
    if event.command_id in commands and not isinstance(event, events.RunQueued):
        return commands
    problem, run_id = getattr(event, "problem", None), getattr(event, "run_id", None)
    return commands.put(event.command_id, CommandRecord(event.fingerprint, event.answer, run_id, problem))


@dataclass(frozen=True, slots=True)
class Session:
    """A session as of commit `seq`."""

    session_id: str
    batch_id: str
    topic: str
    created_at: datetime
    updated_at: datetime
    engine: str = ""
    model: str = ""
    guidance: str = ""
    language: str = ""
    policy: Policy = field(default_factory=Policy)
    seq: int = 0
    sources: Mapping[str, SourceEntry] = field(default_factory=dict)
    removed_at: datetime | None = None
    """When a source was last removed."""
    batch_seq: int = 0
    overrides: Map[ParameterOverride] = field(default_factory=Map)
    nodes: Map[Node] = field(default_factory=Map)
    plan: Plan | None = None
    next_step: int = 1
    run: Run | None = None
    queue: tuple[RunRequest, ...] = ()
    commands: Map[CommandRecord] = field(default_factory=Map)
    versions: Mapping[str, str] = field(default_factory=dict)
    """The newest versions of code and prompts that workers reported."""
    spent: int = 0
    """Tokens, of all attempts so far."""
    spent_by_itself: Mapping[str, int] = field(default_factory=dict)
    """R36: tokens of a day, by its date, that refreshes spent which nobody asked for."""
    max_tokens: int | None = None
    """What may be spent in all."""
    sweepable: Map[int] = field(default_factory=Map)
    """What the log has decided against, each with the least sequence that knows of it: keys, and folders
    (they end with `/`) in which an execution that nobody reported may have left something."""
    sweep_pending_since: int = 0
    """No commit before this one is the last that decided against objects which may still be in the store; 0
    if there are none."""
    tags: frozenset[str] = frozenset()
    fork: ForkPoint | None = None
    """Where it was forked from another session (R37)."""
    ended: bool = False
    deleting: bool = False
    deleted: bool = False

    def node(self, name: str) -> Node:
        """A node; one that never ran is pending."""
        return self.nodes.get(name) or PENDING

    def with_node(self, name: str, node: Node) -> "Session":
        """The same session with one node replaced."""
        return replace(self, nodes=self.nodes.put(name, node))

    def _overrides(self, node: str) -> list[ParameterOverride]:
        return [override for name in (phase_of(node), node) if (override := self.overrides.get(name))]

    def parameters(self, node: str) -> Parameters:
        """What a node would be run with now: what was wished for itself, else for its phase, else for the
        session."""
        own = Parameters(engine=self.engine, model=self.model, guidance=self.guidance, language=self.language)
        return own.model_copy(
            update={
                name: value for override in self._overrides(node) for name, value in override.values.items()
            }
        )

    def parameters_changed_at(self, node: str) -> datetime:
        """When the parameters of a node last changed."""
        return max((override.at for override in self._overrides(node)), default=self.created_at)

    def ceiling_under(self, options: Options) -> int | None:
        """R29: a session's ceiling holds until a command replaces it; 0 is none."""
        return self.max_tokens if options.max_session_tokens is None else options.max_session_tokens

    @property
    def ceilings(self) -> tuple[tuple[int, int, str], ...]:
        """R29: each ceiling of tokens that holds, what is spent of it, and whose it is."""
        run = self.run
        return tuple(
            (most, spent, of)
            for most, spent, of in (
                (run.request.options.max_tokens if run else None, run.spent if run else 0, "run"),
                (self.max_tokens, self.spent, "session"),
            )
            if most
        )

    @property
    def allowance(self) -> int | None:
        """R29: tokens that an attempt may still spend; None without a ceiling. What runs beside it may have
        spent them first."""
        return min((max(most - spent, 0) for most, spent, _ in self.ceilings), default=None)

    @property
    def exhausted(self) -> Problem | None:
        """R29: why nothing more begins; None while there is something left."""
        return next(
            (refusals.over_budget(most, of) for most, spent, of in self.ceilings if spent >= most), None
        )

    @property
    def busy(self) -> bool:
        """A run is active or waits for its turn."""
        return self.run is not None or bool(self.queue)


def with_report_options(session: Session, options: ReportOptions | None, at: datetime) -> Session:
    """R31: how the report is written is a parameter of phase 4 and of nothing else; None leaves it."""
    if options is None:
        return session
    before = session.overrides.get("phase4")
    values = {**(before.values if before else {}), "report": options.value}
    return replace(session, overrides=session.overrides.put("phase4", ParameterOverride(values, at)))


def scope_of(request: RunRequest, plan: Plan | None) -> Scope:
    """What a run considers: its targets, and below them what the propagation reaches (R7, R12, R26, R27)."""
    target, alone = request.target, request.options.propagation == "mark_stale" and not request.target.stale
    first = 0 if target.stale else PHASES.index(target.phase or "phase3")
    last = first if alone else len(PHASES) - 1
    if request.options.stop_after:
        last = min(last, PHASES.index(request.options.stop_after))
    steps = frozenset(target.steps) if target.steps else None
    if steps and plan and not alone:
        steps = plan.below(steps)
    return Scope(PHASES[first + 1 if request.kind == "edit" else first : last + 1], steps)
