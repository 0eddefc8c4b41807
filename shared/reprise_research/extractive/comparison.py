"""The two steps that build on others: where the sources agree and disagree, and what is missing."""

import re
from collections.abc import Mapping

import numpy as np
from scipy import sparse

from reprise_contracts.artifacts import Citation, Contradiction, Finding, PreparedSource, ScratchpadEntry, Step, StepFindings
from reprise_research.extractive.agreement import agree, backs
from reprise_research.extractive.conflicts import conflict
from reprise_research.extractive.disputes import telling_figure
from reprise_research.extractive.evidence import cited, gather, with_voices
from reprise_research.extractive.subjects import Topic
from reprise_research.extractive.wording import Wording, count, wording_for
from reprise_research.text.duplicates import same_words
from reprise_research.text.figures import figures, same
from reprise_research.text.language import is_chinese
from reprise_research.text.passages import Passage
from reprise_research.text.ranking import bm25, vectors
from reprise_research.text.words import ASKING, STOPWORDS, runs, stem, terms

_UNKNOWN = re.compile(
    r"\b(?:(?:is|are|was|were|has|have|had|with|found|published|collected) no (?:data|figures|numbers|evidence|count|record|survey)s?|"
    r"no (?:data|figures|evidence|count|record|survey|study)\b[^.;]{0,60}\b(?:has|have|was|were|exists?|(?:is|are) available)|"
    r"(?:has|have|had|was|were) (?:not|never) (?:yet )?(?:been )?"
    r"(?:measured|studied|known|published|counted|recorded|surveyed|examined|evaluated)|"
    r"(?:not|never) yet (?:been )?(?:measured|studied|known|published|counted|recorded|surveyed|examined|evaluated)|is not known|"
    r"(?:nobody|no one|no study|none of (?:the|these) \w+) (?:has (?:measured|studied|counted|examined|evaluated|looked)|"
    r"have (?:measured|studied|counted|examined)|knows?|measured|counted)|"
    r"(?:remains?|still|yet|largely) (?:unknown|unclear)|(?:unknown|unclear) (?:whether|how|why|what|if)|too early to|"
    r"remains? to be seen|question remains open|did not (?:measure|count|record|study|examine|look at)|"
    r"(?:study|survey|report|registry|data|figures|statistics) (?:does|do|did) not (?:cover|say|include)|"
    r"(?:we|nobody|no one|i) cannot (?:say|tell)|cannot be (?:known|said|told))\b|"
    r"(?:尚无|没有|缺乏)(?:相关|可靠|任何|足够)?的?(?:数据|统计|测量|研究|调查|证据|定论|结论)|"
    r"(?:尚未|从未|未曾)(?:测量|统计|研究|公布|调查|评估|查明)|也?没有统计|尚不清楚|仍未知",
    re.IGNORECASE,
)
_MOST_AGREED = 8
_MOST_DISPUTED = 8
_MOST_UNKNOWN = 8
_NEAR = 0.3
"""How close to the topic a passage among many must be, the closest being 1."""
_LIKELIEST = 40
"""Passages that are compared with one finding, the likeliest first."""
_MANY = 240
"""Passages above which only those that speak of the topic count as gaps: a manual leaves much open that nobody asked about."""


def compare(
    step: Step,
    sources: tuple[PreparedSource, ...],
    texts: Mapping[str, str],
    earlier: Mapping[int, StepFindings],
    topic: str,
    language: str = "",
) -> StepFindings:
    """The disagreements among all findings, then the statements that most independent sources share, counted over all sources."""
    wording = wording_for(topic, language)
    subject, sites = Topic(topic), {source.source_id: source.site or source.source_id for source in sources}
    every = _supported([f for number in sorted(earlier) for f in earlier[number].findings], sources, texts, sites, subject, wording)
    every = _as_disputed(every, sites, subject)
    disputed = _disputed(every, sites, subject, wording)
    told = {f.claim for f in disputed} | {c.claim for f in disputed for c in f.contradicts}
    shared: dict[str, Finding] = {}
    for found in sorted(every, key=lambda f: -f.support):
        repeated = any(same_words(found.claim, claim) or _retold(found, other, sites, subject) for claim, other in shared.items())
        if found.support > 1 and not found.contradicts and found.claim not in told and not repeated:
            shared.setdefault(found.claim, found)
    kept = [*disputed[:_MOST_DISPUTED], *list(shared.values())[:_MOST_AGREED]]
    findings = tuple(f.model_copy(update={"finding_id": f"f{step.step_id}-{n}"}) for n, f in enumerate(kept, start=1))
    insights = []
    if disputed:
        pairs = count(wording, len(disputed), "pair")
        insights.append(wording.disagreements.format(count=_pairs(pairs, wording)))
    insights.append(wording.shared(sum(f.support > 1 for f in every), len(every)))
    return StepFindings(
        step_id=step.step_id,
        title=step.title,
        findings=findings,
        insights=tuple(insights) if every else (),
        gaps=() if disputed else (wording.no_disagreement,),
        scratchpad=(ScratchpadEntry(kind="comparison", text=f"{len(every)} findings of steps {sorted(earlier)}"),),
    )


def missing(
    step: Step,
    sources: tuple[PreparedSource, ...],
    texts: Mapping[str, str],
    earlier: Mapping[int, StepFindings],
    topic: str,
    guidance: str,
    language: str = "",
) -> StepFindings:
    """What the sources call unknown, in their words; what the steps before could not answer; what nobody mentions."""
    wording = wording_for(topic, language)
    found = gather(sources, texts)
    hashes = {source.source_id: source.text_sha256 or "" for source in sources}
    close = bm25([passage.terms for passage in found], terms(f"{topic} {guidance}"))
    told: list[Passage] = []
    for passage, nearness in zip(found, close, strict=True):
        asked = len(found) <= _MANY or nearness >= _NEAR
        if not asked or not _UNKNOWN.search(passage.text):
            continue
        repeated = next((other for other in told if _repeats(passage, other)), None)
        if repeated is None:
            told.append(passage)
        elif passage.overlaps(repeated) and len(passage.text) > len(repeated.text):
            told[told.index(repeated)] = passage
    told = sorted(told, key=lambda passage: not passage.whole)[:_MOST_UNKNOWN]
    told.sort(key=found.index)
    findings = tuple(
        Finding(
            finding_id=f"f{step.step_id}-{n}", claim=p.text, citations=(cited(p, hashes),), support=1, confidence_reason=wording.one_source
        )
        for n, p in enumerate(told, start=1)
    )
    gaps = [
        f"{wording.quoted(earlier[n].title)}: {gap}"
        for n in sorted(earlier)
        for gap in earlier[n].gaps
        if earlier[n].kind == "retrieve" and gap not in (wording.not_compared, wording.single_source)
    ]
    unmentioned = _unmentioned(f"{topic} {guidance}", found)
    if unmentioned:
        gaps.insert(0, wording.term_missing.format(terms=wording.listed([wording.quoted(word) for word in unmentioned])))
    return StepFindings(
        step_id=step.step_id,
        title=step.title,
        findings=findings,
        gaps=tuple(dict.fromkeys(gaps)),
        scratchpad=(ScratchpadEntry(kind="search", text=f"{len(found)} passages searched for statements that something is unknown"),),
    )


def _supported(
    every: list[Finding],
    sources: tuple[PreparedSource, ...],
    texts: Mapping[str, str],
    sites: Mapping[str, str],
    topic: Topic,
    wording: Wording,
) -> list[Finding]:
    """The findings with everyone who says the same or otherwise: a step looks at what is nearest to its question in its own sources, and
    what agrees or disagrees with it may stand elsewhere."""
    found = gather(sources, texts)
    if not every or not found:
        return every
    hashes = {source.source_id: source.text_sha256 or "" for source in sources}
    rows = vectors([*(f.claim for f in every), *(passage.text for passage in found)])
    likeness = sparse.csr_matrix(rows[: len(every)] @ rows[len(every) :].T)
    wider = []
    for index, finding in enumerate(every):
        members = _passages(finding, sites)
        known = {c.source_id for c in finding.citations} | {c.citation.source_id for c in finding.contradicts}
        voices = {sites.get(source_id) for source_id in known}
        likeliest = np.argsort(-np.round(likeness[[index]].toarray().ravel(), 6), kind="stable")[:_LIKELIEST]
        also: dict[str, Passage] = {}
        against: dict[str, Contradiction] = {}
        for other in (found[int(i)] for i in likeliest):
            if not members or not other.whole or other.source_id in known:
                continue
            if agree(members[0], other, topic) and backs(other.text, members[0].text):
                if other.site not in voices:
                    also.setdefault(other.site, other)
            elif other.source_id not in against:
                reasons = (conflict(member, other, topic, wording) for member in members)
                if (reason := next(filter(None, reasons), None)) is not None:
                    against[other.source_id] = Contradiction(claim=other.text, citation=cited(other, hashes), reason=reason.reason)
        wider.append(with_voices(finding, tuple(cited(passage, hashes) for passage in also.values()), tuple(against.values()), wording))
    return wider


def _as_disputed(every: list[Finding], sites: Mapping[str, str], topic: Topic) -> list[Finding]:
    """The findings, of which one that says what a disputed one says, with the very figure in dispute, is disputed by the same."""
    known = [
        (f, _passage(f, sites), telling_figure(f.claim, (c.reason for c in f.contradicts), topic.text)) for f in every if f.contradicts
    ]
    told = []
    for found in every:
        mine, own = _passage(found, sites), {c.source_id for c in found.citations}
        against: dict[str, Contradiction] = {}
        for other, theirs, figure in known if not found.contradicts else ():
            if figure is None or mine is None or theirs is None or not any(same(figure, one) for one in figures(found.claim)):
                continue
            if is_chinese(found.claim) == is_chinese(other.claim) and agree(theirs, mine, topic):
                against |= {c.claim: c for c in other.contradicts if c.citation.source_id not in own and figure.text in c.reason}
        told.append(found.model_copy(update={"contradicts": tuple(against.values())}) if against else found)
    return told


def _disputed(every: list[Finding], sites: Mapping[str, str], topic: Topic, wording: Wording) -> list[Finding]:
    """Findings with what contradicts them, each pair once: those that their steps found, and those that two steps make together."""
    told: set[frozenset[tuple[str, int]]] = set()
    disputed: list[Finding] = []
    for found in every:
        against = [c for c in found.contradicts if _is_new(found, c, told)]
        against += [c for c in _across(found, every, sites, topic, wording) if _is_new(found, c, told)]
        if against:
            disputed.append(found.model_copy(update={"contradicts": tuple(against)}))
    return sorted(disputed, key=lambda f: -f.support)


def _across(found: Finding, every: list[Finding], sites: Mapping[str, str], topic: Topic, wording: Wording) -> list[Contradiction]:
    mine = _passage(found, sites)
    against = []
    for other in every:
        theirs = _passage(other, sites)
        if mine is None or theirs is None or theirs.source_id in {c.source_id for c in found.citations}:
            continue
        reason = conflict(mine, theirs, topic, wording)
        if reason is not None:
            against.append(Contradiction(claim=other.claim, citation=other.citations[0], reason=reason.reason))
    return against


def _passage(found: Finding, sites: Mapping[str, str]) -> Passage | None:
    """What a finding's claim quotes."""
    return next(iter(_passages(found, sites)), None)


def _passages(found: Finding, sites: Mapping[str, str]) -> list[Passage]:
    """Everything that a finding cites."""
    return [Passage(c.source_id, sites[c.source_id], c.quote, c.start, c.end, 0) for c in found.citations if c.source_id in sites]


def _is_new(found: Finding, against: Contradiction, told: set[frozenset[tuple[str, int]]]) -> bool:
    if not found.citations:
        return False
    pair = frozenset({_place(found.citations[0]), _place(against.citation)})
    if pair in told:
        return False
    told.add(pair)
    return True


def _retold(one: Finding, other: Finding, sites: Mapping[str, str], topic: Topic) -> bool:
    """Whether two findings are one statement in the words of two of the same sources."""
    first, second = _passage(one, sites), _passage(other, sites)
    voices, others = ({sites.get(c.source_id) for c in found.citations} for found in (one, other))
    return voices == others and first is not None and second is not None and agree(first, second, topic)


def _place(citation: Citation) -> tuple[str, int]:
    return citation.source_id, citation.start


def _repeats(one: Passage, other: Passage) -> bool:
    return one.overlaps(other) or one.text == other.text


def _unmentioned(question: str, found: list[Passage]) -> list[str]:
    """The words of the question that no source uses; only words that name something, and only in a script that sources use."""
    spoken = {term for passage in found for term in passage.terms}
    asked = [w for w in runs(question) if w not in STOPWORDS and len(w) > 3 and w.isascii() and w.isalpha() and stem(w) not in ASKING]
    if not any(term.isascii() and term.isalpha() for term in spoken):
        return []
    return list(dict.fromkeys(word for word in asked if not any(term.startswith(stem(word)[:4]) for term in spoken)))[:4]


def _pairs(number: str, wording: Wording) -> str:
    return number if wording.language == "zh" else f"{number[:1].upper()}{number[1:]} of statements that exclude each other"
