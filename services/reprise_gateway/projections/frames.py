"""From a commit to the durable frames of a WebSocket, by one pure function.

Nodes as they are now come first, then what is stale, then what happened, in the order of the events. Frames
are numbered from 1 within their commit; one that tells what an artifact says is a `Content`, made whole when
the artifact is at hand. What another client's dialect makes of a frame is decided when it is sent, so that
every reader sees the same numbers.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reprise_contracts import events as e
from reprise_contracts import frames as f
from reprise_contracts.nodes import PHASES, Phase, phase_of, step_node
from reprise_contracts.phrases import opening, spoken
from reprise_contracts.problems.model import Problem, ProblemDocument
from reprise_contracts.states import NodeView
from reprise_domain.freshness import Verdicts
from reprise_domain.graph import all_nodes
from reprise_domain.reduce import reduce
from reprise_domain.state import Run, Session, scope_of
from reprise_gateway.projections.changes import changes
from reprise_gateway.projections.content_frames import Content, told_by
from reprise_gateway.projections.states import queue_view, run_view

Durable = f.Frame | f.NodeUpdate


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
        made.append(
            f.WorkflowStale(nodes=found.stale, report_stale=None if after.run else report_stale(after))
        )
    around = _around(after)
    if before is None or _around(before) != around:
        made.append(around)
    made += FrameWriter(before, after).all(commit)
    return tuple(Piece(n, _placed(frame, place | {"n": n})) for n, frame in enumerate(made, 1))


def _update(node: str, view: NodeView) -> f.NodeUpdate:
    return f.NodeUpdate.model_construct(
        node=node, **{name: getattr(view, name) for name in NodeView.model_fields}
    )


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
        return frame.at(place)
    return frame.model_copy(update=place)


def progress(before: Session | None, after: Session, commit: e.Commit) -> f.WorkflowProgress | None:
    """How far the run is, where that moved: a live frame, for it says nothing that a state does not."""
    then, now = before.run if before else None, after.run
    if now is None:
        return None
    total = max(now.total, now.done, 1)
    if (
        then is not None
        and then.request.run_id == now.request.run_id
        and (then.done, then.total) == (now.done, now.total)
    ):
        return None
    return f.WorkflowProgress(
        batch_id=after.batch_id,
        session_id=after.session_id,
        at=commit.at,
        phase=_phase_at(now),
        progress=round(100 * now.done / total, 1),
        message=f"{now.done} of {total} done",
        done=now.done,
        total=total,
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
        self._queued: list[str] = []

    def all(self, commit: e.Commit) -> list[Durable | Content]:
        """Return the frames of a commit, in the order of its events."""
        told: list[Durable | Content] = []
        self._queued = [event.node for event in commit.events if isinstance(event, e.NodeQueued)]
        for event in commit.events:
            teller = _WRITERS.get(type(event))
            if teller is not None:
                told += teller(self, event)
            self._before = reduce(self._before, event, commit.at)
        told += self._positions()
        return told

    def _sources_changed(self, event: e.SourcesChanged) -> Iterator[f.Frame]:
        """R36: what checks of watched sources told."""
        known = self._before.sources if self._before else {}
        for source in event.sources:
            before = known[source.source_id].source.check if source.source_id in known else None
            if source.check is not None and source.check != before:
                stored = source.stored.title if source.stored is not None else None
                yield f.SourceChecked(
                    source_id=source.source_id,
                    title=source.title or stored,
                    url=source.url,
                    check=source.check,
                )

    # Commands

    def _refused(self, event: e.CommandRefused) -> Iterator[f.Frame]:
        yield f.WorkflowRefused(command_id=event.command_id, problem=ProblemDocument.of(event.problem))

    def _positions(self) -> Iterator[f.Frame]:
        """Every run that waits at another place than before."""
        then = {spec.run_id: place for place, spec in enumerate(self._first.queue, 1)} if self._first else {}
        for place, spec in enumerate(self._after.queue, 1):
            if then.get(spec.run_id) != place:
                yield f.WorkflowQueued(run_id=spec.run_id, position=place)

    # Runs

    def _run_started(self, event: e.RunStarted) -> Iterator[f.Frame]:
        session = self._before
        spec = (
            next((spec for spec in session.queue if spec.run_id == event.run_id), None) if session else None
        )
        if session is None or spec is None or spec.kind == "start":
            return
        scope = scope_of(spec, session.plan)
        if spec.kind == "steps":
            for step in spec.target.steps or ():
                yield f.StepRerunStarted(step_id=step, regenerate_report="phase4" in scope.phases)
        else:
            first = spec.target.phase or next(map(phase_of, self._queued), scope.phases[0])
            yield f.PhaseRerunStarted(phase=first, phases=scope.phases)

    def _run_finished(self, event: e.RunFinished) -> Iterator[f.Frame]:
        """The end of a run. Where it leaves the report out of date, that is said last: a client takes
        `workflow:complete` for fresh."""
        session = self._before
        run = session.run if session else None
        active = run if run is not None and run.request.run_id == event.run_id else None
        problem = ProblemDocument.of(event.problem) if event.problem else None
        ended = tuple(self._rerun_ended(active, event)) if active is not None else ()
        if event.outcome == "completed":
            done = self._complete(event.run_id)
            fresh = (f.ResearchComplete(message=_DONE),) if done.report_stale is False else ()
            yield from (done, *ended) if done.report_stale else (*fresh, *ended, done)
            return
        if event.outcome == "failed":
            yield f.WorkflowFailed(run_id=event.run_id, problem=problem)
        elif event.outcome == "cancelled":
            yield f.WorkflowCancelled(run_id=event.run_id, reason=_CANCELLED)
            if active is not None and self._after.run is None:
                statuses = {phase: self._after.node(phase).status for phase in PHASES if phase != "phase3"}
                yield f.ScrapingCancelled(reason=_CANCELLED, state=statuses)
        else:
            spec = (
                next((spec for spec in session.queue if spec.run_id == event.run_id), None)
                if session
                else None
            )
            for command_id in spec.command_ids if spec else ():
                yield f.WorkflowRefused(
                    command_id=command_id, problem=problem or ProblemDocument.of(_REFUSED)
                )
        yield from ended

    def _complete(self, run_id: str) -> f.WorkflowComplete:
        return f.WorkflowComplete(
            run_id=run_id,
            result=f.RunResult(session_id=self._after.session_id),
            report_stale=report_stale(self._after),
        )

    def _rerun_ended(self, run: Run, event: e.RunFinished) -> Iterator[f.Frame]:
        spec = run.request
        if spec.kind == "start":
            return
        stale, completed = report_stale(self._after), event.outcome == "completed"
        why = event.problem.detail if event.problem else _CANCELLED
        if spec.kind == "steps":
            yield from self._steps_ended(run, why, completed=completed, stale=stale)
        elif completed:
            yield f.PhaseRerunComplete(
                phase=self._first_phase(run), phases=run.scope.phases, report_stale=bool(stale)
            )
        else:
            yield f.PhaseRerunError(phase=self._first_phase(run), message=why, report_stale=stale)

    def _steps_ended(self, run: Run, why: str, *, completed: bool, stale: bool | None) -> Iterator[f.Frame]:
        regenerate = "phase4" in run.scope.phases
        path = (
            f"/sessions/{self._after.session_id}/report"
            if regenerate and completed and stale is False
            else None
        )
        for step in run.request.target.steps or ():
            entry = self._after.node(step_node(step))
            if completed or (step_node(step) not in run.bad and entry.status == "completed"):
                yield f.StepRerunComplete(
                    step_id=step, regenerate_report=regenerate, report_stale=bool(stale), report_path=path
                )
            else:
                message = entry.problem.detail if entry.problem else why
                yield f.StepRerunError(
                    step_id=step, regenerate_report=regenerate, message=message, report_stale=stale
                )

    def _first_phase(self, run: Run) -> Phase:
        """The phase that a rerun names; of a refresh, the first that ran in it, as it was announced."""
        if run.request.target.phase:
            return run.request.target.phase
        nodes = ((node, self._after.node(node).since) for node in all_nodes(self._after.plan))
        ran = (phase_of(node) for node, since in nodes if since is not None and since > run.started_at)
        return next(ran, run.scope.phases[0] if run.scope.phases else "phase0")

    # Nodes

    def _node_queued(self, event: e.NodeQueued) -> Iterator[f.Frame]:
        """The first node of a phase whose turn comes in a run: the phase begins."""
        phase = phase_of(event.node)
        run, then = self._before.run if self._before else None, self._first.run if self._first else None
        same = run is not None and then is not None and run.request.run_id == then.request.run_id
        here = same and then is not None and then.stage == PHASES.index(phase)
        if event.attempt == 1 and not here and phase not in self._entered:
            self._entered.add(phase)
            if phase == "phase0":
                total = len(self._after.sources)
                yield f.BatchInitialized(expected_total=total, total_processes=total)
            elif phase == "phase1":
                yield f.ResearchStart(message=_BEGINS[phase])
            yield phase_change(phase)

    def _node_failed(self, event: e.NodeFailed) -> Iterator[f.Frame]:
        if event.final:
            how = "did not run to the end" if event.problem.type == "budget_reached" else "failed"
            message = f"{opening(spoken(event.node))} {how}: {event.problem.detail}"
            yield f.ErrorFrame(
                phase=phase_of(event.node), message=message, problem=ProblemDocument.of(event.problem)
            )

    def _node_completed(self, event: e.NodeCompleted) -> Iterator[f.Frame | Content]:
        if event.node == "phase0":
            yield confirmed(self._after)
        yield from told_by(self._after, event.node, event.artifact)

    def _edited(self, event: e.ArtifactEdited) -> Iterator[Content]:
        yield from told_by(self._after, event.node, event.artifact)


def phase_change(phase: Phase) -> f.PhaseChange:
    """A phase is under way."""
    return f.PhaseChange(phase=phase, message=_BEGINS[phase])


def report_stale(session: Session) -> bool | None:
    """Whether the report is out of date; None where there is none."""
    freshness = Verdicts(session).freshness("phase4")
    return None if freshness is None else freshness == "stale"


def confirmed(session: Session) -> f.ScrapingConfirmed:
    """How preparing the sources ended."""
    total = len(session.sources)
    ready = sum(
        known.source.stored is not None and known.source.stored.text_sha256 is not None
        for known in session.sources.values()
    )
    return f.ScrapingConfirmed(
        expected_total=total,
        total_final=total,
        completed_count=ready,
        failed_count=total - ready,
        registered_count=total,
    )


_CANCELLED = "It was cancelled."
_DONE = "The research is done."
_REFUSED = Problem(
    type="invalid", detail="The run was refused at its turn.", action="Read the session's state."
)

_BEGINS: dict[Phase, str] = {
    "phase0": "Preparing the sources",
    "phase1": "Discovering goals",
    "phase2": "Synthesizing the plan",
    "phase3": "Executing the steps",
    "phase4": "Writing the report",
}


_WRITERS: Mapping[type, Callable[[FrameWriter, Any], Iterable[Durable | Content]]] = {
    e.SourcesChanged: FrameWriter._sources_changed,
    e.CommandRefused: FrameWriter._refused,
    e.RunStarted: FrameWriter._run_started,
    e.RunFinished: FrameWriter._run_finished,
    e.NodeQueued: FrameWriter._node_queued,
    e.NodeFailed: FrameWriter._node_failed,
    e.NodeCompleted: FrameWriter._node_completed,
    e.ArtifactEdited: FrameWriter._edited,
}
