"""Engines: who reads, asks, plans, finds and writes. The phases call them and check what comes back.

An engine is found by name through the entry point group `reprise.engines`, or named as
`package.module:Class`.
"""

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from typing import Protocol, cast, runtime_checkable

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

GROUP = "reprise.engines"


class Engine(Protocol):
    """The six things that an engine can do.

    1. Equal arguments give equal answers where the engine can promise it: early cut-off lives on that.
    2. It reads sources through the library only, and only those that it is given.
    3. Every excerpt and citation is a passage of a source's text; the phase checks each, and drops what it
       cannot find.
    4. It raises `ResearchError`; long work leaves the event loop free and ends soon after a cancellation.
    """

    name: str
    model: str
    versions: dict[str, str]
    """Versions of its code, recorded with every artifact (R6)."""
    prompts: dict[str, str]
    """Versions of all prompts that it may use; those that were used are recorded with an artifact. Empty for
    one that has none."""

    async def summarise(self, source: PreparedSource, library: Library, brief: Brief) -> Summary:
        """Phase 0: the summary of one source."""

    async def combine(self, summaries: tuple[Summary, ...], library: Library, brief: Brief) -> Abstract:
        """Phase 0: the abstract of all sources together, and their themes."""

    async def goals(self, phase0: Phase0, brief: Brief) -> tuple[Goal, ...]:
        """Phase 1: the questions worth answering. Reads summaries, abstract and themes, no texts."""

    async def plan(
        self, phase0: Phase0, goals: tuple[Goal, ...], previous: Phase2 | None, brief: Brief
    ) -> PlanDraft:
        """Phase 2: one goal and the steps. Steps of `previous` that still hold are repeated word for word."""

    async def investigate(
        self, step: Step, library: Library, earlier: Mapping[int, StepFindings], brief: Brief
    ) -> StepFindings:
        """Phase 3: what one step finds in its sources and in the findings of the steps that it depends on."""

    async def write(
        self,
        plan: Phase2,
        findings: Mapping[int, StepFindings],
        sources: tuple[PreparedSource, ...],
        gaps: tuple[Gap, ...],
        brief: Brief,
    ) -> ReportDraft:
        """Phase 4: the report. `sources` are those that were read, for their names."""


@runtime_checkable
class Recording(Protocol):
    """An engine whose questions to the outside can be recorded, and asked again of the record (R32)."""

    def conditions(self) -> dict[str, str]:
        """What shapes its questions besides its arguments, as it is now."""

    @classmethod
    def under(cls, model: str, conditions: Mapping[str, str]) -> Engine:
        """An engine that asks the same questions under these conditions, and reaches nothing outside."""


@runtime_checkable
class Rewriting(Protocol):
    """An engine that can write one section of a report again (R31)."""

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
        """The section anew, from the findings that it tells; the rest of `before` stays. Raises
        `ResearchError` where nothing better comes of it."""


class EngineFactory(Protocol):
    """What an entry point names: a class, or a function that makes an engine."""

    def __call__(self, model: str, settings: Mapping[str, str]) -> Engine:
        """Make an engine; raises `EngineUnavailable` when it lacks a setting."""


def load_engine(name: str, model: str = "", settings: Mapping[str, str] | None = None) -> Engine:
    """The engine of that name. `settings` are the engine's own (address, key); raises `EngineUnavailable`."""
    return _factory(name)(model, settings or {})


def replaying(name: str, model: str, conditions: Mapping[str, str]) -> Engine:
    """The engine of that name as it was when a record was made: it asks the same questions and reaches
    nothing outside."""
    factory = _factory(name)
    return factory.under(model, conditions) if isinstance(factory, Recording) else factory(model, {})


def installed() -> tuple[str, ...]:
    """The names of the engines that entry points offer."""
    return tuple(sorted({entry.name for entry in entry_points(group=GROUP)}))


@cache
def _factory(name: str) -> EngineFactory:
    if ":" in name:
        module, _, attribute = name.partition(":")
        try:
            return cast(EngineFactory, getattr(import_module(module), attribute))
        except (ImportError, AttributeError) as error:
            raise EngineUnavailable(
                f"The engine {name} cannot be loaded: {error}.",
                "Check the name `package.module:Class`.",
                code="engine_incomplete",
                facts={"engine": name, "said": str(error)},
            ) from error
    for entry in entry_points(group=GROUP, name=name):
        try:
            return cast(EngineFactory, entry.load())
        except ImportError as error:
            action = "Install what it needs: pip install 'reprise-research[research]'."
            raise EngineUnavailable(
                f"The engine {name} lacks a library: {error}.",
                action,
                code="engine_incomplete",
                facts={"engine": name, "said": str(error)},
            ) from error
    raise EngineUnavailable(
        f"There is no engine named {name}.",
        f"Choose one of: {', '.join(installed())}.",
        code="engine_unknown",
        facts={"engine": name, "engines": installed()},
    )
