"""The year that is told around a passage is the passage's, too."""

import pytest

from reprise_research.judging import Relation, judging
from reprise_research.judging.years import year_around
from reprise_research.text.passages import Passage, passages
from unit.research.judging.judged import AGREEMENT, DISPUTE, UNLIKE


def last(text: str, source: str, title: str = "") -> Passage:
    """The last passage of a source's text."""
    return passages(text, source, f"{source}.example", "en", title)[-1]


@pytest.mark.parametrize(
    ("one", "other", "titles", "right"),
    [
        (
            "The summer of 2023 was dry. The reservoir held 40 percent of its water in August.",
            "The reservoir held 25 percent of its water in August 2023.",
            ("", ""),
            DISPUTE,
        ),
        (
            "The summer of 2021 was dry. The reservoir held 40 percent of its water in August.",
            "The reservoir held 25 percent of its water in August 2023.",
            ("", ""),
            UNLIKE,
        ),
        (
            "The reservoir held 40 percent of its water in August.",
            "The reservoir held 25 percent of its water in August.",
            ("Water report 2019", "Water report 2023"),
            UNLIKE,
        ),
        (
            "The reservoir held 40 percent of its water in August.",
            "The reservoir held 25 percent of its water in August.",
            ("Water report 2023", "Levels of 2023"),
            DISPUTE,
        ),
        (
            "The reservoir held 40 percent of its water in August.",
            "The reservoir held 25 percent of its water in August.",
            ("Water report 2019 to 2023", "Levels"),
            DISPUTE,
        ),
        (
            "The council rejected the plan for the quay.",
            "The plan for the quay was rejected by the council.",
            ("Minutes 2019", "Minutes 2023"),
            UNLIKE,
        ),
        (
            "The council rejected the plan for the quay.",
            "The plan for the quay was rejected by the council.",
            ("Minutes 2019", "Minutes of 4 May 2019"),
            AGREEMENT,
        ),
    ],
)
def test_what_is_told_of_two_years_is_of_two_things(
    one: str, other: str, titles: tuple[str, str], right: Relation
) -> None:
    first, second = last(one, "a", titles[0]), last(other, "b", titles[1])
    found, turned = judging().relation(first, second), judging().relation(second, first)
    assert (found.relation, turned.relation) == (right, right)


@pytest.mark.parametrize(
    ("text", "title", "year"),
    [
        ("In 2019 the mill burnt down. The loss was 4 million euros.", "Report 2020", "2019"),
        ("In 2019 and 2020 the mill stood still. The loss was 4 million euros.", "Report 2020", ""),
        ("The mill burnt down. The loss was 4 million euros.", "Report 2020", "2020"),
        ("The loss was 4 million euros in 2018.", "Report 2020", ""),
        ("The loss was 4 million euros.", "Report", ""),
    ],
)
def test_the_nearest_year_counts_and_only_if_it_is_one(text: str, title: str, year: str) -> None:
    assert year_around(last(text, "a", title)) == year
