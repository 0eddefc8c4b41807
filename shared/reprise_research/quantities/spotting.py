"""Where the numbers of a text are, and what they are worth, before anyone asks what they measure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, lru_cache
from typing import Any

from reprise_research.quantities import numerals
from reprise_research.quantities.lexicon import Lexicon, Phrases, lexicon
from reprise_research.quantities.number_words import Compounds, Sum, han
from reprise_research.quantities.tokens import WORD, Tokens

_BETWEEN_WORDS = frozenset("-'.·/")
_SPACES = " \u00a0\u202f\u2009"
_THREE = re.compile(r"\d{3}(?:[.,]\d+)?\Z")
_LONG_ORDINAL = re.compile(r"(?P<stem>.{3,40}?)(?:ste[nrs]?|te[nrs]?|de)")
_LONGEST_NUMBER = 24
"""Words of one number at most."""
_LONGEST_RUN = 40
"""Characters of one number without spaces at most."""


@dataclass(slots=True)
class Number:
    """A number: characters `start` to `end`, words `first` to `after` (exclusive); `value` None: digits that
    are no number."""

    start: int
    end: int
    first: int
    after: int
    value: Fraction | None
    step: Fraction = Fraction(1)
    zeros: Fraction = Fraction(1)
    scale: Fraction = Fraction(1)
    """The product of its scale words."""
    digits: bool = False
    grouped: bool = False
    weak: bool = False
    """It may as well be an article."""
    characters: bool = False
    """It is written in Chinese, Japanese or Korean characters alone."""
    unclear: bool = False
    """Its separator may group or part off decimals."""


@dataclass(frozen=True)
class _Grammar:
    """What is made of a language's number words once."""

    halves: Phrases
    vigesimal: frozenset[int]
    compounds: Compounds | None
    prefixes: tuple[str, ...]


@cache
def _grammar(code: str) -> _Grammar:
    made = lexicon(code)
    numbers = made.numbers
    halves = Phrases()
    for phrase in numbers.half_after:
        halves.add(phrase, Fraction(1, 2))
    compounds = Compounds(made.morphemes, numbers.joins, numbers.reversed) if numbers.compound else None
    prefixes = tuple(sorted(numbers.prefixes, key=lambda word: (-len(word), word)))
    return _Grammar(halves, frozenset(map(int, numbers.vigesimal)), compounds, prefixes)


def phrase_at(
    phrases: Phrases, tokens: Tokens, index: int, first: str | None = None
) -> tuple[Any, int] | None:
    """Return the value of the longest phrase that begins at a token, and the token after it."""
    if index >= len(tokens):
        return None
    for words, value in phrases.starting(first or tokens.words[index]):
        at = index + 1
        for word in words[1:]:
            if at < len(tokens) and tokens.kinds[at] == "s" and tokens.words[at] in _BETWEEN_WORDS:
                at += 1
            if at >= len(tokens) or tokens.words[at] != word:
                break
            at += 1
        else:
            return value, at
    return None


def ordinal_of(code: str, word: str) -> int | None:
    """Return the value of an ordinal that is made of a number in one word: `zwanzigste`,
    `fünfundzwanzigsten`."""
    compounds = _grammar(code).compounds
    match = _LONG_ORDINAL.fullmatch(word) if compounds is not None else None
    value = compounds.value(match["stem"]) if match is not None and compounds is not None else None
    return int(value) if value is not None and value.denominator == 1 else None


@lru_cache(maxsize=64)
def words_in(low: str) -> frozenset[str]:
    """Return the words of a text, as its tokens have them."""
    return frozenset(WORD.findall(low))


class Spotter:
    """Finds the numbers of one text."""

    @staticmethod
    def may_hold(made: Lexicon, low: str) -> bool:
        """Return whether a text without digits may have a number word, a fraction or an ordinal: most have
        none."""
        grammar, words = _grammar(made.code), words_in(low)
        if not made.openers.isdisjoint(words):
            return True
        if grammar.compounds is not None and any(map(grammar.compounds.may_be, words)):
            return True
        return bool(grammar.prefixes) and any(word.startswith(grammar.prefixes) for word in words)

    def __init__(self, made: Lexicon, low: str, tokens: Tokens, mark: str | None) -> None:
        self._lexicon, self._low, self._tokens, self._mark = made, low, tokens, mark
        self._grammar = _grammar(made.code)

    def numbers(self) -> Iterator[Number]:
        """The numbers in the order of the text."""
        if self._lexicon.code in ("zh", "ja"):
            yield from self._han_numbers()
        elif self._lexicon.code == "ko":
            yield from self._korean_numbers()
        else:
            yield from self._word_numbers()

    def amount(self, start: int, first: int, after: int, value: Fraction, step: Fraction) -> Number:
        """Return a number that was put together of words from a character on, up to the token `after`."""
        return Number(
            start,
            self._tokens.ends[after - 1],
            first,
            after,
            value,
            step,
            step,
            step if step >= 1000 else Fraction(1),
        )

    def _word_numbers(self) -> Iterator[Number]:
        tokens, index = self._tokens, 0
        while index < len(tokens):
            kind = tokens.kinds[index]
            if kind == "d":
                number: Number | None = self._digits_at(index)
            else:
                number = (
                    self._words_at(index) if kind == "w" and self._may_count(tokens.words[index]) else None
                )
            if number is not None:
                yield number
                index = max(number.after, index + 1)
            else:
                index += 1

    def _may_count(self, word: str) -> bool:
        """Whether a number can begin with a word; most words are ruled out here."""
        compounds = self._grammar.compounds
        if word in self._lexicon.cardinals or (compounds is not None and compounds.may_be(word)):
            return True
        return bool(self._grammar.prefixes) and word.startswith(self._grammar.prefixes)

    def _digits_at(self, index: int) -> Number:
        tokens, after = self._tokens, index + 1
        first = tokens.words[index]
        if first.isdigit() and len(first) <= 3 and first[0] != "0":
            while (
                after < len(tokens)
                and tokens.kinds[after] == "d"
                and tokens.starts[after] == tokens.ends[after - 1] + 1
                and self._low[tokens.ends[after - 1]] in _SPACES
                and _THREE.match(tokens.words[after])
                and tokens.words[after - 1].isdigit()
            ):
                after += 1
        written = self._low[tokens.starts[index] : tokens.ends[after - 1]]
        read = numerals.read(written, self._mark)
        if read is None and after > index + 1:
            after = index + 1
            written = first
            read = numerals.read(written, self._mark)
        number = Number(tokens.starts[index], tokens.ends[after - 1], index, after, None, digits=True)
        if read is None:
            number.unclear = sum(written.count(mark) for mark in ".,") == 1
            return number
        number.value, number.step, number.zeros, number.grouped = (
            read.value,
            read.step,
            read.zeros,
            read.grouped,
        )
        return self._scaled(number)

    def _scaled(self, number: Number) -> Number:
        """Take the scale words behind a number in digits: `2.3 million`, `5 mil millones`, `2½`."""
        tokens = self._tokens
        half = phrase_at(self._grammar.halves, tokens, number.after)
        if half is not None and number.value is not None and number.value.denominator == 1:
            number.value, number.after, number.step, number.zeros = (
                number.value + half[0],
                half[1],
                Fraction(1, 2),
                Fraction(1, 2),
            )
            number.end = tokens.ends[number.after - 1]
        elif number.end < len(self._low) and self._low[number.end] in "½¼¾" and number.value is not None:
            part = {"½": Fraction(1, 2), "¼": Fraction(1, 4), "¾": Fraction(3, 4)}[self._low[number.end]]
            number.value, number.step, number.zeros = number.value + part, Fraction(1, 4), Fraction(1, 4)
            number.end, number.after = number.end + 1, number.after + 1
        for _ in range(3):
            at = number.after
            if at < len(tokens) and tokens.words[at] == "-" and tokens.touches(at):
                at += 1
            found = phrase_at(self._lexicon.cardinals, tokens, at)
            if found is None or (found[0][0] == "n" and found[0][1] != 100):
                break
            (_, scale), number.after = found
            if number.value is not None:
                number.value *= scale
            number.step, number.zeros, number.scale = (
                number.step * scale,
                number.step * scale,
                number.scale * scale,
            )
            number.end = tokens.ends[number.after - 1]
            self._swallow_stop(number, found[0][0])
        return number

    def _swallow_stop(self, number: Number, kind: str) -> None:
        tokens = self._tokens
        if (
            kind == "t"
            and number.after + 1 < len(tokens)
            and tokens.words[number.after] == "."
            and tokens.touches(number.after)
        ):
            number.after += 1
            number.end = tokens.ends[number.after - 1]

    def _atom(self, index: int, inner: bool) -> tuple[str, Fraction, int, bool] | None:
        """The number word at a token: kind, value, the token after it, and whether it says `and` itself."""
        tokens, grammar = self._tokens, self._grammar
        if index >= len(tokens) or tokens.kinds[index] != "w":
            return None
        word = tokens.words[index]
        found = phrase_at(self._lexicon.cardinals, tokens, index)
        if found is not None:
            (kind, value), after = found
            return kind, value, after, False
        if grammar.compounds is not None:
            whole = grammar.compounds.value(word)
            if whole is not None:
                return "n", whole, index + 1, False
        join = self._lexicon.numbers.prefixed_join
        prefixes = (join,) if inner and join else grammar.prefixes
        for prefix in prefixes:
            rest = word[len(prefix) :]
            if word.startswith(prefix) and len(rest) > 2:
                found = phrase_at(self._lexicon.cardinals, tokens, index, rest)
                if found is not None:
                    (kind, value), after = found
                    return kind, value, after, prefix == join
        return None

    def _words_at(self, index: int) -> Number | None:
        grammar, numbers, word = self._grammar, self._lexicon.numbers, self._tokens.words[index]
        atom = self._atom(index, inner=False)
        if atom is None or atom[0] == "t":
            return None
        kind, value, after, _ = atom
        first = self._begin(index, word) if kind == "s" or value == 100 else index
        number = Sum(grammar.vigesimal, numbers.reversed)
        if first < 0 or not (number.multiply(value) if kind == "s" else number.add(value)):
            return None
        after, scale = self._continue(number, after, value if kind == "s" else Fraction(1))
        total = number.value
        whole = total.denominator == 1
        step = Fraction(1) if whole else Fraction(1, 2)
        if number.scale is not None and number.scale >= 1000 and number.group is None:
            step = number.scale
        zeros = numerals.plain(str(int(total))).zeros if whole and total else step
        weak = after - index == 1 and first == index and word in numbers.weak
        tokens = self._tokens
        return Number(
            tokens.starts[first],
            tokens.ends[after - 1],
            first,
            after,
            total,
            step,
            max(step, zeros),
            scale,
            weak=weak,
        )

    def _begin(self, index: int, word: str) -> int:
        """Where a number begins whose first word is a scale: at its article, or at the word if it can stand
        alone; else -1."""
        if index > 0 and self._tokens.words[index - 1] in self._lexicon.numbers.articles:
            return index - 1
        return index if word in self._lexicon.numbers.alone or self._bare(word) else -1

    def _continue(self, number: Sum, at: int, scale: Fraction) -> tuple[int, Fraction]:
        """Add the words that follow to a number; returns the token after it and the product of its scales."""
        tokens, grammar, numbers = self._tokens, self._grammar, self._lexicon.numbers
        for _ in range(_LONGEST_NUMBER):
            half = phrase_at(grammar.halves, tokens, at)
            if half is not None:
                number.total += half[0] * (number.last if number.group is None else 1)
                at = half[1]
                continue
            following = self._past_dash(at)
            joined = following < len(tokens) and tokens.words[following] in numbers.joins
            if joined:
                following = self._past_dash(following + 1)
            atom = self._atom(following, inner=True)
            if atom is None or (joined and atom[0] != "n"):
                break
            kind, value, following, prefixed = atom
            joined = joined or prefixed
            if kind == "n" and joined and self._starts_anew(number):
                break
            if not (number.multiply(value) if kind != "n" else number.add(value, joined)):
                break
            at, scale = following, scale * value if kind != "n" else scale
        return at, scale

    def _past_dash(self, index: int) -> int:
        tokens = self._tokens
        return (
            index + 1
            if index < len(tokens) and tokens.words[index] == "-" and tokens.touches(index)
            else index
        )

    def _bare(self, word: str) -> bool:
        return any(
            word.startswith(prefix) and word[len(prefix) :] in self._lexicon.numbers.alone
            for prefix in self._grammar.prefixes
        )

    def _starts_anew(self, number: Sum) -> bool:
        """Whether `and` opens a second number: `two hundred and five` goes on, `twenty and five` does not in
        English."""
        return self._lexicon.code == "en" and number.slot != 100 and number.group is not None

    def _han_numbers(self) -> Iterator[Number]:
        digits, powers = _characters(self._lexicon.code)
        pattern = _run(self._lexicon.code)
        idioms = self._lexicon.numbers.idiom
        longest = max((len(idiom) for idiom in idioms), default=0)
        for match in pattern.finditer(self._low):
            start, end = match.span()
            if end - start > _LONGEST_RUN:
                continue
            items: list[Fraction | str] = []
            places: list[int] = []
            last = numerals.Numeral(Fraction(0), Fraction(1), Fraction(1))
            for part in re.finditer(r"\d+(?:[.,]\d+)*|\D", match[0]):
                if part[0][0].isdigit():
                    read = numerals.read(part[0], self._mark or ".")
                    if read is None:
                        items = []
                        break
                    last = read
                    items.append(read.value)
                else:
                    items.append(part[0])
                places.append(start + part.end())
            if not items:
                yield Number(start, end, 0, 0, None, digits=True)
                continue
            while (
                len(items) > 1
                and isinstance(items[-1], str)
                and items[-1] in powers
                and self._unit_begins(places[-1] - 1)
            ):
                items.pop()
                places.pop()
            end = places[-1]
            alone = not any(isinstance(item, Fraction) for item in items)
            if alone and _in_idiom(self._low, start, end, idioms, longest):
                continue
            value = han(items, digits, powers)
            if value is None:
                continue
            yield _from_items(start, end, items, value, last, powers, alone)

    def _unit_begins(self, at: int) -> bool:
        glued, low = self._lexicon.glued, self._low
        return any(low[at : at + size] in glued for size in range(self._lexicon.longest, 1, -1))

    def _korean_numbers(self) -> Iterator[Number]:
        digits, powers = _characters("ko")
        natives = _natives()
        for match in _KOREAN.finditer(self._low):
            start, end = match.span()
            if end - start > _LONGEST_RUN:
                continue
            if start and self._low[start - 1] == "제":
                end = start + len(re.match(r"\d*", match[0])[0]) or end  # type: ignore[index]
            if match["native"]:
                value = Fraction(natives.get(match["tens"] or "", 0) + natives.get(match["ones"] or "", 0))
                if value:
                    yield Number(start, end, 0, 0, value, characters=True)
                continue
            items: list[Fraction | str] = []
            last = numerals.Numeral(Fraction(0), Fraction(1), Fraction(1))
            for part in re.finditer(r"\d+(?:[.,]\d+)*|\S", self._low[start:end]):
                if part[0][0].isdigit():
                    read = numerals.read(part[0], self._mark or ".")
                    if read is None:
                        items = []
                        break
                    last = read
                    items.append(read.value)
                else:
                    items.append(part[0])
            if not items:
                yield Number(start, end, 0, 0, None, digits=True)
                continue
            alone = not any(isinstance(item, Fraction) for item in items)
            value_read = han(items, digits, powers)
            if value_read is not None and not (alone and not any(item in powers for item in items)):
                yield _from_items(start, end, items, value_read, last, powers, alone)


def _from_items(
    start: int,
    end: int,
    items: list[Fraction | str],
    value: Fraction,
    last: numerals.Numeral,
    powers: dict[str, int],
    alone: bool,
) -> Number:
    scale = Fraction(1)
    for item in reversed(items):
        if not isinstance(item, str) or item not in powers:
            break
        scale *= powers[item]
    plain = len(items) == 1 and isinstance(items[0], Fraction)
    step = last.step * scale if isinstance(items[-1], Fraction) or scale > 1 else Fraction(1)
    zeros = (
        last.zeros
        if plain
        else max(step, numerals.plain(str(int(value))).zeros if value.denominator == 1 and value else step)
    )
    return Number(
        start, end, 0, 0, value, step, zeros, scale, not alone, last.grouped and plain, characters=alone
    )


@cache
def _characters(code: str) -> tuple[dict[str, int], dict[str, int]]:
    numbers = lexicon(code).numbers
    written = numbers.digits
    if written.startswith("〇零"):
        digits = {character: max(index - 1, 0) for index, character in enumerate(written[:11])} | (
            {"两": 2} if "两" in written else {}
        )
    else:
        digits = {character: index for index, character in enumerate(written)}
    return digits, numbers.powers


@cache
def _run(code: str) -> re.Pattern[str]:
    digits, powers = _characters(code)
    characters = "".join(digits) + "".join(powers)
    return re.compile(
        rf"(?<![\d.,])(?:\d+(?:[.,]\d+)*[{''.join(powers)}]*|[{characters}])(?:\d+(?:[.,]\d+)*(?=[{''.join(powers)}])|\d+|[{characters}])*"
    )


def _in_idiom(low: str, start: int, end: int, idioms: frozenset[str], longest: int) -> bool:
    return any(
        low[at : at + size] in idioms
        for at in range(max(0, start - longest + 1), end)
        for size in range(2, longest + 1)
        if at + size > start
    )


@cache
def _natives() -> dict[str, int]:
    return {word: int(value) for value, words in lexicon("ko").numbers.native.items() for word in words}


_KOREAN = re.compile(
    r"(?<![\d.,])\d+(?:[.,]\d+)*(?:[십백천만억조]+(?:\s?\d+(?:[.,]\d+)*(?=[십백천만억조]))*)*"
    r"|(?<![가-힣])(?P<native>(?P<tens>열|스물|스무|서른|마흔|쉰|예순|일흔|여든|아흔)?(?P<ones>하나|한|둘|두|셋|세|석|넷|네|넉|다섯|여섯|일곱|여덟|아홉)?)"
    r"(?<=[가-힣])(?=\s?[가-힣])"
    r"|(?<![가-힣])[일이삼사오육칠팔구십백천만억조]{2,16}(?=\s?[가-힣%])"
)
