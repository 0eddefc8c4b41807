"""Quantities are read out of texts in thirteen languages; the cases are in `cases.txt`."""

import datetime
from fractions import Fraction
from pathlib import Path

import pytest

from reprise_research.quantities import Kind, Quantity, quantities

_CASES = [
    tuple(part.strip() for part in line.split("|"))
    for line in Path(__file__).with_name("cases.txt").read_text("utf-8").splitlines()
    if line.strip() and not line.startswith("#")
]


def _number(value: Fraction) -> str:
    if value.denominator == 1:
        return str(value.numerator)
    decimal = f"{float(value):.6f}".rstrip("0")
    return decimal if Fraction(decimal) == value else f"{value.numerator}/{value.denominator}"


def _date(one: Quantity) -> str:
    assert one.low is not None
    assert one.high is not None
    first, last = datetime.date.fromordinal(int(one.low)), datetime.date.fromordinal(int(one.high))
    exact = {
        "day": first.isoformat(),
        "month": first.isoformat()[:7],
        "quarter": f"{first.year}-Q{first.month // 3 + 1}",
        "half": f"{first.year}-H{first.month // 6 + 1}",
        "year": str(first.year),
        "fiscal-year": f"fiscal {first.year}" + (f"..{last.year}" if last.year != first.year else ""),
        "yearless": f"--{first.isoformat()[5:]}",
        "yearless-month": f"--{first.isoformat()[5:7]}",
        "days": f"{first}..{last}",
    }
    return exact.get(one.unit, f"{first.year}..{last.year}")


def told(one: Quantity) -> str:
    """A quantity as the cases write it."""
    if one.kind is Kind.DATE:
        return f"date {_date(one)}"
    if one.kind is Kind.TIME:
        assert one.value is not None
        return f"time {int(one.value) // 60:02}:{int(one.value) % 60:02}"
    unit = "" if one.unit in ("", "percent", "ordinal", "times") else f" {one.unit}"
    if one.low is None:
        assert one.high is not None
        value = ("<" if one.high_open else "<=") + _number(one.high)
    elif one.high is None:
        value = (">" if one.low_open else ">=") + _number(one.low)
    elif one.is_range:
        value = f"{_number(one.low)}..{_number(one.high)}"
    else:
        value = _number(one.low)
    return (
        f"{one.kind}{unit} {'~' if one.about else ''}{value}"
        + (f" /{one.per}" if one.per else "")
        + (f" of={','.join(one.of)}" if one.of else "")
    )


@pytest.mark.parametrize(
    ("language", "text", "holds"), _CASES, ids=[f"{case[0]}: {case[1]}" for case in _CASES]
)
def test_a_text_holds_these_quantities(language: str, text: str, holds: str) -> None:
    assert "; ".join(told(one) for one in quantities(text, language)) == holds


@pytest.mark.parametrize(
    ("language", "text", "holds"), _CASES, ids=[f"{case[0]}: {case[1]}" for case in _CASES]
)
def test_a_quantity_stands_where_it_says(language: str, text: str, holds: str) -> None:
    end = 0
    for one in quantities(text, language):
        assert one.text == text[one.start : one.end]
        assert one.start >= end
        end = one.end
