"""Which language a text is in: by its script, by its function words, and for what those leave open by a
library that knows many more."""

import re
from functools import cache, lru_cache
from typing import Protocol, cast

from reprise_research.languages import LANGUAGES, language
from reprise_research.text.script import Script, is_han, is_unspaced, script_of, shares

__all__ = ["is_chinese", "is_han", "is_unspaced", "language_of", "script_of"]

_WORD = re.compile(r"[^\W\d_][^\W\d_\u0900-\u0903\u093a-\u094f]*(?:[\u0900-\u0903\u093a-\u094f]+[^\W\d_]*)*")
_SAMPLE = 20_000
_BY_SCRIPT: dict[Script, str] = {
    "han": "zh",
    "kana": "ja",
    "hangul": "ko",
    "greek": "el",
    "hebrew": "he",
    "thai": "th",
}
_FOREIGN = re.compile(r"[پچژگکیہےٹڈڑ]|[іїєґўђћјљњџқғңұүөһ]|[ąęłńśźżčďěňřšťůžőűășțğışåøæđ]", re.IGNORECASE)
"""Letters that none of the languages with a file writes, and its neighbours do: Persian, Ukrainian, Polish,
Swedish."""
_SURE = 0.22
"""The share of function words from which a text of some length is surely in a language, if no other comes
close."""
_AHEAD = 1.4
"""How many times as many function words as the next language has."""
_LEAST = 3
"""Function words that a short text needs to be told by them alone."""


class Identifier(Protocol):
    """What the library offers."""

    def classify(self, text: str) -> tuple[str, float]:
        """Return a code and how likely it is."""


@lru_cache(maxsize=4096)
def language_of(text: str) -> str | None:
    """Return the code of a text's language, None where it cannot be told. Looks at the first 20,000
    characters. The same text gives the same answer everywhere."""
    sample = text[:_SAMPLE]
    script = script_of(sample)
    if script is None:
        return None
    if script in _BY_SCRIPT:
        return _BY_SCRIPT[script]
    told = _by_function_words(sample, script)
    if told is not None:
        return told
    return _by_library(sample, script)


def is_chinese(text: str) -> bool:
    """Return whether a phrase reads as Chinese: at least a third of its letters are, for a character says
    more than a letter."""
    return script_of(text) == "han"


def han_share(text: str) -> float:
    """Return the share of Chinese characters among the letters, 0 to 1."""
    return shares(text).get("han", 0.0)


def _by_function_words(text: str, script: Script) -> str | None:
    words = [word.lower() for word in _WORD.findall(text)]
    if not words or len(_FOREIGN.findall(text)) > 0.01 * len(words) + 0.5:
        return None
    counted = sorted(
        ((sum(word in found for word in words), code) for code, found in _function_words(script)),
        reverse=True,
    )
    if not counted:
        return None
    (most, code), (next_most, _) = counted[0], counted[1] if len(counted) > 1 else (0, "")
    if most >= _LEAST and most >= _SURE * len(words) and most >= _AHEAD * next_most:
        return code
    return None


@cache
def _function_words(script: Script) -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple(
        (code, language(code).words.function) for code in LANGUAGES if language(code).script == script
    )


def _by_library(text: str, script: Script) -> str | None:
    """The library's answer, if the script is one in which that language is written; of a text of a word or
    two only if it is likely."""
    identifier = _identifier()
    if identifier is None:
        return None
    code, likely = identifier.classify(text)
    if code in LANGUAGES and language(code).script != script:
        return None
    if likely >= _likely(len(text)):
        return str(code)
    words = [word.lower() for word in _WORD.findall(text)]
    known = {own: sum(word in found for word in words) for own, found in _function_words(script)}
    best = max(known.items(), key=lambda one: (one[1], one[0] == code, one[0] == "en"), default=("", 0))
    if code in known and known[code] == best[1] and (best[1] or not text.isascii()):
        return str(code)
    return best[0] if best[1] else ("en" if script == "latin" and text.isascii() else None)


def _likely(length: int) -> float:
    """How likely an answer must be: a few letters fit many languages."""
    return 0.5 if length < 40 else 0.3


@cache
def _identifier() -> Identifier | None:
    """The library with its model, read when the first text needs it; None where it is not installed."""
    try:
        from py3langid.langid import MODEL_FILE, LanguageIdentifier  # noqa: PLC0415 -- its model takes time and memory
    except ImportError:
        return None
    return cast(Identifier, LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True))
