"""`reprise cancel` and `reprise end`."""

from typing import Annotated

import typer

from reprise_cli.commands.reruns import CommandIdOption, SessionArgument, YesOption
from reprise_cli.errors import UsageError
from reprise_cli.terminal import Terminal
from reprise_contracts.nodes import Phase


def cancel(
    terminal: Terminal,
    session: SessionArgument,
    run: Annotated[str | None, typer.Option("--run", help="This run only, a waiting one too.", show_default=False)] = None,
    phase: Annotated[Phase | None, typer.Option("--phase", help="This phase only.", show_default=False)] = None,
    step: Annotated[int | None, typer.Option("--step", min=1, help="This step only.", show_default=False)] = None,
    command_id: CommandIdOption = None,
) -> None:
    """Stop a run, a phase or a step; with none of them everything that runs or waits in the session."""
    named = {name: value for name, value in (("run_id", run), ("phase", phase), ("step_id", step)) if value is not None}
    if len(named) > 1:
        raise UsageError("Name at most one of --run, --phase and --step.")
    with terminal.client() as client:
        state = client.state(session)
        receipt = client.cancel({"batch_id": state.batch_id, "session_id": session, **named}, command_id)
    what = f"run {run}" if run else phase or (f"step {step}" if step else "everything in the session")
    idle = state.run is None and not state.queue
    said = "Nothing runs or waits in the session." if idle else f"Cancelling {what}. What completed is kept."
    terminal.answer(receipt.model_dump(mode="json"), said)


def end(
    terminal: Terminal,
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="The batch.", show_default=False)],
    delete: Annotated[bool, typer.Option("--delete", help="Remove its artifacts, downloads and logs too.")] = False,
    yes: YesOption = False,
) -> None:
    """End a batch for good: cancel what runs and take no more commands. Its results stay readable unless they are deleted."""
    terminal.confirm(f"Delete everything of {batch}?" if delete else f"End {batch} for good?", yes=yes)
    with terminal.client() as client:
        document = client.end(batch, delete=delete)
    terminal.answer(document or {"batch_id": batch, "ended": True, "deleted": delete}, f"{batch} is {'deleted' if delete else 'ended'}.")
