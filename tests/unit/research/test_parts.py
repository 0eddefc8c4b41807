"""What may be a noun, and what names a theme."""

import pytest

from reprise_research.extractive.phrases import phrases_of
from reprise_research.text.parts import is_mostly_noun, may_be_noun, parts_of
from reprise_research.text.passages import passages


@pytest.mark.parametrize("word", ["harbour", "cost", "house", "drilling", "building", "mildew", "kelp"])
def test_a_noun_is_mostly_a_noun(word: str) -> None:
    assert is_mostly_noun(word, "en")


@pytest.mark.parametrize("word", ["struck", "begins", "rejected", "geological", "quickly", "belongs"])
def test_a_verb_or_an_adjective_is_not(word: str) -> None:
    assert not is_mostly_noun(word, "en")


def test_forms_have_the_parts_of_their_word_and_languages_without_a_list_have_nouns() -> None:
    assert parts_of("lies", "en") == parts_of("lie", "en") == "vn"
    assert not may_be_noun("excavated", "en")
    assert parts_of("gesunken", "de") == "n"


def test_no_verb_and_no_name_is_a_theme() -> None:
    """`lies` and `struck` recur, and `Amber Homes` is a name; the bath house is what they speak of."""
    text = (
        "The villa lies beside the river. The bath house was struck by lightning. Amber Homes wants it. "
        "The river lies low. A second bath house was struck by frost. The field belongs to Amber Homes."
    )
    other = "The bath house lies in ruins. Amber Homes was struck from the list. Amber Homes lies to nobody."
    found = [*passages(text, "a", "a"), *passages(other, "b", "b")]
    labels = {phrase.label for phrase in phrases_of(found)}
    assert "bath house" in labels
    assert not {label for label in labels if {"lies", "struck", "homes"} & set(label.lower().split())}


def test_a_piece_of_a_chinese_name_is_no_theme() -> None:
    text = "远川新能源公司提出请求。专利属于远川新能源公司。远川新能源公司表示欢迎。"
    found = [*passages(text, "a", "a", "zh"), *passages("记者联系了远川新能源公司的律师。", "b", "b", "zh")]
    assert "远川新" not in {phrase.label for phrase in phrases_of(found)}
