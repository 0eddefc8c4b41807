"""Phase 0 of the extractive engine: what stands for one source, and what stands for all of them."""

import numpy as np

from reprise_contracts.artifacts import Excerpt, Summary, Theme
from reprise_research.extractive.evidence import running
from reprise_research.extractive.kinds import kind_of
from reprise_research.extractive.wording import upper_first, wording_for
from reprise_research.text.language import language_of
from reprise_research.text.passages import Passage, passages
from reprise_research.text.prose import instructs
from reprise_research.text.ranking import bm25, lexrank, mmr, rounded, rows_of, similarities
from reprise_research.text.words import shorten, terms

_MOST_EXCERPTS = 12
_SUMMARY_SENTENCES = 3
_EARLY, _OPENING = 2.5, 5.0
"""Documents say first what they are about: how much more the first passage counts, and after how many of them
hardly anything is left."""
_MOST_RANKED = 1500
"""Passages of one source that are ranked; of a longer one the first, which bounds time and memory."""


def summarise(source_id: str, text: str, topic: str, guidance: str) -> Summary:
    """The sentences that stand for one source, in its order: central (LexRank), close to the topic, unlike
    each other (MMR)."""
    found = running(passages(text, source_id, "", language_of(text) or ""))[:_MOST_RANKED]
    if not found:
        opening = shorten("\n".join(line for line in text[:5000].split("\n") if not instructs(line)), 300)
        return Summary(source_id=source_id, summary=opening)
    similarity = similarities(rows_of([terms(passage.text, passage.language) for passage in found]))
    documents = [passage.terms for passage in found]
    code = found[0].language
    closeness, wish = bm25(documents, terms(topic, code)), bm25(documents, terms(guidance, code))
    early = 1 + _EARLY * np.exp(-np.arange(len(found)) / _OPENING)
    score = lexrank(similarity, closeness + 2 * wish) * (0.5 + 0.5 * closeness) * early + (1 + _EARLY) * wish
    score *= np.array([passage.weight * (1.15 if kind_of(passage) == "figure" else 1.0) for passage in found])
    chosen: list[Passage] = []
    for index in mmr(rounded(score), similarity, min(len(found), 2 * _MOST_EXCERPTS), balance=0.65):
        if len(chosen) < min(_MOST_EXCERPTS, 4 + len(found) // 3) and not any(
            found[index].overlaps(other) for other in chosen
        ):
            chosen.append(found[index])
    leading = sorted(chosen[:_SUMMARY_SENTENCES], key=lambda passage: passage.start)
    excerpts = tuple(
        Excerpt(quote=p.text, start=p.start, end=p.end, kind=kind_of(p))
        for p in sorted(chosen, key=lambda p: p.start)
    )
    return Summary(
        source_id=source_id, summary=" ".join(passage.text for passage in leading), excerpts=excerpts
    )


def abstract(
    topic: str,
    summaries: tuple[Summary, ...],
    titles: dict[str, str],
    themes: tuple[Theme, ...],
    guidance: str,
    language: str = "",
) -> str:
    """What all sources together speak of: the themes, and for the first ones the passage that stands for it,
    with its source."""
    wording = wording_for(topic, language)
    parts = [upper_first(wording.filled(wording.opening, sources=len(summaries)))]
    if themes:
        parts.append(wording.speaks_of.format(themes=wording.listed([theme.label for theme in themes])))
    used: set[tuple[str, int]] = set()
    for theme in themes[:5]:
        best = _best_excerpt(theme, summaries, used, topic, guidance)
        if best is not None:
            source_id, excerpt = best
            used.add((source_id, excerpt.start))
            parts.append(wording.said_by.format(quote=excerpt.quote, title=titles.get(source_id, source_id)))
    return wording.joint.join(parts)


def _best_excerpt(
    theme: Theme, summaries: tuple[Summary, ...], used: set[tuple[str, int]], topic: str, guidance: str
) -> tuple[str, Excerpt] | None:
    """The excerpt that speaks most of a theme, from a source that has not been quoted yet if there is one."""
    options = [(s.source_id, e) for s in summaries for e in s.excerpts if (s.source_id, e.start) not in used]
    if not options:
        return None
    documents = [terms(excerpt.quote) for _, excerpt in options]
    score = bm25(documents, [*terms(theme.label) * 2, *theme.terms]) + 0.2 * bm25(
        documents, terms(f"{topic} {guidance}")
    )
    quoted = {source_id for source_id, _ in used}
    ranked = sorted(
        range(len(options)),
        key=lambda i: (-round(float(score[i]) * (0.6 if options[i][0] in quoted else 1.0), 6), i),
    )
    best = ranked[0]
    return options[best] if score[best] > 0.2 else None
