"""The research agent as a library: the five phases composed over a session, without any server.

agent = DeepResearchAgent(ResearchSession(topic="…"), FolderStore(Path("research")))
await agent.add_url("https://example.org/report.pdf")
report = await agent.run_research()
print(report.markdown)
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType

from reprise_contracts.artifacts import Artifact, Phase0, Phase1, Phase2, Phase4, StepFindings
from reprise_contracts.nodes import PHASES, Phase, step_node
from reprise_contracts.sources import Source, SourceInput, Upload
from reprise_contracts.wire import derived_id
from reprise_research.context import Context, Progress, silent
from reprise_research.engines import Engine, load_engine
from reprise_research.errors import NoSources
from reprise_research.phase3 import Phase3Execute
from reprise_research.phases.discover import discover
from reprise_research.phases.prepare import prepare
from reprise_research.phases.report import report
from reprise_research.phases.synthesize import synthesize
from reprise_research.session import ResearchSession
from reprise_research.sources.local import read_local
from reprise_research.sources.parser_pool import ParserPool
from reprise_research.sources.settings import FetcherSettings
from reprise_research.stores import Store, sha256_of


class DeepResearchAgent:
    """Runs phases of one session, each by itself or all in order. Used with `async with`, it keeps its parser processes warm."""

    def __init__(
        self,
        session: ResearchSession,
        store: Store,
        *,
        engine: Engine | None = None,
        settings: Mapping[str, str] | None = None,
        progress: Progress = silent,
        fetcher: FetcherSettings | None = None,
        at_once: int = 4,
    ) -> None:
        self.session = session
        self.phase3 = Phase3Execute(session, self._context, at_once=at_once)
        self._store = store
        self._engine = engine or load_engine(session.engine, session.model, settings)
        self._progress = progress
        self._fetcher = fetcher or FetcherSettings()
        self._parsers: ParserPool | None = None

    async def __aenter__(self) -> "DeepResearchAgent":
        fetcher = self._fetcher
        self._parsers = ParserPool(size=fetcher.parsers, seconds=fetcher.parse_seconds, memory=fetcher.parse_memory)
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._parsers is not None:
            await self._parsers.close()
            self._parsers = None

    # Sources

    async def add_url(self, url: str, title: str | None = None) -> Source:
        """Add a page; nothing is fetched yet."""
        named = SourceInput(url=url)
        return self._added(Source(source_id=derived_id("s", url), url=named.url, title=title))

    async def add_text(self, text: str, title: str) -> Source:
        """Add a text."""
        return await self._upload(text.encode(), "text/plain; charset=utf-8", None, title)

    async def add_path(self, path: Path) -> tuple[Source, ...]:
        """Add a file, or every supported file of a folder."""
        return tuple([await self._upload(file.data, file.content_type, file.filename, None) for file in read_local(path)])

    # Phases

    async def run_phase0(self, *, refetch: bool = False) -> Phase0:
        """Prepare the session's sources. What was stored of them is kept even if all of them fail."""
        reads = self.session.inputs_of("phase0")
        try:
            prepared = await prepare(self.session.sources, self._context("phase0"), refetch=refetch)
        except NoSources as failed:
            self.session.keep_stored(failed.stored)
            raise
        self.session.keep_stored(prepared.stored)
        self.session.put("phase0", prepared.artifact, reads)
        return prepared.artifact

    async def run_phase1(self) -> Phase1:
        """Discover goals."""
        reads = self.session.inputs_of("phase1")
        done = await discover(self.session.phase0, self._context("phase1"))
        self.session.put("phase1", done, reads)
        return done

    async def run_phase2(self) -> Phase2:
        """Plan; unchanged steps keep their numbers and findings (R9)."""
        reads = self.session.inputs_of("phase2")
        previous = self.session.phase2 if "phase2" in self.session.entries else None
        done = await synthesize(
            self.session.phase0, self.session.phase1, self._context("phase2"), previous=previous, next_step=self.session.next_step
        )
        self.session.put("phase2", done, reads)
        return done

    async def run_phase3(self, step_ids: Iterable[int] | None = None) -> dict[int, StepFindings]:
        """Execute the steps; all, if none is named."""
        return await self.phase3.run(step_ids)

    async def run_phase4(self, reasons: tuple[str, ...] = ()) -> Phase4:
        """Write the report."""
        session = self.session
        reads = session.inputs_of("phase4")
        previous = session.phase4 if "phase4" in session.entries else None
        done = await report(session.phase0, session.phase2, session.findings, self._context("phase4"), previous=previous, reasons=reasons)
        session.put("phase4", done, reads)
        return done

    async def run_research(self, *, stop_after: Phase = "phase4") -> ResearchSession:
        """Run, in order, everything that has no artifact or a stale one, and nothing else. Called again, it brings the session up to
        date: a phase whose new output equals the old one runs nothing below it (R8, R26)."""
        runs: dict[Phase, Callable[[], Awaitable[Artifact]]] = {
            "phase0": self.run_phase0,
            "phase1": self.run_phase1,
            "phase2": self.run_phase2,
        }
        for phase in PHASES[: PHASES.index(stop_after) + 1]:
            if phase == "phase3":
                await self._run_open_steps()
            elif not self.session.is_fresh(phase):
                if phase == "phase4":
                    await self.run_phase4(tuple(f"{node} {why}" for node, why in self.session.stale().items() if node == "phase4"))
                else:
                    await runs[phase]()
        return self.session

    async def _run_open_steps(self) -> None:
        """Steps in layers: those below a step are looked at when it is done, for it may have come out as it was."""
        done: set[int] = set()
        steps = self.session.phase2.steps
        while len(done) < len(steps):
            ready = [s.step_id for s in steps if s.step_id not in done and set(s.depends_on) <= done]
            stale = [number for number in ready if not self.session.is_fresh(step_node(number))]
            await self.phase3.run(stale)
            done |= set(ready)

    def _context(self, node: str) -> Context:
        return Context(
            topic=self.session.topic,
            engine=self._engine,
            store=self._store,
            guidance=self.session.guidance_for(node),
            progress=self._progress,
            fetcher=self._fetcher,
            parsers=self._parsers,
            language=self.session.language,
            session=self.session.key,
        )

    async def _upload(self, data: bytes, content_type: str, filename: str | None, title: str | None) -> Source:
        await self._store.put_raw(data)
        upload = Upload(sha256=sha256_of(data), bytes=len(data), content_type=content_type, filename=filename)
        return self._added(Source(source_id=derived_id("s", filename or title or "", upload.sha256), upload=upload, title=title))

    def _added(self, source: Source) -> Source:
        if all(other.source_id != source.source_id for other in self.session.sources):
            self.session.sources = (*self.session.sources, source)
        return source
