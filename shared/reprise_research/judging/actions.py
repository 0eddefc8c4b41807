"""Whether two statements tell of two actions: switched on and switched off, taken in and let out.

Verbs that differ in one part alone (`einschalten`, `ausschalten`; `moved into`, `moved out of`; `転入`,
`転出`) are near to each other for an encoder, and stand among the same words. What they tell is neither the
same nor does it exclude each other: who lets in 40 goals may score 50.
"""

import re
from collections.abc import Sequence

from reprise_research.judging.statement import SEGMENT, TOKEN, Statement, Word
from reprise_research.languages import knows, language

_REST = 4
"""Letters that the ends of two words have in common at least to differ in one part."""
_KANA = re.compile("[\u3040-\u30ff]")
_SHORT = 2
"""Characters of a word in a language without spaces, of which one says which way."""
Pairs = Sequence[tuple[Word, Word]]


def varies(one: Word, other: Word, code: str) -> bool:
    """Return whether two words of a language differ in what stands before their common end alone: `import`,
    `export`; of a language without spaces, in one character of two, or of one."""
    a, b = one.stem, other.stem
    if a == b or not knows(code):
        return False
    known = language(code)
    if not known.spaces:
        a, b = (_KANA.sub("", stem) or stem for stem in (a, b))
        same = sum(x == y for x, y in zip(a, b, strict=False))
        return len(a) == len(b) <= _SHORT and same == len(a) - 1
    if known.script == "hangul":
        return False  # what two verbs end with are endings
    if known.words.detached and _without_part(a, known.words.detached) & _without_part(
        b, known.words.detached
    ):
        return True
    if min(len(a), len(b)) > 2 * _REST and a[:_REST] in b[_REST:] and b[:_REST] in a[_REST:]:
        return True  # `Glasflaschen`, `Flaschenglas`
    common = _common_end(a, b)
    return common >= _REST and 2 * common >= max(len(a), len(b))


def _without_part(stem: str, parts: frozenset[str]) -> set[str]:
    """A verb, and what is left of it without a part that it may begin with."""
    return {stem, *(stem.removeprefix(part) for part in parts if len(stem) >= len(part) + 3)}


def _common_end(one: str, other: str) -> int:
    size = 0
    for a, b in zip(reversed(one), reversed(other), strict=False):
        if a != b:
            break
        size += 1
    return size


def vary_beside(left: Sequence[Word], right: Sequence[Word], code: str, shared: Pairs) -> bool:
    """Return whether any of these words differ in one part; single characters only at the same side of what
    both have."""
    return any(_turn(a, b, shared) if len(a.text) == 1 else varies(a, b, code) for a in left for b in right)


def of_two_actions(
    one: Statement, other: Statement, shared: Pairs, alone: tuple[Sequence[Word], Sequence[Word]]
) -> bool:
    """Return whether what is done differs in a part of its verb, or each has a verb on anything (`took`,
    `let`) that the other lacks: `shared` are the words that both have, `alone` those that only one has."""
    if one.language != other.language or not knows(one.language):
        return False
    if vary_beside(*alone, one.language, shared):
        return True
    mine, theirs = _ends(one), _ends(other)
    if mine and theirs and not mine & theirs:
        return True
    if any(_behind(one, a) != _behind(other, b) for a, b in shared if a.stem == b.stem and not a.movement):
        return True
    fillers = language(one.language).words.fillers
    return all(any(word.text.casefold() in fillers for word in side) for side in alone)


def _turn(one: Word, other: Word, shared: Pairs) -> bool:
    """Whether two characters stand at the same side of what both have: the last ones of `迁入` and `迁出`."""
    return len(one.text) == len(other.text) == 1 and any(
        (mine.end == one.start and theirs.end == other.start)
        or (one.end == mine.start and other.end == theirs.start)
        for mine, theirs in shared
    )


def _behind(statement: Statement, word: Word) -> str:
    """The word right behind another one that turns it: `paid out`; empty without one."""
    turning = language(statement.language).words.turning
    token = TOKEN.match(statement.text, word.end + 1) if turning else None
    parted = statement.text[word.end : word.end + 1] == " "
    return said if parted and token and (said := token.group().casefold()) in turning else ""


def _ends(statement: Statement) -> frozenset[str]:
    """The parts of verbs that end a clause or stand in front of a preposition, where nothing tells whose."""
    known = language(statement.language)
    if not known.words.detached or known.nouns.capitals:
        return frozenset()
    tokens = list(TOKEN.finditer(statement.text))
    return frozenset(
        one.group()
        for one, behind in zip(tokens, [*tokens[1:], None], strict=True)
        if one.group() in known.words.detached
        and (
            not statement.text[one.end() :].strip(" .!?")
            or SEGMENT.match(statement.text, one.end())
            or (behind is not None and behind.group() in known.words.prepositions)
        )
    )
