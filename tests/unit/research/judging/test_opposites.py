"""Which words are opposites, and which only stand for things of one kind."""

import pytest

from reprise_research.judging import Relation
from reprise_research.judging.families import of_one_family
from reprise_research.judging.opposites import opposite
from unit.research.judging.judged import DISPUTE, MEANING, UNLIKE, relation


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("accepted", "turned down"),
        ("bans", "permits"),
        ("succeeded", "failed"),
        ("confirmed", "denied"),
        ("won", "lost"),
        ("bought", "sold"),
    ],
)
def test_forms_and_kinds_of_opposite_verbs_are_opposites(one: str, other: str) -> None:
    """Irregular forms are those of their verbs, and whoever bans something forbids it."""
    assert opposite(one, other, ("en", "en"), MEANING) and opposite(other, one, ("en", "en"), MEANING)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("broad", "liberal"),
        ("precisely", "just"),
        ("two", "three"),
        ("repaired", "inspected"),
        ("iron", "copper"),
    ],
)
def test_words_that_are_near_are_no_opposites(one: str, other: str) -> None:
    assert not opposite(one, other, ("en", "en"), MEANING)


@pytest.mark.parametrize(
    ("one", "other", "family"),
    [
        ("sank", "sunk", True),
        ("built", "builds", True),
        ("emitted", "emission", True),
        ("found", "founder", False),
    ],
)
def test_irregular_forms_and_what_a_verb_does_are_of_one_family(one: str, other: str, family: bool) -> None:
    assert of_one_family(one, other) is family


@pytest.mark.parametrize(
    ("one", "other", "right"),
    [
        ("The court accepted the appeal.", "The appeal was turned down by the court.", DISPUTE),
        ("The statute bans hunting in the park.", "The statute permits hunting in the park.", DISPUTE),
        (
            "In 2018 the mill emitted 30 tonnes of dust.",
            "In 2018 the mill's dust emissions were 45 tonnes.",
            DISPUTE,
        ),
        ("The wall is 4 metres high.", "The wall is 6 metres long.", UNLIKE),
    ],
)
def test_statements_that_differ_in_such_words(one: str, other: str, right: Relation) -> None:
    assert relation(one, other) is right
