"""The engine that asks a model behind an OpenAI-compatible API: a service on the network, or a server on this
machine.

Nothing that the model says is taken on trust: quotes are looked up, figures compared, labels resolved
(`reprise_research.llm`). What does not hold is asked for once more; what then still does not is made by the
extractive engine, and the artifact says so.
"""

from collections.abc import Mapping
from dataclasses import replace

from reprise_contracts.artifacts import (
    Finding,
    Goal,
    Phase0,
    Phase2,
    Phase4,
    PreparedSource,
    ScratchpadEntry,
    Section,
    Step,
    StepFindings,
    Summary,
)
from reprise_contracts.commands import ReportOptions
from reprise_contracts.jobs import Gap
from reprise_research.brief import Brief, Library
from reprise_research.drafts import Abstract, PlanDraft, ReportDraft, SectionDraft
from reprise_research.engines.extractive import Extractive
from reprise_research.extractive.disputes import PlaceKey, place
from reprise_research.llm import finding, planning, reading, writing
from reprise_research.llm.endpoint import Endpoint, EndpointProfile
from reprise_research.llm.prompts import NAMES, Prompts, prompt
from reprise_research.llm.settings import of_phases, settings_of
from reprise_research.llm.structured import InvalidAnswer, Model
from reprise_research.llm.words import frame
from reprise_research.text.words import shorten


class OpenAI:
    """See `reprise_research.engines.Engine`. `settings` are those of `LlmSettings`; raises
    `EngineUnavailable` for missing ones."""

    name = "openai"

    def __init__(
        self, model: str = "", settings: Mapping[str, str] | None = None, prompts: Prompts = prompt
    ) -> None:
        every = of_phases(model, settings or {})
        own = settings_of(
            model, {name: value for name, value in (settings or {}).items() if name != "phases"}
        )
        self.model = own.model
        self.versions = {"openai": "4"}
        self.prompts = {f"prompt/{name}": prompts(name).version for name in NAMES}
        endpoints = {id(one): Endpoint(one) for one in every.values()}
        reader = Model(endpoints[id(every["check"])], prompts)
        self._models = {
            part: Model(endpoints[id(one)], prompts, reader) for part, one in every.items() if part != "check"
        }
        self._endpoint = endpoints[id(every["phase3"])]
        self._extractive = Extractive()

    def conditions(self) -> dict[str, str]:
        """See `Recording`: the settings that shape a question, and what is known of the endpoint by now."""
        own, known = self._endpoint.settings, self._endpoint.learned
        return {
            "window": str(own.window),
            "answer": str(own.answer),
            "check": str(own.check).lower(),
            "density": repr(known.density),
            "refused": ",".join(sorted(known.refused)),
        }

    @classmethod
    def under(cls, model: str, conditions: Mapping[str, str], prompts: Prompts = prompt) -> "OpenAI":
        """See `Recording`: an engine that asks the same questions, and reaches no endpoint."""
        settings = {
            name: value for name, value in conditions.items() if name in {"window", "answer", "check"}
        }
        made = cls(model, {"base_url": "http://replay.invalid/v1", **settings}, prompts)
        made._endpoint.learned = EndpointProfile(
            refused=set(filter(None, conditions.get("refused", "").split(","))),
            density=float(conditions.get("density", "1.0")),
        )
        return made

    async def summarise(self, source: PreparedSource, library: Library, brief: Brief) -> Summary:
        """Sentences of the model, quotes of the source; part by part where the source is longer than the
        window."""
        try:
            return await reading.summarise(source, library, brief, self._models["phase0"])
        except InvalidAnswer as error:
            brief.provenance.fall_back(f"summary of {shorten(source.title, 60)}", str(error))
            return await self._extractive.summarise(source, library, _framed(brief))

    async def combine(self, summaries: tuple[Summary, ...], library: Library, brief: Brief) -> Abstract:
        """What the sources say together, and the themes that they share. Of the two, the one that does not
        hold is extracted."""
        try:
            made = await reading.combine(summaries, library, brief, self._models["phase0"])
        except InvalidAnswer as error:
            brief.provenance.fall_back("abstract and themes", str(error))
            return await self._extractive.combine(summaries, library, _framed(brief))
        if made.themes:
            return made
        brief.provenance.fall_back("themes", "none names a source")
        return replace(
            made, themes=(await self._extractive.combine(summaries, library, _framed(brief))).themes
        )

    async def goals(self, phase0: Phase0, brief: Brief) -> tuple[Goal, ...]:
        """Questions of the model."""
        try:
            return await planning.goals(phase0, brief, self._models["phase1"])
        except InvalidAnswer as error:
            brief.provenance.fall_back("goals", str(error))
            return await self._extractive.goals(phase0, _framed(brief))

    async def plan(
        self, phase0: Phase0, goals: tuple[Goal, ...], previous: Phase2 | None, brief: Brief
    ) -> PlanDraft:
        """Steps of the model; those that it keeps of `previous` are repeated word for word."""
        usual = await self._extractive.plan(phase0, goals, previous, _framed(brief))
        try:
            return await planning.plan(phase0, goals, previous, usual, brief, self._models["phase2"])
        except InvalidAnswer as error:
            brief.provenance.fall_back("plan", str(error))
            return usual

    async def investigate(
        self, step: Step, library: Library, earlier: Mapping[int, StepFindings], brief: Brief
    ) -> StepFindings:
        """Claims of the model on sentences of the sources. To a step that compares the disputes are added
        that code finds; what the others have left needs no model."""
        if step.kind == "rest":
            return await self._extractive.investigate(step, library, earlier, _framed(brief))
        try:
            made = await finding.investigate(step, library, earlier, brief, self._models["phase3"])
        except InvalidAnswer as error:
            brief.provenance.fall_back(f"findings of step {step.step_id}", str(error))
            made = await self._extractive.investigate(step, library, earlier, _framed(brief))
            note = ScratchpadEntry(
                kind="fallback", text=f"Extracted without the model, whose answer did not hold: {error}"
            )
            return made.model_copy(update={"scratchpad": (note, *made.scratchpad)})
        if step.kind == "compare":
            known = await self._extractive.investigate(step, library, earlier, _framed(brief))
            made = made.model_copy(update={"findings": _compared(made, known)})
        return made

    async def write(
        self,
        plan: Phase2,
        findings: Mapping[int, StepFindings],
        sources: tuple[PreparedSource, ...],
        gaps: tuple[Gap, ...],
        brief: Brief,
    ) -> ReportDraft:
        """Prose of the model in the frame of every report."""
        usual = await self._extractive.write(plan, findings, sources, gaps, _framed(brief))
        return await writing.write(plan, findings, sources, usual, brief, self._models["phase4"])

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
        """Prose of the model on the findings of one section, behind the same checks."""
        return await writing.rewrite(section, before, plan, findings, sources, brief, self._models["phase4"])


def _compared(made: StepFindings, known: StepFindings) -> tuple[Finding, ...]:
    """What the model finds, and the disputes between sentences of sources that it does not name. Words of the
    model's own, which may be in another language than what is set against them, are not compared."""
    told = {place for found in made.findings if found.contradicts for place in _sides(found)}
    kept = [
        *made.findings,
        *(found for found in known.findings if _is_verbatim(found) and not _sides(found) <= told),
    ]
    return tuple(
        found.model_copy(update={"finding_id": f"f{made.step_id}-{number}"})
        for number, found in enumerate(kept, start=1)
    )


def _is_verbatim(found: Finding) -> bool:
    """Whether both sides of a dispute are what sources say, word for word."""
    return (
        bool(found.contradicts)
        and found.claim == found.citations[0].quote
        and all(c.claim == c.citation.quote for c in found.contradicts)
    )


def _sides(found: Finding) -> set[PlaceKey]:
    """Where both sides of a dispute stand."""
    return {
        place(citation)
        for citation in (*found.citations[:1], *(against.citation for against in found.contradicts))
    }


def _framed(brief: Brief) -> Brief:
    """The same for the extractive engine, which writes in fewer languages and has no options of a report."""
    return replace(brief, language=frame(brief.language), options=ReportOptions())
