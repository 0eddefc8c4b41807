"""R1: the graph of phases and steps, as tables and as small functions over a plan."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from reprise_contracts.artifacts import ABSTRACT, REFERENCES, TEXTS, WHOLE, PlannedStep
from reprise_contracts.nodes import Freshness, Phase, Status, phase_of, step_node, step_of

DEFINITION = "definition"

READS: Mapping[str, Mapping[str, str]] = {
    "phase0": {},
    "phase1": {"phase0": ABSTRACT},
    "phase2": {"phase0": ABSTRACT, "phase1": WHOLE},
    "phase3": {"phase0": TEXTS, "phase2": DEFINITION},
    "phase4": {"phase0": REFERENCES, "phase2": WHOLE},
}
"""What each phase reads, and which part of it. A step reads all of the steps that it depends on as well, and
the report of every step."""

GROUP_ORDER: tuple[Status, ...] = ("cancelling", "running", "queued", "failed", "cancelled", "pending")


def group_status(steps: Iterable[Status]) -> Status:
    """R1: the group of the steps has the first of these statuses that one of them has; completed when all
    are."""
    found = set(steps)
    return next((status for status in GROUP_ORDER if status in found), "completed")


def group_freshness(steps: Iterable[Freshness | None]) -> Freshness | None:
    """R1: stale if a step is, fresh if all of them are, else null."""
    found = set(steps)
    return "stale" if "stale" in found else "fresh" if found == {"fresh"} else None


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan as the rules see it: its steps in order, by number, and who depends on whom."""

    steps: tuple[PlannedStep, ...]
    by_id: Mapping[int, PlannedStep] = field(init=False, compare=False, repr=False)
    dependents: Mapping[int, tuple[int, ...]] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        dependents: dict[int, list[int]] = {step.step_id: [] for step in self.steps}
        for step in self.steps:
            for other in step.depends_on:
                dependents[other].append(step.step_id)
        object.__setattr__(self, "by_id", {step.step_id: step for step in self.steps})
        object.__setattr__(
            self, "dependents", {number: tuple(others) for number, others in dependents.items()}
        )

    @property
    def nodes(self) -> tuple[str, ...]:
        """The steps as nodes, in order."""
        return tuple(step_node(step.step_id) for step in self.steps)

    def below(self, numbers: Iterable[int]) -> frozenset[int]:
        """These steps and every step that depends on one of them."""
        found = set(numbers)
        for step in self.steps:  # each stands behind those that it depends on
            if not found.isdisjoint(step.depends_on):
                found.add(step.step_id)
        return frozenset(found)


def parents(node: str, plan: Plan | None) -> tuple[str, ...]:
    """The nodes that a node reads, in the order in which they run."""
    steps: Iterable[str] = plan.nodes if plan and node == "phase4" else ()
    if plan and (step := plan.by_id.get(step_of(node) or 0)):
        steps = map(step_node, step.depends_on)
    return (*READS[phase_of(node)], *steps)


def all_nodes(plan: Plan | None) -> tuple[str, ...]:
    """Every node of the session, in an order in which they can run."""
    return ("phase0", "phase1", "phase2", *(plan.nodes if plan else ()), "phase4")


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of the graph that a run considers: whole phases, or of phase 3 only some steps."""

    phases: tuple[Phase, ...]
    steps: frozenset[int] | None = None
    """With phase 3 in `phases`: these steps only; None means every step of the plan as it is then."""

    def __contains__(self, node: object) -> bool:
        if not isinstance(node, str) or phase_of(node) not in self.phases:
            return False
        step = step_of(node)
        return step is None or self.steps is None or step in self.steps

    def of_phase(self, phase: Phase, plan: Plan | None) -> tuple[str, ...]:
        """The nodes of one phase that are in the scope, in order."""
        if phase not in self.phases or (phase == "phase3" and plan is None):
            return ()
        if phase != "phase3" or plan is None:
            return (phase,)
        return (
            plan.nodes
            if self.steps is None
            else tuple(step_node(number) for number in sorted(self.steps) if number in plan.by_id)
        )
