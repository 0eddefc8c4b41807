"""Words as ranking counts them: English by light stems, Chinese by pairs of characters."""

import re
from collections.abc import Sequence
from functools import lru_cache
from importlib.resources import files

from reprise_research.text.language import is_han


def word_list(name: str) -> frozenset[str]:
    """The words of `lists/<name>.txt`, which are parted by white space."""
    return frozenset(files("reprise_research.text").joinpath("lists", f"{name}.txt").read_text("utf-8").split())


STOPWORDS = word_list("stopwords")
_HAN_STOP = frozenset("的了是在和与及或也都而把被就对从到为以于之其这那我们你他她它有个不没很更最还又但并且")
_TOKEN = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|\d+(?:[.,]\d+)*")


@lru_cache(maxsize=65536)
def stem(word: str) -> str:
    """A light stem of a lower-case English word: plural (Harman 1991), -ing and -ed, and a last e or y."""
    if word.endswith(("ies", "ied")) and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith(("sses", "shes", "ches", "xes", "zes", "uses")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        word = word[:-1]
    for suffix in ("ing", "ed"):
        if word.endswith(suffix) and len(word) - len(suffix) >= 3 and any(c in "aeiouy" for c in word[: -len(suffix)]):
            word = word[: -len(suffix)]
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    return word[:-1] if len(word) > 4 and (word[-1] == "e" or (word[-1] == "y" and word[-2] not in "aeiou")) else word


ASKING = frozenset(stem(word) for word in word_list("asking"))
"""Stems of words that ask, and name nothing that a source could be about: `explain`, `effect`, `worth`."""


def runs(text: str) -> list[str]:
    """Words of the text in lower case; Chinese text as runs between its small function characters."""
    found: list[str] = []
    for match in _TOKEN.finditer(text):
        word = match.group().lower().replace("’", "'")
        if any(is_han(character) for character in word):
            found.extend(_han_runs(word))
        else:
            found.append(word.removesuffix("'s"))
    return found


def terms(text: str) -> list[str]:
    """The terms that ranking compares: stems without function words, numbers as they are, pairs of Chinese characters."""
    found: list[str] = []
    for run in runs(text):
        if is_han(run[0]):
            found.extend([run[i : i + 2] for i in range(len(run) - 1)] or [run])
        elif run not in STOPWORDS and (len(run) > 1 or run.isdigit()):
            found.append(run if run[0].isdigit() else stem(run))
    return found


def content(text: str) -> frozenset[str]:
    """The terms without numbers: what a sentence is about."""
    return frozenset(term for term in terms(text) if not term[0].isdigit())


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared terms over the terms of the smaller set, 0 to 1."""
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 0.0


def count_words(text: str) -> int:
    """Words of a text; a Chinese character counts as one."""
    return sum(sum(1 for c in w if is_han(c)) or 1 for w in _TOKEN.findall(text))


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words, with an ellipsis where something was cut."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit // 2 else cut).rstrip(" ,;:，；：—-") + "…"


def listed(items: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(items) <= 1:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


def _han_runs(word: str) -> list[str]:
    found, run = [], ""
    for character in word:
        if is_han(character) and character not in _HAN_STOP:
            run += character
        elif run:
            found.append(run)
            run = ""
    return [*found, run] if run else found
