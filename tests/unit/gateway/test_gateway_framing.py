"""Frames from commits, without a server: what a client makes of them is what the state says."""

import time
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from domain_world import World, planned
from reprise_contracts import frames as f
from reprise_contracts.artifacts import ObjectRef, Phase2, Phase4, StepFindings
from reprise_contracts.commands import Accept, Cancel, Edit, Options, Rerun, Target
from reprise_contracts.events import Commit
from reprise_contracts.states import NodeView
from reprise_domain.reduce import fold
from reprise_domain.state import Session
from reprise_gateway.projections.changes import SMALL
from reprise_gateway.projections.frames import Content, Piece, frames_of, progress
from reprise_gateway.projections.states import state_of
from reprise_runtime import snapshots


class Client:
    """What a reader of frames knows."""

    def __init__(self) -> None:
        self.nodes: dict[str, NodeView] = {}
        self.stale: tuple[f.StaleNode, ...] = ()
        self.around: f.SessionUpdate | None = None
        self.session: Session | None = None
        self.read = 0

    def follow(self, log: list[tuple[int, Commit]]) -> list[Piece]:
        """Take the commits that came since, and return the frames of the last."""
        pieces: tuple[Piece, ...] = ()
        for seq, commit in log[self.read :]:
            after = fold(self.session, commit, seq)
            pieces = frames_of(self.session, commit, after, seq)
            assert [piece.n for piece in pieces] == list(range(1, len(pieces) + 1))
            for piece in pieces:
                self._take(piece.frame, seq)
            self.session = after
        self.read = len(log)
        return list(pieces)

    def _take(self, frame: Any, seq: int) -> None:
        if isinstance(frame, Content):
            return
        assert (frame.seq, frame.session_id, frame.batch_id) == (seq, "s-1", "b-1")
        if isinstance(frame, f.NodeUpdate):
            self.nodes[frame.node] = NodeView(
                **{name: getattr(frame, name) for name in NodeView.model_fields}
            )
        if isinstance(frame, f.WorkflowStale):
            self.stale = frame.nodes
        if isinstance(frame, f.SessionUpdate):
            self.around = frame

    def agrees(self) -> None:
        assert self.session is not None
        nodes = state_of(self.session).nodes
        assert {node: self.nodes.get(node) for node in nodes} == nodes
        stale = {node for node, view in nodes.items() if view.freshness == "stale" and node != "phase3"}
        assert {one.node for one in self.stale} == stale
        state, around = state_of(self.session), self.around
        assert around is not None
        run = state.run.model_copy(update={"done": 0}) if state.run else None
        assert (around.run, around.queue, around.ended, around.guidance) == (
            run,
            state.queue,
            state.ended,
            state.guidance,
        )
        assert {f"phase3/{number}" for number in around.plan_steps} == {
            node for node in nodes if node.startswith("phase3/")
        }


def types(pieces: list[Piece]) -> list[str]:
    """The frames but those that tell how things are, by name; a frame to be made as its maker."""
    found = [
        piece.frame.make.__name__
        if isinstance(piece.frame, Content) and hasattr(piece.frame.make, "__name__")
        else piece.frame
        for piece in pieces
    ]
    quiet = {"node:update", "session:update"}
    return [kind for frame in found if (kind := getattr(frame, "type", "content")) not in quiet]


def act(world: World, choice: int) -> None:
    """One of the things that can happen."""
    name = f"c-{len(world.log)}-{choice}"
    held = world.held()
    steps = tuple(world.s.plan.by_id) if world.s.plan else ()
    kinds: list[Any] = [
        lambda: held and world.complete(held[choice % len(held)].node),
        lambda: held and world.complete(held[-1].node, says=f"said {choice % 3}"),
        lambda: held and world.fail(held[0].node, retryable=bool(choice % 2)),
        lambda: world.give(
            Rerun(
                command_id=name,
                target=Target(phase=("phase0", "phase1", "phase2", "phase3", "phase4")[choice % 5]),
            )
        ),
        lambda: world.give(
            Rerun(command_id=name, target=Target(stale=True), options=Options(if_running="interrupt"))
        ),
        lambda: (
            steps
            and world.give(
                Rerun(
                    command_id=name,
                    target=Target(steps=(steps[choice % len(steps)],)),
                    options=Options(propagation="mark_stale", guidance=str(choice % 2)),
                )
            )
        ),
        lambda: world.give(Cancel(command_id=name)),
        lambda: world.give(Accept(command_id=name, node="phase4", reason="fine")),
        lambda: world.give(
            Edit(
                command_id=name,
                node="phase1",
                artifact=ObjectRef(key=f"k{name}", sha256="0" * 64),
                parts={"output": str(choice % 4)},
            )
        ),
        lambda: world.later(5),
    ]
    kinds[choice % len(kinds)]()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 10_000), max_size=30))
def test_frames_alone_rebuild_the_state(choices: list[int]) -> None:
    world, client = World(), Client()
    client.follow(world.log)
    for choice in choices:
        act(world, choice)
        client.follow(world.log)
        client.agrees()


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 10_000), max_size=30), st.integers(0, 1000))
def test_frames_of_a_commit_are_the_same_wherever_one_begins(choices: list[int], place: int) -> None:
    """A replica that loads the session from a snapshot numbers the same frames alike."""
    world = World()
    for choice in choices:
        act(world, choice)
    seq, commit = world.log[place % len(world.log)]
    before: Session | None = None
    for earlier, other in world.log[: place % len(world.log)]:
        before = fold(before, other, earlier)
    restored = snapshots.load(snapshots.dump(before)) if before else None
    told, again = (frames_of(state, commit, fold(state, commit, seq), seq) for state in (before, restored))
    assert [piece for piece in again if not isinstance(piece.frame, Content)] == [
        p for p in told if not isinstance(p.frame, Content)
    ]
    assert len(told) == len(again)


def test_a_large_session_is_exact_at_rest_and_steps_are_exact_always() -> None:
    wanted = planned(*((n, f"step {n}", (n - 1,) if n % 7 == 0 else ()) for n in range(1, SMALL + 10)))
    world, client = World(planner=lambda job: wanted), Client()
    client.follow(world.log)
    for round_ in range(3):
        while held := world.held():
            world.complete(held[len(held) // 2].node, says=f"{round_ // 2}" if len(held) % 3 else None)
            client.follow(world.log)
            assert client.session is not None
            now = state_of(client.session).nodes
            assert {n: v for n, v in client.nodes.items() if n.startswith("phase3/")} == {
                n: v for n, v in now.items() if n.startswith("phase3/")
            }
        client.agrees()
        world.give(
            Rerun(
                command_id=f"again-{round_}",
                target=Target(phase="phase3"),
                options=Options(propagation="mark_stale"),
            )
        )
        client.follow(world.log)


def test_a_commit_in_a_session_of_2000_steps_costs_what_it_touches() -> None:
    wanted = planned(*((n, f"step {n}") for n in range(1, 2001)))
    world, client = World(planner=lambda job: wanted), Client()
    for node in ("phase0", "phase1", "phase2"):
        world.complete(node)
    client.follow(world.log)
    for number in range(1, 31):
        world.complete(f"phase3/{number}")
    began = time.process_time()
    sizes = [len(client.follow(world.log[: index + 1])) for index in range(client.read, len(world.log))]
    assert max(sizes) <= 6, sizes
    assert time.process_time() - began < 30 * 0.05


def test_a_first_run_begins_its_phases_and_tells_what_they_made() -> None:
    world, client = World(), Client()
    assert types(client.follow(world.log)) == ["batch:initialized", "research:phase_change"]
    world.complete("phase0")
    assert types(client.follow(world.log)) == [
        "scraping:all_complete_confirmed",
        "content",
        "content",
        "research:start",
        "research:phase_change",
    ]
    world.complete("phase1")
    assert types(client.follow(world.log)) == ["content", "research:phase_change"]
    world.complete("phase2")
    assert types(client.follow(world.log)) == ["content", "content", "research:phase_change"]
    world.drain()
    assert types(client.follow(world.log)) == ["content", "research:complete", "workflow:complete"]


def test_r10_a_step_rerun_is_announced_and_its_step_completes_again() -> None:
    world, client = World(), Client()
    world.drain()
    world.give(Rerun(command_id="c", target=Target(steps=(1, 2)), options=Options(propagation="mark_stale")))
    assert types(client.follow(world.log))[:2] == [
        "research:step_rerun_started",
        "research:step_rerun_started",
    ]
    world.complete("phase3/1", says="other")
    assert types(client.follow(world.log)) == ["workflow:stale", "content"]
    world.complete("phase3/2")
    pieces = client.follow(world.log)
    assert types(pieces) == [
        "content",
        "workflow:complete",
        "research:step_rerun_complete",
        "research:step_rerun_complete",
    ]
    done = next(piece.frame for piece in pieces if isinstance(piece.frame, f.StepRerunComplete))
    assert (done.report_stale, done.regenerate_report) == (True, False)


def test_r7_a_phase_rerun_is_announced_with_its_scope() -> None:
    world, client = World(), Client()
    world.drain()
    world.give(Rerun(command_id="c", target=Target(phase="phase2")))
    started = next(
        piece.frame for piece in client.follow(world.log) if isinstance(piece.frame, f.PhaseRerunStarted)
    )
    assert (started.phase, started.phases) == ("phase2", ("phase2", "phase3", "phase4"))
    world.drain()
    assert types(client.follow(world.log))[-3:] == [
        "research:complete",
        "research:phase_rerun_complete",
        "workflow:complete",
    ]


def test_r26_a_refresh_starts_and_completes_as_the_same_phases() -> None:
    """Whatever of them comes to run; and who leaves the report stale says so at the end of it."""
    world, client = World(), Client()
    world.drain()
    world.salt["phase3/1"] = "other"
    world.give(Rerun(command_id="c", target=Target(steps=(1,)), options=Options(propagation="mark_stale")))
    world.drain()
    left = [piece.frame for piece in client.follow(world.log) if isinstance(piece.frame, f.WorkflowComplete)]
    assert [frame.report_stale for frame in left][-1] is True
    world.give(Rerun(command_id="d", target=Target(stale=True)))
    told = [piece.frame for piece in client.follow(world.log)]
    world.later(1)
    world.drain()
    told += [piece.frame for piece in client.follow(world.log)]
    (started,) = [frame for frame in told if isinstance(frame, f.PhaseRerunStarted)]
    (completed,) = [frame for frame in told if isinstance(frame, f.PhaseRerunComplete)]
    assert (started.phase, started.phases) == (completed.phase, completed.phases)
    assert completed.report_stale is False


def test_failures_refusals_queues_and_cancels() -> None:
    world, client = World(), Client()
    world.drain()
    world.give(Rerun(command_id="c", target=Target(phase="phase4")))
    world.give(Rerun(command_id="d", target=Target(phase="phase1")))
    assert types(client.follow(world.log)) == ["workflow:queued"]
    world.give(Rerun(command_id="e", target=Target(steps=(99,))))
    assert types(client.follow(world.log)) == ["workflow:refused"]
    world.fail("phase4")
    assert types(client.follow(world.log)) == [
        "workflow:stale",
        "error",
        "workflow:failed",
        "research:phase_rerun_error",
        "research:phase_rerun_started",
        "research:start",
        "research:phase_change",
    ]
    world.give(Cancel(command_id="f"))
    assert types(client.follow(world.log)) == [
        "workflow:cancelled",
        "scraping:cancelled",
        "research:phase_rerun_error",
    ]


def test_progress_of_a_run_is_live() -> None:
    world = World()
    before = world.s
    world.complete("phase0")
    frame = progress(before, world.s, world.log[-1][1])
    assert frame is not None and not frame.DURABLE and 0 < frame.progress < 100 and frame.seq is None
    assert progress(world.s, world.s, world.log[-1][1]) is None


def test_contents_become_the_frames_that_clients_know() -> None:
    world, client = World(), Client()
    client.follow(world.log)
    made: list[Any] = []
    plan = Phase2.model_validate({"synthesized_goal": "G", "steps": [{"step_id": 1, "title": "a"}]})
    found = StepFindings.model_validate(
        {"step_id": 1, "findings": [{"finding_id": "f", "claim": "c", "confidence": "medium"}]}
    )
    for node, artifact in (
        ("phase0", None),
        ("phase1", None),
        ("phase2", plan),
        ("phase3/1", found),
        ("phase3/2", found),
        ("phase3/3", found),
        ("phase4", Phase4(markdown="# R")),
    ):
        world.complete(node)
        for piece in client.follow(world.log):
            if isinstance(piece.frame, Content) and artifact is not None:
                frame = piece.frame.make(artifact)
                assert (frame.seq, frame.n) == (world.log[-1][0], piece.n)
                made.append(frame)
    assert [frame.type for frame in made] == [
        "research:synthesized_goal",
        "research:plan",
        *["phase3:step_complete"] * 3,
        "phase4:report_ready",
    ]
    assert made[0].synthesized_goal == "G" and made[1].plan[0].title == "a"
    assert made[2].stepData.confidence == "medium"
    assert (made[-1].report, made[-1].stale) == ("# R", False)
