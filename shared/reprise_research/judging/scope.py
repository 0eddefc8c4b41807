"""Whether two statements speak of one thing: of one time, one part, one group, one place."""

from dataclasses import dataclass
from enum import StrEnum

from reprise_research.judging.alignment import Alignment
from reprise_research.judging.anchors import Anchor, near_anchor
from reprise_research.judging.opposites import opposite_verbs
from reprise_research.judging.statement import Statement, Word
from reprise_research.languages import knows, language
from reprise_research.meaning import Encoder
from reprise_research.quantities import Kind, Quantity, comparable, excludes, same
from reprise_research.quantities.model import PARTS

WHOLE = 100
"""Of parts in percent."""


class Times(StrEnum):
    """How the dates of two statements stand to each other."""

    NONE = "none"
    TOGETHER = "together"
    APART = "apart"
    ONE_NAMED = "one_named"


@dataclass(frozen=True)
class Pair:
    """Two statements side by side. `context` has the stems of what is asked: what names that tells nothing apart."""

    one: Statement
    other: Statement
    found: Alignment
    meaning: Encoder | None
    context: frozenset[str]

    @property
    def times(self) -> Times:
        """How their dates stand to each other."""
        if not self.one.dates and not self.other.dates:
            return Times.NONE
        if not self.one.dates or not self.other.dates:
            return Times.ONE_NAMED
        apart = any(excludes(a, b) for a in self.one.dates for b in self.other.dates)
        return Times.APART if apart else Times.TOGETHER

    @property
    def of_one_manner(self) -> bool:
        """Whether both except as much, and name the same numbered thing: the third floor is not the fourth."""
        return self.one.exceptions == self.other.exceptions and self.one.names == self.other.names

    @property
    def names_more(self) -> bool:
        """Whether one has a proper name that the other lacks, and the question does not have."""
        return any(word.name and word.stem not in self.context for word in (*self.found.left, *self.found.right))

    @property
    def times_in_words(self) -> bool:
        """Whether each names a time in words that the other lacks: by Tuesday, by Thursday."""
        return all(any(near_anchor(word.text, Anchor.TIME, self.meaning) for word in side) for side in (self.found.left, self.found.right))

    @property
    def has_other_figures(self) -> bool:
        """Whether each has two figures or more of which the other gives none: `14 mmHg in adults of 30 to 45`."""
        sides = ((self.one, self.other), (self.other, self.one))
        return all(sum(not stands_in(q, b) for q in a.figures) > 1 for a, b in sides)

    @property
    def narrows(self) -> bool:
        """Whether one narrows what both name (`serious injuries`, `injuries`): a word of its own stands beside a shared one, with
        nothing between, where its language puts words that say which."""
        for statement, alone, side in ((self.one, self.found.left, 0), (self.other, self.found.right, 1)):
            for word in alone:
                if word.minor or word.movement or word.stem in self.context:
                    continue
                shared = [pair[side] for pair in self.found.shared if not pair[side].movement]
                if _says_which(statement, word, shared):
                    return True
        return False

    @property
    def names_two_in_one_place(self) -> bool:
        """Whether two words without a counterpart stand beside the same word: `reading scores`, `mathematics scores`."""
        left, right = set(self.found.left), set(self.found.right)
        return any(
            _neighbour(self.one, a, step) in left and _neighbour(self.other, b, step) in right
            for a, b in self.found.shared
            for step in (-1, 1)
        )

    def adds_behind(self, figures: tuple[Quantity, Quantity]) -> bool:
        """Return whether one says behind its figure what it is of, and the other does not: `by 12 percent in the cities`. Times are told
        by their dates."""
        for figure, alone in zip(figures, (self.found.left, self.found.right), strict=True):
            for word in alone:
                weighs = not word.minor and word.stem not in self.context and word.start >= figure.end
                if weighs and not near_anchor(word.text, Anchor.TIME, self.meaning):
                    return True
        return False

    def tells_apart(self, opposed: tuple[Word, Word]) -> bool:
        """Return whether two opposites say which thing is meant (`the southern region`) instead of what is said of it (`the region is
        safe`): they are words of place, time and group, or stand beside the thing. Verbs and movements never do."""
        english = self.one.language == self.other.language == "en"
        if any(word.movement for word in opposed) or (english and opposite_verbs(opposed[0].text, opposed[1].text)):
            return False
        if any(near_anchor(word.text, Anchor.SCOPE, self.meaning) for word in opposed):
            return True
        if any(near_anchor(word.text, Anchor.ROLE, self.meaning) for word, _ in self.found.shared):
            return False  # who won: only one can
        sides = ((self.one, 0), (self.other, 1))
        return any(_says_which(statement, opposed[side], [pair[side] for pair in self.found.shared]) for statement, side in sides)


def of_one_measure(one: Quantity, other: Quantity) -> bool:
    """Return whether two figures measure the same; counts only if both say what they count, or neither does. Two parts of one whole
    (`a quarter pays late`, `three quarters pay in time`) may both be right."""
    if {one.kind, other.kind} <= PARTS and one.value is not None and other.value is not None and one.value + other.value == WHOLE:
        return False
    return comparable(one, other) and (one.kind is not Kind.COUNT or bool(one.of) == bool(other.of))


def stands_in(figure: Quantity, statement: Statement) -> bool:
    """Return whether a statement gives a figure too, be it in digits that are read as something else there."""
    return any(same(figure, q) or _digits(figure) == _digits(q) != "" for q in statement.figures)


def excluding(one: Statement, other: Statement) -> list[tuple[Quantity, Quantity]]:
    """Return the pairs of figures of one measure that cannot both be right, without those that stand in both statements."""
    mine = [q for q in one.figures if not stands_in(q, other)]
    theirs = [q for q in other.figures if not stands_in(q, one)]
    return [(a, b) for a in mine for b in theirs if of_one_measure(a, b) and excludes(a, b)]


def _digits(figure: Quantity) -> str:
    return "".join(character for character in figure.text if character.isdigit())


def _says_which(statement: Statement, word: Word, shared: list[Word]) -> bool:
    """Whether a word stands where its language puts words that say which of the things is meant."""
    if not knows(statement.language) or not language(statement.language).spaces:
        return False
    if language(statement.language).adjectives_follow:
        return any(statement.text[other.end : word.start] == " " for other in shared)
    return any(statement.text[word.end : other.start] == " " for other in shared)


def _neighbour(statement: Statement, word: Word, step: int) -> Word | None:
    place = statement.words.index(word) + step if word in statement.words else -1
    return statement.words[place] if 0 <= place < len(statement.words) else None
