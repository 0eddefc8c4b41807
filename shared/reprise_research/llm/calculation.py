"""Figures that a model works out: code does the sum again from the expression that it gives, and shows it."""

import ast
import operator
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reprise_contracts.languages import primary
from reprise_research.llm.numbers import Reading, readings

_OPERATORS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMMON = frozenset(
    {1.0, 2.0, 4.0, 7.0, 12.0, 24.0, 30.0, 52.0, 60.0, 100.0, 365.0, 1000.0, 3600.0, 1e6, 1e9}
)
"""What turns one unit into another, or halves; every other number of an expression has to be in the
evidence."""
_SIGNS = str.maketrans(
    {"×": "*", "·": "*", "÷": "/", "−": "-", "–": "-", "：": ":", "（": "(", "）": ")", "\u00a0": " "}
)
_GROUPED = re.compile(r"(?<=\d)[,\u202f ](?=\d{3}(?!\d))")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)\s*%")
_WRITTEN = re.compile(r"\d[\d,]*(?:\.\d+)?")
_POINT_AND_COMMA = {ord(","): ".", ord("."): ","}
_SPACE_AND_COMMA = {ord(","): "\u202f", ord("."): ","}
_POINTED = frozenset(["ar", "da", "de", "el", "es", "id", "it", "nl", "pt", "ro", "tr", "vi"])
_SPACED = frozenset(["cs", "fi", "fr", "hu", "no", "pl", "ru", "sv", "uk"])
"""The signs of thousands and of decimals, where they are not those of English (CLDR)."""
_LONGEST = 200


@dataclass(frozen=True)
class Sum:
    """An expression and what it comes to."""

    expression: str
    value: float

    def __str__(self) -> str:
        return self.told("en")

    def told(self, code: str) -> str:
        """The sum as a language writes its numbers: `412 × 11 ÷ 100 = 45,32`."""
        signs = self.expression.replace("*", "×").replace("/", "÷").replace(" - ", " − ")
        shown = _WRITTEN.sub(lambda number: _plain(float(number[0].replace(",", ""))), signs)
        both = f"{shown} = {_plain(self.value)}"
        known = primary(code)
        return both.translate(
            _POINT_AND_COMMA if known in _POINTED else _SPACE_AND_COMMA if known in _SPACED else {}
        )


def sums(expression: str, evidence: str) -> tuple[Sum, ...]:
    """The expressions (several are parted by `;`) whose every number stands in the evidence, with their
    values; the others are left out."""
    given = {value for reading in readings(evidence) for value in reading.values}
    found: list[Sum] = []
    for part in expression.split(";"):
        told = part.partition("=")[0].strip()
        if not told or len(told) > _LONGEST:
            continue
        try:
            tree = ast.parse(_PERCENT.sub(r"(\1/100)", _GROUPED.sub("", told.translate(_SIGNS))), mode="eval")
            known = given | {one.value for one in found}
            value = _value(tree.body, known)
        except (SyntaxError, ValueError, ZeroDivisionError, OverflowError, RecursionError):
            continue
        found.append(Sum(" ".join(told.translate(_SIGNS).split()), value))
    return tuple(found)


def explained(figure: Reading, by: Iterable[Sum]) -> bool:
    """Whether a figure is what one of the sums comes to, rounded as the figure is; a share counts as percent
    as well."""
    return any(
        abs(one.value * scale - value) <= 0.5 * worth + 1e-9 * abs(value)
        for one in by
        for value, worth in zip(figure.values, figure.worth, strict=True)
        for scale in (1.0, 100.0)
    )


def _value(node: ast.expr, known: set[float]) -> float:
    """Raises ValueError for anything but the four operations on numbers that are known."""
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
        return _OPERATORS[type(node.op)](_value(node.left, known), _value(node.right, known))
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand, known)
    if (
        isinstance(node, ast.Constant)
        and isinstance(node.value, int | float)
        and not isinstance(node.value, bool)
    ):
        value = float(node.value)
        if value in _COMMON or any(abs(value - other) <= 1e-9 * max(1.0, abs(other)) for other in known):
            return value
        raise ValueError(f"{value:g} is not in the evidence")
    raise ValueError("it is no sum")


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
