"""The names and reasons of the rules in words a person reads; never an id."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, Protocol

from reprise_contracts.nodes import Status, step_of

Reason = Literal[
    "changed",
    "guidance",
    "engine",
    "model",
    "language",
    "report",
    "source_changed",
    "source_added",
    "source_removed",
    "definition",
    "failed",
    "upstream",
    "missing",
    "lacking",
    "added",
    "locked",
]
"""Why a node is stale (R4)."""

Wording = Reason | Literal["edited", "gone"]
"""The same, and two told otherwise: what moved did so after a user's edit, which a cascade passes by (R12); a
step left the plan."""

_BECAUSE: Mapping[Wording, str] = {
    "changed": "{what} has changed.",
    "added": "{what} is new.",
    "locked": "{what} is locked: only unlocking lets it be run.",
    "gone": "A step that was used is no longer in the plan.",
    "edited": "{what} has changed since a user edited what is below.",
    "missing": "{what} has no result.",
    "lacking": "The report was made without a good result of {what}.",
    "upstream": "{what} is out of date.",
    "failed": "The last try of {what} failed.",
    "definition": "The plan defines {what} otherwise.",
    "guidance": "The guidance of {what} was changed.",
    "engine": "The engine of {what} was changed.",
    "model": "The model of {what} was changed.",
    "language": "The language of {what} was changed.",
    "report": "The report is to be written otherwise: its length, tone, audience or outline was changed.",
    "source_changed": "A source has changed.",
    "source_added": "A source was added.",
    "source_removed": "A source was removed.",
}
_SPOKEN: Mapping[str, str] = {
    "phase0": "the preparation",
    "phase1": "the goals",
    "phase2": "the plan",
    "phase3": "the steps",
    "phase4": "the report",
}
PLURAL = frozenset({"phase1", "phase3"})
"""Nodes whose name is a plural: the goals are, the plan is."""


def spoken(node: str) -> str:
    """A node in words: `phase3/4` → `step 4`, `phase0` → `the preparation`."""
    step = step_of(node)
    return f"step {step}" if step is not None else _SPOKEN.get(node, "a source")


def opening(text: str) -> str:
    """The same with a capital, to begin a sentence with."""
    return text[:1].upper() + text[1:]


def of(node: str, singular: str, plural: str) -> str:
    """A sentence's beginning whose verb agrees: `The goals have`, `Step 4 has`."""
    return f"{opening(spoken(node))} {plural if node in PLURAL else singular}"


def because(nodes: Sequence[str], reason: Wording) -> str:
    """One link of the chain of causes, as a sentence: of one node, or the same of several steps."""
    text = _BECAUSE[reason]
    if len(nodes) > 1 or nodes[0] in PLURAL:
        text = text.replace("{what} has ", "{what} have ").replace("{what} is ", "{what} are ")
    return opening(
        text.format(
            what=spoken(nodes[0]) if len(nodes) == 1 else f"steps {listed(list(map(step_of, nodes)))}"
        )
    )


def listed(items: Sequence[object]) -> str:
    """`4`, `4 and 11`, `4, 11 and 12`."""
    *before, last = map(str, items)
    return f"{', '.join(before)} and {last}" if before else last


class CauseLike(Protocol):
    """What `cause_sentences` reads of a cause."""

    @property
    def node(self) -> str:
        """What the cause is."""
        ...

    @property
    def reason(self) -> Reason:
        """What befell it."""
        ...

    @property
    def edited(self) -> bool:
        """It moved after a user's edit of what is below."""
        ...

    @property
    def text(self) -> str:
        """The cause by itself, in words."""
        ...


def cause_sentences(causes: Iterable[CauseLike]) -> tuple[str, ...]:
    """Causes as sentences, each once; those that say the same of several steps are one: `Steps 4, 11 and 12
    are new.`"""
    alike: dict[object, dict[str, str]] = {}
    for cause in causes:
        key = (cause.reason, cause.edited) if step_of(cause.node) is not None else cause.text
        alike.setdefault(key, {})[cause.node] = cause.text
    return tuple(
        because(list(texts), "edited" if key[1] else key[0])
        if isinstance(key, tuple) and len(texts) > 1
        else next(iter(texts.values()))
        for key, texts in alike.items()
    )


_WITHOUT_FAILING: Mapping[Status, str] = {"pending": "It has not been run.", "cancelled": "It was cancelled."}


def without_failing(status: Status) -> str:
    """R19: why a step that did not fail has no good result for a report."""
    return _WITHOUT_FAILING.get(status, "Something that it depends on failed or was cancelled.")
