"""`check` holds a finished report against the stored texts of its sources, and names what does not hold."""

from pathlib import Path
from typing import Annotated

import typer

from reprise_cli.errors import CommandFailed, UsageError
from reprise_cli.files import WHOLE_BUNDLE, bundle_content, read_text
from reprise_cli.terminal import Terminal
from reprise_contracts.wire import Malformed
from reprise_research.bundle import Bundle
from reprise_research.checking import NoReport, check_bundle, outdated

Checkable = Annotated[
    str,
    typer.Argument(
        metavar="SESSION|FILE", help="A session, or a file that `export` wrote.", show_default=False
    ),
]


def check(
    terminal: Terminal,
    session: Checkable,
    report: Annotated[
        Path | None,
        typer.Option(
            "--report", "-r", help="Check this Markdown in place of the report's own.", show_default=False
        ),
    ] = None,
) -> None:
    """Check a report: every quote, figure, negation and reference against the stored texts."""
    markdown = read_text(report) if report is not None else None
    content = bundle_content(terminal, session)
    try:
        bundle = Bundle.unpacked(content)
        faults, since = check_bundle(bundle, markdown), outdated(bundle)
    except NoReport as error:
        own = bundle.manifest.session_id
        raise CommandFailed(
            f"{own} has no report yet.", f"Let it be written with: reprise refresh {own}"
        ) from error
    except Malformed as error:
        raise UsageError(f"{session} cannot be checked: {error}.", WHOLE_BUNDLE) from error
    document = {
        "session_id": bundle.manifest.session_id,
        "outdated": list(since),
        "faults": [{"kind": f.kind, "where": f.where, "words": f.words, "why": f.why} for f in faults],
    }
    sound = "Every citation stands in its source, and code sees nothing that its sources do not say."
    still = "Every citation stands in the text that it cites, and code sees nothing that these do not say."
    told = "\n".join(map(str, faults)) if faults else still if since else sound
    first = f"The report is outdated. {' '.join(since)}\nIt is held against the texts that it cites.\n"
    terminal.answer(document, (first if since else "") + told)
    if faults:
        raise CommandFailed(f"{len(faults)} of what the report says does not hold.")
