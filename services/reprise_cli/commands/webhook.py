"""`reprise webhook`: who is told of what happens. Takes an operator's token."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, get_args

import typer
from pydantic import ValidationError
from rich.table import Table

from reprise_cli.commands.reruns import CommandIdOption, YesOption
from reprise_cli.errors import UsageError
from reprise_cli.terminal import Terminal
from reprise_contracts.fleet import seconds_of
from reprise_contracts.webhooks import (
    AnnouncementType,
    ReplayRequest,
    WebhookCreated,
    WebhookList,
    WebhookRequest,
    WebhookView,
)
from reprise_contracts.wire import explain

PREFIX = "reprise."
TYPES = tuple(name.removeprefix(PREFIX) for name in get_args(AnnouncementType))
"""As they are written here."""

WebhookArgument = Annotated[
    str,
    typer.Argument(metavar="WEBHOOK", help="The webhook's id in `reprise webhook list`.", show_default=False),
]


def add(
    terminal: Terminal,
    url: Annotated[
        str,
        typer.Argument(
            metavar="URL",
            help="Where announcements are posted; or an address of Apprise.",
            show_default=False,
        ),
    ],
    types: Annotated[
        list[str] | None,
        typer.Option(
            "--type", help=f"What is told, again for more: {', '.join(TYPES)}; all.", show_default=False
        ),
    ] = None,
    batch: Annotated[
        str | None, typer.Option("--batch", help="Only of this batch; of all.", show_default=False)
    ] = None,
    secret_file: Annotated[
        typer.FileText | None,
        typer.Option(
            "--secret-file", help="A file with the secret (whsec_…); one is made.", show_default=False
        ),
    ] = None,
    command_id: CommandIdOption = None,
) -> None:
    """Tell an address of what happens from now on. The secret that vouches for it is printed, once."""
    asked: dict[str, object] = {
        "url": url,
        "types": [PREFIX + name.removeprefix(PREFIX) for name in types or ()],
        "batch_id": batch,
        "secret": secret_file.read().strip() if secret_file is not None else None,
        "command_id": command_id,
    }
    try:
        request = WebhookRequest.model_validate(asked)
    except ValidationError as error:
        raise UsageError(f"{explain(error, 'The webhook')}.") from error
    with terminal.client() as client:
        made = client.call("add_webhook", **request.model_dump(mode="json", exclude_none=True))
    if not isinstance(made, WebhookCreated):
        raise TypeError(f"no answer to add_webhook: {made!r}")
    secret = f"\nSecret: {made.secret}\nIt is not shown again." if made.secret else ""
    terminal.answer(made.model_dump(mode="json"), f"{made.webhook_id} is told: {made.url}{secret}")


def listing(terminal: Terminal) -> None:
    """List the webhooks: what each is told, what waits for it, and how the last try went."""
    with terminal.client() as client:
        found = client.call("webhooks")
    if not isinstance(found, WebhookList):
        raise TypeError(f"no answer to webhooks: {found!r}")
    table = Table(box=None, pad_edge=False)
    for title in ("webhook", "address", "is told", "waiting", "last try"):
        table.add_column(title, overflow="fold")
    for webhook in found.webhooks:
        table.add_row(webhook.webhook_id, webhook.url, _types(webhook), str(webhook.waiting), _last(webhook))
    terminal.answer(found.model_dump(mode="json"), table if found.webhooks else "There is no webhook.")


def remove(terminal: Terminal, webhook: WebhookArgument, *, yes: YesOption = False) -> None:
    """Tell an address no longer; what waits for it is dropped."""
    terminal.confirm(f"Remove webhook {webhook}?", yes=yes)
    with terminal.client() as client:
        gone = client.call("remove_webhook", webhook_id=webhook)
    terminal.answer(gone.model_dump(mode="json"), f"{webhook} is told no longer.")


def replay(
    terminal: Terminal,
    webhook: WebhookArgument,
    since: Annotated[
        str, typer.Option("--since", help="A time (2026-11-23T20:00:00Z) or an age (30m, 6h, 7d).")
    ] = "1d",
    command_id: CommandIdOption = None,
) -> None:
    """Tell a webhook again of everything since a time, under the ids that it had.

    Single deliveries that were put aside after their last try are sent again by `reprise dlq replay`.
    """
    try:
        request = ReplayRequest.model_validate({"since": _time(since)})
    except ValidationError as error:
        raise UsageError(f"{explain(error, 'The replay')}.") from error
    asked = {"command_id": command_id} if command_id else {}
    with terminal.client() as client:
        found = client.call("replay_webhook", webhook_id=webhook, since=request.since.isoformat(), **asked)
    when = f"{request.since:%F %T} UTC"
    terminal.answer(found.model_dump(mode="json"), f"{webhook} is told again of everything since {when}.")


def _time(since: str) -> object:
    try:
        age = seconds_of(since)
    except (ValueError, KeyError):
        return since
    return datetime.now(UTC) - timedelta(seconds=age)


def _types(webhook: WebhookView) -> str:
    told = ", ".join(name.removeprefix(PREFIX) for name in webhook.types) or "everything"
    return f"{told} of {webhook.batch_id}" if webhook.batch_id else told


def _last(webhook: WebhookView) -> str:
    if webhook.last is None:
        return "none yet"
    return f"{webhook.last.at:%F %T} {'delivered' if webhook.last.delivered else webhook.last.detail}"
