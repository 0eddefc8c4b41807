"""The four verdicts on two statements, and what shows them."""

from dataclasses import dataclass, replace
from enum import StrEnum


class Relation(StrEnum):
    """How two statements stand to each other."""

    AGREEMENT = "agreement"
    DISPUTE = "dispute"
    UNLIKE = "unlike"
    COPY = "copy"


class Ground(StrEnum):
    """What shows it."""

    SAME_WORDS = "same_words"
    SAME_MEANING = "same_meaning"
    FIGURES = "figures"
    DATES = "dates"
    OPPOSITES = "opposites"
    DIRECTIONS = "directions"
    REST = "rest"
    """One says that it moved, the other that it did not."""
    DENIAL = "denial"
    NAMES = "names"
    NOTHING = "nothing"


@dataclass(frozen=True)
class Verdict:
    """What was found, on which ground, and the two words or figures that show it, as they are written."""

    relation: Relation
    ground: Ground = Ground.NOTHING
    evidence: tuple[str, str] | None = None
    whole: tuple[bool, bool] = (False, False)
    """Whether the first says all that the second says, and the other way round."""

    def turned(self) -> "Verdict":
        """Return the same of the statements in the other order."""
        evidence = None if self.evidence is None else (self.evidence[1], self.evidence[0])
        return replace(self, evidence=evidence, whole=(self.whole[1], self.whole[0]))


UNLIKE = Verdict(Relation.UNLIKE)
