"""What two statements say of one another. A false word costs more than silence: whatever is not shown is
`unlike`."""

import pytest

from reprise_research.judging import Ground, Judge, Relation, judge
from unit.research.judging.judged import AGREEMENT, COPY, DISPUTE, MEANING, UNLIKE, relation


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        (
            "The vaccine is effective against the variant.",
            "The vaccine is ineffective against the variant.",
            "en",
        ),
        ("The parliament approved the law.", "The parliament rejected the law.", "en"),
        ("The museum is closed on Mondays.", "The museum is open on Mondays.", "en"),
        ("Coffee shortens the sleep of students.", "Coffee lengthens the sleep of students.", "en"),
        (
            "The harbour bridge carries more lorries than before.",
            "The harbour bridge carries fewer lorries than before.",
            "en",
        ),
        ("The ferry runs in winter.", "The ferry does not run in winter.", "en"),
        ("The tram line cost 48.2 million euros.", "The tram line cost 53.7 million euros in all.", "en"),
        ("The chapel was built in 1641.", "The chapel was built in 1652.", "en"),
        (
            "Der Umsatz des Werks ist im Jahr 2023 gesunken.",
            "Der Umsatz des Werks ist im Jahr 2023 gestiegen.",
            "de",
        ),
        ("Das Gericht hat die Klage abgewiesen.", "Das Gericht hat die Klage angenommen.", "de"),
        ("Les loyers ont augmenté à Lyon.", "Les loyers n'ont pas augmenté à Lyon.", "fr"),
        ("Le musée est ouvert le lundi.", "Le musée est fermé le lundi.", "fr"),
        ("A fábrica foi inspecionada em junho.", "A fábrica não foi inspecionada em junho.", "pt"),
        ("Il prezzo del pane è aumentato.", "Il prezzo del pane è diminuito.", "it"),
        ("Мост открыт для движения.", "Мост закрыт для движения.", "ru"),
        ("大坝在洪水中垮塌。", "大坝在洪水中并未垮塌。", "zh"),
        ("2024年渡轮客运量为945万人次。", "港务局称，2024年渡轮客运量为920万人次。", "zh"),
        ("家賃は上昇した。", "家賃は下落した。", "ja"),
        (
            "Nach den Büchern der Stadt kostete der Umbau 3,1 Mio. Euro.",
            "Nach Angaben des Bauamts kostete der Umbau 2,4 Mio. Euro.",
            "de",
        ),
        (
            "Der Bau kostete 31,4 Mio. Euro.",
            "Der Bau kostete 36,8 Mio. Euro, weil die Leitungen verlegt werden mussten.",
            "de",
        ),
        ("Rents in Harbour Street fell by 4 percent.", "Rents in Harbour Street rose by 6 percent.", "en"),
        ("Die Mieten sind um 4 Prozent gesunken.", "Die Mieten sind um 6 Prozent gestiegen.", "de"),
        ("Die Brücke wurde 1931 gebaut.", "Laut Stadtarchiv wurde die Brücke 1934 gebaut.", "de"),
        ("Dem Bauamt zufolge kostete der Steg 90.000 Euro.", "Der Steg kostete 120.000 Euro.", "de"),
        (
            "Les travaux ont coûté 1,8 million d'euros.",
            "Selon la chambre des comptes les travaux ont coûté 2,6 millions d'euros.",
            "fr",
        ),
    ],
)
def test_what_excludes_each_other_is_a_dispute(one: str, other: str, code: str) -> None:
    """Opposites, denials, directions, figures and dates of one thing, in any language."""
    assert relation(one, other, code) is DISPUTE


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        (
            "The number of people injured fell by 23 percent.",
            "The limit reduced the number of people injured by 11 percent.",
            "en",
        ),
        ("The northern region lost jobs.", "The southern region lost jobs.", "en"),
        ("The women's team won the final.", "The men's team won the final.", "en"),
        ("Unemployment fell in the province in 2022.", "Unemployment rose in the province in 2023.", "en"),
        ("The bridge was repaired.", "The bridge was painted.", "en"),
        ("The stairs are steep.", "The stairs are wooden.", "en"),
        (
            "Según la policía murieron tres personas.",
            "Según los bomberos resultaron heridas cinco personas.",
            "es",
        ),
        (
            "According to officials unemployment fell by 3 percent.",
            "According to the union inflation fell by 5 percent.",
            "en",
        ),
        (
            "The line's costs rose by 6 per cent, excluding fuel.",
            "Including fuel, the line's costs fell by 1 per cent.",
            "en",
        ),
        ("Rents in Harbour Street fell by 4 percent.", "Rents in Mill Street rose by 6 percent.", "en"),
        ("Laut Polizei kamen im Norden drei Menschen um.", "Fünf Menschen starben.", "de"),
        ("Laut Plan kostet der Steg 90.000 Euro.", "Der Steg kostete 120.000 Euro.", "de"),
        ("The suspect was charged with arson.", "The suspect was convicted of arson.", "en"),
        (
            "Prosecutors asked for nine years for the fraud.",
            "He was sentenced to six years for the fraud.",
            "en",
        ),
        ("The landlord promised to repair the boiler.", "The landlord repaired the boiler.", "en"),
        ("Will the house approve the reform?", "The house approved the reform.", "en"),
        ("Ridership rose by 12 percent in the cities.", "Ridership rose by 4 percent in all.", "en"),
        ("Serious injuries fell by 29 percent.", "Injuries fell by 11 percent.", "en"),
        (
            "The festival drew 31,000 visitors in its first week.",
            "The festival drew 44,000 visitors in its second week.",
            "en",
        ),
        ("The flat on the third floor is let.", "The flat on the fourth floor is empty.", "en"),
        ("A quarter of the clients pay late.", "Three quarters of the clients pay in time.", "en"),
        (
            "Version 5.2 no longer supports the old format.",
            "Support for the old format was dropped in version 5.2.",
            "en",
        ),
        ("Im Norden fehlen Lehrer.", "Im Süden fehlen Lehrer.", "de"),
        ("Il regista vorrebbe girare il film a Matera.", "Il regista ha girato il film a Matera.", "it"),
        ("A obra custará 12 milhões.", "A obra custou 19 milhões.", "pt"),
        ("北部地区缺少教师。", "南部地区缺少教师。", "zh"),
        ("Most zamknięto w marcu.", "Most otwarto w marcu.", "pl"),
    ],
)
def test_what_may_both_be_right_is_unlike(one: str, other: str, code: str) -> None:
    """Other parts, times, plans, halves of one whole, or a language that nobody here reads: no word is said
    of them."""
    assert relation(one, other, code) is UNLIKE


@pytest.mark.parametrize(
    ("one", "other", "codes"),
    [
        ("The road cost 2.3 million euros.", "The cost of the road was 2,300,000 euros.", ("en", "en")),
        (
            "The water of the spring has 60 degrees Celsius.",
            "The spring's water has 140 degrees Fahrenheit.",
            ("en", "en"),
        ),
        (
            "Ridership rose by 12% in the first year, to 2.4 million trips.",
            "Ridership in the first year was 2,400,000 trips, an increase of 12 percent.",
            ("en", "en"),
        ),
        ("Rents increased after the reform.", "After the reform, rents went up.", ("en", "en")),
        ("Der Lärm sank um 1,2 Dezibel.", "Noise fell by 1.2 decibels.", ("de", "en")),
        ("The road cost 2.3 million euros.", "这条道路的费用为230万欧元。", ("en", "zh")),
    ],
)
def test_the_same_in_other_words_is_agreement(one: str, other: str, codes: tuple[str, str]) -> None:
    """Other units, notations, orders and languages say the same."""
    assert relation(one, other, *codes) is AGREEMENT


@pytest.mark.parametrize(
    "word",
    [
        "safe dangerous",
        "stable unstable",
        "cheap expensive",
        "legal illegal",
        "true false",
        "empty full",
        "guilty innocent",
        "present absent",
        "possible impossible",
        "public secret",
        "healthy harmful",
        "complete partial",
        "early late",
        "wooden steep",
        "popular outdated",
    ],
)
def test_no_single_word_s_opposite_is_agreement(word: str) -> None:
    """Sentences that differ in one decisive word never agree."""
    one, other = word.split()
    assert (
        relation(
            f"The path along the river is {one} for children.",
            f"The path along the river is {other} for children.",
        )
        is not AGREEMENT
    )


def test_word_for_word_is_a_copy_and_no_second_voice() -> None:
    """Be it the whole statement, or one that stands within the other."""
    said = "Objections must be lodged in writing within fourteen days."
    assert relation(said, said.upper()) is COPY
    assert relation(said, f"Note: {said} They are free of charge.") is COPY


@pytest.mark.parametrize(
    "longer",
    [
        "All but four of the bridges are safe.",
        "Twenty-four of the bridges are safe.",
        "It is not true that four of the bridges are safe.",
        "Four of the bridges are safe, but the roads are not.",
        "If it freezes, four of the bridges are safe.",
    ],
)
def test_what_holds_the_letters_and_says_something_else_is_no_copy(longer: str) -> None:
    assert relation(longer, "Four of the bridges are safe.") in (UNLIKE, DISPUTE)


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        ("Only 12 of the 40 trees survived.", "By our count 31 of the 40 trees survived.", "en"),
        (
            "Nur in vier der 56 Häuser mussten Heizkörper ausgetauscht werden.",
            "Nach unseren Aufzeichnungen mussten in 19 der 56 Häuser Heizkörper ausgetauscht werden.",
            "de",
        ),
        ("Seules douze maisons ont été rénovées.", "Trente maisons ont été rénovées.", "fr"),
        ("Solo 12 de los 40 árboles sobrevivieron.", "Sobrevivieron 31 de los 40 árboles.", "es"),
        ("Выжили только 12 из 40 деревьев.", "Выжило 31 из 40 деревьев.", "ru"),
        ("只有12户居民搬走。", "有31户居民搬走。", "zh"),
    ],
)
def test_only_before_a_figure_and_whose_count_it_is_are_no_part_of_the_thing(
    one: str, other: str, code: str
) -> None:
    assert relation(one, other, code) is DISPUTE


def test_only_before_anything_else_takes_something_out() -> None:
    assert relation("Only members may vote.", "Members may vote.") is UNLIKE


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        ("The average wait amounted to 14 days.", "The average wait was 14 days.", "en"),
        (
            "Die mittlere Arbeitszahl der Geräte lag bei 3,1.",
            "Die mittlere Arbeitszahl der Geräte betrug 3,1.",
            "de",
        ),
        ("La durée moyenne atteint 14 jours.", "La durée moyenne était de 14 jours.", "fr"),
        ("Средняя температура составила 14 градусов.", "Средняя температура достигла 14 градусов.", "ru"),
        ("平均等待时间为14天。", "平均等待时间达到14天。", "zh"),
    ],
)
def test_a_verb_that_only_joins_a_figure_to_its_thing_tells_nothing_apart(
    one: str, other: str, code: str
) -> None:
    assert relation(one, other, code) is AGREEMENT


SMALL_WORDS = [
    ("en", "Take the pill before meals.", "Take the pill after meals."),
    ("en", "All residents support the bridge.", "Some residents support the bridge."),
    ("en", "The museum is almost finished.", "The museum is finished."),
    ("en", "He left because of the war.", "He left despite the war."),
    ("en", "The toxin was found in every sample.", "The toxin was found in one sample."),
    ("en", "The shop opens on Saturday and Sunday.", "The shop opens on Saturday or Sunday."),
    ("en", "Either test was positive.", "Both tests were positive."),
    ("en", "The lake is too deep.", "The lake is deep enough."),
    ("en", "The river is clean above the town.", "The river is polluted below the town."),
    ("de", "Die Arznei wird vor dem Essen genommen.", "Die Arznei wird nach dem Essen genommen."),
    ("de", "Trotz des Regens wuchs die Ernte.", "Wegen des Regens wuchs die Ernte."),
    ("de", "Der Damm brach beinahe.", "Der Damm brach."),
    ("fr", "Le médicament se prend avant le repas.", "Le médicament se prend après le repas."),
    ("fr", "Le barrage a presque cédé.", "Le barrage a cédé."),
    ("es", "Todos los vecinos apoyan el puente.", "Algunos vecinos apoyan el puente."),
    ("nl", "De minister steunt het voorstel.", "De minister is tegen het voorstel."),
    ("ru", "Паром всегда полон.", "Паром иногда полон."),
    ("zh", "药物应在饭前服用。", "药物应在饭后服用。"),
    ("zh", "手术前，患者的平均血压为150毫米汞柱。", "手术三个月后，患者的平均血压为120毫米汞柱。"),
    ("zh", "大坝几乎垮塌。", "大坝垮塌。"),
    ("ja", "フェリーはいつも満員だ。", "フェリーは時々満員だ。"),
    ("ja", "ダムはほぼ完成した。", "ダムは完成した。"),
]
ROLES = [
    ("en", "The dog bit the man.", "The man bit the dog."),
    ("en", "Germany invaded Poland.", "Poland invaded Germany."),
    ("en", "The train runs from Oslo to Bergen.", "The train runs from Bergen to Oslo."),
    ("en", "Oslo is larger than Bergen.", "Bergen is larger than Oslo."),
    ("zh", "德国入侵波兰。", "波兰入侵德国。"),
]
ROLES += [
    ("en", "Rents in Ulm rose more than rents in Trier.", "Rents in Trier rose more than rents in Ulm."),
    ("nl", "De boer verkocht het paard aan de smid.", "De smid verkocht het paard aan de boer."),
    ("en", "Exports fell by 10 percent in 2023.", "Exports fell to 10 percent in 2023."),
    ("en", "Exports fell by 10 percent in 2023.", "Exports fell to 12 percent in 2023."),
    ("de", "Der Anteil sank um 10 Prozent.", "Der Anteil sank auf 10 Prozent."),
    ("en", "The canal was finished in 1871.", "The canal was not finished until 1871."),
    ("en", "The drug is safe for young children.", "The drug is safe for children who are not young."),
    ("en", "He sold the boat to his sister.", "She sold the boat to her brother."),
    ("en", "The bank lends to farmers.", "The bank borrows from farmers."),
    (
        "en",
        "The fair had 90,000 visitors.",
        "I read that the fair had 70,000 visitors, and I do not believe it.",
    ),
]
AROUND = [
    ("en", "The serum protects calves.", "The serum was said to protect calves."),
    ("en", "The theory explains the data.", "The theory explains part of the data."),
    ("en", "The brook is clean.", "The brook was clean."),
    ("de", "Der Bach ist sauber.", "Der Bach war sauber."),
    ("fr", "Le ruisseau est propre.", "Le ruisseau était propre."),
    ("es", "El arroyo está limpio.", "El arroyo estaba limpio."),
    ("en", "It is a myth that the wall is visible from space.", "The wall is visible from space."),
    ("en", "The claim that vaccines cause autism is false.", "Vaccines cause autism."),
    ("en", "The mayor pretended to read the report.", "The mayor read the report."),
    ("en", "The drug lowers blood pressure in mice.", "The drug lowers blood pressure."),
    ("en", "The novel says the king was murdered.", "The king was murdered."),
    (
        "de",
        "Die Behauptung, dass Impfungen Autismus verursachen, ist falsch.",
        "Impfungen verursachen Autismus.",
    ),
    ("de", "Der Rat weigerte sich, die Straße zu sperren.", "Der Rat sperrte die Straße."),
    ("fr", "Le conseil a refusé de fermer la route.", "Le conseil a fermé la route."),
    ("fr", "L'idée que les vaccins causent l'autisme est fausse.", "Les vaccins causent l'autisme."),
    ("zh", "疫苗导致自闭症的说法是错误的。", "疫苗导致自闭症。"),
]


@pytest.mark.parametrize(("code", "one", "other"), [*SMALL_WORDS, *ROLES, *AROUND])
def test_small_words_roles_and_what_stands_around_tell_statements_apart(
    code: str, one: str, other: str
) -> None:
    assert relation(one, other, code) is UNLIKE


@pytest.mark.parametrize(
    ("one", "other", "wanted"),
    [
        ("Die Zahl der Unfälle nahm ab.", "Die Zahl der Unfälle nahm zu.", DISPUTE),
        ("Die Zahl der Unfälle nahm ab.", "Die Zahl der Unfälle sank.", AGREEMENT),
        ("Die Zahl der Unfälle ging 2021 zurück.", "Die Zahl der Unfälle nahm 2021 zu.", DISPUTE),
        ("Der Rat lehnte den Plan ab.", "Der Plan wurde vom Rat abgelehnt.", AGREEMENT),
        ("Der Rat lehnte den Plan ab und ging.", "Der Plan wurde vom Rat abgelehnt.", UNLIKE),
    ],
)
def test_a_verb_is_whole_only_with_the_part_that_ends_its_clause(
    one: str, other: str, wanted: Relation
) -> None:
    assert relation(one, other, "de") is wanted


def test_who_says_more_backs_who_says_less_and_not_the_other_way_round() -> None:
    """A source of a claim says all of it."""
    judged = Judge(MEANING)
    less, more = (
        "The level of the lake fell by 40 centimetres.",
        "In 2024 the lake's level fell by 40 centimetres.",
    )
    assert judged.backs(more, less)
    assert not judged.backs(less, more)


def test_figures_that_differ_may_be_read_beside_each_other_without_a_word() -> None:
    """Where nothing shows that they are of one thing, the verdict stays `unlike`, and names them."""
    one = "Traffic noise fell by 1.2 decibels on average at the agency's stations."
    other = "Traffic noise fell by 2.1 decibels on average at the 14 stations of the city."
    found = judge(one, other, ("en", "en"), MEANING)
    assert (found.relation, found.ground, found.evidence) == (
        UNLIKE,
        Ground.FIGURES,
        ("1.2 decibels", "2.1 decibels"),
    )


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        ("The repair of the bridge cost 4 million euros.", "The bridge cost 9 million euros.", "en"),
        ("The reservoir behind the dam holds 52 million tonnes.", "The dam holds 40 million tonnes.", "en"),
        ("The chairman of the club earned 300,000 euros.", "The club earned 900,000 euros.", "en"),
        ("Die Sanierung der Brücke kostete 4 Millionen Euro.", "Die Brücke kostete 9 Millionen Euro.", "de"),
        ("La réparation du pont a coûté 4 millions d'euros.", "Le pont a coûté 9 millions d'euros.", "fr"),
        ("La reparación del puente costó 4 millones.", "El puente costó 9 millones.", "es"),
        ("桥的维修花费400万元。", "桥花费900万元。", "zh"),
        ("The roof of the station is safe.", "The station is dangerous.", "en"),
        ("The drug raises blood pressure in mice.", "The drug lowers blood pressure.", "en"),
        ("Most residents want the market to stay.", "Some residents want the market to move.", "en"),
    ],
)
def test_what_is_tied_to_a_thing_or_a_part_of_it_is_not_the_thing(one: str, other: str, code: str) -> None:
    assert relation(one, other, code) is UNLIKE


def test_without_an_encoder_it_says_less_and_nothing_false() -> None:
    """Words and figures alone still find plain disputes."""
    codes = ("en", "en")
    assert judge("The well is 118 metres deep.", "The well is 96 metres deep.", codes).relation is DISPUTE
    assert (
        judge("The drug is safe for children.", "The drug is dangerous for children.", codes).relation
        is DISPUTE
    )
    assert judge("The lamp is bright.", "The lamp is luminous.", codes).relation is UNLIKE


@pytest.mark.parametrize(
    ("one", "other", "code", "right"),
    [
        ("The night train left at 22:05.", "The night train left at 23:40.", "en", UNLIKE),
        ("The stall sells fish on Fridays.", "The stall sells fish on Mondays.", "en", UNLIKE),
        ("The baths are open on Sundays.", "The baths are closed on Wednesdays.", "en", UNLIKE),
        ("De markt is op dinsdag open.", "De markt is op zaterdag gesloten.", "nl", UNLIKE),
        ("De toren is 80 meter hoog.", "De toren is 12 meter breed.", "nl", UNLIKE),
        (
            "The lorry was carrying 9 tonnes of gravel.",
            "The lorry can carry 14 tonnes of gravel.",
            "en",
            UNLIKE,
        ),
        ("Der Tank enthielt 400 Liter Öl.", "Der Tank kann 900 Liter Öl enthalten.", "de", UNLIKE),
        ("Some of the wells contained lead.", "Some of the wells contained no lead.", "en", UNLIKE),
        (
            "The mill was abandoned in the ninth century.",
            "The mill was abandoned in the 9th century.",
            "en",
            AGREEMENT,
        ),
        (
            "The abbey was built in the ninth century.",
            "The abbey was built in the eleventh century.",
            "en",
            DISPUTE,
        ),
    ],
)
def test_when_how_much_of_what_and_what_can_be_are_told_apart(
    one: str, other: str, code: str, right: Relation
) -> None:
    """Times of day and days of the week are times, what is high is not what is wide, what can be is not what
    is, and some may what others may not."""
    assert relation(one, other, code) is right


@pytest.mark.parametrize(
    ("one", "other", "code", "right"),
    [
        ("The bank turned down the loan.", "The loan was rejected by the bank.", "en", AGREEMENT),
        ("The law allows fishing.", "The law permits fishing.", "en", AGREEMENT),
        ("The tenant must pay 400 euros.", "The tenant has to pay 400 euros.", "en", AGREEMENT),
        ("Das Wrack wurde 1911 entdeckt.", "1911 entdeckte man das Wrack.", "de", AGREEMENT),
        ("The treaty was signed in May 1951.", "The treaty was ratified in June 1953.", "en", UNLIKE),
        ("The lease expires in 2031.", "The lease expires in 2034.", "en", DISPUTE),
        ("Le bail expire en 2031.", "Le bail expire en 2034.", "fr", DISPUTE),
        ("The lease expires in 2031.", "The licence expires in 2034.", "en", UNLIKE),
        ("The tenant must pay 400 euros.", "The tenant paid 400 euros.", "en", UNLIKE),
    ],
)
def test_words_with_a_meaning_in_common_agree_and_dispute_nothing(
    one: str, other: str, code: str, right: Relation
) -> None:
    """What WordNet and the encoder both call one meaning may agree; what excludes needs the same words."""
    assert relation(one, other, code) is right
