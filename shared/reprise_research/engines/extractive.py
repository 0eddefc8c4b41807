"""The engine that needs no model: it picks sentences by counting words and figures, and quotes them word for
word.

Everything that it says about the subject is verbatim and cited; its own words only frame it. It answers at
once, offline, and always the same. The methods are named where they are used: `reprise_research.text.ranking`
and `reprise_research.extractive`.
"""

import asyncio
from collections.abc import Callable, Mapping
from typing import ParamSpec, TypeVar

from reprise_contracts.artifacts import (
    Goal,
    Phase0,
    Phase2,
    Phase4,
    PreparedSource,
    Section,
    Step,
    StepFindings,
    Summary,
)
from reprise_contracts.jobs import Gap
from reprise_research.brief import Brief, Library
from reprise_research.drafts import Abstract, PlanDraft, ReportDraft, SectionDraft
from reprise_research.errors import EngineUnavailable
from reprise_research.extractive import (
    answers,
    comparing,
    comparison,
    evidence,
    goals,
    plans,
    rest,
    summaries,
    themes,
    writing,
)

P = ParamSpec("P")
R = TypeVar("R")


class Extractive:
    """See `reprise_research.engines.Engine`. It has no model and no settings; equal arguments give equal
    answers."""

    name = "extractive"

    def __init__(self, model: str = "", settings: Mapping[str, str] | None = None) -> None:
        self.model = ""  # whatever a session's or an installation's model is, nothing here depends on it
        self.versions = {"extractive": "6"}
        self.prompts: dict[str, str] = {}

    async def summarise(self, source: PreparedSource, library: Library, brief: Brief) -> Summary:
        """Central sentences, close to topic and guidance, unlike each other."""
        text = await library.text(source.source_id)
        return await _aside(summaries.summarise, source.source_id, text, brief.topic, brief.guidance)

    async def combine(self, found: tuple[Summary, ...], library: Library, brief: Brief) -> Abstract:
        """Themes by the phrases that sources share, and a passage for each."""
        return await _aside(_combine, found, library.sources, await library.texts(), brief)

    async def goals(self, phase0: Phase0, brief: Brief) -> tuple[Goal, ...]:
        """A question for each theme, what the guidance asks first."""
        return await _aside(goals.goals_of, phase0, brief.topic, brief.guidance, brief.language)

    async def plan(
        self, phase0: Phase0, wanted: tuple[Goal, ...], previous: Phase2 | None, brief: Brief
    ) -> PlanDraft:
        """A step for each goal, one that compares, one for what is missing. Equal goals give equal words, so
        `previous` is not needed."""
        return plans.plan_of(phase0, wanted, brief.topic, brief.guidance, brief.language)

    async def investigate(
        self, step: Step, library: Library, earlier: Mapping[int, StepFindings], brief: Brief
    ) -> StepFindings:
        """Retrieval, or what the step does with the findings of others."""
        texts, asked = await library.texts(), (brief.topic, brief.guidance, brief.language)
        if step.kind == "compare":
            return await _aside(
                comparing.compare, step, library.sources, texts, earlier, brief.topic, brief.language
            )
        if step.kind == "missing":
            return await _aside(comparison.missing, step, library.sources, texts, earlier, *asked)
        if step.kind == "answer":
            return await _aside(
                answers.answer, step, library.sources, texts, brief.topic, brief.language, brief.guidance
            )
        if step.kind == "rest":
            return await _aside(rest.rest, step, library.sources, texts, earlier, *asked)
        return await _aside(evidence.investigate, step, library.sources, texts, earlier, *asked)

    async def write(
        self,
        plan: Phase2,
        findings: Mapping[int, StepFindings],
        sources: tuple[PreparedSource, ...],
        gaps: tuple[Gap, ...],
        brief: Brief,
    ) -> ReportDraft:
        """Verbatim statements under the plan's titles. It has no tone and no length of its own to give."""
        if brief.options.value:
            brief.provenance.fall_back(
                "the report's options", "this engine quotes the sources, and writes nothing of its own"
            )
        return await _aside(writing.write, plan, findings, sources, gaps, brief.topic, brief.language)

    async def rewrite(
        self,
        section: Section,
        before: Phase4,
        plan: Phase2,
        findings: Mapping[int, StepFindings],
        sources: tuple[PreparedSource, ...],
        gaps: tuple[Gap, ...],
        brief: Brief,
    ) -> SectionDraft:
        """The same section: equal findings give equal words."""
        draft = await self.write(plan, findings, sources, gaps, brief)
        own = next((one for one in draft.sections if one.section_id == section.section_id), None)
        if own is None:
            raise EngineUnavailable(
                f"This engine writes no section “{section.title}”.", "Run the whole report again."
            )
        return own


def _combine(
    found: tuple[Summary, ...], sources: tuple[PreparedSource, ...], texts: Mapping[str, str], brief: Brief
) -> Abstract:
    running = evidence.running(evidence.gather(sources, texts))
    shared = themes.find_themes(running, brief.topic, brief.guidance)
    titles = {source.source_id: source.title for source in sources}
    return Abstract(
        summaries.abstract(brief.topic, found, titles, shared, brief.guidance, brief.language), shared
    )


async def _aside(function: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    """Run a computation in a thread: the event loop stays free, and a cancelled caller does not wait for
    it."""
    return await asyncio.to_thread(function, *args, **kwargs)
