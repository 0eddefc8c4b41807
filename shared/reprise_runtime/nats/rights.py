"""Who may do what on NATS: one user per service, one for outside systems, one for the operator; made from the
subjects that each uses.

`RIGHTS` is the table. `users_conf` writes it as the server's configuration;
`tests/integration/runtime/test_rights.py` holds each service to it. A question to JetStream is a publication
to `$JS.API.…`, so that a right to publish is a right to ask.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from reprise_contracts import subjects
from reprise_contracts.calls import OPEN_COMMANDS
from reprise_contracts.nodes import PHASES
from reprise_runtime.roles import ADMIN, GATEWAY, ORCHESTRATOR, OUTSIDE, SCHEDULER, inbox_of

WHO_AM_I = "$SYS.REQ.USER.INFO"
"""What a connection may do, asked by itself: how `reprise bootstrap --check` sees that a server has these
rights."""
_API = subjects.JETSTREAM
_ACK = "$JS.ACK"
_FLOW = "$JS.FC"


@dataclass(frozen=True, slots=True)
class Rights:
    """What one user may publish and subscribe to; with `replies` also the answer to whatever it is asked."""

    publish: tuple[str, ...]
    subscribe: tuple[str, ...]
    replies: bool = False


# What can be done with a stream, each as what must be published for it


def _look(*streams: str) -> tuple[str, ...]:
    """Configuration and state."""
    return tuple(f"{_API}.STREAM.INFO.{stream}" for stream in streams)


def _read(stream: str) -> tuple[str, ...]:
    """Single messages, and batches of them."""
    return (f"{_API}.STREAM.MSG.GET.{stream}", f"{_API}.DIRECT.GET.{stream}", f"{_API}.DIRECT.GET.{stream}.>")


def _follow(stream: str, wildcard: str) -> tuple[str, ...]:
    """By a consumer of one's own, under a name that nobody can guess. Only for streams without durable
    consumers."""
    consumer = f"{_API}.CONSUMER"
    return (
        *_look(stream),
        f"{consumer}.CREATE.{stream}.*.{wildcard}",
        f"{consumer}.INFO.{stream}.*",
        f"{consumer}.MSG.NEXT.{stream}.*",
        f"{consumer}.DELETE.{stream}.*",
    )


def _take(stream: str, consumer: str) -> tuple[str, ...]:
    """Messages of a durable consumer, with their acknowledgement (in the form of today's servers, and in that
    of the next ones)."""
    return (
        f"{_API}.CONSUMER.INFO.{stream}.{consumer}",
        f"{_API}.CONSUMER.MSG.NEXT.{stream}.{consumer}",
        f"{_ACK}.{stream}.{consumer}.>",
        f"{_ACK}.*.*.{stream}.{consumer}.>",
    )


def _provide(stream: str, wildcard: str) -> tuple[str, ...]:
    """Make durable consumers for others, and take them away."""
    consumer = f"{_API}.CONSUMER"
    return (
        f"{consumer}.CREATE.{stream}.*.{wildcard}",
        f"{consumer}.INFO.{stream}.*",
        f"{consumer}.DELETE.{stream}.*",
    )


def _purge(stream: str) -> tuple[str, ...]:
    return (f"{_API}.STREAM.PURGE.{stream}",)


def _declare(stream: str, *consumers: tuple[str, str]) -> tuple[str, ...]:
    """Make a stream and its durable consumers (name, filter) again, and set them right."""
    return (
        *_look(stream),
        f"{_API}.STREAM.CREATE.{stream}",
        f"{_API}.STREAM.UPDATE.{stream}",
        *(
            f"{_API}.CONSUMER.{what}"
            for name, wildcard in consumers
            for what in (f"INFO.{stream}.{name}", f"CREATE.{stream}.{name}.{wildcard}")
        ),
    )


# The table


def _gateway() -> Rights:
    """Stores commands, follows the log, answers the api, shows and orders the pools, tells webhooks. It reads
    any stream's state and changes none."""
    return Rights(
        publish=(
            subjects.COMMANDS,
            subjects.ALL_TICKETS,
            *_read(subjects.TICKETS),
            subjects.ALL_POOLS,
            *_read(subjects.POOLS),
            *_read(subjects.LEADERS_STREAM),
            *_read(subjects.MARKS),
            *_read(subjects.WATCHES),
            *subjects.WEBHOOKS_SUBJECTS,
            *_follow(subjects.WEBHOOKS, subjects.ALL_WEBHOOKS),
            *_read(subjects.WEBHOOKS),
            *_take(subjects.DELIVERIES, "*"),
            subjects.dead(subjects.DELIVERIES),
            *_follow(subjects.SESSIONS, subjects.LOGS),
            *_read(subjects.SESSIONS),
            *_read(subjects.SNAPSHOTS),
            *_read(subjects.JOBS),
            f"{_API}.STREAM.MSG.GET.{subjects.INBOX}",
            *_look("*"),
            f"{_API}.CONSUMER.INFO.*.*",
        ),
        subscribe=(subjects.APIS, subjects.ALL_PROGRESS, subjects.PRESENCES, subjects.BACKLOG),
        replies=True,
    )


def _orchestrator() -> Rights:
    """Takes the inbox and appends to the log: the only one that may."""
    return Rights(
        publish=(
            *_take(subjects.INBOX, subjects.ORCHESTRATOR),
            subjects.LOGS,
            subjects.ALL_SNAPSHOTS,
            subjects.FACTS,
            subjects.dead(subjects.INBOX),
            *_read(subjects.MARKS),
            *_look(subjects.SESSIONS),
            *_read(subjects.SESSIONS),
            *_read(subjects.SNAPSHOTS),
        ),
        subscribe=(),
    )


def _scheduler() -> Rights:
    """Sends jobs, cancellations and timers to as many slots as it hears of; makes the log's announcements,
    removes deleted logs, and makes streams in memory again."""
    return Rights(
        publish=(
            subjects.ALL_JOBS,
            subjects.CONTROLS,
            subjects.TIMERS,
            subjects.BACKLOG,
            subjects.MARK,
            subjects.OPEN_MARK,
            *_read(subjects.MARKS),
            subjects.ALL_WATCHES,
            *_look(subjects.WATCHES),
            *_read(subjects.WATCHES),
            *_purge(subjects.WATCHES),
            subjects.ANNOUNCED_MARK,
            *_look(subjects.WEBHOOKS),
            *_read(subjects.WEBHOOKS),
            *_purge(subjects.WEBHOOKS),
            subjects.ALL_DELIVERIES,
            *_purge(subjects.DELIVERIES),
            *_provide(subjects.DELIVERIES, subjects.ALL_DELIVERIES),
            *_read(subjects.INBOX),
            *_follow(subjects.SESSIONS, subjects.LOGS),
            *_read(subjects.SESSIONS),
            *_purge(subjects.SESSIONS),
            *_read(subjects.SNAPSHOTS),
            *_purge(subjects.SNAPSHOTS),
            *_declare(subjects.JOBS, *((subjects.pool(phase), subjects.jobs_of(phase)) for phase in PHASES)),
            *_declare(subjects.PROGRESS),
            *_declare(subjects.TICKETS),
            *_declare(subjects.LIMITS_STREAM),
            *_declare(subjects.LEADERS_STREAM),
            *_read(subjects.LEADERS_STREAM),
            subjects.leader_entry(),
        ),
        subscribe=(subjects.PRESENCES,),
    )


def _worker(phase: str) -> Rights:
    """Takes the jobs of its pool and reports on them; hears of its pool's cancellations and orders only.
    Phase 0 looks at watched sources, too."""
    checks = (
        *_take(subjects.WATCHES, subjects.CHECKS),
        subjects.ALL_CHECKED,
        subjects.dead(subjects.WATCHES),
    )
    return Rights(
        publish=(
            *(checks if phase == "phase0" else ()),
            *_take(subjects.JOBS, subjects.pool(phase)),
            *_follow(subjects.CONTROL, subjects.controls_of(phase)),
            *_follow(subjects.POOLS, subjects.pool_order(phase)),
            subjects.reports_of(phase),
            subjects.ALL_PROGRESS,
            subjects.presences_of(phase),
            subjects.dead(subjects.JOBS),
            subjects.ALL_LIMITS,
            *_read(subjects.LIMITS_STREAM),
        ),
        subscribe=(),
    )


def _outside() -> Rights:
    """Gives commands (directly, or by asking the api), follows logs and progress, and nothing more."""
    return Rights(
        publish=(
            *map(subjects.commands_of, OPEN_COMMANDS),
            subjects.APIS,
            *_follow(subjects.SESSIONS, subjects.LOGS),
            f"{_API}.CONSUMER.CREATE.{subjects.SESSIONS}",  # how older clients make an ordered consumer
            f"{_API}.STREAM.NAMES",  # how a client finds the stream of a subject
            f"{_FLOW}.{subjects.SESSIONS}.>",
        ),
        subscribe=(subjects.ALL_PROGRESS, "_INBOX.>"),  # the inbox that every client has by itself
    )


def _everything() -> Rights:
    return Rights(publish=(">",), subscribe=(">",))


_TABLE: Mapping[str, Callable[[], Rights]] = {
    ADMIN: _everything,
    GATEWAY: _gateway,
    ORCHESTRATOR: _orchestrator,
    SCHEDULER: _scheduler,
    OUTSIDE: _outside,
    **{phase: lambda phase=phase: _worker(phase) for phase in PHASES},  # type: ignore[misc]  # mypy has no type for the default
}


def rights(role: str) -> Rights:
    """What a role may do. Every role but the operator's hears its own inbox, and may ask what it may do."""
    own = _TABLE[role]()
    if role == ADMIN:
        return own
    publish = tuple(dict.fromkeys((*own.publish, WHO_AM_I)))
    return Rights(publish, (*own.subscribe, f"{inbox_of(role)}.>"), own.replies)


def users_conf(passwords: Mapping[str, str], *, unnamed: str | None = None) -> str:
    """The `authorization` of a nats-server, as its configuration takes it.

    `passwords` are written as they are given: quoted text, or the name of a variable (`$NAME`) that the
    server reads from its environment. `unnamed`: the user that a connection without credentials is; None:
    there is none such.
    """
    users = "\n".join(_user(role, password) for role, password in passwords.items())
    return f"authorization {{\n  users: [\n{users}\n  ]\n}}\n" + (
        f"no_auth_user: {unnamed}\n" if unnamed else ""
    )


def _user(role: str, password: str) -> str:
    allowed = rights(role)
    answers = '\n        allow_responses: {max: 1, expires: "2m"}' if allowed.replies else ""
    return (
        f"    {{\n      user: {role}\n      password: {password}\n      permissions: {{\n"
        f"        publish: {_list(allowed.publish)}\n        subscribe: "
        f"{_list(allowed.subscribe)}{answers}\n      }}\n    }}"
    )


def _list(wildcards: tuple[str, ...]) -> str:
    return "[\n" + "\n".join(f"          {json.dumps(wildcard)}" for wildcard in wildcards) + "\n        ]"
