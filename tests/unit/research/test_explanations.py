"""What answers `why` names a cause, and is told with what it is the cause of."""

import pytest

from reprise_contracts.artifacts import PreparedSource, Step
from reprise_research.extractive.answers import answer
from reprise_research.extractive.expected import gives_reason
from reprise_research.extractive.relevance import parts_of
from reprise_research.languages import LANGUAGES, language
from reprise_research.text.passages import Passage


def answers(question: str, *texts: str, code: str = "en") -> list[str]:
    """What is told first, source by source."""
    told = {str(n): text for n, text in enumerate(texts)}
    sources = tuple(
        PreparedSource(source_id=one, title=one, text_sha256="0" * 64, language=code, site=one)
        for one in told
    )
    step = Step(step_id=1, kind="answer", title="A", description=question, query=question)
    return [one.claim for one in answer(step, sources, told, question).findings]


@pytest.mark.parametrize(
    ("code", "question", "told", "first"),
    [
        (
            "en",
            "Why did the patients stop taking the drug?",
            "In the trial 212 patients took the drug. 48 of the patients stopped taking the drug before the "
            "end. Nausea was the most common reason.",
            "48 of the patients stopped taking the drug before the end. Nausea was the most common reason.",
        ),
        (
            "es",
            "¿Por qué se canceló el festival de Mirabel?",
            "El festival de Mirabel tiene mucho público. El festival de Mirabel se canceló el viernes. La "
            "decisión se debe a la falta de permisos.",
            "El festival de Mirabel se canceló el viernes. La decisión se debe a la falta de permisos.",
        ),
        (
            "ru",
            "Почему закрыли мост в Лужино?",
            "Мост в Лужино построен в 1962 году. Мост в Лужино закрыли в понедельник. Причина — трещины в "
            "опорах.",
            "Мост в Лужино закрыли в понедельник. Причина — трещины в опорах.",
        ),
        (
            "ja",
            "なぜ青葉図書館は休館したのですか？",
            "青葉図書館には12万冊の本がある。青葉図書館は4月から休館している。屋根の雨漏りが原因だ。",
            "青葉図書館は4月から休館している。屋根の雨漏りが原因だ。",
        ),
    ],
)
def test_a_cause_is_told_with_what_it_explains(code: str, question: str, told: str, first: str) -> None:
    assert answers(question, told, code=code)[0] == first


def test_a_cause_comes_before_who_only_says_again_what_is_asked() -> None:
    first, *others = answers(
        "Why is the bath of Lund closed?",
        "The bath of Lund is closed since Monday.",
        "The bath of Lund is closed because its ceiling is cracked.",
        "The bath of Lund was built in 1962.",
    )
    assert first == "The bath of Lund is closed because its ceiling is cracked."
    assert others == ["The bath of Lund is closed since Monday."]


def test_what_is_asked_is_told_with_the_sentence_behind_it_where_nothing_names_a_cause() -> None:
    explained = "The bath of Lund is closed since Monday. Inspectors had found cracks in its ceiling."
    told = answers("Why is the bath of Lund closed?", f"{explained} A ticket costs 5 euros.")
    assert told[0] == explained


def test_a_heading_that_asks_the_same_is_no_part_of_what_a_sentence_says() -> None:
    """The cause stands with what it explains, though the heading names that too."""
    question = "Why was the old receiver of the Arvo telescope switched off, and what did the new one find?"
    told = (
        "The old receiver of the telescope on Mount Arvo was switched off in June 2024. A leaking pump was "
        "to blame, says the technician Olav Berg."
    )
    heading = "Why was the old receiver switched off? A visit to Mount Arvo"
    went_on = "Spare parts are no longer made. The pump was replaced twice before."
    other = "The new receiver of the Arvo telescope went into service on 4 November 2024."
    assert told in answers(question, f"{heading}\n\n{told} {went_on}", other)


def test_a_cause_of_something_else_is_no_answer() -> None:
    told = answers(
        "Why is the bath of Lund closed?",
        "The bath of Lund is closed since Monday.\n\nBuses were late because of the snow.",
    )
    assert told == ["The bath of Lund is closed since Monday."]


def test_a_sentence_is_told_with_nothing_of_another_paragraph() -> None:
    told = answers("Why is the bath of Lund closed?", "The bath of Lund is closed.\n\nThe reason is old age.")
    assert "The reason is old age." not in " ".join(told)


@pytest.mark.parametrize("code", sorted(LANGUAGES))
def test_every_language_says_what_has_a_cause(code: str) -> None:
    assert language(code).asks.causes
    for phrase in language(code).asks.causes:
        text = phrase if not language(code).spaces else f"x {phrase} x"
        assert gives_reason(Passage("a", "a", text, 0, len(text), 0, language=code)), phrase


def test_a_question_with_one_part_is_that_part() -> None:
    assert parts_of("Warum wurde das Hallenbad geschlossen?", "de") == (
        "Warum wurde das Hallenbad geschlossen?",
    )
