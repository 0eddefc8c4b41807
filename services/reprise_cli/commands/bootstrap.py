"""`reprise bootstrap`: streams, consumers, bucket and users on the servers that the environment names, or
what drifted from them."""

import asyncio
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from reprise_cli.commands.backup import with_servers
from reprise_cli.errors import FAILED, CommandFailed, NoServer
from reprise_cli.terminal import Terminal
from reprise_runtime.errors import NoRoom, RepriseError, Retryable
from reprise_runtime.logs import setup
from reprise_runtime.nats.rights import users_conf
from reprise_runtime.operate.servers import OWN_BINARIES, inspect_binary
from reprise_runtime.roles import ROLES
from reprise_runtime.s3.rights import policies
from reprise_runtime.settings import Settings, from_environment

if TYPE_CHECKING:
    from reprise_runtime.nats.topology import Drift
    from reprise_runtime.operate.seaweed import Seaweed

CheckOption = Annotated[
    bool, typer.Option("--check", help="Change nothing; exit 1 if anything is missing or drifted.")
]
WaitOption = Annotated[
    float, typer.Option("--wait", metavar="SECONDS", help="How long to wait for servers that are starting.")
]
NatsUsersOption = Annotated[
    bool,
    typer.Option(
        "--nats-users",
        help="Print the users for the configuration of nats-server, their passwords as variables, and end.",
    ),
]
StoreFilesOption = Annotated[
    Path | None,
    typer.Option(
        "--store-files",
        metavar="FOLDER",
        help="Write what SeaweedFS starts from in a container of its own, and end: "
        "its options, its users, and the keys by which its parts know each other.",
    ),
]
S3PoliciesOption = Annotated[
    bool, typer.Option("--s3-policies", help="Print the policy of each user of the object store, and end.")
]


AcceptOption = Annotated[
    bool,
    typer.Option(
        "--accept-log", help="Go on with a log that has gone back, as it is: its positions count anew."
    ),
]


def bootstrap(
    terminal: Terminal,
    *,
    check: CheckOption = False,
    wait: WaitOption = 0.0,
    nats_users: NatsUsersOption = False,
    s3_policies: S3PoliciesOption = False,
    store_files: StoreFilesOption = None,
    accept_log: AcceptOption = False,
) -> None:
    """Make streams, consumers, bucket and users, and tell what drifted. Can be repeated at any time."""
    if nats_users:
        print(variable_users(), end="")
        return
    if s3_policies:
        print(json.dumps(policies(from_environment().s3.bucket), indent=2))
        return
    if store_files is not None:
        container_store(from_environment(), store_files).write()
        terminal.answer({"folder": str(store_files)}, f"SeaweedFS starts from {store_files}.")
        return
    settings = terminal.operator_settings()
    if accept_log:
        from reprise_runtime.operate.mark_keeper import accept  # noqa: PLC0415 - with what else the command needs

        mark = with_servers(
            settings, lambda bus, store: accept(bus, store, datetime.now(UTC), new_epoch=True)
        )
        terminal.answer(
            mark.model_dump(mode="json"),
            f"The log is trusted as it is: it stands at {mark.last_seq}. Everything goes on.",
        )
        return
    found = _run(settings, terminal, repair=not check, wait=wait)
    open_still = [drift for drift in found if not drift.repaired]
    table = Table(box=None, pad_edge=False, show_header=False)
    for drift in found:
        table.add_row("done" if drift.repaired else "drift", drift.name, drift.setting, _told(drift))
    if "REPRISE_NATS__URL" not in os.environ:  # the servers are those of this machine's stack
        for name in OWN_BINARIES:
            terminal.say(f"{name} {inspect_binary(name)}")
    terminal.answer(
        {"drift": [_document(drift) for drift in found]}, table if found else "Everything is as declared."
    )
    if open_still:
        raise typer.Exit(FAILED)


def variable_users() -> str:
    """Every user with its password as a variable of the server's environment."""
    return users_conf({role: f"$REPRISE_SECRETS__{role.upper()}" for role in ROLES})


def container_store(settings: Settings, folder: Path) -> "Seaweed":
    """SeaweedFS in a container that answers to the host of `s3.endpoint`, keeps its objects in /data, and
    speaks TLS with a certificate in /etc/reprise/store where `s3.secure` says so."""
    from reprise_runtime.operate.seaweed import PORTS, Seaweed  # noqa: PLC0415 - as below

    host, _, port = settings.s3.endpoint.partition(":")
    certificates = Path("/etc/reprise/store")
    return Seaweed(
        folder=folder,
        data=Path("/data"),
        sockets=Path("/tmp"),  # noqa: S108 - the container's own
        keys=(settings.s3.access_key, settings.s3.secret_key.get_secret_value()),
        bucket=settings.s3.bucket,
        users={role: secret.get_secret_value() for role, secret in settings.secrets.items()},
        host=host,
        bind="0.0.0.0",  # noqa: S104 - the network of the containers
        ports=PORTS | {"s3.port": int(port)},
        certificate=(certificates / "server.pem", certificates / "server.key")
        if settings.s3.secure
        else None,
    )


def _run(settings: Settings, terminal: Terminal, *, repair: bool, wait: float) -> "list[Drift]":
    from reprise_runtime.nats.jetstream import ApiError  # noqa: PLC0415 - as above
    from reprise_runtime.operate import bootstrap as there  # noqa: PLC0415 - the clients of both servers are loaded by the command that needs them

    setup(settings.log.model_copy(update={"level": "error"}), "bootstrap")
    try:
        return asyncio.run(
            there.patiently(lambda: there.bootstrap(settings, repair=repair), wait, terminal.say)
        )
    except NoRoom as error:
        raise CommandFailed(
            str(error), "Make room, then run it again: it makes what is still missing."
        ) from error
    except Retryable as error:
        raise NoServer(f"{settings.nats.url} and {settings.s3.endpoint}", str(error)) from error
    except (RepriseError, ApiError) as error:
        raise CommandFailed(f"A server said: {error}", "Use the operator's user and keys.") from error


def _told(drift: "Drift") -> str:
    if drift.repaired and drift.found is None:
        return drift.declared if isinstance(drift.declared, str) else "created"
    if drift.problem and not drift.setting:
        return drift.problem
    return f"{json.dumps(drift.found)} → {json.dumps(drift.declared)} {drift.problem}".rstrip()


def _document(drift: "Drift") -> dict[str, object]:
    return {
        "name": drift.name,
        "setting": drift.setting,
        "found": drift.found,
        "declared": drift.declared,
        "repaired": drift.repaired,
        "problem": drift.problem,
    }
