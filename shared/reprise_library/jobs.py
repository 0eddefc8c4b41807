"""One attempt of a node, from its job to the report on it: what a worker does, without the messages."""

import time
from collections.abc import Mapping
from hashlib import sha256
from secrets import token_hex
from typing import TypeVar

from reprise_contracts.artifacts import Artifact, InputRef, ObjectRef, Phase2, planned
from reprise_contracts.jobs import Completed, Failed, Job
from reprise_contracts.problems.model import Problem
from reprise_contracts.subjects import artifact_key, record_key
from reprise_library.session import ResearchSession
from reprise_research.context import Context
from reprise_research.engines import Recording
from reprise_research.errors import RateLimited, ResearchError
from reprise_research.phases.jobs import run_phase
from reprise_research.recording import known_calls, record_of

A = TypeVar("A", bound=Artifact)


class _Reader:
    """The artifacts of a session's journal, as a phase reads them."""

    def __init__(self, session: ResearchSession) -> None:
        self._session = session

    async def read(self, ref: InputRef | ObjectRef, model: type[A]) -> A:
        """See `ArtifactReader`. Raises KeyError where the journal has lost it."""
        return self._session.read(ref, model)

    async def previous(self, ref: ObjectRef | None, model: type[A]) -> A | None:
        """See `ArtifactReader`."""
        try:
            return self._session.read(ref, model) if ref is not None else None
        except KeyError:
            return None


async def complete(job: Job, session: ResearchSession, context: Context) -> Completed:
    """Run a job's phase, keep its artifact, and return the report. Raises what the phase raises."""
    began, execution_id = time.monotonic(), f"x-{token_hex(10)}"
    inputs: Mapping[str, InputRef] = job.inputs
    if not job.ask_again and job.previous is not None:
        context.calls.known = known_calls(_record(session, job.previous.key))
    conditions = context.engine.conditions() if isinstance(context.engine, Recording) else {}
    result = await run_phase(job, inputs, _Reader(session), context)
    seconds = round(time.monotonic() - began, 4)
    meta = context.meta.model_copy(
        update={
            "batch_id": job.batch_id,
            "session_id": job.session_id,
            "node": job.node,
            "generation": job.generation,
            "attempt": job.attempt,
            "execution_id": execution_id,
            "created_at": session.clock(),
            "seconds": seconds,
            "inputs": dict(inputs),
        }
    )
    key = artifact_key(job.batch_id, job.session_id, job.node, job.generation, execution_id)
    if context.calls.made:
        told = (await record_of(job, inputs, _Reader(session), conditions, context.calls.answers)).packed()
        session.journal.put(record_key(key), told)
        meta = meta.model_copy(update={"record": sha256(told).hexdigest()})
    artifact = result.artifact.model_copy(update={"meta": meta})
    data = artifact.document()
    session.journal.put(key, data)
    return Completed(
        node=job.node,
        generation=job.generation,
        attempt=job.attempt,
        execution_id=execution_id,
        artifact=ObjectRef(key=key, sha256=sha256(data).hexdigest(), bytes=len(data)),
        parts=artifact.parts(),
        plan=planned(artifact) if isinstance(artifact, Phase2) else None,
        stored=result.stored,
        versions=context.meta.versions,
        offered=context.offered,
        seconds=seconds,
        tokens=context.usage.tokens,
        told=context.calls.told,
        headline=result.headline,
        counts=result.counts,
    )


def _record(session: ResearchSession, artifact: str) -> bytes | None:
    """What an artifact was told, if it asked anything."""
    try:
        return session.journal.get(record_key(artifact))
    except KeyError:
        return None


def failure(job: Job, context: Context | None, error: Exception) -> Failed:
    """Return the report on a job that broke. What is no error of research is a fault of the code, and not
    tried again."""
    broken = Problem(
        type="internal", detail=f"The phase broke: {type(error).__name__}: {error}"[:500], action="Report it."
    )
    return Failed(
        node=job.node,
        generation=job.generation,
        attempt=job.attempt,
        execution_id=f"x-{token_hex(10)}",
        problem=error.problem if isinstance(error, ResearchError) else broken,
        retry_after=error.wait if isinstance(error, RateLimited) else None,
        **({"tokens": context.usage.tokens} if context else {}),
    )
