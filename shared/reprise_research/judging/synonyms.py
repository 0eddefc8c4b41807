"""Whether two English words have a meaning in common: `began` and `started`, `shut` and `closed`.

The meanings are WordNet's, those that the texts marked by its authors use (`synonyms.tsv`, from WordNet 3.0).
A word has several meanings, of which another one may be meant here, so that the encoder has to find the two
near to each other as well; without one nothing is called the same.
"""

from functools import cache, lru_cache
from importlib.resources import files

from reprise_research.meaning import Encoder
from reprise_research.text.words import stem

_FOLDER = files("reprise_research.judging")
NEAR = 0.5
"""The cosine from which two words with a meaning in common have it here, too."""


@cache
def _meanings() -> dict[str, frozenset[str]]:
    """The meanings of each word, by its stem."""
    lines = _FOLDER.joinpath("synonyms.tsv").read_text("utf-8").splitlines()
    known: dict[str, frozenset[str]] = {}
    for word, entries in (line.split("\t") for line in lines if not line.startswith("#")):
        root = _root(word)
        known[root] = known.get(root, frozenset()) | frozenset(entries.split())
    return known


@lru_cache(maxsize=65536)
def share_a_meaning(one: str, other: str) -> bool:
    """Return whether two words of English have a meaning in common, whatever else they mean."""
    first, second = (_meanings().get(_root(word), frozenset()) for word in (one, other))
    return not first.isdisjoint(second)


def _root(word: str) -> str:
    """The stem of a word; of a verb with what completes it (`turned down`) that of the verb."""
    first, space, rest = word.casefold().replace("’", "'").partition(" ")
    return stem(first.removesuffix("'s")) + space + rest


def synonyms(one: str, other: str, meaning: Encoder | None) -> bool:
    """Return whether two English words say the same."""
    if meaning is None or not share_a_meaning(one, other):
        return False
    if " " in one + other:
        return True  # a verb with what completes it has few meanings
    first, second = meaning.encode([one.casefold(), other.casefold()])
    return float(first @ second) >= NEAR
