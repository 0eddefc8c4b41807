"""What an attempt was told, written down beside its artifact and found again by the attempt after it
(R32)."""

from collections.abc import Sequence

from reprise_contracts.artifacts import MODELS
from reprise_contracts.jobs import Job
from reprise_contracts.nodes import phase_of
from reprise_contracts.records import CallAnswer, CallRecord
from reprise_contracts.wire import Malformed
from reprise_research.phases.jobs import ArtifactReader, Inputs, read_all


def known_calls(record: bytes | None) -> dict[str, CallAnswer]:
    """What an artifact was told, by question; nothing where it asked nothing, or where its record is lost or
    damaged."""
    try:
        return (
            {answer.question: answer for answer in CallRecord.unpacked(record).calls}
            if record is not None
            else {}
        )
    except Malformed:
        return {}


async def record_of(
    job: Job,
    inputs: Inputs,
    artifacts: ArtifactReader,
    conditions: dict[str, str],
    answers: Sequence[CallAnswer],
) -> CallRecord:
    """All that makes the artifact again: what it was told, what it read, and under which conditions it
    asked."""
    read = await read_all(*(artifacts.read(ref, MODELS[phase_of(node)]) for node, ref in inputs.items()))
    compares = phase_of(job.node) in {"phase2", "phase4"}
    before = await artifacts.previous(job.previous, MODELS[phase_of(job.node)]) if compares else None
    return CallRecord(
        job=job,
        profile=conditions,
        calls=tuple(answers),
        inputs={node: made.document().decode() for node, made in zip(inputs, read, strict=True)},
        previous=before.document().decode() if before is not None else "",
    )
