"""Where a follower shows what it knows of a session: lines for a pipe, a view for a terminal."""

from types import TracebackType
from typing import Self

from rich.console import Console
from rich.live import Live

from reprise_cli import render
from reprise_cli.client.session_view import SessionView


class PlainDisplay:
    """Lines, for a pipe; each is written at once."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass

    def line(self, text: str) -> None:
        """One line."""
        if not self._quiet:
            print(text, flush=True)

    def show(self, view: SessionView) -> None:
        """Nothing: the lines say it."""


class LiveDisplay:
    """A view that is drawn again as it changes, for a terminal."""

    def __init__(self, console: Console) -> None:
        self._live = Live(console=console, refresh_per_second=8, transient=False, vertical_overflow="crop")

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, error, trace)

    def line(self, text: str) -> None:
        """Nothing: the view shows it."""

    def show(self, view: SessionView) -> None:
        """Draw it at the next refresh."""
        self._live.update(render.session(view))
