"""Frames that tell what artifacts say: first as a promise that names the objects, then made from what they
hold."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from reprise_contracts import frames as f
from reprise_contracts.artifacts import Artifact, ObjectRef, Phase0, Phase1, Phase2, Phase4, StepFindings
from reprise_contracts.nodes import Phase, phase_of, step_of
from reprise_domain.freshness import Verdicts
from reprise_domain.state import Session

CONFIDENCE = ("high", "medium", "low")


@dataclass(frozen=True, slots=True)
class Content:
    """A frame that tells what artifacts say. `make` gets one for each of `refs`, None for one that is gone;
    it gives no frame where an artifact has nothing to say."""

    refs: tuple[tuple[ObjectRef, Phase], ...]
    make: Callable[..., f.Frame | None]

    def at(self, place: dict[str, object]) -> "Content":
        """The same with a place in the log."""
        make = self.make

        def placed(*artifacts: Artifact | None) -> f.Frame | None:
            frame = make(*artifacts)
            return None if frame is None else frame.model_copy(update=place)

        return Content(self.refs, placed)


def told_by(session: Session, node: str, ref: ObjectRef) -> Iterator[Content]:
    """Every frame that tells what a node's artifact says; `session` is the state that has it."""
    phase, of = phase_of(node), ((ref, phase_of(node)),)
    if phase == "phase0":
        for known in session.sources.values():
            if known.source.stored is not None and known.source.stored.text_sha256 is not None:
                yield Content(of, partial(_summary, known.source.source_id))
    elif phase == "phase1":
        yield Content(of, partial(_goals, source_names(session)))
    elif phase == "phase2":
        goals = session.node("phase1").materialization
        yield Content((*of, (goals.event.artifact, "phase1")) if goals else of, _synthesized)
        yield Content(of, partial(_plan, source_names(session)))
    elif phase == "phase3":
        yield Content(of, partial(_step, step_of(node) or 0))
    else:
        yield Content(of, partial(_report, Verdicts(session).freshness("phase4") == "stale"))


def source_names(session: Session) -> dict[str, str]:
    """What each source is called, by id."""
    names = {}
    for source_id, known in session.sources.items():
        source = known.source
        stored = source.stored.title if source.stored is not None else None
        names[source_id] = (
            source.title
            or stored
            or (source.upload.filename if source.upload else None)
            or source.url
            or (source.search.search if source.search else None)
            or source_id
        )
    return names


def _summary(source_id: str, artifact: Artifact | None) -> f.Frame | None:
    if not isinstance(artifact, Phase0):
        return f.SourceSummary(link_id=source_id, gone=True)
    said = next((found.summary for found in artifact.summaries if found.source_id == source_id), None)
    return None if said is None else f.SourceSummary(link_id=source_id, summary=said)


def _goals(names: dict[str, str], artifact: Artifact | None) -> f.Frame:
    if not isinstance(artifact, Phase1):
        return f.Goals(gone=True)
    return f.Goals(
        goals=tuple(
            f.GoalView(
                **goal.model_dump(),
                id=place,
                goal_text=goal.question,
                sources=tuple(names.get(source_id, source_id) for source_id in goal.source_ids),
            )
            for place, goal in enumerate(artifact.goals, 1)
        )
    )


def _synthesized(artifact: Artifact | None, goals: Artifact | None = None) -> f.Frame:
    questions = tuple(goal.question for goal in goals.goals) if isinstance(goals, Phase1) else ()
    if not isinstance(artifact, Phase2):
        return f.SynthesizedGoal(gone=True)
    return f.SynthesizedGoal(synthesized_goal=artifact.synthesized_goal, component_questions=questions)


def _plan(names: dict[str, str], artifact: Artifact | None) -> f.Frame:
    if not isinstance(artifact, Phase2):
        return f.PlanFrame(gone=True)
    return f.PlanFrame(
        plan=tuple(
            f.StepView(
                **step.model_dump(),
                goal=step.title,
                required_data=", ".join(names.get(source_id, source_id) for source_id in step.source_ids),
                notes=step.description,
            )
            for step in artifact.steps
        )
    )


def _step(number: int, artifact: Artifact | None) -> f.Frame:
    if not isinstance(artifact, StepFindings):
        return f.StepComplete(stepData=f.StepData(step_id=number), gone=True)
    sources = dict.fromkeys(
        citation.source_id for finding in artifact.findings for citation in finding.citations
    )
    found = {finding.confidence for finding in artifact.findings}
    return f.StepComplete(
        stepData=f.StepData(
            step_id=artifact.step_id,
            title=artifact.title,
            findings=artifact.findings,
            insights=artifact.insights,
            gaps=artifact.gaps,
            confidence=next((level for level in CONFIDENCE if level in found), ""),
            sources=tuple(sources),
            timestamp=artifact.meta.created_at,
        )
    )


def _report(stale: bool, artifact: Artifact | None) -> f.Frame:  # bound by `partial`
    if not isinstance(artifact, Phase4):
        return f.ReportReady(stale=stale, gone=True)
    return f.ReportReady(report=artifact.markdown, stale=stale)
