"""Numbers in words: `twenty-five`, `fünfundzwanzig`, `quatre-vingt-dix-sept`, `خمسة وعشرون`, `二十五`, `12억
3천만`.

A number is read word by word for as long as the next word can follow: after a ten a unit, after a hundred
anything below it, after a scale a smaller scale.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

_HUNDRED = Fraction(100)
_ANY = Fraction(1000)


@dataclass(slots=True)
class Sum:
    """A number while it is read."""

    vigesimal: frozenset[int] = frozenset()
    """Tens that a number below twenty can follow, as in French."""
    reversed: bool = False
    """Whether the unit stands before the ten, as in German."""
    total: Fraction = Fraction(0)
    group: Fraction | None = None
    """What is not yet multiplied by a scale."""
    slot: Fraction = _ANY
    """What comes next has to be smaller."""
    scale: Fraction | None = None
    last: Fraction = Fraction(1)
    """What the last word was worth: a million in `three million`."""
    words: int = 0

    @property
    def value(self) -> Fraction:
        """The number so far."""
        return self.total + (self.group or 0)

    def add(self, value: Fraction, joined: bool = False) -> bool:
        """Add a number word; returns False, and changes nothing, if it cannot follow."""
        if value.denominator != 1:
            if self.group is not None:
                return False
            self.group, self.slot = value, Fraction(0)
        elif value == _HUNDRED and self.group is not None and 1 <= self.group < 100 and self.slot != _HUNDRED:
            self.group, self.slot = self.group * value, _HUNDRED
        elif value >= 1000:
            if self.group is not None or self.total:
                return False
            self.total, self.scale, self.last = value, Fraction(10 ** (len(str(int(value))) - 1)), Fraction(1)
            self.words += 1
            return True
        elif self.reversed and joined and self.group is not None and self._unit_before(value):
            self.group, self.slot = self.group + value, Fraction(0)
        elif value < self.slot and (self.group is None or value > 0):
            self.group = (self.group or Fraction(0)) + value
            self.slot = _slot_after(value, self.vigesimal)
        else:
            return False
        self.last = _HUNDRED if value == _HUNDRED else Fraction(1)
        self.words += 1
        return True

    def _unit_before(self, ten: Fraction) -> bool:
        return (
            ten % 10 == 0
            and 20 <= ten < 100
            and self.group is not None
            and 1 <= self.group % 100 < 10
            and self.slot == 0
        )

    def multiply(self, scale: Fraction) -> bool:
        """Multiply what was read last by a scale; returns False, and changes nothing, if it cannot follow."""
        if self.scale is not None and scale == self.scale and self.group is None:
            return False
        if self.scale is not None and scale > self.scale:
            self.total, self.group = (self.total + (self.group or 0)) * scale, None
        else:
            self.total, self.group = (
                self.total + (Fraction(1) if self.group is None else self.group) * scale,
                None,
            )
        self.slot, self.scale, self.last = _ANY, scale, scale
        self.words += 1
        return True


def _slot_after(value: Fraction, vigesimal: frozenset[int]) -> Fraction:
    if value >= 100:
        return _HUNDRED
    if value >= 20 and value % 10 == 0:
        return Fraction(20 if int(value) in vigesimal else 10)
    return Fraction(0)


class Compounds:
    """Numbers that are written as one word: `zweihundertfünfzig`, `vijfentwintig`, `centottantotto`."""

    def __init__(self, morphemes: dict[str, Fraction], joins: frozenset[str], reverse: bool) -> None:
        self._parts = {
            **{word: value for word, value in morphemes.items() if value.denominator == 1},
            **dict.fromkeys(joins),
        }
        self._starts = frozenset(word[:2] for word in morphemes)
        self._longest = max((len(word) for word in self._parts), default=0)
        self._reverse = reverse
        self._read = lru_cache(maxsize=8192)(self._segment)

    def may_be(self, word: str) -> bool:
        """Return whether a word in lower case begins like a number."""
        return word[:2] in self._starts and len(word) <= 60

    def value(self, word: str) -> Fraction | None:
        """Return the value of a word in lower case, or None if it is no number."""
        return self._read(word) if self.may_be(word) else None

    def _segment(self, word: str) -> Fraction | None:
        """The first reading, longest parts first, that makes a number; tries each place of the word once."""
        dead: set[int] = set()
        found: list[str] = []

        def walk(at: int) -> Fraction | None:
            if at == len(word):
                return self._sum(found)
            if at in dead:
                return None
            for size in range(min(self._longest, len(word) - at), 0, -1):
                part = word[at : at + size]
                if part in self._parts:
                    found.append(part)
                    value = walk(at + size)
                    if value is not None:
                        return value
                    found.pop()
            dead.add(at)
            return None

        return walk(0)

    def _sum(self, parts: list[str]) -> Fraction | None:
        number, joined = Sum(reversed=self._reverse), False
        for part in parts:
            value = self._parts[part]
            if value is None:
                if joined or not number.words:
                    return None
                joined = True
                continue
            fits = number.multiply(value) if value >= 1000 else number.add(value, joined)
            if not fits:
                return None
            joined = False
        return None if joined else number.value


def han(items: list[Fraction | str], digits: dict[str, int], powers: dict[str, int]) -> Fraction | None:
    """Return the value of a number of Chinese, Japanese or Korean characters and of numbers in digits among
    them: `九百四十五万`, `二〇二四`, `2.3亿`, `1億2000万`. None if it is no number."""
    if len(items) > 1 and all(isinstance(item, str) and item in digits for item in items):
        return Fraction(int("".join(str(digits[str(item)]) for item in items)))
    total = section = Fraction(0)
    digit: Fraction | None = None
    smallest, myriad = 10_000, 10**20
    for item in items:
        if isinstance(item, Fraction) or item in digits:
            if digit:
                return None
            digit = item if isinstance(item, Fraction) else Fraction(digits[item])
            continue
        power = powers[item]
        if power < 10_000:
            if power >= smallest:
                return None
            section, digit, smallest = section + (1 if digit is None else digit) * power, None, power
            continue
        part = section + (digit or 0)
        if power < myriad:
            total, myriad = total + (part or 1) * power, power
        else:
            total, myriad = (total + part) * power, power
        section, digit, smallest = Fraction(0), None, 10_000
    return total + section + (digit or 0)
