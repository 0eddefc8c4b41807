"""How well passages answer a question: by how much of it they and their headings say, by how rare those words
are, and by meaning.

Coverage comes before rarity: a passage that has most of the question's words, some of them in its headings,
answers it better than one that has the rarest of them often. Where an encoder is installed its order and that
of the words are joined by rank (reciprocal rank fusion: Cormack, Clarke and Büttcher 2009), so that neither's
scale matters.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

import numpy as np

from reprise_research.extractive.expected import expected
from reprise_research.languages import knows, language
from reprise_research.meaning import Encoder
from reprise_research.quantities import Kind, amounts
from reprise_research.text.language import language_of
from reprise_research.text.passages import Passage
from reprise_research.text.ranking import Vector, bm25_by, rounded
from reprise_research.text.words import asking, runs, stem, terms

_RARITY = 0.5
"""The power of a term's rarity in what is covered: 0 would count all terms alike."""
_CONTEXT = 0.7
"""What a term in the headings counts, one in the passage being 1."""
_TITLE = 0.3
"""What a term counts that only the source's title has."""
_SHARP = 2.0
"""The power of the covered share."""
_COVERED, _COUNTED = 0.5, 0.5
"""How much coverage counts alone, and how much of it is multiplied by the score of the words."""
_MEANING = 0.8
"""What the passage nearest in meaning gets, the best by its words getting 1. Measured on questions on
manuals: joining the two by rank put the answer first less often than words alone."""
_SECTION = 0.8
"""What the first passage gets below a heading that asks or names just what the question does."""
_FOLLOWING = 0.85
"""What each further passage of a section gets of what the one before it got; a section says first what it is
about."""
_LEAST_FOLLOWING = 0.3
_IN_ORDER = 0.4
"""What a passage gets that has all of the question's words beside each other as the question has them."""
_WANTED = 1.35
"""How much more a passage counts that gives what the question asks for: an amount, a date, a reason."""
_LIKE_HEADING, _SAME_HEADING = 0.5, 0.9
"""The cosines of heading and question from which it may be what is asked, and at which it is."""
_DIGITS = 3
_SHORTEST_FORM = 4
"""Letters of a verb without what its participle begins with."""
_CANDIDATES = 160
"""Passages that are looked at closely, the best by their words; encoding more of a long document takes too
long."""
_SECTIONS = 12
"""Sections whose passages are looked at because their headings mean what is asked."""
_OF_SECTIONS = 160
_MOST_HEADINGS = 400
_RUN = re.compile(r"[^\W\d_][\w'’-]*(?: [^\W\d_][\w'’-]*)*")
"""Words with nothing but a space between them."""
_NUMBER = re.compile(r"^\W*(?:(?:\d{1,3}|[A-Z])(?:\.\d{1,3})*[.)]?)\s+")
"""The number of a heading."""


@dataclass(frozen=True)
class Covered:
    """The share of a question that each passage says, with its headings, and without them; both 0 to 1."""

    share: Vector
    said: Vector


def answering(found: list[Passage], parts: Sequence[str], encoder: Encoder | None = None) -> Vector:
    """Return how well each passage answers any of these questions, the best being 1."""
    if not found:
        return np.zeros(0)
    score = np.zeros(len(found))
    for part in parts:
        score = np.maximum(score, by_words(found, part))
    score *= np.array([passage.weight for passage in found])
    score = _looked_at(found, parts, rounded(score), encoder)
    top = score.max()
    return rounded(score / top) if top > 0 else score


def by_words(found: list[Passage], question: str) -> Vector:
    """Return the score of each passage by words alone: the covered share, and within that BM25."""
    codes = sorted({passage.language for passage in found})
    queries = {code: _without_bynames(question, code) for code in codes}
    counted = bm25_by([p.own_terms for p in found], [p.language for p in found], queries)
    share = covered(found, question).share
    return np.asarray(share**_SHARP * (_COVERED + _COUNTED * counted), dtype=np.float64)


def covered(found: list[Passage], question: str) -> Covered:
    """Return how much of a question each passage says; a term counts by the square root of its rarity, and
    one that nobody uses not. Where some passages are in the question's language, those of another one have
    hardly more in common with it than names: what they leave out counts as not said."""
    codes = sorted({passage.language for passage in found})
    own_code = language_of(question)
    share, said = np.zeros(len(found)), np.zeros(len(found))
    for code in codes:
        own = [place for place, passage in enumerate(found) if passage.language == code]
        wanted = sorted(set(asked(question, code)))
        texts = [set(found[place].own_terms) for place in own]
        contexts = [set(found[place].context) for place in own]
        titles = {title: set(terms(title, code)) for title in {found[place].title for place in own}}
        used = {
            term: sum(term in text or term in context for text, context in zip(texts, contexts, strict=True))
            for term in wanted
        }
        worth = {
            term: math.log(1 + len(own) / (1 + number)) ** _RARITY for term, number in used.items() if number
        }
        total = sum(worth.values()) or 1.0
        bynames = names_in(question, code)
        if costs := _asks_money(question, code) - worth.keys():
            # nobody says `cost` or `how much`: who gives an amount of money does
            paid = [text for text, place in zip(texts, own, strict=True) if _gives_money(found[place])]
            for text in paid:
                text.update(costs)
            if paid:
                worth |= dict.fromkeys(costs, math.log(1 + len(own) / (1 + len(paid))) ** _RARITY)
                total = sum(worth.values())
        if own_code in codes and code != own_code and worth:
            total *= len(wanted) / len(worth)
        for place, text, context in zip(own, texts, contexts, strict=True):
            for name, others in bynames.items():
                for told in (text, context):
                    told.update(others if name in told else ())
            title = titles[found[place].title]
            spoken = sum(weight for term, weight in worth.items() if term in text)
            around = sum(
                weight * (_CONTEXT if term in context else _TITLE)
                for term, weight in worth.items()
                if term not in text and (term in context or term in title)
            )
            share[place], said[place] = (spoken + around) / total, spoken / total
    return Covered(rounded(share), rounded(said))


def names_in(question: str, code: str) -> dict[str, frozenset[str]]:
    """Return the names of a question, each with the words in front of it that only say what bears it: who
    speaks of the Sula has spoken of `the electric ferry Sula`. None where nouns have capitals too."""
    if not knows(code) or language(code).nouns.capitals:
        return {}
    small, found = language(code).words.function, dict[str, frozenset[str]]()
    for run in _RUN.finditer(question):
        before: list[str] = []
        for place, word in enumerate(run[0].split()):
            opens = not place and not question[: run.start()].strip()
            if word[:1].isupper() and not opens and word.lower() not in small:
                found[stem(word.lower(), code)] = frozenset(before)
            plain = word[:1].islower() and word not in small
            before = [*before, stem(word, code)] if plain else []
    return found


def _asks_money(question: str, code: str) -> frozenset[str]:
    """The terms of a question that ask for an amount of money."""
    if not knows(code):
        return frozenset()
    parts = (match.group() for match in language(code).asks.money.finditer(question))
    wanted = [term for part in parts for term in terms(part, code)]
    return frozenset((*wanted, *_other_forms(wanted, code))) & frozenset(asked(question, code))


def _gives_money(passage: Passage) -> bool:
    return any(one.kind is Kind.MONEY for one in amounts(passage.text, passage.language))


def _without_bynames(question: str, code: str) -> list[str]:
    extra = frozenset[str]().union(*names_in(question, code).values())
    return [term for term in asked(question, code) if term not in extra]


def asked(question: str, code: str) -> list[str]:
    """Return the terms of a question in a language, without those that only ask; all of them if it has no
    other."""
    every = terms(question, code)
    only = asking(code) if knows(code) else frozenset()
    kept = [term for term in every if term not in only] or every
    return [*kept, *_other_forms(kept, code)]


def _other_forms(wanted: Sequence[str], code: str) -> list[str]:
    """The stems that participles share with other forms of their verbs: of `gekostet` that of `kostet`."""
    begins = language(code).participle if knows(code) else ""
    bare = [term.removeprefix(begins) for term in wanted if begins and term.startswith(begins)]
    return [stem(term, code) for term in bare if len(term) >= _SHORTEST_FORM]


def parts_of(question: str, code: str) -> tuple[str, ...]:
    """Return the parts of a question that asks several things (`What changed, and what did it cost?`); of one
    that asks one thing, itself."""
    mark = language(code).reading.parts if knows(code) else None
    pieces = [piece.strip() for piece in mark.split(question)] if mark is not None else [question]
    kept = tuple(piece for piece in pieces if piece and asked(piece, code))
    return kept if len(kept) > 1 else (question,)


def _looked_at(found: list[Passage], parts: Sequence[str], score: Vector, encoder: Encoder | None) -> Vector:
    """The score of the words with what a closer look at the likeliest passages adds: how near they are in
    meaning, what the headings above them ask, whether they have the question's words in its order, and give
    what it asks for. Passages that are not looked at keep their words' score."""
    sections = _Sections(found, parts, encoder)
    candidates = _candidates(found, score, sections)
    near = _standing(found, candidates, parts, encoder)
    top = float(score.max()) or 1.0
    joined = score / top
    tests = {part: expected(part, language_of(part) or "en") for part in parts}
    runs_of = {
        part: {code: _pairs_asked(part, code) for code in {found[p].language for p in candidates}}
        for part in parts
    }
    for place, stands in zip(candidates, near, strict=True):
        passage = found[place]
        own = frozenset(_pairs(passage.text, passage.language))
        ordered = max(_share(runs_of[part][passage.language], own) for part in parts)
        joined[place] += passage.weight * (
            _MEANING * stands + _SECTION * sections.of(place) + _IN_ORDER * ordered
        )
        if any(test(passage) for part in parts for test in tests[part]):
            joined[place] *= _WANTED
    return np.asarray(joined, dtype=np.float64)


def _standing(
    found: list[Passage], candidates: list[int], parts: Sequence[str], encoder: Encoder | None
) -> Vector:
    """How far each candidate stands out by its meaning, 0 to 1. A cosine says little by itself; how far it is
    above those of the other passages that the words bring up does."""
    if encoder is None or not candidates:
        return np.zeros(len(candidates))
    texts = encoder.encode([found[place].text for place in candidates])
    near = np.asarray(texts @ encoder.encode(list(parts)).T, dtype=np.float64).max(axis=1)
    usual, best = float(np.median(near)), float(near.max())
    if best <= usual:
        return np.zeros(len(candidates))
    standing = np.clip(np.round((near - usual) / (best - usual), _DIGITS), 0.0, 1.0)
    return np.asarray(standing, dtype=np.float64)


class _Sections:
    """The sections of all sources by their headings: how much each is what is asked, and which place a
    passage has in its section."""

    def __init__(self, found: list[Passage], parts: Sequence[str], encoder: Encoder | None) -> None:
        self._of: dict[tuple[str, str, str], list[int]] = {}
        for place, passage in enumerate(found):
            if passage.heading:
                self._of.setdefault((passage.source_id, passage.above, passage.heading), []).append(place)
        self._asked = self._worth(found, parts, encoder)
        self._worths: dict[int, float] = {}
        for key, places in self._of.items():
            worth = self._asked.get(key, 0.0)
            for number, place in enumerate(places):
                self._worths[place] = worth * max(_FOLLOWING**number, _LEAST_FOLLOWING)

    def of(self, place: int) -> float:
        """Return how much a passage's section is what is asked, less the further behind it stands."""
        return self._worths.get(place, 0.0)

    def nearest(self) -> Iterator[int]:
        """Yield the passages of the sections that are most what is asked."""
        ranked = sorted(self._asked.items(), key=lambda one: -one[1])[:_SECTIONS]
        for key, worth in ranked:
            if worth > 0:
                yield from self._of[key]

    def _worth(
        self, found: list[Passage], parts: Sequence[str], encoder: Encoder | None
    ) -> dict[tuple[str, str, str], float]:
        worth = {}
        for key, places in self._of.items():
            code = found[places[0]].language
            own = heading_terms(key[2], code)
            worth[key] = max(_alike(own, frozenset(asked(part, code))) for part in parts)
        if encoder is None or not worth:
            return worth
        keys = sorted(worth, key=lambda key: -worth[key])[:_MOST_HEADINGS]
        for key, near in zip(keys, meant([key[2] for key in keys], parts, encoder), strict=True):
            worth[key] = max(worth[key], float(near))
        return worth


def heading_terms(heading: str, code: str) -> frozenset[str]:
    """Return what a heading names: its terms without numbers."""
    return frozenset(term for term in terms(heading, code) if not term[0].isdigit())


def meant(headings: Sequence[str], parts: Sequence[str], encoder: Encoder) -> Vector:
    """Return how much each heading means what any of these questions asks, 0 to 1."""
    near = encoder.encode([_unnumbered(one) for one in headings]) @ encoder.encode(list(parts)).T
    cosine = np.round(np.asarray(near, dtype=np.float64).max(axis=1), _DIGITS)
    share = (cosine - _LIKE_HEADING) / (_SAME_HEADING - _LIKE_HEADING)
    return np.asarray(np.round(np.clip(share, 0.0, 1.0), _DIGITS), dtype=np.float64)


def _candidates(found: list[Passage], score: Vector, sections: _Sections) -> list[int]:
    """The places of passages that are worth a closer look, in their order."""
    if len(found) <= _CANDIDATES + _OF_SECTIONS:
        return list(range(len(found)))
    chosen = {int(place) for place in np.argsort(-score, kind="stable")[:_CANDIDATES]}
    chosen.update(islice(sections.nearest(), _OF_SECTIONS))
    return sorted(chosen)


def _alike(heading: frozenset[str], question: frozenset[str]) -> float:
    """How much a heading and a question name the same and nothing besides (their F-measure), 0 to 1."""
    common = len(heading & question)
    return round(2 * common / (len(heading) + len(question)), _DIGITS) if common else 0.0


def _unnumbered(heading: str) -> str:
    return _NUMBER.sub("", heading) or heading


def _pairs(text: str, code: str) -> tuple[tuple[str, str], ...]:
    """The words of a text that stand beside each other, function words left out but for those that deny: `not
    found` is not `found`."""
    if not knows(code) or not language(code).spaces:
        own = terms(text, code)
        return tuple(pairwise(own))
    known = language(code)
    left_out = known.words.function - known.negation.words
    kept = [stem(word, code) for word in runs(text, code) if word not in left_out]
    return tuple(pairwise(kept))


def _pairs_asked(question: str, code: str) -> tuple[tuple[str, str], ...]:
    """Its pairs without those that only name what it asks about."""
    names = names_in(question, code)
    named = frozenset(names).union(*names.values())
    return tuple(pair for pair in _pairs(question, code) if not named.issuperset(pair))


def _share(wanted: tuple[tuple[str, str], ...], own: frozenset[tuple[str, str]]) -> float:
    return sum(pair in own for pair in wanted) / len(wanted) if wanted else 0.0
