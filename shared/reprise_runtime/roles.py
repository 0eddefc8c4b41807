"""The users of both servers by name: a role for each service, one for outside systems, one for the
operator."""

from reprise_contracts.nodes import PHASES

ADMIN, GATEWAY, ORCHESTRATOR, SCHEDULER, OUTSIDE = "admin", "gateway", "orchestrator", "scheduler", "outside"
SERVICES = (GATEWAY, ORCHESTRATOR, SCHEDULER, *PHASES)
"""Every role that a service of ours has; a pool's is named as its phase."""
ROLES = (ADMIN, *SERVICES, OUTSIDE)


def inbox_of(role: str) -> str:
    """Return the prefix of the subjects where a role's answers arrive: its own, which nobody else may listen
    to."""
    return f"_INBOX_{role}"
