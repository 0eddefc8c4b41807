"""What an endpoint's refusals mean: whose fault they are, and whether asking again can help."""

import math
import re
import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

import openai

from reprise_contracts.problems.model import Facts
from reprise_research.errors import (
    ContentTooLong,
    EngineFailed,
    EngineUnavailable,
    RateLimited,
    ResearchError,
)
from reprise_research.llm.settings import LlmSettings
from reprise_research.text.words import shorten

_TOO_LONG = re.compile(
    r"context[ _](?:length|window|size)|exceed_context|maximum context|too many tokens|prompt is too "
    r"long|input is too long|"
    r"reduce the length|available context",
    re.IGNORECASE,
)
_NO_MONEY = re.compile(
    r"insufficient_quota|exceeded your current quota|billing|credit balance", re.IGNORECASE
)
_IN_WORDS = re.compile(
    r"(?:again|retry|wait)\D{0,20}(?P<number>\d+(?:\.\d+)?)\s?(?P<unit>ms|s|m|h)?\b", re.IGNORECASE
)
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_TAGS = re.compile(r"<(?:script|style).*?</(?:script|style)>|<[^>]*>", re.IGNORECASE | re.DOTALL)
_UNKNOWN_MODEL = re.compile(
    r"model.{0,80}(?:not found|does not exist|unknown|not exist|no such|not supported)|model_not_found",
    re.IGNORECASE,
)


def worth_repeating(error: openai.OpenAIError) -> bool:
    """Whether the same call may succeed a moment later: connection lost, time-out, the endpoint's own
    failure, also in mid-answer."""
    if isinstance(error, openai.APIConnectionError) or type(error) is openai.APIError:
        return _NO_MONEY.search(_whole(error)) is None
    return isinstance(error, openai.APIStatusError) and (
        error.status_code >= 500 or error.status_code in {408, 409}
    )


def wait_asked(error: openai.RateLimitError, now: Callable[[], float] = time.time) -> float | None:
    """Seconds that the endpoint asks to wait, by a header, as a number or a date, or in its words; None if it
    does not say, or if waiting does not help."""
    if _NO_MONEY.search(_whole(error)):
        return None
    headers = error.response.headers
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0), ("x-ratelimit-reset-after", 1.0)):
        said = headers.get(name, "")
        try:
            wait = float(said) * unit
        except ValueError:
            wait = _until(said, now())
        if said and math.isfinite(wait):
            return max(0.0, wait)
    told = _IN_WORDS.search(_message(error))
    return float(told["number"]) * _UNITS[(told["unit"] or "s").lower()] if told is not None else None


def is_final(error: openai.RateLimitError) -> bool:
    """Whether waiting does not help: the account has nothing left."""
    return _NO_MONEY.search(_whole(error)) is not None


def _until(date: str, now: float) -> float:
    """Seconds until an HTTP date; not a number where it is none."""
    try:
        return parsedate_to_datetime(date).timestamp() - now
    except (TypeError, ValueError):
        return math.nan


def failure_of(error: openai.OpenAIError, settings: LlmSettings) -> ResearchError:
    """The error that the phase ends with."""
    place, said = settings.place, shorten(_message(error), 300)
    if isinstance(error, openai.APIStatusError):
        return _refusal(error, settings, said)
    if isinstance(error, openai.APITimeoutError):
        action = "Try again later, or raise REPRISE_LLM__TIMEOUT if the model is slow to begin."
        return EngineFailed(
            f"{place} did not answer in time.", action, code="endpoint_slow", facts={"place": place}
        )
    if isinstance(error, openai.APIConnectionError):
        return EngineFailed(
            f"{place} cannot be reached: {said}",
            "Check that the endpoint runs, and REPRISE_LLM__BASE_URL.",
            code="endpoint_unreachable",
            facts={"place": place, "said": said},
        )
    return EngineFailed(
        f"{place} answered what cannot be read: {said}",
        "Check that it speaks the chat completions API.",
        code="endpoint_unreadable",
        facts={"place": place, "said": said},
    )


def _refusal(error: openai.APIStatusError, settings: LlmSettings, said: str) -> ResearchError:
    place, status, whole = settings.place, error.status_code, _whole(error)
    failure: ResearchError
    facts: Facts = {"place": place, "said": said}
    if _NO_MONEY.search(whole):
        action = "Top the account up, or use another key."
        told = f"{place} says that the account's quota is used up: {said}"
        failure = EngineUnavailable(told, action, code="quota_used", facts=facts)
    elif isinstance(error, openai.RateLimitError):
        failure = RateLimited(place, wait_asked(error))
    elif status in {401, 403}:
        failure = EngineUnavailable(
            f"{place} refuses the key: {said}",
            "Set REPRISE_LLM__API_KEY to a key that may use this model.",
            code="key_refused",
            facts=facts,
        )
    elif status == 413 or _TOO_LONG.search(whole):
        failure = ContentTooLong(f"The text is too long for {settings.model}: {said}")
    elif status == 404 or _UNKNOWN_MODEL.search(whole):
        action = "Set REPRISE_LLM__MODEL (or --model) to one that it serves, and check REPRISE_LLM__BASE_URL."
        failure = EngineUnavailable(
            f"{place} does not know the model {settings.model}: {said}",
            action,
            code="model_unknown",
            facts=facts | {"model": settings.model},
        )
    elif status >= 500:
        failure = EngineFailed(
            f"{place} failed with {status}: {said}",
            "Try again later; look at the endpoint's own log.",
            code="endpoint_failed",
            facts=facts | {"status": status},
        )
    else:
        failure = EngineFailed(
            f"{place} refused the request with {status}: {said}",
            "Look at its message.",
            retryable=False,
            code="endpoint_refused",
            facts=facts | {"status": status},
        )
    return failure


def _message(error: openai.OpenAIError) -> str:
    """The provider's own words, in whatever form it puts them: `error.message`, `message`, `detail`, a list,
    a page."""
    said = words_of(getattr(error, "body", None))
    if said:
        return said
    cause = f" ({error.__cause__})" if error.__cause__ else ""
    return " ".join(_TAGS.sub(" ", f"{error}{cause}").split())


def _whole(error: openai.OpenAIError) -> str:
    """The provider's words and its codes."""
    body = getattr(error, "body", None)
    inner = body.get("error", body) if isinstance(body, dict) else {}
    codes = [
        str(inner[name]) for name in ("code", "type", "status") if isinstance(inner, dict) and inner.get(name)
    ]
    return " | ".join([_message(error), *codes])


def words_of(body: object) -> str:
    """What a refusal says, without the frame around it."""
    if isinstance(body, str):
        return " ".join(_TAGS.sub(" ", body).split())
    if isinstance(body, list):
        return "; ".join(dict.fromkeys(filter(None, map(words_of, body))))
    if not isinstance(body, dict):
        return ""
    for name in ("error", "message", "msg", "detail", "errors"):
        said = words_of(body.get(name))
        if said:
            where = body.get("loc")
            return f"{'.'.join(map(str, where))}: {said}" if isinstance(where, list) else said
    return ""
