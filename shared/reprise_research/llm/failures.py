"""What an endpoint's refusals mean: whose fault they are, and whether asking again can help."""

import math
import re

import openai

from reprise_research.errors import ContentTooLong, EngineFailed, EngineUnavailable, RateLimited, ResearchError
from reprise_research.llm.settings import LlmSettings
from reprise_research.text.words import shorten

_TOO_LONG = re.compile(
    r"context[ _](?:length|window|size)|exceed_context|maximum context|too many tokens|prompt is too long|input is too long|"
    r"reduce the length|available context",
    re.IGNORECASE,
)
_NO_MONEY = re.compile(r"insufficient_quota|exceeded your current quota|billing|credit balance", re.IGNORECASE)
_UNKNOWN_MODEL = re.compile(
    r"model.{0,80}(?:not found|does not exist|unknown|not exist|no such|not supported)|model_not_found", re.IGNORECASE
)


def worth_repeating(error: openai.OpenAIError) -> bool:
    """Whether the same call may succeed a moment later: connection lost, time-out, the endpoint's own failure."""
    if isinstance(error, openai.APIConnectionError):
        return True
    return isinstance(error, openai.APIStatusError) and (error.status_code >= 500 or error.status_code in {408, 409})


def wait_asked(error: openai.RateLimitError) -> float | None:
    """Seconds that the endpoint asks to wait; None if it does not say, or if waiting does not help."""
    if _NO_MONEY.search(str(error)):
        return None
    headers = error.response.headers
    for name, unit in (("retry-after-ms", 0.001), ("retry-after", 1.0)):
        try:
            wait = float(headers[name]) * unit
        except (KeyError, ValueError):
            continue
        if math.isfinite(wait):
            return max(0.0, wait)
    return None


def failure_of(error: openai.OpenAIError, settings: LlmSettings) -> ResearchError:
    """The error that the phase ends with."""
    place, said = settings.place, shorten(_message(error), 300)
    if isinstance(error, openai.APIStatusError):
        return _refusal(error, settings, said)
    if isinstance(error, openai.APITimeoutError):
        action = "Try again later, or raise REPRISE_LLM__TIMEOUT if the model is slow to begin."
        return EngineFailed(f"{place} did not answer in time.", action)
    if isinstance(error, openai.APIConnectionError):
        return EngineFailed(f"{place} cannot be reached: {said}", "Check that the endpoint runs, and REPRISE_LLM__BASE_URL.")
    return EngineFailed(f"{place} answered what cannot be read: {said}", "Check that it speaks the chat completions API.")


def _refusal(error: openai.APIStatusError, settings: LlmSettings, said: str) -> ResearchError:
    place, status, whole = settings.place, error.status_code, str(error)
    failure: ResearchError
    if _NO_MONEY.search(whole):
        action = "Top the account up, or use another key."
        failure = EngineUnavailable(f"{place} says that the account's quota is used up: {said}", action)
    elif isinstance(error, openai.RateLimitError):
        failure = RateLimited(place, wait_asked(error))
    elif status in {401, 403}:
        failure = EngineUnavailable(f"{place} refuses the key: {said}", "Set REPRISE_LLM__API_KEY to a key that may use this model.")
    elif status == 413 or _TOO_LONG.search(whole):
        failure = ContentTooLong(f"The text is too long for {settings.model}: {said}")
    elif status == 404 or _UNKNOWN_MODEL.search(whole):
        action = "Set REPRISE_LLM__MODEL (or --model) to one that it serves, and check REPRISE_LLM__BASE_URL."
        failure = EngineUnavailable(f"{place} does not know the model {settings.model}: {said}", action)
    elif status >= 500:
        failure = EngineFailed(f"{place} failed with {status}: {said}", "Try again later; look at the endpoint's own log.")
    else:
        failure = EngineFailed(f"{place} refused the request with {status}: {said}", "Look at its message.", retryable=False)
    return failure


def _message(error: openai.OpenAIError) -> str:
    body = getattr(error, "body", None)
    if isinstance(body, dict) and isinstance(body.get("message"), str):
        return str(body["message"])
    cause = f" ({error.__cause__})" if error.__cause__ else ""
    return f"{error}{cause}"
