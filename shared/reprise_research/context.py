"""What a phase is given besides its inputs: the question, the engine, the store, and where to say how far it
is."""

import hmac
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from reprise_contracts.artifacts import Artifact, Meta
from reprise_contracts.commands import ReportOptions
from reprise_research.brief import OWN_LIMITS, Brief, Progress, Provenance, Usage, silent
from reprise_research.calls import Calls
from reprise_research.engines import Engine
from reprise_research.limits import Limits
from reprise_research.sources.settings import FetcherSettings
from reprise_research.stores import Store

if TYPE_CHECKING:
    from reprise_research.notes import Notes
    from reprise_research.sources.parser_pool import ParserPool

A = TypeVar("A", bound=Artifact)


@dataclass(frozen=True)
class Context:
    """Everything that a phase may use. It holds no state of the research: equal inputs give equal
    artifacts."""

    topic: str
    engine: Engine
    store: Store
    guidance: str = ""
    progress: Progress = silent
    fetcher: FetcherSettings = field(default_factory=FetcherSettings)
    parsers: "ParserPool | None" = None
    """A warm pool of parser processes; without one, preparing starts its own when it first needs it."""
    usage: Usage = field(default_factory=Usage)
    provenance: Provenance = field(default_factory=Provenance)
    notes: "Notes | None" = None
    """What an earlier attempt of the same run has done already; without it everything is done anew."""
    language: str = ""
    """The language to write in, as a code (`de`); empty: the topic's. What is quoted stays in its source's
    language."""
    calls: Calls = field(default_factory=Calls)
    """What was asked of a model, and what it may be told from an earlier record."""
    options: ReportOptions = field(default_factory=ReportOptions)
    """How the report is to be written (R31)."""
    limits: Limits = field(default_factory=lambda: OWN_LIMITS)
    """The turns at the providers of models."""
    session: str = ""
    """A name of the session that cannot be guessed, the same for all of its work."""

    @property
    def brief(self) -> Brief:
        """The part of the context that an engine sees."""
        return Brief(
            topic=self.topic,
            guidance=self.guidance,
            progress=self.progress,
            usage=self.usage,
            provenance=self.provenance,
            language=self.language,
            fence=self.fence,
            calls=self.calls,
            notes=self.notes,
            options=self.options,
            limits=self.limits,
        )

    @property
    def fence(self) -> str:
        """The mark that sets material apart in every question of this session: a keyed hash, which who writes
        a source cannot foresee."""
        return (
            hmac.new(self.session.encode(), self.topic.encode(), "sha256").hexdigest()[:10]
            if self.session
            else ""
        )

    @property
    def meta(self) -> Meta:
        """How what was made with this context was made, as far as the context knows."""
        return Meta(
            engine=self.engine.name,
            model=self.engine.model,
            guidance=self.guidance,
            language=self.language,
            tokens=self.usage.tokens,
            versions=self.engine.versions | self.provenance.versions,
            fallbacks=tuple(self.provenance.fallbacks),
            stands=dict(sorted(self.provenance.stands.items())),
            reused=self.calls.reused,
        )

    @property
    def offered(self) -> dict[str, str]:
        """The versions of all that could have been used here, by which older artifacts show as upgradable
        (R6)."""
        return self.engine.versions | self.engine.prompts

    def signed(self, artifact: A) -> A:
        """The artifact with how it was made."""
        return artifact.model_copy(update={"meta": self.meta})
