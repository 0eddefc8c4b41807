"""What a rerun reaches: cascade, early cut-off, refresh, where it ends (R7, R8, R10, R11, R26, R27)."""

from domain_asking import rerun, stale
from domain_world import World
from reprise_contracts.commands import PutSources, Rerun, Target
from reprise_contracts.sources import Source
from reprise_domain.commands import request_of
from reprise_domain.freshness import Verdicts
from reprise_domain.preview import preview
from reprise_gateway.projections.states import command_of, state_of


def test_r7_cascade_runs_what_is_below_and_mark_stale_leaves_it(world: World) -> None:
    world.salt["phase3/1"] = "new"
    rerun(world, "c-1", steps=(1,), propagation="mark_stale")
    world.drain()
    assert world.ran()[-1] == "phase3/1"
    assert stale(world) == {"phase3", "phase3/3", "phase4"}
    since = len(world.events())
    rerun(world, "c-2", steps=(1,))
    world.drain()
    assert world.ran(since) == ["phase3/1", "phase3/3", "phase4"]
    assert stale(world) == set()


def test_r7_stale_nodes_above_a_target_are_not_run_and_the_preview_warns(world: World) -> None:
    world.salt["phase3/1"] = "new"
    rerun(world, "c-1", steps=(1,), propagation="mark_stale")
    world.drain()
    command = Rerun(command_id="c-2", target=Target(phase="phase4"))
    assert preview(world.s, request_of(world.s, command)).plan.warnings == (
        "Step 3 is out of date and not run by this command.",
    )
    since = len(world.events())
    world.give(command)
    world.drain()
    assert world.ran(since) == ["phase4"]
    assert stale(world) == {"phase3", "phase3/3", "phase4"}


def test_r8_an_unchanged_result_runs_none_of_its_readers(world: World) -> None:
    since = len(world.events())
    rerun(world, phase="phase1")
    world.drain()
    assert world.ran(since) == ["phase1"]
    assert state_of(world.s).nodes["phase1"].unchanged
    since = len(world.events())
    rerun(world, "c-2", phase="phase1", force=True)
    world.drain()
    assert world.ran(since) == ["phase1", "phase2", "phase3/1", "phase3/2", "phase3/3", "phase4"]


def test_r10_many_steps_in_one_command_are_one_commit(world: World) -> None:
    before = len(world.log)
    rerun(world, steps=(1, 2))
    assert len(world.log) == before + 1
    assert {job.node for job in world.held()} == {"phase3/1", "phase3/2"}


def test_r11_preparing_again_fetches_only_what_is_new(world: World) -> None:
    world.tell_batch(PutSources(command_id="add", sources=(Source(source_id="src-3", url="http://x/3"),)))
    assert {cause.reason for cause in Verdicts(world.s).cause_chain("phase0")} == {"source_added"}
    rerun(world, phase="phase0")
    job = world.held()[0]
    assert not job.refetch
    assert [source.source_id for source in job.sources if source.stored is None] == ["src-3"]


def test_r26_a_forced_refresh_still_runs_only_what_is_stale(world: World) -> None:
    since = len(world.events())
    rerun(world, "c-1", force=True)
    assert world.ran(since) == []


def test_r26_refresh_runs_what_is_stale_and_nothing_else(world: World) -> None:
    world.salt["phase3/1"] = "new"
    rerun(world, "c-1", steps=(1,), propagation="mark_stale")
    world.drain()
    since = len(world.events())
    rerun(world, "c-2")
    world.drain()
    assert world.ran(since) == ["phase3/3", "phase4"]
    assert stale(world) == set()
    since = len(world.events())
    rerun(world, "c-3")
    assert world.ran(since) == []
    assert command_of(world.s, "c-3").status == "completed"  # type: ignore[union-attr]


def test_r27_stop_after_ends_the_run_there(world: World) -> None:
    world.salt["phase0"] = "new"
    rerun(world, phase="phase0", stop_after="phase2")
    world.drain()
    assert world.ran()[-1] == "phase2"
    assert "phase4" in stale(world)
    rerun(world, "c-2", phase="phase4", stop_after="phase2")
    assert command_of(world.s, "c-2").problem.field == "options.stop_after"  # type: ignore[union-attr]


def test_r27_a_run_of_steps_cannot_stop_before_them(world: World) -> None:
    rerun(world, steps=(1,), stop_after="phase0")
    assert command_of(world.s, "c-1").problem.kind == "invalid"  # type: ignore[union-attr]


def test_r32_only_what_is_named_is_asked_anew_and_of_nothing_that_has_not_changed(world: World) -> None:
    """A model is asked anew where a command names the node; below it, and where only the sites are asked
    again, what is recorded answers, unless the command says otherwise."""

    def asked(command: str, **options: object) -> bool:
        rerun(world, command, phase="phase0", **options)
        (job,) = world.held()
        world.drain()
        return job.ask_again

    assert asked("c-1")
    assert not asked("c-2", refetch=True)
    assert asked("c-3", refetch=True, ask_again=True)
    assert not asked("c-4", ask_again=False)
    rerun(world, "c-5", phase="phase0")
    world.complete("phase0", says="something else")
    (below,) = world.held()
    assert (below.node, below.ask_again) == ("phase1", False)
