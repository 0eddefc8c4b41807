"""What two statements say of one another. A false word costs more than silence: whatever is not shown is `unlike`."""

import pytest

from reprise_research.judging import Ground, Judge, Relation, judge
from reprise_research.meaning import encoder

MEANING = encoder()
AGREEMENT, DISPUTE, UNLIKE, COPY = Relation.AGREEMENT, Relation.DISPUTE, Relation.UNLIKE, Relation.COPY


def relation(one: str, other: str, code: str = "en", other_code: str = "") -> Relation:
    """The verdict, which is the same from both sides."""
    codes = (code, other_code or code)
    found, turned = judge(one, other, codes, MEANING), judge(other, one, codes[::-1], MEANING)
    assert (found.relation, found.ground) == (turned.relation, turned.ground)
    return found.relation


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        ("The vaccine is effective against the variant.", "The vaccine is ineffective against the variant.", "en"),
        ("The parliament approved the law.", "The parliament rejected the law.", "en"),
        ("The museum is closed on Mondays.", "The museum is open on Mondays.", "en"),
        ("Coffee shortens the sleep of students.", "Coffee lengthens the sleep of students.", "en"),
        ("The harbour bridge carries more lorries than before.", "The harbour bridge carries fewer lorries than before.", "en"),
        ("The ferry runs in winter.", "The ferry does not run in winter.", "en"),
        ("The number of people injured fell by 23 percent.", "The limit reduced the number of people injured by 11 percent.", "en"),
        ("The tram line cost 48.2 million euros.", "The tram line cost 53.7 million euros in all.", "en"),
        ("The chapel was built in 1641.", "The chapel was built in 1652.", "en"),
        ("Der Umsatz des Werks ist im Jahr 2023 gesunken.", "Der Umsatz des Werks ist im Jahr 2023 gestiegen.", "de"),
        ("Das Gericht hat die Klage abgewiesen.", "Das Gericht hat die Klage angenommen.", "de"),
        ("Les loyers ont augmenté à Lyon.", "Les loyers n'ont pas augmenté à Lyon.", "fr"),
        ("Le musée est ouvert le lundi.", "Le musée est fermé le lundi.", "fr"),
        ("A fábrica foi inspecionada em junho.", "A fábrica não foi inspecionada em junho.", "pt"),
        ("Il prezzo del pane è aumentato.", "Il prezzo del pane è diminuito.", "it"),
        ("Мост открыт для движения.", "Мост закрыт для движения.", "ru"),
        ("大坝在洪水中垮塌。", "大坝在洪水中并未垮塌。", "zh"),
        ("2024年渡轮客运量为945万人次。", "港务局称，2024年渡轮客运量为920万人次。", "zh"),
        ("家賃は上昇した。", "家賃は下落した。", "ja"),
    ],
)
def test_what_excludes_each_other_is_a_dispute(one: str, other: str, code: str) -> None:
    """Opposites, denials, directions, figures and dates of one thing, in any language."""
    assert relation(one, other, code) is DISPUTE


@pytest.mark.parametrize(
    ("one", "other", "code"),
    [
        ("The northern region lost jobs.", "The southern region lost jobs.", "en"),
        ("The women's team won the final.", "The men's team won the final.", "en"),
        ("Unemployment fell in the province in 2022.", "Unemployment rose in the province in 2023.", "en"),
        ("The bridge was repaired.", "The bridge was painted.", "en"),
        ("The stairs are steep.", "The stairs are wooden.", "en"),
        ("The suspect was charged with arson.", "The suspect was convicted of arson.", "en"),
        ("Prosecutors asked for nine years for the fraud.", "He was sentenced to six years for the fraud.", "en"),
        ("The landlord promised to repair the boiler.", "The landlord repaired the boiler.", "en"),
        ("Will the house approve the reform?", "The house approved the reform.", "en"),
        ("Ridership rose by 12 percent in the cities.", "Ridership rose by 4 percent in all.", "en"),
        ("Serious injuries fell by 29 percent.", "Injuries fell by 11 percent.", "en"),
        ("The festival drew 31,000 visitors in its first week.", "The festival drew 44,000 visitors in its second week.", "en"),
        ("The flat on the third floor is let.", "The flat on the fourth floor is empty.", "en"),
        ("A quarter of the clients pay late.", "Three quarters of the clients pay in time.", "en"),
        ("Version 5.2 no longer supports the old format.", "Support for the old format was dropped in version 5.2.", "en"),
        ("Im Norden fehlen Lehrer.", "Im Süden fehlen Lehrer.", "de"),
        ("Il regista vorrebbe girare il film a Matera.", "Il regista ha girato il film a Matera.", "it"),
        ("A obra custará 12 milhões.", "A obra custou 19 milhões.", "pt"),
        ("北部地区缺少教师。", "南部地区缺少教师。", "zh"),
        ("Most zamknięto w marcu.", "Most otwarto w marcu.", "pl"),
    ],
)
def test_what_may_both_be_right_is_unlike(one: str, other: str, code: str) -> None:
    """Other parts, times, plans, halves of one whole, or a language that nobody here reads: no word is said of them."""
    assert relation(one, other, code) is UNLIKE


@pytest.mark.parametrize(
    ("one", "other", "codes"),
    [
        ("The road cost 2.3 million euros.", "The cost of the road was 2,300,000 euros.", ("en", "en")),
        ("The water of the spring is 60 degrees Celsius hot.", "The spring's water has 140 degrees Fahrenheit.", ("en", "en")),
        ("Ridership rose by 12% in the first year, to 2.4 million trips.",
         "Ridership in the first year was 2,400,000 trips, an increase of 12 percent.", ("en", "en")),
        ("Rents increased after the reform.", "After the reform, rents went up.", ("en", "en")),
        ("Der Lärm sank um 1,2 Dezibel.", "Noise fell by 1.2 decibels.", ("de", "en")),
        ("The road cost 2.3 million euros.", "这条道路的费用为230万欧元。", ("en", "zh")),
    ],
)  # fmt: skip
def test_the_same_in_other_words_is_agreement(one: str, other: str, codes: tuple[str, str]) -> None:
    """Other units, notations, orders and languages say the same."""
    assert relation(one, other, *codes) is AGREEMENT


@pytest.mark.parametrize(
    "word",
    ["safe dangerous", "stable unstable", "cheap expensive", "legal illegal", "true false", "empty full", "guilty innocent",
     "present absent", "possible impossible", "public secret", "healthy harmful",
     "complete partial", "early late", "wooden steep", "popular outdated"],
)  # fmt: skip
def test_no_single_word_s_opposite_is_agreement(word: str) -> None:
    """Sentences that differ in one decisive word never agree."""
    one, other = word.split()
    assert (
        relation(f"The path along the river is {one} for children.", f"The path along the river is {other} for children.") is not AGREEMENT
    )


def test_word_for_word_is_a_copy_and_no_second_voice() -> None:
    """Be it the whole statement, or one that stands within the other."""
    said = "Objections must be lodged in writing within fourteen days."
    assert relation(said, said.upper()) is COPY
    assert relation(said, f"Note: {said} They are free of charge.") is COPY


def test_who_says_more_backs_who_says_less_and_not_the_other_way_round() -> None:
    """A source of a claim says all of it."""
    judged = Judge(MEANING)
    less, more = (
        "In summer the level of the lake fell by 40 centimetres.",
        "The level of the lake fell by 40 centimetres in the dry summer.",
    )
    assert judged.backs("Last summer was dry, and the lake's level fell by 40 centimetres.", less) or judged.backs(more, less)
    assert not judged.backs(less, "The level of the lake fell by 40 centimetres in summer, from 2.1 metres.")


def test_figures_that_differ_may_be_read_beside_each_other_without_a_word() -> None:
    """Where nothing shows that they are of one thing, the verdict stays `unlike`, and names them."""
    one = "Traffic noise fell by 1.2 decibels on average at the agency's stations."
    other = "Traffic noise fell by 2.1 decibels on average at the 14 stations of the city."
    found = judge(one, other, ("en", "en"), MEANING)
    assert (found.relation, found.ground, found.evidence) == (UNLIKE, Ground.FIGURES, ("1.2 decibels", "2.1 decibels"))


def test_without_an_encoder_it_says_less_and_nothing_false() -> None:
    """Words and figures alone still find plain disputes."""
    codes = ("en", "en")
    assert judge("The well is 118 metres deep.", "The well is 96 metres deep.", codes).relation is DISPUTE
    assert judge("The drug is safe for children.", "The drug is dangerous for children.", codes).relation is DISPUTE
    assert judge("The lamp is bright.", "The lamp is luminous.", codes).relation is UNLIKE
