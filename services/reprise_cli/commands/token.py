"""`reprise token`: a token for a caller, and the line that lets its holder in."""

import json
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from pydantic import ValidationError

from reprise_cli.errors import UsageError
from reprise_cli.terminal import Terminal
from reprise_contracts.configuration import Role
from reprise_contracts.wire import explain
from reprise_runtime import tokens
from reprise_runtime.settings import Auth, from_environment

NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="Whose it is: the timeline names it.", show_default=False)
]
RoleOption = Annotated[
    Role,
    typer.Option(
        "--role", help="viewer looks; researcher also runs research; operator also runs the installation."
    ),
]
DaysOption = Annotated[
    int | None, typer.Option("--days", min=1, help="It expires after so many days.", show_default=False)
]


def token(
    terminal: Terminal, name: NameArgument, *, role: RoleOption = "researcher", days: DaysOption = None
) -> None:
    """Make an API token. It is shown once; the server is given its hash, which is no secret to whoever cannot
    invert a sha256."""
    made = tokens.make()
    entry: dict[str, str] = {"hash": tokens.digest(made), "role": role}
    if days is not None:
        entry["expires"] = (datetime.now(UTC) + timedelta(days=days)).isoformat(timespec="seconds")
    known = _known()
    configured = json.dumps({**known, name: entry})
    try:
        Auth.model_validate({"tokens": {name: entry}})
    except ValidationError as error:
        raise UsageError(explain(error, "NAME"), "Use 1 to 64 letters, digits or any of _ . @ -") from error
    others = (
        f" (with {', '.join(other for other in known if other != name)}, as they were)"
        if set(known) - {name}
        else ""
    )
    told = (
        f"The token of {name}, shown this once:\n\n    {made}\n\n"
        f"Configure the gateway with it{others} and restart it:\n\n    "
        f"REPRISE_AUTH__TOKENS='{configured}'\n\n"
        f"Its holder sets REPRISE_TOKEN to the token, or sends it as `Authorization: Bearer …`."
    )
    terminal.answer(
        {"name": name, "token": made, **entry, "configure": {"REPRISE_AUTH__TOKENS": configured}}, told
    )


def _known() -> dict[str, object]:
    """The tokens in the environment, so that one more does not end the others."""
    return {
        name: known.model_dump(mode="json", exclude_none=True)
        for name, known in from_environment().auth.tokens.items()
    }
