"""Phases 1 and 2 with a model: questions that the sources can answer, and a plan that keeps what still
serves."""

from typing import Literal

from pydantic import Field

from reprise_contracts.artifacts import Goal, Phase0, Phase2, Stand, Step, StepKind
from reprise_contracts.wire import derived_id, normalised
from reprise_research.brief import Brief
from reprise_research.drafts import PlanDraft
from reprise_research.llm.grounding import alike, is_about, is_echo
from reprise_research.llm.labels import Labels
from reprise_research.llm.numbers import missing
from reprise_research.llm.prompts import Material
from reprise_research.llm.structured import Form, Model, Task
from reprise_research.llm.windowing import LABEL
from reprise_research.text.words import shorten

MOST_GOALS = 7
MOST_STEPS = 12
_FEWEST_STEPS = 4
_WORDS_A_STEP = 1_000
"""Words of the sources for each step beyond the fewest: little material is not asked the same thing over and
over."""
_WHOLE = 3_000
"""Words of all sources together that every step reads: nothing is left out of so few, and all questions on
them begin alike."""
_STOPS = (".", "!", "。", "！")
_BUILDS = ("compare", "missing")
"""Kinds of steps that build on others: their titles name no subject that a source speaks of."""


class _Goal(Form):
    question: str = ""
    why: str = ""
    sources: list[str] = Field(default_factory=list, max_length=40)


class _Goals(Form):
    goals: list[_Goal] = Field(max_length=MOST_GOALS)

    def prose(self) -> list[str]:
        return [one for goal in self.goals for one in (goal.question, goal.why)]


class _Step(Form):
    same_as: str = ""
    kind: Literal["retrieve", "compare", "missing", "answer"] = "retrieve"
    title: str = ""
    description: str = ""
    query: str = ""
    sources: list[str] = Field(default_factory=list, max_length=40)
    goals: list[str] = Field(default_factory=list, max_length=MOST_GOALS)
    after: list[int] = Field(default_factory=list, max_length=MOST_STEPS)


class _Plan(Form):
    goal: str = ""
    steps: list[_Step] = Field(max_length=MOST_STEPS)

    def prose(self) -> list[str]:
        return [
            self.goal,
            *(one for step in self.steps if not step.same_as for one in (step.title, step.description)),
        ]


async def goals(phase0: Phase0, brief: Brief, model: Model) -> tuple[Goal, ...]:
    """The questions. Raises `InvalidAnswer`."""
    labels = _labels(phase0)
    spoken = _spoken(phase0, brief)

    said = 0

    def check(answer: _Goals) -> _Goals:
        nonlocal said
        kept: list[_Goal] = []
        said = len(answer.goals)
        for goal in answer.goals:
            question = " ".join(goal.question.split())
            fitting = (
                (12 if question.isascii() else 6) <= len(question) <= 400
                and is_about(question, spoken)
                and not missing(question, spoken)
            )
            if (
                fitting
                and not is_echo(question)
                and not any(alike(question, other.question) for other in kept)
            ):
                why = (
                    ""
                    if is_echo(goal.why) or alike(goal.why, question) or missing(goal.why, spoken)
                    else shorten(goal.why, 400)
                )
                kept.append(goal.model_copy(update={"question": question, "why": why}))
        if len(kept) < min(2, len(labels)):
            raise ValueError(
                "there must be at least two different questions about the topic, each in one sentence"
            )
        return _Goals(goals=kept)

    material = _known(phase0, model.room("goals", {}, _Goals, brief), model)
    answer = await model.ask(Task("goals", {}, material, _Goals, "phase1", "the goals", check), brief)
    brief.provenance.count("goals", said=said, kept=len(answer.goals))
    known = _sources(material)
    return tuple(
        Goal(
            goal_id=derived_id("goal", normalised(goal.question)),
            question=goal.question,
            rationale=goal.why,
            source_ids=tuple(labels[label] for label in known.all_meant(goal.sources)),
        )
        for goal in answer.goals
    )


async def plan(
    phase0: Phase0,
    wanted: tuple[Goal, ...],
    previous: Phase2 | None,
    usual: PlanDraft,
    brief: Brief,
    model: Model,
) -> PlanDraft:
    """The plan. Of `usual`, the plan that needs no model, it takes the steps that compare and that say what
    is missing, if the model has none of its own. A step that the model keeps is repeated word for word (R9).
    Raises `InvalidAnswer`."""
    labels = _labels(phase0)
    old = {f"P{step.step_id}": step for step in (previous.steps if previous is not None else ())}
    goal_labels = {f"G{number}": goal for number, goal in enumerate(wanted, start=1)}
    most = {"most": str(_most_steps(phase0))}
    material = (
        *_known(phase0, model.room("plan", most, _Plan, brief) // 2, model),
        *(
            Material(label, goal.question, f"{goal.rationale} {_named(goal.source_ids, labels)}")
            for label, goal in goal_labels.items()
        ),
        *(
            Material(label, step.title, f"{step.description} {_named(step.source_ids, labels)}")
            for label, step in old.items()
        ),
    )
    spoken = "\n".join([_spoken(phase0, brief), *(goal.question for goal in wanted)])

    def check(answer: _Plan) -> _Plan:
        kept: list[_Step] = []
        for step in answer.steps:
            title = " ".join(step.title.split())
            if step.same_as in old:
                if step.same_as not in {other.same_as for other in kept}:
                    kept.append(step)
            elif _titled(title, spoken, step.kind) and not any(
                alike(title, other.title) for other in kept if other.title
            ):
                kept.append(step.model_copy(update={"same_as": "", "title": title}))
            else:
                kept.append(_Step())  # holds its number, which others may name
        least = min(2, len(wanted))
        if sum(bool(step.title or step.same_as) for step in kept) < least:
            raise ValueError(
                f"there must be at least {least} steps, each with a title of its own that names what it is "
                "about"
            )
        brief.provenance.stands["steps"] = Stand(
            said=len(kept), kept=sum(bool(step.title or step.same_as) for step in kept)
        )
        return answer.model_copy(update={"steps": kept})

    task = Task("plan", most, material, _Plan, "phase2", "the plan", check)
    answer = await model.ask(task, brief)
    numbered = _numbered(answer, labels, old, goal_labels, _sources(material), whole=_words(phase0) <= _WHOLE)
    synthesized = " ".join(answer.goal.split())
    if not 20 <= len(synthesized) <= 1200 or is_echo(synthesized):
        synthesized = usual.synthesized_goal
    return PlanDraft(synthesized, _completed(numbered, usual))


def _words(phase0: Phase0) -> int:
    return sum(source.words for source in phase0.sources if source.status == "ready")


def _most_steps(phase0: Phase0) -> int:
    return min(MOST_STEPS, _FEWEST_STEPS + _words(phase0) // _WORDS_A_STEP)


def _numbered(
    answer: _Plan,
    labels: dict[str, str],
    old: dict[str, Step],
    goal_labels: dict[str, Goal],
    known: Labels,
    *,
    whole: bool,
) -> tuple[Step, ...]:
    """The steps with the numbers of their places. A kept step depends on what it depended on, as far as that
    is kept as well. `whole` says that every step reads all sources."""
    places = {
        old[step.same_as].step_id: number
        for number, step in enumerate(answer.steps, start=1)
        if step.same_as in old
    }
    kept = {number for number, step in enumerate(answer.steps, start=1) if step.title or step.same_as}
    steps = []
    for number, step in enumerate(answer.steps, start=1):
        before = old.get(step.same_as)
        if before is not None:
            depends_on = tuple(places[other] for other in before.depends_on if other in places)
            steps.append(before.model_copy(update={"step_id": number, "depends_on": depends_on}))
        elif number in kept:
            named = () if whole else tuple(labels[label] for label in known.all_meant(step.sources))
            steps.append(
                Step(
                    step_id=number,
                    kind=step.kind,
                    title=step.title,
                    description=shorten(step.description, 600),
                    query=shorten(step.query, 300),
                    source_ids=named,
                    depends_on=tuple(dict.fromkeys(n for n in step.after if n < number and n in kept)),
                    goal_ids=tuple(
                        dict.fromkeys(goal_labels[g].goal_id for g in step.goals if g in goal_labels)
                    ),
                )
            )
    return tuple(steps)


def _completed(steps: tuple[Step, ...], usual: PlanDraft) -> tuple[Step, ...]:
    """The steps, with the two that every plan ends with."""
    kinds = {step.kind for step in steps}
    asked = tuple(step.step_id for step in steps if step.kind not in _BUILDS)
    found = list(steps)
    for step in usual.steps:
        if step.kind in _BUILDS and step.kind not in kinds and asked:
            number = max(other.step_id for other in found) + 1
            found.append(step.model_copy(update={"step_id": number, "depends_on": asked, "source_ids": ()}))
    return tuple(found)


def _titled(title: str, spoken: str, kind: StepKind) -> bool:
    """Whether a title can stand over a step: of a title's length and form, the model's own, and about what is
    spoken of. A sentence is none: as a heading it would assert something that nobody has checked."""
    return (
        4 <= len(title) <= 120
        and not title.endswith(_STOPS)
        and not is_echo(title)
        and not missing(title, spoken)
        and (is_about(title, spoken) or kind in _BUILDS)
    )


def _spoken(phase0: Phase0, brief: Brief) -> str:
    """All that is spoken of: what the reader asks, and what the sources say. The abstract is left out: it
    also speaks of sources."""
    excerpts = (excerpt.quote for summary in phase0.summaries for excerpt in summary.excerpts)
    summaries = (summary.summary for summary in phase0.summaries)
    return "\n".join(
        [brief.topic, brief.guidance, *(theme.label for theme in phase0.themes), *summaries, *excerpts]
    )


def _labels(phase0: Phase0) -> dict[str, str]:
    ready = [source.source_id for source in phase0.sources if source.status == "ready" and source.text_sha256]
    summarised = {summary.source_id for summary in phase0.summaries}
    return {
        f"S{number}": source_id for number, source_id in enumerate(ready, start=1) if source_id in summarised
    }


def _sources(material: tuple[Material, ...]) -> Labels:
    """What the sources can be named by."""
    return Labels(one for one in material if one.label.startswith("S"))


def _named(source_ids: tuple[str, ...], labels: dict[str, str]) -> str:
    spoken = [label for label, source_id in labels.items() if source_id in source_ids]
    return f"Sources: {', '.join(spoken)}." if spoken else ""


def _known(phase0: Phase0, room: int, model: Model) -> tuple[Material, ...]:
    """Abstract, themes and summaries, the summaries cut to a fair share of `room` tokens."""
    labels = _labels(phase0)
    titles = {source.source_id: source.title for source in phase0.sources}
    themes = "; ".join(f"{theme.label} ({_named(theme.source_ids, labels)})" for theme in phase0.themes)
    overview = Material("T", "What all sources say together", f"{phase0.abstract}\nThemes: {themes}")
    estimate = model.endpoint.estimate
    left = max(0, room - estimate(overview.text) - LABEL * (1 + len(labels)))
    each = max(120, 3 * left // max(1, len(labels)))
    told = {summary.source_id: summary.summary for summary in phase0.summaries}
    own = (
        Material(label, titles.get(source_id, ""), shorten(told[source_id], each))
        for label, source_id in labels.items()
    )
    return (*own, overview)
