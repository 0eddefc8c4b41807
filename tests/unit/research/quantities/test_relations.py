"""What two quantities are to each other."""

import pytest

from reprise_research.quantities import Quantity, comparable, excludes, quantities, same

_PAIRS = """
same | en | The road cost 2.3 million euros. | en | The road cost 2,300,000 euros.
same | en | The road cost 2.3 million euros. | zh | 这条道路的费用为230万欧元。
same | en | The road cost 2.3 million euros. | en | The road cost 2,310,000 euros.
apart | en | The road cost 2.3 million euros. | en | The road cost 2.4 million euros.
apart | en | The road cost 2.3 million euros. | en | The road cost 3.2 million euros.
incomparable | en | The road cost 2.3 million euros. | en | The road cost 2.3 million dollars.
same | en | About 40 % agreed. | en | 41 percent agreed.
apart | en | 40 % agreed. | en | 41 % agreed.
same | en | 40 % agreed. | en | 40.3 % agreed.
apart | en | About 40 % agreed. | en | 60 % agreed.
same | de | Der Lärm sank um 1,2 Dezibel. | en | Noise fell by 1.2 decibels.
same | en | The spring has 60 degrees Celsius. | en | The spring has 140 degrees Fahrenheit.
same | en | Only one driver in nine was checked. | de | Nur jeder neunte Fahrer wurde kontrolliert.
same | en | One in nine drivers was checked. | en | 11 percent were checked.
apart | en | One in nine drivers was checked. | en | 25 percent were checked.
same | en | Half of the schools closed. | fr | La moitié des écoles sont fermées.
same | en | Half of the schools closed. | de | 50 Prozent der Schulen schlossen.
apart | en | Half of the schools closed. | en | 60 percent of the schools closed.
neither | en | Half of the schools closed. | en | 52 percent of the schools closed.
apart | en | Three years in prison. | en | Five years in prison.
apart | de | Er bekam drei Jahre Haft. | de | Er bekam fünf Jahre Haft.
same | en | It takes 36 months. | de | Es dauert drei Jahre.
same | en | It lasted 90 minutes. | en | It lasted 1.5 hours.
same | en | It weighs 5 kg. | fr | Il pèse 5 000 g.
same | en | The route is 12.5 km long. | de | Die Strecke ist 12.500 Meter lang.
apart | en | The well is 118 metres deep. | en | The well has a depth of 96 metres.
apart | en | About 3,000 people came. | en | 7,500 people came.
neither | en | About 3,000 people came. | en | 3,200 people came.
same | en | About 3,000 people came. | en | 3,050 people came.
neither | en | 1,200 people came. | en | 1,234 people came.
apart | en | 120 people came. | en | 150 people came.
apart | en | 12 people died. | en | 14 people died.
neither | en | More than 500 flights fell out. | en | 530 flights fell out.
apart | en | More than 500 flights fell out. | en | 300 flights fell out.
neither | en | Up to 40 people died. | en | 40 people died.
same | en | Up to 40 people died. | de | Höchstens 40 Menschen starben.
apart | en | At least 12 people died. | en | 9 people died.
neither | en | It takes 3 to 5 years. | en | It takes 4 years.
apart | en | It takes 3 to 5 years. | en | It takes 8 years.
same | en | It takes 3 to 5 years. | de | Es dauert 3 bis 5 Jahre.
incomparable | en | 12 workers died. | en | 14 buses burned.
incomparable | en | 100 litres a day. | en | 100 litres a week.
incomparable | en | It rose by 3 percent. | en | It rose by 3 percentage points.
incomparable | en | It lasted 12 months. | en | It weighs 12 kilos.
same | en | It was founded in 1871. | fr | Il a été fondé en 1871.
apart | en | It was founded in 1871. | en | It was founded in 1879.
neither | en | It closed in 2023. | en | It closed on 3 March 2023.
apart | en | It closed in 2022. | en | It closed on 3 March 2023.
same | en | It closed on 3 March 2023. | zh | 2023年3月3日关闭。
same | en | It closed on 3 March 2023. | de | Es schloss am 3.3.2023.
neither | en | It was in the 1990s. | en | It was in 1995.
incomparable | en | It closed in March. | en | It closed in 2023.
incomparable | en | Fiscal 2023 was weak. | en | In 2023 it was weak.
same | ja | 工場の従業員は1,200人である。 | ja | 工場には1200人の従業員がいる。
apart | ja | 工場の従業員は1,200人である。 | ja | 工場の従業員は900人である。
apart | zh | 水库的蓄水量为2.3亿立方米。 | zh | 水库的蓄水量为1.6亿立方米。
apart | de | In der Stadt fehlen 6.200 Wohnungen. | de | In der Stadt fehlen 2.900 Wohnungen.
same | de | In der Stadt fehlen 6.200 Wohnungen. | fr | Il manque 6 200 logements.
same | hi | परियोजना पर ५० लाख रुपये खर्च हुए। | en | The project cost 5 million rupees.
same | ar | بلغت النسبة ٢٥ في المئة. | ru | Доля составила двадцать пять процентов.
same | ko | 기금은 15억 달러 규모다. | es | El fondo vale 1.500 millones de dólares.
apart | ko | 기금은 15억 달러 규모다. | es | El fondo vale 1.700 millones de dólares.
same | pt | O fundo vale R$ 1,5 bilhão. | en | The fund is worth R$1.5bn.
same | it | Venticinque per cento delle famiglie. | nl | Vijfentwintig procent van de huishoudens.
same | en | The file is 700 MB. | fr | Le fichier fait 0,7 Go.
same | en | The plant has 1.2 GW. | zh | 装机容量为120万千瓦。
same | en | It starts at 2:30 pm. | de | Beginn ist um 14.30 Uhr.
apart | en | It starts at 2:30 pm. | de | Beginn ist um 15.30 Uhr.
"""
_CASES = [tuple(part.strip() for part in line.split("|")) for line in _PAIRS.strip().splitlines()]


def _one(text: str, language: str) -> Quantity:
    found = quantities(text, language)
    assert len(found) == 1, found
    return found[0]


@pytest.mark.parametrize(
    ("relation", "first", "one", "second", "other"), _CASES, ids=[f"{case[2]} {case[4]}" for case in _CASES]
)
def test_two_quantities_are_so_to_each_other(
    relation: str, first: str, one: str, second: str, other: str
) -> None:
    mine, theirs = _one(one, first), _one(other, second)
    found = (comparable(mine, theirs), same(mine, theirs), excludes(mine, theirs))
    assert (
        found
        == {
            "same": (True, True, False),
            "apart": (True, False, True),
            "neither": (True, False, False),
            "incomparable": (False, False, False),
        }[relation]
    )
    assert found == (comparable(theirs, mine), same(theirs, mine), excludes(theirs, mine))
