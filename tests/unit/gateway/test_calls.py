"""The table of calls and the doors that are made of it."""

from typing import Any

import pytest
from fastapi import FastAPI

from reprise_contracts import asyncapi, commands, subjects
from reprise_contracts.calls import BY_KIND, CALLS, OPEN_COMMANDS, Call, Route
from reprise_contracts.states import Receipt
from reprise_gateway.commands.handlers import HANDLERS
from reprise_gateway.doors import batches, calls, sessions, websocket

ROUTES = [
    pytest.param(call, route, id=f"{route.method} {route.path}")
    for call in CALLS
    for route in call.doors.rest
]


@pytest.fixture(scope="module")
def served() -> dict[str, Any]:
    app = FastAPI()
    for door in (calls, batches, sessions):
        app.include_router(door.router)
    return app.openapi()["paths"]


@pytest.mark.parametrize(("call", "route"), ROUTES)
def test_every_route_of_the_table_is_served_as_it_says(
    served: dict[str, Any], call: Call, route: Route
) -> None:
    operation = served[route.path][route.method.lower()]
    answer = operation["responses"][str(route.status)]["content"]["application/json"]["schema"]
    assert answer == {"$ref": f"#/components/schemas/{call.answer[0].__name__}"}
    if not call.own_body and "requestBody" in operation:
        asked = operation["requestBody"]["content"]["application/json"]["schema"]
        assert asked == {"$ref": f"#/components/schemas/{(call.document or call.body).__name__}"}


def test_every_call_has_one_row_and_one_handler() -> None:
    assert len(BY_KIND) == len(CALLS)
    assert HANDLERS.keys() == BY_KIND.keys() - {"edit", "import"}


def test_a_call_has_a_door() -> None:
    assert all(call.doors.rest or call.doors.nats for call in CALLS)


def test_a_socket_takes_only_what_answers_with_a_receipt() -> None:
    """A browser hears of what follows by frames; whatever answers otherwise is asked by REST."""
    assert all(Receipt in call.answer for call in websocket.COMMANDS.values())


def test_the_asyncapi_document_has_the_calls_of_nats() -> None:
    channels = {channel.address: channel for channel in asyncapi.channels()}
    for call in CALLS:
        assert (subjects.api(call.kind) in channels) == call.doors.nats
        if call.doors.nats:
            channel = channels[subjects.api(call.kind)]
            assert (channel.messages, channel.text) == ((call.body,), call.summary)


def test_only_commands_of_a_session_may_be_published_from_outside() -> None:
    assert set(OPEN_COMMANDS) <= commands.SESSION_COMMANDS.keys()
