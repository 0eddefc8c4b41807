"""What a statement says before it explains itself: of `The dam is safe: it was inspected in May` that the
dam is safe.

What stands behind a colon, a semicolon or a dash as a clause of its own, behind a word that gives a
reason or concedes something (`although`), or in a last clause that only adds something (`, which cost the
town its mill`) takes nothing back, so another statement may dispute what stands in front; a reason that
stands in front of all takes nothing back either. Where what is added narrows (`only`, `if`,
some of them), or where nobody can tell what a denial reaches (`not closed because of the ice`), there is
no core.
"""

import re
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import lru_cache

from reprise_research.judging.statement import TOKEN, Stance, Statement, Tense, read
from reprise_research.languages import Language, knows, language

_MARK = re.compile(r"(?:[:;]|\s[–—-]|—)\s+")
_CLAUSE = 4
"""Words of a clause at least."""


class _By(Enum):
    """What parts what is said from what is added."""

    MARK = auto()
    WORD = auto()
    """A word that gives a reason or concedes, with no comma in front: a denial may reach behind it."""
    CLAUSE = auto()


@dataclass(frozen=True)
class _Cut:
    start: int
    """Where the core ends."""
    end: int
    """Where what is added begins."""
    by: _By


@lru_cache(maxsize=8192)
def core(text: str, code: str) -> Statement | None:
    """Return what a statement says before it explains itself, with the dates of the whole if it speaks of the
    past; None where it does not, or where that narrows what it says. Languages that do not part words have
    none."""
    if not knows(code) or not language(code).spaces:
        return None
    told = _behind_reason(text, language(code))
    if told != text:
        return core(told, code) or read(told, code)
    cut = _cut(text, language(code))
    if cut is None:
        return None
    said, added = read(text[: cut.start].rstrip(" ,") + ".", code), read(text[cut.end :], code)
    if _narrows(added) or not _parts(cut, said, added):
        return None
    if said.tenses == Tense.PRESENT:
        return said  # it is so today, whenever what is added was
    dates = tuple(replace(q, start=q.start + cut.end, end=q.end + cut.end) for q in added.dates)
    return replace(said, quantities=(*said.quantities, *dates))


def _narrows(added: Statement) -> bool:
    """Whether it takes something back."""
    takes_back = added.exceptions > 0 or added.partial
    return takes_back or bool(added.stance & (Stance.CONDITION | Stance.QUESTION))


def _parts(cut: _Cut, said: Statement, added: Statement) -> bool:
    """Whether what stands behind a cut is a clause, and nothing that is said in front reaches into it."""
    last = [token.casefold() for token in TOKEN.findall(added.text)][-1:]
    if knows(added.language) and language(added.language).words.detached.intersection(last):
        return False  # it ends with a part of the verb in front
    if cut.by is _By.WORD:
        return not said.denies and not added.figures
    if cut.by is _By.MARK:
        return bool(added.tenses) and len(TOKEN.findall(added.text)) >= _CLAUSE
    return True


def _cut(text: str, known: Language) -> _Cut | None:
    """The first place where a statement begins to explain itself."""
    marks = [_Cut(m.start(), m.end(), _By.MARK) for m in _MARK.finditer(text)]
    reasons = [
        _Cut(m.start(), m.start(), _By.CLAUSE if text[: m.start()].rstrip()[-1:] == "," else _By.WORD)
        for m in _because(known.code).finditer(text)
    ]
    additions = [_Cut(m.start(), m.start(1), _By.CLAUSE) for m in _adds(known.code).finditer(text)]
    return min(
        (cut for cut in (*marks, *reasons, *additions) if cut.start), key=lambda cut: cut.start, default=None
    )


def _behind_reason(text: str, known: Language) -> str:
    """A sentence without the clause in front that gives a reason or concedes something; one that may say
    since when, or that is no clause (`because of the ice`), stays."""
    first, comma, said = text.partition(", ")
    opening = _because(known.code).match(first)
    if opening is None or not comma:
        return text
    last = opening.group().casefold().split()[-1]
    ties = known.words.relators | known.words.genitives | known.words.prepositions
    added = read(first, known.code)
    clause = len(TOKEN.findall(first)) >= _CLAUSE and not added.quantities and not _narrows(added)
    return said[:1].upper() + said[1:] if clause and last not in ties else text


@lru_cache(maxsize=16)
def _because(code: str) -> re.Pattern[str]:
    known = language(code)
    phrases = sorted((*known.asks.reasons, *known.sentences.concessions), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, phrases))})\b" if phrases else r"(?!)", re.IGNORECASE)


@lru_cache(maxsize=16)
def _adds(code: str) -> re.Pattern[str]:
    """The last clause of a sentence, where it is one that adds."""
    words = sorted(language(code).sentences.additions)
    return re.compile(
        rf",\s+((?:\w{{1,3}}\s)?(?:{'|'.join(words)})\b[^,;:]*$)" if words else r"(?!)", re.IGNORECASE
    )
