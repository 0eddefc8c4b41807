"""Phase 1: the goals. Reads phase 0's summaries, abstract and themes, and no texts."""

from reprise_contracts.artifacts import Goal, Phase0, Phase1
from reprise_contracts.frames import WorkflowProgress
from reprise_research.context import Context
from reprise_research.errors import EngineFailed, NothingToRead


async def discover(phase0: Phase0, context: Context) -> Phase1:
    """Questions worth answering, why, and from which sources. Raises `NothingToRead`, `EngineFailed`."""
    if not phase0.summaries:
        raise NothingToRead(
            "No source has been summarised.", "Run phase 0 with at least one source that can be read."
        )
    context.progress(
        WorkflowProgress(phase="phase1", progress=0.0, message="Looking for questions worth answering")
    )
    known = {summary.source_id for summary in phase0.summaries}
    goals: dict[str, Goal] = {}
    for goal in await context.engine.goals(phase0, context.brief):
        named = tuple(dict.fromkeys(source_id for source_id in goal.source_ids if source_id in known))
        goals.setdefault(goal.goal_id, goal.model_copy(update={"source_ids": named}))
    if not goals:
        raise EngineFailed(
            "The engine found no question worth answering.", "Give guidance that says what you want to know."
        )
    context.progress(WorkflowProgress(phase="phase1", progress=100.0, message=f"{len(goals)} goals"))
    return context.signed(Phase1(goals=tuple(goals.values())))
