"""`reprise impact`: what rests on the passages of a source that moved, and what an update would cost."""

from collections.abc import Iterator
from typing import Annotated

import typer
from rich.console import Group, RenderableType

from reprise_cli import render
from reprise_cli.client.node_lines import node_name
from reprise_cli.terminal import Terminal
from reprise_contracts.impact import Impact, SessionImpact


def impact(
    terminal: Terminal,
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="The batch.", show_default=False)],
    source: Annotated[str, typer.Argument(metavar="SOURCE", help="The source.", show_default=False)],
) -> None:
    """Show which findings and sentences rest on passages of a source that moved, and what an update would
    cost."""
    with terminal.client() as client:
        found = client.impact(batch, source)
    terminal.answer(found.model_dump(mode="json"), Group(*_parts(found)))


def _parts(found: Impact) -> Iterator[RenderableType]:
    """What moved and what rests on it; and what an update would do, as its own preview says it."""
    name = found.title or found.url or found.source_id
    unread = "the new text has not been read; what it touches is known after the preparation"
    yield f"{name}: {unread if found.unread else 'there' if found.there else 'gone'}"
    if not found.sessions:
        yield "No result cites it."
    for session in found.sessions:
        yield _not_known(session) if found.unread else "\n".join(_session(session))
        if session.update is not None:
            yield f"  What `reprise refresh {session.session_id}` would do:"
            yield render.preview(session.update)


def _not_known(session: SessionImpact) -> str:
    many = session.unknown != 1
    return (
        f"{session.session_id}: {session.unknown} {'passages that are' if many else 'passage that is'} cited "
        f"may have moved. Read the new text with: reprise rerun phase {session.session_id} phase0 "
        "--mark-stale"
    )


def _session(session: SessionImpact) -> Iterator[str]:
    touched, sentences = len(session.findings), sum(len(one.sentences) for one in session.sections)
    yield (
        f"{session.session_id}: {touched} {'finding' if touched == 1 else 'findings'} and {sentences} "
        f"{'sentence' if sentences == 1 else 'sentences'} rest on what moved; {session.standing} cited "
        f"{'passage stands' if session.standing == 1 else 'passages stand'}."
    )
    for finding in session.findings:
        yield f"  {node_name(finding.node)}: {finding.claim}"
        for passage in finding.passages:
            yield f"    {passage.fate}: {passage.quote}"
            if passage.now:
                yield f"    now: {passage.now}"
    for section in session.sections:
        yield f"  {section.title}"
        yield from (f"    {sentence}" for sentence in section.sentences)
