"""Units and what one of them is worth in the canonical unit of its measure, exactly. The table is
`units.toml`.

They are called by their names in the Unicode CLDR (`length-kilometer`), so that the words for them come from
there in every language. An amount of money has the unit `currency:` and its code.
"""

import tomllib
from dataclasses import dataclass
from fractions import Fraction
from importlib.resources import files

from reprise_research.quantities.folding import fold
from reprise_research.quantities.model import Kind

MONEY = "currency:"
_PENNY = "currency:penny"


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: `value * factor + offset` is the value in `canonical`."""

    kind: Kind
    canonical: str
    factor: Fraction = Fraction(1)
    offset: Fraction = Fraction(0)


def _load() -> tuple[dict[str, Unit], dict[str, str], dict[str, str]]:
    """Units by name, their names by folded symbol, and currencies by folded symbol."""
    table = tomllib.loads(files("reprise_research.quantities").joinpath("units.toml").read_text("utf-8"))
    units: dict[str, Unit] = {}
    symbols: dict[str, str] = {}
    currencies = {
        fold(symbol): code for code, written in table.pop("currencies").items() for symbol in written.split()
    }
    for kind, canonicals in table.items():
        for canonical, names in canonicals.items():
            for name, about in names.items():
                units[name] = Unit(
                    Kind(kind), canonical, Fraction(about.get("factor", 1)), Fraction(about.get("offset", 0))
                )
                symbols |= {fold(symbol): name for symbol in about.get("symbols", "").split()}
    return units, symbols, currencies


UNITS, SYMBOLS, CURRENCIES = _load()


def unit(name: str) -> Unit:
    """Return the unit of a name. Raises `KeyError` for an unknown one."""
    if name == _PENNY:
        return Unit(Kind.MONEY, "GBP", Fraction(1, 100))
    if name.startswith(MONEY):
        return Unit(Kind.MONEY, name.removeprefix(MONEY))
    return UNITS[name]
