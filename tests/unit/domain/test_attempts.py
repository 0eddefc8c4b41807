"""Which results count, what is pinned, what is tried again (R17 to R19)."""

from datetime import timedelta

from domain_asking import freshness, rerun, stale
from domain_world import World
from reprise_contracts.commands import Cancel, Options, PutSources, Rerun, Target
from reprise_contracts.jobs import Failed, Started
from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Source
from reprise_domain.commands import request_of
from reprise_domain.decide import decide
from reprise_domain.dispatch import job_for
from reprise_domain.freshness import Verdicts
from reprise_domain.graph import all_nodes
from reprise_domain.preview import preview
from reprise_domain.sweep import is_deletable
from reprise_gateway.projections.states import command_of


def test_r19_a_report_of_a_failed_step_is_partial_or_waits(world: World) -> None:
    rerun(world, steps=(2,), propagation="mark_stale")
    world.fail("phase3/2")
    rerun(world, "c-2", phase="phase4")
    refused = command_of(world.s, "c-2").problem  # type: ignore[union-attr]
    assert (
        refused.kind == "inputs_missing"
        and "step 2 has failed" in refused.detail
        and "allow_partial" in refused.action
    )
    partial = Rerun(command_id="c-3", target=Target(phase="phase4"), options=Options(allow_partial=True))
    found = preview(world.s, request_of(world.s, partial))
    assert found.plan.warnings == (
        "Step 2 has failed and is not run by this command: the last good result is used.",
    )
    world.give(partial)
    world.drain()
    assert "phase4" in stale(world)


def test_r19_a_partial_report_stays_stale_until_it_is_made_again_from_good_steps() -> None:
    """Also where the step that it lacks never had a result, and where the step then says what it said
    before."""
    world = World()
    for node in ("phase0", "phase1", "phase2"):
        world.complete(node)
    world.fail("phase3/2")
    world.drain()
    rerun(world, phase="phase4", allow_partial=True)
    assert [(gap.node, gap.used) for gap in job_for(world.s, "phase4").gaps] == [("phase3/2", "nothing")]
    world.drain()
    assert [(cause.node, cause.reason) for cause in Verdicts(world.s).cause_chain("phase4")] == [
        ("phase3/2", "lacking")
    ]
    rerun(world, "c-2", steps=(2,))
    world.drain()
    assert stale(world) == set()
    rerun(world, "c-3", steps=(2,), allow_partial=True, force=True)
    world.fail("phase3/2")
    world.drain()
    rerun(world, "c-4", steps=(2,), propagation="mark_stale")
    world.drain()
    assert world.s.node("phase3/2").materialization.event.unchanged  # type: ignore[union-attr]
    assert stale(world) == {"phase4"}


def test_r19_a_partial_report_is_made_where_nothing_but_a_failure_is_new(world: World) -> None:
    """What the report reads of the failed step is its older result as it was; that it is an older one is new,
    once."""
    for command, made in (("c-1", 2), ("c-2", 2)):
        rerun(world, command, steps=(2,), allow_partial=True)
        world.fail("phase3/2")
        world.drain()
        entry = world.s.node("phase4")
        assert (entry.generation, entry.status) == (made, "completed")
        assert entry.materialization is not None and entry.materialization.event.generation == made
        assert {"phase3/2", "phase4"} <= stale(world)
    world.salt["phase3/2"] = "other"
    rerun(world, "c-3", steps=(2,), propagation="mark_stale")
    rerun(world, "c-4", steps=(2,), allow_partial=True)
    world.complete("phase3/2")
    world.fail("phase3/2")
    world.drain()
    assert world.s.node("phase4").generation == 3, "the older result that stands in is another one"


def test_r17_only_a_result_of_the_present_attempt_counts(world: World) -> None:
    rerun(world, "c-1", phase="phase4")
    job = world.held()[0]
    late = world.completion(job, says="late")
    world.give(world.completion(job))
    made = world.s.node("phase4").materialization
    world.give(late)
    assert world.s.node("phase4").materialization is made
    assert world.events()[-1].type == "result_superseded"
    assert is_deletable(world.s, late.artifact.key)


def test_r17_in_cancelling_no_completion_counts(world: World) -> None:
    rerun(world, phase="phase4")
    job = world.held()[0]
    made = world.s.node("phase4").materialization
    world.give(Started(node="phase4", generation=job.generation, attempt=1, execution_id="e-x"))
    world.give(Cancel(command_id="stop"))
    world.give(world.completion(job, says="too late"))
    assert world.s.node("phase4").status == "cancelled"
    assert world.s.node("phase4").materialization is made


def test_r18_sources_are_pinned_when_a_run_starts() -> None:
    world = World()
    world.tell_batch(PutSources(command_id="add", sources=(Source(source_id="src-3", url="http://x/3"),)))
    world.drain()
    assert len(world.jobs["phase0", 1, 1].sources) == 2
    assert freshness(world)["phase0"] == "stale"


def test_r19_a_retryable_failure_is_tried_again_later_and_a_terminal_one_is_not(world: World) -> None:
    rerun(world, steps=(2,))
    world.fail("phase3/2", retryable=True)
    entry = world.s.node("phase3/2")
    assert (entry.status, entry.attempt, entry.not_before) == ("queued", 2, world.now + timedelta(seconds=1))
    world.fail("phase3/2", retryable=True)
    world.fail("phase3/2", retryable=True)
    assert world.s.node("phase3/2").status == "failed"
    assert command_of(world.s, "c-1").status == "failed"  # type: ignore[union-attr]


def test_r19_who_is_asked_to_wait_waits(world: World) -> None:
    """The next attempt begins when the endpoint allows it, if that is later than the usual back-off, and
    within an hour."""
    for asked, begins in ((90.0, 90), (0.1, 1), (1e9, 3600)):
        rerun(world, f"c-{begins}", steps=(2,))
        job = next(job for job in world.held() if job.node == "phase3/2")
        own = {"node": job.node, "generation": job.generation, "attempt": job.attempt}
        limited = Problem(type="rate_limited", detail="Too many.", retryable=True)
        world.give(Failed(**own, execution_id=f"x-{begins}", problem=limited, retry_after=asked))
        assert world.s.node("phase3/2").not_before == world.now + timedelta(seconds=begins)
        world.now += timedelta(seconds=begins)
        world.drain()


def test_r19_a_failed_node_keeps_its_artifact_and_others_go_on(world: World) -> None:
    rerun(world, phase="phase3", force=True)
    world.fail("phase3/1")
    world.drain()
    assert world.s.node("phase3/1").materialization is not None
    assert world.s.node("phase3/2").materialization.event.generation == 2  # type: ignore[union-attr]
    assert world.s.node("phase3/3").materialization.event.generation == 1  # type: ignore[union-attr]
    assert world.s.node("phase4").materialization.event.generation == 1  # type: ignore[union-attr]
    assert {"phase3/1", "phase3/3", "phase4"} <= stale(world)


def test_r19_a_partial_report_names_its_gaps_and_stays_stale(world: World) -> None:
    world.salt["phase3/1"] = "new"
    rerun(world, steps=(1, 2), allow_partial=True)
    world.fail("phase3/2")
    world.complete("phase3/1")
    world.complete("phase3/3")
    gaps = job_for(world.s, "phase4").gaps
    assert [(gap.node, gap.used) for gap in gaps] == [("phase3/2", "last_good")]
    world.drain()
    assert "phase4" in stale(world)
    rerun(world, "c-2")
    world.drain()
    assert stale(world) == set()


def test_r19_a_partial_report_says_why_it_lacks_each_step() -> None:
    """What failed, what waited for it, what was cancelled, and what was never run."""
    world = World()
    for node in ("phase0", "phase1", "phase2"):
        world.complete(node)
    world.give(Cancel(command_id="stop", step_id=2))
    world.fail("phase3/1")
    rerun(world, phase="phase4", allow_partial=True)
    said = {gap.node: (gap.used, gap.reason) for gap in job_for(world.s, "phase4").gaps}
    assert said == {
        "phase3/1": ("nothing", "It broke."),
        "phase3/2": ("nothing", "It was cancelled."),
        "phase3/3": ("nothing", "It has not been run."),
    }
    world.drain()
    rerun(world, "c-2")
    world.drain()
    rerun(world, "c-3", steps=(1,), force=True, allow_partial=True)
    world.fail("phase3/1")
    gaps = job_for(world.s, "phase4").gaps
    assert [(gap.node, gap.used, gap.reason) for gap in gaps] == [
        ("phase3/1", "last_good", "It broke."),
        ("phase3/3", "last_good", "Something that it depends on failed or was cancelled."),
    ]


def test_a_report_of_an_attempt_that_never_was_changes_nothing(world: World) -> None:
    problem = Problem(type="internal", detail="x")
    report = Failed(node="phase4", generation=99, attempt=1, execution_id="e-x", problem=problem)
    assert decide(world.s, report, world.now).events == ()


def test_r18_a_step_reads_what_the_step_before_it_has_just_found(world: World) -> None:
    """Inputs are resolved when an attempt is dispatched, never when the command was given; a retry reads what
    there is then."""
    rerun(world, steps=(1, 3), force=True)
    world.complete("phase3/1", says="anew")
    made = world.s.node("phase3/1").materialization
    assert made is not None
    assert job_for(world.s, "phase3/3").inputs["phase3/1"].key == made.event.artifact.key
    world.fail("phase3/3", retryable=True)
    assert job_for(world.s, "phase3/3").inputs["phase3/1"].key == made.event.artifact.key


def test_r18_a_report_is_made_of_the_results_of_its_run_and_of_no_older_ones(world: World) -> None:
    """Each input that its job pins is the artifact that counts then, and none is replaced while it is
    written."""
    rerun(world, phase="phase3", force=True)
    rerun(world, "c-2", steps=(1,), propagation="mark_stale")
    for node in ("phase3/1", "phase3/2", "phase3/3"):
        world.complete(node, says="anew")
    pinned = {node: ref.key for node, ref in job_for(world.s, "phase4").inputs.items()}
    assert pinned == {node: world.s.node(node).materialization.event.artifact.key for node in pinned}  # type: ignore[union-attr]
    assert world.s.node("phase3/1").status == "completed", "the second command waits for its turn"
    world.drain()
    assert stale(world) == {"phase3", "phase3/3", "phase4"}, (
        "the second moved a step, and no report is taken for fresh"
    )


def test_r17_a_sweep_between_two_attempts_forgets_nothing_that_a_lost_worker_stored(world: World) -> None:
    """The worker is lost between storing and reporting, its next delivery fails, and a sweep comes by while
    the next attempt is in flight: what was stored goes when the attempts are over."""
    rerun(world, steps=(2,), propagation="mark_stale")
    kept = set(world.objects)
    world.lose("phase3/2")
    assert world.objects - kept
    world.fail("phase3/2", retryable=True)
    world.sweep()
    world.drain()
    world.sweep()
    nodes = map(world.s.node, all_nodes(world.s.plan))
    assert world.objects == {
        node.materialization.event.artifact.key for node in nodes if node.materialization
    }
