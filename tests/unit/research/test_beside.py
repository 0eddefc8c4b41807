"""What another source says of the same stands beside an answer and beside what is not known, and nothing that
is of something else."""

import pytest

from reprise_contracts.artifacts import PreparedSource, Step, StepFindings
from reprise_research.extractive.answers import answer
from reprise_research.extractive.beside import leave_open_alike, other_figures, spoken_to
from reprise_research.extractive.comparison import missing
from reprise_research.meaning import encoder
from reprise_research.text.passages import Passage


def passage(text: str, source_id: str, code: str = "en") -> Passage:
    return Passage(source_id, source_id, text, 0, len(text), 0, language=code)


def beside(lead: str, other: str, question: str, code: str) -> list[str]:
    found = [passage(lead, "a", code), passage(other, "b", code)]
    return [one.values[1] for one in other_figures(found[0], found, question, encoder())]


@pytest.mark.parametrize(
    ("code", "question", "lead", "other", "value"),
    [
        (
            "en",
            "How long do repairs take?",
            "The landlord says that repairs take 12 days.",
            "Counted from the first call, the average repair took 21 days.",
            "21 days",
        ),
        (
            "de",
            "Was kostet der Umbau der Mühle?",
            "Der Umbau der Mühle kostet nach Angaben der Stadt 4,2 Mio. Euro.",
            "Mit den Außenanlagen kostet der Umbau der Mühle 5,1 Mio. Euro.",
            "5,1 Mio. Euro",
        ),
        (
            "zh",
            "夜间公交花了多少钱？",
            "据市政府统计，夜间公交全年支出320万元。",
            "经审计，夜间公交全年的支出为355万元，其中包括安保费用。",
            "355万元",
        ),
    ],
)
def test_another_figure_stands_beside_an_answer(
    code: str, question: str, lead: str, other: str, value: str
) -> None:
    assert beside(lead, other, question, code) == [value]


@pytest.mark.parametrize(
    ("lead", "other"),
    [
        ("The ferry cost 18 million dollars.", "A new battery for the bus costs 20 million dollars."),
        ("Repairs take 12 days.", "We expect repairs to take 8 days by next year."),
        ("Repairs take 12 days.", "An average repair took 12 days, and 21 days at Elm Street."),
        ("Repairs take 12 days.", "Repairs to the roof of the old mill took 90 days."),
        ("Repairs take 12 days.", "Repairs cost 12 pounds each."),
        ("In 2023 repairs took 12 days.", "In 2024 repairs took 21 days."),
        ("The limit for the ferry is 30 km/h, and 50 at sea.", "The limit for a ferry at sea is 50 km/h."),
        ("Repairs take 12 days.", "Do repairs take 21 days?"),
    ],
)
def test_a_figure_of_something_else_does_not(lead: str, other: str) -> None:
    question = "How long do repairs take, and what did the ferry cost?"
    assert beside(lead, other, question, "en") == []


def test_when_something_was_is_no_figure_where_nobody_asks_how_long() -> None:
    lead, other = (
        "Fifteen months after the limit came, the town still argues.",
        "In twelve months the limit came.",
    )
    assert beside(lead, other, "What has the limit changed?", "en") == []


def test_the_answer_tells_both_figures() -> None:
    texts = {
        "a": "The Harlow Trust says that repairs take 12 days. The Harlow Trust has 300 homes.",
        "b": "Counted from the first call, the average repair took 21 days. The tenants met in May.",
    }
    sources = tuple(
        PreparedSource(source_id=name, title=name, site=name, text_sha256="0" * 64, language="en")
        for name in texts
    )
    question = "How long do repairs take?"
    step = Step(step_id=1, kind="answer", title="A", description=question, query=question)
    found = answer(step, sources, texts, question).findings
    assert any(
        other.values == ("12 days", "21 days") and other.citation.source_id == "b"
        for one in found
        for other in one.beside
    )


GAPS = [
    (
        "en",
        "It is not yet known who will pay for the new pier.",
        "The harbour board will pay for the new pier from June.",
    ),
    (
        "de",
        "Offen ist, wo die Kinder während der Bauzeit turnen.",
        "Die Kinder turnen während der Bauzeit in der Halle von Lohra.",
    ),
    (
        "de",
        "Ob die Heizkosten der Mieter gesunken sind, konnten wir nicht feststellen, weil zu wenige "
        "Abrechnungen vorlagen.",
        "Die Stadtwerke gehen davon aus, dass die Heizkosten um 11 Prozent gesunken sind.",
    ),
    (
        "en",
        "We could not establish whether rents fell in the valley: only 41 tenants answered our letters.",
        "Rents fell in the whole valley last year, says the landlords' union.",
    ),
    (
        "fr",
        "On ne sait pas encore si la région renouvellera son aide.",
        "La région a confirmé qu'elle renouvelle son aide de 60 000 euros.",
    ),
    (
        "es",
        "No se sabe todavía cuándo abrirá la compañía el nuevo muelle.",
        "La compañía abrirá el nuevo muelle en enero, según su portavoz.",
    ),
]


@pytest.mark.parametrize(("code", "gap", "told"), GAPS)
def test_what_another_source_answers_is_no_gap_of_all(code: str, gap: str, told: str) -> None:
    found = [passage(gap, "a", code), passage(told, "b", code)]
    assert spoken_to(found[:1], found, "", encoder()) is found[1]


@pytest.mark.parametrize(
    "told",
    [
        "The board counted 3,200 dead trout in the Tarn river.",
        "Nobody knows what killed the fish in the Tarn river.",
        "The Tarn river is full of fish in spring.",
    ],
)
def test_what_only_speaks_of_the_subject_answers_no_gap(told: str) -> None:
    found = [
        passage("It is not known what killed the fish in the Tarn river.", "a"),
        passage(told, "b"),
    ]
    question = "What is known about the fish in the Tarn river?"
    assert spoken_to(found[:1], found, question, encoder()) is None


def test_a_source_does_not_answer_its_own_gap() -> None:
    gap, told = (passage(text, "a") for _, *texts in GAPS[:1] for text in texts)
    assert spoken_to([gap], [gap, told], "", encoder()) is None


def test_a_gap_that_several_sources_name_is_told_with_all_of_them() -> None:
    texts = {
        "a": "It is not known what killed the fish in the river. The mill opened in 1910.",
        "b": "The angling club met in May. It is not known what killed the fish in the river.",
    }
    sources = tuple(
        PreparedSource(source_id=name, title=name, site=name, text_sha256="0" * 64, language="en")
        for name in texts
    )
    step = Step(step_id=2, kind="missing", title="M", description="M", query="fish")
    found = missing(step, sources, texts, dict[int, StepFindings](), "What killed the fish?", "").findings
    assert [{c.source_id for c in one.citations} for one in found] == [{"a", "b"}]
    assert found[0].support == 2


def test_gaps_of_two_things_are_two() -> None:
    one = passage("It is not known what killed the fish in the river.", "a")
    other = passage("It is not known who owns the mill at the bridge.", "b")
    assert not leave_open_alike(one, other)
