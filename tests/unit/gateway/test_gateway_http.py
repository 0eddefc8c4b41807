"""HTTP as clients of any language meet it: the contract as a document, methods, media types, conditions, and what is not known."""

import gzip
import json
from collections.abc import Iterator
from typing import Any

import pytest

from reprise_runtime.settings import Gateway, Settings


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
    operations = {(path, method): one for path, methods in document["paths"].items() for method, one in methods.items()}
    names = [one["operationId"] for one in operations.values()]
    assert len(names) == len(set(names)) and {"restart_phase", "restart_step", "refresh", "start", "report", "state"} <= set(names)
    edit = operations["/sessions/{session_id}/artifacts/{phase}", "put"]
    headers = {parameter["name"].lower() for parameter in edit["parameters"] if parameter["in"] == "header"}
    assert {"if-match", "idempotency-key"} <= headers and {"200", "202"} <= set(edit["responses"])
    assert "oneOf" in edit["requestBody"]["content"]["application/json"]["schema"]
    read = operations["/sessions/{session_id}/artifacts/{phase}", "get"]
    assert "304" in read["responses"] and "ETag" in read["responses"]["200"]["headers"]
    assert any(parameter["name"] == "If-None-Match" for parameter in read["parameters"])
    assert "application/pdf" in operations["/sessions/{session_id}/report", "get"]["responses"]["200"]["content"]
    for path in ("/batches", "/batches/{batch_id}/sessions", "/batches/{batch_id}/sources"):
        assert "202" in operations[path, "post"]["responses"]
    assert document["components"]["securitySchemes"]["token"]["scheme"] == "bearer" and document["security"]
    for operation in operations.values():
        default = operation["responses"]["default"]
        assert "Retry-After" in default["headers"] and "$ref" in default["content"]["application/problem+json"]["schema"]


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
        assert headed.headers.get("etag") == got.headers.get("etag") and headed.headers["content-length"] == got.headers["content-length"]
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
async def test_a_method_that_is_not_there_names_those_that_are(http: Any, method: str, path: str, allowed: set[str]) -> None:
    answer = await http.request(method, path)
    assert answer.status_code == 405 and set(answer.headers["allow"].split(", ")) == allowed


async def test_a_body_of_another_kind_or_packed_is_refused_in_words(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    body = json.dumps({"session_id": session_id, "phase": "phase4"})
    path = "/workflow/restart/phase"
    other = await http.post(path, content=body, headers={"Content-Type": "text/xml"})
    assert (other.status_code, other.headers["content-type"]) == (415, "application/problem+json")
    packed = await http.post(
        path, content=gzip.compress(body.encode()), headers={"Content-Type": "application/json", "Content-Encoding": "gzip"}
    )
    assert packed.status_code == 415 and "gzip" in packed.json()["detail"]
    assert not site.research.session(session_id).busy


async def test_lists_in_if_match_and_quotes_around_a_key(site: Any, http: Any) -> None:
    _, session_id = await site.finished(http)
    path = f"/sessions/{session_id}/artifacts/phase1"
    etag = (await http.get(path)).headers["etag"]
    edit = {"goals": [{"question": "What now?"}]}
    done = await http.put(path, json=edit, headers={"If-Match": f'"{"0" * 64}", {etag}', "Idempotency-Key": '"quoted-1"'})
    assert (done.status_code, done.json()["command_id"]) == (202, "quoted-1")
    assert (await http.get(f"/sessions/{session_id}/commands/quoted-1")).json()["status"] == "completed"
    late = await http.put(path, json=edit, headers={"If-Match": f'"{"0" * 64}", "{"1" * 64}"'})
    assert late.status_code == 412
    odd = await http.post("/workflow/refresh", json={"session_id": session_id}, headers={"Idempotency-Key": "not a key"})
    assert (odd.status_code, odd.json()["field"]) == (422, "Idempotency-Key")


@pytest.mark.parametrize("path", ["/batches?search=tide", "/batches?Limit=3", "/config?x=1", "/sessions/s-1/events?since=1"])
async def test_what_is_not_known_in_the_address_is_refused(http: Any, path: str) -> None:
    answer = await http.get(path)
    assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid") and answer.json()["field"] in path


async def test_pages_of_configured_sites_may_call(make_site: Any) -> None:
    site = await make_site(Settings(gateway=Gateway(origins=("https://research.example.org",))))
    async with site.client() as http:
        for origin, allowed in (("https://research.example.org", True), ("https://evil.example.org", False)):
            headers = {"Origin": origin, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
            asked = await http.options("/batches", headers=headers)
            assert (asked.headers.get("access-control-allow-origin") == origin) is allowed
        read = await http.get("/batches", headers={"Origin": "https://research.example.org"})
        assert read.headers["access-control-allow-origin"] == "https://research.example.org"
