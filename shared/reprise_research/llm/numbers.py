"""Numbers as they are written in any of the ways that languages write them: a text's `6.200` may be 6.2 or
6200, and both count."""

import re
from dataclasses import dataclass

_NUMBER = re.compile(
    r"(?<![A-Za-z0-9_.,])(?P<digits>\d+(?:[.,'’\u202f\u00a0 ]\d+)*)(?:[\s\u00a0-]?"
    r"(?P<scale>万亿|千万|百万|十万|万|亿|千|million(?:en|s|es|i)?|mio\.?|mln|"
    r"millones|milhões|milioni|milliard(?:en|s)?|mrd\.?|billion(?:s|en)?|bn|trillion|thousand|tausend|mille|mil|тыс|млн|млрд|lakh|crore|"
    r"[mk](?![\w²³/])))?",
    re.IGNORECASE,
)
_SCALES = {
    "万": 1e4,
    "十万": 1e5,
    "百万": 1e6,
    "千万": 1e7,
    "亿": 1e8,
    "万亿": 1e12,
    "千": 1e3,
    "thousand": 1e3,
    "tausend": 1e3,
    "mille": 1e3,
    "mil": 1e3,
    "тыс": 1e3,
    "k": 1e3,
    "mio": 1e6,
    "mln": 1e6,
    "млн": 1e6,
    "m": 1e6,
    "mrd": 1e9,
    "bn": 1e9,
    "млрд": 1e9,
    "trillion": 1e12,
    "lakh": 1e5,
    "crore": 1e7,
}
_JOINT = 8
_PARTS = re.compile(r"[\n.;。；]")
"""Characters between two numbers that share a scale, and what parts them."""
_THOUSANDS = re.compile(r"\d{1,3}(?:[.,'’\u202f\u00a0 ]\d{3})+")


@dataclass(frozen=True)
class Reading:
    """One number of a text: as it is written, every value that it may have, and for each what its last
    telling digit is worth."""

    text: str
    values: tuple[float, ...]
    worth: tuple[float, ...]

    def meets(self, other: "Reading") -> bool:
        """Whether both can be the same number."""
        return any(abs(a - b) <= 1e-9 * max(1.0, abs(a), abs(b)) for a in self.values for b in other.values)


def readings(text: str) -> tuple[Reading, ...]:
    """Every number of a text. In `1.4 and 2.3 million` the scale is that of both."""
    found: list[Reading] = []
    scale, start = 1.0, len(text)
    for match in reversed(list(_NUMBER.finditer(text))):
        own = _scale(match["scale"] or "")
        shared = (
            scale
            if own == 1.0 and start - match.end() <= _JOINT and not _PARTS.search(text[match.end() : start])
            else 1.0
        )
        for reading in reversed(_read(match["digits"], own)):
            both = tuple(value * shared for value in reading.values) if shared != 1.0 else ()
            worth = tuple(one * shared for one in reading.worth) if shared != 1.0 else ()
            found.append(Reading(reading.text, reading.values + both, reading.worth + worth))
        scale, start = own if own != 1.0 else shared, match.start()
    return tuple(reversed(found))


def missing(claim: str, evidence: str) -> tuple[Reading, ...]:
    """The numbers of a claim that its evidence does not have."""
    given = readings(evidence)
    return tuple(one for one in readings(claim) if not any(one.meets(other) for other in given))


def _read(digits: str, scale: float) -> list[Reading]:
    """A run of digits and separators: one number with a decimal sign, one with signs of thousands, or several
    numbers."""
    plain = re.sub(r"[’' \u202f\u00a0]", "", digits)
    separators = re.findall(r"[.,]", plain)
    written: list[str] = []
    if not separators:
        if re.search(r"[ \u00a0]", digits) and not _THOUSANDS.fullmatch(digits):
            parts = digits.split()
            return [reading for part in parts for reading in _read(part, scale if part is parts[-1] else 1.0)]
        written = [plain]
    elif len(set(separators)) == 2 or len(separators) == 1:
        last = max(plain.rfind("."), plain.rfind(","))
        whole, rest = re.sub(r"[.,]", "", plain[:last]), plain[last + 1 :]
        written = [f"{whole}.{rest}"]
        if len(separators) == 1 and _THOUSANDS.fullmatch(plain):
            written.append(whole + rest)
    elif _THOUSANDS.fullmatch(plain):
        written = [re.sub(r"[.,]", "", plain)]
    else:  # a date or the number of a section
        return [Reading(part, (float(part),), (1.0,)) for part in re.split(r"[.,]", plain) if part]
    return [
        Reading(
            digits,
            tuple(float(one) * scale for one in written),
            tuple(_worth(one) * scale for one in written),
        )
    ]


def _worth(written: str) -> float:
    """What the last digit that tells something is worth: 0.1 in `2.3`, 1000 in `51000`."""
    whole, _, rest = written.partition(".")
    return 10.0 ** -len(rest) if rest else 10.0 ** (len(whole) - len(whole.rstrip("0") or whole))


def _scale(word: str) -> float:
    bare = word.lower().rstrip(".")
    if bare in _SCALES:
        return _SCALES[bare]
    if bare.startswith(("million", "millones", "milhões", "milioni")):
        return 1e6
    return 1e9 if bare.startswith(("milliard", "billion")) else 1.0
