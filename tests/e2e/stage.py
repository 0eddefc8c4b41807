"""The extractive engine for the stage: it waits, fails, writes slowly or finds something else where the
guidance of a command says so."""

import asyncio
from collections.abc import Mapping

from reprise_contracts.artifacts import Goal, Phase0, Phase2, PreparedSource, Step, StepFindings
from reprise_contracts.frames import StreamEnd, StreamStart, StreamToken
from reprise_contracts.jobs import Gap
from reprise_research.brief import Brief, Library
from reprise_research.drafts import PlanDraft, ReportDraft
from reprise_research.engines.extractive import Extractive
from reprise_research.errors import EngineFailed

SLOW, ENDLESS, FAILING, ALOUD, ANEW = (
    "take your time",
    "never come to an end",
    "fail on purpose",
    "write aloud",
    "look anew",
)
PAUSE = 0.05
"""Seconds between two words that are written aloud."""
LONG = 2000
"""Words of what is written aloud, unless it is cancelled."""
WAIT = 8.0
"""Seconds that a slow step takes."""
FOR_EVER = 600.0
"""Seconds that a step without an end takes, unless it is cancelled."""


class Staged(Extractive):
    """As `Extractive`; `steps=2000` in a topic makes a plan of that size."""

    async def plan(
        self, phase0: Phase0, wanted: tuple[Goal, ...], previous: Phase2 | None, brief: Brief
    ) -> PlanDraft:
        count = int(brief.topic.partition("steps=")[2].split()[0]) if "steps=" in brief.topic else 0
        if not count:
            return await super().plan(phase0, wanted, previous, brief)
        return PlanDraft(
            "Many small questions.",
            tuple(Step(step_id=n, title=f"Question {n}") for n in range(1, count + 1)),
        )

    async def investigate(
        self, step: Step, library: Library, earlier: Mapping[int, StepFindings], brief: Brief
    ) -> StepFindings:
        if SLOW in brief.guidance:
            await asyncio.sleep(WAIT)
        if ENDLESS in brief.guidance:
            await asyncio.sleep(FOR_EVER)
        if FAILING in brief.guidance:
            raise EngineFailed("The engine failed, as it was told to.", retryable=False)
        if "steps=" in brief.topic:
            return StepFindings(step_id=step.step_id, title=step.title)
        found = await super().investigate(step, library, earlier, brief)
        return (
            found.model_copy(update={"insights": (*found.insights, "Seen anew.")})
            if ANEW in brief.guidance
            else found
        )

    async def write(
        self,
        plan: Phase2,
        findings: Mapping[int, StepFindings],
        sources: tuple[PreparedSource, ...],
        gaps: tuple[Gap, ...],
        brief: Brief,
    ) -> ReportDraft:
        if ALOUD in brief.guidance:
            brief.progress(StreamStart(stream_id="report", phase="phase4"))
            for word in ("The tide " * (LONG // 2)).split():
                brief.progress(StreamToken(stream_id="report", phase="phase4", token=f"{word} "))
                await asyncio.sleep(PAUSE)
            brief.progress(StreamEnd(stream_id="report", phase="phase4"))
        return await super().write(plan, findings, sources, gaps, brief)
