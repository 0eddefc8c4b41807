"""What a commit means to who is told of it: a pure function of a log up to that commit, and of nothing else.

So an announcement can be made as often as it is needed, by whoever follows the log, today or from a backup in
a year: it says the same, under the same id.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from reprise_contracts.events import Commit, RunFinished
from reprise_contracts.nodes import step_of
from reprise_contracts.phrases import opening, spoken
from reprise_contracts.problems.model import ProblemDocument
from reprise_contracts.sources import CheckOutcome, Source
from reprise_contracts.states import Cause
from reprise_contracts.webhooks import (
    Announcement,
    AnnouncementType,
    BackupOld,
    NamedCause,
    ReportStale,
    RunEnded,
    SourceMoved,
)
from reprise_contracts.wire import derived_id
from reprise_domain.batch import Batch, fold_batch
from reprise_domain.freshness import SOURCE, Verdicts
from reprise_domain.reduce import fold, reduce
from reprise_domain.state import Session

SAID = 3
"""Causes that a sentence names; `causes` has all of them."""
_RUN_TYPES: dict[str, AnnouncementType] = {
    "completed": "reprise.run.completed",
    "failed": "reprise.run.failed",
    "refused": "reprise.run.failed",
    "cancelled": "reprise.run.cancelled",
}
_RUN_TEXTS = {
    "completed": "The research “{topic}” is done.",
    "failed": "The research “{topic}” has failed: {why}",
    "refused": "The research “{topic}” was not run: {why}",
    "cancelled": "The research “{topic}” was cancelled.",
}
_SOURCE_TYPES: dict[CheckOutcome, AnnouncementType] = {
    "changed": "reprise.source.changed",
    "found_more": "reprise.source.changed",
    "gone": "reprise.source.gone",
}
_SOURCE_TEXTS: dict[CheckOutcome, str] = {
    "changed": "The source “{name}” has changed.",
    "found_more": "The source “{name}” holds other sources than before.",
    "gone": "The source “{name}” is gone.",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What a log has told up to a commit: its state, and whether its report was out of date when it last came
    to rest."""

    state: Session | Batch
    stale: bool = False

    @property
    def seq(self) -> int:
        """The sequence of that commit."""
        return self.state.seq


def may_announce(commit: Commit) -> bool:
    """Return whether a commit can mean anything to anybody: of a session that runs, only the end of a run
    does. Spares folding the others."""
    if commit.deleted:
        return False
    return commit.batch is None or not commit.active or any(_ends_a_run(event) for event in commit.events)


def _ends_a_run(event: object) -> bool:
    return isinstance(event, RunFinished)


def announce(told: Told | None, commit: Commit, seq: int) -> tuple[Told, tuple[Announcement, ...]]:
    """One commit on: what was told then, and what is told of it. `told` is None before a log's first commit.

    Raises `InvalidTransition` for a log whose beginning is gone.
    """
    before = told.state if told is not None else None
    if commit.batch is None:
        after = fold_batch(before if isinstance(before, Batch) else None, commit, seq)
        found = _of_batch(before, after, commit) if isinstance(before, Batch) else ()
        return Told(after), tuple(found)
    known = before if isinstance(before, Session) else None
    session = fold(known, commit, seq)
    was_stale = told.stale if told is not None else False
    at_rest = not session.busy and not session.ended
    stale = Verdicts(session).freshness("phase4") == "stale" if at_rest else was_stale
    announcements = [*_of_runs(known, session, commit)]
    if stale and not was_stale:
        announcements.append(_of_report(session, commit))
    return Told(session, stale), tuple(announcements)


def announcement_id(target: str, commit: Commit, kind: str, about: str) -> str:
    """The id of an announcement: it follows from the log's words, not from its numbers, which are others
    after a restore."""
    return derived_id("a", target, commit.at.isoformat(), *commit.inputs, kind, about)


# Sessions


def _of_runs(before: Session | None, after: Session, commit: Commit) -> Iterator[Announcement]:
    """R19, R20, R29: the runs that came to an end, each with the session around that event."""
    around = before
    for event in commit.events:
        if isinstance(event, RunFinished) and around is not None:
            yield from _of_run(around, after, event, commit)
        around = reduce(around, event, commit.at)


def _of_run(around: Session, after: Session, event: RunFinished, commit: Commit) -> Iterator[Announcement]:
    run = around.run if around.run is not None and around.run.request.run_id == event.run_id else None
    verdict = Verdicts(after).freshness("phase4")
    why = event.problem.detail if event.problem else ""
    data = RunEnded(
        batch_id=after.batch_id,
        session_id=after.session_id,
        topic=after.topic,
        run_id=event.run_id,
        outcome=event.outcome,
        tokens=run.spent if run is not None else 0,
        report_stale=None if verdict is None else verdict == "stale",
        problem=ProblemDocument.of(event.problem) if event.problem else None,
        text=_RUN_TEXTS[event.outcome].format(topic=after.topic, why=why),
    )
    yield _made(after.session_id, commit, _RUN_TYPES[event.outcome], event.run_id, data)
    if event.problem is not None and event.problem.type == "budget_reached":
        spent = data.model_copy(update={"text": f"The research “{after.topic}” has stopped: {why}"})
        yield _made(after.session_id, commit, "reprise.ceiling.reached", event.run_id, spent)


def _of_report(session: Session, commit: Commit) -> Announcement:
    """R4: the report was up to date when the session last came to rest, and is not now."""
    causes = Verdicts(session).cause_chain("phase4")
    named = tuple(
        NamedCause(
            node=cause.node,
            name=_name(session, cause.node),
            reason=cause.reason,
            at=cause.at,
            text=_named_text(session, cause),
        )
        for cause in causes
    )
    changed = [cause.text for cause in named if cause.reason != "upstream"]
    why = " ".join(list(dict.fromkeys(changed))[:SAID])
    data = ReportStale(
        batch_id=session.batch_id,
        session_id=session.session_id,
        topic=session.topic,
        causes=named,
        text=f"The report on “{session.topic}” is out of date. {why}".rstrip(),
    )
    return _made(session.session_id, commit, "reprise.report.stale", "phase4", data)


def _name(session: Session, node: str) -> str:
    """A node or a source by its name."""
    if node.startswith(SOURCE):
        known = session.sources.get(node.removeprefix(SOURCE))
        return _title(known.source) if known is not None else node.removeprefix(SOURCE)
    planned = session.plan.by_id.get(step_of(node) or 0) if session.plan else None
    return f"{opening(spoken(node))}: {planned.title}" if planned is not None else spoken(node)


def _named_text(session: Session, cause: Cause) -> str:
    """The cause as a sentence; of a source, with its name."""
    if not cause.node.startswith(SOURCE):
        return cause.text
    return cause.text.replace("A source", f"The source “{_name(session, cause.node)}”", 1)


# Batches


def _of_batch(before: Batch, after: Batch, commit: Commit) -> Iterable[Announcement]:
    """R11, R36: the sources that are found otherwise than they were stored; what a caller put in place of one
    is the caller's own news."""
    if after.ended:
        return
    topic = after.members[0].spec.topic if after.members else ""
    for name, source in after.sources.items():
        outcome = _moved(before.sources.get(name), source)
        if outcome is None or outcome not in _SOURCE_TYPES:
            continue
        title = _title(source)
        data = SourceMoved(
            batch_id=after.batch_id,
            topic=topic,
            source_id=name,
            name=title,
            url=source.url,
            outcome=outcome,
            text=_SOURCE_TEXTS[outcome].format(name=title),
        )
        yield _made(after.batch_id, commit, _SOURCE_TYPES[outcome], name, data)


def _moved(before: Source | None, after: Source) -> CheckOutcome | None:
    """What happened to a source of one revision between two commits; None if nothing did."""
    if before is None or before.revision != after.revision:
        return None
    if after.check is not None and after.check != before.check:
        return after.check.outcome
    then, now = (one.stored.text_sha256 if one.stored is not None else None for one in (before, after))
    return "changed" if then is not None and now is not None and then != now else None


def _title(source: Source) -> str:
    stored = source.stored.title if source.stored is not None else None
    return source.title or stored or source.url or source.source_id


# Backups


def backup_is_old(taken_at: datetime, now: datetime) -> Announcement:
    """Say that the last backup is of then. Of each backup there is one such announcement."""
    hours = int((now - taken_at).total_seconds() // 3600)
    return Announcement(
        id=derived_id("a", "backup", taken_at.isoformat()),
        source="/",
        type="reprise.backup.old",
        time=now,
        data=BackupOld(taken_at=taken_at, hours=hours, text=f"The last backup was made {hours} hours ago."),
    )


def _made(
    target: str,
    commit: Commit,
    kind: AnnouncementType,
    about: str,
    data: RunEnded | ReportStale | SourceMoved,
) -> Announcement:
    where = f"/batches/{target}" if commit.batch is None else f"/sessions/{target}"
    return Announcement(
        id=announcement_id(target, commit, kind, about),
        source=where,
        type=kind,
        subject=about,
        time=commit.at,
        data=data,
    )
