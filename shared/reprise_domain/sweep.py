"""Which objects the log has decided against: nothing that a commit names or a running attempt may still name (R17, R25)."""

import re

from reprise_contracts.nodes import from_token
from reprise_domain.state import IN_FLIGHT, Session

_ARTIFACT = re.compile(r"^phase[0-4]/[^/]+/[^/]+/(?P<node>phase[0-9-]+)/g(?P<generation>\d+)/[^/]+\.json$")
_INPUTS = re.compile(r"^inputs/[^/]+/[^/]+/(?P<node>phase[0-9-]+)/g(?P<generation>\d+)-(?P<attempt>\d+)\.json$")


def decided_against(session: Session, key: str) -> bool:
    """Whether an object of the session may be deleted. What is no key of ours never may.

    A generation that is yet to come, or that is in flight, is never decided against: an edit writes its object before
    its command is decided, a worker before its completion is.
    """
    match = _ARTIFACT.match(key) or _INPUTS.match(key)
    if match is None:
        return False
    if session.deleted:
        return True
    name, generation = from_token(match["node"]), int(match["generation"])
    node = session.node(name)
    if node.made is not None and node.made.event.artifact.key == key:
        return False
    if name.startswith("phase3/") and session.plan is not None and int(name[7:]) not in session.plan.by_id:
        return int(name[7:]) < session.next_step
    if generation > node.generation:
        return False
    return not (generation == node.generation and node.status in IN_FLIGHT)
