"""`reprise watch-source`: look at sources at their times, and say what was found."""

from typing import Annotated, Literal

import typer
from pydantic import ValidationError

from reprise_cli.commands.reruns import CommandIdOption
from reprise_cli.errors import UsageError
from reprise_cli.terminal import Terminal
from reprise_contracts.sources import Check
from reprise_contracts.watches import Watch, WatchedSource, WatchRequest, WatchView
from reprise_contracts.wire import explain

FOUND = {
    "unchanged": "unchanged",
    "changed": "changed",
    "found_more": "holds other sources",
    "moved": "moved",
    "gone": "gone",
    "forbidden": "not given out",
    "challenge": "for browsers only",
    "failed": "could not be looked at",
}


def watch_source(
    terminal: Terminal,
    batch: Annotated[str, typer.Argument(metavar="BATCH", help="The batch.", show_default=False)],
    source: Annotated[
        str | None,
        typer.Argument(
            metavar="[SOURCE]", help="The source; without it, every source of the batch.", show_default=False
        ),
    ] = None,
    every: Annotated[
        str | None, typer.Option("--every", help="Such as 30m, 6h or 7d.", show_default=False)
    ] = None,
    cron: Annotated[
        str | None,
        typer.Option("--cron", help="Five fields, such as '0 6 * * 1-5'.", show_default=False),
    ] = None,
    time_zone: Annotated[
        str | None,
        typer.Option("--time-zone", help="Of --cron, such as Europe/Berlin; UTC.", show_default=False),
    ] = None,
    auto: Annotated[
        Literal["mark", "refresh"],
        typer.Option("--auto", help="What follows a change: mark what read it, or bring it up to date."),
    ] = "mark",
    max_tokens: Annotated[
        int | None,
        typer.Option("--max-tokens", min=1, help="What refreshes may spend in a day.", show_default=False),
    ] = None,
    add: Annotated[
        bool, typer.Option("--add", help="New results of searches and entries of feeds become sources.")
    ] = False,
    off: Annotated[bool, typer.Option("--off", help="Look no longer.")] = False,
    command_id: CommandIdOption = None,
) -> None:
    """Look at sources at their times; without times, show what is watched and what was found."""
    given = {"every": every, "cron": cron, "time_zone": time_zone, "max_tokens": max_tokens}
    asked = {name: value for name, value in given.items() if value is not None}
    if auto != "mark" or add:
        asked |= {"auto": auto, "add": add}
    if off and asked:
        raise UsageError("--off goes with no other option.")
    wanted = None
    if asked:
        try:
            wanted = WatchRequest.model_validate(asked)
        except ValidationError as error:
            raise UsageError(f"{explain(error, 'The watch')}.") from error
    with terminal.client() as client:
        if off:
            view = client.unwatch(batch, source, command_id)
        elif wanted is not None:
            view = client.watch(batch, wanted, source, command_id)
        else:
            view = client.watches(batch)
    shown = [one for one in view.sources if source is None or one.source_id == source]
    terminal.answer(view.model_dump(mode="json"), _told(view, shown))


def _told(view: WatchView, sources: list[WatchedSource]) -> str:
    whole = f"Every source: {_times(view.watch)}." if view.watch is not None else ""
    lines = [line for line in (whole, *map(_line, sources)) if line]
    return "\n".join(lines) or "Nothing is watched."


def _times(watch: Watch) -> str:
    zone = f" ({watch.time_zone or 'UTC'})" if watch.cron else ""
    when = f"every {watch.every}" if watch.every else f"{watch.cron}{zone}"
    spends = f", at most {watch.max_tokens:,} tokens a day" if watch.max_tokens else ""
    return f"{when}, {watch.auto}{spends}"


def _line(source: WatchedSource) -> str:
    last = (
        f"{FOUND[source.checked.outcome]} at {source.checked.at:%F %T}"
        if source.checked
        else "not yet looked at"
    )
    told = f"; {_news(source.news)}" if source.news is not None else ""
    name = source.url or source.title or ""
    return f"{source.source_id}  {_times(source.watch)}  {last}{told}  {name}".rstrip()


def _news(check: Check) -> str:
    where = f" to {check.moved_to}" if check.moved_to else ""
    return f"{FOUND[check.outcome]}{where} since {check.at:%F %T}"
