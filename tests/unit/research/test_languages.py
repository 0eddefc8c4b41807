"""The languages' files: all are there, whole, and say what is asked of them."""

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest

from reprise_contracts.languages import WITHOUT_MODEL
from reprise_contracts.sources import FailureReason
from reprise_research.extractive.wording import asked_label
from reprise_research.languages import LANGUAGES, language
from reprise_research.languages.model import Language, Table, parse
from reprise_research.languages.report import Report
from reprise_research.text.prose import is_unknown

NOT_KNOWN = tomllib.loads((Path(__file__).parent / "not_known.toml").read_text())


def test_thirteen_languages_have_a_file() -> None:
    assert set(LANGUAGES) >= {"en", "zh", "de", "fr", "es", "pt", "it", "nl", "ru", "ja", "ko", "ar", "hi"}


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_language_leaves_out_no_table(code: str) -> None:
    """A table that a file leaves out would make the language silently worse than the others."""
    found = language(code)
    for name in Language.model_fields:
        part = getattr(found, name)
        if isinstance(part, Table):
            assert part.model_fields_set, f"{code}: [{name}] is not there"


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_words_of_a_language_are_written_in_its_script(code: str) -> None:
    letters = {
        "latin": r"[a-zà-ÿœ]",
        "cyrillic": r"[а-яё]",
        "han": r"[\u4e00-\u9fff]",
        "kana": r"[\u3040-\u30ff\u4e00-\u9fff]",
        "hangul": r"[\uac00-\ud7af]",
        "arabic": r"[\u0600-\u06ff]",
        "devanagari": r"[\u0900-\u097f]",
    }
    found = language(code)
    for word in found.stop_words | found.negation.words | found.movement.up | found.movement.down:
        assert re.search(letters[found.script], word), f"{code}: {word}"


@pytest.mark.parametrize("code", LANGUAGES)
def test_no_word_says_up_and_down(code: str) -> None:
    movement = language(code).movement
    assert not movement.up & movement.down


def test_region_and_script_of_a_code_are_ignored() -> None:
    assert language("zh-Hans") is not None
    assert language("pt-BR").code == "pt"


def test_an_unknown_language_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        language("tlh")


def test_a_file_with_an_unknown_key_is_refused() -> None:
    with pytest.raises(ValueError, match="not permitted"):
        parse("xx", 'code = "xx"\nname = "X"\nown_name = "X"\nscript = "latin"\nsurprise = 1\n')


def test_a_file_with_a_pattern_that_is_none_is_refused() -> None:
    with pytest.raises(ValueError, match="xx"):
        parse("xx", 'code = "xx"\nname = "X"\nown_name = "X"\nscript = "latin"\n[reading]\nunknown = ["("]\n')


@pytest.mark.parametrize(
    ("code", "unknown", "known"),
    [
        (
            "en",
            "Whether the limit saved lives is not known.",
            "The cluster allows rapid failover with no data loss.",
        ),
        (
            "en",
            "No study has measured the noise, and no data exist on it.",
            "There is no need to restart the server.",
        ),
        (
            "de",
            "Wie viele Radfahrer die Brücke nutzen, ist nicht bekannt.",
            "Der Umbau verlief ohne Verzögerung.",
        ),
        ("de", "Die Lärmbelastung wurde bisher nicht gemessen.", "Es wurden keine Mängel gefunden."),
        (
            "fr",
            "On ignore combien de cyclistes empruntent le pont.",
            "Le service redémarre sans perte de données.",
        ),
        ("es", "No hay datos sobre el ruido.", "El servicio se reinicia sin pérdida de datos."),
        ("pt", "Não se sabe quantas pessoas usam a ponte.", "O serviço reinicia sem perda de dados."),
        ("it", "Non è noto quante persone usino il ponte.", "Il servizio riparte senza perdita di dati."),
        (
            "nl",
            "Het is niet bekend hoeveel fietsers de brug gebruiken.",
            "De dienst herstart zonder gegevensverlies.",
        ),
        ("ru", "Неизвестно, сколько людей пользуется мостом.", "Сервис перезапускается без потери данных."),
        ("zh", "目前尚无关于噪音的数据。", "系统切换时没有数据丢失。"),
        ("ja", "騒音の影響は明らかになっていない。", "データを失うことなく切り替えられる。"),
        ("ko", "소음의 영향은 아직 알려지지 않았다.", "데이터 손실 없이 전환된다."),
        ("ar", "لا توجد بيانات عن الضوضاء.", "تعود الخدمة دون فقدان أي شيء."),
        ("hi", "शोर का असर अभी तक ज्ञात नहीं है।", "सेवा बिना किसी नुकसान के चालू होती है।"),
    ],
)
def test_what_is_called_unknown_is_told_from_what_has_a_no_in_it(code: str, unknown: str, known: str) -> None:
    pattern = language(code).reading.unknown
    assert pattern.search(unknown)
    assert not pattern.search(known)


@pytest.mark.parametrize("code", NOT_KNOWN["unknown"])
def test_what_nobody_knows_is_told_in_many_ways(code: str) -> None:
    pattern = language(code).reading.unknown
    assert not [sentence for sentence in NOT_KNOWN["unknown"][code] if not pattern.search(sentence)]
    assert not [sentence for sentence in NOT_KNOWN["known"].get(code, ()) if pattern.search(sentence)]


def test_what_is_only_supposed_is_not_called_unknown() -> None:
    assert not is_unknown("The field is empty if the size could not be determined.")
    assert not is_unknown("Es erscheint eine Warnung, wenn der Pfad nicht ermittelt werden konnte.", "de")
    assert is_unknown("If it rains, nobody knows how high the river gets.")


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_sentence_of_a_frame_can_be_filled_in(code: str) -> None:
    """A template asks for nothing but what it is given, and has its nouns in every number."""
    frame = language(code).report
    counted = {"sources": 2, "questions": 5, "findings": 21, "pairs": 1}
    given = dict.fromkeys(
        [
            "themes",
            "quote",
            "title",
            "label",
            "guidance",
            "topic",
            "count",
            "one",
            "other",
            "values",
            "agreed",
            "terms",
            "share",
            "supported",
            "node",
            "reason",
            "titles",
            "language",
            "model",
            "sections",
            "number",
        ],
        "x",
    )
    for name in Report.model_fields:
        template = getattr(frame, name)
        if isinstance(template, str) and name not in ("language", "quote"):
            filled = frame.filled(template, **counted, **given)
            assert "{" not in filled, f"{code}: {name}"
    for number in (0, 1, 2, 3, 5, 11, 21, 100):
        assert frame.counted("source", number)


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_question_of_ours_gives_its_subject_back_in_every_language(code: str) -> None:
    frame = language(code).report
    for name in ("ask_figures", "ask_views", "ask_known", "ask_report", "ask_other"):
        assert asked_label(getattr(frame, name).format(label="Brücke 5")) == "Brücke 5"


def test_the_engine_without_a_model_writes_in_every_language_with_a_file() -> None:
    assert set(WITHOUT_MODEL) == set(LANGUAGES)


@pytest.mark.parametrize("code", LANGUAGES)
def test_reasons_of_failures_are_all_there_or_none(code: str) -> None:
    """A report that explains some failures in its language and others in English reads as broken."""
    told = language(code).report.unused.failures
    assert set(told) in (set(), set(get_args(FailureReason)))
