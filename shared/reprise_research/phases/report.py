"""Phase 4: the report. Reads the plan, all findings and the sources' references, and no texts."""

from collections.abc import Mapping
from dataclasses import replace

from reprise_contracts.artifacts import Changes, Missing, Phase0, Phase2, Phase4, SectionChange, StepFindings
from reprise_contracts.frames import WorkflowProgress
from reprise_contracts.jobs import Gap
from reprise_contracts.nodes import step_node
from reprise_research.context import Context
from reprise_research.engines import Rewriting
from reprise_research.errors import EngineUnavailable, NothingToRead
from reprise_research.extractive.wording import frame_of
from reprise_research.languages import language
from reprise_research.llm.words import words_for
from reprise_research.phases.rendering import render, rewritten, without_numbers
from reprise_research.phases.unread import with_unread


async def report(
    phase0: Phase0,
    plan: Phase2,
    findings: Mapping[int, StepFindings],
    context: Context,
    *,
    previous: Phase4 | None = None,
    gaps: tuple[Gap, ...] = (),
    reasons: tuple[str, ...] = (),
) -> Phase4:
    """The report on all findings. The caller fills in `inputs`.

    A step without findings must be named in `gaps`, and then is in the report and in `partial`: nothing is
    left out silently. Raises `NothingToRead`, `EngineFailed`."""
    named = {gap.node for gap in gaps}
    lacking = [
        s.step_id for s in plan.steps if s.step_id not in findings and step_node(s.step_id) not in named
    ]
    if lacking:
        raise NothingToRead(f"Steps without findings: {lacking}.", "Run them, or allow a partial report.")
    context.progress(WorkflowProgress(phase="phase4", progress=0.0, message="Writing the report"))
    sources = tuple(source for source in phase0.sources if source.text_sha256 and source.status == "ready")
    own = {step.step_id: findings[step.step_id] for step in plan.steps if step.step_id in findings}
    draft = await context.engine.write(plan, own, sources, gaps, context.brief)
    draft = with_unread(
        draft, phase0.sources, own, wording=language(frame_of(context.topic, context.language)).report
    )
    markdown, sections, references, unsupported = render(draft, sources)
    made = Phase4(
        title=draft.title,
        markdown=markdown,
        sections=sections,
        references=references,
        unsupported_claims=unsupported,
        partial=tuple(Missing(node=gap.node, used=gap.used, reason=gap.reason) for gap in gaps),
    )
    context.progress(
        WorkflowProgress(
            phase="phase4", progress=100.0, message=f"{len(sections)} sections, {len(references)} references"
        )
    )
    done = context.signed(made)
    return (
        done.model_copy(update={"changes": changes(done, previous, reasons)})
        if previous is not None
        else done
    )


async def rewrite(
    section_id: str,
    before: Phase4 | None,
    phase0: Phase0,
    plan: Phase2,
    findings: Mapping[int, StepFindings],
    context: Context,
    *,
    guidance: str = "",
    gaps: tuple[Gap, ...] = (),
    reasons: tuple[str, ...] = (),
) -> Phase4:
    """The report `before` with one section written again (R31): every other section keeps its text and its
    numbers. `guidance` is for this section alone. The caller fills in `inputs`.

    Raises `NothingToRead` where the report or the section is not there, `EngineUnavailable`,
    `EngineFailed`."""
    section = next((one for one in before.sections if one.section_id == section_id), None) if before else None
    if before is None or section is None:
        raise NothingToRead(
            "The report of which one section was to be written again is not there.",
            "Run the whole report again.",
        )
    engine = context.engine
    if not isinstance(engine, Rewriting):
        raise EngineUnavailable(
            f"The engine {engine.name} writes a report as a whole.", "Run the whole report again."
        )
    context.progress(WorkflowProgress(phase="phase4", progress=0.0, message=f"Writing {section.title}"))
    sources = tuple(source for source in phase0.sources if source.text_sha256 and source.status == "ready")
    own = {step.step_id: findings[step.step_id] for step in plan.steps if step.step_id in findings}
    told = replace(context.brief, guidance="\n".join(filter(None, (context.guidance, guidance))))
    draft = await engine.rewrite(section, before, plan, own, sources, gaps, told)
    made = rewritten(before, replace(draft, section_id=section_id), sources, _unsupported_mark(context))
    context.progress(WorkflowProgress(phase="phase4", progress=100.0, message=section.title))
    done = context.signed(made)
    return done.model_copy(update={"changes": changes(done, before, reasons)})


def _unsupported_mark(context: Context) -> str:
    return words_for(context.topic, context.language).unsupported


def changes(now: Phase4, before: Phase4, reasons: tuple[str, ...]) -> Changes:
    """What became of each section since the report before, and why (R25). A section whose step has another
    number is known by its title."""
    old, new = _bodies(before), _bodies(now)
    left = {title: body for key, (title, body) in old.items() if key not in new}
    found: list[SectionChange] = []
    for key, (title, body) in new.items():
        was = old[key][1] if key in old else left.pop(title, None)
        found.append(
            SectionChange(
                title=title, change="added" if was is None else "unchanged" if was == body else "changed"
            )
        )
    found += [SectionChange(title=title, change="removed") for title in left]
    return Changes(sections=tuple(found), reasons=reasons)


def _bodies(done: Phase4) -> dict[str, tuple[str, str]]:
    sources = {reference.number: reference.source_id for reference in done.references}
    return {
        section.section_id: (section.title, without_numbers(section.markdown, sources))
        for section in done.sections
    }
