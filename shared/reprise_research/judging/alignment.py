"""Which words of one statement say the same as which of another, which are opposites, and which stand
alone."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from reprise_research.judging.actions import varies, vary_beside
from reprise_research.judging.anchors import is_time
from reprise_research.judging.families import of_one_family
from reprise_research.judging.opposites import opposite
from reprise_research.judging.statement import Statement, Word, stretch
from reprise_research.judging.synonyms import synonyms
from reprise_research.languages import Language, knows, language
from reprise_research.meaning import Encoder
from reprise_research.text.parts import parts_of

EQUAL = 0.8
"""The cosine from which two words of one language that are no opposites say the same."""
EQUAL_ACROSS = 0.62
"""The same for words of two languages, of which each is the other's nearest."""
_DONE_ACROSS = 0.75
"""The same of an English verb: what is bought in one language and sold in another is near, too."""
Alike = Callable[[Word, Word], bool]
Pairs = list[tuple[Word, Word]]
_SHORTEST = 3
"""Letters of the first part of a compound."""
_PREFIX = 5
"""Letters that forms of one word share at least: `inspected`, `inspection`."""


@dataclass(frozen=True)
class Alignment:
    """Two statements, word by word."""

    shared: tuple[tuple[Word, Word], ...]
    opposed: tuple[tuple[Word, Word], ...]
    left: tuple[Word, ...]
    """Words of the first statement that the second has no counterpart for."""
    right: tuple[Word, ...]
    """The same the other way."""
    speakers: bool = False
    """Whether each named who says it, and another one; none of these words is among the others."""

    @property
    def coverage(self) -> tuple[float, float]:
        """Which share of each statement's words stands in the other, 0 to 1; words that are opposed count as
        spoken to."""
        said = sum(not one.minor for one, _ in (*self.shared, *self.opposed))
        alone = (sum(not word.minor for word in side) for side in (self.left, self.right))
        left, right = (said / max(1, said + count) for count in alone)
        return left, right

    @property
    def rivals(self) -> bool:
        """Whether each names something that the other does not: they may speak of two things."""
        return any(not word.minor for word in self.left) and any(not word.minor for word in self.right)

    @property
    def manners(self) -> bool:
        """Whether each has a word that the other lacks, be it a minor one: what one suspects another may have
        shown."""
        return bool(self.left and self.right)


def align(one: Statement, other: Statement, meaning: Encoder | None, *, loosely: bool = False) -> Alignment:
    """Align two statements: equal stems first, then opposites, then words of equal meaning. `loosely` takes
    words that have one of their meanings in common, which is not enough to say that two exclude each
    other."""
    first, second = list(one.words), list(other.words)
    unspaced = one.language == other.language and knows(one.language) and not language(one.language).spaces
    shared = _tiles(first, second, language(one.language)) if unspaced else []
    shared += _matched(first, second, _same_stem)
    opposed = _matched(first, second, lambda a, b: a.movement * b.movement < 0)
    opposed += _matched(first, second, lambda a, b: _moved_or_not((one, a), (other, b)))
    shared += _matched(first, second, lambda a, b: a.movement * b.movement > 0)
    codes = (one.language, other.language)
    opposed += _matched(first, second, lambda a, b: opposite(a.text, b.text, codes, meaning))
    if codes == ("en", "en"):
        opposed += _completed_either(first, second, lambda a, b: opposite(a, b, codes, meaning))
    if not unspaced:
        shared += _matched(first, second, lambda a, b: _same_beginning(a, b) and not _compounds(a, b, codes))
    if codes == ("en", "en"):
        shared += _matched(first, second, lambda a, b: of_one_family(a.text, b.text))
    if loosely and codes == ("en", "en"):
        shared += _matched(first, second, lambda a, b: _one_meaning(a, b, meaning))
        shared += _completed_either(first, second, lambda a, b: synonyms(a, b, meaning))
    if meaning is not None and first and second:
        shared += _near(first, second, codes, meaning)
        shared += _phrases(one, other, first, second, shared, meaning)
    spoken = _speakers(one, first), _speakers(other, second)
    left, right = (
        tuple(word for word in alone if word not in who)
        for alone, who in zip((first, second), spoken, strict=True)
    )
    return Alignment(tuple(shared), tuple(opposed), left, right, speakers=all(spoken))


def _speakers(statement: Statement, alone: list[Word]) -> set[Word]:
    """Of the words without a counterpart those that only name who says it: the mark's own, the one beside it,
    and what is tied to that one: `nach Angaben der Stadt`."""
    found: set[Word] = set()
    for start, end, behind in statement.voices if alone else ():
        found |= {word for word in alone if start <= word.start < end}
        words = [word for word in statement.words if (word.end <= start if behind else word.start >= end)]
        edge = start if behind else end
        for word in reversed(words) if behind else words:
            between = statement.text[word.end : edge] if behind else statement.text[edge : word.start]
            if word not in alone or not _joined(
                between, word, statement.language, first=edge in (start, end)
            ):
                break
            found.add(word)
            edge = word.start if behind else word.end
    return found


def _joined(between: str, word: Word, code: str, *, first: bool) -> bool:
    """Whether nothing but articles and what joins two nouns stands between a word and what it belongs to; two
    words beside each other are one name only where nouns have capitals, or behind the mark."""
    known = language(code)
    small = known.nouns.links | known.units.links | known.units.determiners
    parts = between.replace("’", "'").replace("'", " ").casefold().split()
    if known.nouns.capitals and not word.text[0].isupper():
        return False
    return all(part in small for part in parts) and (bool(parts) or first or known.nouns.capitals)


def _matched(first: list[Word], second: list[Word], alike: Alike) -> Pairs:
    """Take the words that are alike out of both lists, each once, and return them in pairs."""
    pairs = []
    for word in list(first):
        partner = next((candidate for candidate in second if alike(word, candidate)), None)
        if partner is not None:
            first.remove(word)
            second.remove(partner)
            pairs.append((word, partner))
    return pairs


def _moved_or_not(one: tuple[Statement, Word], other: tuple[Statement, Word]) -> bool:
    """Whether one of two words says that something moved, and the other that it did not."""
    return any(
        bool(moving.movement) and (still.unmoved or (still.changes and said.denies))
        for (_, moving), (said, still) in ((one, other), (other, one))
    )


def _same_stem(one: Word, other: Word) -> bool:
    return one.stem == other.stem


def _same_beginning(one: Word, other: Word) -> bool:
    a, b = one.stem, other.stem
    common = next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return common >= _PREFIX and common >= 0.75 * min(len(a), len(b))


def _compounds(one: Word, other: Word, codes: tuple[str, str]) -> bool:
    """Whether one word begins with the other and goes on with a word: a shipyard is no ship."""
    if codes[0] != codes[1] or not knows(codes[0]):
        return False
    endings = language(codes[0]).words.endings
    short, long = sorted((one.text.casefold(), other.text.casefold()), key=len)
    rest = long.removeprefix(short)
    return bool(endings) and len(short) >= _SHORTEST and rest not in (long, "") and rest not in endings


def _one_meaning(one: Word, other: Word, meaning: Encoder | None) -> bool:
    """Whether two English words that are no names have a meaning in common, and are meant so here."""
    return not (one.name or other.name or one.movement or other.movement) and synonyms(
        one.text, other.text, meaning
    )


def _completed_either(first: list[Word], second: list[Word], alike: Callable[[str, str], bool]) -> Pairs:
    """Take the verbs with what completes them behind them (`turned down`) out of either list that are to a
    word of the other list as `alike` says."""
    turned = _completed(second, first, alike)
    return _completed(first, second, alike) + [(mine, theirs) for theirs, mine in turned]


def _completed(first: list[Word], second: list[Word], alike: Callable[[str, str], bool]) -> Pairs:
    pairs: Pairs = []
    for verb, part in list(pairwise(first)):
        if verb not in first or part not in first or part.start - verb.end != 1:
            continue
        whole = f"{verb.text} {part.text}"
        partner = next((word for word in second if alike(whole, word.text)), None)
        if partner is not None:
            first.remove(verb)
            first.remove(part)
            second.remove(partner)
            pairs.append((verb, partner))
    return pairs


def _is_fixed(word: Word, code: str, meaning: Encoder) -> bool:
    """Whether a word is near to others of its kind and never equal to one: a name, a time."""
    return word.name or is_time(word.text, code, meaning)


def _near(first: list[Word], second: list[Word], codes: tuple[str, str], meaning: Encoder) -> Pairs:
    """Take words of equal meaning. Names and times of one language are near each other and never equal:
    Tuesday is not Thursday. Nor are words that differ in one part: who imports does not export."""
    rows, columns = (
        meaning.encode([w.text.casefold() for w in first]),
        meaning.encode([w.text.casefold() for w in second]),
    )
    near = rows @ columns.T
    ranked = sorted(
        (-round(float(near[i, j]), 5), i, j) for i in range(len(first)) for j in range(len(second))
    )
    taken: list[tuple[int, int]] = []
    for score, i, j in ranked:
        if -score < (EQUAL if codes[0] == codes[1] else EQUAL_ACROSS):
            break
        free = all(i != a and j != b for a, b in taken)
        if free and not _stay_apart(first[i], second[j], -score, codes, meaning):
            taken.append((i, j))
    pairs = [(first[i], second[j]) for i, j in taken]
    for a, b in pairs:
        first.remove(a)
        second.remove(b)
    return pairs


def _stay_apart(one: Word, other: Word, near: float, codes: tuple[str, str], meaning: Encoder) -> bool:
    """Whether two words say two things however near they are."""
    if codes[0] != codes[1]:
        mine = [
            parts_of(word.text.casefold(), "en")
            for word, code in zip((one, other), codes, strict=True)
            if code == "en"
        ]
        return near < _DONE_ACROSS and mine == ["v"]
    fixed = any(_is_fixed(word, codes[0], meaning) for word in (one, other))
    return fixed or varies(one, other, codes[0]) or _compounds(one, other, codes)


def _phrases(
    one: Statement, other: Statement, first: list[Word], second: list[Word], shared: Pairs, meaning: Encoder
) -> Pairs:
    """Take what stands alone on each side as one phrase (`increased`, `went up`), if the two say the same."""
    if not first or not second:
        return []
    if any(
        _is_fixed(word, s.language, meaning) for s, words in ((one, first), (other, second)) for word in words
    ):
        return []
    mine, theirs = (
        _gap(s, words, {w for pair in shared for w in pair}) for s, words in ((one, first), (other, second))
    )
    if not mine or not theirs:
        return []
    row, column = meaning.encode([mine.casefold(), theirs.casefold()])
    one_by_one = len(first) == len(second) == 1 and _compounds(
        first[0], second[0], (one.language, other.language)
    )
    if float(row @ column) < EQUAL or one_by_one or vary_beside(first, second, one.language, shared):
        return []
    pairs = [(first[0], second[0])]
    first.clear()
    second.clear()
    return pairs


def _gap(statement: Statement, words: list[Word], shared: set[Word]) -> str:
    """The text from the first to the last of these words, with small words behind it; empty where others, or
    figures, stand between them, or a part of them stands apart."""
    start, end = words[0].start, words[-1].end
    if any(word.text not in statement.text for word in words):
        return ""
    taken = [(w.start, w.end) for w in shared if w in statement.words] + [
        (q.start, q.end) for q in statement.quantities
    ]
    if any(start < b and a < end for a, b in taken):
        return ""
    stop = min((a for a, _ in taken if a >= end), default=len(statement.text))
    behind = statement.text[end:stop]
    if any(character.isdigit() for character in statement.text[start:stop]):
        return ""
    return statement.text[start:end] + (behind if len(behind.split()) <= 1 else "").rstrip(" .,;:!")


def _tiles(first: list[Word], second: list[Word], known: Language) -> Pairs:
    """Common stretches of at least two characters, the longest first (greedy string tiling: Wise 1993); what
    is left of a stretch stays in its list."""
    pairs = []
    while (best := _longest_common(first, second)) is not None:
        i, a, j, b, size = best
        pairs.append((_cut(first, i, a, size, known), _cut(second, j, b, size, known)))
    return pairs


def _longest_common(first: Sequence[Word], second: Sequence[Word]) -> tuple[int, int, int, int, int] | None:
    best: tuple[int, int, int, int, int] | None = None
    for i, one in enumerate(first):
        for j, other in enumerate(second):
            lengths = [0] * (len(other.stem) + 1)
            for a, x in enumerate(one.stem):
                before = 0
                for b, y in enumerate(other.stem):
                    here, lengths[b + 1] = lengths[b + 1], before + 1 if x == y else 0
                    before = here
                    size = lengths[b + 1]
                    if size >= 2 and (best is None or size > best[4]):
                        best = (i, a - size + 1, j, b - size + 1, size)
    return best


def _cut(words: list[Word], index: int, start: int, size: int, known: Language) -> Word:
    word = words.pop(index)
    parts = [(0, start), (start + size, len(word.text))]
    words[index:index] = [stretch(word.text[a:b], word.start + a, known) for a, b in parts if b > a]
    return stretch(word.text[start : start + size], word.start + start, known)
