"""The extractive engine's parts: ranking, themes, goals, plans, evidence, contradictions."""

import numpy as np
import pytest

from reprise_contracts.artifacts import Excerpt, Goal, Phase0, Summary, Theme, identities, number_steps
from reprise_research.engines import load_engine
from reprise_research.extractive.evidence import group
from reprise_research.extractive.goals import goals_of, subject_of
from reprise_research.extractive.phrases import phrases_of
from reprise_research.extractive.plans import plan_of, subject
from reprise_research.extractive.themes import find_themes
from reprise_research.extractive.wording import CHINESE, ENGLISH, wording_for
from reprise_research.judging import judging
from reprise_research.text.ranking import bm25, lexrank, mmr, similarities, vectors
from reprise_research.text.words import terms
from unit.research.research_builders import passage

TOPIC = "What has the 30 km/h limit in Havenbrook changed?"


def test_lexrank_prefers_what_others_repeat() -> None:
    """The sentence that resembles most others is the most central; one on its own is the least."""
    sentences = [
        "Noise fell in the city.",
        "Noise in the city fell a lot.",
        "City noise fell.",
        "Penguins swim south.",
    ]
    score = lexrank(similarities(vectors(sentences)))
    assert score.max() == 1.0
    assert int(np.argmin(score)) == 3


def test_lexrank_of_nothing_and_of_one() -> None:
    """Empty and single inputs have a score of their length."""
    assert lexrank(similarities(vectors([]))).shape == (0,)
    assert lexrank(similarities(vectors(["the of and"]))).tolist() == [1.0]


def test_bm25_finds_the_query_and_nothing_else() -> None:
    """A document with the query's terms scores, one without any does not; unknown words are no error."""
    documents = [terms("The bridge is old."), terms("Noise fell at night."), terms("Noise and more noise.")]
    score = bm25(documents, terms("noise"))
    assert score[0] == 0.0
    assert score.max() == 1.0
    assert not bm25(documents, terms("zebra")).any()
    assert bm25([], terms("noise")).shape == (0,)


def test_mmr_does_not_repeat_itself() -> None:
    """Of two equal sentences only one is picked while another subject is left; what has no relevance never
    is."""
    sentences = [
        "Noise fell by a lot.",
        "Noise fell by a lot.",
        "Costs rose sharply.",
        "Nothing relevant here.",
    ]
    chosen = mmr(np.array([1.0, 0.99, 0.8, 0.0]), similarities(vectors(sentences)), 3, balance=0.6)
    assert chosen[:2] == [0, 2]
    assert 3 not in chosen


def test_support_counts_sites_and_not_pages() -> None:
    """Two pages of one site are one voice, and so is whoever copies it; another site that says it in its own
    words is a second."""
    same = "The number of people injured on the streets fell by 23 percent."
    own = "On the streets, the number of injured people went down by 23 percent."
    pool = [
        passage(same, "p1", "x.example"),
        passage(same, "p2", "x.example"),
        passage(same, "p3", "y.example"),
        passage(own, "p4", "z.example"),
    ]
    (only,) = group(pool, np.array([1.0, 0.9, 0.8, 0.7]), judging(TOPIC))
    assert only.sites == {"x.example", "z.example"}
    assert len(only.also) == 1


def test_pages_of_one_site_can_contradict_each_other() -> None:
    """One voice can say two things: that is told, and themes are shared by pages, whoever publishes them."""
    pool = [
        passage("The number of people injured on the streets fell by 23 percent.", "p1", "x.example"),
        passage("The number of people injured on the streets fell by 11 percent.", "p2", "x.example"),
    ]
    groups = group(pool, np.array([1.0, 0.9]), judging(TOPIC))
    assert any(one.against for one in groups)
    found = [
        passage(f"Traffic noise near the stations was {n} times as loud.", f"p{n}", "x.example")
        for n in (2, 3, 4)
    ]
    assert [theme.label for theme in find_themes(found, "What changed in the city?", "")]


def test_phrases_are_nouns_that_recur() -> None:
    """Verbs, measures, names and words that occur once name no theme; Chinese runs are kept whole."""
    found = [
        passage("They ask for bus lanes and Ingrid pays ten euros.", "a"),
        passage("We ask for bus lanes, and Ingrid waits.", "b"),
        passage("交通噪声下降了两分贝很多人满意。", "c"),
        passage("交通噪声仍然是一个问题。", "d"),
    ]
    labels = {phrase.label for phrase in phrases_of(found)}
    assert {"bus lanes", "交通噪声"} <= labels
    assert not labels & {"ask", "ingrid", "euros", "噪声", "通噪"}


def test_a_name_is_completed_by_what_nearly_always_follows_it() -> None:
    """`Response` alone is half a name where every source speaks of response times; where few do, it is
    whole."""
    found = [
        passage("The response times of ambulances were not studied.", "a"),
        passage("Nobody knows the response times yet.", "b"),
    ]
    assert "response times" in {phrase.label for phrase in phrases_of(found)}
    more = [
        *found,
        passage("The response to the plan was mild.", "c"),
        passage("Her response was short.", "d"),
    ]
    assert "response" in {phrase.label for phrase in phrases_of(more)}


def test_themes_are_shared_by_sources() -> None:
    """A theme is named by a phrase that at least two sources use, and lists those that speak of it."""
    found = [
        passage("Noise fell near the stations at night.", "a"),
        passage("Less noise was heard near the stations.", "b"),
        passage("Bread prices were the same as ever.", "c"),
    ]
    themes = find_themes(found, "What happened?", "")
    assert themes
    assert all(len(theme.source_ids) >= 2 for theme in themes)
    assert {"a", "b"} <= {source for theme in themes for source in theme.source_ids}


def phase0() -> Phase0:
    def summary(source_id: str, *quotes: tuple[str, str]) -> Summary:
        return Summary(
            source_id=source_id,
            summary="",
            excerpts=tuple(Excerpt(quote=q, start=0, end=len(q), kind=k) for q, k in quotes),
        )  # type: ignore[arg-type]

    return Phase0(
        summaries=(
            summary("a", ("Noise fell by 2.1 decibels.", "figure"), ("The bus is late.", "fact")),
            summary(
                "b",
                ("Noise fell by 1.2 decibels.", "figure"),
                ("We believe the buses deserve lanes.", "opinion"),
            ),
            summary(
                "c", ("I think the bus is a success.", "opinion"), ("Trees grow in every street.", "fact")
            ),
        ),
        themes=(
            Theme(label="noise", source_ids=("a", "b")),
            Theme(label="bus", source_ids=("a", "b", "c")),
            Theme(label="trees", source_ids=("c",)),
        ),
    )


def test_goals_are_questions_that_fit_what_is_there() -> None:
    """Figures, opinions and plain reports are asked for differently; each goal says why and from whom."""
    goals = goals_of(phase0(), TOPIC, "")
    assert [goal.question for goal in goals] == [
        "What do the figures on noise show, and do the sources agree on them?",
        "What is argued about bus, and on what grounds?",
        "What do the sources report about trees?",
    ]
    assert all(goal.rationale and goal.source_ids for goal in goals)
    assert goals[0].rationale.startswith(
        "It comes up in two sources; with figures in two sources. For instance: “Noise fell by"
    )


def test_guidance_is_a_goal_and_moves_what_it_touches() -> None:
    """The guidance is asked itself, first, and the themes that it names come before the others."""
    goals = goals_of(phase0(), TOPIC, "Please focus on trees.")
    assert [goal.goal_id for goal in goals] == ["goal-guidance-trees", "goal-trees", "goal-noise", "goal-bus"]
    assert goals[0].question == "What do the sources say about trees?"
    assert goals[0].source_ids == ("c",)


def test_guidance_that_is_a_question_is_kept_word_for_word() -> None:
    """A question needs no template."""
    assert goals_of(phase0(), TOPIC, "Who pays for the buses?")[0].question == "Who pays for the buses?"
    assert subject_of("Look at costs, and who bears them.") == "costs, and who bears them"


@pytest.mark.parametrize(
    ("guidance", "question"),
    [
        ("Look closely at the harbour", "What do the sources say about the harbour?"),
        ("Please take a closer look at costs.", "What do the sources say about costs?"),
        ("Focus strongly on noise", "What do the sources say about noise?"),
        ("Give more weight to the hospital", "What do the sources say about the hospital?"),
        ("cyclists and noise", "What do the sources say about cyclists and noise?"),
        (
            "Write for children, in short sentences",
            "What do the sources say that serves the request “write for children, in short sentences”?",
        ),
    ],
)
def test_guidance_becomes_a_sentence_that_reads_well(guidance: str, question: str) -> None:
    """The request around a subject is taken off; a request without one is quoted as such, and a plan finds
    its subject back."""
    asked = goals_of(phase0(), TOPIC, guidance)[0].question
    assert asked == question
    assert subject(asked) in question and not subject(asked).startswith("What")


def test_goals_in_chinese_for_a_chinese_topic() -> None:
    """The frame speaks the topic's language."""
    goals = goals_of(phase0(), "哈文布鲁克限速有什么效果？", "")
    assert goals[0].question == "其他语言的来源就“noise”补充了什么？"
    assert wording_for("哈文布鲁克限速") is CHINESE


@pytest.mark.parametrize("wording", [ENGLISH, CHINESE])
def test_a_plan_finds_back_the_subject_of_each_question(wording: object) -> None:
    """Every template can be undone, so that a step's title is its subject."""
    for template in ("ask_figures", "ask_views", "ask_known", "ask_report"):
        assert subject(getattr(wording, template).format(label="噪声")) == "噪声"
    assert subject("Who pays?") == "Who pays"


def test_a_plan_has_a_step_for_each_goal_one_for_the_question_and_three_that_build_on_them() -> None:
    """Each step names its sources and its query; the topic's own question is asked of all sources; comparing,
    what is missing and what is left over depend on all others."""
    goals = goals_of(phase0(), TOPIC, "")
    plan = plan_of(phase0(), goals, TOPIC, "")
    assert [step.title for step in plan.steps] == [
        "Noise",
        "Bus",
        "Trees",
        "What the sources answer",
        "Where the sources agree and disagree",
        "What is missing",
        "What else the sources say",
    ]
    assert plan.steps[0].source_ids == ("a", "b")
    assert plan.steps[3].source_ids == () and TOPIC in plan.steps[3].description
    assert {step.depends_on for step in plan.steps[4:]} == {(1, 2, 3, 4)}
    assert all(step.query for step in plan.steps)


def test_the_same_themes_give_the_same_plan() -> None:
    """R9: planning again repeats unchanged steps word for word, so that they keep their numbers; a new goal
    adds its own."""
    goals = goals_of(phase0(), TOPIC, "")
    before = plan_of(phase0(), goals, TOPIC, "").steps
    again = plan_of(phase0(), goals, TOPIC, "").steps
    assert identities(before) == identities(again)
    more = (*goals, Goal(goal_id="goal-new", question="Who pays?", source_ids=("c",)))
    numbered = number_steps(plan_of(phase0(), more, TOPIC, "").steps, before, 7)
    assert [step.step_id for step in numbered] == [1, 2, 3, 7, 4, 8, 9, 10]


def test_the_extractive_engine_knows_no_model() -> None:
    """Whatever model an installation is set to, what is made without one does not depend on it, nor say
    so."""
    assert load_engine("extractive", "some-model").model == ""
