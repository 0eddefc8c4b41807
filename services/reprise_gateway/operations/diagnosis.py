"""From what is seen to what is said: in words, with what to do. Pure; the words are tested against what they
are about."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from reprise_contracts import subjects
from reprise_contracts.states import Diagnosis, PoolView

if TYPE_CHECKING:
    from reprise_gateway.operations.server_status import ServerStatus

CLOCK_SECONDS = 2.0
"""Clocks further apart than this confuse leases and whoever reads logs."""
OLD_SECONDS = 30.0
"""A job that has waited so long, or an input so long undecided, is worth a word."""
LATE_CHECK_SECONDS = 300.0
"""A check of a watched source that has waited so long is worth a word."""
BACKUP_HOURS = 72
"""Once there is a backup, the last one should not be older."""
FREE_BYTES = 2_000_000_000
FREE_SHARE = 0.05
"""A disk with less than both is nearly full."""
FULL_SHARE = 0.8
OLDEST_NATS = (2, 14)
"""It keeps schedules by themselves."""


class Before(NamedTuple):
    """How much waited for a pool at an earlier time."""

    at: datetime
    waiting: int


def pool_findings(
    pool: PoolView, before: Before | None, skews: Mapping[str, float], *, listened: bool = True
) -> tuple[Diagnosis, ...]:
    """What is to be said of one pool. `skews`: of each worker's clock, in seconds; `listened`: long enough to
    have heard all."""
    if not pool.workers and not listened:
        detail = "No worker has been heard yet: this gateway has only just started."
        return (
            Diagnosis(
                name=pool.phase, result="note", detail=detail, action="Ask again in a quarter of a minute."
            ),
        )
    return (*_pool_findings(pool, before), *_clocks(pool.phase, skews))


def _pool_findings(pool: PoolView, before: Before | None) -> Iterator[Diagnosis]:
    waiting = pool.ready + pool.waiting
    jobs = _count(waiting, "job")
    if not pool.workers:
        yield Diagnosis(
            name=pool.phase,
            result="wrong",
            detail=f"No worker is there; {jobs} {_verb(waiting, 'wait')}.",
            action=f"Start one (`docker compose up -d worker-{pool.phase}`), or look at why the last one "
            "ended in its log.",
        )
        return
    if pool.state != "running":
        who = f" by {pool.by}" if pool.by else ""
        doing = {
            "paused": "It is paused",
            "draining": "It is being drained",
            "drained": "It is drained: nothing is in work",
        }[pool.state]
        yield Diagnosis(
            name=pool.phase,
            result="note",
            detail=f"{doing} ({pool.state}{who}); {jobs} {_verb(waiting, 'wait')}.",
            action=f"Let it work again with `reprise workers resume {pool.phase}`.",
        )
        return
    growing = before is not None and waiting > before.waiting
    if waiting and growing and (pool.oldest_seconds or 0) > OLD_SECONDS:
        yield Diagnosis(
            name=pool.phase,
            result="wrong",
            detail=f"Its lag grows: {jobs} {_verb(waiting, 'wait')}, {before.waiting if before else 0} a "
            "minute ago; "
            f"the oldest is {pool.oldest_seconds or 0:.0f} s old.",
            action="Add workers (`docker compose up -d --scale "
            f"worker-{pool.phase}={2 * len(pool.workers)}`), or see in the log "
            "what is slow.",
        )
    versions = sorted({worker.version for worker in pool.workers if worker.version})
    if len(versions) > 1:
        yield Diagnosis(
            name=pool.phase,
            result="note",
            detail=f"Its workers are of different versions: {', '.join(versions)}.",
            action="Finish the roll-out, or go back with all of them.",
        )


def _clocks(phase: str, skews: Mapping[str, float]) -> Iterator[Diagnosis]:
    for worker, skew in skews.items():
        if abs(skew) > CLOCK_SECONDS:
            ahead = "ahead of" if skew > 0 else "behind"
            yield Diagnosis(
                name=phase,
                result="wrong",
                detail=f"The clock of {worker} is {abs(skew):.0f} s {ahead} the NATS server's.",
                action="Let NTP (chrony, systemd-timesyncd) set the clocks of all machines.",
            )


def diagnose(
    status: "ServerStatus | None", reachable: Mapping[str, bool], pools: Sequence[PoolView], version: str
) -> tuple[Diagnosis, ...]:
    """Everything, in the order in which one thing explains the next. `seen` is None where NATS does not
    answer."""
    found = [*_servers(reachable)]
    if status is not None:
        found += [
            *_nats(status),
            *_roles(status),
            *_checks(status),
            *_streams(status),
            *_disk(status),
            *_backup(status),
        ]
    for pool in pools:
        found += pool.findings or (_fine(pool),)
        others = {worker.version for worker in pool.workers if worker.version} - {version}
        if others:
            detail = f"Workers of version {', '.join(sorted(others))}; the gateway is {version}."
            found.append(
                Diagnosis(
                    name=pool.phase,
                    result="note",
                    detail=detail,
                    action="Finish the roll-out, or go back with all of it.",
                )
            )
    return tuple(found)


def _servers(reachable: Mapping[str, bool]) -> Iterator[Diagnosis]:
    if not reachable.get("nats"):
        yield Diagnosis(
            name="NATS",
            result="wrong",
            detail="It does not answer: nothing is taken and nothing runs; nothing is lost.",
            action="Start it, or mend the network; every service comes back by itself.",
        )
    if not reachable.get("store"):
        yield Diagnosis(
            name="object store",
            result="wrong",
            detail="It does not answer, or refuses: what runs waits for it, results cannot be read.",
            action="Start it, make room on its disk, or correct REPRISE_S3__*; what waits goes on by itself.",
        )
    else:
        yield Diagnosis(name="object store", result="ok", detail="It answers.")


def _nats(status: "ServerStatus") -> Iterator[Diagnosis]:
    if status.rewound:
        yield Diagnosis(
            name="log",
            result="wrong",
            detail=f"{status.rewound} Nothing is decided and nothing runs, so that nothing is done twice.",
            action="Restore the newest backup (`reprise restore FOLDER --replace`), or go on with what is "
            "left "
            "(`reprise bootstrap --accept-log`).",
        )
    if status.unwell:
        yield Diagnosis(
            name="NATS",
            result="wrong",
            detail=f"It has stopped writing, and says: {status.unwell}.",
            action="Make room on its disk, then restart it: it stays as it is until then. What it confirmed "
            "is kept, and every service "
            "comes back by itself.",
        )
    elif status.nats_version and _version(status.nats_version) < OLDEST_NATS:
        wanted = ".".join(map(str, OLDEST_NATS))
        detail = f"NATS {status.nats_version} is older than {wanted}."
        yield Diagnosis(name="NATS", result="wrong", detail=detail, action=f"Update it to {wanted} or later.")
    elif status.flushes is False:
        yield Diagnosis(
            name="NATS",
            result="wrong",
            detail="It confirms messages before they are on the disk: a power cut can lose what was "
            "accepted.",
            action="Set `sync_interval: always` in the `jetstream` block of its configuration and restart "
            "it.",
        )
    else:
        flushes = (
            "it flushes before it confirms"
            if status.flushes
            else "whether it flushes cannot be seen (REPRISE_NATS__MONITOR)"
        )
        yield Diagnosis(name="NATS", result="ok", detail=f"{status.nats_version}; {flushes}.")
    if status.away:
        detail = (
            f"Of the {status.servers} servers that keep the streams {len(status.away)} cannot be "
            f"reached: {', '.join(status.away)}."
        )
        yield Diagnosis(
            name="NATS",
            result="wrong",
            detail=detail,
            action="Start it again, and it catches up by itself. Work goes on while more than half of them "
            "are there.",
        )
    if abs(status.clock_offset) > CLOCK_SECONDS:
        detail = f"This gateway's clock and the NATS server's are {abs(status.clock_offset):.0f} s apart."
        yield Diagnosis(
            name="clock",
            result="wrong",
            detail=detail,
            action="Let NTP (chrony, systemd-timesyncd) set the clocks of all machines.",
        )
    for drift in status.drift:
        yield Diagnosis(
            name="streams",
            result="wrong",
            detail=f"Not as declared: {drift}.",
            action="Run `reprise bootstrap`.",
        )


def _roles(status: "ServerStatus") -> Iterator[Diagnosis]:
    inbox = status.streams.get(subjects.INBOX)
    if inbox is not None and inbox.messages and inbox.oldest > OLD_SECONDS:
        yield Diagnosis(
            name="orchestrator",
            result="wrong",
            detail=f"{_count(inbox.messages, 'input')} {_verb(inbox.messages, 'wait')} to be decided, the "
            f"oldest for {inbox.oldest:.0f} s.",
            action="Start the orchestrator, or look into its log; what waits is kept.",
        )
    else:
        yield Diagnosis(name="orchestrator", result="ok", detail="Nothing waits long to be decided.")
    if status.leader:
        yield Diagnosis(name="scheduler", result="ok", detail="One is active.")
    else:
        yield Diagnosis(
            name="scheduler",
            result="wrong",
            detail="None is active: nothing new is sent to the workers.",
            action="Start one; it finds what is under way by itself.",
        )


def _checks(status: "ServerStatus") -> Iterator[Diagnosis]:
    """R36: what nobody looks at is silently stale."""
    if status.checks_waiting and status.checks_oldest > LATE_CHECK_SECONDS:
        waiting = _count(status.checks_waiting, "check")
        yield Diagnosis(
            name="watches",
            result="wrong",
            detail=f"{waiting} of watched sources {_verb(status.checks_waiting, 'wait')}, the first for "
            f"{status.checks_oldest:.0f} s.",
            action="Start workers of phase 0, or let the pool work again: they make the checks.",
        )


def _streams(status: "ServerStatus") -> Iterator[Diagnosis]:
    dlq = status.streams.get(subjects.DLQ)
    if dlq is not None and dlq.messages:
        detail = (
            f"{_count(dlq.messages, 'message')} could not be understood and "
            f"{_verb(dlq.messages, 'lie')} aside."
        )
        action = "See why with `reprise dlq list`, then `reprise dlq replay` or `reprise dlq drop`."
        yield Diagnosis(name="DLQ", result="wrong", detail=detail, action=action)
    for name, stream in status.streams.items():
        if stream.limit and stream.bytes > FULL_SHARE * stream.limit and name in _LIMITS:
            yield Diagnosis(
                name="streams",
                result="wrong",
                detail=f"{name} is {stream.bytes / stream.limit:.0%} full: at 100% it takes nothing new.",
                action=_LIMITS[name],
            )


_LIMITS = {
    subjects.SESSIONS: "End and delete batches that are done with, or raise REPRISE_LIMITS__SESSION_BYTES "
    "everywhere and restart.",
    subjects.INBOX: "Start more orchestrators; if there are enough, raise REPRISE_LIMITS__INBOX_BYTES "
    "everywhere and restart.",
    subjects.JOBS: "Start more workers; if there are enough, raise REPRISE_LIMITS__JOBS_BYTES everywhere and "
    "restart.",
    subjects.DLQ: "Look after what was put aside (`reprise dlq list`), or raise REPRISE_LIMITS__DLQ_BYTES "
    "everywhere and restart.",
}


def _backup(status: "ServerStatus") -> Iterator[Diagnosis]:
    mark = status.backup
    if mark is None:
        yield Diagnosis(
            name="backup", result="ok", detail="None has been made yet (`reprise backup FOLDER`)."
        )
        return
    hours = status.backup_age / 3600
    lost = (
        f"; {_count(mark.lost, 'object')} that the store has lost {'is' if mark.lost == 1 else 'are'} not in "
        "it"
        if mark.lost
        else ""
    )
    detail = f"The last one is of {mark.taken_at:%Y-%m-%d %H:%M} UTC, {_count(mark.objects, 'object')}{lost}."
    if hours > BACKUP_HOURS:
        yield Diagnosis(
            name="backup",
            result="wrong",
            detail=f"{detail} That is {hours / 24:.0f} days ago.",
            action="Run `reprise backup FOLDER`; if one runs by itself, look at what it says.",
        )
    elif mark.lost:
        yield Diagnosis(
            name="backup",
            result="wrong",
            detail=detail,
            action="`reprise fsck` names them; a refresh makes them again.",
        )
    else:
        yield Diagnosis(name="backup", result="ok", detail=detail)


def _disk(status: "ServerStatus") -> Iterator[Diagnosis]:
    if status.file_share is not None and status.file_share > FULL_SHARE:
        detail = f"NATS has used {status.file_share:.0%} of the disk that it may use."
        yield Diagnosis(
            name="disk",
            result="wrong",
            detail=detail,
            action="Make room, or raise `max_file_store` in its configuration.",
        )
    if status.disk is None:
        return
    free = (
        f"{status.disk.free / 1e9:.1f} of {status.disk.total / 1e9:.0f} GB are left where "
        f"{status.disk.path} is"
    )
    if status.disk.free < FREE_BYTES and status.disk.free < FREE_SHARE * status.disk.total:
        action = (
            "Delete batches that are done with (`reprise end BATCH --delete`), or give it a larger "
            "disk; no restart is needed."
        )
        yield Diagnosis(name="disk", result="wrong", detail=f"It is nearly full: {free}.", action=action)
    else:
        yield Diagnosis(name="disk", result="ok", detail=f"{free}.")


def _fine(pool: PoolView) -> Diagnosis:
    workers = _count(len(pool.workers), "worker")
    return Diagnosis(
        name=pool.phase,
        result="ok",
        detail=f"{workers}; {_count(pool.ready + pool.waiting, 'job')} waiting, {pool.working} in work.",
    )


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def _verb(number: int, verb: str) -> str:
    return f"{verb}s" if number == 1 else verb


def _version(text: str) -> tuple[int, int]:
    parts = [int(part) for part in text.split("-", maxsplit=1)[0].split(".")[:2] if part.isdecimal()]
    return (parts[0], parts[1]) if len(parts) == 2 else OLDEST_NATS
