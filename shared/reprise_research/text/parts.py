"""What part of speech a word may be, for languages that have a list of it (`parts_<code>.tsv` beside their
files): English, from WordNet."""

from functools import cache, lru_cache
from importlib.resources import files

_FOLDER = files("reprise_research.languages")
_NOUN = "n"
"""A word that the list does not have is a noun, a name or nothing."""


def has_parts(code: str) -> bool:
    """Return whether there is a list for a language."""
    return bool(_list(code))


@lru_cache(maxsize=65536)
def parts_of(word: str, code: str) -> str:
    """Return the parts of speech that a lower-case word can be (`n`, `v`, `a`, `r`), the most frequent
    first; in a language without a list every word is a noun."""
    known = _list(code)
    if not known:
        return _NOUN
    if word in known:
        return known[word]
    for ending, others in _ENDINGS:
        if not word.endswith(ending) or len(word) - len(ending) < _SHORTEST:
            continue
        for other in others:
            found = known.get(word.removesuffix(ending) + other, "")
            if ending == "s" and not other and found:
                return found
            if "v" in found or (ending in ("ies", "es") and found):
                return found if ending in ("ies", "es") else "v" if ending == "ed" else "vn"
        undoubled = word.removesuffix(ending)
        if ending != "s" and undoubled[-1:] == undoubled[-2:-1] and "v" in known.get(undoubled[:-1], ""):
            return "v" if ending == "ed" else "vn"
    return _NOUN


def may_be_noun(word: str, code: str) -> bool:
    """Return whether a word can be a noun."""
    return "n" in parts_of(word, code)


def is_mostly_noun(word: str, code: str) -> bool:
    """Return whether a word is a noun more often than anything else."""
    return parts_of(word, code).startswith("n")


_SHORTEST = 2
_ENDINGS = (("ies", ("y", "ie")), ("es", ("", "e")), ("s", ("",)), ("ing", ("", "e")), ("ed", ("", "e")))


@cache
def _list(code: str) -> dict[str, str]:
    path = _FOLDER.joinpath(f"parts_{code}.tsv")
    if not path.is_file():
        return {}
    lines = path.read_text("utf-8").splitlines()
    return {word: parts for word, _, parts in (one.partition("\t") for one in lines if one[:1] != "#")}
