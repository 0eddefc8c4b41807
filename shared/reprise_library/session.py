"""A research session: a batch of sources and one session of the rules, folded from a journal. It decides; it
runs nothing.

The same commands, causes, previews and refusals as on the servers, because it is the same `decide` and the
same `reduce`.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from secrets import token_hex
from typing import Literal, TypeVar

from reprise_contracts import commands, events, jobs
from reprise_contracts.artifacts import (
    MODELS,
    Artifact,
    InputRef,
    ObjectRef,
    Phase0,
    Phase1,
    Phase2,
    Phase4,
    Step,
    StepFindings,
    planned,
)
from reprise_contracts.commands import Options, Target
from reprise_contracts.nodes import phase_of, step_of
from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Source
from reprise_contracts.states import Cause, Preview
from reprise_contracts.subjects import artifact_key
from reprise_contracts.wire import Malformed, Message
from reprise_domain.batch import Batch, BatchInput, decide_batch, facts, fold_batch
from reprise_domain.commands import request_of
from reprise_domain.decide import DeniedCommand, Input, decide, preview_edit
from reprise_domain.freshness import Verdicts
from reprise_domain.graph import all_nodes
from reprise_domain.preview import precondition_failure, preview
from reprise_domain.reduce import fold, stamp
from reprise_domain.state import Session
from reprise_library.errors import refusal
from reprise_library.journal import Entry, Journal, MemoryJournal
from reprise_research.errors import NothingToRead
from reprise_research.stores import write_atomically

A = TypeVar("A", bound=Artifact)
BY = "you"
"""Who asks, as the log names it."""


@dataclass(frozen=True)
class Result:
    """An artifact that counts, and since when."""

    artifact: Artifact
    at: datetime


class _Saved(Message):
    format: Literal[2] = 2
    guidance: dict[str, str]
    entries: tuple[Entry, ...]
    artifacts: dict[str, str]


def _now() -> datetime:
    return datetime.now(UTC)


class ResearchSession:
    """The state of one research. Texts and downloads are in the store, by the hashes in here.

    `guidance` is by phase or step; what is put there holds from the node's next run on (R12).
    """

    def __init__(
        self,
        topic: str,
        sources: Iterable[Source] = (),
        *,
        engine: str = "extractive",
        model: str = "",
        language: str = "",
        guidance: Mapping[str, str] | None = None,
        policy: commands.Policy | None = None,
        journal: Journal | None = None,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._begin(journal or MemoryJournal(), clock, guidance)
        # nobody who writes a source can know it: material is set apart by a mark made from it
        session_id = f"s-{token_hex(16)}"
        spec = commands.SessionSpec(
            session_id=session_id,
            topic=topic,
            engine=engine,
            model=model,
            language=language,
            start=False,
            policy=policy or commands.Policy(),
        )
        create = commands.CreateBatch(command_id=token_hex(8), by=BY, sources=tuple(sources), session=spec)
        self._batch_id = f"b-{session_id[2:]}"
        self.tell_batch(create)

    @classmethod
    def open(cls, journal: Journal, *, clock: Callable[[], datetime] = _now) -> "ResearchSession":
        """Return the session that a journal holds, at its last commit. Raises
        `reprise_contracts.wire.Malformed` for an empty one."""
        found = cls.__new__(cls)
        found._begin(journal, clock, None)
        for entry in journal.entries():
            found._take(entry)
        if found._session is None or found._batch is None:
            raise Malformed("the journal holds no research session")
        return found

    def _begin(
        self, journal: Journal, clock: Callable[[], datetime], guidance: Mapping[str, str] | None
    ) -> None:
        self.guidance = dict(guidance or {})
        self.journal = journal
        self.clock = clock
        self._batch: Batch | None = None
        self._session: Session | None = None
        self._batch_id = ""
        self._seq = 0
        self._artifacts: dict[str, Artifact] = {}

    # What there is

    @property
    def state(self) -> Session:
        """The session as the rules see it."""
        assert self._session is not None  # noqa: S101  # the first commit of every journal makes it
        return self._session

    @property
    def batch(self) -> Batch:
        """The batch of its sources."""
        assert self._batch is not None  # noqa: S101  # as above
        return self._batch

    @property
    def topic(self) -> str:
        """The question."""
        return self.state.topic

    @property
    def sources(self) -> tuple[Source, ...]:
        """Every source with what was stored of it."""
        return tuple(self.batch.sources.values())

    @property
    def phase0(self) -> Phase0:
        """The prepared sources; raises `NothingToRead`."""
        return self._typed("phase0", Phase0)

    @property
    def phase1(self) -> Phase1:
        """The goals; raises `NothingToRead`."""
        return self._typed("phase1", Phase1)

    @property
    def phase2(self) -> Phase2:
        """The plan; raises `NothingToRead`."""
        return self._typed("phase2", Phase2)

    @property
    def phase4(self) -> Phase4:
        """The report; raises `NothingToRead`."""
        return self._typed("phase4", Phase4)

    @property
    def findings(self) -> dict[int, StepFindings]:
        """What the steps of the plan found, those that have run, in the plan's order."""
        found = {
            step_of(node): self.artifact(node) for node in (self.state.plan.nodes if self.state.plan else ())
        }
        return {
            step: made for step, made in found.items() if step is not None and isinstance(made, StepFindings)
        }

    @property
    def entries(self) -> dict[str, Result]:
        """Every node that has an artifact, in the order in which they run."""
        return {
            node: Result(made, found.at)
            for node in self.nodes()
            if (found := self.state.node(node).materialization) is not None
            and (made := self.artifact(node)) is not None
        }

    def nodes(self) -> tuple[str, ...]:
        """Every node that there is now, each after those that it depends on."""
        return all_nodes(self.state.plan)

    def artifact(self, node: str) -> Artifact | None:
        """The artifact of a node that counts; None if there is none."""
        made = self.state.node(node).materialization
        return self.read(made.event.artifact, MODELS[phase_of(node)]) if made is not None else None

    def read(self, ref: InputRef | ObjectRef, model: type[A]) -> A:
        """One artifact by its key. Raises KeyError and `Malformed`."""
        if ref.key not in self._artifacts:
            self._artifacts[ref.key] = model.read(self.journal.get(ref.key))
        found = self._artifacts[ref.key]
        assert isinstance(found, model)  # noqa: S101  # a key names the artifact of one node
        return found

    def step(self, step_id: int) -> Step:
        """One step of the plan; raises `NothingToRead` and names the valid numbers."""
        for step in self.phase2.steps:
            if step.step_id == step_id:
                return step
        valid = ", ".join(str(step.step_id) for step in self.phase2.steps)
        raise NothingToRead(f"The plan has no step {step_id}.", f"Its steps are {valid}.")

    def guidance_for(self, node: str) -> str:
        """The guidance that a node would be run with."""
        return self.guidance.get(node, self.state.parameters(node).guidance)

    def __eq__(self, other: object) -> bool:
        """Two sessions are equal where their logs are, and with them everything that follows."""
        return isinstance(other, ResearchSession) and [*self.journal.entries()] == [*other.journal.entries()]

    __hash__ = None  # type: ignore[assignment]  # it grows

    # What still holds

    def stale(self) -> dict[str, str]:
        """The nodes whose artifact no longer holds, each with its nearest cause in words (R3 to R5)."""
        verdicts = Verdicts(self.state)
        return {
            node: verdicts.cause_chain(node)[0].text
            for node in self.nodes()
            if verdicts.freshness(node) == "stale"
        }

    def causes(self, node: str) -> tuple[Cause, ...]:
        """Why a node is stale, back to what changed (R4)."""
        return Verdicts(self.state).cause_chain(node)

    def is_fresh(self, node: str) -> bool:
        """Whether a node has an artifact that holds."""
        return Verdicts(self.state).freshness(node) == "fresh"

    def preview(self, target: Target, options: Options | None = None) -> Preview:
        """What a rerun would do (R13). Raises what the rerun would be refused with."""
        command = commands.Rerun(command_id=token_hex(8), by=BY, target=target, options=options or Options())
        request = request_of(self.state, command)
        if problem := precondition_failure(self.state, request, busy=self.state.busy):
            raise refusal(problem)
        return preview(self.state, request)

    # What is asked

    def put_sources(self, sources: Iterable[Source]) -> None:
        """Add sources, or replace those whose id exists: marks stale, runs nothing (R11)."""
        self.tell_batch(commands.PutSources(command_id=token_hex(8), by=BY, sources=tuple(sources)))

    def remove_source(self, source_id: str) -> None:
        """Remove a source: marks stale, runs nothing. Raises `CommandRefused` for the last one, and for one
        that is not there."""
        self.tell_batch(commands.RemoveSource(command_id=token_hex(8), by=BY, source_id=source_id))

    def accept(self, node: str, reason: str) -> None:
        """Accept a stale node for today's inputs (R28). Raises `CommandRefused`."""
        self.ask(commands.Accept(command_id=token_hex(8), by=BY, node=node, reason=reason))

    def edit(self, made: Phase1 | Phase2, *, cascade: bool = False) -> None:
        """Put goals or a plan of your own in place (R12); with `cascade` a run of what is below waits. Raises
        `CommandRefused`."""
        command = self._edit(made, cascade=cascade)
        self.journal.put(command.artifact.key, made.document())
        self.ask(command)

    def preview_edit(self, made: Phase1 | Phase2, *, cascade: bool = False) -> Preview:
        """What an edit would do (R12, R13). Raises `CommandRefused`."""
        found = preview_edit(self.state, self._edit(made, cascade=cascade), self.clock())
        if isinstance(found, Problem):
            raise refusal(found)
        return found

    def _edit(self, made: Phase1 | Phase2, *, cascade: bool) -> commands.Edit:
        node: Literal["phase1", "phase2"] = "phase1" if isinstance(made, Phase1) else "phase2"
        state, data = self.state, made.document()
        key = artifact_key(
            state.batch_id, state.session_id, node, state.node(node).generation + 1, f"edit-{token_hex(8)}"
        )
        return commands.Edit(
            command_id=token_hex(8),
            by=BY,
            node=node,
            artifact=ObjectRef(key=key, sha256=sha256(data).hexdigest(), bytes=len(data)),
            parts=made.parts(),
            plan=planned(made) if isinstance(made, Phase2) else None,
            options=Options(propagation="cascade" if cascade else "mark_stale"),
        )

    def ask(self, command: commands.SessionCommand) -> None:
        """Decide a command. Raises `CommandRefused`, or `NothingToRead` where something has to run first."""
        for event in self.tell(command):
            if isinstance(event, events.CommandRefused):
                raise refusal(event.problem)

    # Deciding

    def tell(self, given: Input) -> tuple[events.SessionEvent, ...]:
        """Decide an input of the session, keep what came of it, and return the events."""
        decision = decide(self._session, given, now := self.clock())
        session = decision.session
        if session is None or not decision.events:
            return ()
        commit = events.Commit(
            at=now,
            inputs=(_input_id(given),),
            events=decision.events,
            active=session.run is not None,
            sweep=bool(session.sweep_pending_since),
            batch=session.batch_id,
        )
        self.journal.append(Entry(target=session.session_id, commit=commit))
        self._seq += 1
        self._session = stamp(session, commit, self._seq)
        for event in decision.events:
            if isinstance(event, events.NodeCompleted) and event.stored:
                stored = jobs.StoredFact(
                    session_id=session.session_id, execution_id=event.execution_id, stored=event.stored
                )
                self.tell_batch(stored)
        return decision.events

    def tell_batch(self, given: BatchInput) -> None:
        """Decide an input of the batch, and tell the session what it means. Raises `CommandRefused`."""
        decided = decide_batch(self._batch, self._batch_id, given, now := self.clock())
        if not decided:
            return
        entry = Entry(
            target=self._batch_id, commit=events.Commit(at=now, inputs=(given.input_id(),), events=decided)
        )
        self.journal.append(entry)
        self._take(entry)
        for event in decided:
            if isinstance(event, events.BatchCommandRefused):
                raise refusal(event.problem)
        for fact in facts(self.batch, BY).values():
            self.tell(fact)

    def _take(self, entry: Entry) -> None:
        """Fold a commit that is in the journal."""
        self._seq += 1
        if entry.commit.batch is None:
            self._batch_id = entry.target
            self._batch = fold_batch(self._batch, entry.commit, self._seq)
        else:
            self._session = fold(self._session, entry.commit, self._seq)

    # Saving

    def save(self, path: Path) -> None:
        """Write all of it to a file, in one move: the log, and the artifacts that count."""
        refs = [
            made.event.artifact
            for node in self.nodes()
            if (made := self.state.node(node).materialization) is not None
        ]
        saved = _Saved(
            guidance=self.guidance,
            entries=tuple(self.journal.entries()),
            artifacts={ref.key: self.journal.get(ref.key).decode() for ref in refs},
        )
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, saved.encode())

    @classmethod
    def load(cls, path: Path, *, clock: Callable[[], datetime] = _now) -> "ResearchSession":
        """Read what `save` wrote. Raises OSError and `reprise_contracts.wire.Malformed`."""
        saved, journal = _Saved.decode(path.read_bytes()), MemoryJournal()
        for entry in saved.entries:
            journal.append(entry)
        for key, text in saved.artifacts.items():
            journal.put(key, text.encode())
        found = cls.open(journal, clock=clock)
        found.guidance.update(saved.guidance)
        return found

    def _typed(self, node: str, kind: type[A]) -> A:
        found = self.artifact(node)
        if not isinstance(found, kind):
            raise NothingToRead(f"{node} has not been run.", f"Run {node} first.")
        return found


def wishes(session: ResearchSession) -> dict[str, str]:
    """Return the guidance that no run of its node has had yet, by node, in the order in which they run."""
    nodes = (
        "phase0",
        "phase1",
        "phase2",
        "phase3",
        *(session.state.plan.nodes if session.state.plan else ()),
        "phase4",
    )
    told = {node: session.guidance[node] for node in nodes if node in session.guidance}
    return {node: text for node, text in told.items() if session.state.parameters(node).guidance != text}


def _input_id(given: Input) -> str:
    return given.command.input_id() if isinstance(given, DeniedCommand) else given.input_id()
