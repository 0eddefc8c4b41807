"""Citations that hold: a quote is exactly what stands in the text at its offsets, or it is no citation."""

from dataclasses import dataclass

from rapidfuzz import fuzz

from reprise_contracts.artifacts import Citation

NEAR_ENOUGH = 0.85
"""The share of a quote that must be found for it to be repaired; what differs more may say something else."""
SHORTEST = 12
"""Characters; a shorter quote is found in too many places to be repaired."""


@dataclass(frozen=True)
class Place:
    """Where a quote stands, and how much of it was found there (1: all)."""

    start: int
    end: int
    score: float


def is_exact(text: str, quote: str, start: int, end: int) -> bool:
    """Whether the quote is verbatim at its place."""
    return 0 <= start < end <= len(text) and text[start:end] == quote


def locate(text: str, quote: str, near: int = 0) -> Place | None:
    """Where a quote stands: verbatim, at the place nearest to `near`; else the passage that differs least, if
    by little.

    A passage never begins or ends within a word."""
    if not quote.strip():
        return None
    places, position = [], text.find(quote)
    while position >= 0:
        places.append(position)
        position = text.find(quote, position + 1)
    if places:
        start = min(places, key=lambda place: (abs(place - near), place))
        return Place(start, start + len(quote), 1.0)
    if len(quote) < SHORTEST or len(quote) > len(text) * 1.2:
        return None
    found = fuzz.partial_ratio_alignment(quote, text, score_cutoff=NEAR_ENOUGH * 100)
    if found is None:
        return None
    start, end = _whole_words(text, found.dest_start, found.dest_end)
    score = fuzz.ratio(quote, text[start:end]) / 100
    return Place(start, end, round(min(score, 0.999), 3)) if score >= NEAR_ENOUGH else None


def checked(citation: Citation, text: str, text_sha256: str) -> Citation | None:
    """The citation if it holds, repaired if it nearly does (its score says so), None if it is not in the
    text."""
    if is_exact(text, citation.quote, citation.start, citation.end):
        return (
            citation
            if citation.text_sha256 == text_sha256
            else citation.model_copy(update={"text_sha256": text_sha256})
        )
    place = locate(text, citation.quote, citation.start)
    if place is None:
        return None
    return citation.model_copy(
        update={
            "text_sha256": text_sha256,
            "quote": text[place.start : place.end],
            "start": place.start,
            "end": place.end,
            "score": min(place.score, citation.score),
        }
    )


def _whole_words(text: str, start: int, end: int) -> tuple[int, int]:
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum() and text[start].isascii():
        start -= 1
    while end < len(text) and text[end - 1].isalnum() and text[end].isalnum() and text[end].isascii():
        end += 1
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end
