"""Words as ranking counts them: stems without function words; in scripts without spaces, pairs of characters.

What a language needs stands in its file (`reprise_research.languages`). A text in an unknown language is read
without stems.
"""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from functools import cache, lru_cache
from threading import local

import snowballstemmer

from reprise_research.languages import knows, language
from reprise_research.text.script import is_han, is_kana, is_unspaced

_MARKS = (
    r"\u0300-\u036f\u0483-\u0487\u0591-\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u0900-\u0903\u093a-\u094f\u0951-\u0957"
    r"\u0962\u0963\u0981-\u0983\u09bc\u09be-\u09cd\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u200c\u200d"
)
LETTER = rf"(?:[^\W\d_][{_MARKS}]*)"
"""One letter with the marks that belong to it: vowel signs are no letters to `re`, and a Hindi word would
fall apart."""
_TOKEN = re.compile(
    rf"(?>\d+(?:[.,]\d+)*)(?![A-Za-z])|[^\W_]{{1,2}}(?:\+\+|#)(?!\w)|(?:\d+(?:[.,]\d+)*|{LETTER}){LETTER}*(?:['’]{LETTER}+)*\d*"
)
_ELIDED = re.compile(
    r"^(?:[a-z]{1,2}|qu|jusqu|lorsqu|puisqu|quelqu|dell|all|nell|sull|dall|quell|quest|coll|un|anch|com|cos|dov)['’]"
)
_ARABIC_SIGNS = re.compile(r"[\u0640\u064b-\u065f\u0670]")
_ARABIC_FORMS = str.maketrans("أإآٱىة", "اااايه")
_ELIDES = ("fr", "it")
_SHORT = 3
"""Letters of a name that a stop word may be mistaken for: Go, IT, WHO."""
_ROOT = 2
_TITLE = 0.6
"""The share of capitalised words above which capitals say nothing."""
_stemmers = local()


@lru_cache(maxsize=65536)
def stem(word: str, code: str = "en") -> str:
    """The stem of a lower-case word of a language; the word itself where there is no stemmer."""
    if code == "en":
        return _light(word)
    algorithm = language(code).stemmer if knows(code) else ""
    if not algorithm:
        return _without_particle(word, code)
    known = _stemmers.__dict__
    if algorithm not in known:
        known[algorithm] = snowballstemmer.stemmer(algorithm)
    return str(known[algorithm].stemWord(word)) or word


def _without_particle(word: str, code: str) -> str:
    """The word without the particle that is written behind it; what is left has at least two letters."""
    particles = language(code).particles if knows(code) else ()
    return next(
        (word[: -len(p)] for p in particles if word.endswith(p) and len(word) - len(p) >= _ROOT), word
    )


def _light(word: str) -> str:
    """A light stem of an English word: plural (Harman 1991), -ing and -ed, and a last e or y. It joins less
    than Porter's, which makes one word of university and universe."""
    if word.endswith(("ies", "ied")) and len(word) > 4:
        word = word[:-3] + "y"
    elif word.endswith("ied"):
        word = word[:-1]
    elif word.endswith(("sses", "shes", "ches", "xes", "zes", "uses")):
        word = word[:-2]
    elif word.endswith("s") and not word.endswith(("ss", "us", "is")) and len(word) > 3:
        word = word[:-1]
    for suffix in ("ing", "ed"):
        if (
            word.endswith(suffix)
            and not word.endswith("ceed")
            and len(word) - len(suffix) >= 3
            and any(c in "aeiouy" for c in word[: -len(suffix)])
        ):
            word = word[: -len(suffix)]
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    return (
        word[:-1]
        if len(word) > 4 and (word[-1] == "e" or (word[-1] == "y" and word[-2] not in "aeiou"))
        else word
    )


@cache
def stop_words(code: str) -> frozenset[str]:
    """The words of a language that ranking leaves out, as `runs` writes them; none of an unknown one."""
    return frozenset(_plain(word) for word in language(code).stop_words) if knows(code) else frozenset()


@cache
def asking(code: str) -> frozenset[str]:
    """Stems of words that ask, and name nothing that a source could be about: `explain`, `effect`,
    `worth`."""
    return (
        frozenset(stem(_plain(word), code) for word in language(code).words.asking)
        if knows(code)
        else frozenset()
    )


def tokens(text: str, code: str = "en") -> Iterator[str]:
    """Yield the words of a text as they are written: an article that is glued to its noun by an apostrophe is
    a word of its own, runs of characters without spaces are one token, and `C++`, `C#` and `5G` are whole."""
    for match in _TOKEN.finditer(text):
        word = match.group().replace("’", "'")
        if code in _ELIDES:
            while elided := _ELIDED.match(word.lower()):
                yield word[: elided.end() - 1]
                word = word[elided.end() :]
        yield word.removesuffix("'s") if code == "en" else word


def runs(text: str, code: str = "en") -> list[str]:
    """Words of the text in lower case; text without spaces as runs between its small function characters."""
    found: list[str] = []
    for word in tokens(text, code):
        if is_unspaced(word[0]) or any(is_han(character) for character in word):
            found.extend(_unspaced_runs(word.lower(), code))
        else:
            found.append(_plain(word))
    return found


def terms(text: str, code: str = "en") -> list[str]:
    """The terms that ranking compares: stems without function words, numbers as they are, pairs of characters
    of scripts without spaces. A short name that looks like a function word (R, Go, IT) is a term with its
    capitals."""
    found: list[str] = []
    stops = stop_words(code)
    names = _shouts(text)
    for place, word in enumerate(tokens(text, code)):
        if is_unspaced(word[0]) or any(is_han(character) for character in word):
            for run in _unspaced_runs(word.lower(), code):
                found.extend(_pieces(run))
            continue
        plain = _plain(word)
        if plain in stops or len(plain) == 1:
            if plain.isdigit() or (not names and _is_name(word, plain, place, code)):
                found.append(word)
        else:
            found.append(plain if plain[0].isdigit() else stem(plain, code))
    return found


def content(text: str, code: str = "en") -> frozenset[str]:
    """The terms without numbers: what a sentence is about."""
    return frozenset(term for term in terms(text, code) if not term.isdigit() and not term[0].isdigit())


def overlap(one: frozenset[str], other: frozenset[str]) -> float:
    """Shared terms over the terms of the smaller set, 0 to 1."""
    smaller = min(len(one), len(other))
    return len(one & other) / smaller if smaller else 0.0


def count_words(text: str) -> int:
    """Words of a text; a character of a script without spaces counts as one."""
    return sum(sum(1 for c in w if is_han(c) or is_kana(c)) or 1 for w in _TOKEN.findall(text))


def shorten(text: str, limit: int) -> str:
    """At most `limit` characters, cut between words, with an ellipsis where something was cut."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    cut = text[: limit - 1]
    space = cut.rfind(" ")
    return (cut[:space] if space > limit // 2 else cut).rstrip(" ,;:，；：–—-") + "…"


def listed(items: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    if len(items) <= 1:
        return "".join(items)
    return f"{', '.join(items[:-1])} {last} {items[-1]}"


@lru_cache(maxsize=65536)
def _plain(word: str) -> str:
    """A word as words are compared: in lower case, Arabic without vowel signs and with one form of each
    letter."""
    word = unicodedata.normalize("NFC", word.lower().replace("’", "'"))
    if "\u0600" <= word[0] <= "\u06ff":
        return _ARABIC_SIGNS.sub("", word).translate(_ARABIC_FORMS) or word
    return word


def _shouts(text: str) -> bool:
    """Whether so many words are capitalised that capitals tell no name."""
    words = [word for word in text.split() if word[0].isalpha()]
    return len(words) > 3 and sum(word[0].isupper() for word in words) > _TITLE * len(words)


def _is_name(word: str, plain: str, place: int, code: str) -> bool:
    """Whether a word that looks like a function word is a name: a capital letter or two with a sign (R, C++),
    all capitals (IT, WHO), or a capital within a sentence (Go); at its beginning only if it is short and no
    article, pronoun or the like."""
    if not word[0].isupper():
        return False
    function = {_plain(w) for w in language(code).words.function} if knows(code) else frozenset()
    if len(plain) == 1:
        return plain not in function
    if word.isupper():
        return True
    return len(word) <= _SHORT and (place > 0 or plain not in function)


def _unspaced_runs(word: str, code: str) -> Iterator[str]:
    """The runs of a text without spaces: of Chinese between its function characters, of Japanese those of one
    script, without hiragana, which writes endings and particles."""
    stop = _function_characters(code)
    run, kind = "", ""
    for character in word:
        own = _kind(character)
        if own == "small" or (own == "han" and character in stop):
            own = ""
        if own != kind and run:
            yield run
            run = ""
        run, kind = run + character if own else "", own
    if run:
        yield run


def _kind(character: str) -> str:
    if is_han(character):
        return "han"
    if "\u30a0" <= character <= "\u30ff":
        return "kata"
    if "\u3040" <= character <= "\u309f":
        return "small"
    return "thai" if is_unspaced(character) else "other"


def _pieces(run: str) -> list[str]:
    """What a run is counted by: pairs of Chinese characters, a katakana word as it is, threes of other
    letters without spaces."""
    kind = _kind(run[0])
    if kind == "han":
        return [run[i : i + 2] for i in range(len(run) - 1)] or [run]
    if kind == "thai":
        return [run[i : i + 3] for i in range(len(run) - 2)] or [run]
    return [run]


@cache
def _function_characters(code: str) -> frozenset[str]:
    """The Chinese characters that mean nothing alone; in Japanese they are parts of words."""
    return frozenset() if code == "ja" else frozenset(language("zh").nouns.particles)
