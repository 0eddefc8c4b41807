"""What this environment lets in, behind every door: features that are switched on, engines that are
installed."""

from collections.abc import Collection
from dataclasses import dataclass
from importlib.metadata import entry_points

from reprise_contracts.commands import Command, Edit, Rerun
from reprise_contracts.languages import traits_of
from reprise_contracts.problems.model import Problem
from reprise_contracts.problems.refusals import (
    feature_off,
    unknown_engine,
    unwritten,
    without_endpoint,
    without_model,
)
from reprise_runtime.settings import Features, Llm


def installed_engines() -> frozenset[str]:
    """The engines that this installation names; their code is not loaded."""
    return frozenset(point.name for point in entry_points(group="reprise.engines"))


@dataclass(frozen=True, slots=True)
class Admission:
    """Looks at a command before the rules do."""

    features: Features
    engines: Collection[str]
    llm: Llm

    def refusal(self, command: Command) -> Problem | None:
        """Why a command is not let in; None if it is."""
        if command.feature is not None and not getattr(self.features, command.feature):
            return feature_off(command.feature)
        if not isinstance(command, Rerun | Edit):
            return None
        asked = command.options
        return (
            self.unknown(asked.engine)
            or self.unable(asked.engine or "", asked.model)
            or unwritten(asked.engine or "", asked.language or "")
        )

    def unknown(self, engine: str | None, field: str = "options.engine") -> Problem | None:
        """The refusal of an engine that is not installed here."""
        return unknown_engine(engine, self.engines, field) if engine and engine not in self.engines else None

    def unable(self, engine: str, model: str | None, field: str = "options.engine") -> Problem | None:
        """The refusal of an engine that lacks a setting here without which it fails at its first question."""
        if not traits_of(engine).needs_endpoint:
            return None
        if not self.llm.host:
            return without_endpoint(engine, field)
        if not model and not self.llm.model:
            return without_model(engine, field.replace("engine", "model"))
        return None
