"""What the calls of one attempt were answered: each is kept by the hash of its question, and an equal
question may be answered from an earlier record instead of being asked again (R32)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from reprise_contracts.artifacts import Told
from reprise_contracts.records import CallAnswer
from reprise_research.errors import EngineFailed


class NotRecorded(EngineFailed):
    """A replay met a question that the record does not hold: what was read, or the code that reads it, is not
    what it was."""

    def __init__(self, where: str) -> None:
        super().__init__(f"The record holds no answer to the question for {where}.", retryable=False)


@dataclass
class Calls:
    """The answers of one attempt. `known` are those of an earlier one; `only` says that nothing may be
    asked."""

    known: Mapping[str, CallAnswer] = field(default_factory=dict)
    only: bool = False
    made: dict[str, CallAnswer] = field(default_factory=dict)
    reused: int = 0

    def answer_to(self, question: str, where: str) -> CallAnswer | None:
        """Return what a question was answered before, None where it is to be asked; raises `NotRecorded`
        where nothing may be."""
        found = self.known.get(question)
        if found is not None:
            self.reused += question not in self.made
            self.made[question] = found
        elif self.only:
            raise NotRecorded(where)
        return found

    def keep(self, answer: CallAnswer) -> None:
        """Keep what came."""
        self.made[answer.question] = answer

    @property
    def answers(self) -> tuple[CallAnswer, ...]:
        """Everything that was told, in an order that does not depend on which call ended first."""
        return tuple(self.made[question] for question in sorted(self.made))

    @property
    def told(self) -> Told:
        """How many answers there were, and what they cost when they were asked for."""
        costs = [(one.most_tokens, one.prompt_tokens + one.completion_tokens) for one in self.made.values()]
        return Told(
            calls=len(costs),
            tokens=sum(cost for _, cost in costs),
            margin=max((most - cost for most, cost in costs if most > cost), default=0),
        )
