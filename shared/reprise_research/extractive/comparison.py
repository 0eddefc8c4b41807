"""The two steps that build on others: where the sources agree and disagree, and what is missing."""

from collections.abc import Mapping

import numpy as np
from scipy import sparse

from reprise_contracts.artifacts import Citation, Contradiction, Finding, PreparedSource, ScratchpadEntry, Step, StepFindings
from reprise_research.extractive.agreement import agree, backs
from reprise_research.extractive.conflicts import conflict
from reprise_research.extractive.disputes import telling_figure
from reprise_research.extractive.evidence import cited, closeness, gather, with_voices
from reprise_research.extractive.subjects import Topic
from reprise_research.extractive.wording import Wording, wording_for
from reprise_research.languages import knows, language
from reprise_research.text.duplicates import same_words
from reprise_research.text.figures import figures, same
from reprise_research.text.language import is_chinese, language_of
from reprise_research.text.passages import Passage
from reprise_research.text.prose import is_unknown
from reprise_research.text.ranking import rows_of
from reprise_research.text.words import asking, runs, stem, stop_words, terms

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
    asked: str = "",
) -> StepFindings:
    """The disagreements among all findings, then the statements that most independent sources share, counted over all sources."""
    wording = wording_for(topic, asked)
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
        insights.append(wording.filled(wording.disagreements, pairs=len(disputed)))
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
    asked: str = "",
) -> StepFindings:
    """What the sources call unknown, in their words; what the steps before could not answer; what nobody mentions."""
    wording = wording_for(topic, asked)
    found = gather(sources, texts)
    hashes = {source.source_id: source.text_sha256 or "" for source in sources}
    close = closeness(found, f"{topic} {guidance}")
    told: list[Passage] = []
    for passage, nearness in zip(found, close, strict=True):
        if (len(found) > _MANY and nearness < _NEAR) or not is_unknown(passage.text, passage.language):
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
    rows = rows_of(
        [
            *(terms(f.claim, language_of(f.claim) or "en") for f in every),
            *(terms(passage.text, passage.language) for passage in found),
        ]
    )
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
    """The words of the question that no source in its language uses: only words that name something, and only if there are such sources."""
    code = language_of(question) or ""
    spoken = {term for passage in found if passage.language == code for term in passage.terms}
    known = knows(code) and language(code).spaces
    if not spoken or not known:
        return []
    named = language(code).words.general | language(code).movement.up | language(code).movement.down
    asked = [w for w in runs(question, code) if w not in stop_words(code) and w not in named and len(w) > 3 and w.isalpha()]
    stems = {word: stem(word, code) for word in dict.fromkeys(asked)}
    return [word for word, own in stems.items() if own not in asking(code) and not any(term.startswith(own[:4]) for term in spoken)][:4]
