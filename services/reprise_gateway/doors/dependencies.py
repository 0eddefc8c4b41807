"""What the routers share: the parts of the gateway, who calls, and how ids and hashes arrive."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Annotated, cast

from fastapi import Depends, Header, Query, Request
from fastapi.dependencies.models import Dependant
from starlette.requests import HTTPConnection
from starlette.responses import Response

from reprise_contracts.configuration import Role
from reprise_contracts.fleet import FleetPreview
from reprise_contracts.problems import refusals
from reprise_contracts.problems.model import Problem
from reprise_contracts.states import BatchView, Preview, Receipt
from reprise_contracts.wire import CommandId, Message
from reprise_gateway.access.access import READING, WHO, Caller
from reprise_gateway.gateway import Gateway
from reprise_runtime.errors import Refused


def gateway_of(connection: HTTPConnection) -> Gateway:
    """The parts that the composition root put together."""
    return cast(Gateway, connection.app.state.gateway)


GatewayDep = Annotated[Gateway, Depends(gateway_of)]


def known_caller(connection: HTTPConnection, gateway: GatewayDep) -> Caller:
    """Who calls, whatever they want. Raises `Refused` without a token where tokens are configured, and for a
    page of another site that wants to change something."""
    if connection.scope.get("method") not in READING:
        gateway.access.refuse_foreign(connection)
    found: Caller | Refused = connection.scope[WHO]
    if isinstance(found, Refused):
        raise found
    return found


def caller(connection: HTTPConnection, found: Annotated[Caller, Depends(known_caller)]) -> Caller:
    """Who calls: a viewer to look, a researcher for every method that changes something."""
    found.needs("viewer" if connection.scope.get("method") in READING else "researcher")
    return found


def caller_in(role: Role) -> Callable[[Caller], Caller]:
    """Make a dependency: who calls, if they have a role; raises `Refused` (forbidden)."""

    def needed(found: Annotated[Caller, Depends(known_caller)]) -> Caller:
        found.needs(role)
        return found

    return needed


def operator(found: Annotated[Caller, Depends(known_caller)]) -> Caller:
    """An operator who calls."""
    found.needs("operator")
    return found


Who = Annotated[Caller, Depends(caller)]
Known = Annotated[Caller, Depends(known_caller)]
Operator = Annotated[Caller, Depends(operator)]


def command_key(
    idempotency_key: Annotated[
        str | None, Header(description="Stands for `command_id`; it may be in quotes.")
    ] = None,
    command_id: Annotated[CommandId | None, Query()] = None,
) -> str | None:
    """The command id of a call that has none in its body."""
    key = idempotency_key.strip() if idempotency_key is not None else None
    if key is not None and len(key) > 1 and key[0] == key[-1] == '"':  # as a structured header writes a text
        key = key[1:-1]
    if key is not None and not _COMMAND_ID.fullmatch(key):
        detail = "The Idempotency-Key is 1 to 128 of A-Z a-z 0-9 _ and -."
        raise Refused(
            Problem(type="invalid", field="Idempotency-Key", detail=detail, action="Send another one.")
        )
    return one_name(command_id, key)


_COMMAND_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def _query_names(dependant: Dependant) -> Iterator[str]:
    """The names in the address that a route and what it depends on take."""
    yield from (field.alias for field in dependant.query_params)
    for below in dependant.dependencies:
        yield from _query_names(below)


def known_query(connection: HTTPConnection) -> None:
    """Refuse what a route does not know in the address: a misspelled filter would show everything, a
    `dry_run` would run."""
    dependant = getattr(connection.scope.get("route"), "dependant", None)
    if connection.scope["type"] != "http" or dependant is None or not connection.query_params:
        return
    known_names(connection.query_params, set(_query_names(dependant)))


def known_names(given: Iterable[str], known: Collection[str]) -> None:
    """Raise `Refused` (invalid) for the first name in an address that is not known."""
    if stray := next((name for name in given if name not in known), None):
        detail = f"{stray[:64]!r} in the address is not known here."
        action = f"Leave it out; known are: {', '.join(sorted(known)) or 'none'}."
        raise Refused(Problem(type="invalid", field=stray[:64], detail=detail, action=action))


def one_name(given: str | None, key: str | None) -> str | None:
    """The name of a command that was named in two places; raises `Refused` (invalid) for two names."""
    if given and key and given != key:
        detail = "The Idempotency-Key and the command_id are two different names for one command."
        raise Refused(
            Problem(
                type="invalid",
                field="Idempotency-Key",
                detail=detail,
                action="Send one of them, or the same twice.",
            )
        )
    return given or key


Key = Annotated[str | None, Depends(command_key)]

PROBLEM: dict[int | str, dict[str, object]] = {
    "default": {
        "description": "A problem (RFC 9457).",
        "content": {"application/problem+json": {"schema": {"type": "object"}}},
    }
}

PREVIEW: dict[int | str, dict[str, object]] = {
    200: {"model": Preview, "description": "What a `dry_run` would do."}
}
FLEET: dict[int | str, dict[str, object]] = {
    200: {"model": FleetPreview, "description": "What a `dry_run` would do in all of them."}
}


def stored(body: bytes, etag: str, media_type: str, request: Request) -> Response:
    """Bytes under their hash; 304 where the caller has them."""
    headers = {"ETag": f'"{etag}"', "Cache-Control": "private, no-cache"}
    if known(request, etag):
        return Response(status_code=304, headers=headers)
    return Response(body, media_type=media_type, headers=headers)


def known(request: Request, etag: str) -> bool:
    """Whether `If-None-Match` names it."""
    given = {
        tag.strip().removeprefix("W/").strip('"')
        for tag in request.headers.get("if-none-match", "").split(",")
    }
    return etag in given or "*" in given


def if_match(request: Request, current: str | None = None) -> str | None:
    """The hash that `If-Match` names, of several the one that is there now (`current`) or the first; None for
    any (`*`).

    Raises `Refused`: conflict where it names what no artifact of ours ever was, invalid where it is missing
    or is no entity tag.
    """
    given = [
        tag.strip().removeprefix("W/")
        for tag in request.headers.get("if-match", "").split(",")
        if tag.strip()
    ]
    if not given:
        detail = "An edit says which artifact it replaces, so that nobody's work is overwritten unseen."
        action = "Send If-Match with the ETag that came with the artifact, or * for whatever is there."
        raise Refused(Problem(type="invalid", field="If-Match", detail=detail, action=action))
    tags = [tag.strip('"') for tag in given]
    wanted = current if current in tags else tags[0]
    if wanted == "*":
        return None
    if re.fullmatch("[0-9a-f]{64}", wanted):
        return wanted
    if all(re.fullmatch(r'"[^"]*"', tag) for tag in given):
        raise Refused(refusals.CONFLICT)
    detail = "If-Match does not hold the ETag of an artifact."
    action = "Send the ETag that came with the artifact, in quotation marks."
    raise Refused(Problem(type="invalid", field="If-Match", detail=detail, action=action))


def json_answer(answer: Message, status: int = 200) -> Response:
    """A state with every field, also those that are at their defaults; 202 where it says that a command is
    not decided yet."""
    if isinstance(answer, BatchView) and answer.undecided is not None:
        status = 202
    return Response(answer.model_dump_json(), status, media_type="application/json")


def outcome(answer: Receipt | Preview) -> Response:
    """202 for a command that was taken, 200 for a preview."""
    return json_answer(answer, 200 if isinstance(answer, Preview) else 202)
