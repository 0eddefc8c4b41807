"""What two quantities are to each other: comparable, the same, or such that not both can be true of one
thing.

Three answers are possible for two comparable quantities: the same, excluding each other, or neither. A text
that gives 1,200 may mean 1,234, so the two exclude each other as little as they are the same.
"""

from fractions import Fraction

from reprise_research.quantities.model import PARTS, Kind, Quantity

_ABOUT_SAME = Fraction(1, 20)
_ABOUT_APART = Fraction(1, 10)
_CONVERTED = Fraction(1, 200)
_ROUND_SAME = Fraction(1, 50)
_NEVER = frozenset({Kind.IDENTIFIER})


def comparable(one: Quantity, other: Quantity) -> bool:
    """Return whether two quantities measure the same in units that convert exactly, for each of the same, and
    count the same.

    Counts of things that are not named beside the number, or are named in two languages, may be of the same
    things.
    """
    if one.kind in _NEVER or other.kind in _NEVER or one.per != other.per:
        return False
    kinds = one.kind is other.kind or {one.kind, other.kind} <= PARTS
    if one.kind is Kind.DATE and kinds:
        return _family(one.unit) == _family(other.unit)
    return kinds and one.unit == other.unit and (one.kind is not Kind.COUNT or of_one_thing(one, other))


def same(one: Quantity, other: Quantity) -> bool:
    """Return whether two quantities are one: equal up to conversion and to the rounding that the texts
    show."""
    if (
        not comparable(one, other)
        or (one.low is None) != (other.low is None)
        or (one.high is None) != (other.high is None)
    ):
        return False
    if one.kind in (Kind.DATE, Kind.TIME, Kind.ORDINAL):
        return (one.low, one.high) == (other.low, other.high) and (
            one.kind is not Kind.DATE or one.unit == other.unit
        )
    if one.is_bound and (one.low_open, one.high_open) != (other.low_open, other.high_open):
        return False
    return all(
        _close(mine, theirs, one, other)
        for mine, theirs in ((one.low, other.low), (one.high, other.high))
        if mine is not None and theirs is not None
    )


def excludes(one: Quantity, other: Quantity) -> bool:
    """Return whether two quantities cannot both be true of one thing: they are comparable, and apart beyond
    all rounding."""
    if not comparable(one, other):
        return False
    if one.kind is Kind.DATE:
        return _apart(one, other) > 0
    tolerance = one.slack + other.slack
    size = max(one.size, other.size)
    if one.about or other.about:
        tolerance = max(tolerance, size * _ABOUT_APART)
    if one.is_bound or other.is_bound:
        tolerance = max(tolerance, size * _ROUND_SAME)
    apart = _apart(one, other)
    return apart > 0 and apart >= tolerance


def _apart(one: Quantity, other: Quantity) -> Fraction:
    """How far apart two intervals are; 0 where they meet."""
    gaps = [
        low - high
        for low, high in ((one.low, other.high), (other.low, one.high))
        if low is not None and high is not None
    ]
    return max([Fraction(0), *gaps])


def _close(mine: Fraction, theirs: Fraction, one: Quantity, other: Quantity) -> bool:
    """Whether two values are one, given how exactly each is written."""
    apart, size = abs(mine - theirs), max(abs(mine), abs(theirs))
    if apart == 0:
        return True
    coarse = max(one.step, other.step)
    rounding = coarse / 2
    if coarse and size / coarse < 10:
        rounding = min(rounding, size * _ROUND_SAME)
    if one.about or other.about:
        rounding = max(rounding, size * _ABOUT_SAME)
    if one.kind is not other.kind:
        rounding = max(rounding, coarse / 2, size * _CONVERTED)
    return apart <= rounding


def _family(unit: str) -> str:
    """Dates of a known year, of a fiscal year, and those without a year cannot be held against each other."""
    return unit if unit.startswith("yearless") or unit == "fiscal-year" else "dated"


def of_one_thing(one: Quantity, other: Quantity) -> bool:
    """Return whether two quantities name the same thing that they are of, or one of them names none."""
    if not one.of or not other.of or one.language != other.language:
        return True
    return any(_alike(mine, theirs) for mine in one.of for theirs in other.of)


def _alike(one: str, other: str) -> bool:
    """Whether two nouns begin alike: endings of number and case differ."""
    if one == other:
        return True
    if not one.isascii() and any("\u3400" <= character <= "\u9fff" for character in one + other):
        return one[:2] == other[:2] or one[-2:] == other[-2:]
    shared = next(
        (index for index, (mine, theirs) in enumerate(zip(one, other, strict=False)) if mine != theirs),
        min(len(one), len(other)),
    )
    return shared >= 3 and shared >= max(len(one), len(other)) - 3
