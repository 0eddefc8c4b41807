"""A text while its quantities are read: its words, its language, and which stretches are taken."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

from reprise_research.quantities import numerals
from reprise_research.quantities.folding import fold, lower
from reprise_research.quantities.lexicon import lexicon
from reprise_research.quantities.model import Kind, Quantity
from reprise_research.quantities.spotting import Number
from reprise_research.quantities.surroundings import surroundings
from reprise_research.quantities.tokens import Tokens, tokenize
from reprise_research.quantities.units import unit

_HALF = Fraction(1, 2)
_ROUND = 100
"""From here on, zeros at the end make a number look round."""
_SURELY_ROUND = 1000
_MOVEMENT_REACH = 48


@dataclass(slots=True)
class Measured:
    """A quantity with the number it was made of, so that a range can give it the unit of its other end."""

    quantity: Quantity
    number: Number | None = None
    unit: str = ""
    bound: str = ""
    """What is known of it before the words around it are looked at: `over`."""
    settled: bool = False
    """A range or a change has used the words before it."""


class Passage:
    """One text in one language; `sure` says whether that language is known or only tried."""

    def __init__(self, text: str, code: str, mark: str | None, sure: bool) -> None:
        self.text = text
        self.folded = fold(text)
        self.low = lower(self.folded)
        self.lexicon = lexicon(code)
        self.language = code if sure else None
        self.around = surroundings(code)
        self.spaced = self.lexicon.spaces and code != "ko"
        self.mark = mark or numerals.decimal_mark(self.folded, self.lexicon.decimal if sure else None)
        self._taken = bytearray(len(text))

    @cached_property
    def tokens(self) -> Tokens:
        """The words, numbers and marks of the text."""
        return tokenize(self.low)

    def take(self, start: int, end: int) -> bool:
        """Take a stretch for a quantity; returns False, and takes nothing, if a part of it is taken."""
        if self.is_taken(start, end):
            return False
        self._taken[start:end] = b"\1" * (end - start)
        return True

    def is_taken(self, start: int, end: int) -> bool:
        """Return whether a part of a stretch is taken."""
        return any(self._taken[start:end])

    def token_at(self, place: int) -> int:
        """Return the first token that begins at a place or after it."""
        starts = self.tokens.starts
        low, high = 0, len(starts)
        while low < high:
            middle = (low + high) // 2
            low, high = (middle + 1, high) if starts[middle] < place else (low, middle)
        return low

    def word(self, index: int) -> str:
        """Return a token in lower case, or an empty text beyond the ends."""
        return self.tokens.words[index] if 0 <= index < len(self.tokens) else ""

    def moves(self, start: int) -> bool:
        """Return whether a word shortly before says that something rose or fell: what follows is where it
        came from or got to."""
        movement = self.lexicon.movement
        if not self.lexicon.spaces:
            window = self.low[max(0, start - _MOVEMENT_REACH) : start]
            return any(word in window for word in movement)
        index = self.token_at(start) - 1
        while index >= 0 and self.tokens.starts[index] > start - _MOVEMENT_REACH:
            if self.tokens.words[index][:5] in movement:
                return True
            index -= 1
        return False

    def identifier(self, start: int, end: int) -> Measured:
        """Return what names and does not measure."""
        return Measured(
            Quantity(
                start, end, self.text[start:end], Kind.IDENTIFIER, "", None, None, language=self.language
            )
        )

    def count(self, number: Number, start: int, end: int) -> Measured:
        """Return a number without a unit."""
        value = number.value or Fraction(0)
        slack = number.step * _HALF
        if number.scale == 1 and number.zeros >= _ROUND:
            slack = max(slack, min(number.zeros * _HALF, abs(value) / 20))
        made = Quantity(
            start,
            end,
            self.text[start:end],
            Kind.COUNT,
            "",
            value,
            value,
            step=_shown(number),
            slack=slack,
            language=self.language,
        )
        return Measured(made, number)

    def ordinal(self, start: int, end: int, value: Fraction) -> Measured:
        """Return the place of something in a row."""
        return Measured(
            Quantity(
                start,
                end,
                self.text[start:end],
                Kind.ORDINAL,
                "ordinal",
                value,
                value,
                language=self.language,
            )
        )

    def convert(self, measured: Measured, name: str, end: int) -> Measured:
        """Give a number a unit, which ends at `end`: the quantity in the canonical unit of its measure."""
        one, of = measured.quantity, unit(name)
        low, high = (
            None if value is None else value * of.factor + of.offset for value in (one.low, one.high)
        )
        measured.quantity = one.changed(
            end=end,
            text=self.text[one.start : end],
            kind=of.kind,
            unit=of.canonical,
            low=low,
            high=high,
            step=one.step * of.factor,
            slack=one.slack * of.factor,
        )
        measured.unit = name
        return measured


def _shown(number: Number) -> Fraction:
    """What the last digit that counts is worth: zeros at the end of a large plain number count for
    nothing."""
    if (
        number.scale == 1
        and number.zeros >= _SURELY_ROUND
        and number.value
        and number.zeros * 200 <= abs(number.value)
    ):
        return number.zeros
    return number.step
