"""What answers a question: how much of it is said, with the headings, before how rare a word is; guidance; short names; meaning."""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import pytest
from numpy.typing import NDArray

from reprise_contracts.artifacts import PreparedSource, Step
from reprise_research.extractive.answers import answer
from reprise_research.extractive.evidence import gather, investigate, narrowed
from reprise_research.extractive.goals import only, subject_of
from reprise_research.extractive.relevance import answering, covered, parts_of
from reprise_research.languages import language
from reprise_research.text.passages import Passage, passages

MANUAL = """4 After installation

4.1 Security updates

Install what the security team has published before anything else.

5 Patches

Each patch in debian/patches is applied in the order of the series file.
The first patch of a series is applied first, and the patch after it second.
A patch that should be dropped is removed from the series."""


def source(name: str, text: str, code: str = "en") -> PreparedSource:
    return PreparedSource(
        source_id=name, title=name, status="ready", text_sha256=sha256(text.encode()).hexdigest(), site=name, language=code
    )


def test_what_headings_say_counts_as_said() -> None:
    """A passage under `After installation` answers a question on it, though it has few of its words."""
    found = passages(MANUAL, "s", "s")
    share = covered(found, "What should be installed after installation for security?").share
    assert found[int(np.argmax(share))].heading == "4.1 Security updates"
    score = answering(found, ["How do you keep a server secure after installation"])
    assert found[int(np.argmax(score))].text.startswith("Install what the security team")


def test_a_question_is_asked_part_by_part() -> None:
    assert parts_of("What changed, and what did it cost?", "en") == ("What changed", "what did it cost")
    assert parts_of("Was änderte sich und was kostete es?", "de") == ("Was änderte sich", "was kostete es")


def test_a_letter_that_is_a_name_is_looked_for() -> None:
    texts = {
        "r": "R reads a data frame with the function read.table from a file.\nThe column names of it can be given by hand.",
        "plot": "The program reads data from a file that the command names.\nData can be read from a pipe, and data are plotted as read.",
    }
    found = gather(tuple(source(name, text) for name, text in texts.items()), texts)
    assert found[int(np.argmax(answering(found, ["How does R read data?"])))].source_id == "r"


async def test_where_nothing_answers_the_first_line_says_so() -> None:
    text = "The museum of the town shows ships of the last century.\nIts director came from the coast."
    found = answer(
        Step(step_id=1, kind="answer", title="x"), (source("a", text),), {"a": text}, "How high is the inflation in the country?"
    )
    assert not found.findings
    assert found.gaps == (language("en").report.answer_none,)


@pytest.mark.parametrize(
    ("guidance", "wanted"),
    [
        ("Only costs and prices.", "costs and prices"),
        ("Nur die Kosten", "Kosten"),
        ("只看成本", "成本"),
        ("Focus on costs", ""),
        ("solo los costes", "costes"),
    ],
)
def test_guidance_can_want_one_thing_alone(guidance: str, wanted: str) -> None:
    assert only(guidance) == wanted


def test_the_request_around_a_subject_is_left_out_in_other_languages() -> None:
    assert subject_of("Bitte konzentriere dich auf Kosten.") == "Kosten"
    assert subject_of("Céntrate en los costes") == "los costes"


def test_what_guidance_wants_alone_is_all_that_is_told() -> None:
    text = (
        "The turbines of the park turn in winds of three metres a second.\n"
        "The costs of the park were put at nine million euros by the county.\n"
        "Prices of electricity fell in the county after it was built.\nThe turbines were made in the north and carried by ship."
    )
    found = gather((source("a", text),), {"a": text})
    assert [p.text.split()[1] for p in narrowed(found, "only costs and prices")] == ["costs", "of"]
    step = Step(step_id=1, title="Wind park", query="wind park turbines county")
    made = investigate(step, (source("a", text),), {"a": text}, {}, "What does the wind park bring?", "only costs and prices")
    assert made.findings
    assert not any("turbines" in one.claim for one in made.findings)


def test_meaning_is_added_to_the_words() -> None:
    """An encoder brings up what says the same in other words; equal texts tie."""

    class Knows:
        """Says that texts on money are near each other, and nothing else."""

        languages = frozenset({"en"})

        def encode(self, texts: Sequence[str], /) -> NDArray[np.float32]:
            return np.array([[1.0, 0.0] if "euro" in t or "cost" in t else [0.0, 1.0] for t in texts], dtype=np.float32)

    found = passages("The bridge was open in May.\nNine million euros were paid by the county.\nPeople walk on it.", "s", "s")
    plain, meant = answering(found, ["What did the bridge cost"]), answering(found, ["What did the bridge cost"], Knows())
    assert plain[1] == 0
    assert meant[1] > 0


def test_passages_are_asked_in_their_own_language() -> None:
    german = Passage("a", "a", "Die Unfälle gingen nach dem Tempolimit zurück.", 0, 46, 0, language="de")
    english = Passage("b", "b", "The museum opened in the town in May.", 0, 37, 0)
    assert int(np.argmax(answering([english, german], ["Wirkt ein Tempolimit auf den Unfall?"]))) == 1
