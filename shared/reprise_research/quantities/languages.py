"""Which language's numbers a text is read with."""

import re
from functools import cache

from reprise_research.languages import LANGUAGES, knows, language

_SCRIPTS = (
    ("ja", re.compile(r"[\u3041-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af]")),
    ("zh", re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
)
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")
_WORD = re.compile(r"[^\W\d_]+")
_SAMPLE = 4000


def language_for(text: str, given: str | None) -> tuple[str, bool]:
    """Return the code of the language to read in, and whether it is known to be the text's."""
    if given is not None and knows(given):
        return given.partition("-")[0].lower(), True
    sample = text[:_SAMPLE]
    latin = len(_LATIN.findall(sample))
    for code, script in _SCRIPTS:
        if len(script.findall(sample)) * 4 > latin:
            return code, True
    return _by_words(sample)


@cache
def _function_words() -> tuple[tuple[str, frozenset[str]], ...]:
    return tuple((code, language(code).words.function) for code in LANGUAGES if language(code).script == "latin")


def _by_words(sample: str) -> tuple[str, bool]:
    """The language whose closed classes the words are of; English, unsure, where none leads."""
    words = [word.lower() for word in _WORD.findall(sample)[:400]]
    scores = sorted(((sum(word in known for word in words), code) for code, known in _function_words()), reverse=True)
    (best, code), (second, _) = scores[0], scores[1]
    if (best >= 2 and best > second) or (best == 1 and second == 0 and len(words) <= 8):
        return code, True
    return "en", False
