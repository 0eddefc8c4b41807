"""Text in many languages: which one it is, where its sentences end, what its words are compared by."""

import pytest

from reprise_research.text.language import language_of
from reprise_research.text.lexicon import lexicon
from reprise_research.text.passages import passages
from reprise_research.text.prose import is_prose, leans, prose
from reprise_research.text.sentences import is_spoken, split
from reprise_research.text.words import terms


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Does a 30 km/h limit make streets safer?", "en"),
        ("SQLite vs LMDB", "en"),
        ("Debian security", "en"),
        ("How does R read data?", "en"),
        ("Was bringt Tempo 30?", "de"),
        ("Tempolimit in Städten", "de"),
        ("Effets du télétravail", "fr"),
        ("Impacto del teletrabajo", "es"),
        ("Impacto do teletrabalho nas cidades", "pt"),
        ("Gli effetti del telelavoro", "it"),
        ("De gevolgen van thuiswerken", "nl"),
        ("Влияние ограничения скорости", "ru"),
        ("限速30公里", "zh"),
        ("東京の騒音", "ja"),
        ("소음의 영향", "ko"),
        ("تأثير الضوضاء", "ar"),
        ("क्या गति सीमा से दुर्घटनाएँ कम होती हैं?", "hi"),
        ("Hur påverkar hastighetsgränsen olyckor?", "sv"),
        ("Jak ograniczenie prędkości wpływa na wypadki?", "pl"),
        ("Вплив обмеження швидкості на аварії", "uk"),
        ("تأثیر سرعت بر تصادفات چیست؟", "fa"),
        ("12345 !!!", None),
    ],
)
def test_a_short_text_is_told_by_its_language(text: str, expected: str | None) -> None:
    assert language_of(text) == expected


@pytest.mark.parametrize(
    ("code", "text", "count"),
    [
        (
            "de",
            "Sie wurde z. B. am 3. Mai 2021 geöffnet. Sie kostete 4,5 Mio. Euro. Prof. Meyer sagt: „Das ist "
            "gut.“ Danach nichts.",
            4,
        ),
        ("de", "Die Probe findet am Samstag, dem 9. November, statt. Das steht auf Seite 9. Es war kalt.", 3),
        ("de", "Der Planer, Herr Dipl.-Ing. Rautenberg, sprach. Frau Mag. Thurner hörte zu.", 2),
        ("fr", "M. Dupont a payé 3,5 millions d'euros. « C'est trop », dit-il. Voir p. 12.", 3),
        ("es", "El Sr. Gómez pagó 3,5 millones. ¿Es mucho? Sí.", 3),
        ("ru", "Мост открыт в 2021 г. в Москве. Стоимость 3,5 млн. руб. А. С. Пушкин жил там.", 2),
        ("ja", "橋は2021年に開通した。費用は約35億円だった。「高い。」と彼は言った。", 3),
        ("ko", "다리는 2021년에 개통했다. 비용은 3.5억 원이었다.", 2),
        ("ar", "افتتح الجسر عام 2021. بلغت التكلفة 3.5 مليون. هل هذا صحيح؟ نعم.", 4),
        ("hi", "पुल 2021 में खुला। इसकी लागत 5 करोड़ रुपये थी। कोई आंकड़ा नहीं है।", 3),
    ],
)
def test_sentences_end_where_a_reader_of_the_language_ends_them(code: str, text: str, count: int) -> None:
    found = split(text, code)
    assert len(found) == count
    assert all(text[one.start : one.end] == one.text for one in found)


@pytest.mark.parametrize(
    ("code", "one", "other"),
    [
        ("de", "Die Unfälle auf den Straßen", "ein Unfall auf der Straße"),
        ("fr", "l'accident de la route", "des accidents sur les routes"),
        ("ru", "аварии на дорогах", "авария на дороге"),
        ("ko", "소음은 줄었다", "소음의 감소"),
        ("ar", "الأسعار في المدينة", "أسعار المدينة"),
    ],
)
def test_forms_of_a_word_are_one_term(code: str, one: str, other: str) -> None:
    assert set(terms(one, code)) & set(terms(other, code))


def test_function_words_are_no_terms_in_any_language() -> None:
    assert terms("Wird die der haben und werden", "de") == []
    assert terms("के लिए और यह है", "hi") == []
    assert terms("les ont été dans une", "fr") == []


def test_short_names_are_terms_with_their_capitals() -> None:
    """R, Go and IT look like letters and function words; they name things."""
    assert terms("How does R read data?")[0] == "R"
    assert {"R", "Go", "IT", "WHO", "c++", "5g", "eu"} <= set(
        terms("R, C++ and Go in the IT of the WHO, with 5G in the EU")
    )
    assert "Go" not in terms("You can go there.")
    assert "A" not in terms("A bridge was built. I saw it.")


def test_a_hindi_word_keeps_its_vowel_signs() -> None:
    assert "दुर्घटनाएँ" in terms("गति सीमा से दुर्घटनाएँ घटीं।", "hi")


def test_german_negation_is_found_as_a_word() -> None:
    assert lexicon({"nicht"}, ("noch nicht",), "de").findall("Das ist noch nicht so; vernichtet ist es.") == [
        "noch nicht"
    ]


def test_arabic_words_are_found_behind_their_particles() -> None:
    assert lexicon({"أسعار"}, (), "ar").search("انخفضت الأسعار") is not None


def test_german_prose_is_told_from_headings_and_cookies() -> None:
    text = (
        "Verkehr\n\nDie Zahl der Unfälle sank 2023 um vier Prozent.\nWir verwenden Cookies auf dieser "
        "Seite.\n"
    )
    text += "Daher wurde das Limit verlängert."
    found = prose(text, "de")
    assert [one.text for one in found] == [
        "Die Zahl der Unfälle sank 2023 um vier Prozent.",
        "Daher wurde das Limit verlängert.",
    ]
    assert leans(found[1].text, "de")


def test_a_transcript_is_cut_at_pauses_and_quoted_word_for_word() -> None:
    talk = (
        "Morning or evening\n\nso today we are talking about training in the morning and the study had forty "
        "two men who trained for some "
        "weeks and the evening group gained more than the morning group but in the first weeks there was no "
        "difference between them and if you can "
        "only train in the morning then train in the morning because that is better than no training at all "
        "and this is what matters in the end"
    )
    assert is_spoken(talk)
    found = passages(talk, "s", "s")
    assert len(found) >= 2
    assert all(talk[one.start : one.end] == one.text and one.spoken for one in found)
    assert max(len(one.text) for one in found) <= 260


def test_captions_of_a_few_words_are_joined() -> None:
    lines = [
        "so today we are talking about",
        "training in the morning and what",
        "it does to the people who do it",
        "and we will see that they are",
    ]
    found = prose("\n".join(lines * 5))
    assert found
    assert all(len(one.text) > 60 for one in found)


def test_a_menu_is_no_transcript() -> None:
    assert not is_spoken(
        "\n".join(
            ["Home", "About us", "Contact", "Products", "Services", "Our team", "Jobs at the company"] * 12
        )
    )


def test_headings_over_a_heading_are_known_by_their_numbers() -> None:
    text = (
        "4 After installation\n\n4.1 Passwords\n\nSet a password for the boot loader first.\n\n"
        "5 Services\n\nTurn off what nobody on it needs."
    )
    first, second = prose(text)
    assert (first.heading, first.above) == ("4.1 Passwords", "4 After installation")
    assert (second.heading, second.above) == ("5 Services", "")


def test_a_sentence_in_another_script_than_its_text_is_read_in_its_own() -> None:
    assert not is_prose("点击这里订阅我们的最新消息和通讯。", "en")
