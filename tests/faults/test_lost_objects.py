"""R34: objects that the store has lost or damaged are facts: named, told, and made again, whatever was
lost."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest

from reprise_contracts import subjects
from reprise_contracts.commands import Rerun, Target
from reprise_contracts.events import ArtifactLost, NodeCompleted
from reprise_domain.freshness import Verdicts
from reprise_domain.graph import all_nodes
from reprise_domain.state import Session
from reprise_workers.library import SEEN_SECONDS
from stack import ROOT, Caller, Stack, until

ENV = {"REPRISE_TIMINGS__SWEEP_AFTER": "1", "REPRISE_TIMINGS__CHECK": "0"}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """One stack for all of these, without the slow check."""
    running = Stack(tmp_path_factory.mktemp("stack"), env=ENV, gateway=True)
    running.start_all()
    yield running
    running.stop_all()


@pytest.fixture
async def caller(stack: Stack) -> AsyncIterator[Caller]:
    yield await stack.caller()
    await stack.close_callers()


def key_of(session: Session, node: str) -> str:
    made = session.node(node).materialization
    assert made is not None
    return made.event.artifact.key


async def refreshed(caller: Caller, session_id: str, name: str) -> Session:
    """The session after a refresh: fresh, every object there with its bytes."""
    await caller.send(session_id, Rerun(command_id=name, target=Target(stale=True)))

    async def done() -> Session | None:
        state = await caller.session(session_id)
        if state is None or state.run is not None or name not in state.commands:
            return None
        return state

    session = await until(done, 60, "the refresh")
    verdicts = Verdicts(session)
    assert {verdicts.freshness(node) for node in all_nodes(session.plan)} == {"fresh"}
    for node in all_nodes(session.plan):
        made = session.node(node).materialization
        assert made is not None
        await caller.store.get_verified(made.event.artifact.key, made.event.artifact.sha256)
    return session


def fsck(stack: Stack, *options: str) -> tuple[int, dict[str, object]]:
    """The operator's command, as a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "reprise_cli", "--json", "fsck", *options],
        cwd=ROOT,
        env=stack.env(),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


@pytest.mark.parametrize("damaged", [False, True])
@pytest.mark.parametrize(
    "nodes",
    [("phase2",), ("phase4",), ("phase0", "phase3/2"), ("phase0", "phase1", "phase2", "phase3/1", "phase4")],
)
async def test_r34_whatever_is_lost_is_found_named_and_made_again(
    stack: Stack, caller: Caller, nodes: tuple[str, ...], damaged: bool
) -> None:
    """`reprise fsck` names exactly what is lost, `--repair` has the sessions record it, and one refresh makes
    it again."""
    _, session_id = await caller.begin(f"lost-{'-'.join(nodes)}-{damaged}".replace("/", "-"), "steps=3")
    session = await caller.at_rest(session_id)
    keys = {key_of(session, node) for node in nodes}
    for key in keys:
        await (caller.store.put(key, b"{}") if damaged else caller.store.delete([key]))
    code, found = fsck(stack)
    assert code == 1
    losses = [loss for loss in found["losses"] if loss["session_id"] == session_id]  # type: ignore[attr-defined]
    assert {loss["key"] for loss in losses} == keys and {loss["damaged"] for loss in losses} == {damaged}
    assert {loss["node"] for loss in losses} == set(nodes)
    fsck(stack, "--repair")

    async def recorded() -> bool:
        state = await caller.session(session_id)
        return state is not None and all(state.node(node).materialization is None for node in nodes)

    await until(recorded, 20, "the loss in the log")
    since = (await caller.log.read(session_id))[-1].seq
    await refreshed(caller, session_id, "again")
    ran = {
        event.node
        for entry in await caller.log.read(session_id, after=since)
        for event in entry.commit.events
        if isinstance(event, NodeCompleted)
    }
    if "phase2" in nodes:  # without the old plan the steps of the new one have new numbers
        assert ran >= {node for node in nodes if not node.startswith("phase3/")}
    else:
        assert ran == set(nodes), "what says the same again makes nothing below it run"


async def test_r34_a_worker_that_finds_a_loss_tells_of_all_of_them(caller: Caller) -> None:
    """Its memory hides none; one lost step hides no other; nobody had to look for them before."""
    _, session_id = await caller.begin("told", "steps=4")
    session = await caller.at_rest(session_id)
    await caller.store.delete([key_of(session, "phase3/1"), key_of(session, "phase3/3")])
    await asyncio.sleep(SEEN_SECONDS)
    await caller.send(session_id, Rerun(command_id="report", target=Target(phase="phase4")))

    async def recorded() -> set[str] | None:
        events = [event for entry in await caller.log.read(session_id) for event in entry.commit.events]
        found = {event.node for event in events if isinstance(event, ArtifactLost)}
        return found or None

    state = await until(recorded, 60, "the losses in the log") and await caller.at_rest(session_id)
    assert await recorded() == {"phase3/1", "phase3/3"}
    problem = state.node("phase4").problem
    assert problem is not None and problem.type == "artifact_lost" and "step 1, step 3" in problem.detail
    await refreshed(caller, session_id, "again")


async def test_r34_a_lost_text_is_read_again(caller: Caller) -> None:
    """A pasted text that is lost is taken from its upload by a rerun of phase 0; nothing below it runs."""
    batch_id, session_id = await caller.begin("text", "steps=1")
    session = await caller.at_rest(session_id)
    (text,) = [key async for key, _ in caller.store.list(f"{subjects.sources_prefix(batch_id)}text/")]
    await caller.store.put(text, b"Something else.")
    await caller.send(session_id, Rerun(command_id="again", target=Target(phase="phase0")))

    async def done() -> bool:
        state = await caller.session(session_id)
        return state is not None and state.run is None and state.node("phase0").generation == 2

    await until(done, 60, "the rerun")
    state = await refreshed(caller, session_id, "refresh")
    assert state.node("phase1").generation == session.node("phase1").generation
    assert await caller.store.get(text) != b"Something else."


async def test_r34_the_gateway_calls_a_loss_a_loss(stack: Stack, caller: Caller) -> None:
    """Not "replaced meanwhile", before and after it is recorded."""
    _, session_id = await caller.begin("asked", "steps=1")
    session = await caller.at_rest(session_id)
    await caller.store.delete([key_of(session, "phase1")])
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{stack.port}", timeout=20) as http:
        answer = await http.get(f"/sessions/{session_id}/artifacts/phase1")
        assert (answer.status_code, answer.json()["type"]) == (410, "/problems/artifact_lost"), answer.text
        fsck(stack, "--repair")

        async def recorded() -> bool:
            state = await caller.session(session_id)
            return state is not None and state.node("phase1").materialization is None

        await until(recorded, 20, "the loss in the log")
        answer = await http.get(f"/sessions/{session_id}/artifacts/phase1")
        assert (answer.status_code, answer.json()["type"]) == (410, "/problems/artifact_lost"), answer.text


async def test_r34_what_no_log_names_is_told_and_deleted(stack: Stack, caller: Caller) -> None:
    """Leftovers of a known session go; what belongs to a batch that the log does not know is named and
    stays."""
    batch_id, session_id = await caller.begin("leftovers", "steps=1")
    await caller.at_rest(session_id)
    leftover = subjects.artifact_key(batch_id, session_id, "phase1", 1, "x-nobody")
    strange = subjects.artifact_key("b-strange", "s-strange", "phase1", 1, "x-1")
    for key in (leftover, strange):
        await caller.store.put(key, b"{}")
    _, found = fsck(stack)
    assert found["unnamed"] == [leftover] and found["strange"] == {"b-strange": 1}
    fsck(stack, "--repair", "--quick")
    assert not await caller.store.exists(leftover) and await caller.store.exists(strange)
    await caller.store.delete([strange])


async def test_r34_the_slow_check_finds_what_nobody_asks_for(tmp_path: Path) -> None:
    """The scheduler reads every object once in a period, and records what is lost."""
    async with Stack(tmp_path, env={"REPRISE_TIMINGS__CHECK": "2"}) as stack:
        caller = await stack.caller()
        _, session_id = await caller.begin("slow", "steps=2")
        session = await caller.at_rest(session_id)
        await caller.store.put(key_of(session, "phase3/2"), b"damaged")

        async def recorded() -> bool:
            state = await caller.session(session_id)
            return state is not None and state.node("phase3/2").materialization is None

        await until(recorded, 30, "the loss in the log")
        await refreshed(caller, session_id, "again")
