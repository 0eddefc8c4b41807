"""Who did what to whom: what ties the words that two statements share, and whether they change places.

English and Chinese tell it by order, prepositions tell it anywhere, and a passive turns the order over. What
these words are comes from the language's file.
"""

from collections.abc import Iterable
from itertools import pairwise
from typing import NamedTuple

from reprise_research.judging.statement import SEGMENT, TOKEN, Statement, Word
from reprise_research.languages import knows, language
from reprise_research.quantities.model import PARTS

_POSSESSIVE = "'s"


class Thing(NamedTuple):
    """A thing that both statements name, and what ties it in each: a preposition, or nothing."""

    mine: Word
    theirs: Word
    tie: str
    other_tie: str


def things(one: Statement, other: Statement, shared: Iterable[tuple[Word, Word]]) -> list[Thing]:
    """Return the things among the words that two statements share."""
    return [
        Thing(mine, theirs, _tie(one, mine), _tie(other, theirs))
        for mine, theirs in shared
        if _may_be_thing(one, mine) and _may_be_thing(other, theirs)
    ]


def tied_otherwise(one: Statement, other: Statement, found: list[Thing]) -> bool:
    """Return whether a thing is tied by two prepositions: to Oslo, from Oslo. `im` is `in dem`: the first
    letter is what forms of one share."""
    of = _genitives(one, other)
    return one.language == other.language and any(
        thing.tie
        and thing.other_tie
        and thing.tie[0] != thing.other_tie[0]
        and not of.intersection((thing.tie, thing.other_tie))
        for thing in found
    )


def in_other_order(one: Statement, other: Statement, found: list[Thing]) -> bool:
    """Return whether things stand in another order that says something: those that nothing ties, unless one
    of the statements is a passive, and those with the same preposition. What is of a thing may stand on
    either side of it."""
    of = _genitives(one, other)
    free = [
        thing
        for thing in found
        if not (thing.tie and thing.other_tie) and not of.intersection((thing.tie, thing.other_tie))
    ]
    if _inverted(free) and one.passive == other.passive:
        return True
    ties = {thing.tie for thing in found if thing.tie and thing.tie == thing.other_tie} - of
    return any(_inverted([t for t in found if t.tie == t.other_tie == tie]) for tie in ties)


def played_otherwise(one: Statement, other: Statement, found: list[Thing]) -> bool:
    """Return whether what does something and what suffers it change places, as far as voice, case, particles
    or prepositions tell: `was defeated by the rebels`, `defeated the rebels`; `den Mann`, `der Mann`."""
    if one.language != other.language or not knows(one.language):
        return False
    back = [Thing(t.theirs, t.mine, t.other_tie, t.tie) for t in found]
    passive = [
        statement for statement, things_ in ((one, found), (other, back)) if _agent(statement, things_)
    ]
    if len(passive) == 1:
        return _stays(passive[0], found if passive[0] is one else back)
    if any(_cases_differ(thing, one, other) for thing in found):
        return True
    moved = [(t.tie[:1], t.other_tie[:1]) for t in found if t.tie[:1] != t.other_tie[:1]]
    return any((after, before) in moved for before, after in moved)


def _agent(passive: Statement, found: list[Thing]) -> Thing | None:
    """The thing by which it is done, where a statement says so."""
    known = language(passive.language)
    for thing in found:
        before = passive.text[: thing.mine.start].casefold()
        if not known.spaces:
            if before.endswith(tuple(known.words.agents)):
                return thing
            continue
        for token in reversed(SEGMENT.split(before)[-1].replace("'", " ").replace("’", " ").split()):
            if token in known.words.agents:
                return thing
            if token not in known.words.function:
                break
    return None


def _stays(passive: Statement, found: list[Thing]) -> bool:
    """Whether what something is done to in a passive stands in front of who does it in the active as well."""
    agent = _agent(passive, found)
    others = sorted((thing for thing in found if thing is not agent), key=lambda thing: thing.mine.start)
    return agent is not None and bool(others) and others[0].theirs.start < agent.theirs.start


def _cases_differ(thing: Thing, one: Statement, other: Statement) -> bool:
    mine, theirs = _case(one, thing.mine), _case(other, thing.theirs)
    return bool(mine and theirs and mine != theirs)


def _case(statement: Statement, word: Word) -> str:
    """What says which part a thing plays; empty where nothing does."""
    known = language(statement.language)
    cases, text = known.words.cases, statement.text
    if cases == ("~",):
        return word.text.casefold()
    if known.nouns.capitals:
        before = [token.group().casefold() for token in TOKEN.finditer(text, 0, word.start)][-1:]
        return before[0] if before and before[0] in cases else ""
    behind = text[word.end :].lstrip(" ")
    for marks in cases:
        for mark in marks.split():
            if behind.startswith(mark) if known.code != "ko" else word.text.endswith(mark):
                return marks
    return ""


def names_agent(statement: Statement, word: Word) -> bool:
    """Return whether a word says by whom something was done; where two are named so (`paintings by women are
    held by the museum`), nobody can tell which."""
    if not knows(statement.language):
        return False
    agents = language(statement.language).words.agents
    named = sum(token.group().casefold() in agents for token in TOKEN.finditer(statement.text))
    return named < 2 and _tie(statement, word) in agents


def is_of(statement: Statement, word: Word) -> bool:
    """Return whether something is said to be of a thing: `of the children`."""
    return _genitive(statement, word) >= 0


def is_whole(statement: Statement, word: Word) -> bool:
    """Return whether a figure says how large a part of a thing is meant: `40 percent of the children`."""
    place = _genitive(statement, word)
    return place >= 0 and any(
        one.kind in PARTS and one.end <= place and not statement.text[one.end : place].strip()
        for one in statement.figures
    )


def _genitive(statement: Statement, word: Word) -> int:
    """Where what joins a thing to what is of it begins in front of a word, with small words between; -1
    without one."""
    if not knows(statement.language) or not language(statement.language).spaces:
        return -1
    known = language(statement.language)
    for token in reversed(list(TOKEN.finditer(statement.text, 0, word.start))):
        said = token.group().casefold()
        if said in known.words.genitives:
            return token.start()
        if said not in known.words.function:
            break
    return -1


def is_one_of_several(statement: Statement, word: Word, shared: list[Word]) -> bool:
    """Return whether a verb is done to, or by, something that has not been named before (`sold a bicycle`; in
    May, `sold bicycles`): the next may be another one."""
    if not knows(statement.language):
        return False
    indefinite = language(statement.language).words.indefinite
    first = TOKEN.search(statement.text)
    behind = TOKEN.match(statement.text, word.end + 1)
    if first is not None and first.group().casefold() in indefinite:
        return True
    bare = bool(statement.dates) and any(one.start == word.end + 1 and not one.name for one in shared)
    return (behind is not None and behind.group().casefold() in indefinite) or (bool(indefinite) and bare)


def is_hearsay(statement: Statement, word: Word) -> bool:
    """Return whether a word makes something of hearsay or a guess."""
    if not knows(statement.language):
        return False
    known = language(statement.language)
    return word.text.casefold() in known.reporting.verbs | known.kinds.hedges


def between_commas(statement: Statement, word: Word, shared: list[Word]) -> bool:
    """Return whether a word stands in a part of its own, with what both say around it."""
    before = max((one.end for one in shared if one.end <= word.start), default=None)
    after = min((one.start for one in shared if one.start >= word.end), default=None)
    if before is None or after is None:
        return False
    return bool(
        SEGMENT.search(statement.text, before, word.start) and SEGMENT.search(statement.text, word.end, after)
    )


def _may_be_thing(statement: Statement, word: Word) -> bool:
    if not knows(statement.language):
        return not word.minor and not word.movement
    known = language(statement.language)
    before = statement.text[: word.start].casefold().replace("’", "'").replace("'", " ").split()[-1:]
    named = bool(before) and before[0] in known.units.determiners | known.words.indefinite  # `the fall`
    if word.minor or (word.movement and not named):
        return False
    return not known.nouns.capitals or word.text[0].isupper()


def _tie(statement: Statement, word: Word) -> str:
    """The preposition in front of a word, with small words and one adjective between; empty without one."""
    if not knows(statement.language):
        return ""
    known = language(statement.language)
    if word.text.endswith(("'s", "’s")):
        return _POSSESSIVE
    ties = known.words.prepositions | known.words.relators
    before = SEGMENT.split(statement.text[: word.start].casefold())[-1]
    if not known.spaces:
        return before[-1:] if before[-1:] in ties else ""
    others = 0
    for token in reversed(before.replace("'", " ").replace("’", " ").split()):
        if token in ties:
            return token
        if token not in known.words.function and not token.isnumeric():
            others += 1
        if others > 1:
            break
    return ""


def _inverted(found: list[Thing]) -> bool:
    places = sorted((thing.mine.start, thing.theirs.start) for thing in found)
    return any(later < earlier for (_, earlier), (_, later) in pairwise(places))


def _genitives(one: Statement, other: Statement) -> frozenset[str]:
    """What joins a thing to what it is of: the height of the tower is what the tower has."""
    codes = {code for code in (one.language, other.language) if knows(code)}
    return frozenset({_POSSESSIVE}).union(*(language(code).words.genitives for code in codes))
