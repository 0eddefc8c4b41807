"""What a claim says beyond the passages that it cites is seen: figures, units, years, signs, negations,
directions, and whom it gives something to."""

import pytest

from reprise_research.checking.claims import doubts, is_verbatim, strange_figures

_CITY = "The number of people injured on the streets fell by 23 percent in the first year, from 412 to 317."
_COST = "The introduction of the limit cost 1.4 million euros in 2024, most of it for 3,800 new signs."
_BIKES = "Injuries to cyclists did not fall, although far more people were riding."
_KOSTEN = "Die Einführung kostete 2024 rund 1,4 Millionen Euro, das meiste davon für 3.800 Schilder."
_COLD = "In der Nacht sank die Temperatur auf -5 °C."
_YARD = (
    "The navy says that the paint had been thinned. The shipyard denies it, and the insurer asked for two "
    "more years."
)
_WERFT = "Die Werft lieferte die Fähre verspätet. Der Gutachter bemängelte fehlende Pläne."


@pytest.mark.parametrize(
    ("claim", "passage"),
    [
        ("Injuries fell by 23 percent, from 412 people to 317.", _CITY),
        ("The limit cost 1,400,000 euros.", _COST),
        ("In 2024 the limit cost €1.4 million.", _COST),
        ("Die Einführung des Limits kostete 1,4 Millionen Euro.", _COST),
        ("The introduction cost 1.4 million euros, most of it for 3,800 signs.", _KOSTEN),
        ("Three sources speak of the 1.4 million.", _COST),
        ("Injuries to cyclists did not fall.", _BIKES),
        ("At night it was -5 °C.", _COLD),
        ("The insurer asked for two more years.", _YARD),
        ("According to the navy the paint had been thinned, which the shipyard denies.", _YARD),
        (
            "Ole Holm counted 61 seals, Lena Voss 48.",
            "Lena Voss counted 48 seals, while Ole Holm had 61.",
        ),
        ("Fehlende Pläne bemängelte der Gutachter.", _WERFT),
        (
            "The head of the yard blames the frost.",
            "Head injuries rose. The director of the yard blames the frost.",
        ),
    ],
)
def test_a_claim_that_its_passage_carries_raises_no_doubt(claim: str, passage: str) -> None:
    assert doubts(claim, (passage,)) == ()


@pytest.mark.parametrize(
    ("claim", "passage", "kind"),
    [
        ("Injuries fell by 28 percent, from 412 people to 317.", _CITY, "figure"),
        ("Injuries fell by 23 percentage points.", _CITY, "figure"),
        ("The limit cost 1.4 billion euros.", _COST, "figure"),
        ("The limit cost 1.4 million dollars.", _COST, "figure"),
        ("In 2023 the limit cost 1.4 million euros.", _COST, "figure"),
        ("Die Einführung kostete 1,5 Millionen Euro.", _COST, "figure"),
        ("The introduction cost 1.4 million euros, most of it for 3,900 signs.", _KOSTEN, "figure"),
        ("At night it was 5 °C.", _COLD, "figure"),
        ("Injuries to cyclists did fall, although far more people were riding.", _BIKES, "negation"),
        (
            "The number of people injured on the streets rose by 23 percent in the first year.",
            _CITY,
            "direction",
        ),
        ("Bus timetables were printed anew by the transit authority.", _CITY, "words"),
        ("The shipyard asked for two more years.", _YARD, "attribution"),
        ("According to the shipyard the paint had been thinned.", _YARD, "attribution"),
        ("Lena Voss counted 61 seals.", "Lena Voss counted 48 seals, while Ole Holm had 61.", "attribution"),
        ("Die Werft bemängelte fehlende Pläne.", _WERFT, "attribution"),
    ],
)
def test_what_the_passage_does_not_say_is_doubted(claim: str, passage: str, kind: str) -> None:
    assert kind in {doubt.kind for doubt in doubts(claim, (passage,))}


def test_a_sum_that_a_writer_worked_out_may_stand_in_a_claim() -> None:
    assert strange_figures("That is 368 euros for each sign.", [_COST])
    assert not strange_figures("That is 368 euros for each sign.", [_COST, "1400000 / 3800 = 368 euros"])


@pytest.mark.parametrize(
    ("claim", "verbatim"),
    [
        (_CITY, True),
        ("… fell by 23 percent in the first year …", True),
        ("The number of people injured … fell by 23 percent", True),
        ("the number of people  injured on the streets fell", True),
        (
            "The number of people injured on the streets fell by 23 percent in the first year, from 412 to "
            "31",
            False,
        ),
        ("… fell by 3 percent …", False),
        ("from 412 to 317 … fell by 23 percent", False),
        ("The number of people hurt on the streets fell", False),
    ],
)
def test_a_verbatim_claim_is_told_from_another(claim: str, verbatim: bool) -> None:
    assert is_verbatim(claim, [_CITY]) is verbatim


def test_a_sign_is_part_of_a_number() -> None:
    assert not is_verbatim("5 °C", [_COLD])
    assert is_verbatim("auf -5 °C", [_COLD])
