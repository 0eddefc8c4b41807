"""What a stretch of text is good for: whether it is prose, leans on what stands before it, gives an opinion, speaks to a machine.

The words that tell it stand in the languages' files; here is what holds in all of them.
"""

import re
from functools import cache

from reprise_research.languages import LANGUAGES, Language, knows, language
from reprise_research.text.lexicon import Lexicon, lexicon
from reprise_research.text.script import is_unspaced, script_of
from reprise_research.text.sentences import Sentence, ends, is_spoken, split
from reprise_research.text.words import LETTER, runs, stop_words

LONGEST = 600
"""Characters; a longer stretch without a full stop is a list or a table that lost its shape."""
_OPENING = "\"'“‘«„([¿¡"
_STARTS_WITHIN = re.compile(rf"[{re.escape(_OPENING)}]*[a-zà-ÿа-яё]")
_NAMED_IN_LOWER = re.compile(
    r"[\"'“‘«(\[]*[a-z][\w.+-]*(?:\(\d\w*\)|\d|[-_.+]\w)|\S+\s(?:is|are|was|has|can|will|does|provides|reads|uses)\b|"
    r"\S+\s(?:[a-z]+s\s|[-–—:]\s|\(\w)|[\"“‘][^\"”’]{1,60}[\"”’]\s"
)
"""A sentence may begin in lower case with the name of a program or with what it explains: `dpkg(1) is …`, `hold - the user …`,
`"netstat -an" shows …`."""
_CRUMB = re.compile(
    r"^\d{1,3} (?:This|The|It|In|If|See|As|For|When|That|These|An?)\s|(?:\s?\.){4,}|"
    r"(?:\s?…){2,}\s*\d|^[”’»\"')\]]\s|^\\|\s\d+ / \d+\b|_{3,}"
)
"""Marks of a table of contents, of a page's foot, or of a quotation that began before."""
_ROW = re.compile(r"[^:;|]{1,40}: [^;]+(?:; [^:;|]{1,40}: [^;]+)+")
_FIELD = re.compile(r"(?:^|\s)[A-Z][\w-]*: ")
"""A field of a record, such as `Priority: optional`."""
_POINTS = re.compile(r"\b(?:they|them|it|he|him|she|her)\b", re.IGNORECASE)
_QUOTED = re.compile(r"[“\"«「『][^“”\"«»「」『』]{0,200}[”\"»」』]")
_LETTERS = re.compile(LETTER)
_ADDRESS = re.compile(r"https?://\S+")
_BESIDE = 9
"""Words beside an address from which a sentence says something besides where to look."""
_CLOSING = "）)】」』，、。：；,.:;的地得都也就而并或和与及をはがのにでとも"
_FEWEST = {"ko": 3, "ar": 4, "ru": 4, "hi": 5}
"""Words of a sentence; a language that writes articles and prepositions apart needs five."""


def prose(text: str, code: str = "en") -> tuple[Sentence, ...]:
    """Return the sentences of a text that say something by themselves: no headings, menus, captions, legal lines or tables, and nothing
    of a paragraph from where on it speaks to a machine that reads it."""
    found: list[Sentence] = []
    tainted = -1
    for sentence in split(text, code):
        if sentence.paragraph != tainted and instructs(sentence.text):
            tainted = sentence.paragraph
        if sentence.paragraph != tainted and (_says(sentence.text, code) if sentence.spoken else is_prose(sentence.text, code)):
            found.append(sentence)
    return tuple(found)


def rows(text: str, code: str = "en") -> tuple[Sentence, ...]:
    """Return the rows of a text's tables, as `sources.tables` writes them: `Head: cell; Head: cell.`"""
    return tuple(sentence for sentence in split(text, code) if len(sentence.text) <= LONGEST and _ROW.match(sentence.text))


def is_row(stretch: str) -> bool:
    """Return whether a stretch is a row of a table: `Head: cell; Head: cell.`"""
    return _ROW.match(stretch) is not None


def is_prose(sentence: str, code: str = "en") -> bool:
    """Return whether a stretch is a whole sentence of running text that says something itself."""
    if len(sentence) > LONGEST or not ends(sentence) or "|" in sentence or _CRUMB.search(sentence):
        return False
    if "http" in sentence and not _speaks(_ADDRESS.sub(" ", sentence), code):
        return False
    if _ROW.fullmatch(sentence) or sentence.count("(") != sentence.count(")"):
        return False
    bare = sentence.lstrip(_OPENING + " ")
    read = _read_with(sentence, code)
    if not bare or any(one.reading.boilerplate.search(sentence) or one.reading.refers.match(bare) for one in read):
        return False
    return _is_unspaced_sentence(sentence) if is_unspaced(bare[0]) or _is_unspaced_text(sentence) else _is_sentence(sentence, code)


def _speaks(rest: str, code: str) -> bool:
    """Whether what stands beside an address is a sentence by itself, and no entry of a list of links."""
    words = runs(rest, code)
    return len(words) >= _BESIDE and sum(word in stop_words(code) for word in words) >= 0.25 * len(words)


def leans(sentence: str, code: str = "en") -> bool:
    """Return whether a sentence needs the one before it to be understood: it begins with a pronoun or a connective, or points elsewhere."""
    bare = sentence.lstrip(_OPENING)
    for one in _read_with(sentence, code):
        if one.reading.opens.match(bare) or one.reading.points.search(bare):
            return True
    return code == "en" and len(bare) < 50 and _POINTS.search(bare) is not None


def is_opinion(sentence: str, code: str = "en") -> bool:
    """Return whether someone values, demands or believes in it, rather than reports."""
    return any(_opinion(one.code).search(sentence) or one.opinion.pattern.search(sentence) for one in _read_with(sentence, code))


def is_unknown(sentence: str, code: str = "en") -> bool:
    """Return whether it says that something is not known, was not measured or has not been decided."""
    return any(one.reading.unknown.search(sentence) for one in _read_with(sentence, code))


def instructs(text: str) -> bool:
    """Return whether a text speaks, in any language, to the machine that reads it instead of to its readers; not where it quotes such
    words."""
    bare = _QUOTED.sub(" ", text)
    return any(language(code).reading.instructs.search(bare) for code in LANGUAGES)


def is_transcript(text: str, code: str = "en") -> bool:
    """Return whether a text is speech that nobody punctuated."""
    return is_spoken(text, code)


def _says(piece: str, code: str) -> bool:
    """Whether a piece of speech holds enough words to say something."""
    if is_unspaced(piece[0]):
        return len(piece) >= 12
    words = runs(piece, code)
    return len(words) >= 5 and any(word not in stop_words(code) for word in words)


def _read_with(sentence: str, code: str) -> tuple[Language, ...]:
    """The languages whose words tell something of a sentence: its text's own, and in Latin script English, which stands on pages in all
    of them; a sentence in another script than its text is read with the language of that script."""
    foreign = sum(character > "\u024f" and character.isalpha() for character in sentence) > len(sentence) / 5
    return _languages(code, script_of(sentence) if foreign else "latin")


@cache
def _languages(code: str, script: str | None) -> tuple[Language, ...]:
    own = (language(code),) if knows(code) else ()
    if any(one.script == script for one in own) or (own and script in ("han", "kana") and own[0].script in ("han", "kana")):
        return own if script != "latin" or code == "en" else (*own, language("en"))
    return tuple(language(known) for known in LANGUAGES if language(known).script == script and (script != "latin" or known == "en"))


@cache
def _opinion(code: str) -> Lexicon:
    known = language(code)
    return lexicon(known.opinion.words, known.opinion.phrases, code)


def _is_unspaced_text(sentence: str) -> bool:
    letters = _LETTERS.findall(sentence)
    return bool(letters) and sum(is_unspaced(letter[0]) for letter in letters) >= len(letters) / 3


def _is_sentence(sentence: str, code: str) -> bool:
    words = sentence.split()
    within = _STARTS_WITHIN.match(sentence) and (not _NAMED_IN_LOWER.match(sentence) or words[0].strip("\"'“‘«([") in stop_words(code))
    if sentence[0] in "<>)].,;:=" or within:
        return False
    if len(_FIELD.findall(sentence)) >= 3 or (sentence[0] == "(" and sentence.rstrip(".!?")[-1:] == ")"):
        return False
    if len(words) < _FEWEST.get(code, 5) or sum(map(len, _LETTERS.findall(sentence))) < 0.55 * len(sentence):
        return False
    capitals = sum(word[0].isupper() for word in words if word[0].isalpha())
    return len(words) <= 6 or capitals <= 0.75 * len(words)


def _is_unspaced_sentence(sentence: str) -> bool:
    """It is long enough, and begins as a sentence does: with no closing mark and no particle."""
    return len(sentence) >= 10 and sentence[0] not in _CLOSING
