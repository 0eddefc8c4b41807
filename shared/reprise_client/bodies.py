"""The contract's bodies as a program writes them: a name that the contract does not know is refused where it
is written, and not dropped in silence as a reader of newer messages has to."""

from collections.abc import Mapping

from pydantic import field_validator

from reprise_contracts import commands, sources, watches


class ReportOptions(commands.ReportOptions, extra="forbid"):
    """How the report is to be written (R31)."""


class Options(commands.Options, extra="forbid"):
    """How a rerun is to be done."""


class StartOptions(commands.StartOptions, extra="forbid"):
    """Options of a start."""


class SourceInput(sources.SourceInput, extra="forbid"):
    """One source."""


class Search(sources.Search, extra="forbid"):
    """A search as a source."""


class WatchRequest(watches.WatchRequest, extra="forbid"):
    """When sources are looked at."""


def _options(given: object) -> object:
    return Options.model_validate(given) if isinstance(given, Mapping) else given


class RestartPhase(commands.RestartPhase, extra="forbid"):
    """A phase to run again, and what is below it."""

    _strict = field_validator("options", mode="before")(_options)


class RestartStep(commands.RestartStep, extra="forbid"):
    """Steps to run again, and what is below them."""

    _strict = field_validator("options", mode="before")(_options)


class RefreshCall(commands.RefreshCall, extra="forbid"):
    """Whatever is stale, to be run again."""

    _strict = field_validator("options", mode="before")(_options)
