"""Themes across sources: phrases that several sources use become the seeds of clusters, and so name them.

Clustering by description first (suffix tree clustering: Zamir and Etzioni 1998): a theme is a set of passages that share a phrase a
reader would recognise, then passages without one join the theme whose centre is nearest. Phrases are chosen greedily by how many
independent sources and yet uncovered passages they bring.
"""

import math
import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field

import numpy as np
from scipy import sparse

from reprise_contracts.artifacts import Theme
from reprise_research.text.figures import UNIT_WORDS
from reprise_research.text.language import is_chinese, is_han
from reprise_research.text.passages import Passage
from reprise_research.text.ranking import vectors
from reprise_research.text.words import STOPWORDS, runs, stem, terms, word_list

MOST_THEMES = 7
_MOST_PASSAGES = 3000
_NEAR = 0.12
_TERMS = 6
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*|[^\w\s]|\d+")
_NO_NOUN = word_list("not_nouns")


@dataclass
class _Phrase:
    """A candidate for a theme's name."""

    stems: tuple[str, ...]
    forms: Counter[str] = field(default_factory=Counter)
    passages: set[int] = field(default_factory=set)
    sites: set[str] = field(default_factory=set)
    closed: int = 0
    """Occurrences that are not followed by a further word of the phrase: evidence of a noun."""
    lower: int = 0
    """Occurrences in lower case: names are no themes."""
    seen: int = 0
    weight: float = 1.0


def find_themes(found: list[Passage], topic: str, guidance: str, most: int = MOST_THEMES) -> tuple[Theme, ...]:
    """The themes of all passages, the one that most sources share first, those that the guidance names before it. Sources in
    another script than the topic have themes of their own, for no phrase is common to both."""
    found = found[:_MOST_PASSAGES]
    chinese = [passage for passage in found if is_chinese(passage.text)]
    other = [passage for passage in found if not is_chinese(passage.text)]
    main, side = (chinese, other) if is_chinese(topic) else (other, chinese)
    themes = list(_themes_of(main, topic, guidance, most)) if main else []
    if side:
        minor = _themes_of(side, topic, guidance, 3)
        if len({passage.source_id for passage in side}) <= 2 and themes:
            minor = _joined(minor, side)
        themes.extend(minor)
    return tuple(themes)


def _themes_of(found: list[Passage], topic: str, guidance: str, most: int) -> tuple[Theme, ...]:
    sources = len({passage.source_id for passage in found})
    rows = vectors([passage.text for passage in found])
    phrases = [p for p in _phrases(found) if len(p.sites) >= min(2, sources)]
    _weigh(phrases, found, rows, frozenset(terms(topic)), frozenset(terms(guidance)))
    chosen: list[_Phrase] = []
    covered: set[int] = set()
    while phrases and len(chosen) < most:
        scored = [(_worth(phrase, covered), phrase) for phrase in phrases]
        worth, best = max(scored, key=lambda pair: (pair[0], -len(pair[1].stems), pair[1].stems))
        if worth <= 0:
            break
        chosen.append(best)
        covered |= best.passages
        phrases = [phrase for phrase in phrases if not set(phrase.stems) & set(best.stems) and not _akin(phrase, best)]
    return _cluster(found, rows, chosen)


def _weigh(phrases: list[_Phrase], found: list[Passage], rows: sparse.csr_matrix, known: frozenset[str], wanted: frozenset[str]) -> None:
    """How good a name each phrase is, apart from how many passages it brings: coherent, a noun, used as a heading, wanted."""
    headings = [frozenset(terms(heading)) for heading in sorted({passage.heading for passage in found}) if heading]
    alike = [_coherence(phrase, rows) for phrase in phrases]
    usual = sum(alike) / len(alike) if alike else 0.0
    for phrase, coherence in zip(phrases, alike, strict=True):
        stems = set(phrase.stems)
        weight = 0.1 + min(coherence / usual, 3.0) if usual else 1.0
        weight *= 0.5 + 0.5 * phrase.closed / phrase.seen
        weight *= 1.35 if len(phrase.stems) > 1 else 1.0
        weight *= 1.5 if any(stems <= heading and len(heading) <= 4 for heading in headings) else 1.0
        weight *= 0.8 if stems <= known else 1.0
        weight *= 2.0 if stems & wanted else 1.0
        weight *= max(0.0, 1.0 - 2.0 * len(phrase.passages) / len(found)) if len(found) > 20 else 1.0
        phrase.weight = weight


def _coherence(phrase: _Phrase, rows: sparse.csr_matrix) -> float:
    """How alike the passages with a phrase are apart from it: the mean cosine of their pairs. A word that goes with everything, such
    as `city`, has a low one."""
    own = rows[sorted(phrase.passages)]
    number = own.shape[0]
    if number < 2:
        return 0.0
    total = np.asarray(own.sum(axis=0)).ravel()
    squares = np.asarray(own.multiply(own).sum(axis=0)).ravel()
    shared = total * total - squares
    return max(0.0, round((float(shared.sum()) - float(shared.max())) / (number * (number - 1)), 6))


def _worth(phrase: _Phrase, covered: set[int]) -> float:
    """What a phrase adds to those chosen: how many independent sources use it, and how many passages that no other theme has."""
    fresh = len(phrase.passages - covered)
    return round(len(phrase.sites) ** 0.75 * math.log2(1 + fresh) * phrase.weight, 6) if fresh >= 2 else 0.0


def _akin(one: _Phrase, other: _Phrase) -> bool:
    """Whether two phrases stand for nearly the same passages, or one contains the other's characters."""
    shared = len(one.passages & other.passages)
    if shared >= 0.6 * min(len(one.passages), len(other.passages)):
        return True
    first, second = "".join(one.stems), "".join(other.stems)
    return is_han(first[0]) and is_han(second[0]) and bool(set(first) & set(second))


def _cluster(found: list[Passage], rows: sparse.csr_matrix, chosen: list[_Phrase]) -> tuple[Theme, ...]:
    """Themes with every passage that is theirs: those with the phrase, and those nearest to its centre."""
    if not chosen:
        return ()
    centres = []
    for phrase in chosen:
        centre = np.asarray(rows[sorted(phrase.passages)].mean(axis=0)).ravel()
        length = float(np.sqrt((centre * centre).sum()))
        centres.append(centre / length if length else centre)
    nearness = np.round(np.column_stack([rows @ centre for centre in centres]), 6)
    members: list[list[int]] = [sorted(phrase.passages) for phrase in chosen]
    taken = set().union(*(phrase.passages for phrase in chosen))
    for index in range(len(found)):
        best = int(np.argmax(nearness[index]))
        if index not in taken and nearness[index, best] >= _NEAR:
            members[best].append(index)
    order = list(dict.fromkeys(passage.source_id for passage in found))
    return tuple(
        Theme(label=_label(phrase), terms=_typical(found, own, phrase),
              source_ids=tuple(s for s in order if any(found[i].source_id == s for i in own)))
        for phrase, own in zip(chosen, members, strict=True)
    )  # fmt: skip


def _typical(found: list[Passage], members: list[int], phrase: _Phrase) -> tuple[str, ...]:
    """The words that tell a theme's passages from the others, each in its commonest form."""
    inside = Counter(term for index in members for term in set(terms(found[index].text)) if not term[0].isdigit())
    everywhere = Counter(term for passage in found for term in set(terms(passage.text)))
    score = {
        term: round(number / len(members) * math.log(1 + len(found) / everywhere[term]), 6)
        for term, number in inside.items()
        if number > 1 and term not in phrase.stems
    }
    best = sorted(score, key=lambda term: (-score[term], term))[:_TERMS]
    forms: dict[str, Counter[str]] = {term: Counter() for term in best}
    for index in members:
        for word in runs(found[index].text):
            if stem(word) in forms and not is_han(word[0]):
                forms[stem(word)][word] += 1
    return tuple(max(forms[t].items(), key=lambda form: (form[1], form[0]))[0] if forms[t] else t for t in best)


def _label(phrase: _Phrase) -> str:
    return max(phrase.forms.items(), key=lambda form: (form[1], form[0]))[0]


def _joined(themes: tuple[Theme, ...], found: list[Passage]) -> tuple[Theme, ...]:
    """One theme for a source or two in another script."""
    order = tuple(dict.fromkeys(passage.source_id for passage in found))
    headings = [h for h in dict.fromkeys(passage.heading for passage in found) if h and len(h) <= 12]
    labels = headings if len(headings) >= 2 else [theme.label for theme in themes] or [found[0].text[:12]]
    listed = tuple(dict.fromkeys(term for theme in themes for term in (*terms(theme.label), *theme.terms)))
    return (Theme(label="、".join(labels[:4]), source_ids=order, terms=listed[: 2 * _TERMS]),)


def _phrases(found: list[Passage]) -> list[_Phrase]:
    known: dict[tuple[str, ...], _Phrase] = {}
    names: dict[str, int] = defaultdict(int)
    for index, passage in enumerate(found):
        tokens = _WORD.findall(passage.text)
        for place, token in enumerate(tokens):
            if is_han(token[0]):
                for size in (2, 3, 4):
                    for start in range(len(token) - size + 1):
                        _note(known, (token[start : start + size],), token[start : start + size], index, passage, closed=True, lower=True)
                continue
            names[stem(token.lower())] += place > 0 and token[0].isupper()
            for size in (1, 2):
                words = tokens[place : place + size]
                if len(words) == size and all(_nominal(word) for word in words):
                    following = tokens[place + size] if place + size < len(tokens) else "."
                    closed = not _nominal(following) or following.lower() in _NO_NOUN
                    lower = all(word.islower() for word in words)
                    stems = tuple(stem(word.lower()) for word in words)
                    _note(known, stems, " ".join(words).lower(), index, passage, closed=closed, lower=lower)
    usable = [p for p in known.values() if p.seen >= 2 and p.lower >= 0.5 * p.seen and p.closed >= 0.35 * p.seen]
    han = {p.stems[0] for p in usable if is_han(p.stems[0][0])}
    contained = {piece for long in han for piece in _pieces(long) if _count(known, piece) <= 1.3 * _count(known, long)}
    broken = {stems for stems in han if stems[0] in _HAN_EDGE or stems[-1] in _HAN_EDGE}
    return sorted((p for p in usable if p.stems[0] not in contained | broken), key=lambda p: p.stems)


_HAN_EDGE = frozenset(
    "的了是在和与及或也都而把被就对从到为以于之其这那我们你他她它有个不没很更最还又但并且年月日上下中内后前可能会要将已等每一二三两多少约万亿千百其至使让则均各该此"
)


def _pieces(phrase: str) -> list[str]:
    return [phrase[i : i + size] for size in range(2, len(phrase)) for i in range(len(phrase) - size + 1)]


def _count(known: dict[tuple[str, ...], _Phrase], phrase: str) -> int:
    return known[(phrase,)].seen if (phrase,) in known else 0


def _note(
    known: dict[tuple[str, ...], _Phrase], stems: tuple[str, ...], form: str, index: int, passage: Passage, *, closed: bool, lower: bool
) -> None:
    phrase = known.setdefault(stems, _Phrase(stems))
    phrase.forms[form] += 1
    phrase.passages.add(index)
    phrase.sites.add(passage.site or passage.source_id)
    phrase.closed += closed
    phrase.lower += lower
    phrase.seen += 1


def _nominal(word: str) -> bool:
    """Whether a word can be a part of a theme's name: no function word, no measure, and none that is usually a verb or an adverb."""
    lower = word.lower().replace("’", "'")
    if len(lower) < 3 or not lower.isalpha() or lower.endswith(("ly", "ing", "ed")):
        return False
    return lower not in STOPWORDS and lower not in _NO_NOUN and stem(lower) not in UNIT_WORDS
