"""Whether two words are opposites: `safe` and `dangerous`, `ouvert` and `fermé`.

Three witnesses, none of them a list of ours:

- the meanings that WordNet calls opposite, with the words near to each and the verbs that are kinds of them
  (`opposites.tsv`, from WordNet 3.0, whose licence stands beside it; `benchmarks/opposites.py` makes it);
- prefixes that deny in the word's own language (`unstable`);
- for every language of the encoder a linear model over the vectors of two words, fitted to WordNet's pairs
  (`opposites.json`; the same program makes such a one, the file here is of a forerunner).

Of two English words that WordNet knows and does not oppose itself, the model has to be the surer, the less
WordNet says.
"""

import json
from functools import cache, lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

from reprise_research.judging.families import kin
from reprise_research.judging.synonyms import share_a_meaning
from reprise_research.languages import knows, language
from reprise_research.meaning import Encoder
from reprise_research.text.words import stem as stem_of

_FOLDER = files("reprise_research.judging")
SURE = 0.7
"""The model's probability from which two words count as opposites."""
SURER = 0.92
"""The same of two English words that WordNet knows and sets against each other in no meaning."""
BACKED = 0.5
"""The same of two verbs of which one is a kind of what WordNet sets against the other (`ban`, `permit`)."""
BELOW = "h"
"""Marks a verb that is a kind of one of two opposites."""


class OppositeModel:
    """A logistic regression over two unit vectors: their product and their difference by place, and their
    cosine. Symmetric."""

    def __init__(self, weights: NDArray[np.float64], bias: float) -> None:
        self._weights, self._bias = weights, bias

    @staticmethod
    def features(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return one row for each pair, shape (pairs, 2 * dimensions + 1)."""
        product = one.astype(np.float64) * other
        return np.hstack(
            [20 * product, 10 * np.abs(one.astype(np.float64) - other), product.sum(axis=-1, keepdims=True)]
        )

    def probability(self, one: NDArray[np.float32], other: NDArray[np.float32]) -> float:
        """Return how likely the two words are opposites, 0 to 1."""
        score = float(self.features(one[None, :], other[None, :])[0] @ self._weights) + self._bias
        return float(1 / (1 + np.exp(-score)))


def stem(word: str, code: str = "en") -> str:
    """Return what forms of a word share; of a verb with what completes it (`turned down`) those of the
    verb."""
    first, space, rest = word.casefold().replace("’", "'").partition(" ")
    return stem_of(first.removesuffix("'s"), code) + space + rest


@cache
def _model() -> OppositeModel:
    data = json.loads(_FOLDER.joinpath("opposites.json").read_text("utf-8"))
    return OppositeModel(np.array(data["weights"], dtype=np.float64) / data["scale"], data["bias"])


@cache
def _lexicon() -> dict[str, frozenset[tuple[str, str, str]]]:
    """The sides of each English word, by its stem: the number of a pair of opposite meanings, which of the
    two it has, and as what part of speech (`a`, `n`, `r`, `v`)."""
    lines = _FOLDER.joinpath("opposites.tsv").read_text("utf-8").splitlines()
    sides: dict[str, frozenset[tuple[str, str, str]]] = {}
    for word, entries in (line.split("\t") for line in lines if not line.startswith("#")):
        root = stem(word)
        sides[root] = sides.get(root, frozenset()) | {
            (entry[:-2], entry[-2], entry[-1]) for entry in entries.split()
        }
    return sides


def _sides(word: str) -> frozenset[tuple[str, str, str]]:
    """The sides of an English word and of what it is an irregular form of (`won`, `win`)."""
    lexicon = _lexicon()
    return frozenset().union(*(lexicon.get(stem(form), frozenset()) for form in (word, *kin(word))))


def _opposed_sides(one: str, other: str, *, below: bool = False) -> set[str]:
    """The parts of speech in which WordNet opposes two English words; `below` takes kinds of verbs for these
    verbs."""
    first, second = (
        {
            (pair, side, "v" if kind == BELOW else kind)
            for pair, side, kind in _sides(word)
            if below or kind != BELOW
        }
        for word in (one, other)
    )
    if first & second:
        return set()
    return {kind for pair, side, kind in first if (pair, "-" if side == "+" else "+", kind) in second}


def opposite_verbs(one: str, other: str) -> bool:
    """Return whether two English words are opposite verbs (`shortens`, `lengthens`), and not written as what
    may stand before a noun (`approved plans`)."""
    return "v" in _opposed_sides(one, other, below=True) and not any(
        word.endswith(("ed", "ing", "en")) for word in (one, other)
    )


@lru_cache(maxsize=65536)
def denies_the_other(one: str, other: str, code: str) -> bool:
    """Return whether one word is the other with a prefix that denies: `unstable` beside `stable`."""
    known = language(code) if knows(code) else None
    if known is None or one == other:
        return False
    short, long = sorted((one.casefold(), other.casefold()), key=len)
    roots = {stem(long, code), long}
    if any(
        long.startswith(p) and _same_root(long[len(p) :].lstrip("-"), short, code)
        for p in known.negation.prefixes
    ):
        return True
    return any(
        len(short) > len(s) and short.endswith(s) and roots & {short.removesuffix(s)}
        for s in known.negation.suffixes
    )


def _same_root(one: str, other: str, code: str) -> bool:
    known = language(code)
    if not known.spaces:
        return one == other
    return len(one) >= 3 and (one == other or stem(one, code) == stem(other, code))


@lru_cache(maxsize=131072)
def opposite(one: str, other: str, codes: tuple[str, str], meaning: Encoder | None) -> bool:
    """Return whether two words are opposites, in the languages with these codes."""
    if codes[0] == codes[1] and denies_the_other(one, other, codes[0]):
        return True
    if "-" in one or "-" in other:
        return False  # what is re-elected was elected
    least = SURE
    if codes == ("en", "en") and _sides(one) and _sides(other):
        if _opposed_sides(one, other):
            return True
        if share_a_meaning(one, other):
            return False
        least = BACKED if _opposed_sides(one, other, below=True) else SURER
    if meaning is None or not meaning.languages.issuperset(codes):
        return False
    first, second = meaning.encode([one.casefold(), other.casefold()])
    return _model().probability(first, second) >= least
