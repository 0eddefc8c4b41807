"""What this environment lets in, behind every door: features that are switched on, engines that are installed."""

from collections.abc import Collection
from dataclasses import dataclass
from importlib.metadata import entry_points

from reprise_contracts.commands import Command, Edit, Rerun
from reprise_contracts.problems.model import Problem
from reprise_contracts.problems.refusals import feature_off, unknown_engine, unwritten
from reprise_runtime.settings import Features


def installed_engines() -> frozenset[str]:
    """The engines that this installation names; their code is not loaded."""
    return frozenset(point.name for point in entry_points(group="reprise.engines"))


@dataclass(frozen=True, slots=True)
class Admission:
    """Looks at a command before the rules do."""

    features: Features
    engines: Collection[str]

    def refusal(self, command: Command) -> Problem | None:
        """Why a command is not let in; None if it is."""
        if command.feature is not None and not getattr(self.features, command.feature):
            return feature_off(command.feature)
        if not isinstance(command, Rerun | Edit):
            return None
        asked = command.options
        return self.unknown(asked.engine) or unwritten(asked.engine or "", asked.language or "")

    def unknown(self, engine: str | None, field: str = "options.engine") -> Problem | None:
        """The refusal of an engine that is not installed here."""
        return unknown_engine(engine, self.engines, field) if engine and engine not in self.engines else None
