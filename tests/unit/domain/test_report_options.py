"""How the report is written, and one section of it written again (R31)."""

import pytest
from pydantic import ValidationError

from domain_asking import freshness, previewed, rerun, stale
from domain_world import World
from reprise_contracts.commands import Cancel, Options, RestartPhase
from reprise_contracts.problems import refusals
from reprise_domain.dispatch import job_for
from reprise_domain.freshness import Verdicts
from reprise_gateway.projections.states import command_of, state_of

SHORT = {"length": 200, "tone": "plain"}


def test_r31_options_of_the_report_make_it_stale_and_nothing_else(world: World) -> None:
    """Whatever is run, they are the report's alone, and it says why it is out of date."""
    rerun(world, steps=(2,), propagation="mark_stale", report=SHORT)
    assert job_for(world.s, "phase3/2").parameters.report == ""
    world.drain()
    assert stale(world) == {"phase4"}
    (cause,) = Verdicts(world.s).cause_chain("phase4")
    assert (cause.node, cause.reason) == ("phase4", "report")
    assert "length, tone, audience or outline" in cause.text


def test_r31_options_hold_until_they_are_replaced(world: World) -> None:
    rerun(world, "c-1", phase="phase4", report=SHORT)
    assert '"tone":"plain"' in job_for(world.s, "phase4").parameters.report
    world.drain()
    assert freshness(world)["phase4"] == "fresh"
    rerun(world, "c-2", phase="phase4")
    assert '"tone":"plain"' in job_for(world.s, "phase4").parameters.report
    world.drain()
    rerun(world, "c-3", phase="phase4", report={})
    assert job_for(world.s, "phase4").parameters.report == ""


def test_r31_the_same_options_again_leave_the_report_fresh(world: World) -> None:
    """A → B → A is fresh (R3)."""
    rerun(world, "c-1", steps=(2,), propagation="mark_stale", report=SHORT)
    world.drain()
    assert stale(world) == {"phase4"}
    rerun(world, "c-2", steps=(2,), propagation="mark_stale", report={})
    world.drain()
    assert stale(world) == set()


def test_r31_a_refresh_with_options_writes_the_report_and_its_preview_says_so(world: World) -> None:
    plan = previewed(world, report=SHORT)
    assert plan.run == ("phase4",)
    rerun(world, report=SHORT)
    assert world.s.run is not None
    assert list(world.s.run.in_flight) == ["phase4"]
    world.drain()
    assert previewed(world, report=SHORT).run == ()


def test_r31_a_run_that_came_to_nothing_gives_the_options_back(world: World) -> None:
    """R3: a cancelled rerun changes nothing."""
    rerun(world, phase="phase4", report=SHORT)
    world.give(Cancel(command_id="stop"))
    world.drain()
    assert world.s.parameters("phase4").report == ""
    assert freshness(world)["phase4"] == "fresh"


def test_r31_a_preview_says_what_the_engine_takes_no_account_of(world: World) -> None:
    """Whenever the report may run, or is asked for in that way; a model does as it is asked."""
    rerun(world, "c-1", phase="phase4", engine="extractive")
    world.drain()
    assert previewed(world, phase="phase4").warnings == ()
    (notice,) = previewed(world, steps=(2,), propagation="mark_stale", report=SHORT).notices
    assert (notice.code, notice.engine, notice.options) == (
        "report_unheeded",
        "extractive",
        ("length", "tone"),
    )
    assert "length and tone change nothing" in notice.text
    assert previewed(world, phase="phase4", engine="openai", report=SHORT).warnings == ()
    rerun(world, "c-2", phase="phase4", report={"audience": "children"})
    world.drain()
    (notice,) = previewed(world, phase="phase3").notices
    assert notice.text.endswith("audience changes nothing in its report.")
    assert previewed(world, phase="phase3", propagation="mark_stale").warnings == ()


def test_r31_one_section_is_run_with_the_guidance_of_this_once(world: World) -> None:
    """The job names it and the report that holds the others; afterwards nothing of it is a parameter."""
    before = world.s.node("phase4").materialization
    assert before is not None
    rerun(world, phase="phase4", section="step-1", guidance="costs")
    job = job_for(world.s, "phase4")
    assert (job.section, job.section_guidance) == ("step-1", "costs")
    assert job.previous == before.event.artifact
    assert job.parameters.guidance == ""
    world.drain()
    assert stale(world) == set()
    assert world.s.parameters("phase4").guidance == ""
    rerun(world, "c-2", phase="phase4")
    assert job_for(world.s, "phase4").section == ""


def test_r31_only_a_section_of_the_report_can_be_asked_for(world: World) -> None:
    rerun(world, "c-1", phase="phase4", section="summary")
    problem = command_of(world.s, "c-1").problem  # type: ignore[union-attr]
    assert problem.detail == refusals.no_section(()).detail  # type: ignore[union-attr]
    assert "step-1, step-2" in problem.action  # type: ignore[union-attr]
    rerun(world, "c-2", phase="phase3", section="step-1")
    problem = command_of(world.s, "c-2").problem  # type: ignore[union-attr]
    assert problem.detail == refusals.SECTION_OF_REPORT.detail  # type: ignore[union-attr]


def test_r31_no_section_is_written_on_what_the_others_do_not_know(world: World) -> None:
    """R18: a report never mixes silently. Once the whole is written again, a section can be as well."""
    world.salt["phase3/2"] = "other"
    rerun(world, "c-1", steps=(2,), propagation="mark_stale")
    world.drain()
    assert "phase4" in stale(world)
    rerun(world, "c-2", phase="phase4", section="step-1")
    problem = command_of(world.s, "c-2").problem  # type: ignore[union-attr]
    assert problem.detail == refusals.REPORT_MOVED.detail  # type: ignore[union-attr]
    rerun(world, "c-3", phase="phase4")
    world.drain()
    rerun(world, "c-4", phase="phase4", section="step-1")
    assert command_of(world.s, "c-4").status == "running"  # type: ignore[union-attr]


def test_r31_a_section_is_written_as_the_others_were() -> None:
    for other in ({"report": SHORT}, {"engine": "openai"}, {"model": "m"}, {"language": "de"}):
        with pytest.raises(ValidationError, match="as the others were"):
            RestartPhase(
                session_id="s-1",
                phase="phase4",
                options=Options.model_validate({"section": "step-1"} | other),
            )


def test_r31_what_is_seen_of_the_report_says_how_it_is_to_be_written(world: World) -> None:
    rerun(world, phase="phase4", report=SHORT)
    report = state_of(world.s).nodes["phase4"].report
    assert report is not None
    assert (report.length, report.tone) == (200, "plain")
    assert state_of(world.s).nodes["phase2"].report is None
