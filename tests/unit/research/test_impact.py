"""What a change of a source touches: passages by their offsets, findings, sentences and sections."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reprise_contracts.artifacts import Citation, Finding, Phase4, Reference, Section, StepFindings
from reprise_research.impact import Touched, Versions

OLD = (
    "The lake\n\n"
    "The level of the lake fell by 40 centimetres last summer. "
    "Fishing fell by 12 percent in the same season.\n"
    "Farms had to save water. Nobody knows what the next year will bring.\n\n"
    "The authority measures every month."
)
SHA = "a" * 64


def cite(quote: str, text: str = OLD, source: str = "src-1") -> Citation:
    start = text.index(quote)
    return Citation(source_id=source, text_sha256=SHA, quote=quote, start=start, end=start + len(quote))


def stands(quote: str, new: str) -> str | None:
    """The passage of the newer text that a quote stands at."""
    one = cite(quote)
    place = Versions(OLD, new).where(one.start, one.end)
    return None if place is None else new[place.start : place.end]


@pytest.mark.parametrize(
    ("new", "quote", "there"),
    [
        (OLD, "Fishing fell by 12 percent in the same season.", True),
        ("News of today\n\n" + OLD, "Farms had to save water.", True),
        (OLD.replace("40", "55"), "Fishing fell by 12 percent in the same season.", True),
        (OLD.replace("40", "55"), "The level of the lake fell by 40 centimetres last summer.", False),
        (OLD.replace("12 percent", "13 percent"), "Fishing fell by 12 percent in the same season.", False),
        (
            OLD.replace("Farms had to save water.", "It is not true that farms had to save water."),
            "Farms had to save water.",
            False,
        ),
        (
            OLD.replace("Fishing fell by 12", "Nobody believes that Fishing fell by 12"),
            "Fishing fell by 12 percent in the same season.",
            False,
        ),
        (OLD.replace("Farms had to save water. ", ""), "Farms had to save water.", False),
        ("Something else.", "The authority measures every month.", False),
        ("", "The authority measures every month.", False),
    ],
)
def test_a_passage_stands_where_its_sentence_is_still_there_word_for_word(
    new: str, quote: str, there: bool
) -> None:
    assert stands(quote, new) == (quote if there else None)


def test_a_passage_is_found_at_its_own_place_and_not_at_an_equal_one() -> None:
    """Two equal lines: what is cited is the second, before and after something is put between them."""
    old = "Fishing fell.\nFarms saved water.\nFishing fell."
    new = "Fishing fell.\nA new line.\nFarms saved water.\nFishing fell."
    start = old.rindex("Fishing")
    place = Versions(old, new).where(start, start + len("Fishing fell."))
    assert place is not None and place.start == new.rindex("Fishing")


def test_what_stands_in_its_place_is_shown() -> None:
    new = OLD.replace("40 centimetres", "55 centimetres")
    one = cite("The level of the lake fell by 40 centimetres last summer.")
    assert "55 centimetres" in Versions(OLD, new).instead(one.start, one.end)


def test_of_what_stands_in_its_place_no_more_is_shown_than_that() -> None:
    """One sentence of a long line changed: it alone is shown, and of another text altogether nothing."""
    lead = "The lake is large. Boats sail on it. "
    old = lead + "The level fell by 40 centimetres last summer. Farms save water. Nobody knows more."
    new = lead + "The level fell by 55 centimetres last summer. Farms waste water. Nobody knows more."
    one = cite("The level fell by 40 centimetres last summer.", old)
    assert Versions(old, new).instead(one.start, one.end) == "The level fell by 55 centimetres last summer."
    other = "The museum opened in May. Its roof is made of glass. Visitors pay six euros."
    assert Versions(old, other).instead(one.start, one.end) == ""


LINES = st.lists(
    st.sampled_from(["The lake fell.", "Boats lay dry.", "It rained. Then it stopped.", ""]), max_size=8
)


@given(old=LINES, new=LINES, data=st.data())
@settings(max_examples=300, deadline=None)
def test_what_is_said_to_stand_is_there(old: list[str], new: list[str], data: st.DataObject) -> None:
    """Whatever became of a text: where a passage stands, the newer text has its very words."""
    before, after = "\n".join(old), "\n".join(new)
    if not before.strip():
        return
    start = data.draw(st.integers(0, len(before) - 1))
    end = data.draw(st.integers(start + 1, len(before)))
    place = Versions(before, after).where(start, end)
    if place is not None and "\n" not in before[start:end]:
        assert after[place.start : place.end].strip() in before[start:end] or (
            before[start:end].strip() in after[place.start : place.end]
        )


LEVEL = "The level of the lake fell by 40 centimetres last summer."
FISH = "Fishing fell by 12 percent in the same season."
STEP = StepFindings(
    step_id=2,
    findings=(
        Finding(finding_id="f-1", claim="The lake is low.", citations=(cite(LEVEL),)),
        Finding(
            finding_id="f-2",
            claim="There is less fish.",
            citations=(cite(FISH), cite("Boats lay dry.", "Boats lay dry.", "src-2")),
        ),
    ),
)
REPORT = Phase4(
    title="Lake",
    sections=(
        Section(
            section_id="step-2",
            title="How low",
            markdown=f"{LEVEL} [1] **{FISH}** [1][2]\n- Boats lay dry\\. [2]",
            finding_ids=("f-1", "f-2"),
        ),
        Section(section_id="step-3", title="Boats", markdown="Boats lay dry. [2]"),
    ),
    references=(
        Reference(number=1, source_id="src-1", citations=(cite(LEVEL), cite(FISH))),
        Reference(number=2, source_id="src-2"),
    ),
)


def test_a_changed_figure_touches_its_finding_its_sentence_and_nothing_else() -> None:
    touched = Touched("src-1", {SHA: OLD}, OLD.replace("40", "55"))
    (finding,) = touched.findings(STEP)
    assert (finding.finding_id, finding.node, finding.passages[0].fate) == ("f-1", "phase3/2", "changed")
    assert "55 centimetres" in finding.passages[0].now
    assert touched.standing([STEP]) == 1
    (section,) = touched.sections(REPORT)
    assert (section.section_id, section.sentences) == ("step-2", (LEVEL,))


def test_a_source_that_is_gone_touches_all_that_rests_on_it_and_what_others_say_stands() -> None:
    touched = Touched("src-1", {SHA: OLD}, None)
    found = touched.findings(STEP)
    assert [(one.finding_id, one.standing) for one in found] == [("f-1", 0), ("f-2", 1)]
    assert {passage.fate for one in found for passage in one.passages} == {"gone"}
    assert [one.sentences for one in touched.sections(REPORT)] == [(LEVEL, FISH)]


def test_an_unchanged_source_touches_nothing() -> None:
    touched = Touched("src-1", {SHA: OLD}, OLD + "\n\nMore below.")
    assert touched.findings(STEP) == () and touched.sections(REPORT) == ()
    assert touched.standing([STEP]) == 2


def test_of_a_text_that_is_lost_the_words_have_to_do() -> None:
    touched = Touched("src-1", {}, OLD.replace("40", "55"))
    assert [one.finding_id for one in touched.findings(STEP)] == ["f-1"]
