"""The step that compares: where the sources agree and disagree, counted over all of them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

import numpy as np
from scipy import sparse

from reprise_contracts.artifacts import (
    Citation,
    Contradiction,
    Finding,
    PreparedSource,
    ScratchpadEntry,
    Step,
    StepFindings,
)
from reprise_research.extractive.evidence import cited, contradiction, gather, with_voices
from reprise_research.extractive.wording import Wording, wording_for
from reprise_research.judging import Ground, Relation, judging
from reprise_research.text.language import language_of
from reprise_research.text.passages import Passage
from reprise_research.text.ranking import rounded, rows_of
from reprise_research.text.words import terms

_MOST_AGREED = 8
_MOST_DISPUTED = 8
_MOST_COMPARED = 12
_MOST_BESIDE = 2
_LIKELIEST = 40
"""Passages that are compared with one finding, the likeliest first."""
_LIKELIEST_ABROAD = 10
"""The same for passages of other languages than the finding's."""
_MOST_ENCODED = 1500
"""Passages of other languages whose meaning is compared with every finding's, at most: an encoder needs some
milliseconds for each."""
_FEW = 200
"""Passages up to which each is compared with each, whether a step quotes it or not."""


def compare(
    step: Step,
    sources: tuple[PreparedSource, ...],
    texts: Mapping[str, str],
    earlier: Mapping[int, StepFindings],
    topic: str,
    asked: str = "",
) -> StepFindings:
    """The disagreements among all findings, then the statements that most independent sources share."""
    wording = wording_for(topic, asked)
    board = _Board(sources, texts, topic, wording)
    every = board.heard([f for number in sorted(earlier) for f in earlier[number].findings])
    disputed = _once([*every, *board.unquoted(every)])
    told = {
        _place(c) for f in disputed for c in (*f.citations, *(against.citation for against in f.contradicts))
    }
    shared: list[Finding] = []
    for found in sorted(every, key=lambda f: -f.support):
        new = not any(_place(c) in told for c in found.citations) and not any(
            board.judge.backs(f.claim, found.claim) for f in shared
        )
        if found.support > 1 and not found.contradicts and new:
            shared.append(found)
    beside = [f for f in _once(every, "beside") if not f.contradicts and f not in shared]
    kept = [*disputed[:_MOST_DISPUTED], *shared[:_MOST_AGREED], *beside[:_MOST_COMPARED]]
    findings = tuple(
        f.model_copy(update={"finding_id": f"f{step.step_id}-{n}"}) for n, f in enumerate(kept, start=1)
    )
    insights = []
    if disputed:
        insights.append(wording.filled(wording.disagreements, pairs=len(disputed)))
    insights.append(wording.shared(sum(f.support > 1 for f in every), len(every)))
    return StepFindings(
        step_id=step.step_id,
        title=step.title,
        kind=step.kind,
        findings=findings,
        insights=tuple(insights) if every else (),
        gaps=() if disputed else (wording.no_disagreement,),
        scratchpad=(
            ScratchpadEntry(kind="comparison", text=f"{len(every)} findings of steps {sorted(earlier)}"),
        ),
    )


class _Board:
    """All passages of the sources, and who says the same as a finding, or otherwise."""

    def __init__(
        self, sources: tuple[PreparedSource, ...], texts: Mapping[str, str], topic: str, wording: Wording
    ) -> None:
        self.judge, self._wording = judging(topic), wording
        self._passages = [passage for passage in gather(sources, texts, topic) if passage.whole]
        self._hands_on = {passage.source_id: passage.hands_on for passage in self._passages}
        self._sites = {source.source_id: source.site or source.source_id for source in sources}
        self._languages = {passage.source_id: passage.language for passage in self._passages}
        self._hashes = {source.source_id: source.text_sha256 or "" for source in sources}

    def heard(self, findings: list[Finding]) -> list[Finding]:
        """The findings with everyone who says the same or otherwise: a step looks at what is nearest to its
        question in its own sources, and what agrees or disagrees with it may stand elsewhere."""
        if not findings or not self._passages:
            return findings
        return [
            self._with_voices(found, likeliest)
            for found, likeliest in zip(findings, self._candidates(findings), strict=True)
        ]

    def unquoted(self, findings: Iterable[Finding]) -> list[Finding]:
        """The disputes between passages that no finding quotes, where there are few enough to compare each
        with each."""
        quoted = {
            _place(c)
            for f in findings
            for c in (*f.citations, *(against.citation for against in f.contradicts))
        }
        rest = [p for p in self._passages if (p.source_id, p.start) not in quoted]
        if len(rest) > _FEW:
            return []
        found = []
        for index, one in enumerate(rest):
            against = [
                (other, v) for other in rest[index + 1 :] if (v := self.judge.dispute(one, other)) is not None
            ]
            if against:
                told = tuple(contradiction(other, v, self._hashes, self._wording) for other, v in against)
                alone = Finding(
                    finding_id="unquoted", claim=one.text, citations=(cited(one, self._hashes),), support=1
                )
                found.append(with_voices(alone, (), told, self._wording))
        return found

    def _with_voices(self, found: Finding, likeliest: Iterator[Passage]) -> Finding:
        lead = self._quoted(found)
        if lead is None:
            return found
        known = {c.source_id for c in found.citations} | {c.citation.source_id for c in found.contradicts}
        voices = {self._sites.get(source_id) for source_id in known}
        heard = [self._passage(c) for c in found.citations if c.source_id in self._sites]
        also: dict[str, Passage] = {}
        against: dict[str, Contradiction] = {}
        beside: dict[str, Contradiction] = {}
        for other in likeliest:
            if other.source_id in known:
                continue
            verdict = self.judge.relation(lead, other)
            if verdict.relation is Relation.AGREEMENT and verdict.whole[1] and other.site not in voices:
                if all(other.is_independent(own) for own in heard):
                    also.setdefault(other.site, other)
                else:
                    also = {site: own for site, own in also.items() if other.is_independent(own)}
                heard.append(other)
            elif verdict.relation is Relation.DISPUTE and other.source_id not in against:
                against[other.source_id] = contradiction(other, verdict, self._hashes, self._wording)
            elif verdict.ground is Ground.FIGURES and len(beside) < _MOST_BESIDE:
                beside.setdefault(other.source_id, contradiction(other, verdict, self._hashes, self._wording))
        voiced = with_voices(
            found,
            tuple(cited(p, self._hashes) for p in also.values()),
            tuple(against.values()),
            self._wording,
        )
        return voiced.model_copy(
            update={"beside": tuple(c for source_id, c in beside.items() if source_id not in against)}
        )

    def _quoted(self, found: Finding) -> Passage | None:
        """What a finding's claim quotes."""
        return next((self._passage(c) for c in found.citations[:1] if c.source_id in self._sites), None)

    def _passage(self, quoted: Citation) -> Passage:
        return Passage(
            quoted.source_id,
            self._sites[quoted.source_id],
            quoted.quote,
            quoted.start,
            quoted.end,
            0,
            language=self._languages.get(quoted.source_id, ""),
            hands_on=self._hands_on.get(quoted.source_id, frozenset()),
        )

    def _candidates(self, findings: list[Finding]) -> Iterator[Iterator[Passage]]:
        """For each finding the passages that may speak of the same, the likeliest first: by shared words, and
        by meaning those in other languages than the finding's."""
        rows = rows_of(
            [
                *(terms(f.claim, language_of(f.claim) or "en") for f in findings),
                *(terms(passage.text, passage.language) for passage in self._passages),
            ]
        )
        likeness = sparse.csr_matrix(rows[: len(findings)] @ rows[len(findings) :].T)
        abroad = self._abroad(findings)
        for index in range(len(findings)):
            nearest = np.argsort(-rounded(likeness[[index]].toarray().ravel()), kind="stable")[:_LIKELIEST]
            yield (self._passages[int(i)] for i in dict.fromkeys([*nearest, *abroad[index]]))

    def _abroad(self, findings: list[Finding]) -> list[list[int]]:
        if self.judge.meaning is None or len(set(self._languages.values())) < 2:
            return [[] for _ in findings]
        tongues = [self._languages.get(f.citations[0].source_id, "") if f.citations else "" for f in findings]
        indexes = [i for i, p in enumerate(self._passages) if any(p.language != code for code in tongues)][
            :_MOST_ENCODED
        ]
        if not indexes:
            return [[] for _ in findings]
        encode = self.judge.meaning.encode
        near = encode([f.claim for f in findings]) @ encode([self._passages[i].text for i in indexes]).T
        nearest = []
        for row, code in zip(near, tongues, strict=True):
            ranked = (indexes[int(n)] for n in np.argsort(-rounded(row), kind="stable"))
            nearest.append([i for i in ranked if self._passages[i].language != code][:_LIKELIEST_ABROAD])
        return nearest


def _once(every: Iterable[Finding], field: Literal["contradicts", "beside"] = "contradicts") -> list[Finding]:
    """The findings that something contradicts, or stands beside, each pair of passages once."""
    told: set[frozenset[tuple[str, int]]] = set()
    kept: list[Finding] = []
    for found in every:
        others = [
            c
            for c in getattr(found, field)
            if found.citations and _is_new(found.citations[0], c.citation, told)
        ]
        if others:
            kept.append(found.model_copy(update={field: tuple(others)}))
    return sorted(kept, key=lambda f: -f.support)


def _is_new(one: Citation, other: Citation, told: set[frozenset[tuple[str, int]]]) -> bool:
    pair = frozenset({_place(one), _place(other)})
    if pair in told:
        return False
    told.add(pair)
    return True


def _place(citation: Citation) -> tuple[str, int]:
    return citation.source_id, citation.start
