"""What can go wrong besides what goes wrong in research.

ResearchError           carries the problem as the outside sees it
├── CommandRefused      the rules do not let a command in, as on a server
└── ResearchFailed      a run ended without what it was to make
"""

from reprise_contracts.problems.model import Problem
from reprise_research.errors import NothingToRead, ResearchError


class CommandRefused(ResearchError):
    """The rules refuse a command; the session is as it was."""


class ResearchFailed(ResearchError):
    """A run failed or was cancelled, and no error of a phase says why."""


def refusal(problem: Problem) -> ResearchError:
    """Return the error of a refused command: `NothingToRead` where something has to run first, else
    `CommandRefused`."""
    if problem.type == "inputs_missing":
        return NothingToRead(problem.detail, problem.action)
    return CommandRefused(problem)
