"""What went wrong, in the form of RFC 9457: a stable type, the field, and what to do about it."""

from typing import Literal, Self

from pydantic import model_validator

from reprise_contracts.wire import Message

ProblemType = Literal[
    "not_found",
    "invalid",
    "command_reused",
    "session_busy",
    "plan_changed",
    "step_obsolete",
    "step_unknown",
    "inputs_missing",
    "feature_off",
    "unauthenticated",
    "forbidden",
    "batch_ended",
    "conflict",
    "too_large",
    "unavailable",
    "rate_limited",
    "worker_lost",
    "no_sources",
    "engine_failed",
    "engine_unavailable",
    "invalid_plan",
    "store_unavailable",
    "artifact_lost",
    "budget_reached",
    "cancelled",
    "internal",
]

STATUS: dict[str, int] = {
    "not_found": 404,
    "invalid": 422,
    "command_reused": 422,
    "session_busy": 409,
    "plan_changed": 409,
    "step_obsolete": 409,
    "step_unknown": 404,
    "inputs_missing": 409,
    "feature_off": 403,
    "unauthenticated": 401,
    "forbidden": 403,
    "batch_ended": 410,
    "conflict": 412,
    "too_large": 413,
    "unavailable": 503,
    "rate_limited": 429,
    # The ones below describe a node that failed; they travel inside a state, not as an HTTP answer of their own.
    "worker_lost": 500,
    "no_sources": 422,
    "engine_failed": 502,
    "engine_unavailable": 503,
    "invalid_plan": 502,
    "store_unavailable": 503,
    "artifact_lost": 410,
    "budget_reached": 409,
    "cancelled": 409,
    "internal": 500,
}


class Problem(Message):
    """One problem. `detail` says what happened and `action` what to do; `retryable` says whether trying again can help."""

    type: ProblemType
    detail: str
    action: str = ""
    field: str | None = None
    retryable: bool = False
    valid_steps: tuple[int, ...] | None = None
    """For `step_obsolete` and `step_unknown`: the numbers that exist."""
    plan: "dict[str, object] | None" = None
    """For `plan_changed`: the new preview."""
    plan_token: str | None = None

    @property
    def status(self) -> int:
        """The HTTP status."""
        return STATUS[self.type]

    @property
    def title(self) -> str:
        """The type in words."""
        return title_of(self.type)

    def document(self) -> dict[str, object]:
        """The body of an `application/problem+json` answer."""
        return ProblemDocument.of(self).document()


def title_of(kind: str) -> str:
    """A type in words."""
    return kind.replace("_", " ").capitalize()


PROBLEMS = "/problems/"
"""What the type of a problem begins with outside; its last path segment is the type."""


class ProblemDocument(Message):
    """A problem as every door shows it (RFC 9457): over REST, in answers on NATS and in frames."""

    type: str
    title: str
    status: int
    detail: str
    action: str = ""
    field: str | None = None
    retryable: bool = False
    valid_steps: tuple[int, ...] | None = None
    plan: dict[str, object] | None = None
    plan_token: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _named(cls, given: object) -> object:
        """Of a bare problem, as an older server told it, what follows from its type is filled in."""
        given = given.model_dump() if isinstance(given, Problem) else given
        if not isinstance(given, dict) or "status" in given or given.get("type") not in STATUS:
            return given
        kind = str(given["type"])
        return {"title": title_of(kind), "status": STATUS[kind]} | given | {"type": PROBLEMS + kind}

    @classmethod
    def of(cls, problem: Problem) -> Self:
        """Return the outside's form of a problem."""
        return cls(title=problem.title, status=problem.status, **problem.model_dump() | {"type": PROBLEMS + problem.type})

    @property
    def problem(self) -> Problem:
        """The problem itself; raises `ValidationError` for a type of a newer server."""
        return Problem.model_validate(self.model_dump() | {"type": self.type.rsplit("/", 1)[-1]})

    def document(self) -> dict[str, object]:
        """The JSON object: what is empty is left out."""
        return self.model_dump(mode="json", exclude_none=True, exclude=set() if self.action else {"action"})
