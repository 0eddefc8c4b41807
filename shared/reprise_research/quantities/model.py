"""What a quantity is: where it stands in a text, which values it may have, in which unit, and of what.

Values are exact fractions in the canonical unit of their measure (metres, kilograms, seconds, months, …), so
that nothing depends on the arithmetic of a processor.
"""

from dataclasses import dataclass, replace
from enum import StrEnum
from fractions import Fraction
from typing import Any, Self


class Kind(StrEnum):
    """What a quantity measures."""

    COUNT = "count"
    MONEY = "money"
    PERCENT = "percent"
    POINTS = "points"
    """Percentage points."""
    SHARE = "share"
    """A part of a whole in other words than percent: one in nine, half. Its unit is that of a percentage."""
    MULTIPLE = "multiple"
    """How many times as much."""
    DURATION = "duration"
    DATE = "date"
    """A day, month, quarter, year or longer period; its values are day numbers, from the first to the last
    day."""
    TIME = "time"
    """A time of day, in minutes after midnight."""
    TEMPERATURE = "temperature"
    LENGTH = "length"
    MASS = "mass"
    AREA = "area"
    VOLUME = "volume"
    SPEED = "speed"
    ENERGY = "energy"
    POWER = "power"
    DATA = "data"
    MEASURE = "measure"
    """Any other measure: pressure, frequency, voltage, sound, …; the unit says which."""
    ORDINAL = "ordinal"
    IDENTIFIER = "identifier"
    """Digits that name and do not measure: a section, a version, a standard, a telephone number."""


PARTS = frozenset({Kind.PERCENT, Kind.SHARE})
"""Kinds that say the same in other words."""


@dataclass(frozen=True, slots=True)
class Quantity:
    """A quantity of a text: `text == source[start:end]`, offsets in code points.

    Its value lies between `low` and `high`, both in `unit`; None is no bound on that side, and an open end
    does not belong to it. A plain value has two equal ends. For `Kind.DATE` the ends are the numbers of the
    first and the last day (1 January of year 1 is 1), and the unit is how exact the date is (`day`, `month`,
    `quarter`, `half`, `year`, `decade`, `century`); a date without its year has the unit `yearless` and
    counts from 1 January of year 4.
    """

    start: int
    end: int
    text: str
    kind: Kind
    unit: str
    low: Fraction | None
    high: Fraction | None
    low_open: bool = False
    high_open: bool = False
    step: Fraction = Fraction(0)
    """What the last digit that the text shows is worth: 100,000 for 2.3 million. Two values within half of it
    are one."""
    slack: Fraction = Fraction(0)
    """How far the true value may be off because the number looks round: 50 for 1,200. It never makes two
    values one, it only keeps them from excluding each other."""
    about: bool = False
    """Whether the text itself does not call it exact."""
    of: tuple[str, ...] = ()
    """What is counted or measured, as it is written, where it stands beside the number."""
    per: str = ""
    """What it is given for each of: `day`, `person`, `kilowatt-hour`; empty for a plain amount."""
    language: str | None = None
    """The language that it was read in."""
    said: str = ""
    """The same words with those beside them that make it a bound or inexact: `less than 50 percent`; empty
    where none do."""

    def changed(self, **fields: Any) -> Self:
        """Return a copy with other fields."""
        return replace(self, **fields)

    @property
    def value(self) -> Fraction | None:
        """The one value it has, or None for a bound or a range."""
        return self.low if self.low == self.high else None

    @property
    def told(self) -> str:
        """How the text gives it, `less than` and the like included."""
        return self.said or self.text

    @property
    def is_bound(self) -> bool:
        """Whether it is open on one side: `up to 40`, `more than 500`."""
        return (self.low is None) != (self.high is None)

    @property
    def is_range(self) -> bool:
        """Whether it lies between two different values."""
        return self.low is not None and self.high is not None and self.low != self.high

    @property
    def size(self) -> Fraction:
        """The larger of its ends, without its sign."""
        return max(abs(end) for end in (self.low, self.high, Fraction(0)) if end is not None)
