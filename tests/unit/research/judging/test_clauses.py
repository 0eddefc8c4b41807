"""Statements are compared clause by clause: what stands behind a speaker, between commas or behind `and` is
disputed like what stands alone, as long as it says all that it depends on."""

import pytest

from reprise_research.judging import Judge
from reprise_research.judging.clauses import clauses
from unit.research.judging.judged import AGREEMENT, COPY, DISPUTE, MEANING, UNLIKE, relation


@pytest.mark.parametrize(
    ("code", "text", "said"),
    [
        (
            "en",
            "The guide told the paper that the mill is closed, and a ticket costs 4 euros.",
            ["The mill is closed.", "A ticket costs 4 euros."],
        ),
        ("en", "The mill (a brick house) is closed.", ["The mill is closed."]),
        ("en", "The mill (built by two brothers) grinds 40 tonnes.", ["The mill grinds 40 tonnes."]),
        ("en", "The mill, which employs nine people, is closed.", ["The mill is closed."]),
        (
            "en",
            "In winter, the mill is closed, and the paths are icy.",
            ["In winter, the mill is closed.", "In winter, the paths are icy."],
        ),
        ("de", "Im Winter ist die Mühle zu, und der Weg ist glatt.", ["Im Winter ist die Mühle zu."]),
        (
            "de",
            "Der Müller, ein Sohn des Ortes, mahlt selbst, aber das Wehr ist kaputt.",
            ["Der Müller mahlt selbst.", "Das Wehr ist kaputt."],
        ),
        ("fr", "Le guide a dit que le moulin est fermé.", ["Le moulin est fermé."]),
        ("en", "Ann Hart, mayor of Osk, sold the mill.", ["Ann Hart sold the mill."]),
        (
            "en",
            "The mill is old, and it grinds 40 tonnes.",
            ["The mill is old.", "The mill grinds 40 tonnes."],
        ),
        (
            "fr",
            "Le moulin est vieux, et il ferme à midi.",
            ["Le moulin est vieux.", "Le moulin ferme à midi."],
        ),
        (
            "de",
            "Die Mühle wurde verkauft und der Eintritt kostet 4 Euro.",
            ["Die Mühle wurde verkauft.", "Der Eintritt kostet 4 Euro."],
        ),
        (
            "fr",
            "Le moulin est fermé et le billet coûte 4 euros.",
            ["Le moulin est fermé.", "Le billet coûte 4 euros."],
        ),
        (
            "de",
            "Der Rat bestreitet, dass die Mühle zu ist, und der Müller ist alt.",
            ["Der Rat bestreitet, dass die Mühle zu ist."],
        ),
        ("it", "La guida ha spiegato che il mulino è chiuso.", ["Il mulino è chiuso."]),
        ("zh", "磨坊有九名员工，门票为30元。", ["磨坊有九名员工.", "门票为30元."]),
        ("zh", "维修期间，磨坊关闭，门票为30元。", ["维修期间，磨坊关闭.", "维修期间，门票为30元."]),
    ],
)
def test_a_sentence_is_taken_apart_into_what_says_something_by_itself(
    code: str, text: str, said: list[str]
) -> None:
    assert [clause.said.text for clause in clauses(text, code)] == said


@pytest.mark.parametrize(
    ("code", "text"),
    [
        ("en", "The mill is closed."),
        ("en", "The guide did not say that the mill is closed."),
        ("en", "The mayor rejected claims that the mill is closed."),
        ("en", "The guide wrongly said that the mill is closed."),
        ("en", "The guide might say that the mill is closed."),
        ("en", "It was wrong to say that the mill is closed."),
        ("en", "The mill is open, but only on Sundays."),
        ("en", "Is the mill closed, and what does a ticket cost?"),
        ("en", "The mill (only the old one) is closed."),
        ("en", "The mill is closed (2015)."),
        ("de", "Die Mühle ist zu (Stand 2015)."),
        ("en", "A ticket is 4 euros (7 at weekends)."),
        ("en", "Ann Hart, in her last year, sold the mill."),
        ("en", "The guide wrote the book on the mill."),
        ("de", "Der Ort hat die Mühle und das Wehr verkauft."),
        ("en", "The mill and the weir are closed."),
        ("en", "The town sold the mill and the weir for 4 million euros."),
        ("fr", "Le guide a affirmé à tort que le moulin est fermé."),
        ("xx", "Blah, and blah."),
    ],
)
def test_nothing_is_cut_that_its_clause_depends_on(code: str, text: str) -> None:
    assert clauses(text, code) == ()


@pytest.mark.parametrize(
    ("code", "one", "other"),
    [
        ("en", "The guide said that the mill is closed on Mondays.", "The mill is open on Mondays."),
        (
            "en",
            "A local firm built the mill, and a ticket costs 4 euros.",
            "A ticket costs 7 euros, but pupils pay less.",
        ),
        (
            "en",
            "The mill (a brick house) was sold to the town.",
            "The mill was not sold to the town, the notary notes.",
        ),
        (
            "en",
            "The miller, a man from the valley, grinds 40 tonnes a year.",
            "The miller grinds 25 tonnes a year.",
        ),
        (
            "de",
            "Der Müller sagte, dass die Mühle 40 Tonnen mahlt.",
            "Die Mühle mahlt 25 Tonnen, und sie steht am Bach.",
        ),
        (
            "de",
            "Die Mühle steht am Bach, und eine Karte kostet 4 Euro.",
            "Eine Karte kostet 7 Euro, aber Schüler zahlen nichts.",
        ),
        (
            "fr",
            "Le guide a dit que le moulin est fermé le lundi.",
            "Le moulin est ouvert le lundi, et le café aussi.",
        ),
        (
            "es",
            "El molino está en el río, y la entrada cuesta 4 euros.",
            "La entrada cuesta 7 euros, pero los niños no pagan.",
        ),
        (
            "it",
            "Il mulino è sul fiume, e il biglietto costa 4 euro.",
            "Il biglietto costa 7 euro, ma i bambini non pagano.",
        ),
        (
            "nl",
            "De molen staat aan de beek, en een kaartje kost 4 euro.",
            "Een kaartje kost 7 euro, maar kinderen betalen niets.",
        ),
        ("pt", "O guia disse que o moinho tem 4 salas.", "O moinho tem 7 salas, e fica no rio."),
        ("en", "The mill is old, and it grinds 40 tonnes a year.", "The mill grinds 25 tonnes a year."),
        ("de", "Der Steg ist alt, und er trägt 40 Tonnen.", "Der Steg trägt 25 Tonnen."),
        ("zh", "馆长说，磨坊有120名员工。", "磨坊有85名员工，周一闭馆。"),
    ],
)
def test_a_clause_is_disputed_wherever_it_stands(code: str, one: str, other: str) -> None:
    assert relation(one, other, code) is DISPUTE


@pytest.mark.parametrize(
    ("code", "one", "other"),
    [
        # who denies, hopes or wants it does not say it
        ("en", "The guide denied that the mill is closed.", "The mill is open."),
        ("en", "The guide hopes that the mill will close, and the town helps.", "The mill is open."),
        ("de", "Der Müller hofft, dass die Mühle schließt, und der Ort hilft.", "Die Mühle ist offen."),
        # another time, told in front of all
        ("en", "In 1950, the road was paved, and a ticket cost 4 euros.", "A ticket cost 7 euros in 1990."),
        ("en", "On Sundays, the mill is closed, and the bar is closed.", "The bar is open."),
        (
            "fr",
            "En 1950, le moulin tournait, et le village comptait 40 maisons.",
            "Le village compte 65 maisons.",
        ),
        ("zh", "维修期间，磨坊关闭，门票为30元。", "门票为50元。"),
        ("zh", "冬季，磨坊关闭，门票为30元。", "门票为50元。"),
        # what the pronoun means may be another thing
        ("en", "The old mill is shut, and it grinds 40 tonnes a year.", "The weir grinds 25 tonnes a year."),
        ("en", "The mill bought a boat, and it cost 4 million euros.", "The mill cost 9 million euros."),
        ("de", "Der Steg führt zum Turm, und er hat 40 Stufen.", "Der Steg hat 25 Stufen."),
        ("en", "The mills were shut, and they cost 4 euros.", "The mills cost 7 euros."),
        # what is denied may go on behind a comma, or be taken back there
        ("zh", "磨坊周一不开放，只有学校可以进。", "磨坊周一开放。"),
        ("zh", "市长否认磨坊关闭，学校开放。", "学校关闭。"),
        ("fr", "Le conseil a nié que le moulin est fermé, et le bar est ouvert.", "Le bar est fermé."),
        # a condition reaches over all
        ("en", "If it rains, the mill is closed, and the bar is open.", "The bar is closed."),
        # the part and the whole, another thing, a special one
        ("en", "The bar (only the small one) is closed.", "The bar is open."),
        (
            "en",
            "The Lister mill is old, and a ticket costs 4 euros.",
            "The Upton mill has a bar, and a ticket costs 7 euros.",
        ),
        (
            "en",
            "The mill burned down, and a ticket costs 4 euros.",
            "The church is open, and a ticket costs 7 euros.",
        ),
        ("en", "The mill is old, and a ticket costs 4 euros.", "A ticket for pupils costs 3 euros."),
        # the plan and what is so
        ("en", "The town plans to close the mill, and the bar is sold.", "The mill is open."),
        # a question
        ("en", "Is the mill closed, and who said so?", "The mill is open."),
    ],
)
def test_what_a_clause_depends_on_goes_with_it(code: str, one: str, other: str) -> None:
    assert relation(one, other, code) is UNLIKE


def test_what_the_question_names_need_not_stand_in_the_other_sentence() -> None:
    one = "The Lister mill burned down, and a ticket costs 4 euros."
    other = "A ticket costs 7 euros, but pupils pay less."
    assert relation(one, other) is UNLIKE
    asked = Judge(MEANING, "What does the Lister mill cost?")
    assert asked.between(one, other, ("en", "en")).relation is DISPUTE


@pytest.mark.parametrize(
    ("code", "one", "other", "right"),
    [
        (
            "en",
            "The mill, a gift of the miller, stores 300 tonnes of rye.",
            "The mill stores 300 tonnes of rye.",
            AGREEMENT,
        ),
        (
            "en",
            "The barn burned down, and the insurer refused to pay.",
            "The insurer refused to pay.",
            COPY,
        ),
        (
            "de",
            "Das Wehr wurde verkauft, und der Bach wurde vertieft.",
            "Der Bach wurde vertieft.",
            COPY,
        ),
        # each says something that the other does not
        (
            "en",
            "The barn burned down, and the weir broke.",
            "The barn burned down, and the mill was sold.",
            UNLIKE,
        ),
        # one hands on what somebody says, the other says it
        (
            "en",
            "The miller said that the mill employs fourteen people.",
            "The mill employs fourteen people.",
            UNLIKE,
        ),
    ],
)
def test_a_statement_agrees_with_a_clause_that_says_all_of_it(
    code: str, one: str, other: str, right: object
) -> None:
    assert relation(one, other, code) is right
