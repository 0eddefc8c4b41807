"""A command that cannot be read: put aside for the operator, and refused under its id for whoever sent it."""

import json
from uuid import uuid4

from operated_stack import Caller, Operated, subjects, until, value


async def test_who_sent_it_finds_the_refusal_under_its_id(operated: Operated, caller: Caller) -> None:
    """Through every door; the same again changes nothing, and the message lies in DLQ with the reason."""
    _, session = await caller.begin(f"u-{uuid4().hex}", "steps=1")
    await caller.at_rest(session)
    name = f"c-{uuid4().hex}"
    body = json.dumps({"command_id": name, "target": {"phase": "phase9"}}).encode()
    for _ in range(2):
        await caller.bus.publish(subjects.command(session, "rerun"), body, stream=subjects.INBOX)
    async with operated.client() as http:

        async def refused() -> dict[str, object] | None:
            answer = await http.get(f"/sessions/{session}/commands/{name}")
            return answer.json() if answer.status_code == 200 else None

        found = await until(refused, 10, "an outcome")
        assert found["status"] == "refused"
        problem = found["problem"]
        assert isinstance(problem, dict) and (problem["type"], problem["field"]) == (
            "/problems/invalid",
            "target.phase",
        )
        assert problem["detail"].startswith("target.phase must be 'phase0'") and problem["action"]
        story = (await http.get(f"/sessions/{session}/events")).json()["events"]
        assert sum("could not be read" in entry["text"] for entry in story) == 1, (
            "decided once, however often it came"
        )
        corrected = {"session_id": session, "phase": "phase4", "command_id": name}
        answer = await http.post("/workflow/restart/phase", json=corrected)
        assert answer.json()["type"] == "/problems/command_reused", "R16: an id is honoured once"

    async def aside() -> bool:
        letter = await caller.bus.last(subjects.DLQ, subjects.dead(subjects.INBOX))
        return letter is not None and letter.data == body

    await until(aside, 10, "the letter")
    assert await value(operated, "orchestrator", 'reprise_put_aside_total{stream="INBOX"}') >= 1


async def test_what_nests_or_counts_too_far_is_refused_under_its_id(
    operated: Operated, caller: Caller
) -> None:
    """No parser reads it whole; the id at its outermost level is found all the same, and none that is further
    in."""
    _, session = await caller.begin(f"u-{uuid4().hex}", "steps=1")
    await caller.at_rest(session)
    deep = b'{"command_id": "inner", "a": ' * 5_000 + b"1" + b"}" * 5_000
    async with operated.client() as http:
        for name, rest in (
            ("deep", b'"options": ' + deep),
            ("long", b'"target": {"steps": [' + b"9" * 5_000 + b"]}"),
        ):
            body = b'{"by": "Nobody", ' + rest + f', "command_id": "{name}"}}'.encode()
            await caller.bus.publish(subjects.command(session, "rerun"), body, stream=subjects.INBOX)

            async def refused(name: str = name) -> dict[str, object] | None:
                answer = await http.get(f"/sessions/{session}/commands/{name}")
                return answer.json() if answer.status_code == 200 else None

            problem = (await until(refused, 10, f"the refusal of {name}"))["problem"]
            assert isinstance(problem, dict) and (problem["type"], problem["field"]) == (
                "/problems/invalid",
                "body",
            )
            assert problem["detail"].startswith("The document is not JSON that can be read: ")
        assert (await http.get(f"/sessions/{session}/commands/inner")).status_code == 404


async def test_what_has_no_id_is_only_put_aside(operated: Operated, caller: Caller) -> None:
    _, session = await caller.begin(f"u-{uuid4().hex}", "steps=1")
    before = (await caller.at_rest(session)).seq
    for body in (b"?", b"[]", b"{}", b'{"command_id": 7}', b'{"command_id": "no spaces"}', b"[" * 100_000):
        await caller.bus.publish(subjects.command(session, "rerun"), body, stream=subjects.INBOX)

        async def aside(body: bytes = body) -> bool:
            letter = await caller.bus.last(subjects.DLQ, subjects.dead(subjects.INBOX))
            return letter is not None and letter.data == body

        await until(aside, 10, f"{body[:30]!r} put aside")
    after = await caller.session(session)
    assert after is not None and after.seq == before
