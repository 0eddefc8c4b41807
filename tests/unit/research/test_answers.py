"""What stands first answers, and does not only tell that somebody asked."""

import pytest

from reprise_contracts.artifacts import PreparedSource, Step
from reprise_research.extractive.answers import answer
from reprise_research.extractive.openings import openings
from reprise_research.extractive.relevance import covered
from reprise_research.meaning import encoder
from reprise_research.text.passages import Passage


@pytest.mark.parametrize(
    ("code", "question", "told", "first"),
    [
        (
            "en",
            "Is the footbridge a listed structure?",
            "Councillor Pike asked whether the footbridge was a listed structure. The clerk replied that "
            "the footbridge is no listed structure.",
            "The clerk replied",
        ),
        (
            "de",
            "Gibt es in Obermühl eine Anschlusspflicht?",
            "Gemeinderätin Öttinger fragte, ob es in Obermühl eine Anschlusspflicht gibt. In Obermühl gibt "
            "es keine Anschlusspflicht.",
            "In Obermühl gibt es keine",
        ),
        (
            "fr",
            "Le toboggan sera-t-il conservé ?",
            "M. Fabre demande si le toboggan sera conservé. Le toboggan ne sera pas conservé.",
            "Le toboggan ne sera pas",
        ),
        (
            "zh",
            "新馆办证收取押金吗？",
            "有理事问到新馆办证是否收取押金。馆长说新馆办证不收取押金。",
            "馆长说",
        ),
    ],
)
def test_a_question_that_is_reported_answers_nothing(code: str, question: str, told: str, first: str) -> None:
    sources = (PreparedSource(source_id="m", title="M", text_sha256="0" * 64, language=code),)
    step = Step(step_id=1, kind="answer", title="A", description=question, query=question)
    found = answer(step, sources, {"m": told}, question).findings
    assert found and found[0].claim.startswith(first)


def test_that_nobody_knows_whether_is_an_answer() -> None:
    told = "It is not known whether the footbridge is a listed structure."
    sources = (PreparedSource(source_id="m", title="M", text_sha256="0" * 64, language="en"),)
    question = "Is the footbridge a listed structure?"
    step = Step(step_id=1, kind="answer", title="A", description=question, query=question)
    assert [one.claim for one in answer(step, sources, {"m": told}, question).findings] == [told]


def test_who_speaks_of_a_name_has_spoken_of_what_bears_it() -> None:
    """`The electric ferry Sula` is one thing, however many words a question has for it."""
    found = [
        Passage("a", "a", text, 0, len(text), 0, language="en")
        for text in (
            "The electric ferry Sula has sailed since March.",
            "The Sula completed 96 percent of her crossings and was reliable.",
            "An electric bus stands at the ferry.",
        )
    ]
    share = covered(found, "How reliable is the electric ferry Sula?").share
    assert share[1] == 1.0 and share[1] > share[0] > share[2]


def test_two_sentences_that_are_told_together_are_told_once() -> None:
    text = (
        "In 2024, 58 percent of the Alba's arrivals were on time. The average of all night trains was 66 "
        "percent."
    )
    told = answer(
        Step(step_id=1, title="Answers", query="How often is the night train Alba on time?"),
        (PreparedSource(source_id="a", title="A", language="en", text_sha256="0" * 64),),
        {"a": text},
        "How often is the night train Alba on time?",
    )
    assert [one.claim for one in told.findings] == [text]


def test_a_heading_that_only_names_opens_no_answer() -> None:
    """`A night on the Alba` is about the night train Alba, and no answer to whether it is a success."""
    text = "A night on the Alba\n\nI slept badly. Breakfast was good, and the steward kind."
    source = PreparedSource(source_id="a", title="a", language="en", text_sha256="0" * 64)
    assert openings((source,), {"a": text}, ["Is the night train Alba a success?"], encoder()) == []
    told = openings(
        (source,), {"a": text.replace("A night on", "The success of")}, ["Is the Alba a success?"]
    )
    assert [one.passage.text for one in told] == [text.partition("\n\n")[2]]
