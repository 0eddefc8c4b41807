"""One call to an endpoint, and everything that can go wrong with it, over a real socket."""

import asyncio
import json
import time
from collections.abc import Callable

import pytest

from model_server import Body, ModelServer, Reply, serving
from reprise_contracts.frames import Live, StreamEnd, StreamToken
from reprise_research.context import Brief, Usage
from reprise_research.engines import load_engine
from reprise_research.errors import BudgetReached, EngineFailed, EngineUnavailable, ResearchError
from reprise_research.llm.endpoint import Call, Endpoint
from reprise_research.llm.settings import settings_of
from servers_for_tests import Eventually

CALL = Call(({"role": "user", "content": "Name the lake."},), "phase3", "step 3, The lake", 50)


def endpoint(model: ModelServer, name: str = "scripted", **more: str) -> Endpoint:
    return Endpoint(settings_of(name, {"base_url": model.url, "api_key": "k"} | more))


def in_turn(*replies: Reply | str) -> Callable[[Body], Reply | str]:
    """Each reply once, the last for ever."""
    left = list(replies)
    return lambda body: left.pop(0) if len(left) > 1 else left[0]


async def test_a_call_is_streamed_counted_and_priced(model: ModelServer) -> None:
    """Tokens come as frames while the model writes; what it read and wrote, and the cost, are added to the usage."""
    model.answering = lambda body: Reply("The lake is called Upper Lake.", pause=0.06)
    frames: list[Live] = []
    brief = Brief("t", progress=frames.append)
    answer = await endpoint(model, prompt_price="2", completion_price="10").complete(CALL, brief)
    assert answer.text == "The lake is called Upper Lake."
    tokens = [frame for frame in frames if isinstance(frame, StreamToken)]
    assert len(tokens) > 1 and "".join(frame.token for frame in tokens) == answer.text
    assert isinstance(frames[-1], StreamEnd) and frames[-1].phase == "phase3"
    spent = brief.usage.tokens
    assert (spent.prompt, spent.completion) == (3, 6)
    assert spent.cost_usd == pytest.approx((3 * 2 + 6 * 10) / 1e6)


async def test_an_endpoint_that_does_not_count_is_estimated(model: ModelServer) -> None:
    """Without usage in the stream, tokens are estimated: a budget must not depend on the endpoint's manners."""
    model.answering = lambda body: Reply("Upper Lake.", usage=False)
    brief = Brief("t")
    await endpoint(model).complete(CALL, brief)
    assert brief.usage.tokens.prompt > 0 and brief.usage.tokens.completion > 0


async def test_a_cancelled_call_is_ended_at_once(model: ModelServer, eventually: Eventually) -> None:
    """In the middle of a stream a cancellation closes the connection within 2 s, ends the stream of frames, and counts what was spent."""
    model.answering = lambda body: Reply("word " * 500, pause=0.05)
    frames: list[Live] = []
    brief = Brief("t", progress=frames.append)
    work = asyncio.create_task(endpoint(model).complete(CALL, brief))
    await eventually(lambda: any(isinstance(frame, StreamToken) for frame in frames))
    asked = time.monotonic()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    assert time.monotonic() - asked < 2
    await eventually(lambda: bool(model.gone), within=2)
    assert model.gone[0] - asked < 2
    assert isinstance(frames[-1], StreamEnd)
    assert 0 < brief.usage.tokens.completion < 400


async def test_a_cancelled_call_that_waits_for_its_first_token_is_ended_too(model: ModelServer, eventually: Eventually) -> None:
    """Also an endpoint that says nothing yet is left within 2 s."""
    model.answering = lambda body: Reply("late", silence=60)
    work = asyncio.create_task(endpoint(model).complete(CALL, Brief("t")))
    await eventually(lambda: bool(model.asked))
    asked = time.monotonic()
    work.cancel()
    with pytest.raises(asyncio.CancelledError):
        await work
    await eventually(lambda: bool(model.gone), within=2)
    assert time.monotonic() - asked < 2


async def test_a_short_rate_limit_is_waited_for(model: ModelServer) -> None:
    """429 with a Retry-After within our patience is obeyed, and the call made again."""
    model.answering = in_turn(Reply("slow down", status=429, headers={"retry-after": "0.3"}), "Upper Lake.")
    begun = time.monotonic()
    assert (await endpoint(model).complete(CALL, Brief("t"))).text == "Upper Lake."
    assert time.monotonic() - begun >= 0.3
    assert len(model.asked) == 2


async def test_a_long_rate_limit_is_left_to_a_later_attempt(model: ModelServer) -> None:
    """A longer wait ends the attempt, retryable, and says how long."""
    model.answering = lambda body: Reply("slow down", status=429, headers={"retry-after": "90"})
    with pytest.raises(ResearchError) as caught:
        await endpoint(model).complete(CALL, Brief("t"))
    assert (caught.value.problem.type, caught.value.retryable) == ("rate_limited", True)
    assert "90 s" in caught.value.problem.detail
    assert len(model.asked) == 1


async def test_a_failure_that_may_pass_is_tried_again(model: ModelServer) -> None:
    """A 503 and a connection that breaks in the middle are followed by another call."""
    model.answering = in_turn(Reply("overloaded", status=503), Reply("one two three four", breaks_after=2), "Upper Lake.")
    assert (await endpoint(model).complete(CALL, Brief("t"))).text == "Upper Lake."
    assert len(model.asked) == 3


@pytest.mark.parametrize(
    ("status", "said", "kind", "retryable", "names"),
    [
        (401, "Incorrect API key provided", "engine_unavailable", False, "REPRISE_LLM__API_KEY"),
        (404, "The model `scripted` does not exist", "engine_unavailable", False, "REPRISE_LLM__MODEL"),
        (400, "This model's maximum context length is 4096 tokens", "too_large", False, "REPRISE_LLM__WINDOW"),
        (429, "You exceeded your current quota (insufficient_quota)", "engine_unavailable", False, "account"),
        (400, "Invalid content", "engine_failed", False, "message"),
        (500, "broken", "engine_failed", True, "log"),
    ],
)  # fmt: skip
async def test_a_refusal_is_a_problem_that_says_what_to_do(
    model: ModelServer, status: int, said: str, kind: str, retryable: bool, names: str
) -> None:
    """Key, model, length, money, form, and the endpoint's own failure are told apart; only what may pass can be tried again."""
    model.answering = lambda body: Reply(said, status=status)
    with pytest.raises(ResearchError) as caught:
        await endpoint(model).complete(CALL, Brief("t"))
    problem = caught.value.problem
    assert (problem.type, problem.retryable) == (kind, retryable)
    assert names in problem.action
    assert said.split(maxsplit=1)[0] in problem.detail


async def test_an_endpoint_that_is_not_there_is_named() -> None:
    """No server: retryable, and the address is in the problem."""
    with serving(lambda body: "") as model:
        gone = model.url
    with pytest.raises(EngineFailed) as caught:
        await Endpoint(settings_of("m", {"base_url": gone})).complete(CALL, Brief("t"))
    assert gone.split("/")[2] in caught.value.problem.detail and caught.value.retryable


async def test_silence_ends_a_call(model: ModelServer) -> None:
    """An endpoint that says nothing for longer than the time-out has failed."""
    model.answering = lambda body: Reply("late", silence=30)
    with pytest.raises(EngineFailed) as caught:
        await endpoint(model, call_timeout="0.4").complete(CALL, Brief("t"))
    assert "0.4 s" in caught.value.problem.detail


async def test_a_budget_stops_before_the_call_that_would_exceed_it(model: ModelServer) -> None:
    """The call is not made; the problem is terminal and says where, how much is left, and what to do."""
    model.answering = lambda body: "word " * 30
    brief = Brief("t", usage=Usage(allowance=120))
    await endpoint(model).complete(CALL, brief)
    with pytest.raises(BudgetReached) as caught:
        while True:
            await endpoint(model).complete(CALL, brief)
    assert brief.usage.tokens.total <= 120
    assert len(model.asked) == brief.usage.tokens.completion / 30
    problem = caught.value.problem
    assert (problem.type, problem.retryable) == ("budget_reached", False)
    assert "step 3, The lake" in problem.detail and "of 120 are left" in problem.detail and "Raise the ceiling" in problem.action


async def test_calls_side_by_side_share_a_budget(model: ModelServer) -> None:
    """What calls under way may still spend is set aside: together they do not exceed it either."""
    model.answering = lambda body: Reply("word " * 50, pause=0.002)
    brief = Brief("t", usage=Usage(allowance=200))
    done = await asyncio.gather(*(endpoint(model).complete(CALL, brief) for _ in range(8)), return_exceptions=True)
    assert {type(one) for one in done} >= {BudgetReached}
    assert 0 < brief.usage.tokens.total <= 200


async def test_an_answer_that_runs_in_a_circle_is_ended(model: ModelServer, eventually: Eventually) -> None:
    """What a model says over and over costs no tokens to its limit: the call is ended and says why."""
    repeated = "The project is free and is used to build many other projects. "
    model.answering = lambda body: Reply("The lake is called Upper Lake. " + repeated * 3000, pause=0.001)
    brief = Brief("t")
    answer = await endpoint(model).complete(CALL, brief)
    assert "over and over" in answer.cut and len(answer.text) < 1500
    assert 0 < brief.usage.tokens.completion < 1000
    await eventually(lambda: bool(model.gone))


async def test_a_list_of_like_things_is_no_circle(model: ModelServer) -> None:
    """Items of one form that say different things are told to the end."""
    items = [{"kind": "figure", "why": "measured at the gauge", "quote": f"In {n} it stood at {n * 3} cm."} for n in range(1900, 1990)]
    model.answering = lambda body: json.dumps(items, indent=4)
    answer = await endpoint(model).complete(CALL, Brief("t"))
    assert answer.cut == "" and json.loads(answer.text) == items


async def test_thoughts_are_no_answer(model: ModelServer) -> None:
    """What a reasoning model thinks aloud is left out."""
    model.answering = lambda body: "<think>Perhaps {the lake}?</think>\nUpper Lake."
    assert (await endpoint(model).complete(CALL, Brief("t"))).text == "Upper Lake."


@pytest.mark.parametrize(
    ("model_name", "settings", "names"),
    [
        ("m", {}, "REPRISE_LLM__BASE_URL"),
        ("", {"base_url": "http://127.0.0.1:1/v1"}, "REPRISE_LLM__MODEL"),
        ("m", {"base_url": "ftp://x"}, "REPRISE_LLM__BASE_URL"),
        ("m", {"base_url": "http://127.0.0.1:1/v1", "window": "100"}, "REPRISE_LLM__WINDOW"),
        ("m", {"base_url": "http://127.0.0.1:1/v1", "timeout": "soon"}, "REPRISE_LLM__TIMEOUT"),
    ],
)
def test_what_is_not_configured_is_named(model_name: str, settings: dict[str, str], names: str) -> None:
    """An engine without endpoint or model, or with a value that is none, says which setting to set."""
    with pytest.raises(EngineUnavailable) as caught:
        load_engine("openai", model_name, settings)
    assert names in caught.value.problem.action
    assert not caught.value.retryable
