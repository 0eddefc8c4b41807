"""Themes across sources: phrases that several sources use become the seeds of clusters, and so name them.

Clustering by description first (suffix tree clustering: Zamir and Etzioni 1998): a theme is a set of passages
that share a phrase a reader would recognise, then passages without one join the theme whose centre is
nearest. Phrases are chosen greedily by how many independent sources and yet uncovered passages they bring.
"""

import math
import re
from collections import Counter

import numpy as np
from scipy import sparse

from reprise_contracts.artifacts import Theme
from reprise_research.extractive.phrases import Phrase, phrases_of
from reprise_research.languages import knows, language
from reprise_research.text.language import is_han, language_of
from reprise_research.text.passages import Passage
from reprise_research.text.ranking import Vector, bm25, rows_of
from reprise_research.text.words import asking, runs, shorten, stem, terms

MOST_THEMES = 7
_MOST_PASSAGES = 3000
_MOST_PHRASES = 500
_FOCUS = 240
"""Passages above which only those that speak of the topic make themes."""
_SPEAKS = 0.3
"""How close to the question a passage among many must be to make themes, the closest being 1."""
_NEAR = 0.12
_FEW = 60
"""Passages up to which every phrase that recurs may name a theme."""
_FAINT = 0.25
"""The share of the best theme's worth below which a phrase names none."""
_FAINTEST = 0.15
"""The same where there are few passages: what two of few sources speak of is worth a question."""
_TERMS = 6
_SHORT_HEADING = 12
_A_TITLE = 60
_ADDED = re.compile(r"(?<=\w)(?:[:：|]| [–—-]) ?(?=\S)")
"""Between a title and what it adds: `Heat pumps: a field study`."""
_HAN_RUN = re.compile(r"[\u4e00-\u9fff]{2,12}")


def find_themes(
    found: list[Passage], topic: str, guidance: str, most: int = MOST_THEMES
) -> tuple[Theme, ...]:
    """The themes of all passages, the one that most sources share first, those that the guidance names before
    it. Sources in another language than the topic have themes of their own, for no phrase is common to
    both."""
    large = len(found) > _FOCUS
    found = _at_most(_on_topic(found, f"{topic} {guidance}"), _MOST_PASSAGES)
    spoken: dict[str, list[Passage]] = {}
    for passage in found:
        spoken.setdefault(passage.language, []).append(passage)
    asked = language_of(topic) or ""
    order = sorted(spoken, key=lambda code: (code != asked, -len(spoken[code]), code))
    themes: list[Theme] = []
    for place, code in enumerate(order):
        own = spoken[code]
        if place == 0:
            themes.extend(_themes_of(own, topic, guidance, most, large=large))
            continue
        minor = _themes_of(own, topic, guidance, 3, large=large)
        if len({passage.source_id for passage in own}) <= 2 and themes:
            minor = _joined(minor, own)
        themes.extend(minor)
    return tuple(themes)


def _at_most(found: list[Passage], most: int) -> list[Passage]:
    """So many passages, of each source the first, so that a long one takes no other's place."""
    if len(found) <= most:
        return found
    share, given = most // len({passage.source_id for passage in found}), Counter[str]()
    kept = []
    for passage in found:
        given[passage.source_id] += 1
        if given[passage.source_id] <= share:
            kept.append(passage)
    return kept


def _on_topic(found: list[Passage], question: str) -> list[Passage]:
    """Of many passages those that speak of the question most, in their order: a manual has more themes than a
    question has."""
    if len(found) <= _FOCUS:
        return found
    score = bm25([passage.terms for passage in found], _asked(question, found))
    ranked = [int(i) for i in np.argsort(-score, kind="stable") if score[i] >= _SPEAKS][
        : max(_FOCUS, len(found) // 4)
    ]
    return [found[i] for i in sorted(ranked)] if len(ranked) >= _FEW else found


def _asked(question: str, found: list[Passage]) -> list[str]:
    """The terms of a question in the languages of the passages, without those that only ask."""
    codes = sorted({passage.language for passage in found})
    return list(
        dict.fromkeys(term for code in codes for term in terms(question, code) if term not in asking(code))
    )


def _themes_of(
    found: list[Passage], topic: str, guidance: str, most: int, *, large: bool
) -> tuple[Theme, ...]:
    sources = len({passage.source_id for passage in found})
    rows = rows_of([terms(passage.text, passage.language) for passage in found])
    phrases = [p for p in phrases_of(found) if len(p.sources) >= min(2, sources)]
    phrases = sorted(phrases, key=lambda p: (-len(p.sources) * math.log2(1 + len(p.passages)), p.stems))[
        :_MOST_PHRASES
    ]
    _weigh(phrases, found, rows, topic, guidance)
    if large:
        phrases = [phrase for phrase in phrases if not phrase.is_general]
        _prefer_topic(phrases, found, f"{topic} {guidance}")
    chosen: list[Phrase] = []
    covered: set[int] = set()
    least, faint = 0.0, _FAINT if len(found) > _FEW else _FAINTEST
    while phrases and len(chosen) < most:
        scored = [(_worth(phrase, covered), phrase) for phrase in phrases]
        worth, best = max(scored, key=lambda pair: (pair[0], -len(pair[1].stems), pair[1].stems))
        least = max(least, faint * worth)
        if worth <= least:
            break
        chosen.append(best)
        covered |= best.passages
        phrases = [
            phrase
            for phrase in phrases
            if not set(phrase.stems) & set(best.stems) and not _akin(phrase, best)
        ]
    return _cluster(found, rows, chosen)


def _prefer_topic(phrases: list[Phrase], found: list[Passage], question: str) -> None:
    """Weigh phrases by how much their passages speak of the question: a manual has subjects of its own that
    nobody asked about."""
    close = bm25([passage.terms for passage in found], _asked(question, found))
    typical = float(close.mean()) if len(found) else 0.0
    for phrase in phrases if typical > 0 else ():
        phrase.weight *= min(2.0, round(float(close[sorted(phrase.passages)].mean()) / typical, 6))


def _weigh(
    phrases: list[Phrase], found: list[Passage], rows: sparse.csr_matrix, topic: str, guidance: str
) -> None:
    """How good a name each phrase is, apart from how many passages it brings: coherent, a noun, used as a
    heading, wanted."""
    code = found[0].language if found else "en"
    known, wanted = frozenset(terms(topic, code)), frozenset(terms(guidance, code))
    headings = [
        frozenset(terms(heading, code))
        for heading in sorted({passage.heading for passage in found})
        if heading
    ]
    alike = [_coherence(phrase, rows) for phrase in phrases]
    usual = sum(alike) / len(alike) if alike else 0.0
    many = len(found) > _FEW
    for phrase, coherence in zip(phrases, alike, strict=True):
        stems = set(phrase.stems)
        weight = 0.1 + min(coherence / usual, 3.0) if usual else 1.0
        weight *= 0.5 + 0.5 * phrase.closed / phrase.seen
        weight *= (
            1.35
            if len(phrase.stems) > 1 or len(phrase.label) >= 4 > len(phrase.label.encode("ascii", "ignore"))
            else 1.0
        )
        headed = any(stems <= heading and len(heading) <= 4 for heading in headings)
        weight *= 1.5 if headed else 1.0
        weight *= 0.8 if stems <= known else 1.0
        weight *= 2.0 if stems & wanted else 1.0
        weight *= 0.6 if len(phrase.passages) < 3 else 1.0  # two statements may be one, told twice
        if many:
            weight *= max(0.0, 1.0 - 2.0 * len(phrase.passages) / len(found))
            thin = len(phrase.passages) < 5 - len(phrase.stems)
            weight *= 0.0 if coherence < 0.5 * usual or (thin and not headed) else 1.0
        phrase.weight = weight


def _coherence(phrase: Phrase, rows: sparse.csr_matrix) -> float:
    """How alike the passages with a phrase are apart from it: the mean cosine of their pairs. A word that
    goes with everything, such as `city`, has a low one."""
    own: sparse.csr_matrix = rows[sorted(phrase.passages)]
    number = len(phrase.passages)
    if number < 2:
        return 0.0
    total: Vector = np.asarray(own.sum(axis=0), dtype=np.float64).ravel()
    squares: Vector = np.asarray(own.multiply(own).sum(axis=0), dtype=np.float64).ravel()
    shared = total * total - squares
    return max(0.0, round((float(shared.sum()) - float(shared.max())) / (number * (number - 1)), 6))


def _worth(phrase: Phrase, covered: set[int]) -> float:
    """What a phrase adds to those chosen: how many independent sources use it, and how many passages that no
    other theme has."""
    fresh = len(phrase.passages - covered)
    if fresh < max(2, 0.5 * len(phrase.passages)):
        return 0.0
    return round(float(len(phrase.sources) ** 0.75 * math.log2(1 + fresh) * phrase.weight), 6)


def _akin(one: Phrase, other: Phrase) -> bool:
    """Whether a phrase stands for hardly more passages than the other one, or one contains the other's
    characters."""
    if len(one.passages & other.passages) >= 0.6 * len(one.passages):
        return True
    first, second = "".join(one.stems), "".join(other.stems)
    if one.language == "ja":
        return first in second or second in first
    return is_han(first[0]) and is_han(second[0]) and bool(set(first) & set(second))


def _cluster(found: list[Passage], rows: sparse.csr_matrix, chosen: list[Phrase]) -> tuple[Theme, ...]:
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
        Theme(
            label=phrase.label,
            terms=_typical(found, own, phrase),
            source_ids=tuple(s for s in order if any(found[i].source_id == s for i in own)),
        )
        for phrase, own in zip(chosen, members, strict=True)
    )


def _typical(found: list[Passage], members: list[int], phrase: Phrase) -> tuple[str, ...]:
    """The words that tell a theme's passages from the others, each in its commonest form."""
    code = found[0].language
    inside = Counter(
        term for index in members for term in set(terms(found[index].text, code)) if not term[0].isdigit()
    )
    everywhere = Counter(term for passage in found for term in set(terms(passage.text, code)))
    score = {
        term: round(number / len(members) * math.log(1 + len(found) / everywhere[term]), 6)
        for term, number in inside.items()
        if number > 1 and term not in phrase.stems
    }
    best = sorted(score, key=lambda term: (-score[term], term))[:_TERMS]
    forms: dict[str, Counter[str]] = {term: Counter() for term in best}
    for index in members:
        for word in runs(found[index].text, code):
            if stem(word, code) in forms and not is_han(word[0]):
                forms[stem(word, code)][word] += 1
    return tuple(
        max(forms[t].items(), key=lambda form: (form[1], form[0]))[0] if forms[t] else t for t in best
    )


def _joined(themes: tuple[Theme, ...], found: list[Passage]) -> tuple[Theme, ...]:
    """One theme for a source or two in another script."""
    order = tuple(dict.fromkeys(passage.source_id for passage in found))
    headings = [h for h in dict.fromkeys(passage.heading for passage in found) if _is_name(h)]
    labels = headings if len(headings) >= 2 else [theme.label for theme in themes] or [_name_of(found[0])]
    listed = tuple(
        dict.fromkeys(
            term for theme in themes for term in (*terms(theme.label, found[0].language), *theme.terms)
        )
    )
    comma = language(found[0].language if knows(found[0].language) else "en").report.comma
    return (Theme(label=comma.join(labels[:4]), source_ids=order, terms=listed[: 2 * _TERMS]),)


def _is_name(heading: str) -> bool:
    """Whether a heading may stand in a list of names: a short one that begins and ends with a letter, which a
    part of a table of contents or of a list does not."""
    return 0 < len(heading) <= _SHORT_HEADING and heading[0].isalpha() and heading[-1].isalpha()


def _name_of(passage: Passage) -> str:
    """What a source without any recurring phrase is called: in Chinese what it begins with, up to a figure
    and without a dangling particle; else its title up to what that adds, its beginning without one."""
    first = _HAN_RUN.match(passage.text)
    if first is not None and (name := first[0].rstrip(language("zh").nouns.edges)):
        return name
    if passage.title:
        return shorten(_ADDED.split(passage.title)[0], _A_TITLE)
    return shorten(passage.text, 40)
