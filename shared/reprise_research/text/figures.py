"""Figures in a sentence: the number, its unit, and whether two of them can both be true of one thing.

A number is as exact as it is written: 945,000 to the thousand, 1.4 million to the hundred thousand. Two that differ by no more than that
are one quantity, and two that differ by more are not.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from reprise_research.text.language import is_han
from reprise_research.text.words import STOPWORDS, stem

_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10, "eleven": 11,
    "twelve": 12, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80,
    "ninety": 90,
}  # fmt: skip
_SCALES = {
    "thousand": 1e3,
    "million": 1e6,
    "m": 1e6,
    "billion": 1e9,
    "bn": 1e9,
    "trillion": 1e12,
    "千": 1e3,
    "万": 1e4,
    "百万": 1e6,
    "亿": 1e8,
}
_UNITS: dict[str, tuple[str, float]] = {
    "%": ("%", 1), "per cent": ("%", 1), "percent": ("%", 1), "percentage points": ("points", 1), "percentage point": ("points", 1),
    "points": ("points", 1), "个百分点": ("points", 1),
    "seconds": ("time", 1), "second": ("time", 1), "秒": ("time", 1), "minutes": ("time", 60), "minute": ("time", 60), "min": ("time", 60),
    "分钟": ("time", 60), "hours": ("time", 3600), "hour": ("time", 3600), "小时": ("time", 3600),
    "days": ("days", 1), "day": ("days", 1), "天": ("days", 1), "weeks": ("days", 7), "week": ("days", 7), "months": ("months", 1),
    "month": ("months", 1), "个月": ("months", 1), "years": ("months", 12), "year": ("months", 12), "年": ("months", 12),
    "km/h": ("km/h", 1), "kilometres per hour": ("km/h", 1), "公里": ("km", 1),
    "kilometres": ("km", 1), "km": ("km", 1), "metres": ("km", 0.001),
    "centimetres": ("km", 1e-5), "cm": ("km", 1e-5), "厘米": ("km", 1e-5), "米": ("km", 0.001), "吨": ("t", 1),
    "mph": ("mph", 1), "decibels": ("dB", 1), "decibel": ("dB", 1), "db(a)": ("dB", 1), "db": ("dB", 1), "分贝": ("dB", 1),
    "°c": ("°C", 1), "degrees": ("°C", 1), "kwh": ("kWh", 1), "mwh": ("kWh", 1000), "gwh": ("kWh", 1e6),
    "tonnes": ("t", 1), "tons": ("t", 1), "kg": ("t", 0.001), "kilograms": ("t", 0.001), "kilogram": ("t", 0.001),
    "kilowatt-hours": ("kWh", 1), "kilowatt-hour": ("kWh", 1), "cents": ("cents", 1), "cent": ("cents", 1), "litres": ("l", 1),
    "cubic metres": ("m³", 1), "hectares": ("ha", 1),
    "euros": ("€", 1), "euro": ("€", 1), "欧元": ("€", 1), "dollars": ("$", 1), "美元": ("$", 1), "pounds": ("£", 1),
    "元": ("¥", 1), "crowns": ("crowns", 1), "％": ("%", 1), "公斤": ("t", 0.001), "千克": ("t", 0.001), "公顷": ("ha", 1),
    "milliseconds": ("time", 1e-3), "millisecond": ("time", 1e-3), "ms": ("time", 1e-3), "毫秒": ("time", 1e-3),
    "microseconds": ("time", 1e-6), "µs": ("time", 1e-6), "ns": ("time", 1e-9),
    "bytes": ("B", 1), "kb": ("B", 1e3), "mb": ("B", 1e6), "gb": ("B", 1e9), "tb": ("B", 1e12), "kilobytes": ("B", 1e3),
    "megabytes": ("B", 1e6), "gigabytes": ("B", 1e9), "terabytes": ("B", 1e12), "kib": ("B", 1024.0), "mib": ("B", 1024.0**2),
    "gib": ("B", 1024.0**3), "tib": ("B", 1024.0**4), "kbit/s": ("bit/s", 1e3), "mbit/s": ("bit/s", 1e6), "gbit/s": ("bit/s", 1e9),
    "khz": ("Hz", 1e3), "mhz": ("Hz", 1e6), "ghz": ("Hz", 1e9), "kw": ("W", 1e3), "mw": ("W", 1e6), "gw": ("W", 1e9),
    "watts": ("W", 1), "kilowatts": ("W", 1e3), "megawatts": ("W", 1e6), "千瓦": ("W", 1e3), "兆瓦": ("W", 1e6),
    "square metres": ("m²", 1), "miles": ("km", 1.609), "mile": ("km", 1.609), "ppm": ("ppm", 1), "grams": ("t", 1e-6),
    "mg": ("t", 1e-9), "millilitres": ("l", 1e-3), "ml": ("l", 1e-3),
    "千瓦时": ("kWh", 1), "立方米": ("m³", 1), "平方米": ("m²", 1), "平方公里": ("m²", 1e6), "摄氏度": ("°C", 1), "倍": ("times", 1),
}  # fmt: skip
_UNIT = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=lambda unit: (-len(unit), unit)))
_SCALE = "|".join(sorted(_SCALES, key=lambda scale: (-len(scale), scale)))
_HAN_DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
_HAN_TENS = {"十": 10, "百": 100, "千": 1000}
_HAN_NUMBER = f"[{''.join(_HAN_DIGITS)}十][{''.join(_HAN_DIGITS)}{''.join(_HAN_TENS)}万亿]*"
_FIGURE = re.compile(
    r"(?<![A-Za-z0-9.第])(?P<share>百分之)?(?P<currency>[€$£¥])?\s?"
    rf"(?P<number>\d{{1,3}}(?:[,\u00a0\u202f ]\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|\b(?:{'|'.join(_WORDS)})\b|{_HAN_NUMBER})"
    rf"(?P<odd>[多余])?(?:\s?(?P<scale>{_SCALE})(?![a-z]))?"
    rf"(?:[\s-]?(?P<unit>{_UNIT})(?![a-z]))?",
    re.IGNORECASE,
)
_NEXT = re.compile(r"\s+((?:[a-z][a-z-]*\s+){0,2}?)([a-z]+s|people|children|men|women)\b")
_NEXT_HAN = re.compile(
    r"\s?(人次|车次|班次|航次|架次|人|名|位|户|辆|台|套|件|次|起|例|家|所|座|条|艘|架|头|只|棵|张|份|篇|项|层|间|处|册|亩|成|个)"
)
_HEAD = re.compile(r"\b([A-Za-z]+s|[Pp]eople): $")
"""The heading of a table's column, as its rows are told: `Passengers: 931000`."""
_PERSONS = frozenset("人名位")
_BARE = "#"
"""The unit of a number that only its size shows to be a quantity: what it counts stands elsewhere in the sentence."""
_ABOUT = re.compile(
    r"(?:\b(?:about|around|roughly|approximately|nearly|almost|over|above|below|under|more than|less than|fewer than|at least|at most|"
    r"up to|some|close to|an estimated)|约|近|超过|逾|超|接近|不到|至少|最多|不足|大概)\s*$",
    re.IGNORECASE,
)
_OR_SO = re.compile(r"\s*(?:or so\b|or (?:more|less|fewer)\b|左右|上下|以上|以下)", re.IGNORECASE)


@dataclass(frozen=True)
class Figure:
    """A quantity as it stands in a sentence: `text == sentence[start:end]`; `value` in the first unit of its kind, exact to `within`
    either way. `about` says that the sentence itself does not call it exact."""

    text: str
    value: float
    unit: str
    start: int
    end: int
    within: float = 0.0
    about: bool = False

    @property
    def counts(self) -> bool:
        """Whether it counts things, and measures nothing."""
        return self.unit not in _MEASURES


_MEASURES = frozenset({unit for unit, _ in _UNITS.values()} | {"€", "$", "£", "¥"})


@lru_cache(maxsize=16384)
def figures(sentence: str) -> tuple[Figure, ...]:
    """The quantities of a sentence. Years, and small numbers that count nothing, are none."""
    return tuple(figure for match in _FIGURE.finditer(sentence) if (figure := _read(sentence, match)) is not None)


def _read(sentence: str, match: re.Match[str]) -> Figure | None:
    number = match["number"].lower()
    han = is_han(number[0]) or number[0] == "〇"
    value = _WORDS[number] if number in _WORDS else _han_number(number) if han else float(re.sub(r"[,\u00a0\u202f ]", "", number))
    small = value < 10 and (han or number in _WORDS)
    scale = _SCALES.get((match["scale"] or "").lower(), 1.0)
    unit, factor = _UNITS.get((match["unit"] or "").lower(), ("", 1.0))
    end = match.end()
    if match["currency"]:
        unit, factor = match["currency"], 1.0
    elif match["share"]:
        unit, factor = "%", 1.0
    elif unit == "months" and match["unit"] == "年" and 1900 <= value <= 2100:
        return None
    elif not unit:
        counted = _counted(sentence, match.start("number"), end, number, match["scale"])
        if counted is None or (number in _WORDS and not match["scale"]) or (small and not match["scale"] and counted[0] != "成"):
            return None
        unit, end = counted
        if unit == "成":
            unit, factor = "%", 10.0
    start = min(place for name in ("share", "currency", "number") if (place := match.start(name)) >= 0)
    about = bool(match["odd"] or _ABOUT.search(sentence, max(0, start - 20), start) or _OR_SO.match(sentence, end))
    return Figure(sentence[start:end], value * scale * factor, unit, start, end, _half(number, value) * scale * factor, about)


def _half(number: str, value: float) -> float:
    """Half a unit of the last digit that counts; zeros at the end of a whole number count for nothing."""
    _, point, decimals = number.partition(".")
    if point:
        return float(0.5 * 10 ** -len(decimals))
    whole = f"{value:.0f}"
    return float(0.5 * 10 ** (len(whole) - len(whole.rstrip("0")))) if value else 0.5


def _han_number(text: str) -> float:
    """A number in Chinese characters: `九百四十五万` is 9,450,000, `二〇二四` is 2024."""
    if len(text) > 1 and all(character in _HAN_DIGITS for character in text):
        return float("".join(str(_HAN_DIGITS[character]) for character in text))
    total = part = digit = 0.0
    for character in text:
        if character in _HAN_DIGITS:
            digit = _HAN_DIGITS[character]
        elif character in _HAN_TENS:
            part, digit = part + (digit or 1.0) * _HAN_TENS[character], 0.0
        else:
            total, part, digit = (total + part + digit or 1.0) * (1e4 if character == "万" else 1e8), 0.0, 0.0
    return total + part + digit


UNIT_WORDS = frozenset(stem(word) for unit in (*_UNITS, *_SCALES) for word in unit.split() if word.isalpha() and len(word) > 1)
"""Words that only measure, as stems: they are no subject."""


NUMBER_WORDS = frozenset({*_WORDS, *_SCALES, "hundred", "hundreds", "thousands", "millions", "dozen", "dozens", "half", "quarter", "pair"})
"""Words that only count."""


def is_money(figure: Figure) -> bool:
    """Whether it is an amount of money."""
    return figure.unit in {"€", "$", "£", "¥", "crowns"}


def striking(figure: Figure) -> bool:
    """Whether two sources hardly give the same figure by chance: an amount of money, or a large number, with two digits that count."""
    digits = f"{figure.value:.0f}".strip("0")
    return (is_money(figure) or figure.value >= 10_000) and figure.value >= 100 and len(digits) >= 2


def same(one: Figure, other: Figure) -> bool:
    """Whether two figures give one quantity: equal, or apart by no more than rounding (2 per cent at most)."""
    apart, larger = _distance(one, other)
    rounding = larger if one.about or other.about else max(one.within, other.within)
    return _comparable(one, other) and apart <= min(0.02 * larger, rounding) * (1 + 1e-9)


def conflicting(one: Figure, other: Figure) -> bool:
    """Whether two figures of one unit are further apart than their rounding explains (and 1 per cent; 10 if one of them is given as
    `about` so much), yet of one order of magnitude."""
    apart, larger = _distance(one, other)
    enough = max(0.1 * larger if one.about or other.about else 0.01 * larger, one.within + other.within)
    return _comparable(one, other) and apart > enough * (1 + 1e-9) and larger <= 20 * max(larger - apart, 1e-9)


def is_close(one: Figure, other: Figure) -> bool:
    """Whether two figures are within 10 per cent of each other: if they conflict, then only if they measure one and the same thing."""
    apart, larger = _distance(one, other)
    return apart <= 0.1 * larger


def _distance(one: Figure, other: Figure) -> tuple[float, float]:
    """How far apart two figures are, and the size of the larger."""
    return abs(one.value - other.value), max(abs(one.value), abs(other.value))


def _comparable(one: Figure, other: Figure) -> bool:
    return one.unit == other.unit or (_BARE in (one.unit, other.unit) and one.counts and other.counts)


def clause(sentence: str, figure: Figure, limit: int = 90) -> tuple[int, int]:
    """Where the words around a figure begin and end: its clause, cut to about `limit` characters between words."""
    left = max((sentence.rfind(mark, 0, figure.start) for mark in (", ", "; ", ": ", " – ", " — ", "，", "；", "：", "(")), default=-1)
    start = 0 if left < 0 else left + 1
    ends = [sentence.find(mark, figure.end) for mark in (", ", "; ", ": ", " – ", " — ", "，", "；", "。", ")")]
    end = min((position for position in ends if position >= 0), default=len(sentence.rstrip(".!?…。！？")))
    while start < figure.start and sentence[start] == " ":
        start += 1
    room = max(limit - (figure.end - figure.start), 20)
    if figure.start - start > room * 2 // 3:
        start = _word_start(sentence, figure.start - room * 2 // 3)
    if end - figure.end > room // 2:
        end = sentence.rfind(" ", figure.end, figure.end + room // 2)
        end = figure.end if end < 0 else end
    return start, end


def _counted(sentence: str, start: int, end: int, number: str, scale: str | None) -> tuple[str, int] | None:
    """What a bare number counts: the next plural noun, at most two adjectives away, a table's heading, or a
    Chinese measure word; a number that its scale or
    its size shows to be a quantity counts something in any case. A lone year counts nothing."""
    measure = _NEXT_HAN.match(sentence, end)
    if measure is not None:
        return "人" if measure[1] in _PERSONS else measure[1], measure.end()
    if not scale and re.fullmatch(r"(?:19|20)\d\d", number):
        return None
    head = _HEAD.search(sentence, max(0, start - 40), start)
    if head is not None:
        unit, factor = _UNITS.get(head[1].lower(), ("", 1))
        return (unit if unit and factor == 1 else stem(head[1].lower())), end
    noun = _NEXT.match(sentence, end)
    if noun is not None and noun[2] not in STOPWORDS and not any(word in STOPWORDS for word in noun[1].split()):
        return stem(noun[2]), noun.end()
    large = (scale or re.search(r"[,\u00a0\u202f ]", number)) and not is_han(number[0])
    return (_BARE, end) if large else None


def _word_start(sentence: str, position: int) -> int:
    space = sentence.find(" ", position)
    return position if space < 0 else space + 1
