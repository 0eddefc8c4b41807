"""What a reader of a report stumbles over: names that are none, sentences that are torn, furniture of
minutes, one sentence told twice."""

import pytest

from reprise_contracts.artifacts import (
    Citation,
    Contradiction,
    Finding,
    Phase0,
    Phase2,
    PreparedSource,
    Step,
    StepFindings,
    Theme,
)
from reprise_research.drafts import Paragraph, SectionDraft, Span
from reprise_research.extractive.evidence import gather
from reprise_research.extractive.goals import goals_of
from reprise_research.extractive.nouns import nouns
from reprise_research.extractive.phrases import phrases_of
from reprise_research.extractive.rest import rest
from reprise_research.extractive.themes import find_themes
from reprise_research.extractive.writing import write
from reprise_research.languages import LANGUAGES, language
from reprise_research.phases.rendering import Renderer
from reprise_research.sources.plain import from_text
from reprise_research.text.passages import Passage
from reprise_research.text.prose import is_opinion, is_unknown, prose, reports_question
from reprise_research.text.sentences import split


def prepared(name: str, code: str = "en", title: str = "") -> PreparedSource:
    return PreparedSource(
        source_id=name, title=title or name, site=f"file:{name}.txt", text_sha256="0" * 64, language=code
    )


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("Die Sanierung des Hallenbads ist teuer.", ["Sanierung", "Hallenbad"]),
        ("Die Farbe des alten Gletschers ist bekannt.", ["Farbe", "Gletscher"]),
        ("Der Preis des Hauses ist hoch.", ["Preis", "Haus"]),
        ("Der Kurs ist voll.", ["Kurs"]),
        ("Das Haus des Kindes ist voll.", ["Haus", "Kind"]),
        ("Der Bus ist voll.", ["Bus"]),
        ("Die Gewinn- und Verlustrechnung ist da, eine Bilanz auch.", ["Bilanz"]),
    ],
)
def test_a_german_noun_is_named_without_the_ending_of_its_genitive(text: str, names: list[str]) -> None:
    assert [noun.form for noun in nouns(text, "de")] == names


def test_a_theme_has_no_dative() -> None:
    texts = {
        "a": "Hier steht wenig von den Mühlbächen. Die Mühlbäche sind trocken. An Mühlbächen baut niemand.",
        "b": "Von den Mühlbächen lebt das Dorf. Die Mühlbäche sind alt. In Mühlbächen leben Forellen.",
    }
    sources = tuple(prepared(name, "de") for name in texts)
    labels = [theme.label for theme in find_themes(gather(sources, texts), "Wie geht es dem Dorf?", "")]
    assert "Mühlbäche" in labels and "Mühlbächen" not in labels


def test_a_source_in_another_language_is_called_by_its_title() -> None:
    german = "Die Mühle steht seit 1890. Die Mühle hat drei Gänge. In der Mühle backt heute ein Verein."
    told = Passage("b", "b", "We saw the mill at work.", 0, 24, 0, language="en", title="Mills: a survey")
    found = [*gather((prepared("a", "de"),), {"a": german}), told]
    labels = [theme.label for theme in find_themes(found, "Was ist mit der Mühle?", "")]
    assert labels[0] == "Mühle" and labels[-1] == "Mills"


def test_a_chinese_conjunction_is_no_theme() -> None:
    texts = {
        "a": "虽然图书馆很小，但是书很多。虽然票价上涨，来的人还是不少。居民喜欢图书馆。",
        "b": "虽然位置偏远，大家仍然满意。虽然开放时间短，孩子们天天去图书馆。",
    }
    found = gather(tuple(prepared(name, "zh") for name in texts), texts)
    names = {phrase.label for phrase in phrases_of(found)}
    assert "图书馆" in names and "虽然" not in names


def test_what_independent_sources_share_is_counted_over_all_sections() -> None:
    text = "A trip takes nine minutes. The station is old."
    shared = _finding("f2-1", text, 0, 26).model_copy(update={"support": 2})
    steps = (
        Step(step_id=1, kind="retrieve", title="Station", description="Station?", query="station"),
        Step(step_id=2, kind="rest", title="Rest", description="Rest", query="trip"),
    )
    alone = _finding("f1-1", text, 27, len(text))
    found = {
        1: StepFindings(step_id=1, kind="retrieve", title="Station", findings=(alone,)),
        2: StepFindings(step_id=2, kind="rest", title="Rest", findings=(shared,)),
    }
    sources = (prepared("a"), prepared("b"))
    draft = write(Phase2(synthesized_goal="g", steps=steps), found, sources, (), "How long is a trip?")
    summary = next(section for section in draft.sections if section.section_id == "summary")
    assert "1 of 2" in summary.blocks[0].spans[0].text  # type: ignore[union-attr]


def test_a_japanese_theme_in_chinese_characters_is_of_the_reports_language() -> None:
    phase0 = Phase0(themes=(Theme(label="移動図書館", source_ids=("a",)),))
    (goal,) = goals_of(phase0, "北浜市の移動図書館はどう変わったか。", "")
    assert "他の言語" not in goal.question
    (goal,) = goals_of(phase0, "How did the mobile library change?", "")
    assert "another language" in goal.question


def test_who_said_something_is_told_with_it() -> None:
    text = "“孩子晚上发烧，不用再跑到市里的大医院排队。”居民马女士说。街道共有三家诊所。"
    assert [one.text for one in split(text, "zh")] == [
        "“孩子晚上发烧，不用再跑到市里的大医院排队。”居民马女士说。",
        "街道共有三家诊所。",
    ]
    apart = "“孩子晚上发烧，不用再跑到市里的大医院排队。”街道共有三家诊所。"
    assert len(split(apart, "zh")) == 2


def test_a_heading_that_a_full_stop_closes_is_no_statement() -> None:
    minutes = (
        "一、上半年垃圾分类工作情况。\n清运量为312吨，比去年增长14%。\n"
        "二、会议研究的其他事项安排。\n没有人提出其他事项来讨论。"
    )
    assert [one.text for one in prose(minutes, "zh")] == [
        "清运量为312吨，比去年增长14%。",
        "没有人提出其他事项来讨论。",
    ]
    listed = "会议一致作出以下三项决定。\n一、新建收集亭120座，年底前完成。\n二、开放时间延长到上午十点半。"
    assert len(prose(listed, "zh")) == 3


REPORTED = [
    ("en", "Cllr Strand asked whether the diesel boat could be kept.", "The board asked for two new boats."),
    (
        "de",
        "Gemeinderätin Öztürk fragte, ob ein Neubau günstiger sei.",
        "Die Frage des Neubaus ist entschieden.",
    ),
    ("fr", "M. Lefort demande quel est le coût total.", "M. Lefort demande une cuisine neuve."),
    ("es", "El concejal preguntó cuánto costó el parque.", "La pregunta del concejal fue aprobada."),
    ("it", "Il consigliere chiede se la scuola resta aperta.", "Il consigliere chiede una scuola nuova."),
    ("nl", "Het raadslid vroeg hoeveel de brug kost.", "Het raadslid vroeg een nieuwe brug."),
    ("zh", "周敏询问新馆是否收取押金。", "周敏指出新馆不收取押金。"),
]


@pytest.mark.parametrize(("code", "asked", "said"), REPORTED)
def test_that_somebody_asked_says_nothing(code: str, asked: str, said: str) -> None:
    assert reports_question(asked, code)
    assert not reports_question(said, code)


@pytest.mark.parametrize(
    ("code", "fact"),
    [
        ("es", "El pleno acuerda, por 7 votos a favor y 4 en contra, ampliar el parque en 12 hectáreas."),
        ("fr", "Le conseil décide en faveur de la régie, par 13 voix contre 4."),
    ],
)
def test_an_english_word_of_value_is_none_in_another_language(code: str, fact: str) -> None:
    assert not is_opinion(fact, code)


def test_who_values_does_so_in_the_first_person_too() -> None:
    assert is_opinion("Creemos que la ampliación del parque debe esperar.", "es")


@pytest.mark.parametrize(
    ("code", "unknown", "known"),
    [
        ("en", "It was not yet clear who would pay for the pier.", "The water of the pond was not clear."),
        (
            "de",
            "Wie hoch die Miete sein wird, wissen wir noch nicht.",
            "Wie hoch die Miete ist, wissen alle.",
        ),
        ("fr", "Nous ignorons pourquoi la salle est fermée.", "Les enfants ignorent la pluie."),
    ],
)
def test_gaps_in_further_words(code: str, unknown: str, known: str) -> None:
    assert is_unknown(unknown, code)
    assert not is_unknown(known, code)


MINUTES = (
    "1. Minutes of the last meeting\n\nThe minutes of 14 January were approved by all members.\n\n"
    "2. Ferry Skua\n\nThe ferry Skua cost 18 million dollars. It missed 212 crossings in the winter.\n\n"
    "3. Bus shelters\n\nTwo shelters at the market will be replaced in May.\n\n"
    "4. Any other business\n\nThe meeting was closed at 19:40 by the chair."
)


def test_what_else_minutes_say_is_not_told() -> None:
    step = Step(step_id=1, kind="rest", title="R", description="R", query="q")
    topic = "What did the ferry Skua cost?"
    found = rest(step, (prepared("m"),), {"m": MINUTES}, {}, topic, "")
    told = " ".join(one.claim for one in found.findings)
    assert "18 million" in told and "212 crossings" in told
    assert not any(word in told for word in ("January", "shelters", "19:40"))


def test_a_source_that_is_mostly_on_the_topic_is_told_whole() -> None:
    text = (
        "Cost\n\nThe ferry Skua cost 18 million dollars in all.\n\n"
        "Service\n\nThe ferry missed 212 crossings.\n\n"
        "Crew\n\nNine sailors were trained in the spring of 2024."
    )
    step = Step(step_id=1, kind="rest", title="R", description="R", query="q")
    found = rest(step, (prepared("m"),), {"m": text}, {}, "What did the ferry Skua cost?", "")
    assert any("sailors" in one.claim for one in found.findings)


def test_a_heading_is_not_joined_with_the_line_below_it() -> None:
    text = (
        "1. Minutes of the last meeting\nThe minutes of 14 January were approved.\n\n"
        "2. Ferry\n" + "The officer reported that the vessel and its pier had cost the county far more than "
        "anybody had expected, and that the state would pay a share of it."
    )
    assert "last meeting\nThe minutes" in from_text(text)


def test_lines_that_were_wrapped_by_hand_are_one_paragraph() -> None:
    text = (
        "The ferry carries people and mail between the\nisland and the port, and in the summer months it\n"
        "also carries bicycles."
    )
    assert "\n" not in from_text(text)
    short = "Town of Ellery\nHarbour office\nThe ferry carries people and mail to the island."
    assert from_text(short) == short


def _finding(number: str, text: str, start: int, end: int) -> Finding:
    place = Citation(source_id="a", text_sha256="0" * 64, quote=text[start:end], start=start, end=end)
    return Finding(finding_id=number, claim=text[start:end], citations=(place,), support=1)


def test_a_sentence_is_told_once_with_what_follows_it() -> None:
    text = "Food costs 2.60 euros a meal. But we throw away half as much."
    short, long = _finding("f1-1", text, 0, 29), _finding("f2-1", text, 0, len(text))
    steps = (
        Step(step_id=1, kind="retrieve", title="Meals", description="Meals?", query="meal"),
        Step(step_id=2, kind="rest", title="Rest", description="Rest", query="meal"),
    )
    found = {
        1: StepFindings(step_id=1, kind="retrieve", title="Meals", findings=(short,)),
        2: StepFindings(step_id=2, kind="rest", title="Rest", findings=(long,)),
    }
    draft = write(
        Phase2(synthesized_goal="g", steps=steps), found, (prepared("a"),), (), "What do meals cost?"
    )
    sections = [section for section in draft.sections if section.section_id.startswith("step")]
    told = [
        span.text
        for section in sections
        for block in section.blocks
        for item in getattr(block, "items", ())
        for span in item
        if span.claim
    ]
    assert told == [text]


def test_what_stands_beside_an_answer_is_not_in_the_summary_too() -> None:
    text = "Repairs take 12 days. The average repair took 21 days. Repairs cost 80 pounds."
    lead, other, third = (
        _finding(f"f{n}-1", text, *span) for n, span in enumerate(((0, 21), (22, 54), (55, 78)))
    )
    told = Contradiction(claim=other.claim, citation=other.citations[0], values=("12 days", "21 days"))
    steps = (
        Step(step_id=1, kind="retrieve", title="Repairs", description="Repairs?", query="repairs"),
        Step(step_id=2, kind="answer", title="Answer", description="Answer", query=""),
    )
    found = {
        1: StepFindings(step_id=1, kind="retrieve", title="Repairs", findings=(other, third)),
        2: StepFindings(
            step_id=2, kind="answer", title="A", findings=(lead.model_copy(update={"beside": (told,)}),)
        ),
    }
    draft = write(Phase2(synthesized_goal="g", steps=steps), found, (prepared("a"),), (), "How long?")
    summary = next(section for section in draft.sections if section.section_id == "summary")
    claims = [
        span.text
        for block in summary.blocks
        for item in getattr(block, "items", ())
        for span in item
        if span.claim
    ]
    assert claims == [third.claim]


def test_a_reference_names_the_file() -> None:
    source = prepared("minutes", title="Minutes of 11 February")
    renderer = Renderer((source,), "?")
    citation = Citation(source_id="minutes", text_sha256="0" * 64, quote="x", start=0, end=1)
    renderer.section(SectionDraft("s", "S", (Paragraph((Span("x", (citation,), claim=True),)),)))
    assert renderer.reference_list() == "1. Minutes of 11 February, minutes.txt."


def test_every_language_can_say_what_stands_beside() -> None:
    for code in LANGUAGES:
        words = language(code).report
        assert "{values}" in words.answer_beside and words.spoken_to


@pytest.mark.parametrize(
    ("code", "told", "only"),
    [
        ("en", "The committee discussed free school lunches for all primary pupils.", True),
        ("en", "Residents discussed the plan and voted against it.", False),
        ("en", "The council discussed 40 objections.", False),
        ("de", "Der Ausschuss beriet über die kostenlosen Mittagessen.", True),
        ("de", "Der Ausschuss beriet den Antrag und lehnte ihn ab.", False),
        ("fr", "Le conseil a débattu du projet de piscine.", True),
        ("es", "El consejo debatió el proyecto de la piscina.", True),
        ("zh", "委员会讨论了免费午餐的问题。", True),
        ("zh", "委员会讨论了3份方案。", False),
    ],
)
def test_that_something_was_discussed_says_nothing_of_it(code: str, told: str, only: bool) -> None:
    assert reports_question(told, code) is only
