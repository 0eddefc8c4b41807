"""R13: what a command would do, from the same scope and the same judgement as the run itself; and why it cannot be done."""

from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import replace

from reprise_contracts import phrases
from reprise_contracts.nodes import NEW_STEPS, PHASES, step_of
from reprise_contracts.problems import refusals
from reprise_contracts.problems.model import Problem
from reprise_contracts.states import Estimate, Plan, Preview
from reprise_contracts.wire import digest
from reprise_domain.freshness import UPSTREAM, Verdicts
from reprise_domain.graph import Scope, all_nodes, parents
from reprise_domain.plans import unknown_steps
from reprise_domain.readiness import Readiness, may_move, missing_inputs, nodes_with, readiness
from reprise_domain.state import RunRequest, Session, scope_of


def precondition_failure(session: Session, request: RunRequest, *, busy: bool) -> Problem | None:
    """R15, R19: why a run cannot start now; while another one is active only what can no longer change is checked."""
    options, target = request.options, request.target
    first = "phase3" if target.steps else target.phase
    if options.stop_after and first and PHASES.index(options.stop_after) < PHASES.index(first):
        return refusals.stops_too_early(options.stop_after, first)
    engine = options.engine or session.parameters((request.targets or ("phase4",))[0]).engine
    if problem := unknown_steps(session, target.steps or ()) or refusals.unwritten(engine, options.language or ""):
        return problem
    if busy or request.kind in {"start", "refresh", "edit"}:
        return None
    scope = scope_of(request, session.plan)
    named = request.targets if target.steps else tuple(node for node in all_nodes(session.plan) if request.names(node))
    for node in named or ("phase4",):  # without a plan there is no step to run: what is missing is what a report would miss
        if lost := missing_inputs(session, request, node, bad=(), coming=scope):
            return refusals.missing(node, lost[0], failed=session.node(lost[0]).materialization is not None)
    return None


def changed_since(session: Session, request: RunRequest) -> Problem | None:
    """R13: the refusal of a command whose preview is no longer what would happen."""
    token = request.options.plan_token
    if token is None or (today := preview(session, request, at_its_turn=True)).plan_token == token:
        return None
    return refusals.plan_changed(today.plan.model_dump(mode="json"), today.plan_token)


def preview(session: Session, request: RunRequest, *, at_its_turn: bool = False, before: Session | None = None) -> Preview:
    """What the run would do now, as `Plan` says it.

    Of an edit it is read from the session as it would be after it; `before` is the session as it is.
    """
    busy = (before or session).busy and not at_its_turn
    session = replace(session, run=None, max_tokens=session.ceiling_under(request.options))
    scope, nodes, verdicts = scope_of(request, session.plan), all_nodes(session.plan), Verdicts(session)
    by_node = _readiness_by_node(session, request, scope)
    run, may = nodes_with(by_node, "run"), nodes_with(by_node, "may")
    coming = {*run, *may}
    stale = _stale_after(session, verdicts, coming)
    left = [node for node in nodes if node not in coming and session.node(node).materialization is not None]
    grows = "phase2" in coming and "phase3" in scope.phases and scope.steps is None
    plan = Plan(
        run=run,
        may_run=(*may, NEW_STEPS) if grows else may,
        keep=tuple(node for node in left if node not in stale),
        stale=tuple(node for node in left if node in stale),
        drop=tuple(node for node in all_nodes(before.plan) if node not in nodes) if before else (),
        may_drop=session.plan.nodes if session.plan and "phase2" in coming else (),
        warnings=tuple(_warnings(session, request, scope, by_node, verdicts)),
        estimate=_estimate(session, request, run, may),
    )
    if busy:
        return Preview(plan=plan, provisional=True)
    lists = plan.model_dump(mode="json", exclude={"warnings", "estimate"})
    options = request.options.model_dump(mode="json", exclude={"dry_run", "plan_token"}, exclude_defaults=True)
    return Preview(plan=plan, plan_token=digest([lists, request.target.model_dump(mode="json"), options])[:32])


def _readiness_by_node(session: Session, request: RunRequest, scope: Scope) -> dict[str, Readiness]:
    """What becomes of each node of the scope. A step that a new plan may be without is not certain to run."""
    by_node: dict[str, Readiness] = {}
    coming: set[str] = set()
    bad: set[str] = set()
    for node in [node for node in all_nodes(session.plan) if node in scope]:
        found = readiness(session, request, node, bad=bad, coming=coming)
        by_node[node] = "may" if found == "run" and "phase2" in coming and step_of(node) is not None else found
        if found == "block":
            bad.add(node)
        elif found != "keep":
            coming.add(node)
    return by_node


def _stale_after(session: Session, verdicts: Verdicts, coming: Container[str]) -> set[str]:
    """R3, R5: the nodes that are stale after the run, or may be."""
    stale: set[str] = set()
    reached: set[str] = set()
    for node in all_nodes(session.plan):
        above = parents(node, session.plan)
        causes = verdicts.direct_causes(node)
        moves = node in coming or may_move(session, node, coming)
        own = node not in coming and (moves or any(not name.startswith(UPSTREAM) for name in causes))
        if own or any(parent in stale and (moves or parent in reached or UPSTREAM + parent in causes) for parent in above):
            stale.add(node)
        if moves or any(parent in reached for parent in above):
            reached.add(node)
    return stale


def _warnings(session: Session, request: RunRequest, scope: Scope, by_node: dict[str, Readiness], verdicts: Verdicts) -> Iterator[str]:
    """R7, R12, R19, R29: stale nodes above a target are not run, a user's own work lies on the way, something has to wait."""
    above = {parent: None for node in by_node if request.names(node) for parent in parents(node, session.plan)}
    for node in above:
        if node not in scope and verdicts.freshness(node) == "stale":
            yield (phrases.left_failed if session.node(node).status == "failed" else phrases.left_stale)(node)
    for node, found in by_node.items():
        made = session.node(node).materialization
        if made is not None and made.edited:
            yield phrases.passed_by(node, replaced=found == "run")
    if problem := session.exhausted:
        yield problem.detail
        return
    if stop := _first_unaffordable(session, request, nodes_with(by_node, "run")):
        yield phrases.stops_at(*stop)
    for node, found in by_node.items():
        if found == "block" and (lost := missing_inputs(session, request, node, bad=(), coming=by_node)):
            yield phrases.waits(node, lost)


def _estimate(session: Session, request: RunRequest, run: Sequence[str], may: Sequence[str]) -> Estimate:
    """R13: what has run before, as it went then; what never ran is named instead."""
    last = {node: made.event for node in (*run, *may) if (made := session.node(node).materialization) is not None}
    certain = [event for node, event in last.items() if node in run]
    stop = _first_unaffordable(session, request, run)
    return Estimate(
        seconds=round(sum(event.seconds for event in certain), 3),
        tokens=sum(event.tokens.total for event in certain),
        never_run=tuple(node for node in run if node not in last),
        most_seconds=round(sum(event.seconds for event in last.values()), 3),
        most_tokens=sum(event.tokens.total for event in last.values()),
        stops_at=stop[0] if stop else None,
    )


def _first_unaffordable(session: Session, request: RunRequest, run: Iterable[str]) -> tuple[str, int] | None:
    """R29: the first node that the run's and the session's ceilings leave too little for, with what is left for it; None if none."""
    ceilings = (request.options.max_tokens, session.max_tokens and max(session.max_tokens - session.spent, 0))
    left = min((ceiling for ceiling in ceilings if ceiling is not None and ceiling != 0), default=None)
    if session.max_tokens and session.spent >= session.max_tokens:
        left = 0
    for node in run if left is not None else ():
        made = session.node(node).materialization
        cost = made.event.tokens.total if made is not None else 0
        if left is not None and (left <= 0 or cost > left):
            return node, left
        left = (left or 0) - cost
    return None
