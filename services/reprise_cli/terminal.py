"""The person's side: one `Terminal` for each command, and the one place where errors become exit codes."""

import dataclasses
import functools
import inspect
import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Concatenate, ParamSpec, get_type_hints

import typer
from rich.console import Console, RenderableType

from reprise_cli.errors import CallFailed, UsageError, document, exit_code
from reprise_cli.stack.keys import operator_settings
from reprise_cli.stack.stack_file import default_state_dir, server_address
from reprise_runtime.settings import Settings, WrongSettings

if TYPE_CHECKING:
    from reprise_cli.display import LiveDisplay, PlainDisplay
    from reprise_client import Client

P = ParamSpec("P")
PIPE_WIDTH = 200

ServerOption = Annotated[
    str | None,
    typer.Option(
        "--server",
        envvar="REPRISE_SERVER",
        help="The server's address; if none is named, the local stack.",
        show_default=False,
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]
StateDirOption = Annotated[
    Path | None,
    typer.Option(
        "--state-dir", envvar="REPRISE_STATE_DIR", help="The local stack's folder.", show_default=False
    ),
]
TokenOption = Annotated[
    str | None,
    typer.Option(
        "--token",
        envvar="REPRISE_TOKEN",
        help="A bearer token, where the server wants one.",
        show_default=False,
    ),
]


class Terminal:
    """What a command prints to and asks of. `tty` decides between a live view and plain lines."""

    def __init__(
        self,
        *,
        server: str | None = None,
        token: str | None = None,
        state_dir: Path | None = None,
        as_json: bool = False,
    ) -> None:
        self.state_dir = state_dir or default_state_dir()
        self.as_json = as_json
        self.tty = sys.stdout.isatty() and not as_json
        self.asks = self.tty and sys.stdin.isatty()
        self.server = server_address(server, self.state_dir)
        self.named = server is not None
        self.token = token
        plain = functools.partial(
            Console, markup=False, emoji=False, highlight=False
        )  # a topic may well be `[/b]`, and is text
        self.out = plain(soft_wrap=not self.tty, width=None if self.tty else PIPE_WIDTH)
        self.err = plain(stderr=True, soft_wrap=True)

    def client(self) -> "Client":
        """A connection to the server."""
        from reprise_client import Client  # noqa: PLC0415 - for those commands alone that talk to one

        return Client(self.server, self.token)

    def operator_settings(self) -> Settings:
        """What an operator's command works with: the servers that the environment names, else those of the
        stack that is talked to. Raises `UsageError`."""
        return operator_settings(self.state_dir, self.server, self._folder_of_server)

    def _folder_of_server(self) -> Path | None:
        """Where the server keeps its state, as it says itself; None where it says nothing."""
        try:
            with self.client() as client:
                folder = client.health().settings.get("state_dir")
        except CallFailed:
            return None
        return Path(folder) if isinstance(folder, str) else None

    def say(self, what: RenderableType) -> None:
        """For people only: with `--json` it is left out."""
        if not self.as_json:
            self.out.print(what)

    def answer(self, document: object, what: RenderableType) -> None:
        """The result: the JSON document, or what people see."""
        if self.as_json:
            print(json.dumps(document, ensure_ascii=False, indent=2))
        else:
            self.say(what)

    def confirm(self, question: str, *, yes: bool = False, usually: bool = False) -> None:
        """Before what cannot be taken back or costs something: go on with `--yes`, else ask; where nobody can
        be asked, nothing is done.

        `usually` is the answer that a bare Enter gives. Raises `UsageError`, or `typer.Exit` after a no.
        """
        if yes:
            return
        if not self.asks:
            raise UsageError(f"{question} Nobody can be asked here.", "Say --yes if you mean it.")
        if not typer.confirm(question, default=usually):
            self.say("Nothing was done.")
            raise typer.Exit(1)

    def fail(self, error: CallFailed) -> int:
        """Say what went wrong and what to do; gives the exit code."""
        if self.as_json:
            print(json.dumps(document(error), ensure_ascii=False, indent=2))
        self.err.print(error.message, style="red")
        if error.action:
            self.err.print(error.action)
        return exit_code(error)

    def display(self) -> "LiveDisplay | PlainDisplay":
        """Where a follower shows what it knows."""
        from reprise_cli.display import LiveDisplay, PlainDisplay  # noqa: PLC0415 - as above

        return LiveDisplay(self.out) if self.tty else PlainDisplay(quiet=self.as_json)


def command(
    app: typer.Typer, name: str, *, hidden: bool = False
) -> Callable[[Callable[Concatenate[Terminal, P], None]], Callable[Concatenate[Terminal, P], None]]:
    """Register a command whose body takes a `Terminal` first. Every command gets the common options, and
    errors their exit codes."""

    def register(body: Callable[Concatenate[Terminal, P], None]) -> Callable[Concatenate[Terminal, P], None]:
        @functools.wraps(body)
        def run(ctx: typer.Context, **given: object) -> None:
            common: Mapping[str, object] = ctx.find_root().obj or {}
            chosen = {
                key: resolve_option(ctx, key, given.pop(key), common.get(key))
                for key in ("server", "token", "state_dir")
            }
            as_json = bool(given.pop("as_json") or common.get("as_json"))
            terminal = Terminal(**chosen, as_json=as_json)  # type: ignore[arg-type]  # typer has checked them
            try:
                body(terminal, **collapse_groups(given, groups))  # type: ignore[arg-type, call-arg]  # typer has checked them
            except CallFailed as error:
                raise typer.Exit(terminal.fail(error)) from error
            except WrongSettings as error:
                wrong = UsageError(f"{error}.", "Correct the variable; `reprise doctor` lists them all.")
                raise typer.Exit(terminal.fail(wrong)) from error

        own, groups = expand_groups(list(inspect.signature(body, eval_str=True).parameters.values())[1:])
        run.__signature__ = inspect.Signature([CONTEXT, *own, *COMMON])  # type: ignore[attr-defined]  # what typer reads
        run.__annotations__ = {parameter.name: parameter.annotation for parameter in (CONTEXT, *own, *COMMON)}
        app.command(name, hidden=hidden)(run)
        return body

    return register


def resolve_option(ctx: typer.Context, key: str, own: object, of_all: object) -> object:
    """An option as it was given to the command, else to `reprise` itself, else in the environment (which
    speaks through both)."""
    source = ctx.get_parameter_source(key)
    return own if source is not None and source.name == "COMMANDLINE" else of_all or own


Groups = Mapping[str, type]


def expand_groups(parameters: Sequence[inspect.Parameter]) -> tuple[list[inspect.Parameter], Groups]:
    """What typer reads: a parameter whose type is a dataclass stands for its fields, so that commands can
    share their options."""
    found: list[inspect.Parameter] = []
    groups: dict[str, type] = {}
    for parameter in parameters:
        kind = parameter.annotation
        if not (isinstance(kind, type) and dataclasses.is_dataclass(kind)):
            found.append(parameter)
            continue
        groups[parameter.name] = kind
        hints = get_type_hints(kind, include_extras=True)
        found += [
            inspect.Parameter(
                field.name,
                inspect.Parameter.KEYWORD_ONLY,
                default=field.default,
                annotation=hints[field.name],
            )
            for field in dataclasses.fields(kind)
        ]
    return found, groups


def collapse_groups(given: Mapping[str, object], groups: Groups) -> dict[str, object]:
    """The arguments of the command itself, each group put together again."""
    left = dict(given)
    made = {
        name: kind(**{field.name: left.pop(field.name) for field in dataclasses.fields(kind)})
        for name, kind in groups.items()
    }
    return left | made


CONTEXT = inspect.Parameter("ctx", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=typer.Context)
COMMON = (
    inspect.Parameter("server", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=ServerOption),
    inspect.Parameter("token", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=TokenOption),
    inspect.Parameter("state_dir", inspect.Parameter.KEYWORD_ONLY, default=None, annotation=StateDirOption),
    inspect.Parameter("as_json", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=JsonOption),
)
