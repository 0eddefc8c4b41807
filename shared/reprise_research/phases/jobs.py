"""From a job to an artifact: read what it pinned, call the phase function. One small function a phase, for a
worker and for a library."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from reprise_contracts.artifacts import (
    REFERENCES,
    Artifact,
    InputRef,
    ObjectRef,
    Phase0,
    Phase1,
    Phase2,
    Phase4,
    StepFindings,
)
from reprise_contracts.jobs import Job
from reprise_contracts.nodes import Phase, phase_of, step_of
from reprise_contracts.sources import StoredSource
from reprise_research.context import Context
from reprise_research.phases.discover import discover
from reprise_research.phases.execute import execute
from reprise_research.phases.prepare import prepare
from reprise_research.phases.report import report, rewrite
from reprise_research.phases.synthesize import synthesize

A = TypeVar("A", bound=Artifact)


@dataclass(frozen=True, slots=True)
class Result:
    """What a phase made."""

    artifact: Artifact
    counts: dict[str, int]
    """How many of what, by its noun; of sources also how many `failed`."""
    stored: tuple[StoredSource, ...] = ()

    @property
    def headline(self) -> str:
        """The counts in words: `8 sources, 1 failed`."""
        return ", ".join(
            f"{number} {what}{'' if number == 1 or what == 'failed' else 's'}"
            for what, number in self.counts.items()
        )


Inputs = Mapping[str, InputRef]


class ArtifactReader(Protocol):
    """Where a job's inputs are read."""

    async def read(self, ref: InputRef | ObjectRef, model: type[A]) -> A:
        """Return one artifact; raises what its place raises where it is lost."""
        ...

    async def previous(self, ref: ObjectRef | None, model: type[A]) -> A | None:
        """Return what is only compared with; None where there is none, or where it is lost."""
        ...


async def run_phase(job: Job, inputs: Inputs, artifacts: ArtifactReader, context: Context) -> Result:
    """Run the job's phase on exactly the inputs that it pinned."""
    return await _PHASES[phase_of(job.node)](job, inputs, artifacts, context)


async def _prepare(job: Job, inputs: Inputs, artifacts: ArtifactReader, context: Context) -> Result:
    done = await prepare(job.sources, context, refetch=job.refetch)
    failed = sum(source.status == "failed" for source in done.artifact.sources)
    counts = {"source": len(done.artifact.sources)} | ({"failed": failed} if failed else {})
    return Result(done.artifact, counts, done.stored)


async def _discover(job: Job, inputs: Inputs, artifacts: ArtifactReader, context: Context) -> Result:
    made = await discover(await artifacts.read(inputs["phase0"], Phase0), context)
    return Result(made, {"goal": len(made.goals)})


async def _synthesize(job: Job, inputs: Inputs, artifacts: ArtifactReader, context: Context) -> Result:
    phase0, phase1, before = await read_all(
        artifacts.read(inputs["phase0"], Phase0),
        artifacts.read(inputs["phase1"], Phase1),
        artifacts.previous(job.previous, Phase2),
    )
    made = await synthesize(phase0, phase1, context, previous=before, next_step=job.next_step, held=job.held)
    return Result(made, {"step": len(made.steps)})


async def _execute(job: Job, inputs: Inputs, artifacts: ArtifactReader, context: Context) -> Result:
    phase0, plan, findings = await read_all(
        artifacts.read(inputs["phase0"], Phase0),
        artifacts.read(inputs["phase2"], Phase2),
        _findings(inputs, artifacts),
    )
    number = step_of(job.node)
    step = next(step for step in plan.steps if step.step_id == number)
    made = await execute(step, phase0, findings, context)
    return Result(made, {"finding": len(made.findings)})


async def _report(job: Job, inputs: Inputs, artifacts: ArtifactReader, context: Context) -> Result:
    phase0, plan, findings, before = await read_all(
        artifacts.read(inputs["phase0"], Phase0),
        artifacts.read(inputs["phase2"], Phase2),
        _findings(inputs, artifacts),
        artifacts.previous(job.previous, Phase4),
    )
    made = await (
        rewrite(
            job.section,
            before,
            phase0,
            plan,
            findings,
            context,
            guidance=job.section_guidance,
            gaps=job.gaps,
            reasons=job.reasons,
        )
        if job.section
        else report(phase0, plan, findings, context, previous=before, gaps=job.gaps, reasons=job.reasons)
    )
    read = {node: ref.sha256 for node, ref in inputs.items() if node != "phase0"}
    read[f"phase0#{REFERENCES}"] = phase0.parts()[REFERENCES]  # of the sources nothing else is read here
    named = made.model_copy(update={"inputs": read})
    return Result(named, {"section": len(made.sections), "reference": len(made.references)})


async def _findings(inputs: Inputs, artifacts: ArtifactReader) -> dict[int, StepFindings]:
    steps = {number: ref for node, ref in inputs.items() if (number := step_of(node)) is not None}
    read = await read_all(*(artifacts.read(ref, StepFindings) for ref in steps.values()))
    return dict(zip(steps, read, strict=True))


async def read_all(*reads: Awaitable[Any]) -> list[Any]:
    """The answers of reads that go on side by side, each to its end: one loss hides no other. Raises what the
    first failed with."""
    done = await asyncio.gather(*reads, return_exceptions=True)
    for answer in done:
        if isinstance(answer, BaseException):
            raise answer
    return done


_PHASES: Mapping[Phase, Callable[[Job, Inputs, ArtifactReader, Context], Awaitable[Result]]] = {
    "phase0": _prepare,
    "phase1": _discover,
    "phase2": _synthesize,
    "phase3": _execute,
    "phase4": _report,
}
