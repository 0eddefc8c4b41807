"""What one number of a text is: its sign, its currency or unit, what it is given for each of; or a year, an
ordinal, a mark, a count."""

import functools
import re
from fractions import Fraction

from reprise_research.quantities.dates import days, is_year, quantity
from reprise_research.quantities.lexicon import lexicon
from reprise_research.quantities.model import Kind
from reprise_research.quantities.passage import Measured, Passage
from reprise_research.quantities.spotting import Number, phrase_at
from reprise_research.quantities.units import CURRENCIES, MONEY, SYMBOLS

_LETTERS = "A-Za-zÀ-ɏΑ-ωЀ-ӿ"
_ALL_SYMBOLS = "|".join(
    re.escape(symbol) for symbol in sorted(SYMBOLS, key=lambda symbol: (-len(symbol), symbol))
)
_SYMBOL = re.compile(rf"(?:{_ALL_SYMBOLS})(?:(?![{_LETTERS}\d²³/])|(?=/[A-Za-z\u0370-\uffff]))")
_SIGNS = r"(?:US|AU?|CA?|HK|NZ|S|NT|R)?\$|[€£¥₹₽₩₺₴₫₪₦฿₱]"
_MONEY_BEFORE = re.compile(
    rf"(?P<symbol>{_SIGNS}|(?<![A-Za-z])(?:Rs\.?|S?Fr\.))[ \u00a0\u202f]?\Z|"
    rf"(?<![A-Za-z])(?P<code>[A-Z]{{3}})[ \u00a0\u202f]\Z"
)
_MONEY_AFTER = re.compile(
    rf"[ \u00a0\u202f]?(?:(?P<symbol>{_SIGNS}|(?:zł|kr\.?|Rs\.?)(?![A-Za-z]))|"
    rf"(?P<code>[A-Z]{{3}})(?![A-Za-z]))"
)
_CODES = frozenset(
    [
        *(
            "USD",
            "EUR",
            "GBP",
            "JPY",
            "CNY",
            "INR",
            "RUB",
            "KRW",
            "CHF",
            "AUD",
            "CAD",
            "HKD",
            "NZD",
            "SGD",
            "TWD",
            "BRL",
            "MXN",
            "SEK",
            "NOK",
        ),
        *(
            "DKK",
            "PLN",
            "CZK",
            "HUF",
            "TRY",
            "UAH",
            "ZAR",
            "AED",
            "SAR",
            "EGP",
            "ILS",
            "THB",
            "IDR",
            "MYR",
            "PHP",
            "VND",
            "NGN",
            "KES",
            "ARS",
        ),
        *(
            "CLP",
            "COP",
            "PEN",
            "RON",
            "BGN",
            "RSD",
            "ISK",
            "KZT",
            "PKR",
            "BDT",
            "LKR",
            "QAR",
            "KWD",
            "DEM",
            "FRF",
            "ITL",
            "ESP",
            "NLG",
            "RMB",
        ),
    ]
)
_SHORT_SCALE = re.compile(
    r"[ \u00a0\u202f]?(?P<scale>k|K|m|M|Mn|mn|Md|Mds|Mrd|Mio|bn|Bn|B|b|tn|T)(?![A-Za-z])"
)
_SHORT = {"k": 3, "m": 6, "mn": 6, "mio": 6, "md": 9, "mds": 9, "mrd": 9, "bn": 9, "b": 9, "tn": 12, "t": 12}
_NEGATIVE = re.compile(r"(?:\A|[\s(\[:=<>~,，。、])(?P<sign>[-–])\Z")
_ORDINAL_TAIL = re.compile(
    r"(?:st|nd|rd|th|ère|ème|ième|er|e|ª|º|de|ste|o|a|-?(?:й|я|е|го|му|ых|ой|м)|वां|वाँ|वीं|वें)(?!\w)"
)
_DOTTED_WORD = re.compile(r"\.\s[^\W\d_]")
_DETERMINED = re.compile(r"\b(?:der|die|das|dem|den|des|im|am|vom|zum|zur|beim|ins)\s\Z")
_ATTACHED_BEFORE = re.compile(rf"(?:[{_LETTERS}_][-–.]?|[#§]\s?)\Z")
_ATTACHED_AFTER = re.compile(rf"-?[{_LETTERS}_]")
_ADJECTIVE = re.compile(r"-[a-zà-ÿ]{3,40}(?![\w-])")
_REST_OF_NAME = re.compile(r"(?:[-.]?\w){0,40}")
_MILLIONS = re.compile(r"m\s[a-z-]{0,24}(?:s|people|children|women|men)\b")
_HEAVY = re.compile(r"weigh|gain|los[et]|heavier|lighter")
_OF_WEIGHT = re.compile(r"\s(?:of\s(?!sterling)|heav)")
_BEFORE = 28
_SPACES = " \u00a0\u202f\u2009"
_OF = frozenset({"de", "d", "di", "of"})
_CLAUSE = re.compile(r"[，。、,.;；（(\s]")
_HANGUL = re.compile(r"[가-힣]*")
MEASURES = ("duration-", "energy-", "length-", "area-", "mass-", "volume-", "power-")


class Measurer:
    """Measures the numbers of one text."""

    def __init__(self, passage: Passage) -> None:
        self._passage = passage
        self._code = passage.lexicon.code

    def measure(self, number: Number) -> Measured | None:
        """Return what a number is, or None if it is nothing, or unclear."""
        passage = self._passage
        if number.value is None:
            return None if number.unclear else passage.identifier(number.start, number.end)
        start = number.start
        before = passage.folded[max(0, start - _BEFORE) : start]
        money = _MONEY_BEFORE.search(before) if number.digits else None
        currency = self._currency(money)
        if money is not None and currency:
            start -= len(before) - money.start()
        elif number.digits and self._names(number, before):
            return passage.identifier(number.start, self._end_of_name(number.end))
        row = self._in_a_row(number)
        if row is not None:
            return row
        start = self._sign(number, start)
        if number.digits:
            self._short_scale(number, currency)
        measured = passage.count(number, start, number.end)
        if currency:
            return self._per(passage.convert(measured, MONEY + currency, number.end), number.after)
        return self.with_unit(measured, number)

    def _in_a_row(self, number: Number) -> Measured | None:
        """`第一年` is the first year, and no year long."""
        passage, prefix = self._passage, self._passage.lexicon.numbers.ordinal_prefix
        if (
            not prefix
            or number.value is None
            or passage.low[max(0, number.start - 2) : number.start].rstrip()[-1:] != prefix
        ):
            return None
        return passage.ordinal(number.start, number.end, number.value)

    def with_unit(self, measured: Measured, number: Number) -> Measured | None:
        """Return a number with the unit behind it, or what it is without one."""
        passage, place = self._passage, number.end
        infix = passage.lexicon.numbers.infix_over
        behind = passage.low[place : place + 1]
        if behind and behind in infix:
            measured.bound, place = "over", place + 1
        found = self._unit_at(number, place)
        if found is None:
            if measured.bound:
                measured.quantity = measured.quantity.changed(
                    end=place, text=passage.text[measured.quantity.start : place]
                )
            return self._without_unit(measured, number)
        name, end, after = found
        if name.startswith("counter:"):
            if number.characters and number.value == 1 and passage.low[end - 1] not in "人명":
                return None  # an article rather than a number: 一个
            one = measured.quantity
            measured.quantity = one.changed(
                end=end, text=passage.text[one.start : end], of=(name.removeprefix("counter:"),)
            )
            measured.unit = name
            return measured
        if name == "duration-year" and number.digits and self._looks_like_year(number):
            return self._dated(number)
        return self._per(passage.convert(measured, name, end), after)

    def _without_unit(self, measured: Measured, number: Number) -> Measured | None:
        passage = self._passage
        if number.characters and not (
            number.end - number.start >= 2 and (number.value or 0) >= 100 and self._code != "ko"
        ):
            return None
        if not number.digits:
            return measured
        if self._is_year(number):
            return self._dated(number)
        ordinal = self._ordinal(number)
        if ordinal is not None:
            return ordinal
        if _ATTACHED_AFTER.match(passage.folded, number.end) and not _ADJECTIVE.match(
            passage.folded, number.end
        ):
            return passage.identifier(measured.quantity.start, self._end_of_name(number.end))
        return passage.identifier(number.start, number.end) if self._follows_name(number) else measured

    def _sign(self, number: Number, start: int) -> int:
        """Give a number its sign, and return where it begins with it."""
        passage, around = self._passage, self._passage.around
        before = passage.folded[max(0, start - _BEFORE) : start]
        negative = _NEGATIVE.search(before)
        if negative is not None:
            start = start - len(before) + negative.start("sign")
        elif (
            around.follows(passage.low, start, around.minus)
            and around.bound_before(passage.low, start) is None
        ):
            trimmed = before.lower().rstrip()
            phrase = next(phrase for phrase in around.minus if trimmed.endswith(phrase))
            start = start - len(before) + len(trimmed) - len(phrase)
        else:
            return start
        number.value = -number.value if number.value is not None else None
        return start

    def _currency(self, match: re.Match[str] | None) -> str:
        if match is None:
            return ""
        symbol, code = match["symbol"], match["code"]
        if code:
            return ("CNY" if code == "RMB" else code) if code in _CODES else ""
        return "CNY" if symbol == "¥" and self._code == "zh" else CURRENCIES.get(symbol, "")

    def _short_scale(self, number: Number, currency: str) -> None:
        """Take a scale of one or two letters, where the money beside it or the noun behind it show that it is
        one."""
        passage = self._passage
        match = _SHORT_SCALE.match(passage.folded, number.end) if number.scale == 1 else None
        if match is None or number.value is None:
            return
        letter = match["scale"].lower()
        followed = _MONEY_AFTER.match(passage.folded, match.end())
        is_money = bool(currency or self._currency(followed))
        attached = match.start("scale") == number.end
        counts = attached and self._code == "en" and _MILLIONS.match(passage.low, number.end) is not None
        if not (is_money or counts or (attached and letter == "k" and self._code in ("en", "fr"))):
            return
        scale = Fraction(10 ** _SHORT[letter])
        number.value, number.step, number.zeros, number.scale = (
            number.value * scale,
            number.step * scale,
            number.step * scale,
            scale,
        )
        number.end, number.after = match.end(), passage.token_at(match.end())

    def _unit_at(self, number: Number, place: int) -> tuple[str, int, int] | None:
        """The unit behind a number: its name, where it ends, and the token after it. The longest wins."""
        folded, at = self._passage.folded, place
        while at < len(folded) and folded[at] in _SPACES and at - place < 2:
            at += 1
        dash = folded[at : at + 1] == "-" and at == place and folded[at + 1 : at + 2].isalpha()
        found: list[tuple[int, bool, str]] = []
        symbol = _SYMBOL.match(folded, at + dash)
        if symbol is not None and (number.digits or len(symbol[0]) > 1 or symbol[0] in "%°"):
            found.append((symbol.end(), self._passage.spaced, SYMBOLS[symbol[0]]))
        money = _MONEY_AFTER.match(folded, place) if number.digits else None
        if money is not None and (currency := self._currency(money)):
            found.append((money.end(), False, MONEY + currency))
        worded = self._unit_words(number, place) if self._passage.spaced else self._unit_characters(at)
        if worded is not None:
            found.append((worded[1], not self._passage.spaced, worded[0]))
        if not found:
            return None
        end, _, name = max(found)
        meant = self._meant(name, number, end)
        return None if meant is None else (meant, end, self._passage.token_at(end))

    def _unit_words(self, number: Number, place: int) -> tuple[str, int] | None:
        tokens, index = self._passage.tokens, max(number.after, self._passage.token_at(place))
        if self._passage.word(index) == "-" and tokens.touches(index):
            index += 1
        found = phrase_at(self._passage.lexicon.unit_words, tokens, index)
        if found is None and number.scale >= 1000 and self._passage.word(index) in _OF:
            index += 2 if self._passage.word(index + 1) == "'" else 1
            found = phrase_at(self._passage.lexicon.unit_words, tokens, index)
        if found is None:
            return None
        name, after = found
        stop = after if self._passage.word(after) == "." and tokens.touches(after) else after - 1
        dotted = (
            stop == after
            and tokens.words[after - 1] in self._passage.lexicon.units.dotted
            and after + 1 < len(tokens)
        )
        return name, tokens.ends[after if dotted else after - 1]

    def _unit_characters(self, at: int) -> tuple[str, int] | None:
        """A unit or a counter in a language that writes them together with what follows."""
        passage = self._passage
        glued, counters = passage.lexicon.glued, _counters(self._code)
        for size in range(max(passage.lexicon.longest, 4), 0, -1):
            word = passage.low[at : at + size]
            name = (glued.get(word) or counters.get(word)) if len(word) == size else None
            if name and self._word_ends(at + size, word):
                return name, at + size
        return None

    def _word_ends(self, end: int, word: str) -> bool:
        """Whether a Korean word goes on with nothing but a particle."""
        if self._code != "ko" or not "가" <= word[-1] <= "힣":
            return True
        following = _HANGUL.match(self._passage.low[end : end + 6])
        return following is None or not following[0] or following[0].startswith(_particles())

    def _meant(self, name: str, number: Number, end: int) -> str | None:
        """The unit that an ambiguous word means here; None: no unit."""
        passage = self._passage
        if name == "duration-second" and number.weak:
            return None  # un segundo nombre
        if name == "times" and re.match(r"\s?\d", passage.low[end : end + 2]):
            return None  # 3 × 4
        if self._code == "en" and name == "currency:GBP" and passage.folded[end - 1] != "£":
            window = passage.low[max(0, number.start - 40) : number.start]
            if _HEAVY.search(window) or _OF_WEIGHT.match(passage.low[end : end + 12]):
                return "mass-pound"
        return name

    def _per(self, measured: Measured, after: int) -> Measured:
        """Take what a quantity is given for each of: `per day`, `/MWh`, `pro Kopf`."""
        passage, one = self._passage, measured.quantity
        end, per = one.end, ""
        if passage.folded[end : end + 1] == "/":
            per, end = self._per_unit(end + 1)
        elif passage.spaced:
            found = phrase_at(passage.lexicon.per, passage.tokens, after)
            if found is not None:
                per, end = found[0], passage.tokens.ends[found[1] - 1]
        else:
            per = self._per_before(one.start)
        for measure in MEASURES:
            per = per.removeprefix(measure)
        if not per:
            return measured
        measured.quantity = one.changed(end=end, text=passage.text[one.start : end], per=per)
        if one.kind is Kind.LENGTH and per in ("hour", "second") and one.low is not None:
            factor = Fraction(1, 3600 if per == "hour" else 1)
            measured.quantity = measured.quantity.changed(
                kind=Kind.SPEED,
                unit="metre-per-second",
                low=one.low * factor,
                high=one.low * factor,
                step=one.step * factor,
                slack=one.slack * factor,
                per="",
            )
        return measured

    def _per_unit(self, place: int) -> tuple[str, int]:
        """The unit behind a slash, and where it ends."""
        passage = self._passage
        symbol = _SYMBOL.match(passage.folded, place)
        if symbol is not None:
            return SYMBOLS[symbol[0]], symbol.end()
        if not passage.spaced:
            return self._unit_characters(place) or ("", place - 1)
        index = passage.token_at(place)
        word = phrase_at(passage.lexicon.unit_words, passage.tokens, index)
        if word is None or passage.tokens.starts[index] != place:
            return "", place - 1
        return word[0], passage.tokens.ends[word[1] - 1]

    def _per_before(self, start: int) -> str:
        window = _CLAUSE.split(self._passage.low[max(0, start - 8) : start].rstrip())[-1]
        phrases = (("".join(words), name) for words, name in self._passage.lexicon.per)
        found = [(window.rfind(phrase), name) for phrase, name in phrases if phrase in window]
        return str(max(found)[1]) if found else ""

    def _names(self, number: Number, before: str) -> bool:
        """Whether the digits name something: a letter is attached to them, or a word before them says so."""
        passage = self._passage
        written = passage.low[number.start : number.end]
        if written[0] == "0" and len(written) > 1 and written.isdigit():
            return True
        if self._code not in ("ar", "hi") and _ATTACHED_BEFORE.search(before):
            return True
        identifiers = passage.lexicon.units.identifiers
        if passage.spaced:
            dotted = passage.word(number.first - 1) == "."
            word = passage.word(number.first - 1 - dotted)
            named = word in identifiers and (dotted or len(word) > 1)
            return named and self._unit_at(number, number.end) is None
        trimmed = before.lower().rstrip(" :")
        prefix = passage.lexicon.numbers.ordinal_prefix
        if prefix and trimmed.endswith(prefix):
            behind = passage.low[number.end : number.end + 2].lstrip()[:1]
            return behind in passage.lexicon.units.identifier_after
        return trimmed.endswith(tuple(identifiers)) and self._unit_characters(number.end) is None

    def _end_of_name(self, end: int) -> int:
        match = _REST_OF_NAME.match(self._passage.folded, end)
        return match.end() if match is not None and self._passage.spaced else end

    def _follows_name(self, number: Number) -> bool:
        """Whether a name stands before it, and nothing that it could count behind it: `Windows 11`."""
        passage, tokens = self._passage, self._passage.tokens
        if (
            not passage.spaced
            or number.grouped
            or number.step != 1
            or number.end - number.start > 4
            or self._code in ("ar", "hi")
        ):
            return False
        function = passage.lexicon.function
        if (
            number.after < len(tokens)
            and tokens.kinds[number.after] == "w"
            and tokens.words[number.after] not in function
        ):
            return False
        index = number.first - 1
        if index < 1 or tokens.kinds[index] != "w" or tokens.words[index] in function:
            return False
        return passage.text[tokens.starts[index]].isupper() and tokens.words[index - 1] not in '.!?:"“«„'

    def _looks_like_year(self, number: Number) -> bool:
        written = self._passage.low[number.start : number.end]
        return len(written) == 4 and written.isdigit() and is_year(int(written))

    def _is_year(self, number: Number) -> bool:
        """Whether a number of four digits is a year, by the words around it."""
        passage = self._passage
        if not self._looks_like_year(number) or number.value is None:
            return False
        value, recent = number.value, 1900 <= number.value <= 2099
        bound = passage.around.bound_before(passage.low, number.start)
        if not passage.spaced:
            return recent and bound is None
        following = passage.word(number.after)
        if following in passage.lexicon.dates.year_after:
            return True
        introduced = passage.word(number.first - 1) in passage.lexicon.dates.year_before
        counts = following[:1].isalpha() and following not in passage.lexicon.function
        if introduced or bound is not None or value > 2099:
            return introduced
        return not counts or (recent and value % 100 != 0)

    def _dated(self, number: Number) -> Measured | None:
        passage = self._passage
        dated = quantity(
            passage.text, number.start, number.end, days(int(number.value or 0)), passage.language
        )
        return None if dated is None else Measured(dated, number)

    def _ordinal(self, number: Number) -> Measured | None:
        passage, end = self._passage, 0
        if number.value is None or number.value.denominator != 1 or number.grouped or number.scale != 1:
            return None
        if passage.spaced:
            tail = _ORDINAL_TAIL.match(passage.low, number.end)
            dotted = passage.lexicon.numbers.ordinal_dot and _DOTTED_WORD.match(passage.low, number.end)
            if tail is not None:
                end = tail.end()
            elif dotted and _DETERMINED.search(passage.low[max(0, number.start - 6) : number.start]):
                end = number.end + 1
        else:
            behind = passage.lexicon.numbers.ordinal_after
            end = max(
                [
                    end,
                    *(number.end + len(word) for word in behind if passage.low.startswith(word, number.end)),
                ]
            )
        return passage.ordinal(number.start, end, number.value) if end else None


@functools.cache
def _counters(code: str) -> dict[str, str]:
    units = lexicon(code).units
    return {word: "counter:" + ("人" if word in units.persons else word) for word in units.counters}


@functools.cache
def _particles() -> tuple[str, ...]:
    return tuple(sorted(lexicon("ko").units.particles))
