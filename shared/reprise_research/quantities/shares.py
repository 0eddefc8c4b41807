"""Parts of a whole that are not given in percent: `one in nine`, `jeder neunte`, `two thirds`, `half of`,
`三分之一`, `9人に1人`.

Ordinals in words are read here as well, for they look alike: `a third of` and `the third`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from reprise_research.quantities.lexicon import lexicon
from reprise_research.quantities.measuring import Measurer
from reprise_research.quantities.model import Kind, Quantity
from reprise_research.quantities.passage import Measured, Passage
from reprise_research.quantities.spotting import Spotter, ordinal_of, phrase_at

_ONE_THEN_ALL = re.compile(r"\s(?:[^\W\d_]{2,24}\s)?(?P<link>\D{1,16})\s\Z")
_ALL_THEN_ONE = re.compile(r"\s?人?(?:に|のうち|中就有|中有|中的|之中有|中|のうちの|当中有|가운데|중)\s?\Z")
_SMALL = "一二三四五六七八九"
_HAN_NUMBER = rf"\d{{1,9}}(?:\.\d{{1,9}})?|[零{_SMALL}十百]{{1,6}}(?:点[零{_SMALL}]{{1,6}})?"
_FRACTION = {
    "zh": re.compile(rf"(?<![\d.,])(?P<all>\d{{1,9}}|[{_SMALL}十百]{{1,4}})分之(?P<part>{_HAN_NUMBER})"),
    "ja": re.compile(rf"(?<![\d.,])(?P<all>\d{{1,9}}|[{_SMALL}十百]{{1,4}})分の(?P<part>{_HAN_NUMBER})"),
    "ko": re.compile(r"(?<![\d.,])(?P<all>\d{1,9})\s?분의\s?(?P<part>\d{1,9})"),
}
_PERCENT = re.compile(rf"百分之(?P<part>{_HAN_NUMBER})")
_TENTHS = {
    "zh": re.compile(
        rf"(?<![\d.,])(?P<part>\d{{1,3}}|[{_SMALL}])成(?P<half>半)?(?![立为功本长熟员分果就交])"
    ),
    "ja": re.compile(
        rf"(?<![\d.,])(?P<part>\d{{1,3}}(?:\.\d{{1,3}})?|[{_SMALL}])割(?:(?P<more>[\d{_SMALL}])分)?"
    ),
    "ko": re.compile(r"(?<![\d.,])(?P<part>\d{1,3}(?:\.\d{1,3})?)\s?할(?:\s?(?P<more>\d)\s?푼)?"),
}
_DIGITS = {character: index for index, character in enumerate("零" + _SMALL)}
_HALF = Fraction(1, 2)
_HUNDRED = Fraction(100)
_ROUND_DENOMINATORS = frozenset({"1", "2", "5"})
_PARTS_OF = frozenset({"of", "the", "all", "its", "their", "our", "his", "her", "as", "that", "those"})
_BEFORE_HALF = frozenset({"about", "than", "over", "nearly", "almost", "by", "in"})
_LINKING = frozenset({"a", "an", "of", "de", "d", "'", "-"})


def _share(passage: Passage, start: int, end: int, value: Fraction) -> Quantity:
    """A share is exact as it is said, and round: a third may be 31 or 35 per cent."""
    percent, slack = value * _HUNDRED, min(Fraction(3), value * 10)
    return Quantity(
        start,
        end,
        passage.text[start:end],
        Kind.SHARE,
        "percent",
        percent,
        percent,
        slack=slack,
        language=passage.language,
    )


def share(passage: Passage, first: Measured, second: Measured) -> Measured | None:
    """Make one share of two counts: `one in nine`, `9人に1人`."""
    one, other = first.quantity, second.quantity
    part, whole = one.value, other.value
    if (
        one.kind is not Kind.COUNT
        or other.kind is not Kind.COUNT
        or not 0 <= other.start - one.end <= 44
        or part is None
        or whole is None
    ):
        return None
    if part.denominator != 1 or whole.denominator != 1 or min(part, whole) < 1:
        return None
    between = passage.low[one.end : other.start]
    reversed_order = part > whole
    if reversed_order:
        part, whole = whole, part
    linked = _links_back(passage, between) if reversed_order else _links(passage, between, part == 1)
    if (
        not linked
        or part >= whole
        or whole > 10_000_000
        or (whole > 1000 and str(whole).strip("0") not in _ROUND_DENOMINATORS)
    ):
        return None
    return Measured(_share(passage, one.start, other.end, part / whole).changed(of=one.of or other.of))


def _links(passage: Passage, between: str, is_one: bool) -> bool:
    """Whether the words between the part and the whole make a share: `in`, `out of`, for one also `driver
    in`."""
    if not passage.spaced:
        return False
    links = passage.lexicon.numbers.one_in
    if between.strip() in links:
        return True
    match = _ONE_THEN_ALL.match(between) if is_one else None
    return match is not None and match["link"].strip() in links


def _links_back(passage: Passage, between: str) -> bool:
    """Whether the words between the whole and the part make a share."""
    if passage.spaced:
        return between.strip() in passage.lexicon.numbers.in_one
    return _ALL_THEN_ONE.match(between) is not None


def parts(passage: Passage, measurer: Measurer, found: list[Measured]) -> list[Measured]:
    """Return the quantities with the fractions and ordinals of the text, which replace the numbers that are
    in them."""
    made = (
        list(_words(passage, measurer, found))
        if passage.spaced
        else [Measured(one) for one in _characters(passage)]
    )
    if not made:
        return found
    inside = bytearray(len(passage.text))
    for one in made:
        inside[one.quantity.start : one.quantity.end] = b"\1" * (one.quantity.end - one.quantity.start)
    return [one for one in found if not any(inside[one.quantity.start : one.quantity.end])] + made


def _written(text: str) -> Fraction:
    """A number in digits, or in Chinese characters up to 999 with decimals."""
    if text[0].isdigit():
        return Fraction(text)
    whole, _, decimals = text.partition("点")
    value, digit = Fraction(0), -1
    for character in whole:
        if character in _DIGITS:
            digit = _DIGITS[character]
        else:
            value, digit = value + (1 if digit < 0 else digit) * (10 if character == "十" else 100), -1
    value += max(digit, 0)
    return value + Fraction(
        int("0" + "".join(str(_DIGITS[character]) for character in decimals)), 10 ** len(decimals)
    )


def _characters(passage: Passage) -> Iterator[Quantity]:
    """Percentages, fractions, tenths and halves in Chinese, Japanese and Korean."""
    low, code, taken = passage.low, passage.lexicon.code, bytearray(len(passage.low))

    def free(start: int, end: int) -> bool:
        if any(taken[start:end]):
            return False
        taken[start:end] = b"\1" * (end - start)
        return True

    for match in _PERCENT.finditer(low):
        if free(*match.span()):
            decimals = re.split(r"[.点]", match["part"])[1:]
            step = Fraction(1, 10 ** len(decimals[0])) if decimals else Fraction(1)
            yield _percent(passage, match, _written(match["part"]), step, step / 2)
    for match in _FRACTION[code].finditer(low):
        whole, part = _written(match["all"]), _written(match["part"])
        if part < whole and free(*match.span()):
            yield _share(passage, *match.span(), part / whole)
    for match in _TENTHS[code].finditer(low):
        groups = match.groupdict()
        more = _written(groups["more"]) if groups.get("more") else Fraction(5 if groups.get("half") else 0)
        value = _written(match["part"]) * 10 + more
        if 0 < value <= _HUNDRED and free(*match.span()):
            yield _percent(passage, match, value, Fraction(0), Fraction(3))
    for words, value in sorted(passage.lexicon.fractions):
        for match in re.finditer(re.escape("".join(words)), low):
            if free(*match.span()):
                yield _share(passage, *match.span(), value)


def _percent(
    passage: Passage, match: re.Match[str], value: Fraction, step: Fraction, slack: Fraction
) -> Quantity:
    return Quantity(
        match.start(),
        match.end(),
        passage.text[match.start() : match.end()],
        Kind.PERCENT,
        "percent",
        value,
        value,
        step=step,
        slack=slack,
        language=passage.language,
    )


@dataclass(frozen=True, slots=True)
class _Words:
    """The words of a language that open a fraction or an ordinal."""

    every: frozenset[str]
    adjectives: frozenset[str]
    """Words for half that are one only before a unit or a scale."""
    articles: frozenset[str]
    bare: bool


@cache
def _vocabulary(code: str) -> _Words:
    numbers = lexicon(code).numbers
    return _Words(
        numbers.every, numbers.half_adjectives, numbers.articles | numbers.weak, numbers.bare_fractions
    )


def _words(passage: Passage, measurer: Measurer, found: list[Measured]) -> Iterator[Measured]:
    tokens, words = passage.tokens, _vocabulary(passage.lexicon.code)
    if not any(
        word in words.every or word in passage.lexicon.fractions or word in passage.lexicon.ordinals
        for word in tokens.words
    ):
        return
    numbers = {one.number.after: one for one in found if one.number is not None}
    inside = {
        at
        for one in numbers.values()
        if one.number is not None
        for at in range(one.number.first + 1, one.number.after)
    }
    end = 0
    for index, word in enumerate(tokens.words):
        if tokens.kinds[index] != "w" or index in inside or tokens.starts[index] < end:
            continue
        made: Measured | None = None
        if word in words.every:
            made = _every_nth(passage, index)
        elif word in passage.lexicon.fractions:
            made = _fraction(passage, measurer, index, numbers)
        if made is None and word in passage.lexicon.ordinals:
            made = _ordinal(passage, index)
        if made is not None and not passage.is_taken(made.quantity.start, made.quantity.end):
            yield made
            end = made.quantity.end


def _every_nth(passage: Passage, index: int) -> Measured | None:
    """`jeder neunte`; but `every third year` is how often, and no share."""
    tokens, at = passage.tokens, index + 1
    found = phrase_at(passage.lexicon.ordinals, tokens, at)
    value, after = (
        found if found is not None else (ordinal_of(passage.lexicon.code, passage.word(at)), at + 1)
    )
    if (
        value is None
        and passage.lexicon.numbers.ordinal_dot
        and passage.word(at).isdigit()
        and passage.word(at + 1) == "."
    ):
        value, after = int(passage.word(at)), at + 2
    if not value or value < 2:
        return None
    unit = phrase_at(passage.lexicon.unit_words, tokens, after)
    if unit is not None and str(unit[0]).startswith("duration-"):
        return None
    return Measured(_share(passage, tokens.starts[index], tokens.ends[after - 1], Fraction(1, value)))


def _fraction(
    passage: Passage, measurer: Measurer, index: int, numbers: dict[int, Measured]
) -> Measured | None:
    tokens, words = passage.tokens, _vocabulary(passage.lexicon.code)
    found = phrase_at(passage.lexicon.fractions, tokens, index)
    if found is None:
        return None
    value, after = found
    joined = passage.word(index - 1) == "-" and tokens.touches(index)
    counted = numbers.get(index - 1 if joined else index)
    numerator = (
        counted.quantity.value if counted is not None and counted.quantity.kind is Kind.COUNT else None
    )
    start, is_half = tokens.starts[index], value == _HALF
    if (
        counted is not None
        and numerator is not None
        and numerator.denominator == 1
        and 1 <= numerator < max(value.denominator, 2)
    ):
        value, start = value * numerator, counted.quantity.start
    elif index and tokens.words[index - 1] in words.articles:
        start = tokens.starts[index - 1]
        measured = passage.word(after) in _PARTS_OF or passage.word(index - 2) in _BEFORE_HALF
        if passage.lexicon.code == "en" and not is_half and not measured:
            return None
    elif not (is_half or words.bare or value.numerator > 1):
        return None
    return _amount(passage, measurer, index, start, after, value) or _part(
        passage, index, start, after, value
    )


def _amount(
    passage: Passage, measurer: Measurer, index: int, start: int, after: int, value: Fraction
) -> Measured | None:
    """A fraction of a unit or of a scale is an amount: `half a million euros`, `trois quarts d'heure`."""
    tokens, at = passage.tokens, after
    while at - after < 3 and passage.word(at) in _LINKING:
        at += 1
    spotter = Spotter(passage.lexicon, passage.low, tokens, passage.mark)
    scale = phrase_at(passage.lexicon.cardinals, tokens, at)
    if scale is not None and scale[0][0] == "s" and scale[0][1] >= 1000:
        number = spotter.amount(start, index, scale[1], value * scale[0][1], scale[0][1] / 10)
        return measurer.with_unit(passage.count(number, start, number.end), number)
    unit = phrase_at(passage.lexicon.unit_words, tokens, at)
    if unit is None or str(unit[0]).startswith("currency:") or unit[0] == "concentr-percent":
        return None
    number = spotter.amount(start, index, after, value, value / 10)
    return passage.convert(passage.count(number, start, number.end), unit[0], tokens.ends[unit[1] - 1])


def _part(passage: Passage, index: int, start: int, after: int, value: Fraction) -> Measured | None:
    if passage.tokens.words[index] in _vocabulary(passage.lexicon.code).adjectives:
        return None
    before = passage.word(index - 1)
    if value == _HALF and (before in passage.lexicon.ordinals or before in ("other", "latter")):
        return None
    if value == _HALF and passage.lexicon.code == "en":
        following = passage.word(after)
        if following[:1].isalpha() and following not in _PARTS_OF and before not in _BEFORE_HALF:
            return None
    return Measured(_share(passage, start, passage.tokens.ends[after - 1], value))


def _ordinal(passage: Passage, index: int) -> Measured | None:
    """An ordinal in words; first and second say too many other things."""
    found = phrase_at(passage.lexicon.ordinals, passage.tokens, index)
    if found is None or found[0] < 3 or not passage.lexicon.numbers.ordinal_words:
        return None
    return passage.ordinal(
        passage.tokens.starts[index], passage.tokens.ends[found[1] - 1], Fraction(found[0])
    )
