"""What the tests of the rules ask of a world, and what they look at."""

from domain_world import World, numbered
from reprise_contracts.artifacts import ObjectRef
from reprise_contracts.commands import Edit, Options, Rerun, Target
from reprise_contracts.states import Plan
from reprise_contracts.subjects import artifact_key
from reprise_contracts.wire import digest
from reprise_domain.commands import request_of
from reprise_domain.preview import preview
from reprise_domain.state import Session
from reprise_gateway.projections.states import state_of


def rerun(
    world: World,
    name: str = "c-1",
    *,
    phase: str | None = None,
    steps: tuple[int, ...] | None = None,
    **options: object,
) -> None:
    target = Target(phase=phase, steps=steps, stale=True if phase is None and steps is None else None)  # type: ignore[arg-type]
    world.give(Rerun(command_id=name, target=target, options=Options.model_validate(options)))


def freshness(world: World) -> dict[str, str | None]:
    return {node: view.freshness for node, view in state_of(world.s).nodes.items()}


def stale_nodes(session: Session) -> set[str]:
    """The nodes of a session that are out of date."""
    return {node for node, view in state_of(session).nodes.items() if view.freshness == "stale"}


def stale(world: World) -> set[str]:
    return {node for node, verdict in freshness(world).items() if verdict == "stale"}


def edited(world: World, name: str, **options: object) -> Edit:
    plan = numbered([("a", ()), ("b", ()), ("new", ())], world.s.plan.steps, world.s.next_step)  # type: ignore[union-attr]
    key = artifact_key("b-1", "s-1", "phase2", world.s.node("phase2").generation + 1, name)
    return Edit(
        command_id=name,
        node="phase2",
        artifact=ObjectRef(key=key, sha256=digest(key)),
        parts={"output": digest(name)},
        plan=plan,
        options=Options.model_validate({"propagation": "mark_stale"} | options),
    )


def edit(world: World, name: str, **options: object) -> tuple[object, ...]:
    return world.give(edited(world, name, **options))


def previewed(
    world: World, *, phase: str | None = None, steps: tuple[int, ...] | None = None, **options: object
) -> Plan:
    target = Target(phase=phase, steps=steps, stale=True if phase is None and steps is None else None)  # type: ignore[arg-type]
    return preview(
        world.s,
        request_of(world.s, Rerun(command_id="p", target=target, options=Options.model_validate(options))),
    ).plan
