"""What can go wrong at a terminal, each with its exit code.

CommandFailed            1  the work was tried and failed
├── UsageError           2  the command line makes no sense; nothing was sent
├── Refused              3  the server understood and said no; carries its problem
└── NoServer             4  nobody answered
"""

from reprise_contracts.problems.model import Problem


class CommandFailed(Exception):
    """It was tried and it failed."""

    exit_code = 1

    def __init__(self, message: str, action: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.action = action

    def document(self) -> dict[str, object]:
        """What `--json` prints."""
        return {"error": {"message": self.message, "action": self.action, "exit": self.exit_code}}


class UsageError(CommandFailed):
    """The command line makes no sense."""

    exit_code = 2


class Refused(CommandFailed):
    """The server said no, and why."""

    exit_code = 3

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.type}: {problem.detail}", problem.action)
        self.problem = problem

    def document(self) -> dict[str, object]:
        """The problem itself, with the exit code."""
        return {"problem": self.problem.document(), "exit": self.exit_code}


class NoServer(CommandFailed):
    """Nobody answered at the address."""

    exit_code = 4

    def __init__(self, server: str, reason: str) -> None:
        super().__init__(f"No server answers at {server} ({reason}).", "Start one with `reprise up`, or name another with --server.")
