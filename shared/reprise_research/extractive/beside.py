"""What another source says of the same, where no dispute was recognised: other figures beside a figure, and
what speaks to a statement that something is not known.

Neither is called a contradiction. A reader sees both, and sees who says which.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from reprise_research.extractive.relevance import asked
from reprise_research.judging.statement import Stance, Statement, read
from reprise_research.languages import knows, language
from reprise_research.meaning import Encoder
from reprise_research.quantities import Kind, Quantity, amounts, measure_words, same
from reprise_research.quantities.model import PARTS
from reprise_research.text.passages import Passage
from reprise_research.text.prose import is_unknown, without_unknown
from reprise_research.text.sentences import is_question, split
from reprise_research.text.words import stem, terms

_MOST = 3
_APART = 2
"""How many times as much another figure may be; what differs more is of something else."""
_FAR_APART = 4
"""The same where statements are surely near and share some words."""
_MANY_WORDS = 3
_NEAR = 0.33
"""The cosine of two statements from which their figures may be of one thing."""
_WORDS = 2
"""Words that both must have where no encoder tells how near they are."""
_SURELY_NEAR = 0.45
"""The same cosine where figures are neither money nor what was asked how long it takes."""
_COUNTED_NEAR = 0.5
"""The same for numbers and shares, which everything has."""
_DIGITS_OF = re.compile(r"\d+(?:[.,]\d+)*")
_SPOKEN = 0.4
"""The share of the words of what is not known that a statement which speaks to it has."""
_SPOKEN_NEAR = 0.5
_SPOKEN_ALONE = 0.8
"""The same share where no encoder tells how near they are."""
_DIGITS = 3
_NOT_SO_YET = Stance.PLAN | Stance.FORECAST | Stance.TARGET | Stance.INTENT | Stance.DUTY


@dataclass(frozen=True)
class OtherFigure:
    """A passage with a figure that differs, and both figures as they are written, the lead's first."""

    passage: Passage
    values: tuple[str, str]


def other_figures(
    lead: Passage, found: Sequence[Passage], question: str, encoder: Encoder | None
) -> list[OtherFigure]:
    """Return what other sources give of the same measure, the nearest in meaning first, each value once.

    Both statements name something in common that the question names, or two things, which what anything costs
    always needs; they are of one time, the others of no plan or forecast where the lead is none, and near in
    meaning.
    """
    how_much = knows(lead.language) and language(lead.language).asks.amount.search(question) is not None
    own = tuple(q for q in _comparable(lead) if how_much or q.kind is not Kind.DURATION)
    if not own:
        return []
    wanted, mine = frozenset(asked(question, lead.language)), _named(lead)
    told = read(lead.text, lead.language)
    options: list[tuple[Passage, Quantity, Quantity]] = []
    for other in found:
        if (
            other.source_id == lead.source_id
            or other.language != lead.language
            or not other.whole
            or other.is_row
            or is_question(other.text)
        ):
            continue
        pair = _differing(own, _comparable(other))
        common = mine & _named(other) if pair is not None else frozenset()
        fewest = _WORDS if pair is None or pair[0].kind is Kind.MONEY or not common & wanted else 1
        if pair is not None and _says(lead, pair[1]):
            continue
        if pair is None or len(common) < fewest or not _of_one_kind(told, read(other.text, other.language)):
            continue
        options.append((other, *pair))
    near = _nearness(lead, [other for other, _, _ in options], encoder)
    if near is None:
        kept = [one for one in options if len(mine & _named(one[0])) >= _WORDS and _apart(*one[1:]) <= _APART]
    else:
        ranked = sorted(range(len(options)), key=lambda i: (-near[i], i))
        kept = [options[i] for i in ranked if near[i] >= _least(*options[i][1:])]
        kept = [
            one for one in kept if _apart(*one[1:]) <= _APART or len(mine & _named(one[0])) >= _MANY_WORDS
        ]
    return _each_once(kept)


def left_open(gap: Passage) -> frozenset[str]:
    """Return what it is that a passage calls unknown: the terms of the sentences that do, without those that
    say so."""
    bare = _bare(gap)
    return frozenset(term for term in terms(bare, gap.language) if not term[0].isdigit())


def leave_open_alike(one: Passage, other: Passage) -> bool:
    """Return whether two sources call the same unknown, as far as their words tell."""
    mine, theirs = left_open(one), left_open(other)
    common, every = len(mine & theirs), len(mine | theirs)
    return one.language == other.language and bool(common) and common >= _SPOKEN_ALONE * every


def spoken_to(
    gaps: Sequence[Passage], found: Sequence[Passage], question: str, encoder: Encoder | None
) -> Passage | None:
    """Return the passage of another source that speaks to what passages call unknown; None where none
    clearly does. It must name more of it than what the question names, of which every source speaks."""
    gap, silent = gaps[0], {gap.source_id for gap in gaps}
    wanted = left_open(gap)
    own = wanted - frozenset(asked(question, gap.language))
    near = encoder is not None and gap.language in encoder.languages
    least = _SPOKEN if near and own else _SPOKEN_ALONE
    options: list[tuple[Passage, float]] = []
    for other in found:
        if other.source_id in silent or other.language != gap.language or not other.whole or not wanted:
            continue
        common = wanted & frozenset(other.own_terms)
        share = len(common) / len(wanted)
        told = len(common & own) >= min(_WORDS, len(own))
        if share >= least and told and not is_unknown(other.text, other.language):
            options.append((other, share))
    if not options:
        return None
    if not near or encoder is None:
        return max(options, key=lambda one: one[1])[0]
    bare = _bare(gap)
    vectors = encoder.encode([bare, *(other.text for other, _ in options)])
    meant = [round(float(vectors[0] @ vector), _DIGITS) for vector in vectors[1:]]
    best = max(range(len(options)), key=lambda i: (meant[i] + options[i][1], -i))
    passage, share = options[best]
    least = _SPOKEN_NEAR if share < _SPOKEN_ALONE else _NEAR
    return passage if meant[best] >= least else None


def _bare(gap: Passage) -> str:
    code = gap.language
    return " ".join(
        without_unknown(one.text, code) for one in split(gap.text, code) if is_unknown(one.text, code)
    )


def _comparable(passage: Passage) -> tuple[Quantity, ...]:
    """The figures that can differ from another one: plain values above zero."""
    return tuple(
        q for q in amounts(passage.text, passage.language or None) if q.value is not None and q.value > 0
    )


def _differing(mine: Sequence[Quantity], theirs: Sequence[Quantity]) -> tuple[Quantity, Quantity] | None:
    """The figure of another passage that differs from one of the lead's, and that one. A passage that gives
    the same first and another behind it (`12 days, down from 21`) differs in nothing, and one with two that
    could be meant says two things."""
    pairs = [(a, b) for a in mine for b in theirs if _of_one_measure(a, b)]
    agreed = min((b.start for a, b in pairs if same(a, b)), default=None)
    fresh = [
        (a, b)
        for a, b in pairs
        if not any(same(one, b) for one in mine) and (agreed is None or b.start < agreed)
    ]
    near = [pair for pair in fresh if _apart(*pair) <= _APART] or [
        pair for pair in fresh if _apart(*pair) <= _FAR_APART
    ]
    if len({b.start for _, b in near}) != 1:
        return None
    return min(near, key=lambda pair: _apart(*pair))


def _says(passage: Passage, figure: Quantity) -> bool:
    """Whether a passage has the number of a figure, be it without its unit: `30 km/h, and 50 at sea`."""
    return not set(_DIGITS_OF.findall(figure.text)).isdisjoint(_DIGITS_OF.findall(passage.text))


def _apart(one: Quantity, other: Quantity) -> float:
    low, high = sorted(float(q.value) for q in (one, other) if q.value is not None)
    return high / low


def _of_one_measure(one: Quantity, other: Quantity) -> bool:
    if (one.kind, one.unit, one.per) != (other.kind, other.unit, other.per):
        return False
    return one.kind is not Kind.COUNT or (bool(one.of) and one.of == other.of)


def _of_one_kind(one: Statement, other: Statement) -> bool:
    """Whether two statements tell of one time, and the other of no more that is only planned or expected than
    the first."""
    if other.stance & _NOT_SO_YET & ~one.stance:
        return False
    if Stance.QUESTION in one.stance | other.stance:
        return False
    if not one.dates or not other.dates:
        return True
    return any(_meet(a, b) for a in one.dates for b in other.dates)


def _meet(one: Quantity, other: Quantity) -> bool:
    if None in (one.low, one.high, other.low, other.high) or one.kind is not other.kind:
        return True
    return one.low <= other.high and other.low <= one.high  # type: ignore[operator]


def _named(passage: Passage) -> frozenset[str]:
    """What a passage speaks of: its terms without those of its figures and of measures."""
    text = passage.text
    for figure in sorted(amounts(text, passage.language or None), key=lambda q: -q.start):
        text = f"{text[: figure.start]} {text[figure.end :]}"
    code = passage.language
    measures = frozenset(stem(word, code) for word in measure_words(code)) if knows(code) else frozenset()
    small = language(code).words.general if knows(code) else frozenset()
    said = terms(text, code)
    return frozenset(one for one in said if not one[0].isdigit() and one not in measures and one not in small)


def _nearness(lead: Passage, others: Sequence[Passage], encoder: Encoder | None) -> list[float] | None:
    if encoder is None or lead.language not in encoder.languages:
        return None
    if not others:
        return []
    vectors = encoder.encode([lead.text, *(other.text for other in others)])
    return [round(float(vectors[0] @ vector), _DIGITS) for vector in vectors[1:]]


def _least(figure: Quantity, other: Quantity) -> float:
    if _apart(figure, other) > _APART:
        return _COUNTED_NEAR
    if figure.kind in (Kind.MONEY, Kind.DURATION):
        return _NEAR
    return _COUNTED_NEAR if figure.kind in (Kind.COUNT, *PARTS) else _SURELY_NEAR


def _each_once(options: Iterable[tuple[Passage, Quantity, Quantity]]) -> list[OtherFigure]:
    kept: list[OtherFigure] = []
    values: list[Quantity] = []
    for other, mine, theirs in options:
        if not any(same(theirs, value) for value in values) and len(kept) < _MOST:
            values.append(theirs)
            kept.append(OtherFigure(other, (mine.told, theirs.told)))
    return kept
