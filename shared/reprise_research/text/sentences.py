"""Sentences with their place in the text.

`text[sentence.start:sentence.end] == sentence.text`, offsets in Unicode code points. A stored text has one
paragraph per line (`sources.extract`); a library finds the ends of sentences within it, and the abbreviations
of a language's file take back those that are none. Speech that was written down without full stops is cut
where it pauses.
"""

import re
from dataclasses import dataclass
from functools import cache
from itertools import pairwise

from babel import Locale
from sentencex import get_sentence_boundaries

from reprise_research.languages import knows, language
from reprise_research.text.script import is_kana, is_unspaced
from reprise_research.text.words import LETTER, runs, stop_words

_TERMINAL = re.compile(r"[.!?…。！？；।॥؟۔։][\"'”“’»›)\]」』）】]*$")
_BOUNDARY = re.compile(r"[.!?…。！？।॥؟۔][\"'”“’»›)\]」』）】]*(?=\s|$)|[。！？]")
_LAST_WORD = re.compile(r"(?:[^\W\d_]|\.)+(?=\.[\"'”’»)\]]*$)")
_DAY = re.compile(r"(?<!\d)\d{1,2}\.$")
_WORD = re.compile(r"\w+")
_SPACE = re.compile(r"\s*")
_MARKER = re.compile(r"(?:[-*•‣–]|\d{1,2}[.)]|\[\d{1,3}(?::\d\d){1,2}\])\s+")
"""What stands before a line and is none of its words: an item's mark, the time of a transcript's line."""
_COUNTED_HAN = re.compile(r"\s*[（(]?[一二三四五六七八九十]{1,3}[）)、.．]")
_LONGEST_HAN_HEADING = 30
_CLOSING = "”’」』"
_LONGEST_SPEAKER = 24
"""Characters of who said something, with the verb."""
_SEMICOLON = re.compile(r"[；。！？]+[”’」』）】]*")
_NUMBERED = re.compile(
    r"(?i:(?:chapter|part|appendix|section|kapitel|chapitre|capítulo|capitolo|hoofdstuk|глава)\s+)?"
    r"((?:\d{1,3}|[A-Z])(?:\.\d{1,3})*)\.?\s+[\"“'(]?[^\W\d_a-z]"
)
"""A heading's number: what follows it begins with a capital, or is of a script without."""
_ENUMERATED = re.compile(r"\W*(?:\d{1,3}|[A-Za-z])(?:\.\d{1,3})*[.)]?\s")
_CODE = re.compile(r"[{}<>|\\=$]|^[.#/(~-]|\s--\s|:-\)|\w\(\S*\)|^[\w.]+://|\w\s{3,}\w")
"""Marks of a line of code, a shell or a signature."""
_LETTERS = re.compile(LETTER)
_SPOKEN_LINE = 300
"""Characters from which a line without a full stop is speech and no heading, if it has the function words of
speech."""
_SPOKEN_WORDS = 60
_SPOKEN_SHARE = 0.25
"""The share of function words in what someone said."""
_PIECE = 180
"""Characters of speech that are quoted together."""
_LONGEST_PIECE = 260
_UNSPACED_PIECE = 60


@dataclass(frozen=True)
class Sentence:
    """One sentence of a text. `paragraph` and `position` count from 0; `heading` is the last heading above
    it, `above` those over that one, as far as numbers tell which they are."""

    text: str
    start: int
    end: int
    paragraph: int
    position: int
    heading: str = ""
    above: str = ""
    spoken: bool = False
    """Whether it is a piece of speech, which no full stop closes."""


def split(text: str, code: str = "en") -> tuple[Sentence, ...]:
    """Return every stretch of a text that a full stop or a line's end closes, in order."""
    found: list[Sentence] = []
    offset, paragraph = 0, 0
    headings = _Headings()
    spoken = is_spoken(text, code)
    lines = text.split("\n")
    apart = _stand_apart(lines)
    titled = _with_full_stops(lines)
    for number, line in enumerate(lines):
        if line.strip():
            heads = (is_heading(line) or number in titled) and not (spoken and paragraph)
            if heads and apart:  # lines that stand together are a list or code
                heads = not _is_beside(lines, number)
            if heads:
                headings.enter(line.strip())
            own = spoken and not heads and not _BOUNDARY.search(line)
            for start, end in _pieces(line, code) if own else _stretches(line, code):
                place = (offset + start, offset + end, paragraph, len(found))
                found.append(Sentence(line[start:end], *place, headings.last, headings.above, own))
            paragraph += 1
        offset += len(line) + 1
    return tuple(_joined(found, text) if spoken else found)


def _with_full_stops(lines: list[str]) -> frozenset[int]:
    """The numbers of the lines that are headings though a full stop closes them, as Chinese minutes have
    them: short, counted (`一、…。`, `二、…。`), at least two, and each with other text below it. Counted
    lines that follow each other are a list, and say something."""
    told = [number for number, line in enumerate(lines) if line.strip()]
    counted = {
        number
        for number in told
        if _COUNTED_HAN.match(lines[number])
        and len(lines[number].strip()) <= _LONGEST_HAN_HEADING
        and len(_SEMICOLON.findall(lines[number])) == 1
    }
    above = {one for one, below in pairwise(told) if one in counted and below not in counted}
    return frozenset(above) if len(above) > 1 and len(above) == len(counted) else frozenset()


def _stand_apart(lines: list[str]) -> bool:
    """Whether blank lines part the paragraphs of a text: most of its sentences that end a line have one
    behind them."""
    closed = [number for number, line in enumerate(lines[:-1]) if ends(line)]
    return sum(not lines[number + 1].strip() for number in closed) > len(closed) / 2


def _is_beside(lines: list[str], number: int) -> bool:
    """Whether another line stands right above or below one."""
    above = number > 0 and lines[number - 1].strip()
    below = number + 1 < len(lines) and lines[number + 1].strip()
    return bool(above or below)


def is_spoken(text: str, code: str = "en") -> bool:
    """Return whether a text is speech that nobody punctuated, as in a transcript: it is long, has hardly a
    full stop, and is full of function words, which menus and tables are not."""
    lines = [line for line in (_unmarked(line) for line in text.split("\n")) if line.strip()]
    bare = [line for line in lines if not _BOUNDARY.search(line)]
    said = " ".join(line.strip() for line in bare[1:] if line) if len(bare) > 1 else "".join(bare)
    if len(said) < _SPOKEN_LINE or sum(map(len, bare)) < 0.7 * sum(map(len, lines)):
        return False
    if is_unspaced(said.strip()[0]):
        return max(map(len, bare)) >= _SPOKEN_LINE / 2
    words = runs(said, code)
    stops = stop_words(code)
    flows = max(map(len, bare)) >= _SPOKEN_LINE or sum(
        line.strip()[0].islower() for line in bare
    ) > 0.5 * len(bare)
    return (
        flows
        and len(words) >= _SPOKEN_WORDS
        and (not stops or sum(word in stops for word in words) >= _SPOKEN_SHARE * len(words))
    )


def is_heading(line: str) -> bool:
    """Return whether a line stands above text instead of being text: short, and closed by no full stop; a
    question may stand above its answer."""
    stripped = line.strip()
    if (
        not 0 < len(stripped) <= 90
        or (_TERMINAL.search(stripped) and not _is_one_question(stripped))
        or stripped.endswith((",", ":", "，", "：", ";", "、"))
    ):
        return False
    numbered = _ENUMERATED.match(stripped)
    bare = stripped[numbered.end() :] if numbered and is_question(stripped) else stripped
    return not _CODE.search(bare) and sum(map(len, _LETTERS.findall(stripped))) >= 0.5 * len(stripped)


def _is_one_question(line: str) -> bool:
    """Whether a line is one question and nothing else, but for a number before it; a full stop before a small
    letter ends an abbreviation."""
    numbered = _ENUMERATED.match(line)
    rest = line[numbered.end() if numbered else 0 : -1]
    return is_question(line) and not any(
        rest[found.end() :].lstrip()[:1].isupper() or not rest[found.end() :].strip() or found.group() != "."
        for found in _BOUNDARY.finditer(rest)
    )


def ends(text: str) -> bool:
    """Return whether a full stop closes a stretch."""
    return _TERMINAL.search(text) is not None


def is_question(sentence: str) -> bool:
    """Return whether it asks."""
    return sentence.rstrip("\"'”’»)]」』）】").endswith(("?", "？", "؟"))


class _Headings:
    """The headings above a place: the last one, and by their numbers those over it (`4 After installation`
    over `4.1 Passwords`)."""

    def __init__(self) -> None:
        self.last = ""
        self._numbered: dict[tuple[str, ...], str] = {}
        self._over: tuple[str, ...] = ()

    def enter(self, heading: str) -> None:
        """Go below a heading."""
        found = _NUMBERED.match(heading)
        self.last = heading
        if found is None:
            return
        number = tuple(found[1].upper().split("."))
        self._numbered = {
            known: text
            for known, text in self._numbered.items()
            if len(known) < len(number) and number[: len(known)] == known
        }
        self._over = tuple(self._numbered.values())
        self._numbered[number] = heading

    @property
    def above(self) -> str:
        """The headings over the last one."""
        own = [text for text in self._numbered.values() if text != self.last]
        return " · ".join(own)


def _stretches(line: str, code: str) -> list[tuple[int, int]]:
    """Where the sentences of one paragraph begin and end, without the white space around them."""
    start = _skip(line, 0)
    if marker := _MARKER.match(line, start):
        start = marker.end()
    found: list[tuple[int, int]] = []
    for stop in _stops(line, code):
        if stop <= start:
            continue
        end = start + len(line[start:stop].rstrip())
        if end > start and _closes(line, start, end, code):
            found.append((start, end))
            start = _skip(line, stop)
    end = len(line.rstrip())
    if start < end:
        found.append((start, end))
    return found


def _stops(line: str, code: str) -> list[int]:
    """Where the library ends sentences, and where the marks do that only one sense ends with."""
    found = {int(boundary["end_index"]) for boundary in get_sentence_boundaries(code or "en", line)}
    found |= {match.end() for match in _SEMICOLON.finditer(line)}
    return sorted(found)


def _closes(line: str, start: int, end: int, code: str) -> bool:
    """Return whether the library was right: an abbreviation, an initial or what goes on in lower case ends no
    sentence."""
    after = _skip(line, end)
    if after >= len(line):
        return True
    following = line[after]
    if (
        not _TERMINAL.search(line, start, end)
        or following.islower()
        or (is_kana(following) and line[end - 1] in "」』")
    ):
        return False  # 「…」と: what was quoted goes on
    if _is_ascribed(line, end, after, code):
        return False
    if line.startswith("-", end) or _is_day(line, start, end, after, code):
        return False
    word = _LAST_WORD.search(line, start, end) if line[end - 1] == "." else None
    if word is None:
        return True
    last = word.group().lower().strip(".")
    abbreviations, closers = _abbreviations(code)
    initial = len(last) == 1 and word.group()[-1].isupper()
    return not initial and (last not in abbreviations or (last in closers and following.isupper()))


def _is_ascribed(line: str, end: int, after: int, code: str) -> bool:
    """Return whether what follows a quotation only says who said it, in a language that writes no comma
    between: `“…。”居民马女士说。`"""
    if not (knows(code) and line[end - 1] in _CLOSING and is_unspaced(line[after])):
        return False
    stop = _BOUNDARY.search(line, after)
    told = line[after : stop.start() if stop else len(line)]
    return len(told) <= _LONGEST_SPEAKER and any(
        told.endswith(verb) for verb in language(code).reporting.verbs
    )


def _is_day(line: str, start: int, end: int, after: int, code: str) -> bool:
    """Whether a full stop makes an ordinal of the day of a date: `am 9. November`."""
    following = _WORD.match(line, after)
    if following is None or following.group().casefold() not in _months_behind_ordinals(code):
        return False
    return _DAY.search(line, start, end) is not None


@cache
def _months_behind_ordinals(code: str) -> frozenset[str]:
    """The names of the months where a language writes the day before them as an ordinal (CLDR)."""
    if not knows(code):
        return frozenset()
    locale = Locale(code)
    if "d." not in locale.date_formats["long"].pattern:
        return frozenset()
    names = [name for width in ("wide", "abbreviated") for name in locale.months["format"][width].values()]
    return frozenset(name.casefold().rstrip(".") for name in names)


@cache
def _abbreviations(code: str) -> tuple[frozenset[str], frozenset[str]]:
    marks = language(code if knows(code) else "en").sentences
    return marks.abbreviations, marks.closers


def _pieces(line: str, code: str) -> list[tuple[int, int]]:
    """Where speech can be cut: a short line is a piece as it is, a long one is cut at its pauses or between
    words."""
    start, end = _skip(line, 0), len(line.rstrip())
    if marker := _MARKER.match(line, start):
        start = marker.end()
    found: list[tuple[int, int]] = []
    limit = _UNSPACED_PIECE if start < end and is_unspaced(line[start]) else _PIECE
    while end - start > limit * 1.4:
        stop = _pause(line, start, limit, code)
        found.append((start, start + len(line[start:stop].rstrip())))
        start = _skip(line, stop)
    if start < end:
        found.append((start, end))
    return found


def _pause(line: str, start: int, limit: int, code: str) -> int:
    """The best place to cut after about `limit` characters: a comma, before a word that begins a clause, a
    space."""
    window = line[start : start + int(limit * 1.3)]
    least = limit // 2
    strong, weak = _clauses(code)
    for pattern in (r"[,，、،;:]\s*", strong, weak, r"\s+"):
        places = [match.end() for match in re.finditer(pattern, window, re.IGNORECASE)]
        fitting = [place for place in places if least <= place]
        if fitting:
            return start + min(fitting, key=lambda place: (abs(place - limit), place))
    return start + limit


@cache
def _clauses(code: str) -> tuple[str, str]:
    """The expressions that find a word that begins a clause, and one that may."""
    known = language(code if knows(code) else "en")
    return _before(known.sentences.clauses, spaces=known.spaces), _before(
        known.sentences.joins, spaces=known.spaces
    )


def _before(words: frozenset[str], *, spaces: bool) -> str:
    options = "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))
    return rf"\s+(?=(?:{options})\s)" if spaces else f"(?={options})"


def _joined(found: list[Sentence], text: str) -> list[Sentence]:
    """Pieces of speech with those that follow them in the next lines, as long as they are short: a caption
    holds a few words."""
    joined: list[Sentence] = []
    for piece in found:
        last = joined[-1] if joined else None
        near = (
            last is not None
            and last.spoken
            and piece.spoken
            and text[last.end : piece.start].count("\n") == 1
        )
        if (
            last is not None
            and near
            and piece.end - last.start <= _LONGEST_PIECE
            and last.end - last.start < _PIECE / 2
        ):
            joined[-1] = Sentence(
                text[last.start : piece.end],
                last.start,
                piece.end,
                last.paragraph,
                last.position,
                last.heading,
                last.above,
                True,
            )
        else:
            joined.append(piece)
    return joined


def _unmarked(line: str) -> str:
    """A line without the mark before it."""
    marker = _MARKER.match(line)
    return line[marker.end() :] if marker else line


def _skip(line: str, position: int) -> int:
    found = _SPACE.match(line, position)
    return found.end() if found else position
