"""Which steps a new plan is without, and which of its new steps asks for the like in the place of each."""

from collections.abc import Iterable
from itertools import product

from reprise_contracts.artifacts import FormerStep, Phase2, Step
from reprise_research.text.language import language_of
from reprise_research.text.words import content, overlap

_ALIKE = 0.5
"""The share of the smaller step's words from which one step stands for another."""
_MOST = 200
"""Former steps that a plan remembers, the latest."""


def former_steps(previous: Phase2 | None, steps: tuple[Step, ...]) -> tuple[FormerStep, ...]:
    """Return what `previous` had or remembered and `steps` is without, the latest last.

    A new step takes the place of one that went if both are of one kind and share enough of their words; each
    takes one place, the likest pair first.
    """
    if previous is None:
        return ()
    before, after = ({step.step_id: step for step in plan} for plan in (previous.steps, steps))
    gone = [step for number, step in before.items() if number not in after]
    new = [step for number, step in after.items() if number not in before]
    heir = _heirs(gone, new)
    remembered = (
        one.model_copy(update={"replaced_by": heir.get(one.replaced_by, one.replaced_by)})
        if one.replaced_by is not None and one.replaced_by not in after
        else one
        for one in previous.former
    )
    left = (
        FormerStep(step_id=step.step_id, title=step.title, replaced_by=heir.get(step.step_id))
        for step in gone
    )
    return (*remembered, *left)[-_MOST:]


def _heirs(gone: Iterable[Step], new: Iterable[Step]) -> dict[int, int]:
    """The number of the new step that stands for each one that went, where one does."""
    words = {step.step_id: _words(step) for step in (*gone, *new)}
    pairs = sorted(
        (
            (overlap(words[old.step_id], words[step.step_id]), -old.step_id, -step.step_id)
            for old, step in product(gone, new)
            if old.kind == step.kind
        ),
        reverse=True,
    )
    found: dict[int, int] = {}
    for likeness, old, step in pairs:
        if likeness >= _ALIKE and -old not in found and -step not in found.values():
            found[-old] = -step
    return found


def _words(step: Step) -> frozenset[str]:
    text = f"{step.title}\n{step.query or step.description}"
    return content(text, language_of(text) or "en")
