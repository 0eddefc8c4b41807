"""R13: what a command would do, from the same scope and the same rules as the run itself; and why it cannot be done."""

from collections.abc import Iterable

from reprise_contracts import refusals
from reprise_contracts.nodes import PHASES, step_of
from reprise_contracts.problems import Problem
from reprise_contracts.states import Estimate, Plan, Preview
from reprise_contracts.wire import digest
from reprise_contracts.words import of
from reprise_domain.freshness import Verdicts, moved, producer
from reprise_domain.graph import Scope, all_nodes, parents
from reprise_domain.plans import unknown_steps
from reprise_domain.state import Made, Session, Spec, scope_of

NEW_STEPS = "phase3/*"


def obstacle(session: Session, spec: Spec, *, busy: bool) -> Problem | None:
    """R15, R19: why a run cannot start now; while another one is active only what can no longer change is checked."""
    options, target = spec.options, spec.target
    if options.stop_after and target.phase and PHASES.index(options.stop_after) < PHASES.index(target.phase):
        return refusals.stops_too_early(options.stop_after, target.phase)
    if target.steps and (problem := unknown_steps(session, target.steps)):
        return problem
    if busy or spec.kind in {"start", "refresh", "edit"}:
        return None
    scope = scope_of(spec, session.plan)
    for node in _targets(session, spec, scope):
        for parent in parents(node, session.plan):
            partial = options.allow_partial and node == "phase4" and step_of(parent) is not None
            if session.node(parent).made is None and parent not in scope and not partial:
                return refusals.missing(node, parent)
    return None


def _targets(session: Session, spec: Spec, scope: Scope) -> list[str]:
    if spec.target.phase == "phase3" and session.plan is None:
        return ["phase4"]  # there is no plan to run: say what is missing
    if spec.target.steps:
        return list(spec.targets)
    return [node for node in all_nodes(session.plan) if node in scope and spec.names(node)]


def changed_since(session: Session, spec: Spec) -> Problem | None:
    """R13: the refusal of a command whose preview is no longer what would happen."""
    if spec.options.plan_token is None:
        return None
    today = preview(session, spec, at_its_turn=True)
    same = today.plan_token == spec.options.plan_token
    return None if same else refusals.plan_changed(today.plan.model_dump(mode="json"), today.plan_token)


def preview(session: Session, spec: Spec, *, at_its_turn: bool = False, before: Session | None = None) -> Preview:
    """What the run would do now. `run` is certain but for failures; `may_run` runs only if something above it changes.

    Of an edit it is read from the session as it would be after it; `before` is the session as it is.
    """
    scope = scope_of(spec, session.plan)
    run, may = _split(session, spec, scope)
    verdicts = Verdicts(session)
    keep: list[str] = []
    stale: list[str] = []
    below = {*run, *may}
    for node in all_nodes(session.plan):
        if any(parent in below for parent in parents(node, session.plan)):
            below.add(node)
        if node not in run and node not in may and session.node(node).made is not None:
            (stale if node in below or verdicts.freshness(node) == "stale" else keep).append(node)
    replanned = "phase2" in {*run, *may} and "phase3" in scope.phases and scope.steps is None
    nodes = set(all_nodes(session.plan))
    plan = Plan(
        run=run,
        may_run=(*may, NEW_STEPS) if replanned else may,
        keep=tuple(keep),
        stale=tuple(stale),
        drop=tuple(node for node in all_nodes(before.plan) if node not in nodes) if before else (),
        warnings=_warnings(session, spec, verdicts, scope),
        estimate=_estimate(session, run),
    )
    if (before or session).busy and not at_its_turn:
        return Preview(plan=plan, provisional=True)
    lists = {name: sorted(getattr(plan, name)) for name in ("run", "may_run", "keep", "stale", "drop")}
    options = spec.options.model_dump(mode="json", exclude={"dry_run", "plan_token"}, exclude_defaults=True)
    token = digest([lists, spec.target.model_dump(mode="json"), options])[:32]
    return Preview(plan=plan, plan_token=token)


def _split(session: Session, spec: Spec, scope: Scope) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The nodes that run for certain, and those that run only if something above them changes."""
    run: list[str] = []
    may: list[str] = []
    moving: set[str] = set()
    replanned = False
    for node in all_nodes(session.plan):
        if node not in scope:
            continue
        above = [parent for parent in parents(node, session.plan) if parent in moving]
        droppable = replanned and step_of(node) is not None
        verdict = _outlook(session, spec, node, moving if above else set())
        if verdict == "run" and not droppable:
            run.append(node)
        elif verdict != "keep":
            may.append(node)
        else:
            continue
        moving.add(node)
        replanned = replanned or node == "phase2"
    return tuple(run), tuple(may)


def _outlook(session: Session, spec: Spec, node: str, moving: set[str]) -> str:
    """`_verdict` of `decide`, for a node whose turn is still to come: what moves above it may move back."""
    if spec.names(node) or spec.forces:
        return "run"
    entry = session.node(node)
    if entry.made is not None and entry.made.edited:
        return "keep"
    if entry.status != "completed":
        return "run"
    if any(producer(name) not in moving for name in moved(session, node)):
        return "run"
    return "may" if moving else "keep"


def _warnings(session: Session, spec: Spec, verdicts: Verdicts, scope: Scope) -> tuple[str, ...]:
    """R7: stale nodes above a target are not run; the preview says so."""
    named = [node for node in all_nodes(session.plan) if spec.names(node)]
    above: dict[str, None] = {}
    for node in named:
        for parent in parents(node, session.plan):
            if parent not in scope and verdicts.freshness(parent) == "stale":
                above[parent] = None
    found = [f"{of(node, 'is', 'are')} stale and not run by this command." for node in above]
    for node in all_nodes(session.plan):
        made = session.node(node).made
        if node in scope and made is not None and made.edited:
            does = "replaces" if spec.names(node) or spec.forces else "leaves"
            them = "them" if node == "phase1" else "it"
            found.append(f"{of(node, 'was', 'were')} edited by a user; this run {does} {them}.")
    return tuple(found)


def _estimate(session: Session, run: Iterable[str]) -> Estimate:
    made: list[Made] = [entry.made for node in run if (entry := session.node(node)).made is not None]
    return Estimate(seconds=round(sum(one.seconds for one in made), 3), tokens=sum(one.tokens.total for one in made))
