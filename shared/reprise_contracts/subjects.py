"""Every subject, stream, consumer and object key, each builder beside its wildcard. No other module spells
one."""

import re
from typing import NamedTuple

from reprise_contracts.nodes import from_token, phase_of, token

ROOT = "reprise.v1"
JETSTREAM = "$JS.API"
"""Where JetStream itself is asked."""

# Streams
INBOX = "INBOX"
SESSIONS = "SESSIONS"
JOBS = "JOBS"
CONTROL = "CONTROL"
PROGRESS = "PROGRESS"
SNAPSHOTS = "SNAPSHOTS"
DLQ = "DLQ"
TICKETS = "TICKETS"
MARKS = "MARKS"
POOLS = "POOLS"
WATCHES = "WATCHES"
WEBHOOKS = "WEBHOOKS"
DELIVERIES = "DELIVERIES"

# Durable consumers
ORCHESTRATOR = "orchestrator"
CHECKS = "checks"


def pool(phase: str) -> str:
    """The durable consumer of a worker pool; its lag is what an operator scales on."""
    return f"pool-{phase}"


# INBOX: what the orchestrator decides
COMMANDS = f"{ROOT}.cmd.*.*"
REPORTS = f"{ROOT}.done.>"
FACTS = f"{ROOT}.fact.*"
TIMERS = f"{ROOT}.timer.*"
INBOX_SUBJECTS = (COMMANDS, REPORTS, FACTS, TIMERS)


def command(target: str, kind: str) -> str:
    """A command to a session or a batch: `reprise.v1.cmd.<id>.<kind>`."""
    return f"{ROOT}.cmd.{target}.{kind}"


def commands_to(target: str) -> str:
    """All commands to one session or batch."""
    return f"{ROOT}.cmd.{target}.*"


def commands_of(kind: str) -> str:
    """All commands of one kind."""
    return f"{ROOT}.cmd.*.{kind}"


def report(session_id: str, node: str) -> str:
    """A worker's report; the phase comes first, so that a prefix is a privilege."""
    return report_of(phase_of(node), session_id, token(node))


def report_of(phase: str, session_id: str, node: str) -> str:
    """The same of its tokens as they stand, for a table of addresses."""
    return f"{ROOT}.done.{phase}.{session_id}.{node}"


def checks_told_to(batch_id: str) -> str:
    """What checks of a batch's sources have found."""
    return report_of("phase0", batch_id, "*")


def reports_of(phase: str) -> str:
    """All reports of one pool."""
    return f"{ROOT}.done.{phase}.>"


def fact(target: str) -> str:
    """What a batch's commit tells a session, or a session tells its batch."""
    return f"{ROOT}.fact.{target}"


def timer(session_id: str) -> str:
    """A time that has come, as an input of the session."""
    return f"{ROOT}.timer.{session_id}"


class Inbound(NamedTuple):
    """What a subject of INBOX says by itself."""

    door: str
    """`cmd`, `done`, `fact` or `timer`."""
    target: str
    """The session or batch that decides."""
    kind: str
    """The command's kind; empty for the others."""


def parse_inbound(subject: str) -> Inbound | None:
    """Read a subject of INBOX; None if it is not one."""
    parts = subject.split(".")
    match parts:
        case ["reprise", "v1", "cmd", target, kind]:
            return Inbound("cmd", target, kind)
        case ["reprise", "v1", "done", _, target, _]:
            return Inbound("done", target, "")
        case ["reprise", "v1", ("fact" | "timer") as door, target]:
            return Inbound(door, target, "")
        case _:
            return None


# SESSIONS: the log
LOGS = f"{ROOT}.log.*"


def log(target: str) -> str:
    """The log of a session or of a batch."""
    return f"{ROOT}.log.{target}"


def logged(subject: str) -> str:
    """The id whose log a subject is."""
    return subject.rsplit(".", 1)[1]


# SNAPSHOTS: a cache of folded logs, the last one per subject
ALL_SNAPSHOTS = f"{ROOT}.snapshot.*"


def snapshot(target: str) -> str:
    """The last snapshot of a session or of a batch."""
    return f"{ROOT}.snapshot.{target}"


# MARKS: how far the log had come, the last value; in the bucket too
MARK = f"{ROOT}.mark"
BACKUP_MARK = f"{ROOT}.mark.backup"
OPEN_MARK = f"{ROOT}.mark.open"
ANNOUNCED_MARK = f"{ROOT}.mark.announced"
MARK_PREFIX = "marks"
MARK_KEY = f"{MARK_PREFIX}/log.json"


# JOBS: one subject per node, generation and attempt
ALL_JOBS = f"{ROOT}.job.>"


def jobs_of(phase: str) -> str:
    """All jobs of one pool."""
    return f"{ROOT}.job.{phase}.>"


def job(session_id: str, node: str, generation: int, attempt: int) -> str:
    """One job. A job that is still held is not stored twice."""
    return job_of(phase_of(node), session_id, token(node), str(generation), str(attempt))


def job_of(phase: str, session_id: str, node: str, generation: str, attempt: str) -> str:
    """The same of its tokens as they stand, for a table of addresses."""
    return f"{ROOT}.job.{phase}.{session_id}.{node}.{generation}.{attempt}"


# CONTROL: the last cancellation of each node
CONTROLS = f"{ROOT}.control.>"


def control(session_id: str, node: str) -> str:
    """Which generation and attempt of a node is cancelled; the last value is kept."""
    return control_of(phase_of(node), session_id, token(node))


def control_of(phase: str, session_id: str, node: str) -> str:
    """The same of its tokens as they stand, for a table of addresses."""
    return f"{ROOT}.control.{phase}.{session_id}.{node}"


def controls_of(phase: str) -> str:
    """The cancellations that concern one pool."""
    return f"{ROOT}.control.{phase}.>"


# PROGRESS: for watching only, in memory
ALL_PROGRESS = f"{ROOT}.progress.>"


def progress(session_id: str, node: str) -> str:
    """Progress of one node."""
    return f"{ROOT}.progress.{session_id}.{token(node)}"


# Presence: what each worker does now, on core NATS, every heartbeat
PRESENCES = f"{ROOT}.presence.*.*"


def presence(phase: str, worker: str) -> str:
    """What one worker does now."""
    return f"{ROOT}.presence.{phase}.{worker}"


def presences_of(phase: str) -> str:
    """What the workers of one pool do now."""
    return f"{ROOT}.presence.{phase}.*"


# Backlog: what the scheduler has ready and not sent yet, on core NATS, every few seconds
BACKLOG = f"{ROOT}.backlog"


# DLQ
DEAD = f"{ROOT}.dlq.>"


def dead(stream: str) -> str:
    """Messages of a stream that could not be understood."""
    return f"{ROOT}.dlq.{stream}"


# TICKETS: what opens one WebSocket, by its sha256, in memory for a minute
ALL_TICKETS = f"{ROOT}.ticket.*"


def ticket(sha256: str) -> str:
    """One ticket: made, then used; whoever appends "used" to it first has used it."""
    return f"{ROOT}.ticket.{sha256}"


# POOLS: what an operator wants of a worker pool, the last word per pool
ALL_POOLS = f"{ROOT}.pool.*"


def pool_order(phase: str) -> str:
    """Return whether a pool is to work."""
    return f"{ROOT}.pool.{phase}"


# WATCHES: when each watched source is looked at, the checks that are due, and what the last one found; of
# each source the last message of each kind
ALL_WATCHES = f"{ROOT}.watch.*.*"
ALL_CHECKS_DUE = f"{ROOT}.due.*.*"
ALL_CHECKED = f"{ROOT}.checked.*.*"
WATCHES_SUBJECTS = (ALL_WATCHES, ALL_CHECKS_DUE, ALL_CHECKED)


def watch(batch_id: str, source_id: str) -> str:
    """The schedule of one source: JetStream publishes it as a check that is due, at its times."""
    return f"{ROOT}.watch.{batch_id}.{source_id}"


def watches_of(batch_id: str) -> str:
    """The schedules of a batch's sources."""
    return f"{ROOT}.watch.{batch_id}.*"


def check_due(batch_id: str, source_id: str) -> str:
    """A check that is due. One that is due again before it was made takes its place."""
    return f"{ROOT}.due.{batch_id}.{source_id}"


def checks_due_of(batch_id: str) -> str:
    """The checks of a batch that are due."""
    return f"{ROOT}.due.{batch_id}.*"


def checked(batch_id: str, source_id: str) -> str:
    """What the last check of a source found, news or not."""
    return f"{ROOT}.checked.{batch_id}.{source_id}"


def checked_of(batch_id: str) -> str:
    """The last checks of a batch's sources."""
    return f"{ROOT}.checked.{batch_id}.*"


def watched_source(subject: str) -> str:
    """The source that a subject of WATCHES is about."""
    return subject.rsplit(".", 1)[1]


# WEBHOOKS: who is told of what happens, and how the last try went; of each the last value
ALL_WEBHOOKS = f"{ROOT}.webhook.*"
ALL_DELIVERED = f"{ROOT}.delivered.*"
WEBHOOKS_SUBJECTS = (ALL_WEBHOOKS, ALL_DELIVERED)


def webhook(webhook_id: str) -> str:
    """A webhook, with its secret."""
    return f"{ROOT}.webhook.{webhook_id}"


def delivered(webhook_id: str) -> str:
    """How the last try of a webhook went."""
    return f"{ROOT}.delivered.{webhook_id}"


# DELIVERIES: what is to be told, one subject per webhook and announcement, a durable consumer per webhook
ALL_DELIVERIES = f"{ROOT}.delivery.*.*"


def delivery(webhook_id: str, announcement_id: str) -> str:
    """One announcement to one webhook. One that is still held is not stored twice."""
    return f"{ROOT}.delivery.{webhook_id}.{announcement_id}"


def deliveries_of(webhook_id: str) -> str:
    """All that one webhook is to be told."""
    return f"{ROOT}.delivery.{webhook_id}.*"


def delivered_to(subject: str) -> tuple[str, str]:
    """The webhook and the announcement of a subject of DELIVERIES."""
    webhook_id, announcement_id = subject.split(".")[-2:]
    return webhook_id, announcement_id


def deliverer(webhook_id: str) -> str:
    """The durable consumer of one webhook: its lag is what the webhook is still to be told."""
    return f"webhook-{webhook_id}"


# Request and reply, for other systems (core NATS, not a stream)
API_GROUP = "gateway"
APIS = f"{ROOT}.api.*"


def api(kind: str) -> str:
    """A question to any gateway: `reprise.v1.api.<kind>`."""
    return f"{ROOT}.api.{kind}"


# Who leads: a key-value bucket, and the stream that keeps it
LEADERS = "LEADERS"
LEADERS_STREAM = f"KV_{LEADERS}"
LEADER = "scheduler"


def leader_entry() -> str:
    """The entry of the scheduler that leads."""
    return f"$KV.{LEADERS}.{LEADER}"


# What providers of models take: a key-value bucket, an entry each
LIMITS = "LIMITS"
LIMITS_STREAM = f"KV_{LIMITS}"
ALL_LIMITS = f"$KV.{LIMITS}.*"


def limit_entry(provider: str) -> str:
    """How one provider stands."""
    return f"$KV.{LIMITS}.{provider}"


# Objects: the first part of a key is who may write it
INPUTS = "inputs"
SOURCES = "sources"


def artifact_key(batch_id: str, session_id: str, node: str, generation: int, execution_id: str) -> str:
    """Where one execution writes its artifact. Never the same key twice; phase first, so that a prefix is a
    privilege."""
    folder = artifact_prefix(batch_id, session_id, phase_of(node))
    return f"{folder}{token(node)}/g{generation}/{execution_id}.json"


def record_key(artifact_key: str) -> str:
    """Where the calls are that an artifact was made with: beside it, so that it goes where the artifact
    goes."""
    return f"{artifact_key.removesuffix('.json')}.calls.json"


def artifact_prefix(batch_id: str, session_id: str, phase: str) -> str:
    """All artifacts of one phase of a session."""
    return f"{phase}/{batch_id}/{session_id}/"


def inputs_key(batch_id: str, session_id: str, node: str, generation: int, attempt: int) -> str:
    """A job's list of inputs, where it is too long for a message."""
    return f"{INPUTS}/{batch_id}/{session_id}/{token(node)}/g{generation}-{attempt}.json"


def inputs_prefix(batch_id: str, session_id: str) -> str:
    """All lists of inputs of a session."""
    return f"{INPUTS}/{batch_id}/{session_id}/"


_OF_ATTEMPT = re.compile(
    r"(?:phase[0-4]|inputs)/[^/]+/[^/]+/(phase[0-9-]+)/g([0-9]+)(?:/[^/]+|-[0-9]+)\.json"
)


def attempt_of(key: str) -> tuple[str, int] | None:
    """The node and the generation that an artifact or a list of inputs was written for; None if a key is of
    neither."""
    found = _OF_ATTEMPT.fullmatch(key)
    return (from_token(found[1]), int(found[2])) if found else None


def raw_key(batch_id: str, sha256: str) -> str:
    """A download, by the sha256 of its bytes."""
    return f"{SOURCES}/{batch_id}/raw/{sha256}"


def text_key(batch_id: str, sha256: str) -> str:
    """An extracted text (UTF-8), by the sha256 of its bytes."""
    return f"{SOURCES}/{batch_id}/text/{sha256}"


def note_key(batch_id: str, phase: str, place: str) -> str:
    """What an attempt has done so far, for the attempt after it; `place` is a sha256. The phase comes first:
    a pool writes below its own."""
    return f"{notes_prefix(batch_id, phase)}{place}"


def notes_prefix(batch_id: str, phase: str) -> str:
    """The notes of a phase's attempts in one batch."""
    return f"{phase}/{batch_id}/notes/"


def stored_hash(key: str) -> str | None:
    """The hash that a download, an upload or a text is stored under; None for a key of anything else."""
    parts = key.split("/")
    return parts[3] if len(parts) == 4 and parts[0] == SOURCES and parts[2] in {"raw", "text"} else None


def sources_prefix(batch_id: str) -> str:
    """All downloads and texts of a batch."""
    return f"{SOURCES}/{batch_id}/"
