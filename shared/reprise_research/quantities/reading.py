"""Quantities out of a text, in one pass over its words.

First the marks that name and do not measure, then dates and times; every number that is left is measured,
numbers that stand together are joined, and bounds and nouns are read last. Every step looks at a bounded
stretch around a number, so that time grows with the text alone.
"""

import re

from reprise_research.quantities.dates import calendar_of
from reprise_research.quantities.folding import fold, lower
from reprise_research.quantities.heads import heads
from reprise_research.quantities.measuring import MEASURES, Measurer
from reprise_research.quantities.model import Kind, Quantity
from reprise_research.quantities.passage import Measured, Passage
from reprise_research.quantities.ranges import merged
from reprise_research.quantities.shares import parts, share
from reprise_research.quantities.spotting import Number, Spotter, phrase_at, words_in

_IDENTIFIERS = re.compile(
    r"https?://\S+|www\.\S+|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,64}\.[\w.-]{1,64}"
    r"|\b(?:isbn|issn)(?:-1[03])?:?\s?\d[\d -]{6,16}[\dx]\b|\bdoi:?\s?10\.\S+|\b10\.\d{4,9}/\S+"
    r"|(?<![\w.])\+\d[\d ()/-]{6,18}\d|(?<!\w)\(0\d{1,5}\)\s?[\d "
    r"/-]{4,14}\d|(?<![\w.,])0\d{2,5}\s?[/-]\s?\d[\d -]{3,13}\d"
    r"|(?<![\w-])\d{3}-\d{3,4}-\d{4}(?![\w-])|(?<![\w.])(?:\d{1,3}\.){3}\d{1,3}(?:/\d+)?(?![\w.])"
    r"|(?<![\w.,:])(?:\d{3,}:\d+|\d{1,2}:(?:\d|\d{3,}))(?![\w:])"
    r"|(?<!\w)\[\d{1,3}(?:\s?[,–-]\s?\d{1,3}){0,9}\]|#\d+",
    re.IGNORECASE,
)
_DIGIT = re.compile(r"\d")
_DATED = re.compile(r"\d{4}|\d[./-]\d|\b(?:fy|[qths]\d|\d[qt]\b)")
"""Without any of these, and without the name of a month or a period, a text has no date."""
_WORDS = re.compile(r"[A-Za-z]{3,}")
_AS_THEY_ARE = frozenset({Kind.DATE, Kind.TIME, Kind.ORDINAL, Kind.IDENTIFIER})
_BELOW_ZERO = 26
_REACH = 5
"""Words behind a quantity among which it may say what it is given for each of."""
_ROW = frozenset(
    {
        ",",
        "-",
        "–",
        "and",
        "&",
        "or",
        "und",
        "et",
        "y",
        "e",
        "en",
        "и",
        "和",
        "と",
        "와",
        "과",
        "و",
        "और",
        "、",
    }
)


def read(passage: Passage) -> tuple[Quantity, ...]:
    """Return the quantities and identifiers of a text, in its order."""
    has_digits = _DIGIT.search(passage.folded) is not None
    found: list[Measured] = []
    if (
        not has_digits
        and passage.spaced
        and not Spotter.may_hold(passage.lexicon, passage.low)
        and not _speaks_of_periods(passage)
    ):
        return ()
    if has_digits:
        found = [
            passage.identifier(*match.span())
            for match in _IDENTIFIERS.finditer(passage.folded)
            if passage.take(*match.span())
        ]
    found += [Measured(one) for one in _dates(passage, has_digits)]
    measurer = Measurer(passage)
    found += _numbers(passage, measurer)
    found = parts(passage, measurer, found)
    found.sort(key=lambda one: (one.quantity.start, one.quantity.end))
    finished: list[Quantity] = []
    for one in _joined(passage, found):
        made = _finished(passage, one)
        if not finished or made.start >= finished[-1].end:
            finished.append(made)
    return tuple(finished)


def _numbers(passage: Passage, measurer: Measurer) -> list[Measured]:
    found: list[Measured] = []
    end = 0
    for number in Spotter(passage.lexicon, passage.low, passage.tokens, passage.mark).numbers():
        if number.start < end or passage.is_taken(number.start, number.end):
            continue
        measured = measurer.measure(number)
        if measured is None:
            continue
        if found and number.digits and _goes_on(passage, found[-1].quantity, number):
            measured = passage.identifier(number.start, number.end)
        one = measured.quantity
        if one.start >= end and not passage.is_taken(one.start, one.end):
            found.append(measured)
            end = one.end
    return found


def _goes_on(passage: Passage, before: Quantity, number: Number) -> bool:
    """Whether a number goes on a row of identifiers: `chapters 4 and 5`."""
    if before.kind is not Kind.IDENTIFIER or not before.text.isdigit() or number.grouped or number.scale != 1:
        return False
    return passage.low[before.end : number.start].strip() in _ROW


def _dates(passage: Passage, has_digits: bool) -> list[Quantity]:
    calendar = calendar_of(passage.lexicon.code)
    clock = calendar.clock(passage.low, passage.text, passage.language) if has_digits else ()
    found = [one for one in clock if passage.take(one.start, one.end)]
    if passage.spaced and not _DATED.search(passage.low) and not _speaks_of_periods(passage):
        return found
    dates = calendar.dates(passage.low, passage.text, passage.language)
    found += [one for one in dates if _is_name(passage, one) and passage.take(one.start, one.end)]
    return found


def _speaks_of_periods(passage: Passage) -> bool:
    dates = passage.lexicon.dates
    names = (lower(fold(name)) for names in (dates.quarters, dates.halves, dates.century) for name in names)
    return not passage.lexicon.months.keys().isdisjoint(words_in(passage.low)) or any(
        name in passage.low for name in names
    )


def _is_name(passage: Passage, dated: Quantity) -> bool:
    """In English a month has a capital."""
    if passage.lexicon.code != "en":
        return True
    months = [
        word
        for word in _WORDS.findall(passage.text[dated.start : dated.end])
        if lower(word) in passage.lexicon.months
    ]
    return not months or months[0][0].isupper()


def _joined(passage: Passage, found: list[Measured]) -> list[Measured]:
    """Make ranges and shares of numbers that stand together, and leave out what may as well be an article."""
    joined: list[Measured] = []
    for one in found:
        last = joined[-1] if joined else None
        made = None if last is None else share(passage, last, one) or merged(passage, last, one)
        if made is not None:
            joined[-1] = made
        else:
            joined.append(one)
    return [
        one
        for one in joined
        if one.number is None or not one.number.weak or one.unit or one.quantity.is_range
    ]


def _finished(passage: Passage, measured: Measured) -> Quantity:
    """The quantity with its bounds and what it is of."""
    one = measured.quantity
    if one.kind in _AS_THEY_ARE:
        return one
    one = _below_zero(passage, one)
    of = heads(
        passage.lexicon,
        passage.text,
        passage.low,
        passage.tokens,
        one.start,
        one.end,
        passage.token_at(one.end),
        one.kind,
    )
    if of:
        one = one.changed(of=of, per=one.per or _given_for(passage, one))
    if one.is_range or one.low is None:
        return one
    if measured.bound:
        return _bounded(one, measured.bound)
    bound, start, end = _bound(passage, measured, one)
    said = passage.text[start:end] if bound else ""
    return _bounded(one, bound).changed(said=said)


def _given_for(passage: Passage, one: Quantity) -> str:
    """What a quantity is given for each of, where that stands behind what it is of: `12,000 passengers a
    day`."""
    if not passage.spaced:
        return ""
    first = passage.token_at(one.end)
    for place in range(first, min(first + _REACH, len(passage.tokens))):
        if passage.tokens.kinds[place] != "w":
            return ""
        found = phrase_at(passage.lexicon.per, passage.tokens, place)
        if found is not None:
            name = str(found[0])
            return next(
                (name.removeprefix(measure) for measure in MEASURES if name.startswith(measure)), name
            )
    return ""


def _bound(passage: Passage, measured: Measured, one: Quantity) -> tuple[str, int, int]:
    """What the words around a quantity make of it, and from where to where it stands with them."""
    before = None if measured.settled else passage.around.bound_before(passage.low, one.start)
    if before is not None and not (before[2] and passage.moves(before[1])):
        return before[0], before[1], one.end
    behind = passage.around.bound_after(passage.low, one.end)
    return (behind[0], one.start, behind[1]) if behind is not None else ("", one.start, one.end)


def _bounded(one: Quantity, bound: str) -> Quantity:
    match bound:
        case "about" | "nearly":
            return one.changed(about=True)
        case "over":
            return one.changed(high=None, low_open=True)
        case "under":
            return one.changed(low=None, high_open=True)
        case "at_least":
            return one.changed(high=None)
        case "at_most":
            return one.changed(low=None)
        case _:
            return one


def _below_zero(passage: Passage, one: Quantity) -> Quantity:
    """`12 grados bajo cero`."""
    if one.kind not in (Kind.TEMPERATURE, Kind.MEASURE) or one.value is None or one.value <= 0:
        return one
    rest = passage.low[one.end : one.end + _BELOW_ZERO]
    for phrase in passage.lexicon.numbers.below_zero:
        at = rest.find(lower(fold(phrase)))
        if 0 <= at <= 9 and not any(mark in rest[:at] for mark in ".,;"):
            end = one.end + at + len(phrase)
            return one.changed(low=-one.value, high=-one.value, end=end, text=passage.text[one.start : end])
    return one
