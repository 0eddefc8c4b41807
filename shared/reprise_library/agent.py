"""The research agent as a library: the five phases composed over a session, without any server.

agent = DeepResearchAgent(ResearchSession(topic="…"), FolderStore(Path("research")))
await agent.add_url("https://example.org/report.pdf")
session = await agent.run_research()
print(session.phase4.markdown)
"""

import asyncio
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from types import TracebackType

from reprise_contracts.artifacts import Phase0, Phase1, Phase2, Phase4, StepFindings
from reprise_contracts.commands import Cancel, Options, ReportOptions, Rerun, Target
from reprise_contracts.jobs import Job, Started, Stopped
from reprise_contracts.nodes import PHASES, STEPS, Phase, phase_of, step_of
from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Search, Source, SourceInput, Upload
from reprise_contracts.wire import derived_id
from reprise_domain.dispatch import job_for, nodes_to_cancel, nodes_to_dispatch
from reprise_library.errors import ResearchFailed
from reprise_library.jobs import complete, failure
from reprise_library.session import BY, ResearchSession, wishes
from reprise_research.brief import Progress, Usage, silent
from reprise_research.checking import Fault, Made, check_report, cited_by, is_moved
from reprise_research.context import Context
from reprise_research.engines import Engine, load_engine
from reprise_research.errors import TextMissing
from reprise_research.sources.local import read_local
from reprise_research.sources.parser_pool import ParserPool
from reprise_research.sources.settings import FetcherSettings
from reprise_research.stores import Store, sha256_of

CANCELLED = Problem(
    type="cancelled", detail="The run was cancelled.", action="Run it again; what is done is kept."
)
Attempt = tuple[str, int, int]
"""Node, generation and attempt."""


class DeepResearchAgent:
    """Runs what its session decides, a phase by itself or all in order. Used with `async with`, it keeps its
    parser processes warm.

    Every method that runs something returns when the run is over. It raises the phase's own error where the
    run failed, `CommandRefused` or `NothingToRead` where the rules refuse it, and `ResearchFailed` where it
    was cancelled or blocked.
    """

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
        self.phase3 = Phase3Execute(self)
        self._store = store
        self._engine = engine
        self._settings = settings
        self._progress = progress
        self._fetcher = fetcher or FetcherSettings()
        self._parsers: ParserPool | None = None
        self._at_once = at_once
        self._turn = asyncio.Lock()
        self._asked = asyncio.Event()
        self._errors: deque[tuple[Problem, Exception]] = deque(maxlen=64)
        """What phases raised, beside the problems that the session has of it."""

    async def __aenter__(self) -> "DeepResearchAgent":
        fetcher = self._fetcher
        self._parsers = ParserPool(
            size=fetcher.parsers,
            seconds=fetcher.parse_seconds,
            memory=fetcher.parse_memory,
            ocr=fetcher.ocr,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._parsers is not None:
            await self._parsers.close()
            self._parsers = None

    # Sources

    async def add_url(self, url: str, title: str | None = None) -> Source:
        """Add a page; nothing is fetched yet."""
        named = SourceInput(url=url)
        return self._add(Source(source_id=derived_id("s", url), url=named.url, title=title))

    async def add_search(self, search: Search) -> Source:
        """Add a search; nobody is asked yet. What it finds become sources when phase 0 runs (R33)."""
        return self._add(Source(source_id=derived_id("s", search.model_dump_json()), search=search))

    async def add_text(self, text: str, title: str) -> Source:
        """Add a text."""
        return await self.add_bytes(text.encode(), "text/plain; charset=utf-8", None, title)

    async def add_path(self, path: Path) -> tuple[Source, ...]:
        """Add a file, or every supported file of a folder."""
        return tuple(
            [await self.add_bytes(file.data, file.content_type, file.filename) for file in read_local(path)]
        )

    async def add_bytes(
        self, data: bytes, content_type: str, filename: str | None, title: str | None = None
    ) -> Source:
        """Add a document that is in memory."""
        await self._store.put_raw(data)
        upload = Upload(sha256=sha256_of(data), bytes=len(data), content_type=content_type, filename=filename)
        return self._add(
            Source(
                source_id=derived_id("s", filename or title or "", upload.sha256), upload=upload, title=title
            )
        )

    def _add(self, source: Source) -> Source:
        if source.source_id not in self.session.batch.sources:
            self.session.put_sources((source,))
        return source

    # Phases

    async def run_phase0(self, *, refetch: bool = False) -> Phase0:
        """Prepare the session's sources, and nothing below."""
        await self._alone("phase0", Options(refetch=refetch))
        return self.session.phase0

    async def run_phase1(self) -> Phase1:
        """Discover goals, and nothing below."""
        await self._alone("phase1", Options())
        return self.session.phase1

    async def run_phase2(self) -> Phase2:
        """Make the plan, and nothing below."""
        await self._alone("phase2", Options())
        return self.session.phase2

    async def run_phase3(self, step_ids: Iterable[int] | None = None) -> dict[int, StepFindings]:
        """Execute the steps; all, if none is named."""
        return await self.phase3.run(step_ids)

    async def run_phase4(self, *, allow_partial: bool = False) -> Phase4:
        """Write the report; with `allow_partial` also where steps have failed (R19)."""
        await self._alone("phase4", Options(allow_partial=allow_partial))
        return self.session.phase4

    async def run_research(
        self, *, stop_after: Phase = "phase4", allow_partial: bool = False
    ) -> ResearchSession:
        """Run, in order, everything that has no artifact or a stale one, and nothing else. Called again, it
        brings the session up to date: a phase whose new output equals the old one runs nothing below it (R8,
        R26)."""
        last = PHASES.index(stop_after)
        for number, phase in enumerate(PHASES[: last + 1]):
            if any(phase_of(node) == phase for node in wishes(self.session)):
                if number:
                    await self.rerun(
                        Target(stale=True),
                        Options(stop_after=PHASES[number - 1], allow_partial=allow_partial),
                    )
                await self._with_wishes(phase, Options(propagation="mark_stale", allow_partial=allow_partial))
        await self.rerun(
            Target(stale=True),
            Options(stop_after=stop_after if last < len(PHASES) - 1 else None, allow_partial=allow_partial),
        )
        return self.session

    async def rerun_step(
        self, step_id: int, *, guidance: str | None = None, cascade: bool = False
    ) -> StepFindings:
        """See `Phase3Execute.rerun_step`."""
        return await self.phase3.rerun_step(step_id, guidance=guidance, cascade=cascade)

    async def rerun(self, target: Target, options: Options | None = None) -> None:
        """Run a phase, steps, or whatever is stale, as the options say (R7 to R15, R26, R27)."""
        command = Rerun(command_id=token_hex(8), by=BY, target=target, options=options or Options())
        self.session.ask(command)
        self._asked.set()
        await self.work()
        record = self.session.state.commands[command.command_id]
        if record.status not in {"completed", "merged"}:
            broken = next((error for problem, error in self._errors if problem == record.problem), None)
            if broken is not None:
                raise broken
            raise ResearchFailed(record.problem or CANCELLED)

    async def check(self) -> tuple[Fault, ...]:
        """Return what of the report does not hold against its findings and the stored texts; empty: nothing
        that code can see. An outdated one (`session.stale()`) is held against the texts that it cites. Raises
        `NothingToRead` without a report."""
        phase0, report, findings = self.session.phase0, self.session.phase4, self.session.findings
        told: tuple[StepFindings | Phase4, ...] = (*findings.values(), report)
        versions: dict[str, str] = {}
        for sha256 in {one.text_sha256 for each in told for one in cited_by(each)}:
            with suppress(TextMissing):
                versions[sha256] = await self._store.get_text(sha256)
        moved = "phase4" in self.session.stale() or is_moved(phase0, told)
        texts = {
            source.source_id: await self._store.get_text(source.text_sha256)
            for source in phase0.sources
            if source.text_sha256
        }
        made = Made(phase0, findings, report, texts, versions, moved)
        return await asyncio.to_thread(check_report, made)

    def cancel(
        self, run_id: str | None = None, *, phase: Phase | None = None, step_id: int | None = None
    ) -> None:
        """Stop a run, a phase, a step, or everything (R20). The call that runs it ends once nothing of it
        goes on."""
        self.session.ask(Cancel(command_id=token_hex(8), by=BY, run_id=run_id, phase=phase, step_id=step_id))
        self._asked.set()

    async def _alone(self, phase: Phase, options: Options) -> None:
        await self._with_wishes(phase, options.model_copy(update={"propagation": "mark_stale"}))

    async def _with_wishes(self, phase: Phase, options: Options) -> None:
        """Run a phase with the guidance that is wished for it; of the steps, each that has a wish of its own
        by itself."""
        own = {node: text for node, text in wishes(self.session).items() if phase_of(node) == phase}
        if phase != STEPS or STEPS in own or not own:
            guidance = own.pop(phase, None)
            await self.rerun(Target(phase=phase), options.model_copy(update={"guidance": guidance}))
        for node, text in own.items():
            step = step_of(node)
            if step is not None:
                await self.rerun(Target(steps=(step,)), options.model_copy(update={"guidance": text}))

    # Working

    async def work(self) -> None:
        """Run what the session has decided, until nothing is left: also a run that was under way when the
        session was saved."""
        async with self._turn:
            tasks: dict[Attempt, asyncio.Task[None]] = {}
            try:
                while self.session.state.busy:
                    self._asked.clear()
                    pause = self._dispatch(tasks)
                    self._stop(tasks)
                    await self._wait(tasks, pause)
            except BaseException:
                await self._abandon(tasks)
                raise

    def _dispatch(self, tasks: dict[Attempt, asyncio.Task[None]]) -> float | None:
        """Begin what is queued and may begin; gives the seconds until the next of the others may."""
        state, now, later = self.session.state, self.session.clock(), list[float]()
        for node, not_before in nodes_to_dispatch(state).items():
            entry = state.node(node)
            attempt = (node, entry.generation, entry.attempt)
            if attempt in tasks or len(tasks) >= self._at_once:
                continue
            if not_before is not None and not_before > now:
                later.append((not_before - now).total_seconds())
                continue
            tasks[attempt] = asyncio.create_task(self._attempt(job_for(self.session.state, node)), name=node)
        return min(later, default=None)

    def _stop(self, tasks: dict[Attempt, asyncio.Task[None]]) -> None:
        """Cancel what is to stop; what nobody works on has stopped already."""
        for node in nodes_to_cancel(self.session.state):
            entry = self.session.state.node(node)
            task = tasks.get((node, entry.generation, entry.attempt))
            if task is not None:
                task.cancel()
            else:
                self._stopped(node, entry.generation, entry.attempt)

    async def _wait(self, tasks: dict[Attempt, asyncio.Task[None]], pause: float | None) -> None:
        """Until an attempt is over, something is asked, or the next attempt may begin."""
        asked = asyncio.create_task(self._asked.wait())
        try:
            if self.session.state.busy:
                await asyncio.wait(
                    {*tasks.values(), asked}, timeout=pause, return_when=asyncio.FIRST_COMPLETED
                )
        finally:
            asked.cancel()
        for attempt in [attempt for attempt, task in tasks.items() if task.done()]:
            tasks.pop(attempt).result()

    async def _attempt(self, job: Job) -> None:
        context: Context | None = None
        named = {"node": job.node, "generation": job.generation, "attempt": job.attempt}
        self.session.tell(Started.model_validate(named | {"execution_id": f"x-{token_hex(10)}"}))
        try:
            context = await self._context(job)
            report = await complete(job, self.session, context)
        except asyncio.CancelledError:
            self._stopped(job.node, job.generation, job.attempt)
        except Exception as error:  # whatever it is, the session has to know
            failed = failure(job, context, error)
            self._errors.appendleft((failed.problem, error))
            self.session.tell(failed)
        else:
            self.session.tell(report)
        self._asked.set()

    def _stopped(self, node: str, generation: int, attempt: int) -> None:
        self.session.tell(
            Stopped(node=node, generation=generation, attempt=attempt, execution_id=f"x-{token_hex(10)}")
        )

    async def _abandon(self, tasks: dict[Attempt, asyncio.Task[None]]) -> None:
        """Whoever waited went away: the session comes to rest, with what is done kept."""
        if self.session.state.busy:
            self.session.ask(Cancel(command_id=token_hex(8), by=BY))
        for task in tasks.values():
            task.cancel()
        await asyncio.gather(*tasks.values(), return_exceptions=True)
        self._stop({})

    async def _context(self, job: Job) -> Context:
        wanted = job.parameters
        engine = self._engine
        if engine is None:
            engine = await asyncio.to_thread(load_engine, wanted.engine, wanted.model, self._settings)
        return Context(
            topic=job.topic,
            engine=engine,
            store=self._store,
            guidance=wanted.guidance,
            progress=self._progress,
            fetcher=self._fetcher,
            parsers=self._parsers,
            usage=Usage(allowance=job.token_allowance),
            language=wanted.language,
            options=ReportOptions.of_value(wanted.report),
            session=job.session_id,
        )


class Phase3Execute:
    """Phase 3 of an agent's session: the steps of its plan, the first time and every time again."""

    def __init__(self, agent: DeepResearchAgent) -> None:
        self._agent = agent

    async def run(self, step_ids: Iterable[int] | None = None) -> dict[int, StepFindings]:
        """Run these steps (all, if none is named), side by side as far as they do not depend on each other
        (R2)."""
        session = self._agent.session
        chosen = [session.step(number).step_id for number in step_ids] if step_ids is not None else None
        if chosen is None:
            await self._agent._with_wishes(STEPS, Options(propagation="mark_stale"))
            chosen = [step.step_id for step in session.phase2.steps]
        elif chosen:
            await self._agent.rerun(Target(steps=tuple(chosen)), Options(propagation="mark_stale"))
        return {number: found for number, found in session.findings.items() if number in chosen}

    async def rerun_step(
        self, step_id: int, *, guidance: str | None = None, cascade: bool = False
    ) -> StepFindings:
        """Run one step again; its findings and scratchpad are replaced, no other's (R10).

        `guidance` replaces the step's own, `""` clears it, None keeps it (R12). With `cascade` what is below
        it and changed runs too, the report included; without it that is stale. Raises `NothingToRead` for a
        step that the plan does not have."""
        session = self._agent.session
        session.step(step_id)
        options = Options(guidance=guidance, propagation="cascade" if cascade else "mark_stale")
        await self._agent.rerun(Target(steps=(step_id,)), options)
        return session.findings[step_id]
