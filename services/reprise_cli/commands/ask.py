"""`reprise ask`: a question to the report, and what answers it."""

from collections.abc import Iterator
from typing import Annotated

import typer

from reprise_cli import render
from reprise_cli.commands.reruns import CommandIdOption, DryRunOption, SessionArgument, YesOption
from reprise_cli.commands.research import Following, failure, followed
from reprise_cli.terminal import Terminal
from reprise_contracts.artifacts import StepFindings


def ask(
    terminal: Terminal,
    session: SessionArgument,
    question: Annotated[
        str, typer.Argument(metavar="QUESTION", help="What you want to know.", show_default=False)
    ],
    *,
    dry_run: DryRunOption = False,
    command_id: CommandIdOption = None,
    yes: YesOption = False,
) -> None:
    """Ask the report a question: it becomes a step of the plan, whose findings answer it with citations and
    go stale as any other's. The report itself is out of date then, until it is refreshed."""
    with terminal.client() as client:
        shown = client.preview_question(session, question)
        if dry_run:
            terminal.answer(shown.model_dump(mode="json"), render.preview(shown))
            return
        if not yes:
            terminal.say(render.preview(shown))
            terminal.confirm("Ask this?", yes=yes, usually=True)
        state = client.state(session)
        receipt = client.ask(
            session, question, preview=shown if shown.plan_token else None, command_id=command_id
        )
        following = Following(state.batch_id, session, state.topic, receipt.command_id, receipt.run_id, state)
        ending, view = followed(terminal, client, following)
        if ending.outcome != "completed":
            raise failure(ending, view)
        found = client.answer(session, question)
        titles = {one.source_id: one.title or one.url or "" for one in client.prepared(session).sources}
    terminal.answer(found.model_dump(mode="json"), "\n".join(_lines(session, found, titles)))


def _lines(session: str, found: StepFindings, titles: dict[str, str]) -> Iterator[str]:
    for finding in found.findings:
        yield f"- {finding.claim}"
        for citation in finding.citations:
            yield f"    {titles.get(citation.source_id) or citation.source_id}: {citation.quote}"
    yield from (f"Not found: {gap}" for gap in found.gaps)
    yield f"Step {found.step_id} of the plan. The report has it after: reprise refresh {session}"
