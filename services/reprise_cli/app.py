"""The composition root: every command of `reprise` by its name."""

import sys
from collections.abc import Sequence
from typing import Annotated

import typer

from reprise_cli.commands import backup, bootstrap, cancel, dlq, doctor, fsck, inspect, replay, reruns, research, token, up, workers
from reprise_cli.terminal import JsonOption, ServerOption, StateDirOption, TokenOption, command

app = typer.Typer(
    no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Deep research that can be played again."
)
rerun = typer.Typer(no_args_is_help=True, help="Run a phase or steps again.")
letters = typer.Typer(no_args_is_help=True, help="Messages that nobody could understand.")
app.add_typer(rerun, name="rerun")
app.add_typer(letters, name="dlq")


def show_version(asked: bool) -> None:
    """`--version` prints and ends."""
    if asked:
        print(doctor.version())
        raise typer.Exit


@app.callback()
def common(
    ctx: typer.Context,
    *,
    server: ServerOption = None,
    token: TokenOption = None,
    state_dir: StateDirOption = None,
    as_json: JsonOption = False,
    version: Annotated[bool, typer.Option("--version", callback=show_version, is_eager=True, help="Print the version.")] = False,
) -> None:
    """Deep research that can be played again."""
    ctx.obj = {"server": server, "token": token, "state_dir": state_dir, "as_json": as_json}


command(app, "up")(up.up)
command(app, "research")(research.research)
command(app, "status")(inspect.status)
command(app, "watch")(inspect.watch)
command(rerun, "phase")(reruns.rerun_phase)
command(rerun, "step")(reruns.rerun_step)
command(app, "refresh")(reruns.refresh)
command(app, "accept")(reruns.accept)
command(app, "cancel")(cancel.cancel)
command(app, "report")(inspect.report)
command(app, "export")(replay.export)
command(app, "replay")(replay.replay)
command(app, "list")(inspect.listing)
command(app, "end")(cancel.end)
command(app, "workers")(workers.workers)
command(app, "doctor")(doctor.doctor)
command(app, "fsck")(fsck.fsck)
command(app, "token")(token.token)
command(app, "bootstrap")(bootstrap.bootstrap)
command(app, "backup")(backup.backup)
command(app, "restore")(backup.restore)
command(letters, "list")(dlq.listing)
command(letters, "show")(dlq.show)
command(letters, "replay")(dlq.replay)
command(letters, "drop")(dlq.drop)


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
