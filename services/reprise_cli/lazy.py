"""A group whose commands are imported when they are asked for: each of them loads clients and readers that
the others do not need."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from reprise_cli.terminal import command

PACKAGE = "reprise_cli.commands"


def group_of(commands: Mapping[str, str]) -> type[TyperGroup]:
    """Return a class of groups that has these commands besides what is added to it: `module:function` of
    `reprise_cli.commands` by name. The help lists them in this order."""

    class LazyGroup(TyperGroup):  # Typer may carry a Click of its own: its types have no public name
        def list_commands(self, ctx: Any) -> list[str]:
            return [*commands, *(name for name in super().list_commands(ctx) if name not in commands)]

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            body = commands.get(cmd_name)
            return _load(cmd_name, body) if body else super().get_command(ctx, cmd_name)

    return LazyGroup


def _load(name: str, body: str) -> Any:
    module, _, function = body.partition(":")
    alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False)
    command(alone, name)(getattr(import_module(f"{PACKAGE}.{module}"), function))
    return typer.main.get_command(alone)
