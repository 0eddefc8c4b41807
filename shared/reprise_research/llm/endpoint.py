"""One model behind an OpenAI-compatible API: a call, streamed, counted, told as it comes, and ended as soon
as its caller is cancelled."""

import asyncio
import json
import re
import ssl
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from functools import cache
from secrets import token_hex
from typing import Any

import httpx
import openai
from openai.types import CompletionUsage
from openai.types.chat import ChatCompletion

from reprise_contracts.artifacts import Tokens
from reprise_contracts.frames import StreamEnd, StreamError, StreamStart, StreamToken
from reprise_contracts.nodes import Phase
from reprise_contracts.records import CallAnswer, question_of
from reprise_research import limits
from reprise_research.brief import Brief
from reprise_research.errors import ContentTooLong, EngineFailed, EngineUnavailable, RateLimited
from reprise_research.llm.failures import failure_of, is_final, wait_asked, words_of, worth_repeating
from reprise_research.llm.settings import LlmSettings
from reprise_research.text.words import shorten

Message = dict[str, str]
_REPEATS = (0.5, 1.0, 2.0, 4.0)
"""Seconds before a call is made again that failed for a reason that may pass."""
_TOLD_EVERY = 0.1
"""Seconds of tokens in one frame."""
_MOST_COUNTED = 4.0
"""Tokens for one of our estimate that a tokenizer can count; an endpoint that says more counts words of its
own before a short question."""
_STRETCH, _LOOP = 60, 800
"""Characters by which a stretch is known again, and of how many nothing is new."""
_THOUGHT = re.compile(r"\A(?:(?!<think>).)*?</think>|<think>.*?(?:</think>|\Z)", re.DOTALL)
_CLOSED = ("}", "]", "```")
"""How an answer ends that is whole, though the endpoint did not say that it is."""
_FEWEST_COUNTED = 0.35
"""Tokens for one of our estimate below which an endpoint has not read all that it was asked."""
_OPTIONAL = {
    "response_format": re.compile(r"response_format|json_schema|schema|grammar|structured", re.IGNORECASE),
    "stream_options": re.compile(r"stream_options|include_usage", re.IGNORECASE),
    "max_tokens": re.compile(r"max_tokens|max_completion_tokens", re.IGNORECASE),
    "temperature": re.compile(r"temperature", re.IGNORECASE),
    "seed": re.compile(r"\bseed\b", re.IGNORECASE),
}
"""What not every endpoint takes, and how a refusal names it."""


@dataclass
class EndpointProfile:
    """What calls have shown of an endpoint; one for each endpoint and model of this process."""

    refused: set[str] = field(default_factory=set)
    """Parameters that it does not take."""
    density: float = 1.0
    """Tokens that it counts for one of our estimate, or that its window is smaller than we were told: at
    least 1."""
    proven: float = 1.0
    """The density with which a call was answered."""
    refusal: ContentTooLong | None = None
    """Of the last call that was too long, if none was answered since."""


@cache
def learned(base_url: str, model: str) -> EndpointProfile:
    """What is known of an endpoint's model."""
    return EndpointProfile()


@dataclass(frozen=True)
class Call:
    """What to ask. `where` says to a reader what it is for: `the summary of Lakes.pdf`."""

    messages: tuple[Message, ...]
    phase: Phase
    where: str
    answer: int
    """Tokens of the answer, at most."""
    schema: dict[str, object] | None = None
    """A JSON schema that the answer is asked to follow."""
    prompts: str = ""
    """The versions of the prompts that it is made from: what was noted under others is not taken."""


@dataclass(frozen=True)
class Answer:
    """What came. `cut` says why it is not all, if it is not; `shaped`, that the endpoint took the schema."""

    text: str
    cut: str
    shaped: bool


class Endpoint:
    """Makes calls for one engine. It keeps no connection: a call opens one and closes it, whatever
    happens."""

    def __init__(self, settings: LlmSettings) -> None:
        self.settings = settings
        self.learned = learned(settings.base_url, settings.model)
        self._fallback = Endpoint(settings.fallback) if settings.fallback is not None else None

    def estimate(self, text: str) -> int:
        """Tokens of a text, rather too many: a tokenizer of the model's own is not at hand."""
        return int(estimate(text) * self.learned.density) + 1

    def asked(self, messages: Iterable[Message]) -> int:
        """Tokens of messages, with what a template puts around each."""
        return sum(self.estimate(message["content"]) + 8 for message in messages)

    def most(self, call: Call) -> int:
        """Tokens that a call may cost."""
        return self.asked(call.messages) + call.answer

    def counts_more(self, than: float, refusal: ContentTooLong) -> None:
        """Learn from the refusal of a call, which a density of `than` let appear to fit; one beside it may
        have taught the same."""
        self.learned.density, self.learned.refusal = max(self.learned.density, 1.2 * than), refusal

    def give_up(self, error: ContentTooLong) -> ContentTooLong:
        """What to say of a question that cannot be made shorter: the endpoint's last refusal, if it refuses
        all. What no answer has proven is not kept, for it would make the questions after it small for
        nothing."""
        refusal = self.learned.refusal
        self.learned.density, self.learned.refusal = self.learned.proven, None
        return refusal or error

    async def complete(self, call: Call, brief: Brief) -> Answer:
        """One answer: from the record where an equal question was answered before, else from the endpoint,
        and kept. Raises `ResearchError`, `ContentTooLong` also where the record says that the endpoint
        did."""
        question = question_of(self.settings.model, call.messages, call.schema, call.answer)
        kept = brief.calls.answer_to(question, call.where)
        if kept is None:
            kept = await self._noted(question, call, brief)
            brief.calls.keep(kept)
        elif kept.counted:
            self._learn(call, kept.prompt_tokens, brief)
        if kept.refused:
            raise ContentTooLong(kept.refused)
        return Answer(kept.text, kept.cut, self._shaped(call))

    async def _answered(self, call: Call, brief: Brief) -> tuple[Answer, tuple[int, int] | None]:
        """The endpoint's answer; where it fails, that of the endpoint which is to be asked then."""
        try:
            return await self._asked(call, brief)
        except (EngineFailed, EngineUnavailable, RateLimited) as error:
            if self._fallback is None:
                raise
            brief.provenance.fall_back(call.where, f"asked {self._fallback.settings.place}, for {error}")
            return await self._fallback._answered(call, brief)

    async def _noted(self, question: str, call: Call, brief: Brief) -> CallAnswer:
        """The endpoint's answer; one that an attempt before this one of the same run has got already is not
        asked for again. A plan that cannot be run is asked for anew."""

        async def ask() -> CallAnswer:
            started, most = time.monotonic(), self.most(call)
            try:
                answer, counted = await self._answered(call, brief)
            except ContentTooLong as error:
                return CallAnswer(question=question, where=call.where, refused=str(error) or "too long")
            prompt, completion = counted or (0, 0)
            return CallAnswer(
                question=question,
                where=call.where,
                text=answer.text,
                cut=answer.cut,
                prompt_tokens=prompt,
                completion_tokens=completion,
                counted=counted is not None,
                most_tokens=most,
                seconds=round(time.monotonic() - started, 3),
            )

        if brief.notes is None or call.phase == "phase2":
            return await ask()
        return await brief.notes.once("call", question, [question, call.prompts], CallAnswer, ask, dear=True)

    async def _asked(self, call: Call, brief: Brief) -> tuple[Answer, tuple[int, int] | None]:
        """One answer, with the tokens that the endpoint counted. Repeats the call where that may help; raises
        `ResearchError`."""
        failures = iter(_REPEATS)
        waited = 0.0
        wait: float | None = None
        while True:
            known = frozenset(self.learned.refused)
            try:
                async with (
                    brief.usage.spending(self.most(call), call.where),
                    self._turn(call, brief) as turn,
                ):
                    try:
                        answer, counted = await self._attempt(call, brief, turn)
                    except openai.RateLimitError as error:
                        wait = wait_asked(error)
                        if wait is None and not is_final(error):
                            wait = 1.0 + 2 * waited  # it does not say: longer each time
                        if wait is not None:
                            headers = error.response.headers
                            turn.said = limits.refusal(headers, words_of(error.body), wait)
                        raise
            except limits.Paused as halted:
                raise RateLimited(self.settings.place, halted.wait) from halted
            except openai.RateLimitError as error:
                if wait is None or waited + wait > self.settings.patience:
                    raise failure_of(error, self.settings) from error
                waited += max(wait, 0.1)
                await asyncio.sleep(wait)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                if known == self.learned.refused and not self._give_way(
                    error, call
                ):  # else a call beside this one has learnt it
                    raise failure_of(error, self.settings) from error
            except openai.OpenAIError as error:
                pause = next(failures, None) if worth_repeating(error) else None
                if pause is None:
                    raise failure_of(error, self.settings) from error
                await asyncio.sleep(pause)
            else:
                self.learned.proven, self.learned.refusal = self.learned.density, None
                return answer, counted

    def _turn(self, call: Call, brief: Brief) -> AbstractAsyncContextManager[limits.Turn]:
        """A turn at the provider, which all processes share."""
        own = self.settings
        gate = brief.limits.gate(own.place, f"{own.base_url} {own.api_key}", own.limit)
        return gate.turn(brief.fence or brief.topic, self.most(call), patience=own.patience)

    def _give_way(self, error: openai.APIStatusError, call: Call) -> bool:
        """Whether the refusal names, or may mean, a parameter that can be left out; it is, from here on."""
        if isinstance(failure_of(error, self.settings), EngineFailed):
            sent = {name for name in _OPTIONAL if name not in self.learned.refused}
            if call.schema is None:
                sent.discard("response_format")
            told = f"{error} {error.body}"
            named = [name for name in sorted(sent) if _OPTIONAL[name].search(told)]
            guess = ["response_format"] if "response_format" in sent else []
            for name in (named or guess)[:1]:
                self.learned.refused.add(name)
                return True
        return False

    async def _attempt(
        self, call: Call, brief: Brief, turn: limits.Turn
    ) -> tuple[Answer, tuple[int, int] | None]:
        asked = self.asked(call.messages)
        received, counted = _Received(brief, call.phase), None
        sent = False
        try:
            async with asyncio.timeout(self.settings.call_timeout), self._client() as client:
                sent = True
                stream = await client.chat.completions.create(**self._parameters(call))
                async with stream:
                    turn.said = limits.Said(limits.limit_in(stream.response.headers))
                    if is_stream(stream.response):
                        async for chunk in stream:
                            counted = chunk.usage or counted
                            received.take(chunk)
                            if loops(
                                received.text
                            ):  # it would go on until it has no tokens left, all of them paid
                                break
                    else:
                        counted = received.take_whole(await stream.response.aread(), self.settings)
            if (
                not received.ended
                and not loops(received.text)
                and not received.text.rstrip().endswith(_CLOSED)
            ):
                raise openai.APIConnectionError(
                    message="the answer broke off in the middle", request=stream.response.request
                )
        except TimeoutError as error:
            detail = (
                f"{self.settings.place} took longer than {self.settings.call_timeout:g} s for {call.where}."
            )
            raise EngineFailed(detail, "Raise REPRISE_LLM__CALL_TIMEOUT if the model is slow.") from error
        except openai.APIStatusError:
            sent = False  # refused: nothing was read or written
            raise
        finally:
            received.end(sys.exception())
            if counted is not None:
                self._learn(call, counted.prompt_tokens, brief)
                brief.usage.add(self._priced(counted.prompt_tokens, counted.completion_tokens))
            elif sent:
                brief.usage.add(self._priced(asked, self.estimate(received.text)))
        cut = "it said one thing over and over" if loops(received.text) else ""
        cut = cut or received.why_cut(call.answer)
        told = (counted.prompt_tokens, counted.completion_tokens) if counted is not None else None
        return Answer(_THOUGHT.sub("", received.text).strip(), cut, self._shaped(call)), told

    def _client(self) -> openai.AsyncOpenAI:
        limits = openai.Timeout(self.settings.timeout, connect=min(10.0, self.settings.timeout))
        return openai.AsyncOpenAI(
            base_url=self.settings.base_url,
            api_key=self.settings.api_key or "none",
            max_retries=0,
            timeout=limits,
            http_client=openai.DefaultAsyncHttpxClient(verify=_certificates(), timeout=limits),
            default_headers=dict(self.settings.headers) or None,
            default_query=dict(self.settings.query) or None,
        )

    def _parameters(self, call: Call) -> dict[str, Any]:
        """The request. Temperature 0 and a seed: equal questions shall have equal answers, as far as the
        endpoint can promise it."""
        given: dict[str, Any] = {
            "model": self.settings.model,
            "messages": list(call.messages),
            "stream": True,
            "stream_options": {"include_usage": True},
            "max_tokens": call.answer,
            "temperature": 0,
            "seed": 7,
        }
        if call.schema is not None:
            shape = {"name": "answer", "strict": True, "schema": call.schema}
            given["response_format"] = {"type": "json_schema", "json_schema": shape}
        for name in self.learned.refused:
            if name == "max_tokens":
                given["max_completion_tokens"] = given[name]
            given.pop(name, None)
        own = {name: value for name, value in self.settings.body.items() if value is not None}
        left = {name: value for name, value in given.items() if name not in self.settings.body}
        return left | ({"extra_body": own} if own else {})

    def _shaped(self, call: Call) -> bool:
        return call.schema is not None and "response_format" not in self.learned.refused

    def _learn(self, call: Call, prompt_tokens: int, brief: Brief | None = None) -> None:
        guess = sum(estimate(message["content"]) + 8 for message in call.messages)
        if 0 < prompt_tokens < _FEWEST_COUNTED * guess and guess > 2_000 and brief is not None:
            brief.provenance.fall_back(
                call.where,
                f"{self.settings.place} counted {prompt_tokens} tokens of about {guess}: it may cut long "
                "questions without a word; raise "
                "the window that it serves (num_ctx in REPRISE_LLM__BODY) or lower REPRISE_LLM__WINDOW",
            )
        if guess > 200:
            self.learned.density = max(self.learned.density, min(_MOST_COUNTED, prompt_tokens / guess))

    def _priced(self, prompt: int, completion: int) -> Tokens:
        own = self.settings
        if own.prompt_price is None and own.completion_price is None:
            return Tokens(prompt=prompt, completion=completion)
        cost = (prompt * (own.prompt_price or 0.0) + completion * (own.completion_price or 0.0)) / 1_000_000
        return Tokens(prompt=prompt, completion=completion, cost_usd=round(cost, 8))


class _Received:
    """The text so far, told to those who watch, some tokens at a time."""

    def __init__(self, brief: Brief, phase: Phase, clock: Callable[[], float] = time.monotonic) -> None:
        self.ended = ""
        """Why it ended, in the endpoint's word; empty if it did not say."""
        self.thought = 0
        """Characters of reasoning that is no part of the answer."""
        self._parts: list[str] = []
        self._untold: list[str] = []
        self._told = 0.0
        self._brief, self._phase, self._clock = brief, phase, clock
        self._id = f"stream-{token_hex(6)}"
        self._begun = False

    @property
    def text(self) -> str:
        return "".join(self._parts)

    def take(self, chunk: Any) -> None:
        for choice in chunk.choices[:1]:
            self.ended = choice.finish_reason or self.ended
            if choice.delta is not None:
                self._add(choice.delta)
        if self._untold and self._clock() - self._told >= _TOLD_EVERY:
            self._tell()

    def _add(self, said: Any) -> None:
        """Words of the answer: its content, or what it hands to a tool that nobody offered; reasoning is
        counted."""
        self.thought += len(
            getattr(said, "reasoning_content", None) or getattr(said, "reasoning", None) or ""
        )
        calls = [one.function.arguments for one in said.tool_calls or () if one.function is not None]
        piece = (said.content or "") + "".join(filter(None, calls)) + (getattr(said, "refusal", None) or "")
        if piece:
            self._parts.append(piece)
            self._untold.append(piece)

    def take_whole(self, body: bytes, settings: LlmSettings) -> CompletionUsage | None:
        """An answer that does not come as a stream: a plain completion is one; anything else raises
        `EngineFailed` and says what it is."""
        try:
            done = ChatCompletion.model_validate_json(body)
            choice = done.choices[0]
        except (ValueError, IndexError, TypeError):
            said = shorten(words_of(_loaded(body)), 200)
            what = (
                f"a web page (“{said}”)" if body.lstrip()[:1] == b"<" else f"“{said}”" if said else "nothing"
            )
            detail = f"{settings.place} answered with {what} instead of a completion."
            raise EngineFailed(
                detail,
                "Check REPRISE_LLM__BASE_URL, with its /v1, and what stands in front of it.",
                retryable=False,
            ) from None
        self.ended = choice.finish_reason
        self._add(choice.message)
        return done.usage

    def why_cut(self, most: int) -> str:
        """Why the answer is not all of one, in words that say what to do; empty if it is."""
        if self.ended == "content_filter":
            return (
                "the provider's content filter stopped it; use another model (REPRISE_LLM__MODEL), or "
                "loosen its filter"
            )
        if self.ended == "length" and self.thought and not self.text.strip():
            return (
                f"its reasoning used up all {most} tokens of the answer; raise REPRISE_LLM__ANSWER, or let "
                "it reason less by "
                'REPRISE_LLM__BODY (such as {"reasoning_effort": "low"})'
            )
        return (
            f"it was cut off after {most} tokens; raise REPRISE_LLM__ANSWER" if self.ended == "length" else ""
        )

    def end(self, error: BaseException | None) -> None:
        """Tell the rest; a stream that was begun is ended, also when its caller was cancelled, and one that
        broke off is said to have."""
        if self._untold:
            self._tell()
        if not self._begun:
            return
        self._brief.progress(StreamEnd(stream_id=self._id, phase=self._phase))
        if isinstance(error, Exception):
            self._brief.progress(
                StreamError(stream_id=self._id, phase=self._phase, error=str(error) or type(error).__name__)
            )

    def _tell(self) -> None:
        if not self._begun:
            self._begun = True
            self._brief.progress(StreamStart(stream_id=self._id, phase=self._phase))
        self._brief.progress(StreamToken(stream_id=self._id, phase=self._phase, token="".join(self._untold)))
        self._untold.clear()
        self._told = self._clock()


def is_stream(response: httpx.Response) -> bool:
    """Whether an answer comes as a stream of events. One without a type may be one."""
    kind = response.headers.get("content-type", "")
    return "event-stream" in kind or not kind


def _loaded(body: bytes) -> object:
    text = body.decode(errors="replace")
    try:
        return json.loads(text)
    except ValueError:
        return text


def estimate(text: str) -> int:
    """Tokens of a text for a common tokenizer, rather too many: three ASCII characters to one, every other
    character one."""
    narrow = sum(character.isascii() for character in text)
    return narrow // 3 + (len(text) - narrow)


def loops(text: str) -> bool:
    """Whether a text ends in a stretch, of words or of nothing, that it says three times running and without
    any difference."""
    end = text[-_LOOP:]
    period = len(end) - _STRETCH - end.rfind(end[-_STRETCH:], 0, -1)
    return len(end) == _LOOP and 3 * period <= _LOOP and end[period:] == end[:-period]


@cache
def _certificates() -> ssl.SSLContext:
    """Reading the machine's certificates takes a while: once a process."""
    return ssl.create_default_context()
