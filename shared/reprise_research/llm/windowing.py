"""Texts cut to what a model can read at once, never within a sentence if it can be helped."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from reprise_research.text.ranking import bm25
from reprise_research.text.words import terms

T = TypeVar("T")
Estimate = Callable[[str], int]
LABEL = 40
"""Tokens of what stands around a text that is given to a model: its label, its title, its fence."""
SHORTEST_PART = 200
"""Characters of a part that is not made smaller."""
_PIECE = 900
"""Characters of the pieces that are retrieved for a question: some sentences, enough to be understood; shorter where few would fit."""
_SHORTEST = 240


@dataclass(frozen=True)
class Part:
    """A stretch of a text: `text == whole[start:end]`."""

    text: str
    start: int
    end: int


def parts(text: str, budget: int, estimate: Estimate) -> list[Part]:
    """The text in consecutive parts of at most `budget` tokens each, cut at the ends of lines, of sentences, or anywhere."""
    characters = _characters(text, budget, estimate)
    return [Part(text[start:end], start, end) for start, end in _cuts(text, characters) if text[start:end].strip()]


def cut_to(text: str, budget: int, estimate: Estimate) -> str:
    """The beginning of a text that is worth at most `budget` tokens."""
    while text and (tokens := estimate(text)) > budget:
        text = text[: min(len(text) - 1, int(len(text) * budget / tokens))]
    return text


def retrieved(texts: Iterable[tuple[str, str]], query: str, budget: int, estimate: Estimate) -> dict[str, str]:
    """By label, what of each text answers the query best, in the text's order, all together within `budget` tokens, but something in any
    case. Texts that fit are whole; of others the pieces that BM25 ranks highest, with `[…]` between those that do not follow each other."""
    given = list(texts)
    tokens = sum(estimate(text) + LABEL for _, text in given)
    if tokens <= budget:
        return dict(given)
    size = min(_PIECE, max(_SHORTEST, sum(len(text) for _, text in given) * budget // (3 * tokens)))
    pieces = [(label, Part(text[start:end], start, end)) for label, text in given for start, end in _cuts(text, size)]
    score = bm25([terms(piece.text) for _, piece in pieces], terms(query))
    chosen: set[int] = set()
    named: set[str] = set()
    left = budget
    for index in sorted(range(len(pieces)), key=lambda i: (-float(score[i]), i)):
        label, piece = pieces[index]
        cost = estimate(piece.text) + (4 if label in named else LABEL)
        if not chosen or (cost <= left and score[index] > 0):
            chosen.add(index)
            named.add(label)
            left -= cost
    found: dict[str, str] = {}
    last: dict[str, int] = {}
    for index in sorted(chosen):
        label, piece = pieces[index]
        joint = "" if label not in found else "" if last[label] == piece.start else " […]\n"
        found[label] = found.get(label, "") + joint + piece.text
        last[label] = piece.end
    return found


def batches(items: Sequence[T], cost: Callable[[T], int], budget: int) -> list[list[T]]:
    """The items in order, in groups that cost at most `budget` each; an item that costs more is alone."""
    groups: list[list[T]] = []
    left = 0
    for item in items:
        price = cost(item)
        if not groups or price > left:
            groups.append([])
            left = budget
        groups[-1].append(item)
        left -= price
    return groups


def _characters(text: str, budget: int, estimate: Estimate) -> int:
    """How many characters of this text are worth `budget` tokens, at least some."""
    tokens = estimate(text)
    return len(text) if tokens <= budget else max(SHORTEST_PART, int(len(text) * budget / tokens * 0.9))


def _cuts(text: str, most: int) -> list[tuple[int, int]]:
    cuts: list[tuple[int, int]] = []
    start = 0
    while start < len(text):
        end = min(len(text), start + most)
        if end < len(text):
            for closing in ("\n", ". ", "。", "! ", "? ", " "):
                place = text.rfind(closing, start + most // 2, end)
                if place > start:
                    end = place + len(closing)
                    break
        cuts.append((start, end))
        start = end
    return cuts
