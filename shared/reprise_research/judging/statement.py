"""What a statement says, as far as comparing it needs: its words, its figures, its polarity, its kind, and
who speaks.

Nothing here knows a language: what its words do comes from the language's file
(`reprise_research.languages`).
"""

import re
from dataclasses import dataclass, replace
from enum import Flag, auto
from functools import lru_cache
from itertools import islice, pairwise

import budoux

from reprise_research.languages import Language, knows, language
from reprise_research.quantities import Kind, Quantity, marks
from reprise_research.text.clauses import clause
from reprise_research.text.words import stem

_LETTER = (
    r"(?:[^\W\d_]|[\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0670"
    r"\u0900-\u0903\u093a-\u094f\u0955-\u0957\u0962\u0963])"
)
"""A letter, or a mark that is written on one."""
_WORD = re.compile(rf"{_LETTER}+(?:[-·]{_LETTER}+)*(?:['’](?:s|t|S|T)\b)?")
"""A word; an elided one before an apostrophe (`l'eau`) is a word of its own, the English endings are not."""
TOKEN = re.compile(rf"{_LETTER}+")
SEGMENT = re.compile(r"[,;:—–()«»“”„\"，；：、。！？!?]|\.(?=\s|$)")


class Stance(Flag):
    """How firmly, and of what time, a statement speaks."""

    PLAIN = 0
    QUESTION = auto()
    CONDITION = auto()
    HEDGE = auto()
    ABILITY = auto()
    DUTY = auto()
    INTENT = auto()
    FUTURE = auto()
    PLAN = auto()
    FORECAST = auto()
    TARGET = auto()


class Tense(Flag):
    """What its auxiliaries say of when it is so."""

    PRESENT = auto()
    PAST = auto()


@dataclass(frozen=True, slots=True)
class Word:
    """A word that carries meaning. `stem` is what two forms of it share; in a language without spaces it is a
    stretch of text."""

    text: str
    start: int
    end: int
    stem: str
    name: bool = False
    """Whether it is written as a proper name."""
    movement: int = 0
    """1 for upward, -1 for downward."""
    unmoved: bool = False
    """Whether it says that nothing moved."""
    changes: bool = False
    """Whether it says so where it is denied."""
    minor: bool = False
    """Whether it stands in texts on anything, as `take` or `show` do: it names no subject, and still says
    something."""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement, read once."""

    text: str
    language: str
    words: tuple[Word, ...]
    quantities: tuple[Quantity, ...]
    denied: tuple[int, ...]
    """Where each of its clauses that deny something does so. Two denials within one are one in most languages
    (`ne … jamais`)."""
    excepted: tuple[str, ...]
    """The word behind each mark that takes something out of what is said (`only`, `except`)."""
    aimed: tuple[str, ...]
    """The word behind each `almost` and `just` that is of no figure."""
    stance: Stance
    partial: bool
    """Whether it speaks of a part of something (`some`, `half of`)."""
    attributed: bool
    """Whether the text hands on what somebody says."""
    voices: tuple[tuple[int, int, bool], ...]
    """Where it marks who says so within a part that says more (`laut`), and whether who says it stands in
    front of the mark."""
    small: frozenset[str]
    """Its small words that say something: `almost`, `despite`. Those of its figures, of its denials and of
    who speaks are told elsewhere."""
    tenses: Tense
    passive: bool
    """Whether it names who does it behind what is done."""
    beginnings: frozenset[str]
    """How its words begin; in a language that does not part words its pairs of characters."""
    folded: str
    """Its letters and digits in lower case: what a copy shares."""

    @property
    def figures(self) -> tuple[Quantity, ...]:
        """What it counts or measures."""
        return tuple(
            q for q in self.quantities if q.kind not in (Kind.DATE, Kind.TIME, Kind.IDENTIFIER, Kind.ORDINAL)
        )

    @property
    def dates(self) -> tuple[Quantity, ...]:
        """When: days, years, times of day."""
        return tuple(q for q in self.quantities if q.kind in (Kind.DATE, Kind.TIME))

    def clause(self, figure: Quantity) -> "Statement":
        """Return what the clause around one of its figures says, as a statement with that figure alone."""
        start, end = clause(self.text, figure.start, figure.end, limit=240)
        words = tuple(word for word in self.words if start <= word.start and word.end <= end)
        denied = tuple(place for place in self.denied if start <= place < end)
        return replace(self, words=words, quantities=(figure,), denied=denied)

    def opening(self, figure: Quantity) -> frozenset[str]:
        """Return the stems of what stands before the clause around a figure: `in the cities, …`."""
        start, _ = clause(self.text, figure.start, figure.end, limit=240)
        return frozenset(word.stem for word in self.words if word.end <= start and not word.minor)

    @property
    def names(self) -> frozenset[str]:
        """The numbers that say which one is meant: the third floor, section 4.2."""
        return frozenset(
            q.text.casefold() for q in self.quantities if q.kind in (Kind.ORDINAL, Kind.IDENTIFIER)
        )

    @property
    def exceptions(self) -> int:
        """How often something is taken out of what is said."""
        return len(self.excepted)

    @property
    def denials(self) -> int:
        """In how many of its clauses something is denied."""
        return len(self.denied)

    @property
    def denies(self) -> bool:
        """Whether it says that something is not so."""
        return self.denials > 0


@lru_cache(maxsize=8192)
def read(text: str, code: str) -> Statement:
    """Read a statement in the language with this code. A language without a file is read by its words and
    figures alone."""
    known = language(code) if knows(code) else None
    found = marks(text, code if known else None)
    taken = [(q.start, q.end) for q in found]
    spans = frame(text, known)
    voices = _voices(text, known, spans)
    denials = _denials(text, known)
    words = _words(text, known, [*taken, *spans, *denials])
    if known is not None:
        figures = [(q.start, q.end) for q in found if q.kind not in (Kind.DATE, Kind.TIME)]
        words = tuple(word for word in words if not _carries(text, word, figures, known))
    return Statement(
        text=text,
        language=code,
        words=words,
        quantities=tuple(q for q in found if not any(start <= q.start < end for start, end in spans)),
        denied=_denied_clauses(text, denials),
        excepted=_excepted(text, taken, known) if known else (),
        aimed=_aimed(text, taken, known) if known else (),
        stance=_stance(text, known),
        partial=_partial(text, known),
        attributed=bool(spans or voices),
        voices=voices,
        small=_small(text, known, [*taken, *spans, *denials, *((a, b) for a, b, _ in voices)]),
        tenses=_tenses(text, known),
        passive=_passive(text, known),
        beginnings=_beginnings(words, spaced=known is None or known.spaces),
        folded=folded(text),
    )


def folded(text: str) -> str:
    """Return the letters and digits of a text in lower case."""
    return "".join(c for c in text.casefold() if c.isalnum())


@lru_cache(maxsize=64)
def _stems(words: frozenset[str], code: str) -> frozenset[str]:
    return frozenset(stem(word, code) for word in words) | words


def _beginnings(words: tuple[Word, ...], *, spaced: bool) -> frozenset[str]:
    if spaced:
        return frozenset(word.stem[:5] for word in words)
    return frozenset(word.stem[i : i + 2] for word in words for i in range(max(1, len(word.stem) - 1)))


def _words(text: str, known: Language | None, taken: list[tuple[int, int]]) -> tuple[Word, ...]:
    if known is not None and not known.spaces:
        return _stretches(text, known, taken)
    skip = known.words.function if known else frozenset()
    minor = (
        known.words.fillers | known.reporting.verbs | known.kinds.actual | known.kinds.hedges
        if known
        else frozenset()
    )
    up, down = (
        (_stems(known.movement.up, known.code), _stems(known.movement.down, known.code))
        if known
        else (frozenset(), frozenset())
    )
    unmoved, changes = (
        (_stems(known.movement.unmoved, known.code), _stems(known.movement.changes, known.code))
        if known
        else (frozenset(), frozenset())
    )
    found = []
    for match in _WORD.finditer(text):
        raw = match.group()
        lowered = raw.casefold()
        if any(start < match.end() and match.start() < end for start, end in taken):
            continue
        bare = lowered.replace("’", "'").removesuffix("'s")
        for prefix in known.prefixes if known else ():
            if bare.startswith(prefix) and len(bare) - len(prefix) >= 3:
                bare = bare.removeprefix(prefix)
                break
        root = _root(bare, known) if known else bare
        movement = 1 if bare in up or root in up else -1 if bare in down or root in down else 0
        opens = match.start() == 0 or text[: match.start()].rstrip()[-1:] in ".!?:"
        if len(bare) < 2 and raw.isupper() and raw.isascii() and not opens and raw != "I":
            found.append(Word(raw, match.start(), match.end(), lowered, name=True))  # `vitamin A`
            continue
        if len(bare) < 2 or (not movement and (lowered in skip or bare in skip)):
            continue
        name = raw[0].isupper() and not opens and (known is None or known.code != "de")
        found.append(
            Word(
                raw,
                match.start(),
                match.end(),
                root,
                name,
                movement,
                bare in unmoved or root in unmoved,
                bare in changes or root in changes,
                minor=not movement and (lowered in minor or bare in minor),
            )
        )
    if known is None or not known.words.detached:
        return tuple(found)
    whole = {verb: part for part, verb in _detached(text, found, known)}
    return tuple(_with_part(word, whole[word], known, up, down) if word in whole else word for word in found)


def _root(bare: str, known: Language) -> str:
    """The stem of a word; what stands within the parts of a verb (`ab-ge-lehnt`, `ab-zu-lehnen`) is left
    out."""
    for part in known.words.detached:
        for within in ("ge", "zu"):
            rest = bare.removeprefix(part + within)
            if len(rest) >= 3 and rest != bare:
                return stem(part + rest, known.code)
    return stem(bare, known.code)


def _detached(text: str, words: list[Word], known: Language) -> list[tuple[str, Word]]:
    """The parts of verbs that end their clauses (`nahm … zu`), each with the verb that it belongs to: the
    first word there that is no noun and stands in front of none, or the last that is no noun."""
    at = {word.start: word for word in words}
    found = []
    for clause_, part in _verb_parts(text, known) if known.nouns.capitals else ():
        verbs = [(start, end) for one, start, end in clause_ if start in at and one.islower()]
        nouns = {start for one, start, _ in clause_ if one[0].isupper()}
        free = [start for start, end in verbs if end + 1 not in nouns]
        if verbs:
            found.append((part[0], at[free[0] if free else verbs[-1][0]]))
    return found


_Token = tuple[str, int, int]


def _verb_parts(text: str, known: Language) -> list[tuple[list[_Token], _Token]]:
    """The words that end a clause and may be a part of its verb, each with the words before it."""
    tokens = [(m.group(), m.start(), m.end()) for m in _WORD.finditer(text)]
    found, begin = [], 0
    for place, (token, _, end) in enumerate(tokens):
        following = tokens[place + 1] if place + 1 < len(tokens) else None
        stop = following[1] if following else len(text)
        behind = text[end:stop].strip()
        ends = SEGMENT.match(behind) is not None if behind else following is None
        joins = following is not None and following[0] in known.sentences.joins
        if token in known.words.detached and (ends or joins):
            found.append((tokens[begin:place], tokens[place]))
        if ends:
            begin = place + 1
    return found


def _with_part(word: Word, part: str, known: Language, up: frozenset[str], down: frozenset[str]) -> Word:
    """A verb with the part that stands apart from it."""
    text = part + word.text
    root = stem(text.casefold(), known.code)
    movement = 1 if {text, root} & up else -1 if {text, root} & down else 0
    return replace(word, text=text, stem=root, movement=movement, minor=False)


def _stretches(text: str, known: Language, taken: list[tuple[int, int]]) -> tuple[Word, ...]:
    """The phrases of a text in a language that does not part words, without figures, marks and the small
    words at their ends."""
    small = _ends(known.words.function, known.code)
    found, place = [], 0
    for phrase in _segmenter(known.code).parse(text):
        pieces = [(place, place + len(phrase))]
        for start, end in taken:
            pieces = [
                piece
                for a, b in pieces
                for piece in ((a, min(b, start)), (max(a, end), b))
                if piece[0] < piece[1]
            ]
        for a, b in pieces:
            for match in re.finditer(r"\w+", text[a:b]):
                word = small.sub("", match.group())
                if word and word not in known.words.function:
                    found.append(stretch(word, a + match.start(), known))
        place += len(phrase)
    return tuple(found)


@lru_cache(maxsize=8)
def _ends(words: frozenset[str], code: str) -> re.Pattern[str]:
    """The small words that Japanese writes behind another, in kana; a Chinese small word is a phrase of its
    own."""
    small = [
        re.escape(word)
        for word in sorted(words, key=len, reverse=True)
        if all("\u3040" <= c <= "\u30ff" for c in word)
    ]
    return re.compile(rf"(?<=.)(?:{'|'.join(small)})+$" if small and code == "ja" else r"(?!)")


@lru_cache(maxsize=4)
def _segmenter(code: str) -> budoux.Parser:
    """The phrases that a reader would not break over two lines (BudouX)."""
    return (
        budoux.load_default_japanese_parser()
        if code == "ja"
        else budoux.load_default_simplified_chinese_parser()
    )


def stretch(text: str, start: int, known: Language) -> Word:
    """Return a stretch of a text without spaces as a word."""
    up, down = (any(word in text for word in words) for words in (known.movement.up, known.movement.down))
    return Word(text, start, start + len(text), text.casefold(), movement=up - down)


def _spans(text: str, phrases: tuple[str, ...], *, spaced: bool) -> list[tuple[int, int]]:
    """Where any of the phrases stands, longest first and none within another."""
    if not phrases:
        return []
    edge = rf"(?<!{_LETTER})(?:{{}})(?!{_LETTER})" if spaced else "(?:{})"
    ordered = sorted(phrases, key=len, reverse=True)
    pattern = _phrases(edge.format("|".join(re.escape(phrase) for phrase in ordered)))
    return [(m.start(), m.end()) for m in pattern.finditer(text)]


@lru_cache(maxsize=256)
def _phrases(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


def _denials(text: str, known: Language | None) -> list[tuple[int, int]]:
    """Where something is denied, without phrases that only look like it (`not only`)."""
    if known is None:
        return []
    spared = _spans(text, known.negation.exempt, spaced=known.spaces)
    spared += [match.span() for match in known.negation.pairs.finditer(text)]
    words = known.negation.words & known.words.function if known.spaces else known.negation.words
    said = _spans(text, (*known.negation.phrases, *sorted(words)), spaced=known.spaces)
    if known.code == "en":
        said = sorted({*said, *((m.start(), m.end()) for m in re.finditer(r"\w+n['’]t\b", text))})
    merged: list[tuple[int, int]] = []
    for start, end in sorted(said):
        if any(a <= start < b for a, b in spared):
            continue
        if merged and start <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _small(text: str, known: Language | None, told: list[tuple[int, int]]) -> frozenset[str]:
    """The small words that say something, outside of what is told in other ways."""
    if known is None:
        return frozenset()
    words = _saying(known.code)
    if not known.spaces:
        phrases = {
            m.group() for part in _segmenter(known.code).parse(text) for m in re.finditer(r"\w+", part)
        }
        return (
            frozenset(one for one in words if len(one) > 1 and one in text) | phrases & known.words.relators
        )
    parts = [(start, end) for _, (_, start, end) in _verb_parts(text, known)]
    spans = [*told, *parts, *_spans(text, known.negation.focus, spaced=True)]
    return frozenset(
        m.group().casefold()
        for m in TOKEN.finditer(text)
        if m.group().casefold() in words
        and not any(start < m.end() and m.start() < end for start, end in spans)
    )


@lru_cache(maxsize=64)
def _saying(code: str) -> frozenset[str]:
    known = language(code)
    words = known.words.function.union(known.words.relators if known.spaces else (), known.extent.nearly)
    words -= known.kinds.duty | known.kinds.ability  # the stance has them
    return words - known.words.empty - known.movement.up - known.movement.down


def _tenses(text: str, known: Language | None) -> Tense:
    if known is None:
        return Tense(0)
    said = {m.group().casefold() for m in TOKEN.finditer(text)}
    now, then = known.words.present & said, known.words.past & said
    return (Tense.PRESENT if now else Tense(0)) | (Tense.PAST if then else Tense(0))


def _passive(text: str, known: Language | None) -> bool:
    if known is None:
        return False
    if not known.spaces:
        return any(mark in text for mark in known.words.agents)
    return not known.words.agents.isdisjoint(m.group().casefold() for m in TOKEN.finditer(text))


def _excepted(text: str, taken: list[tuple[int, int]], known: Language) -> tuple[str, ...]:
    """What stands behind each mark that takes something out of what is said. `only` in front of a figure only
    says that the figure is small."""
    focused = {
        start
        for start, end in _spans(text, known.negation.focus, spaced=known.spaces)
        if any(_only_small(text[end:figure], known) for figure, _ in taken if figure >= end)
    }
    spans = _spans(text, known.negation.exceptions, spaced=known.spaces)
    spans += [match.span() for match in known.negation.pairs.finditer(text)]
    return tuple(_aim(text, start, end, known) for start, end in spans if start not in focused)


def _aimed(text: str, taken: list[tuple[int, int]], known: Language) -> tuple[str, ...]:
    """What stands behind each small word that says how far something is so, but for those of figures."""
    spans = _spans(text, (*known.extent.nearly, *known.negation.focus), spaced=known.spaces)
    return tuple(
        _aim(text, start, end, known)
        for start, end in spans
        if not any(_only_small(text[end:figure], known) for figure, _ in taken if figure >= end)
    )


def _aim(text: str, start: int, end: int, known: Language) -> str:
    """What a mark like `only` is about: the word behind it, in Japanese what stands in front."""
    if known.code == "ja":
        return text[max(0, start - 2) : start]
    if not known.spaces:
        return text[end : end + 2]
    behind = (token.group().casefold() for token in TOKEN.finditer(text, end))
    return next((stem(word, known.code) for word in behind if word not in known.words.empty), "")


def _carries(text: str, word: Word, figures: list[tuple[int, int]], known: Language) -> bool:
    """Whether a verb only joins a figure to what it is of (`amounted to 3.1`): then it says nothing by
    itself."""
    return word.text.casefold() in known.words.carriers and any(
        _only_small(text[word.end : start] if start >= word.end else text[end : word.start], known)
        for start, end in figures
        if start >= word.end or end <= word.start
    )


def _only_small(between: str, known: Language) -> bool:
    """Whether nothing but small words, which also say how exact a figure is, stand in a stretch of text."""
    if not known.spaces:
        return len(between) <= 2 and not SEGMENT.search(between)
    small = known.words.function | {w for phrase in known.extent.about for w in phrase.split()}
    return all(part in small for part in between.casefold().split())


def _denied_clauses(text: str, denials: list[tuple[int, int]]) -> tuple[int, ...]:
    marks = [m.start() for m in SEGMENT.finditer(text)]
    first = {sum(mark < start for mark in marks): start for start, _ in reversed(denials)}
    return tuple(sorted(first.values()))


def frame(text: str, known: Language | None) -> list[tuple[int, int]]:
    """Return where a sentence only says who says it: segments with a verb of saying and few other words."""
    if known is None:
        return []
    edges = [0, *(m.end() for m in SEGMENT.finditer(text)), len(text)]
    segments = [(a, b) for a, b in pairwise(edges) if text[a:b].strip(" ,;:.")]
    if len(segments) < 2:
        return []
    verbs = known.reporting.verbs
    found = []
    for start, end in segments:
        part = text[start:end]
        tokens = [m.group().casefold() for m in _WORD.finditer(part)]
        says = any(token in verbs for token in tokens) or bool(
            _spans(part, known.reporting.marks, spaced=known.spaces)
        )
        if not known.spaces:
            says = says or part.rstrip("，、：:").endswith(tuple(verbs))
        if (
            says
            and (len(tokens) if known.spaces else len(part) // 2) <= 8
            and not any(c.isdigit() for c in part)
        ):
            found.append((start, end))
    return found if len(found) < len(segments) else []


def _voices(
    text: str, known: Language | None, framed: list[tuple[int, int]]
) -> tuple[tuple[int, int, bool], ...]:
    """Where words mark who says it, outside of the parts that only do so; a language that does not part words
    sets those apart with a comma."""
    if known is None or not known.spaces:
        return ()
    kinds = ((known.reporting.phrases, False), (known.reporting.after, True))
    marked = [
        (start, end, behind) for phrases, behind in kinds for start, end in _spans(text, phrases, spaced=True)
    ]
    marked += [(start, end, False) for start, end in _records(text, known)]
    return tuple(
        (start, end, behind) for start, end, behind in marked if not any(a <= start < b for a, b in framed)
    )


def _records(text: str, known: Language) -> list[tuple[int, int]]:
    """Where it says from which records it is known: `by our own count`."""
    found = []
    for start, end in _spans(text, tuple(known.reporting.prepositions), spaced=True):
        for word in islice(_WORD.finditer(text, end), 3):
            if SEGMENT.search(text, end, word.start()):
                break
            if word.group().casefold() in known.reporting.records:
                found.append((start, word.end()))
                break
    return found


def _partial(text: str, known: Language | None) -> bool:
    if known is None:
        return False
    if not known.spaces:
        return bool(_spans(text, tuple(known.extent.part), spaced=False))
    return not known.extent.part.isdisjoint(match.group().casefold() for match in _WORD.finditer(text))


def _stance(text: str, known: Language | None) -> Stance:
    stance = Stance.QUESTION if text.rstrip(' "”»」').endswith(("?", "？", "؟")) else Stance.PLAIN
    if known is None:
        return stance
    kinds = known.kinds
    tokens = {match.group().casefold() for match in _WORD.finditer(text)}
    for words, flag in (
        (kinds.conditions, Stance.CONDITION),
        (kinds.hedges, Stance.HEDGE),
        (kinds.ability, Stance.ABILITY),
        (kinds.duty, Stance.DUTY),
        (kinds.intent, Stance.INTENT),
        (kinds.plan, Stance.PLAN),
        (kinds.forecast, Stance.FORECAST),
        (kinds.target, Stance.TARGET),
    ):
        if (words & tokens) if known.spaces else _spans(text, tuple(words), spaced=False):
            stance |= flag
    if kinds.obliges.search(text):
        stance |= Stance.DUTY
    return stance | Stance.FUTURE if kinds.future.search(text) else stance
