"""Two reports beside each other: what one says that the other does not."""

from reprise_contracts.artifacts import Phase4, Reference, Section
from reprise_research.comparing import comparison


def report(*sections: tuple[str, str, str], sources: tuple[str, ...] = ("a", "b")) -> Phase4:
    """A report of (id, title, Markdown), whose references have these addresses, numbered in order."""
    return Phase4(
        title="T",
        sections=tuple(
            Section(section_id=name, title=title, markdown=text) for name, title, text in sections
        ),
        references=tuple(
            Reference(number=number, source_id=f"src-{number}", url=f"https://example.org/{name}")
            for number, name in enumerate(sources, 1)
        ),
    )


def test_another_number_of_the_same_source_is_no_difference_and_another_source_is() -> None:
    this = report(("s1", "Costs", "It costs ten. [1] It lasts long. [2]"))
    renumbered = report(("s1", "Costs", "It costs ten. [2] It lasts long. [1]"), sources=("b", "a"))
    elsewhere = report(("s1", "Costs", "It costs ten. [1] It lasts long. [1]"), sources=("a",))
    assert [one.change for one in comparison("s", this, "t", renumbered).sections] == ["same"]
    found = comparison("s", this, "t", elsewhere)
    (section,) = found.sections
    assert (section.change, section.shared) == ("differs", 1)
    assert section.only_this == ("It lasts long. [2]",) and section.only_other == ("It lasts long. [1]",)
    assert found.sources_only_this == ("https://example.org/b",) and found.sources_only_other == ()


def test_sections_are_matched_by_title_and_then_by_their_id() -> None:
    """A title that stands elsewhere is never taken for another one."""
    this = report(("s1", "Costs", "Ten."), ("s2", "Risks", "Few."), ("s3", "Winners", "All."))
    other = report(
        ("s1", "Risks", "Many."), ("s2", "Costs", "Ten."), ("s3", "Who wins", "All."), ("s4", "New", "Yes.")
    )
    found = comparison("s", this, "t", other).sections
    assert [(one.title, one.change) for one in found] == [
        ("Costs", "same"),
        ("Risks", "differs"),
        ("Winners", "same"),
        ("New", "only_other"),
    ]
    assert found[1].only_this == ("Few.",) and found[3].only_other == ("Yes.",)
    back = comparison("t", other, "s", this).sections
    assert [one.change for one in back] == ["differs", "same", "same", "only_this"]
    assert back[0].only_this == ("Many.",) and back[0].only_other == ("Few.",)
