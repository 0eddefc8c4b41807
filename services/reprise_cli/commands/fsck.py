"""`reprise fsck`: whether the object store has what the log names, and the other way round."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Group
from rich.table import Table

from reprise_cli.commands.backup import with_servers
from reprise_cli.terminal import Terminal

if TYPE_CHECKING:
    from reprise_runtime.operate.fsck import Findings

RepairOption = Annotated[
    bool,
    typer.Option(
        "--repair", help="Record what is lost, so that it can be made again, and delete what no log names."
    ),
]
QuickOption = Annotated[
    bool, typer.Option("--quick", help="Look whether each object is there in its size, without reading it.")
]
SHOWN = 200


def fsck(terminal: Terminal, *, repair: RepairOption = False, quick: QuickOption = False) -> None:
    """Check every object that the log names, while the system works. Ends with 1 if something is lost."""
    from reprise_runtime.nats.session_log import NatsSessionLog  # noqa: PLC0415 - with what else the command needs
    from reprise_runtime.operate.fsck import check_all  # noqa: PLC0415 - the clients of both servers are loaded by the command that needs them

    settings = terminal.operator_settings()
    found = with_servers(
        settings,
        lambda bus, store: check_all(
            NatsSessionLog(bus), store, bus, repair=repair, read=not quick, say=terminal.err.print
        ),
    )
    terminal.answer(asdict(found) | {"repaired": repair}, _told(found, repair))
    if found.losses or found.strange or found.unreadable:
        raise typer.Exit(1)


def _told(found: "Findings", repair: bool) -> Group:
    lines: list[str | Table] = [f"{found.objects} objects of {found.sessions} sessions were looked at."]
    if found.losses:
        table = Table(box=None, pad_edge=False)
        for title in ("session", "node", "what", "object"):
            table.add_column(title, overflow="fold")
        for loss in found.losses[:SHOWN]:
            table.add_row(loss.session_id, loss.node, "damaged" if loss.damaged else "missing", loss.key)
        lines.append(
            f"{len(found.losses)} are lost" + (", the first of them:" if len(found.losses) > SHOWN else ":")
        )
        lines.append(table)
        lines.append(
            "Their sessions record it; a refresh makes them again."
            if repair
            else "Run it with --repair, and their sessions record it; a refresh then makes them again. Or "
            "restore a backup."
        )
    if found.unnamed:
        lines.append(
            f"{len(found.unnamed)} objects are named by no log; "
            f"{'they were deleted' if repair else '--repair deletes them'}."
        )
    for batch_id, count in list(found.strange.items())[:SHOWN]:
        lines.append(
            f"The log knows nothing of batch {batch_id}, of which the store has {count} objects: the log may "
            "have lost it."
        )
    lines += [
        f"The log of {session_id} cannot be read by this version." for session_id in found.unreadable[:SHOWN]
    ]
    if not (found.losses or found.unnamed or found.strange or found.unreadable):
        lines.append("Nothing is lost, and nothing is there that no log names.")
    return Group(*lines)
