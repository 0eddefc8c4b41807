"""The calls over REST: a route for each row of `reprise_contracts.calls` whose body is JSON, or all of it in
the path."""

import inspect
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, get_type_hints

from fastapi import APIRouter, Depends
from starlette.responses import Response

from reprise_contracts.calls import CALLS, Call, Route
from reprise_contracts.fleet import FleetPreview
from reprise_contracts.states import Preview
from reprise_gateway.access.access import Caller
from reprise_gateway.commands.handlers import HANDLERS
from reprise_gateway.doors.dependencies import (
    FLEET,
    PREVIEW,
    PROBLEM,
    GatewayDep,
    Key,
    caller_in,
    json_answer,
    one_name,
)
from reprise_gateway.doors.requests import exactly

router = APIRouter(responses=PROBLEM)


def _add(call: Call, route: Route) -> None:
    takes_body = bool(call.in_body(route))
    router.add_api_route(
        route.path,
        _with_body(call, route) if takes_body else _from_path(call, route),
        methods=[route.method],
        name=call.kind if route is call.doors.rest[0] else f"{call.kind}_{route.method.lower()}",
        description=call.summary,
        tags=[route.path.split("/")[1]],
        status_code=route.status,
        response_model=call.answer[0],
        responses=PREVIEW if Preview in call.answer else FLEET if FleetPreview in call.answer else None,
        dependencies=[exactly(call.document or call.body)] if takes_body else None,
    )


def _with_body(call: Call, route: Route) -> Callable[..., Awaitable[Response]]:
    """The endpoint of a call whose fields are in a JSON body, or in part in the path."""
    hints = get_type_hints(call.body, include_extras=True)

    async def endpoint(body: Any, gateway: GatewayDep, who: Caller, key: Key, **fields: Any) -> Response:
        named = body.model_copy(update={"command_id": one_name(body.command_id, key)})
        if call.document is not None:
            said = {name: getattr(named, name) for name in named.model_fields_set | {"command_id"}}
            named = call.body.model_validate({**said, **fields, **route.sets})
        answer = await HANDLERS[call.kind](gateway.service, named, who)
        return json_answer(answer, 200 if isinstance(answer, Preview | FleetPreview) else route.status)

    return _signed(
        endpoint,
        call,
        {name: hints[name] for name in route.in_path}
        | {"body": call.document or call.body, "gateway": GatewayDep, "key": Key},
    )


def _from_path(call: Call, route: Route) -> Callable[..., Awaitable[Response]]:
    """The endpoint of a call whose fields are in the path, or are what the route stands for; its command may
    be named in a header."""
    hints = get_type_hints(call.body, include_extras=True)
    keyed = "command_id" in hints and "command_id" not in route.in_path

    async def endpoint(gateway: GatewayDep, who: Caller, key: Key = None, **fields: Any) -> Response:
        named = {"command_id": key} if keyed else {}
        body = call.body.model_validate({**fields, **route.sets, **named})
        return json_answer(await HANDLERS[call.kind](gateway.service, body, who), route.status)

    return _signed(
        endpoint,
        call,
        {name: hints[name] for name in route.in_path}
        | {"gateway": GatewayDep}
        | ({"key": Key} if keyed else {}),
    )


def _signed(
    endpoint: Callable[..., Awaitable[Response]], call: Call, hints: dict[str, Any]
) -> Callable[..., Awaitable[Response]]:
    """The endpoint with the signature that FastAPI reads."""
    hints = hints | {"who": Annotated[Caller, Depends(caller_in(call.role))]}
    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=hint)
        for name, hint in hints.items()
    ]
    endpoint.__signature__ = inspect.Signature(parameters, return_annotation=Response)  # type: ignore[attr-defined]  # what FastAPI reads
    return endpoint


for _call in CALLS:
    for _route in _call.doors.rest if not _call.own_body else ():
        _add(_call, _route)
