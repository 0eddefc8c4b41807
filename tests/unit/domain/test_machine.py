"""Thousands of generated histories against the oracle of `domain_world`."""

from dataclasses import dataclass
from typing import Literal

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain_world import World, numbered
from reprise_contracts.artifacts import ObjectRef, PlannedStep
from reprise_contracts.commands import (
    Accept,
    Cancel,
    Edit,
    EndBatch,
    Lock,
    Options,
    PutSources,
    RemoveSource,
    Rerun,
    SetWatch,
    Target,
)
from reprise_contracts.jobs import Job, LeaseEnded, Started, Stopped, StoredFact
from reprise_contracts.nodes import step_of
from reprise_contracts.sources import Check, Source, Stored, StoredSource
from reprise_contracts.states import Plan, Preview
from reprise_contracts.subjects import artifact_key
from reprise_contracts.watches import Watch
from reprise_contracts.wire import digest
from reprise_domain.commands import request_of
from reprise_domain.decide import decide, preview_edit
from reprise_domain.freshness import Verdicts
from reprise_domain.graph import all_nodes
from reprise_domain.preview import precondition_failure, preview
from reprise_domain.reduce import fold
from reprise_domain.state import WATCH, Session
from reprise_domain.sweep import made_keys
from reprise_gateway.projections.states import command_of, state_of


def outdated(session: Session) -> set[str]:
    verdicts = Verdicts(session)
    return {node for node in all_nodes(session.plan) if verdicts.freshness(node) == "stale"}


@dataclass(frozen=True)
class Promise:
    """What a preview said just before its command was decided, and the results that there were."""

    since: int
    plan: Plan
    made: dict[str, str]


NAMES = ("alpha", "beta", "gamma", "delta", "epsilon")
PLANS = st.lists(
    st.tuples(st.sampled_from(NAMES), st.booleans()), min_size=1, max_size=4, unique_by=lambda item: item[0]
)
PHASES = st.sampled_from(["phase0", "phase1", "phase2", "phase3", "phase4"])
OPTIONS = st.builds(
    Options,
    propagation=st.sampled_from(["cascade", "cascade", "mark_stale"]),
    force=st.sampled_from([False, False, False, True]),
    refetch=st.booleans(),
    guidance=st.sampled_from([None, None, "", "prices", "safety"]),
    if_running=st.sampled_from(["queue", "queue", "interrupt", "reject"]),
    allow_partial=st.booleans(),
    stop_after=st.sampled_from([None, None, None, "phase2", "phase3", "phase4"]),
    max_tokens=st.sampled_from([None, None, None, 0, 2, 5]),
    max_session_tokens=st.sampled_from([None, None, None, None, 0, 40]),
)


class Histories(RuleBasedStateMachine):
    """Any mixture of commands, results, failures, duplicates, crashes, replans, cancels, edits, source
    changes and ends."""

    def __init__(self) -> None:
        super().__init__()
        self.wanted: list[tuple[str, tuple[int, ...]]] = [("alpha", ()), ("beta", ()), ("gamma", (0,))]
        self.world = World(planner=self.plan, tokens=1)
        self.commands: list[Rerun] = []
        self.count = 0
        self.watched: Promise | None = None
        self.accepted = False
        self.elsewhere: dict[World, tuple[list[Rerun], bool]] = {}
        """Of each other session of the batch: what was asked, and whether anything was accepted."""

    def plan(self, job: Job) -> tuple[PlannedStep, ...]:
        before = self.world.s.plan.steps if self.world.s.plan else ()
        return numbered(self.wanted, before, job.next_step)

    def name(self) -> str:
        self.count += 1
        return f"c-{self.count}"

    @initialize(ended=st.integers(0, 9))
    def begin(self, ended: int) -> None:
        for _ in range(ended):
            held = self.world.held()
            if held:
                self.world.complete(held[0].node)

    # Workers

    @rule(place=st.integers(0, 50), count=st.integers(1, 4))
    def finish(self, place: int, count: int) -> None:
        for _ in range(count):
            held = self.world.held()
            if held:
                self.world.complete(held[place % len(held)].node)

    @rule()
    def finish_all(self) -> None:
        self.world.drain()

    @rule(source=st.sampled_from(["src-1", "src-2"]), stop=st.sampled_from([None, "phase0", "phase2"]))
    def a_source_says_otherwise(self, source: str, stop: str | None) -> None:
        """Fetched again, a source has another text."""
        self.world.salt[source] = self.name()
        self.rerun(Target(phase="phase0"), Options(refetch=True, stop_after=stop))  # type: ignore[arg-type]

    @rule(place=st.integers(0, 50))
    def rerun_and_late_twin(self, place: int) -> None:
        """A node is rerun, and the worker of the run before finishes it once more."""
        jobs = [job for job in self.world.jobs.values() if job.node in {"phase1", "phase4"}]
        if jobs:
            job = jobs[place % len(jobs)]
            self.rerun(Target(phase=job.node), Options(propagation="mark_stale"))  # type: ignore[arg-type]
            self.twin_of(job, "other")

    @rule(place=st.integers(0, 50), retryable=st.booleans())
    def break_one(self, place: int, retryable: bool) -> None:
        held = self.world.held()
        if held:
            self.watched = None
            self.world.fail(held[place % len(held)].node, retryable=retryable)

    @rule(place=st.integers(0, 50))
    def claim(self, place: int) -> None:
        held = self.world.held()
        if held:
            job = held[place % len(held)]
            self.world.give(
                Started(node=job.node, generation=job.generation, attempt=job.attempt, execution_id="e-claim")
            )

    @rule(place=st.integers(0, 1000))
    def repeat_a_report(self, place: int) -> None:
        """Duplicates and late arrivals: any report ever made comes again."""
        if self.world.reports:
            self.world.give(self.world.reports[place % len(self.world.reports)])

    @rule(place=st.integers(0, 1000), says=st.sampled_from(["", "other"]))
    def twin(self, place: int, says: str) -> None:
        """A worker that was thought dead finishes any job that ever was."""
        jobs = list(self.world.jobs.values())
        if not jobs:
            return
        self.twin_of(jobs[place % len(jobs)], says)

    def twin_of(self, job: Job, says: str) -> None:
        if all(node in self.world.truths for node in job.inputs) and job.node != "phase2":
            before = {node: self.world.s.node(node).materialization for node in all_nodes(self.world.s.plan)}
            entry = self.world.s.node(job.node)
            counts = (entry.generation, entry.attempt) == (job.generation, job.attempt) and entry.status in {
                "queued",
                "running",
            }
            report = self.world.completion(job, says=says)
            self.world.reports.append(report)
            self.world.give(report)
            if not counts:  # R17
                assert {
                    node: self.world.s.node(node).materialization for node in all_nodes(self.world.s.plan)
                } == before

    @rule()
    def stop(self) -> None:
        for node in list(self.world.s.run.in_flight) if self.world.s.run else []:
            entry = self.world.s.node(node)
            if entry.status == "cancelling":
                self.world.give(
                    Stopped(node=node, generation=entry.generation, attempt=entry.attempt, execution_id="e-s")
                )
                return

    @rule(seconds=st.integers(1, 40))
    def time_passes(self, seconds: int) -> None:
        self.world.later(seconds)
        for node in list(self.world.s.run.in_flight) if self.world.s.run else []:
            entry = self.world.s.node(node)
            self.world.give(LeaseEnded(node=node, generation=entry.generation, attempt=entry.attempt))

    @rule(
        node=st.sampled_from(["phase0", "phase1", "phase2", "phase4", "src-1", "phase3/1", "phase3/2"]),
        salt=st.sampled_from(["", "x", "y"]),
    )
    def the_world_changes(self, node: str, salt: str) -> None:
        self.world.salt[node] = salt

    @rule(names=PLANS)
    def plans_change(self, names: list[tuple[str, bool]]) -> None:
        self.wanted = [
            (name, (place - 1,) if chained and place else ()) for place, (name, chained) in enumerate(names)
        ]

    # Commands

    def results(self) -> dict[str, str]:
        """Each node that has a result, and the key of it."""
        entries = {node: self.world.s.node(node) for node in all_nodes(self.world.s.plan)}
        return {
            node: entry.materialization.event.artifact.key
            for node, entry in entries.items()
            if entry.materialization is not None
        }

    def rerun(self, target: Target, options: Options) -> None:
        command = Rerun(command_id=self.name(), target=target, options=options)
        idle = self.world.s.run is None and not self.world.s.queue
        spec = request_of(self.world.s, command)
        expected = (
            preview(self.world.s, spec).plan
            if idle and precondition_failure(self.world.s, spec, busy=False) is None
            else None
        )
        since, made = len(self.world.events()), self.results()
        self.commands.append(command)
        self.watched = None
        self.world.give(command)
        if expected is not None and self.world.s.run is not None:
            self.watched = Promise(since, expected, made)

    @rule(phase=PHASES, options=OPTIONS)
    def rerun_phase(self, phase: str, options: Options) -> None:
        self.rerun(Target(phase=phase), options)  # type: ignore[arg-type]

    @rule(steps=st.sets(st.integers(1, 7), min_size=1, max_size=3), options=OPTIONS)
    def rerun_steps(self, steps: set[int], options: Options) -> None:
        self.rerun(Target(steps=tuple(sorted(steps))), options)

    @rule(options=OPTIONS)
    def refresh(self, options: Options) -> None:
        self.rerun(Target(stale=True), options)

    @rule(place=st.integers(0, 100))
    def repeat_a_command(self, place: int) -> None:
        """R16: a repeat does nothing."""
        if self.commands:
            before = self.world.session
            assert self.world.give(self.commands[place % len(self.commands)]) == ()
            assert self.world.session == before

    @rule(what=st.one_of(st.none(), PHASES, st.integers(1, 5)), run=st.booleans())
    def cancel(self, what: str | int | None, run: bool) -> None:
        own = {"command_id": self.name()}
        if run and self.world.s.run:
            command = Cancel(**own, run_id=self.world.s.run.request.run_id)
        elif isinstance(what, int):
            command = Cancel(**own, step_id=what)
        else:
            command = Cancel(**own, phase=what)  # type: ignore[arg-type]
        self.watched = None
        self.world.give(command)

    @rule(node=st.sampled_from(["phase0", "phase1", "phase2", "phase3/1", "phase4"]))
    def accept(self, node: str) -> None:
        """R28: after it the node is fresh, and stays so until the next change; R19: one whose last try failed
        stays stale."""
        if Verdicts(self.world.s).freshness(node) == "stale":
            self.watched = None
            failed = self.world.s.node(node).status == "failed"
            before = self.world.s
            self.world.give(Accept(command_id=self.name(), node=node, reason="good enough"))
            if not self.world.s.ended:
                self.accepted = self.accepted or not failed
                assert Verdicts(self.world.s).freshness(node) == ("stale" if failed else "fresh")
            assert outdated(self.world.s) <= outdated(before), "accepting makes nothing stale"

    @rule(names=PLANS, cascade=st.booleans())
    def edit_plan(self, names: list[tuple[str, bool]], cascade: bool) -> None:
        wanted = [
            (name, (place - 1,) if chained and place else ()) for place, (name, chained) in enumerate(names)
        ]
        before = self.world.s.plan.steps if self.world.s.plan else ()
        plan = numbered(wanted, before, self.world.s.next_step)
        self.edit("phase2", {"output": digest([step.identity for step in plan])}, plan, cascade)

    @rule(says=st.sampled_from(["", "one", "another"]), cascade=st.booleans())
    def edit_goals(self, says: str, cascade: bool) -> None:
        self.edit("phase1", {"output": digest(["goals", says])}, None, cascade)

    def edit(
        self,
        node: Literal["phase1", "phase2"],
        parts: dict[str, str],
        plan: tuple[PlannedStep, ...] | None,
        cascade: bool,
    ) -> None:
        """R12, R13: an edit drops what its preview said, runs no more than that, and leaves the rest as
        announced."""
        name = self.name()
        key = artifact_key(
            "b-1", self.world.session_id, node, self.world.s.node(node).generation + 1, f"edit-{name}"
        )
        self.world.objects.add(key)
        options = Options(propagation="cascade" if cascade else "mark_stale")
        ref = ObjectRef(key=key, sha256=digest(key))
        command = Edit(command_id=name, node=node, artifact=ref, parts=parts, plan=plan, options=options)
        expected = preview_edit(self.world.s, command, self.world.now)
        held, since, made = set(all_nodes(self.world.s.plan)), len(self.world.events()), self.results()
        self.watched = None
        self.world.give(command)
        if not isinstance(expected, Preview):
            found = command_of(self.world.s, name)
            assert found is None or (found.problem and found.problem.problem == expected)
            return
        promise = Promise(since, expected.plan, made | self.results())
        assert set(expected.plan.drop) == held - set(all_nodes(self.world.s.plan))
        if self.world.s.run is not None:
            self.watched = promise
            new = (
                {step for step in self.world.s.plan.nodes if step not in made} if self.world.s.plan else set()
            )
            assert plan is None or new <= {*expected.plan.run, *expected.plan.may_run} | self.waiting(new), (
                new,
                expected.plan,
            )
        elif not cascade:
            assert not {*expected.plan.run, *expected.plan.may_run}
            self.what_was_left_is_as_announced(promise, set())

    def waiting(self, new: set[str]) -> set[str]:
        """R19: those of them that depend on a step which failed and is not run."""
        plan = self.world.s.plan
        assert plan is not None
        failed = {number for number in plan.by_id if self.world.s.node(f"phase3/{number}").status == "failed"}
        return {node for node in new if step_of(node) in plan.below(failed)}

    @rule(what=st.sampled_from(["add", "replace", "remove"]), which=st.integers(1, 4))
    def sources_change(self, what: str, which: int) -> None:
        self.watched = None
        source_id = f"src-{which}"
        if what == "remove":
            self.world.tell_batch(RemoveSource(command_id=self.name(), source_id=source_id))
        else:
            source = Source(source_id=source_id, url=f"http://x/{which}/{what}")
            self.world.tell_batch(PutSources(command_id=self.name(), sources=(source,)))

    @rule(node=st.sampled_from(["phase1", "phase2", "phase3/1", "phase4"]), locked=st.booleans())
    def lock(self, node: str, locked: bool) -> None:
        """R38: it changes no result, and makes nothing stale or fresh."""
        before, made = outdated(self.world.s), self.results()
        self.watched = None
        self.world.give(Lock(command_id=self.name(), node=node, locked=locked))
        assert (outdated(self.world.s), self.results()) == (before, made)

    @invariant()
    def r38_only_a_run_that_named_it_runs_what_is_locked(self) -> None:
        locked: set[str] = set()
        asked: dict[str, Target] = {}
        active = Target(stale=True)
        for event in self.world.events():
            if event.type == "session_created" and event.shared:
                locked = {one.made.node for one in event.shared.results if one.locked_at}
            elif event.type == "node_locked":
                (locked.add if event.locked else locked.discard)(event.node)
            elif event.type in {"run_queued", "run_merged"}:
                asked[event.run_id] = event.target
            elif event.type == "run_started":
                active = asked[event.run_id]
            elif event.type == "node_queued" and event.attempt == 1 and event.node in locked:
                named = step_of(event.node) in (active.steps or ()) or active.phase == event.node
                assert named or (active.phase == "phase3" and step_of(event.node) is not None)

    @rule(auto=st.sampled_from(["mark", "refresh"]), most=st.sampled_from([3, 30]))
    def a_source_is_watched(self, auto: Literal["mark", "refresh"], most: int) -> None:
        """R36: of one source, so that the other one's changes are only marked."""
        watch = Watch(every="6h", auto=auto, max_tokens=most)
        self.world.tell_batch(SetWatch(command_id=self.name(), source_id="src-1", watch=watch))

    @rule(
        which=st.integers(1, 2),
        outcome=st.sampled_from(["changed", "changed", "gone", "moved", "unchanged"]),
        salt=st.sampled_from(["", "x", "y"]),
    )
    def a_check_finds(
        self, which: int, outcome: Literal["changed", "gone", "moved", "unchanged"], salt: str
    ) -> None:
        """R36: nothing but a change makes anything stale, and nothing runs but where a watch says so."""
        source = self.world.batch.sources.get(f"src-{which}") if self.world.batch else None
        if source is None or source.stored is None:
            return
        text = digest([source.url, source.revision, salt])
        stored = Stored(revision=source.revision, text_sha256=text) if outcome == "changed" else None
        told = StoredSource(
            source_id=source.source_id,
            stored=stored,
            check=Check(outcome=outcome, at=self.world.now),
            revision=source.revision,
        )
        before, idle, since = outdated(self.world.s), not self.world.s.busy, len(self.world.events())
        self.watched = None
        self.world.tell_batch(StoredFact(session_id="b-1", execution_id=self.name(), stored=(told,)))
        if outcome != "changed":
            assert outdated(self.world.s) == before
        if idle and (which == 2 or outcome != "changed"):
            assert not self.world.s.busy
        for event in self.world.events()[since:]:
            assert event.type != "run_queued" or (event.by == WATCH and event.target.stale)

    @precondition(lambda self: self.world.held())
    @rule(data=st.data())
    def a_worker_is_lost(self, data: st.DataObject) -> None:
        self.world.lose(data.draw(st.sampled_from([job.node for job in self.world.held()])))

    @rule()
    def sweep(self) -> None:
        """Nothing that counts goes (an invariant); at rest everything else does, but what an edit stored that
        was refused."""
        self.world.sweep()
        if self.world.s.run is None and not self.world.s.deleted:
            own = {key for key in self.world.objects if f"/{self.world.session_id}/" in key}
            for world in self.world.family:
                own -= made_keys(world.s) if not world.s.deleted else set()
                own -= world.s.sweepable.keys() if world is not self.world else set()
            assert {key for key in own if "/edit-" not in key} == set()

    # Forks

    @precondition(lambda self: len(self.world.family) < 3 and not self.world.batch.ended)
    @rule(node=st.sampled_from(["phase0", "phase1", "phase2", "phase3", "phase3/1", "phase3/2", "phase4"]))
    def fork(self, node: str) -> None:
        """R37: it has what its origin has above the node, and what is fresh there is fresh here, unless the
        origin was ended and heard of no change since; the origin is as it was."""
        before, step = self.world.s, step_of(node)
        if before.deleted or (step is not None and not (before.plan and step in before.plan.by_id)):
            return
        fork = self.world.fork(node)
        assert self.world.s == before and not fork.s.busy
        assert fork.s.node(node).materialization is None
        now, then = Verdicts(fork.s), Verdicts(before)
        kept = self.results()
        for name in all_nodes(fork.s.plan):
            made = fork.s.node(name).materialization
            if made is not None:
                assert made.event.artifact.key == kept[name]
                assert now.freshness(name) == "fresh" or then.freshness(name) == "stale" or before.ended
                assert fork.s.node(name).locked_at == before.node(name).locked_at
        below = before.plan.below({step}) if before.plan and step else set()
        if step is not None:
            assert set(kept) - {f"phase3/{number}" for number in below} - {"phase4"} == {
                name for name in all_nodes(fork.s.plan) if fork.s.node(name).materialization
            }
        self.elsewhere[fork] = ([], self.accepted)

    @precondition(lambda self: self.elsewhere)
    @rule(which=st.integers(0, 2))
    def go_on_elsewhere(self, which: int) -> None:
        """What follows happens to another session of the batch."""
        self.elsewhere[self.world] = (self.commands, self.accepted)
        self.world = self.world.family[which % len(self.world.family)]
        self.commands, self.accepted = self.elsewhere.pop(self.world)
        self.watched = None

    @precondition(lambda self: self.elsewhere)
    @rule(delete=st.booleans())
    def end_one(self, delete: bool) -> None:
        """R37: the others live on."""
        others = {world: world.s.ended for world in self.elsewhere}
        name = self.world.session_id
        self.watched = None
        self.world.tell_batch(EndBatch(command_id=self.name(), delete=delete, session_id=name))
        assert self.world.s.ended
        assert {world: world.s.ended for world in self.elsewhere} == others

    @precondition(lambda self: self.count > 12)
    @rule(delete=st.booleans())
    def end(self, delete: bool) -> None:
        self.watched = None
        self.world.tell_batch(EndBatch(command_id=self.name(), delete=delete))

    # What always holds

    @invariant()
    def no_stale_artifact_looks_fresh(self) -> None:
        """R3, R5: and none is called stale for any other reason."""
        if self.world.s.deleted:
            return
        verdicts = Verdicts(self.world.s)
        for node in all_nodes(self.world.s.plan):
            fresh = {None: None, "fresh": True, "stale": False}[verdicts.freshness(node)]
            if not self.accepted:
                assert fresh == self.world.really_fresh(node), (node, verdicts.direct_causes(node))
            if fresh is False:
                assert verdicts.cause_chain(node)  # R4

    @invariant()
    def artifacts_exist(self) -> None:
        """An artifact that a commit names exists, whatever was swept."""
        for world in self.world.family:
            for node in all_nodes(world.s.plan) if not world.s.deleted else ():
                made = world.s.node(node).materialization
                assert made is None or made.event.artifact.key in world.objects

    @invariant()
    def what_ran_was_announced(self) -> None:
        """R13: what runs is `run` and a part of `may_run`; what goes is part of `drop` and `may_drop`."""
        if self.watched is None:
            return
        promise, plan = self.watched, self.watched.plan
        events = self.world.events()[promise.since :]
        finished = next((place for place, event in enumerate(events) if event.type == "run_finished"), None)
        ours = events[: finished + 1] if finished is not None else events
        ran = {event.node for event in ours if event.type == "node_queued"}
        known = (
            ran
            if "phase3/*" not in plan.may_run
            else {node for node in ran if step_of(node) is None or node in promise.made}
        )
        assert known <= {*plan.run, *plan.may_run}, (known, plan)
        gone = set(promise.made) - set(all_nodes(self.world.s.plan))
        assert gone <= {*plan.drop, *plan.may_drop}, (gone, plan)
        if finished is None:
            return
        self.watched = None
        outcome = ours[-1]
        if outcome.outcome == "completed" or (
            outcome.outcome == "failed" and outcome.problem.type != "budget_reached"
        ):
            assert set(plan.run) <= ran, (
                plan,
                ran,
            )  # nothing failed of itself and nothing was cancelled: that ends the watch
        if self.world.s.run is None and outcome.outcome == "completed":
            self.what_was_left_is_as_announced(promise, ran)

    def what_was_left_is_as_announced(self, promise: Promise, ran: set[str]) -> None:
        """R13: of what was not run, `keep` is fresh and as it was, and `stale` is stale unless what it read
        of the run says the same."""
        plan, results, verdicts = promise.plan, self.results(), Verdicts(self.world.s)
        for node in set(promise.made) & set(results):
            assert [
                node in nodes for nodes in (plan.run, plan.may_run, plan.keep, plan.stale, plan.drop)
            ].count(True) == 1, (node, plan)
            if node in plan.keep:
                assert results[node] == promise.made[node]
                assert verdicts.freshness(node) == "fresh", (node, plan, verdicts.direct_causes(node))
            if node in plan.stale and verdicts.freshness(node) == "fresh":
                assert self.world.reads_of(node, ran), (node, plan, ran)
            if node in plan.may_run and node not in ran:
                assert self.world.reads_of(node, ran), (node, plan, ran)

    @invariant()
    def every_commit_can_be_shown(self) -> None:
        state_of(self.world.s)

    def teardown(self) -> None:
        """Every accepted command ends; the log alone rebuilds the state. In every session of the batch."""
        self.come_to_rest()
        for world, (asked, _) in self.elsewhere.items():
            self.world, self.commands = world, asked
            self.come_to_rest()

    def come_to_rest(self) -> None:
        for _ in range(200):
            run = self.world.s.run
            if run is None:
                break
            self.time_passes(40)
            self.stop()
            held = self.world.held()
            if held:
                self.world.complete(held[0].node)
        assert self.world.s.run is None
        assert not self.world.s.queue
        for command in self.commands:
            if not self.world.s.deleted:
                outcome = command_of(self.world.s, command.command_id)
                assert outcome is not None
                assert outcome.status in {"completed", "failed", "cancelled", "refused", "merged"}
        rebuilt = None
        for seq, commit in self.world.log:
            rebuilt = fold(rebuilt, commit, seq)
        assert rebuilt == self.world.session
        if self.world.session:
            assert (
                decide(
                    self.world.session,
                    Started(node="phase0", generation=0, attempt=0, execution_id="e"),
                    self.world.now,
                ).events
                == ()
            )


def of(examples: int) -> settings:
    """So many histories."""
    checks = list(HealthCheck)
    return settings(
        max_examples=examples,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=checks,
        print_blob=True,
    )


class TestHistories(Histories.TestCase):  # type: ignore[misc, name-defined]  # hypothesis makes it
    """In every test run."""

    settings = of(150)


@pytest.mark.long
class TestThousandsOfHistories(Histories.TestCase):  # type: ignore[misc, name-defined]  # hypothesis makes it
    """In `make faults`."""

    settings = of(5000)
