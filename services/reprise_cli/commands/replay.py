"""`export` writes a session into one file, `import` makes a session of one; `replay` makes every artifact
again from its record and says what differs (R32)."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from reprise_cli.commands.reruns import CommandIdOption, SessionArgument
from reprise_cli.errors import CommandFailed, UsageError
from reprise_cli.files import WHOLE_BUNDLE, bundle_content, read_file, write_file
from reprise_cli.terminal import Terminal
from reprise_contracts.wire import Malformed
from reprise_research.bundle import Bundle
from reprise_research.replay import Replayed
from reprise_research.replay import replay as replayed

Replayable = Annotated[
    str,
    typer.Argument(
        metavar="SESSION|FILE", help="A session, or a file that `export` wrote.", show_default=False
    ),
]


def export(
    terminal: Terminal,
    session: SessionArgument,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write to this file.", show_default=False)
    ] = None,
) -> None:
    """Write a session into one file: its artifacts, what each was told, and the texts that they cite."""
    file = output or Path(f"{session}.zip")
    with terminal.client() as client:
        content = client.bundle(session)
    write_file(file, content)
    terminal.answer(
        {"session_id": session, "file": str(file), "bytes": len(content)}, f"{file} ({len(content)} bytes)"
    )


def import_bundle(
    terminal: Terminal,
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A file that `export` wrote.", show_default=False)
    ],
    command_id: CommandIdOption = None,
) -> None:
    """Make a batch with a session of a file that `export` wrote, here or elsewhere: its results are readable
    as they were, and can be run again."""
    read_file(file)
    with terminal.client() as client:
        created = client.import_bundle(file, command_id)
    terminal.answer(
        created.model_dump(mode="json"),
        f"{created.session_id} in {created.batch_id} has what {file} brought; nothing runs.",
    )
    terminal.say(f"Read it with: reprise report {created.session_id}")


def replay(terminal: Terminal, session: Replayable) -> None:
    """Make every artifact again from its record, with no network and no model, and say what differs."""
    content = bundle_content(terminal, session)
    try:
        bundle = Bundle.unpacked(content)
    except Malformed as error:
        raise UsageError(f"{session} cannot be replayed: {error}.", WHOLE_BUNDLE) from error
    done = asyncio.run(_all(bundle))
    bad = [one for one in done if one.differs]
    lines = [f"{one.node}: {_told(one)}" for one in done]
    whole = f"All {len(done)} are what they were, byte for byte."
    nothing = "There is nothing to make again: the session has no result yet."
    lines.append(
        f"{len(done) - len(bad)} of {len(done)} are what they were." if bad else whole if done else nothing
    )
    document = {
        "session_id": bundle.manifest.session_id,
        "nodes": [{"node": o.node, "calls": o.calls, "differs": o.differs} for o in done],
    }
    terminal.answer(document, "\n".join(lines))
    if bad:
        raise CommandFailed(f"{len(bad)} of {len(done)} differ.")


def _told(one: Replayed) -> str:
    return one.differs or (
        "as it is stored, " + (f"{one.calls} calls" if one.calls else "made without calls")
    )


async def _all(bundle: Bundle) -> list[Replayed]:
    return [one async for one in replayed(bundle)]
