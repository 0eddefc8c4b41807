"""Phrases that could name a theme: one or two words that behave like nouns, or a run of Chinese characters that recurs as a whole.

No tagger and no model: what a word is follows from the words around it, over all its occurrences, and from lists of words that name
nothing by themselves (`text/lists`).
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from reprise_research.extractive.nouns import nouns
from reprise_research.languages import knows
from reprise_research.text.figures import NUMBER_WORDS, UNIT_WORDS
from reprise_research.text.language import is_han
from reprise_research.text.passages import Passage
from reprise_research.text.words import STOPWORDS, stem, word_list

_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|[^\w\s]|\d+")
_CODE = re.compile(r"[!-~]*[/\\_<>=@#$~|{}\d][!-~]*|[A-Za-z]+(?:[-.][A-Za-z]+)+|\w+\(\w*\)")
"""Paths, names of files, commands, placeholders and compounds: what looks like words in them are none."""
_ADJECTIVE = re.compile(r"(?:[^u]al|ous|able|ible|ful|less|ical|ary|native|active|specific|public|automatic)$")
_NO_THEME_HAN = re.compile(
    "参见|参阅|表示|参考|阅读|查看|详见|更多|信息|关于|了解|请|您|可以|如果|使用|没有|不能|需要|进行|包括|其他|许多|所有|这些|那些|一个|提供|重新|本地|支持|成为|通过|已经|选择|问题|方法|部分|情况|时候|这样|目前|新的|不同|相应|立方米|平方米|公里|公斤|千克|每[\u4e00-\u9fff]|什么|怎样|如何|因为|所以|但是"
)
_ONE_SIDED = 0.6
"""The share of one and the same neighbour from which a run of characters is a piece of a longer word."""
_NO_NOUN = word_list("not_nouns")
_TOO_GENERAL = frozenset(stem(word) for word in word_list("too_general"))
_BEFORE_VERB = word_list("before_verbs")
HAN_EDGE = (
    "的了是在和与及或也都而把被就对从到为以于之其这那我们你他她它有个不没很更最还又但并且年月日上下中内后前可能会要将已等每一二三两多少约万亿千百"
    "至使让则均各该此由经向按据称说起次达占"
)
_ONLY_LAST = frozenset("起次")
"""Particles at the end of a run that begin nouns: `起步价`."""
_ENDS_A_PLACE = frozenset("市省县区州镇村国")
_BEFORE_PARTICIPLE = frozenset({"is", "are", "was", "were", "be", "been", "being", "by", "when", "while"})
_AFTER_PARTICIPLE = frozenset(
    {"the", "a", "an", "their", "its", "our", "his", "her", "this", "that", "it", "them", "up", "out", "for", "to"}
)
_OBJECT = frozenset({"the", "a", "an", "their", "its", "our", "his", "her", "it", "them"})
"""What follows a verb at once, and hardly ever a noun: `leaves the`, `writes a`."""
_HEADS = frozenset(
    {
        "time", "times", "rate", "rates", "level", "levels", "number", "numbers", "figure", "figures", "data", "record", "records",
        "system", "systems", "plan", "plans", "value", "values", "size", "sizes", "case", "cases", "group", "groups", "area", "areas",
    }
)  # fmt: skip
_LONGEST_HAN = 6


class Occurrence(NamedTuple):
    """A phrase in its place: what identifies it, how it is written, and what stands around it."""

    stems: tuple[str, ...]
    form: str
    closed: bool
    lower: bool
    verb: bool
    before: str = ""
    after: str = ""
    head: str = ""


@dataclass
class Phrase:
    """A candidate, with the evidence of all its occurrences."""

    stems: tuple[str, ...]
    forms: Counter[str] = field(default_factory=Counter)
    passages: set[int] = field(default_factory=set)
    sources: set[str] = field(default_factory=set)
    closed: int = 0
    """Occurrences that no further noun follows: `noise fell`, not `noise stations`."""
    lower: int = 0
    """Occurrences in lower case: names of persons and places are no themes."""
    verb: int = 0
    """Occurrences after a word that a verb follows: `to ask`, `they cost`."""
    seen: int = 0
    before: Counter[str] = field(default_factory=Counter)
    """Chinese characters that stand before it."""
    heads: Counter[str] = field(default_factory=Counter)
    """Words that name nothing by themselves and often follow it: `response times`."""
    after: Counter[str] = field(default_factory=Counter)
    weight: float = 1.0
    """How good a name it is; set by whoever compares them."""
    language: str = "en"

    @property
    def doubtful(self) -> float:
        """The share of occurrences that may look like a verb: without a list of verbs more of them only are not shown to be nouns."""
        return 0.25 if self.language in ("en", "zh") else 0.6

    @property
    def label(self) -> str:
        """Its commonest form, with the word that nearly always completes it."""
        form = max(self.forms.items(), key=lambda form: (form[1], form[0]))[0]
        head, number = max(self.heads.items(), key=lambda head: (head[1], head[0]), default=("", 0))
        return f"{form} {head}" if number > _ONE_SIDED * self.seen else form

    def names_something(self) -> bool:
        """Whether it recurs, and behaves like a common noun."""
        if self.seen < 2 or self.lower < 0.5 * self.seen or self.closed < 0.35 * self.seen or self.verb > self.doubtful * self.seen:
            return False
        if self.language not in ("en", "zh"):
            return True
        if is_han(self.stems[0][0]):
            return not _NO_THEME_HAN.search(self.stems[0]) and not self._is_piece()
        return len(self.stems) > 1 or _ADJECTIVE.search(self.label) is None

    @property
    def is_general(self) -> bool:
        """Whether it names a subject only together with another word: `file` says nothing, `configuration file` does."""
        return len(self.stems) == 1 and self.stems[0] in _TOO_GENERAL

    def is_tail(self) -> bool:
        """Whether a run of characters begins with the end of a place's name: `市共享单车` of `云溪市共享单车`."""
        return self.stems[0][0] in _ENDS_A_PLACE and self.before.total() == self.seen

    def _is_piece(self) -> bool:
        """Whether a run of characters nearly always has the same neighbour, no particle, and so is a part of a word (branching: Harris
        1955)."""
        sides = ((number for other, number in side.items() if other not in HAN_EDGE) for side in (self.before, self.after))
        return any(max(side, default=0) > _ONE_SIDED * self.seen for side in sides)


def phrases_of(found: list[Passage]) -> list[Phrase]:
    """The phrases of all passages that could name a theme, in alphabetical order."""
    known: dict[tuple[str, ...], Phrase] = {}
    for index, passage in enumerate(found):
        for seen in _seen(passage):
            phrase = known.setdefault(seen.stems, Phrase(seen.stems, language=passage.language))
            phrase.forms[seen.form] += 1
            phrase.passages.add(index)
            phrase.sources.add(passage.source_id)
            phrase.closed += seen.closed
            phrase.lower += seen.lower
            phrase.verb += seen.verb
            phrase.seen += 1
            if seen.head:
                phrase.heads[seen.head] += 1
            if seen.before:
                phrase.before[seen.before] += 1
            if seen.after:
                phrase.after[seen.after] += 1
    usable = {phrase.stems: phrase for phrase in known.values() if phrase.names_something()}
    for stems in [stems for stems in usable if is_han(stems[0][0]) and usable[stems].language == "zh"]:
        whole = stems[0]
        if (whole[0] in HAN_EDGE and whole[0] not in _ONLY_LAST) or whole[-1] in HAN_EDGE or usable[stems].is_tail():
            usable.pop(stems, None)
            continue
        for piece in _pieces(whole):
            if (piece,) in known and known[(piece,)].seen <= 1.3 * known[stems].seen:
                usable.pop((piece,), None)
    return sorted(usable.values(), key=lambda phrase: phrase.stems)


def _seen(passage: Passage) -> Iterator[Occurrence]:
    """What could be names in a passage: by the rules of English and Chinese, of other languages by what stands around a word. Of a
    language that nobody has described nothing is taken for a name."""
    if passage.language in ("en", "zh"):
        yield from _occurrences(passage.text)
    elif knows(passage.language):
        for noun in nouns(passage.text, passage.language):
            yield Occurrence(noun.stems, noun.form, closed=True, lower=noun.inner, verb=not noun.shown)


def _occurrences(text: str) -> Iterator[Occurrence]:
    tokens = _WORD.findall(_CODE.sub(" # ", text))
    for place, token in enumerate(tokens):
        if is_han(token[0]):
            for size in range(2, _LONGEST_HAN + 1):
                for start in range(len(token) - size + 1):
                    piece = token[start : start + size]
                    after = start + size
                    yield Occurrence(
                        (piece,), piece, closed=True, lower=True, verb=False,
                        before=token[start - 1] if start else "", after=token[after] if after < len(token) else "",
                    )  # fmt: skip
            continue
        for size in (1, 2):
            words = tokens[place : place + size]
            if len(words) < size or not all(is_nominal(word) for word in words):
                break
            following = tokens[place + size] if place + size < len(tokens) else "."
            yield Occurrence(
                stems=tuple(stem(word.lower()) for word in words),
                form=" ".join(words).lower(),
                closed=not is_nominal(following),
                lower=all(word.islower() for word in words) or (place == 0 and words[0][1:].islower()),
                verb=_is_verb(tokens, place, size),
                head=following.lower() if size == 1 and following.lower() in _HEADS else "",
            )


def _is_verb(tokens: list[str], place: int, size: int) -> bool:
    """Whether what stands around a word makes it a verb: `to ask`, `they cost`, `is asking`, `leaves the`."""
    before = tokens[place - 1].lower() if place else ""
    after = tokens[place + size].lower() if place + size < len(tokens) else "."
    if before in _BEFORE_VERB or after in _OBJECT:
        return True
    return tokens[place + size - 1].endswith("ing") and (before in _BEFORE_PARTICIPLE or after in _AFTER_PARTICIPLE or is_nominal(after))


def is_nominal(word: str) -> bool:
    """Whether a word can be a part of a theme's name: no function word, no measure, and none that is usually a verb or an adverb."""
    lower = word.lower().replace("’", "'")
    if len(lower) < 3 or not lower.isalpha() or lower.endswith(("ly", "ed")):
        return False
    return lower not in STOPWORDS and lower not in _NO_NOUN and lower not in NUMBER_WORDS and stem(lower) not in UNIT_WORDS


def _pieces(phrase: str) -> list[str]:
    return [phrase[i : i + size] for size in range(2, len(phrase)) for i in range(len(phrase) - size + 1)]
