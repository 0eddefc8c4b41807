"""Many sessions brought up to date as one (R39): previewed as a whole, under one ceiling, stopped as one.

In each session it is a command like any other, with an id that follows from the whole's: nothing is kept
beside the log, and a repeat does nothing twice.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import cast
from uuid import uuid4

from reprise_contracts.commands import CancelCall, Options, RefreshCall
from reprise_contracts.fleet import (
    MOST,
    CancelAllCall,
    FleetAnswer,
    FleetPreview,
    FleetReceipt,
    LeftOut,
    RefreshAllCall,
    SessionFilter,
    Share,
)
from reprise_contracts.notices import passed_by
from reprise_contracts.phrases import spoken
from reprise_contracts.problems.model import Problem, ProblemDocument
from reprise_contracts.problems.refusals import WAITS, locked
from reprise_contracts.states import Estimate, Preview, Receipt, SessionSummary
from reprise_contracts.wire import derived_id, digest
from reprise_domain.freshness import Verdicts
from reprise_domain.graph import all_nodes
from reprise_domain.state import CommandRecord, Session
from reprise_gateway.access.access import Caller
from reprise_gateway.commands.workflow import WorkflowService
from reprise_runtime.errors import Refused

AT_ONCE = 8
"""Sessions that are asked beside each other."""
LOOKED_THROUGH = 1_000
"""Sessions that are looked through for a refresh of which nothing runs."""
_UNDER_WAY = {"queued", "running"}

NOT_PREVIEWED = Problem(
    type="invalid",
    field="plan_token",
    detail="Nothing runs over many sessions that was not shown before.",
    action="Ask with `dry_run`, and send `sessions`, `max_tokens` and `plan_token` of its answer.",
)
NO_REFRESH = Problem(
    type="not_found",
    field="command_id",
    detail="There is no refresh of many sessions with this id.",
    action="Name the command that `reprise refresh --all` printed.",
)
OTHER_SESSIONS = Problem(
    type="invalid",
    field="sessions",
    detail="These are not the sessions, or not the ceiling, that the preview of this `plan_token` showed.",
    action="Send them as its answer has them, or ask with `dry_run` again.",
)


async def refresh_all(
    service: WorkflowService, call: RefreshAllCall, caller: Caller
) -> FleetPreview | FleetReceipt:
    """Bring up to date what the filter finds, or say what that would do. Raises `Refused`."""
    if call.dry_run:
        return await _preview(service, call, caller)
    if call.plan_token is None or not call.sessions:
        raise Refused(NOT_PREVIEWED)
    if call.plan_token != _token(call.sessions, call.max_tokens):
        raise Refused(OTHER_SESSIONS)
    whole = call.command_id or uuid4().hex

    async def begin(share: Share) -> Receipt:
        options = Options(max_tokens=share.max_tokens, plan_token=share.plan_token)
        name = derived_id("f", whole, share.session_id)
        asked = RefreshCall(session_id=share.session_id, command_id=name, options=options)
        return cast(Receipt, await service.refresh(asked, caller))  # a dry run alone answers otherwise

    named = [(share.session_id, begin(share)) for share in call.sessions]
    return FleetReceipt(command_id=whole, sessions=await _answers(named))


async def cancel_all(service: WorkflowService, call: CancelAllCall, caller: Caller) -> FleetReceipt:
    """Stop what a refresh of many sessions has begun and not finished. Raises `Refused` (not_found) for one
    that no session has heard of."""
    asked: list[tuple[str, Awaitable[Receipt]]] = []
    for line in await service.batches.every(SessionFilter(state="running")):
        record = await _record(service, line.session_id, call.command_id)
        if record is not None and record.run_id is not None and record.status in _UNDER_WAY:
            stop = CancelCall(session_id=line.session_id, run_id=record.run_id)
            asked.append((line.session_id, service.cancel(stop, caller)))
    if not asked and not await _was_there(service, call.command_id):
        raise Refused(NO_REFRESH)
    return FleetReceipt(command_id=call.command_id, sessions=await _answers(asked))


async def _record(service: WorkflowService, session_id: str, whole: str) -> CommandRecord | None:
    """What a refresh of many asked of one session; None if nothing, or where the session is gone."""
    try:
        session = await service.session(session_id)
    except Refused:
        return None
    return session.commands.get(derived_id("f", whole, session_id))


async def _was_there(service: WorkflowService, whole: str) -> bool:
    """Whether a session knows of a refresh of many. Those in which something happened last come first, so
    that only an unknown one is looked for in all."""
    lines = (await service.batches.every(SessionFilter()))[:LOOKED_THROUGH]
    for line in lines:
        if await _record(service, line.session_id, whole) is not None:
            return True
    return False


async def _answers(asked: Iterable[tuple[str, Awaitable[Receipt]]]) -> tuple[FleetAnswer, ...]:
    """What becomes of a command in each session; one that refuses holds up no other."""
    some = asyncio.Semaphore(AT_ONCE)

    async def answer(session_id: str, work: Awaitable[Receipt]) -> FleetAnswer:
        async with some:
            try:
                return FleetAnswer(session_id=session_id, receipt=await work)
            except Refused as refused:
                return FleetAnswer(session_id=session_id, problem=ProblemDocument.of(refused.problem))

    return tuple(await asyncio.gather(*(answer(name, work) for name, work in asked)))


async def _preview(service: WorkflowService, call: RefreshAllCall, caller: Caller) -> FleetPreview:
    wanted = SessionFilter.model_validate(call.model_dump(include=set(SessionFilter.model_fields)))
    if not (wanted.stale or wanted.failed or wanted.state):
        wanted = wanted.model_copy(update={"stale": True, "failed": True})
    left: list[LeftOut] = []
    found: list[tuple[SessionSummary, Preview]] = []
    for line in await service.batches.every(wanted):
        if line.ended:
            continue
        if len(found) == MOST:
            left.append(_left(line, "too_many"))
            continue
        try:
            session = await service.session(line.session_id)
            if call.command_id and derived_id("f", call.command_id, line.session_id) in session.commands:
                left.append(_left(line, "begun"))
                continue
            previewed = await _of_one(service, line.session_id, None, caller)
        except Refused as refused:
            left.append(_left(line, "refused", refused.problem))
            continue
        if previewed.provisional:
            left.append(_left(line, "running"))
        elif previewed.plan.run or previewed.plan.may_run:
            found.append((line, previewed))
        elif previewed.plan.stale:
            left.append(_idle(line, session))
    shares = shared_out([previewed.plan.estimate for _, previewed in found], call.max_tokens or None)
    left += [_left(line, "ceiling") for (line, _), share in zip(found, shares, strict=True) if share == 0]
    planned: list[Share] = []
    for (line, _), share in zip(found, shares, strict=True):
        if share == 0:
            continue
        previewed = await _of_one(service, line.session_id, share, caller)
        if previewed.plan_token is None:
            left.append(_left(line, "running"))
            continue
        planned.append(
            Share(
                session_id=line.session_id,
                plan_token=previewed.plan_token,
                max_tokens=share,
                topic=line.topic,
                plan=previewed.plan,
            )
        )
    return FleetPreview(
        sessions=tuple(planned),
        left_out=tuple(left),
        estimate=_sum([share.plan.estimate for share in planned if share.plan is not None]),
        unknown=sum(share.plan is not None and bool(share.plan.estimate.never_run) for share in planned),
        max_tokens=call.max_tokens,
        plan_token=_token(planned, call.max_tokens),
    )


async def _of_one(service: WorkflowService, session_id: str, share: int | None, caller: Caller) -> Preview:
    options = Options(dry_run=True, max_tokens=share)
    asked = RefreshCall(session_id=session_id, options=options)
    return cast(Preview, await service.refresh(asked, caller))  # a dry run answers so


def _left(line: SessionSummary, reason: str, problem: Problem | None = None) -> LeftOut:
    told = {"problem": ProblemDocument.of(problem)} if problem is not None else {}
    return LeftOut.model_validate(
        {"session_id": line.session_id, "topic": line.topic, "reason": reason, **told}
    )


def _idle(line: SessionSummary, session: Session) -> LeftOut:
    """Why nothing would run in a session of which something is out of date: a lock or a ceiling is in the
    way (R29, R38), a user's own work (R12), or a failure above."""
    verdicts = Verdicts(session)
    stale = [node for node in all_nodes(session.plan) if verdicts.freshness(node) == "stale"]
    held = [node for node in stale if session.node(node).locked_at is not None]
    if held:
        return _left(line, "locked", locked(held))
    return _left(line, "waits", session.exhausted or _passed_by(session, stale) or WAITS)


def _passed_by(session: Session, stale: Iterable[str]) -> Problem | None:
    """A user's own goals or plan, which a refresh leaves (R12)."""
    for node in stale:
        made = session.node(node).materialization
        if made is not None and made.edited:
            detail = passed_by(node, replaced=False).text
            action = f"Rerun {spoken(node)} to replace your own, or accept it as it is."
            return Problem(type="inputs_missing", detail=detail, action=action)
    return None


def shared_out(estimates: Sequence[Estimate], ceiling: int | None) -> list[int | None]:
    """Return the part of a ceiling, in tokens, that each session may spend: no more in all than the ceiling.

    Sessions have their turn in order, for as long as what they would cost as last time fits; one that does
    not has 0 and is left out. What is left over is shared out in proportion. One of which nothing is known
    counts as an even part. Without a ceiling there is none for any.
    """
    if ceiling is None:
        return [None] * len(estimates)
    even = max(ceiling // max(len(estimates), 1), 1)
    costs = [max(one.most_tokens, one.tokens, even if one.never_run else 1) for one in estimates]
    fitting, spent = [], 0
    for cost in costs:
        fits = spent + cost <= ceiling
        fitting.append(fits)
        spent += cost if fits else 0
    return [cost * ceiling // spent if fits else 0 for cost, fits in zip(costs, fitting, strict=True)]


def _sum(estimates: Sequence[Estimate]) -> Estimate:
    def total(of: Callable[[Estimate], int]) -> int:
        return sum(map(of, estimates))

    return Estimate(
        seconds=sum(one.seconds for one in estimates),
        most_seconds=sum(one.most_seconds for one in estimates),
        tokens=total(lambda one: one.tokens),
        most_tokens=total(lambda one: one.most_tokens),
        calls=total(lambda one: one.calls),
        most_calls=total(lambda one: one.most_calls),
    )


def _token(shares: Iterable[Share], ceiling: int | None) -> str:
    """A digest of everything that a preview promised."""
    named = [[share.session_id, share.plan_token, share.max_tokens] for share in shares]
    return digest([named, ceiling])[:32]
