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
    "limit_reached",
    "node_locked",
    "cancelled",
    "internal",
]

STATUS: dict[str, int] = {
    "not_found": 404,
    "invalid": 422,
    "command_reused": 422,
    "session_busy": 409,
    "plan_changed": 409,
    "node_locked": 409,
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
    "limit_reached": 429,
    # The ones below describe a node that failed; they travel inside a state, not as an HTTP answer of their
    # own.
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


ProblemCode = Literal[
    "artifact_changed",
    "asked_already",
    "batch_deleted",
    "batch_ended",
    "ceiling_of_day",
    "ceiling_of_run",
    "ceiling_of_session",
    "command_reused",
    "disk_full",
    "edit_while_running",
    "endpoint_busy",
    "endpoint_failed",
    "endpoint_refused",
    "endpoint_slow",
    "endpoint_unreachable",
    "endpoint_unreadable",
    "engine_incomplete",
    "engine_unknown",
    "engine_without_endpoint",
    "engine_without_model",
    "feature_off",
    "file_too_large",
    "input_failed",
    "input_missing",
    "input_unreadable",
    "inputs_incomplete",
    "inputs_lost",
    "key_refused",
    "language_lacking",
    "last_source",
    "model_unknown",
    "no_run",
    "node_locked",
    "no_section",
    "no_session",
    "no_source",
    "no_sources_given",
    "no_sources_read",
    "not_decided",
    "not_made",
    "not_stale",
    "parser_missing",
    "phase_broken",
    "plan_changed",
    "plan_proposed_unsound",
    "plan_unsound",
    "quota_used",
    "report_moved",
    "result_damaged",
    "result_lost",
    "role_lacking",
    "section_of_report",
    "server_busy",
    "session_busy",
    "session_deleted",
    "session_ended",
    "session_not_empty",
    "sources_empty",
    "sources_too_many",
    "steps_gone",
    "steps_held",
    "steps_unknown",
    "stops_too_early",
    "store_silent",
    "text_lost",
    "text_too_long",
    "token_expired",
    "token_wanted",
    "tokens_short",
    "too_fast",
    "try_failed",
    "unconfirmed",
    "worker_lost",
]
"""What exactly happened, for who says it in a language of its own."""

Facts = dict[str, str | int | tuple[str, ...]]
"""What a sentence about a problem names: nodes by their ids, numbers, names, words of others."""


class Problem(Message):
    """One problem. `detail` says what happened and `action` what to do; `retryable` says whether trying again
    can help. `code` and `facts` say the same as `detail`, without the words."""

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
    code: ProblemCode | None = None
    facts: Facts | None = None

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
    code: ProblemCode | None = None
    facts: Facts | None = None

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
        return cls(
            title=problem.title,
            status=problem.status,
            **problem.model_dump() | {"type": PROBLEMS + problem.type},
        )

    @property
    def kind(self) -> str:
        """The stable part of the type, its last path segment."""
        return self.type.rsplit("/", 1)[-1]

    @property
    def problem(self) -> Problem:
        """The problem itself; raises `ValidationError` for a type of a newer server."""
        return Problem.model_validate(self.model_dump() | {"type": self.kind})

    def document(self) -> dict[str, object]:
        """The JSON object: what is empty is left out."""
        return self.model_dump(mode="json", exclude_none=True, exclude=set() if self.action else {"action"})
