"""The engine `openai` on the real system: every service a process, the model behind a socket."""

import time
from collections.abc import AsyncIterator, Iterator

import pytest

from model_server import ModelServer, Reply, dutiful, serving, task_of
from reprise_contracts.artifacts import Phase4, StepFindings
from reprise_contracts.commands import Cancel, Options, Rerun, Target
from reprise_domain.state import Session
from reprise_gateway.states import command_of
from stack import Caller, Stack, until
from unit.research.research_builders import LAKE, LAKE_TOPIC


@pytest.fixture(scope="module")
def listening() -> Iterator[ModelServer]:
    with serving(dutiful) as running:
        yield running


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory, listening: ModelServer) -> Iterator[Stack]:
    env = {
        "REPRISE_LLM__BASE_URL": listening.url, "REPRISE_LLM__API_KEY": "secret-key", "REPRISE_LLM__MODEL": "scripted",
        "REPRISE_LLM__PROMPT_PRICE": "2", "REPRISE_LLM__COMPLETION_PRICE": "10", "REPRISE_TIMINGS__HEARTBEAT": "1",
    }  # fmt: skip
    running = Stack(tmp_path_factory.mktemp("llm-stack"), engine="openai", env=env)
    running.start_all()
    yield running
    running.stop_all()


@pytest.fixture
async def caller(stack: Stack, listening: ModelServer) -> AsyncIterator[Caller]:
    listening.answering = dutiful
    yield await stack.caller()
    await stack.close_callers()


async def researched(caller: Caller, name: str, **spec: object) -> tuple[str, Session]:
    _, session_id = await caller.begin(name, LAKE_TOPIC, tuple(LAKE.values()), engine="openai", model="scripted", **spec)
    return session_id, await caller.at_rest(session_id, 90)


async def done(caller: Caller, session_id: str, command_id: str, seconds: float = 60) -> Session:
    """The session once a command has come to its end."""

    async def ended() -> Session | None:
        state = await caller.session(session_id)
        outcome = command_of(state, command_id) if state else None
        return state if outcome and outcome.status in {"completed", "failed", "cancelled", "refused"} else None

    return await until(ended, seconds, command_id)


def failed(session: Session) -> dict[str, str]:
    return {node: session.node(node).problem.type for node in session.nodes if session.node(node).problem}  # type: ignore[union-attr]


async def test_a_session_is_researched_by_a_model_and_a_step_played_again(caller: Caller, stack: Stack, listening: ModelServer) -> None:
    """Five phases by the model; tokens and cost stand in log and artifact; a step rerun with guidance asks the model again for that
    step and the report alone; the key is in no log."""
    session_id, session = await researched(caller, "story")
    assert session.node("phase4").status == "completed", failed(session)
    for node in ("phase0", "phase1", "phase2", "phase3/1", "phase4"):
        made = session.node(node).made
        assert made is not None and made.event.tokens.total > 0 and made.event.tokens.cost_usd
    report = session.node("phase4").made
    assert report is not None
    document = Phase4.read(await caller.store.get_verified(report.event.artifact.key, report.event.artifact.sha256))
    assert "Written by the model scripted" in document.markdown
    assert document.meta.fallbacks == () and document.meta.versions["prompt/section"] == "1"
    listening.asked.clear()
    await caller.send(session_id, Rerun(command_id="c-1", target=Target(steps=(1,)), options=Options(guidance="Look at the spring.")))
    after = await done(caller, session_id, "c-1")
    asked = [task_of(body) for body in listening.asked]
    assert asked.count("investigate") == 1, "what it found is as it was, so nothing below it ran"
    assert "What the reader asks for besides: Look at the spring." in listening.asked[0]["messages"][1]["content"]
    assert after.node("phase3/1").generation == 2
    made = after.node("phase3/1").made
    assert made is not None
    found = StepFindings.read(await caller.store.get(made.event.artifact.key))
    assert found.meta.guidance == "Look at the spring."
    assert all("secret-key" not in stack.log_of(name) for name in stack.services)


async def test_a_cancel_in_the_middle_of_a_stream_ends_the_call(caller: Caller, listening: ModelServer) -> None:
    """Within 2 s of the command the connection to the model is closed and the node is cancelled; what was spent is known; the session
    goes on from there."""
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
    assert after.node("phase3/1").made == before.node("phase3/1").made
    listening.answering = dutiful
    await caller.send(session_id, Rerun(command_id="c-3", target=Target(stale=True)))
    assert (await done(caller, session_id, "c-3")).node("phase3/1").status == "completed"


async def test_a_rate_limit_is_tried_again_and_a_refused_key_is_not(caller: Caller, listening: ModelServer) -> None:
    """The orchestrator repeats what may pass, and stops at what will not, with the problem that says what to do."""
    limited = iter([Reply("slow down", status=429)])
    listening.answering = lambda body: next(limited, None) or dutiful(body)
    _, session = await researched(caller, "limited")
    assert session.node("phase4").status == "completed", failed(session)
    assert session.node("phase0").attempt == 2
    listening.answering = lambda body: Reply("Incorrect API key provided", status=401)
    _, session = await researched(caller, "refused")
    problem = session.node("phase0").problem
    assert session.node("phase0").attempt == 1
    assert problem is not None and problem.type == "engine_unavailable" and "REPRISE_LLM__API_KEY" in problem.action


async def test_a_budget_ends_a_run_and_the_rest_follows_when_it_is_raised(caller: Caller, listening: ModelServer) -> None:
    """At the ceiling the node fails with `budget_reached`, what was made is kept, and a refresh with a higher ceiling goes on."""
    session_id, session = await researched(caller, "budget", max_tokens=6000)
    problems = failed(session)
    assert set(problems.values()) == {"budget_reached"}, problems
    assert session.node("phase0").status == "completed"
    await caller.send(session_id, Rerun(command_id="c-1", target=Target(stale=True), options=Options(max_tokens=200_000)))
    after = await done(caller, session_id, "c-1")
    assert after.node("phase4").status == "completed", failed(after)
