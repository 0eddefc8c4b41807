"""What an engine is given with every call: the question, the sources, and where to say how far it is."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from reprise_contracts.artifacts import PreparedSource, Stand, Tokens
from reprise_contracts.commands import ReportOptions
from reprise_contracts.frames import Live
from reprise_research.calls import Calls
from reprise_research.errors import BudgetReached
from reprise_research.limits import Limits
from reprise_research.stores import Store

if TYPE_CHECKING:
    from reprise_research.notes import Notes

OWN_LIMITS = Limits()
"""Of a process that shares its providers with no other."""
Progress = Callable[[Live], None]
"""Takes a live frame; node, generation and attempt are left for the caller to fill in. Must not block."""

_LOADS_AT_ONCE = 16


def silent(_frame: Live) -> None:
    """A progress callback for those who do not watch."""


@dataclass
class Usage:
    """What a phase does with a model while it runs; the caller reads it when the phase is done, or has
    failed."""

    tokens: Tokens = field(default_factory=Tokens)
    allowance: int | None = None
    """Tokens that may be spent; None: as many as it takes."""
    _promised: int = 0
    _ended: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the next call ends."""

    @asynccontextmanager
    async def spending(self, tokens: int, where: str) -> AsyncIterator[None]:
        """Set tokens aside for a call, as soon as the calls beside it leave room; raises `BudgetReached`
        before it is made if there would be too little without them.

        More is set aside than a call costs in the end: calls side by side would otherwise not fit under an
        allowance that is enough for them one after another.
        """
        while not self._fits(tokens):
            if not self._promised:
                raise BudgetReached(where, self.tokens.total, tokens, self.allowance or 0)
            await self._ended.wait()
        self._promised += tokens
        try:
            yield
        finally:
            self._promised -= tokens
            self._ended.set()
            self._ended = asyncio.Event()

    def _fits(self, tokens: int) -> bool:
        return self.allowance is None or self.tokens.total + self._promised + tokens <= self.allowance

    def add(self, tokens: Tokens) -> None:
        """Count one call to a model."""
        cost = None
        if self.tokens.cost_usd is not None or tokens.cost_usd is not None:
            cost = (self.tokens.cost_usd or 0.0) + (tokens.cost_usd or 0.0)
        self.tokens = Tokens(
            prompt=self.tokens.prompt + tokens.prompt,
            completion=self.tokens.completion + tokens.completion,
            cost_usd=cost,
        )


@dataclass
class Provenance:
    """How something came about, as far as the engine's own version does not say it."""

    versions: dict[str, str] = field(default_factory=dict)
    """The prompts that were used, and their versions."""
    fallbacks: list[str] = field(default_factory=list)
    """The pieces that the engine's model did not give in a form that holds, and that were made without it."""

    stands: dict[str, Stand] = field(default_factory=dict)
    """By kind: how many pieces the model gave, and how many of them stand."""

    def count(self, kind: str, said: int = 0, kept: int = 0, mended: int = 0, replaced: int = 0) -> None:
        """Count pieces of a kind: as they were said, mended by the model when it was told what was wrong, or
        replaced by code. The rest is gone."""
        if said:
            self.stands[kind] = self.stands.get(kind, Stand()).with_more(
                Stand(said=said, kept=kept, mended=mended, replaced=replaced)
            )

    def fall_back(self, piece: str, why: str) -> None:
        """Record that a piece was made without the model."""
        self.fallbacks.append(f"{piece}: {why}")


@dataclass(frozen=True)
class Brief:
    """What an engine is told with every call."""

    topic: str
    guidance: str = ""
    progress: Progress = silent
    usage: Usage = field(default_factory=Usage)
    provenance: Provenance = field(default_factory=Provenance)
    language: str = ""
    fence: str = ""
    """The session's mark around material; empty: one for each question."""
    calls: Calls = field(default_factory=Calls)
    notes: "Notes | None" = None
    limits: Limits = field(default_factory=lambda: OWN_LIMITS)
    """The turns at the providers, shared with whoever asks them as well."""
    options: ReportOptions = field(default_factory=ReportOptions)
    """How the report is to be written (R31)."""


class Library:
    """The sources that a phase may read, in their order. A text is loaded when it is first asked for, and
    once."""

    def __init__(self, sources: Iterable[PreparedSource], store: Store) -> None:
        self.sources = tuple(source for source in sources if source.status == "ready" and source.text_sha256)
        self._by_id = {source.source_id: source for source in self.sources}
        self.numbers: dict[str, int] = {
            source.source_id: number for number, source in enumerate(self.sources, start=1)
        }
        """The place of each source among all that the session reads, from 1: a library of some of them keeps
        it."""
        self._store = store
        self._texts: dict[str, str] = {}
        self._gate = asyncio.Semaphore(_LOADS_AT_ONCE)

    def __contains__(self, source_id: str) -> bool:
        return source_id in self._by_id

    def source(self, source_id: str) -> PreparedSource:
        """One source; raises KeyError for one that is not in the library."""
        return self._by_id[source_id]

    async def text(self, source_id: str) -> str:
        """The stored text in which citations' offsets count; raises KeyError, `TextMissing`."""
        if source_id not in self._texts:
            sha256 = self._by_id[source_id].text_sha256
            if sha256 is None:
                raise KeyError(source_id)
            async with self._gate:
                self._texts[source_id] = await self._store.get_text(sha256)
        return self._texts[source_id]

    async def texts(self) -> dict[str, str]:
        """Every text by source, in the sources' order."""
        loaded = await asyncio.gather(*(self.text(source.source_id) for source in self.sources))
        return {source.source_id: text for source, text in zip(self.sources, loaded, strict=True)}

    def only(self, source_ids: Iterable[str]) -> "Library":
        """A library of some of these sources; all of them if none is named."""
        wanted = set(source_ids)
        chosen = Library((s for s in self.sources if not wanted or s.source_id in wanted), self._store)
        chosen._texts = self._texts
        chosen.numbers = self.numbers
        return chosen
