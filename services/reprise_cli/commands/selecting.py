"""Which sessions a command is about: the options that narrow them, and the filter that they make."""

from dataclasses import dataclass
from typing import Annotated

import typer
from pydantic import ValidationError

from reprise_cli.errors import UsageError
from reprise_contracts.fleet import SessionFilter, SessionState
from reprise_contracts.wire import explain

StaleOption = Annotated[bool, typer.Option("--stale", help="Those where something is out of date.")]
FailedOption = Annotated[bool, typer.Option("--failed", help="Those where something has failed.")]
TagOption = Annotated[
    str | None, typer.Option("--tag", metavar="TAG", help="Those with this tag.", show_default=False)
]
OlderThanOption = Annotated[
    str | None,
    typer.Option(
        "--older-than",
        metavar="AGE",
        help="Those to which nothing happened for 30m, 6h or 7d.",
        show_default=False,
    ),
]
StateOption = Annotated[
    SessionState | None, typer.Option("--state", help="Those in this state.", show_default=False)
]
NO_AGE = "Say an age as 30m, 6h or 7d."


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What narrows the sessions; `--stale` and `--failed` together are either."""

    stale: StaleOption = False
    failed: FailedOption = False
    tag: TagOption = None
    older_than: OlderThanOption = None
    state: StateOption = None

    def fields(self) -> dict[str, object]:
        """What is said of them. Raises `UsageError` for an age that is empty, as a variable that is not set
        makes it: it would be no limit."""
        if self.older_than == "":
            raise UsageError("--older-than is empty.", NO_AGE)
        said: dict[str, object] = {
            "stale": self.stale,
            "failed": self.failed,
            "tag": self.tag,
            "state": self.state,
        }
        return said | {"older_than": self.older_than or ""}

    def filter(self) -> SessionFilter:
        """The filter of the contract. Raises `UsageError`."""
        try:
            return SessionFilter.model_validate(self.fields())
        except ValidationError as error:
            raise UsageError(f"{explain(error, 'the options')}.") from error
