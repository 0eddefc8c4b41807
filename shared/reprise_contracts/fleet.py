"""Many sessions at once: found by what is said of them, and brought up to date as one (R39)."""

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, StringConstraints

from reprise_contracts.commands import Ceiling, Flag, SessionTag
from reprise_contracts.problems.model import ProblemDocument
from reprise_contracts.states import Estimate, Plan, Receipt, SessionSummary
from reprise_contracts.watches import SECONDS
from reprise_contracts.wire import CommandId, Id, Message

SessionState = Literal["pending", "running", "completed", "failed", "stale", "cancelled"]
MOST = 1_000
"""Sessions that are brought up to date by one command at most."""


def _age(given: str) -> str:
    if given and re.fullmatch(r"[1-9][0-9]{0,5}[smhd]", given) is None:
        raise ValueError("say an age as 30m, 6h or 7d")
    return given


Age = Annotated[str, AfterValidator(_age)]
"""Such as `30m`, `6h` or `7d`; empty: any."""


def seconds_of(age: str) -> int:
    """An age in seconds; 0 of an empty one."""
    return int(age[:-1]) * SECONDS[age[-1]] if age else 0


class SessionFilter(Message):
    """Which sessions: each thing that is said narrows; `stale` and `failed` together are either."""

    state: SessionState | None = None
    stale: Flag = False
    """Something of it is out of date."""
    failed: Flag = False
    """Something of it has failed."""
    tag: SessionTag | None = None
    q: Annotated[str, StringConstraints(max_length=200)] = ""
    """Words that are all in its topic; or its id."""
    older_than: Age = ""
    """Nothing has happened to it for so long."""


class SessionPage(Message):
    """`GET /sessions`."""

    sessions: tuple[SessionSummary, ...] = ()
    next: str | None = None
    """Pass as `after` to get the next page."""
    behind: int = 0
    """Commits that are not in the list yet: it is made anew, or catches up."""


class Share(Message):
    """One session of an update of many, as its preview showed it."""

    session_id: Id
    plan_token: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
    max_tokens: Annotated[int, Field(ge=1, le=10**12, strict=True)] | None = None
    """Its part of the ceiling; null where there is none."""
    topic: str = ""
    plan: Plan | None = None
    """What would be done in it. A command may leave this and the topic out."""


class RefreshAllCall(SessionFilter):
    """`POST /workflow/refresh-all`. With `dry_run` what it would do. Without, the `sessions` and the
    `plan_token` of a preview: nothing runs that it did not show."""

    max_tokens: Ceiling | None = None
    """What all of them may spend together."""
    dry_run: Flag = False
    plan_token: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] | None = None
    sessions: Annotated[tuple[Share, ...], Field(max_length=MOST)] = ()
    command_id: CommandId | None = None


class CancelAllCall(Message):
    """`POST /workflow/refresh-all/{command_id}/cancel`."""

    command_id: CommandId


class LeftOut(Message):
    """A session that was found and is not brought up to date, and why."""

    session_id: Id
    topic: str = ""
    reason: Literal["running", "begun", "ceiling", "too_many", "refused", "locked", "waits"]
    """`begun`: this command has asked it already; `locked`: what is out of date in it is locked, or read from
    what is (R38); `waits`: nothing of what is out of date can run."""
    problem: ProblemDocument | None = None
    """Where there is more to say: what is refused or locked, or why nothing can run, and what to do."""


class FleetPreview(Message):
    """What a refresh of many sessions would do, as a whole (R39)."""

    sessions: tuple[Share, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    estimate: Estimate = Estimate()
    """Of all of them together; `seconds` as if one came after the other."""
    unknown: int = 0
    """Sessions in which something runs that has never run: nothing is known of that, and no figure has it."""
    max_tokens: int | None = None
    plan_token: str = ""


class FleetAnswer(Message):
    """What became of the command in one session."""

    session_id: Id
    receipt: Receipt | None = None
    problem: ProblemDocument | None = None
    """Why it was refused there."""


class FleetReceipt(Message):
    """The answer to a command to many sessions: in each it is a command like any other."""

    command_id: CommandId
    sessions: tuple[FleetAnswer, ...] = ()
