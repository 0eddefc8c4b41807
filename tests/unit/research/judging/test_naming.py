"""Two names for what has one doer, or what only one can be, exclude each other."""

import pytest

from reprise_research.judging import Ground, Relation, judge
from unit.research.judging.judged import DISPUTE, MEANING, UNLIKE, relation


@pytest.mark.parametrize(
    ("one", "other", "code", "right"),
    [
        ("The opera was written by Carla Voss.", "The opera was written by Emil Brandt.", "en", DISPUTE),
        ("Carla Voss wrote the opera.", "Emil Brandt wrote the opera.", "en", DISPUTE),
        ("The capital of the province is Belford.", "The capital of the province is Ardley.", "en", DISPUTE),
        ("L'opéra a été composé par Carla Voss.", "L'opéra a été composé par Emil Brandt.", "fr", DISPUTE),
        ("The opera was praised by Carla Voss.", "The opera was praised by Emil Brandt.", "en", UNLIKE),
        ("The opera was written by Carla Voss.", "The opera was written by Voss and Brandt.", "en", UNLIKE),
        ("The opera was written by Carla Voss.", "The opera was not written by Emil Brandt.", "en", UNLIKE),
        ("The lecture was given in Oslo.", "The lecture was given in Bergen.", "en", UNLIKE),
        ("In 1990 the cup was won by Arden.", "In 1994 the cup was won by Belmont.", "en", UNLIKE),
        ("The chapel was built by Hart.", "The chapel was built by Ann Hart and Tom Low.", "en", UNLIKE),
    ],
)
def test_two_names_of_one_doer_or_one_role(one: str, other: str, code: str, right: Relation) -> None:
    assert relation(one, other, code) is right


def test_the_names_are_the_evidence() -> None:
    found = judge(
        "The opera was written by Carla Voss.", "The opera was written by Emil Brandt.", ("en", "en"), MEANING
    )
    assert (found.ground, found.evidence) == (Ground.NAMES, ("Carla Voss", "Emil Brandt"))
