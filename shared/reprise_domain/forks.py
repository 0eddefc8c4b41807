"""What a fork, or an import, has from its origin (R37, R41)."""

from collections.abc import Container

from reprise_contracts import events
from reprise_contracts.commands import Options, Target
from reprise_contracts.nodes import phase_of, step_of
from reprise_domain.graph import Plan, Scope, all_nodes
from reprise_domain.state import RunRequest, Session, scope_of


def cascade_from(node: str, plan: Plan | None) -> Scope:
    """What a cascade from a node may run, which a fork there makes itself."""
    target = Target(steps=(step,)) if (step := step_of(node)) else Target(phase=phase_of(node))
    return scope_of(RunRequest("", (), "", "phase", target, Options()), plan)


def shared_by(origin: Session, scope: Container[str] = ()) -> events.Shared:
    """Whatever is not in the scope: results, each locked where it is (R38), and the plan if that is among
    them. The parameters come along for all nodes, those of the scope too."""
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
                problem=origin.node(name).problem if origin.node(name).status == "failed" else None,
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
        next_step=origin.next_step if plan is not None else 1,
    )
