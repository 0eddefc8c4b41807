"""Everything that goes wrong, as an answer: one RFC 9457 problem, whoever raised what."""

from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from pydantic_core import ErrorDetails
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Match

from reprise_contracts.problems.model import Problem, ProblemType
from reprise_contracts.validation import fault
from reprise_contracts.wire import Malformed
from reprise_gateway.access.rates import RateLimited
from reprise_gateway.commands.capacity import RETRY_AFTER
from reprise_runtime.errors import ObjectCorrupt, ObjectMissing, Refused, Retryable
from reprise_runtime.logs import logger

MEDIA_TYPE = "application/problem+json"
CORRECT = "Correct it and send it again."
_log = logger(__name__)


def problem_of(error: BaseException) -> Problem:
    """What an error means to the caller; an unforeseen one is logged."""
    match error:
        case Refused():
            return error.problem
        case RequestValidationError():
            return invalid(error)
        case HTTPException():
            return _http(error)
    found = next((problem for kind, problem in _KNOWN.items() if isinstance(error, kind)), None)
    if found is None:
        _log.error("unforeseen", error=repr(error), exc_info=error)
    return found or _UNFORESEEN


_KNOWN: Mapping[type[Exception], Problem] = {
    Retryable: Problem(
        type="unavailable",
        detail="A part of the server does not answer.",
        action="Try again in a few seconds.",
        retryable=True,
    ),
    Malformed: Problem(
        type="unavailable",
        detail="This was written by a newer version of the server.",
        action="Try again when all of it is updated.",
    ),
    ObjectMissing: Problem(
        type="not_found",
        detail="This was replaced or removed meanwhile.",
        action="Read the state, then ask again.",
    ),
    ObjectCorrupt: Problem(
        type="internal",
        detail="What is stored is not what was stored.",
        action="Run this part again, and tell an operator.",
    ),
}
_UNFORESEEN = Problem(
    type="internal",
    detail="Something went wrong that should not have.",
    action="Try again; tell an operator.",
)


def invalid(error: RequestValidationError | ValidationError) -> Problem:
    """The first faulty field of a failed validation."""
    first = error.errors()[0]
    field, says = fault(ErrorDetails(**first), skip=_PLACES)
    kind = str(first["type"])
    if kind == "json_invalid":
        return Problem(type="invalid", field="body", detail=f"The body {says}.", action=CORRECT)
    field = field or "body"
    return Problem(
        type="invalid",
        field=field,
        detail=f"{field} {says}.",
        action="Leave it out." if kind == "extra_forbidden" else CORRECT,
    )


_PLACES = frozenset({"body", "query", "path", "header"})
_TYPES: Mapping[int, ProblemType] = {
    401: "unauthenticated",
    403: "forbidden",
    404: "not_found",
    413: "too_large",
    503: "unavailable",
}


_KEPT = frozenset({405, 408, 415})
"""Statuses that HTTP itself demands, which no type of a problem has."""


def _raised(error: BaseException) -> BaseException:
    """The error itself: what went wrong while a body was read is told as a body that cannot be parsed."""
    cause = error.__cause__
    return cause if isinstance(error, HTTPException) and isinstance(cause, Refused | HTTPException) else error


def _http(error: HTTPException) -> Problem:
    kind = _TYPES.get(error.status_code, "invalid" if error.status_code < 500 else "internal")
    detail = error.detail or HTTPStatus(error.status_code).phrase
    action = "See /docs for what there is." if error.status_code == HTTPStatus.NOT_FOUND else CORRECT
    if error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        detail = "This address does not take that method."
        allowed = (error.headers or {}).get("Allow", "")
        action = f"It takes {allowed}." if allowed else CORRECT
    field = "body" if error.status_code == HTTPStatus.BAD_REQUEST else None
    return Problem(type=kind, field=field, detail=f"{detail.rstrip('.')}.", action=action)


def response(
    problem: Problem, status: int | None = None, headers: Mapping[str, str] | None = None
) -> Response:
    """A problem as an answer."""
    fields = dict(headers or {})
    if problem.type == "unavailable":
        fields["Retry-After"] = str(RETRY_AFTER)
    if problem.type == "unauthenticated":
        fields["WWW-Authenticate"] = "Bearer"
    status = status or problem.status
    return JSONResponse(problem.document() | {"status": status}, status, fields, MEDIA_TYPE)


def answer_to(error: BaseException) -> Response:
    """Whatever went wrong, as an answer."""
    error = _raised(error)
    status, headers = None, dict[str, str]()
    if isinstance(error, HTTPException):
        headers = dict(error.headers or {})
        status = error.status_code if error.status_code in _KEPT else None
    if isinstance(error, RateLimited):
        headers["Retry-After"] = str(error.seconds)
    return response(problem_of(error), status, headers)


async def answer(request: Request, error: Exception) -> Response:
    """The handler of every error."""
    if isinstance(error, HTTPException) and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED:
        error.headers = {"Allow": ", ".join(sorted(_allowed(request)))}
    return answer_to(error)


def _allowed(request: Request) -> set[str]:
    """Every method that some route has for this path."""
    routes = (
        route for route in _flat(request.app.router.routes) if route.matches(request.scope)[0] != Match.NONE
    )
    found = {method for route in routes for method in getattr(route, "methods", None) or ()}
    return found | ({"HEAD"} if "GET" in found else set())


def _flat(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """Every route, also those of routers that newer versions of FastAPI keep as one."""
    for route in routes:
        included = getattr(route, "original_router", None)
        yield from _flat(included.routes) if included is not None else (route,)


def install(app: FastAPI) -> None:
    """Answer every error with a problem."""
    for kind in (
        Refused,
        Retryable,
        ObjectMissing,
        ObjectCorrupt,
        Malformed,
        RequestValidationError,
        HTTPException,
    ):
        app.add_exception_handler(kind, answer)
