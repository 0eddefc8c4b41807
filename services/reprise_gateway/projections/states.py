"""What the outside sees of a session (`State`), and a command's outcome as of today."""

from collections.abc import Iterable

from reprise_contracts.artifacts import WHOLE
from reprise_contracts.commands import ReportOptions, SessionSpec
from reprise_contracts.nodes import step_of
from reprise_contracts.problems.model import ProblemDocument
from reprise_contracts.states import (
    ArtifactView,
    CommandView,
    NodeView,
    QueuedView,
    RunView,
    SessionSummary,
    State,
)
from reprise_domain.batch import Batch
from reprise_domain.freshness import Verdicts
from reprise_domain.graph import all_nodes, group_freshness, group_status
from reprise_domain.state import Materialization, Node, Session


def state_of(session: Session) -> State:
    """The whole session as of its last commit."""
    verdicts = Verdicts(session)
    nodes = {node: node_view(session, verdicts, node) for node in all_nodes(session.plan)}
    steps = [view for node, view in nodes.items() if step_of(node) is not None]
    nodes["phase3"] = group_view(steps)
    return State(
        batch_id=session.batch_id,
        session_id=session.session_id,
        topic=session.topic,
        engine=session.engine,
        model=session.model,
        language=session.language,
        guidance=session.guidance,
        seq=session.seq,
        nodes=nodes,
        fork=session.fork,
        tags=tuple(sorted(session.tags)),
        spent=session.spent,
        max_tokens=session.max_tokens or None,
        run_max_tokens=(session.run.request.options.max_tokens or None) if session.run else None,
        ended=session.ended,
        created_at=session.created_at,
        updated_at=session.updated_at,
        run=run_view(session),
        queue=queue_view(session),
    )


def present(batch: Batch) -> list[SessionSpec]:
    """The sessions of a batch, but for those that were deleted by themselves (R37)."""
    return [member.spec for member in batch.members if not batch.closed.get(member.spec.session_id, False)]


def run_view(session: Session) -> RunView | None:
    """The active run."""
    run = session.run
    if run is None:
        return None
    return RunView(
        run_id=run.request.run_id,
        command_id=run.request.command_ids[0],
        targets=run.request.targets,
        propagation=run.request.options.propagation,
        done=run.done,
        total=max(run.total, run.done),
        started_at=run.started_at,
        by=run.request.by,
    )


def queue_view(session: Session) -> tuple[QueuedView, ...]:
    """The runs that wait, in their order."""
    return tuple(
        QueuedView(
            run_id=spec.run_id, command_ids=spec.command_ids, target=spec.target, position=place, by=spec.by
        )
        for place, spec in enumerate(session.queue, 1)
    )


def node_view(session: Session, verdicts: Verdicts, node: str) -> NodeView:
    """One node with its freshness and the reasons for it."""
    entry, made = session.node(node), session.node(node).materialization
    step = session.plan.by_id.get(step_of(node) or 0) if session.plan else None
    return NodeView(
        status=entry.status,
        freshness=verdicts.freshness(node),
        causes=verdicts.cause_chain(node) if made else (),
        upgradable=_upgradable(session, entry),
        generation=entry.generation,
        attempt=entry.attempt,
        artifact=_artifact_view(made) if made else None,
        seconds=made.event.seconds if made else 0.0,
        tokens=made.event.tokens.total if made else 0,
        problem=ProblemDocument.of(entry.problem) if entry.problem else None,
        title=step.title if step else "",
        headline=made.event.headline if made else "",
        counts=dict(made.event.counts) if made else {},
        guidance=session.parameters(node).guidance,
        report=ReportOptions.of_value(session.parameters(node).report) if node == "phase4" else None,
        since=entry.since,
        unchanged=bool(made and made.event.unchanged),
        edited=bool(made and made.edited),
        locked_at=entry.locked_at,
    )


def _artifact_view(made: Materialization) -> ArtifactView:
    event, ref = made.event, made.event.artifact
    return ArtifactView(
        generation=event.generation,
        sha256=ref.sha256,
        output=event.parts[WHOLE],
        bytes=ref.bytes,
        at=made.at,
        by=event.by,
    )


def _upgradable(session: Session, node: Node) -> bool:
    """R6: a newer version of the code or a prompt that made it was seen since."""
    versions = node.materialization.event.versions if node.materialization else {}
    return any(session.versions.get(name, version) != version for name, version in versions.items())


def group_view(steps: Iterable[NodeView]) -> NodeView:
    """R1: `phase3` is a table over its steps."""
    steps = list(steps)
    if not steps:
        return NodeView()
    stale = [step for step in steps if step.freshness == "stale"]
    causes = {(cause.node, cause.reason): cause for step in stale for cause in step.causes}
    return NodeView(
        status=group_status([step.status for step in steps]),
        freshness=group_freshness([step.freshness for step in steps]),
        causes=tuple(causes.values())[:20],
        upgradable=any(step.upgradable for step in steps),
        generation=max(step.generation for step in steps),
        seconds=round(sum(step.seconds for step in steps), 3),
        tokens=sum(step.tokens for step in steps),
        problem=next((step.problem for step in steps if step.problem), None),
        since=max((step.since for step in steps if step.since), default=None),
    )


def command_of(session: Session, command_id: str) -> CommandView | None:
    """R16: today's outcome of a command; None if the session never heard of it."""
    record = session.commands.get(command_id)
    if record is None:
        return None
    problem = ProblemDocument.of(record.problem) if record.problem else None
    return CommandView(command_id=command_id, status=record.status, run_id=record.run_id, problem=problem)


def summary_of(session: Session) -> SessionSummary:
    """The session as one line of a list."""
    verdicts = Verdicts(session)
    nodes = all_nodes(session.plan)
    stale = tuple(node for node in nodes if verdicts.freshness(node) == "stale")
    failed = tuple(node for node in nodes if session.node(node).status == "failed")
    unfinished = any(session.node(node).materialization is None for node in nodes)
    status = (
        "running"
        if session.run
        else "failed"
        if failed
        else "pending"
        if unfinished
        else "stale"
        if stale
        else "completed"
    )
    return SessionSummary(
        session_id=session.session_id,
        topic=session.topic,
        status=status,
        stale=stale,
        failed=failed,
        updated_at=session.updated_at,
        batch_id=session.batch_id,
        tags=tuple(sorted(session.tags)),
        fork=session.fork,
        ended=session.ended,
    )
