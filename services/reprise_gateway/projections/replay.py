"""What a client that connects without a position is told again after the snapshot: what the artifacts of
today say.

A client of states reads artifacts when it shows them; one that keeps what frames told it has nothing else to
begin with. These frames have no place in the log.
"""

from collections.abc import AsyncIterator, Iterable, Iterator

from reprise_contracts import frames as f
from reprise_contracts.dialects import ReportFreshness, StepRerunOver
from reprise_contracts.nodes import PHASES, step_node
from reprise_domain.graph import all_nodes
from reprise_domain.state import IN_FLIGHT, Run, Session
from reprise_gateway.projections.content_frames import Content, told_by
from reprise_gateway.projections.contents import Contents
from reprise_gateway.projections.frames import Durable, confirmed, phase_change, report_stale
from reprise_gateway.projections.hub import Reader


async def replay(sessions: Iterable[Session], contents: Contents) -> AsyncIterator[Durable]:
    """The frames that tell what is there, session by session; an artifact that is gone meanwhile is told by a
    later frame.

    Raises `StoreUnavailable`.
    """
    reader = Reader(contents)
    for session in sessions:
        place: dict[str, object] = {"batch_id": session.batch_id, "session_id": session.session_id}
        for wanted in _wanted(session):
            frame = await reader.made(wanted) if isinstance(wanted, Content) else wanted
            if frame is not None and not (isinstance(frame, f.Telling) and frame.gone):
                yield frame.model_copy(update=place)


def _wanted(session: Session) -> Iterator[f.Frame | Content]:
    total = len(session.sources)
    if session.run is not None or session.node("phase0").materialization is not None:
        yield f.BatchInitialized(expected_total=total, total_processes=total)
    if session.node("phase0").materialization is not None and session.node("phase0").status == "completed":
        yield confirmed(session)
    for node in all_nodes(session.plan):
        made = session.node(node).materialization
        if made is not None and node != "phase0":
            yield from told_by(session, node, made.event.artifact)
    stale = report_stale(session)
    if stale is not None:
        yield ReportFreshness(report_stale=stale)
    if (over := _last_step(session, bool(stale))) is not None:
        yield over
    if session.run is not None:
        yield from _under_way(session.run)


def _last_step(session: Session, stale: bool) -> StepRerunOver | None:
    """The step that was run again last, if it is at rest."""
    steps = session.plan.by_id if session.plan is not None else {}
    again = [(entry.since, step) for step in steps if (entry := session.node(step_node(step))).generation > 1]
    known = [(since, step) for since, step in again if since is not None]
    if not known:
        return None
    step = max(known)[1]
    entry = session.node(step_node(step))
    if entry.status in IN_FLIGHT:
        return None
    failed = entry.status == "failed"
    return StepRerunOver(
        type="research:step_rerun_error" if failed else "research:step_rerun_complete",
        step_id=step,
        report_stale=stale,
        message=entry.problem.detail if failed and entry.problem else None,
    )


def _under_way(run: Run) -> Iterator[f.Frame]:
    if run.request.kind == "steps":
        for step in run.request.target.steps or ():
            yield f.StepRerunStarted(step_id=step, regenerate_report="phase4" in run.scope.phases)
    elif run.request.kind != "start":
        yield f.PhaseRerunStarted(
            phase=run.request.target.phase or run.scope.phases[0], phases=run.scope.phases
        )
    if 0 <= run.stage < len(PHASES):
        yield phase_change(PHASES[run.stage])
