"""Two numbers that make one quantity: `3 to 5 years`, `between 3 and 5 million`, `2019–2023`."""

from fractions import Fraction

from reprise_research.quantities.model import Kind, Quantity
from reprise_research.quantities.passage import Measured, Passage
from reprise_research.quantities.units import MONEY, unit

_WIDEST_GAP = 16
_PERIODS = {"year": "years", "quarter": "quarters", "month": "months", "day": "days"}


def merged(passage: Passage, first: Measured, second: Measured) -> Measured | None:
    """Return the range of two quantities that stand together, or None if they make none."""
    one, other = first.quantity, second.quantity
    if not 0 <= other.start - one.end <= _WIDEST_GAP or Kind.IDENTIFIER in (one.kind, other.kind):
        return None
    joint = passage.around.joins(passage.low[one.end : other.start])
    if joint is None or (
        joint == "and" and not passage.around.follows(passage.low, one.start, passage.around.between)
    ):
        return None
    if one.kind is Kind.DATE and other.kind is Kind.DATE:
        return _period(passage, one, other)
    if (
        joint == "range"
        and passage.around.follows(passage.low, one.start, passage.around.origins)
        and passage.moves(one.start)
    ):
        second.settled = True
        return None
    if (
        first.unit.startswith(MONEY)
        and not second.unit
        and other.kind is Kind.COUNT
        and one.end <= other.start
    ):
        other = passage.convert(second, first.unit, other.end).quantity
    low = _in_the_same_unit(passage, first, second)
    if (
        low is None
        or low.is_range
        or other.is_range
        or low.low is None
        or other.high is None
        or low.low >= other.high
    ):
        return None
    made = other.changed(
        start=one.start,
        text=passage.text[one.start : other.end],
        low=low.low,
        step=max(low.step, other.step),
        slack=max(low.slack, other.slack),
    )
    return Measured(made, second.number, second.unit, settled=True)


def _in_the_same_unit(passage: Passage, first: Measured, second: Measured) -> Quantity | None:
    """The first quantity in the unit of the second, if it has none of its own."""
    one, other, number = first.quantity, second.quantity, first.number
    if first.unit and (one.kind, one.unit, one.per) == (other.kind, other.unit, other.per):
        return _scaled(one, first, second)
    if number is None or number.value is None:
        return one if (one.kind, one.unit) == (other.kind, other.unit) else None
    if one.kind is Kind.DATE and number.digits and second.unit:
        first = passage.count(number, one.start, one.end)
    if first.quantity.kind is not Kind.COUNT and not (first.quantity.kind is Kind.MONEY and not second.unit):
        return None
    scaled = _scaled(first.quantity, first, second)
    if not second.unit or second.unit.startswith("counter:"):
        return scaled
    of = unit(second.unit)
    value = (scaled.low or Fraction(0)) * of.factor + of.offset
    return scaled.changed(low=value, high=value, step=scaled.step * of.factor, slack=scaled.slack * of.factor)


def _scaled(one: Quantity, first: Measured, second: Measured) -> Quantity:
    """`3 to 5 million`: the scale of the second number is also that of a first one without any."""
    scale = second.number.scale if second.number is not None else Fraction(1)
    if (
        first.number is None
        or first.number.scale != 1
        or scale == 1
        or one.low is None
        or second.quantity.high is None
    ):
        return one
    if one.low >= second.quantity.high or (first.number.value or Fraction(0)) >= scale:
        return one
    return one.changed(
        low=one.low * scale, high=one.low * scale, step=one.step * scale, slack=one.slack * scale
    )


def _period(passage: Passage, one: Quantity, other: Quantity) -> Measured | None:
    if (
        one.unit != other.unit
        or one.unit not in _PERIODS
        or one.low is None
        or other.low is None
        or one.low >= other.low
    ):
        return None
    text = passage.text[one.start : other.end]
    return Measured(
        other.changed(start=one.start, text=text, low=one.low, unit=_PERIODS[one.unit]), settled=True
    )
