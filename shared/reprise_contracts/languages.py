"""The languages that a report can be asked for in, by their codes (BCP 47), and which engine writes in
which."""

from collections.abc import Mapping
from dataclasses import dataclass

LANGUAGES: Mapping[str, str] = {
    "ar": "Arabic",
    "cs": "Czech",
    "da": "Danish",
    "de": "German",
    "el": "Greek",
    "en": "English",
    "es": "Spanish",
    "fi": "Finnish",
    "fr": "French",
    "he": "Hebrew",
    "hi": "Hindi",
    "hu": "Hungarian",
    "id": "Indonesian",
    "it": "Italian",
    "ja": "Japanese",
    "ko": "Korean",
    "nl": "Dutch",
    "no": "Norwegian",
    "pl": "Polish",
    "pt": "Portuguese",
    "ro": "Romanian",
    "ru": "Russian",
    "sv": "Swedish",
    "th": "Thai",
    "tr": "Turkish",
    "uk": "Ukrainian",
    "vi": "Vietnamese",
    "zh": "Chinese",
}
"""Code → name. A model is told the name; one that is not here it is told by its code."""
WITHOUT_MODEL = ("ar", "de", "en", "es", "fr", "hi", "it", "ja", "ko", "nl", "pt", "ru", "zh")
"""What the extractive engine has words of its own in; what it quotes stays in the language of its source."""


@dataclass(frozen=True, slots=True)
class EngineTraits:
    """What can be said of an engine before it is loaded."""

    needs_model: bool = True
    """Without the name of a model it cannot work."""
    languages: tuple[str, ...] = ()
    """Codes of the languages that it writes in; empty: whatever its model can."""
    needs_endpoint: bool = False
    """Without `REPRISE_LLM__BASE_URL` it cannot work."""
    heeds_report: bool = True
    """Whether the report's options (R31) change what it writes."""


ENGINES: Mapping[str, EngineTraits] = {
    "extractive": EngineTraits(needs_model=False, languages=WITHOUT_MODEL, heeds_report=False),
    "openai": EngineTraits(needs_endpoint=True),
}
"""The engines of which something is known; of another one nothing is held against a command."""


def traits_of(engine: str) -> EngineTraits:
    """Return what is known of an engine by its name."""
    return ENGINES.get(engine, EngineTraits())


def primary(language: str) -> str:
    """The language of a code without region or script: `zh-Hans` → `zh`."""
    return language.partition("-")[0].lower()


def named(language: str) -> str:
    """A code in words, as a model is told it: `German`, `Chinese (zh-Hant)`; empty for none."""
    if not language:
        return ""
    name = LANGUAGES.get(primary(language), f"the language with the code {language}")
    return name if "-" not in language or primary(language) not in LANGUAGES else f"{name} ({language})"


def lacking(engine: str, language: str) -> str:
    """Why an engine cannot write in a language; empty if it can."""
    written = traits_of(engine).languages
    if not written or not language or primary(language) in written:
        return ""
    offered = ", ".join(f"{code} ({LANGUAGES[code]})" for code in written)
    return f"The engine {engine} writes in {offered}, not in {language}."
