"""What a finding, or a sentence of a report, rests on: the passages, word for word, and whether they still
stand in their sources."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from reprise_client import AsyncClient, Refused
from reprise_contracts.artifacts import Citation, Finding, Phase4, Section, StepFindings
from reprise_contracts.impact import TouchedPassage
from reprise_contracts.problems.model import Problem
from reprise_contracts.sources import Source

AROUND = 200
"""Characters before and after a passage that are shown with it."""
NOT_READ = (
    "The source was replaced, and its new text has not been read: what moved is known after the preparation "
    "(rerun phase0)."
)
_MARKS = re.compile(r"(?<!\\)(?:\[\d{1,5}\])+")
_NUMBER = re.compile(r"\[(\d{1,5})\]")


@dataclass(frozen=True)
class Said:
    """A sentence of a report, and the passages behind it."""

    words: str
    section: Section
    citations: tuple[Citation, ...]


def finding_of(steps: Iterable[StepFindings], finding_id: str) -> tuple[StepFindings, Finding]:
    """A finding by its id, with its step; raises `Refused` (not_found)."""
    for step in steps:
        for finding in step.findings:
            if finding.finding_id == finding_id:
                return step, finding
    raise Refused.by(
        Problem(
            type="not_found",
            field="finding_id",
            detail="No step has such a finding now.",
            action="Call `findings` for those that there are.",
        )
    )


def sentence_of(report: Phase4, sentence: str) -> Said:
    """The place of a report that says a sentence, with the passages that its numbers stand for; raises
    `Refused` (not_found)."""
    wanted = _bare(_MARKS.sub(" ", sentence))
    for section in report.sections:
        for words, numbers in _sentences(section):
            if wanted and (wanted in _bare(words) or (len(_bare(words)) > AROUND and _bare(words) in wanted)):
                return Said(words, section, tuple(_passages(report, words, numbers)))
    raise Refused.by(
        Problem(
            type="not_found",
            field="sentence",
            detail="No numbered sentence of the report's sections says this.",
            action="Take it from the report word for word; without a number it cites nothing.",
        )
    )


def _sentences(section: Section) -> Iterator[tuple[str, frozenset[int]]]:
    """The words before each group of numbers, with the numbers."""
    for line in section.markdown.split("\n"):
        start = 0
        for marks in _MARKS.finditer(line):
            yield line[start : marks.start()].strip(), frozenset(map(int, _NUMBER.findall(marks[0])))
            start = marks.end()


def _passages(report: Phase4, words: str, numbers: frozenset[int]) -> Iterator[Citation]:
    """Of each source that is named the passages that these words tell; where none is told word for word, all
    that the report cites of it."""
    for reference in report.references:
        if reference.number in numbers:
            said = _bare(words)
            told = [one for one in reference.citations if _overlap(_bare(one.quote), said)]
            yield from told or reference.citations


def _overlap(one: str, other: str) -> bool:
    return bool(one and other) and (one in other or other in one)


def _bare(text: str) -> str:
    """Letters and digits alone: markup and marks of punctuation say nothing."""
    return re.sub(r"\W+", " ", text).strip().casefold()


def _title(source: Source | None) -> str | None:
    if source is None:
        return None
    return source.title or (source.stored.title if source.stored is not None else None)


class Standing:
    """Where passages stand: read from their sources, and compared by the server with today's texts."""

    def __init__(self, client: AsyncClient, batch_id: str, session_id: str) -> None:
        self._client, self._batch_id, self._session_id = client, batch_id, session_id
        self._sources: dict[str, Source] = {}
        self._texts: dict[str, str | None] = {}
        self._moved: dict[str, tuple[TouchedPassage, ...]] = {}
        self._unread: set[str] = set()

    async def of(self, citations: Sequence[Citation]) -> list[dict[str, object]]:
        """Each passage with its source, what is around it, and whether it still stands."""
        batch = await self._client.batch(self._batch_id)
        self._sources = {source.source_id: source for source in batch.sources}
        unique = {(one.source_id, one.text_sha256, one.start, one.end): one for one in citations}
        return [await self._one(citation) for citation in unique.values()]

    async def _one(self, citation: Citation) -> dict[str, object]:
        source = self._sources.get(citation.source_id)
        text = await self._text(citation)
        exact = text is not None and text[citation.start : citation.end] == citation.quote
        told: dict[str, object] = {
            "source_id": citation.source_id,
            "source_title": _title(source),
            "url": source.url if source else None,
            "quote": citation.quote,
            "text_sha256": citation.text_sha256,
            "start": citation.start,
            "end": citation.end,
            "verified": exact,
            **(await self._stands(citation, source)),
        }
        if text is not None and exact:
            told["before"] = text[max(0, citation.start - AROUND) : citation.start]
            told["after"] = text[citation.end : citation.end + AROUND]
        return told

    async def _text(self, citation: Citation) -> str | None:
        if citation.text_sha256 not in self._texts:
            try:
                text = await self._client.text(self._batch_id, citation.source_id, citation.text_sha256)
            except Refused:  # gone with what cited it, or lost
                self._texts[citation.text_sha256] = None
            else:
                self._texts[citation.text_sha256] = text
        return self._texts[citation.text_sha256]

    async def _stands(self, citation: Citation, source: Source | None) -> dict[str, object]:
        """Whether the passage is in today's text of its source, by the server's own judgement."""
        stored = source.stored if source is not None and source.check is None else None
        if stored is not None and stored.text_sha256 == citation.text_sha256:
            return {"stands": True}
        passages = await self._moved_of(citation.source_id)
        if citation.source_id in self._unread:
            return {"stands": None, "why_not_known": NOT_READ}
        moved = next(
            (
                one
                for one in passages
                if (one.text_sha256, one.start, one.end)
                == (citation.text_sha256, citation.start, citation.end)
            ),
            None,
        )
        if moved is None:
            return {"stands": source is not None}
        return {"stands": False, "fate": moved.fate, "now": moved.now}

    async def _moved_of(self, source_id: str) -> tuple[TouchedPassage, ...]:
        if source_id not in self._moved:
            try:
                impact = await self._client.impact(self._batch_id, source_id)
            except Refused:  # removed: whoever cites it is told that it is not there
                self._moved[source_id] = ()
            else:
                if impact.unread:
                    self._unread.add(source_id)
                self._moved[source_id] = tuple(
                    passage
                    for session in impact.sessions
                    if session.session_id == self._session_id
                    for finding in session.findings
                    for passage in finding.passages
                )
        return self._moved[source_id]
