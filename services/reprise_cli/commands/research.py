"""`reprise research`, and what every command does that follows a run to its end."""

from typing import Annotated, NamedTuple

import typer

from reprise_cli.client.client import Client
from reprise_cli.client.follow import Follower, track
from reprise_cli.client.node_lines import advice
from reprise_cli.client.session_view import Ending, SessionView
from reprise_cli.client.sources import read_sources
from reprise_cli.errors import CommandFailed, Refused
from reprise_cli.terminal import Terminal
from reprise_contracts.nodes import Phase
from reprise_contracts.problems.model import Problem
from reprise_contracts.states import State

SourcesArgument = Annotated[list[str], typer.Argument(metavar="SOURCE...", help="URLs, files and folders.", show_default=False)]
TopicOption = Annotated[str, typer.Option("--topic", "-t", help="What to find out.", show_default=False)]
GuidanceOption = Annotated[str | None, typer.Option("--guidance", "-g", help="What to pay attention to.", show_default=False)]
StopAfterOption = Annotated[Phase | None, typer.Option("--stop-after", help="End the run after this phase.", show_default=False)]
FollowOption = Annotated[bool, typer.Option("--follow", "-f", help="Show the run until it is over.")]
AllowPartialOption = Annotated[bool, typer.Option("--allow-partial", help="Let the report do without steps that failed.")]
EngineOption = Annotated[str | None, typer.Option("--engine", help="The engine that does the work.", show_default=False)]
MaxTokensOption = Annotated[
    int | None, typer.Option("--max-tokens", min=0, help="What the run may spend with a model.", show_default=False)
]
MaxSessionTokensOption = Annotated[
    int | None,
    typer.Option(
        "--max-session-tokens", min=0, help="What the session may spend in all, with what it has spent; 0: no ceiling.", show_default=False
    ),
]
LanguageOption = Annotated[
    str | None,
    typer.Option("--language", help="Of the report, such as en or zh; without it the topic's.", show_default=False),
]
ModelOption = Annotated[str | None, typer.Option("--model", help="The engine's model.", show_default=False)]


def research(
    terminal: Terminal,
    sources: SourcesArgument,
    *,
    topic: TopicOption,
    guidance: GuidanceOption = None,
    stop_after: StopAfterOption = None,
    allow_partial: AllowPartialOption = False,
    engine: EngineOption = None,
    model: ModelOption = None,
    language: LanguageOption = None,
    max_tokens: MaxTokensOption = None,
    max_session_tokens: MaxSessionTokensOption = None,
    follow: FollowOption = False,
) -> None:
    """Research a topic in web pages, files and folders."""
    found = read_sources(sources)
    if found.left_out:
        names = ", ".join(path.name for path in found.left_out[:LISTED]) + (" …" if len(found.left_out) > LISTED else "")
        terminal.err.print(f"Left out, for they are of no kind that can be read: {names}")
    asked = {"stop_after": stop_after, "allow_partial": allow_partial, "max_tokens": max_tokens, "max_session_tokens": max_session_tokens}
    options = {name: value for name, value in asked.items() if value}
    named = {name: value for name, value in (("guidance", guidance), ("engine", engine), ("model", model), ("language", language)) if value}
    with terminal.client() as client:
        say_where(terminal, client, engine)
        created = client.create(topic, found, named, options)
        if not follow:
            terminal.answer(created.model_dump(mode="json"), f"Batch {created.batch_id}, session {created.session_id}")
            terminal.say(f"Follow it with: reprise watch {created.session_id}")
            return
        terminal.say(f"Batch {created.batch_id}, session {created.session_id}")
        following = Following(created.batch_id, created.session_id, topic, created.command_id)
        finish(terminal, client, following)


def say_where(terminal: Terminal, client: Client, engine: str | None) -> None:
    """Say it, before anything is sent, if a model on another machine will read the sources."""
    config = client.config()
    endpoint = config.get("endpoint")
    if (engine or config.get("engine")) == "openai" and isinstance(endpoint, dict) and endpoint.get("leaves_machine"):
        terminal.say(f"The engine openai sends the texts of the sources to {endpoint.get('host')}.")


LISTED = 10
"""Names of files that a line lists."""


class Following(NamedTuple):
    """Which run is followed."""

    batch_id: str
    session_id: str
    topic: str
    command_id: str = ""
    run_id: str | None = None
    before: State | None = None
    """The session as it was: only what differs is told."""


def finish(terminal: Terminal, client: Client, run: Following) -> None:
    """Follow a run to its end and say how it ended; leaves by an error unless it completed."""
    view = SessionView(run.session_id, topic=run.topic, batch_id=run.batch_id)
    if run.before is not None:
        view.load(run.before)
    try:
        with terminal.display() as display:
            ending = track(client, Follower(client, run.batch_id), view, display, command_id=run.command_id, run_id=run.run_id)
    except KeyboardInterrupt as stop:
        terminal.err.print(f"The run goes on. Look again with: reprise watch {run.session_id}")
        raise typer.Exit(130) from stop
    state = client.state(run.session_id)
    document = {
        "batch_id": run.batch_id,
        "session_id": run.session_id,
        "run_id": ending.run_id or run.run_id,
        "outcome": ending.outcome,
        "problem": ending.problem.document() if ending.problem else None,
        "state": state.model_dump(mode="json"),
    }
    if ending.outcome == "completed":
        terminal.answer(document, closing(view))
    else:
        if terminal.as_json:
            terminal.answer(document, "")
            raise typer.Exit(failure(ending, view).exit_code)
        raise failure(ending, view)


def closing(view: SessionView) -> str:
    """The last words of a run that completed: how to read the report, or what is missing for one."""
    report = view.nodes.get("phase4")
    if report is None or report.artifact is None:
        pending = next((node for node in view.order() if view.nodes[node].status == "pending"), "phase4").split("/")[0]
        return f"Completed up to here. Go on with: reprise refresh {view.session_id} (next is {pending})"
    if report.freshness == "stale":
        return f"Completed. The report is outdated; {advice(view.session_id, view.nodes)}"
    return f"Completed. Read the report with: reprise report {view.session_id}"


def failure(ending: Ending, view: SessionView) -> CommandFailed:
    """The error that a run's end is."""
    if ending.outcome == "refused":
        return Refused(ending.problem or Problem(type="internal", detail="The command was refused."))
    if ending.outcome == "cancelled":
        return CommandFailed("The run was cancelled.", f"Everything that completed is kept. Go on with: reprise refresh {view.session_id}")
    failed = [entry.problem for entry in view.nodes.values() if entry.status == "failed" and entry.problem]
    problem = ending.problem or next(iter(failed), None)
    detail = f"The run failed: {problem.detail}" if problem else "The run failed."
    action = f"{problem.action} " if problem and problem.action else ""
    return CommandFailed(detail, f"{action}Try what failed again with: reprise refresh {view.session_id}")
