"""A finished report held against its findings, its sources and their texts."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

from reprise_contracts.artifacts import (
    Bar,
    Citation,
    Finding,
    Phase0,
    Phase4,
    Reference,
    Section,
    StepFindings,
)
from reprise_research.checking.claims import (
    code_of,
    doubts,
    gives,
    is_verbatim,
    normal,
    strange_figures,
    terms_of,
)
from reprise_research.checking.faults import Fault
from reprise_research.checking.statements import Statement, statements
from reprise_research.quantities import Kind, marks
from reprise_research.text.citations import is_exact
from reprise_research.text.markup import escaped
from reprise_research.text.sentences import split

_EXTRACTIVE = "extractive"
_MANY = 0.4
"""The share of the words of the shorter text that is shared by two texts about the same."""
_COMMON = 0.2
"""The share of all claims."""


@dataclass
class Made:
    """Everything that a report was made of: what was read, the findings by step, the report, the sources'
    texts by source id."""

    phase0: Phase0
    findings: Mapping[int, StepFindings]
    report: Phase4
    texts: Mapping[str, str]
    versions: Mapping[str, str] = field(default_factory=dict)
    """Texts that are cited, by their hash: those of an outdated report as it read them."""
    moved: bool = False
    """What the report was made of is no longer what there is: its sources were read again, or its steps
    made again. It is held against the texts that it cites, and nothing is asked of what it does not name."""

    @cached_property
    def verbatim(self) -> bool:
        """Whether each statement has to stand in a source word for word."""
        return self.report.meta.engine in ("", _EXTRACTIVE)

    def is_whole(self, citation: Citation) -> bool:
        """Return whether a quote begins and ends with sentences of its source."""
        starts, ends = _edges(self.text_of(citation) or "")
        return citation.start in starts and citation.end in ends

    def text_of(self, citation: Citation) -> str | None:
        """Return the text that a passage is of; None where it is not there."""
        if citation.text_sha256 in self.versions or self.moved:
            return self.versions.get(citation.text_sha256)
        return self.texts.get(citation.source_id)

    def is_as_read(self, source_id: str) -> bool:
        """Return whether a source is today what the report cites of it."""
        today = {source.text_sha256 for source in self.phase0.sources if source.source_id == source_id}
        cited = {
            citation.text_sha256
            for reference in self.report.references
            for citation in reference.citations
            if citation.source_id == source_id
        }
        return cited <= today

    @cached_property
    def cited(self) -> frozenset[tuple[str, int, int]]:
        """The passages that the findings cite: source, start and end."""
        found = [
            citation
            for step in self.findings.values()
            for finding in step.findings
            for citation in _all(finding)
        ]
        return frozenset((citation.source_id, citation.start, citation.end) for citation in found)

    @cached_property
    def common(self) -> frozenset[str]:
        """Words that many claims have: two texts that share nothing else need not be about the same."""
        claims = [
            terms_of(finding.claim, code_of(finding.claim))
            for step in self.findings.values()
            for finding in step.findings
        ]
        counted = Counter(word for words in claims for word in words)
        return frozenset(word for word, count in counted.items() if count > max(3, _COMMON * len(claims)))


def cited_by(made: StepFindings | Phase4) -> Iterator[Citation]:
    """Yield every passage that a step's findings, or a report, cite."""
    if isinstance(made, Phase4):
        for reference in made.references:
            yield from reference.citations
        return
    for finding in made.findings:
        yield from _all(finding)


def is_moved(phase0: Phase0, made: Iterable[StepFindings | Phase4]) -> bool:
    """Return whether something that is cited is of another text than its source has today, or of a source
    that is none any more."""
    today = {(source.source_id, source.text_sha256) for source in phase0.sources}
    return any((one.source_id, one.text_sha256) not in today for each in made for one in cited_by(each))


@lru_cache(maxsize=64)
def _edges(text: str) -> tuple[frozenset[int], frozenset[int]]:
    """Where the sentences of a text begin and end."""
    found = split(text, code_of(text))
    return frozenset(sentence.start for sentence in found), frozenset(sentence.end for sentence in found)


def check_report(made: Made) -> tuple[Fault, ...]:
    """Return every fault of a finished report that code can see, in the order of the artifacts; empty:
    none."""
    return tuple(
        dict.fromkeys(
            [
                *_summaries(made),
                *_findings(made),
                *_references(made),
                *_numbers(made),
                *_markdown(made),
                *_sections(made),
            ]
        )
    )


def check_statements(made: Made) -> tuple[Fault, ...]:
    """Return the faults of what the sections of a report say, whatever stands around them."""
    known = {reference.number for reference in made.report.references}
    unknown = [
        Fault("reference", f"report/{section.section_id}", f"[{number}]", "there is no such reference")
        for section in made.report.sections
        for statement in statements(section.markdown)
        for number in statement.references
        if number not in known
    ]
    return tuple(dict.fromkeys([*unknown, *_sections(made)]))


def _quote(made: Made, citation: Citation, where: str) -> Iterator[Fault]:
    """A quote stands in its source's text, at its place."""
    text = made.text_of(citation)
    ready = {source.source_id: source for source in made.phase0.sources if source.status == "ready"}
    source = ready.get(citation.source_id)
    if made.moved and text is None:
        yield Fault("source", where, citation.quote, "the text that it cites is no longer stored")
    elif text is None or (source is None and not made.moved):
        yield Fault("source", where, citation.quote, f"no source {citation.source_id} was read")
    elif not is_exact(text, citation.quote, citation.start, citation.end):
        yield Fault("quote", where, citation.quote, "the quote does not stand at its place in the source")
    elif source and not made.moved and _is_another(citation.text_sha256, source.text_sha256):
        yield Fault("quote", where, citation.quote, "the quote is of another version of the text")
    elif _cuts(text, citation.start) or _cuts(text, citation.end):
        yield Fault("quote", where, citation.quote, "the quote begins or ends within a word")
    elif made.verbatim and not made.is_whole(citation):
        yield Fault("quote", where, citation.quote, "the quote is no whole sentence of its source")


def _is_another(cited: str | None, own: str | None) -> bool:
    return bool(cited and own and cited != own)


def _cuts(text: str, place: int) -> bool:
    if not 0 < place < len(text):
        return False
    before, after = text[place - 1], text[place]
    return before.isalnum() and after.isalnum() and before.isascii() and after.isascii()


def _summaries(made: Made) -> Iterator[Fault]:
    for summary in made.phase0.summaries:
        text = made.texts.get(summary.source_id, "")
        for excerpt in summary.excerpts:
            if not is_exact(text, excerpt.quote, excerpt.start, excerpt.end):
                yield Fault(
                    "quote",
                    f"phase0/{summary.source_id}",
                    excerpt.quote,
                    "the excerpt does not stand at its place in the source",
                )


def _findings(made: Made) -> Iterator[Fault]:
    for step in made.findings.values():
        for finding in step.findings:
            where = f"findings/{finding.finding_id}"
            for citation in _all(finding):
                yield from _quote(made, citation, where)
            yield from _carried(made, finding.claim, finding.citations, finding.calculation, where)
            for against in finding.contradicts:
                yield from _carried(made, against.claim, (against.citation,), "", where)


def _carried(made: Made, claim: str, citations: Sequence[Citation], sums: str, where: str) -> Iterator[Fault]:
    """A claim stands on its citations, and each of these has to do with it."""
    quotes = [citation.quote for citation in citations]
    if not quotes:
        yield Fault("source", where, claim, "the claim cites nothing")
    elif made.verbatim and normal(claim) != normal(quotes[0]):
        yield Fault("words", where, claim, "the claim is not its quote")
    elif not made.verbatim and not is_verbatim(claim, quotes):
        for doubt in doubts(claim, tuple(quotes), sums):
            yield Fault(doubt.kind, where, claim, doubt.why)
    by_source: dict[str, list[str]] = {}
    for citation in citations[1:] if made.verbatim else citations:
        by_source.setdefault(citation.source_id, []).append(citation.quote)
    for own in by_source.values():
        if not any(_has_to_do(made, claim, quote) for quote in own):
            yield Fault("reference", where, claim, "the quotes of a source have nothing to do with the claim")


def _has_to_do(made: Made, claim: str, passage: str) -> bool:
    """Whether a passage shares a figure with a claim, or words: one that not all claims have, or many; across
    languages nothing speaks against it."""
    code, other = code_of(claim), code_of(passage)
    figures = [mark for mark in marks(claim, code) if mark.kind is not Kind.ORDINAL]
    if code != other or any(gives(known, one) for one in figures for known in marks(passage, other)):
        return True
    words, known = terms_of(claim, code), terms_of(passage, code)
    telling = words - made.common
    return not telling or bool(telling & known) or len(words & known) >= _MANY * min(len(words), len(known))


def _references(made: Made) -> Iterator[Fault]:
    """References are numbered from one, each of another source that was read, under that source's own
    name."""
    sources = {source.source_id: source for source in made.phase0.sources}
    seen: set[str] = set()
    for number, reference in enumerate(made.report.references, start=1):
        where = f"references/{reference.number}"
        if reference.number != number or reference.source_id in seen:
            yield Fault("reference", where, reference.title, "references are not numbered one by one")
        seen.add(reference.source_id)
        source = sources.get(reference.source_id)
        if made.moved and not made.is_as_read(reference.source_id):
            source = None  # it is told as it was
        elif source is None or source.status != "ready":
            yield Fault("source", where, reference.title, "it names a source that was not read")
            continue
        told = (reference.title, reference.url, reference.author, reference.published)
        own = source and (
            source.title or source.source_id,
            source.final_url or source.url,
            source.author,
            source.published,
        )
        if own is not None and told != own:
            yield Fault("name", where, reference.title, "it does not bear the name of its source")
        for citation in reference.citations:
            if citation.source_id != reference.source_id:
                yield Fault("source", where, citation.quote, "it lists a quote of another source")
            elif not made.moved and (citation.source_id, citation.start, citation.end) not in made.cited:
                yield Fault("quote", where, citation.quote, "no finding cites this passage")
            yield from _quote(made, citation, where)


def _numbers(made: Made) -> Iterator[Fault]:
    """Every number in the text has a reference, every reference is in the text, and they first appear in
    their order."""
    known = {reference.number for reference in made.report.references}
    first: list[int] = []
    for section in made.report.sections:
        told = [number for statement in statements(section.markdown) for number in statement.references]
        told += [number for bar in _bars(section) for number in bar.references]
        for number in told:
            if number not in known:
                yield Fault(
                    "reference", f"report/{section.section_id}", f"[{number}]", "there is no such reference"
                )
            elif number not in first:
                first.append(number)
    if first != sorted(first):
        yield Fault(
            "reference",
            "report",
            " ".join(f"[{number}]" for number in first),
            "references do not appear in their order",
        )
    for number in sorted(known - set(first)):
        yield Fault("reference", f"references/{number}", f"[{number}]", "the text never cites it")


def _markdown(made: Made) -> Iterator[Fault]:
    """The report's Markdown is that of its sections and references."""
    whole = made.report.markdown
    at = 0
    for section in made.report.sections:
        part = (
            f"## {escaped(section.title)}\n\n{section.markdown}"
            if section.markdown
            else f"## {escaped(section.title)}"
        )
        found = whole.find(part, at)
        if found < 0:
            yield Fault(
                "markdown",
                f"report/{section.section_id}",
                section.title,
                "the report's text is not that of its section",
            )
            continue
        if whole[at:found].strip() and at:
            yield Fault(
                "markdown",
                f"report/{section.section_id}",
                whole[at:found].strip()[:80],
                "the text holds words of no section",
            )
        at = found + len(part)
    rest = whole[at:].strip()
    for reference in made.report.references:
        line = next((line for line in rest.splitlines() if line.startswith(f"{reference.number}. ")), "")
        details = [word for word in (reference.title, reference.author, reference.published) if word]
        if any(escaped(word) not in line for word in details):
            yield Fault(
                "name",
                f"references/{reference.number}",
                line,
                "the list does not bear the name of its source",
            )
        if (
            reference.url
            and reference.url.startswith("http")
            and reference.url not in line
            and "%" not in line
        ):
            yield Fault("name", f"references/{reference.number}", line, "the list leads to another address")


def _names(label: str, title: str) -> bool:
    """Whether a label is a title, or a long one's beginning."""
    begun, cut, _ = label.rstrip().partition("…")
    return normal(title).startswith(normal(begun)) if cut else normal(label) == normal(title)


def _sections(made: Made) -> Iterator[Fault]:
    references = {reference.number: reference for reference in made.report.references}
    by_id = {finding.finding_id: finding for step in made.findings.values() for finding in step.findings}
    numbers = {reference.source_id: reference.number for reference in made.report.references}
    for section in made.report.sections:
        where = f"report/{section.section_id}"
        own = [by_id[name] for name in section.finding_ids if name in by_id] or list(by_id.values())
        for statement in statements(section.markdown):
            cited = [references[number] for number in statement.references if number in references]
            yield from _remarks(made, section, statement, where)
            if not cited or not statement.text.strip(" .…"):
                continue
            if statement.title and not _names(statement.title, cited[0].title):
                yield Fault("name", where, statement.title, "the view is another source's")
            check = (
                _quoted(made, statement, cited, where)
                if made.verbatim
                else _written(made, statement, cited, own, numbers, where)
            )
            yield from check
        yield from _charts(section, references, where)


def _quoted(made: Made, statement: Statement, cited: list[Reference], where: str) -> Iterator[Fault]:
    """Without a model every statement is a quote of the first source behind it, and the others have to do
    with it."""
    if not is_verbatim(statement.text, [citation.quote for citation in cited[0].citations]):
        yield Fault("words", where, statement.text, f"the statement is no quote of [{cited[0].number}]")
    for reference in cited[1:]:
        if not any(_has_to_do(made, statement.text, citation.quote) for citation in reference.citations):
            yield Fault("reference", where, statement.text, f"[{reference.number}] has nothing to do with it")


def _written(
    made: Made,
    statement: Statement,
    cited: list[Reference],
    own: list[Finding],
    numbers: Mapping[str, int],
    where: str,
) -> Iterator[Fault]:
    """A model's sentence says what findings say that cite its sources, and each of its sources is cited by
    one that has to do with it."""
    wanted = {reference.number for reference in cited}
    behind: list[Finding] = []
    for finding in own:
        cites = {numbers.get(citation.source_id) for citation in _all(finding)}
        told = (finding.claim, *(citation.quote for citation in finding.citations))
        if cites & wanted and any(_has_to_do(made, statement.text, text) for text in told):
            behind.append(finding)
    carried = {numbers.get(citation.source_id) for finding in behind for citation in _all(finding)}
    for number in sorted(wanted - carried) if not made.moved else ():
        yield Fault("reference", where, statement.text, f"no finding ties it to [{number}]")
    passages = [citation.quote for reference in cited for citation in reference.citations]
    claims = [finding.claim for finding in behind]
    sums = " ".join(finding.calculation for finding in behind)
    if is_verbatim(statement.text, [*passages, *claims]):
        return
    for doubt in doubts(statement.text, (*passages, *claims), sums):
        yield Fault(doubt.kind, where, statement.text, doubt.why)


def _all(finding: Finding) -> list[Citation]:
    """Every passage that a finding names: its own, those against it, those beside it."""
    return [*finding.citations, *(other.citation for other in (*finding.contradicts, *finding.beside))]


def _remarks(made: Made, section: Section, statement: Statement, where: str) -> Iterator[Fault]:
    """A remark such as `Disputed: 4 percent or 12 percent` gives figures of the passages that the report
    cites."""
    names = {
        normal(name).strip(".,:;：")
        for source in made.phase0.sources
        for name in (source.title, source.source_id)
    }
    told = [*statement.marks, *([] if statement.text else [statement.label])]
    remarks = [
        remark
        for remark in told
        if normal(remark).strip(".,:;：、 ") not in names and not remark.endswith(("?", "？"))
    ]
    passages = [citation.quote for reference in made.report.references for citation in reference.citations]
    for remark in remarks:
        for one in strange_figures(remark, passages):
            yield Fault("figure", where, remark, f"no cited passage gives “{one.text}”")


def _bars(section: Section) -> list[Bar]:
    return [bar for chart in section.charts for comparison in chart.comparisons for bar in comparison.bars]


def _charts(section: Section, references: Mapping[int, Reference], where: str) -> Iterator[Fault]:
    for bar in _bars(section):
        quotes = [
            citation.quote
            for number in bar.references
            if number in references
            for citation in references[number].citations
        ]
        if not any(normal(bar.text) in normal(quote) for quote in quotes):
            yield Fault("figure", where, bar.text, "the sources of the bar do not give it")
