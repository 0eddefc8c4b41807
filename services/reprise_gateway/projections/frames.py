"""From a commit to the durable frames of a WebSocket, by one pure function.

Nodes as they are now come first, then what is stale, then what happened, in the order of the events. Frames are numbered
from 1 within their commit; one that tells what an artifact says is a `Content`, made whole when the artifact is at hand.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from reprise_contracts import events as e
from reprise_contracts import frames as f
from reprise_contracts.artifacts import Artifact, ObjectRef, Phase1, Phase2, Phase4, StepFindings
from reprise_contracts.nodes import PHASES, Phase, phase_of, step_node
from reprise_contracts.phrases import opening, spoken
from reprise_contracts.problems.model import Problem
from reprise_contracts.states import NodeView
from reprise_domain.freshness import Verdicts
from reprise_domain.graph import all_nodes
from reprise_domain.reduce import reduce
from reprise_domain.state import Run, RunRequest, Session, scope_of
from reprise_gateway.projections.changes import changes
from reprise_gateway.projections.states import queue_view, run_view

Durable = f.Frame | f.NodeUpdate


@dataclass(frozen=True, slots=True)
class Content:
    """A frame that tells what an artifact says."""

    ref: ObjectRef
    phase: Phase
    make: Callable[[Artifact], f.Frame]


@dataclass(frozen=True, slots=True)
class Piece:
    """One frame with its place, or a frame to be made at that place."""

    n: int
    frame: Durable | Content


def frames_of(before: Session | None, commit: e.Commit, after: Session, seq: int) -> tuple[Piece, ...]:
    """The durable frames of one commit. `before` and `after` are the session around it."""
    if after.deleted:
        return ()
    found = changes(before, commit, after)
    place = {"batch_id": after.batch_id, "session_id": after.session_id, "at": commit.at, "seq": seq}
    made: list[Durable | Content] = [_update(node, view) for node, view in found.views]
    if found.stale is not None:
        made.append(f.WorkflowStale(nodes=found.stale))
    around = _around(after)
    if before is None or _around(before) != around:
        made.append(around)
    made += FrameWriter(before, after).all(commit)
    return tuple(Piece(n, _placed(frame, place | {"n": n})) for n, frame in enumerate(made, 1))


def _update(node: str, view: NodeView) -> f.NodeUpdate:
    return f.NodeUpdate.model_construct(node=node, **{name: getattr(view, name) for name in NodeView.model_fields})


def _around(session: Session) -> f.SessionUpdate:
    """What surrounds the nodes, but for how far the run is: that moves with every commit."""
    run = run_view(session)
    return f.SessionUpdate(
        run=run.model_copy(update={"done": 0}) if run else None,
        queue=queue_view(session),
        engine=session.engine,
        model=session.model,
        guidance=session.guidance,
        ended=session.ended,
        plan_steps=tuple(session.plan.by_id) if session.plan else (),
    )


def _placed(frame: Durable | Content, place: dict[str, object]) -> Durable | Content:
    if isinstance(frame, Content):
        return Content(frame.ref, frame.phase, lambda artifact: frame.make(artifact).model_copy(update=place))
    return frame.model_copy(update=place)


def progress(before: Session | None, after: Session, commit: e.Commit) -> f.WorkflowProgress | None:
    """How far the run is, where that moved: a live frame, for it says nothing that a state does not."""
    then, now = before.run if before else None, after.run
    if now is None:
        return None
    total = max(now.total, now.done, 1)
    if then is not None and then.request.run_id == now.request.run_id and (then.done, then.total) == (now.done, now.total):
        return None
    return f.WorkflowProgress(
        batch_id=after.batch_id,
        session_id=after.session_id,
        at=commit.at,
        phase=_phase_at(now),
        progress=round(100 * now.done / total, 1),
        message=f"{now.done} of {total} done",
    )


def _phase_at(run: Run) -> Phase:
    return PHASES[min(max(run.stage, 0), len(PHASES) - 1)]


class FrameWriter:
    """Walks through a commit's events with the state around each of them."""

    def __init__(self, before: Session | None, after: Session) -> None:
        self._first = before
        self._before = before
        self._after = after
        self._entered: set[Phase] = set()

    def all(self, commit: e.Commit) -> list[Durable | Content]:
        """Return the frames of a commit, in the order of its events."""
        told: list[Durable | Content] = []
        for event in commit.events:
            teller = _WRITERS.get(type(event))
            if teller is not None:
                told += teller(self, event)
            self._before = reduce(self._before, event, commit.at)
        told += self._positions()
        return told

    # Commands

    def _refused(self, event: e.CommandRefused) -> Iterator[f.Frame]:
        yield f.WorkflowRefused(command_id=event.command_id, problem=event.problem)

    def _positions(self) -> Iterator[f.Frame]:
        """Every run that waits at another place than before."""
        then = {spec.run_id: place for place, spec in enumerate(self._first.queue, 1)} if self._first else {}
        for place, spec in enumerate(self._after.queue, 1):
            if then.get(spec.run_id) != place:
                yield f.WorkflowQueued(run_id=spec.run_id, position=place)

    # Runs

    def _run_started(self, event: e.RunStarted) -> Iterator[f.Frame]:
        session = self._before
        spec = next((spec for spec in session.queue if spec.run_id == event.run_id), None) if session else None
        if session is None or spec is None or spec.kind == "start":
            return
        scope = scope_of(spec, session.plan)
        if spec.kind == "steps":
            for step in spec.target.steps or ():
                yield f.StepRerunStarted(step_id=step, regenerate_report="phase4" in scope.phases)
        else:
            yield f.PhaseRerunStarted(phase=_first_phase(session, spec), phases=scope.phases)

    def _run_finished(self, event: e.RunFinished) -> Iterator[f.Frame]:
        session = self._before
        run = session.run if session else None
        if session is not None and run is not None and run.request.run_id == event.run_id:
            yield from self._rerun_ended(run, event)
        if event.outcome == "completed":
            yield f.WorkflowComplete(run_id=event.run_id)
        elif event.outcome == "failed":
            yield f.WorkflowFailed(run_id=event.run_id, problem=event.problem)
        elif event.outcome == "cancelled":
            yield f.WorkflowCancelled(run_id=event.run_id, reason="It was cancelled.")
        else:
            spec = next((spec for spec in session.queue if spec.run_id == event.run_id), None) if session else None
            for command_id in spec.command_ids if spec else ():
                yield f.WorkflowRefused(command_id=command_id, problem=event.problem or _REFUSED)

    def _rerun_ended(self, run: Run, event: e.RunFinished) -> Iterator[f.Frame]:
        spec = run.request
        if spec.kind == "start":
            return
        stale = Verdicts(self._after).freshness("phase4") == "stale"
        why = event.problem.detail if event.problem else "It was cancelled."
        if spec.kind == "steps":
            regenerate = "phase4" in run.scope.phases
            for step in spec.target.steps or ():
                entry = self._after.node(step_node(step))
                if event.outcome == "completed" or (step_node(step) not in run.bad and entry.status == "completed"):
                    yield f.StepRerunComplete(step_id=step, regenerate_report=regenerate, report_stale=stale)
                else:
                    message = entry.problem.detail if entry.problem else why
                    yield f.StepRerunError(step_id=step, regenerate_report=regenerate, message=message)
            return
        phase = spec.target.phase or (run.scope.phases[0] if run.scope.phases else "phase0")
        if event.outcome == "completed":
            yield f.PhaseRerunComplete(phase=phase, phases=run.scope.phases, report_stale=stale)
        else:
            yield f.PhaseRerunError(phase=phase, message=why)

    # Nodes

    def _node_queued(self, event: e.NodeQueued) -> Iterator[f.Frame]:
        """The first node of a phase whose turn comes in a run: the phase begins."""
        phase = phase_of(event.node)
        run, then = self._before.run if self._before else None, self._first.run if self._first else None
        same = run is not None and then is not None and run.request.run_id == then.request.run_id
        here = same and then is not None and then.stage == PHASES.index(phase)
        if event.attempt == 1 and not here and phase not in self._entered:
            self._entered.add(phase)
            yield f.PhaseChange(phase=phase, message=_BEGINS[phase])

    def _node_failed(self, event: e.NodeFailed) -> Iterator[f.Frame]:
        if event.final:
            message = f"{opening(spoken(event.node))} failed: {event.problem.detail}"
            yield f.ErrorFrame(phase=phase_of(event.node), message=message, problem=event.problem)

    def _node_completed(self, event: e.NodeCompleted) -> Iterator[Content]:
        yield from self._said(event.node, event.artifact)

    def _edited(self, event: e.ArtifactEdited) -> Iterator[Content]:
        yield from self._said(event.node, event.artifact)

    def _said(self, node: str, ref: ObjectRef) -> Iterator[Content]:
        phase = phase_of(node)
        if phase == "phase1":
            yield Content(ref, phase, _goals)
        elif phase == "phase2":
            yield Content(ref, phase, _synthesized)
            yield Content(ref, phase, _plan)
        elif phase == "phase3":
            yield Content(ref, phase, _step)
        elif phase == "phase4":
            yield Content(ref, phase, partial(_report, Verdicts(self._after).freshness("phase4") == "stale"))


_REFUSED = Problem(type="invalid", detail="The run was refused at its turn.", action="Read the session's state.")

_BEGINS: dict[Phase, str] = {
    "phase0": "Preparing the sources",
    "phase1": "Discovering goals",
    "phase2": "Synthesizing the plan",
    "phase3": "Executing the steps",
    "phase4": "Writing the report",
}


def _first_phase(session: Session, spec: RunRequest) -> Phase:
    """The phase that a rerun names; of a refresh, the first that has something to do."""
    if spec.target.phase:
        return spec.target.phase
    verdicts = Verdicts(session)
    to_do = (node for node in all_nodes(session.plan) if session.node(node).status != "completed" or verdicts.freshness(node) != "fresh")
    return next(map(phase_of, to_do), "phase0")


def _goals(artifact: Artifact) -> f.Frame:
    return f.Goals(goals=artifact.goals if isinstance(artifact, Phase1) else ())


def _synthesized(artifact: Artifact) -> f.Frame:
    return f.SynthesizedGoal(synthesized_goal=artifact.synthesized_goal if isinstance(artifact, Phase2) else "")


def _plan(artifact: Artifact) -> f.Frame:
    return f.PlanFrame(plan=artifact.steps if isinstance(artifact, Phase2) else ())


def _step(artifact: Artifact) -> f.Frame:
    if not isinstance(artifact, StepFindings):
        raise TypeError("a step's artifact holds findings")
    sources = dict.fromkeys(citation.source_id for finding in artifact.findings for citation in finding.citations)
    found = {finding.confidence for finding in artifact.findings}
    confidence = next((level for level in ("high", "medium", "low") if level in found), "")
    return f.StepComplete(
        stepData=f.StepData(
            step_id=artifact.step_id,
            findings=artifact.findings,
            insights=artifact.insights,
            confidence=confidence,
            sources=tuple(sources),
            timestamp=artifact.meta.created_at,
        )
    )


def _report(stale: bool, artifact: Artifact) -> f.Frame:  # bound by `partial`
    return f.ReportReady(report=artifact.markdown if isinstance(artifact, Phase4) else "", stale=stale)


_WRITERS: Mapping[type, Callable[[FrameWriter, Any], Iterable[Durable | Content]]] = {
    e.CommandRefused: FrameWriter._refused,
    e.RunStarted: FrameWriter._run_started,
    e.RunFinished: FrameWriter._run_finished,
    e.NodeQueued: FrameWriter._node_queued,
    e.NodeFailed: FrameWriter._node_failed,
    e.NodeCompleted: FrameWriter._node_completed,
    e.ArtifactEdited: FrameWriter._edited,
}
