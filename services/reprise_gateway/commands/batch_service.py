"""Batches: started, listed, changed and ended. Part of the one way in; `WorkflowService.start` leads here."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, nullcontext, suppress
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from reprise_contracts import subjects
from reprise_contracts.commands import (
    AddSession,
    BatchRequest,
    Command,
    CreateBatch,
    EndBatch,
    EndCall,
    EndSessionCall,
    ForkCall,
    ForkPoint,
    Policy,
    PutSources,
    RemoveSource,
    SessionRequest,
    SessionSpec,
    SetWatch,
)
from reprise_contracts.fleet import SessionFilter, SessionPage
from reprise_contracts.languages import traits_of
from reprise_contracts.nodes import PHASES
from reprise_contracts.notices import language_unknown, report_unheeded
from reprise_contracts.problems.model import Problem
from reprise_contracts.problems.refusals import DELETED, ENDED, REUSED, unwritten
from reprise_contracts.sources import Source
from reprise_contracts.states import BatchPage, BatchView, Created, SessionSummary
from reprise_contracts.subjects import raw_key
from reprise_contracts.wire import derived_id
from reprise_domain.batch import Batch, BatchInput, decide_batch
from reprise_domain.state import Session
from reprise_gateway.access.access import Caller
from reprise_gateway.commands.inbox import Inbox
from reprise_gateway.commands.intake import Intake, Sources, first_ids, further_ids
from reprise_gateway.commands.undecided import NOT_YET, Undecided, none_waiting
from reprise_gateway.projections.catalogue import Listed, SessionRow, line_of
from reprise_gateway.projections.index import Index
from reprise_gateway.projections.projection import ANY
from reprise_gateway.projections.states import present, summary_of
from reprise_research.text.language import language_of
from reprise_runtime.admission import Admission
from reprise_runtime.errors import Refused, StoreUnavailable
from reprise_runtime.s3.artifact_store import ArtifactStore
from reprise_runtime.settings import Settings

FOLDED_FOR_A_PAGE = 16
"""Sessions under way that are folded to show one page; the others show that they run."""
SUMMARIES = 1000
"""Summaries of sessions that are kept."""
LONGEST_PLACE = 20
"""Digits of a place in the log."""
INDEXED_WITHIN = 2.0
"""Seconds that a list waits for the index to know what the gateway knows."""


class Started(NamedTuple):
    """What was created, and whether it is there already."""

    created: Created
    there: bool


class Defaults(NamedTuple):
    """What a session has when its creator does not say."""

    engine: str
    model: str
    policy: Policy

    @classmethod
    def of(cls, settings: Settings) -> "Defaults":
        """From the settings of this gateway."""
        timings = settings.timings
        policy = Policy(
            max_attempts=timings.max_attempts, backoff_seconds=timings.backoff, lease_seconds=timings.lease
        )
        return cls(
            settings.engine, settings.llm.model if traits_of(settings.engine).needs_model else "", policy
        )


class BatchService:
    """Commands to batches, and what they look like."""

    def __init__(
        self,
        inbox: Inbox,
        index: Index,
        store: ArtifactStore,
        sources: Sources,
        *,
        defaults: Defaults,
        admission: Admission,
        clock: Callable[[], datetime],
        undecided: Undecided | None = None,
    ) -> None:
        self.store = store
        self.undecided = undecided or Undecided(none_waiting)
        self._admission = admission
        self._inbox = inbox
        self._index = index
        self._projection = inbox.projection
        self._sources = sources
        self._defaults = defaults
        self._clock = clock
        self._summaries: dict[str, tuple[int, SessionSummary]] = {}

    # Starting

    async def start(
        self,
        request: BatchRequest | SessionRequest,
        intake: Intake,
        caller: Caller,
        *,
        without_sources: bool = False,
    ) -> Started:
        """A batch and its first session. Ids follow from the caller and the command id, so that a repeat
        finds them (R16). One `without_sources` waits for some."""
        command_id = request.command_id or uuid4().hex
        batch_id = derived_id("b", caller.name, command_id)
        session_id = derived_id("s", batch_id, command_id)
        batch = await self._projection.batch(batch_id)
        spec = self._spec(request, session_id, batch)
        if batch is None or not (batch.ended or batch.deleted):
            coming = nullcontext(()) if without_sources else self._uploads(batch_id, intake, first_ids())
            async with coming as sources:
                command = CreateBatch(
                    command_id=command_id, by=caller.by, trace=caller.trace, sources=sources, session=spec
                )
                there = await self._begin_session(batch_id, batch, "create", command, session_id)
        else:
            raise Refused(DELETED if batch.deleted else ENDED)
        return Started(await _created(batch_id, command_id, spec), there)

    async def add_session(self, batch_id: str, request: SessionRequest, caller: Caller) -> Started:
        """A further session on the same sources."""
        batch = await self.batch(batch_id)
        command_id = request.command_id or uuid4().hex
        session_id = derived_id("s", batch_id, command_id)
        spec = self._spec(request, session_id, batch)
        command = AddSession(command_id=command_id, by=caller.by, trace=caller.trace, session=spec)
        there = await self._begin_session(batch_id, batch, "session", command, session_id)
        return Started(await _created(batch_id, command_id, spec), there)

    async def begin(
        self, batch_id: str, sources: tuple[Source, ...], spec: SessionSpec, command_id: str, caller: Caller
    ) -> bool:
        """A batch of sources that are stored already, with its first session; whether both are there in time.
        Raises `Refused`."""
        batch = await self._projection.batch(batch_id)
        command = CreateBatch(
            command_id=command_id, by=caller.by, trace=caller.trace, sources=sources, session=spec
        )
        return await self._begin_session(batch_id, batch, "create", command, spec.session_id)

    async def refuse_begun(
        self, batch_id: str, sources: tuple[Source, ...], spec: SessionSpec, command_id: str
    ) -> None:
        """Raise `Refused` where a batch of this id is there that was begun otherwise, or was ended."""
        batch = await self._projection.batch(batch_id)
        if batch is None:
            return
        known = batch.commands.get(command_id)
        command = CreateBatch(command_id=command_id, sources=sources, session=spec)
        if known is not None and known.fingerprint != command.fingerprint():
            raise Refused(REUSED)
        if batch.ended:
            raise Refused(DELETED if batch.deleted else ENDED)

    async def fork(self, origin: Session, call: ForkCall, caller: Caller) -> Created:
        """A session that has what another one has above a node, and is its own from there on (R37)."""
        batch = await self.batch(origin.batch_id)
        command_id = call.command_id or uuid4().hex
        session_id = derived_id("s", origin.session_id, command_id)
        point = ForkPoint(session_id=origin.session_id, node=call.node)
        spec = next(
            (member.spec for member in batch.members if member.spec.session_id == session_id),
            SessionSpec(
                session_id=session_id,
                topic=origin.topic,
                engine=origin.engine,
                model=origin.model,
                language=origin.language,
                guidance=origin.guidance,
                start=False,
                max_session_tokens=origin.max_tokens,
                policy=origin.policy,
            ),
        ).model_copy(update={"fork": point})
        command = AddSession(command_id=command_id, by=caller.by, trace=caller.trace, session=spec)
        await self._begin_session(batch.batch_id, batch, "session", command, session_id)
        return Created(batch_id=batch.batch_id, session_id=session_id, command_id=command_id)

    def _spec(self, request: SessionRequest, session_id: str, batch: Batch | None) -> SessionSpec:
        """What the request leaves open is the settings'; of a repeat, what it was the first time."""
        first = (
            next((member.spec for member in batch.members if member.spec.session_id == session_id), None)
            if batch
            else None
        )
        defaults = Defaults(first.engine, first.model, first.policy) if first else self._defaults
        engine = request.engine if request.engine is not None else defaults.engine
        usual = defaults.model if engine == defaults.engine else ""  # a model is one engine's
        model = request.model if request.model is not None else usual
        problem = (
            self._admission.unknown(request.engine, "engine")
            or (None if first else self._admission.unable(engine, model, "engine"))
            or unwritten(engine, request.language, "language")
        )
        if problem is not None:
            raise Refused(problem)
        return SessionSpec(
            session_id=session_id,
            topic=request.topic,
            guidance=request.guidance,
            report=request.options.report,
            start=request.start,
            policy=defaults.policy,
            engine=engine,
            language=request.language,
            model=model,
            stop_after=request.options.stop_after,
            allow_partial=request.options.allow_partial,
            max_tokens=request.options.max_tokens,
            max_session_tokens=request.options.max_session_tokens,
        )

    async def _begin_session(
        self, batch_id: str, batch: Batch | None, kind: str, command: Command, session_id: str
    ) -> bool:
        if isinstance(command, CreateBatch | AddSession):
            self.undecided.asked(batch_id, command.session)
        with self._projection.expect(session_id, ANY) as begun:
            decided = await self._decide(batch_id, batch, kind, command)
            there = decided and await self._projection.session(session_id) is not None
            return decided and (there or await self._inbox.settle(begun))

    # Changing

    async def add_sources(
        self, batch_id: str, intake: Intake, command_id: str | None, caller: Caller
    ) -> BatchView:
        """More sources: marks stale, runs nothing."""
        command_id = command_id or uuid4().hex
        return await self._put(batch_id, intake, further_ids(command_id), command_id, caller)

    async def replace_source(
        self, batch_id: str, source_id: str, intake: Intake, command_id: str | None, caller: Caller
    ) -> BatchView:
        """One source by another text, file or address: marks stale, runs nothing."""
        batch = await self.batch(batch_id)
        if source_id not in batch.sources:
            raise Refused(NO_SOURCE)
        if len(intake) > 1:
            detail = "One source is replaced by one."
            raise Refused(
                Problem(type="invalid", field="sources", detail=detail, action="Send one URL, text or file.")
            )
        return await self._put(batch_id, intake, iter([source_id]), command_id or uuid4().hex, caller)

    async def _put(
        self, batch_id: str, intake: Intake, ids: Iterator[str], command_id: str, caller: Caller
    ) -> BatchView:
        batch = await self.batch(batch_id)
        if batch.ended:
            raise Refused(ENDED)
        async with self._uploads(batch_id, intake, ids) as sources:
            command = PutSources(command_id=command_id, by=caller.by, trace=caller.trace, sources=sources)
            return await self._changed(batch_id, batch, "sources", command)

    @asynccontextmanager
    async def _uploads(
        self, batch_id: str, intake: Intake, ids: Iterator[str]
    ) -> AsyncIterator[tuple[Source, ...]]:
        """The sources of a call, stored. If it is refused for good, what it brought and nothing else names
        goes again."""
        new: set[str] = set()
        try:
            yield await self._sources.take(batch_id, intake, ids, new)
        except Refused as refused:
            if new and refused.problem.type != "unavailable":
                await self._drop(batch_id, new)
            raise

    async def _drop(self, batch_id: str, new: set[str]) -> None:
        batch = await self._projection.batch(batch_id)
        named = (batch.hashes if batch is not None else frozenset()) | await self.undecided.uploads(batch_id)
        with suppress(StoreUnavailable):  # they go with the batch at the latest
            await self.store.delete([raw_key(batch_id, sha256) for sha256 in sorted(new - named)])

    async def remove_source(
        self, batch_id: str, source_id: str, command_id: str | None, caller: Caller
    ) -> BatchView:
        """One source less: marks stale, runs nothing."""
        batch = await self.batch(batch_id)
        command = RemoveSource(
            command_id=command_id or uuid4().hex, by=caller.by, trace=caller.trace, source_id=source_id
        )
        return await self._changed(batch_id, batch, "remove", command)

    async def watch(self, batch_id: str, command: SetWatch) -> bool:
        """Set a watch (R36); whether that was decided in time."""
        return await self._decide(batch_id, await self.batch(batch_id), "watch", command)

    async def _changed(self, batch_id: str, batch: Batch, kind: str, command: Command) -> BatchView:
        return await self._shown_after(
            batch_id, command, decided=await self._decide(batch_id, batch, kind, command)
        )

    async def _shown_after(self, batch_id: str, command: Command, *, decided: bool) -> BatchView:
        """The batch after a command; where that is not decided yet, as it was before, and said so. The same
        is said where a session does not know it yet: what it shows is from before."""
        heard = decided and await self._heard(batch_id)
        shown = await self.show(batch_id)
        return shown if heard else shown.model_copy(update={"undecided": command.command_id})

    async def end(self, call: EndCall, caller: Caller) -> BatchView:
        """End a batch, with `delete` remove everything of it; both can be repeated (R24)."""
        batch = await self.batch(call.batch_id, deleted=True)
        command = EndBatch(
            command_id=call.command_id or uuid4().hex, by=caller.by, trace=caller.trace, delete=call.delete
        )
        return await self._shown_after(
            call.batch_id, command, decided=await self._decide(call.batch_id, batch, "end", command)
        )

    async def end_session(self, batch_id: str, call: EndSessionCall, caller: Caller) -> BatchView:
        """End one session of a batch, with `delete` remove everything that is its alone (R24, R37)."""
        batch = await self.batch(batch_id, deleted=True)
        command = EndBatch(
            command_id=call.command_id or uuid4().hex,
            by=caller.by,
            trace=caller.trace,
            delete=call.delete,
            session_id=call.session_id,
        )
        return await self._shown_after(
            batch_id, command, decided=await self._decide(batch_id, batch, "end", command)
        )

    async def _heard(self, batch_id: str) -> bool:
        """Wait until every session has recorded what its batch is now, its end (R24) or its sources (R3):
        what is asked after the answer is refused, and what is looked at is stale. Whether all have in
        time."""
        for session_id, _ in self.members(await self.batch(batch_id, deleted=True)):
            while True:
                with self._projection.expect(session_id, ANY) as next_commit:
                    session, batch = (
                        await self._projection.session(session_id),
                        await self.batch(batch_id, deleted=True),
                    )
                    ends = batch.ended or session_id in batch.closed
                    if session is None or session.ended or (not ends and _knows(session, batch)):
                        break
                    if not await self._inbox.settle(
                        next_commit
                    ):  # nobody decides now; what waits is decided in its order
                        return False
        return True

    async def _decide(self, batch_id: str, batch: Batch | None, kind: str, command: Command) -> bool:
        """Send a command and wait; whether it was decided in time. Raises `Refused` with the reason it was
        refused for."""
        known = batch.commands.get(command.command_id) if batch else None
        if known is not None and known.fingerprint != command.fingerprint():
            raise Refused(REUSED)
        if known is None:
            if batch is not None and not _moves(batch, command, self._clock()):
                if isinstance(command, EndBatch):
                    return True
                raise Refused(DELETED if batch.deleted else ENDED)
            decided, _ = await self._inbox.send(batch_id, kind, command, always=isinstance(command, EndBatch))
            if not decided:
                first = await self.undecided.find(batch_id, command.command_id)
                if first is not None and first.fingerprint() != command.fingerprint():
                    raise Refused(REUSED)
                return False
            after = await self._projection.batch(batch_id)
            known = after.commands.get(command.command_id) if after else None
        if known is not None and known.problem is not None:
            raise Refused(known.problem)
        if known is not None and known.fingerprint != command.fingerprint():
            raise Refused(REUSED)
        return True

    # Reading

    async def batch(self, batch_id: str, *, deleted: bool = False) -> Batch:
        """A batch; raises `Refused` (not_found; batch_ended once it is deleted, unless `deleted` is fine)."""
        batch = await self._projection.batch(batch_id)
        if batch is None and await self.undecided.creation(batch_id) is not None:
            raise Refused(NOT_YET)
        if batch is None:
            detail = "There is no such batch."
            raise Refused(
                Problem(
                    type="not_found",
                    field="batch_id",
                    detail=detail,
                    action="Check the id, or list the batches.",
                )
            )
        if batch.deleted and not deleted:
            raise Refused(DELETED)
        return batch

    async def show(self, batch_id: str) -> BatchView:
        """A batch with its sources, its sessions and the bytes that the store holds for it; of a deleted one
        only that there was one."""
        if (
            await self._projection.batch(batch_id) is None
            and (asked := await self.undecided.creation(batch_id)) is not None
        ):
            coming = SessionSummary(session_id=asked.session.session_id, topic=asked.session.topic)
            return BatchView(
                batch_id=batch_id,
                topic=asked.session.topic,
                sources=asked.sources,
                sessions=(coming,),
                undecided=asked.command_id,
            )
        batch = await self.batch(batch_id, deleted=True)
        if batch.deleted:
            return BatchView(batch_id=batch_id, updated_at=batch.updated_at, ended=True, deleted=True)
        sessions = self.members(batch)
        shown = [await self._summary(session_id, topic) for session_id, topic in sessions]
        return self._shown(batch, tuple(shown)).model_copy(update={"bytes": await self._bytes(batch)})

    async def _bytes(self, batch: Batch) -> int | None:
        prefixes = [subjects.sources_prefix(batch.batch_id)]
        prefixes += [
            subjects.artifact_prefix(batch.batch_id, s, phase)
            for s, _ in self.members(batch)
            for phase in PHASES
        ]
        try:
            return sum([await self.store.used(prefix) for prefix in prefixes])
        except StoreUnavailable:
            return None

    @staticmethod
    def members(batch: Batch) -> list[tuple[str, str]]:
        """The batch's sessions with their topics, but for those that were deleted by themselves."""
        return [(spec.session_id, spec.topic) for spec in present(batch)]

    async def page(self, *, after: str | None, limit: int, search: str) -> BatchPage:
        """Batches, newest first; deleted ones are left out. `behind` counts what the index does not know."""
        place = self._projection.position
        await self._index.until(place, INDEXED_WITHIN)
        words = tuple(dict.fromkeys(search.casefold().split()))
        listed = await self._index.page(self._cursor(after), limit + 1, words)
        folds = iter(range(FOLDED_FOR_A_PAGE))
        return BatchPage(
            batches=tuple([await self._line(line, folds) for line in listed[:limit]]),
            next=str(listed[limit - 1].batch.seq) if len(listed) > limit else None,
            behind=max(0, place - self._index.position),
        )

    async def sessions(self, wanted: SessionFilter, *, after: str | None, limit: int) -> SessionPage:
        """Sessions of all batches, those in which something happened last first."""
        place = self._projection.position
        await self._index.until(place, INDEXED_WITHIN)
        now = self._clock()
        rows = await self._index.sessions(self._cursor(after), limit + 1, wanted, now)
        return SessionPage(
            sessions=tuple(map(line_of, rows[:limit])),
            next=str(rows[limit - 1].seq) if len(rows) > limit else None,
            behind=max(0, place - self._index.position),
        )

    async def every(self, wanted: SessionFilter) -> list[SessionSummary]:
        """All of them, as the index has them now."""
        found: list[SessionSummary] = []
        after: str | None = None
        while True:
            page = await self.sessions(wanted, after=after, limit=1_000)
            found += page.sessions
            if (after := page.next) is None:
                return found

    async def _line(self, line: Listed, folds: Iterator[int]) -> BatchView:
        """A batch as the index has it, its sessions as they stand now."""
        view = BatchView.model_validate_json(line.batch.view)
        sessions = []
        for coming in view.sessions:
            row = line.sessions.get(coming.session_id)
            sessions.append(coming if row is None else await self._listed(row, coming, folds))
        moments = [view.updated_at, *(session.updated_at for session in sessions)]
        latest = max(moment for moment in moments if moment is not None)
        return view.model_copy(update={"sessions": tuple(sessions), "updated_at": latest})

    async def _listed(self, row: SessionRow, coming: SessionSummary, folds: Iterator[int]) -> SessionSummary:
        if row.summary is not None:
            return SessionSummary.model_validate_json(row.summary)
        known = self._known_summary(row)
        if known is None and next(folds, None) is not None:
            return await self._summary(row.id, coming.topic)
        at = datetime.fromisoformat(row.at)
        status = "running" if row.active else "pending"
        return known or coming.model_copy(update={"status": status, "updated_at": at})

    @staticmethod
    def _cursor(after: str | None) -> int | None:
        if after is None:
            return None
        if not after.isdecimal() or len(after) > LONGEST_PLACE:
            detail = "This is not where a page ended."
            raise Refused(
                Problem(
                    type="invalid", field="after", detail=detail, action="Pass the `next` of the page before."
                )
            )
        return int(after)

    async def sources(self, batch_id: str) -> dict[str, Source]:
        """A batch's sources; raises `Refused` (not_found, batch_ended)."""
        return self._projection.sources(await self.batch(batch_id))

    def _shown(self, batch: Batch, sessions: tuple[SessionSummary, ...]) -> BatchView:
        moments = [batch.updated_at, *(session.updated_at for session in sessions if session.updated_at)]
        return BatchView(
            batch_id=batch.batch_id,
            topic=batch.members[0].spec.topic if batch.members else "",
            created_at=batch.created_at,
            updated_at=max(moments),
            ended=batch.ended,
            deleted=batch.deleted,
            sources=tuple(self._projection.sources(batch).values()),
            sessions=sessions,
        )

    def _known_summary(self, row: SessionRow) -> SessionSummary | None:
        known = self._summaries.get(row.id)
        return known[1] if known is not None and known[0] >= row.seq else None

    async def _summary(self, session_id: str, topic: str) -> SessionSummary:
        session = await self._projection.session(session_id)
        if session is None or session.deleted:
            return SessionSummary(session_id=session_id, topic=topic)
        known = self._summaries.get(session_id)
        if known is None or known[0] != session.seq:
            known = self._summaries[session_id] = (session.seq, summary_of(session))
            while len(self._summaries) > SUMMARIES:
                self._summaries.pop(next(iter(self._summaries)))
        return known[1]


NO_SOURCE = Problem(
    type="not_found",
    code="no_source",
    field="source_id",
    detail="There is no such source in this batch.",
    action="List the batch's sources.",
)

NO_TEXT = Problem(
    type="not_found",
    field="source_id",
    detail="This source has no stored text.",
    action="Run the preparation, or replace the source.",
)


async def _created(batch_id: str, command_id: str, spec: SessionSpec) -> Created:
    """What was created, and what of it its engine takes no account of (R31) or has no words for."""
    topic = None if spec.language else await asyncio.to_thread(language_of, spec.topic)
    told = (*report_unheeded(spec.engine, spec.report.value), *language_unknown(spec.engine, topic or ""))
    return Created(
        batch_id=batch_id,
        session_id=spec.session_id,
        command_id=command_id,
        warnings=tuple(notice.text for notice in told),
        notices=told,
    )


def text_of(sources: Mapping[str, Source], source_id: str) -> str:
    """The hash of a source's text of today; raises `Refused` (not_found)."""
    source = sources.get(source_id)
    if source is None:
        raise Refused(NO_SOURCE)
    if source.stored is None or source.stored.text_sha256 is None:
        raise Refused(NO_TEXT)
    return source.stored.text_sha256


def _knows(session: Session, batch: Batch) -> bool:
    """Whether a session's sources are its batch's."""
    known = {name: known.source.revision for name, known in session.sources.items()}
    return known == {name: source.revision for name, source in batch.sources.items()}


def _moves(batch: Batch, command: Command, now: datetime) -> bool:
    """Whether a batch would decide anything on a command: what it passes over in silence is not waited
    for."""
    given: BatchInput = command  # type: ignore[assignment]  # the callers send a batch's own commands
    return bool(decide_batch(batch, batch.batch_id, given, now))
