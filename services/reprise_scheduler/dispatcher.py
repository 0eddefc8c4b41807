"""Publishes jobs and cancellations. A job that is still held is not stored twice; one that is lost is
published again."""

import asyncio
import hashlib
import time
from collections.abc import Awaitable, Callable, Mapping

from reprise_contracts import subjects
from reprise_contracts.artifacts import ObjectRef
from reprise_contracts.jobs import Controlled, InputList, Job
from reprise_contracts.nodes import phase_of
from reprise_domain.dispatch import job_for
from reprise_domain.state import Session
from reprise_domain.sweep import WIDE
from reprise_runtime import metrics, tracing
from reprise_runtime.errors import AlreadyHeld
from reprise_runtime.logs import logger
from reprise_runtime.nats.bus import Publisher
from reprise_runtime.s3.artifact_store import ArtifactStore

_log = logger(__name__)
LARGEST = 256 * 1024
"""Bytes of a job that travel in the message; a longer list of inputs becomes an object."""


class Dispatcher:
    """Sends what the log asks for."""

    def __init__(
        self, publisher: Publisher, store: ArtifactStore, held: Callable[[], Awaitable[set[str]]]
    ) -> None:
        self._publisher = publisher
        self._store = store
        self._held = held

    async def held(self) -> set[str]:
        """The subjects of the jobs that are kept until a worker is done with them."""
        return await self._held()

    async def is_reported(self, session_id: str, node: str) -> bool:
        """Whether a worker's report of a node waits to be decided. Raises `Unavailable`."""
        return await self._publisher.last(subjects.INBOX, subjects.report(session_id, node)) is not None

    async def is_asked(self, target: str) -> bool:
        """Whether a command to a session or batch waits to be decided. Raises `Unavailable`."""
        return await self._publisher.last(subjects.INBOX, subjects.commands_to(target)) is not None

    async def is_told(self, batch_id: str) -> bool:
        """Whether the news of a check of a batch's sources waits to be decided. Raises `Unavailable`."""
        return await self._publisher.last(subjects.INBOX, subjects.checks_told_to(batch_id)) is not None

    async def send(self, session: Session, node: str, trace: str = "", *, again: bool = False) -> None:
        """Publish the job of a node's present attempt; `again`: it may have been published before."""
        with tracing.span(f"send {node}", trace, {"session": session.session_id}) as own:
            await self._send(session, node, own, again)

    async def _send(self, session: Session, node: str, trace: str, again: bool) -> None:
        began = time.perf_counter()
        job = job_for(session, node).model_copy(update={"trace": trace, "again": again})
        data = job.encode()
        if len(data) > LARGEST and len(job.inputs) >= WIDE:
            data = (await self._with_list(job)).encode()
        subject = subjects.job(job.session_id, job.node, job.generation, job.attempt)
        outcome = "sent"
        try:
            await self._publisher.publish(subject, data, stream=subjects.JOBS, headers=tracing.headers(trace))
        except AlreadyHeld:
            outcome = "held"
        else:
            metrics.JOBS_SENT.labels(phase_of(node)).inc()
        seconds = round(time.perf_counter() - began, 4)
        _log.info(
            "job sent",
            session=job.session_id,
            node=node,
            generation=job.generation,
            attempt=job.attempt,
            outcome=outcome,
            seconds=seconds,
            trace=trace,
        )

    async def _with_list(self, job: Job) -> Job:
        data = InputList(inputs=job.inputs).encode()
        key = subjects.inputs_key(job.batch_id, job.session_id, job.node, job.generation, job.attempt)
        await self._store.put(key, data, "application/json")
        named = ObjectRef(key=key, sha256=hashlib.sha256(data).hexdigest(), bytes=len(data))
        return job.model_copy(update={"inputs": {}, "inputs_object": named})

    async def cancel(self, session_id: str, note: Controlled) -> None:
        """Tell the workers of its pool that an attempt, and all of the node before it, are to stop."""
        await self._publisher.publish(
            subjects.control(session_id, note.node), note.encode(), stream=subjects.CONTROL
        )

    async def send_all(
        self, jobs: list[tuple[Session, str]], traces: Mapping[str, str], again: set[tuple[str, str]]
    ) -> None:
        """Publish many jobs side by side, each in the trace of its session; `again`: those that may have been
        published before."""
        await asyncio.gather(
            *(
                self.send(
                    session,
                    node,
                    traces.get(session.session_id, ""),
                    again=(session.session_id, node) in again,
                )
                for session, node in jobs
            )
        )
