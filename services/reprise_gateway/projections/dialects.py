"""What a reader of another dialect is sent in place of a frame: mostly the frame itself."""

from collections.abc import Callable, Mapping
from typing import Any

from reprise_contracts import dialects as d
from reprise_contracts import frames as f
from reprise_contracts.artifacts import Finding
from reprise_contracts.configuration import Dialect

Sent = f.Frame | f.NodeUpdate
SUMMARY = 3
"""Claims of which a step's summary is made."""
_SHARE = {"high": 0.9, "medium": 0.6, "low": 0.3}
"""What the levels of confidence are on a scale from 0 to 1."""
_RESTING = frozenset({"pending", "completed", "failed"})


def in_dialect(frame: Sent, dialect: Dialect) -> tuple[Sent, ...]:
    """A frame as a dialect has it: as it is, in another shape, with one that says more, or not at all."""
    if dialect == "reprise":
        return () if isinstance(frame, d.ReportFreshness | d.StepRerunOver) else (frame,)
    if isinstance(frame, f.Telling) and frame.gone:  # it would show that there is nothing
        return ()
    own = _DEEP_INSIGHTS.get(type(frame))
    return (frame,) if own is None else own(frame)


def _complete(frame: f.WorkflowComplete) -> tuple[Sent, ...]:
    """It takes a run that completed for a report of today's inputs."""
    return (frame,) if frame.report_stale is False else _freshness(frame)


def _with_freshness(frame: f.WorkflowStale | f.PhaseRerunError | f.StepRerunError) -> tuple[Sent, ...]:
    """What it is told of the report comes first: an error has to be the last word on a rerun."""
    return (*_freshness(frame), frame)


def _freshness(
    frame: f.WorkflowStale | f.PhaseRerunError | f.StepRerunError | f.WorkflowComplete,
) -> tuple[Sent, ...]:
    return (
        ()
        if frame.report_stale is None
        else (d.ReportFreshness(**_place(frame), report_stale=frame.report_stale),)
    )


def _synthesized(frame: f.SynthesizedGoal) -> tuple[Sent, ...]:
    topic = d.SynthesizedTopic(
        comprehensive_topic=frame.synthesized_goal,
        component_questions=frame.component_questions,
        unifying_theme=frame.unifying_theme,
    )
    return (d.SynthesizedTopicFrame(**_place(frame), synthesized_goal=topic),)


def _card(frame: f.StepComplete) -> tuple[Sent, ...]:
    step = frame.stepData
    claims = [finding.claim for finding in step.findings]
    doubts = [
        f"{against.claim} {against.reason}".strip()
        for finding in step.findings
        for against in finding.contradicts
    ]
    found = d.CardFindings(
        summary=" ".join(claims[:SUMMARY]),
        article="\n\n".join(_paragraph(finding) for finding in step.findings),
        points_of_interest=d.PointsOfInterest(
            key_claims=tuple(
                d.Claim(claim=finding.claim, supporting_evidence=_quotes(finding, 2))
                for finding in step.findings
            ),
            notable_evidence=tuple(
                d.Evidence(evidence_type="quote", description=citation.quote)
                for finding in step.findings
                for citation in finding.citations[:1]
            ),
        ),
        analysis_details=d.AnalysisDetails(uncertainties=(*step.gaps, *doubts)),
    )
    shares = [_SHARE[finding.confidence] for finding in step.findings]
    card = d.CardData(
        step_id=step.step_id,
        title=step.title,
        findings=found,
        insights="\n".join(step.insights),
        confidence=round(sum(shares) / len(shares), 2) if shares else 0.0,
        sources=step.sources,
        timestamp=step.timestamp,
    )
    return (d.StepCard(**_place(frame), stepData=card),)


def _paragraph(finding: Finding) -> str:
    quotes = "\n".join(f"> {citation.quote}" for citation in finding.citations)
    return f"{finding.claim}\n\n{quotes}" if quotes else finding.claim


def _quotes(finding: Finding, most: int) -> str:
    return " ".join(f"“{citation.quote}”" for citation in finding.citations[:most])


def _scraping(frame: f.ScrapingStatus) -> tuple[Sent, ...]:
    """It knows of a source on its way that it is in progress, and nothing finer."""
    items = tuple(
        item if item.status in _RESTING else item.model_copy(update={"status": "in-progress"})
        for item in frame.items
    )
    return (frame.model_copy(update={"items": items}),)


def _place(frame: f.Frame) -> dict[str, Any]:
    return {name: getattr(frame, name) for name in ("batch_id", "session_id", "at", "seq", "n")}


_DEEP_INSIGHTS: Mapping[type[Sent], Callable[[Any], tuple[Sent, ...]]] = {
    f.WorkflowComplete: _complete,
    f.WorkflowStale: _with_freshness,
    f.PhaseRerunError: _with_freshness,
    f.StepRerunError: _with_freshness,
    f.SynthesizedGoal: _synthesized,
    f.StepComplete: _card,
    f.ScrapingStatus: _scraping,
}
