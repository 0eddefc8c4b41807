"""`reprise rerun phase|step` and `reprise refresh`: preview, ask, run."""

from collections.abc import Mapping
from typing import Annotated

import typer

from reprise_cli import render
from reprise_cli.client import Client
from reprise_cli.research import (
    AllowPartialOption,
    EngineOption,
    Following,
    FollowOption,
    GuidanceOption,
    ModelOption,
    StopAfterOption,
    finish,
)
from reprise_cli.terminal import Terminal
from reprise_contracts.commands import IfRunning, Options
from reprise_contracts.nodes import Phase

SessionArgument = Annotated[str, typer.Argument(metavar="SESSION", help="The session.", show_default=False)]
PhaseArgument = Annotated[Phase, typer.Argument(metavar="PHASE", help="phase0 to phase4.", show_default=False)]
StepsArgument = Annotated[list[int], typer.Argument(metavar="STEP...", min=1, help="Numbers of the plan's steps.", show_default=False)]
MarkStaleOption = Annotated[bool, typer.Option("--mark-stale", help="Run only what is named; what is below becomes stale.")]
ForceOption = Annotated[bool, typer.Option("--force", help="Run everything below, changed or not.")]
RefetchOption = Annotated[bool, typer.Option("--refetch", help="Ask the sources again; failed ones too.")]
IfRunningOption = Annotated[IfRunning, typer.Option("--if-running", help="What to do when a run is active.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would run, and run nothing.")]
PlanTokenOption = Annotated[str | None, typer.Option("--plan-token", help="Run only what this preview said.", show_default=False)]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def rerun_phase(
    terminal: Terminal,
    session: SessionArgument,
    phase: PhaseArgument,
    *,
    mark_stale: MarkStaleOption = False,
    force: ForceOption = False,
    refetch: RefetchOption = False,
    guidance: GuidanceOption = None,
    engine: EngineOption = None,
    model: ModelOption = None,
    if_running: IfRunningOption = "queue",
    allow_partial: AllowPartialOption = False,
    stop_after: StopAfterOption = None,
    dry_run: DryRunOption = False,
    plan_token: PlanTokenOption = None,
    yes: YesOption = False,
    follow: FollowOption = False,
) -> None:
    """Run a phase again, and what is below it."""
    options = Options(
        propagation="mark_stale" if mark_stale else "cascade", force=force, refetch=refetch, guidance=guidance, engine=engine, model=model,
        if_running=if_running, allow_partial=allow_partial, stop_after=stop_after, dry_run=dry_run, plan_token=plan_token,
    )  # fmt: skip
    again(terminal, "/workflow/restart/phase", session, {"phase": phase}, options, yes=yes, follow=follow)


def rerun_step(
    terminal: Terminal,
    session: SessionArgument,
    steps: StepsArgument,
    *,
    mark_stale: MarkStaleOption = False,
    force: ForceOption = False,
    refetch: RefetchOption = False,
    guidance: GuidanceOption = None,
    engine: EngineOption = None,
    model: ModelOption = None,
    if_running: IfRunningOption = "queue",
    allow_partial: AllowPartialOption = False,
    stop_after: StopAfterOption = None,
    dry_run: DryRunOption = False,
    plan_token: PlanTokenOption = None,
    yes: YesOption = False,
    follow: FollowOption = False,
) -> None:
    """Run steps of the plan again, and what is below them."""
    options = Options(
        propagation="mark_stale" if mark_stale else "cascade", force=force, refetch=refetch, guidance=guidance, engine=engine, model=model,
        if_running=if_running, allow_partial=allow_partial, stop_after=stop_after, dry_run=dry_run, plan_token=plan_token,
    )  # fmt: skip
    again(terminal, "/workflow/restart/step", session, {"step_ids": steps}, options, yes=yes, follow=follow)


def refresh(
    terminal: Terminal,
    session: SessionArgument,
    *,
    if_running: IfRunningOption = "queue",
    allow_partial: AllowPartialOption = False,
    stop_after: StopAfterOption = None,
    dry_run: DryRunOption = False,
    plan_token: PlanTokenOption = None,
    yes: YesOption = False,
    follow: FollowOption = False,
) -> None:
    """Run everything that is stale or not completed, and nothing else."""
    options = Options(if_running=if_running, allow_partial=allow_partial, stop_after=stop_after, dry_run=dry_run, plan_token=plan_token)
    again(terminal, "/workflow/refresh", session, {}, options, yes=yes, follow=follow)


def again(
    terminal: Terminal, path: str, session_id: str, target: Mapping[str, object], options: Options, *, yes: bool, follow: bool
) -> None:
    """Send one rerun; on a terminal show what it would do first, and hold the server to it."""
    with terminal.client() as client:
        state = client.state(session_id)
        body = {"batch_id": state.batch_id, "session_id": session_id, **target}
        if options.dry_run:
            answer = client.preview(path, body, options)
            terminal.answer(answer.model_dump(mode="json"), render.preview(answer))
            if answer.plan_token and not terminal.tty:
                terminal.say(f"plan token: {answer.plan_token}")
            return
        if terminal.asks and not yes and options.plan_token is None:
            options = agreed(terminal, client, path, body, options)
        receipt = client.rerun(path, body, options)
        if follow:
            finish(terminal, client, Following(state.batch_id, session_id, state.topic, receipt.command_id, receipt.run_id, state))
            return
        place = f" at place {receipt.position}" if receipt.position else ""
        said = f"{receipt.status.capitalize()}{place}: run {receipt.run_id or 'to be named'}, command {receipt.command_id}"
        terminal.answer(receipt.model_dump(mode="json"), said)
        if receipt.plan is not None and receipt.plan.run:
            terminal.say(f"Runs {render.listed(receipt.plan.run)}")
        terminal.say(f"Follow it with: reprise watch {session_id}")


def agreed(terminal: Terminal, client: Client, path: str, body: Mapping[str, object], options: Options) -> Options:
    """The options with the token of a preview that the user agreed to."""
    answer = client.preview(path, body, options)
    terminal.say(render.preview(answer))
    if not terminal.confirm("Run this?"):
        terminal.say("Nothing was run.")
        raise typer.Exit(1)
    return options.model_copy(update={"plan_token": answer.plan_token})
