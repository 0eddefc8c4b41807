"""Every NATS user against the real server: what it may do is what its service does, and everything else is
refused.

`MAY` and `HEARS` are written by hand, so that the table in `reprise_runtime.nats.rights` is held against
something other than itself.
"""

import secrets
import time
from collections.abc import Iterator

import nats
import pytest
from nats.aio.client import Client
from pydantic import SecretStr

from reprise_contracts import subjects as s
from reprise_contracts.nodes import PHASES
from reprise_runtime.errors import NotPermitted, Refused
from reprise_runtime.nats import topology
from reprise_runtime.nats.connection import connect
from reprise_runtime.nats.ordered_consumer import OrderedConsumer
from reprise_runtime.nats.rights import WHO_AM_I
from reprise_runtime.operate.servers import NatsServer
from reprise_runtime.roles import ADMIN, GATEWAY, ORCHESTRATOR, OUTSIDE, ROLES, SCHEDULER, SERVICES, inbox_of
from reprise_runtime.settings import Settings

API = "$JS.API"
EACH = "0123456789abcdef"

DEEDS = {
    "command a rerun": "reprise.v1.cmd.s1.rerun",
    "command a cancel": "reprise.v1.cmd.s1.cancel",
    "command a batch": "reprise.v1.cmd.b1.create",
    "command an edit": "reprise.v1.cmd.s1.edit",
    "command an acceptance": "reprise.v1.cmd.s1.accept",
    "command an end": "reprise.v1.cmd.b1.end",
    "append to the log": "reprise.v1.log.s1",
    "save a snapshot": "reprise.v1.snapshot.s1",
    "tell a fact": "reprise.v1.fact.s1",
    "say that it is time": "reprise.v1.timer.s1",
    "send a job": "reprise.v1.job.phase3.s1.phase3-1.1.1",
    "say what is ready": "reprise.v1.backlog",
    "move the mark": "reprise.v1.mark",
    "note what is to be done": "reprise.v1.mark.open",
    "read the mark": f"{API}.STREAM.MSG.GET.MARKS",
    "cancel a job": "reprise.v1.control.phase3.s1.phase3-1",
    "tell progress": "reprise.v1.progress.s1.phase3-1",
    "order a pool": "reprise.v1.pool.phase3",
    "make a ticket": "reprise.v1.ticket.abc",
    "read a ticket": f"{API}.STREAM.MSG.GET.TICKETS",
    "make the tickets": f"{API}.STREAM.CREATE.TICKETS",
    "ask the api": "reprise.v1.api.state",
    "put an input aside": "reprise.v1.dlq.INBOX",
    "put a job aside": "reprise.v1.dlq.JOBS",
    "lead": "$KV.LEADERS.scheduler",
    "take inputs": f"{API}.CONSUMER.MSG.NEXT.INBOX.orchestrator",
    "acknowledge inputs": "$JS.ACK.INBOX.orchestrator.1.1.1.1.0",
    "acknowledge inputs, in the next form": "$JS.ACK._.abc.INBOX.orchestrator.1.1.1.1.0.x",
    "follow the log": f"{API}.CONSUMER.CREATE.SESSIONS.follow-{EACH}.reprise.v1.log.*",
    "follow every cancellation": f"{API}.CONSUMER.CREATE.CONTROL.follow-{EACH}.reprise.v1.control.>",
    "follow inputs": f"{API}.CONSUMER.CREATE.INBOX.follow-{EACH}.reprise.v1.cmd.>",
    "read the log": f"{API}.DIRECT.GET.SESSIONS",
    "read a commit": f"{API}.STREAM.MSG.GET.SESSIONS",
    "read a snapshot": f"{API}.STREAM.MSG.GET.SNAPSHOTS",
    "read inputs": f"{API}.STREAM.MSG.GET.INBOX",
    "read jobs": f"{API}.STREAM.MSG.GET.JOBS",
    "look at the inbox": f"{API}.STREAM.INFO.INBOX",
    "look at the log": f"{API}.STREAM.INFO.SESSIONS",
    "purge the log": f"{API}.STREAM.PURGE.SESSIONS",
    "purge a snapshot": f"{API}.STREAM.PURGE.SNAPSHOTS",
    "purge the inbox": f"{API}.STREAM.PURGE.INBOX",
    "delete one commit": f"{API}.STREAM.MSG.DELETE.SESSIONS",
    "delete the log": f"{API}.STREAM.DELETE.SESSIONS",
    "delete the jobs": f"{API}.STREAM.DELETE.JOBS",
    "make the jobs": f"{API}.STREAM.CREATE.JOBS",
    "change the jobs": f"{API}.STREAM.UPDATE.JOBS",
    "make the progress": f"{API}.STREAM.CREATE.PROGRESS",
    "make a pool": f"{API}.CONSUMER.CREATE.JOBS.pool-phase3.reprise.v1.job.phase3.>",
    "make the log": f"{API}.STREAM.CREATE.SESSIONS",
    "change the log": f"{API}.STREAM.UPDATE.SESSIONS",
    "make the bucket of leaders": f"{API}.STREAM.CREATE.KV_LEADERS",
    "share a limit": "$KV.LIMITS.models-1",
    "read a limit": f"{API}.STREAM.MSG.GET.KV_LIMITS",
    "make the bucket of limits": f"{API}.STREAM.CREATE.KV_LIMITS",
    "keep a schedule": "reprise.v1.watch.b1.src-1",
    "say that a check is due": "reprise.v1.due.b1.src-1",
    "say what a check found": "reprise.v1.checked.b1.src-1",
    "take checks": f"{API}.CONSUMER.MSG.NEXT.WATCHES.checks",
    "acknowledge checks": "$JS.ACK.WATCHES.checks.1.1.1.1.0",
    "read what checks found": f"{API}.DIRECT.GET.WATCHES",
    "forget a schedule": f"{API}.STREAM.PURGE.WATCHES",
    "put a check aside": "reprise.v1.dlq.WATCHES",
    "add a webhook": "reprise.v1.webhook.w1",
    "read webhooks": f"{API}.DIRECT.GET.WEBHOOKS",
    "read one webhook": f"{API}.STREAM.MSG.GET.WEBHOOKS",
    "look at the webhooks": f"{API}.STREAM.INFO.WEBHOOKS",
    "follow webhooks": f"{API}.CONSUMER.CREATE.WEBHOOKS.follow-{EACH}.reprise.v1.webhook.*",
    "forget how a webhook went": f"{API}.STREAM.PURGE.WEBHOOKS",
    "say how a webhook went": "reprise.v1.delivered.w1",
    "announce": "reprise.v1.delivery.w1.a-1",
    "note what is announced": "reprise.v1.mark.announced",
    "make a consumer of deliveries": f"{API}.CONSUMER.CREATE.DELIVERIES.webhook-w1.reprise.v1.delivery.*.*",
    "delete a consumer of deliveries": f"{API}.CONSUMER.DELETE.DELIVERIES.webhook-w1",
    "drop deliveries": f"{API}.STREAM.PURGE.DELIVERIES",
    "take deliveries": f"{API}.CONSUMER.MSG.NEXT.DELIVERIES.webhook-w1",
    "acknowledge deliveries": "$JS.ACK.DELIVERIES.webhook-w1.1.1.1.1.0",
    "acknowledge deliveries, in the next form": "$JS.ACK._.abc.DELIVERIES.webhook-w1.1.1.1.1.0.x",
    "read deliveries": f"{API}.STREAM.MSG.GET.DELIVERIES",
    "put a delivery aside": "reprise.v1.dlq.DELIVERIES",
    "make a stream": f"{API}.STREAM.CREATE.MINE",
    "delete a pool": f"{API}.CONSUMER.DELETE.JOBS.pool-phase3",
    "delete the orchestrator's consumer": f"{API}.CONSUMER.DELETE.INBOX.orchestrator",
    "list streams": f"{API}.STREAM.LIST",
    "take a copy": f"{API}.STREAM.SNAPSHOT.SESSIONS",
    "speak of something else": "other.subject",
    **{f"answer in the name of {role}'s server": f"_INBOX_{role}.x.1" for role in (*SERVICES, OUTSIDE)},
    **{f"report on {phase}": f"reprise.v1.done.{phase}.s1.x" for phase in PHASES},
    **{f"be present in {phase}": f"reprise.v1.presence.{phase}.me" for phase in PHASES},
    **{f"take jobs of {phase}": f"{API}.CONSUMER.MSG.NEXT.JOBS.pool-{phase}" for phase in PHASES},
    **{f"acknowledge jobs of {phase}": f"$JS.ACK.JOBS.pool-{phase}.1.1.1.1.0" for phase in PHASES},
    **{
        f"follow orders to {phase}": f"{API}.CONSUMER.CREATE.POOLS.follow-{EACH}.reprise.v1.pool.{phase}"
        for phase in PHASES
    },
    **{
        "follow cancellations of "
        f"{phase}": f"{API}.CONSUMER.CREATE.CONTROL.follow-{EACH}.reprise.v1.control.{phase}.>"
        for phase in PHASES
    },
}

LOG = {"follow the log", "look at the log"}
CHECKS = {"take checks", "acknowledge checks", "say what a check found", "put a check aside"}
MAY = {
    GATEWAY: LOG
    | {
        "command a rerun",
        "command a cancel",
        "command a batch",
        "command an edit",
        "command an acceptance",
        "command an end",
        "read the log",
        "read a commit",
        "read a snapshot",
        "read jobs",
        "read inputs",
        "look at the inbox",
        "order a pool",
        "make a ticket",
        "read a ticket",
        "read the mark",
        "read what checks found",
        "add a webhook",
        "read webhooks",
        "read one webhook",
        "look at the webhooks",
        "follow webhooks",
        "say how a webhook went",
        "take deliveries",
        "acknowledge deliveries",
        "acknowledge deliveries, in the next form",
        "put a delivery aside",
    },
    ORCHESTRATOR: {
        "take inputs",
        "acknowledge inputs",
        "acknowledge inputs, in the next form",
        "append to the log",
        "save a snapshot",
        "tell a fact",
        "put an input aside",
        "read the mark",
        "look at the log",
        "read the log",
        "read a commit",
        "read a snapshot",
    },
    SCHEDULER: LOG
    | {
        "send a job",
        "cancel a job",
        "say that it is time",
        "lead",
        "read the log",
        "read a commit",
        "read a snapshot",
        "purge the log",
        "purge a snapshot",
        "make the jobs",
        "change the jobs",
        "make the progress",
        "make a pool",
        "make the bucket of leaders",
        "make the tickets",
        "make the bucket of limits",
        "say what is ready",
        "move the mark",
        "note what is to be done",
        "read the mark",
        "read inputs",
        "keep a schedule",
        "read what checks found",
        "forget a schedule",
        "read webhooks",
        "read one webhook",
        "look at the webhooks",
        "forget how a webhook went",
        "announce",
        "note what is announced",
        "make a consumer of deliveries",
        "delete a consumer of deliveries",
        "drop deliveries",
    },
    OUTSIDE: LOG | {"command a rerun", "command a cancel", "ask the api"},
    **{
        phase: {
            f"report on {phase}",
            f"be present in {phase}",
            f"take jobs of {phase}",
            f"acknowledge jobs of {phase}",
            f"follow cancellations of {phase}",
            f"follow orders to {phase}",
            "tell progress",
            "put a job aside",
            "share a limit",
            "read a limit",
        }
        | (CHECKS if phase == "phase0" else set())
        for phase in PHASES
    },
}

EARS = [
    "reprise.v1.log.*",
    "reprise.v1.cmd.>",
    "reprise.v1.done.>",
    "reprise.v1.job.>",
    "reprise.v1.control.>",
    "reprise.v1.progress.>",
    "reprise.v1.presence.*.*",
    "reprise.v1.backlog",
    "reprise.v1.api.*",
    "reprise.v1.dlq.>",
    "reprise.v1.>",
    "$JS.>",
    "$KV.>",
    "$SYS.>",
    "_INBOX.>",
    *(f"{inbox_of(role)}.>" for role in (*SERVICES, OUTSIDE)),
    ">",
]
HEARS = {
    **{role: {f"_INBOX_{role}.>"} for role in SERVICES},
    GATEWAY: {
        "_INBOX_gateway.>",
        "reprise.v1.progress.>",
        "reprise.v1.presence.*.*",
        "reprise.v1.backlog",
        "reprise.v1.api.*",
    },
    SCHEDULER: {"_INBOX_scheduler.>", "reprise.v1.presence.*.*"},
    OUTSIDE: {"_INBOX_outside.>", "_INBOX.>", "reprise.v1.progress.>"},
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """A server on which everyone has a user."""
    passwords = {role: secrets.token_urlsafe(12) for role in ROLES}
    with NatsServer(tmp_path_factory.mktemp("nats"), sync_always=False, passwords=passwords) as server:
        assert isinstance(server, NatsServer)
        yield server


@pytest.fixture
async def declared(server: NatsServer) -> Settings:
    """Every stream, made by the operator."""
    settings = Settings(nats=server.settings(ADMIN))
    client = await connect(settings.nats, "bootstrap")
    await topology.open_bus(client, settings)
    await client.close()
    return settings


async def refused(server: NatsServer, role: str, deeds: dict[str, str], *, listening: bool) -> set[str]:
    """Which of the deeds the server refuses to a role, by its own word."""
    violations: list[str] = []

    async def heard(error: Exception) -> None:
        violations.append(str(error))

    own = server.settings(role)
    assert own.password is not None
    client: Client = await nats.connect(
        own.url,
        user=role,
        password=own.password.get_secret_value(),
        error_cb=heard,
        inbox_prefix=inbox_of(role),
    )
    for subject in deeds.values():
        if listening:
            await client.subscribe(subject)
        else:
            await client.publish(subject, b"")
    await client.request(WHO_AM_I)  # the server answers in order: what it refuses it has said by now
    await client.close()
    return {
        deed
        for deed, subject in deeds.items()
        if any(f'"{subject.lower()}"' in violation for violation in violations)
    }


@pytest.mark.parametrize("role", MAY)
async def test_a_user_may_do_what_its_service_does_and_nothing_else(
    server: NatsServer, declared: Settings, role: str
) -> None:
    """Every deed that is not the role's own is refused."""
    assert set(DEEDS) - await refused(server, role, DEEDS, listening=False) == MAY[role]


@pytest.mark.parametrize("role", HEARS)
async def test_a_user_hears_what_it_needs_and_nothing_else(
    server: NatsServer, declared: Settings, role: str
) -> None:
    """Nobody hears another one's answers."""
    ears = {subject: subject for subject in EARS}
    assert set(ears) - await refused(server, role, ears, listening=True) == HEARS[role]


async def test_what_is_kept_in_memory_is_the_schedulers_to_make_again(
    server: NatsServer, declared: Settings
) -> None:
    """After a restart of the server its memory is empty: the one service that may make those streams again
    does, and nobody else can."""
    admin = await connect(declared.nats, "admin")
    as_admin = await topology.open_bus(admin, declared, declare=False)
    lost = topology.in_memory(declared)
    assert s.JOBS in lost
    for name in lost:
        await as_admin.api(f"STREAM.DELETE.{name}")
    for role, keeper in (("phase3", False), (SCHEDULER, True)):
        client = await connect(server.settings(role), role)
        bus = await topology.open_bus(
            client, declared.model_copy(update={"nats": server.settings(role)}), declare=False, keeper=keeper
        )
        await bus.restore()
        await client.close()
        missing = {drift.name for drift in await topology.ensure(as_admin, declared, repair=False)}
        assert missing >= lost if role == "phase3" else missing == set()
    await admin.close()


async def test_a_wrong_password_is_no_user(server: NatsServer) -> None:
    """The server lets nobody in by a name alone."""
    wrong = server.settings(SCHEDULER).model_copy(
        update={"password": SecretStr("guessed"), "connect_timeout": 0.5}
    )
    with pytest.raises(Refused):
        await connect(wrong, "test")


async def test_what_is_refused_is_said_at_once(server: NatsServer, declared: Settings) -> None:
    """The server drops in silence what it refuses: whoever waits for an answer hears of it from the
    connection, not from a time-out."""
    client = await connect(server.settings("phase1"), "test")
    bus = await topology.open_bus(client, declared.model_copy(update={"nats": server.settings("phase1")}))
    started = time.monotonic()
    with pytest.raises(NotPermitted, match=r"reprise\.v1\.done\.phase2"):
        await bus.publish(s.report("S-1", "phase2"), b"{}", stream=s.INBOX)
    assert time.monotonic() - started < 1.0
    await client.close()


async def test_an_outside_system_follows_the_log_without_a_name(
    server: NatsServer, declared: Settings
) -> None:
    """On a server of ours a connection without credentials is an outside system: it reads commits, and gives
    commands."""
    admin = await connect(declared.nats, "admin")
    as_admin = await topology.open_bus(admin, declared, declare=False)
    await as_admin.publish(s.log("followed"), b"a commit", stream=s.SESSIONS)
    client = await connect(server.settings(), "other system")
    bus = await topology.open_bus(client, declared.model_copy(update={"nats": server.settings(OUTSIDE)}))
    async with OrderedConsumer(bus, s.SESSIONS, s.log("followed")) as log:
        assert (await anext(log)).data == b"a commit"
    assert await bus.publish(s.command("s1", "rerun"), b"{}", stream=s.INBOX) > 0
    subscription = await client.jetstream().subscribe(
        s.log("followed"), ordered_consumer=True
    )  # as any program would
    assert (await subscription.next_msg(2)).data == b"a commit"
    await client.close()
    await admin.close()
