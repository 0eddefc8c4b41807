"""What a question may be answered from: sources under labels that hold for the whole session, their sentences
under numbers, and the findings of earlier steps. It turns the ids that a model names into citations; a model
that copies words instead is looked up as well."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from reprise_contracts.artifacts import Citation, Finding, PreparedSource, StepFindings
from reprise_research.brief import Library
from reprise_research.extractive.voices import handed_on
from reprise_research.llm.grounding import find
from reprise_research.llm.numbering import Unit, named, rendered, runs_of, units
from reprise_research.llm.prompts import Material
from reprise_research.llm.windowing import LABEL, Estimate
from reprise_research.text.citations import Place
from reprise_research.text.prose import instructs
from reprise_research.text.ranking import bm25
from reprise_research.text.words import runs, shorten, terms

LabelOf = Callable[[str], str]
"""The label of a source, by its id."""
_TELLING = 20
"""Characters of a quote that can hardly stand in two sources by chance."""
_ENDS = (".", "!", "?", "。", "！", "？")
_LABELLED = re.compile(r"^\W*(?P<label>[A-Z]\d+)\W+")
_PIECE = 900
"""Characters of the pieces of a long text that are chosen for a question: some sentences, enough to be
understood."""
_SHORTEST = 240
_NEAR = 1 / 3
"""The share of a statement's terms that a sentence near to it has."""


class Evidence:
    """The texts of a library, and what earlier steps found."""

    def __init__(
        self, library: Library, texts: Mapping[str, str], earlier: Mapping[int, StepFindings] | None = None
    ) -> None:
        self.texts = texts
        self.labels: dict[str, PreparedSource] = {
            f"S{library.numbers[s.source_id]}": s for s in library.sources
        }
        self._label_of = {source.source_id: label for label, source in self.labels.items()}
        self._handed_on: dict[str, frozenset[str]] | None = None
        self._earlier = {f"F{number}": done for number, done in sorted((earlier or {}).items())}

    def label_of(self, source_id: str) -> str:
        """The label of a source; empty for one that is not here."""
        return self._label_of.get(source_id, "")

    def title(self, source_id: str) -> str:
        """The title of a source; empty for one that is not here."""
        label = self.label_of(source_id)
        return self.labels[label].title if label else ""

    def handed_on(self, topic: str) -> dict[str, frozenset[str]]:
        """Of each source, those whose makers it names: it is no second voice beside them."""
        if self._handed_on is None:
            self._handed_on = handed_on(tuple(self.labels.values()), self.texts, topic)
        return self._handed_on

    def titles(self) -> dict[str, str]:
        """Who speaks, by label."""
        return {label: source.title[:80] for label, source in self.labels.items()}

    # What is shown

    def sources(self, query: str, budget: int, estimate: Estimate) -> tuple[Material, ...]:
        """The sources within `budget` tokens: whole where all of them fit, else of each what answers the
        query best."""
        return self._shown(self._chosen(query, budget, estimate))

    def more(
        self, query: str, shown: Iterable[Material], budget: int, estimate: Estimate
    ) -> tuple[Material, ...]:
        """What else of the sources answers a query, within `budget` tokens, of that which is not shown
        yet."""
        seen = {(one.label, number) for one in shown for number in _numbers(one.text)}
        return self._shown(self._chosen(query, budget, estimate, seen))

    def shows_all(self, shown: Iterable[Material]) -> bool:
        """Whether every sentence of every source is among what is shown."""
        given = {one.label: set(_numbers(one.text)) for one in shown}
        return all(
            {unit.number for unit in self._units(label)} <= given.get(label, set())
            for label in self.labels
            if self._units(label)
        )

    def findings(self) -> tuple[Material, ...]:
        """What earlier steps found, a block for each step: its claims with who says them, its insights, and
        what it left open."""
        return tuple(
            Material(
                label,
                done.title,
                "\n".join(
                    f"{number} {line}" for number, line in enumerate(lines_of(done, self.label_of), start=1)
                ),
            )
            for label, done in self._earlier.items()
            if done.findings or done.gaps
        )

    def nearest(self, statement: str, most: int = 2) -> list[str]:
        """The sentences of all sources that come nearest to a statement, each with who says it; none that
        shares less than a third of its terms."""
        every = [(label, unit) for label in self.labels for unit in self._units(label)]
        words = [self._words(label, [unit]) for label, unit in every]
        told, asked = [terms(one) for one in words], terms(statement)
        score = bm25(told, asked)
        best = sorted(range(len(every)), key=lambda i: (-float(score[i]), i))[:most]
        return [
            f"{every[i][0]}: {words[i]}"
            for i in sorted(best)
            if len(set(told[i]) & set(asked)) >= _NEAR * len(set(asked))
        ]

    # What is named

    def cited(self, said: Iterable[str]) -> tuple[list[Citation], int]:
        """The passages that are meant, each once in the order given, and how many of those that were named
        are none."""
        found: dict[tuple[str, int], Citation] = {}
        lost = 0
        for one in said:
            citations = self._meant(one)
            lost += not citations
            for citation in citations:
                found.setdefault((citation.source_id, citation.start), citation)
        return list(found.values()), lost

    def _meant(self, said: str) -> list[Citation]:
        meant = [citation for label, number in named(said) for citation in self._at(label, number)]
        return meant or self._quoted(said)

    def _at(self, label: str, number: int) -> list[Citation]:
        if label in self._earlier:
            own = self._earlier[label].findings
            return list(own[number - 1].citations) if 0 < number <= len(own) else []
        known = self._units(label) if label in self.labels else ()
        if not 0 < number <= len(known):
            return []
        unit, source = known[number - 1], self.labels[label]
        return self._checked(source, Place(unit.start, unit.end, 1.0))

    def _quoted(self, said: str) -> list[Citation]:
        """A quote in the source that it names, exactly or nearly; without a label, or under a wrong one,
        where it stands word for word."""
        label = _LABELLED.match(said)
        quote = (
            said[label.end() :].strip()
            if label is not None and label["label"] in self.labels
            else said.strip()
        )
        source = self.labels.get(label["label"]) if label is not None else None
        if source is not None and (place := find(self.texts[source.source_id], quote)) is not None:
            return self._checked(source, place)
        for other in self.labels.values() if len(quote) >= _TELLING else ():
            start = self.texts[other.source_id].find(quote.strip('"“”„«» '))
            if start >= 0:
                return self._checked(other, Place(start, start + len(quote.strip('"“”„«» ')), 1.0))
        return []

    def _checked(self, source: PreparedSource, place: Place) -> list[Citation]:
        """The passage, unless it says no more than its source's title, or speaks to a machine."""
        text = self.texts[source.source_id]
        quote = text[place.start : place.end]
        line = text[text.rfind("\n", 0, place.start) + 1 :].split("\n", 1)[0].rstrip()
        if instructs(quote) or (
            not line.endswith(_ENDS) and " ".join(runs(quote)) in " ".join(runs(source.title))
        ):
            return []
        return [
            Citation(
                source_id=source.source_id,
                text_sha256=source.text_sha256 or "",
                quote=quote,
                start=place.start,
                end=place.end,
                score=place.score,
            )
        ]

    def _units(self, label: str) -> tuple[Unit, ...]:
        return units(self.texts[self.labels[label].source_id])

    def _shown(self, chosen: Mapping[str, Sequence[Unit]]) -> tuple[Material, ...]:
        return tuple(
            Material(label, self.labels[label].title, rendered(self.texts[self.labels[label].source_id], own))
            for label, own in chosen.items()
            if own
        )

    def _chosen(
        self,
        query: str,
        budget: int,
        estimate: Estimate,
        seen: frozenset[tuple[str, int]] | set[tuple[str, int]] = frozenset(),
    ) -> dict[str, list[Unit]]:
        open_ = {
            label: [unit for unit in self._units(label) if (label, unit.number) not in seen]
            for label in self.labels
        }
        texts = {
            label: rendered(self.texts[self.labels[label].source_id], own) for label, own in open_.items()
        }
        tokens = sum(estimate(text) + LABEL for text in texts.values())
        if tokens <= budget:
            return open_
        size = min(_PIECE, max(_SHORTEST, sum(map(len, texts.values())) * budget // (3 * tokens)))
        pieces = [
            (label, piece)
            for label, own in open_.items()
            for row in runs_of(own)
            for piece in _pieces(row, size)
        ]
        words = [self._words(label, piece) for label, piece in pieces]
        score = bm25([terms(text) for text in words], terms(query))
        found: dict[str, list[Unit]] = {}
        left = budget
        for index in sorted(range(len(pieces)), key=lambda i: (-float(score[i]), i)):
            label, piece = pieces[index]
            cost = estimate(words[index]) + 3 * len(piece) + (4 if label in found else LABEL)
            if not found or (cost <= left and score[index] > 0):
                found.setdefault(label, []).extend(piece)
                left -= cost
        return {
            label: sorted(found[label], key=lambda unit: unit.number)
            for label in self.labels
            if label in found
        }

    def _words(self, label: str, piece: Sequence[Unit]) -> str:
        return self.texts[self.labels[label].source_id][piece[0].start : piece[-1].end]


def lines_of(done: StepFindings, label_of: LabelOf) -> list[str]:
    """What a step found, a line each, in an order that gives every claim the number of its place: claims,
    insights, gaps."""
    return [
        *(line_of(finding, label_of) for finding in done.findings),
        *(f"(insight) {insight}" for insight in done.insights),
        *(f"(open) {gap}" for gap in done.gaps),
    ]


def line_of(finding: Finding, label_of: LabelOf) -> str:
    """A claim with who says it, and who says otherwise."""
    own = dict.fromkeys(label for c in finding.citations if (label := label_of(c.source_id)))
    against = [
        f"; {label} says otherwise: {shorten(c.claim, 140)}"
        for c in finding.contradicts
        if (label := label_of(c.citation.source_id))
    ]
    return f"{finding.claim} ({', '.join(own)}{''.join(against)})"


def _numbers(text: str) -> list[int]:
    return [int(head) for line in text.split("\n") if (head := line.partition(" ")[0]).isdigit()]


def _pieces(row: Sequence[Unit], size: int) -> list[list[Unit]]:
    """A row of sentences in pieces of about `size` characters."""
    found: list[list[Unit]] = []
    for unit in row:
        if found and unit.end - found[-1][0].start <= size:
            found[-1].append(unit)
        else:
            found.append([unit])
    return found
