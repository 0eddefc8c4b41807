"""Ceilings of tokens (R29)."""

from typing import Any

from domain_asking import rerun, stale
from domain_world import World
from reprise_contracts.commands import Options, Rerun, Target
from reprise_contracts.jobs import Failed
from reprise_contracts.problems.model import Problem
from reprise_domain.commands import request_of
from reprise_domain.dispatch import job_for
from reprise_domain.preview import preview
from reprise_gateway.projections.states import command_of


def test_r3_a_run_that_a_ceiling_stops_before_its_target_changes_nothing(world: World) -> None:
    """R29: nothing began, so nothing is stale."""
    world.later(60)
    world.tokens = 10
    rerun(world, "c-0", steps=(1,), force=True, propagation="mark_stale")
    world.drain()
    before = stale(world)
    world.later(60)
    rerun(world, steps=(2,), guidance="costs", max_session_tokens=1)
    assert command_of(world.s, "c-1").status == "failed"  # type: ignore[union-attr]
    assert stale(world) == before


def test_r29_at_the_ceiling_of_a_run_nothing_more_begins_and_a_refresh_goes_on(world: World) -> None:
    world.tokens = 100
    rerun(world, "c-1", phase="phase1", force=True, max_tokens=150)
    assert job_for(world.s, "phase1").token_allowance == 150
    world.drain()
    assert world.ran()[-2:] == ["phase1", "phase2"]
    refused = command_of(world.s, "c-1")
    assert refused is not None
    assert refused.status == "failed"
    assert refused.problem.kind == "budget_reached"  # type: ignore[union-attr]
    assert world.s.node("phase3/1").materialization is not None
    assert world.s.node("phase3/1").status == "completed"
    rerun(world, "c-2")
    world.drain()
    assert command_of(world.s, "c-2").status == "completed"  # type: ignore[union-attr]
    assert stale(world) == set()


def test_r29_a_sessions_ceiling_counts_all_its_runs_and_failures_until_it_is_raised(world: World) -> None:
    world.tokens = 100
    rerun(world, "c-1", phase="phase4", max_session_tokens=250)
    world.drain()
    rerun(world, "c-2", phase="phase4")
    world.fail("phase4", tokens=100)
    rerun(world, "c-3", phase="phase4")
    assert job_for(world.s, "phase4").token_allowance == 50
    world.drain()
    assert world.s.spent == 300
    rerun(world, "c-4", phase="phase4")
    assert command_of(world.s, "c-4").problem.kind == "budget_reached"  # type: ignore[union-attr]
    rerun(world, "c-5", phase="phase4", max_session_tokens=0)
    world.drain()
    assert command_of(world.s, "c-5").status == "completed"  # type: ignore[union-attr]


def test_r29_a_ceiling_too_low_for_an_attempt_leaves_its_node_as_it_was(world: World) -> None:
    """The worker finds that what is left does not do: no node fails for it and none is stale, and the run
    says so."""
    world.drain()
    before = {name: world.s.node(name) for name in ("phase3/1", "phase4")}
    world.later(60)
    rerun(world, "c-1", steps=(1,), guidance="costs", max_tokens=100)
    world.later(5)
    over_budget(world, "phase3/1")
    node, record = world.s.node("phase3/1"), command_of(world.s, "c-1")
    assert (node.status, node.since, node.materialization) == (
        "completed",
        before["phase3/1"].since,
        before["phase3/1"].materialization,
    )
    assert node.problem is None and world.s.node("phase4").status == "completed"
    assert stale(world) == set(), "the guidance of a run that did nothing is given back"
    assert record is not None and record.status == "failed"
    assert record.problem is not None and record.problem.kind == "budget_reached"
    rerun(world, "c-2", steps=(1,))
    world.drain()
    assert stale(world) == set()


def test_r29_what_never_ran_is_pending_again(world: World) -> None:
    fresh = World()
    for node in ("phase0", "phase1", "phase2"):
        fresh.complete(node)
    over_budget(fresh, "phase3/1")
    assert fresh.s.node("phase3/1").status == "pending"


def over_budget(world: World, node: str) -> None:
    """A worker stops an attempt for want of tokens."""
    job = next(job for job in world.held() if job.node == node)
    problem = Problem(type="budget_reached", detail="It needs about 500 tokens, and 100 are left.")
    execution = f"e-budget-{node.replace('/', '-')}"
    world.give(
        Failed(
            node=node, generation=job.generation, attempt=job.attempt, execution_id=execution, problem=problem
        )
    )


def test_r13_r29_a_preview_foresees_the_ceiling_and_names_the_first_node_that_would_not_begin(
    world: World,
) -> None:
    world.tokens = 100
    world.drain()
    rerun(world, "c-0", phase="phase0", force=True)
    world.drain()

    def foreseen(**options: Any) -> Any:
        target = options.pop("target", Target(phase="phase3"))
        command = Rerun(command_id="p", target=target, options=Options(force=True, **options))
        return preview(world.s, request_of(world.s, command)).plan

    free = foreseen()
    assert (free.estimate.stops_at, free.estimate.tokens, free.estimate.never_run) == (
        None,
        100 * len(free.run),
        (),
    )
    low = foreseen(max_tokens=150)
    assert low.estimate.stops_at == free.run[1] and any(
        "may not be finished" in warning for warning in low.warnings
    )
    left = foreseen(max_session_tokens=world.s.spent + 250)
    assert left.estimate.stops_at == free.run[2]
    assert (
        foreseen(max_tokens=10_000, max_session_tokens=world.s.spent + 250).estimate.stops_at == free.run[2]
    ), "the lower one counts"
    world.margin = 60
    rerun(world, "c-1", phase="phase0", force=True)
    world.drain()
    short = foreseen(max_tokens=250)
    assert short.estimate.stops_at == free.run[1], "more has to be free than a node costs in the end"
    assert short.notices[-1].tokens == 150 and short.notices[-1].needed == 160
    wide = preview(world.s, request_of(world.s, Rerun(command_id="q", target=Target(phase="phase1")))).plan
    coming = [node for node in (*wide.run, *wide.may_run) if node != "phase3/*"]
    assert (wide.estimate.tokens, wide.estimate.most_tokens) == (
        100 * len(wide.run),
        100 * len(coming),
    ) and wide.may_run


def test_r13_r32_what_the_record_answers_costs_nothing_in_a_preview(world: World) -> None:
    """A named node asks anew and costs what it cost; answered from the record it costs nothing, unless
    guidance, or what it reads, is another by then. A refetch may find that all of it has to be asked."""
    world.tokens, world.calls = 100, 3
    world.drain()
    rerun(world, "c-0", phase="phase0", force=True)
    world.drain()

    def foreseen(target: Target, **options: Any) -> Any:
        command = Rerun(command_id="p", target=target, options=Options(**options))
        return preview(world.s, request_of(world.s, command)).plan.estimate

    step = Target(steps=(1,))
    anew = foreseen(step, propagation="mark_stale")
    assert (anew.tokens, anew.calls, anew.recorded) == (100, 3, ())
    known = foreseen(step, propagation="mark_stale", ask_again=False)
    assert (known.tokens, known.calls, known.recorded) == (0, 0, ("phase3/1",))
    guided = foreseen(step, propagation="mark_stale", ask_again=False, guidance="costs")
    assert (guided.tokens, guided.recorded) == (100, ())
    cascade = foreseen(step, propagation="cascade", force=True, ask_again=False)
    assert cascade.recorded == ("phase3/1",) and cascade.tokens == 100 * (len(world.s.plan.nodes) - 1)  # type: ignore[union-attr]
    sites = foreseen(Target(phase="phase0"), propagation="mark_stale", refetch=True)
    assert (sites.tokens, sites.most_tokens, sites.most_calls, sites.recorded) == (0, 100, 3, ("phase0",))


def test_r13_what_never_ran_has_no_made_up_figures() -> None:
    world = World(start=False)
    estimate = preview(
        world.s, request_of(world.s, Rerun(command_id="p", target=Target(phase="phase0")))
    ).plan.estimate
    assert estimate.never_run and not estimate.seconds and not estimate.tokens


def test_r29_r32_what_another_engine_took_foretells_nothing(world: World) -> None:
    """A model that a node has not met is named as never run; an engine without a model takes nothing."""
    world.tokens = 100
    rerun(world, "c-1", phase="phase4", force=True, engine="openai", propagation="mark_stale")
    world.drain()

    def foreseen(engine: str) -> Any:
        command = Rerun(
            command_id="p",
            target=Target(phase="phase4"),
            options=Options(engine=engine, max_tokens=50, force=True),
        )
        return preview(world.s, request_of(world.s, command)).plan.estimate

    same, plain, other = foreseen("openai"), foreseen("extractive"), foreseen("another")
    assert (same.tokens, same.stops_at) == (100, "phase4")
    assert (plain.tokens, plain.stops_at, plain.never_run) == (0, None, ())
    assert (other.tokens, other.never_run) == (0, ("phase4",))
