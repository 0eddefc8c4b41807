"""Whether two statements agree, dispute each other, are one text, or none of these.

Silence is the rule: two statements are `unlike` unless something shows more. They *agree* only if one says
all that the other says, and nothing that narrows it; they *dispute* each other only if they speak of one
thing, of one time and in one manner, and what they say of it excludes each other. A dispute needs a ground,
and each ground is one function, tried in the order of `GROUNDS`.
"""

from dataclasses import replace
from itertools import product

from reprise_research.judging.alignment import align
from reprise_research.judging.anchors import Anchor, near_anchor
from reprise_research.judging.clauses import Clause, clauses
from reprise_research.judging.grounds import ENOUGH, GROUNDS, directions
from reprise_research.judging.naming import only_names
from reprise_research.judging.scope import Pair, Times, excluding
from reprise_research.judging.statement import Stance, Statement, folded, read
from reprise_research.judging.synonyms import share_a_meaning
from reprise_research.judging.verdict import UNLIKE, Ground, Relation, Verdict
from reprise_research.languages import knows
from reprise_research.meaning import Encoder
from reprise_research.quantities import Quantity, same
from reprise_research.text.sentences import split

HALF = 0.5
"""The same of the statement that says more."""
SHARED = 3
"""Words around two figures that both must have, where each of the sentences says more besides."""
SHORT = 4
"""Words of a statement of which one in common is enough to look closer."""
NEAR = 2
"""Words around two figures that both must have to be worth reading beside each other."""
ALIKE = 0.6
"""The cosine of two sentences below which they do not say the same, whatever words they share."""
LOOSE = 3
"""Words that each of two statements may have alone for these to be looked at for a meaning in common."""
COPIED = 20
"""Letters from which a statement that stands within another is copied, and not common by chance."""


def judge(
    one: str,
    other: str,
    codes: tuple[str, str],
    meaning: Encoder | None = None,
    context: frozenset[str] = frozenset(),
) -> Verdict:
    """Judge two statements in the languages with these codes; of a language without a file only copies are
    known. `context` has the stems of what is asked. Symmetric but for the order of the evidence."""
    first, second = read(one, codes[0]), read(other, codes[1])
    if (copied := _copied(first, second)) is not None:
        return copied
    if not all(knows(code) for code in codes):
        return UNLIKE
    if codes[0] == codes[1] and not _share_anything(first, second):
        return UNLIKE
    meaning = meaning if meaning is not None and meaning.languages.issuperset(codes) else None
    found = _of_wholes(first, second, meaning, context)
    return (
        found
        if found.relation is not Relation.UNLIKE
        else _of_parts(first, second, meaning, context) or found
    )


def _of_wholes(
    first: Statement, second: Statement, meaning: Encoder | None, context: frozenset[str]
) -> Verdict:
    """Judge two statements by all that they say."""
    if first.stance != second.stance or Stance.QUESTION in first.stance:
        return UNLIKE
    pair = Pair(first, second, align(first, second, meaning), meaning, context)
    whole = _says_all(pair)
    if not any(whole) and _may_mean_the_same(pair):
        whole = _says_all(replace(pair, found=align(first, second, meaning, loosely=True)))
    if any(whole):
        return _said_by_both(first, second, whole)
    found = _dispute(pair)
    return (
        found
        if found is not None and found.relation is Relation.DISPUTE
        else _of_names(pair) or _of_clauses(pair) or _beside(pair)
    )


def _of_parts(
    first: Statement, second: Statement, meaning: Encoder | None, context: frozenset[str]
) -> Verdict | None:
    """What clauses of two statements say to each other: every word of the one has to stand in the other, or
    to be opposed."""
    sides = [(Clause(one, whole=True), *clauses(one.text, one.language)) for one in (first, second)]
    found = None
    for one, other in list(product(*sides))[1:]:
        if not _of_one_subject(one, other, context) or not _overlap(one.said, other.said):
            continue
        pair = Pair(one.said, other.said, align(one.said, other.said, meaning), meaning, context)
        verdict = _of_part(pair, (one.whole, other.whole))
        if verdict is not None and verdict.relation is Relation.DISPUTE:
            return verdict
        found = found or verdict
    return _said_by_both(first, second, found.whole) if found is not None else None


def _of_one_subject(one: Clause, other: Clause, context: frozenset[str]) -> bool:
    """Whether what two clauses say may be of one thing. One that does not lead may be of what the first
    clause names, and then that must stand in the other sentence too, or in what is asked."""
    if one.leads and other.leads:
        return True
    if not one.leads and not other.leads and not one.beside & other.beside:
        return False
    sides = ((one, other), (other, one))
    return all(
        a.leads or a.names <= b.beside | context | {word.stem for word in b.said.words} for a, b in sides
    )


def _overlap(one: Statement, other: Statement) -> bool:
    """Whether two clauses of one language share half of the beginnings of the shorter one, without which a
    closer look finds nothing."""
    if one.language != other.language:
        return True
    shared = len(one.beginnings & other.beginnings)
    return 2 * shared >= min(len(one.beginnings), len(other.beginnings)) > 0


def _of_part(pair: Pair, wholes: tuple[bool, bool]) -> Verdict | None:
    """What two clauses say to each other; they agree where one of them is all that its side says."""
    if pair.one.stance != pair.other.stance or Stance.QUESTION in pair.one.stance:
        return None
    if any(wholes):
        says = _says_all(pair)
        whole = (says[0] and wholes[1], says[1] and wholes[0])
        if any(whole):
            return Verdict(Relation.AGREEMENT, Ground.SAME_MEANING, whole=whole)
    if min(pair.found.coverage) < 1 or len(pair.found.shared) + len(pair.found.opposed) < NEAR:
        return None
    found = _dispute(pair)
    return found if found is not None and found.relation is Relation.DISPUTE else None


def _said_by_both(one: Statement, other: Statement, whole: tuple[bool, bool]) -> Verdict:
    """Two statements of which one says all of the other: word for word it is no second voice."""
    if one.folded in other.folded or other.folded in one.folded:
        return Verdict(Relation.COPY, Ground.SAME_WORDS, whole=whole)
    return Verdict(Relation.AGREEMENT, Ground.SAME_MEANING, whole=whole)


def _may_mean_the_same(pair: Pair) -> bool:
    """Whether two statements of one language leave out so few words of each other that those may have a
    meaning in common."""
    left, right = len(pair.found.left), len(pair.found.right)
    return pair.one.language == pair.other.language and 0 < left <= LOOSE and 0 < right <= LOOSE


def _copied(one: Statement, other: Statement) -> Verdict | None:
    """A copy: one statement holds the other word for word as a sentence of its own. Within a sentence that
    says more the letters tell nothing (`all but four of the bridges are safe`, `it is a myth that …`): there
    the words around them must have the same manner to be looked at."""
    short, long = sorted((one, other), key=lambda statement: len(statement.folded))
    if not short.folded or short.folded not in long.folded:
        return None
    if short.folded == long.folded or (len(short.folded) >= COPIED and _is_a_sentence(short, long)):
        return Verdict(
            Relation.COPY, Ground.SAME_WORDS, whole=(other.folded in one.folded, one.folded in other.folded)
        )
    return None if _of_one_manner(short, long) else UNLIKE


def _is_a_sentence(short: Statement, long: Statement) -> bool:
    """Return whether a statement stands in a longer one as a sentence or as several, apart from who says
    it."""
    sentences = split(long.text, long.language)
    held = [sentence for sentence in sentences if folded(sentence.text) in short.folded]
    if folded("".join(sentence.text for sentence in held)) == short.folded:
        return True
    return any(
        folded(sentence.text.rpartition(mark)[2]) == short.folded
        for sentence in sentences
        for mark in ':：„“"'
    )


def _of_one_manner(one: Statement, other: Statement) -> bool:
    return (
        one.stance == other.stance
        and one.denials == other.denials
        and one.exceptions == other.exceptions
        and one.partial == other.partial
    )


def _share_anything(one: Statement, other: Statement) -> bool:
    """Return whether two statements of one language share enough beginnings of words to be worth a closer
    look, which costs a thousand times as much: two, or one of a short statement, which in English may share a
    meaning instead."""
    first, second = one.beginnings, other.beginnings
    shared = len(first & second)
    if shared or one.language != "en" or max(len(first), len(second)) > SHORT:
        return shared >= NEAR or (shared == 1 and min(len(first), len(second)) <= SHORT)
    return any(share_a_meaning(a.text, b.text) for a in one.words for b in other.words)


def _says_all(pair: Pair) -> tuple[bool, bool]:
    """Return whether the first says all that the second says, and the other way round. What it says besides
    may not narrow it."""
    one, other, found = pair.one, pair.other, pair.found
    nothing = (False, False)
    if found.opposed or not found.shared or found.manners or min(found.coverage) < ENOUGH:
        return nothing
    if (
        one.denials != other.denials
        or one.partial != other.partial
        or one.attributed != other.attributed
        or not pair.of_one_manner
        or pair.names_more
        or pair.small_words_differ
        or pair.turned_round
        or pair.played_otherwise
        or pair.moves_otherwise
        or pair.of_two_actions
        or pair.of_two_wholes
        or pair.of_two_forms
        or pair.excepts_otherwise
        or pair.of_two_times
        or pair.says_more
    ):
        return nothing
    if replace(pair, context=frozenset()).narrows or not _alike(pair):
        return nothing
    first, second = (*one.figures, *one.dates), (*other.figures, *other.dates)
    return not found.right and _gives(first, second), not found.left and _gives(second, first)


def _gives(figures: tuple[Quantity, ...], wanted: tuple[Quantity, ...]) -> bool:
    return all(any(same(a, b) for a in figures) for b in wanted)


def _alike(pair: Pair) -> bool:
    """Return whether two sentences mean about the same, as far as an encoder can tell; without one they
    may."""
    if pair.meaning is None:
        return True
    first, second = pair.meaning.encode([pair.one.text, pair.other.text])
    return float(first @ second) >= ALIKE


def _dispute(pair: Pair) -> Verdict | None:
    """A dispute of two whole statements, on the first ground that there is."""
    found = pair.found
    if not found.shared or max(found.coverage) < ENOUGH or min(found.coverage) < HALF or found.rivals:
        return None
    if (
        pair.names_more
        or not pair.of_one_manner
        or pair.times_in_words
        or pair.of_two_times
        or pair.small_words_stand_apart
        or pair.names_turned_round
        or pair.moves_otherwise
        or pair.of_two_actions
        or pair.restricts
        or pair.qualifies
        or not pair.of_one_grain
        or replace(pair, context=frozenset()).narrows
    ):
        return None
    if pair.one.language != pair.other.language and (pair.meaning is None or not _alike(pair)):
        return None
    if found.speakers and _subjects(pair) < NEAR:
        return None  # each may speak of itself
    if max(pair.one.denials, pair.other.denials) > 1 or len(found.opposed) > 1:
        return None  # turned over twice: `few stayed` and `many left`
    return next((verdict for ground in GROUNDS if (verdict := ground(pair)) is not None), None)


def _of_names(pair: Pair) -> Verdict | None:
    """Two names of who did what one alone does, or is what only one can be, and nothing else that differs."""
    one, other = pair.one, pair.other
    if (
        one.language != other.language
        or one.denies
        or other.denies
        or one.partial != other.partial
        or pair.found.opposed
        or not pair.of_one_manner
        or pair.small_words_stand_apart
        or pair.times in (Times.APART, Times.ONE_NAMED)
        or excluding(one, other)
    ):
        return None
    mine, theirs = only_names(pair, 0), only_names(pair, 1)
    if mine is None or theirs is None or mine.place != theirs.place:
        return None
    kind = Anchor.AUTHOR if mine.acts else Anchor.ROLE
    if not any(near_anchor(word.text, kind, pair.meaning) for word, _ in pair.found.shared):
        return None
    return Verdict(Relation.DISPUTE, Ground.NAMES, (mine.text, theirs.text))


def _of_clauses(pair: Pair) -> Verdict | None:
    """A dispute about a figure between clauses of longer sentences. What each says besides may not say which
    thing is meant."""
    one, other = pair.one, pair.other
    if one.language != other.language or not pair.of_one_manner:
        return None
    if pair.times in (Times.APART, Times.ONE_NAMED) or pair.has_other_figures or pair.moves_otherwise:
        return None
    if not pair.of_one_grain or pair.names_a_time:
        return None
    for a, b in excluding(one, other):
        before, after = one.opening(a), other.opening(b)
        within = _within(pair, a, b)
        moved = directions(pair if pair.found.opposed else within)
        if (
            (before - after and after - before)
            or within.qualifies
            or (within.found.opposed and moved is None)
            or within.names_more
            or within.small_words_stand_apart
            or within.names_turned_round
            or within.restricts
            or within.of_two_actions
            or within.of_two_times
            or (within.found.rivals and within.in_words)
            or within.one.denies != within.other.denies
            or (within.one.denied, within.other.denied) != (one.denied, other.denied)
        ):
            continue
        shared = _subjects(within)
        if within.adds_behind((a, b)) or one.partial != other.partial:
            continue
        told_alike = not within.found.left and not within.found.right and len(within.found.shared) >= NEAR
        enough = shared >= SHARED or told_alike or (shared >= NEAR and min(within.found.coverage) == 1)
        if (
            enough
            and max(within.found.coverage) >= HALF
            and not within.names_two_in_one_place
            and not within.narrows
        ):
            figures = Verdict(Relation.DISPUTE, Ground.FIGURES, (a.told, b.told))
            return moved if within.found.opposed else figures
    return None


def _beside(pair: Pair) -> Verdict:
    """Two figures of one measure that differ and stand near enough to be read beside each other, though
    nothing shows that they are of one thing: `unlike`, with the figures as evidence."""
    if pair.one.language != pair.other.language or pair.times is Times.APART:
        return UNLIKE
    for a, b in excluding(pair.one, pair.other):
        within = _within(pair, a, b)
        named = sum(
            not w.minor and not w.movement and w.stem not in pair.context for w, _ in within.found.shared
        )
        moved = any(w.movement for w, _ in within.found.shared)
        if named + moved >= NEAR and named and max(within.found.coverage) >= HALF:
            return Verdict(Relation.UNLIKE, Ground.FIGURES, (a.told, b.told))
    return UNLIKE


def _within(pair: Pair, a: Quantity, b: Quantity) -> Pair:
    """The clauses around two figures, as a pair of statements."""
    mine, theirs = pair.one.clause(a), pair.other.clause(b)
    return replace(pair, one=mine, other=theirs, found=align(mine, theirs, pair.meaning))


def _subjects(pair: Pair) -> int:
    """How many words both have that name a thing."""
    return sum(not word.minor and not word.movement for word, _ in pair.found.shared)
