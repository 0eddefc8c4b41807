"""Which cited passages still stand in another version of their text, and what rests on those that do not.

A passage stands where every sentence that it is of is still there, word for word: a sentence that was taken
into another one, or got a word more, may say the opposite. Lines that both versions have are matched first,
so that a passage is found at its own place and not at an equal sentence elsewhere.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import SequenceMatcher
from functools import cached_property
from typing import NamedTuple

from reprise_contracts.artifacts import Citation, Phase4, Section, StepFindings
from reprise_contracts.impact import Fate, TouchedFinding, TouchedPassage, TouchedSection
from reprise_contracts.nodes import step_node
from reprise_research.text.sentences import Sentence, split
from reprise_research.text.words import content, shorten

_MANY_LINES = 2_000
"""Lines from which those that are everywhere in a text are no anchors."""
_ALIKE = 0.5
"""The share of the words of both sentences that is in both, from which one stands for the other."""
_SHOWN = 600
"""Characters of what stands in a passage's place."""
MARKS = re.compile(r"(?<!\\)(?:\[\d{1,5}\])+")
NUMBER = re.compile(r"\[(\d{1,5})\]")
_MARKUP = re.compile(r"\\(?=[^\w\s])|[*_`]")


class Place(NamedTuple):
    """Where a passage stands, by code points."""

    start: int
    end: int


class Versions:
    """Two versions of a text, and where the passages of the older one are in the newer."""

    def __init__(self, old: str, new: str, language: str = "en") -> None:
        self._old, self._new, self._language = old, new, language
        self._old_lines, self._new_lines = old.split("\n"), new.split("\n")
        self._old_starts, self._new_starts = _starts(self._old_lines), _starts(self._new_lines)

    @cached_property
    def _blocks(self) -> list[tuple[str, int, int, int, int]]:
        many = len(self._old_lines) > _MANY_LINES or len(self._new_lines) > _MANY_LINES
        return SequenceMatcher(None, self._old_lines, self._new_lines, autojunk=many).get_opcodes()  # type: ignore[return-value]  # the operations are texts

    @cached_property
    def _sentences(self) -> tuple[Sentence, ...]:
        return split(self._old, self._language)

    @cached_property
    def _new_sentences(self) -> tuple[Sentence, ...]:
        return split(self._new, self._language)

    @cached_property
    def _there(self) -> Mapping[str, Sentence]:
        """The sentences of the newer text by what they say; of equal ones the first."""
        found: dict[str, Sentence] = {}
        for sentence in self._new_sentences:
            found.setdefault(sentence.text.strip(), sentence)
        return found

    @cached_property
    def _replaced(self) -> list[tuple[int, int, int, int]]:
        """Runs of sentences that are not those of the older text, and where they stand instead."""
        old, new = (
            [sentence.text.strip() for sentence in sentences]
            for sentences in (self._sentences, self._new_sentences)
        )
        many = len(old) > _MANY_LINES or len(new) > _MANY_LINES
        changes = SequenceMatcher(None, old, new, autojunk=many).get_opcodes()
        return [(a, b, c, d) for operation, a, b, c, d in changes if operation == "replace"]

    def where(self, start: int, end: int) -> Place | None:
        """Where a passage of the older text stands in the newer one; None where it does not stand."""
        if self._old == self._new:
            return Place(start, end)
        first, last = self._line_at(start), self._line_at(max(end - 1, start))
        for operation, old_from, old_to, new_from, _ in self._blocks:
            if operation == "equal" and old_from <= first and last < old_to:
                shift = self._new_starts[new_from] - self._old_starts[old_from]
                return Place(start + shift, end + shift)
        parts = [sentence for sentence in self._sentences if sentence.start < end and start < sentence.end]
        now = [self._there.get(sentence.text.strip()) for sentence in parts]
        if not parts or any(sentence is None for sentence in now):
            return None
        begins, ends = now[0], now[-1]
        if begins is None or ends is None:
            return None
        place = Place(begins.start + max(start - parts[0].start, 0), ends.end - max(parts[-1].end - end, 0))
        return place if place.start < place.end else None

    def instead(self, start: int, end: int) -> str:
        """What stands where a passage was: the sentences that took the place of its own; nothing if none did,
        or where that cannot be told.

        A sentence that was replaced by one has that in its place. Among several it is the one that shares
        most of its words, if that is enough of them: of a text that is another altogether nothing is shown.
        """
        found: dict[int, str] = {}
        for place, sentence in enumerate(self._sentences):
            if sentence.start < end and start < sentence.end:
                for old_from, old_to, new_from, new_to in self._replaced:
                    if old_from <= place < old_to:
                        alone = old_to - old_from == new_to - new_from == 1
                        there = new_from if alone else self._likest(sentence, range(new_from, new_to))
                        if there is not None:
                            found[there] = self._new_sentences[there].text.strip()
        return shorten(" ".join(found[there] for there in sorted(found)), _SHOWN)

    def _likest(self, sentence: Sentence, places: range) -> int | None:
        """The place of the sentence of the newer text that shares most words with one of the older."""
        words = content(sentence.text, self._language)
        shares: dict[int, float] = {}
        for place in places:
            other = content(self._new_sentences[place].text, self._language)
            shares[place] = 2 * len(words & other) / max(len(words) + len(other), 1)
        best = max(shares, key=lambda place: (shares[place], -place), default=None)
        return best if best is not None and shares[best] >= _ALIKE else None

    def _line_at(self, place: int) -> int:
        low, high = 0, len(self._old_starts) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if self._old_starts[middle] <= place:
                low = middle
            else:
                high = middle - 1
        return low


def _starts(lines: Sequence[str]) -> list[int]:
    found, offset = [], 0
    for line in lines:
        found.append(offset)
        offset += len(line) + 1
    return found


class Touched:
    """What rests on one source's passages that do not stand. `texts` are the versions that were cited, by
    hash; `now` is the text of today, None where the source is gone."""

    def __init__(
        self, source_id: str, texts: Mapping[str, str], now: str | None, language: str = "en"
    ) -> None:
        self._source_id = source_id
        self._now = now
        self._versions = {
            sha256: Versions(text, now, language) for sha256, text in texts.items() if now is not None
        }
        self._fates: dict[tuple[str, int, int], Fate | None] = {}

    def fate(self, citation: Citation) -> Fate | None:
        """What became of a passage; None where it stands, or is another source's."""
        if citation.source_id != self._source_id:
            return None
        key = (citation.text_sha256, citation.start, citation.end)
        if key not in self._fates:
            self._fates[key] = self._judged(citation)
        return self._fates[key]

    def _judged(self, citation: Citation) -> Fate | None:
        if self._now is None:
            return "gone"
        versions = self._versions.get(citation.text_sha256)
        if versions is None:  # the text that was read is lost: its words have to do
            return None if citation.quote in self._now else "changed"
        return None if versions.where(citation.start, citation.end) is not None else "changed"

    def findings(self, made: StepFindings) -> tuple[TouchedFinding, ...]:
        """The findings of a step that rest on passages which moved."""
        found = []
        for finding in made.findings:
            passages = tuple(
                self._passage(citation, fate)
                for citation in finding.citations
                if (fate := self.fate(citation)) is not None
            )
            if passages:
                found.append(
                    TouchedFinding(
                        node=step_node(made.step_id),
                        finding_id=finding.finding_id,
                        claim=finding.claim,
                        passages=passages,
                        standing=len(finding.citations) - len(passages),
                    )
                )
        return tuple(found)

    def _passage(self, citation: Citation, fate: Fate) -> TouchedPassage:
        versions = self._versions.get(citation.text_sha256)
        return TouchedPassage(
            text_sha256=citation.text_sha256,
            start=citation.start,
            end=citation.end,
            quote=citation.quote,
            fate=fate,
            now=versions.instead(citation.start, citation.end) if versions is not None else "",
        )

    def standing(self, made: Iterable[StepFindings]) -> int:
        """How many passages of the source are cited and stand, each once."""
        cited = {
            (one.text_sha256, one.start, one.end): one
            for findings in made
            for finding in findings.findings
            for one in finding.citations
            if one.source_id == self._source_id
        }
        return sum(self.fate(one) is None for one in cited.values())

    def sections(self, report: Phase4) -> tuple[TouchedSection, ...]:
        """The sections of a report that rest on passages which moved, with the sentences that do."""
        reference = next((one for one in report.references if one.source_id == self._source_id), None)
        if reference is None or all(self.fate(one) is None for one in reference.citations):
            return ()
        found = []
        for section in report.sections:
            sentences = tuple(self._sentences(section, reference.number, reference.citations))
            if sentences:
                found.append(
                    TouchedSection(section_id=section.section_id, title=section.title, sentences=sentences)
                )
        return tuple(found)

    def _sentences(self, section: Section, number: int, citations: Sequence[Citation]) -> Iterable[str]:
        for line in section.markdown.split("\n"):
            start = 0
            for marks in MARKS.finditer(line):
                said, start = plain(line[start : marks.start()]), marks.end()
                if str(number) in NUMBER.findall(marks[0]):
                    own = [one for one in citations if _is_told(said, one)] or citations
                    if any(self.fate(one) is not None for one in own):
                        yield said


def _is_told(said: str, citation: Citation) -> bool:
    """Whether what the report says before a number is this passage, or a part of it."""
    quote = plain(citation.quote)
    return quote in said or said in quote


def plain(markdown: str) -> str:
    """What a line of the report says, without its markup."""
    return " ".join(_MARKUP.sub("", markdown).lstrip("-|> ").split())
