"""Phase 2 of the extractive engine: one goal that brings the others together, and a step for each.

The words of a step depend on its goal and its theme alone, so the same themes give the same plan, and with it
the same step numbers.
"""

from reprise_contracts.artifacts import Goal, Phase0, Step, Theme
from reprise_research.drafts import PlanDraft
from reprise_research.extractive.goals import asked_for, subject_of
from reprise_research.extractive.wording import Wording, asked_label, upper_first, wording_for
from reprise_research.text.words import shorten, terms


def topic_query(topic: str) -> str:
    """The query of a step that is about the topic as a whole."""
    return shorten(topic, 300)


def is_of_topic(step: Step, topic: str) -> bool:
    """Whether a step asks what the topic asks, and no question of its own."""
    return step.query in {"", topic, topic_query(topic)}


def plan_of(
    phase0: Phase0, goals: tuple[Goal, ...], topic: str, guidance: str, language: str = ""
) -> PlanDraft:
    """A step for what the guidance asks, one per goal, one for the question itself, then one that compares
    their findings, one that says what is missing, and one for what the sources say besides."""
    wording = wording_for(topic, language)
    asked = _asked(goals, phase0, guidance, wording)
    steps = tuple(_step(number, goal, phase0) for number, goal in enumerate((*asked, *goals), start=1))
    goal_ids = tuple(goal.goal_id for goal in goals)
    answer = Step(
        step_id=len(steps) + 1,
        kind="answer",
        title=wording.answer_title,
        description=wording.answer_description.format(topic=shorten(topic, 1500)),
        query=topic_query(topic),
    )
    steps = (*steps, answer)
    ids = tuple(step.step_id for step in steps)
    builds: list[Step] = []
    if len(phase0.summaries) > 1:  # one source agrees with itself
        number = len(steps) + 1
        builds.append(
            Step(
                step_id=number,
                kind="compare",
                title=wording.compare_title,
                description=wording.compare_description,
                query=_query(goals),
                depends_on=ids,
                goal_ids=goal_ids,
            )
        )
    missing = Step(
        step_id=len(steps) + len(builds) + 1,
        kind="missing",
        title=wording.missing_title,
        description=wording.missing_description,
        query=topic_query(topic),
        depends_on=ids,
        goal_ids=goal_ids,
    )
    rest = Step(
        step_id=missing.step_id + 1,
        kind="rest",
        title=wording.rest_title,
        description=wording.rest_description,
        query=topic_query(topic),
        depends_on=ids,
    )
    return PlanDraft(_synthesized(goals, topic, guidance, wording), (*steps, *builds, missing, rest))


def _asked(goals: tuple[Goal, ...], phase0: Phase0, guidance: str, wording: Wording) -> tuple[Goal, ...]:
    """What the guidance of this phase asks for and no goal asks already: it gets a step of its own."""
    if not terms(subject_of(guidance)):
        return ()
    known = {goal.goal_id for goal in goals}
    return tuple(goal for goal in asked_for(guidance, phase0, wording) if goal.goal_id not in known)


def subject(question: str) -> str:
    """What a question of this engine is about, in any of its languages; of any other question, the
    question."""
    found = asked_label(question)
    return found if found is not None else question.strip().rstrip("?？؟ ")


def _step(number: int, goal: Goal, phase0: Phase0) -> Step:
    about = subject(goal.question)
    theme = next((theme for theme in phase0.themes if theme.label == about), Theme(label=about))
    return Step(
        step_id=number,
        kind="retrieve",
        title=shorten(upper_first(about), 80),
        description=goal.question,
        query=" ".join([theme.label, *theme.terms]),
        source_ids=goal.source_ids,
        goal_ids=(goal.goal_id,),
    )


def _query(goals: tuple[Goal, ...]) -> str:
    return " · ".join(shorten(subject(goal.question), 60) for goal in goals)


def _synthesized(goals: tuple[Goal, ...], topic: str, guidance: str, wording: Wording) -> str:
    themes = list(dict.fromkeys(subject(goal.question) for goal in goals))
    text = wording.synthesized.format(topic=topic.strip(), themes=wording.listed(themes))
    wish = subject_of(guidance)
    return text + wording.synthesized_guidance.format(guidance=wish) if wish and terms(wish) else text
