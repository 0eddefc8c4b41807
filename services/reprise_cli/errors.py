"""What can go wrong at a terminal, each with its exit code.

CallFailed                  1  what was asked of a server was not done (`reprise_client.errors`)
├── Refused                 3  the server understood and said no; carries its problem
├── NoServer                4  nobody answered
├── InvalidArgument         2  what was typed is no id and the like; nothing was sent
└── CommandFailed           1  the command's own work was tried and failed
    └── UsageError          2  the command line makes no sense; nothing was sent
"""

from collections.abc import Mapping

from reprise_client.errors import CallFailed, InvalidArgument, NoServer, Refused

__all__ = ["CallFailed", "CommandFailed", "NoServer", "Refused", "UsageError", "document", "exit_code"]


class CommandFailed(CallFailed):
    """It was tried and it failed."""


class UsageError(CommandFailed):
    """The command line makes no sense."""

    type = "usage"


FAILED, USAGE = 1, 2
_EXIT: Mapping[type[CallFailed], int] = {UsageError: USAGE, InvalidArgument: USAGE, Refused: 3, NoServer: 4}


def exit_code(error: CallFailed) -> int:
    """The exit code of an error."""
    return next((code for kind, code in _EXIT.items() if isinstance(error, kind)), FAILED)


def document(error: CallFailed) -> dict[str, object]:
    """What `--json` prints: a refusal's problem itself."""
    if isinstance(error, Refused):
        return {"problem": error.problem.document(), "exit": exit_code(error)}
    told = {"type": error.type, "message": error.message, "action": error.action}
    return {"error": told | {"exit": exit_code(error)}}
