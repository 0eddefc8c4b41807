"""Who speaks in a source, and who only hands on what another one says."""

import numpy as np
import pytest

from reprise_contracts.artifacts import Citation, PreparedSource
from reprise_research.brief import Library
from reprise_research.extractive.evidence import gather, group
from reprise_research.extractive.voices import handed_on
from reprise_research.judging import judging
from reprise_research.llm.evidence import Evidence
from reprise_research.llm.finding import voices
from reprise_research.stores import MemoryStore
from reprise_research.text.prose import is_bare, is_opinionated, leans, prose, speaks_of_itself

TOPIC = "Do hedges keep the noise of the bypass from the village?"
STUDY = """Hedges along roads: measurements

Calder Acoustics Laboratory

A dense hedge lowered the noise by 3 decibels in June. Eleven hedges were measured."""
PAPER = """Hedges help a little, study finds

The Calder Acoustics Laboratory has measured the noise. In June a dense hedge lowered the
noise by 3 decibels. The village is pleased."""
COUNCIL = """Parish council: minutes

By 3 decibels a dense hedge lowered the noise in June. The clerk thanked the gardeners."""
RIVAL = """A week beside the bypass

By Ina Lorne

A dense hedge pleases the birds too. Nobody measured them."""


def batch(**texts: str) -> tuple[tuple[PreparedSource, ...], dict[str, str]]:
    sources = tuple(
        PreparedSource(source_id=name, title=text.splitlines()[0], text_sha256="0" * 64, language="en")
        for name, text in texts.items()
    )
    return sources, texts


def test_who_names_the_maker_of_another_source_hands_it_on() -> None:
    sources, texts = batch(study=STUDY, paper=PAPER, council=COUNCIL, rival=RIVAL)
    found = handed_on(sources, texts, TOPIC)
    assert found == {
        "study": frozenset(),
        "paper": frozenset({"study"}),
        "council": frozenset(),
        "rival": frozenset(),
    }


@pytest.mark.parametrize("order", [("study", "paper", "council"), ("paper", "council", "study")])
def test_a_report_on_a_report_is_no_second_voice(order: tuple[str, ...]) -> None:
    """Whatever the order, the study and the paper are one voice; the council counts for itself."""
    every = {"study": STUDY, "paper": PAPER, "council": COUNCIL}
    sources, texts = batch(**{name: every[name] for name in order})
    pool = [p for p in gather(sources, texts, TOPIC) if "3 decibels" in p.text]
    (found,) = group(pool, np.ones(len(pool)), judging(TOPIC))
    assert len(found.sites) == 2
    assert not {"study", "paper"} <= found.sites


def test_what_a_name_stands_for_that_everybody_speaks_of_is_no_maker() -> None:
    """A ship that all sources name made none of them."""
    told = "The Amber Wren was towed to the yard on Monday. Nobody saw the Amber Wren leave."
    sources, texts = batch(
        **{
            f"s{n}": f"The Amber Wren: what we know, part {n}\n\n{told} Part {n} tells more of it."
            for n in range(4)
        }
    )
    assert not any(handed_on(sources, texts).values())


@pytest.mark.parametrize(
    ("title", "code", "right"),
    [
        ("Letters", "en", True),
        ("Opinion: parks are no luxury", "en", True),
        ("Comment on the draft bylaw", "en", False),
        ("Letters patent of 1640", "en", False),
        ("Leserbriefe", "de", True),
        ("Kommentar – Wer soll das zahlen", "de", True),
        ("Meinungsforschung im Kreis", "de", False),
        ("Tribune : il faut planter", "fr", True),
        ("评论：树不是成本", "zh", True),
        ("评论数据的方法", "zh", False),
    ],
)
def test_a_title_says_that_what_is_below_is_opinion(title: str, code: str, right: bool) -> None:
    assert is_opinionated(title, code) is right


def test_who_speaks_of_itself_has_to_be_named() -> None:
    assert speaks_of_itself("We expect a loss of 3 million euros.", "en")
    assert not speaks_of_itself('"We expect a loss," said Ada Horn, the treasurer.', "en")
    assert speaks_of_itself("Unsere Werft baut acht Boote im Jahr.", "de")
    assert not speaks_of_itself("Die Werft baut acht Boote im Jahr.", "de")


@pytest.mark.parametrize(
    ("text", "code", "kept"),
    [
        (
            "Anwesend: Frau Ilk, elf Mitglieder. Entschuldigt: Herr Ax. Der Rat tagte zwei Stunden.",
            "de",
            ["Der Rat tagte zwei Stunden."],
        ),
        (
            "Repair of the organ. Letter to the editor. Any other business. The organ is out of tune again.",
            "en",
            ["The organ is out of tune again."],
        ),
        (
            "Opening hours: Monday to Friday, 9 to 5. Keep the door shut. It's over for the mill.",
            "en",
            [
                "Opening hours: Monday to Friday, 9 to 5.",
                "Keep the door shut.",
                "It's over for the mill.",
            ],
        ),
        (
            "TOP 2: Lärmschutz. Die Stadt pflanzt eine Hecke am Ortsrand.",
            "de",
            ["Die Stadt pflanzt eine Hecke am Ortsrand."],
        ),
    ],
)
def test_what_has_no_verb_says_nothing(text: str, code: str, kept: list[str]) -> None:
    assert [one.text for one in prose(text, code)] == kept


@pytest.mark.parametrize(
    ("sentence", "code", "right"),
    [
        ("Anwohner könnten ihn ablehnen.", "de", True),
        ("Der Bund ist dagegen.", "de", True),
        ("Das sind weniger als erwartet, weil der Februar mild war.", "de", True),
        ("Ursache war jeweils eine verstopfte Schnecke.", "de", True),
        ("Das Haus ist alt.", "de", False),
        ("Construit en 1994, il sera démoli au printemps.", "fr", True),
        ("En hiver, il faut fermer la route.", "fr", False),
        ("In the spring term of 2024 it has fallen to 92.4 per cent.", "en", True),
        ("In 2024 the bridge was closed.", "en", False),
        ("Die Anwohner sagen, sie hätten davon gewusst.", "de", False),
        ("I do not.", "en", True),
        ("Anyone who says otherwise is wrong.", "en", True),
        ("The council told them to leave the field.", "en", True),
        ("There, 305 falls were recorded on the wards.", "en", True),
        ("There are 305 beds on the wards.", "en", False),
        ("Là-bas, 305 chutes ont été comptées.", "fr", True),
        ("Allí se contaron 305 caídas.", "es", True),
        ("Lì sono state contate 305 cadute.", "it", True),
        ("Ali foram contadas 305 quedas.", "pt", True),
        ("Daar werden 305 valpartijen geteld.", "nl", True),
        ("在那里,共记录了305起跌倒。", "zh", True),
        ("그곳에서는 305건의 낙상이 기록되었다.", "ko", True),
        ("Owners who love their hedges and their birds never cut them in May.", "en", False),
    ],
)
def test_what_points_at_something_outside_leans_on_it(sentence: str, code: str, right: bool) -> None:
    assert leans(sentence, code) is right


@pytest.mark.parametrize(
    ("sentence", "code", "right"),
    [
        ("Die Kosten betragen 3,4 Millionen Euro.", "de", True),
        ("Die Kosten der Hecke betragen 900 Euro.", "de", False),
        ("The work would cost 48 million pounds.", "en", True),
        ("The work on the bypass would cost 48 million pounds.", "en", False),
    ],
)
def test_a_cost_alone_does_not_say_of_what(sentence: str, code: str, right: bool) -> None:
    assert is_bare(sentence, code) is right
    assert not leans(sentence, code)


def test_a_models_claim_has_as_many_voices_as_speak_for_themselves() -> None:
    """A paper that names the laboratory whose figure it tells is no second voice, the council is."""
    sources, texts = batch(study=STUDY, paper=PAPER, council=COUNCIL)
    sources = tuple(source.model_copy(update={"status": "ready"}) for source in sources)
    evidence = Evidence(Library(sources, MemoryStore()), texts)

    def cited(name: str) -> Citation:
        quote = next(line for line in texts[name].splitlines() if "June" in line)
        return Citation(source_id=name, quote=quote, text_sha256="0" * 64, start=0, end=len(quote), score=1.0)

    def counted(*names: str) -> int:
        return voices("A dense hedge lowered the noise in June.", map(cited, names), evidence, TOPIC)

    assert [
        counted("study"),
        counted("study", "paper"),
        counted("paper", "study"),
        counted("study", "council"),
    ] == [
        1,
        1,
        1,
        2,
    ]
    assert counted("council", "paper", "study") == 2
