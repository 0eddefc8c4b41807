"""Phase 3: one step of the plan. Reads its definition, the texts of the sources that it names, the findings
that it depends on."""

from collections.abc import Mapping

from reprise_contracts.artifacts import Finding, Phase0, Step, StepFindings
from reprise_contracts.frames import WorkflowProgress
from reprise_research.brief import Library
from reprise_research.context import Context
from reprise_research.errors import NothingToRead
from reprise_research.phases.checking import check_finding


async def execute(
    step: Step, phase0: Phase0, findings: Mapping[int, StepFindings], context: Context
) -> StepFindings:
    """What one step finds. `findings` are those of the steps that it depends on.

    Every citation is checked against the stored text: one that nearly holds is repaired and says so in its
    score, one that does not is dropped and counted, and a finding without any goes with it. Raises
    `NothingToRead`, `EngineFailed`, `TextMissing`."""
    lacking = [number for number in step.depends_on if number not in findings]
    if lacking:
        raise NothingToRead(
            f"Step {step.step_id} depends on steps without findings: {lacking}.", "Run those steps first."
        )
    context.progress(WorkflowProgress(phase="phase3", step_id=step.step_id, progress=0.0, message=step.title))
    library = Library(phase0.sources, context.store).only(step.source_ids)
    earlier = {number: findings[number] for number in step.depends_on}
    found = await context.engine.investigate(step, library, earlier, context.brief)
    kept: list[Finding] = []
    dropped = found.dropped_citations
    for finding in found.findings:
        good, lost = await check_finding(finding, library)
        dropped += lost
        if good is not None:
            kept.append(good)
    context.progress(
        WorkflowProgress(
            phase="phase3",
            step_id=step.step_id,
            progress=100.0,
            message=f"{step.title}: {len(kept)} findings",
        )
    )
    done = found.model_copy(
        update={
            "step_id": step.step_id,
            "kind": step.kind,
            "title": found.title or step.title,
            "findings": tuple(kept),
            "dropped_citations": dropped,
        }
    )
    return context.signed(done)
