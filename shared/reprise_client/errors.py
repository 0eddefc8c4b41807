"""What can go wrong between a program and a server.

CallFailed              something was asked for and not done; `message` says what, `action` what to do
├── InvalidArgument     the call makes no sense; nothing was sent
├── Refused             the server understood and said no; carries its `problem`, a subclass for each type
├── NoServer            nobody answered
├── UnexpectedAnswer    the answer is none of the contract's: another server, or another version
└── TimedOut            what was waited for has not come yet; the server goes on with it
"""

from typing import ClassVar

from reprise_contracts.problems.model import Problem, ProblemType
from reprise_contracts.states import Plan, Preview


class CallFailed(Exception):
    """Something was asked for and not done."""

    type: str = "failed"
    """What went wrong, for a program: stable, as the type of a problem is."""

    def __init__(self, message: str, action: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.action = action


class InvalidArgument(CallFailed):
    """The call makes no sense; nothing was sent."""

    type = "invalid_argument"


class UnexpectedAnswer(CallFailed):
    """What answered is another server, or another version."""

    type = "unexpected_answer"


class TimedOut(CallFailed):
    """What was waited for has not come yet."""

    type = "timed_out"


class NoServer(CallFailed):
    """Nobody answered at the address."""

    type = "no_server"

    def __init__(self, server: str, reason: str) -> None:
        super().__init__(
            f"No server answers at {server} ({reason}).",
            "Start one with `reprise up`, or name another one's address (--server).",
        )


class Refused(CallFailed):
    """The server said no, and why: `problem.type` is stable, `problem.field` names what is wrong."""

    CLASSES: ClassVar[dict[ProblemType, type["Refused"]]] = {}

    def __init_subclass__(cls, *, kind: ProblemType) -> None:
        """Be the class of one type of problem."""
        super().__init_subclass__()
        Refused.CLASSES[kind] = cls

    def __init__(self, problem: Problem) -> None:
        super().__init__(f"{problem.type}: {problem.detail}", problem.action)
        self.problem = problem
        self.type = problem.type

    @staticmethod
    def by(problem: Problem) -> "Refused":
        """The exception of a problem's type; of one that has no class of its own, `Refused` itself."""
        return Refused.CLASSES.get(problem.type, Refused)(problem)


class NotFound(Refused, kind="not_found"):
    """There is no such batch, session, node or text."""


class StepUnknown(Refused, kind="step_unknown"):
    """The plan never had a step of this number; `problem.valid_steps` has the numbers that there are."""


class StepObsolete(Refused, kind="step_obsolete"):
    """The plan has this step no more; `problem.valid_steps` has the numbers that there are."""


class Invalid(Refused, kind="invalid"):
    """`problem.field` is not as it has to be."""


class CommandReused(Refused, kind="command_reused"):
    """Another command has this id already."""


class SessionBusy(Refused, kind="session_busy"):
    """A run is active, and the command would not wait for it."""


class PlanChanged(Refused, kind="plan_changed"):
    """What would run is not what the preview said that the command carries."""

    @property
    def preview(self) -> Preview:
        """What would run now."""
        return Preview(plan=Plan.model_validate(self.problem.plan or {}), plan_token=self.problem.plan_token)


class InputsMissing(Refused, kind="inputs_missing"):
    """Something above has to run first."""


class NodeLocked(Refused, kind="node_locked"):
    """The node is locked: unlock it first."""


class FeatureOff(Refused, kind="feature_off"):
    """This server does not offer it."""


class Unauthenticated(Refused, kind="unauthenticated"):
    """The server wants to know who calls."""


class Forbidden(Refused, kind="forbidden"):
    """The token's role may not do this."""


class BatchEnded(Refused, kind="batch_ended"):
    """The batch takes no more commands."""


class Conflict(Refused, kind="conflict"):
    """What was to be replaced has changed since it was read."""


class TooLarge(Refused, kind="too_large"):
    """It is more than the server takes at once."""


class Unavailable(Refused, kind="unavailable"):
    """The server cannot do it now; try again in a moment."""


class RateLimited(Refused, kind="rate_limited"):
    """Too many calls; try again in a moment."""
