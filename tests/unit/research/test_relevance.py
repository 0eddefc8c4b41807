"""What answers a question: how much of it is said, with the headings, before how rare a word is; guidance;
short names; meaning."""

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import pytest
from numpy.typing import NDArray

from reprise_contracts.artifacts import Phase0, Phase2, PreparedSource, Step
from reprise_research.extractive.answers import answer
from reprise_research.extractive.evidence import gather, investigate, narrowed
from reprise_research.extractive.expected import expected
from reprise_research.extractive.goals import goals_of, only, subject_of
from reprise_research.extractive.relevance import answering, covered, parts_of
from reprise_research.extractive.writing import write
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
        source_id=name,
        title=name,
        status="ready",
        text_sha256=sha256(text.encode()).hexdigest(),
        site=name,
        language=code,
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
        "r": "R reads a data frame with the function read.table from a file.\nThe column names of it can be "
        "given by hand.",
        "plot": "The program reads data from a file that the command names.\nData can be read from a pipe, "
        "and data are plotted as read.",
    }
    found = gather(tuple(source(name, text) for name, text in texts.items()), texts)
    assert found[int(np.argmax(answering(found, ["How does R read data?"])))].source_id == "r"


async def test_where_nothing_answers_the_first_line_says_so() -> None:
    text = "The museum of the town shows ships of the last century.\nIts director came from the coast."
    found = answer(
        Step(step_id=1, kind="answer", title="x"),
        (source("a", text),),
        {"a": text},
        "How high is the inflation in the country?",
    )
    assert not found.findings
    assert found.gaps == (language("en").report.answer_none,)
    asked = Step(step_id=2, kind="answer", title="Prices", query="How high is the price of bread?")
    found = answer(asked, (source("a", text),), {"a": text}, "How high is the inflation in the country?")
    assert found.gaps == (language("en").report.asked_none,), "nothing follows that could answer it"


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
        "Prices of electricity fell in the county after it was built.\nThe turbines were made in the north "
        "and carried by ship."
    )
    found = gather((source("a", text),), {"a": text})
    assert [p.text.split()[1] for p in narrowed(found, "only costs and prices")] == ["costs", "of"]
    step = Step(step_id=1, title="Wind park", query="wind park turbines county")
    made = investigate(
        step, (source("a", text),), {"a": text}, {}, "What does the wind park bring?", "only costs and prices"
    )
    assert made.findings
    assert not any("turbines" in one.claim for one in made.findings)


def test_meaning_is_added_to_the_words() -> None:
    """An encoder brings up what says the same in other words; equal texts tie."""

    class Knows:
        """Says that texts on who crosses it are near each other, and nothing else."""

        languages = frozenset({"en"})

        def encode(self, texts: Sequence[str], /) -> NDArray[np.float32]:
            return np.array(
                [[1.0, 0.0] if "walk" in t or "uses" in t else [0.0, 1.0] for t in texts], dtype=np.float32
            )

    found = passages(
        "The bridge was open in May.\nNine million euros were paid by the county.\n"
        "People of all ages walk there on Sundays.",
        "s",
        "s",
    )
    plain, meant = (
        answering(found, ["Who uses the bridge"]),
        answering(found, ["Who uses the bridge"], Knows()),
    )
    assert plain[2] == 0
    assert meant[2] > 0


@pytest.mark.parametrize(
    ("code", "question", "paid", "other"),
    [
        ("en", "What did the bridge cost?", "The county paid nine million euros.", "It has nine piers."),
        ("zh", "这座桥花了多少钱？", "财政投入4.6亿元。", "全长460米。"),
        (
            "de",
            "Was hat die Brücke gekostet?",
            "Der Kreis zahlte neun Millionen Euro.",
            "Sie ist neun Meter lang.",
        ),
    ],
)
def test_who_gives_an_amount_of_money_says_what_something_costs(
    code: str, question: str, paid: str, other: str
) -> None:
    found = [Passage("a", "a", text, 0, len(text), 0, language=code) for text in (paid, other)]
    share = covered(found, question).share
    assert share[0] > share[1] == 0


def test_what_nobody_gives_lowers_nothing() -> None:
    text = "The bridge of Lund is old."
    found = [Passage("a", "a", text, 0, len(text), 0, language="en")]
    assert covered(found, "What did the bridge of Lund cost?").share[0] == 1.0


def test_passages_are_asked_in_their_own_language() -> None:
    german = Passage("a", "a", "Die Unfälle gingen nach dem Tempolimit zurück.", 0, 46, 0, language="de")
    english = Passage("b", "b", "The museum opened in the town in May.", 0, 37, 0)
    assert int(np.argmax(answering([english, german], ["Wirkt ein Tempolimit auf den Unfall?"]))) == 1


FAQ = """1.7. Where does the harbour's name come from?

A captain who drowned in the bay is remembered in what people call the place.

1.8. Which ships does the harbour take?

The harbour takes ships of every flag, and is known for fast work.
Ships wait in the outer harbour until a pilot comes."""


def test_a_question_above_its_answer_is_a_heading_and_its_section_answers() -> None:
    found = passages(FAQ, "s", "s")
    assert {passage.heading for passage in found[1:]} >= {"1.7. Where does the harbour's name come from?"}
    score = answering(found, ["Where does the harbour's name come from"])
    best = found[int(np.argmax(score))]
    assert best.heading == "1.7. Where does the harbour's name come from?"


def test_lines_of_code_are_no_headings() -> None:
    text = (
        "4.2 Priorities\n\nEvery package has a priority.\n\nPackage: foo\nPriority: optional\n\n"
        "Packages that are needed have a higher one."
    )
    assert [passage.heading for passage in passages(text, "s", "s")] == ["4.2 Priorities"] * 2


def test_a_passage_that_begins_with_its_neighbour_keeps_its_own_standing() -> None:
    """A sentence and the one that leans on it begin at one place; the second, which answers, is not ranked as
    the first alone."""
    text = (
        "Names of parcels consist of letters and digits. They must be at least two characters long.\n"
        "The names of parcels are printed on a label.\n"
        "A parcel without a name is sent back to the sender of parcels.\n"
    )
    found = answer(
        Step(step_id=1, kind="answer", title="Answer"),
        (source("s", text),),
        {"s": text},
        "How long must the name of a parcel be?",
    )
    assert "at least two characters" in found.findings[0].claim


@pytest.mark.parametrize(
    ("question", "code", "answers", "other"),
    [
        ("How long is a term?", "en", "A term lasts four years.", "A term is long."),
        ("Wie lange dauert eine Amtszeit?", "de", "Sie dauert vier Jahre.", "Sie dauert lange."),
        ("Quand le pont a-t-il été construit ?", "fr", "Il date de mai 1931.", "Il est en pierre."),
        ("¿Por qué se cerró el puente?", "es", "Se cerró porque era viejo.", "Se cerró."),
        ("Where is the list kept?", "en", "It is kept in /etc/hosts.", "It is kept."),
        ("Who founded the club?", "en", "It was founded by Anna Berg.", "It was founded early."),
        ("What is a sonnet?", "en", "A sonnet is a poem of fourteen lines.", "Poets love a sonnet."),
        ("桥什么时候建成？", "zh", "大桥于1931年建成。", "大桥很长。"),
    ],
)
def test_what_a_question_asks_for_is_told_by_its_words(
    question: str, code: str, answers: str, other: str
) -> None:
    tests = expected(question, code)
    right, wrong = (Passage("s", "s", text, 0, len(text), 0, language=code) for text in (answers, other))
    assert any(test(right) for test in tests)
    assert not any(test(wrong) for test in tests)


LIMITS = """How large is a store?

A store holds at most 281 terabytes.

How is it tested?

There are four harnesses that test the store. Each harness tests the store on every platform. The harnesses of
the store are tested against each other. Tests of the store run every night. The store is tested on old disks.

(3) What can corrupt a store?

A store is damaged where a disk lies about what it has written."""


def test_each_part_of_a_question_is_answered_in_its_turn() -> None:
    """What has much to say on one part leaves place for the others; a question is no answer, and one in
    brackets is a heading."""
    topic = "How is a store tested, how large can a store become, and what can corrupt a store?"
    step = Step(step_id=1, kind="answer", title="What the sources answer")
    told = answer(step, (source("limits", LIMITS),), {"limits": LIMITS}, topic).findings
    first = [finding.claim for finding in told[:3]]
    assert any("281 terabytes" in claim for claim in first) and any("a disk lies" in claim for claim in first)
    assert not any(finding.claim.endswith("?") for finding in told)
    assert next(p for p in passages(LIMITS, "limits", "limits") if "a disk" in p.text).heading.startswith(
        "(3)"
    )


def test_a_question_that_was_asked_is_answered_and_not_the_topics() -> None:
    """It stands in the report under its own words, beside what answers the topic."""
    topic = "How is a store tested?"
    own = Step(step_id=1, kind="answer", title="What the sources answer", query=topic)
    other = Step(step_id=2, kind="answer", title="Q", query="What can corrupt a store?")
    sources, texts = (source("limits", LIMITS),), {"limits": LIMITS}
    findings = {step.step_id: answer(step, sources, texts, topic) for step in (own, other)}
    assert "a disk lies" in findings[2].findings[0].claim
    assert "a disk lies" not in findings[1].findings[0].claim
    draft = write(Phase2(steps=(own, other)), findings, sources, (), topic)
    assert [(one.section_id, one.title) for one in draft.sections[:2]] == [
        ("answer", language("en").report.answer_title),
        ("step-2", "Q"),
    ]
    assert draft.sections[1].finding_ids == tuple(f.finding_id for f in findings[2].findings)


@pytest.mark.parametrize(
    ("guidance", "orders"),
    [
        ("Keep it short", True),
        ("Schreibe kurze Sätze", True),
        ("Écrivez pour des enfants", True),
        ("Escribe en un tono serio", True),
        ("Пиши коротко", True),
        ("短く書いてください", True),
        ("请写得简短", True),
        ("the costs of the bridge", False),
        ("die Kosten der Brücke", False),
        ("les prix du pain", False),
        ("橋の費用", False),
    ],
)
def test_guidance_that_gives_orders_is_no_subject(guidance: str, *, orders: bool) -> None:
    """What to do is asked as a wish, what to look at as a subject, in every language."""
    found = goals_of(Phase0(), "Was kostet die Brücke?", guidance)
    wish = language("de").report.ask_request.partition("{")[0]
    assert any(goal.question.startswith(wish) for goal in found) is orders
