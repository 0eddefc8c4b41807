"""Where two statements differ in a proper name alone."""

from dataclasses import dataclass

from reprise_research.judging.anchors import is_time
from reprise_research.judging.scope import Pair
from reprise_research.judging.statement import TOKEN, Statement, Word
from reprise_research.languages import language


@dataclass(frozen=True)
class Name:
    """A name that one statement has and the other lacks."""

    text: str
    place: str
    """The small word in front of it; empty at the beginning of the statement."""
    acts: bool
    """Whether its place is that of who does something: in front of the verb, or behind `by`."""


def only_names(pair: Pair, side: int) -> Name | None:
    """Return the name that is all that one of the statements has alone; None where it has something else
    alone as well, no name, or one that goes on in what both have (`Ann Hart`, `Hart`)."""
    statement, alone = ((pair.one, pair.found.left), (pair.other, pair.found.right))[side]
    own = sorted((word for word in alone if not word.minor), key=lambda word: word.start)
    if not own or any(is_time(word.text, statement.language, pair.meaning) for word in own):
        return None
    places = [statement.words.index(word) for word in own if word in statement.words]
    if not places or places != list(range(places[0], places[0] + len(own))):
        return None
    if not all(word.name or _opens(word, own) for word in own):
        return None
    if any(word.name and _touches(statement, word, own) for word in statement.words if word not in own):
        return None
    before = TOKEN.findall(statement.text[: own[0].start].casefold())
    place = before[-1] if before else ""
    agents = language(statement.language).words.agents
    return Name(statement.text[own[0].start : own[-1].end], place, acts=not place or place in agents)


def _opens(word: Word, own: list[Word]) -> bool:
    """Whether a word begins the statement, where everything has a capital, and a name goes on behind it."""
    return word.start == 0 and len(own) > 1 and word.text[0].isupper()


def _touches(statement: Statement, word: Word, own: list[Word]) -> bool:
    """Whether a word stands beside the name, or tied to it by small words alone (`Hart and Green`)."""
    first, second = (word, own[0]) if word.start < own[0].start else (own[-1], word)
    between = statement.text[first.end : second.start].casefold().split()
    return all(part in language(statement.language).words.function for part in between)
