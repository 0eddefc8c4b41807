"""What can be wrong with a finished artifact."""

from dataclasses import dataclass
from typing import Literal

FaultKind = Literal[
    "quote",
    "source",
    "reference",
    "figure",
    "negation",
    "direction",
    "attribution",
    "words",
    "name",
    "markdown",
]


@dataclass(frozen=True, slots=True)
class Fault:
    """Something that does not hold: where it stands, the words, and what is wrong with them."""

    kind: FaultKind
    where: str
    """A path in the artifact: `report/step-1`, `findings/f1-2`, `references/3`."""
    words: str
    why: str

    def __str__(self) -> str:
        """One line for a reader."""
        return f"{self.where}: {self.why}: {self.words}"
