"""What a number counts or measures, where the text says so right beside it: `931,000 passengers`, `12 % of
households`, `3名乘客`."""

import re

from reprise_research.quantities.lexicon import Lexicon
from reprise_research.quantities.model import Kind
from reprise_research.quantities.tokens import Tokens

_HAN = re.compile(r"[\u3400-\u9fff\u30a1-\u30ff々ー]+")
_HANGUL = re.compile(r"\s?(?:의\s)?([가-힣]{2,8})")
_HEADING = re.compile(r"([^\W\d_][\w \u00a0-]{1,38}?)\s?[:：]\s?\Z")
_BEFORE_HAN = re.compile(r"([\u3400-\u9fff\u30a1-\u30ff々ー]{2,10})(?P<link>[がはをもの]?)\Z")
_BEFORE_HANGUL = re.compile(r"([가-힣]{2,8})\s\Z")
_PARTICLES = re.compile(r"(?:에서|으로|에게|까지|부터|이나|은|는|이|가|을|를|의|에|로|와|과|도|만)\Z")
_PLURAL = re.compile(r"(?:s|people|men|women|children|staff|police|cattle|sheep|deaths)\Z")
_WIDTH = 4
_APOSTROPHE = frozenset({"'"})
_ADJECTIVES_FIRST = frozenset({"en", "de", "nl"})
_NOUN_AFTER_UNIT = frozenset({"de", "nl", "ru", "ar", "hi"})
"""Languages in which a unit has its noun right behind it: `drei Jahre Haft`."""
_TAKE_NOUNS = frozenset({Kind.COUNT, Kind.SHARE})
_NOUN_ENDS = frozenset("家者员人机车量率所站厂局会院店校生工民户队团物品地区馆场楼厅部")


def heads(
    lexicon: Lexicon, text: str, low: str, tokens: Tokens, start: int, end: int, after: int, kind: Kind
) -> tuple[str, ...]:
    """Return the words for what is counted or measured by the number from `start` to `end`; `after` is the
    token behind it."""
    counted = kind is Kind.COUNT
    if lexicon.code in ("zh", "ja"):
        return _characters(lexicon, low, start, end, counted)
    if lexicon.code == "ko":
        return _korean(low, start, end, counted)
    found = _western(lexicon, text, tokens, after, kind)
    if found:
        return found
    heading = _HEADING.search(low[max(0, start - 44) : start])
    return (heading[1].split()[-1],) if heading and heading[1][-1].isalpha() else ()


def _western(lexicon: Lexicon, text: str, tokens: Tokens, after: int, kind: Kind) -> tuple[str, ...]:
    """What follows the number: `of` and a noun, or for what can have a noun right behind it, that noun."""
    at, linked = _begin(lexicon, tokens, after, kind)
    if at < 0:
        return ()
    taken: list[str] = []
    capital = False
    while at < len(tokens) and len(taken) < _WIDTH and _names_something(lexicon, tokens, at):
        word = tokens.words[at]
        if at + 1 < len(tokens) and tokens.kinds[at + 1] == "d" and tokens.touches(at + 1):
            word += tokens.words[at + 1]
        taken.append(word)
        capital = text[tokens.starts[at]].isupper()
        if lexicon.code not in _ADJECTIVES_FIRST or (
            capital if lexicon.code == "de" else _is_plural(lexicon.code, word)
        ):
            break
        at += 2 if at + 2 < len(tokens) and tokens.words[at + 1] == "-" and tokens.touches(at + 1) else 1
    if not taken or (lexicon.code == "de" and not capital):
        return ()
    if lexicon.code == "en" and not _is_plural("en", taken[-1]):
        return tuple(taken[:2]) if linked else tuple(taken) if len(taken) == 1 else ()
    return (taken[-1] if lexicon.code in ("en", "de") else taken[0],)


def _begin(lexicon: Lexicon, tokens: Tokens, after: int, kind: Kind) -> tuple[int, bool]:
    """Where the noun begins, and whether a word like `of` stands before it; a negative place: nowhere."""
    at, linked = _skip(tokens, after, _APOSTROPHE), False
    if at < len(tokens) and tokens.words[at] == "-" and tokens.touches(at):
        at += 1
    if at < len(tokens) and tokens.words[at] in lexicon.units.links:
        at, linked = at + 1, True
    elif (
        kind is Kind.MONEY
        or (kind not in _TAKE_NOUNS and lexicon.code not in _NOUN_AFTER_UNIT)
        or (kind not in (Kind.COUNT, Kind.PERCENT, Kind.SHARE) and lexicon.code == "hi")
    ):
        return -1, False
    if linked or kind is Kind.SHARE:
        at = _skip(tokens, at, lexicon.units.determiners | _APOSTROPHE)
    return at, linked


def _skip(tokens: Tokens, at: int, words: frozenset[str]) -> int:
    while at < len(tokens) and tokens.words[at] in words:
        at += 1
    return at


def _names_something(lexicon: Lexicon, tokens: Tokens, at: int) -> bool:
    return tokens.kinds[at] == "w" and len(tokens.words[at]) > 1 and tokens.words[at] not in lexicon.function


def _is_plural(code: str, word: str) -> bool:
    return code == "en" and _PLURAL.search(word) is not None and not word.endswith("ss")


def _characters(lexicon: Lexicon, low: str, start: int, end: int, counted: bool) -> tuple[str, ...]:
    gap = lexicon.units.gap
    at = end + 1 if gap and low[end : end + 1] == gap else end
    stop = lexicon.units.nouns_stop
    match = _HAN.match(low, at)
    if lexicon.code == "zh" and low[end - 1 : end] == "人" and at == end:
        return ()
    if match and (lexicon.code == "zh" or at > end):
        noun = match[0] if lexicon.code == "ja" else match[0][: 3 if match[0][2:3] in _NOUN_ENDS else 2]
        for index, character in enumerate(noun):
            if character in stop:
                noun = noun[:index]
                break
        if len(noun) > 1:
            return (noun,)
    before = _BEFORE_HAN.search(low[max(0, start - 11) : start]) if lexicon.code == "ja" else None
    return (before[1],) if before and (counted or before["link"] in ("の", "")) else ()


def _korean(low: str, start: int, end: int, counted: bool) -> tuple[str, ...]:
    match = _HANGUL.match(low, end)
    if match and low[end : end + 2].strip().startswith("의"):
        return (_PARTICLES.sub("", match[1]) or match[1],)
    before = _BEFORE_HANGUL.search(low[max(0, start - 10) : start])
    if before and (counted or before[1].endswith("의") or not _PARTICLES.search(before[1])):
        return (_PARTICLES.sub("", before[1]) or before[1],)
    return ()
