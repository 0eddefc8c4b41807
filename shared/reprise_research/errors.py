"""What can go wrong in research.

    ResearchError           carries the problem as the outside sees it
    ├── NoSources           terminal, the sources' fault: not one of them could be read
    ├── NothingToRead       terminal, the caller's fault: an input that a phase needs is missing
    ├── InvalidPlan         retryable, the engine's fault: the plan that it proposed cannot be run
    ├── EngineFailed        retryable unless it says otherwise, the engine's fault
    ├── EngineUnavailable   terminal until someone configures or installs it
    ├── ParserUnavailable   retryable, the worker's fault: it cannot start a parser process
    ├── RateLimited         retryable, after a while
    ├── ContentTooLong      terminal, for this model
    ├── BudgetReached       terminal until someone raises the ceiling
    └── TextMissing         terminal, the store's fault: a stored text is not there

A source that fails alone is no error: it is recorded with its reason and research goes on with the others.
"""

import math
from collections.abc import Mapping, Sequence

from reprise_contracts.problems.model import Facts, Problem, ProblemCode
from reprise_contracts.sources import StoredSource

_NAMED = 200
"""Sources that a problem names, at most."""


class ResearchError(Exception):
    """A phase could not be done; `problem` says what happened, what to do, and whether trying again can
    help."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.detail)
        self.problem = problem

    @property
    def retryable(self) -> bool:
        """Whether another attempt can end differently."""
        return self.problem.retryable


class NoSources(ResearchError):
    """Not one source could be read. `stored` holds the failures, for whoever keeps them; `reasons` why, by
    source."""

    def __init__(
        self, detail: str, stored: Sequence[StoredSource] = (), reasons: Mapping[str, str] | None = None
    ) -> None:
        action = (
            "Open the sources to see what is wrong with each, replace or add some, then rerun phase 0 "
            "(with refetch to ask again)."
        )
        super().__init__(
            Problem(
                type="no_sources",
                code="no_sources_read",
                facts={
                    "count": len(reasons or ()),
                    "sources": tuple(reasons or ())[:_NAMED],
                    "reasons": tuple((reasons or {}).values())[:_NAMED],
                },
                detail=detail,
                action=action,
            )
        )
        self.stored = tuple(stored)


class NothingToRead(ResearchError):
    """An artifact that the phase reads has not been made."""

    def __init__(self, detail: str, action: str) -> None:
        super().__init__(Problem(type="inputs_missing", detail=detail, action=action))


class InvalidPlan(ResearchError):
    """The proposed plan has no steps, or they depend on each other in a way that has no order."""

    def __init__(self, detail: str) -> None:
        action = "Rerun phase 2; if it happens again, add guidance or write the plan yourself."
        super().__init__(
            Problem(
                type="invalid_plan",
                code="plan_proposed_unsound",
                facts={"said": detail},
                detail=detail,
                action=action,
                retryable=True,
            )
        )


class ParserUnavailable(ResearchError):
    """This worker cannot start the process that reads documents; no document is to blame."""

    def __init__(self, detail: str) -> None:
        action = "Look at the worker's installation and memory (`reprise doctor`), then rerun phase 0."
        super().__init__(
            Problem(
                type="unavailable",
                code="parser_missing",
                facts={"said": detail},
                detail=f"A parser process did not start: {detail}.",
                action=action,
                retryable=True,
            )
        )


class EngineFailed(ResearchError):
    """The engine could not do its part. `code` and `facts` say so without words, where there is a code."""

    def __init__(
        self,
        detail: str,
        action: str = "",
        *,
        retryable: bool = True,
        code: ProblemCode | None = None,
        facts: Facts | None = None,
    ) -> None:
        super().__init__(
            Problem(
                type="engine_failed",
                code=code,
                facts=facts,
                detail=detail,
                action=action,
                retryable=retryable,
            )
        )


class EngineUnavailable(ResearchError):
    """The engine is not installed or not configured. `code` and `facts` as above."""

    def __init__(
        self, detail: str, action: str, *, code: ProblemCode | None = None, facts: Facts | None = None
    ) -> None:
        super().__init__(
            Problem(type="engine_unavailable", code=code, facts=facts, detail=detail, action=action)
        )


class RateLimited(ResearchError):
    """The engine's endpoint wants fewer requests. `wait` are the seconds that it asks for, if it says."""

    def __init__(self, place: str, wait: float | None) -> None:
        asks = f", and asks to wait {wait:g} s" if wait is not None else ""
        super().__init__(
            Problem(
                type="rate_limited",
                code="endpoint_busy",
                facts={"place": place} | ({"seconds": math.ceil(wait)} if wait is not None else {}),
                detail=f"{place} takes no more requests for now{asks}.",
                retryable=True,
                action="Try again later, or run fewer workers of this phase at once.",
            )
        )
        self.wait = wait


class ContentTooLong(ResearchError):
    """What has to be read does not fit into the model's window."""

    def __init__(self, detail: str, action: str = "") -> None:
        usual = (
            "Set REPRISE_LLM__WINDOW to the window that the model really has; longer texts are then "
            "read in parts."
        )
        super().__init__(
            Problem(type="too_large", code="text_too_long", detail=detail, action=action or usual)
        )


class BudgetReached(ResearchError):
    """The next call to the model would spend more tokens than are left."""

    def __init__(self, where: str, spent: int, needed: int, allowance: int) -> None:
        detail = (
            f"Stopped before {where}: it needs about {needed} tokens, and {max(0, allowance - spent)} "
            f"of {allowance} are left."
        )
        action = (
            "What was made is kept. Raise the ceiling of tokens, then refresh the session: it goes on "
            "from here."
        )
        super().__init__(
            Problem(
                type="budget_reached",
                code="tokens_short",
                facts={"needed": needed, "left": max(0, allowance - spent), "most": allowance},
                detail=detail,
                action=action,
            )
        )


class TextMissing(ResearchError):
    """The store does not hold a download or a text that is recorded as stored."""

    def __init__(self, sha256: str) -> None:
        action = (
            "Refresh the session, or rerun phase 0: what is lost is read again from its download, or "
            "fetched again."
        )
        super().__init__(
            Problem(
                type="store_unavailable",
                code="text_lost",
                detail=f"Stored content {sha256[:12]}… is not in the store.",
                action=action,
            )
        )
