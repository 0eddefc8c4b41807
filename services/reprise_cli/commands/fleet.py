"""`reprise tag`, and `reprise refresh`, of one session or of many."""

from collections.abc import Mapping
from typing import Annotated

import typer
from pydantic import ValidationError
from rich.table import Table
from rich.text import Text

from reprise_cli.client.node_lines import node_list
from reprise_cli.commands.reruns import CommandIdOption, Running, SessionArgument, run_again
from reprise_cli.commands.selecting import Wanted
from reprise_cli.errors import CommandFailed, Refused, UsageError
from reprise_cli.terminal import Terminal
from reprise_contracts.commands import RefreshCall
from reprise_contracts.fleet import FleetPreview, FleetReceipt, RefreshAllCall
from reprise_contracts.problems.model import Problem
from reprise_contracts.wire import explain

SHOWN = 40
"""Sessions of a preview that are shown one by one."""
OTHER_PREVIEW = Problem(
    type="plan_changed",
    field="plan_token",
    detail="This is not what would happen now: a session has changed since the preview, or it was one of "
    "other options.",
    action="Look at the preview above, and give its token (`--dry-run` prints it).",
    retryable=True,
)
_LEFT_OUT = {
    "running": "a run is active in it",
    "begun": "this command has begun it already",
    "locked": "what is out of date in it is locked",
    "waits": "nothing of what is out of date in it can run",
    "ceiling": "the ceiling does not reach to it",
    "too_many": "one command takes no more sessions",
    "refused": "it is refused",
}


def tag(
    terminal: Terminal,
    session: SessionArgument,
    tags: Annotated[
        list[str] | None, typer.Argument(metavar="[TAG]...", help="Tags to add.", show_default=False)
    ] = None,
    remove: Annotated[
        list[str] | None,
        typer.Option("--remove", "-r", metavar="TAG", help="A tag to take away.", show_default=False),
    ] = None,
    command_id: CommandIdOption = None,
) -> None:
    """Add tags to a session, and take some away; with none, show them."""
    with terminal.client() as client:
        if tags or remove:
            client.tag(session, add=tags or (), remove=remove or (), command_id=command_id)
        now = client.state(session).tags
    terminal.answer({"session_id": session, "tags": list(now)}, " ".join(now) or "No tags.")


def refresh(
    terminal: Terminal,
    session: Annotated[
        str | None, typer.Argument(metavar="[SESSION]", help="The session.", show_default=False)
    ] = None,
    *,
    every: Annotated[
        bool, typer.Option("--all", help="All sessions in which something is stale or has failed.")
    ] = False,
    stop: Annotated[
        str | None,
        typer.Option(
            "--stop", metavar="COMMAND", help="Stop what this refresh of all has begun.", show_default=False
        ),
    ] = None,
    wanted: Wanted,
    asked: Running,
) -> None:
    """Run everything that is stale or not completed, and nothing else: in one session, or with --all in many
    (all in which something is stale or has failed, or those that the options name), under one ceiling
    (--max-tokens)."""
    narrowed = wanted != Wanted()
    if (session is not None) + every + (stop is not None) != 1 or (narrowed and not every):
        raise UsageError("Name a session, or say --all with what narrows it, or --stop with a command.")
    if stop is not None:
        _stop_all(terminal, stop)
    elif session is not None:
        run_again(terminal, RefreshCall, session, {}, asked)
    else:
        for_one = Running(
            max_tokens=asked.max_tokens,
            dry_run=asked.dry_run,
            plan_token=asked.plan_token,
            command_id=asked.command_id,
            yes=asked.yes,
        )
        if asked != for_one:
            raise UsageError(
                "With --all say --max-tokens, --dry-run, --plan-token, --command-id and --yes alone."
            )
        _refresh_all(terminal, wanted.fields(), asked)


def _refresh_all(terminal: Terminal, named: Mapping[str, object], asked: Running) -> None:
    """Show what a refresh of many sessions would do as a whole, ask, and do that and nothing else."""
    named = {**named, "max_tokens": asked.max_tokens, "command_id": asked.command_id}
    try:
        call = RefreshAllCall.model_validate(named)
    except ValidationError as error:
        raise UsageError(explain(error, "the options")) from error
    with terminal.client() as client:
        preview = client.preview_all(call)
        if asked.dry_run or not preview.sessions:
            terminal.answer(preview.model_dump(mode="json"), shown(preview))
            if preview.sessions and not terminal.tty:
                terminal.say(f"plan token: {preview.plan_token}")
            return
        terminal.say(shown(preview))
        if asked.plan_token not in {None, preview.plan_token}:
            raise Refused.by(OTHER_PREVIEW)
        yes = asked.yes or asked.plan_token is not None
        terminal.confirm(f"Run this in {_sessions(len(preview.sessions))}?", usually=True, yes=yes)
        receipt = client.refresh_all(preview, command_id=asked.command_id)
    _told(terminal, receipt, "begun or waiting")
    terminal.say(f"Stop all of it with: reprise refresh --stop {receipt.command_id}")


def _stop_all(terminal: Terminal, command_id: str) -> None:
    """Stop what such a refresh has begun."""
    with terminal.client() as client:
        receipt = client.cancel_all(command_id)
    if not receipt.sessions:
        terminal.answer(receipt.model_dump(mode="json"), "Nothing of it runs or waits.")
        return
    _told(terminal, receipt, "told to stop")


def _told(terminal: Terminal, receipt: FleetReceipt, word: str) -> None:
    refused = [one for one in receipt.sessions if one.problem is not None]
    done = len(receipt.sessions) - len(refused)
    terminal.answer(receipt.model_dump(mode="json"), f"{_sessions(done)} {word}, as {receipt.command_id}.")
    for one in refused:
        if one.problem is not None:
            terminal.say(f"  {one.session_id}: {one.problem.detail} {one.problem.action}")
    if refused and not done:
        raise CommandFailed("No session took it.", "Ask again: the reasons are above.")


def _sessions(count: int) -> str:
    return f"{count} session{'' if count == 1 else 's'}"


def shown(preview: FleetPreview) -> Table:
    """What would be done in each, what is left out, and what all of it cost last time."""
    table = Table(box=None, pad_edge=False, show_header=False)
    for share in preview.sessions[:SHOWN]:
        run, may_run = (share.plan.run, share.plan.may_run) if share.plan is not None else ((), ())
        may = f"; may run {node_list(may_run)}" if may_run else ""
        part = f", at most {share.max_tokens} tokens" if share.max_tokens else ""
        never = share.plan.estimate.never_run if share.plan is not None else ()
        part += f"; never run yet: {node_list(never)}" if never else ""
        table.add_row(
            Text(share.session_id, style="cyan"),
            Text(share.topic),
            Text(f"run {node_list(run)}{may}{part}"),
        )
    if len(preview.sessions) > SHOWN:
        table.add_row(Text(f"… {len(preview.sessions) - SHOWN} more", style="dim"), "", "")
    for left in preview.left_out:
        said = f"{left.problem.detail} {left.problem.action}" if left.problem is not None else ""
        why = said.replace(" SESSION ", f" {left.session_id} ") or _LEFT_OUT[left.reason]
        table.add_row(Text(left.session_id, style="yellow"), Text(left.topic), Text(f"left out: {why}"))
    estimate = preview.estimate
    cost = f"{estimate.seconds:.0f} s and {estimate.tokens} tokens"
    most = f", at most {estimate.most_seconds:.0f} s and {estimate.most_tokens} tokens"
    ceiling = f"; together at most {preview.max_tokens} tokens" if preview.max_tokens else ""
    unknown = f", without what has never run in {preview.unknown} of them" if preview.unknown else ""
    summary = f"last time {cost}{most}{unknown}{ceiling}" if preview.sessions else "nothing has to run"
    table.add_row(Text(_sessions(len(preview.sessions)), style="bold"), "", Text(summary))
    return table
