"""Which objects the log has decided against: nothing that a commit names or a running attempt may still name (R17, R25)."""

from reprise_contracts.nodes import step_of
from reprise_contracts.subjects import attempt_of
from reprise_domain.state import IN_FLIGHT, Session


def decided_against(session: Session, key: str) -> bool:
    """Whether an object of the session may be deleted. What is no key of ours never may.

    A generation that is yet to come, or that is in flight, is never decided against: an edit writes its object before
    its command is decided, a worker before its completion is.
    """
    attempt = attempt_of(key)
    if attempt is None or session.deleted:
        return attempt is not None
    name, generation = attempt
    node, step = session.node(name), step_of(name)
    if node.made is not None and node.made.event.artifact.key == key:
        return False
    if step is not None and session.plan is not None and step not in session.plan.by_id:
        return step < session.next_step
    return generation < node.generation or (generation == node.generation and node.status not in IN_FLIGHT)
