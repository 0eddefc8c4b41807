"""Numbers in digits, with the separators of every locale: `6.200`, `6,200`, `6 200`, `60'000`, `1,00,000`,
`1.234,5`.

A separator before exactly three digits may group them or part off decimals. The language decides, and what
the rest of the text shows decides before it; where neither does, the number is not read.
"""

import re
from dataclasses import dataclass
from fractions import Fraction

DIGITS = r"\d+(?:[.,'٫٬]\d+)*(?:[ \u00a0\u202f\u2009]\d{3}(?!\d)(?:[.,٫]\d+(?![.,]?\d))?)*"
"""A number in digits, in a folded text."""
_ANY = re.compile(r"(?<![\w.,])(?:\d+(?:[.,]\d+)+)(?=\s?[%€£$]|\s?[a-zA-Zа-я\u4e00-\u9fff]|[\s.,;:)]|$)")
_SPACED = re.compile(r"\d{1,3}(?:[ \u00a0\u202f\u2009]\d{3})+(?:[.,٫]\d+)?")
_SPACE = re.compile(r"[ \u00a0\u202f\u2009']")
_GROUPED = re.compile(r"\d{1,3}(?:(?P<mark>[.,'٬])\d{3})(?:(?P=mark)\d{3})*")
_INDIAN = re.compile(r"\d{1,2}(?:,\d{2})+,\d{3}(?:\.\d+)?")


@dataclass(frozen=True, slots=True)
class Numeral:
    """The value of a number in digits, and what its last digit is worth; `zeros` is the same without zeros at
    the end."""

    value: Fraction
    step: Fraction
    zeros: Fraction
    grouped: bool = False


def plain(digits: str, decimals: str = "", grouped: bool = False) -> Numeral:
    """Return the numeral of ASCII digits before and after its decimal mark."""
    value = Fraction(int(digits + decimals), 10 ** len(decimals))
    step = Fraction(1, 10 ** len(decimals))
    if decimals or not value:
        return Numeral(value, step, step, grouped)
    zeros = Fraction(10 ** (len(digits) - len(digits.rstrip("0"))))
    return Numeral(value, step, zeros, grouped)


def decimal_mark(text: str, default: str | None) -> str | None:
    """Return `.` or `,`: the mark that parts off decimals in a folded text, as its unambiguous numbers show;
    else `default`."""
    votes = {".": 0, ",": 0}
    for match in _ANY.finditer(text):
        number = match[0]
        dots, commas = number.count("."), number.count(",")
        if dots and commas:
            last = "." if number.rfind(".") > number.rfind(",") else ","
            if number.count(last) == 1:
                votes[last] += 1
        elif dots + commas == 1:
            mark = "." if dots else ","
            whole, _, decimals = number.partition(mark)
            follows = text[match.end() : match.end() + 2].lstrip()[:1]
            if len(decimals) != 3 and (whole == "0" or (follows and follows in "%€£$")):
                votes[mark] += 1
        elif (dots > 1 or commas > 1) and _GROUPED.fullmatch(number):
            votes["," if dots else "."] += 1
    if (votes["."] > 0) == (votes[","] > 0):
        return default
    return "." if votes["."] else ","


def read(number: str, mark: str | None) -> Numeral | None:
    """Return the value of a number in digits, or None where its separators leave it open or make it no number
    (`1.2.3`).

    `mark` parts off decimals in this text; None: not known.
    """
    if len(number) > 60:
        return None
    number = number.replace("٫", ".").replace("٬", "'")
    if number.isdigit():
        return plain(number)
    if _SPACED.fullmatch(number):
        return plain(*_split(_SPACE.sub("", number)), grouped=True)
    return _apostrophes(number) if "'" in number else _separated(number, mark)


def _separated(number: str, mark: str | None) -> Numeral | None:
    dots, commas = number.count("."), number.count(",")
    if dots and commas:
        return _both(number)
    if _INDIAN.fullmatch(number):
        return plain(number.replace(",", ""), grouped=True)
    if dots + commas > 1:
        return (
            plain(re.sub(r"[.,]", "", number), grouped=True)
            if _GROUPED.fullmatch(number) and number[0] != "0"
            else None
        )
    return _one(number, "." if dots else ",", mark)


def _one(number: str, separator: str, mark: str | None) -> Numeral | None:
    whole, _, rest = number.partition(separator)
    if len(rest) != 3 or len(whole) > 3 or whole[0] == "0":
        return plain(whole, rest)
    if mark is None:
        return plain(whole + rest, grouped=True) if separator == "," else None
    return plain(whole, rest) if separator == mark else plain(whole + rest, grouped=True)


def _both(number: str) -> Numeral | None:
    last = "." if number.rfind(".") > number.rfind(",") else ","
    whole, _, decimals = number.rpartition(last)
    grouped = _GROUPED.fullmatch(whole) or (last == "." and _INDIAN.fullmatch(whole))
    return plain(re.sub(r"[.,]", "", whole), decimals, True) if grouped and last not in whole else None


def _apostrophes(number: str) -> Numeral | None:
    whole, decimals = _split(number.replace("'", ""))
    valid = _GROUPED.fullmatch(re.split(r"[.,]", number, maxsplit=1)[0])
    return plain(whole, decimals, True) if valid and whole.isdigit() else None


def _split(number: str) -> tuple[str, str]:
    parts = re.split(r"[.,]", number, maxsplit=1)
    return parts[0], parts[1] if len(parts) > 1 else ""
