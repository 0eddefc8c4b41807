"""A new plan remembers the steps that it is without, and which of its own asks for the like of each."""

from reprise_contracts.artifacts import FormerStep, Phase2, Step
from reprise_research.phases.former import former_steps

COSTS = Step(step_id=1, title="Costs of the bridge", query="what the bridge costs a year")
TIDE = Step(step_id=2, title="The tide", query="how high the tide rises")
MISSING = Step(step_id=3, kind="missing", title="What is missing")
DEARER = Step(step_id=4, title="What the bridge costs the county", query="costs of the bridge in a year")
FERRY = Step(step_id=5, title="The ferry", query="passengers of the ferry")


def test_a_step_that_went_names_the_new_one_that_asks_for_the_like() -> None:
    """By words of one kind; what is kept is no former step, and what nothing is like has no heir."""
    before = Phase2(steps=(COSTS, TIDE, MISSING))
    assert former_steps(before, (TIDE, DEARER, FERRY)) == (
        FormerStep(step_id=1, title=COSTS.title, replaced_by=4),
        FormerStep(step_id=3, title=MISSING.title),
    )
    assert former_steps(None, (TIDE,)) == () == former_steps(before, (COSTS, TIDE, MISSING, FERRY))


def test_a_former_step_is_remembered_and_follows_its_heir() -> None:
    """A later plan replaces the heir, or is without it."""
    before = Phase2(steps=(DEARER,), former=(FormerStep(step_id=1, title=COSTS.title, replaced_by=4),))
    again = Step(step_id=6, title="Costs of the bridge", query="what the bridge costs a year")
    assert [(one.step_id, one.replaced_by) for one in former_steps(before, (again,))] == [(1, 6), (4, 6)]
    assert [(one.step_id, one.replaced_by) for one in former_steps(before, (FERRY,))] == [(1, 4), (4, None)]


def test_what_went_is_no_part_of_what_the_plan_says() -> None:
    """R8: a plan of the same steps is unchanged, whatever it remembers."""
    plan = Phase2(steps=(TIDE,))
    assert plan.model_copy(update={"former": (FormerStep(step_id=1),)}).parts() == plan.parts()


def test_steps_in_chinese_are_told_alike_too() -> None:
    """Words in scripts without spaces count as well."""
    old = Step(step_id=1, title="大桥的年度费用", query="大桥每年的费用")
    new = Step(step_id=2, title="县里为大桥支付的费用", query="大桥每年的费用是多少")
    assert former_steps(Phase2(steps=(old,)), (new,))[0].replaced_by == 2
