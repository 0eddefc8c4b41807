"""`reprise rerun phase|step` and `reprise refresh`: preview, ask, run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import typer

from reprise_cli import render
from reprise_cli.client.client import Client
from reprise_cli.client.node_lines import node_list, node_name
from reprise_cli.commands.research import (
    AllowPartialOption,
    EngineOption,
    Following,
    FollowOption,
    GuidanceOption,
    LanguageOption,
    MaxSessionTokensOption,
    MaxTokensOption,
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
AskAgainOption = Annotated[
    bool | None,
    typer.Option("--ask-again/--no-ask-again", help="Ask a model what it has answered before; by default what you name does."),
]
RefetchOption = Annotated[bool, typer.Option("--refetch", help="Ask the sources again; failed ones too.")]
IfRunningOption = Annotated[IfRunning, typer.Option("--if-running", help="What to do when a run is active.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would run, and run nothing.")]
PlanTokenOption = Annotated[str | None, typer.Option("--plan-token", help="Run only what this preview said.", show_default=False)]
CommandIdOption = Annotated[
    str | None, typer.Option("--command-id", help="A name of your own: sent twice, it is done once.", show_default=False)
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask: needed where nobody can be, as in a script.")]


@dataclass(frozen=True, kw_only=True)
class Running:
    """What every command that makes a run takes."""

    if_running: IfRunningOption = "queue"
    allow_partial: AllowPartialOption = False
    stop_after: StopAfterOption = None
    max_tokens: MaxTokensOption = None
    max_session_tokens: MaxSessionTokensOption = None
    dry_run: DryRunOption = False
    plan_token: PlanTokenOption = None
    command_id: CommandIdOption = None
    yes: YesOption = False
    follow: FollowOption = False

    def options(self) -> Options:
        """What is sent."""
        return Options(
            if_running=self.if_running,
            allow_partial=self.allow_partial,
            stop_after=self.stop_after,
            max_tokens=self.max_tokens,
            max_session_tokens=self.max_session_tokens,
            dry_run=self.dry_run,
            plan_token=self.plan_token,
        )


@dataclass(frozen=True, kw_only=True)
class Rerunning(Running):
    """What a rerun of named parts takes besides."""

    mark_stale: MarkStaleOption = False
    force: ForceOption = False
    refetch: RefetchOption = False
    ask_again: AskAgainOption = None
    guidance: GuidanceOption = None
    engine: EngineOption = None
    model: ModelOption = None
    language: LanguageOption = None

    def options(self) -> Options:
        """What is sent."""
        own = {
            "propagation": "mark_stale" if self.mark_stale else "cascade",
            "force": self.force,
            "refetch": self.refetch,
            "ask_again": self.ask_again,
            "guidance": self.guidance,
            "engine": self.engine,
            "model": self.model,
            "language": self.language,
        }
        return super().options().model_copy(update=own)


def rerun_phase(terminal: Terminal, session: SessionArgument, phase: PhaseArgument, *, asked: Rerunning) -> None:
    """Run a phase again, and what is below it."""
    run_again(terminal, "restart_phase", session, {"phase": phase}, asked)


def rerun_step(terminal: Terminal, session: SessionArgument, steps: StepsArgument, *, asked: Rerunning) -> None:
    """Run steps of the plan again, and what is below them."""
    run_again(terminal, "restart_step", session, {"step_ids": steps}, asked)


def refresh(terminal: Terminal, session: SessionArgument, *, asked: Running) -> None:
    """Run everything that is stale or not completed, and nothing else."""
    run_again(terminal, "refresh", session, {}, asked)


def accept(
    terminal: Terminal,
    session: SessionArgument,
    node: Annotated[str, typer.Argument(metavar="NODE", help="phase2, or a step as phase3/4.", show_default=False)],
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why it is good enough.", show_default=False)],
    *,
    command_id: CommandIdOption = None,
) -> None:
    """Declare that a stale result is good enough for today's inputs; the next change makes it stale again."""
    with terminal.client() as client:
        state = client.state(session)
        body = {"batch_id": state.batch_id, "session_id": session, "node": node, "reason": reason}
        receipt = client.accept(body, command_id)
    terminal.answer(receipt.model_dump(mode="json"), f"{node_name(node)} is accepted as it is.")


def run_again(terminal: Terminal, kind: str, session_id: str, target: Mapping[str, object], asked: Running) -> None:
    """Send one rerun: show what it would do, ask, and hold the server to it; with `--yes` or a plan token run it at once."""
    options = asked.options()
    with terminal.client() as client:
        state = client.state(session_id)
        body = {"batch_id": state.batch_id, "session_id": session_id, **target}
        if options.dry_run:
            answer = client.preview(kind, body, options)
            terminal.answer(answer.model_dump(mode="json"), render.preview(answer))
            if answer.plan_token and not terminal.tty:
                terminal.say(f"plan token: {answer.plan_token}")
            return
        if not asked.yes and options.plan_token is None:
            options = confirm_preview(terminal, client, kind, body, options)
        receipt = client.rerun(kind, body, options, asked.command_id)
        if asked.follow:
            finish(terminal, client, Following(state.batch_id, session_id, state.topic, receipt.command_id, receipt.run_id, state))
            return
        if receipt.status == "completed" and receipt.plan is not None and not receipt.plan.run:
            terminal.answer(receipt.model_dump(mode="json"), "Nothing had to run: all of it is up to date.")
            return
        place = f" at place {receipt.position}" if receipt.position else ""
        said = f"{receipt.status.capitalize()}{place}: run {receipt.run_id or 'to be named'}, command {receipt.command_id}"
        terminal.answer(receipt.model_dump(mode="json"), said)
        if receipt.plan is not None and receipt.plan.run:
            terminal.say(f"Runs {node_list(receipt.plan.run)}")
        terminal.say(f"Follow it with: reprise watch {session_id}")


def confirm_preview(terminal: Terminal, client: Client, kind: str, body: Mapping[str, object], options: Options) -> Options:
    """The options with the token of a preview that the user agreed to. Raises `UsageError` where nobody can be asked."""
    answer = client.preview(kind, body, options)
    terminal.say(render.preview(answer))
    terminal.confirm("Run this?", usually=True)
    return options.model_copy(update={"plan_token": answer.plan_token})
