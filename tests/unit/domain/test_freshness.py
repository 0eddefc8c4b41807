"""What is stale, and why (R3 to R6)."""

from typing import Any

import pytest

from domain_asking import freshness, rerun, stale
from domain_world import World, numbered, planned
from reprise_contracts.commands import Cancel
from reprise_contracts.languages import LANGUAGES, WITHOUT_MODEL
from reprise_contracts.phrases import Reason, because, cause_sentences
from reprise_contracts.states import Cause
from reprise_domain.freshness import Verdicts
from reprise_domain.reduce import fold
from reprise_gateway.projections.states import state_of


def test_r3_a_to_b_to_a_is_fresh_again(world: World) -> None:
    world.salt["phase3/2"] = "b"
    rerun(world, "c-1", steps=(2,), propagation="mark_stale")
    world.drain()
    assert stale(world) == {"phase4"}
    world.salt["phase3/2"] = ""
    rerun(world, "c-2", steps=(2,), propagation="mark_stale")
    world.drain()
    assert stale(world) == set()


def test_r3_without_an_artifact_freshness_is_null() -> None:
    assert set(freshness(World()).values()) == {None}


def test_r3_a_cancelled_rerun_changes_nothing(world: World) -> None:
    rerun(world, steps=(2,))
    world.give(Cancel(command_id="stop"))
    assert world.s.node("phase3/2").status == "cancelled"
    assert stale(world) == set()


@pytest.mark.parametrize(
    ("node", "target"),
    [("phase3/2", {"steps": (2,)}), ("phase3/2", {"phase": "phase3"}), ("phase1", {"phase": "phase1"})],
)
def test_r3_a_cancelled_rerun_gives_its_parameters_back(
    world: World, node: str, target: dict[str, Any]
) -> None:
    """What it set for a target that it did not make would else make a report stale that nothing has
    changed."""
    world.later(60)
    rerun(world, guidance="costs", engine="openai", **target)
    world.give(Cancel(command_id="stop"))
    assert stale(world) == set()
    assert world.s.parameters(node).guidance == ""
    rerun(world, "c-2", guidance="costs", **target)
    world.drain()
    assert world.s.parameters(node).guidance == "costs"


def test_r3_the_language_is_a_parameter_like_the_engine(world: World) -> None:
    """A rerun in another language is what makes a part's result stale, and the reason says so; the session's
    language counts elsewhere."""
    world.later(60)
    rerun(world, phase="phase4", language="zh")
    assert world.s.parameters("phase4").language == "zh" and world.s.parameters("phase2").language == ""
    world.drain()
    assert stale(world) == set()
    rerun(world, "c-2", phase="phase4", language="")
    world.give(Cancel(command_id="stop"))
    assert stale(world) == set() and world.s.parameters("phase4").language == "zh"


def test_r3_an_older_log_is_told_as_it_was(world: World) -> None:
    """What a run gave back is said by its end and worked out by nobody later: a log without it folds to what
    was decided on then."""
    world.later(60)
    rerun(world, steps=(2,), guidance="costs")
    world.give(Cancel(command_id="stop"))
    session = None
    for seq, commit in world.log:
        told = [
            event.model_copy(update={"given_back": ()}) if event.type == "run_finished" else event
            for event in commit.events
        ]
        session = fold(session, commit.model_copy(update={"events": tuple(told)}), seq)
    assert session is not None
    assert session.parameters("phase3/2").guidance == "costs"
    assert Verdicts(session).freshness("phase3/2") == "stale"


def test_r4_a_stale_node_names_the_chain_back_to_what_changed(world: World) -> None:
    world.later(60)
    world.salt["phase1"] = "other"
    rerun(world, phase="phase1", propagation="mark_stale")
    world.drain()
    chain = Verdicts(world.s).cause_chain("phase4")
    assert (chain[0].node, chain[0].reason) == ("phase2", "upstream")
    root = next(cause for cause in chain if cause.node == "phase1")
    assert root.reason == "changed"
    assert root.at == world.s.node("phase1").materialization.at  # type: ignore[union-attr]


def test_r4_what_changed_is_named_however_many_steps_stand_between() -> None:
    world = World(planner=lambda job: planned(*((n, f"step {n}", ()) for n in range(1, 101))))
    rerun(world, phase="phase0")
    world.drain()
    world.salt["phase1"] = "other"
    rerun(world, "c-2", phase="phase1", propagation="mark_stale")
    world.drain()
    assert len(stale(world)) == 103
    chain = Verdicts(world.s).cause_chain("phase4")
    assert [cause.node for cause in chain if cause.reason != "upstream"] == ["phase1"]
    assert len(chain) < 20


def test_r4_a_new_step_is_called_new_and_one_that_went_gone(world: World) -> None:
    world.planner = lambda job: numbered([("b", ()), ("d", ())], world.s.plan.steps, job.next_step)  # type: ignore[union-attr]
    rerun(world, phase="phase2", stop_after="phase3")
    world.drain()
    assert [cause.text for cause in Verdicts(world.s).cause_chain("phase4")] == [
        "The plan has changed.",
        "Step 4 is new.",
        "A step that was used is no longer in the plan.",
    ]


def test_r4_causes_are_in_the_order_of_the_plan() -> None:
    """Step 2 before step 10, which builds on it; not the numbers as words."""
    world = World(planner=lambda job: planned(*((n, f"step {n}") for n in range(1, 10)), (10, "last", (2,))))
    world.drain()
    rerun(world, steps=(2,), force=True, allow_partial=True)
    world.fail("phase3/2")
    world.drain()
    assert [cause.node for cause in Verdicts(world.s).cause_chain("phase4") if cause.reason == "lacking"] == [
        "phase3/2",
        "phase3/10",
    ]


def test_r5_what_is_below_a_stale_node_is_stale(world: World) -> None:
    world.salt["phase1"] = "other"
    rerun(world, phase="phase1", propagation="mark_stale")
    world.drain()
    assert stale(world) == {"phase2", "phase3", "phase3/1", "phase3/2", "phase3/3", "phase4"}


def test_r5_a_plan_that_is_one_long_chain_can_be_judged() -> None:
    world = World(
        planner=lambda job: planned(*((n, f"step {n}", (n - 1,) if n > 1 else ()) for n in range(1, 1501)))
    )
    for node in ("phase0", "phase1", "phase2"):
        world.complete(node)
    assert Verdicts(world.s).freshness("phase4") is None
    assert Verdicts(world.s).freshness("phase3/1500") is None


def test_r6_status_and_freshness_are_separate(world: World) -> None:
    rerun(world, phase="phase4")
    view = state_of(world.s).nodes["phase4"]
    assert (view.status, view.freshness) == ("queued", "fresh")


def test_r6_a_newer_version_shows_as_upgradable_never_as_stale(world: World) -> None:
    rerun(world, phase="phase4")
    report = world.completion(world.held()[0])
    world.give(report.model_copy(update={"versions": {"engine": "1"}}))
    rerun(world, "c-2", steps=(1,), propagation="mark_stale")
    report = world.completion(world.held()[0])
    world.give(report.model_copy(update={"versions": {"engine": "2"}}))
    view = state_of(world.s).nodes["phase4"]
    assert view.upgradable
    assert view.freshness == "fresh"


def test_r6_what_a_worker_offers_makes_older_work_upgradable(world: World) -> None:
    """A report written with an older prompt is upgradable as soon as any node's worker has a newer one, used
    or not."""
    rerun(world, phase="phase4")
    report = world.completion(world.held()[0])
    world.give(
        report.model_copy(update={"versions": {"prompt/section": "1"}, "offered": {"prompt/section": "1"}})
    )
    assert not state_of(world.s).nodes["phase4"].upgradable
    rerun(world, "c-2", steps=(1,), propagation="mark_stale")
    report = world.completion(world.held()[0])
    world.give(
        report.model_copy(
            update={
                "versions": {"prompt/investigate": "1"},
                "offered": {"prompt/section": "2", "prompt/investigate": "1"},
            }
        )
    )
    nodes = state_of(world.s).nodes
    assert nodes["phase4"].upgradable and not nodes["phase3/1"].upgradable
    assert nodes["phase4"].freshness == "fresh"


def test_what_is_said_of_several_steps_is_said_once() -> None:
    """The reasons of a report are read by a person."""

    def cause(node: str, reason: Reason, *, edited: bool = False) -> Cause:
        return Cause(
            node=node, reason=reason, edited=edited, text=because((node,), "edited" if edited else reason)
        )

    told = [
        cause("phase3/11", "added"),
        cause("phase2", "changed"),
        cause("phase3/12", "added"),
        cause("phase3/4", "changed"),
        cause("phase3/13", "added"),
        cause("phase3/5", "changed", edited=True),
        cause("phase2", "changed"),
        cause("phase3/7", "failed"),
        cause("phase3/8", "failed"),
    ]
    assert cause_sentences(told) == (
        "Steps 11, 12 and 13 are new.",
        "The plan has changed.",
        "Step 4 has changed.",
        "Step 5 has changed since a user edited what is below.",
        "The last try of steps 7 and 8 failed.",
    )


def test_r15_a_language_that_the_engine_of_what_is_named_cannot_write_is_refused_at_once(
    world: World,
) -> None:
    """Whether the command names the engine or an earlier one did; another part's engine may write it."""
    unwritten = next(code for code in LANGUAGES if code not in WITHOUT_MODEL)
    rerun(world, phase="phase4", engine="extractive", language=unwritten)
    assert world.events()[-1].problem.field == "options.language"
    rerun(world, "c-2", phase="phase4", engine="extractive")
    world.drain()
    rerun(world, "c-3", phase="phase4", language=unwritten)
    assert (
        world.events()[-1].problem.field == "options.language"
        and "zh (Chinese)" in world.events()[-1].problem.detail
    )
    rerun(world, "c-4", phase="phase4", language="zh")
    world.drain()
    rerun(world, "c-5", phase="phase2", language=unwritten, propagation="mark_stale")
    world.drain()
    assert world.s.parameters("phase2").language == unwritten
