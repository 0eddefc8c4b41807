"""The composition root: every command of `reprise` by its name."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from reprise_cli.lazy import group_of
from reprise_cli.terminal import JsonOption, ServerOption, StateDirOption, TokenOption

COMMANDS = {
    "up": "up:up",
    "research": "research:research",
    "status": "inspect:status",
    "watch": "inspect:watch",
    "watch-source": "watching:watch_source",
    "impact": "impact:impact",
    "rerun": "",
    "refresh": "fleet:refresh",
    "accept": "reruns:accept",
    "ask": "ask:ask",
    "lock": "reruns:lock",
    "unlock": "reruns:unlock",
    "fork": "reruns:fork",
    "tag": "fleet:tag",
    "cancel": "cancel:cancel",
    "report": "inspect:report",
    "check": "check:check",
    "compare": "compare:compare",
    "export": "replay:export",
    "import": "replay:import_bundle",
    "replay": "replay:replay",
    "list": "inspect:listing",
    "end": "cancel:end",
    "webhook": "",
    "mcp": "mcp:mcp",
    "workers": "workers:workers",
    "doctor": "doctor:doctor",
    "fsck": "fsck:fsck",
    "token": "token:token",
    "bootstrap": "bootstrap:bootstrap",
    "backup": "backup:backup",
    "restore": "backup:restore",
    "dlq": "",
}
"""Each command in the order of the help, and the function in `reprise_cli.commands` that is its body; a group
of commands has none."""
RERUN = {"phase": "reruns:rerun_phase", "step": "reruns:rerun_step"}
WEBHOOKS = {
    "add": "webhook:add",
    "list": "webhook:listing",
    "remove": "webhook:remove",
    "replay": "webhook:replay",
}
LETTERS = {"list": "dlq:listing", "show": "dlq:show", "replay": "dlq:replay", "drop": "dlq:drop"}

app = typer.Typer(
    cls=group_of(COMMANDS),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Deep research that can be played again.",
)
rerun = typer.Typer(cls=group_of(RERUN), no_args_is_help=True, help="Run a phase or steps again.")
webhooks = typer.Typer(
    cls=group_of(WEBHOOKS), no_args_is_help=True, help="Addresses that are told of what happens."
)
letters = typer.Typer(
    cls=group_of(LETTERS), no_args_is_help=True, help="Messages that nobody could understand."
)
app.add_typer(rerun, name="rerun")
app.add_typer(webhooks, name="webhook")
app.add_typer(letters, name="dlq")


def show_version(asked: bool) -> None:
    """`--version` prints and ends."""
    if asked:
        from reprise_cli.commands.doctor import version  # noqa: PLC0415 - loads what the doctor needs

        print(version())
        raise typer.Exit


@app.callback()
def common(
    ctx: typer.Context,
    *,
    server: ServerOption = None,
    token: TokenOption = None,
    state_dir: StateDirOption = None,
    as_json: JsonOption = False,
    version: Annotated[
        bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Deep research that can be played again."""
    ctx.obj = {"server": server, "token": token, "state_dir": state_dir, "as_json": as_json}


def run(arguments: Sequence[str]) -> int:
    """Run one command; gives its exit code."""
    try:
        app(list(arguments), prog_name="reprise")
    except SystemExit as leaving:
        return leaving.code if isinstance(leaving.code, int) else 0 if leaving.code is None else 1
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return 130
    return 0
