"""What a statement says in clauses that can stand by themselves: of `The guide said that the mill is closed,
and a ticket costs 4 euros` that the mill is closed, and that a ticket costs 4 euros.

Three things are taken apart: the frame that hands on what somebody says, what is put in between (brackets,
`, a brick house,`), and clauses that are joined by a word that only adds. A clause keeps what holds for all
of the sentence: what it opens with (`in 2011, …`), its dates, and how firmly it speaks. Where something that
is cut off takes something back (`, but only on Sundays`), nothing is cut.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from reprise_research.judging.cores import core
from reprise_research.judging.scope import of_one_measure
from reprise_research.judging.statement import SEGMENT, TOKEN, Stance, Statement, Tense, frame, read
from reprise_research.languages import Language, knows, language
from reprise_research.quantities import Quantity
from reprise_research.text.parts import may_be_noun, parts_of

_SHARED = (
    Stance.QUESTION
    | Stance.CONDITION
    | Stance.HEDGE
    | Stance.INTENT
    | Stance.PLAN
    | Stance.FORECAST
    | Stance.TARGET
)
"""What a sentence says of all its clauses by a word in one of them."""
_FRAME = 8
"""Words of a frame at most."""
_TOLD = 3
"""Words between a verb of saying and what is said at most: `told the paper that`."""
_LEAST = 2
"""Words that carry meaning, and figures, of a clause at least."""
_NEVER = re.compile(r"(?!)")
_BEHIND_A_NAME = re.compile(r"[^\W\d_a-z]\w+(?: [^\W\d_a-z]\w+)+, (?P<aside>[^,;:.!?]+)(?P<close>,)")
"""What is said of somebody behind the name that begins a sentence: `Ann Hart, mayor of Osk, …`."""
_BRACKETS = re.compile(r"\s*[(（][^()（）]*[)）]")


@dataclass(frozen=True)
class Clause:
    """A clause as a statement of its own."""

    said: Statement
    whole: bool = False
    """Whether it is all that the statement says."""
    leads: bool = True
    """Whether it begins the sentence. What follows may be of the thing that the first clause names."""
    beside: frozenset[str] = frozenset()
    """The stems of what the other clauses name."""
    names: frozenset[str] = frozenset()
    """Those of them that are proper names."""


@lru_cache(maxsize=8192)
def clauses(text: str, code: str) -> tuple[Clause, ...]:
    """Return the clauses of a statement, each without what it explains; empty where it is one clause that
    says nothing besides, and in a language without a file."""
    if not knows(code):
        return ()
    known, whole = language(code), read(text, code)
    if Stance.QUESTION in whole.stance:
        return ()
    told = _unframed(text, known)
    plain = _without_asides(told, known)
    opening, parts = _joined(plain, known)
    if parts == [text]:
        explained = core(text, code)
        return (Clause(explained),) if explained is not None else ()
    read_parts = [read(part, code) for part in parts]
    if any(part.exceptions or part.partial for part in read_parts):
        return ()
    return tuple(
        _clause(opening if place else "", place, parts, whole, framed=told != text)
        for place, part in enumerate(read_parts)
        if len(part.words) + len(part.quantities) >= _LEAST
    )


def _clause(opening: str, place: int, parts: list[str], whole: Statement, *, framed: bool) -> Clause:
    """One of the clauses, with what holds for the whole sentence."""
    code = whole.language
    text = opening + (_with_subject(parts[place], parts[0], language(code)) if place else parts[place])
    said = core(text, code) or read(text, code)
    others = [read(part, code) for i, part in enumerate(parts) if i != place]
    return Clause(
        replace(
            said,
            stance=said.stance | whole.stance & _SHARED,
            attributed=whole.attributed or framed,
            quantities=(*said.quantities, *_dates_beside(said, whole)),
        ),
        leads=place == 0,
        beside=frozenset(word.stem for one in others for word in one.words if not word.minor),
        names=frozenset(word.stem for one in others for word in one.words if word.name),
    )


def _with_subject(part: str, first: str, known: Language) -> str:
    """A clause with what the first clause names first in place of a pronoun, if it names nothing else that
    the pronoun may stand for."""
    pronoun, thing = TOKEN.match(part), _thing(known.code).match(first)
    if pronoun is None or thing is None or pronoun.group().casefold() not in known.words.subjects:
        return part
    articles = known.numbers.articles | known.units.determiners
    others = TOKEN.findall(first[thing.end() :])
    if any(word.casefold() in articles or (known.nouns.capitals and word[0].isupper()) for word in others):
        return part
    return thing.group() + part[pronoun.end() :]


@lru_cache(maxsize=16)
def _thing(code: str) -> re.Pattern[str]:
    """What a clause begins with: an article with one word, or a name."""
    known = language(code)
    articles = _either(known.numbers.articles | known.units.determiners) or r"(?!)"
    return re.compile(rf"(?:(?i:{articles})(?:\s|['’]))\w+|[^\W\d_a-z]\w+(?: [^\W\d_a-z]\w+)+")


def _dates_beside(said: Statement, whole: Statement) -> Iterator[Quantity]:
    """The dates of the whole sentence, for a clause that names none and may speak of the past."""
    if said.dates or said.tenses == Tense.PRESENT:
        return
    behind = len(said.text)
    for date in whole.dates:
        yield replace(date, start=date.start + behind, end=date.end + behind)


def _unframed(text: str, known: Language) -> str:
    """A text without the frame that hands on what somebody says: `the guide told the paper that …`. A frame
    that doubts, denies or dates what is said stays."""
    says, opens = _frames(known.code)
    for verb in says.finditer(text):
        told = opens.match(text, verb.end())
        if told and _hands_on(text[: verb.start()], verb.group(), told.group("told"), known):
            return _capital(text[told.end() :])
    return text


@lru_cache(maxsize=16)
def _frames(code: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What says that somebody says something, and what stands from there to what is said."""
    known = language(code)
    if not known.reporting.verbs or not known.reporting.opens or not known.spaces:
        return _NEVER, _NEVER
    opens = rf"(?P<told>[^,;:.]{{0,40}}?),?\s(?:{_either(known.reporting.opens)})(?:\s|(?<=['’]))"
    return re.compile(rf"\b(?:{_either(known.reporting.verbs)})\b", re.IGNORECASE), re.compile(opens)


def _either(words: Iterable[str]) -> str:
    return "|".join(re.escape(word) for word in sorted(words, key=lambda word: (-len(word), word)))


def _hands_on(before: str, verb: str, told: str, known: Language) -> bool:
    """Whether a verb of saying has somebody in front who says it, and at most somebody behind who is told."""
    frame = read(f"{before}{verb}{told}", known.code)
    heard, listeners = TOKEN.findall(before), TOKEN.findall(told)
    if not heard or len(heard) >= _FRAME or len(listeners) > _TOLD or SEGMENT.search(before):
        return False
    if frame.denies or frame.stance or frame.quantities or frame.exceptions:
        return False
    small = known.words.function
    ties = known.words.prepositions | known.words.relators
    if heard[0].casefold() in ties or any(word.casefold() in ties for word in listeners[:1]):
        return False
    if any(word.casefold() in known.reporting.opens for word in heard):
        return False
    last = heard[-1].casefold()
    said_by = [word for word in heard if word.casefold() not in small]
    if may_be_noun(verb.casefold(), "en") and known.code == "en" and len(said_by) != 1:
        return False  # `rejected claims that`
    return last not in ties and (known.code != "en" or parts_of(last, "en") != "r")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _without_asides(text: str, known: Language) -> str:
    """A text without what stands in brackets, and without what is said besides of the thing before it."""
    plain = _BRACKETS.sub("", text)
    asides = _BRACKETS.findall(text)
    kept = text if any(_measures(aside, plain, known) for aside in asides) else plain
    if not known.spaces:
        return kept
    found = [*_asides(known.code).finditer(kept)] or [*filter(None, [_BEHIND_A_NAME.match(kept)])]
    for aside in found[::-1]:
        before = kept[: aside.start("aside") - 2]
        if _opens_with_tie(aside.group("aside"), known):
            continue
        if _names_a_thing(before, known) and not _weighs(aside.group("aside"), known):
            kept = before + aside.group("close").replace(",", "") + kept[aside.end() :]
    return kept


def _weighs(aside: str, known: Language) -> bool:
    """Whether it takes something back, or denies something."""
    said = read(aside, known.code)
    return bool(said.exceptions or said.partial or said.denies or said.stance)


def _measures(aside: str, text: str, known: Language) -> bool:
    """Whether what stands in brackets may say when it is so, or how much otherwise: `(2015)`, `4 euros (7 at
    weekends)`."""
    said, figures = read(aside.strip(" ()（）"), known.code), read(text, known.code).figures
    otherwise = any(of_one_measure(figure, other) for figure in said.figures for other in figures)
    return _weighs(aside, known) or otherwise or (bool(said.quantities) and len(said.words) < _LEAST)


def _names_a_thing(before: str, known: Language) -> bool:
    """Whether a text begins with a thing, and not with when, where, though or according to whom."""
    first = TOKEN.search(before)
    if first is None or _opens_with_tie(before, known):
        return False
    word = first.group().casefold()
    return word not in known.words.function or word in known.numbers.articles | known.units.determiners


@lru_cache(maxsize=16)
def _asides(code: str) -> re.Pattern[str]:
    """A part between two commas that begins with an article or with a word that adds."""
    known = language(code)
    words = known.numbers.articles | known.units.determiners | known.sentences.additions
    if not words:
        return _NEVER
    return re.compile(rf",\s(?P<aside>(?:{_either(words)})\b[^,;:.!?]*)(?P<close>,|[.]$)", re.IGNORECASE)


def _opens_with_tie(text: str, known: Language) -> bool:
    """Whether a text says no more than when or where."""
    first = TOKEN.search(text)
    small = known.words.prepositions | known.words.relators | known.kinds.conditions
    return first is None or first.group().casefold() in small


def _joined(text: str, known: Language) -> tuple[str, list[str]]:
    """What a sentence opens with, and the clauses that are joined in it."""
    cuts = [0, *(place for span in _joints(text, known) for place in span), len(text)]
    parts = [text[start:end] for start, end in zip(cuts[::2], cuts[1::2], strict=True)]
    parts = [part for part in parts if not _is_frame(part, text, known)]
    if len(parts) < 2 or any(_takes_back(part, known) for part in parts):
        return "", [text]
    first = parts[0]
    setting = _is_setting(first, known)
    if setting and not known.spaces:
        parts[:2] = [first + "，" + parts[1]]
    reported = next((i for i, part in enumerate(parts) if _reports(part, known)), len(parts))
    parts = parts[: reported + 1]  # what follows may be a part of what is reported
    if setting and not known.spaces:
        return first + "，", [_sentence(part) for part in parts]
    if not setting:
        return "", [_sentence(part) for part in parts]
    mark = SEGMENT.search(first)
    if mark is None:
        return "", [_sentence(first)]  # what it opens with holds for all, and nobody can tell where it ends
    opening = first[: mark.end()] + " "
    return opening, [_sentence(first), *(part.strip().rstrip(".") + "." for part in parts[1:])]


def _takes_back(part: str, known: Language) -> bool:
    """Whether a clause may take something out of what the others say."""
    said = read(part, known.code)
    return said.exceptions > 0 or said.partial


def _reports(part: str, known: Language) -> bool:
    """Whether a clause holds another one that depends on it: `they denied that …`. Where no word tells so, a
    denial may reach behind the comma."""
    if not known.spaces:
        return read(part, known.code).denies
    return any(token.casefold() in known.reporting.opens for token in TOKEN.findall(part))


def _joints(text: str, known: Language) -> list[tuple[int, int]]:
    """Where clauses are joined: behind a comma, and without one where each half has a verb."""
    marked, bare = _joins(known.code)
    found = [m.span() for m in marked.finditer(text)]
    for m in bare.finditer(text):
        before = max((end for _, end in found if end <= m.start()), default=0)
        after = min((start for start, _ in found if start >= m.end()), default=len(text))
        if read(text[before : m.start()], known.code).tenses and _says_something(
            text[m.end() : after], known
        ):
            found.append(m.span())
    return sorted(found)


def _says_something(half: str, known: Language) -> bool:
    """Whether half a sentence has more than a thing: an auxiliary, or a word between the thing and its
    figure."""
    said = read(half, known.code)
    before = min((q.start for q in said.figures), default=0)
    return bool(said.tenses) or sum(word.end <= before for word in said.words) >= _LEAST


def _is_setting(first: str, known: Language) -> bool:
    """Whether a sentence begins with when, where or for whom it is so."""
    dates = read(first, known.code).dates
    if any(not first[: date.start].strip() for date in dates):
        return True
    if known.spaces:
        return _opens_with_tie(first, known)
    said = read(first, known.code)
    if len(said.words) + len(said.quantities) <= _LEAST:
        return True  # `维修期间，`
    ties = known.words.relators | known.words.prepositions
    return first.startswith(tuple(ties)) or first.endswith(tuple(ties))


def _is_frame(part: str, text: str, known: Language) -> bool:
    """Whether a part only says who says it."""
    start = text.index(part)
    return any(
        start <= a and b <= start + len(part) + 1 and b - a >= len(part.strip())
        for a, b in frame(text, known)
    )


def _sentence(text: str) -> str:
    return _capital(text.strip().rstrip(".。,，")) + "."


@lru_cache(maxsize=16)
def _joins(code: str) -> tuple[re.Pattern[str], re.Pattern[str]]:
    """What joins two clauses behind a comma, and without one in front of an article."""
    known = language(code)
    if not known.sentences.coordinates:
        return _NEVER, _NEVER
    words = _either(known.sentences.coordinates)
    if not known.spaces:
        return re.compile(rf"[，；](?:{words})?"), _NEVER
    marked = re.compile(rf"(?:[,;،]\s(?:{words})|;)\s", re.IGNORECASE)
    articles = known.numbers.articles | known.units.determiners
    if not articles:
        return marked, _NEVER
    bare = rf"(?<![,;،])\s(?:{words})\s(?=(?:{_either(articles)})(?:\s|['’]))"
    return marked, re.compile(bare, re.IGNORECASE)
