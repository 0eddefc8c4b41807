"""Passages: the smallest verbatim stretches that can be understood by themselves.

A sentence that begins with a pronoun or a connective is taken together with the one before it, so that a quote does not point at
something that the reader cannot see.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from reprise_research.text.figures import Figure, figures
from reprise_research.text.prose import is_opinion, is_row, leans, prose, rows
from reprise_research.text.sentences import Sentence, is_question
from reprise_research.text.words import content, terms

Kind = Literal["fact", "opinion", "figure"]
_LONGEST_PAIR = 420
_LONGEST_KEPT = 200_000

_Stretch = tuple[str, int, int, int, str, bool, str, bool]
"""Text, start, end, position, heading, whole, above, spoken."""


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
    language: str = "en"
    """The code of its source's language; empty for one that cannot be told."""
    title: str = ""
    """The title of its source."""

    @property
    def is_row(self) -> bool:
        """Whether it is a row of a table: an answer now and then, but no running text."""
        return is_row(self.text)

    @property
    def kind(self) -> Kind:
        """Whether it gives an opinion, a figure, or states something else."""
        if is_opinion(self.text, self.language):
            return "opinion"
        return "figure" if self.figures else "fact"

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The quantities in it."""
        return figures(self.text)

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
        return (1.0 if self.whole else 0.3) * (0.5 if is_question(self.text) else 1.0) * (0.8 if self.is_row else 1.0)


def passages(text: str, source_id: str, site: str, language: str = "en", title: str = "") -> list[Passage]:
    """The passages of one source's text, in its order; `language` is the code of its language, empty if unknown."""
    stretches = _kept(text, language) if len(text) <= _LONGEST_KEPT else _stretches(text, language)
    return [Passage(source_id, site, *stretch, language, title) for stretch in stretches]


@lru_cache(maxsize=256)
def _kept(text: str, language: str) -> tuple[_Stretch, ...]:
    """The stretches of a text that several steps will ask for; a very long text is not worth the memory."""
    return _stretches(text, language)


def _stretches(text: str, language: str) -> tuple[_Stretch, ...]:
    sentences = tuple(sorted({*prose(text, language), *rows(text, language)}, key=lambda sentence: sentence.start))
    found = []
    for index, sentence in enumerate(sentences):
        before = sentences[index - 1] if index else None
        start, whole = sentence.start, True
        if not sentence.spoken and leans(sentence.text, language):
            whole = before is not None and _carries(before, sentence, language)
            start = before.start if before is not None and whole else start
        found.append(
            (text[start : sentence.end], start, sentence.end, sentence.position, sentence.heading, whole, sentence.above, sentence.spoken)
        )
    return tuple(found)


def _carries(before: Sentence, sentence: Sentence, language: str) -> bool:
    """Whether the sentence before gives this one what it leans on."""
    near = before.paragraph == sentence.paragraph and before.position == sentence.position - 1
    return near and not leans(before.text, language) and sentence.end - before.start <= _LONGEST_PAIR


@lru_cache(maxsize=16384)
def _content(text: str, language: str) -> frozenset[str]:
    return content(text, language)


@lru_cache(maxsize=65536)
def _terms(text: str, language: str) -> tuple[str, ...]:
    return tuple(terms(text, language))
