"""Dates, periods and times of day, in the forms of the languages that are known.

A date is the interval of its days, so that 3 March 2024 lies in March 2024 and in 2024, and 2023 lies outside
of both.
"""

import calendar
import datetime
import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from reprise_research.quantities.folding import fold, lower
from reprise_research.quantities.lexicon import Lexicon
from reprise_research.quantities.lexicon import lexicon as lexicon_of
from reprise_research.quantities.model import Kind, Quantity

_YEARLESS = 4
"""The year in which dates without a year are counted: the first leap year."""
_ERAS = {"令和": 2018, "平成": 1988, "昭和": 1925, "大正": 1911, "明治": 1867, "民国": 1911, "民國": 1911}
_ROMAN = {"i": 1, "v": 5, "x": 10}
_HAN = {character: index for index, character in enumerate("〇一二三四五六七八九")} | {"零": 0}
_AFTERNOON = frozenset({"pm", "p.m.", "p.m", "午後", "下午", "晚上", "오후", "شام", "مساء", "عصرا"})


@dataclass(frozen=True, slots=True)
class Days:
    """An interval of days, and how exact it is."""

    unit: str
    first: int
    last: int


def _day(year: int, month: int, day: int) -> int | None:
    try:
        return datetime.date(year, month, day).toordinal()
    except ValueError:
        return None


def days(year: int, month: int | None = None, day: int | None = None) -> Days | None:
    """Return the days of a year, of a month of it, or of one day; None if there is no such day."""
    if not 1 <= year <= 9998:
        return None
    if month is None:
        return Days("year", datetime.date(year, 1, 1).toordinal(), datetime.date(year, 12, 31).toordinal())
    if not 1 <= month <= 12:
        return None
    first = _day(year, month, day or 1)
    last = _day(year, month, day or calendar.monthrange(year, month)[1])
    if first is None or last is None:
        return None
    return Days("month" if day is None else "day", first, last)


def span(first_year: int, last_year: int, unit: str) -> Days | None:
    """Return the days of several years."""
    one, other = days(first_year), days(last_year)
    return (
        None if one is None or other is None or first_year > last_year else Days(unit, one.first, other.last)
    )


def part_of_year(year: int | None, number: int, parts: int) -> Days | None:
    """Return the days of a quarter (`parts` 4) or a half (2) of a year, or of no year in particular."""
    if not 1 <= number <= parts:
        return None
    months = 12 // parts
    first = days(year or _YEARLESS, (number - 1) * months + 1, 1)
    last = days(year or _YEARLESS, number * months)
    if first is None or last is None:
        return None
    name = {4: "quarter", 2: "half"}[parts]
    return Days(name if year else f"yearless-{name}", first.first, last.last)


def yearless(month: int, day: int | None = None) -> Days | None:
    """Return the days of a month, or one day, of no year in particular."""
    found = days(_YEARLESS, month, day)
    return (
        None
        if found is None
        else Days("yearless-month" if day is None else "yearless", found.first, found.last)
    )


def is_year(value: int) -> bool:
    """Return whether a number of four digits can be a year that a text speaks of."""
    return 1000 <= value <= 2199


def quantity(text: str, start: int, end: int, found: Days | None, language: str | None) -> Quantity | None:
    """Return the date that stands in a text."""
    if found is None:
        return None
    return Quantity(
        start,
        end,
        text[start:end],
        Kind.DATE,
        found.unit,
        Fraction(found.first),
        Fraction(found.last),
        language=language,
    )


def _roman(text: str) -> int:
    total = 0
    for character, following in zip(text, text[1:] + " ", strict=True):
        value = _ROMAN[character]
        total += -value if _ROMAN.get(following, 0) > value else value
    return total


_Reader = Callable[[re.Match[str]], Days | None]


@dataclass(frozen=True)
class Calendar:
    """The patterns of one language, tried in order; earlier ones win."""

    patterns: tuple[tuple[re.Pattern[str], _Reader], ...]
    times: tuple[re.Pattern[str], ...]

    def dates(self, low: str, text: str, language: str | None) -> Iterator[Quantity]:
        """The dates of a folded text in lower case, which may overlap; the best first."""
        for pattern, reader in self.patterns:
            for match in pattern.finditer(low):
                found = quantity(text, match.start("all"), match.end("all"), reader(match), language)
                if found is not None:
                    yield found

    def clock(self, low: str, text: str, language: str | None) -> Iterator[Quantity]:
        """The times of day."""
        for pattern in self.times:
            for match in pattern.finditer(low):
                groups = match.groupdict()
                hour, minute = int(groups["h"]), int(groups.get("m") or (30 if groups.get("half") else 0))
                name = (groups.get("ap") or groups.get("before") or "").strip()
                if name in _AFTERNOON and hour < 12:
                    hour += 12
                elif name in ("am", "a.m.", "a.m") and hour == 12:
                    hour = 0
                if hour <= 24 and minute < 60:
                    value = Fraction(hour * 60 + minute)
                    start, end = match.span()
                    yield Quantity(
                        start,
                        end,
                        text[start:end],
                        Kind.TIME,
                        "minute-of-day",
                        value,
                        value,
                        language=language,
                    )


def _year(match: re.Match[str], name: str = "y") -> int | None:
    year = match.groupdict().get(name)
    return int(year) if year else None


def _dated(months: dict[str, int]) -> _Reader:
    def read(match: re.Match[str]) -> Days | None:
        groups = match.groupdict()
        month = months[re.sub(r"\s+", " ", groups["month"]).rstrip(".")]
        day, until, year = groups.get("d"), groups.get("u"), _year(match)
        if day and until:
            first = days(year, month, int(day)) if year else yearless(month, int(day))
            last = days(year, month, int(until)) if year else yearless(month, int(until))
            return (
                None
                if first is None or last is None or first.first > last.last
                else Days("days", first.first, last.last)
            )
        exact = int(day) if day else None
        return days(year, month, exact) if year else yearless(month, exact)

    return read


def _iso(match: re.Match[str]) -> Days | None:
    return days(int(match["y"]), int(match["month"]), int(match["d"]) if match["d"] else None)


def _numeric(american: bool) -> _Reader:
    def read(match: re.Match[str]) -> Days | None:
        one, other, year = int(match["a"]), int(match["b"]), int(match["y"])
        year += 2000 if year < 70 else 1900 if year < 100 else 0
        options = [days(year, other, one)]
        if american and match["sep"] == "/" and one != other:
            options.append(days(year, one, other))
        valid = [option for option in options if option is not None]
        if not valid:
            return None
        return Days("day", min(option.first for option in valid), max(option.last for option in valid))

    return read


def _years(match: re.Match[str]) -> Days | None:
    first, last = int(match["y"]), match["z"]
    until = int(last) if len(last) == 4 else first // 100 * 100 + int(last)
    if not (is_year(first) and is_year(until) and first < until):
        return None
    return span(first, until, "fiscal-year" if match["sep"] == "/" and until == first + 1 else "years")


def _fiscal(match: re.Match[str]) -> Days | None:
    year = int(match["y"]) if len(match["y"]) == 4 else 2000 + int(match["y"])
    found = days(year)
    return None if found is None else Days("fiscal-year", found.first, found.last)


def _decade(match: re.Match[str]) -> Days | None:
    year = int(match["y"])
    return span(year, year + 9, "decade")


def _century(match: re.Match[str]) -> Days | None:
    written = match["n"]
    number = int(written) if written.isdigit() else _roman(written)
    return span((number - 1) * 100 + 1, number * 100, "century") if 1 <= number <= 22 else None


def _named_century(ordinals: dict[str, int]) -> _Reader:
    """Centuries whose number is a word: `the ninth century`."""

    def read(match: re.Match[str]) -> Days | None:
        number = ordinals[match["n"]]
        return span((number - 1) * 100 + 1, number * 100, "century") if 1 <= number <= 22 else None

    return read


def _part(ordinals: dict[str, int], parts: int) -> _Reader:
    def read(match: re.Match[str]) -> Days | None:
        name = match["n"]
        digits = re.match(r"\d+", name)
        number = int(digits[0]) if digits else ordinals.get(name, 0)
        return part_of_year(_year(match), number, parts)

    return read


def _alternatives(words: Iterable[str]) -> str:
    folded = {lower(fold(word)) for word in words}
    return (
        "|".join(
            re.escape(word).replace(r"\ ", r"\s")
            for word in sorted(folded, key=lambda word: (-len(word), word))
        )
        or "(?!)"
    )


_NUMERIC = (
    r"(?P<all>(?<![\w.,/-])(?P<a>\d{1,2})(?P<sep>[./-])(?P<b>\d{1,2})(?P=sep)"
    r"(?P<y>(?:19|20)\d\d|\d\d)(?![\w/]|[.,-]\d))"
)
_ISO = (
    r"(?P<all>(?<![\w.,/-])(?P<y>[12]\d{3})(?P<s>[-/.])(?P<month>0?[1-9]|1[0-2])"
    r"(?:(?P=s)(?P<d>0?[1-9]|[12]\d|3[01]))(?![\w]|[.,/-]\d))"
)
_ISO_MONTH = r"(?P<all>(?<![\w.,/-])(?P<y>(?:19|20)\d\d)-(?P<month>0[1-9]|1[0-2])(?P<d>)(?![\w-]|[.,/]\d))"
_YEARS = (
    r"(?P<all>(?<![\w.,/$€£-])(?P<y>[12]\d{3})\s?"
    r"(?P<sep>[-–—/~〜～])\s?(?P<z>[12]\d{3}|\d\d)(?![\d/-]|[.,]\d))"
)
_OF = (
    r"(?:\s(?:of|de|del|della|des|du|do|dos|di|der|von|van|im|in|el|la|the|l'|в|من)\b)?"
    r"(?:\s?(?:fiscal|financial|year|anno|año|ano|عام|سنة|العام|jahr(?:es)?)){0,2}"
)


@cache
def calendar_of(code: str) -> Calendar:
    """Return the patterns of a language."""
    lexicon = lexicon_of(code)
    if not lexicon.spaces or lexicon.code == "ko":
        return Calendar(tuple(_eastern(lexicon.code)), tuple(_eastern_times(lexicon.code)))
    return Calendar(tuple(_western(lexicon)), tuple(_western_times(lexicon.code)))


def _western(lexicon: Lexicon) -> Iterator[tuple[re.Pattern[str], _Reader]]:
    month = f"(?P<month>{_alternatives(lexicon.months)})"
    dated = _dated(lexicon.months)
    ordinals = {" ".join(words): value for words, value in lexicon.ordinals}
    year = r"(?P<y>[12]\d{3})(?!\d|[.,]\d)"
    after = r"(?:,?\s?(?:de|del|of|do|di)?\s?" + year + r"(?:\s?(?:г\.|г\b|года))?)"
    yield (
        re.compile(
            r"(?P<all>(?<![\w.,])(?P<d>\d{1,2})\.?\s?[-–—]\s?(?P<u>\d{1,2})(?:\.|st|nd|rd|th|er|º)?\s?(?:de\s|of\s|di\s)?"
            + month
            + r"\b\.?"
            + after
            + "?)"
        ),
        dated,
    )
    yield (
        re.compile(
            r"(?P<all>(?<![\w,.])(?P<d>\d{1,2})(?:\.|st|nd|rd|th|er|º|°|-?го)?\s?(?:day\s)?(?:de\s|of\s|di\s)?"
            + month
            + r"\b\.?"
            + after
            + "?)"
        ),
        dated,
    )
    if lexicon.code == "en":
        tail = r"(?:,?\s" + year + r")?(?!\d|[.,]\d|:\d|\s?%|\s(?:people|men|women|children|[a-z]+s)\b)"
        yield re.compile(r"(?P<all>\b" + month + r"\.?\s(?P<d>\d{1,2})(?:st|nd|rd|th)?" + tail + ")"), dated
    yield (
        re.compile(
            r"(?P<all>(?<!\w)"
            + month
            + r"\b\.?,?\s?(?:de\s|del\s|of\s|do\s|di\s)?"
            + year
            + r"(?:\s(?:г\.|года))?)"
        ),
        dated,
    )
    yield re.compile(_ISO), _iso
    yield re.compile(_ISO_MONTH), _iso
    yield re.compile(_NUMERIC), _numeric(american=lexicon.code == "en")
    order = f"(?P<n>{_alternatives(ordinals)}|[1-4](?:st|nd|rd|th|er|e|ème|º|ª|°|o|te|de|-?й|-?е|-?м|\\.)?)"
    for words, parts in ((lexicon.dates.quarters, 4), (lexicon.dates.halves, 2)):
        names = _alternatives(words)
        reader = _part(ordinals, parts)
        if lexicon.code == "ar":
            yield re.compile(rf"(?P<all>(?<!\w)(?:{names})\s{order}(?:{_OF}\s?{year})?)"), reader
        else:
            yield (
                re.compile(
                    rf"(?P<all>(?<!\w){order}\s(?:fiscal\s|fiskal\w*\s)?(?:{names})\b(?:{_OF},?\s?{year})?)"
                ),
                reader,
            )
    yield re.compile(r"(?P<all>\b[qt](?P<n>[1-4])(?:\s?/?-?\s?(?:fy\s?)?" + year + ")?)(?!\\w)"), _part({}, 4)
    yield re.compile(r"(?P<all>\b(?P<n>[1-4])[qt]\s?" + year + ")"), _part({}, 4)
    yield re.compile(r"(?P<all>\b[hs](?P<n>[12])\s?/?\s?" + year + ")"), _part({}, 2)
    fiscal = _alternatives(lexicon.dates.fiscal)
    yield (
        re.compile(
            rf"(?P<all>(?<!\w)(?:{fiscal})\s?(?P<y>[12]\d{{3}})\s?(?P<sep>/)\s?(?P<z>[12]\d{{3}}|\d\d)(?!\d))"
        ),
        _years,
    )
    yield re.compile(rf"(?P<all>(?<!\w)(?:{fiscal})\s?{year})"), _fiscal
    yield re.compile(r"(?P<all>\bfy\s?'?(?P<y>\d{2}|20\d\d)\b)"), _fiscal
    if suffix := lexicon.dates.decade_suffix:
        yield (
            re.compile(
                rf"(?P<all>(?<![\w.,])(?P<y>[12]\d\d0)'?{suffix}(?:[-\s]?(?:jahren?|годах|годы|годов|гг\.?))?(?!\w))"
            ),
            _decade,
        )
    if decades := lexicon.dates.decades:
        yield (
            re.compile(
                rf"(?P<all>(?<!\w)(?:{_alternatives(decades)})\s(?P<y>[12]\d\d0)(?![\d-]|[.,/]\d|\sa\s))"
            ),
            _decade,
        )
    century = _alternatives(lexicon.dates.century)
    suffixes = r"(?:st|nd|rd|th|\.|er|e|ème|de|ste|º|-?й|-?м|-?го)?"
    yield re.compile(rf"(?P<all>(?<!\w)(?P<n>\d{{1,2}}|[ivx]+?){suffixes}[\s-](?:{century})\b)"), _century
    if ordinals:
        named = re.compile(rf"(?P<all>(?<!\w)(?P<n>{_alternatives(ordinals)})[\s-](?:{century})\b)")
        yield named, _named_century(ordinals)
    yield re.compile(rf"(?P<all>(?<!\w)(?:{century})\s(?P<n>[ivx]+|\d{{1,2}})\b)"), _century
    yield re.compile(_YEARS), _years
    before = _alternatives(lexicon.dates.month_before)
    long = {
        name: number
        for name, number in lexicon.months.items()
        if len(name) > 3 or name in ("may", "mai", "mei", "май", "мая", "мае")
    }
    yield re.compile(rf"(?<!\w)(?:{before})\s(?P<all>(?P<month>{_alternatives(long)})\b\.?)"), dated


def _western_times(code: str) -> Iterator[re.Pattern[str]]:
    yield re.compile(
        r"(?<![\w.,:])(?P<h>[01]?\d|2[0-4]):(?P<m>[0-5]\d)(?::[0-5]\d)?(?:\s?(?P<ap>[ap]\.m\.|[ap]m\b|uhr\b|h\b|uur\b))?(?![\w:]|[.,]\d)"
    )
    if code == "en":
        yield re.compile(
            r"(?<![\w.,:])(?P<h>0?[1-9]|1[0-2])(?:[.:](?P<m>[0-5]\d))?\s?(?P<ap>[ap]\.m\.?|[ap]m\b)"
        )
        yield re.compile(r"(?<![\w.,:])(?P<h>0?[1-9]|1[0-2])\so'clock\b")
    elif code == "de":
        yield re.compile(r"(?<![\w.,:])(?P<h>[01]?\d|2[0-4])(?:[.:](?P<m>[0-5]\d))?\suhr\b")
    elif code == "fr":
        yield re.compile(r"(?<![\w.,:])(?P<h>[01]?\d|2[0-4])\s?h\s?(?P<m>[0-5]\d)\b")
    elif code == "nl":
        yield re.compile(r"(?<=\bom\s)(?P<h>[01]?\d|2[0-4])(?:[.:](?P<m>[0-5]\d))?\suur\b")
    elif code == "it":
        yield re.compile(r"(?<=\bore\s)(?P<h>[01]?\d|2[0-4])(?:[.:](?P<m>[0-5]\d))?\b(?![.,:]\d)")
    elif code == "hi":
        yield re.compile(r"(?<![\w.,:])(?P<h>0?[1-9]|1[0-2])\sबजे")
    elif code == "ar":
        yield re.compile(r"(?<=الساعة\s)(?P<h>0?[1-9]|1[0-2])(?![\d:.,])")


def _number(text: str | None) -> int | None:
    """A number in digits, or in Chinese characters up to 99 or digit by digit."""
    if not text:
        return None
    if text.isdigit():
        return int(text)
    if text == "元":
        return 1
    if "十" in text:
        tens, _, ones = text.partition("十")
        return (_HAN[tens] if tens else 1) * 10 + (_HAN[ones] if ones else 0)
    return int("".join(str(_HAN[character]) for character in text))


def _east(match: re.Match[str]) -> Days | None:
    groups = match.groupdict()
    year, month, day = (_number(groups.get(name)) for name in ("y", "month", "d"))
    if year is not None and groups.get("era"):
        year += _ERAS[groups["era"]]
    if year is None:
        return yearless(month, day) if month and month <= 12 else None
    if not is_year(year):
        return None
    return days(year, month, day)


def _east_fiscal(match: re.Match[str]) -> Days | None:
    year = _number(match["y"]) or 0
    found = days(year + _ERAS.get(match.groupdict().get("era") or "", 0))
    return None if found is None else Days("fiscal-year", found.first, found.last)


def _east_part(parts: int) -> _Reader:
    def read(match: re.Match[str]) -> Days | None:
        name = match["n"]
        number = (
            {"上": 1, "下": 2, "前": 1, "後": 2, "后": 2, "상": 1, "하": 2}.get(name) or _number(name) or 0
        )
        return part_of_year(_number(match["y"]), number, parts)

    return read


def _eastern(code: str) -> Iterator[tuple[re.Pattern[str], _Reader]]:
    digits = "〇零一二三四五六七八九"
    small = rf"(?:\d{{1,2}}|[{digits}]?十[一二三四五六七八九]?|[一二三四五六七八九])"
    year = rf"(?P<y>(?<![\d.,])[12]\d{{3}}|(?<![{digits}十百千万亿])[一二][{digits}]{{3}})"
    if code == "ko":
        y, m, d = r"\s?년(?![간대])", r"\s?월", r"\s?일(?!간)"
        optional = rf"(?:{year}\s?년도?\s?)?"
        yield re.compile(rf"(?P<all>{optional}(?:제\s?)?(?<![\d.,])(?P<n>[1-4])\s?분기)"), _east_part(4)
        yield re.compile(rf"(?P<all>{optional}(?P<n>[상하])반기)"), _east_part(2)
        yield re.compile(rf"(?P<all>{year}\s?(?:회계연도|년도))"), _east_fiscal
        yield re.compile(r"(?P<all>(?<![\d.,])(?P<y>[12]\d\d0)\s?년대)"), _decade
        yield re.compile(r"(?P<all>(?<![\d.,])(?P<n>\d{1,2})\s?세기)"), _century
        yield (
            re.compile(rf"(?P<all>{year}{y}(?:\s?(?P<month>\d{{1,2}}){m}(?:\s?(?P<d>\d{{1,2}}){d})?)?)"),
            _east,
        )
        yield re.compile(rf"(?P<all>(?<![\d.,])(?P<month>\d{{1,2}}){m}\s?(?P<d>\d{{1,2}}){d})"), _east
        yield re.compile(rf"(?P<all>(?<![\d.,])(?P<month>\d{{1,2}}){m}(?![가-힣]*개))"), _east
    else:
        optional = rf"(?:{year}年度?の?)?"
        quarter = r"(?:季度|四半期)"
        yield (
            re.compile(rf"(?P<all>{optional}第?(?<![\d.,個个])(?P<n>[1-4一二三四]){quarter})"),
            _east_part(4),
        )
        yield re.compile(rf"(?P<all>{optional}(?P<n>[上下])半[年期])"), _east_part(2)
        yield re.compile(r"(?P<all>(?<![\d.,])(?P<y>[12]\d\d0)年代)"), _decade
        yield re.compile(r"(?P<all>(?<![\d.,])(?P<n>\d{1,2})世[纪紀])"), _century
        era = r"(?P<era>" + "|".join(_ERAS) + rf")(?P<y>{small}|元)年"
        yield re.compile(rf"(?P<all>(?P<era>{'|'.join(_ERAS)})(?P<y>{small}|元)年度)"), _east_fiscal
        yield re.compile(rf"(?P<all>{year}(?:年度|财年|财政年度|会計年度))"), _east_fiscal
        rest = rf"(?:(?P<month>{small})月份?(?:(?P<d>{small})[日号])?)?"
        yield re.compile(rf"(?P<all>{era}{rest})"), _east
        yield re.compile(rf"(?P<all>{year}年(?![間间代]){rest})"), _east
        yield re.compile(rf"(?P<all>(?<![\d.,{digits}十])(?P<month>{small})月(?P<d>{small})[日号])"), _east
        yield (
            re.compile(rf"(?P<all>(?<![\d.,{digits}十個个か])(?P<month>{small})月份?(?!\s?[間间号]))"),
            _east,
        )
    yield re.compile(_ISO), _iso
    yield re.compile(_YEARS), _years
    yield (
        re.compile(
            r"(?P<all>(?<![\d.,])(?P<y>[12]\d{3})\s?[年년]?\s?(?P<sep>[-–—~〜～至到])\s?(?P<z>[12]\d{3})\s?[年년])"
        ),
        _years,
    )


def _eastern_times(code: str) -> Iterator[re.Pattern[str]]:
    yield re.compile(r"(?<![\w.,:])(?P<h>[01]?\d|2[0-4]):(?P<m>[0-5]\d)(?![\w:]|[.,]\d)")
    if code == "ja":
        yield re.compile(
            r"(?P<before>午前|午後)?(?<![\d.,])(?P<h>[01]?\d|2[0-4])時(?!間)(?:(?P<m>[0-5]?\d)分(?!間)|(?P<half>半))?"
        )
    elif code == "zh":
        yield re.compile(
            r"(?P<before>上午|下午|晚上|凌晨|中午|早上)?(?<![\d.,])(?P<h>[01]?\d|2[0-4])[点时](?![\d%％间]|多)(?:(?P<m>[0-5]?\d)分(?!钟)|(?P<half>半))?"
        )
    else:
        yield re.compile(
            r"(?:(?P<before>오전|오후)\s?)?(?<![\d.,])(?P<h>[01]?\d|2[0-4])\s?시(?![간가-힣]*간)(?:\s?(?P<m>[0-5]?\d)\s?분(?!간)|\s?(?P<half>반))?"
        )
