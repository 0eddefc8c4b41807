"""One worker: a delivery in, a report out. It never tries again and never puts back: the orchestrator alone
decides that."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from datetime import datetime
from hashlib import sha256

from reprise_contracts import subjects
from reprise_contracts.artifacts import Artifact, Meta, ObjectRef, Phase2, planned
from reprise_contracts.frames import Live
from reprise_contracts.jobs import Completed, Failed, Job, LostObject, Report, Started, Stopped
from reprise_contracts.nodes import phase_of
from reprise_contracts.problems.model import Problem
from reprise_contracts.problems.refusals import inputs_lost
from reprise_contracts.wire import Malformed
from reprise_research.brief import Usage
from reprise_research.context import Context
from reprise_research.engines import Recording
from reprise_research.errors import RateLimited, ResearchError
from reprise_research.phases.jobs import ArtifactReader, Inputs, Result, run_phase
from reprise_research.recording import known_calls, record_of
from reprise_runtime import metrics, tracing
from reprise_runtime.cancelling import end
from reprise_runtime.errors import ObjectCorrupt, ObjectMissing, RepriseError, Retryable
from reprise_runtime.logs import Line, canonical, logger
from reprise_runtime.nats.acknowledgement import Claim
from reprise_runtime.nats.bus import Publisher
from reprise_runtime.s3.artifact_store import ArtifactStore
from reprise_runtime.settings import Timings
from reprise_workers.control import Control
from reprise_workers.inputs import inputs_of
from reprise_workers.library import Artifacts, BatchStore, InputsLost, JobInputs, Kept, Losses, Memory
from reprise_workers.progress import Teller

LAST_DELIVERY = 4
"""A job that comes this often has ended its workers every time: it is reported, not run."""
_log = logger(__name__)
MakeContext = Callable[[Job, bool, BatchStore, Callable[[Live], None], Usage], Awaitable[Context]]
"""Of a job, and whether an attempt at it may have begun before."""


class Worker:
    """Runs the jobs of one pool."""

    def __init__(
        self,
        name: str,
        publisher: Publisher,
        store: ArtifactStore,
        control: Control,
        context: MakeContext,
        timings: Timings,
        clock: Callable[[], datetime],
        memory: Memory | None = None,
    ) -> None:
        memory = memory or Memory()
        self.name = name
        self.running: dict[str, str] = {}
        """Execution → what it runs."""
        self._publisher = publisher
        self._store = store
        self._control = control
        self._context = context
        self._timings = timings
        self._clock = clock
        self._artifacts = Artifacts(store, memory)
        self._texts, self._seen = memory.texts, memory.seen

    async def handle(self, claim: Claim) -> None:
        """Run one delivery to its report; when this returns, the report is stored and the job may be
        acknowledged."""
        job = Job.decode(claim.data)
        execution_id = f"x-{secrets.token_hex(10)}"
        names: dict[str, str | int] = {
            "session": job.session_id,
            "node": job.node,
            "generation": job.generation,
            "attempt": job.attempt,
        }
        phase, began = phase_of(job.node), time.monotonic()
        if claim.deliveries > 1:
            metrics.REDELIVERIES.labels(phase).inc()
        with (
            metrics.RUNNING.labels(phase).track_inprogress(),
            canonical(
                "job", **names, execution=execution_id, deliveries=claim.deliveries, trace=job.trace
            ) as line,
        ):
            with tracing.span(job.node, job.trace, names) as trace:
                job = job.model_copy(update={"trace": trace})
                report = await self._outcome(job, execution_id, claim, line)
                await self._send(job, report)
            metrics.JOB_SECONDS.labels(phase, type(report).__name__.lower()).observe(time.monotonic() - began)

    async def _outcome(self, job: Job, execution_id: str, claim: Claim, line: Line) -> Report:
        own = {
            "node": job.node,
            "generation": job.generation,
            "attempt": job.attempt,
            "execution_id": execution_id,
            "worker": self.name,
            "trace": job.trace,
            "repeated": claim.deliveries > 1 or job.again,
        }
        if self._control.cancelled(job):
            line.add(result="stopped")
            return Stopped(**own)
        if claim.deliveries >= LAST_DELIVERY:
            line.add(result="worker lost")
            return Failed(**own, problem=WORKER_LOST)
        started, usage, losses = time.monotonic(), Usage(allowance=job.token_allowance), Losses()
        self.running[execution_id] = f"{job.session_id}/{job.node}"
        try:
            return await self._supervised(
                job, own, usage, losses, begun=job.attempt > 1 or claim.deliveries > 1
            )
        except asyncio.CancelledError:
            if not self._control.cancelled(job):
                raise
            line.add(result="stopped")
            return Stopped(**own, tokens=usage.tokens)
        except (ResearchError, RepriseError, Malformed) as error:
            line.add(result="failed", problem=str(error))
            wait = error.wait if isinstance(error, RateLimited) else None
            lost, seconds = losses.found(), time.monotonic() - started
            problem = _problem(error, lost)
            return Failed(
                **own, problem=problem, retry_after=wait, seconds=seconds, tokens=usage.tokens, lost=lost
            )
        except Exception as error:
            _log.exception("phase broke")
            line.add(result="failed", problem=str(error))
            return Failed(
                **own, problem=_broken(error), seconds=time.monotonic() - started, tokens=usage.tokens
            )
        finally:
            del self.running[execution_id]

    async def _supervised(
        self, job: Job, own: dict[str, object], usage: Usage, losses: Losses, *, begun: bool
    ) -> Completed:
        """The work, with a claim once it takes longer than a moment, and an end as soon as it is
        cancelled."""
        work = asyncio.create_task(
            self._work(job, own, usage, losses, begun), name=f"{job.session_id}/{job.node}"
        )
        forget = self._control.watch(job, work.cancel)
        try:
            done, _ = await asyncio.wait([work], timeout=self._timings.claim_after)
            if not done:
                await self._send(job, Started.model_validate(own))
            return await work
        finally:
            forget()
            await end(work)

    async def _work(
        self, job: Job, own: dict[str, object], usage: Usage, losses: Losses, begun: bool
    ) -> Completed:
        started = time.monotonic()
        teller = Teller(self._publisher, job)
        texts = (
            Kept() if job.node == "phase0" else self._texts
        )  # phase 0 makes what is lost again, and looks for itself
        library = BatchStore(self._store, job.batch_id, phase_of(job.node), texts, losses, self._seen)
        context = await self._context(job, begun, library, teller.tell, usage)
        if not job.ask_again and job.previous is not None and isinstance(context.engine, Recording):
            context.calls.known = known_calls(await self._record(job.previous.key))
        conditions = context.engine.conditions() if isinstance(context.engine, Recording) else {}
        inputs = await inputs_of(job, self._store)
        reader = JobInputs(self._artifacts, losses)
        result = await run_phase(job, inputs, reader, context)
        if job.section and job.previous is not None:  # the other sections rest on what they were told then
            told = known_calls(await self._record(job.previous.key))
            context.calls.made = told | context.calls.made
        seconds = round(time.monotonic() - started, 4)
        key = subjects.artifact_key(
            job.batch_id, job.session_id, job.node, job.generation, str(own["execution_id"])
        )
        record = await self._recorded(job, key, inputs, reader, conditions, context)
        meta = self._meta(job, own, inputs, context, seconds).model_copy(update={"record": record})
        artifact = result.artifact.model_copy(update={"meta": meta})
        ref = await self._artifacts.write(key, artifact.document())
        return self._completed(own | {"lost": losses.found()}, artifact, ref, result, context, seconds)

    def _meta(
        self, job: Job, own: dict[str, object], inputs: Inputs, context: Context, seconds: float
    ) -> Meta:
        own_part = {
            "batch_id": job.batch_id,
            "session_id": job.session_id,
            "node": job.node,
            "generation": job.generation,
            "attempt": job.attempt,
            "execution_id": str(own["execution_id"]),
            "created_at": self._clock(),
            "seconds": seconds,
            "inputs": dict(inputs),
            "trace": str(own["trace"]),
        }
        return context.meta.model_copy(update=own_part)

    async def _record(self, artifact_key: str) -> bytes | None:
        try:
            return await self._store.get(subjects.record_key(artifact_key))
        except (ObjectMissing, ObjectCorrupt):
            return None

    async def _recorded(
        self,
        job: Job,
        key: str,
        inputs: Inputs,
        artifacts: ArtifactReader,
        conditions: dict[str, str],
        context: Context,
    ) -> str:
        """R32: store what the attempt was told, if it asked anything, beside where its artifact will be.
        Returns its hash."""
        if not context.calls.made:
            return ""
        data = (await record_of(job, inputs, artifacts, conditions, context.calls.answers)).packed()
        await self._store.put(subjects.record_key(key), data, "application/gzip")
        return sha256(data).hexdigest()

    def _completed(
        self,
        own: dict[str, object],
        artifact: Artifact,
        ref: ObjectRef,
        result: Result,
        context: Context,
        seconds: float,
    ) -> Completed:
        return Completed.model_validate(
            own
            | {
                "artifact": ref,
                "parts": artifact.parts(),
                "plan": planned(artifact) if isinstance(artifact, Phase2) else None,
                "stored": result.stored,
                "versions": context.meta.versions,
                "offered": context.offered,
                "seconds": seconds,
                "tokens": context.usage.tokens,
                "told": context.calls.told,
                "headline": result.headline,
                "counts": result.counts,
            }
        )

    async def _send(self, job: Job, report: Report) -> None:
        """Store the report; until that is done the job is not acknowledged."""
        message_id = f"{job.session_id}/{report.input_id()}"
        subject = subjects.report(job.session_id, job.node)
        while True:
            try:
                await self._publisher.publish(
                    subject,
                    report.encode(),
                    stream=subjects.INBOX,
                    msg_id=message_id,
                    headers=tracing.headers(report.trace),
                )
            except Retryable as error:
                _log.warning("report not stored yet", error=str(error))
                await asyncio.sleep(1.0)
            else:
                return


WORKER_LOST = Problem(
    type="worker_lost",
    code="worker_lost",
    detail="The worker was lost every time this was tried.",
    retryable=False,
    action="Look at the worker's log for what ended it (memory, perhaps), then rerun the node.",
)


def _problem(error: ResearchError | RepriseError | Malformed, lost: tuple[LostObject, ...]) -> Problem:
    if isinstance(error, InputsLost):
        nodes = (subjects.attempt_of(gone.key) for gone in lost)
        return inputs_lost(dict.fromkeys(found[0] for found in nodes if found))
    if isinstance(error, ResearchError):
        return error.problem
    action = "Rerun the node; if it fails again, rerun what is above it."
    if isinstance(
        error, ObjectMissing | ObjectCorrupt
    ):  # the list of its inputs: the next attempt has one of its own
        return Problem(
            type="store_unavailable",
            code="input_unreadable",
            facts={"said": str(error)},
            detail=f"An input cannot be read: {error}.",
            action=action,
            retryable=True,
        )
    if isinstance(error, Malformed):
        return Problem(
            type="store_unavailable",
            code="input_unreadable",
            facts={"said": str(error)},
            detail=f"An input cannot be read: {error}.",
            action=action,
            retryable=False,
        )
    return Problem(
        type="store_unavailable",
        code="store_silent",
        facts={"said": str(error)},
        detail=f"The store did not answer: {error}.",
        action=action,
        retryable=True,
    )


def _broken(error: Exception) -> Problem:
    detail = f"The phase broke: {type(error).__name__}: {error}"[:500]
    return Problem(
        type="internal",
        code="phase_broken",
        facts={"said": f"{type(error).__name__}: {error}"[:500]},
        detail=detail,
        action="Look at the worker's log, then rerun the node.",
        retryable=True,
    )
