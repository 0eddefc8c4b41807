"""What did not move against what did: `unchanged` and `rose`."""

import pytest

from reprise_research.judging.verdict import Ground, Relation
from reprise_research.judging.verdicts import judge

EXCLUDE = [
    ("en", "The entrance fee has not changed.", "The entrance fee rose."),
    ("en", "The entrance fee has not changed.", "The entrance fee rose to 5.10 euros."),
    ("en", "The entrance fee rose from 4.20 to 5.10 euros.", "The entrance fee is unchanged."),
    ("en", "The number of accidents did not change in 2024.", "The number of accidents fell in 2024."),
    ("de", "Der Eintrittspreis ist unverändert.", "Der Eintrittspreis ist gestiegen."),
    ("de", "Der Eintrittspreis hat sich nicht geändert.", "Der Eintrittspreis ist gestiegen."),
    ("fr", "Le prix d'entrée n'a pas changé.", "Le prix d'entrée a augmenté."),
    ("es", "El precio de la entrada no ha cambiado.", "El precio de la entrada subió."),
    ("nl", "De toegangsprijs is onveranderd.", "De toegangsprijs is gestegen."),
    ("pt", "O preço do bilhete não mudou.", "O preço do bilhete aumentou."),
]
DO_NOT = [
    ("en", "The entrance fee has not changed.", "The entrance fee did not rise."),
    ("en", "The entrance fee has changed.", "The entrance fee rose."),
    ("en", "The entrance fee has not changed since 2020.", "The entrance fee rose in 1998."),
    ("en", "The entrance fee is unchanged for children.", "The entrance fee rose for adults."),
    ("en", "The fee for members is unchanged.", "The fee for guests rose."),
    ("en", "The plans have not changed.", "The fee rose."),
    ("en", "The number of buses is unchanged.", "The number of passengers rose."),
    ("en", "Nothing has changed for tenants.", "Rents for tenants rose in the north."),
    ("de", "Der Preis ist nicht gestiegen.", "Der Preis ist unverändert."),
    ("de", "Die Zahl der Busse ist unverändert.", "Die Zahl der Fahrgäste ist gestiegen."),
    ("en", "Attendance at the pool is unchanged.", "Attendance at the museum rose."),
    ("en", "Most fees are unchanged.", "Some fees rose."),
    ("en", "The fee will not change.", "The fee rose."),
]


@pytest.mark.parametrize(("code", "one", "other"), EXCLUDE)
def test_what_did_not_move_has_not_moved(code: str, one: str, other: str) -> None:
    found = judge(one, other, (code, code))
    assert (found.relation, found.ground) == (Relation.DISPUTE, Ground.REST)
    assert judge(other, one, (code, code)).relation is Relation.DISPUTE


@pytest.mark.parametrize(("code", "one", "other"), DO_NOT)
def test_two_things_or_times_may_differ(code: str, one: str, other: str) -> None:
    assert judge(one, other, (code, code)).relation is not Relation.DISPUTE
    assert judge(other, one, (code, code)).relation is not Relation.DISPUTE
