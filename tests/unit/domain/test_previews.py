"""What a command would do, and the token that holds it to that (R13)."""

from domain_asking import edit, edited, previewed, rerun, stale
from domain_world import World
from reprise_contracts.commands import PutSources, Rerun, Target
from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Source
from reprise_contracts.states import Preview
from reprise_domain.commands import request_of
from reprise_domain.decide import preview_edit
from reprise_domain.preview import preview
from reprise_gateway.projections.states import command_of

STEPS = ("phase3/1", "phase3/2", "phase3/3")


def test_r12_r13_the_preview_of_an_edit_is_read_from_the_edited_plan(world: World) -> None:
    """The three steps become a, b and a new one; the third, which depended on the first, goes."""
    marking = preview_edit(world.s, edited(world, "e-1"), world.now)
    assert isinstance(marking, Preview)
    assert marking.plan.run == ()
    assert set(marking.plan.keep) == {"phase0", "phase1", "phase2", "phase3/1", "phase3/2"}
    assert marking.plan.stale == ("phase4",)
    assert marking.plan.drop == ("phase3/3",)
    cascading = preview_edit(world.s, edited(world, "e-1", propagation="cascade"), world.now)
    assert isinstance(cascading, Preview)
    assert cascading.plan.run == ("phase3/4", "phase4")
    since = len(world.events())
    edit(world, "e-1", propagation="cascade")
    world.drain()
    assert world.ran(since) == ["phase3/4", "phase4"]
    assert stale(world) == set()


def test_r12_r13_an_edit_warns_as_a_rerun_of_what_is_edited_does(world: World) -> None:
    """Of what is stale above it and is not run; and of new steps, in the answer as in the preview."""
    changed = Source(source_id="src-1", url="http://x/other")
    world.tell_batch(PutSources(command_id="put", sources=(changed,)))
    rerunning = previewed(world, phase="phase2").notices
    for propagation in ("mark_stale", "cascade"):
        found = preview_edit(world.s, edited(world, "e-1", propagation=propagation), world.now)
        assert isinstance(found, Preview)
        left = [notice for notice in found.plan.notices if notice.code == "left_stale"]
        assert tuple(left) == rerunning and [one.nodes for one in left] == [("phase0",), ("phase1",)]
        added = [notice.nodes for notice in found.plan.notices if notice.code == "new_steps"]
        assert added == ([("phase3/4",)] if propagation == "mark_stale" else [])
        assert found.plan.warnings == tuple(notice.text for notice in found.plan.notices)


def test_r12_r13_the_preview_of_an_edit_that_would_be_refused_says_so(world: World) -> None:
    problem = preview_edit(world.s, edited(world, "e-1").model_copy(update={"if_match": "0" * 64}), world.now)
    assert isinstance(problem, Problem)
    assert problem.type == "conflict"


def test_r13_a_plan_token_holds_until_the_lists_change(world: World) -> None:
    command = Rerun(command_id="c-1", target=Target(steps=(1,)))
    token = preview(world.s, request_of(world.s, command)).plan_token
    world.salt["phase3/2"] = "other"
    rerun(world, "c-2", steps=(2,), propagation="mark_stale")
    world.drain()
    rerun(world, "c-3", steps=(1,), plan_token=token)
    refused = command_of(world.s, "c-3")
    assert refused.problem.kind == "plan_changed"  # type: ignore[union-attr]
    assert refused.problem.plan_token  # type: ignore[union-attr]
    rerun(world, "c-4", steps=(1,), plan_token=refused.problem.plan_token)  # type: ignore[union-attr]
    assert command_of(world.s, "c-4").status == "running"  # type: ignore[union-attr]


def test_r9_r13_a_preview_of_a_replan_keeps_the_steps_that_the_new_plan_repeats(world: World) -> None:
    """None of them runs or becomes stale through a new plan: each is kept, or goes."""
    plan = previewed(world, phase="phase2", stop_after="phase2")
    assert (plan.run, plan.may_run, plan.stale) == (("phase2",), (), ("phase4",))
    assert (plan.keep, plan.may_drop) == (("phase0", "phase1", *STEPS), STEPS)
    plan = previewed(world, phase="phase2")
    assert (plan.run, plan.may_run, plan.stale) == (("phase2",), ("phase4", "phase3/*"), ())
    assert (plan.keep, plan.may_drop) == (("phase0", "phase1", *STEPS), STEPS)
    plan = previewed(world, phase="phase0", stop_after="phase2")  # other texts, and perhaps another plan
    assert (plan.keep, plan.stale, plan.may_drop) == ((), (*STEPS, "phase4"), STEPS)


def test_r13_what_a_run_makes_fresh_again_is_kept(world: World) -> None:
    """The steps are stale for the plan above them alone; the plan is made again."""
    world.salt["phase1"] = "other"
    rerun(world, phase="phase1", propagation="mark_stale")
    world.drain()
    assert {"phase2", *STEPS, "phase4"} <= stale(world)
    assert previewed(world, phase="phase2", propagation="mark_stale").keep == ("phase0", "phase1", *STEPS)
    rerun(world, "c-2", phase="phase2", propagation="mark_stale")
    world.drain()
    assert stale(world) == {"phase4"}


def test_r13_r19_what_waits_for_a_failed_step_is_not_said_to_run(world: World) -> None:
    rerun(world, steps=(1,))
    world.fail("phase3/1")
    plan = previewed(world, steps=(2,))
    assert (plan.run, plan.may_run) == (("phase3/2",), ())
    assert plan.stale == ("phase3/1", "phase3/3", "phase4")
    assert plan.warnings == ("The report waits: no good result of step 1.",)
    assert [(told.code, told.nodes, told.text) for told in plan.notices] == [
        ("waits", ("phase4", "phase3/1"), plan.warnings[0])
    ]
    assert previewed(world, steps=(2,), allow_partial=True).run == ("phase3/2", "phase4"), (
        "a report without step 1 is another one"
    )


def test_r13_r29_at_a_sessions_ceiling_nothing_is_said_to_run(world: World) -> None:
    world.tokens = 100
    rerun(world, phase="phase4", max_session_tokens=100)
    world.drain()
    plan = previewed(world, phase="phase1")
    assert plan.run == plan.may_run == ()
    assert "100 tokens that it may spend" in plan.warnings[0]
    assert [told.code for told in plan.notices] == ["spent"]
    assert previewed(world, phase="phase1", max_session_tokens=0).run == ("phase1",)


def test_r13_a_preview_that_is_published_runs_nothing(world: World) -> None:
    since = len(world.events())
    rerun(world, "c-1", phase="phase2", dry_run=True)
    edit(world, "e-1", dry_run=True)
    assert world.ran(since) == []
    assert {command_of(world.s, name).problem.field for name in ("c-1", "e-1")} == {"options.dry_run"}  # type: ignore[union-attr]


def test_r13_in_a_busy_session_a_preview_is_provisional(world: World) -> None:
    rerun(world, phase="phase4")
    found = preview(world.s, request_of(world.s, Rerun(command_id="c-2", target=Target(phase="phase1"))))
    assert found.provisional
    assert found.plan_token is None
