"""R13: what a command would do, from the same scope and the same judgement as the run itself; and why it
cannot be done."""

from collections.abc import Collection, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from reprise_contracts import notices
from reprise_contracts.artifacts import Told, section_part, sections_in
from reprise_contracts.languages import traits_of
from reprise_contracts.nodes import NEW_STEPS, PHASES, phase_of, step_of
from reprise_contracts.problems import refusals
from reprise_contracts.problems.model import Problem
from reprise_contracts.states import Estimate, Plan, Preview
from reprise_contracts.wire import digest
from reprise_domain.freshness import PARAMETERS, UPSTREAM, Verdicts, changed_inputs, current_inputs
from reprise_domain.graph import Scope, all_nodes, parents
from reprise_domain.plans import held_steps, unknown_steps
from reprise_domain.readiness import Readiness, may_move, missing_inputs, nodes_with, readiness
from reprise_domain.state import RunRequest, Session, scope_of, with_report_options


def precondition_failure(session: Session, request: RunRequest, *, busy: bool) -> Problem | None:
    """R15, R19: why a run cannot start now; while another one is active only what can no longer change is
    checked."""
    options, target = request.options, request.target
    first = "phase3" if target.steps else target.phase
    if options.stop_after and first and PHASES.index(options.stop_after) < PHASES.index(first):
        return refusals.stops_too_early(options.stop_after, first)
    engine = options.engine or session.parameters((request.targets or ("phase4",))[0]).engine
    if problem := (
        unknown_steps(session, target.steps or ())
        or refusals.unwritten(engine, options.language or "")
        or _locked(session, request)
    ):
        return problem
    if busy or request.kind in {"start", "refresh", "edit"}:
        return None
    if options.section is not None and (problem := _unwritable(session, request, options.section)):
        return problem
    scope = scope_of(request, session.plan)
    named = (
        request.targets
        if target.steps
        else tuple(node for node in all_nodes(session.plan) if request.names(node))
    )
    for node in named or (
        "phase4",
    ):  # without a plan there is no step to run: what is missing is what a report would miss
        if lost := missing_inputs(session, request, node, bad=(), coming=scope):
            return refusals.missing(node, lost[0], failed=session.node(lost[0]).materialization is not None)
    return None


def _locked(session: Session, request: RunRequest) -> Problem | None:
    """R38: naming a locked node is refused until it is unlocked."""
    locked = [
        node
        for node in all_nodes(session.plan)
        if session.node(node).locked_at is not None and request.names(node)
    ]
    return refusals.locked(locked) if locked else None


def _unwritable(session: Session, request: RunRequest, section: str) -> Problem | None:
    """R31: why one section of the report cannot be written by itself. The others keep their text, so what
    they were made from must be what there is today (R18)."""
    made = session.node("phase4").materialization
    if request.target.phase != "phase4":
        return refusals.SECTION_OF_REPORT
    if made is None:
        return refusals.NOT_MADE
    if section_part(section) not in made.event.parts:
        return refusals.no_section(sections_in(made.event.parts))
    moved = changed_inputs(session, "phase4", current_inputs(session, "phase4"))
    return refusals.REPORT_MOVED if moved else None


def changed_since(session: Session, request: RunRequest) -> Problem | None:
    """R13: the refusal of a command whose preview is no longer what would happen."""
    token = request.options.plan_token
    if token is None or (today := preview(session, request, at_its_turn=True)).plan_token == token:
        return None
    return refusals.plan_changed(today.plan.model_dump(mode="json"), today.plan_token)


def preview(
    session: Session, request: RunRequest, *, at_its_turn: bool = False, before: Session | None = None
) -> Preview:
    """What the run would do now, as `Plan` says it.

    Of an edit it is read from the session as it would be after it; `before` is the session as it is.
    """
    busy = (before or session).busy and not at_its_turn
    session = with_report_options(
        replace(session, run=None, max_tokens=session.ceiling_under(request.options)),
        request.options.report,
        session.updated_at,
    )
    scope, nodes, verdicts = scope_of(request, session.plan), all_nodes(session.plan), Verdicts(session)
    by_node = _readiness_by_node(session, request, scope)
    run, may = nodes_with(by_node, "run"), nodes_with(by_node, "may")
    coming, known = {*run, *may}, frozenset(all_nodes(before.plan) if before else nodes)
    costs = _costs(session, request, coming)
    stale = _stale_after(session, verdicts, coming)
    left = [node for node in nodes if node not in coming and session.node(node).materialization is not None]
    plan = Plan(
        run=run,
        may_run=(*may, NEW_STEPS)
        if "phase2" in coming and "phase3" in scope.phases and scope.steps is None
        else may,
        keep=tuple(node for node in left if node not in stale),
        stale=tuple(node for node in left if node in stale),
        drop=tuple(node for node in all_nodes(before.plan) if node not in nodes) if before else (),
        may_drop=tuple(
            node
            for node in (session.plan.nodes if session.plan and "phase2" in coming else ())
            if step_of(node) not in held_steps(session)
        ),
        notices=(
            warned := (
                *_warnings(session, request, scope, by_node, verdicts, costs),
                *notices.new_steps([node for node in nodes if node not in known and node not in coming]),
            )
        ),
        warnings=tuple(notice.text for notice in warned),
        estimate=_estimate(session, request, run, may, costs),
    )
    if busy:
        return Preview(plan=plan, provisional=True)
    promised = [
        plan.model_dump(mode="json", exclude={"warnings", "notices", "estimate"}),
        request.target.model_dump(mode="json"),
        request.options.model_dump(mode="json", exclude={"dry_run", "plan_token"}, exclude_defaults=True),
    ]
    return Preview(plan=plan, plan_token=digest(promised)[:32])


def _readiness_by_node(session: Session, request: RunRequest, scope: Scope) -> dict[str, Readiness]:
    """What becomes of each node of the scope. A step that a new plan may be without is not certain to run."""
    by_node: dict[str, Readiness] = {}
    coming: set[str] = set()
    bad: set[str] = set()
    for node in [node for node in all_nodes(session.plan) if node in scope]:
        found = readiness(session, request, node, bad=bad, coming=coming)
        by_node[node] = (
            "may" if found == "run" and "phase2" in coming and step_of(node) is not None else found
        )
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
        if own or any(
            parent in stale and (moves or parent in reached or UPSTREAM + parent in causes)
            for parent in above
        ):
            stale.add(node)
        if moves or any(parent in reached for parent in above):
            reached.add(node)
    return stale


def _warnings(
    session: Session,
    request: RunRequest,
    scope: Scope,
    by_node: dict[str, Readiness],
    verdicts: Verdicts,
    costs: Mapping[str, Told],
) -> Iterator[notices.Notice]:
    """R7, R12, R19, R29, R31: stale nodes above a target, or above what is edited, are not run; a user's own
    work lies on the way; how the report is to be written changes nothing; something has to wait."""
    above = {
        parent
        for node in all_nodes(session.plan)
        if request.names(node) or phase_of(node) == request.target.phase
        for parent in parents(node, session.plan)
        if parent not in scope
    }
    for node in all_nodes(session.plan):
        if verdicts.freshness(node) == "stale" and (
            node in above or (node in scope and session.node(node).locked_at is not None)
        ):
            yield (notices.left_failed if session.node(node).status == "failed" else notices.left_stale)(node)
    for node, found in by_node.items():
        if (made := session.node(node).materialization) is not None and made.edited:
            yield notices.passed_by(node, replaced=found == "run")
    yield from notices.report_unheeded(
        _engine(session, request, "phase4"),
        session.parameters("phase4").report
        if request.options.report or by_node.get("phase4") in {"run", "may"}
        else "",
    )
    if problem := session.exhausted:
        yield notices.spent(problem.detail)
        return
    if stop := _first_unaffordable(session, request, nodes_with(by_node, "run"), costs):
        yield notices.stops_at(*stop)
    for node, found in by_node.items():
        if found == "block" and (lost := missing_inputs(session, request, node, bad=(), coming=by_node)):
            yield notices.waits(node, lost)


def _estimate(
    session: Session, request: RunRequest, run: Sequence[str], may: Sequence[str], costs: Mapping[str, Told]
) -> Estimate:
    """R13: what has run before, as it went then; what never ran is named instead."""
    last = {
        node: made.event
        for node in (*run, *may)
        if node in costs and (made := session.node(node).materialization) is not None
    }
    fetched = last["phase0"].told if "phase0" in last and request.options.refetch else Told()
    return Estimate(
        seconds=round(sum(event.seconds for node, event in last.items() if node in run), 3),
        tokens=sum(cost.tokens for node, cost in costs.items() if node in run),
        calls=sum(cost.calls for node, cost in costs.items() if node in run),
        recorded=tuple(node for node in run if node in costs and costs[node].calls < last[node].told.calls),
        never_run=tuple(node for node in run if node not in last),
        most_seconds=round(sum(event.seconds for event in last.values()), 3),
        most_tokens=sum(cost.tokens for cost in costs.values()) + fetched.tokens,
        most_calls=sum(cost.calls for cost in costs.values()) + fetched.calls,
        stops_at=(_first_unaffordable(session, request, run, costs) or (None,))[0],
    )


def _costs(session: Session, request: RunRequest, coming: Collection[str]) -> dict[str, Told]:
    """R32: what a model would be asked for each node that has run before by the same engine: nothing, where
    its record answers it, or the engine asks none."""
    return {
        node: made.event.told.model_copy(update={"tokens": made.event.told.tokens or made.event.tokens.total})
        if asks_model and _asks(session, request, node, made.event.versions, coming)
        else Told()
        for node in coming
        if (made := session.node(node).materialization) is not None
        and (
            not (asks_model := traits_of(engine := _engine(session, request, node)).needs_model)
            or made.reads.get("engine", engine) == engine
        )
    }


def _engine(session: Session, request: RunRequest, node: str) -> str:
    """What a node would be run by."""
    return (request.options.engine if request.names(node) else None) or session.parameters(node).engine


def _asks(
    session: Session, request: RunRequest, node: str, versions: Mapping[str, str], coming: Collection[str]
) -> bool:
    """R32: whether a node would ask what its record does not answer: it is to ask anew, or something that
    shapes its questions is other than when it was made (`versions` among them), or may be by then."""
    return (
        request.asks_again(node)
        or any(parent in coming for parent in parents(node, session.plan))
        or any(session.versions.get(name, version) != version for name, version in versions.items())
        or (request.names(node) and any(getattr(request.options, name) is not None for name in PARAMETERS))
        or bool(changed_inputs(session, node, current_inputs(session, node)))
    )


def _first_unaffordable(
    session: Session, request: RunRequest, run: Iterable[str], costs: Mapping[str, Told]
) -> tuple[str, int, int] | None:
    """R29: the first node that the run's and the session's ceilings leave too little for, with the tokens
    that are left for it and those that it needs; None if none."""
    left = min(
        (one for one in (request.options.max_tokens or None, session.allowance) if one is not None),
        default=None,
    )
    for node in run if left is not None else ():
        cost = costs.get(node, Told())
        needed = cost.tokens + cost.margin
        if left is None or left <= 0 or needed > left:
            return node, left or 0, needed
        left -= cost.tokens
    return None
