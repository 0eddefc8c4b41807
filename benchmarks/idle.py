"""An engine that does no work: what is left is the system. The topic says how much: `steps=50 wait=0.2
chain=1`."""

import asyncio
import re
from collections.abc import Mapping

from reprise_contracts.artifacts import Goal, Phase0, Phase2, PreparedSource, Step, StepFindings, Summary
from reprise_contracts.jobs import Gap
from reprise_research.brief import Brief, Library
from reprise_research.drafts import Abstract, Paragraph, PlanDraft, ReportDraft, SectionDraft, Span


class Idle:
    """Answers at once, or after `wait` seconds a step."""

    name = "idle"
    versions: dict[str, str] = {"idle": "1"}  # noqa: RUF012  # the protocol's type
    prompts: dict[str, str] = {}  # noqa: RUF012  # as above

    def __init__(self, model: str = "", settings: Mapping[str, str] | None = None) -> None:
        self.model = model

    async def summarise(self, source: PreparedSource, library: Library, brief: Brief) -> Summary:
        return Summary(source_id=source.source_id, summary=f"Nothing about {source.source_id}.")

    async def combine(self, summaries: tuple[Summary, ...], library: Library, brief: Brief) -> Abstract:
        return Abstract(text=f"{len(summaries)} sources.")

    async def goals(self, phase0: Phase0, brief: Brief) -> tuple[Goal, ...]:
        return (Goal(goal_id="goal-1", question=f"What is there to do? {brief.guidance}".strip()),)

    async def plan(
        self, phase0: Phase0, goals: tuple[Goal, ...], previous: Phase2 | None, brief: Brief
    ) -> PlanDraft:
        count = number(brief.topic, "steps", 1)
        return PlanDraft(
            "Nothing at all.",
            tuple(Step(step_id=n, title=f"Step {n} {brief.guidance}".strip()) for n in range(1, count + 1)),
        )

    async def investigate(
        self, step: Step, library: Library, earlier: Mapping[int, StepFindings], brief: Brief
    ) -> StepFindings:
        wait = number(brief.topic, "wait_ms", 0)
        if wait:
            await asyncio.sleep(wait / 1000)
        return StepFindings(
            step_id=step.step_id, title=step.title, insights=(f"{step.title}: {brief.guidance}",)
        )

    async def write(
        self,
        plan: Phase2,
        findings: Mapping[int, StepFindings],
        sources: tuple[PreparedSource, ...],
        gaps: tuple[Gap, ...],
        brief: Brief,
    ) -> ReportDraft:
        said = " ".join(insight for found in findings.values() for insight in found.insights)
        section = SectionDraft("all", "All", (Paragraph((Span(f"{len(findings)} steps. {said[:2000]}"),)),))
        return ReportDraft("Idle", (section,))


def number(topic: str, name: str, default: int) -> int:
    """A number that the topic names."""
    found = re.search(rf"\b{name}=(\d+)", topic)
    return int(found[1]) if found else default
