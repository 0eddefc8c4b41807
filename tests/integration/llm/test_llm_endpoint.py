"""One call to an endpoint, and everything that can go wrong with it, over a real socket."""

import asyncio
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from model_server import Body, ModelServer, Reply, serving
from reprise_contracts.frames import Live, StreamEnd, StreamError, StreamToken
from reprise_research.brief import Brief, Usage
from reprise_research.engines import load_engine
from reprise_research.errors import BudgetReached, EngineFailed, EngineUnavailable, ResearchError
from reprise_research.llm.endpoint import Call, Endpoint
from reprise_research.llm.settings import of_phases, settings_of
from servers_for_tests import Eventually

CALL = Call(({"role": "user", "content": "Name the lake."},), "phase3", "step 3, The lake", 50)


def endpoint(model: ModelServer, name: str = "scripted", **more: str) -> Endpoint:
    return Endpoint(settings_of(name, {"base_url": model.url, "api_key": "k"} | more))


def in_turn(*replies: Reply | str) -> Callable[[Body], Reply | str]:
    """Each reply once, the last for ever."""
    left = list(replies)
    return lambda body: left.pop(0) if len(left) > 1 else left[0]


async def test_a_call_is_streamed_counted_and_priced(model: ModelServer) -> None:
    """Tokens come as frames while the model writes; what it read and wrote, and the cost, are added to the
    usage."""
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
    """Without usage in the stream, tokens are estimated: a budget must not depend on the endpoint's
    manners."""
    model.answering = lambda body: Reply("Upper Lake.", usage=False)
    brief = Brief("t")
    await endpoint(model).complete(CALL, brief)
    assert brief.usage.tokens.prompt > 0 and brief.usage.tokens.completion > 0


async def test_a_cancelled_call_is_ended_at_once(model: ModelServer, eventually: Eventually) -> None:
    """In the middle of a stream a cancellation closes the connection within 2 s, ends the stream of frames,
    and counts what was spent."""
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


async def test_a_cancelled_call_that_waits_for_its_first_token_is_ended_too(
    model: ModelServer, eventually: Eventually
) -> None:
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
    model.answering = in_turn(
        Reply("overloaded", status=503), Reply("one two three four", breaks_after=2), "Upper Lake."
    )
    frames: list[Live] = []
    brief = Brief("t", progress=frames.append)
    assert (await endpoint(model).complete(CALL, brief)).text == "Upper Lake."
    assert len(model.asked) == 3
    (broken,) = (frame for frame in frames if isinstance(frame, StreamError))
    ended = frames[frames.index(broken) - 1]
    assert isinstance(ended, StreamEnd) and ended.stream_id == broken.stream_id and broken.error
    assert isinstance(frames[-1], StreamEnd) and frames[-1].stream_id != broken.stream_id


@pytest.mark.parametrize(
    ("status", "said", "kind", "retryable", "names"),
    [
        (401, "Incorrect API key provided", "engine_unavailable", False, "REPRISE_LLM__API_KEY"),
        (404, "The model `scripted` does not exist", "engine_unavailable", False, "REPRISE_LLM__MODEL"),
        (
            400,
            "This model's maximum context length is 4096 tokens",
            "too_large",
            False,
            "REPRISE_LLM__WINDOW",
        ),
        (429, "You exceeded your current quota (insufficient_quota)", "engine_unavailable", False, "account"),
        (400, "Invalid content", "engine_failed", False, "message"),
        (500, "broken", "engine_failed", True, "log"),
    ],
)
async def test_a_refusal_is_a_problem_that_says_what_to_do(
    model: ModelServer, status: int, said: str, kind: str, retryable: bool, names: str
) -> None:
    """Key, model, length, money, form, and the endpoint's own failure are told apart; only what may pass can
    be tried again."""
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
    assert (
        "step 3, The lake" in problem.detail
        and "of 120 are left" in problem.detail
        and "Raise the ceiling" in problem.action
    )


async def test_calls_side_by_side_share_a_budget(model: ModelServer) -> None:
    """What calls under way may still spend is set aside: together they do not exceed it either."""
    model.answering = lambda body: Reply("word " * 50, pause=0.002)
    brief = Brief("t", usage=Usage(allowance=200))
    done = await asyncio.gather(
        *(endpoint(model).complete(CALL, brief) for _ in range(8)), return_exceptions=True
    )
    assert {type(one) for one in done} >= {BudgetReached}
    assert 0 < brief.usage.tokens.total <= 200


async def test_calls_side_by_side_wait_for_each_other_where_a_budget_is_enough_for_one_after_another(
    model: ModelServer,
) -> None:
    """Each sets more aside than it costs: what is enough for all is enough however they are asked."""
    model.answering = lambda body: Reply("word " * 5, pause=0.002)
    alone = Brief("t")
    for _ in range(4):
        await endpoint(model).complete(CALL, alone)
    told = alone.usage.tokens.total
    brief = Brief("t", usage=Usage(allowance=told + endpoint(model).most(CALL)))
    await asyncio.gather(*(endpoint(model).complete(CALL, brief) for _ in range(4)))
    assert brief.usage.tokens.total == told


async def test_a_call_says_what_had_to_be_free_for_it(model: ModelServer) -> None:
    """What was told needs as much and no less: with one token less the last call is not made."""
    model.answering = lambda body: "word " * 5
    brief, asked = Brief("t"), endpoint(model)
    await asked.complete(CALL, brief)
    told = brief.calls.told
    assert told.margin > 0
    await endpoint(model).complete(CALL, Brief("t", usage=Usage(allowance=told.tokens + told.margin)))
    with pytest.raises(BudgetReached):
        await endpoint(model).complete(CALL, Brief("t", usage=Usage(allowance=told.tokens + told.margin - 1)))


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
    items = [
        {"kind": "figure", "why": "measured at the gauge", "quote": f"In {n} it stood at {n * 3} cm."}
        for n in range(1900, 1990)
    ]
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


PLAIN = {
    "id": "c",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Upper Lake."}}
    ],
}


@pytest.mark.parametrize(
    "page",
    [
        {"error": {"message": "Extra inputs are not permitted: seed"}},
        {
            "detail": [
                {"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}
            ]
        },
        {
            "object": "error",
            "message": {"detail": [{"loc": ["body", "seed"], "msg": "Extra inputs are not permitted"}]},
        },
        [{"error": {"code": 400, "message": 'Unknown name "seed": Cannot find field.'}}],
    ],
)
@pytest.mark.parametrize("status", [400, 422])
async def test_a_parameter_that_is_refused_in_any_form_is_left_out(
    model: ModelServer, page: object, status: int
) -> None:
    """Whatever frame the provider puts around its words."""
    refusal = Reply(page=json.dumps(page).encode(), status=status)
    model.answering = lambda body: refusal if "seed" in body else "Upper Lake."
    name = f"refusing {status} {json.dumps(page)}"
    assert (await endpoint(model, name).complete(CALL, Brief("t"))).text == "Upper Lake."
    assert "seed" not in model.asked[-1] and model.asked[-1]["temperature"] == 0


@pytest.mark.parametrize(
    ("page", "said"),
    [
        ({"detail": "Your plan has no access to it."}, "Your plan has no access to it."),
        (
            {"message": {"detail": [{"loc": ["body", "user"], "msg": "Field required"}]}},
            "body.user: Field required",
        ),
        ([{"error": {"message": "The region is closed."}}], "The region is closed."),
    ],
)
async def test_the_provider_s_own_words_are_shown(model: ModelServer, page: object, said: str) -> None:
    """A refusal says what the provider says, and nothing of its frame."""
    model.answering = lambda body: Reply(page=json.dumps(page).encode(), status=418)
    with pytest.raises(EngineFailed) as failed:
        await endpoint(model).complete(CALL, Brief("t"))
    assert str(failed.value).endswith(f"with 418: {said}")


async def test_a_page_is_said_to_be_one_and_a_plain_completion_is_read(model: ModelServer) -> None:
    """With status 200, where a stream was asked for."""
    model.answering = lambda body: Reply(
        page=b"<html><script>x()</script><body>Please log in.</body></html>", kind="text/html"
    )
    with pytest.raises(EngineFailed, match=r"a web page .*Please log in") as failed:
        await endpoint(model).complete(CALL, Brief("t"))
    assert "REPRISE_LLM__BASE_URL" in failed.value.problem.action and not failed.value.retryable
    model.answering = lambda body: Reply(page=json.dumps(PLAIN).encode())
    assert (await endpoint(model).complete(CALL, Brief("t"))).text == "Upper Lake."


async def test_a_stream_without_an_end_is_asked_again(model: ModelServer) -> None:
    """It closes in the middle of an answer, as if that were all; a whole answer without a word on its end is
    one."""
    model.answering = in_turn(Reply('{"lake": "Upp', finish=""), Reply('{"lake": "Upper Lake"}', finish=""))
    assert (await endpoint(model).complete(CALL, Brief("t"))).text == '{"lake": "Upper Lake"}'
    assert len(model.asked) == 2


@pytest.mark.parametrize(
    ("reply", "cut"),
    [
        (Reply("", finish="content_filter"), "content filter"),
        (
            Reply("", finish="length", reasoning="I must weigh this."),
            "reasoning used up all 50 tokens.*REPRISE_LLM__ANSWER.*REPRISE_LLM__BODY",
        ),
        (Reply("The lake", finish="length"), "cut off after 50 tokens"),
    ],
)
async def test_an_answer_that_is_not_all_says_why(model: ModelServer, reply: Reply, cut: str) -> None:
    """And names the setting that helps."""
    model.answering = lambda body: reply
    assert re.search(cut, (await endpoint(model).complete(CALL, Brief("t"))).cut)


async def test_what_is_handed_to_a_tool_or_thought_aloud_is_read_as_it_is_meant(model: ModelServer) -> None:
    """Arguments of a tool are the answer; thoughts, also those that end without having begun, are none."""
    for reply in (
        Reply("Upper Lake.", tool=True),
        Reply("So, which lake?\n</think>\nUpper Lake."),
        Reply("<think>Hm.</think>Upper Lake."),
    ):
        model.answering = lambda body, reply=reply: reply
        assert (await endpoint(model).complete(CALL, Brief("t"))).text == "Upper Lake."


async def test_settings_add_to_every_request(model: ModelServer) -> None:
    """Headers, query and body are the user's; a field of the body that is null is left out."""
    own = {
        "headers": '{"X-Title": "Lakes"}',
        "query": '{"api-version": "9"}',
        "body": '{"seed": null, "temperature": 0.5, "num_ctx": 8192}',
    }
    model.answering = lambda body: "Upper Lake."
    await endpoint(model, **own).complete(CALL, Brief("t"))
    head, body = model.heads[-1], model.asked[-1]
    assert (head["x-title"], head["?"]) == ("Lakes", "api-version=9")
    assert "seed" not in body and (body["temperature"], body["num_ctx"]) == (0.5, 8192)


async def test_another_endpoint_is_asked_where_the_first_fails(model: ModelServer) -> None:
    """And the artifact says so."""
    with serving(lambda body: Reply("Upper Lake.")) as other:
        model.answering = lambda body: Reply("no such key", status=401)
        brief = Brief("t")
        wish = json.dumps({"base_url": other.url, "model": "second"})
        assert (await endpoint(model, fallback=wish).complete(CALL, brief)).text == "Upper Lake."
        assert other.asked[0]["model"] == "second" and "refuses the key" in brief.provenance.fallbacks[0]


def test_a_phase_may_have_a_model_of_its_own() -> None:
    """What is not said of it is that of all; another address inherits no key."""
    given = {"base_url": "http://one.example/v1", "api_key": "k", "window": "8192"}
    wish = {"phase0": {"model": "small", "window": 4096}, "check": {"base_url": "http://two.example/v1"}}
    parts = of_phases("large", given | {"phases": json.dumps(wish)})
    assert (parts["phase0"].model, parts["phase0"].window, parts["phase0"].api_key) == ("small", 4096, "k")
    assert (parts["check"].base_url, parts["check"].api_key, parts["check"].window) == (
        "http://two.example/v1",
        "",
        8192,
    )
    assert parts["phase3"].model == "large"
    with pytest.raises(EngineUnavailable, match="no phase phase9"):
        of_phases("large", given | {"phases": '{"phase9": {}}'})


def test_an_answer_longer_than_half_the_window_is_refused_and_not_shortened() -> None:
    """Silently a quarter of the window was the most."""
    given = {"base_url": "http://one.example/v1", "window": "8192"}
    assert settings_of("m", given | {"answer": "4000"}).answer == 4000
    with pytest.raises(EngineUnavailable, match="less than half"):
        settings_of("m", given | {"answer": "5000"})


async def test_an_endpoint_that_reads_less_than_it_is_asked_is_named(model: ModelServer) -> None:
    """One that cuts long questions without a word counts far too few tokens."""
    long = replace(CALL, messages=({"role": "user", "content": "The lake is low and dry. " * 600},))
    model.answering = lambda body: Reply("Upper Lake.", hidden=-3_000)
    brief = Brief("t")
    await endpoint(model, "cutting").complete(long, brief)
    assert (
        "may cut long questions" in brief.provenance.fallbacks[0]
        and "num_ctx" in brief.provenance.fallbacks[0]
    )
