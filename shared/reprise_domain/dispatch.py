"""The job of a node that is queued: everything that one attempt may read, pinned (R18)."""

from datetime import datetime

from reprise_contracts.artifacts import WHOLE, InputRef
from reprise_contracts.jobs import Gap, Job
from reprise_contracts.phrases import cause_sentences, without_failing
from reprise_domain.freshness import Verdicts, steps_without_result
from reprise_domain.graph import parents
from reprise_domain.plans import held_steps
from reprise_domain.state import Node, Session


def nodes_to_dispatch(session: Session) -> dict[str, datetime | None]:
    """The nodes whose job has to be out there, each with the time before which it must not be."""
    return {
        node: entry.not_before for node, entry in _in_flight(session) if entry.status in {"queued", "running"}
    }


def nodes_to_cancel(session: Session) -> dict[str, datetime]:
    """The nodes that are cancelling, each with the time at which it began."""
    return {
        node: entry.since
        for node, entry in _in_flight(session)
        if entry.status == "cancelling" and entry.since is not None
    }


def _in_flight(session: Session) -> list[tuple[str, Node]]:
    return [(node, session.node(node)) for node in session.run.in_flight] if session.run else []


def job_for(session: Session, node: str) -> Job:
    """The job of a node that is queued or running, as it was when its attempt was dispatched."""
    run, entry = session.run, session.node(node)
    if run is None:
        raise ValueError("a job belongs to an active run")
    inputs: dict[str, InputRef] = {}
    for parent in parents(node, session.plan):
        if (made := session.node(parent).materialization) is not None:
            artifact = made.event.artifact
            inputs[parent] = InputRef(
                key=artifact.key, sha256=artifact.sha256, output=made.event.parts[WHOLE]
            )
    return Job(
        batch_id=session.batch_id,
        session_id=session.session_id,
        node=node,
        generation=entry.generation,
        attempt=entry.attempt,
        run_id=run.request.run_id,
        topic=session.topic,
        parameters=session.parameters(node),
        inputs=inputs,
        sources=run.sources if node == "phase0" else (),
        refetch=run.request.options.refetch,
        previous=entry.materialization.event.artifact if entry.materialization else None,
        ask_again=run.request.asks_again(node),
        next_step=session.next_step,
        held=tuple(sorted(held_steps(session))) if node == "phase2" else (),
        gaps=tuple(_gap(step, session.node(step)) for step in steps_without_result(session, node, run.bad)),
        token_allowance=session.allowance,
        section=run.request.options.section or "" if node == "phase4" else "",
        section_guidance=run.request.options.guidance or "" if run.request.options.section else "",
        reasons=cause_sentences(Verdicts(session).cause_chain(node)) if node == "phase4" else (),
    )


def _gap(step: str, entry: Node) -> Gap:
    reason = entry.problem.detail if entry.problem else without_failing(entry.status)
    return Gap(node=step, used="last_good" if entry.materialization else "nothing", reason=reason)
