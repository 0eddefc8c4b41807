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
    ("en", "The reform did not change the fee.", "The fee rose."),
    ("en", "The fee, which is not popular, has changed.", "The fee rose."),
    ("en", "The fee has changed, but not the rent.", "The fee rose."),
    ("en", "The reform left the fee unchanged.", "The fee rose."),
    ("en", "The board did not change the entrance fee for pupils.", "The entrance fee rose."),
    ("en", "The strike has not changed the number of passengers.", "The number of passengers fell."),
    ("en", "Prices of bread have not changed in Lund.", "Prices of bread rose in Malmö."),
    ("en", "The speed of the trains has not changed.", "The number of the trains rose."),
    ("de", "Die Reform hat den Preis nicht verändert.", "Der Preis ist gestiegen."),
    ("de", "Der Preis hat sich nicht wegen der Reform geändert.", "Der Preis ist gestiegen."),
    ("fr", "La réforme n'a pas changé le prix.", "Le prix a augmenté."),
    ("es", "La reforma no ha cambiado el precio.", "El precio subió."),
    ("en", "The membership fee has not changed this year.", "The membership fee rose last year."),
    ("en", "The quality of the water has not changed.", "The price of the water rose."),
    ("en", "Demand is unchanged.", "Demand rose sharply in spring."),
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
