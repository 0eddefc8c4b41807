"""Passages: the smallest verbatim stretches that can be understood by themselves.

A sentence that begins with a pronoun or a connective is taken together with the one before it, so that a
quote does not point at something that the reader cannot see.
"""

from dataclasses import dataclass
from functools import lru_cache

from reprise_research.languages import knows, language
from reprise_research.text.prose import is_row, leans, prose, rows
from reprise_research.text.sentences import Sentence, is_question
from reprise_research.text.words import content, terms

_LONGEST_PAIR = 420
_REPLY = 80
"""Characters of a sentence that a question in front of it may be needed to understand."""
_LONGEST_KEPT = 200_000

_Stretch = tuple[str, int, int, int, str, bool, str, bool, str]
"""Text, start, end, position, heading, whole, above, spoken, before."""


@dataclass(frozen=True)
class Passage:
    """A stretch of a source's text: `text == source_text[start:end]`, offsets in Unicode code points."""

    source_id: str
    site: str
    text: str
    start: int
    end: int
    position: int
    heading: str = ""
    whole: bool = True
    """Whether it can be understood by itself."""
    above: str = ""
    """The headings over the last one, as far as numbers tell which they are."""
    spoken: bool = False
    """Whether it is a piece of unpunctuated speech."""
    before: str = ""
    """The sentence in front of it in its paragraph, where that has a number."""
    language: str = "en"
    """The code of its source's language; empty for one that cannot be told."""
    title: str = ""
    """The title of its source."""
    hands_on: frozenset[str] = frozenset()
    """The sources whose makers its own source names: it is no second voice for them."""

    def is_independent(self, other: "Passage") -> bool:
        """Whether two sources speak for themselves: they are not of one site, and neither hands on the
        other."""
        return (
            self.site != other.site
            and other.source_id not in self.hands_on
            and self.source_id not in other.hands_on
        )

    @property
    def is_row(self) -> bool:
        """Whether it is a row of a table: an answer now and then, but no running text."""
        return is_row(self.text)

    @property
    def terms(self) -> list[str]:
        """Its terms and those of the heading above it."""
        return [*_terms(self.text, self.language), *_terms(self.heading, self.language)]

    @property
    def own_terms(self) -> tuple[str, ...]:
        """Its terms without those of the headings."""
        return _terms(self.text, self.language)

    @property
    def context(self) -> list[str]:
        """The terms of the headings above it."""
        return [*_terms(self.heading, self.language), *_terms(self.above, self.language)]

    @property
    def content(self) -> frozenset[str]:
        """What it is about: its terms without numbers."""
        return _content(self.text, self.language)

    def overlaps(self, other: "Passage") -> bool:
        """Whether both quote a common stretch of one source."""
        return self.source_id == other.source_id and self.start < other.end and other.start < self.end

    @property
    def weight(self) -> float:
        """How well it serves as a quote, 0 to 1: questions and sentences that lean on others serve badly."""
        return (
            (1.0 if self.whole else 0.3)
            * (0.5 if is_question(self.text) else 1.0)
            * (0.8 if self.is_row else 1.0)
        )


def passages(text: str, source_id: str, site: str, language: str = "en", title: str = "") -> list[Passage]:
    """The passages of one source's text, in its order; `language` is the code of its language, empty if
    unknown."""
    stretches = _kept(text, language) if len(text) <= _LONGEST_KEPT else _stretches(text, language)
    return [Passage(source_id, site, *stretch, language, title) for stretch in stretches]


@lru_cache(maxsize=256)
def _kept(text: str, language: str) -> tuple[_Stretch, ...]:
    """The stretches of a text that several steps will ask for; a very long text is not worth the memory."""
    return _stretches(text, language)


def _stretches(text: str, language: str) -> tuple[_Stretch, ...]:
    sentences = tuple(
        sorted({*prose(text, language), *rows(text, language)}, key=lambda sentence: sentence.start)
    )
    found: list[_Stretch] = []
    for index, sentence in enumerate(sentences):
        before = sentences[index - 1] if index else None
        start, whole = sentence.start, True
        if not sentence.spoken and (leans(sentence.text, language) or _replies(before, sentence)):
            begin = _beginning(before, sentence, found[-1] if found else None, language)
            whole, start = begin is not None, start if begin is None else begin
        found.append(
            (
                text[start : sentence.end],
                start,
                sentence.end,
                sentence.position,
                sentence.heading,
                whole,
                sentence.above,
                sentence.spoken,
                _numbered(before, sentence) if start == sentence.start else "",
            )
        )
    return tuple(found)


def _replies(before: Sentence | None, sentence: Sentence) -> bool:
    """Whether a sentence is the short answer to a question that stands in front of it: `And the pay? Only 2.5
    percent.`"""
    if before is None or before.paragraph != sentence.paragraph:
        return False
    return is_question(before.text) and len(sentence.text) <= _REPLY


def _numbered(before: Sentence | None, sentence: Sentence) -> str:
    """The sentence in front of another one in its paragraph, if it has a number."""
    if before is None or before.paragraph != sentence.paragraph or before.position != sentence.position - 1:
        return ""
    return before.text if any(character.isdigit() for character in before.text) else ""


def _beginning(
    before: Sentence | None, sentence: Sentence, carried: _Stretch | None, language: str
) -> int | None:
    """Where a quote begins that has what a sentence leans on: with the sentence before it, or where that one
    leans as well, with the one that it leans on; None if neither is near enough."""
    if before is None or carried is None:
        return None
    near = before.paragraph == sentence.paragraph and before.position == sentence.position - 1
    leaning = leans(before.text, language) and not _only_joins(before.text, language)
    start = carried[1] if leaning else before.start
    whole = not leaning or (carried[5] and carried[2] == before.end)
    return start if near and whole and sentence.end - start <= _LONGEST_PAIR else None


def _only_joins(sentence: str, code: str) -> bool:
    """Whether a sentence leans on the one before it by a word that only joins the two: `Also, …`, `But …`."""
    first, _, rest = sentence.partition(" ")
    words = language(code).sentences if knows(code) else None
    joins = first.endswith(",") or (words is not None and first.casefold() in words.joins | words.clauses)
    return joins and not leans(rest, code)


@lru_cache(maxsize=16384)
def _content(text: str, language: str) -> frozenset[str]:
    return content(text, language)


@lru_cache(maxsize=65536)
def _terms(text: str, language: str) -> tuple[str, ...]:
    return tuple(terms(text, language))
