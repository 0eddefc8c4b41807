"""What is missing: what the sources call unknown, and what the steps before could not answer."""

from collections.abc import Mapping

import numpy as np

from reprise_contracts.artifacts import (
    Contradiction,
    Finding,
    PreparedSource,
    ScratchpadEntry,
    Step,
    StepFindings,
)
from reprise_research.extractive.beside import leave_open_alike, spoken_to
from reprise_research.extractive.evidence import cited, closeness, gather
from reprise_research.extractive.nouns import nouns
from reprise_research.extractive.wording import wording_for
from reprise_research.languages import knows, language
from reprise_research.meaning import encoder
from reprise_research.text.language import language_of
from reprise_research.text.passages import Passage
from reprise_research.text.prose import is_unknown
from reprise_research.text.words import asking, runs, stem, stop_words, terms, tokens

_MOST_UNKNOWN = 8
_NEAR = 0.3
"""How close to the topic a passage among many must be, the closest being 1."""
_MEANT = 0.5
"""The cosine from which a word of a source may mean one of the question."""
_MANY = 240
"""Passages above which only those that speak of the topic count as gaps: a manual leaves much open that
nobody asked about."""


def missing(
    step: Step,
    sources: tuple[PreparedSource, ...],
    texts: Mapping[str, str],
    earlier: Mapping[int, StepFindings],
    topic: str,
    guidance: str,
    asked: str = "",
) -> StepFindings:
    """What the sources call unknown, in their words; what the steps before could not answer; what nobody
    mentions."""
    wording = wording_for(topic, asked)
    found = gather(sources, texts, topic)
    hashes = {source.source_id: source.text_sha256 or "" for source in sources}
    close = closeness(found, f"{topic} {guidance}")
    told: list[list[Passage]] = []
    for passage, nearness in zip(found, close, strict=True):
        if (len(found) > _MANY and nearness < _NEAR) or not is_unknown(passage.text, passage.language):
            continue
        again = next((own for own in told if any(passage.overlaps(other) for other in own)), None)
        alike = next((own for own in told if leave_open_alike(own[0], passage)), None)
        if again is not None:
            again[:] = [
                passage if p.overlaps(passage) and len(p.text) < len(passage.text) else p for p in again
            ]
        elif alike is not None:
            if all(passage.source_id != other.source_id for other in alike):
                alike.append(passage)
        else:
            told.append([passage])
    for own in told:
        own.sort(key=lambda passage: len(passage.text))  # in front what all others say all of
    told = sorted(told, key=lambda own: (-len(own), not own[0].whole))[:_MOST_UNKNOWN]
    told.sort(key=lambda own: found.index(own[0]))
    findings = tuple(
        Finding(
            finding_id=f"f{step.step_id}-{n}",
            claim=own[0].text,
            citations=tuple(cited(p, hashes) for p in own),
            support=len({p.site for p in own}),
            confidence_reason=wording.one_source
            if len(own) == 1
            else wording.sources_agree.format(count=len({p.site for p in own})),
            beside=_spoken_to(own, found, f"{topic} {guidance}", hashes),
        )
        for n, own in enumerate(told, start=1)
    )
    gaps = [
        f"{wording.quoted(earlier[n].title)}: {gap}"
        for n in sorted(earlier)
        for gap in earlier[n].gaps
        if earlier[n].kind == "retrieve" and gap not in (wording.not_compared, wording.single_source)
    ]
    unmentioned = _unmentioned(f"{topic} {guidance}", found)
    if unmentioned:
        gaps.insert(
            0,
            wording.term_missing.format(terms=wording.listed([wording.quoted(word) for word in unmentioned])),
        )
    return StepFindings(
        step_id=step.step_id,
        title=step.title,
        findings=findings,
        gaps=tuple(dict.fromkeys(gaps)),
        scratchpad=(
            ScratchpadEntry(
                kind="search", text=f"{len(found)} passages searched for statements that something is unknown"
            ),
        ),
    )


def _spoken_to(
    gaps: list[Passage], found: list[Passage], question: str, hashes: Mapping[str, str]
) -> tuple[Contradiction, ...]:
    """What another source says of what passages call unknown."""
    other = spoken_to(gaps, found, question, encoder())
    return () if other is None else (Contradiction(claim=other.text, citation=cited(other, hashes)),)


def _unmentioned(question: str, found: list[Passage]) -> list[str]:
    """The nouns of the question that no source in its language uses, as far as what stands around a word
    shows that it is one, and only if there are such sources. A verb that nobody uses may be said with any
    other."""
    code = language_of(question) or ""
    spoken = {
        term
        for passage in found
        if passage.language == code
        for term in (*passage.terms, *passage.context, *terms(passage.title, code))
    }
    known = knows(code) and language(code).spaces
    if not spoken or not known:
        return []
    named = language(code).words.general | language(code).movement.up | language(code).movement.down
    shown = {root for noun in nouns(question, code) if noun.shown for root in noun.stems}
    asked = [
        w
        for w in runs(question, code)
        if w not in stop_words(code)
        and w not in named
        and len(w) > 3
        and w.isalpha()
        and stem(w, code) in shown
    ]
    stems = {word: stem(word, code) for word in dict.fromkeys(asked)}
    written = {word.lower(): word for word in tokens(question, code)}
    missing_words = [
        written.get(word, word)
        for word, own in stems.items()
        if own not in asking(code) and not any(term.startswith(own[:4]) for term in spoken)
    ]
    heard = {word for passage in found if passage.language == code for word in runs(passage.text, code)}
    return _meant_by_none(missing_words, sorted(heard - stop_words(code)), code)[:4]


def _meant_by_none(words: list[str], heard: list[str], code: str) -> list[str]:
    """Return those of these words that none of what is heard comes near to: who speaks of patients speaks of
    people. A name stands for itself."""
    meaning = encoder()
    if meaning is None or code not in meaning.languages or not words or not heard:
        return words
    named = set() if language(code).nouns.capitals else {word for word in words if word[0].isupper()}
    near = meaning.encode([word.casefold() for word in words]) @ meaning.encode(heard).T
    closest = np.round(np.asarray(near, dtype=np.float64).max(axis=1), 3)
    return [word for word, cosine in zip(words, closest, strict=True) if word in named or cosine < _MEANT]
