"""Sentences with their place in the text.

`text[sentence.start:sentence.end] == sentence.text`, offsets in Unicode code points. A stored text has one paragraph per
line (`sources.extract`), and is split paragraph by paragraph, which keeps the work linear in its length.
"""

import re
from dataclasses import dataclass

from reprise_research.text.language import is_chinese, is_han
from reprise_research.text.words import word_list

_ABBREVIATIONS = word_list("abbreviations")
_STOP = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s|$)|[。！？；]+[”’」』）】]*|…{2,}[”’」』]*")
_LAST_WORD = re.compile(r"(?:[^\W\d_]|\.)+$")
_STARTS_SENTENCE = re.compile(r"[\"'“‘«(\[]*[^\W_]")
_SPACE = re.compile(r"\s*")

_BOILERPLATE = re.compile(
    r"cookie|newsletter|subscri(?:be|ption)|sign (?:in|up)|log ?in\b|all rights reserved|©|copyright \d|terms of (?:use|service)|"
    r"privacy policy|click here|read more|share (?:this|on)|follow us|advertisement|back to top|skip to|your browser|javascript|"
    r"comments? (?:are )?closed|leave a comment|related (?:articles|stories)|photo(?:graph)?:|image:|table of contents|"
    r"版权所有|点击|订阅|登录|注册|隐私|责任编辑|扫码|关注我们|转载请|相关阅读",
    re.IGNORECASE,
)
_LEANS = re.compile(
    r"(?:(?:but|and|or|so|yet|however|therefore|thus|hence|moreover|furthermore|besides|instead|meanwhile|nevertheless|also|still|then|"
    r"otherwise|similarly|conversely|by contrast|in contrast|in addition|on the other hand|as a result|for example|for instance|that said|"
    r"it|they|he|she|his|her|their|its|this|these|those|that|such|both|neither|one of them|here|there the|"
    r"the (?:former|latter|same|other|two|second|result|reason)|of (?:these|those|this)|"
    r"(?:for|in|at|with|from|by|to|after|before) (?:this|that|these|those|it|them))\b|.{0,60}\bthere too\b|"
    r".{0,80}\bthis (?:sum|amount|figure)\b|"
    r".{0,60}\b(?:they|it|he|she|we|these|those) (?:do|does|did|are|is|were|was)\.$|"
    r"(?:但|但是|然而|因此|所以|而且|此外|同时|不过|这|那|它|他|她|其中|其|该|对此|例如))",
    re.IGNORECASE,
)
_POINTS = re.compile(r"\b(?:they|them|it|he|him|she|her)\b", re.IGNORECASE)
_OPINION = re.compile(
    r"\b(?:think|thinks|believe|believes|feel|feels|argue|argues|argued|claim|claims|ought|"
    r"must not|in (?:my|our|his|her|their) (?:view|opinion)|"
    r"unfair|fair|wrong|right thing|absurd|worth it|not worth|worthwhile|overdue|nonsense|shame|welcome|regret|fear|fears|hope|hopes|"
    r"we (?:want|demand|need|ask|call)|opposes?|supports?|favou?rs?|dislikes?|better off|deserves?|mistake|success|failure|frankly|"
    r"i (?:am|was|have|would|do|don)|my)\b|认为|应该|应当|希望|担心|反对|支持|呼吁|不公|值得|觉得|批评|主张",
    re.IGNORECASE,
)
_SHOULD = re.compile(r"\bshould\b", re.IGNORECASE)
_TERMINAL = re.compile(r"[.!?…。！？；][\"'”’»)\]」』）】]*$")
_LETTER = re.compile(r"[^\W\d_]")

LONGEST = 600
"""Characters; a longer stretch without a full stop is a list or a table that lost its shape."""


@dataclass(frozen=True)
class Sentence:
    """One sentence of a text. `paragraph` and `position` count from 0; `heading` is the last heading above it."""

    text: str
    start: int
    end: int
    paragraph: int
    position: int
    heading: str = ""


def prose(text: str) -> tuple[Sentence, ...]:
    """The sentences of a text that say something by themselves: no headings, menus, captions, legal lines or tables."""
    return tuple(sentence for sentence in split(text) if is_prose(sentence.text))


def split(text: str) -> tuple[Sentence, ...]:
    """Every stretch of a text that a full stop or a line's end closes, in order."""
    found: list[Sentence] = []
    offset, heading, paragraph = 0, "", 0
    for line in text.split("\n"):
        if line.strip():
            if is_heading(line):
                heading = line.strip()
            for start, end in _stretches(line):
                found.append(Sentence(line[start:end], offset + start, offset + end, paragraph, len(found), heading))
            paragraph += 1
        offset += len(line) + 1
    return tuple(found)


def is_heading(line: str) -> bool:
    """Whether a line stands above text instead of being text: short, and closed by no full stop."""
    stripped = line.strip()
    return 0 < len(stripped) <= 90 and not _TERMINAL.search(stripped) and not stripped.endswith((",", ":", "，", "："))


def is_prose(sentence: str) -> bool:
    """Whether a stretch is a whole sentence of running text."""
    if len(sentence) > LONGEST or not _TERMINAL.search(sentence) or "|" in sentence or "http" in sentence:
        return False
    if is_chinese(sentence):
        return len(sentence) >= 10 and not _BOILERPLATE.search(sentence)
    words = sentence.split()
    letters = len(_LETTER.findall(sentence))
    if len(words) < 5 or letters < 0.55 * len(sentence):
        return False
    capitals = sum(word[0].isupper() for word in words if word[0].isalpha())
    if len(words) > 6 and capitals > 0.75 * len(words):
        return False
    return not _BOILERPLATE.search(sentence)


def leans(sentence: str) -> bool:
    """Whether a sentence needs the one before it to be understood: it begins with a pronoun or a connective."""
    bare = sentence.lstrip("\"'“‘«(")
    return _LEANS.match(bare) is not None or (len(bare) < 50 and _POINTS.search(bare) is not None)


def is_opinion(sentence: str) -> bool:
    """Whether someone values, demands or believes in it, rather than reports. `Should` with a quantity is an expectation."""
    if _OPINION.search(sentence) is not None:
        return True
    return _SHOULD.search(sentence) is not None and not any(character.isdigit() for character in sentence)


def is_question(sentence: str) -> bool:
    """Whether it asks."""
    return sentence.rstrip("\"'”’»)]」』）】").endswith(("?", "？"))


def _stretches(line: str) -> list[tuple[int, int]]:
    """Where the sentences of one paragraph begin and end, without the white space around them."""
    found: list[tuple[int, int]] = []
    start = _skip(line, 0)
    if marker := re.match(r"(?:[-*•‣–]|\d{1,2}[.)])\s+", line[start:]):
        start += marker.end()
    for stop in _STOP.finditer(line, start):
        if stop.start() < start or not _closes(line, start, stop):
            continue
        found.append((start, stop.end()))
        start = _skip(line, stop.end())
    end = len(line.rstrip())
    if start < end:
        found.append((start, end))
    return found


def _closes(line: str, start: int, stop: re.Match[str]) -> bool:
    """Whether a full stop ends a sentence, and not an abbreviation, an initial or an ellipsis within one."""
    after = _skip(line, stop.end())
    if after >= len(line) or stop.group()[0] in "。！？；":
        return True
    following = line[after]
    if following.islower() or (not _STARTS_SENTENCE.match(line, after) and not is_han(following)):
        return False
    if stop.group() != ".":
        return True
    word = _LAST_WORD.search(line, start, stop.start())
    if word is None:
        return True
    last = word.group().lower().strip(".")
    if len(last) == 1 and word.group()[-1].isupper():
        return False
    return last not in _ABBREVIATIONS or (last in {"etc", "inc", "ltd", "co", "a.m", "p.m", "u.s", "u.k", "e.u"} and following.isupper())


def _skip(line: str, position: int) -> int:
    found = _SPACE.match(line, position)
    return found.end() if found else position
