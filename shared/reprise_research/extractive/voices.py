"""Whose voice a source is: one that hands on what another source says is no second voice for it.

A source is made by whom its head names: its author, and the names of two words or more that stand in its
title or above its first sentence (`Fernleigh Horticultural Institute`). Another source that names the same
hands it on, as far as anybody can tell; a name that most sources use, or that the question has, is what they
speak of, and not who speaks.
"""

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from reprise_contracts.artifacts import PreparedSource
from reprise_research.languages import knows, language
from reprise_research.text.language import language_of
from reprise_research.text.prose import prose
from reprise_research.text.words import LETTER, stem

_HEAD = 600
"""Characters at the beginning of a text that may say who made it."""
_LONGEST = 200_000
"""Characters of a text in which names are looked for."""
_WORD = re.compile(rf"{LETTER}+(?:[-'’]{LETTER}+)*|[^\w\s]|\d+")
_MOST = 0.5
"""The share of the other sources above which a name is what all of them speak of."""
Name = tuple[str, str]


def handed_on(
    sources: tuple[PreparedSource, ...], texts: Mapping[str, str], topic: str = ""
) -> dict[str, frozenset[str]]:
    """Return, of each source, the sources whose makers it names."""
    codes = {s.source_id: s.language or language_of(texts[s.source_id]) or "" for s in sources}
    made = {s.source_id: _makers(s, texts[s.source_id], codes[s.source_id]) for s in sources}
    used = {s.source_id: _used(texts[s.source_id][:_LONGEST], codes[s.source_id]) for s in sources}
    asked = {root for code in set(codes.values()) for pair in _names(topic, code) for root in pair}
    found: dict[str, frozenset[str]] = {}
    for one in sources:
        others = [other.source_id for other in sources if other.source_id != one.source_id]
        found[one.source_id] = frozenset(
            other
            for other in others
            if any(
                name in used[one.source_id]
                and not asked.issuperset(name)
                and sum(name in used[third] for third in others if third != other)
                <= _MOST * max(1, len(others) - 1)
                for name in made[other]
            )
        )
    return found


@lru_cache(maxsize=256)
def _used(text: str, code: str) -> frozenset[Name]:
    """The names that a text uses; several steps ask for them."""
    return frozenset(_names(text, code))


def _makers(source: PreparedSource, text: str, code: str) -> frozenset[Name]:
    """The names that say who made a source."""
    head = text[:_HEAD]
    first = next(iter(prose(head, code)), None)
    above = head[: first.start] if first is not None else ""
    return frozenset(
        name for part in (source.title, source.author or "", above) for name in _names(part, code)
    )


def _names(text: str, code: str) -> Iterator[Name]:
    """The pairs of words with capitals that stand beside each other, or with small words between that join
    two nouns: `Institute of Economics`. Stems, so that a genitive is the same name."""
    if not knows(code) or not language(code).spaces:
        return
    joins = language(code).nouns.links | language(code).words.genitives | language(code).units.determiners
    for line in text.splitlines():
        before = ""
        for match in _WORD.finditer(line):
            word = match.group()
            lower = word.casefold().replace("’", "'").removesuffix("'s").removesuffix("'")
            if not word[0].isupper() or lower in language(code).words.function:
                before = before if lower in joins else ""
                continue
            root = stem(lower, code)
            if before:
                yield before, root
            before = root
