"""One model behind an OpenAI-compatible API: a call, streamed, counted, told as it comes, and ended as soon as its caller is cancelled."""

import asyncio
import re
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from functools import cache
from secrets import token_hex
from typing import Any

import openai

from reprise_contracts.artifacts import Tokens
from reprise_contracts.frames import StreamEnd, StreamStart, StreamToken
from reprise_contracts.nodes import Phase
from reprise_research.context import Brief
from reprise_research.errors import ContentTooLong, EngineFailed
from reprise_research.llm.failures import failure_of, wait_asked, worth_repeating
from reprise_research.llm.settings import LlmSettings

Message = dict[str, str]
_REPEATS = (0.5, 2.0)
"""Seconds before a call is made again that failed for a reason that may pass."""
_TOLD_EVERY = 0.1
"""Seconds of tokens in one frame."""
_MOST_COUNTED = 4.0
"""Tokens for one of our estimate that a tokenizer can count; an endpoint that says more counts words of its own before a short question."""
_STRETCH, _LOOP = 60, 800
"""Characters by which a stretch is known again, and of how many nothing is new."""
_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
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
    """Tokens that it counts for one of our estimate, or that its window is smaller than we were told: at least 1."""
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


@dataclass(frozen=True)
class Answer:
    """What came. `cut` says why it is not all, if it is not; `shaped`, that the endpoint took the schema."""

    text: str
    cut: str
    shaped: bool


class Endpoint:
    """Makes calls for one engine. It keeps no connection: a call opens one and closes it, whatever happens."""

    def __init__(self, settings: LlmSettings) -> None:
        self.settings = settings
        self.learned = learned(settings.base_url, settings.model)

    def estimate(self, text: str) -> int:
        """Tokens of a text, rather too many: a tokenizer of the model's own is not at hand."""
        return int(estimate(text) * self.learned.density) + 1

    def asked(self, messages: Iterable[Message]) -> int:
        """Tokens of messages, with what a template puts around each."""
        return sum(self.estimate(message["content"]) + 8 for message in messages)

    def counts_more(self, than: float, refusal: ContentTooLong) -> None:
        """Learn from the refusal of a call, which a density of `than` let appear to fit; one beside it may have taught the same."""
        self.learned.density, self.learned.refusal = max(self.learned.density, 1.2 * than), refusal

    def give_up(self, error: ContentTooLong) -> ContentTooLong:
        """What to say of a question that cannot be made shorter: the endpoint's last refusal, if it refuses all. What no answer has
        proven is not kept, for it would make the questions after it small for nothing."""
        refusal = self.learned.refusal
        self.learned.density, self.learned.refusal = self.learned.proven, None
        return refusal or error

    async def complete(self, call: Call, brief: Brief) -> Answer:
        """One answer. Repeats the call where that may help; raises `ResearchError`."""
        failures = iter(_REPEATS)
        waited = 0.0
        while True:
            known = frozenset(self.learned.refused)
            try:
                answer = await self._attempt(call, brief)
            except openai.RateLimitError as error:
                wait = wait_asked(error)
                if wait is None or waited + wait > self.settings.patience:
                    raise failure_of(error, self.settings) from error
                waited += max(wait, 0.1)
                await asyncio.sleep(wait)
            except openai.BadRequestError as error:
                if known == self.learned.refused and not self._give_way(error, call):  # else a call beside this one has learnt it
                    raise failure_of(error, self.settings) from error
            except openai.OpenAIError as error:
                pause = next(failures, None) if worth_repeating(error) else None
                if pause is None:
                    raise failure_of(error, self.settings) from error
                await asyncio.sleep(pause)
            else:
                self.learned.proven, self.learned.refusal = self.learned.density, None
                return answer

    def _give_way(self, error: openai.BadRequestError, call: Call) -> bool:
        """Whether the refusal names, or may mean, a parameter that can be left out; it is, from here on."""
        if isinstance(failure_of(error, self.settings), EngineFailed):
            sent = {name for name in _OPTIONAL if name not in self.learned.refused}
            if call.schema is None:
                sent.discard("response_format")
            named = [name for name in sent if _OPTIONAL[name].search(str(error))]
            guess = ["response_format"] if "response_format" in sent else []
            for name in (named or guess)[:1]:
                self.learned.refused.add(name)
                return True
        return False

    async def _attempt(self, call: Call, brief: Brief) -> Answer:
        asked = self.asked(call.messages)
        received, counted = _Received(brief, call.phase), None
        with brief.usage.spending(asked + call.answer, call.where):
            sent = False
            try:
                async with asyncio.timeout(self.settings.call_timeout), self._client() as client:
                    sent = True
                    stream = await client.chat.completions.create(**self._parameters(call))
                    async with stream:
                        async for chunk in stream:
                            counted = chunk.usage or counted
                            received.take(chunk)
                            if loops(received.text):  # it would go on until it has no tokens left, all of them paid
                                break
            except TimeoutError as error:
                detail = f"{self.settings.place} took longer than {self.settings.call_timeout:g} s for {call.where}."
                raise EngineFailed(detail, "Raise REPRISE_LLM__CALL_TIMEOUT if the model is slow.") from error
            except openai.APIStatusError:
                sent = False  # refused: nothing was read or written
                raise
            finally:
                received.end()
                if counted is not None:
                    self._learn(call, counted.prompt_tokens)
                    brief.usage.add(self._priced(counted.prompt_tokens, counted.completion_tokens))
                elif sent:
                    brief.usage.add(self._priced(asked, self.estimate(received.text)))
        cut = "it said one thing over and over" if loops(received.text) else ""
        cut = cut or (f"it was cut off after {call.answer} tokens" if received.cut else "")
        return Answer(_THOUGHT.sub("", received.text).strip(), cut, self._shaped(call))

    def _client(self) -> openai.AsyncOpenAI:
        limits = openai.Timeout(self.settings.timeout, connect=min(10.0, self.settings.timeout))
        return openai.AsyncOpenAI(
            base_url=self.settings.base_url,
            api_key=self.settings.api_key or "none",
            max_retries=0,
            timeout=limits,
            http_client=openai.DefaultAsyncHttpxClient(verify=_certificates(), timeout=limits),
        )

    def _parameters(self, call: Call) -> dict[str, Any]:
        """The request. Temperature 0 and a seed: equal questions shall have equal answers, as far as the endpoint can promise it."""
        given: dict[str, Any] = {
            "model": self.settings.model, "messages": list(call.messages), "stream": True, "stream_options": {"include_usage": True},
            "max_tokens": call.answer, "temperature": 0, "seed": 7,
        }  # fmt: skip
        if call.schema is not None:
            shape = {"name": "answer", "strict": True, "schema": call.schema}
            given["response_format"] = {"type": "json_schema", "json_schema": shape}
        for name in self.learned.refused:
            if name == "max_tokens":
                given["max_completion_tokens"] = given[name]
            given.pop(name, None)
        return given

    def _shaped(self, call: Call) -> bool:
        return call.schema is not None and "response_format" not in self.learned.refused

    def _learn(self, call: Call, prompt_tokens: int) -> None:
        guess = sum(estimate(message["content"]) + 8 for message in call.messages)
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
        self.cut = False
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
            self.cut = self.cut or choice.finish_reason == "length"
            piece = choice.delta.content if choice.delta else None
            if piece:
                self._parts.append(piece)
                self._untold.append(piece)
        if self._untold and self._clock() - self._told >= _TOLD_EVERY:
            self._tell()

    def end(self) -> None:
        """Tell the rest; a stream that was begun is ended, also when its caller was cancelled."""
        if self._untold:
            self._tell()
        if self._begun:
            self._brief.progress(StreamEnd(stream_id=self._id, phase=self._phase))

    def _tell(self) -> None:
        if not self._begun:
            self._begun = True
            self._brief.progress(StreamStart(stream_id=self._id, phase=self._phase))
        self._brief.progress(StreamToken(stream_id=self._id, phase=self._phase, token="".join(self._untold)))
        self._untold.clear()
        self._told = self._clock()


def estimate(text: str) -> int:
    """Tokens of a text for a common tokenizer, rather too many: three ASCII characters to one, every other character one."""
    narrow = sum(character.isascii() for character in text)
    return narrow // 3 + (len(text) - narrow)


def loops(text: str) -> bool:
    """Whether a text ends in a stretch, of words or of nothing, that it says three times running and without any difference."""
    end = text[-_LOOP:]
    period = len(end) - _STRETCH - end.rfind(end[-_STRETCH:], 0, -1)
    return len(end) == _LOOP and 3 * period <= _LOOP and end[period:] == end[:-period]


@cache
def _certificates() -> ssl.SSLContext:
    """Reading the machine's certificates takes a while: once a process."""
    return ssl.create_default_context()
