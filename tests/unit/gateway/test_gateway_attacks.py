"""Attacks, as a list: what is tried at the gateway's doors, and that it comes to nothing.

Elsewhere: forged, expired and stolen tokens and tickets in `test_gateway_access.py`; SSRF by redirect, by DNS
and by address in `integration/research/test_research_fetch.py` and `unit/research/test_research_sources.py`;
bombs and hostile documents in `unit/research/test_research_parsers.py`; rights on NATS in
`integration/runtime/test_rights.py`; everything that fits the OpenAPI document, and much that does not, in
`test_gateway_fuzz.py`; the doors of NATS in `integration/operation/test_outside.py`.
"""

import json
from typing import Any
from urllib.parse import quote

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from reprise_gateway.doors.websocket import MESSAGE
from unit.gateway.gateway_site import Site, settings_with

INJECTIONS = (
    "*",
    ">",
    "s.>",
    "a.b",
    "reprise.v1.cmd.x.rerun",
    "$JS.API.STREAM.DELETE.SESSIONS",
    "_INBOX.x",
    "a b",
    " ",
    "\t",
    "s\r\nPUB reprise.v1.log.x 2\r\n{}\r\n",
    "s\n",
    "s\x00",
    "../../etc/passwd",
    "..",
    ".",
    "a/b",
    "a\\b",
    "%2e%2e%2f",
    "x" * 65,
    "é",
    "𝐬",
    "s\u202e",
    "'; DROP TABLE sessions; --",
    "${jndi:ldap://x}",
    "{{7*7}}",
    "<script>",
)
"""Names that mean something to NATS, to S3 keys, to a file system, to HTTP, or to a careless template."""
CALLS = (
    ("/workflow/restart/phase", {"phase": "phase4"}),
    ("/workflow/restart/step", {"step_ids": [1]}),
    ("/workflow/refresh", {}),
    ("/workflow/accept", {"node": "phase4", "reason": "r"}),
    ("/workflow/cancel", {}),
)


def stored(site: Site) -> tuple[int, int]:
    """What was published, and what was put."""
    return sum(
        len(site.bus.messages(stream)) for stream in ("INBOX", "JOBS", "CONTROL", "DLQ", "POOLS")
    ), len(site.store.objects)


@pytest.mark.parametrize("name", INJECTIONS)
async def test_no_id_leads_anywhere_but_to_itself(site: Site, name: str) -> None:
    """In paths, in bodies, in queries and in headers: refused before anything is published, stored or
    read."""
    async with site.client() as http:
        batch_id, session_id = await site.start(http)
        before = stored(site)
        encoded = quote(name, safe="")
        for path in (
            f"/sessions/{encoded}",
            f"/sessions/{encoded}/report",
            f"/sessions/{encoded}/artifacts/phase2",
            f"/batches/{encoded}",
            f"/batches/{batch_id}/sources/{encoded}/text",
            f"/sessions/{session_id}/commands/{encoded}",
            f"/batches/{batch_id}/sources/src-1/text?sha256={encoded}",
            f"/sessions/{session_id}/artifacts/{encoded}",
        ):
            answer = await http.get(path)
            if name == "x" * 65 and "/commands/" in path:
                continue  # a command's id may be that long
            assert answer.status_code in {404, 422, 405} or (
                path.endswith(("/.", "/..")) and answer.status_code < 500
            ), (path, answer.text)
        for path, body in CALLS:
            for field in ("session_id", "batch_id", "command_id"):
                if name == "x" * 65 and field == "command_id":
                    continue
                answer = await http.post(
                    path, json={"session_id": session_id, "batch_id": batch_id, **body, field: name}
                )
                assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid"), (
                    path,
                    field,
                    answer.text,
                )
                assert answer.json()["field"].startswith(field)
        answer = await http.post(
            "/workflow/accept", json={"session_id": session_id, "node": name, "reason": "r"}
        )
        assert answer.status_code == 422
        if name.isascii() and name.isprintable() and name.strip() and name != "x" * 65:
            key = {"Idempotency-Key": name}
            assert (
                await http.post("/workflow/refresh", json={"session_id": session_id}, headers=key)
            ).status_code == 422
        assert stored(site) == before


@pytest.mark.parametrize("name", INJECTIONS)
async def test_no_name_of_a_file_is_a_path(site: Site, name: str) -> None:
    """A file's name is shown and nothing else: the object's key is its hash."""
    async with site.client() as http:
        answer = await http.post(
            "/batches",
            data={"topic": "T"},
            files=[("files", (name, b"A text of some length.", "text/plain"))],
        )
        assert answer.status_code in {201, 422}, answer.text
        assert all(
            key.split("/")[0] == "sources" and len(key.split("/")[-1]) == 64 for key in site.store.objects
        ), list(site.store.objects)


async def test_a_topic_is_a_text_wherever_it_is_shown(site: Site) -> None:
    """In HTML it is escaped, in a header it does not occur, and a page may run no script at all."""
    async with site.client() as http:
        topic = '<img src=x onerror=alert(1)>"\r\nSet-Cookie: a=b'
        batch_id, session_id = await site.finished(http, topic=topic)
        page = await http.get(f"/sessions/{session_id}/report?format=html")
        assert "<script" not in page.text and "<img" not in page.text, "the report's own text is hostile, too"
        assert "set-cookie" not in page.headers
        policy = page.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "script-src" not in policy
        assert (await http.get(f"/batches/{batch_id}")).headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "https://reprise.evil.example", "http://127.0.0.1:1", "file://"]
)
async def test_a_page_of_another_site_opens_nothing_and_changes_nothing(served: Site, origin: str) -> None:
    async with served.client() as http:
        batch_id, session_id = await served.start(http)
        before = stored(served)
        with pytest.raises(InvalidStatus) as refused:
            async with served.watching(batch_id, Origin=origin):
                pass
        assert refused.value.response.status_code == 403
        for path, body in (
            *CALLS,
            ("/batches", {"topic": "T", "sources": [{"text": "x"}]}),
            ("/ws-ticket", {}),
            ("/workers/phase3/pause", {}),
        ):
            answer = await http.post(
                path, json={"session_id": session_id, **body}, headers={"origin": origin}
            )
            assert (answer.status_code, answer.json()["type"]) == (403, "/problems/forbidden"), path
        assert (await http.delete(f"/batches/{batch_id}", headers={"origin": origin})).status_code == 403
        assert stored(served) == before


async def test_whatever_is_too_large_is_said_to_be(make_site: Any) -> None:
    """Bodies with a length and without one, forms, fields, lists, texts, topics, nesting: never a 500, never
    taken."""
    site = await make_site(settings_with(limits={"upload_bytes": 100_000}))

    async def endless() -> Any:
        for _ in range(100):
            yield b" " * 65536

    async with site.client() as http:
        json_type = {"content-type": "application/json"}
        for body in (b" " * 200_000, endless()):
            answer = await http.post("/batches", content=body, headers=json_type)
            assert (answer.status_code, answer.json()["type"]) == (413, "/problems/too_large")
        answer = await http.post(
            "/batches", data={"topic": "T"}, files=[("files", ("a.txt", b"x" * 200_000, "text/plain"))]
        )
        assert answer.status_code == 413, answer.text
        answer = await http.post(
            "/batches",
            data={"topic": "T"},
            files=[("files", (f"{n}.txt", b"x" * 90_000, "text/plain")) for n in range(30)],
        )
        assert answer.status_code == 413, answer.text
        for given in (
            {"topic": "t" * 50_000, "sources": [{"text": "x"}]},
            {"topic": "T", "sources": [{"text": "x"}], "guidance": "g" * 50_000},
            {"topic": "T", "sources": [{"text": f"{n}"} for n in range(3000)]},
            {"topic": "T", "sources": [{"url": "http://x/" + "y" * 9000}]},
        ):
            answer = await http.post("/batches", json=given)
            assert answer.status_code in {413, 422}, (answer.status_code, answer.text[:200])
        for deep in (b"[" * 90_000, b'{"a":' * 15_000, b'{"topic": "T", "sources": [' + b"[" * 30_000):
            answer = await http.post("/batches", content=deep, headers=json_type)
            assert (answer.status_code, answer.json()["type"]) == (422, "/problems/invalid")
        answer = await http.get("/batches", params={"q": "q" * 10_000})
        assert answer.status_code == 422
        assert not site.bus.messages("INBOX") and not site.store.objects


async def test_a_message_over_a_socket_is_understood_or_refused(served: Site) -> None:
    """Too large, no JSON, deep, of another kind, to another batch: an answer each time, and the socket goes
    on."""
    async with served.client() as http:
        batch_id, session_id = await served.finished(http)
        _, other = await served.start(http)
    async with served.watching(batch_id) as client:
        await client.until("snapshot")
        before = stored(served)
        phase = {"type": "restart_phase", "phase": "phase4"}
        for text in (
            "x" * (MESSAGE + 10),
            "",
            "{",
            "[]",
            "null",
            "[" * 50_000,
            '{"type": 7}',
            '{"type": "drop_everything"}',
            json.dumps(phase | {"session_id": "s.>"}),
            json.dumps(phase | {"session_id": other}),
            json.dumps(phase | {"session_id": session_id, "batch_id": "b-other"}),
            json.dumps(phase | {"session_id": session_id, "by": "root"}),
        ):
            await client.socket.send(text)
            assert (await client.until("answer"))["problem"]["type"] in {
                "/problems/invalid",
                "/problems/not_found",
            }, text[:80]
        await client.socket.send(b"\x00\x01")
        assert (await client.until("answer"))["problem"]["type"] == "/problems/invalid"
        assert stored(served) == before


async def test_a_position_that_is_none_is_a_new_beginning(served: Site) -> None:
    """Whatever a client says of where it stood, it gets a snapshot or a refusal, never another batch's
    frames."""
    async with served.client() as http:
        batch_id, _ = await served.start(http)
    for after in ("-1", "1e9", "99999999999999999999999999", "1.2.3", "NaN", "٣", "0x10", "a", "1.-1", " 1"):
        try:
            async with served.watching(batch_id, f"?after={quote(after)}") as client:
                await client.until("snapshot")
                assert {frame["batch_id"] for frame in client.frames} == {batch_id}
        except (InvalidStatus, ConnectionClosed) as error:
            pytest.fail(f"{after}: {error}")
