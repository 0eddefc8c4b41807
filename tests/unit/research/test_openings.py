"""The answer that a manual itself gives: what stands below the heading that asks what is asked."""

import pytest

from reprise_contracts.artifacts import PreparedSource, Step
from reprise_research.extractive.answers import answer
from reprise_research.extractive.expected import expected
from reprise_research.extractive.openings import openings
from reprise_research.meaning import encoder
from reprise_research.text.passages import passages
from reprise_research.text.sentences import is_heading

MANUAL = """Questions on kilns

Which glazes, clays, etc. are not suitable?

Anything with lead in it. Lead gets into food from the plate, whatever the recipe promises to its buyers.

Can a kiln be moved when it is hot?

No, it can't. The bricks crack as soon as the door is opened, and a crack goes on growing.

How can I compare two firings?

You can print the curve of each firing and lay one on the other, with the tool for curves:

kiln print --curve 12 13

Other things

Pots need a shelf. The shelf has to be level. A kiln costs 900 euros and lasts for twenty years."""
SOURCES = (PreparedSource(source_id="m", title="Kilns", text_sha256="0" * 64, language="en"),)


@pytest.mark.parametrize(
    ("question", "first"),
    [
        ("Can a kiln be moved while hot?", "No, it can't. The bricks crack"),
        ("How can two firings be compared?", "You can print the curve"),
        ("Which glazes and clays are not suitable?", "Anything with lead in it."),
    ],
)
def test_what_opens_the_section_that_asks_it_comes_first(question: str, first: str) -> None:
    step = Step(step_id=1, kind="answer", title="Answers", description=question, query=question)
    found = answer(step, SOURCES, {"m": MANUAL}, question).findings
    assert found[0].claim.startswith(first)
    quoted = found[0].citations[0]
    assert MANUAL[quoted.start : quoted.end] == quoted.quote == found[0].claim


def test_a_heading_of_another_thing_opens_nothing() -> None:
    assert openings(SOURCES, {"m": MANUAL}, ("What does clay from Devon cost?",), encoder()) == []


def test_a_full_stop_of_an_abbreviation_ends_no_question() -> None:
    assert is_heading("Which glazes, clays, etc. are not suitable?")
    assert not is_heading("The kiln is hot. Is it safe?")


def test_a_sentence_behind_one_that_only_joins_is_told_with_it() -> None:
    text = "See the chart.\n\nAlso, the kiln needs a log of each firing. It is stored in ~/.kiln/log."
    told = {passage.text: passage.whole for passage in passages(text, "a", "a")}
    assert told["Also, the kiln needs a log of each firing. It is stored in ~/.kiln/log."]


@pytest.mark.parametrize(
    ("question", "code", "text", "right"),
    [
        ("Which port does the kiln listen on?", "en", "The kiln listens on port 8118.", True),
        ("Which port does the kiln listen on?", "en", "The kiln listens on a port of its own.", False),
        ("Auf welchem Port lauscht der Ofen?", "de", "Der Ofen lauscht auf Port 8118.", True),
        (
            "At which address is the panel?",
            "en",
            "Whoever has the kiln can find its panel at http://kiln.example/ on every machine.",
            True,
        ),
    ],
)
def test_a_question_for_a_number_or_an_address_is_answered_by_one(
    question: str, code: str, text: str, right: bool
) -> None:
    (passage, *_) = passages(f"{text} Another sentence stands here.", "a", "a", code)
    tests = expected(question, code)
    assert tests
    assert any(test(passage) for test in tests) is right


def test_an_answer_goes_on_with_what_leans_on_it() -> None:
    """`It mails …` answers what the tool does; alone it would not say which."""
    text = (
        "One tool of many is kilnlog. It mails a list of firings every day.\n\nOther pages say little of it."
    )
    step = Step(step_id=1, kind="answer", title="Answers", description="", query="")
    found = answer(step, SOURCES, {"m": text}, "What does kilnlog do?").findings
    assert found[0].claim == "One tool of many is kilnlog. It mails a list of firings every day."
