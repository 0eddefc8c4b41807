"""Whether two statements speak of one thing: of one time, one part, one group, one place."""

from dataclasses import dataclass
from enum import StrEnum

from reprise_research.judging.actions import of_two_actions
from reprise_research.judging.alignment import Alignment
from reprise_research.judging.anchors import Anchor, is_time, near_anchor
from reprise_research.judging.opposites import opposite_verbs
from reprise_research.judging.roles import (
    between_commas,
    in_other_order,
    is_hearsay,
    is_of,
    is_one_of_several,
    is_whole,
    names_agent,
    played_otherwise,
    things,
    tied_otherwise,
)
from reprise_research.judging.statement import SEGMENT, Statement, Tense, Word
from reprise_research.languages import knows, language
from reprise_research.meaning import Encoder
from reprise_research.quantities import Kind, Quantity, comparable, excludes, of_one_thing, same
from reprise_research.quantities.model import PARTS
from reprise_research.text.parts import is_mostly_noun, may_be_noun

WHOLE = 100
"""Of parts in percent."""


class Times(StrEnum):
    """How the dates of two statements stand to each other."""

    NONE = "none"
    TOGETHER = "together"
    APART = "apart"
    ONE_NAMED = "one_named"


class Way(StrEnum):
    """What a figure says of a movement."""

    NONE = "none"
    TO = "to"
    BY = "by"


@dataclass(frozen=True)
class Pair:
    """Two statements side by side. `context` has the stems of what is asked: what names that tells nothing
    apart."""

    one: Statement
    other: Statement
    found: Alignment
    meaning: Encoder | None
    context: frozenset[str]

    @property
    def times(self) -> Times:
        """How their dates stand to each other."""
        if not self.one.dates and not self.other.dates:
            return Times.NONE
        if not self.one.dates or not self.other.dates:
            return Times.ONE_NAMED
        apart = any(excludes(a, b) for a in self.one.dates for b in self.other.dates)
        return Times.APART if apart else Times.TOGETHER

    @property
    def of_one_manner(self) -> bool:
        """Whether both except as much, and name the same numbered thing: the third floor is not the
        fourth."""
        return self.one.exceptions == self.other.exceptions and self.one.names == self.other.names

    @property
    def in_words(self) -> bool:
        """Whether both are in languages that part words; elsewhere what is left of a stretch is none."""
        return all(knows(one.language) and language(one.language).spaces for one in (self.one, self.other))

    @property
    def excepts_otherwise(self) -> bool:
        """Whether `only` or `almost` is about another thing: only the mayor, only for the tram."""
        mine, theirs = ((one.excepted, one.aimed) for one in (self.one, self.other))
        return self.one.language == self.other.language and mine != theirs

    @property
    def of_two_wholes(self) -> bool:
        """Whether one gives a share of what is not the whole in the other: 40 percent of the children, of the
        vaccinated 40 percent."""
        back = [(theirs, mine) for mine, theirs in self.found.shared]
        sides = ((self.one, self.other, self.found.shared), (self.other, self.one, back))
        return any(
            is_whole(statement, a) and not is_of(other, b)
            for statement, other, pairs in sides
            for a, b in pairs
        )

    @property
    def of_several(self) -> bool:
        """Whether what is opposed may be done to one of several things and also to another: opened 12
        schools, sold a bicycle."""
        if self.one.figures or self.other.figures:
            return True
        sides = ((self.one, 0), (self.other, 1))
        return any(
            is_one_of_several(statement, pair[side], [own[side] for own in self.found.shared])
            for pair in self.found.opposed
            for statement, side in sides
        )

    @property
    def of_two_forms(self) -> bool:
        """Whether a word does something in one and suffers it in the other: the frightening, the frightened
        dog."""
        english = self.one.language == self.other.language == "en"
        forms = ({_form(word) for word in pair} for pair in self.found.shared)
        return english and {"ing", "ed"} in forms

    @property
    def counts_things(self) -> bool:
        """Whether one says how many things something is done to: 12 matches."""
        return any(q.kind is Kind.COUNT and q.of for q in (*self.one.figures, *self.other.figures))

    @property
    def of_two_actions(self) -> bool:
        """Whether what is done differs in a part of its verb: paid out, paid in."""
        return of_two_actions(self.one, self.other, self.found.shared, (self.found.left, self.found.right))

    @property
    def of_one_grain(self) -> bool:
        """Whether the finest times that they name are as long, or one names none: July is not the year."""
        spans = [
            min(float(q.high - q.low) for q in one.dates if q.low is not None and q.high is not None)
            for one in (self.one, self.other)
            if any(q.low is not None and q.high is not None for q in one.dates)
        ]
        return len(spans) < 2 or max(spans) + 1 < 2 * (min(spans) + 1)

    @property
    def names_a_time(self) -> bool:
        """Whether one names a time in words that the other lacks: `than the year before`, `on Sundays`."""
        return any(
            is_time(word.text, statement.language, self.meaning)
            for statement, side in ((self.one, self.found.left), (self.other, self.found.right))
            for word in side
        )

    @property
    def qualifies(self) -> bool:
        """Whether one says something besides that may say of what, when or for whom it is so: `on Sundays`,
        `the small hall`, `by students`. Who says so, and what the question names, does not."""
        sides = ((self.one, self.found.left, 0), (self.other, self.found.right, 1))
        for statement, alone, side in sides:
            shared = [pair[side] for pair in self.found.shared]
            for word in alone:
                if word.stem in self.context or _is_told_elsewhere(statement, word):
                    continue
                times = [one for one in shared if is_time(one.text, statement.language, self.meaning)]
                if _says_which(statement, word, times):
                    continue  # `last season` beside `the same season`
                if (
                    not word.minor
                    or _says_which(statement, word, shared)
                    or is_time(word.text, statement.language, self.meaning)
                ):
                    return True
        return False

    @property
    def small_words_differ(self) -> bool:
        """Whether one has a small word that says something and that the other lacks: all is not some, almost
        is not quite, despite is not because. Across two languages nobody can tell, and any of them is too
        many."""
        mine, theirs = self._small_words
        return mine != theirs or (bool(mine) and self.one.language != self.other.language)

    @property
    def small_words_stand_apart(self) -> bool:
        """Whether each has such a word that the other lacks: above the town, below the town; his sister, her
        brother."""
        mine, theirs = self._small_words
        return self.one.language == self.other.language and bool(mine - theirs and theirs - mine)

    @property
    def _small_words(self) -> tuple[frozenset[str], frozenset[str]]:
        same = [pair for pair in self.found.shared if pair[0].text == pair[1].text]
        return (
            self.one.small | _relators(self.one, {mine for mine, _ in same}),
            self.other.small | _relators(self.other, {theirs for _, theirs in same}),
        )

    @property
    def of_two_times(self) -> bool:
        """Whether one says that it is so and the other that it was."""
        return {self.one.tenses, self.other.tenses} == {Tense.PRESENT, Tense.PAST}

    @property
    def says_more(self) -> bool:
        """Whether one says more of the thing than the other and not only when it was, by whom, or in brackets
        between two commas: `pretended to read` is no reading, and what is a myth is not so."""
        for statement, alone, side in ((self.one, self.found.left, 0), (self.other, self.found.right, 1)):
            shared = [pair[side] for pair in self.found.shared]
            for word in alone:
                small = word.minor and not is_hearsay(statement, word)
                if small or len(word.text) == 1 or word.stem in self.context:
                    continue
                if names_agent(statement, word):
                    continue
                if is_time(word.text, statement.language, self.meaning) or between_commas(
                    statement, word, shared
                ):
                    continue
                return True
        return False

    @property
    def turned_round(self) -> bool:
        """Whether both have the same things in other places: who did it to whom, from where to where."""
        found = things(self.one, self.other, self.found.shared)
        return tied_otherwise(self.one, self.other, found) or in_other_order(self.one, self.other, found)

    @property
    def played_otherwise(self) -> bool:
        """Whether what does something in one suffers it in the other."""
        return played_otherwise(self.one, self.other, things(self.one, self.other, self.found.shared))

    @property
    def names_turned_round(self) -> bool:
        """The same, of the order of proper names alone: two that dispute each other order their other words
        as they like."""
        found = things(self.one, self.other, self.found.shared)
        names = [thing for thing in found if thing.mine.name and thing.theirs.name]
        return tied_otherwise(self.one, self.other, found) or in_other_order(self.one, self.other, names)

    @property
    def moves_otherwise(self) -> bool:
        """Whether one figure says where something went, and one of its measure how far: fell to 10 percent,
        fell by 10 percent."""
        if not any(word.movement for word in (*self.one.words, *self.other.words)):
            return False
        return any(
            {_way(self.one, a), _way(self.other, b)} == {Way.TO, Way.BY}
            for a in self.one.figures
            for b in self.other.figures
            if of_one_measure(a, b)
        )

    @property
    def denies_more(self) -> bool:
        """Whether the one that denies has a small word that the other lacks: not finished until 1962."""
        mine, theirs = self._small_words
        return bool(mine - theirs if self.one.denies else theirs - mine)

    @property
    def names_more(self) -> bool:
        """Whether one has a proper name that the other lacks, and the question does not have."""
        return any(
            word.name and word.stem not in self.context for word in (*self.found.left, *self.found.right)
        )

    @property
    def times_in_words(self) -> bool:
        """Whether each names a time in words that the other lacks: by Tuesday, by Thursday."""
        return all(
            any(is_time(word.text, statement.language, self.meaning) for word in side)
            for statement, side in ((self.one, self.found.left), (self.other, self.found.right))
        )

    @property
    def has_other_figures(self) -> bool:
        """Whether each has two figures or more of which the other gives none: `14 mmHg in adults of 30 to
        45`."""
        sides = ((self.one, self.other), (self.other, self.one))
        return all(sum(not stands_in(q, b) for q in a.figures) > 1 for a, b in sides)

    @property
    def narrows(self) -> bool:
        """Whether one narrows what both name (`serious injuries`, `injuries`): a word of its own stands
        beside a shared one, with nothing between, where its language puts words that say which. Of a time
        even a word does that stands anywhere: last year is not this year."""
        for statement, alone, side in ((self.one, self.found.left, 0), (self.other, self.found.right, 1)):
            for word in alone:
                if word.movement or word.stem in self.context:
                    continue
                shared = [
                    pair[side]
                    for pair in self.found.shared
                    if not pair[side].movement
                    and (not word.minor or is_time(pair[side].text, statement.language, self.meaning))
                ]
                if _says_which(statement, word, shared):
                    return True
        return False

    @property
    def names_two_in_one_place(self) -> bool:
        """Whether two words without a counterpart stand beside the same word: `reading scores`, `mathematics
        scores`."""
        left, right = set(self.found.left), set(self.found.right)
        return any(
            _neighbour(self.one, a, step) in left and _neighbour(self.other, b, step) in right
            for a, b in self.found.shared
            for step in (-1, 1)
        )

    def adds_behind(self, figures: tuple[Quantity, Quantity]) -> bool:
        """Return whether one says behind its figure what it is of, and the other does not: `by 12 percent in
        the cities`. Times are told by their dates."""
        sides = ((self.one, self.found.left), (self.other, self.found.right))
        for figure, (statement, alone) in zip(figures, sides, strict=True):
            for word in alone:
                weighs = not word.minor and word.stem not in self.context and word.start >= figure.end
                if weighs and not is_time(word.text, statement.language, self.meaning):
                    return True
        return False

    @property
    def restricts(self) -> bool:
        """Whether one ties a word of its own to what both name: `the repair of the bridge`, `in mice`. It may
        speak of something else, or of a part. Times are told by their dates."""
        both = (*self.found.shared, *self.found.opposed)
        for side, alone in ((0, self.found.left), (1, self.found.right)):
            statement, named = (self.one, self.other)[side], {pair[side] for pair in both}
            own = [w for w in alone if not w.minor and not w.movement and w.stem not in self.context]
            if any(
                _tied(statement, word, named) and not is_time(word.text, statement.language, self.meaning)
                for word in own
            ):
                return True
        return False

    def tells_apart(self, opposed: tuple[Word, Word]) -> bool:
        """Return whether two opposites say which thing is meant (`the southern region`) instead of what is
        said of it (`the region is safe`): they are words of place, time and group, or stand beside the thing.
        Verbs and movements never do."""
        english = self.one.language == self.other.language == "en"
        if any(word.movement for word in opposed) or (
            english and opposite_verbs(opposed[0].text, opposed[1].text)
        ):
            return False
        if any(near_anchor(word.text, Anchor.SCOPE, self.meaning) for word in opposed):
            return True
        if any(near_anchor(word.text, Anchor.ROLE, self.meaning) for word, _ in self.found.shared):
            return False  # who won: only one can
        sides = ((self.one, 0), (self.other, 1))
        return any(
            _says_which(statement, opposed[side], [pair[side] for pair in self.found.shared])
            for statement, side in sides
        )


def of_one_measure(one: Quantity, other: Quantity) -> bool:
    """Return whether two figures measure the same; counts only if both say what they count, or neither does,
    and others if what both say they are of (`long`, `high`) is the same.
    Two parts of one whole (`a quarter pays late`, `three quarters pay in time`) may both be right."""
    if (
        {one.kind, other.kind} <= PARTS
        and one.value is not None
        and other.value is not None
        and one.value + other.value == WHOLE
    ):
        return False
    if not comparable(one, other):
        return False
    return bool(one.of) == bool(other.of) if one.kind is Kind.COUNT else of_one_thing(one, other)


def stands_in(figure: Quantity, statement: Statement) -> bool:
    """Return whether a statement gives a figure too, be it in digits that are read as something else
    there."""
    return any(same(figure, q) or _digits(figure) == _digits(q) != "" for q in statement.figures)


def excluding(one: Statement, other: Statement) -> list[tuple[Quantity, Quantity]]:
    """Return the pairs of figures of one measure that cannot both be right, without those that stand in both
    statements."""
    mine = [q for q in one.figures if not stands_in(q, other)]
    theirs = [q for q in other.figures if not stands_in(q, one)]
    return [
        (a, b)
        for a in mine
        for b in theirs
        if of_one_measure(a, b) and excludes(a, b) and not _names_both(one, a, other, b)
    ]


def _names_both(one: Statement, a: Quantity, other: Statement, b: Quantity) -> bool:
    """Whether two numbers only name, each behind the same name (`Apollo 11`) or in front of what says so
    (`3号楼`)."""
    if a.kind is not Kind.COUNT or one.language != other.language or not knows(one.language):
        return False
    numbered = tuple(language(one.language).words.numbered)
    behind = [statement.text[figure.end :].lstrip() for statement, figure in ((one, a), (other, b))]
    if numbered and all(text.startswith(numbered) for text in behind):
        return True
    name = _name_before(one, a)
    return bool(name) and name == _name_before(other, b)


def _name_before(statement: Statement, figure: Quantity) -> str:
    """The word with a capital right in front of a number that counts nothing; empty without one."""
    code, before = statement.language, statement.text[: figure.start]
    known = language(code)
    word = before.split()[-1] if before.endswith(" ") and before.split() else ""
    small = known.words.function | known.words.fillers | {w for p in known.extent.about for w in p.split()}
    if not word.isalpha() or not word[0].isupper() or word.casefold() in small:
        return ""
    if any(may_be_noun(noun, code) for noun in figure.of):
        return ""
    return word if is_mostly_noun(word.casefold(), code) else ""


def _form(word: Word) -> str:
    """The ending of an English participle; empty without one."""
    return next((ending for ending in ("ing", "ed") if word.text.casefold().endswith(ending)), "")


def _digits(figure: Quantity) -> str:
    return "".join(character for character in figure.text if character.isdigit())


def _relators(statement: Statement, same: set[Word]) -> frozenset[str]:
    """What a statement says of how two things stand to each other where such words are written together with
    others (`饭前`); what is in a word that both have tells nothing. Elsewhere they are words of their own."""
    if not knows(statement.language):
        return frozenset()
    known = language(statement.language)
    if known.spaces and not known.particles:
        return frozenset()
    own = [
        word.text
        for word in statement.words
        if not word.movement and not any(_within(word, other) for other in same)
    ]
    return frozenset(one for one in known.words.relators if any(one in text for text in own))


def _within(word: Word, other: Word) -> bool:
    return other.start <= word.start and word.end <= other.end


def _way(statement: Statement, figure: Quantity) -> Way:
    """Whether a figure is where something went or how far, by what stands in front of it."""
    if not knows(statement.language):
        return Way.NONE
    known, before = language(statement.language), statement.text[: figure.start].casefold().rstrip()
    if known.movement.to_behind:
        behind = statement.text[figure.end :].lstrip()
        return Way.TO if behind.startswith(tuple(known.movement.to_behind)) else Way.BY
    if not known.spaces:
        return Way.TO if before.endswith(tuple(known.movement.to) or "\0") else Way.BY
    last = before.split()[-1:]
    if last and last[0] in known.movement.to:
        return Way.TO
    moved = any(word.movement and word.end == len(before) for word in statement.words)
    return Way.BY if moved or (last and last[0] in known.words.prepositions) else Way.NONE


def _is_told_elsewhere(statement: Statement, word: Word) -> bool:
    """Whether a word makes hearsay of something, is a part of its verb, or says how small a figure is."""
    if not knows(statement.language):
        return False
    known, said = language(statement.language), word.text.casefold()
    small = said in known.words.detached or said in known.negation.focus
    return small or is_hearsay(statement, word) or _says_who(statement, word)


def _says_who(statement: Statement, word: Word) -> bool:
    """Whether a word stands in the part that a mark of who says so begins or ends: `according to the landings
    of 80 boats`."""
    return any(
        not SEGMENT.search(statement.text, *((word.end, start) if behind else (end, word.start)))
        for start, end, behind in statement.voices
        if (word.end <= start if behind else word.start >= end)
    )


def _says_which(statement: Statement, word: Word, shared: list[Word]) -> bool:
    """Whether a word stands where its language puts words that say which of the things is meant."""
    if not knows(statement.language) or not language(statement.language).spaces:
        return False
    if language(statement.language).adjectives_follow:
        return any(statement.text[other.end : word.start] == " " for other in shared)
    return any(statement.text[word.end : other.start] == " " for other in shared)


def _tied(statement: Statement, word: Word, named: set[Word]) -> bool:
    """Whether nothing but small words that tie (`of the`, `in`, `的`) stand between a word and one of these
    beside it."""
    if not knows(statement.language):
        return False
    known = language(statement.language)
    for beside in (_neighbour(statement, word, -1), _neighbour(statement, word, 1)):
        if beside is None or beside not in named:
            continue
        first, second = sorted((word, beside), key=lambda one: one.start)
        between = statement.text[first.end : second.start].casefold()
        small = between.split() if known.spaces else [between] if between else []
        if small and all(one in known.words.function for one in small):
            return True
    return False


def _neighbour(statement: Statement, word: Word, step: int) -> Word | None:
    place = statement.words.index(word) + step if word in statement.words else -1
    return statement.words[place] if 0 <= place < len(statement.words) else None
