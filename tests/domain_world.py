"""A session's whole world in memory: the real rules, jobs that are run by hand, and an oracle that knows them
not.

The oracle keeps what each accepted result was really made from (its job, as a worker saw it) and derives
freshness from that and from the events alone; it shares no code with `reprise_domain.freshness`.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from reprise_contracts import events as e
from reprise_contracts.artifacts import ObjectRef, PlannedStep, Tokens, Told
from reprise_contracts.commands import AddSession, CreateBatch, ForkPoint, Policy, SessionSpec
from reprise_contracts.jobs import Completed, Failed, Job, Swept
from reprise_contracts.nodes import step_of
from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Source, Stored, StoredSource
from reprise_contracts.subjects import artifact_key
from reprise_contracts.wire import digest
from reprise_domain.batch import Batch, decide_batch, facts, fold_batch
from reprise_domain.decide import Input, decide_all
from reprise_domain.dispatch import job_for, nodes_to_dispatch
from reprise_domain.reduce import fold
from reprise_domain.state import Session
from reprise_domain.sweep import is_deletable, made_keys

START = datetime(2026, 1, 1, tzinfo=UTC)
Planner = Callable[[Job], tuple[PlannedStep, ...]]


def planned(*steps: tuple[int, str] | tuple[int, str, tuple[int, ...]]) -> tuple[PlannedStep, ...]:
    """A plan from (number, name, dependencies); a step's identity is its name and those it depends on."""
    made: dict[int, PlannedStep] = {}
    for number, name, *rest in steps:
        deps = rest[0] if rest else ()
        identity = digest([name, sorted(made[other].identity for other in deps)])
        made[number] = PlannedStep(step_id=number, identity=identity, title=name, depends_on=deps)
    return tuple(made.values())


def numbered(
    names: list[tuple[str, tuple[int, ...]]], before: tuple[PlannedStep, ...], next_step: int
) -> tuple[PlannedStep, ...]:
    """R9 as a worker does it: names in order, dependencies as positions; equal identity keeps its number."""
    known = {step.identity: step.step_id for step in before}
    made: list[PlannedStep] = []
    for name, positions in names:
        deps = tuple(made[place].step_id for place in positions)
        identity = digest([name, sorted(made[place].identity for place in positions)])
        number = known.get(identity)
        if number is None:
            number, next_step = next_step, next_step + 1
        made.append(PlannedStep(step_id=number, identity=identity, title=name, depends_on=deps))
    return tuple(made)


@dataclass
class Truth:
    """What the oracle knows of an artifact: what it was made from, and what it says."""

    parts: dict[str, str]
    used: dict[str, str]
    parameters: tuple[str, str, str]


@dataclass(eq=False)
class World:
    """One batch with one session, or one fork of another world's; what they share is one store."""

    planner: Planner = lambda job: planned((1, "a"), (2, "b"), (3, "c", (1,)))
    start: bool = True
    policy: Policy = field(default_factory=Policy)
    sources: tuple[Source, ...] = (
        Source(source_id="src-1", url="http://x/1"),
        Source(source_id="src-2", url="http://x/2"),
    )
    now: datetime = START
    session: Session | None = None
    batch: Batch | None = None
    log: list[tuple[int, e.Commit]] = field(default_factory=list)
    objects: set[str] = field(default_factory=set)
    truths: dict[str, Truth] = field(default_factory=dict)
    jobs: dict[tuple[str, int, int], Job] = field(default_factory=dict)
    reports: list[Any] = field(default_factory=list)
    lost: set[tuple[str, int, int]] = field(default_factory=set)
    """Attempts of which a worker was lost after it had stored its result."""
    executions: int = 0
    salt: dict[str, str] = field(default_factory=dict)
    """What a node says besides what follows from its inputs: change it, and its next result differs."""
    tokens: int = 0
    margin: int = 0
    calls: int = 0
    """What each completed attempt spends."""
    session_id: str = "s-1"
    origin: "World | None" = None
    """What it was forked from."""
    family: list["World"] = field(default_factory=list)
    """Every world of the batch, this one among them."""

    def __post_init__(self) -> None:
        self.family.append(self)
        if len(self.family) > 1:
            return
        spec = SessionSpec(session_id="s-1", topic="Topic", start=self.start, policy=self.policy)
        self.tell_batch(CreateBatch(command_id="create", sources=self.sources, session=spec))

    @property
    def s(self) -> Session:
        assert self.session is not None
        return self.session

    def events(self) -> list[Any]:
        return [event for _, commit in self.log for event in commit.events]

    def kinds(self, since: int = 0) -> list[str]:
        return [event.type for event in self.events()[since:]]

    def ran(self, since: int = 0) -> list[str]:
        return [
            event.node
            for event in self.events()[since:]
            if event.type == "node_queued" and event.attempt == 1
        ]

    def tell_batch(self, given: Any) -> None:
        events = decide_batch(self.batch, "b-1", given, self.now)
        if events:
            seq = (self.batch.seq if self.batch else 0) + 1
            batch = fold_batch(self.batch, e.Commit(at=self.now, inputs=("x",), events=events), seq)
            for world in self.family:
                world.batch = batch
        if self.batch is not None:
            told = facts(self.batch)
            for world in list(self.family):
                world.give(told[world.session_id])

    def fork(self, node: str) -> "World":
        """R37: another session of the batch, which has what this one has above a node."""
        name = f"s-{len(self.family) + 1}"
        fork = World(
            origin=self,
            planner=self.planner,
            policy=self.policy,
            now=self.now,
            batch=self.batch,
            objects=self.objects,
            salt=self.salt,
            tokens=self.tokens,
            session_id=name,
            family=self.family,
        )
        spec = SessionSpec(
            session_id=name,
            topic="Topic",
            start=False,
            policy=self.policy,
            fork=ForkPoint(session_id=self.session_id, node=node),
        )
        self.tell_batch(AddSession(command_id=f"fork-{name}", session=spec))
        return fork

    def give(self, given: Input) -> tuple[Any, ...]:
        """One input: decide, commit, and dispatch what is queued."""
        origin = self.origin.s if self.origin is not None else None
        decision = decide_all(self.session, (given,), self.now, origin)
        if not decision.events:
            return ()
        seq = len(self.log) + 1
        commit = e.Commit(at=self.now, inputs=("x",), events=decision.events, batch="b-1")
        commit = e.Commit.decode(commit.encode())  # what is not on the wire is not there
        self.log.append((seq, commit))
        self.session = fold(self.session, commit, seq)
        for event in commit.events:
            self._observe(event)
        for event in commit.events:
            if isinstance(event, e.NodeCompleted) and event.stored:
                self.tell_batch_stored(event)
        return commit.events

    def tell_batch_stored(self, event: e.NodeCompleted) -> None:
        from reprise_contracts.jobs import StoredFact

        self.tell_batch(
            StoredFact(session_id=self.session_id, execution_id=event.execution_id, stored=event.stored)
        )

    def _observe(self, event: Any) -> None:
        if isinstance(event, e.SessionCreated) and event.shared and self.origin:
            shared = {one.made.node for one in event.shared.results}
            self.truths = {node: truth for node, truth in self.origin.truths.items() if node in shared}
        if isinstance(event, e.SessionDeleted):
            self.remove()
            if all(world.s.deleted for world in self.family):
                for world in self.family:
                    world.remove()
                assert not self.objects, "R37: with the last session everything goes"
        if isinstance(event, e.NodeQueued):
            self.jobs[event.node, event.generation, event.attempt] = job_for(self.s, event.node)
        if isinstance(event, e.NodeCompleted):
            job = self.jobs[event.node, event.generation, event.attempt]
            self.truths[event.node] = self._truth(job, event)
        if isinstance(event, e.NodeCompleted | e.ArtifactEdited) and event.plan is not None:
            numbers = {step.step_id for step in event.plan}
            for node in [node for node in self.truths if step_of(node) not in {None, *numbers}]:
                del self.truths[node]
        if isinstance(event, e.ArtifactEdited):
            used = self._inputs_now(event.node)
            parameters = self.s.parameters(event.node)
            self.truths[event.node] = Truth(
                event.parts, used, (parameters.engine, parameters.model, parameters.guidance)
            )

    def _truth(self, job: Job, event: e.NodeCompleted) -> Truth:
        used = {node: ref.key for node, ref in job.inputs.items()}
        if job.node == "phase0":
            stored = {item.source_id: item.stored for item in event.stored}
            read = (
                source.model_copy(update={"stored": stored.get(source.source_id, source.stored)})
                for source in job.sources
            )
            used = {source.source_id: source.version for source in read}
        return Truth(
            parts=dict(event.parts),
            used=self._meant(job.node, used) | {gap.node: "no good result" for gap in job.gaps},  # R19
            parameters=(job.parameters.engine, job.parameters.model, job.parameters.guidance),
        )

    def _meant(self, node: str, used: dict[str, str]) -> dict[str, str]:
        """Of each input read, the part that matters to the node (R1)."""
        if node == "phase0":
            return used
        step = step_of(node)
        meant = {}
        for other in used:
            parts = self.truths[other].parts
            wanted = {"phase0": "texts" if step else "references" if node == "phase4" else "abstract"}.get(
                other, "output"
            )
            if step and other == "phase2":
                assert self.s.plan
                meant["definition"] = self.s.plan.by_id[step].identity
            else:
                meant[other] = parts[wanted]
        return meant

    def _inputs_now(self, node: str) -> dict[str, str]:
        if node == "phase0":
            return {known.source.source_id: known.source.version for known in self.s.sources.values()}
        plan = self.s.plan
        step = step_of(node)
        above = {"phase1": ["phase0"], "phase2": ["phase0", "phase1"]}.get(node, ["phase0", "phase2"])
        if node == "phase4" and plan:
            above = above + [f"phase3/{number}" for number in plan.by_id]
        if step and plan:
            above = above + [f"phase3/{number}" for number in plan.by_id[step].depends_on]
        return self._meant(node, {other: "" for other in above if other in self.truths})

    def really_fresh(self, node: str) -> bool | None:
        """The oracle's word: made from exactly today's inputs and parameters, nothing above it stale, last
        try not failed."""
        truth = self.truths.get(node)
        if truth is None:
            return None
        if self.s.node(node).status == "failed":
            return False
        parameters = self.s.parameters(node)
        if truth.parameters != (parameters.engine, parameters.model, parameters.guidance):
            return False
        if truth.used != self._inputs_now(node):
            return False
        return all(self.really_fresh(other) is not False for other in self._above(node))

    def _above(self, node: str) -> list[str]:
        plan, step = self.s.plan, step_of(node)
        above = {"phase0": [], "phase1": ["phase0"], "phase2": ["phase0", "phase1"]}.get(
            node, ["phase0", "phase2"]
        )
        if step and plan:
            above = above + [f"phase3/{number}" for number in plan.by_id[step].depends_on]
        if node == "phase4" and plan:
            above = above + [f"phase3/{number}" for number in plan.by_id]
        return above

    def reads_of(self, node: str, ran: set[str]) -> bool:
        """Whether a result was made from something of these nodes, or hangs on one that was and was not among
        them."""
        used = self.truths[node].used
        return bool(ran & used.keys()) or any(
            self.reads_of(other, ran)
            for other in self._above(node)
            if other not in ran and other in self.truths
        )

    # Workers

    def held(self) -> list[Job]:
        """Jobs that a worker could be running now."""
        return [
            self.jobs[node, self.s.node(node).generation, self.s.node(node).attempt]
            for node in nodes_to_dispatch(self.s)
        ]

    def completion(self, job: Job, *, says: str | None = None) -> Completed:
        self.executions += 1
        execution = f"e-{self.executions}"
        key = artifact_key("b-1", self.session_id, job.node, job.generation, execution)
        self.objects.add(key)
        text = says if says is not None else self.salt.get(job.node, "")
        content = digest(
            [
                job.node,
                sorted((n, self._said(n, r.key)) for n, r in job.inputs.items()),
                job.parameters.guidance,
                *([job.parameters.report] if job.parameters.report else []),
                *([job.section, job.section_guidance] if job.section else []),
                text,
            ]
        )
        parts = {"output": content}
        stored: tuple[StoredSource, ...] = ()
        plan = None
        if job.node == "phase0":
            stored = self._fetched(job)
            texts = {s.source_id: s.stored.version for s in stored} | {
                s.source_id: s.stored.version for s in job.sources if s.stored
            }
            parts = {
                "output": digest([content, texts]),
                "texts": digest(texts),
                "abstract": digest([texts, text]),
                "references": digest(list(texts)),
            }
        if job.node == "phase2":
            plan = self.planner(job)
            numbers = {step.step_id for step in plan}
            before = self.s.plan.steps if self.s.plan else ()
            plan += tuple(step for step in before if step.step_id in set(job.held) - numbers)
            parts = {"output": digest([content, [step.identity for step in plan]])}
        if job.node == "phase4":
            parts = {"output": content, "section/step-1": digest([content, 1]), "section/step-2": content}
        return Completed(
            node=job.node,
            generation=job.generation,
            attempt=job.attempt,
            execution_id=execution,
            artifact=ObjectRef(key=key, sha256=digest([key]), bytes=10),
            parts=parts,
            plan=plan,
            stored=stored,
            seconds=1.0,
            tokens=Tokens(prompt=self.tokens),
            told=Told(calls=self.calls, tokens=self.tokens, margin=self.margin),
            repeated=(job.node, job.generation, job.attempt) in self.lost,
        )

    def lose(self, node: str) -> None:
        """A worker stores its result and is gone before it says so: another one gets the job."""
        job = next(job for job in self.held() if job.node == node)
        self.completion(job, says="lost")
        self.lost.add((job.node, job.generation, job.attempt))

    def _said(self, node: str, key: str) -> str:
        return self.truths[node].parts["output"] if node in self.truths else key

    def _fetched(self, job: Job) -> tuple[StoredSource, ...]:
        fetched = []
        for source in job.sources:
            if source.stored is None or source.stored.revision != source.revision or job.refetch:
                text = digest([source.url, source.revision, self.salt.get(source.source_id, "")])
                stored = Stored(revision=source.revision, text_sha256=text)
                if source.stored != stored:
                    fetched.append(StoredSource(source_id=source.source_id, stored=stored))
        return tuple(fetched)

    def complete(self, node: str, *, says: str | None = None) -> tuple[Any, ...]:
        job = next(job for job in self.held() if job.node == node)
        report = self.completion(job, says=says)
        self.reports.append(report)
        return self.give(report)

    def fail(self, node: str, *, retryable: bool = False, tokens: int = 0) -> tuple[Any, ...]:
        job = next(job for job in self.held() if job.node == node)
        self.executions += 1
        problem = Problem(type="engine_failed", detail="It broke.", retryable=retryable)
        report = Failed(
            node=node,
            generation=job.generation,
            attempt=job.attempt,
            execution_id=f"e-{self.executions}",
            problem=problem,
            tokens=Tokens(completion=tokens),
            repeated=(node, job.generation, job.attempt) in self.lost,
        )
        self.reports.append(report)
        return self.give(report)

    def drain(self) -> None:
        """Run every job until nothing is queued."""
        for _ in range(10_000):
            held = self.held()
            if not held:
                return
            self.complete(held[0].node)
        raise AssertionError("the session never comes to rest")

    def later(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def named_elsewhere(self) -> frozenset[str]:
        """What other sessions have."""
        others = [world.s for world in self.family if world is not self and not world.s.deleted]
        return frozenset().union(*map(made_keys, others))

    def remove(self) -> None:
        """As the scheduler does it with a deleted session: what is its own, and of what it had what nobody
        else has."""
        own = {key for key in self.objects if key.split("/")[2] == self.session_id} | made_keys(self.s)
        self.objects -= own - self.named_elsewhere()

    def sweep(self) -> None:
        """As the scheduler does it, at any moment: what the log names goes, and the session hears of it."""
        session, names = self.s, self.s.sweepable
        folders = tuple(name for name in names if name.endswith("/"))
        self.objects -= {
            key
            for key in self.objects
            if key in names or (key.startswith(folders) and is_deletable(session, key))
        } - self.named_elsewhere()
        self.give(Swept(seq=session.seq))
