"""What holds of every plan: its numbers (R9, R12), and the steps that a command may name (R15)."""

from collections.abc import Iterable

from reprise_contracts.artifacts import PlannedStep
from reprise_contracts.nodes import step_node
from reprise_contracts.problems import refusals
from reprise_contracts.problems.model import Problem
from reprise_domain.state import Session


def plan_problem(session: Session, plan: tuple[PlannedStep, ...], *, edited: bool) -> Problem | None:
    """R9, R12: a plan keeps the numbers of the steps that it repeats, an edited step the one it carries;
    others are fresh. R38: it is without none that is held."""
    if lost := held_steps(session).difference(step.step_id for step in plan):
        return refusals.held(map(step_node, sorted(lost)), edited=edited)
    why = _fault(session, plan, edited=edited)
    return refusals.unsound(why, edited=edited) if why else None


def held_steps(session: Session) -> frozenset[int]:
    """R38: the steps that no plan may be without: locked ones, and those that they depend on."""
    found: set[int] = set()
    for step in reversed(session.plan.steps if session.plan else ()):
        if step.step_id in found or session.node(step_node(step.step_id)).locked_at is not None:
            found |= {step.step_id, *step.depends_on}
    return frozenset(found)


def _fault(session: Session, plan: tuple[PlannedStep, ...], *, edited: bool) -> str:
    before = session.plan.by_id if session.plan else {}
    seen: set[int] = set()
    said: dict[str, int] = {}
    for step in plan:
        kept = before.get(step.step_id)
        if step.step_id in seen or any(other not in seen for other in step.depends_on):
            return f"step {step.step_id} is there twice or depends on a later one"
        if kept is None and step.step_id < session.next_step:
            return f"the number {step.step_id} was used before"
        if kept is not None and kept.identity != step.identity and not edited:
            return f"step {step.step_id} became another one under the same number"
        if step.identity in said:
            return f"step {step.step_id} asks what step {said[step.identity]} asks"
        seen.add(step.step_id)
        said[step.identity] = step.step_id
    return "" if plan else "it has no steps"


def unknown_steps(session: Session, steps: Iterable[int], field: str = "step_ids") -> Problem | None:
    """R15: the refusal of steps that are not in the plan, with the numbers that are; `field` names them."""
    known = session.plan.by_id if session.plan else {}
    unknown = [number for number in steps if number not in known]
    return (
        refusals.unknown(
            unknown, known, obsolete=any(number < session.next_step for number in unknown), field=field
        )
        if unknown
        else None
    )
