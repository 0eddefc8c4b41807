"""What shows that two statements of one thing exclude each other: a function for each ground."""

from collections.abc import Callable

from reprise_research.judging.anchors import Anchor, is_time, near_anchor
from reprise_research.judging.scope import Pair, Times, excluding
from reprise_research.judging.verdict import UNLIKE, Ground, Relation, Verdict
from reprise_research.quantities import same

ENOUGH = 0.6
"""The share of the words of a statement that another must have to speak of the same thing."""


def _by_dates(pair: Pair) -> Verdict | None:
    """Two dates of what happens once, and nothing else that differs. Other statements of two times, or of one
    that only one of them names, are of two things."""
    if pair.times in (Times.NONE, Times.TOGETHER):
        return None
    one, other = pair.one, pair.other
    plain = not (one.figures or other.figures or pair.found.opposed or one.denies or other.denies)
    single = (
        pair.times is Times.APART
        and len(one.dates) == len(other.dates) == 1
        and min(pair.found.coverage) == 1
    )
    if (
        plain
        and single
        and any(near_anchor(word.text, Anchor.ONCE, pair.meaning) for word, _ in pair.found.shared)
    ):
        return Verdict(Relation.DISPUTE, Ground.DATES, (one.dates[0].text, other.dates[0].text))
    return UNLIKE


def _by_figures(pair: Pair) -> Verdict | None:
    """Two figures of one measure that exclude each other. Where all figures differ and none can be compared,
    nothing is said."""
    figures = excluding(pair.one, pair.other)
    if figures:
        if (
            pair.one.denies != pair.other.denies
            or pair.has_other_figures
            or pair.one.partial != pair.other.partial
        ):
            return UNLIKE
        if pair.adds_behind(figures[0]):
            return UNLIKE
        if pair.found.opposed:
            return directions(pair) or UNLIKE
        return Verdict(Relation.DISPUTE, Ground.FIGURES, (figures[0][0].told, figures[0][1].told))
    both = pair.one.figures and pair.other.figures
    return (
        UNLIKE if both and not any(same(a, b) for a in pair.one.figures for b in pair.other.figures) else None
    )


def directions(pair: Pair) -> Verdict | None:
    """What went up by one figure went down by the other, and nothing else is opposed. Things that are counted
    may come and go: won 12 matches, lost 8."""
    if len(pair.found.opposed) != 1 or pair.counts_things:
        return None
    ((mine, theirs),) = pair.found.opposed
    if mine.movement * theirs.movement >= 0:
        return None
    return Verdict(Relation.DISPUTE, Ground.DIRECTIONS, (mine.text, theirs.text))


def _by_rest(pair: Pair) -> Verdict | None:
    """One says that something moved, the other that it did not."""
    found = [(a, b) for a, b in pair.found.opposed if bool(a.movement) != bool(b.movement)]
    if not found or not any(a.unmoved or a.changes or b.unmoved or b.changes for a, b in found):
        return None
    ((mine, theirs), *others) = found
    moving, resting = (pair.one, pair.other) if mine.movement else (pair.other, pair.one)
    denied = theirs.changes if mine.movement else mine.changes
    if others or moving.denies or resting.denies != denied or pair.one.partial or pair.other.partial:
        return UNLIKE
    return Verdict(Relation.DISPUTE, Ground.REST, (mine.text, theirs.text))


def _by_opposites(pair: Pair) -> Verdict | None:
    """Two opposite words in one place, both affirmed or both denied, that do not tell which thing is meant:
    who opens schools may close others."""
    if not pair.found.opposed or pair.one.denies != pair.other.denies:
        return None
    if pair.one.partial or pair.other.partial:
        return None  # most want the one, some the other
    mine, theirs = opposed = pair.found.opposed[0]
    codes = (pair.one.language, pair.other.language)
    in_time = any(is_time(word.text, code, pair.meaning) for word, code in zip(opposed, codes, strict=True))
    if in_time or pair.tells_apart(opposed) or pair.turned_round or pair.played_otherwise:
        return UNLIKE  # `sold it to her`, `she bought it`
    if pair.counts_things if mine.movement else pair.of_several:
        return UNLIKE
    ground = Ground.DIRECTIONS if mine.movement * theirs.movement < 0 else Ground.OPPOSITES
    return Verdict(Relation.DISPUTE, ground, (mine.text, theirs.text))


def _by_denial(pair: Pair) -> Verdict | None:
    """One denies what the other says. What the other says besides may deny in words of its own: `was
    dropped`."""
    one, other, found = pair.one, pair.other, pair.found
    if (
        found.opposed
        or {one.denials, other.denials} != {0, 1}
        or one.exceptions
        or min(found.coverage) < ENOUGH
        or pair.denies_more
        or pair.turned_round
        or (one.partial and other.partial)  # some did, and some did not
    ):
        return None
    asserted = found.right if one.denies else found.left
    return None if any(not word.minor for word in asserted) else Verdict(Relation.DISPUTE, Ground.DENIAL)


GROUNDS: tuple[Callable[[Pair], Verdict | None], ...] = (
    _by_dates,
    _by_figures,
    _by_rest,
    _by_opposites,
    _by_denial,
)
"""What shows a dispute, in order. `UNLIKE` from one of them ends the search: it has seen that there is
none."""
