"""Texts that are nearly the same, and sentences that say nearly the same."""

import zlib
from collections.abc import Sequence

from rapidfuzz import fuzz

from reprise_research.text.words import runs

NEAR_DUPLICATE = 0.8
"""Resemblance from which a text counts as a copy of another."""
_SHINGLE = 5
_SKETCH = 400


def sketch(text: str) -> frozenset[int]:
    """The smallest 400 hashes of the text's runs of five words (bottom-k sketch: Broder 1997)."""
    words = [piece for run in runs(text) for piece in (run if ord(run[0]) > 0x2E80 else (run,))]
    shingles = {zlib.crc32(" ".join(words[i : i + _SHINGLE]).encode()) for i in range(max(1, len(words) - _SHINGLE + 1))}
    return frozenset(sorted(shingles)[:_SKETCH])


def resemblance(one: frozenset[int], other: frozenset[int]) -> float:
    """Estimated share of common shingles of two texts, 0 to 1 (Jaccard)."""
    if not one or not other:
        return 0.0
    smallest = frozenset(sorted(one | other)[:_SKETCH])
    return len(smallest & one & other) / len(smallest)


def near_duplicates(sketches: Sequence[frozenset[int]], threshold: float = NEAR_DUPLICATE) -> dict[int, tuple[int, float]]:
    """For each text that copies an earlier one that is no copy itself: which, and how near."""
    found: dict[int, tuple[int, float]] = {}
    for later in range(len(sketches)):
        for earlier in range(later):
            if earlier in found:
                continue
            smaller = min(len(sketches[earlier]), len(sketches[later]))
            if len(sketches[earlier] & sketches[later]) < threshold * smaller:
                continue
            near = resemblance(sketches[earlier], sketches[later])
            if near >= threshold:
                found[later] = (earlier, round(near, 3))
                break
    return found


def same_words(one: str, other: str) -> bool:
    """Whether two sentences are one, but for a word or the punctuation."""
    return fuzz.ratio(one, other, score_cutoff=90) > 0 and _numbers(one) == _numbers(other)


def _numbers(text: str) -> list[str]:
    return [run for run in runs(text) if run[0].isdigit()]
