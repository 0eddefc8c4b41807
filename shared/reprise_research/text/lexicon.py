"""Words and phrases of a language as one expression that finds them in a text."""

import re
from collections.abc import Iterable
from functools import cache

from reprise_research.languages import knows, language

Lexicon = re.Pattern[str]
_NOTHING = re.compile(r"(?!)")


def lexicon(words: Iterable[str], phrases: Iterable[str] = (), code: str = "en") -> Lexicon:
    """Return the expression that finds any of these words and phrases, the longest first: whole words where
    spaces part words, with the particles that the language writes together with them, and anywhere in a text
    without spaces. Case is ignored."""
    return _compiled(frozenset(words) | frozenset(phrases), code)


@cache
def _compiled(entries: frozenset[str], code: str) -> Lexicon:
    if not entries:
        return _NOTHING
    options = "|".join(
        re.escape(entry).replace(r"\ ", r"\s+").replace("'", "['’]")
        for entry in sorted(entries, key=lambda e: (-len(e), e))
    )
    known = language(code) if knows(code) else None
    if known is not None and not known.spaces:
        return re.compile(f"(?:{options})", re.IGNORECASE)
    if code == "ko":  # endings follow a stem without a space
        return re.compile(rf"(?<!\w)(?:{options})", re.IGNORECASE)
    before = (
        f"(?:{'|'.join(map(re.escape, known.prefixes))})?" if known is not None and known.prefixes else ""
    )
    return re.compile(
        rf"(?<![\w\u0900-\u0903\u093a-\u094f]){before}(?:{options})(?![\w\u0900-\u0903\u093a-\u094f])",
        re.IGNORECASE,
    )
