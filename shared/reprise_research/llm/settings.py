"""How a model is reached, and what it can take."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeVar
from urllib.parse import urlsplit

from reprise_research.errors import EngineUnavailable
from reprise_research.limits import Limit

T = TypeVar("T")
_SMALLEST_WINDOW = 2048
PARTS = ("phase0", "phase1", "phase2", "phase3", "phase4", "check")
"""What may have a model of its own."""
_OF_ADDRESS = frozenset({"api_key", "headers", "query", "body", "fallback"})


@dataclass(frozen=True, eq=False)
class LlmSettings:
    """One model behind an OpenAI-compatible API. Seconds, tokens, and dollars for a million tokens."""

    base_url: str
    model: str
    api_key: str = ""
    window: int = 16_384
    """Tokens that the model can read and write in one call."""
    answer: int = 1_500
    """Tokens of one answer, at most."""
    timeout: float = 120.0
    """How long the endpoint may be silent: before the first token, and between two."""
    call_timeout: float = 600.0
    """How long one call may take in all."""
    patience: float = 20.0
    """The longest wait for a rate limit within an attempt; a longer one is left to the next attempt."""
    calls_a_minute: int = 0
    """Calls that the endpoint takes in a minute, from all processes together; 0: as it says itself."""
    tokens_a_minute: int = 0
    calls_at_once: int = 0
    check: bool = True
    """Whether a reader checks what the model says, in a question of its own."""
    prompt_price: float | None = None
    completion_price: float | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    """Sent with every request, beside the key."""
    query: Mapping[str, str] = field(default_factory=dict)
    """In every request's address, such as an `api-version`."""
    body: Mapping[str, object] = field(default_factory=dict)
    """In every request's body, in place of what stands there; null leaves a field out (`{"seed": null}`)."""
    fallback: "LlmSettings | None" = None
    """Asked where this one fails."""

    @property
    def limit(self) -> Limit:
        """What all processes together keep to."""
        return Limit(calls=self.calls_a_minute, tokens=self.tokens_a_minute, at_once=self.calls_at_once)

    @property
    def place(self) -> str:
        """The endpoint's host, as it is shown."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2] or self.base_url


def settings_of(model: str, given: Mapping[str, str]) -> LlmSettings:
    """The settings as the engine gets them, by the names of `LlmSettings`. Raises `EngineUnavailable` for
    what is missing or no number."""
    base_url = given.get("base_url", "").strip()
    if not base_url:
        raise EngineUnavailable(
            "The engine openai has no endpoint.",
            "Set REPRISE_LLM__BASE_URL, for example http://127.0.0.1:8080/v1.",
            code="engine_without_endpoint",
            facts={"engine": "openai"},
        )
    if urlsplit(base_url).scheme not in {"http", "https"} or not urlsplit(base_url).hostname:
        raise EngineUnavailable(
            f"{base_url} is no endpoint.",
            "Set REPRISE_LLM__BASE_URL to an http or https address, with its /v1.",
            code="engine_without_endpoint",
            facts={"engine": "openai"},
        )
    if not model.strip():
        raise EngineUnavailable(
            "The engine openai has no model.",
            "Set REPRISE_LLM__MODEL, or name a model with the research.",
            code="engine_without_model",
            facts={"engine": "openai"},
        )
    prices = {
        name: _number(given, name, 0.0) for name in ("prompt_price", "completion_price") if given.get(name)
    }
    window = int(_number(given, "window", LlmSettings.window))
    if window < _SMALLEST_WINDOW:
        raise EngineUnavailable(
            f"A window of {window} tokens is too small.",
            f"REPRISE_LLM__WINDOW must be at least {_SMALLEST_WINDOW}.",
        )
    answer = int(_number(given, "answer", min(LlmSettings.answer, window // 4)))
    if answer > window // 2:
        detail = f"Answers of {answer} tokens leave less than half of a window of {window} for the question."
        raise EngineUnavailable(
            detail, "Lower REPRISE_LLM__ANSWER, or raise REPRISE_LLM__WINDOW to what the model really has."
        )
    own = LlmSettings(
        base_url=base_url,
        model=model.strip(),
        api_key=given.get("api_key", ""),
        window=window,
        answer=answer,
        timeout=_number(given, "timeout", LlmSettings.timeout),
        call_timeout=_number(given, "call_timeout", LlmSettings.call_timeout),
        patience=_number(given, "patience", LlmSettings.patience),
        calls_a_minute=int(_number(given, "calls_a_minute", 0)),
        tokens_a_minute=int(_number(given, "tokens_a_minute", 0)),
        calls_at_once=int(_number(given, "calls_at_once", 0)),
        check=given.get("check", "true").strip().lower() not in {"false", "0", "no", "off"},
        headers=_table(given, "headers", str),
        query=_table(given, "query", str),
        body=_table(given, "body", object),
        prompt_price=prices.get("prompt_price"),
        completion_price=prices.get("completion_price"),
    )
    other = _table(given, "fallback", str)
    if not other:
        return own
    usual = {
        name: value
        for name, value in given.items()
        if name not in {"fallback", "phases", "headers", "query", "body", "api_key"}
    }
    return replace(own, fallback=settings_of(other.get("model", model), usual | other))


def of_phases(model: str, given: Mapping[str, str]) -> dict[str, LlmSettings]:
    """The settings of every phase and of `check`, the reader's: those of all, with what `phases` says of one
    in their place. Another address does not inherit key, headers, query and body. Raises
    `EngineUnavailable`."""
    every = {name: value for name, value in given.items() if name != "phases"}
    usual = settings_of(model, every)
    special = _table(given, "phases", object)
    unknown = sorted(set(special) - set(PARTS))
    if unknown:
        raise EngineUnavailable(
            f"There is no phase {unknown[0]}.", f"REPRISE_LLM__PHASES names some of {', '.join(PARTS)}."
        )
    found = dict.fromkeys(PARTS, usual)
    for part, wish in special.items():
        if not isinstance(wish, dict):
            raise EngineUnavailable(
                f"{wish!r} is no value for {part}.", 'Name its settings, such as {"model": "small"}.'
            )
        own = {name: value if isinstance(value, str) else json.dumps(value) for name, value in wish.items()}
        inherited = {
            name: value for name, value in every.items() if "base_url" not in own or name not in _OF_ADDRESS
        }
        found[part] = settings_of(own.get("model", model), inherited | own)
    return found


def _table(given: Mapping[str, str], name: str, kind: type[T]) -> dict[str, T]:
    """A JSON object; raises `EngineUnavailable` for anything else."""
    text = given.get(name, "").strip()
    try:
        found = json.loads(text) if text else {}
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, kind) for value in found.values()):
        raise EngineUnavailable(
            f"{text!r} is no value for {name}.", f"Set REPRISE_LLM__{name.upper()} to a JSON object."
        )
    return found


def _number(given: Mapping[str, str], name: str, default: float) -> float:
    text = given.get(name, "")
    try:
        number = float(text) if text else float(default)
    except ValueError:
        number = -1.0
    if number < 0:
        raise EngineUnavailable(
            f"{text!r} is no value for {name}.", f"Set REPRISE_LLM__{name.upper()} to a number."
        )
    return number
