"""The engine `openai` on the real system: every service a process, the model behind a socket."""

import os
import shutil
import time
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from model_server import ModelServer, Reply, dutiful, serving, task_of
from reprise_contracts.artifacts import Phase4, StepFindings
from reprise_contracts.commands import Cancel, Options, Rerun, Target
from reprise_domain.state import Session
from reprise_gateway.projections.bundles import bundle_of
from reprise_gateway.projections.states import command_of, state_of
from reprise_research.bundle import Bundle
from reprise_research.llm.prompts import prompt
from reprise_research.replay import replay
from stack import ROOT, Caller, Stack, until
from unit.research.research_builders import LAKE, LAKE_TOPIC


class Newer(Stack):
    """A stack some of whose workers can be started again with newer prompts than the others have."""

    newer: frozenset[str] = frozenset()

    def env_of(self, name: str) -> dict[str, str]:
        own = super().env_of(name)
        return (
            own | {"PYTHONPATH": os.pathsep.join([str(self.folder / "newer"), own["PYTHONPATH"]])}
            if name in self.newer
            else own
        )

    def upgrade(self, *workers: str, raised: str) -> None:
        """Start workers again on a copy of the library in which the version of one prompt is raised."""
        library = self.folder / "newer" / "reprise_research"
        shutil.copytree(ROOT / "shared" / "reprise_research", library)
        file = library / "llm" / "prompts" / f"{raised}.txt"
        file.write_text(
            file.read_text("utf-8").replace(f"version: {prompt(raised).version}", "version: 99", 1), "utf-8"
        )
        self.newer = frozenset(workers)
        for name in workers:
            self.stop(name)
            self.start(name)


@pytest.fixture(scope="module")
def listening() -> Iterator[ModelServer]:
    with serving(dutiful) as running:
        yield running


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, listening: ModelServer) -> Iterator[Newer]:
    env = {
        "REPRISE_LLM__BASE_URL": listening.url,
        "REPRISE_LLM__API_KEY": "secret-key",
        "REPRISE_LLM__MODEL": "scripted",
        "REPRISE_LLM__PROMPT_PRICE": "2",
        "REPRISE_LLM__COMPLETION_PRICE": "10",
        "REPRISE_TIMINGS__HEARTBEAT": "1",
    }
    running = Newer(tmp_path_factory.mktemp("llm-stack"), engine="openai", env=env, gateway=True)
    running.start_all()
    yield running
    running.stop_all()


@pytest.fixture
async def caller(stack: Stack, listening: ModelServer) -> AsyncIterator[Caller]:
    listening.answering = dutiful
    yield await stack.caller()
    await stack.close_callers()


async def researched(caller: Caller, name: str, **spec: object) -> tuple[str, Session]:
    _, session_id = await caller.begin(
        name, LAKE_TOPIC, tuple(LAKE.values()), engine="openai", model="scripted", **spec
    )
    return session_id, await caller.at_rest(session_id, 180)


async def done(caller: Caller, session_id: str, command_id: str, seconds: float = 60) -> Session:
    """The session once a command has come to its end."""

    async def ended() -> Session | None:
        state = await caller.session(session_id)
        outcome = command_of(state, command_id) if state else None
        return (
            state if outcome and outcome.status in {"completed", "failed", "cancelled", "refused"} else None
        )

    return await until(ended, seconds, command_id)


def failed(session: Session) -> dict[str, str]:
    return {node: session.node(node).problem.type for node in session.nodes if session.node(node).problem}  # type: ignore[union-attr]


async def test_what_a_session_was_told_makes_all_of_it_again(
    caller: Caller, stack: Stack, listening: ModelServer
) -> None:
    """R32: what is named asks anew, what is below it is answered from the record, without a token; the record
    alone makes every artifact again, byte for byte; a byte that is not what it was is named."""
    session_id, _ = await researched(caller, "record")
    for command_id, new in (
        ("r-0", {"goals", "plan"}),
        ("r-1", {"goals"}),
    ):  # the first time a plan is told of the one before
        listening.asked.clear()
        await caller.send(
            session_id,
            Rerun(command_id=command_id, target=Target(phase="phase1"), options=Options(force=True)),
        )
        session = await done(caller, session_id, command_id)
        assert {task_of(body) for body in listening.asked} == new
    for node in ("phase2", "phase3/1", "phase4"):
        made = session.node(node).materialization
        assert made is not None and made.event.tokens.total == 0 and session.node(node).generation == 3
    listening.asked.clear()
    await caller.send(
        session_id,
        Rerun(command_id="r-2", target=Target(steps=(1,)), options=Options(force=True, ask_again=False)),
    )
    await done(caller, session_id, "r-2")
    assert listening.asked == []
    await caller.send(
        session_id,
        Rerun(command_id="r-3", target=Target(steps=(1,)), options=Options(force=True, ask_again=True)),
    )
    session = await done(caller, session_id, "r-3")
    assert {"investigate", "outline", "edit"} <= {task_of(body) for body in listening.asked}
    packed = await bundle_of(session, caller.store)
    again = [one async for one in replay(Bundle.unpacked(packed))]
    assert [(one.node, one.differs) for one in again if one.differs] == []
    assert {one.node for one in again if one.calls} >= {"phase0", "phase1", "phase2", "phase3/1", "phase4"}
    whole = Bundle.unpacked(packed)
    for name, data in whole.files.items():
        middle = len(data) // 2
        spoiled = {**whole.files, name: data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]}
        found = [one async for one in replay(Bundle.unpacked(Bundle(whole.manifest, spoiled).packed()))]
        assert any(one.node == name and one.differs for one in found)


async def test_a_session_is_researched_by_a_model_and_a_step_played_again(
    caller: Caller, stack: Stack, listening: ModelServer
) -> None:
    """Five phases by the model; tokens and cost stand in log and artifact; a step rerun with guidance asks
    the model again for that step and the report alone; the key is in no log."""
    session_id, session = await researched(caller, "story")
    assert session.node("phase4").status == "completed", failed(session)
    for node in ("phase0", "phase1", "phase2", "phase3/1", "phase4"):
        made = session.node(node).materialization
        assert made is not None and made.event.tokens.total > 0 and made.event.tokens.cost_usd
    report = session.node("phase4").materialization
    assert report is not None
    document = Phase4.read(
        await caller.store.get_verified(report.event.artifact.key, report.event.artifact.sha256)
    )
    assert "Written by the model scripted" in document.markdown
    assert (
        document.meta.fallbacks == ()
        and document.meta.versions["prompt/section"] == prompt("section").version
    )
    listening.asked.clear()
    await caller.send(
        session_id,
        Rerun(command_id="c-1", target=Target(steps=(1,)), options=Options(guidance="Look at the spring.")),
    )
    after = await done(caller, session_id, "c-1")
    asked = [task_of(body) for body in listening.asked]
    assert asked.count("investigate") == 1, "what it found is as it was, so nothing below it ran"
    assert (
        "What the reader asks for besides: Look at the spring."
        in listening.asked[0]["messages"][1]["content"]
    )
    assert after.node("phase3/1").generation == 2
    made = after.node("phase3/1").materialization
    assert made is not None
    found = StepFindings.read(await caller.store.get(made.event.artifact.key))
    assert found.meta.guidance == "Look at the spring."
    assert all("secret-key" not in stack.log_of(name) for name in stack.services)


async def test_a_cancel_in_the_middle_of_a_stream_ends_the_call(
    caller: Caller, listening: ModelServer
) -> None:
    """Within 2 s of the command the connection to the model is closed and the node is cancelled; what was
    spent is known; the session goes on from there."""
    session_id, before = await researched(caller, "cancelled")
    listening.answering = lambda body: Reply("word " * 5000, pause=0.02)
    listening.gone.clear()
    sent = listening.pieces
    await caller.send(session_id, Rerun(command_id="c-1", target=Target(steps=(1,))))

    async def streams() -> bool:
        return listening.pieces > sent + 20

    await until(streams, 30, "a stream of tokens")
    asked = time.monotonic()
    await caller.send(session_id, Cancel(command_id="c-2"))
    after = await done(caller, session_id, "c-1", 20)
    took = time.monotonic() - asked

    async def left() -> bool:
        return bool(listening.gone)

    await until(left, 2, "the end of the call")
    assert listening.gone[0] - asked < 2
    assert took < 4
    assert after.node("phase3/1").status == "cancelled"
    assert after.node("phase3/1").materialization == before.node("phase3/1").materialization
    listening.answering = dutiful
    await caller.send(session_id, Rerun(command_id="c-3", target=Target(stale=True)))
    assert (await done(caller, session_id, "c-3")).node("phase3/1").status == "completed"


async def test_a_rate_limit_is_waited_for_and_a_refused_key_is_not(
    caller: Caller, listening: ModelServer
) -> None:
    """What may pass is waited for within the attempt; what will not ends it, with the problem that says what
    to do."""
    limited = iter([Reply("slow down", status=429)])
    listening.answering = lambda body: next(limited, None) or dutiful(body)
    _, session = await researched(caller, "limited")
    assert session.node("phase4").status == "completed", failed(session)
    assert session.node("phase0").attempt == 1 and next(limited, None) is None
    listening.answering = lambda body: Reply("Incorrect API key provided", status=401)
    _, session = await researched(caller, "refused")
    problem = session.node("phase0").problem
    assert session.node("phase0").attempt == 1
    assert (
        problem is not None
        and problem.type == "engine_unavailable"
        and "REPRISE_LLM__API_KEY" in problem.action
    )


async def test_a_budget_ends_a_run_and_the_rest_follows_when_it_is_raised(
    caller: Caller, listening: ModelServer
) -> None:
    """At the ceiling nothing more begins and nothing fails (R29), what was made is kept, and a refresh with a
    higher ceiling goes on."""
    session_id, session = await researched(caller, "budget", max_tokens=6000)
    assert not failed(session)
    assert session.node("phase0").status == "completed" and session.node("phase4").status != "completed"
    await caller.send(
        session_id, Rerun(command_id="c-1", target=Target(stale=True), options=Options(max_tokens=200_000))
    )
    after = await done(caller, session_id, "c-1")
    assert after.node("phase4").status == "completed", failed(after)


async def test_the_language_that_is_asked_for_reaches_the_model_and_the_report(
    caller: Caller, stack: Stack, listening: ModelServer
) -> None:
    """Over REST, for a session and for a rerun: every question to the model names the language, its artifacts
    say so, and a rerun without a model in another language makes the report anew in it; a language that the
    engine has no words in is refused."""
    listening.asked.clear()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{stack.port}", timeout=20) as http:
        sources = [{"text": text, "title": title} for title, text in LAKE.items()]
        body = {
            "topic": LAKE_TOPIC,
            "engine": "openai",
            "model": "scripted",
            "language": "de",
            "sources": sources,
        }
        made = (await http.post("/batches", json=body)).raise_for_status().json()
        session = await caller.at_rest(made["session_id"], 90)
        assert session.node("phase4").status == "completed", failed(session)
        writing = [asked for asked in listening.asked if task_of(asked) not in {"check", "mend"}]
        assert writing and all("Write in German." in one["messages"][0]["content"] for one in writing)
        assert (await http.get(f"/sessions/{made['session_id']}")).json()["language"] == "de"
        report = (await http.get(f"/sessions/{made['session_id']}/artifacts/phase4")).json()
        assert report["meta"]["language"] == "de"
        again = {
            "batch_id": made["batch_id"],
            "session_id": made["session_id"],
            "phase": "phase4",
            "command_id": "c-1",
        }
        options = {"engine": "extractive", "language": "pl"}
        refused = await http.post("/workflow/restart/phase", json=again | {"options": options})
        assert (refused.status_code, refused.json()["field"]) == (422, "options.language")
        accepted = await http.post(
            "/workflow/restart/phase",
            json=again | {"command_id": "c-2", "options": options | {"language": "zh"}},
        )
        assert accepted.status_code == 202, accepted.text
        await done(caller, made["session_id"], "c-2")
        assert (
            "摘要" in (await http.get(f"/sessions/{made['session_id']}/report", params={"format": "md"})).text
        )


async def test_r6_a_raised_prompt_makes_what_it_made_upgradable_and_never_stale(
    caller: Caller, stack: Newer, listening: ModelServer
) -> None:
    """Once a worker with a newer prompt has done anything in a session, what the older one wrote shows as
    upgradable and stays fresh; made again, it no longer does."""
    session_id, session = await researched(caller, "upgrade")
    assert not any(view.upgradable for view in state_of(session).nodes.values())
    stack.upgrade("worker-phase3", "worker-phase4", raised="section")
    await caller.send(session_id, Rerun(command_id="c-1", target=Target(steps=(1,))))
    nodes = state_of(await done(caller, session_id, "c-1")).nodes
    assert nodes["phase4"].upgradable and nodes["phase4"].freshness == "fresh", (
        "its worker wrote the report with the older prompt"
    )
    assert not nodes["phase3/1"].upgradable and not nodes["phase2"].upgradable, (
        "they were made without that prompt"
    )
    await caller.send(session_id, Rerun(command_id="c-2", target=Target(phase="phase4")))
    after = await done(caller, session_id, "c-2")
    assert not state_of(after).nodes["phase4"].upgradable
    report = after.node("phase4").materialization
    assert report is not None
    written = Phase4.read(
        await caller.store.get_verified(report.event.artifact.key, report.event.artifact.sha256)
    )
    assert written.meta.versions["prompt/section"] == "99"
