"""Figures in a sentence: the number, its unit, and whether two of them can both be true of one thing."""

import re
from dataclasses import dataclass
from functools import lru_cache

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
    "元": ("¥", 1), "crowns": ("crowns", 1),
}  # fmt: skip
_UNIT = "|".join(re.escape(unit) for unit in sorted(_UNITS, key=lambda unit: (-len(unit), unit)))
_SCALE = "|".join(sorted(_SCALES, key=lambda scale: (-len(scale), scale)))
_FIGURE = re.compile(
    r"(?<![A-Za-z0-9.])(?P<currency>[€$£¥])?\s?"
    rf"(?P<number>\d{{1,3}}(?:[,\u00a0\u202f ]\d{{3}})+(?:\.\d+)?|\d+(?:\.\d+)?|\b(?:{'|'.join(_WORDS)})\b)"
    rf"(?:\s?(?P<scale>{_SCALE})(?![a-z]))?"
    rf"(?:[\s-]?(?P<unit>{_UNIT})(?![a-z]))?",
    re.IGNORECASE,
)
_NEXT = re.compile(r"\s+((?:[a-z][a-z-]*\s+){0,2}?)([a-z]+s)\b")


@dataclass(frozen=True)
class Figure:
    """A quantity as it stands in a sentence: `text == sentence[start:end]`; `value` in the first unit of its kind."""

    text: str
    value: float
    unit: str
    start: int
    end: int


@lru_cache(maxsize=16384)
def figures(sentence: str) -> tuple[Figure, ...]:
    """The quantities of a sentence. Years, and numbers that count nothing, are none."""
    found = []
    for match in _FIGURE.finditer(sentence):
        number = match["number"].lower()
        spelled = number in _WORDS
        value = float(_WORDS[number]) if spelled else float(re.sub(r"[,\u00a0\u202f ]", "", number))
        value *= _SCALES.get((match["scale"] or "").lower(), 1)
        unit, factor = _UNITS.get((match["unit"] or "").lower(), ("", 1.0))
        end = match.end()
        if match["currency"]:
            unit, factor = match["currency"], 1.0
        elif unit == "months" and match["unit"] == "年" and 1900 <= value <= 2100:
            continue
        elif not unit:
            counted = _counted(sentence, end, number, match["scale"])
            if counted is None or spelled:
                continue
            unit, end = counted
        start = match.start("currency") if match["currency"] else match.start("number")
        found.append(Figure(sentence[start:end], value * factor, unit, start, end))
    return tuple(found)


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
    """Whether two figures give one quantity: equal, or apart by no more than rounding (2 per cent)."""
    return one.unit == other.unit and abs(one.value - other.value) <= 0.02 * max(abs(one.value), abs(other.value))


def conflicting(one: Figure, other: Figure) -> bool:
    """Whether two figures of one unit are too far apart (10 per cent) to be one quantity, yet of one order of magnitude."""
    larger, smaller = max(abs(one.value), abs(other.value)), min(abs(one.value), abs(other.value))
    return one.unit == other.unit and larger - smaller > 0.1 * larger and larger <= 20 * max(smaller, 1e-9)


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


def _counted(sentence: str, end: int, number: str, scale: str | None) -> tuple[str, int] | None:
    """What a bare number counts: the next plural noun, at most two adjectives away. A lone year counts nothing."""
    noun = _NEXT.match(sentence, end)
    if noun is None or noun[2] in STOPWORDS or any(word in STOPWORDS for word in noun[1].split()):
        return None
    if not scale and re.fullmatch(r"(?:19|20)\d\d", number):
        return None
    return stem(noun[2]), noun.end()


def _word_start(sentence: str, position: int) -> int:
    space = sentence.find(" ", position)
    return position if space < 0 else space + 1
