"""The year that a passage speaks of and does not say itself."""

from datetime import date
from functools import lru_cache

from reprise_research.languages import knows
from reprise_research.quantities import Kind, marks
from reprise_research.text.passages import Passage

_YEARLESS = "yearless"
"""How the units of dates begin that name no year."""


def year_around(passage: Passage) -> str:
    """Return the year that is told around a passage which names none: by the sentence in front of it, by its
    headings, or by its source's title, whichever first names one and no other; empty if none does."""
    around = (passage.before, passage.heading, passage.above, passage.title)
    return _year(passage.text, around, passage.language)


@lru_cache(maxsize=16384)
def _year(text: str, around: tuple[str, ...], code: str) -> str:
    if _years(text, code):
        return ""
    named = next((years for place in around if (years := _years(place, code))), frozenset[int]())
    return str(*named) if len(named) == 1 else ""


@lru_cache(maxsize=16384)
def _years(text: str, code: str) -> frozenset[int]:
    """The years that a text names, by themselves or in a date."""
    found = marks(text, code if knows(code) else None)
    days = [(q.low, q.high) for q in found if q.kind is Kind.DATE and not q.unit.startswith(_YEARLESS)]
    return frozenset(date.fromordinal(int(day)).year for span in days for day in span if day is not None)
