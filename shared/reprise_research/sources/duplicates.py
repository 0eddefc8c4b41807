"""Texts that are nearly the same, and sentences that say nearly the same."""

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from rapidfuzz import fuzz, process
from rapidfuzz.distance import Indel

from reprise_research.judging import Relation, judging
from reprise_research.quantities import Quantity, amounts, same
from reprise_research.text.language import language_of
from reprise_research.text.sentences import split
from reprise_research.text.words import runs

NEAR_DUPLICATE = 0.8
"""Resemblance from which a text counts as a copy of another."""
_SHINGLE = 5
_SKETCH = 400
_SHORT = 2000
"""Words up to which a text is compared word by word where the sketches come close."""
_CLOSE = 0.5
_CHANGED = 70
"""Of a hundred: how alike a sentence and what a copy has made of it are at least."""


@dataclass(frozen=True)
class Sketch:
    """What a text is compared by: the smallest 400 hashes of its runs of five words (bottom-k sketch: Broder
    1997), and of a short text all its words, for one changed word changes five runs."""

    shingles: frozenset[int]
    words: tuple[str, ...] = ()


def sketch(text: str) -> Sketch:
    """The sketch of a text."""
    words = [piece for run in runs(text) for piece in (run if ord(run[0]) > 0x2E80 else (run,))]
    shingles = {
        zlib.crc32(" ".join(words[i : i + _SHINGLE]).encode())
        for i in range(max(1, len(words) - _SHINGLE + 1))
    }
    return Sketch(frozenset(sorted(shingles)[:_SKETCH]), tuple(words) if len(words) <= _SHORT else ())


def resemblance(one: Sketch, other: Sketch) -> float:
    """How alike two texts are, 0 to 1: the estimated share of their common runs of words (Jaccard), or of two
    short ones the share of their words that stand in both in one order, if that is more."""
    if not one.shingles or not other.shingles:
        return 0.0
    smallest = frozenset(sorted(one.shingles | other.shingles)[:_SKETCH])
    shared = len(smallest & one.shingles & other.shingles) / len(smallest)
    if one.words and other.words and shared >= _CLOSE:
        return max(shared, Indel.normalized_similarity(one.words, other.words))
    return shared


def near_duplicates(
    sketches: Sequence[Sketch], threshold: float = NEAR_DUPLICATE
) -> dict[int, tuple[int, float]]:
    """For each text that copies an earlier one that is no copy itself: which, and how near."""
    found: dict[int, tuple[int, float]] = {}
    for later in range(len(sketches)):
        for earlier in range(later):
            if earlier in found:
                continue
            one, other = sketches[earlier].shingles, sketches[later].shingles
            if len(one & other) < _CLOSE * min(len(one), len(other)):
                continue
            near = resemblance(sketches[earlier], sketches[later])
            if near >= threshold:
                found[later] = (earlier, round(near, 3))
                break
    return found


def adds_figures(copy: str, original: str) -> bool:
    """Whether a text that is nearly another one gives a figure that the other does not give: it is no mere
    copy then."""
    known = _figures(original)
    exact = {(figure.unit, figure.low, figure.high) for figure in known}
    new = (figure for figure in _figures(copy) if (figure.unit, figure.low, figure.high) not in exact)
    return any(not any(same(figure, other) for other in known) for figure in new)


def says_otherwise(copy: str, original: str) -> bool:
    """Whether a text that is nearly another one denies or turns round a sentence of it: open, closed. Only
    what each has for itself is compared."""
    code = language_of(original) or ""
    mine, theirs = (dict.fromkeys(one.text for one in split(text, code or "en")) for text in (copy, original))
    judge, lost = judging(), [sentence for sentence in theirs if sentence not in mine]
    for sentence in mine:
        if sentence in theirs:
            continue
        near = process.extractOne(sentence, lost, scorer=fuzz.ratio, score_cutoff=_CHANGED)
        if near and judge.between(sentence, near[0], (code, code)).relation is Relation.DISPUTE:
            return True
    return False


def _figures(text: str) -> list[Quantity]:
    """The amounts of a text; two copies of one page often differ in their dates alone."""
    language = language_of(text)
    return [quantity for line in text.splitlines() for quantity in amounts(line, language)]


def same_words(one: str, other: str) -> bool:
    """Whether two sentences are one, but for a word or the punctuation."""
    return fuzz.ratio(one, other, score_cutoff=90) > 0 and _numbers(one) == _numbers(other)


def _numbers(text: str) -> list[str]:
    return [run for run in runs(text) if run[0].isdigit()]
