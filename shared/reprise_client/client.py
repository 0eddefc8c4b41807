"""The synchronous client: one method for each call of the contract, answers as contract models, problems as
exceptions (`reprise_client.errors`)."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
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


class Client:
    """Talks to one server. Commands get an id of their own, so that sending one again does nothing twice."""

    def __init__(
        self,
        server: str,
        token: str | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        made = settings(server, token, headers)
        self.server = made["base_url"]
        self._http = httpx.Client(transport=transport, **made)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        self._http.close()

    # What there is

    def batches(self, search: str | None = None) -> Iterator[BatchView]:
        """Every batch, newest first, page by page; with `search` those with these words."""
        after: str | None = None
        while True:
            page = self._ask(requests.batches(after, search))
            yield from page.batches
            if page.next is None:
                return
            after = page.next

    def batch(self, batch_id: str) -> BatchView:
        """One batch with its sources and sessions."""
        return self._ask(requests.batch(batch_id))

    def text(self, batch_id: str, source_id: str, sha256: str | None = None) -> str:
        """A source's stored text, in which the offsets of citations count: today's, or the one that a
        citation names."""
        return self._ask(requests.text(batch_id, source_id, sha256))

    def state(self, session_id: str) -> State:
        """One session: each node's status, freshness and why it is stale."""
        return self._ask(requests.state(session_id))

    def command(self, session_id: str, command_id: str) -> CommandView:
        """Today's outcome of a command."""
        return self._ask(requests.command(session_id, command_id))

    def prepared(self, session_id: str) -> Phase0:
        """What was read of the sources, and their abstract."""
        return self._ask(requests.prepared(session_id))

    def goals(self, session_id: str) -> Phase1:
        """The goals."""
        return self._ask(requests.goals(session_id))

    def plan(self, session_id: str) -> Phase2:
        """The plan and its steps."""
        return self._ask(requests.plan(session_id))

    def findings(self, session_id: str, step_id: int) -> StepFindings:
        """What one step found."""
        return self._ask(requests.findings(session_id, step_id))

    def all_findings(self, session_id: str) -> tuple[StepFindings, ...]:
        """What the steps found; those without a result are left out."""
        return self._ask(requests.all_findings(session_id))

    def written(self, session_id: str) -> Phase4:
        """The report as data: sections, references with their passages, what it was made from."""
        return self._ask(requests.written(session_id))

    def report(self, session_id: str, file_format: str = "md") -> bytes:
        """The report in one of its formats (md, html, pdf, docx, json); an outdated one says so itself."""
        return self._ask(requests.report(session_id, file_format))

    def check(self, session_id: str) -> ReportCheck:
        """What of the report does not hold against the stored texts."""
        return self._ask(requests.check(session_id))

    def bundle(self, session_id: str) -> bytes:
        """The session in one file, for `reprise replay`."""
        return self._ask(requests.bundle(session_id))

    def timeline(self, session_id: str) -> Iterator[TimelineEntry]:
        """The story so far, in words, page by page."""
        after = 0
        while True:
            page = self._ask(requests.timeline(session_id, after))
            yield from page.events
            if page.next is None:
                return
            after = page.next

    def impact(self, batch_id: str, source_id: str) -> Impact:
        """What a source's change touches, and what an update would cost."""
        return self._ask(requests.impact(batch_id, source_id))

    def watches(self, batch_id: str) -> WatchView:
        """What of a batch is watched, and what was found."""
        return self._ask(requests.watches(batch_id))

    # What can be asked for

    def start(
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
        return self._ask(request)

    def import_bundle(self, file: Path, command_id: str | None = None) -> Created:
        """Make a batch with a session of a file that `bundle` gave, here or elsewhere."""
        return self._ask(requests.import_bundle(file, command_id))

    def add_sources(
        self, batch_id: str, sources: Sequence[Given], command_id: str | None = None
    ) -> BatchView:
        """Add sources: marks stale, runs nothing."""
        return self._ask(requests.add_sources(batch_id, sources, command_id))

    def preview(self, asked: Rerunnable) -> Preview:
        """What a rerun or a refresh would run, keep and leave stale, what that cost last time, its token."""
        return self._ask(requests.preview(asked))

    def run(
        self, asked: Rerunnable, preview: Preview | None = None, command_id: str | None = None
    ) -> Receipt:
        """Rerun a phase, steps, or whatever is stale; with a preview exactly what that said, else
        `PlanChanged`."""
        return self._ask(requests.run(asked, preview, command_id))

    def accept(self, session_id: str, node: str, reason: str, command_id: str | None = None) -> Receipt:
        """Declare a stale node good enough for today's inputs."""
        return self._ask(requests.accept(session_id, node, reason, command_id))

    def preview_question(self, session_id: str, question: str, source_ids: Sequence[str] = ()) -> Preview:
        """What a question to the report would run."""
        return self._ask(requests.preview_question(session_id, question, source_ids))

    def ask(
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
        return self._ask(requests.ask(session_id, question, source_ids, preview, command_id))

    def answer(self, session_id: str, question: str) -> StepFindings:
        """What the step found that answers a question. Raises `NotFound`."""
        step = requests.step_of(self.plan(session_id).steps, question)
        return self.findings(session_id, step)

    def lock(self, session_id: str, node: str, command_id: str | None = None) -> Receipt:
        """Lock a node: no cascade, refresh or update runs it."""
        return self._ask(requests.lock(session_id, node, command_id, locked=True))

    def unlock(self, session_id: str, node: str, command_id: str | None = None) -> Receipt:
        """Unlock a node."""
        return self._ask(requests.lock(session_id, node, command_id, locked=False))

    def fork(self, session_id: str, node: str, command_id: str | None = None) -> Created:
        """Make a session that shares another one's results above a node; nothing runs by itself."""
        return self._ask(requests.fork(session_id, node, command_id))

    def tag(
        self,
        session_id: str,
        *,
        add: Sequence[str] = (),
        remove: Sequence[str] = (),
        command_id: str | None = None,
    ) -> Receipt:
        """Add tags to a session, and take some away."""
        return self._ask(requests.tag(session_id, add, remove, command_id))

    def sessions(self, wanted: SessionFilter | None = None, after: str | None = None) -> SessionPage:
        """One page of the sessions of all batches, those in which something happened last first."""
        return self._ask(requests.sessions(wanted or SessionFilter(), after))

    def preview_all(self, asked: RefreshAllCall) -> FleetPreview:
        """What a refresh of many sessions would do as a whole, and what it cost last time."""
        return self._ask(requests.preview_all(asked))

    def refresh_all(self, preview: FleetPreview, command_id: str | None = None) -> FleetReceipt:
        """Do what a preview showed, and nothing else; in each session it is a command like any other."""
        return self._ask(requests.refresh_all(preview, command_id))

    def cancel_all(self, command_id: str) -> FleetReceipt:
        """Stop what a refresh of many sessions has begun, in all of them."""
        return self._ask(requests.cancel_all(command_id))

    def cancel(
        self,
        session_id: str,
        *,
        run_id: str | None = None,
        phase: Phase | None = None,
        step_id: int | None = None,
        command_id: str | None = None,
    ) -> Receipt:
        """Stop a run, a phase, a step, or everything in a session."""
        return self._ask(requests.cancel(session_id, run_id, phase, step_id, command_id))

    def end(self, batch_id: str, *, delete: bool = False) -> BatchView:
        """End a batch for good; with `delete`, remove everything of it."""
        return self._ask(requests.end(batch_id, delete=delete))

    def end_session(self, session_id: str, *, delete: bool = False) -> BatchView:
        """End one session of a batch; with `delete`, remove what is its alone."""
        return self._ask(requests.end_session(session_id, delete=delete))

    def compare(self, session_id: str, other_id: str) -> Comparison:
        """Hold the reports of two sessions beside each other, section by section."""
        return self._ask(requests.compare(session_id, other_id))

    def watch(
        self,
        batch_id: str,
        asked: WatchRequest,
        source_id: str | None = None,
        command_id: str | None = None,
    ) -> WatchView:
        """Look at a source, or at every source of a batch, at its times."""
        return self._ask(requests.watch(batch_id, asked, source_id, command_id))

    def unwatch(
        self, batch_id: str, source_id: str | None = None, command_id: str | None = None
    ) -> WatchView:
        """Look no longer."""
        return self._ask(requests.unwatch(batch_id, source_id, command_id))

    def call(self, kind: str, **fields: object) -> Message:
        """Any call of `reprise_contracts.calls` by its kind, with the fields of its body; answers what the
        table says."""
        return self._ask(requests.any_call(kind, fields))

    # What happens

    def events(self, batch_id: str) -> Iterator[Frame | NodeUpdate]:
        """Everything that happens in a batch, for ever: first where it stands (`Snapshot`), then each frame
        once, in order, through lost connections. Raises `NoServer` when nobody answers for a minute."""
        from reprise_client.following import Follower  # noqa: PLC0415 - loads a WebSocket client

        for frame in Follower(self, batch_id).frames():
            if frame is not None:
                yield frame

    def wait(self, session_id: str, command_id: str, seconds: float | None = None) -> CommandView:
        """Wait until a command has come to its end, and return what became of it: completed, failed,
        cancelled or refused. Raises `TimedOut` after about `seconds`; the run goes on. Raises `NotFound` for
        a command that the session does not know a few seconds on."""
        from reprise_client.following import Follower  # noqa: PLC0415 - as above

        patience = Patience()
        began, batch_id = monotonic(), self.state(session_id).batch_id
        with closing(Follower(self, batch_id).frames()) as told:
            for frame in told:
                view = self._outcome(session_id, command_id, patience) if telling(frame) else None
                if view is not None and view.status in FINAL:
                    return view
                if seconds is not None and monotonic() - began > seconds:
                    raise TimedOut(
                        f"{command_id} has not come to its end in {seconds:g} s.",
                        "It goes on: ask again later.",
                    )
        raise AssertionError("frames() ends by an error only")

    # The installation

    def workers(self) -> list[PoolView]:
        """The worker pools."""
        return self._ask(requests.workers())

    def order(self, phase: str, order: str) -> PoolView:
        """Pause, resume or drain a pool."""
        return self._ask(requests.order(phase, order))

    def health(self) -> Health:
        """What is wrong with the installation, in words."""
        return self._ask(requests.health())

    def config(self) -> Body:
        """What this server offers."""
        return self._ask(requests.config())

    def ready(self) -> bool:
        """Return whether the server can take work."""
        check_open(closed=self._http.is_closed)
        try:
            return self._http.get("/readyz", timeout=5).is_success
        except httpx.TransportError:
            return False

    def ticket(self) -> str | None:
        """A ticket for the WebSocket; None where no token is given."""
        if "Authorization" not in self._http.headers:
            return None
        return self._ask(requests.ticket())

    # How

    def _outcome(self, session_id: str, command_id: str, patience: Patience) -> CommandView | None:
        """Today's outcome; None while the session does not know of the command yet. Raises `NotFound`."""
        try:
            return self.command(session_id, command_id)
        except NotFound as unknown:
            patience.bear(unknown)
            return None

    def _ask(self, request: Request[T]) -> T:
        check_open(closed=self._http.is_closed)
        attempts = ATTEMPTS if request.repeatable else 1
        for attempt in range(1, attempts + 1):
            with ExitStack() as files:
                try:
                    answer = self._http.request(request.method, request.path, **sent(request, files))
                except httpx.TransportError as error:
                    lost(self.server, error, last=attempt == attempts)
                else:
                    return request.answered(answer.status_code, answer.content)
        raise AssertionError("unreachable")
