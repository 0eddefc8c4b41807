"""An engine that does what its guidance says: `fail`, `flaky`, `roll` (says something new each time), `slow`,
`more` (another plan). Each call spends ten tokens."""

import asyncio
import secrets
from collections.abc import Mapping

from benchmarks.idle import Idle, number

from reprise_contracts.artifacts import (
    Goal,
    Phase0,
    Phase2,
    PreparedSource,
    Step,
    StepFindings,
    Summary,
    Tokens,
)
from reprise_contracts.jobs import Gap
from reprise_research.brief import Brief, Library
from reprise_research.drafts import Abstract, PlanDraft, ReportDraft
from reprise_research.errors import EngineFailed

COST = 10
"""Tokens of one call."""


class Fickle(Idle):
    """`Idle` with a will of its own."""

    name = "fickle"

    async def _call(self, where: str, brief: Brief) -> str:
        """Spend, wait, fail; what the call says besides what it would say anyway."""
        words = brief.guidance.split()
        async with brief.usage.spending(COST, where):
            await asyncio.sleep(number(brief.topic, "wait_ms", 0) / 1000 * (6 if "slow" in words else 1))
            brief.usage.add(Tokens(prompt=COST))
        if "fail" in words or ("flaky" in words and secrets.randbelow(3) == 0):
            raise EngineFailed(f"{where} did not want to.", retryable="flaky" in words)
        return secrets.token_hex(4) if "roll" in words else ""

    async def summarise(self, source: PreparedSource, library: Library, brief: Brief) -> Summary:
        said = await self._call("a summary", brief)
        text = await library.text(source.source_id)
        return Summary(source_id=source.source_id, summary=f"{text[:60]} {said}".strip())

    async def combine(self, summaries: tuple[Summary, ...], library: Library, brief: Brief) -> Abstract:
        said = await self._call("the abstract", brief)
        return Abstract(text=f"{' '.join(summary.summary for summary in summaries)} {said}".strip())

    async def goals(self, phase0: Phase0, brief: Brief) -> tuple[Goal, ...]:
        said = await self._call("the goals", brief)
        return (
            Goal(
                goal_id="goal-1", question=f"What of {len(phase0.sources)}? {brief.guidance} {said}".strip()
            ),
        )

    async def plan(
        self, phase0: Phase0, goals: tuple[Goal, ...], previous: Phase2 | None, brief: Brief
    ) -> PlanDraft:
        said = await self._call("the plan", brief)
        count = number(brief.topic, "steps", 3) + ("more" in brief.guidance.split())
        steps = (
            Step(step_id=n, title=f"Step {n} {said}".strip(), depends_on=(1,) if n == 3 else ())
            for n in range(1, count + 1)
        )
        return PlanDraft(f"All of it. {said}".strip(), tuple(steps))

    async def investigate(
        self, step: Step, library: Library, earlier: Mapping[int, StepFindings], brief: Brief
    ) -> StepFindings:
        said = await self._call(f"step {step.step_id}", brief)
        found = [insight for one in earlier.values() for insight in one.insights]
        insight = f"{step.title}: {brief.guidance} {said} {len(found)}"
        return StepFindings(step_id=step.step_id, title=step.title, insights=(insight, *found))

    async def write(
        self,
        plan: Phase2,
        findings: Mapping[int, StepFindings],
        sources: tuple[PreparedSource, ...],
        gaps: tuple[Gap, ...],
        brief: Brief,
    ) -> ReportDraft:
        await self._call("the report", brief)
        return await super().write(plan, findings, sources, gaps, brief)
