"""`reprise cancel` and `reprise end`."""

from typing import Annotated

import typer

from reprise_cli.commands.reruns import CommandIdOption, SessionArgument, YesOption
from reprise_cli.errors import UsageError
from reprise_cli.terminal import Terminal
from reprise_client import Client
from reprise_contracts.nodes import Phase


def cancel(
    terminal: Terminal,
    session: SessionArgument,
    run: Annotated[
        str | None, typer.Option("--run", help="This run only, a waiting one too.", show_default=False)
    ] = None,
    phase: Annotated[
        Phase | None, typer.Option("--phase", help="This phase only.", show_default=False)
    ] = None,
    step: Annotated[
        int | None, typer.Option("--step", min=1, help="This step only.", show_default=False)
    ] = None,
    command_id: CommandIdOption = None,
) -> None:
    """Stop a run, a phase or a step; with none of them everything that runs or waits in the session."""
    if sum(given is not None for given in (run, phase, step)) > 1:
        raise UsageError("Name at most one of --run, --phase and --step.")
    with terminal.client() as client:
        state = client.state(session)
        receipt = client.cancel(session, run_id=run, phase=phase, step_id=step, command_id=command_id)
    what = f"run {run}" if run else phase or (f"step {step}" if step else "everything in the session")
    idle = state.run is None and not state.queue
    said = "Nothing runs or waits in the session." if idle else f"Cancelling {what}. What completed is kept."
    terminal.answer(receipt.model_dump(mode="json"), said)


MANY = 20
"""Sessions that a question names."""


def what_ends_with(client: Client, batch: str, session: str | None, *, delete: bool) -> str:
    """What ends besides, or goes on: the sessions of a batch, and the forks of a session (R37)."""
    found = client.batch(batch).sessions
    if session is not None:
        forks = [one.session_id for one in found if one.fork and one.fork.session_id == session]
        kept = ", with what it shares" if delete else ""
        return "".join(f" Its fork {name} goes on{kept}." for name in forks[:MANY])
    named = [
        f"{one.session_id} (a fork of {one.fork.session_id})" if one.fork else one.session_id for one in found
    ]
    more = f" and {len(named) - MANY} more" if len(named) > MANY else ""
    return f" It has {len(named)} sessions: {', '.join(named[:MANY])}{more}." if len(named) > 1 else ""


def end(
    terminal: Terminal,
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="The batch.", show_default=False)],
    delete: Annotated[
        bool, typer.Option("--delete", help="Remove its artifacts, downloads and logs too.")
    ] = False,
    session: Annotated[
        str | None,
        typer.Option(
            "--session", metavar="SESSION", help="End this session of it alone.", show_default=False
        ),
    ] = None,
    yes: YesOption = False,
) -> None:
    """End a batch for good, or one session of it: cancel what runs and take no more commands. Its results
    stay readable unless they are deleted; what a fork shares stays with the fork."""
    ended = session or batch
    with terminal.client() as client:
        if session is not None and client.state(session).batch_id != batch:
            raise UsageError(f"{session} is no session of {batch}.")
        if not yes:
            told = what_ends_with(client, batch, session, delete=delete) if terminal.asks else ""
            question = f"Delete everything of {ended}?" if delete else f"End {ended} for good?"
            terminal.confirm(f"{question}{told}")
        view = (
            client.end(batch, delete=delete)
            if session is None
            else client.end_session(session, delete=delete)
        )
    terminal.answer(
        view.model_dump(mode="json"),
        f"{ended} is {'deleted' if delete else 'ended'}.",
    )
