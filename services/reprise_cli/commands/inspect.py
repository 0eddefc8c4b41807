"""The commands that only look: status, watch, list, report."""

import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from textwrap import shorten
from typing import Annotated, Literal

import typer

from reprise_cli import render
from reprise_cli.client.follow import watch as watch_frames
from reprise_cli.client.node_lines import advice, node_line, node_list, node_order
from reprise_cli.client.session_view import SessionView
from reprise_cli.commands.reruns import SessionArgument
from reprise_cli.commands.selecting import Wanted
from reprise_cli.errors import UsageError
from reprise_cli.files import write_file
from reprise_cli.terminal import Terminal
from reprise_client import Client
from reprise_client.following import Follower
from reprise_contracts.fleet import SessionFilter
from reprise_contracts.nodes import STEPS
from reprise_contracts.states import SessionSummary, State

Format = Literal["md", "html", "pdf", "docx", "json", "bib", "ris", "csl"]
BINARY = frozenset({"pdf", "docx"})
RECENT = 20
WIDE = 200
"""Characters of a topic that are shown."""


def status(
    terminal: Terminal,
    session: Annotated[
        str | None,
        typer.Argument(
            metavar="[SESSION]", help="The session; without it, the latest ones.", show_default=False
        ),
    ] = None,
    *,
    wanted: Wanted,
) -> None:
    """Show a session, or the latest ones, or those that an option names."""
    filtered = wanted != Wanted()
    if session is not None and filtered:
        raise UsageError("Name a session, or say which ones to list.")
    with terminal.client() as client:
        if filtered:
            _listed(terminal, client, wanted.filter())
            return
        if session is None:
            found = list(islice(client.batches(), RECENT))
            terminal.answer(
                {"batches": [batch.model_dump(mode="json") for batch in found]}, render.batches(found)
            )
            return
        state = client.state(session)
    if terminal.as_json:
        terminal.answer(state.model_dump(mode="json"), "")
    elif terminal.tty:
        terminal.say(render.session(viewed(state)))
        for line in ceiling(state):
            terminal.say(line)
        terminal.say(doing(state))
    else:
        view = viewed(state)
        topic = shorten(state.topic, WIDE, placeholder=" …")
        lines = [
            f"{state.session_id}: {topic}",
            *(node_line(node, view.nodes[node]) for node in view.order()),
            *ceiling(state),
            doing(state),
        ]
        terminal.say("\n".join(lines))


def _listed(terminal: Terminal, client: Client, wanted: SessionFilter) -> None:
    """Every session that a filter finds, those in which something happened last first."""
    found: list[SessionSummary] = []
    after: str | None = None
    while True:
        page = client.sessions(wanted, after)
        found += page.sessions
        if (after := page.next) is None:
            break
    document = {"sessions": [line.model_dump(mode="json") for line in found]}
    terminal.answer(document, render.sessions(found) if found else "No session is like this.")


def ceiling(state: State) -> Iterator[str]:
    """What may be spent, and what is, where there is a ceiling (R29)."""
    if state.max_tokens is not None:
        yield f"Ceiling of the session: {state.spent:,} of {state.max_tokens:,} tokens are spent."
    if state.run_max_tokens is not None:
        yield f"Ceiling of this run: {state.run_max_tokens:,} tokens."


def viewed(state: State) -> SessionView:
    """A state as it is drawn."""
    view = SessionView(state.session_id)
    view.load(state)
    return view


def doing(state: State) -> str:
    """What a session is about now, and what may be done next."""
    if state.ended:
        return "The session is ended; its results stay readable."
    if state.run:
        queued = f", {len(state.queue)} waiting" if state.queue else ""
        return f"{_at_work(state)}; {state.run.done} of {state.run.total} done{queued}"
    stale = [node for node in state.nodes if state.nodes[node].freshness == "stale" and node != STEPS]
    if stale:
        return f"Stale: {node_list(sorted(stale, key=node_order))}; {advice(state.session_id, state.nodes)}"
    return "Nothing is running."


def _at_work(state: State) -> str:
    """What a run is at now: what works, else what is being stopped, else what waits for a worker; its targets
    alone do not say."""
    for status, said in (
        ("running", "Running"),
        ("cancelling", "Stopping"),
        ("queued", "Waiting for a worker"),
    ):
        nodes = [node for node, view in state.nodes.items() if view.status == status and node != STEPS]
        if nodes:
            return f"{said}: {node_list(sorted(nodes, key=node_order))}"
    return "Running"


def watch(
    terminal: Terminal,
    session: SessionArgument,
    until_idle: Annotated[
        bool, typer.Option("--until-idle", help="End when nothing is running or waiting.")
    ] = False,
) -> None:
    """Show what goes on in a session, until Ctrl-C."""
    if terminal.as_json:
        raise UsageError(
            "watch has no end to print as one document.",
            "Use `reprise status --json`, or `--follow --json` with a command.",
        )
    with terminal.client() as client:
        state = client.state(session)
        view = SessionView(session, topic=state.topic, batch_id=state.batch_id)
        try:
            with terminal.display() as display:
                watch_frames(client, Follower(client, state.batch_id), view, display, until_idle=until_idle)
        except KeyboardInterrupt:
            return


def listing(
    terminal: Terminal,
    search: Annotated[
        str | None,
        typer.Option("--search", "-s", help="Only batches with this in their topic.", show_default=False),
    ] = None,
) -> None:
    """List every batch and its sessions."""
    with terminal.client() as client:
        found = list(client.batches(search))
    terminal.answer({"batches": [batch.model_dump(mode="json") for batch in found]}, render.batches(found))


def report(
    terminal: Terminal,
    session: SessionArgument,
    file_format: Annotated[Format, typer.Option("--format", help="The file's format.")] = "md",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file.", show_default=False)
    ] = None,
) -> None:
    """Print a session's report, or write it to a file."""
    if output is None and file_format in BINARY and (terminal.tty or terminal.as_json):
        raise UsageError(f"A {file_format} is no text for a terminal.", "Name a file with -o.")
    with terminal.client() as client:
        content = client.report(session, "json" if terminal.as_json and output is None else file_format)
    if output is not None:
        write_file(output, content)
        document = {"session_id": session, "file": str(output), "format": file_format, "bytes": len(content)}
        terminal.answer(document, f"{output} ({len(content)} bytes)")
        return
    sys.stdout.flush()
    sys.stdout.buffer.write(content)
    if not content.endswith(b"\n") and file_format not in BINARY:
        sys.stdout.buffer.write(b"\n")
    sys.stdout.buffer.flush()
