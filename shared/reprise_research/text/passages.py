"""Passages: the smallest verbatim stretches that can be understood by themselves.

A sentence that begins with a pronoun or a connective is taken together with the one before it, so that a quote does not point at
something that the reader cannot see.
"""

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from reprise_research.text.figures import Figure, figures
from reprise_research.text.sentences import Sentence, is_opinion, is_question, leans, prose, rows
from reprise_research.text.words import content, terms

Kind = Literal["fact", "opinion", "figure"]
_LONGEST_PAIR = 420
_LONGEST_KEPT = 200_000
_FEW = 5
"""Sentences below which the rows of a text's tables are read as statements too."""


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

    @property
    def kind(self) -> Kind:
        """Whether it gives an opinion, a figure, or states something else."""
        if is_opinion(self.text):
            return "opinion"
        return "figure" if self.figures else "fact"

    @property
    def figures(self) -> tuple[Figure, ...]:
        """The quantities in it."""
        return figures(self.text)

    @property
    def terms(self) -> list[str]:
        """Its terms and those of the heading above it."""
        return terms(self.text) + terms(self.heading)

    @property
    def content(self) -> frozenset[str]:
        """What it is about: its terms without numbers."""
        return _content(self.text)

    def overlaps(self, other: "Passage") -> bool:
        """Whether both quote a common stretch of one source."""
        return self.source_id == other.source_id and self.start < other.end and other.start < self.end

    @property
    def weight(self) -> float:
        """How well it serves as a quote, 0 to 1: questions and sentences that lean on others serve badly."""
        return (1.0 if self.whole else 0.3) * (0.5 if is_question(self.text) else 1.0)


def passages(text: str, source_id: str, site: str) -> list[Passage]:
    """The passages of one source's text, in its order."""
    stretches = _kept(text) if len(text) <= _LONGEST_KEPT else _stretches(text)
    return [Passage(source_id, site, *stretch) for stretch in stretches]


@lru_cache(maxsize=256)
def _kept(text: str) -> tuple[tuple[str, int, int, int, str, bool], ...]:
    """The stretches of a text that several steps will ask for; a very long text is not worth the memory."""
    return _stretches(text)


def _stretches(text: str) -> tuple[tuple[str, int, int, int, str, bool], ...]:
    sentences = prose(text)
    if len(sentences) < _FEW:
        sentences = tuple(sorted({*sentences, *rows(text)}, key=lambda sentence: sentence.start))
    found = []
    for index, sentence in enumerate(sentences):
        before = sentences[index - 1] if index else None
        start, whole = sentence.start, True
        if leans(sentence.text):
            whole = before is not None and _carries(before, sentence)
            start = before.start if before is not None and whole else start
        found.append((text[start : sentence.end], start, sentence.end, sentence.position, sentence.heading, whole))
    return tuple(found)


def _carries(before: Sentence, sentence: Sentence) -> bool:
    """Whether the sentence before gives this one what it leans on."""
    near = before.paragraph == sentence.paragraph and before.position == sentence.position - 1
    return near and not leans(before.text) and sentence.end - before.start <= _LONGEST_PAIR


@lru_cache(maxsize=16384)
def _content(text: str) -> frozenset[str]:
    return content(text)
