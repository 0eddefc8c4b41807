"""`reprise research`, and what every command does that follows a run to its end."""

from collections.abc import Mapping
from typing import Annotated, NamedTuple, TypeVar

import typer
from pydantic import ValidationError

from reprise_cli.client.follow import track
from reprise_cli.client.node_lines import advice
from reprise_cli.client.session_view import Ending, SessionView
from reprise_cli.client.sources import read_sources
from reprise_cli.errors import CallFailed, CommandFailed, Refused, UsageError, exit_code
from reprise_cli.terminal import Terminal
from reprise_client import Client
from reprise_client.following import Follower
from reprise_contracts.commands import StartOptions
from reprise_contracts.nodes import Phase
from reprise_contracts.notices import language_unknown
from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Search
from reprise_contracts.states import State
from reprise_contracts.wire import Message, explain

M = TypeVar("M", bound=Message)

SourcesArgument = Annotated[
    list[str] | None,
    typer.Argument(metavar="[SOURCE]...", help="URLs, files and folders.", show_default=False),
]
SearchOption = Annotated[
    list[str] | None,
    typer.Option("--search", help="Words to search for; as often as you like.", show_default=False),
]
ProviderOption = Annotated[
    str | None,
    typer.Option(
        "--provider",
        help="Who is asked: searxng, openalex, crossref, arxiv, brave, tavily.",
        show_default=False,
    ),
]
LimitOption = Annotated[
    int | None,
    typer.Option("--limit", min=1, max=50, help="Results of each search (10).", show_default=False),
]
SinceOption = Annotated[
    str | None,
    typer.Option("--since", help="Only what was published since this day.", show_default=False),
]
AllowOption = Annotated[
    list[str] | None,
    typer.Option("--allow", help="Only results of this domain; as often as you like.", show_default=False),
]
BlockOption = Annotated[
    list[str] | None,
    typer.Option("--block", help="No results of this domain; as often as you like.", show_default=False),
]
TopicOption = Annotated[str, typer.Option("--topic", "-t", help="What to find out.", show_default=False)]
GuidanceOption = Annotated[
    str | None, typer.Option("--guidance", "-g", help="What to pay attention to.", show_default=False)
]
StopAfterOption = Annotated[
    Phase | None, typer.Option("--stop-after", help="End the run after this phase.", show_default=False)
]
FollowOption = Annotated[bool, typer.Option("--follow", "-f", help="Show the run until it is over.")]
AllowPartialOption = Annotated[
    bool, typer.Option("--allow-partial", help="Let the report do without steps that failed.")
]
EngineOption = Annotated[
    str | None, typer.Option("--engine", help="The engine that does the work.", show_default=False)
]
MaxTokensOption = Annotated[
    int | None,
    typer.Option(
        "--max-tokens", min=0, help="What the run may spend with a model; 0: no limit.", show_default=False
    ),
]
MaxSessionTokensOption = Annotated[
    int | None,
    typer.Option(
        "--max-session-tokens",
        min=0,
        help="What the session may spend in all, with what it has spent; 0: no ceiling.",
        show_default=False,
    ),
]
LanguageOption = Annotated[
    str | None,
    typer.Option(
        "--language", help="Of the report, such as en or zh; without it the topic's.", show_default=False
    ),
]
LengthOption = Annotated[
    int | None,
    typer.Option("--length", min=0, max=5_000, help="Words of the report, about.", show_default=False),
]
ToneOption = Annotated[
    str | None, typer.Option("--tone", help="How the report is to sound.", show_default=False)
]
AudienceOption = Annotated[
    str | None, typer.Option("--audience", help="Whom the report is for.", show_default=False)
]
OutlineOption = Annotated[
    list[str] | None,
    typer.Option(
        "--section-title",
        help="The title of a section of the report; once for each, in order.",
        show_default=False,
    ),
]
ModelOption = Annotated[str | None, typer.Option("--model", help="The engine's model.", show_default=False)]


def research(
    terminal: Terminal,
    sources: SourcesArgument = None,
    *,
    topic: TopicOption,
    search: SearchOption = None,
    provider: ProviderOption = None,
    limit: LimitOption = None,
    since: SinceOption = None,
    allow: AllowOption = None,
    block: BlockOption = None,
    guidance: GuidanceOption = None,
    stop_after: StopAfterOption = None,
    allow_partial: AllowPartialOption = False,
    engine: EngineOption = None,
    model: ModelOption = None,
    language: LanguageOption = None,
    max_tokens: MaxTokensOption = None,
    max_session_tokens: MaxSessionTokensOption = None,
    length: LengthOption = None,
    tone: ToneOption = None,
    audience: AudienceOption = None,
    section_title: OutlineOption = None,
    follow: FollowOption = False,
) -> None:
    """Research a topic in web pages, files and folders, and in what searches find."""
    if not sources and not search:
        raise UsageError("There is nothing to read.", "Name a URL, a file or a folder, or give --search.")
    asked_of = {"provider": provider, "limit": limit, "since": since, "allow": allow, "block": block}
    told = {name: value for name, value in asked_of.items() if value}
    found = read_sources(sources or [])._replace(
        searches=tuple(_checked(Search, {"search": words, **told}, "the search") for words in search or ())
    )
    if found.left_out:
        names = ", ".join(path.name for path in found.left_out[:LISTED]) + (
            " …" if len(found.left_out) > LISTED else ""
        )
        terminal.err.print(f"Left out, for they are of no kind that can be read: {names}")
    asked = {
        "stop_after": stop_after,
        "allow_partial": allow_partial,
        "max_tokens": max_tokens,
        "max_session_tokens": max_session_tokens,
        "report": report_options(length, tone, audience, section_title),
    }
    options = _checked(StartOptions, {name: value for name, value in asked.items() if value}, "the options")
    with terminal.client() as client:
        say_where(terminal, client, engine)
        if language is None:
            say_language(terminal, client, topic, engine)
        created = client.start(
            topic,
            found.named,
            files=found.files,
            guidance=guidance,
            engine=engine,
            model=model,
            language=language,
            options=options,
        )
        for warning in created.warnings:
            terminal.say(warning)
        if not follow:
            terminal.answer(
                created.model_dump(mode="json"), f"Batch {created.batch_id}, session {created.session_id}"
            )
            terminal.say(f"Follow it with: reprise watch {created.session_id}")
            return
        terminal.say(f"Batch {created.batch_id}, session {created.session_id}")
        following = Following(created.batch_id, created.session_id, topic, created.command_id)
        finish(terminal, client, following)


def _checked(model: type[M], fields: Mapping[str, object], what: str) -> M:
    try:
        return model.model_validate(fields)
    except ValidationError as error:
        raise UsageError(f"{explain(error, what)}.") from error


def report_options(
    length: int | None, tone: str | None, audience: str | None, outline: list[str] | None
) -> dict[str, object] | None:
    """How the report is to be written (R31); None where nothing was said of it."""
    given: dict[str, object] = {
        "length": length,
        "tone": tone,
        "audience": audience,
        "outline": outline or None,
    }
    said = {name: value for name, value in given.items() if value is not None}
    return said or None


def say_where(terminal: Terminal, client: Client, engine: str | None) -> None:
    """Say it, before anything is sent, if a model on another machine will read the sources."""
    config = client.config()
    endpoint = config.get("endpoint")
    if (
        (engine or config.get("engine")) == "openai"
        and isinstance(endpoint, dict)
        and endpoint.get("leaves_machine")
    ):
        terminal.say(f"The engine openai sends the texts of the sources to {endpoint.get('host')}.")


def say_language(terminal: Terminal, client: Client, topic: str, engine: str | None) -> None:
    """Say it, before anything is sent, if the topic is in a language that the engine has no words in."""
    from reprise_research.text.language import language_of  # noqa: PLC0415  # loads what tells languages apart

    code = language_of(topic) or ""
    for notice in language_unknown(engine or str(client.config().get("engine", "")), code):
        terminal.say(notice.text)


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


def followed(terminal: Terminal, client: Client, run: Following) -> tuple[Ending, SessionView]:
    """Show a run to its end: how it ended, and the session then."""
    view = SessionView(run.session_id, topic=run.topic, batch_id=run.batch_id)
    if run.before is not None:
        view.load(run.before)
    try:
        with terminal.display() as display:
            ending = track(
                client,
                Follower(client, run.batch_id),
                view,
                display,
                command_id=run.command_id,
                run_id=run.run_id,
            )
    except KeyboardInterrupt as stop:
        terminal.err.print(f"The run goes on. Look again with: reprise watch {run.session_id}")
        raise typer.Exit(130) from stop
    return ending, view


def finish(terminal: Terminal, client: Client, run: Following) -> None:
    """Follow a run to its end and say how it ended; leaves by an error unless it completed."""
    ending, view = followed(terminal, client, run)
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
            raise typer.Exit(exit_code(failure(ending, view)))
        raise failure(ending, view)


def closing(view: SessionView) -> str:
    """The last words of a run that completed: how to read the report, or what is missing for one."""
    report = view.nodes.get("phase4")
    if report is None or report.artifact is None:
        pending = next(
            (node for node in view.order() if view.nodes[node].status == "pending"), "phase4"
        ).split("/")[0]
        return f"Completed up to here. Go on with: reprise refresh {view.session_id} (next is {pending})"
    if report.freshness == "stale":
        return f"Completed. The report is outdated; {advice(view.session_id, view.nodes)}"
    return f"Completed. Read the report with: reprise report {view.session_id}"


def failure(ending: Ending, view: SessionView) -> CallFailed:
    """The error that a run's end is."""
    if ending.outcome == "refused":
        return Refused.by(ending.problem or Problem(type="internal", detail="The command was refused."))
    if ending.outcome == "cancelled":
        return CommandFailed(
            "The run was cancelled.",
            f"Everything that completed is kept. Go on with: reprise refresh {view.session_id}",
        )
    failed = (entry.problem for entry in view.nodes.values() if entry.status == "failed" and entry.problem)
    problem = ending.problem or next((found.problem for found in failed), None)
    detail = f"The run failed: {problem.detail}" if problem else "The run failed."
    action = f"{problem.action} " if problem and problem.action else ""
    return CommandFailed(detail, f"{action}Try what failed again with: reprise refresh {view.session_id}")
