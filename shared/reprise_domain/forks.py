"""What a fork has from its origin (R37)."""

from reprise_contracts import events
from reprise_contracts.commands import Options, Target
from reprise_contracts.nodes import phase_of, step_of
from reprise_domain.graph import all_nodes
from reprise_domain.state import RunRequest, Session, scope_of


def shared_by(origin: Session, node: str) -> events.Shared:
    """Whatever a cascade from the node would leave alone: results, each locked where it is (R38), and the
    plan if that is among them. The parameters come along for all nodes, those from the node on too."""
    target = Target(steps=(step,)) if (step := step_of(node)) else Target(phase=phase_of(node))
    scope = scope_of(RunRequest("", (), "", "phase", target, Options()), origin.plan)
    plan = origin.plan.steps if origin.plan and "phase2" not in scope else None
    return events.Shared(
        results=tuple(
            events.SharedResult(
                made=made.event,
                at=made.at,
                changed_at=made.changed_at,
                reads=dict(made.reads),
                accepted=dict(origin.node(name).accepted),
                locked_at=origin.node(name).locked_at,
            )
            for name in all_nodes(origin.plan)
            if name not in scope and (made := origin.node(name).materialization) is not None
        ),
        plan=plan,
        parameters={
            name: events.SharedParameters(values=dict(override.values), at=override.at)
            for name, override in origin.overrides.items()
            if plan is not None or step_of(name) is None
        },
        versions=dict(origin.versions),
    )
