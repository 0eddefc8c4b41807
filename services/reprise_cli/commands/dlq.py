"""`reprise dlq`: messages that nobody could understand, put aside with their reasons. An operator looks,
sends again, or drops."""

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer
from rich.table import Table

from reprise_cli.commands.reruns import YesOption
from reprise_cli.errors import UsageError
from reprise_cli.terminal import Terminal
from reprise_runtime.settings import Nats

if TYPE_CHECKING:
    from reprise_cli.client.dead_letters import DeadLetter, DeadLetters

T = TypeVar("T")
SHOWN = 200

NumberArgument = Annotated[
    int,
    typer.Argument(metavar="NUMBER", help="The letter's number in `reprise dlq list`.", show_default=False),
]
NumbersArgument = Annotated[
    list[int] | None, typer.Argument(metavar="[NUMBER...]", help="The letters' numbers.", show_default=False)
]
AllOption = Annotated[bool, typer.Option("--all", help="Every letter.")]


def nats_settings(terminal: Terminal) -> Nats:
    """The environment's NATS server, else the local stack's."""
    return terminal.operator_settings().nats.model_copy(update={"connect_timeout": 5.0})


def with_dead_letters(terminal: Terminal, work: "Callable[[DeadLetters], Awaitable[T]]") -> T:
    """Do some work on the letters."""
    from reprise_cli.client import dead_letters  # noqa: PLC0415 - the NATS client is loaded by the command that needs it

    return dead_letters.with_dead_letters(nats_settings(terminal), work)


def for_each(
    terminal: Terminal,
    numbers: list[int],
    act: "Callable[[DeadLetters], Callable[[DeadLetter], Awaitable[None]]]",
) -> list[int]:
    """Do the same with the letters chosen; gives their numbers."""
    from reprise_cli.client import dead_letters  # noqa: PLC0415 - as above

    return dead_letters.with_dead_letters(
        nats_settings(terminal), lambda box: dead_letters.for_each(box, numbers, act(box))
    )


def listing(terminal: Terminal) -> None:
    """List the messages that were put aside, oldest first."""
    found = with_dead_letters(terminal, lambda letters: letters.all(None if terminal.as_json else SHOWN))
    table = Table(box=None, pad_edge=False)
    for title in ("number", "stream", "subject", "reason"):
        table.add_column(title, overflow="ellipsis", no_wrap=True)
    for letter in found:
        table.add_row(str(letter.number), letter.stream, letter.subject, letter.reason)
    document = [{key: value for key, value in letter.document().items() if key != "body"} for letter in found]
    terminal.answer({"letters": document}, table if found else "Nothing was put aside.")


def show(terminal: Terminal, number: NumberArgument) -> None:
    """Show one message with its reason."""
    letter = with_dead_letters(terminal, lambda letters: letters.get(number))
    document = letter.document()
    terminal.answer(document, json.dumps(document, ensure_ascii=False, indent=2))


def replay(terminal: Terminal, numbers: NumbersArgument = None, every: AllOption = False) -> None:
    """Send messages again to where they came from."""
    done = for_each(terminal, _chosen(numbers, every=every), lambda letters: letters.replay)
    terminal.answer({"replayed": done}, f"Sent again: {' '.join(map(str, done)) or 'nothing'}")


def drop(
    terminal: Terminal, numbers: NumbersArgument = None, every: AllOption = False, *, yes: YesOption = False
) -> None:
    """Delete messages for good."""
    chosen = _chosen(numbers, every=every)
    terminal.confirm(
        f"Delete {'every letter' if every else 'letter ' + ' '.join(map(str, chosen))}?", yes=yes
    )
    done = for_each(terminal, chosen, lambda letters: letters.drop)
    terminal.answer({"dropped": done}, f"Deleted: {' '.join(map(str, done)) or 'nothing'}")


def _chosen(numbers: list[int] | None, *, every: bool) -> list[int]:
    """The numbers named; empty for all of them. Raises `UsageError` for neither and for both."""
    if bool(numbers) == every:
        raise UsageError("Name the letters' numbers, or --all.")
    return list(dict.fromkeys(numbers or []))
