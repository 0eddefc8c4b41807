"""The user's own goals or plan (R12): read, numbered and checked, ready to become the node's artifact."""

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Literal, TypeVar

from pydantic import ValidationError

from reprise_contracts.artifacts import Artifact, Meta, Phase1, Phase2, PlannedStep, planned
from reprise_contracts.problems.model import Problem
from reprise_contracts.subjects import artifact_key
from reprise_contracts.validation import fault
from reprise_contracts.wire import explain
from reprise_domain.state import Session
from reprise_runtime.errors import Refused

LISTED = 30
"""Ids that a sentence lists."""
Editable = Literal["phase1", "phase2"]
Fields = dict[str, object]
A = TypeVar("A", bound=Artifact)


class Draft:
    """An edited artifact of one node of a session as it is now: its document, its parts, and where it would
    be stored."""

    def __init__(
        self,
        session: Session,
        node: Editable,
        body: bytes,
        goals: Collection[str] | None,
        *,
        by: str,
        execution_id: str,
        at: datetime,
    ) -> None:
        """`goals` are the ids of the goals that a plan may name, None for any. Raises `Refused` (invalid),
        naming the field."""
        document = _document(body)
        artifact = _goals(session, document) if node == "phase1" else _plan(session, document, goals)
        generation = session.node(node).generation + 1
        meta = Meta(
            batch_id=session.batch_id,
            session_id=session.session_id,
            node=node,
            generation=generation,
            execution_id=execution_id,
            by=f"user:{by}",
            created_at=at,
        )
        artifact = artifact.model_copy(update={"meta": meta})
        self.document = artifact.document()
        self.sha256 = hashlib.sha256(self.document).hexdigest()
        self.parts: dict[str, str] = artifact.parts()
        self.plan: tuple[PlannedStep, ...] | None = (
            planned(artifact) if isinstance(artifact, Phase2) else None
        )
        self.key = artifact_key(session.batch_id, session.session_id, node, generation, execution_id)


def _document(body: bytes) -> Fields:
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise _invalid(None, "The body is not JSON.") from None
    if not isinstance(document, dict):
        raise _invalid(None, "The body is not a JSON object.")
    return document


def _invalid(field: str | None, detail: str, action: str = "Correct it and send it again.") -> Refused:
    return Refused(Problem(type="invalid", field=field, detail=detail, action=action))


def _items(document: Fields, name: str) -> list[Fields]:
    items = document.get(name)
    if not isinstance(items, list) or not items or not all(isinstance(item, dict) for item in items):
        raise _invalid(name, f"`{name}` has to be a list of at least one object.")
    return [dict(item) for item in items]


def _read(model: type[A], document: Mapping[str, object]) -> A:
    try:
        return model.model_validate(document, extra="forbid")
    except ValidationError as error:
        raise _invalid(fault(error.errors()[0]).field or None, explain(error, "the artifact")) from error


def _known(items: list[Fields], name: str, field: str, known: Collection[str], what: str) -> None:
    """Each of the items names only what there is; what is no list of texts, its model refuses."""
    for place, item in enumerate(items):
        named = item.get(field) or []
        for one in named if isinstance(named, list) else []:
            if isinstance(one, str) and one not in known:
                among = (
                    f"Choose among: {', '.join(sorted(known)[:LISTED])}."
                    if known
                    else f"Leave `{field}` out."
                )
                raise _invalid(
                    f"{name}.{place}.{field}", f"There is no {what} {one[:64]!r} in this session.", among
                )


def _goals(session: Session, document: Fields) -> Phase1:
    goals = _items(document, "goals")
    _known(goals, "goals", "source_ids", session.sources, "source")
    given = [goal["goal_id"] for goal in goals if goal.get("goal_id")]
    if not all(isinstance(name, str) for name in given):
        raise _invalid("goals", "A `goal_id` is a text.", "Leave out those of new goals.")
    named = set(given)
    if len(named) < len(given):
        raise _invalid(
            "goals",
            "Two goals have the same `goal_id`.",
            "Give each goal its own, or leave out those of new goals.",
        )
    free = (
        name
        for number in range(1, len(goals) * 2 + len(named) + 1)
        if (name := f"goal-{number}") not in named
    )
    for goal in goals:
        goal["goal_id"] = goal.get("goal_id") or next(free)
    return _read(Phase1, {"goals": goals})


def _plan(session: Session, document: Fields, goals: Collection[str] | None) -> Phase2:
    """An edited step keeps the number that it carries; a new one, without a number or with one that is still
    free, gets the next."""
    steps = _items(document, "steps")
    _known(steps, "steps", "source_ids", session.sources, "source")
    if goals is not None:
        _known(steps, "steps", "goal_ids", goals, "goal")
    known = session.plan.by_id if session.plan else {}
    following = session.next_step
    numbers: dict[int, int] = {}
    for place, step in enumerate(steps):
        given = step.get("step_id")
        if given is not None and (not isinstance(given, int) or isinstance(given, bool)):
            raise _invalid(f"steps.{place}.step_id", "A step's number is an integer.")
        if given is not None and given not in known and given < session.next_step:
            detail = f"The number {given} belongs to a step that is no longer in the plan."
            raise _invalid(f"steps.{place}.step_id", detail, "Leave the number of a new step out.")
        if given in numbers:
            raise _invalid(
                f"steps.{place}.step_id",
                f"The number {given} is used twice.",
                "Leave the number of a new step out.",
            )
        number = given
        if number is None or number not in known:
            number, following = following, following + 1
        step["step_id"] = number
        if given is not None:
            numbers[given] = number
    earlier: set[object] = set()
    for place, step in enumerate(steps):
        step["depends_on"] = [
            _earlier(other, numbers, earlier, place) for other in _listed(step.get("depends_on"), place)
        ]
        earlier.add(step["step_id"])
    if "synthesized_goal" not in document:
        raise _invalid(
            "synthesized_goal",
            "The plan comes without its goal.",
            "Send `synthesized_goal` as well, changed or as it was.",
        )
    left = {step["step_id"] for step in steps}
    former = [
        {"step_id": number, "title": step.title} for number, step in known.items() if number not in left
    ]
    return _read(Phase2, {"synthesized_goal": document["synthesized_goal"], "steps": steps, "former": former})


def _listed(given: object, place: int) -> list[object]:
    if given is not None and not isinstance(given, list):
        raise _invalid(f"steps.{place}.depends_on", "`depends_on` is a list of the numbers of steps.")
    return given or []


def _earlier(other: object, numbers: Mapping[int, int], earlier: Collection[object], place: int) -> int:
    """The number of a step that another one depends on: as it was sent, it may be one that the edit gives
    anew."""
    if not isinstance(other, int) or isinstance(other, bool):
        raise _invalid(f"steps.{place}.depends_on", "A step's number is an integer.")
    number = numbers.get(other, other)
    if number not in earlier:
        detail = f"Step {other} does not come before this one in the plan."
        raise _invalid(
            f"steps.{place}.depends_on", detail, "Name steps that stand before it, by their numbers."
        )
    return number
