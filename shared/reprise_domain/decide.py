"""`decide(state, input, now)`: the events that an input makes happen.

Each input has one small function, in the tables below; after each of them the coupling rules are applied
until nothing more follows (`turns`). What is asked is in `commands`, what workers report in `attempts`, a
session's life here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reprise_contracts import events, jobs
from reprise_contracts.commands import (
    Accept,
    Cancel,
    Command,
    Edit,
    Lock,
    Options,
    Rerun,
    SessionCommand,
    Tag,
    Target,
)
from reprise_contracts.importing import Import
from reprise_contracts.problems import refusals
from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Source
from reprise_contracts.states import Preview
from reprise_contracts.wire import derived_id
from reprise_domain import attempts, commands, losses
from reprise_domain.forks import cascade_from, shared_by
from reprise_domain.freshness import Verdicts
from reprise_domain.preview import preview
from reprise_domain.state import WATCH, Session
from reprise_domain.turns import Draft, settle


@dataclass(frozen=True, slots=True)
class DeniedCommand:
    """A command that its door may not let in, for a reason that is not the session's (a feature that is
    off)."""

    command: Command
    problem: Problem


Input = (
    SessionCommand
    | Import
    | DeniedCommand
    | jobs.BatchFact
    | jobs.AnyReport
    | jobs.LeaseEnded
    | jobs.Swept
    | jobs.ObjectsLost
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from some inputs: the events, and the state after them."""

    session: Session | None
    events: tuple[events.SessionEvent, ...]


def decide(session: Session | None, given: Input, now: datetime) -> Decision:
    """R1 to R29: the events that one input makes happen in a session; none if it is known already or about
    nothing."""
    return decide_all(session, (given,), now)


def decide_all(
    session: Session | None, inputs: Iterable[Input], now: datetime, origin: Session | None = None
) -> Decision:
    """Several inputs that wait together, in order, as one commit. `origin` is what a session that is not yet
    there is forked from, as it is now (R37)."""
    draft = Draft(session, now)
    for given in inputs:
        if draft.maybe is None:
            _create(draft, given, origin)
        elif draft.session.deleted:
            break
        elif isinstance(given, Command | DeniedCommand):
            _ask(draft, given)
        else:
            _REPORT_HANDLERS[type(given)](draft, given)
        if draft.maybe is not None:
            settle(draft)
    return Decision(draft.maybe, tuple(draft.events))


def preview_edit(session: Session, command: Edit, now: datetime) -> Preview | Problem:
    """R12, R13: what an edit would do, read from the session as it would be then; or why it is refused."""
    alone = command.model_copy(
        update={"options": command.options.model_copy(update={"propagation": "mark_stale"})}
    )
    decision = decide(session, alone, now)
    refused = next((event for event in decision.events if isinstance(event, events.CommandRefused)), None)
    return (
        refused.problem
        if refused
        else preview(decision.session or session, commands.request_of(session, command), before=session)
    )


def _ask(draft: Draft, given: Command | DeniedCommand) -> None:
    """R16, R24: a repeat is answered from the log; another body under its id is refused, as is whatever an
    ended session is asked."""
    command = given.command if isinstance(given, DeniedCommand) else given
    known = draft.session.commands.get(command.command_id)
    if known is not None and known.fingerprint == command.fingerprint():
        return
    if known is not None or draft.session.ended:
        problem: Problem | None = refusals.REUSED if known else refusals.SESSION_ENDED
    elif (
        isinstance(given, Rerun | Edit) and given.options.dry_run
    ):  # R13: a preview is asked for, not published
        problem = refusals.ONLY_ASKED
    else:
        problem = _COMMAND_HANDLERS[type(given)](draft, given)
    if problem is not None:
        draft.emit(
            events.CommandRefused(
                **command.answer_fields(), kind=type(command).__name__.lower(), problem=problem
            )
        )


def _create(draft: Draft, fact: Input, origin: Session | None) -> None:
    """A session begins with its batch telling of it; a fork with what its origin has (R37)."""
    if not isinstance(fact, jobs.BatchFact) or fact.create is None or fact.ended:
        return
    spec, own = fact.create.spec, fact.create.model_dump(include={"command_id", "fingerprint", "by"})
    shared = {name: value for name, value in spec if name in events.SessionCreated.model_fields}
    draft.emit(
        events.SessionCreated(
            **own,
            **shared,
            batch_id=fact.batch_id,
            sources=fact.sources,
            batch_seq=fact.batch_seq,
            shared=shared_by(origin, cascade_from(spec.fork.node, origin.plan))
            if origin and spec.fork
            else None,
        )
    )
    if spec.start:
        draft.emit(
            events.RunQueued(
                **own,
                run_id=derived_id("r", spec.session_id, fact.create.command_id),
                kind="start",
                target=Target(phase="phase0"),
                options=Options(
                    stop_after=spec.stop_after, allow_partial=spec.allow_partial, max_tokens=spec.max_tokens
                ),
            )
        )


def _fact(draft: Draft, fact: jobs.BatchFact) -> None:
    """R11, R18, R24: the batch's sources as they are now, and its end. A fact older than one recorded says
    nothing."""
    session = draft.session
    if fact.batch_seq > session.batch_seq and not fact.ended:
        known = {name: known.source for name, known in session.sources.items()}
        changed = tuple(source for source in fact.sources if known.pop(source.source_id, None) != source)
        removed = tuple(known)
        if changed or removed:
            draft.emit(
                events.SourcesChanged(batch_seq=fact.batch_seq, sources=changed, removed=removed, by=fact.by)
            )
            _refresh(draft, fact, changed)
    if fact.ended and (not session.ended or (fact.deleted and not session.deleting)):
        if not session.ended:
            commands.halt(draft, Cancel(command_id=f"end-{session.seq}", by=fact.by), "")
        draft.emit(events.SessionEnded(deleting=fact.deleted, by=fact.by))


def _refresh(draft: Draft, fact: jobs.BatchFact, changed: Iterable[Source]) -> None:
    """R36: what a check found changed is brought up to date by itself where its watch says so, with what is
    left of the day's tokens; a session that was never run is left alone."""
    most = max(
        (
            fact.refresh.get(source.source_id, 0)
            for source in changed
            if source.check and source.check.outcome == "changed"
        ),
        default=0,
    )
    left = most - draft.session.spent_by_itself.get(draft.now.date().isoformat(), 0)
    if most and Verdicts(draft.session).freshness("phase0") == "stale":
        command = Rerun(
            command_id=f"watch-{fact.batch_seq}",
            by=WATCH,
            target=Target(stale=True),
            options=Options(max_tokens=max(left, 0)),
        )
        _ask(draft, command if left > 0 else DeniedCommand(command, refusals.day_is_spent(most)))


def _swept(draft: Draft, swept: jobs.Swept) -> None:
    if any(since <= swept.seq for since in draft.session.sweepable.values()):
        draft.emit(events.SweepDone(seq=swept.seq))


_COMMAND_HANDLERS: Mapping[type, Callable[[Draft, Any], Problem | None]] = {
    Rerun: commands.rerun,
    Cancel: commands.cancel,
    Accept: commands.accept,
    Edit: commands.edit,
    Lock: commands.lock,
    Tag: commands.tag,
    Import: commands.bring,
    DeniedCommand: lambda _, denied: denied.problem,
}
"""What each command does; or the problem for which it is refused."""
_REPORT_HANDLERS: Mapping[type, Callable[[Draft, Any], None]] = {
    jobs.BatchFact: _fact,
    jobs.Started: attempts.started,
    jobs.Completed: attempts.completed,
    jobs.Failed: attempts.failed,
    jobs.Stopped: attempts.stopped,
    jobs.LeaseEnded: attempts.lease_ended,
    jobs.Swept: _swept,
    jobs.ObjectsLost: lambda draft, found: losses.record(draft, found.objects),
}
"""What follows from each fact and report."""
