"""What another system may send over NATS, sent with bad intent: subjects, ids and bodies that mean something
to a server do nothing."""

import asyncio
import json
import sys
from typing import Any
from uuid import uuid4

import pytest

from operated_stack import Caller, Operated, subjects, until
from stack import ROOT

EXAMPLE = ROOT / "docs" / "examples" / "another_system.py"
TOKENS = ("a/b", "$JS", "$KV", "%2e%2e%2f", "a:b", "é", "<script>", "x" * 65)
"""Names that NATS takes for one token of a subject, and we for none."""
IDS = (
    *TOKENS,
    "..",
    "*",
    ">",
    "s.>",
    "a b",
    "s\r\nPUB reprise.v1.log.x 2\r\n{}\r\n",
    "s\x00",
    "",
    "../../etc/passwd",
)
"""Names that are refused wherever a message may say one."""
QUESTIONS: dict[str, dict[str, Any]] = {
    "rerun": {"target": {"phase": "phase4"}},
    "refresh": {},
    "accept": {"node": "phase4", "reason": "r"},
    "cancel": {},
    "state": {},
    "command": {"command_id": "c"},
}


async def logs(caller: Caller) -> dict[str, int]:
    """Every log that there is, with how many commits it has."""
    answer = await caller.bus.api(f"STREAM.INFO.{subjects.SESSIONS}", {"subjects_filter": ">"})
    found: dict[str, int] = answer["state"]["subjects"]
    return found


async def test_a_subject_that_names_no_session_makes_none(caller: Caller) -> None:
    """Commands to whatever NATS takes for a name: no log begins, none grows, and the next command is decided
    as ever."""
    _, session = await caller.begin(f"o-{uuid4().hex}", "steps=1")
    await caller.at_rest(session)
    before = await logs(caller)
    for token in (*TOKENS, "_INBOX", "reprise", "nosuch"):
        for kind, more in (("rerun", {"target": {"phase": "phase4"}}), ("cancel", {})):
            body = json.dumps({"command_id": f"c-{uuid4().hex}", **more}).encode()
            subject = subjects.command("TARGET", kind).replace("TARGET", token)
            await caller.bus.publish(subject, body, stream=subjects.INBOX)
    name = f"c-{uuid4().hex}"
    body = json.dumps(
        {"command_id": name, "target": {"phase": "phase4"}, "options": {"force": True}}
    ).encode()
    await caller.bus.publish(subjects.command(session, "rerun"), body, stream=subjects.INBOX)

    async def decided() -> bool:
        found = await caller.session(session)
        return found is not None and name in found.commands and found.run is None

    await until(decided, 30, "the command after them")
    after = await logs(caller)
    assert set(after) == set(before)
    assert {subject for subject in after if after[subject] != before[subject]} == {subjects.log(session)}


async def test_the_example_of_another_system_runs_a_phase_and_steps_again(
    operated: Operated, caller: Caller
) -> None:
    """`docs/examples/another_system.py`, as a process with nothing of ours: it follows the run to its end, or
    says why."""
    _, session = await caller.begin(f"o-{uuid4().hex}", "steps=3")
    await caller.at_rest(session)
    for named, code, said in (
        (["phase2"], 0, "node_completed phase2"),
        (["1", "3"], 0, "node_completed phase3/3"),
        (["9"], 3, "no step 9"),
    ):
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", EXAMPLE, operated.nats.url, session, *named, stdout=asyncio.subprocess.PIPE
        )
        out, _ = await asyncio.wait_for(process.communicate(), 60)
        assert (process.returncode, said in out.decode()) == (code, True), out


@pytest.mark.parametrize("name", IDS)
async def test_a_question_about_no_session_is_answered_with_a_problem(caller: Caller, name: str) -> None:
    """Ids, ids of commands and of batches: typed, naming the field, and nothing is stored of it."""
    before = await logs(caller)
    for kind, more in QUESTIONS.items():
        answer = json.loads(
            await caller.bus.request(subjects.api(kind), json.dumps({"session_id": name, **more}).encode())
        )
        assert (answer["type"].rsplit("/", 1)[-1], answer["field"]) == ("invalid", "session_id"), (
            kind,
            answer,
        )
    answer = json.loads(
        await caller.bus.request(subjects.api("end"), json.dumps({"batch_id": name}).encode())
    )
    assert (answer["type"].rsplit("/", 1)[-1], answer["field"]) == ("invalid", "batch_id")
    assert await logs(caller) == before
