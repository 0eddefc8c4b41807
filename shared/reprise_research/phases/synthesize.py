"""Phase 2: one goal that brings the others together, and the plan. A step keeps its number as long as it
keeps its meaning (R9)."""

from collections.abc import Collection

from pydantic import ValidationError

from reprise_contracts.artifacts import Phase0, Phase1, Phase2, Step, number_steps
from reprise_contracts.frames import WorkflowProgress
from reprise_research.context import Context
from reprise_research.errors import InvalidPlan, NothingToRead
from reprise_research.phases.former import former_steps


async def synthesize(
    phase0: Phase0,
    phase1: Phase1,
    context: Context,
    *,
    previous: Phase2 | None = None,
    next_step: int = 1,
    held: Collection[int] = (),
) -> Phase2:
    """The plan. A step that equals one of `previous` keeps its number, others are numbered from `next_step`.
    The steps of `previous` that `held` numbers stay, word for word, whatever is proposed (R38).

    Raises `NothingToRead`, `InvalidPlan`, `EngineFailed`."""
    if not phase1.goals:
        raise NothingToRead("There are no goals to plan for.", "Run phase 1, or write goals yourself.")
    context.progress(WorkflowProgress(phase="phase2", progress=0.0, message="Planning"))
    draft = await context.engine.plan(phase0, phase1.goals, previous, context.brief)
    known = {summary.source_id for summary in phase0.summaries}
    goal_ids = {goal.goal_id for goal in phase1.goals}
    proposed = tuple(_cleaned(step, known, goal_ids) for step in _ordered(draft.steps))
    before = previous.steps if previous is not None else ()
    taken = max((step.step_id for step in before), default=0)
    try:
        steps = number_steps(_with_held(proposed, before, held), before, max(next_step, taken + 1))
        plan = Phase2(
            synthesized_goal=draft.synthesized_goal, steps=steps, former=former_steps(previous, steps)
        )
    except (ValidationError, KeyError) as error:
        raise InvalidPlan(f"The proposed plan cannot be run: {error}") from error
    if not plan.steps:
        raise InvalidPlan("The proposed plan has no steps.")
    context.progress(WorkflowProgress(phase="phase2", progress=100.0, message=f"{len(plan.steps)} steps"))
    return context.signed(plan)


def _cleaned(step: Step, known: set[str], goal_ids: set[str]) -> Step:
    """The step without sources and goals that do not exist."""
    return step.model_copy(
        update={
            "source_ids": tuple(
                dict.fromkeys(source_id for source_id in step.source_ids if source_id in known)
            ),
            "goal_ids": tuple(dict.fromkeys(goal_id for goal_id in step.goal_ids if goal_id in goal_ids)),
            "depends_on": tuple(dict.fromkeys(step.depends_on)),
        }
    )


def _with_held(
    proposed: tuple[Step, ...], before: tuple[Step, ...], held: Collection[int]
) -> tuple[Step, ...]:
    """What is proposed, and behind it the steps that are held: one that is proposed again has the same
    identity, and is numbered once."""
    free = max((step.step_id for step in proposed), default=0)
    kept = [step for step in before if step.step_id in held]
    return (
        *proposed,
        *(
            step.model_copy(
                update={
                    "step_id": free + step.step_id,
                    "depends_on": tuple(free + other for other in step.depends_on),
                }
            )
            for step in kept
        ),
    )


def _ordered(steps: tuple[Step, ...]) -> tuple[Step, ...]:
    """Each step after those that it depends on, otherwise in the order proposed. Raises `InvalidPlan` for a
    circle."""
    numbers = {step.step_id for step in steps}
    if len(numbers) != len(steps):
        raise InvalidPlan("Two steps of the proposed plan have the same number.")
    waiting, ordered, done = list(steps), [], set[int]()
    while waiting:
        step = next((s for s in waiting if set(s.depends_on) <= done), None)
        if step is None:
            strange = sorted({other for s in waiting for other in s.depends_on} - numbers)
            detail = (
                f"depend on steps that do not exist: {strange}"
                if strange
                else "depend on each other in a circle"
            )
            raise InvalidPlan(f"Steps of the proposed plan {detail}.")
        waiting.remove(step)
        ordered.append(step)
        done.add(step.step_id)
    return tuple(ordered)
