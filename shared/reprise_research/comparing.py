"""What two reports say that the other does not, section by section."""

from collections.abc import Iterator, Mapping

from reprise_contracts.artifacts import Phase4, Reference, Section
from reprise_contracts.comparing import Comparison, SectionComparison
from reprise_research.impact import MARKS, NUMBER, plain
from reprise_research.text.sentences import split

Sentences = Mapping[str, str]
"""Each sentence as its report has it, by what it says: its references by what they refer to."""


def source_of(reference: Reference) -> str:
    """What a reference refers to, alike in the reports of two batches."""
    return reference.url or reference.title or reference.source_id


def comparison(session_id: str, this: Phase4, other_id: str, other: Phase4) -> Comparison:
    """The reports of two sessions beside each other."""
    mine, theirs = [dict.fromkeys(map(source_of, report.references)) for report in (this, other)]
    return Comparison(
        session_id=session_id,
        other_id=other_id,
        sections=compare(this, other),
        sources_only_this=tuple(source for source in mine if source not in theirs),
        sources_only_other=tuple(source for source in theirs if source not in mine),
    )


def compare(this: Phase4, other: Phase4) -> tuple[SectionComparison, ...]:
    """The sections of both reports, matched by their titles, and those left by their ids."""
    left = list(other.sections)
    found: list[SectionComparison] = []
    for section in this.sections:
        match = _match(section, left, this)
        if match is not None:
            left.remove(match)
        found.append(
            _compared(section.title, _sentences(section, this), _sentences(match, other) if match else None)
        )
    return (*found, *(_compared(section.title, None, _sentences(section, other)) for section in left))


def _match(section: Section, left: list[Section], this: Phase4) -> Section | None:
    """The section of the other report that is this one's; a title that this report has elsewhere is not
    taken."""
    titles = {one.title.casefold() for one in this.sections}
    ranked = (
        (one for one in left if one.title.casefold() == section.title.casefold()),
        (one for one in left if one.section_id == section.section_id and one.title.casefold() not in titles),
    )
    return next((one for candidates in ranked for one in candidates), None)


def _sentences(section: Section, report: Phase4) -> Sentences:
    """What the section says: up to each group of numbers, with what they refer to; the rest by sentences."""
    sources = {str(reference.number): source_of(reference) for reference in report.references}
    found: dict[str, str] = {}
    for line in section.markdown.split("\n"):
        start = 0
        for marks in MARKS.finditer(line):
            said, start = plain(line[start : marks.start()]), marks.end()
            cited = sorted(sources.get(number, number) for number in NUMBER.findall(marks[0]))
            found[f"{said} {cited}"] = f"{said} {marks[0]}".strip()
        rest = (plain(sentence.text) for sentence in split(line[start:]))
        found.update({said: said for said in rest if any(map(str.isalnum, said))})
    return found


def _compared(title: str, this: Sentences | None, other: Sentences | None) -> SectionComparison:
    if this is None or other is None:
        change = "only_other" if this is None else "only_this"
    else:
        change = "same" if this.keys() == other.keys() else "differs"
    mine, theirs = this or {}, other or {}
    return SectionComparison.model_validate(
        {
            "title": title,
            "change": change,
            "only_this": tuple(_lacking(mine, theirs)),
            "only_other": tuple(_lacking(theirs, mine)),
            "shared": len(mine.keys() & theirs.keys()),
        }
    )


def _lacking(ours: Sentences, theirs: Sentences) -> Iterator[str]:
    return (text for said, text in ours.items() if said not in theirs)
