"""`reprise rerun phase|step`, and what is done with one result: preview, ask, run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

import typer
from pydantic import ValidationError

from reprise_cli import render
from reprise_cli.client.node_lines import advice, node_list, node_name
from reprise_cli.commands.research import (
    AllowPartialOption,
    AudienceOption,
    EngineOption,
    Following,
    FollowOption,
    GuidanceOption,
    LanguageOption,
    LengthOption,
    MaxSessionTokensOption,
    MaxTokensOption,
    ModelOption,
    OutlineOption,
    StopAfterOption,
    ToneOption,
    finish,
    report_options,
)
from reprise_cli.errors import UsageError
from reprise_cli.terminal import Terminal
from reprise_client import Client
from reprise_client.requests import Rerunnable
from reprise_contracts.commands import IfRunning, Options, RestartPhase, RestartStep
from reprise_contracts.nodes import Phase
from reprise_contracts.wire import explain

SessionArgument = Annotated[str, typer.Argument(metavar="SESSION", help="The session.", show_default=False)]
PhaseArgument = Annotated[
    Phase, typer.Argument(metavar="PHASE", help="phase0 to phase4.", show_default=False)
]
StepsArgument = Annotated[
    list[int],
    typer.Argument(metavar="STEP...", min=1, help="Numbers of the plan's steps.", show_default=False),
]
NodeArgument = Annotated[
    str, typer.Argument(metavar="NODE", help="phase2, or a step as phase3/4.", show_default=False)
]
MarkStaleOption = Annotated[
    bool, typer.Option("--mark-stale", help="Run only what is named; what is below becomes stale.")
]
ForceOption = Annotated[bool, typer.Option("--force", help="Run everything below, changed or not.")]
AskAgainOption = Annotated[
    bool | None,
    typer.Option(
        "--ask-again/--no-ask-again",
        help="Ask a model what it has answered before; by default what you name does.",
    ),
]
RefetchOption = Annotated[bool, typer.Option("--refetch", help="Ask the sources again; failed ones too.")]
IfRunningOption = Annotated[IfRunning, typer.Option("--if-running", help="What to do when a run is active.")]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help="Show what would run, and run nothing.")]
PlanTokenOption = Annotated[
    str | None, typer.Option("--plan-token", help="Run only what this preview said.", show_default=False)
]
CommandIdOption = Annotated[
    str | None,
    typer.Option("--command-id", help="A name of your own: sent twice, it is done once.", show_default=False),
]
SectionOption = Annotated[
    str | None,
    typer.Option(
        "--section", help="Of the report: write only this section again, such as step-2.", show_default=False
    ),
]
UsualReportOption = Annotated[
    bool, typer.Option("--usual-report", help="Forget length, tone, audience and sections of the report.")
]
YesOption = Annotated[
    bool, typer.Option("--yes", "-y", help="Do not ask: needed where nobody can be, as in a script.")
]


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
    length: LengthOption = None
    tone: ToneOption = None
    audience: AudienceOption = None
    section_title: OutlineOption = None
    usual_report: UsualReportOption = False
    section: SectionOption = None

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
            "section": self.section,
            "report": {}
            if self.usual_report
            else report_options(self.length, self.tone, self.audience, self.section_title),
        }
        try:
            return Options.model_validate(super().options().model_dump() | own)
        except ValidationError as error:
            raise UsageError(explain(error, "the options")) from error


def rerun_phase(
    terminal: Terminal, session: SessionArgument, phase: PhaseArgument, *, asked: Rerunning
) -> None:
    """Run a phase again, and what is below it."""
    run_again(terminal, RestartPhase, session, {"phase": phase}, asked)


def rerun_step(
    terminal: Terminal, session: SessionArgument, steps: StepsArgument, *, asked: Rerunning
) -> None:
    """Run steps of the plan again, and what is below them."""
    run_again(terminal, RestartStep, session, {"step_ids": steps}, asked)


def accept(
    terminal: Terminal,
    session: SessionArgument,
    node: NodeArgument,
    reason: Annotated[str, typer.Option("--reason", "-r", help="Why it is good enough.", show_default=False)],
    *,
    command_id: CommandIdOption = None,
) -> None:
    """Declare that a stale result is good enough for today's inputs; the next change makes it stale again."""
    with terminal.client() as client:
        receipt = client.accept(session, node, reason, command_id)
    terminal.answer(receipt.model_dump(mode="json"), f"{node_name(node)} is accepted as it is.")


def lock(
    terminal: Terminal, session: SessionArgument, node: NodeArgument, *, command_id: CommandIdOption = None
) -> None:
    """Lock a result: no cascade, refresh or update runs it, and naming it is refused until it is unlocked."""
    _lock(terminal, session, node, command_id, locked=True)


def unlock(
    terminal: Terminal, session: SessionArgument, node: NodeArgument, *, command_id: CommandIdOption = None
) -> None:
    """Unlock a result, so that it is run again where it is out of date."""
    _lock(terminal, session, node, command_id, locked=False)


def fork(
    terminal: Terminal, session: SessionArgument, node: NodeArgument, *, command_id: CommandIdOption = None
) -> None:
    """Fork a session: another one shares its results, but for those of a node and of what is below it, and is
    its own from there on. Nothing runs until you ask."""
    with terminal.client() as client:
        created = client.fork(session, node, command_id)
    terminal.answer(
        created.model_dump(mode="json"),
        f"{created.session_id} is forked from {session} at {node_name(node)}; nothing runs yet.",
    )
    terminal.say(f"Run the rest with: reprise refresh {created.session_id}")


def _lock(terminal: Terminal, session: str, node: str, command_id: str | None, *, locked: bool) -> None:
    with terminal.client() as client:
        receipt = (client.lock if locked else client.unlock)(session, node, command_id)
    said = "locked: nothing runs it" if locked else "unlocked"
    terminal.answer(receipt.model_dump(mode="json"), f"{node_name(node)} is {said}.")


def run_again(
    terminal: Terminal,
    kind: type[Rerunnable],
    session_id: str,
    target: Mapping[str, object],
    asked: Running,
) -> None:
    """Send one rerun: show what it would do, ask, and hold the server to it; with `--yes` or a plan token run
    it at once."""
    options = asked.options()
    with terminal.client() as client:
        state = client.state(session_id)
        body = _asked(kind, {"batch_id": state.batch_id, "session_id": session_id, **target}, options)
        if options.dry_run:
            answer = client.preview(body)
            terminal.answer(answer.model_dump(mode="json"), render.preview(answer))
            if answer.plan_token and not terminal.tty:
                terminal.say(f"plan token: {answer.plan_token}")
            return
        if not asked.yes and options.plan_token is None:
            body = confirm_preview(terminal, client, body)
        receipt = client.run(body, command_id=asked.command_id)
        if asked.follow:
            finish(
                terminal,
                client,
                Following(state.batch_id, session_id, state.topic, receipt.command_id, receipt.run_id, state),
            )
            return
        if receipt.status == "completed" and receipt.plan is not None and not receipt.plan.run:
            left = node_list(receipt.plan.stale)
            said = (
                f"Nothing could run, and {left} stays out of date: {advice(session_id, state.nodes)}"
                if receipt.plan.stale
                else "Nothing had to run: all of it is up to date."
            )
            terminal.answer(receipt.model_dump(mode="json"), said)
            return
        place = f" at place {receipt.position}" if receipt.position else ""
        said = (
            f"{receipt.status.capitalize()}{place}: run {receipt.run_id or 'to be named'}, command "
            f"{receipt.command_id}"
        )
        terminal.answer(receipt.model_dump(mode="json"), said)
        if receipt.plan is not None and receipt.plan.run:
            below = f"; may run {node_list(receipt.plan.may_run)}" if receipt.plan.may_run else ""
            terminal.say(f"Runs {node_list(receipt.plan.run)}{below}")
            for warning in receipt.plan.warnings:
                terminal.say(f"Note: {warning}")
        terminal.say(f"Follow it with: reprise watch {session_id}")


def _asked(kind: type[Rerunnable], fields: Mapping[str, object], options: Options) -> Rerunnable:
    try:
        return kind.model_validate({**fields, "options": options})
    except ValidationError as error:
        raise UsageError(explain(error, "the rerun")) from error


def confirm_preview(terminal: Terminal, client: Client, asked: Rerunnable) -> Rerunnable:
    """What is asked with the token of a preview that the user agreed to. Raises `UsageError` where nobody can
    be asked."""
    answer = client.preview(asked)
    terminal.say(render.preview(answer))
    terminal.confirm("Run this?", usually=True)
    options = asked.options.model_copy(update={"plan_token": answer.plan_token})
    return asked.model_copy(update={"options": options})
