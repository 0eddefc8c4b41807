"""`reprise compare`: what the reports of two sessions say that the other does not."""

from collections.abc import Iterator
from typing import Annotated

import typer

from reprise_cli.terminal import Terminal
from reprise_contracts.comparing import Comparison

_SAID = {
    "same": "the same in both",
    "differs": "differs",
    "only_this": "in the first alone",
    "only_other": "in the second alone",
}


def compare(
    terminal: Terminal,
    session: Annotated[str, typer.Argument(metavar="SESSION", help="The first one.", show_default=False)],
    other: Annotated[str, typer.Argument(metavar="SESSION", help="The second one.", show_default=False)],
) -> None:
    """Hold the reports of two sessions beside each other, such as a fork's and its origin's, section by
    section. `-` is what only the first one says, `+` what only the second one says."""
    with terminal.client() as client:
        found = client.compare(session, other)
    terminal.answer(found.model_dump(mode="json"), "\n".join(_lines(found)))


def _lines(found: Comparison) -> Iterator[str]:
    for section in found.sections:
        shared = f", {section.shared} sentences shared" if section.change == "differs" else ""
        yield f"{section.title}: {_SAID[section.change]}{shared}"
        yield from (f"  - {sentence}" for sentence in section.only_this)
        yield from (f"  + {sentence}" for sentence in section.only_other)
    if found.sources_only_this or found.sources_only_other:
        yield "Sources referred to"
        yield from (f"  - {source}" for source in found.sources_only_this)
        yield from (f"  + {source}" for source in found.sources_only_other)
