"""What code sees in a claim without a reader: figures that changed places, opposites, a certainty that is not
the passage's. `benchmarks/claims.py` measures the whole."""

import pytest
from benchmarks.claims import cases, refused

from reprise_research.llm.contradictions import swapped, too_sure

LEAST = {"en": (29, 18), "de": (29, 14), "zh": (29, 16)}


@pytest.mark.parametrize("code", LEAST)
def test_right_claims_stand_and_most_false_ones_of_this_kind_do_not(code: str) -> None:
    """On passages of fields that nothing was tuned to; one less than was measured."""
    own = cases(code)
    kept, caught = LEAST[code]
    assert sum(not refused(case.right, case.passage) for case in own) >= kept
    assert sum(bool(refused(case.false, case.passage)) for case in own) >= caught


@pytest.mark.parametrize(
    ("claim", "is_swapped"),
    [
        ("The mill ground 40 tonnes of rye and 90 of wheat.", False),
        ("Of wheat the mill ground 90 tonnes, of rye 40.", False),
        ("The mill ground 90 tonnes of rye and 40 of wheat.", True),
        ("The mill ground 40 tonnes.", False),
        ("The mill ground 130 tonnes.", False),
    ],
)
def test_a_figure_that_took_anothers_place_is_seen(claim: str, is_swapped: bool) -> None:
    passage = "The mill ground 40 tonnes of rye and 90 tonnes of wheat."
    assert bool(swapped(claim, (passage,))) is is_swapped


def test_a_clause_that_is_sure_makes_a_claim_sure() -> None:
    """Though the sentence around it supposes something else."""
    passage = "Perhaps the weir will be removed: trout returned to the upper river in 2021."
    assert too_sure("Trout returned to the upper river in 2021.", (passage,)) == ""
    assert too_sure("The weir was removed.", ("Perhaps the weir was removed.",)) != ""
