"""How a model is reached, and what it can take."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from reprise_research.errors import EngineUnavailable

_SMALLEST_WINDOW = 2048


@dataclass(frozen=True)
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
    check: bool = True
    """Whether a reader checks what the model says, in a question of its own."""
    prompt_price: float | None = None
    completion_price: float | None = None

    @property
    def place(self) -> str:
        """The endpoint's host, as it is shown."""
        return urlsplit(self.base_url).netloc.rpartition("@")[2] or self.base_url


def settings_of(model: str, given: Mapping[str, str]) -> LlmSettings:
    """The settings as the engine gets them, by the names of `LlmSettings`. Raises `EngineUnavailable` for what is missing or no number."""
    base_url = given.get("base_url", "").strip()
    if not base_url:
        raise EngineUnavailable("The engine openai has no endpoint.", "Set REPRISE_LLM__BASE_URL, for example http://127.0.0.1:8080/v1.")
    if urlsplit(base_url).scheme not in {"http", "https"} or not urlsplit(base_url).hostname:
        raise EngineUnavailable(f"{base_url} is no endpoint.", "Set REPRISE_LLM__BASE_URL to an http or https address, with its /v1.")
    if not model.strip():
        raise EngineUnavailable("The engine openai has no model.", "Set REPRISE_LLM__MODEL, or name a model with the research.")
    prices = {name: _number(given, name, 0.0) for name in ("prompt_price", "completion_price") if given.get(name)}
    window = int(_number(given, "window", LlmSettings.window))
    if window < _SMALLEST_WINDOW:
        raise EngineUnavailable(f"A window of {window} tokens is too small.", f"REPRISE_LLM__WINDOW must be at least {_SMALLEST_WINDOW}.")
    return LlmSettings(
        base_url=base_url,
        model=model.strip(),
        api_key=given.get("api_key", ""),
        window=window,
        answer=min(int(_number(given, "answer", LlmSettings.answer)), window // 4),
        timeout=_number(given, "timeout", LlmSettings.timeout),
        call_timeout=_number(given, "call_timeout", LlmSettings.call_timeout),
        patience=_number(given, "patience", LlmSettings.patience),
        check=given.get("check", "true").strip().lower() not in {"false", "0", "no", "off"},
        **prices,
    )


def _number(given: Mapping[str, str], name: str, default: float) -> float:
    text = given.get(name, "")
    try:
        number = float(text) if text else float(default)
    except ValueError:
        number = -1.0
    if number < 0:
        raise EngineUnavailable(f"{text!r} is no value for {name}.", f"Set REPRISE_LLM__{name.upper()} to a number.")
    return number
