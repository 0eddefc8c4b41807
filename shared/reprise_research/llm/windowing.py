"""Texts cut to what a model can read at once, never within a sentence if it can be helped."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from reprise_research.llm.numbering import Unit, units

T = TypeVar("T")
Estimate = Callable[[str], int]
LABEL = 40
"""Tokens of what stands around a text that is given to a model: its label, its title, its fence."""
_NUMBER = 4
"""Tokens of a sentence's number and the end of its line."""


def windows(text: str, budget: int, estimate: Estimate) -> list[list[Unit]]:
    """The numbered sentences of a text in consecutive rows of at most `budget` tokens each; a sentence that
    is worth more is alone."""
    return batches(units(text), lambda unit: estimate(text[unit.start : unit.end]) + _NUMBER, budget)


def cut_to(text: str, budget: int, estimate: Estimate) -> str:
    """The beginning of a text that is worth at most `budget` tokens."""
    while text and (tokens := estimate(text)) > budget:
        text = text[: min(len(text) - 1, int(len(text) * budget / tokens))]
    return text


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
