"""What stands behind a colon, a dash or a `because` explains what is said, and hides no dispute of it."""

import pytest

from reprise_research.judging import Relation
from unit.research.judging.judged import DISPUTE, UNLIKE, relation


@pytest.mark.parametrize(
    ("one", "other", "code", "right"),
    [
        (
            "The ferry is safe: no accident has been recorded in twelve years.",
            "The ferry is dangerous.",
            "en",
            DISPUTE,
        ),
        (
            "The orchard is profitable because the trees are young.",
            "The orchard is not profitable.",
            "en",
            DISPUTE,
        ),
        (
            "The quarry was closed in 2011 because the stone was poor.",
            "The quarry was not closed in 2011.",
            "en",
            DISPUTE,
        ),
        (
            "The vote was valid; the clerk had counted the papers twice.",
            "The vote was invalid.",
            "en",
            DISPUTE,
        ),
        (
            "Die Brücke ist sicher, weil sie im Mai geprüft wurde.",
            "Die Brücke ist nicht sicher.",
            "de",
            DISPUTE,
        ),
        ("Le pont est ouvert, car les travaux sont finis.", "Le pont est fermé.", "fr", DISPUTE),
        (
            "El puente está abierto: las obras han terminado en mayo.",
            "El puente está cerrado.",
            "es",
            DISPUTE,
        ),
        ("The levy was rejected, which cost the town its mill.", "The levy was approved.", "en", DISPUTE),
        (
            "La mairie a refusé le permis, ce qui a surpris les habitants.",
            "La mairie a accordé le permis.",
            "fr",
            DISPUTE,
        ),
        (
            "The levy was approved, although the members objected.",
            "The levy was rejected.",
            "en",
            DISPUTE,
        ),
        ("Although it had rained for days, the levee held.", "The levee did not hold.", "en", DISPUTE),
        (
            "Obwohl der Winter mild war, ist die Brücke gesperrt.",
            "Die Brücke ist nicht gesperrt.",
            "de",
            DISPUTE,
        ),
        ("Le moulin est ouvert, bien que le toit fuie.", "Le moulin est fermé.", "fr", DISPUTE),
        ("Because of the ice, the road is closed.", "The road is open.", "en", UNLIKE),
        ("Since the mill was shut, the road is closed.", "The road is open.", "en", UNLIKE),
        ("Although some of the pools are shut, the pool is open.", "The pool is closed.", "en", UNLIKE),
        ("The pool is open: it is used only by schools.", "The pool is closed.", "en", UNLIKE),
        ("The shop was not closed because of the fire.", "The shop was closed.", "en", UNLIKE),
        ("The road is closed if it rains.", "The road is open.", "en", UNLIKE),
        ("Sales fell because the plant was shut in 2019.", "Sales rose in 2021.", "en", UNLIKE),
        ("Die Miete stieg um 12 Prozent.", "Die Miete stieg um 3 Prozent im Jahr 2020.", "de", UNLIKE),
    ],
)
def test_an_explanation_hides_no_dispute_and_makes_none(
    one: str, other: str, code: str, right: Relation
) -> None:
    """What narrows is no explanation, nor is what a denial may reach."""
    assert relation(one, other, code) is right
