"""`decide(state, input, now)`: the events that an input makes happen.

Each input has one small function, in the table below; after each of them the coupling rules are applied until nothing more
follows (`turns`). What is asked is in `commands`, what workers report in `attempts`, a session's life here.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from reprise_contracts import events as e
from reprise_contracts import jobs as j
from reprise_contracts.commands import Accept, Cancel, Command, Edit, Options, Rerun, Target
from reprise_contracts.problems import Problem
from reprise_contracts.wire import derived_id
from reprise_domain import attempts, commands
from reprise_domain.draft import Draft
from reprise_domain.state import Session
from reprise_domain.turns import drive


@dataclass(frozen=True, slots=True)
class Denied:
    """A command that its door may not let in, for a reason that is not the session's (a feature that is off)."""

    command: Command
    problem: Problem


Input = Rerun | Cancel | Accept | Edit | Denied | j.BatchFact | j.Started | j.Completed | j.Failed | j.Stopped | j.LeaseEnded | j.Swept


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows from some inputs: the events, and the state after them."""

    session: Session | None
    events: tuple[e.SessionEvent, ...]


def decide(session: Session | None, given: Input, now: datetime) -> Decision:
    """R1 to R29: the events that one input makes happen in a session; none if it is known already or about nothing."""
    return decide_all(session, (given,), now)


def decide_all(session: Session | None, inputs: Iterable[Input], now: datetime) -> Decision:
    """Several inputs that wait together, in order, as one commit."""
    draft = Draft(session, now)
    for given in inputs:
        if draft.maybe is None:
            _create(draft, given)
        elif not draft.session.deleted:
            _DECIDERS[type(given)](draft, given)
        if draft.maybe is not None:
            drive(draft)
    return Decision(draft.maybe, tuple(draft.events))


def _create(draft: Draft, fact: Input) -> None:
    """A session begins with its batch telling of it."""
    if not isinstance(fact, j.BatchFact) or fact.create is None or fact.ended:
        return
    spec, own = fact.create.spec, fact.create.model_dump(include={"command_id", "fingerprint", "by"})
    shared = {name: value for name, value in spec if name in e.SessionCreated.model_fields}
    draft.say(e.SessionCreated(**own, **shared, batch_id=fact.batch_id, sources=fact.sources, batch_seq=fact.batch_seq))
    if spec.start:
        options = Options(stop_after=spec.stop_after, allow_partial=spec.allow_partial, max_tokens=spec.max_tokens)
        run_id = derived_id("r", spec.session_id, fact.create.command_id)
        draft.say(e.RunQueued(**own, run_id=run_id, kind="start", target=Target(phase="phase0"), options=options))


def _fact(draft: Draft, fact: j.BatchFact) -> None:
    """R11, R18, R24: the batch's sources as they are now, and its end. A fact older than one recorded says nothing."""
    session = draft.session
    if fact.batch_seq > session.batch_seq and not fact.ended:
        known = {name: known.source for name, known in session.sources.items()}
        changed = tuple(source for source in fact.sources if known.pop(source.source_id, None) != source)
        removed = tuple(known)
        if changed or removed:
            draft.say(e.SourcesChanged(batch_seq=fact.batch_seq, sources=changed, removed=removed, by=fact.by))
    if fact.ended and (not session.ended or (fact.deleted and not session.deleting)):
        if not session.ended:
            commands.halt(draft, Cancel(command_id=f"end-{session.seq}", by=fact.by), "")
        draft.say(e.SessionEnded(deleting=fact.deleted, by=fact.by))


def _swept(draft: Draft, swept: j.Swept) -> None:
    if 0 < draft.session.littered <= swept.seq:
        draft.say(e.SweepDone(seq=swept.seq))


def _denied(draft: Draft, given: Denied) -> None:
    if draft.takes(given.command):
        draft.refuse(given.command, given.problem)


_DECIDERS: Mapping[type, Callable[[Draft, Any], None]] = {
    Rerun: commands.rerun,
    Cancel: commands.cancel,
    Accept: commands.accept,
    Edit: commands.edit,
    Denied: _denied,
    j.BatchFact: _fact,
    j.Started: attempts.started,
    j.Completed: attempts.completed,
    j.Failed: attempts.failed,
    j.Stopped: attempts.stopped,
    j.LeaseEnded: attempts.lease_ended,
    j.Swept: _swept,
}
