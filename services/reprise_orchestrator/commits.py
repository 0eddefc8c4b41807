"""From inputs to a commit: pure but for the state that it is given."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from reprise_contracts.commands import ForkPoint
from reprise_contracts.events import CommandAnswer, Commit, NodeCompleted
from reprise_contracts.jobs import BatchFact, StoredFact
from reprise_domain.batch import Batch, decide_batch, facts, fold_batch
from reprise_domain.decide import decide_all
from reprise_domain.reduce import stamp
from reprise_domain.state import Session
from reprise_orchestrator.inputs import Parsed


@dataclass(frozen=True, slots=True)
class Proposal:
    """A commit to append, and the state that it leads to."""

    commit: Commit
    session: Session | None = None
    batch: Batch | None = None

    def traced(self, trace: str) -> "Proposal":
        """The same, in a trace."""
        return (
            self
            if trace == self.commit.trace
            else replace(self, commit=self.commit.model_copy(update={"trace": trace}))
        )

    def standing_at(self, seq: int) -> Session | Batch:
        """The state, once the log has the commit at that sequence."""
        if self.session is not None:
            return stamp(self.session, self.commit, seq)
        return fold_batch(self.batch, self.commit, seq)


def fork_in(state: Session | Batch | None, inputs: Sequence[Parsed]) -> ForkPoint | None:
    """Return where the session that the inputs create is forked from; None if they create none, or one of its
    own."""
    facts = (parsed.given for parsed in inputs if state is None and isinstance(parsed.given, BatchFact))
    return next((fact.create.spec.fork for fact in facts if fact.create and fact.create.spec.fork), None)


def propose(
    target: str,
    state: Session | Batch | None,
    inputs: Sequence[Parsed],
    now: datetime,
    origin: Session | None = None,
) -> Proposal | None:
    """What the inputs that wait together make happen; None if it is nothing. `origin` is what `fork_in`
    names, as it is now."""
    named = tuple(dict.fromkeys(parsed.input_id for parsed in inputs))
    trace = next((parsed.trace for parsed in inputs if parsed.trace), "")
    if isinstance(state, Batch) or (
        state is None and not any(isinstance(parsed.given, BatchFact) for parsed in inputs)
    ):
        return _for_batch(target, state, inputs, trace, now)
    decision = decide_all(state, [parsed.given for parsed in inputs], now, origin)  # type: ignore[misc]  # a session's own inputs
    session = decision.session
    if session is None or not decision.events:
        return None
    commit = Commit(
        at=now,
        inputs=named,
        events=decision.events,
        active=session.run is not None,
        sweep=bool(session.sweep_pending_since),
        batch=session.batch_id,
        deleted=session.deleted,
        trace=trace,
    )
    return Proposal(commit, session=session)


def _for_batch(
    target: str, batch: Batch | None, inputs: Sequence[Parsed], trace: str, now: datetime
) -> Proposal | None:
    for parsed in inputs:  # a batch decides one input a commit: its sessions count its commits
        events = decide_batch(batch, target, parsed.given, now)  # type: ignore[arg-type]  # a batch's own inputs
        if events:
            deleted = any(event.type == "batch_ended" and event.deleted for event in events)
            commit = Commit(at=now, inputs=(parsed.input_id,), events=events, deleted=deleted, trace=trace)
            after = fold_batch(batch, commit, 0)
            told = {"sweep": bool(after.superseded) and not deleted, "watched": bool(after.watches)}
            return Proposal(commit.model_copy(update=told), batch=batch)
    return None


def consequences(state: Session | Batch, commit: Commit | None) -> dict[str, BatchFact | StoredFact]:
    """What others have to be told: a batch tells all of its sessions, a session tells its batch what it
    stored.

    After a crash between commit and telling, the input comes again: a batch then tells everything again.
    """
    if isinstance(state, Batch):
        by = (
            next((event.by for event in commit.events if isinstance(event, CommandAnswer)), "")
            if commit
            else ""
        )
        return dict(facts(state, by))
    told: dict[str, BatchFact | StoredFact] = {}
    for event in commit.events if commit else ():
        if isinstance(event, NodeCompleted) and event.stored:
            told[state.batch_id] = StoredFact(
                session_id=state.session_id, execution_id=event.execution_id, stored=event.stored
            )
    return told
