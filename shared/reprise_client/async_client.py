"""The asynchronous client: the methods of `Client`, to be awaited; iterators are asynchronous."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import ExitStack, aclosing
from pathlib import Path
from time import monotonic
from types import TracebackType
from typing import Self, TypeVar

import httpx

from reprise_client import requests
from reprise_client.errors import NotFound, TimedOut
from reprise_client.requests import Body, Given, Request, Rerunnable
from reprise_client.sending import ATTEMPTS, FINAL, Patience, check_open, lost, sent, settings, telling
from reprise_contracts.artifacts import Phase0, Phase1, Phase2, Phase4, StepFindings
from reprise_contracts.commands import StartOptions
from reprise_contracts.comparing import Comparison
from reprise_contracts.fleet import FleetPreview, FleetReceipt, RefreshAllCall, SessionFilter, SessionPage
from reprise_contracts.frames import Frame, NodeUpdate
from reprise_contracts.impact import Impact
from reprise_contracts.nodes import Phase
from reprise_contracts.states import (
    BatchView,
    CommandView,
    Created,
    Health,
    PoolView,
    Preview,
    Receipt,
    ReportCheck,
    State,
    TimelineEntry,
)
from reprise_contracts.watches import WatchRequest, WatchView
from reprise_contracts.wire import Message

T = TypeVar("T")


class AsyncClient:
    """Talks to one server in a loop of `asyncio`, as `Client` does; what a method does is said there."""

    def __init__(
        self,
        server: str,
        token: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        made = settings(server, token, headers)
        self.server = made["base_url"]
        self._http = httpx.AsyncClient(transport=transport, **made)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close its connections."""
        await self._http.aclose()

    # What there is

    async def batches(self, search: str | None = None) -> AsyncIterator[BatchView]:
        """Every batch, newest first, page by page; with `search` those with these words."""
        after: str | None = None
        while True:
            page = await self._ask(requests.batches(after, search))
            for batch in page.batches:
                yield batch
            if page.next is None:
                return
            after = page.next

    async def batch(self, batch_id: str) -> BatchView:
        """One batch with its sources and sessions."""
        return await self._ask(requests.batch(batch_id))

    async def text(self, batch_id: str, source_id: str, sha256: str | None = None) -> str:
        """A source's stored text, in which the offsets of citations count: today's, or the one that a
        citation names."""
        return await self._ask(requests.text(batch_id, source_id, sha256))

    async def state(self, session_id: str) -> State:
        """One session: each node's status, freshness and why it is stale."""
        return await self._ask(requests.state(session_id))

    async def command(self, session_id: str, command_id: str) -> CommandView:
        """Today's outcome of a command."""
        return await self._ask(requests.command(session_id, command_id))

    async def prepared(self, session_id: str) -> Phase0:
        """What was read of the sources, and their abstract."""
        return await self._ask(requests.prepared(session_id))

    async def goals(self, session_id: str) -> Phase1:
        """The goals."""
        return await self._ask(requests.goals(session_id))

    async def plan(self, session_id: str) -> Phase2:
        """The plan and its steps."""
        return await self._ask(requests.plan(session_id))

    async def findings(self, session_id: str, step_id: int) -> StepFindings:
        """What one step found."""
        return await self._ask(requests.findings(session_id, step_id))

    async def all_findings(self, session_id: str) -> tuple[StepFindings, ...]:
        """What the steps found; those without a result are left out."""
        return await self._ask(requests.all_findings(session_id))

    async def written(self, session_id: str) -> Phase4:
        """The report as data: sections, references with their passages, what it was made from."""
        return await self._ask(requests.written(session_id))

    async def report(self, session_id: str, file_format: str = "md") -> bytes:
        """The report in one of its formats (md, html, pdf, docx, json); an outdated one says so itself."""
        return await self._ask(requests.report(session_id, file_format))

    async def check(self, session_id: str) -> ReportCheck:
        """What of the report does not hold against the stored texts."""
        return await self._ask(requests.check(session_id))

    async def bundle(self, session_id: str) -> bytes:
        """The session in one file, for `reprise replay`."""
        return await self._ask(requests.bundle(session_id))

    async def timeline(self, session_id: str) -> AsyncIterator[TimelineEntry]:
        """The story so far, in words, page by page."""
        after = 0
        while True:
            page = await self._ask(requests.timeline(session_id, after))
            for event in page.events:
                yield event
            if page.next is None:
                return
            after = page.next

    async def impact(self, batch_id: str, source_id: str) -> Impact:
        """What a source's change touches, and what an update would cost."""
        return await self._ask(requests.impact(batch_id, source_id))

    async def watches(self, batch_id: str) -> WatchView:
        """What of a batch is watched, and what was found."""
        return await self._ask(requests.watches(batch_id))

    # What can be asked for

    async def start(
        self,
        topic: str,
        sources: Sequence[Given] = (),
        *,
        files: Sequence[Path] = (),
        guidance: str | None = None,
        engine: str | None = None,
        model: str | None = None,
        language: str | None = None,
        options: StartOptions | None = None,
        command_id: str | None = None,
    ) -> Created:
        """Start a batch with its first session: addresses, texts and searches as `sources`, and files."""
        request = requests.start(
            topic,
            sources,
            files,
            guidance=guidance,
            engine=engine,
            model=model,
            language=language,
            options=options,
            command_id=command_id,
        )
        return await self._ask(request)

    async def import_bundle(self, file: Path, command_id: str | None = None) -> Created:
        """Make a batch with a session of a file that `bundle` gave, here or elsewhere."""
        return await self._ask(requests.import_bundle(file, command_id))

    async def add_sources(
        self, batch_id: str, sources: Sequence[Given], command_id: str | None = None
    ) -> BatchView:
        """Add sources: marks stale, runs nothing."""
        return await self._ask(requests.add_sources(batch_id, sources, command_id))

    async def preview(self, asked: Rerunnable) -> Preview:
        """What a rerun or a refresh would run, keep and leave stale, what that cost last time, its token."""
        return await self._ask(requests.preview(asked))

    async def run(
        self, asked: Rerunnable, preview: Preview | None = None, command_id: str | None = None
    ) -> Receipt:
        """Rerun a phase, steps, or whatever is stale; with a preview exactly what that said, else
        `PlanChanged`."""
        return await self._ask(requests.run(asked, preview, command_id))

    async def accept(self, session_id: str, node: str, reason: str, command_id: str | None = None) -> Receipt:
        """Declare a stale node good enough for today's inputs."""
        return await self._ask(requests.accept(session_id, node, reason, command_id))

    async def preview_question(
        self, session_id: str, question: str, source_ids: Sequence[str] = ()
    ) -> Preview:
        """What a question to the report would run."""
        return await self._ask(requests.preview_question(session_id, question, source_ids))

    async def ask(
        self,
        session_id: str,
        question: str,
        source_ids: Sequence[str] = (),
        *,
        preview: Preview | None = None,
        command_id: str | None = None,
    ) -> Receipt:
        """Ask the report a question: it becomes a step of the plan, whose findings answer it. `answer` reads
        them once the command is over."""
        return await self._ask(requests.ask(session_id, question, source_ids, preview, command_id))

    async def answer(self, session_id: str, question: str) -> StepFindings:
        """What the step found that answers a question. Raises `NotFound`."""
        step = requests.step_of((await self.plan(session_id)).steps, question)
        return await self.findings(session_id, step)

    async def lock(self, session_id: str, node: str, command_id: str | None = None) -> Receipt:
        """Lock a node: no cascade, refresh or update runs it."""
        return await self._ask(requests.lock(session_id, node, command_id, locked=True))

    async def unlock(self, session_id: str, node: str, command_id: str | None = None) -> Receipt:
        """Unlock a node."""
        return await self._ask(requests.lock(session_id, node, command_id, locked=False))

    async def fork(self, session_id: str, node: str, command_id: str | None = None) -> Created:
        """Make a session that shares another one's results above a node; nothing runs by itself."""
        return await self._ask(requests.fork(session_id, node, command_id))

    async def tag(
        self,
        session_id: str,
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        command_id: str | None = None,
    ) -> Receipt:
        """Add tags to a session, and take some away."""
        return await self._ask(requests.tag(session_id, add, remove, command_id))

    async def sessions(self, wanted: SessionFilter | None = None, after: str | None = None) -> SessionPage:
        """One page of the sessions of all batches, those in which something happened last first."""
        return await self._ask(requests.sessions(wanted or SessionFilter(), after))

    async def preview_all(self, asked: RefreshAllCall) -> FleetPreview:
        """What a refresh of many sessions would do as a whole, and what it cost last time."""
        return await self._ask(requests.preview_all(asked))

    async def refresh_all(self, preview: FleetPreview, command_id: str | None = None) -> FleetReceipt:
        """Do what a preview showed, and nothing else; in each session it is a command like any other."""
        return await self._ask(requests.refresh_all(preview, command_id))

    async def cancel_all(self, command_id: str) -> FleetReceipt:
        """Stop what a refresh of many sessions has begun, in all of them."""
        return await self._ask(requests.cancel_all(command_id))

    async def cancel(
        self,
        session_id: str,
        *,
        run_id: str | None = None,
        phase: Phase | None = None,
        step_id: int | None = None,
        command_id: str | None = None,
    ) -> Receipt:
        """Stop a run, a phase, a step, or everything in a session."""
        return await self._ask(requests.cancel(session_id, run_id, phase, step_id, command_id))

    async def end(self, batch_id: str, *, delete: bool = False) -> BatchView:
        """End a batch for good; with `delete`, remove everything of it."""
        return await self._ask(requests.end(batch_id, delete=delete))

    async def end_session(self, session_id: str, *, delete: bool = False) -> BatchView:
        """End one session of a batch; with `delete`, remove what is its alone."""
        return await self._ask(requests.end_session(session_id, delete=delete))

    async def compare(self, session_id: str, other_id: str) -> Comparison:
        """Hold the reports of two sessions beside each other, section by section."""
        return await self._ask(requests.compare(session_id, other_id))

    async def watch(
        self,
        batch_id: str,
        asked: WatchRequest,
        source_id: str | None = None,
        command_id: str | None = None,
    ) -> WatchView:
        """Look at a source, or at every source of a batch, at its times."""
        return await self._ask(requests.watch(batch_id, asked, source_id, command_id))

    async def unwatch(
        self, batch_id: str, source_id: str | None = None, command_id: str | None = None
    ) -> WatchView:
        """Look no longer."""
        return await self._ask(requests.unwatch(batch_id, source_id, command_id))

    async def call(self, kind: str, **fields: object) -> Message:
        """Any call of `reprise_contracts.calls` by its kind, with the fields of its body; answers what the
        table says."""
        return await self._ask(requests.any_call(kind, fields))

    # What happens

    async def events(self, batch_id: str) -> AsyncIterator[Frame | NodeUpdate]:
        """Everything that happens in a batch, for ever: first where it stands (`Snapshot`), then each frame
        once, in order, through lost connections. Raises `NoServer` when nobody answers for a minute."""
        from reprise_client.following import AsyncFollower  # noqa: PLC0415 - loads a WebSocket client

        async with aclosing(AsyncFollower(self, batch_id).frames()) as told:
            async for frame in told:
                if frame is not None:
                    yield frame

    async def wait(self, session_id: str, command_id: str, seconds: float | None = None) -> CommandView:
        """Wait until a command has come to its end, and return what became of it: completed, failed,
        cancelled or refused. Raises `TimedOut` after about `seconds`; the run goes on. Raises `NotFound` for
        a command that the session does not know a few seconds on."""
        from reprise_client.following import AsyncFollower  # noqa: PLC0415 - as above

        patience = Patience()
        began, batch_id = monotonic(), (await self.state(session_id)).batch_id
        async with aclosing(AsyncFollower(self, batch_id).frames()) as told:
            async for frame in told:
                view = await self._outcome(session_id, command_id, patience) if telling(frame) else None
                if view is not None and view.status in FINAL:
                    return view
                if seconds is not None and monotonic() - began > seconds:
                    raise TimedOut(
                        f"{command_id} has not come to its end in {seconds:g} s.",
                        "It goes on: ask again later.",
                    )
        raise AssertionError("frames() ends by an error only")

    # The installation

    async def workers(self) -> list[PoolView]:
        """The worker pools."""
        return await self._ask(requests.workers())

    async def order(self, phase: str, order: str) -> PoolView:
        """Pause, resume or drain a pool."""
        return await self._ask(requests.order(phase, order))

    async def health(self) -> Health:
        """What is wrong with the installation, in words."""
        return await self._ask(requests.health())

    async def config(self) -> Body:
        """What this server offers."""
        return await self._ask(requests.config())

    async def ready(self) -> bool:
        """Return whether the server can take work."""
        check_open(closed=self._http.is_closed)
        try:
            return (await self._http.get("/readyz", timeout=5)).is_success
        except httpx.TransportError:
            return False

    async def ticket(self) -> str | None:
        """A ticket for the WebSocket; None where no token is given."""
        if "Authorization" not in self._http.headers:
            return None
        return await self._ask(requests.ticket())

    # How

    async def _outcome(self, session_id: str, command_id: str, patience: Patience) -> CommandView | None:
        """Today's outcome; None while the session does not know of the command yet. Raises `NotFound`."""
        try:
            return await self.command(session_id, command_id)
        except NotFound as unknown:
            patience.bear(unknown)
            return None

    async def _ask(self, request: Request[T]) -> T:
        check_open(closed=self._http.is_closed)
        attempts = ATTEMPTS if request.repeatable else 1
        for attempt in range(1, attempts + 1):
            with ExitStack() as files:
                try:
                    answer = await self._http.request(request.method, request.path, **sent(request, files))
                except httpx.TransportError as error:
                    lost(self.server, error, last=attempt == attempts)
                else:
                    return request.answered(answer.status_code, answer.content)
        raise AssertionError("unreachable")
