"""The names of the parts of a research session: five phases, and the steps of the third."""

from typing import Annotated, Literal

from pydantic import StringConstraints

Phase = Literal["phase0", "phase1", "phase2", "phase3", "phase4"]
PHASES: tuple[Phase, ...] = ("phase0", "phase1", "phase2", "phase3", "phase4")
SINGLE_PHASES: tuple[Phase, ...] = ("phase0", "phase1", "phase2", "phase4")
"""The phases that are one node each; `phase3` is the group of the steps."""

PHASE_NAMES: dict[Phase, str] = {
    "phase0": "prepare",
    "phase1": "discover goals",
    "phase2": "synthesize",
    "phase3": "execute",
    "phase4": "report",
}

NodeId = Annotated[str, StringConstraints(pattern=r"^phase([0124]|3/[1-9][0-9]{0,8})$")]
"""`phase0`, `phase1`, `phase2`, `phase4` or a step, `phase3/<step_id>`."""

NodeOrGroup = Annotated[str, StringConstraints(pattern=r"^phase([0-4]|3/([1-9][0-9]{0,8}|\*))$")]
"""A node, the group `phase3`, or `phase3/*` for steps that a new plan may add."""

Status = Literal["pending", "queued", "running", "cancelling", "completed", "failed", "cancelled"]
Freshness = Literal["fresh", "stale"]


STEPS: Phase = "phase3"
"""The group of the steps."""
NEW_STEPS = "phase3/*"
"""In a preview: the steps that a new plan may add."""


def step_node(step_id: int) -> str:
    """The node of a step: 4 → `phase3/4`."""
    return f"{STEPS}/{step_id}"


def step_of(node: str) -> int | None:
    """The step of a node: `phase3/4` → 4; None for a phase, and for `NEW_STEPS`."""
    number = node.partition("/")[2]
    return int(number) if number.isdecimal() else None


def phase_of(node: str) -> Phase:
    """The phase of a node: `phase3/4` → `phase3`."""
    return PHASES[int(node[5])]


def token(node: str) -> str:
    """The node as one subject token or key segment: `phase3/4` → `phase3-4`."""
    return node.replace("/", "-")


def from_token(text: str) -> str:
    """The inverse of `token`."""
    return text.replace("-", "/")
