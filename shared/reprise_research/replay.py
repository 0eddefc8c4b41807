"""Every artifact of a session made again from its record, with no network and no model, and held against what
is stored (R32)."""

import hashlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

from reprise_contracts.artifacts import (
    MODELS,
    Artifact,
    Phase0,
    Phase1,
    Phase2,
    Phase4,
    PreparedSource,
    StepFindings,
)
from reprise_contracts.commands import ReportOptions
from reprise_contracts.jobs import Job
from reprise_contracts.nodes import phase_of, step_of
from reprise_contracts.records import CallRecord
from reprise_contracts.wire import Malformed
from reprise_research.bundle import Bundle, text_name
from reprise_research.calls import Calls
from reprise_research.context import Context
from reprise_research.engines import replaying
from reprise_research.errors import ResearchError
from reprise_research.phases.discover import discover
from reprise_research.phases.execute import execute
from reprise_research.phases.prepare import read_sources
from reprise_research.phases.report import report, rewrite
from reprise_research.phases.synthesize import synthesize
from reprise_research.stores import MemoryStore, Store


@dataclass(frozen=True)
class Replayed:
    """What became of one node. `differs` says in words what is not as it is stored; empty if all of it is."""

    node: str
    calls: int = 0
    differs: str = ""


async def replay(bundle: Bundle) -> AsyncIterator[Replayed]:
    """Make every artifact again, and say of each whether it is byte for byte what the bundle holds."""
    for name in bundle.damaged:
        yield Replayed(name, differs="its bytes are not those that were stored")
    store = MemoryStore()
    for sha256 in bundle.manifest.texts:
        data = bundle.files.get(text_name(sha256))
        if data is not None:
            await store.put_text(data.decode(errors="replace"))
    for node, held in bundle.manifest.nodes.items():
        data = bundle.files.get(held.artifact.name)
        packed = bundle.files.get(held.record.name) if held.record is not None else None
        yield await _replayed(node, data, packed, store)


async def _replayed(node: str, data: bytes | None, packed: bytes | None, store: Store) -> Replayed:
    if data is None:
        return Replayed(node, differs="its artifact is not there")
    try:
        artifact = MODELS[phase_of(node)].read(data)
        if packed is None:
            return Replayed(node, differs="its record is not there" if artifact.meta.record else "")
        if hashlib.sha256(packed).hexdigest() != artifact.meta.record:
            return Replayed(node, differs="its record is not the one that the artifact names")
        record = CallRecord.unpacked(packed)
        made = await again(record, artifact, store)
    except (Malformed, ResearchError, ValueError, LookupError) as error:
        return Replayed(node, differs=f"it cannot be made again: {error}")
    return Replayed(node, len(record.calls), "" if made.document() == data else _difference(made, artifact))


async def again(record: CallRecord, artifact: Artifact, store: Store) -> Artifact:
    """Return the artifact as its record makes it. What depends on the moment (times, tokens, executions) is
    taken from `artifact`.

    Raises `ResearchError`, of which `NotRecorded` says that a question was never asked, `Malformed`,
    `ValueError`."""
    job, meta = record.job, artifact.meta
    calls = Calls(known={call.question: call for call in record.calls}, only=True)
    context = Context(
        topic=job.topic,
        engine=replaying(meta.engine, meta.model, record.profile),
        store=store,
        guidance=job.parameters.guidance,
        language=job.parameters.language,
        options=ReportOptions.of_value(job.parameters.report),
        session=job.session_id,
        calls=calls,
    )
    made = await _made(job, record, artifact, context)
    told = context.meta
    return made.model_copy(
        update={
            "meta": meta.model_copy(
                update={"versions": told.versions, "fallbacks": told.fallbacks, "stands": told.stands}
            )
        }
    )


async def _made(job: Job, record: CallRecord, artifact: Artifact, context: Context) -> Artifact:
    inputs = {node: MODELS[phase_of(node)].read(text.encode()) for node, text in record.inputs.items()}
    previous = record.previous.encode()
    if isinstance(artifact, Phase0):
        return await read_sources(tuple(_unjudged(source) for source in artifact.sources), context)
    phase0 = inputs["phase0"]
    assert isinstance(phase0, Phase0)  # noqa: S101  # the model of its phase
    if isinstance(artifact, Phase1):
        return await discover(phase0, context)
    if isinstance(artifact, Phase2):
        goals = inputs["phase1"]
        assert isinstance(goals, Phase1)  # noqa: S101  # the model of its phase
        return await synthesize(
            phase0,
            goals,
            context,
            previous=Phase2.read(previous) if previous else None,
            next_step=job.next_step,
            held=job.held,
        )
    plan = inputs["phase2"]
    assert isinstance(plan, Phase2)  # noqa: S101  # the model of its phase
    found = {
        number: made
        for node, made in inputs.items()
        if (number := step_of(node)) is not None and isinstance(made, StepFindings)
    }
    if isinstance(artifact, StepFindings):
        step = next(step for step in plan.steps if step.step_id == step_of(job.node))
        return await execute(step, phase0, found, context)
    before = Phase4.read(previous) if previous else None
    if job.section:
        one = await rewrite(
            job.section,
            before,
            phase0,
            plan,
            found,
            context,
            guidance=job.section_guidance,
            gaps=job.gaps,
            reasons=job.reasons,
        )
        return one.model_copy(update={"inputs": artifact.inputs}) if isinstance(artifact, Phase4) else one
    done = await report(phase0, plan, found, context, previous=before, gaps=job.gaps, reasons=job.reasons)
    assert isinstance(artifact, Phase4)  # noqa: S101  # there is no other
    return done.model_copy(update={"inputs": artifact.inputs})


def _unjudged(source: PreparedSource) -> PreparedSource:
    """A source as it was before an engine had judged it."""
    return source.model_copy(update={"profile": None})


def _difference(made: Artifact, stored: Artifact) -> str:
    """The first fields that are not the same."""
    ours, theirs = made.model_dump(mode="json"), stored.model_dump(mode="json")
    names = [name for name in {**theirs, **ours} if ours.get(name) != theirs.get(name)]
    return f"differs in {', '.join(names)}" if names else "differs in how it is written"
