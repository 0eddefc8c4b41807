"""A question to the report: a plan with one step more (R12, R30), which answers it."""

from reprise_contracts.artifacts import Phase2, Step
from reprise_contracts.commands import AskCall
from reprise_contracts.nodes import step_node
from reprise_contracts.problems.model import Problem
from reprise_contracts.wire import canonical, normalised
from reprise_runtime.errors import Refused

LONGEST_TITLE = 200


def step_that_asks(plan: Phase2, question: str) -> Step | None:
    """The step of a plan that answers a question, or None."""
    wanted = normalised(question)
    return next(
        (step for step in plan.steps if step.kind == "answer" and normalised(step.query) == wanted), None
    )


def with_question(plan: Phase2, call: AskCall) -> bytes:
    """A plan with a step for a question, as an edit brings it. Raises `Refused` (invalid) where one asks it
    already."""
    if (known := step_that_asks(plan, call.question)) is not None:
        raise Refused(
            Problem(
                type="invalid",
                code="asked_already",
                facts={"nodes": (step_node(known.step_id),)},
                field="question",
                detail=f"Step {known.step_id} asks this already.",
                action=f"Read its findings, or run step {known.step_id} again.",
            )
        )
    step = {
        "kind": "answer",
        "title": call.question[:LONGEST_TITLE],
        "query": call.question,
        "source_ids": call.source_ids,
    }
    steps = [*(one.model_dump(mode="json") for one in plan.steps), step]
    return canonical({"synthesized_goal": plan.synthesized_goal, "steps": steps})
