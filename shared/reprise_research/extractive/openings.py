"""What stands first below a heading that asks what is asked: the answer that a manual itself gives.

A heading names its section's subject, so that the sentences below it need not (`No, it can't.`), and they may
lead over to an example (`You can use tar:`). As passages by themselves they would be passed over.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby

import numpy as np

from reprise_contracts.artifacts import PreparedSource
from reprise_research.extractive.relevance import asked, heading_terms, meant, names_in
from reprise_research.languages import knows
from reprise_research.meaning import Encoder
from reprise_research.text.language import language_of
from reprise_research.text.passages import Passage
from reprise_research.text.prose import instructs, may_be_quoted
from reprise_research.text.sentences import ends, is_question, split

_LONGEST = 360
"""Characters of an opening."""
_LONGEST_KEPT = 200_000
_SHORTEST = 24
_MOST_HEADINGS = 400
_MOST = 2
"""Sections whose openings answer one question."""
_ASKS = 0.6
"""How much a heading must be what is asked, 1 being the same."""


@dataclass(frozen=True)
class Opening:
    """The first sentences below a heading, and how much the heading is what is asked, 0 to 1."""

    passage: Passage
    worth: float


def openings(
    sources: tuple[PreparedSource, ...],
    texts: Mapping[str, str],
    parts: Sequence[str],
    encoder: Encoder | None = None,
) -> list[Opening]:
    """Return the openings of the sections whose headings are most what any of these questions asks, the best
    first."""
    every = []
    for source in sources:
        text = texts[source.source_id]
        code = source.language or language_of(text) or ""
        if knows(code):
            kept = _kept(text, code) if len(text) <= _LONGEST_KEPT else tuple(_openings(text, code))
            every += [
                Passage(
                    source.source_id,
                    source.site or source.source_id,
                    text[start:end],
                    start,
                    end,
                    position,
                    heading,
                    language=code,
                    title=source.title,
                )
                for heading, start, end, position in kept
            ]
    if not every:
        return []
    worth = np.array([max(_alike(p, part) for part in parts) for p in every])
    if encoder is not None:
        likeliest = [int(i) for i in np.argsort(-worth, kind="stable")[:_MOST_HEADINGS]]
        near = meant([every[i].heading for i in likeliest], parts, encoder)
        worth[likeliest] = np.maximum(worth[likeliest], near)
    order = [
        int(i)
        for i in np.argsort(-worth, kind="stable")
        if worth[i] >= _ASKS and not _only_names(every[i], parts)
    ]
    return [Opening(every[i], float(worth[i])) for i in order[: _MOST * len(parts)]]


def _only_names(passage: Passage, parts: Sequence[str]) -> bool:
    """Whether a heading names what a question is about, and nothing of what it asks of that."""
    heading = heading_terms(passage.heading, passage.language)
    for part in parts:
        names = names_in(part, passage.language)
        named = frozenset(names).union(*names.values())
        if names and heading <= named and not named.issuperset(asked(part, passage.language)):
            return True
    return False


def _alike(passage: Passage, question: str) -> float:
    """How much a heading and a question name the same and nothing besides (their F-measure), 0 to 1."""
    heading = heading_terms(passage.heading, passage.language)
    wanted = frozenset(asked(question, passage.language))
    common = len(heading & wanted)
    if common < 2 and not is_question(passage.heading):
        return 0.0  # one word names many a section
    return round(2 * common / (len(heading) + len(wanted)), 3)


@lru_cache(maxsize=256)
def _kept(text: str, code: str) -> tuple[tuple[str, int, int, int], ...]:
    """The openings of a text that several questions will ask for."""
    return tuple(_openings(text, code))


def _openings(text: str, code: str) -> Iterator[tuple[str, int, int, int]]:
    """Yield heading, start, end and position of each section's first sentences, within one paragraph."""
    for heading, section in groupby(split(text, code), key=lambda one: one.heading):
        body = [one for one in section if one.text != heading]
        if not heading or not body:
            continue
        first = [one for one in body if one.paragraph == body[0].paragraph]
        taken = [one for one in first if one.end - first[0].start <= _LONGEST]
        if not taken:
            continue
        start, end = taken[0].start, taken[-1].end
        quote = text[start:end]
        closed = ends(quote) or quote.endswith((":", "："))
        if end - start >= _SHORTEST and closed and may_be_quoted(quote, code) and not instructs(quote):
            yield heading, start, end, taken[0].position
