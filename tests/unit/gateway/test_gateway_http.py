"""HTTP as clients of any language meet it: the contract as a document, methods, media types, conditions, and
what is not known."""

import asyncio
import gzip
import json
import socket
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from reprise_contracts.wire import Message
from reprise_gateway.doors.listening import listening
from reprise_runtime.settings import Gateway, Llm, Nats, Settings


def references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


async def test_every_reference_of_the_contract_leads_somewhere(http: Any) -> None:
    document = (await http.get("/openapi.json")).json()
    assert document["openapi"].startswith("3.")
    for reference in references(document):
        found: Any = document
        for part in reference.removeprefix("#/").split("/"):
            found = found[part.replace("~1", "/").replace("~0", "~")]
        assert isinstance(found, dict), reference


async def test_the_contract_says_what_its_routes_do(http: Any) -> None:
    document = (await http.get("/openapi.json")).json()
    operations = {
        (path, method): one for path, methods in document["paths"].items() for method, one in methods.items()
    }
    names = [one["operationId"] for one in operations.values()]
    assert len(names) == len(set(names)) and {
        "restart_phase",
        "restart_step",
        "refresh",
        "start",
        "report",
        "state",
    } <= set(names)
    edit = operations["/sessions/{session_id}/artifacts/{phase}", "put"]
    headers = {parameter["name"].lower() for parameter in edit["parameters"] if parameter["in"] == "header"}
    assert {"if-match", "idempotency-key"} <= headers and {"200", "202"} <= set(edit["responses"])
    assert "oneOf" in edit["requestBody"]["content"]["application/json"]["schema"]
    read = operations["/sessions/{session_id}/artifacts/{phase}", "get"]
    assert "304" in read["responses"] and "ETag" in read["responses"]["200"]["headers"]
    assert any(parameter["name"] == "If-None-Match" for parameter in read["parameters"])
    assert (
        "application/pdf" in operations["/sessions/{session_id}/report", "get"]["responses"]["200"]["content"]
    )
    for path in ("/batches", "/batches/{batch_id}/sessions", "/batches/{batch_id}/sources"):
        assert "202" in operations[path, "post"]["responses"]
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer" and document["security"]
    for operation in operations.values():
        default = operation["responses"]["default"]
        assert (
            "Retry-After" in default["headers"]
            and "$ref" in default["content"]["application/problem+json"]["schema"]
        )


async def test_head_is_where_get_is(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    for path in (
        "/batches",
        f"/sessions/{session_id}",
        f"/sessions/{session_id}/artifacts/phase1",
        "/config",
        f"/api/sessions/{session_id}",
    ):
        got, headed = await http.get(path), await http.head(path)
        assert (headed.status_code, headed.content) == (200, b"")
        assert (
            headed.headers.get("etag") == got.headers.get("etag")
            and headed.headers["content-length"] == got.headers["content-length"]
        )
    assert (await http.head("/sessions/s-none")).status_code == 404


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PATCH", "/batches", {"GET", "HEAD", "POST"}),
        ("POST", "/sessions/s-1/artifacts/phase1", {"GET", "HEAD", "PUT"}),
        ("GET", "/workflow/refresh", {"POST"}),
        ("PUT", "/batches/b-1", {"GET", "HEAD", "DELETE"}),
    ],
)
async def test_a_method_that_is_not_there_names_those_that_are(
    http: Any, method: str, path: str, allowed: set[str]
) -> None:
    answer = await http.request(method, path)
    assert answer.status_code == 405 and set(answer.headers["allow"].split(", ")) == allowed
    assert all(one in answer.json()["action"] for one in allowed)


async def test_a_body_of_another_kind_or_packed_is_refused_in_words(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    body = json.dumps({"session_id": session_id, "phase": "phase4"})
    path = "/workflow/restart/phase"
    other = await http.post(path, content=body, headers={"Content-Type": "text/xml"})
    assert (other.status_code, other.headers["content-type"]) == (415, "application/problem+json")
    packed = await http.post(
        path,
        content=gzip.compress(body.encode()),
        headers={"Content-Type": "application/json", "Content-Encoding": "gzip"},
    )
    assert packed.status_code == 415 and "gzip" in packed.json()["detail"]
    assert not site.research.session(session_id).busy


async def test_lists_in_if_match_and_quotes_around_a_key(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    path = f"/sessions/{session_id}/artifacts/phase1"
    etag = (await http.get(path)).headers["etag"]
    edit = {"goals": [{"question": "What now?"}]}
    done = await http.put(
        path, json=edit, headers={"If-Match": f'"{"0" * 64}", {etag}', "Idempotency-Key": '"quoted-1"'}
    )
    assert (done.status_code, done.json()["command_id"]) == (202, "quoted-1")
    assert (await http.get(f"/sessions/{session_id}/commands/quoted-1")).json()["status"] == "completed"
    late = await http.put(path, json=edit, headers={"If-Match": f'"{"0" * 64}", "{"1" * 64}"'})
    assert late.status_code == 412
    odd = await http.post(
        "/workflow/refresh", json={"session_id": session_id}, headers={"Idempotency-Key": "not a key"}
    )
    assert (odd.status_code, odd.json()["field"]) == (422, "Idempotency-Key")


@pytest.mark.parametrize(
    "path", ["/batches?search=tide", "/batches?Limit=3", "/config?x=1", "/sessions/s-1/events?since=1"]
)
async def test_what_is_not_known_in_the_address_is_refused(http: Any, path: str) -> None:
    answer = await http.get(path)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid") and answer.json()[
        "field"
    ] in path


async def test_pages_of_configured_sites_may_call(make_site: Any) -> None:
    site = await make_site(Settings(gateway=Gateway(origins=("https://research.example.org",))))
    async with site.client() as http:
        for origin, allowed in (("https://research.example.org", True), ("https://evil.example.org", False)):
            headers = {
                "Origin": origin,
                "Access-Control-Request-Method": "POST",
                "Access-Control-Request-Headers": "content-type",
            }
            asked = await http.options("/batches", headers=headers)
            assert (asked.headers.get("access-control-allow-origin") == origin) is allowed
        read = await http.get("/batches", headers={"Origin": "https://research.example.org"})
        assert read.headers["access-control-allow-origin"] == "https://research.example.org"


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ("POST /batches HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n{", "408"),
        (
            "POST /batches HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
            "Content-Length: 200\r\n\r\n--x\r\n",
            "408",
        ),
        ("POST /batches HTTP/1.1\r\nHost: loc", ""),
        ("", ""),
    ],
)
async def test_who_stops_in_the_middle_is_not_waited_for(make_site: Any, sent: str, status: str) -> None:
    """A body that does not come is told so, as a problem; headers that do not come close the connection."""
    site = await make_site(Settings(gateway=Gateway(read_timeout=0.3)), serve=True)
    host, port = site.address.rsplit(":", 1)
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(sent.encode())
    async with asyncio.timeout(5):
        answer = (await reader.read()).decode()  # to the end of the connection
    writer.close()
    assert answer.split(" ")[1:2] == ([status] if status else [])
    if status:
        assert "application/problem+json" in answer and "connection: close" in answer.lower()


async def test_a_request_and_a_socket_may_take_longer_than_a_caller_between_two_pieces(
    make_site: Any,
) -> None:
    """Only callers are hurried: a kept connection is used again, and a WebSocket stays."""
    site = await make_site(Settings(gateway=Gateway(read_timeout=0.3)), serve=True)
    async with httpx.AsyncClient(base_url=f"http://{site.address}", trust_env=False) as http:
        batch_id, _ = await site.start(http)
        async with site.watching(batch_id) as socket:
            await socket.until("snapshot")
            await asyncio.sleep(0.5)
            assert (await http.get("/healthz")).status_code == 200
            await socket.ask(type="garbage")
            assert (await socket.until("answer"))["problem"]["status"] == 422


async def test_a_socket_refuses_what_it_does_not_know_in_the_address(served: Any) -> None:
    """A misspelled position would begin anew, and nobody would know."""
    async with served.client() as http:
        batch_id, _ = await served.start(http)
        with pytest.raises(InvalidStatus) as refused:
            async with served.watching(batch_id, "?afer=3"):
                pass
        assert refused.value.response.status_code == 422
        assert b"afer" in refused.value.response.body


def test_a_port_that_another_program_has_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(SystemExit, match=f"port {port} of 127.0.0.1"):
            listening("127.0.0.1", port)


async def test_the_message_contract_names_the_servers_of_this_stack(make_site: Any) -> None:
    settings = Settings(nats=Nats(url="nats://me:secret@nats.example.org, nats://other:5222"))
    site = await make_site(settings)
    async with site.client() as http:
        document = (await http.get("/asyncapi")).json()
    assert {name: (one["host"], one["protocol"]) for name, one in document["servers"].items()} == {
        "nats": ("nats.example.org:4222", "nats"),
        "gateway": ("localhost", "ws"),
    }
    named = {name: one["servers"][0]["$ref"] for name, one in document["channels"].items()}
    assert named["websocket"] == "#/servers/gateway" and named["log"] == "#/servers/nats"


async def test_an_operator_sees_the_settings_and_no_secret(make_site: Any) -> None:
    llm = Llm(
        api_key="top secret",
        headers={"Authorization": "top secret"},
        fallback={"base_url": "http://x/v1", "api_key": "top secret"},
        phases={"phase0": {"model": "small", "api_key": "top secret"}},
    )
    site = await make_site(Settings(nats=Nats(url="nats://me:top secret@nats:4222"), llm=llm))
    async with site.client() as http:
        told = await http.get("/doctor")
    assert told.json()["settings"]["nats"]["url"] == "nats://nats:4222"
    assert told.json()["settings"]["llm"]["phases"]["phase0"]["model"] == "small"
    assert "top secret" not in told.text


async def test_a_body_that_does_not_say_what_it_is_is_json(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    body = json.dumps({"session_id": session_id}).encode()
    answer = await http.post("/workflow/refresh", content=body)
    assert "content-type" not in answer.request.headers and answer.status_code == 202, answer.text
    odd = await http.post("/workflow/refresh", content=body, headers={"Content-Type": "text/plain"})
    assert odd.status_code == 415


async def test_a_problem_names_the_field_that_the_call_has(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    node = {"session_id": session_id, "node": "phase3/999"}
    calls = {
        "/workflow/accept": (node | {"reason": "Good."}, "node"),
        "/workflow/cancel": ({"session_id": session_id, "step_id": 999}, "step_id"),
        "/workflow/restart/step": ({"session_id": session_id, "step_ids": [999]}, "step_ids"),
        f"/sessions/{session_id}/lock": ({"node": "phase3/999"}, "node"),
        f"/sessions/{session_id}/fork": ({"node": "phase3/999"}, "node"),
    }
    for path, (body, field) in calls.items():
        answer = await http.post(path, json=body)
        found = answer.json()
        assert (found["type"], found["field"]) == ("/problems/step_unknown", field), (path, answer.text)


async def test_every_shape_has_a_name_of_its_own(http: Any) -> None:
    """Two shapes of one name would be one in the document, and one of them wrong."""
    document = (await http.get("/openapi.json")).json()
    kinds: dict[str, set[str]] = {}
    waiting: list[type] = [Message]
    while waiting:
        kind = waiting.pop()
        waiting += kind.__subclasses__()
        if kind.__module__.startswith("reprise_contracts"):
            kinds.setdefault(kind.__name__, set()).add(kind.__module__)
    assert not {name: places for name, places in kinds.items() if len(places) > 1}
    assert "finding_id" in document["components"]["schemas"]["Finding"]["properties"]
