"""What kind of statement a passage makes: an opinion, a figure, or something else."""

from typing import Literal

from reprise_research.quantities import Quantity, amounts
from reprise_research.text.passages import Passage
from reprise_research.text.prose import is_opinion, is_opinionated

Kind = Literal["fact", "opinion", "figure"]


def figures_in(passage: Passage) -> tuple[Quantity, ...]:
    """Return the amounts that a passage gives."""
    return amounts(passage.text, passage.language or None)


def is_view(claim: str, code: str, title: str = "") -> bool:
    """Return whether a statement is somebody's opinion, by its words or by the title of its source."""
    return is_opinion(claim, code) or is_opinionated(title, code)


def kind_of(passage: Passage) -> Kind:
    """Return what a passage gives."""
    if is_view(passage.text, passage.language, passage.title):
        return "opinion"
    return "figure" if figures_in(passage) else "fact"
